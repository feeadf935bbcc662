"""Habits of writing dates and times, and the same date in another form where nothing can be mistaken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from curation.evidence.habits_answer import Answer, Edit, Habit, Range

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_SHORT = tuple(name[:3] for name in _MONTHS)
_NAME = "|".join(_MONTHS)
_ABBREVIATED = "|".join((*(name for name in _SHORT if name != "May"), "Sept"))
_NUMERIC, _NAMED = slice(0, 5), slice(5, None)


@dataclass(frozen=True, slots=True)
class _Form:
    """One way of writing a date. ``read`` gives it as a date, None where it cannot be known; ``write`` the reverse."""

    label: str
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], date | None]
    write: Callable[[date], str] | None


def _day(year: str, month: int, day: str) -> date | None:
    try:
        return date(int(year), month, int(day))
    except ValueError:
        return None


def _month(name: str) -> int:
    return _SHORT.index(name[:3].capitalize()) + 1


def _slashed(match: re.Match[str]) -> date | None:
    """Known only where one of the two numbers cannot be a month, or both are equal."""
    first, second = int(match[1]), int(match[2])
    if len(match[3]) != 4:
        return None
    if first > 12 or first == second:
        return _day(match[3], second, match[1])
    return _day(match[3], first, match[2]) if second > 12 else None


_FORMS: tuple[_Form, ...] = (
    _Form("ISO dates (2026-11-21)", re.compile(r"(?<![\d/-])(\d{4})-(\d{2})-(\d{2})(?![\d-])"),
          lambda m: _day(m[1], int(m[2]), m[3]), lambda d: d.isoformat()),
    _Form("dates with slashes (11/21/2026)", re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?![\d/])"),
          _slashed, None),
    _Form("dates with slashes, the year first (2026/11/21)",
          re.compile(r"(?<![\d/])(\d{4})/(\d{1,2})/(\d{1,2})(?![\d/])"),
          lambda m: _day(m[1], int(m[2]), m[3]), lambda d: f"{d.year}/{d.month:02}/{d.day:02}"),
    _Form("dates with dots (21.11.2026)", re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})\.(\d{4})(?![\d.]\d)"),
          lambda m: _day(m[3], int(m[2]), m[1]), lambda d: f"{d.day:02}.{d.month:02}.{d.year}"),
    _Form("dates with hyphens, the year last (21-11-2026)",
          re.compile(r"(?<![\d-])(\d{1,2})-(\d{1,2})-(\d{4})(?![\d-])"),
          lambda m: None, None),
    _Form("dates like November 21, 2026", re.compile(rf"\b({_NAME}) (\d{{1,2}}), (\d{{4}})\b"),
          lambda m: _day(m[3], _month(m[1]), m[2]), lambda d: f"{_MONTHS[d.month - 1]} {d.day}, {d.year}"),
    _Form("dates like November 21st, 2026", re.compile(rf"\b({_NAME}) (\d{{1,2}})(?:st|nd|rd|th),? (\d{{4}})\b"),
          lambda m: _day(m[3], _month(m[1]), m[2]), None),
    _Form("dates like 21 November 2026", re.compile(rf"\b(\d{{1,2}}) ({_NAME}),? (\d{{4}})\b"),
          lambda m: _day(m[3], _month(m[2]), m[1]), lambda d: f"{d.day} {_MONTHS[d.month - 1]} {d.year}"),
    _Form("dates like 21st of November 2026",
          re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th) (?:of )?({_NAME}),? (\d{{4}})\b"),
          lambda m: _day(m[3], _month(m[2]), m[1]), None),
    _Form("dates like Nov 21, 2026", re.compile(rf"\b({_ABBREVIATED})\.? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})\b"),
          lambda m: _day(m[3], _month(m[1]), m[2]), lambda d: f"{_SHORT[d.month - 1]} {d.day}, {d.year}"),
    _Form("dates like 21 Nov 2026", re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)? ({_ABBREVIATED})\.?,? (\d{{4}})\b"),
          lambda m: _day(m[3], _month(m[2]), m[1]), lambda d: f"{d.day} {_SHORT[d.month - 1]} {d.year}"),
)  # fmt: skip
DATE_LABELS = tuple(form.label for form in _FORMS)
_BY_LABEL = {form.label: form for form in _FORMS}


def _dates(answer: Answer) -> list[tuple[_Form, re.Match[str]]]:
    held: list[tuple[_Form, re.Match[str]]] | None = answer.memo.get("dates")
    if held is None:
        held = answer.memo["dates"] = list(_numeric(answer)) if answer.numbers else []
        if _may_be_named(answer):
            held += [(form, match) for form in _FORMS[_NAMED] for match in form.pattern.finditer(answer.prose)]
    return held


def _numeric(answer: Answer) -> Iterator[tuple[_Form, re.Match[str]]]:
    """Dates in figures: a number followed by a hyphen or slash and a number, or one that holds two points."""
    text = answer.prose
    for start, end in answer.numbers:
        if (text[end : end + 1] in ("-", "/") and text[end + 1 : end + 2].isdigit()) or (
            end - start > 7 and text.count(".", start, end) == 2
        ):
            for form in _FORMS[_NUMERIC]:
                if match := form.pattern.match(text, start):
                    yield form, match


def _may_be_named(answer: Answer) -> bool:
    """Whether a month's name stands beside a number of one or two digits."""
    text = answer.prose
    for start, end in answer.numbers:
        if end - start <= 2:
            around = text[max(0, start - 12) : start] + " " + text[end : end + 10]
            if any(month in around for month in _SHORT):
                return True
    return False


