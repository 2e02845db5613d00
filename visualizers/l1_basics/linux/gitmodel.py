"""A model of git: commits, branches, what is staged, and the three places that a file is in."""

from __future__ import annotations

import difflib
import hashlib

from visualizers.l1_basics.linux.shell import Shell
from visualizers.l1_basics.linux.words import Unsupported
from visualizers.l1_basics.linux.world import Fault, Node, Repository, joined, parent

SHORT = 7  # signs of a commit's name


def top(sh: Shell) -> str:
    """The folder of the repository in which the shell is. Raises ``Fault``."""
    path = sh.cwd
    while True:
        if path in sh.host.repositories and sh.host.has(joined(path, ".git")):
            return path
        if path == "/":
            raise Fault("fatal: not a git repository (or any of the parent directories): .git")
        path = parent(path)


def files_of(sh: Shell, path: str) -> dict[str, str]:
    """The working tree: path → text."""
    root = sh.host.find(path)
    return {one[len(path.rstrip("/")) + 1 :]: node.text for one, node in root.walk(path)
            if not node.folder and "/.git/" not in one + "/"}


def head_of(repo: Repository) -> str:
    """The commit that is checked out; nothing before the first."""
    return repo.branches.get(repo.head, repo.head if repo.head in repo.commits else "")


def tree_of(repo: Repository, commit: str) -> dict[str, str]:
    return repo.commits[commit][2] if commit else {}


def ancestors(repo: Repository, *commits: str) -> list[str]:
    """These commits and all before them, later ones first; an empty name is none."""
    found, todo = set[str](), [one for one in commits if one]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += repo.commits[one][0]
    return [one for one in reversed(repo.commits) if one in found]


def git(sh: Shell, args: list[str]) -> int:
    sh.session.model("git")
    verb, rest = (args[0], args[1:]) if args else ("", [])
    if verb == "init":
        return _init(sh, rest)
    if verb in ("--version", "config"):
        if verb == "--version":
            sh.out("git version 2.39.5\n")
        return 0
    known = {"status": _status, "add": _add, "commit": _commit, "log": _log, "branch": _branch,
             "checkout": _checkout, "switch": _switch, "merge": _merge, "diff": _diff, "restore": _restore,
             "rm": _rm}
    if verb not in known:
        raise Unsupported(f"git {verb}".strip())
    try:
        path = top(sh)
        return known[verb](sh, path, sh.host.repositories[path], rest)
    except Fault as fault:
        sh.err(str(fault))
        return 128 if str(fault).startswith("fatal") else 1


def _init(sh: Shell, args: list[str]) -> int:
    path = sh.path(args[-1]) if args and not args[-1].startswith("-") else sh.cwd
    if not sh.host.has(path):
        sh.host.put(path, Node(folder=True, mode=0o755, changed=sh.session.world.tick))
    again = path in sh.host.repositories and sh.host.has(joined(path, ".git"))
    if not again:
        sh.host.repositories[path] = Repository()
        made = Node(folder=True, mode=0o755, changed=sh.session.world.tick)
        made.entries["HEAD"] = Node(text="ref: refs/heads/main\n", changed=sh.session.world.tick)
        sh.host.put(joined(path, ".git"), made)
    sh.out(f"{'Reinitialized existing' if again else 'Initialized empty'} Git repository in {path}/.git/\n")
    return 0


def changes(sh: Shell, path: str, repo: Repository) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """(staged, not staged, untracked): path → new, modified or deleted."""
    before, now = tree_of(repo, head_of(repo)), files_of(sh, path)
    staged, loose = {}, {}
    for name in sorted({*before, *repo.staged}):
        if name not in before:
            staged[name] = "new file"
        elif name not in repo.staged:
            staged[name] = "deleted"
        elif before[name] != repo.staged[name]:
            staged[name] = "modified"
    for name in sorted(repo.staged):
        if name not in now:
            loose[name] = "deleted"
        elif now[name] != repo.staged[name]:
            loose[name] = "modified"
    unknown = sorted({_folded(name, repo) for name in now if name not in repo.staged})
    return staged, loose, unknown


def _folded(name: str, repo: Repository) -> str:
    """A folder of which nothing is tracked stands for what is in it."""
    first, slash, _ = name.partition("/")
    return first + "/" if slash and not any(one.startswith(first + "/") for one in repo.staged) else name


