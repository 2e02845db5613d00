"""Pictures and films of what a page shows."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QIODevice, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from app.session.record import Seen
from visualizers.files import replacing
from visualizers.panel import History, Shown
from visualizers.refusal import Refusal
from widgets.base.calm import catch_up
from widgets.views.view import PanelView


def picture(widget: QWidget, scale: float = 1.0) -> QImage:
    """``widget`` as an image with ``scale`` times its pixels; texts and lines stay sharp."""
    catch_up(widget)
    size = widget.size() * scale
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(scale)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    widget.render(painter, QPoint(), QRegion(), QWidget.RenderFlag.DrawWindowBackground
                  | QWidget.RenderFlag.DrawChildren)
    painter.end()
    return image


def save_image(widget: QWidget, path: Path, scale: float = 2.0) -> None:
    """``widget`` as ``.png`` (at ``scale``) or ``.svg``. Raises ``Refusal``."""
    suffix = path.suffix.lower()
    if suffix not in (".png", ".svg"):
        raise Refusal("A picture is saved as .png or .svg, not as {suffix}.", suffix=suffix or "-")
    data = encoded(picture(widget, scale)) if suffix == ".png" else _svg(widget)
    with replacing(path) as file:
        file.write_bytes(data)


def on_ground(image: QImage, color: QColor) -> QImage:
    """A picture without anything that is seen through."""
    ground = QImage(image.size(), QImage.Format.Format_RGB32)
    ground.fill(color)
    painter = QPainter(ground)
    painter.drawImage(image.rect(), image)  # pixel by pixel
    painter.end()
    return ground


def encoded(image: QImage, kind: str = "PNG", quality: int = -1) -> bytes:
    """A picture as it is written to a file. Qt would write it, too, but not say why it could not."""
    out = QBuffer()
    out.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(out, kind, quality)  # type: ignore[call-overload]
    return bytes(out.data().data())


def _svg(widget: QWidget) -> bytes:
    from PySide6.QtSvg import QSvgGenerator

    catch_up(widget)
    out = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(out)
    generator.setSize(QSize(widget.width(), widget.height()))
    generator.setViewBox(QRect(0, 0, widget.width(), widget.height()))
    generator.setTitle(widget.accessibleName() or "Big Models Lab")
    painter = QPainter(generator)
    widget.render(painter, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    painter.end()
    return bytes(out.data().data())


def save_movie(
    view: PanelView, film: Sequence[Seen], history: History, path: Path,
    *, size: QSize | None = None, frames_per_second: int = 12,
) -> Iterator[tuple[int, int]]:
    """The filmed frames of a run as ``.gif`` or ``.mp4``; yields ``(done, total)`` after each.

    A generator, so that the window stays alive: stop drawing from it and nothing is written.
    ``view`` is a view of the panel's own kind that no page shows.

    Raises:
        Refusal: nothing was filmed, the suffix is neither, or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".gif", ".mp4"):
        raise Refusal("A film is saved as .gif or .mp4, not as {suffix}.", suffix=suffix or "-")
    if not film:
        raise Refusal("Nothing was filmed yet; press Play first.")
    view.resize(size or QSize(960, 640))
    view.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    view.show()
    try:
        with replacing(path) as file, _Film(file, frames_per_second) as out:
            for index, seen in enumerate(film):
                view.show_frame(Shown(seen.frame, seen.params, history.until(seen.step), seen.step,
                                      measured=seen.measured))
                out.add(_pixels(view))
                yield index + 1, len(film)
    finally:
        view.hide()


class _Film:
    """Pictures on their way into a film: each is encoded and written as it comes, and none is kept.

    ``.mp4`` is H.264, which every player and slide program shows; ``.gif`` has a palette for each
    picture.
    """

    MP4 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-pix_fmt", "yuv420p",
           "-movflags", "+faststart")
    GIF = ("-filter_complex", "split[a][b];[a]palettegen=stats_mode=single[p];"
           "[b][p]paletteuse=new=1:dither=none", "-loop", "0")

    def __init__(self, file: Path, frames_per_second: int) -> None:
        self._file, self._rate = file, frames_per_second
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> _Film:
        return self

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """The next picture, (height, width, 3), as large as the first. Raises ``OSError``."""
        if self._process is None:
            self._begin(pixels.shape[1], pixels.shape[0])
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(pixels.data)
        except OSError:
            self._end()
            raise

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._end()
        elif self._process is not None:
            self._process.kill()
            self._close()

    def _begin(self, width: int, height: int) -> None:
        from imageio_ffmpeg import get_ffmpeg_exe

        self._process = subprocess.Popen(
            [get_ffmpeg_exe(), "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
             "-s", f"{width}x{height}", "-r", str(self._rate), "-i", "-",
             *(self.GIF if self._file.suffix.lower() == ".gif" else self.MP4), str(self._file)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0))

    def _end(self) -> None:
        """The last picture has come. Raises ``OSError`` where they did not all get into the file."""
        failed, said = self._close()
        if failed:
            raise OSError(errno.ENOSPC if os.strerror(errno.ENOSPC) in said else errno.EIO, said)

    def _close(self) -> tuple[int, str]:
        """Wait for the encoder's end: its exit status, and what it said about its mistakes."""
        process, self._process = self._process, None
        if process is None:
            return 0, ""
        with contextlib.suppress(OSError):  # what is left in its pipe
            process.stdin.close()  # type: ignore[union-attr]
        with process.stderr as errors:  # type: ignore[union-attr]
            said = errors.read().decode(errors="replace").strip()
        return process.wait(), said


def _pixels(view: QWidget) -> NDArray[np.uint8]:
    """The view as (height, width, 3), both even as films want them, on the page's ground."""
    catch_up(view)
    image = QImage(view.size(), QImage.Format.Format_RGB888)
    image.fill(view.palette().window().color())
    painter = QPainter(image)
    view.render(painter, QPoint())
    painter.end()
    height, width = image.height() // 2 * 2, image.width() // 2 * 2
    flat = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), -1)
    return flat[:height, : 3 * width].reshape(height, width, 3).copy()
