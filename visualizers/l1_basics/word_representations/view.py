"""The likeness of the same words in five representations, and what the vectors hold."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l1_basics.word_representations.panel import LADDER, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves
from widgets.pictures.headgrid import HeadGrid
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts
from widgets.pictures.table import Table
from widgets.theme.look import Look
from widgets.theme.numbers import count, fixed, percent, quantity
from widgets.views.cards import Card, Switch
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

LEARNT = LADDER.index("learnt")


class WordRepresentationsView(PanelView):
    """One large heat map of cosines; beside it how good each representation is, and all five in small."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.names = (words("one-hot"), words("counts"), "PPMI", "SVD", words("learnt"))
        self.ladder = Switch(look, self.names)
        self.ladder.chosen.connect(self._show)
        self.map = Heatmap(look, words("Cosine of each two words"), dense=True, across=False)
        self.map.clicked.connect(lambda row, _: self.changed.emit("word", row))
        self.facts = Readouts(look).calm()
        self.scores = CurvePlot(look, words("Nearest word of the own group"), x=words("step"),
                                y=words("share of words"), y_range=(0.0, 1.0), integer_x=True).calm()
        self.five = HeadGrid(look, " ").calm()
        self.five.clicked.connect(lambda _, column: self._show(column))
        self.vectors = Heatmap(look, " ", palette="diverging", color_bar=False, dense=True).calm()
        self.vectors.clicked.connect(lambda row, _: self.changed.emit("word", row))
        self.near = Table(look, " ", [(words("kind"), 0.36), (words("nearest"), 0.64)]).calm()
        self.near.clicked.connect(self._show)
        self.beside = Pages(self, "beside", {
            "five": (words("All five"), self.five), "vectors": (words("Vectors"), self.vectors),
            "near": (words("Neighbours"), self.near)})

        left, top, right = Card(look), Card(look), Card(look)
        left.body.addWidget(self.ladder)
        left.body.addWidget(self.map, 1)
        left.body.addWidget(self.facts)
        top.body.addWidget(self.scores)
        right.body.addWidget(self.beside)
        self.setLayout(Arrangement(look, beside(
            Place(left, words("Likeness"), rank=1, smallest=(400, 400), share=6),
            below(Place(top, words("Own group"), rank=2, smallest=(280, 190), share=4),
                  Place(right, words("All five"), rank=3, smallest=(280, 190), share=5), share=4))))

    def _show(self, index: int) -> None:
        self.changed.emit("shown", LADDER[index])

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        one = index_of(shown.params)
        self.ladder.set(one)
        self.map.draw(frame.likeness[one], low=0.0, high=1.0, x_labels=frame.words, y_labels=frame.words,
                      row=frame.chosen, blocks=blocks(frame.group), title=words(
                          "Cosine of each two of {words}: {name}", name=self.names[one],
                          words=quantity(len(frame.words), "word", words)))
        self.facts.draw([
            (words("numbers"), count(int(frame.size[one]))),
            (words("not 0"), count(round(float(frame.filled[one])))),
            (words("within groups"), fixed(float(frame.within[one]))),
            (words("between"), fixed(float(frame.between[one]))),
        ])
        self._draw_scores(shown)
        match self.beside.show_page(shown.params.beside):
            case "five":
                self._draw_five(frame, one)
            case "vectors":
                self._draw_vectors(frame, one)
            case "near":
                self._draw_near(frame, one)

    def _draw_scores(self, shown: Shown[Params, Frame]) -> None:
        frame, history = shown.frame, shown.history
        own, steps = history["own"], history.steps
        curves = [*ghost_curves(shown.ghosts, "own"),
                  Curve(own, steps, self.names[LEARNT], width=2.5)]
        rules = [Rule(float(frame.own[one]), self.names[one])
                 for one in range(LEARNT)]
        self.scores.draw(curves, rules, note="" if len(own) else self.words("learnt: starts with training"))

    def _draw_five(self, frame: Frame, one: int) -> None:
        # The grid colours by the root: squared, it has the colours of the large map.
        stack = np.square(np.clip(frame.likeness, 0.0, 1.0))[None]
        self.five.draw(stack, selected=(0, one), high=1.0, row_labels=(" ",), column_labels=self.names,
                       title=self.words("The same words, five times"))

    def _draw_vectors(self, frame: Frame, one: int) -> None:
        title = (self.words("The first {k} of {all} numbers") if LADDER[one] in ("SVD", "learnt") else
                 self.words("The {k} largest of {all} numbers")).format(
                     k=len(frame.columns), all=count(int(frame.size[one])))
        limit = float(np.quantile(np.abs(frame.numbers), 0.98)) or 1.0
        self.vectors.draw(frame.numbers, low=-limit, high=limit, x_labels=frame.columns,
                          y_labels=frame.words, row=frame.chosen, title=title)

    def _draw_near(self, frame: Frame, one: int) -> None:
        rows = [(name, tuple(f"{frame.words[at]} {fixed(float(frame.likeness[row, frame.chosen, at]))}"
                             for at in frame.near[row].tolist()))
                if row else (name, self.words("none: all 0"))
                for row, name in enumerate(self.names)]
        self.near.draw(rows, selected=one, title=self.words(
            "Nearest to “{word}”, with the cosine", word=frame.words[frame.chosen]))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words, one = shown.frame, self.words, index_of(shown.params)
        values = {"name": self.names[one], "within": fixed(float(frame.within[one])),
                  "between": fixed(float(frame.between[one])), "own": percent(float(frame.own[one]))}
        if one == LEARNT:
            return words(
                "Learnt, after {steps}: cosine {within} within a group, {between} between groups; the "
                "nearest word is of the own group for {own}. With SVD these cosines correlate by "
                "{agreement}.",
                steps=quantity(shown.step, "step", words), agreement=fixed(frame.agreement), **values)
        return words("{name}: cosine {within} within a group, {between} between groups; the nearest word is "
                     "of the own group for {own} of the words.", **values)


def index_of(params: Params) -> int:
    """The representation that is shown, as its place on the ladder."""
    return LADDER.index(params.shown) if params.shown in LADDER else LEARNT


def blocks(group: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """The first word of each group and the one after its last."""
    edges = [0, *(np.flatnonzero(np.diff(group)) + 1).tolist(), len(group)]
    return list(pairwise(edges))
