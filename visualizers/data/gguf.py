"""Reads a GGUF file, the format of llama.cpp and LM Studio: its fields and where its weights are.

The file is a header of named values and a table of tensors, followed by the tensors themselves
(github.com/ggml-org/ggml/blob/master/docs/gguf.md). It is mapped, not loaded, and nothing in it is run:
its chat template is code, so it is never more than a text here. What does not fit is refused.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualizers.refusal import Refusal, reason_of

MOST_FIELDS, MOST_TENSORS, MOST_AXES = 10_000, 100_000, 8

# Types of fields: a number's struct format, a string, an array.
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9


@dataclass(frozen=True)
class Packed:
    """A tensor as it lies in the file.

    Attributes:
        kind: how its numbers are packed, by ggml's number of that type.
        shape: as torch writes it, the axis whose numbers are neighbours last.
        raw: its bytes.
    """

    kind: int
    shape: tuple[int, ...]
    raw: NDArray[np.uint8]


@dataclass(frozen=True)
class GGUF:
    """What a file holds: ``fields`` by name (numbers, texts, lists) and ``tensors`` by name."""

    name: str
    fields: dict[str, Any]
    tensors: dict[str, Packed]

    @property
    def architecture(self) -> str:
        """``"llama"``, ``"qwen2"`` …"""
        return str(self.fields.get("general.architecture", ""))

    def field(self, name: str, default: Any = None) -> Any:
        """A field of the architecture: ``"block_count"`` reads ``"llama.block_count"``.

        Raises:
            Refusal: it is not there, and there is no ``default``.
        """
        value = self.fields.get(f"{self.architecture}.{name}", default)
        if value is None:
            raise Refusal("The model {name} is not complete: {file} is missing.", name=self.name,
                          file=f"{self.architecture}.{name}")
        return value

    @property
    def weights(self) -> int:
        """How many numbers the model has."""
        return sum(math.prod(one.shape) for one in self.tensors.values())


def read_gguf(source: Path | bytes, name: str) -> GGUF:
    """The file at a path, or one that was read from an archive.

    Raises:
        Refusal: no such file, not this format, damaged, cut short, or packed in an unknown way.
    """
    if isinstance(source, bytes):
        return _Reader(np.frombuffer(source, np.uint8), name).read()
    try:
        mapped = np.memmap(source, np.uint8, "r") if source.stat().st_size else \
            np.empty(0, np.uint8)
    except FileNotFoundError as error:
        raise Refusal("There is no file {path}; choose another one.", path=str(source)) from error
    except OSError as error:
        raise Refusal("The file {name} cannot be read: {reason}.", name=name,
                      reason=reason_of(error)) from error
    return _Reader(mapped, name).read()


# The architectures that can be built, and their name in the library transformers.
_KNOWN = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}


def config_of(gguf: GGUF) -> dict[str, Any]:
    """The ``config.json`` of the same model for the library transformers.

    Raises:
        Refusal: an architecture that is not known here, or a description that is not whole.
    """
    kind = gguf.architecture
    if kind not in _KNOWN or gguf.field("expert_count", 0) or \
            gguf.field("rope.scaling.type", "none") != "none":
        raise Refusal("The model {name} is of a kind that is not known here ({kind}); of GGUF files, "
                      "those of Llama, SmolLM2, Mistral, Qwen 2 and Qwen 3 are.", name=gguf.name,
                      kind=kind or "?")
    if "token_embd.weight" not in gguf.tensors:
        raise Refusal("The model {name} is not complete: {file} is missing.", name=gguf.name,
                      file="token_embd.weight")
    heads, width = gguf.field("attention.head_count"), gguf.field("embedding_length")
    sizes = {"num_hidden_layers": gguf.field("block_count"), "num_attention_heads": heads,
             "hidden_size": width, "intermediate_size": gguf.field("feed_forward_length"),
             "max_position_embeddings": gguf.field("context_length"),
             "num_key_value_heads": gguf.field("attention.head_count_kv", heads),
             "vocab_size": gguf.tensors["token_embd.weight"].shape[0]}
    if not all(isinstance(one, int) and one > 0 for one in sizes.values()):
        raise Refusal("The description of the model {name} is damaged; get it again.",
                      name=gguf.name)
    theta = float(gguf.field("rope.freq_base", 10_000.0))
    return {
        **sizes, "model_type": kind, "architectures": [_KNOWN[kind]],
        "head_dim": gguf.field("attention.key_length", width // heads),
        "rms_norm_eps": gguf.field("attention.layer_norm_rms_epsilon"),
        "rope_theta": theta, "rope_parameters": {"rope_type": "default", "rope_theta": theta},
        "attention_bias": "blk.0.attn_q.bias" in gguf.tensors,
        "tie_word_embeddings": "output.weight" not in gguf.tensors,
        "bos_token_id": gguf.fields.get("tokenizer.ggml.bos_token_id"),
        "eos_token_id": gguf.fields.get("tokenizer.ggml.eos_token_id"),
    }


class _Reader:
    """Goes through a file from its beginning; whatever reaches beyond its end is damage."""

    def __init__(self, data: NDArray[np.uint8], name: str) -> None:
        self.data, self.view, self.name, self.at = data, data.data, name, 0

    def read(self) -> GGUF:
        if bytes(self.view[:4]) != b"GGUF":
            raise Refusal("{name} is not a GGUF file; choose another one.", name=self.name)
        try:
            self.at = 4
            version, tensors, fields = self._unpack("IQQ")
            if version not in (2, 3):
                raise Refusal("{name} is a GGUF file of version {version}, which is not known here.",
                              name=self.name, version=version)
            if fields > MOST_FIELDS or tensors > MOST_TENSORS:
                raise self._damaged()
            found = dict(self._field() for _ in range(fields))
            table = [self._entry() for _ in range(tensors)]
            align = found.get("general.alignment", 32)
            if not isinstance(align, int) or align <= 0:
                raise self._damaged()
            start = -(-self.at // align) * align
            return GGUF(self.name, found,
                        {name: self._packed(kind, shape, start + offset)
                         for name, kind, shape, offset in table})
        except (struct.error, UnicodeDecodeError, OverflowError, ValueError) as error:
            raise self._damaged() from error

    def _damaged(self) -> Refusal:
        return Refusal("The file {name} is damaged or cut short; get it again.", name=self.name)

    def _unpack(self, kinds: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{kinds}", self.view, self.at)
        self.at += struct.calcsize(f"<{kinds}")
        return values

    def _text(self) -> str:
        (length,) = struct.unpack_from("<Q", self.view, self.at)
        begin, self.at = self.at + 8, self.at + 8 + length
        if self.at > len(self.view):
            raise self._damaged()
        return str(self.view[begin:self.at], "utf-8")

    def _field(self) -> tuple[str, Any]:
        name = self._text()
        (kind,) = self._unpack("I")
        return name, self._value(kind)

    def _value(self, kind: int) -> Any:
        if kind in _NUMBERS:
            return self._unpack(_NUMBERS[kind])[0]
        if kind == _STRING:
            return self._text()
        if kind != _ARRAY:
            raise self._damaged()
        kind, count = self._unpack("IQ")
        if count > len(self.view) - self.at:  # each entry has at least one byte
            raise self._damaged()
        if kind in _NUMBERS:
            return list(self._unpack(f"{count}{_NUMBERS[kind]}"))
        if kind != _STRING:
            raise self._damaged()
        return [self._text() for _ in range(count)]

    def _entry(self) -> tuple[str, int, tuple[int, ...], int]:
        name = self._text()
        (axes,) = self._unpack("I")
        if axes > MOST_AXES:
            raise self._damaged()
        shape = self._unpack(f"{axes}Q")[::-1]
        kind, offset = self._unpack("IQ")
        return name, kind, shape, offset

    def _packed(self, kind: int, shape: tuple[int, ...], start: int) -> Packed:
        from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

        known = {int(one): size for one, size in GGML_QUANT_SIZES.items()
                 if isinstance(one, GGMLQuantizationType)}
        if kind not in known:
            raise Refusal("The weights in {name} are packed in a way that is not known here (type "
                          "{kind}).", name=self.name, kind=kind)
        numbers, size = known[kind]  # of a block
        whole = math.prod(shape)
        end = start + whole // numbers * size
        if not shape or shape[-1] % numbers or end > len(self.data):
            raise self._damaged()
        return Packed(kind, shape, self.data[start:end])
