"""What a panel is: parameters, an experiment that computes, a view that draws.

No Qt and no torch are imported here, because three kinds of process read panels: the window (Qt, no
torch), the workers (torch, no Qt) and the headless commands.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from widgets.controls.parameters import Parameter, parameters_of
from widgets.controls.speeds import Speed

if TYPE_CHECKING:
    import torch

    from visualizers.data import Data, Labelled, Text

P = TypeVar("P")
F = TypeVar("F")
P_in = TypeVar("P_in", contravariant=True)
F_out = TypeVar("F_out", covariant=True)

MEASURE_EVERY = 8  # steps between two measurements, where an experiment does not say


@dataclass
class Context:
    """What an experiment is given beside its parameters.

    Attributes:
        device: where to compute, ``"cpu"``, ``"cuda"`` or ``"mps"``; pass it on, never name one.
        seed: of this run.
        data: the catalogue of texts and models.
    """

    device: str
    seed: int
    data: Data
    on_progress: Callable[[int, int, str], None] = field(default=lambda done, total, what: None)
    on_note: Callable[[str, dict[str, object]], None] = field(default=lambda text, values: None)
    _generator: Any = None

    @property
    def generator(self) -> torch.Generator:
        """The run's only source of randomness: a CPU generator, so that every device draws alike.

        Always the same object. Draw from it in ``__init__`` and ``step``, never in ``frame``.
        """
        if self._generator is None:
            import torch

            self._generator = torch.Generator().manual_seed(self.seed)
        return self._generator  # type: ignore[no-any-return]

    def progress(self, done: int, total: int, what: str) -> None:
        """Tell the user how far a long set-up is. ``what`` is a literal English text."""
        self.on_progress(done, total, what)

    def note(self, text: str, **values: object) -> None:
        """Tell the user something in one line under the view. ``text`` is a literal English text."""
        self.on_note(text, values)


    def text(self, id: str) -> Text:
        """A text of the catalogue. A note says so where another one stands in for it."""
        found = self.data.text(id)
        self.stands_in(found.missing, found.title)
        return found

    def labelled(self, id: str) -> Labelled:
        """Labelled texts of the catalogue. A note says so where others stand in for them."""
        found = self.data.labelled(id)
        self.stands_in(found.missing, found.title)
        return found

    def stands_in(self, missing: str, title: str) -> None:
        """Say what is read in the place of what is not fetched.

        Args:
            missing: the id that was asked for; empty where it is here and nothing is to be said.
        """
        if missing:
            self.note("{wanted} is not here yet, so this reads {title}. Fetch it on the Data page.",
                      wanted=self.data.title(missing), title=title)


class Experiment(Protocol[P_in, F_out]):
    """What a panel computes. Lives in a worker process; torch, no Qt.

    ``shared`` names attributes that never change after ``__init__`` (texts, data sets, frozen
    models): keyframes, which are deep copies of the experiment, share them instead of copying.

    What costs too much for every step, such as a validation accuracy, is not kept on a schedule of
    its own but evaluated in ``measure`` (see ``Measures``), so that a picture at rest never shows an
    old number as today's.

    Optional beside it:

    ``finished(params)``: whether there is nothing left to do under these parameters; asked after
    every step, when the run ends, and whenever a parameter has changed, which may wake it.

    ``idle(params)``: control → one sentence why moving it can change nothing now.

    ``remembered``: the fields of the frame that belong to the steps behind it (the last batch, a mean
    over recent ones, lines that were written) rather than to the weights of the moment; the view
    says so where it shows them.
    """

    shared: ClassVar[tuple[str, ...]] = ()
    remembered: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: P_in, context: Context) -> None: ...

    def step(self, params: P_in) -> Mapping[str, float]:
        """One training step, and its scalars: the same names at every step. ``loss`` is watched."""
        ...

    def frame(self, params: P_in) -> F_out:
        """What to draw now: a pure read that copies everything it returns."""
        ...


class Measures(Protocol[P_in]):
    """An experiment that is too costly to evaluate at every step.

    ``measure`` is called before the first frame, after every ``measure_every``-th step, and before
    every frame at which the run stands still: paused, stepped by hand, ended, gone back, or looked at
    under other values of one of the parameters that ``measure_reads`` names. So at rest all that is
    shown is of the step shown; while a run plays, ``Shown.measured`` says of which step it is.

    ``measure_every`` counts steps and looks at no clock, so that the same run is measured at the same
    steps again; 0 leaves it to the moments of rest, where ``step`` gives the same scalars itself.
    """

    measure_every: int = MEASURE_EVERY
    measure_reads: ClassVar[tuple[str, ...]] = ()

    def measure(self, params: P_in) -> Mapping[str, float]:
        """Evaluate the weights of the moment: the same scalars every time.

        What else ``frame`` is to show of it is kept in the experiment, replacing what was there.
        Nothing is learnt and nothing drawn from the run's generator: training goes on exactly as if
        nobody had looked. What must be drawn for it comes from a generator seeded here.
        """
        ...


class History:
    """The scalars of a run: of every one of the last ``EXACT`` steps, and of telling ones before.

    ``history["loss"]`` has a value for each step that is kept, and ``history.steps`` says which these
    are: all of them in a run of less than ``EXACT`` steps. Of what is older, equal stretches of
    steps keep the rows that hold the least, the greatest or the last value of any scalar, as an
    oscilloscope does: a curve looks the same, its extremes are exact, and values of one step stay
    together. The stretches double as the run goes on, so that a run of any length takes some megabytes.

    What ``measure`` gives is NaN at the steps at which nothing was measured, and has a value before
    the first step besides: ``points`` gives the steps and values of a curve through what was measured.

    ``len(history)`` is the number of steps trained.
    """

    EXACT = 100_000  # steps
    AT_ONCE = 25_000  # steps more, before they are thinned
    OLDER = 40_000  # rows of all that is older

    def __init__(self) -> None:
        self._columns: dict[str, NDArray[np.float64]] = {}
        self._steps = np.empty(0)  # of the rows
        self._rows = self._old = 0  # kept, and how many of them are thinned
        self._length = 0
        self.start: dict[str, float] = {}  # measured before the first step

    def __len__(self) -> int:
        return self._length

    def __contains__(self, name: str) -> bool:
        return name in self._columns or name in self.start

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """All values that are kept, read-only; empty for a name that no step has given."""
        if name not in self._columns:
            return np.full(self._rows if name in self.start else 0, np.nan)
        return _read_only(self._columns[name][: self._rows])

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self._columns, *self.start)))

    @property
    def steps(self) -> NDArray[np.float64]:
        """(rows,) the numbers of the steps that are kept, the first being 1, beside the values."""
        return _read_only(self._steps[: self._rows])

    @property
    def whole(self) -> bool:
        """Whether every step is kept."""
        return self._rows == self._length

    def points(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What is known of this scalar and at which steps, 0 for the beginning: a ``Curve``'s y and x."""
        values, steps = self[name], self.steps[: len(self[name])]
        known = ~np.isnan(values)
        if not known.all():
            values, steps = values[known], steps[known]
        if name in self.start:
            steps = np.insert(steps, 0, 0.0)
            values = np.insert(values, 0, self.start[name])
        return values, steps

    def newest(self, name: str) -> tuple[int, float]:
        """The last step at which this scalar is known, and its value; (0, NaN) before there is one."""
        values, stop = self[name], len(self[name])
        while stop:
            begin = max(0, stop - 256)
            known = np.flatnonzero(~np.isnan(values[begin:stop]))
            if len(known):
                at = begin + int(known[-1])
                return int(self._steps[at]), float(values[at])
            stop = begin
        return 0, self.start.get(name, np.nan)

    def last(self) -> dict[str, float]:
        """The newest value of each scalar: at rest all of the last step. Empty before the first."""
        return {name: self.newest(name)[1] for name in self.names}

    def extend(self, chunk: Mapping[str, NDArray[np.float64]], *, keep: Sequence[int] = ()) -> None:
        """Append the scalars of some consecutive steps: name to array, all of one length.

        Args:
            keep: steps whose values stay, however old they are, because they can be looked at.
        """
        if not chunk:
            return
        count, first = len(next(iter(chunk.values()))), self._length + 1
        self._append(chunk, np.arange(first, first + count, dtype=np.float64), keep)

    @classmethod
    def of(cls, table: Mapping[str, NDArray[np.float64]], steps: NDArray[np.float64]) -> History:
        """What was kept of a run: the values of these steps, which rise but may leave some out."""
        made = cls()
        gaps = np.flatnonzero(np.diff(steps, prepend=0.0) != 1)
        last = int(gaps[-1]) if len(gaps) else 0  # the row from which no step is left out
        for begin, end in itertools.pairwise((0, last, *range(last + cls.EXACT, len(steps), cls.EXACT),
                                              len(steps))):
            made._append({name: one[begin:end] for name, one in table.items()}, steps[begin:end])
            if end == last:
                made._old = made._rows
        return made

    def _append(self, chunk: Mapping[str, NDArray[np.float64]], steps: NDArray[np.float64],
                keep: Sequence[int] = ()) -> None:
        end = self._rows + len(steps)
        for name in dict.fromkeys((*self._columns, *chunk)):
            column = self._columns.get(name, np.empty(0))
            column = self._columns[name] = _grown(column, self._rows, end)
            column[self._rows : end] = chunk.get(name, np.nan)
        self._steps = _grown(self._steps, self._rows, end)
        self._steps[self._rows : end] = steps
        self._rows = end
        if len(steps):
            self._length = int(steps[-1])
        if self._rows - self._old > self.EXACT + self.AT_ONCE:
            self._pick(_telling(self, self._rows - self.EXACT, self.OLDER, keep))
            self._old = self._rows - self.EXACT

    def _pick(self, kept: NDArray[np.intp]) -> None:
        """Keep these rows only, in new arrays: who holds a part of the old ones has it unchanged."""
        self._columns = {name: column[kept] for name, column in self._columns.items()}
        self._steps, self._rows = self._steps[kept], len(kept)

    def fill(self, step: int, scalars: Mapping[str, float], *, keep: bool = False) -> None:
        """Put in what was measured at a step that has been trained, or before the first one.

        With ``keep`` only where nothing is known yet. A step that is not kept stays so.
        """
        if step == 0:
            self.start = {**scalars, **self.start} if keep else {**self.start, **scalars}
            return
        row = int(np.searchsorted(self.steps, step))
        if row < self._rows and self._steps[row] == step:
            for name, value in scalars.items():
                if name not in self._columns:
                    self._columns[name] = np.full(len(self._steps), np.nan)
                if not keep or np.isnan(self._columns[name][row]):
                    self._columns[name][row] = value

    def until(self, step: int) -> History:
        """The first ``step`` steps, sharing the arrays: what a scrubbed view draws."""
        part = History()
        part._columns, part._steps = self._columns, self._steps
        part._length = max(0, min(step, self._length))
        part._rows = int(np.searchsorted(self.steps, part._length, side="right"))
        part._old = min(self._old, part._rows)
        part.start = self.start
        return part

    def copy(self) -> History:
        """An independent copy, for a pinned run or a branch."""
        other = History()
        other._columns = {name: self[name].copy() for name in self._columns}
        other._steps, other._rows, other._old = self.steps.copy(), self._rows, self._old
        other._length, other.start = self._length, dict(self.start)
        return other

    def thinned(self, rows: int, keep: Sequence[int] = ()) -> History:
        """A copy of about ``rows`` rows at most: the first, the last, and extremes of all scalars."""
        other = self.copy()
        if self._rows > rows:
            other._pick(_telling(self, self._rows, rows, keep))
            other._old = other._rows
        return other


