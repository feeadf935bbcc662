"""What a row asks, turn by turn, and where its answer stands; and what in two questions explains two answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.types import Example, Span, spoken
from curation.clash.align import matches
from curation.clash.base import Clash, Place
from curation.clash.values import Value, apart
from curation.clash.values_read import values
from curation.clash.words import stem
from curation.evidence.asked_words import (
    FRAME,
    are_short,
    bare,
    content,
    contrasts,
    counted,
    in_passing,
    more_often,
    named,
    uncounted,
    unshared,
    without_count_words,
)
from curation.evidence.facts import opposed, stance
from curation.evidence.lexicon import FUNCTION_WORDS
from curation.evidence.sides import ask_of
from curation.minhash.normalise import normalise

LONG_WORDS = 60
"""In a prompt of more words, such as a pasted conversation, another number or negation may be wording."""

_REFERS = frozenset((
    "it", "its", "this", "that", "these", "those", "they", "them", "their", "theirs", "he", "she", "him", "her", "his",
    "hers", "one", "ones", "above", "below", "following", "previous", "earlier", "again", "also", "else", "instead",
    "another", "other", "others", "same", "former", "latter", "such", "then", "there", "here", "we", "us", "our", "now",
    "today", "yesterday", "tomorrow", "still", "yet", "more", "example",
))  # fmt: skip
_OWN = frozenset(("i", "me", "my", "mine", "you", "your", "yours"))
_POLITE = re.compile(
    r"\s*(?:(?:hi|hello|hey|please|ok|okay|thanks)\W+)*(?:(?:can|could|would|will) you (?:please )?"
    r"(?:tell me|explain|say|help me understand|describe)\b(?: to me)?|i(?: would|'d|’d)? (?:like|want|need) to know\b"
    r"|do you know\b|tell me\b)?",
    re.IGNORECASE,
)
_HOW_TO = re.compile(
    r"\s*(?:how (?:do|can|could|to|should|would|may)|where (?:do|can)|what (?:is|are) the (?:\w+ )?(?:ways?|steps?))\b",
    re.IGNORECASE,
)
_KINDS = {
    "quantity": re.compile(r"\bhow (?:many|much)\b(?! (?:days|weeks|hours|minutes|months|years|time)\b)"),
    "duration": re.compile(r"\bhow (?:long|(?:many|much) (?:days|weeks|hours|minutes|months|years|time))\b"),
    "frequency": re.compile(r"\bhow often\b"), "time": re.compile(r"\b(?:when|what time|which (?:day|year|date))\b"),
    "place": re.compile(r"\b(?:where)\b"), "person": re.compile(r"\b(?:who|whom|whose)\b"),
    "reason": re.compile(r"\b(?:why|how come)\b"),
}  # fmt: skip
_SENTENCE_END = re.compile(r"[.!?]\s+(?=\w)")
_FEW_STRETCHES = 3  # in which one of two long prompts, made from the other, may differ
_FEW_MORE = 2  # words; a sentence more is more than wording
_SHARED_FOR_ONE_MORE = 8
_LEAST_SHARED = 0.6  # of the words of content of the shorter of two long prompts
_LEAST_ALONE, _LEAST_CONTENT = 4, 2


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the answer that a row gives to it.

    Attributes:
        example: Whose turn it is; the best of the rows that say the same.
        turn: Index of the message that answers, an assistant's.
        rows: Examples that say the same in the same words, this one included.
    """

    example: Example
    turn: int
    rows: int = 1

    @property
    def answer(self) -> str:
        """The answer as it stands."""
        return self.example.messages[self.turn].content

    @property
    def prompt(self) -> str:
        """All that is said before the answer, without the system prompt."""
        return spoken(self.example.messages[: self.turn])

    @property
    def ask(self) -> str:
        """The last paragraph that asks or commands in the user turn before the answer."""
        return ask_of(Example("", self.example.messages[: self.turn + 1]))

    @property
    def is_final(self) -> bool:
        """Whether the answer is the last turn, the one that training is about."""
        return self.turn == len(self.example.messages) - 1

    @property
    def follows(self) -> bool:
        """Whether other turns than a system prompt come before the question."""
        return self.turn > 1 + (self.example.messages[0].role == "system")

    def spans(self, places: tuple[Place, ...], *, other: bool) -> Iterator[Span]:
        """Places of the answer as spans; with ``other``, of an example that is not the finding's own."""
        for start, end in places:
            if start < end:
                yield Span(self.turn, start, end, self.example.id if other else None)


def turns(example: Example) -> Iterator[int]:
    """The assistant turns that answer a user's, the last turn of all included, in order."""
    for place in range(1, len(example.messages)):
        if example.messages[place].role == "assistant" and example.messages[place - 1].role == "user":
            yield place


