"""The items of a stored evaluation's probes: what both models said to each, those that the tuned model lost first."""

from __future__ import annotations

from typing import Any

import polars as pl

from core.ids import content_id
from core.workspace import Workspace
from evaluation.probes.battery import KIND


def items(
    workspace: Workspace, evaluation_id: str, probe: str, *, better: str, offset: int = 0, limit: int = 20
) -> dict[str, Any]:
    """A page of a probe's items, with the clearest losses of the tuned model first; those not scored come last.

    Args:
        workspace: Where the evaluation is.
        evaluation_id: Which one.
        probe: The probe's key in the summary.
        better: ``higher``, ``lower`` or ``zero``, as the summary says.
        offset, limit: The page.

    Returns:
        ``rows`` (the fields of :class:`evaluation.probes.probe.Row`, and ``loss``, how much the tuned model is worse),
        ``total`` and ``n_lost``; nothing where the evaluation was made without probes.
    """
    stored = content_id([KIND, evaluation_id])
    if not workspace.objects.holds(stored):
        return {"rows": [], "total": 0, "n_lost": 0}
    base, tuned = pl.col("base"), pl.col("tuned")
    loss = {"higher": base - tuned, "lower": tuned - base, "zero": tuned.abs() - base.abs()}[better]
    frame = workspace.objects.frame(stored).filter(pl.col("probe") == probe).with_columns(loss=loss)
    frame = frame.sort("loss", descending=True, nulls_last=True, maintain_order=True)
    return {
        "rows": frame.slice(offset, limit).to_dicts(),
        "total": frame.height,
        "n_lost": frame.filter(pl.col("loss") > 0).height,
    }
