"""The user's own text files: what they hold, or one sentence on why they cannot be read.

How a file is read can be chosen, and the choice is a part of its id:
``file@encoding=big5&text=1&label=0&header=no:PATH``. What is not chosen is found out, and said.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from visualizers.data.encodings import SAMPLE, TITLES, Reading, decoded, readings
from visualizers.data.encodings import beginning as first_part
from visualizers.data.tables import Table, table, text_and_label, text_column
from visualizers.refusal import Refusal, reason_of

LIMIT = 20 << 20  # bytes of the largest file that is read
TABLES = (".csv", ".tsv")
MOST_LABELS, FEWEST_EXAMPLES = 20, 40


@dataclass
class OwnFile:
    """A file or folder of the user's own, how it is to be read, and what was seen on the way.

    Attributes:
        encoding: a key of ``encodings.TITLES``; empty to find out.
        text, label: which columns of a table; ``None`` to find out.
        header: whether the first row of a table names the columns; ``None`` to find out.
        said: sentences about how it was read, and their values.
    """

    path: str
    how: str = "file"
    encoding: str = ""
    text: int | None = None
    label: int | None = None
    header: bool | None = None
    said: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    @classmethod
    def of(cls, id: str) -> OwnFile:
        """What an id such as ``"file:PATH"`` means; choices that make no sense are not made."""
        head, _, path = id.partition(":")
        how, _, options = head.partition("@")
        given = dict(parse_qsl(options))
        found = cls(path, how)
        if given.get("encoding", "") in TITLES:
            found.encoding = given["encoding"]
        for name in ("text", "label"):
            with contextlib.suppress(KeyError, ValueError):
                setattr(found, name, max(0, int(given[name])))
        if "header" in given:
            found.header = given["header"] == "yes"
        return found

    @property
    def id(self) -> str:
        """By which it is asked for."""
        given = {"encoding": self.encoding or None, "text": self.text, "label": self.label,
                 "header": None if self.header is None else "yes" if self.header else "no"}
        options = urlencode({name: value for name, value in given.items() if value is not None})
        return f"{self.how}@{options}:{self.path}" if options else f"{self.how}:{self.path}"

    @property
    def file(self) -> Path:
        return Path(self.path).expanduser()

    @property
    def name(self) -> str:
        return self.file.name or self.path

    @property
    def is_table(self) -> bool:
        return self.file.suffix.lower() in TABLES

    # --- its text

    def bytes(self, beginning: bool = False) -> bytes:
        """All of it, or its beginning. Raises ``Refusal``: missing, a folder, unreadable, too large."""
        file, name = self.file, self.name
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
                return first_part(opened.read(SAMPLE + 1)) if beginning else opened.read(LIMIT)
        except (OSError, ValueError) as error:
            raise Refusal("The file {name} cannot be read: {reason}.", name=name,
                          reason=reason_of(error)) from error

    def readings(self, beginning: bool = False) -> tuple[Reading, ...]:
        """In which ways its bytes can be read, the best first. Raises ``Refusal``."""
        return readings(self.bytes(beginning), self.name)

    def plain(self, beginning: bool = False) -> str:
        """All its text, whatever it is called; line ends are ``\\n``.

        Raises:
            Refusal: as ``bytes``, and what is no text or not of the encoding that was chosen.
        """
        if self.encoding:
            found = decoded(self.bytes(beginning), self.encoding)
            if found is None:
                raise Refusal("The file {name} is not in {encoding}; choose how it is read.",
                              name=self.name, encoding=TITLES[self.encoding])
        else:
            possible = self.readings(beginning)
            found, title = possible[0].text, possible[0].title
            if len(possible) > 1:
                self.say("{name} was read as {encoding}, which is not certain: choose how it is read if "
                         "its letters look wrong.", encoding=title)
            elif title != "UTF-8":
                self.say("{name} was read as {encoding}.", encoding=title)
        return found.replace("\r\n", "\n").replace("\r", "\n")

    def table(self, beginning: bool = False) -> Table:
        """Its rows. Raises ``Refusal``."""
        tabs = "\t" if self.file.suffix.lower() == ".tsv" else ""
        found = table(self.plain(beginning), self.name, tabs, self.header)
        if found.torn:
            self.say("In {count} lines of {name} a quotation mark is never closed; they are read as they "
                     "stand.", count=found.torn)
        return found

    def say(self, sentence: str, **values: object) -> None:
        """Something that whoever chose the file should know."""
        self.said.append((sentence, {"name": self.name, **values}))


def read_own(file: OwnFile) -> tuple[str, str]:
    """The text of a ``.txt``, ``.md``, ``.py``, ``.csv`` or ``.tsv`` file, and its language.

    Returns:
        (text, ``"en"``, ``"zh"`` or ``"code"``); line ends are ``\\n``. Of a table one column, an entry
        a line.

    Raises:
        Refusal: missing, a folder, unreadable, empty, too large, binary, or a table without text.
    """
    if file.is_table:
        rows = file.table()
        column = text_column(rows) if file.text is None else file.text
        entries = [" ".join(one.split()) for one in rows.column(column)] if column is not None else []
        kept = [one for one in entries if one]
        if column is None or not kept:
            raise Refusal("The table {name} has no column of text under a header row.", name=file.name)
        if len(kept) == len(entries):
            file.say("{name}: the column {text} is read, all {count} rows.", text=rows.title(column),
                     count=len(kept))
        else:
            file.say("{name}: the column {text} is read, {count} rows; {empty} without a text are left "
                     "out.", text=rows.title(column), count=len(kept), empty=len(entries) - len(kept))
        text = "\n".join(kept) + "\n"
    else:
        text = file.plain()
    if not text.strip():
        raise Refusal("The file {name} is empty; choose one that holds some text.", name=file.name)
    return text, "code" if file.file.suffix.lower() == ".py" else language_of(text)


def read_labelled(file: OwnFile) -> tuple[tuple[str, ...], tuple[int, ...], tuple[str, ...], str]:
    """The texts and labels of a ``.csv`` or ``.tsv`` table.

    Returns:
        (texts, class numbers, names of the classes, language). Of texts that are there twice the
        first is kept.

    Raises:
        Refusal: what ``read_own`` refuses, no column of labels, too few examples, fewer than two or
            more than ``MOST_LABELS`` different labels.
    """
    name = file.name
    if not file.is_table and file.file.is_file():
        raise Refusal("Labelled texts come in a table: choose a .csv or .tsv file with a column of "
                      "texts and a column of labels.")
    rows = file.table()
    text, label = columns_of(file, rows)
    if text is None:
        raise Refusal("The table {name} has no column of text under a header row.", name=name)
    if label is None or label == text:
        raise Refusal("The table {name} has no column called label; choose how it is read, or name its "
                      "columns text and label.", name=name)
    pairs: dict[str, str] = {}
    empty = twice = 0
    for said, meant in zip(rows.column(text), rows.column(label), strict=True):
        said = " ".join(said.split())
        empty += not said or not meant
        if said and meant:
            twice += said in pairs
            pairs.setdefault(said, meant)
    names = tuple(sorted(set(pairs.values())))
    if not 2 <= len(names) <= MOST_LABELS:
        raise Refusal("The table {name} has {count} different labels in the column {label}; what can be "
                      "learnt here has 2 to {most}.", name=name, count=len(names), most=MOST_LABELS,
                      label=rows.title(label))
    if len(pairs) < FEWEST_EXAMPLES:
        raise Refusal("The table {name} has {count} different texts with a label; at least {least} "
                      "are needed to learn from some and test on others.",
                      name=name, count=len(pairs), least=FEWEST_EXAMPLES)
    counted = Counter(pairs.values())
    if rare := next((one for one in names if counted[one] < 4), ""):
        raise Refusal("The label {label} has fewer than 4 texts in {name}; add some or leave it out.",
                      label=rare, name=name)
    if empty + twice:
        file.say("{name}: texts from {text}, labels from {label}; {count} rows are read, {empty} without "
                 "a text or a label and {twice} that repeat one are left out.", count=len(pairs),
                 text=rows.title(text), label=rows.title(label), empty=empty, twice=twice)
    else:
        file.say("{name}: texts from {text}, labels from {label}, all {count} rows.", count=len(pairs),
                 text=rows.title(text), label=rows.title(label))
    number = {one: index for index, one in enumerate(names)}
    return (tuple(pairs), tuple(number[one] for one in pairs.values()), names,
            language_of("\n".join(pairs)))


def columns_of(file: OwnFile, rows: Table) -> tuple[int | None, int | None]:
    """Which columns are read for texts and labels: those that were chosen, else those that are found."""
    text, label = text_and_label(rows)
    return (text if file.text is None else file.text), (label if file.label is None else file.label)


def language_of(text: str) -> str:
    """``"zh"`` where a fifth of the first characters are Han, else ``"en"``."""
    head = [one for one in text[:20_000] if not one.isspace()]
    han = sum("\u4e00" <= one <= "\u9fff" for one in head)
    return "zh" if han > 0.2 * max(1, len(head)) else "en"
