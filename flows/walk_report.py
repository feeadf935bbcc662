"""The report over the whole walk: what the dataset was, how the training went, and how the result was judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.files import write_atomic
from core.workspace import Workspace
from curation import sources
from evaluation import queries as judged
from evaluation.report import report
from training import queries as trained


def write(workspace: Workspace, out: Path, *, evaluation_id: str | None = None, study_id: str | None = None) -> Path:
    """Write one self-contained page about an evaluation (default: the newest) and all that led to it.

    A file whose name ends in ``.md`` gets Markdown, any other HTML. ``study_id`` names the study to report on (default:
    the evaluation's newest).

    Raises:
        FinetoothError: There is no evaluation yet.
    """
    chosen = workspace.objects.find("evaluation", evaluation_id)
    manifest = workspace.objects.manifest(chosen)
    if study_id is None:
        study_id = next((s["id"] for s in judged.studies(workspace) if s["evaluation_id"] == chosen), None)
    page = report(
        workspace,
        chosen,
        "md" if out.suffix.lower() in (".md", ".markdown") else "html",
        study_id=study_id,
        run=_run(workspace, manifest["run_id"]),
        data=_data(workspace, manifest["revision_id"]),
    )
    write_atomic(out, page)
    return out


def _run(workspace: Workspace, run_id: str) -> dict[str, Any]:
    run = trained.run(workspace, run_id)
    return {
        "id": run.id,
        "base_model": run.base_model,
        "settings": run.settings,
        "points": trained.curve(workspace, run_id),
        "facts": run.facts,
        "status": run.status,
    }


def _data(workspace: Workspace, revision_id: str) -> dict[str, Any]:
    manifest = workspace.objects.manifest(revision_id)
    facts, proof = manifest["facts"], manifest["certificate"]
    loaded = [sources.load(workspace, source_id) for source_id in manifest["sources"]]
    return {
        "sources": [{"name": s.name, "rows": s.n_rows, "rejected": s.n_rejects} for s in loaded],
        "facts": {
            "Rows imported": f"{facts['n_rows']:,}",
            "Different conversations": f"{facts['n_imported']:,}",
            "Dropped": f"{facts['n_dropped']:,}",
            "Edited": f"{facts['n_edited']:,}",
            "Look-alikes across the split": f"{proof['cross_pairs']:,}",
            "A random split would have leaked": f"{proof['random_split_leak_share']:.1%} of the hold-out",
        },
        "findings": [
            {"check": c["check"], "title": c["title"], "count": c["open"] + c["settled"], "settled": c["settled"]}
            for c in facts["findings"]
        ],
        "dropped": [{"reason": reason, "count": count} for reason, count in facts["dropped"].items()],
        "edited": [{"reason": reason, "count": count} for reason, count in facts["edited"].items()],
        "revision_id": revision_id,
        "splits": dict(manifest["splits"]),
        "notes": ["The dataset was changed after the last run of the checks."] if facts["stale"] else [],
    }
