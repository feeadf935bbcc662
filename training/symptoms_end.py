"""What ended a run: no memory, no disk, a kill, numbers that are none, a proof that failed before the first step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from training.phases import during
from training.symptoms import Chart, Symptom, lower_rate

GIB = 2**30

PROOFS = {
    "adapter-frozen": "frozen adapter",
    "gradient-missing": "gradient missing",
    "eval-changes-gradient": "evaluation changes the gradient",
    "packed-loss-differs": "rows leak into each other",
}
"""Proofs before the first step whose failure no setting mends, and what the doctor calls them."""


def out_of_memory(chart: Chart) -> Iterator[Symptom]:
    """The memory ran out, as a library said, or as a kill right after memory was short tells."""
    said = chart.warning("out-of-memory")
    short = chart.warning("memory-short")
    if said is not None:
        yield ("out of memory", said, *_less_memory(chart))
    elif chart.status == "lost" and short is not None:
        doing = during(chart.stage)
        yield ("out of memory", f"The process died {doing}; before, it said: {short}", *_less_memory(chart))


def killed(chart: Chart) -> Iterator[Symptom]:
    """The process died without a word."""
    if chart.status != "lost" or chart.warning("memory-short") is not None:
        return
    doing = during(chart.stage)
    peak = max((float(e["memory_bytes"]) for e in chart.steps if e.get("memory_bytes")), default=0.0)
    held = f"; it had held up to {peak / GIB:.1f} GiB" if peak else ""
    yield (
        "killed",
        f"The process died without a word {doing}, after step {chart.last_step}{held}. The system, or somebody, ended "
        "it, or the machine went down.",
        "Resume it: it goes on from its newest complete checkpoint. If it dies at the same place again, it is the "
        "memory: halve the batch size and double the gradient accumulation.",
        {},
    )


def not_finite(chart: Chart) -> Iterator[Symptom]:
    """The loss or a gradient stopped being a number."""
    if chart.warning("non-finite") is None and all(e.get("loss") is not None for e in [*chart.steps, *chart.evals]):
        return
    change, settings = lower_rate(chart)
    yield (
        "non-finite loss",
        f"The loss or gradient was no finite number after step {chart.last_step}.",
        change,
        settings,
    )


def nothing_learnt(chart: Chart) -> Iterator[Symptom]:
    """The run ended itself because its loss or its gradient was exactly zero."""
    for name in ("zero-loss", "zero-gradient"):
        if (said := chart.warning(name)) is not None:
            yield (
                name.replace("-", " "),
                said,
                "Look at which tokens are trained: the Train page shows them in colour.",
                {},
            )


def diverged(chart: Chart) -> Iterator[Symptom]:
    """The run ended itself because its loss ran away."""
    if (said := chart.warning("diverged")) is not None:
        yield ("diverging", said, *lower_rate(chart))


def proof_failed(chart: Chart) -> Iterator[Symptom]:
    """A proof before the first step failed."""
    for name, called in PROOFS.items():
        if (said := chart.warning(name)) is not None:
            change = "No setting mends this: report it, with the versions in run.json."
            yield (called, said, change, {})
    if (said := chart.warning("updates-lost")) is not None:
        rate = chart.config.learning_rate * 5
        yield (
            "updates lost in rounding",
            said,
            f"Raise the learning rate to {rate:g}, or keep the adapters in float32.",
            {"learning_rate": rate},
        )


def disk_full(chart: Chart) -> Iterator[Symptom]:
    """A checkpoint could not be written."""
    if (said := chart.warning("checkpoint-failed")) is not None:
        yield (
            "checkpoint not saved",
            said,
            "Free some space on the disk, or keep fewer checkpoints.",
            {"checkpoints_kept": 1} if chart.config.checkpoints_kept > 1 else {},
        )


def no_step(chart: Chart) -> Iterator[Symptom]:
    """A run that ended well without a step."""
    if chart.status == "done" and not chart.steps:
        yield ("nothing trained", "The run has no step.", "Look at the pre-flight report.", {})


RULES: tuple[Callable[[Chart], Iterator[Symptom]], ...] = (
    out_of_memory,
    not_finite,
    diverged,
    nothing_learnt,
    proof_failed,
    killed,
    disk_full,
    no_step,
)


def _less_memory(chart: Chart) -> tuple[str, dict[str, Any]]:
    """One change that makes a run need less memory, as a sentence and as settings."""
    config = chart.config
    if chart.stage == "load" or (not chart.steps and config.method != "qlora" and config.batch_size == 1):
        if config.method != "qlora":
            return "Train by QLoRA, which holds the base in 4 bits.", {"method": "qlora"}
        return "Choose a smaller base model; the plan says which fit.", {}
    if config.batch_size > 1:
        batch = config.batch_size // 2
        again = -(-config.examples_per_step // batch)
        return (
            f"Halve the batch to {batch} conversations and accumulate {again} of them, which trains the same.",
            {"batch_size": batch, "gradient_accumulation": again},
        )
    if not config.gradient_checkpointing:
        return "Turn gradient checkpointing on.", {"gradient_checkpointing": True}
    half = max(8, config.max_tokens // 2)
    return (
        f"Leave out conversations longer than {half} tokens, or choose a smaller base model.",
        {"max_tokens": half, "on_unusable": "skip"},
    )
