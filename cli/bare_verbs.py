"""The verbs on a bare file: check and curate (and, in a workspace, check without a file)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import JsonFlag, OnlyOption, WorkspaceOption, emit, leave, names, progress_bar, say
from core import wording
from core.bulk import bulk_work
from core.errors import InputError
from core.files import write_jsonl
from curation.evidence.settings import Settings
from curation.readers import ahead, read

ConfigOption = Annotated[Path | None, typer.Option("--config", help="A finetooth.toml with thresholds.")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("check")(check)
    app.command("curate")(curate)


def check(
    file: Annotated[Path | None, typer.Argument(help="A dataset (without one, the workspace's examples).")] = None,
    only: OnlyOption = "",
    config: ConfigOption = None,
    against: Annotated[Path | None, typer.Option(help="Find rows whose twin is in this other file.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the findings here, one JSON object a line.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Find duplicates, format and tone breaks, contradictions and private data. Exit code 3: something blocks."""
    if file is None:
        for option, given in (("--against", against), ("--out", out)):
            if given is not None:
                raise InputError(f"{option} goes with a file.", f"Name it: finetooth check FILE {option} {given}")
        _check_workspace(workspace, only, Settings.from_toml(config) if config else None, as_json)
        return
    settings = Settings.from_toml(config) if config else Settings()
    with bulk_work():
        _check_file(file, only, settings, against, out, as_json)


def _check_file(
    file: Path, only: str, settings: Settings, against: Path | None, out: Path | None, as_json: bool
) -> None:
    if out is not None and out.resolve() == file.resolve():
        raise InputError("The findings would overwrite the dataset.", "Name another file for --out.")
    begun = ahead.start(file)  # a large file is read while the engine loads
    from curation import bare

    with progress_bar() as progress:
        report = bare.check_file(file, only=names(only), settings=settings, progress=progress, ahead=begun)
        document = report.to_json()
        if against is not None:
            from flows import leakage

            other = read(against)
            document["against"] = {
                "file": str(against),
                "rows": len(other.rows),
                "rejected": [{"line": r.line, "reason": r.reason} for r in other.rejects],
            }
            twins, untold = leakage.twins(report, against, other, progress=progress)
            document["notes"] += untold
            document["findings"] += twins
            document["counts"] = {**document["counts"], **Counter(t["check"] for t in twins)}
    if out is not None:
        write_jsonl(out, document["findings"])
    _say_rejected(document["rejected"])
    if against is not None:
        _say_rejected(document["against"]["rejected"], f"{against.name} ")
    written = [f"Findings written to {out}."] if out else []
    emit(document, as_json, more=chain(_summary(document), written))
    leave(3 if report.blocked else 0)


def _say_rejected(rejected: list[dict[str, Any]], where: str = "") -> None:
    for reject in rejected[:20]:
        say(f"{where}line {reject['line']}: {reject['reason']}")
    if len(rejected) > 20:
        say(f"... and {len(rejected) - 20} more rejected lines (--json lists them all).")


def _check_workspace(workspace: Path | None, only: str, settings: Settings | None, as_json: bool) -> None:
    """``settings``: None = the workspace's own, from its ``finetooth.toml``."""
    from core.workspace import workspace_or_error
    from curation import checking, queries

    opened = workspace_or_error(workspace)
    with progress_bar() as progress:
        report = checking.check(opened, only=names(only), settings=settings, progress=progress)
    seen = queries.overview(opened)
    document = {
        "examples": seen.n_in,
        "findings": len(report.findings),
        "counts": dict(report.counts),
        "open": seen.n_open,
        "blocking": seen.n_blocking,
        "seconds": {name: round(s, 3) for name, s in report.seconds.items()},
        "notes": list(report.notes),
    }
    emit(
        document,
        as_json,
        f"{len(report.findings):,} findings over {seen.n_in:,} examples, {seen.n_open:,} open.",
        *(f"  {c.open:6,} open  {c.check:24} {c.title}" for c in seen.counts),
        *report.notes,
        f"The checks took {wording.costs(report.seconds)}.",
        "Next: the Review page, or finetooth findings.",
    )
    if seen.n_blocking:
        raise typer.Exit(3)


def curate(
    file: Annotated[Path, typer.Argument(help="The dataset to clean.")],
    out: Annotated[Path, typer.Argument(help="The cleaned JSONL to write.")],
    accept: Annotated[str, typer.Option(help="safe (cannot change what the data teaches) or all.")] = "safe",
    report: Annotated[Path | None, typer.Option("--report", help="Write an HTML report here.")] = None,
    config: ConfigOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Check, carry out the proposals, write cleaned JSONL, and list every row that was changed."""
    if accept not in ("safe", "all"):
        raise InputError(f"--accept {accept} is unknown.", "Use safe or all.")
    if file.resolve() == out.resolve():
        raise InputError("The cleaned file would overwrite its own source.", "Name another output file.")
    if report is not None and report.resolve() in (file.resolve(), out.resolve()):
        raise InputError("The report would overwrite the data.", "Name another file for --report.")
    for target in (out, report):
        if target is not None and (not target.name or target.is_dir()):
            raise InputError(f"{target} is a folder, not a file.", "Name a file inside it.")
    settings = Settings.from_toml(config) if config else Settings()
    from curation import bare

    with progress_bar() as progress:
        done = bare.curate_file(file, out, accept=accept, settings=settings, progress=progress)
    document = done.to_json()
    if report is not None:
        from flows import cleaning_report

        cleaning_report.write(done, report)
    emit(
        document,
        as_json,
        *(f"line {c['row']}: {c['action']}: {'; '.join(c['because'])}" for c in document["changes"]),
        *(f"not done: {text}" for text in document["left"]),
        f"{document['kept']:,} of {document['rows']:,} rows written to {out}: {document['dropped']:,} dropped, "
        f"{document['edited']:,} edited, {len(document['rejected']):,} lines could not be read.",
    )
    if done.blocked:
        say(f"Some findings that are left block training; see: finetooth check {out}")


def _summary(document: dict[str, Any]) -> Iterator[str]:
    for finding in document["findings"]:
        rows = finding["rows"]
        where = ", ".join(map(str, rows[:6])) + (f" and {len(rows) - 6} more" if len(rows) > 6 else "")
        yield f"{finding['severity']:5} {finding['check']:24} row {where}: {finding['message']}"
    yield from document["notes"]
    yield f"The checks took {wording.costs(document['seconds'])}."
    yield (
        f"{len(document['findings']):,} findings over {document['rows']:,} rows "
        f"({document['examples']:,} different), {len(document['rejected']):,} lines rejected."
    )
