"""Commands that are part of bash itself: they change the shell, so no program could do it for them."""

from __future__ import annotations

import re
from collections.abc import Callable

from visualizers.l1_basics.linux.arithmetic import BadNumber
from visualizers.l1_basics.linux.conditions import test
from visualizers.l1_basics.linux.shell import Shell
from visualizers.l1_basics.linux.streams import Leave, Stop
from visualizers.l1_basics.linux.words import BadWord, cut, escaped, kinds_of
from visualizers.l1_basics.linux.world import DENIED, NO_FOLDER, RUN, USER, Fault


def cd(sh: Shell, args: list[str]) -> int:
    args = [one for one in args if one not in ("-L", "-P", "--")]
    if len(args) > 1:
        sh.complain("cd: too many arguments")
        return 1
    target = args[0] if args else sh.get("HOME")
    if target == "-":
        target = sh.get("OLDPWD")
        if not target:
            sh.complain("cd: OLDPWD not set")
            return 1
        sh.out(target + "\n")
    if target == "":
        return 0
    try:
        node = sh.node(target)
        if not node.folder:
            raise Fault(NO_FOLDER)
        if not node.permits(USER, RUN):
            raise Fault(DENIED)
    except Fault as fault:
        sh.complain(f"cd: {target}: {fault}")
        return 1
    sh.vars["OLDPWD"], sh.cwd = sh.cwd, sh.path(target)
    sh.vars["PWD"] = sh.cwd
    return 0


def pwd(sh: Shell, _args: list[str]) -> int:
    sh.out(sh.cwd + "\n")
    return 0


def echo(sh: Shell, args: list[str]) -> int:
    newline, escapes = True, False
    while args and re.fullmatch(r"-[neE]+", args[0]):
        newline = newline and "n" not in args[0]
        escapes = ("e" in args[0] or escapes) and not args[0].endswith("E")
        args = args[1:]
    text = " ".join(args)
    if escapes:
        head, stop, _ = text.partition("\\c")
        text, newline = escaped(re.sub(r"\\0([0-7]{1,3})", r"\\\1", head)), newline and not stop
    sh.out(text + "\n" * newline)
    return 0


def printf(sh: Shell, args: list[str]) -> int:
    name = ""
    if args[:1] == ["-v"] and len(args) > 2:
        name, args = args[1], args[2:]
    if args[:1] == ["--"]:
        args = args[1:]
    if not args:
        sh.complain("printf: usage: printf [-v var] format [arguments]")
        return 2
    form, rest = args[0], args[1:]
    status, made, first = 0, [], True
    form = escaped(form)
    while first or rest:
        first = False
        before = len(rest)
        text, rest, bad = _formatted(sh, form, rest)
        status |= bad
        made.append(text)
        if len(rest) == before:
            break
        sh.session.spend()
    if name:
        sh.assign(name, "".join(made))
    else:
        sh.out("".join(made))
    return status


def _formatted(sh: Shell, form: str, rest: list[str]) -> tuple[str, list[str], int]:
    status = 0

    def one(found: re.Match[str]) -> str:
        nonlocal rest, status
        if found[0] == "%%":
            return "%"
        flags, width, precision, kind = found[1], found[2], found[3], found[4]
        if width == "*":
            width, rest = (rest[0], rest[1:]) if rest else ("0", rest)
        value, rest = (rest[0], rest[1:]) if rest else ("", rest)
        if width and len(width.lstrip("-")) > 4:
            raise BadWord("printf: width too large")
        spec = "%" + flags + width + (precision or "")
        if kind == "s":
            return (spec + "s") % value
        if kind == "b":
            return (spec + "s") % escaped(value)
        if kind == "c":
            return (spec + "s") % value[:1]
        if kind == "q":
            return (spec + "s") % (re.sub(r"([^\w@%+=:,./-])", r"\\\1", value) or "''")
        number: float = 0
        if value[:1] in ("'", '"') and len(value) > 1:
            number = ord(value[1])
        else:
            try:
                number = float(value or 0) if kind in "fFeEgG" else int(value or "0", 0) \
                    if not re.fullmatch(r"[+-]?0[0-7]+", value) else int(value, 8)
            except ValueError:
                sh.complain(f"printf: {value}: invalid number")
                status = 1
                begun = re.match(r"[+-]?\d+", value)
                number = int(begun[0]) if begun else 0
        return (spec + ("d" if kind in "diu" else kind)) % (number if kind in "fFeEgG" else int(number))
    text = re.sub(r"%%|%([-+ #0]*)(\d*|\*)(\.\d*)?([sdiuxXofFeEgGcbq])", one, form)
    return text, rest, status


