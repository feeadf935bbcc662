"""Decides whether two texts give different values under one key: JSON objects, and lines "Label: value"."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from curation.clash.base import Clash
from curation.clash.values import apart
from curation.clash.values_read import values
from curation.minhash.normalise import normalise

_TOKEN = re.compile(r'\s*(?:(?P<mark>[{}\[\],:])|(?P<string>"(?:[^"\\]|\\.)*")|(?P<other>[^\s{}\[\],:"]+))')
_COLON = re.compile(r"\s*:")
_LINE = re.compile(
    r"^[ \t]*(?:[-*+•][ \t]+)?[*_]{0,2}(?P<key>[^\W\d_][\w /()'-]{0,38}?)[*_]{0,2}[ \t]*:[*_]{0,2}"
    r"[ \t]+(?P<value>\S[^\n]*)$",
    re.MULTILINE,
)
_IDENTIFIES = ("id", "key", "name", "code", "label", "title", "sku", "field", "type")
_FREE_KEYS = """
    note notes description comment comments reason reasoning rationale summary text message explanation details detail
    evidence content body title quote source remark remarks advice justification thought thoughts instructions example
"""
_FREE = frozenset(_FREE_KEYS.split())
_EMPTY = frozenset(
    ("", "none", "null", "n a", "na", "unknown", "nil", "not known", "not given", "unspecified", "no", "other")
)
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}
_DENYING = ("un", "in", "im", "ir", "il", "dis", "non", "not")
_MOST_WORDS = 3
_LONGEST = 200_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A value under a key: ``path`` is what people read, ``dose.amount``; ``value`` a JSON scalar."""

    path: str
    value: str | float | bool | None
    start: int
    end: int


def keyed_differ(left: str, right: str) -> Clash | None:
    """Two different values under one key of two JSON texts, or of two notes in lines "Label: value".

    A key that only one text has is more detail, and null or "none" is no value. Numbers are compared as numbers
    (1 = 1.0), texts as quantities and dates where they are such. Text under keys such as "note", and values of more
    than three words, may be said in other words and are not compared. Elements of a list have no key: a list of
    objects is compared by their "id", "name" or the like; other lists not at all, whatever their order.
    """
    if left == right or not (_may_hold_keys(left) and _may_hold_keys(right)):
        return None
    for read in (_json_entries, _line_entries):
        ours, theirs = read(left), read(right)
        if ours and theirs:
            return _first_clash(ours, theirs, strict=read is _line_entries)
    return None


def _may_hold_keys(text: str) -> bool:
    return ":" in text


def both_json(left: str, right: str) -> bool:
    """Whether both texts are JSON objects or lists, of which only the values under their keys are compared."""
    return bool(_json_entries(left)) and bool(_json_entries(right))


def _first_clash(ours: tuple[Entry, ...], theirs: tuple[Entry, ...], *, strict: bool) -> Clash | None:
    by_path = {entry.path: entry for entry in reversed(theirs)}
    seen = set[str]()
    for entry in ours:
        other = by_path.get(entry.path)
        if other is None or entry.path in seen:
            continue
        seen.add(entry.path)
        if _differ(entry, other, strict=strict):
            shown = f"{_shown(entry.value)} / {_shown(other.value)}"
            return Clash(
                "value",
                f"Value of “{entry.path}” differs: {shown}.",
                0.9 if not isinstance(entry.value, str) else 0.75,
                ((entry.start, entry.end),),
                ((other.start, other.end),),
            )
    return None


def _shown(value: str | float | bool | None) -> str:
    written = (value.removesuffix(".") or value) if isinstance(value, str) else json.dumps(value)
    return written if len(written) <= 40 else written[:39] + "…"


def _differ(entry: Entry, other: Entry, *, strict: bool) -> bool:
    one, two = _plain(entry.value), _plain(other.value)
    if one is None or two is None:
        return False
    if isinstance(one, bool) and isinstance(two, bool):
        return one != two
    if isinstance(one, bool) or isinstance(two, bool):
        return False
    if isinstance(one, float) and isinstance(two, float):
        return abs(one - two) > 1e-9 * max(abs(one), abs(two))
    if isinstance(one, float) or isinstance(two, float):
        one, two = str(entry.value), str(other.value)
    return _texts_differ(entry.path, one, two, strict=strict)


