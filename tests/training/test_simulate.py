"""The simulated step: it counts what a real step holds, agrees with the closed form, and needs no weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from core import jobs, models
from core.errors import InputError
from tests.tiny_model import config_of, tiny
from tests.training.builders import conversation, frozen, tiny_config
from training import adapters, estimate, fused, padding, tiers
from training.config import TrainConfig
from training.data import Item, collate
from training.live import live_bytes
from training.loss import nll_sum
from training.memory import memory_parts
from training.shapes import read_shape
from training.simulate import simulate

SEQ = 96


def counted_for_real(base: Path, config: TrainConfig) -> tuple[int, int]:
    """Bytes at the peak of a real step of a tiny model, and what its forward pass leaves."""
    precision: dict[str, models.Precision] = {"qlora": "nf4", "lora": "bf16", "full": "fp32"}
    model = models.load_model(base, precision[config.method])
    if config.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    units = torch.float32 if config.method == "full" else torch.bfloat16
    if config.method == "full":
        model.requires_grad_(True)
    else:
        model = adapters.add(model, config)
        fused.fuse(model, units)
    padding.attend_in(model if config.method == "full" else model.get_base_model(), units)
    model.train()
    item = Item("x", tuple(range(3, SEQ + 3)), tuple(range(3, SEQ + 3)))
    batch = collate([item] * config.batch_size, 0, padding_free=config.padding_free)
    counter = live_bytes()
    counter.hold([*model.parameters(), *model.buffers()])
    for module in model.modules():
        if state := getattr(getattr(module, "weight", None), "quant_state", None):
            nested = state.state2
            counter.hold([state.absmax, state.code, state.offset, nested.absmax, nested.code])
    states = [torch.zeros_like(p) for p in model.parameters() if p.requires_grad for _ in range(2)]
    counter.hold(states)
    before = counter.now
    with counter:
        loss = nll_sum(model, batch, units) / batch.n_supervised
        left = counter.now - before
        loss.backward()
    return counter.peak, left


@pytest.mark.parametrize("method", ["qlora", "lora", "full"])
@pytest.mark.parametrize("checkpointing", [False, True])
def test_a_simulated_step_counts_what_a_real_step_holds(tiny_base: Path, method: Any, checkpointing: bool) -> None:
    config = tiny_config(tiny_base, method=method, batch_size=2, gradient_checkpointing=checkpointing)
    peak, left = counted_for_real(tiny_base, config)
    simulated = simulate(config, SEQ)
    assert simulated.peak_bytes == pytest.approx(peak, rel=0.01)
    assert simulated.activations == pytest.approx(left, rel=0.01)


@pytest.mark.parametrize(
    ("method", "batch", "seq", "checkpointing"), [("qlora", 1, 1024, True), ("lora", 2, 256, False)]
)
def test_the_closed_form_is_within_3_percent_of_a_simulated_step(
    method: Any, batch: int, seq: int, checkpointing: bool
) -> None:
    config = TrainConfig(
        base_model="llama-3.2-1b", method=method, batch_size=batch, gradient_checkpointing=checkpointing
    )
    simulated = simulate(config, seq)
    closed = estimate.for_config(config, seq, None, "gpu")
    assert closed.total_bytes == pytest.approx(simulated.peak_bytes, rel=0.03)
    assert closed.parts["weights"] == pytest.approx(simulated.weights, rel=0.001)
    assert closed.parts["adapters"] == simulated.adapters
    assert closed.parts["optimizer"] == simulated.optimizer


def test_a_step_is_simulated_without_the_weights(tmp_path: Path) -> None:
    folder = tiny(tmp_path / "mine")
    whole = simulate(tiny_config(folder), SEQ)
    for weights in folder.glob("*.safetensors"):
        weights.unlink()
    assert simulate(tiny_config(folder), SEQ).peak_bytes == whole.peak_bytes


def test_supervised_tokens_and_gradients_that_are_there_already_count(tiny_base: Path) -> None:
    shape = read_shape(config_of(tiny_base))
    settings: dict[str, Any] = {"gradient_checkpointing": True, "device": "gpu"}

    def need(**more: Any) -> int:
        return sum(memory_parts(shape, "lora", 4, 100, 8, **settings, **more).values())

    assert need(supervised=20) < need() == need(tokens=400)
    assert need(tokens=300) < need() <= need(accumulates=True)
    assert need(dropout=True) > need()
    assert need(paged=True) < need()


def test_a_model_that_is_nowhere_is_refused() -> None:
    with pytest.raises(InputError, match="no model /no/such"):
        simulate(TrainConfig(base_model="/no/such"), SEQ)


def test_a_simulated_step_is_found_again_by_its_settings_only(workspace: Any, tiny_base: Path) -> None:
    config = tiny_config(tiny_base, batch_size=1)
    job = tiers.simulate_later(workspace, config, SEQ, "gpu")
    assert jobs.wait(job).status == "done"
    found = tiers.simulated(workspace, config.model_copy(update={"epochs": 9}), SEQ, "gpu")[1]
    assert found is not None and found["peak_bytes"] > 0
    assert tiers.simulated(workspace, config.model_copy(update={"rank": 5}), SEQ, "gpu") == (None, None)
    assert tiers.simulated(workspace, config, SEQ + 1, "gpu") == (None, None)


def test_a_measured_step_tells_memory_and_speed_and_times_the_plan(workspace: Any, tiny_base: Path) -> None:
    rows = [conversation(f"Which code is {k}?", f"Code {k} is given.") for k in range(24)]
    revision = frozen(workspace, rows[:16], rows[16:])
    config = tiny_config(tiny_base)
    assert estimate.plan_run(workspace, revision, config).seconds is None
    job = tiers.measure_later(workspace, revision, config)
    state = jobs.wait(job)
    assert state.status == "done", state.message
    found = tiers.measured(workspace, revision, config)[1]
    assert found is not None and found["peak_bytes"] > 0 and found["predicted_bytes"] > 0
    planned = estimate.plan_run(workspace, revision, config)
    assert planned.seconds == pytest.approx(planned.n_tokens * config.epochs / found["tokens_per_s"], rel=0.01)
    assert planned.speed_from == "measured on one step"
    json.dumps(found)
