"""The verb ``trace``: failed prompts back to the training examples behind them, corrected and sent to review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from cli.output import ME, JsonFlag, StudyOption, WhoOption, WorkspaceOption, emit, progress_bar
from core.errors import FinetoothError, InputError
from core.wording import many
from core.workspace import Workspace, workspace_or_error
from evaluation import queries, study
from evaluation.corrections import correct
from flows import trace as tracing


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("trace")(trace)


def trace(
    study_id: StudyOption = None,
    worse: Annotated[
        int | None,
        typer.Option(
            min=1, help="So many answers of the newest evaluation that got worse, instead of a study's failures."
        ),
    ] = None,
    neighbours: Annotated[int, typer.Option(min=1, help="Training examples for each failure.")] = 5,
    correction: Annotated[
        list[str] | None,
        typer.Option("--correct", help="PROMPT=TEXT, the right answer to a failed prompt, by the start of its id."),
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Send the training examples to the review queue.")] = False,
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Lead failed prompts back to the training examples behind them: near in meaning, and of influence on the model."""
    opened = workspace_or_error(workspace)
    chosen: str | None = None
    if worse is None:
        chosen = opened.objects.find(study.KIND, study_id)
        _refuse_unseen(opened, chosen, who)
        evaluation_id = study.load_study(opened, chosen).evaluation_id
        failed = [str(row["example_id"]) for row in tracing.failed(opened, chosen)]
    else:
        evaluation_id = opened.objects.find(queries.EVALUATION)
        rows = queries.evaluation(opened, evaluation_id, limit=worse, sort="worse")["rows"]
        failed = [str(row["example_id"]) for row in rows if row["change_nats_per_token"] > 0]
    _correct(opened, evaluation_id, failed, correction or (), who)
    with progress_bar() as progress:
        if chosen is not None:
            found = tracing.trace(opened, chosen, k=neighbours, progress=progress)
        else:
            found = tracing.trace_worse(opened, evaluation_id, failed, k=neighbours, progress=progress)
    lines = []
    for one in found:
        lines.append(f"{one.example_id[:12]}: {'; '.join(one.why)}")
        lines += [f"    {note}" for note in one.notes]
        lines += [
            f"    {n.score:.2f}  {'' if n.influence is None else f'{n.influence:+.2f}  '}{n.example_id[:12]}  "
            f"{many(n.open_findings, 'open finding')}"
            for n in one.neighbours
        ]
    if send:
        done = [
            tracing.send_to_review(opened, one, study_id=chosen, evaluation_id=evaluation_id, who=who)
            for one in found
            if one.neighbours
        ]
        lines.append(f"{many(sum(one.new for one in done), 'example')} sent to review.")
    emit([asdict(one) for one in found], as_json, *lines, f"{many(len(found), 'failed prompt')}.")


def _refuse_unseen(workspace: Workspace, study_id: str, who: str) -> None:
    """Which answers failed tells who is ahead, so while a study is open only those see it who chose to look."""
    if study.is_open(workspace, study_id) and who not in {name for name, _ in study.peeks(workspace, study_id)}:
        raise FinetoothError(
            "The study is open; whoever sees which answers failed in it can no longer rate blindly.",
            f"Close it (finetooth study --close {study_id[:12]}), look at its result first (finetooth results --peek), "
            "or trace what became less likely: finetooth trace --worse 5",
        )


def _correct(workspace: Workspace, evaluation_id: str, failed: Sequence[str], said: Sequence[str], who: str) -> None:
    """Keep corrections, all of them or none.

    Raises:
        InputError: One names no failed prompt, or several.
    """
    wanted = []
    for text in said:
        start, sign, right = text.partition("=")
        fitting = [one for one in failed if start and one.startswith(start)]
        if not sign or len(fitting) != 1:
            raise InputError(
                f"{start[:40]!r} names {len(fitting)} of the failed prompts.",
                "Write --correct PROMPT=TEXT, with the start of an id that `finetooth trace` prints.",
            )
        wanted.append((fitting[0], right))
    for example_id, right in wanted:
        correct(workspace, evaluation_id, example_id, right, who=who)
