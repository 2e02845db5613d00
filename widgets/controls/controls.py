"""Controls made from declared parameters: a name, its value, and something to drag or choose."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QMoveEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QStandardItemModel,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from widgets.base.guard import Guarded
from widgets.base.labels import Quiet
from widgets.base.tips import explain, explain_rows
from widgets.controls.fields import ValueEdit
from widgets.controls.parameters import Parameter, Unfit, parse, written
from widgets.theme.look import Look
from widgets.theme.numbers import plural, unit_of
from widgets.theme.style import font
from widgets.views.cards import Switch

POSITIONS = 1000
PAUSE_MS = 400  # after the last key, before a typed text counts


@dataclass(frozen=True)
class Option:
    """One entry of a source: a text or a model of the catalogue."""

    value: str
    title: str
    available: bool = True
    about: str = ""


def at_position(one: Parameter, position: int) -> float | int:
    """The value of a slider's position 0 … 1,000, rounded to three significant digits."""
    assert one.low is not None and one.high is not None
    share = min(1.0, max(0.0, position / POSITIONS))
    ratio, span = one.high / (one.low or 1.0), one.high - one.low
    value = one.low * ratio**share if one.log else one.low + share * span
    if one.kind == "integer":
        return int(min(one.high, max(one.low, round(value))))
    if position in (0, POSITIONS):
        return float(one.high if position else one.low)
    size = abs(value) if one.log else max(abs(one.low), abs(one.high))
    digits = 2 - math.floor(math.log10(size)) if size > 0 else 2
    return float(min(one.high, max(one.low, round(value, digits + (0 if one.log else 1)))))


def position_of(one: Parameter, value: float) -> int:
    """The slider's position that is nearest to a value."""
    assert one.low is not None and one.high is not None
    if one.high <= one.low:
        return 0
    share = math.log(value / one.low) / math.log(one.high / one.low) if one.log \
        else (value - one.low) / (one.high - one.low)
    return round(min(1.0, max(0.0, share)) * POSITIONS)


class Slider(Guarded, QSlider):
    """A slider that the mouse moves at once to where it points; Shift makes it ten times finer."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._handle = look.px(16)
        self._grip: tuple[float, float] | None = None  # where the drag began: pixel, position
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _at(self, x: float) -> float:
        room = max(1, self.width() - self._handle)
        share = (x - self._handle / 2) / room
        return self.minimum() + share * (self.maximum() - self.minimum())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        x = event.position().x()
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self.setSliderDown(True)
        if not fine:
            self.setValue(round(self._at(x)))
        self._grip = (x, float(self.value()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            return
        x, (start, position) = event.position().x(), self._grip
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.setValue(round(position + (self._at(x) - self._at(start)) / 10))
        else:
            self.setValue(round(self._at(x)))
            self._grip = (x, float(self.value()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._grip is not None:
            self._grip = None
            self.setSliderDown(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # scrolling the column must not change what it passes over


class _Steps(Slider):
    """A slider whose keys go on from the value rather than from the nearest position."""

    nudged = Signal(int)  # by so many thousandths of the range; whole numbers by at least one

    def keyPressEvent(self, event: QKeyEvent) -> None:
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        key = event.key()
        by = {Qt.Key.Key_Left: -10, Qt.Key.Key_Down: -10, Qt.Key.Key_Right: 10, Qt.Key.Key_Up: 10,
              Qt.Key.Key_PageDown: -100, Qt.Key.Key_PageUp: 100}.get(Qt.Key(key))
        if by is not None:
            self.nudged.emit(by // 10 if fine else by)
        elif key == Qt.Key.Key_Home:
            self.setValue(self.minimum())
        elif key == Qt.Key.Key_End:
            self.setValue(self.maximum())
        else:
            event.ignore()  # Space and R belong to the page


class Toggle(Guarded, QAbstractButton):
    """A switch that slides: on or off."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        return QSize(self.look.px(34), self.look.px(20))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        high, on = self.height(), self.isChecked()
        track = self.look.within(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(self.look.pen("accent" if self.hasFocus() or on else "ghost"))
        painter.setBrush(self.look.color("accent" if on else "hairline"))
        painter.drawRoundedRect(track, high / 2 - 1, high / 2 - 1)
        knob = high - 8
        left = self.width() - knob - 4 if on else 4
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color("on_accent" if on else "card"))
        painter.drawEllipse(left, 4, knob, knob)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self.look.pen("text"))
            painter.drawRoundedRect(track, high / 2 - 1, high / 2 - 1)


