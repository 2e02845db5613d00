"""The picture of distillation: accuracy by digit, and the teacher's odds at every temperature."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from visualizers.l5_compression.distillation.panel import LADDER, STUDENTS, Frame, Params
from visualizers.panel import Shown
from widgets.pictures.barrows import BarRows
from widgets.pictures.curves import Curve, CurvePlot, Rule, ghost_curves
from widgets.pictures.heatmap import Heatmap
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, percent
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

LABELS, COLD, YOURS = range(STUDENTS)
SERIES = (1, 2, 0)  # of the students: by labels, at T = 1, at the T of the slider
DIGITS = tuple("0123456789")


class DistillationView(PanelView):
    """Accuracy by digit on the left; on the right the teacher's odds, and curves that take turns."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.digits = BarRows(look, words("Held-out pictures told rightly, by digit"))
        self.digits.clicked.connect(lambda _, digit: self.changed.emit("looked_at", digit))
        self.readouts = Readouts(look).calm()
        self.image = Heatmap(look, "", square=True, color_bar=False).calm()
        self.image.setAccessibleName(words("the picture"))
        self.image.setFixedSize(look.px(124), look.px(124))
        self.answers = Readouts(look).calm()
        self.dark = BarRows(look, words("The teacher's doubts"), write=_odds).calm()
        self.dark.clicked.connect(lambda _, digit: self.changed.emit("looked_at", digit))
        steps, right = words("training step"), words("accuracy")
        self.time = CurvePlot(look, "", x=steps, y=right, y_range=(0.0, 1.05), integer_x=True).calm()
        self.ladder = CurvePlot(look, "", x=words("temperature T"), y=right, log_x=True,
                                x_range=(1.0, 20.0), y_range=(0.0, 1.05)).calm()
        self.raised = CurvePlot(look, "", x=words("added to the digit's score"), y=right,
                                x_range=(0.0, 10.0), y_range=(0.0, 1.05)).calm()
        self.pages = Pages(self, "beside", {"time": (words("Over time"), self.time),
                                            "ladder": (words("Over T"), self.ladder),
                                            "bias": (words("Raised bias"), self.raised)})

        large, dark, more = (Card(look) for _ in range(3))
        large.body.addWidget(self.digits, 1)
        large.body.addWidget(self.readouts)
        across, picture = QHBoxLayout(), QVBoxLayout()
        picture.addWidget(self.image)
        picture.addStretch(1)
        across.addLayout(picture)
        across.addWidget(self.dark, 1)
        dark.body.addLayout(across, 1)
        dark.body.addWidget(self.answers)
        more.body.addWidget(self.pages)
        self.setLayout(Arrangement(look, beside(
            Place(large, words("By digit"), rank=1, smallest=(370, 280), share=11),
            below(Place(dark, words("The teacher's doubts"), rank=2, smallest=(320, 230), share=6),
                  Place(more, words("Over time"), rank=3, smallest=(320, 190), share=5), share=10))))

    def _names(self, params: Params) -> list[str]:
        return [self.words("labels only"), "T = 1", f"T = {decimal(params.temperature)}"]

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        names = self._names(shown.params)
        self.digits.draw(
            frame.by_digit, names, DIGITS, series=SERIES, lit=frame.withheld, lit_head=words("never shown"),
            notes=[words("all: {share}", share=percent(float(one), 1)) for one in frame.overall],
            ghosts=[(ghost.label, ghost.frame.by_digit) for ghost in shown.ghosts])
        self.readouts.draw([(words("teacher"), percent(frame.teacher_accuracy, 1)),
                            (words("numbers learnt, teacher / student"),
                             " / ".join(count(one) for one in frame.numbers)),
                            (words("steps to go"), count(frame.to_go))])
        self._draw_dark(shown, names)
        match self.pages.show_page(shown.params.beside):
            case "time":
                self._draw_time(shown, names)
            case "ladder":
                self._draw_ladder(shown, names)
            case _:
                self._draw_raised(shown, names)

    def _draw_dark(self, shown: Shown[Params, Frame], names: list[str]) -> None:
        frame, words = shown.frame, self.words
        self.image.draw(frame.image, low=0.0, high=1.0, x_labels=[""] * 8, y_labels=[""] * 8)
        rows = [f"T = {decimal(float(one))}" for one in frame.dark_t]
        mine = int(np.abs(frame.dark_t - shown.params.temperature).argmin())
        self.dark.draw(frame.dark, rows, DIGITS, lit=frame.withheld, lit_head="",
                       series=[SERIES[YOURS] if at == mine else 3 for at in range(len(rows))], bold=mine,
                       tops=frame.dark.max(1),
                       notes=[words("full: {share}", share=_odds(float(one))) for one in frame.dark.max(1)],
                       title=words("The teacher's odds for this {digit}", digit=frame.label))
        self.answers.draw([(words("{student} says", student=name), DIGITS[said])
                           for name, said in zip(names, frame.said, strict=True)])

    def _draw_time(self, shown: Shown[Params, Frame], names: list[str]) -> None:
        history = shown.history
        curves = ghost_curves(shown.ghosts, "unseen")
        curves += [Curve(*history.points(scalar), names[at], series=SERIES[at], width=2.5)
                   for at, scalar in enumerate(("label_unseen", "cold_unseen", "unseen"))]
        self.time.draw(curves, note=self._on_what(shown.frame))

    def _on_what(self, frame: Frame) -> str:
        return self.words("on all digits") if frame.withheld < 0 \
            else self.words("on the digit never shown, {digit}", digit=frame.withheld)

    def _draw_ladder(self, shown: Shown[Params, Frame], names: list[str]) -> None:
        frame, T = shown.frame, np.array(LADDER)
        curves = [Curve(ghost.frame.ladder, T, ghost.label, style="ghost", width=1.5)
                  for ghost in shown.ghosts]
        curves += [Curve(frame.ladder, T, self.words("from the teacher's odds"), series=2),
                   Curve(frame.withheld_right[YOURS:], np.array([shown.params.temperature]), names[YOURS],
                         series=SERIES[YOURS], style="dots", width=6.0)]
        labels = Rule(float(frame.withheld_right[LABELS]), names[LABELS], series=SERIES[LABELS])
        self.ladder.draw(curves, [labels], note=self._on_what(frame))

    def _draw_raised(self, shown: Shown[Params, Frame], names: list[str]) -> None:
        frame = shown.frame
        curves = [Curve(ghost.frame.raised[YOURS], ghost.frame.raises, ghost.label, style="ghost", width=1.5)
                  for ghost in shown.ghosts]
        curves += [Curve(frame.raised[at], frame.raises, names[at], series=SERIES[at], width=2.5)
                   for at in range(STUDENTS)]
        self.raised.draw(curves, [Rule(shown.params.bias, axis="x")], note=self.words("on all digits"))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        labels, cold, yours = (percent(float(one)) for one in frame.withheld_right)
        values = {"step": count(shown.measured), "t": decimal(shown.params.temperature),
                  "labels": labels, "cold": cold, "yours": yours}
        if frame.withheld < 0:
            return self.words("Step {step}, no digit withheld. Rightly told: {labels} after the labels, "
                              "{cold} at T = 1, and {yours} at T = {t}.", **values)
        return self.words("Step {step}. Of the digit {digit}, which no student ever saw, {yours} are "
                          "rightly told at T = {t}; {cold} at T = 1, and {labels} after the labels.",
                          digit=frame.withheld, **values)


def _odds(value: float) -> str:
    return percent(value) if value >= 0.005 else percent(value, 1)
