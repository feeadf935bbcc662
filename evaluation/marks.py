"""What raters marked about single answers: faults by name and severity, and experts' own criteria, for both models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluation.estimate import Estimate, failure_bound, mean_estimate, wilson
from evaluation.preference import paired_test, sign_test
from evaluation.rating_flags import FLAGS, SEVERITIES, points_score, side_key
from evaluation.rating_votes import Held, Votes
from evaluation.study import Study

MODELS = ("base", "tuned")
HALLUCINATION = ("fabricated", "contradicts")


def side_of(held: Held, model: str) -> str:
    """On which side a rater saw a model."""
    if model == "tuned":
        return held.tuned
    return "right" if held.tuned == "left" else "left"


def flagged(held: Held, model: str) -> dict[str, str]:
    """What one rater marked about one model's answer: severity by fault."""
    side = side_of(held, model)
    return {name: held.flags[key] for name in FLAGS if (key := side_key(side, name)) in held.flags}


def flags_of(folded: Votes) -> dict[str, dict[str, Any]]:
    """How many answers any rater flagged, by fault; only faults that were marked at all, and three that sum them up.

    Returns:
        For each fault, and for ``hallucination`` (made up, or contradicting what was given), ``major`` (any fault of at
        least that severity) and ``critical``: ``title``, for ``base`` and ``tuned`` ``flagged``, ``n`` (answers that
        were judged), ``share`` (Wilson) and ``upper_bound`` (one-sided 95 %), and ``paired`` (McNemar's exact test on
        pairs where only one answer was flagged). Empty where no pair was judged.
    """
    marks: dict[str, dict[str, dict[str, str]]] = {model: {} for model in MODELS}
    for (item, _), held in folded.held.items():
        if not held.counts and not held.scores and not held.flags:
            continue
        for model in MODELS:
            worst = marks[model].setdefault(item, {})
            for name, severity in flagged(held, model).items():
                worst[name] = max(severity, worst.get(name, severity), key=SEVERITIES.index)
    if not marks["tuned"]:
        return {}
    seen = {name for by_item in marks.values() for found in by_item.values() for name in found}
    tests: dict[str, tuple[str, Any]] = {
        "hallucination": ("Hallucination", lambda found: any(name in found for name in HALLUCINATION)),
        "major": ("Major or critical fault", lambda found: any(s != SEVERITIES[0] for s in found.values())),
        "critical": ("Critical fault", lambda found: SEVERITIES[-1] in found.values()),
    }
    tests |= {name: (title, lambda found, name=name: name in found) for name, title in FLAGS.items() if name in seen}
    return {name: _counted(title, marks, test) for name, (title, test) in tests.items()}


def _counted(title: str, marks: Mapping[str, Mapping[str, Mapping[str, str]]], test: Any) -> dict[str, Any]:
    hit = {model: {item: bool(test(found)) for item, found in marks[model].items()} for model in MODELS}
    row: dict[str, Any] = {"title": title}
    for model in MODELS:
        n, k = len(hit[model]), sum(hit[model].values())
        low, high = wilson(k, n)
        share = Estimate(k / n, low, high, n, "Wilson").as_dict()
        row[model] = {"flagged": k, "n": n, "share": share, "upper_bound": failure_bound(k, n)}
    only_tuned = sum(hit["tuned"][item] and not hit["base"][item] for item in hit["tuned"])
    only_base = sum(hit["base"][item] and not hit["tuned"][item] for item in hit["base"])
    p_value = sign_test(only_tuned, only_base)
    return row | {"paired": {"only_base": only_base, "only_tuned": only_tuned, "p_value": p_value}}


def critical_items(folded: Votes, model: str) -> set[str]:
    """Pairs in which a rater flagged this model's answer as critical."""
    return {item for (item, _), held in folded.held.items() if SEVERITIES[-1] in flagged(held, model).values()}


def points_of(study: Study, folded: Votes, *, seed: int = 0) -> dict[str, Any] | None:
    """The experts' own criteria: points met of all positive points, by model; None where no pair was scored by them.

    As in HealthBench (Arora et al., 2025) an answer may score below 0; the means are clipped to [0, 1].

    Returns:
        ``base``, ``tuned`` (means over prompts of the mean over raters) and the paired ``difference`` with ``p_value``.
    """
    by_item: dict[str, dict[str, list[float]]] = {model: {} for model in MODELS}
    for (item, _), held in folded.held.items():
        if not held.points or item not in study.items:
            continue
        for model in MODELS:
            score = points_score(held.points, study.items[item].expected, side_of(held, model))
            if score is not None:
                by_item[model].setdefault(item, []).append(score)
    means = {model: {i: sum(v) / len(v) for i, v in by_item[model].items()} for model in MODELS}
    both = sorted(means["base"].keys() & means["tuned"].keys())
    if not both:
        return None
    gaps = [means["tuned"][item] - means["base"][item] for item in both]
    p_value, test = paired_test(gaps, seed=seed)
    found: dict[str, Any] = {"difference": mean_estimate(gaps).as_dict(), "p_value": p_value, "test": test}
    for model in MODELS:
        estimate = mean_estimate([means[model][item] for item in both])
        ends = (estimate.value, estimate.low, estimate.high)
        value, low, high = (None if end is None else min(1.0, max(0.0, end)) for end in ends)
        found[model] = Estimate(value, low, high, estimate.n, estimate.method, estimate.reason).as_dict()
    return found
