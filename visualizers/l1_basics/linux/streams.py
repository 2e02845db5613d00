"""Where texts come from and go to: files, pipes, the screen and nothing at all."""

from __future__ import annotations

from typing import Protocol

from visualizers.l1_basics.linux.world import LARGEST, Node, World

KEPT, KEPT_PARTS = 60_000, 1000  # characters of one part of a screen, and parts


class Stop(Exception):
    """The budget of a line is used up, or it wants what is not supported: nothing more of it runs."""

    def __init__(self, message: str, what: str = "") -> None:
        self.message, self.what = message, what
        super().__init__(message)


class Leave(Exception):
    """exit, return, break or continue."""

    def __init__(self, how: str, status: int = 0, levels: int = 1) -> None:
        self.how, self.status, self.levels = how, status, levels
        super().__init__(how)


def bounded(length: int) -> None:
    """Stop the line if it makes a text of this length."""
    if length > LARGEST:
        raise Stop("This makes a text of more than {what} characters; it was stopped.", f"{LARGEST:,}")


class Stream(Protocol):
    """One end of what a command is connected to."""

    def write(self, text: str) -> None: ...
    def read(self) -> str: ...
    def line(self) -> str: ...


class Tape:
    """A text that is read from its begin, or written to its end."""

    def __init__(self, text: str = "", regular: bool = False) -> None:
        self.regular = regular  # whether it is a file, whose size is known beforehand
        self.texts = [text] if text else []
        self.at = 0
        self.length = len(text)

    def write(self, text: str) -> None:
        self.texts.append(text)
        self.length += len(text)
        bounded(self.length)

    @property
    def text(self) -> str:
        self.texts = ["".join(self.texts)]
        return self.texts[0]

    def read(self) -> str:
        rest = self.text[self.at :]
        self.at = len(self.text)
        return rest

    def line(self) -> str:
        """The next line with its end; nothing when all has been read."""
        text = self.text
        end = text.find("\n", self.at)
        found = text[self.at : end + 1] if end >= 0 else text[self.at :]
        self.at += len(found)
        return found


class Nothing:
    """/dev/null: takes everything and has nothing."""

    def write(self, text: str) -> None: ...

    def read(self) -> str:
        return ""

    def line(self) -> str:
        return ""


class FileEnd(Nothing):
    """The end of a file, where something is written."""

    def __init__(self, node: Node, world: World) -> None:
        self.node, self.world = node, world

    def write(self, text: str) -> None:
        bounded(len(self.node.text) + len(text))
        self.node.text += text
        self.node.changed = self.world.tick


class Keyboard(Nothing):
    """The terminal as a source. A line is typed whole before it runs, so there is nothing to wait for."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen

    def read(self) -> str:
        self.screen.note("A command reads from the keyboard here and finds nothing: name a file, or put a "
                         "pipe or < before it.")
        return ""

    def line(self) -> str:
        return self.read()


class Screen(Nothing):
    """The terminal as a target: keeps what was written, and by whom."""

    OUT, ERROR, NOTE, TYPED = 1, 2, 3, 0

    def __init__(self) -> None:
        self.parts: list[tuple[int, str]] = []
        self.length = 0

    def put(self, kind: int, text: str) -> None:
        if kind in (Screen.OUT, Screen.ERROR):
            self.length += len(text)
            bounded(self.length)
        self.parts.append((kind, text))

    def settle(self) -> None:
        """Join what was written by the same one after another, and let go of what is long past."""
        joined: list[tuple[int, list[str]]] = []
        for kind, text in self.parts:
            if joined and joined[-1][0] == kind and kind in (Screen.OUT, Screen.ERROR):
                joined[-1][1].append(text)
            else:
                joined.append((kind, [text]))
        self.parts = [(kind, "".join(texts)[-KEPT:]) for kind, texts in joined[-KEPT_PARTS:]]

    def note(self, text: str, what: str = "") -> None:
        """Say something that is not the shell's: what is not supported, what is only a model."""
        if self.parts and self.parts[-1][0] != Screen.NOTE and not self.parts[-1][1].endswith("\n"):
            self.parts.append((Screen.OUT, "\n"))
        self.parts.append((Screen.NOTE, f"{text}\t{what}\n"))


class ScreenEnd(Nothing):
    """Standard output or standard error on a screen."""

    def __init__(self, screen: Screen, kind: int) -> None:
        self.screen, self.kind = screen, kind

    def write(self, text: str) -> None:
        self.screen.put(self.kind, text)
