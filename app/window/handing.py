"""Handing a state on: as a line of text, a QR code, a command line, or a page; and taking one in."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from app.files import link
from app.files.lecture import Lecture, spoken
from app.files.link import Handed
from app.session.record import versions
from app.window.filing import Desk as FilingDesk
from app.window.filing import Filing, short
from app.window.guide import Tour
from app.window.lecturing import Lecturing
from app.window.palette import Overlay
from app.window.waiting import AtWork
from visualizers.catalog import Said
from visualizers.panel import Panel
from visualizers.refusal import Refusal
from widgets.base.guard import Guarded
from widgets.theme.look import Look
from widgets.theme.numbers import count
from widgets.theme.style import font

if TYPE_CHECKING:
    from app.files.handout import Leaf


class Desk(FilingDesk, Protocol):
    """What handing on needs of the window."""

    files: Filing
    lecturing: Lecturing
    tours: dict[str, Tour]

    def show_state(self, state: Handed) -> None: ...

    @property
    def for_all(self) -> tuple[Look, QWidget]: ...


class Handing:
    """What the window does with states that are handed on. Refusals are one sentence."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._writing = Writing(desk)

    # --- out -------------------------------------------------------------------------------------

    def state(self) -> Handed | None:
        """What is looked at now; ``None`` before there is anything to see."""
        session = self.desk.session
        if session is None or session.current() is None:
            return None
        return link.handed(session.panel, session.record(shown=True))

    def copy_link(self) -> None:
        """The state as a line of text goes to the clipboard."""
        self._guarded(self._copy_link)

    def _copy_link(self, state: Handed) -> None:
        words, text = self.desk.look.words, link.line(state)
        QGuiApplication.clipboard().setText(text)
        if link.read(text).changes != state.changes:
            self.desk.toast.say(words(
                "Copied, with the last values alone: the {count} changes on the way do not fit.",
                count=count(len(state.changes))))
        else:
            self.desk.toast.say(words("Copied: a line of {count} characters. Ctrl+V opens it here or "
                                      "elsewhere.", count=count(len(text))))

    def copy_command(self, *, render: bool = False) -> None:
        """The command line that opens or draws the state goes to the clipboard."""
        def copy(state: Handed) -> None:
            QGuiApplication.clipboard().setText(link.command(state, render=render))
            self.desk.toast.say(self.desk.look.words("Copied: a command line for a terminal."))

        self._guarded(copy)

    def show_qr(self) -> None:
        """The line of text as a QR code, large, on the stage if there is one."""
        look, window = self.desk.for_all
        self._guarded(lambda state: self.desk.show_sheet(CodeSheet(
            look, link.line(state), Said(self._panel, self._language).title, self.copy_link, window)))

    def export_page(self) -> None:
        """Ask for a file and write the moment as a page."""
        words = self.desk.look.words
        if self.state() is not None:
            self.desk.files.ask(words("Export a page of this moment"),
                                [words("PDF (*.pdf)"), words("Web page (*.html)")], self.save_page,
                                save_as=f"{self.desk.place}.pdf")

    def save_page(self, path: Path) -> None:
        """Write the moment as a page, PDF or HTML; what goes wrong is said."""
        state = self.state()
        if state is not None:
            said = Said(self._panel, self._language)
            self._writing.begin(path, partial(self._leaves, state), 1, said.title)

    def _leaves(self, state: Handed) -> Iterator[Leaf]:
        """The one page; its picture is taken when it is asked for."""
        from app.files import handout
        from widgets.views.layout import Arrangement

        page = self.desk.page
        if page is not None and page.shown is not None:
            question, answers = self._asked()
            said, cards = Said(self._panel, self._language), page.view.layout()
            picture = handout.drawn(said, page.shown, lambda paper: paper.keep(cards)
                                    if isinstance(cards, Arrangement) else None)
            yield handout.leaf(said, state, picture, question=question, answers=answers)

    def export_handout(self) -> None:
        """Write every moment of the lecture that is open, or of one that is asked for, as a page."""
        from app.files import lecture

        words, files = self.desk.look.words, self.desk.files

        def opened(found: Lecture) -> None:
            files.ask(words("Export the handout"), [words("PDF (*.pdf)"), words("Web page (*.html)")],
                      partial(self.save_handout, found), save_as="handout.pdf")

        def chosen(path: Path) -> None:
            files.errands.send(
                self.desk.look, self.desk.window(), words("Opening {name}", name=short(path.name)),
                Refusal("{name} takes too much time or memory to be read, so it was not opened; use a "
                        "copy of it.", name=path.name), opened, lecture.read, path, limits=files.READING)

        if self.desk.lecturing.lecture is not None:
            opened(self.desk.lecturing.lecture)
            return
        files.ask(words("Open a lecture"), [words("Lectures (*.lecture)")], chosen)

    def save_handout(self, lecture: Lecture, path: Path) -> None:
        """Write the moments of a lecture as pages.

        Raises:
            Refusal: there are none, or one was not made yet.
        """
        if not lecture.moments:
            raise Refusal("{name} has no moments yet.", name=spoken(lecture.title, self._language))
        if any(one.run is None for one in lecture.moments):
            raise Refusal("Some moments of this lecture were not made yet: rehearse it and save it, then "
                          "write the handout.")
        title = spoken(lecture.title, self._language)
        self._writing.begin(path, partial(self._moments, lecture), len(lecture.moments), title)

    def _moments(self, lecture: Lecture) -> Iterator[Leaf]:
        from app.files import handout

        for number, one in enumerate(lecture.moments, 1):
            assert one.run is not None
            yield handout.of_moment(self.desk.look, one, one.run, number, len(lecture.moments))

    def _asked(self) -> tuple[str, tuple[str, ...]]:
        """The tour's question that is open, or whose answer is being told, and its answers."""
        from app.session.tours import said

        tour = self.desk.tours.get(self.desk.place)
        ask = None if tour is None or tour.at is None else tour.steps[tour.at].ask
        if ask is None:
            return "", ()
        return said(ask.say, self._language), tuple(said(one.say, self._language)
                                                    for one in ask.answers)

    def close(self) -> None:
        """The window closes: a page that is not written whole is not written."""
        self._writing.stop()

    @property
    def _panel(self) -> Panel:
        assert self.desk.session is not None
        return self.desk.session.panel

    @property
    def _language(self) -> str:
        return self.desk.look.words.language

    def _guarded(self, action: Callable[[Handed], object]) -> None:
        state = self.state()
        if state is None:
            self.desk.toast.say(self.desk.look.words(
                "There is nothing to hand on before the first picture."))
        else:
            self.desk.files.guarded(lambda: action(state))

    # --- in --------------------------------------------------------------------------------------

    def paste(self) -> None:
        """Open the state that the clipboard has."""
        text = QGuiApplication.clipboard().text()
        if link.is_link(text):
            self.open(text)
        else:
            self.desk.toast.say(self.desk.look.words(
                "The clipboard has no link: copy a line that begins with bml: first."), warning=True)

    def open(self, text: str) -> None:
        """Open the state of a line of text."""
        self.desk.files.guarded(lambda: self._open(text))

    def _open(self, text: str) -> None:
        state = link.read(text)
        self.desk.show_state(state)
        here = versions()["program"]
        if state.version != here:
            self.desk.toast.say(self.desk.look.words(
                "This was copied from version {version}; here, version {here}, it may look different.",
                version=state.version or "–", here=here))


