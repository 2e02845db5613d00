"""What a computation costs, counted while it runs: operations, and bytes that travel.

Every call that torch makes, a *kernel*, reads its tensors from memory and writes its result there. A
product of (m, k) and (k, n) multiplies and adds m·k·n times: 2 m k n operations. Any other kernel counts
one operation for each number that it reads or writes, whichever are more; one that only moves numbers
counts none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

PRODUCTS = {"mm", "addmm", "bmm", "baddbmm"}
MOVES = {"clone", "copy_", "_to_copy", "cat", "stack", "embedding", "index", "index_select", "gather",
         "full", "zeros", "zeros_like", "ones", "fill_", "arange", "zero_", "constant_pad_nd"}
LOOK_UP = {"embedding", "index", "index_select", "gather"}  # fetch a few rows, not the whole table
NOTHING = {"empty", "empty_like", "new_empty", "empty_strided", "detach", "lift_fresh"}


class Count(TorchDispatchMode):
    """``with Count() as count:`` watches every kernel; then ``count.operations`` and ``count.bytes``."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations = 0.0
        self.bytes = 0.0
        self.kernels = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch imports its compiler, a second of work, to be told to leave this alone

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        result = func(*args, **kwargs)
        name = func.overloadpacket.__name__
        kwargs.pop("out", None)  # room for the result, which is written and not read
        read, written = list(tensors((args, kwargs))), list(tensors(result))
        if name in NOTHING or (not func._schema.is_mutable and written and all(
                any(one.untyped_storage()._cdata == other.untyped_storage()._cdata for other in read)
                for one in written)):
            return result  # a view: another way to look at the same numbers, nothing travels
        self.kernels += 1
        if name in LOOK_UP:
            read = [one for one in read[1:] if not one.is_floating_point()] + written
        self.bytes += sum(map(weight, read)) + sum(map(weight, written))
        if name in PRODUCTS:
            inner = read[-2].shape[-1]  # of the two factors, which come last
            self.operations += (2 * inner + (name in ("addmm", "baddbmm"))) * written[0].numel()
        elif name not in MOVES:
            self.operations += max(map(torch.numel, read + written), default=0)
        return result


def tensors(thing: Any) -> Iterator[Tensor]:
    """All tensors in nested lists and dictionaries."""
    if isinstance(thing, Tensor):
        yield thing
    elif isinstance(thing, (list, tuple)):
        for one in thing:
            yield from tensors(one)
    elif isinstance(thing, dict):
        yield from tensors(list(thing.values()))


def weight(tensor: Tensor) -> float:
    """Its bytes. A row that is repeated without a copy travels once."""
    numbers = 1
    for length, stride in zip(tensor.shape, tensor.stride(), strict=True):
        numbers *= length if stride else min(length, 1)
    return float(numbers * tensor.element_size())
