"""QR codes: a line of text as black squares on white, whatever the theme, because cameras expect it."""

from __future__ import annotations

from PySide6.QtGui import QImage, qRgb

QUIET = 4  # modules of white round the code, as its standard asks for
SLOW = 600  # characters from which on trying all eight masks takes too long


def image(text: str) -> QImage:
    """The code of ``text`` with its quiet zone, one pixel a module: enlarge it without smoothing.

    A line of 2,000 characters, the longest of ``app.files.link``, has 149 modules a side.
    """
    from qrcode.constants import ERROR_CORRECT_L
    from qrcode.main import QRCode

    # What is compressed looks like noise, so that any mask does.
    code = QRCode(error_correction=ERROR_CORRECT_L, border=QUIET,
                  mask_pattern=3 if len(text) > SLOW else None)
    code.add_data(text, optimize=0)
    code.make()
    rows = code.get_matrix()
    made = QImage(len(rows), len(rows), QImage.Format.Format_RGB32)
    made.fill(qRgb(255, 255, 255))
    for y, row in enumerate(rows):
        for x, black in enumerate(row):
            if black:
                made.setPixel(x, y, qRgb(0, 0, 0))
    return made
