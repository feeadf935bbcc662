"""Before the first step: that gradients reach every adapter, that steps move them, and that rows do not leak."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from core import adapters as core_adapters
from core import models
from tests.training.builders import conversations, tiny_config
from training import adapters, fused, loss, probes
from training.data import Batch, Item, collate, encode_examples
from training.probes import ProbeError


def ready(base: Path, precision: models.Precision = "nf4", **settings: Any) -> Any:
    """A tiny model with its adapters, as a run has it."""
    return adapters.add(models.load_model(base, precision), tiny_config(base, **settings)).train()


def rows(base: Path, n: int = 3) -> tuple[Item, ...]:
    return encode_examples(models.load_tokenizer(base), conversations(n), max_tokens=400).items


def batch_of(items: Sequence[Item]) -> Batch:
    return collate(items, 2)


def test_two_steps_reach_and_change_every_adapter_and_leave_no_trace(tiny_base: Path) -> None:
    model = ready(tiny_base, dropout=0.2)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    state = torch.get_rng_state()
    seen = probes.prove(model, rows(tiny_base), batch_of, torch.bfloat16, tiny_config(tiny_base, dropout=0.2))
    assert seen.matrices == 2 * 7 * 2 and seen.changed_share is not None and seen.changed_share > 0.99
    assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())
    assert all(p.grad is None for p in model.parameters())
    assert torch.equal(torch.get_rng_state(), state) and model.training
    assert not any(core_adapters.count_nonzero_b(model))


def test_a_whole_model_is_probed_without_a_copy(tiny_base: Path) -> None:
    model = models.load_model(tiny_base, "fp32").train()
    model.requires_grad_(True)
    config = tiny_config(tiny_base, method="full")
    assert probes.prove(model, rows(tiny_base), batch_of, torch.float32, config).changed_share is None


def test_an_adapter_that_no_gradient_reaches_is_caught(tiny_base: Path) -> None:
    model = ready(tiny_base, "fp32")
    layer = model.get_base_model().model.layers[0].mlp.up_proj
    original = layer.forward
    layer.forward = lambda x: original(x.detach()).detach()
    told: list[str] = []
    with pytest.raises(ProbeError, match="No gradient reaches 1 of 28") as caught:
        probes.prove(
            model, rows(tiny_base), batch_of, torch.float32, tiny_config(tiny_base), lambda name, *_: told.append(name)
        )
    assert caught.value.name == "gradient-missing" and told == ["gradient-missing"]


def test_a_frozen_adapter_is_caught(tiny_base: Path) -> None:
    model = ready(tiny_base)
    next(p for name, p in model.named_parameters() if "lora_A" in name).requires_grad_(False)
    with pytest.raises(ProbeError) as caught:
        probes.two_steps(model, batch_of(rows(tiny_base, 1)), torch.bfloat16, tiny_config(tiny_base))
    assert caught.value.name == "adapter-frozen"


def test_an_evaluation_that_changes_the_gradient_is_caught_with_dropout_too(tiny_base: Path) -> None:
    model = ready(tiny_base, "fp32", dropout=0.1)
    layer = model.get_base_model().model.layers[0].mlp

    def spoil(module: Any, inputs: Any) -> None:
        if not module.training:
            module.down_proj.base_layer.weight.data.mul_(0.5)

    layer.register_forward_pre_hook(spoil)
    with pytest.raises(ProbeError) as caught:
        probes.two_steps(model, batch_of(rows(tiny_base, 1)), torch.float32, tiny_config(tiny_base))
    assert caught.value.name == "eval-changes-gradient"


def test_the_repacking_of_four_bit_weights_on_this_processor_is_caught(tiny_base: Path) -> None:
    from bitsandbytes.functional import has_avx512bf16
    from bitsandbytes.nn.modules import Linear4bit

    if not has_avx512bf16():
        pytest.skip("this processor has no AVX512-BF16, so nothing is repacked")
    model = ready(tiny_base)
    for module in model.modules():
        if isinstance(module, Linear4bit):
            module.support_avx512bf16_for_cpu = True  # what core.models.keep_the_gradient forbids
    with pytest.raises(ProbeError) as caught:
        probes.prove(model, rows(tiny_base), batch_of, torch.bfloat16, tiny_config(tiny_base))
    assert caught.value.name == "eval-changes-gradient"


def test_steps_that_vanish_in_rounding_are_caught(tiny_base: Path) -> None:
    model = ready(tiny_base, method="lora", precision="bf16")
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.bfloat16()
    config = tiny_config(tiny_base, method="lora", learning_rate=1e-5)
    with pytest.raises(ProbeError, match="lost in rounding") as caught:
        probes.two_steps(model, batch_of(rows(tiny_base, 1)), torch.bfloat16, config)
    assert caught.value.name == "updates-lost"


@pytest.mark.parametrize("padded", [True, False])
def test_rows_that_attend_to_their_neighbours_are_caught(tiny_base: Path, padded: bool) -> None:
    model = ready(tiny_base, "fp32")
    fused.fuse(model, torch.float32)

    def leaky(items: Sequence[Item]) -> Batch:
        """All rows as one: the attention of each sees those before it."""
        joined = Item("all", sum((i.input_ids for i in items), ()), sum((i.labels for i in items), ()))
        return collate([joined], 2)

    chosen: Callable[[Sequence[Item]], Batch] = batch_of if padded else leaky
    if padded:
        probes.packed(model, rows(tiny_base, 2), chosen, torch.float32)
        return
    with pytest.raises(ProbeError) as caught:
        probes.packed(model, rows(tiny_base, 2), chosen, torch.float32)
    assert caught.value.name == "packed-loss-differs"


def test_a_loss_that_is_cut_off_from_the_weights_is_caught(tiny_base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = loss.nll_sum
    monkeypatch.setattr(loss, "nll_sum", lambda *args: real(*args) * 0)
    with pytest.raises(ProbeError) as caught:
        probes.two_steps(ready(tiny_base), batch_of(rows(tiny_base, 1)), torch.bfloat16, tiny_config(tiny_base))
    assert caught.value.name == "gradient-missing"
