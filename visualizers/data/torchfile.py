"""Tensors from a file that torch saved, without running anything of it.

Such a file is a zip of raw numbers and of one pickle that says which of them is which tensor. A pickle
can call whatever it names, so here it may name four things, and none of them is called: each is a mere
record of sizes. Everything else is refused.
"""

from __future__ import annotations

import io
import pickle
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visualizers.data.pack import Archive
from visualizers.refusal import Refusal

TYPES = {"FloatStorage": np.float32, "LongStorage": np.int64, "HalfStorage": np.float16}


class _Record(NamedTuple):
    """One tensor: its type and numbers, where it begins in them, and its sizes."""

    kind: str
    key: str
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


class _Table(dict[str, Any]):
    """A dictionary that the file may also give remarks of its own, which nobody reads."""


def _record(storage: tuple[str, str], offset: int, size: tuple[int, ...], stride: tuple[int, ...],
            *_: object) -> _Record:
    return _Record(*storage, offset, tuple(size), tuple(stride))


class Plain(pickle.Unpickler):
    """An unpickler that refuses every class and function but what a table of tensors needs."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return _Table
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _record
        if module == "torch" and name in TYPES:
            return name
        raise Refusal("The file names {what}, which no table of numbers needs; it is not opened.",
                      what=f"{module}.{name}")

    def persistent_load(self, id: Any) -> tuple[str, str]:
        return str(id[1]), str(id[2])


def plain(data: bytes) -> Any:
    """Dictionaries, lists, texts and numbers of a pickle. Raises ``Refusal`` where it names anything."""
    return Plain(io.BytesIO(data)).load()


def tensors(data: bytes, name: str) -> dict[str, NDArray[Any]]:
    """The tensors of a saved file by their names. Raises ``Refusal``."""
    with Archive(data, name) as archive:
        inside = next(one for one in archive.names() if one.endswith("/data.pkl"))
        folder = inside.rpartition("/")[0]
        found = {}
        for key, one in Plain(io.BytesIO(archive.read(inside))).load().items():
            numbers = np.frombuffer(archive.read(f"{folder}/data/{one.key}"), TYPES[one.kind])
            steps = tuple(each * numbers.itemsize for each in one.stride)
            found[key] = np.lib.stride_tricks.as_strided(
                numbers[one.offset :], one.size, steps, writeable=False).copy()
    return found
