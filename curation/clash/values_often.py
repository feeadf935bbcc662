"""Reads how often something happens: twice daily, BID and every 12 hours are all two times a day."""

from __future__ import annotations

import re

from curation.clash.values import Value

_NUM_WORDS = "one two three four five six seven eight nine ten eleven twelve"
_NUMBERS = {word: float(n) for n, word in enumerate(_NUM_WORDS.split(), 1)}
_NUMBERS |= {"once": 1.0, "twice": 2.0, "thrice": 3.0, "other": 2.0, "second": 2.0, "third": 3.0}
_N = rf"\d{{1,3}}(?:\.\d)?|{'|'.join(_NUM_WORDS.split())}"
_IN_A_DAY = {
    "se": 86400.0, "mi": 1440.0, "ho": 24.0, "hr": 24.0, "h": 24.0, "da": 1.0, "d": 1.0, "ni": 1.0, "be": 1.0,
    "ev": 1.0,
    "am": 1.0, "pm": 1.0, "hs": 1.0, "we": 1 / 7, "wk": 1 / 7, "w": 1 / 7, "fo": 1 / 14, "mo": 1 / 30.4375,
    "ye": 1 / 365.25, "yr": 1 / 365.25, "an": 1 / 365.25,
}  # fmt: skip
_LATIN = {"b": 2.0, "t": 3.0, "q": 4.0}
OFTEN_WORDS = frozenset((
    *_NUM_WORDS.split(), "once", "twice", "thrice", "every", "each", "daily", "weekly", "monthly", "hourly", "nightly",
    "yearly", "annually", "fortnightly", "per", "q", "bid", "tid", "qid", "b", "t", "qd", "qday", "qhs", "qam", "qpm",
    "qod", "qh",
))  # fmt: skip

_PERIOD = "second|minute|hour|day|night|week|fortnight|month|year"
_ADVERB = "daily|weekly|monthly|hourly|nightly|yearly|annually|fortnightly"
_TIMES = re.compile(
    rf"(?:(?P<word>once|twice|thrice)|(?P<low>{_N})(?:\s?(?:-|–|to|or)\s?(?P<high>{_N}))?\s?-?(?:times|(?P<x>x|×)))"
    rf"(?:\s?-?\s?(?:(?:in\s)?(?:a|an|per|each|every|/)\s?(?:single\s)?(?P<period>{_PERIOD})|(?P<adverb>{_ADVERB})))?"
    r"(?![^\W_])",
    re.IGNORECASE,
)
_EVERY = re.compile(
    r"(?:(?:every|each)\s(?:single\s)?|q\.?\s?(?=\d|other|day|h|d|am|pm|mo|w))(?:(?P<other>other|second|third)\s)?"
    rf"(?:(?P<low>{_N})(?:\s?(?:-|–|to|or)\s?(?P<high>{_N}))?\s?-?\s?)?"
    r"(?P<period>hours?|hrs?|hs|h|minutes?|mins?|days?|d|weeks?|wks?|w|months?|mo|years?|yrs?|morning|evening|night|bedtime"
    r"|am|pm)(?![^\W_])",
    re.IGNORECASE,
)
_OFTEN = re.compile(
    rf"(?P<adverb>{_ADVERB})(?![^\W_])|per\s(?P<period>day|night|week|month|year)(?![^\W_])"
    r"|(?P<latin>[btq])\.\s?i\.\s?d\b\.?|(?P<latin2>[btq])id(?![^\W_])|(?P<once>q\.?\s?d(?:ay)?)(?![^\W_])"
    r"|(?P<alternate>q\.?\s?o\.?\s?d)(?![^\W_])",
    re.IGNORECASE,
)
_NO_COUNT = re.compile(r"\s(?:as|the|he|she|they|it|you|we|i|upon|again|in|a|an|this|your|his|her)\b", re.IGNORECASE)
_TAKEN = re.compile(
    r"(?:\d|\b(?:mg|mcg|ml|g|units?|tabs?|tablets?|caps?|capsules?|po|p\.o\.|puffs?|drops?|daily|iv|dose))\s?$",
    re.IGNORECASE,
)


def often_at(text: str, at: int) -> Value | None:
    """How often something happens, as times a day (kind ``per day``) or in all (kind ``times``), if it begins here."""
    if match := _TIMES.match(text, at):
        low = _number(match["word"] or match["low"])
        high = _number(match["high"]) if match["high"] else low
        period = match["period"] or match["adverb"]
        if period:
            return _value(at, match.end(), low * _a_day(period), high * _a_day(period))
        alone = match["word"] and _NO_COUNT.match(text, match.end())
        before = text[max(0, at - 3) : at].lower()
        return None if match["x"] or alone or before == "at " else _value(at, match.end(), low, high, "times")
    if match := _EVERY.match(text, at):
        low = _number(match["low"] or match["other"] or "1")
        high = _number(match["high"]) if match["high"] else low
        return _value(at, match.end(), _a_day(match["period"]) / high, _a_day(match["period"]) / low) if low else None
    if match := _OFTEN.match(text, at):
        if match["adverb"] or match["period"]:
            times = _a_day(match["adverb"] or match["period"])
        elif match["latin"] or match["latin2"]:
            if match["latin2"] and match[0].islower() and not _TAKEN.search(text[max(0, at - 12) : at]):
                return None  # a bid
            times = _LATIN[(match["latin"] or match["latin2"]).lower()]
        else:
            times = 0.5 if match["alternate"] else 1.0
        return _value(at, match.end(), times, times)
    return None


def _number(written: str) -> float:
    return _NUMBERS.get(written.lower()) or float(written) if not written.isalpha() else _NUMBERS[written.lower()]


def _a_day(period: str) -> float:
    period = period.lower()
    if period == "daily" or period.startswith("mor"):
        return 1.0
    return _IN_A_DAY[period[:2]] if period[:2] in _IN_A_DAY else _IN_A_DAY[period[:1]]


def _value(start: int, end: int, low: float, high: float, kind: str = "per day") -> Value:
    return Value(kind, ((min(low, high), max(low, high)),), start, end)
