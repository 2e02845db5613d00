"""What painting costs."""

from __future__ import annotations

import time


class PaintMeter:
    """Frames painted, and the CPU seconds that the window spent on them."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.frames, self.cpu = 0, 0.0
        self._begun: float | None = None

    def begin(self) -> None:
        """Painting, or drawing a frame, begins now. What was begun before is over."""
        self.end()
        self._begun = time.thread_time()

    def end(self) -> None:
        """It is over, if it was not already."""
        if self._begun is not None:
            self.cpu += time.thread_time() - self._begun
            self._begun = None
