"""Reads dates and times of day in every usual form, so that 2024-05-11 is May 11th, 2024.

No library guesses here: dateutil and dateparser read a date into almost any number, and take one reading of 05/06/2024
where there are two.
"""

from __future__ import annotations

import re
from itertools import product

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_NUMBERS = {month: n for n, month in enumerate(_MONTHS.split(), 1)}
_LONG = """
january february march april may june july august september october november december
"""
_NAME = "|".join((*_LONG.split(), *(f"{month}\\.?" for month in _MONTHS.split() if month != "may"), "sept\\.?"))
_YEAR = r"(?:1[5-9]|20)\d\d"
MONTH_WORDS = frozenset((*_LONG.split(), *_MONTHS.split(), "sept"))

_DATE = re.compile(
    rf"(?:(?P<y1>{_YEAR})(?P<sep>[-/.])(?P<m1>0?[1-9]|1[0-2])(?P=sep)(?P<d1>3[01]|[12]\d|0?[1-9])"
    rf"(?:T\d\d:\d\d(?::\d\d)?(?:\.\d+)?Z?)?(?![\d/.-]{{0,9}}\d)"
    rf"|(?P<y5>{_YEAR})-(?P<m5>0[1-9]|1[0-2])(?![\d-])"
    rf"|(?P<a>\d{{1,2}})(?P<sep2>[/.-])(?P<b>\d{{1,2}})(?P=sep2)(?P<y2>{_YEAR}|\d\d)(?![\d/.-]{{0,9}}\d)"
    rf"|(?P<m6>0?[1-9]|1[0-2])/(?P<y6>{_YEAR})(?![\d/])"
    rf"|(?P<d3>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|\.)?[\s-]{{1,3}}(?:of\s{{1,3}})?(?P<n3>{_NAME})(?![^\W\d_])"
    rf"(?:[\s,-]{{1,3}}(?:of\s{{1,3}})?(?P<y3>{_YEAR})(?!\d))?"
    rf"|(?:the\s{{1,3}})?(?P<w3>[a-z]+(?:[ -][a-z]+)?)\s{{1,3}}of\s{{1,3}}(?P<n7>{_NAME})(?![^\W\d_])"
    rf"(?:[\s,]{{1,3}}(?P<y7>{_YEAR})(?!\d))?"
    rf"|(?P<n4>{_NAME})[\s-]{{1,3}}(?:the\s{{1,3}})?(?P<d4>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
    rf"(?![\d:/]|[.,]\d|\s?(?:mg|%))"
    rf"(?:\s{{0,3}},?\s{{0,3}}(?:of\s{{1,3}})?(?P<y4>{_YEAR})(?!\d))?"
    rf"|(?P<n8>{_NAME})(?:,?\s{{1,3}}|-)(?:of\s{{1,3}})?(?P<y8>{_YEAR})(?!\d)"
    rf"|(?P<n9>{_NAME})(?![^\W\d_]))",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?P<h>[01]?\d|2[0-4])(?:[:.](?P<m>[0-5]\d))?(?::[0-5]\d)?\s?(?P<half>[ap])(?:m\b|\.\s?m\b\.?)"
    r"|(?P<h2>[01]?\d|2[0-4]):(?P<m2>[0-5]\d)(?::[0-5]\d)?(?![\d:])"
    r"|(?P<h3>1[0-2]|[1-9])\s?o['’]clock(?:\s{1,3}in\s{1,3}the\s{1,3}(?P<part>morning|afternoon|evening))?"
    r"|(?P<h4>[01]\d|2[0-3])(?P<m4>[0-5]\d)\s?(?:hrs|hours)\b",
    re.IGNORECASE,
)
_AMBIGUOUS = frozenset(("may", "march", "mar", "sep", "dec", "jan", "sun", "august"))
_BEFORE_A_MONTH = re.compile(
    r"\b(?:in|since|of|until|till|by|from|last|next|early|late|mid|through|during|to|before|after|this|every|each)\s$",
    re.IGNORECASE,
)

