"""Molecules: where atoms lie, what is written at them, what is lit, and the keys that reach them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtTest import QTest

from widgets.pictures.molecule import (
    Cell,
    Molecule,
    MoleculeGrid,
    MoleculePicture,
    paint_molecule,
    placed,
)
from widgets.theme.look import Look, theme
from widgets.theme.words import Words


def molecule(**changes: object) -> Molecule:
    """Acetate: CC(=O)[O-], with the charge on the last."""
    parts = {"xy": np.array([[-1.3, -0.75], [0, 0], [0, 1.5], [1.3, -0.75]]),
             "symbols": ("C", "C", "O", "O"), "hydrogens": np.array([3, 0, 0, 0]),
             "charges": np.array([0, 0, 0, -1]), "ends": np.array([[0, 1], [1, 2], [1, 3]]),
             "orders": np.array([1, 2, 1])}
    return Molecule(**(parts | changes))  # type: ignore[arg-type]


@pytest.fixture
def look() -> Look:
    return Look(theme("light"), Words())


def pixels(widget: MoleculeGrid | MoleculePicture) -> np.ndarray:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).copy()


def test_that_carbon_is_a_bare_corner_and_the_rest_is_written() -> None:
    one = molecule()
    assert [one.letters(at) for at in range(4)] == [("", ""), ("", ""), ("O", ""), ("O", "⁻")]
    amine = molecule(symbols=("C", "N", "O", "C"), hydrogens=np.array([3, 2, 1, 3]),
                     charges=np.array([0, 0, 0, 2]))
    assert amine.letters(1) == ("N", "H₂") and amine.letters(2, to_left=True) == ("O", "H")
    assert amine.letters(3) == ("C", "H₃²⁺")
    alone = molecule(xy=np.zeros((1, 2)), symbols=("C",), hydrogens=np.array([4]),
                     charges=np.array([0]), ends=np.zeros((0, 2), int), orders=np.zeros(0, int))
    assert alone.letters(0) == ("C", "H₄")


def test_that_a_molecule_fills_its_area_upright_and_undistorted() -> None:
    area = QRectF(10, 20, 100, 60)
    at = placed(molecule(), area, 1000.0)
    assert area.adjusted(-0.1, -0.1, 0.1, 0.1).contains(QRectF(*at.min(0), *np.ptp(at, axis=0)))
    assert np.isclose(np.ptp(at[:, 1]), 60) or np.isclose(np.ptp(at[:, 0]), 100)
    assert at[2, 1] < at[1, 1], "up in the data is up on the screen"
    assert np.isclose(np.hypot(*(at[1] - at[2])) / 1.5,
                      np.hypot(*(at[0] - at[1])) / np.hypot(1.3, 0.75))
    assert np.hypot(*(placed(molecule(), area, 15.0)[1] - placed(molecule(), area, 15.0)[2])) <= 15.1


def test_that_what_is_written_at_an_atom_stays_within_the_area(look: Look, qtbot: object) -> None:
    written: list[tuple[float, float]] = []

    class Recorder:
        def drawPixmap(self, at: QPointF, label: QPixmap) -> None:
            written.append((at.x(), at.x() + label.deviceIndependentSize().width()))

        def __getattr__(self, _name: str) -> object:
            return lambda *_: None

    amine = molecule(symbols=("N", "C", "O", "N"), hydrogens=np.array([2, 0, 0, 3]), charges=np.zeros(4, int))
    picture = MoleculePicture(look, "")
    qtbot.addWidget(picture)  # type: ignore[attr-defined]
    paint_molecule(picture, Recorder(), amine, QRectF(100, 0, 70, 100))  # type: ignore[arg-type]
    assert len(written) == 3 and min(written)[0] >= 99 and max(right for _, right in written) <= 171


def test_that_the_sign_to_blame_is_lit(look: Look, qtbot: object) -> None:
    grid = MoleculeGrid(look, "")
    grid.resize(300, 160)
    colour = look.ink(1)
    lit = {}
    for where in ((3, 4), (0, 0)):
        grid.draw([Cell("CC(CC", "12.0", 1, lit=where, why="")])
        found = pixels(grid)
        lit[where] = int(((found[..., 2] == colour.red()) & (found[..., 0] == colour.blue())).sum())
    assert lit[3, 4] > lit[0, 0] + 40


def test_that_fewer_cells_are_shown_where_there_is_less_room(look: Look, qtbot: object) -> None:
    grid = MoleculeGrid(look, "A title")
    grid.draw([Cell("CC", str(one), 0, molecule()) for one in range(8)])
    grid.resize(760, 300)
    assert grid.count == 8 and grid.grid == (4, 2)
    grid.resize(300, 240)
    assert grid.count == 4
    boxes = [grid.place(one) for one in range(4)]
    assert all(QRectF(grid.rect()).contains(one) for one in boxes)
    assert not any(a.intersects(b) for at, a in enumerate(boxes) for b in boxes[:at])
    assert all(grid.part_at(box.center().x(), box.center().y()) == at for at, box in enumerate(boxes))


def test_that_a_grid_is_walked_and_chosen_by_keys(look: Look, qtbot: object) -> None:
    grid, chosen = MoleculeGrid(look, ""), []
    grid.clicked.connect(chosen.append)
    grid.resize(760, 300)
    grid.draw([Cell("CC", str(one), 0, molecule()) for one in range(8)], selected=0)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Return):
        QTest.keyClick(grid, key)
    assert chosen == [5] and "CC" in grid.say(5)
    pixels(grid)


def test_that_an_atom_says_what_it_adds(look: Look, qtbot: object) -> None:
    picture, chosen = MoleculePicture(look, ""), []
    picture.clicked.connect(chosen.append)
    picture.resize(240, 200)
    picture.draw(molecule(), [0.5, -0.25, 0.0, 1.0], high=1.0, unit="K")
    assert picture.say(2) == "O   0.00 K" and picture.say(3).startswith("O⁻   +1.00")
    spot = picture.place(3).center()
    assert picture.part_at(spot.x(), spot.y()) == 3
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        QTest.keyClick(picture, key)
    assert chosen == [1]
    with_values = pixels(picture)
    picture.draw(molecule(), [0.0] * 4, high=1.0, unit="K")
    assert not np.array_equal(with_values, pixels(picture))


@pytest.mark.parametrize("orders", [[1, 1, 1], [1, 2, 3], [4, 4, 4]])
def test_that_each_kind_of_bond_is_drawn_otherwise(
    look: Look, qtbot: object, orders: list[int]
) -> None:
    def drawn(kinds: list[int]) -> np.ndarray:
        picture = MoleculePicture(look, "")
        picture.resize(240, 200)
        picture.draw(molecule(orders=np.array(kinds)))
        return pixels(picture)

    assert np.array_equal(drawn(orders), drawn(orders))
    assert not np.array_equal(drawn(orders), drawn([1, 1, 2]))
    one = MoleculePicture(look, "")
    one.resize(240, 200)
    one.draw(None, empty="No molecule")
    assert pixels(one).std() > 0 and one.part_at(10, 10) is None
