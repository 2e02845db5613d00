"""Guides with formulas, tours, icons and the style sheet."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from looking import look, picture, pixels_of
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QFontDatabase, QIcon, QTextDocument
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from widgets import icons, style
from widgets.guidance import GuideView, TourItem, TourList, formula_image


def test_that_a_formula_is_drawn_in_the_colour_of_text(qtbot: QtBot) -> None:
    for name in ("light", "dark"):
        image = formula_image(look(name), r"\frac{\partial L}{\partial h_t}", ratio=3.0)
        assert image is not None and image.devicePixelRatio() == 3
        bits = np.frombuffer(image.constBits(), np.uint8).reshape(-1, 4)
        solid = bits[bits[:, 3] == 255]
        assert len(solid) > 200
        blue_green_red = look(name).color("text").getRgb()[2::-1]
        assert (solid[:, :3] == blue_green_red).all(1).mean() > 0.9


def test_that_a_guide_shows_its_formulas_and_leaves_code_alone(qtbot: QtBot) -> None:
    guide = GuideView(look())
    qtbot.addWidget(guide)
    guide.resize(260, 500)
    guide.show()
    guide.set_text("# Title\n\nThe norm $\\rho^t$ and `cost $5$`, once more $\\rho^t$.\n\n"
                   "$$\\sum_i x_i$$\n\nIt costs $ 5 or 6 $ today.")
    assert guide._formulas == [r"\rho^t", r"\sum_i x_i"]
    assert guide.toPlainText().count("\ufffc") == 3
    assert "cost $5$" in guide.toPlainText() and "$ 5 or 6 $" in guide.toPlainText()
    assert pixels_of(picture(guide), look().color("text")).sum() > 100


def test_that_a_formula_that_cannot_be_read_is_shown_as_written(qtbot: QtBot) -> None:
    guide = GuideView(look())
    qtbot.addWidget(guide)
    guide.set_text("Broken: $\\frac{$ here.")
    assert "\\frac{" in guide.toPlainText()


def test_that_a_guide_opens_no_file(qtbot: QtBot, tmp_path) -> None:
    guide = GuideView(look())
    qtbot.addWidget(guide)
    file = tmp_path / "picture.png"
    icons.pixmap(look(), "play").save(str(file))
    kind = QTextDocument.ResourceType.ImageResource.value
    assert guide.loadResource(kind, QUrl.fromLocalFile(str(file))) is None


def test_that_a_tour_asks_for_a_step_and_ticks_it(qtbot: QtBot) -> None:
    tour = TourList(look())
    qtbot.addWidget(tour)
    tour.resize(260, 300)
    texts = ["Set the radius to 0.9.", "Choose the LSTM.", "Clip."]
    tour.set_steps([TourItem(text, "todo") for text in texts])
    tour.show()
    with qtbot.waitSignal(tour.run_wanted) as wanted:
        qtbot.mouseClick(tour.buttons()[1], Qt.MouseButton.LeftButton)
    assert wanted.args == [1]
    before, kept = picture(tour), tour.buttons()
    tour.set_steps([TourItem(text, state) for text, state in
                    zip(texts, ("done", "running", "failed"), strict=True)])
    assert (picture(tour) != before).any() and tour.buttons() == kept
    assert not kept[1].isEnabled() and "done" in kept[0].accessibleName()
    tour.set_steps([TourItem("Another.", "todo")])
    assert len(tour.buttons()) == 1


@pytest.mark.parametrize("name", icons.names())
def test_that_every_icon_is_drawn_and_stays_inside(qtbot: QtBot, name: str) -> None:
    for scale in (1.0, 2.0):
        image = icons.pixmap(look(scale=scale), name, size=24).toImage()
        alpha = np.array([[image.pixelColor(x, y).alpha() for x in range(image.width())]
                          for y in range(image.height())])
        assert (alpha > 128).sum() > 20 * scale
        rim = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
        assert rim.max() == 0


def test_that_a_disabled_icon_is_pale(qtbot: QtBot) -> None:
    made = icons.icon(look(), "play")
    images = [made.pixmap(16, 16, mode).toImage() for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled)]
    assert images[0] != images[1]


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_that_the_style_sheet_is_read_whole(
    qtbot: QtBot, name: str, scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before = app.styleSheet(), app.palette(), app.font()
    try:
        style.apply(app, look(name, scale=scale))  # a mistake in it is a Qt warning, which fails
        assert app.font().pixelSize() == round(13 * scale)
        assert app.palette().window().color().name() == look(name).theme.ground
    finally:
        app.setStyleSheet(before[0])
        app.setPalette(before[1])
        app.setFont(before[2])
    sheet = style.stylesheet(look(name, scale=scale))
    assert sheet.count("{") == sheet.count("}")
    for path in re.findall(r"url\((.*?)\)", sheet):
        assert Path(path).read_text().startswith("<svg")


def test_that_a_machine_without_fonts_is_told_which_to_install(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before = app.styleSheet(), app.palette(), app.font()
    monkeypatch.setattr(QFontDatabase, "families", lambda *_: [])
    style._installed.cache_clear()
    try:
        style.apply(app, look())
        said = capsys.readouterr().err
        assert "fonts-dejavu" in said and said.count("\n") == 1
    finally:
        style._installed.cache_clear()
        app.setStyleSheet(before[0])
        app.setPalette(before[1])
        app.setFont(before[2])


@pytest.mark.parametrize("name", ["light", "dark"])
def test_that_texts_stand_out_from_what_they_lie_on(name: str) -> None:
    def luminance(token: str) -> float:
        parts = [p / 255 for p in look(name).color(token).getRgb()[:3]]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for token, ground in (("text", "card"), ("muted", "card"), ("muted", "ground"),
                          ("accent", "card"), ("accent", "accent_wash"), ("on_accent", "accent"),
                          ("warning", "card")):
        a, b = sorted((luminance(token), luminance(ground)))
        assert (b + 0.05) / (a + 0.05) >= 4.5, (token, ground)
