"""The parts of a text that change what it says: numbers with their units, codes, negations, words with an opposite."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from curation.evidence.lexicon import COUNTS, NEGATIONS, OPPOSITES

# Each unit as (dimension, factor): 500 mg and 0.5 g are the same dose.
_UNITS: dict[str, tuple[str, float]] = {
    "mcg": ("mass", 1e-6), "µg": ("mass", 1e-6), "μg": ("mass", 1e-6), "ug": ("mass", 1e-6), "mg": ("mass", 1e-3),
    "g": ("mass", 1.0), "gram": ("mass", 1.0), "grams": ("mass", 1.0), "kg": ("mass", 1e3), "lb": ("mass", 453.592),
    "lbs": ("mass", 453.592), "pounds": ("mass", 453.592), "ml": ("volume", 1e-3), "cl": ("volume", 1e-2),
    "l": ("volume", 1.0), "liter": ("volume", 1.0), "liters": ("volume", 1.0), "litre": ("volume", 1.0),
    "litres": ("volume", 1.0), "mm": ("length", 1e-3), "cm": ("length", 1e-2), "m": ("length", 1.0),
    "km": ("length", 1e3), "second": ("time", 1.0), "seconds": ("time", 1.0), "minute": ("time", 60.0),
    "minutes": ("time", 60.0), "min": ("time", 60.0), "hour": ("time", 3600.0), "hours": ("time", 3600.0),
    "h": ("time", 3600.0), "day": ("time", 86400.0), "days": ("time", 86400.0), "week": ("time", 604800.0),
    "weeks": ("time", 604800.0), "month": ("months", 1.0), "months": ("months", 1.0), "year": ("months", 12.0),
    "years": ("months", 12.0), "%": ("percent", 1.0), "percent": ("percent", 1.0), "iu": ("iu", 1.0),
    "units": ("unit", 1.0), "mmhg": ("mmhg", 1.0), "bpm": ("bpm", 1.0), "°c": ("celsius", 1.0),
    "°f": ("fahrenheit", 1.0), "usd": ("usd", 1.0), "dollars": ("usd", 1.0), "eur": ("eur", 1.0),
    "euros": ("eur", 1.0), "euro": ("eur", 1.0), "gbp": ("gbp", 1.0), "kb": ("byte", 1e3), "mb": ("byte", 1e6),
    "gb": ("byte", 1e9), "tb": ("byte", 1e12),
}  # fmt: skip
_MONEY = {"$": "usd", "€": "eur", "£": "gbp"}
OPPOSITE: dict[str, str] = {a: b for pair in OPPOSITES for a, b in (pair, pair[::-1])}

_FIXED_PARTS = (
    r"(?P<code>(?<![\w.@/-])(?=[A-Z0-9.-]*\d)[A-Z]{1,6}-?\d[\dA-Z]*(?:[.\-]\d[\dA-Z]*)*(?![\w]))"
    r"|(?P<date>(?<![\w./-])(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{1,2}:\d{2})(?![\w/]))"
    r"|(?P<number>(?<![\w.])(?P<sign>(?<![\d\w)])[-−])?(?:(?P<money>[$€£])\s?)?(?P<digits>\d[\d,]*(?:\.\d+)?)"
    rf"(?:[\s-]?(?P<unit>(?i:{'|'.join(map(re.escape, sorted(_UNITS, key=len, reverse=True)))}))(?!\w))?)"
)
_FIXED = re.compile(_FIXED_PARTS)
_PATTERN = re.compile(_FIXED_PARTS + r"|(?P<word>[A-Za-z]+(?:(?<=[nN])['’][tT](?![A-Za-z]))?)")
_DIGIT = re.compile(r"\d")
_NO_NEGATION = ("no thank", "no problem", "no worries", "not only")
_BEFORE_DIGIT = 8  # no code or number begins further before its first digit
_WORDS = re.compile("[a-z]+")
_ONLY_LETTERS = {code: " " for code in range(128) if not chr(code).islower()}
_COUNT_OR_NOT = frozenset((*COUNTS, *NEGATIONS))
_CONTRACTED = re.compile(r"(?<=[a-z])n['’]t(?![a-z])")
_POLITE = re.compile(rf"(?<![a-z])(?:{'|'.join(_NO_NEGATION)})")
_NEGATION = re.compile(rf"(?:{'|'.join(NEGATIONS)}|\w+n['’]t)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fact:
    """A stretch of a text that states something checkable.

    Attributes:
        kind: ``code``, ``number``, ``negation`` or ``opposite``.
        value: What is compared: equal values say the same (``0.5 g`` and ``500 mg`` are both ``mass:0.5``).
        start: First code point.
        end: One past the last.
    """

    kind: str
    value: str
    start: int
    end: int

    @property
    def dimension(self) -> str:
        """What a number measures (``mass``, ``time``, empty for a bare number); for other kinds, the kind."""
        return self.value.split(":", 1)[0] if self.kind == "number" else self.kind


@lru_cache(maxsize=65536)
def facts(text: str) -> tuple[Fact, ...]:
    """All facts of a text, in order of place. Number words count from two on ("one" is too often a pronoun)."""
    found: list[Fact] = []
    for match in _PATTERN.finditer(text):
        start, end = match.span()
        if match["code"]:
            found.append(Fact("code", match["code"].upper(), start, end))
        elif match["date"]:
            found.append(Fact("number", f"date:{match['date']}", start, end))
        elif match["digits"]:
            found.append(_number(match))
        else:
            word = match["word"].lower()
            if word in COUNTS:
                found.append(Fact("number", f":{COUNTS[word]:g}", start, end))
            elif _NEGATION.match(word):
                if text[start : end + 8].lower().startswith(_NO_NEGATION):
                    continue
                found.append(Fact("negation", "not", start, end))
            elif word in OPPOSITE:
                found.append(Fact("opposite", word, start, end))
    return tuple(found)


def _number(match: re.Match[str]) -> Fact:
    """A number in the base unit of its dimension; a word that is no unit is left out of the fact."""
    digits = match["digits"].rstrip(",")
    value = float(digits.replace(",", ""))
    unit = (match["unit"] or "").lower()
    start = match.start("sign") if match["sign"] else match.start("money") if match["money"] else match.start("digits")
    end = match.start("digits") + len(digits)
    dimension = _MONEY.get(match["money"] or "", "")
    if unit in _UNITS:
        dimension, factor = _UNITS[unit]
        value *= factor
        end = match.end("unit")
    if match["sign"]:
        value = -value
    return Fact("number", f"{dimension}:{value:.10g}", start, end)


@lru_cache(maxsize=65536)
def stance(text: str) -> tuple[frozenset[str], int]:
    """Which numbers and codes a text holds, and how often it negates."""
    fixed, negations = told(text)
    return frozenset(fixed), negations


def told(text: str) -> tuple[tuple[str, ...], int]:
    """The values of all numbers and codes in order, then those of the number words, and how often the text negates.

    The same as counting ``facts``, without looking at every word.
    """
    fixed = []
    position = 0
    while digit := _DIGIT.search(text, position):
        at = digit.start()
        match = _FIXED.search(text, max(position, at - _BEFORE_DIGIT))
        if match is None:
            break
        position = match.end()
        if match["code"]:
            fixed.append(match["code"].upper())
        elif match["date"]:
            fixed.append(f"date:{match['date']}")
        else:
            fixed.append(_number(match).value)
    lowered = text.lower()
    words = lowered.translate(_ONLY_LETTERS).split() if text.isascii() else _WORDS.findall(lowered)
    telling = [] if _COUNT_OR_NOT.isdisjoint(words) else [word for word in words if word in _COUNT_OR_NOT]
    negations = len(_CONTRACTED.findall(lowered)) if "'" in lowered or "’" in lowered else 0
    for word in telling:
        if word in COUNTS:
            fixed.append(f":{COUNTS[word]:g}")
        else:
            negations += 1
    if "no" in telling or "not" in telling:
        negations -= len(_POLITE.findall(lowered))
    return tuple(fixed), negations


def opposed(left: str, right: str) -> list[tuple[Fact, Fact]]:
    """Pairs of opposite words (left / right, acute / chronic) of which each text holds just one."""
    in_left = {fact.value: fact for fact in facts(left) if fact.kind == "opposite"}
    in_right = {fact.value: fact for fact in facts(right) if fact.kind == "opposite"}
    return [
        (fact, in_right[OPPOSITE[word]])
        for word, fact in in_left.items()
        if OPPOSITE[word] in in_right and word not in in_right and OPPOSITE[word] not in in_left
    ]
