"""Screens that come and go while a test runs: Qt's offscreen platform is told so, and tells the program.

The platform can be configured at any time, but only from C++; ``ctypes`` does what C++ would do. Nothing in
the program knows of it: it hears what it hears when a cable is put in or pulled.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import PySide6
import pytest
import shiboken6
from PySide6.QtCore import QByteArray, QJsonDocument
from PySide6.QtGui import QGuiApplication

RESOURCE = 12  # the place of nativeResourceForIntegration among the virtual functions, after QObject's


def screen(name: str, x: int, width: int, height: int) -> dict[str, Any]:
    """A screen as the platform wants it described."""
    return {"name": name, "x": x, "y": 0, "width": width, "height": height,
            "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}


def set_screens(*screens: dict[str, Any]) -> None:
    """These screens are there from now on; those that are new come, those that are missing go.

    Raises:
        OSError, AttributeError: this build of Qt does not let it.
    """
    libraries = Path(PySide6.__file__).parent / "Qt" / "lib"
    gui, core = (ctypes.CDLL(str(libraries / f"libQt6{name}.so.6")) for name in ("Gui", "Core"))
    find = gui._ZN15QGuiApplication23platformNativeInterfaceEv
    find.restype = ctypes.c_void_p
    interface = find()
    table = ctypes.cast(interface, ctypes.POINTER(ctypes.c_void_p))[0]
    resource = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(
        ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))[RESOURCE])
    name = QByteArray(b"setConfiguration")
    configure = resource(interface, shiboken6.getCppPointer(name)[0])
    if QGuiApplication.platformName() != "offscreen" or not configure:
        raise OSError("this platform's screens cannot be set")
    text = QJsonDocument.fromJson(QByteArray(json.dumps({"screens": screens}).encode()))
    made = (ctypes.c_void_p * 4)()  # room for a QJsonObject
    as_object = core._ZNK13QJsonDocument6objectEv
    as_object.restype = None
    as_object(ctypes.byref(made), ctypes.c_void_p(shiboken6.getCppPointer(text)[0]))
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(configure)(
        ctypes.addressof(made), interface)


LAPTOP = screen("", 0, 800, 800)  # what the platform begins with


def plug(name: str = "hall", width: int = 1920, height: int = 1080) -> None:
    """A second screen beside the laptop's."""
    set_screens(LAPTOP, screen(name, 800, width, height))


def unplug() -> None:
    """Only the laptop's screen is left."""
    set_screens(LAPTOP)


@contextmanager
def plugged() -> Iterator[None]:
    """A second screen for as long as this lasts; where there can be none, the test is skipped."""
    try:
        plug()
    except (OSError, AttributeError) as error:
        pytest.skip(f"no virtual screens here: {error}")
    try:
        yield
    finally:
        unplug()
