"""The report: one file that explains itself, opens anywhere, prints, and says what was not done; HTML or Markdown."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from core import wording
from core.workspace import Workspace
from evaluation import charts
from evaluation.estimate import Estimate
from evaluation.queries import answers, evaluation, study
from evaluation.report_gaps import gaps
from evaluation.report_parts import judges, others
from evaluation.results import study_results
from evaluation.signing import signatures
from evaluation.single import as_pairs
from evaluation.slices import evaluation_slices, study_slices
from evaluation.study import load_study

TEMPLATES = Path(__file__).resolve().parent / "templates"
SAMPLE = 6
WORST = 5
Form = Literal["html", "md"]
GATE_CSS = {"pass": "good", "fail": "bad", "inconclusive": "warn", "not run": "mute"}


def report(
    workspace: Workspace,
    evaluation_id: str,
    form: Form = "html",
    *,
    study_id: str | None = None,
    run: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    n_samples: int = SAMPLE,
) -> str:
    """Write the report as one self-contained HTML page, without scripts and without anything to load, or as Markdown.

    Args:
        workspace: Where the evaluation and the study are.
        evaluation_id: The evaluation reported on.
        form: ``html``, or ``md``: the same figures, tables and texts without the charts.
        study_id: A blind study over it; None = none was held, which the report says.
        run: About the training, all keys optional: ``id``, ``base_model``, ``settings`` ({name: value}), ``points``
            (list of {"step", "loss" and/or "eval_loss"}), ``facts`` ({name: value}), ``status``.
        data: About the dataset, all keys optional: ``sources`` (list of {"name", "rows", "rejected"}), ``facts``
            ({name: value}), ``findings`` (list of {"check", "title", "count", "settled"}), ``dropped`` and ``edited``
            (list of {"reason", "count"}), ``revision_id``, ``splits`` ({name: count}), ``notes`` (list of text).
        n_samples: Answers shown side by side.

    Returns:
        Its text. While the study is open it holds no result of it, only its progress.

    Raises:
        FinetoothError: There is no such evaluation or study.
    """
    contents = _contents(workspace, evaluation_id, study_id, run, data, n_samples)
    return _render(f"report.{form}", contents, escaped=form == "html")


def _render(template: str, contents: Mapping[str, Any], *, escaped: bool) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=escaped, undefined=StrictUndefined, trim_blocks=True
    )
    shown: dict[str, Any] = {"number": charts.number, "share": _share, "count": _count, "cell": _cell}
    environment.filters |= shown | {"quoted": _quoted}
    environment.globals |= {"short": _short, "faults": _faults, "p_value": wording.p_value}
    text = environment.get_template(template).render(**contents)
    # A table wider than a narrow screen is scrolled by itself; no text from elsewhere can hold these tags unescaped.
    wide = {"<table>": '<div class="wide"><table>', "</table>": "</table></div>"} if escaped else {}
    return functools.reduce(lambda page, tag: page.replace(tag, wide[tag]), wide, text)


def _contents(
    workspace: Workspace,
    evaluation_id: str,
    study_id: str | None,
    run: Mapping[str, Any] | None,
    data: Mapping[str, Any] | None,
    n_samples: int,
) -> dict[str, Any]:
    """What both forms of the report are made of."""
    page = evaluation(workspace, evaluation_id, limit=1_000_000)
    manifest = page["manifest"]
    people = _people(workspace, study_id)
    return {
        "name": workspace.name,
        "made_at": workspace.clock()[:16].replace("T", " "),
        "evaluation": manifest,
        "summary": manifest["summary"],
        "headline": _headline(manifest["summary"], people),
        "data": _with_defaults(data, sources=[], facts={}, findings=[], dropped=[], edited=[], splits={}, notes=[]),
        "has_data": bool(data),
        "run": _with_defaults(run, id=manifest["run_id"], base_model=manifest["base_model"], settings={}, facts={}),
        "loss_chart": _loss_chart(run),
        "ratio_chart": _ratio_chart(manifest["summary"]),
        "change_chart": charts.change_chart([row["change_nats_per_token"] for row in page["rows"]]),
        "metric_chart": _metric_chart(manifest["summary"]["metrics"]),
        "probes": manifest["summary"].get("probes", {}),
        "slices": evaluation_slices(workspace, evaluation_id),
        "worse": _worse(page["rows"]),
        "sample": answers(workspace, evaluation_id, limit=n_samples),
        "people": people,
        "others": others(workspace, evaluation_id),
        "judges": judges(workspace, study_id),
        "not_run": gaps(workspace, manifest["summary"], people, run, data),
    }


def _worse(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The reference answers that became less likely, the most first."""
    risen = [row for row in rows if row["change_nats_per_token"] > 0]
    return sorted(risen, key=lambda row: -float(row["change_nats_per_token"]))[:WORST]


