"""Options as GNU's programs take them: -la, -n 3, -n3, --lines=3, in any place before --."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from visualizers.l1_basics.linux.shell import Shell
from visualizers.l1_basics.linux.words import Unsupported, Usage


@dataclass
class Options:
    """What was asked for. ``"l" in found`` tells a flag."""

    flags: list[str] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    rest: list[str] = field(default_factory=list)

    def __contains__(self, flag: str) -> bool:
        return flag in self.flags

    def has(self, name: str) -> bool:
        return name in self.values

    def value(self, name: str, default: str) -> str:
        return self.values.get(name, [default])[-1]


def options(name: str, args: list[str], flags: str = "", valued: str = "",
            long: Mapping[str, str] | None = None) -> Options:
    """Read the options of a command. One that this shell does not have is named."""
    found = Options()
    known = long or {}
    if "--help" in args:
        raise Usage(" ".join(filter(None, (
            name, f"[-{flags}]" if flags else "", *(f"[-{one} …]" for one in valued if one.isalpha()),
            *(f"[--{one}]" for one in known)))))
    todo = list(args)
    while todo:
        one = todo.pop(0)
        if one == "--":
            found.rest += todo
            break
        if one.startswith("--"):
            word, equals, value = one[2:].partition("=")
            if word not in known:
                raise Unsupported(f"{name} --{word}")
            letter = known[word]
            if letter and letter in valued:
                if not equals and not todo:
                    raise Unsupported(f"{name} --{word}")
                found.values.setdefault(letter, []).append(value if equals else todo.pop(0))
            else:
                found.flags.append(letter)
        elif one.startswith("-") and len(one) > 1:
            letters = one[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                if letter in valued:
                    if not letters and not todo:
                        raise Unsupported(f"{name} -{letter} without a value")
                    found.values.setdefault(letter, []).append(letters or todo.pop(0))
                    break
                if letter not in flags:
                    raise Unsupported(f"{name} -{letter}")
                found.flags.append(letter)
        else:
            found.rest.append(one)
    return found


def hint(sh: Shell, name: str, message: str, status: int = 1) -> int:
    """A mistake in how a program was called, as GNU's programs tell it."""
    sh.err(f"{name}: {message}\nTry '{name} --help' for more information.")
    return status
