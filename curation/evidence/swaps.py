"""Tells a rewording from another question of the same frame: “the capital of France”, “the capital of Spain”."""

from __future__ import annotations

from curation.minhash.normalise import normalise

MOST_SWAPPED = 2
"""Content words a side may have to itself and still count as swapped in; with more, it is another wording."""

_SMALL_WORDS = (
    "a an the is are was were be been am do does did of to in on at by for from as and or so then that this these "
    "those it its i you we he she they my your our his her their me us them please kindly just here there also very "
    "will would can could should may might has have had who which what how when where why with about because"
)
_SMALL = frozenset(_SMALL_WORDS.split())
_ENDINGS = ("ings", "ing", "ed", "es", "s", "ly", "e")


def swapped(left: str, right: str) -> tuple[str, str] | None:
    """The words that stand in only one of two texts, where each has one or two of them and the rest is shared.

    Embeddings cannot see this: of the pairs of Breaking NLI (Glockner et al. 2018) in which a colour, a material or
    a country was swapped, many reach a cosine of 0.90. A swapped synonym looks the same, so the answer is "look".

    Returns:
        The words left and right, or None. Small words and endings (English) do not count; neither does their order.
    """
    ours, theirs = _content(left), _content(right)
    one, other = _only(ours, theirs), _only(theirs, ours)
    if 1 <= len(one) <= MOST_SWAPPED and 1 <= len(other) <= MOST_SWAPPED:
        return " ".join(one), " ".join(other)
    return None


def _content(text: str) -> dict[str, list[str]]:
    """The words that carry meaning, by their stems."""
    found: dict[str, list[str]] = {}
    for word in normalise(text).split(" "):
        if word and word not in _SMALL:
            found.setdefault(_stem(word), []).append(word)
    return found


def _only(ours: dict[str, list[str]], theirs: dict[str, list[str]]) -> list[str]:
    """Words that are more frequent here than there, each once, in order of place."""
    return [words[0] for stem, words in ours.items() if len(words) > len(theirs.get(stem, ()))]


def _stem(word: str) -> str:
    """The word without one English ending, where enough of it is left to be told apart."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word
