"""What was typed is run again from the begin, so every state can be taken back, saved and shown.

The shell is ``shell.py``, its words ``words.py``, its commands ``files.py`` and ``texts.py``; ``modelled.py``
and ``gitmodel.py`` are models of other programs and machines; ``world.py`` is what they act on. Nothing of
the real machine is touched. The language: *Bash Reference Manual*, section 3; the parser: tree-sitter-bash.
"""

from __future__ import annotations

import copy

import numpy as np

from visualizers.l1_basics.linux.catalogue import PROGRAMS
from visualizers.l1_basics.linux.gitmodel import SHORT, ancestors
from visualizers.l1_basics.linux.machines import begin
from visualizers.l1_basics.linux.panel import CHANGED, GONE, NEW, SAME, Frame, Params
from visualizers.l1_basics.linux.session import Session
from visualizers.l1_basics.linux.streams import Screen
from visualizers.l1_basics.linux.tasks import TASKS
from visualizers.l1_basics.linux.world import Node, bits
from visualizers.panel import Context

KEPT = 64  # states that can be gone back to without running everything again
MOST_TYPED = 1000  # lines that are run
MOST_LINES, MOST_FILES, WIDEST = 400, 300, 400  # what a frame shows
GIVEN = frozenset(("HOME", "USER", "PATH", "SHELL", "HOSTNAME", "PWD", "OLDPWD", "IFS", "BASH_REMATCH"))


