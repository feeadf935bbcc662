"""The verbs of judging: perplexity, evaluate, study, rate, results, trace, stats."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from cli.following import follow
from cli.output import ME, JsonFlag, WhoOption, WorkspaceOption, emit, progress_bar, say
from core import jobs, models
from core.clock import utc_now
from core.errors import FinetoothError, InputError
from core.ids import new_action_id
from core.types import Rating
from core.workspace import workspace_or_error
from evaluation import exports, gate, rating, rating_links, results, round_files, rubric_versions, signing, stats, study
from evaluation import slices as by_slice
from evaluation.probes.battery import PROBES
from evaluation.probes.questions import read_questions
from evaluation.rating_flags import read_expected
from evaluation.rubric import ASKED_FIRST
from evaluation.study_checks import read_checks
from flows import bare_perplexity, walk_report
from flows import trace as tracing
from training import queries as trained

StudyOption = Annotated[str | None, typer.Option("--study", help="A study (default: the newest).")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("perplexity")(perplexity)
    app.command("evaluate")(evaluate)
    app.command("study")(study_)
    app.command("rate")(rate)
    app.command("results")(results_)
    app.command("report")(report)
    app.command("trace")(trace)
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
        f"{ratio['value']:.3f} (95 % interval {_bounds(ratio)}) on {found['n_examples']} examples, "
        f"{found['n_better']} of which became more likely.",
        *(
            f"  {m['title']}: base {_number(m['base']['value'])}, tuned {_number(m['tuned']['value'])}"
            for m in found["metrics"].values()
        ),
        *(f"  {title}: not measured, {reason}" for title, reason in found.get("metrics_not_run", {}).items()),
        *(
            f"  {p['title']}: base {_number(p['base']['value'])}, tuned {_number(p['tuned']['value'])}: {p['outcome']}"
            for p in found.get("probes", {}).values()
        ),
        f"Evaluation {done['evaluation_id'][:12]}. Next: finetooth study, or the Side by side page.",
    )


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


def study_(
    evaluation: Annotated[str | None, typer.Option(help="An evaluation (default: the newest).")] = None,
    items: Annotated[int, typer.Option(help="Pairs to judge.")] = 30,
    raters: Annotated[int, typer.Option(help="People who judge each pair.")] = 2,
    seed: int = 0,
    not_worse: Annotated[
        bool, typer.Option("--not-worse", help="A go needs a model that is not worse, instead of a better one.")
    ] = False,
    repeats: Annotated[int, typer.Option(help="Pairs shown to a rater once more, unseen, sides flipped.")] = 0,
    gold: Annotated[Path | None, typer.Option(help="Gold and training pairs (JSONL).")] = None,
    expected: Annotated[Path | None, typer.Option(help="Experts' criteria for single prompts (JSONL).")] = None,
    rubric: Annotated[str | None, typer.Option(help="A rubric of your own that raters score by.")] = None,
    rater: Annotated[list[str] | None, typer.Option(help="Make a link for this rater (may be repeated).")] = None,
    close: Annotated[str | None, typer.Option(help="Close this study instead, and reveal the sides.")] = None,
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Open a blind side-by-side study, or close one."""
    opened = workspace_or_error(workspace)
    if close is not None:
        study_id = opened.objects.find(study.KIND, close)
        study.close_study(opened, study_id, who=who)
        emit({"study_id": study_id, "open": False}, as_json, f"Study {study_id[:12]} is closed.")
        return
    evaluation_id = opened.objects.find("evaluation", evaluation)
    rule = gate.NOT_WORSE if not_worse else gate.DEFAULT_RULE
    study_id = study.create_study(
        opened,
        evaluation_id,
        n_items=items,
        raters_per_item=raters,
        seed=seed,
        criteria=rubric_versions.rubric(opened, rubric).criteria if rubric else ASKED_FIRST,
        rule=rule,
        n_repeats=repeats,
        checks=read_checks(gold) if gold else (),
        expected=read_expected(expected) if expected else None,
        who=who,
    )
    manifest = opened.objects.manifest(study_id)
    links = {name: rating_links.invite(opened, study_id, name, who=who) for name in rater or ()}
    emit(
        {"study_id": study_id, **manifest, "links": links},
        as_json,
        f"Study {study_id[:12]} is open: {manifest['n_items']} pairs, {raters} raters each. "
        f"It can detect a win rate of {_share(manifest['detectable_win_rate'])} or more. "
        f"A go needs: {rule.sentence()}. "
        "Rate on the Side by side page.",
        *(f"  {name}: /side_by_side?study={study_id}&rater={token}" for name, token in links.items()),
    )


