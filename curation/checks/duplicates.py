"""Rows that say the same, prompt and answer both: equal after normalisation, or nearly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, pairwise

import numpy as np
from numpy.typing import NDArray

from core.types import Example, Finding, Proposal
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.measured import measured
from curation.evidence.relations import Relations, relations
from curation.evidence.sides import prompt_side
from curation.evidence.signs import same_signs
from curation.minhash.clusters import centres, joining, run_starts


def _exact(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    for example_id, lines in batch.settings.rows.items():
        if len(lines) > 1 and batch.holds(example_id):
            yield Finding(
                example_id,
                "duplicates.exact",
                "warn",
                "identical-rows",
                f"{len(lines):,} rows are identical; keep one.",
                1.0,
                proposal=Proposal("drop", (example_id,), safe=True),
            )
    found = batch.shared(relations)
    units = found.units
    several = np.flatnonzero(np.diff(units.starts) > 1)
    kept, copies = _pairs_within(found, several)
    agree = same_meaning(found, kept, copies)
    safe = agree & _same_signs(found, kept, copies, agree)
    at = 0
    for unit in several.tolist():
        best, *others = units.examples(unit)
        same = agree[at : at + len(others)]
        targets = tuple(copy.id for copy, one in zip(others, same.tolist(), strict=True) if one)
        unalike = len(others) - len(targets)
        yield Finding(
            best.id,
            "duplicates.exact",
            "warn",
            "equal-after-normalising",
            f"{len(others) + 1:,} examples are equal but for case, punctuation or spaces; "
            + (f"in {unalike:,} of them a number, code or negation reads otherwise." if unalike else "keep the first."),
            1.0,
            related=tuple(copy.id for copy in others),
            proposal=Proposal("drop", targets, bool(safe[at : at + len(others)].all())) if targets else None,
        )
        at += len(others)


def _near(examples: Sequence[Example]) -> Iterable[Finding]:
    found = Batch.of(examples).shared(relations)
    units, left, right = found.units, found.left, found.right
    same_prompt, drop = found.asked
    star = centres(len(units), left[drop], right[drop])
    members = np.flatnonzero(star != np.arange(len(units)))
    members = members[np.lexsort((members, star[members]))]
    centre = star[members]
    starts = run_starts(centre)
    rows, owner = units.all_rows(members)
    kept = found.rows_of(centre)[owner]
    agree = same_meaning(found, kept, rows)
    safe = _is_safe(found, kept, rows, agree)
    every = zip(
        units.first_ids(centre[starts]), units.ids(members, starts), _parts(agree, owner, starts),
        _parts(safe, owner, starts), measured(found, centre, members, starts), strict=True,
    )  # fmt: skip
    for example_id, others, agrees, are_safe, alike in every:
        targets = tuple(compress(others, agrees))
        yield Finding(
            example_id,
            "duplicates.near",
            "warn",
            "near-duplicate",
            f"{len(others) + 1:,} examples say nearly the same; keep the first ({alike}).",
            alike.whole,
            related=others,
            proposal=Proposal("drop", targets, all(are_safe)),
        )
    keep = np.flatnonzero(drop | ~same_prompt)  # where only the prompts are alike, it is duplicates.conflict
    keep = keep[joining(star, left[keep], right[keep], found.whole_score[keep])]
    one, other = left[keep], right[keep]
    pairs = zip(units.first_ids(one), units.first_ids(other), measured(found, one, other), strict=True)
    for example_id, other_id, alike in pairs:
        yield Finding(
            example_id,
            "duplicates.near",
            "info",
            "near-variant",
            f"Two examples resemble each other ({alike}), but differ in what they ask or state, or belong to two "
            "groups; keep both.",
            alike.whole,
            related=(other_id,),
        )


def _parts(told: NDArray[np.bool_], owner: NDArray[np.int64], starts: NDArray[np.int64]) -> Iterator[list[bool]]:
    """What is told of each row, by the runs that their units (``owner``, rising) fall into."""
    every = told.tolist()
    cuts = pairwise([*np.searchsorted(owner, starts).tolist(), len(every)])
    return (every[start:stop] for start, stop in cuts)


def same_meaning(found: Relations, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether pairs of rows agree in all numbers, codes and negations, on the prompt's side and in the answer."""
    same = found.same_stance_of_rows("prompt", left, right)
    at = np.flatnonzero(same)
    same[at] = found.same_stance_of_rows("answer", left[at], right[at])
    return same


