"""A checkpoint is complete or passed over, says why, and old ones go in the right order."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import models
from core.errors import FinetoothError
from core.files import read_json, write_json
from tests.training.builders import tiny_config, train_tiny
from training import checkpoints, limits, timeline
from training.config import TrainConfig


@pytest.fixture(scope="module")
def trained(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with checkpoints of its steps 2, 4, 6 and 8."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    train_tiny(folder, tiny_config(tiny_base, checkpoint_every=2, checkpoints_kept=9, eval_every=8))
    return folder


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def _flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))


def _other_format(file: Path) -> None:
    write_json(file, {**read_json(file), "format": 99})


DAMAGE: list[tuple[str, Callable[[Path], None], str]] = [
    (checkpoints.MANIFEST, Path.unlink, "has no manifest"),
    (checkpoints.MANIFEST, _other_format, "another version"),
    (checkpoints.WEIGHTS, Path.unlink, "lacks weights"),
    (checkpoints.WEIGHTS, _flip, "weights.safetensors that was changed"),
    (checkpoints.OPTIMIZER, _cut, "bytes of optimizer.pt"),
    (checkpoints.RANDOM, _flip, "random.pt that was changed"),
    (checkpoints.STATE, _flip, "state.json that was changed"),
]


@pytest.mark.parametrize(("name", "damage", "said"), DAMAGE)
def test_damage_to_any_file_is_seen_and_named(
    name: str, damage: Callable[[Path], None], said: str, trained: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained, tmp_path / "run")
    assert [one.step for one in checkpoints.listing(tmp_path / "run") if one.complete] == [8, 6, 4, 2]
    damage(checkpoints.place(tmp_path / "run", 8) / name)
    newest, *others = checkpoints.listing(tmp_path / "run")
    assert newest.step == 8 and said in str(newest.fault)
    assert all(one.complete for one in others)


def test_a_checkpoint_holds_no_pickled_code(trained: Path) -> None:
    folder = checkpoints.place(trained, 8)
    assert len(checkpoints.load_weights(folder)) == 28
    assert set(checkpoints.load_optimizer(folder)) == {"state", "param_groups"}
    assert set(checkpoints.load_random(folder)) == {"torch", "cuda", "python"}
    assert checkpoints.load_state(folder)["course"]["step"] == 8


def test_the_newest_and_the_best_stay(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained, tmp_path / "run")
    checkpoints.prune(tmp_path / "run", 2, best_step=2)
    assert [one.step for one in checkpoints.listing(tmp_path / "run")] == [8, 6, 2]
    checkpoints.prune(tmp_path / "run", 1, best_step=None)
    assert [one.step for one in checkpoints.listing(tmp_path / "run")] == [8]


def test_what_cannot_be_written_leaves_the_others_as_they_were(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    shutil.copytree(trained, tmp_path / "run")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    empty: dict[str, Any] = {"weights": {"a": torch.zeros(2)}, "random_state": {}, "state": {}}
    with pytest.raises(FinetoothError, match="checkpoint of step 10 could not be written"):
        checkpoints.write(tmp_path / "run", 10, optimizer=torch.optim.SGD([torch.zeros(1)]), **empty)
    assert [one.step for one in checkpoints.listing(tmp_path / "run") if one.complete] == [8, 6, 4, 2]


@pytest.mark.parametrize("method", ["qlora", "lora", "full"])
def test_a_run_that_has_no_room_on_the_disk_is_refused_before_its_model_is_loaded(
    method: str, tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(limits.shutil, "disk_usage", lambda _: real._replace(free=10 * limits.MIB))
    monkeypatch.setattr(models, "load_model", lambda *_: pytest.fail("the model was loaded"))
    with pytest.raises(FinetoothError, match="10 MiB free; one checkpoint and the result take"):
        train_tiny(tmp_path / "run", tiny_config(tiny_base, method=method))


@pytest.mark.parametrize("method", ["qlora", "lora", "full"])
def test_the_disk_is_compared_with_as_many_parameters_as_are_trained(
    method: str, tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    monkeypatch.setattr(limits, "check_disk", lambda _folder, n_trained, _config: compared.append(n_trained))
    facts = train_tiny(tmp_path / "run", tiny_config(tiny_base, method=method, epochs=1))
    assert compared == [facts["Trained parameters"]], "once, before the load: what the shape says is exact"


def test_where_the_shape_does_not_tell_the_disk_is_compared_with_the_loaded_model(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    monkeypatch.setattr(limits, "check_disk", lambda _folder, n_trained, _config: compared.append(n_trained))
    facts = train_tiny(tmp_path / "run", tiny_config(tiny_base, epochs=1, target_modules=("q_proj",)))
    assert compared == [facts["Trained parameters"]]


def test_a_disk_that_may_fill_up_later_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = TrainConfig(checkpoints_kept=5)
    real, n_trained = shutil.disk_usage(tmp_path), 10 * limits.MIB
    most = limits.needed_bytes(n_trained, config)
    monkeypatch.setattr(limits.shutil, "disk_usage", lambda _: real._replace(free=most - 1))
    assert "5 checkpoints and the best one" in str(limits.check_disk(tmp_path, n_trained, config))
    monkeypatch.setattr(limits.shutil, "disk_usage", lambda _: real._replace(free=most))
    assert limits.check_disk(tmp_path, n_trained, config) is None


def test_short_memory_is_told_once_and_a_checkpoint_taken(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core import jobs

    monkeypatch.setattr(limits, "LOOK_S", 0.0)
    monkeypatch.setattr(limits.MemoryWatch, "short", _short_at_the_third_look())
    train_tiny(tmp_path / "run", tiny_config(tiny_base, checkpoint_every=100))
    events = jobs.events(tmp_path / "run")
    place = next(k for k, event in enumerate(events) if event.get("name") == "memory-short")
    assert (events[place - 1]["type"], events[place - 1]["step"]) == ("checkpoint", 3)


def _short_at_the_third_look() -> Callable[[limits.MemoryWatch], str | None]:
    looks = 0

    def short(_: limits.MemoryWatch) -> str | None:
        nonlocal looks
        looks += 1
        return "Only 10 of 1,000 MiB of memory are free." if looks == 3 else None

    return short


def test_a_resume_takes_back_what_came_after_it() -> None:
    events = [
        {"type": "start"},
        {"type": "eval", "step": 0, "loss": 2.0},
        {"type": "step", "step": 1},
        {"type": "step", "step": 2},
        {"type": "checkpoint", "step": 2},
        {"type": "eval", "step": 2, "loss": 1.5},
        {"type": "step", "step": 3, "loss": 9.0},
        {"type": "warning", "name": "overfitting", "step": 3},
        {"type": "sample", "step": 3, "prompt": 0, "model": "tuned"},
        {"type": "resume", "from_step": 2},
        {"type": "eval", "step": 2, "loss": 1.5},
        {"type": "step", "step": 3, "loss": 1.0},
    ]
    folded = timeline.fold(events)
    assert [(e["type"], e.get("step")) for e in folded] == [
        ("start", None),
        ("eval", 0),
        ("step", 1),
        ("step", 2),
        ("checkpoint", 2),
        ("resume", None),
        ("eval", 2),
        ("step", 3),
    ]
    assert folded[-1]["loss"] == 1.0
    assert timeline.fold(folded) == folded
