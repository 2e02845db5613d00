"""The look as Qt understands it: one style sheet, one palette, one font, made from the tokens."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from widgets.theme.look import Look

# Latin first, then Chinese: Qt takes each character from the first family that has it.
FAMILIES = (
    "Inter", "Segoe UI", "SF Pro Text", "Helvetica Neue", "Noto Sans", "DejaVu Sans",
    "PingFang SC", "Microsoft YaHei UI", "Noto Sans CJK SC", "Source Han Sans SC",
    "WenQuanYi Micro Hei",
)
MONO_FAMILIES = (
    "JetBrains Mono", "SF Mono", "Menlo", "Cascadia Mono", "Consolas", "DejaVu Sans Mono",
    "Noto Sans Mono CJK SC", "PingFang SC", "Microsoft YaHei UI", "Noto Sans CJK SC",
)


def font(look: Look, size: float = 13, *, bold: bool = False, mono: bool = False) -> QFont:
    """The font of the interface at ``size`` unscaled pixels."""
    found = QFont()
    found.setFamilies(_installed(MONO_FAMILIES if mono else FAMILIES))
    if mono:
        found.setStyleHint(QFont.StyleHint.Monospace)
    found.setPixelSize(look.text(size))
    found.setBold(bold)
    return found


@cache
def _installed(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Those of ``wanted`` that are here, so that Qt need not look for the others at each text."""
    families = set(QFontDatabase.families())
    return tuple(name for name in wanted if name in families) or (QFont().family(),)


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Python's collector waits until this is over.

    Whoever restyles the whole program lets Qt walk all widgets by bare pointers and call Python on the
    way. A collection there deletes widgets that only a circle of references still holds, and Qt's next
    step is into freed memory.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def apply(app: QApplication, look: Look) -> None:
    """Give the whole program this look: Fusion, palette, font and style sheet."""
    if not QFontDatabase.families():
        print(look.words("No font was found, so text shows as boxes: install a font package such as "
                         "fonts-dejavu, and fonts-noto-cjk for Chinese."), file=sys.stderr)
    with nothing_collected():
        if not app.styleSheet():  # once there is one, it stands before the style and has no name
            app.setStyle("Fusion")
        app.setPalette(_palette(look))
        app.setFont(font(look))
        app.setStyleSheet(stylesheet(look))


def dress(widget: QWidget, look: Look) -> None:
    """Give a widget and what is in it another look than the program has."""
    with nothing_collected():
        widget.setPalette(_palette(look))
        widget.setStyleSheet(stylesheet(look))
        letters = font(look)
        for one in widget.findChildren(QWidget):
            if not one.testAttribute(Qt.WidgetAttribute.WA_SetFont):
                one.setFont(letters)  # a style sheet keeps a font from being handed down


def _palette(look: Look) -> QPalette:
    role, color = QPalette.ColorRole, look.color
    palette = QPalette(color("ground"))
    for which, token in {
        role.Window: "ground", role.Base: "card", role.AlternateBase: "ground",
        role.Button: "card", role.ToolTipBase: "card", role.WindowText: "text",
        role.Text: "text", role.ButtonText: "text", role.ToolTipText: "text",
        role.BrightText: "warning", role.PlaceholderText: "muted", role.Link: "accent",
        role.LinkVisited: "accent", role.Highlight: "accent", role.HighlightedText: "on_accent",
        role.Mid: "hairline", role.Dark: "ghost", role.Light: "card", role.Midlight: "hairline",
        role.Shadow: "hairline", role.Accent: "accent",
    }.items():
        palette.setColor(which, color(token))
    off = QPalette.ColorGroup.Disabled
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(off, which, color("ghost"))
    palette.setColor(off, role.Highlight, color("ghost"))
    return palette


