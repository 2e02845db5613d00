"""From a word as it is typed to the arguments that a command gets.

In bash's order: braces, tilde, then variables, $(commands) and arithmetic, then cutting at blanks, then
names of files, and last the quotes go. What was quoted is neither cut nor a pattern.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from tree_sitter import Node

from visualizers.l1_basics.linux.arithmetic import evaluate
from visualizers.l1_basics.linux.parsing import BadSyntax, parsed, said, spans
from visualizers.l1_basics.linux.world import HOME, LARGEST, USER

MOST = 5000  # words that one word may become
GLOBS = "*?["
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b",
            "\\": "\\", "'": "'", '"': '"', "?": "?"}


class BadWord(Exception):
    """What bash says of a word that it cannot expand; the command is not run."""


class MissingValue(BadWord):
    """${x:?} of what is not set."""


class Unsupported(Exception):
    """Something of bash that this shell does not have."""


class Usage(Exception):
    """What a command takes, asked for with --help or man."""


@dataclass(frozen=True)
class Bit:
    """A piece of a word: plain text, or something to be put in its place.

    Attributes:
        text: of what is plain.
        quoted: whether its blanks and stars are meant as they stand.
        node: of what is to be put in.
        name: of the variable that is to be put in, where no node of the grammar says so.
    """

    text: str = ""
    quoted: bool = False
    node: Node | None = None
    name: str = ""

    @property
    def plain(self) -> bool:
        return self.node is None and not self.name


Field = list[tuple[str, bool]]  # pieces of text, and whether each is quoted


# --- a word in bits ------------------------------------------------------------------------------

EXPANDED = ("simple_expansion", "expansion", "command_substitution", "arithmetic_expansion",
            "process_substitution")


def bits(nodes: Iterable[Node]) -> Iterator[Bit]:
    """The bits of a word, which may be several nodes."""
    found = list(_bits(nodes))
    for at, bit in enumerate(found):
        # The grammar leaves a $ alone behind some words, as in $folder/logs/$name.txt.
        follows = found[at + 1] if at + 1 < len(found) else Bit()
        name = re.match(r"[A-Za-z_]\w*|[0-9@*#?!$-]", follows.text) \
            if bit == Bit("$") and follows.plain and not follows.quoted else None
        if name is not None:
            found[at], found[at + 1] = Bit(name=name[0]), Bit(follows.text[name.end():])
    yield from found


def _bits(nodes: Iterable[Node]) -> Iterator[Bit]:
    for node in nodes:
        match node.type:
            case "concatenation" | "command_name":
                yield from _bits(node.children)
            case "string" | "translated_string":
                yield from _in_quotes(node)
            case "raw_string":
                yield Bit(said(node)[1:-1], True)
            case "ansi_c_string":
                yield Bit(escaped(said(node)[2:-1]), True)
            case kind if kind in EXPANDED:
                yield Bit(node=node)
            case "regex" | "extglob_pattern" | "word" if re.search(r"[$`'\"]", _plain(said(node))):
                yield from _again(said(node))
            case _:
                yield from _bare(said(node))


def _plain(text: str) -> str:
    return re.sub(r"\\.", "", text, flags=re.S)


def _again(text: str) -> Iterator[Bit]:
    """A pattern that the grammar leaves whole, read as a word."""
    try:
        root = parsed(f"_ {text}")
    except BadSyntax:
        yield Bit(text)
        return
    nodes = [one for one in root.children[0].children if one.type != "command_name"]
    if [one.type for one in nodes] in (["word"], ["regex"], ["extglob_pattern"]):
        yield Bit(text)
    else:
        yield from bits(nodes)


def _bare(text: str) -> Iterator[Bit]:
    """Unquoted text; a backslash quotes the sign that follows."""
    for piece in re.findall(r"\\.|[^\\]+|\\$", text, flags=re.S):
        if piece == "\\\n":
            continue
        if piece[0] == "\\" and len(piece) > 1:
            yield Bit(piece[1:], True)
        else:
            yield Bit(piece)


def _in_quotes(node: Node) -> Iterator[Bit]:
    """Text in double quotes, in which only $ ` \" and \\ are special."""
    yield Bit("", True)
    whole, at = node.text or b"", 2 if node.type == "translated_string" else 1
    for part in node.children:
        if part.type in EXPANDED:
            begin = part.start_byte - node.start_byte + lead(part)
            yield Bit(unescaped(whole[at:begin].decode()), True)
            yield Bit("", True, part)
            at = part.end_byte - node.start_byte
    yield Bit(unescaped(whole[at : len(whole) - 1].decode()), True)


def lead(node: Node) -> int:
    """Blanks that the grammar counts to what stands behind them in a text."""
    text = said(node)
    return len(text) - len(text.lstrip())


def bare(node: Node) -> str:
    """The text of a node without such blanks."""
    return said(node).lstrip()


def unescaped(text: str) -> str:
    return re.sub(r'\\([$`"\\\n])', lambda found: found[1].strip("\n"), text)


