"""Decides whether two claims clash by a word: its opposite, another of its kind, another name, or roles swapped."""

from __future__ import annotations

import re

from curation.clash.base import Clash, Place
from curation.clash.claims import Claim
from curation.clash.negation import Item, Reading
from curation.clash.values_read import values
from curation.clash.words import Relation, relation
from curation.clash.words_categories import listed
from curation.clash.words_exchanged import no_common_words, title_like
from curation.clash.words_kinds import one_may_be_other
from curation.clash.words_matching import MOST_COMPARED, Match, compared

ALIKE = 0.7
_INDEFINITE = listed(
    "a an some someone somebody one two three four five six seven eight nine ten another several many few people"
)
_INDIVIDUAL = listed(
    """man woman boy girl male female son daughter mother father young old senior elder sit stand lie walk run mov
    black white brown red blue green yellow pink"""
)
_ROLES = re.compile(r"->|→|=>|⇒|>|<|≥|≤")
_COMMUTES = listed(
    """and or with near beside nor plus equals equal is are was were meets meet marries married alongside versus vs
    between both"""
)


def word_clash(one: Claim, other: Claim, *, asked: bool = False) -> Clash | None:
    """A word of one claim stands where the other has its opposite, or another of the same kind, or another name.

    Args:
        one: A claim.
        other: Another.
        asked: Both answer one question, so they speak of the same thing, and another drink, room or name in the same
            place is a clash. Else they have to say that they do: "a man" and "a woman" are two people.
    """
    if not asked and not (_specific(one) and _specific(other)):
        return None
    left, right, match = compared(one.text, other.text)
    if match.left and match.right and len(match.left) * len(match.right) <= MOST_COMPARED:
        for i in match.left:
            for j in match.right:
                related = relation(left.items[i].key, right.items[j].key)
                if related is None or related.agrees:
                    continue
                if _stands(left, right, match, i, j, related, asked):
                    return _told(one, other, left.items[i], right.items[j], related)
        return _names_differ(one, other, left, right, match) if asked or _says_what(one, other) else None
    return roles_swapped(one, other)


def _specific(claim: Claim) -> bool:
    return not claim.words or claim.words[0].text not in _INDEFINITE


def _stands(left: Reading, right: Reading, match: Match, i: int, j: int, related: Relation, asked: bool) -> bool:
    """Whether two words that exclude each other stand in the same place, and all around says much the same."""
    a, b = left.items[i], right.items[j]
    if bool(a.scope) != bool(b.scope):
        return False
    if not asked and (a.key in _INDIVIDUAL or b.key in _INDIVIDUAL):
        return False  # "the man" and "the woman" are two people
    if related.kind == "exclusive" and not asked and not related.strict:
        return False
    partner = dict(match.pairs)
    if related.kind == "opposite" and (_converse(left, right, match, i, j) or (_half(left, i) and _half(right, j))):
        return False
    both = sum(1 for k, _ in match.pairs if left.items[k].weight)
    apart = sum(1 for k in match.left if k != i and left.items[k].weight)
    apart += sum(1 for k in match.right if k != j and right.items[k].weight)
    if related.before:
        ours, theirs = _following(left, i), _following(right, j)
        if ours is not None and theirs is not None and partner.get(ours) != theirs:
            return False
    if related.kind == "opposite" and not related.strict:
        return apart == 0
    return 2 * both >= ALIKE * (2 * both + apart)


def _converse(left: Reading, right: Reading, match: Match, i: int, j: int) -> bool:
    """Whether both sides of the word are exchanged with it: "Ann is older than Bob" / "Bob is younger than Ann"."""
    before = any(k < i and m > j for k, m in match.pairs if left.items[k].weight)
    after = any(k > i and m < j for k, m in match.pairs if left.items[k].weight)
    return before and after


def _half(reading: Reading, at: int) -> bool:
    return at > 0 and reading.items[at - 1].key == "half"


def _following(reading: Reading, at: int) -> int | None:
    return next((k for k in range(at + 1, len(reading.items)) if reading.items[k].weight), None)


def _told(one: Claim, other: Claim, left: Item, right: Item, related: Relation) -> Clash:
    shown = f"{one.text[left.start : left.end]} / {other.text[right.start : right.end]}"
    score = 0.85 if related.strict else 0.65
    if related.kind == "opposite":
        return Clash("opposite", f"Words differ: {shown}.", score, (_place(one, left),), (_place(other, right),))
    name = related.name.capitalize()
    return Clash("entity", f"{name} differs: {shown}.", score, (_place(one, left),), (_place(other, right),))


