"""A moment on paper: its picture, the question that is open, the settings in words, and the way back.

One moment is a ``Leaf`` of plain values; a handout is a list of them. It is written as PDF, a leaf a
page, or as one HTML file that needs nothing else: the pictures are in it, no script is, and it names no
address outside.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any, BinaryIO

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QSize, QSizeF, Qt, QUrl
from PySide6.QtGui import (
    QFont,
    QGuiApplication,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextDocument,
    QTextOption,
)

from app.files import qr
from app.files.export import encoded, on_ground
from app.files.export import picture as pictured
from app.files.lecture import Moment, pinned, spoken
from app.files.link import Handed, line
from app.session.pins import as_shown
from app.session.record import Record
from visualizers.catalog import Said, lecture_of
from visualizers.catalog import panel as find_panel
from visualizers.data import all_sources
from visualizers.data.own import OwnFile
from visualizers.files import replacing
from visualizers.panel import Shown, load
from visualizers.refusal import Refusal
from widgets.controls.parameters import Parameter
from widgets.theme.look import Look, theme
from widgets.theme.numbers import count, quantity
from widgets.theme.style import FAMILIES, MONO_FAMILIES, dress
from widgets.theme.words import Words
from widgets.views.layout import Arrangement
from widgets.views.view import PanelView

SHARP = 1.5  # pixels of a picture on paper for each on the screen
SIZE = QSize(960, 620)  # of a view that is drawn for paper
DOTS = 150  # an inch of the PDF
MARGIN = 15  # mm
LONGEST_VALUE = 160  # characters of a text among the settings
MOST_CHANGES = 6  # that are listed
QR_SHARE = 0.2  # of the width of the page
PICTURE_SHARE = 0.5  # of its height, at most


@dataclass(frozen=True)
class Leaf:
    """All that a page says, in one language.

    Attributes:
        picture: of the view, on its ground.
        settings: names and values; those that differ from the defaults are marked.
        changes: sentences about what was changed on the way.
        facts: the step, the seed, the version.
        link: the line of text that opens it; empty where there is none, and ``why`` says why.
        question, answers: of the tour, where one is open.
        note: for who holds the lecture.
    """

    lecture: str
    title: str
    claim: str
    picture: QImage
    settings: tuple[tuple[str, str, bool], ...]
    facts: tuple[str, ...]
    changes: tuple[str, ...] = ()
    link: str = ""
    why: str = ""
    question: str = ""
    answers: tuple[str, ...] = field(default=())
    note: str = ""


def leaf(said: Said, state: Handed, picture: QImage, *, question: str = "",
         answers: Sequence[str] = (), note: str = "") -> Leaf:
    """The page of a state of a panel, in the language of ``said``."""
    words, lecture = said.words(), lecture_of(said.panel)
    try:
        link, why = line(state), ""
    except Refusal as refusal:
        link, why = "", words.tell(refusal.message, refusal.values)
    facts = [words("step {step}", step=count(state.step))] if said.panel.trains else []
    facts += [words("seed {seed}", seed=str(state.now.seed)),
              words("version {version}", version=state.version)]
    return Leaf(
        f"{lecture.number} {words(lecture.title)}", said.title, said.claim, picture,
        settings(said, state.now), tuple(facts), _changes(said, state), link, why, question,
        tuple(answers), note)


def drawn(said: Said, shown: Shown[Any, Any], stand: Callable[[Arrangement], object]) -> QImage:
    """A panel's picture for paper, which is white: in the light theme and desk text, whatever the window
    looks like. ``stand`` opens and fills its cards."""
    look = Look(theme("light"), said.words())
    view: PanelView = load(said.panel.view)(look)
    view.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    dress(view, look)
    view.resize(SIZE)
    view.show()
    view.show_frame(shown)
    if isinstance(cards := view.layout(), Arrangement):
        stand(cards)
        cards.activate()
    image = on_ground(pictured(view, SHARP), look.color("ground"))
    view.hide()
    view.deleteLater()
    return image


def of_moment(look: Look, moment: Moment, run: Record, number: int, total: int, *,
              notes: bool = False) -> Leaf:
    """The page of a moment of a lecture, drawn from its run; the speaker's notes only if asked for."""
    said = Said(find_panel(moment.panel), look.words.language)
    image = drawn(said, as_shown(run, pinned(moment), said), lambda cards: cards.fill(
        next((one for one in cards.places if one.rank == moment.fill), None)))
    ask, language = moment.question, look.words.language
    state = Handed(moment.panel, run.params, run.changes, run.step, str(run.versions.get("program", "")))
    made = leaf(said, state, image, question="" if ask is None else spoken(ask.say, language),
                answers=() if ask is None else [spoken(one.say, language) for one in ask.answers],
                note=spoken(moment.note, language) if notes else "")
    name = spoken(moment.name, language)
    return replace(made, title=name or made.title,
                   lecture=f"{number} / {total}" + (f" · {made.title}" if name else ""))


