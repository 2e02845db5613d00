"""What the user can mend, said in one sentence. Nothing of the project is imported here."""

from __future__ import annotations

import errno
from typing import Any


class Refusal(Exception):
    """Something the user can mend: a file that does not fit, a model without attention.

    The message is one plain English sentence that says what to do, with ``{placeholders}`` for
    ``values``, so that the window can say it in the user's language. Raise it with a literal text.
    """

    def __init__(self, message: str, **values: object) -> None:
        self.message, self.values = message, values
        super().__init__(message, values)

    def __str__(self) -> str:
        return self.message.format(**self.values) if self.values else self.message

    def __reduce__(self) -> Any:
        return _refusal, (self.message, self.values)


# What systems say in words of their own, for those that people meet.
REASONS = {
    errno.ENOSPC: "the disk is full", errno.EACCES: "it is not allowed", errno.EPERM: "it is not allowed",
    errno.EROFS: "nothing can be written to this disk", errno.ENOENT: "it is not there",
    errno.EIO: "the disk does not answer", errno.ENAMETOOLONG: "its name is too long",
    errno.EMFILE: "too many files are open", errno.ENOMEM: "there is not enough memory",
}


def reason_of(error: BaseException) -> str:
    """Why the system refused, in plain English where it is a common reason."""
    number = getattr(error, "errno", None) or 0
    return REASONS.get(number, "") or getattr(error, "strerror", None) or str(error)


def _refusal(message: str, values: dict[str, object]) -> Refusal:
    return Refusal(message, **values)
