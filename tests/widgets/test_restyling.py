"""What happens to widgets that nothing but a circle of references holds when the program is restyled."""

from __future__ import annotations

import os
import subprocess
import sys

RESTYLED = """
import gc

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from widgets.theme import style
from widgets.theme.look import Look, theme
from widgets.theme.words import window_words


class Circle(QWidget):
    def __init__(self):
        super().__init__()
        self.me, self.label = self, QLabel("held by nobody else", self)


class Busy(QWidget):
    '''Python runs while Qt restyles: enough of it, and the collector comes.'''

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange and not made:
            made.extend([] for _ in range(200_000))
        super().changeEvent(event)


app, made = QApplication([]), [None]
style.apply(app, Look(theme("light"), window_words("en"), 1.0))
gc.collect()
gc.set_threshold(100_000)
kept = [Busy() for _ in range(50)]
for _ in range(200):
    circle = Circle()
    circle.show()
    circle.hide()
for one in kept:
    one.show()
del circle
made = []
style.apply(app, Look(theme("dark"), window_words("en"), 1.0))
print("survived")
"""


def test_that_a_collection_on_the_way_does_not_end_the_program() -> None:
    done = subprocess.run([sys.executable, "-c", RESTYLED], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, check=False)
    assert (done.returncode, done.stdout) == (0, "survived\n"), done.stderr[-800:]
