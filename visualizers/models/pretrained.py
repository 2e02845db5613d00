"""Models that were trained before, opened so that attention can be computed outside of them.

A ``Reader`` cuts a text into tokens and runs its model on them, but leaves the one formula that the
attention panel is about to its caller: whenever the model needs attention weights, it asks for
them with queries, keys and what may not be seen. There is a reader for each of this program's own two
models, and one for everything that the library transformers knows.

Nothing here opens a socket, runs code that comes with a model, or reads a pickle.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
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

Progress = Callable[[int, int, str], None]


class Attend(Protocol):
    """Whoever computes the weights (H, T, T) of queries and keys, each (H, T, D).

    ``bias`` (1 or H, T, T) is added to the scores. ``cap`` and ``sink`` (H,) are those of the few models
    that have them; ``plain_attention`` says what they do.
    """

    def __call__(self, query: Tensor, key: Tensor, scale: float, bias: Tensor,
                 cap: float | None = None, sink: Tensor | None = None) -> Tensor: ...


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
        try:
            return PackedBert(files, device, progress)
        except Refusal:
            raise
        except Exception as error:  # a package holds more than the weights whose hash is known
            raise _not_loaded(files, error) from error
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


def plain_attention(query: Tensor, key: Tensor, scale: float, bias: Tensor,
                    cap: float | None = None, sink: Tensor | None = None) -> Tensor:
    """softmax(Q Kᵀ / √D + bias), (H, T, T).

    Args:
        cap: scores come near to ± cap and never beyond (Gemma 2): cap · tanh(score / cap).
        sink: (H,), the learnt score of one more place, which holds nothing (gpt-oss): what goes there is
            missing from the row.
    """
    score = query @ key.transpose(-2, -1) * scale                              # (H, T, T)
    score = (score if cap is None else cap * (score / cap).tanh()) + bias
    if sink is None:
        return score.softmax(-1)
    nowhere = sink[:, None, None].expand(-1, score.shape[1], 1)                # (H, T, 1)
    return torch.cat([score, nowhere], -1).softmax(-1)[..., :-1]


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
# These know no segments, even where their config has room for two.
_ONE_SEGMENT = ("roberta", "xlm-roberta", "camembert", "mpnet", "xlm-roberta-xl", "roberta-prelayernorm")
_asked: list[Attend] = []  # who computes the weights at the moment
_kept: list[Tensor] = []
# What transformers hands over beside the numbers and what changes no weight here: what the mask holds
# already (a window), and what training and other ways of computing need.
_OF_NO_WEIGHT = frozenset({
    "cache_position", "cu_seq_lens_k", "cu_seq_lens_q", "deterministic", "dropout", "is_causal",
    "max_length_k", "max_length_q", "num_items_in_batch", "output_attentions", "output_hidden_states",
    "output_router_logits", "past_key_values", "position_embeddings", "position_ids", "return_dict",
    "sliding_window", "use_cache",
})
PROBE = 24  # tokens on which what is computed here is compared with what the model computes by itself


class _UnknownPart(Exception):
    """A model hands something over to its attention that is not known here."""


def _attention(
    _module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None,
    scaling: float | None = None, position_bias: Tensor | None = None, softcap: float | None = None,
    s_aux: Tensor | None = None, **more: Any,
) -> tuple[Tensor, Tensor]:
    """Attention as transformers asks for it: (1, H, T, D) queries, (1, K, T, D) keys and values; a cap and
    sinks as in ``plain_attention``."""
    for name, given in more.items():
        if given is not None and name not in _OF_NO_WEIGHT:
            raise _UnknownPart(name)
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
    weight = _asked[-1](query[0], key[0], scale, bias, softcap, s_aux)         # (H, T, S)
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
    module, tokenizer = _opened(files, device, progress, "AutoModelForCausalLM", dtype)
    with suppress(ValueError):  # those that have no other way stay with the slow one
        module.set_attn_implementation("sdpa")
    return module, tokenizer


def longest(module: Any, config: Any) -> int:
    """How many tokens a model reads at most."""
    places = int(getattr(config, "max_position_embeddings", None) or 0)
    if places < 1:  # it has no limit, which some write as -1
        return 1 << 20
    for name, table in module.named_modules():
        # RoBERTa and its like number places from beyond that of padding.
        if name.endswith("position_embeddings") and getattr(table, "padding_idx", None) is not None:
            places = min(places, len(table.weight) - table.padding_idx - 1)
    return places


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
        _must_be_finite(module, files.title)
        progress(2, 3, "Reading the tokens")
        tokenizer = _tokenizer(transformers, files)
        rows = _rows(module)
        if rows and max(tokenizer.get_vocab(with_added_tokens=False).values(), default=0) >= rows:
            raise too_many_tokens(files.title, tokenizer.get_vocab_size(), rows)
        return module, tokenizer
    except Refusal:
        raise
    except Exception as error:  # whatever a foreign file can break in a library of this size
        raise _not_loaded(files, error) from error


def _module(transformers: Any, files: ModelFiles, kind: str, dtype: torch.dtype) -> Any:
    """Opened with the slow attention, which shows its weights: some can only be opened with it."""
    if files.gguf is not None:
        from visualizers.models.gguf import language_model

        writer: Any = language_model(files.gguf, files.config, dtype)
        writer.set_attn_implementation("eager")
        return writer.model if kind == "AutoModel" else writer
    auto = getattr(transformers, kind)
    if files.folder is not None:
        module, found = auto.from_pretrained(
            files.folder, local_files_only=True, use_safetensors=True, trust_remote_code=False,
            attn_implementation="eager", output_loading_info=True, ignore_mismatched_sizes=True)
        _must_be_whole(module, _reader_of(module) if kind == "AutoModel" else module, files.title,
                       found["missing_keys"], found["mismatched_keys"], found["unexpected_keys"])
        return module.to(dtype)
    # straight from the archive, without a copy on the disk
    fields = {name: value for name, value in files.config.items() if name != "model_type"}
    config = transformers.AutoConfig.for_model(files.config["model_type"], **fields)
    module = auto.from_config(config, attn_implementation="eager")
    weights = safetensors.torch.load(files.read("model.safetensors"))
    missing, more = module.load_state_dict(weights, strict=False)
    _must_be_whole(module, module, files.title, missing, (), more)
    return module.to(dtype)


def _reader_of(module: Any) -> Any:
    """The part of a model that reads a text, where another one writes."""
    return module.get_encoder() if hasattr(module, "encoder") and hasattr(module, "decoder") else module


def _must_be_whole(
    module: Any, used: Any, name: str, missing: Iterable[str],
    mismatched: Iterable[tuple[str, Iterable[int], Iterable[int]]], more: Iterable[str],
) -> None:
    """Whether every weight that is used was in the file: the library draws the others at random.

    A pooler may be missing, since nothing here uses it, and what the file holds beside the model, such as
    the head of another task, is left out.

    Args:
        used: the part of the module that is looked at.
        missing, more: names of the weights that the file lacks, and of those that the model lacks.
        mismatched: (name, shape in the file, shape in the model).

    Raises:
        Refusal: weights are missing, of another shape, or of more layers than the model has.
    """
    for weight, found, wanted in sorted(mismatched):
        raise Refusal("The weights of {name} do not fit its config.json: {weight} has the shape {found} and "
                      "not {wanted}; get the model again.", name=name, weight=weight,
                      found=_shape(found), wanted=_shape(wanted))
    held = {id(one) for one in (*used.parameters(), *used.buffers())}
    every = {**dict(module.named_parameters(remove_duplicate=False)),
             **dict(module.named_buffers(remove_duplicate=False))}
    lost = [one for one in sorted(missing) if id(every.get(one)) in held and "pooler" not in one]
    if lost:
        raise Refusal("The weights of {name} are not complete: {weights} is missing, which its config.json "
                      "describes; get the model again.", name=name, weights=_some(lost))
    kinds = {_of_any_layer(one) for one in every}
    beyond = [one for one in sorted(more) if re.search(r"\.\d+\.", one) and kinds & {
        _of_any_layer(one), _of_any_layer(one.removeprefix(f"{module.base_model_prefix}."))}]
    if beyond:
        raise Refusal("The weights of {name} have more layers than its config.json describes ({weights}); "
                      "get the model again.", name=name, weights=_some(beyond))


def _of_any_layer(name: str) -> str:
    return re.sub(r"\.\d+\.", ".#.", name)


def _some(names: list[str]) -> str:
    return ", ".join(names[:2]) + (" …" if len(names) > 2 else "")


def _shape(sizes: Iterable[int]) -> str:
    return " × ".join(str(one) for one in sizes)


def _must_be_finite(module: nn.Module, name: str) -> None:
    """Raises ``Refusal`` for weights that are no numbers."""
    for weight, values in module.named_parameters():
        if not values.isfinite().all():
            raise Refusal("The weights of {name} are damaged: {weight} holds what is no number; get the "
                          "model again.", name=name, weight=weight)


def _rows(module: Any) -> int:
    """How many tokens a model knows; 0 for one that does not look them up in one table."""
    with suppress(NotImplementedError, AttributeError):
        return len(module.get_input_embeddings().weight)
    return 0


def too_many_tokens(name: str, tokens: int, rows: int) -> Refusal:
    """What is said of a model that does not know all tokens of its tokenizer."""
    return Refusal("The tokenizer of {name} has {tokens} tokens and the model knows only {rows}; get the "
                   "two that belong together.", name=name, tokens=tokens, rows=rows)


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
    """A model of the library transformers whose attention is computed by the caller.

    Where that does not give what the model computes by itself, it is asked for its own weights instead.
    """

    def __init__(self, files: ModelFiles, device: str, progress: Progress) -> None:
        """Raises ``Refusal`` for an architecture that is unknown, does not fit its weights, or has no
        attention that can be looked at."""
        self.title = files.title
        module, tokenizer = _opened(files, device, progress, "AutoModel", torch.float32)
        self.module = _reader_of(module)
        self._config = getattr(self.module, "config", module.config)
        self._tokens = Tokens(tokenizer)
        self._rows = _rows(module) or self._tokens.size
        self.limit = longest(self.module, self._config)
        self._settle(device)

    def cut(self, text: str, second: str, limit: int) -> Cut:
        return self._tokens.cut(text, second, limit)

    @torch.no_grad()
    def run(self, cut: Cut, blocked: Tensor, attend: Attend) -> tuple[Tensor, list[Tensor]]:
        """Raises ``Refusal`` for what the model cannot read, or weights that are none."""
        hidden, weights = self._read(cut, blocked, attend if self._by_hand else None)
        must_be_weights(self.title, self._config.model_type, weights, len(cut.ids), self._causal,
                        has_sinks(self.module))
        return hidden, weights

    def _settle(self, device: str) -> None:
        """Find out, on tokens from all over the vocabulary, whether the weights that are computed by hand
        are the model's own, and whether its tokens see only those before them."""
        T = max(2, min(self.limit, PROBE))
        ids = torch.arange(T) * 7919 % self._rows                              # (T,)
        cut = Cut(tuple(ids.tolist()), ("",) * T, np.zeros(T, np.uint8), np.zeros(T, bool), T)
        nobody = torch.zeros(T, dtype=torch.bool, device=device)
        ours, weights = self._read(cut, nobody, plain_attention)
        hidden, own = self._read(cut, nobody, None)

        def with_another(at: int) -> Tensor:
            changed = ids.clone()
            changed[at] = (changed[at] + 1) % self._rows
            return self._read(replace(cut, ids=tuple(changed.tolist())), nobody, None)[0]  # (T, C)

        self._causal = _alike(with_another(-1)[:-1], hidden[:-1], 1e-5) \
            and not _alike(with_another(0)[1:], hidden[1:], 1e-5)
        self._by_hand = bool(weights) and _alike(ours, hidden, 1e-4) and (
            not own or (len(own) == len(weights)
            and all(_alike(one, other, 1e-4) for one, other in zip(weights, own, strict=True))))
        if not (own or self._by_hand):
            raise Refusal("The model {name} has no attention to look at ({kind} works without it); "
                          "choose another one.", name=self.title, kind=self._config.model_type)

    @torch.no_grad()
    def _read(self, cut: Cut, blocked: Tensor, attend: Attend | None) -> tuple[Tensor, list[Tensor]]:
        """The last vectors (T, C) and the weights: computed by ``attend``, or the model's own."""
        if max(cut.ids) >= self._rows:
            raise too_many_tokens(self.title, self._tokens.size, self._rows)
        given: dict[str, Any] = {"input_ids": torch.tensor([cut.ids], device=blocked.device),
                                 "attention_mask": (~blocked)[None].long()}
        if getattr(self._config, "type_vocab_size", 0) > 1 and self._config.model_type not in _ONE_SEGMENT:
            given["token_type_ids"] = torch.tensor(cut.segments[None].astype(np.int64),
                                                   device=blocked.device)
        try:
            if attend is not None:
                self._set(BY_HAND)
                with _asking(attend):
                    return self.module(**given).last_hidden_state[0], list(_kept)
            self._set("eager")
            out = self.module(**given, output_attentions=True)
            own = [one[0] for one in getattr(out, "attentions", None) or () if one is not None]
            return out.last_hidden_state[0], [self._seeing_itself(one, blocked) for one in own]
        except _UnknownPart as part:
            raise Refusal("The attention of the model {name} has a part that is not known here ({part}); "
                          "choose another one.", name=self.title, part=str(part)) from part
        except Exception as error:
            if getattr(self._config, "num_attention_heads", None) is None:
                raise Refusal("The model {name} has no attention to look at ({kind} works without it); "
                              "choose another one.", name=self.title,
                              kind=self._config.model_type) from error
            raise Refusal("The model {name} cannot read this text: {reason}", name=self.title,
                          reason=_first_line(error)) from error

    def _seeing_itself(self, weights: Any, blocked: Tensor) -> Any:
        """The library lets a token that may see nothing see what it must not; here it sees itself, as
        elsewhere (``only_itself``). Such tokens are blocked, so that no other one notices.

        Args:
            weights: (H, T, T); whatever else a model gives is left alone.
            blocked: (T,).
        """
        T = len(blocked)
        if not (isinstance(weights, Tensor) and weights.shape[1:] == (T, T) and blocked.any()):
            return weights
        itself = torch.eye(T, dtype=torch.bool, device=weights.device)         # (T, T)
        never = blocked.expand(T, T)                                           # (T, T)
        if self._causal:
            never = never | ~torch.ones_like(itself).tril()
        lost = (weights.masked_fill(itself | ~never, 0.0) > 0).any(-1) & blocked  # (H, T)
        return torch.where(lost[..., None], itself.to(weights.dtype), weights)

    def _set(self, name: str) -> None:
        setter = getattr(self.module, "set_attn_implementation", None)
        if setter is not None:
            setter(name)