def _plain(value: str | float | bool | None) -> str | float | bool | None:
    """A number, truth or text; None for what says nothing. A number in quotes is a number."""
    if not isinstance(value, str):
        return value if isinstance(value, bool) or value is None else float(value)
    said = normalise(value)
    if said in _YES_NO:
        return _YES_NO[said]
    if said in _EMPTY:
        return None
    try:
        number = float(value)
    except ValueError:
        return value
    return value if math.isnan(number) else number


def _texts_differ(path: str, one: str, two: str, *, strict: bool) -> bool:
    said, said_too = normalise(one), normalise(two)
    if said.replace(" ", "") == said_too.replace(" ", ""):
        return False
    found, found_too = values(one), values(two)
    if len(found) == len(found_too) == 1 and max(len(said.split()), len(said_too.split())) <= 2 * _MOST_WORDS:
        around = normalise(one[: found[0].start] + " " + one[found[0].end :])
        around_too = normalise(two[: found_too[0].start] + " " + two[found_too[0].end :])
        if around == around_too or not around or not around_too:
            return apart(found[0], found_too[0])
        return False
    if found or found_too or strict:
        return False
    words, words_too = said.split(), said_too.split()
    if max(len(words), len(words_too)) > _MOST_WORDS or normalise(path.rpartition(".")[2]) in _FREE:
        return False
    return not (set(words) & set(words_too) or _short_for(said, said_too) or _short_for(said_too, said))


def _short_for(short: str, long: str) -> bool:
    """Whether one text may be a short form of another: a part of it, but not of "invalid", or its initials."""
    bare, whole = short.replace(" ", ""), long.replace(" ", "")
    if bare in whole:
        return whole.removesuffix(bare) not in _DENYING
    return whole.startswith(bare[:4]) or bare == "".join(word[0] for word in long.split())


@lru_cache(maxsize=4096)
def _line_entries(text: str) -> tuple[Entry, ...]:
    """Lines "Label: value"; a label that occurs twice names no single value."""
    if ":" not in text:
        return ()
    found = dict[str, Entry | None]()
    for match in _LINE.finditer(text):
        key = normalise(match["key"])
        if key:
            value = match["value"].rstrip()
            start = match.start("value")
            found[key] = None if key in found else Entry(key, value, start, start + len(value))
    return tuple(entry for entry in found.values() if entry)


@lru_cache(maxsize=4096)
def _json_entries(text: str) -> tuple[Entry, ...]:
    """The scalars of a JSON object with their paths and places; empty for any other text."""
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if text.startswith("```", start) and text.endswith("```", start + 3, end):
        start, end = text.find("\n", start, end) + 1, end - 3
    body = text[start:end]
    if not body.lstrip().startswith(("{", "[")) or len(body) > _LONGEST:
        return ()
    try:
        made = json.loads(body, object_pairs_hook=_keyed_once)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(made, (dict, list)):
        return ()
    places = iter(_places(body, start))
    try:
        return tuple(_walk(made, "", places))
    except (StopIteration, RuntimeError, RecursionError):
        return ()


def _keyed_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("A key occurs twice.")
    return made


def _places(body: str, offset: int) -> Iterator[tuple[int, int]]:
    """Where the scalars stand that are no keys, in order."""
    at = 0
    while match := _TOKEN.match(body, at):
        at = match.end()
        kind = match.lastgroup or ""
        if kind == "mark" or (kind == "string" and _COLON.match(body, at)):
            continue
        yield offset + match.start(kind), offset + match.end(kind)


def _walk(node: object, path: str, places: Iterator[tuple[int, int]]) -> Iterator[Entry]:
    """All scalars in the order of the text; those without a key of their own have no path and are left out."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _walk(value, f"{path}.{key}" if path else str(key), places)
    elif isinstance(node, list):
        for element in node:
            named = _named(element)
            entries = list(_walk(element, f"{path}[{named}]", places))
            yield from entries if named else ()
    else:
        start, end = next(places)
        if isinstance(node, (str, bool, int, float)) or node is None:
            yield Entry(path, node, start, end)


def _named(element: object) -> str:
    if isinstance(element, dict):
        for key in _IDENTIFIES:
            if isinstance(element.get(key), (str, int)):
                return str(element[key])
    return ""
