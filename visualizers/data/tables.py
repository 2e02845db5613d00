"""Tables that people bring: their rows, whether the first one names the columns, and what is in which."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from visualizers.refusal import Refusal

DELIMITERS = ",;\t|"
CELL = 1 << 18  # characters of the longest cell: what is longer began with a quotation mark by mistake
WIDEST = 1000  # columns

# A column with one of these names is the text, and the label: the first name that there is counts.
TEXT_COLUMNS = ("text", "texts", "文本", "content", "内容", "正文", "sentence", "句子", "document", "body",
                "review", "comment", "评论", "message", "question", "title", "标题")
LABEL_COLUMNS = ("label", "labels", "标签", "class", "category", "类别", "分类", "sentiment", "情感",
                 "target", "topic", "主题", "rating", "stars")
FEW = 20  # different entries at most in a column of labels


@dataclass(frozen=True)
class Table:
    """The rows of a table.

    Attributes:
        names: of the columns; none where the first row is a row like all others.
        rows: N rows, which may differ in length; none is empty.
        torn: rows in which a quotation mark opens that is never closed: read as they stand.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    torn: int = 0

    @property
    def width(self) -> int:
        return max(len(self.names), *(len(one) for one in self.rows[:FEW])) if self.rows \
            else len(self.names)

    def title(self, column: int) -> str:
        """What a column is called: its name, else its number."""
        named = self.names[column].strip() if column < len(self.names) else ""
        return named or f"#{column + 1}"

    def column(self, at: int) -> list[str]:
        """Its entries without blanks around them; empty where a row is too short."""
        return [one[at].strip() if at < len(one) else "" for one in self.rows]


def table(text: str, name: str, delimiter: str = "", headed: bool | None = None) -> Table:
    """Read a table.

    Args:
        text: of the file.
        delimiter: of its cells; found out if not said. A first line ``sep=;`` says it, too.
        headed: whether the first row names the columns; found out if not said.

    Raises:
        Refusal: it has no rows, or more than ``WIDEST`` columns.
    """
    lines = [one for one in text.split("\n") if one.strip()]
    if lines and lines[0].lower().startswith("sep=") and len(lines[0].strip()) == 5:
        delimiter, lines = lines[0].strip()[4], lines[1:]
    if not lines:
        raise Refusal("The file {name} is empty; choose one that holds some text.", name=name)
    delimiter = delimiter or _delimiter(lines[:FEW])
    if lines[0].count(delimiter) >= WIDEST:
        raise Refusal("The table {name} has more than {most} columns; choose a part of it.", name=name,
                      most=WIDEST)
    rows, torn = [], 0
    for row, whole in _records(lines, delimiter):
        rows.append(tuple(row))
        torn += not whole
    if headed if headed is not None else _headed(rows):
        return Table(tuple(one.strip() for one in rows[0]), tuple(rows[1:]), torn)
    return Table((), tuple(rows), torn)


def _delimiter(lines: Sequence[str]) -> str:
    """The sign that cuts the most of the first lines into equally many cells."""
    def agreement(sign: str) -> tuple[int, int]:
        widths = Counter(len(row) for row, _ in _records(lines, sign))
        width, rows = max(widths.items(), key=lambda one: (one[0] > 1, one[1]))
        return (rows, width) if width > 1 else (0, 1)

    return max(DELIMITERS, key=agreement)


def _records(lines: Sequence[str], delimiter: str) -> Iterator[tuple[list[str], bool]]:
    """The cells of each row, and whether its quotation marks fit.

    With tabs between the cells a quotation mark is a character like any other, unless it goes round a
    whole cell. Elsewhere it holds a cell together, over several lines if need be; one that does not
    end, or ends in the middle of a cell, is a mistake of that line alone and takes no other with it.
    """
    if delimiter == "\t":
        for line in lines:
            yield [_unquoted(cell) for cell in line.split(delimiter)], True
        return
    csv.field_size_limit(CELL)
    at = 0
    while at < len(lines):
        begun = at
        reader = csv.reader((f"{lines[one]}\n" for one in range(begun, len(lines))),
                            delimiter=delimiter, strict=True)
        try:
            for row in reader:
                yield [cell.removesuffix("\n") for cell in row], True
                at = begun + reader.line_num
        except csv.Error:
            yield lines[at].split(delimiter), False
            at += 1


def _unquoted(cell: str) -> str:
    inside = cell[1:-1]
    if len(cell) >= 2 and cell[0] == cell[-1] == '"' and '"' not in inside.replace('""', ""):
        return inside.replace('""', '"')
    return cell


def _headed(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: its cells are unlike what stands under them."""
    first, others = rows[0], rows[1:]
    if {one.strip().lower() for one in first} & {*TEXT_COLUMNS, *LABEL_COLUMNS}:
        return True
    if not others or any(_is_number(one) for one in first):
        return False
    for at, cell in enumerate(first):
        below = [row[at].strip() for row in others if at < len(row)]
        few = set(below)
        if len(few) <= min(FEW, len(below) / 2) and cell.strip() in few:
            return False  # a label like those below it
        if below and " " in cell.strip() and len(cell) > 0.5 * median(map(len, below)) > 10:
            return False  # a text like those below it
    return True


def text_column(of: Table, other_than: int | None = None) -> int | None:
    """Which column holds the texts: by its name, else the one with the most letters in it."""
    sizes = [0 if at == other_than else
             sum(len(one) for one in of.column(at) if not _is_number(one)) for at in range(of.width)]
    named = _named(of, TEXT_COLUMNS, other_than)
    if named is not None and sizes[named]:
        return named
    best = max(range(of.width), key=sizes.__getitem__, default=None)
    return best if best is not None and sizes[best] else None


def text_and_label(of: Table) -> tuple[int | None, int | None]:
    """Which columns hold the texts and the labels, as far as that can be told.

    A name decides before a guess, and a name that stands earlier in the lists before a later one, so
    that of ``topic,text,label`` the last is the label. Without names, of two columns the one that is
    not the text is the label, of more the one that has the fewest different entries, if there is but
    one with few.
    """
    label = _named(of, LABEL_COLUMNS)
    text = text_column(of, label)
    if text is not None and label is None:
        others = [at for at in range(of.width) if at != text]
        few = [at for at in others if 2 <= len(set(of.column(at)) - {""}) <= FEW]
        if len(others) == 1 or len(few) == 1:
            label = (few or others)[0]
    return text, label


def _named(of: Table, names: Sequence[str], other_than: int | None = None) -> int | None:
    found = [(names.index(one.lower()), at) for at, one in enumerate(of.names)
             if one.lower() in names and at != other_than]
    return min(found)[1] if found else None


def _is_number(entry: str) -> bool:
    try:
        float(entry)
    except ValueError:
        return False
    return True
