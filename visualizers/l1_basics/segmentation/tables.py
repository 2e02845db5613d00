"""What was counted: a dictionary of words with their frequencies, and the tables of two Markov models.

Both are read from the files of the package jieba (MIT); nothing of its code is used. The dictionary has
a word, how often it stood in the texts counted, and a part of speech on each line.
"""

from __future__ import annotations

import importlib.util
import io
import pickle
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Dictionary:
    """All words.

    Attributes:
        at: word → its line.
        counts: (V,) of each line.
        tags: the part of speech of each line.
        longest: characters of the longest word.
    """

    at: Mapping[str, int]
    counts: NDArray[np.int64]
    tags: tuple[str, ...]
    longest: int

    def tag(self, word: str) -> str:
        """Its part of speech; ``x`` of what is no word."""
        return self.tags[self.at[word]] if word in self.at else "x"


@dataclass(frozen=True)
class Markov:
    """Logarithms of the probabilities of a hidden Markov model.

    Attributes:
        start: of each state at the first sign.
        trans: from state to state.
        emit: of each sign in each state.
        states: sign → the states in which it was seen, where that is known.
    """

    start: Mapping[Any, float]
    trans: Mapping[Any, Mapping[Any, float]]
    emit: Mapping[Any, Mapping[str, float]]
    states: Mapping[str, tuple[Any, ...]]


_dictionary: list[Dictionary] = []  # it never changes, and is read once in a process


def dictionary(progress: Progress) -> Dictionary:
    """The dictionary, 349,046 lines."""
    if not _dictionary:
        what = "Reading the dictionary"
        progress(0, 4, what)
        parts = (_folder() / "dict.txt").read_text("utf-8").split()
        progress(1, 4, what)
        words, counts, tags = parts[0::3], parts[1::3], parts[2::3]
        at = dict(zip(words, range(len(words)), strict=True))
        progress(2, 4, what)
        numbers = np.array([int(one) for one in counts], np.int64)
        progress(3, 4, what)
        _dictionary.append(Dictionary(at, numbers, tuple(tags), max(map(len, at))))
    return _dictionary[0]


@lru_cache(maxsize=4)
def counted(share: float, seed: int) -> NDArray[np.int64]:
    """How often each word would have stood in a part of the texts that chance chose, (V,)."""
    whole = dictionary(lambda _done, _total, _what: None).counts
    if share >= 1:
        return whole
    order, made = np.argsort(whole, kind="stable"), np.empty_like(whole)
    made[order] = np.random.default_rng(seed).binomial(whole[order], share)  # equal ones are drawn faster
    return made


@lru_cache(maxsize=1)
def characters() -> Markov:
    """Of a character's place in its word: B begins one, M is within, E ends it, S is one alone."""
    return _markov("finalseg", {})


@lru_cache(maxsize=1)
def tagged_characters() -> Markov:
    """Of a character's place in its word and that word's part of speech at once."""
    return _markov("posseg", _read("posseg/char_state_tab.p"))


class Counts:
    """How often each word was counted, with the user's changes.

    Attributes:
        changes: word → frequency, for words whose frequency is not the dictionary's; 0 takes one out.
        total: of all words.
    """

    def __init__(self, book: Dictionary, counts: NDArray[np.int64], changes: Mapping[str, int]) -> None:
        self.book, self.counts, self.changes = book, counts, dict(changes)
        self.total = int(counts.sum()) + sum(new - self._first(word) for word, new in changes.items())
        self.longest = max([book.longest, *map(len, changes)])

    def _first(self, word: str) -> int:
        return int(self.counts[self.book.at[word]]) if word in self.book.at else 0

    def of(self, word: str) -> int:
        return self.changes[word] if word in self.changes else self._first(word)

    @property
    def words(self) -> int:
        """How many words were counted at least once."""
        return int(np.count_nonzero(self.counts))


def own_words(text: str) -> dict[str, int]:
    """A user dictionary: a word on each line and its frequency; −1 where none is given."""
    found: dict[str, int] = {}
    for line in re.split(r"[\n;；,，]", text)[:50]:
        parts = line.split()
        if parts:
            number = parts[1] if len(parts) > 1 else ""
            found[parts[0][:16]] = min(int(number), 10**9) if re.fullmatch(r"[0-9]{1,12}", number) else -1
    return found


class _Plain(pickle.Unpickler):
    """Opens what holds numbers, texts and dictionaries, and nothing that could run."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"{module}.{name} is refused")


def _markov(folder: str, states: Mapping[str, tuple[Any, ...]]) -> Markov:
    return Markov(start=_read(f"{folder}/prob_start.p"), trans=_read(f"{folder}/prob_trans.p"),
                  emit=_read(f"{folder}/prob_emit.p"), states=states)


def _read(name: str) -> Any:
    return _Plain(io.BytesIO((_folder() / name).read_bytes())).load()


def _folder() -> Path:
    found = importlib.util.find_spec("jieba")
    assert found is not None and found.origin is not None, "it is among the dependencies"
    return Path(found.origin).parent
