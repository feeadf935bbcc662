"""A whole study as a folder of files: the frozen design beside the votes, the statistics and the decision."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.files import json_text, make_folder, write_atomic, write_json, write_jsonl
from core.spreadsheet import csv_bytes
from core.workspace import Workspace
from evaluation.exports import design_of, ratings_rows
from evaluation.opponents import opponent
from evaluation.results import study_results
from evaluation.round_dataset import write_dataset
from evaluation.round_extras import extra_files
from evaluation.rubric import SIDES, score_key
from evaluation.signing import signatures
from evaluation.slices import evaluation_slices, slices_of, study_slices
from evaluation.stats import outcome_of
from evaluation.study import Study, is_open, load_study

DATASET = "dataset"
STRENGTH = {"win": 1.0, "tie": 0.0, "both_bad": 0.0, "loss": -1.0}
"""A verdict on the scale of llm-comparator, where above 0 the first model (here the tuned) is better."""


def export_round(workspace: Workspace, study_id: str, folder: Path) -> list[Path]:
    """Write a study as files that stand on their own; which of them, depends on whether it is closed.

    Always: ``round.json`` (the frozen design, its seed only when closed), ``items.jsonl``, ``ratings.jsonl``,
    ``ratings_wide.csv`` (one row a pair and rater). Once closed, besides: ``metrics.json`` (all figures, by slice and
    per item too), ``decision.json`` (the gate with who signed it), ``llm_comparator.json`` (for the viewer of that
    name), ``model_index.md`` (the block for a model card), ``dataset`` (a folder that ``datasets.load_dataset``
    reads), and where there are any ``rating_checks.jsonl`` (votes on repeats, gold, equal and training pairs),
    ``guesses.jsonl`` and ``settled.jsonl``. Until then no file names a model or tells a side.

    Returns:
        The paths written.

    Raises:
        FinetoothError: There is no such study, or the folder cannot be written.
    """
    make_folder(folder)
    study = load_study(workspace, study_id)
    design = design_of(workspace, study_id)
    ratings = ratings_rows(workspace, study_id)
    items = design.pop("items")
    written = [folder / name for name in ("round.json", "items.jsonl", "ratings.jsonl", "ratings_wide.csv")]
    manifest = workspace.objects.manifest(study.evaluation_id)
    if not is_open(workspace, study_id):
        design |= _origin(manifest)
    write_json(written[0], design)
    write_jsonl(written[1], items)
    write_jsonl(written[2], ratings)
    write_atomic(written[3], _wide(study, ratings))
    if is_open(workspace, study_id):
        return written
    found = study_results(workspace, study_id)
    signed = [one.as_dict() for one in signatures(workspace, study_id, found)]
    documents: dict[str, Any] = {
        "metrics.json": {
            "evaluation": {"id": study.evaluation_id, "summary": manifest["summary"]},
            "study": {key: value for key, value in found.items() if key not in ("gate", "decision", "decision_reason")},
            "by_slice": {
                "evaluation": evaluation_slices(workspace, study.evaluation_id),
                "study": study_slices(workspace, study_id),
            },
            "per_item": list(workspace.objects.frame(study.evaluation_id).drop("prompt").iter_rows(named=True)),
        },
        "decision.json": {
            "study": study_id,
            **{name: found[name] for name in ("decision", "decision_reason", "gate")},
            **{"rule": study.manifest["rule"], "rule_hash": study.manifest["rule_hash"], "signed": signed},
        },
        "llm_comparator.json": llm_comparator(workspace, study, ratings),
    }
    for name, document in documents.items():
        write_json(folder / name, document)
        written.append(folder / name)
    for name, rows in extra_files(workspace, study_id).items():
        write_jsonl(folder / name, rows)
        written.append(folder / name)
    written.append(folder / "model_index.md")
    write_atomic(written[-1], model_index(manifest, found))
    return [*written, *write_dataset(study, ratings, folder / DATASET)]


def _origin(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """By which a closed round can be held against its model and data."""
    names = ("run_id", "revision_id", "base_model", "adapter_sha256", "template_hash", "precision", "settings")
    origin = {name: manifest.get(name) for name in names}
    return {**origin, "generation": manifest["summary"]["generation"], "versions": manifest.get("versions", {})}


def _wide(study: Study, ratings: list[dict[str, Any]]) -> bytes:
    scores = [score_key(side, criterion.name) for criterion in study.criteria for side in SIDES]
    side = ["tuned"] if any("tuned" in row for row in ratings) else []
    first = ["item", "rater", "verdict", *side, "note", "shown_at", "answered_at"]
    rows = (
        [
            *(str(row.get(name) or "") for name in first),
            "; ".join(f"{key}={severity}" for key, severity in row.get("flags", {}).items()),
            *(_cell(row.get("scores", {}).get(key)) for key in scores),
        ]
        for row in ratings
    )
    return csv_bytes([*first, "flags", *scores], rows)


def _cell(score: int | None) -> str:
    return "" if score is None else str(score)


def llm_comparator(workspace: Workspace, study: Study, ratings: list[dict[str, Any]]) -> dict[str, Any]:
    """The closed study in the form that the viewer llm-comparator opens; above 0 the tuned model (A) is better."""
    found, _ = slices_of(workspace, workspace.objects.manifest(study.evaluation_id)["revision_id"])
    by_item: dict[str, list[dict[str, Any]]] = {}
    for row in ratings:
        if row.get("verdict") not in (None, "skip"):
            by_item.setdefault(row["item"], []).append(row)
    examples = []
    for item in study.items.values():
        votes = [
            {
                "is_flipped": row["tuned"] == "right",
                "score": STRENGTH[outcome_of(row["verdict"], row["tuned"])],
                "rationale": row.get("note", ""),
            }
            for row in by_item.get(item.id, [])
        ]
        examples.append(
            {
                "input_text": "\n\n".join(f"{turn.role}: {turn.content}" for turn in item.prompt),
                "tags": sorted(name for name, ids in found.items() if item.example_id in ids),
                "output_text_a": item.tuned,
                "output_text_b": item.base,
                "score": sum(vote["score"] for vote in votes) / len(votes) if votes else None,
                "individual_rater_scores": votes,
                "custom_fields": {"reference": item.reference, "example_id": item.example_id},
            }
        )
    metadata = {"source_path": f"study {study.id}", "custom_fields_schema": []}
    return {
        "metadata": metadata,
        "models": [{"name": "tuned"}, {"name": opponent(study.manifest)}],
        "examples": examples,
    }


def model_index(manifest: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """The ``model-index`` block of a model card (YAML front matter), with what was measured and nothing else.

    Model cards on the Hugging Face Hub: https://huggingface.co/docs/hub/model-cards#evaluation-results
    """
    summary, rate = manifest["summary"], found["preference"]["win_rate"]
    metrics = [
        ("perplexity", "Hold-out perplexity", summary["tuned"]["perplexity"]),
        ("perplexity_ratio", "Perplexity, tuned / base", summary["ratio"]["value"]),
        ("win_rate", f"Win rate over {found['study']['against']}, blind", rate["value"]),
    ]
    metrics += [(name, one["title"], one["tuned"]["value"]) for name, one in summary["metrics"].items()]
    lines = ["---", "model-index:", f"- name: {json_text(manifest['run_id'], None)}", "  results:"]
    lines += ["  - task:", "      type: text-generation", "    dataset:"]
    lines += [
        "      name: own hold-out",
        f"      type: {json_text(manifest['revision_id'][:12], None)}",
        "    metrics:",
    ]
    for kind, title, value in metrics:
        if value is not None:
            lines += [f"    - type: {kind}", f"      name: {json_text(title, None)}", f"      value: {value:.6g}"]
    return "\n".join([*lines, "---", ""])
