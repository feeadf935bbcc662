"""Work that was interrupted is said with what is kept of it, goes on where it stopped, and can be thrown away."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import command_line
from core.errors import CancelledError, FinetoothError, InputError
from core.jobs import InlineContext
from core.workspace import Workspace
from evaluation import unfinished
from flows.others import run_replies
from tests.evaluation.workspace_with_run import stored_evaluation
from tests.fake_endpoint import serving


@pytest.fixture(name="workspace")
def workspace_(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


class Stopped(InlineContext):
    """A context in which the work is stopped after five answers."""

    def progress(self, stage: str, done: int, total: int | None) -> None:
        if done == 5:
            raise CancelledError("stopped")


def test_answers_of_an_endpoint_go_on_after_a_stop_and_nothing_stays_behind(
    workspace: Workspace, tmp_path: Path
) -> None:
    with serving(lambda _: "Yes.") as (url, heard):
        spec = {
            **{"workspace": str(workspace.path), "evaluation_id": stored_evaluation(workspace)},
            **{"source": "Rival-7", "url": url, "max_new_tokens": 9},
        }
        with pytest.raises(CancelledError):
            run_replies(Stopped(spec, tmp_path / "a"))
        (one,) = unfinished.left(workspace)
        assert (one.title, one.n_kept, one.n_wanted) == ("Answers of Rival-7", 5, 12)
        assert one.sentence().startswith("Answers of Rival-7: 5 of 12 answers kept since 20")
        assert (one.kind, one.target) == ("replies", "flows.others:run_replies")
        found = run_replies(InlineContext(dict(one.spec), tmp_path / "b"))
        assert (found["n"], found["n_missing"], len(heard)) == (12, 0, 12)
        assert found["speed"]["tokens_per_second"] > 0 and found["speed"]["truncated"] == 0
        assert unfinished.left(workspace) == [] and not list((workspace.path / unfinished.FOLDER).iterdir())
        assert run_replies(InlineContext(spec, tmp_path / "c"))["replies_id"] == found["replies_id"]
        assert len(heard) == 12


def test_an_endpoint_that_breaks_off_leaves_work_that_is_said(workspace: Workspace, tmp_path: Path) -> None:
    left = iter([200, 200, 200])
    with serving(lambda _: "Yes." if next(left, 0) else 401) as (url, _):
        spec = {
            **{"workspace": str(workspace.path), "evaluation_id": stored_evaluation(workspace)},
            **{"source": "Rival-7", "url": url, "max_new_tokens": 9},
        }
        with pytest.raises(FinetoothError, match="401"):
            run_replies(InlineContext(spec, tmp_path / "a"))
    (one,) = unfinished.left(workspace)
    assert one.n_kept == 3
    words = ["status", "--workspace", str(workspace.path)]
    assert "Not ended: Answers of Rival-7: 3 of 12" in CliRunner().invoke(command_line(words), words).stdout
    unfinished.discard(workspace, one.id)
    assert unfinished.left(workspace) == []
    with pytest.raises(InputError, match="no such unfinished work"):
        unfinished.discard(workspace, one.id)


def test_what_an_earlier_version_left_is_said_too(workspace: Workspace) -> None:
    folder = workspace.path / unfinished.FOLDER
    (folder / "old").mkdir(parents=True)
    (folder / "old" / "base.jsonl").write_text("{}\n{}\n")
    (folder / "older.jsonl").write_text("{}\n")
    assert [(one.id, one.n_kept, one.target) for one in unfinished.left(workspace)] == [
        ("old", 2, ""),
        ("older.jsonl", 1, ""),
    ]
    for one in unfinished.left(workspace):
        unfinished.discard(workspace, one.id)
    assert not list(folder.iterdir())


def test_a_torn_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    unfinished.keep(path, [{"n": 1}, {"n": 2}])
    path.write_bytes(path.read_bytes()[:-3])
    assert unfinished.kept_records(path) == [{"n": 1}]
    assert path.read_text() == '{"n":1}\n' or path.read_text() == '{"n": 1}\n'
