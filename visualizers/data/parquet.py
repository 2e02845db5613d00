"""Reads the one column of texts that a Parquet file may consist of, all of them different.

That is all: plain texts, compressed with Snappy, where an index of words is what is wanted. The format
is described at https://parquet.apache.org/docs/file-format/.
"""

from __future__ import annotations

from typing import Any

from visualizers.refusal import Refusal

DICTIONARY_PAGE, DATA_PAGE = 2, 0
PLAIN = 0


def distinct_texts(data: bytes) -> tuple[str, ...]:
    """The texts of the only column, in the order of the rows.

    A writer puts texts into a dictionary, in the order in which it first meets them, until that is full,
    and then writes them out. Where no text comes twice, the dictionary is the column's first rows.

    Raises:
        Refusal: not such a file.
    """
    try:
        footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
        about, _ = _struct(data, footer)
        rows, at = about[3], 4
        found: list[str] = []
        told = 0  # rows that data pages have told of
        while told < rows:
            head, at = _struct(data, at)
            page = data[at : at + head[3]]
            at += head[3]
            if head[1] == DICTIONARY_PAGE:
                found += _plain(unpack_snappy(page), head[7][1])
                continue
            count, encoding = head[5][1], head[5][2]
            told += count
            if encoding == PLAIN:
                whole = unpack_snappy(page)
                levels = 4 + int.from_bytes(whole[:4], "little")  # which rows are empty: none
                found += _plain(whole[levels:], count)
    except (IndexError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise Refusal("The index of words in {file} cannot be read.", file="Parquet") from error
    if data[:4] != b"PAR1" or len(found) != rows or len(set(found)) != rows:
        raise Refusal("The index of words in {file} cannot be read.", file="Parquet")
    return tuple(found)


def _plain(data: bytes, count: int) -> list[str]:
    """Texts, each behind its length in four bytes."""
    found, at = [], 0
    for _ in range(count):
        end = at + 4 + int.from_bytes(data[at : at + 4], "little")
        found.append(data[at + 4 : end].decode("utf-8"))
        at = end
    return found


def _whole(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where the next thing begins."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _signed(data: bytes, at: int) -> tuple[int, int]:
    value, at = _whole(data, at)
    return (value >> 1) ^ -(value & 1), at


def _struct(data: bytes, at: int) -> tuple[dict[int, Any], int]:
    """A structure of Thrift's compact protocol: field number → value."""
    found: dict[int, Any] = {}
    field = 0
    while head := data[at]:
        at += 1
        if head >> 4:
            field += head >> 4
        else:
            field, at = _signed(data, at)
        found[field], at = _value(data, at, head & 15)
    return found, at + 1


def _value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    match kind:
        case 1 | 2:
            return kind == 1, at
        case 4 | 5 | 6:
            return _signed(data, at)
        case 8:
            length, at = _whole(data, at)
            return data[at : at + length], at + length
        case 9:
            head, at = data[at], at + 1
            length = head >> 4
            if length == 15:
                length, at = _whole(data, at)
            items = []
            for _ in range(length):
                item, at = _value(data, at, head & 15)
                items.append(item)
            return items, at
        case 12:
            return _struct(data, at)
    raise KeyError(kind)


def unpack_snappy(data: bytes) -> bytes:
    """What Snappy packed: pieces that are written out, and copies of what has come before."""
    size, at = _whole(data, 0)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            length = (tag >> 2) + 1
            if length > 60:
                extra = length - 60
                length = int.from_bytes(data[at : at + extra], "little") + 1
                at += extra
            out += data[at : at + length]
            at += length
            continue
        if tag & 3 == 1:
            length, back = (tag >> 2 & 7) + 4, tag >> 5 << 8 | data[at]
            at += 1
        else:
            wide = 2 if tag & 3 == 2 else 4
            length, back = (tag >> 2) + 1, int.from_bytes(data[at : at + wide], "little")
            at += wide
        piece = out[len(out) - back : len(out) - back + length]
        out += (piece * (length // back + 1))[:length]  # a copy may run into itself
    if len(out) != size:
        raise IndexError(size)
    return bytes(out)
