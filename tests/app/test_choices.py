"""Every entry of every menu and list can be chosen, and what was chosen is in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QMenu,
    QPushButton,
    QTreeWidget,
)

from app.session.session import PACES, Session, State
from app.window.menus import SCALES
from app.window.palette import Overlay, Palette
from app.window.side import CODE, CONTROLS, GUIDE, RUNS
from app.window.whatif import WhatIfField
from visualizers.catalog import LECTURES, Said, panels
from widgets.controls.controls import _Name
from widgets.controls.speeds import Speed
from widgets.controls.transport import Transport

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def nothing_raised(qtbot: Any) -> Iterator[None]:
    """No exception reaches the hook, whatever is chosen."""
    with qtbot.captureExceptions() as raised:
        yield
    assert [str(error) for _, error, _ in raised] == []


def choose(qtbot: Any, combo: QComboBox, index: int) -> None:
    """Walk to an entry with the keys, as somebody does who cannot hold a mouse."""
    qtbot.keyClick(combo, Qt.Key.Key_Home)
    for _ in range(index):
        qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert combo.currentIndex() == index


def entries(menu: QMenu) -> list[Any]:
    """The actions of a menu and of those that open from it."""
    found = []
    for action in menu.actions():
        below = action.menu()
        found += entries(below) if isinstance(below, QMenu) else [action]
    return [one for one in found if not one.isSeparator()]


def back(window: Any, place: str) -> None:
    """The window as it was before an entry was chosen."""
    for name, value in (("language", "en"), ("theme", "light"), ("scale", 1.0)):
        window._set(name, value)
    window.show_home() if place == "home" else window.open_panel("tiny")
    # Without a loop that runs, what was replaced would pile up and be styled again and again.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def settings_menu(window: Any) -> QMenu:
    window.menus.show_settings(window.roadmap)
    menu = next(one for one in window.findChildren(QMenu) if one.isVisible())
    menu.hide()
    return menu


def close_dialogs(window: Any) -> int:
    """How many dialogs were open."""
    dialogs = window.findChildren(QFileDialog)
    for dialog in dialogs:
        dialog.reject()
        dialog.setParent(None)
        dialog.deleteLater()
    return len(dialogs)


# --- lists ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", Speed, ids=lambda one: one.name)
def test_that_every_speed_is_obeyed(lab: Any, qtbot: Any, speed: Speed) -> None:
    window = lab()
    combo = window.page.transport.findChild(QComboBox)
    assert combo.count() == len(Speed)
    choose(qtbot, combo, list(Speed).index(speed))
    assert window.session.speed is speed
    window.session.play()
    qtbot.waitUntil(lambda: window.session.last_step >= 2, timeout=10_000)
    window.session.pause()
    assert window.page.card is None
    run = window.session._talk.worker._runner._run
    assert run.beat.pace == PACES[speed]
    window.set_theme("dark")
    assert window.page.findChild(Transport).findChild(QComboBox).currentText() == speed.value


def test_that_a_speed_that_is_chosen_while_it_plays_is_obeyed(lab: Any, qtbot: Any) -> None:
    window = lab()
    combo = window.page.transport.findChild(QComboBox)
    window.session.play()
    for speed in (*Speed, *reversed(Speed)):
        choose(qtbot, combo, list(Speed).index(speed))
        step = window.session.last_step
        qtbot.waitUntil(lambda step=step: window.session.last_step > step, timeout=10_000)
        assert window.session._talk.worker._runner._run.beat.pace == PACES[speed]
        assert window.session.state is State.RUNNING


class _Deaf:
    """A worker that never answers: what a window asks is looked at, nothing is computed."""

    alive = ready = True
    pid = 1

    def send(self, message: Any) -> None: ...

    def receive(self) -> list[Any]:
        return []

    def kill(self) -> None: ...


class _Deafs:
    def warm(self) -> None: ...

    def take(self) -> _Deaf:
        return _Deaf()

    def give_back(self, worker: Any) -> None: ...

    discard = give_back

    def close(self) -> None: ...


@pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)
def test_that_every_choice_of_every_control_reaches_the_run(panel: Any, qtbot: Any) -> None:
    """Every entry of every choice and source of every panel; its controls, nothing else of it."""
    from app.window.side import Side
    from widgets.theme.look import Look, theme
    from widgets.theme.words import window_words

    session = Session(panel, _Deafs(), threads=1)
    side = Side(Look(theme("light"), window_words("en")), panel, session, lambda: None, [])
    qtbot.addWidget(side)
    session.open()
    controls = side.page(CONTROLS)
    fetched: list[str] = []
    controls.fetch_wanted.connect(fetched.append)
    for one in panel.parameters:
        if one.kind not in ("choice", "source", "flag"):
            continue
        control = controls.control(one.name)
        combo = control.findChild(QComboBox)
        if one.kind == "source":
            options = control._shown
            for index, option in enumerate(options):
                fetched.clear()
                before = getattr(session.params, one.name)
                choose(qtbot, combo, index) if option.available else combo.activated.emit(index)
                if option.available:
                    assert getattr(session.params, one.name) == option.value
                else:
                    assert fetched == [option.value]
                    assert getattr(session.params, one.name) == before
        elif combo is not None:
            for index, value in enumerate(one.choices):
                choose(qtbot, combo, index)
                assert getattr(session.params, one.name) == value
        else:
            buttons = control.findChildren(QPushButton)
            for button, value in zip(buttons, one.choices, strict=True) \
                    if one.kind == "choice" else ():
                qtbot.mouseClick(button, LEFT)
                assert getattr(session.params, one.name) == value
    session.close()


def test_that_every_tab_and_every_chapter_of_the_code_opens(lab: Any, qtbot: Any) -> None:
    window = lab()
    for tab in (GUIDE, CODE, RUNS, CONTROLS):
        window.side.set_tab(tab)
        assert window.side.pages.currentWidget() is window.side.page(tab)
    window.side.set_tab(CODE)
    combo = window.side.page(CODE).findChild(QComboBox)
    for index in range(combo.count()):
        choose(qtbot, combo, index)
        assert window.side.page(CODE).chapter.currentIndex() == index


def test_that_every_row_of_the_roadmap_opens_its_panel(lab: Any, qtbot: Any) -> None:
    window = lab(open_panel=False, count=2)
    tree = window.roadmap.findChild(QTreeWidget)
    for panel in window.panels:
        row = next(one for one in window.roadmap._rows("panel")
                   if one.text(0) == Said(panel, "en").title)
        row.parent().setExpanded(True)
        tree.setFocus()
        tree.setCurrentItem(row)
        qtbot.keyClick(tree, Qt.Key.Key_Return)
        assert window.place == panel.id


# --- menus ---------------------------------------------------------------------------------------


def test_that_every_entry_of_the_settings_menu_is_in_force(lab: Any, qtbot: Any) -> None:
    window = lab()
    count = len(entries(settings_menu(window)))
    seen: dict[str, set[Any]] = {name: set() for name in
                                 ("language", "theme", "scale", "device", "threads")}
    for index in range(count):
        back(window, "panel")
        action = entries(settings_menu(window))[index]
        text = action.text()
        action.trigger()
        if action.isCheckable():
            for name, values in seen.items():
                values.add(getattr(window.settings, name))
            assert entries(settings_menu(window))[index].isChecked(), text
        for sheet in window.findChildren(Overlay):
            sheet.leave()
    assert seen["language"] == {"system", "en", "zh"}
    assert seen["theme"] == {"system", "light", "dark"}
    assert seen["scale"] == set(SCALES)
    assert seen["device"] == {"auto", "cpu", "cuda", "mps"}
    assert 0 in seen["threads"] and len(seen["threads"]) > 1
    assert window.session._device_wanted == window.settings.device
    assert window.session._threads_wanted == window.settings.threads


@pytest.mark.parametrize("opener", ["export", "bring"])
def test_that_every_entry_of_the_other_menus_opens_what_it_names(
    lab: Any, qtbot: Any, opener: str
) -> None:
    window = lab()
    shown = lambda: next(  # noqa: E731
        one for one in window.findChildren(QMenu) if one.isVisible())
    open_menu = window._to_export if opener == "export" else \
        (lambda: window.menus.show_bring(window.pos()))
    open_menu()
    names = [one.text() for one in entries(shown())]
    shown().close()
    assert names
    for index, name in enumerate(names):
        window.toast.hide()
        open_menu()
        menu = shown()
        entry = entries(menu)[index]
        possible = entry.isEnabled()
        entry.trigger()
        menu.close()
        sheets = window.findChildren(Overlay)
        said = window.toast.isVisible() or window.moments is not None
        assert close_dialogs(window) == 1 or sheets or said or window.place == "data" or not possible, name
        for sheet in sheets:
            sheet.leave()
        window.open_panel("tiny")


def test_that_every_entry_of_a_controls_own_menu_does_what_it_names(lab: Any, qtbot: Any) -> None:
    window, other = lab(), {"learning_rate": 0.5, "start": "left", "text": "chinese-sentences", "seed": 7}
    for name, value in other.items():
        label = window.side.controls.control(name).findChild(_Name)

        def menu(label: Any = label) -> QMenu:
            at = QPoint(3, 3)
            QApplication.sendEvent(label, QContextMenuEvent(
                QContextMenuEvent.Reason.Mouse, at, label.mapToGlobal(at)))
            (opened,) = (one for one in label.findChildren(QMenu) if one.isVisible())
            opened.hide()
            return opened

        window.session.set_params(**{name: value})
        to_default, what_if = entries(menu())
        to_default.trigger()
        assert getattr(window.session.params, name) \
            == next(one.default for one in window.session.panel.parameters if one.name == name)
        what_if.trigger()
        (sheet,) = window.findChildren(WhatIfField)
        assert sheet.one.name == name
        sheet.leave()


def test_that_every_choice_of_a_what_if_is_run(lab: Any, qtbot: Any) -> None:
    window = lab()
    window.session.step(3)
    qtbot.waitUntil(lambda: window.session.last_step == 3, timeout=10_000)
    trying = window.tryings["tiny"]
    for index, value in enumerate(("left", "right")):
        window.comparing.ask_what_if("start")
        (sheet,) = window.findChildren(WhatIfField)
        choose(qtbot, sheet.combo, index)
        if value == window.session.params.start:  # what is there already is no question
            sheet.leave()
            continue
        qtbot.keyClick(sheet.combo, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: trying.phase == "compared", timeout=10_000)
        assert window.session.params.start == value
        trying.back()


# --- the palette ---------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["home", "panel"])
def test_that_every_entry_of_the_palette_can_be_run(lab: Any, qtbot: Any, place: str) -> None:
    """Each on a window in the same state; all but the last, which ends the program."""
    window = lab(open_panel=place == "panel", count=2)
    window.menus.show_palette()
    texts = [one.text for one in window.findChild(Palette).entries]
    window.findChild(Palette).leave()
    titles = {Said(one, "en").title: one.id for one in window.panels}
    assert len(texts) == len(set(texts)) and set(titles) < set(texts)
    for text in texts:
        if text == window.commands["quit"].text or text.startswith("Give lecture"):
            continue  # a lecture is given with the panels of the course
        back(window, place)
        window.menus.show_palette()
        palette = window.findChild(Palette)
        row = next((index for index, one in enumerate(palette.entries) if one.text == text), None)
        assert row is not None, text
        palette.list.setCurrentRow(row)
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
        if text in titles:
            assert window.place == titles[text]
        close_dialogs(window)
        for menu in window.findChildren(QMenu):
            menu.close()
    qtbot.wait(10)


def test_that_every_command_has_its_lecture(lab: Any, qtbot: Any) -> None:
    window = lab(open_panel=False)
    for lecture in LECTURES:
        window.show_home()
        window.do(f"lecture{lecture.number}")
        assert window.place == ("tiny" if lecture.folder == "l2_networks" else "home")


def test_that_quitting_closes_the_window(lab: Any, qtbot: Any) -> None:
    window = lab()
    window.do("quit")
    assert not window.isVisible() and not window.sessions
