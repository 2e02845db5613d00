"""The picture of a silicon sample: groups in truth and simulated, the total that hardly moves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from visualizers.l9_social.silicon_sample.panel import HOTTEST, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves
from widgets.pictures.profiles import Profile, Profiles
from widgets.pictures.readouts import Readouts, TextFlow
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, percent, signed
from widgets.theme.words import tr_mark
from widgets.views.cards import Card, Pane
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

FACTS = {"party": tr_mark("party"), "ideology": tr_mark("ideology"), "age": tr_mark("age"),
         "education": tr_mark("education"), "income": tr_mark("household income")}


class SiliconSampleView(PanelView):
    """Groups on the left; on the right total and tie, and below those what temperature does to them."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.groups = Profiles(look, words("Who votes Republican?"), x=words("share of the group"))
        self.bars = BarChart(look, words("All voters, and party"), low=0.0, high=1.0).calm()
        self.temperature = CurvePlot(look, words("At every temperature"), x=words("temperature"),
                                     x_range=(0.0, HOTTEST), y_range=(0.0, 1.0)).calm()
        self.prompt = TextFlow(look, words("What is told of this person"))
        self.answer = Readouts(look)
        self.learning = CurvePlot(look, words("Distance from the true groups"), x=words("step"),
                                  y_range=(0.0, 0.5), integer_x=True).calm()
        self.pages = Pages(self, "beside", {
            "temperature": (words("Temperature"), self.temperature),
            "person": (words("One person"), Pane(look, self.answer, self.prompt)),
            "learning": (words("Distance"), self.learning)})

        left, top, low = (Card(look) for _ in range(3))
        left.body.addWidget(self.groups)
        top.body.addWidget(self.bars)
        low.body.addWidget(self.pages)
        self.setLayout(Arrangement(look, beside(
            Place(left, words("Groups"), rank=1, smallest=(330, 300), share=11),
            below(Place(top, words("Total"), rank=2, smallest=(260, 150), share=4),
                  Place(low, words("Why"), rank=3, smallest=(300, 230), share=6), share=9))))

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._draw_groups(shown)
        self._draw_bars(shown)
        match self.pages.show_page(shown.params.beside):
            case "temperature":
                self._draw_temperature(shown)
            case "person":
                self._draw_person(shown.frame)
            case "learning":
                self._draw_learning(shown)

    def _draw_groups(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        n = np.maximum(frame.sizes, 1)
        true = _known(frame.true)
        profiles = [
            Profile(words("in truth"), true, 1, spread=1.96 * np.sqrt(true * (1 - true) / n)),
            Profile(words("simulated"), _known(frame.simulated), 0)]
        profiles += [Profile(ghost.label, _known(ghost.frame.simulated), 0, ghost=True)
                     for ghost in shown.ghosts if ghost.frame.groups == frame.groups]
        by = words(FACTS[shown.params.by])
        self.groups.draw(
            [words(one) for one in frame.groups], profiles, notes=[count(one) for one in frame.sizes],
            title=words("Who votes Republican? ANES 1996, by {fact}", fact=by) if frame.real
            else words("Who votes Republican? Made voters, by {fact}", fact=by))

    def _draw_bars(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        by = words(FACTS[shown.params.by])
        values = [frame.total, float(_known(np.array(frame.simulated_total))), frame.tie,
                  frame.simulated_tie, frame.gap]
        labels = [words("total, in truth"), words("total, simulated"), words("tie, in truth"),
                  words("tie, simulated"), words("groups off by")]
        self.bars.draw(values, labels, series=(1, 0, 1, 0, 3),
                       title=words("The total, and the tie of vote and {fact}", fact=by))

    def _draw_temperature(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        self.temperature.draw(
            [Curve(_known(frame.total_at), frame.temperatures, words("total"), series=2),
             Curve(frame.tie_at, frame.temperatures, words("tie"), series=3)],
            [Rule(frame.total, words("total, in truth"), series=2),
             Rule(frame.tie, words("tie, in truth"), series=3),
             Rule(shown.params.temperature, axis="x")],
            y_range=(min(0.0, float(np.floor(10 * frame.tie_at.min()) / 10)), 1.0))

    def _draw_person(self, frame: Frame) -> None:
        words = self.words
        self.prompt.draw(frame.prompt)
        self.answer.draw([
            (words("says Republican"), percent(frame.odds) if frame.odds >= 0 else "–"),
            (words("of 20 answers"), percent(frame.says) if frame.says >= 0 else "–"),
            (words("voted"), words(("Democrat", "Republican")[frame.vote]))])

    def _draw_learning(self, shown: Shown[Params, Frame]) -> None:
        history = shown.history
        curves = ghost_curves(shown.ghosts, "gap")
        self.learning.draw([*curves, Curve(*history.points("gap"))])

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame, words = shown.frame, self.words
        if not frame.asked:
            return words("Nobody of {voters} voters has been asked yet.", voters=count(frame.voters))
        values = {
            "temperature": decimal(shown.params.temperature), "total": percent(frame.total),
            "simulated": percent(frame.simulated_total), "tie": signed(frame.tie),
            "simulated_tie": signed(frame.simulated_tie), "gap": percent(frame.gap),
            "fact": words(FACTS[shown.params.by])}
        if frame.answers_by:
            return words(
                "{model}, asked as {asked} of {voters} voters at temperature {temperature}: {simulated} "
                "say Republican, {total} of all did; {fact} and vote correlate at {simulated_tie}, in "
                "truth at {tie}; a group is off by {gap} on average.", model=frame.answers_by,
                asked=count(frame.asked), voters=count(frame.voters), **values)
        return words(
            "At temperature {temperature}, {simulated} say Republican, {total} in truth; but {fact} and vote "
            "correlate at {simulated_tie}, in truth at {tie}; a group is off by {gap} on average.", **values)


def _known(shares: NDArray[Any]) -> NDArray[np.float64]:
    """Shares as they are; NaN, which is drawn nowhere, where nobody has been asked."""
    return np.where(shares < 0, np.nan, shares.astype(np.float64))
