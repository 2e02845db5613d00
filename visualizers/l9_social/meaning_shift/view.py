"""The picture of words that move: drift over frequency, twice; who moved most, and from where to where."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l9_social.meaning_shift.panel import WAYS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.readouts import Readouts
from widgets.pictures.scatter import ScatterPlot
from widgets.pictures.table import Table
from widgets.theme.look import Look
from widgets.theme.numbers import count, fixed, percent, signed
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

BINS = 9  # of frequency, for a trend


class MeaningShiftView(PanelView):
    """Drift over frequency on top; below, the words that moved most, and the neighbours of one."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.drift = ScatterPlot(look, words("How far each word has moved"), log_x=True,
                                 x=words("occurrences in both times"), y=words("drift, 1 − cosine"))
        self.drift.clicked.connect(self._choose_point)
        self.readouts = Readouts(look).calm()
        self.list = BarChart(look, " ").calm()
        self.list.clicked.connect(self._choose_bar)
        self.found = BarChart(look, " ", high=1.0, write=percent).calm()
        self.beside = Pages(self, "beside", {
            "list": (words("Moved most"), self.list), "found": (words("Planted words found"), self.found)})
        self.near = Table(look, " ", [("", 0.5), ("", 0.5)]).calm()
        self._frame: Frame | None = None

        top, left, right = (Card(look) for _ in range(3))
        top.body.addWidget(self.drift, 1)
        top.body.addWidget(self.readouts)
        left.body.addWidget(self.beside)
        right.body.addWidget(self.near)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Drift"), rank=1, smallest=(420, 240), share=7),
            beside(Place(left, words("Moved most"), rank=2, smallest=(320, 190)),
                   Place(right, words("Then and now"), rank=3, smallest=(300, 180)), share=5))))

    # --- what a click does

    def _choose_point(self, point: int) -> None:
        if self._frame is not None:
            self.changed.emit("word", self._frame.words[point % len(self._frame.words)])

    def _choose_bar(self, bar: int) -> None:
        if self._frame is not None:
            self.changed.emit("word", self._frame.words[int(self._frame.top[bar])])

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        self._frame = frame
        self._draw_drift(shown)
        figures = [(words("correlation with frequency"), words(
                        "{real}, control {control}", real=signed(frame.rho),
                        control=signed(frame.rho_control))),
                   (words("mean drift"), words(
                        "{real}, control {control}", real=fixed(float(frame.drift.mean())),
                        control=fixed(float(frame.control.mean())))),
                   (words("words compared"), count(len(frame.words)))]
        if params.vectors == "PPMI–SVD":
            figures.append((words("random divisions"), count(frame.divisions)))
        self.readouts.draw(figures)
        match self.beside.show_page(params.beside):
            case "list":
                self._draw_list(frame, params)
            case "found":
                self._draw_found(frame, params)
        self._draw_near(frame)

    def _times(self, frame: Frame) -> tuple[str, str]:
        first, last, begin, end = frame.years
        return f"{first} – {last}", f"{begin} – {end}"

    def _draw_drift(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        n = len(frame.words)
        then, now = self._times(frame)
        real = words("{then} against {now}", then=then, now=now)
        control = {"both times, shuffled": words("both times, shuffled"),
                   "first time, halved": words("first time, halved"),
                   "second time, halved": words("second time, halved")}[params.control]
        self.drift.draw(
            np.tile(frame.times, 2), np.concatenate([frame.drift, frame.control]), frame.words * 2,
            series=np.repeat([0, 1], n),
            series_names=(real, words("control: {control}", control=control)),
            labelled=list(dict.fromkeys([*np.flatnonzero(frame.planted).tolist(), *frame.top.tolist()])),
            selected=(frame.chosen, n + frame.chosen),
            trends=[(series, *_trend(frame.times, drifted))
                    for series, drifted in ((0, frame.drift), (1, frame.control))],
            ghosts=[(one.label, *_trend(one.frame.times, one.frame.drift)) for one in shown.ghosts])

    def _draw_list(self, frame: Frame, params: Params) -> None:
        names = [f"{frame.words[one]} ✱" if frame.planted[one] else frame.words[one]
                 for one in frame.top]
        title = self.words("{way}; ✱ planted", way=self._way(params.judged)) if frame.planted.any() \
            else self._way(params.judged)
        chosen = np.flatnonzero(frame.top == frame.chosen)
        self.list.draw(frame.score[frame.top], names, title=title,
                       highlight=int(chosen[0]) if len(chosen) else -1)

    def _draw_found(self, frame: Frame, params: Params) -> None:
        planted = int(frame.planted.sum())
        title = self.words("Of {planted} planted words, among the first {planted}", planted=planted) \
            if planted else self.words("Nobody has planted a word in these texts.")
        self.found.draw(frame.found if planted else [], [self._way(way) for way in WAYS] if planted else [],
                        highlight=WAYS.index(params.judged) if planted else -1, title=title)

    def _way(self, way: str) -> str:
        words = self.words
        return {"raw drift": words("raw drift"), "less its own control": words("less its own control"),
                "less words as frequent": words("less words as frequent")}[way]

    def _draw_near(self, frame: Frame) -> None:
        rows = [(f"{one}  {fixed(float(cosine))}", f"{other}  {fixed(float(also))}")
                for one, cosine, other, also in zip(frame.then, frame.then_cosine, frame.now,
                                                    frame.now_cosine, strict=True)]
        self.near.draw(rows, heads=self._times(frame), title=self.words(
            "Nearest to “{word}”, then and now", word=frame.words[frame.chosen]))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        then, now = self._times(frame)
        between = "、" if words.language == "zh" else ", "
        said = words(
            "{then} against {now}: drift and frequency correlate at {rho}, in the control at {control}. "
            "“{word}” was near {before} and is near {after}.",
            then=then, now=now, rho=signed(frame.rho), control=signed(frame.rho_control),
            word=frame.words[frame.chosen], before=between.join(frame.then[:2]),
            after=between.join(frame.now[:2]))
        if shown.measured != shown.step:
            said += " " + self.of_step(shown)
        return said


def _trend(
    times: NDArray[np.int32], drifted: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The median drift of words of about the same frequency, over their median frequency. Parts are of the
    same size, from the rarest on; up to eight of the most frequent words are in none."""
    bins = min(BINS, len(times))
    left = len(times) % bins
    return (np.median(times[left:].reshape(bins, -1), 1), np.median(drifted[left:].reshape(bins, -1), 1))
