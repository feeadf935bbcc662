"""A model as one more judge of a closed study's pairs: the raters' rubric, both orders, kept apart from their votes.

Its judgement enters no win rate and no gate. What it is worth is how far it agrees with the people who judged the same
pairs, and that is said with its interval beside how far people agree with each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from core.endpoint import KEY_VARIABLE, Endpoint, Said
from core.errors import FinetoothError, InputError
from core.ids import content_id
from core.jobs import JobContext
from core.types import Message
from core.workspace import Workspace
from evaluation import unfinished
from evaluation.agreement import agreement, raw_agreement
from evaluation.estimate import Estimate, mean_estimate
from evaluation.preference import Outcome, Vote, preference
from evaluation.rating_votes import votes
from evaluation.results import opinions_of
from evaluation.rubric import HIGHEST, LOWEST, Criterion
from evaluation.single import as_pairs
from evaluation.study import Item, Study, is_open, load_study
from evaluation.unfinished import keep, kept_records

KIND = "judgement"
VERSION = 1
RATER = "judge"
MAX_TOKENS = 512
SIDES = ("A", "B")
_VERDICTS = ("A", "B", "tie", "both_bad")
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)


class Judge(Protocol):
    """Whoever answers a conversation; :class:`core.endpoint.Endpoint` does."""

    def ask(self, messages: Sequence[Message], *, max_tokens: int) -> Said:
        """The answer."""
        ...


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the judge said of one pair in one order: a verdict on sides, and scores such as ``{"A.accuracy": 4}``."""

    verdict: str
    scores: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Judged:
    """One pair, judged in both orders.

    Attributes:
        item_id: The pair.
        outcome: Of the tuned model; a tie where the orders disagree; None where an order gave no verdict.
        consistent: Whether both orders say the same.
        first: Verdicts on sides, tuned second in the first order and first in the second.
        scores: Mean over both orders by ``base.<criterion>`` and ``tuned.<criterion>``.
        reason: Why there is no verdict.
    """

    item_id: str
    outcome: Outcome | None
    consistent: bool
    first: tuple[str, ...]
    scores: Mapping[str, float]
    reason: str = ""


def question(item: Item, criteria: Sequence[Criterion], first: str, second: str) -> tuple[Message, ...]:
    """What the judge is asked about a pair: the prompt, both answers without names, and the raters' own rubric."""
    turns = "\n".join(f"[{m.role}] {m.content}" for m in item.prompt)
    rubric = "\n".join(
        f"{c.name}: {c.question}\n" + "\n".join(f"  {LOWEST + k}: {text}" for k, text in enumerate(c.anchors))
        for c in criteria
    )
    form = {
        "verdict": " | ".join(_VERDICTS),
        "scores": {s: {c.name: f"{LOWEST}-{HIGHEST}" for c in criteria} for s in SIDES},
    }
    system = (
        "You compare two responses to the same conversation. Judge what they say, not how long they are or in which "
        "order they stand. Score each response by the rubric, then say which one you would send: A, B, tie (both good) "
        f"or both_bad.\n\nRubric\n{rubric}\n\nAnswer with this JSON object alone:\n{json.dumps(form)}"
    )
    user = f"Conversation\n{turns}\n\nResponse A\n{first}\n\nResponse B\n{second}"
    return Message("system", system), Message("user", user)


def read_opinion(text: str, criteria: Sequence[Criterion]) -> Opinion | str:
    """The JSON object in a judge's answer, or the reason why it holds no verdict. Scores off the scale are left out."""
    match = _OBJECT.search(text)
    try:
        value = json.loads(match[0]) if match else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return "its answer holds no JSON object"
    verdict = value.get("verdict")
    if verdict not in _VERDICTS:
        return f"its verdict is none of {', '.join(_VERDICTS)}"
    scores: dict[str, int] = {}
    given = value.get("scores")
    for side in SIDES:
        of_side = given.get(side) if isinstance(given, dict) else None
        for criterion in criteria:
            score = of_side.get(criterion.name) if isinstance(of_side, dict) else None
            if isinstance(score, int) and not isinstance(score, bool) and LOWEST <= score <= HIGHEST:
                scores[f"{side}.{criterion.name}"] = score
    return Opinion(verdict, scores)


def judge_pair(judge: Judge, item: Item, criteria: Sequence[Criterion], *, max_tokens: int = MAX_TOKENS) -> Judged:
    """Ask about one pair in both orders; orders that disagree make a tie (Zheng et al. 2023, MT-bench).

    Raises:
        FinetoothError: The judge does not answer at all.
    """
    verdicts: list[str] = []
    outcomes: list[Outcome] = []
    scores: dict[str, list[int]] = {}
    for order in (("base", "tuned"), ("tuned", "base")):
        texts = {"base": item.base, "tuned": item.tuned}
        said = judge.ask(question(item, criteria, *(texts[model] for model in order)), max_tokens=max_tokens)
        opinion = read_opinion(said.text, criteria)
        if isinstance(opinion, str):
            cut = " (it was cut off)" if said.truncated else ""
            return Judged(item.id, None, False, tuple(verdicts), {}, f"{opinion}{cut}")
        model_on = dict(zip(SIDES, order, strict=True))
        verdicts.append(opinion.verdict)
        outcomes.append(_outcome(opinion.verdict, model_on))
        for key, score in opinion.scores.items():
            side, name = key.split(".", 1)
            scores.setdefault(f"{model_on[side]}.{name}", []).append(score)
    same = outcomes[0] == outcomes[1]
    means = {key: sum(values) / len(values) for key, values in scores.items()}
    return Judged(item.id, outcomes[0] if same else "tie", same, tuple(verdicts), means)


