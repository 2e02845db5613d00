"""The last picture of each panel: small files beside the settings, shown veiled while a panel prepares.

Nothing depends on them. One that is missing, damaged or too large is as if it had never been there,
and one that cannot be written is not missed.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from PySide6.QtCore import QBuffer, QSize, QTimer
from PySide6.QtGui import QImage, QImageReader
from PySide6.QtWidgets import QWidget

from app.files.export import encoded, on_ground, picture
from visualizers.files import rewriting
from widgets.theme.look import Look

LARGEST = QSize(800, 800)  # pixels of a kept picture
MOST_BYTES = 128 << 10  # of one file
MOST_FILES = 128  # the oldest go; 16 MB at the very most
QUALITY = 80  # of 100
AFTER = 1500  # ms until a picture is written
BEGINS, ENDS = b"\xff\xd8\xff", b"\xff\xd9"  # a JPEG that is whole


class LastPictures:
    """Keeps and finds the pictures of panels in a folder; without one nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._waiting: dict[Path, tuple[Look, QImage]] = {}
        self._later = QTimer(singleShot=True, interval=AFTER)  # not while the next panel opens
        self._later.timeout.connect(self.write)

    def keep(self, panel: str, view: QWidget, look: Look) -> None:
        """Keep how ``view`` looks now, in place of what was kept of this panel."""
        if self.folder is None or view.size().isEmpty():
            return
        self._waiting[self._path(panel, look)] = look, picture(
            view, min(1.0, LARGEST.width() / view.width(), LARGEST.height() / view.height()))
        self._later.start()

    def write(self) -> None:
        """Write what waits."""
        self._later.stop()
        while self._waiting:
            path, (look, image) = self._waiting.popitem()
            self._write(path, look, image)

    def _write(self, path: Path, look: Look, image: QImage) -> None:
        data = encoded(on_ground(image, look.color("ground")), "JPG", QUALITY)
        if not _whole(data):
            return
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with rewriting(path, lasting=False) as file:
                file.write_bytes(data)
            self._forget_oldest()

    def find(self, panel: str, look: Look) -> QImage | None:
        """What was kept of a panel in this theme and language."""
        if self.folder is None:
            return None
        self.write()
        try:
            with self._path(panel, look).open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError:
            return None
        if not _whole(data):
            return None
        buffer = QBuffer()
        buffer.setData(data)
        reader = QImageReader(buffer, b"jpg")
        size = reader.size()  # as the head of the file says: nothing larger is read
        if not size.isValid() or size.boundedTo(LARGEST) != size:
            return None
        image = reader.read()
        return None if image.isNull() else image

    def recent(self, look: Look, most: int) -> list[str]:
        """The panels of which a picture was kept last, the newest first."""
        if self.folder is None:
            return []
        self.write()
        ends = self._path("", look).name
        with contextlib.suppress(OSError):
            kept = sorted(self.folder.glob(f"*{ends}"), key=lambda one: -one.stat().st_mtime)
            return [one.name.removesuffix(ends) for one in kept[:most]]
        return []

    def forget(self) -> None:
        """Delete all of them."""
        self._later.stop()
        self._waiting.clear()
        if self.folder is not None:
            for one in self.folder.glob("*.jpg"):
                with contextlib.suppress(OSError):
                    one.unlink(missing_ok=True)

    def _path(self, panel: str, look: Look) -> Path:
        assert self.folder is not None
        return self.folder / f"{panel}.{look.theme.name}.{look.words.language}.jpg"

    def _forget_oldest(self) -> None:
        assert self.folder is not None
        kept = sorted(self.folder.glob("*.jpg"), key=lambda one: one.stat().st_mtime)
        for one in kept[:-MOST_FILES]:
            one.unlink(missing_ok=True)


def _whole(data: bytes) -> bool:
    """Whether these are the bytes of a kept picture, and no more than may be."""
    return len(data) <= MOST_BYTES and data.startswith(BEGINS) and data.endswith(ENDS)
