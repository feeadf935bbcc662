"""One training for ``benchmarks.training_speed``: ours or trl's on the same tokens, timed, its adapter kept.

``python -m benchmarks.training_speed_run FOLDER WHO`` trains by ``FOLDER/plan.json`` and writes ``FOLDER/WHO.json``;
the loop of steps is timed, not the loading of the model. The same command with ``measure`` behind it writes the loss on
the hold-out with that adapter, ``FOLDER/WHO-loss.json``; ``base`` is the model without one.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core import models
from core.chat import IGNORED
from core.jobs import events
from core.types import Example, Message
from training import adapters, padding
from training.config import TrainConfig, read_config
from training.control import Control
from training.data import Item, collate, encode_examples, measuring_groups, plan_steps
from training.records import Run
from training.sft import train
from training.steps import hold_out_loss

HOLD_OUT_POSITIONS = 2048


@dataclass(frozen=True, slots=True)
class Timed:
    """A finished training. Processor seconds do not count what else the machine was doing."""

    who: str
    steps: int
    supervised: int
    tokens: int
    processor_s: float
    wall_s: float

    @property
    def rate(self) -> float:
        """Supervised tokens a processor second."""
        return self.supervised / self.processor_s


class Clock:
    """Processor and wall time of the loop, between two calls."""

    def __init__(self) -> None:
        self.begun = self.ended = (0.0, 0.0)

    def begin(self) -> None:
        """The first step is about to be taken."""
        self.begun = self.ended = (time.process_time(), time.perf_counter())

    def end(self) -> None:
        """A step has been taken."""
        self.ended = (time.process_time(), time.perf_counter())

    @property
    def seconds(self) -> tuple[float, float]:
        """Processor seconds, wall seconds."""
        return self.ended[0] - self.begun[0], self.ended[1] - self.begun[1]


def main(arguments: list[str]) -> int:
    """Train or measure, write the result."""
    import torch

    folder, who = Path(arguments[0]), arguments[1]
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    torch.set_num_threads(plan["threads"])
    config = read_config(plan["config"])
    if arguments[2:] == ["measure"]:
        adapter = None if who == "base" else folder / who / "adapter"
        result: Any = _hold_out(config, adapter, examples_of_turns(plan["hold_out"]))
        name = f"{who}-loss.json"
    else:
        train_on = examples_of_turns(plan["train"])
        timed = _ours(folder, config, train_on) if who == "ours" else _theirs(folder, who, config, train_on)
        result, name = asdict(timed), f"{who}.json"
    (folder / name).write_text(json.dumps(result), encoding="utf-8")
    return 0


def _ours(folder: Path, config: TrainConfig, train_on: Sequence[Example]) -> Timed:
    clock = Clock()

    def watch(stage: str, done: int, total: int | None) -> None:
        if stage == "train" and done == 0:
            clock.begin()
        elif stage == "train":
            clock.end()

    home = folder / "ours"
    run = Run(id="ours", revision_id="", base_model=config.base_model, config=config.to_dict(), seed=config.seed)
    train(home, run, train_on, [], Control(watch, lambda: False))
    steps = [event for event in events(home) if event["type"] == "step"]
    supervised, tokens = (sum(step[name] for step in steps) for name in ("supervised", "tokens"))
    return Timed("ours", len(steps), supervised, tokens, *clock.seconds)


def _theirs(folder: Path, who: str, config: TrainConfig, train_on: Sequence[Example]) -> Timed:
    """trl's trainer as its guide has it, on the token ids and labels that ours trains on, from the same fresh adapter.

    It gets the conversations in our order instead of a random one: the steps are the same, and since they hold
    conversations of similar length, it has less to pad.

    ``padded`` pads each batch; ``packed`` packs by best fit (bfd), one pack a step, about as long as a batch of ours is
    on average. ``-plain`` switches its gradient checkpointing off.
    """
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, TrainerCallback
    from trl import SFTConfig, SFTTrainer  # type: ignore[attr-defined, unused-ignore]

    base = models.resolve(config.base_model)
    tokenizer = models.load_tokenizer(base)
    items = _in_our_order(encode_examples(tokenizer, train_on, max_tokens=config.max_tokens).items, config)
    rows = [{"input_ids": list(item.input_ids), "labels": list(item.labels)} for item in items]
    packed = who.startswith("packed")
    longest = max(item.n_tokens for item in items)
    pack_tokens = max(_mean_tokens(items) * config.batch_size, longest)
    settings = SFTConfig(
        output_dir=str(folder / who),
        per_device_train_batch_size=1 if packed else config.batch_size,
        packing=packed,
        train_sampling_strategy="sequential",
        max_length=pack_tokens if packed else config.max_tokens,
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
        gradient_checkpointing=not who.endswith("plain"),
    )
    model: Any = AutoModelForCausalLM.from_pretrained(
        base, dtype=torch.bfloat16, quantization_config=models.quantisation(), device_map={"": "cpu"}
    )
    clock = Clock()

    class Watch(TrainerCallback):  # type: ignore[misc, unused-ignore]
        """Times the loop."""

        def on_train_begin(self, *_: Any, **__: Any) -> None:
            clock.begin()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            clock.end()

    trainer: Any = SFTTrainer(
        model=adapters.add(model, config),
        args=settings,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        callbacks=[Watch()],
    )
    prepared = trainer.train_dataset
    supervised = sum(label != IGNORED for labels in prepared["labels"] for label in labels)
    tokens = sum(len(ids) for ids in prepared["input_ids"])
    trainer.train()
    trainer.model.save_pretrained(folder / who / "adapter")
    times = round(config.epochs)
    return Timed(who, trainer.state.global_step, supervised * times, tokens * times, *clock.seconds)


def _in_our_order(items: Sequence[Item], config: TrainConfig) -> list[Item]:
    steps = plan_steps(
        items,
        batch_size=config.batch_size,
        gradient_accumulation=config.gradient_accumulation,
        seed=config.seed,
        epoch=0,
    )
    return [item for step in steps for micro_batch in step for item in micro_batch]


def _mean_tokens(items: Sequence[Item]) -> int:
    return -(-sum(item.n_tokens for item in items) // len(items))


def _hold_out(config: TrainConfig, adapter: Path | None, held: Sequence[Example]) -> float:
    """Nats a supervised token of the base with an adapter, measured alike for all in one number type."""
    import torch

    base = models.resolve(config.base_model)
    tokenizer = models.load_tokenizer(base)
    model = models.load_model(base, "nf4", adapter)
    padding.attend_in(model.get_base_model() if adapter else model, torch.float32)
    items = encode_examples(tokenizer, held, max_tokens=config.max_tokens).items
    groups = measuring_groups(items, positions=HOLD_OUT_POSITIONS, padding_free=True)
    batches = (collate(group, tokenizer.pad_token_id, padding_free=True) for group in groups)
    loss, _ = hold_out_loss(model, batches, torch.float32, lambda done: None)
    return loss


def examples_of_turns(rows: Sequence[Any]) -> list[Example]:
    """Conversations from lists of turns; each is named by its place."""
    return [
        Example(str(k), tuple(Message(turn["role"], turn["content"]) for turn in turns)) for k, turns in enumerate(rows)
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