def _outcome(verdict: str, model_on: Mapping[str, str]) -> Outcome:
    if verdict in SIDES:
        return "win" if model_on[verdict] == "tuned" else "loss"
    return "tie" if verdict == "tie" else "both_bad"


def run_judge(context: JobContext) -> dict[str, Any]:
    """Have a model judge all pairs of a closed study. Worker target ``evaluation.judge:run_judge``.

    The spec holds ``workspace``, ``study_id``, ``url``, ``model`` and, if wanted, ``key_variable``. Nothing of it
    enters the ledger. Judging again with the same arguments returns what is stored.

    Returns:
        ``judgement_id``, ``study_id`` and ``summary`` (see :func:`summary_of`).

    Raises:
        InputError: The study is open: a judge's verdicts would be known to whoever still rates blindly.
        FinetoothError: The endpoint does not answer, or no pair got a verdict.
        CancelledError: A stop was asked for; the pairs judged so far are used when the same is asked for again.
    """
    spec = context.spec
    workspace = Workspace.open(Path(spec["workspace"]))
    study = as_pairs(load_study(workspace, str(spec["study_id"])))
    refuse_open(workspace, study.id)
    endpoint = Endpoint(str(spec["url"]), str(spec["model"]), str(spec.get("key_variable") or KEY_VARIABLE))
    key = [study.id, endpoint.url, endpoint.model, VERSION]
    known = content_id([KIND, key])
    if workspace.objects.holds(known):
        return {"judgement_id": known, "study_id": study.id, "summary": workspace.objects.manifest(known)["summary"]}
    with unfinished.work(
        workspace,
        known,
        f"Judgement by {endpoint.model}",
        kind="judge",
        target="evaluation.judge:run_judge",
        spec=spec,
        n_wanted=len(study.items),
    ) as folder:
        judged = _judge_all(context, endpoint, study, folder / "judged.jsonl")
        if all(one.outcome is None for one in judged):
            raise FinetoothError(
                f"The model {endpoint.model} gave no verdict on any of {len(judged)} pairs: {judged[0].reason}.",
                "Ask one that follows instructions well enough to answer with JSON.",
            )
        summary = summary_of(study, judged)
        manifest = {
            **{"study_id": study.id, "url": endpoint.url, "model": endpoint.model, "version": VERSION},
            **{"summary": summary, "created_at": workspace.clock()},
        }
        rows = [{**asdict(one), "first": json.dumps(one.first), "scores": json.dumps(one.scores)} for one in judged]
        frame = pl.DataFrame(rows, schema_overrides={"outcome": pl.String, "reason": pl.String})
        judgement_id = workspace.objects.put(KIND, manifest, frame, key)
    return {"judgement_id": judgement_id, "study_id": study.id, "summary": summary}


def _judge_all(context: JobContext, judge: Judge, study: Study, path: Path) -> list[Judged]:
    """All pairs judged, in the order of the study; those that an earlier attempt left at ``path`` are not asked again.

    A pair on which the judge gave no verdict is asked again: what it said then is no opinion that could be kept.
    """
    kept = {one["item_id"]: Judged(**{**one, "first": tuple(one["first"])}) for one in kept_records(path)}
    judged: list[Judged] = []
    for k, item in enumerate(study.items.values()):
        context.check_stop()
        context.progress("judging", k, len(study.items))
        found = kept.get(item.id)
        if found is None:
            found = judge_pair(judge, item, study.criteria)
            if found.outcome is not None:
                keep(path, [asdict(found)])
        judged.append(found)
    return judged


def refuse_open(workspace: Workspace, study_id: str) -> None:
    """Refuse a study that people still judge.

    Raises:
        InputError: It is open.
    """
    if is_open(workspace, study_id):
        raise InputError(
            "The study is open: people still judge it blindly, so no model judges it yet.",
            f"Close it first: finetooth study --close {study_id[:12]}",
        )