# --- variables -----------------------------------------------------------------------------------


def read(sh: Shell, args: list[str]) -> int:
    raw, array, separators = False, "", sh.separators
    while args and args[0].startswith("-") and len(args[0]) > 1:
        flag, args = args[0], args[1:]
        raw = raw or "r" in flag
        if "p" in flag and args:
            args = args[1:]
        elif "a" in flag and args:
            array, args = args[0], args[1:]
        elif set(flag[1:]) - set("rs"):
            raise Stop("This shell does not have {what}.", f"read {flag}")
    line = sh.fds[0].line()
    status = int(not line.endswith("\n"))
    text = line.removesuffix("\n")
    while not raw and text.endswith("\\") and not text.endswith("\\\\") and not status:
        more = sh.fds[0].line()
        text = text[:-1] + more.removesuffix("\n")
        status = int(not more.endswith("\n"))
    if not raw:
        text = re.sub(r"\\(.)", r"\1", text)
    if array:
        sh.vars[array] = dict(enumerate(cut(text, separators)[1]))
        return status
    if not args:
        sh.assign("REPLY", text)
        return status
    *names, last = args
    for name in names:
        value, text = _first(text, separators)
        sh.assign(name, value)
    blank, others = kinds_of(separators)
    text = text.strip(blank) if blank else text
    pieces = cut(text, separators)[1]
    sh.assign(last, pieces[0] if others and len(pieces) == 1 else text)
    return status


def _first(text: str, separators: str) -> tuple[str, str]:
    """The first field of a line, and what is left of it."""
    blank, others = kinds_of(separators)
    text = text.lstrip(blank) if blank else text
    if not separators:
        return text, ""
    found = re.search((f"[{re.escape(blank)}]*[{re.escape(others)}][{re.escape(blank)}]*|" if others and blank
                       else f"[{re.escape(others)}]|" if others else "") +
                      (f"[{re.escape(blank)}]+" if blank else "(?!)"), text)
    return (text, "") if found is None else (text[: found.start()], text[found.end():])


def export(sh: Shell, args: list[str]) -> int:
    return sh.declare("export", args, [])


def unset(sh: Shell, args: list[str]) -> int:
    return sh.unset(args)


def let(sh: Shell, args: list[str]) -> int:
    value = 0
    for one in args:
        try:
            value = sh.expand.number(one)
        except BadNumber as error:
            sh.complain(f"let: {error}")
            return 1
    return int(value == 0)


def set_(sh: Shell, args: list[str]) -> int:
    names = {"errexit": "e", "nounset": "u", "xtrace": "x", "allexport": "a", "pipefail": "pipefail"}
    while args:
        one = args[0]
        if one in ("--", "-"):
            sh.params = args[1:]
            return 0
        if one[:1] in "+-" and len(one) > 1:
            letters = one[1:]
            if letters.endswith("o") and len(args) > 1:
                letters, extra = letters[:-1], args[1]
                if extra not in names:
                    raise Stop("This shell does not have {what}.", f"set -o {extra}")
                (sh.options.add if one[0] == "-" else sh.options.discard)(names[extra])
                args = args[1:]
            if set(letters) - set("euxa"):
                raise Stop("This shell does not have {what}.", f"set {one}")
            for letter in letters:
                (sh.options.add if one[0] == "-" else sh.options.discard)(letter)
            args = args[1:]
            continue
        sh.params = args
        return 0
    return 0


def shift(sh: Shell, args: list[str]) -> int:
    by = int(args[0]) if args and args[0].isdigit() else 1
    if by > len(sh.params):
        return 1
    sh.params = sh.params[by:]
    return 0


# --- control -------------------------------------------------------------------------------------