def _people(workspace: Workspace, study_id: str | None) -> dict[str, Any] | None:
    if study_id is None:
        return None
    state = study(workspace, study_id)
    if state["open"]:
        return {"state": state, "results": None}
    results = study_results(workspace, study_id)
    items = as_pairs(load_study(workspace, study_id)).items
    chosen, against = results["preference"], results["study"]["against"]
    rubric = [
        (f"{one['title']}, {name}", model, Estimate(**one[model]))
        for one in results["rubric"].values()
        for name, model in ((against, "base"), ("tuned", "tuned"))
    ]
    scored = any(estimate.value is not None for _, _, estimate in rubric)
    rate = [("Tuned preferred", "tuned", Estimate(**chosen["win_rate"]))]
    shares = [
        ("tuned", "tuned", chosen["wins"]),
        ("tie", "tie", chosen["ties"]),
        ("both bad", "bad", chosen["both_bad"]),
        (against, "base", chosen["losses"]),
    ]
    return {
        "state": state,
        "results": results,
        "beside": against[:1].upper() + against[1:],
        "signed": signatures(workspace, study_id, results),
        "slices": study_slices(workspace, study_id),
        "raters": [one for one in results["quality"] if one["n_votes"]],
        "scored": {name: one["title"] for name, one in results["rubric"].items() if any(one["n_scores"].values())},
        "worst": [{**row, "item": items[row["item_id"]]} for row in results["worst"][:WORST]],
        "gate_css": GATE_CSS,
        "win_chart": charts.interval_chart(rate, low=0, high=1, mark=0.5) if chosen["n_ratings"] else "",
        "vote_chart": charts.share_bar(shares),
        "rubric_chart": charts.interval_chart(rubric, low=1, high=5, mark=None) if scored else "",
    }


def _headline(summary: Mapping[str, Any], people: Mapping[str, Any] | None) -> list[str]:
    """The result in two or three sentences that claim no more than the figures do."""
    ratio = Estimate(**summary["ratio"])
    n = summary["n_examples"]
    sentences = []
    if ratio.value is not None and ratio.low is not None and ratio.high is not None:
        span = f"{ratio.value:.3f} times the base model's (95 % interval {ratio.low:.3f} to {ratio.high:.3f})"
        if ratio.high < 1:
            meaning = "the tuned model finds the experts' answers more likely"
        elif ratio.low > 1:
            meaning = "the tuned model finds the experts' answers less likely than the base model did"
        else:
            meaning = "no clear difference: the interval holds 1"
        sentences.append(f"On {n} hold-out conversations the tuned model's perplexity is {span}: {meaning}.")
    elif ratio.value is not None:
        sentences.append(f"On {n} hold-out conversations the perplexity ratio is {ratio.value:.3f}; {ratio.reason}.")
    results = people["results"] if people else None
    if people is None:
        sentences.append("No person has compared the answers yet; perplexity alone does not say that they are good.")
    elif results is None:
        state = people["state"]
        sentences.append(
            f"A blind review is open: {state['votes']} of {state['wanted']} votes are in. Its result is shown once it "
            "is closed."
        )
    else:
        sentences.append(f"Decision by the rule fixed beforehand: {results['decision']}. {results['decision_reason']}")
    return sentences


def _loss_chart(run: Mapping[str, Any] | None) -> Any:
    points = list((run or {}).get("points") or [])
    series = [
        ("training loss", "base", _points(points, "loss")),
        ("hold-out loss", "tuned", _points(points, "eval_loss")),
    ]
    return charts.line_chart(series, x_label="step", y_label="loss, nats a token")


def _points(points: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    return [(float(p["step"]), float(p[name])) for p in points if p.get(name) is not None and p.get("step") is not None]


def _ratio_chart(summary: Mapping[str, Any]) -> Any:
    ratio = Estimate(**summary["ratio"])
    ends = [value for value in (ratio.value, ratio.low, ratio.high) if value is not None]
    high = max(1.2, *ends) * 1.02 if ends else 1.2
    return charts.interval_chart([("Perplexity, tuned / base", "tuned", ratio)], low=0, high=min(high, 3), mark=1)


def _metric_chart(metrics: Mapping[str, Mapping[str, Any]]) -> Any:
    rows = [
        (f"{one['title']}, {model}", model, Estimate(**one[model]))
        for one in metrics.values()
        for model in ("base", "tuned")
        if one["better"] != "neither" and one["n"]
    ]
    return charts.interval_chart(rows, low=0, high=1, mark=None) if rows else ""


def _with_defaults(given: Mapping[str, Any] | None, **defaults: Any) -> dict[str, Any]:
    return {**defaults, **{key: value for key, value in (given or {}).items() if value is not None}}


def _cell(value: Any) -> str:
    """Text for a cell of a Markdown table: on one line, its signs taken literally."""
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", " ".join(str(value).split()))


def _quoted(text: str) -> str:
    """Text as a Markdown block that shows it as it is: a fence longer than any in it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"


def _short(estimate: Mapping[str, Any]) -> str:
    return charts.short(Estimate(**estimate))


def _faults(counted: Mapping[str, Any] | None, name: str) -> str:
    """How many answers have a fault, of how many, and how many it may be."""
    if not counted or not counted["n"]:
        return "—"
    return f"{counted[name]} of {counted['n']}, at most {counted['upper_bound']:.0%}"


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.1%}"


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
