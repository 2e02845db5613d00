"""The lecture that is open: its moments are kept, edited, and shown one after the other.

A moment that has a run is shown from it at once; the worker repeats the run behind it, so that going on
needs no wait. One without a run, as scripts have, is trained when it is first shown, and its run is
kept on this machine. What is not saved yet is written beside the settings after each change, without
runs, and offered at the next start.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import psutil
from PySide6.QtCore import QObject, QTimer, Signal

from app.engine.errand import Errand
from app.files import lecture as files
from app.files import moments, runfile
from app.files.lecture import Lecture, Moment, spoken
from app.session.pins import Pinned, as_record
from app.session.record import Record
from app.session.session import Session, State
from visualizers.catalog import Said
from visualizers.files import rewriting
from visualizers.panel import Panel
from visualizers.refusal import Refusal
from widgets.theme.words import LANGUAGES, tr_mark, window_words
from widgets.views.layout import Arrangement

if TYPE_CHECKING:
    from app.files.settings import Settings
    from app.session.trying import Trying
    from app.window.comparing import Comparing
    from app.window.errors import Toast
    from app.window.filing import Filing
    from app.window.page import Page
    from widgets.theme.look import Look

REPEAT_AFTER = 300  # ms at a moment until its run is repeated: whoever only passes by trains nothing
REST_EVERY = 15  # ms between two looks whether a run has come to rest
UNSAVED_AFTER = 400  # ms after a change until it is written beside the settings
MOST_BACK = 50  # deleted moments that can be brought back
NEW = tr_mark("New lecture")


class Desk(Protocol):
    """What a lecture needs of the window."""

    settings: Settings
    look: Look
    toast: Toast
    files: Filing
    page: Page | None
    session: Session | None
    place: str
    tryings: dict[str, Trying]
    comparing: Comparing

    @property
    def chosen_controls(self) -> tuple[str, ...] | None: ...

    def open_panel(self, id: str) -> None: ...

    def leave_tour(self) -> None: ...

    def show_record(self, record: Record) -> None: ...

    def show_lecture(self) -> None: ...


class Lecturing(QObject):
    """The open lecture and the place in it.

    Attributes:
        lecture: None where none is open.
        index: of the present moment; -1 before the first one is shown.
        path: where it was saved or opened; None for a new one or a script.
        saved: whether everything in it is in its file, or as it shipped.
        runs: folder of the runs that were trained on this machine.
    """

    changed = Signal()  # the list, or what is said of a moment
    turned = Signal()  # another moment is shown
    training = Signal(int, int)  # a moment for the first time: its step, of so many; 0 of 0 at the end

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self.lecture: Lecture | None = None
        self.index = -1
        self.path: Path | None = None
        self.saved = True
        self.runs = moments.folder()
        self._deleted: list[tuple[int, Moment]] = []
        self._names = 0  # of files of what is not saved
        self._kept: list[Errand] = []  # runs on their way to this machine's folder
        self._trained: Trying | None = None  # trains the present moment
        self._resting = QTimer(self, interval=REST_EVERY)
        self._resting.timeout.connect(self._look_for_rest)
        self._waits: tuple[Session, Callable[[Session], object]] | None = None
        self._repeating = QTimer(self, singleShot=True, interval=REPEAT_AFTER)
        self._repeating.timeout.connect(self._repeat)
        self._writing = QTimer(self, singleShot=True, interval=UNSAVED_AFTER)
        self._writing.timeout.connect(self.write_unsaved)

    # --- what can be read ------------------------------------------------------------------------

    @property
    def moments(self) -> tuple[Moment, ...]:
        return self.lecture.moments if self.lecture is not None else ()

    @property
    def moment(self) -> Moment | None:
        """The present one."""
        return self.moments[self.index] if 0 <= self.index < len(self.moments) else None

    @property
    def deleted(self) -> Moment | None:
        """What ``bring_back`` would bring back."""
        return self._deleted[-1][1] if self._deleted else None

    @property
    def title(self) -> str:
        """The lecture's, in the window's language."""
        return spoken(self.lecture.title, self._desk.look.words.language) if self.lecture else ""

    # --- from moment to moment -------------------------------------------------------------------

    def go(self, index: int) -> None:
        """Show a moment as it was prepared."""
        words = self._desk.look.words
        if not self.moments:
            self._desk.toast.say(words("The lecture has no moment yet: open a panel and press Ctrl+D."))
        elif index >= len(self.moments):
            self._desk.toast.say(words("This was the last moment of the lecture."))
        elif index < 0:
            self._desk.toast.say(words("This is the first moment of the lecture."))
        else:
            self.index = index
            self.turned.emit()
            self.again()

    def next(self) -> None:
        self.go(self.index + 1)

    def previous(self) -> None:
        self.go(self.index - 1)

    def again(self) -> None:
        """The present moment exactly as it was prepared."""
        moment = self.moment
        self._give_up()
        if moment is None:
            return
        self._desk.leave_tour()
        if moment.run is not None and all(one.run is not None for one in moment.ghosts):
            self._show(moment, moment.run)
            return
        words = self._desk.look.words
        self._desk.files.errands.send(
            self._desk.look, self._desk.files.desk.window(), words("Looking for the run of this moment"),
            Refusal("The run of this moment could not be read; press Home to train it again."),
            partial(self._found, moment), moments.found, moment, self.runs, limits=self._desk.files.READING)

    def _found(self, moment: Moment, found: Moment) -> None:
        if self.moment is None or not _same(self.moment, moment):
            return  # somebody has gone on
        assert self.lecture is not None
        here = replace(self.moment, ghosts=found.ghosts)  # without those that are nowhere any more
        self.lecture = replace(self.lecture, moments=(
            *self.moments[:self.index], here, *self.moments[self.index + 1:]))
        if found.run is None:
            self._train(here)
        else:
            self._has(here, found.run)
            self._show(here, found.run)

    def _show(self, moment: Moment, record: Record) -> None:
        desk = self._desk
        desk.comparing.end()
        self._remember(moment)
        if desk.place == moment.panel and desk.page is not None and desk.page.card is None \
                and desk.session is not None:
            desk.session.open_record(record)
        else:
            desk.show_record(record)
        self._pin(moment)
        self._arrange(moment)
        self._repeating.start()

    def _remember(self, moment: Moment) -> None:
        """What is there now can be had back."""
        trying = self._desk.tryings.get(moment.panel)
        if trying is not None and trying.session.current() is not None:
            trying.undo.remember()

    def _pin(self, moment: Moment) -> None:
        """The ghosts are those of the moment."""
        session = self._desk.session
        if session is not None:
            session.set_pinned(files.pinned(moment))

    def _arrange(self, moment: Moment) -> None:
        if (cards := self._cards()) is not None:
            cards.set_ranks(moment.fill, moment.tab)

    def _cards(self) -> Arrangement | None:
        page = self._desk.page
        layout = page.view.layout() if page is not None else None
        return layout if isinstance(layout, Arrangement) else None

    def _repeat(self) -> None:
        """Behind the picture, if it is still the moment's."""
        session = self._desk.session
        if session is not None and self.moment is not None and session.panel.id == self.moment.panel \
                and session.panel.trains:
            session.repeat()

    # --- training what has no run ----------------------------------------------------------------

    def _train(self, moment: Moment) -> None:
        desk = self._desk
        desk.comparing.end()
        desk.open_panel(moment.panel)
        if desk.session is None:
            return
        self._remember(moment)
        trying = self._trained = desk.tryings[moment.panel]
        trying.drive.moved.connect(self.training)
        trying.drive.arrived.connect(self._arrived)
        trying.drive.given_up.connect(self._give_up)
        self.training.emit(0, moment.steps)
        trying.drive.again(moment.params, moment.steps, moment.changes)
        self._pin(moment)
        self._arrange(moment)

    def stop_training(self) -> None:
        """Leave the run where it is."""
        if self._trained is not None:
            self._trained.drive.stop()

    def _give_up(self) -> None:
        """The moment is not trained to its end, or nobody waits for it."""
        self._repeating.stop()
        self._resting.stop()
        self._waits = None
        if self._trained is not None:
            trying, self._trained = self._trained, None
            trying.drive.moved.disconnect(self.training)
            trying.drive.arrived.disconnect(self._arrived)
            trying.drive.given_up.disconnect(self._give_up)
            trying.drive.stop()
            self.training.emit(0, 0)

    def _arrived(self) -> None:
        session = self._trained.session if self._trained is not None else None
        self._give_up()
        if session is not None and session.state is not State.DIVERGED:
            self._when_resting(session, self._came)

    def _came(self, session: Session) -> None:
        """The moment is trained: its run is kept."""
        moment = self.moment
        record = _thinned(session.record())
        if moment is not None and files.of(moment, record):
            self._has(moment, record)
            self._cache(moment, record)

    def _has(self, moment: Moment, record: Record) -> None:
        assert self.lecture is not None
        self.lecture = replace(self.lecture, moments=tuple(
            replace(one, run=record) if one.run is None and _same(one, moment) else one
            for one in self.moments))

    def _cache(self, moment: Moment, record: Record) -> None:
        """Keep a run on this machine, without a word: where it fails, it is trained again."""
        self._kept = [one for one in self._kept if not one.look()]
        self._kept.append(self._desk.files.errands.start(moments.keep, moment, record, self.runs))

    def _when_resting(self, session: Session, then: Callable[[Session], object]) -> None:
        self._waits = session, then
        self._resting.start()
        self._look_for_rest()

    def _look_for_rest(self) -> None:
        if self._waits is None or self._waits[0] is not self._desk.session:
            self._resting.stop()
        elif self._waits[0].resting and self._desk.comparing.standing:
            (session, then), self._waits = self._waits, None
            self._resting.stop()
            then(session)

    # --- keeping and editing ---------------------------------------------------------------------

    def keep(self) -> None:
        """Keep what is shown as a moment, after the present one."""
        session = self._desk.session
        if session is None or session.current() is None:
            self._desk.toast.say(self._desk.look.words("Wait for the picture, then press Ctrl+D again."))
            return
        if self._desk.page is not None:
            self._desk.page.driven.pause()
        self._when_resting(session, self._keep)

    def _keep(self, session: Session) -> None:
        record = session.record(shown=True)
        desk, panel = self._desk, session.panel
        if not runfile.whole(record.film[-1:]):
            desk.toast.say(desk.look.words("This cannot be kept: its numbers are no numbers any more. Go "
                                           "back to an earlier step."), warning=True)
            return
        cards = self._cards()
        fill, tab = cards.ranks if cards is not None else (0, 0)
        moment = Moment(
            panel.id, {language: Said(panel, language).title for language in LANGUAGES},
            set=_set(panel, record.params), steps=record.step, changes=record.changes,
            controls=desk.chosen_controls, fill=fill, tab=tab,
            ghosts=_ghosts(panel, [*session.pinned, *desk.comparing.others()], desk.look.words.language),
            run=_thinned(record))
        if self.lecture is None:
            self._begin(_new(), None, saved=True)
        at = self.index + 1 if self.moment is not None else len(self.moments)
        self._put([*self.moments[:at], moment, *self.moments[at:]], at)
        for one in (moment, *moment.ghosts):
            assert one.run is not None
            self._cache(one, one.run)
        desk.show_lecture()
        desk.toast.say(desk.look.words("Kept as moment {number} of “{title}”.", number=at + 1,
                                       title=self.title))

    def edit(self, index: int, **values: Any) -> None:
        """Change what is said of a moment."""
        if any(getattr(self.moments[index], name) != value for name, value in values.items()):
            changed = replace(self.moments[index], **values)
            self._put([*self.moments[:index], changed, *self.moments[index + 1:]], self.index)

    def say(self, index: int, field: str, language: str, text: str) -> None:
        """A moment's ``name`` or ``note`` in one language."""
        most = files.LONGEST_NAME if field == "name" else files.LONGEST_NOTE
        self.edit(index, **{field: {**getattr(self.moments[index], field), language: text[:most]}})

    def entitle(self, language: str, text: str) -> None:
        """The lecture's title in one language."""
        if self.lecture is not None and self.lecture.title.get(language, "") != text:
            self.lecture = replace(self.lecture, title={**self.lecture.title,
                                                        language: text[:files.LONGEST_NAME]})
            self._touched()

    def move(self, index: int, to: int) -> None:
        """Give a moment another place; the present one stays the present one."""
        to = max(0, min(to, len(self.moments) - 1))
        if index == to:
            return
        order = list(range(len(self.moments)))
        order.insert(to, order.pop(index))
        self._put([self.moments[one] for one in order],
                  order.index(self.index) if self.moment is not None else -1)

    def duplicate(self, index: int) -> None:
        """The same moment once more, behind it."""
        twin = replace(self.moments[index], tally=())
        self._put([*self.moments[:index + 1], twin, *self.moments[index + 1:]], index + 1)
        self.turned.emit()

    def delete(self, index: int) -> None:
        """Take a moment out; ``bring_back`` puts it where it was."""
        self._deleted.append((index, self.moments[index]))
        del self._deleted[:-MOST_BACK]
        left = [*self.moments[:index], *self.moments[index + 1:]]
        self._put(left, min(self.index - (index < self.index), len(left) - 1))
        self.turned.emit()

    def bring_back(self) -> None:
        """The moment that was deleted last, where it was."""
        if self._deleted:
            index, moment = self._deleted.pop()
            at = min(index, len(self.moments))
            self._put([*self.moments[:at], moment, *self.moments[at:]], at)
            self.turned.emit()

    def _put(self, moments: Sequence[Moment], index: int) -> None:
        assert self.lecture is not None
        self.lecture, self.index = replace(self.lecture, moments=tuple(moments)), index
        self._touched()

    def _touched(self) -> None:
        self.saved = False
        self._writing.start()
        self.changed.emit()

    # --- files -----------------------------------------------------------------------------------

    def new(self) -> None:
        """An empty lecture."""
        self._begin(_new(), None, saved=True)
        self._desk.show_lecture()

    def open(self, lecture: Lecture, path: Path | None = None) -> None:
        """A lecture that was read, or a script that ships, from its first moment."""
        self._begin(lecture, path, saved=True)
        self._desk.show_lecture()
        if lecture.moments:
            self.go(0)

    def finish(self, seconds: float) -> None:
        """The window closes: what is not saved is written, and what is being kept may come to its end."""
        self._give_up()
        self.write_unsaved()
        for one in self._kept:
            one.wait(seconds)
            one.stop()

    def close(self) -> None:
        """No lecture any more; what is not saved is kept beside the settings."""
        self._begin(None, None, saved=True)

    def _begin(self, lecture: Lecture | None, path: Path | None, *, saved: bool) -> None:
        self._give_up()
        self.write_unsaved()
        self._names += 1
        self.lecture, self.path, self.saved, self.index = lecture, path, saved, -1
        self._deleted.clear()
        self.changed.emit()
        self.turned.emit()

    def ask_save(self, *, anew: bool = False) -> None:
        """Save it where it was, or ask where."""
        if self.lecture is None:
            return
        words = self._desk.look.words
        if self.path is not None and not anew:
            self._desk.files.guarded(partial(self.save, self.path))
        else:
            self._desk.files.ask(words("Save this lecture"), [words("Lectures (*.lecture)")], self.save,
                                 save_as=_file_name(self.title) + files.ENDING)

    def save(self, path: Path) -> None:
        """Write the lecture with its runs."""
        lecture = self.lecture
        if lecture is not None:
            self._desk.files.write_lecture(path, lecture, partial(self._written, path, lecture))

    def _written(self, path: Path, lecture: Lecture) -> None:
        self.path = path
        if self.lecture is lecture:
            self.saved = True
            self.write_unsaved()
            self.changed.emit()

    @property
    def _folder(self) -> Path | None:
        path = self._desk.settings.path
        return path.parent / "lectures" if path is not None else None

    def write_unsaved(self) -> None:
        """Keep what is not saved beside the settings, or remove what is saved by now."""
        self._writing.stop()
        if self._folder is None:
            return
        file = self._folder / f"unsaved-{os.getpid()}-{self._names}.toml"
        with contextlib.suppress(OSError):  # a full disk: the lecture is still here
            if self.saved or self.lecture is None:
                file.unlink(missing_ok=True)
            else:
                self._folder.mkdir(parents=True, exist_ok=True)
                with rewriting(file) as new:
                    new.write_text(files.written(self.lecture), "utf-8")

    def unsaved(self) -> Mapping[Path, str]:
        """The lectures that were never saved and are not open, the newest first, with their titles."""
        found: dict[Path, str] = {}
        if self._folder is None:
            return found
        here = f"unsaved-{os.getpid()}-{self._names}.toml"
        for file in sorted(self._folder.glob("unsaved-*-*.toml"), key=_age):
            pid = file.name.split("-")[1]
            alive = pid.isdigit() and int(pid) != os.getpid() and psutil.pid_exists(int(pid))
            if file.name == here or alive:
                continue
            with contextlib.suppress(OSError, Refusal, UnicodeDecodeError):
                lecture = files.parse(file.read_text("utf-8"), file.name)
                found[file] = spoken(lecture.title, self._desk.look.words.language)
        return found

    def open_unsaved(self, file: Path) -> None:
        """Go on with a lecture that was never saved. Raises ``Refusal``."""
        lecture = files.read(file)
        self._begin(lecture, None, saved=False)
        self.write_unsaved()
        with contextlib.suppress(OSError):
            file.unlink()
        self._desk.show_lecture()
        if lecture.moments:
            self.go(0)

    def discard_unsaved(self, file: Path) -> None:
        """Nobody wants it any more."""
        with contextlib.suppress(OSError):
            file.unlink()


