"""The words round a number that say how it is meant: about, at least, up to, aged, minus."""

from __future__ import annotations

import re
from typing import NamedTuple

_ABOUT = (
    r"about|around|approximately|approx\.?|roughly|nearly|almost|some|circa|ca\.?|close to|just under|just over"
    r"|estimated|(?:an |on )?average(?: of)?|averaging|typically|usually|probably|maybe|perhaps"
)
_LEAST = (
    r"at least|no (?:less|fewer) than|not (?:less|fewer) than|(?:more|greater|longer|older|higher|bigger|later) than"
    r"|over|above|beyond|minimum(?: of)?|min\.?|exceeds?|exceeding|in excess of|upwards of|starting at|after|since"
)
_MOST = (
    r"at (?:the )?most|up to|(?:no|not) (?:more|longer|greater|later|higher) than|not (?:to )?exceed(?:ing)?"
    r"|not over|(?:less|fewer|younger|shorter|lower|smaller|earlier) than|under|below|within|maximum(?: of)?|max\.?"
    r"|before|by|until|till|never (?:more than|exceed)"
)
_BEFORE = re.compile(
    rf"(?:(?<![^\W_])(?:(?P<most>{_MOST})|(?P<least>{_LEAST})|(?P<about>{_ABOUT}))\s(?:(?:a|an|the|to|at|on|is|was)\s)?"
    r"|(?P<gt>[>≥]\s?=?\s?)|(?P<lt>[<≤]\s?=?\s?)|(?P<tilde>[~≈±]\s?))$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\s?(?:(?P<about>or so\b|-?ish\b|or thereabouts|approximately\b)"
    r"|(?P<least>\+(?!\s?\d)|(?:or|and) (?:more|above|over|older|longer|greater|higher|up|beyond)\b|plus\b)"
    r"|(?P<most>(?:or|and) (?:less|fewer|below|under|younger|shorter|lower)\b|\(?max(?:imum)?\b|at most\b))",
    re.IGNORECASE,
)
_AGE = re.compile(r"(?<![^\W_])(?:aged?|age of|ages)[\s:]+(?:about\s|of\s)?$", re.IGNORECASE)
_MINUS = re.compile(r"(?:(?:(?<![\w)\].%])|(?<=\s))[-−]|(?<![^\W_])minus\s)$", re.IGNORECASE)
_WARM = re.compile(
    r"(?<![^\W_])(?:temp\w*|fever\w*|t|febrile|afebrile|oven|heated|preheat\w*)(?![^\W_])", re.IGNORECASE
)
_REACH = 26


class Meant(NamedTuple):
    """How a number is meant: ``bound`` is 1 for "at least" and -1 for "at most"."""

    bound: int
    loose: bool


def meant(text: str, start: int, end: int) -> Meant:
    """What the words before and behind a number make of it."""
    before = _BEFORE.search(text, max(0, start - _REACH), start) if start else None
    after = _AFTER.match(text, end)
    bound, loose = 0, False
    if before:
        loose = bool(before["about"] or before["tilde"])
        bound = 1 if before["least"] or before["gt"] else -1 if before["most"] or before["lt"] else 0
    if after:
        loose = loose or bool(after["about"])
        bound = bound or (1 if after["least"] else -1 if after["most"] else 0)
    return Meant(bound, loose)


def is_age(text: str, start: int) -> bool:
    """Whether "aged" or "at the age of" stands before a number."""
    return _AGE.search(text, max(0, start - _REACH), start) is not None


def is_minus(text: str, start: int) -> bool:
    """Whether a minus sign, not a dash or a hyphen, stands before a number."""
    return start > 0 and _MINUS.search(text, max(0, start - 7), start) is not None


def is_warm(text: str, start: int) -> bool:
    """Whether the words before a number speak of a temperature."""
    return _WARM.search(text, max(0, start - 40), start) is not None
