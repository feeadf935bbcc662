"""A study as files: the ratings, and the frozen design. While the voting is open, no file names a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.files import write_json, write_jsonl
from core.workspace import Workspace
from evaluation.opponents import opponent
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
            row["scores"] = dict(held.scores)
        if held.note:
            row["note"] = held.note
        if held.flags:
            row["flags"] = dict(held.flags)
        if held.points:
            row["points"] = dict(held.points)
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


def design_of(workspace: Workspace, study_id: str) -> dict[str, Any]:
    """The study's frozen design: items, criteria in the raters' words, seed, rule and its hash.

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
        document |= {
            "against": opponent(study.manifest),
            "evaluation_id": study.evaluation_id,
            "seed": study.seed,
            "rule": study.manifest["rule"],
        }
    return document


def export_design(workspace: Workspace, study_id: str, path: Path) -> None:
    """Write the study's frozen design (:func:`design_of`) as JSON."""
    write_json(path, design_of(workspace, study_id))


def export_evaluation(workspace: Workspace, evaluation_id: str, folder: Path) -> tuple[Path, Path]:
    """Write an evaluation as two files: its perplexities (JSON, per example too) and both models' answers (JSONL).

    Returns:
        The paths of ``perplexities-ID.json`` and ``answers-ID.jsonl``.

    Raises:
        FinetoothError: There is no such evaluation, or the folder cannot be written.
    """
    manifest = workspace.objects.manifest(evaluation_id)
    rows = list(workspace.objects.frame(evaluation_id).iter_rows(named=True))
    scored = ("example_id", "base_nll", "base_tokens", "tuned_nll", "tuned_tokens")
    figures = folder / f"perplexities-{evaluation_id[:8]}.json"
    facts = {name: manifest[name] for name in ("run_id", "revision_id", "base_model", "precision", "template_hash")}
    summary = {name: manifest["summary"][name] for name in ("base", "tuned", "ratio", "n_examples", "n_excluded")}
    examples = [{name: row[name] for name in scored} for row in rows]
    write_json(figures, {"evaluation": evaluation_id, **facts, **summary, "examples": examples})
    answers = folder / f"answers-{evaluation_id[:8]}.jsonl"
    answered = [row for row in rows if row["base_reply"] is not None and row["tuned_reply"] is not None]
    kept = ("example_id", "prompt", "reference", "base_reply", "tuned_reply")
    write_jsonl(answers, ({**{k: row[k] for k in kept}, "prompt": json.loads(row["prompt"])} for row in answered))
    return figures, answers
