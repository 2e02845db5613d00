"""A shell: walks the tree of a line, expands its words, connects what is to be connected, and runs it.

The language is bash's, after the *Bash Reference Manual*; the parser is tree-sitter-bash. Commands are
functions of Python that read and write texts, so nothing of the real machine can be touched.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence

from tree_sitter import Node as Tree

from visualizers.l1_basics.linux.arithmetic import BadNumber
from visualizers.l1_basics.linux.conditions import COUNTED, compared, state, test
from visualizers.l1_basics.linux.memory import Memory, Value
from visualizers.l1_basics.linux.parsing import (
    BadSyntax,
    Here,
    continued,
    parsed,
    said,
    spans,
    without_heres,
)
from visualizers.l1_basics.linux.paths import Paths
from visualizers.l1_basics.linux.patterns import extended
from visualizers.l1_basics.linux.session import Session
from visualizers.l1_basics.linux.streams import (
    Keyboard,
    Leave,
    Nothing,
    Screen,
    ScreenEnd,
    Stop,
    Stream,
    Tape,
)
from visualizers.l1_basics.linux.words import (
    BadWord,
    Expander,
    MissingValue,
    Unsupported,
    Usage,
    bits,
    fits,
)
from visualizers.l1_basics.linux.world import (
    DENIED,
    HOME,
    IS_FOLDER,
    RUN,
    USER,
    Fault,
    Host,
)

DEEPEST = 40  # functions and scripts that call one another
EDITORS = ("vim", "vi", "nano", "emacs", "code")
UNEXPECTED = (")", ";;", ";", "|", "||", "&&", "&", "}", "then", "do", "done", "fi", "esac", "else", "elif")
UNKNOWN, NOT_RUNNABLE = 127, 126  # statuses of commands that are not there, or no programs
PATH = "/usr/local/bin:/usr/bin:/bin"


class Shell(Memory, Paths):
    """One bash, with its variables and its place.

    Attributes:
        fds: what 0, 1, 2 … are connected to.
        name: $0, by which it begins its messages in a script.
    """

    def __init__(self, session: Session, host: Host, *, interactive: bool = True) -> None:
        self.session, self.host, self.interactive = session, host, interactive
        self.cwd = HOME
        self.vars = {
            "HOME": HOME, "USER": USER, "PATH": PATH, "SHELL": "/bin/bash", "HOSTNAME": host.name,
            "PWD": HOME, "IFS": " \t\n"}
        self.exported = {"HOME", "USER", "PATH", "SHELL", "PWD"}
        self.readonly: set[str] = set()
        self.functions: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.params: list[str] = []
        self.name = "bash"
        self.line = 0  # of a script
        self.status = 0
        self.answered = 0  # status of the last $(…), which is that of x=$(…)
        self.last_job = ""
        self.options: set[str] = set()  # e, u, x, pipefail
        self.tested = 0  # depth of conditions, in which a failure is no error
        self.deep = 0
        self.looping = 0
        self.calls = 0  # functions that are running
        self.saved: list[dict[str, Value | None]] = []  # what local variables hide
        self.jobs: dict[int, tuple[int, str]] = {}  # number → (process, command)
        self.behind: list[Tree] = []  # words of a command that stand behind its redirections
        self.background = False
        self.begun: list[int] = []  # long processes that this job in the background has started
        self.tty = "tty"
        self.environment = "base"
        self.immune = False  # nohup: what is started here does not end with its terminal
        self.busy = 0  # the process in the foreground
        self.fds: dict[int, Stream] = {
            0: Keyboard(session.screen), 1: ScreenEnd(session.screen, Screen.OUT),
            2: ScreenEnd(session.screen, Screen.ERROR)}
        self.expand = Expander(self)

    def fork(self) -> Shell:
        """A subshell: what it changes of itself is its own; files and processes are everybody's."""
        other = copy.copy(self)
        for name in ("exported", "readonly", "functions", "aliases", "options", "fds", "jobs"):
            setattr(other, name, getattr(self, name).copy())
        other.vars = {name: dict(value) if isinstance(value, dict) else value
                      for name, value in self.vars.items()}
        other.params, other.saved = list(self.params), list(self.saved)
        other.expand = Expander(other)
        return other

    # --- messages

    def out(self, text: str) -> None:
        self.fds[1].write(text)

    def err(self, text: str) -> None:
        """A line for standard error."""
        self.fds[2].write(text + "\n")

    def complain(self, text: str) -> None:
        """A message of the shell itself."""
        self.err(f"{self.name}: {f'line {self.line}: ' if self.line else ''}{text}")

    # --- running

    def run_text(self, text: str) -> int:
        """Run a text of any length in this shell; its last status. A mistake in it is told."""
        place = f"/dev/here/{len(self.session.heres)}/"
        whole, heres = without_heres(text, place) or (text, [])
        self.session.heres |= {f"{place}{at}": one for at, one in enumerate(heres)}
        try:
            root = parsed(continued(whole))
        except BadSyntax as error:
            self.status = 2
            if str(error) in UNEXPECTED:
                self.complain(f"syntax error near unexpected token `{error}'")
                return 2
            raise Stop("This shell cannot read the line near {what}: it is no bash, or bash that is not "
                       "supported here.", str(error)) from error
        return self.run_all(root)

    def captured(self, text: str) -> str:
        """What a text writes when it runs in a subshell, as $(…) has it."""
        inner, tape = self.fork(), Tape()
        inner.fds[1] = tape
        inner.interactive = False
        self.status = self.answered = inner.contained(lambda: inner.run_text(text))
        return tape.text

    def contained(self, action: Callable[[], int], *, whole: bool = False) -> int:
        """The status of what runs in a subshell or script, however it is left; ``whole`` is bash -c."""
        try:
            return action()
        except Leave as leave:
            if leave.how == "abort":
                return leave.status if whole else 1 if leave.status == 127 else leave.status
            return leave.status if leave.how == "exit" else self.status

    def run_all(self, node: Tree) -> int:
        """The statements of a block, one after another."""
        return self._block(node.children)

    def run(self, node: Tree, redirects: Sequence[Tree] = ()) -> int:
        """One statement; ``redirects`` stand behind it."""
        match node.type:
            case "redirected_statement":
                return self._redirected(node, redirects)
            case "list":
                return self._list(node, redirects)
            case "pipeline":
                return self._pipeline([one for one in node.children if one.is_named],
                                      [one.type == "|&" for one in node.children if not one.is_named],
                                      redirects)
            case "negated_command":
                self.tested += 1
                try:
                    self.run(node.children[-1], redirects)
                finally:
                    self.tested -= 1
                self.status = int(not self.status)
                return self.status
        self.status = self._connected(redirects, lambda: self._statement(node))
        self._check()
        return self.status

    def _check(self) -> None:
        """set -e: a failure that nobody looks at ends the shell."""
        if self.status and "e" in self.options and not self.tested:
            raise Leave("exit", self.status)

    def substituted(self, text: str) -> str:
        """<(commands): the path of a file that holds what they write."""
        if not text.startswith("<("):
            raise Unsupported(">(…)")
        path = f"/dev/fd/{63 - len(self.session.pipes)}"
        self.session.pipes[path] = self.captured(text[2:-1])
        return path

    def _statement(self, node: Tree) -> int:
        if self.line or self.name != "bash":
            self.line = node.start_point[0] + 1
        match node.type:
            case "command":
                return self._command(node)
            case "variable_assignment" | "variable_assignments":
                return self._assignments(node)
            case "declaration_command" | "unset_command":
                return self._declaration(node)
            case "test_command":
                return self._test(node)
            case "compound_statement":
                if node.children[0].type == "((":
                    return self._arithmetic(node)
                return self.run_all(node)
            case "subshell":
                inner = self.fork()
                return inner.contained(lambda: inner.run_all(node))
            case "if_statement":
                return self._if(node)
            case "for_statement":
                return self._for(node)
            case "c_style_for_statement":
                return self._count(node)
            case "while_statement":
                return self._while(node)
            case "case_statement":
                return self._case(node)
            case "function_definition":
                name = node.child_by_field_name("name")
                body = node.child_by_field_name("body")
                assert name is not None and body is not None
                self.functions[said(name)] = said(body)
                return 0
            case "comment":
                return self.status
        raise Stop("This shell does not have {what}.", node.type.replace("_", " "))

    # --- connections

    def _redirected(self, node: Tree, more: Sequence[Tree]) -> int:
        """A statement with < > >> and their like."""
        own = [one for one in node.children if one.type.endswith("_redirect")]
        body = node.child_by_field_name("body")
        redirects = [*own, *more]
        # In "echo > f a b" the words behind the file are the command's.
        self.behind = [part for one in own if one.type == "file_redirect"
                       for word in spans(one.children_by_field_name("destination"))[1:] for part in word]
        if body is None:
            self.behind = []
            self.status = self._connected(redirects, lambda: 0)
        else:
            if body.type == "command" and _name_of(body) == "exec" and len(body.children) == 1:
                self.behind = []
                return self._keep(redirects)
            try:
                self.run(body, redirects)
            finally:
                self.behind = []
        return self.status

    def _keep(self, redirects: Sequence[Tree]) -> int:
        """exec without a command: connect the shell itself."""
        try:
            for one in redirects:
                self._connect(one)
            self.status = 0
        except Fault as fault:
            self.complain(str(fault))
            self.status = 1
        return self.status

    def _connected(self, redirects: Sequence[Tree], action: Callable[[], int]) -> int:
        """Run something with its ends connected elsewhere."""
        before = self.fds.copy()
        try:
            for one in redirects:
                self._connect(one)
            return action()
        except Fault as fault:
            self.fds = before
            self.complain(str(fault))
            return 1
        except (BadWord, BadNumber) as error:
            self.fds = before
            self.complain(str(error))
            # A word that cannot be expanded ends the whole line, and the shell if nobody sits at it.
            fatal = " unbound variable" in str(error) or isinstance(error, MissingValue)
            raise Leave("abort", 127 if fatal and not self.interactive else 1) from error
        except Unsupported as error:
            raise Stop("This shell does not have {what}.", str(error)) from error
        finally:
            self.fds = before

    def _connect(self, node: Tree) -> None:
        """Follow one redirection."""
        if node.type == "herestring_redirect":
            self.fds[0] = Tape(self.expand.single([node.children[-1]]) + "\n")
            return
        number = node.child_by_field_name("descriptor")
        operator = next(one.type for one in node.children if not one.is_named)
        targets = node.children_by_field_name("destination")
        if not targets:
            self.fds[int(said(number)) if number is not None and said(number).isdigit() else 1] = Nothing()
            return
        words = self.expand.words(spans(targets)[0])
        if len(words) != 1:
            raise Fault(f"{said(targets[0])}: ambiguous redirect")
        target = words[0]
        if number is not None and not said(number).isdigit():
            raise Unsupported(said(node))
        fd = int(said(number)) if number is not None else 0 if operator.startswith("<") else 1
        try:
            if operator in (">&", "<&") and (target.isdigit() or target == "-"):
                if target == "-":
                    self.fds[fd] = Nothing()
                elif int(target) not in self.fds:
                    raise Fault("Bad file descriptor")
                else:
                    self.fds[fd] = self.fds[int(target)]
            elif operator in ("&>", "&>>", ">&"):
                self.fds[1] = self.fds[2] = self.create(target, append=operator == "&>>")
            elif operator in (">", ">>", ">|"):
                self.fds[fd] = self.create(target, append=operator == ">>")
            elif operator == "<" and target in self.session.heres:
                self.fds[fd] = Tape(self._here(self.session.heres[target]))
            elif operator == "<":
                self.fds[fd] = Tape(self._input(target), regular=not target.startswith("/dev/"))
            else:
                raise Unsupported(operator)
        except Fault as fault:
            raise Fault(f"{target}: {fault}") from fault

    def _input(self, path: str) -> str:
        if not path.startswith("/dev/") and self.node(path).folder:
            return ""  # bash opens a folder; whoever reads it finds no text
        return self.text_of(path)

    def _here(self, here: Here) -> str:
        """The text of a here-document, with what is to be replaced in it."""
        if here.quoted or not re.search(r"[$`\\]", here.text):
            return here.text
        try:
            root = parsed(f"cat << END_OF_HERE\n{here.text}END_OF_HERE")
        except BadSyntax:
            return self.expand.in_text(here.text)
        redirect = root.children[0].children[-1]
        body = next((one for one in redirect.children if one.type == "heredoc_body"), None)
        return here.text if body is None else self.expand.here(body)

    def _pipeline(self, stages: Sequence[Tree], both: Sequence[bool], redirects: Sequence[Tree]) -> int:
        """Each command reads what the one before has written. Each runs in a subshell of its own."""
        source: Stream = self.fds[0]
        statuses = []
        negated = False
        for at, one in enumerate(stages):
            if at == 0 and one.type == "negated_command":
                negated, one = True, one.children[-1]
            inner = self.fork()
            inner.fds[0] = source
            inner.interactive = False
            inner.tested += negated
            tape = Tape()
            if at < len(stages) - 1:
                inner.fds[1] = tape
                if at < len(both) and both[at]:
                    inner.fds[2] = tape
            part = redirects if at == len(stages) - 1 else ()
            statuses.append(inner.contained(lambda inner=inner, one=one, part=part:  # type: ignore[misc]
                                            inner.run(one, part)))
            source = tape
        self.status = statuses[-1]
        if "pipefail" in self.options:
            self.status = next((one for one in reversed(statuses) if one), 0)
        if negated:
            self.status = int(not self.status)
        else:
            self._check()
        return self.status

    def _list(self, node: Tree, redirects: Sequence[Tree]) -> int:
        """a && b, a || b."""
        left, operator, right = node.children[0], node.children[1].type, node.children[-1]
        self.tested += 1
        try:
            self.run(left)
        finally:
            self.tested -= 1
        if (self.status == 0) == (operator == "&&"):
            self.run(right, redirects)
        return self.status

    def _in_background(self, node: Tree) -> None:
        """command &: the shell goes on at once."""
        inner = self.fork()
        inner.background, inner.begun = True, []
        inner.interactive = False
        inner.last_job = ""
        before = set(self.host.processes)
        inner.contained(lambda: inner.run(node))
        new = [one for one in self.host.processes if one not in before]
        pid = new[-1] if new else self.host.pid()
        number = max(self.jobs, default=0) + 1
        self.last_job = str(pid)
        if self.interactive:
            self.session.screen.put(Screen.OUT, f"[{number}] {pid}\n")
        self.jobs[number] = (pid, said(node))
        self.status = 0

    # --- compound commands

    def _condition(self, nodes: Sequence[Tree]) -> bool:
        self.tested += 1
        try:
            for one in nodes:
                if one.is_named and one.type != "comment":
                    self.run(one)
        finally:
            self.tested -= 1
        return self.status == 0

    def _if(self, node: Tree) -> int:
        branches: list[tuple[list[Tree], list[Tree]]] = []
        condition: list[Tree] = []
        body: list[Tree] = []
        then = False
        last: Tree | None = None
        for one in node.children:
            if one.type == "elif_clause":
                at = next(i for i, kid in enumerate(one.children) if kid.type == "then")
                branches.append((one.children[1:at], one.children[at + 1 :]))
            elif one.type == "else_clause":
                last = one
            elif one.type == "then":
                then = True
            elif one.type not in ("if", "fi"):
                (body if then else condition).append(one)
        for asked, inside in [(condition, body), *branches]:
            if self._condition(asked):
                return self._block(inside)
        if last is not None:  # which finds in $? what the condition has answered
            return self._block(last.children[1:])
        self.status = 0
        return 0

    def _block(self, nodes: Sequence[Tree]) -> int:
        """Statements and what stands between them; one that & follows runs in the background."""
        for at, one in enumerate(nodes):
            if one.is_named and one.type != "comment":
                if at + 1 < len(nodes) and nodes[at + 1].type == "&":
                    self._in_background(one)
                else:
                    self.run(one)
        return self.status

    def _turns(self, body: Tree, turns: Iterator[None]) -> int:
        """Run a loop's body once for each turn, until it is left."""
        self.looping += 1
        self.status = 0
        try:
            for _ in turns:
                self.session.spend()
                try:
                    self.run_all(body)
                except Leave as leave:
                    if leave.how not in ("break", "continue"):
                        raise
                    if leave.levels > 1:
                        leave.levels -= 1
                        raise
                    self.status = leave.status
                    if leave.how == "break":
                        break
        finally:
            self.looping -= 1
        return self.status

    def _for(self, node: Tree) -> int:
        if node.children[0].type == "select":
            raise Stop("This shell does not have {what}.", "select")
        name, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
        assert name is not None and body is not None
        named = any(one.type == "in" for one in node.children)
        values = self.expand.words(node.children_by_field_name("value")) if named else list(self.params)

        def turns() -> Iterator[None]:
            for value in values:
                self.assign(said(name), value)
                yield
        return self._turns(body, turns())

    def _count(self, node: Tree) -> int:
        """for ((i = 0; i < 3; i++))."""
        begin = next(at for at, one in enumerate(node.children) if one.type == "((")
        end = next(at for at, one in enumerate(node.children) if one.type == "))")
        parts: list[list[Tree]] = [[]]
        for one in node.children[begin + 1 : end]:
            if one.type == ";":
                parts.append([])
            else:
                parts[-1].append(one)
        texts = [" ".join(said(one) for one in part) for part in parts]
        body = node.child_by_field_name("body")
        assert body is not None and len(texts) == 3

        def turns() -> Iterator[None]:
            self.expand.number(texts[0])
            while not texts[1].strip() or self.expand.number(texts[1]):
                yield
                self.expand.number(texts[2])
        return self._turns(body, turns())

    def _while(self, node: Tree) -> int:
        until = node.children[0].type == "until"
        body = node.child_by_field_name("body")
        assert body is not None
        tests = [one for one in node.children[1:] if one.id != body.id]
        last, over = 0, False

        def turns() -> Iterator[None]:
            nonlocal last, over
            while self._condition(tests) != until:
                yield
                last = self.status
                self.session.spend()
            over = True
        self._turns(body, turns())
        if over:  # the status is that of the body's last command, not of the condition that ended the loop
            self.status = last
        return self.status

    def _case(self, node: Tree) -> int:
        value = node.child_by_field_name("value")
        assert value is not None
        text = self.expand.single([value])
        self.status = 0
        for item in node.children:
            if item.type != "case_item":
                continue
            at = next(i for i, one in enumerate(item.children) if one.type == ")")
            patterns = [one for one in item.children[:at] if one.is_named]
            if any(one.type == ";&" or one.type == ";;&" for one in item.children):
                raise Stop("This shell does not have {what}.", ";& in case")
            if any(fits(text, self.expand.pattern(word)) for word in spans(patterns)):
                return self._block(item.children[at + 1 :])
        return 0

    def _arithmetic(self, node: Tree) -> int:
        try:
            return int(self.expand.counted(node, 2, 2) == 0)
        except BadNumber as error:
            self.complain(f"((: {error}")
            return 1

    # --- tests

    def _test(self, node: Tree) -> int:
        opening = node.children[0].type
        if opening == "((":
            return self._arithmetic(node)
        inside = node.children[1:-1]
        if opening == "[[":
            try:
                return int(not all(self._holds(one) for one in inside if one.is_named))
            except re.error:
                return 2
        words: list[str] = []
        for one in spans(list(_leaves(inside))):
            words += self.expand.words(one)
        return test(self, [*words, "]"], "[")

    def _holds(self, node: Tree) -> bool:
        """Whether an expression between [[ and ]] is true."""
        match node.type:
            case "parenthesized_expression":
                return self._holds(node.named_children[0])
            case "negation_expression":
                return not self._holds(node.children[-1])
            case "unary_expression":
                sign = said(node.children[0])
                if sign == "!":
                    return not self._holds(node.children[-1])
                return state(self, sign, self.expand.single(node.children[1:]))
            case "binary_expression":
                return self._both(node)
        return self.expand.single([node]) != ""

    def _both(self, node: Tree) -> bool:
        left, right = node.children[0], node.children[-1]
        sign = said(node.children[1])
        if sign == "&&":
            return self._holds(left) and self._holds(right)
        if sign == "||":
            return self._holds(left) or self._holds(right)
        a = self.expand.single([left])
        after = list(node.children[2:])
        if sign in ("==", "=", "!="):
            return fits(a, self.expand.pattern(after)) == (sign != "!=")
        if sign == "=~":
            pattern = "".join(re.escape(text) if quoted else text
                              for text, quoted in self.expand.whole(list(bits(after))))
            if after and after[0].type == "regex":
                pattern = said(after[0]) if not re.search(r"[$'\"\\]\w", said(after[0])) else pattern
            found = searched(pattern, a)
            self.vars["BASH_REMATCH"] = {at: part or "" for at, part in
                                         enumerate([found[0], *found.groups()])} if found else {}
            return found is not None
        if sign in COUNTED:
            return COUNTED[sign](self.expand.number(a), self.expand.number(self.expand.single(after)))
        return compared(self, a, sign, self.expand.single(after))

    # --- variables in statements

    def _assignments(self, node: Tree) -> int:
        self.answered = 0
        for one in [node] if node.type == "variable_assignment" else node.named_children:
            self._assign(one)
        return self.answered

    def _assign(self, node: Tree) -> str:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        assert name is not None
        more = any(one.type == "+=" for one in node.children)
        target = said(name)
        if value is not None and value.type == "array":
            if target in self.readonly:
                raise BadWord(f"{target}: readonly variable")
            old = self.vars.get(target, {}) if more else {}
            array = dict(old) if isinstance(old, dict) else {0: old}
            self.vars[target] = array
            for word in spans([one for one in value.children if one.is_named and one.type != "comment"]):
                placed = re.match(r"\[(\d+)\]=", "".join(said(one) for one in word))
                if placed or word[0].type == "variable_assignment":
                    raise Unsupported("[i]=value in an array")
                for text in self.expand.words(word):
                    array[max(array, default=-1) + 1] = text
            return target
        after = [one for one in node.children if one.start_byte > name.start_byte and one.is_named]
        text = self.expand.single(after, assigned=True) if after else ""
        self.assign(target, text, more=more)
        if "x" in self.options:
            self.err(f"+ {target}={quoted(text)}")
        return target

    def _declaration(self, node: Tree) -> int:
        """export, local, declare, readonly and unset."""
        kind = said(node.children[0])
        words: list[str] = []
        names: list[str] = []
        for word in spans(node.named_children):
            if word[0].type == "variable_assignment":
                target = word[0].child_by_field_name("name")
                assert target is not None
                if kind == "local":
                    self.hide(said(target))
                names.append(self._assign(word[0]))
            elif kind == "unset":
                words.append("".join(said(one) for one in word) if "$" not in said(word[0])
                             else self.expand.single(word))
            else:
                words += self.expand.words(word)
        if kind == "unset":
            return self.unset(words)
        return self.declare(kind, words, names)

    # --- simple commands

    def _command(self, node: Tree) -> int:
        inner = [one for one in node.children if one.type.endswith("_redirect")]
        if inner:
            return self._connected(inner, lambda: self._simple(node))
        return self._simple(node)

    def _simple(self, node: Tree) -> int:
        before: dict[str, Value | None] = {}
        words: list[Tree] = []
        assignments: list[Tree] = []
        for one in node.children:
            if one.type == "variable_assignment" and not words:
                assignments.append(one)
            elif not one.type.endswith("_redirect"):
                words.append(one)
        aliased = _name_of(node)
        if self.interactive and aliased in self.aliases and aliased not in self.session.replacing:
            return self._alias(node, aliased)
        words, self.behind = [*words, *self.behind], []
        self.answered = 0
        args = self.expand.words(_with_continued(words))
        if "x" in self.options and args:
            self.err("+ " + " ".join(quoted(one) for one in args))
        names = []
        for one in assignments:
            target = one.child_by_field_name("name")
            assert target is not None
            before[said(target)] = copy.copy(self.vars.get(said(target)))
            names.append(self._assign(one))
        exported = set(names) - self.exported
        self.exported |= exported
        try:
            if args:
                return self.call(args)
            before.clear()  # nothing is run with these values: the shell keeps them
            return self.answered
        finally:
            self.exported -= exported
            self.restore(before)

    def _alias(self, node: Tree, name: str) -> int:
        self.session.replacing.add(name)
        try:
            text = said(node)
            return self.run_text(self.aliases[name] + text[text.index(name) + len(name):])
        finally:
            self.session.replacing.discard(name)

    def call(self, args: list[str]) -> int:
        """Run a function, a builtin, a command or a script by its name."""
        self.session.spend()
        name = args[0]
        if name == "{":
            raise Stop("This shell does not have {what}.", "! {")
        if self.begun:
            raise Stop("This shell does not have {what}.", "command & …; …")
        if name in UNEXPECTED:
            self.complain(f"syntax error near unexpected token `{name}'")
            raise Leave("abort", 2)
        if name in self.functions:
            return self.function(name, args[1:])
        self.session.ran(self, args)
        programs = self.session.programs
        if name in programs.builtins:
            return programs.builtins[name](self, args[1:])
        if "/" in name:
            return self._program(name, args)
        found = programs.find(name, self.host)
        if found is not None and self.get("PATH"):
            return self._outside(found, args[1:])
        for folder in self.get("PATH").split(":"):
            path = f"{folder}/{name}"
            if folder and self.host.has(path) and not self.host.find(path).folder:
                return self._program(path, args)
        if name == "":
            self.complain(": command not found")
            return UNKNOWN
        if name in EDITORS:
            self.session.screen.note("{what} fills the screen, which this shell cannot: write a file with "
                                     "cat > FILE << EOF, its lines, and EOF.", name)
            return UNKNOWN
        if name.startswith("!") and self.interactive:
            raise Stop("This shell does not have {what}.", f"{name} (↑)")
        if name in programs.lacking:
            self.session.screen.note("{what} is not part of this practice shell; help lists what is.", name)
            return UNKNOWN
        self.complain(f"{name}: command not found")
        return UNKNOWN

    def _outside(self, found: Callable[..., int], args: list[str]) -> int:
        """A command that is no part of the shell: what it cannot do is an answer, not an error."""
        try:
            return found(self, args)
        except Fault as fault:
            self.err(str(fault))
            return fault.status
        except Usage as usage:
            self.session.screen.note("What is supported here: {what}", str(usage))
            return 0
        except Unsupported as error:
            self.session.screen.note("This shell does not have {what}.", str(error))
            return 2

    def function(self, name: str, args: list[str]) -> int:
        self._deeper()
        before, self.params = self.params, args
        self.saved.append({})
        self.calls += 1
        looping, self.looping = self.looping, 0
        try:
            root = parsed(self.functions[name])
            self.run_all(root)
            return self.status
        except Leave as leave:
            if leave.how != "return":
                raise
            return leave.status
        finally:
            self.deep -= 1
            self.calls -= 1
            self.looping = looping
            self.params = before
            self.restore(self.saved.pop())

    def _deeper(self) -> None:
        self.deep += 1
        if self.deep > DEEPEST:
            self.deep = 0
            raise Stop("Functions and scripts call one another more than {what} deep; it was stopped.",
                       str(DEEPEST))

    def _program(self, path: str, args: list[str]) -> int:
        """A file that is to be run: a script, if its mode allows it."""
        known = re.fullmatch(r"/(?:usr/)?bin/(\w+)", path)
        if known and (found := self.session.programs.find(known[1], self.host)) is not None:
            return self._outside(found, args[1:])
        try:
            node = self.node(path)
        except Fault as fault:
            self.complain(f"{args[0]}: {fault}")
            return UNKNOWN if str(fault) != DENIED else NOT_RUNNABLE
        if node.folder:
            self.complain(f"{args[0]}: {IS_FOLDER}")
            return NOT_RUNNABLE
        if not node.permits(USER, RUN):
            self.complain(f"{args[0]}: {DENIED}")
            return NOT_RUNNABLE
        first = node.text.split("\n", 1)[0]
        if first.startswith("#!") and "python" in first:
            return self.call(["python", path, *args[1:]])
        if first.startswith("#!") and not re.search(r"\b(ba|da)?sh\b", first):
            interpreter = first[2:].strip()
            self.complain(f"{args[0]}: {interpreter}: bad interpreter: No such file or directory")
            return NOT_RUNNABLE
        return self.script(node.text, args[0], args[1:])

    def script(self, text: str, name: str, args: list[str], *, whole: bool = False) -> int:
        """Run a text as another bash: only what is exported goes along."""
        self._deeper()
        inner = self.fork()
        inner.vars = {one: value for one, value in inner.vars.items() if one in self.exported or one == "IFS"}
        inner.vars["IFS"] = " \t\n"
        inner.functions, inner.aliases, inner.options = {}, {}, set()
        inner.name, inner.params, inner.line, inner.interactive = name, args, 1, False
        inner.looping = inner.calls = inner.tested = 0
        inner.saved, inner.status = [], 0
        try:
            return inner.contained(lambda: inner.run_text(text), whole=whole)
        finally:
            self.deep -= 1


def _name_of(node: Tree) -> str:
    name = node.child_by_field_name("name")
    return said(name) if name is not None else ""


def _with_continued(nodes: list[Tree]) -> list[Tree]:
    """The words of a command, without what is none."""
    return [one for one in nodes if one.is_named or one.type not in ("\n", ";")]


def _leaves(nodes: Sequence[Tree]) -> Iterator[Tree]:
    """The words of a test in their order, however the grammar has put them together."""
    for one in nodes:
        if one.type in ("unary_expression", "binary_expression", "parenthesized_expression",
                        "negation_expression", "postfix_expression", "ternary_expression"):
            yield from _leaves(one.children)
        else:
            yield one


def searched(pattern: str, text: str) -> re.Match[str] | None:
    return re.search(extended(pattern), text)


def quoted(text: str) -> str:
    """As bash writes a word that it would read as the same again."""
    if text and re.fullmatch(r"[\w@%+=:,./-]+", text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"
