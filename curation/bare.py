"""Checking and cleaning a file as it lies, without a workspace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.bulk import bulk_work
from core.jobs import Progress, no_progress
from core.types import Example, Finding
from curation import apply, export, readers, records
from curation.checks import CHECKS
from curation.readers import ReadResult
from curation.readers.ahead import Ahead
from curation.runner import CheckReport, Settings, run_checks

PASSES = 3  # a fix can have to wait for another one that touches the same words; more than three never did


@dataclass(frozen=True, slots=True)
class FileReport:
    """What was found in a file. ``lines`` gives the 1-based lines that each example stands on."""

    path: Path
    read: ReadResult
    examples: tuple[Example, ...]
    lines: dict[str, tuple[int, ...]]
    checks: CheckReport

    def to_json(self) -> dict[str, Any]:
        """The public form, as ``finetooth check --json`` prints it."""
        versions = {check.name: check.version for check in CHECKS}
        return {
            "file": str(self.path),
            "format": self.read.format,
            "rows": len(self.read.rows),
            "examples": len(self.examples),
            "rejected": [{"line": r.line, "reason": r.reason} for r in self.read.rejects],
            "findings": [records.public(f, self.lines, versions) for f in self.checks.findings],
            "counts": dict(self.checks.counts),
            "seconds": {name: round(s, 3) for name, s in self.checks.seconds.items()},
            "notes": [*self.read.notes, *self.checks.notes],
        }

    @property
    def blocked(self) -> bool:
        """Whether a blocking problem was found."""
        return any(f.severity == "block" for f in self.checks.findings)


@dataclass(frozen=True, slots=True)
class RowChange:
    """What happened to one row of a file, and why. ``after`` is the cleaned example of an edited row."""

    line: int
    action: str
    reasons: tuple[str, ...]
    before: Example
    after: Example | None


@dataclass(frozen=True, slots=True)
class Curated:
    """The result of cleaning a file: what went in, what came out, and every row that was changed on the way."""

    report: FileReport
    kept: tuple[Example, ...]
    changes: tuple[RowChange, ...]
    left: tuple[str, ...]
    waiting: tuple[Finding, ...]  # what is still found in the cleaned rows

    @property
    def blocked(self) -> bool:
        """Whether a blocking problem is left in the cleaned rows."""
        return any(f.severity == "block" for f in self.waiting)

    def to_json(self) -> dict[str, Any]:
        """The public form, as ``finetooth curate --json`` prints it."""
        actions = Counter(change.action for change in self.changes)
        still = Counter(finding.check for finding in self.waiting)
        return {
            "file": str(self.report.path),
            "rows": len(self.report.read.rows),
            "kept": len(self.kept),
            "dropped": actions["drop"],
            "edited": actions["edit"],
            "rejected": [{"line": r.line, "reason": r.reason} for r in self.report.read.rejects],
            "changes": [{"row": c.line, "action": c.action, "because": list(c.reasons)} for c in self.changes],
            "left": list(self.left),
            "open_findings": {name: still[name] for name in self.report.checks.counts},
        }


def check_file(
    path: Path,
    *,
    only: Sequence[str] = (),
    settings: Settings | None = None,
    progress: Progress = no_progress,
    ahead: Ahead | None = None,
) -> FileReport:
    """Read a file and run the checks over it; ``ahead`` where it is being read already.

    Raises:
        InputError: Nothing in the file can be read, or a check is unknown.
    """
    with bulk_work():
        progress("reading", 0, None)
        read = readers.read(path, ahead=ahead)
        examples: dict[str, Example] = {}
        lines: dict[str, tuple[int, ...]] = {}
        repeated: dict[str, list[int]] = {}
        for row in read.rows:
            example_id = row.example.id
            if example_id not in examples:
                examples[example_id] = row.example
                lines[example_id] = (row.line,)
            else:
                repeated.setdefault(example_id, []).append(row.line)
        for example_id, more in repeated.items():
            lines[example_id] = (*lines[example_id], *more)
        found = tuple(examples.values())
        del examples
        report = run_checks(found, only, settings=replace(settings or Settings(), rows=lines), progress=progress)
    return FileReport(path, read, found, lines, report)


def curate_file(
    path: Path,
    out: Path,
    *,
    accept: str = "safe",
    settings: Settings | None = None,
    progress: Progress = no_progress,
) -> Curated:
    """Check a file, carry out the proposals, and write what is left as messages JSONL.

    Nothing else changes: rows keep their order, their text and their meta. Fixes that must wait for another one are
    carried out in a further pass; a kind of edit that the file as it lies gave no cause for, such as one by a norm
    that the fixes themselves have made, is left for a look.

    Args:
        path: The file to clean.
        out: The JSONL file to write (replaced in one step).
        accept: ``safe`` (cannot change what the data teaches) or ``all``.
        settings: Thresholds and house style.
        progress: Told how far the work is.
    """
    report = check_file(path, settings=settings, progress=progress)
    standing: dict[str, Example] = {e.id: e for e in report.examples}  # by the id of the row as read
    reasons: dict[str, list[str]] = {}
    gone: dict[str, list[str]] = {}
    left: tuple[Finding, ...] = ()
    findings, chosen = report.checks.findings, settings or Settings()
    told = {(f.check, f.reason) for f in findings}
    for _ in range(PASSES):
        wanted = [
            f
            for f in findings
            if f.proposal
            and (accept == "all" or f.proposal.safe)
            and (f.proposal.action == "drop" or (f.check, f.reason) in told)
        ]
        by_current: dict[str, list[str]] = {}
        for origin, example in standing.items():
            by_current.setdefault(example.id, []).append(origin)
        plan = apply.plan({e.id: e for e in standing.values()}, wanted)
        for change in plan.changes:
            for origin in by_current[change.example.id]:
                because = [f.message for f in change.findings]
                if change.becomes is None:
                    gone.setdefault(origin, []).extend(because)
                    del standing[origin]
                else:
                    reasons.setdefault(origin, []).extend(because)
                    standing[origin] = change.becomes
        left = plan.left
        collapsed = set(plan.collapsed)
        findings = tuple(f for f in findings if f not in collapsed)
        if not plan.changes:
            break
        if not standing:
            findings = ()
            break
        unique = {e.id: e for e in standing.values()}
        findings = run_checks(list(unique.values()), (), settings=chosen, progress=progress).findings
    kept, changes = _rows(report, standing, reasons, gone)
    export.write(kept, out, "messages")
    return Curated(report, tuple(kept), tuple(changes), tuple(f.message for f in left), findings)


def _rows(
    report: FileReport,
    standing: dict[str, Example],
    reasons: dict[str, list[str]],
    gone: dict[str, list[str]],
) -> tuple[list[Example], list[RowChange]]:
    kept: list[Example] = []
    changes: list[RowChange] = []
    seen: dict[str, int] = {}
    for row in report.read.rows:
        origin = row.example.id
        if origin in gone:
            changes.append(RowChange(row.line, "drop", tuple(gone[origin]), row.example, None))
            continue
        cleaned = standing[origin]
        after = Example(cleaned.id, cleaned.messages, row.example.meta)
        if after.id in seen:
            because = f"It holds the same conversation as line {seen[after.id]}, which is kept."
            changes.append(RowChange(row.line, "drop", (because,), row.example, None))
            continue
        seen[after.id] = row.line
        kept.append(after)
        if after.id != origin:
            changes.append(RowChange(row.line, "edit", tuple(reasons[origin]), row.example, after))
    return kept, changes
