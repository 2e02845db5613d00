"""Molecules drawn as chemists draw them, and texts that fail to be one with the signs to blame lit.

A molecule comes as arrays: where each atom lies, its element, hydrogens and charge, and which atoms
each bond joins. Carbon is a bare corner, as usual; whatever else an atom is, its letters say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures import raster
from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look
from widgets.theme.marks import mark_of
from widgets.theme.numbers import signed
from widgets.theme.style import font

BOND = 36.0  # pixels of a bond where there is room
LONE_BOND = 60.0  # … in a picture of its own
STRENGTH = 0.75  # of a shade behind an atom, at most: its letters are read on it
SMALL = (134, 86)  # pixels of the smallest cell in which a molecule can be told
SINGLE, DOUBLE, TRIPLE, AROMATIC = 1, 2, 3, 4

_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, eq=False)
class Molecule:
    """A atoms in the plane and B bonds, hydrogens left out."""

    xy: NDArray[Any]                # (A, 2), upwards
    symbols: Sequence[str]          # (A,)
    hydrogens: NDArray[Any]         # (A,) bound to each
    charges: NDArray[Any]           # (A,)
    ends: NDArray[Any]              # (B, 2) the atoms that a bond joins
    orders: NDArray[Any]            # (B,) 1, 2, 3, or 4 for aromatic

    def letters(self, atom: int, to_left: bool = False) -> tuple[str, str]:
        """What is written at an atom: its element, and its hydrogens and charge; nothing at a corner."""
        symbol, hydrogens = self.symbols[atom], int(self.hydrogens[atom])
        charge = int(self.charges[atom])
        if symbol == "C" and not charge and np.any(self.ends == atom):
            return "", ""
        count = str(hydrogens).translate(_LOWERED) if hydrogens > 1 else ""
        sign = ("⁺" if charge > 0 else "⁻") if charge else ""
        size = str(abs(charge)).translate(_RAISED) if abs(charge) > 1 else ""
        rest = f"H{count}" if hydrogens else ""
        return (symbol, rest + size + sign) if not to_left else (symbol + size + sign, rest)


@dataclass(frozen=True, eq=False)
class Cell:
    """What a grid shows in one place: a molecule, or a text that is none.

    Attributes:
        caption: below it, behind the mark of its ``series``.
        lit: from which sign of the text to which it is to blame.
        why: what is wrong there, in a few words.
    """

    text: str
    caption: str
    series: int = 0
    molecule: Molecule | None = None
    lit: tuple[int, int] = (0, 0)
    why: str = ""


@dataclass
class _Strokes:
    """The lines of a molecule in pixels."""

    solid: list[QLineF] = field(default_factory=list)
    dashed: list[QLineF] = field(default_factory=list)


def placed(molecule: Molecule, area: QRectF, longest: float) -> NDArray[np.float64]:
    """Where each atom lies in an area, (A, 2) pixels: as large as fits, with bonds of a usual length."""
    xy = np.asarray(molecule.xy, np.float64) * (1.0, -1.0)
    low, high = xy.min(0), xy.max(0)
    span = np.maximum(high - low, 1e-6)
    scale = min(area.width() / span[0], area.height() / span[1], longest / 1.5)
    middle = np.array([area.center().x(), area.center().y()])
    found: NDArray[np.float64] = (xy - (low + high) / 2) * scale + middle
    return found


def paint_molecule(
    canvas: Canvas[Any], painter: QPainter, molecule: Molecule, area: QRectF, *,
    shades: Sequence[QColor] = (), squares: Sequence[bool] = (), size: int = 12, bond: float = BOND,
) -> NDArray[np.float64]:
    """Draw a molecule; ``shades`` are discs, or squares, behind its atoms. Returns where they lie (A, 2)."""
    look = canvas.look
    tall = canvas.text_height(size)
    room = area.adjusted(tall, 0.6 * tall, -tall, -0.6 * tall)
    at = placed(molecule, room, look.px(bond))
    ways = _ways(molecule, at)
    texts = [molecule.letters(one, way[0] > 0.1) for one, way in enumerate(ways)]
    # What is written beside an atom, the H₂ of H₂N, stays within the area, too.
    left = right = 0.0
    for (_, rest), spot, way in zip(texts, at, ways, strict=True):
        wide = canvas.text_width(rest, size) + 0.5 * tall if rest else 0.0
        if rest[:1] == "H" and way[0] > 0.1:
            left = max(left, area.left() + wide - spot[0])
        else:
            right = max(right, spot[0] + wide - area.right())
    if left or right:
        at = placed(molecule, room.adjusted(left, 0, -right, 0), look.px(bond))
    painter.setPen(Qt.PenStyle.NoPen)
    for spot, shade, square in zip(at, shades, squares, strict=False):
        painter.setBrush(shade)
        if square:
            painter.drawRect(QRectF(spot[0] - 0.56 * tall, spot[1] - 0.56 * tall, 1.12 * tall, 1.12 * tall))
        else:
            painter.drawEllipse(QPointF(*spot), 0.62 * tall, 0.62 * tall)
    clear = np.array([0.55 * tall if text else 0.0 for text, _ in texts])
    strokes = _strokes(molecule, at, clear, ways, look.px(2.6))
    pen = look.pen("text", 1.4 * look.scale)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawLines(strokes.solid)
    if strokes.dashed:
        pen.setDashPattern([2.0, 2.4])
        painter.setPen(pen)
        painter.drawLines(strokes.dashed)
    for (symbol, rest), spot, way in zip(texts, at, ways, strict=True):
        if not symbol:
            continue
        left = bool(rest) and rest[0] == "H" and way[0] > 0.1
        label = canvas.label(rest + symbol if left else symbol + rest, "text", size)
        wide, half = label.deviceIndependentSize().width(), canvas.text_width(symbol, size) / 2
        x = spot[0] + half - wide + 1 if left else spot[0] - half - 1
        painter.drawPixmap(QPointF(round(x), round(spot[1] - tall / 2)), label)
    return at


def _ways(molecule: Molecule, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean direction from each atom to its neighbours, (A, 2)."""
    found, count = np.zeros_like(at), np.zeros(len(at))
    for a, b in molecule.ends:
        way = at[b] - at[a]
        way = way / max(1e-9, float(np.hypot(*way)))
        found[a] += way
        found[b] -= way
        count[a] += 1
        count[b] += 1
    return found / np.maximum(count, 1)[:, None]


