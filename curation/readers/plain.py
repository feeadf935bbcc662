"""Rows of messages with role and content and nothing else, read by a schema: nearly all rows of large files.

What the schema does not take, or takes only by passing over something, is left to the strict reader, which says why.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

from core.types import Message


@lru_cache(maxsize=1)
def _decoder() -> tuple[Callable[[str], Any], tuple[type[Exception], ...]]:
    import msgspec

    turn = msgspec.defstruct(
        "Turn",
        [("role", Literal["system", "user", "assistant", "tool"]), ("content", str)],
        forbid_unknown_fields=True,
        gc=False,
    )
    row = msgspec.defstruct("Row", [("messages", list[turn])], forbid_unknown_fields=True, gc=False)  # type: ignore[valid-type]
    return msgspec.json.Decoder(row).decode, (msgspec.MsgspecError, UnicodeEncodeError)


def plain_messages(text: str) -> tuple[Message, ...] | None:
    """The turns of such a row; None where there is anything to look at more closely.

    A key that comes twice would be passed over, so each key is counted in the text. Inside a JSON string its quotes
    would be escaped.
    """
    decode, refusals = _decoder()
    try:
        turns = decode(text).messages
    except refusals:
        return None
    many = len(turns)
    if not many or text.count('"role"') != many or text.count('"content"') != many or text.count('"messages"') != 1:
        return None
    return tuple([Message(turn.role, turn.content) for turn in turns])
