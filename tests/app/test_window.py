"""The window as a user meets it: clicks and keys, then what is to be seen."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import (
    QEvent,
    QMimeData,
    QObject,
    QPoint,
    QPointF,
    QRect,
    QSize,
    QStandardPaths,
    Qt,
    QUrl,
)
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSlider,
)

from app.files.settings import Settings
from app.session.pins import MOST_GHOSTS
from app.session.session import Failure, State
from app.window.downloads import Downloads
from app.window.errors import ErrorCard
from app.window.home import Door
from app.window.palette import Entry, Keys, Palette
from app.window.side import CODE, CONTROLS, GUIDE, RUNS
from widgets.pictures.readouts import Readouts
from widgets.theme.look import SMALLEST_TEXT, Look, hall_scale
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below

LEFT = Qt.MouseButton.LeftButton


def press(qtbot: Any, window: Any, key: Any, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
    """A key goes to whoever has the keyboard, as it does for a user."""
    qtbot.keyClick(window.focusWidget() or window, key, modifier)


def ctrl(qtbot: Any, window: Any, key: Any) -> None:
    press(qtbot, window, key, Qt.KeyboardModifier.ControlModifier)


def button(parent: Any, name: str) -> QPushButton:
    """The visible button that is called so."""
    return next(one for one in parent.findChildren(QPushButton)
                if name in (one.text().strip(), one.accessibleName()) and one.isVisible())


def tab_to(qtbot: Any, window: Any, widget: Any) -> None:
    """Walk to a widget with the Tab key."""
    for _ in range(80):
        press(qtbot, window, Qt.Key.Key_Tab)
        if window.focusWidget() is widget:
            return
    pytest.fail("the Tab key does not reach it")


def trained(qtbot: Any, window: Any, step: int) -> None:
    qtbot.waitUntil(lambda: window.session.last_step >= step, timeout=10_000)


# --- running -------------------------------------------------------------------------------------


def test_that_a_panel_opens_with_its_first_frame_and_without_training(lab: Any) -> None:
    window = lab()
    assert window.page.shown.step == 0
    assert window.session.state is State.PAUSED


def test_that_space_plays_and_pauses(lab: Any, qtbot: Any) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_Space)
    assert window.session.state is State.RUNNING
    trained(qtbot, window, 10)
    press(qtbot, window, Qt.Key.Key_Space)
    assert window.session.state is State.PAUSED


def test_that_the_arrows_step_on_and_back(lab: Any, qtbot: Any) -> None:
    window = lab()
    for step in (1, 2, 3):
        press(qtbot, window, Qt.Key.Key_Right)
        qtbot.waitUntil(lambda step=step: window.page.shown.step == step)
    press(qtbot, window, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: window.page.shown.step == 2)
    assert window.session.last_step == 3


def test_that_r_starts_again(lab: Any, qtbot: Any) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: window.page.shown.step == 1)
    press(qtbot, window, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: window.page.shown.step == 0)


def test_that_the_play_button_and_space_do_the_same_after_a_click(lab: Any, qtbot: Any) -> None:
    window = lab()
    qtbot.mouseClick(button(window.page, "Play"), LEFT)
    assert window.session.state is State.RUNNING
    trained(qtbot, window, 3)
    press(qtbot, window, Qt.Key.Key_Space)
    assert window.session.state is State.PAUSED


def test_that_a_clicked_button_does_not_keep_space_for_itself(lab: Any, qtbot: Any) -> None:
    window = lab()
    qtbot.mouseClick(button(window.page, "Start again"), LEFT)
    qtbot.waitUntil(lambda: window.session.state is State.PAUSED)
    press(qtbot, window, Qt.Key.Key_Space)
    assert window.session.state is State.RUNNING


def test_that_a_button_reached_by_tab_is_pressed_by_space(lab: Any, qtbot: Any) -> None:
    window = lab()
    pin = button(window.page, "Pin")
    tab_to(qtbot, window, pin)
    press(qtbot, window, Qt.Key.Key_Space)
    assert len(window.session.ghosts) == 1
    assert window.session.state is State.PAUSED


def test_that_arrows_move_a_slider_reached_by_tab_and_step_otherwise(lab: Any, qtbot: Any) -> None:
    window = lab()
    slider = window.side.page(CONTROLS).findChildren(QSlider)[0]
    before = window.session.params.learning_rate
    qtbot.mouseClick(slider, LEFT, pos=slider.rect().center())
    after = window.session.params.learning_rate
    press(qtbot, window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: window.page.shown.step == 1)
    assert window.session.params.learning_rate == after
    tab_to(qtbot, window, slider)
    press(qtbot, window, Qt.Key.Key_Right)
    assert window.session.params.learning_rate > after != before
    assert window.session.last_step == 1


def test_that_typing_keeps_its_keys(lab: Any, qtbot: Any) -> None:
    window = lab()
    field = window.roadmap.search
    qtbot.mouseClick(field, LEFT)
    qtbot.keyClicks(field, "r n")
    assert field.text() == "r n"
    assert window.session.state is State.PAUSED
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == ""
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert window.focusWidget() is not field


def test_that_escape_leaves_a_value_field_before_it_unlocks(lab: Any, qtbot: Any) -> None:
    window = lab()
    window.session.set_params(locked=7)
    field = next(one for one in window.side.page(CONTROLS).findChildren(QLineEdit)
                 if one.isVisible())
    field.setFocus()
    press(qtbot, window, Qt.Key.Key_Escape)
    assert window.session.params.locked == 7
    press(qtbot, window, Qt.Key.Key_Escape)
    assert window.session.params.locked == -1


def test_that_a_click_in_the_picture_locks_and_escape_unlocks(lab: Any, qtbot: Any) -> None:
    window = lab()
    qtbot.mouseClick(window.page.view, LEFT)
    assert window.session.params.locked == 7
    press(qtbot, window, Qt.Key.Key_Escape)
    assert window.session.params.locked == -1


def test_that_a_note_about_a_missing_text_leads_to_it_in_one_click(
    lab: Any, qtbot: Any, monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.setenv("BIGMODELS_DATAPACK", str(tmp_path / "pack"))
    window = lab()
    window.session.set_params(text="hamlet", seed=14)  # whose note says what it does instead
    qtbot.waitUntil(lambda: window.page.remedy.isVisible())
    qtbot.mouseClick(window.page.remedy, LEFT)
    assert window.place == "data"
    window.open_panel("tiny")
    assert window.page.remedy.text() == "Fetch it…"
    press(qtbot, window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: window.page.shown.step == 1)

    monkeypatch.setattr("app.window.sources.missing", lambda panel, params: ())
    Downloads.shared().arrived.emit("sentencepiece")
    assert window.page.remedy.text() == "It is here now: start again"
    qtbot.mouseClick(window.page.remedy, LEFT)
    qtbot.waitUntil(lambda: window.page.shown.step == 0)
    assert not window.page.remedy.isVisible()


def test_that_a_run_that_did_not_train_yet_takes_what_has_arrived(
    lab: Any, qtbot: Any, monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.setenv("BIGMODELS_DATAPACK", str(tmp_path / "pack"))
    window = lab()
    window.session.set_params(text="hamlet", seed=14)
    qtbot.waitUntil(lambda: window.page.remedy.isVisible())
    window.show_data()
    monkeypatch.setattr("app.window.sources.missing", lambda panel, params: ())
    window.open_panel("tiny")
    qtbot.waitUntil(lambda: not window.page.remedy.isVisible())
    assert window.session.lacking == ()


def test_that_space_in_a_number_plays_and_escape_brings_the_number_back(
    lab: Any, qtbot: Any
) -> None:
    window = lab()
    field = next(one for one in window.side.page(CONTROLS).findChildren(QLineEdit)
                 if one.isVisible())
    before, rate = field.text(), window.session.params.learning_rate
    qtbot.mouseClick(field, LEFT)
    qtbot.keyClicks(field, "7")
    press(qtbot, window, Qt.Key.Key_Escape)
    assert field.text() == before and window.session.params.learning_rate == rate
    qtbot.mouseClick(field, LEFT)
    press(qtbot, window, Qt.Key.Key_Space)
    assert window.session.state is State.RUNNING and field.text() == before


def test_that_the_button_says_play_while_a_panel_opens_and_pause_once_asked_to(
    lab: Any, qtbot: Any
) -> None:
    window = lab(open_panel=False)
    window.open_panel("tiny")
    assert window.session.state is State.STARTING
    assert button(window.page, "Play")
    press(qtbot, window, Qt.Key.Key_Space)
    assert button(window.page, "Pause")
    trained(qtbot, window, 3)


def test_that_columns_fold_where_the_picture_would_have_no_room(lab: Any, qtbot: Any) -> None:
    window = lab()
    assert window.roadmap.isVisible() and window._right.isVisible()
    window.resize(960, 640)
    qtbot.waitUntil(lambda: not window.roadmap.isVisible())
    assert window._right.isVisible()
    ctrl(qtbot, window, Qt.Key.Key_B)
    assert window.roadmap.isVisible()
    window.resize(1280, 720)
    window.set_scale(2.0)
    assert not window.roadmap.isVisible() and not window._right.isVisible()
    press(qtbot, window, Qt.Key.Key_F9)
    assert window._right.isVisible()


def test_that_escape_leaves_presenter_mode_once_nothing_is_locked(lab: Any, qtbot: Any) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_F5)
    window.session.set_params(locked=7)
    press(qtbot, window, Qt.Key.Key_Escape)
    assert window.isFullScreen() and window.session.params.locked == -1
    press(qtbot, window, Qt.Key.Key_Escape)
    assert not window.isFullScreen()


def test_that_a_search_without_a_hit_says_so(lab: Any, qtbot: Any) -> None:
    window = lab()
    qtbot.keyClicks(window.roadmap.search, "zzqq")
    assert window.roadmap.nothing.isVisible()
    window.roadmap.search.clear()
    assert not window.roadmap.nothing.isVisible()
    ctrl(qtbot, window, Qt.Key.Key_K)
    palette = window.findChild(Palette)
    qtbot.keyClicks(palette.field, "zzqq")
    assert palette.nothing.isVisible()


# --- failures ------------------------------------------------------------------------------------


def test_that_a_failure_is_one_card_with_two_ways_on(lab: Any, qtbot: Any, caplog: Any) -> None:
    caplog.expected = True
    window = lab()
    window.session.set_params(seed=13)
    qtbot.waitUntil(lambda: window.page.card is not None)
    card = window.page.card
    assert card.isVisible()
    assert [one.text() for one in card.buttons] == ["Try again", "Copy details"]
    qtbot.mouseClick(card.buttons[1], LEFT)
    assert "the seed 13 is refused" in QGuiApplication.clipboard().text()
    window.session.set_params(seed=0)
    qtbot.mouseClick(card.buttons[0], LEFT)
    qtbot.waitUntil(lambda: window.session.state is State.PAUSED)
    assert window.page.card is None


def test_that_the_card_of_a_wrong_value_moves_neither_controls_nor_transport_and_goes(
    lab: Any, qtbot: Any
) -> None:
    window = lab()

    def places() -> list[QRect]:
        widgets = [window.page.transport, *(one for _, one in window.side.controls.controls())]
        return [QRect(one.mapTo(window, QPoint(0, 0)), one.size()) for one in widgets]

    before = places()
    window.session.failed.emit(Failure("This must be at least {least}.", {"least": 2}, "", over=False))
    qtbot.waitUntil(lambda: window.page.card is not None and window.page.card.isVisible())
    qtbot.wait(1)
    assert places() == before
    window.session.set_params(learning_rate=0.2)
    qtbot.waitUntil(lambda: window.page.card is None)
    qtbot.wait(1)
    assert places() == before


def test_that_divergence_offers_the_way_back(lab: Any, qtbot: Any) -> None:
    window = lab()
    window.session.set_params(learning_rate=2.0)
    press(qtbot, window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.session.state is State.DIVERGED, timeout=10_000)
    back = window.page.card.buttons[0]
    assert back.text().startswith("Back to step ")
    good = int(back.text().split()[-1])
    qtbot.mouseClick(back, LEFT)
    qtbot.waitUntil(lambda: window.page.shown.step == good)
    assert window.page.card is None


def test_that_a_mistake_of_the_window_is_shown_and_not_the_end(
    lab: Any, qtbot: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(sys, "excepthook", lambda *_: None)
    window = lab()
    sys.excepthook(ValueError, ValueError("a slip"), None)
    qtbot.waitUntil(lambda: window.page.card is not None)
    assert "a slip" in window.page.card.label.text()
    qtbot.mouseClick(button(window.page.card, "Close"), LEFT)
    assert window.page.card is None


def test_that_notes_of_an_experiment_are_shown_in_the_users_language(lab: Any, qtbot: Any) -> None:
    window = lab(language="zh")
    window.session.set_params(seed=14)
    qtbot.waitUntil(lambda: window.page.notes.text == "点从 1 出发。")
    assert window.page.notes.isVisible()
    window.set_theme("dark")
    assert window.page.notes.text == "点从 1 出发。"


# --- looks ---------------------------------------------------------------------------------------


def test_that_another_language_keeps_the_run(lab: Any, qtbot: Any) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: window.page.shown.step == 1)
    session = window.session
    window.set_language("zh")
    assert window.session is session
    assert window.page.shown.step == 1
    assert button(window.page, "播放")
    assert "沿抛物线下滑" in window.windowTitle()


def test_that_settings_survive_a_restart(lab: Any, qtbot: Any) -> None:
    first = lab()
    first.do("theme-dark")
    first.do("larger")
    first.close()
    from app.files.settings import Settings

    again = Settings.load(first.settings.path)
    assert (again.theme, again.scale, again.last, again.visited) == ("dark", 1.1, "tiny", ["tiny"])
    assert again.geometry


def test_that_the_menu_changes_theme_language_and_scale(lab: Any, qtbot: Any) -> None:
    window = lab()
    qtbot.mouseClick(window.roadmap.button, LEFT)
    menu = next(one for one in window.findChildren(QMenu) if one.isVisible())
    names = {action.text(): action.menu() for action in menu.actions() if action.menu()}
    assert list(names) == ["Language", "Theme", "Scale", "Device", "Threads"]
    next(one for one in names["Theme"].actions() if one.text() == "Dark").trigger()
    assert window.look.theme.name == "dark"
    menu.close()


def test_that_both_columns_fold_away(lab: Any, qtbot: Any) -> None:
    window = lab()
    assert window.roadmap.isVisible() and window.side.isVisible()
    ctrl(qtbot, window, Qt.Key.Key_B)
    press(qtbot, window, Qt.Key.Key_F9)
    assert not window.roadmap.isVisible() and not window.side.isVisible()
    ctrl(qtbot, window, Qt.Key.Key_B)
    press(qtbot, window, Qt.Key.Key_F9)
    assert window.roadmap.isVisible() and window.side.isVisible()


def test_that_f11_shows_the_picture_alone_and_escape_comes_back(lab: Any, qtbot: Any) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_F11)
    assert window.page.view.isVisible()
    assert not any(one.isVisible() for one in (
        window.roadmap, window.side, window.page.transport))
    press(qtbot, window, Qt.Key.Key_Space)
    assert window.session.state is State.RUNNING
    press(qtbot, window, Qt.Key.Key_Escape)
    assert window.page.transport.isVisible() and window.roadmap.isVisible()


def test_that_presenter_mode_enlarges_and_hides_the_roadmap(lab: Any, qtbot: Any) -> None:
    window = lab()
    before = window.look.scale
    press(qtbot, window, Qt.Key.Key_F5)
    assert window.look.scale / before >= 1.25
    assert window.isFullScreen()
    assert not window.roadmap.isVisible()
    press(qtbot, window, Qt.Key.Key_F5)
    assert window.look.scale == before and window.roadmap.isVisible()


def test_that_the_smallest_text_on_a_projector_is_a_fortieth_of_its_height() -> None:
    for stage in (QSize(1280, 720), QSize(1920, 1080), QSize(3840, 2160), QSize(1024, 768)):
        assert SMALLEST_TEXT * hall_scale(stage) >= stage.height() / 40


def test_that_the_picture_alone_is_as_large_and_still_says_title_step_and_state(
    lab: Any, qtbot: Any
) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_F11)
    assert window.isFullScreen()
    assert window.look.scale == hall_scale(window.screen().size())
    page = window.page
    assert page.head.isVisible() and page.standing.isVisible()
    assert not any(one.isVisible() for one in (page.claim, page.transport, page.description,
                                               window.side, window.roadmap))
    assert page.standing.text() == "step 0 · paused"
    press(qtbot, window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.standing.text().endswith("· playing"))
    press(qtbot, window, Qt.Key.Key_Space)
    press(qtbot, window, Qt.Key.Key_Escape)
    assert not window.isFullScreen() and window.look.scale == window.settings.scale
    assert window.page.transport.isVisible() and not window.page.standing.isVisible()


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small panel's view has two cards."""
    from small.l2_networks.tiny import view as module

    class TwoCards(module.TinyView):  # type: ignore[misc, name-defined]
        def __init__(self, look: Look) -> None:
            super().__init__(look)
            self.setLayout(Arrangement(look, below(
                Place(Card(look), "One", rank=1, smallest=(200, 150)),
                Place(Card(look), "Two", rank=2, smallest=(200, 150)))))

    monkeypatch.setattr(module, "TinyView", TwoCards)


