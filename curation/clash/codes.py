"""Finds codes and identifiers (J20.9, AB-1234, a version), and decides whether two answers name different ones."""

from __future__ import annotations

import re
from functools import lru_cache

from curation.clash.base import Clash
from curation.clash.values import Value, bare

_STRONG = re.compile(r"[A-Z]\d\d[.\dA-Z-]+|(?=.{4,})[A-Z]+-?\d[\dA-Z.-]*")
_NO_CODE = re.compile(r"(?:COVID|SARS|MERS)\b|[A-Z]{4,}-?\d{1,2}$", re.IGNORECASE)
_CODE = re.compile(r"(?<![\w.@/-])[A-Z]{1,6}-?\d[\dA-Z]*(?:[.\-]\d[\dA-Z]*)*(?!\w)")
_DIGIT = re.compile(r"\d")
_LONGEST_WORDS = 120
_EXPLAINED = 3  # an answer that names so many codes weighs them against each other


def codes(text: str) -> frozenset[str]:
    """The codes in a text, such as ``J20.9``."""
    return frozenset(match[0].upper() for match in _CODE.finditer(text)) if _DIGIT.search(text) else frozenset()


@lru_cache(maxsize=16384)
def code_values(text: str) -> tuple[Value, ...]:
    """The codes of a text in their places, as values of the kind ``code``; names such as COVID-19 are none."""
    if not _DIGIT.search(text):
        return ()
    return tuple(
        Value("code", (), match.start(), match.end(), match[0].upper())
        for match in _CODE.finditer(text)
        if not _NO_CODE.match(match[0])
    )


def codes_differ(left: str, right: str) -> Clash | None:
    """Each of two answers names one code of a kind, and not the same.

    A code that is the beginning of the other (J20 / J20.9) says the same with less detail. Short ones (B12, L4) are
    not looked at here: they clash only in the same place of two claims.
    """
    ours, theirs = _strong(left), _strong(right)
    if not ours or not theirs or max(left.count(" "), right.count(" ")) > _LONGEST_WORDS:
        return None
    named, named_too = {bare(value.unit) for value in ours}, {bare(value.unit) for value in theirs}
    only, only_too = named - named_too, named_too - named
    if len(only) != 1 or len(only_too) != 1 or max(len(named), len(named_too)) >= _EXPLAINED:
        return None
    code, other = next(iter(only)), next(iter(only_too))
    shapes = [{_shape(v.unit) for v in side if bare(v.unit) == name} for side, name in ((ours, code), (theirs, other))]
    if not shapes[0] & shapes[1] or code.startswith(other) or other.startswith(code):
        return None
    spans = tuple((v.start, v.end) for v in ours if bare(v.unit) == code)
    spans_too = tuple((v.start, v.end) for v in theirs if bare(v.unit) == other)
    score = 0.8 if named & named_too else 0.95
    shown = f"{left[slice(*spans[0])]} / {right[slice(*spans_too[0])]}"
    return Clash("code", f"Code differs: {shown}.", score, spans, spans_too)


def _strong(text: str) -> list[Value]:
    return [value for value in code_values(text) if _STRONG.fullmatch(value.unit)]


def _shape(code: str) -> str:
    """Letters and digits as they follow each other; the codes of ICD-10 have one shape."""
    if re.fullmatch(r"[A-Z]\d[\dA-Z](?:\.?[\dA-Z]{1,4})?", code):
        return "icd"
    return re.sub(r"\d+", "9", re.sub(r"[A-Z]+", "A", code))
