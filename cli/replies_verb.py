"""The verb ``replies``: answers of any other model to the prompts of an evaluation, measured beside the tuned model."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.following import follow
from cli.output import JsonFlag, WorkspaceOption, emit, say
from core import jobs
from core.endpoint import KEY_VARIABLE
from core.errors import InputError
from core.wording import many
from core.workspace import workspace_or_error
from evaluation import replies_others
from evaluation.opponents import REPLIES
from evaluation.queries import EVALUATION
from flows import others


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("replies")(replies)


def replies(
    source: Annotated[str, typer.Argument(help="What the other model is called.")],
    file: Annotated[
        Path | None, typer.Argument(help='Its answers, JSON lines such as {"prompt_id": …, "text": …}.')
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Or have it answer: an OpenAI-compatible endpoint, http://127.0.0.1:8000/v1")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Its name at the endpoint (default: what it is called).")] = None,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Longest answer of the endpoint.")] = 128,
    key_variable: Annotated[str, typer.Option(help="Environment variable with the key.")] = KEY_VARIABLE,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the endpoint.")] = False,
    evaluation: Annotated[str | None, typer.Option(help="An evaluation (default: the newest).")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure another model's answers to an evaluation's prompts beside the tuned model's; go on where it stopped."""
    opened = workspace_or_error(workspace)
    evaluation_id = opened.objects.find(EVALUATION, evaluation)
    if url is not None and file is None:
        replies_others.refuse_name(source)
        spec: dict[str, Any] = {
            "workspace": str(opened.path),
            "evaluation_id": evaluation_id,
            "source": source,
            "url": url,
        }
        spec |= {"model": model or source, "max_new_tokens": max_new_tokens, "key_variable": key_variable}
        job = jobs.submit(opened.jobs_dir, REPLIES, others.TARGET, spec)
        found = follow(opened, job, detach=detach, as_json=as_json)
        if found is None:
            return
    elif url is not None or file is None:
        raise InputError("Answers come from a file or from an endpoint.", "Name a file, or give --url.")
    else:
        found = others.bring_in(opened, evaluation_id, file, source=source)
    for rejected in found["rejected"]:
        say(f"line {rejected['line']} {rejected['reason']}")
    emit(
        found,
        as_json,
        f"{many(found['n'], 'answer')} of {source} measured; {many(found['n_missing'], 'prompt')} without one.",
        *(
            f"  {one['title']}: {source} {_number(one['other']['value'])}, tuned {_number(one['tuned']['value'])}"
            for one in found["metrics"].values()
        ),
        f"Stored as {found['replies_id'][:12]}. Have people compare: finetooth study --against {shlex.quote(source)}",
    )


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"
