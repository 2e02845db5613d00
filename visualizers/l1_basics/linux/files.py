"""Commands on files and folders: ls, cp, mv, rm, mkdir, touch, chmod, find and their like."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from visualizers.l1_basics.linux.options import Options, hint, options
from visualizers.l1_basics.linux.shell import Shell, quoted
from visualizers.l1_basics.linux.streams import ScreenEnd
from visualizers.l1_basics.linux.words import Unsupported, fits
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
    Node,
    bits,
    parts,
)

WIDE = 56  # characters of a line in which ls puts names side by side


# --- ls ------------------------------------------------------------------------------------------


def ls(sh: Shell, args: list[str]) -> int:
    found = options("ls", args, "1AFRSadghlprtC", long={"all": "a", "almost-all": "A", "recursive": "R",
                    "reverse": "r", "human-readable": "h", "directory": "d", "classify": "F", "color": ""})
    files: list[tuple[str, Node]] = []
    folders: list[tuple[str, Node]] = []
    failed: list[str] = []
    for path, node in accessed(sh, "ls", found.rest, failed):
        (folders if node.folder and "d" not in found else files).append((path, node))
    files, folders = _sorted(files, found), _sorted(folders, found)
    blocks, status = [], 2 if failed else 0
    if files:
        blocks.append(_listed(sh, files, found))
    named = len(found.rest) > 1 or "R" in found
    while folders:
        path, node = folders.pop(0)
        if not node.permits(USER, READ):
            sh.err(f"ls: cannot open directory '{path}': {DENIED}")
            status = 2
            continue
        inside = [(name, one) for name, one in sorted(node.entries.items())
                  if not name.startswith(".") or "a" in found or "A" in found]
        inside = _sorted(inside, found)
        shown = inside
        if "a" in found:
            dots: list[tuple[str, Node]] = [(".", node), ("..", sh.node(f"{path}/.."))]
            shown = [*inside, *dots[::-1]] if "r" in found and not set("tS") & set(found.flags) \
                else [*dots, *inside]
        total = f"total {sum(4 * -(-one.size // 4096) for _, one in shown)}\n" if "l" in found else ""
        head = f"{path}:\n" if named else ""
        blocks.append(head + total + _listed(sh, shown, found))
        if "R" in found:
            folders[:0] = [(f"{path.rstrip('/')}/{name}", one) for name, one in inside if one.folder]
    sh.out("\n".join(blocks))
    return status


def accessed(sh: Shell, name: str, paths: list[str], failed: list[str]) -> Iterator[tuple[str, Node]]:
    """(path, node) of each path, or of the folder here; what is not there is told and noted."""
    for path in paths or ["."]:
        try:
            yield path, sh.node(path)
        except Fault as fault:
            failed.append(path)
            sh.err(f"{name}: cannot access '{path}': {fault}")


def _sorted(items: list[tuple[str, Node]], found: Options) -> list[tuple[str, Node]]:
    items = sorted(items, key=lambda one: one[0].encode())
    if "t" in found:
        items.sort(key=lambda one: -one[1].changed)
    if "S" in found:
        items.sort(key=lambda one: -one[1].size)
    return items[::-1] if "r" in found else items


def _sign(node: Node, found: Options) -> str:
    if node.folder and ("F" in found or "p" in found):
        return "/"
    return "*" if "F" in found and node.mode & 0o111 else ""


def _listed(sh: Shell, items: Sequence[tuple[str, Node]], found: Options) -> str:
    names = [name + _sign(node, found) for name, node in items]
    if "l" in found:
        sizes = [human(node.size) if "h" in found else str(node.size) for _, node in items]
        links = [2 + sum(one.folder for one in node.entries.values()) if node.folder else 1
                 for _, node in items]
        wide = max(map(len, sizes), default=0)
        most = max((len(str(one)) for one in links), default=0)
        owners = max((len(node.owner) for _, node in items), default=0)
        return "".join(
            f"{bits(node)} {links[at]:>{most}} {node.owner:<{owners}} {node.owner:<{owners}} "
            f"{sizes[at]:>{wide}} {stamp(node.changed)} {names[at]}\n" for at, (_, node) in enumerate(items))
    if isinstance(sh.fds[1], ScreenEnd) and sh.session.tty:
        names = [name if re.fullmatch(r"[\w@%+=:,./~\-]+\*?", name) else quoted(name) for name in names]
        if "1" not in found and len(names) > 1:
            return _columns(names)
    return "".join(name + "\n" for name in names)


def _columns(names: list[str]) -> str:
    """Names below one another in as many columns as there is room for."""
    for rows in range(1, len(names) + 1):
        columns = [names[at : at + rows] for at in range(0, len(names), rows)]
        wide = [max(map(len, column)) + 2 for column in columns]
        if sum(wide) - 2 <= WIDE or rows == len(names):
            return "".join("".join(
                f"{column[row]:<{wide[at] if at + 1 < len(columns) and row < len(columns[at + 1]) else 0}}"
                for at, column in enumerate(columns) if row < len(column)) + "\n" for row in range(rows))
    return ""


def human(size: int) -> str:
    """1.2K, 34M."""
    if size < 1024:
        return str(size)
    value, at = float(size), -1
    while value >= 1024 and at < 4:
        value, at = value / 1024, at + 1
    tenth = -(-int(value * 1000) // 100) / 10
    return (f"{tenth:.1f}" if tenth < 10 else str(-(-int(value * 1000) // 1000))) + "KMGTP"[at]


def stamp(tick: int) -> str:
    """When a file was written, by the clock of the shell: one minute a tick, from nine on 2 March."""
    minutes = 9 * 60 + tick
    return f"Mar {2 + minutes // 1440:2d} {minutes // 60 % 24:02d}:{minutes % 60:02d}"


# --- making and removing -------------------------------------------------------------------------


def mkdir(sh: Shell, args: list[str]) -> int:
    found = options("mkdir", args, "pv", "m", {"parents": "p", "verbose": "v"})
    if not found.rest:
        return hint(sh, "mkdir", "missing operand")
    status = 0
    for path in found.rest:
        try:
            if "p" in found:
                _make_all(sh, path, found)
            else:
                _make(sh, path, found)
        except Fault as fault:
            sh.err(f"mkdir: cannot create directory '{path}': {fault}")
            status = 1
    return status


def _make(sh: Shell, path: str, found: Options) -> Node:
    bare = path.rstrip("/") or "/"
    try:
        sh.node(bare)
    except Fault as fault:
        if str(fault) != ABSENT or not bare.strip("/"):
            raise
    else:
        raise Fault("File exists")
    folder = sh.home_of(bare)
    mode = int(found.value("m", "755"), 8) if re.fullmatch("[0-7]+", found.value("m", "755")) else 0o755
    made = folder.entries[bare.rpartition("/")[2]] = Node(folder=True, mode=mode,
                                                         changed=sh.session.world.tick)
    folder.changed = sh.session.world.tick
    if "v" in found:
        sh.out(f"mkdir: created directory '{path}'\n")
    return made


def _make_all(sh: Shell, path: str, found: Options) -> None:
    at = "/" if path.startswith("/") else ""
    for name in path.split("/"):
        if not name:
            continue
        at += name
        try:
            node = sh.node(at)
        except Fault as fault:
            if str(fault) != ABSENT:
                raise
            _make(sh, at, found)
        else:
            if not node.folder:
                raise Fault("File exists" if at.rstrip("/") == path.rstrip("/") else NO_FOLDER)
        at += "/"


def rmdir(sh: Shell, args: list[str]) -> int:
    found = options("rmdir", args, "pv")
    if not found.rest:
        return hint(sh, "rmdir", "missing operand")
    status = 0
    for path in found.rest:
        try:
            node = sh.node(path)
            if not node.folder:
                raise Fault(NO_FOLDER)
            if node.entries:
                raise Fault("Directory not empty")
            unlink(sh, path)
            above = path.rstrip("/").rpartition("/")[0]
            while "p" in found and above and not sh.node(above).entries:
                unlink(sh, above)
                above = above.rpartition("/")[0]
        except Fault as fault:
            sh.err(f"rmdir: failed to remove '{path}': {fault}")
            status = 1
    return status


def unlink(sh: Shell, path: str) -> None:
    """Take an entry out of its folder."""
    bare = path.rstrip("/")
    folder = sh.home_of(bare)
    del folder.entries[bare.rpartition("/")[2]]
    folder.changed = sh.session.world.tick


def rm(sh: Shell, args: list[str]) -> int:
    found = options("rm", args, "rRfvid", long={"recursive": "r", "force": "f", "verbose": "v"})
    deep = "r" in found or "R" in found
    if not found.rest:
        return 0 if "f" in found else hint(sh, "rm", "missing operand")
    status = 0
    for path in found.rest:
        try:
            if deep and sh.path(path) == "/":
                sh.err("rm: it is dangerous to operate recursively on '/'\n"
                       "rm: use --no-preserve-root to override this failsafe")
                return 1
            if path.rstrip("/").rpartition("/")[2] in (".", ".."):
                sh.err(f"rm: refusing to remove '.' or '..' directory: skipping '{path}'" if deep else
                       f"rm: cannot remove '{path}': {IS_FOLDER}")
                status = 1
                continue
            node = sh.node(path)
            if node.folder and not deep:
                if "d" in found and not node.entries:
                    unlink(sh, path)
                    continue
                raise Fault(IS_FOLDER)
            if "v" in found:
                for one, each in _below_first(path, node):
                    sh.out(f"removed {'directory ' if each.folder else ''}'{one}'\n")
            unlink(sh, path)
        except Fault as fault:
            if "f" in found and str(fault) == ABSENT:
                continue
            sh.err(f"rm: cannot remove '{path}': {fault}")
            status = 1
    return status


def _below_first(path: str, node: Node) -> list[tuple[str, Node]]:
    return [one for name, each in sorted(node.entries.items())
            for one in _below_first(f"{path.rstrip('/')}/{name}", each)] + [(path, node)]


def touch(sh: Shell, args: list[str]) -> int:
    found = options("touch", args, "acm", "dt")
    if not found.rest:
        return hint(sh, "touch", "missing file operand")
    status = 0
    for path in found.rest:
        try:
            try:
                sh.node(path).changed = sh.session.world.tick
            except Fault as fault:
                if str(fault) != ABSENT:
                    raise
                if path.endswith("/"):
                    raise Fault(ABSENT) from fault
                if "c" not in found:
                    sh.file_at(path)
        except Fault as fault:
            sh.err(f"touch: cannot touch '{path}': {fault}")
            status = 1
    return status


# --- copying and moving --------------------------------------------------------------------------


def cp(sh: Shell, args: list[str]) -> int:
    return _transfer(sh, "cp", args)


def mv(sh: Shell, args: list[str]) -> int:
    return _transfer(sh, "mv", args)


def _transfer(sh: Shell, name: str, args: list[str]) -> int:
    """cp and mv: one source to a place, or several into a folder."""
    found = options(name, args, "rRafvinpu" if name == "cp" else "fvinu", "t",
                    long={"recursive": "r", "verbose": "v", "force": "f", "no-clobber": "n"})
    sources = found.rest
    if found.has("t"):
        target = found.value("t", "")
    else:
        if not sources:
            return hint(sh, name, "missing file operand")
        if len(sources) == 1:
            return hint(sh, name, f"missing destination file operand after '{sources[0]}'")
        *sources, target = sources
    try:
        into = sh.node(target).folder
    except Fault:
        into = False
    if len(sources) > 1 and not into:
        try:
            sh.node(target)
            sh.err(f"{name}: target '{target}' is not a directory" if name == "mv" else
                   f"{name}: target '{target}': {NO_FOLDER}")
        except Fault as fault:
            sh.err(f"{name}: target '{target}': {fault}")
        return 1
    status = 0
    for path in sources:
        base = path.rstrip("/").rpartition("/")[2]
        place = f"{target.rstrip('/') or '/'}/{base}" if into and base not in (".", "..") else target
        place = re.sub("^//", "/", place)
        try:
            status |= _one(sh, name, path, place, found)
        except Fault as fault:
            sh.err(f"{name}: {fault}")
            status = 1
    return status


def _one(sh: Shell, name: str, path: str, place: str, found: Options) -> int:
    try:
        node = sh.node(path)
    except Fault as fault:
        raise Fault(f"cannot stat '{path}': {fault}") from fault
    recursive = name == "mv" or any(flag in found for flag in "rRa")
    if node.folder and not recursive:
        raise Fault(f"-r not specified; omitting directory '{path}'")
    if not node.folder and name == "cp" and not node.permits(USER, READ):
        raise Fault(f"cannot open '{path}' for reading: {DENIED}")
    if not node.folder and place.endswith("/") and not _there(sh, place):
        raise Fault(f"cannot create regular file '{place}': {NO_FOLDER}" if name == "cp" else
                    f"cannot move '{path}' to '{place}': {NO_FOLDER}")
    bare = place.rstrip("/") or "/"
    old = _there(sh, bare)
    if old is node:
        raise Fault(f"'{path}' and '{bare}' are the same file")
    here, there = sh.path(path), sh.path(bare)
    if node.folder and there.startswith(here.rstrip("/") + "/"):
        raise Fault(f"cannot copy a directory, '{path}', into itself, '{bare}'" if name == "cp" else
                    f"cannot move '{path}' to a subdirectory of itself, '{bare}'")
    if old is not None and "n" in found:
        return 0
    if old is not None and old.folder and not node.folder:
        raise Fault(f"cannot overwrite directory '{bare}' with non-directory")
    if old is not None and node.folder and not old.folder:
        raise Fault(f"cannot overwrite non-directory '{bare}' with directory '{path}'")
    if old is not None and name == "mv" and old.folder and old.entries:
        raise Fault(f"cannot move '{path}' to '{bare}': Directory not empty")
    try:
        folder = sh.home_of(bare)
    except Fault as fault:
        verb = f"cannot move '{path}' to '{bare}'" if name == "mv" else \
            f"cannot create {'directory' if node.folder else 'regular file'} '{bare}'"
        raise Fault(f"{verb}: {fault}") from fault
    tick = sh.session.world.tick
    entry = bare.rpartition("/")[2]
    if "v" in found:
        sh.out(f"{'renamed ' * (name == 'mv')}'{path}' -> '{bare}'\n")
    if name == "mv":
        unlink(sh, path)
        folder.entries[entry] = node
        node.changed = tick
    elif old is not None and not old.folder:
        if not old.permits(USER, WRITE):
            raise Fault(f"cannot create regular file '{bare}': {DENIED}")
        old.text, old.changed = node.text, tick
    elif old is not None:
        _merge(node, old, tick)
    else:
        folder.entries[entry] = copied(node, tick)
    folder.changed = tick
    return 0


def _there(sh: Shell, path: str) -> Node | None:
    try:
        return sh.node(path)
    except Fault:
        return None


def copied(node: Node, tick: int) -> Node:
    """A copy that was made at a tick and is the learner's."""
    made = node.copy()
    for _, one in made.walk(""):
        one.changed, one.owner = tick, USER
    return made


