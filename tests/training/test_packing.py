"""Batches without padding: the same conversations, the same loss and gradients, and none sees another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import jobs, models
from core.chat import IGNORED
from core.errors import FinetoothError
from tests.training.builders import conversations, tiny_config, train_tiny
from training import adapters, fused, padding
from training.data import Item, collate, encode_examples
from training.loss import nll_sum

SIZES: dict[str, Any] = {
    "vocab_size": 100,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
    "initializer_range": 0.3,
    "pad_token_id": 0,
}
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen2": {},
    "qwen3": {},
    "mistral": {"sliding_window": 7},
    "gemma3_text": {"sliding_window": 5, "layer_types": ["sliding_attention", "full_attention"]},
    "phi3": {},
    "olmo2": {},
    "smollm3": {"no_rope_layers": [0, 1]},
}


def random_model(name: str, **settings: Any) -> Any:
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(name, **{**SIZES, **ARCHITECTURES.get(name, {}), **settings})
    torch.manual_seed(3)
    return AutoModelForCausalLM.from_config(config)


def random_items(lengths: Sequence[int], seed: int = 0) -> list[Item]:
    generator = torch.Generator().manual_seed(seed)
    items = []
    for k, length in enumerate(lengths):
        ids = tuple(torch.randint(1, 100, (length,), generator=generator).tolist())
        items.append(Item(str(k), ids, (IGNORED,) * (length // 2) + ids[length // 2 :]))
    return items


def loss_and_gradients(model: Any, batches: Sequence[Any]) -> tuple[float, list[torch.Tensor]]:
    model.zero_grad()
    total: Any = sum(nll_sum(model, batch, torch.float32) for batch in batches)
    total.backward()
    return float(total.detach()), [p.grad.clone() for p in model.parameters() if p.grad is not None]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_laid_end_to_end_a_batch_has_the_loss_and_gradients_of_its_conversations_alone(name: str) -> None:
    model, items = random_model(name), random_items([9, 4, 17, 9])
    apart = loss_and_gradients(model, [collate([item], 0) for item in items])
    assert padding.attend_in(model, torch.float32)
    together = loss_and_gradients(model, [collate(items, 0, padding_free=True)])
    padded = loss_and_gradients(model, [collate(items, 0)])
    for loss, gradients in (together, padded):
        assert loss == pytest.approx(apart[0], rel=1e-5)
        for ours, theirs in zip(gradients, apart[1], strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)


def test_what_one_conversation_says_never_reaches_the_next() -> None:
    model = random_model("llama").eval()
    padding.attend_in(model, torch.float32)
    first, other, last = random_items([8, 8, 12], seed=1)
    unheard = Item("", first.input_ids, (IGNORED,) * 8)
    changed = Item("", other.input_ids, (IGNORED,) * 8)
    with torch.no_grad():
        a = nll_sum(model, collate([unheard, last], 0, padding_free=True), torch.float32)
        b = nll_sum(model, collate([changed, last], 0, padding_free=True), torch.float32)
    assert torch.equal(a, b)


def test_without_its_own_attention_a_model_refuses_a_batch_without_padding() -> None:
    with pytest.raises(FinetoothError, match="cannot be kept within each conversation"):
        nll_sum(random_model("llama"), collate(random_items([5, 6]), 0, padding_free=True), torch.float32)


def test_attention_that_is_not_known_is_refused_and_not_ignored() -> None:
    model = random_model("gemma2", attn_logit_softcapping=30.0, final_logit_softcapping=None, query_pre_attn_scalar=8)
    padding.attend_in(model, torch.float32)
    with pytest.raises(FinetoothError, match="softcap"):
        nll_sum(model, collate(random_items([5, 6]), 0), torch.float32)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(2, 30), min_size=1, max_size=7))
def test_a_batch_without_padding_trains_the_same_tokens(lengths: list[int]) -> None:
    items = random_items(lengths)
    free, padded = collate(items, 0, padding_free=True), collate(items, 0)
    assert free.lengths == tuple(lengths) and tuple(free.input_ids.shape) == (1, sum(lengths))
    assert free.targets.tolist() == padded.targets.tolist()
    before = free.input_ids[free.rows, free.columns]
    assert before.tolist() == padded.input_ids[padded.rows, padded.columns].tolist()


@pytest.mark.parametrize("checkpointing", [False, True])
def test_adapters_on_four_bits_have_the_same_gradients_without_padding(tiny_base: Path, checkpointing: bool) -> None:
    tokenizer = models.load_tokenizer(tiny_base)
    items = encode_examples(tokenizer, conversations(5), max_tokens=400).items
    model = models.load_model(tiny_base, "nf4")
    if checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    model = adapters.add(model, tiny_config(tiny_base)).train()
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1, generator=torch.Generator().manual_seed(1))
    fused.fuse(model, torch.float32)
    padding.attend_in(model.get_base_model(), torch.float32)
    padded = loss_and_gradients(model, [collate(items, 2)])
    free = loss_and_gradients(model, [collate(items, 2, padding_free=True)])
    assert free[0] == pytest.approx(padded[0], rel=1e-3)
    for ours, theirs in zip(free[1], padded[1], strict=True):
        assert float((ours - theirs).norm() / theirs.norm()) < 0.02


@pytest.mark.parametrize("method", ["qlora", "full"])
def test_a_run_without_padding_takes_the_same_course(tiny_base: Path, tmp_path: Path, method: str) -> None:
    courses = []
    for free in (True, False):
        folder = tmp_path / str(free)
        train_tiny(folder, tiny_config(tiny_base, method=method, padding_free=free, samples=0))
        events = jobs.events(folder)
        courses.append([event["loss"] for event in events if event["type"] in ("step", "eval")])
        assert not any(event.get("name") == "padding-kept" for event in events)
    assert courses[0] == pytest.approx(courses[1], rel=2e-3 if method == "full" else 2e-2)


def test_a_model_with_attention_of_its_own_is_padded_and_the_run_says_so(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(padding, "attend_in", lambda model, units: False)
    facts = train_tiny(tmp_path / "run", tiny_config(tiny_base, epochs=1, samples=0))
    assert facts["Steps"] == 4
    assert any(event.get("name") == "padding-kept" for event in jobs.events(tmp_path / "run"))
