"""Decides whether two answers or claims clash by polarity: yes against no, or one denies what the other says."""

from __future__ import annotations

import re

from curation.clash.base import Clash, Place
from curation.clash.claims import Claim
from curation.clash.negation import Item, Reading, read
from curation.clash.words import relation
from curation.clash.words_matching import about_one, compared

_YES = re.compile(
    r"\W*(?:(?:yes|yeah|yep|ja|oui|sí|si|absolutely|certainly|definitely|of course)\b(?! not)"
    r"|(?:correct|true|right)(?=\s*(?:[.,;:!]|\Z)))",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\W*(?:(?:no|nope|nein|non|never|not at all|of course not|absolutely not|certainly not|definitely not)\b"
    r"(?=\s*(?:[.,;:!–—]|\Z|it|he|she|they|you|there|we|i|this|that|the)\b|\s*[.,;:!–—]|\s*\Z)"
    r"|(?:incorrect|false|wrong)(?=\s*(?:[.,;:!]|\Z)))",
    re.IGNORECASE,
)
_ASKS_NO = re.compile(
    r"(?:\A|[.!?,\n]\s*)(?:(?:do|does|did|would|will) \w+ mind\b"
    r"|(?:is|are|was|were|do|does|did|have|has|had|can|could|should|would|wo|ca)n['’]t\b)[^.!?\n]*\?\s*\Z",
    re.IGNORECASE,
)
COVERED, ALIKE, COSINE, COVERED_BY_COSINE = 0.8, 0.5, 0.6, 0.5
_SHORT = 200
_LEAD = re.compile(
    r"\s*(?:(?:sure|of course|certainly|okay|ok|well|hi|hello|thanks[^.!,:]{0,40})[!,.:]+\s*)?"
    r"(?:here (?:you go|you are|it is|is (?:the|my|your) answer|'s (?:the|my) answer)\s*[:!.,]\s*)?"
    r"(?:i(?:'d| would| will|'ll)? (?:have to )?(?:say|think|guess|believe|answer)(?: that)?(?:[:,]| is| it is)?\s+"
    r"|in short[,:]\s*|that (?:is|would be)\s+"
    r"|(?:so,? )?(?:the |my )?(?:correct |right |final |short )?(?:answer|response|verdict)"
    r"(?: (?:is|would be)\b|:)[:,]?\s*)?"
    r"[\"'“‘*_(]*",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"\b(?:unknown|unremarkable|non\w*|up.to.date|normal|negative|n/?a|unclear|unsure|zero|nkda|as above|same|not)\b",
    re.IGNORECASE,
)


def yes_against_no(left: str, right: str, asked: str = "") -> Clash | None:
    """One answer begins with a yes, the other with a no.

    Nothing where the question denies ("Isn't it closed?", "Do you mind?"): there yes and no may mean the same.
    """
    if _ASKS_NO.search(asked[-_SHORT:]):
        return None
    for yes, no, swap in ((left, right, False), (right, left, True)):
        said_yes, said_no = _first(_YES, yes), _first(_NO, no)
        if said_yes and said_no and not _first(_NO, yes):
            ends = (_bare(yes, said_yes), _bare(no, said_no))
            first, second = ends[::-1] if swap else ends
            return Clash("yes-no", "One answer says yes, the other no.", 0.9, (first,), (second,))
    return None


def _first(said: re.Pattern[str], text: str) -> re.Match[str] | None:
    """A yes or a no at the start, behind a lead-in ("The answer is no") where there is one."""
    lead = _LEAD.match(text)
    behind = lead.end() if lead else 0
    if behind and (_YES.match(text, behind) or _NO.match(text, behind)):
        return said.match(text, behind)
    return said.match(text)


def _bare(text: str, match: re.Match[str]) -> Place:
    start = next((i for i in range(match.start(), match.end()) if text[i].isalnum()), match.start())
    return start, match.end()


_NOTHING = re.compile(r"\W*(?:none|nothing|nil|no|never|nobody|no one|denies|not at all)\W*", re.IGNORECASE)


def denied_whole(left: str, right: str) -> Clash | None:
    """One answer is a bare "None.", the other names something and denies nothing."""
    for none, some, swap in ((left, right, False), (right, left, True)):
        if not _NOTHING.fullmatch(none) or len(some) > _SHORT or _first(_NO, some):
            continue
        reading = read(some)
        if reading.negators or _OPEN.search(some) or not any(item.weight for item in reading.items):
            continue
        start, end = _bare(none, re.match(r"[\w\W]*", none)), (reading.items[0].start, reading.items[-1].end)  # type: ignore[arg-type]
        first, second = (end, start) if swap else (start, end)
        return Clash(
            "negation", f"One answer says “{none.strip()}”, the other names something.", 0.6, (first,), (second,)
        )
    return None


def polarity_clash(one: Claim, other: Claim, similarity: float | None = None, *, alone: bool = False) -> Clash | None:
    """One claim denies what the other says.

    Args:
        one: A claim.
        other: Another.
        similarity: Cosine of their embeddings, where the caller has them.
        alone: Each is all that an answer to one question says, so that one may be in fewer words.
    """
    left, right = read(one.text), read(other.text)
    if not (left.negators or right.negators) or not about_one(left, right):
        return None
    left, right, match = compared(one.text, other.text)
    for reading, against, pairs, swap in (
        (left, right, match.pairs, False),
        (right, left, [(j, i) for i, j in match.pairs], True),
    ):
        found = _denied(reading, against, pairs, similarity, asked=alone)
        if found:
            number, score, words = found
            start, end = reading.negators[number - 1]
            said = (one, other)[swap]
            name = said.text[start:end]
            mine = ((said.start + start, said.start + end),)
            theirs_claim = (other, one)[swap]
            theirs = tuple((theirs_claim.start + item.start, theirs_claim.start + item.end) for item in words)
            first, second = (theirs, mine) if swap else (mine, theirs)
            return Clash("negation", f"Only one of the answers says “{name}”.", score, first, second)
    return None


def _denied(
    reading: Reading, against: Reading, pairs: list[tuple[int, int]], similarity: float | None, *, asked: bool
) -> tuple[int, float, list[Item]] | None:
    """The first negation of one reading whose words the other affirms: its number, a score and those words."""
    partner = {i: against.items[j] for i, j in pairs}
    total = sum(item.weight for item in against.items)
    outside = [i for i, item in enumerate(reading.items) if not item.scope and item.weight]
    held = sum(1 for i in outside if i in partner)
    for number in range(1, len(reading.negators) + 1):
        inside = [i for i, item in enumerate(reading.items) if item.scope == number and item.weight]
        met = [i for i in inside if i in partner]
        if not met or any(partner[i].scope for i in met):
            continue
        affirmed = [i for i in met if _covers(reading.items[i].key, partner[i].key)]
        within = len(affirmed) / len(inside)
        covered = (len(affirmed) + held) / (len(inside) + len(outside))
        place = reading.negators[number - 1]
        others = [i for i, item in enumerate(reading.items) if item.scope and item.scope != number and item.weight]
        agreed = [i for i in others if i in partner and (partner[i].scope or _place_of(reading, i) == place)]
        said = len(affirmed) + held + len(agreed)
        alike = 2 * said / (len(inside) + len(outside) + len(others) + total)
        enough = within >= COVERED and covered >= COVERED and alike >= ALIKE
        if not enough and within == 1 and len(affirmed) == total and asked:
            enough = True  # all that one says, the other denies: "equivalent" / "The texts are not equivalent."
        if not enough and similarity is not None:
            enough = similarity >= COSINE and len(met) / len(inside) >= COVERED_BY_COSINE
        if enough:
            return number, min(0.95, 0.5 + 0.45 * alike), [partner[i] for i in met]
    return None


def _place_of(reading: Reading, item: int) -> Place:
    """Where the negation stands that reaches an item."""
    return reading.negators[reading.items[item].scope - 1]


def _covers(denied: str, said: str) -> bool:
    """Whether what is denied includes what is said: no cat is no kitten, but no kitten may be a cat."""
    related = relation(denied, said)
    return related is not None and related.kind in ("same", "broader")
