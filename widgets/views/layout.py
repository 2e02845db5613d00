"""Room: how the cards of a view share it, and which of them fold where there is not enough for all.

A view says once which cards it has, how they stand beside and below one another, and how much each
matters; nothing else of it knows about sizes:

    self.setLayout(Arrangement(look, below(
        Place(top, words("Reach"), rank=1, smallest=(420, 200), share=8),
        beside(Place(left, words("Time"), rank=2), Place(right, words("Figures"), rank=3), share=5))))

Where all have their smallest size, all are seen. Where they have not, those of the lowest ranks become
tabs of one card, as few of them as will do; rank 1 keeps at least half of the height, and is itself one
of the tabs only where there is no room for a second card at all. What is folded follows from the size
and from the tab that was chosen, never from the sizes before: a picture is the same whichever way the
window came to its size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from PySide6.QtCore import QRect, QSignalBlocker, QSize, Qt
from PySide6.QtWidgets import QApplication, QLayout, QTabBar, QVBoxLayout, QWidget

from widgets.base.guard import Guarded
from widgets.theme.look import Look
from widgets.theme.style import font
from widgets.views.cards import Card

GAP = 12  # between cards


@dataclass(frozen=True, eq=False)
class Place:
    """A card, and what it is worth.

    Attributes:
        title: short, for its tab.
        rank: 1 carries the claim; the highest number folds first. No two cards share a rank.
        smallest: width and height in unscaled pixels below which the card is folded rather than shown;
            never less than what its contents say they need.
        share: of the room that is left, among its neighbours.
    """

    card: Card
    title: str
    rank: int
    smallest: tuple[int, int] = (0, 0)
    share: int = 1


@dataclass(frozen=True, eq=False)
class Group:
    """Parts that stand beside (``across``) or below one another."""

    parts: tuple[Part, ...]
    across: bool
    share: int = 1


@dataclass(frozen=True, eq=False)
class _Tabs:
    """Where several folded cards take turns: the place of the first of them."""

    places: tuple[Place, ...]

    @property
    def share(self) -> int:
        return self.places[0].share


# A plain widget is a bar that is always there, such as a row of steps; it gets the height it asks for,
# or its least height before a card is folded for it.
Part: TypeAlias = Place | Group | QWidget
_Node: TypeAlias = Place | Group | _Tabs | QWidget


def beside(*parts: Part, share: int = 1) -> Group:
    """The parts from left to right."""
    return Group(parts, True, share)


def below(*parts: Part, share: int = 1) -> Group:
    """The parts from top to bottom."""
    return Group(parts, False, share)


def shared(room: int, shares: Sequence[int], least: Sequence[int]) -> list[int]:
    """``room`` cut by shares, so that nothing gets less than its least if there is enough for all."""
    found, left, free = list(least), room, set(range(len(shares)))
    while free:
        total = sum(shares[one] for one in free)
        short = {one for one in free if not total or left * shares[one] < least[one] * total}
        if not short:
            edge = 0.0
            for one in sorted(free):
                start, edge = round(edge), edge + left * shares[one] / total
                found[one] = round(edge) - start
            break
        left -= sum(least[one] for one in short)
        free -= short
    return found


class TabStrip(QTabBar):
    """The names of the folded cards; a click, or the arrows after Tab came here, opens one."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setFont(font(look, 12))
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setUsesScrollButtons(False)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("arrows", True)  # whoever walks here with Tab moves from tab to tab
        self.setAccessibleName(look.words("Cards"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setProperty("role", "cards")
        self.setFixedHeight(self.fontMetrics().height() + look.px(11))

    def show_names(self, names: Sequence[str], open_one: int) -> None:
        """Show these tabs with one of them open, without a signal."""
        with QSignalBlocker(self):
            if names != [self.tabText(one) for one in range(self.count())]:
                while self.count():
                    self.removeTab(0)
                for index, name in enumerate(names):
                    self.addTab(name)
                    self.setTabToolTip(index, name)
                    self.setAccessibleTabName(index, name)
            self.setCurrentIndex(open_one)


class Arrangement(Guarded, QVBoxLayout):
    """The layout of a view. Qt keeps the cards as its items; where they are is decided here.

    Attributes:
        places: all cards, by rank.
        folded: those that are tabs now, by rank; empty where there is room for all.
        open: the card whose tab was chosen; it stays chosen while there is room for it unfolded.
        filled: the card that has the whole view, or None.
    """

    def __init__(self, look: Look, tree: Part) -> None:
        super().__init__()
        self.look, self.tree = look, tree
        self.places = tuple(sorted(_places(tree), key=lambda one: one.rank))
        if len({one.rank for one in self.places}) < len(self.places):
            raise ValueError("two cards of a view have the same rank")
        self.open: Place | None = None
        self.filled: Place | None = None
        self.folded: tuple[Place, ...] = ()
        self._low = False  # bars have their least height
        self.strip = TabStrip(look)
        self.strip.hide()
        self._headroom = self.strip.height() + look.px(6)  # above the body of a card that has tabs
        self.strip.currentChanged.connect(self._chosen)
        self.strip.tabBarDoubleClicked.connect(lambda _index: self.fill(self.shown_tab))
        for part in _widgets(tree):
            self.addWidget(part)
        self.addWidget(self.strip)
        for place in self.places:
            place.card.filling.connect(lambda place=place: self.fill(place))

    # --- what the user does ----------------------------------------------------------------------

    @property
    def shown_tab(self) -> Place | None:
        """The open one of the folded cards: the chosen one, else the one of the highest rank."""
        return self.open if self.open in self.folded else next(iter(self.folded), None)

    def _chosen(self, index: int) -> None:
        if 0 <= index < len(self.folded):
            self.open = self.folded[index]
            self.invalidate()

    def go_to(self, place: Place) -> None:
        """Open the tab of a card if it is folded, and give its first picture the keyboard."""
        if self.filled is not None:
            self.filled = place
        if place in self.folded:
            self.open = place
        self.invalidate()
        self.activate()
        if (first := _first_stop(place.card)) is not None:
            first.setFocus(Qt.FocusReason.TabFocusReason)

    def fill(self, place: Place | None) -> None:
        """Give a card the whole view; a second time, or None, shows all again."""
        self.filled = None if place is self.filled else place
        self.invalidate()
        self.activate()

    def focused(self) -> Place:
        """The card that has the keyboard, else the first that is seen."""
        focus, open_one = QApplication.focusWidget(), self.shown_tab
        if open_one is not None and focus is self.strip:
            return open_one
        seen = [one for one in self.places if one not in self.folded or one is open_one]
        return next((one for one in seen if focus is not None and one.card.isAncestorOf(focus)),
                    seen[0])

    @property
    def ranks(self) -> tuple[int, int]:
        """Ranks of the card that fills the view and of the one whose tab was chosen; 0 for none."""
        filled, chosen = (one.rank if one is not None else 0 for one in (self.filled, self.open))
        return filled, chosen

    def set_ranks(self, filled: int, chosen: int) -> None:
        """Fill the view with a card and choose a tab by their ranks; a rank that no card has is none."""
        ranks = {one.rank: one for one in self.places}
        self.filled, self.open = ranks.get(filled), ranks.get(chosen)
        self.invalidate()
        self.activate()

    def keep(self, before: Arrangement) -> None:
        """Choose and fill as another arrangement of the same view did."""
        for place, old in zip(self.places, before.places, strict=True):
            if old is before.open:
                self.open = place
            if old is before.filled:
                self.filled = place
        self.invalidate()

    def sketch(self, rect: QRect) -> list[tuple[str, QRect]]:
        """Titles and rectangles of the cards that would be seen in ``rect``; nothing is moved."""
        return [("   ".join(one.title for one in node.places) if isinstance(node, _Tabs) else node.title,
                 cell) for node, cell in self._cells(rect).items() if not isinstance(node, QWidget)]

    # --- what Qt asks ----------------------------------------------------------------------------

    def setGeometry(self, rect: QRect) -> None:
        QLayout.setGeometry(self, rect)
        cells = self._cells(rect)
        strip = next((one for one in cells if isinstance(one, _Tabs)), None)
        self.folded = strip.places if strip is not None else ()
        at: dict[QWidget, QRect] = {}
        for node, cell in cells.items():
            if isinstance(node, _Tabs):
                assert self.shown_tab is not None
                at[self.shown_tab.card] = cell
                margin = self.look.px(4)
                self.strip.setGeometry(cell.x() + margin, cell.y() + 1, cell.width() - 2 * margin,
                                       self.strip.height())
            else:
                at[node.card if isinstance(node, Place) else node] = cell
        for place in self.places:
            place.card.set_headroom(self._headroom if place in self.folded else 0)
        for widget in _widgets(self.tree):
            if widget in at:
                widget.setGeometry(at[widget])
            _set_visible(widget, widget in at)
        if strip is not None:
            assert self.shown_tab is not None
            self.strip.show_names([one.title for one in self.folded],
                                  self.folded.index(self.shown_tab))
            self.strip.raise_()
        _set_visible(self.strip, strip is not None)

    def minimumSize(self) -> QSize:
        tree = self._reduced(self.places)
        self._low = True
        width = self._least_width(tree)
        return QSize(width, self._least_height(tree, width, 0))

    def sizeHint(self) -> QSize:
        return self.minimumSize().expandedTo(QSize(self.look.px(740), self.look.px(550)))

    def hasHeightForWidth(self) -> bool:
        return False  # what does not fit folds or scrolls; a view never asks its page for more

    # --- who gets what ---------------------------------------------------------------------------

    def _cells(self, rect: QRect) -> dict[Place | _Tabs | QWidget, QRect]:
        """The rectangles of all that is seen at this size."""
        if self.filled is not None:
            return {self.filled: rect}
        tree: _Node = self.tree
        for folding, low in product((0, *range(2, len(self.places) + 1)), (False, True)):
            self._low = low
            tree = self._reduced(self.places[len(self.places) - folding:] if folding else ())
            if self._least_width(tree) <= rect.width() \
                    and self._least_height(tree, rect.width(), rect.height()) <= rect.height():
                break
        return dict(self._placed(tree, rect, rect.height()))

    def _reduced(self, folded: Sequence[Place]) -> _Node:
        """The tree with the folded cards as tabs in the place of the first of them."""
        def reduced(node: Part) -> _Node | None:
            if isinstance(node, Group):
                parts = [one for one in map(reduced, node.parts) if one is not None]
                return Group(tuple(parts), node.across, node.share) if parts else None  # type: ignore[arg-type]
            if isinstance(node, Place) and node in folded:
                return _Tabs(tuple(folded)) if node is folded[0] else None
            return node

        tree = reduced(self.tree)
        assert tree is not None
        return tree

    def _gaps(self, group: Group) -> int:
        return self.look.px(GAP) * (len(group.parts) - 1)

    def _least_width(self, node: _Node) -> int:
        match node:
            case Group():
                widths = [self._least_width(one) for one in node.parts]
                return sum(widths) + self._gaps(node) if node.across else max(widths)
            case _Tabs():
                return max(self._least_width(one) for one in node.places)
            case Place():
                return max(self.look.px(node.smallest[0]), node.card.minimumSizeHint().width())
        return max(node.minimumSizeHint().width(), node.minimumWidth())

    def _least_height(self, node: _Node, width: int, whole: int) -> int:
        """The least height of a part that is so wide, in a view that is ``whole`` high."""
        match node:
            case Group(across=True):
                return max(self._least_height(one, wide, whole)
                           for one, wide in zip(node.parts, self._widths(node, width), strict=True))
            case Group():
                return self._gaps(node) + sum(self._least_height(one, width, whole)
                                              for one in node.parts)
            case _Tabs():
                return max(self._least_height(one, width, whole) + self._headroom
                           - self.look.px(one.card.MARGINS[1]) for one in node.places)
            case Place():
                least = max(self.look.px(node.smallest[1]), _needed(node.card, width) - node.card.headroom)
                return max(least, (whole + 1) // 2) if node is self.places[0] else least
        return max(_needed(node, width), 0 if self._low else node.sizeHint().height())

    def _widths(self, group: Group, width: int) -> list[int]:
        return shared(width - self._gaps(group), [_share(one) for one in group.parts],
                      [self._least_width(one) for one in group.parts])

    def _placed(
        self, node: _Node, rect: QRect, whole: int
    ) -> Iterator[tuple[Place | _Tabs | QWidget, QRect]]:
        if not isinstance(node, Group):
            yield node, rect
            return
        gap, at = self.look.px(GAP), 0
        if node.across:
            for part, wide in zip(node.parts, self._widths(node, rect.width()), strict=True):
                yield from self._placed(
                    part, QRect(rect.x() + at, rect.y(), wide, rect.height()), whole)
                at += wide + gap
        else:
            heights = shared(rect.height() - self._gaps(node), [_share(one) for one in node.parts],
                             [self._least_height(one, rect.width(), whole) for one in node.parts])
            for part, tall in zip(node.parts, heights, strict=True):
                yield from self._placed(
                    part, QRect(rect.x(), rect.y() + at, rect.width(), tall), whole)
                at += tall + gap


def _places(part: Part) -> Iterator[Place]:
    if isinstance(part, Group):
        for one in part.parts:
            yield from _places(one)
    elif isinstance(part, Place):
        yield part


def _widgets(part: Part) -> Iterator[QWidget]:
    """Cards and bars, in the order in which Tab reaches them."""
    if isinstance(part, Group):
        for one in part.parts:
            yield from _widgets(one)
    else:
        yield part.card if isinstance(part, Place) else part


def _share(node: _Node) -> int:
    return 0 if isinstance(node, QWidget) else node.share


def _needed(widget: QWidget, width: int) -> int:
    """The least height that the contents of a widget ask for."""
    least = max(widget.minimumSizeHint().height(), widget.minimumHeight())
    if widget.hasHeightForWidth() and (layout := widget.layout()) is not None:
        least = max(least, layout.minimumHeightForWidth(width))
    return least


def _set_visible(widget: QWidget, visible: bool) -> None:
    if widget.isHidden() == visible:  # else Qt would lay out the page once more
        widget.setVisible(visible)


def _first_stop(card: QWidget) -> QWidget | None:
    """What Tab reaches first inside a card."""
    return next((one for one in card.findChildren(QWidget) if one.isVisibleTo(card)
                 and one.focusPolicy() & Qt.FocusPolicy.TabFocus and one.isEnabled()), None)
