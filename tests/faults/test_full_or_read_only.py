"""A full disk, or a folder that cannot be written, is said in a sentence, and nothing that was there is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.faults_driver import SCENES, Ended, Stage

SIZE_BYTES = 6 * 2**20
NOBODY = 65_534


@dataclass(frozen=True)
class Full:
    """A workspace on a disk that is about to be full; ``spare_bytes`` may still be written."""

    workspace: Path
    filling: Path | None
    spare_bytes: int

    def limits(self) -> dict[str, int]:
        """What a child is told, where no disk could be made and the size of its files is limited instead."""
        return {} if self.filling else {"file_limit_bytes": max(self.spare_bytes, 4096)}  # room for what it says

    def make_room(self) -> None:
        """Free the disk."""
        if self.filling:
            self.filling.unlink(missing_ok=True)


@pytest.fixture
def disk() -> Iterator[Path | None]:
    """A disk of a few megabytes of its own; None where this system lets nobody make one."""
    place = Path(tempfile.mkdtemp())
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "tmpfs", str(place)], capture_output=True, check=False
    )
    try:
        yield place if made.returncode == 0 else None
    finally:
        if made.returncode == 0:
            subprocess.run(["umount", "--lazy", str(place)], check=True)
        shutil.rmtree(place, ignore_errors=True)


def full(stage: Stage, scene: str, disk: Path | None, spare_bytes: int) -> Full:
    """The workspace of a scene, with so much room left."""
    workspace = stage.copy(scene)
    if (
        disk is None
    ):  # a stand-in: no file may grow beyond this, which the system reports as another error than a full disk
        return Full(workspace, None, spare_bytes)
    moved = disk / "copy"
    shutil.copytree(workspace.parent, moved)
    filling = disk / "filling"
    free = shutil.disk_usage(disk).free
    filling.write_bytes(b"\0" * max(0, free - spare_bytes))
    return Full(moved / "w", filling, spare_bytes)


@pytest.mark.parametrize("spare_bytes", [0, 65_536])
@pytest.mark.parametrize("scene", SCENES)
def test_a_full_disk_is_said_and_the_command_goes_through_once_there_is_room(
    scene: str, spare_bytes: int, stage: Stage, disk: Path | None
) -> None:
    place = full(stage, scene, disk, spare_bytes)
    confirmed: list[str] = []
    ended = stage.starter.run(**stage.request(scene, place.workspace), **place.limits())
    if ended.code:
        assert_said(ended)
    if scene == "decide":
        confirmed = ended.out.split()
    place.make_room()
    left = stage.starter.look(place.workspace)
    assert left["wrong"] == []
    assert set(confirmed) <= set(left["action_ids"])
    assert left["action_ids"][: len(stage.before[scene]["action_ids"])] == stage.before[scene]["action_ids"]
    again = stage.starter.run(**stage.request(scene, place.workspace))
    assert again.code == 0, again.err
    seen = stage.starter.look(place.workspace)
    for name in ("acts", "sources", "revisions", "files", "examples", "n"):
        assert seen[name] == stage.after[scene][name]
    shutil.rmtree(place.workspace.parent, ignore_errors=True)


def test_the_disks_were_really_full(stage: Stage, disk: Path | None) -> None:
    for scene in SCENES:
        place = full(stage, scene, disk, 0)
        ended = stage.starter.run(**stage.request(scene, place.workspace), **place.limits())
        assert ended.code, scene
        place.make_room()
        shutil.rmtree(place.workspace.parent)


def assert_said(ended: Ended) -> None:
    """A sentence of ours: what could not be written, and what to do."""
    assert ended.code in (1, 2)
    assert ended.err.startswith("finetooth: "), ended.err
    assert "Traceback" not in ended.err
    assert any(word in ended.err for word in ("full", "space", "disk", "too large")), ended.err


@pytest.fixture
def open_to_all(stage: Stage) -> Iterator[Path]:
    """A copy of the prepared workspace that every user may reach."""
    if os.getuid():
        pytest.skip("only root can act as another user here")
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    shutil.copytree(stage.base, place / "copy")
    yield place / "copy" / "w"
    shutil.rmtree(place)


def readable(root: Path, *, writable: tuple[str, ...] = ()) -> None:
    """Let everybody read a folder, and write the named things in it."""
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    for name in writable:
        path = root / name
        path.chmod(0o777 if path.is_dir() else 0o666)


@pytest.mark.parametrize(
    "writable, said",
    [
        ((), "is read-only"),
        ((".", "sources"), "ledger.sqlite"),
        ((".", "ledger.sqlite", "cache.sqlite", "ledger.heads"), "sources"),
    ],
)
def test_a_folder_that_cannot_be_written_is_said_and_stays_as_it_was(
    writable: tuple[str, ...], said: str, stage: Stage, open_to_all: Path
) -> None:
    readable(open_to_all, writable=writable)
    shutil.copy(stage.second, open_to_all.parent / "second.jsonl")
    (open_to_all.parent / "second.jsonl").chmod(0o644)
    words = ["import", str(open_to_all.parent / "second.jsonl"), "-w", str(open_to_all), "--who", "Ben"]
    ended = stage.starter.run("cli", words=words, uid=NOBODY)
    assert ended.code in (1, 2)
    assert ended.err.startswith("finetooth: "), ended.err
    assert said in ended.err
    assert "Traceback" not in ended.err
    left = stage.starter.look(open_to_all)
    assert [left[name] for name in ("acts", "sources", "n")] == [
        stage.before["import"][name] for name in ("acts", "sources", "n")
    ]


def test_an_export_into_a_folder_that_cannot_be_written_is_said(stage: Stage, open_to_all: Path) -> None:
    readable(open_to_all.parent)
    for path in (open_to_all, *open_to_all.rglob("*")):
        path.chmod(0o777)
    out = open_to_all.parent / "out"
    words = ["export", str(out / "chats.jsonl"), "-w", str(open_to_all), "--who", "Ben"]
    ended = stage.starter.run("cli", words=words, uid=NOBODY)
    assert ended.code == 1
    assert "permission denied" in ended.err
    assert sorted(path.name for path in out.iterdir()) == sorted(stage.before["import"]["files"])
