"""What a study found: sides turned back into models, every figure with its interval, and a decision with reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from core.workspace import Workspace
from evaluation.agreement import agreement
from evaluation.control import controlled
from evaluation.estimate import Estimate, failure_bound, mean_estimate
from evaluation.gate import (
    CRITICAL,
    SAFETY,
    Judged,
    decide,
    judge_above,
    judge_below,
    judge_gold,
    judge_lookalikes,
    judge_safety,
    judge_size,
)
from evaluation.marks import critical_items, flagged, flags_of, points_of, side_of
from evaluation.preference import CREDIT, Preference, Vote, holm, paired_test, preference, side_bias, sign_test
from evaluation.raters import raters_of, without_a_rater
from evaluation.rating import Held, Votes, votes
from evaluation.rating_flags import FLAGS
from evaluation.rating_quality import quality
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
        ``study`` (design and state), ``progress``, ``gate`` (criteria), ``decision`` and ``decision_reason``, ``worst``
        (prompts to trace), ``notes``, and what :func:`figures_of` gives.

    Raises:
        FinetoothError: There is no such study.
    """
    study = load_study(workspace, study_id)
    folded = votes(workspace, study_id)
    opinions = opinions_of(folded)
    chosen = preference(opinions, seed=study.seed)
    figures = figures_of(study, folded)
    gate = _gate(workspace, study, chosen, figures)
    decision, reason = decide(gate)
    skips = sum(held.verdict == "skip" for held in folded.held.values())
    wanted = study.raters_per_item * len(study.items)
    return {
        "study": {"id": study_id, "open": is_open(workspace, study_id), **_design(study)},
        "progress": {"votes": chosen.n_ratings, "wanted": wanted, "skips": skips, "n_items": len(study.items)},
        **figures,
        "gate": [one.as_dict() for one in gate],
        "decision": decision,
        "decision_reason": reason,
        "worst": worst_prompts(study, folded),
        "notes": _notes(study, chosen, figures),
    }


def figures_of(study: Study, folded: Votes) -> dict[str, Any]:
    """Every figure of some votes, as plain data; of a part of them too, such as one slice's.

    Returns:
        ``preference`` (the tuned model's win rate and what belongs to it), ``controlled`` (the same at equal length and
        balanced sides), ``side_bias``, ``agreement`` (of verdicts, mapped to models first), ``rubric`` (for each
        criterion: mean of base and tuned, paired difference with its p, by Holm too, agreement, critical answers with
        their bound), ``flags`` (faults by name) and ``expected`` (experts' own criteria, or None), ``raters``,
        ``without_a_rater`` (range of the win rate, and whether the conclusion stands).
    """
    opinions = opinions_of(folded)
    grouped: dict[str, list[str]] = {}
    for vote in opinions:
        grouped.setdefault(vote.item, []).append(vote.outcome)
    rubric = {criterion.name: _criterion(criterion, folded, study.seed) for criterion in study.criteria}
    tested = [one for one in rubric.values() if one["p_value"] is not None]
    for one, adjusted in zip(tested, holm([one["p_value"] for one in tested]), strict=True):
        one["p_holm"] = adjusted
    left, right = _sides(folded)
    bias, bias_p = side_bias(left, right)
    raters = raters_of(opinions, folded.raters, limit=study.rule.win_rate_above)
    for row in raters:
        row["skips"] = sum(h.verdict == "skip" for (_, who), h in folded.held.items() if who == row["rater"])
    return {
        "preference": preference(opinions, seed=study.seed).as_dict(),
        "controlled": controlled(
            opinions,
            {item.id: len(item.tuned) - len(item.base) for item in study.items.values()},
            {pair: held.tuned == "left" for pair, held in folded.held.items()},
        ).as_dict(),
        "side_bias": {"left": left, "right": right, "share_left": bias.as_dict(), "p_value": bias_p},
        "agreement": agreement(list(grouped.values()), ordinal=False, seed=study.seed).as_dict(),
        "rubric": rubric,
        "flags": flags_of(folded),
        "expected": points_of(study, folded, seed=study.seed),
        "raters": raters,
        "without_a_rater": without_a_rater(raters),
    }


