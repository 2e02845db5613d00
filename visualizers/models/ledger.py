"""The books of memory: every tensor that comes into being, what it becomes, and when it is let go."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode


class Ledger(TorchDispatchMode):
    """Watches every operation: which tensors come into being, which are kept, and when each is let go.

    A result is *work space* until autograd says that it keeps it (then it is an activation) or until it is
    the gradient of a weight. Tensors that share memory count once.

    Args:
        known: what was there before, and is not counted.
        parts: what memory is told apart by: "activations", "gradients" …, the last one "work space".

    Attributes:
        alive: bytes of each part now, (parts,).
        columns: the same after each operation.
        phases: the ``phase`` of each operation.
    """

    def __init__(self, known: Iterable[Tensor], parts: Sequence[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.part: dict[int, int] = {}  # of each piece of memory: its place in parts, or −1: it was there
        self.size: dict[int, int] = {}
        self.parts, self.work = parts, len(parts) - 1
        self.alive = np.zeros(len(parts))
        self.phase = 0
        self.columns: list[NDArray[np.float64]] = []
        self.phases: list[int] = []
        for one in known:
            self.part[piece(one)], self.size[piece(one)] = -1, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for one in out if isinstance(out, (tuple, list)) else (out,):
            if isinstance(one, Tensor) and piece(one) not in self.part:
                self._enter(one)
        self.columns.append(self.alive.copy())
        self.phases.append(self.phase)
        return out

    def _enter(self, one: Tensor) -> None:
        storage, key = one.untyped_storage(), piece(one)
        self.part[key], self.size[key] = self.work, storage.nbytes()
        self.alive[self.work] += storage.nbytes()
        weakref.finalize(storage, self._leave, key).atexit = False

    def _leave(self, key: int) -> None:
        self.alive[self.part.pop(key)] -= self.size.pop(key)

    def move(self, one: Tensor, part: str) -> Tensor:
        """This tensor's memory belongs to a part from now on."""
        key, to = piece(one), self.parts.index(part)
        if self.part.get(key, -1) == self.work:
            self.alive[self.work] -= self.size[key]
            self.alive[to] += self.size[key]
            self.part[key] = to
        return one

    def keep(self) -> Any:
        """In this block, what autograd keeps is an activation."""
        return saved_tensors_hooks(lambda one: self.move(one, "activations"), lambda one: one)

    @contextmanager
    def gradients(self, weights: Iterable[Tensor]) -> Iterator[None]:
        """In this block, what is added up at a weight is a gradient."""
        def found(weight: Tensor) -> None:
            assert weight.grad is not None
            self.move(weight.grad, "gradients")

        hooks = [one.register_post_accumulate_grad_hook(found) for one in weights]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()


def piece(one: Tensor) -> int:
    """What tells one piece of memory from another: tensors that share one count once."""
    return int(one.untyped_storage()._cdata)
