"""What a study draws by itself: pairs of equal answers, gold pairs from earlier rounds, and what its order balances."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from core.errors import InputError
from core.types import Message
from core.workspace import Workspace
from evaluation.assign import sample
from evaluation.corrections import KIND as CORRECTION
from evaluation.corrections import corrections
from evaluation.rating_votes import votes
from evaluation.stats import outcome_of
from evaluation.study_checks import Check

AGREED_BY = 2
"""Raters who must have judged a pair of an earlier round, all of them alike, before it is taken for gold."""


def equal_pairs(rows: pl.DataFrame, picked: Sequence[str], n: int, seed: int) -> list[Check]:
    """Pairs whose two answers are the same text: who prefers one of them sees what is not there.

    Drawn from prompts that the study does not show otherwise, those that both models answered alike first.

    Args:
        rows: An evaluation's answered rows.
        picked: Example ids of the study's own pairs.
        n: How many.
        seed: Of the draw.

    Raises:
        InputError: There are not so many other prompts.
    """
    own = set(picked)
    spare = [row for row in rows.iter_rows(named=True) if row["example_id"] not in own and row["tuned_reply"].strip()]
    if n > len(spare):
        raise InputError(
            f"{n} pairs of equal answers do not fit: {len(spare)} answered prompts are left beside the study's own.",
            "Ask for fewer of them, or for fewer pairs.",
        )
    by_id = {row["example_id"]: row for row in spare}
    alike = [one for one, row in by_id.items() if row["base_reply"].strip() == row["tuned_reply"].strip()]
    others = [one for one in by_id if one not in set(alike)]
    chosen = [*sample(seed, alike, n), *sample(seed, others, n)][:n]
    return [_equal(by_id[one]) for one in chosen]


def _equal(row: Mapping[str, Any]) -> Check:
    return Check("equal", _turns(row), row["tuned_reply"], row["tuned_reply"])


def _turns(row: Mapping[str, Any]) -> tuple[Message, ...]:
    return tuple(Message(turn["role"], turn["content"]) for turn in json.loads(row["prompt"]))


def agreed_pairs(
    workspace: Workspace,
    earlier: Iterable[Any],
    *,
    settled: Mapping[str, tuple[str, str]] | None = None,
    without: Iterable[str] = (),
) -> list[Check]:
    """Pairs of closed studies that at least :data:`AGREED_BY` raters judged, all for the same answer: gold.

    Args:
        workspace: Where the votes are.
        earlier: The closed studies, oldest first.
        settled: Pairs that somebody settled for one answer afterwards: outcome (``win`` or ``loss``) and why, by id.
        without: Example ids that are not wanted, such as those that a new study shows itself.
    """
    unwanted, found = set(without), dict[tuple[Message, ...], Check]()
    for study in earlier:
        said: dict[str, list[str]] = {}
        for (item, _), held in votes(workspace, study.id).held.items():
            if held.verdict is not None and held.counts:
                said.setdefault(item, []).append(outcome_of(held.verdict, held.tuned))
        sure = {
            one: (outcomes[0], f"All {len(outcomes)} raters of an earlier study chose it.")
            for one, outcomes in said.items()
            if len(outcomes) >= AGREED_BY and set(outcomes) in ({"win"}, {"loss"})
        }
        sure |= {one: word for one, word in (settled or {}).items() if one in study.items}
        for item_id, (outcome, why) in sorted(sure.items()):
            item = study.items.get(item_id)
            if item is None or item.example_id in unwanted:
                continue
            better, worse = (item.tuned, item.base) if outcome == "win" else (item.base, item.tuned)
            if better.strip() and worse.strip():
                found[item.prompt] = Check("gold", item.prompt, better, worse, why)
    return list(found.values())


def corrected_pairs(workspace: Workspace, *, without: Iterable[str] = ()) -> list[Check]:
    """Gold from answers that experts wrote in the place of a tuned model's: theirs is the better one.

    Args:
        workspace: Where evaluations and corrections are.
        without: Example ids that are not wanted.
    """
    unwanted, found = set(without), list[Check]()
    for evaluation_id in sorted({str(e.payload["evaluation_id"]) for e in workspace.ledger.entries(CORRECTION)}):
        known = corrections(workspace, evaluation_id)
        rows = workspace.objects.frame(evaluation_id).filter(pl.col("example_id").is_in(list(known)))
        for row in rows.iter_rows(named=True):
            text, answered = known[row["example_id"]].text, row["tuned_reply"] or ""
            if row["example_id"] not in unwanted and answered.strip() and answered.strip() != text:
                why = f"{known[row['example_id']].who} wrote it as the right answer."
                found.append(Check("gold", _turns(row), text, answered, why))
    return found


def strata(slices: Mapping[str, frozenset[str]], example_ids: Sequence[str]) -> dict[str, str]:
    """The slice by which each example is spread over a rater's order; examples in none are not in it.

    The first field (by name) that the examples carry; their source only where there is no other.
    """
    fields = sorted({name.partition(": ")[0] for name in slices}, key=lambda field: (field == "source", field))
    for field in fields:
        own = {name: ids for name, ids in slices.items() if name.partition(": ")[0] == field}
        found = {one: name for name, ids in reversed(own.items()) for one in example_ids if one in ids}
        if len(set(found.values())) > 1:
            return found
    return {}
