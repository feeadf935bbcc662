"""Habits of writing numbers and units: thousands, decimals, per cent, a unit's space, spelling and system."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from curation.evidence.habits_answer import Answer, Edit, Habit, Range

_COMMA, _POINT, _SPACE, _NONE = (
    "separate thousands with a comma",
    "separate thousands with a point",
    "separate thousands with a space",
    "write large numbers without a separator",
)
_SEPARATORS = {_COMMA: ",", _POINT: ".", _SPACE: " ", _NONE: ""}
_DECIMAL_POINT, _DECIMAL_COMMA = "write decimals with a point", "write decimals with a comma"
_PERCENT = "write percentages like 5"
_SPACED, _CLOSE = "put a space before units (5 mg)", "put no space before units (5mg)"
_SHORT, _LONG = "abbreviate units (5 mg)", "spell units out (5 milligrams)"

_SEVERAL = "\0"
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:[ \u00a0\u202f][0-9]{3}){1,5}(?![0-9\w])(?! [0-9])")
_BY_COMMA = re.compile(r"([1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.[0-9]+)?")
_BY_POINT = re.compile(r"([1-9][0-9]{0,2}(?:\.[0-9]{3})+)(?:,[0-9]+)?")
_UNGROUPED = re.compile(r"[1-9][0-9]{4,8}")
_WITH_POINT = re.compile(r"(?:[0-9]+\.[0-9]{1,2}|0\.[0-9]+)")
_WITH_COMMA = re.compile(r"(?:[0-9]+,[0-9]{1,2}|0,[0-9]+)")
_PER_CENT = re.compile(r"[ \u00a0\u202f]?%|[ -]per ?cent\b")

_SPELT = {
    "mg": "milligram", "mcg": "microgram", "µg": "microgram", "kg": "kilogram", "g": "gram", "ml": "milliliter",
    "mL": "milliliter", "l": "liter", "L": "liter", "cm": "centimeter", "mm": "millimeter", "km": "kilometer",
    "lb": "pound", "lbs": "pound", "oz": "ounce", "kB": "kilobyte", "KB": "kilobyte", "MB": "megabyte",
    "GB": "gigabyte", "TB": "terabyte", "MHz": "megahertz", "GHz": "gigahertz", "mph": "mile per hour",
    "°C": "degree Celsius", "°F": "degree Fahrenheit",
}  # fmt: skip
_UNSPELT = ("kHz", "Hz", "kW", "kWh", "mmHg", "bpm", "kcal", "cal", "dl", "dL", "nm", "mmol", "IU", "mmol/l", "mmol/L",
            "mg/dl", "mg/dL", "km/h", "ft", "kPa", "ms", "min", "m", "h")  # fmt: skip
_ONLY_SPELT = {"mile": "mile", "inch": "inch", "inche": "inch", "stone": "stone", "foot": "foot", "feet": "foot"}
_BRITISH = {name.replace("er", "re"): name for name in _SPELT.values() if name.endswith(("meter", "liter"))}
_SIGN_OF = {name: sign for sign, name in reversed(_SPELT.items())}
_SIGN = re.compile(
    "([ \u00a0\u202f]?)("
    + "|".join(re.escape(unit) for unit in sorted({*_SPELT, *_UNSPELT}, key=len, reverse=True))
    + r")(?![\w°])"
)
_NAMES = sorted({*(n for n in _SPELT.values() if " " not in n), *_BRITISH, *_ONLY_SPELT}, key=len, reverse=True)
_WORD = re.compile(rf"[ -](degrees? (?:Celsius|Fahrenheit)|miles? per hour|(?:{'|'.join(_NAMES)})s?)\b")

_SYSTEMS: dict[str, dict[str, str]] = {
    "temperatures": {"degree Celsius": "°C", "degree Fahrenheit": "°F"},
    "weights": {"kilogram": "kg", "pound": "lb", "stone": "stone"},
    "distances": {"kilometer": "km", "mile": "miles"},
    "lengths": {"centimeter": "cm", "inch": "inches"},
    "speeds": {"kilometer per hour": "km/h", "mile per hour": "mph"},
}
_MEASURED = {name: (kind, sign) for kind, units in _SYSTEMS.items() for name, sign in units.items()}


@dataclass(frozen=True, slots=True)
class _Mark:
    """One thing about a number: what it is about (``kind``), how it is done (``label``), where, and its unit's name."""

    kind: str
    label: str
    start: int
    end: int
    unit: str = ""