def _number(sh: Shell, args: list[str], name: str) -> int:
    if not args:
        return sh.status
    if not re.fullmatch(r"-?\d+", args[0]):
        sh.complain(f"{name}: {args[0]}: numeric argument required")
        return 2
    return int(args[0]) % 256


def exit_(sh: Shell, args: list[str]) -> int:
    raise Leave("exit", _number(sh, args, "exit"))


def return_(sh: Shell, args: list[str]) -> int:
    if not sh.calls and not sh.session.sourcing:
        sh.complain("return: can only `return' from a function or sourced script")
        return 2
    raise Leave("return", _number(sh, args, "return"))


def break_(sh: Shell, args: list[str]) -> int:
    return _leave_loop(sh, "break", args)


def continue_(sh: Shell, args: list[str]) -> int:
    return _leave_loop(sh, "continue", args)


def _leave_loop(sh: Shell, how: str, args: list[str]) -> int:
    if not sh.looping:
        sh.complain(f"{how}: only meaningful in a `for', `while', or `until' loop")
        return 0
    levels = int(args[0]) if args and args[0].isdigit() else 1
    raise Leave(how, 0, min(levels, sh.looping))


def true(_sh: Shell, _args: list[str]) -> int:
    return 0


def false(_sh: Shell, _args: list[str]) -> int:
    return 1


def eval_(sh: Shell, args: list[str]) -> int:
    return sh.run_text(" ".join(args)) if args else 0


def source(sh: Shell, args: list[str]) -> int:
    if not args:
        sh.complain("source: filename argument required")
        return 2
    try:
        text = sh.text_of(args[0])
    except Fault as fault:
        sh.complain(f"{args[0]}: {fault}")
        return 1
    sh._deeper()
    before = sh.params
    if args[1:]:
        sh.params = args[1:]
    sh.session.sourcing += 1
    try:
        return sh.run_text(text)
    except Leave as leave:
        if leave.how != "return":
            raise
        return leave.status
    finally:
        sh.session.sourcing -= 1
        sh.deep -= 1
        if args[1:]:
            sh.params = before


def exec_(sh: Shell, args: list[str]) -> int:
    if not args:
        return 0
    raise Leave("exit", sh.call(args))


def alias(sh: Shell, args: list[str]) -> int:
    status = 0
    for one in args or sorted(sh.aliases):
        name, equals, value = one.partition("=")
        if equals:
            sh.aliases[name] = value
        elif name in sh.aliases:
            sh.out(f"alias {name}='{sh.aliases[name]}'\n")
        else:
            sh.complain(f"alias: {name}: not found")
            status = 1
    return status


def unalias(sh: Shell, args: list[str]) -> int:
    for one in args:
        sh.aliases.pop(one, None)
    return 0


def type_(sh: Shell, args: list[str]) -> int:
    status = 0
    for name in args:
        if name in sh.aliases:
            sh.out(f"{name} is aliased to `{sh.aliases[name]}'\n")
        elif name in sh.session.programs.keywords:
            sh.out(f"{name} is a shell keyword\n")
        elif name in sh.functions:
            sh.out(f"{name} is a function\n{name} () \n{sh.functions[name]}\n")
        elif name in BUILTINS:
            sh.out(f"{name} is a shell builtin\n")
        elif sh.session.programs.find(name, sh.host) is not None:
            sh.out(f"{name} is /usr/bin/{name}\n")
        else:
            sh.complain(f"type: {name}: not found")
            status = 1
    return status


def command_(sh: Shell, args: list[str]) -> int:
    if args[:1] == ["-v"]:
        status = 1
        for name in args[1:]:
            if name in sh.functions or name in BUILTINS:
                sh.out(name + "\n")
                status = 0
            elif sh.session.programs.find(name, sh.host) is not None:
                sh.out(f"/usr/bin/{name}\n")
                status = 0
        return status
    functions, sh.functions = sh.functions, {}
    try:
        return sh.call(args) if args else 0
    finally:
        sh.functions = functions


def history(sh: Shell, _args: list[str]) -> int:
    for number, line in enumerate(sh.session.typed, 1):
        sh.out(f"{number:5d}  {line}\n")
    return 0


