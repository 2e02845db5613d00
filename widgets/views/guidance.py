"""Words beside a picture: a guide with formulas, and a tour whose steps are ticked off."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from PySide6.QtCore import (
    QByteArray,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QUrl,
    Signal,
    SignalInstance,
)
from PySide6.QtGui import (
    QCursor,
    QDesktopServices,
    QFont,
    QImage,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QWheelEvent,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTextBrowser,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from widgets.base import tips
from widgets.base.guard import Guarded
from widgets.base.labels import breakable
from widgets.base.tips import explain
from widgets.theme.glossary import terms
from widgets.theme.icons import icon, pixmap
from widgets.theme.look import Look
from widgets.theme.style import font

TERM = "term"  # the scheme of links to terms
MOST_TITLES = 6  # of panels, beside a term's sentence
# Code is left alone; $$…$$ stands on its own line, $…$ in the text.
_FORMULA = re.compile(r"(```.*?```|`[^`]*`)|\$\$(.+?)\$\$|\$(\S(?:[^$\n]*\S)?)\$", re.DOTALL)


def formula_image(
    look: Look, latex: str, size: float = 14, ratio: float = 1.0
) -> QImage | None:
    """A LaTeX formula in the colour of text, or ``None`` for one that cannot be read.

    ``ratio`` is the screen's: drawn for exactly its pixels, thin strokes stay whole.
    """
    with warnings.catch_warnings():  # it reads its font in a way that newer Pythons discourage
        warnings.simplefilter("ignore", DeprecationWarning)
        import ziamath  # takes a third of a second, and not every guide has a formula

    ziamath.config.svg2 = False  # Qt draws plain paths only
    try:
        svg = ziamath.Latex(latex, size=look.px(size), color=look.theme.text).svg()
    except Exception:  # whatever its parser says about a formula, the reader sees the source
        return None
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    extent = renderer.defaultSize()
    if not renderer.isValid() or extent.isEmpty():
        return None
    image = QImage(extent * ratio, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


class GuideView(Guarded, QTextBrowser):
    """A Markdown text with ``$…$`` formulas. Links open outside, on a click only.

    In each section the first mention of a term of the glossary is underlined with dots. Pointing at
    it, or reaching it by Tab, shows what it is, and ``shown_in(id)``: the titles of what shows it.

    Signals:
        term_clicked(id, place): by the pointer or by Enter; the place is one of the screen.
    """

    term_clicked = Signal(str, QPoint)

    def __init__(
        self, look: Look, parent: QWidget | None = None, *,
        shown_in: Callable[[str], Sequence[str]] = lambda term: (),
    ) -> None:
        super().__init__(parent)
        self.look = look
        self._shown_in = shown_in
        self._formulas: list[str] = []
        self._images: dict[str, QImage | None] = {}
        self._whole = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("role", "page")
        self.setFont(font(look, 13))
        self.setOpenLinks(False)
        self.anchorClicked.connect(self._follow)
        self.highlighted.connect(self._point)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(look.words("Guide"))
        self.document().setDocumentMargin(0)
        self.document().setIndentWidth(look.px(16))
        # The text shows the card that it lies on.
        self.viewport().setAutoFillBackground(False)

    def set_text(self, markdown: str) -> None:
        """Show a guide. A formula that cannot be read is shown as it is written."""
        self._formulas = []
        self.setMarkdown(_FORMULA.sub(self._formula, markdown))
        self._set_type()
        self._underline_terms()

    def set_whole(self, markdown: str) -> None:
        """Show a part of a guide as high as it is; whatever it lies in scrolls."""
        self._whole = True
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.set_text(markdown)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._whole:
            self.document().setTextWidth(self.viewport().width())
            self.setFixedHeight(math.ceil(self.document().size().height()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._whole:
            event.ignore()
        else:
            super().wheelEvent(event)

    def _formula(self, match: re.Match[str]) -> str:
        code, display, inline = match.groups()
        if code is not None:
            return str(code)
        latex = (display or inline).strip()
        if latex not in self._images:
            self._images[latex] = formula_image(
                self.look, latex, ratio=self.devicePixelRatioF())
        if self._images[latex] is None:
            return f"`{latex}`"
        if latex not in self._formulas:
            self._formulas.append(latex)
        image = f"![formula](formula:{self._formulas.index(latex)})"
        return f"\n\n{image}\n\n" if display is not None else image

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        url = name.toString() if isinstance(name, QUrl) else name
        if url.startswith("formula:"):
            return self._images[self._formulas[int(url.removeprefix("formula:"))]]
        if kind == QTextDocument.ResourceType.ImageResource.value:
            return None  # a guide opens no file and no socket by itself
        return super().loadResource(kind, name)

    def _set_type(self) -> None:
        """Sizes, spacing and the place of formulas: Markdown has none of its own."""
        px = self.look.px
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        block = self.document().begin()
        while block.isValid():
            shape = QTextBlockFormat(block.blockFormat())
            heading = shape.headingLevel()
            shape.setLineHeight(138, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
            shape.setTopMargin(px(12) if heading and block.position() else 0)
            shape.setBottomMargin(px(4 if heading or block.textList() else 9))
            cursor.setPosition(block.position())
            cursor.setBlockFormat(shape)
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock,
                                QTextCursor.MoveMode.KeepAnchor)
            if heading:
                letters = QTextCharFormat()
                letters.setProperty(QTextFormat.Property.FontSizeAdjustment, 0)
                letters.setProperty(QTextFormat.Property.FontPixelSize,
                                    px(17 if heading == 1 else 14))
                letters.setFontWeight(QFont.Weight.Bold)
                cursor.mergeCharFormat(letters)
            self._shift_formulas(block)
            block = block.next()
        cursor.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _shift_formulas(self, block: Any) -> None:
        spots = []
        walk = block.begin()
        while not walk.atEnd():
            fragment = walk.fragment()
            if fragment.charFormat().isImageFormat():
                spots.append((fragment.position(), fragment.length()))
            walk += 1
        for start, length in spots:
            cursor = QTextCursor(self.document())
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            middle = QTextCharFormat()
            middle.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
            cursor.mergeCharFormat(middle)


    # --- the terms of the course

    def _underline_terms(self) -> None:
        seen: set[str] = set()
        block = self.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel():
                seen.clear()
            else:
                for start, end, term in self._first_mentions(block, seen):
                    cursor = QTextCursor(block)
                    cursor.setPosition(block.position() + start)
                    cursor.setPosition(block.position() + end, QTextCursor.MoveMode.KeepAnchor)
                    link = QTextCharFormat()
                    link.setAnchor(True)
                    link.setAnchorHref(f"{TERM}:{term}")
                    link.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
                    link.setUnderlineColor(self.look.color("accent"))
                    cursor.mergeCharFormat(link)
            block = block.next()

    def _first_mentions(self, block: QTextBlock, seen: set[str]) -> list[tuple[int, int, str]]:
        """(start, end, term) of what a paragraph mentions first, and adds it to ``seen``. Of terms
        that lie in one another the longest counts: hierarchical softmax is no softmax."""
        text, found = _plain(block), []
        taken = bytearray(len(text))
        for one in sorted(terms(self.look.words.language).values(), key=lambda one: -len(one.name)):
            for match in one.pattern.finditer(text) if one.pattern else ():
                start, end = match.span()
                if any(taken[start:end]):
                    continue
                taken[start:end] = b"\1" * (end - start)
                if one.id not in seen:
                    seen.add(one.id)
                    found.append((start, end, one.id))
        return found

    def explained(self, id: str) -> str:
        """What a term is, and where it is shown, as a text with bold and line breaks."""
        words = self.look.words
        one = terms(words.language)[id]
        said = f"<b>{escape(one.name)}</b><br>{escape(one.sentence)}"
        if titles := list(self._shown_in(id)):
            more = "…" if len(titles) > MOST_TITLES else ""
            shown = words("Shown in: {titles}", titles=words(", ").join(titles[:MOST_TITLES]) + more)
            said += f"<br><br>{escape(shown)}"
        return said

    def _follow(self, url: QUrl) -> None:
        if url.scheme() == TERM:
            self.term_clicked.emit(url.path(), self._below())
        else:
            QDesktopServices.openUrl(url)

    def _point(self, url: QUrl) -> None:
        """The pointer is over a link, or has left it."""
        if url.scheme() == TERM:
            place = self.viewport().mapFromGlobal(QCursor.pos())
            tips.show(self.explained(url.path()), self, self._line(self.cursorForPosition(place)))
        else:
            QToolTip.hideText()

    def focusNextPrevChild(self, next: bool) -> bool:
        moved = super().focusNextPrevChild(next)
        link = QUrl(self.textCursor().charFormat().anchorHref())
        if moved and self.hasFocus() and link.scheme() == TERM:
            tips.show(self.explained(link.path()), self, self._line(self.textCursor()))
        return moved

    def _line(self, cursor: QTextCursor) -> QRect:
        """Where the letter before a cursor stands on the screen."""
        rect = self.cursorRect(cursor)
        return QRect(self.viewport().mapToGlobal(rect.topLeft()), rect.size())

    def _below(self) -> QPoint:
        """The place below the link that has the focus, or the pointer's."""
        if self.textCursor().hasSelection():
            return self.viewport().mapToGlobal(self.cursorRect().bottomLeft())
        return QCursor.pos()