def stylesheet(look: Look) -> str:
    """The style sheet of the whole program, from the tokens, at the look's scale.

    Widgets say what they are by properties: ``role`` (title, heading, muted, quiet, warning, error,
    complaint, accent, bare, roadmap, flow, page), ``segment`` for the buttons of a ``Switch``.
    """
    t, px = look.theme, look.px
    thin, thick = round(look.line(1)), round(look.line(2))
    down, right, tick = (_drawn(look, sign) for sign in ("down", "right", "tick"))
    hover = _mixed(t.card, t.text, 0.04)
    pressed = _mixed(t.card, t.text, 0.09)
    accent_hover = _mixed(t.accent, t.on_accent, 0.12)
    outline = _mixed(t.hairline, t.text, 0.06)

    def inner(size: float) -> int:
        """A padding, of which a thicker border takes its part."""
        return max(0, px(size) - thin + 1)

    handle = px(16)
    groove = px(4)
    return f"""
QToolTip {{ background: {t.card}; color: {t.text}; border: {thin}px solid {t.hairline};
    padding: {px(5)}px {px(7)}px; }}
QMainWindow, QDialog {{ background: {t.ground}; }}

QLabel[role="title"] {{ font-size: {px(20)}px; font-weight: bold; color: {t.text}; }}
QLabel[role="heading"] {{ font-weight: bold; }}
QLabel[role="muted"] {{ color: {t.muted}; }}
QLabel[role="quiet"] {{ color: {t.muted}; font-size: {look.text(11)}px; }}
QLabel[role="warning"], QLabel[role="error"] {{ color: {t.warning}; font-size: {look.text(12)}px; }}
QLabel[role="complaint"] {{ color: {t.warning}; font-size: {look.text(11)}px; background: {t.card};
    border: {thin}px solid {t.warning}; border-radius: {px(4)}px; padding: 0 {px(3)}px; }}
QLabel[role="accent"] {{ color: {t.accent}; }}

QPushButton, QToolButton {{ background: {t.card}; color: {t.text}; border: {thin}px solid {outline};
    border-radius: {px(8)}px; padding: {inner(5)}px {inner(11)}px; min-height: {px(18)}px; }}
QPushButton:hover, QToolButton:hover {{ background: {hover}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {pressed}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {t.accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {t.ghost}; border-color: {t.hairline}; }}
QPushButton:checked, QToolButton:checked {{ background: {t.accent_wash}; color: {t.accent};
    border-color: {t.accent_wash}; }}
QPushButton[role="accent"] {{ background: {t.accent}; color: {t.on_accent};
    border: {thin}px solid {t.accent}; font-weight: bold; padding: {inner(5)}px {inner(16)}px; }}
QPushButton[role="accent"]:hover {{ background: {accent_hover}; border-color: {accent_hover}; }}
QPushButton[role="accent"]:focus {{ border-color: {t.text}; }}
QPushButton[role="accent"]:disabled {{ background: {t.hairline}; border-color: {t.hairline};
    color: {t.muted}; }}
QPushButton[role="bare"], QToolButton[role="bare"] {{ background: transparent;
    border: {thin}px solid transparent; padding: {inner(4)}px {inner(6)}px; }}
QPushButton[role="bare"]:hover, QToolButton[role="bare"]:hover {{ background: {pressed}; }}
QPushButton[role="bare"]:focus, QToolButton[role="bare"]:focus {{ border-color: {t.accent}; }}
QPushButton[role="link"] {{ background: transparent; border: none; color: {t.accent};
    padding: 0; min-height: 0; text-align: left; }}
QPushButton[role="link"]:hover, QPushButton[role="link"]:focus {{ text-decoration: underline; }}
QToolButton::menu-indicator {{ image: none; }}

QPushButton[segment] {{ border-radius: 0; border-left-width: 0; padding: {inner(3)}px {inner(9)}px;
    color: {t.muted}; min-height: {px(16)}px; }}
QPushButton[segment="first"], QPushButton[segment="only"] {{ border-left-width: {thin}px;
    border-top-left-radius: {px(7)}px; border-bottom-left-radius: {px(7)}px; }}
QPushButton[segment="last"], QPushButton[segment="only"] {{
    border-top-right-radius: {px(7)}px; border-bottom-right-radius: {px(7)}px; }}
QPushButton[segment]:checked {{ background: {t.accent_wash}; color: {t.accent};
    border-color: {outline}; }}
QPushButton[segment]:focus {{ color: {t.text}; border-color: {outline};
    background: {pressed}; }}
QPushButton[segment]:checked:focus {{ color: {t.accent}; background: {t.accent_wash};
    text-decoration: underline; }}

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {{
    background: {t.card}; color: {t.text}; border: {thin}px solid {outline};
    border-radius: {px(8)}px; padding: {inner(4)}px {inner(8)}px;
    selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox {{ min-height: {px(20)}px; }}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QComboBox:focus {{
    border-color: {t.accent}; }}
QLineEdit[role="value"] {{ border: {thin}px solid transparent; background: transparent;
    color: {t.muted}; padding: 0 {inner(2)}px; min-height: {inner(18) - thin + 1}px;
    border-radius: {px(5)}px; }}
QLineEdit[role="value"]:hover {{ border-color: {outline}; color: {t.text}; }}
QLineEdit[role="value"]:focus {{ border-color: {t.accent}; color: {t.text}; }}
QPlainTextEdit[role="flow"], QTextEdit[role="flow"], QTextBrowser[role="flow"],
QTextBrowser[role="page"] {{ border: none; border-radius: 0; padding: 0;
    background: transparent; }}
QPlainTextEdit[role="title"] {{ border: {thin}px solid transparent; background: transparent;
    padding: 0 {inner(2)}px; border-radius: {px(5)}px; }}
QPlainTextEdit[role="title"]:hover {{ border-color: {outline}; }}
QPlainTextEdit[role="title"]:focus {{ border-color: {t.accent}; }}
QComboBox::drop-down {{ border: none; width: {px(24)}px; subcontrol-position: center right; }}
QComboBox::down-arrow {{ image: url({down}); width: {px(12)}px; height: {px(12)}px; }}
QComboBox:hover {{ background: {hover}; }}
QComboBox QAbstractItemView {{ background: {t.card}; color: {t.text}; outline: none;
    border: {thin}px solid {t.hairline}; padding: {px(4)}px;
    selection-background-color: {t.accent_wash}; selection-color: {t.accent}; }}
QComboBox QAbstractItemView::item {{ min-height: {px(26)}px; }}
QComboBox QAbstractItemView::item:disabled {{ color: {t.muted}; }}

QSlider {{ min-height: {px(18)}px; }}
QSlider::groove:horizontal {{ height: {groove}px; border-radius: {groove // 2}px;
    background: {t.hairline}; margin: 0; }}
QSlider::sub-page:horizontal {{ background: {t.accent}; border-radius: {groove // 2}px; }}
QSlider::handle:horizontal {{ width: {handle - 2 * thick}px; height: {handle - 2 * thick}px;
    margin: {-(handle - groove) // 2}px 0; border-radius: {handle // 2}px;
    background: {t.card}; border: {thick}px solid {t.accent}; }}
QSlider::handle:horizontal:hover {{ background: {t.accent_wash}; }}
QSlider::handle:horizontal:focus {{ background: {t.accent}; }}
QSlider::sub-page:horizontal:disabled {{ background: {t.ghost}; }}
QLabel[idle="true"] {{ color: {t.muted}; }}
QSlider[idle="true"]::sub-page:horizontal {{ background: {t.ghost}; }}
QSlider[idle="true"]::handle:horizontal {{ border-color: {t.ghost}; }}
QSlider::handle:horizontal:disabled {{ border-color: {t.ghost}; }}

QCheckBox {{ spacing: {px(8)}px; }}
QCheckBox::indicator {{ width: {px(16)}px; height: {px(16)}px; border-radius: {px(4)}px;
    border: {thin}px solid {t.ghost}; background: {t.card}; }}
QCheckBox::indicator:checked {{ background: {t.accent}; border-color: {t.accent};
    image: url({tick}); }}
QCheckBox::indicator:focus {{ border-color: {t.accent}; }}

QTabWidget::pane {{ border: none; }}
QTabBar {{ background: transparent; qproperty-drawBase: 0; }}
QTabBar::tab {{ color: {t.muted}; background: transparent; border: none;
    border-bottom: {thick}px solid transparent; padding: {px(7)}px {px(11)}px; }}
QTabBar[role="cards"]::tab {{ padding: {px(4)}px {px(10)}px; }}
QTabBar::tab:hover {{ color: {t.text}; }}
QTabBar::tab:selected {{ color: {t.accent}; border-bottom-color: {t.accent}; }}
QTabBar::tab:focus {{ color: {t.text}; }}

QTreeView, QListView, QTableView {{ background: transparent; border: none; outline: none;
    show-decoration-selected: 0; alternate-background-color: {t.ground}; }}
QTreeView::item, QListView::item {{ height: {px(26)}px; padding: 0 {px(6)}px;
    border-radius: {px(6)}px; color: {t.text}; }}
QTreeView::item:hover, QListView::item:hover {{ background: {pressed}; }}
QTreeView::item:selected, QListView::item:selected {{ background: {t.accent_wash};
    color: {t.accent}; }}
QTreeView::item:disabled, QListView::item:disabled {{ color: {t.muted}; }}
QTreeView::branch, QTreeView::branch:selected, QTreeView::branch:hover {{
    background: transparent; border-image: none; image: none; }}
QTreeView::branch:has-children:closed {{ image: url({right}); }}
QTreeView::branch:has-children:open {{ image: url({down}); }}
QHeaderView {{ background: transparent; }}
QHeaderView::section {{ background: transparent; color: {t.muted}; border: none;
    border-bottom: {thin}px solid {t.hairline}; padding: {px(4)}px {px(6)}px; }}
QTableView {{ gridline-color: {t.hairline}; selection-background-color: {t.accent_wash};
    selection-color: {t.accent}; }}

QScrollArea {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: {px(8)}px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: {px(8)}px; margin: 0; }}
QScrollBar::handle {{ background: {t.ghost}; border-radius: {px(3)}px; margin: {px(1)}px; }}
QScrollBar::handle:vertical {{ min-height: {px(28)}px; }}
QScrollBar::handle:horizontal {{ min-width: {px(28)}px; }}
QScrollBar::handle:hover {{ background: {t.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}

QProgressBar {{ background: {t.hairline}; border: none; border-radius: {px(3)}px;
    min-height: {px(6)}px; max-height: {px(6)}px; color: transparent; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: {px(3)}px; }}

QMenuBar {{ background: {t.ground}; color: {t.text}; border: none; }}
QMenuBar::item {{ background: transparent; padding: {px(4)}px {px(9)}px;
    border-radius: {px(6)}px; }}
QMenuBar::item:selected {{ background: {t.accent_wash}; color: {t.accent}; }}
QMenu {{ background: {t.card}; color: {t.text}; border: {thin}px solid {t.hairline};
    padding: {px(5)}px; }}
QMenu::item {{ padding: {px(5)}px {px(22)}px {px(5)}px {px(12)}px;
    border-radius: {px(6)}px; }}
QMenu::item:selected {{ background: {t.accent_wash}; color: {t.accent}; }}
QMenu::item:disabled {{ color: {t.muted}; }}
QMenu::separator {{ height: {thin}px; background: {t.hairline}; margin: {px(5)}px; }}
QSplitter::handle {{ background: transparent; }}
QStatusBar {{ background: {t.ground}; color: {t.muted}; }}
QStatusBar::item {{ border: none; }}
"""


def _mixed(first: str, second: str, share: float) -> str:
    """The colour ``share`` of the way from the first colour to the second."""
    a, b = QColor(first), QColor(second)
    return QColor(round(a.red() + share * (b.red() - a.red())),
                  round(a.green() + share * (b.green() - a.green())),
                  round(a.blue() + share * (b.blue() - a.blue()))).name()


def _drawn(look: Look, sign: str) -> str:
    """The path of a small sign: a style sheet takes pictures from files only."""
    return str(resources.files("resources").joinpath(f"icons/{sign}-{look.theme.name}.svg")) \
        .replace("\\", "/")
