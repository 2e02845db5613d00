"""The picture of a masked model beside a left-to-right one: guesses at blanks, and loss by place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizers.l3_transformers.masked_lm.panel import (
    GUESSES,
    Frame,
    Params,
    sentence_key,
)
from visualizers.panel import Shown
from widgets.base.calm import may_wait
from widgets.pictures.canvas import Canvas
from widgets.pictures.curves import Curve, CurvePlot, ghost_curves
from widgets.pictures.readouts import Readouts
from widgets.pictures.tokens import TokenStrip
from widgets.theme.look import Look
from widgets.theme.marks import named
from widgets.theme.numbers import count, fixed, percent, quantity
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

MODELS = ("BERT", "GPT")


@dataclass(frozen=True)
class Column:
    """Where a blank's guesses stand: its left edge, and the room of words, bars and figures, in pixels."""

    left: float
    word: int
    bar: float
    figure: int

    @property
    def wide(self) -> float:
        return self.word + self.bar + self.figure


Guess = tuple[int, int, int]  # model, blank, and which of its guesses; GUESSES is the word behind it


class Guesses(Canvas[Guess]):
    """For each blank a column, for each model a row: its best words with their odds."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "", parent)
        self.frame: Frame | None = None
        self._laid: tuple[Frame | None, int, list[Column]] = (None, 0, [])
        self.setAccessibleName(look.words("What each would put there, and its odds"))
        self.setMinimumSize(look.px(330), self._top + len(MODELS) * (
            (GUESSES + 1) * self.text_height(12) + look.px(6)))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(self, frame: Frame) -> None:
        self.frame, self.current = frame, self.current if self._there(frame) else None
        self.update()

    def _there(self, frame: Frame) -> bool:
        return self.current is not None and self.current[1] < len(frame.shown)

    # --- where things are

    @property
    def _top(self) -> int:
        """The height of the line with the words behind the blanks."""
        return self.text_height(12) + self.look.px(4)

    def _columns(self) -> list[Column]:
        """One for each blank. All have bars of one length, which can be compared."""
        if self._laid[0] is not self.frame or self._laid[1] != self.width():
            self._laid = self.frame, self.width(), self._laid_out()
        return self._laid[2]

    def _laid_out(self) -> list[Column]:
        px, made = self.look.px, []
        left = float(px(14) + max(self.text_width(named(one, name), 13, True)
                                  for one, name in enumerate(MODELS)))
        room = (self.width() - left) / max(2, len(self.frame.shown) if self.frame else 0)
        said: dict[int, list[tuple[str, float]]] = {}
        for part in self._parts():
            said.setdefault(part[1], []).append(self._said(part))
        words = [px(11) + max(self.text_width(f"✓ {word}", 12, True) for word, _ in each)
                 for each in said.values()]
        figures = [px(19) + max(self.text_width(percent(odds), 12) for _, odds in each)
                   for each in said.values()]
        for_words = len(words) * (room - px(12)) - sum(figures)
        share = min(1.0, for_words / max(sum(words), 1))  # long words of an own text are elided
        bar = room - (share * sum(words) + sum(figures)) / max(len(words), 1)
        for word, figure in zip(words, figures, strict=True):
            made.append(Column(left, round(share * word), bar, figure))
            left += made[-1].wide
        return made

    def _cell(self, model: int, blank: int) -> QRectF:
        px, top, column = self.look.px, self.head + self._top, self._columns()[blank]
        tall = (self.height() - top) / len(MODELS)
        return QRectF(column.left, top + model * tall, column.wide - px(14),
                      min(tall - px(6), px(22) * (GUESSES + 1)))

    def place(self, part: Guess) -> QRectF:
        cell = self._cell(part[0], part[1])
        tall = cell.height() / (GUESSES + 1)
        return QRectF(cell.left(), cell.top() + part[2] * tall, cell.width(), tall)

    def _parts(self) -> list[Guess]:
        count = 0 if self.frame is None else len(self.frame.shown)
        return [(model, blank, guess) for model in range(len(MODELS)) for blank in range(count)
                for guess in range(GUESSES + 1) if self._said((model, blank, guess))[0]]

    def part_at(self, x: float, y: float) -> Guess | None:
        return next((one for one in self._parts() if self.place(one).contains(x, y)), None)

    def beside(self, part: Guess | None, dx: int, dy: int) -> Guess | None:
        parts = self._parts()
        if part is None or part not in parts:
            return parts[0] if parts else None
        model, blank, guess = part
        lines = [one for one in parts if one[1] == min(max(blank + dx, 0), parts[-1][1])]
        if dx:
            return min(lines, key=lambda one: abs(one[0] - model) * 10 + abs(one[2] - guess))
        return lines[min(max(lines.index(part) + dy, 0), len(lines) - 1)]

    # --- what is said

    def _said(self, part: Guess) -> tuple[str, float]:
        """The word of a line and its odds. The last line is the true word where it is not above."""
        frame, (model, blank, guess) = self.frame, part
        assert frame is not None
        listed = (frame.bert_words, frame.gpt_words)[model][blank * GUESSES : (blank + 1) * GUESSES]
        if guess < GUESSES:
            return listed[guess], float((frame.bert_odds, frame.gpt_odds)[model][blank, guess])
        truth = frame.truth[blank]
        return ("" if truth in listed else truth), float(frame.truth_odds[model, blank])

    def say(self, part: Guess) -> str:
        word, odds = self._said(part)
        return self.look.words("{model}, blank {number}: {word} {odds}", model=MODELS[part[0]],
                               number=part[1] + 1, word=word, odds=percent(odds))

    def tell_hover(self, part: Guess | None) -> None:
        pass

    def tell_click(self, part: Guess | None) -> None:
        pass

    # --- painting

    def paint(self, painter: QPainter) -> None:
        frame = self.frame
        if frame is None:
            return
        if not len(frame.shown):
            area = QRectF(self.rect()).adjusted(0, self.head, 0, 0)
            self.paragraph(painter, self.look.words("No blanks: click a word above."), area)
            return
        for blank, truth in enumerate(frame.truth):
            cell = self._cell(0, blank)
            head = self.look.words("{number}  was “{word}”", number=blank + 1, word=truth) \
                if truth else str(blank + 1)
            self.put(painter, self.label(head, "muted", 12, longest=round(cell.width())), cell.left(),
                     cell.top() - self.look.px(3), 0.0, 1.0)
        for model, name in enumerate(MODELS):
            line = self.place((model, 0, 0))
            self.put(painter, self.label(named(model, name), model, 13, True), 0, line.center().y(),
                     0.0, 0.5)
        for part in self._parts():
            self._paint_line(painter, part)

    def _paint_line(self, painter: QPainter, part: Guess) -> None:
        assert self.frame is not None
        line, column = self.place(part), self._columns()[part[1]]
        word, odds = self._said(part)
        true = word == self.frame.truth[part[1]]
        middle, thick = line.center().y(), min(line.height() * 0.6, float(self.look.px(13)))
        text = self.label(f"✓ {word}" if true else word, "text", 12, true,
                          longest=column.word - self.look.px(9))
        self.put(painter, text, line.left(), middle, 0.0, 0.5)
        left, room = column.left + column.word, column.bar
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color("hairline"))
        painter.drawRect(QRectF(left, middle - thick / 2, room, thick))
        painter.setBrush(self.look.color(part[0]))
        painter.drawRect(QRectF(left, middle - thick / 2, room * odds, thick))
        self.put(painter, self.label(percent(odds), "muted", 12), line.right(), middle, 1.0, 0.5)


class MaskedLMView(PanelView):
    """The sentence and the guesses of both on top; below, loss by place and how training went."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.strip = TokenStrip(look, " ", lines=2)
        self.strip.clicked.connect(self._blank)
        self.guesses = Guesses(look).calm()
        self.readouts = Readouts(look).calm()
        self.place_plot = CurvePlot(
            look, words("Loss at each place"), x=words("place in the sentence"), y=words("nats"),
            y_range=(0.0, 1.0), integer_x=True).calm()
        step = words("training step")
        self.accuracy = CurvePlot(look, "", x=step, y_range=(0.0, 1.0), integer_x=True).calm()
        self.loss = CurvePlot(look, "", x=step, y=words("nats"), y_range=(0.0, 1.0),
                              integer_x=True).calm()
        self.rates = CurvePlot(look, "", x=words("mask rate, %"), y_range=(0.0, 1.0)).calm()
        self.beside = Pages(self, "beside", {
            "training": (words("Words right"), self.accuracy), "loss": (words("Loss"), self.loss),
            "rates": (words("Mask rates"), self.rates)})
        self._frame: Frame | None = None
        self._params = Params()

        top, left, right = Card(look), Card(look), Card(look)
        top.body.addWidget(self.strip)
        top.body.addWidget(self.guesses, 1)
        top.body.addWidget(self.readouts)
        left.body.addWidget(self.place_plot)
        right.body.addWidget(self.beside)
        self.setLayout(Arrangement(look, below(
            Place(top, words("Blanks"), rank=1, smallest=(440, 250), share=11),
            beside(Place(left, words("By place"), rank=2, smallest=(300, 180)),
                   Place(right, words("Training"), rank=3, smallest=(290, 180)), share=8))))

    # --- what a click does

    def _blank(self, token: int) -> None:
        """Make a blank of a word, or put the word back."""
        if self._frame is not None:
            self.changed.emit("blanks", (sentence_key(self._params),
                                         *sorted({*self._frame.blanks} ^ {token})))

    # --- drawing

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        self._frame, self._params = frame, shown.params
        self._draw_sentence(frame)
        self.guesses.draw(frame)
        self._draw_places(shown)
        match self.beside.show_page(shown.params.beside):
            case "training":
                self._draw_training(shown, self.accuracy, "accuracy")
            case "loss":
                self._draw_training(shown, self.loss, "held_out")
            case "rates":
                self._draw_rates(shown)
        self.readouts.draw([
            (self.words("asked for in a step, BERT / GPT"),
             f"{count(frame.asked[0])} / {count(frame.asked[1])}"),
            (self.words("wrong words put right"), percent(frame.mended))])

    def _draw_sentence(self, frame: Frame) -> None:
        numbers = {at: one + 1 for one, at in enumerate(frame.shown.tolist())}
        tokens = [f"[MASK] {numbers.get(at, '')}".strip() if at in frame.blanks else word
                  for at, word in enumerate(frame.tokens)]
        title = self.words("Your sentence: click a word to blank it") if self._params.sentence.strip() \
            else self.words("A held-out sentence: click a word to blank it, or a blank to fill it")
        if frame.shortened:
            title = self.words("The first {count} words are read; click one to blank it",
                               count=len(frame.tokens))
        if frame.unknown.any():
            title += self.words("; dotted: not in the vocabulary")
        self.strip.draw(tokens, muted=frame.blanks, unknown=np.flatnonzero(frame.unknown).tolist(),
                        title=title)

    def _draw_places(self, shown: Shown[Params, Frame]) -> None:
        frame = shown.frame
        places = np.arange(1, frame.loss_at.shape[1] + 1)
        curves = [Curve(ghost.frame.loss_at[0], np.arange(1, ghost.frame.loss_at.shape[1] + 1),
                        ghost.label, style="ghost", width=1.5) for ghost in shown.ghosts]
        if frame.counted:
            curves += [Curve(frame.best_at[1], places, self.words("least, from the left"), series=1,
                             style="dashed", width=1.0),
                       Curve(frame.best_at[0], places, self.words("least, from both sides"),
                             style="dashed", width=1.0)]
        curves += [Curve(frame.loss_at[1], places, "GPT", series=1),
                   Curve(frame.loss_at[0], places, "BERT", width=2.5)]
        highest = max(float(frame.loss_at.max()), float(frame.best_at.max()), 1.0)
        self.place_plot.draw(curves, y_range=(0.0, float(np.ceil(highest))),
                             x_range=(1.0, float(places[-1])), note=self.of_step(shown))

    def _draw_training(self, shown: Shown[Params, Frame], plot: CurvePlot, name: str) -> None:
        history = shown.history
        curves = ghost_curves(shown.ghosts, name)
        curves += [Curve(*history.points(f"gpt_{name}"), "GPT", series=1),
                   Curve(*history.points(name), "BERT", width=2.5)]
        highest = 1.0 if name == "accuracy" else float(np.ceil(max(
            1.0, *(history.points(one)[0].max(initial=0.0) for one in (name, f"gpt_{name}")))))
        plot.draw(curves, y_range=(0.0, highest), note=self.words("one blank at a time, held out"))

    def _draw_rates(self, shown: Shown[Params, Frame]) -> None:
        curves = [Curve(ghost.frame.accuracy_at, 100 * ghost.frame.rates, ghost.label, style="ghost")
                  for ghost in shown.ghosts]
        frame = shown.frame
        order = np.argsort(frame.rates, kind="stable")
        at = 100 * frame.rates[order]
        if len(frame.probe_at):  # it comes with the next frame
            curves.append(Curve(frame.probe_at[order], at, self.words("probe: scrambled or not"), series=2))
        curves.append(Curve(frame.accuracy_at[order], at, self.words("blanks right"), width=2.5))
        note = self.of_step(shown) if len(at) > 1 else self.words("“Other mask rates too” adds more")
        self.rates.draw(curves, y_range=(0.0, 1.0), x_range=(0.0, 100.0), note=note)

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        said = [self.words("{bert} {bert_odds} or {gpt} {gpt_odds}",
                           bert=frame.bert_words[best], bert_odds=percent(frame.bert_odds[column, 0]),
                           gpt=frame.gpt_words[best], gpt_odds=percent(frame.gpt_odds[column, 0]))
                for column, best in enumerate(range(0, len(frame.bert_words), GUESSES))]
        return self.words(
            "After {steps} BERT or GPT fill in {guesses}. The first word costs them {bert} and {gpt} nats "
            "(step {measured}).",
            steps=quantity(shown.step, "step", self.words),
            guesses="; ".join(said) or self.words("no blanks"), measured=count(shown.measured),
            bert=fixed(float(frame.loss_at[0, 0])), gpt=fixed(float(frame.loss_at[1, 0])))
