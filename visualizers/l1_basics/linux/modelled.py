"""Models of programs and machines: ssh, scp, tmux, conda, pip, python, ps and nvidia-smi.

They behave as the real ones do where a beginner meets them, say once that they are models, and name what
they leave out. git is in ``gitmodel``.
"""

from __future__ import annotations

import random
import re

from visualizers.l1_basics.linux.files import copied
from visualizers.l1_basics.linux.session import Layer, Session
from visualizers.l1_basics.linux.shell import Shell
from visualizers.l1_basics.linux.streams import FileEnd, Nothing, Screen, ScreenEnd, Stream
from visualizers.l1_basics.linux.words import Unsupported
from visualizers.l1_basics.linux.world import (
    DENIED,
    HOME,
    READ,
    USER,
    Fault,
    Host,
    Pane,
    Process,
    joined,
)

LONG = 600  # seconds: what runs longer keeps the terminal busy instead of being waited for
TRAINING = 6144  # MiB of a GPU that train.py takes
VERSIONS = {"torch": "2.13.0", "numpy": "2.3.4", "pandas": "2.3.3", "transformers": "4.57.1",
            "scikit-learn": "1.7.2", "matplotlib": "3.10.7", "tqdm": "4.67.1", "requests": "2.32.5",
            "gensim": "4.4.0", "jieba": "0.42.1", "datasets": "4.2.0", "jupyter": "1.1.1", "scipy": "1.16.2"}


# --- other machines ------------------------------------------------------------------------------


def _remote(sh: Shell, name: str) -> Host:
    """The machine that [user@]host names. Raises ``Fault``."""
    user, at, host = name.rpartition("@")
    if host not in sh.session.world.hosts:
        raise Fault(f"ssh: Could not resolve hostname {host}: Name or service not known")
    if at and user != USER:
        raise Fault(f"{name}: Permission denied (publickey,password).")
    return sh.session.world.hosts[host]


def ssh(sh: Shell, args: list[str]) -> int:
    """ssh gpu1, ssh gpu1 'a command'."""
    sh.session.model("ssh")
    if args and args[0].startswith("-"):
        raise Unsupported(f"ssh {args[0]}")
    if not args:
        sh.err("usage: ssh destination [command]")
        return 255
    try:
        host = _remote(sh, args[0])
    except Fault as fault:
        sh.err(str(fault))
        return 255
    inner = Shell(sh.session, host)
    inner.tty = "ssh"
    if len(args) > 1:
        inner.interactive = False
        inner.fds = sh.fds.copy()
        return inner.contained(lambda: inner.run_text(" ".join(args[1:])))
    if not sh.interactive:
        raise Unsupported("ssh without a command in a script or pipe")
    sh.out(f"Welcome to {host.name}: {len(host.gpus)} GPUs.\n" if host.gpus else f"Welcome to {host.name}.\n")
    sh.session.logins += 1
    sh.session.layers.append(Layer("ssh", inner, host.name))
    return 0


def scp(sh: Shell, args: list[str]) -> int:
    """Copy files from or to another machine."""
    sh.session.model("scp")
    deep = "-r" in args
    flags = [one for one in args if one.startswith("-") and one != "-r"]
    if flags:
        raise Unsupported(f"scp {flags[0]}")
    paths = [one for one in args if not one.startswith("-")]
    if len(paths) < 2:
        sh.err("usage: scp [-r] source ... target")
        return 1
    *sources, target = paths
    status = 0
    try:
        to, place = _located(sh, target)
        for one in sources:
            host, path = _located(sh, one)
            try:
                node = host.find(path)
            except Fault as fault:
                sh.err(f"scp: {one.partition(':')[2] or one}: {fault}")
                status = 1
                continue
            if node.folder and not deep:
                sh.err(f"scp: {one}: not a regular file")
                status = 1
                continue
            if not node.permits(USER, READ):
                sh.err(f"scp: {one}: {DENIED}")
                status = 1
                continue
            at = place
            if to.has(place) and to.find(place).folder:
                at = f"{place.rstrip('/')}/{path.rpartition('/')[2]}"
            to.put(at, copied(node, sh.session.world.tick))
            sh.out(f"{path.rpartition('/')[2]}  100%  {node.size} bytes\n")
    except Fault as fault:
        sh.err(f"scp: {fault}" if not str(fault).startswith("ssh:") else str(fault))
        return 1
    return status


