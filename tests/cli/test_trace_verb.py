"""``finetooth trace``: corrections by the start of an id, notes in words, one list of traces as JSON, and to review."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner

from cli.main import command_line
from core.errors import InputError
from core.workspace import Workspace
from curation import queries, traced
from evaluation import study
from tests.flows.test_trace import evaluated, lost, template  # noqa: F401  (fixtures)


def run(workspace: Workspace, *words: str) -> Any:
    command = ["trace", *words, "--workspace", str(workspace.path)]
    return CliRunner().invoke(command_line(command), command)


def test_a_failed_prompt_is_corrected_traced_and_sent_to_review(
    lost: tuple[Workspace, str, str],  # noqa: F811
) -> None:
    workspace, study_id, example_id = lost
    study.close_study(workspace, study_id)
    said = run(workspace, "--neighbours", "2").stdout
    assert f"{example_id[:12]}: both bad (1 of 1)" in said and "with a correction the trace is stronger" in said
    correction = f"{example_id[:12]}=It is on floor 3."
    done = run(workspace, "--neighbours", "2", "--correct", correction, "--send", "--who", "Ana", "--json")
    (found,) = json.loads(done.stdout)
    assert (found["by"], found["correction"]) == ("contrast", "It is on floor 3.")
    sent = {view.finding.example_id for view in queries.findings(workspace, checks=(traced.CHECK,)).items}
    assert sent == {one["example_id"] for one in found["neighbours"]} and len(sent) == 2
    assert [entry.who for entry in workspace.ledger.entries("correction")] == ["Ana"]


def test_a_correction_of_no_failed_prompt_is_refused_and_none_is_kept(
    lost: tuple[Workspace, str, str],  # noqa: F811
) -> None:
    workspace, study_id, example_id = lost
    study.close_study(workspace, study_id)
    refused = run(workspace, "--correct", f"{example_id[:12]}=Floor 3.", "--correct", "zzz=Floor 4.").exception
    assert isinstance(refused, InputError) and "'zzz' names 0 of the failed prompts" in refused.message
    assert not workspace.ledger.entries("correction")


def test_while_a_study_is_open_only_who_chose_to_look_is_told_which_answers_failed(
    lost: tuple[Workspace, str, str],  # noqa: F811
) -> None:
    workspace, study_id, example_id = lost
    refused = run(workspace, "--who", "Ana")
    assert "The study is open" in str(refused.exception) and example_id[:12] not in refused.output
    study.record_peek(workspace, study_id, who="Ana")
    assert example_id[:12] in run(workspace, "--who", "Ana", "--neighbours", "1").stdout
    assert "The study is open" in str(run(workspace, "--who", "Ben").exception)


def test_answers_that_got_worse_are_traced_without_a_study(
    evaluated: Workspace,  # noqa: F811
) -> None:
    found = json.loads(run(evaluated, "--worse", "2", "--neighbours", "1", "--json").stdout)
    assert len(found) == 2 and all("became less likely" in one["why"][0] for one in found)
