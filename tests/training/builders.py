"""Small conversations, configs and runs for the tests of training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from core.ids import example_id
from core.jobs import Progress, no_progress
from core.revisions import messages_to_json
from core.types import Example, Message
from core.workspace import Workspace
from training.config import TrainConfig
from training.control import Control
from training.records import Run
from training.sft import train

ENDINGS = ("given", "not given", "in the table")


def conversation(question: str, answer: str) -> Example:
    """One question with its answer."""
    messages = (Message("user", question), Message("assistant", answer))
    return Example(example_id(messages), messages)


def conversations(n: int, start: int = 0) -> list[Example]:
    """n conversations of different lengths that teach one habit."""
    return [
        conversation(f"Which code applies to case {k}?{' Look twice.' * (k % 3)}", f"Code {k % 5} is {ENDINGS[k % 3]}.")
        for k in range(start, start + n)
    ]


def tiny_config(base: Path, **settings: Any) -> TrainConfig:
    """A config that trains a tiny model in a second."""
    size = {"batch_size": 4, "epochs": 2, "rank": 4, "alpha": 8, "samples": 0, "general_questions": 0}
    chosen = {"base_model": str(base), "learning_rate": 5e-3, **size}
    return TrainConfig(**{**chosen, **settings})


def train_tiny(
    folder: Path,
    config: TrainConfig,
    *,
    examples: list[Example] | None = None,
    hold_out: list[Example] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    resume: bool = False,
    progress: Progress = no_progress,
    stored: Run | None = None,
    **commands: Any,
) -> dict[str, Any]:
    """Train in this process; returns the run's facts."""
    fresh = Run(
        id=folder.name, revision_id="r", base_model=config.base_model, config=config.to_dict(), seed=config.seed
    )
    run = stored or fresh
    control = Control(progress, should_stop, **commands)
    held = conversations(4, start=100) if hold_out is None else hold_out
    return train(folder, run, conversations(16) if examples is None else examples, held, control, resume=resume)


def frozen(workspace: Workspace, train_on: list[Example], hold_out: list[Example]) -> str:
    """Store a revision with these splits."""
    rows = [
        {
            "id": example.id,
            "split": split,
            "messages": messages_to_json(example.messages),
            "meta": "{}",
            "source": "s",
            "line": k,
        }
        for split, examples in (("train", train_on), ("holdout", hold_out))
        for k, example in enumerate(examples)
    ]
    manifest = {"splits": {"train": len(train_on), "holdout": len(hold_out)}}
    return workspace.objects.put("revision", manifest, pl.DataFrame(rows), [row["id"] for row in rows])
