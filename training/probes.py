"""Proves on a few real rows that training would train: batches, gradients, updates and packing are what they should be.

Each of these failures leaves the loss curve looking sound, so it is looked for before the first step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.chat import IGNORED
from core.errors import FinetoothError
from training import data, loss
from training.config import TrainConfig
from training.data import Batch, Item
from training.preflight_report import Problem

ROWS = 32
"""Rows that go through the collator: the shortest, the longest and others in between."""

CHANGED_SHARE = 0.5
"""At least this share of the elements of A, and of B, that have a gradient must change in two steps."""

PACKED_SHARE = 0.02
"""The loss of a row beside others may differ by this share from its loss alone (rounding in bfloat16 makes 0.5 %)."""

LEAK_SHARE = 1e-4
"""... and by this share where only the words of its neighbour change: the sums are the same then, in any precision."""

LIBRARY = "This is a fault of the model's code or of a library: report it with the versions in run.json."


class ProbeError(FinetoothError):
    """A proof that failed. ``name`` is the failure's; ``count`` the matrices or rows concerned."""

    def __init__(self, name: str, message: str, hint: str, count: int = 0) -> None:
        super().__init__(message, hint)
        self.name = name
        self.count = count


@dataclass(frozen=True, slots=True)
class Proved:
    """What the probes saw: matrices that a gradient reaches, and the share of their elements that two steps changed.

    ``changed_share`` is None where every weight is trained: no copy of them is kept, so no step is tried.
    """

    matrices: int
    changed_share: float | None


