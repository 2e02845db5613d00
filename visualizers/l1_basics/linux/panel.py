"""A practice shell: what is typed, what it does to files and machines, and the course's tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from visualizers.panel import Panel
from visualizers.shapes import Int32, UInt8
from widgets.controls.parameters import choice, hidden, integer

TASK_COUNT = 24
FIRST = ("grep good data/reviews.txt | sort > good.txt",)  # what has been typed at the begin
SAME, NEW, CHANGED, GONE = 0, 1, 2, 3  # what the last line did to a file
TYPED, OUT, ERROR, NOTE = 0, 1, 2, 3  # whose a line of the terminal is


@dataclass(frozen=True)
class Params:
    help: Literal["none", "hint", "solution"] = choice(
        "none", restart=False, label="Help with the task",
        help="What stands below the task: nothing, a hint, or one way to do it.")
    pace: int = integer(
        5, 0, 600, unit="second", label="Time per line",
        help="How far the clock of the machines moves with each line: what runs in the background goes on.")
    seed: int = integer(0, 0, 999, help="Draws other process numbers and other losses of the training.")
    lines: tuple[str, ...] = hidden(FIRST, stays=True, help="What was typed, in order.")
    task: int = hidden(-1, help="The task that is looked at; −1 is the first that is open.")
    page: str = hidden("tasks", stays=True, help="What the small card shows: tasks, machines, git, values.")


@dataclass(frozen=True)
class Frame:
    """The terminal of this moment, and the machine whose shell is typed into."""

    shown: Annotated[tuple[str, ...], "L"]  # lines of the terminal; of what was typed, "prompt⇥text"; of a
    #                            note, "text⇥what is to be put in"
    kinds: Annotated[UInt8, "L", "0 … NOTE"]  # whose each line is
    prompt: str
    waiting: bool  # for the rest of a loop, a quote or a here-document
    running: str  # what has the terminal now
    status: Annotated[int, "0 … 255"]  # of the last command
    host: str
    folder: str  # where the shell is
    paths: Annotated[tuple[str, ...], "F"]  # all files and folders of this machine, and those just gone
    modes: Annotated[tuple[str, ...], "F"]  # "drwxr-xr-x"
    sizes: Annotated[Int32, "F", "≥ 0"]  # bytes
    marks: Annotated[UInt8, "F", "0 … GONE"]  # what the last line did to each
    commands: Annotated[tuple[str, ...], "C"]  # that can be typed
    machines: Annotated[tuple[str, ...], "H"]
    open: Annotated[tuple[str, ...], "S"]  # shells from the first to the one typed into: "ssh gpu1"
    gpu_machine: Annotated[Int32, "G", "0 … H-1"]
    gpu_used: Annotated[Int32, "G", "≥ 0"]  # MiB
    gpu_size: Annotated[Int32, "G", "≥ 0"]
    process_machine: Annotated[Int32, "Q", "0 … H-1"]
    process_pid: Annotated[Int32, "Q", "≥ 0"]
    process_user: Annotated[tuple[str, ...], "Q"]
    process_command: Annotated[tuple[str, ...], "Q"]
    process_where: Annotated[tuple[str, ...], "Q"]  # the terminal that it ends with: "tty", "tmux train"
    process_gpu: Annotated[Int32, "Q", "-1 … 15"]  # −1 for none
    commits: Annotated[tuple[str, ...], "M"]  # "1a2b3c4 message", the newest first
    parents: Annotated[tuple[str, ...], "M"]  # short names
    tips: Annotated[tuple[str, ...], "M"]  # branches that point there
    values: Annotated[tuple[str, ...], "V"]  # "N=12", of the shell that is typed into
    done: Annotated[UInt8, "TASK_COUNT", "0 … 1"]
    task: Annotated[int, "0 … TASK_COUNT-1"]  # the one that is looked at
    tasks_done: Annotated[int, "0 … TASK_COUNT"]
    line_count: Annotated[int, "≥ 0"]  # lines that were typed
    files_changed: Annotated[int, "≥ 0"]  # by the last line
    answer: str  # one way to do the task, where the help says so


PANEL = Panel(
    id="linux",
    title="Linux and the shell",
    claim="Each line is a small program: words, files and other programs joined by > and |. Here every line "
          "is safe, and you see what it changes.",
    params=Params,
    frame=Frame,
    experiment="visualizers.l1_basics.linux.experiment:Linux",
    view="visualizers.l1_basics.linux.view:LinuxView",
    headline="tasks_done",
    headline_label="tasks done",
    concepts=("1.19",),
    rests_on=("training_memory",),
    trains=False,
    keywords=("Linux", "shell", "bash", "terminal", "command line", "ssh", "scp", "tmux", "conda", "pip",
              "git", "nvidia-smi", "pipe", "redirection", "grep", "chmod", "script", "for loop",
              "终端", "命令行", "管道", "重定向", "脚本", "服务器", "版本控制", "虚拟环境"),
)
