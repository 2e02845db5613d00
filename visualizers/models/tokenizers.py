"""From text to numbers and back: characters, whole words, and byte-pair encoding learnt on the spot.

    tokens = BytePairs.learn(text, 1000)
    ids = tokens.encode("A class is")          # [33, 471, 270]
    tokens.pieces(ids)                         # ("A", " class", " is")
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np
import tokenizers
from numpy.typing import NDArray
from tokenizers import decoders, models, pre_tokenizers, trainers

from visualizers.refusal import Refusal

Ids = Sequence[int] | NDArray[np.int64]
UNKNOWN = "\ufffd"  # what is shown for a character that was never seen in training


HELD_OUT = 0.05  # of a text


def too_short(title: str, has: int, lacks: int, tokens: bool = False) -> Refusal:
    """The refusal of a text of which ``HELD_OUT`` is too little.

    Args:
        has: characters of the text, or ``tokens``.
        lacks: how many more its held-out part would need.
    """
    enough = has + math.ceil(lacks / HELD_OUT)
    if tokens:
        return Refusal("{title} is too short to learn from: it has {count} tokens, and {enough} are enough. "
                       "Choose a longer text.", title=title, count=has, enough=enough)
    return Refusal("{title} is too short to learn from: it has {count} characters, and {enough} are enough. "
                   "Choose a longer text.", title=title, count=has, enough=enough)


def split(text: str, share: float = HELD_OUT) -> tuple[str, str]:
    """A text as (what is learnt, what is held out): its end is held out, from a line's beginning."""
    cut = round(len(text) * (1 - share))
    cut = text.rfind("\n", cut // 2, cut) + 1 or cut
    return text[:cut], text[cut:]


class Tokens(Protocol):
    """A vocabulary and the way a text is cut into it."""

    @property
    def size(self) -> int:
        """V, the number of tokens; ids are 0 … V - 1."""
        ...

    def encode(self, text: str) -> NDArray[np.int64]:
        """The ids of a text, (T,). Any text can be encoded."""
        ...

    def decode(self, ids: Ids) -> str:
        """The text of some ids."""
        ...

    def pieces(self, ids: Ids) -> tuple[str, ...]:
        """Each id's own text, for display. Half a character is shown as the unknown sign."""
        ...


class Characters:
    """One token a character; token 0 stands for every character that has none of its own."""

    def __init__(self, alphabet: Sequence[str]) -> None:
        self.alphabet = (UNKNOWN, *alphabet)
        self._ids = {one: index for index, one in enumerate(self.alphabet)}

    @classmethod
    def learn(cls, text: str, most: int = 2000) -> Characters:
        """The ``most`` most frequent characters of ``text``, in the order of their code points."""
        counted = Counter(text)
        counted.pop(UNKNOWN, None)
        frequent = sorted(counted, key=lambda one: (-counted[one], one))[:most]
        return cls(sorted(frequent))

    @property
    def size(self) -> int:
        return len(self.alphabet)

    @cached_property
    def _table(self) -> NDArray[np.int64]:
        """The id of each code point up to one past the last that has one."""
        table = np.zeros(max(map(ord, self.alphabet)) + 2, np.int64)
        for one, index in self._ids.items():
            table[ord(one)] = index
        return table

    def encode(self, text: str) -> NDArray[np.int64]:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
        ids: NDArray[np.int64] = self._table[np.minimum(codes, len(self._table) - 1)]
        return ids

    def decode(self, ids: Ids) -> str:
        return "".join(self.pieces(ids))

    def pieces(self, ids: Ids) -> tuple[str, ...]:
        return tuple(self.alphabet[one] for one in ids)


class Words(Characters):
    """One token a word, with the space before it, or a sign, or a run of spaces; 0 for all others.

    The pieces of a text put together are the text again, as far as they are known.
    """

    _PIECE = re.compile(r" ?[^\W\d_]+|\d|\n| +|[^\S\n ]|[^\w\s]|_")

    @classmethod
    def learn(cls, text: str, most: int = 1000) -> Words:
        """The ``most`` most frequent words and signs of ``text``."""
        counted = Counter(cls._PIECE.findall(text))
        counted.pop(UNKNOWN, None)
        return cls(sorted(counted, key=lambda one: (-counted[one], one))[:most])

    def cut(self, text: str) -> list[str]:
        """A text in pieces, known or not."""
        return self._PIECE.findall(text)

    def encode(self, text: str) -> NDArray[np.int64]:
        found = self.cut(text)
        return np.fromiter((self._ids.get(one, 0) for one in found), np.int64, len(found))


class BytePairs:
    """Byte-pair encoding (Sennrich et al. 2016) on bytes, as in GPT-2: no text is unknown.

    It begins with the 256 bytes and joins the most frequent pair of neighbours into a new token,
    again and again, until there are as many tokens as asked for.
    """

    def __init__(self, definition: str) -> None:
        """``definition`` is the JSON text of a Hugging Face tokenizer, what ``definition`` gives."""
        self._tokenizer = tokenizers.Tokenizer.from_str(definition)

    @classmethod
    def learn(cls, text: str, size: int = 1000) -> BytePairs:
        """``size`` tokens (at least the 256 bytes) from ``text``; the same text gives the same."""
        tokenizer = tokenizers.Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=max(256, size), show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
        tokenizer.train_from_iterator(text.splitlines(keepends=True), trainer)
        return cls(tokenizer.to_str())

    @property
    def definition(self) -> str:
        """All of it as JSON, to be kept beside weights."""
        return json.dumps(json.loads(self._tokenizer.to_str()), separators=(",", ":"))

    @property
    def size(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def encode(self, text: str) -> NDArray[np.int64]:
        lines = self._tokenizer.encode_batch(text.splitlines(keepends=True))
        return np.array([one for line in lines for one in line.ids], np.int64)

    def decode(self, ids: Ids) -> str:
        return str(self._tokenizer.decode([int(one) for one in ids]))

    def pieces(self, ids: Ids) -> tuple[str, ...]:
        return tuple(self.decode([int(one)]) for one in ids)


def _byte_signs() -> dict[int, str]:
    """The printable sign that byte-level tokenizers write for each byte (as in GPT-2)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [one for one in range(256) if one not in plain]
    return {one: chr(one) for one in plain} | {one: chr(256 + i) for i, one in enumerate(rest)}


BYTE_SIGNS = _byte_signs()
BYTES = {sign: byte for byte, sign in BYTE_SIGNS.items()}


def byte_text(signs: str) -> str:
    """What some bytes say, which are given by their signs; half a character is shown as its bytes.

    Other characters than signs of bytes stay as they are.
    """
    parts = re.split(f"([{re.escape(''.join(BYTES))}]+)", signs)
    for at in range(1, len(parts), 2):
        found = bytes(BYTES[one] for one in parts[at])
        try:
            parts[at] = found.decode()
        except UnicodeDecodeError:
            parts[at] = f"‹{found.hex()}›"
    return "".join(parts)


@lru_cache(maxsize=32_768)
def cut(text: str, language: str = "en") -> tuple[str, ...]:
    """The words and signs of a text, small; of Chinese each character, and Latin words whole.

    "isn't" becomes "is" and "n't", so that every negation looks alike (Kim 2014 does the same).
    The same texts are cut to count their words, to number them, and at every restart.
    """
    text = re.sub(r"n['’]t\b", " n't", text.lower())
    if language == "zh":
        found = re.findall(r"[a-z0-9]+|\w|[^\w\s]", text)
    else:
        found = re.findall(r"n't|\w+(?:['’](?!t\b)\w+)?|[^\w\s]", text)
    return tuple(map(sys.intern, found))  # each word is kept once, whatever texts it is in


class Vocabulary:
    """Whole words by number: 0 fills up what is shorter, 1 stands for every word that has none."""

    PAD, OTHER = 0, 1

    def __init__(self, words: Sequence[str], language: str = "en") -> None:
        """``words`` are the entries after the first two, from id 2 on."""
        self.words = ("·", UNKNOWN, *words)
        self.language = language
        self._ids = {one: index for index, one in enumerate(self.words) if index > self.OTHER}

    @classmethod
    def learn(cls, texts: Iterable[str], language: str = "en", most: int = 5000,
              at_least: int = 1) -> Vocabulary:
        """The ``most`` most frequent words that are there ``at_least`` that often, those first."""
        counted = Counter(word for text in texts for word in cut(text, language))
        frequent = sorted(counted, key=lambda one: (-counted[one], one))[:most]
        return cls([one for one in frequent if counted[one] >= at_least], language)

    @property
    def size(self) -> int:
        """V; ids are 0 … V - 1."""
        return len(self.words)

    def encode(self, text: str) -> NDArray[np.int64]:
        """The ids of one text, (T,)."""
        return np.array([self._ids.get(one, self.OTHER) for one in cut(text, self.language)],
                        np.int64)

    def encode_all(self, texts: Sequence[str], length: int) -> NDArray[np.int64]:
        """The ids of N texts, (N, length): cut off or filled up with 0 at the end."""
        ids = np.zeros((len(texts), length), np.int64)
        for row, text in zip(ids, texts, strict=True):
            found = self.encode(text)[:length]
            row[: len(found)] = found
        return ids

    def pieces(self, ids: Ids) -> tuple[str, ...]:
        """Each id's word."""
        return tuple(self.words[one] for one in ids)
