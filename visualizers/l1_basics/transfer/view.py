"""Accuracy over the labelled texts, on words the labels show and on words they never show."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QWidget

from visualizers.l1_basics.transfer.panel import AMOUNTS, NAMES, UPDATES, WAYS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule, Style, ghost_curves
from widgets.pictures.heatmap import Heatmap
from widgets.theme.look import Look
from widgets.theme.numbers import count, percent, quantity
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

STYLES: tuple[Style, ...] = ("solid", "dashed", "solid")  # of each way


class TransferView(PanelView):
    """Two plots side by side carry the claim; below them the word vectors, and the losses over time."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        amount, share = words("labelled texts"), words("accuracy")
        self.seen = CurvePlot(look, words("Words the labels show"), x=amount, y=share, log_x=True,
                              x_range=(AMOUNTS[0], AMOUNTS[-1]), y_range=(0.0, 1.03))
        self.unseen = CurvePlot(look, words("Words no label shows"), x=amount, log_x=True,
                                x_range=(AMOUNTS[0], AMOUNTS[-1]), y_range=(0.0, 1.03))
        for plot in (self.seen, self.unseen):
            plot.clicked.connect(self._choose)
        self.maps = [Heatmap(look, "", palette="diverging", color_bar=True, dense=True).calm() for _ in WAYS]
        self.pages = Pages(self, "vectors", {way: (words(way), page) for way, page in
                                             zip(WAYS, self.maps, strict=True)})
        self.loss = CurvePlot(look, words("Loss"), x=words("step"), y=words("nats"), integer_x=True).calm()

        top, left, right = Card(look), Card(look), Card(look)
        plots = QHBoxLayout()
        plots.setSpacing(look.px(12))
        plots.addWidget(self.seen, 1)
        plots.addWidget(self.unseen, 1)
        top.body.addLayout(plots, 1)
        left.body.addWidget(self.pages)
        right.body.addWidget(self.loss)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Accuracy"), rank=1, smallest=(520, 220), share=1),
            beside(Place(left, words("Word vectors"), rank=2, smallest=(320, 220), share=6),
                   Place(right, words("Losses"), rank=3, smallest=(280, 190), share=5), share=1))))

    def _choose(self, x: float, _y: float) -> None:
        """Look at the networks with the number of labelled texts that is nearest."""
        far = np.abs(np.log(AMOUNTS) - np.log(max(x, 1e-9)))
        self.changed.emit("amount", int(far.argmin()))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        words, at = self.words, shown.params.looked_at
        note = "" if shown.step > shown.params.pretraining else words("still pre-training: no label yet")
        for plot, field in ((self.seen, "seen"), (self.unseen, "unseen")):
            self._draw_accuracy(plot, field, shown, note if plot is self.seen else "")
        way = WAYS.index(self.pages.show_page(shown.params.vectors))
        self._draw_vectors(shown, way, at)
        self._draw_loss(shown)

    def _draw_accuracy(
        self, plot: CurvePlot, field: str, shown: Shown[Params, Frame], note: str
    ) -> None:
        x = np.array(AMOUNTS, np.float64)
        curves = [Curve(getattr(ghost.frame, field)[0], x, ghost.label, style="ghost")
                  for ghost in shown.ghosts]
        accuracy = getattr(shown.frame, field)
        curves += [Curve(accuracy[way], x, self.words(WAYS[way]), way, STYLES[way],
                         2.0 if way == 1 else 2.5) for way in (2, 1, 0)]
        plot.draw(curves, [Rule(1 / shown.frame.classes, self.words("guessing")),
                           Rule(AMOUNTS[shown.params.looked_at], axis="x")], note=note)

    def _draw_vectors(self, shown: Shown[Params, Frame], way: int, at: int) -> None:
        frame = shown.frame
        names = [f"{word} ✓" if one else word for word, one in zip(frame.words, frame.shown, strict=True)]
        self.maps[way].draw(frame.alike[way], low=-1.0, high=1.0, x_labels=names, y_labels=names,
                            title=self.words("Cosine of word vectors; ✓ in the {amount} labelled texts",
                                             amount=count(AMOUNTS[at])))

    def _draw_loss(self, shown: Shown[Params, Frame]) -> None:
        history, words, switch = shown.history, self.words, shown.params.pretraining
        curves, steps = ghost_curves(shown.ghosts, "loss", Curve.width), history.steps
        before = int(np.searchsorted(steps, switch, side="right"))
        curves.append(Curve(history["loss"][:before], steps[:before], words("missing word"), 3))
        curves += [Curve(history[f"{name}_loss"][before:], steps[before:], words(WAYS[way]), way,
                         STYLES[way]) for way, name in enumerate(NAMES)]
        self.loss.draw(curves, [Rule(switch, words("labels begin"), axis="x")] if switch else (),
                       x_range=(0.0, float(switch + UPDATES)))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        if shown.step <= shown.params.pretraining:
            return words("{steps} of pre-training are done; no network has seen a label.",
                         steps=quantity(shown.step, "step", words))
        at = shown.params.looked_at
        return words(
            "Step {step}, {amount} labelled texts: fine-tuned {tuned}, frozen {frozen}, from scratch "
            "{scratch}; on words never shown {tuned_unseen}, {frozen_unseen}, {scratch_unseen}.",
            step=count(shown.measured), amount=count(AMOUNTS[at]), tuned=percent(frame.seen[0, at]),
            frozen=percent(frame.seen[1, at]), scratch=percent(frame.seen[2, at]),
            tuned_unseen=percent(frame.unseen[0, at]), frozen_unseen=percent(frame.unseen[1, at]),
            scratch_unseen=percent(frame.unseen[2, at]))