def _located(sh: Shell, name: str) -> tuple[Host, str]:
    host, colon, path = name.partition(":")
    if not colon:
        return sh.host, sh.path(name)
    path = path or "."
    if path == "~" or path.startswith("~/"):
        path = HOME + path[1:]
    return _remote(sh, host), joined(HOME, path)


# --- terminals -----------------------------------------------------------------------------------


class PaneEnd(Nothing):
    """What a shell in tmux writes to: the screen while somebody looks, else it is kept for then."""

    def __init__(self, session: Session, name: str, kind: int) -> None:
        self.session, self.name, self.kind = session, name, kind
        self.kept: list[str] = []

    def write(self, text: str) -> None:
        if watched(self.session, self.name):
            self.session.screen.put(self.kind, text)
        else:
            self.kept.append(text)

    def show(self) -> None:
        """Show what was written while nobody looked: its last lines."""
        lines = "".join(self.kept).splitlines(keepends=True)[-8:]
        self.kept.clear()
        if lines:
            self.session.screen.put(self.kind, "".join(lines))


def watched(session: Session, name: str) -> bool:
    """Whether the terminal shows the tmux session of this name."""
    return any(layer.kind == "tmux" and layer.name == name for layer in session.layers)


def tmux(sh: Shell, args: list[str]) -> int:
    """Shells that go on when nobody looks: new, ls, attach, detach, kill-session."""
    sh.session.model("tmux")
    verb, rest = (args[0], args[1:]) if args else ("new", [])
    names = {"new-session": "new", "a": "attach", "at": "attach", "attach-session": "attach",
             "list-sessions": "ls", "detach-client": "detach"}
    verb = names.get(verb, verb)
    values: dict[str, str] = {}
    loose = []
    while rest:
        one = rest.pop(0)
        if one in ("-s", "-t") and rest:
            values[one[1]] = rest.pop(0)
        elif one == "-d":
            values["d"] = "yes"
        elif one.startswith("-"):
            raise Unsupported(f"tmux {verb} {one}")
        else:
            loose.append(one)
    inside = sh.session.layers[-1].kind == "tmux"
    panes = sh.host.sessions
    name = values.get("t") or next(reversed(panes), "")  # of attach and kill-session
    match verb:
        case "new":
            return _new(sh, values, loose, inside)
        case "ls":
            if not panes:
                sh.err("no server running on /tmp/tmux-1000/default")
                return 1
            for one in panes:
                sh.out(f"{one}: 1 windows{' (attached)' * watched(sh.session, one)}\n")
            return 0
        case "attach":
            if name not in panes:
                sh.err("no sessions" if not name else f"can't find session: {name}")
                return 1
            if inside:
                sh.err("sessions should be nested with care, unset $TMUX to force")
                return 1
            return _attach(sh.session, panes[name])
        case "detach":
            if not inside:
                sh.err("no current client")
                return 1
            sh.session.detach()
            return 0
        case "kill-session":
            if name not in panes:
                sh.err(f"can't find session: {name}")
                return 1
            sh.session.end(sh.host, name)
            return 0
    raise Unsupported(f"tmux {verb}")


def _new(sh: Shell, values: dict[str, str], loose: list[str], inside: bool) -> int:
    panes = sh.host.sessions
    name = values.get("s") or str(len(panes))
    if name in panes:
        sh.err(f"duplicate session: {name}")
        return 1
    if inside and "d" not in values:
        sh.err("sessions should be nested with care, unset $TMUX to force")
        return 1
    inner = Shell(sh.session, sh.host)
    inner.cwd, inner.environment = sh.cwd, sh.environment
    inner.vars["PWD"] = sh.cwd
    inner.tty = f"tmux {name}"
    inner.fds[1] = PaneEnd(sh.session, name, Screen.OUT)
    inner.fds[2] = PaneEnd(sh.session, name, Screen.ERROR)
    pane = panes[name] = Pane(name, inner)
    if "d" not in values:
        _attach(sh.session, pane)
    if loose:
        inner.contained(lambda: inner.run_text(" ".join(loose)))
    return 0


def _attach(session: Session, pane: Pane) -> int:
    shell = pane.shell
    assert isinstance(shell, Shell)
    session.layers.append(Layer("tmux", shell, pane.name))
    for one in (1, 2):
        end = shell.fds[one]
        if isinstance(end, PaneEnd):
            end.show()
    return 0


