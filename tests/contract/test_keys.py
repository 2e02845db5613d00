"""Whoever has no mouse or sees no picture: every picture of every panel by keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QStackedWidget,
    QTabBar,
    QWidget,
)
from trials import moments

from visualizers.catalog import Said, panels
from visualizers.panel import Panel, load
from widgets.pictures.picture import Picture
from widgets.theme.look import Look, theme
from widgets.views.cards import Card
from widgets.views.layout import Arrangement
from widgets.views.view import PanelView

every_panel = pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)
ROOM = QSize(1200, 900)
MOUSE = ("mousePressEvent", "mouseReleaseEvent", "mouseMoveEvent", "wheelEvent")
STILL = 12  # so many steps of an arrow reach another part, in any picture


@pytest.fixture
def make(qtbot: Any) -> Callable[..., PanelView]:
    def view(panel: Panel) -> PanelView:
        look = Look(theme("light"), Said(panel, "en").words())
        made: PanelView = load(panel.view)(look)
        qtbot.addWidget(made)
        made.resize(ROOM)
        made.show()
        made.show_frame(moments(panel)[-1])
        made.activateWindow()
        QApplication.processEvents()
        return made

    return view


def pages(view: PanelView) -> Iterator[None]:
    """Each page of each stack comes to the front once."""
    yield
    for stack in view.findChildren(QStackedWidget):
        for index in range(stack.count()):
            if index != stack.currentIndex():
                stack.setCurrentIndex(index)
                QApplication.processEvents()
                yield


def overrides(widget: QWidget, names: tuple[str, ...]) -> bool:
    """Whether a class of ours, not Qt's, answers one of these events."""
    return any(name in vars(kind) for kind in type(widget).__mro__ for name in names
               if kind.__module__.startswith(("widgets.", "visualizers."))
               and kind.__module__ != "widgets.base.calm")


def painted(view: PanelView) -> Iterator[QWidget]:
    """What paints itself or reacts to the mouse by code of this project. Cards are the ground on which
    pictures lie, and the inner canvas of a plot is the plot's."""
    for widget in view.findChildren(QWidget):
        inner = isinstance(widget.parentWidget(), Picture) and not isinstance(widget, Picture)
        if widget.isVisible() and not inner and not isinstance(
                widget, (Card, QAbstractButton, QTabBar, QAbstractScrollArea)) \
                and overrides(widget, ("paintEvent", *MOUSE)):
            yield widget


def has_parts(picture: Picture[Any]) -> bool:
    return picture.beside(None, 1, 0) is not None


@every_panel
def test_that_every_picture_is_reached_by_tab_and_has_a_name(panel, make) -> None:
    view = make(panel)
    for _ in pages(view):
        for widget in painted(view):
            assert isinstance(widget, Picture), f"{type(widget).__name__} is no Picture"
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, type(widget).__name__
            assert not has_parts(widget) or widget.accessibleName().strip(), type(widget).__name__


@every_panel
def test_that_arrows_read_every_picture(panel, make, qtbot) -> None:
    view = make(panel)
    for _ in pages(view):
        for picture in painted(view):
            if not has_parts(picture):
                continue
            name = f"{type(picture).__name__} “{picture.accessibleName()}”"
            picture.setFocus(Qt.FocusReason.TabFocusReason)
            qtbot.keyClick(picture, Qt.Key.Key_Right)
            first = picture.accessibleDescription()
            assert first.strip(), f"{name} says nothing"
            said = {first}
            for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Up):
                for _ in range(STILL):
                    qtbot.keyClick(picture, key)
                    said.add(picture.accessibleDescription())
            alone = all(picture.beside(picture.current, dx, dy) == picture.current
                        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)))
            assert len(said) > 1 or alone, f"{name} always says {first!r}"


@every_panel
def test_that_enter_does_what_a_click_does(panel, make, qtbot) -> None:
    """Where a click on a part emits a change, Enter on that part emits the same."""
    view, shown = make(panel), moments(panel)[-1]
    changes: list[tuple[str, object]] = []
    view.changed.connect(lambda name, value: changes.append((name, value)))
    for _ in pages(view):
        for picture in painted(view):
            place = getattr(picture, "place", None)
            if not has_parts(picture) or place is None:
                continue
            picture.setFocus(Qt.FocusReason.TabFocusReason)
            qtbot.keyClick(picture, Qt.Key.Key_Right)
            part = picture.current
            if part is None:
                continue
            at = place(part).center().toPoint()
            if picture.part_at(at.x(), at.y()) != part:
                continue  # it lies under another one, or outside: the pointer cannot reach it here
            changes.clear()
            qtbot.keyClick(picture, Qt.Key.Key_Return)
            by_key = list(changes)
            view.show_frame(shown)
            changes.clear()
            qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, pos=at)
            view.show_frame(shown)
            assert [one[0] for one in by_key] == [one[0] for one in changes], \
                f"{type(picture).__name__}: Enter {by_key}, a click {changes}"
            assert by_key == changes or draws(picture)


def draws(picture: Picture[Any]) -> bool:
    """A click that draws is at the pointer's place, Enter in the middle of its part."""
    return any(isinstance(vars(kind).get("drawn"), Signal) for kind in type(picture).__mro__)


@every_panel
def test_that_escape_lets_go_and_the_other_keys_are_the_pages(panel, make, qtbot) -> None:
    view = make(panel)
    for picture in painted(view):
        if has_parts(picture):
            picture.setFocus(Qt.FocusReason.TabFocusReason)
            qtbot.keyClick(picture, Qt.Key.Key_Right)
            assert picture.current is not None
            qtbot.keyClick(picture, Qt.Key.Key_Escape)
            assert picture.current is None
    assert not set(Picture.KEYS) & {"Space", "Esc", "Tab"}


@every_panel
def test_that_folded_cards_are_named(panel, make) -> None:
    view = make(panel)
    if isinstance(cards := view.layout(), Arrangement):
        assert all(one.title.strip() for one in cards.places)
        assert cards.strip.focusPolicy() & Qt.FocusPolicy.TabFocus
