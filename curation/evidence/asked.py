"""What a row asks, turn by turn, and where its answer stands; and what in two questions explains two answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.types import Example, Span, spoken
from curation.clash.base import Clash, Place
from curation.evidence.facts import opposed, stance
from curation.evidence.lexicon import FUNCTION_WORDS
from curation.evidence.sides import ask_of
from curation.minhash.normalise import normalise

LONG_WORDS = 60
"""In a prompt of more words, such as a pasted conversation, another number or negation may be wording."""

_FRAME = frozenset((
    "tell", "know", "explain", "like", "want", "need", "help", "thanks", "thank", "question", "hello", "hi", "hey",
    "give", "say", "show", "let", "wonder", "wondering", "ask", "asking", "answer", "briefly", "short", "quick",
    "quickly", "actually", "really", "mind", "describe", "provide", "way", "how", "when", "where", "why", "with",
    "about", "get", "got", "if", "any", "into", "while", "much",
    "many", "long", "often", "time", "days", "does", "go", "not", "no", "exactly", "one",
))  # fmt: skip
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
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w’'-]+")
_ENDINGS = ("ings", "ing", "ies", "ed", "es", "s", "ly", "e")
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
    return sum(word not in FUNCTION_WORDS and word not in _FRAME for word in words) >= _LEAST_CONTENT


def is_plain(prompt: str) -> bool:
    """Whether a prompt is a question or a command and no more: up to thirty words in one or two sentences."""
    return "\n" not in prompt.strip() and len(prompt.split()) <= 30 and len(_SENTENCE_END.findall(prompt)) <= 1


def asks_apart(left: str, right: str) -> bool:
    """Whether two requests differ in what may explain two answers: they do not ask the same.

    Names; in requests of up to 60 words a number, a code, opposite words or another question word (when, where), and
    whether they negate; where each has no more than two words of content to itself, any of these and how often they
    negate; in plain ones (``is_plain``) also words of content that only one of them has.
    """
    if left == right:
        return False
    if names_apart(left, right):
        return True
    if len(left.split()) > LONG_WORDS or len(right.split()) > LONG_WORDS:
        return False
    (numbers, negations), (others, negated) = stance(left), stance(right)
    if numbers != others or bool(negations) != bool(negated) or opposed(left, right) or _kinds_apart(left, right):
        return True
    ours, theirs = content(left), content(right)
    one, other = _only(ours, theirs), _only(theirs, ours)
    if max(len(one), len(other)) <= 2:
        return bool(one or other) or negations != negated
    return is_plain(left) and is_plain(right) and (negations != negated or not one or not other)


def words_apart(left: str, right: str) -> bool:
    """Whether one of two texts has a word of content that the other has in no form."""
    ours, theirs = content(left), content(right)
    return bool(_only(ours, theirs) or _only(theirs, ours))


def names_apart(left: str, right: str) -> bool:
    """Whether each of two texts has a word to itself, and one of these is a name (in capitals within a sentence)."""
    ours, theirs = content(left), content(right)
    one, other = _only(ours, theirs), _only(theirs, ours)
    return bool(one) and bool(other) and bool(named(left) & one.keys() or named(right) & other.keys())


def explained(left: Asked, right: Asked, clash: Clash) -> bool:
    """Whether what the two prompts say differently is what the two answers say differently.

    A word of content or a number that only one of the answers has, and that only its own prompt has, too. In long
    prompts (a pasted conversation, a table) the whole answers are compared, in short ones the clashing words with the
    twelve around them.
    """
    one, other = left.prompt, right.prompt
    if one == other:
        return False
    ours, theirs = _told(one), _told(other)
    only_ours, only_theirs = ours - theirs, theirs - ours
    if not only_ours and not only_theirs:
        return False
    if max(len(one.split()), len(other.split())) > LONG_WORDS:
        said, answered = left.answer, right.answer
    else:
        said, answered = _around(left.answer, clash.left), _around(right.answer, clash.right)
    first, second = _told(said), _told(answered)
    return bool((first - second) & only_ours or (second - first) & only_theirs)


def contexts_apart(left: str, right: str) -> bool:
    """Whether two long prompts are of two cases: each of them names a number that the other does not."""
    (ours, _), (theirs, _) = stance(left), stance(right)
    return bool(ours - theirs) and bool(theirs - ours)


def content(text: str) -> dict[str, str]:
    """The words of a request that carry meaning, by stem."""
    return {stem(word): word for word in normalise(text).split() if word not in FUNCTION_WORDS and word not in _FRAME}


def stem(word: str) -> str:
    """The word without one English ending, where enough of it is left to be told apart."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


def _told(text: str) -> set[str]:
    return set(content(text)) | set(stance(text)[0])


def _around(text: str, places: tuple[Place, ...]) -> str:
    """The clashing words with the words around them; the whole text where no place is told."""
    if not places:
        return text
    start, end = min(place[0] for place in places), max(place[1] for place in places)
    return " ".join([*text[:start].split()[-12:], text[start:end], *text[end:].split()[:12]])


def _only(ours: dict[str, str], theirs: dict[str, str]) -> dict[str, str]:
    """Words that stand only here, and of which no other form or slip of the pen stands there."""
    alone = {key: word for key, word in ours.items() if key not in theirs}
    others = [word for key, word in theirs.items() if key not in ours]
    return {key: word for key, word in alone.items() if not any(_forms(word, other) for other in others)}


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


def named(text: str) -> set[str]:
    """Stems of the words in capitals within a sentence."""
    return {stem(normalise(match[0])) for match in _NAME.finditer(text)}


def _kinds_apart(left: str, right: str) -> bool:
    one, other = _kinds(left), _kinds(right)
    return bool(one) and bool(other) and not one & other


def _kinds(text: str) -> set[str]:
    lowered = text.lower()
    return {kind for kind, pattern in _KINDS.items() if pattern.search(lowered)}
