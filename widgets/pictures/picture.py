"""The base of everything that paints itself, however it does so.

A picture has parts: cells, points, bars, tokens, figures. Whoever sees points at one; whoever cannot,
or has no mouse, comes here with Tab, walks from part to part with the arrows and hears what each says;
Enter does what a click does, Esc lets go. What can be dragged is taken with Enter or moved at once by
the arrows, finely with Shift. A subclass says what its parts are; none of them handles keys anew.

In a test, a picture also keeps what it writes where, so that no text is cut or covered unseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from widgets.base.calm import Unhurried
from widgets.theme.look import Look

T = TypeVar("T")

ARROWS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


@dataclass(frozen=True)
class Written:
    """A text that was painted: where, and whether all of it."""

    text: str
    box: QRectF
    whole: bool = True


class Picture(Unhurried, Generic[T]):
    """A widget that paints itself and whose parts are named by a ``T``.

    Attributes:
        current: the part that is looked at, by the pointer or by the keys.
        written: what was painted last, while ``recording``.
    """

    recording: ClassVar[bool] = False
    flat: ClassVar[bool] = False  # lines of text or figures, which need no height of their own
    # The page's own keys that a picture takes while it has the keyboard.
    KEYS: ClassVar[tuple[str, ...]] = ("Left", "Right", "Up", "Down", "Return", "Enter")

    def __init__(self, look: Look, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.title = title
        self.current: T | None = None
        self._pointed: tuple[Any, ...] = ()  # numbers of the part that was last said to be hovered
        self.written: list[Written] = []
        self._by_keys = False
        # Reached by Tab only: a click must not take the arrow keys away from the page's own steps.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(title)

    # What a subclass says about itself

    def beside(self, part: T | None, dx: int, dy: int) -> T | None:
        """The part that an arrow key leads to; the first one from nowhere."""
        raise NotImplementedError

    def say(self, part: T) -> str:
        """A part and its value in one line, for the readout and for screen readers."""
        raise NotImplementedError

    def tell_hover(self, part: T | None) -> None:
        """Emit the signal ``hovered``, if there is one: the numbers of the part, −1 for each of none."""
        if part is not None:
            self._pointed = part if isinstance(part, tuple) else (part,)
        if self._pointed and (hovered := getattr(self, "hovered", None)) is not None:
            hovered.emit(*(self._pointed if part is not None else [-1] * len(self._pointed)))

    def tell_click(self, part: T | None) -> None:
        """Emit the signal ``clicked``, if there is one and a part was clicked."""
        if part is not None and (clicked := getattr(self, "clicked", None)) is not None:
            clicked.emit(*(part if isinstance(part, tuple) else (part,)))

    def drag(self, part: T, dx: int, dy: int, fine: bool) -> bool:
        """Move a part that can be dragged by one step; False for one that cannot."""
        return False

    # Keys

    def preview(self, part: T | None, by_keys: bool = False) -> None:
        """Show the readout of a part and tell that it is hovered."""
        self._by_keys = by_keys
        if part != self.current:
            self.current = part
            self.tell_hover(part)
            if by_keys and part is not None:
                self.setAccessibleDescription(self.say(part))
        self.repaint_all()

    def repaint_all(self) -> None:
        """Ask for a new picture; for those that are painted by a child."""
        self.update()

    def release(self) -> bool:
        """Let go of what the keys look at; False if there is nothing."""
        if not self._by_keys or self.current is None:
            return False
        self.preview(None)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        others = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier
                                       | Qt.KeyboardModifier.ShiftModifier)
        if others or not (key in ARROWS or key in ENTER or key == Qt.Key.Key_Escape):
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Escape:
            if not self.release():
                super().keyPressEvent(event)
        elif key in ENTER:
            if self.current is not None:
                self.tell_click(self.current)
        else:
            fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if self.current is None or not self.drag(self.current, *ARROWS[key], fine):
                self.preview(self.beside(self.current, *ARROWS[key]), by_keys=True)
            elif self.current is not None:
                self.setAccessibleDescription(self.say(self.current))

    def focusInEvent(self, _event: QFocusEvent) -> None:
        self.repaint_all()

    def focusOutEvent(self, _event: QFocusEvent) -> None:
        if self._by_keys:
            self.preview(None)
        self.repaint_all()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.ignore()  # the card takes it: it may fill the view

    # What is written where

    def wrote(self, text: str, box: QRectF, whole: bool = True) -> None:
        """Keep that a text was painted. Costs nothing but in tests."""
        if Picture.recording and text.strip():
            self.written.append(Written(text, QRectF(box), whole))
