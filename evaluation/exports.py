"""A study as files: the ratings, and the frozen design. While the voting is open, no file names a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.files import write_json, write_jsonl
from core.workspace import Workspace
from evaluation.rating import votes
from evaluation.study import is_open, load_study


def ratings_rows(workspace: Workspace, study_id: str) -> list[dict[str, Any]]:
    """The ratings that stand, one dict a rater and item, as ``finetooth stats`` reads them.

    While the study is open a row holds no side of any model; once closed, ``tuned`` says where the tuned model stood.
    Rubric scores are by side (``left.accuracy``).
    """
    revealed = not is_open(workspace, study_id)
    rows = []
    for (item, rater), held in votes(workspace, study_id).held.items():
        row: dict[str, Any] = {"study": study_id, "item": item, "rater": rater}
        if held.verdict is not None:
            row["verdict"] = held.verdict
        if held.scores:
            row["scores"] = held.scores
        if held.note:
            row["note"] = held.note
        first = held.entries[0]
        row["shown_at"] = first.payload.get("shown_at") or None
        row["answered_at"] = first.payload.get("answered_at") or first.at
        if revealed:
            row["tuned"] = held.tuned
        rows.append(row)
    return rows


def export_ratings(workspace: Workspace, study_id: str, path: Path) -> int:
    """Write the standing ratings as JSONL. Returns the number of lines."""
    return write_jsonl(path, ratings_rows(workspace, study_id))


def export_design(workspace: Workspace, study_id: str, path: Path) -> None:
    """Write the study's frozen design as JSON: items, criteria in the raters' words, seed, rule and its hash.

    While the study is open the seed and the answers stay out, since sides could be derived from them.
    """
    study = load_study(workspace, study_id)
    closed = not is_open(workspace, study_id)
    items: list[dict[str, Any]] = []
    for item in study.items.values():
        prompt = [{"role": message.role, "content": message.content} for message in item.prompt]
        row: dict[str, Any] = {"item": item.id, "example_id": item.example_id, "prompt": prompt}
        if closed:
            row |= {"base": item.base, "tuned": item.tuned, "reference": item.reference}
        items.append(row)
    document: dict[str, Any] = {
        "study": study_id,
        "open": not closed,
        "raters_per_item": study.raters_per_item,
        "criteria": [criterion.as_dict() for criterion in study.criteria],
        "rule_hash": study.manifest["rule_hash"],
        "items": items,
    }
    if closed:
        document |= {"evaluation_id": study.evaluation_id, "seed": study.seed, "rule": study.manifest["rule"]}
    write_json(path, document)
