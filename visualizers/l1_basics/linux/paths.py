"""Files as a shell sees them: paths from its folder on, and what may be done with what is there."""

from __future__ import annotations

import re

from visualizers.l1_basics.linux.session import Session
from visualizers.l1_basics.linux.streams import FileEnd, Nothing, Screen, ScreenEnd, Stream
from visualizers.l1_basics.linux.words import fits
from visualizers.l1_basics.linux.world import (
    ABSENT,
    DENIED,
    IS_FOLDER,
    NO_FOLDER,
    READ,
    RUN,
    USER,
    WRITE,
    Fault,
    Host,
    Node,
    changeable,
    joined,
)


class Paths:
    """A place in the files of a machine."""

    session: Session
    host: Host
    cwd: str
    fds: dict[int, Stream]

    def path(self, path: str) -> str:
        return joined(self.cwd, path)

    def node(self, path: str) -> Node:
        """What is at a path as it was typed. Raises ``Fault``."""
        if path == "":
            raise Fault(ABSENT)
        at = "/" if path.startswith("/") else self.cwd
        found = self.host.find(at)
        trail = [self.host.root] if at == "/" else self._trail(at)
        for name in path.split("/"):
            if name in ("", "."):
                if not found.folder:
                    raise Fault(NO_FOLDER)
                continue
            if not found.folder:
                raise Fault(NO_FOLDER)
            if not found.permits(USER, RUN):
                raise Fault(DENIED)
            if name == "..":
                trail = trail[:-1] or trail
            elif name in found.entries:
                trail = [*trail, found.entries[name]]
            else:
                raise Fault(ABSENT)
            found = trail[-1]
        return found

    def home_of(self, path: str) -> Node:
        """The folder in which a path is or would be, if an entry may be added to it or taken away."""
        return changeable(self.node(path.rpartition("/")[0] or ("/" if path.startswith("/") else ".")))

    def _trail(self, path: str) -> list[Node]:
        trail = [self.host.root]
        for name in path.split("/"):
            if name:
                trail.append(trail[-1].entries[name])
        return trail

    def text_of(self, path: str) -> str:
        """The text of a file. Raises ``Fault``."""
        if path == "/dev/null":
            return ""
        if path == "/dev/stdin":
            return self.fds[0].read()
        if path in self.session.pipes:
            return self.session.pipes[path]
        node = self.node(path)
        if node.folder:
            raise Fault(IS_FOLDER)
        if not node.permits(USER, READ):
            raise Fault(DENIED)
        return node.text

    def create(self, path: str, *, append: bool = False) -> Stream:
        """A file to be written: made if it is not there, emptied unless ``append``. Raises ``Fault``."""
        special = {"/dev/null": Nothing(), "/dev/stdout": self.fds.get(1), "/dev/stderr": self.fds.get(2),
                   "/dev/tty": ScreenEnd(self.session.screen, Screen.OUT)}.get(path)
        if special is not None:
            return special
        where = self.file_at(path)
        if not append:
            where.text = ""
        where.changed = self.session.world.tick
        return FileEnd(where, self.session.world)

    def file_at(self, path: str) -> Node:
        """The file at a path, a new one if there is none. Raises ``Fault``."""
        try:
            node = self.node(path)
        except Fault as fault:
            if str(fault) != ABSENT or not path:
                raise
            if path.endswith("/"):
                raise Fault(IS_FOLDER) from fault
            made = Node(changed=self.session.world.tick)
            self.home_of(path).entries[path.rpartition("/")[2]] = made
            return made
        if node.folder:
            raise Fault(IS_FOLDER)
        if not node.permits(USER, WRITE):
            raise Fault(DENIED)
        return node

    def matching(self, pattern: str) -> list[str]:
        """The paths that a pattern of the shell fits, in the order of names."""
        parts = pattern.split("/")
        found = ["/"] if pattern.startswith("/") else [""]
        for at, part in enumerate(parts):
            if part == "":
                continue
            nexts = []
            for base in found:
                try:
                    folder = self.node(base or ".")
                except Fault:
                    continue
                if not folder.folder or not folder.permits(USER, READ):
                    continue
                plain = re.sub(r"\\(.)", r"\1", part)
                if not re.search(r"(?<!\\)[*?\[]", part):
                    names = [plain] if plain in folder.entries or plain in (".", "..") else []
                else:
                    names = sorted(name for name in folder.entries if fits(name, part)
                                   and (not name.startswith(".") or part.startswith(".")))
                nexts += [base + name + ("/" if at < len(parts) - 1 else "") for name in names
                          if at == len(parts) - 1 or plain in (".", "..") or folder.entries[name].folder]
            found = nexts
        return sorted(found)
