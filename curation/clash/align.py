"""Puts each claim of one text beside its counterpart in another, and finds the stretches in which the two differ."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from curation.clash.claims import Claim, Word, claims

_LEAST_SIMILARITY = 0.3
_MOST_LOOKED_UP = 40_000  # a word is looked up in so many pairs of claims at most, so that long texts stay linear
_SMALL_WORDS = """
    a an the of to in on at by for from as and or is are was were be been it its this that these those with he she they
    his her their there will would can could should may might has have had do does did
"""
_IDLE = frozenset(_SMALL_WORDS.split())


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch that one claim has in the place of the other's; one side may be empty."""

    left: tuple[Word, ...]
    right: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Aligned:
    """Two claims about the same thing.

    Attributes:
        left, right: The claims, one of each text.
        similarity: Share of words in common, in [0, 1]; words such as "the" count a quarter.
        slots: All that differs, in order; empty where the two say the same words.
    """

    left: Claim
    right: Claim
    similarity: float
    slots: tuple[Slot, ...]


def aligned(left: str, right: str) -> tuple[Aligned, ...]:
    """Each claim with its counterpart in the other text, the most similar first; a claim has one counterpart at most.

    A claim without a counterpart is left out, unless each text has a single one: those two always stand together.
    Symmetric: exchanging the texts exchanges the sides and nothing else.
    """
    ours, theirs = claims(left), claims(right)
    pairs = [(0, 0, 0.0)] if len(ours) == len(theirs) == 1 else _counterparts(ours, theirs)
    found = []
    for i, j, similarity in pairs:
        one, other = ours[i], theirs[j]
        if one.text == other.text:
            found.append(Aligned(one, other, 1.0, ()))
            continue
        found.append(Aligned(one, other, similarity or similarity_of(one, other), differences(one.words, other.words)))
    return tuple(found)


def similarity_of(one: Claim, other: Claim) -> float:
    """Share of words that two claims have in common (Dice), in [0, 1]; words such as "the" count a quarter."""
    ours, theirs = _weights(one), _weights(other)
    shared = sum(weight for word, weight in ours.items() if word in theirs)
    return 2 * shared / ((sum(ours.values()) + sum(theirs.values())) or 1.0)


def _weights(claim: Claim) -> dict[str, float]:
    return {word.text: 0.25 if word.text in _IDLE else 1.0 for word in claim.words}


def _counterparts(ours: tuple[Claim, ...], theirs: tuple[Claim, ...]) -> list[tuple[int, int, float]]:
    """Pairs of indices with their similarity, best first, each index once; equal claims first."""
    equal = defaultdict[str, list[int]](list)
    for j, claim in reversed(list(enumerate(theirs))):
        equal[" ".join(claim.text.casefold().split())].append(j)
    pairs, rest = list[tuple[int, int, float]](), list[int]()
    for i, claim in enumerate(ours):
        same = equal.get(" ".join(claim.text.casefold().split()))
        if same:
            pairs.append((i, same.pop(), 1.0))
        else:
            rest.append(i)
    taken = {j for _, j, _ in pairs}
    others = [j for j in range(len(theirs)) if j not in taken]
    scored = _scored(ours, rest, theirs, others)
    used, used_too = set[int](), set[int]()
    for score, i, j in sorted(scored, key=lambda entry: (-entry[0], abs(entry[1] - entry[2]), entry[1] + entry[2])):
        if i not in used and j not in used_too:
            used.add(i)
            used_too.add(j)
            pairs.append((i, j, score))
    return pairs


def _scored(
    ours: tuple[Claim, ...], rest: list[int], theirs: tuple[Claim, ...], others: list[int]
) -> list[tuple[float, int, int]]:
    """Similar pairs among claims that are not equal, by a look-up of their rarer words."""
    if not rest or not others:
        return []
    left = {i: _weights(ours[i]) for i in rest}
    right = {j: _weights(theirs[j]) for j in others}
    holders, held = defaultdict[str, list[int]](list), Counter[str]()
    for j, weights in right.items():
        for word in weights:
            holders[word].append(j)
    for weights in left.values():
        held.update(weights.keys())
    totals = {j: sum(weights.values()) for j, weights in right.items()}
    most = _MOST_LOOKED_UP if len(rest) * len(others) <= _MOST_LOOKED_UP else 64
    found = []
    for i, weights in left.items():
        shared = defaultdict[int, float](float)
        for word, weight in weights.items():
            if word in holders and held[word] * len(holders[word]) <= most:
                for j in holders[word]:
                    shared[j] += weight
        total = sum(weights.values())
        for j in shared:
            common = shared[j]
            if most == 64:
                common = sum(weight for word, weight in weights.items() if word in right[j])
            score = 2 * common / (total + totals[j])
            if score >= _LEAST_SIMILARITY:
                found.append((score, i, j))
    return found


def differences(left: tuple[Word, ...], right: tuple[Word, ...]) -> tuple[Slot, ...]:
    """The slots of two lists of words: what lies between the words of their longest common subsequence."""
    ours, theirs = [word.text for word in left], [word.text for word in right]
    if ours == theirs:
        return ()
    if ours > theirs:
        return tuple(Slot(slot.right, slot.left) for slot in differences(right, left))
    slots = []
    a = b = 0
    for i, j in (*matches(ours, theirs), (len(left), len(right))):
        if i > a or j > b:
            slots.append(Slot(left[a:i], right[b:j]))
        a, b = i + 1, j + 1
    return tuple(slots)


def matches(left: list[str], right: list[str]) -> list[tuple[int, int]]:
    """Index pairs of a longest common subsequence, in order (bit-parallel: Hyyrö 2004).

    Linear in the words of one side, times the words of the other over the width of a machine word.
    """
    head = 0
    least = min(len(left), len(right))
    while head < least and left[head] == right[head]:
        head += 1
    tail = 0
    while tail < least - head and left[-1 - tail] == right[-1 - tail]:
        tail += 1
    ours, theirs = left[head : len(left) - tail], right[head : len(right) - tail]
    middle = _subsequence(ours, theirs) if ours and theirs else []
    found = [(i, i) for i in range(head)]
    found += [(head + i, head + j) for i, j in middle]
    found += [(len(left) - tail + i, len(right) - tail + i) for i in range(tail)]
    return found


def _subsequence(left: list[str], right: list[str]) -> list[tuple[int, int]]:
    masks = defaultdict[str, int](int)
    for j, word in enumerate(right):
        masks[word] |= 1 << j
    full = (1 << len(right)) - 1
    row, rows = full, list[int]()
    for word in left:
        hit = row & masks[word] if word in masks else 0
        row = ((row + hit) | (row - hit)) & full
        rows.append(row)
    # A cleared bit j of row i says: the common subsequence grows when right[j] is taken in.
    found = []
    i, j = len(left) - 1, len(right) - 1
    while i >= 0 and j >= 0:
        if rows[i] >> j & 1:
            j -= 1
        elif i and not rows[i - 1] >> j & 1:
            i -= 1
        else:
            found.append((i, j))
            i, j = i - 1, j - 1
    return found[::-1]
