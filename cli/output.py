"""How commands speak: results on standard output, progress and messages on standard error."""

from __future__ import annotations

import getpass
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from core.files import json_document, json_text
from core.jobs import Progress, no_progress

errors = Console(stderr=True, highlight=False, soft_wrap=True)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
StudyOption = Annotated[str | None, typer.Option("--study", help="A study (default: the newest).")]
WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace", "-w", help="The workspace (default: $FINETOOTH_WORKSPACE, ./workspace, ./demo-workspace)."
    ),
]
OnlyOption = Annotated[str, typer.Option("--only", help="Checks or families, separated by commas.")]
WhoOption = Annotated[str, typer.Option("--who", help="Your name, as the history will show it.", show_default=False)]


own_process = False
"""Whether nothing but the command runs in this process, so that it may end at once; ``main.process`` sets it."""


def me() -> str:
    """The name of whoever is logged in."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


ME = me()


def names(only: str) -> tuple[str, ...]:
    """The names in a comma-separated list."""
    return tuple(part.strip() for part in only.split(",") if part.strip())


def emit(document: Any, as_json: bool, *lines: str, more: Iterable[str] = ()) -> None:
    """Print the document as JSON, or the lines for people; ``more`` are those that take long to make."""
    if as_json:
        for piece in json_document(document) if isinstance(document, dict) else (json_text(document),):
            sys.stdout.write(piece)
        sys.stdout.write("\n")
        return
    for line in chain(lines, more):
        sys.stdout.write(line + "\n")


def leave(exit_code: int) -> NoReturn:
    """End a verb that holds millions of records: to free them one by one takes longer than many a check."""
    sys.stdout.flush()
    sys.stderr.flush()
    if own_process:
        os._exit(exit_code)
    raise typer.Exit(exit_code)


def say(text: str) -> None:
    """A message to the person, on standard error."""
    errors.print(escape(text))


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A progress bar on a terminal, silence elsewhere."""
    if not errors.is_terminal:
        yield no_progress
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=errors, transient=True) as bar:
        tasks: dict[str, Any] = {}
        last = [0.0]

        def report(stage: str, done: int, total: int | None) -> None:
            now = time.monotonic()
            if stage not in tasks:
                for known in tasks.values():
                    bar.update(known, visible=False)
                tasks[stage] = bar.add_task(escape(stage), total=total)
            elif now - last[0] < 0.05 and done != total:
                return
            last[0] = now
            bar.update(tasks[stage], completed=done, total=total, visible=True)

        yield report


def bounds(estimate: dict[str, Any], form: str = ".3f") -> str:
    """An estimate's interval in words."""
    low, high = estimate.get("low"), estimate.get("high")
    return f"{low:{form}} to {high:{form}}" if low is not None and high is not None else "undefined"


def share_bounds(estimate: dict[str, Any]) -> str:
    """The interval of an estimated share, in percent."""
    return bounds(estimate, ".1%")


def share(value: float | None) -> str:
    """A share in percent."""
    return "undefined" if value is None else f"{value:.1%}"


def ranked(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Models in their order, one line each."""
    return [
        f"{number}. {one['model']}: {one['strength']['value']:+.2f} log odds ({bounds(one['strength'])})"
        for number, one in enumerate(rows, 1)
    ]
