"""Points in the plane that small networks learn to tell apart, and what a network may see of them.

Each set is drawn once, from a seed. Noise is drawn with it and scaled afterwards, so that a slider
moves the same points instead of drawing others.

The two-class and the two regression sets are those of TensorFlow Playground (Smilkov and Carter
2016); three classes and the moons are added.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

REACH = 6.0  # the plane is shown from -6 to 6 each way
RADIUS = 5.0  # most points are drawn within it

FEATURES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "x₁": lambda x, y: x,
    "x₂": lambda x, y: y,
    "x₁²": lambda x, y: x * x,
    "x₂²": lambda x, y: y * y,
    "x₁x₂": lambda x, y: x * y,
    "sin x₁": lambda x, y: np.sin(x),
    "sin x₂": lambda x, y: np.sin(y),
}


@dataclass(frozen=True)
class Points:
    """N points in random order.

    Attributes:
        clean: (N, 2) where they are without noise.
        jitter: (N, 2) where noise of size 1 would move them.
        target: (N,) the class 0, 1, 2, or the value -1 … 1 to be predicted.
        classes: how many there are; 0 where a value is predicted.
    """

    clean: Floats
    jitter: Floats
    target: Floats
    classes: int

    def at(self, noise: float) -> Floats:
        """(N, 2) where the points are at this noise."""
        return (self.clean + np.float32(noise) * self.jitter).astype(np.float32)


def features(xy: Floats, names: tuple[str, ...]) -> Floats:
    """(N, F) what the network is told of the points (N, 2)."""
    columns = [FEATURES[one](xy[:, 0], xy[:, 1]) for one in names]
    return np.stack(columns, axis=1) if columns else np.zeros((len(xy), 0), np.float32)


def grid(side: int) -> Floats:
    """(side², 2) the middles of the cells of the plane, row by row from the top."""
    middle = (np.arange(side) + 0.5) / side * 2 * REACH - REACH
    x, y = np.meshgrid(middle, -middle)
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def make(name: str, count: int, random: np.random.Generator) -> Points:
    """``count`` points of the set called ``name``, one of ``SETS``."""
    classes, draw = SETS[name]
    which = np.arange(count) % max(classes, 1)  # as many of each class
    clean, jitter, target = draw(which, random)
    order = random.permutation(count)
    return Points(clean[order].astype(np.float32), jitter[order].astype(np.float32),
                  target[order].astype(np.float32), classes)


def drawn(points: tuple[tuple[float, float, int], ...], classes: int) -> Points:
    """Points that somebody drew by hand, in the order in which they were drawn."""
    table = np.array(points, np.float32).reshape(-1, 3)
    clean = np.ascontiguousarray(table[:, :2])
    return Points(clean, np.zeros_like(clean), table[:, 2].copy(), classes)


Drawn = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[Any]]
Which = NDArray[np.int64]


def _polar(radius: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _wide(count: int, random: np.random.Generator) -> NDArray[np.float64]:
    return random.uniform(-RADIUS, RADIUS, (count, 2))


def _rings(which: Which, random: np.random.Generator) -> Drawn:
    """Class 1 in the middle, the others round it, with room between them."""
    classes = which.max(initial=0) + 1
    ring = classes - 1 - which  # 0 is the innermost
    width, gap = RADIUS / (1.4 * classes - 0.4), 1.4
    radius = width * (gap * ring + random.uniform(0, 1, len(which)))
    clean = _polar(radius, random.uniform(0, 2 * math.pi, len(which)))
    return clean, _wide(len(which), random), which


def _exclusive_or(which: Which, random: np.random.Generator) -> Drawn:
    """Class 1 where both coordinates have one sign, with a corridor along the axes."""
    size = random.uniform(0.3, RADIUS, (len(which), 2))
    sign = random.choice([-1.0, 1.0], len(which))
    clean = size * np.stack([sign, np.where(which == 1, sign, -sign)], axis=1)
    return clean, _wide(len(which), random), which


def _clusters(which: Which, random: np.random.Generator) -> Drawn:
    """A normal cloud for each class, evenly round the middle."""
    classes = which.max(initial=0) + 1
    centre = _polar(np.full(len(which), 2.9), math.pi / 4 + 2 * math.pi * (which + 1) / classes)
    spread = random.normal(size=(2, len(which), 2))
    return centre + 0.7 * spread[0], 4.0 * spread[1], which


def _spirals(which: Which, random: np.random.Generator) -> Drawn:
    """An arm for each class, 1.75 times half round."""
    classes = which.max(initial=0) + 1
    part = (np.arange(len(which)) // classes + 0.5) * classes / max(len(which), 1)
    angle = 1.75 * 2 * math.pi * part + 2 * math.pi * which / classes
    clean = _polar(RADIUS * part, math.pi / 2 - angle) + random.uniform(-0.1, 0.1, (len(which), 2))
    return clean, random.uniform(-1.5, 1.5, (len(which), 2)), which


def _moons(which: Which, random: np.random.Generator) -> Drawn:
    """Two half circles, each with an end inside the other."""
    angle = random.uniform(0, math.pi, len(which))
    arc = 3.0 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    clean = np.where(which[:, None] == 1, arc + [-1.5, -0.75], [1.5, 0.75] - arc)
    spread = random.normal(size=(2, len(which), 2))
    return clean + 0.25 * spread[0], 2.0 * spread[1], which


def _plane(which: Which, random: np.random.Generator) -> Drawn:
    """The value rises evenly from one corner to the other."""
    clean = random.uniform(-REACH, REACH, (len(which), 2))
    return clean, _wide(len(which), random), clean.sum(axis=1) / (2 * REACH)


def _bumps(which: Which, random: np.random.Generator) -> Drawn:
    """Six hills and hollows in two rows, each 2 wide."""
    clean = random.uniform(-REACH, REACH, (len(which), 2))
    value = np.zeros(len(which))
    for row in (-1, 1):
        for column in (-1, 0, 1):
            away = np.linalg.norm(clean - [4.0 * column, 2.5 * row], axis=1)
            height = np.clip(1.0 - away / 2.0, 0.0, 1.0) * row * (1 - 2 * (column == 0))
            value = np.where(np.abs(height) > np.abs(value), height, value)
    return clean, _wide(len(which), random), value


SETS: dict[str, tuple[int, Callable[[Which, np.random.Generator], Drawn]]] = {
    "circle": (2, _rings),
    "exclusive or": (2, _exclusive_or),
    "two clusters": (2, _clusters),
    "spiral": (2, _spirals),
    "two moons": (2, _moons),
    "three rings": (3, _rings),
    "three clusters": (3, _clusters),
    "three spirals": (3, _spirals),
    "plane": (0, _plane),
    "hills": (0, _bumps),
}
