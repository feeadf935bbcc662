"""How far the review is: what is left, at what pace, and how each finding was settled."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.workspace import Workspace
from curation import actions, adopt, batches, cache, progress
from curation.queries import Filter
from tests.curation.reviewed import answer, emails, reviewed_template, ward

__all__ = ["reviewed_template", "ward"]


def of(workspace: Workspace, check: str) -> progress.Settled:
    """The line of one check."""
    return next(row for row in progress.settled(workspace) if row.check == check)


def test_each_way_of_settling_is_counted(ward: Workspace) -> None:
    kept, dropped, edited, fixed, gone_with_it = emails(ward)[:5]
    actions.keep_finding(ward, kept.id, who="Ana")
    actions.decide(ward, dropped.finding.example_id, "drop", who="Ana", finding_id=dropped.id)
    text = answer(ward, edited.finding.example_id, "Ask the desk.")
    actions.edit(ward, edited.finding.example_id, text, who="Ana", finding_id=edited.id)
    actions.accept(ward, fixed.id, who="Ana")
    actions.decide(ward, gone_with_it.finding.example_id, "drop", who="Ana")  # for another reason
    line = of(ward, "privacy.email")
    assert (line.open, line.kept, line.dropped, line.edited, line.fixed, line.gone) == (5, 1, 2, 1, 1, 0)
    assert line.total == 10


def test_an_undo_makes_it_open_again_and_a_new_cache_counts_the_same(ward: Workspace) -> None:
    view = emails(ward)[0]
    actions.accept(ward, view.id, who="Ana")
    assert of(ward, "privacy.email").fixed == 1
    with cache.synced(ward).writing() as connection:
        connection.execute("DELETE FROM facts WHERE name IN ('ledger_seq', 'ledger_hash')")
        for table in ("ways", "acts", "deciders", "disputes"):
            connection.execute(f"DELETE FROM {table}")
    assert of(ward, "privacy.email").fixed == 1
    actions.undo(ward, who="Ana")
    assert (of(ward, "privacy.email").open, of(ward, "privacy.email").fixed) == (10, 0)


def times(*gaps_s: float) -> list[str]:
    """Times with these gaps between them."""
    at = datetime(2026, 5, 1, 9, tzinfo=UTC)
    moments = [at]
    for gap in gaps_s:
        moments.append(moments[-1] + timedelta(seconds=gap))
    return [moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for moment in moments]


def test_the_pace_is_that_of_work_and_a_lunch_break_does_not_change_it() -> None:
    steady = progress.pace_of(times(10, 12, 8, 10, 10, 10))
    paused = progress.pace_of(times(10, 12, 8, 3_600, 10, 10, 10, 86_400))
    assert steady is not None and paused is not None
    assert steady.seconds == paused.seconds == 10
    assert (steady.n_acts, steady.n_pauses, paused.n_acts, paused.n_pauses) == (6, 0, 6, 2)
    assert progress.time_left_s(360, paused) == 3_600


def test_no_pace_is_told_of_too_few_acts() -> None:
    assert progress.pace_of([]) is None
    assert progress.pace_of(times(10, 10)) is None
    assert progress.pace_of(times(9_000, 9_000, 9_000, 9_000, 9_000, 9_000)) is None


def test_a_batch_counts_as_one_act_and_each_person_has_a_pace_of_their_own(ward: Workspace) -> None:
    for view in emails(ward)[:8]:
        actions.keep_finding(ward, view.id, who="Ana")
    found = progress.pace(ward, "Ana")
    assert found is not None and found.n_acts == 7
    assert progress.pace(ward, "Ben") is None
    which = Filter(checks=("privacy.email",))
    batches.apply_to_all(ward, which, batches.select(ward, which, "keep"), who="Ana")
    again = progress.pace(ward, "Ana")
    assert again is not None and again.n_acts == 8


def test_decisions_taken_over_from_another_workspace_do_not_make_a_person_look_fast(
    ward: Workspace, tmp_path: Path
) -> None:
    shutil.copytree(ward.path, tmp_path / "elsewhere")
    elsewhere = Workspace.open(tmp_path / "elsewhere")
    for view in emails(elsewhere):
        actions.keep_finding(elsewhere, view.id, who="Ana")
    assert progress.pace(elsewhere, "Ana") is not None
    assert adopt.adopt(ward, elsewhere) == 10
    assert of(ward, "privacy.email").kept == 10
    assert progress.pace(ward, "Ana") is None, "nobody has decided anything here"
