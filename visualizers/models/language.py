"""A language model that writes: scores of the next token, and text drawn from them token by token.

    model = open_language(context.data.model("smollm2"), context.device, context.progress)
    ids = model.encode("The capital of France is")
    model.decode([*model.write(ids, 3)])                    # " Paris."

It is any model that says it can ``write``: a GGUF file, or a folder of the library transformers.
Nothing here opens a socket or runs code that comes with a model, its chat template included: that is
code, and the one form of conversation that is known here is written out below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import tokenizers
import torch
from torch import Tensor

from visualizers.data import ModelFiles
from visualizers.models import pretrained
from visualizers.models.gpt import next_token_odds

Progress = Callable[[int, int, str], None]

# What SmolLM2-Instruct was taught to find at the head of a conversation that sets nothing else.
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


class Turn(NamedTuple):
    """What one side of a conversation said."""

    who: Literal["system", "user", "assistant"]
    text: str


def conversation(turns: Sequence[Turn], system: str = SYSTEM) -> str:
    """The text that a model which chats goes on with, in the form called ChatML.

    Args:
        turns: what was said so far, the user last.
        system: what the model is told beforehand, unless the first turn tells it.
    """
    if not turns or turns[0].who != "system":
        turns = [Turn("system", system), *turns]
    said = "".join(f"<|im_start|>{who}\n{text}<|im_end|>\n" for who, text in turns)
    return f"{said}<|im_start|>assistant\n"


class Language:
    """A decoder of the library transformers with its tokens.

    Attributes:
        module: the ``…ForCausalLM``, on its device, in evaluation mode.
        limit: the longest text it reads, in tokens.
        ends: tokens after which a text is over.
    """

    def __init__(
        self, title: str, module: Any, tokenizer: tokenizers.Tokenizer, limit: int
    ) -> None:
        self.title, self.module, self.limit = title, module, limit
        self._tokenizer = tokenizer
        config = module.config
        ends = config.eos_token_id
        self.ends = frozenset(ends if isinstance(ends, list) else [] if ends is None else [ends])

    # --- tokens

    def encode(self, text: str) -> list[int]:
        """The tokens of a text. Marks such as ``<|im_end|>`` in it are read as what they mean.

        Raises:
            Refusal: the model does not know one of them.
        """
        ids = list(self._tokenizer.encode(text).ids)
        rows = len(self.module.get_input_embeddings().weight)
        if max(ids, default=0) >= rows:
            raise pretrained.too_many_tokens(self.title, self._tokenizer.get_vocab_size(), rows)
        return ids

    def decode(self, ids: Sequence[int], marks: bool = False) -> str:
        """The text of some tokens; marks are left out unless they are asked for."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=not marks))

    def pieces(self, ids: Sequence[int]) -> tuple[str, ...]:
        """Each token's own text, marks included; of a part of a character, its bytes."""
        return tuple(pretrained.name_of(self._tokenizer, one) for one in ids)

    # --- scores

    @torch.no_grad()
    def scores(self, ids: Sequence[int]) -> Tensor:
        """The scores (logits) of the next token at every place of a text, (T, V)."""
        return self._read(ids, None)[0][0]

    @torch.no_grad()
    def next_scores(self, ids: Sequence[int]) -> Tensor:
        """The scores of the token after a text, (V,)."""
        return self._read(ids, None, last=1)[0][0, -1]

    @torch.no_grad()
    def go_on(self, ids: Sequence[int], cache: Any = None) -> tuple[Tensor, Any]:
        """The scores (V,) after these tokens, and what is kept of all that was read: give that with the
        next tokens, where ``write`` would do more than one of them at a time."""
        scores, cache = self._read(ids, cache, last=1)
        return scores[0, -1], cache

    def _read(self, ids: Sequence[int], cache: Any, last: int = 0) -> tuple[Tensor, Any]:
        given = torch.tensor([list(ids)], device=self.module.device)           # (1, T)
        out = self.module(input_ids=given, past_key_values=cache, use_cache=True,
                          logits_to_keep=last)
        return out.logits.float(), out.past_key_values                         # (1, T or last, V)

    # --- writing

    @torch.no_grad()
    def write(
        self, ids: Sequence[int], most: int, temperature: float = 0.0, top_k: int = 0,
        generator: torch.Generator | None = None,
    ) -> Iterator[int]:
        """Go on with a text, a token at a time, until it is over or ``most`` tokens long.

        The keys and values of what has been read are kept, so each token costs one step.

        Args:
            ids: the text, not empty.
            temperature, top_k: as in ``next_token_odds``; 0 always takes the best token.
            generator: where tokens are drawn from, on the CPU, so that every device draws alike.
        """
        given, cache, room = list(ids), None, self.limit - len(ids)
        for _ in range(min(most, room)):
            scores, cache = self._read(given, cache, last=1)                   # (1, 1, V)
            odds = next_token_odds(scores[0, -1].cpu(), temperature, top_k)    # (V,)
            token = int(odds.argmax()) if temperature == 0 else \
                int(torch.multinomial(odds, 1, generator=generator))
            if token in self.ends:
                return
            yield token
            given = [token]


def open_language(
    files: ModelFiles, device: str, progress: Progress, dtype: torch.dtype = torch.float32
) -> Language:
    """The model of these files, ready to write.

    Args:
        dtype: ``torch.bfloat16`` needs half the memory and is faster to write with on most CPUs.

    Raises:
        Refusal: a model that cannot write, or files that are damaged or do not fit.
    """
    files.must("write")
    module, tokenizer = pretrained.decoder(files, device, progress, dtype)
    return Language(files.title, module, tokenizer, pretrained.longest(module, module.config))
