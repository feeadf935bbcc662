"""trl's side of ``benchmarks.training_speed``: its SFTTrainer as its guide has it, on the tokens ours trains on.

It starts from the same fresh adapter as ours with that seed, takes as many optimiser steps, and lets its rate fall in
the same course; it draws its own random order, except where the very same steps are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.training_speed_timed import Clock, Part, Timed
from core import models
from core.chat import IGNORED
from core.errors import InputError
from training import adapters
from training.config import TrainConfig
from training.data import Item, plan_steps


def train(folder: Path, part: Part, config: TrainConfig, items: Sequence[Item], short_steps: int) -> Timed:
    """Train one part and keep its adapter in ``FOLDER/PART/adapter``.

    ``padded`` pads each batch; ``packed`` packs by best fit (bfd), one pack a step, the packs so long that an epoch
    has as many as ours has steps.

    Args:
        folder: Of the benchmark.
        part: One of trl's.
        config: With the part's seed.
        items: Conversations to train on.
        short_steps: Where a short part ends.

    Raises:
        InputError: No length of packs makes as many steps as ours takes.
    """
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, TrainerCallback
    from trl import SFTConfig, SFTTrainer  # type: ignore[attr-defined, unused-ignore]

    base = models.resolve(config.base_model)
    same = part.kind == "same"
    if same:
        items = in_our_order(items, config)
    rows = Dataset.from_list([{"input_ids": list(item.input_ids), "labels": list(item.labels)} for item in items])
    packed = part.kind == "packed"
    per_epoch = -(-len(items) // config.batch_size)
    settings = SFTConfig(
        output_dir=str(folder / part.name),
        per_device_train_batch_size=1 if packed else config.batch_size,
        packing=packed,
        train_sampling_strategy="sequential" if same else "random",
        max_length=pack_tokens(rows, per_epoch) if packed else config.max_tokens,
        learning_rate=config.learning_rate,
        num_train_epochs=config.epochs,
        lr_scheduler_type=config.scheduler,
        warmup_steps=config.warmup_share,
        max_grad_norm=config.max_grad_norm or 0.0,
        weight_decay=config.weight_decay,
        seed=config.seed,
        save_strategy="no",
        use_cpu=True,
        report_to="none",
        disable_tqdm=True,
        gradient_checkpointing=part.how == "default",
        logging_steps=1 if same else 10,
    )
    model: Any = AutoModelForCausalLM.from_pretrained(
        base, dtype=torch.bfloat16, quantization_config=models.quantisation(), device_map={"": "cpu"}
    )
    clock, counts = Clock(), [0, 0]

    class Watch(TrainerCallback):  # type: ignore[misc, unused-ignore]
        """Times the loop, and ends a short one."""

        def on_train_begin(self, *_: Any, **__: Any) -> None:
            clock.begin()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            clock.end()
            control.should_training_stop = part.short and state.global_step >= short_steps

    class Counting(SFTTrainer):  # type: ignore[misc, unused-ignore]
        """Counts what goes through the model; nothing else is changed."""

        def training_step(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            counts[0] += int((inputs["labels"][:, 1:] != IGNORED).sum())
            mask = inputs.get("attention_mask")
            counts[1] += int(inputs["input_ids"].numel() if mask is None else mask.sum())
            return super().training_step(model, inputs, *args, **kwargs)  # type: ignore[no-untyped-call, unused-ignore]

    trainer: Any = Counting(
        model=adapters.add(model, config),
        args=settings,
        train_dataset=rows,
        processing_class=models.load_tokenizer(base),
        callbacks=[Watch()],
    )
    if part.how == "float32":
        for parameter in trainer.model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()
    trainer.train()
    trainer.model.save_pretrained(folder / part.name / "adapter")
    losses = tuple(float(entry["loss"]) for entry in trainer.state.log_history if "loss" in entry) if same else ()
    return Timed(part.name, trainer.state.global_step, counts[0], counts[1], *clock.seconds, losses)


def in_our_order(items: Sequence[Item], config: TrainConfig) -> list[Item]:
    """The conversations of the first epoch as our steps take them, one after the other."""
    steps = plan_steps(
        items,
        batch_size=config.batch_size,
        gradient_accumulation=config.gradient_accumulation,
        seed=config.seed,
        epoch=0,
    )
    return [item for step in steps for micro_batch in step for item in micro_batch]


def pack_tokens(rows: Any, packs: int) -> int:
    """The shortest length at which trl's best fit makes this number of packs, none of its conversations cut.

    Args:
        rows: A ``datasets.Dataset`` with ``input_ids`` and ``labels``.
        packs: How many are wanted.

    Raises:
        InputError: No length does.
    """
    from datasets.utils.logging import disable_progress_bar
    from trl import pack_dataset  # type: ignore[attr-defined, unused-ignore]

    disable_progress_bar()
    lengths = [len(ids) for ids in rows["input_ids"]]
    low, high = max(*lengths, sum(lengths) // packs), sum(lengths)

    def made(tokens: int) -> int:
        return len(pack_dataset(rows, tokens, "bfd"))

    while low < high:  # fewer packs the longer they are
        middle = (low + high) // 2
        low, high = (low, middle) if made(middle) <= packs else (middle + 1, high)
    if made(low) != packs:
        raise InputError(f"trl's packing never makes {packs} packs of these conversations.", "Take another --batch.")
    return low
