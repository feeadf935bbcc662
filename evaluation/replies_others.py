"""Brings in the answers of any other model to the prompts of an evaluation, and measures them as the tuned model's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from core.endpoint import Endpoint
from core.errors import InputError
from core.files import make_folder
from core.ids import content_id
from core.jobs import Progress, no_progress
from core.revisions import messages_from_json
from core.types import Example, Message, Reply
from core.workspace import Workspace
from evaluation.given import Look, given
from evaluation.metrics_loader import compare_metrics, not_run
from evaluation.opponents import BASE, REPLIES
from evaluation.replies import read_replies
from evaluation.unfinished import keep, kept_records


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
    known = {one["prompt_id"] for one in kept_records(path)}
    left = [name for name in prompts if name not in known]
    for number, name in enumerate(left):
        progress("answers of the endpoint", len(prompts) - len(left) + number, len(prompts))
        said = endpoint.ask(prompts[name], max_tokens=max_new_tokens)
        record = {"prompt_id": name, "text": said.text, "truncated": said.truncated, "seconds": said.seconds}
        keep(path, [record if said.tokens is None else {**record, "tokens": said.tokens}])
    progress("answers of the endpoint", len(prompts), len(prompts))
    return len(left)


def bring_in(
    workspace: Workspace,
    evaluation_id: str,
    path: Path,
    *,
    source: str,
    training: Sequence[str] = (),
    look: Look | None = None,
    work_id: str = "",
) -> dict[str, Any]:
    """Store another model's answers beside an evaluation, with the metrics of both on the prompts that both answered.

    Args:
        workspace: Where the evaluation is.
        evaluation_id: Whose prompts were answered.
        path: JSON lines with ``prompt_id`` (an example id) and ``text``, and with ``truncated``, ``seconds`` and
            ``tokens`` where they are known.
        source: The other model's name.
        training: Answers of the tuned model's training set, for the metric of recited words.
        look: Holds an answer against the dataset's checks.
        work_id: Of the work that made the answers, so that it need not be done again; empty = they came from a file.

    Returns:
        ``replies_id``, ``source``, ``evaluation_id``, ``n``, ``n_missing`` (prompts without an answer), ``rejected``
        (lines with reasons), ``speed`` (see :func:`evaluation.table.speed`; figures that are not known for every
        answer are None), ``metrics`` (as an evaluation's, with ``other`` in place of ``base``) and ``metrics_not_run``.

    Raises:
        InputError: The name is one of the evaluation's own, or no line of the file is a reply.
        FinetoothError: There is no such evaluation.
    """
    refuse_name(source)
    prompts = asked(workspace, evaluation_id)
    replies, rejects = read_replies(path, source, set(prompts))
    frame = workspace.objects.frame(evaluation_id)
    rows = {row["example_id"]: row for row in frame.iter_rows(named=True)}
    found = {reply.prompt_id: reply for reply in replies}
    order = [name for name in prompts if name in found]
    texts = ([found[name].text for name in order], [str(rows[name]["tuned_reply"]) for name in order])
    cut = [found[name].settings.get("truncated") for name in order]
    references = [str(rows[name]["reference"]) for name in order]
    examples = [_example(name, prompts[name], reference) for name, reference in zip(order, references, strict=True)]
    own_cut = [rows[name].get("tuned_truncated") for name in order]
    beside = given(examples, texts, (cut, own_cut), training=training, look=look)
    metrics, columns = compare_metrics(texts[0], texts[1], references, given=beside)
    manifest = {
        **{"source": source, "evaluation_id": evaluation_id, "work_id": work_id},
        **{"n": len(order), "n_missing": len(prompts) - len(order)},
        **{"metrics": {name: _with_other(one) for name, one in metrics.items()}, "metrics_not_run": not_run(beside)},
        **{"speed": _speed([found[name] for name in order]), "created_at": workspace.clock()},
        "rejected": [{"line": one.line, "reason": one.reason} for one in rejects],
    }
    data = {
        "example_id": pl.Series(order, dtype=pl.String),
        "text": pl.Series(texts[0], dtype=pl.String),
        "truncated": pl.Series(cut, dtype=pl.Boolean),
    }
    scores = {name: pl.Series(values, dtype=pl.Float64) for name, values in columns.items() if name.startswith("base_")}
    table = pl.DataFrame({**data, **{name.removeprefix("base_"): values for name, values in scores.items()}})
    said = [[name, found[name].text, dict(found[name].settings)] for name in order]
    replies_id = workspace.objects.put(REPLIES, manifest, table, [evaluation_id, source, content_id(said), [*metrics]])
    return {"replies_id": replies_id, **manifest}


def refuse_name(source: str) -> None:
    """Refuse a name that another model cannot have.

    Raises:
        InputError: It is empty, or one of the evaluation's own.
    """
    if not source.strip() or source in (BASE, "tuned"):
        raise InputError(f'"{source}" cannot be the name of another model.', "Name it as people know it.")


def _example(name: str, prompt: tuple[Message, ...], reference: str) -> Example:
    return Example(name, (*prompt, Message("assistant", reference)))


def _speed(replies: Sequence[Reply]) -> dict[str, Any]:
    """As of the evaluation's own models; None for what is not known of every answer."""
    cut, seconds, tokens = (_total(replies, name) for name in ("truncated", "seconds", "tokens"))
    return {
        "n": len(replies),
        "truncated": None if cut is None else int(cut),
        "empty": sum(not one.text.strip() for one in replies),
        "seconds_per_answer": None if seconds is None else seconds / len(replies),
        "tokens_per_second": None if not seconds or tokens is None else tokens / seconds,
    }


def _total(replies: Sequence[Reply], name: str) -> float | None:
    """A setting summed over all replies; None where it is not known of each."""
    values = [one.settings.get(name) for one in replies]
    return None if not values or None in values else float(sum(value for value in values if value is not None))


def _with_other(metric: Mapping[str, Any]) -> dict[str, Any]:
    """A metric's summary with the other model in the base's place."""
    found = {("other" if key == "base" else key): value for key, value in metric.items()}
    return {**found, "corpus": {("other" if key == "base" else key): v for key, v in metric["corpus"].items()}}