# --- jobs ----------------------------------------------------------------------------------------


def jobs(sh: Shell, _args: list[str]) -> int:
    last = max(sh.jobs, default=0)
    for number, (pid, text) in sh.jobs.items():
        sign = "+" if number == last else "-" if number == last - 1 else " "
        running = pid in sh.host.processes
        sh.out(f"[{number}]{sign}  {'Running' if running else 'Done':<22}  {text}{' &' * running}\n")
    sh.jobs = {number: one for number, one in sh.jobs.items() if one[0] in sh.host.processes}
    return 0


def wait(sh: Shell, args: list[str]) -> int:
    pids = [one for one, _ in sh.jobs.values()]
    if args:
        pids = [sh.jobs[int(one[1:])][0] if one.startswith("%") and int(one[1:] or 0) in sh.jobs
                else int(one) if one.isdigit() else 0 for one in args]
    ends = [process.begun + process.lasts for pid in pids
            if (process := sh.host.processes.get(pid)) is not None]
    if ends:
        sh.session.world.pass_time(max(0, max(ends) - sh.session.world.now))
    return 0


def kill(sh: Shell, args: list[str]) -> int:
    signals = [one for one in args if one.startswith("-")]
    targets = [one for one in args if not one.startswith("-")]
    if signals[:1] == ["-l"]:
        sh.out("1) HUP  2) INT  9) KILL  15) TERM\n")
        return 0
    if signals[:1] == ["-s"]:
        targets = targets[1:]
    if not targets:
        sh.err("kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l "
                    "[sigspec]")
        return 2
    status = 0
    for one in targets:
        if one.startswith("%"):
            job = sh.jobs.get(int(one[1:])) if one[1:].isdigit() else None
            if job is None:
                sh.complain(f"kill: {one}: no such job")
                status = 1
                continue
            pid = job[0]
        elif one.isdigit():
            pid = int(one)
        else:
            sh.complain(f"kill: {one}: arguments must be process or job IDs")
            status = 1
            continue
        process = sh.host.processes.get(pid)
        if process is None:
            sh.complain(f"kill: ({pid}) - No such process")
            status = 1
        elif process.user != USER:
            sh.complain(f"kill: ({pid}) - Operation not permitted")
            status = 1
        elif process.command.endswith("bash"):
            sh.session.screen.note("This shell does not have {what}.", "kill of a shell")
            status = 1
        elif signals[:1] != ["-0"]:
            del sh.host.processes[pid]
            sh.session.killed.add(pid)
    return status


def bg(_sh: Shell, _args: list[str]) -> int:
    raise Stop("This shell does not have {what}.", "fg, bg")


def umask(sh: Shell, args: list[str]) -> int:
    if args:
        raise Stop("This shell does not have {what}.", "umask")
    sh.out("0022\n")
    return 0


def help_(sh: Shell, _args: list[str]) -> int:
    screen, programs = sh.session.screen, sh.session.programs
    screen.note("In the shell itself: {what}.", " ".join(sorted(programs.builtins)))
    screen.note("Files and texts: {what}.", " ".join(sorted(programs.files)))
    screen.note("Models of programs and machines: {what}.", " ".join(sorted(programs.models)))
    return 0


def trap(_sh: Shell, _args: list[str]) -> int:
    raise Stop("This shell does not have {what}.", "trap")


BUILTINS: dict[str, Callable[[Shell, list[str]], int]] = {
    ".": source, ":": true, "[": lambda sh, args: test(sh, args, "["), "alias": alias, "bg": bg,
    "break": break_, "cd": cd, "command": command_, "continue": continue_, "echo": echo, "eval": eval_,
    "exec": exec_, "exit": exit_, "export": export, "false": false, "fg": bg, "help": help_,
    "history": history, "jobs": jobs, "kill": kill, "let": let, "logout": exit_,
    "printf": printf, "pwd": pwd, "read": read,
    "return": return_, "set": set_, "shift": shift, "source": source,
    "test": lambda sh, args: test(sh, args, "test"), "trap": trap,
    "true": true, "type": type_, "umask": umask, "unalias": unalias, "unset": unset, "wait": wait,
}