def _strokes(
    molecule: Molecule, at: NDArray[np.float64], clear: NDArray[np.float64], ways: NDArray[np.float64],
    gap: float,
) -> _Strokes:
    """The lines of all bonds; they keep ``clear`` of what is written at their ends."""
    strokes = _Strokes()
    degree = np.bincount(np.ravel(molecule.ends).astype(int), minlength=len(at))
    for (a, b), order in zip(molecule.ends, molecule.orders, strict=True):
        way = at[b] - at[a]
        length = max(1e-9, float(np.hypot(*way)))
        way = way / length
        normal = np.array([-way[1], way[0]])
        begin = at[a] + way * min(clear[a], 0.4 * length)
        end = at[b] - way * min(clear[b], 0.4 * length)
        if order == TRIPLE:
            shifts = [(0.0, 0.0), (gap, 0.0), (-gap, 0.0)]
        elif order == SINGLE:
            shifts = [(0.0, 0.0)]
        elif order == DOUBLE and min(degree[a], degree[b]) == 1:
            shifts = [(gap / 2, 0.0), (-gap / 2, 0.0)]
        else:  # the second line lies on the side of the neighbours, inside a ring
            side = float(np.dot(ways[a] * degree[a] + ways[b] * degree[b], normal))
            shifts = [(0.0, 0.0), (gap * (1.25 if side >= 0 else -1.25), 0.13 * length)]
        for index, (shift, short) in enumerate(shifts):
            one, other = begin + normal * shift + way * short, end + normal * shift - way * short
            line = QLineF(*one, *other)
            (strokes.dashed if order == AROMATIC and index else strokes.solid).append(line)
    return strokes