def has_sinks(module: nn.Module) -> bool:
    """Whether heads may rest on a place that is no token, so that rows sum to less than 1."""
    return any(getattr(one, "sinks", None) is not None for one in module.modules())


def must_be_weights(name: str, kind: str, weights: Sequence[Any], T: int, causal: bool,
                    sinks: bool) -> None:
    """Check what a model gives as its attention.

    Args:
        weights: one a layer, to be (H, T, T).
        causal: whether its tokens see only those before them.
        sinks: whether rows may sum to less than 1.

    Raises:
        Refusal: there are none, or they are something else.
    """
    if not weights or not all(isinstance(one, Tensor) and one.dim() == 3
                              and one.shape[1:] == (T, T) for one in weights):
        raise Refusal("The model {name} does not look from every token at every token ({kind} goes another "
                      "way), so there is no map of it; choose another one.", name=name, kind=kind)
    for one in weights:
        sums = one.float().sum(-1)                                             # (H, T)
        if not (one.min() >= 0 and sums.max() < 1.01 and (sinks or sums.min() > 0.99)):
            raise Refusal("What the model {name} gives as its attention are no weights, since they do not "
                          "sum to 1; choose another one.", name=name)
        if causal and one.triu(1).max() > 0:
            raise Refusal("What the model {name} gives as its attention looks ahead, which its tokens "
                          "cannot; choose another one.", name=name)