def _design(study: Study) -> dict[str, Any]:
    names = ("evaluation_id", "raters_per_item", "seed", "rule", "rule_hash", "n_identical", "n_answered")
    more = ("n_naming_a_model", "detectable_win_rate", "created_at")
    return {name: study.manifest[name] for name in (*names, *more)}


def opinions_of(folded: Votes) -> list[Vote]:
    """Verdicts as outcomes of the tuned model; skips are missing."""
    return [
        Vote(item, rater, outcome_of(held.verdict, held.tuned))
        for (item, rater), held in folded.held.items()
        if held.verdict is not None and held.counts
    ]


def _sides(folded: Votes) -> tuple[int, int]:
    count = Counter(held.verdict for held in folded.held.values())
    return count["left"], count["right"]


def _scores(folded: Votes, criterion: str) -> dict[str, dict[tuple[str, str], int]]:
    """Scores by model: {model: {(item, rater): 1 to 5}}; "not applicable" is missing."""
    found: dict[str, dict[tuple[str, str], int]] = {model: {} for model in MODELS}
    for pair, held in folded.held.items():
        for model in MODELS:
            value = held.scores.get(score_key(side_of(held, model), criterion))
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
        marked = {model: critical_items(folded, model) if criterion.name == "safety" else set() for model in MODELS}
        critical = _critical(scores, criterion.critical_at, marked)
    p_value, test = paired_test(_differences(scores), seed=seed)
    return {
        "title": criterion.title,
        **{model: _mean_of_items(scores[model]).as_dict() for model in MODELS},
        "difference": _paired(scores).as_dict(),
        **{"p_value": p_value, "test": test, "p_holm": None},
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


def _differences(scores: Scores) -> list[float]:
    """Tuned minus base on prompts where a rater scored both, in points."""
    both = scores["tuned"].keys() & scores["base"].keys()
    tuned = _item_means({pair: scores["tuned"][pair] for pair in both})
    base = _item_means({pair: scores["base"][pair] for pair in both})
    return [tuned[item] - base[item] for item in sorted(tuned)]


def _paired(scores: Scores) -> Estimate:
    return mean_estimate(_differences(scores))


def _critical(scores: Scores, limit: int, marked: Mapping[str, set[str]]) -> dict[str, Any]:
    """Answers that any rater put at or below ``limit`` or flagged as critical (``marked``), with the upper 95 % bound.

    Of the answers scored; one that was flagged without a score counts, too.

    ``paired`` compares the two models on prompts where both were scored: McNemar's exact test on the prompts where
    only one of them was critical.
    """
    bad = {model: _bad(scores[model], limit) | dict.fromkeys(marked[model], True) for model in MODELS}
    found: dict[str, Any] = {}
    for model in MODELS:
        n, failures = len(bad[model]), sum(bad[model].values())
        found[model] = {"failures": failures, "n": n, "upper_bound": failure_bound(failures, n) if n else None}
    both = bad["base"].keys() & bad["tuned"].keys()
    only_base = sum(bad["base"][item] and not bad["tuned"][item] for item in both)
    only_tuned = sum(bad["tuned"][item] and not bad["base"][item] for item in both)
    p_value = sign_test(only_tuned, only_base)
    found["paired"] = {"only_base": only_base, "only_tuned": only_tuned, "n": len(both), "p_value": p_value}
    return found


def _bad(scores: Mapping[tuple[str, str], int], limit: int) -> dict[str, bool]:
    """For each scored prompt, whether any rater put the answer at or below ``limit``."""
    found: dict[str, bool] = {}
    for (item, _), value in scores.items():
        found[item] = found.get(item, False) or value <= limit
    return found


def _gate(workspace: Workspace, study: Study, chosen: Preference, figures: Mapping[str, Any]) -> list[Judged]:
    rule, rubric = study.rule, figures["rubric"]
    manifest = workspace.objects.manifest(study.evaluation_id)
    summary = manifest["summary"]
    critical = rubric.get("safety", {}).get("critical", {}).get("tuned", {"failures": 0, "n": 0})
    drop = _estimate(rubric.get("accuracy", {}).get("difference"))
    ratio = _estimate(summary.get("ratio"))
    judged = [
        judge_above("win_rate", "The tuned model is preferred", chosen.win_rate, rule.win_rate_above),
        judge_safety(critical["failures"], critical["n"], rule.safety_bound_max),
        judge_above("accuracy", "Accuracy does not drop", drop, -rule.accuracy_drop_max, " points"),
        judge_below("perplexity", "Hold-out perplexity falls", ratio, rule.perplexity_ratio_below),
    ]
    for name, one in rubric.items():
        if one["critical"] and name != SAFETY:
            tuned = one["critical"]["tuned"]
            own = judge_safety(
                tuned["failures"], tuned["n"], rule.safety_bound_max, name=f"{CRITICAL}{name}", of=one["title"]
            )
            judged.append(own)
    if rule.forgetting_drop_max is not None:
        change = _estimate(summary.get("probes", {}).get("forgetting", {}).get("difference"))
        judged.append(judge_above("forgetting", "General abilities are kept", change, -rule.forgetting_drop_max))
    if rule.lookalikes_max is not None:
        judged.append(judge_lookalikes(_lookalikes(workspace, manifest["revision_id"]), rule.lookalikes_max))
    if rule.gold_share_min is not None and any(check.kind == "gold" for check in study.checks.values()):
        gold = [one.gold_right for one in quality(workspace, study.id) if one.gold_right.value is not None]
        right, n = round(sum((one.value or 0.0) * one.n for one in gold)), sum(one.n for one in gold)
        judged.append(judge_gold(right, n, rule.gold_share_min))
    return [*judged, judge_size(chosen.n_raters, chosen.n_prompts, rule)]


def _estimate(stored: Mapping[str, Any] | None) -> Estimate | None:
    return Estimate(**stored) if stored else None


def _lookalikes(workspace: Workspace, revision_id: str) -> int | None:
    """What the certificate of the split counts; None where there is no revision, or none with a certificate."""
    if not workspace.objects.holds(revision_id):
        return None
    found = workspace.objects.manifest(revision_id).get("certificate", {}).get("cross_pairs")
    return None if found is None else int(found)


def worst_prompts(study: Study, folded: Votes, limit: int = WORST) -> list[dict[str, Any]]:
    """Prompts to trace back to the data: lost, both bad, scored or flagged critical, the clearest first.

    Returns:
        Up to ``limit`` rows: item and example ids, why, the tuned model's mean credit, the number of votes, notes.
    """
    critical_at = {c.name: c.critical_at for c in study.criteria if c.critical_at is not None}
    by_item: dict[str, list[Held]] = {}
    for (item_id, _), one in folded.held.items():
        by_item.setdefault(item_id, []).append(one)
    rows: list[dict[str, Any]] = []
    for item in study.items.values():
        held = by_item.get(item.id, [])
        outcomes = [outcome_of(h.verdict, h.tuned) for h in held if h.verdict is not None and h.counts]
        lows = [
            name
            for h in held
            for name, limit_score in critical_at.items()
            if (value := h.scores.get(score_key(side_of(h, "tuned"), name))) is not None and value <= limit_score
        ]
        marked = [(name, severity) for h in held for name, severity in flagged(h, "tuned").items()]
        lows += [FLAGS[name].lower() for name, severity in marked if severity == "critical"]
        why = [f"critical: {name}" for name in dict.fromkeys(lows)]
        why += [f"both bad ({outcomes.count('both_bad')} of {len(outcomes)})"] if "both_bad" in outcomes else []
        why += [f"lost ({outcomes.count('loss')} of {len(outcomes)})"] if "loss" in outcomes else []
        if not why:
            continue
        milder = dict.fromkeys(FLAGS[name].lower() for name, severity in marked if severity != "critical")
        why += [f"flagged: {name}" for name in milder]
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


def _notes(study: Study, chosen: Preference, figures: Mapping[str, Any]) -> list[str]:
    """What a reader must know beside the figures."""
    warned = (figures["controlled"]["warning"], figures["without_a_rater"]["warning"])
    notes = [warning for warning in warned if warning]
    if study.manifest["n_identical"]:
        notes.append(
            f"{study.manifest['n_identical']} of {study.manifest['n_answered']} answered prompts got the same answer "
            "from both models; they were not shown and do not enter the win rate."
        )
    if study.manifest.get("n_left_out_naming"):
        notes.append(
            f"{study.manifest['n_left_out_naming']} pairs were left out because an answer names a model or its maker, "
            "which would have told raters which side was which."
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
