"""The picture of an opened cell: the chain over the text, one unit's sums, and what is learnt."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtWidgets import QPushButton, QWidget

from visualizers.l2_networks.rnn_cells.panel import Frame, Params
from visualizers.panel import Shown
from widgets.base.labels import Quiet
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, Rule, Style
from widgets.pictures.dragbars import BarRow, DragBars, unit_row
from widgets.pictures.readouts import Readouts
from widgets.pictures.unrolled import Block, Unrolled
from widgets.theme.look import Look
from widgets.theme.numbers import MINUS, count, fixed, percent, quantity
from widgets.views.cards import Card, Switch, row, stacked
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.view import PanelView

INSIDE, BESIDE = ("unit", "slide"), ("learning", "next")
LIKELIEST = 8  # letters in the bar chart
RANGES = {"a": 3.0, "c": 2.0, "n": 1.0, "g": 1.0, "h": 1.0}  # of values that may be below zero
# In this panel series 0 and 1 are the signs + and −. Curves have the others, and styles.
THREE: tuple[tuple[int, Style], ...] = ((2, "solid"), (3, "solid"), (2, "dashed"))  # the slide's units
GUESSING = math.log(27)  # nats a letter, for the alphabet and a space
UNFORESEEN = -0.1 * math.log(0.1) - 0.9 * math.log(0.9)  # entropy of a turn in one step of ten


class RnnCellsView(PanelView):
    """Above, the cell once for each character; below, one unit worked out, and the learning."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.kinds = {
            "a": words("before tanh"), "z": words("update gate z"), "r": words("reset gate r"),
            "f": words("forget gate f"), "i": words("input gate i"), "o": words("output gate o"),
            "n": words("new state h̃"), "g": words("candidate g"), "c": words("cell state c"),
            "h": words("state h"),
        }
        self.chain = Unrolled(look, words("One cell, used again at each character"),
                              read=words("reads"), given=words("expects next"))
        self.readouts = Readouts(look).calm()
        self.inside = Switch(look, [words("One unit"), words("The slide's cell")])
        self.unit = DragBars(look).calm()
        self.small = DragBars(look)
        self.sums = stacked(self.unit, self.small)
        self.hint = Quiet(look, words("drag a gate to hold it"))
        self.release = QPushButton(words("Let go"))
        self.release.setVisible(False)
        self.beside = Switch(look, [words("Learning"), words("Next letter")])
        self.learning = CurvePlot(look, "", x=words("training step"), y=words("nats a letter"),
                                  integer_x=True).calm()
        self.next = BarChart(look, "", high=1.0).calm()
        self.repeat = CurvePlot(look, words("The same gate, step after step"), x=words("step"),
                                y="h", y_range=(-1.0, 1.0), integer_x=True)
        self.right = stacked(self.learning, self.next, self.repeat)

        top, left, right = Card(look), Card(look), Card(look)
        top.body.addWidget(self.chain, 1)
        top.body.addWidget(self.readouts)
        left.body.addLayout(head := row(self.inside, self.hint, self.release))
        head.addStretch(1)
        left.body.addWidget(self.sums, 1)
        right.body.addWidget(self.beside)
        right.body.addWidget(self.right, 1)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Sequence"), rank=1, smallest=(440, 230), share=3),
            beside(Place(left, words("Inside"), rank=2, smallest=(330, 190)),
                   Place(right, words("Learning"), rank=3, smallest=(280, 180)), share=2))))

        self.inside.chosen.connect(lambda index: self.changed.emit("inside", INSIDE[index]))
        self.beside.chosen.connect(lambda index: self.changed.emit("beside", BESIDE[index]))
        self.chain.clicked.connect(self._choose)
        self.chain.hovered.connect(self._preview)
        self.unit.dragged.connect(self._hold)
        self.small.dragged.connect(self._set)
        self.release.clicked.connect(lambda: self.changed.emit("held", ()))
        self._shown: Shown[Params, Frame] | None = None

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._shown = shown
        frame, params = shown.frame, shown.params
        at, unit = _looked_at(frame, params)
        self.chain.draw(
            [_legible(one) for one in frame.text], self._blocks(frame),
            answers=[_legible(frame.letters[one]) for one in frame.odds.argmax(1)],
            sure=frame.odds.max(1), missed=_missed(frame), line=unit, column=at,
            title=self._title(len(frame.text), len(" ".join(params.text.split()))))
        typed = float(frame.surprise[:-1].mean()) if len(frame.text) > 1 else 0.0
        self.readouts.draw([
            (self.words("weights, however long the text"), count(frame.weights)),
            (self.words("surprise a letter, typed text"), fixed(typed)),
            (self.words("a to z"), fixed(frame.forward)),
            (self.words("z to a"), fixed(frame.backward)),
        ])
        inside = INSIDE.index(params.inside) if params.inside in INSIDE else 0
        beside = BESIDE.index(params.beside) if params.beside in BESIDE else 0
        self.inside.set(inside)
        self.sums.setCurrentIndex(inside)
        holding = any(name in frame.names for name, _ in params.held)
        self.release.setVisible(inside == 0 and holding)
        self.hint.setVisible(inside == 0 and not holding and params.cell != "RNN")
        self.beside.set(beside)
        self.beside.setVisible(inside == 0)
        self.right.setCurrentIndex(beside if inside == 0 else 2)
        if inside:
            self._draw_slide(frame, params)
            return
        self._draw_unit(frame, params, at, unit)
        if beside:
            self._draw_next(frame, at)
        else:
            self._draw_learning(shown)

    def _title(self, read: int, typed: int) -> str:
        if typed > read:
            return self.words("One cell, used again at each of the first {count} of {total} characters",
                              count=count(read), total=count(typed))
        return self.words("One cell, used again at each character")

    def _blocks(self, frame: Frame) -> list[Block]:
        """The state on top, what it is made of below, as errors and eyes go."""
        return [Block(self.kinds[name], values, -RANGES[name] if name in RANGES else 0.0,
                      RANGES.get(name, 1.0))
                for name, values in reversed(list(zip(frame.names, frame.values, strict=True)))]

    def _draw_unit(self, frame: Frame, params: Params, at: int, unit: int) -> None:
        """One unit's new state worked out with its numbers."""
        held = {name for name, _ in params.held}
        now = {name: float(one[unit, at]) for name, one in zip(frame.names, frame.values, strict=True)}
        raw = {name: float(one[unit, at]) for name, one in zip(frame.names, frame.before, strict=True)}
        past = {name: float(one[unit, at - 1]) if at else 0.0
                for name, one in zip(frame.names, frame.values, strict=True)}

        def gate(name: str) -> BarRow:
            detail = self.words("held by hand") if name in held else f"σ({fixed(raw[name])}) ="
            return unit_row(name, now[name], detail, draggable=True, held=name in held)

        before = unit_row("h₋₁", past["h"], low=-1.0)
        if params.cell == "RNN":
            rows = [before, BarRow("a", np.array([now["a"]]), "w·h₋₁ + u·x + b =", -3.0, 3.0),
                    unit_row("h", now["h"], f"tanh({fixed(now['a'])}) =", low=-1.0)]
        elif params.cell == "GRU":
            rows = [before, gate("r"), gate("z"),
                    unit_row("h̃", now["n"], f"tanh({fixed(raw['n'])}) =", low=-1.0),
                    unit_row("h", now["h"], f"{fixed(now['z'])}·{_factor(past['h'])} + "
                             f"{fixed(1 - now['z'])}·{_factor(now['n'])} =", low=-1.0)]
        else:
            rows = [BarRow("c₋₁", np.array([past["c"]]), "", -2.0, 2.0), gate("f"), gate("i"),
                    unit_row("g", now["g"], f"tanh({fixed(raw['g'])}) =", low=-1.0),
                    BarRow("c", np.array([now["c"]]), f"{fixed(now['f'])}·{_factor(past['c'])} + "
                           f"{fixed(now['i'])}·{_factor(now['g'])} =", -2.0, 2.0), gate("o"),
                    unit_row("h", now["h"], f"{fixed(now['o'])}·tanh {fixed(now['c'])} =", low=-1.0)]
        self.unit.draw(rows, title=self.words(
            "Unit {unit} at “{letter}”", unit=unit + 1, letter=_legible(frame.text[at])))

    def _draw_slide(self, frame: Frame, params: Params) -> None:
        before, keep, new = (np.array(one, np.float32) for one in params.slide)
        self.small.draw([
            BarRow("h₋₁", before, low=-1.0, draggable=True),
            BarRow("z", keep, draggable=True),
            BarRow("h̃", new, low=-1.0, draggable=True),
            BarRow("h", frame.slide[1], low=-1.0),
        ], title=self.words("h = z ∘ h₋₁ + (1 − z) ∘ h̃, three units"))
        self.repeat.draw([
            Curve(one, label=self.words("unit {unit}", unit=index + 1), series=series, style=style)
            for index, (one, (series, style)) in enumerate(zip(frame.slide.T, THREE, strict=True))])

    def _draw_next(self, frame: Frame, at: int) -> None:
        best = np.argsort(-frame.odds[at], kind="stable")[:LIKELIEST]
        came = frame.text[at + 1].lower() if at + 1 < len(frame.text) else ""
        letters = [frame.letters[one] for one in best]
        read = _legible(frame.text[max(0, at - 11) : at + 1])
        title = self.words("After “{text}” came “{next}”", text=read, next=_legible(came)) if came \
            else self.words("After “{text}”", text=read)
        self.next.draw(frame.odds[at, best], [_legible(one) for one in letters], title=title,
                       highlight=letters.index(came) if came in letters else -1)

    def _draw_learning(self, shown: Shown[Params, Frame]) -> None:
        curves = []
        for ghost in shown.ghosts:
            curves += [Curve(*ghost.history.points(name), style="ghost", width=1.5,
                             label=ghost.label if name == "backward" else "")
                       for name in ("forward", "backward")]
        history = shown.history
        curves += [
            Curve(history["loss"], history.steps, self.words("lesson"), series=2, style="dashed",
                  width=1.5),
            Curve(*history.points("forward"), self.words("a to z"), series=2),
            Curve(*history.points("backward"), self.words("z to a"), series=3),
        ]
        rules = [Rule(GUESSING, self.words("guessing"))]
        if shown.params.lesson == "the alphabet with turns":
            rules.append(Rule(UNFORESEEN, self.words("turns cannot be foreseen")))
        highest = max(float(one.y.max(initial=0.0, where=np.isfinite(one.y))) for one in curves)
        self.learning.draw(curves, rules, y_range=(0.0, 2.0 * math.ceil(highest / 2 + 0.5) + 2))

    # What a learner does

    def _choose(self, line: int, at: int) -> None:
        """A click chooses the character, and the unit if it is on one."""
        if self._shown is not None:
            self.changed.emit("position", at)
            if line >= 0:
                self.changed.emit("unit", line % self._shown.frame.values.shape[1])

    def _preview(self, line: int, at: int) -> None:
        """The character under the pointer; the chosen one when it leaves."""
        if self._shown is None or self._shown.params.inside == "slide":
            return
        frame, params = self._shown.frame, self._shown.params
        chosen, unit = _looked_at(frame, params)
        if at < 0 or at >= len(frame.text):
            at, line = chosen, unit
        self._draw_unit(frame, params, at, line % frame.values.shape[1] if line >= 0 else unit)
        self.unit.catch_up()
        if params.beside == "next":
            self._draw_next(frame, at)
            self.next.catch_up()

    def _hold(self, index: int, _column: int, value: float) -> None:
        if self._shown is not None:
            name = self.unit.rows[index].label
            others = tuple(one for one in self._shown.params.held if one[0] != name)
            self.changed.emit("held", (*others, (name, value)))

    def _set(self, index: int, unit: int, value: float) -> None:
        if self._shown is not None:
            numbers = [list(one) for one in self._shown.params.slide]
            numbers[index][unit] = value
            self.changed.emit("slide", tuple(tuple(one) for one in numbers))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, params = shown.frame, shown.params
        at, _ = _looked_at(frame, params)
        best = int(frame.odds[at].argmax())
        return self.words(
            "{cell} after {steps}: a letter costs {forward} nats from a to z, {backward} from z to a. At "
            "step {step} it expects “{next}” after “{letter}” ({odds}).", cell=params.cell,
            steps=quantity(shown.measured, "step", self.words), step=count(shown.step),
            forward=fixed(frame.forward), backward=fixed(frame.backward),
            letter=_legible(frame.text[at]), next=_legible(frame.letters[best]),
            odds=percent(float(frame.odds[at, best])))


def _missed(frame: Frame) -> list[int]:
    """The characters after which another one came than was expected."""
    return [at for at, best in enumerate(frame.odds.argmax(1)[:-1])
            if frame.letters[best] != frame.text[at + 1].lower()]


def _looked_at(frame: Frame, params: Params) -> tuple[int, int]:
    """The character and the unit, within what there is now."""
    return (min(max(params.position, 0), len(frame.text) - 1),
            min(max(params.unit, 0), frame.values.shape[1] - 1))


def _factor(value: float) -> str:
    """A number that stands behind a sign of multiplication."""
    text = fixed(value)
    return f"({text})" if text.startswith(MINUS) else text


def _legible(text: str) -> str:
    return text.replace(" ", "␣")
