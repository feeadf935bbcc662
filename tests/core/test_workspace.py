"""A workspace opens whole or not at all, and says in one sentence why not."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import polars as pl
import pytest

from core.errors import FinetoothError, InputError
from core.files import write_atomic, writing_together
from core.tables import write_table
from core.workspace import Workspace, find_workspace


def test_creating_twice_opens_the_same_workspace(tmp_path: Path) -> None:
    first = Workspace.create(tmp_path / "w", name="Triage")
    first.ledger.append("decision", "a", {}, who="Ada")
    assert Workspace.create(tmp_path / "w").name == "Triage"
    assert len(Workspace.open(tmp_path / "w").ledger.entries()) == 1


def test_a_workspace_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = Workspace.create(tmp_path / "w").path
    (path / "workspace.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(InputError, match="newer version"):
        Workspace.open(path)
    assert json.loads((path / "workspace.json").read_text()) == {"format": 99}


def test_a_folder_that_holds_something_else_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="not a workspace"):
        Workspace.create(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["thesis.txt"]


def test_a_missing_workspace_is_named_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="finetooth init"):
        Workspace.open(tmp_path / "nowhere")


def test_the_environment_names_the_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINETOOTH_WORKSPACE", str(tmp_path))
    assert find_workspace(None) == tmp_path
    assert find_workspace(tmp_path / "other") == tmp_path / "other"


def test_an_object_without_its_manifest_does_not_exist(tmp_path: Path) -> None:
    objects = Workspace.create(tmp_path / "w").objects
    frame = pl.DataFrame({"a": [1, 2]})
    object_id = objects.put("revision", {"n": 2}, frame, ["a"])
    assert objects.put("revision", {"n": 2}, frame, ["a"]) == object_id
    assert objects.frame(object_id).equals(frame)
    (objects.folder(object_id) / "manifest.json").unlink()
    assert objects.ids("revision") == []
    with pytest.raises(FinetoothError, match="no complete object"):
        objects.frame(object_id)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_atomic(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomic(path, "\ud800")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["state.json"]


def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    from core.files import explain_os_error

    with open("/dev/full", "wb", buffering=0) as full:
        try:
            full.write(b"x")
        except OSError as error:
            assert "disk is full" in str(explain_os_error(error, tmp_path))
        else:
            pytest.fail("the write to /dev/full should have failed")


def test_files_that_belong_together_appear_together_or_not_at_all(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("data.jsonl", "card.md", "manifest.json")]
    for path in paths:
        path.write_text("old")
    with pytest.raises(RuntimeError), writing_together(paths) as (data, card, _):
        data.write_text("new")
        card.write_text("new")
        raise RuntimeError
    assert [path.read_text() for path in paths] == ["old"] * 3
    with writing_together(paths) as temporaries:
        for temporary in temporaries:
            temporary.write_text("new")
    assert [path.read_text() for path in paths] == ["new"] * 3
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in paths)


def test_what_a_killed_process_left_is_removed_with_the_next_write(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = tmp_path / f".state.json.{ended.pid}-1.tmp"
    alive, fresh, other = (tmp_path / f".state.json.{os.getpid()}-1.tmp", tmp_path / ".state.json.tmp", tmp_path / ".x")
    for path in (left, alive, fresh, other):
        path.write_text("half")
        os.utime(path, (0, 0))
    write_atomic(tmp_path / "state.json", "whole")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([alive.name, fresh.name, other.name, "state.json"])


def test_a_full_disk_under_a_table_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise pl.exceptions.ComputeError("parquet: underlying IO error: No space left on device (os error 28)")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(FinetoothError, match="The disk is full"):
        write_table(pl.DataFrame({"a": [1]}), tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []
