"""The left column while a lecture is open: its moments in their order, and what is said of the present."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSignalBlocker,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.files.lecture import MOST_MINUTES, Moment, spoken
from app.session.tours import load_tour, said
from app.window.commands import key_text
from app.window.lecturing import Lecturing
from visualizers.catalog import Said, panel
from widgets.base.guard import Guarded
from widgets.base.tips import explain, explain_rows
from widgets.controls.fields import LongLine, ValueEdit
from widgets.theme.look import Look
from widgets.theme.numbers import count, decimal, quantity, read
from widgets.theme.style import font
from widgets.theme.words import LANGUAGES
from widgets.views.cards import Switch

WIDTH = 248
MOST_LINES = 4  # of a name
NAME, DETAIL, MINUTES = (Qt.ItemDataRole.UserRole + one for one in range(3))
NONE, OWN = 0, -1  # of questions, beside the numbers of the tour's steps
SHORT = {"en": "EN", "zh": "中文"}


class MomentList(QWidget):
    """Edits and walks through a lecture. ``asked`` gives a command's id."""

    asked = Signal(str)
    roadmap_wanted = Signal()
    question_wanted = Signal(int)  # the question of a moment's own

    def __init__(self, look: Look, lecturing: Lecturing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look, self.lecturing = look, lecturing
        words, px = look.words, look.px
        self.language = words.language  # of the name and the note that are edited
        self.setFixedWidth(px(WIDTH))
        self.setAccessibleName(words("Lecture"))

        self.back = self._link(words("‹ Roadmap"), self.roadmap_wanted.emit)
        self.state = QLabel()
        self.state.setProperty("role", "quiet")
        self.rehearse = self._link(words("Rehearse"), partial(self.asked.emit, "lecture-rehearse"))
        explain(self.rehearse, words("Make and try every moment on this machine, and keep its run"))
        self.more = QPushButton("⋯")
        self.more.setProperty("role", "bare")
        self.more.setAccessibleName(words("New, open, save this lecture"))
        explain(self.more, words("New, open, save this lecture"))
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.more.clicked.connect(self._menu)
        self.title = self._line(words("Title of the lecture"), 15,
                                lambda text: lecturing.entitle(self.language, text))

        self.list = _Moments(look)
        self.list.setAccessibleName(words("Moments of the lecture"))
        explain_rows(self.list)
        self.list.itemClicked.connect(lambda item: lecturing.go(self.list.row(item)))
        self.list.key.connect(self._key)
        self.list.model().rowsMoved.connect(self._dropped)
        self.empty = QLabel(words("Open a panel, set it up and train it; then press {keys} to keep this "
                                  "moment.", keys=key_text("Ctrl+D")), self.list)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "muted")

        self.keep = self._button(words("Keep"), words("Keep what is shown as a moment ({keys})",
                                                      keys=key_text("Ctrl+D")), lecturing.keep)
        self.twice = self._button(words("Duplicate"), words("The same moment once more"),
                                  lambda: self._here(lecturing.duplicate))
        self.delete = self._button(words("Delete"), words("Take this moment out; it can be brought back"),
                                   lambda: self._here(lecturing.delete))
        self.bring = self._link("", lecturing.bring_back)

        self.busy = QLabel()
        self.busy.setProperty("role", "accent")
        self.busy.setFont(font(look, 12))
        self.stop = self._link(words("Stop"), lecturing.stop_training)
        lecturing.training.connect(self._training)

        self.name = self._line(words("Name of the moment"), 13,
                               lambda text: self._say("name", text))
        self.switch = Switch(look, list(SHORT.values()))
        self.switch.setAccessibleName(words("Language of the name and the note"))
        self.switch.set(list(LANGUAGES).index(self.language))
        self.switch.chosen.connect(self._speak)
        self.minutes = ValueEdit()
        self.minutes.setFont(font(look, 12))
        self.minutes.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.minutes.setFixedWidth(px(52))
        self.minutes.setPlaceholderText("–")
        self.minutes.setAccessibleName(words("Planned minutes"))
        explain(self.minutes, words("Planned minutes"))
        self.minutes.editingFinished.connect(self._plan)
        self.note = QPlainTextEdit()
        self.note.setFont(font(look, 12))
        self.note.setPlaceholderText(words("Note for the speaker"))
        self.note.setAccessibleName(words("Note for the speaker"))
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(px(104))
        self.note.textChanged.connect(lambda: self._say("note", self.note.toPlainText()))
        self.question = QComboBox()
        self.question.setFont(font(look, 12))
        self.question.setAccessibleName(words("Question of the moment"))
        self.question.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.question.setMinimumContentsLength(8)
        self.question.activated.connect(self._ask)
        self.controls = QPushButton()
        self.controls.setFont(font(look, 12))
        self.controls.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        explain(self.controls, words("Which controls the stage shows"))
        self.controls.clicked.connect(self._controls_menu)

        head = QHBoxLayout()
        head.setSpacing(px(6))
        head.addWidget(self.back)
        head.addStretch(1)
        head.addWidget(self.state)
        head.addWidget(self.rehearse)
        head.addWidget(self.more)
        acts = QHBoxLayout()
        acts.setSpacing(px(4))
        for button in (self.keep, self.twice, self.delete):
            acts.addWidget(button, 1)
        working = QHBoxLayout()
        working.addWidget(self.busy, 1)
        working.addWidget(self.stop)
        self.detail = QWidget()
        line = QHBoxLayout()
        line.setSpacing(px(6))
        line.addWidget(self.switch)
        line.addStretch(1)
        line.addWidget(self.minutes)
        unit = QLabel(words("min"))
        unit.setFont(font(look, 12))
        unit.setProperty("role", "muted")
        line.addWidget(unit)
        inside = QVBoxLayout(self.detail)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(px(6))
        inside.addWidget(self.name)
        inside.addLayout(line)
        inside.addWidget(self.note)
        inside.addWidget(self.question)
        inside.addWidget(self.controls)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, px(2), 0, 0)
        box.setSpacing(px(6))
        box.addLayout(head)
        box.addWidget(self.title)
        box.addWidget(self.list, 1)
        box.addLayout(working)
        box.addLayout(acts)
        box.addWidget(self.bring)
        box.addWidget(self.detail)
        lecturing.changed.connect(self._changed)
        lecturing.turned.connect(self._turned)
        self._training(0, 0)
        self._turned()

    def release(self) -> None:
        """The column is going away; the lecture stays."""
        self.lecturing.changed.disconnect(self._changed)
        self.lecturing.turned.disconnect(self._turned)
        self.lecturing.training.disconnect(self._training)

    # --- parts -----------------------------------------------------------------------------------

    def _link(self, text: str, action: Callable[[], object]) -> QPushButton:
        link = QPushButton(text)
        link.setProperty("role", "link")
        link.setFont(font(self.look, 12))
        link.setCursor(Qt.CursorShape.PointingHandCursor)
        link.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        link.clicked.connect(lambda: action())
        return link

    def _button(self, text: str, help: str, action: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("role", "bare")
        button.setFont(font(self.look, 12))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        explain(button, help)
        button.clicked.connect(lambda: action())
        return button

    def _line(self, name: str, size: float, done: Callable[[str], object]) -> LongLine:
        line = LongLine()
        line.setFont(font(self.look, size, bold=True))
        line.setPlaceholderText(name)
        line.setAccessibleName(name)
        line.setProperty("role", "title" if size > 13 else "")
        line.edited.connect(done)
        return line

    # --- showing ---------------------------------------------------------------------------------

    def _changed(self) -> None:
        lecturing, words, list_ = self.lecturing, self.look.words, self.list
        state = words("saved") if lecturing.saved and lecturing.path is not None else \
            words("not saved") if not lecturing.saved else ""
        self.state.setText(state)
        with QSignalBlocker(list_), QSignalBlocker(list_.model()):
            while list_.count() > len(lecturing.moments):
                list_.takeItem(list_.count() - 1)
            for row, moment in enumerate(lecturing.moments):
                item = list_.item(row) or QListWidgetItem(list_)
                self._write(item, row, moment)
            list_.scheduleDelayedItemsLayout()  # a name may have another height
            list_.setCurrentRow(lecturing.index)
        list_.viewport().update()
        self.rehearse.setVisible(bool(lecturing.moments))
        self.empty.setVisible(not lecturing.moments)
        px = self.look.px
        self.empty.setGeometry(px(8), px(6), px(WIDTH - 24), px(90))
        gone = lecturing.deleted
        self.bring.setVisible(gone is not None)
        if gone is not None:
            named = spoken(gone.name, words.language)
            self.bring.setText(QFontMetrics(self.bring.font()).elidedText(
                words("Bring back “{name}”", name=named), Qt.TextElideMode.ElideRight, px(WIDTH - 8)))
        self.title.setText(lecturing.lecture.title.get(self.language, "") if lecturing.lecture else "")
        self.title.setPlaceholderText(lecturing.title or words("Title of the lecture"))
        self._tell()

    def _write(self, item: QListWidgetItem, row: int, moment: Moment) -> None:
        words = self.look.words
        name = spoken(moment.name, words.language) or Said(panel(moment.panel), words.language).title
        detail = described(moment, words.language)
        minutes = f"{decimal(moment.minutes)} {words('min')}" if moment.minutes else ""
        item.setText(name)
        item.setData(NAME, name)
        item.setData(DETAIL, detail)
        item.setData(MINUTES, minutes)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words(", ").join(
            one for one in (f"{row + 1}. {name}", detail, minutes) if one))
        item.setToolTip(spoken(moment.note, words.language)[:400] or detail)

    def _turned(self) -> None:
        self._changed()
        if (item := self.list.currentItem()) is not None:
            self.list.scrollToItem(item)

    def _tell(self) -> None:
        """What is said of the present moment; a field that is being written in stays as it is."""
        words, moment = self.look.words, self.lecturing.moment
        for one in (self.twice, self.delete):
            one.setEnabled(moment is not None)
        self.detail.setVisible(moment is not None)
        if moment is None:
            return
        self.name.setText(moment.name.get(self.language, ""))
        self.name.setPlaceholderText(spoken(moment.name, self.language) or words("Name of the moment"))
        note = moment.note.get(self.language, "")
        if self.note.toPlainText() != note:
            with QSignalBlocker(self.note):
                self.note.setPlainText(note)
        self.minutes.show_value(decimal(moment.minutes) if moment.minutes else "")
        self._tell_questions(moment)
        shown, all_ = len(self._shown(moment)), len(self._names(moment))
        self.controls.setText(words("All controls on the stage that fit") if shown == all_ else
                              words("{shown} of {all} controls on the stage", shown=shown, all=all_))
        self.controls.setAccessibleName(self.controls.text())
        self.controls.setEnabled(bool(all_))

    def _tell_questions(self, moment: Moment) -> None:
        words = self.look.words
        with QSignalBlocker(self.question):
            self.question.clear()
            self.question.addItem(words("No question"), NONE)
            for number, step in enumerate(load_tour(panel(moment.panel)), 1):
                if step.ask is not None:
                    self._question(words("Tour {number}: {question}", number=number,
                                         question=said(step.ask.say, words.language)), number)
                elif number == moment.tour:
                    self._question(words("Tour {number}: what must be true", number=number), number)
            own = spoken(moment.ask.say, words.language) if moment.ask is not None else ""
            self._question(words("Its own: {question}", question=own) if own
                           else words("Its own question…"), OWN)
            self.question.setCurrentIndex(
                self.question.findData(OWN if moment.ask is not None else moment.tour))

    def _question(self, text: str, data: int) -> None:
        self.question.addItem(text, data)
        self.question.setItemData(self.question.count() - 1, text, Qt.ItemDataRole.ToolTipRole)

    def _training(self, step: int, of: int) -> None:
        words = self.look.words
        self.busy.setVisible(of > 0)
        self.stop.setVisible(of > 0)
        if of:
            self.busy.setText(words("Training it once: step {step} of {of}", step=count(step), of=count(of)))

    # --- what the user does ----------------------------------------------------------------------

    def _here(self, action: Callable[[int], object]) -> None:
        if self.lecturing.moment is not None:
            action(self.lecturing.index)

    def _edit(self, **values: object) -> None:
        self._here(lambda index: self.lecturing.edit(index, **values))

    def _say(self, field: str, text: str) -> None:
        self._here(lambda index: self.lecturing.say(index, field, self.language, text))

    def _plan(self) -> None:
        """Minutes were typed; what is no time is taken back."""
        try:
            minutes = read(self.minutes.text()) if self.minutes.text().strip() else 0.0
        except ValueError:
            minutes = -1.0
        if 0 <= minutes <= MOST_MINUTES:
            self._edit(minutes=float(minutes))
        self._tell()

    def _speak(self, index: int) -> None:
        self.language = list(LANGUAGES)[index]
        self._changed()

    def _key(self, key: int, alt: bool) -> None:
        """A key in the list: what the window does with it elsewhere is silent."""
        lecturing, row = self.lecturing, self.list.currentRow()
        by = -1 if key in (Qt.Key.Key_Left, Qt.Key.Key_Up) else 1
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            if not alt:
                lecturing.go(lecturing.index + by)
            elif row >= 0:
                lecturing.move(row, row + by)
        elif key == Qt.Key.Key_Delete:
            self._here(lecturing.delete)
        elif key == Qt.Key.Key_F2:
            self.name.setFocus()
            self.name.selectAll()
        elif row >= 0:
            lecturing.go(row)

    def _dropped(self, _from: QModelIndex, start: int, _end: int, _to: QModelIndex, row: int) -> None:
        # Not while the list is still moving its rows.
        QTimer.singleShot(0, self, partial(self._moved, start, row - (row > start)))

    def _moved(self, start: int, to: int) -> None:
        self.lecturing.move(start, to)
        self._changed()

    def _ask(self, index: int) -> None:
        chosen = self.question.itemData(index)
        if chosen == OWN:
            self.question_wanted.emit(self.lecturing.index)
            self._tell()  # until it is written, nothing has changed
        else:
            self._edit(tour=chosen, ask=None, tally=())

    def _names(self, moment: Moment) -> list[str]:
        return [one.name for one in panel(moment.panel).parameters if one.kind != "hidden"]

    def _shown(self, moment: Moment) -> list[str]:
        return [one for one in self._names(moment) if moment.controls is None or one in moment.controls]

    def _controls_menu(self) -> None:
        moment = self.lecturing.moment
        if moment is None:
            return
        menu, about = QMenu(self), Said(panel(moment.panel), self.look.words.language)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shown = self._shown(moment)
        for name in self._names(moment):
            action = menu.addAction(about.label(name))
            action.setCheckable(True)
            action.setChecked(name in shown)
            action.toggled.connect(partial(self._show_control, name))
        menu.popup(self.controls.mapToGlobal(self.controls.rect().bottomLeft()))

    def _show_control(self, name: str, shown: bool) -> None:
        moment = self.lecturing.moment
        if moment is not None:
            names = [one for one in self._names(moment)
                     if (shown if one == name else one in self._shown(moment))]
            self._edit(controls=None if len(names) == len(self._names(moment)) else tuple(names))

    def _menu(self) -> None:
        menu, words = QMenu(self), self.look.words
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for id, text in (("lecture-new", words("New lecture")), ("open", words("Open a run or a lecture…")),
                         ("lecture-save", words("Save this lecture…")),
                         ("lecture-save-as", words("Save it under another name…")),
                         ("lecture-close", words("Close this lecture"))):
            menu.addAction(text).triggered.connect(lambda _=False, id=id: self.asked.emit(id))
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))


