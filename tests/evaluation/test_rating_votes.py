"""What is counted from votes as they come is what a fresh reading of the whole ledger counts."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.types import Rating
from core.workspace import Workspace
from evaluation import rating_votes
from evaluation.rating import next_item, record_rating, undo_rating, votes
from evaluation.rating_votes import Votes
from evaluation.study import create_study
from evaluation.study_checks import Check
from tests.evaluation.test_rating_deck import GOLD, PRACTICE
from tests.evaluation.workspace_with_run import stored_evaluation

CHECKS: tuple[Check, ...] = (*GOLD, PRACTICE)


def counted(folded: Votes) -> object:
    """All that is kept beside the votes, with the order in which a rater voted."""
    mine = {who: list(folded.of(who).items()) for who in folded.raters}
    return dict(folded.judgements()), mine, folded.held, folded.checks, folded.withdrawals


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**16))
def test_counts_kept_while_voting_equal_those_of_a_fresh_reading(seed: int) -> None:
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.create(Path(folder) / "w")
        made = create_study(workspace, stored_evaluation(workspace, 14), n_items=14, n_repeats=2, checks=CHECKS)
        for k in range(40):
            who = draw.choice(["ann", "bob"])
            item = next_item(workspace, made, who)
            if item is None or draw.random() < 0.2:
                undo_rating(workspace, made, who)
                continue
            verdict = draw.choice(["left", "tie", "skip", None])
            scores = {"left.accuracy": 3} if verdict is None else {}
            record_rating(workspace, Rating(f"{who}-{k}", item.item_id, who, verdict, scores))
            kept = votes(workspace, made)
            if k % 5 == 0:
                rating_votes._folds.clear()
                assert counted(votes(workspace, made)) == counted(kept)


def test_a_copy_does_not_change_with_later_votes(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    made = create_study(workspace, stored_evaluation(workspace, 4), n_items=4)
    item = next_item(workspace, made, "ann")
    assert item is not None
    before = votes(workspace, made)
    record_rating(workspace, Rating("a", item.item_id, "ann", "left"))
    assert (before.judged(item.item_id), votes(workspace, made).judged(item.item_id)) == (0, 1)
    assert not before.of("ann")
    with pytest.raises(TypeError):
        before.judgements()["x"] = 1  # type: ignore[index]