@pytest.mark.usefixtures("cards")
def test_that_a_key_fills_the_view_with_a_card_and_escape_shows_all(lab: Any, qtbot: Any) -> None:
    window = lab()
    cards = window.page.view.layout()
    press(qtbot, window, Qt.Key.Key_F)
    assert cards.filled is cards.places[0]
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert cards.filled is cards.places[1]
    press(qtbot, window, Qt.Key.Key_Escape)
    assert cards.filled is None and all(one.card.isVisible() for one in cards.places)


@pytest.mark.usefixtures("cards")
def test_that_arrows_are_the_pages_steps_unless_a_picture_has_the_keyboard(
    lab: Any, qtbot: Any
) -> None:
    window = lab()
    figures = Readouts(window.look)
    figures.draw([("loss", "0.5"), ("error", "0.2")])
    window.page.view.layout().places[0].card.body.addWidget(figures)
    press(qtbot, window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: window.session.step_shown == 1)
    window.page.view.layout().go_to(window.page.view.layout().places[0])
    assert window.focusWidget() is figures
    press(qtbot, window, Qt.Key.Key_Right)
    press(qtbot, window, Qt.Key.Key_Right)
    assert figures.accessibleDescription() == "error 0.2"
    press(qtbot, window, Qt.Key.Key_Escape)
    assert figures.current is None and window.session.step_shown == 1
    window.setFocus()
    press(qtbot, window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: window.session.step_shown == 2)