class State:
    """A terminal after some lines, and which tasks have been done on the way."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.done = np.zeros(len(TASKS), np.uint8)                       # (tasks,)

    def enter(self, line: str, pace: int) -> State:
        """Another state, in which this line has been typed too."""
        new = copy.deepcopy(self)
        for part in line.split("\n"):
            new.session.enter(part, pace)
        for at, task in enumerate(TASKS):
            if not new.done[at] and task.done(new.session):
                new.done[at] = 1
        return new


class Linux:
    """Replays the lines that were typed."""

    shared = ("states",)

    def __init__(self, params: Params, context: Context) -> None:
        self.seed, self.pace = context.seed, params.pace
        self.states: dict[tuple[str, ...], State] = {}

    def state(self, lines: tuple[str, ...]) -> State:
        """After these lines, beginning with the longest part of them that is known."""
        known = next((at for at in range(len(lines), 0, -1) if lines[:at] in self.states), 0)
        state = self.states[lines[:known]] if known else State(begin(self.seed))
        for at in range(known, len(lines)):
            state = state.enter(lines[at], self.pace)
            self.states[lines[: at + 1]] = state
            if len(self.states) > KEPT:
                del self.states[next(iter(self.states))]
        return state

    def frame(self, params: Params) -> Frame:
        state = self.state(params.lines[:MOST_TYPED])
        session = state.session
        shell, host = session.shell, session.shell.host
        shown, kinds = lines_of(session.screen)
        files = changes(session)
        machines = list(session.world.hosts.values())
        running = host.processes.get(shell.busy)
        gpus = [(at, one.used(gpu), size) for at, one in enumerate(machines)
                for gpu, (_, size) in enumerate(one.gpus)]
        processes = [(at, each) for at, one in enumerate(machines) for each in one.processes.values()]
        commits = history(session)
        open_ = [at for at, done in enumerate(state.done) if not done]
        task = params.task if 0 <= params.task < len(TASKS) else open_[0] if open_ else len(TASKS) - 1
        here = TASKS[task]
        return Frame(
            shown=shown, kinds=kinds, prompt=session.prompt, waiting=bool(session.pending),
            running=running.command if running else "", status=shell.status % 256, host=host.name,
            folder=shell.cwd,
            paths=tuple(path for path, _, _ in files), modes=tuple(bits(node) for _, node, _ in files),
            sizes=np.array([node.size for _, node, _ in files], np.int32),
            marks=np.array([mark for _, _, mark in files], np.uint8),
            commands=PROGRAMS.names(host),
            machines=tuple(one.name for one in machines),
            open=tuple(f"{one.kind} {one.name}".strip() for one in session.layers),
            gpu_machine=np.array([one[0] for one in gpus], np.int32),
            gpu_used=np.array([one[1] for one in gpus], np.int32),
            gpu_size=np.array([one[2] for one in gpus], np.int32),
            process_machine=np.array([at for at, _ in processes], np.int32),
            process_pid=np.array([one.pid for _, one in processes], np.int32),
            process_user=tuple(one.user for _, one in processes),
            process_command=tuple(one.command[:WIDEST] for _, one in processes),
            process_where=tuple(one.where for _, one in processes),
            process_gpu=np.array([one.gpu for _, one in processes], np.int32),
            commits=tuple(one[0] for one in commits), parents=tuple(one[1] for one in commits),
            tips=tuple(one[2] for one in commits),
            values=tuple(f"{name}={' '.join(shell.items(name))}"[:WIDEST]
                         for name in sorted(shell.vars) if name not in GIVEN)[:100],
            done=state.done.copy(), task=task, tasks_done=int(state.done.sum()),
            line_count=len(params.lines), files_changed=sum(mark != SAME for _, _, mark in files),
            answer={"none": "", "hint": here.hint}.get(params.help, "\n".join(here.answer)))


def lines_of(screen: Screen) -> tuple[tuple[str, ...], np.ndarray[tuple[int], np.dtype[np.uint8]]]:
    """The last lines of the terminal, and whose each is."""
    lines: list[tuple[int, str]] = []
    whole = True
    for kind, text in screen.parts:
        for piece in text.splitlines(keepends=True):
            if whole or kind != lines[-1][0]:
                lines.append((kind, piece.rstrip("\n")[:WIDEST]))
            else:
                lines[-1] = kind, (lines[-1][1] + piece.rstrip("\n"))[:WIDEST]
            whole = piece.endswith("\n")
    lines = lines[-MOST_LINES:]
    return tuple(printable(text) for _, text in lines), np.array([kind for kind, _ in lines], np.uint8)


def printable(text: str) -> str:
    """Without signs that no screen shows."""
    return "".join(sign if sign == "\t" or (sign.isprintable() and not 0xD800 <= ord(sign) < 0xE000) else "�"
                   for sign in text)


def changes(session: Session) -> list[tuple[str, Node, int]]:
    """All files of this machine, and what the last line did to each; what it removed is among them."""
    host = session.shell.host
    now = dict(seen(host.root))
    before = dict(seen(session.before[host.name])) if host.name in session.before else now
    found = []
    for path in sorted({*now, *before}, key=lambda one: one.split("/")):
        node, old = now.get(path), before.get(path)
        if node is None:
            assert old is not None
            found.append((path, old, GONE))
        elif old is None:
            found.append((path, node, NEW))
        else:
            same = node.mode == old.mode and (node.folder or node.text == old.text)
            found.append((path, node, SAME if same else CHANGED))
    return found[:MOST_FILES]


def seen(root: Node) -> list[tuple[str, Node]]:
    """Every path but the root and what is inside of .git."""
    return [(path, node) for path, node in root.walk("/") if path != "/" and "/.git/" not in path]


def history(session: Session) -> list[tuple[str, str, str]]:
    """The commits of the repository around the shell, else of the only one there is."""
    host = session.shell.host
    inside = [path for path in host.repositories
              if session.shell.cwd == path or session.shell.cwd.startswith(path + "/")]
    path = next(iter(inside or host.repositories), "")
    if not path or not host.has(f"{path}/.git"):
        return []
    repo = host.repositories[path]
    return [(f"{name[:SHORT]} {repo.commits[name][1]}"[:WIDEST],
             " ".join(one[:SHORT] for one in repo.commits[name][0]),
             ", ".join(("→ " if one == repo.head else "") + one for one, at in repo.branches.items()
                       if at == name)) for name in ancestors(repo, *repo.branches.values())[:50]]