# --- python and its packages ---------------------------------------------------------------------


def packages(sh: Shell) -> dict[str, str]:
    return sh.host.environments[sh.environment]


def python(sh: Shell, args: list[str]) -> int:
    """python train.py --lr 0.1 --epochs 3, python -c 'import torch', python --version."""
    sh.session.model("python")
    if args[:1] in (["--version"], ["-V"]):
        sh.out("Python 3.11.9\n")
        return 0
    if args[:1] == ["-c"] and len(args) > 1:
        return _line(sh, args[1])
    if args[:2] == ["-m", "pip"]:
        return pip(sh, args[2:])
    if not args or args[0].startswith("-"):
        raise Unsupported("python " + " ".join(args) if args else "python without a script")
    try:
        text = sh.text_of(args[0])
    except Fault as fault:
        sh.err(f"python: can't open file '{sh.path(args[0])}': [Errno 2] {fault}")
        return 2
    for name in re.findall(r"^(?:import|from) (\w+)", text, flags=re.M):
        if name in VERSIONS and name not in packages(sh):
            sh.err(f"Traceback (most recent call last):\n  File \"{args[0]}\", line 1, in <module>\n"
                   f"ModuleNotFoundError: No module named '{name}'")
            return 1
    if "import torch" not in text:
        printed = re.fullmatch(r"(?:#.*\n|\s*\n)*((?:print\((['\"])[^'\"]*\2\)\s*)+)", text)
        if printed is None:
            raise Unsupported("python for any script but train.py and plain print lines")
        sh.out("".join(f"{one[1]}\n" for one in re.findall(r"print\((['\"])(.*?)\1\)", text)))
        return 0
    return _train(sh, args)


def _line(sh: Shell, text: str) -> int:
    name = re.fullmatch(r"import (\w+)(?:; *print\(\1\.__version__\))?", text.strip())
    shown = re.fullmatch(r"print\((['\"])(.*)\1\)", text.strip())
    if shown:
        sh.out(shown[2] + "\n")
        return 0
    if name is None:
        raise Unsupported("python -c but for import and print")
    if name[1] not in packages(sh):
        sh.err("Traceback (most recent call last):\n  File \"<string>\", line 1, in <module>\n"
               f"ModuleNotFoundError: No module named '{name[1]}'")
        return 1
    if "print" in text:
        sh.out(packages(sh)[name[1]] + "\n")
    return 0


def losses(rate: float, epochs: int, seed: int) -> list[str]:
    """What train.py prints: a loss that falls with the learning rate, or explodes above 1."""
    made = []
    for epoch in range(1, epochs + 1):
        noise = random.Random(f"{seed} {rate} {epoch}").uniform(-0.02, 0.02)
        if rate > 1 and epoch > 2:
            made.append(f"epoch {epoch} loss nan")
            continue
        value = 2.3 * (1 + 0.3 * epoch if rate > 1 else (1 + 8 * rate * epoch) ** -0.6) + noise
        made.append(f"epoch {epoch} loss {max(value, 0.01):.3f}")
    return made


def _train(sh: Shell, args: list[str]) -> int:
    rate, epochs = 0.1, 3
    rest = [piece for one in args[1:] for piece in one.split("=", 1)]
    while rest:
        name = rest.pop(0)
        value = rest.pop(0) if rest else ""
        number = re.fullmatch(r"\d*\.?\d+(?:e-?\d+)?", value)
        if name not in ("--lr", "--epochs") or number is None:
            wrong = f"unrecognized arguments: {name}" if name not in ("--lr", "--epochs") \
                else f"argument {name}: invalid value: '{value}'"
            sh.err(f"usage: train.py [--lr LR] [--epochs EPOCHS]\ntrain.py: error: {wrong}")
            return 2
        if name == "--lr":
            rate = float(value)
        else:
            epochs = min(int(float(value)), 2000)
    gpu, each = -1, 60
    if sh.host.gpus:
        chosen = sh.get("CUDA_VISIBLE_DEVICES") or "0"
        gpu = int(chosen) if chosen.isdigit() and int(chosen) < len(sh.host.gpus) else -1
    if gpu >= 0:
        each, free = 20, sh.host.gpus[gpu][1] - sh.host.used(gpu)
        if free < TRAINING:
            sh.err("Traceback (most recent call last):\n"
                   "torch.OutOfMemoryError: CUDA out of memory. "
                   f"Tried to allocate {TRAINING / 1024:.1f} GiB. GPU {gpu} has {free / 1024:.1f} GiB free.")
            return 1
    lines = losses(rate, epochs, sh.session.seed)
    seconds = each * epochs
    target: Stream = sh.fds[1]
    process = Process(sh.host.pid(), USER, "python " + " ".join(args), "" if sh.immune else sh.tty,
                      sh.session.world.now, seconds, gpu, TRAINING if gpu >= 0 else 0,
                      [(each * (at + 1), line) for at, line in enumerate(lines)], target)
    if sh.background:
        sh.host.start(process)
        sh.begun.append(process.pid)
    elif sh.interactive and seconds > LONG:
        sh.host.start(process)
        sh.busy = process.pid
        sh.session.screen.note("{what} now has the terminal. Type ^C to end it; in tmux, ^b d leaves it "
                               "running.", "python " + args[0])
    else:
        sh.session.world.pass_time(seconds)
        target.write("".join(line + "\n" for line in lines))
    return 0