def escaped(text: str) -> str:
    """What \\n and its like stand for in $'…', echo -e and printf."""
    def one(found: re.Match[str]) -> str:
        sign = found[1]
        if sign[0] == "x" and len(sign) > 1:
            return chr(int(sign[1:], 16))
        if sign[0] in "01234567":
            return chr(int(sign, 8) % 256)
        return _ESCAPES.get(sign, "\\" + sign)
    return re.sub(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", one, text, flags=re.S)


# --- braces --------------------------------------------------------------------------------------


def braced(word: list[Bit]) -> list[list[Bit]]:
    """a{b,c}d is abd and acd; {1..3} is 1, 2 and 3."""
    signs: list[Bit] = []
    for bit in word:
        if bit.plain and not bit.quoted:
            signs += [Bit(sign) for sign in bit.text]
        else:
            signs.append(bit)
    return [joined_bits(one) for one in _braced(signs)]


def joined_bits(signs: list[Bit]) -> list[Bit]:
    made: list[Bit] = []
    for one in signs:
        if made and one.plain and made[-1].plain and not one.quoted and not made[-1].quoted:
            made[-1] = Bit(made[-1].text + one.text)
        else:
            made.append(one)
    return made


def _is(bit: Bit, sign: str) -> bool:
    return bit.plain and not bit.quoted and bit.text == sign


def _braced(signs: list[Bit]) -> list[list[Bit]]:
    for begin, sign in enumerate(signs):
        if not _is(sign, "{") or (begin and _is(signs[begin - 1], "$")):
            continue
        deep, commas, end = 0, [begin], -1
        for at in range(begin, len(signs)):
            deep += _is(signs[at], "{") - _is(signs[at], "}")
            if deep == 1 and _is(signs[at], ","):
                commas.append(at)
            if deep == 0:
                end = at
                break
        if end < 0:
            continue
        inside = signs[begin + 1 : end]
        if len(commas) > 1:
            choices = [signs[a + 1 : b] for a, b in itertools.pairwise([*commas, end])]
            middles = [one for choice in choices for one in _braced(choice)]
        elif (counted := _counted(inside)) is not None:
            middles = [[Bit(sign) for sign in text] for text in counted]
        else:
            continue
        rests = _braced(signs[end + 1 :])
        if len(middles) * len(rests) > MOST:
            raise Unsupported("braces that make more than 5,000 words")
        return [signs[:begin] + middle + rest for middle in middles for rest in rests]
    return [signs]


def _counted(inside: list[Bit]) -> list[str] | None:
    """The numbers or letters of {1..5}, {a..e} and {0..10..2}."""
    text = "".join(one.text for one in inside)
    if any(not one.plain or one.quoted for one in inside):
        return None
    if found := re.fullmatch(r"(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?", text):
        first, last, step = int(found[1]), int(found[2]), abs(int(found[3] or 1)) or 1
        wide = max(len(found[1]), len(found[2])) if re.search(r"(^|\.|-)0\d", text) else 0
        if abs(last - first) // step > MOST:
            raise Unsupported("braces that make more than 5,000 words")
        way = step if last >= first else -step
        return [f"{number:0{wide}d}" for number in range(first, last + (1 if way > 0 else -1), way)]
    if found := re.fullmatch(r"([a-zA-Z])\.\.([a-zA-Z])(?:\.\.(-?\d+))?", text):
        first, last, step = ord(found[1]), ord(found[2]), abs(int(found[3] or 1)) or 1
        way = step if last >= first else -step
        return [chr(code) for code in range(first, last + (1 if way > 0 else -1), way)]
    return None


# --- fields --------------------------------------------------------------------------------------


class Around(Protocol):
    """What words are expanded with: the variables, files and commands of a shell."""

    cwd: str
    name: str
    params: list[str]

    @property
    def separators(self) -> str: ...
    def get(self, name: str) -> str: ...
    def assign(self, name: str, value: str) -> None: ...
    def read(self, name: str) -> str: ...
    def known(self, name: str) -> bool: ...
    def items(self, name: str) -> list[str]: ...
    def indices(self, name: str) -> list[int]: ...
    def matching(self, pattern: str) -> list[str]: ...
    def captured(self, text: str) -> str: ...
    def substituted(self, text: str) -> str: ...


class Expander:
    """Expands words for one shell, whose variables it reads and whose commands it has run."""

    def __init__(self, shell: Around) -> None:
        self.shell = shell

    def words(self, nodes: list[Node]) -> list[str]:
        """The arguments that these nodes become."""
        found: list[str] = []
        for word in spans(nodes):
            for one in braced(list(bits(word))):
                for field in self.fields(one):
                    found += self.named(field)
            if len(found) > MOST:
                raise Unsupported("more than 5,000 words in one line")
        return found

    def single(self, nodes: list[Node], assigned: bool = False) -> str:
        """One text: the value of a variable, what ``case`` looks at. Not cut, and no names of files."""
        return "".join(text for text, _ in self.whole(list(bits(nodes)), assigned))

    def pattern(self, nodes: list[Node]) -> str:
        """A pattern, in which what was quoted stands for itself."""
        return as_pattern(self.whole(list(bits(nodes))))

    def whole(self, word: list[Bit], assigned: bool = False) -> Field:
        made: Field = []
        for at, bit in enumerate(word):
            if bit.plain:
                text = bit.text
                if not bit.quoted and (at == 0 or assigned):
                    text = self._tilde(text, colons=assigned, first=at == 0,
                                       more=at + 1 < len(word))
                made.append((text, bit.quoted))
            else:
                made.append((" ".join(self.put_in(bit)), bit.quoted))
        return made

    def fields(self, word: list[Bit]) -> list[Field]:
        """Cut at the blanks that came out of what was not quoted."""
        done: list[Field] = []
        field: Field | None = None  # the one that is being made
        for at, bit in enumerate(word):
            if bit.plain:
                text = self._tilde(bit.text, first=True, more=at + 1 < len(word)) \
                    if at == 0 and not bit.quoted else bit.text
                if text or bit.quoted:
                    if field is None:
                        field = []
                    field.append((text, bit.quoted))
                continue
            values = self.put_in(bit)
            if bit.quoted:
                if not values and field and all(text == "" for text, _ in field) and self._alone(word):
                    field = None  # "$@" of nothing is nothing
                for index, value in enumerate(values):
                    if index and field is not None:
                        done.append(field)
                        field = None
                    field = [*(field or []), (value, True)]
                continue
            for index, value in enumerate(values):
                if index and field is not None:
                    done.append(field)
                    field = None
                begins, pieces, ends = cut(value, self.shell.separators)
                if begins and field is not None:
                    done.append(field)
                    field = None
                for number, piece in enumerate(pieces):
                    if number and field is not None:
                        done.append(field)
                        field = None
                    field = [*(field or []), (piece, False)]
                if ends and pieces and field is not None:
                    done.append(field)
                    field = None
        if field is not None:
            done.append(field)
        return done

    def _alone(self, word: list[Bit]) -> bool:
        """Whether a word is "$@" or "${a[@]}" and nothing else."""
        return sum(not bit.plain for bit in word) == 1 and not any(bit.text for bit in word)

    def _tilde(self, text: str, *, colons: bool = False, first: bool = True, more: bool = False) -> str:
        def one(part: str, last: bool) -> str:
            name, slash, rest = part.partition("/")
            if more and last and not slash:
                return part
            home = {"~": self.shell.get("HOME") or HOME, f"~{USER}": HOME, "~+": self.shell.cwd,
                    "~root": "/root"}.get(name)
            return part if home is None else home + slash + rest
        if not colons:
            return one(text, True) if text.startswith("~") else text
        pieces = text.split(":")
        return ":".join(one(piece, at == len(pieces) - 1) if piece.startswith("~") and (at or first)
                        else piece for at, piece in enumerate(pieces))

    def named(self, field: Field) -> list[str]:
        """The files that a field names, if it is a pattern that some file fits; else its text."""
        text = "".join(piece for piece, _ in field)
        if any(not quoted and any(sign in piece for sign in GLOBS) for piece, quoted in field):
            found = self.shell.matching(as_pattern(field))
            if found:
                return found
        return [text]

    # --- what stands for something else

    def put_in(self, bit: Bit) -> list[str]:
        """The texts that take the place of a bit."""
        if bit.node is not None:
            return self.values(bit.node, bit.quoted)
        return self._variable(bit.name, bit.quoted)

    def _variable(self, name: str, quoted: bool) -> list[str]:
        if name in ("@", "*"):
            return self._all(self.shell.params, name, quoted)
        if name.isdigit() and len(name) > 1:  # $10 is $1 and a 0
            return [self.shell.read(name[0]) + name[1:]]
        return [self.shell.read(name)]

    def values(self, node: Node, quoted: bool) -> list[str]:
        """The texts that take the place of a $ or of backquotes: one, but for $@ and arrays."""
        match node.type:
            case "command_substitution":
                text = bare(node)
                if text.startswith("$((") and text.endswith("))"):
                    return [str(self.number(text[3:-2]))]
                return [self._command(node)]
            case "arithmetic_expansion":
                return [str(self._arithmetic(node))]
            case "process_substitution":
                return [self.shell.substituted(bare(node))]
            case "simple_expansion":
                return self._variable(bare(node)[1:], quoted)
        return self._braces(node, quoted)

    def _all(self, items: list[str], sign: str, quoted: bool) -> list[str]:
        if quoted and sign == "*":
            return [self.shell.separators[:1].join(items)]
        return list(items)

    def _command(self, node: Node) -> str:
        text = bare(node)
        if text.startswith("`"):
            inside = re.sub(r"\\([$`\\])", r"\1", text[1:-1])
        elif re.fullmatch(r"\$\(\s*<\s*[^\s<>|;&]+\s*\)", text):  # $(< file)
            return self.shell.captured("cat " + text[2:-1]).rstrip("\n")
        else:
            inside = text[2:-1]
        return self.shell.captured(inside).rstrip("\n")

    def _arithmetic(self, node: Node) -> int:
        short = bare(node).startswith("$[")
        return self.counted(node, lead(node) + (2 if short else 3), 1 if short else 2)

    def counted(self, node: Node, before: int, after: int) -> int:
        """The value of what stands in a node between its first and last signs."""
        return evaluate(self.inline(node, before, after), self.shell)

    def inline(self, node: Node, before: int, after: int) -> str:
        """The text of a node but for its first and last signs, with what is to be put in put in."""
        whole, at, made = node.text or b"", before, []
        for part in outermost(node):
            made.append(whole[at : part.start_byte - node.start_byte + lead(part)].decode())
            made += self.values(part, True)
            at = part.end_byte - node.start_byte
        made.append(whole[at : len(whole) - after].decode())
        return "".join(made).replace('"', "")

    def number(self, inside: str) -> int:
        """The value of an arithmetic expression, in which $ is replaced first."""
        return evaluate(self.in_text(inside), self.shell)

    def in_text(self, text: str) -> str:
        """A text with its $ and backquotes replaced, as in double quotes."""
        if not re.search(r"[$`\\]", text):
            return text
        quoted = re.sub(r'\\(?![$`\\\n])', r'\\\\', text).replace('"', '\\"')
        try:
            root = parsed(f'_ "{quoted}"')
        except BadSyntax as error:
            raise BadWord(f"unexpected end of file while looking for the end of `{text.strip()}'") from error
        return self.single([one for one in root.children[0].children if one.type != "command_name"])

    def here(self, node: Node) -> str:
        """The text of a here-document, with what is to be replaced in it."""
        whole, at, made = node.text or b"", 0, []
        for part in node.children:
            if part.type in EXPANDED:
                made.append(self._plain_here(whole[at : part.start_byte - node.start_byte + lead(part)]))
                made += self.values(part, True)
                at = part.end_byte - node.start_byte
        return "".join([*made, self._plain_here(whole[at:])])

    def _plain_here(self, part: bytes) -> str:
        text = part.decode()
        return self.in_text(text) if re.search(r"(?<!\\)[`$]", text) else unescaped_here(text)

    def _braces(self, node: Node, quoted: bool) -> list[str]:
        """${…} in all its forms."""
        text = bare(node)[2:-1]
        form = re.match(r"(#|!)?([A-Za-z_]\w*|[0-9]+|[@*#?$!-])(\[[^]]*\])?", text)
        if text == "#":
            return [str(len(self.shell.params))]
        if form is None:
            raise BadWord(f"{bare(node)}: bad substitution")
        before, name, index = form[1], form[2], form[3]
        rest = text[form.end():]
        items = self._items(name, index)
        if before == "#":
            if rest:
                raise BadWord(f"{bare(node)}: bad substitution")
            return [str(len(items) if items is not None else len(self._value(name, index)))]
        if before == "!":
            if index in ("[@]", "[*]") and not rest:
                return [str(one) for one in self.shell.indices(name)]
            if rest or index:
                raise Unsupported("${!" + name + "…}")
            return [self.shell.read(self.shell.read(name))]
        after = [one for one in node.children if one.start_byte >= node.start_byte + lead(node) + 2
                 + len(text[: form.end()].encode()) and one.type != "}"]
        if items is not None:
            if not rest:
                return self._all(items, (index or f"[{name}]")[1], quoted)
            if rest[0] == ":" and rest[1:2] not in "-=+?":
                start, length = self._slice(rest[1:])
                source = [self.shell.name, *items] if name in ("@", "*") else items
                return self._all(sliced_list(source, start, length), (index or f"[{name}]")[1], quoted)
            if rest[0] in "#%/^,":
                return self._all([self._changed(name, one, rest, after) for one in items],
                                 (index or f"[{name}]")[1], quoted)
        if rest[:2] in (":-", ":=", ":+", ":?") or rest[:1] in ("-", "=", "+", "?"):
            return self._default(name, index, rest, after, items)
        value = self._value(name, index)
        if not rest:
            return [value]
        return [self._changed(name, value, rest, after)]

    def _items(self, name: str, index: str | None) -> list[str] | None:
        """All of @, * or of an array that is asked for whole."""
        if name in ("@", "*"):
            return self.shell.params
        return self.shell.items(name) if index in ("[@]", "[*]") else None

    def _value(self, name: str, index: str | None) -> str:
        if index is None:
            return self.shell.read(name)
        return self.shell.get(f"{name}[{self.number(index[1:-1])}]")

    def _default(self, name: str, index: str | None, rest: str, after: list[Node],
                 items: list[str] | None) -> list[str]:
        """${x:-word} and its like: what to take where a variable is missing, or empty."""
        colon = rest[0] == ":"
        sign = rest[1] if colon else rest[0]
        known = bool(items) if items is not None else self.shell.known(name if index is None else
                                                                       f"{name}{index}")
        value = " ".join(items) if items is not None else self._value(name, index) if known else ""
        there = known and (bool(value) or not colon)
        if sign == "+":
            return [self._operand(after)] if there else [""]
        if there:
            return [value]
        operand = self._operand(after)
        if sign == "=":
            self.shell.assign(name, operand)
        elif sign == "?":
            missing = "parameter null or not set" if colon else "parameter not set"
            raise MissingValue(f"{name}: {operand or missing}")
        return [operand]

    def _operand(self, after: list[Node]) -> str:
        """The word behind an operator, with the blanks in it."""
        parts = [one for one in after if one.type not in (":-", ":=", ":+", ":?", "-", "=", "+", "?")]
        made, end = "", parts[0].start_byte if parts else 0
        for one in parts:
            made += " " * (one.start_byte - end) + self.single([one], assigned=True)
            end = one.end_byte
        return made

    def _slice(self, text: str) -> tuple[int, int | None]:
        start, colon, length = text.partition(":")
        return self.number(start), self.number(length) if colon else None

    def _changed(self, name: str, value: str, rest: str, after: list[Node]) -> str:
        """Parts cut off or replaced, or other letters."""
        if rest[0] == ":":
            return sliced(value, *self._slice(rest[1:]))
        signs = ("##", "%%", "//", "/#", "/%", "^^", ",,", "#", "%", "/", "^", ",", "@")
        sign = next((one for one in signs if rest.startswith(one)), "")
        if not sign:
            raise BadWord(f"${{{name}{rest}}}: bad substitution")
        if sign == "@":
            raise Unsupported("${x@…}")
        if sign in ("^^", ",,", "^", ","):
            change = str.upper if sign[0] == "^" else str.lower
            return change(value) if len(sign) == 2 else change(value[:1]) + value[1:]
        if sign[0] in "#%":
            parts = after[1:] if after and bare(after[0]) == sign else after
            gap = rest[len(sign) :]
            blanks = gap[: len(gap) - len(gap.lstrip())]  # which the grammar leaves out
            pattern = self.pattern(parts)
            return stripped(value, pattern if blanks and pattern.startswith(blanks) else blanks + pattern,
                            sign)
        escaped_slash = re.fullmatch(r"([^$`'\"]*\\/[^$`'\"]*?)(?<!\\)(/[^$`'\"]*)?", rest[len(sign) :], re.S)
        if escaped_slash:  # the grammar ends the pattern at such a slash
            pattern = as_pattern([(bit.text, bit.quoted) for bit in _bare(escaped_slash[1])])
            return replaced(value, pattern, "".join(bit.text for bit in _bare((escaped_slash[2] or "/")[1:])),
                            sign)
        before = [one for one in after if one.start_byte >= after[0].start_byte + len(sign)]
        cuts = [at for at, one in enumerate(before) if said(one) == "/" and not one.is_named]
        end = cuts[0] if cuts else len(before)
        pattern, new = self.pattern(before[:end]), self.single(before[end + 1 :])
        return replaced(value, pattern, new, sign)


def outermost(node: Node) -> Iterator[Node]:
    """What is to be put in, wherever it stands below a node."""
    for part in node.children:
        if part.type in EXPANDED:
            yield part
        else:
            yield from outermost(part)


def unescaped_here(text: str) -> str:
    return re.sub(r"\\([$`\\\n])", lambda found: found[1].strip("\n"), text)


def kinds_of(separators: str) -> tuple[str, str]:
    """Those of the separators that are blanks, and the others."""
    return ("".join(sign for sign in separators if sign in " \t\n"),
            "".join(sign for sign in separators if sign not in " \t\n"))


def cut(value: str, separators: str) -> tuple[bool, list[str], bool]:
    """A text cut at its blanks: whether it begins with some, the pieces, whether it ends with some."""
    if not separators:
        return False, [value] if value else [], False
    blank, others = kinds_of(separators)
    inner = value.strip(blank) if blank else value
    begins = bool(value) and bool(blank) and value[0] in blank
    ends = bool(value) and bool(blank) and value[-1] in blank
    if not inner:
        return begins, [], ends
    if not others:
        return begins, inner.split() if set(blank) == set(" \t\n") else \
            [one for one in re.split(f"[{re.escape(blank)}]+", inner) if one], ends
    gap = f"[{re.escape(blank)}]*" if blank else ""
    pieces = re.split(f"{gap}[{re.escape(others)}]{gap}" + (f"|[{re.escape(blank)}]+" if blank else ""),
                      inner)
    if pieces and pieces[-1] == "":
        return begins, pieces[:-1], True
    return begins, pieces, ends


# --- patterns ------------------------------------------------------------------------------------


def as_pattern(field: Field) -> str:
    """A pattern in which what was quoted has a backslash before it."""
    return "".join(re.sub(r"([*?\[\]\\])", r"\\\1", text) if quoted else text for text, quoted in field)


@lru_cache(maxsize=500)
def expression(pattern: str, greedy: bool = True) -> str:
    """A pattern of the shell as a regular expression."""
    made, at = [], 0
    while at < len(pattern):
        sign = pattern[at]
        at += 1
        if sign == "\\" and at < len(pattern):
            made.append(re.escape(pattern[at]))
            at += 1
        elif sign == "*":
            while pattern[at : at + 1] == "*":
                at += 1
            made.append(".*" if greedy else ".*?")
        elif sign == "?":
            made.append(".")
        elif sign == "[" and (end := pattern.find("]", at + 1 + (pattern[at : at + 1] in ("!", "^")))) > 0:
            while pattern[at:end].count("[:") > pattern[at:end].count(":]") \
                    and (later := pattern.find("]", end + 1)) > 0:
                end = later
            made.append(char_class(pattern[at:end]))
            at = end + 1
        else:
            made.append(re.escape(sign))
    return "".join(made)


_CLASSES = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z",
            "space": r"\s", "punct": r"!-/:-@\[-`{-~", "blank": r" \t", "xdigit": "0-9a-fA-F"}


