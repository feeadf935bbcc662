"""Says before the start where the memory would run out: in training, or in measuring a longer hold-out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from training.catalogue import Shape
from training.config import TrainConfig
from training.data import Item
from training.memory import Device, memory_parts
from training.preflight_report import Problem

GIB = 2**30
LASTING = ("weights", "adapters", "gradients", "optimizer")
"""What stays in memory between two steps, so that an evaluation has it beside its own."""


def problems(
    shape: Shape,
    config: TrainConfig,
    train: Sequence[Item],
    holdout: Sequence[Item],
    *,
    total_bytes: int,
    free_bytes: int,
    device: Device,
) -> Iterator[tuple[bool, Problem]]:
    """Whether training, and each measurement, fits in the memory of this machine.

    Args:
        shape: Of the base model.
        config: Batch, method, rank and checkpointing.
        train: What is trained; its longest row decides.
        holdout: What is measured, ``batch_size`` rows at a time; its longest row decides.
        total_bytes: All memory there is. What needs more is blocked.
        free_bytes: What is free now. What needs more is a warning.
        device: ``gpu`` or ``cpu``.

    Yields:
        Whether it forbids the run, and the problem.
    """
    for name, what, need, remedy in _needs(shape, config, train, holdout, device):
        if need > free_bytes:
            said = f"{what} needs about {need / GIB:.1f} GiB at its peak; this machine has {total_bytes / GIB:.1f} GiB"
            free = "" if need > total_bytes else f", of which {free_bytes / GIB:.1f} GiB are free now"
            yield need > total_bytes, Problem(name, f"{said}{free}.", remedy, 0)


def eval_bytes(shape: Shape, config: TrainConfig, longest: int, device: Device) -> int:
    """Memory at the peak of a measurement: what training keeps, one layer's tensors, and a chunk of logits.

    Bounded from above by a step that keeps no layer's tensors but one.
    """
    parts = memory_parts(
        shape, config.method, config.batch_size, longest, config.rank, gradient_checkpointing=True, device=device
    )
    return sum(parts.values())


def _needs(
    shape: Shape, config: TrainConfig, train: Sequence[Item], holdout: Sequence[Item], device: Device
) -> Iterator[tuple[str, str, int, str]]:
    fewer = "Halve batch_size and double gradient_accumulation, which trains the same"
    longest = max((item.n_tokens for item in train), default=0)
    if longest:
        parts: Mapping[str, int] = memory_parts(
            shape,
            config.method,
            config.batch_size,
            longest,
            config.rank,
            gradient_checkpointing=config.gradient_checkpointing,
            device=device,
        )
        more = "." if config.gradient_checkpointing else ", or turn gradient_checkpointing on."
        yield "training-memory", "Training", sum(parts.values()), fewer + more
    held = max((item.n_tokens for item in holdout), default=0)
    if held > longest:  # else it needs no more than a training step
        remedy = "Drop or shorten the longest hold-out conversations, or halve batch_size."
        yield "eval-memory", "Measuring the hold-out", eval_bytes(shape, config, held, device), remedy
