"""A question in the hall: large on the stage, with the votes as bars; on the desk its tally, by answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QFont, QFontMetrics, QIntValidator, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.session.poll import MOST_HANDS, Poll
from widgets.base.guard import Guarded
from widgets.base.tips import explain
from widgets.theme.icons import pixmap
from widgets.theme.look import SMALLEST_TEXT, Look
from widgets.theme.numbers import percent, quantity
from widgets.theme.style import font
from widgets.views.sentence import Sentence

LARGEST, STEP = 32, 1  # unscaled pixels of an answer at full size, and by how much smaller ones are tried
STRIP = (15, 0.42)  # the letters below the picture, and the share of the stage that they may take
WRAPPED = Qt.TextFlag.TextWordWrap
MARGIN = 28


def asking(look: Look, text: str, id: str, asked: SignalInstance, role: str = "") -> QPushButton:
    """A button of the desk that asks for a command by its id."""
    button = QPushButton(text)
    button.setFont(font(look, 12))
    if role:
        button.setProperty("role", role)
    button.setAccessibleName(text)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(lambda: asked.emit(id))
    return button


@dataclass(frozen=True)
class Shown:
    """A question as the hall sees it.

    Attributes:
        votes: of each vote the hands for each answer.
        bars: whether the votes are seen.
        open: whether it can still be answered: then it has the whole stage, else a strip of it.
        sketch: whether the answer can be drawn: then the plot is seen over a strip with the question.
        guess: the number of the hall's answer once it has been given; None where nobody guessed.
        right: the number of what happened, once it has been seen.
        why: what is mistaken about the guess; empty where nothing is.
    """

    question: str
    answers: tuple[str, ...]
    votes: tuple[tuple[int, ...], ...] = ()
    bars: bool = False
    open: bool = True
    guess: int | None = None
    right: int | None = None
    why: str = ""
    sketch: bool = False


class Ballot(Guarded, QWidget):
    """The question on the stage. It is as large as fits; nothing is cut and nothing scrolls."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.look = look
        self.shown: Shown | None = None
        self.hide()

    def show_question(self, shown: Shown | None) -> None:
        """Show a question, or none."""
        self.shown = shown
        self.setVisible(shown is not None)
        if shown is not None:
            self.setAccessibleName(" ".join([shown.question, *(
                f"{index + 1}. {text}" for index, text in enumerate(shown.answers))]))
            self.setAccessibleDescription(" ".join(self.lines()))
        self.update()

    @property
    def whole(self) -> bool:
        """Whether it wants the whole stage."""
        return self.shown is not None and self.shown.open and not self.shown.sketch

    def lines(self) -> list[str]:
        """What the strip says: what is to be drawn; or the hall's answer, what happened, and what was
        mistaken."""
        shown, words = self.shown, self.look.words
        if shown is None or self.whole:
            return []
        if shown.open:
            return [shown.question, *(f"{at}  {text}" for at, text in enumerate(shown.answers, 1))]
        said = [] if shown.guess is None else [
            words("The hall said: {guess}", guess=shown.answers[shown.guess])]
        if shown.right is None:
            return said or [shown.question]
        if shown.guess is not None and shown.guess == shown.right:
            return [words("The hall said “{guess}”, and so it was.", guess=shown.answers[shown.guess])]
        said.append(words("What happened: {answer}", answer=shown.answers[shown.right]))
        return said + ([shown.why] if shown.why else [])

    def strip_height(self, stage: QSize) -> int:
        """How much of the stage's height the strip takes."""
        size = self._strip_size(stage)
        return self._strip_needs(size, stage.width())

    # --- sizes -----------------------------------------------------------------------------------

    def _letters(self, size: float, *, bold: bool = False) -> QFont:
        return font(self.look, size, bold=bold)

    def _text_height(self, text: str, letters: QFont, width: int) -> int:
        return QFontMetrics(letters).boundingRect(QRect(0, 0, width, 10_000), WRAPPED, text).height()

    def _size(self) -> float:
        """The largest letters with which question, answers and bars fit."""
        size = float(LARGEST)
        while size > SMALLEST_TEXT and self._paint(None, size) > self.height():
            size -= STEP
        return size

    def _strip_size(self, stage: QSize) -> float:
        size = float(STRIP[0])
        while size > SMALLEST_TEXT and self._strip_needs(size, stage.width()) > STRIP[1] * stage.height():
            size -= STEP
        return size

    def _strip_rooms(self, width: int) -> tuple[int, int]:
        """The widths of what is said and of the bars beside it."""
        assert self.shown is not None
        inside = width - 2 * self.look.px(MARGIN)
        bars = round(inside * 0.36) if self.shown.bars else 0
        return inside - bars - (self.look.px(24) if bars else 0), bars

    def _strip_needs(self, size: float, width: int) -> int:
        assert self.shown is not None
        px, (said, _) = self.look.px, self._strip_rooms(width)
        text = sum(self._text_height(line, self._letters(size, bold=not index), said) + px(4)
                   for index, line in enumerate(self.lines()))
        line = QFontMetrics(self._letters(SMALLEST_TEXT)).height() + px(3)
        return max(text, len(self.shown.answers) * line if self.shown.bars else 0) + px(24)

    # --- painting --------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.shown
        if shown is None:
            return
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.look.color("ground" if self.whole else "card"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.whole:
            size = self._size()
            self._paint(painter, size, max(0, (self.height() - self._paint(None, size)) // 2))
        else:
            self._paint_strip(painter, shown)

    def _paint(self, painter: QPainter | None, size: float, top: int = 0) -> int:
        """Draw it at full size, or only measure it: the height that it takes."""
        shown, px = self.shown, self.look.px
        assert shown is not None
        left, width = px(MARGIN), self.width() - 2 * px(MARGIN)
        large, plain = self._letters(1.2 * size, bold=True), self._letters(size)
        gap, y = px(0.7 * size), top + px(16)
        height = self._text_height(shown.question, large, width)
        if painter is not None:
            painter.setPen(self.look.color("text"))
            painter.setFont(large)
            painter.drawText(QRect(left, y, width, height), WRAPPED, shown.question)
        y += height + gap
        chip = px(1.9 * size)
        bar = max(px(10), px(0.75 * size))
        for index, text in enumerate(shown.answers):
            room = width - chip
            height = self._text_height(text, plain, room)
            if painter is not None:
                painter.setFont(self._letters(size, bold=True))
                painter.setPen(self.look.color("accent"))
                first = self._text_height(text[:1], plain, room)  # Chinese stands lower than digits
                painter.drawText(QRect(left, y, chip, first), Qt.AlignmentFlag.AlignVCenter,
                                 str(index + 1))
                painter.setFont(plain)
                painter.setPen(self.look.color("text"))
                painter.drawText(QRect(left + chip, y, room, height), WRAPPED, text)
            y += height
            if shown.bars:
                for vote in range(len(shown.votes)):
                    y += px(4)
                    if painter is not None:
                        self._bar(painter, QRect(left + chip, y, room, bar), vote, index, size)
                    y += bar
            y += gap
        return y - gap + px(16) - top

    def _bar(self, painter: QPainter, room: QRect, vote: int, answer: int, size: float) -> None:
        """One answer's hands in one vote, with its share and its number at the end."""
        shown, look = self.shown, self.look
        assert shown is not None
        hands, total = shown.votes[vote][answer], sum(shown.votes[vote])
        share = hands / total if total else 0.0
        letters = self._letters(max(SMALLEST_TEXT, 0.7 * size))
        told = f"{percent(share)} · {hands}"
        if len(shown.votes) > 1:
            told = f"{vote + 1}:  {told}"
        label = QFontMetrics(letters).horizontalAdvance("2:  100 % · 9999")
        track = QRectF(room.x(), room.y(), room.width() - label - look.px(10), room.height())
        newest = vote == len(shown.votes) - 1
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("accent" if newest else "ghost"))
        painter.drawRect(QRectF(track.x(), track.y(), track.width() * share, track.height()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(look.pen("hairline"))  # how far all hands would reach
        painter.drawRect(track)
        painter.setPen(look.ink("text" if newest else "muted"))
        painter.setFont(letters)
        height = QFontMetrics(letters).height()
        painter.drawText(QRectF(track.right() + look.px(10), track.center().y() - height / 2, label, height),
                         Qt.AlignmentFlag.AlignVCenter, told)

    def _paint_strip(self, painter: QPainter, shown: Shown) -> None:
        look, px = self.look, self.look.px
        stage = self.parentWidget()
        size = self._strip_size(stage.size() if stage is not None else self.size())
        painter.setPen(look.pen("hairline"))
        painter.drawLine(0, 0, self.width(), 0)
        said, bars = self._strip_rooms(self.width())
        y = px(12)
        happened = shown.right is not None
        for index, line in enumerate(self.lines()):
            letters = self._letters(size, bold=not index)
            height = self._text_height(line, letters, said)
            painter.setFont(letters)
            told = happened and line != shown.why and (index > 0 or shown.guess in (None, shown.right))
            painter.setPen(look.ink("accent" if told else "text"))
            painter.drawText(QRect(px(MARGIN), y, said, height), WRAPPED, line)
            y += height + px(4)
        if bars:
            self._strip_bars(painter, QRect(self.width() - px(MARGIN) - bars, px(12), bars,
                                            self.height() - px(24)))

    def _strip_bars(self, painter: QPainter, room: QRect) -> None:
        """A line for each answer: its number, its bars above one another, and a tick where it is so."""
        shown, look, px = self.shown, self.look, self.look.px
        assert shown is not None
        letters = self._letters(SMALLEST_TEXT)
        metrics = QFontMetrics(letters)
        line = min(room.height() / len(shown.answers), metrics.height() * 1.6)
        key, label = metrics.horizontalAdvance("4  "), metrics.horizontalAdvance("100 %  ")
        tick = round(metrics.height() * 0.8)
        painter.setFont(letters)
        for answer in range(len(shown.answers)):
            y = room.y() + answer * line
            painter.setPen(look.color("text"))
            painter.drawText(QRectF(room.x(), y, key, line), Qt.AlignmentFlag.AlignVCenter,
                             str(answer + 1))
            track = QRectF(room.x() + key, y + px(2), room.width() - key - label - tick - px(6),
                           line - px(4))
            part = track.height() / max(1, len(shown.votes))
            share = 0.0
            for vote, hands in enumerate(shown.votes):
                total = sum(hands)
                share = hands[answer] / total if total else 0.0
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(look.color("accent" if vote == len(shown.votes) - 1 else "ghost"))
                painter.drawRect(QRectF(track.x(), track.y() + vote * part, track.width() * share,
                                        part - 1))
            painter.setPen(look.color("text"))
            painter.drawText(QRectF(track.right() + px(4), y, label, line),
                             Qt.AlignmentFlag.AlignVCenter, percent(share))
            if answer == shown.right:
                painter.drawPixmap(room.right() - tick, round(y + (line - tick) / 2), pixmap(
                    look, "check", "accent", size=tick / look.scale, ratio=self.devicePixelRatioF()))


class Tally(QWidget):
    """The open question on the desk: the hands for each answer, typed or clicked, and what to do next."""

    counted = Signal()
    asked = Signal(str)  # a command's id

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.poll: Poll | None = None
        self._answers: tuple[str, ...] = ()
        words, px = look.words, look.px
        self.question = Sentence(look, "text", lines=3, steady=False)
        self.fields: list[QLineEdit] = []
        self.pluses: list[QPushButton] = []
        self.minuses: list[QPushButton] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(px(6))
        self.said = QLabel()
        self.said.setFont(font(look, 12))
        self.said.setWordWrap(True)
        self.bars = self._button(words("Bars"), "bars")
        self.bars.setCheckable(True)
        explain(self.bars, words("Show the hall its votes as bars (G)."))
        self.again = self._button(words("Vote again"), "vote-again")
        explain(self.again, words("A second vote beside the first (V)."))
        self.play = self._button(words("Play the truth"), "truth", "accent")
        explain(self.play, words("What most hands say is the guess; then it is shown what happens (T)."))
        self.close_it = self._button(words("Close the question"), "close-question", "link")
        grid = QGridLayout()
        grid.setSpacing(px(6))
        grid.addWidget(self.bars, 0, 0)
        grid.addWidget(self.again, 0, 1)
        grid.addWidget(self.play, 1, 0, 1, 2)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(px(8))
        box.addWidget(self.question)
        box.addLayout(self._rows)
        box.addWidget(self.said)
        box.addLayout(grid)
        box.addWidget(self.close_it, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()

    def _button(self, text: str, id: str, role: str = "") -> QPushButton:
        return asking(self.look, text, id, self.asked, role)

    def show_poll(self, shown: Shown | None, poll: Poll | None) -> None:
        """Show a question with its votes, or none."""
        self.setVisible(shown is not None)
        if shown is None or poll is None:
            self.poll = None
            return
        words = self.look.words
        new, self.poll = poll is not self.poll, poll
        if new or shown.answers != self._answers:
            self._make_rows(shown)
        self.question.say(shown.question)
        for field, hands in zip(self.fields, poll.votes[-1], strict=True):
            if field.text() != (text := str(hands) if hands else "") and not (
                    field.hasFocus() and field.text() == "0"):
                field.setText(text)
        for one in (*self.fields, *self.pluses, *self.minuses):
            one.setEnabled(shown.open)
        self.bars.setChecked(shown.bars)
        self.again.setEnabled(shown.open and poll.may_vote_again)
        self.play.setEnabled(shown.open)
        self.said.setText(self._told(shown, poll))
        self.said.setStyleSheet(
            f"color: {self.look.theme.accent if poll.discuss and shown.open else self.look.theme.muted};")
        self.said.setFont(font(self.look, 12, bold=poll.discuss and shown.open))
        self.setAccessibleName(words("Tally"))

    def _told(self, shown: Shown, poll: Poll) -> str:
        """How many hands there are, how many of them are right, and whether to let them discuss."""
        words = self.look.words
        if not poll.total():
            return words("Second vote: count the hands for each answer.") if len(poll.votes) > 1 \
                else words("Draw what the hall says on the plot, or count the hands for each answer.") \
                if shown.sketch else words("Count the hands for each answer.")
        told = quantity(poll.total(), "hand", words)
        if poll.right is not None:
            told = words("{hands}, {share} right", hands=told, share=percent(poll.share(poll.right)))
            if len(poll.votes) > 1:
                told = words("{told} ({before} before)", told=told,
                             before=percent(poll.share(poll.right, 0)))
        if poll.discuss and shown.open:
            told += "\n" + words("Let them discuss, then vote again.")
        return told

    def _make_rows(self, shown: Shown) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._answers = shown.answers
        self.fields, self.pluses, self.minuses = [], [], []
        words, px = self.look.words, self.look.px
        for index, text in enumerate(shown.answers):
            row = QWidget()
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(px(4))
            said = Sentence(self.look, "text", lines=3, steady=False)
            said.say(f"{index + 1}  {text}")
            field = QLineEdit()
            field.setFont(font(self.look, 13))
            field.setAlignment(Qt.AlignmentFlag.AlignRight)
            field.setFixedWidth(px(48))
            field.setValidator(QIntValidator(0, MOST_HANDS, field))
            field.setPlaceholderText("0")
            field.setAccessibleName(words("Hands for answer {number}", number=index + 1))
            field.setAccessibleDescription(text)
            field.textEdited.connect(partial(self._typed, index))
            field.returnPressed.connect(partial(self._next, index))
            self.fields.append(field)
            line.addWidget(said, 1)
            for sign, by, made in (("−", -1, self.minuses), ("+", 1, self.pluses)):
                button = QPushButton(sign)
                button.setProperty("role", "bare")
                button.setFixedWidth(px(24))
                button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
                button.setAutoRepeat(True)
                button.setAccessibleName(
                    words("One hand more for answer {number}", number=index + 1) if by > 0
                    else words("One hand less for answer {number}", number=index + 1))
                button.clicked.connect(partial(self._add, index, by))
                made.append(button)
            line.addWidget(self.minuses[-1])
            line.addWidget(field)
            line.addWidget(self.pluses[-1])
            self._rows.addWidget(row)

    def _typed(self, index: int, text: str) -> None:
        if self.poll is not None:
            self.poll.set(index, int(text or 0))
            self.counted.emit()

    def _add(self, index: int, by: int) -> None:
        if self.poll is not None:
            self.poll.set(index, self.poll.votes[-1][index] + by)
            self.counted.emit()

    def _next(self, index: int) -> None:
        """Enter goes to the next answer, and after the last one back to the program's keys."""
        if index + 1 < len(self.fields):
            self.fields[index + 1].setFocus()
            self.fields[index + 1].selectAll()
        else:
            self.fields[index].clearFocus()
