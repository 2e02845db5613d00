"""Several runs on a page: a picture of each in a grid, or one picture with the others as live ghosts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.session.session import State
from app.session.together import Run, Together
from app.session.trying import Measured
from visualizers.catalog import Said
from visualizers.panel import Panel, Shown, load
from widgets.base.guard import Guarded, attempt
from widgets.base.labels import Quiet
from widgets.base.tips import explain
from widgets.pictures.curves import CurvePlot
from widgets.theme.icons import icon
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal
from widgets.theme.style import font
from widgets.views.cards import Switch
from widgets.views.layout import GAP
from widgets.views.view import PanelView

SMALLEST = (240, 160)  # unscaled pixels of a picture that does not say what it needs
# Columns and rows of so many pictures; of those that have room, the one that gives them most is taken.
SHAPES = {2: ((2, 1), (1, 2)), 3: ((3, 1), (1, 3), (2, 2)), 4: ((2, 2), (4, 1), (1, 4))}


class Head(QWidget):
    """One run's name and headline."""

    def __init__(self, look: Look, first: bool) -> None:
        super().__init__()
        self.look = look
        px = look.px
        self.name = QLabel()
        self.name.setFont(font(look, 13, bold=True))
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setWordWrap(True)
        if first:
            self.name.setProperty("role", "accent")  # it is the run of the moment
        self.fact = Quiet(look)
        self.fact.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.line = QHBoxLayout()
        self.line.setSpacing(px(8))
        self.line.addWidget(self.fact, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(px(2), 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.name)
        box.addLayout(self.line)

    def follow(self, run: Run, name: str, measured: Measured | None, said: Said) -> None:
        """Show how the run does."""
        words = self.look.words
        if self.name.text() != name:
            self.name.setText(name)
            self.setAccessibleName(name)
        state, step, short = run.session.state, count(len(run.session.history)), ""
        if run.begin is not None or state is State.STARTING:
            fact = words("starting")
        elif state is State.FAILED:
            fact = words("failed")
        elif state is State.DIVERGED:
            fact = words("diverged at step {step}", step=step)
        elif run.trouble is not None:
            fact, short = words.tell(run.trouble.message, run.trouble.values), words("failed")
        elif measured is None:
            fact = ""
        else:
            short = decimal(measured.value)
            fact = words("{headline} {value}", headline=said.headline, value=short)
            if state is State.FINISHED:
                fact, short = (f"{one} · {words('settled')}" for one in (fact, short))
        roomy = self.fact.fontMetrics().horizontalAdvance(fact) <= self.fact.width()
        self.fact.say(fact if roomy or not short else short)
        explain(self.fact, fact)


class Handle(Head):
    """The same with what can be done with the run."""

    pinned = Signal()
    kept = Signal()
    retried = Signal()

    def __init__(self, look: Look, first: bool) -> None:
        super().__init__(look, first)
        words, px = look.words, look.px
        self.again = self._button(words("Try again"), words("Repeat this run up to the step of the others"),
                                  self.retried.emit)
        self.pin = self._button("", words("Keep this run as it is now, as a grey ghost"),
                                self.pinned.emit, words("Pin"))
        self.pin.setIcon(icon(look, "pin", "text", size=14))
        self.pin.setIconSize(QSize(px(14), px(14)))
        self.keep = self._button(words("Keep"), words("This is the present run from now on; the others stay "
                                                     "as ghosts"), self.kept.emit)
        for button in (self.again, self.pin, self.keep):
            self.line.addWidget(button)
        self.again.hide()

    def _button(self, text: str, tip: str, do: Callable[[], object], name: str = "") -> QPushButton:
        button = QPushButton(text)
        button.setProperty("role", "link" if text else "bare")
        button.setFont(font(self.look, 12))
        button.setAccessibleName(name or text)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        explain(button, tip)
        button.clicked.connect(lambda _on: do())
        return button

    def follow(self, run: Run, name: str, measured: Measured | None, said: Said) -> None:
        super().follow(run, name, measured, said)
        self.again.setVisible(run.session.state is State.FAILED)


class Grid(Guarded, QWidget):
    """A picture of each run under its head.

    Args:
        like: a picture of the panel, which says what room one needs.
        heads: of the runs, in their order; they are put over the pictures by ``arrange``.

    Attributes:
        views: made when they first have room.
    """

    changed = Signal(str, object)  # a click in any of the pictures

    def __init__(self, look: Look, panel: Panel, like: PanelView, heads: Sequence[Head]) -> None:
        super().__init__()
        self.look, self.panel, self._like, self._heads = look, panel, like, heads
        self.views: list[PanelView] = []
        self._cells: list[QVBoxLayout] = []
        self._box = QGridLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setHorizontalSpacing(look.px(GAP))
        self._box.setVerticalSpacing(look.px(GAP))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)  # where there is too little room, it is not seen at all

    @property
    def head_height(self) -> int:
        return max(one.sizeHint().height() for one in self._heads) + self.look.px(4)

    def least(self) -> QSize:
        """What the smallest picture needs, with its head."""
        px, layout = self.look.px, self._like.layout()
        least = QSize(px(SMALLEST[0]), px(SMALLEST[1]))
        if layout is not None:
            least = least.expandedTo(layout.minimumSize())
        return least + QSize(0, self.head_height)

    def shape(self, room: QSize) -> tuple[int, int] | None:
        """Columns and rows that give the pictures most; ``None`` where no shape has room for all."""
        least, gap = self.least(), self.look.px(GAP)
        best, most = None, 1.0
        for columns, rows in SHAPES[len(self._heads)]:
            wide = (room.width() - gap * (columns - 1)) / columns / least.width()
            tall = (room.height() - gap * (rows - 1)) / rows / least.height()
            if min(wide, tall) >= most:
                best, most = (columns, rows), min(wide, tall)
        return best

    def width_for(self, height: int) -> int:
        """The least width in which some shape of this height has room; 0 where none has."""
        least, gap = self.least(), self.look.px(GAP)
        return min((columns * least.width() + gap * (columns - 1)
                    for columns, rows in SHAPES[len(self._heads)]
                    if rows * least.height() + gap * (rows - 1) <= height), default=0)

    def arrange(self, shape: tuple[int, int]) -> None:
        """Place the pictures in so many columns and rows, each with its head."""
        if not self.views:
            for _ in self._heads:
                view: PanelView = load(self.panel.view)(self.look)
                view.changed.connect(self.changed)
                cell = QVBoxLayout()
                cell.setSpacing(self.look.px(4))
                cell.addWidget(view, 1)
                self.views.append(view)
                self._cells.append(cell)
            for plots in self._plots():
                for plot in plots:
                    plot.stand_by(plots)
        columns, rows = shape
        for at, (cell, head) in enumerate(zip(self._cells, self._heads, strict=True)):
            cell.insertWidget(0, head)
            self._box.removeItem(cell)
            self._box.addLayout(cell, at // columns, at % columns)
        for at in range(len(self._heads)):
            self._box.setColumnStretch(at, int(at < columns))
            self._box.setRowStretch(at, int(at < rows))

    def _plots(self) -> Iterable[tuple[CurvePlot, ...]]:
        """The plots that show the same of the runs."""
        return zip(*(view.findChildren(CurvePlot) for view in self.views), strict=True)

    def draw(self, pictures: Sequence[Shown[Any, Any] | None]) -> bool:
        """Draw what each run shows into its picture, all on the same axes; whether all could be drawn."""
        drawn = True
        for view, shown in zip(self.views, pictures, strict=True):
            if shown is not None:
                drawn = attempt(partial(view.show_frame, shown)) and drawn
        for first, *_ in self._plots():
            first.level()
        return drawn


class Runs(Guarded, QWidget):
    """Several runs as they are seen: a head of each, over its own picture or in a row over one for all.

    Args:
        like: a picture of the panel, which says what room one needs.
        wanted: whether a grid is wanted; where it has no room there is one picture all the same.
        heads: of the runs, in their order.

    Attributes:
        grid: the pictures, to be shown in the place for pictures.
    """

    def __init__(
        self, look: Look, panel: Panel, together: Together, like: PanelView, wanted: bool,
        heads: Sequence[Head],
    ) -> None:
        super().__init__()
        self.look, self.panel, self.together, self.wanted = look, panel, together, wanted
        self._said = Said(panel, look.words.language)
        self._shape: tuple[int, int] | None = None  # of a grid, where there is room for one
        self.heads = list(heads)
        self.grid = Grid(look, panel, like, self.heads)
        self._row = QHBoxLayout()
        self._row.setSpacing(look.px(GAP))
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(look.px(2), 0, 0, 0)
        self._lines.setSpacing(look.px(4))
        self._lines.addLayout(self._row)
        self._place_heads()

    @property
    def in_grid(self) -> bool:
        """Whether each run has its own picture now."""
        return self.wanted and self._shape is not None

    def want(self, grid: bool) -> None:
        """A grid, or one picture."""
        self.wanted = grid
        self._place_heads()
        self.follow()

    def fit(self, room: QSize) -> bool:
        """Take the room that there is for pictures by now; whether that made a grid of one picture, or one
        picture of a grid."""
        before = self.in_grid
        if not before:  # the heads' row would be the pictures', too
            room = room + QSize(0, self.grid.head_height)
        if (shape := self.grid.shape(room)) != self._shape:
            self._shape = shape
            self._place_heads()
            self.follow()
        return self.in_grid is not before

    def _place_heads(self) -> None:
        """Over the pictures, or in a row over the one picture."""
        if self._shape is not None and self.wanted:
            self.grid.arrange(self._shape)
        else:
            for head in self.heads:
                self._row.addWidget(head, 1)

    def follow(self) -> None:
        """Show how the runs do."""
        together, said = self.together, self._said
        for head, run, name, measured in zip(
                self.heads, together.runs, together.names(said), together.headlines(), strict=True):
            head.follow(run, name, measured, said)

    def one_picture(self) -> Shown[Any, Any] | None:
        """The first run with the others as ghosts."""
        return self.together.one_picture(self._said)

    def sentence(self) -> str:
        """By how much they differ."""
        return self.together.sentence(self._said)


class Beside(Runs):
    """The same on the desk, with how many runs there are, how they are shown, and their end."""

    chosen = Signal(bool)  # a grid, rather than one picture

    def __init__(
        self, look: Look, panel: Panel, together: Together, like: PanelView, wanted: bool
    ) -> None:
        handles = [Handle(look, run is together.runs[0]) for run in together.runs]
        super().__init__(look, panel, together, like, wanted, handles)
        words, px = look.words, look.px
        for at, handle in enumerate(handles):
            handle.pinned.connect(lambda at=at: together.pin(at))
            handle.kept.connect(lambda at=at: together.end(at))
            handle.retried.connect(lambda at=at: together.retry(at))
        self.about = Quiet(look)
        self.about.setWordWrap(True)
        self.switch = Switch(look, [words("A picture each"), words("One picture")])
        self.switch.setAccessibleName(words("How the runs are shown"))
        self.switch.set(0 if wanted else 1)
        self.switch.chosen.connect(lambda index: self.chosen.emit(index == 0))
        self.close_button = QPushButton(words("End (Esc)"))
        self.close_button.setProperty("role", "link")
        self.close_button.setFont(font(look, 12))
        self.close_button.setAccessibleName(words("End the runs beside one another"))
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.close_button.setCursor(Qt.CursorShape.PointingHandCursor)
        explain(self.close_button, words("The first run goes on alone; the others stay as ghosts"))
        self.close_button.clicked.connect(lambda _on: together.end())
        line = QHBoxLayout()
        line.setSpacing(px(12))
        line.addWidget(self.about, 1)
        line.addWidget(self.switch)
        line.addWidget(self.close_button)
        self._lines.insertLayout(0, line)
        self.follow()

    def want(self, grid: bool) -> None:
        self.switch.set(0 if grid else 1)
        super().want(grid)

    def follow(self) -> None:
        together, words = self.together, self.look.words
        told = words("{number} runs in step, with the same seed and data.", number=len(together.runs)) \
            if "seed" not in together.own else words("{number} runs in step.", number=len(together.runs))
        if together.in_turns:
            told += " " + (words("They take turns on one core.") if together.slots == 1 else
                           words("They take turns on {cores} cores.", cores=together.slots))
        if self.wanted and self._shape is None:
            told += " " + words("A grid needs more room.")
        self.about.say(told)
        super().follow()