@pytest.mark.usefixtures("cards")
def test_that_the_open_tab_outlives_another_language(lab: Any, qtbot: Any) -> None:
    window = lab()
    window.present(QSize(960, 600))
    before = window.page.view.layout()
    assert len(before.folded) == 2 and before.shown_tab is before.places[0]
    before.go_to(before.places[1])
    window.set_language("zh")
    after = window.page.view.layout()
    assert after is not before
    qtbot.waitUntil(lambda: after.shown_tab is after.places[1])


def test_that_the_page_fits_a_small_screen(lab: Any) -> None:
    for language in ("en", "zh"):
        window = lab(language=language)
        hint = window.centralWidget().minimumSizeHint()
        assert hint.width() <= 1280 and hint.height() <= 680


# --- finding -------------------------------------------------------------------------------------


def test_that_the_palette_finds_a_panel_by_a_few_letters(lab: Any, qtbot: Any) -> None:
    window = lab(open_panel=False)
    ctrl(qtbot, window, Qt.Key.Key_K)
    palette = window.findChild(Palette)
    qtbot.keyClicks(palette.field, "prbla")
    assert palette.list.item(0).text() == "Down a parabola"
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert window.place == "tiny"


@pytest.mark.parametrize("typed", ["quantization", "Quantization ", "Rounding"])
def test_that_a_name_in_full_is_meant_though_others_have_the_word(
    lab: Any, qtbot: Any, typed: str
) -> None:
    window, opened = lab(), []
    palette = Palette(window.look, [
        Entry("Compression", "", lambda: opened.append("compression"), "compression quantization"),
        Entry("Rounding off", "", lambda: opened.append("other")),
        Entry("Rounding", "", lambda: opened.append("quantization"), "int8", ("quantization",)),
    ], window)
    palette.open()
    qtbot.keyClicks(palette.field, typed)
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert opened == ["quantization"]