def _status(sh: Shell, path: str, repo: Repository, args: list[str]) -> int:
    staged, loose, unknown = changes(sh, path, repo)
    if args and args[0] in ("-s", "--short"):
        for name in sorted({*staged, *loose}):
            sh.out({"new file": "A", "modified": "M", "deleted": "D"}.get(staged.get(name, ""), " ")
                   + {"modified": "M", "deleted": "D"}.get(loose.get(name, ""), " ") + f" {name}\n")
        sh.out("".join(f"?? {one}\n" for one in unknown))
        return 0
    if args:
        raise Unsupported("git status " + " ".join(args))
    sh.out(f"On branch {repo.head}\n")
    if not repo.commits:
        sh.out("\nNo commits yet\n")
    if staged:
        sh.out("\nChanges to be committed:\n" + "".join(
            f"\t{kind + ':':<12}{name}\n" for name, kind in staged.items()))
    if loose:
        sh.out("\nChanges not staged for commit:\n" + "".join(
            f"\t{kind + ':':<12}{name}\n" for name, kind in loose.items()))
    if unknown:
        sh.out("\nUntracked files:\n" + "".join(f"\t{one}\n" for one in unknown))
    if not staged:
        sh.out("nothing to commit, working tree clean\n" if not loose and not unknown else
               "\nno changes added to commit (use \"git add\")\n" if loose else
               "\nnothing added to commit but untracked files present (use \"git add\" to track)\n")
    return 0


def _inside(sh: Shell, path: str, word: str) -> str:
    """A path as the repository names it; nothing for all of it."""
    full = sh.path(word)
    if full == path:
        return ""
    if not full.startswith(path.rstrip("/") + "/"):
        raise Fault(f"fatal: {word}: '{word}' is outside repository at '{path}'")
    return full[len(path.rstrip("/")) + 1 :]


def _add(sh: Shell, path: str, repo: Repository, args: list[str]) -> int:
    if not args:
        sh.err("Nothing specified, nothing added.")
        return 0
    now = files_of(sh, path)
    for word in args:
        name = "" if word in ("-A", "--all", "-u") else _inside(sh, path, word)
        known = {one for one in {*now, *repo.staged}
                 if not name or one == name or one.startswith(name + "/")}
        if not known and name:
            raise Fault(f"fatal: pathspec '{word}' did not match any files")
        for one in known:
            if one in now:
                repo.staged[one] = now[one]
            else:
                repo.staged.pop(one, None)
    return 0


def _commit(sh: Shell, path: str, repo: Repository, args: list[str]) -> int:
    message = ""
    while args:
        flag, args = args[0], args[1:]
        if flag in ("-a", "-am"):
            now = files_of(sh, path)
            repo.staged = {name: now[name] for name in repo.staged if name in now}
        if flag in ("-m", "-am") and args:
            message, args = args[0], args[1:]
        elif flag != "-a":
            raise Unsupported(f"git commit {flag}")
    if not message:
        sh.session.screen.note("There is no editor here: write the message with {what}.", "git commit -m '…'")
        return 1
    before = head_of(repo)
    if repo.staged == tree_of(repo, before):
        return _status(sh, path, repo, []) or 1
    name = save(repo, (before,) if before else (), message, dict(repo.staged))
    old = tree_of(repo, before)
    count = sum(old.get(one) != repo.staged.get(one) for one in {*old, *repo.staged})
    sh.out(f"[{repo.head}{'' if before else ' (root-commit)'} {name[:SHORT]}] {message}\n"
           f" {count} file{'s' * (count != 1)} changed\n")
    return 0


def save(repo: Repository, parents: tuple[str, ...], message: str, tree: dict[str, str]) -> str:
    """Enter a commit and let the branch point to it. Its name is made of all that it holds."""
    name = hashlib.sha1(repr((parents, message, sorted(tree.items()))).encode()).hexdigest()
    repo.commits[name] = (parents, message, tree)
    repo.branches[repo.head] = name
    return name


