"""The picture of scores: n-grams as tiles, hypotheses side by side, and errors that compound or do not."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l6_text.text_scores.panel import LONGEST, ORDERS, TIMES, WINDOWS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.ngramtiles import NgramTiles
from widgets.pictures.readouts import Readouts
from widgets.pictures.table import Table
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, fixed, percent
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

BLEU, SIMILARITY, PERPLEXITY = 0, 4, 5  # columns of the frame's scores


class TextScoresView(PanelView):
    """The tiles over the whole width; below them all scores of all hypotheses, and the exposure."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.tiles = NgramTiles(look, words("Click a word of the hypothesis to take it out, drag to move it"))
        self.tiles.edited.connect(self._edit)
        self.figures = Readouts(look).calm()
        self.table = Table(look, words("Hypotheses: click one to score it above"), [
            ("", 0.245), ("BLEU", 0.118), ("ROUGE-L", 0.162), ("chrF", 0.118), (words("similarity"), 0.17),
            (words("perplexity"), 0.187)]).calm()
        self.table.clicked.connect(self._choose)
        self.sum = CurvePlot(look, "", x=words("steps on its own"), x_range=(1.0, float(TIMES)),
                             y_range=(0.0, 1.0), integer_x=True).calm()
        self.prose = CurvePlot(look, "", x=words("stretch of the text"), x_range=(1.0, float(WINDOWS)),
                               y_range=(0.0, 1.0), integer_x=True).calm()
        self.exposure = Pages(self, "exposure", {
            "sum": (words("Running sum"), self.sum),
            "prose": (words("Prose"), self.prose)})
        self._frame: Frame | None = None

        top, left, right = (Card(look) for _ in range(3))
        top.body.addWidget(self.tiles, 1)
        top.body.addWidget(self.figures)
        left.body.addWidget(self.table)
        right.body.addWidget(self.exposure)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Pieces"), rank=1, smallest=(390, 250), share=8),
            beside(Place(left, words("All scores"), rank=2, smallest=(410, 180), share=9),
                   Place(right, words("Its own past"), rank=3, smallest=(290, 190), share=6), share=6))))

    # --- what a click does

    def _edit(self, tokens: tuple[str, ...]) -> None:
        if self._frame is not None:
            self.changed.emit("hypothesis", self._frame.joined.join(tokens))

    def _choose(self, row: int) -> None:
        if self._frame is not None:
            self.changed.emit("hypothesis", self._frame.texts[row])

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._frame = frame = shown.frame
        self._draw_tiles(frame, shown.params)
        self._draw_table(frame, shown.params)
        if self.exposure.show_page(shown.params.exposure) == "sum":
            self._draw_sum(frame)
        else:
            self._draw_prose(frame)

    def _draw_tiles(self, frame: Frame, params: Params) -> None:
        words = self.words
        counts = [f"{decimal(float(correct))}/{decimal(float(total))}" for correct, total in
                  zip(frame.correct, frame.total, strict=True)][: params.order]
        self.tiles.draw(
            frame.tokens, frame.reference, frame.partner, counts=counts, used=params.order,
            names=(words("reference"), words("hypothesis"),
                   *(words("{n}-grams", n=count(n)) for n in range(1, ORDERS + 1))),
            said=(words("in the reference, too"), words("no partner in the reference")),
            title=words("Only the first {count} tokens of each text are read", count=count(LONGEST))
            if frame.shortened
            else words("Click a word of the hypothesis to take it out, drag to move it"))
        self.figures.draw([
            (words("precisions"), " · ".join(fixed(float(one)) for one in frame.precisions[: params.order])),
            (words("their geometric mean"), fixed(frame.mean)), (words("brevity"), fixed(frame.brevity)),
            ("BLEU", fixed(100 * frame.bleu, 1))])

    def _draw_table(self, frame: Frame, params: Params) -> None:
        words = self.words
        rows = []
        for kind, row in zip(frame.kinds, frame.scores, strict=True):
            bleu, _, rouge, chrf = (fixed(100 * float(one), 1) for one in row[:SIMILARITY])
            rows.append((words(kind), bleu, rouge, chrf, fixed(float(row[SIMILARITY])),
                         count(float(row[PERPLEXITY]))))
        chosen = [one for one, text in enumerate(frame.texts) if one and text == params.hypothesis]
        self.table.draw(rows, selected=chosen[0] if chosen else 0)

    def _draw_sum(self, frame: Frame) -> None:
        words, t = self.words, np.arange(1, TIMES + 1)
        self.sum.draw([Curve(frame.theory, t, words("closed form"), series=1, style="dashed"),
                       Curve(frame.free, t, words("on its own"), width=2.5)],
                      [Rule(frame.forced, words("given the right past"))], y_range=(0.0, 1.0),
                      note=words("share of right digits"))

    def _draw_prose(self, frame: Frame) -> None:
        words = self.words
        self.prose.draw(
            [Curve(frame.known, np.arange(1, len(frame.known) + 1), words("written on its own"), width=2.5)],
            [Rule(frame.real, words("real text"))] if frame.real else [], y_range=(0.0, 1.0),
            note=words("share of real 6-character pieces"))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        others = dict(zip(frame.kinds, frame.scores[:, BLEU], strict=True))
        values: dict[str, object] = {
            "bleu": fixed(100 * frame.bleu, 1), "brevity": fixed(frame.brevity),
            "mean": fixed(frame.mean), "forced": percent(frame.forced),
            "free": percent(float(frame.free[-1])), "steps": count(TIMES)}
        if "the opposite" in others:
            return self.words(
                "BLEU is {mean} × {brevity}, {bleu} of 100; the opposite has {opposite}. A running sum, "
                "right for {forced} of the steps given a right past, is right for {free} after {steps} on "
                "its own.",
                opposite=fixed(100 * float(others["the opposite"]), 1), **values)
        return self.words(
            "BLEU is {mean} × {brevity}, {bleu} of 100. A running sum, right for {forced} of the steps given "
            "a right past, is right for {free} after {steps} on its own.", **values)