def test_that_the_palette_finds_commands_in_either_language(lab: Any, qtbot: Any) -> None:
    window = lab(language="zh")
    ctrl(qtbot, window, Qt.Key.Key_K)
    palette = window.findChild(Palette)
    palette.field.setText("深色")  # typed through an input method
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert window.look.theme.name == "dark"
    ctrl(qtbot, window, Qt.Key.Key_K)
    palette = window.findChild(Palette)
    qtbot.keyClicks(palette.field, "theme-light")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert window.look.theme.name == "light"


def listed(palette: Palette) -> list[tuple[str, str]]:
    """What the palette shows: names, and the notes at their right."""
    items = [palette.list.item(row) for row in range(palette.list.count())]
    return [(one.text(), one.data(Qt.ItemDataRole.UserRole + 1)) for one in items]


def test_that_a_concept_of_a_lecture_to_come_is_answered_and_no_command_stands_before_it(
    lab: Any, qtbot: Any
) -> None:
    window = lab()
    ctrl(qtbot, window, Qt.Key.Key_K)
    palette = window.findChild(Palette)
    qtbot.keyClicks(palette.field, "LoRA")
    assert listed(palette)[0] == ("Tuning", "to come, lecture 4")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    head = next(row for row in window.roadmap._rows("lecture") if row.text(0) == "Tuning")
    assert head.isExpanded()
    window.set_language("zh")
    ctrl(qtbot, window, Qt.Key.Key_K)
    palette = window.findChild(Palette)
    palette.field.setText("lora")
    assert listed(palette)[0] == ("微调", "即将推出，第 4 讲")


def test_that_every_concept_finds_a_panel_before_any_command(qtbot: Any) -> None:
    from app.engine.inline import InlinePool
    from app.session.session import Session
    from app.window.window import MainWindow
    from visualizers.catalog import LECTURES, about, panels
    from widgets.theme.glossary import terms

    pool = InlinePool()
    window = MainWindow(Settings(language="en"), panels(), lambda one, _: Session(one, pool))
    qtbot.addWidget(window)
    window.menus.show_palette()
    palette = window.findChild(Palette)
    commands = {one.text for one in window.commands.values()}
    concepts = {name: about(name) for language in ("en", "zh") for term in
                list(terms(language).values())[::14] for name in (term.name, *term.also)}
    wanted = [name for name, found in concepts.items() if found]
    assert len(wanted) > 20
    for lecture in LECTURES:
        wanted += [one for one in lecture.about.split(", ") if " " not in one]
    lost = []
    for name in [*wanted, "LoRA", "BitFit", "GRU", "LSTM", "word2vec"]:
        palette.field.setText(name)
        first = [palette.entries[palette.list.item(row).data(Qt.ItemDataRole.UserRole)]
                 for row in range(min(1, palette.list.count()))]
        if not first or first[0].text in commands:
            lost.append((name, *(one.text for one in first)))
    assert lost == []
    for name, panel in (("LoRA", "lora"), ("word2vec", "word2vec")):
        palette.field.setText(name)
        assert palette.entries[palette.list.item(0).data(Qt.ItemDataRole.UserRole)].panel == panel
    palette.field.setText("start page")  # and a command's own words find the command
    assert palette.list.item(0).text() == "Start page"
    window.close()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("typed", ["valley 抛物线", "山谷 parabola"])
def test_that_a_title_is_searched_in_both_languages_at_once(
    lab: Any, qtbot: Any, language: str, typed: str
) -> None:
    window = lab(open_panel=False, language=language)
    window.roadmap.search.setText(typed)
    shown = [row.data(0, Qt.ItemDataRole.UserRole + 1) for row in window.roadmap._rows("panel")
             if not row.isHidden() and not row.parent().isHidden()]
    assert shown == ["tiny"]
    window.menus.show_palette()
    palette = window.findChild(Palette)
    for words in ("parabola 抛物线", "抛物线 parabola", "Down a parabola", "沿抛物线"):
        palette.field.setText(words)
        assert palette.entries[palette.list.item(0).data(Qt.ItemDataRole.UserRole)].panel == "tiny"
    palette.field.setText("Jacobian")  # an English plural finds the singular, and the other way round
    found = listed(palette)
    palette.field.setText("Jacobians")
    assert listed(palette) == found != []
    palette.field.setText("深色")  # commands, too
    assert "theme-dark" in palette.entries[
        palette.list.item(0).data(Qt.ItemDataRole.UserRole)].found_by
    palette.field.setText("theme dark")
    assert "theme-dark" in palette.entries[
        palette.list.item(0).data(Qt.ItemDataRole.UserRole)].found_by


