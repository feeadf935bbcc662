"""What pages and commands read about evaluations and studies: small plain values, in pages."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from core.errors import InputError
from core.workspace import Workspace
from evaluation.opponents import against
from evaluation.rating import votes
from evaluation.study import KIND as STUDY
from evaluation.study import is_open, load_study

EVALUATION = "evaluation"
SORTS = ("order", "worse", "better")


def evaluations(workspace: Workspace) -> list[dict[str, Any]]:
    """All evaluations, newest first: id, run, time, summary."""
    return [workspace.objects.manifest(one) for one in reversed(workspace.objects.ids(EVALUATION))]


def evaluation(
    workspace: Workspace, evaluation_id: str, *, offset: int = 0, limit: int = 50, sort: str = "order"
) -> dict[str, Any]:
    """One evaluation with a page of its rows.

    Args:
        workspace: Where it is.
        evaluation_id: Which one.
        offset, limit: The page.
        sort: ``order`` of the hold-out, ``worse`` (answers whose NLL per token rose most first) or ``better``.

    Returns:
        ``manifest``, ``rows`` (prompt as a list of turns; ``change_nats_per_token`` < 0 means the answer became more
        likely), ``total``.

    Raises:
        FinetoothError: There is no such evaluation.
        InputError: The sort is not known.
    """
    if sort not in SORTS:
        raise InputError(f'"{sort}" is not an order.', f"Choose from: {', '.join(SORTS)}.")
    manifest = workspace.objects.manifest(evaluation_id)
    change = (pl.col("tuned_nll") - pl.col("base_nll")) / pl.col("base_tokens")
    frame = workspace.objects.frame(evaluation_id).with_columns(change_nats_per_token=change)
    if sort != "order":
        frame = frame.sort("change_nats_per_token", descending=sort == "worse", maintain_order=True)
    rows = [{**row, "prompt": json.loads(row["prompt"])} for row in frame.slice(offset, limit).iter_rows(named=True)]
    return {"manifest": manifest, "rows": rows, "total": frame.height}


def answers(workspace: Workspace, evaluation_id: str, *, offset: int = 0, limit: int = 50) -> dict[str, Any]:
    """A page of the rows that have answers of both models, in hold-out order."""
    frame = workspace.objects.frame(evaluation_id)
    frame = frame.filter(pl.col("base_reply").is_not_null() & pl.col("tuned_reply").is_not_null())
    rows = [{**row, "prompt": json.loads(row["prompt"])} for row in frame.slice(offset, limit).iter_rows(named=True)]
    return {"rows": rows, "total": frame.height}


def pairs(workspace: Workspace, evaluation_id: str, replies_id: str | None = None) -> tuple[int, int]:
    """How many prompts both models answered differently (these make pairs), and how many alike.

    ``replies_id`` names stored answers of another model, which stand beside the tuned one's; None = the base's.
    """
    frame, _ = against(workspace, evaluation_id, replies_id)
    alike = frame.filter(pl.col("base_reply").str.strip_chars() == pl.col("tuned_reply").str.strip_chars()).height
    return frame.height - alike, alike


def studies(workspace: Workspace) -> list[dict[str, Any]]:
    """All studies, newest first: id, evaluation, state, progress. Nothing about who is winning."""
    return [study(workspace, one) for one in reversed(workspace.objects.ids(STUDY))]


def study(workspace: Workspace, study_id: str) -> dict[str, Any]:
    """One study's design and progress. Nothing about who is winning.

    Raises:
        FinetoothError: There is no such study.
    """
    loaded = load_study(workspace, study_id)
    folded = votes(workspace, study_id)
    wanted = loaded.raters_per_item * len(loaded.items)
    done = sum(min(loaded.raters_per_item, n) for n in folded.judgements().values())
    return {
        "id": study_id,
        "evaluation_id": loaded.evaluation_id,
        "open": is_open(workspace, study_id),
        "n_items": len(loaded.items),
        "single": loaded.single,
        "raters_per_item": loaded.raters_per_item,
        "raters": folded.raters,
        "votes": done,
        "wanted": wanted,
        "criteria": [criterion.as_dict() for criterion in loaded.criteria],
        "n_identical": loaded.manifest["n_identical"],
        "n_left_out_naming": loaded.manifest.get("n_left_out_naming", 0),
        "detectable_win_rate": loaded.manifest["detectable_win_rate"],
        "created_at": loaded.manifest["created_at"],
    }
