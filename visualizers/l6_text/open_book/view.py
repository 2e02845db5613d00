"""The picture of a closed and an open book: what is right of old and new facts, and how a passage is read."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from visualizers.l6_text.open_book.panel import WAYS, Frame, Params
from visualizers.l6_text.open_book.scoring import exact_match
from visualizers.panel import Shown
from widgets.pictures.bargrid import BarGrid
from widgets.pictures.curves import Curve, CurvePlot, Style, ghost_curves
from widgets.pictures.marked import Entry, MarkedTexts, Span
from widgets.pictures.readouts import Readouts
from widgets.pictures.tokens import TokenStrip
from widgets.theme.look import Look
from widgets.theme.marks import named
from widgets.theme.numbers import SPACE, count, decimal, percent
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

CLOSED, OPEN, REMOVED = range(3)  # rows of the frame
OLD, NEW = 0, 1                   # its columns
SERIES = (1, 0, 2)                # of the three ways
CURVES: tuple[tuple[str, str, int, Style], ...] = (
    ("closed_old", "closed, old", 1, "solid"), ("closed_new", "closed, new", 1, "dashed"),
    ("open_old", "open, old", 0, "solid"), ("open_new", "open, new", 0, "dashed"),
    ("removed_new", "removed, new", 2, "dashed"))


class Reading(QWidget):
    """Where an answer starts and where it ends, as two maps of the same passage."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.start = TokenStrip(look, look.words("Where it starts"), lines=2).calm()
        self.end = TokenStrip(look, look.words("Where it ends"), lines=2).calm()
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(look.px(2))
        lines.addWidget(self.start)
        lines.addWidget(self.end)
        lines.addStretch(1)


class OpenBookView(PanelView):
    """Curves and bars on top; below the answers, the reading of one passage, and what was found."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.curves = CurvePlot(look, words("Exact matches"), x=words("training step"), y_range=(0.0, 1.04),
                                integer_x=True, legend=True)
        self.grid = BarGrid(look, words("Now")).calm()
        self.figures = Readouts(look).calm()
        self.answers = MarkedTexts(look, " ", narrow=10_000).calm()
        self.answers.clicked.connect(lambda row: self.changed.emit("chosen", row))
        self.reading, self.without = Reading(look), Reading(look)
        self.found = MarkedTexts(look, " ", share=0.16).calm()
        self.pages = Pages(self, "beside", {"answers": (words("Answers"), self.answers),
                                            "open": (words("Reading"), self.reading),
                                            "removed": (words("Passage removed"), self.without),
                                            "found": (words("Found"), self.found)})
        large, now, more = (Card(look) for _ in range(3))
        large.body.addWidget(self.curves, 1)
        now.body.addWidget(self.grid, 1)
        now.body.addWidget(self.figures)
        more.body.addWidget(self.pages)
        self.setLayout(Arrangement(look, below(
            beside(Place(large, words("Exact matches"), rank=1, smallest=(370, 220), share=11),
                   Place(now, words("Now"), rank=3, smallest=(320, 210), share=10), share=11),
            Place(more, words("Answers"), rank=2, smallest=(500, 180), share=8))))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        self._draw_curves(shown)
        self._draw_grid(shown)
        match self.pages.show_page(shown.params.beside):
            case "answers":
                self._draw_answers(shown)
            case "open":
                self._draw_reading(self.reading, frame, removed=False)
            case "removed":
                self._draw_reading(self.without, frame, removed=True)
            case _:
                self._draw_found(frame)

    def _draw_curves(self, shown: Shown[Params, Frame]) -> None:
        history, words = shown.history, self.words
        curves = ghost_curves(shown.ghosts, "open_new")
        curves += [Curve(*ghost.history.points("closed_new"), style="ghost", width=1.5)
                   for ghost in shown.ghosts]
        for name, label, series, style in CURVES:
            curves.append(Curve(*history.points(name), words(label), series=series, style=style, width=2.5))
        self.curves.draw(curves, note=self.of_step(shown))

    def _draw_grid(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        values = np.stack([frame.exact, frame.f1, frame.silent], 2)            # (3, 2, 3)
        self.grid.draw(values, names=(words("exact match"), "F1", words("no answer")),
                       rows=[words(one) for one in WAYS], columns=(words("old facts"), words("new facts")),
                       lit=[(CLOSED, NEW), (OPEN, NEW)])
        figures = [(words("passage found first"), f"{percent(frame.hit[OLD])} / {percent(frame.hit[NEW])}")]
        if frame.real:
            figures += [(words("citations that hold"), percent(frame.backed)),
                        (words("questions asked"), count(frame.asked))]
        else:
            figures.append((words("closed, new: right kind"), percent(frame.right_kind)))
        self.figures.draw(figures)

    def _draw_answers(self, shown: Shown[Params, Frame]) -> None:
        frame, words = shown.frame, self.words
        entries = []
        for at, question in enumerate(frame.questions):
            spans = [Span(f"{words('new') if frame.new[at] else words('old')}: ", muted=True),
                     Span(f"{question} ", None, at), Span(f"({frame.truth[at]})  ", muted=True)]
            for way, answers in enumerate((frame.closed, frame.open, frame.removed)):
                cited = f" {frame.cited[at]}" if way == OPEN and (
                    frame.real or shown.params.passages > 1) else ""
                if frame.known[at]:
                    spans += [Span(self._said(answers[at], frame.truth[at]) + cited, SERIES[way]), Span("  ")]
            entries.append(Entry(tuple(spans)))
        self.answers.draw(entries, selected=frame.chosen, title="   ".join(
            named(SERIES[way], words(name)) for way, name in enumerate(WAYS)))

    def _said(self, answer: str, truth: str) -> str:
        if not answer:
            return self.words("not here").replace(" ", SPACE)  # it stands on one line
        return f"{answer} {'✓' if exact_match(answer, truth) else '✗'}"

    def _draw_reading(self, reading: Reading, frame: Frame, *, removed: bool) -> None:
        words = self.words
        answer = frame.answers[REMOVED if removed else OPEN] or words("not here")
        tokens, start, end = (frame.removed_tokens, frame.removed_start, frame.removed_end) if removed else \
            (frame.tokens, frame.start, frame.end)
        title = words("{question} {way}: {answer}. Closed: {closed}. Where it starts (∅: not here)",
                      question=frame.question, way=words(WAYS[REMOVED if removed else OPEN]), answer=answer,
                      closed=frame.answers[CLOSED] or "–")
        reading.start.draw(tokens, weights=start, series=[0] * len(tokens), title=title)
        reading.end.draw(tokens, weights=end, series=[1] * len(tokens), title=words("Where it ends"))

    def _draw_found(self, frame: Frame) -> None:
        words = self.words
        entries = []
        for at, (text, score) in enumerate(zip(frame.found, frame.found_scores, strict=True)):
            notes = (Span(words("has the answer"), 0),) if at == frame.own else ()
            said = Span(f"[{at + 1}] {decimal(float(score))}  ", muted=True)
            entries.append(Entry((said, Span(text)), notes))
        self.found.draw(entries, title=words("Found for “{question}”", question=frame.question))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        return self.words(
            "At step {step} the closed book knows {closed_old} of the old and {closed_new} of the new facts, "
            "the open book {open_old} and {open_new}, and {removed} without the passage.",
            step=count(shown.measured), closed_old=percent(frame.exact[CLOSED, OLD]),
            closed_new=percent(frame.exact[CLOSED, NEW]), open_old=percent(frame.exact[OPEN, OLD]),
            open_new=percent(frame.exact[OPEN, NEW]), removed=percent(frame.exact[REMOVED, NEW]))