def described(moment: Moment, language: str) -> str:
    """In a few words what a moment shows: what differs from the panel's defaults, and its step."""
    one = panel(moment.panel)
    about = Said(one, language)
    words = about.words()
    parts = [f"{about.label(name)} {about.value(name, value)[:24]}" for name, value in moment.set.items()
             if next(each for each in one.parameters if each.name == name).kind != "hidden"][:2]
    if moment.steps:
        parts.append(quantity(moment.steps, "step", words))
    return words(", ").join(parts) or about.title


class _Moments(Guarded, QListWidget):
    """The list itself: its keys are its own while it has the keyboard."""

    key = Signal(int, bool)
    KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Delete,
            Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("moments")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("#moments { background: transparent; border: none; outline: none; }")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setMouseTracking(True)
        self.setItemDelegate(_Rows(look, self))
        self.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self and isinstance(event, QKeyEvent) and event.key() in self.KEYS \
                and not event.modifiers() & (Qt.KeyboardModifier.ControlModifier
                                             | Qt.KeyboardModifier.ShiftModifier):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.key.emit(event.key(), bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))
                return True
        return False


class _Rows(Guarded, QStyledItemDelegate):
    """A number, a name, below it what is shown, at its right the minutes."""

    def __init__(self, look: Look, parent: QListWidget) -> None:
        super().__init__(parent)
        self.look, self.list = look, parent
        self.plain, self.small = font(look, 13), font(look, 11)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(10, self._high(index) + QFontMetrics(self.small).height() + self.look.px(10))

    def _wide(self, index: QModelIndex | QPersistentModelIndex) -> int:
        """The room of a name: beside its number and its minutes."""
        minutes = QFontMetrics(self.small).horizontalAdvance(index.data(MINUTES) or "")
        return self.list.viewport().width() - self.look.px(40) - minutes - self.look.px(4 if minutes else 0)

    def _high(self, index: QModelIndex | QPersistentModelIndex) -> int:
        """The height of a name, of so many lines at most."""
        metrics = QFontMetrics(self.plain)
        rect = metrics.boundingRect(0, 0, self._wide(index), 1000, Qt.TextFlag.TextWordWrap,
                                    index.data(NAME) or "")
        return min(rect.height(), MOST_LINES * metrics.height())

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        look, px, rect = self.look, self.look.px, option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(look.color("accent"), 1) if chosen and self.list.hasFocus()
                           else Qt.PenStyle.NoPen)
            painter.setBrush(look.color("accent_wash") if chosen else look.color("hairline", 110))
            painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), px(6), px(6))
        line = QFontMetrics(self.plain).height()
        top = rect.adjusted(px(8), px(4), -px(8), 0)
        top.setHeight(line)
        side, middle = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self.small)
        painter.setPen(look.ink("muted"))
        painter.drawText(top, middle | side, index.data(MINUTES) or "")
        painter.setFont(self.plain)
        painter.drawText(top, middle, str(index.row() + 1))
        left, high = px(24), self._high(index)
        painter.setPen(look.ink("accent" if chosen else "text"))
        painter.drawText(QRect(top.x() + left, top.y(), self._wide(index), high),
                         Qt.TextFlag.TextWordWrap, index.data(NAME) or "")
        painter.setFont(self.small)
        painter.setPen(look.ink("muted"))
        room = top.adjusted(left, 0, 0, 0).translated(0, high + px(1))
        painter.drawText(room, middle, QFontMetrics(self.small).elidedText(
            index.data(DETAIL) or "", Qt.TextElideMode.ElideRight, room.width()))
        painter.restore()
