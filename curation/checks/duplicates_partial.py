"""Rows that share one side only: the same question answered differently, one answer for many, one inside another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core.types import Example, Finding
from curation.checks.base import Check, chat
from curation.checks.duplicates import LONG_ANSWER, LONG_ASK
from curation.evidence.batch import Batch
from curation.evidence.measured import measured
from curation.evidence.relations import Relations, relations
from curation.evidence.subsets import subsets
from curation.minhash.clusters import centres, joining, run_starts
from curation.minhash.views import distinct

_FEW_WORDS = 4  # an answer of fewer words is a label, and labels repeat by nature
_MANY_PROMPTS = 5


def _conflict(examples: Sequence[Example]) -> Iterable[Finding]:
    found = Batch.of(examples).shared(relations)
    groups = found.questions
    sizes = np.array([len(group) for group in groups], np.int64)
    asked = np.repeat(np.arange(len(groups), dtype=np.int64), sizes - 1)
    centre = np.array([group[0] for group in groups], np.int64)[asked]
    others = np.array([unit for group in groups for unit in group[1:]], np.int64)
    differ = ~found.answers_alike(centre, others)
    asked, centre, others = asked[differ], centre[differ], others[differ]
    yield from _answers_differ(found, centre, others, run_starts(asked))
    # Groups are stars around one question; two rows that resemble each other may stand in different ones.
    star = np.arange(len(found.units), dtype=np.int64)
    star[others] = centre
    same_prompt, same_answer = found.asked
    clash = np.flatnonzero(same_prompt & ~same_answer)
    left, right = found.left[clash], found.right[clash]
    chosen = joining(star, left, right, found.whole_score[clash])
    yield from _answers_differ(found, left[chosen], right[chosen], np.arange(len(chosen), dtype=np.int64))


def _answers_differ(
    found: Relations, one: NDArray[np.int64], other: NDArray[np.int64], starts: NDArray[np.int64]
) -> Iterator[Finding]:
    """One finding a run of pairs of units; the units of ``one`` are the same within a run."""
    names = found.units.first_ids(one[starts]), found.units.ids(other, starts)
    for example_id, related, alike in zip(*names, measured(found, one, other, starts), strict=True):
        yield Finding(
            example_id,
            "duplicates.conflict",
            "info",
            "answers-differ",
            f"{len(related) + 1:,} examples ask the same and answer differently ({alike}); none is proposed for "
            "dropping.",
            1 - alike.answer,
            related=related,
        )


def _canned(examples: Sequence[Example]) -> Iterable[Finding]:
    found = Batch.of(examples).shared(relations)
    head = _answer_heads(found)
    units = np.flatnonzero(found.answer.words[found.answer.node] > 0)
    units = units[np.lexsort((units, head[units]))]
    others = units[head[units] != units]
    centre = head[others]
    apart = ~found.prompts_alike(centre, others)
    centre, others = centre[apart], others[apart]
    label = found.answer.words[found.answer.node[centre]] < _FEW_WORDS
    starts = run_starts(centre)
    size = np.diff(starts, append=len(centre))
    enough = np.repeat(size + 1 >= np.where(label[starts], _MANY_PROMPTS, 2), size)
    centre, others = centre[enough], others[enough]
    starts = run_starts(centre)
    node = found.answer.node
    exact = np.minimum.reduceat(node[others] == node[centre], starts) if len(starts) else np.zeros(0, np.bool_)
    every = zip(
        found.units.first_ids(centre[starts]), found.units.ids(others, starts), exact.tolist(),
        measured(found, centre, others, starts), strict=True,
    )  # fmt: skip
    for example_id, related, equal, alike in every:
        yield Finding(
            example_id,
            "duplicates.canned",
            "info",
            "same-answer",
            f"{len(related) + 1:,} examples with different prompts have {'the same' if equal else 'nearly the same'} "
            f"answer ({alike}); none is proposed for dropping.",
            alike.answer,
            related=related,
        )


def _answer_heads(found: Relations) -> NDArray[np.int64]:
    """For each unit the first unit whose answer is alike, itself where there is none: stars over the answers.

    Answers of a few words must be equal; labels resemble each other by nature.
    """
    many = len(found.units)
    everyone = np.arange(many, dtype=np.int64)
    fixed = found.sides.made.right.fixed[found.rows_of(everyone)]
    variant, leaders = distinct(found.answer.node, fixed)
    number = np.argsort(found.answer.node[leaders], kind="stable")
    ordered = found.answer.node[leaders][number]
    pairs = found.answer_pairs
    enough = (found.answer.words[pairs.left] >= _FEW_WORDS) & (found.answer.words[pairs.right] >= _FEW_WORDS)
    one = leaders[number[np.searchsorted(ordered, pairs.left[enough])]]
    other = leaders[number[np.searchsorted(ordered, pairs.right[enough])]]
    same_node = np.flatnonzero(ordered[1:] == ordered[:-1])
    one = np.r_[one, leaders[number[same_node]]]
    other = np.r_[other, leaders[number[same_node + 1]]]
    alike = found.answers_alike(one, other)
    head: NDArray[np.int64] = centres(many, one[alike], other[alike])
    return head[leaders[variant]]


def _subset(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    found = batch.shared(relations)
    holders: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for part, holder, share in subsets(found, batch):
        holders[holder].append((part, share))
    ordered = sorted(holders.items())
    one = np.array([holder for holder, parts in ordered for _ in parts], np.int64)
    other = np.array([part for _, parts in ordered for part, _ in parts], np.int64)
    for (holder, parts), alike in zip(ordered, measured(found, one, other, run_starts(one)), strict=True):
        least = min(share for _, share in parts)
        yield Finding(
            found.units.first(holder).id,
            "duplicates.subset",
            "info",
            "contained",
            f"{len(parts):,} shorter example{'s are' if len(parts) > 1 else ' is'} contained in this one (at least "
            f"{least:.0%} of the text; {alike}); none is proposed for dropping.",
            least,
            related=tuple(e.id for part, _ in parts for e in found.units.examples(part)),
        )


CONFLICT = Check(
    name="duplicates.conflict",
    version=2,
    title="Examples that ask the same and answer differently",
    run=_conflict,
    catches=(
        (chat(LONG_ASK, LONG_ANSWER), chat(LONG_ASK, "No. She is contagious.")),
        (chat("Which code?", "J20.9 applies here."), chat("Which code?", "J20.8 applies here.")),
    ),
    passes=(
        (chat(LONG_ASK, LONG_ANSWER), chat(LONG_ASK, LONG_ANSWER + " ")),
        (chat("Gastritis with bleeding?", "K29.01."), chat("Gastritis without bleeding?", "K29.00.")),
    ),
    about="Never a proposal to drop: which answer is right is for a person to say. Prompts that differ in a number, a "
    "code or a negation ask different things.",
)
CANNED = Check(
    name="duplicates.canned",
    version=2,
    title="One answer given to different prompts",
    run=_canned,
    catches=(
        (
            chat("What is flu?", "Please ask your doctor about it."),
            chat("And gout?", "Please ask your doctor about it."),
        ),
    ),
    passes=(
        (chat("What is flu?", "A viral infection of the airways."), chat("What is gout?", "A disease of the joints.")),
        (chat("Is it viral?", "No."), chat("Is it bacterial?", "No.")),
    ),
    about="Information only. Answers under four words are labels and need five different prompts.",
)
SUBSET = Check(
    name="duplicates.subset",
    version=2,
    title="An example contained in a longer one",
    run=_subset,
    catches=(
        (
            chat(LONG_ASK, LONG_ANSWER),
            chat(
                LONG_ASK,
                LONG_ANSWER,
                "And the gym?",
                "After two more days without symptoms, and gently at first, if the cough has gone. Drink before, "
                "during and after it, and stop at once when the chest hurts, the head swims or the heart races; then "
                "call us again on the same day, at any hour, and leave a message.",
            ),
        ),
    ),
    passes=((chat(LONG_ASK, LONG_ANSWER), chat("What is gout?", "A disease of the joints.")),),
    about="At least 90 % of the shorter conversation's 3-grams, of its ask and of its answer stand in the longer one.",
)
