"""Proves that a merged model answers as base and adapter did: the same texts through both, token by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core import models
from core.chat import IGNORED
from core.files import read_json
from training.data import Item

POSITIONS_MAX = 512
"""Supervised tokens that are compared; their whole distributions are kept meanwhile (4 bytes a word of vocabulary)."""

TOKENS_MAX = 2048
"""Tokens, prompts included, that pass each model."""

KL_MAX = 0.01
TOP1_MIN = 0.97
NLL_MAX = 0.01
"""Bounds of a sound merge: mean divergence and mean change of the loss in nats a token, share of equal first choices.

Rounding the sum to bfloat16 costs about a tenth of them (SmolLM2, 20 steps); a wrong scale or a layer left out exceeds
them many times over."""

TIE_NATS = 0.02
"""Words whose log-probabilities are so near to each other are equally first: which of them leads, rounding decides."""


@dataclass(frozen=True, slots=True)
class Side:
    """A model on the compared tokens, against base + adapter in 16 bits.

    Attributes:
        nll: Mean negative log-likelihood, nats a token.
        kl: Mean Kullback-Leibler divergence from the reference, nats a token; None for the reference itself.
        kl_max: The largest at any token.
        top1: Share of tokens at which both put the same word first, or one that is within ``TIE_NATS`` of it.
    """

    nll: float
    kl: float | None = None
    kl_max: float | None = None
    top1: float | None = None


@dataclass(frozen=True, slots=True)
class Parity:
    """The comparison: ``base`` without the adapter, ``adapter`` (the reference), ``merged``, all in 16 bits.

    ``trained`` is base and adapter at the precision of training (NF4 for QLoRA); None where that is 16 bits. A QLoRA
    adapter has learnt to make up for NF4's rounding, which the 16-bit base does not have; the two losses show the gap.
    """

    n_tokens: int
    n_examples: int
    base: Side
    adapter: Side
    merged: Side
    trained: Side | None
    rounding_share: float
    dtype: str

    @property
    def holds(self) -> bool:
        """Whether the merged model is within the bounds."""
        side = self.merged
        if side.kl is None or side.top1 is None:
            return False
        return side.kl <= KL_MAX and side.top1 >= TOP1_MIN and abs(side.nll - self.adapter.nll) <= NLL_MAX

    def sentence(self) -> str:
        """The comparison in words."""
        side = self.merged
        text = (
            f"over {self.n_tokens} tokens of {self.n_examples} conversations the merged model's divergence is "
            f"{side.kl:.5f} nats a token (bound {KL_MAX:g}), {side.top1:.1%} of first choices agree (bound "
            f"{TOP1_MIN:.0%}), and the loss is {side.nll:.4f} against {self.adapter.nll:.4f} (base {self.base.nll:.4f})"
        )
        if self.trained is not None:
            text += f"; as trained, on the 4-bit base, it was {self.trained.nll:.4f}"
        return text

    def to_json(self) -> dict[str, Any]:
        """Everything, with the bounds and whether they hold."""
        bounds = {"kl_max": KL_MAX, "top1_min": TOP1_MIN, "nll_difference_max": NLL_MAX}
        return {**asdict(self), "bounds": bounds, "holds": self.holds}


def compare(
    base: Path, adapter: Path, merged: Path, items: Sequence[Item], *, rounding_share: float, as_trained: bool
) -> Parity:
    """Put the same conversations through base + adapter and through the merged model, one model at a time.

    Args:
        base: The base model's folder.
        adapter: The adapter's folder.
        merged: The merged model's folder.
        items: Conversations, best from the hold-out; those within ``POSITIONS_MAX`` and ``TOKENS_MAX`` are compared, in
            their order, and at least the first.
        rounding_share: Of the merge, for the record.
        as_trained: Look at the 4-bit base with the adapter, too.

    Raises:
        FinetoothError: A model cannot be loaded, or the adapter has no effect.
    """
    chosen = _enough(items)
    dtype = str(read_json(merged / "config.json")["dtype"])
    precision: models.Precision = "bf16" if dtype == "bfloat16" else "stored"
    loaded = models.load_model(base, precision, adapter)
    reference, targets = _distributions(loaded, chosen)
    with loaded.disable_adapter():
        without = _distributions(loaded, chosen)[0]
    base_side = _side(reference, without, targets)
    del loaded, without
    tuned = models.load_model(merged, "stored")
    merged_side = _side(reference, _distributions(tuned, chosen)[0], targets)
    del tuned
    trained = None
    if as_trained:
        quantised = models.load_model(base, "nf4", adapter)
        trained = _side(reference, _distributions(quantised, chosen)[0], targets)
    n_tokens = len(targets)
    own = Side(nll=_nll(reference, targets))
    return Parity(n_tokens, len(chosen), base_side, own, merged_side, trained, rounding_share, dtype)


def _enough(items: Sequence[Item]) -> list[Item]:
    chosen: list[Item] = []
    supervised = tokens = 0
    for item in items:
        supervised, tokens = supervised + item.n_supervised, tokens + item.n_tokens
        if chosen and (supervised > POSITIONS_MAX or tokens > TOKENS_MAX):
            break
        chosen.append(item)
    return chosen


def _distributions(model: Any, items: Sequence[Item]) -> tuple[Any, Any]:
    """Log-probabilities [token, word] at the supervised tokens, in float32, and those tokens."""
    import torch

    parts, targets = [], []
    with torch.inference_mode():
        for item in items:
            scored = [k for k, label in enumerate(item.labels) if label != IGNORED and k > 0]
            ids = torch.tensor([item.input_ids])
            before = torch.tensor(scored, device=model.device) - 1
            out = model(input_ids=ids.to(model.device), use_cache=False, logits_to_keep=before)
            parts.append(torch.log_softmax(out.logits[0].float(), dim=-1).cpu())
            targets.append(ids[0, scored])
    return torch.cat(parts)[:POSITIONS_MAX], torch.cat(targets)[:POSITIONS_MAX]


def _nll(found: Any, targets: Any) -> float:
    return float(-found.gather(1, targets.unsqueeze(1)).double().mean())


def _side(reference: Any, found: Any, targets: Any) -> Side:
    divergence = (reference.exp() * (reference - found)).sum(dim=1)
    chosen = reference.gather(1, found.argmax(dim=1, keepdim=True)).squeeze(1)
    same = chosen >= reference.max(dim=1).values - TIE_NATS
    return Side(
        nll=_nll(found, targets),
        kl=max(0.0, float(divergence.double().mean())),
        kl_max=max(0.0, float(divergence.max())),
        top1=float(same.double().mean()),
    )