def _date(answer: Answer) -> str | None:
    labels = {form.label for form, _ in _dates(answer)}
    return f"write {' and '.join(sorted(labels))}" if labels else None


def _date_places(answer: Answer, norm: str) -> list[Range]:
    return [match.span() for form, match in _dates(answer) if form.label not in norm]


def _fix_date(answer: Answer, norm: str) -> list[Edit]:
    wanted = _BY_LABEL.get(norm.removeprefix("write "))
    if wanted is None or wanted.write is None:
        return []
    edits: list[Edit] = []
    for form, match in _dates(answer):
        if form is not wanted:
            day = form.read(match)
            if day is None:
                return []
            edits.append((*match.span(), wanted.write(day)))
    return edits


_TIME = re.compile(
    r"(?<![\d:.])(\d{1,2})(?::([0-5]\d))?(?::[0-5]\d)?([ \u00a0]?)([ap]m|[AP]M|[ap]\.m\.|[AP]\.M\.)(?![A-Za-z])"
    r"|(?<![\d:.])([01]?\d|2[0-3]):([0-5]\d)(?![\d:]|[ \u00a0]?[APap]\.?[Mm]\b)"
)


def _may_be_time(text: str, end: int) -> bool:
    after = text[end : end + 4]
    return after[:1] == ":" or after.lstrip(" \u00a0")[:1] in ("a", "p", "A", "P")


def _times(answer: Answer) -> list[tuple[str, re.Match[str]]]:
    found = []
    for start, end in answer.numbers:
        match = _TIME.match(answer.prose, start) if _may_be_time(answer.prose, end) else None
        if match:
            label = f"3:00{match[3]}{match[4].replace('a', 'p').replace('A', 'P')}" if match[4] else "15:00"
            found.append((f"write times like {label}", match))
    return found


def _time(answer: Answer) -> str | None:
    labels = {label for label, _ in _times(answer)}
    if len(labels) > 1:
        return "write times in several ways"
    return next(iter(labels), None)


def _fix_time(answer: Answer, norm: str) -> list[Edit]:
    """Spacing and case of am and pm only; a 12-hour time in a 24-hour text wants a person."""
    if not norm.startswith("write times like 3:00"):
        return []
    shape = norm.removeprefix("write times like 3:00")
    edits: list[Edit] = []
    for label, match in _times(answer):
        if label == norm:
            continue
        if not match[4]:
            return []
        noon = shape if match[4][0] in "pP" else shape.replace("p", "a").replace("P", "A")
        edits.append((match.start(3), match.end(4), noon))
    return edits


DATES: tuple[Habit, ...] = (
    Habit("date-format", _date, _date_places, _fix_date, safe=False),
    Habit("time-format", _time, lambda a, n: [m.span() for label, m in _times(a) if label != n], _fix_time, safe=False,
          never=frozenset({"write times in several ways"})),
)  # fmt: skip
