"""From tensors to what a frame may carry."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from torch import Tensor


def array(x: Tensor) -> NDArray[Any]:
    """A copy that shares no memory with what is trained on."""
    return x.detach().cpu().numpy().copy()
