"""The picture of mixed precision: where gradients lie, and which format has a window there."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from visualizers.l5_compression.mixed_precision.panel import (
    BINS,
    FIRST,
    FORMATS,
    LAYERS,
    NAMES,
    Frame,
    Params,
)
from visualizers.panel import History, Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, Rule, running_mean
from widgets.pictures.exponents import Exponents, Fate, Window
from widgets.pictures.readouts import Readouts
from widgets.pictures.table import Table
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, percent, power_of_two
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

WINDOWS = tuple(Window(name, one.low, one.least, math.frexp(one.largest)[1] - 1)
                for name, one in FORMATS.items())
STEPS_MEANT = 10  # over which the drawn losses are averaged: a batch is small
HIGHEST_LOSS = 4.0


class MixedPrecisionView(PanelView):
    """The exponents above the windows; both losses; and one of four close-ups."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words, steps = self.words, self.words("training step")
        self.main = Exponents(look, "", x=words("size of a gradient, times the loss scale"),
                              y=words("gradients"))
        self.main.clicked.connect(lambda row: self.changed.emit("number_format", NAMES[row]))
        self.readouts = Readouts(look).calm()
        self.losses = CurvePlot(look, words("Losses"), x=steps, y_range=(0.0, HIGHEST_LOSS),
                                integer_x=True).calm()
        self.scale = CurvePlot(look, "", x=steps, y=words("loss scale"), log_y=True,
                               integer_x=True).calm()
        self.lost = CurvePlot(look, "", x=steps, y=words("share"), y_range=(0.0, 1.0),
                              integer_x=True).calm()
        self.layers = BarChart(look, "", x=words("gradients that became zero"), high=1.0,
                               write=percent).calm()
        self.formats = Table(look, "", [(words("format"), 5), (words("step below 1"), 6), ("1 − u", 7),
                                        (words("the weight"), 5)])
        self.beside = Pages(self, "beside", {
            "lost": (words("Lost"), self.lost), "scale": (words("Scale"), self.scale),
            "layers": (words("Layers"), self.layers), "formats": ("1 − u", self.formats)})

        top, left, right = Card(look), Card(look), Card(look)
        top.body.addWidget(self.main, 1)
        top.body.addWidget(self.readouts)
        left.body.addWidget(self.losses)
        right.body.addWidget(self.beside)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Gradients"), rank=1, smallest=(420, 230), share=2),
            beside(Place(left, words("Losses"), rank=2, smallest=(280, 170)),
                   Place(right, words("More"), rank=3, smallest=(330, 200)), share=1))))

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        self._draw_exponents(shown)
        items = [(self.words("became zero"), percent(frame.lost_share)),
                 (self.words("overflowed"), percent(frame.overflowed_share)),
                 (self.words("loss scale"), _scale(frame.scale)),
                 (self.words("steps skipped"), count(frame.skipped))]
        if of_step := self.of_step(shown):
            items.append(("", of_step))
        self.readouts.draw(items)
        self._draw_losses(shown)
        match self.beside.show_page(shown.params.beside):
            case "lost":
                self._draw_lost(shown)
            case "scale":
                self._draw_scale(shown)
            case "layers":
                self._draw_layers(frame)
            case _:
                self._draw_formats(shown)

    def _draw_exponents(self, shown: Shown[Params, Frame]) -> None:
        frame, words, params = shown.frame, self.words, shown.params
        ghosts: list[tuple[NDArray[np.float64], str]] = []
        if frame.scale != 1:
            ghosts.append((_moved(_all(frame), -math.log2(frame.scale)), words("without the scale")))
        ghosts += [(_all(ghost.frame), ghost.label) for ghost in shown.ghosts]
        self.main.draw(
            FIRST, [Fate(words("kept"), frame.kept, 0),
                    Fate(words("became zero"), frame.lost, 1, Qt.BrushStyle.DiagCrossPattern),
                    Fate(words("overflowed"), frame.overflowed, 3, Qt.BrushStyle.Dense4Pattern)],
            WINDOWS, chosen=NAMES.index(params.number_format), ghosts=ghosts,
            title=words("Every gradient of a batch, and what {format} makes of it",
                        format=params.number_format))

    def _draw_losses(self, shown: Shown[Params, Frame]) -> None:
        history, words = shown.history, self.words
        curves = [Curve(*_mean(ghost.history, "loss"), ghost.label, style="ghost", width=1.5)
                  for ghost in shown.ghosts]
        curves += [Curve(*_mean(history, "reference_loss"), words("all in float32"), series=2,
                         style="dashed"),
                   Curve(*_mean(history, "loss"), shown.params.number_format, width=2.5)]
        skipped = history.steps[history["skipped"] > 0]
        if len(skipped):
            curves.append(Curve(np.zeros(len(skipped)), skipped, words("skipped"), series=3,
                                style="dots", width=3.0))
        self.losses.draw(curves, [Rule(math.log(10), words("guessing"))], note=words(
            "held out: {ours} right, float32 {theirs}", ours=percent(shown.frame.accuracy),
            theirs=percent(shown.frame.reference_accuracy)))

    def _draw_scale(self, shown: Shown[Params, Frame]) -> None:
        history = shown.history
        curves = [Curve(2.0 ** ghost.history["log_scale"], ghost.history.steps, ghost.label, style="ghost")
                  for ghost in shown.ghosts]
        scale, skipped = 2.0 ** history["log_scale"], history["skipped"] > 0
        curves.append(Curve(scale, history.steps, "", style="steps"))
        if skipped.any():
            curves.append(Curve(scale[skipped], history.steps[skipped], self.words("skipped"), series=3,
                                style="dots", width=3.0))
        note = self.words("the loss is not scaled") if shown.params.scaling == "none" else ""
        self.scale.draw(curves, note=note)

    def _draw_lost(self, shown: Shown[Params, Frame]) -> None:
        history = shown.history
        curves = [Curve(*ghost.history.points(name), ghost.label if name == "lost" else "", style="ghost",
                        width=1.5) for ghost in shown.ghosts for name in ("lost", "unmoved")]
        curves += [Curve(*_mean(history, "unmoved"), self.words("updates that moved nothing"), series=1),
                   Curve(*history.points("lost"), self.words("gradients that became zero"))]
        self.lost.draw(curves)

    def _draw_layers(self, frame: Frame) -> None:
        words = self.words
        layers = range(1, LAYERS + 1)
        names = [*(words("errors of layer {layer}", layer=one) for one in layers),
                 *(words("weights of layer {layer}", layer=one) for one in layers)]
        self.layers.draw(frame.tensor_lost, names, series=[0] * LAYERS + [1] * LAYERS)

    def _draw_formats(self, shown: Shown[Params, Frame]) -> None:
        words, rows = self.words, []
        for (name, one), after in zip(FORMATS.items(), shown.frame.after_update, strict=True):
            rows.append((name, power_of_two(-one.mantissa - 1), decimal(float(after), 8),
                         words("stays") if after == 1 else words("moves")))
        self.formats.draw(rows, selected=NAMES.index(shown.params.number_format),
                          title=words("What is 1 − {update}?", update=decimal(shown.params.update)))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, params = shown.frame, shown.params
        values = {"format": params.number_format, "lost": percent(frame.lost_share),
                  "scale": _scale(frame.scale), "ours": percent(frame.accuracy),
                  "theirs": percent(frame.reference_accuracy), "step": count(shown.measured)}
        return self.words("In {format} with a loss scale of {scale}, {lost} of the gradients become zero; "
                          "after {step} steps {ours} of the held-out digits are read, in float32 {theirs}.",
                          **values)


def _all(frame: Frame) -> NDArray[np.float64]:
    total: NDArray[np.float64] = (frame.kept + frame.lost + frame.overflowed).astype(np.float64)
    return total


def _moved(counts: NDArray[np.float64], by: float) -> NDArray[np.float64]:
    """Counts by exponent, ``by`` exponents further on; what leaves the axis is left out."""
    at = np.arange(BINS) - round(by)
    there = (at >= 0) & (at < BINS)
    return np.where(there, counts[np.clip(at, 0, BINS - 1)], 0.0)


def _scale(scale: float) -> str:
    exponent = round(math.log2(scale))
    return power_of_two(exponent) if exponent > 6 or exponent < 0 else count(scale)


def _mean(history: History, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A scalar's mean over the last steps, and the steps."""
    return running_mean(history[name], STEPS_MEANT), history.steps
