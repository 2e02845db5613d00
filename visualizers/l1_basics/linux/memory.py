"""What a shell remembers: variables, arrays, arguments, and which of them are exported or local."""

from __future__ import annotations

import re
from collections.abc import Mapping

from visualizers.l1_basics.linux.session import Session
from visualizers.l1_basics.linux.streams import Stop, bounded
from visualizers.l1_basics.linux.words import BadWord, Expander

Value = str | dict[int, str]  # a text, or an array: place → text


class Memory:
    """The variables of a shell."""

    session: Session
    expand: Expander
    vars: dict[str, Value]
    exported: set[str]
    readonly: set[str]
    functions: dict[str, str]
    options: set[str]
    params: list[str]
    saved: list[dict[str, Value | None]]  # what the local variables of running functions hide
    name: str
    last_job: str
    status: int
    line: int
    calls: int

    def out(self, text: str) -> None:
        raise NotImplementedError

    def complain(self, text: str) -> None:
        raise NotImplementedError

    @property
    def separators(self) -> str:
        found = self.vars.get("IFS", " \t\n")
        return found if isinstance(found, str) else " \t\n"

    def get(self, name: str) -> str:
        """The value of a variable or of a place in an array; nothing where there is none."""
        place = re.fullmatch(r"(\w+)\[(.*)\]", name, flags=re.S)
        value = self.vars.get(place[1] if place else name, "")
        if place:
            index = self.expand.number(place[2])
            if isinstance(value, str):
                return value if index == 0 else ""
            return value.get(index if index >= 0 else max(value, default=-1) + 1 + index, "")
        return value.get(0, "") if isinstance(value, dict) else value

    def read(self, name: str) -> str:
        """What $name stands for, special ones among them."""
        match name:
            case "?":
                return str(self.status)
            case "#":
                return str(len(self.params))
            case "$":
                return str(self.session.pid)
            case "!":
                return self.last_job
            case "-":
                return "hB" + "".join(sorted(one for one in self.options if len(one) == 1))
            case "0":
                return self.name
            case "_":
                return ""
            case "RANDOM":
                return str(self.session.random(32768))
            case "SECONDS":
                return str(self.session.world.now)
            case "LINENO":
                return str(max(self.line, 1))
        if name.isdigit():
            at = int(name)
            known = 0 < at <= len(self.params)
        else:
            known = name in self.vars
        if not known and "u" in self.options:
            raise BadWord(f"{name}: unbound variable" if not name.isdigit() else f"${name}: unbound variable")
        if name.isdigit():
            return self.params[int(name) - 1] if known else ""
        return self.get(name)

    def known(self, name: str) -> bool:
        if name.isdigit():
            return int(name) <= len(self.params)
        if "[" in name:
            return bool(self.get(name))
        return name in self.vars or name in ("?", "#", "$", "0", "RANDOM", "SECONDS")

    def items(self, name: str) -> list[str]:
        value = self.vars.get(name, {})
        return [value] if isinstance(value, str) else [value[index] for index in sorted(value)]

    def indices(self, name: str) -> list[int]:
        value = self.vars.get(name, {})
        return [0] if isinstance(value, str) else sorted(value)

    def assign(self, name: str, value: str, *, more: bool = False) -> None:
        place = re.fullmatch(r"(\w+)\[(.*)\]", name, flags=re.S)
        base = place[1] if place else name
        if base in self.readonly:
            raise BadWord(f"{base}: readonly variable")
        if more:
            value = self.get(name) + value
        bounded(len(value))
        old = self.vars.get(base)
        if place or isinstance(old, dict):
            array = old if isinstance(old, dict) else {} if old is None else {0: old}
            index = self.expand.number(place[2]) if place else 0
            array[index if index >= 0 else max(array, default=-1) + 1 + index] = value
            self.vars[base] = array
        else:
            self.vars[name] = value
        if "a" in self.options:
            self.exported.add(base)

    def hide(self, name: str) -> None:
        """Begin a local variable of a function."""
        if self.saved and name not in self.saved[-1]:
            self.saved[-1][name] = self.vars.pop(name, None)

    def restore(self, old: Mapping[str, Value | None]) -> None:
        """Give variables back the values they had; None is for those that were not there."""
        for name, value in old.items():
            if value is None:
                self.vars.pop(name, None)
            else:
                self.vars[name] = value

    def declare(self, kind: str, words: list[str], names: list[str]) -> int:
        """export, readonly, local and declare, after what they assign."""
        flags = "".join(one[1:] for one in words if one.startswith("-"))
        words = [one for one in words if not one.startswith("-")]
        if kind == "local" and not self.calls:
            self.complain("local: can only be used in a function")
            return 1
        if "A" in flags:
            raise Stop("This shell does not have {what}.", "declare -A")
        if set(flags) & set("inlufF") and not (kind == "export" and flags == "n"):
            raise Stop("This shell does not have {what}.", f"{kind} -{flags}")
        for word in words:
            name, equals, value = word.partition("=")
            if not re.fullmatch(r"[A-Za-z_]\w*", name):
                self.complain(f"{kind}: `{word}': not a valid identifier")
                return 1
            if kind == "local":
                self.hide(name)
            if equals:
                self.assign(name, value)
            elif "a" in flags and name not in self.vars:
                self.vars[name] = {}
            names = [*names, name]
        if kind == "export" or "x" in flags:
            if "n" in flags:
                self.exported -= set(names)
            else:
                self.exported |= set(names)
        if kind == "readonly" or "r" in flags:
            self.readonly |= set(names)
        if "p" in flags or (not names and kind in ("export", "readonly")):
            for name in sorted(names or (self.exported if kind == "export" else self.readonly)):
                if name in self.vars:
                    sign = "x" if name in self.exported else "r" if name in self.readonly else "-"
                    self.out(f'declare -{sign} {name}="{self.get(name)}"\n')
        return 0

    def unset(self, args: list[str]) -> int:
        functions = "-f" in args
        status = 0
        for name in args:
            if name in ("-f", "-v"):
                continue
            place = re.fullmatch(r"(\w+)\[(\d+)\]", name)
            if name in self.readonly:
                self.complain(f"unset: {name}: cannot unset: readonly variable")
                status = 1
            elif place and isinstance(value := self.vars.get(place[1]), dict):
                value.pop(int(place[2]), None)
            elif functions or (name not in self.vars and name in self.functions):
                self.functions.pop(name, None)
            else:
                self.vars.pop(name, None)
                self.exported.discard(name)
        return status
