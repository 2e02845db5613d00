"""The practice shell against a real bash, its models against what they model, and the tasks."""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSize, Qt

from app.headless.picture import window_with
from visualizers.catalog import texts
from visualizers.data import Data
from visualizers.l1_basics.linux.completion import completed
from visualizers.l1_basics.linux.experiment import Linux
from visualizers.l1_basics.linux.machines import begin, opened
from visualizers.l1_basics.linux.panel import FIRST, NOTE, PANEL, TASK_COUNT, Frame, Params
from visualizers.l1_basics.linux.parsing import unfinished, without_heres
from visualizers.l1_basics.linux.session import BUDGET
from visualizers.l1_basics.linux.tasks import ANSWERS, TASKS
from visualizers.l1_basics.linux.view import graph
from visualizers.l1_basics.linux.world import HOME, Host, Node, World
from visualizers.panel import Context, History, Shown
from widgets.views.layout import TabStrip

CASES = [line.replace("␤", "\n") for line in
         Path(__file__).with_name("linux_lines.txt").read_text("utf-8").splitlines()
         if line and not line.startswith("## ")]
PROGRAMS = (
    "cat", "chmod", "cp", "cut", "diff", "dirname", "find", "grep", "head", "ls", "mkdir", "mv", "rev",
    "rm", "rmdir", "sed", "seq", "sort", "tac", "tail", "tee", "touch", "tr", "uniq", "wc", "xargs")
# Runs the files of cases/ that end in an even or an odd digit, each in an empty folder of its own: one bash
# for all of them, and one for each text.
DRIVER = """
umask 022
for case in cases/*$1; do
  name=${case##*/}
  (cd "here/$name" && exec bash -c "$(< "../../$case")") > "out/$name" 2>&1 < /dev/null
  echo $? > "status/$name"
done
"""


def version(program: str) -> str:
    """The number that a GNU program gives itself; nothing for another."""
    if shutil.which(program) is None:
        return ""
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"GNU.*?(\d+\.\d+)", said)
    return found[1] if found else ""


def told(text: str) -> str:
    """Without the number of a line before bash's messages; and where the programs are not those that
    ours are written after, without how they word their own."""
    text = re.sub(r"^bash: line \d+: ", "bash: ", text, flags=re.M)
    if version("ls") != "9.1":
        text = re.sub(rf"^({'|'.join(PROGRAMS)}): .*$|^Try '.*$", r"\1: …", text, flags=re.M)
    return text


def plain(text: str) -> tuple[str, int]:
    """What our shell writes, and its status, in an empty folder as ``bash -c`` has it."""
    world, host = World(), Host("laptop")
    world.hosts["laptop"] = host
    session = opened(world, host, interactive=False)
    host.put(f"{HOME}/here", Node(folder=True, mode=0o755))
    session.run("cd here")
    session.run(text)
    return "".join(part for _, part in session.screen.parts), session.shell.status % 256


@pytest.mark.skipif(version("bash")[:2] != "5." or not version("ls").startswith("9.")
                    or not all(map(shutil.which, PROGRAMS)), reason="there is no bash to compare with")
