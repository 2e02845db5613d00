"""Scores and their softmax, chance over widths, positions, and a step of attention by hand."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QWidget

from visualizers.l3_transformers.dot_product.panel import KEYS, REACH, WIDTHS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.arrows import Arrows
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.table import Table
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, fixed
from widgets.views.cards import Card, row
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

ENDS = (float(WIDTHS[0]), float(WIDTHS[-1]))
SUBSCRIPTS = "₁₂₃₄"
SCALED = {"1/√d": "q·k / √d", "none": "q·k", "1/d": "q·k / d"}


class DotProductView(PanelView):
    """Tips of arrows are dragged; a click on a row of the table masks its key."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.scores = Heatmap(look, "q·k", palette="diverging", values=True, color_bar=False,
                              y=words("asks"), x=words("is looked at"))
        self.plain = Heatmap(look, "softmax(q·k)", values=True, color_bar=False,
                             x=words("is looked at"))
        self.weights = Heatmap(look, "softmax(q·k / √d)", values=True, color_bar=False,
                               x=words("is looked at"))
        self.asking = Arrows(look, words("Drag q and k"), reach=REACH)
        self.giving = Arrows(look, " ", reach=REACH)
        self.table = Table(look, words("Click a row to mask it"), [
            ("", 2), ("q·k", 5), ("/ √2", 5), ("softmax", 5)])
        widths, hand = QWidget(), QWidget()
        widths.setLayout(row(self.scores, self.plain, self.weights, stretch=(10, 9, 9)))
        hand.setLayout(row(self.asking, self.table, self.giving, stretch=(4, 6, 4)))
        self.pages = Pages(self, "page", {"widths": (words("Eight words"), widths),
                                          "hand": (words("By hand"), hand)})

        d = words("width d")
        self.largest = CurvePlot(look, "", x=d, y=words("largest weight"), log_x=True,
                                 x_range=ENDS, y_range=(0.0, 1.0))
        self.variance = CurvePlot(look, "", x=d, y=words("variance of q·k"), x_range=ENDS,
                                  log_x=True, log_y=True)
        self.slope = CurvePlot(look, "", x=d, y="Σ p (1 − p)", log_x=True, x_range=ENDS,
                               y_range=(0.0, 1.0))
        self.curves = Pages(self, "curve", {"largest": (words("Largest weight"), self.largest),
                                            "variance": (words("Variance"), self.variance),
                                            "slope": (words("Gradient"), self.slope)})
        self.moved = BarChart(look, " ", high=2.0)
        self.alone = Heatmap(look, " ", x=words("position"), y=words("position"), palette="diverging",
                             square=True)
        self.order = Pages(self, "order", {"moved": (words("Order"), self.moved),
                                           "alone": (words("Positions"), self.alone)})

        top, left, right = (Card(look) for _ in range(3))
        top.body.addWidget(self.pages)
        left.body.addWidget(self.curves)
        right.body.addWidget(self.order)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Attention"), rank=1, smallest=(600, 250), share=6),
            beside(Place(left, words("Over widths"), rank=2, smallest=(330, 220)),
                   Place(right, words("Order"), rank=3, smallest=(270, 220)), share=5))))
        self.asking.dragged.connect(lambda index, x, y: self._drag(index, x, y))
        self.giving.dragged.connect(lambda index, x, y: self._drag(1 + KEYS + index, x, y))
        self.table.clicked.connect(self._mask)
        self._shown: Shown[Params, Frame] | None = None

    # --- what a pointer does

    def _drag(self, index: int, x: float, y: float) -> None:
        if self._shown is not None:
            hand = [float(one) for one in self._shown.frame.hand.ravel()]
            hand[2 * index : 2 * index + 2] = x, y
            self.changed.emit("hand", tuple(round(one, 2) for one in hand))

    def _mask(self, index: int) -> None:
        if self._shown is not None and index < KEYS:
            self.changed.emit("masked", tuple(sorted({*self._shown.frame.masked} ^ {index})))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._shown is not None and self._shown.frame.masked:
            self.changed.emit("masked", ())
        else:
            super().keyPressEvent(event)

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._shown = shown
        frame, params = shown.frame, shown.params
        if self.pages.show_page(params.page) == "widths":
            self._draw_words(frame, params)
        else:
            self._draw_hand(frame, params)
        match self.curves.show_page(params.curve):
            case "largest":
                self._draw_curves(self.largest, shown, "largest", 1, 2)
            case "slope":
                self._draw_curves(self.slope, shown, "slope", 3, 4)
            case _:
                self._draw_variance(shown)
        if self.order.show_page(params.order) == "moved":
            self.moved.draw(frame.moved, frame.words,
                            title=self.words("How far shuffling moves each output"))
        else:
            self._draw_alone(frame, params)

    def _scaled(self, params: Params) -> str:
        """How the scores stand in the softmax."""
        return SCALED[params.scaling].replace("d", count(params.width))

    def _draw_words(self, frame: Frame, params: Params) -> None:
        names, bias = frame.words, " + B" if params.mask != "none" or params.positions == "ALiBi" else ""
        reach = max(float(np.abs(frame.scores).max()), 1e-6)
        self.scores.draw(frame.scores, low=-reach, high=reach, x_labels=names, y_labels=names,
                         title=self.words("Scores q·k at d = {d}", d=count(params.width)))
        for plot, matrix, inside in ((self.plain, frame.plain, "q·k"),
                                     (self.weights, frame.weights, self._scaled(params))):
            plot.draw(matrix, low=0.0, high=1.0, x_labels=names, y_labels=[""] * len(names),
                      title=f"softmax({inside}{bias})")

    def _draw_hand(self, frame: Frame, params: Params) -> None:
        keys = [f"k{one}" for one in SUBSCRIPTS]
        values = [f"v{one}" for one in SUBSCRIPTS]
        self.asking.draw(frame.hand[: 1 + KEYS], ["q", *keys], series=[0, *[1] * KEYS],
                         muted=[1 + one for one in frame.masked])
        tips = np.concatenate([frame.hand[1 + KEYS :], frame.output[None]])
        self.giving.draw(tips, [*values, "o"], series=[*[2] * KEYS, 0], fixed=[KEYS],
                         muted=frame.masked, title=self.words(
                             "Drag v; o = ({x}, {y})", x=fixed(frame.output[0]),
                             y=fixed(frame.output[1])))
        rows = []
        for at in range(KEYS):
            hidden = at in frame.masked and len(frame.masked) < KEYS
            rows.append((keys[at], fixed(frame.hand_scores[at]),
                         "−∞" if hidden else fixed(frame.hand_scaled[at]),
                         fixed(frame.hand_weights[at])))
        scale = {"1/√d": "/ √2", "none": "· 1", "1/d": "/ 2"}[params.scaling]
        self.table.draw(rows, muted=frame.masked, heads=("", "q·k", scale, "softmax"))

    def _draw_curves(self, plot: CurvePlot, shown: Shown[Params, Frame], name: str, plain: int,
                     scaled: int) -> None:
        """Unscaled against scaled over all widths, with the width that is set."""
        frame, params = shown.frame, shown.params
        curves = [Curve(getattr(ghost.frame, name), np.array(WIDTHS), label=ghost.label, style="ghost")
                  for ghost in shown.ghosts]
        curves += [Curve(getattr(frame, f"{name}_plain"), np.array(WIDTHS), "softmax(q·k)", series=1),
                   Curve(getattr(frame, name), np.array(WIDTHS), f"softmax({SCALED[params.scaling]})")]
        rules = [Rule(params.width, self.words("d = {d}", d=count(params.width)), axis="x")]
        if name == "largest":
            rules.append(Rule(1 / len(frame.words), self.words("eight equal weights")))
        plot.draw(curves, rules, note=self.words(
            "here {plain} unscaled, {scaled} scaled", plain=fixed(frame.here[plain]),
            scaled=fixed(frame.here[scaled])))

    def _draw_variance(self, shown: Shown[Params, Frame]) -> None:
        frame, params, widths = shown.frame, shown.params, np.array(WIDTHS, float)
        self.variance.draw(
            [Curve(widths * params.spread**4, widths, self.words("theory: d σ⁴"), series=1,
                   style="dashed"),
             Curve(frame.variance, widths, self.words("measured"))],
            [Rule(params.width, self.words("d = {d}", d=count(params.width)), axis="x")],
            note=self.words("here {variance}", variance=decimal(frame.here[0])))

    def _draw_alone(self, frame: Frame, params: Params) -> None:
        title = self.words("What places alone add to a score")
        if params.positions == "none":
            title = self.words("Without positions, places add nothing")
        self.alone.draw(frame.alone, title=title)

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, params = shown.frame, shown.params
        return self.words(
            "At width {d} the variance of q·k is {variance}; the largest of eight weights is {plain} "
            "unscaled and {scaled} scaled; shuffling moves the outputs by {moved}.",
            d=count(params.width), variance=decimal(frame.here[0]), plain=fixed(frame.here[1]),
            scaled=fixed(frame.here[2]), moved=fixed(float(frame.moved.mean())))
