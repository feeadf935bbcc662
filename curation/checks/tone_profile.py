"""Answers whose tone is far from their group's by measure: formality, sentences, reading ease, hedging, politeness."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.types import Example, Finding, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.groups import Group, groups, lower_bound, outside
from curation.evidence.norms import LearnedNorm
from curation.evidence.tone_profile import GRADED, Dimension, Range, Values, is_prose, spread
from curation.evidence.tone_readings import Readings, readings

NAME = "tone.profile"
_LEAST_WORDS = 10
_USUAL = 0.97
"""Share of the answers that must lie within the band for it to be a norm: a dimension with heavy tails has none."""
_TALK = 0.5
"""Share of the answers that use the first or second person from which politeness is measured: notes have none."""
_MARKED, _NAMED = 12, 3


@dataclass(frozen=True, slots=True)
class Band:
    """What is usual of one dimension in a group: the norm, and the middle and spread that it was drawn from."""

    norm: LearnedNorm
    median: float
    scale: float


@dataclass(frozen=True, slots=True)
class _Departure:
    dimension: Dimension
    norm: LearnedNorm
    value: float
    z: float


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    read = batch.shared(readings)
    for group in batch.shared(groups):
        yield from _of_group(batch, group, read)


def _of_group(batch: Batch, group: Group, read: Readings) -> Iterator[Finding]:
    rows = np.array([read.row[e.id] for e in group.examples if is_prose(e.answer)], dtype=np.int64)
    rows = rows[read.words[rows] >= _LEAST_WORDS]
    if batch.kept is None and len(rows) < batch.settings.min_group:
        return
    own = read.only(rows)
    keys = list(own.row)
    departures: dict[str, list[_Departure]] = defaultdict(list)
    norms: list[LearnedNorm] = []
    for dimension in GRADED:
        if batch.kept is None and dimension.reason == "politeness" and not _talks(own):
            continue
        values = dimension.values(own)
        make = partial(_band, batch, group, own, dimension, values)
        band = batch.learn(NAME, f"{group.key} {dimension.reason}", make)
        if band is None:
            continue
        z = _z(own, dimension, values, band.median, band.scale)
        away: NDArray[np.int64] = np.flatnonzero(np.abs(z) > batch.settings.tone_z)
        norms.append(replace(band.norm, departures=len(away)))
        for place in away.tolist():
            departure = _Departure(dimension, band.norm, float(values[place]), float(z[place]))
            departures[keys[place]].append(departure)
    batch.norms += norms
    for example_id, parts in departures.items():
        yield _finding(batch.example(example_id), own, sorted(parts, key=lambda part: -abs(part.z)))


def _talks(read: Readings) -> bool:
    return bool(np.mean((read.column("first") > 0) | (read.column("second") > 0)) >= _TALK)


def _z(read: Readings, dimension: Dimension, values: Values, median: float, scale: float) -> Values:
    """The robust z-score of each value: float64 [texts]."""
    found: Values = (_scaled(dimension, values) - median) / np.maximum(scale, dimension.noise(read, median))
    return found


def _scaled(dimension: Dimension, values: Values) -> Values:
    return np.log(np.maximum(values, 0.5)) if dimension.on_log else values


def _band(batch: Batch, group: Group, read: Readings, dimension: Dimension, values: Values) -> Band | None:
    """The norm of one dimension, if nearly all answers lie in one band."""
    middle = spread(_scaled(dimension, values))
    if middle.scale == 0:
        return None
    limit = batch.settings.tone_z
    z = _z(read, dimension, values, middle.median, middle.scale)
    total = len(values)
    count = total - int((np.abs(z) > limit).sum())
    bound = lower_bound(count, total, batch.settings.norm_confidence)
    if count < _USUAL * total or bound < batch.settings.norm_share:
        return None
    low, high = middle.median - limit * middle.scale, middle.median + limit * middle.scale
    inside = values[np.abs(z) <= limit]
    low, high = (np.exp(low), np.exp(high)) if dimension.on_log else (low, high)
    low, high = max(low, float(inside.min())), min(high, float(inside.max()))
    sentence = f"keep {dimension.label} from {low:.3g} to {high:.3g}"
    return Band(
        LearnedNorm(NAME, dimension.reason, group.label, sentence, count, total, bound, 0), middle.median, middle.scale
    )


def _finding(example: Example, read: Readings, parts: Sequence[_Departure]) -> Finding:
    turn, prose = len(example.messages) - 1, read.prose[read.row[example.id]]
    first = parts[0]
    share = first.norm.count / first.norm.total
    places = [part.dimension.places(prose, part.z > 0) for part in parts]
    words = list(dict.fromkeys(prose[start:end] for start, end in places[0]))
    why = ""
    if words and first.dimension.reason != "sentence-length":
        more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
        why = ", for " + ", ".join(f"“{word}”" for word in words[:_NAMED]) + more
    also = "; ".join(f"{part.dimension.label} {part.value:.3g} (robust z {part.z:+.1f})" for part in parts[1:])
    message = (
        f"{first.norm.count:,} of {first.norm.total:,} answers of the group {first.norm.sentence} "
        f"({share:.1%}, surely over {int(100 * first.norm.bound)}%); this one has {first.value:.3g} "
        f"(robust z {first.z:+.1f}){why}.{f' It is also far off in {also}.' if also else ''}"
    )
    spans: list[Range] = []
    for place in sorted(place for found in places for place in found[:_MARKED]):
        if outside(spans, *place):
            spans.append(place)
    return Finding(
        example.id, NAME, "info", first.dimension.reason, message, share,
        spans=tuple(Span(turn, start, end) for start, end in spans or [(0, len(example.answer))]),
    )  # fmt: skip


_GROUP = tuple(
    chat(
        f"Case {i}?",
        f"The documentation of case {i} supports the assignment of code A{i} for the condition. "
        f"The record of the {'second' if i % 2 else 'third'} examination confirms the finding of the laboratory.",
    )
    for i in range(60)
)
_CHATTY = (
    "so you just take it and then you do it again and you will see it is so good, and I really think you can do it "
    "too, it is what we always do, so go and get it now and then just let me know, I am here and I will be here so you "
    "can always do that"
)

PROFILE = Check(
    name=NAME,
    version=1,
    title="Answers whose tone is far from their group's by measure",
    run=_run,
    catches=((*_GROUP, chat("Case x?", _CHATTY)),),
    passes=(
        _GROUP,
        (chat("Case x?", _CHATTY),),
        (*_GROUP, chat("Case x?", "The code for case 61 is A61, as the record of the examination says.")),
    ),
    about="Within examples of one system prompt, among answers of ten words or more that are prose: formality (after "
    "Heylighen and Dewaele 2002), words a sentence, reading ease (Flesch 1948), hedges, warm words, and, where the "
    "answers talk to somebody, politeness (after Danescu-Niculescu-Mizil et al. 2013). A departure is a robust z-score "
    "over `tone_z`: the distance from the median in units of 1.4826 times the median absolute deviation, or of 1.2533 "
    "times the mean absolute deviation where that is 0, or of the chance variation of a text of that length where that "
    "is larger. Only where at least 20 answers, and 97 % of them, lie within, with a lower confidence bound of 0.8.",
)