class _Name(Guarded, QLabel):
    """A control's name. Double-click, or its menu, brings the default back; the menu asks what if."""

    reset = Signal()
    what_if = Signal()

    def __init__(self, look: Look, text: str) -> None:
        super().__init__(text)
        self._words = look.words
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self.reset.emit()

    def contextMenuEvent(self, event: Any) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self._words("Back to the default")).triggered.connect(self.reset)
        menu.addAction(self._words("What if …?") + "\tW").triggered.connect(self.what_if)
        menu.popup(event.globalPos())


class _Complaint(Guarded, QLabel):
    """What was wrong with what was typed; a click takes it away."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "complaint")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.hide()


class _Control(Guarded, QWidget):
    """Name and value, the means to change it, a whisper below, and a sentence when it went wrong.

    The sentence lies over the whisper and what stands below, so that no control moves for it; it goes
    when the value is right, when one goes on typing, and by a click.
    """

    changed = Signal(object)
    what_if = Signal()

    def __init__(self, look: Look, one: Parameter, label: str, help: str) -> None:
        super().__init__()
        self.look, self.one, self.label = look, one, label
        self._body = QVBoxLayout(self)
        self._body.setContentsMargins(0, 0, 0, 0)
        self._body.setSpacing(look.px(2))
        self._head = QHBoxLayout()
        self._head.setSpacing(look.px(4))
        name = self._name = _Name(look, label)
        name.reset.connect(lambda: self.changed.emit(self.one.default))
        name.what_if.connect(self.what_if)
        self._head.addWidget(name, 1)
        self._body.addLayout(self._head)
        self._said = _Complaint()
        explain(self, help)
        self._help = help

    def finish(self) -> None:
        """Add what stands below every control."""
        words = self.look.words
        tag = words("starts again") if self.one.restart else words("live")
        self._tag, self._whisper = tag, Quiet(self.look, tag)
        self._whisper.setWordWrap(True)
        self._body.addWidget(self._whisper)

    def show_idle(self, reason: str) -> None:
        """Say why moving it can change nothing now, and look like it; an empty reason ends that.

        It can still be moved: the value counts from when it can act again.
        """
        self._whisper.say(reason or self._tag)
        for widget in (self._name, *self.findChildren(QSlider)):
            widget.setProperty("idle", bool(reason))
            widget.style().unpolish(widget)
            widget.style().polish(widget)

    def name_of(self, widget: QWidget) -> None:
        """Tell those who cannot see the name beside it what this widget is."""
        widget.setAccessibleName(self.label)
        widget.setAccessibleDescription(self._help)
        explain(widget, self._help, of=self)

    @property
    def complaint(self) -> str:
        """The sentence that is shown because of what was typed."""
        return "" if self._said.isHidden() else self._said.text()

    def complain(self, problem: Unfit | None) -> None:
        """Show one sentence, or take it away."""
        if problem is None:
            self._said.hide()
            return
        # The user knows the parameter by its label and the numbers as they are written here.
        values = {**problem.values, "name": self.label}
        self._said.setText(self.look.words.tell(problem.message, values))
        self._said.setParent(self.parentWidget() or self)
        self._lay_complaint()
        self._said.show()
        self._said.raise_()

    def _lay_complaint(self) -> None:
        """Over the whisper, as wide as the control; at the end of the column it ends with it."""
        under = self._said.parentWidget()
        if under is None:
            return
        top = self._whisper.mapTo(under, QPoint(0, -self.look.px(2)))
        height = self._said.heightForWidth(self.width())
        self._said.setGeometry(
            top.x(), max(0, min(top.y(), under.height() - height)), self.width(), height)

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        self._lay_complaint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_complaint()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._said.hide()

    def show_value(self, value: Any) -> None:
        raise NotImplementedError


class _NumberEdit(ValueEdit):
    """A field for a number, to which Space and W mean nothing and Esc the number that was there.

    Ctrl+Z is the program's as soon as the number counts: it takes the control back.
    """

    given_up = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.given_up.emit()
            if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Space, Qt.Key.Key_W):
                event.ignore()  # the program's: leave the field, play, ask what if
                return True
            if event.matches(QKeySequence.StandardKey.Undo) and not self.isUndoAvailable():
                event.ignore()
                return True
        return False


class _Number(_Control):
    def __init__(self, look: Look, one: Parameter, label: str, help: str) -> None:
        super().__init__(look, one, label, help)
        self._value: float = one.default
        self._edit = _NumberEdit()
        self._edit.setProperty("role", "value")
        self._edit.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._edit.setTextMargins(0, 0, -4, 0)  # flush with the end of the slider
        self._edit.setFont(font(look, 13))
        self._edit.setFixedWidth(look.px(76))
        self._edit.editingFinished.connect(self._typed)
        self._edit.given_up.connect(lambda: self.show_value(self._value))
        self._edit.textEdited.connect(lambda _: self.complain(None))
        self._head.addWidget(self._edit)
        self._unit = QLabel()
        self._unit.setProperty("role", "muted")
        self._head.addWidget(self._unit)
        self._slider = _Steps(look)
        self._slider.setRange(0, POSITIONS)
        self._slider.valueChanged.connect(self._dragged)
        self._slider.nudged.connect(self._nudged)
        self._body.addWidget(self._slider)
        self.name_of(self._slider)
        self.name_of(self._edit)
        self.finish()
        self.show_value(one.default)

    def show_value(self, value: Any) -> None:
        self._value = value
        self.complain(None)
        self._write()
        with QSignalBlocker(self._slider):
            self._slider.setValue(position_of(self.one, value))

    def _write(self) -> None:
        off = self.one.off is not None and self._value == self.one.off
        self._unit.setVisible(bool(self.one.unit) and not off)
        if self.one.unit:
            self._unit.setText(unit_of(self._value, self.one.unit, self.look.words))
        self._edit.show_value(self.look.words("off") if off else written(self.one, self._value))

    def _emit(self, value: float) -> None:
        if value != self._value:
            self.show_value(value)
            self.changed.emit(value)

    def _dragged(self, position: int) -> None:
        self._value, before = at_position(self.one, position), self._value
        self.complain(None)
        self._write()
        if self._value != before:
            self.changed.emit(self._value)

    def _nudged(self, by: int) -> None:
        if self.one.kind == "integer":
            assert self.one.low is not None and self.one.high is not None
            moved = int(at_position(self.one, self._slider.value() + by))
            least = int(math.copysign(1, by))
            fine = abs(by) < 10 or abs(moved - self._value) < 1
            value = int(self._value) + least if fine else moved
            self._emit(int(min(self.one.high, max(self.one.low, value))))
        else:
            self._emit(at_position(self.one, self._slider.value() + by))

    def _typed(self) -> None:
        typed = self._edit.text().strip()
        off = self.one.off is not None and typed.lower() in ("off", self.look.words("off"))
        for unit in (plural(self.one.unit), self.one.unit, self._unit.text()):
            typed = typed.removesuffix(unit).strip()
        if typed == written(self.one, self._value):
            self._write()
            return
        try:
            value = parse(self.one, "off" if off else typed)
        except Unfit as problem:
            self._write()
            self.complain(problem)
            return
        self._emit(value)


class _Choice(_Control):
    """Segmented buttons where at most four names fit side by side, otherwise a combo box."""

    def __init__(
        self, look: Look, one: Parameter, label: str, help: str, titles: Sequence[str], width: int
    ) -> None:
        super().__init__(look, one, label, help)
        self._value = str(one.default)
        metrics = QFontMetricsF(font(look, 12))
        needed = sum(metrics.horizontalAdvance(title) + look.px(20) for title in titles)
        self._switch: Switch | None = None
        self._combo: QComboBox | None = None
        if len(titles) <= 4 and needed <= width:
            self._switch = Switch(look, titles)
            self._switch.chosen.connect(self._picked)
            for button in self._switch.buttons():
                button.setAccessibleName(f"{label}: {button.text()}")
                explain(button, help, of=self)
            self._body.addWidget(self._switch)
        else:
            self._combo = _Combo()
            self._combo.addItems(list(titles))
            self._combo.activated.connect(self._picked)
            self.name_of(self._combo)
            self._body.addWidget(self._combo)
        self.finish()
        self.show_value(one.default)

    def _picked(self, index: int) -> None:
        if (value := self.one.choices[index]) != self._value:
            self._value = value
            self.changed.emit(value)

    def show_value(self, value: Any) -> None:
        self._value = value
        index = self.one.choices.index(value)
        if self._switch is not None:
            self._switch.set(index)
        elif self._combo is not None:
            self._combo.setCurrentIndex(index)


class _Combo(Guarded, QComboBox):
    def __init__(self) -> None:
        super().__init__()
        explain_rows(self.view())
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class _Flag(_Control):
    def __init__(self, look: Look, one: Parameter, label: str, help: str) -> None:
        super().__init__(look, one, label, help)
        self._toggle = Toggle(look)
        self._toggle.clicked.connect(lambda on: self.changed.emit(bool(on)))
        self._head.addWidget(self._toggle)
        self.name_of(self._toggle)
        self.finish()
        self.show_value(one.default)

    def show_value(self, value: Any) -> None:
        self._toggle.setChecked(value)


class _Text(_Control):
    """A line for short defaults, a paragraph for long ones; counts on Enter or after a pause."""

    def __init__(self, look: Look, one: Parameter, label: str, help: str) -> None:
        super().__init__(look, one, label, help)
        self._value = str(one.default)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(PAUSE_MS)
        self._wait.timeout.connect(self._apply)
        self._line: QLineEdit | None = None
        self._paragraph: QPlainTextEdit | None = None
        if len(self._value) <= 60 and "\n" not in self._value:
            self._line = QLineEdit()
            self._line.textEdited.connect(lambda _: self._wait.start())
            self._line.returnPressed.connect(self._apply)
            self.name_of(self._line)
            self._body.addWidget(self._line)
        else:
            self._paragraph = QPlainTextEdit()
            self._paragraph.setTabChangesFocus(True)
            self._paragraph.setFixedHeight(look.px(92))
            self._paragraph.textChanged.connect(self._wait.start)
            self.name_of(self._paragraph)
            self._body.addWidget(self._paragraph)
        self.finish()
        self.show_value(self._value)

    def _typed(self) -> str:
        if self._line is not None:
            return self._line.text()
        assert self._paragraph is not None
        return self._paragraph.toPlainText()

    def _apply(self) -> None:
        self._wait.stop()
        if (typed := self._typed()) == self._value:
            self.complain(None)
            return
        try:
            value = parse(self.one, typed)
        except Unfit as problem:
            self.complain(problem)
            return
        self.complain(None)
        self._value = value
        self.changed.emit(value)

    def show_value(self, value: Any) -> None:
        self._value = value
        self._wait.stop()
        self.complain(None)
        if value == self._typed():  # writing it again would move the cursor of who is typing
            return
        if self._line is not None:
            self._line.setText(value)
            self._line.setCursorPosition(0)  # of a long text the beginning is in sight
        elif self._paragraph is not None:
            with QSignalBlocker(self._paragraph):
                self._paragraph.setPlainText(value)


class _Source(_Control):
    """Texts or models of the catalogue; those that are not fetched yet offer to be."""

    fetch_wanted = Signal(str)
    own_wanted = Signal(str)  # "file" or "folder"
    how_wanted = Signal()  # an own file is to be read in another way

    def __init__(
        self, look: Look, one: Parameter, label: str, help: str, options: Sequence[Option]
    ) -> None:
        super().__init__(look, one, label, help)
        self._value = str(one.default)
        self._options: tuple[Option, ...] = ()
        self._standing_in: dict[str, str] = {}
        self._combo = _Combo()
        self._combo.activated.connect(self._picked)
        self.name_of(self._combo)
        self._body.addWidget(self._combo)
        line = QHBoxLayout()
        line.setSpacing(look.px(12))
        kinds = {"file": look.words("Own file…")}
        if one.source == "model":  # many files, or one that holds all
            kinds = {"folder": look.words("Own folder…"), "file": look.words("Own GGUF file…")}
        for kind, title in kinds.items() if one.own else ():
            own = QPushButton(title)
            own.setProperty("role", "link")
            own.setCursor(Qt.CursorShape.PointingHandCursor)
            own.setAccessibleName(f"{label}: {title}")
            own.clicked.connect(lambda _, kind=kind: self.own_wanted.emit(kind))
            line.addWidget(own)
        self._how: QPushButton | None = None  # for a file only
        self._links = line
        line.addStretch(1)
        self._body.addLayout(line)
        self.finish()
        self.set_options(options)

    def set_options(self, options: Sequence[Option]) -> None:
        """The catalogue has changed: a fetch is done, or a file was chosen."""
        self._options = tuple(options)
        self.show_value(self._value)

    def set_standing_in(self, titles: Mapping[str, str]) -> None:
        """What is shown in place of entries that are not fetched: title → title."""
        self._standing_in = dict(titles)
        self.show_value(self._value)

    def show_value(self, value: Any) -> None:
        self._value = value
        shown = list(self._options)
        if value not in [one.value for one in shown]:  # an own file, shown by its name
            name = str(value).partition(":")[2] or str(value)
            shown.append(Option(value, name.replace("\\", "/").rstrip("/").rpartition("/")[2]))
        self._shown = shown
        self._combo.clear()
        model = self._combo.model()
        for index, one in enumerate(shown):
            self._combo.addItem(self._entry(one, one.value == value))
            self._combo.setItemData(index, one.about, Qt.ItemDataRole.ToolTipRole)
            if not one.available and isinstance(model, QStandardItemModel):
                model.item(index).setForeground(self.look.color("muted"))
        self._combo.setCurrentIndex([one.value for one in shown].index(value))
        own = str(value).startswith(("file:", "file@")) and self.one.source != "model"
        if own and self._how is None:
            self._how = QPushButton(self.look.words("How it is read…"))
            self._how.setProperty("role", "link")
            self._how.setCursor(Qt.CursorShape.PointingHandCursor)
            self._how.clicked.connect(self.how_wanted)
            self._links.insertWidget(self._links.count() - 1, self._how)
        if self._how is not None:
            self._how.setVisible(own)

    def _entry(self, one: Option, chosen: bool) -> str:
        if one.available:
            return one.title
        if chosen and one.title in self._standing_in:
            return self.look.words("{other} (for {title})", title=one.title,
                                   other=self._standing_in[one.title])
        return one.title + "  ·  " + self.look.words("fetch…")

    def _picked(self, index: int) -> None:
        chosen = self._shown[index]
        if not chosen.available:
            self.show_value(self._value)
            self.fetch_wanted.emit(chosen.value)
        elif chosen.value != self._value:
            self._value = chosen.value
            self.changed.emit(chosen.value)


class ControlPanel(QScrollArea):
    """All controls of a panel in a column.

    Args:
        parameters: the declarations, in the order of the controls; hidden ones have none.
        params: the params object that is shown first.
        labels, helps: parameter name → its text in the user's language.
        choice_label: (parameter name, value) → the value in the user's language.
        sources: a parameter that is chosen from the catalogue → what that has for it.
    """

    changed = Signal(str, object)
    fetch_wanted = Signal(str)
    own_wanted = Signal(str, str)  # the parameter, and "file" or "folder"
    how_wanted = Signal(str)  # the parameter whose own file is to be read in another way
    what_if = Signal(str)  # of which parameter

    WIDTH = 228  # of a control, in the column of 276 that the page gives it, beside the scroll bar

    def __init__(
        self,
        look: Look,
        parameters: Sequence[Parameter],
        params: Any,
        *,
        labels: Callable[[str], str],
        helps: Callable[[str], str],
        choice_label: Callable[[str, str], str],
        sources: Callable[[Parameter], Sequence[Option]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.look = look
        self._params = params
        self._sources = sources
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self.viewport().setAutoFillBackground(False)
        column = QVBoxLayout(inside)
        column.setContentsMargins(look.px(4), look.px(6), look.px(10), look.px(6))
        column.setSpacing(look.px(11))
        self._controls: dict[str, _Control] = {}
        self._idle: dict[str, str] = {}
        self._only: Collection[str] | None = None
        for one in parameters:
            if one.kind == "hidden":
                continue
            texts = (look, one, labels(one.name), helps(one.name))
            control: _Control
            if one.kind in ("number", "integer"):
                control = _Number(*texts)
            elif one.kind == "choice":
                titles = [choice_label(one.name, value) for value in one.choices]
                control = _Choice(*texts, titles, look.px(self.WIDTH))
            elif one.kind == "flag":
                control = _Flag(*texts)
            elif one.kind == "text":
                control = _Text(*texts)
            else:
                control = _Source(*texts, sources(one))
                control.fetch_wanted.connect(self.fetch_wanted)
                control.own_wanted.connect(
                    lambda kind, name=one.name: self.own_wanted.emit(name, kind))
                control.how_wanted.connect(lambda name=one.name: self.how_wanted.emit(name))
            control.changed.connect(lambda value, name=one.name: self._changed(name, value))
            control.what_if.connect(lambda name=one.name: self.what_if.emit(name))
            column.addWidget(control)
            self._controls[one.name] = control
        self.all = QPushButton(look.words("All controls"))
        self.all.setProperty("role", "link")
        self.all.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.all.clicked.connect(lambda: self.show_only(None))
        column.addWidget(self.all, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.setWidget(inside)
        inside.setAutoFillBackground(False)  # setWidget turned it on; the card shall show through
        self.set_params(params)

    def control(self, name: str) -> QWidget:
        """The control of a parameter, for a tour that points at it."""
        return self._controls[name]

    def controls(self) -> list[tuple[str, QWidget]]:
        """Every control with its parameter's name, from top to bottom."""
        return list(self._controls.items())

    def name_at(self, widget: QWidget | None) -> str | None:
        """The parameter whose control a widget is or belongs to."""
        while widget is not None and not isinstance(widget, _Control):
            widget = widget.parentWidget()
        return widget.one.name if widget is not None else None

    def set_params(self, params: Any) -> None:
        """Show these values, without a signal."""
        self._params = params
        for name, control in self._controls.items():
            control.show_value(getattr(params, name))
        self._show_fitting(params)

    def show_only(self, names: Collection[str] | None) -> None:
        """Show these controls alone, until the others are asked for; or all."""
        self._only = names
        self._show_fitting(self._params)

    def set_idle(self, reasons: Mapping[str, str]) -> None:
        """Controls that can change nothing now, each with a sentence why, in the user's language."""
        if reasons != self._idle:
            self._idle = dict(reasons)
            for name, control in self._controls.items():
                control.show_idle(reasons.get(name, ""))

    def set_standing_in(self, titles: Mapping[str, str]) -> None:
        """What is really shown where a chosen entry is not fetched, by the titles of both."""
        for control in self._controls.values():
            if isinstance(control, _Source):
                control.set_standing_in(titles)

    def refresh_sources(self) -> None:
        """Ask again what the catalogue has."""
        for control in self._controls.values():
            if isinstance(control, _Source):
                control.set_options(self._sources(control.one))

    def _changed(self, name: str, value: object) -> None:
        values = _Values(self._params, {name: value})
        self._params = values
        self._controls[name].show_value(value)
        self._show_fitting(values)
        self.changed.emit(name, value)

    def _show_fitting(self, params: Any) -> None:
        left_out = False
        for name, control in self._controls.items():
            fits, wanted = control.one.shown_for(params), self._only is None or name in self._only
            control.setVisible(fits and wanted)
            left_out = left_out or (fits and not wanted)
        self.all.setVisible(left_out)


class _Values:
    """The params object as the controls show it, before the session has answered."""

    def __init__(self, params: Any, values: Mapping[str, object]) -> None:
        self._params: Any = params
        self._values: dict[str, object] = dict(values)
        if isinstance(params, _Values):  # one layer is enough, however many changes there are
            self._params, self._values = params._params, {**params._values, **values}

    def __getattr__(self, name: str) -> Any:
        return self._values[name] if name in self._values else getattr(self._params, name)
