"""The window: roadmap left, a page in the middle, its controls, guide, code and runs at the right.

It joins what others do: sessions compute, pages draw, the settings remember. Every command of the
program is in one list here, which menus, palette, keys and the F1 sheet share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QByteArray,
    QCoreApplication,
    QEvent,
    QLocale,
    QObject,
    QPoint,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QResizeEvent,
    QScreen,
    QShortcut,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QStackedWidget,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from app.engine import machine
from app.files.lastseen import LastPictures
from app.files.learned import NAME, Learned
from app.files.link import Handed
from app.files.settings import Settings
from app.session.meter import PaintMeter
from app.window.ahead import Ahead
from app.window.attention import Attention
from app.window.commands import Command, bind
from app.window.comparing import Comparing
from app.window.downloads import Downloads
from app.window.errors import Toast, catch
from app.window.filing import Filing
from app.window.guiding import Guiding
from app.window.hall import Hall
from app.window.handing import Handing
from app.window.home import Home
from app.window.lastrow import CheckRoom, screen_id
from app.window.lecturing import Lecturing
from app.window.menus import DEVICES, SCALES, THEMES, Menus
from app.window.palette import About, Keys, Overlay
from app.window.roadmap import Roadmap
from app.window.way import Way
from visualizers.catalog import LECTURES, Said
from visualizers.panel import Panel
from visualizers.refusal import Refusal
from widgets.base.guard import Guarded
from widgets.pictures.picture import Picture
from widgets.theme import numbers, style
from widgets.theme.look import Look, hall_look, theme
from widgets.theme.words import LANGUAGES, Words, window_words
from widgets.views.layout import Arrangement

if TYPE_CHECKING:
    from app.session.record import Record
    from app.session.session import Session
    from app.session.trying import Trying
    from app.window.guide import Tour
    from app.window.momentlist import MomentList
    from app.window.page import Page
    from app.window.side import Side
    from widgets.controls.controls import ControlPanel

SMALLEST = (960, 600)
LEAST_PAGE, GOOD_PAGE = 500, 620  # a page's width below which a column folds, and beside code
SPARE_AFTER = 50  # ms after the first paint
REFIT_AFTER = 200  # ms after a window with hall text was last made larger or smaller
TIDY_AFTER = 1500  # ms after a page was left: not while the next one opens
# Imported ahead.
PAGE = ("pyqtgraph", "app.window.page", "app.window.side", "app.session.session", "app.window.sources")


class MainWindow(Guarded, QMainWindow):
    """The program's one window.

    Attributes:
        paint_meter: counts painted frames and their cost, for ``bench``.
        commands: everything that can be done, by id.
        page, side: of the open panel; None on the home and data pages.
        place: ``"home"``, ``"data"`` or the id of the open panel.
    """

    _painting = Signal(object)  # queued: it arrives when the painting is over

    def __init__(
        self, settings: Settings, panels: Sequence[Panel],
        make_session: Callable[[Panel, Settings], Session],
        warm: Callable[[], object] = lambda: None,
        rehearsing: Callable[[], Callable[..., object]] | None = None,
    ) -> None:
        super().__init__()
        self.settings, self.panels = settings, tuple(panels)
        self._known = {one.id: one for one in panels}
        self.make_session, self._warm, self._rehearsing = make_session, warm, rehearsing
        self.sessions: dict[str, Session] = {}
        self.tours: dict[str, Tour] = {}
        self.tryings: dict[str, Trying] = {}
        self.session: Session | None = None
        self.page: Page | None = None
        self.side: Side | None = None
        self.paint_meter = PaintMeter()
        # A page that was left is a thousand widgets in circles, and its memory in pieces.
        self._tidying = QTimer(self, singleShot=True, interval=TIDY_AFTER)
        self._tidying.timeout.connect(lambda: machine.tidy("cpu"))
        self._refitting = QTimer(self, singleShot=True, interval=REFIT_AFTER)
        self._refitting.timeout.connect(self._refit)
        self.pictures = LastPictures(settings.path.parent / "pictures" if settings.path else None)
        self.learned = Learned(settings.path.parent / NAME if settings.path else None)
        self._attention = Attention(self, lambda: self.place if self.page is not None else "",
                                    self.learned.spent)
        self._fresh = False  # a frame was shown and not yet painted
        self._painted_once = False
        self._ahead = Ahead([*PAGE, *(one.view.partition(":")[0] for one in panels)], self)
        self._stage: QSize | None = None  # the projector's size, while presenting
        self._full = False
        self._on_screen = False  # listens to which screen it is on
        self._tab_pressed = False
        self._tabbed: QWidget | None = None  # whom the Tab key gave the keyboard
        self.place = "home"
        self._shortcuts: list[QShortcut] = []
        self._wanted: set[str] = set()  # columns asked for although there is little room

        Downloads.shared().arrived.connect(self._data_arrived)
        self.files = Filing(self)
        self.hall = Hall(self)
        self.lecturing = Lecturing(self, self)
        self.lecturing.changed.connect(self._lecture_changed)
        self.lecturing.turned.connect(self._choose_controls)
        self.hall.follow(self.lecturing)
        self.moments: MomentList | None = None  # in the place of the roadmap, while a lecture is at work
        self.handing = Handing(self)
        self.comparing = Comparing(self, self)
        self.menus, self.way = Menus(self), Way(self)
        self.guiding = Guiding(self, self, self._side_shown)
        self.comparing.changed.connect(self.hall.compare)
        self.setWindowTitle("Big Models Lab")
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # nothing is about to be pressed by Space
        self.setMinimumSize(*SMALLEST)
        self.resize(1280, 720)
        if settings.geometry:
            self.restoreGeometry(QByteArray.fromBase64(settings.geometry.encode()))
        self.look: Look = self._new_look()
        self._build()
        self._restore_hook = catch(self._own_mistake)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_theme)
        self.destroyed.connect(self._restore_hook)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)
        self._painting.connect(self._painted, Qt.ConnectionType.QueuedConnection)
        self.installEventFilter(self)

    # --- the look --------------------------------------------------------------------------------

    def _new_look(self) -> Look:
        settings = self.settings
        language = settings.language
        if language not in LANGUAGES:
            language = "zh" if QLocale.system().language() == QLocale.Language.Chinese else "en"
        shade = settings.theme
        if shade not in ("light", "dark"):
            dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
            shade = "dark" if dark else "light"
        words = window_words(language)
        if settings.has_hall(screen_id(self.screen()), self._presented):
            return hall_look(shade, words, self._stage or (
                self.screen().size() if self._full else self.size()))
        return Look(theme(shade), words, settings.scale)

    def _refit(self) -> None:
        """Another look where the window is on another screen, or hall text has another stage."""
        if self._new_look() != self.look:
            self.rebuild()

    def stage_look(self, screen: QScreen) -> Look:
        """How a second window looks on a projector."""
        look = self.look
        if self.settings.has_hall(screen_id(screen), True):
            return hall_look(look.theme.name, look.words, screen.size())
        return Look(theme(look.theme.name), look.words, self.settings.scale)

    def _system_theme(self) -> None:
        if self.settings.theme == "system":
            self.rebuild()

    def rebuild(self) -> None:
        """Make everything anew in the present language, theme and scale; sessions go on."""
        tab = self.side.tab if self.side else 0
        place, before = self.place, self._arrangement
        self._drop_page()
        self.look = self._new_look()
        self._build()
        match place:
            case "home":
                self.show_home()
            case "data":
                self.show_data()
            case "map":
                self.show_map()
            case _:
                self._show_panel(place)
                if self.side is not None:
                    self.side.set_tab(tab)
                if before is not None and self._arrangement is not None:
                    self._arrangement.keep(before)
        self.hall.dress()

    def _build(self) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        style.apply(application, self.look)
        self.take_commands()
        px, lecture = self.look.px, self.moments is not None
        self._drop_moments()
        self.roadmap = Roadmap(self.look, self.panels)
        self.mark()
        self.roadmap.chosen.connect(self.open_panel)
        self.roadmap.home.connect(self.show_home)
        self.roadmap.more.connect(self.menus.show_settings)
        self.middle = QStackedWidget()
        self._right = QWidget()
        self._right_box = QHBoxLayout(self._right)
        self._right_box.setContentsMargins(0, 0, 0, 0)
        self._right.hide()
        central = QWidget()
        self._rows = QVBoxLayout(central)
        self._rows.setContentsMargins(px(14), px(12), px(14), px(12))
        self._rows.setSpacing(px(12))
        self._columns = QHBoxLayout()
        self._columns.setSpacing(px(12))
        self._rows.addLayout(self._columns, 1)
        self._columns.addWidget(self.roadmap)
        if lecture:
            self._put_moments()
        self._columns.addWidget(self.middle, 1)
        self._columns.addWidget(self._right)
        self.setCentralWidget(central)
        central.show()
        self.toast = Toast(self.look, self, self._read_rect, lambda: self.seen)
        if self.place == "home":
            self.show_home()
        self.fold()
        self.setFocus()

    # --- commands --------------------------------------------------------------------------------

    def take_commands(self) -> None:
        """Make the commands and their keys anew; some are there only while there is a stage."""
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)  # two of one key would both be silent
            shortcut.deleteLater()
        self.commands = {one.id: one for one in self.all_commands(self.look.words)}
        self._shortcuts = bind(self.commands.values(), self)
        self._lecture_changed()
        self.hall.bind()

    def all_commands(self, w: Words) -> list[Command]:
        """Every command, in the order of menus and of the F1 sheet."""
        on_panel = lambda: self.page is not None  # noqa: E731
        trains = lambda: self.session is not None and self.session.panel.trains  # noqa: E731
        run, tour, files, look, go = w("Run"), w("Tour"), w("Files"), w("Window"), w("Go")
        shift = "Shift+" if self.hall.stage is not None else ""  # the letter alone is the stage's then
        lecture, scripts = w("Lecture"), scripts_that_ship()
        at_work = lambda: self.lecturing.lecture is not None  # noqa: E731
        made = [
            Command("play", w("Play or pause"), ("Space",), self._toggle, trains, run),
            Command("step", w("One step"), ("Right",), self._step, trains, run, True),
            Command("back", w("One step back"), ("Left",), self._step_back, trains, run, True),
            Command("reset", w("Start again"), ("R",), self._reset, on_panel, run),
            Command("branch", w("A new run from the step you look at"), (f"{shift}B",), self._branch, trains,
                    run),
            Command("pin", w("Pin this run"), ("Ctrl+P",), self._pin, on_panel, run),
            Command("what-if", w("What if this control were …?"), ("W",), self.comparing.what_if, on_panel,
                    run),
            Command("compare", w("Run again as the controls are now, beside the run of before"),
                    ("C",), self.guiding.compare, on_panel, run),
            *self.comparing.commands(w),
            Command("undo", w("Undo what was moved or tried"), ("Ctrl+Z",), self.guiding.undo, on_panel, run),
            Command("unlock", w("All cards again; unlock what was clicked; leave full screen"), ("Esc",),
                    self._escape, lambda: True, run),
            Command("tour-next", w("Next step of the tour"), ("N",), self.guiding.next, on_panel, tour),
            *(Command(f"answer-{n}", w("Answer the tour's question"), (str(n),),
                      partial(self.guiding.answer, n), self.guiding.asked, tour) for n in range(1, 5)),
            Command("answer-skip", w("Just show it"), ("0",), partial(self.guiding.answer, 0),
                    self.guiding.asked, tour),
            Command("moment-keep", w("Keep what is shown as a moment of the lecture"), ("Ctrl+D",),
                    self.lecturing.keep, on_panel, lecture),
            Command("moment-next", w("Next moment"), ("PgDown",), self.lecturing.next, at_work, lecture),
            Command("moment-previous", w("Moment before"), ("PgUp",), self.lecturing.previous, at_work,
                    lecture),
            Command("moment-again", w("The moment as it was prepared"), ("Home",), self.lecturing.again,
                    at_work, lecture),
            Command("lecture-list", w("The list of moments, or the roadmap again"), ("Ctrl+L",),
                    self.toggle_moments, lambda: True, lecture),
            Command("open", w("Open a run or a lecture…"), ("Ctrl+O",), self.files.ask_open,
                    lambda: True, files),
            Command("save", w("Save this run…"), ("Ctrl+S",), self.files.ask_save, on_panel, files),
            Command("export", w("Export…"), ("Ctrl+E",), self._to_export, on_panel, files),
            Command("copy-link", w("Copy this state as a line of text"), ("Ctrl+Shift+C",),
                    self.handing.copy_link, on_panel, files),
            Command("paste-link", w("Open the state that was copied"), ("Ctrl+V",),
                    self.handing.paste, lambda: True, files),
            Command("qr", w("Show this state as a QR code"), ("Ctrl+Shift+Q",), self.handing.show_qr,
                    on_panel, files),
            Command("palette", w("Find a panel or a command"), ("Ctrl+K",), self.menus.show_palette,
                    lambda: True, go),
            Command("search", w("Search the panels"), ("Ctrl+F",), self._to_search,
                    lambda: True, go),
            Command("home", w("Start page"), ("Ctrl+H",), self.show_home, lambda: True, go),
            Command("map", w("The course as a map, and my record"), ("Ctrl+M",), self.show_map,
                    lambda: True, go),
            *(Command(f"lecture{one.number}", w("Lecture 1 to 9"), (f"Ctrl+{one.number}",),
                      partial(self.open_lecture, one.folder), lambda: True, go)
              for one in LECTURES),
            *(Command(f"card{number}", w("Card 1 to 9 of the view"), (f"Alt+{number}",),
                      partial(self._to_card, number), on_panel, go) for number in range(1, 10)),
            Command("keys", w("Keys"), ("F1",), self.show_keys, lambda: True, go),
            Command("roadmap", w("Fold or unfold the roadmap"), ("Ctrl+B",),
                    self.toggle_roadmap, lambda: True, look),
            Command("side", w("Fold or unfold the controls"), ("F9",), self.toggle_side,
                    on_panel, look),
            Command("fill", w("One card fills the view"), (f"{shift}F",), self._fill_card, on_panel, look),
            Command("full", w("The picture alone, full screen"), ("F11",), self.toggle_full,
                    on_panel, look),
            Command("present", w("Presenter mode"), ("F5",), self.toggle_presenter,
                    lambda: self.hall.stage is None, look),
            Command("hall", w("Hall text or desk text on this screen"), ("H",), self.toggle_hall,
                    lambda: True, look),
            Command("room", w("Check this room"), ("Shift+H",), self.check_room, lambda: True, look),
            Command("larger", w("Larger"), ("Ctrl++", "Ctrl+="), partial(self._zoom, 1),
                    lambda: True, look),
            Command("smaller", w("Smaller"), ("Ctrl+-",), partial(self._zoom, -1),
                    lambda: True, look),
            Command("normal", w("Normal size"), ("Ctrl+0",), partial(self.set_scale, 1.0),
                    lambda: True, look),
            *self.hall.commands(w),
            # The rest has no keys: menus and the palette show it.
            Command("lecture-new", w("New lecture"), (), self.lecturing.new),
            Command("lecture-save", w("Save this lecture…"), (), self.lecturing.ask_save, at_work),
            Command("lecture-save-as", w("Save this lecture under another name…"), (),
                    partial(self.lecturing.ask_save, anew=True), at_work),
            Command("lecture-rehearse", w("Rehearse this lecture"), (), self.rehearse,
                    lambda: bool(self.lecturing.moments) and self._rehearsing is not None),
            Command("lecture-close", w("Close this lecture"), (), self.lecturing.close, at_work),
            Command("moment-back", w("Bring back the moment that was deleted"), (),
                    self.lecturing.bring_back, lambda: self.lecturing.deleted is not None),
            *(Command(f"script-{one.number}", w("Give lecture {number}: {title}", number=one.number,
                                                title=w(one.title)), (),
                      partial(self.open_script, one.number)) for one in LECTURES if one.number in scripts),
            Command("export-image", w("Export the picture as PNG or SVG…"), (),
                    self.files.export_image, on_panel),
            Command("export-csv", w("Export the scalars as CSV…"), (), self.files.export_csv, trains),
            Command("export-movie", w("Export the run as GIF or MP4…"), (), self.files.export_movie,
                    trains),
            Command("export-notebook", w("Save as notebook…"), (), self.files.export_notebook,
                    on_panel),
            Command("export-page", w("Export this moment as a page, PDF or HTML…"), (),
                    self.handing.export_page, on_panel),
            Command("export-handout", w("Export the handout of a lecture…"), (),
                    self.handing.export_handout),
            Command("copy-command", w("Copy the command that opens this state"), (),
                    self.handing.copy_command, on_panel),
            Command("copy-render", w("Copy the command that draws this state"), (),
                    partial(self.handing.copy_command, render=True), on_panel),
            *(Command(f"language-{id}", w("Language: {name}", name=name), (),
                      partial(self.set_language, id)) for id, name in LANGUAGES.items()),
            *(Command(f"theme-{id}", w("Theme: {name}", name=w(name)), (),
                      partial(self.set_theme, id)) for id, name in THEMES.items()),
            Command("data", w("Texts and models"), (), self.show_data),
            Command("about", w("About"), (), self.show_about),
            Command("quit", w("Quit"), ("Ctrl+Q",), self.close),
        ]
        return made

    def do(self, id: str) -> None:
        """Run the command ``id`` if it makes sense now."""
        command = self.commands[id]
        if command.enabled():
            command.action()

    # --- places ----------------------------------------------------------------------------------

    def show_home(self) -> None:
        """The start page."""
        self._leave()
        self.place = "home"
        home = Home(self.look, self.panels, self.settings, self.pictures, scripts_that_ship(),
                    self.lecturing.unsaved(), learned=self.learned)
        home.script_wanted.connect(self.open_script)
        home.unsaved_wanted.connect(
            lambda file: self.files.guarded(partial(self.lecturing.open_unsaved, file)))
        home.unsaved_discarded.connect(self._discard_unsaved)
        home.chosen.connect(self.open_panel)
        home.resumed.connect(self.way.resume)
        home.asked.connect(self.do)
        home.brought.connect(self.menus.show_bring)
        self._show(home)
        self.roadmap.set_current(None)
        self.setWindowTitle("Big Models Lab")
        self.hall.show_panel()

    def open_script(self, number: int) -> None:
        """A lecture that ships, from its first moment."""
        from app.files.lecture import script

        self.lecturing.open(script(f"l{number}"))

    def rehearse(self) -> None:
        """Have every moment of the open lecture made and tried on this machine."""
        from app.window.rehearsing import rehearse

        if self._rehearsing is not None:
            rehearse(self, self.lecturing, self._rehearsing())

    def _discard_unsaved(self, file: Path) -> None:
        self.lecturing.discard_unsaved(file)
        self.show_home()

    def show_lecture(self) -> None:
        """The list of moments, in the place of the roadmap."""
        if self.moments is None:
            self._put_moments()
        if self._stage is None and self.hall.stage is None:
            self._want("roadmap", True)

    def toggle_moments(self) -> None:
        """The list of moments in the place of the roadmap, or the roadmap again."""
        if self.moments is not None and not self.moments.isHidden():
            self._drop_moments()
            return
        if self.lecturing.lecture is None:
            self.lecturing.new()
        self.show_lecture()
        self._want("roadmap", self._stage is None)
        self._to_moments()

    def _to_moments(self) -> None:
        if self.moments is not None:
            self.moments.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _put_moments(self) -> None:
        from app.window.momentlist import MomentList

        moments = self.moments = MomentList(self.look, self.lecturing)
        moments.asked.connect(self.do)
        moments.roadmap_wanted.connect(self.toggle_moments)
        moments.question_wanted.connect(self._ask_question)
        self._columns.insertWidget(0, moments)
        self.fold()

    def _ask_question(self, index: int) -> None:
        """The question of a moment's own is written on a sheet."""
        from app.window.question import QuestionSheet

        moment = self.lecturing.moments[index]
        self.show_sheet(QuestionSheet(
            self.look, moment,
            lambda ask, expect: self.lecturing.edit(index, ask=ask, expect=expect, tally=()), self))

    def _drop_moments(self) -> None:
        if self.moments is not None:
            moments, self.moments = self.moments, None
            moments.release()
            self._columns.removeWidget(moments)
            moments.hide()
            moments.deleteLater()
            self.fold()

    def _lecture_changed(self) -> None:
        """While no lecture is open, its keys are those of whoever has the keyboard."""
        for shortcut in self._shortcuts:
            if shortcut.key().toString() in ("PgDown", "PgUp", "Home"):
                shortcut.setEnabled(self.lecturing.lecture is not None)
        if self.lecturing.lecture is None:
            self._drop_moments()
        self._choose_controls()

    def _choose_controls(self) -> None:
        """While this window is the stage, it has the controls that the lecturer chose with the moment."""
        if self.side is not None:
            self.side.controls.show_only(self.hall.choice if self.presenting and self.lecturing.moment
                                         is not None else None)

    @property
    def chosen_controls(self) -> tuple[str, ...] | None:
        """What the lecturer chose of the open panel's controls; None where nobody chose."""
        return self.hall.choice

    def show_map(self) -> None:
        """What rests on what in the course, and what was done of it."""
        from app.window.course import CoursePage

        self._leave()
        self.place = "map"
        page = CoursePage(self.look, self.panels, self.settings, self.learned)
        page.chosen.connect(self.open_panel)
        page.export_wanted.connect(self.way.ask_export)
        page.forget_wanted.connect(self.way.ask_forget)
        self._show(page)
        self.roadmap.set_current(None)
        self.setWindowTitle("Big Models Lab")
        self.hall.show_panel()

    def show_data(self) -> None:
        """The page of texts and models."""
        from app.window.datapage import DataPage

        self._leave()
        self.place = "data"
        self._show(DataPage(self.look))
        self.roadmap.set_current(None)
        self.hall.show_panel()

    def _data_arrived(self, _key: str) -> None:
        if self.side is not None:
            self.side.refresh_sources()
        if self.page is not None:
            self.page.data_changed()

    def open_panel(self, id: str) -> None:
        """Open a panel's page; coming back shows what was there."""
        if id == self.place and self.page is not None:
            self._to_page()
            return
        if id not in self._known:
            return
        self._leave()
        self._show_panel(id)
        self.settings.visit(id)
        self.mark()

    def open_lecture(self, folder: str) -> None:
        """The next panel of a lecture, or what it will hold."""
        here = [one.id for one in self.panels if one.lecture == folder]
        if here:
            index = here.index(self.place) + 1 if self.place in here else 0
            self.open_panel(here[index % len(here)])
        else:
            self.settings.roadmap = True
            self._drop_moments()
            self._want("roadmap", True)
            self.roadmap.show_lecture(folder)

    def _show(self, widget: QWidget) -> None:
        while (old := self.middle.widget(0)) is not None:
            self.middle.removeWidget(old)
            old.deleteLater()
        self.middle.addWidget(widget)
        self.middle.setCurrentWidget(widget)
        self.fold()

    def _leave(self, *, for_good: bool = False) -> None:
        """Pause and put away what is open; its worker stays until another panel wants one."""
        if self.page is not None and self.page.sound:
            self.pictures.keep(self.place, self.page.view, self.page.look)
        self.comparing.end()
        if self.page is not None:
            self._attention.look()
            self.way.stop()
        if self.session is not None:
            self.session.stats_changed.disconnect(self._status)
            self.session.pause()
            self.session.set_visible(False)
        self.session = None
        self._drop_page()
        if not for_good:
            self.guiding.leave(self.place)

    def _drop_page(self) -> None:
        self.guiding.release()
        if self.page is not None:
            self.page.release()
        if self.side is not None:
            self.side.release()
            self._right_box.removeWidget(self.side)
            self.side.deleteLater()
        if self.page is not None and not self._tidying.isActive():
            self._tidying.start()
        self.page = self.side = None
        self._fresh = False

    def _show_panel(self, id: str) -> None:
        self._ahead.stop()
        panel = self._known[id]
        self.place = id
        session = self.session = self.session_of(id)
        for other in self.sessions.values():
            if other is not session:
                _park(other)
        # The worker builds the experiment while the window builds the page.
        begin = Said(panel, self.look.words.language).params()
        if session.state.name == "IDLE" and session.current() is None:
            session.open(begin)
        elif session.untouched and session.params in [Said(panel, one).params() for one in LANGUAGES] \
                and session.params != begin:
            session.open(begin)  # what the other language began with, and nobody has moved anything
        from app.window.page import Page
        from app.window.side import Side

        trying = self.guiding.trying(id)
        page = self.page = Page(self.look, panel, session, trying, self.paint_meter,
                                self.presenting,
                                last_picture=partial(self.pictures.find, id, self.look))
        page.drawn.connect(self._drawn)
        page.said.connect(self.toast.say)
        page.aside.shown.connect(lambda shown: self.toast.hide() if shown else None)
        page.fetch_wanted.connect(self.show_data)
        side = self.side = Side(self.look, panel, session, partial(self.guiding.tour, id),
                                self.settings.recent)
        side.asked.connect(self.do)
        side.own_wanted.connect(self.files.ask_source)
        side.how_wanted.connect(self.files.ask_how)
        side.recent_wanted.connect(self.files.open)
        side.tab_changed.connect(self.fold)
        side.said.connect(self.toast.say)
        side.panel_wanted.connect(self.open_panel)
        side.what_if_wanted.connect(self.comparing.ask_what_if)
        side.try_wanted.connect(self.guiding.suggest)
        side.sketched.connect(self.guiding.answer_sketch)
        side.given_back.connect(self.guiding.given_back)
        self._right_box.addWidget(side)
        self._choose_controls()
        self._show(page)
        self._to_page()
        self.setWindowTitle(f"{Said(panel, self.look.words.language).title} – Big Models Lab")
        session.stats_changed.connect(self._status)
        session.state_changed.connect(self._status)
        self._visible()
        page.set_alone(self._full)
        page.begin()
        self.comparing.dress()
        if id in self.tours:
            self.guiding.ask_on()
        self._status()
        self.hall.show_panel()

    def _to_page(self) -> None:
        """The search is over: its words go, and the keys are the open page's."""
        assert self.page is not None
        self.roadmap.search.clear()
        self.roadmap.set_current(self.place)
        if self.moments is None or not self.moments.list.hasFocus():  # it is walked by keys
            self.page.setFocus()

    def session_of(self, id: str) -> Session:
        if id not in self.sessions:
            self.sessions[id] = self.make_session(self._known[id], self.settings)
        return self.sessions[id]

    def _read_rect(self) -> QRect | None:
        """What must not be covered by what is said in passing: all that stands below the picture."""
        page = self.page
        if page is None or not page.transport.isVisible():
            return None
        below = QRect()
        for one in (page.busy, page.notes, page.remedy, page.description, page.aside, page.transport):
            if one.isVisible():
                below |= QRect(one.mapTo(self, QPoint(0, 0)), one.size())
        return below

    def mark(self) -> None:
        """Show in the roadmap which panels were opened and which tours were finished."""
        self.roadmap.mark(self.settings.visited, self.settings.finished)

    def _side_shown(self) -> bool:
        """Whether the column with controls and guide is in sight."""
        return self._right.isVisible()

    def leave_tour(self) -> None:
        """What the open panel's tour asks or tells goes from the page and from the stage."""
        self.guiding.end()

    # --- running ---------------------------------------------------------------------------------

    def _toggle(self) -> None:
        if self.page is not None:
            self.page.driven.toggle()

    def _step(self) -> None:
        if self.page is not None:
            self.page.driven.step()

    def _step_back(self) -> None:
        if self.page is not None:
            self.page.driven.step_back()

    def _reset(self) -> None:
        if self.page is not None:
            self.page.driven.reset()

    def _branch(self) -> None:
        if self.page is not None:
            self.page.branch()

    def _pin(self) -> None:
        if self.page is not None:
            self.page.pin()

    def _escape(self) -> None:
        """Leave the field or what the keys look at; else what is tried or asked; else show all cards
        again; else one run for several; else leave the full screen; else unlock what was clicked; else
        stop presenting."""
        focus = QApplication.focusWidget()
        if self._end_sheet():
            pass
        elif isinstance(focus, (QLineEdit, QTextEdit, QPlainTextEdit)) and not focus.isReadOnly():
            focus.clearFocus()
        elif self.hall.escape() or (isinstance(focus, Picture) and focus.release()) \
                or self.guiding.escape():
            pass
        elif self._arrangement is not None and self._arrangement.filled is not None:
            self._arrangement.fill(None)
        elif self.comparing.together is not None:
            self.comparing.end()
        elif self._full:
            self.toggle_full()
        elif self.page is not None and self.page.locked:
            self.page.unlock()
        elif self._stage is not None:
            self.toggle_presenter()

    def _status(self) -> None:
        session, w = self.session, self.look.words
        machine: list[str] = []
        figures: list[str] = []
        if session is not None and session.device:
            machine.append(w(DEVICES.get(session.device, session.device)))
            if session.threads:
                machine.append(numbers.quantity(session.threads, "thread", w))
            driven = self.page.driven if self.page is not None else session
            if driven.playing and session.state.name != "STARTING" and (rate := driven.rate):
                figures.append(numbers.quantity(rate, "step/s", w, digits=2))
            if session.memory:
                figures.append(numbers.size(session.memory))
        self.roadmap.set_status("\n".join(" · ".join(one) for one in (machine, figures) if one))

    # --- painting --------------------------------------------------------------------------------

    def _drawn(self) -> None:
        self._fresh = True
        # A frame that looks like the one before paints nothing: ask for the event all the same.
        QCoreApplication.postEvent(
            self, QEvent(QEvent.Type.UpdateRequest), Qt.EventPriority.LowEventPriority.value)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window's own events, before Qt handles them: what that causes does not run below Python."""
        kind = event.type()
        if kind == QEvent.Type.UpdateRequest:
            self.paint_meter.begin()
            self._painting.emit(self.session if self._fresh else None)
            self._fresh = False
        elif kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            self._attention.acted()
            self._tab_pressed = event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
            if self._for_focus(event):
                event.accept()
                return True
        return False

    def _painted(self, session: Session | None) -> None:
        """Qt has painted what there was to paint; among it a frame of a session."""
        self.paint_meter.end()
        if not self._painted_once:
            self._painted_once = True
            QTimer.singleShot(SPARE_AFTER, self._warm)
            self._ahead.start()
        if session is not None and session is self.session:
            self.paint_meter.frames += 1
            session.painted()
            self.comparing.painted()

    def _visible(self) -> None:
        if self.session is not None:
            seen = (self.isVisible() and not self.isMinimized()) or self.hall.stage is not None
            self.session.set_visible(seen)
            self.comparing.set_visible(seen)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._visible()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self._visible()
        if not self._on_screen:
            self._on_screen = True
            self.windowHandle().screenChanged.connect(self._screen_changed)
            QTimer.singleShot(0, self, self.hall.look_for_screens)

    def _screen_changed(self, _screen: QScreen) -> None:
        self._refitting.start()

    def hideEvent(self, event: Any) -> None:
        super().hideEvent(event)
        self._visible()

    # --- keys and focus --------------------------------------------------------------------------

    def _focus_moved(self, _before: QWidget | None, now: QWidget | None) -> None:
        """The arrows are the page's own steps; a picture that has the keyboard is read with them."""
        for shortcut in (*self._shortcuts, *self.hall.shortcuts):
            if shortcut.key().toString() in Picture.KEYS:
                shortcut.setEnabled(not isinstance(now, Picture))

    def focusNextPrevChild(self, forward: bool) -> bool:
        # Qt asks for this too when what has the keyboard is hidden.
        moved = super().focusNextPrevChild(forward)
        self._tabbed = QApplication.focusWidget() if self._tab_pressed else None
        self._tab_pressed = False
        return moved

    def _for_focus(self, event: QKeyEvent) -> bool:
        """Whether a key belongs to the widget with the keyboard rather than to the program.

        A click gives a button or a slider the focus as a side effect, so Space and the arrows stay
        the program's. Who walks there with Tab wants to use what is there.
        """
        focus = QApplication.focusWidget()
        if focus is None or focus is not self._tabbed or event.modifiers() not in (
                Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier,
                Qt.KeyboardModifier.KeypadModifier):
            return False
        arrows = event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right)
        space = event.key() == Qt.Key.Key_Space
        if isinstance(focus, (QAbstractButton, QComboBox)):
            return space
        if isinstance(focus, (QAbstractSlider, QAbstractItemView)):
            return arrows or (space and isinstance(focus, QAbstractItemView))
        return arrows and focus.focusPolicy() != Qt.FocusPolicy.NoFocus \
            and focus.property("arrows") is True

    # --- columns, scale, full screen -------------------------------------------------------------

    def toggle_roadmap(self) -> None:
        """Fold or unfold the left column."""
        self.settings.roadmap = (self.moments or self.roadmap).isHidden()
        self._want("roadmap", self.settings.roadmap)

    def toggle_side(self) -> None:
        """Fold or unfold the right column."""
        self.settings.side = self._right.isHidden()
        self._want("side", self.settings.side)

    def fold_left(self) -> None:
        """The left column is no longer asked for: something else needs its room."""
        self._want("roadmap", False)

    def put_left(self, column: QWidget) -> None:
        """A column before all others."""
        self._columns.insertWidget(0, column)

    def put_above(self, row: QWidget) -> None:
        """A row above all columns."""
        self._rows.insertWidget(0, row)

    def _want(self, column: str, shown: bool) -> None:
        """Show a column even where it leaves the picture little room, or no longer."""
        (self._wanted.add if shown else self._wanted.discard)(column)
        self.fold()

    @property
    def _arrangement(self) -> Arrangement | None:
        """How the cards of the open panel stand."""
        layout = self.page.view.layout() if self.page is not None else None
        return layout if isinstance(layout, Arrangement) else None

    def _fill_card(self) -> None:
        """The card with the keyboard fills the view, or all are shown again."""
        if (cards := self._arrangement) is not None:
            cards.fill(cards.filled or cards.focused())

    def _to_card(self, number: int) -> None:
        if (cards := self._arrangement) is not None and number <= len(cards.places):
            cards.go_to(cards.places[number - 1])

    def toggle_full(self) -> None:
        """The picture alone on the whole screen, and back."""
        if self.page is None:
            return
        self._full = not self._full
        self._to_screen()

    def toggle_presenter(self) -> None:
        """Full screen, everything larger, without the left column: for a projector."""
        self._stage = self.screen().size() if self._stage is None else None
        self._to_screen()

    def toggle_hall(self) -> None:
        """Hall text, which is read from the last row, or desk text: remembered for this screen, or for
        the stage's while there is one."""
        stage = self.hall.screen
        screen = stage or self.screen()
        self.settings.switch_hall(screen_id(screen), stage is not None or self._presented)
        self.remember()
        self.rebuild()
        look = self.look if stage is None else self.stage_look(stage)
        self.toast.say(look.words("Hall text on this screen from now on. H goes back.") if look.hall else
                       look.words("Desk text on this screen from now on. H goes back."))

    def check_room(self) -> None:
        """A strip to be read from the last row, on the stage if there is one; the same key ends it."""
        if not self._end_sheet():
            look, window = self.for_all
            strip = CheckRoom(look, window)
            window.activateWindow()
            self.show_sheet(strip)

    @property
    def for_all(self) -> tuple[Look, QWidget]:
        """The stage and its letters, or this window where there is none."""
        stage = self.hall.stage
        return (self.look, self) if stage is None else (stage.look, stage)

    def _end_sheet(self) -> bool:
        """Take away what lies over the hall's picture, whichever window has the keyboard; False if there
        is nothing."""
        sheets = self._sheets()
        for one in sheets:
            one.leave()
        return bool(sheets)

    @property
    def _presented(self) -> bool:
        """Whether the whole screen is the stage."""
        return self._full or self._stage is not None

    def _to_screen(self) -> None:
        if self.isFullScreen() != self._presented:
            self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        self.rebuild()

    @property
    def presenting(self) -> bool:
        return self._stage is not None

    def present(self, stage: QSize) -> None:
        """Presenter mode as on a projector of this size, in a window of this size."""
        self._stage = stage
        self.resize(stage)
        self.rebuild()

    def fold(self) -> None:
        """Show the columns that are wanted now and give the code page room to be read."""
        px, wanted = self.look.px, self._wanted
        room = self.width() - px(28)  # for the picture and what stands beside it
        left = self.moments or self.roadmap
        side = self.side is not None and self.settings.side and not self._full
        desk = self.hall.desk if not self.hall.alone else None
        if desk is not None:
            desk.setVisible(not self._full)
            room -= desk.width() + px(12)
        if self.side is not None and side:
            least = self.side.least_width + px(12)
            beside = left.width() + px(12) if desk is not None and "roadmap" in wanted else 0
            side = "side" in wanted or room - beside - least >= px(LEAST_PAGE)
            room -= least if side or desk is None else 0
        roadmap = self.settings.roadmap and self._stage is None and not self._full \
            and (desk is None or "roadmap" in wanted) \
            and (self.place != "map" or "roadmap" in wanted)  # the map is one of its own
        if self.page is not None and roadmap and "roadmap" not in wanted:
            grid = self.comparing.wanted_width
            least = max(px(LEAST_PAGE), grid if grid <= room else 0)
            roadmap = room - left.width() - px(12) >= least
        if self.side is not None and side:
            more = self.side.wanted_width - self.side.least_width
            if more and "roadmap" not in wanted \
                    and room - left.width() - px(12) < px(GOOD_PAGE) + more:
                roadmap = False
            if roadmap:
                room -= left.width() + px(12)
            self._right.setFixedWidth(
                self.side.least_width + max(0, min(more, room - px(GOOD_PAGE))))
        self._right.setVisible(side)
        self.roadmap.setVisible(roadmap and self.moments is None)
        if self.moments is not None:
            self.moments.setVisible(roadmap)

    def _zoom(self, direction: int) -> None:
        here = min(range(len(SCALES)), key=lambda i: abs(SCALES[i] - self.settings.scale))
        self.set_scale(SCALES[max(0, min(len(SCALES) - 1, here + direction))])

    def set_scale(self, scale: float) -> None:
        self._set("scale", scale)

    def set_language(self, language: str) -> None:
        self._set("language", language)

    def set_theme(self, name: str) -> None:
        self._set("theme", name)

    def _set(self, name: str, value: Any) -> None:
        if getattr(self.settings, name) != value:
            setattr(self.settings, name, value)
            self.remember()
            self.rebuild()

    def set_machine(self, name: str, value: Any) -> None:
        """Another device or number of threads: for the runs that begin from now on."""
        setattr(self.settings, name, value)
        self.remember()
        for session in self.sessions.values():
            session.set_machine(self.settings.device, self.settings.threads)
        self.toast.say(self.look.words("The next run uses it: press R to start again."))

    # --- sheets and menus ------------------------------------------------------------------------

    def show_keys(self) -> None:
        """All keys on one sheet."""
        self.show_sheet(Keys(self.look, list(self.commands.values()), self))

    def show_about(self) -> None:
        """What this is, its version and licence."""
        self.show_sheet(About(self.look, self))

    def show_sheet(self, sheet: Overlay) -> None:
        """One sheet at a time: another one that is open goes."""
        for other in self._sheets():
            if other is not sheet:
                other.leave()
        if sheet.parent() is self and (seen := self.seen) is not self:
            sheet.go_over(seen)
        sheet.open()

    @property
    def seen(self) -> QWidget:
        """The window that is looked at: where there is one screen, the stage lies over this one."""
        return self.hall.seen

    @property
    def seen_controls(self) -> ControlPanel | None:
        """The controls of the desk over the stage; None where this window is what is seen."""
        return self.hall.controls

    def _sheets(self) -> list[Overlay]:
        """All that are open, here and on the stage."""
        stage = self.hall.stage
        return [*self.findChildren(Overlay), *(stage.findChildren(Overlay) if stage is not None else ())]

    def _to_search(self) -> None:
        if not self.roadmap.isVisible():
            if self._stage is not None:
                self.toggle_presenter()
            self.settings.roadmap = True
            self._want("roadmap", True)
        self._drop_moments()
        self.roadmap.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.roadmap.search.selectAll()

    def _to_export(self) -> None:
        self.menus.show_export(self.middle.mapToGlobal(QPoint(self.middle.width(), self.middle.height())))

    # --- files -----------------------------------------------------------------------------------

    def show_record(self, record: Record) -> None:
        """Open the panel of a recorded run and show it as it was."""
        if record.panel not in self._known:
            raise Refusal("This run belongs to the panel {name}, which is not here.",
                          name=record.panel)
        self._leave()
        self.session_of(record.panel).open_record(record)
        self._show_panel(record.panel)

    def show_state(self, state: Handed) -> None:
        """Open the panel of a state that was handed on, and train to it."""
        if state.panel not in self._known:
            raise Refusal("This link belongs to the panel {name}, which is not here.", name=state.panel)
        self._leave()
        session = self.session_of(state.panel)
        if session.current() is not None:
            self.guiding.trying(state.panel).undo.remember()
        session.train_as(state.params, state.changes, state.step)
        self._show_panel(state.panel)
        self.settings.visit(state.panel)
        self.mark()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        if paths:
            self.files.take(paths[0])

    # --- the end ---------------------------------------------------------------------------------

    def _own_mistake(self, sentence: str, details: str, place: QWidget | None) -> None:
        # Not at once: Qt may be in the middle of painting what would be covered.
        QTimer.singleShot(0, self, partial(self._show_mistake, sentence, details, place))

    def _show_mistake(self, sentence: str, details: str, place: QWidget | None) -> None:
        if self.page is not None:
            self.page.show_mistake(sentence, details, place if isValid(place) else None)
        else:
            self.toast.say(sentence, warning=True)

    def remember(self) -> None:
        if not self.settings.save():
            self.toast.say(self.look.words("The settings could not be written."), warning=True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._wanted.clear()
        self.fold()
        if self.look.hall:
            self._refitting.start()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.settings.geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        self.settings.save()
        self.hall.close()
        self.comparing.close()
        self._leave(for_good=True)
        self.way.write()
        self.pictures.write()
        self.lecturing.finish(Filing.CLOSING)
        self.handing.close()
        self.files.errands.finish(Filing.CLOSING)
        for session in self.sessions.values():
            session.close()
        self.sessions.clear()
        self._restore_hook()
        event.accept()


@cache
def scripts_that_ship() -> frozenset[int]:
    """The numbers of the lectures for which there is a script. None of them is read for it."""
    folder = resources.files("resources").joinpath("lectures")
    return frozenset(one.number for one in LECTURES if folder.joinpath(f"l{one.number}.toml").is_file())


def _park(session: Session) -> None:
    """Give a session's worker back; what it has seen stays, and playing repeats it first."""
    if not session.worker_pid:
        return
    record = session.record() if session.current() is not None else None
    session.close()
    if record is not None:
        session.open_record(record)