def _merge(node: Node, old: Node, tick: int) -> None:
    for name, one in node.entries.items():
        if name in old.entries and one.folder and old.entries[name].folder:
            _merge(one, old.entries[name], tick)
        else:
            old.entries[name] = copied(one, tick)


# --- modes ---------------------------------------------------------------------------------------


def chmod(sh: Shell, args: list[str]) -> int:
    signs = [one for one in args if re.fullmatch(r"-[rwx]+", one) and one != "-R"]
    found = options("chmod", [one for one in args if one not in signs[:1]], "Rvf")
    rest = [*signs[:1], *found.rest]
    if not rest:
        return hint(sh, "chmod", "missing operand")
    if len(rest) == 1:
        return hint(sh, "chmod", f"missing operand after '{rest[0]}'")
    how, status = rest[0], 0
    if not re.fullmatch(r"[0-7]{1,4}|[ugoa]*[-+=][rwxX]*([-+=][rwxX]*)*(,[ugoa]*[-+=][rwxX]*)*", how):
        return hint(sh, "chmod", f"invalid mode: '{how}'")
    for path in rest[1:]:
        try:
            node = sh.node(path)
            if node.owner != USER:
                sh.err(f"chmod: changing permissions of '{path}': Operation not permitted")
                status = 1
                continue
        except Fault as fault:
            sh.err(f"chmod: cannot access '{path}': {fault}")
            status = 1
            continue
        for _, one in node.walk(path) if "R" in found else [(path, node)]:
            one.mode = moded(one, how)
            one.changed = sh.session.world.tick
    return status


