"""The verbs on the data of a workspace: init, import, findings, decide, resolve, undo, adopt, rejects."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from cli.output import ME, JsonFlag, OnlyOption, WhoOption, WorkspaceOption, emit, names, progress_bar, say
from core import clock, wording
from core.errors import InputError
from core.types import Decision
from core.workspace import Workspace, workspace_or_error
from curation import actions, export, licences, queries, records, resolutions, sources
from curation import adopt as adopting
from curation.runner import named


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("init")(init)
    app.command("import")(import_)
    app.command("findings")(findings)
    app.command("decide")(decide)
    app.command("resolve")(resolve)
    app.command("accept")(accept)
    app.command("undo")(undo)
    app.command("redo")(redo)
    app.command("adopt")(adopt)
    app.command("rejects")(rejects)


def init(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")] = Path("workspace"),
    as_json: JsonFlag = False,
) -> None:
    """Make a workspace."""
    workspace = Workspace.create(folder)
    emit(
        {"workspace": str(workspace.path)},
        as_json,
        f"Workspace {workspace.path} is ready.",
        f"Next: finetooth import FILE -w {folder}",
    )


def import_(
    file: Annotated[Path, typer.Argument(help="JSONL, JSON, CSV or Parquet (messages, ShareGPT, Alpaca, ...).")],
    licence: Annotated[str | None, typer.Option(help="Under which it may be used; data cards repeat it.")] = None,
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Bring a file into the workspace; lines that cannot be read are listed with their reasons and kept."""
    opened = workspace_or_error(workspace)
    with progress_bar() as progress:
        report = actions.import_file(opened, file, who=who, progress=progress)
    if licence is not None:
        licences.say(opened, report.source_id, licence, who=who)
    document = {
        **asdict(report),
        "rejects": [{"line": r.line, "reason": r.reason} for r in report.rejects],
    }
    for reject in report.rejects[:20]:
        say(f"line {reject.line}: {reject.reason}")
    if report.n_rejects > 20:
        say(f"... and {report.n_rejects - 20} more: finetooth rejects -w {opened.path}")
    again = " (these bytes were imported before; nothing changed)" if report.already else ""
    emit(
        document,
        as_json,
        f"{report.name}: {wording.many(report.n_rows, 'row')} read as {report.format}, "
        f"{wording.many(report.n_examples, 'different conversation')}, {report.n_new:,} of them new, "
        f"{wording.many(report.n_rejects, 'line')} rejected{again}.",
        *report.notes,
    )


