"""What holds for the view of every panel."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget
from trials import moments

from visualizers.catalog import Said, panels
from visualizers.panel import Ghost, Panel, Shown, load
from widgets.base.calm import catch_up
from widgets.theme.look import Look, theme
from widgets.views.view import PanelView

SMALLEST = QSize(740, 550)  # what a page of 1280 × 680 leaves for a view

every_panel = pytest.mark.parametrize("panel", panels(), ids=lambda one: one.id)


@pytest.fixture
def make(qtbot) -> Callable[..., PanelView]:
    """A view that is really laid out, offscreen."""

    def view(panel: Panel, language: str = "en", shade: str = "light", scale: float = 1.0,
             size: QSize = SMALLEST) -> PanelView:
        look = Look(theme(shade), Said(panel, language).words(), scale)
        made: PanelView = load(panel.view)(look)
        qtbot.addWidget(made)
        made.resize(size)
        made.show()
        return made

    return view


def pixels(view: PanelView) -> np.ndarray:
    QApplication.processEvents()
    catch_up(view)
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1).copy()


@every_panel
def test_that_a_view_shows_any_frame_in_any_order(panel, make) -> None:
    start, early, late = moments(panel)
    there_and_back, direct = make(panel), make(panel)
    for shown in (start, late, early, start, early):
        there_and_back.show_frame(shown)
        pixels(there_and_back)
    direct.show_frame(early)
    one, other = pixels(there_and_back), pixels(direct)
    # Ranges that grow in steps may remember; what is drawn must be the same picture all the same.
    assert np.mean(np.abs(one.astype(int) - other.astype(int)) > 40) < 0.02


@every_panel
def test_that_a_view_is_drawn_and_not_empty(panel, make) -> None:
    view = make(panel)
    view.show_frame(moments(panel)[-1])
    assert len(np.unique(pixels(view).view(np.uint32))) > 20


@every_panel
def test_that_a_view_opens_no_window_of_its_own(panel, qapp) -> None:
    """A child that is shown before it has a parent takes the keyboard from the page."""
    class Watch(QObject):
        opened: ClassVar[list[str]] = []

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                self.opened.append(type(watched).__name__)
            return False

    watch = Watch()
    qapp.installEventFilter(watch)
    view = load(panel.view)(Look(theme("light"), Said(panel, "en").words()))
    qapp.removeEventFilter(watch)
    view.deleteLater()
    assert not watch.opened


@every_panel
@pytest.mark.parametrize("language", ["en", "zh"])
def test_that_a_view_says_in_a_sentence_what_it_shows(panel, make, language) -> None:
    view = make(panel, language)
    for shown in moments(panel):
        sentence = view.describe(shown)
        assert any(sign.isdigit() for sign in sentence), sentence
        assert sentence.rstrip()[-1] in ".。", sentence
    if language == "zh":
        assert any("\u4e00" <= sign <= "\u9fff" for sign in sentence)


@every_panel
def test_that_a_pinned_run_appears_behind_the_present_one(panel, make) -> None:
    _, early, late = moments(panel)
    if not panel.trains:
        pytest.skip("runs of a panel without training leave no curve")
    view = make(panel, size=QSize(1600, 1000))  # so that no card is folded away
    view.show_frame(late)
    alone = pixels(view)
    ghost = Ghost("earlier", early.params, early.frame, early.history)
    view.show_frame(Shown(late.frame, late.params, late.history, late.step, (ghost,)))
    assert not np.array_equal(alone, pixels(view))


@every_panel
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_that_a_view_fits_the_smallest_page(panel, make, scale) -> None:
    view = make(panel, scale=scale)
    view.show_frame(moments(panel)[-1])
    QApplication.processEvents()
    least = view.minimumSizeHint()
    assert least.width() <= SMALLEST.width() * scale
    assert least.height() <= SMALLEST.height() * scale


@every_panel
def test_that_nothing_of_a_view_is_left_when_it_is_closed(panel, qapp) -> None:
    shown, look = moments(panel)[-1], Look(theme("light"), Said(panel, "en").words())
    gc.freeze()  # what there was before is not looked through
    view: PanelView = load(panel.view)(look)
    view.resize(SMALLEST)
    view.show()
    view.show_frame(shown)
    qapp.processEvents()
    gone = weakref.ref(view)
    view.close()
    view.deleteLater()
    del view
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()
    gc.collect()
    gc.unfreeze()
    assert gone() is None
