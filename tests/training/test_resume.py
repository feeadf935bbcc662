"""A resumed run ends with the weights of the one that was never interrupted, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core import jobs
from core.errors import FinetoothError, InputError
from tests.training.builders import conversations, tiny_config, train_tiny
from training import checkpoints, timeline
from training.config import TrainConfig
from training.control import StoppedError
from training.records import OF_THE_ADAPTER, read_run


def result(folder: Path) -> bytes:
    files = sorted([*folder.glob("adapter/*.safetensors"), *folder.glob("model/*.safetensors")])
    assert files
    return b"".join(file.read_bytes() for file in files)


def course(folder: Path) -> list[tuple[Any, ...]]:
    """What the events say once folded, without times."""
    return [
        (e["type"], e["step"], e["loss"]) for e in timeline.fold(jobs.events(folder)) if e["type"] in ("step", "eval")
    ]


class Killed(BaseException):
    """Ends the training as a kill does: nothing is saved, no event is written."""


def killed_after(folder: Path, kind: str, count: int) -> Callable[[], bool]:
    """A command reader that dies once so many events of a kind are there."""

    def look() -> bool:
        if sum(event["type"] == kind for event in jobs.events(folder)) >= count:
            raise Killed
        return False

    return look


@pytest.fixture(autouse=True)
def _no_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process does not write how it ended."""
    from training.session import Session

    real = Session.end

    def end(self: Session, status: str, message: str) -> None:
        if not message.startswith("Killed"):
            real(self, status, message)

    monkeypatch.setattr(Session, "end", end)


CONFIGS = {
    "qlora": {"method": "qlora"},
    "lora with dropout": {"method": "lora", "dropout": 0.1},
    "in full": {"method": "full"},
    "accumulated, checkpoints within an epoch": {"batch_size": 2, "gradient_accumulation": 2, "checkpoint_every": 3},
    "padded": {"padding_free": False, "gradient_checkpointing": True},
}


@pytest.mark.parametrize("name", list(CONFIGS))
def test_the_weights_are_those_of_the_uninterrupted_run(name: str, tiny_base: Path, tmp_path: Path) -> None:
    config = tiny_config(tiny_base, epochs=3, **CONFIGS[name])
    train_tiny(tmp_path / "whole", config)
    folder = tmp_path / "run"
    for steps in (6, 10):  # twice: the second time from what the first resume left
        with pytest.raises(Killed):
            train_tiny(folder, config, should_stop=killed_after(folder, "step", steps), resume=steps > 6)
    facts = train_tiny(folder, config, resume=True)
    assert result(folder) == result(tmp_path / "whole")
    assert course(folder) == course(tmp_path / "whole")
    assert facts["Steps"] == 12 and facts["Resumed"] == 2
    events = jobs.events(folder)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert sum(event["type"] == "start" for event in events) == 1


def test_a_stop_in_the_midst_of_an_accumulated_step_loses_no_random_number(tiny_base: Path, tmp_path: Path) -> None:
    config = tiny_config(tiny_base, method="lora", dropout=0.2, batch_size=1, gradient_accumulation=4)
    train_tiny(tmp_path / "whole", config)
    folder, looks = tmp_path / "run", 0

    def in_the_third_pass_of_the_fourth_step() -> bool:
        nonlocal looks
        looks += sum(event["type"] == "step" for event in jobs.events(folder)) == 3
        return looks >= 3

    with pytest.raises(StoppedError):
        train_tiny(folder, config, should_stop=in_the_third_pass_of_the_fourth_step)
    assert [one.step for one in checkpoints.listing(folder)] == [3]
    assert read_run(folder).status == "stopped" and result(folder)
    train_tiny(folder, config, resume=True)
    assert result(folder) == result(tmp_path / "whole")


def test_a_torn_checkpoint_is_passed_over_and_named(tiny_base: Path, tmp_path: Path) -> None:
    config = tiny_config(tiny_base, epochs=3, checkpoint_every=2, checkpoints_kept=3)
    train_tiny(tmp_path / "whole", config)
    folder = tmp_path / "run"
    with pytest.raises(Killed):
        train_tiny(folder, config, should_stop=killed_after(folder, "step", 7))
    complete = [one.step for one in checkpoints.listing(folder) if one.complete]
    assert complete == [6, 4, 2]
    (checkpoints.place(folder, 6) / checkpoints.MANIFEST).unlink()
    with open(checkpoints.place(folder, 4) / checkpoints.OPTIMIZER, "r+b") as handle:
        handle.truncate(100)
    train_tiny(folder, config, resume=True)
    events = jobs.events(folder)
    said = [event["message"] for event in events if event.get("name") == "torn-checkpoint"]
    assert len(said) == 2 and "step-00000006 has no manifest" in said[0] and "optimizer.pt" in said[1]
    assert next(event for event in events if event["type"] == "resume")["from_step"] == 2
    assert result(folder) == result(tmp_path / "whole")


def test_without_a_checkpoint_a_run_begins_again(tiny_base: Path, tmp_path: Path) -> None:
    config = tiny_config(tiny_base)
    train_tiny(tmp_path / "whole", config)
    folder = tmp_path / "run"
    with pytest.raises(Killed):
        train_tiny(folder, config, should_stop=killed_after(folder, "step", 2))
    assert checkpoints.listing(folder) == []
    train_tiny(folder, config, resume=True)
    assert result(folder) == result(tmp_path / "whole") and course(folder) == course(tmp_path / "whole")


