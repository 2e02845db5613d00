"""What a learner sits at: a terminal with a shell in it, which may lead to other shells on other machines."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from visualizers.l1_basics.linux.parsing import Here, unfinished
from visualizers.l1_basics.linux.streams import Leave, Screen, Stop
from visualizers.l1_basics.linux.world import HOME, USER, Host, Node, World

BUDGET = 5000  # commands that one line may run
SECONDS = 5  # that pass with each line


@dataclass(frozen=True)
class Programs:
    """What can be run: parts of the shell, commands on files and texts, and models of other programs.

    Attributes:
        lacking: programs of a real machine that are missing here.
    """

    builtins: Mapping[str, Callable[..., int]]
    files: Mapping[str, Callable[..., int]]
    models: Mapping[str, Callable[..., int]]
    lacking: frozenset[str]
    keywords: frozenset[str]

    def find(self, name: str, host: Host) -> Callable[..., int] | None:
        """The program of this name on a machine."""
        if name == "nvidia-smi" and not host.gpus:
            return None
        return self.files.get(name) or self.models.get({"python3": "python", "pip3": "pip"}.get(name, name))

    def names(self, host: Host) -> tuple[str, ...]:
        """All that can be typed on a machine."""
        every = {*self.builtins, *self.files, *self.models} - {":", "."}
        return tuple(sorted(one for one in every if one in self.builtins or self.find(one, host)))


class Open(Protocol):
    """What a terminal knows of a shell that is open in it."""

    host: Host
    cwd: str
    environment: str
    interactive: bool
    busy: int
    status: int
    vars: dict[str, str | dict[int, str]]
    jobs: dict[int, tuple[int, str]]
    tested: int
    looping: int
    deep: int
    calls: int

    def get(self, name: str) -> str: ...
    def items(self, name: str) -> list[str]: ...
    def run_text(self, text: str) -> int: ...


@dataclass
class Layer:
    """A shell that is open in the terminal, and what has led to it: "login", "ssh" or "tmux"."""

    kind: str
    shell: Open
    name: str = ""


class Session:
    """A terminal, all that was typed into it, and the world that it acts on.

    Attributes:
        layers: open shells, the one that is typed into last.
        typed: whole lines, in order.
        commands: (host, words) of every command that was run, for what is asked of a task.
        logins: how often one has logged in on another machine.
        output: what the last line has written, standard error left out.
    """

    def __init__(self, world: World, programs: Programs, seed: int = 0, *, tty: bool = True) -> None:
        self.world, self.programs, self.screen, self.tty = world, programs, Screen(), tty
        self.heres: dict[str, Here] = {}  # here-documents, which functions may read much later
        self.pipes: dict[str, str] = {}  # what <(commands) have written
        self.seed, self.chance = seed, random.Random(seed)
        self.pid = 4242
        self.budget = BUDGET
        self.pending = ""
        self.typed: list[str] = []
        self.commands: list[tuple[str, list[str]]] = []
        self.mark = 0  # of the commands, how many came before the last line
        self.logins = 0
        self.output = ""
        self.replacing: set[str] = set()  # aliases that are being put in
        self.killed: set[int] = set()
        self.sourcing = 0
        self.told: set[str] = set()  # which models have said that they are some
        self.layers: list[Layer] = []
        self.before: dict[str, Node] = {}  # the files of each machine before the last line

    def __deepcopy__(self, memo: dict[int, object]) -> Session:
        """A copy of everything but the texts of what has run, which never change."""
        new = object.__new__(Session)
        memo[id(self)] = new
        for name, value in vars(self).items():
            setattr(new, name, list(value) if name in ("typed", "commands") else
                    value if name == "programs" else {} if name == "before" else copy.deepcopy(value, memo))
        return new

    @property
    def shell(self) -> Open:
        return self.layers[-1].shell

    def random(self, below: int) -> int:
        return self.chance.randrange(below)

    def spend(self) -> None:
        """One command or one turn of a loop, out of what a line may run."""
        self.budget -= 1
        if self.budget < 0:
            raise Stop("This line ran {what} commands and was stopped: does its loop ever end?",
                       f"{BUDGET:,}")

    def ran(self, shell: Open, args: list[str]) -> None:
        if len(self.commands) < 20_000:
            self.commands.append((shell.host.name, list(args)))

    def model(self, name: str) -> None:
        """Say of a command, once, that it is only a model of the real one."""
        if name not in self.told:
            self.told.add(name)
            self.screen.note("This {what} is a model: it runs in this program's memory and touches nothing "
                             "real.", name)

    @property
    def prompt(self) -> str:
        if self.pending:
            return "> "
        shell = self.shell
        if shell.busy:
            return ""
        where = shell.cwd
        where = "~" + where[len(HOME):] if where == HOME or where.startswith(HOME + "/") else where
        before = f"({shell.environment}) " if shell.environment != "base" else ""
        return f"{before}{USER}@{shell.host.name}:{where}$ "

    def enter(self, line: str, pace: int = SECONDS) -> None:
        """Type a line and press Enter."""
        line = line.encode("utf-8", "replace").decode().replace("\0", "")
        self.screen.put(Screen.TYPED, f"{self.prompt}\t{line}\n")
        self.mark, self.output = len(self.commands), ""
        if self.shell.busy or line.strip() in ("^C", "^D", "~.", "^b d"):
            self.key(line.strip())
            self._later(pace)
            return
        text = self.pending + line
        if unfinished(text):
            self.pending = text + "\n"
            return
        self.pending = ""
        if not text.strip():
            return
        self.typed.append(text)
        self.before = {name: host.root.copy() for name, host in self.world.hosts.items()}
        self.world.tick += 1
        self.budget = BUDGET
        start = len(self.screen.parts)
        self.screen.length = 0
        self.run(text)
        self.output = "".join(part for kind, part in self.screen.parts[start:] if kind == Screen.OUT)
        self._later(pace)
        self.screen.settle()

    def _later(self, seconds: int) -> None:
        """Let the clock go on, and tell which jobs of the shell have ended."""
        try:
            self.world.pass_time(seconds)
        except Stop as stop:
            self.screen.note(stop.message, stop.what)
        shell = self.shell
        if shell.busy not in shell.host.processes:
            shell.busy = 0
        for number, (pid, text) in list(shell.jobs.items()):
            if pid not in shell.host.processes:
                how = "Terminated" if pid in self.killed else "Done"
                self.screen.put(Screen.OUT, f"[{number}]+  {how:<22}  {text}\n")
                del shell.jobs[number]

    def run(self, text: str) -> None:
        """Run a whole text in the shell that is open; whatever goes wrong, the shell stays."""
        layer = self.layers[-1]
        shell = layer.shell
        try:
            shell.run_text(text)
        except Leave as leave:
            shell.status = leave.status
            if leave.how == "exit" and self.tty:
                self.closed(layer)
        except Stop as stop:
            shell.status = 1
            self.screen.note(stop.message, stop.what)
        except RecursionError:
            shell.status = 1
            self.screen.note("This line is nested too deep; it was stopped.")
        finally:
            shell.tested = shell.looping = shell.deep = shell.calls = 0
            self.sourcing = 0
            self.pipes.clear()
            self.replacing.clear()

    # --- leaving shells

    def detach(self) -> None:
        layer = self.layers.pop()
        self.screen.put(Screen.OUT, f"[detached (from session {layer.name})]\n")

    def end(self, host: Host, name: str) -> None:
        """Close a session of tmux, with all that runs in it."""
        host.sessions.pop(name, None)
        for one in [one for one in host.processes.values() if one.where == f"tmux {name}"]:
            del host.processes[one.pid]
        self.layers = [one for one in self.layers
                          if not (one.kind == "tmux" and one.name == name and one.shell.host is host)]

    def closed(self, layer: Layer) -> None:
        """exit in a shell of the terminal."""
        if layer.kind == "login":
            self.screen.note("This is the first shell of the terminal: there is none to go back to.")
        elif layer.kind == "tmux":
            self.end(layer.shell.host, layer.name)
            self.screen.put(Screen.OUT, "[exited]\n")
        else:
            self.layers = self.layers[: self.layers.index(layer)]
            self.screen.put(Screen.OUT, f"Connection to {layer.shell.host.name} closed.\n")

    def hang_up(self, layer: Layer) -> None:
        """The connection is gone: what hung on it goes too; tmux and nohup hold on to nothing of it."""
        host = layer.shell.host
        for one in [one for one in host.processes.values() if one.where == "ssh" and one.user == USER]:
            del host.processes[one.pid]
        self.layers = self.layers[: self.layers.index(layer)]
        self.screen.put(Screen.ERROR, f"Connection to {host.name} closed.\n")

    def key(self, text: str) -> None:
        """A key that is no text: ^C, ^D, tmux's ^b d, and ~. that drops the connection."""
        shell = self.shell
        running = shell.host.processes.get(shell.busy)
        if text == "^C":
            self.pending = ""
            if running is not None:
                del shell.host.processes[running.pid]
                shell.busy, shell.status = 0, 130
        elif text.replace("-", "").lower() in ("^b d", "^bd", "c b d", "tmux detach"):
            if self.layers[-1].kind == "tmux":
                self.detach()
            else:
                self.screen.note("{what} is a key of tmux, and this shell is not in tmux.", "^b d")
        elif text == "~.":
            layer = next((one for one in reversed(self.layers) if one.kind == "ssh"), None)
            if layer is None:
                self.screen.note("{what} drops a connection of ssh, and there is none.", "~.")
            else:
                self.hang_up(layer)
        elif text == "^D" and running is None:
            self.closed(self.layers[-1])
        elif running is not None:
            self.screen.note("{what} has the terminal. Type ^C to end it; in tmux, ^b d leaves it running.",
                                running.command)
        else:
            self.screen.note("This shell does not have {what}.", text)
