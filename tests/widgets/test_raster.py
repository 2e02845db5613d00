"""Colour tables, averages, discs and paths against what they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor

from widgets.pictures import raster
from widgets.theme.look import theme


def exact_area_mean(matrix: np.ndarray, height: int, width: int) -> np.ndarray:
    """Area averages from integrals, another way than the code's."""
    def weights(have: int, size: int) -> np.ndarray:
        edges = np.linspace(0, have, size + 1)
        grid = np.clip(np.minimum(np.arange(1, have + 1), edges[1:, None])
                       - np.maximum(np.arange(have), edges[:-1, None]), 0, None)
        return grid / grid.sum(axis=1, keepdims=True)

    rows, columns = matrix.shape
    return weights(rows, height) @ matrix @ weights(columns, width).T


def test_that_the_ends_of_a_range_take_the_ends_of_the_table() -> None:
    table = raster.sequential()
    seen = raster.colour(np.array([-5.0, 2.0, 3.0, 9.0]), 2.0, 3.0, table)
    assert (seen[0] == table[0]).all()
    assert (seen[1] == table[0]).all()
    assert (seen[2] == table[255]).all()
    assert (seen[3] == table[255]).all()


def test_that_what_is_no_number_is_transparent() -> None:
    seen = raster.colour(np.array([np.nan, np.inf, -np.inf]), 0.0, 1.0, raster.sequential())
    assert seen[0, 3] == 0
    assert (seen[1] == raster.sequential()[255]).all()
    assert (seen[2] == raster.sequential()[0]).all()


@pytest.mark.parametrize("name", ["light", "dark"])
def test_that_zero_of_a_diverging_table_is_the_card(name: str) -> None:
    here = theme(name)
    low, high = raster.limits(np.array([-1.0, 4.0]), None, None, centred=True)
    assert (low, high) == (-4.0, 4.0)
    zero = raster.colour(np.zeros(1), low, high, raster.diverging(here))[0]
    assert np.abs(zero.astype(int) - raster.rgba(here.card)).max() <= 2
    ends = raster.colour(np.array([-4.0, 4.0]), low, high, raster.diverging(here))
    assert tuple(ends[0]) == raster.rgba(here.series[1])
    assert tuple(ends[1]) == raster.rgba(here.series[0])


def test_that_constant_data_have_a_range() -> None:
    for centred in (False, True):
        low, high = raster.limits(np.zeros((3, 3)), None, None, centred)
        assert low <= 0.0 < high
    assert raster.limits(np.full(3, np.nan), None, None) == (0.0, 1.0)


@pytest.mark.parametrize("size", [(64, 64), (50, 41), (64, 7), (1, 1)])
@pytest.mark.parametrize("kind", [np.float32, np.uint8])
def test_that_shrinking_keeps_the_mean(size: tuple[int, int], kind: type) -> None:
    stack = (np.random.default_rng(0).random((3, 64, 64)) * 255).astype(kind)
    small = raster.resample(stack, *size)
    assert small.shape == (3, *size)
    # A pixel may share the blocks at its edges with its neighbours, so means agree closely.
    assert small.mean() == pytest.approx(stack.mean(), rel=0.02)


@pytest.mark.parametrize("size", [(40, 33), (32, 16), (64, 63), (10, 64)])
def test_that_a_pixel_is_the_mean_over_its_area(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).random((64, 64)).astype(np.float32)
    slope = np.add.outer(np.arange(64.0), np.arange(64.0)).astype(np.float32) / 126
    exact = all(one > 32 or 64 % one == 0 for one in size)  # else blocks at the edges are shared
    for matrix in (noise, slope) if exact else (slope,):
        error = np.abs(raster.resample(matrix[None], *size)[0] - exact_area_mean(matrix, *size))
        assert error.max() < (1e-5 if exact else 0.02)


def test_that_enlarging_repeats_cells() -> None:
    matrix = np.arange(4, dtype=np.float32).reshape(2, 2)
    assert (raster.resample(matrix, 4, 6) == np.kron(matrix, np.ones((2, 3)))).all()


def test_that_a_disc_covers_its_area_and_stays_in_the_buffer() -> None:
    red = np.array([200, 10, 10, 255], np.uint8)
    pixels = np.zeros((40, 50, 4), np.uint8)
    raster.discs(pixels, np.array([20.3]), np.array([15.7]), 6.0, red)
    assert pixels[..., 3].sum() / 255 == pytest.approx(np.pi * 36, rel=0.03)
    assert tuple(pixels[15, 20]) == (200, 10, 10, 255)
    assert pixels[0, 0, 3] == 0


