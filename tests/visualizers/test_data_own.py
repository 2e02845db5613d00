"""The user's own files: what is read, and the one sentence for each that is not."""

import os
import time
from pathlib import Path

import pytest

from visualizers.data import LIMIT, Data
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


def test_that_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(("Das Café über dem Fluß öffnet um acht. " * 50).encode("latin-1"))
    refused(file, "encoding that is not known")


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
    refused(file, "cannot be read: Permission denied")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_that_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    refused(tmp_path / "pipe.txt", "not an ordinary file")
