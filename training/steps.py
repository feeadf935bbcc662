"""One optimiser step and one hold-out measurement: tensors in, figures out; a check before each forward pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from training.data import Batch
from training.loss import nll_sum


def take_step(
    model: Any,
    optimizer: Any,
    batches: Sequence[Batch],
    *,
    rate: float,
    max_norm: float | None,
    units: Any,
    check: Callable[[], None],
    finite: Callable[[float, str], float],
) -> tuple[float, float]:
    """Train on the batches together: the loss is weighted by tokens over all of them.

    Args:
        model: In train mode.
        optimizer: Of its trained parameters.
        batches: The step's micro-batches.
        rate: Learning rate of this step.
        max_norm: Gradients are scaled down to it; None leaves them.
        units: Number type of the output layer.
        check: Called before each forward pass; may raise, and then nothing has changed.
        finite: Given a figure and its name; returns it, or raises where it is not finite.

    Returns:
        The mean loss in nats a supervised token, and the norm of the gradient before it is scaled.
    """
    import torch

    supervised = sum(batch.n_supervised for batch in batches)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    total = 0.0
    for batch in batches:
        check()
        loss = nll_sum(model, batch, units)
        total += finite(float(loss.detach()), "loss")
        (loss / supervised).backward()
    clipped = torch.nn.utils.clip_grad_norm_(parameters, math.inf if max_norm is None else max_norm)
    norm = finite(float(clipped), "gradient")
    optimizer.step()
    return total / supervised, norm


def hold_out_loss(model: Any, batches: Iterable[Batch], units: Any, check: Callable[[int], None]) -> tuple[float, int]:
    """Mean loss in nats a supervised token over all batches, and the number of those tokens; no gradient is kept.

    ``check`` is called with the number of batches done before each forward pass; it may raise.
    """
    import torch

    total, supervised = 0.0, 0
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            for done, batch in enumerate(batches):
                check(done)
                total += float(nll_sum(model, batch, units))
                supervised += batch.n_supervised
    finally:
        model.train(was_training)
    return total / supervised, supervised