def stands_alone(ask: str) -> bool:
    """Whether a question means the same in any conversation.

    It holds two words of content or more, nothing that points elsewhere ("it", "the above", "now") and nobody's own
    affairs ("are you married?"), unless it asks how to do something. English.
    """
    bare = _POLITE.sub("", ask, count=1)
    words = normalise(bare).split()
    if len(words) < _LEAST_ALONE or len(words) > LONG_WORDS or _REFERS.intersection(words):
        return False
    if _OWN.intersection(words) and not _HOW_TO.match(bare):
        return False
    return sum(word not in FUNCTION_WORDS and word not in FRAME for word in words) >= _LEAST_CONTENT


def is_plain(prompt: str) -> bool:
    """Whether a prompt is a question or a command and no more: up to thirty words in one or two sentences."""
    return "\n" not in prompt.strip() and len(prompt.split()) <= 30 and len(_SENTENCE_END.findall(prompt)) <= 1


def asks_apart(left: str, right: str) -> bool:
    """Whether two requests differ in what may explain two answers: they do not ask the same.

    Names; in requests of up to 60 words a number, a code, opposite words or another question word (when, where), and
    whether they negate; where each has no more than two words of content to itself, any of these and how often they
    negate; in plain ones (``is_plain``) also words of content that only one of them has. Other forms of a word,
    synonyms and words of any request ("tell", "passage") are no difference.
    """
    if left == right:
        return False
    one, other = _apart(left, right)
    if not (counted(one) and counted(other)):  # "these two sentences" / "the sentences"
        one, other = uncounted(one), uncounted(other)
    if one and other and (named(left) & one.keys() or named(right) & other.keys()):
        return True
    if len(left.split()) > LONG_WORDS or len(right.split()) > LONG_WORDS:
        return False
    (numbers, negations), (others, negated) = _stance(left), _stance(right)
    if numbers != others or bool(negations) != bool(negated) or opposed(left, right) or _kinds_apart(left, right):
        return True
    if bool(one) != bool(other) and not is_plain(left) and not is_plain(right) and _nearly_all_shared(left, right):
        return any(map(contrasts, (*one, *other)))
    if max(len(one), len(other)) <= 2:
        return bool(one or other) or negations != negated
    return is_plain(left) and is_plain(right) and (negations != negated or not one or not other)


def names_apart(left: str, right: str) -> bool:
    """Whether each of two texts has a word to itself, and one of these is a name (in capitals within a sentence)."""
    one, other = _apart(left, right)
    return bool(one) and bool(other) and bool(named(left) & one.keys() or named(right) & other.keys())


_QUOTED = re.compile(r'["“]([^"“”\n]{8,400})["”]')


@lru_cache(maxsize=4096)
def telling(left: str, right: str) -> tuple[tuple[str, str], ...]:
    """The stretches in which two requests differ by words of content, forms and synonyms aside: what each side has."""
    one, other = _apart(left, right)
    if not one and not other:
        return ()
    ours, theirs = normalise(left).split(), normalise(right).split()
    found = []
    a = b = 0
    for i, j in (*matches(ours, theirs), (len(ours), len(theirs))):
        said = [word for word in ours[a:i] if stem(word) in one and not in_passing((word,))]
        instead = [word for word in theirs[b:j] if stem(word) in other and not in_passing((word,))]
        if said or instead:
            found.append((" ".join(said), " ".join(instead)))
        a, b = i + 1, j + 1
    return tuple(found)


def one_question(one: Asked, other: Asked) -> bool:
    """Whether two questions in other words may be one, as far as the prompts tell.

    What is left of a difference, such as a word more in a long prompt, is for ``explained`` to weigh with the clash.
    """
    left, right = one.prompt, other.prompt
    if left == right:
        return True
    if _quotes_apart(left, right):
        return False
    ask, asked = one.ask, other.ask
    if not content(ask) or not content(asked):  # "Please answer briefly."
        ask, asked = left, right
    long = max(len(left.split()), len(right.split())) > LONG_WORDS
    if long and not _share(ask, asked):  # two questions on one text
        return False
    if (ask, asked) != (left, right):
        if not asks_apart(ask, asked):
            if stands_alone(ask) and stands_alone(asked):
                return True
        elif not (normalise(ask) in normalise(right) or normalise(asked) in normalise(left)):
            return False
    if not long:
        return not asks_apart(left, right)
    if names_apart(left, right) or opposed(left, right) or contexts_apart(left, right):
        return False
    return not _slotted(left, right)


