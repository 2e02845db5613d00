"""Series can be told apart by everybody: by colour, and by shape where colour does not do."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from looking import picture, pixels_of
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from widgets.pictures import raster
from widgets.theme import style
from widgets.theme.look import HALL_LINE, Look, Theme, theme
from widgets.theme.marks import MARKS, mark_of, named, paint_marks
from widgets.theme.words import window_words

THEMES = ("light", "dark")
every_theme = pytest.mark.parametrize("one", [
    pytest.param(theme(name, hall), id=f"{name}-{'hall' if hall else 'desk'}")
    for name in THEMES for hall in (False, True)])
SIGHTS = (None, "deuteranomaly", "protanomaly", "tritanomaly")  # at full severity: -anopia
LEAST = 24.0  # CIE76


def seen(color: str, sight: str | None) -> NDArray[np.float64]:
    """A colour in sRGB as it is seen, after Machado, Oliveira and Fernandes (2009)."""
    rgb = np.array(raster.rgba(color)[:3]) / 255
    if sight is None:
        return rgb
    space = {"name": "sRGB1+CVD", "cvd_type": sight, "severity": 100}
    return np.clip(cspace_convert(rgb, space, "sRGB1"), 0, 1)


@pytest.mark.parametrize("sight", SIGHTS)
@every_theme
def test_that_any_two_series_and_the_ghost_look_different_to_everybody(
    one: Theme, sight: str | None
) -> None:
    colors = [*one.series, one.ghost]
    for color, other in itertools.combinations(colors, 2):
        assert deltaE(seen(color, sight), seen(other, sight), "sRGB1", "CIELab") >= LEAST, (color, other)


def contrast(one: str, other: str) -> float:
    """Of two colours, after WCAG 2."""
    a, b = (float(raster.luminance(np.array(raster.rgba(color)[:3]))) for color in (one, other))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


@every_theme
def test_that_series_stand_out_from_the_card(one: Theme) -> None:
    for color in one.series:
        assert contrast(color, one.card) >= 3.0, color


@pytest.mark.parametrize("name", THEMES)
def test_that_hall_text_is_read_and_its_lines_are_seen_from_the_last_row(name: str) -> None:
    hall = theme(name, hall=True)
    for ground in (hall.card, hall.ground, hall.accent_wash):
        for ink in (hall.text, hall.muted, hall.accent, hall.warning):
            assert contrast(ink, ground) >= 7.0, (ink, ground)
    assert contrast(hall.on_accent, hall.accent) >= 7.0
    for ground in (hall.card, hall.ground):
        for ink in hall.series:  # curves are named in their colour
            assert contrast(ink, ground) >= 6.5, (ink, ground)
            assert contrast(ink, hall.card) >= 7.0, ink
        for line in (hall.hairline, hall.ghost):
            assert contrast(line, ground) >= 3.0, (line, ground)


@pytest.mark.parametrize("name", THEMES)
def test_that_a_diverging_map_runs_from_series_2_over_the_card_to_series_1(name: str) -> None:
    table, one = raster.diverging(theme(name)), theme(name)
    assert tuple(table[0]) == raster.rgba(one.series[1])
    assert tuple(table[-1]) == raster.rgba(one.series[0])
    assert np.abs(table[127].astype(int) - raster.rgba(one.card)).max() <= 2


def test_that_every_series_has_a_shape_of_its_own(qtbot: QtBot) -> None:
    assert [mark_of(series) for series in range(5)] == [*MARKS, MARKS[0]]
    assert named(1, "wife") == "■\u00a0wife"
    shapes = []
    for series in range(4):
        sheet = QPixmap(40, 40)
        sheet.fill(QColor("white"))
        painter = QPainter(sheet)
        painter.setBrush(QColor("black"))
        paint_marks(painter, series, [(20.0, 20.0)], 10)
        painter.end()
        label = QLabel()
        label.setPixmap(sheet)
        qtbot.addWidget(label)
        shapes.append(pixels_of(picture(label)[:40, :40], QColor("black"), 120))
    areas = [int(shape.sum()) for shape in shapes]
    assert max(areas) < 1.35 * min(areas), "no class looks weightier than another"
    for one, other in itertools.combinations(shapes, 2):
        assert (one ^ other).sum() > 0.1 * min(areas)


@pytest.mark.parametrize("series", range(4))
def test_that_points_of_a_cloud_have_the_shape_of_their_series(qtbot: QtBot, series: int) -> None:
    """Drawn by arithmetic on pixels or by Qt, it is one shape."""
    sheet = np.zeros((40, 40, 4), np.uint8)
    raster.discs(sheet, np.array([20.0]), np.array([20.0]), 9.0, np.array([0, 0, 0, 255], np.uint8),
                 series)
    drawn = QPixmap(40, 40)
    drawn.fill(QColor("white"))
    painter = QPainter(drawn)
    painter.setBrush(QColor("black"))
    painter.setPen(QColor(0, 0, 0, 0))
    paint_marks(painter, series, [(20.0, 20.0)], 9.0)
    painter.end()
    label = QLabel()
    label.setPixmap(drawn)
    qtbot.addWidget(label)
    other = pixels_of(picture(label)[:40, :40], QColor("black"), 120)
    here = sheet[..., 3] > 127
    assert here.sum() > 150 and (here ^ other).sum() < 0.12 * here.sum()


@every_theme
def test_that_a_style_sheet_has_no_line_thinner_than_its_look_allows(one: Theme) -> None:
    hall = one == theme(one.name, hall=True)
    look = Look(one, window_words("en"), 1.5, hall)
    lines = {int(pixels) for pixels in re.findall(r"(\d+)px solid", style.stylesheet(look))}
    assert min(lines) == (HALL_LINE if hall else 1)