def _log(sh: Shell, _path: str, repo: Repository, args: list[str]) -> int:
    short = "--oneline" in args
    most = next((int(one[1:].lstrip("n")) for one in args if one[1:].lstrip("n").isdigit()), 1 << 30)
    if [one for one in args if one not in ("--oneline", "--all", "-n") and not one[1:].lstrip(
            "n").isdigit()]:
        raise Unsupported("git log " + " ".join(args))
    if not head_of(repo):
        raise Fault(f"fatal: your current branch '{repo.head}' does not have any commits yet")
    starts = repo.branches.values() if "--all" in args else [head_of(repo)]
    for name in ancestors(repo, *starts)[:most]:
        tips = [("HEAD -> " if one == repo.head else "") + one for one, at in repo.branches.items()
                if at == name]
        where = f" ({', '.join(sorted(tips, reverse=True))})" if tips else ""
        if short:
            sh.out(f"{name[:SHORT]}{where} {repo.commits[name][1]}\n")
        else:
            sh.out(f"commit {name}{where}\n\n    {repo.commits[name][1]}\n\n")
    return 0


def _branch(sh: Shell, _path: str, repo: Repository, args: list[str]) -> int:
    if args[:1] in (["-d"], ["-D"]) and len(args) > 1:
        if args[1] not in repo.branches or args[1] == repo.head:
            raise Fault(f"error: Cannot delete branch '{args[1]}'")
        del repo.branches[args[1]]
        sh.out(f"Deleted branch {args[1]}.\n")
        return 0
    if args and args[0].startswith("-"):
        raise Unsupported("git branch " + args[0])
    if not args:
        for name in sorted(repo.branches):
            sh.out(f"{'*' if name == repo.head else ' '} {name}\n")
        return 0
    if not head_of(repo):
        raise Fault(f"fatal: not a valid object name: '{repo.head}'")
    if args[0] in repo.branches:
        raise Fault(f"fatal: a branch named '{args[0]}' already exists")
    repo.branches[args[0]] = head_of(repo)
    return 0


def _write(sh: Shell, path: str, repo: Repository, tree: dict[str, str]) -> None:
    """Make the working tree that of a commit; what was never tracked stays."""
    for name in repo.staged:
        if name not in tree:
            full = joined(path, name)
            if sh.host.has(full):
                sh.host.remove(full)
    for name, text in tree.items():
        full = joined(path, name)
        if not sh.host.has(full) or sh.host.find(full).text != text:
            at = path
            for part in name.split("/")[:-1]:
                at = joined(at, part)
                if not sh.host.has(at):
                    sh.host.put(at, Node(folder=True, mode=0o755, changed=sh.session.world.tick))
            mode = sh.host.find(full).mode if sh.host.has(full) else 0o644
            sh.host.put(full, Node(text=text, mode=mode, changed=sh.session.world.tick))
    repo.staged = dict(tree)


def _checkout(sh: Shell, path: str, repo: Repository, args: list[str]) -> int:
    if args[:1] == ["-b"] and len(args) > 1:
        return _to(sh, path, repo, args[1], new=True)
    if args[:1] == ["--"]:
        return _restore(sh, path, repo, args[1:])
    if len(args) != 1 or args[0].startswith("-"):
        raise Unsupported("git checkout " + " ".join(args))
    if args[0] not in repo.branches and _inside(sh, path, args[0]) in repo.staged:
        return _restore(sh, path, repo, args)
    return _to(sh, path, repo, args[0], new=False)


def _switch(sh: Shell, path: str, repo: Repository, args: list[str]) -> int:
    new = args[:1] == ["-c"]
    rest = args[1:] if new else args
    if len(rest) != 1 or rest[0].startswith("-"):
        raise Unsupported("git switch " + " ".join(args))
    return _to(sh, path, repo, rest[0], new)


