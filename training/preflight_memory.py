"""Says before the start where the memory would run out: in training, or in measuring a longer hold-out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from training.catalogue import Shape
from training.config import TrainConfig
from training.data import Encoding, Item, fullest_passes, measuring_groups, n_positions
from training.memory import Device, run_parts
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
        train: What is trained; its fullest forward pass decides.
        holdout: What is measured; a row longer than any forward pass of training needs memory of its own.
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


def bytes_at_limit(shape: Shape, config: TrainConfig, encoding: Encoding, device: Device, max_tokens: int) -> int:
    """Memory at the peak of training if conversations of up to so many tokens were trained.

    Args:
        shape: Of the base model.
        config: Batch, method, rank and checkpointing.
        encoding: What is trained, and the lengths of what is too long under the present limit; of the latter each token
            is taken as supervised.
        device: ``gpu`` or ``cpu``.
        max_tokens: The limit that is tried; at least one conversation must be within it.
    """
    longer = [Item(name, (0,) * tokens, (0,) * tokens) for name, tokens in encoding.over_long]
    within = [item for item in (*encoding.items, *longer) if item.n_tokens <= max_tokens]
    return sum(run_parts(shape, config, fullest_passes(within, config), device).values())


def eval_bytes(shape: Shape, config: TrainConfig, passes: Sequence[Sequence[Item]], device: Device) -> int:
    """Memory at the peak of a measurement: what training keeps between two steps, and the tensors of one layer.

    The second is taken from a training step of a single layer, which bounds it from above: nothing is kept for a
    backward pass here.
    """
    lasting = run_parts(shape, config, passes, device)
    one_layer = run_parts(replace(shape, layers=1), config, passes, device)
    kept = sum(size for name, size in lasting.items() if name in LASTING)
    return kept + sum(size for name, size in one_layer.items() if name not in LASTING)


def _needs(
    shape: Shape, config: TrainConfig, train: Sequence[Item], holdout: Sequence[Item], device: Device
) -> Iterator[tuple[str, str, int, str]]:
    if not train:
        return
    passes = fullest_passes(train, config)
    fewer = "Halve batch_size and double gradient_accumulation, which trains the same"
    more = "." if config.gradient_checkpointing else ", or turn gradient_checkpointing on."
    yield "training-memory", "Training", sum(run_parts(shape, config, passes, device).values()), fewer + more
    fullest = max(n_positions(items, padding_free=config.padding_free) for items in passes)
    groups = measuring_groups(holdout, positions=fullest, padding_free=config.padding_free)
    if any(n_positions(items, padding_free=config.padding_free) > fullest for items in groups):
        remedy = "Drop or shorten the longest hold-out conversations."
        yield "eval-memory", "Measuring the hold-out", eval_bytes(shape, config, groups, device), remedy
