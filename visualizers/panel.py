"""What a panel is: parameters, an experiment that computes, a view that draws.

No Qt and no torch are imported here, because three kinds of process read panels: the window (Qt, no
torch), the workers (torch, no Qt) and the headless commands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from widgets.parameters import Parameter, parameters_of
from widgets.speeds import Speed

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
    """The scalars of every step of a run, in arrays that grow by doubling.

    ``history["loss"]`` has one value a step: value i belongs to step i + 1. What ``measure`` gives is
    NaN at the steps at which nothing was measured, and has a value before the first step besides:
    ``points`` gives the steps and values of a curve through what was measured.
    """

    def __init__(self) -> None:
        self._columns: dict[str, NDArray[np.float64]] = {}
        self._length = 0
        self.start: dict[str, float] = {}  # measured before the first step

    def __len__(self) -> int:
        return self._length

    def __contains__(self, name: str) -> bool:
        return name in self._columns or name in self.start

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """All values so far, read-only; empty for a name that no step has given."""
        if name not in self._columns:
            return np.full(self._length if name in self.start else 0, np.nan)
        seen = self._columns[name][: self._length]
        seen.flags.writeable = False
        return seen

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self._columns, *self.start)))

    @property
    def steps(self) -> NDArray[np.float64]:
        """The step numbers 1 … n, beside the values."""
        return np.arange(1, self._length + 1, dtype=np.float64)

    def points(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What is known of this scalar and at which steps, 0 for the beginning: a ``Curve``'s y and x."""
        values = self[name]
        known: NDArray[np.intp] = np.flatnonzero(~np.isnan(values))
        steps = self.steps[known]
        if len(known) < len(values):
            values = values[known]
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
                return at + 1, float(values[at])
            stop = begin
        return 0, self.start.get(name, np.nan)

    def last(self) -> dict[str, float]:
        """The newest value of each scalar: at rest all of the last step. Empty before the first."""
        return {name: self.newest(name)[1] for name in self.names}

    def extend(self, chunk: Mapping[str, NDArray[np.float64]]) -> None:
        """Append the scalars of some consecutive steps: name to array, all of one length."""
        if not chunk:
            return
        count = len(next(iter(chunk.values())))
        for name in dict.fromkeys((*self._columns, *chunk)):
            column = self._columns.get(name)
            if column is None:
                column = np.full(max(1024, 2 * (self._length + count)), np.nan)
            elif len(column) < self._length + count:
                column = np.concatenate([column, np.full(len(column) + count, np.nan)])
            column[self._length : self._length + count] = chunk.get(name, np.nan)
            self._columns[name] = column
        self._length += count

    def fill(self, step: int, scalars: Mapping[str, float], *, keep: bool = False) -> None:
        """Put in what was measured at a step that has been trained, or before the first one.

        With ``keep`` only where nothing is known yet.
        """
        if step == 0:
            self.start = {**scalars, **self.start} if keep else {**self.start, **scalars}
        elif step <= self._length:
            for name, value in scalars.items():
                if name not in self._columns:
                    self._columns[name] = np.full(max(1024, 2 * self._length), np.nan)
                if not keep or np.isnan(self._columns[name][step - 1]):
                    self._columns[name][step - 1] = value

    def until(self, step: int) -> History:
        """The first ``step`` steps, sharing the arrays: what a scrubbed view draws."""
        part = History()
        part._columns = self._columns
        part._length = max(0, min(step, self._length))
        part.start = self.start
        return part

    def copy(self) -> History:
        """An independent copy, for a pinned run or a branch."""
        other = History()
        other.extend({name: self[name] for name in self._columns})
        other.start = dict(self.start)
        return other


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
        params: frozen dataclass declared with ``widgets.parameters``.
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
