"""Decides whether two answers to one question clash because one thing stands in another's place and all else is equal.

A clash needs a sign that the two are different things: two things of one kind by the table of kinds, two persons'
names, or two of the choices that the question itself gives.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from curation.clash.align import Aligned
from curation.clash.base import Clash, Place
from curation.clash.claims import Claim, Word, claims
from curation.clash.negation import IDLE, read
from curation.clash.words_categories import listed
from curation.clash.words_kinds import another_of_kind, common_word, in_dictionary, one_may_be_other

_LONGEST = 4  # words of a phrase
_ARTICLES = listed("a an the this that his her its their my your our s any some of")
_NO_PHRASE = listed(
    """not no never without nor none neither cannot except n't former other another same and or plus
    with in on at by for from to as than into over under after before during since due secondary"""
)
_BARE = frozenset(("place", "people", "relative", "language", "religion"))  # kinds that answer alone what was asked
_OPEN = re.compile(
    r"\b(?:such as|for example|for instance|e\.?g|like|including|include[sd]?|maybe|perhaps|sometimes|either|or|could"
    r"|can|may|might|possibly|probably|another|unknown|unclear|imagine|suppose|try|consider|any)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?:[A-Z][\w'’-]+|[A-Z]\.?)(?: (?:[A-Z][\w'’-]+|[A-Z]\.?|de|van|von|der|la|di|al|bin)){1,4}")
_WHO = re.compile(
    r"\b(?:who|whom|whose|name of the|which (?:\w+ ){0,3}(?:person|man|woman|politician|actor|actress|author|director|"
    r"singer|writer|player|scientist|president|artist|king|queen|leader|musician|poet|painter|composer))\b",
    re.IGNORECASE,
)
_SHORT_NAMES = tuple(
    listed(line)
    for line in (
        "william bill will billy",
        "robert bob rob bobby",
        "richard dick rick rich",
        "john jack johnny",
        "edward ted ed eddie ned",
        "james jim jimmy",
        "margaret peggy maggie meg",
        "elizabeth liz betty beth bess",
        "anthony tony",
        "henry harry hank",
        "francis frank",
        "charles chuck charlie",
        "katherine kate kathy catherine",
        "alexander sandy sasha",
        "mary molly polly",
    )
)


def exchanged(pair: Aligned, least: int) -> Clash | None:
    """Another thing of the same kind stands in one place of two claims that are equal otherwise.

    Args:
        pair: Two claims about the same.
        least: So many other words with a meaning have to be in both (see ``least_shared``).
    """
    slot = _only_slot(pair)
    if slot is None:
        return None
    ours, theirs = slot
    shared = len({w.text for w in pair.left.words if w.text not in IDLE} & {w.text for w in pair.right.words})
    left, right = _phrase(ours), _phrase(theirs)
    kind = another_of_kind(left, right)
    if kind is None or shared < (0 if least == 1 and kind in _BARE and _whole(pair, ours, theirs) else least):
        return None
    if _OPEN.search(pair.left.text) or _OPEN.search(pair.right.text) or _denied(pair.left, ours):
        return None
    if _same_with_neighbours(pair, ours, theirs):
        return None
    return _told(f"{kind.capitalize()} differs", (pair.left, ours), (pair.right, theirs))


def _only_slot(pair: Aligned) -> tuple[Sequence[Word], Sequence[Word]] | None:
    """The one place where two claims differ by more than an article: a phrase on either side, with no word in both."""
    found = None
    for slot in pair.slots:
        ours = [word for word in slot.left if word.text not in _ARTICLES]
        theirs = [word for word in slot.right if word.text not in _ARTICLES]
        if not ours and not theirs:
            continue
        if found or not ours or not theirs or max(len(ours), len(theirs)) > _LONGEST:
            return None
        found = ours, theirs
    if found is None:
        return None
    said, instead = {w.text for w in found[0]}, {w.text for w in found[1]}
    if (said | instead) & _NO_PHRASE or any(
        not text.replace("-", "").replace("'", "").isalpha() for text in said | instead
    ):
        return None
    if any(_acts(words) for words in found) or any(
        _listed(claim, words) for claim, words in ((pair.left, found[0]), (pair.right, found[1]))
    ):
        return None
    if said & {w.text for w in pair.right.words} or instead & {w.text for w in pair.left.words}:
        return None
    return found


def _acts(words: Sequence[Word]) -> bool:
    """Whether a stretch says what somebody does: "slicing an onion", "diving"."""
    return any(word.text.endswith("ing") and len(word.text) > 4 for word in words)


def _listed(claim: Claim, words: Sequence[Word]) -> bool:
    """Whether a stretch is more than one phrase."""
    said = claim.text[words[0].start - claim.start : words[-1].end - claim.start]
    return any(sign in said for sign in ",;:()[]|/\n")


def _denied(claim: Claim, words: Sequence[Word]) -> bool:
    place = words[-1].start - claim.start
    return any(item.scope and item.start <= place < item.end for item in read(claim.text).items)


def _phrase(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _same_with_neighbours(pair: Aligned, ours: Sequence[Word], theirs: Sequence[Word]) -> bool:
    """Whether the words with the next one, or the one before, are two names of one thing (kidney / renal failure)."""
    for step in (1, -1):
        phrases = []
        for claim, words in ((pair.left, ours), (pair.right, theirs)):
            inside = claim.words
            at = inside.index(words[-1] if step > 0 else words[0]) + step
            next_to = inside[at].text if 0 <= at < len(inside) else ""
            phrases.append(f"{_phrase(words)} {next_to}" if step > 0 else f"{next_to} {_phrase(words)}")
        if one_may_be_other(phrases[0].strip(), phrases[1].strip()):
            return True
    return False


def _told(what: str, left: tuple[Claim, Sequence[Word]], right: tuple[Claim, Sequence[Word]]) -> Clash:
    ends = [(words[0].start, words[-1].end) for _, words in (left, right)]
    shown = [
        claim.text[start - claim.start : end - claim.start]
        for (claim, _), (start, end) in zip((left, right), ends, strict=True)
    ]
    return Clash("entity", f"{what}: {shown[0]} / {shown[1]}.", 0.75, (ends[0],), (ends[1],))


def title_like(claim: Claim) -> bool:
    """Whether most words of a claim begin with a capital, so that a capital makes no name."""
    words = [word for word in claim.words if word.text not in IDLE and word.text.isalpha()]
    capitals = sum(1 for word in words if claim.text[word.start - claim.start].isupper())
    return len(words) > 2 and capitals >= 0.6 * len(words)


def no_common_words(words: str) -> bool:
    """Whether a stretch holds a word that is no word of the language but a name."""
    return any(not common_word(part.strip(".,'’").casefold()) for part in words.split())


def persons_differ(left: str, right: str, asked: str = "") -> Clash | None:
    """Each answer is one person's name, and not the same person's.

    Args:
        left: One answer.
        right: Another.
        asked: The question; without one, the names have to hold words that are in no dictionary.
    """
    one, other = _bare(left), _bare(right)
    said, instead = left[slice(*one)], right[slice(*other)]
    if not _NAME.fullmatch(said) or not _NAME.fullmatch(instead):
        return None
    ours, theirs = ([part.strip(".") for part in text.casefold().split()] for text in (said, instead))
    if not _WHO.search(asked) and (asked or not (_unknown(ours) and _unknown(theirs))):
        return None
    if ours[0][0] == theirs[0][0] or any({ours[0], theirs[0]} <= group for group in _SHORT_NAMES):
        return None
    if (
        set(ours[:-1]) & set(theirs)
        or set(theirs[:-1]) & set(ours)
        or one_may_be_other(said.casefold(), instead.casefold())
    ):
        return None
    return Clash("entity", f"Name differs: {said} / {instead}.", 0.75, (one,), (other,))


def _unknown(parts: list[str]) -> bool:
    return any(len(part) > 2 and not in_dictionary(part) for part in parts)


_LEAD = re.compile(
    r"\s*(?:(?:sure|of course|okay|ok|certainly)[!,.:]\s*)?(?:here (?:you go|it is|is (?:the|my) answer)[:!.]\s*)?"
    r"(?:(?:the |my )?(?:correct |right |final |best )?(?:answer|choice|option)(?: is|:| is:)\s*)?(?:it is |it's )?",
    re.IGNORECASE,
)


def _bare(text: str) -> Place:
    """The answer itself: without a lead-in, quotes or a full stop."""
    lead = _LEAD.match(text)
    start, end = lead.end() if lead else 0, len(text)
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum() and text[end - 1] not in ")%":
        end -= 1
    return start, end


_LINE = re.compile(r"^[ \t]*(?:[-*•]|\(?[A-Za-z0-9][.):])[ \t]+(.+?)[ \t]*$", re.MULTILINE)
_LETTERED = re.compile(r"\(([A-H])\)\s*([^()\n]{1,80}?)(?=\s*\([A-H]\)|[.\n]|$)")
_BETWEEN = re.compile(
    r"\b(?:between|among|whether)\b([^.?\n]{3,400})|:([^.?:\n]{3,400})|([^.?:\n]{3,400})\?", re.IGNORECASE
)
_APART = re.compile(r"\s*(?:,|;|/)\s*(?:or|and)?\s+|\s+or\s+|\s+and\s+(?=[\"“'])", re.IGNORECASE)
_MOST = 20_000  # characters of a question that are looked at


def choices_differ(left: str, right: str, asked: str) -> Clash | None:
    """Each answer is one of the choices that the question gives, and not the same one.

    Choices are marked lines ("- Monday."), lettered ones ("(A) more"), or the members of one enumeration ("sports,
    business or politics").
    """
    if not asked or len(asked) > _MOST or max(len(left), len(right)) > 300:
        return None
    one, other = _bare(left), _bare(right)
    said, instead = (_plain(text[slice(*place)]) for text, place in ((left, one), (right, other)))
    if not said or not instead or said in instead or instead in said:
        return None
    low = _plain(asked)
    if said not in low or instead not in low:
        return None
    for group in _groups(asked):
        if said in group and instead in group:
            shown = f"{left[slice(*one)]} / {right[slice(*other)]}"
            return Clash("entity", f"Two of the choices given: {shown}.", 0.9, (one,), (other,))
    return None


def _groups(asked: str) -> list[set[str]]:
    groups = [{_plain(match[1]) for match in _LINE.finditer(asked)}, {_plain(m[2]) for m in _LETTERED.finditer(asked)}]
    for match in _BETWEEN.finditer(asked):
        parts = _APART.split(next(part for part in match.groups() if part is not None))
        if len(parts) > 1:
            members = {_plain(part) for part in parts}
            first = _plain(parts[0]).split()  # "Is this about world politics, sports or business?"
            members.update(" ".join(first[-n:]) for n in range(1, 4))
            groups.append(members)
    return [group for group in groups if len(group) > 1]


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s'&-]", " ", text.casefold()).split())


def one_word_apart(pair: Aligned) -> bool:
    """Whether two claims have a single word, each, in the place of the other's."""
    return len(pair.slots) == 1 and len(pair.slots[0].left) == len(pair.slots[0].right) == 1


def least_shared(pairs: Sequence[Aligned], left: str, right: str) -> int:
    """How many words with a meaning a claim has to share with its counterpart, for the one exchanged to count.

    None where all else that two longer answers say is equal, one where each is a single claim, two where half of the
    claims are equal, else four.
    """
    most = max(len(claims(left)), len(claims(right)))
    if most == 1:
        return 1
    equal = sum(1 for pair in pairs if not pair.slots)
    if equal == most - 1:
        return 0 if equal > 1 else 1
    return 2 if 2 * equal >= most - 1 else 4


def _whole(pair: Aligned, ours: Sequence[Word], theirs: Sequence[Word]) -> bool:
    return all(
        {word.text for word in claim.words} <= {word.text for word in words} | _ARTICLES
        for claim, words in ((pair.left, ours), (pair.right, theirs))
    )
