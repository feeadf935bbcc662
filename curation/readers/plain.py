"""Rows of messages with role and content and nothing else, read by a schema: nearly all rows of large files.

What the schema does not take, or takes only by passing over something, is left to the strict reader, which says why.
"""

from __future__ import annotations

import msgspec

from core.types import ROLES, Message

_ROLES = frozenset(ROLES)


class _Conversation(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    messages: tuple[Message, ...]


_decode = msgspec.json.Decoder(_Conversation).decode


def plain_messages(line: bytes) -> tuple[Message, ...] | None:
    """The turns of such a row; None where there is anything to look at more closely.

    A key that comes twice would be passed over, so the quotation marks of the line are counted, and where a text holds
    some, each key. Inside a JSON string its quotes would be escaped. A key may be written with escapes, too
    (``r\\u006fle``); nobody writes letters so, and the strict reader takes such lines.
    """
    try:
        messages = _decode(line).messages
    except (msgspec.MsgspecError, UnicodeError):
        return None
    many = len(messages)
    if not many or (line.count(b'"') != 2 + 8 * many and not _once_each(line, many)):
        return None
    for message in messages:
        if message.role not in _ROLES:
            return None
    return messages


def _once_each(line: bytes, many: int) -> bool:
    if b"\\u006" in line or b"\\u007" in line:
        return False
    keys = line.count(b'"role"'), line.count(b'"content"'), line.count(b'"messages"')
    return keys == (many, many, 1)
