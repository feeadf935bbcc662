"""The verb that plans a training: whether at all, what is possible, what it needs, and what fits."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from cli.following import follow
from cli.output import JsonFlag, WorkspaceOption, emit
from cli.settings_file import stored_settings
from core import machine
from core.errors import InputError
from core.revisions import find_revision, frozen
from core.workspace import find_workspace, workspace_or_error
from flows import readiness
from training import cards, catalogue, constraints, estimate, speeds, tiers
from training.config import Method, TrainConfig, read_config
from training.estimate import GIB
from training.memory import Device
from training.simulate import simulate as simulated_step


def plan(
    model: Annotated[str | None, typer.Option(help="A model's name, path or hub id.")] = None,
    method: Annotated[str | None, typer.Option(help="qlora, lora, full, or all to compare them.")] = None,
    batch: Annotated[int | None, typer.Option(help="Conversations in one forward pass (default: 1).")] = None,
    seq: Annotated[int, typer.Option(help="Tokens of each.")] = 1024,
    gpu_gb: Annotated[float | None, typer.Option(help="Memory to fit into, in GiB.")] = None,
    rank: Annotated[int | None, typer.Option(help="Of the adapters.")] = None,
    checkpointing: Annotated[
        bool | None, typer.Option("--checkpointing/--no-checkpointing", help="Recompute activations (default: yes).")
    ] = None,
    here: Annotated[bool, typer.Option("--here", help="For this machine's processor and free memory.")] = False,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Also run a step on tensors without content (some seconds).")
    ] = False,
    measure: Annotated[
        bool, typer.Option("--measure", help="Also take one real step on the newest revision's fullest batch.")
    ] = False,
    first: Annotated[
        str | None,
        typer.Option(help=f"The constraint that decides: {', '.join(constraints.QUESTIONS)}; lists what is possible."),
    ] = None,
    amount: Annotated[float | None, typer.Option(help="Of that constraint: GiB, hours or money.")] = None,
    price: Annotated[float | None, typer.Option(help="Of an hour of the machine, for a budget.")] = None,
    whether: Annotated[
        bool, typer.Option("--whether", help="Say whether to fine-tune at all on what the workspace holds.")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="Settings as JSON; options outrank it.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Say how much memory a training needs, by part, and what fits. Needs no network and loads no model."""
    if whether:
        found = readiness.of(workspace_or_error(workspace))
        emit(asdict(found), as_json, f"Fine-tune at all? {found.verdict}.", *(f"  {why}" for why in found.reasons))
        return
    compare = method == "all"
    given = {"base_model": model, "method": None if compare else method, "batch_size": batch, "rank": rank}
    start = {"batch_size": 1, "gradient_checkpointing": True, **stored_settings(config)}
    chosen = {name: value for name, value in given.items() if value is not None}
    if checkpointing is not None:
        chosen["gradient_checkpointing"] = checkpointing
    settings = read_config({**start, **chosen})
    if first is not None:
        limit_first = constraints.Limit(_constraint(first), amount, price)
        timed = limit_first.first in ("time", "budget")
        on: Device = "cpu" if here or (timed and gpu_gb is None) else "gpu"
        tokens, known = _measured(workspace, settings, on) if timed else (None, {})
        _possible(limit_first, constraints.Work(batch or 1, seq, tokens, on, known), as_json)
        return
    device: Device = "cpu" if here else "gpu"
    limit = gpu_gb if gpu_gb is not None or not here else machine.free_bytes() / GIB
    methods: tuple[Method, ...] = get_args(Method) if compare else (settings.method,)
    made = [estimate.for_config(settings.model_copy(update={"method": one}), seq, limit, device) for one in methods]
    documents: list[dict[str, Any]] = [one.to_json() for one in made]
    lines = [*_about(settings.base_model), *(line for one in made for line in _lines(one))]
    if simulate:
        for document, one in zip(documents, methods, strict=True):
            step = simulated_step(settings.model_copy(update={"method": one}), seq, device)
            document["simulated"] = step.to_json()
            lines.append(_simulated_line(document))
    if measure:
        opened = workspace_or_error(workspace)
        job = tiers.measure_later(opened, find_revision(opened, None), settings)
        documents[0]["measured"] = follow(opened, job, detach=False, as_json=as_json)
        lines.append(_measured_line(documents[0]["measured"] or {}))
    emit(documents if compare else documents[0], as_json, *lines)