Day = tuple[int, int, int]
"""Year, month and day of one reading; 0 where the text does not say."""


def date_at(text: str, at: int) -> tuple[tuple[Day, ...], int] | None:
    """All readings of the date that begins here, and one past its last code point; None where there is none."""
    match = _DATE.match(text, at)
    if not match:
        return None
    found = match.groupdict()
    days: list[Day] = []
    if found["y1"]:
        days = [(int(found["y1"]), int(found["m1"]), int(found["d1"]))]
    elif found["y5"]:
        days = [(int(found["y5"]), int(found["m5"]), 0)]
    elif found["a"]:
        year, a, b = int(found["y2"]), int(found["a"]), int(found["b"])
        days = [(year, m, d) for m, d in {(a, b), (b, a)} if 1 <= m <= 12 and 1 <= d <= 31]
        if found["sep2"] == "-" and len(found["y2"]) == 2:
            return None  # a phone number or a code, as likely as not
    elif found["y6"]:
        days = [(int(found["y6"]), int(found["m6"]), 0)]
    elif found["n3"]:
        days = [(int(found["y3"] or 0), _month(found["n3"]), int(found["d3"]))]
    elif found["n4"]:
        days = [(int(found["y4"] or 0), _month(found["n4"]), int(found["d4"]))]
    elif found["n8"]:
        days = [(int(found["y8"]), _month(found["n8"]), 0)]
    elif found["n9"] and _names_a_month(text, at, found["n9"]):
        days = [(0, _month(found["n9"]), 0)]
    elif found["n7"]:
        from curation.clash.numbers_words import words_at

        number = words_at(text, match.start("w3"))
        if number and number.ordinal and number.end == match.end("w3") and number.readings[0] <= 31:
            days = [(int(found["y7"] or 0), _month(found["n7"]), int(number.readings[0]))]
    end = match.end()
    return (
        (tuple(days), end - 1 if text[end - 1] == "." and not text[end : end + 1].isdigit() else end) if days else None
    )


def _month(name: str) -> int:
    return _NUMBERS[name[:3].lower()]


def _names_a_month(text: str, at: int, name: str) -> bool:
    if not name[0].isupper():
        return False
    return name.rstrip(".").lower() not in _AMBIGUOUS or bool(_BEFORE_A_MONTH.search(text[max(0, at - 12) : at]))


def clock_at(text: str, at: int) -> tuple[tuple[int, ...], int] | None:
    """The minutes since midnight that a time of day may mean, and one past its last code point.

    ``5:30`` may be half past five in the morning or in the afternoon; ``17:30`` and ``5:30 p.m.`` are not in doubt.
    """
    match = _CLOCK.match(text, at)
    if not match:
        return None
    hour = int(match["h"] or match["h2"] or match["h3"] or match["h4"])
    minute = int(match["m"] or match["m2"] or match["m4"] or 0)
    half = (match["half"] or "").lower() or {"morning": "a", "afternoon": "p", "evening": "p"}.get(
        (match["part"] or "").lower(), ""
    )
    hours: tuple[int, ...] = (hour % 24,)
    if half and hour <= 12:
        hours = (hour % 12 + (12 if half == "p" else 0),)
    elif not match["h4"] and 1 <= hour <= 12 and not (match["h2"] or "").startswith("0"):
        hours = (hour % 12, hour % 12 + 12)
    return tuple(h * 60 + minute for h in hours), match.end()


def days_apart(left: tuple[Day, ...], right: tuple[Day, ...]) -> bool:
    """Whether no reading of one date can be the other: a part that one leaves open agrees with all."""
    return not any(_agree(one, other) for one, other in product(left, right))


def _agree(one: Day, other: Day) -> bool:
    for at, (a, b) in enumerate(zip(one, other, strict=True)):
        if a and b and a != b and not (at == 0 and min(a, b) < 100 and a % 100 == b % 100):
            return False
    return True
