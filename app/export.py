"""Pictures, tables and films of what a page shows."""

from __future__ import annotations

import csv
import gc
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from app.record import Seen
from visualizers.files import replacing
from visualizers.panel import History, Shown
from visualizers.refusal import Refusal
from widgets.calm import catch_up
from widgets.view import PanelView

FORMATS = {".png": "PNG", ".svg": "SVG", ".csv": "CSV", ".gif": "GIF", ".mp4": "MP4"}


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
    with replacing(path) as file:
        if suffix == ".png":
            if not picture(widget, scale).save(str(file)):
                raise OSError(0, "not written")
        else:
            _save_svg(widget, file)


def _save_svg(widget: QWidget, file: Path) -> None:
    from PySide6.QtSvg import QSvgGenerator

    catch_up(widget)
    generator = QSvgGenerator()
    generator.setFileName(str(file))
    generator.setSize(QSize(widget.width(), widget.height()))
    generator.setViewBox(QRect(0, 0, widget.width(), widget.height()))
    generator.setTitle(widget.accessibleName() or "Big Models Lab")
    painter = QPainter(generator)
    widget.render(painter, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    painter.end()


def save_csv(history: History, path: Path) -> None:
    """The scalars of every step, a line each, empty where one was not measured. Raises ``Refusal``.

    What was measured before the first step is line 0.
    """
    with replacing(path) as file, file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["step", *history.names])
        if history.start:
            writer.writerow([0, *(_cell(history.start.get(name, np.nan)) for name in history.names)])
        columns = [history[name] for name in history.names]
        for step in range(len(history)):
            writer.writerow([step + 1, *(_cell(column[step]) for column in columns)])


def _cell(value: float) -> str:
    return "" if np.isnan(value) else repr(float(value))


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
    import imageio.v3

    suffix = path.suffix.lower()
    if suffix not in (".gif", ".mp4"):
        raise Refusal("A film is saved as .gif or .mp4, not as {suffix}.", suffix=suffix or "-")
    if not film:
        raise Refusal("Nothing was filmed yet; press Play first.")
    view.resize(size or QSize(960, 640))
    view.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    view.show()
    pictures: list[NDArray[np.uint8]] = []
    try:
        for index, seen in enumerate(film):
            view.show_frame(Shown(seen.frame, seen.params, history.until(seen.step), seen.step,
                                  measured=seen.measured))
            pictures.append(_pixels(view))
            yield index + 1, len(film)
    finally:
        view.hide()
    stack = np.stack(pictures)
    with replacing(path) as file:
        if suffix == ".gif":
            imageio.v3.imwrite(file, stack, extension=".gif", duration=1000 // frames_per_second, loop=0)
        else:
            _write_mp4(file, stack, frames_per_second)


def _write_mp4(file: Path, stack: NDArray[np.uint8], frames_per_second: int) -> None:
    """(frames, height, width, 3) as H.264, which every player and slide program shows."""
    from imageio_ffmpeg import write_frames

    with warnings.catch_warnings():  # it leaves closing its pipes to the garbage collector
        warnings.simplefilter("ignore", ResourceWarning)
        writer = write_frames(str(file), (stack.shape[2], stack.shape[1]), fps=frames_per_second,
                              codec="libx264", pix_fmt_out="yuv420p", quality=8, macro_block_size=2,
                              ffmpeg_log_level="error")
        writer.send(None)
        for picture in stack:
            writer.send(np.ascontiguousarray(picture))
        writer.close()
        del writer
        gc.collect()


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
