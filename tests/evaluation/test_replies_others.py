"""Answers of any other model, from a file or an endpoint, are measured on the same prompts as the tuned model's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.endpoint import Endpoint
from core.errors import CancelledError, FinetoothError, InputError
from core.workspace import Workspace
from evaluation.replies_others import ask_endpoint, asked, bring_in
from tests.evaluation.workspace_with_run import stored_evaluation
from tests.fake_endpoint import serving


@pytest.fixture(name="workspace")
def workspace_(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


def test_an_endpoint_answers_the_prompts_of_an_evaluation_and_is_measured(workspace: Workspace, tmp_path: Path) -> None:
    evaluation_id = stored_evaluation(workspace)
    prompts = asked(workspace, evaluation_id)
    assert len(prompts) == 12
    path = tmp_path / "answers.jsonl"
    with serving(lambda body: body["messages"][-1]["content"].replace("Question", "Reference")[:-1] + ".") as (
        url,
        heard,
    ):
        assert ask_endpoint(Endpoint(url, "other"), prompts, path, max_new_tokens=9) == 12
        assert ask_endpoint(Endpoint(url, "other"), prompts, path, max_new_tokens=9) == 0
    assert len(heard) == 12 and {one["max_tokens"] for one in heard} == {9}
    found = bring_in(workspace, evaluation_id, path, source="other-7b")
    assert (found["n"], found["n_missing"], found["rejected"]) == (12, 0, [])
    exact = found["metrics"]["exact_match"]
    assert (exact["other"]["value"], exact["tuned"]["value"]) == (1.0, 0.0)
    assert found["metrics"]["truncated_share"]["other"]["value"] is None or "tuned" in exact
    frame = workspace.objects.frame(found["replies_id"])
    assert frame["exact_match"].to_list() == [1.0] * 12 and frame["truncated"].to_list() == [False] * 12


def test_an_interrupted_endpoint_is_not_asked_twice(workspace: Workspace, tmp_path: Path) -> None:
    prompts = asked(workspace, stored_evaluation(workspace))
    path = tmp_path / "answers.jsonl"

    def stop(_stage: str, done: int, _total: int | None) -> None:
        if done == 5:
            raise CancelledError("stopped")

    with serving(lambda _: "Yes.") as (url, heard):
        with pytest.raises(CancelledError):
            ask_endpoint(Endpoint(url, "m"), prompts, path, max_new_tokens=9, progress=stop)
        path.write_bytes(path.read_bytes()[:-4])
        assert ask_endpoint(Endpoint(url, "m"), prompts, path, max_new_tokens=9) == 8
    assert len(heard) == 13
    assert [json.loads(line)["prompt_id"] for line in path.read_text().splitlines()] == list(prompts)


def test_an_endpoint_that_refuses_is_an_error_that_keeps_what_it_said_before(
    workspace: Workspace, tmp_path: Path
) -> None:
    prompts = asked(workspace, stored_evaluation(workspace))
    path = tmp_path / "answers.jsonl"
    left = iter([200, 200])
    with serving(lambda _: "Yes." if next(left, 0) else 401) as (url, _), pytest.raises(FinetoothError, match="401"):
        ask_endpoint(Endpoint(url, "m"), prompts, path, max_new_tokens=9)
    assert len(path.read_text().splitlines()) == 2


def test_a_file_of_answers_is_measured_and_what_it_lacks_is_counted(workspace: Workspace, tmp_path: Path) -> None:
    evaluation_id = stored_evaluation(workspace)
    path = tmp_path / "answers.jsonl"
    path.write_text('{"prompt_id": "example-0", "text": "Reference 0."}\n{"prompt_id": "nobody", "text": "x"}\n')
    found = bring_in(workspace, evaluation_id, path, source="theirs")
    assert (found["n"], found["n_missing"]) == (1, 11)
    assert [one["line"] for one in found["rejected"]] == [2]
    assert found["metrics"]["truncated_share"]["n"] == 0
    with pytest.raises(InputError, match="cannot be the name"):
        bring_in(workspace, evaluation_id, path, source="tuned")