def _place(claim: Claim, item: Item) -> Place:
    return claim.start + item.start, claim.start + item.end


def _says_what(one: Claim, other: Claim) -> bool:
    """Whether both say what something is ("The capital is ...")."""
    return all(re.search(r"\b(?:is|was|are|were)\b", claim.text) for claim in (one, other))


def _names_differ(one: Claim, other: Claim, left: Reading, right: Reading, match: Match) -> Clash | None:
    """One stretch of names stands in the place of another, and all else says the same."""
    ours = [i for i in match.left if left.items[i].weight]
    theirs = [j for j in match.right if right.items[j].weight]
    if not _in_a_row(ours) or not _in_a_row(theirs):
        return None
    both = sum(1 for k, _ in match.pairs if left.items[k].weight)
    if both < 2:
        return None
    start, end = left.items[ours[0]].start, left.items[ours[-1]].end
    begin, stop = right.items[theirs[0]].start, right.items[theirs[-1]].end
    said, instead = one.text[start:end], other.text[begin:stop]
    if values(said) or values(instead) or not _is_name(said, start) or not _is_name(instead, begin):
        return None  # a date or a number is no name
    if _short_for(said, instead) or one_may_be_other(said.casefold(), instead.casefold()):
        return None
    if "," in said + instead:
        return None
    if (title_like(one) or title_like(other)) and not (no_common_words(said) and no_common_words(instead)):
        return None
    if left.items[ours[0]].scope or right.items[theirs[0]].scope:
        return None
    ends = ((one.start + start, one.start + end),), ((other.start + begin, other.start + stop),)
    return Clash("entity", f"Name differs: {said} / {instead}.", 0.75, *ends)


def _in_a_row(places: list[int]) -> bool:
    return 0 < len(places) <= 4 and places[-1] - places[0] == len(places) - 1


def _is_name(words: str, start: int) -> bool:
    parts = words.split()
    named = all(part[:1].isupper() or not part[:1].isalpha() for part in parts)
    return named and (start > 0 or len(parts) > 1 or no_common_words(words))


def _short_for(one: str, other: str) -> bool:
    """Whether one may be a short form of the other: its initials, its beginning, or a part of it."""
    a, b = sorted((one.casefold().replace(".", ""), other.casefold().replace(".", "")), key=len)
    initials = "".join(part[0] for part in b.split())
    return a[:3] == b[:3] or a in b or a.replace(" ", "") == initials or bool(set(a.split()) & set(b.split()))


def roles_swapped(one: Claim, other: Claim) -> Clash | None:
    """The same words, but two of them in each other's place: "from A to B" / "from B to A"."""
    ours, theirs = [w.text for w in one.words], [w.text for w in other.words]
    if len(ours) != len(theirs) or ours == theirs or sorted(ours) != sorted(theirs):
        return None
    apart = [n for n in range(len(ours)) if ours[n] != theirs[n]]
    first, last = apart[0], apart[-1]
    left, right = ours[first : last + 1], theirs[first : last + 1]
    for size in range(1, len(left) // 2 + 1):
        for size_too in range(1, len(left) - size + 1):
            x, y = left[:size], left[len(left) - size_too :]
            between = left[size : len(left) - size_too]
            if right == y + between + x:
                spans = [
                    (w[first].start, w[first + n - 1].end) for w, n in ((one.words, size), (other.words, size_too))
                ]
                gap = one.text[spans[0][1] - one.start : one.words[last - size_too + 1].start - one.start]
                if not _directed(between, gap):
                    return None
                ends = [
                    (spans[0], (one.words[last - size_too + 1].start, one.words[last].end)),
                    (spans[1], (other.words[last - size + 1].start, other.words[last].end)),
                ]
                names = (one.text[a - one.start : b - one.start] for a, b in ends[0])
                return Clash("entity", f"Roles are swapped: {' / '.join(names)}.", 0.8, ends[0], ends[1])
    return None


def _directed(between: list[str], gap: str) -> bool:
    """Whether it makes a difference which of two stands before, and which after."""
    if _ROLES.search(gap):
        return True
    return "," not in gap and ";" not in gap and bool(set(between) - _COMMUTES) and not set(between) & {"and", "or"}