def nohup(sh: Shell, args: list[str]) -> int:
    """Run something that does not end with the terminal."""
    sh.session.model("nohup")
    if not args:
        sh.err("nohup: missing operand")
        return 125
    inner = sh.fork()
    inner.immune, inner.background = True, sh.background
    if isinstance(sh.fds[1], (ScreenEnd, PaneEnd)):
        sh.err("nohup: ignoring input and appending output to 'nohup.out'")
        inner.fds[1] = inner.fds[2] = FileEnd(sh.file_at("nohup.out"), sh.session.world)
    status = inner.call(args)
    sh.busy = inner.busy
    return status


def pip(sh: Shell, args: list[str]) -> int:
    """Packages of the environment that is active: install, uninstall, list, freeze."""
    sh.session.model("pip")
    verb, rest = (args[0], args[1:]) if args else ("", [])
    here = packages(sh)
    if verb in ("list", "freeze"):
        if verb == "list":
            sh.out("Package         Version\n--------------- -------\n")
        for name in sorted(here):
            sh.out(f"{name}=={here[name]}\n" if verb == "freeze" else f"{name:<15} {here[name]}\n")
        return 0
    if verb not in ("install", "uninstall"):
        raise Unsupported(f"pip {verb}".strip())
    wanted = [one for one in rest if not one.startswith("-") and one != "y"]
    if "-r" in rest and wanted:
        try:
            wanted = sh.text_of(wanted[0]).split()
        except Fault as fault:
            sh.err(f"ERROR: Could not open requirements file: [Errno 2] {fault}: '{wanted[0]}'")
            return 1
    flags = [one for one in rest if one.startswith("-") and one not in ("-r", "-y", "-q", "-U")]
    if flags:
        raise Unsupported(f"pip {verb} {flags[0]}")
    if not wanted:
        sh.err(f"ERROR: You must give at least one requirement to {verb} (see \"pip help {verb}\")")
        return 1
    return _install(sh, here, wanted) if verb == "install" else _uninstall(sh, here, wanted)


def _install(sh: Shell, here: dict[str, str], wanted: list[str]) -> int:
    new = {}
    for one in wanted:
        name, _, version = one.partition("==")
        name = re.split("[<>=~!]", name)[0].lower()
        if name not in VERSIONS:
            sh.err(f"ERROR: Could not find a version that satisfies the requirement {one}\n"
                   f"ERROR: No matching distribution found for {one}")
            sh.session.screen.note("This pip knows {what}.", ", ".join(sorted(VERSIONS)))
            return 1
        if name in here and not version:
            sh.out(f"Requirement already satisfied: {name}\n")
        else:
            new[name] = version or VERSIONS[name]
        if name in ("torch", "pandas", "transformers", "gensim") and "numpy" not in here:
            new.setdefault("numpy", VERSIONS["numpy"])
    here.update(new)
    if new:
        sh.out("Successfully installed " + " ".join(f"{name}-{new[name]}" for name in sorted(new)) + "\n")
        sh.session.world.pass_time(20)
    return 0


def _uninstall(sh: Shell, here: dict[str, str], wanted: list[str]) -> int:
    for name in wanted:
        if name not in here:
            sh.err(f"WARNING: Skipping {name} as it is not installed.")
        else:
            sh.out(f"Successfully uninstalled {name}-{here.pop(name)}\n")
    return 0


