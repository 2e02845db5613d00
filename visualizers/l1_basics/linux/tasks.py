"""The course's tasks, in order. Each is done when the world is as it asks, however that came about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from visualizers.l1_basics.linux.world import HOME, Fault, Host

if TYPE_CHECKING:  # the window shows the tasks, and needs no parser for that
    from visualizers.l1_basics.linux.session import Session


@dataclass(frozen=True)
class Task:
    """One task: what is asked, a hint, one way to do it, and how one sees that it is done."""

    title: str
    text: str
    hint: str
    answer: tuple[str, ...]
    done: Callable[[Session], bool]


def _laptop(s: Session) -> Host:
    return s.world.hosts["laptop"]


def _server(s: Session) -> Host:
    return s.world.hosts["gpu1"]


def _text(host: Host, path: str) -> str | None:
    """The text of a file in the home folder; None where there is none."""
    try:
        node = host.find(f"{HOME}/{path}")
    except Fault:
        return None
    return None if node.folder else node.text


def _folder(host: Host, path: str) -> bool:
    return host.has(f"{HOME}/{path}") and host.find(f"{HOME}/{path}").folder


def _ran(s: Session, name: str) -> list[list[str]]:
    """The arguments of each call of a command in the last line."""
    return [words[1:] for _, words in s.commands[s.mark :] if words[0] == name]


def _flags(words: list[str]) -> set[str]:
    return {sign for word in words if word.startswith("-") for sign in word[1:]}


def _looked(s: Session) -> bool:
    return any({"l", "a"} <= _flags(words) or {"l", "A"} <= _flags(words) for words in _ran(s, "ls"))


def _first_lines(s: Session) -> bool:
    text = _text(_laptop(s), "data/reviews.txt") or ""
    return s.output == "".join(text.splitlines(keepends=True)[:3]) != ""


def _copied(s: Session) -> bool:
    host = _laptop(s)
    return _text(host, "project/src/train.py") is not None and _text(host, "train.py") is not None \
        and _text(host, "diary.txt") is not None and _text(host, "notes.txt") is None


def _cleared(s: Session) -> bool:
    host = _laptop(s)
    return _text(host, "downloads/slides.txt") is not None and not any(
        name.endswith(".tmp") for name in host.find(f"{HOME}/downloads").entries)


def _good(s: Session) -> bool:
    text = _text(_laptop(s), "data/reviews.txt") or ""
    wanted = [line for line in text.splitlines() if "good" in line]
    return (_text(_laptop(s), "project/results/good.txt") or "").splitlines() == wanted != []


def _labels(s: Session) -> bool:
    words = (_text(_laptop(s), "project/results/labels.txt") or "").split()
    return sorted(words) == ["5", "7", "neg", "pos"]


def _found(s: Session) -> bool:
    wanted = {path for path, node in _laptop(s).find(HOME).walk(HOME)
              if path.endswith(".py") and not node.folder}
    names = {line.removeprefix("./").removeprefix(HOME + "/")
             for line in (_text(_laptop(s), "py.txt") or "").splitlines()}
    return names == {path[len(HOME) + 1 :] for path in wanted} != set()


def _errors(s: Session) -> bool:
    text = _text(_laptop(s), "err.txt") or ""
    return "No such file" in text and text.count("\n") == 1


def _numbered(s: Session) -> bool:
    return s.layers[0].shell.get("N").strip() == "12"


def _backups(s: Session) -> bool:
    host = _laptop(s)
    parts = [f"data/part{number}.txt" for number in (1, 2, 3)]
    return all(_text(host, f"{one}.bak") == _text(host, one) is not None for one in parts)


def _greeted(s: Session) -> bool:
    script = _text(_laptop(s), "hello.sh") or ""
    said = (_text(_laptop(s), "hello.txt") or "").split()
    return ("$1" in script or "$@" in script or "${1" in script) and said[:1] == ["hello"] and len(said) > 1


def _runs(s: Session) -> bool:
    host = _laptop(s)
    return _text(host, "hello.sh") is not None and bool(host.find(f"{HOME}/hello.sh").mode & 0o100) \
        and bool(_ran(s, "./hello.sh"))


def _environment(s: Session) -> bool:
    return any(name != "base" and "torch" in held for name, held in _laptop(s).environments.items()) \
        and s.layers[0].shell.environment != "base"


def _parallel(s: Session) -> bool:
    host = _laptop(s)
    return all("epoch 3" in (_text(host, f"log_{rate}.txt") or "") for rate in ("0.1", "0.01", "0.001"))


def _committed(s: Session) -> bool:
    repo = _laptop(s).repositories.get(f"{HOME}/project")
    return repo is not None and bool(repo.commits)


def _merged(s: Session) -> bool:
    repo = _laptop(s).repositories.get(f"{HOME}/project")
    if repo is None or len(repo.branches) < 2 or len(repo.commits) < 2 or "main" not in repo.branches:
        return False
    tips = {repo.branches[name] for name in repo.branches if name != "main"}
    parents = repo.commits[repo.branches["main"]][0]
    return repo.head == "main" and bool(tips & {repo.branches["main"], *parents})


def _there(s: Session) -> bool:
    return _text(_server(s), "train.py") is not None and s.shell.host is _server(s)


def _freed(s: Session) -> bool:
    users = {one.user for one in _server(s).processes.values()}
    return "alice" in users and not any(one.command.endswith("old_run.py")
                                        for one in _server(s).processes.values())


def _training(s: Session) -> bool:
    return any(one.where.startswith("tmux") and one.gpu == 1 for one in _server(s).processes.values())


def _detached(s: Session) -> bool:
    return _training(s) and s.layers[-1].kind != "tmux"


def _back(s: Session) -> bool:
    return _training(s) and s.layers[-1].kind == "tmux" and s.logins > 1


TASKS = (
    Task("Where am I?", "Print the folder that you are in.",
         "Print working directory: its three first letters.", ("pwd",),
         lambda s: bool(_ran(s, "pwd"))),
    Task("What is here?", "List all that is here with its details, hidden files too.",
         "ls takes -l for details and -a for all.", ("ls -la",), _looked),
    Task("Into a folder", "Go into the folder data.", "cd changes the directory; cd .. goes back up.",
         ("cd data",), lambda s: s.layers[0].shell.cwd == f"{HOME}/data"),
    Task("Look into a file", "Show the first 3 lines of reviews.txt, no more.",
         "head -n, and the number of lines.", ("head -n 3 reviews.txt",), _first_lines),
    Task("Count", "How many lines does reviews.txt have? Let the shell count.",
         "wc counts; -l counts lines only.", ("wc -l reviews.txt",),
         lambda s: "12" in s.output.split() and bool(_ran(s, "wc"))),
    Task("Make folders", "Go home, and make the folder project with src and results in it.",
         "cd alone goes home; mkdir -p makes all folders on the way.",
         ("cd", "mkdir -p project/src project/results"),
         lambda s: _folder(_laptop(s), "project/src") and _folder(_laptop(s), "project/results")),
    Task("Copy and rename", "Copy train.py into project/src, and rename notes.txt to diary.txt.",
         "cp copies; mv moves, and renames.", ("cp train.py project/src", "mv notes.txt diary.txt"), _copied),
    Task("Clear up", "Remove all .tmp files from downloads in one line, and keep the slides.",
         "In names * stands for anything. Try it with ls before you write rm.",
         ("rm downloads/*.tmp",), _cleared),
    Task("Into a file",
         "Write the lines of data/reviews.txt that contain good into project/results/good.txt.",
         "grep finds lines; > writes into a file what would go to the screen.",
         ("grep good data/reviews.txt > project/results/good.txt",), _good),
    Task("Pipes", "How often does each label occur? Write the counts into project/results/labels.txt.",
         "cut -f1 takes the first column; sort it, then uniq -c counts; | hands on.",
         ("cut -f1 data/reviews.txt | sort | uniq -c > project/results/labels.txt",), _labels),
    Task("Find", "Write the paths of all .py files below your home into py.txt.",
         "find . -name, with the pattern in quotes so that find gets it, not the shell.",
         ("find . -name '*.py' > py.txt",), _found),
    Task("Errors apart", "List data and a folder that does not exist, with the error alone in err.txt.",
         "Standard error is number 2: 2> writes it into a file.", ("ls data nowhere 2> err.txt",), _errors),
    Task("Variables", "Put the number of lines of data/reviews.txt into the variable N.",
         "$(…) is replaced by what a command prints; no blanks around =.",
         ("N=$(wc -l < data/reviews.txt)",), _numbered),
    Task("A loop", "Make a copy of each data/part*.txt that ends in .bak.",
         "for f in …; do …; done, with \"$f\" in quotes.",
         ("for f in data/part*.txt; do cp \"$f\" \"$f.bak\"; done",), _backups),
    Task("A script",
         "Write hello.sh, which says hello to its argument; write what it says to you into hello.txt.",
         "$1 is the first argument. Single quotes keep it for the script; bash hello.sh NAME runs it.",
         ("echo 'echo hello $1' > hello.sh", "bash hello.sh Ada > hello.txt"), _greeted),
    Task("Executable", "Let hello.sh be run as ./hello.sh, and run it so.",
         "chmod +x gives the right to run.", ("chmod +x hello.sh", "./hello.sh Ada"), _runs),
    Task("An environment", "Make the conda environment lab, activate it, and install torch in it.",
         "conda create -n, conda activate, pip install.",
         ("conda create -n lab -y", "conda activate lab", "pip install torch"), _environment),
    Task("In parallel", "Train with the rates 0.1, 0.01 and 0.001 at the same time, each into log_RATE.txt.",
         "& at the end sends a command into the background; wait waits for all of them.",
         ("for lr in 0.1 0.01 0.001; do python train.py --lr $lr > log_$lr.txt & done", "wait"), _parallel),
    Task("Version control", "Make project a git repository, and commit all that is in it.",
         "git init, git add ., git commit -m with a message.",
         ("cd ~/project", "git init", "git add .", "git commit -m 'first version'"), _committed),
    Task("A branch", "On a new branch, commit a change; then merge it into main.",
         "git switch -c makes a branch and goes there; git switch main goes back.",
         ("git switch -c idea", "echo 'try Adam' > idea.txt", "git add idea.txt", "git commit -m 'an idea'",
          "git switch main", "git merge idea"), _merged),
    Task("To the server", "Copy train.py to the home folder of gpu1, and log in there.",
         "scp FILE HOST: copies to the home folder there; ssh HOST logs in.",
         ("cd", "scp train.py gpu1:", "ssh gpu1"), _there),
    Task("Whose GPU?", "See what holds the GPUs, and end your own old run. Leave the other one alone.",
         "nvidia-smi names each process and its user; kill takes its number, the PID.",
         ("nvidia-smi", "kill $(nvidia-smi | grep old_run | cut -c6-13)"), _freed),
    Task("Leave it running", "In tmux, train 100 epochs on GPU 1, and detach.",
         "tmux new -s train; CUDA_VISIBLE_DEVICES=1 before python; ^b d detaches.",
         ("tmux new -s train", "CUDA_VISIBLE_DEVICES=1 python train.py --epochs 100", "^b d"), _detached),
    Task("Go and come back", "Close the connection, log in again and attach: does it still run?",
         "exit, ssh gpu1, tmux attach -t train.",
         ("exit", "ssh gpu1", "tmux attach -t train"), _back),
)
ANSWERS = tuple(line for task in TASKS for line in task.answer)