def moded(node: Node, how: str) -> int:
    """The mode after 755, +x, u=rw,go-w …"""
    if how.isdigit():
        return int(how, 8) & 0o777
    mode = node.mode
    for clause in how.split(","):
        who = re.match("[ugoa]*", clause)
        names = who[0] if who else ""
        for sign, letters in re.findall(r"([-+=])([rwxX]*)", clause):
            value = sum({"r": 4, "w": 2, "x": 1}.get(one, 1 if node.folder or mode & 0o111 else 0)
                        for one in set(letters))
            mask = 0
            for one in "ugo":
                if not names or one in names or "a" in names:
                    mask |= value << {"u": 6, "g": 3, "o": 0}[one]
            if not names and sign != "=":
                mask &= ~0o022  # without a name, the umask still holds
            if sign == "=":
                for one in "ugo":
                    if not names or one in names or "a" in names:
                        mode &= ~(7 << {"u": 6, "g": 3, "o": 0}[one])
            mode = mode & ~mask if sign == "-" else mode | mask
    return mode


# --- find ----------------------------------------------------------------------------------------

_TESTS = {"-name": 1, "-iname": 1, "-path": 1, "-type": 1, "-size": 1, "-empty": 0, "-print": 0,
          "-delete": 0, "-perm": 1, "-executable": 0, "-true": 0}


