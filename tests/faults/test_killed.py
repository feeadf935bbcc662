"""A process killed at any moment leaves a workspace that opens, all that was confirmed, and nothing by halves."""

from __future__ import annotations

import pytest

from benchmarks.faults_driver import SCENES, Moment, Stage
from core.workspace import FOLDERS, Workspace

N_MOMENTS = 20
NAMED = [  # (scene, the step before which it is killed): what is between the two parts of an act
    ("import", "rename rows.parquet"),
    ("import", "rename manifest.json"),
    ("import", "insert into entries"),
    ("import", "write ledger.heads"),
    ("decide", "commit"),
    ("decide", "write ledger.heads"),
    ("accept", "commit"),
    ("export", "rename chats.holdout.jsonl"),
    ("export", "rename chats.manifest.json"),
    ("export", "insert into entries"),
]


@pytest.mark.parametrize("number", range(N_MOMENTS))
def test_a_kill_at_a_seeded_moment_loses_nothing_and_the_command_can_be_repeated(number: int, stage: Stage) -> None:
    outcome = stage.disturb(stage.moments(N_MOMENTS)[number])
    assert outcome.killed
    assert outcome.wrong == ()


@pytest.mark.parametrize("scene, step", NAMED)
def test_a_kill_between_the_parts_of_an_act_leaves_no_half_of_it(scene: str, step: str, stage: Stage) -> None:
    outcome = stage.disturb(Moment(scene, step=_number(stage, scene, step)))
    assert outcome.killed
    assert outcome.at.endswith(step)
    assert outcome.wrong == ()


def test_a_freeze_killed_between_its_object_and_the_ledger_shows_no_revision_until_it_is_repeated(stage: Stage) -> None:
    for step in ("rename manifest.json", "insert into entries"):
        outcome = stage.disturb(Moment("freeze", step=_number(stage, "freeze", step)))
        assert outcome.killed
        assert outcome.wrong == ()


def test_the_moments_are_spread_over_all_commands_and_their_whole_length(stage: Stage) -> None:
    moments = stage.moments(200)
    for scene in SCENES:
        shares = sorted(m.share for m in moments if m.scene == scene and m.share is not None)
        steps = sorted(m.step for m in moments if m.scene == scene and m.step is not None)
        assert shares[0] < 0.1 and shares[-1] > 0.9
        assert steps[0] < 0.1 * len(stage.steps[scene]) + 2 and steps[-1] > 0.9 * len(stage.steps[scene]) - 1


@pytest.mark.parametrize("folders", [0, 3, len(FOLDERS)])
def test_a_workspace_whose_making_was_cut_short_is_made_by_the_same_command(folders: int, stage: Stage) -> None:
    whole = stage.folder / f"init{folders}"
    Workspace.create(whole)
    (whole / "workspace.json").unlink()
    for name in FOLDERS[folders:]:
        (whole / name).rmdir()
    assert Workspace.create(whole).ledger.verify() == 0


def _number(stage: Stage, scene: str, step: str) -> int:
    """The number of the first step of that name; steps are counted alike in each run of a command."""
    return next(n for n, line in enumerate(stage.steps[scene], 1) if line.split(" ", 1)[1] == step)
