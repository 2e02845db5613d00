"""The user's own text files: what they hold, or one sentence on why they cannot be read."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from pathlib import Path

from visualizers.refusal import Refusal

LIMIT = 20 << 20  # bytes of the largest file that is read

# A column with one of these names is the text; else the column with the longest entries is.
TEXT_COLUMNS = ("text", "texts", "content", "sentence", "document", "body",
                "文本", "内容", "正文", "句子")
LABEL_COLUMNS = ("label", "labels", "class", "category", "sentiment", "target", "topic",
                 "标签", "类别", "情感", "分类")
MOST_LABELS, FEWEST_EXAMPLES = 20, 40


def read_own(path: str) -> tuple[str, str]:
    """The text of a ``.txt``, ``.md``, ``.py``, ``.csv`` or ``.tsv`` file, and its language.

    Returns:
        (text, ``"en"``, ``"zh"`` or ``"code"``); line ends are ``\\n``.

    Raises:
        Refusal: missing, a folder, unreadable, empty, too large, binary, in no known encoding, or a
            table without text.
    """
    file = Path(path).expanduser()
    name = file.name or str(file)
    data = _bytes(file, name)
    text = decode(data, name).replace("\r\n", "\n").replace("\r", "\n")
    if file.suffix.lower() in (".csv", ".tsv"):
        text = text_column(text, name, "\t" if file.suffix.lower() == ".tsv" else None)
    if not text.strip():
        raise Refusal("The file {name} is empty; choose one that holds some text.", name=name)
    return text, "code" if file.suffix.lower() == ".py" else language_of(text)


def read_table(path: str) -> list[list[str]]:
    """The rows of a table, each of its cells. Raises ``Refusal`` as ``read_own`` does."""
    file = Path(path).expanduser()
    name = file.name or str(file)
    return _rows(decode(_bytes(file, name), name), name, "\t" if file.suffix.lower() == ".tsv" else None)


def read_plain(path: str) -> str:
    """All that a file of text holds, whatever it is called. Raises ``Refusal``."""
    file = Path(path).expanduser()
    name = file.name or str(file)
    return decode(_bytes(file, name), name)


def _bytes(file: Path, name: str) -> bytes:
    try:
        if file.is_dir():
            raise Refusal("{name} is a folder; choose a text file in it.", name=name)
        if not file.exists():
            raise Refusal("There is no file {path}; choose another one.", path=str(file))
        if not file.is_file():
            raise Refusal("{name} is not an ordinary file; choose a text file.", name=name)
        size = file.stat().st_size
        if size > LIMIT:
            raise Refusal("The file {name} has {size} MB, more than the {limit} MB that are read; "
                          "choose a part of it.",
                          name=name, size=f"{size / 1e6:.0f}", limit=LIMIT >> 20)
        with file.open("rb") as opened:
            return opened.read(LIMIT + 1)[:LIMIT]
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Refusal("The file {name} cannot be read: {reason}.", name=name, reason=reason) \
            from error


def decode(data: bytes, name: str) -> str:
    """UTF-8, UTF-16 (with or without byte order mark) or GB18030. Raises ``Refusal``."""
    if data.startswith(codecs.BOM_UTF8):
        guesses = ["utf-8-sig"]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        guesses = ["utf-16"]
    elif b"\0" in data[:4096]:
        # Text in UTF-16 has its zero bytes on one side of each pair only.
        head = data[: min(len(data), 4096) // 2 * 2]
        even, odd = head[::2].count(0), head[1::2].count(0)
        guesses = ["utf-16-le"] if odd > 20 * even else ["utf-16-be"] if even > 20 * odd else []
        if not guesses or max(even, odd) < 0.02 * len(head):
            raise Refusal("The file {name} is not text; choose a .txt, .md, .csv or .py file.",
                          name=name)
    else:
        guesses = ["utf-8"] + ["gb18030"] * _looks_chinese(data)
    for encoding in guesses:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        odd = sum(1 for one in text[:20_000] if one < " " and one not in "\t\n\r\f\v")
        if odd > 0.01 * min(len(text), 20_000):
            break
        return text
    if _is_binary(data):
        raise Refusal("The file {name} is not text; choose a .txt, .md, .csv or .py file.",
                      name=name)
    raise Refusal("The file {name} is in an encoding that is not known here; save it as UTF-8.",
                  name=name)


def _looks_chinese(data: bytes) -> bool:
    """Whether the bytes above 127 come in runs: GB18030 writes a character with two or four."""
    head = data[:65_536]
    high = [one >= 0x80 for one in head]
    paired = sum(now and (before or after) for before, now, after in
                 zip([False, *high], high, [*high[1:], False], strict=False))
    return paired > 0.8 * sum(high)


def _is_binary(data: bytes) -> bool:
    head = data[:4096]
    return sum(one < 32 and one not in b"\t\n\r\f\v" for one in head) > 0.01 * len(head)


def text_column(table: str, name: str, delimiter: str | None = None) -> str:
    """The text column of a table with a header row, one entry a line. Raises ``Refusal``."""
    rows = _rows(table, name, delimiter)
    column = _text_index(rows, name)
    return "\n".join(row[column].strip() for row in rows[1:]
                     if column < len(row) and row[column].strip()) + "\n"


def read_labelled(path: str) -> tuple[tuple[str, ...], tuple[int, ...], tuple[str, ...], str]:
    """The texts and labels of a ``.csv`` or ``.tsv`` table with a header row.

    The columns are known by their names (``TEXT_COLUMNS``, ``LABEL_COLUMNS``); a table of two
    columns may call the labels anything.

    Returns:
        (texts, class numbers, names of the classes, language). Of texts that are there twice the
        first is kept.

    Raises:
        Refusal: what ``read_own`` refuses, no column of labels, too few examples, fewer than two or
            more than ``MOST_LABELS`` different labels.
    """
    file = Path(path).expanduser()
    name = file.name or str(file)
    if file.suffix.lower() not in (".csv", ".tsv") and file.is_file():
        raise Refusal("Labelled texts come in a table: choose a .csv or .tsv file with a column of "
                      "texts and a column of labels.")
    table = decode(_bytes(file, name), name).replace("\r\n", "\n").replace("\r", "\n")
    rows = _rows(table, name, "\t" if file.suffix.lower() == ".tsv" else None)
    text, label = _text_index(rows, name), _label_index(rows, name)
    pairs: dict[str, str] = {}
    for row in rows[1:]:
        if max(text, label) < len(row) and row[text].strip() and row[label].strip():
            pairs.setdefault(" ".join(row[text].split()), row[label].strip())
    names = tuple(sorted(set(pairs.values())))
    if not 2 <= len(names) <= MOST_LABELS:
        raise Refusal("The table {name} has {count} different labels; what can be learnt here has 2 "
                      "to {most}.", name=name, count=len(names), most=MOST_LABELS)
    if len(pairs) < FEWEST_EXAMPLES:
        raise Refusal("The table {name} has {count} different texts with a label; at least {least} "
                      "are needed to learn from some and test on others.",
                      name=name, count=len(pairs), least=FEWEST_EXAMPLES)
    counted = Counter(pairs.values())
    if rare := next((one for one in names if counted[one] < 4), ""):
        raise Refusal("The label {label} has fewer than 4 texts in {name}; add some or leave it out.",
                      label=rare, name=name)
    number = {one: index for index, one in enumerate(names)}
    return (tuple(pairs), tuple(number[one] for one in pairs.values()), names,
            language_of("\n".join(pairs)))


def _rows(table: str, name: str, delimiter: str | None) -> list[list[str]]:
    first = table.lstrip("\n").partition("\n")[0]
    delimiter = delimiter or max(",;\t|", key=first.count)
    csv.field_size_limit(LIMIT)
    try:
        rows = [row for row in csv.reader(io.StringIO(table), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise Refusal("The table {name} cannot be read: {reason}.", name=name, reason=str(error)) \
            from error
    if not rows:
        raise Refusal("The file {name} is empty; choose one that holds some text.", name=name)
    return rows


def _header(rows: list[list[str]]) -> list[str]:
    return [one.strip().lower() for one in rows[0]]


def _text_index(rows: list[list[str]], name: str) -> int:
    width = max(len(row) for row in rows)
    sizes = [sum(len(row[i]) for row in rows[1:] if i < len(row) and not _is_number(row[i]))
             for i in range(width)]
    named = [i for i, one in enumerate(_header(rows)) if one in TEXT_COLUMNS and sizes[i]]
    column = named[0] if named else sizes.index(max(sizes))
    if len(rows) == 1 or not sizes[column]:
        raise Refusal("The table {name} has no column of text under a header row.", name=name)
    return column


def _label_index(rows: list[list[str]], name: str) -> int:
    header = _header(rows)
    if named := [i for i, one in enumerate(header) if one in LABEL_COLUMNS]:
        return named[0]
    if len(header) == 2:
        return 1 - _text_index(rows, name)
    raise Refusal("The table {name} has no column called label; name its columns text and label.",
                  name=name)


def _is_number(entry: str) -> bool:
    try:
        float(entry)
    except ValueError:
        return False
    return True


def language_of(text: str) -> str:
    """``"zh"`` where a fifth of the first characters are Han, else ``"en"``."""
    head = [one for one in text[:20_000] if not one.isspace()]
    han = sum("\u4e00" <= one <= "\u9fff" for one in head)
    return "zh" if han > 0.2 * max(1, len(head)) else "en"
