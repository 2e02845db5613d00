"""The picture of a fragile prompt: every order a dot, before and after calibration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtWidgets import QWidget

from visualizers.l4_tuning.prompting.panel import CLASSES, Frame, Params, example_lines
from visualizers.panel import Shown
from widgets.pictures.bars import BarChart
from widgets.pictures.curves import Curve, CurvePlot
from widgets.pictures.marked import Entry, MarkedTexts, Span
from widgets.pictures.readouts import Readouts
from widgets.pictures.scatter import ScatterPlot
from widgets.pictures.table import Table
from widgets.theme.look import Look
from widgets.theme.marks import mark_of, named
from widgets.theme.numbers import count, percent, signed
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

RAW, FIXED = 0, 1  # rows of the frame: as asked, calibrated
CALIBRATED = 2     # the series of what is calibrated; 0 and 1 are the classes


class PromptingView(PanelView):
    """Accuracy over leaning on the left; on the right the prompt of one order, and what came of all."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self._asked = 1
        self._shown: Shown[Params, Frame] | None = None
        self.cloud = ScatterPlot(look, words("The same examples in every order"),
                                 x=words("leaning of the answers: ← negative · positive →"),
                                 y=words("accuracy"), dot=3.6).calm()
        self.cloud.clicked.connect(lambda one: self.changed.emit("order", one % self._asked))
        self.figures = Readouts(look).calm()
        self.prompt = MarkedTexts(look, " ", share=0.3, narrow=10_000).calm()
        self.prompt.clicked.connect(self._put_last)
        self.table = Table(look, "", [(words("order"), 0.33), (words("as asked"), 0.22),
                                      (words("calibrated"), 0.25), (words("leaning"), 0.2)]).calm()
        self.table.clicked.connect(self._choose)
        self.last = BarChart(look, "", x=words("mean leaning: below 0 negative, above positive"), low=-1.0,
                             write=signed).calm()
        self.shots = CurvePlot(look, "", x=words("examples in the prompt"), y_range=(0.0, 1.04),
                               integer_x=True, legend=True).calm()
        self.answers = Table(look, "", [(words("Sentence"), 0.52), (words("as asked"), 0.23),
                                        (words("calibrated"), 0.25)]).calm()
        self.pages = Pages(self, "beside", {"table": (words("Orders"), self.table),
                                            "last": (words("Last one"), self.last),
                                            "shots": (words("Shots"), self.shots),
                                            "answers": (words("Sentences"), self.answers)})
        large, text, more = (Card(look) for _ in range(3))
        large.body.addWidget(self.cloud, 1)
        large.body.addWidget(self.figures)
        text.body.addWidget(self.prompt, 1)
        more.body.addWidget(self.pages)
        self.setLayout(Arrangement(look, beside(
            Place(large, words("Accuracy"), rank=1, smallest=(370, 250), share=11),
            below(Place(text, words("Prompt"), rank=2, smallest=(320, 150), share=8),
                  Place(more, words("Orders"), rank=3, smallest=(320, 190), share=9), share=9))))

    def _choose(self, row: int) -> None:
        if row < self._asked:
            self.changed.emit("order", row)

    def _put_last(self, place: int) -> None:
        """Choose the order in which the example at this place comes last. Where it has not been asked, the
        examples are written down in it, and asking begins with it."""
        if self._shown is None:
            return
        frame = self._shown.frame
        order = frame.orders[frame.chosen].tolist()
        order.append(order.pop(place))
        asked = frame.orders[:frame.asked].tolist()
        if order in asked:
            self.changed.emit("order", asked.index(order))
        else:
            lines = example_lines(self._shown.params.examples)
            self.changed.emit("order", 0)
            self.changed.emit("examples", "\n".join([lines[one] for one in order] + lines[len(order):]))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        self._asked, self._shown = frame.asked, shown
        self._draw_cloud(shown)
        self._draw_prompt(shown)
        match self.pages.show_page(shown.params.beside):
            case "table":
                self._draw_table(frame)
            case "last":
                self._draw_last(frame)
            case "shots":
                self._draw_shots(shown)
            case _:
                self._draw_answers(frame)

    def _signs(self, frame: Frame, order: Sequence[int]) -> str:
        """An order by the numbers of its examples and what each says of itself: 2■ 1● …"""
        return " ".join(f"{one + 1}{mark_of(int(frame.given[one]))}" for one in order) or "–"

    def _draw_cloud(self, shown: Shown[Params, Frame]) -> None:
        frame, words, asked = shown.frame, self.words, shown.frame.asked
        last = frame.given[frame.orders[:asked, -1]] if len(frame.given) else np.zeros(asked, np.uint8)
        names = [self._signs(frame, order) for order in frame.orders[:asked].tolist()]
        ghosts = []
        for ghost in shown.ghosts:
            old = ghost.frame
            along = np.argsort(old.leaning[RAW, :old.asked], kind="stable")
            x, y = old.leaning[RAW, :old.asked][along], old.accuracy[RAW, :old.asked][along]
            # A single order is a short stroke, so that it is seen.
            ghosts.append((ghost.label, np.append(x, x[-1] + 0.02), np.append(y, y[-1])))
        self.cloud.draw(
            frame.leaning[:, :asked].ravel(), frame.accuracy[:, :asked].ravel(), names * 2,
            series=np.concatenate([last, np.full(asked, CALIBRATED)]),
            series_names=(words("last example negative"), words("positive"),
                          words("calibrated")),
            selected=(frame.chosen, asked + frame.chosen), ghosts=ghosts, rule=0.0,
            y_range=(0.4 if min(*frame.worst, *(y.min() for _, _, y in ghosts)) >= 0.4 else 0.0, 1.04))
        self.figures.draw([
            (words("orders"), f"{count(asked)} / {count(len(frame.orders))}"),
            *((name, words("{mean} ({worst} – {best})", mean=percent(frame.middle[row]),
                           worst=percent(frame.worst[row]), best=percent(frame.best[row])))
              for row, name in ((RAW, words("as asked")), (FIXED, words("calibrated"))))])

    def _draw_prompt(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        template = " ".join(frame.template.split())
        entries = []
        if said := shown.params.instruction.strip():
            entries.append(Entry((Span(said),)))
        for place, one in enumerate(order := frame.orders[frame.chosen].tolist()):
            label = int(frame.given[one])
            entries.append(Entry(_line(template, frame.examples[one], frame.label_words[label], label,
                                       place)))
        entries.append(Entry(_line(template, words("each of {n} sentences", n=count(len(frame.sentences))),
                                   "?", None)))
        named = {"n": count(frame.chosen + 1), "model": words(frame.title)}
        self.prompt.draw(
            entries, title=words("Prompt {n} for {model}: click an example to put it last", **named)
            if len(order) > 1 else words("Prompt {n} for {model}", **named))

    def _draw_table(self, frame: Frame) -> None:
        rows = [(self._signs(frame, order), percent(raw) if raw >= 0 else "", percent(fixed) if fixed >= 0
                 else "", signed(float(lean)) if raw >= 0 else "") for order, raw, fixed, lean in zip(
                     frame.orders.tolist(), *frame.accuracy, frame.leaning[RAW], strict=True)]
        self.table.draw(rows, selected=frame.chosen, muted=range(frame.asked, len(rows)))

    def _draw_last(self, frame: Frame) -> None:
        words, asked = self.words, frame.asked
        values, names, series = [], [], []
        if len(frame.given):
            last = frame.given[frame.orders[:asked, -1]]
            for row, how in enumerate((words("as asked"), words("calibrated"))):
                for label in (0, 1):
                    here = frame.leaning[row, :asked][last == label]
                    values.append(float(here.mean()) if len(here) else 0.0)
                    names.append(f"{how}, {named(label, words(CLASSES[label]))}")
                    series.append(label if row == RAW else CALIBRATED)
        self.last.draw(values, names, series=series,
                       title=words("Leaning after a last example that says …"))

    def _draw_shots(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        x = frame.shots.astype(float)
        curves = [Curve(ghost.frame.shots_raw[1], ghost.frame.shots.astype(float), ghost.label,
                        style="ghost", width=1.5) for ghost in shown.ghosts]
        for found, series, name in ((frame.shots_raw, 0, words("as asked")),
                                    (frame.shots_calibrated, CALIBRATED, words("calibrated"))):
            curves += [Curve(found[edge], x, series=series, style="dashed", width=1.0) for edge in (0, 2)]
            curves.append(Curve(found[1], x, name, series=series, width=2.5))
        self.shots.draw(curves, x_range=(0.0, float(max(4, x.max()))),
                        note=words("mean of the orders; dashed: worst and best"))

    def _draw_answers(self, frame: Frame) -> None:
        order = np.argsort(frame.odds[RAW], kind="stable").tolist()
        self.answers.draw(
            [(named(int(frame.truth[at]), frame.sentences[at]),
              *(self._said(float(odds), int(frame.truth[at])) for odds in frame.odds[:, at]))
             for at in order], title=self.words("P(positive) with this order, and whether it is right"))

    def _said(self, odds: float, truth: int) -> str:
        return f"{percent(odds)} {'✓' if int(odds > 0.5) == truth else '✗'}"

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        return self.words(
            "{asked} of {all} orders of the same examples are right about {worst} to {best} of the "
            "sentences, {mean} on average; calibrated about {low} to {high}, {middle} on average.",
            asked=count(frame.asked), all=count(len(frame.orders)), worst=percent(frame.worst[RAW]),
            best=percent(frame.best[RAW]), mean=percent(frame.middle[RAW]), low=percent(frame.worst[FIXED]),
            high=percent(frame.best[FIXED]), middle=percent(frame.middle[FIXED]))


def _line(template: str, sentence: str, word: str, label: int | None, part: int = -1) -> tuple[Span, ...]:
    """A filled template, its label word marked by what it says, and pale where it is asked for. A click on
    either gives ``part``."""
    spans, rest = [], template
    for sign in sorted("*_", key=template.index):
        before, _, rest = rest.partition(sign)
        if before:
            spans.append(Span(before, muted=True))
        spans.append(Span(sentence, part=part, muted=label is None) if sign == "*"
                     else Span(f"{word} ", label, part))
    return (*spans, Span(rest, muted=True)) if rest.strip() else tuple(spans)
