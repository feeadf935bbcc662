"""Pairs of examples that ask the same and answer in ways that cannot both be right, with the words that clash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np

from core.types import Example, Finding, Span
from curation.checks.base import Check, chat
from curation.clash.base import Clash
from curation.clash.judge import clash_between
from curation.evidence.batch import Batch
from curation.evidence.relations import Relations, relations
from curation.minhash.normalise import normalise

_ALL_PAIRS = 12  # of a group of up to this many answers all pairs are compared; of a larger one, each with the first
_MOST_TOLD = 66  # findings about one question: all pairs of twelve answers
_LABEL_WORDS = 3
_LABEL_ROWS = 3
_LABEL_SHARE = 0.8


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    found = batch.shared(relations)
    labels = _labels(batch)
    for group in found.questions:
        told = 0
        for left, right in _pairs(found, group, batch):
            one, other = found.units[left], found.units[right]
            clash = clash_between(one.answer, other.answer) or _labels_differ(one.answer, other.answer, labels)
            if clash:
                told += 1
                if told <= _MOST_TOLD:
                    yield _finding(one.examples[0], other.examples[0], clash)
        if told > _MOST_TOLD:
            batch.note(
                f"contradictions.clash: {told} pairs of one question's {len(group)} answers clash; {_MOST_TOLD} are "
                f"shown, "
                "duplicates.conflict lists all its rows."
            )


def _pairs(found: Relations, group: list[int], batch: Batch) -> Iterator[tuple[int, int]]:
    """Pairs of a group whose prompts were compared with each other, not only with the first."""
    if len(group) > _ALL_PAIRS:
        batch.note(
            f"contradictions.clash: a question with {len(group)} different answers was compared with its first only."
        )
        yield from ((group[0], other) for other in group[1:])
        return
    for left, right in combinations(group, 2):
        if left == group[0] or found.prompts_alike(np.array([left]), np.array([right]))[0]:
            yield left, right


def _labels(batch: Batch) -> frozenset[str]:
    """The labels of a classification set: short answers of three rows or more, where most rows have one."""
    counts = Counter(normalise(example.answer) for example in batch)
    labels = {text: n for text, n in counts.items() if n >= _LABEL_ROWS and 0 < len(text.split()) <= _LABEL_WORDS}
    return frozenset(labels) if sum(labels.values()) >= _LABEL_SHARE * len(batch) else frozenset()


def _labels_differ(left: str, right: str, labels: frozenset[str]) -> Clash | None:
    """Two different labels of a classification set."""
    one, other = normalise(left), normalise(right)
    if one == other or one not in labels or other not in labels:
        return None
    return Clash("label", "The same question has two different labels.", 0.7, ((0, len(left)),), ((0, len(right)),))


def _finding(one: Example, other: Example, clash: Clash) -> Finding:
    spans = [Span(len(one.messages) - 1, start, end) for start, end in clash.left]
    spans += [Span(len(other.messages) - 1, start, end, other.id) for start, end in clash.right]
    return Finding(
        one.id, "contradictions.clash", "warn", clash.reason, clash.sentence, clash.score,
        spans=tuple(span for span in spans if span.start < span.end), related=(other.id,),
    )  # fmt: skip


_ASK = (
    "The chart of the patient says acute bronchitis with a dry cough, and the laboratory names an organism. Please "
    "read "
    "the table above with care: which of its codes applies to this case?"
)

CLASH = Check(
    name="contradictions.clash",
    version=1,
    title="Two answers to one question that cannot both be right",
    run=_run,
    catches=(
        (chat(_ASK, "The code is J20.9."), chat(_ASK, "The code is J20.8.")),
        (chat(_ASK, "J20.9 fits here."), chat(_ASK.replace("with care", "carefully"), "It should be J21.0.")),
        (chat("How much?", "Give 5 mg twice a day."), chat("How much?", "Give 50 mg twice a day.")),
        (chat("May she travel?", "Yes, she may."), chat("May she travel?", "No, not yet.")),
        (
            chat("Is it passed on?", "It is passed on by touch."),
            chat("Is it passed on?", "It is not passed on by touch."),
        ),
        (chat("Which side?", "The pain is on the left side."), chat("Which side?", "The pain is on the right side.")),
    ),
    passes=(
        (chat("How much?", "Give 500 mg twice a day."), chat("How much?", "Give 0.5 g twice a day.")),
        (chat("Gastritis with bleeding?", "K29.01."), chat("Gastritis without bleeding?", "K29.00.")),
        (chat("Stage 1 disease?", "N18.1."), chat("Stage 2 disease?", "N18.2.")),
        (chat("Allergies?", "None."), chat("Allergies?", "No known drug allergies.")),
        (chat("What is flu?", "A viral infection."), chat("What is flu?", "An infection of the airways by a virus.")),
        (chat(_ASK, "J20.9"), chat(_ASK, "J20.9, acute bronchitis, unspecified.")),
    ),
    about="Pairs come from prompts that are equal or alike (J ≥ 0.70, and the ask alike). If the prompts differ in a "
    "number, "
    "a code, a negation or an opposite, that explains the answers. Rules, each with its words marked: codes; "
    "numbers, doses "
    "and dates in one unit (500 mg = 0.5 g); yes and no; opposites; a negation; labels of the set.",
)