def rate(
    item: Annotated[str | None, typer.Argument(help="The pair shown (without it: show the next one).")] = None,
    verdict: Annotated[str | None, typer.Argument(help="left, right, tie, both_bad or skip.")] = None,
    scores: Annotated[str, typer.Option(help='JSON such as {"left.accuracy": 4}.')] = "",
    flags: Annotated[str, typer.Option(help='JSON such as {"left.fabricated": "major"}.')] = "",
    note: str = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take back your last vote.")] = False,
    study_id: StudyOption = None,
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Show the next blind pair, or record a vote on one."""
    opened = workspace_or_error(workspace)
    chosen = opened.objects.find(study.KIND, study_id)
    if undo:
        back = rating.undo_rating(opened, chosen, who)
        emit({"item": back}, as_json, f"Taken back: {back}" if back else "There was nothing to take back.")
        return
    if item is not None:
        done = rating.record_rating(
            opened, Rating(new_action_id(), item, who, verdict, _scores(scores), note, "", utc_now(), _flags(flags))
        )
        said = ("Recorded.", done.feedback) if done.feedback else ("Recorded.",)
        emit(asdict(done), as_json, *(said if done.stored else (f"Not recorded: {done.reason}.",)))
        return
    shown = rating.next_item(opened, chosen, who)
    if shown is None:
        emit(None, as_json, "Nothing is left for you in this study.")
        return
    turns = [f"{role}: {text}" for role, text in shown.prompt]
    emit(
        asdict(shown),
        as_json,
        *turns,
        f"--- left\n{shown.left}",
        f"--- right\n{shown.right}",
        f"({shown.mine_done} of {shown.mine_total} done) finetooth rate {shown.item_id} left|right|tie|both_bad|skip",
    )


def results_(
    study_id: StudyOption = None,
    ratings: Annotated[Path | None, typer.Option(help="Write the ratings here as JSONL.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Write the whole study here: design, votes, figures.")] = None,
    slices: Annotated[bool, typer.Option("--slices", help="Say every figure by tag and source too.")] = False,
    sign: Annotated[str | None, typer.Option(help="Sign the decision: go, no-go or inconclusive.")] = None,
    reason: Annotated[str, typer.Option(help="Why; needed where you sign against the rule.")] = "",
    peek: Annotated[bool, typer.Option("--peek", help="Look while it is open; the ledger remembers it.")] = False,
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Say what a study found: win rate, rubric means, agreement, go or no-go; sign it, or take it along."""
    opened = workspace_or_error(workspace)
    chosen = opened.objects.find(study.KIND, study_id)
    if folder is not None:
        written = [str(path) for path in round_files.export_round(opened, chosen, folder)]
        say("\n".join(f"Written: {path}" for path in written))
        if study.is_open(opened, chosen) and not peek:
            emit({"study_id": chosen, "files": written}, as_json, "The study is open: its files name no model.")
            return
    if study.is_open(opened, chosen):
        if not peek:
            raise FinetoothError(
                "The study is open; whoever sees its result can no longer rate blindly.",
                f"Close it (finetooth study --close {chosen[:12]}), or look all the same: finetooth results --peek",
            )
        study.record_peek(opened, chosen, who=who)
    if sign is not None:
        signing.sign(opened, chosen, sign, who=who, reason=reason)
    found = results.study_results(opened, chosen)
    found["signed"] = [one.as_dict() for one in signing.signatures(opened, chosen, found)]
    if slices:
        found["by_slice"] = by_slice.study_slices(opened, chosen)
    if ratings is not None:
        say(f"{exports.export_ratings(opened, chosen, ratings)} ratings written to {ratings}.")
    won, level = found["preference"]["win_rate"], found["controlled"]["win_rate"]
    emit(
        found,
        as_json,
        f"{found['progress']['votes']} of {found['progress']['wanted']} votes are in.",
        f"Win rate of the tuned model: {_share(won['value'])} (95 % interval {_bounds(won)}); at equal length and "
        f"balanced sides: {_share(level['value'])} ({_bounds(level)}).",
        *(_slice_line(row) for row in found.get("by_slice", {}).get("slices", ())),
        *(f"  {g['title']}: {g['outcome']} ({g['reason']})" for g in found["gate"]),
        f"Decision: {found['decision']}. {found['decision_reason']}",
        *(
            f"Signed {one['decision']} by {one['who']}, {one['at'][:16]} UTC. {one['reason']}"
            for one in found["signed"]
        ),
        *found["notes"],
    )


def _slice_line(row: dict[str, Any]) -> str:
    rate = row["preference"]["win_rate"]
    return f"  {row['slice']}: {_share(rate['value'])} ({_bounds(rate)}), {row['n_items']} pairs"


def report(out: Path = Path("report.html"), workspace: WorkspaceOption = None, as_json: JsonFlag = False) -> None:
    """Write one page over the whole walk, data to study: HTML, or Markdown where the name ends in .md."""
    opened = workspace_or_error(workspace)
    walk_report.write(opened, out)
    emit({"report": str(out)}, as_json, f"Report written to {out}.")


def trace(
    study_id: StudyOption = None,
    neighbours: Annotated[int, typer.Option(min=1, help="Training examples for each failure.")] = 5,
    workspace: WorkspaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Lead failed prompts back to the training examples nearest in meaning."""
    opened = workspace_or_error(workspace)
    chosen = opened.objects.find(study.KIND, study_id)
    with progress_bar() as progress:
        found = tracing.trace(opened, chosen, k=neighbours, progress=progress)
    lines = []
    for one in found:
        lines.append(f"{one.example_id[:12]}: {'; '.join(one.why)}")
        lines += [f"    {n.score:.2f}  {n.example_id[:12]}  {n.open_findings} open findings" for n in one.neighbours]
    emit([asdict(t) for t in found], as_json, *lines, f"{len(found)} failed prompts.")


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
        f"win rate: {_share(won['value'])} (95 % interval {_bounds(won)})" if won else "win rate: no verdicts",
        *(f"{name}: {why}" for name, why in found["reasons"].items()),
        *(
            f"{number}. {one['model']}: {one['strength']['value']:+.2f} log odds ({_bounds(one['strength'])})"
            for number, one in enumerate(found["ranking"], 1)
        ),
    )


def _scores(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError as error:
        raise InputError("--scores is not JSON.", 'Write it like {"left.accuracy": 4, "right.accuracy": 2}.') from error
    if not isinstance(found, dict):
        raise InputError("--scores is not a JSON object.", 'Write it like {"left.accuracy": 4}.')
    return found


def _flags(text: str) -> dict[str, str]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(severity, str) for severity in found.values()):
        raise InputError("--flags is not a JSON object of texts.", 'Write it like {"left.fabricated": "major"}.')
    return found


def _bounds(estimate: dict[str, Any]) -> str:
    low, high = estimate.get("low"), estimate.get("high")
    return f"{low:.3f} to {high:.3f}" if low is not None and high is not None else "undefined"


def _share(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.1%}"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"