def _marks(answer: Answer) -> list[_Mark]:
    held: list[_Mark] | None = answer.memo.get("numbers")
    if held is None:
        held = answer.memo["numbers"] = list(_read(answer)) if answer.numbers else []
    return held


def _values(answer: Answer) -> dict[str, str]:
    """What an answer does, by kind of mark; ``_SEVERAL`` where it does it in more than one way."""
    held: dict[str, str] | None = answer.memo.get("number values")
    if held is None:
        held = answer.memo["number values"] = {}
        for mark in _marks(answer):
            if held.setdefault(mark.kind, mark.label) != mark.label:
                held[mark.kind] = _SEVERAL
    return held


def _read(answer: Answer) -> Iterator[_Mark]:
    text, done = answer.prose, 0
    for start, end in answer.numbers:
        before = text[start - 1] if start else " "
        if start < done or before.isalnum() or before in "#_@.,":
            continue
        token = text[start:end]
        if len(token) > 3 or text[end : end + 1] in " \u00a0\u202f":
            grouped = _GROUPED.match(text, start)
            if grouped and not (before == " " and text[start - 2 : start - 1].isdigit()):
                done = grouped.end()
                yield _Mark("thousands", _SPACE, start, done)
            elif before not in "-+/:":
                yield from _large(token, start, text[end : end + 2])
        if "." in token or "," in token:
            yield from _decimal(token, start, text[end : end + 1])
        if before not in "$€£¥":
            yield from _unit(text, max(end, done))


def _large(token: str, start: int, after: str) -> Iterator[_Mark]:
    for label, pattern in ((_COMMA, _BY_COMMA), (_POINT, _BY_POINT)):
        if match := pattern.fullmatch(token):
            yield _Mark("thousands", label, start, start + match.end(1))
    if _UNGROUPED.fullmatch(token) and not after[:1].isalpha() and after[:1] not in ("-", "/", ":", "_"):
        yield _Mark("thousands", _NONE, start, start + len(token))


def _decimal(token: str, start: int, after: str) -> Iterator[_Mark]:
    for label, pattern, sign in ((_DECIMAL_POINT, _WITH_POINT, "."), (_DECIMAL_COMMA, _WITH_COMMA, ",")):
        if pattern.fullmatch(token) and not after.isalpha() and after not in ("-", "/", ":"):
            place = start + token.index(sign)
            yield _Mark("decimal-mark", label, place, place + 1)


def _unit(text: str, end: int) -> Iterator[_Mark]:
    if match := _PER_CENT.match(text, end):
        yield _Mark("percent", f"{_PERCENT}{match[0].replace(chr(160), ' ')}", end, match.end())
    elif match := _SIGN.match(text, end):
        yield _Mark("unit-space", _SPACED if match[1] else _CLOSE, end, end + len(match[1]))
        name = "kilometer per hour" if match[2] == "km/h" else _SPELT.get(match[2], "")
        if match[2] in _SPELT:
            yield _Mark("unit-spelling", _SHORT, end, match.end(), name)
        yield from _system(name, match.span(2))
    elif match := _WORD.match(text, end):
        name = match[1].replace("degrees", "degree").replace("miles", "mile")
        name = name.removesuffix("s") if name.removesuffix("s") in _NAMES else name
        name = _BRITISH.get(name, _ONLY_SPELT.get(name, name))
        if name in _SIGN_OF:
            yield _Mark("unit-spelling", _LONG, end, match.end(), name)
        yield from _system(name, match.span(1))


