"""How polite a text is, by the strategies of Danescu-Niculescu-Mizil et al. (2013), with the words of each."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from curation.evidence.tone_words import WORD, lowered

Range = tuple[int, int]
_START = r"(?:\A\W*|[.?!] +)(?:@\S+[:,]? +)?"
_HEDGE = (
    "think|thought|thinking|almost|apparently|apparent|appears?|approximately|around|assumed?|certain|doubt|doubtful|"
    "essentially|estimate|feel|felt|frequently|generally|guess|indicate|largely|likely|mainly|may|"
    "maybe|might|mostly|often|ought|perhaps|plausibly|plausible|possibly|possible|presumably|presumable|probably|"
    "probable|relatively|roughly|seems|should|sometimes|somewhat|suggests?|suppose|suspects?|tends?|typically|"
    "typical|uncertainly|uncertain|unclear|unlikely|usually|broadly|unsure|wonder|wondering"
)
_BLUNT = (
    r"homework|wtf|stupid|dumb|silly|nonsense|ridiculous|useless|pointless|crap|lame|lazy|idiot\w*|hell|"
    r"ugly|terrible|horrible|awful|worst|wrong|fail\w*|ignor\w+|google|rtfm|downvot\w+|seriously|obviously|nobody|bother"
)
_BY_LENGTH = 0.05
"""Weight of the logarithm of the number of words: longer requests take more trouble to be polite."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """One strategy.

    Attributes:
        name: What it is called.
        weight: How much politer (in standard deviations) the texts that use it were judged.
        needs: The words in lower case of which a text must have one for it.
        words: Its pattern.
        own: Whether it is ours and not the paper's.
    """

    name: str
    weight: float
    needs: re.Pattern[str]
    words: re.Pattern[str]
    own: bool = False


def _rule(name: str, weight: float, needs: str, words: str, own: bool = False) -> Strategy:
    return Strategy(name, weight, re.compile(needs), re.compile(words, re.IGNORECASE), own)


STRATEGIES: tuple[Strategy, ...] = (
    # The paper's strategies with the scores of its table 3.
    _rule("gratitude", 0.87, "(?:thanks?|thankful|thx|appreciate.*|grateful)(?:'.*)?",
          r"\b(?:thanks?|thankful|thx|appreciate\w*|grateful)\b"),
    _rule("deference", 0.78, "great|good|nice|interesting|cool|excellent|awesome|amazing|well",
          r"(?:\A|[.!,:]\s*)(?:great|good|nice|interesting|cool|excellent|awesome|amazing|well done)\b"),
    _rule("greeting", 0.43, "hi|hello|hey", r"\A\W*(?:hi|hello|hey)\b"),
    _rule("apology", 0.36, "sorry|woops|oops|apolog.*|forgive|excuse",
          r"\b(?:sorry|woops|oops|apolog\w+|forgive|excuse me)\b"),
    _rule("please", 0.49, "please", r"(?<!\A)(?<![.?!] )\bplease\b"),
    _rule("please first", -0.30, "please", r"(?:\A|[.?!] )please\b"),
    _rule("by the way", 0.63, "way|btw", r"\b(?:by the way|btw)\b"),
    _rule("direct question", -0.27, "what.*|why.*|who.*|how.*|where.*|when.*|which.*",
          r"(?:\A|[.?!:,] +)(?:@\S+ )?(?:what|why|who|how|where|when|which)\b"),
    _rule("direct start", -0.43, "so|then|and|but|or", _START + r"(?:so|then|and|but|or)\b"),
    _rule("could you", 0.47, "could|would", r"\b(?:could|would) you\b"),
    _rule("can you", 0.09, "can|will", r"\b(?:can|will) you\b"),
    _rule("first person first", 0.12, "(?:i|my|mine|myself)(?:'.*)?", r"(?:\A|[.?!] +)(?:i|my|mine|myself)\b"),
    _rule("first person plural", 0.08, "(?:we|our|us|ourselves)(?:'.*)?", r"\b(?:we|our|us|ourselves)\b"),
    _rule("first person", 0.08, "(?:i|my|mine|myself)(?:'.*)?", r"\b(?:i|my|mine|myself)\b"),
    _rule("second person", 0.05, "(?:you|your|yours|yourself)(?:'.*)?", r"\b(?:you|your|yours|yourself)\b"),
    _rule("second person first", -0.30, "(?:you|your|yours|yourself)(?:'.*)?",
          _START + r"(?:you|your|yours|yourself)\b"),
    _rule("hedges", 0.14, rf"(?:{_HEDGE})", rf"\b(?:{_HEDGE})\b"),
    _rule("insistence", -0.38, "fact|actually|really|point|reality|truth|honestly|surely",
          r"\b(?:in fact|actually|really|the point|the reality|the truth|honestly|surely)\b"),
    # Our own, of the kinds that Brown and Levinson (1987) name; weights set on one half of the labelled requests.
    _rule("demand for reasons", -0.45, "why(?:'.*)?", r"\bwhy\b", True),
    _rule("denial to the reader", -0.35, "you.*",
          r"\b(?:(?:do|does|did|ca|could|wo|would|should|are|have|is)n['’]?t you"
          r"|you (?:\w+ )?(?:don|didn|can|couldn|won|wouldn|shouldn|aren|haven|weren|never)['’]?t?"
          r"|you(?:['’]re| are) not)\b", True),
    _rule("duty of the reader", -0.25, "you|you'd",
          r"\byou (?:should|must|need to|have to|ought|better)\b|\byou['’]d better\b",
          True),
    _rule("blunt words", -0.45, f"(?:{_BLUNT})", rf"\b(?:{_BLUNT})\b", True),
    _rule("exactly", -0.20, "exactly", r"\bexactly\b", True),
    _rule("bare question", -0.30, "what|how|why|huh|really|who",
          r"(?:\A|[.!?,] +)(?:so |and |but )?(?:what|how|why|huh|really|who)\W*\?", True),
    _rule("open question", 0.15, "any|there|perhaps",
          r"\bany (?!(?:more|way|longer)\b)|\b(?:is|are) there\b|\bperhaps\b", True),
    _rule("about oneself", 0.15, "me|i'm|i", r"\b(?:me|i['’]m|i am)\b", True),
    _rule("not sure", 0.20, "sure|clear|unsure|wonder.*|curious",
          r"\b(?:not (?:\w+ )?(?:sure|clear)|unsure|wonder\w*|curious)\b", True),
    _rule("assent", 0.30, "ok|okay|yes|right|sure|true|agreed|.*welcome|you're|like|love|good",
          r"\A\W*(?:@\S+\W+)?(?:ok|okay|yes|right|sure|true|agreed|welcome|you['’]re welcome)\b|\bwelcome\b"
          r"|\b(?:like|love) (?:it|this|the|your)\b|\bgood (?:point|idea|question|answer|one)\b", True),
    _rule("smiley", 0.30, "", r"[:;]-?\)", True),
    _rule("indirect request", 0.20, "can|could|would|will|do|have|may",
          r"\b(?:can|could|would|will) (?:you|i|we)\b|\bdo you (?:have|know)\b|\bhave you\b|\bwould it\b|\bmay i\b",
          True),
)  # fmt: skip


class _Needed(dict[str, int]):
    """A word to the strategies that it may belong to, one bit each."""

    def __missing__(self, word: str) -> int:
        bits = sum(1 << place for place, one in enumerate(STRATEGIES) if one.needs.fullmatch(word))
        if len(self) > 400_000:  # a memo, not a limit: what is forgotten is worked out again
            self.clear()
        self[word] = bits
        return bits


_NEEDED = _Needed()
_STARTS = ("deference", "greeting", "direct question", "direct start", "first person first", "second person first")
_START_BITS = sum(1 << place for place, one in enumerate(STRATEGIES) if one.name in _STARTS)
_FIRST_WORDS = re.compile(r"[.?!:,]\s*(?:\W*@\S+[:,]? +)?\W*([^\W\d_]+(?:'[^\W\d_]+)*)")
_CERTAIN = ("gratitude", "first person plural", "first person", "second person", "hedges", "demand for reasons",
            "blunt words", "exactly")  # fmt: skip
"""Of these a word that is needed is all that is needed."""
_CERTAIN_BITS = sum(1 << place for place, one in enumerate(STRATEGIES) if one.name in _CERTAIN)
_SMILEY = 1 << next(place for place, one in enumerate(STRATEGIES) if one.name == "smiley")


def used(text: str) -> Iterator[tuple[Strategy, Range]]:
    """The strategies that a text uses, each with the place of its first words."""
    for strategy in _strategies(_possible(text, WORD.findall(lowered(text)))):
        if match := strategy.words.search(text):
            yield strategy, match.span()


def politeness(text: str, words: Sequence[str] | None = None, *, own: bool = True) -> float:
    """The sum of the weights of the strategies that a text uses, and a little for its length.

    Meant for comparing texts with each other; zero has no meaning.

    Args:
        text: Any text.
        words: Its words in lower case, where they are at hand.
        own: Whether the rules count that are not the paper's.
    """
    found = WORD.findall(lowered(text)) if words is None else words
    weight = _BY_LENGTH * math.log(len(found) + 1)
    possible = _possible(text, found)
    for strategy in _strategies(possible & _CERTAIN_BITS):
        weight += strategy.weight if own or not strategy.own else 0.0
    for strategy in _strategies(possible & ~_CERTAIN_BITS):
        if (own or not strategy.own) and strategy.words.search(text):
            weight += strategy.weight
    return weight


def _possible(text: str, words: Iterable[str]) -> int:
    """The strategies whose words are there at all, as bits; the others need not be looked for."""
    bits = _SMILEY if ")" in text and (":" in text or ";" in text) else 0
    for word in set(words):
        bits |= _NEEDED[word]
    if starts := bits & _START_BITS:
        firsts = 0
        for word in set(_FIRST_WORDS.findall("." + lowered(text))):
            firsts |= _NEEDED[word]
        bits &= ~(starts & ~firsts)
    return bits


def _strategies(bits: int) -> Iterator[Strategy]:
    while bits:
        lowest = bits & -bits
        bits ^= lowest
        yield STRATEGIES[lowest.bit_length() - 1]