def settings(said: Said, params: Any) -> tuple[tuple[str, str, bool], ...]:
    """What the controls show: name, value, and whether it differs from the default."""
    return tuple((said.label(one.name), _value(said, one, getattr(params, one.name)),
                  getattr(params, one.name) != one.default)
                 for one in said.parameters
                 if one.kind != "hidden" and one.name != "seed" and one.shown_for(params))


def _value(said: Said, one: Parameter, value: Any) -> str:
    words = said.words()
    if one.kind == "source":
        source = all_sources().get(value)
        return words(source.title) if source is not None else OwnFile.of(value).name
    if one.unit and value != one.off and not isinstance(value, bool):
        return quantity(value, one.unit, words)
    text = " ".join(said.value(one.name, value).split())
    return text or "–" if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _changes(said: Said, state: Handed) -> tuple[str, ...]:
    """What was changed on the way, a sentence each."""
    words, declared = said.words(), {one.name: one for one in said.parameters}
    told = []
    for change in state.changes:
        values = [f"{said.label(name)} {_value(said, declared[name], value)}"
                  for name, value in change.values.items() if declared[name].kind != "hidden"]
        if values and change.step:
            told.append(words("From step {step} on: {values}.", step=count(change.step),
                              values=words(", ").join(values)))
    if len(told) > MOST_CHANGES:
        rest = words("And {count} changes before these.", count=count(len(told) - MOST_CHANGES))
        told = [rest, *told[-MOST_CHANGES:]]
    return tuple(told)


# --- HTML ----------------------------------------------------------------------------------------

INK, QUIET = "#1d2430", "#667085"  # on paper in every theme
STYLE = """
body { font-family: FAMILIES, sans-serif; background: #ffffff; }
.page { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
.page + .page { border-top: 1px solid #e3e6ea; padding-top: 2rem; }
.picture { width: 100%; height: auto; border: 1px solid #e3e6ea; }
.code { overflow-wrap: anywhere; }
.qr { image-rendering: pixelated; width: 11rem; height: auto; }
@media print { .page { margin: 0 auto; border: none; break-after: page; } }
"""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def head(words: Words, title: str) -> str:
    """What stands before the pages."""
    style = STYLE.replace("FAMILIES", ", ".join(f"'{one}'" for one in FAMILIES))
    language = "zh-Hans" if words.language == "zh" else words.language
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head>\n<body>\n")


def _data(image: QImage) -> str:
    return "data:image/png;base64," + base64.b64encode(encoded(image)).decode()


def body(one: Leaf, words: Words, picture: str, code: str, width: int = 0, qr_width: int = 0) -> str:
    """A page's own HTML, as browsers and Qt's text documents both show it.

    Args:
        picture, code: addresses of the images.
        width, qr_width: of the images in pixels; browsers fit them by themselves.
    """
    mono = ", ".join(f"'{name}'" for name in MONO_FAMILIES)
    quiet = f'style="color: {QUIET}; font-size: 9pt; margin: 0 0 4px 0"'
    parts = [
        f"<p {quiet}>{escape(one.lecture)}</p>",
        f'<h1 style="font-size: 19pt; margin: 0 0 4px 0">{escape(one.title)}</h1>',
        f'<p style="font-size: 11pt; margin: 0 0 12px 0">{escape(one.claim)}</p>',
        f'<p style="margin: 0 0 10px 0"><img class="picture" src="{picture}" '
        f'alt="{escape(one.title)}"{f" width={chr(34)}{width}{chr(34)}" if width else ""}></p>',
    ]
    if one.question:
        parts.append(f'<p style="font-size: 13pt; margin: 6px 0 4px 0"><b>{escape(one.question)}</b></p>')
        parts += [f'<p style="font-size: 11pt; margin: 0 0 2px 20px">{number}. {escape(answer)}</p>'
                  for number, answer in enumerate(one.answers, 1)]
    if one.note:
        parts.append(f'<p style="font-size: 11pt; margin: 6px 0 6px 0">{escape(one.note)}</p>')
    rows = []
    for name, value, differs in one.settings:
        shown = f"<b>{escape(value)}</b>" if differs else escape(value)
        rows.append(f'<td style="padding: 1px 14px 1px 0; color: {QUIET}">{escape(name)}</td>'
                    f'<td style="padding: 1px 34px 1px 0">{shown}</td>')
    paired = [" ".join(rows[index:index + 2]) for index in range(0, len(rows), 2)]
    parts.append('<table style="font-size: 10pt; margin: 8px 0 8px 0" cellspacing="0">'
                 + "".join(f"<tr>{row}</tr>" for row in paired) + "</table>")
    parts += [f"<p {quiet}>{escape(change)}</p>" for change in one.changes]
    parts.append(f'<p style="font-size: 10pt; margin: 4px 0 8px 0">{escape(" · ".join(one.facts))}</p>')
    if one.link:
        sized = f' width="{qr_width}"' if qr_width else ""
        how = words("Paste this line into Big Models Lab with Ctrl+V, or scan it:")
        parts.append(
            '<table width="100%" cellspacing="0"><tr>'
            f'<td style="padding: 0 16px 0 0; vertical-align: top"><p {quiet}>{escape(how)}</p>'
            f'<p class="code" style="font-family: {mono}; font-size: 8pt; margin: 0">'
            f"{escape(one.link)}</p></td>"
            f'<td align="right" width="1%"><img class="qr" src="{code}" alt="QR"{sized}></td>'
            "</tr></table>")
    elif one.why:
        parts.append(f"<p {quiet}>{escape(one.why)}</p>")
    return f'<div style="color: {INK}">' + "\n".join(parts) + "</div>"


