"""How finely a device can count."""

from __future__ import annotations

import torch


def finest(device: str) -> torch.dtype:
    """float64 wherever the device has it; Apple's GPUs stop at float32."""
    try:
        torch.empty(0, dtype=torch.float64, device=device)
    except TypeError:
        return torch.float32
    return torch.float64