def collation(items: Sequence[Item], pad_id: int, stops: frozenset[int]) -> list[tuple[bool, Problem]]:
    """Put real rows through the collator and compare what it trains with what each row says.

    A collator that ignores labels by their id loses the end of turn of every model whose pad token is its end token.

    Returns:
        Problems, each with whether it forbids the run; empty where all is well.
    """
    ordered = sorted(items, key=lambda item: item.n_tokens)
    chosen = ordered[:: max(1, len(ordered) // ROWS)][:ROWS]
    lost: list[str] = []
    ends = 0
    for start in range(0, len(chosen), 4):
        group = chosen[start : start + 4]
        wanted = Counter(label for item in group for label in item.labels[1:] if label != IGNORED)
        got = Counter(data.collate(group, pad_id).targets.tolist())
        if wanted != got:
            lost += [item.id for item in group]
            ends += sum((wanted - got)[stop] for stop in stops)
    if not lost:
        return []
    if ends:
        message = f"The batches leave out the end of turn of {len(lost)} of {len(chosen)} examples looked at."
        return [(True, Problem("end-of-turn-untrained", message, LIBRARY, len(lost), tuple(lost)))]
    message = f"The batches train other tokens than {len(lost)} of {len(chosen)} examples looked at say."
    return [(True, Problem("labels-changed-in-batch", message, LIBRARY, len(lost), tuple(lost)))]


def prove(
    model: Any,
    items: Sequence[Item],
    batch_of: Callable[[Sequence[Item]], Batch],
    units: Any,
    config: TrainConfig,
    warn: Callable[[str, str, int], None] = lambda name, message, count: None,
) -> Proved:
    """All proofs that need the model, on the two shortest rows; the model is afterwards as it was, bit by bit.

    Args:
        model: In train mode, with its adapters.
        items: The rows to train on.
        batch_of: Makes a batch of rows as training will.
        units: The floating type in which the output layer multiplies.
        config: Method and learning rate.
        warn: Told the name, message and count of a failure before it is raised.

    Raises:
        ProbeError: ``adapter-frozen``, ``gradient-missing``, ``eval-changes-gradient``, ``updates-lost`` or
            ``packed-loss-differs``.
    """
    few = sorted(items, key=lambda item: item.n_tokens)[:2]
    try:
        proved = two_steps(model, batch_of(few[:1]), units, config)  # first: nothing may be evaluated before it
        packed(model, few, batch_of, units)
        return proved
    except ProbeError as error:
        warn(error.name, error.message, error.count)
        raise


def two_steps(model: Any, batch: Batch, units: Any, config: TrainConfig) -> Proved:
    """Two optimiser steps at the full learning rate, without warm-up, on one small batch; then all is put back.

    B starts at zero, which hides A from the first gradient: so the first step must reach every B, the second every A.
    An evaluation between them must not change the gradient (see ``core.models.keep_the_gradient``), and the steps must
    move the weights, not vanish in their rounding. Dropout draws the same masks each time.

    Raises:
        ProbeError: See ``prove``.
    """
    import torch

    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    frozen = [name for name, p in model.named_parameters() if "lora_" in name and not p.requires_grad]
    if frozen or not trained:
        raise ProbeError(
            "adapter-frozen",
            f"{len(frozen)} adapter matrices are frozen, so they would learn nothing; the first is "
            f"{frozen[0] if frozen else 'all of them'}.",
            LIBRARY,
            len(frozen),
        )
    gpus = list(range(torch.cuda.device_count())) if batch.input_ids.is_cuda else []
    with torch.random.fork_rng(devices=gpus):
        if config.method == "full":
            _backward(model, batch, units)
            _reached({name: p.grad for name, p in trained.items()}, "")
            model.zero_grad(set_to_none=True)
            return Proved(len(trained), None)
        starts = {name: p.detach().clone() for name, p in trained.items()}
        try:
            share = _walk(model, trained, starts, batch, units, config.learning_rate)
        finally:
            model.zero_grad(set_to_none=True)
            for name, start in starts.items():
                trained[name].data.copy_(start)
    if share < CHANGED_SHARE:
        raise ProbeError(
            "updates-lost",
            f"Two steps at the learning rate {config.learning_rate:g} change {share:.0%} of the weights that have a "
            f"gradient: the rest is lost in rounding ({_types(trained)}).",
            "Raise the learning rate, or keep the adapters in float32.",
            len(trained),
        )
    return Proved(len(trained), share)


def packed(model: Any, items: Sequence[Item], batch_of: Callable[[Sequence[Item]], Batch], units: Any) -> None:
    """Prove that a row's loss does not depend on the rows beside it in a batch.

    Raises:
        ProbeError: ``packed-loss-differs``: attention crosses from one row into the next.
    """
    import torch

    if len(items) < 2:
        return
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            for mine, other in ((0, 1), (1, 0)):
                unheard = replace(items[other], labels=(IGNORED,) * items[other].n_tokens)
                changed = replace(unheard, input_ids=unheard.input_ids[::-1])
                alone, beside, reversed_ = (
                    float(loss.nll_sum(model, batch_of(rows[:: 1 if mine == 0 else -1]), units))
                    for rows in ([items[mine]], [items[mine], unheard], [items[mine], changed])
                )
                leaks = abs(beside - reversed_) > LEAK_SHARE * abs(beside)
                if leaks or abs(beside - alone) > PACKED_SHARE * abs(alone):
                    raise ProbeError(
                        "packed-loss-differs",
                        f"A row's loss is {alone:.4f} nats alone, {beside:.4f} beside another row and {reversed_:.4f} "
                        "beside that row reversed: what one row of a batch says leaks into the next.",
                        "Turn padding_free off, and report it with the versions in run.json.",
                        1,
                    )
    finally:
        model.train(was_training)


def _walk(
    model: Any, trained: Mapping[str, Any], starts: Mapping[str, Any], batch: Batch, units: Any, rate: float
) -> float:
    """The two steps. Returns the share of elements with a gradient that they changed, of A or of B, if that is less."""
    import torch

    optimizer = torch.optim.AdamW(list(trained.values()), lr=rate, weight_decay=0.0)
    first = _gradients(model, trained, batch, units)
    _reached(first, "lora_A")  # B is zero at the start, so A has no gradient yet
    optimizer.step()
    second = _gradients(model, trained, batch, units)
    _reached(second, "")
    was_training = model.training
    model.eval()
    with torch.no_grad():
        loss.nll_sum(model, batch, units)
    model.train(was_training)
    third = _gradients(model, trained, batch, units)
    changed = [name for name in second if not _same(second[name], third[name])]
    if changed:
        raise ProbeError(
            "eval-changes-gradient",
            f"An evaluation changes the gradient of {len(changed)} of {len(trained)} trained matrices.",
            "This is a fault of the quantisation library on this processor: report it with the versions in run.json.",
            len(changed),
        )
    optimizer.step()
    shares = []
    for kind in ("lora_A", "lora_B"):
        moved = pulled = 0
        for name in (one for one in trained if kind in one):
            felt = (first[name] != 0) | (second[name] != 0)
            moved += int(((trained[name].detach() != starts[name]) & felt).sum())
            pulled += int(felt.sum())
        shares.append(moved / max(1, pulled))
    return min(shares)


def _gradients(model: Any, trained: Mapping[str, Any], batch: Batch, units: Any) -> dict[str, Any]:
    """The gradients of one pass, each a copy; the parameters keep theirs for an optimiser's step."""
    _backward(model, batch, units)
    return {name: None if p.grad is None else p.grad.detach().clone() for name, p in trained.items()}


def _backward(model: Any, batch: Batch, units: Any) -> None:
    import torch

    torch.manual_seed(0)
    model.zero_grad(set_to_none=True)
    (loss.nll_sum(model, batch, units) / batch.n_supervised).backward()


def _reached(gradients: Mapping[str, Any], not_yet: str) -> None:
    """Raise where a matrix has no gradient, or a gradient of zero (but for names that hold ``not_yet``)."""
    missed = [
        name
        for name, gradient in gradients.items()
        if not (not_yet and not_yet in name) and (gradient is None or not bool(gradient.abs().max() > 0))
    ]
    if missed:
        raise ProbeError(
            "gradient-missing",
            f"No gradient reaches {len(missed)} of {len(gradients)} trained matrices; the first is {missed[0]}.",
            LIBRARY,
            len(missed),
        )


def _same(a: Any, b: Any) -> bool:
    """Whether two gradients are equal; a GPU, which adds in no fixed order, may differ by a thousandth."""
    import torch

    return bool((a - b).norm() <= 1e-3 * a.norm()) if a.is_cuda else bool(torch.equal(a, b))


def _types(trained: Mapping[str, Any]) -> str:
    return ", ".join(sorted({str(p.dtype).removeprefix("torch.") for p in trained.values()}))