def test_that_keys_are_silent_under_an_open_sheet(lab: Any, qtbot: Any) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_F1)
    sheet = window.findChild(Keys)
    assert sheet.isVisible()
    press(qtbot, window, Qt.Key.Key_Space)
    assert window.session.state is State.PAUSED
    press(qtbot, window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.findChild(Keys) is None)
    press(qtbot, window, Qt.Key.Key_Space)
    assert window.session.state is State.RUNNING


def test_that_every_command_with_keys_is_on_the_sheet(lab: Any, qtbot: Any) -> None:
    window = lab(open_panel=False)
    window.do("keys")
    texts = {label.text() for label in window.findChild(Keys).findChildren(QLabel)}
    for command in window.commands.values():
        if command.keys and command.group:
            assert command.text in texts


@pytest.mark.parametrize("language", ["en", "zh"])
def test_that_the_sheet_of_keys_squeezes_no_line_on_a_projector(
    lab: Any, qtbot: Any, language: str
) -> None:
    window = lab(open_panel=False, language=language)
    window.present(QSize(1280, 720))
    window.do("keys")
    sheet = window.findChild(Keys)
    qtbot.wait(1)
    labels = sheet.area.widget().findChildren(QLabel)
    assert len(labels) > 50
    assert [one.text() for one in labels if one.height() < one.sizeHint().height()] == []
    bar = sheet.area.verticalScrollBar()
    assert bar.maximum() > 0
    for _ in range(40):
        qtbot.keyClick(sheet, Qt.Key.Key_Down)
    assert bar.value() == bar.maximum()


def test_that_no_two_commands_share_a_key(lab: Any) -> None:
    keys = [one for command in lab(open_panel=False).commands.values() for one in command.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("typed", ["parab", "valley", "山谷", "2.1", "抛物线", "jumps out"])
def test_that_search_looks_at_title_claim_keywords_and_concepts_of_both_languages(
    lab: Any, qtbot: Any, typed: str
) -> None:
    window = lab(open_panel=False)
    field = window.roadmap.search
    field.setText(typed)
    shown = [row for row in window.roadmap._rows("panel")
             if not row.isHidden() and not row.parent().isHidden()]
    assert [row.text(0) for row in shown] == ["Down a parabola"]
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert window.place == "tiny"


def opened_by_search(qtbot: Any, window: Any) -> None:
    ctrl(qtbot, window, Qt.Key.Key_F)
    qtbot.keyClicks(window.focusWidget(), "another")
    press(qtbot, window, Qt.Key.Key_Return)


def opened_by_walking_to_it(qtbot: Any, window: Any) -> None:
    ctrl(qtbot, window, Qt.Key.Key_F)
    qtbot.keyClicks(window.focusWidget(), "another")
    press(qtbot, window, Qt.Key.Key_Down)
    press(qtbot, window, Qt.Key.Key_Return)


def opened_by_the_palette(qtbot: Any, window: Any) -> None:
    ctrl(qtbot, window, Qt.Key.Key_F)  # who had the keyboard before does not get it back
    qtbot.keyClicks(window.focusWidget(), "another")
    ctrl(qtbot, window, Qt.Key.Key_K)
    qtbot.keyClicks(window.focusWidget(), "another")
    press(qtbot, window, Qt.Key.Key_Return)


def opened_from_home(qtbot: Any, window: Any) -> None:
    ctrl(qtbot, window, Qt.Key.Key_H)
    door = next(one for one in window.middle.currentWidget().findChildren(QAbstractButton)
                if "Another valley" in (one.text(), one.accessibleName()))
    tab_to(qtbot, window, door)
    press(qtbot, window, Qt.Key.Key_Space)


def opened_from_a_file(qtbot: Any, window: Any) -> None:
    record = dataclasses.replace(window.session.record(), panel="second")
    ctrl(qtbot, window, Qt.Key.Key_F)
    qtbot.keyClicks(window.focusWidget(), "another")
    window.show_record(record)


@pytest.mark.parametrize("opened", [
    opened_by_search, opened_by_walking_to_it, opened_by_the_palette, opened_from_home,
    opened_from_a_file])
def test_that_an_opened_panel_has_the_keyboard_and_nothing_is_filtered(
    lab: Any, qtbot: Any, opened: Any
) -> None:
    window = lab(count=2)
    trained(qtbot, window, 0)
    opened(qtbot, window)
    assert window.place == "second"
    qtbot.waitUntil(lambda: window.page.shown is not None, timeout=10_000)
    assert window.focusWidget() is window.page
    assert window.roadmap.search.text() == ""
    assert not [row for row in window.roadmap._rows("panel") if row.isHidden()]
    press(qtbot, window, Qt.Key.Key_Space)
    assert window.session.playing
    press(qtbot, window, Qt.Key.Key_Space)
    assert not window.session.playing and window.roadmap.search.text() == ""


def test_that_a_search_for_the_open_panel_leads_back_to_it(lab: Any, qtbot: Any) -> None:
    window = lab(count=2)
    ctrl(qtbot, window, Qt.Key.Key_F)
    qtbot.keyClicks(window.focusWidget(), "parabola")
    press(qtbot, window, Qt.Key.Key_Return)
    assert window.place == "tiny" and window.focusWidget() is window.page
    assert window.roadmap.search.text() == ""


def test_that_search_for_nothing_known_hides_all(lab: Any) -> None:
    window = lab(open_panel=False)
    window.roadmap.search.setText("zzz")
    assert all(row.isHidden() for row in window.roadmap._rows("lecture"))
    window.roadmap.search.setText("")
    assert not any(row.isHidden() for row in window.roadmap._rows("lecture"))


def test_that_lectures_without_panels_say_what_will_come(lab: Any, qtbot: Any) -> None:
    window = lab(open_panel=False)
    ctrl(qtbot, window, Qt.Key.Key_4)
    head = next(row for row in window.roadmap._rows("lecture") if row.text(0) == "Tuning")
    assert head.isExpanded()
    assert "LoRA" in head.child(0).text(0)
    ctrl(qtbot, window, Qt.Key.Key_2)
    assert window.place == "tiny"


def test_that_a_click_in_the_roadmap_opens_a_panel_and_marks_it_opened(
    lab: Any, qtbot: Any
) -> None:
    window = lab(open_panel=False)
    tree = window.roadmap.tree
    row = window.roadmap._rows("panel")[0]
    qtbot.mouseClick(tree.viewport(), LEFT, pos=tree.visualItemRect(row).center())
    assert window.place == "tiny"
    assert window.settings.visited == ["tiny"]
    assert row.data(0, Qt.ItemDataRole.AccessibleDescriptionRole) == "opened"


def test_that_the_start_page_opens_the_first_panel_and_then_goes_on_with_it(
    lab: Any, qtbot: Any
) -> None:
    window = lab(open_panel=False)
    door = window.middle.currentWidget().findChildren(Door)[0]
    assert door.accessibleName() == "Start here: Down a parabola"
    qtbot.mouseClick(door, LEFT)
    assert window.place == "tiny"
    qtbot.waitUntil(lambda: window.page.shown is not None)
    qtbot.mouseClick(window.roadmap.name, LEFT)
    assert window.place == "home"
    door = window.middle.currentWidget().findChildren(Door)[0]
    assert door.accessibleName() == "Go on where you stopped: Down a parabola"


def test_that_coming_back_shows_what_was_there(lab: Any, qtbot: Any) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_Space)
    trained(qtbot, window, 20)
    window.show_home()
    assert window.session is None
    step = window.sessions["tiny"].last_step
    window.open_panel("tiny")
    assert window.page.shown.step == step
    assert window.session.state is State.PAUSED