def _pairs_within(found: Relations, units: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of some units, each beside the first row of its unit, which is left out."""
    starts, stops = found.units.starts[units], found.units.starts[units + 1]
    counts = stops - starts - 1
    offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    copies = found.units.rows[np.repeat(starts, counts) + 1 + offset]
    return found.units.rows[np.repeat(starts, counts)], copies


def _is_safe(
    found: Relations, kept: NDArray[np.int64], rows: NDArray[np.int64], agree: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether dropping rows loses no wording that teaches: bool [rows].

    Prompt side and answer have the words of the row that stays, in the same order, but for such as "the" and "please";
    numbers, negations and signs agree.
    """
    prompt, answer = found.sides.made.left.content, found.sides.made.right.content
    same = agree & (prompt[rows] == prompt[kept]) & (answer[rows] == answer[kept])
    return _same_signs(found, kept, rows, same)


def _same_signs(
    found: Relations, kept: NDArray[np.int64], rows: NDArray[np.int64], asked: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether the raw texts have the same numbers and signs, for the pairs asked about; the others are False."""
    same = np.zeros(len(rows), np.bool_)
    examples = found.sides.examples
    for at in np.flatnonzero(asked).tolist():
        one, other = examples[kept[at]], examples[rows[at]]
        same[at] = same_signs(one.answer, other.answer) and same_signs(prompt_side(one), prompt_side(other))
    return same


LONG_ASK = (
    "The patient is a forty year old teacher who came in with a fever, a dry cough and aching limbs since Monday "
    "morning, and asks whether she may go back to school tomorrow. What should we tell her?"
)
LONG_ANSWER = (
    "Tell her to stay at home until a full day has passed without fever, to rest and drink enough, and to call again "
    "if breathing becomes hard or the fever climbs. She can return to school after that."
)

EXACT = Check(
    name="duplicates.exact",
    version=2,
    title="Examples that are equal, or equal but for case, punctuation and white space",
    run=_exact,
    catches=(
        (chat("What is a fever?", "A raised temperature."), chat("what is a  fever", "A raised temperature!")),
        (chat("熱とは何ですか。", "体温の上昇です。"), chat("熱とは何ですか", "体温の上昇です")),
    ),
    passes=(
        (chat("What is a fever?", "A raised temperature."), chat("What is a cough?", "A reflex.")),
        (chat("Dose for an adult?", "Give 5.0 mg."), chat("Dose for a child?", "Give 2.5 mg.")),
    ),
    about="Texts are brought to one form (NFKC, case, punctuation, white space). Equal rows of a file are one example "
    "and are reported with their lines. A copy in which a number, code or negation reads otherwise is not proposed for "
    "dropping; dropping is safe where all signs agree, too (1/2 and 1-2 do not).",
)
NEAR = Check(
    name="duplicates.near",
    version=2,
    title="Examples that say nearly the same, prompt and answer both",
    run=_near,
    catches=(
        (chat(LONG_ASK, LONG_ANSWER), chat(LONG_ASK.replace("aching limbs", "sore limbs"), LONG_ANSWER)),
        (chat("Which code fits a dry cough?", LONG_ANSWER), chat("Which code fits a dry coughs?", LONG_ANSWER)),
    ),
    passes=(
        (chat(LONG_ASK, LONG_ANSWER), chat(LONG_ASK, "No. She is contagious.")),
        (chat("Is it viral?", "Yes."), chat("Is it bacterial?", "No.")),
    ),
    about="MinHash bands find candidates; exact Jaccard similarity decides: word 3-grams at 0.70, character 5-grams at "
    "0.85 where a text has under 15 words. A row is proposed for dropping only where the whole, the prompt and the "
    "answer each reach the threshold against the row that stays, and no number, code or negation differs. Safe where "
    "prompt and answer also have the same words in the same order, but for such as the and please, and the same signs.",
)