def _age(file: Path) -> float:
    try:
        return -file.stat().st_mtime
    except OSError:
        return 0.0


def _new() -> Lecture:
    return Lecture({language: window_words(language)(NEW) for language in LANGUAGES})


def _same(one: Moment, other: Moment) -> bool:
    """Whether two moments have the same run."""
    return (one.panel, one.set, one.steps, one.changes) \
        == (other.panel, other.set, other.steps, other.changes)


def _ghosts(panel: Panel, runs: Sequence[Pinned], language: str) -> tuple[Moment, ...]:
    """Pinned runs as a moment keeps them; what is no number any more is left out."""
    records = [as_record(panel, one) for one in runs]
    return tuple(
        Moment(panel.id, {language: one.label} if one.label else {}, set=_set(panel, one.params),
               steps=one.step, changes=one.changes, run=one)
        for one in records if runfile.whole(one.film))[-files.MOST_GHOSTS:]


def _set(panel: Panel, params: Any) -> dict[str, Any]:
    """The values that are not the panel's defaults."""
    plain = panel.params()
    return {one.name: getattr(params, one.name) for one in panel.parameters
            if getattr(params, one.name) != getattr(plain, one.name)}


def _thinned(record: Record) -> Record:
    """With as much of its film as a moment keeps."""
    # Thinned first: to look through a long film takes a while, and it is done again.
    return replace(record, film=runfile.whole(runfile.thinned(record.film, files.FRAMES)))


def _file_name(title: str) -> str:
    """A title as the name of a file."""
    plain = "".join("-" if one in '<>:"/\\|?*' or ord(one) < 32 else one for one in title)
    return plain.strip(" .") or "lecture"
