"""Who gets room, and what folds."""

from __future__ import annotations

import pytest
from looking import look
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from widgets.views.cards import Card, Pane, Switch
from widgets.views.layout import Arrangement, Place, below, beside, shared
from widgets.views.pages import Pages
from widgets.views.view import PanelView


class View(QWidget):
    """Three cards: one above, two below."""

    def __init__(self) -> None:
        super().__init__()
        self.cards = [Card(look()) for _ in range(3)]
        self.switches = [Switch(look(), ["a", "b"]) for _ in self.cards]
        for card, switch in zip(self.cards, self.switches, strict=True):
            card.body.addWidget(switch)
        first, second, third = self.cards
        self.arrangement = Arrangement(look(), below(
            Place(first, "Claim", rank=1, smallest=(300, 150), share=3),
            beside(Place(second, "Second", rank=2, smallest=(250, 120)),
                   Place(third, "Third", rank=3, smallest=(250, 120)), share=2)))
        self.setLayout(self.arrangement)

    def at(self, width: int, height: int) -> View:
        self.resize(width, height)
        QApplication.processEvents()
        return self

    @property
    def seen(self) -> list[int]:
        return [index for index, card in enumerate(self.cards) if card.isVisible()]

    @property
    def tabs(self) -> list[str]:
        strip = self.arrangement.strip
        return [strip.tabText(one) for one in range(strip.count())] if strip.isVisible() else []


@pytest.fixture
def view(qtbot: QtBot) -> View:
    made = View()
    qtbot.addWidget(made)
    made.show()
    return made


def test_that_room_is_shared_and_nobody_gets_less_than_the_least() -> None:
    assert shared(100, [1, 3], [10, 10]) == [25, 75]
    assert shared(100, [1, 9], [30, 10]) == [30, 70]
    assert shared(100, [0, 1], [20, 10]) == [20, 80]  # a bar gets what it asks for, no more
    assert sum(shared(101, [1, 1, 1], [0, 0, 0])) == 101


def test_that_all_cards_are_seen_where_there_is_room(view: View) -> None:
    view.at(700, 500)
    assert view.seen == [0, 1, 2] and not view.tabs
    top, left, right = view.cards
    assert left.height() == right.height() and abs(left.width() - right.width()) <= 1
    assert 1.4 < top.height() / left.height() < 1.6


@pytest.mark.parametrize(("size", "seen", "tabs"), [
    ((480, 500), [0, 1], ["Second", "Third"]),  # too narrow for two side by side
    ((700, 250), [0], ["Claim", "Second", "Third"]),  # too low for two below one another
])
def test_that_the_lower_ranks_fold_into_tabs(
    view: View, size: tuple[int, int], seen: list[int], tabs: list[str]
) -> None:
    view.at(*size)
    assert view.seen == seen and view.tabs == tabs


def test_that_rank_1_keeps_half_of_the_height(view: View) -> None:
    for height in range(220, 700, 20):
        view.at(480, height)
        assert view.cards[0].height() >= height / 2 - 1


def test_that_the_picture_depends_on_the_size_and_not_on_the_sizes_before(view: View) -> None:
    def state() -> list[object]:
        return [view.seen, view.tabs, *(card.geometry() for card in view.cards if card.isVisible())]

    sizes = [(700, 500), (480, 500), (700, 250), (480, 330), (1400, 900)]
    direct = [(view.at(*size), state())[1] for size in sizes]
    again = [(view.at(*size), state())[1] for size in reversed(sizes)]
    assert direct == list(reversed(again))


def test_that_a_chosen_tab_stays_open_and_none_opens_by_itself(view: View, qtbot: QtBot) -> None:
    view.at(480, 500)
    strip = view.arrangement.strip
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.tabRect(1).center())
    QApplication.processEvents()
    assert view.seen == [0, 2]
    assert view.at(700, 500).seen == [0, 1, 2]
    assert view.at(700, 250).seen == [2]
    assert view.at(480, 500).seen == [0, 2]


def test_that_tabs_are_reached_by_keys_and_have_names(view: View, qtbot: QtBot) -> None:
    view.at(480, 500)
    strip = view.arrangement.strip
    assert strip.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert [strip.accessibleTabName(one) for one in range(strip.count())] == ["Second", "Third"]
    strip.setFocus()
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    QApplication.processEvents()
    assert view.seen == [0, 2]