def _alike(one: Any, other: Any, within: float) -> bool:
    """Whether two arrays are the same, up to rounding."""
    return isinstance(other, Tensor) and one.shape == other.shape and bool(
        (one - other).abs().max() <= within * other.abs().max().clamp(min=1e-30))


def _not_loaded(files: ModelFiles, error: Exception) -> Refusal:
    return Refusal("The model {name} cannot be loaded: {reason}", name=files.title,
                   reason=_first_line(error))


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
        return Cut(tuple(ids), tuple(name_of(self._tokenizer, one) for one in ids), segments,
                   np.array(found.special_tokens_mask, bool)[:limit], total)

    def _encode(self, text: str, second: str) -> Any:
        return self._tokenizer.encode(text, second) if second else self._tokenizer.encode(text)

    @property
    def _marks_pairs(self) -> bool:
        """Whether the tokenizer puts a token between two sentences."""
        return bool(self._tokenizer.num_special_tokens_to_add(True))


def name_of(tokenizer: tokenizers.Tokenizer, number: int) -> str:
    """The text of one token, for display: with the space before it, and as bytes where it is a part of a
    character."""
    piece = tokenizer.id_to_token(number) or "?"
    if piece.startswith("##"):
        return str(piece)
    decoded = tokenizer.decode([number], skip_special_tokens=False)
    if not decoded:
        return str(piece)
    if "\ufffd" in decoded or (decoded == piece and BYTE.fullmatch(piece)):
        return f"‹{_bytes_of(piece).hex()}›"
    return str(decoded) if piece[:1] not in "▁Ġ" or decoded[0] == " " else f" {decoded}"


def _sides(found: Any) -> list[int | None]:
    """The sentence of each token; a token added between belongs to the one before it."""
    sides = list(found.sequence_ids)
    return [side if side is not None else kind
            for side, kind in zip(sides, found.type_ids, strict=True)]


BYTE = re.compile(r"<0x([0-9A-F]{2})>")  # how SentencePiece writes a byte


def _bytes_of(piece: str) -> bytes:
    """The bytes that a token stands for, in either of the two ways to write them."""
    if found := BYTE.fullmatch(piece):
        return bytes.fromhex(found[1])
    return bytes(BYTES.get(one, 63) for one in piece)
