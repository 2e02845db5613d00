"""The right column of a panel: controls, guide, code and runs, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QStackedWidget, QTabBar, QWidget

from app.session.session import Session
from visualizers.catalog import Said
from visualizers.panel import Panel
from widgets.controls.controls import ControlPanel, Option
from widgets.controls.parameters import Parameter
from widgets.theme.look import Look
from widgets.theme.style import font
from widgets.views.cards import Card

if TYPE_CHECKING:
    from app.window.guide import Tour

WIDTH = 276
CODE_WIDTH = 560
CONTROLS, GUIDE, CODE, RUNS = range(4)
LATE = 100  # ms; scalars arrive thirty times a second, a table is read more slowly


class Side(Card):
    """Four tabs about one session. What is not looked at is not built."""

    asked = Signal(str)  # a command's id
    how_wanted = Signal(str)  # the parameter whose own file is to be read in another way
    own_wanted = Signal(str, str)  # the parameter that wants the user's own, a "file" or a "folder"
    recent_wanted = Signal(str)
    tab_changed = Signal(int)
    said = Signal(str)
    panel_wanted = Signal(str)  # a panel's id
    what_if_wanted = Signal(str)  # of which parameter
    try_wanted = Signal(int)  # a suggestion of the guide
    sketched = Signal()  # what was drawn on the plot is the answer
    given_back = Signal()  # the settings from before the tour

    def __init__(
        self, look: Look, panel: Panel, session: Session, tour: Callable[[], Tour],
        recent: Sequence[str], parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, parent)
        said = Said(panel, look.words.language)
        self.look = look.saying(said.words())
        self.panel, self.session, self._tour = panel, session, tour
        self.set_params: Callable[..., None] = session.set_params  # whose values are moved
        self.recent = list(recent)
        words, px, colours = self.look.words, look.px, look.theme
        self.least_width = px(WIDTH)
        self._links: list[tuple[Any, Callable[..., object]]] = []

        self.tabs = QTabBar()
        self.tabs.setObjectName("sideTabs")
        self.tabs.setFont(font(look, 13))
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tabs.setAccessibleName(words("Controls, guide, code, runs"))
        self.tabs.setStyleSheet(
            f"#sideTabs::tab {{ background: transparent; border: none; color: {colours.muted};"
            f" padding: {px(5)}px 0 {px(7)}px 0; margin: 0 {px(16)}px 0 0;"
            f" border-bottom: {look.rim('transparent', 2)}; }}"
            f"#sideTabs::tab:hover {{ color: {colours.text}; }}"
            f"#sideTabs::tab:selected {{ color: {colours.accent};"
            f" border-bottom: {look.rim(colours.accent, 2)}; }}")
        for name in (words("Controls"), words("Guide"), words("Code"), words("Runs")):
            self.tabs.addTab(name)
        line = QFrame()
        line.setFixedHeight(round(look.line(1)))
        line.setStyleSheet(f"background: {colours.hairline}; border: none;")
        self.pages = QStackedWidget()
        self._builders: dict[int, Callable[[], QWidget]] = {
            CONTROLS: self._controls, GUIDE: self._guide, CODE: self._code, RUNS: self._runs}
        self._built: dict[int, QWidget] = {}
        self.body.setContentsMargins(px(16), px(8), px(10), px(12))
        self.body.setSpacing(0)
        self.body.addWidget(self.tabs)
        self.body.addWidget(line)
        self.body.addSpacing(px(12))
        self.body.addWidget(self.pages, 1)
        self.tabs.currentChanged.connect(self._turn)
        self._turn(CONTROLS)

    # --- tabs ------------------------------------------------------------------------------------

    @property
    def tab(self) -> int:
        return self.tabs.currentIndex()

    def set_tab(self, tab: int) -> None:
        """Show one of ``CONTROLS``, ``GUIDE``, ``CODE`` and ``RUNS``."""
        self.tabs.setCurrentIndex(tab)

    @property
    def wanted_width(self) -> int:
        """Code is wider than controls."""
        return self.look.px(CODE_WIDTH if self.tab == CODE else WIDTH)

    def page(self, tab: int) -> QWidget:
        """What a tab holds; made when it is first wanted."""
        if tab not in self._built:
            self._built[tab] = made = self._builders[tab]()
            self.pages.addWidget(made)
        return self._built[tab]

    def _turn(self, tab: int) -> None:
        if tab != GUIDE and GUIDE in self._built:
            self._built[GUIDE].turn_away()  # type: ignore[attr-defined]
        self.pages.setCurrentWidget(self.page(tab))
        if tab == RUNS:
            self._show_runs()
        self.tab_changed.emit(tab)

    def release(self) -> None:
        """The column is going away; the session stays."""
        for signal, slot in self._links:
            signal.disconnect(slot)
        self._links.clear()

    def _link(self, signal: Any, slot: Callable[..., object]) -> None:
        signal.connect(slot)
        self._links.append((signal, slot))

    # --- the pages -------------------------------------------------------------------------------

    def _controls(self) -> QWidget:
        said = Said(self.panel, self.look.words.language)
        controls = ControlPanel(
            self.look, said.parameters, self.session.params, labels=said.label,
            helps=said.help, choice_label=said.choice, sources=self._sources)
        controls.changed.connect(self._changed)
        controls.own_wanted.connect(self.own_wanted)
        controls.how_wanted.connect(self.how_wanted)
        controls.what_if.connect(self.what_if_wanted)
        controls.fetch_wanted.connect(lambda _: self.asked.emit("data"))
        self._link(self.session.params_changed, controls.set_params)
        self._link(self.session.shown, lambda shown: self._show_idle(controls, shown.idle))
        if (shown := self.session.current()) is not None:
            self._show_idle(controls, shown.idle)
        self._link(self.session.noted, lambda *_: self._show_standing_in(controls))
        self._link(self.session.runs_changed, lambda: self._show_standing_in(controls))
        self._show_standing_in(controls)
        return controls

    def _show_idle(self, controls: ControlPanel, reasons: Mapping[str, str]) -> None:
        controls.set_idle({name: self.look.words(why) for name, why in reasons.items()})

    def _show_standing_in(self, controls: ControlPanel) -> None:
        words = self.look.words
        controls.set_standing_in({words(wanted): words(other)
                                  for wanted, other in self.session.standing_in.items()})

    def _changed(self, name: str, value: object) -> None:
        self.set_params(**{name: value})

    def _sources(self, one: Parameter) -> list[Option]:
        from app.window.sources import options

        return options(one, self.look.words)

    def refresh_sources(self) -> None:
        """A text or a model has been fetched or removed."""
        self.controls.refresh_sources()

    def _guide(self) -> QWidget:
        from app.window.guide import GuidePage

        guide = GuidePage(self.look, self.panel, self._tour())
        guide.try_wanted.connect(self.try_wanted)
        guide.sketched.connect(self.sketched)
        guide.panel_wanted.connect(self.panel_wanted)
        guide.given_back.connect(self.given_back)
        return guide

    def show_tour(self) -> None:
        """Turn to the tour."""
        from app.window.guide import GuidePage

        self.set_tab(GUIDE)
        guide = self.page(GUIDE)
        assert isinstance(guide, GuidePage)
        guide.turn(1)

    @property
    def controls(self) -> ControlPanel:
        """The page of controls."""
        controls = self.page(CONTROLS)
        assert isinstance(controls, ControlPanel)
        return controls

    def _code(self) -> QWidget:
        from app.files.code import CodePage

        code = CodePage(self.look, self.panel, lambda: self.session.params)
        code.notebook.connect(lambda: self.asked.emit("export-notebook"))
        code.copied.connect(lambda: self.said.emit(self.look.words("Copied")))
        self._link(self.session.params_changed, lambda _: code.refresh())
        return code

    def _runs(self) -> QWidget:
        from app.window.runs import RunsPage

        runs = self._runs_page = RunsPage(self.look, self.panel, self.recent)
        runs.removed.connect(self.session.unpin)
        runs.renamed.connect(self.session.rename_pin)
        runs.pinned.connect(lambda: self.asked.emit("pin"))
        runs.saved.connect(lambda: self.asked.emit("save"))
        runs.opened.connect(lambda path: self.recent_wanted.emit(path) if path
                            else self.asked.emit("open"))
        self._late = QTimer(self, singleShot=True, interval=LATE)
        self._late.timeout.connect(self._show_runs)
        for signal in (self.session.runs_changed, self.session.params_changed,
                       self.session.stats_changed):
            self._link(signal, lambda *_: self._late.start() if not self._late.isActive()
                       else None)
        return runs

    def _show_runs(self) -> None:
        if self.tab == RUNS and RUNS in self._built:
            self._runs_page.show_runs(self.session.ghosts, self.session.params,
                                      self.session.history)

    def set_recent(self, recent: Sequence[str]) -> None:
        """Other recent files, from the next time the page of runs is made."""
        self.recent = list(recent)
