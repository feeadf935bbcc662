"""After a power cut at any moment, all that was confirmed is there, and nothing that is there is half."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import power_cut
from benchmarks.power_cut import Disk, Step

LOOKED_AT = 120


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    """All that a project's acts ask of the disk."""
    folder = tmp_path_factory.mktemp("power")
    recorder = power_cut.library(folder)
    if recorder is None:
        pytest.skip("there is no C compiler here to make the recorder with")
    return power_cut.recorded(folder, recorder)


def said(steps: list[Step], folder: Path, most: int, *, kind: power_cut.Kind | None = None) -> list[str]:
    """What does not hold, of so many of the cuts."""
    every = list(power_cut.cuts(steps, (kind,) if kind else power_cut.KINDS))
    drawn = random.Random(0).sample(every, min(most, len(every)))
    found = []
    for number, (name, cut) in enumerate(drawn):
        place = folder / str(number)
        place.mkdir()
        if wrong := power_cut.wrong(cut, place):
            found.append(f"{name}: {wrong}")
        shutil.rmtree(place)
    return found


def test_what_was_confirmed_survives_a_power_cut_and_nothing_is_half(steps: list[Step], tmp_path: Path) -> None:
    assert said(steps, tmp_path, LOOKED_AT) == []


def test_without_its_syncs_the_workspace_would_not_survive(steps: list[Step], tmp_path: Path) -> None:
    for folder, kept in (("names", "S"), ("bytes", "F"), ("folders", "SF")):
        (tmp_path / folder).mkdir()
        fewer = [step for step in steps if step.kind not in "SF" or step.kind in kept]
        if folder == "folders":  # each is synced, but not into the one above it
            above = {str(Path(step.path).parent).removeprefix(".") for step in steps if step.kind == "M"}
            fewer = [step for step in steps if step.kind != "F" or step.path not in above]
        assert said(fewer, tmp_path / folder, 30, kind="some"), folder


def test_a_disk_forgets_what_was_not_synced() -> None:
    disk, dice = Disk(), random.Random(0)
    write = Step("W", 1, 0, "a", b"one")
    for step in (write, Step("S", 1, 0, "a", b""), replace(write, offset=3, data=b"two")):
        disk.do(step)
    assert disk.left("strict", dice) == {}, "its name was never synced"
    assert disk.left("names", dice) == {"a": b"one"}
    disk.do(Step("F", 0, 0, "", b""))
    disk.do(Step("R", 0, 0, "a", b"b"))
    assert disk.left("strict", dice) == {"a": b"one"}
    assert disk.left("names", dice) == {"b": b"one"}
    disk.do(Step("S", 1, 0, "b", b""))
    disk.do(Step("F", 0, 0, "", b""))
    assert disk.left("strict", dice) == {"b": b"onetwo"}
    disk.do(Step("T", 1, 2, "b", b""))
    disk.do(Step("U", 0, 0, "b", b""))
    assert disk.left("strict", dice) == {"b": b"onetwo"}
    assert disk.left("names", dice) == {}