def summary_of(study: Study, judged: Sequence[Judged]) -> dict[str, Any]:
    """The judge's own figures: ``preference`` (as of one rater), ``consistent`` (share of pairs on which both orders
    agree), ``first_chosen`` (share of decisive verdicts for the answer shown first; fair is one half), ``rubric``
    ({criterion: base, tuned, difference}), ``n_judged``, ``not_judged`` ({reason: pairs})."""
    counted = [one for one in judged if one.outcome is not None]
    own = [Vote(one.item_id, RATER, one.outcome) for one in counted if one.outcome is not None]
    sides = [[float(v == "A") for v in one.first if v in SIDES] for one in counted]
    reasons: dict[str, int] = {}
    for one in judged:
        if one.outcome is None:
            reasons[one.reason] = reasons.get(one.reason, 0) + 1
    return {
        "preference": preference(own, seed=study.seed).as_dict(),
        "consistent": _share([float(one.consistent) for one in counted]).as_dict(),
        "first_chosen": _share([sum(s) / len(s) for s in sides if s]).as_dict(),
        "rubric": {c.name: _scored(counted, c.name) for c in study.criteria},
        "n_judged": len(counted),
        "not_judged": reasons,
    }


def _share(values: Sequence[float]) -> Estimate:
    return mean_estimate(values, lower=0.0, upper=1.0)


def _scored(judged: Sequence[Judged], criterion: str) -> dict[str, Any]:
    pairs = [
        (one.scores[f"base.{criterion}"], one.scores[f"tuned.{criterion}"])
        for one in judged
        if f"base.{criterion}" in one.scores and f"tuned.{criterion}" in one.scores
    ]
    low, high = float(LOWEST), float(HIGHEST)
    return {
        "base": mean_estimate([b for b, _ in pairs], lower=low, upper=high).as_dict(),
        "tuned": mean_estimate([t for _, t in pairs], lower=low, upper=high).as_dict(),
        "difference": mean_estimate([t - b for b, t in pairs]).as_dict(),
    }


def with_people(workspace: Workspace, judgement_id: str) -> dict[str, Any]:
    """How far the judge agrees with the people who judged the same pairs.

    Returns:
        ``agrees`` (share of people's votes that say what the judge says, averaged by pair), ``agrees_decisive`` (of
        those in which both name a winner), ``alpha`` (nominal, the judge beside the people's majority), ``people``
        (how far two people agree on a pair: what can be hoped for), ``n`` pairs, ``model``, ``sentence``.

    Raises:
        InputError: The study is open: its votes are not to be seen.
        FinetoothError: There is no such judgement.
    """
    manifest = workspace.objects.manifest(judgement_id)
    study = as_pairs(load_study(workspace, str(manifest["study_id"])))
    refuse_open(workspace, study.id)
    frame = workspace.objects.frame(judgement_id, ["item_id", "outcome"]).drop_nulls("outcome")
    own: dict[str, str] = dict(frame.iter_rows())
    people: dict[str, list[str]] = {}
    for vote in opinions_of(votes(workspace, study.id)):
        if vote.item in own:
            people.setdefault(vote.item, []).append(vote.outcome)
    agrees = _share([sum(v == own[i] for v in said) / len(said) for i, said in people.items()])
    named = {i: [v for v in said if v in ("win", "loss")] for i, said in people.items() if own[i] in ("win", "loss")}
    decisive = [sum(v == own[i] for v in said) / len(said) for i, said in named.items() if said]
    majorities = [[own[i], top] for i, said in people.items() if (top := _majority(said)) is not None]
    among = raw_agreement(list(people.values()))
    return {
        **{"model": manifest["model"], "study_id": study.id, "n": len(people)},
        "agrees": agrees.as_dict(),
        "agrees_decisive": _share(decisive).as_dict(),
        "alpha": agreement(majorities, ordinal=False, seed=study.seed).alpha_nominal.as_dict(),
        "people": among.as_dict(),
        "sentence": _sentence(agrees.as_dict(), among.as_dict()),
    }


def _majority(said: Sequence[str]) -> str | None:
    """The outcome that most people gave; None where two lead."""
    ranked = sorted({(said.count(one), one) for one in said}, reverse=True)
    return None if len(ranked) > 1 and ranked[0][0] == ranked[1][0] else ranked[0][1]


def _sentence(agrees: Mapping[str, Any], people: Mapping[str, Any]) -> str:
    """What may be made of the judge, in words that claim no more than the figures do."""
    if agrees["value"] is None:
        return "No person has judged these pairs, so nothing is known of what the judge is worth."
    said = f"The judge says what a person says in {agrees['value']:.0%} of votes"
    if agrees["low"] is None:
        return f"{said}; {agrees['reason']}, so it should not be relied on."
    said += f" (95 % interval {agrees['low']:.0%} to {agrees['high']:.0%})"
    if people["value"] is None:
        return f"{said}; no pair was judged by two people, so there is nothing to compare that with."
    said += f"; two people agree in {people['value']:.0%}"
    if agrees["high"] < people["value"]:
        return f"{said}: it agrees with people less than they do with each other."
    return f"{said}."


def judgements(workspace: Workspace, study_id: str) -> list[dict[str, Any]]:
    """The stored judgements of a study, newest first."""
    found = [workspace.objects.manifest(one) for one in reversed(workspace.objects.ids(KIND))]
    return [one for one in found if one["study_id"] == study_id]