def test_that_only_the_open_panel_has_a_worker_and_the_other_goes_on_where_it_was(
    lab: Any, qtbot: Any
) -> None:
    window = lab(count=2)
    for _ in range(3):
        step = window.session.last_step
        press(qtbot, window, Qt.Key.Key_Right)
        qtbot.waitUntil(lambda step=step: window.session.last_step == step + 1)
    position = window.page.shown.frame.position
    window.open_panel("second")
    qtbot.waitUntil(lambda: window.page.shown is not None)
    first = window.sessions["tiny"]
    assert first.worker_pid == 0 and window.session.worker_pid
    window.open_panel("tiny")
    assert window.page.shown.step == 3
    assert window.page.shown.frame.position == position
    assert first.worker_pid == 0
    press(qtbot, window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: window.page.shown.step == 4)
    assert abs(window.page.shown.frame.position - position * 0.8) < 1e-6


def test_that_a_run_is_saved_opened_and_continued(
    lab: Any, qtbot: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    window = lab(count=2)
    monkeypatch.setattr("visualizers.catalog.panels", lambda: window.panels)
    for step in (1, 2, 3):
        press(qtbot, window, Qt.Key.Key_Right)
        qtbot.waitUntil(lambda step=step: window.session.last_step == step)
    ctrl(qtbot, window, Qt.Key.Key_S)
    choose(qtbot, window, tmp_path / "mine")
    assert window.toast.text() == "Saved: mine.bml"
    assert window.settings.recent == [str(tmp_path / "mine.bml")]
    window.close()

    again = lab(open_panel=False, count=2)
    ctrl(qtbot, again, Qt.Key.Key_O)
    choose(qtbot, again, tmp_path / "mine.bml")
    assert again.place == "tiny"
    assert again.page.shown.step == 3
    assert again.session.worker_pid == 0
    press(qtbot, again, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: again.page.shown.step == 4)
    assert abs(again.page.shown.frame.position - 0.8**4) < 1e-6


# --- guide, code, runs ---------------------------------------------------------------------------


def test_that_a_tour_is_done_by_clicks_and_ticked_when_seen(lab: Any, qtbot: Any) -> None:
    window = lab()
    window.side.set_tab(GUIDE)
    guide = window.side.page(GUIDE)
    qtbot.mouseClick(guide.switch.buttons()[1], LEFT)
    do = guide.list.buttons()
    qtbot.mouseClick(do[2], LEFT)  # stands on the second, which asks about the first
    tour = guide.tour
    qtbot.waitUntil(lambda: [tour.state(i) for i in range(3)] == ["done"] * 3, timeout=10_000)
    assert window.session.last_step == 10
    assert window.session.params.learning_rate == 0.4
    window.set_language("zh")
    assert [window.side.page(GUIDE).tour.state(i) for i in range(3)] == ["done"] * 3


def test_that_a_tour_step_stops_exactly_where_it_says(lab: Any, qtbot: Any) -> None:
    window = lab()
    window.side.set_tab(GUIDE)
    tour = window.side.page(GUIDE).tour
    tour.run(0)
    qtbot.waitUntil(lambda: not tour.running, timeout=10_000)
    assert (tour.state(0), window.session.last_step) == ("done", 30)


def test_that_doing_it_by_hand_ticks_too(lab: Any, qtbot: Any) -> None:
    window = lab()
    window.side.set_tab(GUIDE)
    tour = window.side.page(GUIDE).tour
    for step in range(30):
        press(qtbot, window, Qt.Key.Key_Right)
        qtbot.waitUntil(lambda step=step: window.session.last_step == step + 1)
    qtbot.waitUntil(lambda: tour.state(0) == "done")


def test_that_playing_ends_a_tour_without_a_tick(lab: Any, qtbot: Any) -> None:
    window = lab()
    window.side.set_tab(GUIDE)
    tour = window.side.page(GUIDE).tour
    tour.run(0)
    qtbot.waitUntil(lambda: window.session.state is State.PAUSED)
    press(qtbot, window, Qt.Key.Key_Space)
    assert not tour.running
    assert tour.state(0) == "todo"


def test_that_the_code_is_the_experiments_own_with_the_values_of_the_moment(
    lab: Any, qtbot: Any
) -> None:
    window = lab()
    window.side.set_tab(CODE)
    page = window.side.page(CODE)
    window.session.set_params(learning_rate=0.25)
    qtbot.waitUntil(lambda: "learning_rate=0.25" in page.text.toPlainText())
    assert "class Tiny:" in page.text.toPlainText()
    qtbot.mouseClick(page.copy_button, LEFT)
    copied = QGuiApplication.clipboard().text()
    compile(copied.replace("from __future__ import annotations", ""), "copied", "exec")
    assert "def step(self, params: Params)" in copied


def test_that_the_models_an_experiment_is_built_from_can_be_read_too(qtbot: Any) -> None:
    from app.files.code import CodePage
    from visualizers.catalog import Said, panel
    from widgets.theme.look import Look, theme

    one = panel("rnn_gradients")
    page = CodePage(Look(theme("light"), Said(one, "en").words()), one, one.params)
    qtbot.addWidget(page)
    files = [page.chapter.itemText(index) for index in range(page.chapter.count())]
    assert files[0] == "experiment.py" and "recurrent.py" in files
    page.chapter.setCurrentIndex(files.index("recurrent.py"))
    page.refresh()
    assert "class LSTM:" in page.text.toPlainText() and "params = " not in page.text.toPlainText()
    page.chapter.setCurrentIndex(0)
    assert "class RnnGradients" in page.text.toPlainText()
    assert page.text.toPlainText().startswith("# The values of this run")


def test_that_pinned_runs_are_compared_renamed_and_removed(lab: Any, qtbot: Any) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: window.page.shown.step == 1)
    ctrl(qtbot, window, Qt.Key.Key_P)
    window.session.set_params(learning_rate=0.5)
    window.side.set_tab(RUNS)
    page = window.side.page(RUNS)
    table = page.table
    names = [table.verticalHeaderItem(i).text() for i in range(table.rowCount())]
    assert names[:2] == ["Learning rate", "step"]
    assert [table.item(0, i).text() for i in (0, 1)] == ["0.5", "0.1"]
    field = next(one for one in page.findChildren(QLineEdit) if one.isVisible())
    qtbot.mouseClick(field, LEFT)
    field.selectAll()
    qtbot.keyClicks(field, "slow")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert window.session.ghosts[0].label == "slow"
    qtbot.waitUntil(lambda: table.horizontalHeaderItem(1).text() == "slow")
    qtbot.mouseClick(button(page, "Remove slow"), LEFT)
    assert not window.session.ghosts


