"""The weights in an ONNX file, read by hand: its tensors by name, and nothing is run.

An ONNX file is a message of Protocol Buffers. Of its hundreds of fields only these are needed:
model.graph (7), graph.initializer (5), and of each tensor dims (1), data_type (2), name (8) and
raw_data (9).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualizers.refusal import Refusal

FLOAT, INT64 = 1, 7
_TYPES: dict[int, np.dtype[Any]] = {FLOAT: np.dtype("<f4"), INT64: np.dtype("<i8")}
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5  # the kinds of a field on the wire


def tensors(file: bytes) -> dict[str, NDArray[Any]]:
    """Name → tensor, read-only. Others than float and int64, or not stored raw, are left out.

    Raises:
        Refusal: the file is no ONNX file, or damaged.
    """
    found: dict[str, NDArray[Any]] = {}
    try:
        for number, graph in _fields(memoryview(file)):
            if number == 7 and isinstance(graph, memoryview):
                for each, tensor in _fields(graph):
                    if each == 5 and isinstance(tensor, memoryview):
                        name, array = _tensor(tensor)
                        if array is not None:
                            found[name] = array
    except (ValueError, IndexError) as error:
        raise Refusal("This is not an ONNX file, or it is damaged.") from error
    if not found:
        raise Refusal("This is not an ONNX file, or it is damaged.")
    return found


def _tensor(message: memoryview) -> tuple[str, NDArray[Any] | None]:
    name, shape, kind, raw = "", [], 0, None
    for number, value in _fields(message):
        if number == 1 and isinstance(value, int):
            shape.append(value)
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 8 and isinstance(value, memoryview):
            name = bytes(value).decode("utf-8")
        elif number == 9:
            raw = value
    if kind not in _TYPES or not isinstance(raw, memoryview):
        return name, None
    array: NDArray[Any] = np.frombuffer(raw, _TYPES[kind]).reshape(shape)
    array.flags.writeable = False
    return name, array


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message: number and value. ``ValueError`` where it ends too early."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_EIGHT, _FOUR):
            size = 8 if kind == _EIGHT else 4
        else:
            raise ValueError(f"a field of kind {kind}")
        if at + size > len(message):
            raise ValueError("the end comes too early")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A whole number, seven bits a byte, the lowest first; and where the next field begins."""
    value, shift = 0, 0
    while shift < 64:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
    raise ValueError("a number that does not end")
