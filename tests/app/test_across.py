"""What connects the lectures: what models do in each field, what a panel rests on, a field's warning."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import pytest
from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from app.files.notebook import notebook
from app.files.settings import Settings
from app.window.home import Home
from app.window.page import Page
from app.window.side import GUIDE
from visualizers import catalog
from visualizers.catalog import LECTURES, Said, panel, panels
from visualizers.panel import Panel
from widgets.theme.look import Look, theme
from widgets.theme.words import LANGUAGES, window_words
from widgets.views.links import Links


@pytest.fixture
def resting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A window in which the small panel rests on another one."""
    from small.l2_networks.tiny import panel as tiny

    upper = dataclasses.replace(tiny.PANEL, rests_on=("second",))
    monkeypatch.setattr(tiny, "PANEL", upper)
    monkeypatch.setattr(catalog, "panel", lambda id: dataclasses.replace(
        upper, id=id, title="Another valley", rests_on=()))
    return request.getfixturevalue("lab")


def shown_link(inside: QWidget) -> Links:
    return next(one for one in inside.findChildren(Links) if one.isVisible())


@pytest.mark.parametrize("place", ["home", "guide"])
def test_that_what_a_panel_rests_on_is_opened_from_the_start_page_and_from_its_guide_by_keys(
    resting: Any, qtbot: Any, place: str
) -> None:
    window = resting(open_panel=place == "guide", count=2)
    if place == "guide":
        window.side.set_tab(GUIDE)
    link = shown_link(window)
    assert link.accessibleName().casefold().replace(":", "") == "rests on another valley"
    for _ in range(60):
        qtbot.keyClick(window.focusWidget() or window, Qt.Key.Key_Tab)
        if window.focusWidget() is link:
            break
    assert window.focusWidget() is link
    qtbot.keyClick(link, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.place == "second")


def test_that_the_tour_hides_what_the_guide_rests_on(resting: Any) -> None:
    window = resting(count=2)
    window.side.set_tab(GUIDE)
    guide = window.side.page(GUIDE)
    assert guide.rests_on.isVisible()
    window.side.show_tour()
    assert not guide.rests_on.isVisible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_the_start_page_says_of_each_lecture_what_models_do_in_its_field(
    qtbot: Any, language: str
) -> None:
    words = window_words(language)
    home = Home(Look(theme("light"), words), panels(), Settings(language=language))
    qtbot.addWidget(home)
    home.resize(1000, 700)
    home.show()
    labels = {one.text(): one for one in home.findChildren(QLabel)}
    for lecture in LECTURES:
        line = labels[words(lecture.does)]
        assert line.isVisible()
        assert line.height() < 2 * line.fontMetrics().height(), f"two lines: {line.text()}"


@pytest.mark.parametrize(("folder", "said"), [
    ("l7_biomedical", "For teaching, not medical advice."), ("l8_legal", "Not legal advice."),
    ("l9_social", "")])
def test_that_a_field_s_warning_stands_on_its_pages_also_on_the_stage_and_with_the_picture_alone(
    lab: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch, folder: str, said: str
) -> None:
    monkeypatch.setattr(Panel, "lecture", folder)
    window = lab()

    def warned() -> bool:
        warning = window.page.warning
        assert warning.text() == said
        return bool(warning.isVisible() and warning.height() >= warning.fontMetrics().height())

    assert warned() == bool(said)
    window.present(QSize(1280, 720))
    assert warned() == bool(said)
    qtbot.keyClick(window, Qt.Key.Key_F11)
    assert warned() == bool(said)


def test_that_a_warning_speaks_the_window_s_language_and_goes_into_the_notebook(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    one = panel("text_cnn")
    assert Said(one, "en").warning == ""
    monkeypatch.setattr(Panel, "lecture", "l7_biomedical")
    assert Said(one, "zh").warning == "仅供教学，不构成医疗建议。"
    assert "not medical advice" in notebook(one, one.params()).cells[0].source


def test_that_a_long_title_and_a_warning_share_the_narrowest_page(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Panel, "lecture", "l7_biomedical")
    monkeypatch.setattr(Said, "title", "A long title of five words")
    page: Page = lab().page
    assert page.head.minimumSizeHint().width() <= 500
    title = next(one for one in page.head.findChildren(QLabel) if one.text().startswith("A long"))
    assert title.width() >= title.fontMetrics().horizontalAdvance(title.text())
    assert page.warning.geometry().right() <= page.head.width()
    assert not title.geometry().intersects(page.warning.geometry())


def test_that_a_page_that_is_built_shows_no_window_of_its_own(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A widget that is shown before it has a parent takes the keyboard away from the window."""
    monkeypatch.setattr(Panel, "lecture", "l7_biomedical")

    class Spy(QObject):
        shown: ClassVar[list[str]] = []

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                self.shown.append(type(watched).__name__)
            return False

    application, spy = QApplication.instance(), Spy()
    assert application is not None
    application.installEventFilter(spy)
    try:
        window = lab()
        window.rebuild()
    finally:
        application.removeEventFilter(spy)
    assert set(Spy.shown) <= {"MainWindow"}
