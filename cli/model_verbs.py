"""The verb that hands a trained model over: export-model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.output import JsonFlag, WorkspaceOption, emit, progress_bar
from core.workspace import workspace_or_error
from training import model_export, queries


def register(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    app.command("export-model")(export_model)


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
