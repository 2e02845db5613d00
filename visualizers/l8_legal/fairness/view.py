"""The picture of a score under two thresholds: who is called what, and which rates can be equal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l8_legal.fairness.panel import LEAST, MEASURES, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.crowd import Crowd
from widgets.pictures.curves import Curve, CurvePlot, ghost_curves
from widgets.pictures.readouts import Readouts
from widgets.pictures.regions import Regions
from widgets.theme.look import Look
from widgets.theme.numbers import count, fixed, percent
from widgets.views.cards import Card, Pane
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

FLAGS = ("equal_fpr", "equal_fnr", "equal_ppv")  # the parameters, in the order of MEASURES
SERIES = (0, 1, 3)  # of the measures: FPR is about those below the line, FNR about those above


class FairnessView(PanelView):
    """The two groups on the left; on the right their rates, and below those what could be chosen."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.crowd = Crowd(look, words("Drag the two lines"), x=words("score: tenth from the lowest risk"),
                           legend=(words("charged again"), words("not charged again")),
                           sides=(words("low risk"), words("high risk")))
        self.crowd.dragged.connect(
            lambda row, value: self.changed.emit(("threshold_a", "threshold_b")[row], value))
        self.readouts = Readouts(look).calm()
        self.rates = BarChart(look, words("Click a rate to want it equal"), low=0.0, high=1.0,
                              write=lambda value: percent(value)).calm()
        self.rates.clicked.connect(self._toggle)
        self.regions = Regions(
            look, words("Where rates are equal"), x=words("threshold of A"),
            y=words("threshold of B"), names=MEASURES, series=SERIES, outside=words("no decision")).calm()
        self.regions.clicked.connect(self._move)
        self.roc = CurvePlot(look, words("Where thresholds can lead"), x="FPR", y="1 − FNR",
                             x_range=(0.0, 1.0), y_range=(0.0, 1.0), legend=True)
        self.accuracy = CurvePlot(look, words("Right about persons kept for testing"),
                                  x=words("training step"), y_range=(0.4, 0.75), integer_x=True).calm()
        self.pages = Pages(self, "beside", {
            "thresholds": (words("Thresholds"), Pane(look, self.readouts, self.regions)),
            "roc": (words("ROC"), self.roc),
            "accuracy": (words("Two features"), self.accuracy)})
        self._frame: Frame | None = None
        self._params = Params()

        left, top, low = (Card(look) for _ in range(3))
        left.body.addWidget(self.crowd)
        top.body.addWidget(self.rates)
        low.body.addWidget(self.pages)
        self.setLayout(Arrangement(look, beside(
            Place(left, words("The two groups"), rank=1, smallest=(330, 330), share=11),
            below(Place(top, words("Rates"), rank=2, smallest=(260, 190), share=4),
                  Place(low, words("Choices"), rank=3, smallest=(300, 220), share=5), share=8))))

    # --- what a click does

    def _toggle(self, bar: int) -> None:
        if bar < 2 * len(MEASURES):
            name = FLAGS[bar // 2]
            self.changed.emit(name, not getattr(self._params, name))

    def _move(self, a: int, b: int) -> None:
        """Set the thresholds of the pair that was clicked; near the square, those of the square."""
        if self._frame is None:
            return
        parts, target = self._parts(self._frame), self._frame.target
        pair = np.array([self._frame.tried[part][one] for part, one in zip(parts, (a, b), strict=True)])
        if len(target) and np.abs(target - pair).max() <= 0.4:
            pair = target
        for name, value in zip(("threshold_a", "threshold_b"), pair, strict=True):
            self.changed.emit(name, round(float(value), 1))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self._frame, self._params = frame, params
        self._draw_crowd(frame, params)
        self._draw_rates(shown)
        self._draw_readouts(shown)
        match self.pages.show_page(params.beside):
            case "thresholds":
                self._draw_regions(frame, params)
            case "roc":
                self._draw_roc(frame)
            case "accuracy":
                self._draw_accuracy(shown)

    def _wanted(self, params: Params) -> list[int]:
        return [one for one, name in enumerate(FLAGS) if getattr(params, name)]

    def _draw_crowd(self, frame: Frame, params: Params) -> None:
        words = self.words
        sizes = np.bincount(frame.group, minlength=2)
        names = [f"{letter} – {words(name)}" if frame.real else words(name)
                 for letter, name in zip("AB", frame.names, strict=True)]
        captions = [words("{name}: {share} of {people} charged again", name=names[row],
                          share=percent(frame.base[row]), people=count(int(sizes[row])))
                    for row in (0, 1)]
        corners = [(words("missed {share}", share=percent(fnr)),
                    words("false alarms {share}", share=percent(fpr)),
                    words("precision {share}", share=percent(ppv)))
                   for fpr, fnr, ppv in _rates(frame)]
        self.crowd.draw(
            frame.place, frame.group, frame.outcome, frame.flagged, moved=frame.moved,
            targets=frame.target.tolist(),
            thresholds=(params.threshold_a, params.threshold_b), captions=captions, corners=corners,
            title=words("COMPAS, every defendant a dot: drag the two lines") if frame.real
            else words("Made persons, each a dot: drag the two lines"))

    def _draw_rates(self, shown: Shown[Params, Frame]) -> None:
        frame, wanted = shown.frame, self._wanted(shown.params)
        values = _rates(frame).T.ravel()  # FPR A, FPR B, FNR A, …
        labels = [f"{'✓ ' if one in wanted else ''}{name} {group}"
                  for one, name in enumerate(MEASURES) for group in "AB"]
        history = shown.history  # the lowest bar grows while the model learns
        tested = [history.newest(name)[1] for name in ("score_accuracy", "accuracy")]
        labels += [self.words("score right"), self.words("model right")]
        self.rates.draw([*values, *tested], labels, series=[*np.repeat(SERIES, 2).tolist(), 2, 2])

    def _draw_readouts(self, shown: Shown[Params, Frame]) -> None:
        frame, words, wanted = shown.frame, self.words, tuple(self._wanted(shown.params))
        names = words(" and ").join(MEASURES[one] for one in wanted)
        if not wanted:
            items = [(words("two equal: FPR and FNR"), self._possible(frame, 0)),
                     (words("all three equal"), self._possible(frame, 3))]
        elif not len(frame.target):
            items = [(words("{names} equal", names=names), self._otherwise(frame, wanted))]
        else:
            moved = [int(frame.moved[frame.group == row].sum()) for row in (0, 1)]
            items = [(words("{names} equal", names=names), words(
                "at {a} and {b}", a=fixed(frame.target[0], 1), b=fixed(frame.target[1], 1))),
                (words("change sides"), f"{count(moved[0])} A, {count(moved[1])} B")]
        for ghost in shown.ghosts:
            items.append((ghost.label, " / ".join(
                f"{name} {percent(a)} {percent(b)}"
                for name, a, b in zip(MEASURES, *_rates(ghost.frame), strict=True))))
        self.readouts.draw(items)

    def _possible(self, frame: Frame, chosen: int) -> str:
        """Where a set of measures can be equal at the same time."""
        if frame.pairs[chosen]:
            return self.words("at {pairs} pairs", pairs=count(int(frame.pairs[chosen])))
        lot = float(frame.least_lot[chosen])
        return self.words("nowhere") if lot < 0 else \
            self.words("only with {share} by lot", share=percent(lot))

    def _otherwise(self, frame: Frame, wanted: tuple[int, ...]) -> str:
        chosen = {(0, 1): 0, (0, 2): 1, (1, 2): 2, (0, 1, 2): 3}.get(wanted)
        return self.words("nowhere") if chosen is None else self._possible(frame, chosen)

    def _draw_regions(self, frame: Frame, params: Params) -> None:
        wanted = self._wanted(params)
        a, b = self._parts(frame)
        decisive = self._decisive(frame)
        target = (float(frame.target[0]), float(frame.target[1])) if len(frame.target) else None
        self.regions.draw(
            frame.equal[:, a, b], frame.tried[a], frame.tried[b], target=target,
            here=(params.threshold_a, params.threshold_b),
            allowed=decisive[0, a][:, None] & decisive[1, b],
            found=np.logical_and.reduce(frame.equal[wanted])[a, b] if wanted else None)

    def _decisive(self, frame: Frame) -> NDArray[np.bool_]:
        """(2, GRID) whether a threshold calls enough of its group high risk, and enough low."""
        base = frame.base[:, None]
        high = (1 - base) * frame.roc[..., 0] + base * frame.roc[..., 1]
        decisive: NDArray[np.bool_] = (high >= LEAST) & (high <= 1 - LEAST)
        return decisive

    def _parts(self, frame: Frame) -> list[slice]:
        """Of each group, the thresholds that are drawn: those that decide something, and one beyond."""
        found = []
        for decisive in self._decisive(frame):
            at = np.flatnonzero(decisive)
            found.append(slice(max(0, int(at[0]) - 1), int(at[-1]) + 2) if len(at) > 1 else slice(None))
        return found

    def _draw_roc(self, frame: Frame) -> None:
        curves = [Curve(np.array([0.0, 1.0]), np.array([0.0, 1.0]), style="ghost", width=1.0)]  # lots
        for row in (1, 0):
            fpr, found = frame.roc[row].T
            curves.append(Curve(found[::-1], fpr[::-1], "AB"[row], series=2 + row,
                                style="dashed" if row else "solid"))
            curves.append(Curve(1 - frame.rates[row, 1:2], frame.rates[row, :1],
                                series=2 + row, style="dots", width=9.0))
        self.roc.draw(curves)

    def _draw_accuracy(self, shown: Shown[Params, Frame]) -> None:
        history = shown.history
        curves = ghost_curves(shown.ghosts, "accuracy")
        curves += [
            Curve(*history.points("score_accuracy"), self.words("the score, from 5 on"), series=1,
                  style="dashed"),
            Curve(*history.points("accuracy"), self.words("age and earlier offences"), width=2.5)]
        self.accuracy.draw(curves, note=self.of_step(shown))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, params = shown.frame, shown.params
        (fpr_a, fnr_a, ppv_a), (fpr_b, fnr_b, ppv_b) = _rates(frame)
        said = self.words(
            "At thresholds {a} and {b}, {fpr_a} of A who were not charged again are called high risk, "
            "{fpr_b} of B; {fnr_a} and {fnr_b} of those charged again are missed; precision {ppv_a} and "
            "{ppv_b}.", a=fixed(params.threshold_a, 1), b=fixed(params.threshold_b, 1),
            fpr_a=percent(fpr_a), fpr_b=percent(fpr_b), fnr_a=percent(fnr_a), fnr_b=percent(fnr_b),
            ppv_a=percent(ppv_a), ppv_b=percent(ppv_b))
        return said


def _rates(frame: Frame) -> NDArray[np.float32]:
    """(2, MEASURES) the rates; NaN, which is written –, for a precision that there is not."""
    return np.where(frame.rates < 0, np.float32(np.nan), frame.rates)
