"""Guides with formulas, tours, icons and the style sheet."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from looking import look, picture, pixels_of
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QFontDatabase, QIcon, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from widgets.theme import icons, style
from widgets.views.guidance import (
    GuideView,
    Question,
    TourItem,
    TourList,
    Verdict,
    formula_image,
)


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


def test_that_every_icon_is_drawn_somewhere() -> None:
    """One that nothing shows is a file to delete."""
    folder = Path(icons.__file__).parents[2]
    files = [file for part in ("app", "widgets") for file in (folder / part).rglob("*.py")]
    said = "".join(file.read_text("utf-8") for file in files)
    assert [name for name in icons.names() if f'"{name}"' not in said] == []


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
        with style.nothing_collected():
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
        with style.nothing_collected():
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


def test_that_no_step_of_a_tour_is_wider_than_the_column(qtbot: QtBot) -> None:
    """A column that is narrower than what is in it would scroll sideways."""
    long = "An answer that is much longer than a line of the column and goes on below it, and further"
    tour = TourList(look())
    qtbot.addWidget(tour)
    tour.set_steps([
        TourItem("Draw CC(=O)OC1=CC=CC=C1C(=O)OCC(=O)OC1=CC=CC=C1 and look", "asked", "", True,
                 Question(long + "?", (long, "yes"), sketch=True)),
        TourItem(long, "done", "CC(=O)OC1=CC=CC=C1C(=O)OCC(=O)OC1=CC=CC=C1", True, None,
                 Verdict(long, "no", long))])
    assert tour.minimumSizeHint().width() <= 242  # of the 276 of the column, less its margins
    tour.resize(242, 900)
    tour.show()
    assert all(one.width() <= 242 for one in tour.box(0).buttons)


def term_spots(guide: GuideView) -> list[tuple[str, str]]:
    """(section, term) of each link to a term, in the order of the text."""
    found, section, block = [], "", guide.document().begin()
    while block.isValid():
        if block.blockFormat().headingLevel():
            section = block.text()
        walk = block.begin()
        while not walk.atEnd():
            href = walk.fragment().charFormat().anchorHref()
            if href.startswith("term:"):
                found.append((section, href.removeprefix("term:")))
            walk += 1
        block = block.next()
    return found


def test_that_the_first_mention_of_a_term_in_a_section_is_underlined(qtbot: QtBot) -> None:
    guide = GuideView(look())
    qtbot.addWidget(guide)
    guide.set_text("## Perplexity\n\nThe **perplexity** in `nats`, the perplexity $softmax$.\n\n"
                   "- Hierarchical softmax, [dropout](https://a.b) and perplexities.\n\n"
                   "## Why\n\nA softmax, twice a softmax; the perplexity in nats. Perplexityless.")
    assert term_spots(guide) == [
        ("Perplexity", "perplexity"), ("Perplexity", "hierarchical-softmax"),
        ("Why", "softmax"), ("Why", "perplexity"), ("Why", "nats")]


def test_that_chinese_terms_are_found_in_running_text(qtbot: QtBot) -> None:
    guide = GuideView(look(language="zh"))
    qtbot.addWidget(guide)
    guide.set_text("## 为什么\n\n分层 softmax 不是 softmax，困惑度用奈特的幂计算；每一轮训练。")
    assert [term for _, term in term_spots(guide)] == [
        "hierarchical-softmax", "softmax", "perplexity", "nats"]


def test_that_a_term_says_what_it_is_and_who_shows_it(qtbot: QtBot) -> None:
    guide = GuideView(look(), shown_in=lambda term: ["A <panel>", *"bcdefgh"] if term == "nats" else [])
    qtbot.addWidget(guide)
    assert guide.explained("nats") == (
        "<b>nats</b><br>The unit of surprise with natural logarithms: −ln p; 0.69 of them are one bit."
        "<br><br>Shown in: A &lt;panel&gt;, b, c, d, e, f…")
    assert "Shown in" not in guide.explained("softmax")


def test_that_a_term_is_reached_read_and_opened_by_keys(qtbot: QtBot) -> None:
    guide = GuideView(look())
    qtbot.addWidget(guide)
    guide.set_text("The softmax, then the perplexity.")
    guide.resize(300, 200)
    guide.show()
    guide.activateWindow()
    guide.setFocus()
    qtbot.waitUntil(guide.hasFocus)
    for term in ("softmax", "perplexity"):
        QTest.keyClick(guide, Qt.Key.Key_Tab)
        qtbot.waitUntil(lambda term=term: f"<b>{term}</b>" in QToolTip.text())
        with qtbot.waitSignal(guide.term_clicked) as clicked:
            QTest.keyClick(guide, Qt.Key.Key_Return)
        assert clicked.args[0] == term
    QToolTip.hideText()


def test_that_pointing_at_a_term_shows_its_sentence(qtbot: QtBot) -> None:
    guide = GuideView(look())
    qtbot.addWidget(guide)
    guide.set_text("softmax")
    guide.resize(300, 200)
    guide.show()
    guide.highlighted.emit(QUrl("term:softmax"))
    qtbot.waitUntil(lambda: "into probabilities" in QToolTip.text())
    guide.highlighted.emit(QUrl())
    qtbot.waitUntil(lambda: not QToolTip.isVisible())
