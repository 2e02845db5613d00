"""The picture of stance: who gets which questions right, and one sentence under every target."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l9_social.stance.panel import Frame, Params, sentence_key
from visualizers.panel import Shown
from widgets.pictures.bargrid import BarGrid
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves
from widgets.pictures.dragbars import DragBars, unit_row
from widgets.pictures.tokens import TokenStrip
from widgets.theme.look import Look
from widgets.theme.marks import named
from widgets.theme.numbers import percent, quantity, signed
from widgets.theme.words import tr_mark
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.view import PanelView

FEELINGS = (tr_mark("negative feeling"), tr_mark("positive feeling"))
MODELS = (tr_mark("told the target"), tr_mark("not told"), tr_mark("sentiment alone"))
CURVES = ("accuracy", "plain_accuracy", "feeling_accuracy")


class StanceView(PanelView):
    """The table on top; below, a sentence with its targets, and the accuracies while training."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.grid = BarGrid(look, " ").calm()
        self.grid.clicked.connect(self._choose_cell)
        self.strip = TokenStrip(look, " ", lines=2)
        self.strip.clicked.connect(self._remove)
        self.bars = DragBars(look, " ")
        self.bars.setMinimumHeight(look.px(112))
        self.bars.clicked.connect(lambda row, _: self._choose_target(row))
        self.accuracy = CurvePlot(look, words("Accuracy"),
                                  x=words("training step"), y_range=(0.0, 1.04), integer_x=True).calm()
        self._frame: Frame | None = None
        self._params = Params()

        top, left, right = Card(look), Card(look), Card(look)
        top.body.addWidget(self.grid)
        left.body.addWidget(self.strip)
        left.body.addWidget(self.bars, 1)
        right.body.addWidget(self.accuracy)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Feeling and stance"), rank=1, smallest=(400, 215), share=10),
            beside(Place(left, words("Sentence"), rank=2, smallest=(380, 235), share=5),
                   Place(right, words("Accuracy"), rank=3, smallest=(230, 150), share=3), share=9))))

    # --- what a click does

    def _choose_cell(self, row: int, column: int) -> None:
        """A second click on the same cell lets go."""
        self.changed.emit("cell", (-1, -1) if (row, column) == self._params.cell else (row, column))

    def _choose_target(self, row: int) -> None:
        if self._frame is not None and row < len(self._frame.targets):
            self.changed.emit("target", row)

    def _remove(self, token: int) -> None:
        """Leave a word out, or put it back."""
        if self._frame is not None:
            left_out = set(self._frame.removed) ^ {token}
            self.changed.emit("removed", (sentence_key(self._params), *sorted(left_out))
                              if left_out else ())

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self._frame, self._params = frame, params
        self._draw_grid(shown)
        self._draw_sentence(frame)
        self._draw_targets(frame)
        self._draw_accuracy(shown)

    def _name(self, stance: int, frame: Frame) -> str:
        return self.words(frame.names[stance])

    def _draw_grid(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        misled = [(row, column) for row in (0, 1) for column in range(len(frame.names))
                  if column != frame.by_feeling[row] and frame.counts[row, column]]
        title = self.words("Right answers; shaded: where feeling misleads")
        step = self.of_step(shown)
        self.grid.draw(
            np.where(frame.counts[..., None] > 0, frame.right, np.nan),
            names=[self.words(one) for one in MODELS],
            rows=[self.words(one) for one in FEELINGS],
            columns=[self.words(one) for one in frame.names],
            notes=[quantity(int(one), "question", self.words) for one in frame.counts.flat],
            lit=misled, selected=shown.params.cell, title=f"{title} · {step}" if step else title)

    def _draw_sentence(self, frame: Frame) -> None:
        """Words in the colour of the stance that they push to, on the target that is asked about."""
        largest = max(float(np.abs(frame.push).max()), 1e-6)
        self.strip.draw(
            frame.tokens, weights=np.abs(frame.push) / largest,
            series=tuple(int(one < 0) for one in frame.push), muted=frame.removed,
            unknown=np.flatnonzero(frame.unknown).tolist(),
            title=self.words("“{target}”: words for {last}, {first}",
                             target=self.words(frame.targets[frame.asked]),
                             last=named(0, self._name(-1, frame)), first=named(1, self._name(0, frame))))

    def _draw_targets(self, frame: Frame) -> None:
        lean = frame.odds[:, -1] - frame.odds[:, 0]                             # (T,)
        rows = [unit_row(("▸ " if index == frame.asked else "") + self.words(target), float(lean[index]),
                         self._name(int(frame.truth[index]), frame) if frame.truth[index] >= 0 else "",
                         low=-1.0) for index, target in enumerate(frame.targets)]
        rows += [unit_row(self.words("not told"), float(frame.plain[-1] - frame.plain[0]), low=-1.0),
                 unit_row(self.words("feeling (VADER)"), frame.feeling, self._lexicon(frame), low=-1.0)]
        self.bars.draw(rows, title=self.words("P({last}) − P({first}), told each target",
                                              last=self._name(-1, frame), first=self._name(0, frame)))

    def _lexicon(self, frame: Frame) -> str:
        """The words of the sentence that the lexicon knows."""
        return ", ".join(f"{frame.tokens[at]} {signed(float(frame.valences[at]), 1)}"
                         for at in np.flatnonzero(frame.valences)[:2])

    def _answer(self, odds: object, frame: Frame) -> str:
        said = np.asarray(odds)
        return f"{self._name(int(said.argmax()), frame)} {percent(float(said.max()))}"

    def _draw_accuracy(self, shown: Shown[Params, Frame]) -> None:
        history, chance = shown.history, 1 / len(shown.frame.names)
        curves = ghost_curves(shown.ghosts, "accuracy")
        curves += [Curve(*history.points(name), self.words(said), series=series,
                         width=2.5 if series == 0 else 2.0)
                   for series, (name, said) in reversed(list(enumerate(zip(CURVES, MODELS, strict=True))))]
        self.accuracy.draw(curves, [Rule(chance, self.words("chance"))])

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        sums = (frame.right * frame.counts[..., None]).sum((0, 1)) / max(1, frame.counts.sum())
        told, plain, alone = (percent(float(one)) for one in sums)
        said = self.words(
            "Told the target, {told} of {questions} are answered rightly; not told, {plain}; by "
            "sentiment alone, {alone}. The sentence on “{target}”: {answer}.",
            questions=quantity(int(frame.counts.sum()), "question", self.words), told=told, plain=plain,
            alone=alone, target=self.words(frame.targets[frame.asked]),
            answer=self._answer(frame.odds[frame.asked], frame))
        step = self.of_step(shown)
        return f"{said} ({step})" if step else said
