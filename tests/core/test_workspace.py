"""A workspace opens whole or not at all, and says in one sentence why not."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from core.errors import FinetoothError, InputError
from core.files import write_atomic
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
