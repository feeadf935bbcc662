"""Reads a number, in digits or in words: ``1,500``, ``2½``, ``seventy-six``, ``two and a half``, ``12th``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONES = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen
"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_FIRST = """
zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth
sixteenth seventeenth eighteenth nineteenth
"""
ONES = {word: n for n, word in enumerate(_ONES.split())}
TENS = {word: 20 + 10 * n for n, word in enumerate(_TENS.split())}
SCALES = {"hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
ORDINALS = {word: float(n) for n, word in enumerate(_FIRST.split())}
ORDINALS |= {word[:-1] + "ieth": float(n) for word, n in TENS.items()}
ORDINALS |= {"hundredth": 100.0, "thousandth": 1e3, "millionth": 1e6}
_SHORT_SCALES = {"k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9, "b": 1e9}
_FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3, "⅛": 0.125, "⅜": 0.375, "⅝": 0.625, "⅞": 0.875}
NUMBER_WORDS = frozenset((*ONES, *TENS, "hundred", "thousand", "million", "dozen", "couple", "half", "quarter"))

_DIGITS = re.compile(
    r"(?P<plain>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d])|\d{1,3}(?:[\u00a0\u202f'’]\d{3})+(?!\d)|\d{1,3}(?: 000)+(?!\d)"
    r"|\d{1,3}(?:\.\d{3})+,\d{1,12}(?!\d)|\d{1,18}(?:[.,]\d{1,12})?|\d+|\.\d{1,12})"
    r"(?:[eE](?P<power>[-−+]?\d{1,2})(?![^\W_])|\s?[x×·*]\s?10(?:\^|\*\*)[{(]?(?P<of_ten>[-−+]?\d{1,2})[)}]?(?!\d))?"
    r"(?:\s?(?P<fraction>[½¼¾⅓⅔⅛⅜⅝⅞])|[ -](?P<over>[1-7]/[2-8])(?![\d/]))?"
    r"(?P<ordinal>(?:st|nd|rd|th)(?![^\W_]))?"
    r"(?:(?P<short>[kK]|[mM]n|bn)(?![^\W_])|\s?(?P<scale>(?i:hundred|thousand|million|billion|trillion))(?![^\W_]))?"
)
_WORD = re.compile(r"[A-Za-z]+")
_JOINT = re.compile(r"\sand\s(?!a\b)|[ -]", re.IGNORECASE)
_AND_A_HALF = re.compile(r"\sand\s(?:a|one)[ -](half|quarter)\b", re.IGNORECASE)
_SIMPLE_FRACTION = re.compile(r"(?P<above>[1-9]\d?)\s?[/⁄]\s?(?P<below>[2-9]|1[0-9])(?![\d/]|\s?[-–]\s?\d)")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written.

    Attributes:
        readings: What it may mean: one value, or several where the thousands and decimal signs are ambiguous.
        half_digit: Half of its last digit: it may be rounded by so much.
        decimals: Whether it has decimals.
        ordinal: ``12th``, not ``12``.
        end: One past its last code point.
    """

    readings: tuple[float, ...]
    half_digit: float
    decimals: bool
    ordinal: bool
    end: int


def digits_at(text: str, at: int) -> Number | None:
    """The number in digits that begins here."""
    match = _DIGITS.match(text, at)
    if not match:
        fraction = _FRACTIONS.get(text[at : at + 1])
        return None if fraction is None else Number((fraction,), 0.0, True, False, at + 1)
    plain = match["plain"]
    readings, half = _readings(plain)
    if match["fraction"] or match["over"]:
        added = _FRACTIONS[match["fraction"]] if match["fraction"] else _divided(match["over"])
        readings, half = tuple(value + added for value in readings), 0.0
    power = match["power"] or match["of_ten"]
    scale = 10.0 ** int(power.replace("−", "-")) if power else 1.0
    if match["short"]:
        scale = _SHORT_SCALES[match["short"].lower()]
    elif match["scale"]:
        scale = SCALES[match["scale"].lower()]
    end = match.end()
    if match["ordinal"] is None and (more := _AND_A_HALF.match(text, end)):
        readings = tuple(value + (0.5 if more[1].lower() == "half" else 0.25) for value in readings)
        end = more.end()
    decimals = "." in plain or bool(match["fraction"] or match["over"])
    return Number(tuple(value * scale for value in readings), half * scale, decimals, bool(match["ordinal"]), end)


def _divided(written: str) -> float:
    above, below = written.split("/")
    return int(above) / int(below)


def _readings(plain: str) -> tuple[tuple[float, ...], float]:
    """The values that digits may stand for, and half of the last digit."""
    bare = re.sub("[\u00a0\u202f'’ ]", "", plain)
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+", bare):
        bare = bare.replace(".", "").replace(",", ".")  # 1.234,50
    if "," in bare and not re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", bare):
        bare = bare.replace(",", ".")  # a decimal comma
    elif bare.count(",") == 1 and "." not in bare:
        return (float(bare.replace(",", "")), float(bare.replace(",", "."))), 0.5
    bare = bare.replace(",", "")
    decimals = len(bare.partition(".")[2])
    half = 0.5 * 10.0**-decimals
    value = float(bare)
    if decimals == 3 and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", bare):
        return (value, value * 1000), half
    return (value,), half


def words_at(text: str, at: int) -> Number | None:
    """The number in words that begins here: ``two hundred and five``, ``dozen``, ``twenty-first``."""
    total, current, end = 0.0, 0.0, at
    last = ""  # what kind of word came before: one | ten | scale
    position, ordinal = at, False
    while match := _WORD.match(text, position):
        word = match[0].lower()
        if (word in ONES and last in ("", "scale")) or (word in ONES and last == "ten" and 0 < ONES[word] < 10):
            current, last = current + ONES[word], "one"
        elif word in TENS and last in ("", "scale"):
            current, last = current + TENS[word], "ten"
        elif word == "hundred" and last in ("one", "ten", "") and current < 100:
            current, last = (current or 1.0) * 100, "scale"
        elif word in SCALES and word != "hundred" and (last or word != "trillion"):
            total, current, last = total + (current or 1.0) * SCALES[word], 0.0, "scale"
        elif word in ORDINALS and (not last or (ORDINALS[word] < 10 and last == "ten") or last == "scale"):
            current, ordinal = current + ORDINALS[word], True
            end = match.end()
            break
        elif word == "dozen":
            current, end = (current or 1.0) * 12, match.end()
            break
        else:
            break
        end = match.end()
        joint = _JOINT.match(text, end)
        if not joint or (joint[0].strip(" -") and last != "scale"):
            break
        position = joint.end()
    if end == at:
        return None
    value = total + current
    if not ordinal and (more := _AND_A_HALF.match(text, end)):
        value, end = value + (0.5 if more[1].lower() == "half" else 0.25), more.end()
    return Number((value,), 0.5 if value == int(value) else 0.0, False, ordinal, end)


def fraction_at(text: str, at: int) -> Number | None:
    """A simple fraction in digits, such as ``1/2`` or ``3/4``, that begins here."""
    match = _SIMPLE_FRACTION.match(text, at)
    if not match or int(match["above"]) >= int(match["below"]):
        return None
    return Number((int(match["above"]) / int(match["below"]),), 0.0, True, False, match.end())
