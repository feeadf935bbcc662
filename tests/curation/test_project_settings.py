"""A workspace's own thresholds: kept in its file, on the record, and used by every check there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import command_line
from core.errors import InputError
from core.workspace import Workspace
from curation import actions, checking, queries
from curation.project_settings import read_settings, set_thresholds
from curation.runner import Settings

TEXT = "the quick brown fox jumps over one lazy dog while seven grey cats sleep under some old oak trees today"
WORDS = TEXT.split()


@pytest.fixture
def project(tmp_path: Path) -> Workspace:
    """Three rows: an answer, the same with its last four words changed (similarity 0.64), and another one."""
    workspace = Workspace.create(tmp_path / "project")
    ask = " ".join(WORDS[::-1])
    texts = [" ".join(WORDS), " ".join([*WORDS[:-4], "a", "red", "bus", "stop"]), " ".join(sorted(WORDS))]
    source = tmp_path / "rows.jsonl"
    source.write_text("".join(json.dumps({"prompt": ask, "completion": text}) + "\n" for text in texts))
    actions.import_file(workspace, source, who="Ana")
    return workspace


def test_without_a_file_the_defaults_hold(project: Workspace) -> None:
    assert read_settings(project) == Settings()


def test_a_threshold_is_kept_and_recorded_with_what_it_was(project: Workspace) -> None:
    assert set_thresholds(project, 0.6, 0.8, "Ana")
    assert (read_settings(project).near_threshold, read_settings(project).short_threshold) == (0.6, 0.8)
    (entry,) = project.ledger.entries("settings")
    assert entry.who == "Ana"
    assert entry.payload["near_threshold"] == 0.6
    assert entry.payload["before"] == {"near_threshold": 0.7, "short_threshold": 0.85}
    assert project.ledger.verify() == len(project.ledger.entries())


def test_setting_what_holds_already_records_nothing(project: Workspace) -> None:
    assert not set_thresholds(project, 0.7, 0.85, "Ana")
    assert not project.ledger.entries("settings")
    assert not (project.path / "finetooth.toml").exists()


def test_comments_and_other_settings_stay(project: Workspace) -> None:
    path = project.path / "finetooth.toml"
    above = "# ours\n[training]\nepochs = 2  # enough\n\n[check]\nmin_group = 30 # few rows\n"
    path.write_text(f"{above}near_threshold = 0.75 # tried\n")
    set_thresholds(project, 0.65, 0.9, "Ana")
    assert path.read_text() == f"{above}near_threshold = 0.65 # tried\nshort_threshold = 0.9\n"
    assert read_settings(project).min_group == 30


@pytest.mark.parametrize("near", [0.0, -0.5, 1.01, float("nan")])
def test_an_impossible_threshold_is_refused(project: Workspace, near: float) -> None:
    with pytest.raises(InputError, match="is not possible"):
        set_thresholds(project, near, 0.85, "Ana")


def test_a_file_that_cannot_be_read_is_left_alone(project: Workspace) -> None:
    path = project.path / "finetooth.toml"
    path.write_text("[check\n")
    with pytest.raises(InputError, match="not a TOML file"):
        set_thresholds(project, 0.6, 0.8, "Ana")
    assert path.read_text() == "[check\n"
    assert not project.ledger.entries("settings")


def test_a_check_of_the_workspace_uses_its_thresholds(project: Workspace) -> None:
    checking.check(project, only=["duplicates"])
    assert queries.findings(project, checks=("duplicates.near",)).total == 0
    set_thresholds(project, 0.6, 0.85, "Ana")
    checking.check(project, only=["duplicates"])
    assert queries.findings(project, checks=("duplicates.near",)).total == 1


def test_so_does_the_command_unless_it_names_another_file(project: Workspace, tmp_path: Path) -> None:
    set_thresholds(project, 0.6, 0.85, "Ana")

    def near(*more: str) -> int:
        arguments = ["check", "--only", "duplicates", "--workspace", str(project.path), "--json", *more]
        done = CliRunner().invoke(command_line(), arguments)
        assert done.exit_code == 0, done.output
        return int(json.loads(done.stdout)["counts"]["duplicates.near"])

    assert near() == 1
    other = tmp_path / "strict.toml"
    other.write_text("[check]\nnear_threshold = 0.9\n")
    assert near("--config", str(other)) == 0