def char_class(inside: str) -> str:
    """What stands in square brackets, as Python's ``re`` reads it."""
    turned = inside[:1] in ("!", "^")
    body = inside[1:] if turned else inside
    body = re.sub(r"\\(.)", r"\1", body) if "[:" not in body else body
    body = body.replace("\\", "\\\\").replace("^", "\\^")
    body = re.sub(r"\[:(\w+):\]", lambda found: _CLASSES.get(found[1], ""), body)
    if not any(name in body for name in (r"\s", r"\[")):
        body = body.replace("[", r"\[")
    body = body.replace("]", r"\]") if not body.endswith(r"\]") and r"\[-`" not in body else body
    found = f"[{'^' if turned else ''}{body}]"
    try:
        re.compile(found)
    except re.error:
        return "(?!)"  # such as [z-a]: nothing fits
    return found


def fits(text: str, pattern: str) -> bool:
    return re.fullmatch(expression(pattern), text, flags=re.S) is not None


def stripped(value: str, pattern: str, sign: str) -> str:
    """${x#p} and ${x%p}: the shortest part that fits cut off, or the longest where the sign is double."""
    if sign[0] == "#":
        found = re.match(expression(pattern, greedy=len(sign) == 2), value, flags=re.S)
        return value if found is None else value[found.end():]
    before = "(.*)" if len(sign) == 1 else "(.*?)"
    found = re.match(rf"{before}(?:{expression(pattern)})\Z", value, flags=re.S)
    return value if found is None else found[1]


def replaced(value: str, pattern: str, new: str, sign: str) -> str:
    found = expression(pattern)
    if not pattern:
        return value
    if sign == "/#":
        return re.sub(r"\A" + found, lambda _: new, value, count=1, flags=re.S)
    if sign == "/%":
        return re.sub(found + r"\Z", lambda _: new, value, count=1, flags=re.S)
    made = re.sub(found, lambda _: new, value, count=0 if sign == "//" else 1, flags=re.S)
    if len(made) > LARGEST:
        raise Unsupported("a text of more than 400,000 characters")
    return made


def sliced(value: str, start: int, length: int | None) -> str:
    begin = start if start >= 0 else len(value) + start
    if begin < 0 or begin > len(value):
        return ""
    if length is None:
        return value[begin:]
    end = begin + length if length >= 0 else len(value) + length
    if end < begin:
        raise BadWord(f"{length}: substring expression < 0")
    return value[begin:end]


def sliced_list(items: list[str], start: int, length: int | None) -> list[str]:
    begin = start if start >= 0 else len(items) + start
    if begin < 0:
        return []
    return items[begin:] if length is None else items[begin : begin + length]