def find(sh: Shell, args: list[str]) -> int:
    at = next((i for i, one in enumerate(args) if one.startswith("-") or one in ("(", "!")), len(args))
    paths, terms = args[:at] or ["."], args[at:]
    limits = {"-maxdepth": 1 << 30, "-mindepth": 0}
    rest: list[str] = []
    while terms:
        one, terms = terms[0], terms[1:]
        if one in limits:
            if not terms or not terms[0].isdigit():
                sh.err(f"find: missing argument to `{one}'")
                return 1
            limits[one], terms = int(terms[0]), terms[1:]
        else:
            rest.append(one)
    acts = any(one in ("-print", "-delete", "-exec") for one in rest)
    status, whole = 0, _Find(sh, rest)
    for path in paths:
        try:
            node = sh.node(path)
        except Fault as fault:
            sh.err(f"find: '{path}': {fault}")
            status = 1
            continue
        found = list(node.walk(path))
        if "-delete" in rest:
            found.reverse()
        for one, each in found:
            if limits["-mindepth"] <= len(parts(one)) - len(parts(path)) <= limits["-maxdepth"]:
                sh.session.spend()
                if whole.holds(one, each) and not acts:
                    sh.out(one + "\n")
    if whole.together and whole.command:
        sh.call([piece for word in whole.command for piece in (whole.together if word == "{}" else [word])])
    return status


