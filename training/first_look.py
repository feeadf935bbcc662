"""Pre-flight of a run: what would be trained, token by token, and what forbids it, before anybody starts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core import machine, models
from core.errors import InputError
from core.files import read_json
from core.jobs import JobContext, Progress, no_progress
from core.revisions import example_of, examples_of, places_of
from core.types import Example
from core.workspace import Workspace
from training import preflight, preflight_base, preflight_memory, preflight_overlap, probes, tokens_view
from training.catalogue import read_shape
from training.config import TrainConfig, read_config
from training.data import Encoding, encode_examples, sample
from training.memory import Device
from training.preflight_report import Problem, Report

VIEWS = 5
"""A report shows the tokens of this many rows, besides one row of each problem."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a run would train on and measure, encoded, with the report about it.

    ``not_drawn`` and ``not_measured`` count the examples that the config's samples leave out.
    """

    train: Encoding
    holdout: Encoding
    report: Report
    not_drawn: int
    not_measured: int


def look(
    base: Path,
    tokenizer: Any,
    train_on: Sequence[Example],
    hold_out: Sequence[Example],
    config: TrainConfig,
    *,
    places: Mapping[str, str] | None = None,
    progress: Progress = no_progress,
) -> Look:
    """Draw, encode and judge the examples of a run. Reads some rows of the model's embedding, loads no model.

    Args:
        base: The base model's folder.
        tokenizer: Its tokenizer.
        train_on: The training split.
        hold_out: The hold-out split.
        config: Settings of the run.
        places: Where each example stands, by its id, so that the report can name lines.
        progress: Told while tokenising; may raise to stop.
    """
    chosen = sample(train_on, config.limit, config.seed)
    measured = sample(hold_out, config.eval_examples, config.seed)
    turns = config.train_turns
    encoded = encode_examples(tokenizer, chosen, max_tokens=config.max_tokens, train_turns=turns, progress=progress)
    held = encode_examples(tokenizer, measured, max_tokens=config.max_tokens, train_turns=turns)
    stops = preflight_base.stop_ids(base, tokenizer)
    found: list[tuple[bool, Problem]] = []
    if not any(one.name == "unknown-template" for one in encoded.refused):  # those are named by row already
        found += [(True, unknown) for unknown in preflight_base.template_problems(tokenizer)]
    full = config.method == "full"
    found += preflight_base.untrained_tokens(base, tokenizer, encoded.items, stops, full=full)
    found += probes.collation(encoded.items, tokenizer.pad_token_id, stops)
    found += preflight_overlap.problems(chosen, measured)
    found += _memory(base, config, encoded, held)
    report = preflight.check(
        encoded,
        held,
        config,
        stop_ids=stops,
        bos_id=tokenizer.bos_token_id,
        context_tokens=preflight_base.context_tokens(base),
        found=found,
        places=places,
        memory_at=_memory_at(base, config, encoded),
    )
    return Look(encoded, held, report, len(train_on) - len(chosen), len(hold_out) - len(measured))


def preflight_job(context: JobContext) -> dict[str, Any]:
    """Worker target: look at a revision with given settings, as a run would. Loads a tokenizer, no model.

    The spec names ``workspace``, ``revision_id`` and ``config``.

    Returns:
        ``report`` (:meth:`preflight_report.Report.to_json`), ``revision_id``, ``config``, and ``tokens``: of the first
        rows and of one row for each problem, which tokens are trained (:meth:`tokens_view.TokenView.to_json`).

    Raises:
        InputError: The settings are wrong, or there is no such model.
        CancelledError: A stop was asked for.
    """
    config = read_config(context.spec["config"])

    def report(stage: str, done: int, total: int | None) -> None:
        context.check_stop()
        context.progress(stage, done, total)

    workspace = Workspace.open(Path(context.spec["workspace"]))
    revision_id = str(context.spec["revision_id"])
    seen, views = look_at_revision(workspace, revision_id, config, progress=report)
    return {
        "report": seen.report.to_json(),
        "revision_id": revision_id,
        "config": config.to_dict(),
        "tokens": [one.to_json() for one in views],
    }


def tokens_job(context: JobContext) -> dict[str, Any]:
    """Worker target: which tokens of some rows are trained. As ``preflight_job``, with ``rows`` in the spec.

    Returns:
        ``tokens``: a :meth:`tokens_view.TokenView.to_json` for each row.

    Raises:
        InputError: No row, or more than one, has such a name (see ``tokens_view.find_rows``).
    """
    spec = context.spec
    context.progress("load", 0, None)
    workspace, config = Workspace.open(Path(spec["workspace"])), read_config(spec["config"])
    return {"tokens": [one.to_json() for one in views_of(workspace, spec["revision_id"], config, spec["rows"])]}


def example_tokens_job(context: JobContext) -> dict[str, Any]:
    """Worker target: which tokens of one example are trained, frozen or not; ``tokens`` as :func:`tokens_job` has it.

    ``row`` in the spec is the example as it is stored (see ``core.revisions.example_of``), with its ``place``.
    """
    context.progress("load", 0, None)
    row = context.spec["row"]
    views = _views(read_config(context.spec["config"]), [example_of(row)], {row["id"]: row["place"]})
    return {"tokens": [one.to_json() for one in views]}


def look_at_revision(
    workspace: Workspace,
    revision_id: str,
    config: TrainConfig,
    *,
    n_views: int = VIEWS,
    progress: Progress = no_progress,
) -> tuple[Look, list[tokens_view.TokenView]]:
    """Look at a frozen revision as a run would.

    Returns:
        The look, and the tokens of the first ``n_views`` training rows and of the first row of each problem.

    Raises:
        FinetoothError: There is no such revision or model.
    """
    progress("load", 0, None)
    base = models.resolve(config.base_model)
    tokenizer = models.load_tokenizer(base)
    train_on = examples_of(workspace, revision_id, "train")
    hold_out = examples_of(workspace, revision_id, "holdout")
    places = places_of(workspace, revision_id)
    seen = look(base, tokenizer, train_on, hold_out, config, places=places, progress=progress)
    problems = [*seen.report.blocks, *seen.report.warnings]
    wanted = dict.fromkeys([problem.examples[0] for problem in problems if problem.examples])
    by_id = {example.id: example for example in (*train_on, *hold_out)}
    shown = [by_id[one] for one in dict.fromkeys([*wanted, *(example.id for example in train_on[:n_views])])]
    stops = preflight_base.stop_ids(base, tokenizer)
    views = [tokens_view.view(tokenizer, one, config, stops, place=places.get(one.id, "")) for one in shown]
    return seen, views


def views_of(
    workspace: Workspace, revision_id: str, config: TrainConfig, rows: Sequence[str]
) -> list[tokens_view.TokenView]:
    """Which tokens of the named training rows are trained.

    Raises:
        InputError: No row, or more than one, has such a name (see ``tokens_view.find_rows``).
        FinetoothError: There is no such revision or model.
    """
    places = places_of(workspace, revision_id)
    return _views(config, tokens_view.find_rows(examples_of(workspace, revision_id, "train"), places, rows), places)


def _views(config: TrainConfig, examples: Sequence[Example], places: Mapping[str, str]) -> list[tokens_view.TokenView]:
    base = models.resolve(config.base_model)
    tokenizer = models.load_tokenizer(base)
    stops = preflight_base.stop_ids(base, tokenizer)
    return [tokens_view.view(tokenizer, one, config, stops, place=places.get(one.id, "")) for one in examples]


def _memory(base: Path, config: TrainConfig, train: Encoding, holdout: Encoding) -> list[tuple[bool, Problem]]:
    gpu = machine.gpu_bytes()
    free, total = gpu or (machine.free_bytes(), machine.total_bytes())
    try:
        shape = read_shape(read_json(base / "config.json"), base.name)
    except InputError as error:
        return [(False, Problem("memory-unknown", error.message, error.hint, 0))]
    return list(
        preflight_memory.problems(
            shape,
            config,
            train.items,
            holdout.items,
            total_bytes=total,
            free_bytes=free,
            device="gpu" if gpu else "cpu",
        )
    )


def _memory_at(base: Path, config: TrainConfig, train: Encoding) -> Callable[[int], int] | None:
    """Bytes that training takes with another limit of length; None for a model whose shape is not known."""
    try:
        shape = read_shape(read_json(base / "config.json"), base.name)
    except InputError:
        return None
    device: Device = "gpu" if machine.gpu_bytes() else "cpu"
    return partial(preflight_memory.bytes_at_limit, shape, config, train, device)