def test_that_discs_over_the_edge_do_not_come_back_on_the_other_side() -> None:
    ink = np.array([0, 0, 200, 255], np.uint8)
    for count in (1, 20_000):  # smooth and whole pixels
        pixels = np.zeros((30, 30, 4), np.uint8)
        x, y = np.full(count, 29.5), np.full(count, 14.5)
        raster.discs(pixels, x, y, 3.0, ink)
        assert pixels[:, 24:, 3].any()
        assert not pixels[:, :20, 3].any()


def test_that_points_that_are_nowhere_are_not_drawn() -> None:
    pixels = np.zeros((20, 20, 4), np.uint8)
    raster.discs(pixels, np.array([np.nan, -50, 10, 1e9]), np.array([5, 5, np.nan, 5]), 2.0,
                 np.full(4, 255, np.uint8))
    assert not pixels.any()


def test_that_the_later_of_two_discs_is_on_top() -> None:
    pixels = np.zeros((20, 20, 4), np.uint8)
    ink = np.array([[255, 0, 0, 255], [0, 255, 0, 255]], np.uint8)
    raster.discs(pixels, np.array([10.1, 10.1]), np.array([10.1, 10.1]), 4.0, ink)
    assert tuple(pixels[10, 10]) == (0, 255, 0, 255)


def test_that_a_soft_edge_mixes_with_what_it_covers() -> None:
    pixels = np.zeros((20, 20, 4), np.uint8)
    pixels[...] = (0, 0, 255, 255)
    raster.discs(pixels, np.array([10.0]), np.array([10.0]), 4.0,
                 np.array([255, 0, 0, 255], np.uint8))
    assert (pixels[..., 3] >= 254).all()
    mixed = (pixels[..., 0] > 20) & (pixels[..., 0] < 235)
    assert mixed.any()
    total = pixels[mixed][:, 0].astype(int) + pixels[mixed][:, 2]
    assert np.abs(total - 255).max() <= 3


def test_that_a_path_has_no_holes_however_steep() -> None:
    index = np.full((30, 100), -1, np.int32)
    y = np.array([[5.0], [95.0], [50.0]], np.float32)
    raster.paths(index, y, np.array([0, 10, 29], np.int32))
    seen = index == 0
    assert seen[:29].any(axis=1).all()
    for column in range(29):
        rows = np.flatnonzero(seen[column])
        assert (np.diff(rows) == 1).all()
    assert seen[0, 5]
    assert seen[10, 95] or seen[9, 95]


def test_that_a_path_with_a_hole_has_a_gap() -> None:
    index = np.full((30, 10), -1, np.int32)
    y = np.array([[5.0], [5.0], [np.nan], [5.0], [5.0]], np.float32)
    raster.paths(index, y, np.array([0, 7, 14, 21, 28], np.int32))
    assert (index[:7] == 0).any(axis=1).all()
    assert (index[7:21] == -1).all()
    assert (index[21:28] == 0).any(axis=1).all()


def test_that_an_image_outlives_its_array() -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[1, 2] = (1, 2, 3, 255)
    image = raster.to_image(pixels)
    pixels[...] = 99
    del pixels
    assert image.pixelColor(2, 1) == QColor(1, 2, 3)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_that_marks_never_melt_into_the_card(name: str) -> None:
    table = raster.luminance(raster.for_points(theme(name))[:, :3])
    card = float(raster.luminance(np.array(raster.rgba(theme(name).card)[:3])))
    contrast = (np.maximum(table, card) + 0.05) / (np.minimum(table, card) + 0.05)
    assert contrast.min() >= 1.5


@pytest.mark.parametrize("legible", [4.5, 7.0])
def test_that_a_figure_on_any_colour_has_its_contrast_or_a_plate(legible: float) -> None:
    colors = np.random.default_rng(0).integers(0, 256, (2000, 3))
    light = raster.luminance(colors)
    for way, value in zip(raster.figures_on(colors, legible).tolist(), light.tolist(), strict=True):
        black, white = (value + 0.05) / 0.05, 1.05 / (value + 0.05)
        if way == raster.PLATE:
            assert max(black, white) < legible
        else:
            assert (black if way == raster.BLACK else white) == max(black, white) >= legible
    assert (raster.figures_on(colors, 4.5) != raster.PLATE).all(), "black or white is always enough for 4.5"