def test_that_a_double_click_fills_the_view_and_a_second_one_shows_all_again(
    view: View, qtbot: QtBot
) -> None:
    view.at(700, 500)
    qtbot.mouseDClick(view.cards[2], Qt.MouseButton.LeftButton)
    assert view.seen == [2] and view.cards[2].size() == QSize(700, 500)
    qtbot.mouseDClick(view.cards[2], Qt.MouseButton.LeftButton)
    assert view.seen == [0, 1, 2]


def test_that_going_to_a_card_opens_its_tab_and_gives_it_the_keyboard(view: View) -> None:
    view.at(480, 500)
    view.activateWindow()
    view.arrangement.go_to(view.arrangement.places[2])
    assert view.seen == [0, 2]
    assert view.arrangement.focused() is view.arrangement.places[2]


def test_that_a_rebuilt_view_keeps_the_open_tab(view: View, qtbot: QtBot) -> None:
    other = View()
    qtbot.addWidget(other)
    other.show()
    view.at(480, 500)
    view.arrangement.go_to(view.arrangement.places[2])
    other.arrangement.keep(view.arrangement)
    assert other.at(480, 500).seen == [0, 2]


def test_that_a_view_never_asks_for_more_than_one_card_needs(view: View) -> None:
    least = view.arrangement.minimumSize()
    assert least.width() == 300 and 150 < least.height() < 220


def test_that_two_cards_of_one_rank_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="rank"):
        Arrangement(look(), beside(Place(Card(look()), "a", 1), Place(Card(look()), "b", 1)))


def test_that_a_bar_is_always_there_and_gives_way_before_a_card_folds(qtbot: QtBot) -> None:
    class Bar(QWidget):
        def sizeHint(self) -> QSize:
            return QSize(100, 60)

    holder, bar, cards = QWidget(), Bar(), [Card(look()), Card(look())]
    bar.setMinimumHeight(30)
    qtbot.addWidget(holder)
    arrangement = Arrangement(look(), below(bar, Place(cards[0], "One", 1, (100, 100)),
                                            Place(cards[1], "Two", 2, (100, 100))))
    holder.setLayout(arrangement)
    holder.show()
    for height, tall, folded in ((400, 60, 0), (312, 30, 0), (216, 60, 2), (175, 30, 2)):
        holder.resize(300, height)
        QApplication.processEvents()
        assert (bar.isVisible(), bar.height(), len(arrangement.folded)) == (True, tall, folded)


def test_that_the_panes_of_a_card_fold_among_themselves(qtbot: QtBot) -> None:
    card, panes = Card(look()), [Pane(look(), Switch(look(), ["a"])) for _ in range(2)]
    inner = QWidget()
    inner.setLayout(Arrangement(look(), below(*(
        Place(pane, f"Pane {rank}", rank, (100, 100)) for rank, pane in enumerate(panes, 1)))))
    card.body.addWidget(inner)
    qtbot.addWidget(card)
    card.show()
    for height, seen in ((300, [True, True]), (190, [True, False])):
        card.resize(300, height)
        QApplication.processEvents()
        assert [pane.isVisible() for pane in panes] == seen
    with qtbot.waitSignal(card.filling):  # a pane leaves the double click to its card
        qtbot.mouseDClick(panes[0], Qt.MouseButton.LeftButton)


def test_that_pages_turn_with_the_parameter_and_a_click_only_asks(qtbot: QtBot) -> None:
    view = PanelView(look())
    qtbot.addWidget(view)
    pages = Pages(view, "beside", {"time": ("Time", QWidget()), "loss": ("Loss", QWidget())})
    with qtbot.waitSignal(view.changed) as changed:
        qtbot.mouseClick(pages.switch.buttons()[1], Qt.MouseButton.LeftButton)
    assert changed.args == ["beside", "loss"]
    assert pages.stack.currentIndex() == 0
    assert pages.show_page("loss") == "loss" and pages.stack.currentIndex() == 1
    assert pages.show_page("no such page") == "time" and pages.switch.index == 0
