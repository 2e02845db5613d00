"""The picture of gradients through time: how much of the error reaches each earlier state."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l2_networks.rnn_gradients.panel import CLIP_OFF, FAINTEST, Frame, Params
from visualizers.panel import History, Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, fixed, percent, quantity
from widgets.views.cards import Card, Switch, stacked
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.view import PanelView

BESIDE = ("gradient norm", "gates", "singular values")
FLOAT32 = 1.2e-38  # the smallest number that ordinary training can hold in full precision
ROOMS = (2.0, 5.0, 10.0)  # heights of the plot of losses


class RnnGradientsView(PanelView):
    """The large plot carries the claim; below it loss and accuracy, and one of three close-ups."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words, back = self.words, self.words("steps back from the answer")
        self.main = CurvePlot(look, words("How much of the error reaches each earlier state"),
                              x=back, y="|∂L/∂h|", log_y=True, integer_x=True)
        self.readouts = Readouts(look).calm()
        self.progress = CurvePlot(look, words("Loss and accuracy"), x=words("training step"),
                                  y_range=(0.0, 2.0), integer_x=True).calm()
        self.switch = Switch(look, [words("Gradient norm"), words("Gates"), words("Singular values")])
        self.switch.chosen.connect(self._choose)
        self.norm = CurvePlot(look, "", x=words("training step"), y=words("|∂L/∂weights|"),
                              log_y=True, integer_x=True).calm()
        self.gates = CurvePlot(look, "", x=back, y=words("mean over units"), y_range=(0.0, 1.0),
                               integer_x=True).calm()
        self.singular = CurvePlot(look, "", x=back, y=words("σ of ∂h_T/∂h"),
                                  log_y=True, integer_x=True).calm()
        self.stack = stacked(self.norm, self.gates, self.singular)

        top, left, right = Card(look), Card(look), Card(look)
        top.body.addWidget(self.main, 1)
        top.body.addWidget(self.readouts)
        left.body.addWidget(self.progress)
        right.body.addWidget(self.switch)
        right.body.addWidget(self.stack, 1)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Gradient"), rank=1, smallest=(400, 200), share=3),
            beside(Place(left, words("Loss and accuracy"), rank=2, smallest=(280, 170)),
                   Place(right, words("More"), rank=3, smallest=(310, 200)), share=2))))

    def _choose(self, index: int) -> None:
        self.changed.emit("beside", BESIDE[index])

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self._draw_main(shown)
        self.readouts.draw([
            (self.words("factor per step back"), fixed(frame.slope, 3)),
            (self.words("over {steps}", steps=quantity(params.length, "step", self.words)),
             decimal(_whole(frame))),
            (self.words("spectral radius now"), fixed(frame.radius, 3)),
        ])
        self._draw_progress(shown)
        gated = params.cell in ("GRU", "LSTM")
        beside = BESIDE.index(params.beside) if params.beside in BESIDE else int(gated)
        self.switch.set(beside)
        self.stack.setCurrentIndex(beside)
        (self._draw_norm, self._draw_gates, self._draw_singular)[beside](shown)

    def _draw_main(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        curves = [Curve(_power(ghost.frame.log_gradient), label=ghost.label, style="ghost")
                  for ghost in shown.ghosts]
        theory = self.words("theory: {radius} per step", radius=fixed(frame.radius)) \
            if params.cell in ("linear", "tanh") else self.words("theory: what the gates keep")
        curves.append(Curve(_power(frame.log_theory), label=theory, series=1, style="dashed",
                            width=1.5))
        if len(frame.log_cell_gradient):
            curves.append(Curve(_power(frame.log_cell_gradient), label="|∂L/∂c|", series=2,
                                x=np.arange(1, len(frame.log_cell_gradient) + 1), width=2.0))
        curves.append(Curve(_power(frame.log_gradient), width=3.0, label=self.words(
            "{cell}, radius {radius}", cell=self._cell(params), radius=fixed(frame.radius))))
        longest = max(len(one.log_gradient) for one in
                      (frame, *(ghost.frame for ghost in shown.ghosts))) - 1
        lost = FAINTEST < frame.log_gradient.min() < np.log10(FLOAT32)
        rules = [Rule(FLOAT32, self.words("the smallest float32"))] if lost else []
        note = "" if frame.slope > 0 else self.words("no error is left: all answers are right")
        self.main.draw(curves, rules, note=note, x_range=(0.0, longest))

    def _cell(self, params: Params) -> str:
        return self.words("linear") if params.cell == "linear" else params.cell

    def _draw_progress(self, shown: Shown[Params, Frame]) -> None:
        history = shown.history
        curves = []
        for ghost in shown.ghosts:
            steps = ghost.history.steps
            curves += [Curve(ghost.history["loss"], steps, style="ghost", width=1.5),
                       Curve(ghost.history["accuracy"], steps, style="ghost", width=1.5)]
        curves += [
            Curve(history["loss"], history.steps, self.words("loss"), width=1.5),
            Curve(history["accuracy"], history.steps, self.words("accuracy"), series=2, width=1.5),
        ]
        last = history.last()
        note = self.words("loss {loss}, accuracy {accuracy}", loss=decimal(last["loss"]),
                          accuracy=percent(last["accuracy"])) if last else ""
        self.progress.draw(curves, [Rule(0.25, self.words("guessing"))], note=note,
                           y_range=(0.0, _room(history["loss"])))

    def _draw_norm(self, shown: Shown[Params, Frame]) -> None:
        norms, clipped = shown.history["gradient_norm"], shown.history["clipped"] > 0
        curves = [Curve(ghost.history["gradient_norm"], ghost.history.steps, style="ghost",
                        width=1.5) for ghost in shown.ghosts]
        curves.append(Curve(norms, shown.history.steps, width=1.5))
        rules = []
        if shown.params.clip < CLIP_OFF:
            rules.append(Rule(shown.params.clip, self.words("clip"), series=1))
        note = ""
        if clipped.any():
            curves.append(Curve(norms[clipped], shown.history.steps[clipped], series=1, style="dots"))
            # Of what is older only telling steps are kept, and clipped ones more often.
            share = percent(float(clipped[-History.EXACT:].mean()))
            note = self.words("{share} of the steps clipped", share=share) if shown.history.whole else \
                self.words("{share} of the last {steps} steps clipped", share=share,
                           steps=count(History.EXACT))
        self.norm.draw(curves, rules, note=note)

    def _draw_gates(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        names = {
            "z": self.words("update gate z (keeps)"), "r": self.words("reset gate r"),
            "f": self.words("forget gate f (keeps)"), "i": self.words("input gate i"),
            "o": self.words("output gate o"), "1 − h²": self.words("slope of tanh, 1 − h²"),
        }
        curves = [Curve(means, np.arange(len(means)), names[name], series=series)
                  for series, (name, means) in enumerate(zip(frame.gate_names, frame.gate_means,
                                                             strict=True))]
        note = "" if curves else self.words("a linear cell has no gates")
        self.gates.draw(curves, x_range=(0.0, shown.params.length), note=note)

    def _draw_singular(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        steps = frame.singular_steps
        self.singular.draw([
            Curve(_power(frame.log_smallest), steps[: len(frame.log_smallest)],
                  self.words("smallest"), series=1),
            Curve(_power(frame.log_largest), steps, self.words("largest")),
        ], x_range=(0.0, shown.params.length))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, params, words = shown.frame, shown.params, self.words
        values = {
            "cell": self._cell(params), "far": quantity(params.length, "step", words),
            "factor": decimal(frame.slope), "whole": decimal(_whole(frame)),
        }
        if last := shown.history.last():
            return _sentence(self.words(
                "{cell} cell after {steps}: one step back multiplies the gradient by about {factor}, "
                "{far} back by {whole}; accuracy {accuracy}.",
                steps=quantity(shown.step, "step of training", words),
                accuracy=percent(last["accuracy"]), **values))
        return _sentence(self.words(
            "{cell} cell before training: one step back multiplies the gradient by about {factor}, "
            "{far} back by {whole}.", **values))


def _sentence(text: str) -> str:
    """A sentence that begins with a name written small begins with a capital all the same."""
    return text[:1].upper() + text[1:]


def _room(losses: NDArray[np.float64]) -> float:
    """How high the loss may be drawn: enough for nine steps of ten, so that a burst hides nothing. One
    that has blown up is marked at the edge, and accuracy can be read."""
    finite = losses[np.isfinite(losses)]
    return next((top for top in ROOMS if np.count_nonzero(finite <= top) >= 0.9 * len(finite)), ROOMS[0])


def _whole(frame: Frame) -> float:
    """What T steps back make of a gradient, as far as a number can say it."""
    return float(10.0 ** min(300.0, float(frame.log_gradient[-1] - frame.log_gradient[0])))


def _power(log10: NDArray[np.float32]) -> NDArray[np.float64]:
    """What was given as log10; a gap where it is exactly zero."""
    return np.where(log10 > FAINTEST, 10.0 ** log10.astype(np.float64), np.nan)
