"""Counts in words: with their noun, and with what they are a part of."""

from __future__ import annotations

from collections.abc import Mapping


def of(part: int, whole: int, unit: str) -> str:
    """A count with its denominator: ``412 of 9,870 examples``."""
    return f"{part:,} of {whole:,} {unit}"


def many(count: int, one: str, several: str = "") -> str:
    """A count with its noun: ``1 row``, ``2 rows``."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def p_value(value: float, equals: str = "") -> str:
    """A p with four digits; one that would be printed as zero is said to be below what they can show."""
    return f"{equals}{value:.4f}" if value >= 0.00005 else "< 0.0001"


def costs(seconds: Mapping[str, float], least_s: float = 0.1) -> str:
    """What each part of some work took, the dearest first: ``12.0 s: a 11.9 s, others under 0.1 s each``."""
    dear = sorted((name for name in seconds if seconds[name] >= least_s), key=lambda name: -seconds[name])
    parts = [f"{name} {seconds[name]:.1f} s" for name in dear]
    if len(dear) < len(seconds):
        parts.append(f"{'others' if dear else 'all'} under {least_s:.1f} s each")
    return f"{sum(seconds.values()):.1f} s: {', '.join(parts)}" if parts else "0.0 s"
