"""The words of a request that say what it is about, and which of them two requests do not share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

from curation.clash.words import contrasting, senses, stem
from curation.clash.words_categories import listed
from curation.evidence.lexicon import COUNTS, FUNCTION_WORDS
from curation.minhash.normalise import normalise

FRAME = listed(
    """
    tell know explain like want need help thanks thank question questions hello hi hey give say said says show
    let wonder wondering ask asks asked asking answer answers briefly short quick quickly actually really mind
    describe provide way how when where why with about get got if any into while much many long often time days
    does go not no exactly one advance respond reply state name write fill repeat restate read note put pick
    select choose decide judge indicate identify determine summarise summarize begin begins beginning start
    starts starting follow follows following above below text passage article paragraph conversation dialogue
    dialog transcript message statement statements sentence sentences exam final reader reviewer writer author
    think feel believe whether thing things something too well again s t m d ll ve re don doesn didn isn aren
    wasn weren hasn haven hadn won wouldn couldn able being having there within during
    report record section count
    """
)
"""Words of any request, whatever it is about: of asking and answering, and what kind of text lies there."""

_FRAME_OF_LONGER = FRAME | listed(
    "apply applies applied fit fits use used case still here see seen sees came come comes"
)
_SHORT = 12  # words; in a request of no more, "use" or "come" may be what it is about
_SPOKEN = listed(
    """
    okay ok yes yeah yep nope none hm hmm um uh ah oh alright allright all right sure good fine great sir madam miss ma
    am course indeed welcome nice more some but going now today off over only just so because due both each doctor dr
    patient maybe perhaps probably anyone someone anybody somebody anything everything nothing
    """
)  # what a conversation has in passing
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w’'-]+|(?<![\w])[A-Z]{2,}[A-Z/_]*(?![\w])")
_CONTRASTING = frozenset(
    stem(word)
    for word in listed(
        """
    first second third last next previous main primary secondary initial final best worst least most only other another
    without except without per each every maximum minimum average total former latter past current future
    """
    )
)
_PREFIX = 3
_OR_NOT = re.compile(r"\bor\W{1,3}not\b", re.IGNORECASE)
_NUMBERED = re.compile(r"^\s*question \d+[.:)]\s", re.IGNORECASE | re.MULTILINE)
_COUNTED = frozenset(COUNTS)
_COUNT_WORD = re.compile(rf"\b(?:{'|'.join(COUNTS)})\b", re.IGNORECASE)


@lru_cache(maxsize=32768)
def content(text: str, among_short: bool = False) -> Mapping[str, str]:
    """The words of a request that carry meaning, by stem: not those of any request ("tell", "passage", "which").

    Args:
        text: The request.
        among_short: It is held against another of a few words, in which "use" or "come" may be what it is about.
    """
    words = normalise(bare(text)).split()
    frame = FRAME if among_short else _FRAME_OF_LONGER
    return {stem(word): word for word in words if word not in FUNCTION_WORDS and word not in frame}


def more_often(left: str, right: str) -> set[str]:
    """Stems that one of two texts says more often than the other."""
    ours, theirs = (Counter(map(stem, normalise(text).split())) for text in (left, right))
    return (ours - theirs).keys() | (theirs - ours).keys()


def are_short(left: str, right: str) -> bool:
    """Whether two requests are of a few words, of which any may be what they are about."""
    return max(len(left), len(right)) <= _SHORT * 12 and max(len(left.split()), len(right.split())) <= _SHORT


def bare(text: str) -> str:
    """A request without the number of the question, and without the "not" of "or not", which negates nothing."""
    return _OR_NOT.sub(" ", _NUMBERED.sub(" ", text))


def without_count_words(text: str) -> str:
    """A text without numbers in words, from two on."""
    return _COUNT_WORD.sub(" ", text)


def counted(words: Mapping[str, str]) -> bool:
    """Whether a number in words is among them."""
    return not _COUNTED.isdisjoint(words.values())


def uncounted(words: Mapping[str, str]) -> dict[str, str]:
    """Those that are no numbers in words."""
    return {key: word for key, word in words.items() if word not in _COUNTED}


def named(text: str) -> set[str]:
    """Stems of the words in capitals within a sentence."""
    return {stem(word) for match in _NAME.finditer(text) for word in normalise(match[0]).split()}


def in_passing(words: Iterable[str]) -> bool:
    """Whether a conversation would have said the same without these words."""
    return all(word in _SPOKEN for word in words)


def unshared(ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Words of content that stand only here: no form, synonym or slip of the pen of them stands there."""
    alone = {key: word for key, word in ours.items() if key not in theirs}
    if not alone:
        return {}
    by_prefix: dict[str, list[str]] = {}
    meant: set[int] = set()
    for key, word in theirs.items():
        if key not in ours:
            by_prefix.setdefault(word[:_PREFIX], []).append(word)
            meant |= senses(key)
    return {
        key: word
        for key, word in alone.items()
        if meant.isdisjoint(senses(key)) and not any(_forms(word, other) for other in by_prefix.get(word[:_PREFIX], ()))
    }


@lru_cache(maxsize=4096)
def contrasts(word: str) -> bool:
    """Whether a stem has an opposite, or is one of several of a kind (a colour, a room), or a number."""
    return word.isdigit() or word in _CONTRASTING or word in contrasting()


def _forms(one: str, other: str) -> bool:
    """Whether two words are forms of one ("care", "carefully"), or a slip apart."""
    if one.isdigit() or other.isdigit():
        return False
    least = min(len(one), len(other))
    same = next((i for i in range(least) if one[i] != other[i]), least)
    if least >= 4 and (same >= least or same >= 6):
        return True
    tail = next((i for i in range(least - same) if one[-1 - i] != other[-1 - i]), least - same)
    return least >= 6 and max(len(one), len(other)) - same - tail <= 1