def _measured(
    workspace: Path | None, settings: TrainConfig, device: Device
) -> tuple[float | None, dict[Method, constraints.Speed]]:
    """Tokens of all passes over the newest revision, and the speeds measured in a workspace, where there is one."""
    if workspace is None:
        try:
            workspace = find_workspace(None)
        except InputError:
            return None, {}
    opened = workspace_or_error(workspace)
    found = speeds.measured(opened, settings.base_model, device)
    if not found or not frozen(opened):
        return None, found
    return estimate.plan_run(opened, find_revision(opened, None), settings).n_tokens * settings.epochs, found


def _possible(limit: constraints.Limit, work: constraints.Work, as_json: bool) -> None:
    options = constraints.weigh(limit, work)
    words = {True: "possible", None: "not known", False: "ruled out"}
    document = [
        {
            "model": one.model.name,
            "method": one.method,
            "verdict": words[one.passes],
            "reason": one.reason,
            "needed_bytes": one.needed_bytes,
            "hours": one.hours,
            "licence": one.model.licence,
            "commercial": one.model.commercial,
        }
        for one in options
    ]
    lines = (f"{words[one.passes]:9}  {one.model.name:26} {one.method:6} {one.reason}" for one in options)
    emit(document, as_json, *lines)


def _constraint(name: str) -> constraints.Constraint:
    for known in constraints.QUESTIONS:
        if known == name:
            return known
    raise InputError(f"{name} is not a constraint.", f"Use one of: {', '.join(constraints.QUESTIONS)}.")


def _about(base_model: str) -> list[str]:
    one = cards.describe(base_model)
    context = f"{one.context_tokens:,} tokens" if one.context_tokens else "not stated"
    return [
        f"{one.name}: licence {one.licence}, commercial use of a fine-tune: {one.commercial}; context {context}; chat "
        f"format {one.template} (catalogue of {catalogue.AS_OF}: read the model's card)"
    ]


def _lines(made: estimate.MemoryPlan) -> list[str]:
    lines = [
        f"{made.model}, {made.method}, batch {made.batch} x {made.seq} tokens: {made.needed_bytes / GIB:.2f} GiB, "
        f"{made.total_bytes / GIB:.2f} of them tensors ({made.n_trainable:,} of {made.n_params:,} parameters trained)",
        *(f"  {name:12} {size / GIB:8.3f} GiB" for name, size in made.parts.items()),
        f"  {'overhead':12} {made.overhead_bytes / GIB:8.3f} GiB",
    ]
    if made.moment:
        lines.append(f"  {made.moment}")
    if made.approximate:
        lines.append(f"  {estimate.APPROXIMATE}")
    if made.gpu_gb is not None:
        batch = f"the largest batch is {made.largest_batch}" if made.largest_batch else "no batch fits"
        whole = ", all that the model reads" if made.largest_seq == made.context else ""
        longest = f"the longest conversation has {made.largest_seq} tokens{whole}" if made.largest_seq else "none fits"
        lines.append(
            f"  {'fits' if made.fits else 'does not fit'} in {made.gpu_gb:g} GiB; at {made.seq} tokens {batch}, at "
            f"batch {made.batch} {longest}"
        )
    return lines


def _simulated_line(document: dict[str, Any]) -> str:
    found = document["simulated"]
    return (
        f"  simulated, {document['method']}: {found['peak_bytes'] / GIB:.2f} GiB of tensors at the peak, in the "
        f"{found['phase']} pass; the closed form says {document['total_bytes'] / GIB:.2f} GiB "
        f"({(document['total_bytes'] / found['peak_bytes'] - 1) * 100:+.1f} %), {found['seconds']:.1f} s"
    )


def _measured_line(found: dict[str, Any]) -> str:
    predicted = found.get("predicted_bytes")
    against = "" if predicted is None else f", predicted {predicted / GIB:.2f} GiB"
    return (
        f"  one real step here on the fullest batch ({found['tokens']:,} tokens): {found['peak_bytes'] / GIB:.2f} GiB"
        f"{against}; {found['seconds']:.1f} s, {found['tokens_per_s']:.0f} tokens/s"
    )
