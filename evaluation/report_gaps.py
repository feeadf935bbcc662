"""What a report cannot say, by name and with the reason; what was not run never counts as passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.workspace import Workspace
from evaluation.gate import CRITICAL
from evaluation.judge import judgements

PROBES = {
    "forgetting": ("Forgetting", "whether the model lost abilities outside this task was not measured"),
    "grounding": ("Grounding", "whether answers invent facts that their prompt does not hold was not measured"),
    "bias": ("Bias", "whether answers change with names, gender or dialect was not measured"),
    "instructions": ("Instructions", "whether the model still does what it is told in so many words was not measured"),
}
Gap = tuple[str, str]


def gaps(
    workspace: Workspace,
    summary: Mapping[str, Any],
    people: Mapping[str, Any] | None,
    run: Mapping[str, Any] | None,
    data: Mapping[str, Any] | None,
) -> list[Gap]:
    """Everything that could have been done and was not, in the order of the report: what, and why or what that means.

    Args:
        workspace: Where judgements of a model would be.
        summary: The evaluation's.
        people: The study's part of the report: ``state`` and, once it is closed, ``results``; None = no study.
        run, data: What the report was given about training and data.
    """
    missing: list[Gap] = []
    if not data:
        missing.append(("Data", "nothing about the dataset's making was handed to this report"))
    if not (run or {}).get("points"):
        missing.append(("Training curve", "no steps were handed to this report"))
    if not summary["replies"]["tuned"]["n"]:
        missing.append(("Answers", "neither model was asked to answer, so there are no metrics of answers"))
    missing += list(summary.get("metrics_not_run", {}).items())
    probes = summary.get("probes", {})
    for name, (title, reason) in PROBES.items():
        if name not in probes:
            missing.append((title, reason))
        elif not probes[name]["n"]:
            missing.append((title, probes[name].get("reason") or "nothing could be scored"))
    if "own_questions" not in probes:
        missing.append(("Own questions", "no questions of your own were put to the models before and after"))
    if people is None:
        return [*missing, ("Blind review", "no person compared the two models' answers")]
    if people["results"] is None:
        return [*missing, ("Blind review", "it is still open")]
    return [*missing, *_of_study(people["results"]), *_of_judge(workspace, people["results"]["study"]["id"])]


def _of_study(results: Mapping[str, Any]) -> list[Gap]:
    """What a closed study did not do."""
    gate = results["gate"]
    missing = [(one["title"], one["reason"]) for one in gate if one["outcome"] == "not run"]
    named = {one["name"] for one in gate}
    for name, one in results["rubric"].items():
        if named.isdisjoint({name, CRITICAL + name}) and not any(one["n_scores"].values()):
            missing.append((one["title"], "no answer was scored for it"))
    rows = [one for one in results["quality"] if one["n_votes"]]
    if not any(one["repeats_alike"]["n"] for one in rows):
        missing.append(("Hidden repeats", "no pair was shown to a rater twice, so nobody knows how alike they judge"))
    if "gold" not in named and not any(one["gold_right"]["n"] for one in rows):
        missing.append(("Gold pairs", "no pair with a known answer tested the raters"))
    if not results["blinding"]["guesses"]["n"]:
        missing.append(("Guesses at the end", "no rater said which side they took for the tuned model's"))
    if results["expected"] is None:
        missing.append(("Experts' own criteria", "no answer was held against what experts wanted of its prompt"))
    return missing


def _of_judge(workspace: Workspace, study_id: str) -> list[Gap]:
    return (
        []
        if judgements(workspace, study_id)
        else [("A model as judge", "none was asked; it would not count as people do")]
    )
