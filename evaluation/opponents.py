"""Who stands beside the tuned model in a study: its base, or another model whose answers were brought in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from core.errors import InputError
from core.workspace import Workspace

BASE = "base"
REPLIES = "replies"
"""Kind of the stored answers of another model, see ``evaluation.replies_others``."""


def opponent(manifest: Mapping[str, Any]) -> str:
    """What a study's manifest calls the model beside the tuned one: ``base``, or the other model's name."""
    return str((manifest.get("against") or {}).get("source", BASE))


def brought(workspace: Workspace, evaluation_id: str) -> list[dict[str, Any]]:
    """The answers of other models to an evaluation's prompts: the newest of each model, oldest model first."""
    found: dict[str, dict[str, Any]] = {}
    for one in workspace.objects.ids(REPLIES):
        manifest = workspace.objects.manifest(one)
        if manifest["evaluation_id"] == evaluation_id:
            found[manifest["source"]] = manifest
    return list(found.values())


def find(workspace: Workspace, evaluation_id: str, source: str) -> str:
    """The id of the newest answers that a model gave to an evaluation's prompts.

    Raises:
        InputError: It gave none.
    """
    known = {one["source"]: str(one["id"]) for one in brought(workspace, evaluation_id)}
    if source not in known:
        there = f"Brought in are: {', '.join(known)}." if known else "Bring them in first: finetooth replies NAME FILE"
        raise InputError(f"There are no answers of {source} to this evaluation's prompts.", there)
    return known[source]


def against(workspace: Workspace, evaluation_id: str, replies_id: str | None) -> tuple[pl.DataFrame, dict[str, Any]]:
    """An evaluation's rows that the tuned model and the one beside it answered.

    Args:
        workspace: Where the evaluation is.
        evaluation_id: Which one.
        replies_id: Stored answers of another model; None = the base's.

    Returns:
        The rows, with the answers of the model beside the tuned one in ``base_reply``; and what a study's design
        keeps of it: ``against`` ({"replies_id", "source"}), nothing for the base.

    Raises:
        InputError: The answers belong to another evaluation.
        FinetoothError: There are no such answers.
    """
    frame = workspace.objects.frame(evaluation_id)
    design: dict[str, Any] = {}
    if replies_id is not None:
        manifest = workspace.objects.manifest(replies_id)
        if manifest.get("evaluation_id") != evaluation_id:
            raise InputError("These answers belong to another evaluation.", "Bring them in for this one.")
        design = {"against": {"replies_id": replies_id, "source": manifest["source"]}}
        theirs = workspace.objects.frame(replies_id, ["example_id", "text"]).rename({"text": "base_reply"})
        frame = frame.drop("base_reply").join(theirs, on="example_id", how="left", maintain_order="left")
    return frame.filter(pl.col("base_reply").is_not_null() & pl.col("tuned_reply").is_not_null()), design
