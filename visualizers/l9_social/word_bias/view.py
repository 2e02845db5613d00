"""The picture of an association test: what was found, in the middle of what chance gives."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l9_social.word_bias.panel import (
    EDGES,
    SHARES,
    SLIDER,
    Frame,
    Params,
    moved_key,
)
from visualizers.panel import Shown
from widgets.pictures.bars import Histogram
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.readouts import Readouts
from widgets.pictures.table import Table
from widgets.pictures.wordaxis import WordAxis
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, fixed, percent, signed
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView


class WordBiasView(PanelView):
    """The null and the words on their axis on top; below, the axis taken out, and who is near whom."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.null = Histogram(look, " ", x=words("effect size d"), y=words("divisions"))
        self.readouts = Readouts(look).calm()
        self.axis = WordAxis(look, words("How each word leans: drag it to another set")).calm()
        self.axis.moved.connect(self._move)
        self.axis.clicked.connect(lambda one: self.changed.emit("word", one))
        self.taken = CurvePlot(look, "", x=words("share of the axis taken out"), x_range=(0.0, 1.0),
                               y_range=(0.0, 1.2)).calm()
        self.slider = CurvePlot(look, "", x=words("association in the corpus"), y=words("effect size d"),
                                x_range=(0.0, 1.0), y_range=(-1.0, 2.0)).calm()
        self.beside = Pages(self, "beside", {
            "projection": (words("Axis taken out"), self.taken),
            "slider": (words("Association"), self.slider)})
        self.near = Table(look, " ", [(words("as they are"), 0.5),
                                      (words("axis taken out"), 0.5)]).calm()
        self._rows: tuple[int, ...] = ()
        self._home: tuple[int, ...] = ()
        self._params = Params()

        top, lean, left, right = (Card(look) for _ in range(4))
        top.body.addWidget(self.null, 1)
        top.body.addWidget(self.readouts)
        lean.body.addWidget(self.axis)
        left.body.addWidget(self.beside)
        right.body.addWidget(self.near)
        self.setLayout(Arrangement(look, below(
            beside(Place(top, words("Chance"), rank=1, smallest=(340, 230), share=12),
                   Place(lean, words("Words"), rank=2, smallest=(340, 240), share=11), share=6),
            beside(Place(left, words("Axis taken out"), rank=3, smallest=(300, 200), share=3),
                   Place(right, words("Neighbours"), rank=4, smallest=(260, 150), share=2), share=5))))

    # --- what a click does

    def _move(self, word: int, row: int) -> None:
        """Put a word into the other set, or out; what stands where it was given is not named."""
        rows = list(self._rows)
        rows[word] = row
        moved = [part for one, (now, home) in enumerate(zip(rows, self._home, strict=True))
                 if now != home for part in (one, now)]
        self.changed.emit("moved", (moved_key(self._params), *moved) if moved else ())

    # --- drawing

    def _names(self, frame: Frame) -> tuple[str, ...]:
        words = self.words
        known = {
            "instruments": words("instruments"), "weapons": words("weapons"),
            "flowers": words("flowers"), "insects": words("insects"),
            "names of men": words("names of men"), "names of women": words("names of women"),
            "mathematics": words("mathematics"), "arts": words("arts"), "science": words("science"),
            "pleasant": words("pleasant"), "unpleasant": words("unpleasant"),
            "career": words("career"), "family": words("family"),
            "words for men": words("words for men"), "words for women": words("words for women"),
        }
        return tuple(known.get(name, name) for name in frame.names)

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self._rows, self._home = tuple(frame.row.tolist()), tuple(frame.home.tolist())
        self._params = params
        names = self._names(frame)
        self._draw_null(frame)
        self._draw_readouts(frame)
        self.axis.draw(frame.words, frame.lean, frame.row.tolist(), selected=frame.chosen,
                       row_names=(names[0], names[1], self.words("left out")),
                       ends=(names[3], names[2]))
        match self.beside.show_page(params.beside):
            case "projection":
                self._draw_taken(shown)
            case "slider":
                self._draw_slider(shown)
        self._draw_near(frame)

    def _draw_null(self, frame: Frame) -> None:
        words, rules = self.words, []
        if frame.measurable:
            rules = [Rule(frame.bound, "5 %", axis="x"),
                     Rule(frame.effect, words("found: {effect}", effect=fixed(frame.effect)), axis="x",
                          series=1)]
        title = words("Nothing is left on this axis: d would be 0 / 0") if not rules else \
            words("d of {drawn} of {all} divisions", drawn=count(frame.drawn),
                  all=count(frame.divisions)) if frame.exact and frame.drawn < frame.divisions else \
            words("d of all {all} divisions of these words", all=count(frame.divisions)) \
            if frame.exact else \
            words("d of {drawn} random divisions of these words", drawn=count(frame.drawn))
        self.null.draw(frame.counts, EDGES, rules=rules, title=title)

    def _draw_readouts(self, frame: Frame) -> None:
        words = self.words
        of = words("{beyond} of {drawn}", beyond=count(frame.beyond), drawn=count(frame.drawn))
        d, d_n, p, bound = (one if frame.measurable else float("nan")
                            for one in (frame.effect, frame.effect_n, frame.p, frame.bound))
        self.readouts.draw([
            ("p", decimal(p, 2)),
            (words("as large"), of),
            (words("5 % lie above"), fixed(bound)),
            (words("d with n − 1 / n"), f"{fixed(d)} / {fixed(d_n)}"),
            (words("gap of cosines"), signed(frame.gap, 3)),
        ])

    def _draw_taken(self, shown: Shown[Params, Frame]) -> None:
        frame, words, x = shown.frame, self.words, np.array(SHARES)
        curves = [Curve(ghost.frame.together_at, x, ghost.label, style="ghost", width=1.5)
                  for ghost in shown.ghosts]
        if len(frame.effect_at) and abs(frame.gap_at[0]) > 1e-3:
            curves += [
                Curve(frame.gap_at / frame.gap_at[0], x, words("gap"), series=2),
                Curve(frame.effect_at / frame.effect_at[0], x[: len(frame.effect_at)], "d", series=1)]
        curves.append(Curve(frame.together_at, x, words("own neighbours"), width=2.5))
        rules = [Rule(shown.params.projected, axis="x"),
                 Rule(frame.together_bound, words("chance, 95 %"))]
        self.taken.draw(curves, rules, y_range=(0.0, 1.2), note=self.of_step(shown))

    def _draw_slider(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        if not len(frame.slider_effect):
            self.slider.draw([], note=words("Only a corpus that is made has such a slider."))
            return
        x = np.array(SLIDER)
        curves = [Curve(frame.slider_bound, x, words("5 % of the divisions lie above"), series=2,
                        style="dashed"),
                  Curve(frame.slider_effect, x, words("counted: PPMI–SVD"), width=2.5)]
        if frame.measurable:
            curves.append(Curve(np.array([frame.effect]), np.array([shown.params.association]),
                                words("trained here"), series=1, style="dots"))
        self.slider.draw(curves, y_range=(-1.0, 2.0), note=self.of_step(shown))

    def _draw_near(self, frame: Frame) -> None:
        rows = [(f"{one}  {fixed(float(cosine))}", f"{after}  {fixed(float(other))}")
                for one, cosine, after, other in zip(
                    frame.near, frame.near_cosine, frame.near_after, frame.near_after_cosine,
                    strict=True)]
        self.near.draw(rows, title=self.words("Nearest to “{word}”, with the cosine",
                                              word=frame.words[frame.chosen]))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        x, y, a, _ = self._names(frame)
        known = len(frame.words)
        found = words("Learnt here, in {step} steps.", step=count(shown.measured)) if frame.trained else \
            words("{title}: {known} of {asked} words have a vector.", title=words(frame.title),
                  known=count(known), asked=count(frame.asked))
        if not frame.measurable:
            values = {"together": percent(frame.together), "chance": percent(frame.together_bound),
                      "found": found}
            if frame.together > frame.together_bound:
                return words("Nothing is left to measure: no word leans to either side. Yet {together} of "
                             "the nearest neighbours come from the own set (chance: {chance} at most). "
                             "{found}", **values)
            return words("Nothing is left to measure: no word leans to either side. {together} of the "
                         "nearest neighbours come from the own set, as chance gives (up to {chance}). "
                         "{found}", **values)
        said = words(
            "{x} against {y}, towards {a}: d\u00a0=\u00a0{effect}. {beyond} of {drawn} divisions of the same "
            "words give as much, p\u00a0=\u00a0{p}. {found}", x=x, y=y, a=a, effect=fixed(frame.effect),
            beyond=count(frame.beyond), drawn=count(frame.drawn), p=decimal(frame.p, 2), found=found)
        return said[:1].upper() + said[1:]