def rejects(
    out: Annotated[Path | None, typer.Option("--out", help="Write them here as JSONL, raw text included.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """List the lines that could not be imported, with their reasons."""
    opened = workspace_or_error(workspace)
    found = [
        {"source": sources.load(opened, source_id).name, "line": r.line, "reason": r.reason}
        for source_id in queries.imported(opened)
        for r in queries.rejects(opened, source_id)
    ]
    if out is not None:
        for source_id in queries.imported(opened):
            listed = queries.rejects(opened, source_id)
            target = out if len(queries.imported(opened)) == 1 else out.with_stem(f"{out.stem}-{source_id[:8]}")
            export.rejects(sources.original(opened, source_id), listed, target)
            say(f"{wording.many(len(listed), 'rejected line')} written to {target}.")
    emit(found, as_json, *(f"{r['source']} line {r['line']}: {r['reason']}" for r in found))


def findings(
    only: OnlyOption = "",
    state: Annotated[str, typer.Option(help="open, settled or all.")] = "open",
    offset: Annotated[int, typer.Option(min=0)] = 0,
    limit: Annotated[int, typer.Option(min=0)] = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """List findings, the most severe first."""
    if state not in ("open", "settled", "all"):
        raise InputError(f"There is no state {state}.", "Use open, settled or all.")
    opened = workspace_or_error(workspace)
    page = queries.findings(
        opened,
        checks=named(names(only)),
        state=state,
        offset=offset,
        limit=limit,
    )
    items = [{"id": v.id, "state": v.state, **json.loads(records.to_json(v.finding))} for v in page.items]
    lines = [f"{v.id[:12]}  {v.finding.severity:5}  {v.finding.check:24}  {v.finding.message}" for v in page.items]
    emit(
        {"total": page.total, "offset": offset, "findings": items},
        as_json,
        *lines,
        f"{len(items):,} of {page.total:,} findings{'' if state == 'all' else f' that are {state}'}.",
        *_unchecked(opened),
    )


def _unchecked(workspace: Workspace) -> list[str]:
    """That there can be no findings yet, where no check has run."""
    if queries.overview(workspace).checked:
        return []
    return [f"The checks have not run yet: finetooth check -w {workspace.path}"]


def decide(
    example_id: str,
    verdict: Annotated[str, typer.Argument(help="keep or drop.")],
    note: str = "",
    action_id: Annotated[str | None, typer.Option(help="Repeating an action id changes nothing.")] = None,
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Keep or drop one example."""
    if verdict not in ("keep", "drop"):
        raise InputError(
            f"There is no verdict {verdict}.", "Use keep or drop; edit and undo are commands of their own."
        )
    chosen = cast(Literal["keep", "drop"], verdict)
    opened = workspace_or_error(workspace)
    meant = queries.full_id(opened, "examples", example_id)
    before = queries.example(opened, meant)
    made = actions.decide(opened, meant, chosen, who=who, action_id=action_id, note=note)
    if before.becomes is not None:
        say(f"It had been edited into {before.becomes[:12]}; that edit no longer holds.")
    emit(asdict(made), as_json, f"{made.verdict}: {made.example_id} ({made.action_id})")


def resolve(
    finding: Annotated[str, typer.Argument(help="The id of a contradiction.")],
    outcome: Annotated[str, typer.Argument(help="left, right, both or neither: which of its two rows stay.")],
    reason: Annotated[
        str, typer.Option(help=f"Why both stay: {', '.join(resolutions.REASONS)}; it is remembered.")
    ] = "",
    note: Annotated[str, typer.Option(help="The reason in your own words.")] = "",
    action_id: Annotated[str | None, typer.Option(help="Repeating an action id changes nothing.")] = None,
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Settle a contradiction, as one act with one undo; it stays settled when the rows are imported again."""
    opened = workspace_or_error(workspace)
    chosen = cast(resolutions.Outcome, outcome)
    if outcome not in ("left", "right", "both", "neither"):
        raise InputError(f"There is no outcome {outcome}.", "Use left, right, both or neither.")
    about = queries.full_id(opened, "findings", finding)
    made = resolutions.resolve(opened, about, chosen, who=who, reason=reason, words=note, action_id=action_id)
    emit(asdict(made), as_json, f"{made.sentence} ({made.batch})")


def accept(
    finding: Annotated[str | None, typer.Argument(help="A finding's id; without one, all open ones.")] = None,
    only: OnlyOption = "",
    everything: Annotated[bool, typer.Option("--all", help="Not just the safe proposals.")] = False,
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Carry out the proposals of findings, as one act with one undo."""
    opened = workspace_or_error(workspace)
    if finding is not None:
        changed = actions.accept(opened, queries.full_id(opened, "findings", finding), who=who)
        emit({"changed": changed}, as_json, f"{wording.many(changed, 'example')} changed.")
        return
    done = actions.accept_all(opened, who=who, checks=named(names(only)), safe_only=not everything)
    line = f"{wording.many(done.n_dropped, 'example')} dropped, {done.n_edited:,} edited."
    emit(asdict(done), as_json, line, *done.skipped, *_unchecked(opened))


def undo(
    target: Annotated[str | None, typer.Argument(help="An action or batch id (default: your last act).")] = None,
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Take back an act."""
    taken = actions.undo(workspace_or_error(workspace), who=who, target=target)
    _emit_decisions(taken, as_json, "taken back")


def adopt(
    other: Annotated[Path, typer.Argument(help="The workspace whose decisions are taken over.")],
    workspace: WorkspaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Take over what was decided in another workspace, wherever the same texts stand here."""
    taken = adopting.adopt(workspace_or_error(workspace), Workspace.open(other))
    emit({"taken_over": taken}, as_json, f"{wording.many(taken, 'decision')} taken over.")


def redo(workspace: WorkspaceOption = None, who: WhoOption = ME, as_json: JsonFlag = False) -> None:
    """Take back your last undo."""
    _emit_decisions(actions.redo(workspace_or_error(workspace), who=who), as_json, "restored")


def _emit_decisions(decisions: list[Decision], as_json: bool, word: str) -> None:
    when = f"{clock.utc_now()[:16].replace('T', ' ')} UTC"
    line = f"{wording.many(len(decisions), 'decision')} {word} at {when}." if decisions else f"Nothing was {word}."
    emit([asdict(d) for d in decisions], as_json, line)