def test_a_resumed_run_that_is_cancelled_keeps_the_adapter_of_the_stop_before_it(
    tiny_base: Path, tmp_path: Path
) -> None:
    config, folder = tiny_config(tiny_base, epochs=3), tmp_path / "run"
    with pytest.raises(StoppedError):
        train_tiny(folder, config, should_stop=after(folder, "step", 3))
    kept = read_run(folder)
    with pytest.raises(StoppedError):
        train_tiny(folder, config, stored=kept, should_cancel=after(folder, "step", 5), resume=True)
    run = read_run(folder)
    assert run.status == "cancelled" and run.adapter_hash == kept.adapter_hash is not None and result(folder)
    of_it = {name: value for name, value in kept.facts.items() if name in OF_THE_ADAPTER}
    assert of_it["Adapter of step"] <= 3 < run.facts["Steps"]
    assert {name: value for name, value in run.facts.items() if name in OF_THE_ADAPTER} == of_it


def test_a_loss_that_was_measured_before_the_steps_of_the_kept_adapter_is_not_called_its_own(
    tiny_base: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with pytest.raises(StoppedError):
        train_tiny(folder, tiny_config(tiny_base, keep="last"), should_stop=after(folder, "step", 6))
    facts = read_run(folder).facts
    assert facts["Adapter of step"] == 6 and "Hold-out loss before" in facts and "Hold-out loss after" not in facts


def test_a_resumed_run_that_cannot_load_keeps_what_was_said_of_its_adapter(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise FinetoothError("The model is gone.")

    config, folder = tiny_config(tiny_base, epochs=3), tmp_path / "run"
    with pytest.raises(StoppedError):
        train_tiny(folder, config, should_stop=after(folder, "eval", 2))
    kept = read_run(folder)
    assert kept.facts["Hold-out loss after"] > 0
    monkeypatch.setattr("training.session.load", gone)
    with pytest.raises(FinetoothError, match="gone"):
        train_tiny(folder, config, stored=kept, resume=True)
    run = read_run(folder)
    assert run.status == "failed"
    assert [run.facts.get(name) for name in OF_THE_ADAPTER] == [kept.facts.get(name) for name in OF_THE_ADAPTER]


def after(folder: Path, kind: str, count: int) -> Callable[[], bool]:
    """Whether so many events of a kind are there."""
    return lambda: sum(event["type"] == kind for event in jobs.events(folder)) >= count


def test_patience_goes_on_where_it_was(tiny_base: Path, tmp_path: Path) -> None:
    """Three measurements without a better loss end the run, however many processes took them."""
    config = tiny_config(tiny_base, epochs=12, eval_every=2, patience=3, min_improvement=0.5)
    ended = train_tiny(tmp_path / "whole", config)
    assert ended["Steps"] < 48, "this run ends early"
    folder = tmp_path / "run"
    with pytest.raises(Killed):
        train_tiny(folder, config, should_stop=killed_after(folder, "step", ended["Steps"] - 1))
    assert train_tiny(folder, config, resume=True)["Steps"] == ended["Steps"]
    assert result(folder) == result(tmp_path / "whole")


def test_a_checkpoint_of_other_conversations_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    config, folder = tiny_config(tiny_base), tmp_path / "run"
    with pytest.raises(Killed):
        train_tiny(folder, config, should_stop=killed_after(folder, "step", 5))
    with pytest.raises(FinetoothError, match="on other conversations or settings"):
        train_tiny(folder, config, examples=conversations(16, start=30), resume=True)


class LaterConfig(TrainConfig):
    """The settings of a later version, which has one more."""

    shine: int = 3


def test_a_setting_that_came_after_a_run_takes_its_default_and_is_said(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was stored, and the checkpoint, know nothing of it."""
    config, folder = tiny_config(tiny_base), tmp_path / "run"
    train_tiny(tmp_path / "whole", config)
    with pytest.raises(Killed):
        train_tiny(folder, config, should_stop=killed_after(folder, "step", 5))
    monkeypatch.setattr("training.config.TrainConfig", LaterConfig)
    assert train_tiny(folder, config, stored=read_run(folder), resume=True)["Steps"] == 8
    said = [event["message"] for event in jobs.events(folder) if event.get("name") == "settings-added"]
    assert said == ["This run was set up before these settings existed, so it goes on with their defaults: shine 3."]
    assert result(folder) == result(tmp_path / "whole")


def test_a_setting_that_is_no_longer_known_is_refused_and_the_run_says_so(tiny_base: Path, tmp_path: Path) -> None:
    config, folder = tiny_config(tiny_base), tmp_path / "run"
    with pytest.raises(Killed):
        train_tiny(folder, config, should_stop=killed_after(folder, "step", 5))
    stored = read_run(folder)
    earlier = replace(stored, config={**stored.config, "shine": 3})
    with pytest.raises(InputError, match=r"shine: unknown setting.*another version"):
        train_tiny(folder, config, stored=earlier, resume=True)
    assert read_run(folder).status == "failed" and "shine" in read_run(folder).message


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_run(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def full(*_: Any) -> None:
        raise RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0")

    config: TrainConfig = tiny_config(tiny_base)
    train_tiny(tmp_path / "whole", config)
    monkeypatch.setattr(torch, "save", full)
    train_tiny(tmp_path / "run", config)
    said = [e for e in jobs.events(tmp_path / "run") if e.get("name") == "checkpoint-failed"]
    assert [event["step"] for event in said] == [4, 4, 8, 8] and checkpoints.listing(tmp_path / "run") == []
    assert read_run(tmp_path / "run").status == "done"
