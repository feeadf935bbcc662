"""Evaluates a training run: perplexity, answers and metrics of base and tuned, stored as one immutable object."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from core import models
from core.adapters import base_identity
from core.chat import template_hash
from core.errors import FinetoothError, InputError
from core.files import read_json, sha256_file
from core.generation import Generation, max_tokens_of
from core.ids import content_id
from core.jobs import JobContext, Progress
from core.revisions import examples_of
from core.types import Example
from core.workspace import Workspace
from evaluation import sampling, table, unfinished
from evaluation.assign import sample
from evaluation.given import Look, given
from evaluation.metrics_loader import compare_metrics, load_metric, not_run
from evaluation.perplexity import (
    Prepared,
    paired_ratio,
    prepare,
    score_prepared,
    summarise,
)
from evaluation.probes import battery
from evaluation.probes.counterfactual import LanguageOf, english
from evaluation.probes.grounding import FactsOf
from evaluation.probes.questions import read_questions
from evaluation.queries import EVALUATION
from evaluation.replies import as_base, prompts_of
from evaluation.replies_kept import answer_all
from evaluation.unpacked import compute_in_float32, compute_type
from evaluation.wanted import Wanted, wanted_from
from evaluation.whole_model import load_beside_base

VERSION = 3
PROBING = 2
"""Version of the probes: those of an evaluation that was made with others are made again."""
TARGET = "flows.probing:run_evaluation"
PACKAGES = ("torch", "transformers", "peft", "bitsandbytes", "evaluate")


@dataclass(frozen=True, slots=True)
class Excluded:
    """A hold-out example that was not scored, with the reason."""

    example_id: str
    reason: str


def run_evaluation(
    context: JobContext,
    *,
    facts_of: FactsOf | None = None,
    extra: battery.Extra | None = None,
    look_in: Callable[[Workspace], Look] | None = None,
    language_of: LanguageOf = english,
) -> dict[str, Any]:
    """Measure a run on its revision's hold-out. Worker target ``flows.probing:run_evaluation``, which reads facts.

    Base and tuned are the same weights in the same precision, the adapter switched off and on, so that a difference
    is the training's and not the quantiser's.

    Args:
        context: Of the job; its spec has the fields of :class:`Wanted`.
        facts_of: Reads the facts of an answer, for the probe of grounding.
        extra: Further probes of the hold-out's answers.
        language_of: Tells the languages of prompts, for the probe of bias.
        look_in: Gives what holds answers against the checks of a workspace's dataset; None = that is not measured.

    Returns:
        ``evaluation_id`` and ``summary``. Evaluating again with the same arguments returns what is stored.

    Raises:
        InputError: There is no hold-out, or the spec makes no sense.
        FinetoothError: There is no such run, or it has no adapter (trained in full: no model).
        CancelledError: A stop was asked for; the answers made so far are used when the same is asked for again.
    """
    wanted = wanted_from(context.spec)
    workspace = Workspace.open(Path(wanted.workspace))
    run = _run(workspace, wanted.run_id)
    in_full = (run.get("config") or {}).get("method") == "full"
    trained = workspace.runs_dir / wanted.run_id / ("model" if in_full else "adapter")
    weights = trained / ("config.json" if in_full else "adapter_model.safetensors")
    if not weights.is_file():
        raise FinetoothError(
            f"The run {wanted.run_id} has no {trained.name} yet.", "Wait until its training has ended, or train again."
        )
    if in_full and wanted.precision not in (None, "fp32"):
        raise InputError("A model that was trained in full is evaluated in float32.", "Leave the precision out.")
    precision: models.Precision = "fp32" if in_full else wanted.precision or _precision(run)
    settings = {**asdict(wanted), "precision": precision}
    settings.pop("workspace")
    if not wanted.samples:  # as before there were any
        del settings["samples"], settings["temperature"], settings["top_p"]
    probing, unread = _probing(wanted)
    if probing is None:  # an evaluation without probes keeps the id that it had before there were any
        del settings["probes"], settings["questions"]
    else:
        settings["questions"] = content_id([asdict(item) for item in probing.own]) if probing.own else None
    if probing is not None:
        settings["probing"] = PROBING
    key = {**settings, "revision": run["revision_id"], "adapter": _identity(trained, in_full), "version": VERSION}
    known = content_id([EVALUATION, key])
    if (workspace.objects.folder(known) / "manifest.json").exists():
        return {"evaluation_id": known, "summary": workspace.objects.manifest(known)["summary"]}
    examples = examples_of(workspace, run["revision_id"], "holdout")
    if not examples:
        raise InputError("The run's revision has no hold-out.", "Freeze a revision with a hold-out, and train on it.")
    context.progress("loading the model", 0, None)
    base_path = models.resolve(run["base_model"])
    tokenizer = models.load_tokenizer(base_path)
    model = load_beside_base(base_path, trained) if in_full else models.load_model(base_path, precision, trained)
    compute_in_float32(model)
    report = _stopping(context)
    training = [e.answer for e in examples_of(workspace, run["revision_id"], "train")]
    look = look_in(workspace) if look_in else None
    for name in wanted.metrics:
        load_metric(name)  # one that is not there is told before minutes of work, not after
    with unfinished.work(
        workspace,
        known,
        f"Evaluation of run {wanted.run_id}",
        kind="evaluate",
        target=TARGET,
        spec=context.spec,
        n_wanted=None,
    ) as made:
        frame, summary, excluded = evaluate_model(
            model,
            tokenizer,
            examples,
            wanted,
            report,
            made=made,
            training=training,
            look=look,
        )
        answered = _answered(examples, frame)
        if wanted.samples:
            drawing = Generation(
                wanted.max_new_tokens, wanted.batch_size, wanted.temperature, wanted.top_p, wanted.seed
            )
            draws = sampling.draw(
                model, tokenizer, answered[0], drawing, n_samples=wanted.samples, made=made, progress=report
            )
            summary["sampled"], drawn = sampling.compare(
                answered[0], *draws, drawing, others=wanted.metrics, training=training, look=look
            )
            workspace.objects.put(sampling.KIND, {"evaluation_id": known}, drawn, known)
        if probing is not None:
            left_out = {one.example_id for one in excluded}
            asked = battery.battery(
                model,
                tokenizer,
                [e for e in examples if e.id not in left_out],
                probing,
                facts_of=facts_of,
                extra=extra,
                language_of=language_of,
            )
            with as_base(model) as base_model:
                before = asked.take(base_model, tokenizer, again=True, made=made, progress=report, of="base")
            after = asked.take(model, tokenizer, again=False, made=made, progress=report, of="tuned")
            summary["probes"], items = asked.compare(before, after, answered)
            workspace.objects.put(battery.KIND, {"evaluation_id": known}, items, known)
            excluded += unread
        manifest = {
            **{"run_id": wanted.run_id, "revision_id": run["revision_id"], "base_model": str(run["base_model"])},
            **{"summary": summary, "settings": settings, "excluded": [asdict(one) for one in excluded]},
            **{"template_hash": template_hash(tokenizer), "precision": precision, "device": models.device()},
            "compute": compute_type(model),
            **{"adapter_sha256": key["adapter"], "versions": _versions(), "created_at": workspace.clock()},
        }
        evaluation_id = workspace.objects.put(EVALUATION, manifest, frame, key)
    return {"evaluation_id": evaluation_id, "summary": summary}


def evaluate_model(
    model: Any,
    tokenizer: Any,
    examples: Sequence[Example],
    wanted: Wanted,
    progress: Progress,
    *,
    made: Path,
    training: Sequence[str] = (),
    look: Look | None = None,
) -> tuple[pl.DataFrame, dict[str, Any], list[Excluded]]:
    """Perplexity, answers and metrics of a model with its adapter on (tuned) and off (base).

    Args:
        model: A PEFT model in eval mode.
        tokenizer: Its tokenizer.
        examples: The hold-out.
        wanted: Settings.
        progress: Called between batches; it may raise to stop.
        made: Folder of the answers made so far; whoever calls removes it when the result is stored.
        training: Answers of the training set, for the metric of recited words.
        look: Holds an answer against the dataset's checks.

    Returns:
        The table (one row an example), the summary, and the examples that were left out.

    Raises:
        InputError: No example can be scored.
    """
    kept, prepared, excluded = _scorable(model, tokenizer, examples, wanted.context)
    if not kept:
        raise InputError(
            f"None of the {len(examples)} hold-out examples can be scored: {excluded[0].reason}",
            "Mend the hold-out examples, and freeze again.",
        )
    with as_base(model) as base_model:
        base = score_prepared(
            base_model, prepared, batch_size=wanted.batch_size, progress=progress, stage="perplexity of base"
        )
    tuned = score_prepared(
        model, prepared, batch_size=wanted.batch_size, progress=progress, stage="perplexity of tuned"
    )
    generation = Generation(wanted.max_new_tokens, wanted.batch_size)
    places, prompts, too_long = _prompts(model, tokenizer, kept, wanted)
    with as_base(model) as base_model:
        base_answers = answer_all(
            base_model, tokenizer, prompts, generation, made / "base.jsonl", progress=progress, stage="answers of base"
        )
    tuned_answers = answer_all(
        model, tokenizer, prompts, generation, made / "tuned.jsonl", progress=progress, stage="answers of tuned"
    )
    progress("metrics", 0, None)
    references = [kept[k].answer for k in places]
    said = (base_answers, tuned_answers)
    texts = ([a.text for a in base_answers], [a.text for a in tuned_answers])
    cut = ([a.truncated for a in base_answers], [a.truncated for a in tuned_answers])
    beside = given([kept[k] for k in places], texts, cut, training=training, look=look)
    metrics, columns = compare_metrics(texts[0], texts[1], references, others=wanted.metrics, given=beside)
    frame = table.table(kept, (base, tuned), places=places, answers=said, metric_columns=columns)
    summary = {
        "n_examples": len(kept),
        "n_excluded": len(examples) - len(kept),
        "base": asdict(summarise(base)),
        "tuned": asdict(summarise(tuned)),
        "ratio": paired_ratio(base, tuned, seed=wanted.seed).as_dict(),
        "n_better": sum(t.nll < b.nll for b, t in zip(base, tuned, strict=True)),
        "n_worse": sum(t.nll > b.nll for b, t in zip(base, tuned, strict=True)),
        "replies": {"base": table.speed(base_answers), "tuned": table.speed(tuned_answers)},
        "generation": generation.as_dict(),
        "metrics": metrics,
        "metrics_not_run": not_run(beside),
        "n_in_windows": sum(bool(one.windows) for one in prepared),
    }
    return frame, summary, [*excluded, *too_long]


def _probing(wanted: Wanted) -> tuple[battery.Settings | None, list[Excluded]]:
    """What is to be probed (None where nothing is), and the lines of the person's questions that cannot be read."""
    if not wanted.probes:
        return None, []
    own, rejected = read_questions(Path(wanted.questions)) if wanted.questions else ((), [])
    unread = [Excluded(f"line {one.line}", f"{Path(str(wanted.questions)).name}: {one.reason}") for one in rejected]
    chosen = battery.Settings(
        tuple(wanted.probes),
        own=own,
        max_new_tokens=wanted.max_new_tokens,
        batch_size=wanted.batch_size,
        seed=wanted.seed,
    )
    return chosen, unread