def test_that_pinning_says_what_was_pinned_and_which_ghost_had_to_go(lab: Any, qtbot: Any) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: window.page.shown.step == 1)
    ctrl(qtbot, window, Qt.Key.Key_P)
    assert window.toast.text().startswith("Pinned: 1\u00a0step, distance from the valley ")
    said = window.toast.geometry()
    for under in (window.page.transport, window.page.description):
        assert under.isVisible()
        assert not said.intersects(QRect(under.mapTo(window, QPoint(0, 0)), under.size()))
    window.toast.say("A sentence that is longer than the window is wide. " * 6)
    assert window.rect().contains(window.toast.geometry()) and window.toast.wordWrap()
    assert window.toast.height() >= window.toast.heightForWidth(window.toast.width())
    ctrl(qtbot, window, Qt.Key.Key_P)
    assert window.toast.text() == "This run is pinned already." and len(window.session.pinned) == 1
    for step in range(2, MOST_GHOSTS + 2):
        assert "oldest" not in window.toast.text()
        press(qtbot, window, Qt.Key.Key_Right)
        qtbot.waitUntil(lambda step=step: window.page.shown.step == step)
        qtbot.mouseClick(button(window.page, "Pin"), LEFT)
    assert window.toast.text().endswith(f"there are at most {MOST_GHOSTS}.")
    window.set_language("zh")
    press(qtbot, window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: window.page.shown.step == 10)
    ctrl(qtbot, window, Qt.Key.Key_P)
    assert window.toast.text().startswith("已固定：10\u00a0步")


def test_that_a_branch_waits_and_says_so(lab: Any, qtbot: Any) -> None:
    window = lab()
    window.session.step(5)
    trained(qtbot, window, 5)
    window.session.seek(3, exact=True)
    qtbot.waitUntil(lambda: window.page.shown.step == 3)
    press(qtbot, window, Qt.Key.Key_B)
    assert window.toast.text() == ("A new run from step 3: change what you like, then press Space.")
    qtbot.waitUntil(lambda: window.session.state is State.PAUSED)
    assert (window.session.last_step, len(window.session.ghosts)) == (3, 1)
    press(qtbot, window, Qt.Key.Key_Space)
    trained(qtbot, window, 4)


# --- files ---------------------------------------------------------------------------------------


def choose(qtbot: Any, window: Any, path: Path) -> None:
    """Type a name into the open file dialog and accept it."""
    dialog = next(one for one in window.findChildren(QFileDialog) if one.isVisible())
    field = dialog.findChild(QLineEdit)
    field.setText(str(path))
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not dialog.isVisible())


def test_that_a_picture_and_a_table_are_exported(lab: Any, qtbot: Any, tmp_path: Path) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: window.page.shown.step == 1)
    for id, name in (("export-image", "a.png"), ("export-image", "a.svg"), ("export-csv", "a.csv"),
                     ("export-notebook", "a.ipynb")):
        window.do(id)
        choose(qtbot, window, tmp_path / name)
        assert (tmp_path / name).stat().st_size > 20
        assert window.toast.text() == f"Saved: {name}"


def test_that_files_are_asked_for_in_the_users_documents_and_then_in_the_last_folder(
    lab: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents, chosen = tmp_path / "documents", tmp_path / "chosen"
    documents.mkdir()
    chosen.mkdir()
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda where: str(documents))
    window = lab()
    press(qtbot, window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: window.page.shown.step == 1)

    def asked_in(id: str) -> Path:
        window.do(id)
        dialog = next(one for one in window.findChildren(QFileDialog) if one.isVisible())
        return Path(dialog.directory().absolutePath())

    for id in ("save", "export-csv", "open"):
        assert asked_in(id) == documents
        next(one for one in window.findChildren(QFileDialog) if one.isVisible()).reject()
    asked_in("export-csv")
    choose(qtbot, window, chosen / "a.csv")
    assert (chosen / "a.csv").exists()
    for id in ("save", "export-image", "open"):
        assert asked_in(id) == chosen
        next(one for one in window.findChildren(QFileDialog) if one.isVisible()).reject()
    assert Settings.load(tmp_path / "settings.json").folder == str(chosen)
    chosen.joinpath("a.csv").unlink()
    chosen.rmdir()  # it may be gone the next time
    assert asked_in("save") == documents


def test_that_a_film_is_drawn_with_progress(lab: Any, qtbot: Any, tmp_path: Path) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_Space)
    trained(qtbot, window, 5)
    press(qtbot, window, Qt.Key.Key_Space)
    window.files.save_movie(tmp_path / "a.gif")
    qtbot.waitUntil(lambda: (tmp_path / "a.gif").exists(), timeout=60_000)
    assert window.toast.text() == "Saved: a.gif"


