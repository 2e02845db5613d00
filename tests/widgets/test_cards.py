"""Cards, switches, read-outs and flowing text."""

from __future__ import annotations

from looking import look, picture, pixels_of
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from widgets.pictures.readouts import Readouts, TextFlow
from widgets.views.cards import Card, Switch, column, row


def test_that_a_card_has_round_corners_and_a_hairline(qtbot: QtBot) -> None:
    card = Card(look("dark"))
    qtbot.addWidget(card)
    card.resize(200, 120)
    shot = picture(card)
    assert tuple(shot[60, 100]) == look("dark").color("card").getRgb()[:3]
    assert pixels_of(shot, look("dark").color("hairline"), 4)[0].sum() > 150
    assert tuple(shot[0, 0]) != look("dark").color("card").getRgb()[:3]


def test_that_rows_and_columns_share_their_room(qtbot: QtBot) -> None:
    outer, parts = QWidget(), [QWidget() for _ in range(3)]
    qtbot.addWidget(outer)
    outer.setLayout(column(row(parts[0], parts[1], stretch=(1, 3)), parts[2], stretch=(2, 1)))
    outer.resize(412, 312)
    outer.show()
    assert parts[1].width() == 3 * parts[0].width()
    assert parts[0].height() == 2 * parts[2].height()


def test_that_a_switch_tells_what_was_chosen_and_set_is_silent(qtbot: QtBot) -> None:
    switch = Switch(look(), ["Matrix", "Lines", "Rollout"])
    qtbot.addWidget(switch)
    switch.show()
    with qtbot.waitSignal(switch.chosen) as chosen:
        qtbot.mouseClick(switch.buttons()[1], Qt.MouseButton.LeftButton)
    assert chosen.args == [1] and switch.index == 1
    with qtbot.assertNotEmitted(switch.chosen):
        switch.set(2)
    assert switch.index == 2
    with qtbot.waitSignal(switch.chosen) as chosen:
        qtbot.keyClick(switch.buttons()[0], Qt.Key.Key_Space)
    assert chosen.args == [0]


def test_that_readouts_show_all_figures_and_wrap(qtbot: QtBot) -> None:
    figures = Readouts(look())
    qtbot.addWidget(figures)
    figures.resize(600, figures.height())
    figures.show()
    items = [(f"figure {i}", f"{i}.25") for i in range(6)]
    figures.draw(items)
    one_line = figures.height()
    figures.resize(180, one_line)
    qtbot.waitUntil(lambda: figures.height() >= 3 * one_line)
    assert "figure 5 5.25" in figures.accessibleName()
    places = figures._places()
    assert len({(p.x(), p.y()) for p in places}) == 6


def test_that_neighbours_of_a_running_figure_stand_still(qtbot: QtBot) -> None:
    figures = Readouts(look())
    qtbot.addWidget(figures)
    figures.resize(600, 22)
    figures.draw([("loss", "10.25"), ("accuracy", "3 %")])
    before = figures._places()[1].x()
    figures.draw([("loss", "9.1"), ("accuracy", "4 %")])
    assert figures._places()[1].x() == before


def test_that_text_keeps_its_end_in_sight_unless_the_reader_scrolled(qtbot: QtBot) -> None:
    flow = TextFlow(look(), "Sample", mono=True)
    qtbot.addWidget(flow)
    flow.resize(220, 140)
    flow.show()
    bar, text = flow._edit.verticalScrollBar(), "a line of words\n"
    flow.draw(text * 60)
    assert bar.value() == bar.maximum() > 0
    flow.draw(text * 80)
    assert bar.value() == bar.maximum()
    bar.setValue(3)
    flow.draw(text * 90)
    assert bar.value() == 3 and flow.text == text * 90


def test_that_marks_count_characters_of_any_script(qtbot: QtBot) -> None:
    flow = TextFlow(look(), "Sample")
    qtbot.addWidget(flow)
    flow.resize(300, 200)
    text = "😀 梯度 gradient"
    flow.draw(text, marks=[(2, 4, 0), (5, 13, 1), (900, 910, 2)])
    marked = [one.cursor.selectedText() for one in flow._edit.extraSelections()]
    assert marked == ["梯度", "gradient", ""]
    flow.draw("", marks=[])
    assert flow._edit.toPlainText() == ""


def test_that_a_label_stands_in_a_column_of_its_own(qtbot: QtBot) -> None:
    flow = TextFlow(look(), "Sample", mono=True)
    qtbot.addWidget(flow)
    flow.resize(260, 300)
    flow.show()
    edit = flow._edit

    def lefts() -> list[int]:
        """Where the text of each line on the screen begins."""
        block, found = edit.document().firstBlock(), []
        while block.isValid():
            layout = block.layout()
            for at in range(layout.lineCount()):
                line = layout.lineAt(at)
                text = block.text()[line.textStart() : line.textStart() + line.textLength()]
                start = line.textStart() + (text.index("\t") + 1 if "\t" in text else 0)
                found.append(round(line.cursorToX(start)[0]))
            block = block.next()
        return found

    for first in ("given and written on ", "another line that is written "):  # in place of the one before
        flow.draw_lines([("5", first * 4, 5), ("1,000", "short", 0)])
        marked = [one.cursor.selectedText() for one in edit.extraSelections()]
        assert marked == [first[:5], "", "5", "1,000"]
        assert len(lefts()) >= 4 and max(lefts()) - min(lefts()) <= 1, "what wraps goes on under the text"


def test_that_a_title_can_change_and_vanish(qtbot: QtBot) -> None:
    flow = TextFlow(look(), "Sample")
    qtbot.addWidget(flow)
    flow.show()
    flow.draw("x", title="Step 3")
    assert [one.text() for one in flow.findChildren(QLabel) if one.isVisible()] == ["Step 3"]
    flow.draw("x", title="")
    assert not [one for one in flow.findChildren(QLabel) if one.isVisible()]
