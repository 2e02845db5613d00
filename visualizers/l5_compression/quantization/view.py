"""The picture of quantisation: accuracy against size, and the weights among their levels."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l5_compression.quantization.panel import BITS, GRANULARITIES, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart, Histogram
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look
from widgets.theme.numbers import decimal, percent, size, times
from widgets.views.cards import Card, Switch, stacked
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.view import PanelView

BESIDE = ("errors", "layers")


class QuantizationView(PanelView):
    """The front of all tries, the weights among the levels, training, and where the errors are."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        bytes_, steps = words("size in kB"), words("training step")
        # A language model is judged by its perplexity, which needs a logarithmic axis. What is drawn here is
        # measured every few steps, so nothing has to follow each frame.
        self.fronts = [
            CurvePlot(look, words("What the bytes buy"), x=bytes_, y=words("held-out accuracy"),
                      y_range=(0.0, 1.1)).calm(),
            CurvePlot(look, words("What the bytes buy"), x=bytes_, y=words("held-out perplexity"),
                      log_y=True).calm(),
        ]
        self.training = [
            CurvePlot(look, words("While it trains"), x=steps, y=words("held-out accuracy"),
                      y_range=(0.0, 1.0), integer_x=True).calm(),
            CurvePlot(look, words("While it trains"), x=steps, y=words("held-out perplexity"),
                      log_y=True, integer_x=True).calm(),
        ]
        self.readouts = Readouts(look).calm()
        self.histogram = Histogram(look, "", x=words("weight as it is stored"), y=words("weights")).calm()
        self.switch = Switch(look, [words("Errors"), words("Layers")])
        self.switch.chosen.connect(self._choose)
        self.errors = Heatmap(look, "", x=words("input"), y=words("output channel")).calm()
        self.layers = BarChart(look, "", x=words("relative error of the weights"),
                               write=partial(percent, digits=1)).calm()
        self.layers.clicked.connect(self._choose_layer)
        self.front, self.curves, self.close_up = (
            stacked(*self.fronts), stacked(*self.training), stacked(self.errors, self.layers))

        left, right, training, close_up = (Card(look) for _ in range(4))
        left.body.addWidget(self.front, 1)
        left.body.addWidget(self.readouts)
        right.body.addWidget(self.histogram)
        training.body.addWidget(self.curves)
        close_up.body.addWidget(self.switch)
        close_up.body.addWidget(self.close_up, 1)
        self.setLayout(Arrangement(look, below(
            beside(Place(left, words("What the bytes buy"), rank=1, smallest=(380, 200), share=3),
                   Place(right, words("Weights"), rank=2, smallest=(260, 170), share=2), share=3),
            beside(Place(training, words("While it trains"), rank=4, smallest=(300, 170), share=3),
                   Place(close_up, words("Errors"), rank=3, smallest=(260, 200), share=2), share=2))))

    def _choose(self, index: int) -> None:
        self.changed.emit("beside", BESIDE[index])

    def _choose_layer(self, index: int) -> None:
        self.changed.emit("layer", index)

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        language = params.model == "tiny GPT"
        self._draw_front(shown, language)
        self._draw_training(shown, language)
        self.readouts.draw([
            (self.words("as float32"), f"{size(frame.float_bytes)}, {_score(frame, language, True)}"),
            (self.words("rounded"), f"{size(frame.bytes)}, {_score(frame, language, False)}"),
            (self.words("smaller by"), times(frame.float_bytes / frame.bytes)),
        ])
        names = [self._layer(name) for name in frame.layers]
        self.histogram.draw(
            frame.counts, frame.edges, rules=[Rule(float(level), axis="x", series=1)
                                              for level in frame.levels],
            title=self.words("{layer}: its weights and the levels", layer=names[frame.layer]))
        beside = BESIDE.index(params.beside) if params.beside in BESIDE else 0
        self.switch.set(beside)
        self.close_up.setCurrentIndex(beside)
        if beside:
            self.layers.draw(frame.layer_error, names, highlight=frame.layer)
        else:
            self.errors.draw(frame.error, low=0.0, high=1.0, title=self.words(
                "{layer}: |error| / typical weight", layer=names[frame.layer]))

    def _draw_front(self, shown: Shown[Params, Frame], language: bool) -> None:
        frame = shown.frame
        self.front.setCurrentIndex(int(language))
        curves = []
        for ghost in shown.ghosts:
            sizes, score = _front(ghost.frame, language)
            curves.append(Curve(score, sizes, ghost.label, style="ghost"))
        sizes, score = _front(frame, language)
        curves.append(Curve(score, sizes, self.words("best so far") if len(sizes) > 1 else "", series=3,
                            style="dashed", width=1.5))
        names = (self.words("per tensor"), self.words("per channel"), self.words("per group"))
        scores = frame.try_perplexity if language else frame.try_accuracy
        for index in range(len(GRANULARITIES)):
            mine = frame.try_granularity == index
            if mine.any():
                order = np.argsort(frame.try_bytes[mine])
                curves.append(Curve(scores[mine][order], frame.try_bytes[mine][order] / 1000,
                                    names[index] if mine.sum() > 1 else "", series=index,
                                    style="dots", width=3.0))
        sweep = frame.sweep_perplexity if language else frame.sweep_accuracy
        said = self.words("{least} to {most} bits", least=BITS[0], most=BITS[-1])
        curves.append(Curve(sweep, frame.sweep_bytes / 1000, said,
                            series=GRANULARITIES.index(shown.params.granularity), width=1.5))
        now = frame.perplexity if language else frame.accuracy
        exact = frame.float_perplexity if language else frame.float_accuracy
        curves.append(Curve(np.array([now]), np.array([frame.bytes / 1000]),
                            self.words("now: {bits} bits", bits=shown.params.bits),
                            series=GRANULARITIES.index(shown.params.granularity), style="dots",
                            width=6.0))
        widest = max(1.0, float(max(frame.try_bytes.max(), frame.sweep_bytes.max())) / 1000 * 1.15)
        self.fronts[language].draw(curves, [Rule(exact, self.words("float32"))],
                                   x_range=(0.0, widest))

    def _draw_training(self, shown: Shown[Params, Frame], language: bool) -> None:
        history, name = shown.history, "perplexity" if language else "accuracy"
        self.curves.setCurrentIndex(int(language))
        curves = ghost_curves(shown.ghosts, name)
        curves += [
            Curve(*history.points(f"float_{name}"), self.words("float32"), series=1, width=1.5),
            Curve(*history.points(name), self.words("rounded"), width=1.5),
        ]
        self.training[language].draw(curves)

    def _layer(self, name: str) -> str:
        kind, _, number = name.partition(" ")
        return self.words("Layer {number}", number=number) if kind == "layer" else name

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, params = shown.frame, shown.params
        values = {
            "step": shown.measured, "bits": params.bits, "size": size(frame.bytes),
            "whole": size(frame.float_bytes),
            "exact": _score(frame, params.model == "tiny GPT", True),
            "rounded": _score(frame, params.model == "tiny GPT", False),
        }
        if params.model == "tiny GPT":
            return self.words("With weights of {bits} bits the model takes {size} instead of {whole}; "
                              "after {step} steps its held-out perplexity is {rounded} instead of "
                              "{exact}.", **values)
        return self.words("With weights of {bits} bits the network takes {size} instead of {whole}; after "
                          "{step} steps its held-out accuracy is {rounded} instead of {exact}.", **values)


def _score(frame: Frame, language: bool, exact: bool) -> str:
    if language:
        return decimal(frame.float_perplexity if exact else frame.perplexity)
    return percent(frame.float_accuracy if exact else frame.accuracy, digits=1)


def _front(frame: Frame, language: bool) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """The tries that no smaller one beats, by size in kB: (sizes, scores)."""
    scores = frame.try_perplexity if language else frame.try_accuracy
    better = -scores if language else scores
    order = np.lexsort((-better, frame.try_bytes))
    best = np.maximum.accumulate(better[order])
    kept = order[np.concatenate(([True], best[1:] > best[:-1]))]
    return frame.try_bytes[kept] / 1000, scores[kept]
