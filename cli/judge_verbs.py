"""The verbs of judging: perplexity, evaluate, report, stats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from cli.following import follow
from cli.output import JsonFlag, WorkspaceOption, bounds, emit, progress_bar, ranked, say, share, share_bounds
from core import jobs, models
from core.errors import InputError
from core.workspace import workspace_or_error
from evaluation import stats
from evaluation.probes.battery import PROBES
from evaluation.probes.questions import read_questions
from flows import bare_perplexity, walk_report
from training import queries as trained


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("perplexity")(perplexity)
    app.command("evaluate")(evaluate)
    app.command("report")(report)
    app.command("stats")(stats_)


def perplexity(
    file: Path,
    model: Annotated[str, typer.Option(help="A model's name, path or hub id.")] = models.DEFAULT_BASE,
    adapter: Annotated[Path | None, typer.Option(help="A PEFT adapter's folder.")] = None,
    precision: Annotated[str, typer.Option(help="stored, nf4, bf16 or fp32.")] = "stored",
    batch_size: Annotated[int, typer.Option(min=1, help="Conversations at once; the figures do not depend on it.")] = 8,
    context: Annotated[
        int | None,
        typer.Option(min=1, help="Score too long conversations in windows with this much context (default: an error)."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure a model's perplexity on a file: assistant tokens only, end of turn included."""
    if precision not in get_args(models.Precision):
        raise InputError(f"There is no precision {precision}.", f"Use one of {', '.join(get_args(models.Precision))}.")
    with progress_bar() as progress:
        found = bare_perplexity.of_file(
            file,
            model=model,
            adapter=adapter,
            precision=precision,  # type: ignore[arg-type]
            batch_size=batch_size,
            context=context,
            progress=progress,
        )
    for rejected in found["rejected"]:
        say(f"line {rejected['line']}: {rejected['reason']}")
    bits = found["bits_per_byte"]
    cut = sum(one["windows"] > 1 for one in found["examples"])
    if cut:
        say(
            f"{cut:,} of {len(found['examples']):,} examples are longer than the {found['max_tokens']:,} tokens that "
            f"the model reads; they were scored in windows with {context:,} tokens of context."
        )
    emit(
        found,
        as_json,
        f"Perplexity {found['perplexity']:.4f} over {found['tokens']:,} assistant tokens of "
        f"{len(found['examples']):,} examples ({found['nll']:.4f} nats"
        + (f", {bits:.4f} bits per byte of answer)." if bits is not None else ")."),
    )


