"""One training for ``benchmarks.training_speed``: ours or trl's on the same tokens, timed, its adapter kept.

``python -m benchmarks.training_speed_run FOLDER PART`` trains by ``FOLDER/plan.json`` and writes ``FOLDER/PART.json``;
the loop of steps is timed, not the loading of the model. Then it loads the base anew with that adapter and writes the
loss on the hold-out, ``FOLDER/PART-loss.json``; ``base`` is the model without one. What is there is not done again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.training_speed_timed import Clock, Part, Timed, part_named
from core import models
from core.jobs import events
from core.types import Example, Message
from training import padding
from training.config import TrainConfig, read_config
from training.control import Control
from training.data import collate, encode_examples, measuring_groups
from training.records import Run
from training.sft import train
from training.steps import hold_out_loss

HOLD_OUT_POSITIONS = 2048


def main(arguments: list[str]) -> int:
    """Train and measure, write the results."""
    import torch

    folder = Path(arguments[0])
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    part = part_named(arguments[1], plan["seeds"])
    torch.set_num_threads(plan["threads"])
    config = read_config(plan["config"]).model_copy(update={"seed": part.seed})
    for name in part.files:
        if (folder / name).is_file():
            continue
        if name.endswith("-loss.json"):
            adapter = None if part.kind == "base" else folder / part.name / "adapter"
            result: Any = _hold_out(config, adapter, examples_of_turns(plan["hold_out"]))
        else:
            result = asdict(_train(folder, part, config, plan))
        (folder / name).write_text(json.dumps(result), encoding="utf-8")
    return 0


def _train(folder: Path, part: Part, config: TrainConfig, plan: Mapping[str, Any]) -> Timed:
    train_on = examples_of_turns(plan["train"])
    if part.kind == "ours":
        return _ours(folder / part.name, config, train_on)
    from benchmarks import training_speed_trl

    tokenizer = models.load_tokenizer(models.resolve(config.base_model))
    items = encode_examples(tokenizer, train_on, max_tokens=config.max_tokens).items
    return training_speed_trl.train(folder, part, config, items, plan["short_steps"])


def _ours(home: Path, config: TrainConfig, train_on: Sequence[Example]) -> Timed:
    clock = Clock()

    def watch(stage: str, done: int, total: int | None) -> None:
        if stage == "train" and done == 0:
            clock.begin()
        elif stage == "train":
            clock.end()

    run = Run(id=home.name, revision_id="", base_model=config.base_model, config=config.to_dict(), seed=config.seed)
    train(home, run, train_on, [], Control(watch, lambda: False))
    steps = [event for event in events(home) if event["type"] == "step"]
    supervised, tokens = (sum(step[name] for step in steps) for name in ("supervised", "tokens"))
    return Timed(home.name, len(steps), supervised, tokens, *clock.seconds, tuple(step["loss"] for step in steps))


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
