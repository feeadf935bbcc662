"""The words of a set, counted once, and which of its rare words are slips of words that it or the language uses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from core.types import Example
from curation.evidence.batch import Batch

TERM = 20
"""A word that stands in this many texts belongs to the set, whatever a dictionary says."""

SHORTEST = 3
"""Letters of the shortest word that is judged."""

LONGEST = 40
"""Letters of the longest: none of the dictionary's has more, and a longer run of letters is no word."""

LANGUAGES = ("en",)
"""Languages whose dictionary was measured and found good enough (see ``docs/decisions.md``)."""

_MOST_TOKENS = 400_000  # distinct raw tokens held at a time while counting
_TOKEN = re.compile(r"[\"'“‘(\[*«„]*([^\W\d_]+)(?:['’][sS])?[.,;:!?\"'”’)\]*»“…]*")
# What the list of film words lacks and what lies one letter beside a common word.
_ALSO_WORDS = """
    acai admin aleve algo app apps appt aren args async atopic auth avascular backend blog boolean cafe carbs chai
    chatbot cola comp config couldn crypto css cutoff dataset datasets dept didn diff doesn dropdown emoji enum et
    etc exec facto fiance frontend gaol gif goji gravis hadn hasn haute helmed html init intro intubated intubation
    iphone isn iterable jpg json kale kempt keto lib livedo macro malware meds melena meme metadata mol neuro
    onboarding param params pdf pedis perm planus pneumoniae podcast prep probs pytest qubit quinoa regex repo sci
    selfie shouldn situ spina sql sqrt src stent stents subquery tech temp tempo todo toggle tuple ui url util utils
    vegan versa vlog vs wasn webinar weren wifi wouldn xray yoga zumba
"""
_ALSO = frozenset(_ALSO_WORDS.split())
_DOUBLE = re.compile(r"(.)\1")
_LATIN = ("us", "um", "ae", "is", "ii", "ea")
_NO_ENDING = frozenset("bcfghjkpqvwxz")
_VOWELS = frozenset("aeiouy")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BRITISH = tuple(
    (re.compile(pattern), american)
    for pattern, american in (
        ("our", "or"), ("is(?=e|i|a)", "iz"), ("ys(?=e|i)", "yz"), ("ae", "e"), ("oe", "e"), ("re(?=s?$)", "er"),
        ("ogue", "og"), ("ll(?=ed|ing|er|or)", "l"), ("enc(?=e)", "ens"), ("l(?=ment|ful)", "ll"), ("mme$", "m"),
        ("ph(?=ur)", "f"), ("fibre", "fiber"), ("centre", "center"), ("scept", "skept"), ("cheque", "check"),
        ("que(?=s?$)", "k"), ("ou(?=ld)", "o"),
    )
)  # fmt: skip
_BEFORE = re.compile(
    r"(?:non|un|re|pre|post|anti|sub|inter|intra|micro|multi|over|under|mis|dis|co|bio|neuro|hyper|hypo|peri|trans|"
    r"super|semi|auto|de|cyber|out|in|extra|para|ultra|mega|nano|geo|photo|cardio|gastro|osteo|hemi|tele|self)(?=.{5})"
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """In how many texts (turns of user and assistant) each word stands, in small letters.

    Attributes:
        texts: How many texts were counted.
        holds: Word to the number of texts that hold it.
    """

    texts: int
    holds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Slip:
    """A word that is probably a slip.

    Attributes:
        word: As it stands, in small letters.
        meant: The word that it is one edit away from.
        confident: Whether no other word comes near as a correction.
        texts: In how many texts of the set it stands.
        meant_texts: In how many texts of the set the correction stands.
    """

    word: str
    meant: str
    confident: bool
    texts: int
    meant_texts: int


def words_of(token: str) -> tuple[int, int] | None:
    """Where the word in a token between white space stands; None for code, addresses, numbers and compounds.

    Quotes, brackets and punctuation around a word and a possessive after it do not belong to it.
    """
    match = _TOKEN.fullmatch(token)
    return match.span(1) if match else None


def count_words(texts: Iterable[str]) -> Vocabulary:
    """Count the words of texts; memory does not grow with text that holds no words (identifiers, numbers)."""
    holds: Counter[str] = Counter()
    raw: Counter[str] = Counter()
    n_texts = 0
    for text in texts:
        n_texts += 1
        raw.update(set(text.split()))
        if len(raw) > _MOST_TOKENS:
            _fold(raw, holds)
    _fold(raw, holds)
    return Vocabulary(n_texts, holds)


def vocabulary_of(batch: Batch) -> Vocabulary:
    """The words of a set, or those that were kept of it. Call it as ``batch.shared(vocabulary_of)``."""
    if batch.kept is not None:
        return Vocabulary(batch.kept.get("texts", {}).get("n", 0), batch.kept.get("words", {}))
    found = count_words(spoken_texts(batch))
    batch.learned["words"], batch.learned["texts"] = dict(found.holds), {"n": found.texts}
    return found


def _fold(raw: Counter[str], holds: Counter[str]) -> None:
    """Add the words of raw tokens, in small letters, and forget the tokens."""
    for token, count in raw.items():
        if place := words_of(token):
            holds[token[slice(*place)].lower()] += count
    raw.clear()


def spoken_texts(examples: Iterable[Example]) -> Iterator[str]:
    """Every turn of user and assistant; what tools return and system prompts is no vocabulary."""
    return (m.content for example in examples for m in example.messages if m.role in ("user", "assistant"))


@lru_cache(maxsize=2)
def dictionary(language: str) -> Mapping[str, int]:
    """Word to its frequency in film subtitles, from pyspellchecker's word list of a language (ISO 639-1 code)."""
    from spellchecker import SpellChecker

    return dict(SpellChecker(language=language, distance=1).word_frequency.dictionary)


def slips(words: Collection[str], vocabulary: Vocabulary, known: Mapping[str, int]) -> dict[str, Slip]:
    """Which of ``words`` (in small letters) are probably slips.

    A slip is in no dictionary, stands in fewer than :data:`TERM` texts and is one edit (a letter left out, put in,
    replaced, or two swapped) away from a word that the set or the language uses far more. The shorter the word, and
    the more the edit looks like an ending or an initial, the more of that it takes.
    """
    holds = vocabulary.holds
    found: dict[str, Slip] = {}
    for word in words:
        if not SHORTEST <= len(word) <= LONGEST or holds.get(word, 0) >= TERM:
            continue
        if not word.isascii() or is_known(word, known):
            continue
        near = {other for other in _edits(word) if other in known or holds.get(other, 0) >= TERM}
        if not near:
            continue
        weight = {other: _weight(word, other, holds, known) for other in near}
        ranked = sorted(near, key=lambda other: (-weight[other], other))
        best = ranked[0]
        count = max(1, holds.get(word, 0))
        if not _believable(word, best, count, holds.get(best, 0), known.get(best, 0)):
            continue
        sure = weight[best] >= 5 * (weight[ranked[1]] if len(ranked) > 1 else 0.0)
        found[word] = Slip(word, best, sure, count, holds.get(best, 0))
    return found


def is_known(word: str, known: Mapping[str, int]) -> bool:
    """Whether a dictionary of American English vouches for a word: itself, its British form, its parts, its plural."""
    if word in known or word in _ALSO or (word.endswith("s") and (word[:-1] in known or word[:-1] in _ALSO)):
        return True
    if word.endswith(("er", "ers")) and {stem := word.rstrip("s")[:-2], f"{stem}e"} & known.keys():
        return True
    if any(pattern.search(word) and pattern.sub(american, word) in known for pattern, american in _BRITISH):
        return True
    before = _BEFORE.match(word)
    if before and word[before.end() :] in known:
        return True
    halves = ((word[:cut], word[cut:]) for cut in range(4, len(word) - 3))
    return any(known.get(left, 0) > 500 and known.get(right, 0) > 500 for left, right in halves)


def _weight(word: str, meant: str, holds: Mapping[str, int], known: Mapping[str, int]) -> float:
    """How likely a word is meant: what the set says counts far more than the language; letters are often swapped."""
    swapped = sorted(word) == sorted(meant)
    return (holds.get(meant, 0) + known.get(meant, 0) / 50_000) * (10 if swapped else 1)


def _believable(word: str, meant: str, count: int, texts: int, frequency: int) -> bool:
    """Whether ``word``, in ``count`` texts, is a slip of ``meant``, in ``texts`` texts and as frequent as this.

    The figures were chosen on real rows with planted slips (``python -m benchmarks.spelling_quality``).
    """
    size, ratio = len(word), texts / count
    if size < 4:
        return count == 1 and len(meant) > size and (texts >= 100 or frequency >= 3_000_000)
    if count > 2 and ratio < 20:
        return False
    if sorted(word) == sorted(meant):  # two letters swapped
        return ratio >= 10 or frequency >= {4: 500_000, 5: 1_000}.get(size, 50)
    if len(meant) > size and _DOUBLE.sub(r"\1", meant) == word:  # one of two equal letters left out
        return ratio >= 5 or frequency >= 20_000
    if size == 4:
        return count <= 2 and (ratio >= 20 or frequency >= 500_000)
    if word == meant[:-1]:
        return ratio >= (4 if size > 5 else 20) or (size > 5 and frequency >= 20_000)
    odd_end = len(word) == len(meant) and word[-1] in _NO_ENDING
    if (word[:-1] in (meant, meant[:-1]) and not odd_end) or (word.endswith(_LATIN) and word[-2:] != meant[-2:]):
        return ratio >= 20
    if word[0] != meant[0]:
        return ratio >= {5: 10, 6: 3, 7: 3}.get(size, 1) or frequency >= {5: 100_000, 6: 20_000}.get(size, 5_000)
    if size == 5:
        return ratio >= 5 or frequency >= 50_000
    if size < 8:
        return ratio >= 2 or frequency >= 20_000
    vowels = len(word) != len(meant) or {a for a, b in zip(word, meant, strict=False) if a != b} <= _VOWELS
    return texts >= 1 or frequency >= (500 if vowels else 3_000)


def _edits(word: str) -> Iterator[str]:
    """Every string one edit away."""
    for place in range(len(word) + 1):
        left, right = word[:place], word[place:]
        if right:
            yield left + right[1:]
            yield from (left + letter + right[1:] for letter in _LETTERS if letter != right[0])
        if len(right) > 1 and right[0] != right[1]:
            yield left + right[1] + right[0] + right[2:]
        yield from (left + letter + right for letter in _LETTERS)


def words_in(texts: Iterable[str]) -> dict[str, str]:
    """The distinct raw tokens of texts that hold a word, with the word as it stands."""
    found: dict[str, str] = {}
    raw: set[str] = set()
    for text in texts:
        raw.update(text.split())
        if len(raw) > _MOST_TOKENS:
            _take(raw, found)
    _take(raw, found)
    return found


def _take(raw: set[str], found: dict[str, str]) -> None:
    """Keep the raw tokens that hold a word, and forget all."""
    found.update((token, token[slice(*place)]) for token in raw if (place := words_of(token)))
    raw.clear()
