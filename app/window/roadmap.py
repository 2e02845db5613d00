"""The left column: nine lectures and their panels, a search, and what this machine is doing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPolygonF
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from visualizers.catalog import LECTURES, Lecture, Said, about
from visualizers.panel import Panel
from widgets.base.guard import Guarded
from widgets.base.tips import explain, explain_rows
from widgets.theme.look import Look
from widgets.theme.style import font
from widgets.theme.words import LANGUAGES, window_words

WIDTH = 212
KEY = Qt.ItemDataRole.UserRole  # "lecture", "panel" or "about"
ID = Qt.ItemDataRole.UserRole + 1  # the lecture's folder or the panel's id

AnyIndex = QModelIndex | QPersistentModelIndex


def search_text(panel: Panel) -> str:
    """All that a panel can be found by, in every language."""
    said = [Said(panel, language) for language in LANGUAGES]
    parts = [panel.id, *panel.concepts, *panel.keywords]
    parts += [one.title for one in said] + [one.claim for one in said]
    return "\n".join(parts).casefold()


def lecture_text(lecture: Lecture) -> str:
    """All that a lecture can be found by, in every language."""
    tables = [window_words(language) for language in LANGUAGES]
    return "\n".join(words(text) for words in tables for text in (lecture.title, lecture.about,
                                                                    lecture.does)).casefold()


class Roadmap(QWidget):
    """Nine lectures with their panels. ``chosen`` gives the id of a panel that was asked for."""

    chosen = Signal(str)
    home = Signal()
    more = Signal(object)  # the button beside which the menu opens

    def __init__(
        self, look: Look, panels: Iterable[Panel], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.look, self._panels = look, tuple(panels)
        self._found_by = {one.id: search_text(one) for one in self._panels}
        words = look.words
        self.setFixedWidth(look.px(WIDTH))
        self.setAccessibleName(words("Roadmap"))

        self.name = QPushButton(words("Big Models Lab"))
        self.name.setObjectName("roadmapHome")
        self.name.setFont(font(look, 15, bold=True))
        self.name.setCursor(Qt.CursorShape.PointingHandCursor)
        explain(self.name, words("To the start page"))
        self.name.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.name.setStyleSheet(
            f"#roadmapHome {{ border: none; background: transparent; text-align: left;"
            f" padding: 0 0 0 {look.px(2)}px; color: {look.theme.text}; }}"
            f"#roadmapHome:hover, #roadmapHome:focus {{ color: {look.theme.accent}; }}")
        self.name.clicked.connect(lambda: self.home.emit())

        self.search = _Search(look)
        self.search.setPlaceholderText(words("Search"))
        self.search.setAccessibleName(words("Search the panels"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.search.down.connect(self._into_tree)
        self.search.returnPressed.connect(self._open_first)

        self.tree = _Tree(look)
        explain_rows(self.tree)
        self.tree.setAccessibleName(words("Lectures and panels"))
        self.tree.itemClicked.connect(self._clicked)
        self.tree.entered_item.connect(self._clicked)

        self.nothing = QLabel(words("Nothing here is called that."), self.tree)
        self.nothing.setProperty("role", "muted")
        self.nothing.move(look.px(8), look.px(4))
        self.nothing.hide()

        self.status = QLabel()
        self.status.setFont(font(look, 11))
        self.status.setMinimumHeight(2 * self.status.fontMetrics().height())
        self.status.setStyleSheet(f"color: {look.theme.muted};")
        self.status.setAccessibleName(words("Device, speed and memory"))
        self.button = QPushButton("⋯")
        self.button.setObjectName("roadmapMore")
        self.button.setFont(font(look, 15, bold=True))
        self.button.setFixedSize(look.px(30), look.px(26))
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        explain(self.button, words("Language, theme, scale, device, data"))
        self.button.setAccessibleName(words("Language, theme, scale, device, data"))
        self.button.setStyleSheet(
            f"#roadmapMore {{ border: 1px solid transparent; border-radius: {look.px(6)}px;"
            f" background: transparent; color: {look.theme.muted}; padding: 0; }}"
            f"#roadmapMore:hover, #roadmapMore:focus {{ background: {look.theme.accent_wash};"
            f" color: {look.theme.accent}; }}")
        self.button.clicked.connect(lambda: self.more.emit(self.button))

        foot = QHBoxLayout()
        foot.setContentsMargins(look.px(2), 0, 0, 0)
        foot.addWidget(self.status, 1)
        foot.addWidget(self.button, 0, Qt.AlignmentFlag.AlignBottom)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, look.px(2), 0, 0)
        box.setSpacing(look.px(8))
        box.addWidget(self.name)
        box.addWidget(self.search)
        box.addWidget(self.tree, 1)
        box.addLayout(foot)
        self._fill()

    def _fill(self) -> None:
        words = self.look.words
        language = words.language
        self._heads: list[QTreeWidgetItem] = []
        for lecture in LECTURES:
            here = [one for one in self._panels if one.lecture == lecture.folder]
            head = QTreeWidgetItem(self.tree, [words(lecture.title)])
            head.setData(0, KEY, "lecture")
            head.setData(0, ID, lecture.folder)
            head.setData(0, _NUMBER, str(lecture.number))
            head.setData(0, _FULL, bool(here))
            head.setToolTip(0, f"{words(lecture.does)}\n{words(lecture.about)}")
            for one in here:
                row = QTreeWidgetItem(head, [Said(one, language).title])
                row.setData(0, KEY, "panel")
                row.setData(0, ID, one.id)
                row.setToolTip(0, f"{Said(one, language).title}\n{Said(one, language).claim}")
            if not here:
                told = QTreeWidgetItem(
                    head, [words("Will come: {what}.", what=words(lecture.about))])
                told.setData(0, KEY, "about")
                told.setFlags(Qt.ItemFlag.ItemIsEnabled)
            head.setExpanded(bool(here))
            self._heads.append(head)
        self._children = [below for head in self._heads for index in range(head.childCount())
                          if (below := head.child(index)) is not None]

    # --- what is shown ---------------------------------------------------------------------------

    def set_current(self, panel: str | None) -> None:
        """Mark the panel whose page is open."""
        self.tree.current_id = panel or ""
        for row in self._rows("panel"):
            if row.data(0, ID) == panel:
                self._head(row).setExpanded(True)
                self.tree.setCurrentItem(row)
                self.tree.scrollToItem(row)
        if panel is None:
            self.tree.clearSelection()
        self.tree.viewport().update()

    def mark(self, opened: Iterable[str], finished: Iterable[str]) -> None:
        """A dot for panels that were opened before, a tick where the tour was finished."""
        seen, done, words = set(opened), set(finished), self.look.words
        for row in self._rows("panel"):
            id = row.data(0, ID)
            mark = "finished" if id in done else "opened" if id in seen else ""
            row.setData(0, _MARK, mark)
            row.setData(0, Qt.ItemDataRole.AccessibleDescriptionRole,
                        words("tour finished") if id in done else words("opened") if mark else "")

    def set_status(self, text: str) -> None:
        """The quiet words at the bottom: device and threads, then steps a second and memory."""
        if text != self.status.text():
            self.status.setText(text)

    def show_lecture(self, folder: str) -> None:
        """Unfold a lecture and go to it: its panels, or what will come."""
        for head in self._rows("lecture"):
            if head.data(0, ID) == folder:
                head.setExpanded(True)
                self.tree.setCurrentItem(head)
                for below in self._children:
                    if below.parent() is head:
                        self.tree.scrollToItem(below)
                self.tree.scrollToItem(head)

    # --- search ----------------------------------------------------------------------------------

    def _filter(self, text: str) -> None:
        wanted = text.casefold().split()
        concerned: set[str] = set()
        if wanted and not any(all(word in one for word in wanted) for one in self._found_by.values()):
            concerned = {one.id for one in about(text)}  # a term that a guide or a picture mentions
        for head in self._rows("lecture"):
            lecture = next(one for one in LECTURES if one.folder == head.data(0, ID))
            whole = bool(wanted) and all(word in lecture_text(lecture) for word in wanted)
            hits = 0
            for row in self._children:
                if row.parent() is not head:
                    continue
                haystack = self._found_by.get(row.data(0, ID) or "", "")
                hit = not wanted or whole or all(word in haystack for word in wanted) \
                    or row.data(0, ID) in concerned
                row.setHidden(not hit)
                hits += hit
            head.setHidden(bool(wanted) and not hits)
            head.setExpanded(hits > 0 if wanted else bool(head.data(0, _FULL)))
        self.nothing.setVisible(all(head.isHidden() for head in self._rows("lecture")))

    def _open_first(self) -> None:
        for row in self._rows("panel"):
            if not row.isHidden() and not self._head(row).isHidden():
                self.chosen.emit(row.data(0, ID))
                return

    def _into_tree(self) -> None:
        self.tree.setFocus(Qt.FocusReason.TabFocusReason)
        for row in self._rows("panel"):
            if not row.isHidden() and not self._head(row).isHidden():
                self.tree.setCurrentItem(row)
                return

    def _clicked(self, item: QTreeWidgetItem) -> None:
        match item.data(0, KEY):
            case "panel":
                self.chosen.emit(item.data(0, ID))
            case "lecture":
                item.setExpanded(not item.isExpanded())

    def _rows(self, key: str) -> list[QTreeWidgetItem]:
        if key == "lecture":
            return self._heads
        return [row for row in self._children if row.data(0, KEY) == key]

    def _head(self, row: QTreeWidgetItem) -> QTreeWidgetItem:
        return row.parent() or row


_NUMBER = Qt.ItemDataRole.UserRole + 2
_FULL = Qt.ItemDataRole.UserRole + 3
_MARK = Qt.ItemDataRole.UserRole + 4


class _Search(Guarded, QLineEdit):
    """A search field that hands the Down key to the list and is emptied by Esc."""

    down = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setFont(font(look, 13))
        self.setFixedHeight(look.px(31))
        self.installEventFilter(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Down:
                self.down.emit()
            case Qt.Key.Key_Escape if self.text():
                self.clear()
            case Qt.Key.Key_Escape:
                self.clearFocus()
            case _:
                super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Esc belongs to the field while one types in it, not to the window's own Esc.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) \
                and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return False


class _Tree(Guarded, QTreeWidget):
    """The list itself: no branches, no frame; rows are drawn by ``_Rows``."""

    entered_item = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.current_id = ""
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setExpandsOnDoubleClick(False)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QTreeWidget.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrap(True)
        self.setItemDelegate(_Rows(look, self))
        self.setObjectName("roadmapTree")
        self.setStyleSheet("#roadmapTree { background: transparent; border: none; outline: none; }")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if item is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered_item.emit(item)
        else:
            super().keyPressEvent(event)


class _Rows(Guarded, QStyledItemDelegate):
    """Draws a lecture, a panel or a sentence of what will come."""

    def __init__(self, look: Look, tree: _Tree) -> None:
        super().__init__(tree)
        self.look, self.tree = look, tree
        self.bold, self.plain, self.small = font(look, 13, bold=True), font(look, 13), font(look, 11)

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        px = self.look.px
        width = self.tree.viewport().width()
        if index.data(KEY) == "about":
            room = QRect(0, 0, width - px(TEXT + 8), 10_000)
            needed = QFontMetrics(self.small).boundingRect(
                room, Qt.TextFlag.TextWordWrap, index.data())
            return QSize(width, needed.height() + px(10))
        return QSize(width, px(28 if index.data(KEY) == "lecture" else 26))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        kind = index.data(KEY)
        if kind != "about":
            self._wash(painter, option, index)
        {"lecture": self._lecture, "panel": self._panel, "about": self._about}[kind](
            painter, option.rect, index)
        painter.restore()

    def _wash(self, painter: QPainter, option: Any, index: AnyIndex) -> None:
        look = self.look
        current = index.data(KEY) == "panel" and index.data(ID) == self.tree.current_id
        hover = bool(option.state & QStyle.StateFlag.State_MouseOver)
        focus = self.tree.hasFocus() and self.tree.currentIndex() == index
        if current or hover:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("accent_wash") if current else look.color("hairline", 110))
            painter.drawRoundedRect(option.rect.adjusted(0, 1, 0, -1), look.px(6), look.px(6))
        if focus:
            painter.setPen(look.pen(look.color("accent", 150)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(option.rect).adjusted(.5, 1.5, -.5, -1.5),
                                    look.px(6), look.px(6))

    def _lecture(self, painter: QPainter, rect: QRect, index: AnyIndex) -> None:
        look, px = self.look, self.look.px
        full = index.data(_FULL)
        painter.setFont(self.plain)
        painter.setPen(look.ink("muted"))
        painter.drawText(rect.adjusted(px(8), 0, 0, 0), Qt.AlignmentFlag.AlignVCenter,
                         index.data(_NUMBER))
        painter.setFont(self.bold if full else self.plain)
        painter.setPen(look.ink("text" if full else "muted"))
        painter.drawText(rect.adjusted(px(TEXT), 0, -px(20), 0), Qt.AlignmentFlag.AlignVCenter,
                         index.data())
        opened = self.tree.itemFromIndex(index).isExpanded()
        x, y, r = rect.right() - px(10), rect.center().y() + 1, px(3)
        painter.setPen(look.pen("ghost", 1.4 * look.scale, cap=Qt.PenCapStyle.RoundCap))
        shape = [(-r, -r / 2), (0, r / 2), (r, -r / 2)] if opened else \
            [(-r / 2, -r), (r / 2, 0), (-r / 2, r)]
        painter.drawPolyline(QPolygonF([QPointF(x + dx, y + dy) for dx, dy in shape]))

    def _panel(self, painter: QPainter, rect: QRect, index: AnyIndex) -> None:
        look, px = self.look, self.look.px
        current = index.data(ID) == self.tree.current_id
        painter.setFont(self.plain)
        painter.setPen(look.ink("accent" if current else "text"))
        room = rect.adjusted(px(TEXT), 0, -px(22), 0)
        text = QFontMetrics(self.plain).elidedText(
            index.data(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        colour = look.color("accent" if current else "muted")
        x, y, r = rect.right() - px(10), rect.center().y() + 1, px(3)
        if index.data(_MARK) == "opened":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(x, y), 2 * look.scale, 2 * look.scale)
        elif index.data(_MARK) == "finished":
            painter.setPen(look.pen(colour, 1.5 * look.scale, cap=Qt.PenCapStyle.RoundCap))
            painter.drawPolyline(QPolygonF([
                QPointF(x - r, y), QPointF(x - r / 3, y + r * .8), QPointF(x + r * 1.2, y - r)]))

    def _about(self, painter: QPainter, rect: QRect, index: AnyIndex) -> None:
        px = self.look.px
        painter.setFont(self.small)
        painter.setPen(self.look.ink("muted"))
        painter.drawText(rect.adjusted(px(TEXT), 0, -px(8), 0), Qt.TextFlag.TextWordWrap,
                         index.data())


TEXT = 26  # where the texts of rows begin
