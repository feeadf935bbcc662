"""Finds which words of two claims say the same, so that only the others have to be judged."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from curation.clash.align import matches
from curation.clash.negation import Reading, read
from curation.clash.words import relation
from curation.clash.words_categories import listed

MOST_COMPARED = 400
"""Pairs of words that are looked up; claims that differ in more are not alike."""


class Match(NamedTuple):
    """Which items of two readings say the same: pairs of indices, and those of each side without a counterpart."""

    pairs: list[tuple[int, int]]
    left: list[int]
    right: list[int]


def matched(left: Reading, right: Reading) -> Match:
    """Pair the items of two readings: equal ones in order, then equal ones elsewhere, then those that mean the same."""
    pairs = matches([item.key for item in left.items], [item.key for item in right.items])
    placed, met = {a for a, _ in pairs}, {b for _, b in pairs}
    ours = [i for i in range(len(left.items)) if i not in placed]
    theirs = [j for j in range(len(right.items)) if j not in met]
    if ours and theirs and len(ours) * len(theirs) <= MOST_COMPARED:
        for equal in (True, False):
            rest = []
            for i in ours:
                item = left.items[i]
                for j in theirs:
                    other = right.items[j]
                    if item.key == other.key if equal else _same(item.key, other.key):
                        pairs.append((i, j))
                        theirs.remove(j)
                        break
                else:
                    rest.append(i)
            ours = rest
    return Match(pairs, ours, theirs)


def _same(left: str, right: str) -> bool:
    related = relation(left, right)
    return related is not None and related.agrees


_RELATIVES = listed(
    """mother father mom dad brother sister son daughter husband wife uncle aunt cousin grandmother grandfather family
    parent sibling"""
)
_OPEN = listed("unknown unclear uncertain unsure undetermined possibl perhaps mayb")


def about_one(left: Reading, right: Reading) -> bool:
    """Whether neither speaks of a relative that the other leaves out, and neither leaves open what it says."""
    ours, theirs = {item.key for item in left.items}, {item.key for item in right.items}
    if bool(ours & _RELATIVES) != bool(theirs & _RELATIVES):
        return False
    return not (ours | theirs) & _OPEN


@lru_cache(maxsize=4096)
def compared(one: str, other: str) -> tuple[Reading, Reading, Match]:
    """Two claims as read, and their matching words. Kept for the rules that ask one after another."""
    left, right = read(one), read(other)
    return left, right, matched(left, right)
