"""Settling what raters disagreed on, and what a closed study exports beside its votes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import FinetoothError, InputError
from core.types import Rating
from core.workspace import Workspace
from evaluation.adjudication import REASONS, disputed, settle, settled
from evaluation.guesses import next_guess, record_guess
from evaluation.rating import next_item, record_rating, votes
from evaluation.results import study_results
from evaluation.round_files import export_round
from evaluation.study import agreed, close_study, create_study, load_study
from tests.evaluation.test_rating_deck import GOLD, PRACTICE
from tests.evaluation.workspace_with_run import stored_evaluation

N = 14


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


@pytest.fixture
def study_id(workspace: Workspace) -> str:
    """Three raters: ann is for the tuned model always, bob never, carl on every second pair; all on the first two."""
    checks = (*GOLD, PRACTICE)
    stored = stored_evaluation(workspace, N + 3, same=1)
    made = create_study(workspace, stored, n_items=N, raters_per_item=3, n_repeats=2, n_equals=1, checks=checks)
    study = load_study(workspace, made)
    order = sorted(study.items)
    for who in ("ann", "bob", "carl"):
        while (item := next_item(workspace, made, who)) is not None:
            base = study.repeats.get(item.item_id, item.item_id)
            place = order.index(base) if base in order else 0
            for_tuned = who == "ann" or place < 2 or (who == "carl" and place % 2 == 0)
            tuned = "left" if item.left.startswith(("Second", "A0", "R50")) else "right"
            verdict = tuned if for_tuned else {"left": "right", "right": "left"}[tuned]
            record_rating(workspace, Rating(f"{who}-{item.item_id}", item.item_id, who, verdict))
    return made


def test_pairs_with_the_lowest_agreement_come_first_and_agreed_ones_not_at_all(
    workspace: Workspace, study_id: str
) -> None:
    with pytest.raises(FinetoothError, match="open"):
        disputed(workspace, study_id)
    close_study(workspace, study_id)
    found = disputed(workspace, study_id)
    assert len(found) == N - 2 and all(one.agreement == pytest.approx(1 / 3) for one in found)
    assert [one.item.id for one in found] == sorted(one.item.id for one in found)
    assert all(sum(one.outcomes.values()) == 3 for one in found)


def test_what_is_settled_changes_no_vote_and_a_settled_mistake_makes_gold(workspace: Workspace, study_id: str) -> None:
    close_study(workspace, study_id)
    before = study_results(workspace, study_id)
    first, second, third = (one.item for one in disputed(workspace, study_id)[:3])
    n_agreed = len(agreed(workspace))
    settle(workspace, first.id, "loss", "mistake", note="The code is of another chapter.", who="Lea")
    settle(workspace, second.id, "win", "taste", who="Lea")
    settle(workspace, third.id, "win", "mistake", who="Lea", action_id="once")
    settle(workspace, third.id, "win", "mistake", who="Lea", action_id="once")
    settle(workspace, third.id, "both_bad", "mistake", who="Ben")
    known = settled(workspace, study_id)
    assert (known[third.id].outcome, known[third.id].who) == ("both_bad", "Ben"), "the last word stands"
    assert len(workspace.ledger.entries("adjudication")) == 4, "earlier ones stay in the ledger"
    assert study_results(workspace, study_id)["preference"] == before["preference"]
    gold = {check.prompt: check for check in agreed(workspace)}
    assert len(gold) == n_agreed + 1
    assert (gold[first.prompt].better, gold[first.prompt].worse) == (first.base, first.tuned)
    assert gold[first.prompt].why == "The code is of another chapter."


def test_a_settlement_has_a_reason_and_is_about_a_disputed_pair(workspace: Workspace, study_id: str) -> None:
    item = sorted(load_study(workspace, study_id).items)[-1]
    with pytest.raises(FinetoothError, match="open"):
        settle(workspace, item, "win", "mistake", who="Lea")
    close_study(workspace, study_id)
    agreed_on = sorted(load_study(workspace, study_id).items)[0]
    for one, outcome, reason in ((item, "left", "mistake"), (item, "win", ""), (item, "win", "other")):
        with pytest.raises(InputError):
            settle(workspace, one, outcome, reason, who="Lea")
    with pytest.raises(InputError, match="did not disagree"):
        settle(workspace, agreed_on, "win", "mistake", who="Lea")
    assert "other" in REASONS and not settled(workspace, study_id)


def test_a_closed_study_exports_votes_that_test_raters_guesses_and_what_was_settled(
    workspace: Workspace, study_id: str, tmp_path: Path
) -> None:
    asked = next_guess(workspace, study_id, "ann")
    assert asked is not None
    record_guess(workspace, asked.item_id, "ann", "left")
    names = {path.name for path in export_round(workspace, study_id, tmp_path / "open")}
    assert not names & {"rating_checks.jsonl", "guesses.jsonl", "settled.jsonl"}, "they would tell which is which"
    close_study(workspace, study_id)
    settle(workspace, disputed(workspace, study_id)[0].item.id, "tie", "question", who="Lea")
    export_round(workspace, study_id, tmp_path / "closed")

    def lines(name: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in (tmp_path / "closed" / name).read_text().splitlines()]

    checks = lines("rating_checks.jsonl")
    assert len(checks) == len(votes(workspace, study_id).checks) == 3 * (2 + 2 + 1 + 1)
    by_kind = {kind: [row for row in checks if row["kind"] == kind] for kind in ("gold", "training", "equal", "repeat")}
    assert {kind: len(rows) for kind, rows in by_kind.items()} == {"gold": 6, "training": 3, "equal": 3, "repeat": 6}
    assert all(row["right"] is True for row in by_kind["gold"] if row["rater"] == "ann")
    assert all(row["right"] is True and row["of"] for row in by_kind["repeat"]), "everybody held their opinion"
    assert all(row["right"] is False and row["better"] is None for row in by_kind["equal"])
    assert [row["guess"] for row in lines("guesses.jsonl")] == ["left"]
    assert [row["reason"] for row in lines("settled.jsonl")] == ["question"]
