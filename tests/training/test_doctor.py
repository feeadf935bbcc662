"""The doctor names the cause from a run's own events."""

from __future__ import annotations

from typing import Any

from training.doctor import diagnose


def run(losses: list[float | None], held: list[float]) -> list[dict[str, Any]]:
    steps = [{"type": "step", "step": k + 1, "loss": loss} for k, loss in enumerate(losses)]
    return [*steps, *({"type": "eval", "step": k, "loss": loss} for k, loss in enumerate(held))]


FALLING = [2.0 - 0.05 * k for k in range(20)]


def test_a_falling_loss_is_healthy() -> None:
    assert diagnose(run(FALLING, [2.0, 1.5, 1.1])).verdict == "healthy"


def test_a_loss_that_is_no_number_is_named_first() -> None:
    assert diagnose(run([2.0, None], [2.0]), "failed").verdict == "non-finite loss"


def test_a_flat_loss_asks_for_a_higher_rate() -> None:
    found = diagnose(run([2.0, 2.01] * 10, [2.0, 2.0])).complaints
    assert found[0].name == "flat loss" and "Raise" in found[0].change


def test_a_rising_loss_asks_for_a_lower_rate() -> None:
    assert diagnose(run(FALLING[::-1], [2.0, 1.9])).verdict == "diverging"


def test_a_holdout_loss_that_turns_up_is_overfitting() -> None:
    assert diagnose(run(FALLING, [2.0, 1.2, 1.6])).verdict == "learnt by heart"


def test_a_holdout_loss_above_its_start_is_said() -> None:
    assert diagnose(run(FALLING, [2.0, 2.5])).verdict == "worse than before"


def test_a_killed_run_is_called_killed() -> None:
    assert diagnose(run(FALLING[:3], [2.0]), "lost").verdict == "killed"