class MoleculeGrid(Canvas[int]):
    """Several molecules side by side, as many as have room; what is no molecule is a text with the signs
    to blame lit.

    Signals:
        clicked(index).
    """

    clicked = Signal(int)

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.cells: tuple[Cell, ...] = ()
        self.selected = -1
        self.mono = font(look, 13, mono=True)
        self._sign = QFontMetricsF(self.mono)
        self._key: tuple[object, ...] = ()
        self.setMinimumSize(look.px(280), look.px(130))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(self, cells: Sequence[Cell], *, selected: int = -1, title: str | None = None) -> None:
        """Show the cells, one of them ``selected``."""
        before = self.title
        self.retitle(title)
        if [one.text for one in cells] != [one.text for one in self.cells]:
            self.current = None
        # What is written there says which molecule it is: it is painted anew only if that changes.
        if (key := tuple((one.text, one.caption, one.series, one.lit, one.why) for one in cells)) \
                != self._key or (selected, before) != (self.selected, self.title):
            self._key, self.cells, self.selected = key, tuple(cells), selected
            self.update()

    # --- where things are

    @property
    def grid(self) -> tuple[int, int]:
        """Columns and rows: those that leave each cell the most room of a good shape."""
        count = max(1, len(self.cells))
        wide, tall = self.width(), max(1, self.height() - self.head)
        most = max(1, wide // self.look.px(SMALL[0])), max(1, tall // self.look.px(SMALL[1]))
        best, found = -1.0, (1, 1)
        for columns in range(1, min(most[0], count) + 1):
            rows = min(most[1], -(-count // columns))
            shown = min(count, columns * rows)
            worth = shown * 1000 + min(wide / columns / 1.5, tall / rows)
            if worth > best:
                best, found = worth, (columns, rows)
        return found

    @property
    def count(self) -> int:
        """How many cells are shown."""
        columns, rows = self.grid
        return min(len(self.cells), columns * rows)

    def place(self, part: int) -> QRectF:
        columns, rows = self.grid
        wide, tall = self.width() / columns, (self.height() - self.head) / rows
        return QRectF(part % columns * wide, self.head + part // columns * tall, wide, tall
                      ).adjusted(2, 1, -2, -2)

    def part_at(self, x: float, y: float) -> int | None:
        return next((one for one in range(self.count) if self.place(one).contains(x, y)), None)

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not self.cells:
            return None
        if part is None:
            return 0
        return min(max(part + dx + dy * self.grid[0], 0), self.count - 1)

    def say(self, part: int) -> str:
        if part >= len(self.cells):
            return ""
        one = self.cells[part]
        return "   ".join(filter(None, (f"{mark_of(one.series)} {one.caption}", one.why, one.text)))

    def readout(self, part: int) -> str:
        return self.cells[part].text if self.cells[part].molecule is not None else ""

    # --- painting

    def paint(self, painter: QPainter) -> None:
        self.layer(painter, "cells", (self._key, self.head), self._paint_cells)
        for part in {self.selected, self.current} - {None}:
            if part is not None and 0 <= part < self.count:
                chosen = part == self.selected
                painter.setPen(self.look.pen("accent" if chosen else "ghost",
                                    self.look.px(2 if chosen else 1)))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(self.place(part), 6, 6)

    def _paint_cells(self, painter: QPainter) -> None:
        line = self.text_height(12)
        for index in range(self.count):
            one, box = self.cells[index], self.place(index)
            inside = box.adjusted(4, 3, -4, -line - 3)
            painter.setPen(self.look.pen("hairline"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 6, 6)
            mark = self.label(mark_of(one.series), one.series, 12)
            after = self.put(painter, mark, box.left() + 6, box.bottom() - 2, 0.0, 1.0).right()
            self.put(painter, self.label(one.caption, "muted", 12), after + 3, box.bottom() - 2, 0.0, 1.0)
            if one.molecule is not None and len(one.molecule.xy):
                paint_molecule(self, painter, one.molecule, inside)
            else:
                self._paint_text(painter, one, inside)

    def _paint_text(self, painter: QPainter, one: Cell, area: QRectF) -> None:
        """The signs in lines, those to blame on a ground of their own, and below them why."""
        wide, tall = self._sign.horizontalAdvance("0"), round(self._sign.height()) + self.look.px(1)
        columns = max(4, int(area.width() / wide))
        reason = self.text_height(12)
        lines = max(1, int((area.height() - reason) / tall))
        rows = -(-max(1, len(one.text)) // columns)
        first = max(0, min(one.lit[0] // columns - lines // 2, rows - lines)) if rows > lines else 0
        shown = min(rows, lines)
        left = area.center().x() - min(columns, max(1, len(one.text))) * wide / 2
        top = area.center().y() - (shown * tall + reason) / 2
        painter.setFont(self.mono)
        for at in range(first * columns, min(len(one.text), (first + shown) * columns)):
            x, y = left + at % columns * wide, top + (at // columns - first) * tall
            if one.lit[0] <= at < one.lit[1]:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self.look.ink(one.series))  # as dark as letters on a card
                painter.drawRoundedRect(QRectF(x - 0.5, y, wide + 1, tall), 2, 2)
                painter.setPen(self.look.color("card"))
            else:
                painter.setPen(self.look.color("text"))
            painter.drawText(QPointF(x, y + self._sign.ascent()), one.text[at])
        if one.why:
            self.put(painter, self.label(one.why, one.series, 12), area.center().x(),
                     top + shown * tall + 1, 0.5, 0.0)


class MoleculePicture(Canvas[int]):
    """One molecule with what each atom adds: a disc of series 1 for more, a square of series 2 for less.

    Signals:
        clicked(atom), hovered(atom): hovered gives -1 when the pointer leaves.
    """

    clicked = Signal(int)
    hovered = Signal(int)

    def __init__(self, look: Look, title: str, parent: QWidget | None = None) -> None:
        super().__init__(look, title, parent)
        self.molecule: Molecule | None = None
        self.values: NDArray[Any] = np.zeros(0)
        self.high, self.empty, self.unit = 1.0, "", ""
        self.at: NDArray[np.float64] = np.zeros((0, 2))
        self._drawn = 0
        self.setMinimumSize(look.px(180), look.px(120))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, molecule: Molecule | None, values: NDArray[Any] | Sequence[float] = (), *,
        high: float = 1.0, unit: str = "", empty: str = "", title: str | None = None,
    ) -> None:
        """Show a molecule and what each of its atoms adds, on a scale from −``high`` to ``high``;
        without a molecule the text ``empty``."""
        self.retitle(title)
        self.molecule, self.values = molecule, np.asarray(values, float)
        self.high, self.unit, self.empty = max(high, 1e-9), unit, empty
        self._drawn += 1
        if self.current is not None and (molecule is None or self.current >= len(molecule.xy)):
            self.current = None
        self.update()

    @property
    def _area(self) -> QRectF:
        return QRectF(0, self.head, self.width(), max(1, self.height() - self.head))

    def _spots(self) -> NDArray[np.float64]:
        if self.molecule is None:
            return np.zeros((0, 2))
        tall = self.text_height(13)
        return placed(self.molecule, self._area.adjusted(tall, 0.6 * tall, -tall, -0.6 * tall),
                      self.look.px(LONE_BOND))

    def place(self, part: int) -> QRectF:
        x, y = self._spots()[part]
        reach = 0.62 * self.text_height(13)
        return QRectF(x - reach, y - reach, 2 * reach, 2 * reach)

    def part_at(self, x: float, y: float) -> int | None:
        spots = self._spots()
        if not len(spots):
            return None
        far = np.hypot(*(spots - (x, y)).T)
        return int(far.argmin()) if far.min() <= self.look.px(12) else None

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        """The nearest atom in that direction."""
        spots = self._spots()
        if not len(spots):
            return None
        if part is None:
            return 0
        way = spots - spots[part]
        along = way @ (dx, dy)
        across = np.abs(way @ (dy, dx))
        ahead = np.flatnonzero((along > 1) & (across <= 2 * along))
        return int(ahead[(along + across)[ahead].argmin()]) if len(ahead) else part

    def say(self, part: int) -> str:
        if self.molecule is None or part >= len(self.molecule.xy):
            return ""
        name = "".join(self.molecule.letters(part)) or self.molecule.symbols[part]
        value = f"   {signed(float(self.values[part]))} {self.unit}" if part < len(self.values) else ""
        return (name + value).rstrip()

    def paint(self, painter: QPainter) -> None:
        self.layer(painter, "molecule", (self._drawn, self.head), self._paint_all)

    def _paint_all(self, painter: QPainter) -> None:
        if self.molecule is None or not len(self.molecule.xy):
            if self.empty:
                self.paragraph(painter, self.empty, self._area)
            return
        table = raster.diverging(self.look.theme)
        level = np.clip((self.values / self.high + 1) / 2, 0, 1)
        places = (level * (len(table) - 1)).round().astype(int)
        shades = [QColor(*map(int, table[one][:3])) for one in places]
        strength = min(self.look.wash(one, STRENGTH) for one in (0, 1))
        for shade, value in zip(shades, self.values, strict=True):
            shade.setAlphaF(0 if value == 0 else strength)  # it is written on
        paint_molecule(self, painter, self.molecule, self._area, shades=shades,
                       squares=(self.values < 0).tolist(), size=13, bond=LONE_BOND)