def evaluate(
    run: Annotated[str | None, typer.Option(help="A training run (default: the newest that is done).")] = None,
    replies: Annotated[int, typer.Option(help="Hold-out prompts that both models answer.")] = 40,
    max_new_tokens: Annotated[int, typer.Option(help="Longest answer.")] = 128,
    seed: int = 0,
    probes: Annotated[str, typer.Option(help="What it may have cost: names by commas, or none.")] = ",".join(PROBES),
    questions: Annotated[
        Path | None, typer.Option(help="JSONL of your own questions that must not be forgotten: prompt, answer, check.")
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="A further metric of the evaluate library, by path or name; repeatable.")
    ] = None,
    context: Annotated[
        int | None,
        typer.Option(min=1, help="Score too long conversations in windows with this much context (default: left out)."),
    ] = None,
    samples: Annotated[
        int, typer.Option(min=0, help="Answers drawn by both models to each prompt, beside the greedy one.")
    ] = 0,
    temperature: Annotated[float, typer.Option(help="Of the drawn answers.")] = 0.7,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure base and tuned on the hold-out: perplexity, answers, metrics, and what the training cost elsewhere."""
    opened = workspace_or_error(workspace)
    spec = {
        "workspace": str(opened.path),
        "run_id": trained.newest_done(opened, run).id,
        "n_replies": replies,
        "max_new_tokens": max_new_tokens,
        "seed": seed,
        **_probes(probes, questions),
        **({"metrics": [str(Path(m).resolve()) if Path(m).exists() else m for m in metric]} if metric else {}),
        **({"context": context} if context else {}),
        **({"samples": samples, "temperature": temperature} if samples else {}),
    }
    job = jobs.submit(opened.jobs_dir, "evaluate", "flows.probing:run_evaluation", spec)
    done = follow(opened, job, detach=detach, as_json=as_json)
    if done is None:
        return
    found = done["summary"]
    ratio = found["ratio"]
    emit(
        done,
        as_json,
        f"Hold-out perplexity: base {found['base']['perplexity']:.3f}, tuned {found['tuned']['perplexity']:.3f}; ratio "
        f"{ratio['value']:.3f} (95 % interval {bounds(ratio)}) on {found['n_examples']} examples, "
        f"{found['n_better']} of which became more likely.",
        *(
            f"  {m['title']}: base {_number(m['base']['value'])}, tuned {_number(m['tuned']['value'])}"
            for m in found["metrics"].values()
        ),
        *_sampled(found.get("sampled")),
        *(
            f"  {name}: {one['seconds_per_answer']:.2f} s an answer, {one['tokens_per_second']:.1f} tokens a second."
            for name, one in found["replies"].items()
            if one["seconds_per_answer"]
        ),
        *(f"  {title}: not measured, {reason}" for title, reason in found.get("metrics_not_run", {}).items()),
        *(
            f"  {p['title']}: base {_number(p['base']['value'])}, tuned {_number(p['tuned']['value'])}: {p['outcome']}"
            for p in found.get("probes", {}).values()
        ),
        f"Evaluation {done['evaluation_id'][:12]}. Next: finetooth study, or the Side by side page.",
    )


def _sampled(found: dict[str, Any] | None) -> list[str]:
    """The figures of drawn answers, where there are some."""
    if not found:
        return []
    of = f"mean of {found['n_samples']} drawn answers at temperature {found['settings']['temperature']:g}"
    return [
        f"  {m['title']}, {of}: base {_number(m['base']['value'])}, tuned {_number(m['tuned']['value'])}"
        for m in found["metrics"].values()
    ]


def _probes(names: str, questions: Path | None) -> dict[str, Any]:
    """The part of an evaluation's spec about probes; what is wrong with a file of questions is said before the work."""
    chosen = [] if names.strip() == "none" else [name.strip() for name in names.split(",") if name.strip()]
    for name in chosen:
        if name not in PROBES:
            raise InputError(f"There is no probe {name}.", f"Use some of {', '.join(PROBES)}, or none.")
    if questions is None:
        return {"probes": chosen}
    if "forgetting" not in chosen:
        raise InputError("Your own questions belong to the probe of forgetting.", "Add forgetting to --probes.")
    for rejected in read_questions(questions)[1]:
        say(f"line {rejected.line} {rejected.reason}")
    return {"probes": chosen, "questions": str(questions.resolve())}


def report(out: Path = Path("report.html"), workspace: WorkspaceOption = None, as_json: JsonFlag = False) -> None:
    """Write one page over the whole walk, data to study: HTML, or Markdown where the name ends in .md."""
    opened = workspace_or_error(workspace)
    walk_report.write(opened, out)
    emit({"report": str(out)}, as_json, f"Report written to {out}.")


def stats_(ratings: Path, seed: int = 0, as_json: JsonFlag = False) -> None:
    """Agreement, win rates and intervals from any ratings (one JSON object a line)."""
    found = stats.stats_of_ratings(ratings, seed=seed)
    for rejected in found["rejected"]:
        say(rejected["message"])
    won = found["win_rate"]
    emit(
        found,
        as_json,
        *(f"{name}: {_number(found[name])}" for name in ("alpha_nominal", "alpha_ordinal", "ac1", "raw_agreement")),
        f"win rate: {share(won['value'])} (95 % interval {share_bounds(won)})" if won else "win rate: no verdicts",
        *(f"{name}: {why}" for name, why in found["reasons"].items()),
        *ranked(found["ranking"]),
    )


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"