def conda(sh: Shell, args: list[str]) -> int:
    """Environments: create -n, activate, deactivate, env list, install, list, remove."""
    sh.session.model("conda")
    verb, rest = (args[0], args[1:]) if args else ("", [])
    known = sh.host.environments
    if verb == "env":
        verb, rest = ("env " + rest[0], rest[1:]) if rest else ("env list", [])
    name = ""
    loose = []
    while rest:
        one = rest.pop(0)
        if one in ("-n", "--name") and rest:
            name = rest.pop(0)
        elif not one.startswith("-"):
            loose.append(one)
        elif one not in ("-y", "--yes", "-q", "--all", "--envs"):
            raise Unsupported(f"conda {verb} {one}")
    match verb:
        case "create":
            return _create(sh, known, name, loose)
        case "activate":
            target = loose[0] if loose else "base"
            if target not in known:
                sh.err(f"EnvironmentNameNotFound: Could not find conda environment: {target}")
                return 1
            sh.environment = target
            return 0
        case "deactivate":
            sh.environment = "base"
            return 0
        case "env list" | "info":
            for one in known:
                path = HOME + "/miniconda3" + ("" if one == "base" else f"/envs/{one}")
                sh.out(f"{one:<12}{'*' if one == sh.environment else ' '}  {path}\n")
            return 0
        case "install":
            return _install(sh, known[name or sh.environment], loose) if loose else 1
        case "list":
            for one, version in sorted(packages(sh).items()):
                sh.out(f"{one:<16}{version}\n")
            return 0
        case "remove" | "env remove":
            if name not in known or name in ("base", sh.environment):
                sh.err(f"CondaError: cannot remove environment {name or sh.environment}")
                return 1
            del known[name]
            return 0
    raise Unsupported(f"conda {verb}".strip())


def _create(sh: Shell, known: dict[str, dict[str, str]], name: str, loose: list[str]) -> int:
    if not name:
        sh.err("conda create: error: one of the arguments -n/--name -p/--prefix is required")
        return 2
    if name in known:
        sh.err(f"CondaValueError: prefix already exists: {HOME}/miniconda3/envs/{name}")
        return 1
    known[name] = {}
    sh.out(f"#\n# To activate this environment, use\n#\n#     $ conda activate {name}\n#\n")
    others = [one for one in loose if not one.startswith("python")]
    sh.session.world.pass_time(20)
    return _install(sh, known[name], others) if others else 0


# --- processes and GPUs --------------------------------------------------------------------------


def ps(sh: Shell, args: list[str]) -> int:
    sh.session.model("ps")
    every = any(set(one) & set("aeA") for one in args)
    if set("".join(args)) - set("-aeufxAwl"):
        raise Unsupported("ps " + " ".join(args))
    sh.out("USER       PID STARTED  COMMAND\n")
    rows = [(USER, sh.session.pid, 0, "-bash")]
    rows += [(one.user, one.pid, one.begun, one.command) for one in sh.host.processes.values()
             if every or one.user == USER]
    for user, pid, begun, command in sorted(rows, key=lambda one: one[1]):
        minutes = 9 * 60 + begun // 60
        sh.out(f"{user:<8} {pid:>5} {minutes // 60 % 24:02d}:{minutes % 60:02d}    {command}\n")
    return 0


def nvidia_smi(sh: Shell, args: list[str]) -> int:
    """Each GPU, its memory, and which processes hold it."""
    sh.session.model("nvidia-smi")
    if args:
        raise Unsupported("nvidia-smi " + " ".join(args))
    line = "+" + "-" * 52 + "+\n"
    sh.out(line + f"| {'GPU  Name':<26}{'Memory':>15} {'GPU-Util':>8} |\n" + line)
    for at, (name, memory) in enumerate(sh.host.gpus):
        used = sh.host.used(at)
        share = f"{used:>5}/{memory}MiB"
        sh.out(f"| {at:>3}  {name:<21}{share:>15} {97 if used else 0:>7}% |\n")
    sh.out(line + f"| {'GPU    PID  User     Process':<40}{'Memory':>10} |\n")
    for one in sh.host.processes.values():
        if one.gpu >= 0:
            what = f"{one.gpu:>3} {one.pid:>6}  {one.user:<8} {one.command}"
            sh.out(f"| {what[:40]:<40}{one.memory:>7}MiB |\n")
    sh.out(line)
    return 0
