"""Strict JSON with reasons a person understands: one value, or the values of a whole document with their places."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from curation.readers.result import RowProblem

MAX_DEPTH = 100
_SPACE = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RowProblem("not usable: one object names the same key twice, so one of the two values would be lost")
    return found


def _no_constant(name: str) -> Any:
    raise RowProblem(f"not JSON: it holds {name}; write null in its place")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise RowProblem("not usable: it holds a number too large for a computer's floating point")
    return value


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
_LENIENT = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=len)  # only to find where a value ends


def parse(text: str) -> Any:
    """One JSON value.

    Raises:
        RowProblem: It is not one JSON value, repeats a key, holds NaN, an infinity or an endless number, or is nested
            more than ``MAX_DEPTH`` deep.
    """
    try:
        return _shallow(_STRICT.decode(text), text)
    except (ValueError, RecursionError) as error:
        raise RowProblem(_reason(error, text)) from error


@dataclass(frozen=True, slots=True)
class Placed:
    """A value of a document between two character offsets; ``problem`` replaces ``value`` where it cannot be used.

    ``broken`` marks the last one of a document that could not be read to its end.
    """

    start: int
    end: int
    value: Any = None
    problem: str = ""
    broken: bool = False


def parse_document(text: str) -> Iterator[Placed]:
    """The elements of one JSON array, or the values that follow each other in the text, with their places."""
    position = _after_space(text, 0)
    in_array = text.startswith("[", position)
    if in_array:
        position = _after_space(text, position + 1)
        if text.startswith("]", position):
            return
    while position < len(text):
        placed = _value_at(text, position)
        yield placed
        if placed.broken:
            return
        position = _after_space(text, placed.end)
        if not in_array:
            continue
        if text.startswith(",", position):
            position = _after_space(text, position + 1)
        elif text.startswith("]", position) and _after_space(text, position + 1) == len(text):
            return
        else:
            break
    if in_array:
        problem = "the JSON array breaks off here: this and all that follows could not be read"
        yield Placed(position, len(text), problem=problem, broken=True)


def _value_at(text: str, start: int) -> Placed:
    try:
        value, end = _STRICT.raw_decode(text, start)
        return Placed(start, end, _shallow(value, text[start:end]))
    except (ValueError, RecursionError, RowProblem) as error:
        reason = error.reason if isinstance(error, RowProblem) else _reason(error, text)
    try:
        return Placed(start, _LENIENT.raw_decode(text, start)[1], problem=reason)
    except (ValueError, RecursionError):
        return Placed(start, len(text), problem=f"{reason}; this and all that follows could not be read", broken=True)


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _shallow(value: Any, text: str) -> Any:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return value
    depth, layer = 0, [value]
    while layer:
        depth += 1
        if depth > MAX_DEPTH:
            raise RowProblem(f"not usable: nested more than {MAX_DEPTH} levels deep")
        layer = [
            inner
            for outer in layer
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return value


def _reason(error: Exception, text: str) -> str:
    if isinstance(error, RecursionError):
        return f"not usable: nested more than {MAX_DEPTH} levels deep"
    if not isinstance(error, json.JSONDecodeError):
        return "not usable: it holds a number with thousands of digits"
    if error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip()):
        return "not JSON: it ends in the middle, as if it were cut off"
    if error.msg == "Extra data":
        return f"not JSON: something follows the value at character {error.pos + 1}"
    if error.msg == "Expecting value" and error.pos == 0:
        return "not JSON: it starts with neither an object nor a list"
    return f"not JSON: {error.msg[0].lower()}{error.msg[1:].rstrip(': ')} at character {error.pos + 1}"


def holds_surrogates(text: str) -> bool:
    """Whether a JSON text may hold surrogates: escaped (in a text within the text, too), or as characters."""
    if "\\" not in text and text.isascii():
        return False
    if _ESCAPED_SURROGATE.search(text) is not None or r"\\" in text:
        return True
    return not text.isascii() and _SURROGATE.search(text) is not None


def repair_surrogates(value: Any) -> tuple[Any, int]:
    """The same value with pairs joined and each lone surrogate replaced by U+FFFD, and how many there were."""
    if isinstance(value, str):
        if _SURROGATE.search(value) is None:
            return value, 0
        joined = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        return _SURROGATE.subn("\ufffd", joined)
    if isinstance(value, list):
        repaired = [repair_surrogates(item) for item in value]
        return [item for item, _ in repaired], sum(count for _, count in repaired)
    if isinstance(value, dict):
        total, out = 0, {}
        for key, item in value.items():
            new_key, in_key = repair_surrogates(key)
            if new_key in out:
                raise RowProblem("not usable: two keys of one object differ only in broken characters")
            out[new_key], in_item = repair_surrogates(item)
            total += in_key + in_item
        return out, total
    return value, 0
