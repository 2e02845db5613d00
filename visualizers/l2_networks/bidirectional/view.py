"""A sentence with each tagger's tags word by word, and the accuracies by what a word needs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QLineF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from visualizers.l2_networks.bidirectional.panel import TAGGERS, Frame, Params
from visualizers.panel import Shown
from widgets.base.calm import may_wait
from widgets.base.labels import Quiet
from widgets.pictures.canvas import Canvas
from widgets.pictures.curves import Curve, CurvePlot, Rule
from widgets.pictures.readouts import Readouts
from widgets.theme.look import Look, mixed
from widgets.theme.numbers import count, percent, quantity
from widgets.theme.words import Words
from widgets.views.cards import Card, Switch, row
from widgets.views.layout import Arrangement, Place, below
from widgets.views.view import PanelView

LEFT, RIGHT, BOTH = range(3)
NEEDS = ("left", "right", "both")  # as the scalars are called
ORDER = (RIGHT, LEFT, BOTH)        # the claim first
WORDS, MEANT, FIRST = 0, 1, 2      # rows: the words, the grammar's tags, the taggers
DEEPEST = 0.45                     # opacity of the strongest shade, at most: text stays legible on it


def tag_words(words: Words) -> dict[str, str]:
    """The tags, short enough to stand below a word."""
    return {
        "noun": words("noun"), "verb": words("verb"), "adjective": words("adj."),
        "adverb": words("adv."), "pronoun": words("pron."), "determiner": words("det."),
        "preposition": words("prep."), "participle": words("part."), "gerund": words("ger."),
        "auxiliary": words("aux."), "particle": words("ptcl."), "punctuation": words("punct."),
    }


class TaggedSentence(Canvas[tuple[int, int]]):
    """Words across; below each the tag it has and what each tagger takes it for.

    Signals:
        clicked(index): a word was clicked, in any row.
    """

    clicked = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, " ", parent)
        self.frame: Frame | None = None
        self.tags = tag_words(look.words)
        self.deepest = [look.wash(tagger, DEEPEST) for tagger in range(3)]
        self.names = (look.words("forward →"), look.words("← backward"), look.words("← both →"))
        self.setMinimumSize(look.px(300), look.px(170))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @may_wait
    def draw(self, frame: Frame) -> None:
        if self.frame is None or self.frame.words != frame.words:
            self.current = None
        self.frame = frame
        self.retitle(self.look.words(
            "What each tagger says. Shaded: the words on which its tag of “{word}” depends",
            word=frame.words[frame.word]))
        self.update()

    # --- where things are

    def _columns(self) -> list[tuple[float, float]]:
        """Left and width of each word's column."""
        assert self.frame is not None
        px = self.look.px
        tag = max(self.text_width(one, 12) for one in self.tags.values())
        least = [max(self.text_width(one, 13, bold=True), tag) + px(10) for one in self.frame.words]
        left = max(self.text_width(one, 13, bold=True) for one in self.names) + px(14)
        room = self.width() - left - px(2)
        share = room / sum(least)
        if share > 1:  # some air between words, but not so much that they fall apart
            air = min(px(64), (room - sum(least)) / len(least))
            wide = [one + air for one in least]
        else:
            wide = [one * share for one in least]
        ends = np.cumsum([left, *wide])
        return list(zip(ends[:-1].tolist(), wide, strict=True))

    def _lines(self) -> list[tuple[float, float]]:
        """Top and height of each row."""
        px = self.look.px
        words, meant = self.text_height(13) + px(8), self.text_height(12) + px(6)
        each = min(px(88), (self.height() - self.head - words - meant - px(2)) / 3)
        tops = np.cumsum([self.head, words, meant, each, each])
        return list(zip(tops.tolist(), (words, meant, each, each, each), strict=True))

    def place(self, part: tuple[int, int]) -> QRectF:
        (top, tall), (left, wide) = self._lines()[part[0]], self._columns()[part[1]]
        return QRectF(left, top, wide, tall)

    def part_at(self, x: float, y: float) -> tuple[int, int] | None:
        if self.frame is None:
            return None
        line = next((i for i, (top, tall) in enumerate(self._lines()) if top <= y < top + tall), None)
        index = next((i for i, (left, wide) in enumerate(self._columns()) if left <= x < left + wide),
                     None)
        return None if line is None or index is None else (line, index)

    def beside(self, part: tuple[int, int] | None, dx: int, dy: int) -> tuple[int, int] | None:
        if self.frame is None:
            return None
        if part is None:
            return FIRST, self.frame.word
        return (min(max(part[0] + dy, 0), FIRST + 2),
                min(max(part[1] + dx, 0), len(self.frame.words) - 1))

    # --- what is said

    def say(self, part: tuple[int, int]) -> str:
        frame, (line, index) = self.frame, part
        if frame is None or index >= len(frame.words):
            return ""
        word = frame.words[index]
        if not frame.known[index]:
            return self.look.words("{word}: not in the grammar", word=word)
        if line < FIRST:
            return f"{word}: {self._meant(frame, index)}" if frame.meant[index] >= 0 else word
        odds = frame.odds[line - FIRST, index]
        best = np.argsort(-odds, kind="stable")[:2]
        listed = self.look.words(", ").join(
            f"{self.tags[frame.tag_names[one]]} {percent(float(odds[one]))}" for one in best)
        return self.look.words(
            "{word}: {tags}; {share} of what decides about “{chosen}”", word=word, tags=listed,
            share=percent(float(frame.influence[line - FIRST, index])), chosen=frame.words[frame.word])

    def _meant(self, frame: Frame, index: int) -> str:
        """The grammar's tag, with an arrow to where the words are that decide about it."""
        tag, need = self.tags[frame.tag_names[frame.meant[index]]], frame.needs[index]
        return f"{'← ' if need in (LEFT, BOTH) else ''}{tag}{' →' if need in (RIGHT, BOTH) else ''}"

    def tell_hover(self, part: tuple[int, int] | None) -> None:
        pass

    def tell_click(self, part: tuple[int, int] | None) -> None:
        if part is not None:
            self.clicked.emit(part[1])

    # --- painting

    def paint(self, painter: QPainter) -> None:
        frame, px = self.frame, self.look.px
        if frame is None:
            return
        columns, lines = self._columns(), self._lines()
        for line, name in ((MEANT, self.look.words("meant")),
                           *enumerate(self.names, FIRST)):
            if line == MEANT and (frame.meant < 0).all():
                continue
            top, tall = lines[line]
            ink: str | int = "muted" if line == MEANT else line - FIRST
            picture = self.label(name, ink, 12 if line == MEANT else 13, line != MEANT)
            self.put(painter, picture, 0, top + tall / 2, 0, 0.5)
        painter.setPen(self.look.pen("hairline"))
        right = columns[-1][0] + columns[-1][1]
        for top, _ in lines[FIRST:]:
            painter.drawLine(QLineF(columns[0][0], round(top) + 0.5, right, round(top) + 0.5))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # upright edges need none
        for index, (left, wide) in enumerate(columns):
            known = bool(frame.known[index])
            asked = known and bool(frame.needs[index] >= 0)
            self._text(painter, QRectF(left, lines[0][0], wide, lines[0][1]), frame.words[index],
                       "text" if known else "muted", 13, bold=asked)
            if not known:
                self._paint_unknown(painter, QRectF(left, lines[0][0], wide, lines[0][1]))
                continue
            if frame.meant[index] >= 0:
                self._text(painter, QRectF(left, lines[1][0], wide, lines[1][1]),
                           self._meant(frame, index), "text" if asked else "muted", 12)
            for i in range(3):
                top, tall = lines[FIRST + i]
                self._paint_answer(painter, frame, i, index, QRectF(left, top, wide, tall))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, wide = columns[frame.word]
        top, bottom = lines[0][0], lines[-1][0] + lines[-1][1]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self.look.pen("accent", px(2)))
        painter.drawRoundedRect(QRectF(left + 1, top + 1, wide - 2, bottom - top - 2), px(5), px(5))

    def _paint_unknown(self, painter: QPainter, box: QRectF) -> None:
        """The dotted rim of a word that the grammar does not have."""
        inset = self.look.px(2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self.look.pen("muted", 1.5, Qt.PenStyle.DotLine))
        painter.drawRect(box.adjusted(inset, inset, -inset, -inset))

    def _paint_answer(
        self, painter: QPainter, frame: Frame, tagger: int, index: int, cell: QRectF
    ) -> None:
        """A tagger's tag for a word, how sure it is, and the word's share in the chosen decision."""
        px, shares = self.look.px, frame.influence[tagger]
        inner = cell.adjusted(px(2), px(3), -px(2), -px(2))
        share = float(shares[index] / max(float(shares.max()), 1e-9))
        ground = mixed(self.look.color("card"), self.look.color(tagger), self.deepest[tagger] * share)
        if share > 0:
            painter.fillRect(inner.toRect(), ground)
        best = int(frame.odds[tagger, index].argmax())
        sure = float(frame.odds[tagger, index, best])
        wrong = 0 <= int(frame.meant[index]) != best
        tag = self.tags[frame.tag_names[best]]
        bar, high, low = px(4), self.text_height(12), self.text_height(11)
        air = (inner.height() - high - low - bar - px(1)) / 3  # above, between and below both texts
        with_figure = air > px(1)
        middle = inner.top() + (air + high / 2 if with_figure else inner.height() * 0.42)
        spot = QRectF(inner.left(), middle - px(9), inner.width(), px(18))
        ink = self.look.ink_on("warning" if wrong else "text", ground)
        self._text(painter, spot, f"✗ {tag}" if wrong else tag, ink, 12, bold=wrong)
        if with_figure:
            spot.moveTop(middle + (high + low) / 2 + air - px(9))
            self._text(painter, spot, percent(sure), "text", 11)
        room = QRectF(inner.left() + px(3), inner.bottom() - bar - px(1), inner.width() - px(6), bar)
        painter.fillRect(room.toRect(), self.look.color("hairline"))
        room.setWidth(room.width() * sure)
        painter.fillRect(room.toRect(), self.look.color(tagger))

    def _text(
        self, painter: QPainter, cell: QRectF, text: str, ink: str | QColor, size: int, bold: bool = False
    ) -> None:
        picture = self.label(text, ink, size, bold, longest=max(8, int(cell.width())))
        self.put(painter, picture, cell.center().x(), cell.center().y(), 0.5, 0.5)


