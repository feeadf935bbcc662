"""Every figure by tag or source: a model that wins overall may lose where it matters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from core.revisions import places_of
from core.workspace import Workspace
from evaluation.estimate import mean_estimate
from evaluation.perplexity import Score, paired_ratio
from evaluation.preference import holm
from evaluation.results import figures_of
from evaluation.single import study_for_results

VALUES_MAX = 20
"""A field with more different values than this names examples rather than sorts them."""
SMALLEST = 3
OVERALL = "all"


def slices_of(workspace: Workspace, revision_id: str) -> tuple[dict[str, frozenset[str]], list[str]]:
    """The hold-out's slices: by the fields and tags that its examples carry, and by the source that they came from.

    A field makes slices where it has 2 to 20 different values (text, whole number, yes or no, or a list of them:
    tags); values of fewer than 3 examples make none.

    Returns:
        Ids of the examples of each slice, by a name such as ``topic: asthma``, and notes about fields that make none.
        Both empty where the revision is not in the workspace.
    """
    if not workspace.objects.holds(revision_id):
        return {}, []
    frame = workspace.objects.frame(revision_id)
    if not {"split", "meta"} <= set(frame.columns):
        return {}, []
    frame = frame.filter(pl.col("split") == "holdout")
    held = set(frame["id"])
    fields: dict[str, dict[str, set[str]]] = {}
    for example_id, meta in frame.select("id", "meta").iter_rows():
        for field, value in _tags(json.loads(meta)):
            fields.setdefault(field, {}).setdefault(value, set()).add(example_id)
    for example_id, place in places_of(workspace, revision_id).items():
        if example_id in held:
            fields.setdefault("source", {}).setdefault(place.rpartition(", line ")[0], set()).add(example_id)
    found: dict[str, frozenset[str]] = {}
    notes: list[str] = []
    for field, values in sorted(fields.items()):
        if len(values) > VALUES_MAX:
            notes.append(f"{field} has {len(values)} different values, too many for slices.")
            continue
        if len(values) < 2 and all(ids == held for ids in values.values()):
            continue
        small = [value for value, ids in values.items() if len(ids) < SMALLEST]
        if small:
            notes.append(f"{len(small)} values of {field} have fewer than {SMALLEST} examples and make no slice.")
        found |= {f"{field}: {value}": frozenset(ids) for value, ids in sorted(values.items()) if value not in small}
    return found, notes


def _tags(meta: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field, value in meta.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str | bool | int) and str(one).strip():
                yield str(field), str(one)


def evaluation_slices(workspace: Workspace, evaluation_id: str) -> dict[str, Any]:
    """Perplexity and metrics of an evaluation, slice by slice.

    Returns:
        ``slices``: rows with ``slice``, ``n``, ``ratio`` (tuned / base perplexity) and ``metrics`` ({name: {title,
        difference, n}}), the whole (``all``) first; ``notes``.

    Raises:
        FinetoothError: There is no such evaluation.
    """
    manifest = workspace.objects.manifest(evaluation_id)
    frame = workspace.objects.frame(evaluation_id)
    found, notes = slices_of(workspace, manifest["revision_id"])
    rows = [_measured(OVERALL, frame, manifest)]
    for name, ids in found.items():
        part = frame.filter(pl.col("example_id").is_in(list(ids)))
        if part.height:
            rows.append(_measured(name, part, manifest))
    return {"slices": rows, "notes": notes}


def _measured(name: str, frame: pl.DataFrame, manifest: Mapping[str, Any]) -> dict[str, Any]:
    scores = {
        model: [
            Score(nll, tokens, 0.0, 0) for nll, tokens in frame.select(f"{model}_nll", f"{model}_tokens").iter_rows()
        ]
        for model in ("base", "tuned")
    }
    seed = int(manifest.get("settings", {}).get("seed", 0))
    metrics: dict[str, Any] = {}
    for key, one in manifest["summary"]["metrics"].items():
        columns = [f"{model}_{key}" for model in ("base", "tuned")]
        if not set(columns) <= set(frame.columns):
            continue
        pairs = frame.select(columns).drop_nulls()
        gaps = (pairs[columns[1]] - pairs[columns[0]]).to_list()
        metrics[key] = {"title": one["title"], "difference": mean_estimate(gaps).as_dict(), "n": pairs.height}
    ratio = paired_ratio(scores["base"], scores["tuned"], seed=seed)
    return {"slice": name, "n": frame.height, "ratio": ratio.as_dict(), "metrics": metrics}


def study_slices(workspace: Workspace, study_id: str) -> dict[str, Any]:
    """All figures of a study, slice by slice; to be asked for where the result may be seen.

    Returns:
        ``slices``: rows with ``slice``, ``n_items``, ``p_holm`` (of no preference, held against all slices together;
        None where it could not be tested) and everything of ``results.figures_of``; ``notes``.

    Raises:
        FinetoothError: There is no such study.
    """
    study, folded = study_for_results(workspace, study_id)
    revision_id = workspace.objects.manifest(study.evaluation_id)["revision_id"]
    found, notes = slices_of(workspace, revision_id)
    rows: list[dict[str, Any]] = []
    for name, ids in found.items():
        items = {item.id: item for item in study.items.values() if item.example_id in ids}
        held = {pair: one for pair, one in folded.held.items() if pair[0] in items}
        if items:
            figures = figures_of(replace(study, items=items), replace(folded, held=held))
            rows.append({"slice": name, "n_items": len(items), "p_holm": None, **figures})
    tested = [row for row in rows if row["preference"]["p_value"] is not None]
    for row, adjusted in zip(tested, holm([row["preference"]["p_value"] for row in tested]), strict=True):
        row["p_holm"] = adjusted
    if len(rows) > 1:
        notes.append(
            f"The more slices, the likelier one differs by chance: p is held against all {len(rows)} of them (Holm)."
        )
    return {"slices": rows, "notes": notes}