def test_that_every_line_does_what_a_real_bash_does(tmp_path: Path) -> None:
    assert len(CASES) >= 300 and len(set(CASES)) == len(CASES)
    for folder in ("cases", "out", "status", "home", "here"):
        (tmp_path / folder).mkdir()
    for at, case in enumerate(CASES):
        (tmp_path / f"here/{at:03d}").mkdir()
        (tmp_path / f"cases/{at:03d}").write_text(case, "utf-8")
    clean = {"LC_ALL": "C", "PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}
    halves = [subprocess.Popen(["bash", "-c", DRIVER, "bash", digits], cwd=tmp_path, env=clean)
              for digits in ("[02468]", "[13579]")]
    assert [one.wait() for one in halves] == [0, 0]
    wrong = []
    for at, case in enumerate(CASES):
        real = told((tmp_path / f"out/{at:03d}").read_text("utf-8")), int(
            (tmp_path / f"status/{at:03d}").read_text())
        ours = plain(case)
        if (told(ours[0]), ours[1]) != real:
            wrong.append(f"{case}\n--- bash: {real[1]}\n{real[0]}--- ours: {ours[1]}\n{ours[0]}")
    assert not wrong, f"{len(wrong)} of {len(CASES)} differ\n\n" + "\n\n".join(wrong[:5])


# --- git and chmod against the real ones ----------------------------------------------------------

GIT = (
    "echo a > f; git add f; git status -s; git commit -m one | grep -c one; git status -s; git branch",
    "echo a > f; git status -s; git add f; echo b >> f; git status -s; git commit -m one > /dev/null; "
    "git status -s | wc -l",
    "mkdir d; echo a > d/f; echo b > g; git status -s; git add .; git status -s; git commit -m x > log; "
    "rm g; echo c >> d/f; git status -s; git add -A; git status -s",
    "echo a > f; git add f; git commit -m one > /dev/null; git switch -c new 2>/dev/null > /dev/null; "
    "echo b > f; git commit -am two > /dev/null; git branch; git switch main > /dev/null 2>&1; cat f; "
    "git merge new > /dev/null; cat f; git log --oneline | wc -l; git log --oneline | cut -d' ' -f2- | "
    "sed 's/.*) //'",
    "echo a > f; git add f; git commit -m one > /dev/null; git checkout -b b > /dev/null 2>&1; echo b > g; "
    "git add g; git commit -m two > /dev/null; git checkout main > /dev/null 2>&1; ls; echo c > h; "
    "git add h; git commit -m three > /dev/null; git merge b > /dev/null; ls; "
    "git log --oneline | wc -l; git branch -d b > /dev/null; git branch",
    "echo a > f; git add f; git commit -m one > /dev/null; echo b > f; git checkout -- f 2>/dev/null; cat f; "
    "echo c > f; git restore f; cat f; echo d > f; git add f; git restore --staged f; git status -s; "
    "git diff | grep '^[-+][^-+]'",
    "git log 2>/dev/null; echo $?; cd ..; git status 2>/dev/null; echo $?; cd here; git add no 2>/dev/null; "
    "echo $?; git switch no 2>/dev/null; test $? -ne 0; echo $?",
)


@pytest.mark.skipif(shutil.which("git") is None or shutil.which("bash") is None, reason="there is no git")
@pytest.mark.parametrize("line", GIT)
def test_that_the_model_of_git_keeps_files_as_git_does(line: str, tmp_path: Path) -> None:
    where = tmp_path / "here"
    where.mkdir()
    clean = {"LC_ALL": "C", "PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1",
             "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    for name in ("AUTHOR", "COMMITTER"):
        clean |= {f"GIT_{name}_NAME": "learner", f"GIT_{name}_EMAIL": "learner@laptop"}
    begun = "git -c init.defaultBranch=main init > /dev/null; "
    real = subprocess.run(["bash", "-c", begun + line], cwd=where, env=clean, capture_output=True, text=True)
    ours, _ = plain("git init > /dev/null; " + line)
    shown = "".join(one for one in ours.splitlines(keepends=True) if "\t" not in one)
    assert shown == real.stdout


# --- typing ---------------------------------------------------------------------------------------


def make(seed: int = 0) -> Linux:
    return Linux(Params(seed=seed), Context("cpu", seed, Data(Path("nowhere"))))


def typed(*lines: str, seed: int = 0, **values: Any) -> Frame:
    return make(seed).frame(Params(lines=lines, seed=seed, **values))


def notes(frame: Frame) -> list[str]:
    return [text.replace("\t", " | ") for text, kind in zip(frame.shown, frame.kinds, strict=True)
            if kind == NOTE]


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_that_each_answer_does_its_task_and_no_other_is_done_before(seed: int) -> None:
    one, lines = make(seed), tuple[str, ...]()
    assert len(TASKS) == TASK_COUNT
    for at, task in enumerate(TASKS):
        for answer in task.answer:
            before = one.frame(Params(lines=lines, seed=seed))
            assert before.done.tolist() == [1] * at + [0] * (TASK_COUNT - at), task.title
            assert before.task == at
            lines = (*lines, answer)
        assert one.frame(Params(lines=lines, seed=seed)).done[at] == 1, task.title
    assert lines == ANSWERS


@pytest.mark.parametrize(("at", "other"), [
    (1, ["ls -A -l"]), (2, ["cd ~/downloads/../data/"]), (3, ["sed -n 1,3p data/reviews.txt"]),
    (4, ["cat data/reviews.txt | wc -l"]), (5, ["mkdir project", "cd project", "mkdir src results"]),
    (8, ["mkdir -p project/results", "cat data/reviews.txt | grep good | tee project/results/good.txt"]),
    (9, ["mkdir -p project/results", "for l in neg pos; do echo $l $(grep -c ^$l data/reviews.txt); done > "
         "project/results/labels.txt"]),
    (10, ["find ~ -type f -name '*.py' | tee py.txt"]), (12, ["N=`cat data/reviews.txt | wc -l`"]),
    (13, ["cd data", "for n in 1 2 3; do cat part$n.txt > part$n.txt.bak; done"]),
    (17, ["pip install torch", "for r in 0.1 0.01 0.001; do python train.py --lr $r > log_$r.txt; done"]),
])
def test_that_a_task_is_done_whichever_way_one_took(at: int, other: list[str]) -> None:
    assert typed(*other).done[at] == 1


@pytest.mark.parametrize(("at", "wrong"), [
    (1, ["ls -l"]), (2, ["cd downloads"]), (3, ["head data/reviews.txt"]), (7, ["rm -r downloads"]),
    (8, ["mkdir -p project/results", "grep -v good data/reviews.txt > project/results/good.txt"]),
    (11, ["ls data nowhere 2>&1 > err.txt"]), (12, ["N = 12"]),
    (15, ["echo 'echo hi' > hello.sh", "./hello.sh"]),
    (21, ["ssh gpu1", "kill $(nvidia-smi | grep alice | cut -c6-13)"]),
])
def test_that_a_mistake_does_no_task(at: int, wrong: list[str]) -> None:
    assert typed(*wrong).done[at] == 0


@pytest.mark.parametrize(("at", "other"), [
    (0, ["echo $PWD"]), (1, ["echo .* *"]), (4, ["grep -c '' data/reviews.txt"]),
    (15, ["echo 'echo hi' > hello.sh", "chmod +x hello.sh", "bash hello.sh"]),
])
def test_that_pwd_ls_wc_and_the_script_have_to_be_run_themselves(at: int, other: list[str]) -> None:
    frame = typed(*other)
    assert frame.status == 0 and frame.done[at] == 0


def test_that_a_loop_of_several_lines_waits_for_its_end() -> None:
    lines = ("for x in a b", "do", "echo $x", "done")
    assert typed(*lines[:3]).waiting and typed(*lines[:3]).prompt == "> "
    frame = typed(*lines)
    assert frame.shown[-2:] == ("a", "b") and not frame.waiting
    assert typed(*lines[:2], "^C").prompt.endswith("$ ")


@pytest.mark.parametrize(("text", "open_"), [
    ("echo a", False), ("echo 'a", True), ('echo "a', True), ("echo a \\", True), ("ls |", True),
    ("a &&", True),
    ("for f in *; do", True), ("for f in *; do echo; done", False), ("if true; then", True),
    ("if true; then echo; fi", False), ("echo if for do", False), ("cat << E", True),
    ("cat << E\nx\nE", False),
    ("f() {", True), ("f() { echo; }", False), ("echo ${x", True), ("echo $(ls", True), ("case a in", True),
    ("case a in a) echo;; esac", False), ("echo done", False), ("while read x; do echo {; done", False),
    ("echo a # it's", False), ("[[ a == b ]] && {", True), ("echo $((1+(2*3)))", False),
    ("if a; then if b; then c; fi", True), ("for i in 1; do if a; then b; fi; done", False),
])
def test_that_only_what_is_open_waits_for_more(text: str, open_: bool) -> None:
    assert unfinished(text) == open_


@pytest.mark.parametrize(("text", "rest", "texts"), [
    ("cat << A\nx\nA", "cat < at0\n\n", ["x\n"]),
    ("cat <<A; cat <<-'B'\nx\nA\n\ty\n\tB\n", None, ["x\n", "y\n"]),
    ("echo '<< A' $((1<<2)) <<< b # << c", "echo '<< A' $((1<<2)) <<< b # << c", []),
    ('x="$(cat << A\n"q\nA\n)"', 'x="$(cat < at0\n\n\n)"', ['"q\n']), ("cat << A\nx", "", None),
])
def test_that_here_documents_are_taken_out_wherever_they_stand(
    text: str, rest: str | None, texts: list[str] | None
) -> None:
    found = without_heres(text, "at")
    assert (found is None) == (texts is None)
    if found is not None and texts is not None:
        assert [one.text for one in found[1]] == texts
        assert rest is None or found[0] == rest
        assert found[0].count("\n") == text.count("\n"), "lines keep their numbers"


def test_that_commits_are_drawn_on_lines_that_lead_to_their_parents() -> None:
    assert graph(("d m", "c m", "b m", "a m"), ("c b", "a", "a", "")) == ["●", "● │", "│ ●", "●"]
    assert graph(("b m", "a m"), ("a", "")) == ["●", "●"]
    assert graph(("c m", "b m", "a m"), ("a", "a", "")) == ["●", "│ ●", "●"], "two branches"


def test_that_a_line_taken_back_never_was() -> None:
    one = make()
    first = one.frame(Params(lines=("echo a > f",)))
    one.frame(Params(lines=("echo a > f", "rm -rf ~", "rm -rf *")))
    again = one.frame(Params(lines=("echo a > f",)))
    assert again.paths == first.paths and f"{HOME}/f" in again.paths
    assert again.shown == first.shown
    nothing = one.frame(Params(lines=()))
    assert nothing.line_count == 0 and f"{HOME}/f" not in nothing.paths


def test_that_many_lines_are_the_same_whether_seen_one_by_one_or_at_once() -> None:
    lines = tuple(f"echo {at} >> f; x=$((x+{at}))" for at in range(90))
    one = make()
    for at in range(0, 91, 7):
        one.frame(Params(lines=lines[:at]))
    assert one.frame(Params(lines=lines)).values == typed(*lines).values == (f"x={sum(range(90))}",)


# --- nothing hangs, nothing real is touched ---------------------------------------------------------


@pytest.mark.parametrize(("line", "said"), [
    ("while true; do :; done", "This line ran {what} commands"),
    ("for ((;;)); do x=1; done", "This line ran {what} commands"),
    ("f() { f; }; f", "Functions and scripts call one another"),
    ("until false; do continue; done", "This line ran {what} commands"),
    ("echo 'bash s.sh' > s.sh; bash s.sh", "Functions and scripts call one another"),
    ("x=a; while true; do x=$x$x; done", "This makes a text of more than"),
    ("while true; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa >> f; cat f f > g; cat g g > f; done",
     "This makes a text of more than"),
    ("echo {1..1000000}", "This shell does not have {what}. | braces that make more than 5,000 words"),
    ("seq 1000000", "This shell does not have {what}. | seq of more"),
    ("echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab | grep -E '(a+)+c'", "This shell does not have {what}."),
])
def test_that_what_would_never_end_is_stopped_with_a_sentence(line: str, said: str) -> None:
    frame = typed(line, "echo still here")
    assert notes(frame)[0].startswith(said)
    assert frame.shown[-1] == "still here" and frame.status == 0


@pytest.mark.parametrize(("line", "named"), [
    ("awk '{print}' f", "awk"), ("vim f", "vim"), ("sudo ls", "sudo"), ("trap x EXIT", "trap"),
    ("ls --color=always --sort=time", "ls --sort"), ("ls -Z", "ls -Z"), ("declare -A m", "declare -A"),
    ("select x in a b; do echo; done", "select"), ("git push", "git push"),
    ("conda search x", "conda search"),
    ("tmux split-window", "tmux split-window"), ("sed y/a/b/ f", "sed y/a/b/"), ("find . -newer f", "-newer"),
    ("tail -f f", "tail -f"), ("ssh -p 22 gpu1", "ssh -p"), ("sort -M f", "sort -M"), ("fg", "fg"),
    ("python -i", "python -i"), ("curl example.org", "curl"),
    ("(sleep 9; echo late) &", "&"), ("case a in a) echo;& b) echo;; esac", ";&"),
])
def test_that_what_is_not_supported_is_named(line: str, named: str) -> None:
    found = [one for one in notes(typed(line)) if "is a model" not in one]
    assert len(found) == 1 and named in found[0], found


def test_that_nothing_of_the_sources_reaches_the_machine() -> None:
    """No file is opened, no program started, no connection made: what could do so is not imported."""
    allowed = {"__future__", "ast", "collections.abc", "copy", "dataclasses", "datetime", "difflib",
               "functools",
               "hashlib", "itertools", "numpy", "os.path", "random", "re", "tree_sitter", "tree_sitter_bash",
               "typing", "unicodedata"}
    for file in (Path(__file__).parents[2] / "visualizers/l1_basics/linux").glob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        for node in ast.walk(tree):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else \
                [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name in allowed or name.split(".")[0] in ("visualizers", "widgets", "PySide6"), \
                    f"{file.name} imports {name}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("open", "exec", "eval", "compile", "__import__"), file.name


def test_that_odd_texts_break_nothing() -> None:
    for line in ("$", "\\", "'", "((", "[[", "${", "$(", "`", "a=(", "<", ">", "|", "&", ";", "!", "{", "}",
                 "(",
                 "echo $((", "echo ${x", "x[", "if", "for", "case", "[ ", "]]", "~", "*", "?", "#", "\x00",
                 "\x1b[1m",
                 "机器学习", "echo 机器 | wc -c", "🙂", "f() {", "<<", "<<<", "2>&1", "&&", "a\tb", "-", "--",
                 "^C",
                 "^D", "~.", "^b d", "echo \ud800"):
        frame = typed(line, "^C", "echo fine")
        assert frame.shown[-1] == "fine", line
    assert BUDGET >= 1000


# --- the models -----------------------------------------------------------------------------------

THERE = ("scp train.py gpu1:", "ssh gpu1")
FREE = "kill $(nvidia-smi | grep old_run | cut -c6-13)"
LONG = "CUDA_VISIBLE_DEVICES=1 python train.py --epochs 100"


def test_that_each_model_says_once_that_it_is_one() -> None:
    frame = typed("git init", "git status", "pip list", "pip list")
    assert [one.split(" | ")[1] for one in notes(frame)] == ["git", "pip"]


def test_that_what_hangs_on_a_connection_ends_with_it_and_what_is_in_tmux_or_nohup_does_not() -> None:
    dropped = typed(*THERE, FREE, LONG, "~.")
    assert dropped.host == "laptop" and "python train.py --epochs 100" not in dropped.process_command
    held = typed(*THERE, FREE, "tmux new -s t", LONG, "~.")
    assert held.host == "laptop" and "python train.py --epochs 100" in held.process_command
    alone = typed(*THERE, FREE, LONG.replace("python", "nohup python") + " &", "~.")
    assert "python train.py --epochs 100" in alone.process_command
    stopped = typed(*THERE, FREE, LONG, "^C")
    assert stopped.running == "" and stopped.status == 130 and stopped.host == "gpu1"


def test_that_a_job_in_tmux_writes_on_while_nobody_looks_and_ends_when_its_time_has_come() -> None:
    start = (*THERE, FREE, "tmux new -s t", LONG, "^b d")
    frame = typed(*start, "sleep 200", "tmux attach -t t")
    assert any(one.startswith("epoch 10 ") for one in frame.shown)
    over = typed(*start, "sleep 2000", "tmux attach -t t", "echo free")
    assert "epoch 100" in "".join(over.shown) and over.running == "" and over.shown[-1] == "free"


def test_that_a_full_gpu_refuses_and_another_users_process_is_let_alone() -> None:
    full = typed(*THERE, "python train.py")
    assert any("out of memory" in one for one in full.shown) and full.status == 1
    kept = typed(*THERE, "kill $(nvidia-smi | grep alice | cut -c6-13)")
    assert "Operation not permitted" in kept.shown[-1] and "alice" in kept.process_user
    done = typed(*THERE, FREE, "CUDA_VISIBLE_DEVICES=1 python train.py --epochs 2")
    assert done.shown[-1].startswith("epoch 2 loss") and int(done.gpu_used[1]) == 0


def test_that_packages_belong_to_the_environment_that_is_active() -> None:
    bare = typed("python train.py")
    assert "No module named 'torch'" in bare.shown[-1]
    lab = ("conda create -n lab -y", "conda activate lab", "pip install torch==2.6.0", "pip freeze")
    frame = typed(*lab)
    assert "torch==2.6.0" in frame.shown and frame.prompt.startswith("(lab) ")
    assert "No module named 'torch'" in typed(*lab, "conda deactivate", "python -c 'import torch'").shown[-1]


def test_that_three_trainings_in_the_background_take_no_longer_than_one() -> None:
    loop = "for lr in 0.1 0.01 0.001; do python train.py --lr $lr > log_$lr.txt"
    first = typed("pip install torch", f"{loop} & done", "wait", "date +%s")
    after = typed("pip install torch", f"{loop}; done", "wait", "date +%s")
    assert abs(int(after.shown[-1]) - int(first.shown[-1]) - 2 * 180) < 10
    losses = typed("pip install torch", f"{loop} & done", "wait", "tail -qn 1 log_*.txt", seed=6).shown[-3:]
    values = [float(one.split()[-1]) for one in losses]
    assert values[2] < values[1] < values[0], "log_0.001, log_0.01, log_0.1: the larger rate is ahead"


def test_that_a_copy_on_another_machine_is_another_file() -> None:
    frame = typed("scp -r data gpu1:", "ssh gpu1 'rm -r data; ls'", "ls data", "ssh nowhere", "scp x gpu1:")
    assert "README" in frame.shown and any("reviews.txt" in one for one in frame.shown)
    assert any("Could not resolve hostname nowhere" in one for one in frame.shown)


def test_that_a_job_in_the_background_is_told_when_it_begins_and_when_it_ends() -> None:
    frame = typed("sleep 12 &", "pwd", "jobs", "pwd", "pwd")
    assert re.fullmatch(r"\[1\] \d+", frame.shown[1]) and "Running" in frame.shown[5]
    assert [one.split()[-2:] for one in frame.shown if "Done" in one] == [["sleep", "12"]]
    assert typed("time sleep 75").shown[2] == "real\t1m15.000s"
    killed = typed("sleep 500 &", "kill %1", "jobs")
    assert killed.shown[3].startswith("[1]+  Terminated") and len(killed.shown) == 5


def test_that_the_models_are_as_simple_as_the_guide_says() -> None:
    assert "Terminated" in typed("sleep 500 &", "kill -STOP %1").shown[-1], "whichever signal kill names"
    other = typed("pip install torch", "echo 'import torch' > other.py", "python other.py")
    assert other.shown[-1].startswith("epoch 3 loss"), "every script that imports torch is train.py"
    empty = typed("rm -rf *")
    left = [path for path, mark in zip(empty.paths, empty.marks, strict=True) if mark != 3]
    assert [path for path in left if path.startswith(HOME + "/")] == [f"{HOME}/.bashrc"]


def test_that_what_was_done_is_marked_in_the_tree() -> None:
    frame = typed("rm notes.txt; echo x >> train.py; touch new; chmod 600 data/part1.txt")
    marks = dict(zip(frame.paths, frame.marks.tolist(), strict=True))
    assert {path.rpartition("/")[2]: mark for path, mark in marks.items() if mark} \
        == {"notes.txt": 3, "train.py": 2, "new": 1, "part1.txt": 2}
    assert frame.files_changed == 4 and typed("ls").files_changed == 0


# --- words and the window ---------------------------------------------------------------------------


def test_that_all_that_is_said_beside_the_shell_is_translated() -> None:
    table = texts(PANEL.package, "zh")["words"]
    said = {one for task in TASKS for one in (task.title, task.text, task.hint)}
    for file in (Path(__file__).parents[2] / "visualizers/l1_basics/linux").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in (
                    "Stop", "note") and node.args and isinstance(node.args[0], ast.Constant):
                said.add(node.args[0].value)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Unsupported" \
                    and isinstance(node.args[0], ast.Constant) and node.args[0].value.count(" ") > 1:
                said.add(node.args[0].value)  # a sentence's part, not the name of an option
    assert not said - set(table) - {"Variables"}


FILES = (f"{HOME}/data", f"{HOME}/data/part1.txt", f"{HOME}/data/part2.txt", f"{HOME}/my file", f"{HOME}/.rc",
         "/etc", "/etc/hostname")


@pytest.mark.parametrize(("text", "wanted", "choices"), [
    ("ca", "cat ", ()), ("ls da", "ls data/", ()), ("ls data/p", "ls data/part", ("part1.txt", "part2.txt")),
    ("ls data/part1", "ls data/part1.txt ", ()), ("cat my", "cat my\\ file ", ()), ("cat .", "cat .rc ", ()),
    ("ls | gre", "ls | grep ", ()), ("cat < data/part2", "cat < data/part2.txt ", ()),
    ("echo $N", "echo $NAME ", ()),
    ("ls /e", "ls /etc/", ()), ("ls ~/da", "ls ~/data/", ()), ("cat /etc/", "cat /etc/hostname ", ()),
    ("xyz", "xyz", ()), ("for f in a; do ca", "for f in a; do cat ", ()), ("cat nothing", "cat nothing", ()),
])
def test_that_tab_completes_commands_paths_and_variables(
    text: str, wanted: str, choices: Sequence[str]
) -> None:
    folders = (f"{HOME}/data", "/etc")
    assert completed(text, ("cat", "grep", "ls"), FILES, folders, HOME, ("NAME",)) == (wanted, tuple(choices))


def shown(*lines: str, **values: Any) -> Shown[Params, Frame]:
    params = Params(lines=lines, **values)
    return Shown(make().frame(params), params, History())


def test_that_a_typed_line_is_sent_and_taken_back_by_keys_and_clicks(view: Any, qtbot: Any) -> None:
    view.show_frame(shown("pwd", "echo a b"))
    line = view.terminal.line
    qtbot.keyClicks(line, "ls da")
    qtbot.keyClick(line, Qt.Key.Key_Tab)
    assert line.text() == "ls data/"
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert view.sent.pop() == ("lines", ("pwd", "echo a b", "ls data/")) and line.text() == ""
    view.show_frame(shown("pwd", "echo a b"))
    view.show_frame(shown("echo a b"))
    qtbot.keyClick(line, Qt.Key.Key_Up)
    assert line.text() == "echo a b"
    qtbot.keyClick(line, Qt.Key.Key_Up)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert view.sent.pop() == ("lines", ("echo a b", "echo a b"))
    qtbot.mouseClick(view.back, Qt.MouseButton.LeftButton)
    assert view.sent.pop() == ("lines", ("echo a b",))


def test_that_tab_goes_from_an_empty_line_to_the_button_and_the_next_card(view: Any, qtbot: Any) -> None:
    view.show_frame(shown("pwd"))
    view.activateWindow()
    qtbot.waitUntil(view.isActiveWindow)
    view.terminal.line.setFocus()
    qtbot.keyClick(view.terminal.line, Qt.Key.Key_Tab)
    assert view.back.hasFocus()
    qtbot.keyClick(view.back, Qt.Key.Key_Tab)
    # The next card, or the choice between the cards where there is no room for all.
    assert view.files.hasFocus() or isinstance(view.focusWidget(), TabStrip)


@pytest.mark.slow
def test_that_the_programs_keys_are_letters_in_the_terminal_and_what_is_typed_runs(qtbot: Any) -> None:
    """R resets and F fills a card elsewhere; here they are typed, and arrows go through the history."""
    one = make()
    window = window_with(PANEL, Shown(one.frame(Params()), Params(), History()), "en", "light",
                         QSize(1280, 720))
    qtbot.addWidget(window)
    qtbot.waitUntil(lambda: bool(window.page and window.page.shown), timeout=60_000)
    assert window.page is not None
    terminal = window.page.view.terminal
    window.activateWindow()
    terminal.line.setFocus()
    qtbot.keyClicks(terminal.line, "echo r f w n 0 > new.txt")
    qtbot.keyClick(terminal.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: f"{HOME}/new.txt" in window.page.shown.frame.paths, timeout=60_000)
    assert window.page.shown.params.lines == (*FIRST, "echo r f w n 0 > new.txt")
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Left, Qt.Key.Key_Space, Qt.Key.Key_Right, Qt.Key.Key_End):
        qtbot.keyClick(terminal.line, key)
    assert terminal.line.text() == "echo r f w n 0 > new.tx t" and window.page.view.isVisible()
    window.close()


def test_that_a_line_typed_before_the_last_one_is_answered_comes_behind_it(view: Any) -> None:
    view.show_frame(shown("pwd"))
    view.terminal.entered.emit("one")
    view.terminal.entered.emit("two")
    assert [value for _, value in view.sent] == [("pwd", "one"), ("pwd", "one", "two")]
    view.show_frame(shown("pwd", "one"))
    view.terminal.entered.emit("three")
    assert view.sent[-1][1] == ("pwd", "one", "two", "three")
    view.show_frame(shown("ls"))
    view.terminal.entered.emit("four")
    assert view.sent[-1][1] == ("ls", "four"), "a suggestion has set other lines meanwhile"


def test_that_lines_pasted_together_run_one_after_another() -> None:
    frame = typed("for x in a b\ndo\n  echo $x\ndone\npwd")
    assert frame.shown[-4:-2] == ("a", "b") and frame.shown[-1] == HOME and frame.line_count == 1


def test_that_a_click_on_a_file_types_its_path_and_one_on_a_task_looks_at_it(view: Any, qtbot: Any) -> None:
    view.show_frame(shown("cd data"))
    at = view._rows.index(f"{HOME}/data/part1.txt")
    view.files.clicked.emit(at)
    assert view.terminal.line.text() == "part1.txt"
    view.files.clicked.emit(view._rows.index(f"{HOME}/train.py"))
    assert view.terminal.line.text() == "part1.txt~/train.py"
    view.tasks.clicked.emit(4)
    assert view.sent.pop() == ("task", 4)
    view.show_frame(shown("cd data", task=4, help="solution"))
    assert "wc -l reviews.txt" in [line.text for line in view.terminal.output.lines]


@pytest.mark.parametrize("page", ["tasks", "machines", "git", "values"])
def test_that_every_page_shows_the_moment(view: Any, page: str) -> None:
    view.show_frame(shown(*ANSWERS, page=page))
    table = {"tasks": view.tasks, "machines": view.machines, "git": view.commits, "values": view.values}[page]
    assert len(table.rows) >= 1
    text = json.dumps(table.rows, ensure_ascii=False)
    assert {"tasks": "✓", "machines": "tmux train", "git": "begins", "values": "$?"}[page] in text


def test_that_a_run_of_another_seed_has_other_processes_and_the_same_tasks() -> None:
    one, other = typed(*ANSWERS, seed=1), typed(*ANSWERS, seed=2)
    assert one.process_pid.tolist() != other.process_pid.tolist()
    assert one.tasks_done == other.tasks_done == TASK_COUNT
    again = typed(*ANSWERS, seed=1)
    for each in dataclasses.fields(Frame):
        assert str(getattr(one, each.name)) == str(getattr(again, each.name))


def test_that_the_world_is_the_same_after_a_begin() -> None:
    assert [path for path, _ in begin(0).shell.host.root.walk("/")] \
        == [path for path, _ in begin(9).shell.host.root.walk("/")]
