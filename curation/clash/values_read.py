"""Finds the values of a text in their places: quantities, counts, dates, times, frequencies, phone numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from curation.clash.dates import MONTH_WORDS, clock_at, date_at
from curation.clash.numbers_words import NUMBER_WORDS, ORDINALS, Number, digits_at, fraction_at, words_at
from curation.clash.values import Value
from curation.clash.values_often import OFTEN_WORDS, often_at
from curation.clash.values_phrases import is_age, is_minus, is_warm, meant
from curation.clash.values_units import DOSE_NOUNS, DOSE_UNITS, SYMBOLS, UNIT, UNITS

_SIGN = re.compile(r"[\d$€£¥½¼¾⅓⅔⅛⅜⅝⅞]")
_LETTERS = re.compile(r"[a-z]+")
_TOKEN = re.compile(r"\d|[$€£¥½¼¾⅓⅔⅛⅜⅝⅞]|[A-Za-z]+")
_WORDS = NUMBER_WORDS | ORDINALS.keys() | MONTH_WORDS | OFTEN_WORDS | {"noon", "midnight"}
_RUN = re.compile(r"\w*(?:[.-]\w+)*")
_PHONE = re.compile(r"\d{1,4}\)?(?:[ .-]\(?\d{2,5}\)?){2,5}(?!\d)|\d{9,15}(?![\d.,])|\d{3}-\d{4}(?![\d-])")
_DOTTED = re.compile(r"\d+(?:\.\d+){2,}(?:-\w+)?")
_OVER = re.compile(
    r"(?P<a>\d{1,3})(?:\s?[-–]\s?(?P<a2>\d{1,3}))?(?:\s?/\s?|\sout\sof\s|\sover\s)(?P<b>\d{1,3})(?![\d/.,:-]{0,9}\d)",
    re.IGNORECASE,
)
_RATIO = re.compile(r"(?P<a>\d{1,4})\s?:\s?(?P<b>\d{1,5})(?![\d:])")
_FEET = re.compile(r"(?P<feet>[3-8])['’′]\s?(?P<inches>1[01]|\d)(?:[\"”″]|['’′]{2})?(?!\d)")
_TO = re.compile(r"\s?(?:[-–—]|(?<=\s)to(?=\s)|(?<=\s)or(?=\s)|(?P<and>(?<=\s)and(?=\s)))\s?[$€£]?", re.IGNORECASE)
_CHANGES = re.compile(
    r"(?:increas|decreas|reduc|rais|lower|rose|rise|fell|fall|drop|chang|went|go(?:es)?\b|titrat|taper|grew|grow|mov|switch)"
    r"[a-z]*\s(?:\w+\s){0,2}from\s[$€£]?$",
    re.IGNORECASE,
)  # from one value to another, which is no range
_BETWEEN = re.compile(r"between\s$", re.IGNORECASE)
_PLUS = re.compile(r",?\s(?:and\s)?|-(?=\d{1,2}-)", re.IGNORECASE)
_INCHES = re.compile(r"\s?(?P<old>)in(?![^\W_])|(?=\s?(?:[.,;)]|$|tall\b))", re.IGNORECASE)
_FEET_NAMES = ("ft", "foot", "feet")
_NOUN = re.compile(r"[ -]+([A-Za-z]+)")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d(?![\d.,/]{0,9}\d)(?!(?!s\b)[A-Za-z])")
_NO_NOUNS = """
    and or the a an in on at to for with of by but is was were as when he she it they we i which that from until through
    after before because due where who there has had have per showed revealed secondary
