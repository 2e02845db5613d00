"""A rehearsal in the window: done in a process of its own, then a sheet that says which moments are ready."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.files.lecture import spoken
from app.files.rehearsed import LIMIT, Rehearsed, kept_said, reasons, state_said
from app.window.lecturing import Desk, Lecturing
from app.window.palette import ScrolledSheet
from visualizers.catalog import Said, panel
from visualizers.refusal import Refusal
from widgets.theme import numbers
from widgets.theme.look import Look
from widgets.theme.style import font

WIDTH = 760


def rehearse(desk: Desk, lecturing: Lecturing, work: Callable[..., object]) -> None:
    """Have the open lecture rehearsed by ``work``, in another process; a sheet says what came of it."""
    lecture, errands = lecturing.lecture, desk.files.errands
    if lecture is None or errands.does(work):
        return
    errands.send(desk.look, desk.files.desk.window(), desk.look.words("Rehearsing the lecture"),
                 Refusal("The rehearsal was ended from outside; begin it again."),
                 partial(_rehearsed, desk, lecturing, lecturing.title), work, lecture, LIMIT, lecturing.runs,
                 waits=False)


def _rehearsed(desk: Desk, lecturing: Lecturing, title: str, rows: Sequence[Rehearsed]) -> None:
    def go(index: int) -> None:
        if rows[index].moment in lecturing.moments:  # it may have been edited meanwhile
            lecturing.go(lecturing.moments.index(rows[index].moment))

    sheet = RehearsalSheet(desk.look, title, rows, desk.files.desk.window())
    sheet.wanted.connect(go)
    desk.files.desk.show_sheet(sheet)


class RehearsalSheet(ScrolledSheet):
    """A line for each moment: its state, how long it took; and below one that is not ready, why.

    Signals:
        wanted(index): the moment was clicked, from 0.
    """

    wanted = Signal(int)

    def __init__(self, look: Look, title: str, rows: Sequence[Rehearsed], window: QWidget) -> None:
        super().__init__(look, window)
        words, px = look.words, look.px
        self.setAccessibleName(words("Rehearsal"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        ready = sum(one.state == "ready" for one in rows)
        head = QLabel(words("Rehearsal: {title}", title=title) if title else words("Rehearsal"))
        head.setFont(font(look, 20, bold=True))
        head.setWordWrap(True)
        self.summary = QLabel(words("{ready} of {all} moments are ready; {minutes} minutes are planned.",
                                    ready=ready, all=len(rows), minutes=numbers.decimal(
                                        sum(one.moment.minutes for one in rows))))
        self.summary.setProperty("role", "muted" if ready == len(rows) else "warning")
        inside = self._inside = QWidget()
        grid = self._grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, px(12), 0)
        grid.setHorizontalSpacing(px(14))
        grid.setVerticalSpacing(px(4))
        grid.setColumnStretch(2, 1)
        for column, text in enumerate((words("made in"), words("opens in"), words("kept run")), 3):
            grid.addWidget(self._quiet(text), 0, column, Qt.AlignmentFlag.AlignRight)
        kept = any(not math.isnan(one.apart) for one in rows)
        grid.itemAtPosition(0, 5).widget().setVisible(kept)  # type: ignore[union-attr]
        self.moments: list[QPushButton] = []
        line = 1
        for one in rows:
            line = self._row(grid, line, one)
        grid.setRowStretch(line, 1)
        area = self.scrolled(inside)
        self.close_ = QPushButton(words("Close"))
        self.close_.clicked.connect(self.leave)
        foot = QHBoxLayout()
        foot.addWidget(self.summary, 1)
        foot.addWidget(self.close_)
        box = QVBoxLayout(self.sheet)
        box.setContentsMargins(px(28), px(22), px(28), px(18))
        box.setSpacing(px(14))
        box.addWidget(head)
        box.addWidget(area, 1)
        box.addLayout(foot)

    def _row(self, grid: QGridLayout, line: int, one: Rehearsed) -> int:
        """Put a moment into the grid from a line on; the next free line."""
        look, words = self.look, self.look.words
        right, top = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter
        ready = one.state == "ready"
        name = f"{one.number}. " + (spoken(one.moment.name, words.language)
                                    or Said(panel(one.moment.panel), words.language).title)
        state = QLabel(f"{'✓' if ready else '!'} {state_said(one, words)}")
        state.setProperty("role", "accent" if ready else "warning")
        state.setFont(font(look, 12, bold=not ready))
        button = QPushButton(name)
        button.setProperty("role", "link")
        button.setFont(font(look, 13))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setAccessibleName(f"{name}{words(', ')}{state_said(one, words)}")
        button.clicked.connect(lambda *_, index=one.number - 1: self._go(index))
        self.moments.append(button)
        grid.addWidget(state, line, 0, top)
        grid.addWidget(button, line, 2, Qt.AlignmentFlag.AlignLeft | top)
        made = numbers.quantity(round(one.seconds, 1), "s", words)
        opens = numbers.quantity(round(one.opens, 2), "s", words) if math.isfinite(one.opens) else "–"
        grid.addWidget(self._figure(made), line, 3, right | top)
        grid.addWidget(self._figure(opens), line, 4, right | top)
        if kept := kept_said(one, words):
            grid.addWidget(self._figure(kept), line, 5, right | top)
        for sentence in reasons(one, words):
            line += 1
            why = QLabel(sentence)
            why.setProperty("role", "muted")
            why.setFont(font(look, 12))
            why.setWordWrap(True)
            why.setTextFormat(Qt.TextFormat.PlainText)
            why.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)  # such as a command
            grid.addWidget(why, line, 2, 1, 4)
        return line + 1

    def _figure(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setFont(font(self.look, 12))
        return label

    def _quiet(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", "quiet")
        return label

    def _go(self, index: int) -> None:
        self.leave()
        self.wanted.emit(index)

    def sheet_rect(self) -> QRect:
        px = self.look.px
        width = min(px(WIDTH), self.width() - px(32))
        rest = self.sheet.sizeHint().height() - self.area.sizeHint().height()
        content = self._grid.heightForWidth(width - px(2 * 28 + 12)) if self._grid.hasHeightForWidth() \
            else self._inside.sizeHint().height()
        height = min(rest + content + px(4), self.height() - px(24))
        return QRect((self.width() - width) // 2, (self.height() - height) // 2, width, height)

    def open(self) -> None:
        super().open()
        self.setFocus()
