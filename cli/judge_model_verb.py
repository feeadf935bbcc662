"""The verb ``judge``: a model judges a closed study beside the people, and how far it agrees with them is said."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.following import follow
from cli.output import JsonFlag, WorkspaceOption, emit
from core import jobs
from core.endpoint import KEY_VARIABLE
from core.workspace import workspace_or_error
from evaluation import judge as judging
from evaluation import study


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("judge")(judge)


def judge(
    url: Annotated[str, typer.Option(help="An OpenAI-compatible endpoint, such as http://127.0.0.1:8000/v1")],
    model: Annotated[str, typer.Option(help="The judge's name there.")],
    study_id: Annotated[str | None, typer.Option("--study", help="A closed study (default: the newest).")] = None,
    key_variable: Annotated[str, typer.Option(help="Environment variable with the key.")] = KEY_VARIABLE,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Have a model judge a closed study by the raters' rubric, in both orders; its verdicts never join their votes."""
    opened = workspace_or_error(workspace)
    chosen = opened.objects.find(study.KIND, study_id)
    judging.refuse_open(opened, chosen)
    spec = {"workspace": str(opened.path), "study_id": chosen, "url": url, "model": model, "key_variable": key_variable}
    job = jobs.submit(opened.jobs_dir, "judge", "evaluation.judge:run_judge", spec)
    done = follow(opened, job, detach=detach, as_json=as_json)
    if done is None:
        return
    people = judging.with_people(opened, done["judgement_id"])
    found = done["summary"]
    won, same, first = found["preference"]["win_rate"], found["consistent"], found["first_chosen"]
    emit(
        {**done, "with_people": people},
        as_json,
        people["sentence"],
        f"By itself it prefers the tuned model on {won['value']:.0%} of {found['n_judged']} pairs; both orders agree "
        f"on {same['value']:.0%}"
        + (f", and the answer shown first wins {first['value']:.0%}." if first["value"] is not None else "."),
        *(f"  {n} pairs were not judged: {reason}" for reason, n in found["not_judged"].items()),
    )
