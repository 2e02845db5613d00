"""The two descents as bars and arrows, their way so far, and what stands behind it."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l1_basics.softmax_loss.panel import CLASSES, REACH, Frame, Params, rival
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule, Style
from widgets.pictures.dragbars import BarRow, DragBars
from widgets.pictures.pullfield import PullField
from widgets.pictures.readouts import Readouts
from widgets.pictures.table import Table
from widgets.theme.look import Look
from widgets.theme.marks import named
from widgets.theme.numbers import decimal, fixed, percent
from widgets.views.cards import Card, row
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

TARGET, LOGITS = 0, {1: 0, 4: 1}  # rows of bars: the target, and the logits of each descent
STEP = 0.25  # what an arrow key moves a logit by


class SoftmaxLossView(PanelView):
    """Bars of logits are dragged: both descents are put where they are left."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.both = words("cross-entropy"), words("squared error")
        self.bars = DragBars(look, words("Drag z, or click y"))
        self.field = PullField(look, words("Pull −∂L/∂z at each place"), reach=REACH)
        self.readouts = Readouts(look)
        step = words("training step")
        self.right = CurvePlot(look, "", x=step, y=words("p, right class"), integer_x=True,
                               y_range=(0.0, 1.0))
        self.loss = CurvePlot(look, "", x=step, y=words("loss"), integer_x=True)
        self.starts = CurvePlot(look, "", x=step, y=words("starts that are right"), integer_x=True,
                                y_range=(0.0, 1.0))
        self.curves = Pages(self, "curve", {"right": (words("Right class"), self.right),
                                            "loss": (words("Loss"), self.loss),
                                            "starts": (words("64 starts"), self.starts)})
        logit = words("logit of the right class")
        self.pull = CurvePlot(look, "", x=logit, y=words("pull on it"), x_range=(-REACH, REACH))
        self.outputs = CurvePlot(look, "", x=logit, y=words("output"), x_range=(-REACH, REACH),
                                 y_range=(0.0, 1.0))
        self.table = Table(look, " ", [("", 3), ("p", 3), ("−log₂ p", 4), ("−ln p", 4)])
        self.pages = Pages(self, "page", {
            "pull": (words("Pull"), self.pull),
            "outputs": (words("Softmax and sigmoid"), self.outputs),
            "bits": (words("Bits and nats"), self.table)})

        top, left, right = (Card(look) for _ in range(3))
        top.body.addLayout(row(self.bars, self.field, stretch=(5, 3)), 1)
        top.body.addWidget(self.readouts)
        left.body.addWidget(self.curves)
        right.body.addWidget(self.pages)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Two losses"), rank=1, smallest=(600, 270), share=6),
            beside(Place(left, words("Descent"), rank=2, smallest=(300, 200)),
                   Place(right, words("Behind it"), rank=3, smallest=(320, 200)), share=5))))
        self.bars.dragged.connect(self._drag)
        self.bars.clicked.connect(self._choose)
        self.field.dragged.connect(self._move)
        self._shown: Shown[Params, Frame] | None = None

    # --- what a pointer does

    def _drag(self, index: int, column: int, value: float) -> None:
        if index in LOGITS:
            self._put(LOGITS[index], {column: value})

    def _choose(self, index: int, column: int) -> None:
        if index == TARGET:
            self.changed.emit("target", CLASSES[column])

    def _move(self, descent: int, x: float, y: float) -> None:
        if self._shown is not None:
            params = self._shown.params
            self._put(descent, {CLASSES.index(params.target): x, rival(params): y})

    def _put(self, descent: int, new: dict[int, float]) -> None:
        """Both descents go where one of them was dragged."""
        if self._shown is not None:
            now = enumerate(self._shown.frame.logits[descent].tolist())
            self.changed.emit("logits", tuple(
                round(min(max(new.get(at, one), -REACH), REACH), 2) for at, one in now))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._shown = shown
        frame, params = shown.frame, shown.params
        self._draw_bars(frame, params)
        self._draw_field(frame, params)
        at, unit = CLASSES.index(params.target), self._unit(params)
        self.readouts.draw([
            (named(0, self.words("cross-entropy: pull on {name}", name=self._name(at))),
             decimal(frame.pulls[0, at])),
            (self.words("loss in {unit}", unit=unit), fixed(frame.losses[0])),
            (named(1, self.words("squared error: pull on {name}", name=self._name(at))),
             decimal(frame.pulls[1, at])),
            (self.words("loss"), fixed(frame.losses[1])),
        ])
        match self.curves.show_page(params.curve):
            case "right":
                self._draw_history(self.right, shown, "right", "squared_right",
                                   (frame.right, frame.squared_right))
            case "starts":
                self._draw_history(self.starts, shown, "share", "squared_share",
                                   (frame.share, frame.squared_share))
            case _:
                self._draw_history(self.loss, shown, "loss", "squared",
                                   (float(frame.losses[0]), float(frame.losses[1])))
        match self.pages.show_page(params.page):
            case "pull":
                self._draw_pull(shown)
            case "outputs":
                self._draw_outputs(frame, params)
            case _:
                self._draw_bits(frame, params)

    def _name(self, at: int) -> str:
        return self.words(CLASSES[at])

    def _unit(self, params: Params) -> str:
        return self.words("bits") if params.base == "2: bits" else self.words("nats")

    def _draw_bars(self, frame: Frame, params: Params) -> None:
        y = np.array([float(name == params.target) for name in CLASSES])
        rows = [BarRow("y", y, series=2)]
        reach = max(1.0, math.ceil(float(np.abs(frame.pulls).max())))
        for one in (0, 1):
            rows += [
                BarRow(named(one, "z"), frame.logits[one], "", -REACH, REACH, one, draggable=True,
                       step=STEP),
                BarRow(named(one, "p"), frame.outputs[one], "", 0.0, 1.0, one),
                BarRow(named(one, "−∂L/∂z"), frame.pulls[one], "", -reach, reach, one)]
        self.bars.draw(rows, names=[self._name(at) for at in range(len(CLASSES))])

    def _draw_field(self, frame: Frame, params: Params) -> None:
        """What pulls at the right logit, to the right, and at its strongest rival, upwards."""
        at, other = CLASSES.index(params.target), rival(params)
        self.field.draw_field(frame.field_places, frame.field, frame.logits[:, [at, other]], self.both,
                              axes=(self.words("logit {name}", name=self._name(at)),
                                    self.words("logit {name}", name=self._name(other))))

    def _draw_history(self, plot: CurvePlot, shown: Shown[Params, Frame], first: str, second: str,
                      now: tuple[float, float]) -> None:
        curves = [Curve(*ghost.history.points(name), style="ghost", width=1.5,
                        label=ghost.label if name == first else "")
                  for ghost in shown.ghosts for name in (first, second)]
        for series, name in ((1, second), (0, first)):
            y, x = shown.history.points(name)
            curves.append(Curve(y, x, self.both[series], series=series))
            curves.append(Curve(np.array([now[series]]), np.array([shown.step]), series=series,
                                style="dots", width=4.0, label="" if len(y) else self.both[series]))
        plot.draw(curves)

    def _draw_pull(self, shown: Shown[Params, Frame]) -> None:
        """How hard each loss pulls at the right logit wherever that may be, and where it is."""
        frame, at = shown.frame, CLASSES.index(shown.params.target)
        curves = [Curve(pulls, ghost.frame.places, ghost.label if not one else "", style="ghost")
                  for ghost in shown.ghosts for one, pulls in enumerate(ghost.frame.pulls_at)]
        for one in (1, 0):
            curves.append(Curve(frame.pulls_at[one], frame.places, self.both[one], series=one))
            curves.append(Curve(frame.pulls[one, [at]], frame.logits[one, [at]].clip(-REACH, REACH),
                                series=one, style="dots", width=4.0))
        top = max(0.5, math.ceil(2.2 * float(frame.pulls_at.max())) / 2)
        self.pull.draw(curves, y_range=(0.0, top))

    def _draw_outputs(self, frame: Frame, params: Params) -> None:
        right, other = self._name(CLASSES.index(params.target)), self._name(rival(params))
        at = float(frame.logits[0, CLASSES.index(params.target)])
        curves = []
        for one, name in ((1, "sigmoid"), (0, "softmax")):
            style: Style = "dashed" if one else "solid"
            curves += [Curve(frame.rival_at[one], frame.places, f"{name} {other}", 3, style),
                       Curve(frame.right_at[one], frame.places, f"{name} {right}", 2, style)]
        rules = [Rule(at, self.words("now"), axis="x")] if abs(at) <= REACH else []
        self.outputs.draw(curves, rules)

    def _draw_bits(self, frame: Frame, params: Params) -> None:
        rows = [(self._name(at), fixed(frame.outputs[0, at]), fixed(frame.bits[at]),
                 fixed(frame.nats[at])) for at in range(len(CLASSES))]
        rows.append((self.words("entropy"), "", fixed(frame.entropy[1]), fixed(frame.entropy[0])))
        self.table.draw(rows, selected=CLASSES.index(params.target), title=self.words(
            "What each class would cost: 1 nat = {bits} bits", bits=fixed(1 / math.log(2))),
            heads=("", "p", self.words("bits, −log₂ p"), self.words("nats, −ln p")))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, at = shown.frame, CLASSES.index(shown.params.target)
        return self.words(
            "p of {name}, the right class, is {right} under cross-entropy, which pulls at its logit with "
            "{pull}, and {squared} under the squared error, which pulls with {weak}.",
            name=self._name(at), right=percent(frame.right), squared=percent(frame.squared_right),
            pull=decimal(frame.pulls[0, at]), weak=decimal(frame.pulls[1, at]))