def _system(name: str, place: Range) -> Iterator[_Mark]:
    if name in _MEASURED:
        kind, sign = _MEASURED[name]
        yield _Mark(kind, f"give {kind} in {sign}", *place)


def _fix_large(marks: list[_Mark], answer: Answer, norm: str) -> list[Edit]:
    """A point between three digits may be a decimal point: then nobody but a person can tell."""
    edits: list[Edit] = []
    for mark in marks:
        shown = answer.text[mark.start : mark.end]
        if mark.label == _POINT and shown.count(".") == 1:
            return []
        digits = int(re.sub(r"[^0-9]", "", shown))
        edits.append((mark.start, mark.end, f"{digits:,}".replace(",", _SEPARATORS[norm])))
    return edits


def _fix_decimal(marks: list[_Mark], answer: Answer, norm: str) -> list[Edit]:
    return [(mark.start, mark.end, "." if norm == _DECIMAL_POINT else ",") for mark in marks]


def _fix_percent(marks: list[_Mark], answer: Answer, norm: str) -> list[Edit]:
    return [(mark.start, mark.end, norm.removeprefix(_PERCENT)) for mark in marks]


def _fix_unit_space(marks: list[_Mark], answer: Answer, norm: str) -> list[Edit]:
    return [(mark.start, mark.end, " " if norm == _SPACED else "") for mark in marks]


def _fix_spelling(marks: list[_Mark], answer: Answer, norm: str) -> list[Edit]:
    edits: list[Edit] = []
    for mark in marks:
        if norm == _SHORT:
            edits.append((mark.start, mark.end, f" {_SIGN_OF[mark.unit]}"))
            continue
        one = re.search(r"(?<![0-9.,])1\Z", answer.text[: mark.start]) is not None
        first, _, rest = mark.unit.partition(" ")
        plural = first if one or first.endswith("hertz") else f"{first}s"
        edits.append((mark.start, mark.end, f" {plural} {rest}".rstrip()))
    return edits


def _with_number(text: str, mark: _Mark) -> Range:
    """A mark's place with the number before it and the rest of the word after it, so that there is something to see."""
    start, end = mark.start, mark.end
    while start and (text[start - 1].isdigit() or text[start - 1] in ".,"):
        start -= 1
    while end < len(text) and (text[end].isalnum() or text[end] in "°/%"):
        end += 1
    return start, end


Fix = Callable[[list[_Mark], Answer, str], list[Edit]]


def _habit(reason: str, kind: str, several: str, fix: Fix | None = None, *, safe: bool = False) -> Habit:
    """The habit of one kind of mark; ``several`` is the value of an answer that does it in more than one way."""

    def departing(answer: Answer, norm: str) -> list[_Mark]:
        return [mark for mark in _marks(answer) if mark.kind == kind and mark.label != norm]

    def value(answer: Answer) -> str | None:
        if not answer.numbers:
            return None
        label = _values(answer).get(kind)
        return several if label is _SEVERAL else label

    def spans(answer: Answer, norm: str) -> list[Range]:
        return [_with_number(answer.text, mark) for mark in departing(answer, norm)]

    def mend(answer: Answer, norm: str) -> list[Edit]:
        return fix(departing(answer, norm), answer, norm) if fix else []

    return Habit(reason, value, spans, mend, safe=safe, never=frozenset({several}))


NUMBERS: tuple[Habit, ...] = (
    *(_habit("unit", kind, f"give {kind} in several units") for kind in _SYSTEMS),
    _habit("thousands", "thousands", "write large numbers in several ways", _fix_large),
    _habit("decimal-mark", "decimal-mark", "write decimals in several ways", _fix_decimal),
    _habit("percent", "percent", "write percentages in several ways", _fix_percent),
    _habit("unit-space", "unit-space", "put a space before some units", _fix_unit_space, safe=True),
    _habit("unit-spelling", "unit-spelling", "abbreviate some units", _fix_spelling),
)