def _plain(block: QTextBlock) -> str:
    """A paragraph in which code, formulas and links are blank."""
    text, walk = block.text(), block.begin()
    while not walk.atEnd():
        fragment = walk.fragment()
        how = fragment.charFormat()
        if how.isAnchor() or how.isImageFormat() or how.fontFixedPitch():
            start = fragment.position() - block.position()
            text = text[:start] + " " * fragment.length() + text[start + fragment.length() :]
        walk += 1
    return text


class _Badge(Guarded, QWidget):
    """The number of a step in a circle, or a tick, or a warning."""

    def __init__(self, look: Look, number: int) -> None:
        super().__init__()
        self.look, self._number, self.state = look, number, "todo"
        self.setFixedSize(look.px(22), look.px(22))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, look, px = QPainter(self), self.look, self.look.px
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        circle = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        done, now, failed = (self.state == one for one in ("done", "running", "failed"))
        line = "accent" if done or now else "warning" if failed else "ghost"
        painter.setPen(look.pen(line, 1.4))
        painter.setBrush(look.color("accent" if done else "accent_wash" if now else "card"))
        painter.drawEllipse(circle)
        if done or failed:
            ratio = self.devicePixelRatioF()
            sign = pixmap(look, "check" if done else "close", "on_accent" if done else "warning",
                          size=12, ratio=ratio)
            painter.drawPixmap((self.width() - px(12)) // 2, (self.height() - px(12)) // 2, sign)
        else:
            painter.setFont(font(look, 11, bold=now))
            painter.setPen(look.ink("accent" if now else "muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self._number))


@dataclass(frozen=True)
class Question:
    """A question that is open.

    Attributes:
        text: what is asked.
        answers: two to four, chosen by a click or by their numbers.
        sketch: whether the answer can also be drawn on a plot; ``drawn`` once it has been.
    """

    text: str
    answers: tuple[str, ...]
    sketch: bool = False
    drawn: bool = False


@dataclass(frozen=True)
class Verdict:
    """What happened, over what was guessed.

    Attributes:
        happened: the answer that was right.
        guessed: the one that was given; empty where none was.
        why: what is mistaken about it; empty where it was right.
    """

    happened: str
    guessed: str = ""
    why: str = ""

    @property
    def right(self) -> bool:
        return self.guessed == self.happened


@dataclass(frozen=True)
class TourItem:
    """A step of a tour as it stands.

    Attributes:
        text: what is done.
        state: ``todo``, ``asked``, ``running``, ``done`` or ``failed``.
        seen: what was to be seen; shown once it is done.
        asks: whether there is something to guess first.
        question: if it is open now.
        verdict: on the guess, once it is done.
    """

    text: str
    state: str
    seen: str = ""
    asks: bool = False
    question: Question | None = None
    verdict: Verdict | None = None


class QuestionBox(QWidget):
    """A question with its answers as buttons, or the verdict on the one that was given."""

    answered = Signal(int)
    skipped = Signal()
    drawn = Signal()  # the sketch is the answer
    left = Signal()  # the verdict has been read
    went_on = Signal()

    def __init__(self, look: Look, *, large: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._now: object = None
        self._sizes = (19, 16) if large else (13, 13)
        self._columns = 2 if large else 1
        self.buttons: list[QPushButton] = []
        self.skip: QPushButton | None = None
        self.done: QPushButton | None = None
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(look.px(8 if large else 6))

    def show_question(self, now: Question | Verdict | None, seen: str = "") -> None:
        """Show a question, a verdict and what was to be seen, or nothing."""
        if (now, seen) != self._now:
            self._now = (now, seen)
            self._clear()
            if isinstance(now, Question):
                self._ask(now)
            elif isinstance(now, Verdict):
                self._judge(now, seen)
        self.setVisible(now is not None)

    def _clear(self) -> None:
        self.buttons, self.skip, self.done = [], None, None
        for old in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            old.hide()
            old.deleteLater()
        while (item := self._lines.takeAt(0)) is not None:
            if (inner := item.layout()) is not None:
                inner.deleteLater()

    def _ask(self, now: Question) -> None:
        words, px = self.look.words, self.look.px
        self._say(now.text, self._sizes[0], bold=True)
        if now.sketch and self._columns == 1:
            self._say(words("Draw it on the plot, or choose in words."), 12, token="muted")
        grid = QGridLayout()
        grid.setSpacing(px(6))
        for index, text in enumerate(now.answers):
            button = _AnswerButton(self.look, index + 1, text, self._sizes[1])
            button.clicked.connect(lambda _on, at=index: self.answered.emit(at))
            grid.addWidget(button, index // self._columns, index % self._columns)
            self.buttons.append(button)
        self._lines.addLayout(grid)
        last = QHBoxLayout() if self._columns > 1 else QVBoxLayout()
        last.setSpacing(px(8))
        if now.sketch:
            self.done = QPushButton(words("This is my sketch"))
            self.done.setProperty("role", "accent")
            self.done.setEnabled(now.drawn)
            self.done.clicked.connect(lambda: self.drawn.emit())
            last.addWidget(self.done)
        self.skip = self._link(words("Just show it"), self.skipped)
        explain(self.skip, words("Just show it") + " (0)")
        last.addWidget(self.skip)
        if now.sketch and self._columns > 1:
            last.addSpacing(px(12))
            hint = QLabel(words("Draw it on the plot, or choose in words."))
            hint.setProperty("role", "muted")
            last.addWidget(hint)
        last.addStretch(1)
        self._lines.addLayout(last)

    def _link(self, text: str, signal: SignalInstance) -> QPushButton:
        link = QPushButton(text)
        link.setProperty("role", "link")
        link.setFont(font(self.look, self._sizes[1] - 1))
        link.setCursor(Qt.CursorShape.PointingHandCursor)
        link.clicked.connect(lambda: signal.emit())
        return link

    def _judge(self, now: Verdict, seen: str) -> None:
        words, size = self.look.words, self._sizes[0]
        if now.guessed and now.right:
            self._say(words("You said “{guess}”, and so it was.", guess=now.guessed), size, bold=True,
                      token="accent")
        else:
            if now.guessed:
                self._say(words("You said: {guess}", guess=now.guessed), size)
            self._say(words("What happened: {answer}", answer=now.happened), size, bold=True)
        if now.why:
            self._say(now.why, self._sizes[1], token="muted")
        if seen:
            self._say(seen, self._sizes[1])
        if self._columns > 1:
            last = QHBoxLayout()
            last.setSpacing(self.look.px(16))
            last.addWidget(self._link(words("Next step (N)"), self.went_on))
            last.addWidget(self._link(words("Close"), self.left))
            last.addStretch(1)
            self._lines.addLayout(last)

    def _say(self, text: str, size: float, *, bold: bool = False, token: str = "text") -> None:
        label = QLabel(text)
        label.setFont(font(self.look, size, bold=bold))
        label.setStyleSheet(f"color: {self.look.color(token).name()};")
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        self._lines.addWidget(label)

    def texts(self) -> list[str]:
        """All that is said."""
        return [one.text() for one in self.findChildren(
            QLabel, options=Qt.FindChildOption.FindDirectChildrenOnly) if not one.isHidden()]


class _AnswerButton(Guarded, QPushButton):
    """An answer of any length, wrapped, behind the number that chooses it."""

    def __init__(self, look: Look, number: int, text: str, size: float) -> None:
        super().__init__()
        self.look = look
        self.setAccessibleName(f"{number}. {text}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        # A layout inside replaces the style sheet's padding, which is for one line of text.
        self.setStyleSheet("QPushButton { padding: 0; text-align: left; }")
        key, said = QLabel(str(number)), QLabel(text)
        key.setFont(font(look, size, bold=True))
        key.setStyleSheet(f"color: {look.theme.accent};")
        said.setFont(font(look, size))
        said.setTextFormat(Qt.TextFormat.PlainText)
        said.setWordWrap(True)
        line = QHBoxLayout(self)
        line.setContentsMargins(look.px(10), look.px(6), look.px(10), look.px(6))
        line.setSpacing(look.px(10))
        line.addWidget(key, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(said, 1)
        for label in (key, said):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        """Of what is inside."""
        layout = self.layout()
        assert layout is not None
        return layout.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """As narrow as its longest word: a column that is narrower than a line must not scroll sideways."""
        layout = self.layout()
        assert layout is not None
        return layout.minimumSize()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        assert layout is not None
        return layout.heightForWidth(width)


class _Step(QWidget):
    def __init__(self, look: Look, number: int, text: str) -> None:
        super().__init__()
        self.look, self.text, self._number = look, text, number
        self._badge = _Badge(look, number)
        said, self._seen = QLabel(breakable(text)), QLabel()
        for label in (said, self._seen):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        self._seen.setProperty("role", "accent")
        self.box = QuestionBox(look)
        self.button = QPushButton()
        self.button.setProperty("role", "bare")
        self.button.setIconSize(QSize(look.px(14), look.px(14)))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(look.px(8))
        grid.setVerticalSpacing(look.px(6))
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._badge, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(said, 0, 1)
        grid.addWidget(self.button, 0, 2, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.box, 1, 1, 1, 2)
        grid.addWidget(self._seen, 2, 1, 1, 2)

    def show_item(self, item: TourItem) -> None:
        words, state = self.look.words, item.state
        self._badge.state = "running" if state == "asked" else state
        self._badge.update()
        self.button.setIcon(icon(self.look, "reset" if state in ("done", "failed") else "play",
                                 "accent", size=14))
        self.button.setEnabled(state not in ("running", "asked"))
        explain(self.button, words("Guess first, then see it") if item.asks and state == "todo"
                else words("Do this step for me"))
        self._seen.setText(breakable(item.seen))
        self._seen.setVisible(state == "done" and bool(item.seen))
        self.box.show_question(item.question or item.verdict)
        told = {"todo": words("to do"), "asked": words("asks you"), "running": words("running"),
                "done": words("done"), "failed": words("not seen")}[state]
        self.setAccessibleName(f"{self._number}. {self.text} – {told}")
        self.button.setAccessibleName(
            words("Do step {number}", number=self._number) + f" – {told}")


class TourList(QWidget):
    """The steps of a tour, each with its number or tick and a button that does it."""

    run_wanted = Signal(int)
    answered = Signal(int)  # the open question's answer
    skipped = Signal()
    drawn = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._steps: list[_Step] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(look.px(10))

    def set_steps(self, items: Sequence[TourItem]) -> None:
        """Show the steps as they stand."""
        if [item.text for item in items] != [step.text for step in self._steps]:
            for old in self._steps:
                self._column.removeWidget(old)
                old.deleteLater()
            self._steps = []
            for index, item in enumerate(items):
                step = _Step(self.look, index + 1, item.text)
                step.button.clicked.connect(lambda _on, at=index: self.run_wanted.emit(at))
                step.box.answered.connect(self.answered)
                step.box.skipped.connect(self.skipped)
                step.box.drawn.connect(self.drawn)
                self._column.addWidget(step)
                self._steps.append(step)
        for step, item in zip(self._steps, items, strict=True):
            step.show_item(item)

    def buttons(self) -> list[QPushButton]:
        return [step.button for step in self._steps]

    def step(self, index: int) -> QWidget:
        """The row of a step, to be scrolled to."""
        return self._steps[index]

    def box(self, index: int) -> QuestionBox:
        """The question of a step."""
        return self._steps[index].box


class TryList(QWidget):
    """Suggestions, each with a button that sets what it names."""

    wanted = Signal(int)

    def __init__(self, look: Look, texts: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words, px = look.words, look.px
        self.buttons: list[QPushButton] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(10))
        for index, text in enumerate(texts):
            said = QLabel(text)
            said.setWordWrap(True)
            said.setTextFormat(Qt.TextFormat.PlainText)
            said.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
            button = QPushButton(words("Try"))
            button.setFont(font(look, 12))
            button.setAccessibleName(words("Try: {what}", what=text))
            explain(button, words("Set what this names; Ctrl+Z takes it back"))
            button.clicked.connect(lambda _on, at=index: self.wanted.emit(at))
            line = QHBoxLayout()
            line.setSpacing(px(8))
            line.addWidget(said, 1)
            line.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
            column.addLayout(line)
            self.buttons.append(button)
