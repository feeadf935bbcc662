"""Answers far longer or shorter than those of their group."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from core.types import Example, Finding, Severity, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.groups import Group, lower_bound
from curation.evidence.habits_norms import tasks
from curation.evidence.norms import LearnedNorm

_NAME = "format.length"
_MAD_TO_SIGMA = 1.4826
_LEAST_SIGMA = 0.15  # of the log length: without it, a group of equal lengths would flag a few words more
_ALIKE = 1.6  # a group is of one length if its ninth decile is at most this many times its first one
_ROOM = 1.3  # beyond the deciles by which such a group is measured
_LEAST_WORDS = 8  # of the median: one word more or less is no departure in shorter answers


@dataclass(frozen=True, slots=True)
class Range:
    """The fewest and most words that answers of a group have, and how many of how many keep to that."""

    least: int
    most: int
    inside: int
    total: int
    bound: float


@dataclass(frozen=True, slots=True)
class Spread:
    """The robust middle and spread of the log number of words of a group's ``total`` answers."""

    middle: float
    sigma: float
    total: int


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    if "over-long" in batch.settings.style.declared:
        return
    for task in batch.shared(tasks):
        words = [max(1, len(example.answer.split())) for example in task.group.examples]
        told: set[str] = set()
        for finding in _outside(batch, task.group, words):
            told.add(finding.example_id)
            yield finding
        yield from (f for f in _far(batch, task.group, words) if f.example_id not in told)


def _outside(batch: Batch, group: Group, words: Sequence[int]) -> Iterator[Finding]:
    """Departures from a group's own range of lengths, where nearly all answers are about equally long."""
    usual = batch.learn(_NAME, group.key, lambda: _range(batch, words))
    if usual is None:
        return
    inside, total = usual.inside, usual.total
    said = f"have {usual.least} to {usual.most} words"
    batch.norms.append(LearnedNorm(_NAME, "over-long", group.label, said, inside, total, usual.bound, total - inside))
    of = "" if group.label == "all answers" else f" ({group.label})"
    for example, count in zip(group.examples, words, strict=True):
        if not usual.least <= count <= usual.most:
            reason = "over-long" if count > usual.most else "over-short"
            told = f"{inside} of {total} answers{of} {said}; this one has {count}."
            yield _finding(example, "warn", reason, told, inside / total)


def _range(batch: Batch, words: Sequence[int]) -> Range | None:
    if len(words) < batch.settings.min_group:
        return None
    deciles = quantiles(words, n=10, method="inclusive")
    low, high = deciles[0], deciles[8]
    if median(words) < _LEAST_WORDS or high > _ALIKE * low:
        return None
    least, most = math.floor(low / _ROOM), math.ceil(high * _ROOM)
    inside = sum(least <= count <= most for count in words)
    bound = lower_bound(inside, len(words), batch.settings.norm_confidence)
    return None if bound < batch.settings.norm_share else Range(least, most, inside, len(words), bound)


def _far(batch: Batch, group: Group, words: Sequence[int]) -> Iterator[Finding]:
    """Answers that are far longer than the others, however much those vary."""
    usual = batch.learn("format.length/spread", group.key, lambda: _spread(words))
    if usual is None:
        return
    for example, count in zip(group.examples, words, strict=True):
        z = (math.log(count) - usual.middle) / usual.sigma
        if z >= batch.settings.length_z:
            told = (
                f"The answer has {count} words; half of its group of {usual.total} have at most "
                f"{round(math.exp(usual.middle))} (robust z {z:.1f})."
            )
            yield _finding(example, "info", "over-long", told, 1 - 1 / z)


def _spread(words: Sequence[int]) -> Spread:
    logs = [math.log(count) for count in words]
    middle = median(logs)
    return Spread(middle, max(_LEAST_SIGMA, _MAD_TO_SIGMA * median(abs(value - middle) for value in logs)), len(words))


def _finding(example: Example, severity: Severity, reason: str, message: str, score: float) -> Finding:
    turn = len(example.messages) - 1
    return Finding(example.id, _NAME, severity, reason, message, score, spans=(Span(turn, 0, len(example.answer)),))


_GROUP = tuple(chat(f"Case {i}?", f"The code is A{i:02}, as the table says.") for i in range(25))
_VARIED = tuple(chat(f"Case {i}?", f"The code is A{i:02}." + " It is so." * (i % 9)) for i in range(40))

LENGTH = Check(
    name=_NAME,
    version=2,
    title="Answers far longer or shorter than those of their group",
    run=_run,
    catches=(
        (*_GROUP, chat("Case x?", "The code is A99, as the table says. " * 8)),
        (*_GROUP, chat("Case x?", "The code is A99, as the table says. " * 2)),
        (*_GROUP, chat("Case x?", "A99.")),
    ),
    passes=(
        _GROUP,
        (chat("Case x?", "The code is A99, as the table says. " * 8),),
        (*_VARIED, chat("Case x?", "The code is A99, as the table says. " * 4)),
    ),
    about="Where the first and the ninth decile of a group's numbers of words differ by a factor of 1.6 at most, "
    "answers a factor of 1.3 beyond them are departures. Elsewhere the robust z-score (median and MAD) of the log of "
    "the number of words counts, from 5 on.",
)
