"""The picture of the race: who gets it right, how far errors reach, and what is remembered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l2_networks.rnn_memory.panel import BASELINE, NETWORKS, SYMBOLS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule, running_mean
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, percent, quantity
from widgets.views.cards import Card, stacked
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.view import PanelView

COLORS = (1, 3, 2, 0)  # series of each network
SMOOTHING = 20  # steps that a curve of the race is a mean of
LOST = -38.0  # log10 below which a reach is no longer drawn


class RnnMemoryView(PanelView):
    """The race carries the claim; below it the reach of the errors, and what is remembered."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.names = (words("RNN"), words("orthogonal RNN"), words("GRU"), words("LSTM"))
        step, position = words("training step"), words("position in the sequence")
        self.accuracy = CurvePlot(look, words("Who names the first symbol"), x=step,
                                  y=words("accuracy"), y_range=(0.0, 1.06), integer_x=True)
        self.error = CurvePlot(look, words("Who adds the two marked numbers"), x=step,
                               y=words("squared error"), log_y=True, integer_x=True)
        self.race = stacked(self.accuracy, self.error)
        self.readouts = Readouts(look).calm()
        self.reach = CurvePlot(look, words("Error that reaches each position"), x=position,
                               y=words("|∂L/∂state|, relative"), log_y=True, integer_x=True).calm()
        self.memory = Heatmap(look, words("What can be read from the last state"),
                              x=position).calm()

        top, left, right = Card(look), Card(look), Card(look)
        top.body.addWidget(self.race, 1)
        top.body.addWidget(self.readouts)
        left.body.addWidget(self.reach)
        right.body.addWidget(self.memory)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Race"), rank=1, smallest=(400, 200), share=3),
            beside(Place(left, words("Error"), rank=2, smallest=(280, 210)),
                   Place(right, words("Memory"), rank=3, smallest=(280, 180)), share=2))))

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, copying = shown.frame, _copying(shown.params)
        plot = self.accuracy if copying else self.error
        self.race.setCurrentWidget(plot)
        curves = [
            Curve(running_mean(ghost.history[name], SMOOTHING), ghost.history.steps, style="ghost", width=1.5,
                  label=f"{self.names[index]}, {ghost.label}")
            for ghost in shown.ghosts if _copying(ghost.params) == copying
            for index, name in enumerate(NETWORKS)
        ]
        curves += [Curve(running_mean(shown.history[name], SMOOTHING), shown.history.steps, self.names[index],
                         series=COLORS[index], width=2.5) for index, name in enumerate(NETWORKS)]
        plot.draw(curves, [Rule(1 / SYMBOLS, self.words("guessing")) if copying
                           else Rule(BASELINE, self.words("always answering 1"))])
        self._draw_readouts(shown)
        self._draw_reach(shown)
        names = [count(one) for one in frame.positions]
        self.memory.draw(
            frame.memory, low=1 / SYMBOLS if copying else 0.0, high=1.0, x_labels=names,
            y_labels=self.names,
            title=" · ".join(one for one in (
                self.words("What can be read from the last state") if copying
                else self.words("What counts in the answer"), self.of_step(shown)) if one))

    def _draw_readouts(self, shown: Shown[Params, Frame]) -> None:
        items = []
        if len(shown.history):
            scores = [float(running_mean(shown.history[name], SMOOTHING)[-1]) for name in NETWORKS]
            write = percent if _copying(shown.params) else decimal
            items = [(name, write(one)) for name, one in zip(self.names, scores, strict=True)]
        weights = " · ".join(count(one) for one in shown.frame.weights)
        self.readouts.draw([*items, (self.words("weights"), weights)])

    def _draw_reach(self, shown: Shown[Params, Frame]) -> None:
        """Curves run as errors do, from the end back: so their names stand where they differ."""
        curves = []
        for ghost in shown.ghosts:
            curves += [Curve(_power(one[::-1]), np.arange(len(one), 0, -1), style="ghost", width=1.5)
                       for one in ghost.frame.log_reach]
        curves += [Curve(_power(one[::-1]), np.arange(len(one), 0, -1), self.names[index],
                         series=COLORS[index]) for index, one in enumerate(shown.frame.log_reach)]
        self.reach.draw(curves, x_range=(1.0, max(len(one.y) for one in curves)))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        copying, length, words = _copying(shown.params), shown.params.length, self.words
        if not len(shown.history):
            return words(
                "Before training, of the error there reaches the first of {steps}: RNN {rnn}, "
                "orthogonal RNN {orthogonal}, GRU {gru}, LSTM {lstm}.",
                steps=quantity(length, "step", words),
                **{name.lower(): decimal(float(10.0 ** one[0])) for name, one
                   in zip(NETWORKS, shown.frame.log_reach, strict=True)})
        scores = {name.lower(): float(running_mean(shown.history[name], SMOOTHING)[-1]) for name in NETWORKS}
        steps = quantity(shown.step, "step", words)
        if copying:
            return words(
                "After {steps} the first of {symbols} is named right: RNN {rnn}, orthogonal RNN "
                "{orthogonal}, GRU {gru}, LSTM {lstm}.", steps=steps,
                symbols=quantity(length, "symbol", words),
                **{name: percent(one) for name, one in scores.items()})
        return words(
            "After {steps} of adding over {numbers} the squared error is: RNN {rnn}, orthogonal RNN "
            "{orthogonal}, GRU {gru}, LSTM {lstm}.", steps=steps,
            numbers=quantity(length, "number", words),
            **{name: decimal(one) for name, one in scores.items()})


def _copying(params: Params) -> bool:
    return params.task == "copy the first symbol"


def _power(log10: NDArray[np.float32]) -> NDArray[np.float64]:
    """What was given as log10; a gap where next to nothing is left."""
    return np.where(log10 > LOST, 10.0 ** log10.astype(np.float64), np.nan)