def test_that_ctrl_e_offers_every_export(lab: Any, qtbot: Any) -> None:
    window = lab()
    ctrl(qtbot, window, Qt.Key.Key_E)
    menu = next(one for one in window.findChildren(QMenu) if one.isVisible())
    offered = [one.text().partition("\t")[0] for one in menu.actions() if not one.isSeparator()]
    assert offered == [window.commands[id].text for id in (
        "export-image", "export-csv", "export-movie", "export-notebook", "export-page", "export-handout",
        "copy-link", "qr", "copy-command", "copy-render")]
    menu.close()


def test_that_a_file_that_is_no_run_is_one_sentence(lab: Any, qtbot: Any, tmp_path: Path) -> None:
    window = lab()
    (tmp_path / "bad.bml").write_bytes(b"not a zip")
    window.files.open(str(tmp_path / "bad.bml"))
    assert window.toast.isVisible()
    assert window.toast.text().endswith(".")
    assert window.place == "tiny"


def drop(window: Any, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(QDropEvent(
        QPointF(100, 100), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier))


def test_that_a_run_dropped_under_a_sheet_opens_and_the_sheet_closes_in_peace(
    lab: Any, qtbot: Any, tmp_path: Path
) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.session.last_step > 3)
    press(qtbot, window, Qt.Key.Key_Space)
    window.files.save(tmp_path / "a.bml")
    window.page.view.setFocus()
    press(qtbot, window, Qt.Key.Key_F1)
    window.files.take(str(tmp_path / "a.bml"))
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)  # the page that had the keyboard
    for sheet in window.findChildren(Keys):
        qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert not [one for one in window.findChildren(Keys) if one.isVisible()]
    press(qtbot, window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.session.state is State.RUNNING)


def test_that_a_dropped_text_goes_to_the_panel(lab: Any, qtbot: Any, tmp_path: Path) -> None:
    window = lab()
    (tmp_path / "own.txt").write_text("hello")
    drop(window, tmp_path / "own.txt")
    assert window.session.params.text == f"file:{tmp_path / 'own.txt'}"


def test_that_a_text_dropped_where_nothing_takes_one_says_so(
    lab: Any, qtbot: Any, tmp_path: Path
) -> None:
    window = lab(open_panel=False)
    (tmp_path / "own.txt").write_text("hello")
    drop(window, tmp_path / "own.txt")
    assert "takes a text" in window.toast.text()


def test_that_own_files_are_asked_for_by_the_control(
    lab: Any, qtbot: Any, tmp_path: Path
) -> None:
    window = lab()
    (tmp_path / "own.txt").write_text("hello")
    qtbot.mouseClick(button(window.side.page(CONTROLS), "Text: Own file…"), LEFT)
    choose(qtbot, window, tmp_path / "own.txt")
    assert window.session.params.text == f"file:{tmp_path / 'own.txt'}"


@pytest.mark.slow
def test_that_closing_while_training_leaves_no_process(qtbot: Any, tmp_path: Path) -> None:
    import psutil
    from small.l2_networks.tiny.panel import PANEL

    from app.engine.pool import Pool
    from app.files.settings import Settings
    from app.session.session import Session
    from app.window.window import MainWindow

    pool = Pool()
    window = MainWindow(Settings(path=tmp_path / "settings.json"), [PANEL],
                        lambda panel, _: Session(panel, pool, threads=1), pool.warm)
    window.show()
    window.open_panel("tiny")
    qtbot.waitUntil(lambda: window.page.shown is not None, timeout=60_000)
    press(qtbot, window, Qt.Key.Key_Space)
    trained(qtbot, window, 10)
    worker = psutil.Process(window.session.worker_pid)
    window.close()
    pool.close()
    qtbot.waitUntil(lambda: not worker.is_running(), timeout=5000)
    window.deleteLater()


# --- painting ------------------------------------------------------------------------------------


def test_that_painted_frames_are_counted_and_told_to_the_session(lab: Any, qtbot: Any) -> None:
    window = lab()
    window.paint_meter.reset()
    press(qtbot, window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.paint_meter.frames >= 10, timeout=10_000)
    assert 0 < window.paint_meter.cpu < 10


def test_that_a_hidden_window_trains_nothing(lab: Any, qtbot: Any) -> None:
    window = lab()
    press(qtbot, window, Qt.Key.Key_Space)
    trained(qtbot, window, 3)
    window.hide()
    qtbot.wait(100)
    step = window.session.last_step
    qtbot.wait(200)
    assert window.session.last_step == step
    window.show()
    trained(qtbot, window, step + 1)


def test_that_a_description_stands_for_the_picture(lab: Any, qtbot: Any) -> None:
    window = lab()
    qtbot.waitUntil(lambda: window.page.description.text == "The point is at 1.000.")
    assert window.page.view.accessibleName() == "Down a parabola"
    assert window.page.view.accessibleDescription() == "The point is at 1.000."


def test_that_everything_that_can_be_pressed_has_a_name(lab: Any) -> None:
    window = lab()
    for tab in (CONTROLS, GUIDE, CODE, RUNS):
        window.side.set_tab(tab)
        for one in window.findChildren(QPushButton):
            if one.isVisible():
                assert one.accessibleName() or one.text().strip(), one.objectName()


def test_that_nothing_but_the_window_opens_a_window(lab: Any, qtbot: Any, qapp: Any) -> None:
    shown = []

    class Watch(QObject):
        def eventFilter(self, watched: Any, event: Any) -> bool:
            if event.type() == event.Type.Show and watched.isWidgetType() and watched.isWindow():
                shown.append(watched)
            return False

    watch = Watch()
    qapp.installEventFilter(watch)
    window = lab()
    for tab in (CONTROLS, GUIDE, CODE, RUNS):
        window.side.set_tab(tab)
    window.set_language("zh")
    window.do("keys")
    qapp.removeEventFilter(watch)
    assert shown == [window]


def test_that_error_cards_without_details_offer_no_copy(lab: Any, qtbot: Any) -> None:
    window = lab()
    card = ErrorCard(window.look, "Something.", [("Go on", lambda: None)], "", window)
    assert [one.text() for one in card.buttons] == ["Go on"]
    assert card.mapTo(window, QPoint()) == QPoint()
