"""Reads one claim: the words that carry its meaning, and which of them it denies (no, not, without, denies, absent).

A negation reaches to the end of its clause, or only over the words next to it ("a man with no shirt is running"); two
of them cancel out ("not without pain"). After NegEx (Chapman et al. 2001), for any prose.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from curation.clash.claims import Word, claims
from curation.clash.words import phrases_from, stem
from curation.clash.words_categories import listed

IDLE = listed(
    """a an the of to for as and or is are was were be been being am it its this that these those he him she her
    they them his their i you we me us my your our there here which who whom whose will would shall should can
    could may might must do does did doing has have had having s d ll ve re t m so then also just very really
    quite too only even some any such one ones please kindly now currently still already patient patients pt
    report reports reported reporting state states stated complain complains complained complaining note noted
    notes endorse endorses endorsed yes no ok okay indeed actually what when where how than if while by at from nor
    something anything thing things"""
)
PARTICLES = listed(
    """in on out off up down over under above below with into onto before after near behind between through during
    against around toward towards along across about inside outside upon more less most least right left"""
)
_WHOLE = listed(
    """not never cannot cant dont doesnt didnt isnt wasnt arent werent wont wouldnt shouldnt couldnt hasnt havent
    hadnt neither"""
)
_NOBODY = {"nobody": "person", "nothing": "", "none": "", "nowhere": "place"}
_NEXT = listed("without denies deny denied denying lacks lack lacking lacked excluding sans")
_VERBS = listed("fail fails failed failing refuse refuses refused refusing unable")  # before "to"
_OF = {"absence": "of", "free": "of", "lack": "of", "negative": "for", "ruled": "out", "rule": "out", "rules": "out"}
_TOLD = listed("reports report reported reporting endorses endorsed")  # "reports no fever, cough or chills"
_SAID = listed(
    """reports report reported reporting endorses endorsed admits admitted admitting complains complained complaining
    describes described acknowledges acknowledged confirms confirmed"""
)
_AFTER = frozenset(("absent", "nonexistent"))
_BREAKS = listed(
    "but however although though because since whereas yet except instead unless until so therefore rather"
)
_AUXILIARIES = listed("is are was were has have had will would can could should may might must does did")
_PARTS = listed(
    "bowl cup glass piece slice bit group pair lot number kind sort type bunch couple plate bottle part few"
)
_SUBJECTS = listed("i you he she it we they there")
_ENGLISH = listed("the is are was were it they you not of and this that there do does don't")
_CLOSE = 16  # code points between two negations that cancel out
_IDLE_NO = listed("problem problems thanks thank worries doubt matter wonder later sooner")


class Item(NamedTuple):
    """A word or known phrase that carries meaning.

    Attributes:
        key: Its stem; of a phrase, its words with spaces.
        start, end: Place in the claim.
        scope: Number of the negation that reaches it, 0 where none does or two cancel out.
        weight: 1, or 0 for words such as "in" that only count against their opposite.
    """

    key: str
    start: int
    end: int
    scope: int
    weight: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a claim says.

    Attributes:
        items: In order.
        negators: Places of the negating words by number of the negation, from 1 on.
    """

    items: tuple[Item, ...]
    negators: tuple[tuple[int, int], ...]


