"""The experiment's own source, as a page of a textbook, with the values of the moment on top.

The models that it is built from can be leafed through as well.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from visualizers.panel import Panel
from widgets.controls.parameters import parameters_of
from widgets.theme.look import Look
from widgets.theme.style import font
from widgets.views.code import CodeText


@cache
def source(panel: Panel) -> str:
    """The text of the module that holds the panel's experiment."""
    return module_source(panel.experiment.partition(":")[0])


@cache
def module_source(module: str) -> str:
    """The text of a module, which is not imported for it."""
    package, _, name = module.rpartition(".")
    return resources.files(package).joinpath(f"{name}.py").read_text("utf-8")


@cache
def chapters(panel: Panel) -> tuple[str, ...]:
    """The modules worth reading: the experiment, its neighbours, the models it uses, nearest first."""
    modules = [panel.experiment.partition(":")[0]]
    packages = (modules[0].rpartition(".")[0], "visualizers.models")
    for module in modules:  # grows as it is read
        for one in ast.walk(ast.parse(module_source(module))):
            if isinstance(one, ast.ImportFrom):
                origin = one.module or ""
                names = [origin, *(f"{origin}.{alias.name}" for alias in one.names)]
                modules += [name for name in names
                            if name.rpartition(".")[0] in packages and name not in modules]
    return tuple(modules)


def values(params: Any, heading: str) -> str:
    """The values of the moment as the Python call that makes them."""
    declared = parameters_of(params.__class__)
    lines = [f"    {one.name}={getattr(params, one.name)!r},"
             for one in declared if one.shown_for(params)]
    return "\n".join([f"# {heading}", f"params = {type(params).__name__}(", *lines, ")", ""])


class CodePage(QWidget):
    """Shows, copies and hands out the code. ``notebook`` asks to save it as one that runs."""

    notebook = Signal()
    copied = Signal()

    def __init__(
        self, look: Look, panel: Panel, params: Callable[[], Any], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.look, self.panel, self._params = look, panel, params
        words, px = look.words, look.px
        self.text = CodeText(look, words("Source of the experiment"), scrolled=True)
        self.copy_button = self._button(words("Copy"), self.copy)
        self.notebook_button = self._button(
            words("Save as notebook…"), lambda: self.notebook.emit())
        self.chapter = QComboBox()
        self.chapter.setFont(font(look, 11))
        self.chapter.setAccessibleName(words("Which file is shown"))
        for module in chapters(panel):
            self.chapter.addItem(f"{module.rpartition('.')[2]}.py", module)
        self.chapter.currentIndexChanged.connect(self._turn)
        line = QHBoxLayout()
        line.setSpacing(px(8))
        line.addWidget(self.chapter, 1)
        line.addWidget(self.copy_button)
        line.addWidget(self.notebook_button)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, px(6), 0)
        box.setSpacing(px(10))
        box.addLayout(line)
        box.addWidget(self.text, 1)
        # A dragged slider would colour the page sixty times a second.
        self._late = QTimer(self, singleShot=True, interval=150)
        self._late.timeout.connect(self._fill)
        self._fill()

    def _button(self, text: str, action: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setFont(font(self.look, 11))
        button.setAccessibleName(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: action())
        return button

    def code(self) -> str:
        """What is shown, as text."""
        if self.chapter.currentIndex() > 0:
            return module_source(self.chapter.currentData())
        heading = self.look.words("The values of this run")
        return f"{values(self._params(), heading)}\n\n{source(self.panel)}"

    def copy(self) -> None:
        """Put the code on the clipboard."""
        QGuiApplication.clipboard().setText(self.code())
        self.copied.emit()

    def refresh(self) -> None:
        """The values have changed."""
        if self.chapter.currentIndex() == 0:
            self._late.start()

    def _turn(self) -> None:
        """Another file: from its first line."""
        self._fill()
        self.text.verticalScrollBar().setValue(0)

    def _fill(self) -> None:
        self.text.say(self.code())
