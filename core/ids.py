"""Content identity: the same conversation has the same id on every machine, for ever."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from json.encoder import encode_basestring_ascii as _quoted

import msgspec

from core.types import Message

_encoded = msgspec.json.Encoder().encode


def canonical(value: object) -> bytes:
    """Serialise JSON-like data to bytes that depend only on its content.

    ``ensure_ascii`` keeps lone surrogates (legal in JSON, illegal in UTF-8) hashable.

    Raises:
        ValueError: For NaN or infinity, which have no JSON form.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def digest(parts: Iterable[bytes]) -> str:
    """Hash a stream of byte strings, length-prefixed so that boundaries count (BLAKE2b-128, 32 hex characters)."""
    h = hashlib.blake2b(digest_size=16)
    for part in parts:
        h.update(len(part).to_bytes(8, "big"))
        h.update(part)
    return h.hexdigest()


def example_id(messages: Iterable[Message]) -> str:
    """Identity of a conversation: its roles and texts, in order, and nothing else."""
    # what canonical([role, content]) gives, without the detour: an import of a million rows waits for this
    parts = []
    for message in messages:
        role, content = message.role, message.content
        if content.isascii() and "\x7f" not in content and role.isascii() and "\x7f" not in role:
            part = _encoded([role, content])
        else:  # as ASCII, escaped
            part = f"[{_quoted(role)},{_quoted(content)}]".encode("ascii")
        parts += [len(part).to_bytes(8, "big"), part]
    return hashlib.blake2b(b"".join(parts), digest_size=16).hexdigest()


def content_id(value: object) -> str:
    """Identity of any JSON-like value."""
    return digest([canonical(value)])


def new_action_id() -> str:
    """A fresh random id for one action of a person: repeating it records nothing twice."""
    return secrets.token_hex(16)
