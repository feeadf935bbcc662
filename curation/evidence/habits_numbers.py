"""Habits of writing numbers and units: thousands, decimals, per cent, the space before a unit and its spelling."""

from __future__ import annotations

import re
from collections.abc import Callable

from curation.evidence.habits_answer import Answer, Edit, Habit, Range

_COMMA, _SPACE, _NONE = (
    "separate thousands with a comma",
    "separate thousands with a space",
    "write large numbers without a separator",
)
_THOUSANDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (_COMMA, re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:,\d{3})+(?![\d,]*\d)")),
    (_SPACE, re.compile(r"(?<![\d.,\w] )(?<![\d.,\w])[1-9]\d{0,2}(?:[ \u00a0\u202f]\d{3})+(?![\d\w])(?! \d)")),
    (_NONE, re.compile(r"(?<![\w.,:/#+-])(?<![\w#] #)[1-9]\d{4,8}(?![\w,:/-]|\.\d)")),
)
_YEARS = re.compile(r"(?:1[5-9]|20)\d\d")
_DECIMALS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("write decimals with a point", re.compile(r"(?<![\w.,/])\d+\.\d{1,2}(?![\w.,]*\d|[A-Za-z]*\.\w)")),
    ("write decimals with a comma", re.compile(r"(?<![\w.,])\d+,\d{1,2}(?![\w.,]*\d)")),
)
_PERCENTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("write percentages like 5%", re.compile(r"(?<=\d)%")),
    ("write percentages like 5 %", re.compile(r"(?<=\d)[ \u00a0\u202f]%")),
    ("write percentages like 5 percent", re.compile(r"(?<=\d)[ -]percent\b")),
    ("write percentages like 5 per cent", re.compile(r"(?<=\d) per cent\b")),
)
_SPELT = {
    "mg": "milligram", "mcg": "microgram", "µg": "microgram", "kg": "kilogram", "g": "gram", "ml": "milliliter",
    "mL": "milliliter", "l": "liter", "L": "liter", "cm": "centimeter", "mm": "millimeter", "km": "kilometer",
    "lb": "pound", "lbs": "pound", "oz": "ounce", "kB": "kilobyte", "KB": "kilobyte", "MB": "megabyte",
    "GB": "gigabyte", "TB": "terabyte", "kWh": "kilowatt-hour", "MHz": "megahertz", "GHz": "gigahertz",
    "mph": "miles per hour", "km/h": "kilometers per hour",
}  # fmt: skip
_SIGNS = {"°C": "degrees Celsius", "°F": "degrees Fahrenheit"}
_OTHER_SIGNS = ("kHz", "Hz", "kW", "mmHg", "bpm", "kcal", "cal", "dl", "dL", "nm", "mmol", "IU", "mmol/l", "mmol/L", "mg/dl",
                "mg/dL", "ft", "kPa", "ms", "min", "m", "h")  # fmt: skip
_UNITS = "|".join(re.escape(u) for u in sorted({*_SPELT, *_SIGNS, *_OTHER_SIGNS}, key=len, reverse=True))
_UNIT = re.compile(rf"(?<=\d)([ \u00a0\u202f]?)({_UNITS})(?![\w°])")
_WORDS = {name: sign for sign, name in reversed([*_SPELT.items(), *_SIGNS.items()])}
_BRITISH = {"litre": "liter", "millilitre": "milliliter", "centimetre": "centimeter", "millimetre": "millimeter",
            "kilometre": "kilometer", "milligramme": "milligram", "gramme": "gram"}  # fmt: skip
_LONG = "|".join(sorted({*_WORDS, *_BRITISH}, key=len, reverse=True))
_WORD_UNIT = re.compile(rf"(?<=\d)[ -]({_LONG})(s?)\b")
_SPACED, _CLOSE = "put a space before units (5 mg)", "put no space before units (5mg)"
_SHORT_UNITS, _LONG_UNITS = "abbreviate units (5 mg)", "spell units out (5 milligrams)"

Kinds = tuple[tuple[str, re.Pattern[str]], ...]


def _found(answer: Answer, kinds: Kinds) -> list[tuple[str, re.Match[str]]]:
    if not answer.digits:
        return []
    return [(label, match) for label, pattern in kinds for match in pattern.finditer(answer.prose)]


def _value(find: Callable[[Answer], list[tuple[str, re.Match[str]]]], several: str) -> Callable[[Answer], str | None]:
    def value(answer: Answer) -> str | None:
        labels = {label for label, _ in find(answer)}
        return several if len(labels) > 1 else next(iter(labels), None)

    return value


def _spans(find: Callable[[Answer], list[tuple[str, re.Match[str]]]]) -> Callable[[Answer, str], list[Range]]:
    return lambda answer, norm: [match.span() for label, match in find(answer) if label != norm]


def _large(answer: Answer) -> list[tuple[str, re.Match[str]]]:
    return _found(answer, _THOUSANDS)


def _fix_large(answer: Answer, norm: str) -> list[Edit]:
    edits: list[Edit] = []
    for label, match in _large(answer):
        if label == norm:
            continue
        digits = re.sub(r"\D", "", match[0])
        sign = {_COMMA: ",", _SPACE: " ", _NONE: ""}[norm]
        edits.append((*match.span(), f"{int(digits):,}".replace(",", sign)))
    return edits


