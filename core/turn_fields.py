"""Reads what stood beside single turns of an imported conversation (a weight, a name), which ``meta`` keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import InputError
from core.types import Example

RESERVED = "finetooth"
"""The one key of ``meta`` that is not the row's own."""

Fields = dict[str, Any]


class WeightError(InputError):
    """A turn's weight that says nothing which can be trained."""


def book_of(meta: Mapping[str, Any]) -> dict[str, Any]:
    """The reserved entry of ``meta``, where it is ours; an empty dict otherwise."""
    book = meta.get(RESERVED)
    if not isinstance(book, dict) or not book or not set(book) <= {"top", "turns"}:
        return {}
    top, turns = book.get("top", {}), book.get("turns", [])
    if not isinstance(top, dict) or not all(isinstance(name, str) for name in top.values()):
        return {}
    if len(set(top.values())) != len(top):
        return {}
    if not isinstance(turns, list) or not all(item is None or isinstance(item, dict) for item in turns):
        return {}
    return book


def turn_fields(example: Example) -> tuple[Fields | None, ...] | None:
    """For each message, what stood beside it; None where an edit has changed the number of messages since."""
    turns = book_of(example.meta).get("turns")
    if turns is None:
        return (None,) * len(example.messages)
    return tuple(turns) if len(turns) == len(example.messages) else None


def weightless_turns(example: Example) -> frozenset[int]:
    """The assistant's turns (0-based) that are said not to be trained: those with ``"weight": 0``.

    The field is that of OpenAI's chat format: 0 leaves a turn of the assistant out of the loss, 1 (as no weight) trains
    it.

    Raises:
        WeightError: A weight is neither 0 nor 1, stands at another role's turn as 1, or no longer fits the turns.
    """
    beside = turn_fields(example)
    if beside is None:
        if any("weight" in (fields or {}) for fields in book_of(example.meta)["turns"]):
            raise WeightError(
                "Its turns had weights, but it has another number of turns now, so they cannot be told apart.",
                "Import the edited conversation with its weights, or drop it.",
            )
        return frozenset()
    left = set()
    for turn, (message, fields) in enumerate(zip(example.messages, beside, strict=True)):
        weight = (fields or {}).get("weight")
        if weight is None:
            continue
        if weight not in (0, 1):
            raise WeightError(
                f"Turn {turn} has a weight that is neither 0 (not trained) nor 1 (trained).",
                "Give each turn of the assistant the weight 0 or 1.",
            )
        if message.role != "assistant":
            if weight:
                raise WeightError(
                    f"Turn {turn} ({message.role}) has the weight 1, but only the assistant's turns are trained.",
                    "Remove that weight.",
                )
        elif not weight:
            left.add(turn)
    return frozenset(left)
