"""A tip stands beside what it explains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QPushButton, QToolTip, QTreeWidget, QTreeWidgetItem

from widgets.base.tips import beside, explain, explain_rows

SCREEN = QRect(0, 0, 800, 600)


@pytest.mark.parametrize("around", [
    QRect(10, 10, 200, 30), QRect(700, 560, 90, 30), QRect(0, 0, 800, 560), QRect(0, 0, 300, 600),
    QRect(500, 0, 300, 600)])
def test_that_a_tip_leaves_what_it_explains_free_and_stays_on_the_screen(around: QRect) -> None:
    tip = QRect(beside(around, QSize(240, 30), SCREEN), QSize(240, 30))
    assert SCREEN.contains(tip) and not tip.intersects(around)


def tip_at(widget: Any, place: QPoint) -> QRect:
    QApplication.sendEvent(
        widget, QHelpEvent(QHelpEvent.Type.ToolTip, place, widget.mapToGlobal(place)))
    (label,) = [one for one in QApplication.topLevelWidgets()
                if one.objectName() == "qtooltip_label" and one.isVisible()]
    return label.geometry()


def on_screen(widget: Any, rect: QRect) -> QRect:
    return QRect(widget.mapToGlobal(rect.topLeft()), rect.size())


def test_that_a_button_and_a_row_are_free_of_their_tips(qtbot: Any) -> None:
    button, tree = QPushButton("Pin"), QTreeWidget()
    for one in (button, tree):
        qtbot.addWidget(one)
        one.resize(200, 120)
        one.move(100, 100)
        one.show()
    explain(button, "Keep this run")
    explain(button, "Keep this run as a ghost")  # it may say something else later
    for place in (QPoint(3, 3), QPoint(100, 60), QPoint(190, 110)):
        assert not tip_at(button, place).intersects(on_screen(button, button.rect()))
    assert QToolTip.text() == "Keep this run as a ghost"
    explain_rows(tree)
    row = QTreeWidgetItem(tree, ["LSTM"])
    row.setToolTip(0, "Long short-term memory")
    here = tree.visualItemRect(row)
    tip = tip_at(tree.viewport(), here.center())
    assert QToolTip.text() == "Long short-term memory"
    assert not tip.intersects(on_screen(tree.viewport(), here))
    QToolTip.hideText()
    row.setData(0, Qt.ItemDataRole.ToolTipRole, None)
    QApplication.sendEvent(tree.viewport(), QHelpEvent(
        QHelpEvent.Type.ToolTip, here.center(), tree.viewport().mapToGlobal(here.center())))


def test_that_every_tip_of_the_program_stands_beside_what_it_explains() -> None:
    """A list's rows and a heat map's labels are told where they are; nothing else sets a bare tip."""
    root = Path(__file__).parents[2]
    bare = [f"{file.name}: {line.strip()}" for folder in ("app", "widgets", "visualizers")
            for file in sorted(root.glob(f"{folder}/**/*.py")) for line in
            file.read_text("utf-8").splitlines()
            if ("setToolTip(" in line and not any(one in line for one in ("(0, ", "item.set", '("")')))
            or "QToolTip.showText(" in line]
    assert sorted({one.partition(":")[0] for one in bare}) == ["heatmap.py", "tips.py"], bare
