"""Where two texts differ, word by word: the ranges that are on one side only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

WORD = re.compile(r"\w+|\s+|[^\w\s]")
LINE = re.compile(r"[^\n]*\n|[^\n]+")
MAX_COMPARISONS = 1_500_000
"""Above this product of token counts a word comparison takes longer than a person waits."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Diff:
    """Half-open code-point ranges that are on one side only; ``unit`` says how finely they were compared."""

    left: tuple[Range, ...]
    right: tuple[Range, ...]
    unit: str = "word"

    @property
    def same(self) -> bool:
        """Whether the two texts are equal."""
        return not self.left and not self.right


@lru_cache(maxsize=512)
def diff(left: str, right: str) -> Diff:
    """Compare two texts by word; by line where they are too long for that; as wholes where even that is too much.

    The common start and end are set aside first, so a long text with one changed word stays cheap. White space between
    two differing words is marked with them, so that a changed phrase reads as one.
    """
    if left == right:
        return Diff((), ())
    for unit, pattern in (("word", WORD), ("line", LINE)):
        a, b = pattern.findall(left), pattern.findall(right)
        head = _common(a, b)
        tail = _common(a[head:][::-1], b[head:][::-1])
        middle_a, middle_b = a[head : len(a) - tail], b[head : len(b) - tail]
        if len(middle_a) * len(middle_b) <= MAX_COMPARISONS:
            offset = sum(map(len, a[:head]))
            marked_a, marked_b = _ranges(middle_a, middle_b, offset)
            return Diff(_joined(marked_a, left), _joined(marked_b, right), unit)
    return Diff(((0, len(left)),), ((0, len(right)),), "whole text")


def _common(a: list[str], b: list[str]) -> int:
    count = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        count += 1
    return count


def _ranges(a: list[str], b: list[str], offset: int) -> tuple[list[Range], list[Range]]:
    at_a, at_b = _offsets(a, offset), _offsets(b, offset)
    left: list[Range] = []
    right: list[Range] = []
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag != "equal":
            left.append((at_a[a0], at_a[a1]))
            right.append((at_b[b0], at_b[b1]))
    return [r for r in left if r[0] < r[1]], [r for r in right if r[0] < r[1]]


def _offsets(tokens: list[str], start: int) -> list[int]:
    offsets = [start]
    for token in tokens:
        offsets.append(offsets[-1] + len(token))
    return offsets


def _joined(ranges: list[Range], text: str) -> tuple[Range, ...]:
    """Neighbouring ranges with nothing but white space between them, as one."""
    joined: list[Range] = []
    for start, end in ranges:
        if joined and (joined[-1][1] == start or text[joined[-1][1] : start].isspace()):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def parts(left: str, right: str) -> list[tuple[str, str]]:
    """Both texts as runs of ``same``, ``gone`` and ``new`` text in order, a gone run before the new one in its place.

    The same and gone runs make up the left text, the same and new ones the right one. Compared as :func:`diff` does.
    """
    for pattern in (WORD, LINE):
        a, b = pattern.findall(left), pattern.findall(right)
        head = _common(a, b)
        tail = _common(a[head:][::-1], b[head:][::-1])
        middle_a, middle_b = a[head : len(a) - tail], b[head : len(b) - tail]
        if len(middle_a) * len(middle_b) <= MAX_COMPARISONS:
            found = [("same", "".join(a[:head]))]
            for tag, a0, a1, b0, b1 in SequenceMatcher(None, middle_a, middle_b, autojunk=False).get_opcodes():
                if tag == "equal":
                    found.append(("same", "".join(middle_a[a0:a1])))
                else:
                    found += [("gone", "".join(middle_a[a0:a1])), ("new", "".join(middle_b[b0:b1]))]
            found.append(("same", "".join(a[len(a) - tail :])))
            return [(kind, text) for kind, text in found if text]
    return [("gone", left), ("new", right)]