def _quotes_apart(left: str, right: str) -> bool:
    """Whether each of two requests quotes something that is nowhere in the other's quotations."""
    ours, theirs = ([q for q in _QUOTED.findall(text) if len(q.split()) > 2] for text in (left, right))
    if not ours or not theirs:
        return False
    return any(not any(_share(q, other, 0.6) for other in theirs) for q in ours) and any(
        not any(_share(q, other, 0.6) for other in ours) for q in theirs
    )


def _share(left: str, right: str, least: float = 0.5) -> bool:
    """Whether two short texts share this part of the words of content that the shorter one has, synonyms included."""
    ours, theirs = content(left), content(right)
    one, other = _apart(left, right)
    shared = min(len(ours) - len(one), len(theirs) - len(other))
    return shared >= least * min(len(ours), len(theirs))


def _slotted(left: str, right: str) -> bool:
    """Whether two long prompts are of one template, or on two texts, and not one text in other words.

    Words of content are exchanged in few places, or few of them are shared.
    """
    stretches = telling(left, right)
    if len(stretches) <= _FEW_STRETCHES and any(said and instead for said, instead in stretches):
        return True
    ours, theirs = content(left), content(right)
    one, other = _apart(left, right)
    shared = min(len(ours) - len(one), len(theirs) - len(other))
    return shared < _LEAST_SHARED * min(len(ours), len(theirs))


def explained(left: Asked, right: Asked, clash: Clash) -> bool:
    """Whether what the two prompts say differently is what the two answers say differently.

    A word of content or a number that only one of the answers has, and that only its own prompt has, too. In long
    prompts (a pasted conversation, a table) the whole answers are compared, in short ones the clashing words with the
    twelve around them. A word more in one of two long prompts that are equal otherwise explains two codes or labels,
    and any clash if it stands in what is asked, has an opposite or is one of a kind; so do three words more.
    """
    one, other = left.prompt, right.prompt
    if one == other:
        return False
    long = max(len(one.split()), len(other.split())) > LONG_WORDS
    if long:
        said, answered = left.answer, right.answer
        few = telling(one, other)
        if 0 < len(few) <= _FEW_STRETCHES:
            more = {stem(word) for stretch in few for side in stretch for word in side.split()}
            asks = content(left.ask).keys() & content(right.ask).keys() if is_plain(left.ask) else frozenset()
            if (
                clash.reason in ("code", "label")
                or len(more) > _FEW_MORE
                or asks & more_often(one, other)
                or any(map(contrasts, more))
            ):
                return True
    else:
        said, answered = _around(left.answer, clash.left), _around(right.answer, clash.right)
    ours, theirs = _told(one), _told(other)
    first, second = _told(said), _told(answered)
    if not ours - theirs and not theirs - ours:
        return False
    return bool((first - second) & (ours - theirs) or (second - first) & (theirs - ours))


def contexts_apart(left: str, right: str) -> bool:
    """Whether two long prompts are of two cases: each of them names a number that the other does not."""
    (ours, _), (theirs, _) = stance(left), stance(right)
    if not ours - theirs or not theirs - ours:
        return False
    read, other = values(left), values(right)
    return _own_value(read, other) and _own_value(other, read)


def _own_value(read: Sequence[Value], other: Sequence[Value]) -> bool:
    kinds = {value.kind for value in other}
    return any(
        one.kind in kinds and all(one.kind != value.kind or apart(one, value) for value in other) for one in read
    )


def _apart(left: str, right: str) -> tuple[dict[str, str], dict[str, str]]:
    short = are_short(left, right)
    ours, theirs = content(left, short), content(right, short)
    return unshared(ours, theirs), unshared(theirs, ours)


def _nearly_all_shared(left: str, right: str) -> bool:
    """Whether two requests, one of which has some words more, share eight words of content for each of these."""
    ours, theirs = content(left), content(right)
    one, other = _apart(left, right)
    return min(len(ours), len(theirs)) >= _SHARED_FOR_ONE_MORE * (len(one) + len(other))


def _stance(text: str) -> tuple[frozenset[str], int]:
    """The numbers in digits and codes of a short request, and how often it negates; "or not" negates nothing."""
    fixed, negations = stance(without_count_words(bare(text)))
    return fixed, negations


def _told(text: str) -> set[str]:
    return set(content(text)) | set(stance(text)[0])


def _around(text: str, places: tuple[Place, ...]) -> str:
    """The clashing words with the words around them; the whole text where no place is told."""
    if not places:
        return text
    start, end = min(place[0] for place in places), max(place[1] for place in places)
    return " ".join([*text[:start].split()[-12:], text[start:end], *text[end:].split()[:12]])


def _kinds_apart(left: str, right: str) -> bool:
    one, other = _kinds(left), _kinds(right)
    return bool(one) and bool(other) and not one & other


def _kinds(text: str) -> set[str]:
    lowered = text.lower()
    return {kind for kind, pattern in _KINDS.items() if pattern.search(lowered)}
