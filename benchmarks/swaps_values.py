"""Swaps of numbers, doses, dates and codes in real answers, and the same values written in another way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import TypeVar

from benchmarks.swaps_forms import Edit, Wording, found_in, replaced

_T = TypeVar("_T")
ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
TENS = [
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
]  # fmt: skip
MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
]  # fmt: skip
DAYS = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
]  # fmt: skip
_MONTH = "|".join(MONTHS)
_UNITS = r"mg|mcg|g|mL|ml|cc|units?|mEq|kg|cm|mm|L"
_HEDGE = re.compile(
    r"\b(?:about|around|approximately|roughly|nearly|almost|over|under|than|least|most|to|or|some|perhaps|maybe|only|"
    r"between|every|type|grade|stage|level|through|past|of|and|-)[ -]$|[~<>≤≥±$#+-]\s?$|\d,? $",
    re.IGNORECASE,
)
_COUNT = re.compile(
    rf"(?<![\w/.,#$:°-])(\d{{1,3}}(?:,\d{{3}})*(?:\.\d+)?|{'|'.join(ONES[2:13])})"
    rf"(?=[- ]year[- ]old| ?y/o|%| percent\b| (?!(?:{_MONTH}|{_UNITS}|and|or|to|of|the|in|at|was|is|are|for|on|by|with|"
    r"from|as|that|which|times|out|more|less|other|others|hours|x|am|pm|a)\b)(?-i:[a-z]{3,}))",
    re.IGNORECASE,
)
_AGE = re.compile(r"(?<=\bage )\d{1,2}\b|(?<=\baged )\d{1,2}\b|(?<=age of )\d{1,2}\b")
_DOSE = re.compile(rf"(?<![\w/.-])(\d[\d,]*(?:\.\d+)?)(\s?-?)({_UNITS})\b(?!/)")
_OFTEN = (
    (re.compile(r"\bonce (?:a day|daily)\b"), ("twice a day", "three times a day", "once a week")),
    (re.compile(r"\btwice (?:a day|daily)\b"), ("once a day", "three times a day", "twice a week")),
    (re.compile(r"\bthree times (?:a day|daily)\b"), ("once a day", "twice a day")),
    (re.compile(r"\bb\.?i\.?d\b", re.I), ("t.i.d", "q.i.d")),
    (re.compile(r"\bt\.?i\.?d\b", re.I), ("b.i.d", "q.i.d")),
    (re.compile(r"\bq\.?i\.?d\b", re.I), ("b.i.d", "t.i.d")),
    (re.compile(r"(?<=mg )daily\b"), ("weekly", "twice daily")),
    (re.compile(r"\bevery (?:8|eight) hours\b"), ("every 4 hours", "every 12 hours")),
    (re.compile(r"\bevery (?:4|four|6|six) hours\b"), ("every 8 hours", "every 12 hours")),
    (re.compile(r"\bq ?8 ?h\b"), ("q4h", "q12h")),
    (re.compile(r"\bq ?6 ?h\b"), ("q8h", "q12h")),
)
_SLASHED = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?![\d/])")
_SPELT = re.compile(rf"\b({_MONTH})(?: (\d{{1,2}})(?:st|nd|rd|th)?,?)?(?: (?:of )?((?:1[89]|20)\d\d))\b")
_BRITISH = re.compile(rf"\b(\d{{1,2}}) ({_MONTH}) ((?:1[89]|20)\d\d)\b")
_YEAR = re.compile(
    r"(?<=\b[Ii]n )((?:1[89]|20)\d\d)\b|(?<=\b[Ss]ince )((?:1[89]|20)\d\d)\b|(?<=\()((?:1[89]|20)\d\d)(?=\))"
)
_DAY = re.compile(rf"\bon ({'|'.join(DAYS)})\b", re.IGNORECASE)


def number_swaps(text: str, draw: Random) -> Iterator[Edit]:
    """Counts, ages and shares, each replaced by another that is near, doubled, ten times as much or misread."""
    for found in (*_COUNT.finditer(text), *_AGE.finditer(text)):
        if _HEDGE.search(text[max(0, found.start() - 14) : found.start()]) and found.re is _COUNT:
            continue
        said = found[0]
        if text[found.end() :].startswith(" star"):
            yield Edit(found.start(), found.end(), str(_not(range(1, 6), int(said), draw)), "stars")
        elif said.casefold() in ONES:
            value = ONES.index(said.casefold())
            other = ONES[draw.choice([n for n in range(2, 13) if n != value])]
            yield Edit(found.start(), found.end(), other.capitalize() if said[0].isupper() else other, "count-word")
        elif "." in said or "," in said:
            yield Edit(found.start(), found.end(), _digit_changed(said, draw), "figure")
        else:
            age = "year" in text[found.end() : found.end() + 6] or found.re is _AGE
            yield Edit(found.start(), found.end(), str(_other(int(said), draw, age)), "age" if age else "count")


def dose_swaps(text: str, draw: Random) -> Iterator[Edit]:
    """Amounts with a unit, the unit itself, and how often it is taken."""
    for found in _DOSE.finditer(text):
        value = float(found[1].replace(",", ""))
        factors = [factor for factor in (10, 0.1, 2, 0.5, 4) if value * factor >= 0.01]
        yield Edit(found.start(1), found.end(1), plain(value * draw.choice(factors)), "amount")
        if others := {"mg": ("mcg", "g"), "mcg": ("mg",), "g": ("mg",), "mL": ("L",), "ml": ("l",), "cm": ("mm",)}.get(
            found[3]
        ):
            yield Edit(found.start(3), found.end(3), draw.choice(others), "unit")
    for pattern, others in _OFTEN:
        for found in pattern.finditer(text):
            if not re.search(r"\bto $", text[: found.start()]):
                yield Edit(found.start(), found.end(), draw.choice(others), "how-often")


def date_swaps(text: str, draw: Random) -> Iterator[Edit]:
    """The day, the month or the year of a date."""
    for found in _SLASHED.finditer(text):
        if re.search(r"(?:about|around|approximately|circa) $", text[: found.start()]):
            continue
        part = draw.choice((1, 2, 3))
        if part == 3:
            other = str(int(found[3]) + draw.choice((-1, 1, 2))).zfill(len(found[3]))[-len(found[3]) :]
        else:
            other = str(draw.choice([n for n in range(1, 13) if n != int(found[part])])).zfill(len(found[part]))
        yield Edit(found.start(part), found.end(part), other, ("month", "day", "year")[part - 1])
    for found in (*_SPELT.finditer(text), *_BRITISH.finditer(text)):
        month, day = (1, 2) if found.re is _SPELT else (2, 1)
        yield Edit(found.start(month), found.end(month), _not(MONTHS, found[month], draw), "month")
        yield Edit(found.start(3), found.end(3), str(int(found[3]) + draw.choice((-10, -1, 1, 3))), "year")
        if found[day]:
            yield Edit(found.start(day), found.end(day), str(_not(range(1, 28), int(found[day]), draw)), "day")
    for found in _YEAR.finditer(text):
        yield Edit(found.start(), found.end(), str(int(found[0]) + draw.choice((-11, -2, -1, 1, 2, 9))), "year")
    for found in _DAY.finditer(text):
        other = _not(DAYS, found[1].capitalize(), draw)
        yield Edit(found.start(1), found.end(1), other if found[1][0].isupper() else other.lower(), "weekday")


def code_swaps(text: str, choices: tuple[tuple[str, str], ...], draw: Random) -> Iterator[Edit]:
    """The code, alone or together with its title, replaced by another that the prompt offers."""
    for code, title in choices:
        at = text.find(code)
        others = [choice for choice in choices if choice[0] != code]
        if at < 0 or not others or re.match(r"[\dA-Z]", text[at + len(code) : at + len(code) + 1]):
            continue
        other = draw.choice(others)
        yield Edit(at, at + len(code), other[0], "code")
        if title in text[at:]:
            end = text.index(title, at) + len(title)
            between = text[at + len(code) : end - len(title)]
            if len(code) == len(other[0]) or "characters" not in between:
                yield Edit(at, end, other[0] + between + other[1], "code-and-title")


def number_wordings(text: str, draw: Random) -> Iterator[Wording]:
    """Digits as words and words as digits, ages and spans of time in other words."""
    for found in found_in(
        r"\b(\d{1,2})-year-old ((?:[A-Za-z-]+ )?(?:male|female|man|woman|gentleman|lady|boy|girl))\b", text
    ):
        yield Wording(replaced(text, found, f"{found[2]} aged {found[1]}"), "age")
        yield Wording(replaced(text, found, f"{found[2]} who is {found[1]} years old"), "age")
        yield Wording(replaced(text, found, f"{in_words(int(found[1]))}-year-old {found[2]}"), "age-word")
        yield Wording(replaced(text, found, f"{found[1]} y/o {found[2]}"), "age-short")
    for found in _COUNT.finditer(text):
        follows = text[found.end() : found.end() + 12]
        if found[0].casefold() in ONES:
            yield Wording(replaced(text, found, str(ONES.index(found[0].casefold()))), "digits")
        elif found[0].isdigit() and int(found[0]) < 100 and not re.match(r"[- ]?y|%", follows):
            yield Wording(replaced(text, found, in_words(int(found[0]))), "words")
    for pattern, other in (
        (r"\b(?:2|two) weeks\b", "14 days"), (r"\b(?:24|twenty-four) hours\b", "one day"),
        (r"\b(?:6|six) months\b", "half a year"), (r"\b(?:12|twelve) months\b", "one year"),
        (r"\b(?:2|two) years\b(?! old)", "24 months"), (r"\b(\d+(?:\.\d+)?) percent\b", r"\1%"),
        (r"(?<=\d)%", " percent"), (r"\b(\d)-1/2\b", r"\1.5"), (r"\b([1-5]) stars?\b", r"\1 out of 5 stars"),
        (r"(?<![\d,])(\d),(\d{3})\b(?!,)", r"\1\2"),
    ):  # fmt: skip
        for found in found_in(pattern, text):
            yield Wording(replaced(text, found, found.expand(other)), "span" if "\\" not in other else "percent")


def dose_wordings(text: str, draw: Random) -> Iterator[Wording]:
    """Amounts in another unit or with the unit written out, and how often in other words."""
    for found in _DOSE.finditer(text):
        value, unit = float(found[1].replace(",", "")), found[3]
        long = {"mg": "milligrams", "mcg": "micrograms", "g": "grams", "mL": "milliliters", "ml": "millilitres"}.get(
            unit
        )
        if long:
            yield Wording(replaced(text, found, f"{found[1]} {long}"), "unit-written-out")
        if found[2]:
            yield Wording(replaced(text, found, found[1] + unit), "unit-space")
        else:
            yield Wording(replaced(text, found, f"{found[1]} {unit}"), "unit-space")
        turned = {"mg": ("g", 0.001), "g": ("mg", 1000), "mcg": ("mg", 0.001), "mL": ("L", 0.001), "ml": ("l", 0.001),
                  "cm": ("mm", 10), "kg": ("g", 1000)}.get(unit)  # fmt: skip
        if turned and plain(value * turned[1]) != "0":
            yield Wording(replaced(text, found, f"{plain(value * turned[1])} {turned[0]}"), "other-unit")
        if unit in ("mL", "ml", "cc"):
            yield Wording(replaced(text, found, f"{found[1]} {'cc' if unit != 'cc' else 'mL'}"), "other-unit")
        if unit == "mg":
            yield Wording(replaced(text, found, f"{plain(value * 1000)} mcg"), "other-unit")
    for pattern, others in (
        (r"\bq\.?d\b\.?", ("once daily", "daily")), (r"\bb\.?i\.?d\b\.?", ("twice daily", "two times a day")),
        (r"\bt\.?i\.?d\b\.?", ("three times a day",)), (r"\bq\.?i\.?d\b\.?", ("four times a day",)),
        (r"\bonce (?:a day|daily)\b", ("every day", "daily")),
        (r"\btwice (?:a day|daily)\b", ("two times a day", "b.i.d.")),
        (r"(?<=mg )daily\b", ("once a day", "every day")), (r"\bq ?(\d) ?h\b", (r"every \1 hours",)),
        (r"\bevery (\d) hours\b", (r"q\1h",)), (r"\bp\.?r\.?n\b\.?", ("as needed",)),
    ):  # fmt: skip
        for found in found_in(pattern, text, re.IGNORECASE):
            yield Wording(replaced(text, found, found.expand(draw.choice(others))), "how-often")


def date_wordings(text: str, draw: Random) -> Iterator[Wording]:
    """The same date in another of the usual spellings."""
    for found in _SLASHED.finditer(text):
        month, day, year = int(found[1]), int(found[2]), int(found[3])
        year += 0 if year > 99 else 1900 if year > 30 else 2000
        if not 1 <= month <= 12:
            continue
        name = MONTHS[month - 1]
        for other in (f"{name} {day}, {year}", f"{day} {name} {year}", f"{year}-{month:02}-{day:02}",
                      f"{month:02}/{day:02}/{year}", f"{name[:3]} {day}, {year}"):  # fmt: skip
            if other != found[0]:
                yield Wording(replaced(text, found, other), "date")
    for found in _SPELT.finditer(text):
        if re.search(r"\d $", text[: found.start()]):  # 15 March 1840, see below
            continue
        name, said, year_text = found[1], found[2], found[3]
        number = MONTHS.index(name) + 1
        if said:
            forms = [f"{number}/{said}/{year_text}", f"{said} {name} {year_text}", f"{name[:3]}. {said}, {year_text}",
                     f"the {ordinal(int(said))} of {name} {year_text}",
                     f"{year_text}-{number:02}-{int(said):02}"]  # fmt: skip
        else:
            forms = [f"{number:02}/{year_text}", f"{name[:3]} {year_text}", f"{name} of {year_text}"]
        for other in forms:
            yield Wording(replaced(text, found, other), "date" if said else "month")
    for found in _BRITISH.finditer(text):
        yield Wording(replaced(text, found, f"{found[2]} {found[1]}, {found[3]}"), "date")
    for found in _YEAR.finditer(text):
        if found[0] and text[found.start() - 1] != "(":
            yield Wording(replaced(text, found, f"the year {found[0]}"), "year")
    for found in _DAY.finditer(text):
        yield Wording(replaced(text, found, f"on {found[1][:3].capitalize()}."), "weekday")


def code_wordings(text: str, choices: tuple[tuple[str, str], ...], draw: Random) -> Iterator[Wording]:
    """The same code in another sentence, without its title, or with a word on why another does not apply."""
    held = [(code, title) for code, title in choices if re.search(rf"{re.escape(code)}(?![\dA-Z])", text)]
    if len(held) != 1:
        return
    code, title = held[0]
    other = draw.choice([choice for choice in choices if choice[0] != code] or [held[0]])
    for answer, form in (
        (code, "bare"), (f"{code}: {title}", "colon"), (f"{title} ({code})", "bracket"),
        (f"ICD-10-CM {code}, {title}.", "system-named"), (f"Use {code}.", "sentence"), (code.lower(), "case"),
        (f"{title}, coded as {code}.", "reordered"), (f"**{code}** – {title}", "markup"),
        (f"I would assign {code} ({title}).", "sentence"), (code.replace(".", ""), "undotted"),
    ):  # fmt: skip
        if answer != text:
            yield Wording(answer, form)
    if other[0] != code:
        yield Wording(f"{text} {other[0]} does not apply here.", "other-ruled-out")
        yield Wording(
            f"{code} rather than {other[0]}, since the record says {title[0].lower() + title[1:]}.", "other-ruled-out"
        )


def in_words(value: int) -> str:
    """0 to 99 in English words."""
    if value < 20:
        return ONES[value]
    return TENS[value // 10 - 2] + (f"-{ONES[value % 10]}" if value % 10 else "")


def ordinal(value: int) -> str:
    """1 as ``1st``."""
    return f"{value}{'th' if value % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(value % 10, 'th')}"


def plain(value: float) -> str:
    """A number without trailing zeros, with a leading one."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _other(value: int, draw: Random, age: bool) -> int:
    options = {value + 1, value + 2, value * 2, value + 10}
    if value > 1:
        options.add(value - 1)
    if value > 9 and (turned := int(str(value)[::-1])) > 9:
        options.add(turned)
    if not age:
        options.add(value * 10)
    return draw.choice(sorted(n for n in options if n != value and n > 0 and (n < 100 or not age)))


def _digit_changed(said: str, draw: Random) -> str:
    places = [place for place, sign in enumerate(said) if sign.isdigit()]
    place = draw.choice(places)
    other = draw.choice([digit for digit in "123456789" if digit != said[place]])
    return said[:place] + other + said[place + 1 :]


def _not(values: Sequence[_T], value: _T, draw: Random) -> _T:
    return draw.choice([each for each in values if each != value])
