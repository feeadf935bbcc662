"""The verbs on training runs: look at them, command them, and take the model away."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.following import follow
from cli.output import ME, JsonFlag, WhoOption, WorkspaceOption, emit, progress_bar
from core.errors import InputError
from core.workspace import Workspace, workspace_or_error
from training import actions, doctor, model_export, queries

SHOW = "show"
COMMANDS = {"stop": actions.stop_run, "save": actions.save_run, "cancel": actions.cancel_run}


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("runs")(runs)
    app.command("export-model")(export_model)


def runs(
    run: Annotated[str | None, typer.Argument(help="A run's id, or its start: show it with its curve.")] = None,
    shown: Annotated[str | None, typer.Argument(hidden=True)] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Ask it to end; what it has learnt by then is kept.")] = False,
    save: Annotated[bool, typer.Option("--save", help="Ask it for a checkpoint now; it goes on.")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="End it; what it has not yet saved is lost.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that ended before its last step.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="With --resume: do not wait for the end.")] = False,
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """List the training runs; or show one with all its figures, command it, or resume it (also: runs show RUN)."""
    opened = workspace_or_error(workspace)
    wanted = shown if run == SHOW else run
    if run != SHOW and shown is not None:
        raise InputError(f"{run} {shown} names two runs.", "Name one: finetooth runs RUN")
    given = [name for name, asked in (("stop", stop), ("save", save), ("cancel", cancel), ("resume", resume)) if asked]
    if len(given) > 1:
        raise InputError(f"--{' and --'.join(given)} exclude each other.", "Give one of them.")
    if wanted is None:
        if given:
            raise InputError("No run was named.", f"Name one: finetooth runs RUN --{given[0]}")
        known = queries.runs(opened)
        emit([asdict(one) for one in known], as_json, *(one.sentence() for one in known), f"{len(known)} runs.")
        return
    run_id = queries.find(opened, wanted)
    if given == ["resume"]:
        actions.resume_run(opened, run_id, who=who)
        if follow(opened, queries.job_of(opened, run_id), detach=detach, as_json=as_json, run=run_id) is None:
            return
    elif given:
        COMMANDS[given[0]](opened, run_id, who=who)
    _show(opened, run_id, as_json)


def _show(opened: Workspace, run_id: str, as_json: bool) -> None:
    view = queries.run(opened, run_id)
    curve = queries.curve(opened, run_id)
    samples = queries.samples(opened, run_id)
    found = doctor.examine(opened, run_id) if view.ended else None
    told: dict[str, Any] = {**asdict(view), "curve": curve, "samples": [asdict(one) for one in samples]}
    told["diagnosis"] = asdict(found) if found else None
    told["warnings"] = queries.warnings(opened, run_id)
    lines = [view.sentence(), *(f"  warning: {said}" for said in told["warnings"])]
    lines += [f"  {name}: {value}" for name, value in view.facts.items()]
    steps = [point for point in curve if "eval_loss" not in point]
    if steps:
        last = ", ".join(f"{name} {value:.4g}" for name, value in steps[-1].items() if value is not None)
        lines.append(f"  last step: {last}")
    lines += [
        f"  step {p['step']}: hold-out loss {p['eval_loss']:.4f}" for p in curve if p.get("eval_loss") is not None
    ]
    for one in samples:
        lines.append(f"  prompt {one.number + 1} (example {one.example_id[:12]}):")
        lines.append(f"    base: {_line(one.base)}")
        lines += [f"    step {step}: {_line(text)}" for step, text, _ in one.tuned[-1:]]
    if found is not None:
        lines.append(f"Diagnosis: {found.verdict}.")
        lines += [f"  {one.name}: {one.evidence} {one.change}" for one in found.complaints]
    emit(told, as_json, *lines)


def _line(text: str | None, limit: int = 100) -> str:
    """An answer on one line; --json has all of it. Control characters of a terminal are not passed on."""
    if text is None:
        return "not asked"
    flat = "".join(c if c.isprintable() else " " for c in text)
    return flat if len(flat) <= limit else f"{flat[:limit]}… ({len(text):,} characters)"


def export_model(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    run: Annotated[str | None, typer.Option(help="A training run (default: the newest that ended).")] = None,
    what: Annotated[str, typer.Option(help="adapter, merged or both.")] = "both",
    name: Annotated[str | None, typer.Option(help="Under which the model will be served.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a run's adapter and its merge into the 16-bit base, proven equal, with a card and serving commands."""
    opened = workspace_or_error(workspace)
    chosen = queries.newest_done(opened, run).id
    with progress_bar() as progress:
        made = model_export.export_model(
            opened,
            chosen,
            folder,
            what=what,  # type: ignore[arg-type]  # checked there
            name=name,
            progress=progress,
        )
    lines = [f"Run {chosen}: {' and '.join(made.parts)} in {made.folder}, {len(made.files)} files."]
    if made.parity is not None:
        lines.append(f"Merged model against base and adapter: {made.parity.sentence()}.")
    lines.append(f"How to serve it stands in {made.folder / made.parts[-1] / 'README.md'}.")
    emit(made.to_json(), as_json, *lines)