class BidirectionalView(PanelView):
    """Above: one sentence. Below: accuracies of words decided on the right, the left, both sides."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.switch = Switch(look, (words("Decided by what follows"),
                                    words("By what came before"), words("By both")))
        self.another = QPushButton(words("Another example"))
        self.sentence = TaggedSentence(look).calm()  # shares are read, and no eye reads thirty a second
        self.note = Quiet(look)
        self.note.setWordWrap(True)
        self.weights = Readouts(look).calm()
        step = words("training step")
        self.plots = [
            CurvePlot(look, title, x=step, y=y, y_range=(0.0, 1.05), integer_x=True)
            for title, y in ((words("What follows decides"), words("accuracy")),
                             (words("What came before decides"), ""), (words("Both decide"), ""))]
        for plot in self.plots[1:]:
            plot.calm()

        above, learning = Card(look), Card(look)
        above.body.addWidget(self.switch)
        above.body.addWidget(self.sentence, 1)
        above.body.addLayout(row(self.note, self.another, stretch=(1, 0)))
        learning.body.addLayout(row(*self.plots, stretch=(11, 10, 10)), 1)
        learning.body.addWidget(self.weights)
        self.setLayout(Arrangement(look, below(
            Place(above, words("Sentence"), rank=1, smallest=(460, 250), share=11),
            Place(learning, words("Learning"), rank=2, smallest=(520, 200), share=9))))

        self._shown: Shown[Params, Frame] | None = None
        self.switch.chosen.connect(lambda index: self._example(ORDER[index], 0))
        self.another.clicked.connect(self._next)
        self.sentence.clicked.connect(lambda index: self.changed.emit("word", index))

    def _next(self) -> None:
        if self._shown is not None:
            params = self._shown.params
            self._example(params.need, 0 if params.sentence else params.example + 1)

    def _example(self, need: int, example: int) -> None:
        """Show an example instead of what was typed, and its word of two readings."""
        for name, value in (("sentence", ""), ("need", need), ("example", example), ("word", -1)):
            self.changed.emit(name, value)

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._shown = shown
        frame, words = shown.frame, self.words
        self.switch.set(ORDER.index(shown.params.need) if shown.params.need in ORDER else 0)
        self.sentence.draw(frame)
        if frame.total > len(frame.words):
            self.note.say(words("Only the first {count} of {total} words are read.",
                                count=count(len(frame.words)), total=count(frame.total)))
        elif frame.unknown:
            self.note.say(words("Not in the grammar, so nobody reads it: {words}",
                                words=" ".join(frame.unknown)[:80]))
        elif (frame.meant < 0).all():
            self.note.say(words("The grammar has no such sentence, so nothing is right or wrong."))
        else:
            self.note.say(words("Click a word. Arrows point to the words that decide. The grammar "
                                "made this sentence; nobody wrote it."))
        for plot, need in zip(self.plots, ORDER, strict=True):
            plot.draw(self._curves(shown, need), self._rules(frame, need))
        names = words("forward"), words("backward"), words("both")
        self.weights.draw([(words("weights of {tagger}", tagger=name), count(weights))
                           for name, weights in zip(names, frame.weights, strict=True)])

    def _curves(self, shown: Shown[Params, Frame], need: int) -> list[Curve]:
        found: list[Curve] = []
        for ghost in shown.ghosts:
            found += [Curve(ghost.history[f"{name}_{NEEDS[need]}"], ghost.history.steps,
                            ghost.label if name == "both" else "", style="ghost", width=1.5)
                      for name in TAGGERS]
        names = self.words("forward"), self.words("backward"), self.words("both")
        return found + [
            Curve(shown.history[f"{key}_{NEEDS[need]}"], shown.history.steps, name, series, width=2.0)
            for series, (key, name) in enumerate(zip(TAGGERS, names, strict=True))]

    def _rules(self, frame: Frame, need: int) -> list[Rule]:
        """The most that a reader of one side can reach, counted in the grammar."""
        sides: Sequence[int] = {RIGHT: (0,), LEFT: (1,), BOTH: (0, 1)}[need]
        best = sorted({(round(float(frame.ceiling[side, need]), 3), side) for side in sides})
        if len(best) == 2 and best[0][0] == best[1][0]:
            return [Rule(best[0][0], self.words("one side: at best {share}",
                                                share=percent(best[0][0])))]
        return [Rule(share, self.words("at best {share}", share=percent(share)), series=side)
                for share, side in best]

    def describe(self, shown: Shown[Params, Frame]) -> str:
        last, frame = shown.history.last(), shown.frame
        tags = tag_words(self.words)
        said = [tags[frame.tag_names[int(frame.odds[i, frame.word].argmax())]] for i in range(3)]
        if not last:
            return self.words(
                "Before training, “{word}” in a sentence of {words} is {forward} to the forward "
                "tagger, {backward} to the backward one and {both} to both.",
                word=frame.words[frame.word], words=quantity(len(frame.words), "word", self.words),
                forward=said[0], backward=said[1], both=said[2])
        return self.words(
            "After {steps}, where what follows decides, forward has {forward} right, backward "
            "{backward}, both {both}; where both sides do, {forward_both}, {backward_both} and "
            "{both_both}.", steps=quantity(shown.step, "step", self.words),
            **{name: percent(last[f"{name}_right"]) for name in TAGGERS},
            **{f"{name}_both": percent(last[f"{name}_both"]) for name in TAGGERS})
