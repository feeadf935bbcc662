"""What the rubric scores say: means of both models, paired differences, agreement, answers beyond a critical line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluation.agreement import agreement
from evaluation.estimate import Estimate, failure_bound, mean_estimate
from evaluation.marks import MODELS, critical_items, side_of
from evaluation.preference import holm, paired_test, sign_test
from evaluation.rating_votes import Votes
from evaluation.rubric import HIGHEST, LOWEST, Criterion, score_key, weighted_mean
from evaluation.study import Study

Scores = Mapping[str, Mapping[tuple[str, str], float]]
"""Scores of one criterion: model -> {(item, rater): 1 to 5}."""


def rubric_figures(study: Study, folded: Votes) -> dict[str, dict[str, Any]]:
    """Each criterion's figures, by its name.

    Returns:
        ``title``, ``base`` and ``tuned`` (means), ``difference`` (paired, tuned - base) with ``p_value``, ``test`` and
        ``p_holm`` (held against all criteria together), ``n_scores``, ``agreement`` and ``critical``.
    """
    rubric = {criterion.name: _criterion(criterion, folded, study.seed) for criterion in study.criteria}
    tested = [one for one in rubric.values() if one["p_value"] is not None]
    for one, adjusted in zip(tested, holm([one["p_value"] for one in tested]), strict=True):
        one["p_holm"] = adjusted
    return rubric


def weighted_figures(study: Study, folded: Votes) -> dict[str, Any] | None:
    """All criteria of a response as one score (1 to 5), by their weights; None where fewer than two were scored.

    Returns:
        ``base`` and ``tuned`` (means over prompts of the mean over raters), the paired ``difference`` with ``p_value``
        and ``test``, and ``weights`` by criterion.
    """
    scores: dict[str, dict[tuple[str, str], float]] = {model: {} for model in MODELS}
    scored: set[str] = set()
    for pair, held in folded.held.items():
        for model in MODELS:
            side = side_of(held, model)
            value = weighted_mean(held.scores, study.criteria, side)
            if value is not None:
                scores[model][pair] = value
                scored |= {c.name for c in study.criteria if held.scores.get(score_key(side, c.name)) is not None}
    if len(scored) < 2:
        return None
    p_value, test = paired_test(_differences(scores), seed=study.seed)
    return {
        **{model: _mean_of_items(scores[model]).as_dict() for model in MODELS},
        "difference": _paired(scores).as_dict(),
        **{"p_value": p_value, "test": test},
        "weights": {c.name: c.weight for c in study.criteria if c.name in scored},
    }


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


def _item_means(scores: Mapping[tuple[str, str], float]) -> dict[str, float]:
    grouped: dict[str, list[float]] = {}
    for (item, _), value in scores.items():
        grouped.setdefault(item, []).append(value)
    return {item: sum(values) / len(values) for item, values in grouped.items()}


def _mean_of_items(scores: Mapping[tuple[str, str], float]) -> Estimate:
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


def _bad(scores: Mapping[tuple[str, str], float], limit: int) -> dict[str, bool]:
    """For each scored prompt, whether any rater put the answer at or below ``limit``."""
    found: dict[str, bool] = {}
    for (item, _), value in scores.items():
        found[item] = found.get(item, False) or value <= limit
    return found
