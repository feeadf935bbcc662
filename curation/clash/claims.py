"""Takes a text apart into claims: sentences, list items, table rows and lines of a note, with their words in place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

_LONG_CLAIM = 4000  # characters; a longer run without an end is cut into several claims
_LONG_TEXT = 50_000  # characters; the claims of longer texts are not kept in memory

_MARKER = re.compile(r"[ \t>]*(?:#{1,6} |(?:[-*+•‣▪◦·–—]|\(?\d{1,3}[.)]|\(?[A-Za-z]\)|[a-h]\.|\[[ xX]\])[ \t]+)?")
_ROW = re.compile(r"[ \t]*\|.*\||[^|\n]*\S[ \t]+\|[ \t]+\S[^|\n]*(?:\|[^|\n]*)*")
_END = re.compile(r"[.!?…]{1,8}[\"'”’»)\]*_]{0,4}(?=\s|$)|;(?=\s)|[。！？；]+[”’」』）]{0,4}")
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"  # Chinese and Japanese characters are words of their own
    r"|(?<![^\W_])[A-Z]{1,6}-?\d[\dA-Z]*(?:[.\-]\d[\dA-Z]*)*(?![^\W_])"  # codes: J20.9, AB-1234
    r"|\d+(?:[.,:/-]\d+)*"  # numbers, dates, times, 120/80
    r"|[^\W\d_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+(?:['’][^\W\d_]+)*"
    r"|[%°$€£¥<>=≤≥±]"
)
_TITLES = """
    dr mr mrs ms prof st vs e.g i.e eg ie approx ca cf incl resp sr jr rev gen sen gov hon messrs mme z.b bzw d.h u.a
    ggf usw hr fr nr abs p.ex
"""
_SHORT = """
    mg ml mcg kg oz lb lbs ft in tab tabs cap caps hr hrs min mins sec wk wks mo mos yr yrs etc est dept inc ltd co
    corp jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun max avg temp hx dx tx rx pt
    pts q sc po iv im prn bid tid qid al
"""
_BEFORE_NAMES = frozenset(_TITLES.split())
_BEFORE_SMALL = frozenset(_SHORT.split())
_BEFORE_DIGITS = frozenset(("no", "nos", "fig", "figs", "p", "pp", "vol", "ch", "sec", "art", "eq", "ver", "v", "ex"))
_LETTERED = frozenset(
    ("vitamin", "hepatitis", "type", "grade", "class", "option", "group", "plan", "stage", "team", "i")
)


class Word(NamedTuple):
    """One word of a text.

    Attributes:
        text: Case folded, with a straight apostrophe.
        start: First code point, in the whole text.
        end: One past the last.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A stretch of a text that says one thing: a sentence, a list item, a table row, a line "Label: value".

    Attributes:
        text: As it stands, without the marker of a list.
        start: First code point, in the whole text.
        end: One past the last.
        asks: It is a question, which states nothing.
    """

    text: str
    start: int
    end: int
    asks: bool

    @property
    def words(self) -> tuple[Word, ...]:
        """Its words, in order; numbers, dates, codes and the signs of units count as words."""
        return _words(self.text, self.start)


def claims(text: str) -> tuple[Claim, ...]:
    """All claims of a text, in order.

    A full stop after an abbreviation, a title, an initial or inside a number ends nothing. A claim of more than
    4,000 characters is cut into several. Linear in the length of the text.
    """
    return _kept(text) if len(text) <= _LONG_TEXT else tuple(_claims(text))


@lru_cache(maxsize=16384)
def _kept(text: str) -> tuple[Claim, ...]:
    return tuple(_claims(text))


def _claims(text: str) -> Iterator[Claim]:
    for line, end in _lines(text):
        marker = _MARKER.match(text, line, end)
        start = marker.end() if marker else line
        if "|" in text[start:end] and _ROW.fullmatch(text, start, end):
            yield from _cut(text, start, end)
            continue
        for stop in _stops(text, start, end):
            yield from _cut(text, start, stop)
            start = stop


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if end > start:
            yield start, end
        start = end + 1


def _stops(text: str, start: int, end: int) -> Iterator[int]:
    """Where the sentences of a line end, the end of the line last."""
    for match in _END.finditer(text, start, end):
        if match.end() < end and not (match[0][0] == "." and _abbreviates(text, start, match.start(), match.end())):
            yield match.end()
    yield end


def _abbreviates(text: str, start: int, stop: int, after: int) -> bool:
    """Whether the full stop at ``stop`` belongs to a word and ends no sentence."""
    before = text[max(start, stop - 24) : stop].split()
    if not before:
        return True
    token = before[-1].lstrip("(\"'“‘[*_")
    following = text[after : after + 24].lstrip()
    first = following[:1]
    folded = token.casefold()
    if folded in _BEFORE_NAMES:
        return True
    if folded in _BEFORE_DIGITS and first.isdigit():
        return True
    if len(token) == 1 and token.isupper() and first.isupper():
        return token != "I" and (len(before) == 1 or before[-2].casefold() not in _LETTERED)
    if "." in token and not token[0].isdigit() and all(len(part) <= 2 for part in token.split(".")):
        return not first.isupper()
    return folded in _BEFORE_SMALL and not first.isupper()


def _cut(text: str, start: int, end: int) -> Iterator[Claim]:
    """The stretch without the white space around it, in pieces if it is very long; nothing where it has no word."""
    while end - start > _LONG_CLAIM:
        stop = max(text.rfind(" ", start + _LONG_CLAIM // 2, start + _LONG_CLAIM), start + _LONG_CLAIM // 2)
        yield from _one(text, start, stop)
        start = stop
    yield from _one(text, start, end)


def _one(text: str, start: int, end: int) -> Iterator[Claim]:
    whole = text[start:end]
    inner = whole.strip()
    if inner and _WORD.search(inner):
        start += len(whole) - len(whole.lstrip())
        yield Claim(inner, start, start + len(inner), inner.rstrip("\"'”’»)]*_ ").endswith(("?", "？")))


@lru_cache(maxsize=8192)
def _words(text: str, start: int) -> tuple[Word, ...]:
    folded = text if "’" not in text else text.replace("’", "'")
    return tuple(
        Word(match[0].casefold(), start + match.start(), start + match.end()) for match in _WORD.finditer(folded)
    )
