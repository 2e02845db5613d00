"""Room: at every size of the window, on the desk and on the stage, for every panel.

On the stage, in hall text, what Qt is told to draw is watched as well: no letters lower than a fortieth of
the stage, no line thinner than three pixels or fainter than three to one, nothing that must be scrolled to be
seen. And everywhere letters stand out from the pixels that are really behind them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import wraps
from itertools import combinations
from typing import Any

import pytest
from legible import faint, faint_labels
from PySide6.QtCore import QCoreApplication, QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QTabBar,
    QTextEdit,
    QWidget,
)

from app.headless.picture import window_with
from app.headless.trial import Trial
from app.window.window import MainWindow
from visualizers.catalog import Said, panels
from visualizers.panel import Panel, load
from widgets.controls.controls import ControlPanel
from widgets.pictures.canvas import Scroll
from widgets.pictures.picture import Picture
from widgets.theme import style
from widgets.theme.look import (
    HALL_LINE,
    HALL_TEXT,
    HALL_VISIBLE,
    Look,
    contrast,
    hall_look,
    mixed,
    theme,
)
from widgets.views.layout import Arrangement, TabStrip

Sizes = tuple[tuple[int, int], ...]
SIZES: Sizes = ((960, 600), (1280, 720), (1024, 768), (1920, 1080))
STAGES = SIZES[1:]
SMALLEST = 120  # pixels of a picture, either way
SLACK = 2  # pixels by which letters may reach into the room of others: it is empty there

every_panel = pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)


OUTLINES = ("drawLine", "drawLines", "drawPolyline", "drawPath", "drawRect", "drawRoundedRect",
            "drawEllipse", "drawPolygon", "drawArc")


class Watch:
    """What is painted too small to be seen from the last row."""

    def __init__(self) -> None:
        self.look: Look | None = None  # of hall text; None: nobody watches
        self.stage = 0  # px, its height
        self.small: set[str] = set()

    def begin(self, look: Look, stage: int) -> None:
        self.look, self.stage = look, stage
        self.small.clear()

    def line(self, painter: QPainter) -> None:
        pen, look = painter.pen(), self.look
        if look is None or pen.style() == Qt.PenStyle.NoPen:
            return
        ink, card, who = pen.color(), look.color("card"), sys._getframe(2).f_code
        if not ink.alpha() or ink.rgb() in (card.rgb(), look.color("ground").rgb()):
            return  # a gap between things
        # A long line is drawn as hairlines side by side.
        if pen.widthF() < HALL_LINE and who.co_name != "stroke":
            self.small.add(f"{who.co_qualname} draws a line of {pen.widthF():g} px")
        fill = painter.brush().color() if painter.brush().style() != Qt.BrushStyle.NoBrush else ink
        ratio = max(contrast(mixed(card, one, one.alphaF()), card) for one in (ink, fill))
        if ratio < HALL_VISIBLE - 0.05:
            self.small.add(f"{who.co_qualname} draws a line of {ink.name()} at {ratio:.1f}:1")

    def text(self, painter: QPainter) -> None:
        if self.look is not None and painter.font().pixelSize() * HALL_TEXT < self.stage:
            self.small.add(f"{sys._getframe(2).f_code.co_qualname} writes in {painter.font().pixelSize()} px")


@pytest.fixture(scope="module", autouse=True)
def watch() -> Iterator[Watch]:
    """Pictures keep what they write where, and each painter is watched."""
    watch, before = Watch(), {name: getattr(QPainter, name) for name in (*OUTLINES, "drawText")}

    def watched(draw: Callable[..., Any], look_at: Callable[[QPainter], None]) -> Callable[..., Any]:
        @wraps(draw)
        def drawing(painter: QPainter, *args: Any) -> Any:
            look_at(painter)
            return draw(painter, *args)
        return drawing

    for name, draw in before.items():
        setattr(QPainter, name, watched(draw, watch.text if name == "drawText" else watch.line))
    Picture.recording = True
    yield watch
    Picture.recording = False
    for name, draw in before.items():
        setattr(QPainter, name, draw)


def situations(window: MainWindow, plain: Sizes, presenting: Sizes, watch: Watch) -> Iterator[str]:
    """The same window at each size, on the desk and on the stage, each folded card in front once."""
    for stage, sizes in (("", plain), (" presenting", presenting)):
        for size in sizes:
            if stage:
                window.present(QSize(*size))
                assert window.look.hall
                watch.begin(window.look, size[1])
            else:
                window.resize(*size)
            settle()
            cards = window.page.view.layout()
            folded = cards.folded if isinstance(cards, Arrangement) else ()
            for place in folded or (None,):
                if place is not None:
                    cards.go_to(place)
                    settle()
                window.page.view.grab()
                settle()  # a plot finds out while painting that it needs a legend
                window.page.view.grab()
                tab = f", {place.title}" if place is not None else ""
                yield f"{size[0]}×{size[1]}{stage}{tab}"


def settle() -> None:
    """A layout that finds out about its lines asks for another one."""
    for _ in range(3):
        QApplication.processEvents()


def name_of(widget: QWidget) -> str:
    said = widget.accessibleName() or getattr(widget, "text", str)()
    return f"{type(widget).__name__} “{said[:40]}”"


def seen(parent: QWidget, kind: type[Any]) -> list[Any]:
    return [one for one in parent.findChildren(kind) if one.isVisible()]


def small_pictures(view: QWidget) -> Iterator[str]:
    for one in seen(view, Picture):
        least = one.minimumSize() if one.flat else one.minimumSize().expandedTo(
            QSize(SMALLEST, SMALLEST))
        if one.width() < least.width() or one.height() < least.height():
            yield f"{name_of(one)} has {one.width()}×{one.height()}, not {least.width()}×{least.height()}"


def cut_texts(page: QWidget) -> Iterator[str]:
    for one in seen(page, QLabel):
        if not one.text():
            continue
        if one.wordWrap():
            if one.heightForWidth(one.width()) > one.height() + SLACK:
                yield f"{name_of(one)} has no room for its lines"
        elif one.fontMetrics().horizontalAdvance(one.text()) > one.width() + SLACK \
                or one.fontMetrics().height() > one.height() + SLACK:
            yield f"{name_of(one)} is cut"
    for one in seen(page, QPushButton):
        if one.minimumSizeHint().width() > one.width() + SLACK:
            yield f"{name_of(one)} is cut"
    for strip in seen(page, TabStrip):
        for index in range(strip.count()):
            if not strip.rect().contains(strip.tabRect(index)) \
                    or strip.tabRect(index).width() < strip.fontMetrics().horizontalAdvance(
                        strip.tabText(index)):
                yield f"the tab “{strip.tabText(index)}” is cut"


def overlaps(page: QWidget) -> Iterator[str]:
    """Neighbours that cover each other. Tabs lie on the card that they belong to."""
    for parent in [page, *seen(page, QWidget)]:
        if isinstance(parent, QStackedWidget) or parent.layout() is None:
            continue
        children = [one for one in parent.children() if isinstance(one, QWidget) and one.isVisible()
                    and not isinstance(one, TabStrip) and not one.isWindow()]
        for one, other in combinations(children, 2):
            both = one.geometry() & other.geometry()
            if both.width() > SLACK and both.height() > SLACK:
                yield f"{name_of(one)} and {name_of(other)} overlap by {both.width()}×{both.height()}"
        for one in children:
            outside = not parent.rect().adjusted(-SLACK, -SLACK, SLACK, SLACK).contains(one.geometry())
            if outside and not one.geometry().isEmpty():
                yield f"{name_of(one)} reaches out of its {type(parent).__name__}"


def painted_faults(view: QWidget) -> Iterator[str]:
    for one in seen(view, Picture):
        room = QRectF(one.rect()).adjusted(-SLACK, -SLACK, SLACK, SLACK)
        for text in one.written:
            if not text.whole or not room.contains(text.box):
                yield f"{name_of(one)}: “{text.text}” is cut"
        for a, b in combinations(one.written, 2):
            both = a.box & b.box
            if both.width() > SLACK and both.height() > 2 * SLACK + a.box.height() * 0.2:
                yield f"{name_of(one)}: “{a.text}” and “{b.text}” overlap"


def small_texts(page: QWidget, stage: int) -> Iterator[str]:
    for kind in (QLabel, QAbstractButton, QLineEdit, QTextEdit, QComboBox, QTabBar):
        for one in seen(page, kind):
            if one.font().pixelSize() * HALL_TEXT < stage:
                yield f"{name_of(one)} is written in {one.font().pixelSize()} px"


def scrolling(view: QWidget) -> Iterator[str]:
    """What would have to be scrolled, which nobody in the hall can."""
    for one in seen(view, QAbstractScrollArea):
        if one.verticalScrollBar().maximum() or one.horizontalScrollBar().maximum():
            yield f"{name_of(one)} scrolls"
    for one in seen(view, Picture):
        for value in vars(one).values():
            if isinstance(value, Scroll) and value.length > value.room + SLACK:
                yield f"{name_of(one)} scrolls: {value.length:.0f} px in {value.room:.0f}"


def wide_controls(page: QWidget) -> Iterator[str]:
    """The controls scroll down, not sideways: what is wider than they are would be cut."""
    for controls in page.findChildren(ControlPanel):
        inside, room = controls.widget(), controls.viewport().width()
        if inside.minimumSizeHint().width() > room:
            edges = inside.layout().contentsMargins()
            room -= edges.left() + edges.right()
            wide = [name for name, one in controls.controls() if one.minimumSizeHint().width() > room]
            yield f"the controls {', '.join(wide)} are wider than their column"


def faults(window: MainWindow, watch: Watch) -> Iterator[str]:
    page = window.page
    if window.look.hall:
        yield from sorted(watch.small)
        yield from small_texts(page, watch.stage)
        yield from scrolling(page.view)
    yield from wide_controls(page)
    for check, of in ((small_pictures, page.view), (cut_texts, page), (overlaps, page),
                      (painted_faults, page.view)):
        yield from check(of)
    cards = page.view.layout()
    if not isinstance(cards, Arrangement):
        yield "the view has no Arrangement"
    elif not cards.folded and cards.places[0].card.height() < page.view.height() / 2 - 1:
        yield "the first card has less than half of the height"


@pytest.mark.alone  # in a process that has not seen hundreds of windows
@every_panel
def test_that_every_picture_keeps_its_size_and_every_text_its_room(
    panel: Panel, qtbot: Any, watch: Watch
) -> None:
    trial = Trial(panel)
    trial.train(3)
    shown = trial.shown()
    found: dict[str, list[str]] = {}
    for language, plain, presenting in (("en", SIZES, STAGES), ("zh", SIZES[:1], STAGES[:1])):
        window = window_with(panel, shown, language, "light", QSize(*SIZES[0]))
        qtbot.waitUntil(lambda window=window: bool(window.page and window.page.shown))
        for situation in situations(window, plain, presenting, watch):
            for fault in faults(window, watch):
                found.setdefault(fault, []).append(f"{language} {situation}")
        watch.look = None
        window.close()
        window.deleteLater()
        # Outside of ``exec`` it would stay, and each window that stays makes a style sheet slower.
        QCoreApplication.sendPostedEvents(window, QEvent.Type.DeferredDelete)
    assert not found, "\n".join(f"{fault}: {', '.join(where[:3])}{' …' * (len(where) > 3)}"
                                for fault, where in found.items())


@pytest.mark.alone  # it restyles the whole program
@every_panel
def test_that_letters_and_lines_stand_out_from_what_is_drawn_behind_them(
    panel: Panel, qapp: QApplication, watch: Watch
) -> None:
    trial = Trial(panel)
    trial.train(3)
    shown, words = trial.shown(), Said(panel, "en").words()
    found: dict[str, list[str]] = {}
    for name in ("light", "dark"):
        for look in (Look(theme(name), words), hall_look(name, words, QSize(1280, 720))):
            style.apply(qapp, look)
            view = load(panel.view)(look)
            view.resize(QSize(1240, 600) if look.hall else QSize(900, 560))
            view.show()
            if look.hall:
                watch.begin(look, 0)
            view.show_frame(shown)
            settle()
            cards = view.layout()
            for place in (cards.folded if isinstance(cards, Arrangement) else ()) or (None,):
                if place is not None:
                    cards.go_to(place)
                    settle()
                for fault in (*faint(view, look), *faint_labels(view, look), *sorted(watch.small)):
                    found.setdefault(fault, []).append(f"{name}{' hall' * look.hall}")
            watch.look = None
            watch.small.clear()
            view.deleteLater()
            QCoreApplication.sendPostedEvents(view, QEvent.Type.DeferredDelete)
    assert not found, "\n".join(f"{fault}: {', '.join(sorted(set(where)))}" for fault, where in found.items())
