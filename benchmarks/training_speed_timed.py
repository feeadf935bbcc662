"""What ``benchmarks.training_speed`` knows of one training: which it is, how long its steps took, what they lost."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from core.errors import InputError

Kind = Literal["base", "ours", "padded", "packed", "same"]
KINDS: tuple[Kind, ...] = ("base", "ours", "padded", "packed", "same")


@dataclass(frozen=True, slots=True)
class Part:
    """One training, named ``KIND-SEED`` or ``KIND-HOW-SEED``.

    Attributes:
        kind: ``base`` (not trained), ``ours``, trl's ``padded`` or ``packed`` by best fit, each in its own random
            order; ``same`` is trl's padded one on the very steps of ours, in the same order.
        how: ``default`` recomputes activations as trl does by default; ``float32`` keeps the adapters in float32, as
            ours are, where trl would store them in bfloat16. Empty: neither.
        seed: Of the adapters' start and of the order.
    """

    kind: Kind
    how: Literal["", "default", "float32"] = ""
    seed: int = 0

    @property
    def name(self) -> str:
        """What its files are called."""
        return "-".join(
            [self.kind, *([self.how] if self.how else []), *([] if self.kind == "base" else [f"{self.seed}"])]
        )

    @property
    def short(self) -> bool:
        """Whether it ends after some steps, being run for its speed alone."""
        return self.how == "default"

    @property
    def files(self) -> tuple[str, ...]:
        """What it leaves: the training's figures, and the loss on the hold-out."""
        trained = () if self.kind == "base" else (f"{self.name}.json",)
        return trained if self.short else (*trained, f"{self.name}-loss.json")


def parts_of(seeds: int) -> list[Part]:
    """All trainings of the benchmark with so many seeds, in the order in which they are run."""
    whole = [Part(kind, seed=seed) for seed in range(seeds) for kind in KINDS[1:4]]
    short = [Part("padded", "default"), Part("packed", "default"), Part("same"), Part("same", "float32")]
    return [Part("base"), *whole, *short]


def part_named(name: str, seeds: int) -> Part:
    """The part of this name.

    Raises:
        InputError: There is none.
    """
    parts = parts_of(seeds)
    for part in parts:
        if part.name == name:
            return part
    raise InputError(f"There is no part {name}.", f"Parts: {', '.join(part.name for part in parts)}.")


@dataclass(frozen=True, slots=True)
class Timed:
    """A finished training. Processor seconds do not count what else the machine was doing.

    Attributes:
        losses: Nats a supervised token of each step, before it was taken; empty where trl did not log each.
    """

    who: str
    steps: int
    supervised: int
    tokens: int
    processor_s: float
    wall_s: float
    losses: tuple[float, ...] = ()

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