class _Find:
    """The tests of one find, read anew for each file: they are few."""

    def __init__(self, sh: Shell, terms: list[str]) -> None:
        self.sh, self.terms = sh, terms
        self.command: list[str] = []  # of -exec … +, and the paths that it gets all at once
        self.together: list[str] = []

    def holds(self, path: str, node: Node) -> bool:
        self.rest = list(self.terms)
        value = self._or(path, node, True)
        if self.rest:
            raise Fault(f"find: unknown predicate `{self.rest[0]}'" if self.rest[0].startswith("-") else
                        f"find: paths must precede expression: `{self.rest[0]}'")
        return value

    def _or(self, path: str, node: Node, live: bool) -> bool:
        value = self._and(path, node, live)
        while self.rest[:1] in (["-o"], ["-or"]):
            self.rest.pop(0)
            other = self._and(path, node, live and not value)
            value = value or other
        return value

    def _and(self, path: str, node: Node, live: bool) -> bool:
        value = True
        while self.rest and self.rest[0] not in ("-o", "-or", ")"):
            if self.rest[0] in ("-a", "-and"):
                self.rest.pop(0)
                continue
            before = len(self.rest)
            other = self._one(path, node, live and value)
            value = value and other
            if len(self.rest) == before:
                break
        return value

    def _one(self, path: str, node: Node, live: bool) -> bool:
        if not self.rest:
            raise Fault("find: expected an expression")
        term = self.rest[0]
        if term in ("!", "-not"):
            self.rest.pop(0)
            return not self._one(path, node, live)
        if term == "(":
            self.rest.pop(0)
            value = self._or(path, node, live)
            if self.rest[:1] == [")"]:
                self.rest.pop(0)
            return value
        if term == "-exec":
            end = next((i for i, one in enumerate(self.rest) if one in (";", "+")), -1)
            if end < 0:
                raise Fault("find: missing argument to `-exec'")
            command, how = self.rest[1:end], self.rest[end]
            del self.rest[: end + 1]
            if how == "+":
                self.command = command
                if live:
                    self.together.append(path)
                return True
            return live and self.sh.call([word.replace("{}", path) for word in command]) == 0
        if term not in _TESTS:
            if term.startswith("-"):
                raise Unsupported(f"find {term}")
            return True
        wanted = _TESTS[term]
        if len(self.rest) <= wanted:
            raise Fault(f"find: missing argument to `{term}'")
        word = self.rest[wanted] if wanted else ""
        del self.rest[: 1 + wanted]
        name = path.rstrip("/").rpartition("/")[2] or path
        match term:
            case "-name":
                return fits(name, word)
            case "-iname":
                return fits(name.lower(), word.lower())
            case "-path":
                return fits(path, word)
            case "-type":
                return node.folder == (word == "d") and word in ("d", "f")
            case "-empty":
                return not node.entries if node.folder else not node.text
            case "-executable":
                return node.permits(USER, RUN)
            case "-perm":
                return bool(node.mode & int(word[1:], 8) == int(word[1:], 8)) if word[:1] == "-" \
                    else node.mode == int(word, 8)
            case "-size":
                return _sized(node.size, word)
            case "-print" if live:
                self.sh.out(path + "\n")
            case "-delete" if live and path != ".":
                unlink(self.sh, path)
        return True


def _sized(size: int, value: str) -> bool:
    form = re.fullmatch(r"([-+]?)(\d+)([ckMGb]?)", value)
    if form is None:
        raise Fault(f"find: Invalid argument `{value}' to -size")
    unit = {"c": 1, "k": 1024, "M": 1 << 20, "G": 1 << 30}.get(form[3], 512)
    units, wanted = -(-size // unit), int(form[2])
    return units > wanted if form[1] == "+" else units < wanted if form[1] == "-" else units == wanted
