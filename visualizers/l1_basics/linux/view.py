"""The terminal, and beside it what each line has changed: files, machines, commits and variables."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QPushButton, QWidget

from visualizers.l1_basics.linux.completion import completed
from visualizers.l1_basics.linux.panel import (
    CHANGED,
    GONE,
    NEW,
    NOTE,
    SAME,
    TASK_COUNT,
    TYPED,
    Frame,
    Params,
)
from visualizers.l1_basics.linux.tasks import TASKS
from visualizers.l1_basics.linux.world import HOME
from visualizers.panel import Shown
from widgets.base.tips import explain
from widgets.pictures.table import Table
from widgets.pictures.terminal import Line, Terminal
from widgets.theme.look import Look
from widgets.theme.numbers import count, fixed, quantity, size
from widgets.views.cards import Card
from widgets.views.layout import Arrangement, Place, below, beside
from widgets.views.pages import Pages
from widgets.views.view import PanelView

SIGNS = {SAME: "", NEW: "+", CHANGED: "~", GONE: "−"}
LONGEST = 2000  # characters of a line
STEP = "  "  # a level of folders


class LinuxView(PanelView):
    """What is typed becomes one more line of the hidden parameter ``lines``; all is drawn from the frame."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        words = self.words
        self.terminal = Terminal(look, " ", hint=words("Type a command"),
                                 name=words("Command line"))
        self.files = Table(look, " ", [("", 0.6), ("", 5.8), ("", 3.9), ("", 2.7)])
        self.tasks = Table(look, "", [("", 1)])
        self.machines = Table(look, "", [("", 11), ("", 9)])
        self.commits = Table(look, "", [("", 7), ("", 4)])
        self.values = Table(look, "", [("", 2), ("", 3)])
        self.pages = Pages(self, "page", {
            "tasks": (words("Tasks"), self.tasks), "machines": (words("Machines"), self.machines),
            "git": ("git", self.commits), "values": (words("Variables"), self.values)})
        self.back = QPushButton(words("Take back"))
        explain(self.back, words("Take back the last line: everything is as it was before it."))
        self.back.clicked.connect(self._take_back)
        self.terminal.head.addWidget(self.back)

        left, top, bottom = (Card(look) for _ in range(3))
        left.body.addWidget(self.terminal)
        top.body.addWidget(self.files)
        bottom.body.addWidget(self.pages)
        self.setLayout(Arrangement(look, beside(
            Place(left, words("Terminal"), rank=1, smallest=(420, 300), share=9),
            below(Place(top, words("Files"), rank=2, smallest=(240, 190), share=5),
                  Place(bottom, words("Tasks"), rank=3, smallest=(240, 190), share=5), share=5))))
        self.terminal.entered.connect(self._enter)
        self.tasks.clicked.connect(self._look_at)
        self.files.clicked.connect(self._insert)
        self._shown: Shown[Params, Frame] | None = None
        self._rows: list[str] = []
        self._sent: tuple[str, ...] | None = None  # lines that no frame has answered yet

    # --- what is done

    def _enter(self, text: str) -> None:
        self._send((*self._typed(), text[:LONGEST]))

    def _take_back(self) -> None:
        self._send(self._typed()[:-1])

    def _typed(self) -> tuple[str, ...]:
        """All that was typed, what no frame has answered yet among it."""
        if self._sent is not None:
            return self._sent
        return () if self._shown is None else self._shown.params.lines

    def _send(self, lines: tuple[str, ...]) -> None:
        if self._shown is not None:
            self._sent = lines
            self.changed.emit("lines", lines)

    def _look_at(self, row: int) -> None:
        self.changed.emit("task", row)

    def _insert(self, row: int) -> None:
        """Type the path of a file."""
        if self._shown is not None:
            path, here = self._rows[row], self._shown.frame.folder
            near = path.removeprefix(here.rstrip("/") + "/")
            self.terminal.insert("~" + path[len(HOME):] if near == path and path.startswith(HOME) else near)

    # --- what is shown

    def show_frame(self, shown: Shown[Params, Frame]) -> None:
        self._shown = shown
        if self._sent is not None and shown.params.lines != self._sent[: len(shown.params.lines)]:
            self._sent = None  # somebody else has set the lines
        if self._sent == shown.params.lines:
            self._sent = None
        frame, params = shown.frame, shown.params
        self._draw_terminal(frame, params)
        self._draw_files(frame)
        self.back.setEnabled(bool(params.lines))
        match self.pages.show_page(params.page):
            case "tasks":
                self._draw_tasks(frame)
            case "machines":
                self._draw_machines(frame)
            case "git":
                self._draw_commits(frame)
            case _:
                self._draw_values(frame)

    def _draw_terminal(self, frame: Frame, params: Params) -> None:
        lines = [Line(NOTE, self.words(
            "A practice shell: files, machines and programs live in memory, and nothing of this computer "
            "is touched. help lists all commands; Tab completes, ↑ brings back what was typed."))]
        for text, kind in zip(frame.shown, frame.kinds.tolist(), strict=True):
            first, _, second = text.partition("\t")
            if kind == TYPED:
                lines.append(Line(kind, second, first))
            else:
                lines.append(Line(kind, self.words(first, what=self.words(second)) if kind == NOTE else text))
        lines += [Line(NOTE, self.words(one) if params.help == "hint" else one)
                  for one in frame.answer.splitlines()]
        folders = {path for path, mode in zip(frame.paths, frame.modes, strict=True) if mode[0] == "d"}
        paths = [path for path, mark in zip(frame.paths, frame.marks.tolist(), strict=True) if mark != GONE]
        names = [one.partition("=")[0] for one in frame.values]
        task = TASKS[frame.task]
        self.terminal.draw(
            lines, frame.prompt.rstrip() or "…", params.lines,
            lambda text: completed(text, frame.commands, paths, folders, frame.folder, names),
            title=self.words("Task {number}: {text}", number=count(frame.task + 1),
                             text=self.words(task.text)) + (" ✓" if frame.done[frame.task] else ""))

    def _draw_files(self, frame: Frame) -> None:
        """The tree below the home folder; all of it where the shell is elsewhere."""
        root = HOME if (frame.folder + "/").startswith(HOME + "/") else ""
        rows, muted, chosen, touched = [("", "~" if root else "/", "", "")], [], 0, -1
        self._rows = [root or "/"]
        for path, mode, bytes_, mark in zip(frame.paths, frame.modes, frame.sizes.tolist(),
                                            frame.marks.tolist(), strict=True):
            if not path.startswith(root + "/"):
                continue
            name = path.rpartition("/")[2] + "/" * (mode[0] == "d")
            deep = path[len(root):].count("/")
            if path == frame.folder:
                chosen = len(rows)
            if mark == GONE:
                muted.append(len(rows))
            elif mark and touched < 0:
                touched = len(rows)
            rows.append((SIGNS[mark], STEP * deep + name, mode[1:] if mark != GONE else "",
                         size(bytes_) if mode[0] != "d" and mark != GONE else ""))
            self._rows.append(path)
        self.files.draw(rows, selected=chosen, muted=muted, title=self.words(
            "Files on {host}: + new, ~ changed, − gone", host=frame.host), heads=(
            "", self.words("entry"), self.words("mode"), self.words("size")))
        self.files.bring(touched if touched >= 0 else chosen)

    def _draw_tasks(self, frame: Frame) -> None:
        self.tasks.draw([(f"{'✓' if done else '○'}  {count(at + 1)}  {self.words(task.title)}",)
                         for at, (task, done) in enumerate(zip(TASKS, frame.done.tolist(), strict=True))],
                        selected=frame.task, muted=frame.done.nonzero()[0].tolist(), heads=(
            self.words("{done} of {all} done", done=count(frame.tasks_done), all=count(TASK_COUNT)),))
        self.tasks.bring(frame.task)

    def _draw_machines(self, frame: Frame) -> None:
        rows: list[tuple[str, str]] = []
        here = -1
        for at, name in enumerate(frame.machines):
            if name == frame.host:
                here = len(rows)
            rows.append((name, self.words("you are here") if name == frame.host else ""))
            gpus = [(used, whole) for machine, used, whole in zip(
                frame.gpu_machine.tolist(), frame.gpu_used.tolist(), frame.gpu_size.tolist(), strict=True)
                if machine == at]
            rows += self._processes(frame, at, -1, 1)
            for number, (used, whole) in enumerate(gpus):
                rows.append((f"{STEP}GPU {number}", self.words(
                    "{used} / {all} GiB", used=fixed(used / 1024, 1), all=fixed(whole / 1024, 0))))
                rows += self._processes(frame, at, number, 2)
        self.machines.draw(rows, selected=here, heads=(
            self.words("machine, process"), self.words("memory, place")))

    def _processes(self, frame: Frame, machine: int, gpu: int, deep: int) -> list[tuple[str, str]]:
        """What runs on a GPU of a machine, or beside them: its number and name, and what it hangs on."""
        return [(f"{deep * STEP}{pid} {command.removeprefix('python ').partition(' --')[0]}", where or user)
                for one, pid, user, command, where, on in zip(
                    frame.process_machine.tolist(), frame.process_pid.tolist(), frame.process_user,
                    frame.process_command, frame.process_where, frame.process_gpu.tolist(), strict=True)
                if one == machine and on == gpu]

    def _draw_commits(self, frame: Frame) -> None:
        rows = [(f"{lanes}  {text[:4]} {text.partition(' ')[2]}", tips) for lanes, text, tips in
                zip(graph(frame.commits, frame.parents), frame.commits, frame.tips, strict=True)]
        self.commits.draw(rows or [(self.words("git init begins a repository"), "")], heads=(
            self.words("commit, newest first"), self.words("branch")))

    def _draw_values(self, frame: Frame) -> None:
        rows = [("$?", str(frame.status)), *((f"${name}", value) for name, _, value in (
            one.partition("=") for one in frame.values))]
        self.values.draw(rows, heads=(self.words("variable"), self.words("its value")))

    def describe(self, shown: Shown[Params, Frame]) -> str:
        frame = shown.frame
        if frame.running:
            return self.words("{tasks} of {all} tasks done; {command} runs in the foreground on {host}.",
                              tasks=count(frame.tasks_done), all=count(TASK_COUNT), command=frame.running,
                              host=frame.host)
        return self.words(
            "{tasks} of {all} tasks done in {lines}; the last changed {files} and ended with {status}.",
            tasks=count(frame.tasks_done), all=count(TASK_COUNT),
            lines=quantity(frame.line_count, "line", self.words),
            files=quantity(frame.files_changed, "file", self.words), status=count(frame.status))


def graph(commits: Sequence[str], parents: Sequence[str]) -> list[str]:
    """The commits as points on lines that lead down to their parents, the newest first."""
    lanes: list[str] = []  # the commit that each line leads to
    rows = []
    for text, before in zip(commits, parents, strict=True):
        name = text.partition(" ")[0]
        if name not in lanes:
            lanes.append(name)
        here = lanes.index(name)
        rows.append(" ".join("●" if at == here else "│" for at in range(len(lanes))))
        # All lines that led here end; the first parent goes on in the place of the first.
        lanes = [one for at, one in enumerate(lanes) if one != name or at == here]
        new = [one for one in before.split() if one not in lanes]
        lanes[here : here + 1] = new[:1]
        lanes += new[1:]
    return rows