def _to(sh: Shell, path: str, repo: Repository, name: str, new: bool) -> int:
    if new:
        if name in repo.branches:
            raise Fault(f"fatal: a branch named '{name}' already exists")
        if head_of(repo):
            repo.branches[name] = head_of(repo)
        repo.head = name
        sh.out(f"Switched to a new branch '{name}'\n")
        return 0
    if name not in repo.branches:
        raise Fault(f"error: pathspec '{name}' did not match any file(s) known to git")
    if name == repo.head:
        sh.out(f"Already on '{name}'\n")
        return 0
    staged, loose, _ = changes(sh, path, repo)
    tree = tree_of(repo, repo.branches[name])
    before = tree_of(repo, head_of(repo))
    lost = [one for one in {*staged, *loose} if tree.get(one) != before.get(one)]
    if lost:
        raise Fault("error: Your local changes to the following files would be overwritten by checkout:\n\t"
                    + "\n\t".join(sorted(lost)) + "\nPlease commit your changes before you switch branches.\n"
                    "Aborting")
    now = files_of(sh, path)
    keep = {one: now.get(one) for one in {*staged, *loose}}
    index = {one: repo.staged.get(one) for one in staged}
    _write(sh, path, repo, tree)
    for one, text in keep.items():
        if text is not None:
            sh.host.put(joined(path, one), Node(text=text, changed=sh.session.world.tick))
    for one, staged_text in index.items():
        if staged_text is not None:
            repo.staged[one] = staged_text
    repo.head = name
    sh.out(f"Switched to branch '{name}'\n")
    return 0


def _merge(sh: Shell, path: str, repo: Repository, args: list[str]) -> int:
    if len(args) != 1 or args[0].startswith("-"):
        raise Unsupported("git merge " + " ".join(args))
    ours, theirs = head_of(repo), repo.branches.get(args[0], "")
    if not theirs:
        raise Fault(f"merge: {args[0]} - not something we can merge")
    behind_us, behind_them = ancestors(repo, ours), ancestors(repo, theirs)
    if theirs in behind_us:
        sh.out("Already up to date.\n")
        return 0
    if not ours or ours in behind_them:
        _write(sh, path, repo, tree_of(repo, theirs))
        repo.branches[repo.head] = theirs
        sh.out(f"Updating {ours[:SHORT]}..{theirs[:SHORT]}\nFast-forward\n")
        return 0
    base = tree_of(repo, next(one for one in behind_us if one in behind_them))
    mine, other = tree_of(repo, ours), tree_of(repo, theirs)
    tree = {}
    for name in sorted({*mine, *other}):
        a, b, c = base.get(name), mine.get(name), other.get(name)
        if b != c and a not in (b, c):
            sh.out(f"CONFLICT (content): Merge conflict in {name}\n")
            raise Unsupported("a merge of two changes to the same file")
        text = c if b == a else b
        if text is not None:
            tree[name] = text
    _write(sh, path, repo, tree)
    save(repo, (ours, theirs), f"Merge branch '{args[0]}'", tree)
    sh.out("Merge made by the 'ort' strategy.\n")
    return 0


def _diff(sh: Shell, path: str, repo: Repository, args: list[str]) -> int:
    staged = args[:1] in (["--staged"], ["--cached"])
    names = [_inside(sh, path, one) for one in (args[1:] if staged else args)]
    before = tree_of(repo, head_of(repo)) if staged else repo.staged
    now = repo.staged if staged else files_of(sh, path)
    for name in sorted(before if not staged else {*before, *now}):
        if (names and name not in names) or before.get(name) == now.get(name):
            continue
        lines = difflib.unified_diff(before.get(name, "").splitlines(), now.get(name, "").splitlines(),
                                     f"a/{name}", f"b/{name}", lineterm="")
        sh.out(f"diff --git a/{name} b/{name}\n" + "".join(one + "\n" for one in lines))
    return 0


def _restore(sh: Shell, path: str, repo: Repository, args: list[str]) -> int:
    staged = args[:1] == ["--staged"]
    for word in args[1:] if staged else args:
        name = _inside(sh, path, word)
        source = tree_of(repo, head_of(repo)) if staged else repo.staged
        if name not in source and not (staged and name in repo.staged):
            raise Fault(f"error: pathspec '{word}' did not match any file(s) known to git")
        if staged:
            repo.staged.pop(name, None)
            if name in source:
                repo.staged[name] = source[name]
        else:
            sh.host.put(joined(path, name), Node(text=source[name], changed=sh.session.world.tick))
    return 0


def _rm(sh: Shell, path: str, repo: Repository, args: list[str]) -> int:
    for word in args:
        name = _inside(sh, path, word)
        if name not in repo.staged:
            raise Fault(f"fatal: pathspec '{word}' did not match any files")
        del repo.staged[name]
        if sh.host.has(joined(path, name)):
            sh.host.remove(joined(path, name))
        sh.out(f"rm '{name}'\n")
    return 0
