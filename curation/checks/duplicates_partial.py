"""Rows that share one side only: the same question answered differently, one answer for many, one inside another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from core.types import Example, Finding
from curation.checks.base import Check, chat
from curation.checks.duplicates import LONG_ANSWER, LONG_ASK
from curation.evidence.batch import Batch
from curation.evidence.facts import stance
from curation.evidence.relations import relations
from curation.evidence.subsets import subsets

_FEW_WORDS = 4  # an answer of fewer words is a label, and labels repeat by nature
_MANY_PROMPTS = 5


def _conflict(examples: Sequence[Example]) -> Iterable[Finding]:
    found = Batch.of(examples).shared(relations)
    for group in found.questions:
        centre = np.full(len(group) - 1, group[0], np.int64)
        others = np.array(group[1:], np.int64)
        differ = others[~found.answers_alike(centre, others)]
        if not len(differ):
            continue
        similarity = found.answer.similarity(found.answer.node[centre[: len(differ)]], found.answer.node[differ])
        members = [found.units[group[0]].examples[0], *(e for u in differ for e in found.units[u].examples)]
        yield Finding(
            members[0].id,
            "duplicates.conflict",
            "info",
            "answers-differ",
            f"{len(members)} examples ask the same and answer differently (least answer similarity "
            f"{similarity.min():.2f}).",
            float(1 - similarity.min()),
            related=tuple(member.id for member in members[1:]),
        )


def _canned(examples: Sequence[Example]) -> Iterable[Finding]:
    found = Batch.of(examples).shared(relations)
    by_answer: dict[tuple[int, object], list[int]] = defaultdict(list)
    for number, unit in enumerate(found.units):
        if unit.answer.strip():
            by_answer[int(found.answer.node[number]), stance(unit.answer)].append(number)
    for (node, _), group in sorted(by_answer.items(), key=lambda item: item[1][0]):
        centre = np.full(len(group) - 1, group[0], np.int64)
        others = np.array(group[1:], np.int64)
        other = others[~found.prompts_alike(centre, others)] if len(others) else others
        need = _MANY_PROMPTS if found.answer.words[node] < _FEW_WORDS else 2
        if not len(other) or len(other) + 1 < need:
            continue
        members = [found.units[group[0]].examples[0], *(e for u in other for e in found.units[u].examples)]
        yield Finding(
            members[0].id,
            "duplicates.canned",
            "info",
            "same-answer",
            f"{len(members)} examples with different prompts have the same answer.",
            related=tuple(member.id for member in members[1:]),
        )


def _subset(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    found = batch.shared(relations)
    holders: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for part, holder, share in subsets(found, batch):
        holders[holder].append((part, share))
    for holder, parts in sorted(holders.items()):
        yield Finding(
            found.units[holder].examples[0].id,
            "duplicates.subset",
            "info",
            "contained",
            f"{len(parts)} shorter example{'s are' if len(parts) > 1 else ' is'} contained in this one (at least "
            f"{min(share for _, share in parts):.0%} of the text).",
            min(share for _, share in parts),
            related=tuple(e.id for part, _ in parts for e in found.units[part].examples),
        )


CONFLICT = Check(
    name="duplicates.conflict",
    version=1,
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
    version=1,
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
    version=1,
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
