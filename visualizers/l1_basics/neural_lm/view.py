"""Perplexity of the network while it learns, beside that of the counts; words that drift together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l1_basics.neural_lm.panel import AMOUNTS, HELD, MIXED, READ, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.barrows import BarRows
from widgets.pictures.bars import BarChart
from widgets.pictures.cloud import PointCloud
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves
from widgets.pictures.readouts import Readouts
from widgets.pictures.tokens import legible
from widgets.theme.look import Look
from widgets.theme.numbers import compact, count, fixed, percent, quantity
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

NETWORK, COUNTS, BOTH, TRUTH = 0, 1, 2, 3  # series
NONE = np.empty(0)


class NeuralLMView(PanelView):
    """A click on a word, in the map or among the nearest, chooses it."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words, perplexity = self.words, self.words("perplexity")
        self.steps = CurvePlot(look, words("New text; dashed: what was read"), x=words("step"), y=perplexity,
                               log_y=True, integer_x=True)
        self.amounts = CurvePlot(look, words("New text, by how much was read"), x=words("words read"),
                                 y=perplexity, log_x=True, log_y=True)
        self.over = Pages(self, "curve", {"steps": (words("Over steps"), self.steps),
                                          "amounts": (words("Over the amount of text"), self.amounts)})
        self.facts = Readouts(look).calm()
        self.map = PointCloud(look, words("Map of word vectors"))
        self.next = BarRows(look, " ").calm()
        self.near = BarChart(look, " ", x=words("cosine, all dimensions"), high=1.0).calm()
        self.where = CurvePlot(look, words("The longest n-gram that was read"),
                               x=words("its words, the predicted one among them"), y=perplexity, log_y=True,
                               integer_x=True).calm()
        self.beside = Pages(self, "beside", {"next": (words("Next words"), self.next),
                                             "where": (words("Where"), self.where),
                                             "near": (words("Nearest"), self.near)})
        left, right, under = (Card(look) for _ in range(3))
        left.body.addWidget(self.over, 1)
        left.body.addWidget(self.facts)
        right.body.addWidget(self.map)
        under.body.addWidget(self.beside)
        self.setLayout(Arrangement(look, beside(
            Place(left, words("Perplexity"), rank=1, smallest=(350, 260), share=1),
            below(Place(right, words("Words"), rank=2, smallest=(330, 220), share=1),
                  Place(under, words("Next words"), rank=3, smallest=(330, 230), share=1), share=1))))

        self._frame: Frame | None = None
        self.map.clicked.connect(self._choose)
        self.near.clicked.connect(self._choose_near)

    def _choose(self, point: int) -> None:
        if self._frame is not None and 0 <= point < len(self._frame.labels):
            self.changed.emit("word", self._frame.labels[point])

    def _choose_near(self, bar: int) -> None:
        if self._frame is not None and 0 <= bar < len(self._frame.near):
            self.changed.emit("word", self._frame.near[bar])

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        self._frame = frame
        if self.over.show_page(params.curve) == "steps":
            self._draw_steps(shown)
        else:
            self._draw_amounts(shown)
        at = AMOUNTS.index(params.amount)
        self.facts.draw((
            (words("read"), quantity(int(frame.words[at]), "word", words)),
            (words("vocabulary"), count(frame.vocabulary)),
            (words("n-grams kept"), compact(frame.grams)),
            (words("weights"), compact(frame.weights)),
            *([("", self.of_step(shown))] if self.of_step(shown) else [])))
        self.map.draw(
            frame.points, labels=frame.labels, label_order=list(dict.fromkeys(
                [frame.word_at, *frame.near_at.tolist(), *range(len(frame.labels))])),
            values=frame.closeness.astype(np.float32) / 255, low=0.0, high=1.0,
            value_name=words("cosine"), selected=(frame.word_at,),
            linked=[(frame.word_at, int(one), 0) for one in frame.near_at[:4]],
            title=words("Map of word vectors"))
        page = self.beside.show_page(params.beside)
        if page == "next":
            self._draw_next(frame, params)
        elif page == "where":
            self._draw_where(shown)
        else:
            missing = words("“{asked}” is not on the map. ", asked=frame.asked) if frame.asked else ""
            self.near.draw(frame.cosines, frame.near,
                           title=missing + words("Nearest to “{word}”", word=frame.word))

    def _counts(self, params: Params) -> str:
        return self.words("counts, {method}", method=self.words(params.method))

    def _floor(self, frame: Frame) -> list[Rule]:
        return [Rule(frame.floor, self.words("nobody can know more"), series=TRUTH)] if frame.floor else []

    def _draw_steps(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        at = AMOUNTS.index(params.amount)
        curves = [one for ghost in shown.ghosts
                  for one in ghost_curves([ghost], HELD[AMOUNTS.index(ghost.params.amount)])]
        for name, rest in ((READ[at], Curve(NONE, series=NETWORK, style="dashed")),
                           (MIXED[at], Curve(NONE, label=words("mixed"), series=BOTH)),
                           (HELD[at], Curve(NONE, label=words("network"), series=NETWORK, width=3.0))):
            y, x = shown.history.points(name)
            curves.append(replace(rest, y=y, x=x))
        low = [float(frame.counts[at]), *([frame.floor] if frame.floor else []),
               *(float(one.y.min()) for one in curves if len(one.y))]
        high = [float(frame.vocabulary), *(float(one.y.max()) for one in curves if len(one.y))]
        self.steps.draw(curves, [Rule(float(frame.counts[at]), self._counts(params), series=COUNTS),
                                 *self._floor(frame)], y_range=(0.8 * min(low), 1.2 * max(high)))

    def _draw_amounts(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        x = frame.words.astype(np.float64)
        curves = [Curve(ghost.frame.held_out, ghost.frame.words, ghost.label, style="ghost")
                  for ghost in shown.ghosts]
        curves += [Curve(frame.counts, x, self._counts(params), COUNTS),
                   Curve(frame.mixed, x, words("mixed"), BOTH),
                   Curve(frame.held_out, x, words("network"), NETWORK, width=3.0)]
        read = float(x[AMOUNTS.index(params.amount)])
        self.amounts.draw(curves, [*self._floor(frame), Rule(read, words("shown"), axis="x")])

    def _draw_next(self, frame: Frame, params: Params) -> None:
        words = self.words
        said = " ".join(map(legible, frame.context))
        title = words("After “{context}”: never read", context=said) if not frame.often else \
            words("After “{context}”: read {times}", context=said,
                  times=quantity(frame.often, "time", words))
        rows = [words("counts"), words("network"), words("all sentences")][: len(frame.odds)]
        self.next.draw(frame.odds, rows, [legible(one) for one in frame.next],
                       series=(COUNTS, NETWORK, TRUTH)[: len(rows)], title=title,
                       tops=np.full(len(rows), max(0.05, float(frame.odds.max()))))

    def _draw_where(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        x = np.arange(1, len(frame.part) + 1, dtype=np.float64)
        curves = [Curve(ghost.frame.by_network, np.arange(1, len(ghost.frame.part) + 1, dtype=np.float64),
                        ghost.label, style="ghost") for ghost in shown.ghosts]
        curves += [Curve(frame.by_counts, x, words("counts"), COUNTS),
                   Curve(frame.by_network, x, words("network"), NETWORK, width=3.0)]
        known = np.concatenate([one[np.isfinite(one)] for one in (frame.by_counts, frame.by_network)])
        parts = words("{parts} of the new words", parts=" · ".join(percent(float(one)) for one in frame.part))
        self.where.draw(curves, x_range=(0.9, len(x) + 0.1), note=parts,
                        y_range=(0.7 * float(known.min()), 1.5 * float(known.max())))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, params, words = shown.frame, shown.params, self.words
        at = AMOUNTS.index(params.amount)
        return words(
            "Step {measured}, {read} read: the network's perplexity on new text is {network}, that of the "
            "counts {counts}, of both mixed {mixed}. Nearest to “{word}”: {near}.",
            measured=count(shown.measured), read=quantity(int(frame.words[at]), "word", words),
            network=fixed(float(frame.held_out[at]), 1), counts=fixed(float(frame.counts[at]), 1),
            mixed=fixed(float(frame.mixed[at]), 1), word=frame.word,
            near=words(", ").join(frame.near[:3]))
