"""Commands on texts: cat, head, tail, wc, sort, uniq, grep, sed, cut, tr and their like."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from typing import Any

from visualizers.l1_basics.linux.options import Options, hint, options
from visualizers.l1_basics.linux.patterns import basic, extended
from visualizers.l1_basics.linux.shell import Shell
from visualizers.l1_basics.linux.words import Unsupported, escaped, fits
from visualizers.l1_basics.linux.world import IS_FOLDER, Fault, Node


def lines_of(text: str) -> list[str]:
    """The lines of a text, without their ends."""
    return text.removesuffix("\n").split("\n") if text else []


def given(sh: Shell, path: str) -> str:
    """The text of a file, or of standard input for -. Raises ``Fault``."""
    return sh.fds[0].read() if path == "-" else sh.text_of(path)


def sources(sh: Shell, name: str, paths: list[str], failed: list[str]) -> Iterator[tuple[str, str]]:
    """(path, text) of each file, or of standard input; what cannot be read is told and noted."""
    for path in paths or ["-"]:
        try:
            yield path, given(sh, path)
        except Fault as fault:
            failed.append(path)
            sh.err(f"{name}: {path}: {fault}")


def cat(sh: Shell, args: list[str]) -> int:
    found = options("cat", args, "nbsETA", long={"number": "n"})
    failed: list[str] = []
    number = 0
    for _, text in sources(sh, "cat", found.rest, failed):
        if not found.flags:
            sh.out(text)
            continue
        blank = False
        for line in text.splitlines(keepends=True):
            empty = line == "\n"
            if "s" in found and empty and blank:
                continue
            blank = empty
            if ("n" in found and "b" not in found) or ("b" in found and not empty):
                number += 1
                line = f"{number:6d}\t{line}"
            if "T" in found or "A" in found:
                line = re.sub(r"(?<=.)\t|^\t", "^I", line)
            if "E" in found or "A" in found:
                line = line.replace("\n", "$\n")
            sh.out(line)
    return int(bool(failed))


def tac(sh: Shell, args: list[str]) -> int:
    failed: list[str] = []
    for _, text in sources(sh, "tac", options("tac", args).rest, failed):
        sh.out("".join(reversed(text.splitlines(keepends=True))))
    return int(bool(failed))


def rev(sh: Shell, args: list[str]) -> int:
    failed: list[str] = []
    for _, text in sources(sh, "rev", options("rev", args).rest, failed):
        sh.out("".join(line[::-1] + "\n" for line in lines_of(text)))
    return int(bool(failed))


def _ends(sh: Shell, name: str, args: list[str], part: Callable[[list[str], str], list[str]]) -> int:
    """head and tail: so many lines or characters of each file."""
    args = [f"-n{one[1:]}" if re.fullmatch(r"-\d+", one) and (at == 0 or args[at - 1] not in ("-n", "-c"))
            else one for at, one in enumerate(args)]
    found = options(name, args, "qvf", "nc", {"lines": "n", "bytes": "c", "quiet": "q"})
    if "f" in found:
        raise Unsupported(f"{name} -f")
    kind = "c" if found.has("c") else "n"
    how = found.value(kind, "10")
    if not re.fullmatch(r"[-+]?\d+", how):
        sh.err(f"{name}: invalid number of {'bytes' if kind == 'c' else 'lines'}: '{how}'")
        return 1
    paths, failed, first = found.rest, list[str](), True
    for path in paths or ["-"]:
        try:
            text = given(sh, path)
        except Fault as fault:
            failed.append(path)
            if str(fault) == IS_FOLDER:
                if len(paths) > 1:
                    sh.out(f"{'' if first else chr(10)}==> {path} <==\n")
                    first = False
                sh.err(f"{name}: error reading '{path}': {fault}")
            else:
                sh.err(f"{name}: cannot open '{path}' for reading: {fault}")
            continue
        if len(paths) > 1 and "q" not in found:
            label = "standard input" if path == "-" else path
            sh.out(f"{'' if first else chr(10)}==> {label} <==\n")
        first = False
        pieces = list(text) if kind == "c" else text.splitlines(keepends=True) if "\r" not in text \
            else re.findall(r"[^\n]*\n|[^\n]+$", text)
        sh.out("".join(part(pieces, how)))
    return int(bool(failed))


def head(sh: Shell, args: list[str]) -> int:
    def part(pieces: list[str], how: str) -> list[str]:
        count = abs(int(how))
        return pieces[: max(0, len(pieces) - count)] if how.startswith("-") else pieces[:count]
    return _ends(sh, "head", args, part)


def tail(sh: Shell, args: list[str]) -> int:
    def part(pieces: list[str], how: str) -> list[str]:
        count = abs(int(how))
        return pieces[max(0, count - 1 if how.startswith("+") else len(pieces) - count):]
    return _ends(sh, "tail", args, part)


def wc(sh: Shell, args: list[str]) -> int:
    found = options("wc", args, "lwcmL", long={"lines": "l", "words": "w", "bytes": "c", "chars": "m",
                                               "max-line-length": "L"})
    wanted = [one for one in "lwmcL" if one in found.flags] or list("lwc")
    failed: list[str] = []
    rows: list[tuple[str, list[int]]] = []
    known, regular = 0, True
    for path in found.rest or [""]:
        try:
            text = given(sh, path or "-")
            if path in ("", "-"):
                regular = getattr(sh.fds[0], "regular", False)
        except Fault as fault:
            failed.append(path)
            sh.err(f"wc: {path}: {fault}")
            if str(fault) == IS_FOLDER:
                rows.append((path, [0] * len(wanted)))
                regular = False
            continue
        size = len(text.encode())
        known += size
        every = {"l": text.count("\n"), "w": len(text.split()), "m": len(text), "c": size,
                 "L": max((len(line.expandtabs()) for line in text.split("\n")), default=0)}
        rows.append((path, [every[one] for one in wanted]))
    files = len(found.rest or [""])
    wide = 1 if len(wanted) == 1 and files == 1 else max(len(str(known)), 1 if regular else 7)
    if files > 1:
        totals = [max(column) if kind == "L" else sum(column) for kind, column in
                  zip(wanted, zip(*(row for _, row in rows), strict=True), strict=True)] if rows \
            else [0] * len(wanted)
        rows.append(("total", totals))
    for path, row in rows:
        sh.out(" ".join(f"{one:{wide}d}" for one in row) + (f" {path}" if path else "") + "\n")
    return int(bool(failed))


# --- sort and uniq -------------------------------------------------------------------------------


def sort(sh: Shell, args: list[str]) -> int:
    found = options("sort", args, "nrufbsghMVcd", "kto", {"numeric-sort": "n", "reverse": "r",
                    "unique": "u", "key": "k", "field-separator": "t", "ignore-case": "f"})
    if set(found.flags) & set("MVgc"):
        raise Unsupported("sort -" + "".join(set(found.flags) & set("MVgc")))
    lines: list[str] = []
    for path in found.rest or ["-"]:
        try:
            lines += lines_of(given(sh, path))
        except Fault as fault:
            sh.err(f"sort: cannot read: {path}: {fault}" if str(fault) != IS_FOLDER else
                   f"sort: read failed: {path}: {fault}")
            return 2
    separator = found.value("t", "")
    keys = [_key(one, separator, found) for one in found.values.get("k", [])]
    plain = _ordered("".join(found.flags))
    first: list[tuple[Callable[[str], Any], bool]] = keys or [(plain, "r" in found)]
    if "u" in found:
        seen = set()
        unique = []
        for line in lines:
            mark = tuple(key(line) for key, _ in first)
            if mark not in seen:
                seen.add(mark)
                unique.append(line)
        lines = unique
    elif "s" not in found:
        lines.sort(key=str.encode, reverse="r" in found)
    for key, reverse in reversed(first):
        lines.sort(key=key, reverse=reverse)
    text = "".join(line + "\n" for line in lines)
    if found.has("o"):
        try:
            sh.create(found.value("o", "")).write(text)
        except Fault as fault:
            sh.err(f"sort: open failed: {found.value('o', '')}: {fault}")
            return 2
    else:
        sh.out(text)
    return 0


def _ordered(flags: str) -> Callable[[str], Any]:
    """What lines are compared by."""
    def value(text: str) -> object:
        if "n" in flags:
            return number_of(text)
        if "h" in flags:
            form = re.match(r"\s*(-?[\d.]+)([KMGT]?)", text)
            return ("KMGT".find(form[2]) + 1 if form[2] else 0, float(form[1])) if form else (0, 0.0)
        if "b" in flags:
            text = text.lstrip()
        if "d" in flags:
            text = re.sub(r"[^\w\s]", "", text)
        return (text.upper() if "f" in flags else text).encode()
    return value


def number_of(text: str) -> float:
    """The number at the begin of a text, 0 where there is none."""
    form = re.match(r"\s*(-?\d*\.?\d*)", text)
    try:
        return float(form[1]) if form else 0.0
    except ValueError:
        return 0.0


def _key(text: str, separator: str, found: Options) -> tuple[Callable[[str], Any], bool]:
    """-k 2, -k2,2n, -k1.3: the part of a line that is compared."""
    form = re.fullmatch(r"(\d+)(?:\.(\d+))?([bdfnrh]*)(?:,(\d+)(?:\.(\d+))?([bdfnrh]*))?", text)
    if form is None or form[1] == "0":
        raise Fault(f"sort: invalid number at field start: invalid count at start of '{text}'")
    own = form[3] + (form[6] or "")
    flags = own or "".join(found.flags)
    begin, end = int(form[1]) - 1, int(form[4]) if form[4] else None
    value = _ordered(flags)

    def key(line: str) -> object:
        if separator:
            parts = line.split(separator)
            piece = separator.join(parts[begin:end])
        else:
            parts = re.findall(r"\s*\S+|\s+$", line)
            piece = "".join(parts[begin:end])
        if form[2]:
            piece = piece[int(form[2]) - 1 :]
        return value(piece)
    return key, "r" in flags


def uniq(sh: Shell, args: list[str]) -> int:
    found = options("uniq", args, "cdui", "fsw", {"count": "c", "repeated": "d", "unique": "u"})
    if found.values:
        raise Unsupported("uniq -" + "".join(found.values))
    failed: list[str] = []
    text = "".join(one for _, one in sources(sh, "uniq", found.rest[:1], failed))
    groups: list[tuple[str, int]] = []
    for line in lines_of(text):
        same = groups and (groups[-1][0].lower() == line.lower() if "i" in found else groups[-1][0] == line)
        if same:
            groups[-1] = groups[-1][0], groups[-1][1] + 1
        else:
            groups.append((line, 1))
    made = "".join((f"{count:7d} " if "c" in found else "") + line + "\n" for line, count in groups
                   if not ("d" in found and count == 1) and not ("u" in found and count > 1))
    if len(found.rest) > 1:
        sh.create(found.rest[1]).write(made)
    else:
        sh.out(made)
    return int(bool(failed))


# --- grep and sed --------------------------------------------------------------------------------


_GREP_FLAGS, _GREP_VALUED = "ivnclLrRwxEFGoqhHsa", "eABCmf"


def grep(sh: Shell, args: list[str]) -> int:
    found = _including(args) if any(one.startswith("--include") for one in args) else \
        options("grep", args, _GREP_FLAGS, _GREP_VALUED, {
            "ignore-case": "i", "invert-match": "v", "line-number": "n", "count": "c", "recursive": "r",
            "word-regexp": "w", "extended-regexp": "E", "fixed-strings": "F", "quiet": "q", "color": "",
            "only-matching": "o", "files-with-matches": "l", "include": "\0", "max-count": "m"})
    patterns = found.values.get("e", [])
    rest = found.rest
    if found.has("f"):
        raise Unsupported("grep -f")
    if not patterns:
        if not rest:
            sh.err("Usage: grep [OPTION]... PATTERNS [FILE]...\n"
                   "Try 'grep --help' for more information.")
            return 2
        patterns, rest = [rest[0]], rest[1:]
    try:
        matcher = _matcher([one for each in patterns for one in each.split("\n")], found)
    except re.error:
        pattern = patterns[0]
        sh.err("grep: Unmatched [, [^, [:, [., or [=" if "[" in pattern else
               "grep: Unmatched ( or \\(" if "(" in pattern else
               "grep: Invalid regular expression")
        return 2
    deep = "r" in found or "R" in found
    files, wrong = _files(sh, rest, deep, found)
    named = (len(rest) > 1 or deep or "H" in found) and "h" not in found
    any_ = False
    for path, text in files:
        any_ = _searched(sh, path, text, matcher, found, named) or any_
        if any_ and "q" in found:
            return 0
    return 2 if wrong else int(not any_)


def lines_asked(found: Options, flag: str) -> int:
    """How many lines -A, -B, -C or -m asks for. Raises ``Fault``."""
    value = found.value(flag, "0")
    if not value.isdigit():
        raise Fault("grep: invalid max count" if flag == "m" else
                    f"grep: {value}: invalid context length argument", status=2)
    return int(value)


def _including(args: list[str]) -> Options:
    """grep -r --include='*.py'."""
    patterns = [one.partition("=")[2] for one in args if one.startswith("--include=")]
    found = options("grep", [one for one in args if not one.startswith("--include")],
                    _GREP_FLAGS, _GREP_VALUED)
    found.values["include"] = patterns
    return found


def _matcher(patterns: list[str], found: Options) -> re.Pattern[str]:
    made = []
    for one in patterns:
        text = re.escape(one) if "F" in found else extended(one) if "E" in found else basic(one)
        if "x" in found:
            text = f"^(?:{text})$"
        elif "w" in found:
            text = rf"(?<!\w)(?:{text})(?!\w)"
        made.append(text)
    return re.compile("|".join(f"(?:{one})" for one in made) if len(made) > 1 else made[0],
                      re.I if "i" in found else 0)


def _files(sh: Shell, paths: list[str], deep: bool, found: Options) -> tuple[
        list[tuple[str, str]], bool]:
    files, wrong = [], False
    for path in paths or ([""] if deep else ["-"]):
        if path == "-":
            files.append(("(standard input)", sh.fds[0].read()))
            continue
        try:
            node = sh.node(path or ".")
            if node.folder and deep:
                for below, one in node.walk(path.rstrip("/")):
                    if not one.folder and _included(below, found):
                        files.append((below.lstrip("/") if not path else below, one.text))
            elif node.folder:
                sh.err(f"grep: {path}: {IS_FOLDER}")
                wrong = True
            else:
                files.append((path, sh.text_of(path)))
        except Fault as fault:
            wrong = True
            if "s" not in found:
                sh.err(f"grep: {path}: {fault}")
    return files, wrong


def _included(path: str, found: Options) -> bool:
    wanted = found.values.get("include")
    return not wanted or any(fits(path.rpartition("/")[2], one) for one in wanted)


def _searched(sh: Shell, path: str, text: str, matcher: re.Pattern[str], found: Options, named: bool) -> bool:
    lines = lines_of(text)
    hits = [at for at, line in enumerate(lines) if bool(matcher.search(line)) != ("v" in found)]
    most = lines_asked(found, "m")
    if found.has("m"):
        hits = hits[:most]
    if "q" in found:
        return bool(hits)
    before = f"{path}:" if named else ""
    if "l" in found or "L" in found:
        if bool(hits) == ("l" in found):
            sh.out(path + "\n")
        return bool(hits)
    if "c" in found:
        sh.out(f"{before}{len(hits)}\n")
        return bool(hits)
    if "o" in found:
        for at in hits:
            for one in matcher.finditer(lines[at]):
                if one[0] and "v" not in found:
                    sh.out(before + (f"{at + 1}:" if "n" in found else "") + one[0] + "\n")
        return bool(hits)
    above = lines_asked(found, "B" if found.has("B") else "C")
    below = lines_asked(found, "A" if found.has("A") else "C")
    wanted = sorted({one for at in hits
                     for one in range(max(0, at - above), min(len(lines), at + below + 1))})
    last = -2
    shown = set(hits)
    for at in wanted:
        if (above or below) and last >= 0 and at > last + 1:
            sh.out("--\n")
        last = at
        sign = ":" if at in shown else "-"
        sh.out((f"{path}{sign}" if named else "") + (f"{at + 1}{sign}" if "n" in found else "")
               + lines[at] + "\n")
    return bool(hits)


def egrep(sh: Shell, args: list[str]) -> int:
    return grep(sh, ["-E", *args])


def sed(sh: Shell, args: list[str]) -> int:
    """s/a/b/, d and p, for all lines, for some numbers or for what fits a pattern."""
    found = options("sed", args, "nErsi", "e", {"expression": "e", "quiet": "n", "in-place": "i"})
    scripts, rest = found.values.get("e", []), found.rest
    if not scripts:
        if not rest:
            sh.err("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...")
            return 1
        scripts, rest = rest[:1], rest[1:]
    kind = extended if "E" in found or "r" in found else basic

    def regular(pattern: str) -> str:
        return kind(re.sub(r"(?<!\\)\\t", "\t", pattern))
    rules = [_rule(one.strip(), regular) for script in scripts for one in _rules(script) if one.strip()]
    failed: list[str] = []
    for path in rest or ["-"]:
        try:
            text = given(sh, path)
        except Fault as fault:
            sh.err(f"sed: can't read {path}: {fault}" if str(fault) != IS_FOLDER else
                   f"sed: couldn't edit {path}: not a regular file" if "i" in found else
                   f"sed: read error on {path}: {fault}")
            failed.append(path)
            continue
        lines = lines_of(text)
        made = []
        inside = [False] * len(rules)
        for number, line in enumerate(lines, 1):
            shown, gone, over = [], False, False
            for at, (applies, act) in enumerate(rules):
                chosen, inside[at] = applies(line, number, len(lines), inside[at])
                if chosen:
                    line, printed, gone, over = act(line)
                    shown += printed
                    if gone or over:
                        break
            made += shown
            if not gone and "n" not in found:
                made.append(line)
            if over:
                break
        result = "".join(one + "\n" for one in made)
        if text and not text.endswith("\n") and result:
            result = result[:-1]
        if "i" in found:
            node: Node = sh.node(path)
            node.text, node.changed = result, sh.session.world.tick
        else:
            sh.out(result)
    return 2 if failed else 0


Applies = Callable[[str, int, int, bool], tuple[bool, bool]]
Act = Callable[[str], tuple[str, list[str], bool, bool]]


def _rules(script: str) -> list[str]:
    """Cut at ; and line ends that are not part of a pattern."""
    if re.match(r"\s*([\d,$]*|/.*?/)\s*s(.)", script):
        found = re.match(r"(\s*(?:[\d,$]*|/(?:\\.|[^/])*/)\s*s(.)(?:\\.|(?!\2).)*\2"
                         r"(?:\\.|(?!\2).)*\2[gpiI\d]*)"
                         r"\s*(?:[;\n](.*))?$", script, flags=re.S)
        if found is None:
            raise Fault("sed: -e expression #1, char 0: unterminated `s' command")
        return [found[1], *(_rules(found[3]) if found[3] else [])]
    first, sign, rest = script.partition(";") if ";" in script else script.partition("\n")
    return [first, *(_rules(rest) if sign else [])]


def _rule(text: str, regular: Callable[[str], str]) -> tuple[Applies, Act]:
    form = re.match(r"(?:(\d+|\$|/(?:\\.|[^/])*/)(?:,(\d+|\$|/(?:\\.|[^/])*/))?)?\s*(!?)\s*", text)
    assert form is not None
    begin, end, turned = form[1], form[2], bool(form[3])
    for one in (begin, end):
        if one and one.startswith("/"):
            try:
                re.compile(regular(one[1:-1]))
            except re.error as error:
                raise Fault("sed: -e expression #1, char 0: unterminated address regex") from error
    body = text[form.end():]

    def at(where: str, line: str, number: int, last: int) -> bool:
        if where == "$":
            return number == last
        if where.isdigit():
            return number == int(where)
        return re.search(regular(where[1:-1]), line) is not None

    def applies(line: str, number: int, last: int, inside: bool) -> tuple[bool, bool]:
        if begin is None:
            return not turned, False
        if end is None:
            return at(begin, line, number, last) != turned, False
        if inside:
            over = at(end, line, number, last) or (end.isdigit() and number >= int(end))
            return not turned, not over
        if at(begin, line, number, last):
            over = (end.isdigit() and int(end) <= number) or (end == "$" and number == last)
            return not turned, not over
        return turned, False

    if body == "d":
        return applies, lambda line: (line, [], True, False)
    if body == "p":
        return applies, lambda line: (line, [line], False, False)
    if body == "q":
        return applies, lambda line: (line, [], False, True)
    if body[:1] == "s" and len(body) > 3:
        sign = re.escape(body[1])
        parts = re.fullmatch(rf"s{sign}((?:\\.|(?!{sign}).)*){sign}((?:\\.|(?!{sign}).)*){sign}([gpiI\d]*)",
                             body, flags=re.S)
        if parts is None:
            raise Fault("sed: -e expression #1, char 0: unterminated `s' command")
        return applies, _substitute(parts[1], parts[2], parts[3], body[1], regular)
    raise Unsupported(f"sed {body}")


def _substitute(pattern: str, new: str, flags: str, sign: str, regular: Callable[[str], str]) -> Act:
    pattern = pattern.replace("\\" + sign, sign)
    try:
        search = re.compile(regular(pattern), re.I if "i" in flags.lower() else 0)
    except re.error as error:
        raise Fault("sed: -e expression #1, char 0: Invalid regular expression") from error
    which = re.sub(r"\D", "", flags)

    def filled(found: re.Match[str]) -> str:
        def one(part: re.Match[str]) -> str:
            if part[0] == "&":
                return found[0]
            if part[1].isdigit():
                return found[int(part[1])] or ""
            return {"n": "\n", "t": "\t"}.get(part[1], part[1])
        return re.sub(r"&|\\(.)", one, new, flags=re.S)

    def act(line: str) -> tuple[str, list[str], bool, bool]:
        if which:
            count = 0

            def nth(found: re.Match[str]) -> str:
                nonlocal count
                count += 1
                return filled(found) if count == int(which) or ("g" in flags and count > int(which)) \
                    else found[0]
            made = search.sub(nth, line)
        else:
            made = search.sub(filled, line, count=0 if "g" in flags else 1)
        return made, [made] if "p" in flags and search.search(line) else [], False, False
    return act


# --- cut, tr and the rest ------------------------------------------------------------------------


def _ranges(text: str) -> list[tuple[int, int]]:
    found = []
    for part in text.split(","):
        form = re.fullmatch(r"(\d*)(-?)(\d*)", part)
        if form is None or part in ("", "-") or form[1] == "0":
            raise Fault("cut: fields are numbered from 1\nTry 'cut --help' for more information."
                        if part == "0" else f"cut: invalid field value '{part}'\n"
                                            "Try 'cut --help' for more information.")
        begin = int(form[1] or 1)
        found.append((begin, begin if not form[2] else int(form[3]) if form[3] else 1 << 30))
    return found


def cut(sh: Shell, args: list[str]) -> int:
    found = options("cut", args, "s", "dfcb", {"delimiter": "d", "fields": "f", "characters": "c"})
    kind = next((one for one in "fcb" if found.has(one)), "")
    if not kind:
        return hint(sh, "cut", "you must specify a list of bytes, characters, or fields")
    ranges = _ranges(found.value(kind, ""))
    separator = found.value("d", "\t")
    if len(separator) != 1:
        return hint(sh, "cut", "the delimiter must be a single character")
    failed: list[str] = []
    for _, text in sources(sh, "cut", found.rest, failed):
        for line in lines_of(text):
            if kind == "f" and separator not in line:
                if "s" not in found:
                    sh.out(line + "\n")
                continue
            parts: list[str] = line.split(separator) if kind == "f" else list(line)
            chosen = [part for at, part in enumerate(parts, 1)
                      if any(low <= at <= high for low, high in ranges)]
            sh.out((separator if kind == "f" else "").join(chosen) + "\n")
    return int(bool(failed))


def paste(sh: Shell, args: list[str]) -> int:
    """Lines side by side; with -s all lines of a file in one."""
    found = options("paste", args, "s", "d", {"serial": "s", "delimiters": "d"})
    failed: list[str] = []
    signs = escaped(found.value("d", "\t"))
    columns = [lines_of(text) for _, text in sources(sh, "paste", found.rest, failed)]
    if failed:
        return 1
    rows = columns if "s" in found else [
        [column[at] if at < len(column) else "" for column in columns]
        for at in range(max(map(len, columns), default=0))]
    for row in rows:
        made = ""
        for at, one in enumerate(row):
            made += (signs[(at - 1) % len(signs)] if at and signs else "") + one
        sh.out(made + "\n")
    return 0


_SETS = {"alpha": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "digit": "0123456789",
         "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "lower": "abcdefghijklmnopqrstuvwxyz",
         "space": "\t\n\v\f\r ", "blank": "\t ",
         "punct": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
         "alnum": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}


def _set(text: str) -> str:
    text = re.sub(r"\[:(\w+):\]", lambda found: _SETS.get(found[1], ""), text)
    text = escaped(text)
    return re.sub(r"(.)-(.)", lambda found: "".join(map(chr, range(ord(found[1]), ord(found[2]) + 1)))
                  if found[1] <= found[2] and found[1].isalnum() else found[0], text, flags=re.S)


def tr(sh: Shell, args: list[str]) -> int:
    found = options("tr", [one for one in args if one != "-"], "dscC", long={"delete": "d",
                    "squeeze-repeats": "s", "complement": "c"})
    if not found.rest:
        return hint(sh, "tr", "missing operand")
    text = sh.fds[0].read()
    first = _set(found.rest[0])
    second = _set(found.rest[1]) if len(found.rest) > 1 else ""
    other = "c" in found or "C" in found
    if "d" not in found and "s" not in found and not second:
        return hint(sh, "tr", f"missing operand after '{found.rest[0]}'\n"
                              "Two strings must be given when translating.")

    def inside(sign: str) -> bool:
        return (sign in first) != other
    if "d" in found:
        text = "".join(sign for sign in text if not inside(sign))
    elif second:
        if other:
            text = "".join(second[-1] if inside(sign) else sign for sign in text)
        else:
            table = {sign: second[min(at, len(second) - 1)] for at, sign in enumerate(first)}
            text = "".join(table.get(sign, sign) for sign in text)
    if "s" in found:
        squeezed = second or first
        turned = other and not second
        text = re.sub(r"(.)\1+", lambda one: one[1] if (one[1] in squeezed) != turned else one[0],
                      text, flags=re.S)
    sh.out(text)
    return 0


def seq(sh: Shell, args: list[str]) -> int:
    numbers = [one for one in args if re.fullmatch(r"-?\d+", one)]
    flags = [one for one in args if one not in numbers]
    separator, wide = "\n", False
    while flags:
        one = flags.pop(0)
        if one == "-w":
            wide = True
        elif one == "-s" and flags:
            separator = flags.pop(0)
        elif one.startswith("-s"):
            separator = one[2:]
        else:
            raise Unsupported(f"seq {one}")
    if not 1 <= len(numbers) <= 3:
        return hint(sh, "seq", "missing operand" if not numbers else f"extra operand '{numbers[3]}'")
    first = int(numbers[0]) if len(numbers) > 1 else 1
    step = int(numbers[1]) if len(numbers) > 2 else 1
    last = int(numbers[-1])
    if not step:
        return hint(sh, "seq", f"invalid Zero increment value: '{numbers[1]}'")
    if abs(last - first) // abs(step) > 50_000:
        raise Unsupported("seq of more than 50,000 numbers")
    found = [str(one) for one in range(first, last + (1 if step > 0 else -1), step)]
    most = max(map(len, [*found, str(first), str(last)])) if wide else 0
    if found:
        sh.out(separator.join(one.zfill(most) for one in found) + "\n")
    return 0


def tee(sh: Shell, args: list[str]) -> int:
    found = options("tee", args, "a", long={"append": "a"})
    text = sh.fds[0].read()
    status = 0
    for path in found.rest:
        try:
            sh.create(path, append="a" in found).write(text)
        except Fault as fault:
            sh.err(f"tee: {path}: {fault}")
            status = 1
    sh.out(text)
    return status


def basename(sh: Shell, args: list[str]) -> int:
    if not args:
        return hint(sh, "basename", "missing operand")
    name = args[0].rstrip("/").rpartition("/")[2] or ("/" if args[0].startswith("/") else "")
    if len(args) > 1 and name != args[1]:
        name = name.removesuffix(args[1])
    sh.out(name + "\n")
    return 0


def dirname(sh: Shell, args: list[str]) -> int:
    if not args:
        return hint(sh, "dirname", "missing operand")
    for one in args:
        bare = one.rstrip("/")
        folder = bare.rpartition("/")[0].rstrip("/")
        sh.out((folder or ("/" if one.startswith("/") else ".")) + "\n")
    return 0


def xargs(sh: Shell, args: list[str]) -> int:
    """Build commands out of what is read. Its own options stand before the command."""
    at, most, place = 0, 0, ""
    while at < len(args) and args[at].startswith("-"):
        one = args[at]
        if one in ("-n", "-I", "-L") and at + 1 < len(args):
            if one == "-I":
                place = args[at + 1]
            elif args[at + 1].isdigit():
                most = int(args[at + 1])
            else:
                raise Fault(f"xargs: invalid number \"{args[at + 1]}\" for {one} option")
            at += 2
        elif re.fullmatch(r"-n\d+", one):
            most, at = int(one[2:]), at + 1
        elif one.startswith("-I"):
            place, at = one[2:], at + 1
        elif one in ("-r", "-t"):
            at += 1
        else:
            raise Unsupported(f"xargs {one}")
    command = args[at:] or ["echo"]
    text = sh.fds[0].read()
    inner = sh.fork()
    inner.functions = {}
    status = 0
    if place:
        for line in lines_of(text):
            if line.strip():
                status |= inner.call([word.replace(place, line.strip()) for word in command])
    else:
        words = [one.replace("\\ ", " ") for one in
                 re.findall(r"(?:[^\s'\"\\]|\\.|'[^']*'|\"[^\"]*\")+", text)]
        words = [re.sub(r"'([^']*)'|\"([^\"]*)\"", lambda q: q[1] or q[2] or "", one) for one in words]
        groups = [words[i : i + most] for i in range(0, len(words), most)] if most and words else [words]
        for group in groups:
            status |= inner.call([*command, *group])
    return 123 if status and status < 126 else status


def diff(sh: Shell, args: list[str]) -> int:
    """Which lines differ, in the plain form."""
    found = options("diff", args, "q", long={"brief": "q"})
    if len(found.rest) != 2:
        return hint(sh, "diff", "missing operand" if not found.rest else
                    f"missing operand after '{found.rest[-1]}'", 2)
    texts = []
    for path in found.rest:
        try:
            texts.append(lines_of(given(sh, path)))
        except Fault as fault:
            sh.err(f"diff: {path}: {fault}")
            return 2
    a, b = texts
    if a == b:
        return 0
    if "q" in found:
        sh.out(f"Files {found.rest[0]} and {found.rest[1]} differ\n")
        return 1

    def span(begin: int, end: int) -> str:
        return f"{begin + 1},{end}" if end - begin > 1 else str(begin + 1 if end > begin else begin)
    for kind, i, j, k, l_ in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        sign = {"replace": "c", "delete": "d", "insert": "a"}[kind]
        sh.out(f"{span(i, j)}{sign}{span(k, l_)}\n" + "".join(f"< {one}\n" for one in a[i:j])
               + ("---\n" if kind == "replace" else "") + "".join(f"> {one}\n" for one in b[k:l_]))
    return 1
