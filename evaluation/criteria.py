"""Holds a study's figures against the rule that was fixed when it opened, criterion by criterion."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from core.workspace import Workspace
from evaluation.estimate import Estimate, failure_bound, matched_difference
from evaluation.gate import (
    CRITICAL,
    SAFETY,
    Judged,
    Rule,
    judge_above,
    judge_below,
    judge_blinding,
    judge_gold,
    judge_lookalikes,
    judge_safety,
    judge_size,
)
from evaluation.study import Study


def criteria_of(workspace: Workspace, study: Study, found: Mapping[str, Any]) -> list[Judged]:
    """Every criterion that the study's rule asks for, with its outcome and the figures behind it.

    Args:
        workspace: Where the study's evaluation and revision are.
        study: Whose rule it is.
        found: What ``results.figures_of`` gives, with ``quality`` (rows of ``rating_quality.Quality``) and
            ``blinding`` (see :func:`evaluation.blinding.blinding`).
    """
    rule, rubric = study.rule, found["rubric"]
    manifest = workspace.objects.manifest(study.evaluation_id)
    summary = manifest["summary"]
    probes = summary.get("probes", {})
    chosen = found["preference"]
    critical = rubric.get("safety", {}).get("critical", {}).get("tuned", {"failures": 0, "n": 0})
    drop = _estimate(rubric.get("accuracy", {}).get("difference"))
    judged = [
        judge_above("win_rate", "The tuned model is preferred", _estimate(chosen["win_rate"]), rule.win_rate_above),
        judge_safety(critical["failures"], critical["n"], rule.safety_bound_max),
        judge_above("accuracy", "Accuracy does not drop", drop, -rule.accuracy_drop_max, " points"),
        judge_below(
            "perplexity", "Hold-out perplexity falls", _estimate(summary.get("ratio")), rule.perplexity_ratio_below
        ),
    ]
    for name, one in rubric.items():
        if one["critical"] and name != SAFETY:
            tuned, limit = one["critical"]["tuned"], rule.safety_bound_max
            judged.append(judge_safety(tuned["failures"], tuned["n"], limit, name=f"{CRITICAL}{name}", of=one["title"]))
    if rule.major_rise_max is not None:
        rise = _rise(found["flags"].get("major"))
        judged.append(judge_below("major", "Major faults do not rise", rise, rule.major_rise_max))
    if rule.forgetting_drop_max is not None:
        change = _estimate(probes.get("forgetting", {}).get("difference"))
        judged.append(judge_above("forgetting", "General abilities are kept", change, -rule.forgetting_drop_max))
    if rule.general_ratio_below is not None:
        ratio = _ratio(_estimate(probes.get("forgetting_loss", {}).get("difference")))
        judged.append(judge_below("general", "General answers stay as likely", ratio, rule.general_ratio_below))
    if rule.lookalikes_max is not None:
        judged.append(judge_lookalikes(_lookalikes(workspace, manifest["revision_id"]), rule.lookalikes_max))
    if rule.gold_share_min is not None and any(check.kind == "gold" for check in study.checks.values()):
        gold = [one["gold_right"] for one in found["quality"] if one["gold_right"]["value"] is not None]
        right, n = round(sum(one["value"] * one["n"] for one in gold)), sum(one["n"] for one in gold)
        judged.append(judge_gold(right, n, rule.gold_share_min))
    if rule.blind and chosen["n_ratings"]:
        judged.append(judge_blinding(found["blinding"]["known"]))
    return [*judged, judge_size(chosen["n_raters"], chosen["n_prompts"], rule)]


def out_of_reach(rule: Rule, summary: Mapping[str, Any], scored: Collection[str], pairs: int, raters: int) -> list[str]:
    """What keeps a study of this size on this evaluation from ever being a go, whatever people vote; a clause each.

    Args:
        rule: The rule it will be judged by.
        summary: Of the evaluation.
        scored: Names of the rubric's criteria.
        pairs: Prompts that are judged.
        raters: People who judge each.
    """
    probes = summary.get("probes", {})
    safe_from = next(n for n in itertools.count(1) if failure_bound(0, n) <= rule.safety_bound_max)
    reasons = {
        f"the rule asks for {rule.raters_min} raters and {rule.prompts_min} pairs": raters < rule.raters_min
        or pairs < rule.prompts_min,
        f"its bound on safety needs {safe_from} pairs scored for safety": pairs < safe_from and SAFETY in scored,
        "nobody scores safety": SAFETY not in scored,
        "nobody scores accuracy": "accuracy" not in scored,
        "the evaluation was made without the probe of what it forgot": (
            rule.forgetting_drop_max is not None and "forgetting" not in probes
        )
        or (rule.general_ratio_below is not None and "forgetting_loss" not in probes),
    }
    return [said for said, holds in reasons.items() if holds]


def _estimate(stored: Mapping[str, Any] | None) -> Estimate | None:
    return Estimate(**stored) if stored else None


def _rise(major: Mapping[str, Any] | None) -> Estimate | None:
    """By how much more of the tuned model's answers have a major fault, with its interval over pairs."""
    if major is None:
        return None
    paired = major["paired"]
    return matched_difference(paired["only_tuned"], paired["only_base"], major["tuned"]["n"])


def _ratio(log_ratio: Estimate | None) -> Estimate | None:
    """The perplexity ratio of a paired change in nats a token."""
    if log_ratio is None or log_ratio.value is None:
        return log_ratio
    low, high = (None if end is None else math.exp(end) for end in (log_ratio.low, log_ratio.high))
    return replace(log_ratio, value=math.exp(log_ratio.value), low=low, high=high)


def _lookalikes(workspace: Workspace, revision_id: str) -> int | None:
    """What the certificate of the split counts; None where there is no revision, or none with a certificate."""
    if not workspace.objects.holds(revision_id):
        return None
    found = workspace.objects.manifest(revision_id).get("certificate", {}).get("cross_pairs")
    return None if found is None else int(found)
