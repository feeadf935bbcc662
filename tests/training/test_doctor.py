"""The doctor names the cause from a run's own events, with the evidence and one change that can be made."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from core.errors import FinetoothError
from core.files import read_json
from core.jobs import events
from tests.training.builders import conversations, tiny_config, train_tiny
from training.config import TrainConfig, read_config
from training.doctor import Complaint, diagnose

FALLING: list[float | None] = [2.0 - 0.05 * k for k in range(20)]


def run(losses: list[float | None], held: list[float], *more: dict[str, Any]) -> list[dict[str, Any]]:
    steps = [{"type": "step", "step": k + 1, "loss": loss} for k, loss in enumerate(losses)]
    return [*steps, *({"type": "eval", "step": k, "loss": loss} for k, loss in enumerate(held)), *more]


def sample(prompt: int, model: str, text: str, *, truncated: bool = False, expected: int = 10) -> dict[str, Any]:
    step = 0 if model == "base" else 20
    shown = {"prompt": prompt, "model": model, "text": text, "truncated": truncated, "expected_tokens": expected}
    return {"type": "sample", "step": step, **shown}


def warning(name: str, message: str = "It was said.") -> dict[str, Any]:
    return {"type": "warning", "name": name, "message": message}


def first(found_in: list[dict[str, Any]], status: str = "done", **settings: Any) -> Complaint:
    """The first complaint; the change that it proposes must be one that can be made."""
    config = TrainConfig(**settings)
    found = diagnose(found_in, status, config=config).complaints[0]
    assert found.evidence and found.change
    read_config({**config.to_dict(), **found.settings})
    return found


def test_a_falling_loss_is_healthy() -> None:
    assert diagnose(run(FALLING, [2.0, 1.5, 1.1])).verdict == "healthy"


def test_a_run_of_few_steps_is_not_called_healthy() -> None:
    short = diagnose(run(FALLING[:8], [6.128, 6.124]), config=TrainConfig(learning_rate=1e-5))
    assert short.verdict == "too few steps to tell: 8 of at least 10" and not short.complaints
    assert diagnose(run(FALLING[:10], [6.128, 6.0])).verdict == "healthy"


def test_a_loss_that_is_no_number_is_named_first() -> None:
    found = first(run([2.0, None], [2.0]), "failed")
    assert found.name == "non-finite loss" and found.settings == {"learning_rate": pytest.approx(7e-5)}


def test_a_flat_loss_asks_for_a_higher_rate() -> None:
    found = first(run([2.0, 2.01] * 10, [2.0, 2.0]))
    assert found.name == "flat loss" and found.settings == {"learning_rate": 1e-3}


def test_a_flat_loss_at_the_highest_rate_is_not_answered_with_a_higher_one() -> None:
    found = first(run([2.0, 2.01] * 10, [2.0, 2.0]), learning_rate=1e-3)
    assert found.name == "flat loss" and not found.settings and "contradictions" in found.change


def test_a_low_rate_that_moves_little_is_called_so() -> None:
    slow: list[float | None] = [2.0 - 0.004 * k for k in range(20)]
    found = first(run(slow, [2.0, 1.95]), learning_rate=1e-5)
    assert found.name == "learning rate too low" and found.settings == {"learning_rate": pytest.approx(5e-5)}


def test_a_rising_loss_asks_for_a_lower_rate() -> None:
    assert first(run(FALLING[::-1], [2.0, 1.9])).name == "diverging"


def test_spikes_at_an_unusual_rate_are_laid_to_the_rate() -> None:
    jumping = [loss * (1.6 if k % 4 == 3 else 1) for k, loss in enumerate(FALLING) if loss is not None]
    assert first(run([*jumping], [2.0, 1.2]), learning_rate=5e-3).name == "learning rate too high"
    assert diagnose(run([*jumping], [2.0, 1.2])).verdict == "healthy"


def test_a_holdout_loss_that_turns_up_is_overfitting() -> None:
    found = first(run(FALLING, [2.0, 1.2, 1.6]))
    assert found.name == "learnt by heart" and found.settings["epochs"] == 1.0


def test_a_run_that_ended_early_is_told_the_passes_up_to_its_best_step_not_a_share_of_those_planned() -> None:
    events = run(FALLING, [2.0, 1.2, 1.6])
    turned = next(e["step"] for e in events if e["type"] == "eval" and e["loss"] == 1.2)
    told = [{**e, "epoch": 2.0 * e["step"] / turned} if e["type"] == "step" else e for e in events]
    assert first(told, epochs=30).settings["epochs"] == 2.0


@pytest.mark.parametrize("status", ["stopped", "cancelled", "failed"])
def test_a_run_that_was_ended_is_not_said_to_have_gone_wrong_for_no_reason(status: str) -> None:
    found = diagnose(run(FALLING[:3], [2.0]), status)
    assert found.verdict.startswith(status) and not found.complaints and "gone wrong" not in found.verdict


def test_a_holdout_loss_above_its_start_is_said() -> None:
    assert first(run(FALLING, [2.0, 2.5])).name == "worse than before"


def test_a_killed_run_is_called_killed_and_where() -> None:
    found = diagnose(run(FALLING[:3], [2.0]), "lost", stage="save").complaints[0]
    assert found.name == "killed" and "while it saved, after step 3" in found.evidence and "Resume" in found.change


def test_a_kill_after_memory_was_short_is_laid_to_the_memory() -> None:
    short = warning("memory-short", "Only 100 of 8,000 MiB of memory are free.")
    found = diagnose(run(FALLING[:3], [2.0], short), "lost", stage="eval").complaints
    assert [one.name for one in found] == ["out of memory"]
    assert "while it measured the hold-out" in found[0].evidence and "100 of 8,000 MiB" in found[0].evidence
    assert found[0].settings == {"batch_size": 4, "gradient_accumulation": 2}


@pytest.mark.parametrize(
    ("settings", "change"),
    [
        ({"batch_size": 6}, {"batch_size": 3, "gradient_accumulation": 2}),
        ({"batch_size": 1}, {"gradient_checkpointing": True}),
        ({"batch_size": 1, "gradient_checkpointing": True}, {"max_tokens": 512, "on_unusable": "skip"}),
    ],
)
def test_each_way_to_save_memory_comes_in_turn(settings: dict[str, Any], change: dict[str, Any]) -> None:
    out = [warning("out-of-memory", "The memory ran out in a training step.")]
    assert first(run(FALLING[:3], [2.0], *out), "failed", **settings).settings == change


def test_memory_that_runs_out_while_loading_asks_for_four_bits() -> None:
    out = [warning("out-of-memory", "The memory ran out while it loaded the model.")]
    found = diagnose(out, "failed", config=TrainConfig(method="full"), stage="load").complaints[0]
    assert found.settings == {"method": "qlora"}


def test_an_adapter_that_moves_nothing_is_inert() -> None:
    end = {"type": "end", "status": "done", "facts": {"Largest change of a logit": 1e-5}}
    assert first(run(FALLING, [2.0, 1.9], end)).name == "adapter inert"


def test_answers_that_repeat_themselves_are_gibberish_unless_the_base_does_so_too() -> None:
    loop, sane = "the code is the code is the code is the code is the code is", "Code 3 is given in the table of codes."
    tuned = [sample(k, "tuned", loop) for k in range(3)]
    assert first(run(FALLING, [2.0, 1.5], *(sample(k, "base", sane) for k in range(3)), *tuned)).name == "gibberish"
    looping_base = [sample(k, "base", loop) for k in range(3)]
    assert diagnose(run(FALLING, [2.0, 1.5], *looping_base, *tuned)).verdict == "healthy"


def test_answers_without_an_end_are_told_where_the_persons_answer_would_have_fitted() -> None:
    endless = [sample(k, "tuned", f"Words number {k}", truncated=True) for k in range(3)]
    assert first(run(FALLING, [2.0, 1.5], *endless)).name == "never stops"
    long = [sample(k, "tuned", f"Words number {k}", truncated=True, expected=60) for k in range(3)]
    assert diagnose(run(FALLING, [2.0, 1.5], *long)).verdict == "healthy"


def test_a_loss_on_general_questions_that_rises_is_forgetting() -> None:
    general = [{"type": "general", "step": k, "loss": loss, "n": 122} for k, loss in ((0, 1.2), (20, 1.6))]
    found = first(run(FALLING, [2.0, 1.5], *general))
    assert found.name == "forgot its general skill" and "1.200 to 1.600" in found.evidence


@pytest.mark.parametrize("name", ["adapter-frozen", "gradient-missing", "eval-changes-gradient", "packed-loss-differs"])
def test_a_proof_that_failed_is_named(name: str) -> None:
    found = diagnose([warning(name, "A proof failed.")], "failed").complaints[0]
    assert found.evidence == "A proof failed." and not found.settings


def test_what_ended_the_run_comes_before_what_its_curve_shows() -> None:
    found = diagnose(run(FALLING[::-1], [2.0, 2.5], warning("checkpoint-failed", "No room.")), "failed").complaints
    assert [one.name for one in found] == ["checkpoint not saved", "diverging", "worse than before"]


def test_what_a_resume_took_back_does_not_count() -> None:
    bad = [{"type": "step", "step": 3, "loss": None}, warning("non-finite") | {"step": 3}]
    resumed = {"type": "resume", "from_step": 2, "checkpoint": "step-2"}
    good = [{"type": "step", "step": k, "loss": 2.0 - 0.05 * k} for k in range(3, 21)]
    assert diagnose([*run(FALLING[:2], [2.0]), *bad, resumed, *good], "done").verdict == "healthy"


def test_a_real_run_at_a_wild_rate_is_diagnosed_from_its_own_folder(tiny_base: Path, tmp_path: Path) -> None:
    folder, config = tmp_path / "run", tiny_config(tiny_base, learning_rate=0.9, epochs=6, max_grad_norm=None)
    with suppress(FinetoothError):  # it may end itself
        train_tiny(folder, config, examples=conversations(40))
    status = read_json(folder / "run.json")["status"]
    found = diagnose(events(folder), status, config=config).complaints
    assert found[0].name in ("diverging", "non-finite loss", "worse than before", "learning rate too high"), found
    assert found[0].settings == {"learning_rate": 0.3}


def test_a_real_run_that_goes_well_is_healthy(tiny_base: Path, tmp_path: Path) -> None:
    config = tiny_config(tiny_base, epochs=4)
    train_tiny(tmp_path / "run", config, examples=conversations(40))
    assert diagnose(events(tmp_path / "run"), "done", config=config).verdict == "healthy"


def test_a_real_run_asks_general_questions_before_and_after(tiny_base: Path, tmp_path: Path) -> None:
    config = tiny_config(tiny_base, general_questions=20, samples=2)
    facts = train_tiny(tmp_path / "run", config)
    asked = [event for event in events(tmp_path / "run") if event["type"] == "general"]
    assert [event["step"] for event in asked] == [0, 8] and all(event["n"] == 20 for event in asked)
    assert facts["Loss on general questions before"] == round(asked[0]["loss"], 4)
    said = [event for event in events(tmp_path / "run") if event["type"] == "sample"]
    assert all(event["expected_tokens"] > 3 for event in said)


def test_what_a_run_asks_changes_nothing_in_its_weights(tiny_base: Path, tmp_path: Path) -> None:
    for name, asked in (("with", 20), ("without", 0)):
        train_tiny(tmp_path / name, tiny_config(tiny_base, general_questions=asked, samples=0))
    with_them, without = (tmp_path / name / "adapter" / "adapter_model.safetensors" for name in ("with", "without"))
    assert with_them.read_bytes() == without.read_bytes()
