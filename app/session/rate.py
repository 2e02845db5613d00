"""How fast a run goes on by the clock on the wall, at whatever speed it is played."""

from __future__ import annotations

from collections import deque

WINDOW = 1.5  # s that are looked back: steady to read, and two steps at one a second


class Rate:
    """Steps a second between the frames of the last moment.

    The worker tells how fast it *could* train, from the time that training alone takes; a run that
    waits for each frame to be painted, or for the next second, goes on far more slowly.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def saw(self, step: int, now: float) -> None:
        """A frame of ``step`` arrived at the time ``now``."""
        if self._seen and step == self._seen[-1][1]:
            return  # drawn once more, under other values
        self._seen.append((now, step))
        while len(self._seen) > 2 and now - self._seen[0][0] > WINDOW:
            self._seen.popleft()

    def rest(self) -> None:
        """The run stands still, and time passes that does not count."""
        self._seen.clear()

    @property
    def per_second(self) -> float:
        """0 as long as there is nothing to compare with."""
        if len(self._seen) < 2:
            return 0.0
        (begun, first), (now, last) = self._seen[0], self._seen[-1]
        return (last - first) / (now - begun) if now > begun else 0.0
