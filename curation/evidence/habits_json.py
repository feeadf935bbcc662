"""Answers in JSON: whether they are, and the schema that their majority has, inferred key by key."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from curation.evidence.habits_answer import ABSENT, Answer, Edit, Habit, Range

_LIKE = re.compile(r"\s*(?:\{\s*[\"'}]|\[\s*(?:\[|\{|\"|-?\d+\s*[,\]]|\]))")
_FENCED = re.compile(r"\A\s*```(?:json|JSON)?[ \t]*\n(.*?)\n[ \t]*```\s*\Z", re.DOTALL)
_DEEPEST = 5
_OPTIONAL = 0.03  # a key that more objects have (and four at least) is one that may be there, not a slip
_ARE, _BROKEN, _PLAIN = "are JSON", "begin like JSON but are not JSON", "are plain text"

Object = tuple[str, dict[str, Any]]
Share = Callable[[int, int], float | None]


def _place(answer: Answer) -> Range | None:
    """Where an answer's JSON would stand: all of it, or the inside of its only code block."""
    text = answer.text
    if "{" not in text and "[" not in text:
        return None
    if _LIKE.match(text):
        return 0, len(text)
    if "```" in text and (match := _FENCED.match(text)) and _LIKE.match(match[1]):
        return match.span(1)
    return None


def parsed(answer: Answer) -> Any | None:
    """The value of a JSON answer; None where it is none."""
    place = _place(answer)
    if place is None:
        return None
    try:
        return json.loads(answer.text[slice(*place)])
    except (ValueError, RecursionError):
        return None


def _json(answer: Answer) -> str:
    if _place(answer) is None:
        return _PLAIN
    return _BROKEN if parsed(answer) is None else _ARE


JSON: tuple[Habit, ...] = (Habit("json", _json, usual=ABSENT, never=frozenset({_BROKEN})),)


def objects(value: Any, path: str = "", depth: int = 0) -> Iterator[Object]:
    """Every object in a value with its path, which ends where a key would follow: "", ``address.``, ``items[].``."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            if isinstance(inner, dict):
                yield from objects(inner, f"{path}{key}.", depth + 1)
            elif isinstance(inner, list):
                yield from objects(inner, f"{path}{key}", depth + 1)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                yield from objects(item, f"{path}[].", depth + 1)


def kind_of(value: Any) -> str:
    """JSON's name of a value's type; whole and other numbers are one."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    names = {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names[type(value)]


@dataclass(frozen=True, slots=True)
class KeyNorm:
    """What nearly all objects of a group do with one key.

    Attributes:
        reason: ``json-missing-key``, ``json-extra-key`` or ``json-type``.
        path: The object's path, as ``objects`` gives it.
        key: The key; empty for an extra key, where the norm is about all keys that are not listed.
        wanted: For people: completes "118 of 120 answers ...".
        count: Objects that keep the norm.
        total: Of how many.
        bound: Lower confidence bound of the share.
        allowed: The type, or (for an extra key) the keys that are no extra ones.
    """

    reason: str
    path: str
    key: str
    wanted: str
    count: int
    total: int
    bound: float
    allowed: frozenset[str]


def learn_keys(
    values: Iterable[list[Object]], least: int, share: float, bound: Callable[[int, int], float]
) -> list[KeyNorm]:
    """The schema that nearly all answers keep.

    Args:
        values: The objects of each answer.
        least: Fewest objects of a path from which anything is learned.
        share: What the lower confidence bound of a norm's share must reach.
        bound: That bound, of a count and a total.
    """
    totals: Counter[str] = Counter()
    kinds: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    keys_of: dict[str, list[frozenset[str]]] = defaultdict(list)
    for found in values:
        for path, item in found:
            totals[path] += 1
            keys_of[path].append(frozenset(item))
            for key, inner in item.items():
                kinds[path][key][kind_of(inner)] += 1
    norms: list[KeyNorm] = []
    for path in sorted(totals):
        total = totals[path]
        if total < least:
            continue
        inside = f"“{path.rstrip('.')}”" if path else "the object"
        usual: set[str] = set()
        for key, counted in sorted(kinds[path].items()):
            count = counted.total()
            if count >= max(_OPTIONAL * total, 4):
                usual.add(key)
            if count >= ABSENT * total and bound(count, total) >= share:
                said = f"have the key “{path}{key}”"
                norms.append(
                    KeyNorm("json-missing-key", path, key, said, count, total, bound(count, total), frozenset())
                )
            kind, same = min(counted.items(), key=lambda item: (-item[1], item[0]))
            if count >= least and same >= ABSENT * count and bound(same, count) >= share and kind != "null":
                said = f"give “{path}{key}” as {kind}"
                norms.append(KeyNorm("json-type", path, key, said, same, count, bound(same, count), frozenset({kind})))
        closed = sum(1 for keys in keys_of[path] if keys <= usual)
        if usual and closed >= 0.9 * total and bound(closed, total) >= share:
            said = f"have no keys in {inside} but {', '.join(sorted(usual))}"
            norms.append(
                KeyNorm("json-extra-key", path, "", said, closed, total, bound(closed, total), frozenset(usual))
            )
    return norms


def key_departures(found: list[Object], norm: KeyNorm) -> list[str]:
    """The keys by which an answer departs from a norm, without repeats."""
    keys: list[str] = []
    for path, item in found:
        if path != norm.path:
            continue
        if norm.reason == "json-missing-key":
            keys += [norm.key] if norm.key not in item else []
        elif norm.reason == "json-extra-key":
            keys += sorted(item.keys() - norm.allowed)
        elif norm.key in item and kind_of(item[norm.key]) not in norm.allowed:
            keys.append(norm.key)
    return list(dict.fromkeys(keys))


def key_ranges(answer: Answer, key: str) -> list[Range]:
    """Where a key stands in the text, with its quotes."""
    quoted = {json.dumps(key), json.dumps(key, ensure_ascii=False)}
    pattern = "|".join(re.escape(form) for form in sorted(quoted))
    return [match.span(1) for match in re.finditer(rf"({pattern})\s*:", answer.text)]


def retyped(answer: Answer, key: str, wanted: str) -> list[Edit]:
    """A number out of its quotes or into them, true and false likewise; nothing where a person has to choose."""
    places = key_ranges(answer, key)
    if len(places) != 1:
        return []
    value = re.compile(r'\s*:\s*("(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?![\w.])|true\b|false\b)').match(
        answer.text, places[0][1]
    )
    if value is None:
        return []
    text, (start, end) = value[1], value.span(1)
    plain = {"a number": r'"-?(?:0|[1-9]\d*)(?:\.\d+)?"', "true or false": r'"(?:true|false)"'}
    if wanted in plain and re.fullmatch(plain[wanted], text):
        return [(start, start + 1, ""), (end - 1, end, "")]
    if wanted == "text" and not text.startswith('"'):
        return [(start, start, '"'), (end, end, '"')]
    return []
