"""Small commands: who and where one is, the time, other shells."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from visualizers.l1_basics.linux.files import accessed, human
from visualizers.l1_basics.linux.options import hint, options
from visualizers.l1_basics.linux.shell import Shell
from visualizers.l1_basics.linux.streams import Screen
from visualizers.l1_basics.linux.words import Unsupported
from visualizers.l1_basics.linux.world import ABSENT, HOME, IS_FOLDER, USER, Fault, Node, Process

BEGIN = datetime(2026, 3, 2, 9, 0, 0)


def clear(sh: Shell, _args: list[str]) -> int:
    sh.session.screen.parts.clear()
    sh.session.screen.put(Screen.OUT, "")
    return 0


def date(sh: Shell, args: list[str]) -> int:
    now = BEGIN + timedelta(seconds=sh.session.world.now)
    form = next((one[1:] for one in args if one.startswith("+")), "%a %b %e %H:%M:%S UTC %Y")
    form = form.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S").replace("%e", f"{now.day:2d}") \
        .replace("%s", str(int((now - datetime(1970, 1, 1)).total_seconds())))
    if set(re.findall(r"%(.)", form)) - set("YmdHMSabABjyZp%"):
        raise Unsupported(f"date {args[0]}")
    sh.out(now.strftime(form) + "\n")
    return 0


def du(sh: Shell, args: list[str]) -> int:
    found = options("du", args, "sh", long={"human-readable": "h"})
    failed: list[str] = []

    def size(one: Node) -> int:
        return 4 * -(-one.size // 4096) + sum(map(size, one.entries.values()))
    for path, node in accessed(sh, "du", found.rest, failed):
        every = [(path, node)] if "s" in found else [one for one in _deep(path, node) if one[1].folder] \
            or [(path, node)]
        for at, one in every:
            sh.out(f"{human(1024 * size(one)) if 'h' in found else size(one)}\t{at}\n")
    return int(bool(failed))


def _deep(path: str, node: Node) -> list[tuple[str, Node]]:
    return [one for name, each in sorted(node.entries.items()) for one in _deep(f"{path}/{name}", each)] \
        + [(path, node)]


def env(sh: Shell, args: list[str]) -> int:
    if args and "=" not in args[0]:
        value = sh.vars.get(args[0])
        if args[0] in sh.exported and isinstance(value, str):
            sh.out(value + "\n")
            return 0
        return 1
    if args:
        raise Unsupported("env NAME=value")
    for name in sorted(sh.exported):
        if isinstance(value := sh.vars.get(name), str):
            sh.out(f"{name}={value}\n")
    return 0


def hostname(sh: Shell, _args: list[str]) -> int:
    sh.out(sh.host.name + "\n")
    return 0


def whoami(sh: Shell, _args: list[str]) -> int:
    sh.out(USER + "\n")
    return 0


def which(sh: Shell, args: list[str]) -> int:
    status = 0
    for name in args:
        if sh.session.programs.find(name, sh.host) is None:
            status = 1
            continue
        own = name in ("python", "pip") and sh.environment != "base"
        sh.out(f"{HOME}/miniconda3/envs/{sh.environment}/bin/{name}\n" if own else f"/usr/bin/{name}\n")
    return status


def sleep(sh: Shell, args: list[str]) -> int:
    total = 0.0
    for one in args:
        form = re.fullmatch(r"(\d*\.?\d+)([smhd]?)", one)
        if form is None:
            return hint(sh, "sleep", f"invalid time interval '{one}'")
        total += float(form[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[form[2]]
    if not args:
        return hint(sh, "sleep", "missing operand")
    seconds = min(int(total), 10**7)
    if sh.background:
        process = sh.host.start(Process(sh.host.pid(), USER, "sleep " + " ".join(args), sh.tty,
                                        sh.session.world.now, seconds))
        if seconds:
            sh.begun.append(process.pid)
    else:
        sh.session.world.pass_time(seconds)
    return 0


def man(sh: Shell, args: list[str]) -> int:
    """What a command takes here. A real manual says much more."""
    found = sh.session.programs.files.get(args[0]) if len(args) == 1 else None
    if found is None:
        sh.err("What manual page do you want?" if not args else f"No manual entry for {args[0]}")
        return 1 if not args else 16
    return sh.call([args[0], "--help"])


def time(sh: Shell, args: list[str]) -> int:
    """How long a command takes, by the clock of the machines."""
    before = sh.session.world.now
    status = sh.call(args) if args else 0
    seconds = sh.session.world.now - before
    sh.err(f"\nreal\t{seconds // 60}m{seconds % 60}.000s\nuser\t0m0.000s\nsys\t0m0.000s")
    return status


def bash(sh: Shell, args: list[str]) -> int:
    """bash script.sh a b, bash -c 'commands'."""
    options_, rest = [], list(args)
    while rest and rest[0].startswith("-") and not rest[0].endswith(("c", "s")):
        options_.append(rest.pop(0))
    if rest and re.fullmatch(r"-[eux]+[cs]", rest[0]):
        options_.append(rest[0][:-1])
        rest[0] = "-" + rest[0][-1]
    if set("".join(options_)) - set("-eux"):
        raise Unsupported("bash " + " ".join(options_))
    prefix = "".join(f"set {one}\n" for one in options_)
    if rest[:1] == ["-c"]:
        if len(rest) < 2:
            sh.err("bash: -c: option requires an argument")
            return 2
        return sh.script(prefix + rest[1], rest[2] if len(rest) > 2 else "bash", rest[3:],
                         whole=True)
    if rest[:1] == ["-s"]:
        return sh.script(prefix + sh.fds[0].read(), "bash", rest[1:])
    if not rest:
        text = sh.fds[0].read()
        return sh.script(prefix + text, "bash", []) if text else 0
    try:
        node = sh.node(rest[0])
        if node.folder:
            sh.err(f"{rest[0]}: {rest[0]}: {IS_FOLDER}")
            return 126
        text = sh.text_of(rest[0])
    except Fault as fault:
        sh.err(f"bash: {rest[0]}: {fault}")
        return 127 if str(fault) == ABSENT else 126
    return sh.script(prefix + text, rest[0], rest[1:])
