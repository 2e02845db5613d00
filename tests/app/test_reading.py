"""A file that can be read in more than one way is asked about, with what it would be."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from app.window.reading import HowRead, is_open
from visualizers.data import Data
from visualizers.data.own import OwnFile
from visualizers.refusal import Refusal
from widgets.theme.look import Look, theme
from widgets.theme.words import window_words

FRENCH = "Où est passé l'élève qui a reçu la lettre à l'école? dit le garçon.\n" * 9
TABLE = [f"{n},{'pos' if n % 2 else 'neg'},\"a day, which was number {n}\",x{n % 3}" for n in range(90)]


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    return made


def opened(window: QWidget, own: OwnFile, kind: str) -> tuple[HowRead, list[OwnFile]]:
    chosen: list[OwnFile] = []
    sheet = HowRead(Look(theme("light"), window_words("en"), 1.0), own, kind, chosen.append, window)
    sheet.open()
    return sheet, chosen


def test_that_letters_are_asked_for_with_what_they_would_be(window: QWidget, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(FRENCH.encode("latin-1"))
    sheet, chosen = opened(window, OwnFile(str(file)), "text")
    assert is_open(OwnFile(str(file)), "text")
    assert sheet.encoding.currentText() == "Windows-1252"
    assert sheet.preview.toPlainText() == FRENCH[:400]
    QTest.keyClick(sheet.encoding, Qt.Key.Key_Down)
    sheet.encoding.activated.emit(sheet.encoding.currentIndex())
    assert sheet.preview.toPlainText() != FRENCH[:400]
    QTest.keyClick(sheet.encoding, Qt.Key.Key_Up)
    QTest.keyClick(sheet, Qt.Key.Key_Return)
    assert [one.encoding for one in chosen] == ["cp1252"]
    assert Data(Path("nowhere")).text(chosen[0].id).text == FRENCH


def test_that_tab_goes_round_within_the_sheet(window: QWidget, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("\n".join(TABLE))
    under = QLineEdit(window)
    under.show()
    sheet, _ = opened(window, OwnFile(str(file)), "labelled")
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
        seen = set()
        for _ in range(9):
            seen.add(window.focusWidget())
            QTest.keyClick(window.focusWidget(), key)
        assert {sheet.encoding, sheet.header, sheet.text, sheet.label, sheet.cells} <= seen
        assert all(sheet.isAncestorOf(one) for one in seen)


def test_that_the_keyboard_goes_to_something_that_is_alive(window: QWidget, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("Plain text.")
    had = QLineEdit(window)
    had.show()
    had.setFocus()
    assert window.focusWidget() is had
    sheet, _ = opened(window, OwnFile(str(file)), "text")
    delete(had)
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert window.focusWidget() in (None, window)


def test_that_a_choice_that_does_not_fit_is_said_and_not_taken(window: QWidget, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(FRENCH.encode("latin-1"))
    sheet, chosen = opened(window, OwnFile(str(file)), "text")
    sheet.encoding.setCurrentText("UTF-8")
    sheet.encoding.activated.emit(sheet.encoding.currentIndex())
    assert "is not in UTF-8" in sheet._problem.text() and not sheet._problem.isHidden()
    QTest.keyClick(sheet, Qt.Key.Key_Return)
    assert not chosen


def test_that_columns_are_asked_for_where_nothing_names_them(window: QWidget, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("\n".join(TABLE))
    own = OwnFile(str(file))
    assert is_open(own, "labelled")
    sheet, chosen = opened(window, own, "labelled")
    assert not sheet.header.isChecked()
    assert sheet.text.currentText() == "#3" and sheet.label.currentIndex() == -1
    assert sheet.cells.item(0, 2).text() == "a day, which was number 0"
    assert sheet.cells.item(0, 2).font().bold() and not sheet.cells.item(0, 1).font().bold()
    sheet._accept()
    assert not chosen and "column" in sheet._problem.text()
    sheet.label.setCurrentIndex(1)
    sheet.label.activated.emit(1)
    assert sheet.cells.item(0, 1).font().bold()
    sheet._accept()
    found = Data(Path("nowhere")).labelled(chosen[0].id)
    assert found.names == ("neg", "pos") and len(found.texts) == 90
    # Opened again, it stands where it was left.
    again, _ = opened(window, OwnFile.of(chosen[0].id), "labelled")
    assert (again.text.currentIndex(), again.label.currentIndex()) == (2, 1)
    again.header.click()
    assert again.text.currentText() == "a day, which was number 0"


@pytest.mark.parametrize(("name", "data", "kind"), [
    ("a.txt", "Plain text, which is clear.\n", "text"),
    ("a.csv", "label,text\n" + "\n".join(TABLE), "labelled"),
    ("a.csv", "text\n" + "\n".join(TABLE), "text"),
])
def test_that_what_is_clear_is_not_asked(tmp_path: Path, name: str, data: str, kind: str) -> None:
    file = tmp_path / name
    file.write_text(data)
    assert not is_open(OwnFile(str(file)), kind)


def test_that_a_binary_file_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(Refusal, match="is not text"):
        is_open(OwnFile(str(file)), "text")
