"""Shares by group: one row a group, a mark for each profile, and how far two of them are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas
from widgets.theme.look import Look
from widgets.theme.marks import mark_of, paint_marks
from widgets.theme.numbers import percent

TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Profile:
    """One profile: (G,) shares from 0 to 1, NaN where there is none; ``spread`` is drawn to both sides."""

    label: str
    values: NDArray[Any]
    series: int = 0
    ghost: bool = False
    spread: NDArray[Any] | None = None


class Profiles(Canvas[int]):
    """Rows of groups from top to bottom, shares from left to right. A profile is a mark in each row and
    a line through them; between the first two a band says how far they are apart.

    Signals:
        hovered(row): −1 when the pointer leaves.
    """

    hovered = Signal(int)

    def __init__(
        self, look: Look, title: str = "", *, x: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(look, title, parent)
        self._x = x
        self.names: tuple[str, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.profiles: tuple[Profile, ...] = ()
        self._layout: tuple[object, QRectF] = (None, QRectF())
        self.setMinimumSize(look.px(280), look.px(180))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(
        self, names: Sequence[str], profiles: Sequence[Profile], *, notes: Sequence[str] = (),
        title: str | None = None, x: str | None = None,
    ) -> None:
        """Show these profiles of the groups ``names``; ``notes`` stand small behind the names."""
        self.retitle(title)
        self._x = self._x if x is None else x
        self.names, self.notes = tuple(names), tuple(notes)
        self.profiles = tuple(sorted(profiles, key=lambda one: not one.ghost))  # ghosts lie behind
        if self.current is not None and self.current >= len(self.names):
            self.current = None
        self.update()

    # Where things are

    @property
    def _inside(self) -> QRectF:
        """The rectangle of the marks: names to the left, legend above, axis below."""
        key = (self.size(), self.names, self.notes, self.title)
        if self._layout[0] != key:  # measuring texts is dear
            self._layout = key, self._arranged()
        return self._layout[1]

    def _arranged(self) -> QRectF:
        px, line = self.look.px, self.text_height(12)
        names = max((self.text_width(one, 12) for one in self.names), default=0)
        notes = max((self.text_width(one, 12) for one in self.notes), default=0)
        left = min(names + (notes + px(8) if notes else 0) + px(14), round(self.width() * 0.5))
        top = self.head + line + px(6)
        return QRectF(left, top, max(10.0, self.width() - left - px(22)),
                      max(10.0, self.height() - top - 2 * line - px(6)))

    @property
    def _pitch(self) -> float:
        return self._inside.height() / max(len(self.names), 1)

    def _spot(self, row: int, value: float) -> QPointF:
        inside = self._inside
        return QPointF(inside.left() + inside.width() * min(max(value, 0.0), 1.0),
                       inside.top() + (row + 0.5) * self._pitch)

    def place(self, part: int) -> QRectF:
        inside = self._inside
        return QRectF(0, inside.top() + part * self._pitch, self.width(), self._pitch)

    def part_at(self, x: float, y: float) -> int | None:
        inside = self._inside
        if not inside.top() <= y < inside.bottom() or not self.names:
            return None
        return min(int((y - inside.top()) / self._pitch), len(self.names) - 1)

    def beside(self, part: int | None, dx: int, dy: int) -> int | None:
        if not self.names:
            return None
        return 0 if part is None else min(max(part + (dy or dx), 0), len(self.names) - 1)

    def say(self, part: int) -> str:
        said = ", ".join(f"{one.label} {percent(float(one.values[part]))}" for one in self.profiles
                         if not one.ghost)
        return f"{self.names[part]}: {said}"

    # Painting

    def paint(self, painter: QPainter) -> None:
        if not self.names:
            return
        self._paint_axes(painter)
        self._paint_legend(painter)
        live = [one for one in self.profiles if not one.ghost]
        if len(live) > 1:
            self._paint_gaps(painter, live[0], live[1])
        for one in self.profiles:
            self._paint_profile(painter, one)

    def _paint_axes(self, painter: QPainter) -> None:
        px, inside, line = self.look.px, self._inside, self.text_height(12)
        if self.current is not None:
            painter.fillRect(self.place(self.current), self.look.color("accent_wash"))
        for value in TICKS if inside.width() > 5 * self.text_width(percent(1.0), 12) else TICKS[::2]:
            x = self._spot(0, value).x()
            painter.setPen(self.look.pen("hairline"))
            painter.drawLine(QLineF(x, inside.top(), x, inside.bottom()))
            self.put(painter, self.label(percent(value), "muted", 12), x, inside.bottom() + px(2), 0.5)
        self.put(painter, self.label(self._x, "muted", 12, longest=self.width()),
                 inside.center().x(), inside.bottom() + line + px(4), 0.5)
        for row, name in enumerate(self.names):
            y = self._spot(row, 0).y()
            note = self.notes[row] if row < len(self.notes) else ""
            behind = self.text_width(note, 12) + px(8) if note else 0
            self.put(painter, self.label(note, "muted", 12), inside.left() - px(12), y, 1.0, 0.5)
            self.put(painter, self.label(
                name, "text", 12, longest=max(px(30), round(inside.left()) - px(12) - behind)),
                inside.left() - px(12) - behind, y, 1.0, 0.5)

    def _paint_legend(self, painter: QPainter) -> None:
        px, x = self.look.px, 0.0
        for one in sorted(self.profiles, key=lambda one: one.ghost):
            ink: str | int = "ghost" if one.ghost else one.series
            room = round(self.width() - x - px(20))
            if room < px(40):
                return
            x = self.put(painter, self.label(mark_of(one.series), ink, 12), x, self.head).right() + px(4)
            x = self.put(painter, self.label(one.label, "muted" if one.ghost else "text", 12,
                                             longest=room), x, self.head).right() + px(14)

    def _paint_gaps(self, painter: QPainter, a: Profile, b: Profile) -> None:
        """The way from the first profile to the second."""
        painter.setPen(self.look.pen(self.look.color(b.series, 70), self.look.px(7), Qt.PenStyle.SolidLine,
                            Qt.PenCapStyle.FlatCap))
        for row, (one, other) in enumerate(zip(a.values, b.values, strict=True)):
            if np.isfinite(one) and np.isfinite(other):
                painter.drawLine(QLineF(self._spot(row, float(one)), self._spot(row, float(other))))

    def _paint_profile(self, painter: QPainter, one: Profile) -> None:
        px, color = self.look.px, self.look.color("ghost" if one.ghost else one.series)
        spots = [self._spot(row, float(value)) for row, value in enumerate(one.values)
                 if np.isfinite(value)]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self.look.pen(color, self.look.scale * (1.5 if one.ghost else 2.0)))
        painter.drawPolyline(spots)
        if one.spread is not None:
            painter.setPen(self.look.pen(color, self.look.scale))
            for row, (value, far) in enumerate(zip(one.values, one.spread, strict=True)):
                if np.isfinite(value) and np.isfinite(far):
                    painter.drawLine(QLineF(self._spot(row, float(value - far)),
                                            self._spot(row, float(value + far))))
        painter.setPen(self.look.pen("card", self.look.scale))
        painter.setBrush(color)
        paint_marks(painter, one.series, [(spot.x(), spot.y()) for spot in spots],
                    px(4) if one.ghost else px(6))
