"""The picture of a mixture of experts: loads over training, a text by expert, what each is worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l3_transformers.mixture_of_experts.panel import Frame, Params
from visualizers.panel import History, Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.readouts import Readouts
from widgets.pictures.tokens import NotedStrip
from widgets.theme.look import Look
from widgets.theme.marks import named
from widgets.theme.numbers import compact, count, fixed, percent, signed
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

KINDS = ("plain", "balanced")


class MixtureView(PanelView):
    """Load and loss of all twins carry the claim; beside them the experts of one, below its text."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        step = words("training step")
        self.load = CurvePlot(look, words("Share of the busiest expert, on three seeds"), x=step,
                              y_range=(0.0, 1.04), integer_x=True)
        self.loss = CurvePlot(look, words("Held-out loss, on three seeds"), x=step,
                              y=words("loss in nats"), integer_x=True)
        self.over = Pages(self, "over", {"load": (words("Load"), self.load),
                                         "loss": (words("Loss"), self.loss)})
        self.figures = Readouts(look).calm()
        self.shares = BarChart(look, " ", high=1.0, write=percent).calm()
        self.worth = BarChart(look, " ", write=signed).calm()
        for chart in (self.shares, self.worth):
            chart.clicked.connect(self._knock)
        self.bars = Pages(self, "bars", {"load": (words("What it reads"), self.shares),
                                         "worth": (words("What it is worth"), self.worth)})
        self.strip = NotedStrip(look, " ", lines=2).calm()
        self.strip.narrowest = look.px(17)
        self._frame: Frame | None = None

        left, right, under = (Card(look) for _ in range(3))
        left.body.addWidget(self.over, 1)
        left.body.addWidget(self.figures)
        right.body.addWidget(self.bars)
        under.body.addWidget(self.strip, 1)
        self.setLayout(Arrangement(look, below(
            beside(Place(left, words("Balance"), rank=1, smallest=(380, 260), share=11),
                   Place(right, words("Experts"), rank=3, smallest=(270, 220), share=7), share=11),
            Place(under, words("Text"), rank=2, smallest=(380, 150), share=6))))

    def _knock(self, expert: int) -> None:
        """Leave an expert out, or put it back."""
        if self._frame is not None:
            self.changed.emit("knocked", tuple(sorted({*self._frame.knocked} ^ {expert})))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        self._frame = frame
        if self.over.show_page(params.over) == "load":
            even = 1 / frame.load.shape[-1]
            self.load.draw(self._curves(shown, "load"), [Rule(even, words("even"))],
                           y_range=(0.0, 1.04))
        else:
            self.loss.draw(self._curves(shown, "loss"), [Rule(frame.guessing, words("guessing"))])
        self._draw_figures(shown)
        self._draw_experts(shown)
        experts = frame.expert.tolist()
        self.strip.draw(
            frame.letters, weights=0.25 + 0.75 * frame.odds, series=experts,
            notes=[[str(one + 1) for one in experts]],
            title=words("Which expert each character is sent to: {which}", which=self._which(params)))

    def _which(self, params: Params) -> str:
        return self.words("seed {seed}, without balance loss" if params.shown == "without" else
                          "seed {seed}, with balance loss", seed=params.twin)

    def _curves(self, shown: Shown[Params, Frame], what: str) -> list[Curve]:
        names = self.words("without balance loss"), self.words("with balance loss")
        curves = [Curve(_mean(ghost.history, what)[1], _mean(ghost.history, what)[0], ghost.label,
                        style="ghost", width=1.5) for ghost in shown.ghosts]
        for index, kind in enumerate(KINDS):
            for one in range(shown.frame.load.shape[1]):
                x, y = _points(shown.history, f"{kind}_{what}_{one + 1}")
                curves.append(Curve(y, x, "" if one else names[index], series=1 - index,
                                    style="solid" if index else "dashed", width=2.2))
        return curves

    def _draw_figures(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        when = self.of_step(shown)
        rows = [(words("loss without balance"), fixed(float(frame.losses[0].mean()))),
                (words("with balance"), fixed(float(frame.losses[1].mean()))),
                (words("weights used for a character"),
                 f"{compact(frame.active)} / {compact(frame.weights)}")]
        if frame.knocked:
            rows.append((words("knocked out"), ", ".join(str(one + 1) for one in frame.knocked)))
        self.figures.draw([*rows, *([("", when)] if when else [])])

    def _draw_experts(self, shown: Shown[Params, Frame]) -> None:
        frame, params, words = shown.frame, shown.params, self.words
        kind, twin = int(params.shown == "with"), params.twin - 1
        load, worth = frame.load[kind, twin], frame.worth[kind, twin]
        labels = [named(one, str(one + 1)) for one in range(len(load))]
        if self.bars.show_page(params.bars) == "load":
            self.shares.draw(load, labels, series=range(len(load)), muted=frame.knocked,
                             title=words("Characters read: click to knock out"))
        else:
            self.worth.draw(worth, labels, series=range(len(load)), muted=frame.knocked,
                            title=words("Loss without it: click to knock out"))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        top = frame.load.max(-1)
        said = words(
            "At step {measured} the busiest of {experts} experts reads {plain} of the characters without "
            "balance loss and {balanced} with it, as a mean over three seeds; the held-out loss is {loss} "
            "and {other}.",
            measured=count(shown.measured), experts=count(frame.load.shape[-1]),
            plain=percent(float(top[0].mean())), balanced=percent(float(top[1].mean())),
            loss=fixed(float(frame.losses[0].mean())), other=fixed(float(frame.losses[1].mean())))
        if frame.knocked:
            said += words(" Knocked out: {out}.", out=", ".join(str(one + 1) for one in frame.knocked))
        return said


def _points(history: History, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Steps and values of a curve."""
    y, x = history.points(name)
    return x, y


def _mean(history: History, what: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of the models with the balance loss of an earlier run."""
    parts = [_points(history, f"balanced_{what}_{one + 1}") for one in range(3)]
    return parts[0][0], np.mean([one[1] for one in parts], axis=0)
