"""A run ends early where nothing gets better, keeps its best, and is ended where it cannot learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core import jobs, models
from core.errors import FinetoothError
from tests.training.builders import conversation, tiny_config, train_tiny
from training.config import TrainConfig
from training.records import read_run
from training.stopping import DIVERGED_NATS, Watch


def measured(losses: list[float], **settings: Any) -> Watch:
    """A watch after these hold-out losses, the first of them before the first step."""
    watch, config = Watch(), TrainConfig(**settings)
    for step, loss in enumerate(losses):
        watch.after_measurement(step, loss, config)
    return watch


def test_patience_ends_after_so_many_measurements_without_a_better_one() -> None:
    assert not measured([2.0, 1.5, 1.6, 1.6], patience=3).early
    assert measured([2.0, 1.5, 1.6, 1.6, 1.5], patience=3).early
    assert not measured([2.0, 1.5, 1.6, 1.6, 1.5, 1.5], patience=None).early
    assert not measured([2.0, 1.5, 1.6, 1.6, 1.4, 1.5, 1.5], patience=3).early


def test_a_loss_that_falls_by_too_little_is_not_better_but_many_small_falls_are() -> None:
    assert measured([2.0, 1.99, 1.98, 1.97], patience=3, min_improvement=0.05).early
    assert not measured([2.0, 1.97, 1.94, 1.91], patience=3, min_improvement=0.05).early


def test_the_best_is_the_lowest_of_a_trained_state() -> None:
    watch = measured([1.0, 1.4, 1.2, 1.3])
    assert (watch.before, watch.best, watch.best_step) == (1.0, 1.2, 2)


def test_overfitting_is_called_where_the_holdout_rises_twice_while_training_falls() -> None:
    watch, config, called = Watch(), TrainConfig(), []
    for step, (train, held) in enumerate([(0, 2.0), (1.8, 1.5), (1.2, 1.55), (0.7, 1.65)]):
        if step:
            watch.after_step(train, 1.0, 10)
        called.append(watch.after_measurement(step, held, config).overfitting)
    assert called[:3] == [None, None, None] and "learnt by heart" in str(called[3])


@pytest.mark.parametrize(
    "course",
    [
        [(0, 2.0), (1.8, 1.5), (1.9, 1.55), (2.0, 1.65)],  # training rises, too
        [(0, 2.0), (1.8, 1.5), (1.2, 1.501), (0.7, 1.502)],  # a rise within the noise
        [(0, 2.0), (1.8, 1.5), (1.2, 1.6), (0.7, 1.55)],  # it falls again
    ],
)
def test_other_courses_are_not_called_overfitting(course: list[tuple[float, float]]) -> None:
    watch, config = Watch(), TrainConfig()
    for step, (train, held) in enumerate(course):
        if step:
            watch.after_step(train, 1.0, 10)
        assert watch.after_measurement(step, held, config).overfitting is None


def test_three_losses_or_gradients_of_exactly_zero_are_a_fault() -> None:
    watch = Watch()
    assert [watch.after_step(0.0, 1.0, 5) is None for _ in range(3)] == [True, True, False]
    watch = Watch()
    assert [watch.after_step(1.0, 0.0, 5) is None for _ in range(3)] == [True, True, False]
    watch = Watch()
    assert all(watch.after_step(1.0, norm, 5) is None for norm in (0.0, 0.0, 0.1, 0.0, 0.0))


def test_a_loss_that_rises_far_above_its_start_and_its_lowest_is_a_divergence() -> None:
    watch = Watch()
    falling = [watch.after_step(2.0 - k / 20, 1.0, 10) for k in range(20)]
    rising = [watch.after_step(1.0 + k / 3, 1.0, 10) for k in range(20)]
    assert not any(falling)
    fault = next(one for one in rising if one)
    assert fault.name == "diverged" and rising.index(fault) > 5
    noisy = Watch()
    assert not any(noisy.after_step(2.0 + (k % 7 - 3) / 4, 1.0, 10) for k in range(200))


def test_a_holdout_loss_far_above_the_one_before_training_is_a_divergence() -> None:
    watch, config = Watch(), TrainConfig()
    watch.after_measurement(0, 2.0, config)
    assert watch.after_measurement(1, 2.6 + DIVERGED_NATS - 0.01, config).fault is None
    fault = watch.after_measurement(2, 2.6 + DIVERGED_NATS + 0.01, config).fault
    assert fault is not None and fault.name == "diverged"


def test_a_watch_goes_through_json_unchanged() -> None:
    watch = measured([2.0, 1.5, 1.6])
    watch.after_step(1.0, 0.5, 7)
    assert Watch(**watch.to_json()) == watch


def test_a_run_ends_early_and_says_so(tiny_base: Path, tmp_path: Path) -> None:
    config = tiny_config(tiny_base, epochs=40, eval_every=1, patience=2, min_improvement=1.0)
    facts = train_tiny(tmp_path / "run", config)
    run, events = read_run(tmp_path / "run"), jobs.events(tmp_path / "run")
    assert facts["Steps"] < 160 and run.status == "done" and run.message.startswith("Ended early after")
    assert next(e for e in events if e["type"] == "stopping")["reason"] == "early"


@pytest.mark.parametrize("method", ["lora", "full"])
def test_the_adapter_kept_is_that_of_the_best_holdout_loss(method: str, tiny_base: Path, tmp_path: Path) -> None:
    """The hold-out answers otherwise than the training: its loss falls at first, with the form, and rises then."""
    rate = 0.02 if method == "lora" else 0.005
    settings: dict[str, Any] = {"method": method, "learning_rate": rate, "epochs": 5, "eval_every": 1, "patience": None}
    held = [conversation(f"Which code applies to case {k}?", f"Not {k}: ask Dr. Quux 97.") for k in range(100, 104)]
    facts = train_tiny(tmp_path / "best", tiny_config(tiny_base, **settings), hold_out=held)
    losses = {e["step"]: e["loss"] for e in jobs.events(tmp_path / "best") if e["type"] == "eval" and e["step"]}
    best = min(losses, key=lambda step: losses[step])
    assert best < 20, "the last step is not the best here"
    assert facts["Adapter of step"] == best
    assert facts["Hold-out loss after"] == round(losses[best], 4)
    last = train_tiny(tmp_path / "last", tiny_config(tiny_base, keep="last", **settings), hold_out=held)
    assert last["Adapter of step"] == 20 and last["Hold-out loss after"] == round(losses[20], 4)
    if method == "lora":
        kept = models.load_model(tiny_base, "bf16", tmp_path / "best" / "adapter")
        assert kept is not None
        assert read_run(tmp_path / "best").adapter_hash != read_run(tmp_path / "last").adapter_hash


def test_a_run_that_diverges_is_ended_with_its_cause(tiny_base: Path, tmp_path: Path) -> None:
    config = tiny_config(tiny_base, method="full", learning_rate=0.5, epochs=40, warmup_share=0, max_grad_norm=None)
    with pytest.raises(FinetoothError, match="Lower the learning rate"):
        train_tiny(tmp_path / "run", config)
    run, events = read_run(tmp_path / "run"), jobs.events(tmp_path / "run")
    assert run.status == "failed"
    assert {"diverged", "non-finite"} & {e.get("name") for e in events}
