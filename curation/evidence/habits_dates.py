"""Habits of writing dates and times, and the same date in another form where nothing can be mistaken."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from curation.evidence.habits_answer import Answer, Edit, Habit, Range

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_SHORT = tuple(name[:3] for name in _MONTHS)
_NAME = "|".join(_MONTHS)
_ABBREVIATED = "|".join((*(name for name in _SHORT if name != "May"), "Sept"))
_HINT = re.compile(r"[-/.][0-9]")
_NUMERIC, _NAMED = slice(0, 5), slice(5, None)
_NAME_HINT = re.compile(
    rf"[0-9](?:st|nd|rd|th)?,? (?:of )?(?:{'|'.join(_SHORT)})|(?:{'|'.join(_SHORT)})[a-z]*\.? [0-9]"
)
_TIME_HINT = re.compile(r":[0-9]|[ \u00a0]?[aApP]")


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
    _Form("dates with slashes, the year first (2026/11/21)", re.compile(r"(?<![\d/])(\d{4})/(\d{1,2})/(\d{1,2})(?![\d/])"),
          lambda m: _day(m[1], int(m[2]), m[3]), lambda d: f"{d.year}/{d.month:02}/{d.day:02}"),
    _Form("dates with dots (21.11.2026)", re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})\.(\d{4})(?![\d.]\d)"),
          lambda m: _day(m[3], int(m[2]), m[1]), lambda d: f"{d.day:02}.{d.month:02}.{d.year}"),
    _Form("dates with hyphens, the year last (21-11-2026)", re.compile(r"(?<![\d-])(\d{1,2})-(\d{1,2})-(\d{4})(?![\d-])"),
          lambda m: None, None),
    _Form("dates like November 21, 2026", re.compile(rf"\b({_NAME}) (\d{{1,2}}), (\d{{4}})\b"),
          lambda m: _day(m[3], _month(m[1]), m[2]), lambda d: f"{_MONTHS[d.month - 1]} {d.day}, {d.year}"),
    _Form("dates like November 21st, 2026", re.compile(rf"\b({_NAME}) (\d{{1,2}})(?:st|nd|rd|th),? (\d{{4}})\b"),
          lambda m: _day(m[3], _month(m[1]), m[2]), None),
    _Form("dates like 21 November 2026", re.compile(rf"\b(\d{{1,2}}) ({_NAME}),? (\d{{4}})\b"),
          lambda m: _day(m[3], _month(m[2]), m[1]), lambda d: f"{d.day} {_MONTHS[d.month - 1]} {d.year}"),
    _Form("dates like 21st of November 2026", re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th) (?:of )?({_NAME}),? (\d{{4}})\b"),
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
        forms: list[_Form] = []
        if answer.digits:
            forms += _FORMS[_NUMERIC] if _HINT.search(answer.after_digits) else ()
            forms += (
                _FORMS[_NAMED]
                if any(month in answer.prose for month in _SHORT) and _NAME_HINT.search(answer.prose)
                else ()
            )
        held = answer.memo["dates"] = [(form, match) for form in forms for match in form.pattern.finditer(answer.prose)]
    return held


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


def _times(answer: Answer) -> list[tuple[str, re.Match[str]]]:
    if not answer.digits or not _TIME_HINT.search(answer.after_digits):
        return []
    found = []
    for match in _TIME.finditer(answer.prose):
        label = f"write times like 3:00{match[3]}{match[4].replace('a', 'p').replace('A', 'P')}" if match[4] else ""
        found.append((label or "write times like 15:00", match))
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