def _read_only(array: NDArray[np.float64]) -> NDArray[np.float64]:
    array.flags.writeable = False
    return array


def _grown(column: NDArray[np.float64], rows: int, end: int) -> NDArray[np.float64]:
    """A column with room for ``end`` rows; what is not written yet is NaN."""
    if len(column) >= end:
        return column
    grown = np.full(max(1024, 2 * end), np.nan)
    grown[: min(rows, len(column))] = column[:rows]
    return grown


def _telling(history: History, old: int, most: int, keep: Sequence[int]) -> NDArray[np.intp]:
    """The rows to keep: of the first ``old`` some ``most`` that tell what all do, and all after them.

    In each of equal stretches of steps these are the first with the least and with the greatest value
    of each scalar, and the last at which it is known; besides the very first and the last row.
    """
    columns, steps = [history[name][:old] for name in history.names], history.steps[:old]
    stretches = max(1, most // (3 * len(columns) + 1))
    width = 2.0 ** np.ceil(np.log2(max(1.0, steps[-1] / stretches)))
    stretch = ((steps - 1) // width).astype(np.intp)
    starts = np.flatnonzero(np.diff(stretch, prepend=-1))
    of_row = np.repeat(np.arange(len(starts)), np.diff(starts, append=old))
    kept = np.zeros(len(history.steps), dtype=bool)
    kept[old:] = kept[0] = kept[old - 1] = True

    def mark(rows: NDArray[np.intp], *, last: bool = False) -> None:
        """The first of these rows in each stretch, or the last."""
        changes = np.diff(of_row[rows]) != 0
        kept[rows[np.append(changes, True) if last else np.insert(changes, 0, True)]] = True

    for column in columns:
        known = np.flatnonzero(~np.isnan(column))
        if len(known):
            mark(known, last=True)
            for extreme in (np.fmin, np.fmax):
                mark(np.flatnonzero(column == extreme.reduceat(column, starts)[of_row]))
    kept[:old] |= np.isin(steps, np.asarray(keep, dtype=np.float64))
    return np.flatnonzero(kept)


@dataclass(frozen=True)
class Ghost(Generic[P, F]):
    """A pinned run, drawn grey behind the run of the moment."""

    label: str
    params: P
    frame: F
    history: History


@dataclass(frozen=True)
class Shown(Generic[P, F]):
    """All that a view draws from. The same ``Shown`` always gives the same picture.

    Attributes:
        step: of the frame.
        measured: the step at which what ``measure`` evaluates was evaluated: ``step`` itself at rest
            and in panels that measure nothing, an earlier one while a run plays.
        idle: control → why moving it can change nothing now, an English sentence.
    """

    frame: F
    params: P
    history: History
    step: int = 0
    ghosts: Sequence[Ghost[P, F]] = ()
    measured: int = -1
    idle: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.measured < 0:
            object.__setattr__(self, "measured", self.step)


@dataclass(frozen=True)
class Panel:
    """One panel's declaration. ``PANEL = Panel(...)`` in its ``panel.py``.

    Attributes:
        id: the folder's name.
        title: a few words.
        claim: the one sentence that the picture proves.
        params: frozen dataclass declared with ``widgets.controls.parameters``.
        frame: frozen dataclass of arrays, numbers and texts, declared as in ``visualizers.shapes``.
        experiment: ``"module:Class"``, imported in the worker only.
        view: ``"module:Class"``, imported in the window only.
        scalars: what a view may count on in the history: names that every step or every measurement
            gives. There may be more, such as scores that need data which is not always there.
        concepts: the course's concept numbers, such as ``"2.7"``.
        keywords: what else a search finds it by, in both languages.
        sources: ids of the texts, tables and models that it reads beside those that a control
            chooses.
        rests_on: ids of the panels of other lectures whose ideas it uses; the page links to them.
        trains: whether the experiment has a ``step``.
        speed: how fast it plays at first. What is over in some fifty steps would be past before it
            is seen at full speed.
        headline: the scalar by which two runs are compared; a number of the frame where nothing is
            trained. Best is one that is measured on data that were not learnt from.
        headline_label: what it is called in a sentence.
        proved_with: values at which the contract tests train it, where the defaults cost more than
            their budget: the same code with smaller batches and layers. What a user meets is tested
            at the defaults all the same: the first frame, the pictures, the tour.
    """

    id: str
    title: str
    claim: str
    params: type
    frame: type
    experiment: str
    view: str
    scalars: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    trains: bool = True
    speed: Speed = Speed.MAX
    headline: str = ""
    headline_label: str = ""
    proved_with: Mapping[str, object] = field(default_factory=dict, hash=False)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return parameters_of(self.params)

    @property
    def package(self) -> str:
        """The dotted name of the panel's folder, ``visualizers.l2_networks.rnn_gradients``."""
        return self.params.__module__.rpartition(".")[0]

    @property
    def lecture(self) -> str:
        """The lecture's folder, ``l2_networks``."""
        return self.package.split(".")[1]


def load(path: str) -> Any:
    """The object that ``"package.module:Name"`` names."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