def _decimals(answer: Answer) -> list[tuple[str, re.Match[str]]]:
    if "." not in answer.text and "," not in answer.text:
        return []
    return _found(answer, _DECIMALS)


def _fix_decimal(answer: Answer, norm: str) -> list[Edit]:
    sign = "." if norm == "write decimals with a point" else ","
    edits: list[Edit] = []
    for label, match in _decimals(answer):
        if label != norm:
            at = match.start() + re.search(r"[.,]", match[0]).start()  # type: ignore[union-attr]
            edits.append((at, at + 1, sign))
    return edits


def _percents(answer: Answer) -> list[tuple[str, re.Match[str]]]:
    return _found(answer, _PERCENTS) if "%" in answer.text or "cent" in answer.text else []


def _fix_percent(answer: Answer, norm: str) -> list[Edit]:
    wanted = norm.removeprefix("write percentages like 5")
    return [(*match.span(), wanted) for label, match in _percents(answer) if label != norm]


def _units(answer: Answer) -> list[tuple[str, re.Match[str]]]:
    if not answer.digits:
        return []
    return [(_SPACED if m[1] else _CLOSE, m) for m in _UNIT.finditer(answer.prose)]


def _fix_unit_space(answer: Answer, norm: str) -> list[Edit]:
    space = " " if norm == _SPACED else ""
    return [(*match.span(1), space) for label, match in _units(answer) if label != norm]


def _spellings(answer: Answer) -> list[tuple[str, re.Match[str]]]:
    if not answer.digits:
        return []
    short = [(_SHORT_UNITS, m) for _, m in _units(answer) if m[2] in _SPELT or m[2] in _SIGNS]
    return [*short, *((_LONG_UNITS, m) for m in _WORD_UNIT.finditer(answer.prose))]


def _fix_spelling(answer: Answer, norm: str) -> list[Edit]:
    edits: list[Edit] = []
    for label, match in _spellings(answer):
        if label == norm:
            continue
        if norm == _SHORT_UNITS:
            name = _BRITISH.get(match[1], match[1])
            sign = _WORDS.get(name)
            if sign is None:
                return []
            edits.append((*match.span(), f" {sign}"))
        else:
            one = re.search(r"(?<![\d.,])1\Z", answer.text[: match.start()]) is not None
            name = _SPELT.get(match[2]) or _SIGNS[match[2]]
            plural = "" if one or name.endswith(("hertz", "hour", "sius", "heit")) else "s"
            edits.append((*match.span(), f" {name}{plural}"))
    return edits


def _habit(
    reason: str,
    find: Callable[[Answer], list[tuple[str, re.Match[str]]]],
    several: str,
    fix: Callable[[Answer, str], list[Edit]],
    *,
    safe: bool,
) -> Habit:
    return Habit(reason, _value(find, several), _spans(find), fix, safe=safe, never=frozenset({several}))


_SAME_MEASURE: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("temperatures", r"[°º] ?([CF])\b|degrees (Celsius|Fahrenheit)\b", {"C": "°C", "F": "°F", "Celsius": "°C",
                                                                      "Fahrenheit": "°F"}),
    ("weights", r"(kg|kilograms?|lbs?|pounds?|stone)\b",
     {"kg": "kg", "kilogram": "kg", "kilograms": "kg", "lb": "lb", "lbs": "lb", "pound": "lb", "pounds": "lb",
      "stone": "stone"}),
    ("distances", r"(km|kilomet(?:er|re)s?|miles?)\b", {"km": "km", "kilometer": "km", "kilometers": "km",
     "kilometre": "km", "kilometres": "km", "mile": "miles", "miles": "miles"}),
    ("lengths", r"(cm|centimet(?:er|re)s?|inch(?:es)?)\b", {"cm": "cm", "centimeter": "cm", "centimeters": "cm",
     "centimetre": "cm", "centimetres": "cm", "inch": "inches", "inches": "inches"}),
)  # fmt: skip


def _measure_habit(name: str, units: str, names: dict[str, str]) -> Habit:
    pattern = re.compile(rf"(?<=\d)[ \u00a0\u202f-]?(?:{units})")

    def found(answer: Answer) -> list[tuple[str, re.Match[str]]]:
        if not answer.digits:
            return []
        return [
            (f"give {name} in {names[next(group for group in match.groups() if group)]}", match)
            for match in pattern.finditer(answer.prose)
        ]

    several = f"give {name} in several units"
    return Habit("unit", _value(found, several), _spans(found), never=frozenset({several}))


NUMBERS: tuple[Habit, ...] = (
    *(_measure_habit(*measure) for measure in _SAME_MEASURE),
    _habit("thousands", _large, "write large numbers in several ways", _fix_large, safe=False),
    _habit("decimal-mark", _decimals, "write decimals in several ways", _fix_decimal, safe=False),
    _habit("percent", _percents, "write percentages in several ways", _fix_percent, safe=False),
    _habit("unit-space", _units, "put a space before some units", _fix_unit_space, safe=True),
    _habit("unit-spelling", _spellings, "abbreviate some units", _fix_spelling, safe=False),
)
