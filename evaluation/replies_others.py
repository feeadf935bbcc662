"""Brings in the answers of any other model to the prompts of an evaluation, and measures them as the tuned model's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from core import event_file
from core.endpoint import Endpoint
from core.errors import InputError
from core.files import json_text, make_folder
from core.ids import content_id
from core.jobs import Progress, no_progress
from core.revisions import messages_from_json
from core.types import Message, Reply
from core.workspace import Workspace
from evaluation.metrics_loader import compare_metrics, not_run
from evaluation.opponents import BASE, REPLIES
from evaluation.replies import read_replies


def asked(workspace: Workspace, evaluation_id: str) -> dict[str, tuple[Message, ...]]:
    """The prompts that an evaluation's models answered, by example id, in hold-out order.

    Raises:
        FinetoothError: There is no such evaluation.
        InputError: It asked for no answers.
    """
    frame = workspace.objects.frame(evaluation_id, ["example_id", "prompt", "tuned_reply"]).drop_nulls()
    if frame.is_empty():
        raise InputError("This evaluation asked for no answers, so there is nothing to compare with.", "Ask for some.")
    return {row[0]: messages_from_json(row[1]) for row in frame.iter_rows()}


def ask_endpoint(
    endpoint: Endpoint,
    prompts: Mapping[str, Sequence[Message]],
    path: Path,
    *,
    max_new_tokens: int,
    progress: Progress = no_progress,
) -> int:
    """Have a model behind an endpoint answer prompts, and write its answers as JSON lines (see ``read_replies``).

    Each answer is written as soon as it is there. Prompts that the file answers already are not asked again, so an
    interruption costs one answer.

    Args:
        endpoint: Where the model is.
        prompts: Turns by example id.
        path: The JSON lines.
        max_new_tokens: Longest answer; one that reaches it is marked as truncated.
        progress: Called with (stage, answers done, all); it may raise to stop.

    Returns:
        How many were asked now.

    Raises:
        FinetoothError: The endpoint does not answer.
    """
    make_folder(path.parent)
    known: set[str] = set()
    if path.is_file():
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]  # a line that a power cut tore is asked for again
        if whole != data:
            path.write_bytes(whole)
        known = {json.loads(line)["prompt_id"] for line in whole.splitlines()}
    left = [name for name in prompts if name not in known]
    for number, name in enumerate(left):
        progress("answers of the endpoint", len(prompts) - len(left) + number, len(prompts))
        said = endpoint.ask(prompts[name], max_tokens=max_new_tokens)
        record = {"prompt_id": name, "text": said.text, "truncated": said.truncated, "seconds": said.seconds}
        event_file.append(path, (json_text(record, None) + "\n").encode())
    progress("answers of the endpoint", len(prompts), len(prompts))
    return len(left)


def bring_in(workspace: Workspace, evaluation_id: str, path: Path, *, source: str) -> dict[str, Any]:
    """Store another model's answers beside an evaluation, with the metrics of both on the prompts that both answered.

    Args:
        workspace: Where the evaluation is.
        evaluation_id: Whose prompts were answered.
        path: JSON lines with ``prompt_id`` (an example id) and ``text``; ``truncated`` where it is known.
        source: The other model's name.

    Returns:
        ``replies_id``, ``source``, ``evaluation_id``, ``n``, ``n_missing`` (prompts without an answer), ``rejected``
        (lines with reasons), ``metrics`` (as an evaluation's, with ``other`` in place of ``base``) and
        ``metrics_not_run``.

    Raises:
        InputError: The name is one of the evaluation's own, or no line of the file is a reply.
        FinetoothError: There is no such evaluation.
    """
    if not source.strip() or source in (BASE, "tuned"):
        raise InputError(f'"{source}" cannot be the name of another model.', "Name it as people know it.")
    prompts = asked(workspace, evaluation_id)
    replies, rejects = read_replies(path, source, set(prompts))
    frame = workspace.objects.frame(evaluation_id)
    rows = {row["example_id"]: row for row in frame.iter_rows(named=True)}
    found = {reply.prompt_id: reply for reply in replies}
    order = [name for name in prompts if name in found]
    cut = [_truncated(found[name]) for name in order]
    given = {"truncated": (cut, [rows[name].get("tuned_truncated") for name in order])}
    metrics, columns = compare_metrics(
        [found[name].text for name in order],
        [rows[name]["tuned_reply"] for name in order],
        [rows[name]["reference"] for name in order],
        given=given,
    )
    others = {name: _with_other(one) for name, one in metrics.items()}
    manifest = {
        **{"source": source, "evaluation_id": evaluation_id, "n": len(order), "n_missing": len(prompts) - len(order)},
        **{"metrics": others, "metrics_not_run": not_run(given), "created_at": workspace.clock()},
        "rejected": [{"line": one.line, "reason": one.reason} for one in rejects],
    }
    data = {
        "example_id": pl.Series(order, dtype=pl.String),
        "text": pl.Series([found[name].text for name in order], dtype=pl.String),
        "truncated": pl.Series(cut, dtype=pl.Boolean),
    }
    scores = {name: pl.Series(values, dtype=pl.Float64) for name, values in columns.items() if name.startswith("base_")}
    table = pl.DataFrame({**data, **{name.removeprefix("base_"): values for name, values in scores.items()}})
    key = [evaluation_id, source, content_id([[name, found[name].text] for name in order])]
    replies_id = workspace.objects.put(REPLIES, manifest, table, key)
    return {"replies_id": replies_id, **manifest}


def _truncated(reply: Reply) -> bool | None:
    known = reply.settings.get("truncated")
    return known if isinstance(known, bool) else None


def _with_other(metric: Mapping[str, Any]) -> dict[str, Any]:
    """A metric's summary with the other model in the base's place."""
    found = {("other" if key == "base" else key): value for key, value in metric.items()}
    return {**found, "corpus": {("other" if key == "base" else key): v for key, v in metric["corpus"].items()}}
