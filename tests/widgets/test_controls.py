"""Controls, used with the mouse and the keyboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest
from looking import look
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from widgets.controls.controls import (
    POSITIONS,
    ControlPanel,
    Option,
    Slider,
    Toggle,
    at_position,
    position_of,
)
from widgets.controls.parameters import (
    Parameter,
    Unfit,
    changed,
    choice,
    flag,
    hidden,
    integer,
    number,
    parameter,
    parameters_of,
    source,
    text,
)


@dataclass(frozen=True)
class Params:
    cell: Literal["linear", "tanh", "GRU"] = choice("tanh", help="The recurrence.")
    task: Literal["copy the first symbol", "random readout of the last state", "echo"] = choice(
        "echo", help="What is learnt.")
    corpus: str = source("text", "reference", help="What is read.")
    rate: float = number(0.01, 1e-4, 1.0, log=True, help="Size of a step.", label="Learning rate")
    clip: float = number(10.0, 1.0, 10.0, off=10.0, unit="dB", help="Clip.", restart=True)
    length: int = integer(60, 5, 200, help="Steps of time.")
    few: int = integer(1, 0, 2, help="Few.")
    theory: bool = flag(True, help="Show the theory.")
    gate: float = number(0.5, 0.0, 1.0, help="Bias.", when={"cell": ("GRU",)})
    prompt: str = text("def", help="The beginning.")
    story: str = text("once\nupon a time", help="A paragraph.")
    token: int = hidden(0)
    seed: int = integer(0, 0, 999, help="Seed.")


CATALOGUE = [Option("reference", "Python reference"),
             Option("grimm", "Grimm's tales", available=False, about="2 MB, public domain")]


@pytest.fixture
def panel(qtbot: QtBot) -> ControlPanel:
    labels = {one.name: one.label for one in parameters_of(Params)}
    made = ControlPanel(
        look(), parameters_of(Params), Params(), labels=labels.__getitem__,
        helps=lambda name: parameter(Params, name).help,
        choice_label=lambda name, value: value, sources=lambda kind: list(CATALOGUE))
    qtbot.addWidget(made)
    made.resize(276, 900)
    made.show()
    return made


def part(panel: ControlPanel, name: str, kind: type) -> Any:
    found = panel.control(name).findChildren(kind)
    assert len(found) == 1
    return found[0]


def typed(qtbot: QtBot, edit: QLineEdit, words: str) -> None:
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, words)
    qtbot.keyClick(edit, Qt.Key.Key_Return)


def sentences(panel: ControlPanel, name: str) -> list[str]:
    complaint = panel.control(name).complaint  # type: ignore[attr-defined]
    return [complaint] if complaint else []


def test_that_a_slider_moves_at_once_to_where_it_is_pressed(
    panel: ControlPanel, qtbot: QtBot
) -> None:
    slider = part(panel, "rate", Slider)
    with qtbot.waitSignal(panel.changed) as moved:
        qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 1, 8))
    assert moved.args == ["rate", 1.0]
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, 8))
    assert part(panel, "rate", QLineEdit).text() == "0.01"


def test_that_shift_makes_a_slider_fine(panel: ControlPanel, qtbot: QtBot) -> None:
    slider = part(panel, "length", Slider)
    before = slider.value()
    handle = QPoint(100, 8)
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, handle)
    assert slider.value() == before
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=handle)
    moves = {}
    for modifier in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier):
        slider = part(panel, "rate", Slider)
        start = slider.value()
        qtbot.keyClick(slider, Qt.Key.Key_Right, modifier)
        moves[modifier] = slider.value() - start
    coarse, fine = moves.values()
    assert coarse == pytest.approx(10, abs=2) and 1 <= fine <= 2


def test_that_dragging_with_shift_moves_a_tenth(panel: ControlPanel, qtbot: QtBot) -> None:
    slider = part(panel, "gate", Slider)
    panel.set_params(changed(Params(), cell="GRU"))
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent

    def mouse(kind: QEvent.Type, x: float) -> QMouseEvent:
        at = QPointF(x, 8)
        return QMouseEvent(kind, at, slider.mapToGlobal(at), Qt.MouseButton.LeftButton,
                           Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier)

    slider.mousePressEvent(mouse(QEvent.Type.MouseButtonPress, 60))
    slider.mouseMoveEvent(mouse(QEvent.Type.MouseMove, 160))
    whole = 100 / (slider.width() - 16) * POSITIONS
    assert slider.value() - 500 == pytest.approx(whole / 10, abs=2)
    slider.mouseReleaseEvent(mouse(QEvent.Type.MouseButtonRelease, 160))
    assert not slider.isSliderDown()


def test_that_arrows_move_whole_numbers_by_at_least_one(
    panel: ControlPanel, qtbot: QtBot
) -> None:
    slider = part(panel, "few", Slider)
    with qtbot.waitSignal(panel.changed) as moved:
        qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert moved.args == ["few", 2]
    with qtbot.assertNotEmitted(panel.changed):
        qtbot.keyClick(slider, Qt.Key.Key_Right)
    slider = part(panel, "length", Slider)
    with qtbot.waitSignal(panel.changed) as moved:
        qtbot.keyClick(slider, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert moved.args == ["length", 59]


def test_that_a_typed_value_is_taken_exactly(panel: ControlPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.changed) as moved:
        typed(qtbot, part(panel, "rate", QLineEdit), "0.0123456")
    assert moved.args == ["rate", 0.0123456]
    with qtbot.waitSignal(panel.changed) as moved:
        typed(qtbot, part(panel, "clip", QLineEdit), "3,5 dB")
    assert moved.args == ["clip", 3.5]
    with qtbot.waitSignal(panel.changed) as moved:
        typed(qtbot, part(panel, "clip", QLineEdit), "off")
    assert moved.args == ["clip", 10.0]


@pytest.mark.parametrize("nonsense", ["bananas", "7", "-1", "nan", "inf", ""])
def test_that_nonsense_gives_one_sentence_and_keeps_the_value(
    panel: ControlPanel, qtbot: QtBot, nonsense: str
) -> None:
    edit = part(panel, "rate", QLineEdit)
    edit.setFocus()
    edit.selectAll()
    with qtbot.assertNotEmitted(panel.changed):
        if nonsense:
            qtbot.keyClicks(edit, nonsense)
        else:
            qtbot.keyClick(edit, Qt.Key.Key_Delete)
        qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert edit.text() == "0.01"
    (sentence,) = sentences(panel, "rate")
    assert "Learning rate" in sentence and "0.0001" in sentence and sentence.endswith(".")
    typed(qtbot, edit, "0.5")
    assert sentences(panel, "rate") == []


def places(panel: ControlPanel) -> list[Any]:
    return [(name, one.geometry()) for name, one in panel.controls()]


@pytest.mark.parametrize("name", ["rate", "seed"])
def test_that_an_error_moves_no_control_and_goes_when_the_value_is_right(
    panel: ControlPanel, qtbot: QtBot, name: str
) -> None:
    edit, before = part(panel, name, QLineEdit), places(panel)
    said = panel.control(name)._said  # type: ignore[attr-defined]
    for away in (lambda: qtbot.keyClick(edit, Qt.Key.Key_Escape), lambda: typed(qtbot, edit, "1"),
                 lambda: qtbot.mouseClick(said, Qt.MouseButton.LeftButton),
                 lambda: panel.set_params(Params()),
                 lambda: qtbot.keyClick(part(panel, name, Slider), Qt.Key.Key_Right)):
        typed(qtbot, edit, "bananas")
        assert len(sentences(panel, name)) == 1
        qtbot.wait(1)
        assert places(panel) == before
        control = QRect(QPoint(0, 0), panel.widget().size())
        assert said.isVisible() and control.contains(said.geometry())
        assert not said.geometry().intersects(
            QRect(edit.mapTo(panel.widget(), QPoint(0, 0)), edit.size()))
        away()
        assert sentences(panel, name) == []
        assert places(panel) == before


def test_that_an_error_of_a_text_goes_when_the_text_is_right_again(qtbot: QtBot) -> None:
    def check(value: str) -> None:
        if "!" in value:
            raise Unfit("{name} takes no exclamation mark.", name="words")

    @dataclass(frozen=True)
    class Checked:
        words: str = text("one", help="…", check=check)
        more: str = text("two", help="…")

    panel = ControlPanel(
        look(), parameters_of(Checked), Checked(), labels=str, helps=str,
        choice_label=lambda name, value: value, sources=lambda kind: [])
    qtbot.addWidget(panel)
    panel.resize(276, 300)
    panel.show()
    edit, before = part(panel, "words", QLineEdit), places(panel)
    for right in ("one", "three"):  # what it was, and another one
        typed(qtbot, edit, "no!")
        assert sentences(panel, "words") == ["words takes no exclamation mark."]
        assert places(panel) == before
        typed(qtbot, edit, right)
        assert sentences(panel, "words") == []
    typed(qtbot, edit, "no!")
    panel.set_params(Checked(words="four"))
    assert sentences(panel, "words") == [] and edit.text() == "four"


def test_that_a_click_on_a_value_selects_it(panel: ControlPanel, qtbot: QtBot) -> None:
    edit = part(panel, "rate", QLineEdit)
    qtbot.mouseClick(edit, Qt.MouseButton.LeftButton)
    assert edit.selectedText() == "0.01"
    qtbot.keyClicks(edit, "0.5")
    qtbot.mouseClick(edit, Qt.MouseButton.LeftButton)  # in the midst of typing it sets the cursor
    assert edit.selectedText() == ""
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    qtbot.mouseClick(edit, Qt.MouseButton.LeftButton)  # the new value, though the field was not left
    assert edit.selectedText() == "0.5"
    qtbot.mouseClick(edit, Qt.MouseButton.LeftButton)  # the next click points into it
    assert edit.selectedText() == ""
    length = part(panel, "length", QLineEdit)
    qtbot.mouseClick(length, Qt.MouseButton.LeftButton)
    assert length.selectedText() == "60" and edit.selectedText() == ""


def test_that_a_double_click_on_the_name_brings_the_default_back(
    panel: ControlPanel, qtbot: QtBot
) -> None:
    typed(qtbot, part(panel, "rate", QLineEdit), "0.5")
    name = next(one for one in panel.control("rate").findChildren(QLabel)
                if one.text() == "Learning rate")
    with qtbot.waitSignal(panel.changed) as moved:
        qtbot.mouseDClick(name, Qt.MouseButton.LeftButton)
    assert moved.args == ["rate", 0.01]
    assert part(panel, "rate", QLineEdit).text() == "0.01"


def test_that_short_choices_are_buttons_and_long_ones_a_list(
    panel: ControlPanel, qtbot: QtBot
) -> None:
    buttons = panel.control("cell").findChildren(QPushButton)
    assert [one.text() for one in buttons] == ["linear", "tanh", "GRU"]
    assert buttons[1].isChecked()
    with qtbot.waitSignal(panel.changed) as moved:
        qtbot.mouseClick(buttons[0], Qt.MouseButton.LeftButton)
    assert moved.args == ["cell", "linear"]
    combo = part(panel, "task", QComboBox)
    with qtbot.waitSignal(panel.changed) as moved:
        qtbot.keyClick(combo, Qt.Key.Key_Up)
    assert moved.args == ["task", "random readout of the last state"]


def test_that_a_control_appears_with_its_condition(panel: ControlPanel, qtbot: QtBot) -> None:
    assert panel.control("gate").isHidden()
    qtbot.mouseClick(panel.control("cell").findChildren(QPushButton)[2], Qt.MouseButton.LeftButton)
    assert not panel.control("gate").isHidden()
    qtbot.mouseClick(panel.control("cell").findChildren(QPushButton)[0], Qt.MouseButton.LeftButton)
    assert panel.control("gate").isHidden()


def test_that_a_switch_flips(panel: ControlPanel, qtbot: QtBot) -> None:
    toggle = part(panel, "theory", Toggle)
    with qtbot.waitSignal(panel.changed) as moved:
        qtbot.mouseClick(toggle, Qt.MouseButton.LeftButton)
    assert moved.args == ["theory", False]
    with qtbot.waitSignal(panel.changed) as moved:
        qtbot.keyClick(toggle, Qt.Key.Key_Space)
    assert moved.args == ["theory", True]


def test_that_text_counts_on_enter_or_after_a_pause(panel: ControlPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.changed) as moved:
        typed(qtbot, part(panel, "prompt", QLineEdit), "class")
    assert moved.args == ["prompt", "class"]
    paragraph = part(panel, "story", QPlainTextEdit)
    paragraph.selectAll()
    with qtbot.waitSignal(panel.changed, timeout=3000) as moved:
        qtbot.keyClicks(paragraph, "the end")
    assert moved.args == ["story", "the end"]


def test_that_what_is_not_fetched_asks_to_be_and_is_not_chosen(
    panel: ControlPanel, qtbot: QtBot
) -> None:
    combo = part(panel, "corpus", QComboBox)
    assert "fetch" in combo.itemText(1)
    with qtbot.waitSignal(panel.fetch_wanted) as wanted, qtbot.assertNotEmitted(panel.changed):
        qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert wanted.args == ["grimm"] and combo.currentIndex() == 0
    with qtbot.waitSignal(panel.own_wanted) as file:
        qtbot.mouseClick(part(panel, "corpus", QPushButton), Qt.MouseButton.LeftButton)
    assert file.args == ["corpus", "file"]


def test_that_an_own_model_is_a_folder_or_a_file(qtbot: QtBot) -> None:
    @dataclass(frozen=True)
    class WithModel:
        model: str = source("model", "tiny", needs="write", help="Which one writes.")

    asked = []

    def catalogue(one: Parameter) -> list[Option]:
        asked.append((one.source, one.needs))
        return [Option("tiny", "Tiny")]

    panel = ControlPanel(
        look(), parameters_of(WithModel), WithModel(),
        labels=lambda name: name, helps=lambda name: "", choice_label=lambda name, value: value,
        sources=catalogue)
    qtbot.addWidget(panel)
    assert asked == [("model", "write")]
    wanted = []
    panel.own_wanted.connect(lambda name, kind: wanted.append((name, kind)))
    for one in panel.control("model").findChildren(QPushButton):
        qtbot.mouseClick(one, Qt.MouseButton.LeftButton)
    assert wanted == [("model", "folder"), ("model", "file")]


def test_that_what_can_only_be_had_by_name_offers_no_file(qtbot: QtBot) -> None:
    @dataclass(frozen=True)
    class WithNames:
        model: str = source("protein_model", "tiny", own=False, help="Which one reads.")

    panel = ControlPanel(
        look(), parameters_of(WithNames), WithNames(), labels=lambda name: name, helps=lambda name: "",
        choice_label=lambda name, value: value, sources=lambda one: [Option("tiny", "Tiny")])
    qtbot.addWidget(panel)
    assert panel.control("model").findChildren(QPushButton) == []


def test_that_an_own_file_is_shown_by_its_name(panel: ControlPanel) -> None:
    panel.set_params(changed(Params(), corpus="file:C:\\texts\\my diary.txt"))
    assert part(panel, "corpus", QComboBox).currentText() == "my diary.txt"
    panel.refresh_sources()
    assert part(panel, "corpus", QComboBox).currentText() == "my diary.txt"


def test_that_showing_values_says_nothing(panel: ControlPanel, qtbot: QtBot) -> None:
    other = Params(cell="GRU", task="copy the first symbol", rate=0.3, clip=2.0, length=9,
                   theory=False, prompt="x", story="y\nz", seed=4)
    with qtbot.assertNotEmitted(panel.changed, wait=500):
        panel.set_params(other)
    assert part(panel, "length", QLineEdit).text() == "9"
    assert not part(panel, "theory", Toggle).isChecked()


def test_that_everything_can_be_reached_and_has_a_name(panel: ControlPanel) -> None:
    stops = [one for one in panel.widget().findChildren(QWidget)
             if one.focusPolicy() & Qt.FocusPolicy.TabFocus and one.isVisible()
             and not isinstance(one, QLabel)]
    assert len(stops) > 15
    assert [one for one in stops if not one.accessibleName()] == []


def test_that_the_tag_says_live_or_starts_again(panel: ControlPanel) -> None:
    def tags(name: str) -> set[str]:
        return {one.text() for one in panel.control(name).findChildren(QLabel)}
    assert "live" in tags("rate") and "starts again" in tags("clip")
    assert "starts again" in tags("length")


def test_that_the_column_is_never_wider_than_the_page_gives_it(panel: ControlPanel) -> None:
    assert panel.widget().minimumSizeHint().width() <= 276


@pytest.mark.parametrize("name", ["rate", "clip", "length", "few", "seed"])
def test_that_positions_and_values_agree(name: str) -> None:
    one = parameter(Params, name)
    assert at_position(one, 0) == one.low and at_position(one, POSITIONS) == one.high
    for position in range(0, POSITIONS + 1, 37):
        value = at_position(one, position)
        assert one.low <= value <= one.high
        again = at_position(one, position_of(one, value))
        assert again == pytest.approx(value, rel=0.01, abs=1e-9)


def test_that_a_sentence_is_in_the_users_language(qtbot: QtBot) -> None:
    made = ControlPanel(
        look(language="zh"), parameters_of(Params), Params(), labels=lambda name: f"参数{name}",
        helps=lambda name: name, choice_label=lambda name, value: value,
        sources=lambda kind: CATALOGUE)
    qtbot.addWidget(made)
    made.show()
    typed(qtbot, part(made, "length", QLineEdit), "many")
    (sentence,) = sentences(made, "length")
    assert sentence.startswith("参数length") and "整数" in sentence


def test_that_a_control_that_can_change_nothing_says_why_and_still_moves(
    panel: ControlPanel, qtbot: QtBot
) -> None:
    def whispers() -> list[str]:
        return [one.text() for one in panel.control("rate").findChildren(QLabel)]

    slider = part(panel, "rate", Slider)
    assert "live" in whispers()
    panel.set_idle({"rate": "Everybody has settled."})
    assert "Everybody has settled." in whispers() and "live" not in whispers()
    assert slider.property("idle") and slider.isEnabled()
    with qtbot.waitSignal(panel.changed) as moved:
        qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 1, 8))
    assert moved.args == ["rate", 1.0]
    panel.set_idle({})
    assert "live" in whispers() and not slider.property("idle")


def test_that_a_source_names_what_stands_in_for_what_is_not_fetched(panel: ControlPanel) -> None:
    combo = part(panel, "corpus", QComboBox)
    panel.set_params(Params(corpus="grimm"))
    assert combo.currentText() == "Grimm's tales  ·  fetch…"
    panel.set_standing_in({"Grimm's tales": "Python reference"})
    assert combo.currentText() == "Python reference (for Grimm's tales)"
    panel.set_params(Params(corpus="reference"))
    assert "Grimm's tales  ·  fetch…" in [combo.itemText(one) for one in range(combo.count())]


def test_that_of_a_long_text_the_beginning_is_in_sight(panel: ControlPanel, qtbot: QtBot) -> None:
    line = part(panel, "prompt", QLineEdit)
    panel.control("prompt").show_value("the quick brown fox jumps over the lazy dog, twice and again")
    assert line.cursorPosition() == 0
    typed(qtbot, line, "what is typed")
    assert line.cursorPosition() == len("what is typed"), "who types sees where"
