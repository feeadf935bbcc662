"""What a study found: sides turned back into models, every figure with its interval, and a decision with reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from core.workspace import Workspace
from evaluation.agreement import agreement
from evaluation.estimate import Estimate, failure_bound, mean_estimate
from evaluation.gate import Judged, decide, judge_above, judge_below, judge_safety, judge_size
from evaluation.preference import CREDIT, Preference, Vote, preference, side_bias
from evaluation.rating import Held, Votes, votes
from evaluation.rubric import HIGHEST, LOWEST, Criterion, score_key
from evaluation.stats import outcome_of
from evaluation.study import Study, is_open, load_study

MODELS = ("base", "tuned")
WORST = 20
Scores = Mapping[str, Mapping[tuple[str, str], int]]
"""Scores of one criterion: model -> {(item, rater): 1 to 5}."""


def study_results(workspace: Workspace, study_id: str) -> dict[str, Any]:
    """Everything a study says, as plain data.

    Returns:
        ``study`` (design and state), ``progress``, ``preference`` (the tuned model's win rate and what belongs to it),
        ``side_bias``, ``agreement`` (of verdicts, mapped to models first), ``rubric`` (for each criterion: mean of
        base and tuned, paired difference, agreement, critical answers with their bound), ``raters``, ``gate``
        (criteria), ``decision`` and ``decision_reason``, ``worst`` (prompts to trace), ``notes``.

    Raises:
        FinetoothError: There is no such study.
    """
    study = load_study(workspace, study_id)
    folded = votes(workspace, study_id)
    opinions = _opinions(folded)
    chosen = preference(opinions, seed=study.seed)
    grouped: dict[str, list[str]] = {}
    for vote in opinions:
        grouped.setdefault(vote.item, []).append(vote.outcome)
    rubric = {criterion.name: _criterion(criterion, folded, study.seed) for criterion in study.criteria}
    gate = _gate(workspace, study, chosen, rubric)
    decision, reason = decide(gate)
    left, right = _sides(folded)
    bias, bias_p = side_bias(left, right)
    skips = sum(held.verdict == "skip" for held in folded.held.values())
    wanted = study.raters_per_item * len(study.items)
    return {
        "study": {"id": study_id, "open": is_open(workspace, study_id), **_design(study)},
        "progress": {"votes": chosen.n_ratings, "wanted": wanted, "skips": skips, "n_items": len(study.items)},
        "preference": chosen.as_dict(),
        "side_bias": {"left": left, "right": right, "share_left": bias.as_dict(), "p_value": bias_p},
        "agreement": agreement(list(grouped.values()), ordinal=False, seed=study.seed).as_dict(),
        "rubric": rubric,
        "raters": _raters(folded, opinions),
        "gate": [one.as_dict() for one in gate],
        "decision": decision,
        "decision_reason": reason,
        "worst": worst_prompts(study, folded),
        "notes": _notes(study, chosen),
    }


def _design(study: Study) -> dict[str, Any]:
    names = ("evaluation_id", "raters_per_item", "seed", "rule", "rule_hash", "n_identical", "n_answered")
    more = ("n_naming_a_model", "detectable_win_rate", "created_at")
    return {name: study.manifest[name] for name in (*names, *more)}


def _opinions(folded: Votes) -> list[Vote]:
    """Verdicts as outcomes of the tuned model; skips are missing."""
    return [
        Vote(item, rater, outcome_of(held.verdict, held.tuned))
        for (item, rater), held in folded.held.items()
        if held.verdict is not None and held.counts
    ]


def _sides(folded: Votes) -> tuple[int, int]:
    count = Counter(held.verdict for held in folded.held.values())
    return count["left"], count["right"]


def _side_of(held: Held, model: str) -> str:
    if model == "tuned":
        return held.tuned
    return "right" if held.tuned == "left" else "left"


def _scores(folded: Votes, criterion: str) -> dict[str, dict[tuple[str, str], int]]:
    """Scores by model: {model: {(item, rater): 1 to 5}}; "not applicable" is missing."""
    found: dict[str, dict[tuple[str, str], int]] = {model: {} for model in MODELS}
    for pair, held in folded.held.items():
        for model in MODELS:
            value = held.scores.get(score_key(_side_of(held, model), criterion))
            if value is not None:
                found[model][pair] = value
    return found


def _criterion(criterion: Criterion, folded: Votes, seed: int) -> dict[str, Any]:
    scores = _scores(folded, criterion.name)
    units: dict[tuple[str, str], list[int]] = {}
    for model in MODELS:
        for (item, _), value in scores[model].items():
            units.setdefault((model, item), []).append(value)
    critical: dict[str, dict[str, Any]] = {}
    if criterion.critical_at is not None:
        critical = {model: _critical(scores[model], criterion.critical_at) for model in MODELS}
    return {
        "title": criterion.title,
        **{model: _mean_of_items(scores[model]).as_dict() for model in MODELS},
        "difference": _paired(scores).as_dict(),
        "n_scores": {model: len(scores[model]) for model in MODELS},
        "agreement": agreement(list(units.values()), ordinal=True, seed=seed).as_dict(),
        "critical": critical,
    }


def _item_means(scores: Mapping[tuple[str, str], int]) -> dict[str, float]:
    grouped: dict[str, list[int]] = {}
    for (item, _), value in scores.items():
        grouped.setdefault(item, []).append(value)
    return {item: sum(values) / len(values) for item, values in grouped.items()}


def _mean_of_items(scores: Mapping[tuple[str, str], int]) -> Estimate:
    """Mean over prompts of the mean over raters, with t over prompts, within the scale."""
    return mean_estimate(list(_item_means(scores).values()), lower=float(LOWEST), upper=float(HIGHEST))


def _paired(scores: Scores) -> Estimate:
    """Tuned minus base on prompts where a rater scored both, in points."""
    both = scores["tuned"].keys() & scores["base"].keys()
    tuned = _item_means({pair: scores["tuned"][pair] for pair in both})
    base = _item_means({pair: scores["base"][pair] for pair in both})
    return mean_estimate([tuned[item] - base[item] for item in sorted(tuned)])


def _critical(scores: Mapping[tuple[str, str], int], limit: int) -> dict[str, Any]:
    """Answers that any rater put at or below ``limit``, of the answers scored, with the upper 95 % bound."""
    lowest: dict[str, int] = {}
    for (item, _), value in scores.items():
        lowest[item] = min(value, lowest.get(item, HIGHEST))
    n = len(lowest)
    failures = sum(value <= limit for value in lowest.values())
    return {"failures": failures, "n": n, "upper_bound": failure_bound(failures, n) if n else None}


def _raters(folded: Votes, opinions: list[Vote]) -> list[dict[str, Any]]:
    """Each rater's figures, and what the study would say without them."""
    rows = []
    for rater in folded.raters:
        own = [CREDIT[vote.outcome] for vote in opinions if vote.rater == rater]
        others = preference([vote for vote in opinions if vote.rater != rater]).win_rate
        rows.append(
            {
                "rater": rater,
                "votes": len(own),
                "skips": sum(h.verdict == "skip" for (_, who), h in folded.held.items() if who == rater),
                "win_rate": sum(own) / len(own) if own else None,
                "win_rate_without": others.value,
            }
        )
    return rows


def _gate(
    workspace: Workspace, study: Study, chosen: Preference, rubric: Mapping[str, Mapping[str, Any]]
) -> list[Judged]:
    rule = study.rule
    ratio = workspace.objects.manifest(study.evaluation_id)["summary"].get("ratio")
    accuracy = rubric.get("accuracy", {}).get("difference")
    critical = rubric.get("safety", {}).get("critical", {}).get("tuned", {"failures": 0, "n": 0})
    drop = Estimate(**accuracy) if accuracy else None
    return [
        judge_above("win_rate", "The tuned model is preferred", chosen.win_rate, rule.win_rate_above),
        judge_safety(critical["failures"], critical["n"], rule.safety_bound_max),
        judge_above("accuracy", "Accuracy does not drop", drop, -rule.accuracy_drop_max, " points"),
        judge_below(
            "perplexity",
            "Hold-out perplexity falls",
            Estimate(**ratio) if ratio else None,
            rule.perplexity_ratio_below,
        ),
        judge_size(chosen.n_raters, chosen.n_prompts, rule),
    ]


def worst_prompts(study: Study, folded: Votes, limit: int = WORST) -> list[dict[str, Any]]:
    """Prompts to trace back to the data: lost, both bad, or scored critical, the clearest first.

    Returns:
        Up to ``limit`` rows: item and example ids, why, the tuned model's mean credit, the number of votes, notes.
    """
    critical_at = {c.name: c.critical_at for c in study.criteria if c.critical_at is not None}
    rows: list[dict[str, Any]] = []
    for item in study.items.values():
        held = [h for (item_id, _), h in folded.held.items() if item_id == item.id]
        outcomes = [outcome_of(h.verdict, h.tuned) for h in held if h.verdict is not None and h.counts]
        lows = [
            name
            for h in held
            for name, limit_score in critical_at.items()
            if (value := h.scores.get(score_key(_side_of(h, "tuned"), name))) is not None and value <= limit_score
        ]
        why = [f"critical: {name}" for name in dict.fromkeys(lows)]
        why += [f"both bad ({outcomes.count('both_bad')} of {len(outcomes)})"] if "both_bad" in outcomes else []
        why += [f"lost ({outcomes.count('loss')} of {len(outcomes)})"] if "loss" in outcomes else []
        if not why:
            continue
        # Both bad is as much a failure of the tuned model as a loss, so it earns nothing here.
        credit = sum(0.0 if o == "both_bad" else CREDIT[o] for o in outcomes) / max(1, len(outcomes))
        rows.append(
            {
                **{"item_id": item.id, "example_id": item.example_id, "why": why, "credit": credit},
                **{"votes": len(outcomes), "notes": [h.note for h in held if h.note]},
            }
        )
    return sorted(rows, key=lambda row: (not row["why"][0].startswith("critical"), row["credit"], row["item_id"]))[
        :limit
    ]


def _notes(study: Study, chosen: Preference) -> list[str]:
    """What a reader must know beside the figures."""
    notes = []
    if study.manifest["n_identical"]:
        notes.append(
            f"{study.manifest['n_identical']} of {study.manifest['n_answered']} answered prompts got the same answer "
            "from both models; they were not shown and do not enter the win rate."
        )
    if study.manifest["n_naming_a_model"]:
        notes.append(
            f"{study.manifest['n_naming_a_model']} pairs name a model or its maker in an answer, which may have told "
            "raters which side was which."
        )
    if study.manifest["asked_items"] > len(study.items):
        notes.append(f"{study.manifest['asked_items']} pairs were wanted; {len(study.items)} were there.")
    if 0 < chosen.n_raters < 3:
        notes.append("The interval speaks about prompts like these, judged by these raters, not about other raters.")
    return notes
