"""Models that were trained before, opened so that attention can be computed outside of them.

A ``Reader`` cuts a text into tokens and runs its model on them, but leaves the one formula that the
attention panel is about to its caller: whenever the model needs attention weights, it asks for
them with queries, keys and what may not be seen. There is a reader for each of this program's own two
models, and one for everything that the library transformers knows.

Nothing here opens a socket, runs code that comes with a model, or reads a pickle.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
import safetensors.torch
import tokenizers
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from visualizers.data import ModelFiles
from visualizers.models import checkpoint
from visualizers.models.bert import Bert, BertConfig, load_body
from visualizers.models.bert import Block as BertBlock
from visualizers.models.gpt import Block
from visualizers.models.tokenizers import BYTES
from visualizers.refusal import Refusal

# (query (H, T, D), key (H, T, D), scale, bias (1 or H, T, T)) -> weights (H, T, T)
Attend = Callable[[Tensor, Tensor, float, Tensor], Tensor]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Cut:
    """A text as tokens.

    Attributes:
        ids: (T,) numbers of the tokens.
        names: their text, for display.
        segments: (T,) 0 for the first sentence, 1 for the second.
        special: (T,) true for tokens that the tokenizer adds, such as [CLS].
        total: how many tokens the whole text has; above T where it was too long.
    """

    ids: tuple[int, ...]
    names: tuple[str, ...]
    segments: NDArray[np.uint8]
    special: NDArray[np.bool_]
    total: int


class Reader(Protocol):
    """A trained model and its tokens. ``limit`` is the longest text it reads, in tokens."""

    title: str
    limit: int

    @property
    def module(self) -> nn.Module: ...

    def cut(self, text: str, second: str, limit: int) -> Cut:
        """The tokens of a text, or of a pair of texts, at most ``limit`` of them."""
        ...

    def run(self, cut: Cut, blocked: Tensor, attend: Attend) -> tuple[Tensor, list[Tensor]]:
        """Read the tokens; ``blocked`` (T,) are true for those that nobody may look at.

        Returns:
            (the last vector of each token (T, C), the attention of each layer (H, T, T)).
        """
        ...


def open_reader(files: ModelFiles, device: str, progress: Progress) -> Reader:
    """The model of these files, ready to read. Raises ``Refusal``."""
    if files.id == "tiny-gpt":
        return TinyGPT(device)
    if files.id == "small-bert":
        return SmallBert(device)
    if files.folder is None and files.gguf is None and files.config.get("model_type") == "bert":
        return PackedBert(files, device, progress)
    return Transformer(files, device, progress)


def open_tokens(files: ModelFiles) -> Tokens:
    """The tokenizer of these files, without their model. Raises ``Refusal``."""
    if files.id == "tiny-gpt":
        return Tokens(tokenizers.Tokenizer.from_str(checkpoint.load_tiny_gpt().tokens.definition))
    if files.gguf is None and "tokenizer.json" in files.names():
        return Tokens(_own_tokens(files))
    import transformers

    return Tokens(_tokenizer(transformers, files))


def redraw(module: nn.Module, generator: torch.Generator) -> None:
    """Forget all training: matrices from N(0, 0.02²), biases 0, norms 1, as GPT-2 and BERT begin."""
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if weight.dim() > 1:
                weight.copy_(torch.empty(weight.shape).normal_(0.0, 0.02, generator=generator))
            else:
                weight.fill_(0.0 if name.endswith("bias") else 1.0)


def only_itself(bias: Tensor) -> Tensor:
    """Let a token that may see nothing see itself: a row of weights must sum to 1.

    Args:
        bias: (…, T, T), added to the scores; hugely negative where nothing may be seen.
    """
    nothing = (bias < -1e30).all(-1, keepdim=True)                             # (…, T, 1)
    diagonal = torch.eye(bias.shape[-1], dtype=torch.bool, device=bias.device)  # (T, T)
    return bias.masked_fill(nothing & diagonal, 0.0)


def plain_attention(query: Tensor, key: Tensor, scale: float, bias: Tensor) -> Tensor:
    """softmax(Q Kᵀ / √D + bias), (H, T, T)."""
    return (query @ key.transpose(-2, -1) * scale + bias).softmax(-1)


@torch.no_grad()
def sentence_vector(reader: Reader, text: str, device: str, most: int = 256) -> Tensor:
    """The mean of an encoder's last vectors over the first ``most`` tokens, made one long (Reimers and
    Gurevych 2019): (D,)."""
    tokens = reader.cut(text, "", min(reader.limit, most))
    seen = torch.zeros(len(tokens.ids), dtype=torch.bool, device=device)        # nothing is hidden
    last, _ = reader.run(tokens, seen, plain_attention)                         # (T, D)
    mean = last.float().mean(0)
    return (mean / mean.square().sum().sqrt()).cpu()


# --- this program's own GPT --------------------------------------------------------------------


class TinyGPT:
    """The small GPT of this program (``visualizers.models.gpt``), layer by layer."""

    title = "Tiny GPT"

    def __init__(self, device: str) -> None:
        gpt, tokens, _ = checkpoint.load_tiny_gpt()
        self.module = gpt.to(device).eval()
        self._tokens = Tokens(tokenizers.Tokenizer.from_str(tokens.definition))
        self.limit = gpt.config.context

    def cut(self, text: str, second: str, limit: int) -> Cut:
        return self._tokens.cut(text, second, limit)

    @torch.no_grad()
    def run(self, cut: Cut, blocked: Tensor, attend: Attend) -> tuple[Tensor, list[Tensor]]:
        gpt, H = self.module, self.module.config.heads
        ids = torch.tensor(cut.ids, device=blocked.device)                     # (T,)
        T, C = len(ids), gpt.config.width
        lowest = torch.finfo(torch.float32).min
        bias = torch.full((T, T), lowest, device=ids.device).triu(1)           # no look ahead
        bias = only_itself(bias.masked_fill(blocked, lowest))
        kept = []
        x = gpt.token_embedding(ids) + gpt.position_embedding(torch.arange(T, device=ids.device))
        for block in cast(Iterable[Block], gpt.blocks):
            qkv = block.attention.qkv(block.norm_1(x))                         # (T, 3 C)
            q, k, v = qkv.view(T, 3, H, C // H).permute(1, 2, 0, 3)            # each (H, T, D)
            weight = attend(q, k, (C // H) ** -0.5, bias[None])                # (H, T, T)
            kept.append(weight)
            x = x + block.attention.out((weight @ v).transpose(0, 1).reshape(T, C))
            x = x + block.mlp(block.norm_2(x), None)                           # (T, C)
        return gpt.norm(x), kept


# --- BERTs -------------------------------------------------------------------------------------


class BertReader:
    """A BERT (``visualizers.models.bert``), layer by layer."""

    def __init__(self, title: str, bert: Bert, tokens: tokenizers.Tokenizer, device: str) -> None:
        self.title, self.limit = title, bert.config.context
        self.module = bert.to(device).eval()
        self._tokens = Tokens(tokens)

    def cut(self, text: str, second: str, limit: int) -> Cut:
        return self._tokens.cut(text, second, limit)

    @torch.no_grad()
    def run(self, cut: Cut, blocked: Tensor, attend: Attend) -> tuple[Tensor, list[Tensor]]:
        bert = self.module
        T, C, H = len(cut.ids), bert.config.width, bert.config.heads
        segments = torch.from_numpy(cut.segments.astype(np.int64)).to(blocked.device)  # (T,)
        x = bert.embed(torch.tensor(cut.ids, device=blocked.device), segments)         # (T, C)
        bias = torch.zeros(T, T, device=blocked.device)
        bias = only_itself(bias.masked_fill(blocked, torch.finfo(bias.dtype).min))
        kept = []
        for block in cast(Iterable[BertBlock], bert.blocks):
            q, k, v = (part(x).view(T, H, C // H).transpose(0, 1) for part in
                       (block.attention.query, block.attention.key, block.attention.value))
            weight = attend(q, k, (C // H) ** -0.5, bias[None])                # (H, T, T)
            kept.append(weight)
            seen = block.attention.out((weight @ v).transpose(0, 1).reshape(T, C))
            x = block.think(block.norm_1(x + seen))                            # (T, C)
        return x, kept


class SmallBert(BertReader):
    """The small BERT of this program."""

    def __init__(self, device: str) -> None:
        super().__init__("Small BERT", *checkpoint.load_small_bert(), device)


class PackedBert(BertReader):
    """A BERT of the data pack. Read without the library transformers, whose import takes longer."""

    def __init__(self, files: ModelFiles, device: str, progress: Progress) -> None:
        progress(0, 2, "Reading the weights")
        bert = Bert(BertConfig.of(files.config), None)
        load_body(bert, safetensors.torch.load(files.read("model.safetensors")))
        progress(1, 2, "Reading the tokens")
        super().__init__(files.title, bert, _own_tokens(files), device)


def _own_tokens(files: ModelFiles) -> tokenizers.Tokenizer:
    return tokenizers.Tokenizer.from_str(files.read("tokenizer.json").decode())


# --- models of the library transformers --------------------------------------------------------

BY_HAND = "bigmodels_by_hand"  # the name under which transformers finds the function below
# These number places from beyond the padding token, so that they read fewer tokens than they say.
_OFFSET = ("roberta", "xlm-roberta", "camembert", "mpnet", "xlm-roberta-xl", "roberta-prelayernorm")
_asked: list[Attend] = []  # who computes the weights at the moment
_kept: list[Tensor] = []


def _attention(
    _module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None,
    scaling: float | None = None, position_bias: Tensor | None = None, **_: Any,
) -> tuple[Tensor, Tensor]:
    """Attention as transformers asks for it: (1, H, T, D) queries, (1, K, T, D) keys and values."""
    share = query.shape[1] // key.shape[1]  # heads that share one key (Ainslie et al. 2023)
    key, value = key.repeat_interleave(share, 1), value.repeat_interleave(share, 1)
    T, S = query.shape[2], key.shape[2]
    bias = torch.zeros(1, T, S, device=query.device)
    if attention_mask is not None:
        mask = attention_mask[0, :, :, :S]
        bias = mask.float() if mask.dtype != torch.bool else \
            torch.zeros_like(mask, dtype=torch.float32).masked_fill(~mask, torch.finfo().min)
    if T == S:
        bias = only_itself(bias)
    if position_bias is not None:
        bias = bias + position_bias[0]
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    weight = _asked[-1](query[0], key[0], scale, bias)                         # (H, T, S)
    _kept.append(weight)
    return (weight[None] @ value).transpose(1, 2).contiguous(), weight[None]


@contextmanager
def _asking(attend: Attend) -> Iterator[None]:
    _asked.append(attend)
    _kept.clear()
    try:
        yield
    finally:
        _asked.pop()
        _kept.clear()


def decoder(
    files: ModelFiles, device: str, progress: Progress, dtype: torch.dtype
) -> tuple[Any, tokenizers.Tokenizer]:
    """A ``…ForCausalLM`` of the library transformers, and its tokenizer. Raises ``Refusal``."""
    return _opened(files, device, progress, "AutoModelForCausalLM", dtype)


def longest(config: Any) -> int:
    """How many tokens a model reads at most."""
    places = getattr(config, "max_position_embeddings", None) or 1 << 20
    if config.model_type in _OFFSET:
        places -= (config.pad_token_id or 0) + 1
    return int(places)


def _opened(
    files: ModelFiles, device: str, progress: Progress, kind: str, dtype: torch.dtype
) -> tuple[Any, tokenizers.Tokenizer]:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    progress(0, 3, "Importing transformers")
    import transformers
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    transformers.AttentionInterface.register(BY_HAND, _attention)
    transformers.AttentionMaskInterface.register(BY_HAND, ALL_MASK_ATTENTION_FUNCTIONS["eager"])
    family = str(files.config.get("model_type", ""))
    if family not in transformers.CONFIG_MAPPING:
        raise Refusal("The model {name} is of a kind that is not known here ({kind}); choose "
                      "another one or update transformers.", name=files.title, kind=family or "?")
    progress(1, 3, "Reading the weights")
    try:
        module = _module(transformers, files, kind, dtype).to(device).eval()
        progress(2, 3, "Reading the tokens")
        return module, _tokenizer(transformers, files)
    except Refusal:
        raise
    except Exception as error:  # whatever a foreign file can break in a library of this size
        raise Refusal("The model {name} cannot be loaded: {reason}", name=files.title,
                      reason=_first_line(error)) from error


def _module(transformers: Any, files: ModelFiles, kind: str, dtype: torch.dtype) -> Any:
    if files.gguf is not None:
        from visualizers.models.gguf import language_model

        writer: Any = language_model(files.gguf, files.config, dtype)
        return writer.model if kind == "AutoModel" else writer
    auto = getattr(transformers, kind)
    if files.folder is not None:
        return auto.from_pretrained(files.folder, local_files_only=True, use_safetensors=True,
                                    trust_remote_code=False).to(dtype)
    # straight from the archive, without a copy on the disk
    fields = {name: value for name, value in files.config.items() if name != "model_type"}
    config = transformers.AutoConfig.for_model(files.config["model_type"], **fields)
    module = auto.from_config(config)
    weights = safetensors.torch.load(files.read("model.safetensors"))
    missing, _ = module.load_state_dict(weights, strict=False)
    if missing:
        raise ValueError(f"weights are missing: {missing[0]}")
    return module.to(dtype)


def _tokenizer(transformers: Any, files: ModelFiles) -> tokenizers.Tokenizer:
    if files.gguf is not None:
        from visualizers.models.gguf import tokens

        return tokens(files.gguf)
    if "tokenizer.json" in files.names():
        return _own_tokens(files)
    opened = transformers.AutoTokenizer.from_pretrained(
        files.folder, local_files_only=True, trust_remote_code=False)
    if not getattr(opened, "is_fast", False):
        raise Refusal("The model in {name} has no tokenizer; add its tokenizer.json.",
                      name=files.title)
    return cast(tokenizers.Tokenizer, opened.backend_tokenizer)


class Transformer:
    """A model of the library transformers whose attention is computed by the caller."""

    def __init__(self, files: ModelFiles, device: str, progress: Progress) -> None:
        """Raises ``Refusal`` for an architecture that is unknown or does not fit its weights."""
        self.title = files.title
        module, tokenizer = _opened(files, device, progress, "AutoModel", torch.float32)
        self.module = module.get_encoder() if module.config.is_encoder_decoder else module
        self._tokens = Tokens(tokenizer)
        self.limit = longest(self.module.config)

    def cut(self, text: str, second: str, limit: int) -> Cut:
        return self._tokens.cut(text, second, limit)

    @torch.no_grad()
    def run(self, cut: Cut, blocked: Tensor, attend: Attend) -> tuple[Tensor, list[Tensor]]:
        """Raises ``Refusal`` for a model without attention, or one that does not read text."""
        config: Any = self.module.config
        given: dict[str, Any] = {"input_ids": torch.tensor([cut.ids], device=blocked.device),
                                 "attention_mask": (~blocked)[None].long()}
        if getattr(config, "type_vocab_size", 0) > 1 and config.model_type not in _OFFSET:
            given["token_type_ids"] = torch.tensor(cut.segments[None].astype(np.int64),
                                                   device=blocked.device)
        try:
            self._set(BY_HAND)
            with _asking(attend):
                hidden = self.module(**given).last_hidden_state[0]             # (T, C)
                weights = [one for one in _kept if one.shape[-2:] == (len(cut.ids),) * 2]
            if not weights:  # a model that keeps its attention to itself is asked for it
                self._set("eager")
                out = self.module(**given, output_attentions=True)
                hidden = out.last_hidden_state[0]
                weights = [one[0] for one in getattr(out, "attentions", None) or ()
                           if one is not None]
        except Exception as error:
            if getattr(config, "num_attention_heads", None) is not None:
                raise Refusal("The model {name} cannot read this text: {reason}", name=self.title,
                              reason=_first_line(error)) from error
            weights = []
        if not weights:
            raise Refusal("The model {name} has no attention to look at ({kind} works without it); "
                          "choose another one.", name=self.title, kind=config.model_type)
        return hidden, weights

    def _set(self, name: str) -> None:
        setter = getattr(self.module, "set_attn_implementation", None)
        if setter is not None:
            setter(name)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0][:200]


class Tokens:
    """A tokenizer of the library tokenizers, and names that can be shown."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.size = int(tokenizer.get_vocab_size())  # V, with the tokens that were added
        tokenizer.no_padding()

    def cut(self, text: str, second: str, limit: int) -> Cut:
        """Raises ``Refusal`` if there is not a single token."""
        self._tokenizer.no_truncation()
        if second and not self._marks_pairs:
            second = " " + second
        found = self._encode(text, second)
        total = len(found.ids)
        if total > limit:
            self._tokenizer.enable_truncation(max(limit, 4))
            found = self._encode(text, second)
        if not found.ids:
            found = self._encode(" ", "")
            total = len(found.ids)
        ids = found.ids[:limit]
        segments = np.array([one or 0 for one in _sides(found)], np.uint8)[:limit]
        return Cut(tuple(ids), tuple(self._name(one) for one in ids), segments,
                   np.array(found.special_tokens_mask, bool)[:limit], total)

    def _encode(self, text: str, second: str) -> Any:
        return self._tokenizer.encode(text, second) if second else self._tokenizer.encode(text)

    @property
    def _marks_pairs(self) -> bool:
        """Whether the tokenizer puts a token between two sentences."""
        return bool(self._tokenizer.num_special_tokens_to_add(True))

    def _name(self, number: int) -> str:
        piece = self._tokenizer.id_to_token(number) or "?"
        if piece.startswith("##"):
            return str(piece)
        decoded = self._tokenizer.decode([number], skip_special_tokens=False)
        if not decoded:
            return str(piece)
        if "\ufffd" in decoded:  # part of a character: its bytes
            return "‹" + "".join(f"{BYTES.get(one, 63):02x}" for one in piece) + "›"
        return str(decoded) if piece[:1] not in "▁Ġ" or decoded[0] == " " else f" {decoded}"


def _sides(found: Any) -> list[int | None]:
    """The sentence of each token; a token added between belongs to the one before it."""
    sides = list(found.sequence_ids)
    return [side if side is not None else kind
            for side, kind in zip(sides, found.type_ids, strict=True)]
