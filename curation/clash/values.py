"""What a value is (a dose, a length, an age, a date, a frequency), and when two values cannot both be right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from curation.clash.dates import Day, days_apart

_ABOUT = 0.25  # share by which an approximate value may be off
_ABOUT_DEGREES = 1.5
_ABOUT_MINUTES = 30
_ROUNDED = 0.03  # most of a value that may be lost when it is rounded after a conversion
_LEAST_ROUNDED = 3  # from here on 37.2 may be given as 37
_WORKING = 0.35  # five working days are a week
_MONTHS_VARY = 0.08  # a month is 28 to 31 days


@dataclass(frozen=True, slots=True)
class Value:
    """A value as a text states it.

    Attributes:
        kind: What it measures: ``mass``, ``time``, ``count``, ``ordinal``, ``date``, ``clock``, ``per day``, … Only
            values of one kind are compared.
        readings: Lowest and highest it may be, in the base unit of its kind; several where the text is ambiguous.
        start: First code point.
        end: One past the last.
        unit: As written, case folded; values in one unit are not rounded against each other.
        half_digit: Half of the last digit written, in the base unit.
        decimals: Whether it is written with decimals.
        bound: 1 for "at least", -1 for "at most", 0 for the value itself.
        loose: It is called approximate.
        days: The readings of a date.
        dose: It is what somebody takes.
    """

    kind: str
    readings: tuple[tuple[float, float], ...]
    start: int
    end: int
    unit: str = ""
    half_digit: float = 0.0
    decimals: bool = False
    bound: int = 0
    loose: bool = False
    days: tuple[Day, ...] = ()
    dose: bool = False

    @property
    def plain(self) -> float:
        """The lowest of its first reading."""
        return self.readings[0][0] if self.readings else 0.0


def apart(one: Value, other: Value) -> bool:
    """Whether two values of one kind cannot be the same: no reading of one meets a reading of the other.

    A range meets each value in it. Rounding and conversion are allowed for, and a quarter for an approximation. Bounds
    of one direction ("at least 18" / "at least 21") are compared as they stand, of opposite ones by what they let in.
    """
    if one.kind != other.kind:
        return _year_against_count(one, other)
    if one.kind in ("date", "clock") and one.bound != other.bound:
        return False
    if one.kind == "date":
        return days_apart(one.days, other.days)
    if one.kind == "clock":
        slack = _ABOUT_MINUTES if one.loose or other.loose else 0
        return all(
            min((a - b) % 1440, (b - a) % 1440) > slack for (a, _), (b, _) in product(one.readings, other.readings)
        )
    if one.kind in ("slash", "ratio"):
        return _parts_apart(one, other)
    if one.kind == "code":
        code, code_too = bare(one.unit), bare(other.unit)
        return not (code.startswith(code_too) or code_too.startswith(code))
    if one.kind == "phone":
        return not (one.unit.endswith(other.unit) or other.unit.endswith(one.unit))
    return all(_disjoint(one, a, other, b) for a, b in product(one.readings, other.readings))


def bare(code: str) -> str:
    """A code without the signs that some write in it and others do not: J209 is J20.9."""
    return code.replace(".", "").replace("-", "") if code[:1].isalpha() else code


def _disjoint(one: Value, a: tuple[float, float], other: Value, b: tuple[float, float]) -> bool:
    (low, high), (other_low, other_high) = a, b
    if one.bound != other.bound:
        low, high = _opened(low, high, one.bound)
        other_low, other_high = _opened(other_low, other_high, other.bound)
    gap = max(low, other_low) - min(high, other_high)
    return gap > _slack(one, other, max(map(abs, (*a, *b))))


def _opened(low: float, high: float, bound: int) -> tuple[float, float]:
    if bound > 0:
        return low, float("inf")
    return (float("-inf"), high) if bound < 0 else (low, high)


def _slack(one: Value, other: Value, size: float) -> float:
    slack = 1e-6 * size
    if one.unit != other.unit:
        slack = max(slack, min(max(one.half_digit, other.half_digit), _ROUNDED * size))
    elif one.half_digit != other.half_digit and _may_be_rounded(one, other, size):
        slack = max(slack, one.half_digit, other.half_digit)
    if one.unit.startswith("working") != other.unit.startswith("working"):
        slack = max(slack, _WORKING * size)
    if one.kind == "per day" or (one.kind == "time" and (_of_calendar(one) != _of_calendar(other))):
        slack = max(slack, _MONTHS_VARY * size)
    if one.loose or other.loose:
        slack = max(slack, _ABOUT_DEGREES if one.kind == "temperature" else _ABOUT * size)
    return slack * (1 + 1e-9)


def _may_be_rounded(one: Value, other: Value, size: float) -> bool:
    """3.1 may be 3.14 and 37 may be 37.2, but a dose in whole milligrams is meant as it stands."""
    if one.decimals and other.decimals:
        return True
    return one.decimals != other.decimals and size >= _LEAST_ROUNDED and not one.dose


def _of_calendar(value: Value) -> bool:
    return value.unit.startswith(("mo", "y", "dec", "cent"))


def _parts_apart(one: Value, other: Value) -> bool:
    """120/80 against 130/80, 7/10 against 8/10, 1:2 against 1:3; 10/30 and 30/10 may be one day."""
    (a, b), (c, d) = one.readings[0], other.readings[0]
    (e, f), (g, h) = one.readings[-1], other.readings[-1]
    if {a, b} == {c, d} and one.kind == "slash":
        return False
    if b != d:
        return abs(a * d - b * c) > 1e-9 * max(abs(a * d), 1.0) and (one.kind == "ratio" or min(b, d) >= 40)
    return max(a, c) > min(e, g) + 1e-9 and f == b and h == d


def _year_against_count(one: Value, other: Value) -> bool:
    """A year and a bare number of four digits: "in 2019" / "2024 it was"."""
    if {one.kind, other.kind} != {"date", "count"}:
        return False
    date, count = (one, other) if one.kind == "date" else (other, one)
    year = count.plain
    return (
        not count.bound
        and 1500 <= year < 2100
        and year == int(year)
        and all(day[1:] == (0, 0) and day[0] != int(year) for day in date.days)
    )