@lru_cache(maxsize=1 << 15)
def read(text: str) -> Reading:
    """Read a single claim, places counted from its start."""
    words = [word for claim in claims(text) for word in claim.words]
    items: list[Item] = []
    negators: list[tuple[int, int]] = []
    active: list[tuple[int, str]] = []  # (number of the negation, how far it reaches)
    at, last = 0, len(words)
    previous_end = 0
    last_not = -1
    english = not _ENGLISH.isdisjoint(word.text for word in words)
    last_or = max((n for n, word in enumerate(words) if word.text in ("or", "nor")), default=-1)
    while at < last:
        word = words[at]
        text_of = word.text
        between = text[previous_end : word.start]
        if text_of in _BREAKS or ";" in between or ("." in between and between.strip(". ") == ""):
            active = []
        elif "," in between and at - 1 != last_not and at > last_or:  # no list ("do not rub, dry it")
            active = [(_again(negators, number), reach) for number, reach in active if reach not in ("next", "verb")]
        elif "," in between:
            active = [(number, reach) for number, reach in active if reach != "next"]
            active = [(_again(negators, number), reach) for number, reach in active]
        elif text_of in ("or", "nor") and active:
            active = [(_again(negators, number), reach) for number, reach in active]
        if active and _tells_anew(text, words, at, between, negators[active[-1][0] - 1]):
            active = []
        if text_of in _AUXILIARIES:
            active = [(number, reach) for number, reach in active if reach != "next"]
        step, reach, own = _negates(words, at, between, bool(items))
        if step and not items and text_of == "no" and text[word.end : word.end + 1] == "," and english:
            step = 0  # "No, that is right": it answers, and denies no word of what follows
        if text_of == "non" and text[word.end : word.end + 1] == "-":
            step, reach, own = 1, "next", ""  # "non-toxic" is not toxic
        if step:
            last_not = at + step - 1
            end = words[at + step - 1].end
            negators.append((word.start, end))
            number = len(negators)
            joined = at > 0 and words[at - 1].text in ("and", "or", "nor")
            if active and (joined or word.start - negators[active[-1][0] - 1][1] > _CLOSE or "," in between):
                active = []  # "denies fever and has no cough" denies both; "not without pain" is twice
            if reach == "back":
                items = [item._replace(scope=number if not item.scope else 0) for item in items]
            else:
                active.append((number, reach))
                if own:
                    items.append(Item(own, word.start, end, _scope(active), 1))
            at, previous_end = at + step, end
            continue
        length = _phrase(words, at)
        last_word = words[at + length - 1]
        if length > 1:
            key = " ".join(w.text for w in words[at : at + length])
            items.append(Item(key, word.start, last_word.end, _scope(active), 1))
        elif text_of in PARTICLES:
            items.append(Item(text_of, word.start, word.end, _scope(active), 0))
        elif text_of in _PARTS and at + 1 < last and words[at + 1].text == "of":
            pass  # a bowl of cereal is cereal
        elif text_of not in IDLE:
            bare = text_of[:-2] if text_of.endswith("'s") else text_of
            if bare and bare not in IDLE:
                items.append(Item(stem(bare), word.start, word.end, _scope(active), 1))
        at, previous_end = at + length, last_word.end
    return Reading(tuple(items), tuple(negators))


def _tells_anew(text: str, words: list[Word], at: int, between: str, negator: tuple[int, int]) -> bool:
    """Whether a list of what is denied ends here: "denies nausea, reports pain"; "no fever, a dry cough"."""
    joined = "," in between or (at > 0 and words[at - 1].text in ("and", "but"))
    if words[at].text in _SAID:
        return joined
    return "," in between and words[at].text in ("a", "an") and text[slice(*negator)].casefold() == "no"


def _again(negators: list[tuple[int, int]], number: int) -> int:
    """A member of a list after the first is denied on its own: "no fever, chills or cough"."""
    negators.append(negators[number - 1])
    return len(negators)


def _scope(active: list[tuple[int, str]]) -> int:
    return active[-1][0] if len(active) % 2 else 0


def _phrase(words: list[Word], at: int) -> int:
    for rest in phrases_from(words[at].text):
        if tuple(word.text for word in words[at + 1 : at + 1 + len(rest)]) == rest:
            return 1 + len(rest)
    return 1


def _negates(words: list[Word], at: int, between: str, inside: bool) -> tuple[int, str, str]:
    """How many words negate here (0: none), how far they reach (``clause``, ``next``, ``back``), and a word inside."""
    text = words[at].text
    following = words[at + 1].text if at + 1 < len(words) else ""
    before = words[at - 1].text if at else ""
    if text == "nor" and not inside:
        return 1, "clause", ""
    if text in ("not", "never") or text.endswith("n't") or text in _WHOLE:
        if text == "not" and (following in ("only", "just", "merely") or before in ("if", "whether")):
            return 0, "", ""
        return 1, "verb", ""
    if text == "no":
        if following in _IDLE_NO or not following or between.strip() in ("(", "#") or following.isdigit():
            return 0, "", ""
        if following == "longer":
            return 2, "clause", ""
        if following == "one":
            return 2, "clause", "person"
        whole = not inside or before in ("is", "are", "was", "were", "be", "been")
        if before in _TOLD:
            return 1, "list", ""
        return 1, "clause" if whole else "next", ""
    if text in _NOBODY:
        return 1, "clause", _NOBODY[text]
    if text == "without" and not at and any(word.text in _SUBJECTS for word in words):
        return 0, "", ""  # "Without a filter it clogs" says what would be
    if text in _NEXT and not (text == "lack" and following == "of"):
        return 1, "list" if text.startswith("den") else "next", ""
    if text in _VERBS and following == "to":
        return 2, "clause", ""
    if text in _OF and following == _OF[text]:
        return 2, "list" if text == "negative" else "next", ""
    if text == "at" and following == "no" and at + 2 < len(words) and words[at + 2].text == "time":
        return 3, "clause", ""
    if text in _AFTER and inside:
        return 1, "back", ""
    return 0, "", ""
