"""Ranges and ticks of axes: plain arithmetic, shared by all that is drawn with an axis.

An axis that changes its range draws all its text again, which costs more than the curve it belongs
to. So ranges grow in steps with room ahead, and stay as they are for most frames.
"""

from __future__ import annotations

import math

Range = tuple[float, float]

MOST_TICKS = 7


def nice_step(span: float, count: int) -> float:
    """The step 1, 2 or 5 · 10ⁿ that divides ``span`` into at most about ``count`` parts."""
    raw = span / max(count, 1)
    if not (math.isfinite(raw) and raw > 0):
        return 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    for factor in (1, 2, 5, 10):
        if factor * power >= raw * 0.999:
            return factor * power
    return 10 * power


def ticks(low: float, high: float, count: int, *, integer: bool = False) -> list[float]:
    """Two to seven round numbers from ``low`` to ``high``, about ``count`` where there is room.

    One alone would say nothing about the scale, so it is rather two that stand close.
    """
    most = min(max(count, 2), MOST_TICKS)
    if not high > low:
        return [low]
    found: list[float] = []
    for step in _steps(high - low, integer):
        first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
        if last - first + 1 < 2 and found:
            break  # the step before had too many for the room, but this one would be alone
        if last - first < 3 * MOST_TICKS:
            found = [i * step for i in range(first, last + 1)]
        if 2 <= last - first + 1 <= most:
            break
    return found if len(found) <= max(most, 3) else [found[0], found[-1]]


def _steps(span: float, integer: bool) -> list[float]:
    """The steps 1, 2 and 5 · 10ⁿ that may divide ``span``, from the finest on."""
    power = math.floor(math.log10(span))
    steps = [factor * 10.0 ** min(one, 307) for one in range(power - 1, power + 1) for factor in (1, 2, 5)]
    return [step for step in steps if step >= 1] or [1.0] if integer else steps


def log_ticks(low: float, high: float, count: int) -> list[float]:
    """Ticks for exponents from ``low`` to ``high``: decades, or 1-2-5 or 1-5 where there are too few."""
    most = min(max(count, 2), MOST_TICKS)
    first, last = math.ceil(low - 1e-6), math.floor(high + 1e-6)
    if last - first >= 2:
        for step in (1, 2, 3, 5, 10, 20, 30, 50, 100, 200):
            found = range(math.ceil(first / step) * step, last + 1, step)
            if len(found) <= most:
                break
        return [float(one) for one in (found if len(found) > 1 else (first, last))]
    for digits in ((1, 2, 5), (1, 5)):
        fine = [exponent + math.log10(digit)
                for exponent in range(math.floor(low), math.ceil(high) + 1) for digit in digits]
        fine = [at for at in fine if low - 1e-6 <= at <= high + 1e-6]
        if len(fine) <= most:
            break
    else:
        return [float(first), float(last)] if last > first else [fine[0], fine[-1]]
    return fine if len(fine) > 1 else [
        math.log10(v) for v in ticks(10**low, 10**high, count) if v > 0]


def widened(low: float, high: float, least: float) -> Range:
    """The range made at least ``least`` wide, kept round its middle; never of no width."""
    if high - low < least:
        middle = (low + high) / 2
        low, high = middle - least / 2, middle + least / 2
    if not high > low:
        pad = abs(low) * 0.1 or 0.5
        low, high = low - pad, high + pad
    return low, high


def grown(now: Range | None, low: float, high: float, *, least: float = 0.0) -> Range:
    """The range to show for data from ``low`` to ``high`` when ``now`` is shown.

    It stays while the data fit and fill a third of it. Otherwise it is chosen anew: round numbers,
    and a quarter of room on each side where the data have just broken out.
    """
    low, high = widened(low, high, least)
    span = high - low
    if now is not None and now[0] <= low and high <= now[1] and span >= (now[1] - now[0]) / 3:
        return now
    moving = now is not None and span >= (now[1] - now[0]) / 3
    below = low - 0.25 * span if moving and now is not None and low < now[0] else low
    above = high + 0.25 * span if moving and now is not None and high > now[1] else high
    step = nice_step(above - below, 5)
    floor, ceil = math.floor(below / step + 1e-9) * step, math.ceil(above / step - 1e-9) * step
    # Data that never go below zero do not need an axis that does.
    return (max(floor, 0.0) if low >= 0 else floor), ceil


def ahead(now: Range | None, low: float, high: float) -> Range:
    """The range of an axis along which data grow, such as steps: the end is 1, 2 or 5 · 10ⁿ."""
    if not high > low:
        high = low + 1.0
    if now is not None and now[0] <= low and high <= now[1] and high - low >= (now[1] - low) / 4:
        return now if abs(low - now[0]) <= 0.25 * (now[1] - now[0]) else (low, now[1])
    power = 10.0 ** math.floor(math.log10(max(abs(high), 1e-12)))
    ends = [factor * power for factor in (1, 1.5, 2, 3, 5, 7.5, 10)]
    return low, next((end for end in ends if end >= high), 10 * power)
