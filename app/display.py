"""Whether a window can be opened here: Qt itself would end the process without a word."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import sys
from pathlib import Path

COMMANDS = ("list", "render", "tour", "lecture", "bench", "data")  # they need no window


def no_display() -> str:
    """Why a window cannot be opened here, in one sentence; empty if it can.

    Qt itself would end the process without a word to the user, so this asks before Qt does.
    """
    without = f"Without a window these work: bigmodels-lab {', '.join(COMMANDS)}."
    wanted = [one.partition(":")[0] for one in os.environ.get("QT_QPA_PLATFORM", "").split(";")]
    if sys.platform.startswith("linux") and set(wanted) <= {"", "xcb", "wayland"}:
        troubles = {}
        if os.environ.get("WAYLAND_DISPLAY") and wanted != ["xcb"]:
            troubles["wayland"] = _wayland_trouble()
        if os.environ.get("DISPLAY") and wanted != ["wayland"] and all(troubles.values()):
            troubles["xcb"] = _x11_trouble()
        if not troubles:
            return f"There is no display here to open a window on. {without}"
        if all(troubles.values()):
            return f"{list(troubles.values())[-1]} {without}"
        if len(troubles) == 2 and wanted == [""]:  # Qt would stay with the first, which is dead
            os.environ["QT_QPA_PLATFORM"] = "xcb"
    try:
        from PySide6 import QtWidgets  # noqa: F401
        from PySide6.QtCore import QLibraryInfo
    except ImportError as error:
        missing = str(error).partition(":")[0]
        return (f"Qt needs a system library that is not here ({missing}); on Debian or Ubuntu: "
                f"sudo apt install libegl1 libgl1 libxkbcommon0 libdbus-1-3. {without}")
    plugins = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms"
    known = [re.sub(r"^(lib)?q", "", one.stem) for one in plugins.glob("*q*")]
    if any(wanted) and not any(name.startswith(one) for one in wanted if one for name in known):
        return (f"QT_QPA_PLATFORM asks for {wanted[0]}, which Qt does not have here: unset it, or set it "
                f"to one of {', '.join(sorted(known))}.")
    return ""


def _wayland_trouble() -> str:
    """What keeps Qt from the compositor that ``$WAYLAND_DISPLAY`` names; empty for nothing."""
    name = os.environ["WAYLAND_DISPLAY"]
    place = os.path.join(os.environ.get("XDG_RUNTIME_DIR", ""), name)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(2)
            one.connect(place)
    except OSError:
        return f"The display {name} does not answer."
    return ""


def _x11_trouble() -> str:
    """What keeps Qt from the X server that ``$DISPLAY`` names; empty for nothing."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
        ctypes.CDLL("libxcb-cursor.so.0")
    except OSError as error:
        return (f"Qt needs a system library that is not here ({str(error).partition(':')[0]}); "
                "on Debian or Ubuntu: sudo apt install libxcb-cursor0 libxkbcommon-x11-0.")
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    broken = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return f"The display {os.environ.get('DISPLAY')} does not answer." if broken else ""