"""
_NO_NOUN = frozenset(_NO_NOUNS.split())
_YEAR_BEFORE = re.compile(
    r"(?<![^\W_])(?:in|since|of|until|by|from|during|year|early|late|mid|around|before|after)\s$", re.I
)
_NO_ONE = re.compile(
    r"one(?:['’]|[ -](?:of|another|else|who|that|which|is|was|can|has|should|must|may|by|day|or|to|thing|way"
    r"|and(?! a ))\b"
    r"|\s*[.,;:!?)\n]|\s*$)",
    re.IGNORECASE,
)
_BEFORE_ONE = re.compile(
    r"(?<![^\W_])(?:no|any|every|each|this|that|which|the|some|another|other|first|last|only|as|at|good|new|old|big|little"
    r"|small|right|wrong|same|with|is|was)[ -]$",
    re.IGNORECASE,
)
_BEFORE_ORDINAL = re.compile(
    r"(?:(?P<number>\d)|(?<![^\W_])(?P<word>an?|one|two|three|per|each|every|at|from))[ -]$", re.I
)
_LOOSE_WORDS = {"couple": (2.0, 3.0), "half": (0.5, 0.5)}
_ARTICLE = re.compile(r"(?:\s?-|\s)(?:of\s)?(?:an?\s)?", re.IGNORECASE)


@lru_cache(maxsize=16384)
def values(text: str) -> tuple[Value, ...]:
    """All values of a text, in order of place; none overlaps another. Words for numbers are read in English."""
    if not _SIGN.search(text) and _WORDS.isdisjoint(_LETTERS.findall(text.lower())):
        return ()
    found: list[Value] = []
    position = 0
    for token in _TOKEN.finditer(text):
        at, first = token.start(), token[0]
        if at < position:
            continue
        before = text[at - 1] if at else " "
        if first.isalpha() and first.isascii():
            word = first.lower()
            if word not in _WORDS or before.isalnum() or before == "_":
                position = token.end()
                continue
            read = _from_word(text, at, word)
        elif before.isalpha() or before == "_" or (before == "-" and text[at - 2 : at - 1].isalpha() and at > 1):
            position = _past(text, at)
            continue
        else:
            read = _from_digits(text, at, first)
        if read is None or read.end <= at:
            position = token.end() if not first.isdigit() else _past(text, at)
        else:
            found.append(read)
            position = read.end
    return tuple(found)


def _past(text: str, at: int) -> int:
    match = _RUN.match(text, at)
    return max(at + 1, match.end() if match else 0)


def _from_word(text: str, at: int, word: str) -> Value | None:
    if word in MONTH_WORDS or word in ORDINALS or word in ("twenty", "thirty"):
        dated = date_at(text, at)
        if dated:
            return _dated(text, at, *dated)
    if word in OFTEN_WORDS and (often := often_at(text, at)):
        return often
    if word in ("noon", "midnight"):
        minutes = 720.0 if word == "noon" else 0.0
        return Value("clock", ((minutes, minutes),), at, at + len(word), bound=meant(text, at, at).bound)
    if word in _LOOSE_WORDS:
        return _loosely(text, at, word)
    if word == "one" and _NO_ONE.match(text, at):
        return None
    number = words_at(text, at)
    if number and word == "one" and number.end == at + 3 and _BEFORE_ONE.search(text, max(0, at - 9), at):
        unit = UNIT.match(text, number.end)
        if not unit or not _measured(text, at, unit, number):
            return None
    return _quantity(text, at, number) if number else None


def _loosely(text: str, at: int, word: str) -> Value | None:
    """A couple of weeks, half an hour, half a tablet; nothing where no unit and no noun of a dose follows."""
    article = _ARTICLE.match(text, at + len(word))
    if not article:
        return None
    low, high = _LOOSE_WORDS[word]
    if word == "half" and text[article.end() : article.end() + 5].lower() == "dozen":
        return _quantity(text, at, Number((6.0,), 0.0, False, False, article.end() + 5))
    unit = UNIT.match(text, article.end())
    if unit and unit["name"] and (measured := _measured(text, at, unit, Number((low,), 0.0, False, False, at))):
        kind, size, name = measured
        return Value(kind, ((low * size, high * size),), at, unit.end(), name, 0.0, False, 0, word == "couple")
    noun = re.compile(r"[A-Za-z]+").match(text, article.end())
    if noun and (noun[0].lower() in DOSE_NOUNS or (word == "couple" and article[0].strip() == "of")):
        return Value(
            "count", ((low, high),), at, at + len(word), loose=word == "couple", dose=noun[0].lower() in DOSE_NOUNS
        )
    return None


def _from_digits(text: str, at: int, first: str) -> Value | None:
    if first in SYMBOLS:
        number = digits_at(text, at + 1 + text[at + 1 : at + 2].isspace())
        return _quantity(text, at, number, SYMBOLS[first]) if number else None
    if not first.isdigit():
        number = digits_at(text, at)
        return _quantity(text, at, number) if number else None
    if text[at : at + 19].isdecimal() and len(text) >= at + 19:
        return None  # no number that anybody reads
    if dated := date_at(text, at):
        return _dated(text, at, *dated)
    if (match := _PHONE.match(text, at)) and sum(c.isdigit() for c in match[0]) >= 7:
        return Value("phone", (), at, match.end(), re.sub(r"\D", "", match[0]))
    if match := _DOTTED.match(text, at):
        return Value("code", (), at, match.end(), match[0])
    if clock := clock_at(text, at):
        minutes, end = clock
        how = meant(text, at, end)
        return Value("clock", tuple((float(m), float(m)) for m in minutes), at, end, bound=how.bound, loose=how.loose)
    if often := often_at(text, at):
        return often
    if match := _FEET.match(text, at):
        metres = int(match["feet"]) * 0.3048 + int(match["inches"]) * 0.0254
        return Value("length", ((metres, metres),), at, match.end(), "ft", 0.0127)
    for kind, pattern in (("ratio", _RATIO), ("slash", _OVER)):
        if match := pattern.match(text, at):
            fraction = fraction_at(text, at)
            noun = _NOUN.match(text, fraction.end) if fraction else None
            if fraction and noun and noun[1].lower() not in _NO_NOUN:
                return _quantity(text, at, fraction)
            a, b = float(match["a"]), float(match["b"])
            a2 = float(match["a2"] or a) if kind == "slash" else a
            return Value(kind, ((min(a, a2), b), (max(a, a2), b)), at, match.end(), loose=meant(text, at, at).loose)
    number = digits_at(text, at)
    return _quantity(text, at, number) if number else None


def _dated(text: str, at: int, days: tuple[tuple[int, int, int], ...], end: int) -> Value:
    how = meant(text, at, end)
    return Value("date", (), at, end, bound=how.bound, loose=how.loose, days=days)


def _quantity(text: str, at: int, number: Number, symbol: str = "") -> Value | None:
    """The number with what follows it: the other end of a range, a unit, a smaller unit ("6 feet 2 inches")."""
    if number.ordinal:
        return _ordinal(text, at, number)
    start, end, last = at, number.end, number
    lows, highs = number.readings, number.readings
    unit = None if symbol else UNIT.match(text, end)
    measured = _measured(text, at, unit, number) if unit else None
    if unit and measured:
        end = unit.end()
    to = _TO.match(text, end)
    ranged = to and (not to["and"] or _BETWEEN.search(text, max(0, at - 9), at))
    if to and ranged and not _CHANGES.search(text, max(0, at - 40), at):
        second = digits_at(text, to.end()) or words_at(text, to.end())
        if second and not second.ordinal:
            unit_too = None if symbol else UNIT.match(text, second.end)
            measured_too = _measured(text, at, unit_too, second) if unit_too else None
            joined = to[0] == "-" and measured and measured_too and measured[1] != measured_too[1]  # 5-year-4-month
            if not joined and (symbol or not measured or (measured_too and measured_too[0] == measured[0])):
                sizes = ((measured or measured_too or ("", 1.0, ""))[1], (measured_too or measured or ("", 1.0, ""))[1])
                if measured and measured_too and sizes[0] != sizes[1]:
                    lows = tuple(value * sizes[0] / sizes[1] for value in lows)
                measured, last, highs = measured_too, second, second.readings
                end = unit_too.end() if unit_too and measured_too else second.end
    kind, size, name = measured or (symbol or "count", 1.0, "")
    if kind == "temperature f":
        kind, size = "temperature", 5 / 9
        lows, highs = tuple(v - 32 for v in lows), tuple(v - 32 for v in highs)
    readings = tuple((min(a, b) * size, max(a, b) * size) for a in lows for b in (highs if highs is not lows else (a,)))
    value = Value(kind, readings, start, end, name, last.half_digit * size, last.decimals, dose=_is_dose(name))
    return _finished(text, _with_smaller(text, value, size), number)


def _is_dose(unit: str) -> bool:
    amount, _, per = unit.partition("/")
    return amount in DOSE_UNITS and per in ("", "kg", "dose", "h", "hr", "hour", "min", "day", "d")


def _finished(text: str, value: Value, number: Number) -> Value:
    """The value with its sign, its bound, and what a number without a unit counts."""
    how = meant(text, value.start, value.end)
    value = replace(value, bound=how.bound, loose=how.loose or value.loose) if how != (0, False) else value
    if value.kind != "time" and text[value.start].isdigit() and is_minus(text, value.start):
        start = value.start - (text[value.start - 1] in "-−")
        value = replace(value, start=start, readings=tuple((-high, -low) for low, high in value.readings))
    if value.kind != "count":
        return value
    if is_age(text, value.start):
        year = 31557600.0
        return replace(value, kind="time", unit="y", readings=tuple((a * year, b * year) for a, b in value.readings))
    noun = _NOUN.match(text, value.end)
    named = noun[1].lower() if noun else ""
    if _YEAR.fullmatch(text, value.start, value.end) and (
        not named or named in _NO_NOUN or _YEAR_BEFORE.search(text, max(0, value.start - 8), value.start)
    ):
        year = int(number.readings[0])
        years = range(year, year + 10) if year % 10 == 0 and text[value.end : value.end + 1] == "s" else (year,)
        return Value("date", (), value.start, value.end, days=tuple((y, 0, 0) for y in years))
    return replace(value, dose=True) if named in DOSE_NOUNS else value


def _with_smaller(text: str, value: Value, size: float) -> Value:
    """``1 hour 30 minutes`` as one value."""
    if value.kind not in ("time", "length", "mass") or not value.unit:
        return value
    joint = _PLUS.match(text, value.end)
    number = (digits_at(text, joint.end()) or words_at(text, joint.end())) if joint else None
    unit = UNIT.match(text, number.end) if number and not number.ordinal else None
    measured = _measured(text, value.start, unit, number) if unit and number else None
    if number and not unit and value.unit in _FEET_NAMES and (unit := _INCHES.match(text, number.end)):
        measured = ("length", 0.0254, "in")
    if not measured or not number or not unit or measured[0] != value.kind or not measured[1] < size:
        return value
    more = number.readings[0] * measured[1]
    if more >= size * 1.01 or (value.kind == "time" and value.unit.startswith("y") and unit["old"]):
        return value
    readings = tuple((low + more, high + more) for low, high in value.readings)
    return replace(value, readings=readings, end=unit.end(), half_digit=number.half_digit * measured[1])


def _ordinal(text: str, at: int, number: Number) -> Value | None:
    """``third``, ``3rd``; not "a third of", "five second", "First, …"."""
    following = text[number.end : number.end + 1]
    word = text[at].isalpha()
    if word and (following in (",", ":") or _no_ordinal(text, at, number.end)):
        return None
    value = number.readings[0]
    return Value("ordinal", ((value, value),), at, number.end)


def _no_ordinal(text: str, at: int, end: int) -> bool:
    """Whether it is "five seconds", "a second later", "at first" or "a third of"."""
    before = _BEFORE_ORDINAL.search(text, max(0, at - 6), at)
    if not before:
        return False
    word, said = (before["word"] or "").lower(), text[at:end].lower()
    if said == "first":
        return word in ("at", "from")
    if said == "second":
        noun = _NOUN.match(text, end)
        named = noun is not None and noun[1].lower() not in _NO_NOUN | {"later", "ago"}
        return word not in ("at", "from") and not (named and word in ("a", "one", "each", "every"))
    return bool(before["number"]) or (word in ("a", "an", "one") and text[end : end + 3].lower() == " of")


def _measured(text: str, at: int, unit: re.Match[str], number: Number) -> tuple[str, float, str] | None:
    """What a unit measures, its size, and its name; None where the letters are no unit here."""
    if unit["old"]:
        return "time", 31557600.0, "y"
    degree = (unit["degree"] or unit["degree2"] or (unit["scale"] or "")[:1]).lower()
    if degree:
        return ("temperature f" if degree == "f" else "temperature"), 1.0, degree
    if unit["letter"]:
        value, fahrenheit = number.readings[0], unit["letter"] == "F"
        likely = number.decimals and (90 < value < 110 if fahrenheit else 33 < value < 44)
        if unit["letter"].isupper() and (likely or is_warm(text, at)):
            return ("temperature f" if fahrenheit else "temperature"), 1.0, unit["letter"].lower()
        return None
    if unit["inch"]:
        return "length", 0.0254, "in"
    if not unit["name"]:
        return "degrees", 1.0, "°"
    name = unit["name"].lower()
    if len(name) == 1 and name != "%":
        attached_s = name == "s" and text[unit.start("name") - 1].isdigit()
        if (unit["name"].isupper() and name != "l") or (attached_s and number.readings[0] % 10 == 0):
            return None
    kind, size = UNITS[name]
    if unit["working"]:
        if kind != "time":
            return None
        return kind, size, f"working {name}" if unit["working"].lower().startswith(("b", "work")) else name
    per = (unit["per"] or "").lower()
    if per:
        below, below_size = UNITS.get(per, ("dose", 1.0))
        return f"{kind}/{below}", size / below_size, f"{name}/{per}"
    return kind, size, name
