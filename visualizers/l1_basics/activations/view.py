"""The picture of activation functions: how much of the gradient each lets through a stack of layers."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l1_basics.activations.panel import (
    ACTIVATIONS,
    FAINTEST,
    LEARNT,
    LOSSES,
    POINTS,
    REACH,
    Frame,
    Params,
)
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule, Style
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look
from widgets.theme.numbers import decimal, percent, quantity, times
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

# Relatives share a colour; the younger one is dashed.
DRAWN: tuple[tuple[int, Style], ...] = ((1, "solid"), (3, "solid"), (0, "solid"), (0, "dashed"),
                                        (2, "solid"), (2, "dashed"))
Z = np.linspace(-REACH, REACH, POINTS)
HIGH = 0.8  # of the histogram's highest bin, in the plot of the curve


class ActivationsView(PanelView):
    """The large plot carries the claim; below it the curve, and loss, slopes or flat units by layer."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        layer = words("hidden layer, 1 is next to the input")
        self.main = CurvePlot(look, words("How much of the gradient reaches each layer"), x=layer,
                              y=words("|∂L/∂a|, last layer = 1"), log_y=True, integer_x=True)
        self.readouts = Readouts(look).calm()
        self.curve = CurvePlot(look, words("Curve and slope"), x=words("weighted sum z"),
                               x_range=(-REACH, REACH), y_range=(-1.1, 1.6))
        self.loss = CurvePlot(look, "", x=words("training step"), y=words("loss"), integer_x=True).calm()
        self.slope = Heatmap(look, "", x=layer, values=True, color_bar=False).calm()
        self.flat = Heatmap(look, "", x=layer, values=True, color_bar=False, write=percent).calm()
        top, left, right = Card(look), Card(look), Card(look)
        self.beside = Pages(self, "beside", {
            "loss": (words("Loss"), self.loss), "slope": (words("Mean slope"), self.slope),
            "flat": (words("Flat units"), self.flat)})

        self.main.clicked.connect(lambda x, _y: self.changed.emit("layer", max(1, round(x))))
        self.curve.clicked.connect(
            lambda x, _y: self.changed.emit("z", round(min(max(x, -REACH), REACH), 2)))
        for heatmap in (self.slope, self.flat):
            heatmap.clicked.connect(self._choose)

        top.body.addWidget(self.main, 1)
        top.body.addWidget(self.readouts)
        left.body.addWidget(self.curve)
        right.body.addWidget(self.beside)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Gradient"), rank=1, smallest=(420, 220), share=4),
            beside(Place(left, words("Curve and slope"), rank=2, smallest=(300, 200)),
                   Place(right, words("More"), rank=3, smallest=(330, 200)), share=3))))

    def _choose(self, row: int, column: int) -> None:
        self.changed.emit("layer", column + 1)
        self.changed.emit("activation", ACTIVATIONS[row])

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        which = ACTIVATIONS.index(shown.params.activation)
        self._draw_main(shown, which)
        self._draw_curve(shown, which)
        self.readouts.draw([
            (words("{name}, per layer back", name=self.words(ACTIVATIONS[which])),
             times(float(frame.factor[which]))),
            (words("reaches layer 1"), decimal(_share(frame, which))),
            (words("dead units"), percent(float(frame.dead[which]))),
            (words("accuracy"), percent(float(frame.accuracy[which]))),
        ])
        match self.beside.show_page(shown.params.beside):
            case "loss":
                self._draw_loss(shown, which)
            case "slope":
                self._draw_layers(self.slope, frame.slope, which, frame)
            case "flat":
                self._draw_layers(self.flat, frame.flat, which, frame)

    def _draw_main(self, shown: Shown[Params, Frame], which: int) -> None:
        frame, depth = shown.frame, shown.params.depth
        curves = [Curve(_power(ghost.frame.log_gradient[ACTIVATIONS.index(ghost.params.activation)]),
                        np.arange(1, ghost.params.depth + 1), ghost.label, style="ghost")
                  for ghost in shown.ghosts]
        layers = np.arange(1, depth + 1)
        curves.append(Curve(_power(frame.log_bound), layers, self.words(
            "all that {name} could let through", name=self.words(ACTIVATIONS[which])),
            DRAWN[which][0], "area", width=1.0))
        for one in _last(which):
            series, style = DRAWN[one]
            curves.append(Curve(_power(frame.log_gradient[one]), layers, self.words(ACTIVATIONS[one]),
                                series, style, width=3.5 if one == which else 1.5))
        rules = [Rule(frame.layer, self.words("layer {layer}", layer=decimal(frame.layer)),
                      axis="x")]
        longest = max([depth, *(ghost.params.depth for ghost in shown.ghosts)])
        self.main.draw(curves, rules, x_range=(1.0, float(longest)))

    def _draw_curve(self, shown: Shown[Params, Frame], which: int) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        series = DRAWN[which][0]
        edges = np.linspace(-REACH, REACH, len(frame.counted) + 1)
        height = HIGH * frame.counted / max(float(frame.counted.max()), 1e-9)
        curves = [Curve(ghost.frame.curve_slope, Z, style="ghost") for ghost in shown.ghosts]
        curves += [
            Curve(height, (edges[1:] + edges[:-1]) / 2,
                  words("where the sums of layer {layer} lie", layer=decimal(frame.layer)), 3 - series,
                  "area", width=1.0),
            Curve(frame.curve, Z, "f", series, "dashed"),
            Curve(frame.curve_slope, Z, words("slope f′"), series, width=3.0),
            Curve(np.array([frame.at, frame.slope_at]), np.full(2, params.z), "", series, "dots"),
        ]
        note = words("z = {z}: f = {f}, f′ = {slope}, at most {greatest}", z=decimal(params.z),
                     f=decimal(frame.at), slope=decimal(frame.slope_at), greatest=decimal(frame.greatest))
        self.curve.draw(curves, [Rule(params.z, "z", axis="x")], note=note,
                        title=words("{name}: curve and slope", name=self.words(ACTIVATIONS[which])))

    def _draw_loss(self, shown: Shown[Params, Frame], which: int) -> None:
        curves = []
        for ghost in shown.ghosts:
            values, steps = ghost.history.points(LOSSES[ACTIVATIONS.index(ghost.params.activation)])
            curves.append(Curve(values, steps, style="ghost", width=1.5))
        for one in _last(which):
            series, style = DRAWN[one]
            curves.append(Curve(shown.history[LOSSES[one]], shown.history.steps,
                                self.words(ACTIVATIONS[one]), series, style,
                                width=2.5 if one == which else 1.2))
        self.loss.draw(curves, [Rule(math.log(2), self.words("guessing"))], y_range=(0.0, 1.0))

    def _draw_layers(
        self, heatmap: Heatmap, values: NDArray[np.float32], which: int, frame: Frame
    ) -> None:
        layers = tuple(decimal(one) for one in range(1, values.shape[1] + 1))
        heatmap.draw(values, low=0.0, high=1.0, x_labels=layers,
                     y_labels=tuple(self.words(one) for one in ACTIVATIONS),
                     row=which, column=frame.layer - 1)

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, params, words = shown.frame, shown.params, self.words
        which = ACTIVATIONS.index(params.activation)
        learnt = words("{count} of 6 networks have learnt",
                       count=decimal(int((frame.accuracy > LEARNT).sum())))
        return words(
            "After {steps}, {name} passes {factor} of the gradient at each layer back and {share} to the "
            "first of {layers}; {learnt}.", steps=quantity(shown.step, "step of training", words),
            name=self.words(params.activation), factor=decimal(float(frame.factor[which])),
            share=decimal(_share(frame, which)), layers=quantity(params.depth, "layer", words),
            learnt=learnt)


def _last(which: int) -> list[int]:
    """All activations, the one looked at drawn over the others."""
    return [*(one for one in range(len(ACTIVATIONS)) if one != which), which]


def _share(frame: Frame, which: int) -> float:
    """What reaches the first layer, of what is at the last."""
    log = float(frame.log_gradient[which, 0])
    return 10.0**log if log > FAINTEST else 0.0


def _power(log10: NDArray[np.float32]) -> NDArray[np.float64]:
    """What was given as log10; a gap where it is exactly zero."""
    return np.where(log10 > FAINTEST, 10.0 ** log10.astype(np.float64), np.nan)
