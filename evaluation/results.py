"""What a study found: sides turned back into models, every figure with its interval, and a decision with reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from core.workspace import Workspace
from evaluation.agreement import agreement
from evaluation.blinding import blinding
from evaluation.control import controlled
from evaluation.criteria import criteria_of
from evaluation.flag_agreement import flag_agreement
from evaluation.gate import decide
from evaluation.marks import flagged, flags_of, points_of, side_of
from evaluation.opponents import opponent
from evaluation.planned_look import planned_look
from evaluation.preference import CREDIT, Preference, Vote, preference, side_bias
from evaluation.raters import raters_of, without_a_rater
from evaluation.rating import Held, Votes, votes
from evaluation.rating_flags import FLAGS
from evaluation.rating_quality import quality
from evaluation.rubric import score_key
from evaluation.rubric_figures import rubric_figures, weighted_figures
from evaluation.single import study_for_results
from evaluation.stats import outcome_of
from evaluation.study import Study, is_open, load_study

WORST = 20


def study_results(workspace: Workspace, study_id: str) -> dict[str, Any]:
    """Everything a study says, as plain data.

    Returns:
        ``study`` (design and state), ``progress``, ``gate`` (criteria), ``decision`` and ``decision_reason``, ``worst``
        (prompts to trace), ``notes``, ``quality`` (each rater's repeats, gold pairs and hasty votes), ``blinding``
        (see :func:`evaluation.blinding.blinding`), ``look`` (see :func:`evaluation.planned_look.planned_look`; None
        where answers were scored singly), and what :func:`figures_of` gives.

    Raises:
        FinetoothError: There is no such study.
    """
    study, folded = study_for_results(workspace, study_id)
    opinions = opinions_of(folded)
    chosen = preference(opinions, seed=study.seed)
    figures = {
        **figures_of(study, folded),
        "quality": [one.as_dict() for one in quality(workspace, study_id)],
        "blinding": blinding(workspace, study, folded),
    }
    gate = criteria_of(workspace, study, figures)
    decision, reason = decide(gate)
    asked = votes(workspace, study_id).held.values()
    n_votes = sum(held.counts for held in asked) if study.single else chosen.n_ratings
    skips = sum(held.verdict == "skip" for held in asked)
    wanted = study.raters_per_item * len(load_study(workspace, study_id).items)
    progress = {"votes": n_votes, "wanted": wanted, "skips": skips, "n_items": len(study.items)}
    open_ = is_open(workspace, study_id)
    rate = figures["preference"]["win_rate"]
    return {
        "study": {"id": study_id, "open": open_, **_design(study)},
        "progress": progress,
        **figures,
        "look": None if study.single else planned_look(study, progress, rate, is_open=open_),
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
        their bound), ``weighted`` (the criteria by their weights, as one score; None where only one was scored),
        ``flags`` (faults by name), ``flag_agreement`` (whether raters see the same), ``expected`` (experts' own
        criteria, or None), ``raters``, ``without_a_rater`` (range of the win rate, and whether the conclusion stands).
    """
    opinions = opinions_of(folded)
    grouped: dict[str, list[str]] = {}
    for vote in opinions:
        grouped.setdefault(vote.item, []).append(vote.outcome)
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
        "rubric": rubric_figures(study, folded),
        "weighted": weighted_figures(study, folded),
        "flags": flags_of(folded),
        "flag_agreement": flag_agreement(folded, seed=study.seed),
        "expected": points_of(study, folded, seed=study.seed),
        "raters": raters,
        "without_a_rater": without_a_rater(raters),
    }


def _design(study: Study) -> dict[str, Any]:
    names = ("evaluation_id", "raters_per_item", "seed", "rule", "rule_hash", "n_identical", "n_answered")
    more = ("n_naming_a_model", "detectable_win_rate", "created_at")
    return {"against": opponent(study.manifest), **{name: study.manifest[name] for name in (*names, *more)}}


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
    if study.single:
        notes.append(
            "Answers were shown and scored one at a time: nobody said which of two is better, so there is no win rate."
        )
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
