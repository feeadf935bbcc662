"""Training a tiny model for real: it learns, repeats itself to the bit, stops when told, and never in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from core import adapters as core_adapters
from core import jobs, models
from core.errors import BlockedError, CancelledError, FinetoothError
from core.types import Example, Message
from tests.tiny_model import tiny
from tests.training.builders import conversations, tiny_config, train_tiny
from training import adapters, fused, padding
from training.config import TrainConfig, schedule
from training.control import StoppedError
from training.data import collate, encode_examples
from training.loss import nll_sum
from training.records import read_run


def weights(folder: Path) -> bytes:
    return (folder / "adapter" / "adapter_model.safetensors").read_bytes()


def losses(folder: Path, kind: str = "step") -> list[float]:
    return [event["loss"] for event in jobs.events(folder) if event["type"] == kind]


def batch_of(base: Path, n: int = 4) -> Any:
    tokenizer = models.load_tokenizer(base)
    encoded = encode_examples(tokenizer, conversations(n), max_tokens=400)
    return collate(encoded.items, tokenizer.pad_token_id)


@pytest.mark.parametrize("method", ["qlora", "lora"])
def test_the_loss_falls_and_the_holdout_with_it(tiny_base: Path, tmp_path: Path, method: str) -> None:
    folder = tmp_path / "run"
    facts = train_tiny(folder, tiny_config(tiny_base, method=method, epochs=4))
    assert losses(folder)[-1] < 0.8 * losses(folder)[0]
    assert facts["Hold-out loss after"] < 0.9 * facts["Hold-out loss before"]
    assert read_run(folder).status == "done"


def test_full_training_writes_a_model_that_loads(tiny_base: Path, tmp_path: Path) -> None:
    facts = train_tiny(tmp_path / "run", tiny_config(tiny_base, method="full", learning_rate=5e-3, epochs=4))
    assert facts["Hold-out loss after"] < 0.9 * facts["Hold-out loss before"]
    assert models.load_model(tmp_path / "run" / "model").dtype == torch.float32


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tiny_base: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train_tiny(tmp_path / name, tiny_config(tiny_base, seed=seed, epochs=1))
    assert weights(tmp_path / "a") == weights(tmp_path / "b") != weights(tmp_path / "c")


def test_one_batch_of_four_trains_like_four_batches_of_one(tiny_base: Path, tmp_path: Path) -> None:
    train_tiny(tmp_path / "whole", tiny_config(tiny_base, method="lora", batch_size=4))
    train_tiny(tmp_path / "split", tiny_config(tiny_base, method="lora", batch_size=1, gradient_accumulation=4))
    assert losses(tmp_path / "whole") == pytest.approx(losses(tmp_path / "split"), rel=2e-2)


def test_the_loss_of_a_step_is_weighted_by_tokens(tiny_base: Path) -> None:
    model = models.load_model(tiny_base, "fp32")
    encoded = encode_examples(models.load_tokenizer(tiny_base), conversations(4), max_tokens=400).items
    whole, parts = collate(encoded, 2), [collate([item], 2) for item in encoded]
    with torch.no_grad():
        together = nll_sum(model, whole, torch.float32)
        apart = sum(nll_sum(model, part, torch.float32) for part in parts)
    assert float(together) == pytest.approx(float(apart), rel=1e-5)
    assert whole.n_supervised == sum(part.n_supervised for part in parts)


def test_the_loss_and_its_gradient_equal_plain_cross_entropy(tiny_base: Path) -> None:
    batch = batch_of(tiny_base)
    model = adapters.add(models.load_model(tiny_base, "fp32"), tiny_config(tiny_base))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1, generator=torch.Generator().manual_seed(1))
    trained = [p for p in model.parameters() if p.requires_grad]
    ours = nll_sum(model, batch, torch.float32)
    ours_grad = torch.autograd.grad(ours, trained)
    logits = model(input_ids=batch.input_ids).logits[batch.rows, batch.columns]
    plain = torch.nn.functional.cross_entropy(logits, batch.targets, reduction="sum")
    plain_grad = torch.autograd.grad(plain, trained)
    assert ours.item() == pytest.approx(plain.item(), rel=1e-5)
    for a, b in zip(ours_grad, plain_grad, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "nf4"])
def test_the_one_pass_layer_gives_the_gradients_of_peft(tiny_base: Path, precision: models.Precision) -> None:
    batch = batch_of(tiny_base)

    def gradients(one_pass: bool) -> list[torch.Tensor]:
        model = adapters.add(models.load_model(tiny_base, precision), tiny_config(tiny_base)).train()
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.1, generator=torch.Generator().manual_seed(1))
        if one_pass:
            assert fused.fuse(model, torch.float32) == 14
            padding.attend_in(model.get_base_model(), torch.float32)
        nll_sum(model, batch, torch.float32).backward()
        return [p.grad for p in model.parameters() if p.requires_grad]

    for ours, theirs in zip(gradients(True), gradients(False), strict=True):
        difference = float((ours - theirs).norm() / theirs.norm())
        assert difference < (1e-4 if precision == "fp32" else 0.08)


def test_a_disabled_adapter_answers_as_the_base(tiny_base: Path) -> None:
    batch = batch_of(tiny_base)
    base = models.load_model(tiny_base, "nf4")
    with torch.no_grad():
        plain = base(input_ids=batch.input_ids).logits.clone()
        model = adapters.add(base, tiny_config(tiny_base))
        fused.fuse(model, torch.float32)
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.ones_(parameter)
        with model.disable_adapter():
            assert torch.equal(model(input_ids=batch.input_ids).logits, plain)
        assert not torch.equal(model(input_ids=batch.input_ids).logits, plain)


def test_gradients_are_equal_before_and_after_an_eval_forward_in_nf4(tiny_base: Path) -> None:
    batch = batch_of(tiny_base)
    model = adapters.add(models.load_model(tiny_base, "nf4"), tiny_config(tiny_base)).train()

    def gradients() -> list[torch.Tensor]:
        model.zero_grad()
        nll_sum(model, batch, torch.bfloat16).backward()
        return [p.grad.clone() for p in model.parameters() if p.requires_grad]

    before = gradients()
    model.eval()
    with torch.no_grad():
        model(input_ids=batch.input_ids)
    model.train()
    assert all(torch.equal(a, b) for a, b in zip(before, gradients(), strict=True))


def test_an_untrained_adapter_is_not_passed_off_as_trained(tiny_base: Path) -> None:
    model = adapters.add(models.load_model(tiny_base, "fp32"), tiny_config(tiny_base))
    with pytest.raises(FinetoothError, match="no effect: 0 of 14"):
        adapters.prove(model, batch_of(tiny_base, 1))


def test_a_saved_adapter_loads_on_its_base_and_moves_the_answers(tiny_base: Path, tmp_path: Path) -> None:
    train_tiny(tmp_path / "run", tiny_config(tiny_base))
    tuned = models.load_model(tiny_base, "nf4", tmp_path / "run" / "adapter")
    batch = batch_of(tiny_base)
    with torch.no_grad():
        after = tuned(input_ids=batch.input_ids).logits
        with tuned.disable_adapter():
            before = tuned(input_ids=batch.input_ids).logits
    assert not torch.equal(after, before)


def test_the_holdout_loss_of_the_run_is_that_of_the_reloaded_adapter(tiny_base: Path, tmp_path: Path) -> None:
    facts = train_tiny(tmp_path / "run", tiny_config(tiny_base))
    tuned = models.load_model(tiny_base, "nf4", tmp_path / "run" / "adapter")
    held = encode_examples(models.load_tokenizer(tiny_base), conversations(4, start=100), max_tokens=400)
    batch = collate(held.items, 2)
    with torch.no_grad():
        loss = float(nll_sum(tuned, batch, torch.bfloat16)) / batch.n_supervised
    assert loss == pytest.approx(facts["Hold-out loss after"], rel=1e-2)


def test_an_adapter_is_refused_on_another_base(tiny_base: Path, tmp_path: Path) -> None:
    train_tiny(tmp_path / "run", tiny_config(tiny_base))
    other = tiny(tmp_path / "other", seed=7)
    with pytest.raises(FinetoothError, match="another base model"):
        models.load_model(other, "nf4", tmp_path / "run" / "adapter")


def test_an_adapter_whose_names_do_not_match_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    train_tiny(tmp_path / "run", tiny_config(tiny_base))
    file = tmp_path / "run" / "adapter" / "adapter_model.safetensors"
    save_file({name.replace("layers.0", "layers.9"): value for name, value in load_file(file).items()}, file)
    (tmp_path / "run" / "adapter" / "finetooth.json").unlink()
    with pytest.raises(FinetoothError, match="14 of 28 weights are missing"):
        models.load_model(tiny_base, "nf4", tmp_path / "run" / "adapter")


def test_a_stop_is_obeyed_before_the_next_forward_pass_and_keeps_the_adapter(tiny_base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"

    def third_step_is_done() -> bool:
        return len(losses(folder)) >= 3

    with pytest.raises(CancelledError):
        train_tiny(folder, tiny_config(tiny_base, epochs=10), should_stop=third_step_is_done)
    assert len(losses(folder)) == 3
    run = read_run(folder)
    assert run.status == "stopped" and run.adapter_hash and weights(folder)
    assert jobs.events(folder)[-1]["type"] == "end"


def test_the_adapter_of_a_stopped_run_is_proven_too(tiny_base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(CancelledError):
        train_tiny(folder, tiny_config(tiny_base, epochs=10), should_stop=lambda: len(losses(folder)) >= 5)
    facts = read_run(folder).facts
    assert facts["Adapted layers"] == 14 and facts["Largest change of a logit"] > 0


def test_a_stopped_run_whose_adapter_changes_nothing_says_so_and_keeps_it(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def inert(model: Any, batch: Any) -> Any:
        raise FinetoothError("The adapter has no effect: 0 of 14 layers were trained.")

    monkeypatch.setattr("training.adapters.prove", inert)
    folder = tmp_path / "run"
    with pytest.raises(CancelledError):
        train_tiny(folder, tiny_config(tiny_base, epochs=10), should_stop=lambda: len(losses(folder)) >= 5)
    run = read_run(folder)
    assert run.status == "stopped" and run.adapter_hash and "Adapted layers" not in run.facts
    warned = [event["message"] for event in jobs.events(folder) if event.get("name") == "adapter-inert"]
    assert len(warned) == 1 and warned[0].startswith("The adapter has no effect: 0 of 14 layers")


@pytest.mark.parametrize("stage", ["load", "tokenise", "probe", "eval", "sample", "train", "save"])
@pytest.mark.parametrize("command", ["should_stop", "should_cancel"])
def test_a_command_is_obeyed_in_every_stage(stage: str, command: str, tiny_base: Path, tmp_path: Path) -> None:
    folder, entered = tmp_path / "run", []

    def watch(name: str, done: int, total: int | None) -> None:
        entered.append(name)

    config = tiny_config(tiny_base, epochs=6, samples=1, sample_tokens=8, checkpoint_every=1)
    with pytest.raises(StoppedError):
        train_tiny(folder, config, progress=watch, **{command: lambda: stage in entered})
    after = [name for name in entered[entered.index(stage) :] if name != stage]
    run, saves = read_run(folder), command == "should_stop"
    assert run.status == ("stopped" if saves else "cancelled")
    assert len(losses(folder)) == {"train": 0, "save": 1}.get(stage, 0)
    assert set(after) <= {"save"} | ({"train"} if stage == "save" else set()), "nothing else is begun"
    assert (folder / "adapter").exists() == (saves and stage == "save")
    assert [e["reason"] for e in jobs.events(folder) if e["type"] == "stopping"] == ["request" if saves else "cancel"]


def test_a_row_without_an_answer_blocks_before_the_model_is_loaded(tiny_base: Path, tmp_path: Path) -> None:
    unanswered = Example("unanswered", (Message("user", "Hello?"),))
    with pytest.raises(BlockedError, match="no answer to train on"):
        train_tiny(tmp_path / "run", tiny_config(tiny_base), examples=[*conversations(8), unanswered])
    report = json.loads((tmp_path / "run" / "preflight.json").read_text())
    assert report["blocks"][0]["examples"] == ["unanswered"]
    assert read_run(tmp_path / "run").status == "failed" and not (tmp_path / "run" / "adapter").exists()


def test_a_loss_that_is_no_number_ends_the_run(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import steps

    real = steps.nll_sum

    def breaking(model: Any, batch: Any, units: Any) -> Any:
        return real(model, batch, units) * (float("nan") if len(losses(tmp_path / "run")) == 2 else 1)

    monkeypatch.setattr(steps, "nll_sum", breaking)
    with pytest.raises(FinetoothError, match="no longer a finite number after 2 steps"):
        train_tiny(tmp_path / "run", tiny_config(tiny_base))
    assert read_run(tmp_path / "run").status == "failed"
    assert any(event.get("name") == "non-finite" for event in jobs.events(tmp_path / "run"))


def test_the_events_tell_the_whole_run_without_a_gap(tiny_base: Path, tmp_path: Path) -> None:
    train_tiny(tmp_path / "run", tiny_config(tiny_base, eval_every=3))
    events = jobs.events(tmp_path / "run")
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    kinds = [event["type"] for event in events if event["type"] != "warning"]
    assert kinds[:2] == ["start", "eval"] and kinds[-2:] == ["adapter", "end"]
    assert [event["step"] for event in events if event["type"] == "eval"] == [0, 3, 6, 8]
    steps = [event for event in events if event["type"] == "step"]
    assert [event["step"] for event in steps] == list(range(1, 9)) and steps[0]["lr"] > 0
    assert {"loss", "lr", "grad_norm", "tokens_per_s", "eta_s"} <= set(steps[0])


def test_predicted_and_measured_memory_are_kept_with_the_run(tiny_base: Path, tmp_path: Path) -> None:
    facts = train_tiny(tmp_path / "run", tiny_config(tiny_base, epochs=1))
    assert {"Predicted memory (MiB)", "Measured memory (MiB)"} <= set(facts)


def test_a_limit_trains_on_a_sample_and_says_so(tiny_base: Path, tmp_path: Path) -> None:
    facts = train_tiny(tmp_path / "run", tiny_config(tiny_base, limit=8, epochs=1))
    assert facts["Examples trained on"] == 8 and facts["Examples not drawn"] == 8


def test_gradient_checkpointing_and_dropout_train_too(tiny_base: Path, tmp_path: Path) -> None:
    facts = train_tiny(tmp_path / "run", tiny_config(tiny_base, gradient_checkpointing=True, dropout=0.1, epochs=4))
    assert facts["Hold-out loss after"] < facts["Hold-out loss before"]


def test_gradient_checkpointing_changes_no_weight(tiny_base: Path, tmp_path: Path) -> None:
    for name, value in (("with", True), ("without", False)):
        train_tiny(tmp_path / name, tiny_config(tiny_base, gradient_checkpointing=value, epochs=1))
    assert weights(tmp_path / "with") == weights(tmp_path / "without")


@pytest.mark.parametrize("scheduler", ["cosine", "linear", "constant"])
def test_the_rate_warms_up_from_above_zero_and_never_exceeds_the_peak(scheduler: Any) -> None:
    config = TrainConfig(scheduler=scheduler, warmup_share=0.1)
    rates = [schedule(config, step, 100) for step in range(100)]
    assert 0 < rates[0] < rates[9] < rates[10] == 1.0 == max(rates)
    assert rates[-1] == (1.0 if scheduler == "constant" else pytest.approx(0, abs=0.02))


@pytest.mark.slow
def test_the_real_model_learns_in_a_few_steps_of_nf4(tmp_path: Path) -> None:
    config = TrainConfig(method="qlora", batch_size=4, epochs=3, learning_rate=1e-3)
    facts = train_tiny(tmp_path / "run", config, examples=conversations(8), hold_out=conversations(3, start=100))
    assert facts["Steps"] == 6 and facts["Adapted layers"] == 210
    assert facts["Hold-out loss after"] < 0.7 * facts["Hold-out loss before"]
    tuned = models.load_model(models.resolve(), "nf4", tmp_path / "run" / "adapter")
    assert all(core_adapters.count_nonzero_b(tuned))
