"""Keeps every field of a row that is not conversation in ``meta``, and puts each back in its place on export.

``meta`` holds the row's own ``meta`` object with the other top-level fields beside it. What a flat mapping cannot say
(which fields stood at the top level, what stood beside single messages) goes under one reserved key, ``finetooth``,
and only in the rows that need it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.turn_fields import RESERVED, book_of
from core.types import Example
from curation.readers.turns import Fields


def pack(row_fields: Mapping[str, Any], turns: Sequence[Fields | None]) -> dict[str, Any]:
    """The ``meta`` of an example.

    Args:
        row_fields: All top-level fields that are not part of the conversation, ``meta`` among them.
        turns: For each message, what role and text could not hold.
    """
    own = row_fields.get("meta")
    flat = isinstance(own, dict) and bool(own)
    meta: dict[str, Any] = dict(own) if isinstance(own, dict) else {}
    book = book_of(meta)
    if book:
        del meta[RESERVED]
    top: dict[str, str] = dict(book.get("top", {}))
    for name, value in row_fields.items():
        if name == "meta" and flat:
            continue
        stored = _free_name(name, meta)
        meta[stored] = value
        top[stored] = name
    beside = _merged(book.get("turns"), turns)
    return _with_book(meta, top, beside)


def unpack(example: Example) -> tuple[dict[str, Any], list[Fields | None], dict[str, Any]]:
    """What ``pack`` put together.

    Returns:
        The top-level fields; for each message what stood beside it; and the rest of ``meta``, where the ``turns`` of
        an example whose number of messages has changed stay.
    """
    rest = dict(example.meta)
    book = book_of(rest)
    if book:
        del rest[RESERVED]
    top = {name: rest.pop(stored) for stored, name in book.get("top", {}).items() if stored in rest}
    turns = book.get("turns")
    if turns is None or len(turns) != len(example.messages):
        if turns is not None:
            rest[RESERVED] = {"turns": turns}
        turns = [None] * len(example.messages)
    return top, list(turns), rest


def row_object(body: Mapping[str, Any], example: Example, left_over: Sequence[Fields | None]) -> dict[str, Any]:
    """A row for export: the conversation, then the other fields in sorted order, each where it stood, then ``meta``.

    Args:
        body: The conversation in the fields of the target format.
        example: Where the fields come from.
        left_over: For each message, what the target format cannot put beside it; it stays in ``meta``.
    """
    top, _, rest = unpack(example)
    displaced = [name for name in sorted(top) if name in body]
    bare_meta = "meta" in top and not rest and not displaced and not any(left_over)
    if "meta" in top and not bare_meta:
        displaced.append("meta")
    stored_as = {}
    for name in displaced:
        stored = _free_name(name, rest)
        rest[stored] = top.pop(name)
        stored_as[stored] = name
    rest = _with_book(rest, stored_as, list(left_over) if any(left_over) else [])
    meta = {"meta": ordered(top.pop("meta") if bare_meta else rest)} if bare_meta or rest else {}
    return {**body, **{name: ordered(top[name]) for name in sorted(top)}, **meta}


def ordered(value: Any) -> Any:
    """The same JSON value with the keys of every object sorted, so that equal values are equal bytes."""
    if isinstance(value, Mapping):
        return {key: ordered(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [ordered(item) for item in value]
    return value


def _with_book(meta: dict[str, Any], top: Mapping[str, str], turns: list[Fields | None]) -> dict[str, Any]:
    """``meta`` with our reserved entry, where there is something to say; a row's own field of that name moves aside."""
    book = {**book_of(meta), **({"top": dict(top)} if top else {}), **({"turns": turns} if turns else {})}
    if not book:
        return meta
    if RESERVED in meta and not book_of(meta):
        meta[_free_name(RESERVED, meta)] = meta.pop(RESERVED)
    return {**meta, RESERVED: book}


def _free_name(name: str, taken: Mapping[str, Any]) -> str:
    candidate, number = name, 1
    while candidate in taken or candidate == RESERVED:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def _merged(before: Any, now: Sequence[Fields | None]) -> list[Fields | None]:
    if all(fields is None for fields in now):
        return before if isinstance(before, list) else []
    if not isinstance(before, list) or len(before) != len(now):
        return list(now)
    return [
        None if old is None and new is None else {**(old or {}), **(new or {})}
        for old, new in zip(before, now, strict=True)
    ]
