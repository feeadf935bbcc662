"""Counts in words: with their noun, and with what they are a part of."""

from __future__ import annotations


def of(part: int, whole: int, unit: str) -> str:
    """A count with its denominator: ``412 of 9,870 examples``."""
    return f"{part:,} of {whole:,} {unit}"


def many(count: int, one: str, several: str = "") -> str:
    """A count with its noun: ``1 row``, ``2 rows``."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"
