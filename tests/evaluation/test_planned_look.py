"""Whether the votes are enough is said at the planned look, and never before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.types import Rating
from core.workspace import Workspace
from evaluation.gate import NOT_WORSE
from evaluation.planned_look import planned_look
from evaluation.power import detectable_win_rate, prompts_needed
from evaluation.rating import next_item, record_rating
from evaluation.results import study_results
from evaluation.study import Study, close_study, create_study, load_study
from tests.evaluation.workspace_with_run import stored_evaluation


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


@pytest.fixture
def study(workspace: Workspace) -> Study:
    return load_study(workspace, create_study(workspace, stored_evaluation(workspace, 12), n_items=12))


def said(study: Study, votes: int, low: float | None, high: float | None, *, is_open: bool = False) -> dict[str, Any]:
    rate = {"value": 0.58, "low": low, "high": high}
    return planned_look(study, {"votes": votes, "wanted": 24}, rate, is_open=is_open)


def test_before_the_planned_look_nothing_is_said_to_be_enough(study: Study) -> None:
    early = said(study, 23, 0.9, 0.99, is_open=True)
    assert (early["reached"], early["enough"]) == (False, None) and "looks once" in early["sentence"]
    stopped = said(study, 23, 0.9, 0.99)
    assert stopped["enough"] is None and "Closed when 23 of 24 planned votes are in" in stopped["sentence"]


def test_at_the_planned_look_the_interval_says_whether_the_votes_are_enough(study: Study) -> None:
    assert said(study, 24, 0.52, 0.7)["enough"] is True
    assert said(study, 24, 0.2, 0.4)["enough"] is True, "that it lost is settled, too"
    open_end = said(study, 24, 0.45, 0.7)
    assert open_end["enough"] is False and "needs about 155 pairs" in open_end["sentence"]
    assert said(study, 24, None, None)["enough"] is None
    lenient = replace(study, rule=NOT_WORSE)
    assert said(lenient, 24, 0.46, 0.7)["enough"] is True


def test_the_number_of_pairs_needed_is_what_detects_the_rate() -> None:
    for rate in (0.55, 0.6, 0.7):
        for raters in (1, 2, 3):
            n = prompts_needed(rate, raters)
            assert n is not None
            assert detectable_win_rate(n, raters) <= rate + 1e-9 < detectable_win_rate(n - 1, raters) + 1e-6
    assert prompts_needed(0.5, 2) is None and prompts_needed(0.99, 2) is None
    assert prompts_needed(0.4, 2) == prompts_needed(0.6, 2)


def test_results_say_it(workspace: Workspace, study: Study) -> None:
    for who in ("ann", "bob"):
        while (shown := next_item(workspace, study.id, who)) is not None:
            side = "left" if shown.left.startswith("Second") else "right"
            record_rating(workspace, Rating(f"{who}{shown.item_id}", shown.item_id, who, side))
            assert study_results(workspace, study.id)["look"]["enough"] in (None, True)
    close_study(workspace, study.id)
    look = study_results(workspace, study.id)["look"]
    assert look["enough"] is True and "All 24 planned votes are in, and they are enough" in look["sentence"]
