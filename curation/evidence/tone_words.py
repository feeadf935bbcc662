"""What each word says about tone, looked up once: syllables, formality, person, and which voices it may belong to."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
"""A word of a text in lower case whose apostrophes are straight."""

FIELDS = (
    "syllables", "letters", "formal", "deictic", "hedge", "warm", "first", "second", "contraction",
    "hedging", "model", "refusal", "apology", "pleasantry", "slang",
)  # fmt: skip
"""What is summed over the words of a text; the last six only say that a voice's words may be there."""

BITS = 32

ARTICLES = frozenset(("a", "an", "the"))
PREPOSITIONS = frozenset((
    "of", "in", "to", "for", "with", "on", "at", "from", "by", "about", "as", "into", "through", "after", "over",
    "between", "against", "during", "without", "before", "under", "within", "along", "following", "across", "behind",
    "beyond", "above", "below", "upon", "among", "toward", "towards", "regarding", "concerning", "via", "per",
    "despite", "throughout", "until", "since", "due", "including", "according",
))  # fmt: skip
PRONOUNS = frozenset((
    "i", "me", "my", "mine", "myself", "we", "us", "our", "ours", "ourselves", "you", "your", "yours", "yourself",
    "yourselves", "he", "him", "his", "she", "her", "hers", "they", "them", "their", "theirs", "it", "its", "itself",
    "this", "these", "those", "something", "anything", "everything", "nothing", "someone", "anyone", "everyone",
    "stuff",
))  # fmt: skip
VERBS = frozenset((
    "is", "are", "was", "were", "be", "been", "being", "am", "do", "does", "did", "have", "has", "had", "can", "could",
    "will", "would", "should", "may", "might", "must", "cannot", "get", "gets", "got", "go", "goes", "going", "went",
    "know", "think", "want", "need", "make", "take", "say", "said", "see", "let", "put", "try", "look", "come", "give",
))  # fmt: skip
ADVERBS = frozenset((
    "very", "just", "so", "then", "now", "here", "there", "too", "maybe", "quite", "again", "also", "well", "even",
    "still", "always", "never", "often", "sometimes", "pretty", "yes", "no", "oh", "ok", "okay", "please", "not",
))  # fmt: skip
LATINATE = ("tion", "sion", "ment", "ments", "tions", "ity", "ities", "ance", "ence", "ism", "ology", "ness", "ure")
"""Ends of nouns made from other words; they mark formal writing (Brooke, Wang and Hirst 2010 use such cues, too)."""

HEDGES = frozenset((
    "perhaps", "maybe", "possibly", "probably", "might", "seems", "seem", "appears", "apparently", "likely", "unlikely",
    "somewhat", "roughly", "presumably", "arguably", "unsure", "suppose", "guess", "suspect", "unclear", "usually",
    "typically", "generally", "tends", "tend", "could", "may",
))  # fmt: skip
WARM = frozenset((
    "happy", "glad", "hope", "thank", "thanks", "welcome", "appreciate", "wonderful", "great", "lovely", "delighted",
    "care", "gladly", "pleasure", "warm", "warmly", "kind", "kindly", "enjoy", "congratulations", "love", "best",
    "wish", "wishes", "pleased", "amazing", "fantastic", "awesome", "excited", "understand",
))  # fmt: skip
FIRST = frozenset(("i", "me", "my", "mine", "myself", "we", "us", "our", "ours", "ourselves"))
SECOND = frozenset(("you", "your", "yours", "yourself", "yourselves"))
SLANG = frozenset((
    "lol", "omg", "btw", "dude", "bro", "gotta", "gonna", "wanna", "kinda", "sorta", "dunno", "ain't", "yeah", "yep",
    "nope", "ugh", "yikes", "oops", "wow", "hey", "awesome", "tbh", "y'all", "super", "worries", "brainer",
    "poor", "mess", "sure", "bad", "ok", "anyway", "anyways", "idk", "gimme", "lemme", "cuz", "nah", "yup",
    "guys", "thx", "pls", "plz", "imo", "imho", "fyi", "lmk",
))  # fmt: skip
MAY_BE = {
    "hedging": frozenset(("think", "guess", "believe", "suppose", "sure", "maybe", "perhaps", "sort", "kind", "say",
                          "recall", "i'd")),
    "model": frozenset(("ai", "artificial", "language", "assistant", "chatbot", "training", "knowledge", "advice")),
    "refusal": frozenset(("cannot", "can't", "unable", "able", "won't", "can")),
    "apology": frozenset(("sorry", "apologize", "apologise", "apologies", "unfortunately", "afraid", "regret")),
    "pleasantry": frozenset((
        "hi", "hello", "hey", "greetings", "good", "great", "nice", "wonderful", "lovely", "fantastic", "pleasant",
        "sure", "certainly", "absolutely", "course", "happy", "glad", "helps", "let", "free", "thank", "thanks",
        "hesitate", "welcome", "pleasure", "regards", "wishes", "yours",
    )),
    "slang": SLANG,
}  # fmt: skip
"""Words of which a voice's pattern needs at least one; where there is none, the pattern is not tried."""

