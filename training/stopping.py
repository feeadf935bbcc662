"""Watches a run's losses: which hold-out loss was best, when to stop, and what is a fault rather than learning.

Its whole state is plain JSON, so that a resumed run is watched on as if nothing had happened.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import pairwise
from statistics import fmean
from typing import Any

from training.config import TrainConfig

ZEROS = 3
"""Steps in a row with a loss or a gradient of exactly zero that end a run: nothing is being learnt."""

WINDOW = 10
"""Steps over which the training loss is averaged, weighted by supervised tokens."""

DIVERGED_SHARE = 0.3
DIVERGED_NATS = 0.5
"""A run diverges where the mean loss of the last ten steps is above that of the first ten by more than this share and
above the lowest such mean by more than this many nats; or where a hold-out loss is so much above the one before."""

RISES = 2
RISE_SHARE = 0.01
"""Overfitting: the hold-out loss rises twice in a row, by this share in all, while the training loss falls."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a run must not go on."""

    name: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What a hold-out measurement means. ``overfitting`` is a sentence, or None."""

    improved: bool
    fault: Fault | None
    overfitting: str | None


@dataclass(slots=True)
class Watch:
    """What a run has shown so far.

    Attributes:
        before: Hold-out loss before the first step.
        best, best_step: Lowest hold-out loss of a trained state (step > 0), and its step.
        to_beat: The loss that the next one is compared with: the last that was better than all before it.
        without: Measurements in a row without a better loss.
        early: Whether patience has ended.
        held: All hold-out losses, in order.
        seen: Mean training losses between measurements, in order.
        since: (loss sum, tokens) since the last measurement.
        recent: (loss sum, tokens) of the last steps.
        first, lowest: Mean loss of the first steps, and the lowest of any such stretch.
    """

    before: float | None = None
    best: float | None = None
    best_step: int | None = None
    to_beat: float | None = None
    without: int = 0
    early: bool = False
    held: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)
    since: list[float] = field(default_factory=lambda: [0.0, 0.0])
    recent: list[list[float]] = field(default_factory=list)
    first: float | None = None
    lowest: float | None = None
    zero_losses: int = 0
    zero_gradients: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; ``Watch(**values)`` gives it back."""
        return asdict(self)

    def after_step(self, loss: float, grad_norm: float, supervised: int) -> Fault | None:
        """Take note of a step: its mean loss in nats a supervised token, before its update, and its gradient norm."""
        self.since = [self.since[0] + loss * supervised, self.since[1] + supervised]
        self.recent = [*self.recent, [loss * supervised, float(supervised)]][-WINDOW:]
        self.zero_losses = self.zero_losses + 1 if loss == 0 else 0
        self.zero_gradients = self.zero_gradients + 1 if grad_norm == 0 else 0
        if self.zero_losses >= ZEROS:
            return Fault(
                "zero-loss",
                f"The loss was exactly zero for {ZEROS} steps, so there is nothing to learn.",
                "Look at which tokens are trained (pre-flight shows them).",
            )
        if self.zero_gradients >= ZEROS:
            return Fault(
                "zero-gradient",
                f"The gradient was exactly zero for {ZEROS} steps, so nothing is learnt.",
                "Look at which tokens and which weights are trained (pre-flight shows them).",
            )
        if len(self.recent) < WINDOW:
            return None
        mean = sum(total for total, _ in self.recent) / sum(tokens for _, tokens in self.recent)
        self.first = mean if self.first is None else self.first
        self.lowest = mean if self.lowest is None else min(mean, self.lowest)
        if mean > self.first * (1 + DIVERGED_SHARE) and mean > self.lowest + DIVERGED_NATS:
            return _diverged(f"The training loss rose to {mean:.3f} nats a token; it had been {self.lowest:.3f}.")
        return None

    def after_measurement(self, step: int, loss: float, config: TrainConfig) -> Measured:
        """Take note of a hold-out loss, in nats a supervised token."""
        self.held.append(loss)
        if self.since[1]:
            self.seen.append(self.since[0] / self.since[1])
            self.since = [0.0, 0.0]
        if step == 0:
            self.before = self.to_beat = loss
            return Measured(False, None, None)
        better = self.to_beat is None or loss < self.to_beat - config.min_improvement
        self.without = 0 if better else self.without + 1
        self.to_beat = loss if better else self.to_beat
        self.early = config.patience is not None and self.without >= config.patience
        improved = self.best is None or loss < self.best
        if improved:
            self.best, self.best_step = loss, step
        fault = None
        if self.before is not None and loss > self.before * (1 + DIVERGED_SHARE) + DIVERGED_NATS:
            fault = _diverged(f"The hold-out loss rose from {self.before:.3f} to {loss:.3f} nats a token.")
        return Measured(improved, fault, self._overfitting())

    def last_word(self, step: int, total_steps: int) -> str:
        """Why a run ended well before its last step; empty where patience did not end it."""
        if not self.early:
            return ""
        said = f"Ended early after {step} of {total_steps} steps: no better hold-out loss in"
        return f"{said} {self.without} measurements."

    def _overfitting(self) -> str | None:
        held, seen = self.held[-RISES - 1 :], self.seen[-RISES - 1 :]
        if len(held) <= RISES or len(seen) < RISES:
            return None
        rises = all(after > before for before, after in pairwise(held))
        falls = seen[-1] < seen[-2] and fmean(seen[-RISES:]) < self.seen[0]
        if not (rises and falls and held[-1] > held[0] * (1 + RISE_SHARE)):
            return None
        return (
            f"The hold-out loss rose from {held[0]:.3f} to {held[-1]:.3f} nats a token over {RISES} measurements while "
            f"the training loss fell to {seen[-1]:.3f}: the examples are being learnt by heart."
        )


def _diverged(message: str) -> Fault:
    return Fault("diverged", message, "Lower the learning rate to a third and train again.")
