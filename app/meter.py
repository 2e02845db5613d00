"""What painting costs."""

from __future__ import annotations


class PaintMeter:
    """Frames painted, and the CPU seconds that the window spent on them."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.frames, self.cpu = 0, 0.0
