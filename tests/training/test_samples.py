"""Sample answers are made while a model learns, and change nothing in what it learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from core import jobs, models
from core.types import Example, Message
from tests.training.builders import conversations, tiny_config, train_tiny
from training import adapters, fused, samples
from training.control import StoppedError
from training.footprint import Meter
from training.loading import Loaded


def said(folder: Path) -> list[dict[str, Any]]:
    return [event for event in jobs.events(folder) if event["type"] == "sample"]


@pytest.mark.parametrize("method", ["qlora", "lora", "full"])
def test_the_weights_are_equal_with_and_without_samples(method: str, tiny_base: Path, tmp_path: Path) -> None:
    """With dropout, so that a random number drawn by the generation would show; in 4 bits, so that repacking would."""
    dropout = 0.0 if method == "full" else 0.1
    for name, count in (("with", 2), ("without", 0)):
        train_tiny(
            tmp_path / name, tiny_config(tiny_base, method=method, dropout=dropout, samples=count, sample_tokens=4)
        )
    result = "model/model.safetensors" if method == "full" else "adapter/adapter_model.safetensors"
    assert (tmp_path / "with" / result).read_bytes() == (tmp_path / "without" / result).read_bytes()
    assert len(said(tmp_path / "with")) == 6 and said(tmp_path / "without") == []


def test_the_base_answers_once_and_the_tuned_model_at_each_measurement(tiny_base: Path, tmp_path: Path) -> None:
    held = conversations(4, start=100)
    train_tiny(tmp_path / "run", tiny_config(tiny_base, samples=2, sample_tokens=5), hold_out=held)
    events = said(tmp_path / "run")
    assert [(e["step"], e["prompt"], e["model"]) for e in events] == [
        (0, 0, "base"),
        (0, 1, "base"),
        (4, 0, "tuned"),
        (4, 1, "tuned"),
        (8, 0, "tuned"),
        (8, 1, "tuned"),
    ]
    assert [e["example"] for e in events] == [held[0].id, held[1].id] * 3
    assert all(isinstance(e["text"], str) and e["seconds"] > 0 for e in events)


def test_the_base_answer_is_that_of_the_plain_base_model(tiny_base: Path, tmp_path: Path) -> None:
    held = conversations(4, start=100)
    train_tiny(tmp_path / "run", tiny_config(tiny_base, method="lora", samples=1, sample_tokens=12), hold_out=held)
    model, tokenizer = models.load_model(tiny_base, "bf16"), models.load_tokenizer(tiny_base)
    (prompt,) = samples.choose(tokenizer, held, 1)
    (plain,) = samples.answer(model, tokenizer, [prompt], 12, lambda: None)
    first = said(tmp_path / "run")[0]
    assert (first["text"], first["truncated"]) == (plain.text, plain.truncated)


def test_a_stop_is_obeyed_between_two_tokens(tiny_base: Path, tmp_path: Path) -> None:
    looks = 0

    def stop_in_the_answer() -> bool:
        nonlocal looks
        looks += 1
        return looks > 30

    with pytest.raises(StoppedError):
        train_tiny(
            tmp_path / "run",
            tiny_config(tiny_base, samples=1, sample_tokens=500),
            should_stop=stop_in_the_answer,
        )
    assert said(tmp_path / "run") == []
    assert jobs.events(tmp_path / "run")[-1]["phase"] == "sample"


def test_prompts_that_leave_no_room_or_cannot_be_rendered_are_passed_over(tiny_base: Path) -> None:
    model, tokenizer = models.load_model(tiny_base), models.load_tokenizer(tiny_base)
    unanswered = Example("open", (Message("user", "Hello?"),))
    long = Example("long", (Message("user", "word " * 900), Message("assistant", "Yes.")))
    chosen = samples.choose(tokenizer, [unanswered, long, *conversations(3)], 3)
    assert [one.number for one in chosen] == [0, 1, 2] and chosen[0].example_id == "long"
    assert [one.number for one in samples.fitting(model, chosen, 16)] == [1, 2]


def test_each_piece_of_work_before_the_first_step_says_how_far_it_is(tiny_base: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    config = tiny_config(tiny_base, samples=2, sample_tokens=5, general_questions=6, batch_size=2)
    train_tiny(tmp_path / "run", config, progress=lambda *how_far: told.append(how_far))
    before = told[: next(k for k, (stage, _, _) in enumerate(told) if stage == "train")]
    assert [(stage, done) for stage, done, total in before if stage == "probe" and total == 2] == [
        ("probe", 0),
        ("probe", 1),
    ]
    passes = [(done, total) for stage, done, total in before if stage == "eval" and total]
    assert len({total for _, total in passes}) >= 1 and max(done for done, _ in passes) >= 1
    tokens = [done for stage, done, total in before if stage == "sample" and total == 5]
    assert sorted(set(tokens)) == list(range(max(tokens) + 1)) and max(tokens) >= 1


def test_matrices_unpacked_once_for_all_tokens_give_the_same_answers_and_weights(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bitsandbytes.functional as bnb

    real, calls = bnb.dequantize_4bit, {"room": 0, "none": 0}
    for name, room in (("room", 2**40), ("none", 0)):

        def counted(*given: Any, _name: str = name, **named: Any) -> Any:
            calls[_name] += 1
            return real(*given, **named)

        monkeypatch.setattr(Loaded, "room_bytes", lambda _self, _tokens, _room=room: _room)
        monkeypatch.setattr(bnb, "dequantize_4bit", counted)
        train_tiny(tmp_path / name, tiny_config(tiny_base, samples=2, sample_tokens=20))
    told = [[(e["step"], e["prompt"], e["text"]) for e in said(tmp_path / name)] for name in calls]
    assert told[0] == told[1] and len(told[0]) == 6
    weights = [(tmp_path / name / "adapter" / "adapter_model.safetensors").read_bytes() for name in calls]
    assert weights[0] == weights[1]
    assert calls["room"] < calls["none"]


def test_answers_of_as_many_tokens_as_a_pass_leave_no_room_beside_them(tiny_base: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int, int]] = []
    real = Loaded.room_bytes

    def watched(self: Loaded, tokens: int) -> int:
        seen.append((real(self, self.real_step.tokens), real(self, self.real_step.tokens // 2), real(self, 0)))
        return real(self, tokens)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loaded, "room_bytes", watched)
        patch.setattr(Meter, "now_bytes", lambda _self: 1)
        train_tiny(tmp_path / "run", tiny_config(tiny_base, samples=2, sample_tokens=5))
    assert seen and all(none == 0 < half < full for none, half, full in seen)


def test_matrices_are_not_unpacked_beyond_the_memory_that_a_pass_needs_anyway(tiny_base: Path) -> None:
    model = adapters.add(models.load_model(tiny_base, "nf4"), tiny_config(tiny_base))
    assert fused.fuse(model, torch.float32) > 0
    layers = [layer.base_layer for layer in model.modules() if hasattr(layer, "base_layer")]
    needed = sum(layer.weight.quant_state.shape.numel() for layer in layers) * 4
    with fused.unpacked(model, torch.float32, needed - 1) as kept:
        assert not kept and all(getattr(layer.weight, "unpacked", None) is None for layer in layers)
    with fused.unpacked(model, torch.float32, needed) as kept:
        assert kept and all(layer.weight.unpacked.dtype == torch.float32 for layer in layers)
    assert all(layer.weight.unpacked is None for layer in layers), "nothing of it stays"
