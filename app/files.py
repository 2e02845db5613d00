"""Writing files so that nothing is lost: a full disk or a crash leaves the old file as it was."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from visualizers.panel import Refusal


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file to write, which takes the place of ``path`` when the block ends well.

    Raises:
        Refusal: the folder cannot be written to, or the disk is full; ``path`` is untouched.
    """
    written: str | None = None
    try:
        handle, written = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
        os.close(handle)
        yield Path(written)
        with open(written, "rb+") as file:
            os.fsync(file.fileno())
        os.chmod(written, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        os.replace(written, path)
        written = None
    except OSError as error:
        raise _refusal(path, error) from error
    finally:
        if written is not None:
            with contextlib.suppress(OSError):
                os.unlink(written)


def _umask() -> int:
    """What new files of this process may not be; asking for it means setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _refusal(path: Path, error: OSError) -> Refusal:
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC):
        return Refusal("The disk is full, so {name} was not saved; free some space and save again.",
                       name=path.name)
    if error.errno == errno.ENOENT:
        return Refusal("There is no folder {folder}; choose another place to save to.",
                       folder=str(path.parent))
    return Refusal("{name} cannot be written there; choose another folder.", name=path.name)
