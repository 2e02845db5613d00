"""Writing files so that nothing is lost: a full disk or a crash leaves the old file as it was."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from visualizers.refusal import Refusal

Told = Callable[[int, int], object]  # how far it is; what it raises ends the work

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


def nobody(_done: int, _total: int) -> None:
    """Nobody asks how far it is."""


class NotAFile(OSError):
    """There is something at a path that must not be replaced: a device, a pipe, a folder."""


def put(new: Path, path: Path) -> None:
    """Let the file ``new`` take the place of ``path`` in one go, with the old one's permissions.

    Renaming over a path destroys what was there, and what is not a regular file (``/dev/null``, a
    named pipe) would be gone for the whole machine. A link is followed, so that it stays a link.

    Raises:
        NotAFile: ``path`` is there and is no regular file; nothing has changed.
        OSError: it cannot be written there; nothing has changed.
    """
    target = path.resolve()
    try:
        there = os.stat(target).st_mode
    except FileNotFoundError:
        os.chmod(new, 0o666 & ~_umask())
    else:
        if not stat.S_ISREG(there):
            raise NotAFile(errno.EINVAL, "not a regular file", str(path))
        os.chmod(new, stat.S_IMODE(there))
    os.replace(new, target)


@contextlib.contextmanager
def rewriting(path: Path, *, lasting: bool = True) -> Iterator[Path]:
    """A new file to write, which takes the place of ``path`` when the block ends well.

    Args:
        lasting: wait until it is on the disk, so that not even a power cut loses it.

    Raises:
        OSError: as ``put``; ``path`` is untouched and nothing is left beside it.
    """
    written: str | None = None
    target = path.resolve()
    try:
        # The name does not depend on the old one's, which may be as long as a name can be.
        handle, written = tempfile.mkstemp(dir=target.parent, prefix=".new-", suffix=path.suffix[:16])
        os.close(handle)
        yield Path(written)
        if lasting:
            with open(written, "rb+") as file:
                os.fsync(file.fileno())
        put(Path(written), path)
        written = None
    finally:
        if written is not None:
            with contextlib.suppress(OSError):
                os.unlink(written)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """``rewriting`` for a file that the user named: what goes wrong is a sentence.

    Raises:
        Refusal: the folder cannot be written to, the disk is full, or there is something else than
            a file; ``path`` is untouched.
    """
    try:
        with rewriting(path) as file:
            yield file
    except OSError as error:
        raise _refusal(path, error) from error


def _umask() -> int:
    """What new files of this process may not be; asking for it means setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _refusal(path: Path, error: OSError) -> Refusal:
    if isinstance(error, NotAFile):
        return Refusal("{name} is not a file that can be replaced; choose another name.",
                       name=path.name)
    if error.errno in _FULL:
        return Refusal("The disk is full, so {name} was not saved; free some space and save again.",
                       name=path.name)
    if error.errno == errno.ENOENT:
        return Refusal("There is no folder {folder}; choose another place to save to.",
                       folder=str(path.parent))
    return Refusal("{name} cannot be written there; choose another folder.", name=path.name)
