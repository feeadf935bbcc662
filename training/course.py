"""Where a run stands: what a checkpoint must bring back besides weights, optimiser and random numbers."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from training.config import TrainConfig
from training.data import Item
from training.stopping import Watch


@dataclass(slots=True)
class Course:
    """Counters of a run, over all of its processes.

    Attributes:
        step: Optimiser steps done.
        measured: Step of the last measurement that was finished; None before the first.
        checkpointed: Step of the last checkpoint; None before the first.
        trained_tokens: Tokens that went through the model in those steps.
        train_seconds: What they took.
        measure_seconds: What the last measurement took, with its samples.
        elapsed_s: Seconds of earlier processes.
        watch: What the losses have shown.
    """

    step: int = 0
    measured: int | None = None
    checkpointed: int | None = None
    trained_tokens: int = 0
    train_seconds: float = 0.0
    measure_seconds: float = 0.0
    elapsed_s: float = 0.0
    watch: Watch = field(default_factory=Watch)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; ``course_from`` gives it back."""
        return asdict(self)

    def eta_s(self, total_steps: int, every: int) -> float:
        """Seconds until the end, from the measured steps and the last measurement."""
        left = total_steps - self.step
        steps = self.train_seconds / self.step * left if self.step else 0.0
        return steps + self.measure_seconds * math.ceil(left / every)


def course_from(values: Mapping[str, Any]) -> Course:
    """A course as it was stored."""
    return Course(**{**values, "watch": Watch(**values["watch"])})


def data_digest(
    items: Sequence[Item], held: Sequence[Item], config: TrainConfig, set_up_with: Mapping[str, Any]
) -> str:
    """SHA-256 of what is trained and measured, and of all settings that decide what the next step is.

    Settings that the run was not set up with (``set_up_with``: the stored ones) did not exist then, so a checkpoint of
    that time cannot have counted them.
    """
    values = {name: value for name, value in config.to_dict().items() if name in set_up_with}
    digest = hashlib.sha256(repr(sorted(values.items())).encode())
    for item in (*items, *held):
        digest.update(repr((item.id, item.input_ids, item.labels)).encode())
    return digest.hexdigest()


def added_settings(config: TrainConfig, set_up_with: Mapping[str, Any]) -> str | None:
    """A sentence about the settings that came into being after a run was set up; None where there are none."""
    added = {name: value for name, value in config.to_dict().items() if name not in set_up_with}
    if not added:
        return None
    told = ", ".join(f"{name} {value}" for name, value in sorted(added.items()))
    return f"This run was set up before these settings existed, so it goes on with their defaults: {told}."
