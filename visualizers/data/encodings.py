"""Which characters the bytes of a file stand for, as far as that can be told from the bytes.

UTF-8 says so itself: hardly anything else happens to be valid UTF-8. What is older is guessed by
charset-normalizer, which decodes the bytes in every way and looks for odd signs and for the letter
frequencies of languages. Where two readings are equally good, both are named, and nobody but the
user can tell.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

from visualizers.refusal import Refusal

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

# What a file can be read as, by Python's names: what its users call it. In order: of two that give the
# same text, and of two that seem equally good, the first is what is usual.
TITLES = {
    "utf_8": "UTF-8", "utf_16": "UTF-16", "utf_16_le": "UTF-16", "utf_16_be": "UTF-16",
    "gb18030": "GB18030", "big5": "Big5", "cp932": "Shift JIS", "euc_jp": "EUC-JP", "cp949": "EUC-KR",
    "cp1252": "Windows-1252", "cp1251": "Windows-1251", "koi8_r": "KOI8-R", "cp1250": "Windows-1250",
    "iso8859_2": "ISO 8859-2", "cp1253": "Windows-1253", "cp1254": "Windows-1254",
    "cp1255": "Windows-1255", "cp1256": "Windows-1256", "cp1257": "Windows-1257", "cp874": "Windows-874",
    "iso8859_5": "ISO 8859-5", "cp866": "DOS 866", "mac_roman": "Mac Roman",
}
ORDER = tuple(TITLES)
SAMPLE = 1 << 18  # bytes that are looked at
CLEAR = 0.1  # what a reading must be better by to be the only one
EQUAL = 0.06  # what is nearer to the best than this is as good
MANY = 4  # readings to choose from


@dataclass(frozen=True)
class Reading:
    """One way to read the bytes: a key of ``TITLES`` and what they are then."""

    encoding: str
    text: str

    @property
    def title(self) -> str:
        return TITLES[self.encoding]


def readings(data: bytes, name: str) -> tuple[Reading, ...]:
    """What the bytes can be, the best first; more than one where nothing in them decides.

    Raises:
        Refusal: they are no text.
    """
    for mark, encoding in ((codecs.BOM_UTF8, "utf_8"), (codecs.BOM_UTF16_LE, "utf_16"),
                           (codecs.BOM_UTF16_BE, "utf_16")):
        if data.startswith(mark):
            return _only(data, encoding, name)
    if b"\0" in data[:4096]:
        return _only(data, _wide(data, name), name)
    if (found := decoded(data, "utf_8")) is not None:
        return _checked((Reading("utf_8", found),), name)
    return _checked(_guessed(data), name)


def beginning(data: bytes) -> bytes:
    """The first part of a long file, up to the end of a line so that no character is cut."""
    head = data[:SAMPLE]
    if len(data) <= SAMPLE or b"\0" in head[:4096]:  # UTF-16 has two bytes a character
        return head
    return head[:head.rfind(b"\n") + 1] or head


def decoded(data: bytes, encoding: str) -> str | None:
    """The bytes as text, without a mark at their beginning; nothing where they are not of it."""
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None


def _only(data: bytes, encoding: str, name: str) -> tuple[Reading, ...]:
    found = decoded(data, encoding)
    return _checked(() if found is None else (Reading(encoding, found),), name)


def _wide(data: bytes, name: str) -> str:
    """Text in UTF-16 has its zero bytes on one side of each pair only. Raises ``Refusal``."""
    head = data[: min(len(data), 4096) // 2 * 2]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) < 0.02 * len(head) or max(even, odd) <= 20 * min(even, odd):
        raise _no_text(name)
    return "utf_16_le" if odd > even else "utf_16_be"


def _guessed(data: bytes) -> tuple[Reading, ...]:
    from charset_normalizer import from_bytes  # 30 ms, for the rare file that is not UTF-8

    matches = from_bytes(beginning(data), cp_isolation=[one for one in ORDER if not one.startswith("utf")])
    found: dict[str, tuple[Reading, CharsetMatch]] = {}
    for match in matches:  # the best first
        usual = sorted({match.encoding, *match.could_be_from_charset} & set(ORDER), key=ORDER.index)
        for encoding in usual:
            text = decoded(data, encoding)
            if text is not None:
                found.setdefault(text, (Reading(encoding, text), match))
                break
    if not found:
        return ()
    best = next(iter(found.values()))[1]

    def as_good(other: CharsetMatch) -> bool:
        return abs(other.chaos - best.chaos) < EQUAL and abs(other.coherence - best.coherence) < EQUAL

    close = [(one, match) for one, match in found.values()
             if match.chaos - match.coherence < best.chaos - best.coherence + CLEAR]
    close.sort(key=lambda each: ORDER.index(each[0].encoding) if as_good(each[1]) else len(ORDER))
    return tuple(one for one, _ in close[:MANY])


def _checked(found: tuple[Reading, ...], name: str) -> tuple[Reading, ...]:
    """Those without control characters. Raises ``Refusal`` if there is none."""
    kept = tuple(one for one in found if not _is_binary(one.text[:20_000]))
    if not kept:
        raise _no_text(name)
    return kept


def _is_binary(head: str) -> bool:
    odd = sum(one < " " and one not in "\t\n\r\f\v" for one in head)
    return odd > 0.01 * len(head)


def _no_text(name: str) -> Refusal:
    return Refusal("The file {name} is not text; choose a .txt, .md, .csv or .py file.", name=name)
