"""A mistake in what Qt calls stays where it happens: the window lives, and the place says what went wrong.

Qt calls Python whenever a widget must be painted, is clicked, resized or asked for its size. An
exception that leaves such a handler has nowhere to go: C++ lies below it. PySide prints it, or keeps it
for whatever Python code happens to lie further down, and Python 3.11 does not always survive that. So
none leaves. A class that overrides handlers of Qt has ``Guarded`` before its Qt base:

    class Card(Guarded, QFrame): ...

Its handlers, and those of all its subclasses, then report a mistake to ``sys.excepthook``, as Python does
with every exception that nobody handles, and Qt gets the answer of the class's own base. Who shows
mistakes asks ``place_of`` in which widget one was made.
"""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType, TracebackType
from typing import Any

from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QWidget
from shiboken6 import isValid

# What Qt asks besides telling events; a mistake leaves it with what the base class says.
ANSWERS = frozenset({
    "boundingRect", "eventFilter", "focusNextPrevChild", "hasHeightForWidth", "heightForWidth",
    "insertFromMimeData", "itemChange", "loadResource", "minimumSize", "minimumSizeHint", "paint",
    "setGeometry", "shape", "sizeHint",
    # pyqtgraph's axes, while they are painted:
    "_updateWidth", "generateDrawSpecs", "setRange", "tickStrings", "tickValues",
})

_trial: list[Exception] | None = None  # collects mistakes instead of reporting them


def is_handler(name: str) -> bool:
    """Whether a method of this name that a base class of Qt has too is called by Qt."""
    return name.endswith("Event") or name in ANSWERS


class Guarded:
    """Before a base class of Qt: no mistake leaves a handler of this class or of its subclasses."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for owner in cls.__mro__:
            for name, method in list(vars(owner).items()):
                if isinstance(method, FunctionType) and not is_guarded(method) and is_handler(name) \
                        and getattr(cls, name) is method and qt_has(cls, name):
                    setattr(cls, name, _guarded(method, owner, name))


def is_guarded(method: object) -> bool:
    """Whether mistakes in a method are kept from leaving it."""
    return getattr(method, "guarded", False) is True


def qt_has(cls: type, name: str) -> bool:
    """Whether a method of this name overrides one of Qt's or pyqtgraph's."""
    return any(name in vars(base) for base in cls.__mro__
               if base.__module__.startswith(("PySide6.", "pyqtgraph.")))


def _guarded(method: Callable[..., Any], owner: type, name: str) -> Callable[..., Any]:
    @functools.wraps(method)
    def handler(self: Any, /, *args: Any) -> Any:
        try:
            return method(self, *args)
        except Exception as error:
            report(error)
        # An event that was not handled is over; a question is answered as if nothing were overridden.
        return getattr(super(owner, self), name)(*args) if name in ANSWERS else None

    handler.guarded = True  # type: ignore[attr-defined]
    return handler


def report(error: Exception) -> None:
    """Tell the program's ``sys.excepthook`` of a mistake that goes no further."""
    if _trial is not None:
        _trial.append(error)
    else:
        try:
            sys.excepthook(type(error), error, error.__traceback__)
        except Exception:
            sys.__excepthook__(*sys.exc_info())
    # A painter that a handler left behind must be gone before Qt goes on, and must have ended before
    # the picture that it painted on goes.
    if error.__traceback__ is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            for one in frame.f_locals.values():
                if isinstance(one, QPainter) and isValid(one) and one.isActive():
                    one.end()
        traceback.clear_frames(error.__traceback__)


def attempt(action: Callable[[], object]) -> bool:
    """Do something; False if a mistake was made, which is reported."""
    try:
        action()
    except Exception as error:
        report(error)
        return False
    return True


@contextmanager
def _collected() -> Iterator[list[Exception]]:
    global _trial
    before, _trial = _trial, []
    try:
        yield _trial
    finally:
        _trial = before


def paints(widget: QWidget) -> bool:
    """Whether a widget and all in it can be painted now. Nothing is reported."""
    with _collected() as mistakes:
        widget.grab()
    return not mistakes


@contextmanager
def drawing() -> Iterator[None]:
    """Raise what is guarded meanwhile: a file must not hold half a picture."""
    with _collected() as mistakes:
        yield
    if mistakes:
        raise mistakes[0]


def place_of(trace: TracebackType | None) -> QWidget | None:
    """The innermost widget one of whose methods was running when a mistake was made."""
    for frame, _ in reversed(list(traceback.walk_tb(trace))):
        owner = frame.f_locals.get("self")
        if isinstance(owner, QGraphicsItem) and isValid(owner) and owner.scene() is not None:
            owner = next(iter(owner.scene().views()), None)
        if isinstance(owner, QWidget) and isValid(owner):
            return owner
    return None
