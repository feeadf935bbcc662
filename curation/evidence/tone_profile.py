"""The tone of an answer as numbers: formality, sentences, reading ease, person, hedging, politeness, warmth."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.evidence.tone_politeness import politeness, used
from curation.evidence.tone_readings import Readings, sentence_ranges
from curation.evidence.tone_words import HEDGES, WARM, WORD, is_deictic, is_formal, lowered, syllables

Values = NDArray[np.float64]
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Dimension:
    """One measure of tone.

    Attributes:
        reason: Slug of a departure.
        label: What is measured, with its unit, for people.
        values: float64 [texts] of the readings.
        noise: float64 [texts]: how far a text of this length strays by chance (one standard deviation), given the
            median of its group. A short text's departure must outgrow it.
        places: The words that raise (or, with ``high`` false, lower) it; empty = all of it.
        on_log: Whether departures are judged on a logarithmic scale.
    """

    reason: str
    label: str
    values: Callable[[Readings], Values]
    noise: Callable[[Readings, float], Values]
    places: Callable[[str, bool], list[Range]]
    on_log: bool = False


def formality(read: Readings) -> Values:
    """From 0 (a chat) to 100 (a statute): 50 times one plus the share of formal minus the share of deictic words.

    The F-score of Heylighen and Dewaele (2002) with closed classes and word endings in place of a tagger: articles,
    prepositions and nouns known by their ending against pronouns, plain verbs, adverbs, interjections and
    contractions; the latter are among the surface cues of Pavlick and Tetreault (2016). 50 where there are no words.
    """
    return 50 * (1 + (read.column("formal") - read.column("deictic")) / np.maximum(read.words, 1))


def sentence_words(read: Readings) -> Values:
    """Mean words of a sentence."""
    return read.words / read.sentences


def reading_ease(read: Readings) -> Values:
    """Flesch (1948): 206.835 - 1.015 words a sentence - 84.6 syllables a word; high is easy; English only."""
    return (
        206.835 - 1.015 * sentence_words(read) - 84.6 * read.column("syllables") / np.maximum(read.words, 1)
    )  # fmt: skip


def rate(field: str) -> Callable[[Readings], Values]:
    """Words of one kind for each hundred words."""

    def values(read: Readings) -> Values:
        found: Values = 100 * read.column(field) / np.maximum(read.words, 1)
        return found

    return values


def polite(read: Readings) -> Values:
    """The score of ``tone_politeness``."""
    return np.array([politeness(text) for text in read.prose], dtype=np.float64)


def _by_words(spread: float) -> Callable[[Readings, float], Values]:
    return lambda read, median: spread / np.sqrt(np.maximum(read.words, 1))


def _by_sentences(read: Readings, median: float) -> Values:
    return 0.6 / np.sqrt(read.sentences)


def _counted(read: Readings, median: float) -> Values:
    """The square root of the expected count, at least of one word, as a rate."""
    words = np.maximum(read.words, 1)
    return np.sqrt(np.maximum(median * words / 100, 1)) * 100 / words


def _words(test: Callable[[str], bool]) -> Callable[[str], list[Range]]:
    return lambda text: [match.span() for match in WORD.finditer(lowered(text)) if test(match[0])]


_FORMAL, _DEICTIC = _words(lambda word: is_formal(word) and len(word) > 6), _words(is_deictic)
_LONG, _HEDGE, _WARM = _words(lambda w: syllables(w) > 3), _words(HEDGES.__contains__), _words(WARM.__contains__)


def _longest(text: str) -> list[Range]:
    return sorted(sentence_ranges(text), key=lambda place: place[0] - place[1])[:1]


def _strategies(text: str, high: bool) -> list[Range]:
    return sorted(place for strategy, place in used(text) if (strategy.weight > 0) == high)


GRADED: tuple[Dimension, ...] = (
    Dimension("formality", "formality (0 to 100)", formality, _by_words(37),
              lambda text, high: _FORMAL(text) if high else _DEICTIC(text)),
    Dimension("sentence-length", "words a sentence", sentence_words, _by_sentences,
              lambda text, high: _longest(text) if high else [], on_log=True),
    Dimension("readability", "reading ease (Flesch)", reading_ease, _by_words(80),
              lambda text, high: [] if high else _LONG(text)),
    Dimension("hedges", "hedges in 100 words", rate("hedge"), _counted,
              lambda text, high: _HEDGE(text) if high else []),
    Dimension("warmth", "warm words in 100", rate("warm"), _counted, lambda text, high: _WARM(text) if high else []),
    Dimension("politeness", "politeness score", polite, lambda read, median: np.full(len(read.words), 0.4),
              _strategies),
)  # fmt: skip
"""What departures are graded on. Person, contractions and exclamations are voices: there or not."""

NAMES = (
    "formality", "log words a sentence", "reading ease", "letters a word", "hedges", "warmth", "politeness",
    "first person", "second person", "contractions", "exclamation marks", "log words",
)  # fmt: skip


def profile(read: Readings) -> Values:
    """float64 [texts, len(NAMES)]: the tone of each text as numbers, not yet standardised."""
    words = np.maximum(read.words, 1)
    columns = [
        formality(read), np.log(np.maximum(sentence_words(read), 0.5)), reading_ease(read),
        read.column("letters") / words, rate("hedge")(read), rate("warm")(read), polite(read), rate("first")(read),
        rate("second")(read), rate("contraction")(read), 100 * read.exclamations / words, np.log(words + 1.0),
    ]  # fmt: skip
    return np.column_stack(columns)


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of a group and how far it spreads.

    Attributes:
        median: Of the values.
        scale: 1.4826 times the median absolute deviation; where that is 0, 1.2533 times the mean absolute deviation
            (both estimate a normal's standard deviation; Iglewicz and Hoaglin 1993); 0 where all values are equal.
        by_mean: Whether it had to be the mean.
    """

    median: float
    scale: float
    by_mean: bool


def spread(values: Values) -> Spread:
    """The robust middle and spread of at least one value."""
    median = float(np.median(values))
    away = np.abs(values - median)
    scale = 1.4826 * float(np.median(away))
    return Spread(median, scale, False) if scale > 0 else Spread(median, 1.2533 * float(away.mean()), True)


_TABLE = re.compile(r"^\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)+\|?[ \t]*$", re.MULTILINE)


def is_prose(text: str) -> bool:
    """Whether a text is worth measuring: data, tables and code are not."""
    return not re.match(r"\s*[\[{<|]", text) and not _TABLE.search(text)
