"""The report: one file, nothing to load, every text escaped, and what was not run said aloud."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from core.types import Rating
from core.workspace import Workspace
from evaluation.charts import change_chart, interval_chart, line_chart, nice_ticks
from evaluation.estimate import Estimate
from evaluation.rating import next_item, record_rating
from evaluation.report import report
from evaluation.signing import sign
from evaluation.study import close_study, create_study
from tests.evaluation.test_marks import judged as flagged
from tests.evaluation.workspace_with_run import evaluation_frame, stored_evaluation

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&</style>{{ 7*7 }}"


class Page(HTMLParser):
    """Collects tags and attributes, and checks that tags are balanced."""

    VOID = frozenset({"meta", "br", "img", "link", "input", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w", name="Clinic")


RUN: dict[str, Any] = {
    "id": "run-1",
    "settings": {"rank": 16},
    "points": [{"step": k, "loss": 3 / k, **({"eval_loss": 3.1 / k} if k % 5 == 0 else {})} for k in range(1, 31)],
}
DATA: dict[str, Any] = {
    "facts": {"Examples": 1201},
    "sources": [{"name": "notes.jsonl", "rows": 1201, "rejected": 2}],
    "findings": [{"check": "duplicates.near", "count": 12, "settled": 10}],
    "dropped": [{"reason": "near duplicate", "count": 9}],
    "splits": {"train": 1000, "hold-out": 100},
}


def test_the_report_is_one_balanced_page_with_nothing_to_load(workspace: Workspace) -> None:
    html = report(workspace, stored_evaluation(workspace), run=RUN, data=DATA)
    page = Page(html)
    assert not page.open
    assert not page.tags & {"script", "link", "img", "iframe", "object", "form"}
    assert not page.names & {"src", "href", "onclick", "onload", "onerror"}
    assert "url(" not in html and "@import" not in html
    assert "0.400 times" in html and "1,201" in html and "near duplicate" in html and "polyline" in html


def test_hostile_text_stays_text(workspace: Workspace) -> None:
    frame = evaluation_frame(12).with_columns(
        pl.lit(HOSTILE).alias("reference"), (pl.lit(HOSTILE) + pl.col("tuned_reply")).alias("tuned_reply")
    )
    manifest = workspace.objects.manifest(stored_evaluation(workspace))
    hostile = workspace.objects.put(
        "evaluation", {**manifest, "base_model": HOSTILE, "excluded": [{"reason": HOSTILE}]}, frame, "hostile"
    )
    html = report(
        workspace,
        hostile,
        run={"id": HOSTILE, "settings": {HOSTILE: HOSTILE}},
        data={"sources": [{"name": HOSTILE}], "notes": [HOSTILE], "dropped": [{"reason": HOSTILE, "count": 1}]},
    )
    page = Page(html)
    assert not page.open and not page.tags & {"script", "img"} and "onerror" not in page.names
    assert "&lt;script&gt;" in html and "{{ 7*7 }}" in html


def test_what_was_not_run_is_said(workspace: Workspace) -> None:
    html = report(workspace, stored_evaluation(workspace))
    missing = html.split("What was not run")[1]
    for name in ("Blind review", "Data", "Training curve", "Forgetting", "Bias"):
        assert name in missing
    assert "No person has compared the answers yet" in html


def test_an_open_study_shows_its_progress_and_no_result(workspace: Workspace) -> None:
    evaluation_id = stored_evaluation(workspace, 12)
    study_id = create_study(workspace, evaluation_id, n_items=12)
    item = next_item(workspace, study_id, "ann")
    assert item is not None
    record_rating(workspace, Rating("a", item.item_id, "ann", "left"))
    html = report(workspace, evaluation_id, study_id=study_id)
    assert "1 of 24 votes" in html and "win rate of tuned" not in html and "keep it from the raters" in html


def test_a_closed_study_shows_decision_counts_and_interval(workspace: Workspace) -> None:
    evaluation_id = stored_evaluation(workspace, 12)
    study_id = create_study(workspace, evaluation_id, n_items=12)
    for who in ("ann", "bob"):
        while (item := next_item(workspace, study_id, who)) is not None:
            side = "left" if item.left.startswith("Second") else "right"
            scores = {"left.safety": 5, "right.safety": 4, "left.accuracy": 4, "right.accuracy": 4}
            record_rating(workspace, Rating(f"{who}{item.item_id}", item.item_id, who, side, scores))
    close_study(workspace, study_id)
    html = report(workspace, evaluation_id, study_id=study_id, run=RUN, data=DATA)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    assert "24 votes for tuned, 0 for base, 0 ties, 0 both bad; 24 votes by 2 raters on 12 pairs" in text
    assert "Decision by the rule fixed beforehand: inconclusive" in text
    assert "0 of 12: the rate may be up to 22.1%" in text
    assert not Page(html).open


def test_charts_survive_odd_numbers_and_escape_their_labels() -> None:
    assert line_chart([("a", "base", [])], x_label="x", y_label="y") == ""
    nan = line_chart([("a", "base", [(1, float("nan")), (2, 1.0), (3, 1.0)])], x_label="x", y_label="<b>")
    assert "nan" not in nan and "&lt;b&gt;" in nan
    many = line_chart([("a", "base", [(k, k % 7) for k in range(5000)])], x_label="step", y_label="y")
    assert "mean of 13 steps" in many and len(many) < 20_000
    wide = interval_chart([("x", "tuned", Estimate(5.0, -9.0, 40.0, 20))], low=0, high=3, mark=1)
    assert "◂" in wide and "▸" in wide
    assert change_chart([0.0, 0.0]).count("<rect") == 2
    assert nice_ticks(0, 1) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])


def judged(workspace: Workspace, evaluation_id: str) -> str:
    """A closed study in which the tuned model wins, except that two pairs are both bad, one of them with a note."""
    study_id = create_study(workspace, evaluation_id, n_items=12)
    for who in ("ann", "bob"):
        while (item := next_item(workspace, study_id, who)) is not None:
            side = "left" if item.left.startswith("Second") else "right"
            bad = "Second answer to 3." in (item.left, item.right) or "Second answer to 4." in (item.left, item.right)
            note = "| invented *code* |" if bad else ""
            verdict = "both_bad" if bad else side
            record_rating(workspace, Rating(f"{who}{item.item_id}", item.item_id, who, verdict, {}, note))
    close_study(workspace, study_id)
    return study_id


def test_worst_cases_are_shown_with_both_answers_and_what_raters_wrote(workspace: Workspace) -> None:
    evaluation_id = stored_evaluation(workspace, 12)
    html = report(workspace, evaluation_id, study_id=judged(workspace, evaluation_id))
    worst = html.split("Worst cases")[1].split("What was not run")[0]
    assert worst.count('<article class="pair">') == 2 and "both bad (2 of 2)" in worst
    assert "Second answer to 3." in worst and "invented *code*" in worst and "Reference 3." in worst
    assert "At equal length" not in html and "Win rate at equal length and balanced sides" in html


def test_the_report_shows_who_signed_and_marks_a_decision_against_the_rule(workspace: Workspace) -> None:
    evaluation_id = stored_evaluation(workspace, 12)
    study_id = judged(workspace, evaluation_id)
    assert "Nobody has signed this decision" in report(workspace, evaluation_id, study_id=study_id)
    sign(workspace, study_id, "go", who="Lea <b>", reason="Only a pilot.")
    for text in (
        report(workspace, evaluation_id, study_id=study_id),
        report(workspace, evaluation_id, "md", study_id=study_id),
    ):
        assert (
            "Against the rule (inconclusive):" in text
            and "Only a pilot." in text
            and "<b>" not in text.split("Lea")[1][:5]
        )


def test_faults_that_raters_flagged_are_reported_with_their_bound(workspace: Workspace) -> None:
    study_id = flagged(workspace)
    evaluation_id = workspace.objects.manifest(study_id)["evaluation_id"]
    html = report(workspace, evaluation_id, study_id=study_id)
    assert "Hallucination" in html and "4 of 12 0.33 [0.14, 0.61]" in html and not Page(html).open
    for text in (html, report(workspace, evaluation_id, "md", study_id=study_id)):
        assert "1 of 12" in text and "33.9%" in text and "points met of all" in text


def test_probes_are_shown_and_no_longer_listed_as_not_run(workspace: Workspace) -> None:
    manifest = workspace.objects.manifest(stored_evaluation(workspace, 12))
    figure = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 122, "method": "", "reason": ""}
    probe = {
        "title": "General questions answered well",
        "base": figure,
        "tuned": figure,
        "difference": figure,
        "n": 122,
    }
    summary = manifest["summary"] | {"probes": {"forgetting": {**probe, "noise_floor": 0.03, "outcome": "worse"}}}
    probed = workspace.objects.put("evaluation", {**manifest, "summary": summary}, evaluation_frame(12), "probed")
    for text in (report(workspace, probed), report(workspace, probed, "md")):
        assert "General questions answered well: worse" in text and "0.50 [0.40, 0.60]" in text
        missing = text.split("What was not run")[1]
        assert "Forgetting" not in missing and "Bias" in missing


def test_answers_that_became_less_likely_are_shown_the_worst_first(workspace: Workspace) -> None:
    manifest = workspace.objects.manifest(stored_evaluation(workspace, 12))
    frame = evaluation_frame(12).with_columns(tuned_nll=pl.col("base_nll") + pl.int_range(pl.len()) - 9.0)
    risen = workspace.objects.put("evaluation", manifest, frame, "risen")
    shown = report(workspace, risen).split("Answers that became less likely")[1].split("<h2>")[0]
    assert re.findall(r"Reference (\d+)", shown) == ["11", "10"]


def test_the_markdown_report_says_the_same_and_hostile_text_breaks_no_table_or_fence(workspace: Workspace) -> None:
    hostile = "a | b\n```\n# Heading\n````<script>"
    frame = evaluation_frame(12).with_columns(pl.lit(hostile).alias("reference"))
    manifest = workspace.objects.manifest(stored_evaluation(workspace, 12))
    evaluation_id = workspace.objects.put("evaluation", {**manifest, "base_model": hostile}, frame, "md")
    study_id = judged(workspace, evaluation_id)
    text = report(workspace, evaluation_id, "md", study_id=study_id, run=RUN, data=DATA)
    html = re.sub(r"<[^>]+>", " ", report(workspace, evaluation_id, study_id=study_id, run=RUN, data=DATA))
    for said in ("20 votes for tuned, 0 for base, 0 ties, 4 both bad", "1,201", "0.40 [0.35, 0.45]", "Worst cases"):
        assert said in text and (said in html or "[" in said)
    assert "\\| invented \\*code\\* \\|" in text
    inside: str | None = None
    for line in text.splitlines():
        fence = re.match(r"(`{3,})(text)?$", line)
        if inside is None and fence and fence[2]:
            inside = fence[1]
        elif inside is not None and line.startswith(inside):
            inside = None
        elif inside is None:
            assert not line.startswith("# Heading") and "<script>" not in line.replace("\\<script\\>", "")
    assert inside is None
    tables = [row for row in text.splitlines() if row.startswith("|---")]
    assert len(tables) >= 10
