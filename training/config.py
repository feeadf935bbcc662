"""The settings of a training run: checked when they are read, written back unchanged, questioned where unusual."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import InputError
from core.models import DEFAULT_BASE
from training.old_names import OURS

Method = Literal["qlora", "lora", "full"]
Scheduler = Literal["cosine", "linear", "constant"]


class TrainConfig(BaseModel):
    """What to train and how. Frozen; unknown keys are refused. ``None`` means off or all.

    Attributes:
        base_model: An embedded model's name, a folder, or a hub id.
        method: ``qlora`` (NF4 base, adapters), ``lora`` (bfloat16 base, adapters) or ``full`` (every weight, float32).
        rank: Inner width of each adapter.
        alpha: An adapter's output is scaled by alpha / rank.
        dropout: Share of adapter inputs dropped while training.
        target_modules: ``all-linear``, or the names of the layers that get an adapter.
        learning_rate: Peak rate, after warm-up.
        epochs: Passes over the training split; a fraction ends within a pass.
        batch_size: Conversations in one forward pass.
        gradient_accumulation: Forward passes in one optimiser step; the loss is weighted by tokens over all of them.
        max_tokens: Longest conversation, in tokens.
        train_turns: ``all`` turns of the assistant, or the ``last`` alone; those with the weight 0 are never trained.
        on_unusable: What to do with conversations that are too long or cannot be trained: ``refuse`` the run, or
            ``skip`` them, listed in the report. None is ever cut.
        warmup_share: Share of all steps in which the rate rises from its first fraction to the peak.
        scheduler: How the rate falls after warm-up.
        optimizer: ``adamw`` (32-bit states), or ``paged_adamw_8bit`` where an NVIDIA GPU is there (else it is said that
            ``adamw`` is used).
        weight_decay: Of AdamW.
        max_grad_norm: Gradients are scaled down to this norm; None leaves them.
        gradient_checkpointing: Recompute activations in the backward pass: less memory, about a third more time.
        seed: Of the adapters' start, the order of examples, and samples drawn by ``limit``.
        eval_every: Steps between measurements of the hold-out loss; None measures at the end of each epoch. It is
            always measured before the first step and after the last.
        eval_examples: Hold-out conversations that measure it (a seeded sample); None takes all.
        limit: Train on a seeded sample of this many conversations; None takes all.
        patience: Measurements in a row without a better hold-out loss after which the run ends; None goes on.
        min_improvement: Nats by which a hold-out loss must fall to count as better.
        keep: Which adapter the run leaves: that of the ``best`` hold-out loss, or the ``last``.
        checkpoint_every: Steps between checkpoints; None takes one at each measurement. One is taken each ten minutes
            anyway.
        checkpoints_kept: Newest checkpoints that stay on disk, besides the best.
        samples: Hold-out prompts answered at each measurement, so that people see it learn.
        sample_tokens: Longest such answer, in tokens.
        general_questions: General questions whose loss is measured before the first step and after the last, so that
            forgetting shows; 0 measures none.
        padding_free: Pass the conversations of a batch one after the other without padding, where attention stays
            within each; the same conversations are trained together either way.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    base_model: str = DEFAULT_BASE
    method: Method = "qlora"
    rank: int = Field(16, ge=1, le=1024)
    alpha: float = Field(32, gt=0)
    dropout: float = Field(0.0, ge=0, lt=1)
    target_modules: Literal["all-linear"] | tuple[str, ...] = "all-linear"
    learning_rate: float = Field(2e-4, gt=0, lt=1, allow_inf_nan=False)
    epochs: float = Field(3, gt=0, le=1000)
    batch_size: int = Field(8, ge=1, le=4096)
    gradient_accumulation: int = Field(1, ge=1, le=4096)
    max_tokens: int = Field(1024, ge=8)
    train_turns: Literal["all", "last"] = "all"
    on_unusable: Literal["refuse", "skip"] = "refuse"
    warmup_share: float = Field(0.05, ge=0, lt=1)
    scheduler: Scheduler = "cosine"
    optimizer: Literal["adamw", "paged_adamw_8bit"] = "adamw"
    weight_decay: float = Field(0.0, ge=0, lt=1)
    max_grad_norm: float | None = Field(1.0, gt=0)
    gradient_checkpointing: bool = False
    seed: int = Field(0, ge=0, lt=2**32)
    eval_every: int | None = Field(None, ge=1)
    eval_examples: int | None = Field(100, ge=1)
    limit: int | None = Field(None, ge=1)
    patience: int | None = Field(3, ge=1)
    min_improvement: float = Field(0.0, ge=0, allow_inf_nan=False)
    keep: Literal["best", "last"] = "best"
    checkpoint_every: int | None = Field(None, ge=1)
    checkpoints_kept: int = Field(2, ge=1)
    samples: int = Field(3, ge=0, le=20)
    sample_tokens: int = Field(64, ge=1)
    general_questions: int = Field(40, ge=0)
    padding_free: bool = True

    @property
    def examples_per_step(self) -> int:
        """Conversations in one optimiser step."""
        return self.batch_size * self.gradient_accumulation

    def steps(self, n_examples: int) -> int:
        """Optimiser steps of the whole run."""
        return max(1, math.ceil(self.epochs * -(-n_examples // self.examples_per_step)))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; ``read_config`` gives an equal config back."""
        return self.model_dump(mode="json")


def read_config(settings: Mapping[str, Any]) -> TrainConfig:
    """Check settings that came from a file, a form or the command line.

    Raises:
        InputError: A key is unknown or a value is out of range; all such keys are named, known names with ours.
    """
    try:
        return TrainConfig.model_validate(dict(settings))
    except ValidationError as error:
        problems = []
        for item in error.errors(include_url=False, include_input=False):
            key = ".".join(str(part) for part in item["loc"][:1]) or "settings"
            problems.append(f"{key}: {_problem(key, item['type'], item['msg'])}")
        known = ", ".join(TrainConfig.model_fields)
        raise InputError(
            f"The training settings are wrong ({'; '.join(dict.fromkeys(problems))}).", f"Known settings: {known}."
        ) from error


def _problem(key: str, kind: str, message: str) -> str:
    """What is wrong with one setting: what it is called here, or how it is turned off."""
    if kind == "extra_forbidden":
        return f"unknown setting; here it is {OURS[key]}" if key in OURS else "unknown setting"
    field = TrainConfig.model_fields.get(key)
    may_be_off = field is not None and type(None) in get_args(field.annotation)
    return f"{message}; null for off or all" if may_be_off else message


def read_settings(content: bytes, name: str) -> dict[str, Any]:
    """The settings in a JSON file, checked one by one, as they stand there.

    Args:
        content: Of the file.
        name: Of the file, for the error.

    Raises:
        InputError: It is no JSON object, or a setting in it is unknown or out of range.
    """
    try:
        settings = json.loads(content)
    except ValueError as error:
        raise InputError(f"{name} is not JSON.", 'Write settings like {"epochs": 3}.') from error
    if not isinstance(settings, dict):
        raise InputError(f"{name} is not a JSON object.", 'Write settings like {"epochs": 3}.')
    read_config(settings)
    return settings


def unusual(config: TrainConfig, n_examples: int | None = None) -> tuple[str, ...]:
    """What experience advises against, one sentence each; none of it forbids the run.

    The bounds follow "LoRA Without Regret" (Thinking Machines, 2025) and the stability guides named in the docs.
    """
    said: list[str] = []
    adapters = config.method != "full"
    low, high = (5e-5, 1e-3) if adapters else (1e-6, 5e-5)
    if config.learning_rate < low:
        usual = "adapters learn at about ten times the rate of full fine-tuning" if adapters else "training may stall"
        said.append(f"The learning rate {config.learning_rate:g} is low for {config.method}: {usual}.")
    if config.learning_rate > high:
        said.append(f"The learning rate {config.learning_rate:g} is high for {config.method}: the loss may diverge.")
    if adapters and not 0.5 <= config.alpha / config.rank <= 4:
        said.append(f"Alpha / rank is {config.alpha / config.rank:g}; between 1 and 2 is usual.")
    if adapters and config.rank > 256:
        said.append(f"Rank {config.rank} costs memory and rarely helps beyond 256.")
    if adapters and config.target_modules != "all-linear":
        said.append("Adapters on some layers only learn less than on all linear layers at equal size.")
    if config.dropout > 0.2:
        said.append(f"Dropout {config.dropout:g} is high; 0 to 0.1 is usual.")
    if config.examples_per_step > 32 and adapters:
        said.append(f"{config.examples_per_step} conversations a step is much for adapters; below 32 learns better.")
    if config.epochs > 5:
        said.append(f"{config.epochs:g} epochs often learn the examples by heart; watch the hold-out loss.")
    if n_examples is not None:
        steps = config.steps(min(n_examples, config.limit or n_examples))
        if steps < 20:
            said.append(f"Only {steps} optimiser steps: little can be learnt. Lower the batch or add examples.")
    return tuple(said)


def schedule(config: TrainConfig, step: int, total_steps: int) -> float:
    """Share of the peak learning rate at a step (0-based); never zero at the first step."""
    warmup = round(config.warmup_share * total_steps)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    left = (total_steps - step) / max(1, total_steps - warmup)
    if config.scheduler == "constant":
        return 1.0
    return left if config.scheduler == "linear" else 0.5 * (1 - math.cos(math.pi * left))
