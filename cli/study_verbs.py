"""The verbs of blind studies: study, rate, results."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import ME, JsonFlag, StudyOption, WhoOption, WorkspaceOption, emit, ranked, say, share, share_bounds
from core.clock import utc_now
from core.errors import FinetoothError, InputError
from core.ids import new_action_id
from core.types import Rating
from core.workspace import workspace_or_error
from evaluation import (
    compared,
    exports,
    gate,
    opponents,
    rating,
    rating_links,
    results,
    round_files,
    rubric_versions,
    signing,
    study,
)
from evaluation import slices as by_slice
from evaluation.criteria import out_of_reach
from evaluation.rating_flags import read_expected
from evaluation.rubric import ASKED_FIRST
from evaluation.study_checks import read_checks


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("study")(study_)
    app.command("rate")(rate)
    app.command("results")(results_)


def study_(
    evaluation: Annotated[str | None, typer.Option(help="An evaluation (default: the newest).")] = None,
    against: Annotated[
        str | None, typer.Option(help="Another model whose answers were brought in (default: the base model).")
    ] = None,
    items: Annotated[int, typer.Option(help="Pairs to judge.")] = 30,
    raters: Annotated[int, typer.Option(help="People who judge each pair.")] = 2,
    seed: int = 0,
    not_worse: Annotated[
        bool, typer.Option("--not-worse", help="A go needs a model that is not worse, instead of a better one.")
    ] = False,
    repeats: Annotated[int, typer.Option(help="Pairs shown to a rater once more, unseen, sides flipped.")] = 0,
    gold: Annotated[Path | None, typer.Option(help="Gold and training pairs (JSONL).")] = None,
    drawn_gold: Annotated[
        int,
        typer.Option(
            help="Gold pairs drawn from closed studies, where all raters agreed, and from experts' corrections."
        ),
    ] = 0,
    equals: Annotated[int, typer.Option(help="Pairs of equal answers, unseen among the others.")] = 0,
    single: Annotated[
        bool, typer.Option("--single", help="Show one answer at a time, to be scored by the rubric.")
    ] = False,
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
        n_equals=equals,
        n_gold=drawn_gold,
        expected=read_expected(expected) if expected else None,
        replies_id=opponents.find(opened, evaluation_id, against) if against else None,
        single=single,
        who=who,
    )
    manifest = opened.objects.manifest(study_id)
    summary, scored = opened.objects.manifest(evaluation_id)["summary"], [one["name"] for one in manifest["criteria"]]
    short = out_of_reach(rule, summary, scored, manifest["n_items"], raters)
    links = {name: rating_links.invite(opened, study_id, name, who=who) for name in rater or ()}
    emit(
        {"study_id": study_id, **manifest, "links": links, "out_of_reach": short},
        as_json,
        f"Study {study_id[:12]} is open: {manifest['n_items']} {'prompts' if single else 'pairs'}, "
        f"{raters} raters each. "
        + ("" if single else f"It can detect a win rate of {share(manifest['detectable_win_rate'])} or more. ")
        + f"A go needs: {rule.sentence()}. "
        "Rate on the Side by side page.",
        *([f"It cannot end as a go, whatever people vote: {'; '.join(short)}."] if short else []),
        *([f"{items:,} were asked for; there are no more."] if manifest["n_items"] < items else []),
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
        *([f"--- answer\n{shown.left}"] if shown.single else [f"--- left\n{shown.left}", f"--- right\n{shown.right}"]),
        f"({shown.mine_done} of {shown.mine_total} done) finetooth rate {shown.item_id} "
        + ("--scores JSON, or skip" if shown.single else "left|right|tie|both_bad|skip"),
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
    if sign is not None:
        signing.sign(opened, chosen, sign, who=who, reason=reason)
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
    found = results.study_results(opened, chosen)
    found["signed"] = [one.as_dict() for one in signing.signatures(opened, chosen, found)]
    if slices:
        found["by_slice"] = by_slice.study_slices(opened, chosen)
    if ratings is not None:
        say(f"{exports.export_ratings(opened, chosen, ratings)} ratings written to {ratings}.")
    found["ranking"] = compared.ranking(opened, found["study"]["evaluation_id"])
    won, level = found["preference"]["win_rate"], found["controlled"]["win_rate"]
    emit(
        found,
        as_json,
        f"{found['progress']['votes']} of {found['progress']['wanted']} votes are in.",
        f"Win rate of the tuned model over {found['study']['against']}: {share(won['value'])} (95 % interval "
        f"{share_bounds(won)}); at equal length and balanced sides: {share(level['value'])} ({share_bounds(level)}).",
        *(_slice_line(row) for row in found.get("by_slice", {}).get("slices", ())),
        *(f"  {g['title']}: {g['outcome']} ({g['reason']})" for g in found["gate"]),
        f"Decision: {found['decision']}. {found['decision_reason']}",
        *(
            f"Signed {one['decision']} by {one['who']}, {one['at'][:16]} UTC. {one['reason']}"
            for one in found["signed"]
        ),
        *found["notes"],
        *ranked(found["ranking"]),
    )


def _slice_line(row: dict[str, Any]) -> str:
    rate = row["preference"]["win_rate"]
    return f"  {row['slice']}: {share(rate['value'])} ({share_bounds(rate)}), {row['n_items']} pairs"


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
