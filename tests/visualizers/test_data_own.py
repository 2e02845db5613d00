"""The user's own files: what is read, and the one sentence for each that is not."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from app.window.reading import is_open
from visualizers.data import LIMIT, Data, Labelled
from visualizers.data.own import OwnFile
from visualizers.refusal import Refusal

CHINESE = "学而时习之，不亦说乎？有朋自远方来，不亦乐乎？\n" * 40
ENGLISH = "The quick brown fox – it jumps over the lazy dog.\n" * 40


def read(path: Path) -> tuple[str, str]:
    text = Data(Path("nowhere")).text(f"file:{path}")
    assert text.title == path.name
    return text.text, text.language


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_that_chinese_is_read_in_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "论语.txt"
    file.write_bytes(CHINESE.encode(encoding))
    assert read(file) == (CHINESE, "zh")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_that_english_is_read_in_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "fox.md"
    file.write_bytes(ENGLISH.replace("\n", "\r\n").encode(encoding))
    assert read(file) == (ENGLISH, "en")


def test_that_source_is_code(tmp_path: Path) -> None:
    file = tmp_path / "one.py"
    file.write_text("print(1)\n")
    assert read(file) == ("print(1)\n", "code")


def test_that_a_table_gives_the_column_called_text(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('id,note,Text\n1,"a very long remark about it","Hello, you"\n2,x,World\n')
    assert read(file)[0] == "Hello, you\nWorld\n"


@pytest.mark.parametrize(("suffix", "delimiter"), [("csv", ","), ("csv", ";"), ("tsv", "\t")])
def test_that_a_table_gives_its_longest_column_else(tmp_path: Path, suffix: str,
                                                    delimiter: str) -> None:
    rows = [["id", "who", "said"], ["100000000000000000000", "Ann", "Good morning"],
            ["2", "Bob", "Good night"]]
    file = tmp_path / f"a.{suffix}"
    file.write_text("\n".join(delimiter.join(row) for row in rows))
    assert read(file)[0] == "Good morning\nGood night\n"


def refused(path: Path, match: str) -> None:
    with pytest.raises(Refusal, match=match) as caught:
        read(path)
    assert str(caught.value).count("\n") == 0


def test_that_a_missing_file_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "no.txt", "There is no file")


def test_that_a_folder_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, "is a folder")


@pytest.mark.parametrize("content", [b"", b" \n\t\n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("suffix", ["txt", "csv"])
def test_that_an_empty_file_is_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    file = tmp_path / f"a.{suffix}"
    file.write_bytes(content)
    refused(file, "is empty")


@pytest.mark.parametrize("content", [
    b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, bytes(5000), os.urandom(20_000),
    b"%PDF-1.7\n" + bytes(range(1, 32)) * 100,
], ids=["png", "zeros", "noise", "pdf"])
def test_that_a_binary_file_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(content)
    refused(file, "is not text")


SAYINGS = {
    "big5": "學而時習之，不亦說乎？有朋自遠方來，不亦樂乎？今天天氣很好，我們一起去圖書館讀書。\n",
    "shift_jis": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n",
    "euc_jp": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n",
    "euc_kr": "나는 오늘 아침에 일찍 일어나서 학교에 갔다. 날씨가 매우 좋았다.\n",
    "tis-620": "วันนี้อากาศดีมาก เราไปอ่านหนังสือที่ห้องสมุดด้วยกัน\n",
    "cp1255": "היום מזג האוויר נעים מאוד והלכנו יחד לספרייה לקרוא ספרים\n",
    "cp1253": "Σήμερα ο καιρός είναι πολύ καλός και πήγαμε μαζί στη βιβλιοθήκη\n",
    "cp1251": "Сегодня очень хорошая погода, и мы вместе пошли в библиотеку\n",
    "koi8-r": "Сегодня очень хорошая погода, и мы вместе пошли в библиотеку\n",
    "latin-1": "Das Café über dem Fluß öffnet um acht, sagte die Frau des Königs früher.\n",
    "cp1256": "الطقس اليوم جميل جدا وذهبنا معا إلى المكتبة لقراءة الكتب\n",
}


@pytest.mark.parametrize("encoding", SAYINGS)
def test_that_an_old_encoding_is_known_by_its_language_and_said(
    tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes((SAYINGS[encoding] * 9).encode(encoding))
    said: list[str] = []
    text = Data(Path("nowhere"), lambda one, values: said.append(one.format(**values)))
    assert text.text(f"file:{file}").text == SAYINGS[encoding] * 9
    assert len(said) == 1 and said[0].startswith("a.txt was read as ")


@pytest.mark.parametrize(("encoding", "saying"), [
    ("latin-1", "Où est passé l'élève qui a reçu la lettre à l'école? dit le garçon.\n"),
    ("iso8859-2", "Zażółć gęślą jaźń. Wczoraj poszliśmy razem do biblioteki.\n"),
    ("cp1254", "Bugün hava çok güzel ve birlikte kütüphaneye gidip kitap okuduk, ığdır.\n"),
])
def test_that_where_several_fit_the_right_one_is_among_them(
    tmp_path: Path, encoding: str, saying: str
) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes((saying * 9).encode(encoding))
    own = OwnFile(str(file))
    found = own.readings()
    assert len(found) > 1 and saying * 9 in [one.text for one in found]
    assert is_open(own, "text")
    right = next(one for one in found if one.text == saying * 9)
    own.encoding = right.encoding
    assert OwnFile.of(own.id) == own
    assert Data(Path("nowhere")).text(own.id).text == saying * 9


def test_that_a_wrong_choice_of_letters_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes("Das Café".encode("latin-1"))
    with pytest.raises(Refusal, match="is not in UTF-8"):
        Data(Path("nowhere")).text(f"file@encoding=utf_8:{file}")


def test_that_the_case_in_big5_is_read(tmp_path: Path) -> None:
    text = "臺北市政府今天表示，將於下個月開始實施新的交通管制措施。\n"
    (tmp_path / "a.txt").write_bytes((text * 40).encode("big5"))
    assert read(tmp_path / "a.txt") == (text * 40, "zh")


# --- tables

DAYS = [(f"what a lovely day number {day}", ("pos", "neg")[day % 2]) for day in range(80)]


def labelled(path: Path, *said: str) -> Labelled:
    told: list[str] = []
    data = Data(Path("nowhere"), lambda one, values: told.append(one.format(**values)))
    found = data.labelled(f"file:{path}")
    for one in said:
        assert any(one in each for each in told), told
    return found


def rows(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.mark.parametrize(("name", "head", "row"), [
    ("a.csv", "topic,text,label", "topic{n},{text},{label}"),
    ("a.csv", "topic,label", "{text},{label}"),
    ("a.csv", "sep=;\ntext;label", "{text};{label}"),
    ("a.csv", '"text, said";"label"', '"{text}";"{label}"'),
    ("a.csv", "标签,文本", "{label},{text}"),
    ("a.tsv", "text\tlabel", "{text}\t{label}"),
    ("a.csv", "{text},{label}", "{text},{label}"),
    ("a.csv", "said,how", "{text},{label}"),
])
def test_that_texts_and_labels_are_found(tmp_path: Path, name: str, head: str, row: str) -> None:
    lines = [row.format(n=n % 5, text=text, label=label) for n, (text, label) in enumerate(DAYS)]
    first = head.format(text="an early day of no number", label="neg")
    found = labelled(rows(tmp_path / name, [first, *lines]), "labels from")
    kept = list(zip(found.texts, (found.names[one] for one in found.labels), strict=True))
    assert kept[-80:] == DAYS
    assert len(kept) == 80 + (first.startswith("an early"))  # a table without a head loses no row


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
@pytest.mark.parametrize("torn", ['"what a {n}', 'what "a {n}', '"what" a {n}'])
def test_that_a_stray_quotation_mark_takes_no_other_row_with_it(
    tmp_path: Path, name: str, torn: str
) -> None:
    between = "\t" if name.endswith("tsv") else ","
    lines = [between.join(one) for one in DAYS]
    for at in (7, 20, 50):
        lines[at] = torn.format(n=at) + between + "pos"
    file = rows(tmp_path / name, [between.join(("text", "label")), *lines])
    found = labelled(file)
    assert len(found.texts) == 80
    assert torn.format(n=20).strip('"') in " ".join(found.texts)


def test_that_a_quoted_cell_may_go_over_lines(tmp_path: Path) -> None:
    lines = [f'"{text},\nand ""more"" of it",{label}' for text, label in DAYS]
    found = labelled(rows(tmp_path / "a.csv", ["text,label", *lines]))
    assert found.texts[3] == 'what a lovely day number 3, and "more" of it'


def test_that_what_is_left_out_is_said(tmp_path: Path) -> None:
    lines = [",".join(one) for one in DAYS]
    file = rows(tmp_path / "a.csv", ["text,label", *lines, ",pos", "alone,", lines[0], '"open,pos'])
    found = labelled(file, "2 without a text or a label and 1 that repeat",
                     "In 1 lines of a.csv a quotation mark is never closed")
    assert len(found.texts) == 81


def test_that_the_columns_can_be_chosen(tmp_path: Path) -> None:
    lines = [f"{text},{label},{'ab'[n // 40]}" for n, (text, label) in enumerate(DAYS)]
    file = rows(tmp_path / "a.csv", ["text,label,other", *lines])
    found = Data(Path("nowhere")).labelled(f"file@text=0&label=2&header=yes:{file}")
    assert found.names == ("a", "b") and len(found.texts) == 80
    with pytest.raises(Refusal, match="2 different texts with a label"):
        Data(Path("nowhere")).labelled(f"file@text=1&label=0&header=yes:{file}")
    nonsense = f"file@text=-3&label=no&header=&encoding=x&y=:{file}"
    assert Data(Path("nowhere")).labelled(nonsense).names == ("neg", "pos")


def test_that_a_table_of_a_million_columns_is_refused_at_once(tmp_path: Path) -> None:
    file = rows(tmp_path / "a.csv", [",".join(["a"] * 1_000_000)] * 2)
    with pytest.raises(Refusal, match="more than 1000 columns"):
        labelled(file)


def test_that_a_table_without_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a,b\n1,2\n3,4\n")
    refused(file, "has no column of text")


@pytest.mark.alone
def test_that_a_huge_file_is_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    with file.open("wb") as opened:
        opened.truncate(200_000_000)
    begin = time.perf_counter()
    refused(file, "has 200 MB, more than the 20 MB")
    assert time.perf_counter() - begin < 0.1


def test_that_the_largest_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes((b"word " * (LIMIT // 5 + 1))[:LIMIT])
    assert len(read(file)[0]) == LIMIT


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything is readable here")
def test_that_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("text")
    file.chmod(0)
    refused(file, "cannot be read")


def test_that_a_failing_disk_is_one_sentence(tmp_path: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.txt"
    file.write_text("text")

    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", fail)
    refused(file, "cannot be read: it is not allowed")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_that_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    refused(tmp_path / "pipe.txt", "not an ordinary file")
