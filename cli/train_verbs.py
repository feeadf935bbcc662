"""The verbs that plan and start training: plan, train, preflight."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli import plan_verb
from cli.following import follow
from cli.output import ME, JsonFlag, WhoOption, WorkspaceOption, emit, say
from cli.settings_file import stored_settings
from core import models
from core.errors import InputError
from core.revisions import find_revision
from core.workspace import Workspace, workspace_or_error
from training import actions, estimate, queries
from training.config import read_config


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("plan")(plan_verb.plan)
    app.command("train")(train)


def train(
    revision: Annotated[str | None, typer.Option(help="A frozen revision (default: the newest).")] = None,
    model: Annotated[str | None, typer.Option(help="A base model's name, path or hub id.")] = None,
    method: Annotated[str | None, typer.Option(help="qlora, lora or full.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the training set.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak rate.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Conversations in one forward pass.")] = None,
    rank: Annotated[int | None, typer.Option(help="Of the adapters.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Longest conversation.")] = None,
    limit: Annotated[int | None, typer.Option(help="Train on a seeded sample of this many examples.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of everything random.")] = None,
    skip_unusable: Annotated[
        bool, typer.Option("--skip-unusable", help="Leave out, and list, what is too long or cannot be trained.")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="Settings as JSON; options outrank it.")] = None,
    resume: Annotated[
        str | None, typer.Option(help="Go on with this run from its newest complete checkpoint, as it was set.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")] = False,
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Fine-tune on a frozen revision, in a process that outlives this command."""
    opened = workspace_or_error(workspace)
    given = {
        "base_model": models.lasting(model) if model else model,
        "method": method,
        "epochs": epochs,
        "learning_rate": learning_rate,
        "batch_size": batch_size,
        "rank": rank,
        "max_tokens": max_tokens,
        "limit": limit,
        "seed": seed,
        "on_unusable": "skip" if skip_unusable else None,
    }
    settings = read_config(
        {**stored_settings(config), **{name: value for name, value in given.items() if value is not None}}
    )
    if resume is not None:
        if config is not None or revision is not None or any(value is not None for value in given.values()):
            raise InputError("A resumed run keeps its revision and settings.", "Name nothing but --resume RUN.")
        _follow_run(opened, actions.resume_run(opened, queries.find(opened, resume), who=who).id, detach, as_json)
        return
    revision_id = find_revision(opened, revision)
    planned = estimate.plan_run(opened, revision_id, settings)
    say(f"Plan: {planned.sentence()}")
    for sentence in planned.warnings:
        say(f"Warning: {sentence}")
    run = actions.start_run(opened, revision_id, settings, who=who)
    _follow_run(opened, run.id, detach, as_json)


def _follow_run(opened: Workspace, run_id: str, detach: bool, as_json: bool) -> None:
    if follow(opened, queries.job_of(opened, run_id), detach=detach, as_json=as_json, run=run_id) is None:
        return
    view = queries.run(opened, run_id)
    emit(asdict(view), as_json, view.sentence(), "Next: finetooth evaluate, or the Evaluate page.")
