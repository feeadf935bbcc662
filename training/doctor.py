"""Reads a run's own events and says what went wrong, with the evidence and one concrete change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

RISE_SHARE = 0.02
FLAT_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong: its name, the figures that show it, and what to change."""

    name: str
    evidence: str
    change: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``healthy`` with no complaint, or the complaints, the most probable cause first."""

    verdict: str
    complaints: tuple[Complaint, ...]


def diagnose(events: Sequence[Mapping[str, Any]], status: str = "done") -> Diagnosis:
    """Judge a finished, failed or dead run.

    Args:
        events: The run's events, oldest first.
        status: As ``RunView.status`` has it; ``lost`` adds that the process died.
    """
    steps = [e for e in events if e["type"] == "step"]
    evals = [e for e in events if e["type"] == "eval"]
    named = {str(e.get("name")) for e in events if e["type"] == "warning"}
    found: list[Complaint] = []
    if "non-finite" in named or any(e.get("loss") is None for e in [*steps, *evals]):
        at = steps[-1]["step"] if steps else 0
        found.append(
            Complaint(
                "non-finite loss",
                f"The loss or gradient was no finite number after step {at}.",
                "Lower the learning rate to a third and train again.",
            )
        )
    if status == "lost":
        found.append(
            Complaint(
                "killed",
                f"The process died without a word after step {steps[-1]['step'] if steps else 0}.",
                "If memory was short, halve the batch size and double the gradient accumulation; then start again.",
            )
        )
    losses = [float(e["loss"]) for e in steps if e.get("loss") is not None]
    held = [float(e["loss"]) for e in evals if e.get("loss") is not None]
    if len(losses) >= 10:
        found += _shape_of_the_curve(losses)
    if len(held) >= 2:
        found += _holdout(held, losses)
    if status == "done" and not steps:
        found.append(Complaint("nothing trained", "The run has no step.", "Look at the pre-flight report."))
    if found:
        return Diagnosis(found[0].name, tuple(found))
    if status in ("failed", "stopped"):
        return Diagnosis(f"{status}, and nothing in its events says why it would have gone wrong", ())
    return Diagnosis("healthy", ())


def _shape_of_the_curve(losses: list[float]) -> list[Complaint]:
    part = max(2, len(losses) // 5)
    first, last = fmean(losses[:part]), fmean(losses[-part:])
    if last > first * (1 + RISE_SHARE):
        return [
            Complaint(
                "diverging",
                f"The training loss rose from {first:.3f} to {last:.3f} nats a token.",
                "Lower the learning rate to a third.",
            )
        ]
    if last > first * (1 - FLAT_SHARE):
        return [
            Complaint(
                "flat loss",
                f"The training loss went from {first:.3f} to {last:.3f} nats a token over {len(losses)} steps.",
                "Raise the learning rate five times, or train more steps.",
            )
        ]
    return []


def _holdout(held: list[float], losses: list[float]) -> list[Complaint]:
    best = min(held)
    fell = not losses or losses[-1] < losses[0]
    if held[-1] > held[0]:
        return [
            Complaint(
                "worse than before",
                f"The hold-out loss rose from {held[0]:.3f} to {held[-1]:.3f} nats a token.",
                "Look for contradictions between training and hold-out, and lower the learning rate to a third.",
            )
        ]
    if held[-1] > best * (1 + RISE_SHARE) and fell:
        return [
            Complaint(
                "learnt by heart",
                f"The hold-out loss fell to {best:.3f} and rose again to {held[-1]:.3f} while training loss fell.",
                "Train fewer epochs, or add examples.",
            )
        ]
    return []
