"""The verb that looks at a training run before it starts: preflight."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from cli.output import JsonFlag, WorkspaceOption, emit, leave, progress_bar
from cli.settings_file import stored_settings
from core.revisions import find_revision
from core.workspace import workspace_or_error
from training import first_look
from training.config import read_config
from training.preflight_report import Problem, Report
from training.tokens_view import TokenView

STYLES = {"context": "dim", "trained": "bold green", "end": "bold reverse green", "after": "dim strike"}
SIGNS = {"context": ("", ""), "trained": ("[[", "]]"), "end": ("{{", "}}"), "after": ("", "")}
"""How the kinds of tokens are told apart where there is no colour."""


def register(app: typer.Typer) -> None:
    """Add this verb to the command line."""
    app.command("preflight")(preflight)


def preflight(
    revision: Annotated[str | None, typer.Option(help="A frozen revision (default: the newest).")] = None,
    model: Annotated[str | None, typer.Option(help="A base model's name, path or hub id.")] = None,
    method: Annotated[str | None, typer.Option(help="qlora, lora or full.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Longest conversation.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings as JSON; options outrank it.")] = None,
    show: Annotated[int, typer.Option(help="Show the tokens of this many rows, trained ones marked.", min=0)] = 1,
    row: Annotated[
        list[str] | None, typer.Option(help="Show the tokens of this row: LINE, FILE:LINE or an id. Repeat for more.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Say what a training run would train, token by token, and what forbids it. Exit code 3: something forbids it."""
    opened = workspace_or_error(workspace)
    given = {"base_model": model, "method": method, "max_tokens": max_tokens}
    named = {name: value for name, value in given.items() if value is not None}
    settings = read_config({**stored_settings(config), **named})
    revision_id = find_revision(opened, revision)
    if row:
        views = first_look.views_of(opened, revision_id, settings, row)
        emit([view.to_json() for view in views], as_json)
        if not as_json:
            _show(views)
        return
    with progress_bar() as progress:
        seen, views = first_look.look_at_revision(opened, revision_id, settings, n_views=show, progress=progress)
    document = {"revision": revision_id, "report": seen.report.to_json(), "tokens": [one.to_json() for one in views]}
    emit(document, as_json, *_lines(seen.report))
    if not as_json and show:
        _show(views)
    leave(3 if seen.report.blocks else 0)


def _lines(report: Report) -> list[str]:
    counts = report.counts
    lines = [
        f"{counts['examples']:,} examples with {counts['supervised_tokens']:,} trained tokens of {counts['tokens']:,}; "
        f"the longest has {counts['longest_tokens']:,}, the median {counts['median_tokens']:,}. "
        f"{counts['holdout_examples']:,} hold-out examples measure it."
    ]
    lines += [f"blocks: {_line(problem)}" for problem in report.blocks]
    lines += [f"warns:  {_line(problem)}" for problem in report.warnings]
    return [*lines, "The run is forbidden." if report.blocks else "Nothing forbids the run."]


def _line(problem: Problem) -> str:
    where = f" ({problem.where()})" if problem.where() else ""
    return f"{problem.name}: {problem.message}{where} {problem.hint}"


def _show(views: Sequence[TokenView]) -> None:
    """Rows with their trained tokens in colour on a terminal, in signs elsewhere."""
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    key = "answer text in green, ends of turns reversed" if console.is_terminal else "[[answer text]], {{end of turn}}"
    console.print(Text(f"Trained: {key}."))
    for view in views:
        title = f"{view.place or view.id[:12]}: {view.n_trained:,} of {view.n_tokens:,} tokens are trained"
        console.print(Text(f"\n{title}." if not view.refused else f"\n{view.place or view.id[:12]}: {view.refused}"))
        text = Text()
        for piece in view.pieces:
            before, after = ("", "") if console.is_terminal else SIGNS[piece.kind]
            text.append(f"{before}{_tame(piece.text)}{after}", STYLES[piece.kind])
        console.print(text)


def _tame(text: str) -> str:
    """Text that cannot steer a terminal: characters that are not seen stand as a replacement sign."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)
