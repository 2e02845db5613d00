"""No handler of Qt's in the program lets a mistake out, and none stands round what others do."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from types import FunctionType

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QGraphicsItem, QLayout

from widgets.base.guard import Guarded, is_guarded, is_handler, qt_has

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob("app/**/*.py"), *ROOT.glob("widgets/**/*.py"),
                *ROOT.glob("visualizers/*/*/view.py")])
# Qt's way of handing an event on: whatever the event causes would run below Python.
AROUND = {"event", "notify", "viewportEvent", "sceneEvent", "nativeEvent"}


def defined() -> list[type]:
    """Every class of Qt's kind that the program defines."""
    found = []
    for file in FILES:
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found += [one for one in vars(import_module(name)).values()
                  if isinstance(one, type) and one.__module__ == name
                  and issubclass(one, (QObject, QGraphicsItem, QLayout))]
    return found


def overridden(one: type) -> list[str]:
    return [name for name, method in vars(one).items()
            if isinstance(method, FunctionType) and qt_has(one, name)]


def test_that_every_handler_of_qt_is_guarded() -> None:
    loose = [f"{one.__module__}.{one.__qualname__}.{name}" for one in defined()
             for name in overridden(one)
             if is_handler(name) and not is_guarded(vars(one)[name])]
    assert loose == [], "give the class Guarded before its Qt base"
    assert len([name for one in defined() for name in overridden(one) if is_handler(name)]) > 60


def test_that_what_else_overrides_a_method_of_qt_is_called_by_python_alone() -> None:
    others = {f"{one.__qualname__}.{name}" for one in defined() for name in overridden(one)
              if not is_handler(name) and name != "__init__"}
    assert others == set(), "if Qt calls it, it belongs to ANSWERS in widgets/base/guard.py"


def test_that_no_override_stands_round_the_handling_of_an_event() -> None:
    """Whatever goes wrong below ``event()`` passes through Python on its way. A class that is made in
    a function cannot be looked up above, so it is read here."""
    for file in FILES:
        tree = ast.parse(file.read_text("utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef):
                continue
            names = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
            assert not names & AROUND, f"{node.name}: an event filter of its own sees the same"
            if node not in tree.body and any(map(is_handler, names)):
                bases = {one.id for one in node.bases if isinstance(one, ast.Name)}
                assert Guarded.__name__ in bases, f"{file.name}: {node.name}"
