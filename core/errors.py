"""The one family of errors that people see: what is wrong, and what to type or do next."""

from __future__ import annotations


class FinetoothError(Exception):
    """A mistake or obstacle that a person can act on; shown without a traceback.

    Args:
        message: One sentence: what is wrong with which thing (a file, a line, a model), without data excerpts.
        hint: What to type or do next.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InputError(FinetoothError):
    """Wrong use, or nothing readable in the input (exit code 2)."""

    exit_code = 2


class BlockedError(FinetoothError):
    """The work could be done but a blocking problem forbids it (exit code 3)."""

    exit_code = 3


class CancelledError(FinetoothError):
    """A person asked the work to stop."""