# --- files ---------------------------------------------------------------------------------------


def save(
    leaves: Iterable[Leaf], total: int, path: Path, words: Words, title: str
) -> Generator[tuple[int, int], None, None]:
    """Write so many leaves as ``.pdf`` or ``.html``, each when it comes; yields ``(done, total)`` after
    each.

    A generator, so that the window stays alive: stop drawing from it and nothing is written.

    Raises:
        Refusal: the suffix is neither, or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".pdf", ".html"):
        raise Refusal("A page is saved as .pdf or .html, not as {suffix}.", suffix=suffix or "-")
    with replacing(path) as file, file.open("wb") as out:
        pages = _pdf(leaves, out, words, title) if suffix == ".pdf" else \
            _html(leaves, out, words, title)
        for done, _ in enumerate(pages, 1):
            yield done, total


def _html(leaves: Iterable[Leaf], out: BinaryIO, words: Words, title: str) -> Iterator[None]:
    out.write(head(words, title).encode())
    for one in leaves:
        code = _data(qr.image(one.link)) if one.link else ""
        out.write(f'<div class="page">{body(one, words, _data(one.picture), code)}</div>\n'.encode())
        yield
    out.write(b"</body></html>\n")


def _pdf(leaves: Iterable[Leaf], out: BinaryIO, words: Words, title: str) -> Iterator[None]:
    data = QBuffer()  # Qt would write it, too, but not say why it could not
    data.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(data)
    writer.setResolution(DOTS)
    writer.setTitle(title)
    writer.setCreator("Big Models Lab")
    writer.setPageLayout(QPageLayout(
        QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait,
        QMarginsF(MARGIN, MARGIN, MARGIN, MARGIN), QPageLayout.Unit.Millimeter))
    painter = QPainter(writer)
    try:
        for index, one in enumerate(leaves):
            if index:
                writer.newPage()
            _document(one, words, writer).drawContents(painter)
            yield
    finally:
        painter.end()
    out.write(bytes(data.data().data()))


def _document(one: Leaf, words: Words, writer: QPdfWriter) -> QTextDocument:
    """A page that fits on one sheet: where there is much to say, the picture is smaller."""
    page = QSizeF(writer.width(), writer.height())
    document = QTextDocument()
    document.documentLayout().setPaintDevice(writer)
    document.setDocumentMargin(0)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    document.setDefaultTextOption(option)
    chosen = QFont()
    chosen.setFamilies(FAMILIES)
    document.setDefaultFont(chosen)
    document.setTextWidth(page.width())
    document.addResource(QTextDocument.ResourceType.ImageResource, QUrl("picture"), one.picture)
    if one.link:
        code = qr.image(one.link)
        larger = max(1, round(QR_SHARE * page.width() / code.width()))
        document.addResource(QTextDocument.ResourceType.ImageResource, QUrl("code"), code.scaled(
            code.size() * larger, Qt.AspectRatioMode.KeepAspectRatio))
    ratio = one.picture.width() / max(1, one.picture.height())
    inch = QGuiApplication.primaryScreen().logicalDotsPerInch() / DOTS  # in which it counts an image's pixels
    width = round(inch * min(page.width(), PICTURE_SHARE * page.height() * ratio))
    qr_width = round(inch * QR_SHARE * page.width())
    for _ in range(6):
        document.setHtml(body(one, words, "picture", "code", width, qr_width))
        over = document.size().height() - page.height()
        if over <= 0:
            break
        width = max(round(inch * page.width() / 4), round(width - inch * over * ratio) - 2)
    return document
