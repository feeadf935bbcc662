"""Measurable habits of an answer's format, each with the way to bring a departure back, where a rule can."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.types import Example
from curation.evidence.groups import code_ranges, outside

Edit = tuple[int, int, str]
Range = tuple[int, int]

_BULLET = re.compile(r"^[ \t]{0,3}([-*•‣◦–+]|\d{1,2}[.)])[ \t]+(?=\S)", re.MULTILINE)
_BOLD = re.compile(r"\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*|(?<!\w)__(?=\S)([^_\n]+?)(?<=\S)__(?!\w)")
_HEADING = re.compile(r"^#{1,6}[ \t]+\S.*$|^(?:={3,}|-{3,})[ \t]*$", re.MULTILINE)
_CURLY = re.compile("[“”„]")
_DASH = re.compile(r"(?<=\S) ([-–—]|--) (?=\S)|(?<=[a-z])(—)(?=[a-z])")
_CODE = re.compile(r"(?<![\w.@/-])[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?(?![\w])")
_LOWER_CODE = re.compile(r"(?<![\w.@/-])[a-z]\d[0-9a-z](?:\.[0-9a-z]{1,4})?(?![\w])")
_DATES = (
    ("ISO dates (2026-11-21)", re.compile(r"(?<![\d/-])\d{4}-\d{2}-\d{2}(?![\d-])")),
    ("dates with slashes (11/21/2026)", re.compile(r"(?<![\d/])\d{1,2}/\d{1,2}/\d{2,4}(?![\d/])")),
    ("dates with dots (21.11.2026)", re.compile(r"(?<![\d.])\d{1,2}\.\d{1,2}\.\d{4}(?![\d.])")),
    (
        "dates with the month's name",
        re.compile(
            r"\b(?:\d{1,2}\.? "
            r")?(?:January|February|March|April|May|June|July|August|September|October|November|December)"
            r",? \d{1,2}(?:, \d{4}|(?=\D)|\Z)|\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|"
            r"October|November|December)\b"
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Habit:
    """One thing that answers of a group tend to do alike.

    Attributes:
        reason: Slug of a departure.
        value: What an answer does, in words that complete "412 of 430 answers ..."; None = does not apply.
        spans: The words of an answer that depart, half-open ranges; all of it where empty.
        fix: Edits that give an answer the norm's value; none where no rule can. They may not touch anything else.
        usual: What the norm's share itself must reach, beside its lower bound.
        safe: Whether the fix cannot change what is taught.
        ignored: Values that never count as a departure, since what is said calls for them.
        firm: Values that are a norm only at a share of 0.93, whatever ``usual`` is.
    """

    reason: str
    value: Callable[[Example], str | None]
    spans: Callable[[Example, str], list[Range]] = lambda example, norm: []
    fix: Callable[[Example, str], list[Edit]] = lambda example, norm: []
    usual: float = 0.0
    safe: bool = True
    ignored: frozenset[str] = frozenset()
    firm: frozenset[str] = frozenset()


def _prose(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Matches outside code."""
    code = code_ranges(text)
    return (match for match in pattern.finditer(text) if outside(code, *match.span()))


_END_NAMES = {".": "end with a full stop"}


def _ending(example: Example) -> str | None:
    text = example.answer.rstrip()
    last = (text.rstrip(")'\"”’*_ ") or text)[-1:]
    if last in "!?…" or not last.isascii():
        return None  # the voice of the answer, and so a matter of tone, or a script with marks of its own
    if last.isalnum() or last in "%°)'\"”’*":
        return "end without a mark"
    return _END_NAMES.get(last, f"end with {last}")


def _last(example: Example) -> list[Range]:
    text = example.answer.rstrip()
    return [(len(text) - 1, len(text))] if text else []


def _fix_ending(example: Example, norm: str) -> list[Edit]:
    text, now = example.answer.rstrip(), _ending(example)
    if norm == _END_NAMES["."] and now == "end without a mark":
        return [(len(text), len(text), ".")]
    if norm == "end without a mark" and text.endswith(".") and text[-2:-1].isalnum():
        return [(len(text) - 1, len(text), "")]
    return []


def _marker(example: Example) -> str | None:
    marks = {m[1] if not m[1][0].isdigit() else "1" + m[1][-1] for m in _prose(_BULLET, example.answer)}
    if len(list(_prose(_BULLET, example.answer))) < 2:
        return None
    return f"mark list items with {' and '.join(sorted(marks))}"


def _fix_marker(example: Example, norm: str) -> list[Edit]:
    wanted = norm.removeprefix("mark list items with ")
    marks = list(_prose(_BULLET, example.answer))
    if len(wanted) == 1 and all(len(mark[1]) == 1 for mark in marks):
        return [(*mark.span(1), wanted) for mark in marks if mark[1] != wanted]
    return []


def _start(example: Example) -> str:
    text = example.answer.lstrip()
    if _BULLET.match(text) and not text[0].isdigit():
        return "begin with a list marker"
    if text.startswith(("```", "{", "[", "<", "#", "|")):
        return f"begin with {text[0]}"
    first = next((c for c in text.lstrip("*_\"'“‘(") if not c.isspace()), "")
    if _CODE.match(text) or _LOWER_CODE.match(text) or first.isdigit():
        return "begin with a code or number"
    if not first.isalpha() or first.lower() == first.upper():
        return "begin with a symbol" if not first.isalpha() else "begin with a letter"
    return "begin with a capital" if first.isupper() else "begin in lower case"