def _answered(examples: Sequence[Example], frame: pl.DataFrame) -> battery.Answered:
    """Hold-out examples that both models answered, with their answers."""
    known = {example.id: example for example in examples}
    rows = frame.filter(pl.col("base_reply").is_not_null() & pl.col("tuned_reply").is_not_null())
    return [known[name] for name in rows["example_id"]], rows["base_reply"].to_list(), rows["tuned_reply"].to_list()


def _scorable(
    model: Any, tokenizer: Any, examples: Sequence[Example], context: int | None
) -> tuple[list[Example], list[Prepared], list[Excluded]]:
    """Examples that can be scored, tokenised; the others with the reason why not."""
    limit = max_tokens_of(model)
    kept: list[Example] = []
    prepared: list[Prepared] = []
    excluded: list[Excluded] = []
    for place, example in enumerate(examples):
        try:
            name = f"hold-out example {place + 1}"
            prepared += prepare(tokenizer, [example], names=[name], max_tokens=limit, context=context)
        except InputError as error:
            excluded.append(Excluded(example.id, error.message))
        else:
            kept.append(example)
    return kept, prepared, excluded


def _prompts(
    model: Any,
    tokenizer: Any,
    kept: Sequence[Example],
    wanted: Wanted,
) -> tuple[list[int], list[list[int]], list[Excluded]]:
    """Places and token ids of the prompts to be answered, in hold-out order, and those too long to be answered."""
    limit = max_tokens_of(model)
    answerable = [k for k, example in enumerate(kept) if example.answer]
    n = len(answerable) if wanted.n_replies is None else wanted.n_replies
    drawn = set(sample(wanted.seed, [kept[k].id for k in answerable], n))
    places: list[int] = []
    prompts: list[list[int]] = []
    too_long: list[Excluded] = []
    chosen = [k for k in answerable if kept[k].id in drawn]
    for k, ids in zip(chosen, prompts_of(tokenizer, [kept[k] for k in chosen]), strict=True):
        if limit is not None and len(ids) + wanted.max_new_tokens > limit:
            reason = f"not answered: {len(ids)} prompt tokens and {wanted.max_new_tokens} new ones exceed {limit}"
            too_long.append(Excluded(kept[k].id, reason))
            continue
        places.append(k)
        prompts.append(ids)
    return places, prompts, too_long


def _run(workspace: Workspace, run_id: str) -> dict[str, Any]:
    path = workspace.runs_dir / run_id / "run.json"
    if not path.is_file():
        raise FinetoothError(f"There is no run {run_id} in this workspace.", "See `finetooth runs`.")
    run: dict[str, Any] = read_json(path)
    return run


def _identity(trained: Path, in_full: bool) -> str:
    """What tells one tuned model from another."""
    return str(base_identity(trained)["weights"]) if in_full else sha256_file(trained / "adapter_model.safetensors")


def _precision(run: dict[str, Any]) -> models.Precision:
    """The precision in which the run was trained: NF4 for QLoRA."""
    config = run.get("config") or {}
    return "nf4" if config.get("method", "qlora") == "qlora" else "stored"


def _versions() -> dict[str, str]:
    installed = {one.metadata["Name"].lower() for one in importlib.metadata.distributions() if one.metadata["Name"]}
    return {name: importlib.metadata.version(name) for name in PACKAGES if name in installed}


def _stopping(context: JobContext) -> Progress:
    """Progress that also ends the work when a person asked for it."""

    def report(stage: str, done: int, total: int | None) -> None:
        context.check_stop()
        context.progress(stage, done, total)

    return report
