"""Our steps and those of trl's trainer, on the same conversations in the same order in float32, are the same steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from core import models
from core.chat import IGNORED
from tests.training.builders import conversations, tiny_config
from training import adapters, fused, padding
from training.config import TrainConfig, schedule
from training.data import Item, collate, encode_examples, plan_steps
from training.steps import take_step

pytest.importorskip("trl")

STEPS = 8
BATCH = 4


@pytest.fixture(scope="module")
def config(tiny_base: Path) -> TrainConfig:
    return tiny_config(tiny_base, warmup_share=0.0, weight_decay=0.01, max_grad_norm=0.5, scheduler="linear", epochs=1)


@pytest.fixture(scope="module")
def steps(tiny_base: Path, config: TrainConfig) -> list[list[Item]]:
    encoded = encode_examples(models.load_tokenizer(tiny_base), conversations(STEPS * BATCH), max_tokens=256)
    planned = plan_steps(encoded.items, batch_size=BATCH, gradient_accumulation=1, seed=0, epoch=0)
    return [micro_batch for step in planned for micro_batch in step]


def fresh(base: Path, config: TrainConfig) -> Any:
    return adapters.add(models.load_model(base, "fp32"), config)


def trained(model: Any) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


def ours(base: Path, config: TrainConfig, steps: list[list[Item]], *, padding_free: bool) -> tuple[list[float], Any]:
    model = fresh(base, config)
    padding.attend_in(model.get_base_model(), torch.float32)
    fused.fuse(model, torch.float32)
    model.train()
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=config.learning_rate, weight_decay=config.weight_decay)
    losses = []
    for k, items in enumerate(steps):
        loss, _ = take_step(
            model,
            optimizer,
            [collate(items, 2, padding_free=padding_free)],
            rate=config.learning_rate * schedule(config, k, len(steps)),
            max_norm=config.max_grad_norm,
            units=torch.float32,
            check=lambda: None,
            finite=lambda value, _: value,
        )
        losses.append(loss)
    return losses, trained(model)


def theirs(folder: Path, base: Path, config: TrainConfig, rows: list[Any], **settings: Any) -> tuple[list[float], Any]:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer  # type: ignore[attr-defined, unused-ignore]

    chosen = SFTConfig(
        output_dir=str(folder),
        learning_rate=config.learning_rate,
        num_train_epochs=1,
        lr_scheduler_type=config.scheduler,
        max_grad_norm=config.max_grad_norm or 0.0,
        weight_decay=config.weight_decay,
        train_sampling_strategy="sequential",
        save_strategy="no",
        use_cpu=True,
        bf16=False,
        report_to="none",
        disable_tqdm=True,
        gradient_checkpointing=False,
        logging_steps=1,
        **settings,
    )
    trainer: Any = SFTTrainer(
        model=fresh(base, config),
        args=chosen,
        train_dataset=Dataset.from_list(rows),
        processing_class=models.load_tokenizer(base),
    )
    trainer.train()
    losses = [float(entry["loss"]) for entry in trainer.state.log_history if "loss" in entry]
    return losses, trained(trainer.model)


def assert_same(mine: tuple[list[float], Any], other: tuple[list[float], Any]) -> None:
    assert mine[0] == pytest.approx(other[0], rel=1e-5)
    assert mine[0][-1] < 0.9 * mine[0][0], "something was learnt in these steps"
    for (name, weight), weight_of_trl in zip(mine[1].items(), other[1].values(), strict=True):
        assert torch.allclose(weight, weight_of_trl, atol=2e-4), name


@pytest.mark.parametrize("padding_free", [False, True], ids=["padded", "without padding"])
def test_steps_lose_and_learn_what_trl_s_padded_ones_do(
    tmp_path: Path, tiny_base: Path, config: TrainConfig, steps: list[list[Item]], padding_free: bool
) -> None:
    rows = [{"input_ids": list(item.input_ids), "labels": list(item.labels)} for step in steps for item in step]
    other = theirs(tmp_path, tiny_base, config, rows, per_device_train_batch_size=BATCH)
    assert_same(ours(tiny_base, config, steps, padding_free=padding_free), other)


def test_packs_of_trl_are_steps_of_ours(
    tmp_path: Path, tiny_base: Path, config: TrainConfig, steps: list[list[Item]]
) -> None:
    from datasets import Dataset
    from trl import pack_dataset  # type: ignore[attr-defined, unused-ignore]

    items = [item for step in steps for item in step]
    rows = [{"input_ids": list(item.input_ids), "labels": list(item.labels)} for item in items]
    length = 4 * max(item.n_tokens for item in items)
    packs = pack_dataset(Dataset.from_list(rows), length, "bfd")
    packed_steps = []
    for ids, labels, lengths in zip(packs["input_ids"], packs["labels"], packs["seq_lengths"], strict=True):
        step, begin = [], 0
        for k, n in enumerate(lengths):
            assert labels[begin] == IGNORED
            step.append(Item(str(k), tuple(ids[begin : begin + n]), tuple(labels[begin : begin + n])))
            begin += n
        packed_steps.append(step)
    other = theirs(tmp_path, tiny_base, config, rows, per_device_train_batch_size=1, packing=True, max_length=length)
    assert_same(ours(tiny_base, config, packed_steps, padding_free=True), other)