class Writing(QObject):
    """Pages on their way into a file, one at each turn of the window, with progress and a way to stop."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._pages: Generator[tuple[int, int], None, None] | None = None
        self._card: AtWork | None = None
        self._path = Path()
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(lambda: desk.files.guarded(self._go_on))

    def begin(self, path: Path, leaves: Callable[[], Iterable[Leaf]], total: int, title: str) -> None:
        """Write what ``leaves`` gives; what was being written is given up."""
        from app.files import handout

        self.stop()
        words = self.desk.look.words
        self._path = path
        self._pages = handout.save(leaves(), total, path, words, title)
        self._card = AtWork(self.desk.look, self.desk.window(),
                            words("Saving {name}", name=short(path.name)))
        self._card.busy.cancelled.connect(self.stop)
        self._timer.start()

    def stop(self) -> None:
        """Nothing more is written, and what was there stays."""
        self._timer.stop()
        pages, self._pages = self._pages, None
        card, self._card = self._card, None
        if pages is not None:
            pages.close()
        if card is not None:
            card.busy.end()
            card.hide()
            card.deleteLater()

    def _go_on(self) -> None:
        pages, card = self._pages, self._card
        assert pages is not None and card is not None
        try:
            done, total = next(pages)
        except StopIteration:
            self.stop()
            self.desk.toast.say(self.desk.look.words("Saved: {name}", name=self._path.name))
        except BaseException:
            self.stop()
            raise
        else:
            card.progress(done, total, 0)


class CodeSheet(Overlay):
    """The QR code as large as the window allows, to be scanned from a projector."""

    def __init__(self, look: Look, text: str, title: str, copy: Callable[[], object],
                 window: QWidget) -> None:
        super().__init__(look, window)
        from app.files import qr

        words, px = look.words, look.px
        self.setAccessibleName(words("QR code of this state"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.code = Code(look, qr.image(text))
        self.code.setAccessibleName(words("QR code of this state"))
        self.code.setAccessibleDescription(text)
        head = QLabel(title)
        head.setFont(font(look, 20, bold=True))
        said = QLabel(words("Scan it, copy the line that begins with bml:, and paste it into Big Models "
                            "Lab with Ctrl+V."))
        said.setFont(font(look, 13))
        said.setWordWrap(True)
        said.setStyleSheet(f"color: {look.theme.muted};")
        self.button = QPushButton(words("Copy the line"))
        self.button.setFont(font(look, 13))
        self.button.clicked.connect(copy)
        box = QVBoxLayout(self.sheet)
        box.setContentsMargins(px(20), px(16), px(20), px(16))
        box.setSpacing(px(10))
        box.addWidget(head)
        box.addWidget(self.code, 1)
        box.addWidget(said)
        box.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)

    def sheet_rect(self) -> QRect:
        px = self.look.px
        high = self.height() - px(24)
        wide = min(high, self.width() - px(24))
        return QRect((self.width() - wide) // 2, (self.height() - high) // 2, wide, high)

    def open(self) -> None:
        super().open()
        self.setFocus()


class Code(Guarded, QWidget):
    """A picture of modules, each a whole number of device pixels, on white."""

    def __init__(self, look: Look, modules: QImage) -> None:
        super().__init__()
        self.look, self._modules = look, modules

    def sizeHint(self) -> QSize:
        return QSize(self.look.px(300), self.look.px(300))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ratio, count = self.devicePixelRatioF(), self._modules.width()
        each = max(1, int(min(self.width(), self.height()) * ratio / count))
        side = each * count / ratio
        area = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        painter.drawImage(area, self._modules)
