"""The formulas that answers open and close with, as bare words in which codes and names of things are made equal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from curation.minhash.normalise import normalise

LONGEST = 4
CLOSINGS = ("block", "line", "words")
_LONGEST_CLOSING = 6
_SHORT_BLOCK = 15  # words; a longer last paragraph is part of the answer
_SHORT_LINE = 8
_IDENTIFIER = re.compile(r"(?=\S*\d)[A-Z][\w.-]*")
_BLANK = re.compile(r"\n[ \t]*\n")

Words = tuple[str, ...]
Decide = Callable[[Sequence[Words | None]], tuple[Words, int, int] | None]


@lru_cache(maxsize=65536)
def _bare(word: str) -> str:
    """A word in lower case without its marks; NUL stands for a code, nothing for what is no word."""
    stripped = word.strip('.,:;()*_`"“”')
    return "\0" if _IDENTIFIER.fullmatch(stripped) else normalise(word)


def opening(text: str) -> Words:
    """The first words."""
    return _bared(text.split(None, 2 * LONGEST)[: 2 * LONGEST])[:LONGEST]


def _bared(words: Iterable[str]) -> Words:
    return tuple([bare for word in words if (bare := _bare(word))])


@dataclass(frozen=True, slots=True)
class Ending:
    """How a text ends: its last words, and the first words of its last short paragraph and last short line."""

    words: Words
    block: Words | None
    line: Words | None


def closing(text: str) -> Ending:
    """The words by which a closing formula would be known."""
    text = text.rstrip()
    if text.endswith(("```", "}", "]", "|")):
        return Ending((), None, None)
    words = _bared(text[-120:].split()[-2 * _LONGEST_CLOSING :])[-_LONGEST_CLOSING:]
    line = text[text.rfind("\n") + 1 :].split() if "\n" in text else []
    block: list[str] = []
    if "\n" in text:
        place = max((match.end() for match in _BLANK.finditer(text, max(0, len(text) - 200))), default=0)
        block = text[place:].split() if place else []
    return Ending(
        words,
        _bared(block)[:LONGEST] if 0 < len(block) <= _SHORT_BLOCK else None,
        _bared(line)[:LONGEST] if 0 < len(line) <= _SHORT_LINE else None,
    )


def formula(texts: Sequence[Words], decide: Decide, *, last: bool = False) -> tuple[Words, int, int] | None:
    """The longest run of first words (last words, with ``last``) that is a norm, with its count and total.

    Args:
        texts: The words of each answer; an empty tuple = it has none there, which counts against any formula.
        decide: The norm of a sequence of values, if there is one.
        last: Whether the formula stands at the end.
    """
    best = None
    for length in range(1, max((len(words) for words in texts), default=0) + 1):
        cut = [words[-length:] if last else words[:length] for words in texts]
        learned = decide([words if len(words) == length else ("",) for words in cut])
        if learned is None or len(learned[0]) < length or "" in learned[0]:
            break
        best = learned
    return best


def shown(words: Words) -> str:
    """A formula for people."""
    return " ".join("a code" if word == "\0" else f"“{word}”" for word in words)


def common_tail(texts: Sequence[str], words: Words, kind: str) -> str | None:
    """What nearly all answers with a closing formula end with, letter by letter, the white space before it included.

    Args:
        texts: The answers that close with it.
        words: The formula.
        kind: ``words``, ``block`` or ``line``.
    """
    tails: Counter[str] = Counter()
    for text in map(str.rstrip, texts):
        if kind == "words":
            found = list(re.finditer(r"\S+", text[-160:]))[-len(words) :]
            start = len(text) - len(text[-160:]) + found[0].start() if found else 0
        elif kind == "line":
            start = text.rfind("\n") + 1
        else:
            start = max((match.end() for match in _BLANK.finditer(text)), default=0)
        before = text[:start].rstrip()
        tails[text[len(before) :]] += 1
    if not tails:
        return None
    tail, count = min(tails.items(), key=lambda item: (-item[1], item[0]))
    return tail if count >= 0.8 * tails.total() and tail.strip() else None