_CONTRACTED = re.compile(
    r"(?:\w+n't|(?:i|you|we|they|he|she|it|that|there|what|who|here|this|how|where|let)'(?:m|re|ve|ll|d)"
    r"|(?:it|that|there|what|who|he|she|here|how|where|let)'s|y'all)\Z"
)
_VOWELS = re.compile(r"[aeiouyàâäéèêëîïôöùûü]+")
_FOLDED = {ord("’"): "'", 0x130: "I", 0x131: "i", 0x17F: "s"}
"""Letters that a pattern without regard to case takes for i or s, and whose lower case is something else."""
_LONGEST = 60  # letters; a longer run of letters is no word, and its hyphenation would take long
_MOST_KNOWN = 400_000


class Words(dict[str, int]):
    """Word to its fields, packed into one number, so that a sum over a text's words sums all fields at once."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _MOST_KNOWN:  # a memo, not a limit: what is forgotten is worked out again
            self.clear()
        value = 0
        for place, name in enumerate(FIELDS):
            value |= int(_FIELD[name](word)) << (BITS * place)
        self[word] = value
        return value


def lowered(text: str) -> str:
    """In lower case with straight apostrophes and of the same length, as ``WORD`` expects it."""
    return text.lower() if text.isascii() else text.translate(_FOLDED).lower()


def syllables(word: str) -> int:
    """Syllables of an English word: the more of its hyphenation points and its groups of vowels, at least one.

    Hyphenation (Liang 1983, by pyphen) leaves short heads and tails together ("open", "away"); vowel groups miss
    neighbouring vowels ("radio"). Each alone counts too few, so the larger is taken.
    """
    groups = len(_VOWELS.findall(word))
    if groups > 1 and (
        (word.endswith("e") and not word.endswith(("le", "ee")))
        or (word.endswith("ed") and not word.endswith(("ted", "ded")))
        or (word.endswith("es") and not word.endswith(("ses", "ces", "zes", "ges", "xes", "shes", "ches", "ies")))
    ):
        groups -= 1  # a silent e
    if not 5 <= len(word) <= _LONGEST:
        return max(1, groups)
    return max(1, groups, len(_hyphenation().positions(word)) + 1)


@lru_cache(maxsize=1)
def _hyphenation() -> Any:
    import pyphen

    return pyphen.Pyphen(lang="en_US")


def is_contraction(word: str) -> bool:
    """Whether a word in lower case is a contraction (a possessive is none)."""
    return "'" in word and _CONTRACTED.match(word) is not None


def is_formal(word: str) -> bool:
    """Whether a word counts towards formality: articles, prepositions, and nouns known by their ending."""
    return word in ARTICLES or word in PREPOSITIONS or (len(word) > 6 and word.endswith(LATINATE))


def is_deictic(word: str) -> bool:
    """Whether it counts against it: pronouns, plain verbs, adverbs, interjections, contractions, slang."""
    return (
        word in PRONOUNS or word in VERBS or word in ADVERBS or is_contraction(word)
        or (len(word) > 4 and word.endswith("ly")) or (word in SLANG and word not in ("poor", "bad", "mess", "sure"))
    )  # fmt: skip


def _person(word: str, of: frozenset[str]) -> bool:
    return word.partition("'")[0] in of


_FIELD: dict[str, Callable[[str], int]] = {
    "syllables": syllables,
    "letters": len,
    "formal": is_formal,
    "deictic": is_deictic,
    "hedge": lambda word: word in HEDGES,
    "warm": lambda word: word in WARM,
    "first": lambda word: _person(word, FIRST),
    "second": lambda word: _person(word, SECOND),
    "contraction": is_contraction,
    "hedging": lambda word: word in MAY_BE["hedging"],
    "model": lambda word: word in MAY_BE["model"],
    "refusal": lambda word: word in MAY_BE["refusal"],
    "apology": lambda word: word in MAY_BE["apology"],
    "pleasantry": lambda word: word in MAY_BE["pleasantry"],
    "slang": lambda word: word in MAY_BE["slang"],
}
WORDS = Words()
