"""The picture of attention between encoder and decoder: the alignment, and what length does."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l3_transformers.seq2seq_attention.panel import Frame, Params
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, Rule, loss_curves, running_mean
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts
from widgets.pictures.tokens import TokenStrip, visible
from widgets.theme.look import Look
from widgets.theme.numbers import count, fixed, percent, quantity, signed
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

SMOOTHING = 20  # steps that a curve of the loss is a mean of
HIDDEN = "×"


class SequenceToSequenceView(PanelView):
    """The alignment with what both networks write carries the claim; beside it length and training."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        step = words("training step")
        self.written = TokenStrip(look, " ", lines=2)
        self.written.clicked.connect(lambda row: self.changed.emit("row", row))
        self.plain = TokenStrip(look, " ", lines=2).calm()
        self.alignment = Heatmap(look, " ", x=words("input"), y=words("output"), color_bar=False,
                                 dense=True)
        self.alignment.clicked.connect(self._cover)
        self.length = CurvePlot(look, words("Right symbols over the length"),
                                x=words("length of the input"), y_range=(0.0, 1.04), integer_x=True).calm()
        self.figures = Readouts(look).calm()
        self.accuracy = CurvePlot(look, "", x=step, y_range=(0.0, 1.04), integer_x=True).calm()
        self.loss = CurvePlot(look, "", x=step, y=words("nats"), integer_x=True).calm()
        self.bars = BarChart(look, " ", high=1.0).calm()
        self.beside = Pages(self, "beside", {
            "accuracy": (words("Accuracy"), self.accuracy), "loss": (words("Loss"), self.loss),
            "symbol": (words("One symbol"), self.bars)})
        self._frame: Frame | None = None

        left, top, bottom = (Card(look) for _ in range(3))
        left.body.addWidget(self.written)
        left.body.addWidget(self.plain)
        left.body.addWidget(self.alignment, 1)
        top.body.addWidget(self.length, 1)
        top.body.addWidget(self.figures)
        bottom.body.addWidget(self.beside)
        self.setLayout(Arrangement(look, beside(
            Place(left, words("Alignment"), rank=1, smallest=(380, 290), share=11),
            below(Place(top, words("Length"), rank=2, smallest=(280, 200)),
                  Place(bottom, words("Training"), rank=3, smallest=(280, 200)), share=8))))

    def _cover(self, _row: int, place: int) -> None:
        """Hide a symbol of the input from attention, or show it again."""
        if self._frame is not None:
            self.changed.emit("covered", tuple(sorted({*self._frame.covered} ^ {place})))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        self._frame = frame
        for strip, symbols, odds, series, title in (
                (self.written, frame.written, frame.odds, 0, words("Written with attention")),
                (self.plain, frame.plain, frame.plain_odds, 1, words("Without"))):
            wrong = [one for one, pair in enumerate(zip(symbols, frame.wanted, strict=False))
                     if pair[0] != pair[1]]
            if wrong:
                title = words("{title}; dashed: wrong", title=title)
            strip.draw([visible(one) for one in symbols], weights=odds, series=series, muted=wrong,
                       selected=frame.row if series == 0 else -1, title=title)
        self.alignment.draw(
            frame.weights, low=0.0, high=1.0, row=frame.row, y_labels=[visible(one) for one in frame.written],
            x_labels=[HIDDEN if one in frame.covered else visible(symbol)
                      for one, symbol in enumerate(frame.source)],
            title=words("Where it looks as it writes: click a column to hide it"))
        self._draw_length(shown)
        self.figures.draw([
            (words("weights"), f"{count(frame.sizes[0])} / {count(frame.sizes[1])}"),
            (words("of the score"), count(frame.sizes[2]))])
        page = self.beside.show_page(shown.params.beside)
        if page == "accuracy":
            self.accuracy.draw(loss_curves(
                shown.history, ("accuracy", "plain_accuracy"),
                (words("with attention"), words("without")), shown.ghosts), y_range=(0.0, 1.04))
        elif page == "loss":
            self._draw_loss(shown)
        else:
            self._draw_symbol(frame)

    def _draw_length(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        curves = [Curve(ghost.frame.right_at, ghost.frame.lengths, ghost.label, style="ghost", width=1.5)
                  for ghost in shown.ghosts]
        curves += [Curve(frame.plain_at, frame.lengths, words("without"), series=1),
                   Curve(frame.right_at, frame.lengths, words("with attention"), width=2.5)]
        longest = shown.params.longest
        rules = [Rule(longest, words("longest in training"), axis="x")] \
            if shown.params.task == "reverse" and longest < frame.lengths[-1] else []
        self.length.draw(curves, rules, y_range=(0.0, 1.04), note=self.of_step(shown))

    def _draw_loss(self, shown: Shown[Params, Frame]) -> None:
        history, words = shown.history, self.words
        curves = [Curve(running_mean(ghost.history["loss"], SMOOTHING), ghost.history.steps, ghost.label,
                        style="ghost", width=1.5) for ghost in shown.ghosts]
        if len(history):
            curves += [Curve(running_mean(history[name], SMOOTHING), history.steps, label, series)
                       for series, name, label in ((1, "plain_loss", words("without")),
                                                   (0, "loss", words("with attention")))]
        self.loss.draw(curves, y_range=(0.0, 4.0))

    def _draw_symbol(self, frame: Frame) -> None:
        """Scores and weights behind one written symbol."""
        row = frame.row
        self.bars.draw(
            frame.weights[row],
            [f"{visible(symbol)}  {HIDDEN if one in frame.covered else signed(frame.scores[row, one], 1)}"
             for one, symbol in enumerate(frame.source)], muted=frame.covered,
            title=self.words("Before “{symbol}”: score, and its weight",
                             symbol=visible(frame.written[row])))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        return words(
            "Step {measured}, {length}: {right} of the symbols right with attention, {plain} without; with "
            "{longest}, {right_last} and {plain_last}. Symbol {row} looks most at place {place}, with weight "
            "{weight}.",
            measured=count(shown.measured), right=percent(frame.right_at[len(frame.lengths) // 2]),
            length=quantity(int(frame.lengths[len(frame.lengths) // 2]), "letter", words),
            plain=percent(frame.plain_at[len(frame.lengths) // 2]), longest=int(frame.lengths[-1]),
            right_last=percent(frame.right_at[-1]), plain_last=percent(frame.plain_at[-1]),
            row=frame.row + 1, place=int(np.argmax(frame.weights[frame.row])) + 1,
            weight=fixed(float(frame.weights[frame.row].max())))
