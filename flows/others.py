"""Measures another model's answers as the tuned model's: with the dataset's checks and its training answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.endpoint import KEY_VARIABLE, Endpoint
from core.ids import content_id
from core.jobs import JobContext
from core.revisions import examples_of
from core.workspace import Workspace
from evaluation import opponents, replies_others, unfinished
from evaluation.opponents import REPLIES
from flows.looking import look

TARGET = "flows.others:run_replies"


def bring_in(workspace: Workspace, evaluation_id: str, path: Path, *, source: str, work_id: str = "") -> dict[str, Any]:
    """Store another model's answers beside an evaluation; see :func:`evaluation.replies_others.bring_in`."""
    revision_id = str(workspace.objects.manifest(evaluation_id)["revision_id"])
    known = workspace.objects.holds(revision_id)
    training = [e.answer for e in examples_of(workspace, revision_id, "train")] if known else []
    return replies_others.bring_in(
        workspace,
        evaluation_id,
        path,
        source=source,
        training=training,
        look=look(workspace) if known else None,
        work_id=work_id,
    )


def run_replies(context: JobContext) -> dict[str, Any]:
    """Bring in another model's answers, from a file or by asking an endpoint now. Worker target.

    The spec holds ``workspace``, ``evaluation_id``, ``source`` (what the model is called) and either ``file`` or
    ``url``, ``max_new_tokens`` and, if wanted, ``model`` (its name at the endpoint) and ``key_variable``. Answers of an
    endpoint are kept as they come: the same spec again goes on where an earlier attempt stopped, and returns what is
    stored where none did.

    Raises:
        FinetoothError: The endpoint does not answer.
        CancelledError: A stop was asked for.
    """
    spec = context.spec
    workspace = Workspace.open(Path(spec["workspace"]))
    evaluation_id, source = str(spec["evaluation_id"]), str(spec["source"])
    replies_others.refuse_name(source)
    if spec.get("file"):
        context.progress("measuring", 0, None)
        return bring_in(workspace, evaluation_id, Path(spec["file"]), source=source)
    max_new_tokens, model = int(spec["max_new_tokens"]), str(spec.get("model") or source)
    endpoint = Endpoint(str(spec["url"]), model, str(spec.get("key_variable") or KEY_VARIABLE))
    prompts = replies_others.asked(workspace, evaluation_id)
    work_id = content_id([evaluation_id, source, endpoint.url, model, max_new_tokens])
    for known in opponents.brought(workspace, evaluation_id):
        if known.get("work_id") == work_id:
            return {"replies_id": known["id"], **known}
    with unfinished.work(
        workspace,
        work_id,
        f"Answers of {source}",
        kind=REPLIES,
        target=TARGET,
        spec=spec,
        n_wanted=len(prompts),
    ) as folder:

        def report(stage: str, done: int, total: int | None) -> None:
            context.check_stop()
            context.progress(stage, done, total)

        path = folder / "answers.jsonl"
        replies_others.ask_endpoint(endpoint, prompts, path, max_new_tokens=max_new_tokens, progress=report)
        found = bring_in(workspace, evaluation_id, path, source=source, work_id=work_id)
    return found
