"""Runs the checks over a workspace's examples, and keeps what they found for the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.jobs import JobContext, Progress, no_progress
from core.workspace import Workspace
from curation import (
    cache,
    coverage,
    found,
    learned,
    neighbours,
    norms,
    project_settings,
    queries,
    thresholds,
    tone_learned,
    traced,
)
from curation.evidence.pairs import PAIR_FLOOR
from curation.runner import CheckReport, Settings, run_checks


def check(
    workspace: Workspace,
    *,
    only: Sequence[str] = (),
    settings: Settings | None = None,
    progress: Progress = no_progress,
) -> CheckReport:
    """Run the checks over the current examples and keep their findings; decisions already made still settle them."""
    examples, lines = queries.current(workspace)
    if not examples:
        raise InputError("There are no examples to check.", "Import a file first: finetooth import FILE")
    own = settings or project_settings.read_settings(workspace)
    chosen = replace(own, rows=lines, pair_floor=PAIR_FLOOR, preferred=queries.reviewed(workspace))
    key = queries.key_of(sorted(example.id for example in examples))
    report = run_checks(examples, only, settings=chosen, progress=progress)
    _store(workspace, report, key, lines, partial=bool(only))
    norms.write(workspace, report.norms, key, sorted(report.seconds))
    learned.write(workspace, report.learned, chosen, key, sorted(report.seconds))
    tone_learned.publish(workspace)
    traced.publish(workspace)
    if report.coverage is not None:
        coverage.write(workspace, report.coverage, key)
    if report.pairs is not None:
        thresholds.write(workspace, report.pairs, key, near=chosen.near_threshold, short=chosen.short_threshold)
    neighbours.build(workspace, examples, progress=progress)
    return report


def _store(
    workspace: Workspace,
    report: CheckReport,
    dataset_key: str,
    lines: Mapping[str, Sequence[int]],
    *,
    partial: bool,
) -> None:
    ran = sorted(report.seconds)
    with cache.synced(workspace).writing() as connection:
        found.remove(connection, ran if partial else None)
        found.insert(connection, report.findings, lines)
        cache.settle(connection)
        before = cache.get_fact(connection, "checked_by") if partial else None
        checked = {**(before if isinstance(before, dict) else {}), **dict.fromkeys(ran, dataset_key)}
        cache.set_fact(connection, "checked_by", checked)
        cache.set_fact(connection, "check_notes", list(report.notes))
        cache.set_fact(connection, "check_seconds", {name: round(s, 3) for name, s in report.seconds.items()})


def check_job(context: JobContext) -> dict[str, Any]:
    """The same in a worker process, which can be stopped until the checks are done.

    Spec: ``workspace`` (path), ``only`` (names).
    """
    judged = False

    def progress(stage: str, done: int, total: int | None) -> None:
        nonlocal judged
        judged = judged or stage == "checked"
        if not judged:  # what is found is stored next, and stays whole
            context.check_stop()
        context.progress(stage, done, total)

    workspace = Workspace.open(Path(context.spec["workspace"]))
    report = check(workspace, only=context.spec.get("only", ()), progress=progress)
    return {"findings": len(report.findings), "counts": dict(report.counts), "notes": list(report.notes)}
