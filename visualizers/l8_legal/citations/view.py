"""The picture of checked citations: the answers with each citation looked up, and how that goes on."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l8_legal.citations.panel import VERDICTS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves
from widgets.pictures.marked import Entry, MarkedTexts, Span
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look
from widgets.theme.marks import named
from widgets.theme.numbers import count, percent
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

LONGEST = 36  # characters of a citation in a title
SERIES = {"in force": 2, "amended": 1, "repealed": 1, "invented": 3}


class CitationsView(PanelView):
    """The answers on top; below, the shares over training or temperature, and what was looked up."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.answers = MarkedTexts(look, " ")
        self.answers.clicked.connect(self._choose)
        self.figures = Readouts(look).calm()
        self.training = CurvePlot(look, "", x=words("training step"), y_range=(0.0, 1.04),
                                  integer_x=True).calm()
        self.temperature = CurvePlot(look, "", x=words("temperature"), y_range=(0.0, 1.04)).calm()
        self.beside = Pages(self, "beside", {"training": (words("Over training"), self.training),
                                             "temperature": (words("Over temperature"), self.temperature)})
        self.near = MarkedTexts(look, " ", share=0.3)
        self._chosen = -1

        top, left, right = (Card(look) for _ in range(3))
        top.body.addWidget(self.answers, 1)
        top.body.addWidget(self.figures)
        left.body.addWidget(self.beside)
        right.body.addWidget(self.near)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Answers"), rank=1, smallest=(400, 220), share=8),
            beside(Place(left, words("Shares"), rank=2, smallest=(300, 200)),
                   Place(right, words("Looked up"), rank=3, smallest=(300, 170)), share=6))))

    def _choose(self, part: int) -> None:
        """Look a citation up; a second click lets go."""
        self.changed.emit("chosen", -1 if part == self._chosen else part)

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, params = shown.frame, shown.params
        self._chosen = params.chosen
        self._draw_answers(shown)
        self._draw_near(frame)
        if self.beside.show_page(params.beside) == "training":
            self._draw_training(shown)
        else:
            self._draw_temperature(shown)

    def _verdict(self, verdict: str) -> str:
        words = self.words
        return {"in force": words("in force"), "amended": words("amended"),
                "repealed": words("repealed"), "invented": words("invented")}[verdict]

    def _draw_answers(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        entries = []
        for row, (question, answer) in enumerate(zip(frame.questions, frame.answers, strict=True)):
            spans, notes, end = [Span(f"{question} ", muted=True)], [], 0
            for one in np.flatnonzero(frame.at == row).tolist():
                verdict, series = frame.verdicts[one], SERIES[frame.verdicts[one]]
                spans.append(Span(answer[end : frame.starts[one]]))
                end = int(frame.ends[one])
                spans.append(Span(answer[frame.starts[one] : end], series, one))
                said = self._verdict(verdict)
                if verdict == "invented":
                    said = words("invented; the nearest is {article}", article=frame.real[one])
                elif one == np.flatnonzero(frame.at == row)[0] and frame.asked[row]:
                    said += words(", right") if frame.real[one] == frame.asked[row] \
                        else words(", wrong article")
                notes.append(Span(said, series, one))
            spans.append(Span(answer[end:]))
            if not notes:
                unfound = shown.params.retrieve and not answer and not frame.writing
                notes.append(Span(words("the search finds no article in force, so nothing is written")
                                  if unfound else words("cites nothing"), muted=True))
            entries.append(Entry(tuple(spans), tuple(notes)))
        title = words("Every citation is looked up in: {title}", title=words(frame.title))
        if of := self.of_step(shown):
            title += f" ({of})"
        self.answers.draw(entries, selected=frame.chosen, title=title)
        in_force, amended, repealed, invented = self._shares(frame)
        figures = [(named(2, words("in force")), percent(in_force)),
                   (named(1, words("old law")), percent(amended + repealed)),
                   (named(3, words("invented")), percent(invented)),
                   (words("right article"), percent(frame.right if any(frame.asked) else float("nan"))),
                   (words("fluent"), percent(frame.fluent)),
                   (words("words of its article"), percent(frame.kept))]
        if shown.params.retrieve and any(frame.asked):
            figures.append((words("found first by the search"), percent(frame.found)))
        self.figures.draw(figures)

    def _shares(self, frame: Frame) -> list[float]:
        """Of each verdict; NaN, which is written –, where nothing is cited."""
        return frame.shares.tolist() if len(frame.verdicts) else [float("nan")] * len(VERDICTS)

    def _draw_near(self, frame: Frame) -> None:
        words = self.words
        if frame.chosen < 0:
            self.near.draw([], title=words("No citation yet: {articles} articles of {laws} laws",
                                           articles=count(frame.articles), laws=count(frame.laws)))
            return
        chosen = frame.answers[frame.at[frame.chosen]][
            frame.starts[frame.chosen] : frame.ends[frame.chosen]]
        if len(chosen) > LONGEST:
            chosen = f"{chosen[: LONGEST - 1]}…"
        title = words("“{citation}” does not exist; nearest:", citation=chosen) \
            if frame.verdicts[frame.chosen] == "invented" else \
            words("“{citation}” says:", citation=chosen)
        self.near.draw([
            Entry((Span(near, SERIES[status]), Span(f" {text}")),
                  (Span(self._verdict(status), SERIES[status]),))
            for near, status, text in zip(frame.near, frame.near_status, frame.near_text, strict=True)],
            title=title)

    def _draw_training(self, shown: Shown[Params, Frame]) -> None:
        history, words = shown.history, self.words
        curves = ghost_curves(shown.ghosts, "invented")
        if any(shown.frame.asked):
            curves.append(Curve(*history.points("right"), words("right"), series=2, style="dashed"))
        curves += [Curve(*history.points("old"), words("old law"), series=1, width=1.5, style="dashed"),
                   Curve(*history.points("fluent"), words("fluent")),
                   Curve(*history.points("invented"), words("invented"), series=3, width=2.5)]
        self.training.draw(curves, note=self.of_step(shown))

    def _draw_temperature(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        curves = [Curve(frame.fluent_at, frame.temperatures, words("fluent")),
                  Curve(frame.invented_at, frame.temperatures, words("invented"), series=3,
                        width=2.5)]
        self.temperature.draw(
            curves, [Rule(shown.params.temperature, words("now"), axis="x")], x_range=(0.0, 1.5),
            note=self.of_step(shown) if len(frame.temperatures) else
            words("only for the network that is trained here"))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        in_force, amended, repealed, invented = frame.shares.tolist()
        if shown.params.retrieve and not any(frame.answers) and not frame.writing:
            return self.words("The search finds no article in force that fits this question, so nothing is "
                              "written.")
        if not len(frame.verdicts):
            return self.words("At step {step}, no answer has a citation that can be read; {fluent} of what "
                              "is written is fluent.", step=count(shown.measured),
                              fluent=percent(frame.fluent))
        said = self.words(
            "At step {step}, {fluent} of what is written is fluent; of {cited} citations {force} are in "
            "force, {old} amended or repealed and {invented} invented.", step=count(shown.measured),
            fluent=percent(frame.fluent), cited=count(len(frame.verdicts)), force=percent(in_force),
            old=percent(amended + repealed), invented=percent(invented))
        if not any(frame.asked):  # an own question: nobody knows which article answers it
            return said
        return self.words("{said} {right} of the answers cite the right article.", said=said,
                          right=percent(frame.right))


assert set(SERIES) == set(VERDICTS)
