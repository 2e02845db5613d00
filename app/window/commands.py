"""The one list of what the window can do: menus, the palette, the keys and F1 all read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True)
class Command:
    """Something to do, with its name in the user's language and its keys.

    Attributes:
        id: a short name for tests and other code.
        text: what it is called, already translated.
        keys: portable key sequences, ``"Ctrl+K"``; the first one is shown.
        action: does it.
        enabled: whether it makes sense now.
        group: the heading under which F1 shows it, already translated.
        repeats: whether holding the key repeats it.
    """

    id: str
    text: str
    keys: tuple[str, ...]
    action: Callable[[], object]
    enabled: Callable[[], bool] = lambda: True
    group: str = ""
    repeats: bool = False

    @property
    def shown_keys(self) -> str:
        """The first key sequence, as this system writes it."""
        return key_text(self.keys[0]) if self.keys else ""


def key_text(keys: str) -> str:
    """A key sequence as it is written on a page: arrows as arrows, ⌘ on macOS."""
    text = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
    return text.replace("Right", "→").replace("Left", "←")


def bind(commands: Iterable[Command], window: QWidget) -> list[QShortcut]:
    """Shortcuts of ``window`` that run the commands; keep the list, delete it to unbind."""
    bound = []
    for command in commands:
        for keys in command.keys:
            shortcut = QShortcut(QKeySequence(keys), window)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.setAutoRepeat(command.repeats)
            shortcut.activated.connect(lambda one=command: one.action() if one.enabled() else None)
            bound.append(shortcut)
    return bound


def spelled(query: str, text: str) -> bool:
    """Whether every word of the query stands in ``text`` as it was typed, or in the singular."""
    text = text.casefold()
    return all(word in text for word in _words(query))


def _words(query: str) -> list[str]:
    """The words to look for: of an English plural its singular, which stands in both."""
    return [word[:-1] if len(word) > 3 and word[-1] == "s" != word[-2] else word
            for word in query.casefold().split()]


def fuzzy(query: str, text: str) -> float | None:
    """How well ``text`` answers ``query``: lower is better, None for not at all.

    Every word of the query must be found: as a piece of the text (best at the start of a word), or
    as letters in order within a short stretch.
    """
    total, text = 0.0, text.casefold()
    for word in _words(query):
        at = text.find(word)
        if at >= 0:
            total += 0.0 if at == 0 or not text[at - 1].isalnum() else 1.0
            continue
        start = end = -1
        for letter in word:
            end = text.find(letter, end + 1)
            if end < 0:
                return None
            start = end if start < 0 else start
        if end - start > 3 * len(word):
            return None
        total += 2.0 + (end - start) / len(word)
    return total