def _fix_start(example: Example, norm: str) -> list[Edit]:
    text = example.answer
    at = len(text) - len(text.lstrip())
    now = _start(example)
    if now == "begin in lower case" and norm == "begin with a capital" and len(text[at].upper()) == 1:
        return [(at, at + 1, text[at].upper())] if text[at].isalpha() and text[at].upper() != text[at] else []
    if now == "begin with a list marker" and len(list(_BULLET.finditer(text))) == 1:
        mark = _BULLET.match(text, at)
        rest = text[mark.end() :] if mark else ""
        if mark and _starts_like(rest, norm):
            return [(at, mark.end(), "")]
    return []


def _starts_like(text: str, norm: str) -> bool:
    from core.types import Message

    return bool(text.strip()) and _start(Example("", (Message("assistant", text),))) == norm


def _presence(pattern: re.Pattern[str], yes: str, no: str) -> Callable[[Example], str]:
    return lambda example: yes if next(_prose(pattern, example.answer), None) else no


def _matches(pattern: re.Pattern[str]) -> Callable[[Example, str], list[Range]]:
    return lambda example, norm: [match.span() for match in _prose(pattern, example.answer)]


def _fix_bold(example: Example, norm: str) -> list[Edit]:
    if norm != "use no bold":
        return []
    edits: list[Edit] = []
    for match in _prose(_BOLD, example.answer):
        start, end = match.span()
        edits += [(start, start + 2, ""), (end - 2, end, "")]
    return edits


def _quotes(example: Example) -> str:
    return "use curly quotes" if next(_prose(_CURLY, example.answer), None) else "use no curly quotes"


def _fix_quotes(example: Example, norm: str) -> list[Edit]:
    if norm != "use no curly quotes":
        return []
    return [(*match.span(), '"') for match in _prose(_CURLY, example.answer)]


def _dash(example: Example) -> str | None:
    marks = {match[1] or match[2] for match in _prose(_DASH, example.answer)}
    return f"use {' and '.join(sorted(marks))} as a dash" if marks else None


def _fix_dash(example: Example, norm: str) -> list[Edit]:
    wanted = norm.removeprefix("use ").removesuffix(" as a dash")
    if wanted not in ("-", "–", "—", "--"):
        return []
    edits: list[Edit] = []
    for match in _prose(_DASH, example.answer):
        if match[2]:
            edits.append((*match.span(2), f" {wanted} "))
        elif match[1] != wanted:
            edits.append((*match.span(1), wanted))
    return edits


def _lower_codes(example: Example) -> list[Range]:
    """Lower-case codes whose upper-case form stands in the prompt."""
    prompt = "\n".join(message.content for message in example.prompt)
    return [m.span() for m in _LOWER_CODE.finditer(example.answer) if m[0].upper() in prompt]


def _code_case(example: Example) -> str | None:
    if _lower_codes(example):
        return "write codes in lower case"
    return "write codes in capitals" if _CODE.search(example.answer) else None


def _fix_code_case(example: Example, norm: str) -> list[Edit]:
    if norm != "write codes in capitals":
        return []
    return [(start, end, example.answer[start:end].upper()) for start, end in _lower_codes(example)]


def _lines(example: Example) -> str:
    count = sum(1 for line in example.answer.splitlines() if line.strip())
    return f"have {count} line{'s' * (count != 1)}" if count <= 4 else "have five lines or more"


def _date(example: Example) -> str | None:
    kinds = [name for name, pattern in _DATES if next(_prose(pattern, example.answer), None)]
    return f"write {' and '.join(kinds)}" if kinds else None


def _date_places(example: Example, norm: str) -> list[Range]:
    return [m.span() for name, pattern in _DATES if name not in norm for m in _prose(pattern, example.answer)]


def _json(example: Example) -> str:
    text = example.answer.strip()
    if not re.match(r"\{\s*[\"}]|\[\s*[\[{\"\d\]]", text):
        return "are plain text"
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return "begin like JSON but are not JSON"
    return "are JSON"


def _json_keys(example: Example) -> str | None:
    text = example.answer.strip()
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    kinds = {bool: "true/false", int: "number", float: "number", str: "text", list: "list", dict: "object"}
    return "have the keys " + ", ".join(
        f"{key} ({kinds.get(type(item), 'null')})" for key, item in sorted(value.items())
    )


ABSENT = 0.93
"""A habit of leaving something out must be firmer than one of doing something: most sets use everything at times."""

HABITS: tuple[Habit, ...] = (
    Habit("json", _json, usual=ABSENT),
    Habit("json-keys", _json_keys),
    Habit("code-case", _code_case, lambda e, n: _lower_codes(e), _fix_code_case),
    Habit("bold", _presence(_BOLD, "use bold", "use no bold"), _matches(_BOLD), _fix_bold, ABSENT, safe=False),
    Habit("quotes", _quotes, _matches(_CURLY), _fix_quotes, ABSENT),
    Habit("heading", _presence(_HEADING, "use headings", "use no headings"), _matches(_HEADING), usual=ABSENT),
    Habit(
        "code-fence",
        lambda e: "use code blocks" if "```" in e.answer else "use no code blocks",
        usual=ABSENT,
        ignored=frozenset({"use code blocks"}),
    ),
    Habit("list-marker", _marker, _matches(_BULLET), _fix_marker),
    Habit("dash", _dash, _matches(_DASH), _fix_dash),
    Habit("date-format", _date, _date_places),
    Habit(
        "start",
        _start,
        lambda e, n: [(0, min(len(e.answer), 12))],
        _fix_start,
        0.9,
        ignored=frozenset({"begin with a code or number", "begin with a symbol", "begin with a letter"}),
    ),
    Habit("final-punctuation", _ending, lambda e, n: _last(e), _fix_ending, firm=frozenset({"end without a mark"})),
    Habit("line-count", _lines, usual=ABSENT),
)
