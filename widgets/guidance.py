"""Words beside a picture: a guide with formulas, and a tour whose steps are ticked off."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt, QUrl, Signal
from PySide6.QtGui import (
    QFont,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from widgets.icons import icon, pixmap
from widgets.look import Look
from widgets.style import font

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


class GuideView(QTextBrowser):
    """A Markdown text with ``$…$`` formulas. Links open outside, on a click only."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._formulas: list[str] = []
        self._images: dict[str, QImage | None] = {}
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("role", "page")
        self.setFont(font(look, 13))
        self.setOpenExternalLinks(True)
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


class _Badge(QWidget):
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
        painter.setPen(QPen(look.color(line), 1.4))
        painter.setBrush(look.color("accent" if done else "accent_wash" if now else "card"))
        painter.drawEllipse(circle)
        if done or failed:
            ratio = self.devicePixelRatioF()
            sign = pixmap(look, "check" if done else "close", "on_accent" if done else "warning",
                          size=12, ratio=ratio)
            painter.drawPixmap((self.width() - px(12)) // 2, (self.height() - px(12)) // 2, sign)
        else:
            painter.setFont(font(look, 11, bold=now))
            painter.setPen(look.color("accent" if now else "muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self._number))


class _Step(QWidget):
    def __init__(self, look: Look, number: int, text: str) -> None:
        super().__init__()
        self.look, self.text, self._number = look, text, number
        self._badge = _Badge(look, number)
        said = QLabel(text)
        said.setWordWrap(True)
        said.setTextFormat(Qt.TextFormat.PlainText)
        said.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        self.button = QPushButton()
        self.button.setProperty("role", "bare")
        self.button.setIconSize(QSize(look.px(14), look.px(14)))
        self.button.setToolTip(look.words("Do this step for me"))
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(look.px(8))
        line.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(said, 1)
        line.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        self.set_state("todo")

    def set_state(self, state: str) -> None:
        words = self.look.words
        self._badge.state = state
        self._badge.update()
        self.button.setIcon(icon(self.look, "reset" if state in ("done", "failed") else "play",
                                 "accent", size=14))
        self.button.setEnabled(state != "running")
        told = {"todo": words("to do"), "running": words("running"), "done": words("done"),
                "failed": words("not seen")}[state]
        self.setAccessibleName(f"{self._number}. {self.text} – {told}")
        self.button.setAccessibleName(
            words("Do step {number}", number=self._number) + f" – {told}")


class TourList(QWidget):
    """The steps of a tour, each with its number or tick and a button that does it."""

    run_wanted = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._steps: list[_Step] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(look.px(10))

    def set_steps(self, steps: Sequence[tuple[str, str]]) -> None:
        """Show steps of (text, state); a state is ``todo``, ``running``, ``done`` or ``failed``."""
        if [text for text, _ in steps] != [step.text for step in self._steps]:
            for old in self._steps:
                self._column.removeWidget(old)
                old.deleteLater()
            self._steps = []
            for index, (text, _) in enumerate(steps):
                step = _Step(self.look, index + 1, text)
                step.button.clicked.connect(lambda _on, at=index: self.run_wanted.emit(at))
                self._column.addWidget(step)
                self._steps.append(step)
        for step, (_, state) in zip(self._steps, steps, strict=True):
            step.set_state(state)

    def buttons(self) -> list[QPushButton]:
        return [step.button for step in self._steps]
