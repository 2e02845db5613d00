"""What the user can mend, said in one sentence. Nothing of the project is imported here."""

from __future__ import annotations

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


def _refusal(message: str, values: dict[str, object]) -> Refusal:
    return Refusal(message, **values)
