"""The race from above, the losses beside it, and the rule that decides who runs away."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l1_basics.gradient_descent.panel import LOWEST, NAMES, OPTIMISERS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves
from widgets.pictures.landscape import Landscape, Track
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look
from widgets.theme.numbers import decimal, fixed, percent, quantity
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

SERIES = (0, 1, 1, 2, 3, 3)  # relatives share a colour; the later one of two is hollow and dashed
HOLLOW = (False, False, True, False, False, True)
FLOOR = 1e-6  # a loss below it is as good as 0
FACTORS = (0.8, 1.2)  # the factors a step that are drawn


class GradientDescentView(PanelView):
    """The landscape carries the claim; below it losses over steps, and what decides them."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words, step = self.words, self.words("step")
        self.map = Landscape(look, words("Six optimisers from one start; click to place it"),
                             height=words("loss"))
        self.map.clicked.connect(self._begin)
        self.readouts = Readouts(look).calm()
        self.losses = CurvePlot(look, words("Loss of all data"), x=step, log_y=True, integer_x=True).calm()
        self.edge = CurvePlot(look, "", x=words("learning rate η"), y=words("factor a step"),
                              y_range=FACTORS)
        self.curvature = CurvePlot(look, "", x=step, y=words("curvature λ"), integer_x=True,
                                   y_min_span=1.0).calm()
        self.pages = Pages(self, "beside", {"edge": (words("Factor a step"), self.edge),
                                            "curvature": (words("Curvature"), self.curvature)})
        top, left, right = Card(look), Card(look), Card(look)
        top.body.addWidget(self.map, 1)
        top.body.addWidget(self.readouts)
        left.body.addWidget(self.losses)
        right.body.addWidget(self.pages)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Landscape"), rank=1, smallest=(420, 250), share=3),
            beside(Place(left, words("Losses"), rank=2, smallest=(290, 190)),
                   Place(right, words("What decides"), rank=3, smallest=(310, 200)), share=2))))

    def _begin(self, x: float, y: float) -> None:
        if self.map.lowest is not None:  # in a network's plane there is no place that says all weights
            self.changed.emit("start", (x, y))

    def _names(self) -> dict[str, str]:
        return {"SGD": "SGD", "momentum": self.words("momentum"), "Nesterov": "Nesterov",
                "RMSProp": "RMSProp", "Adam": "Adam", "AdamW": "AdamW"}

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._draw_map(shown)
        self._draw_readouts(shown)
        self._draw_losses(shown)
        quadratic = shown.params.landscape == "narrow valley"
        page = shown.params.beside or ("edge" if quadratic else "curvature")
        if self.pages.show_page(page) == "edge":
            self._draw_edge(shown)
        else:
            self._draw_curvature(shown)

    def _draw_map(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        network = params.landscape == "small network"
        names = self._names()
        tracks = []
        for index, one in enumerate(OPTIMISERS):
            name = names[one]
            if frame.left[index]:
                name = words("{name} (lost)", name=name)
            tracks.append(Track(frame.paths[index], name, SERIES[index], HOLLOW[index],
                                params.follow == one))
        ghosts = [path for ghost in shown.ghosts if ghost.params.landscape == params.landscape
                  and not network for path in ghost.frame.paths]
        axes = (words("first direction of the paths (PCA)"), words("second direction")) if network \
            else (words("weight w₁"), words("weight w₂"))
        title = words("A network of 33 weights, in the plane of the paths") if network \
            else words("Six optimisers from one start; click to place it")
        self.map.draw(frame.surface, frame.across, frame.up, tracks, ghosts=ghosts,
                      lowest=LOWEST.get(params.landscape), axes=axes, title=title)

    def _draw_readouts(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        items = [("η", decimal(params.learning_rate)),
                 (words("2/λ at {name}", name=self._names()[params.follow]), _limit(frame.curvature))]
        if params.landscape == "small network":
            items.append((words("of the paths' spread in this plane"), percent(frame.held, 1)))
        elif best := self._best(frame):
            items.append((words("lowest now"), best))
        self.readouts.draw(items)

    def _best(self, frame: Frame) -> str:
        return f"{self._names()[OPTIMISERS[int(frame.losses.argmin())]]} {decimal(frame.losses.min())}"

    def _draw_losses(self, shown: Shown[Params, Frame]) -> None:
        curves = [curve for ghost in shown.ghosts for curve in ghost_curves(
            [ghost], NAMES[OPTIMISERS.index(ghost.params.follow)], Curve.width)]
        names, lows, top = self._names(), [0.1], max(1.0, shown.frame.first)
        kept: list[Curve] = []
        steps = np.concatenate([[0.0], shown.history.steps])
        for index, (name, one) in enumerate(zip(NAMES, OPTIMISERS, strict=True)):
            losses = np.concatenate([[shown.frame.first], shown.history[name]])
            followed = shown.params.follow == one
            lows.append(float(losses.min()))
            # their names are in the key of the landscape
            kept.append(Curve(losses, steps, names[one] if followed else "", SERIES[index],
                                "dashed" if HOLLOW[index] else "solid", 3.0 if followed else 1.6))
        low = 10.0 ** math.floor(math.log10(max(FLOOR, min(lows))))
        high = 10.0 ** math.ceil(math.log10(10 * top))
        curves += [replace(one, y=np.where(one.y <= high, one.y, np.nan)) for one in kept]
        self.losses.draw(curves, y_range=(low, high))

    def _draw_edge(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words, names = shown.frame, shown.params, self.words, self._names()
        low, high = FACTORS
        curves = []
        for index, curve in enumerate(frame.factors[:, :-1] if len(frame.rates) else ()):
            kept = np.where((low <= curve) & (curve <= high), curve, np.nan)
            curves.append(Curve(kept, frame.rates[:-1], names[OPTIMISERS[index]], SERIES[index],
                                "dashed" if HOLLOW[index] else "solid"))
        for index, factor in enumerate(frame.measured):
            if low <= factor <= high:
                curves.append(Curve(np.array([factor]), np.array([params.learning_rate]), "",
                                    SERIES[index], "dots", 3.5))
        rules, note = [], words("one factor for all places: on a quadratic only")
        if curves:
            rules = [Rule(1.0, words("above: away"))]
            note = words("dots: measured lately") if frame.measured.any() else ""
            if params.learning_rate < frame.rates[-1]:
                rules.append(Rule(params.learning_rate, "η", axis="x"))
        end = float(frame.rates[-1]) if curves else 1.0
        self.edge.draw(curves, rules, x_range=(0.0, end), note=note)

    def _draw_curvature(self, shown: Shown[Params, Frame]) -> None:
        params, words = shown.params, self.words
        curves = ghost_curves(shown.ghosts, "curvature", Curve.width)
        y, x = shown.history.points("curvature")
        index = OPTIMISERS.index(params.follow)
        curves.append(Curve(y, x, words("λ at {name}", name=self._names()[params.follow]), SERIES[index],
                            "dashed" if HOLLOW[index] else "solid"))
        limit = 2.0 / params.learning_rate
        if limit <= 6 * max([0.1, *y]):
            self.curvature.draw(curves, [Rule(limit, words("2/η: SGD cannot stay above"))])
        else:
            self.curvature.draw(curves, note=words("2/η is {limit}, far above", limit=decimal(limit)))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, params, words, names = shown.frame, shown.params, self.words, self._names()
        lost = [names[one] for one, left in zip(OPTIMISERS, frame.left, strict=True) if left]
        after = quantity(shown.step, "step", words)
        values = {"steps": after, "rate": decimal(params.learning_rate), "best": self._best(frame)}
        if params.landscape == "small network":
            return words("After {steps} at η = {rate}, the lowest loss is that of {best}; the plane holds "
                         "{held} of the paths' spread.", held=percent(frame.held), **values)
        if params.landscape == "narrow valley":
            edge = decimal(float(frame.edges[0]))
            factor = fixed(abs(1 - params.learning_rate * params.steepness))
            return words("At η = {rate} a step multiplies SGD's distance across the valley by {factor}; the "
                         "edge is 2/λ = {edge}. After {steps} lost: {lost}.", factor=factor, edge=edge,
                         lost=words("none") if not lost else words(", ").join(lost), **values)
        return words("After {steps} at η = {rate}, the lowest is {best}; where {name} is, 2/λ is {limit}.",
                     name=names[params.follow], limit=_limit(frame.curvature), **values)


def _limit(curvature: float) -> str:
    """2/λ; where nothing bends upwards no step is too large."""
    return decimal(2.0 / curvature) if curvature > 1e-9 else "–"
