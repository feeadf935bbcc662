"""Studies that show one answer at a time and have it scored by the rubric: how answers become pairs for the statistics.

The desk deals with answers: each prompt gives two, one of each model, and a rater sees the second one only after the
first of every other prompt, so that nothing is compared by memory. Whoever reads the result deals with pairs, as in any
other study; only that nobody said which of the two is better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from core.errors import InputError
from core.rated import pair_id
from core.types import Rating
from core.workspace import Workspace
from evaluation.assign import item_order, tuned_sides
from evaluation.rating_votes import Held, Votes, votes
from evaluation.rubric import SIDES, Criterion, score_key
from evaluation.study import Item, Study, load_study

T = TypeVar("T")


def single_order(study: Study, raters: Sequence[str], who: str) -> tuple[str, ...]:
    """A rater's order: one answer of each prompt, then the other one of each, the prompts in the same order.

    Which model's answer comes first is balanced as the sides of pairs are: for each rater in half of the prompts, and
    for each prompt over every two raters.
    """
    by_prompt: dict[str, dict[str, Item]] = {}
    for item in study.items.values():
        by_prompt.setdefault(item.example_id, {})[item.model] = item
    prompts = list(by_prompt)
    everybody = list(raters) if who in raters else [*raters, who]
    sides = tuned_sides(study.seed, prompts, everybody, who)
    kinds = [next(iter(both.values())).stratum for both in by_prompt.values()]
    order = item_order(study.seed, prompts, who, kinds)
    first = ["tuned" if sides[one] == "left" else "base" for one in order]
    second = ["base" if model == "tuned" else "tuned" for model in first]
    return tuple(
        by_prompt[one][model].id for models in (first, second) for one, model in zip(order, models, strict=True)
    )


def check_single(rating: Rating, criteria: Sequence[Criterion]) -> None:
    """Refuse what cannot be said about one answer alone.

    Raises:
        InputError: A verdict other than a skip, a mark on a right side, or a criterion that was left out.
    """
    verdict, scores = rating.verdict, rating.scores
    if any(key.partition(".")[0] != SIDES[0] for marks in (scores, rating.flags, rating.points) for key in marks):
        raise InputError("This study shows one answer at a time.", f"Name it {SIDES[0]} in every mark.")
    if verdict == "skip":
        return
    if verdict is not None:
        raise InputError("This study shows one answer at a time: there is no side to choose.", "Score it, or skip it.")
    wanted = [score_key(SIDES[0], criterion.name) for criterion in criteria]
    if strange := sorted(scores.keys() - set(wanted)):
        raise InputError(f'"{strange[0]}" is not scored in this study.', f"Scored are: {', '.join(wanted)}.")
    missing = [criterion.title for criterion in criteria if score_key(SIDES[0], criterion.name) not in scores]
    if missing:
        raise InputError(f"Not scored yet: {', '.join(missing)}.", "Give each a score, or N/A where it does not apply.")


def study_for_results(workspace: Workspace, study_id: str) -> tuple[Study, Votes]:
    """A study and its votes as everything that reads results wants them: by pair, whichever way they were shown.

    Raises:
        FinetoothError: There is no such study.
    """
    study, folded = load_study(workspace, study_id), votes(workspace, study_id)
    return (as_pairs(study), _paired(study, folded)) if study.single else (study, folded)


def as_pairs(study: Study) -> Study:
    """The same study with one item a prompt that holds both answers; a study of pairs is left as it is."""
    if not study.single:
        return study
    answers: dict[str, dict[str, Item]] = {}
    for item in study.items.values():
        answers.setdefault(pair_id(study.id, item.example_id), {})[item.model] = item
    items = {
        one: replace(both["tuned"], id=one, base=both["base"].base, model="") for one, both in sorted(answers.items())
    }
    return replace(study, items=items)


def _paired(study: Study, folded: Votes) -> Votes:
    """Votes on answers as votes on pairs: the tuned model's answer on the left, what was skipped left out."""
    held: dict[tuple[str, str], Held] = {}
    for (one, who), said in folded.held.items():
        item = study.items.get(one)
        if item is None or not said.counts:
            continue
        pair = (pair_id(study.id, item.example_id), who)
        side = SIDES[0] if item.model == "tuned" else SIDES[1]
        before = held.get(pair, Held(tuned="left"))
        held[pair] = replace(
            before,
            scores={**before.scores, **_on(side, said.scores)},
            flags={**before.flags, **_on(side, said.flags)},
            points={**before.points, **_on(side, said.points)},
            note="\n".join(note for note in (before.note, said.note) if note),
            entries=(*before.entries, *said.entries),
        )
    return replace(folded, held=held)


def _on(side: str, marks: Mapping[str, T]) -> dict[str, T]:
    """Marks under the keys of a side, whichever side they were made on."""
    return {f"{side}.{key.partition('.')[2]}": value for key, value in marks.items()}
