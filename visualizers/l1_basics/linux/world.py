"""The machines of the practice shell: files, processes and GPUs that live in memory and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

USER = "learner"
HOME = f"/home/{USER}"
READ, WRITE, RUN = 4, 2, 1  # bits of a mode
LARGEST = 400_000  # characters of one file or of one variable


class Fault(Exception):
    """What a system call of Linux answers instead of doing what it was asked."""

    def __init__(self, said: str, status: int = 1) -> None:
        self.status = status  # of the command that cannot go on
        super().__init__(said)


ABSENT = "No such file or directory"
NO_FOLDER = "Not a directory"
IS_FOLDER = "Is a directory"
DENIED = "Permission denied"


@dataclass
class Node:
    """A file with a text, or a folder with entries.

    Attributes:
        mode: the nine bits rwxrwxrwx, for the owner, the group and all others.
        changed: at which tick of the world's clock it was written last.
    """

    folder: bool = False
    mode: int = 0o644
    owner: str = USER
    text: str = ""
    entries: dict[str, Node] = field(default_factory=dict)
    changed: int = 0

    @property
    def size(self) -> int:
        return 4096 if self.folder else len(self.text.encode())

    def permits(self, user: str, bit: int) -> bool:
        """Whether ``user`` may read, write or run it."""
        return bool(self.mode >> (6 if user == self.owner else 0) & bit)

    def walk(self, path: str) -> Iterator[tuple[str, Node]]:
        """Itself and all below it, each with its path, in the order of names."""
        yield path, self
        for name in sorted(self.entries):
            yield from self.entries[name].walk(f"{path.rstrip('/')}/{name}")

    def copy(self) -> Node:
        """A copy of its own, with all that it holds."""
        return Node(self.folder, self.mode, self.owner, self.text,
                    {name: one.copy() for name, one in self.entries.items()}, self.changed)


def changeable(node: Node) -> Node:
    """A folder that entries may be added to or taken from. Raises ``Fault`` where it is none."""
    if not node.folder:
        raise Fault(NO_FOLDER)
    if not node.permits(USER, WRITE):
        raise Fault(DENIED)
    return node


class Writer(Protocol):
    """Where a process writes to."""

    def write(self, text: str) -> None: ...


@dataclass
class Process:
    """Something that runs. A long one goes on while the clock does.

    Attributes:
        where: the terminal that holds it: "" for none, "tty" or the name of a tmux session.
        begun, lasts: seconds; a process whose time is over has ended.
        gpu: the index of the GPU that it computes on, −1 for none, with its memory in MiB.
        log: where it writes to; each of its lines is due at some second.
    """

    pid: int
    user: str
    command: str
    where: str = ""
    begun: int = 0
    lasts: int = 1 << 40
    gpu: int = -1
    memory: int = 0
    lines: list[tuple[int, str]] = field(default_factory=list)
    log: Writer | None = None
    written: int = 0


@dataclass
class Repository:
    """What git keeps: commits by their name, branches, and what is staged."""

    commits: dict[str, tuple[tuple[str, ...], str, dict[str, str]]] = field(default_factory=dict)
    #   name → (parents, message, path → text)
    branches: dict[str, str] = field(default_factory=dict)
    head: str = "main"
    staged: dict[str, str] = field(default_factory=dict)


@dataclass
class Pane:
    """A tmux session: its shell goes on whether somebody looks at it or not."""

    name: str
    shell: object


class Host:
    """One machine: its files, processes, GPUs, Python environments and tmux sessions."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.root = Node(folder=True, mode=0o755, owner="root")
        self.processes: dict[int, Process] = {}
        self.gpus: list[tuple[str, int]] = []  # (name, MiB)
        self.environments: dict[str, dict[str, str]] = {"base": {}}  # environment → package → version
        self.repositories: dict[str, Repository] = {}
        self.sessions: dict[str, Pane] = {}
        self.next_pid = 1000
        for path in ("/home", "/tmp", "/etc"):
            self.root.entries[path[1:]] = Node(folder=True, mode=0o777 if path == "/tmp" else 0o755,
                                               owner="root")
        self.root.entries["etc"].entries["hostname"] = Node(owner="root", text=name + "\n")
        self.root.entries["home"].entries[USER] = Node(folder=True, mode=0o755)

    # --- files

    def find(self, path: str) -> Node:
        """The node at an absolute path. Raises ``Fault``."""
        node = self.root
        for name in parts(path):
            if not node.folder:
                raise Fault(NO_FOLDER)
            if not node.permits(USER, RUN):
                raise Fault(DENIED)
            if name not in node.entries:
                raise Fault(ABSENT)
            node = node.entries[name]
        return node

    def has(self, path: str) -> bool:
        try:
            self.find(path)
        except Fault:
            return False
        return True

    def home_of(self, path: str) -> Node:
        """The folder in which ``path`` is or would be, if an entry may be added to it or taken away."""
        return changeable(self.find(parent(path)))

    def put(self, path: str, node: Node) -> Node:
        """Enter a node at a path. Raises ``Fault``."""
        self.home_of(path).entries[path.rpartition("/")[2]] = node
        return node

    def remove(self, path: str) -> None:
        del self.home_of(path).entries[path.rpartition("/")[2]]

    def write(self, path: str, text: str, owner: str = USER) -> None:
        """Make a file with all the folders above it: for setting a machine up."""
        node = self.root
        for name in parts(parent(path)):
            node = node.entries.setdefault(name, Node(folder=True, mode=0o755, owner=owner))
        node.entries[path.rpartition("/")[2]] = Node(text=text, owner=owner)

    # --- processes

    def start(self, process: Process) -> Process:
        self.processes[process.pid] = process
        return process

    def pid(self) -> int:
        self.next_pid += 7
        return self.next_pid

    def used(self, gpu: int) -> int:
        """MiB of a GPU that are taken."""
        return sum(one.memory for one in self.processes.values() if one.gpu == gpu)


class World:
    """All machines, and one clock. Nothing here is a real file, process or connection."""

    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}
        self.now = 0  # seconds since nine in the morning of 2 March 2026
        self.tick = 1  # of changes

    def pass_time(self, seconds: int) -> None:
        """Let all processes run on: what they write appears in their logs, and those that are done end."""
        self.now += seconds
        for host in self.hosts.values():
            for one in list(host.processes.values()):
                self.catch_up(one)
                if one.begun + one.lasts <= self.now:
                    del host.processes[one.pid]

    def catch_up(self, one: Process) -> None:
        """Write into its log what a process has printed by now."""
        while one.written < len(one.lines) and one.begun + one.lines[one.written][0] <= self.now:
            if one.log is not None:
                one.log.write(one.lines[one.written][1] + "\n")
            one.written += 1


def parts(path: str) -> list[str]:
    """The names along an absolute path."""
    return [name for name in path.split("/") if name]


def parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def joined(folder: str, path: str) -> str:
    """An absolute path without . and .., seen from a folder."""
    found: list[str] = []
    for name in parts(path if path.startswith("/") else f"{folder}/{path}"):
        if name == "..":
            del found[-1:]
        elif name != ".":
            found.append(name)
    return "/" + "/".join(found)


def bits(node: Node) -> str:
    """The mode as ls -l writes it: drwxr-xr-x."""
    return ("d" if node.folder else "-") + "".join(
        sign if node.mode >> (8 - at) & 1 else "-" for at, sign in enumerate("rwxrwxrwx"))
