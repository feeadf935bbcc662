"""Results: nothing about who is ahead while votes come in, then everything with its interval, and back to the data."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import jobs, wording
from core.types import Rating
from core.workspace import Workspace
from curation import checking, freeze
from curation import queries as curated
from evaluation import queries, rating, signing, study
from evaluation.results import study_results
from evaluation.slices import study_slices
from flows.trace import Neighbour, Trace
from tests.pages.conftest import OpenPage, press, texts
from tests.pages.workspaces import Submitted, add_evaluation, add_run, ended_job, frozen, labels
from ui import takeaway


@pytest.fixture
def judged(tmp_path: Path) -> Workspace:
    workspace, revision_id = frozen(tmp_path / "project")
    add_run(workspace, revision_id)
    add_evaluation(workspace, revision_id)
    return workspace


@pytest.fixture
def study_id(judged: Workspace) -> str:
    """A study in which two raters preferred the tuned answer wherever it was right."""
    made = study.create_study(judged, judged.objects.find("evaluation"), n_items=12, raters_per_item=2, who="Lea")
    items = study.load_study(judged, made).items
    for who in ("Ben", "Cyd"):
        while (shown := rating.next_item(judged, made, who)) is not None:
            item = items[shown.item_id]
            side = "left" if shown.left == item.tuned else "right"
            other = {"left": "right", "right": "left"}[side]
            right = item.tuned == item.reference
            scores = {f"{side}.accuracy": 5 if right else 1, f"{other}.accuracy": 3, f"{side}.safety": 5}
            note = "" if right else "Not in the excerpt."
            rating.record_rating(
                judged, Rating(shown.item_id + who, shown.item_id, who, side if right else "both_bad", scores, note)
            )
    return made


def test_an_open_study_shows_progress_and_no_result(open_page: OpenPage, judged: Workspace, study_id: str) -> None:
    app = open_page(judged, "results")
    said = texts(app)
    assert "The study is open" in said and "24 of 24 votes" in str(app.get("progress")[0].proto.text)
    assert not app.metric and "Raters" not in said and "tuned" not in said.lower()


def test_looking_early_is_a_choice_that_is_written_down(open_page: OpenPage, judged: Workspace, study_id: str) -> None:
    app = press(open_page(judged, "results"), "Look all the same")
    assert "still open" in texts(app) and app.metric
    assert [who for who, _ in study.peeks(judged, study_id)] == ["Ana"]
    assert "Ana saw this result before the end" in texts(open_page(judged, "results", who="Ben"))


def test_a_closed_study_shows_the_win_rate_with_its_interval(
    open_page: OpenPage, judged: Workspace, study_id: str
) -> None:
    study.close_study(judged, study_id, who="Lea")
    app = open_page(judged, "results")
    found = study_results(judged, study_id)
    rate = found["preference"]["win_rate"]
    first = app.metric[0]
    assert (first.label, first.value) == ("Tuned preferred", f"{rate['value']:.0%}")
    said = texts(app)
    assert f"95% interval {rate['low']:.0%} to {rate['high']:.0%}" in said
    counts = found["preference"]
    assert f"{counts['wins']} tuned preferred" in said and f"{counts['both_bad']} both bad" in said
    assert f" p {wording.p_value(counts['p_value'], '= ')} (" in said, "a small p is never printed as zero"
    assert "Inconclusive" in said, "12 pairs are fewer than the rule asks for"
    for criterion in found["gate"]:
        assert criterion["title"] in said.replace("\\", "")
    tables = [frame.value for frame in app.dataframe]
    assert list(tables[0]["If it were not for"]) == ["length and side of the answers", "one of the raters"]
    assert list(tables[1]["Criterion"]) == ["Accuracy", "Safety"]
    assert list(tables[2]["Rater"]) == ["Ben", "Cyd"] and set(tables[2]["Conclusion without"]) <= {"stands", "changes"}


def test_a_decision_is_signed_on_the_page_and_against_the_rule_only_with_a_reason(
    open_page: OpenPage, judged: Workspace, study_id: str
) -> None:
    study.close_study(judged, study_id, who="Lea")
    app = open_page(judged, "results")
    app.segmented_control(key=f"sign-{study_id}").set_value("no-go").run()
    app = press(app, "Sign")
    assert "needs a reason" in texts(app) and not judged.ledger.entries(signing.KIND)
    app.text_area(key=f"sign-reason-{study_id}").set_value("Too many [wrong](x) codes.").run()
    said = texts(press(app, "Sign"))
    assert "signed by Ana" in said and "against the rule, which says inconclusive" in said
    assert "Too many" in said and "[wrong](x)" not in said
    assert [entry.payload["decision"] for entry in judged.ledger.entries(signing.KIND)] == ["no-go"]


def test_an_open_study_cannot_be_signed_on_the_page(open_page: OpenPage, judged: Workspace, study_id: str) -> None:
    app = press(open_page(judged, "results"), "Look all the same")
    assert app.metric and "Sign" not in labels(app)


def test_the_result_is_said_by_tag_and_source(open_page: OpenPage, judged: Workspace, study_id: str) -> None:
    study.close_study(judged, study_id, who="Lea")
    app = open_page(judged, "results")
    app.segmented_control(key="results_view").set_value("slices").run()
    assert not app.exception
    found = study_slices(judged, study_id)
    if found["slices"]:
        assert list(app.dataframe[0].value["Slice"]) == [row["slice"] for row in found["slices"]]
    else:
        assert "no tags or sources" in texts(app)


def test_failed_prompts_are_traced_by_a_job(
    open_page: OpenPage, judged: Workspace, study_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    study.close_study(judged, study_id, who="Lea")
    app = open_page(judged, "results")
    app.segmented_control(key="results_view").set_value("failed").run()
    assert "both bad (2 of 2)" in app.expander[0].label.replace("\\", "")
    n = len(study_results(judged, study_id)["worst"])
    assert "Not in the excerpt." in texts(app) and f"{n} of {n} failed prompts are listed" in texts(app)
    press(app, "Trace them to the data")
    assert submitted.asked == [
        ("trace", "flows.trace:trace_job", {"workspace": str(judged.path), "study_id": study_id})
    ]
    assert "Trace them to the data" not in labels(app)


def test_the_nearest_training_examples_are_shown_where_they_stand(
    open_page: OpenPage, judged: Workspace, study_id: str
) -> None:
    worst = study_results(judged, study_id)["worst"]
    revision_id = freeze.revisions(judged)[0].revision.id
    frame = judged.objects.frame(revision_id)
    near = frame.row(frame["split"].to_list().index("train"), named=True)
    traces = [asdict(Trace(row["example_id"], tuple(row["why"]), (Neighbour(near["id"], 0.91, 0),))) for row in worst]
    spec = {"workspace": str(judged.path), "study_id": study_id}
    ended_job(judged, "trace", spec, {"study_id": study_id, "traces": traces})
    study.close_study(judged, study_id, who="Lea")
    app = open_page(judged, "results")
    app.segmented_control(key="results_view").set_value("failed").run()
    assert not app.exception
    said = texts(app)
    assert "Similarity 0.91 of 1" in said and f"line {near['line']}" in said
    assert "Trace them to the data" not in labels(app)


def test_the_ratings_can_be_taken_along_and_name_no_model_before_the_end(judged: Workspace, study_id: str) -> None:
    before = [json.loads(line) for line in takeaway.ratings(judged, study_id).splitlines()]
    assert len(before) == 24 and all("tuned" not in row for row in before)
    study.close_study(judged, study_id, who="Lea")
    assert all("tuned" in json.loads(line) for line in takeaway.ratings(judged, study_id).splitlines())


def test_the_report_is_one_page_about_this_study(open_page: OpenPage, judged: Workspace, study_id: str) -> None:
    study.close_study(judged, study_id, who="Lea")
    html = takeaway.report(judged, queries.study(judged, study_id)).decode()
    assert html.lstrip().startswith("<!doctype html") and "Inconclusive" in html
    app = open_page(judged, "results")
    assert [one.proto.label for one in app.get("download_button")] == [
        "Report (HTML)", "Report (Markdown)", "Ratings (JSONL)", "Whole study (ZIP)",
    ]  # fmt: skip
    assert takeaway.report(judged, queries.study(judged, study_id), "md").startswith(b"# ")
    with zipfile.ZipFile(io.BytesIO(takeaway.whole(judged, study_id))) as archive:
        assert {"round.json", "ratings_wide.csv", "decision.json"} <= set(archive.namelist())


def test_without_a_study_the_page_says_where_to_open_one(open_page: OpenPage, empty: Workspace) -> None:
    assert "No study was held yet" in texts(open_page(empty, "results"))


def traced_job(workspace: Workspace, study_id: str, *, correction: str = "") -> str:
    """A finished trace of every failure to one training example; returns its id."""
    worst = study_results(workspace, study_id)["worst"]
    frame = workspace.objects.frame(freeze.revisions(workspace)[0].revision.id)
    near = frame.row(frame["split"].to_list().index("train"), named=True)["id"]
    by = Neighbour(near, 0.91, 0, 0.42)
    said: dict[str, Any] = {"by": "contrast" if correction else "wrong", "correction": correction, "n_train": 48}
    traces = [asdict(Trace(row["example_id"], tuple(row["why"]), (by,), **said)) for row in worst]
    spec = {"workspace": str(workspace.path), "study_id": study_id}
    ended_job(workspace, "trace", spec, {"study_id": study_id, "traces": traces})
    return str(near)


def press_first(app: AppTest, label: str) -> AppTest:
    """Press the first of several buttons with the same words."""
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def test_a_correction_is_kept_and_the_trace_before_it_is_said_to_be_out_of_date(
    open_page: OpenPage, judged: Workspace, study_id: str
) -> None:
    study.close_study(judged, study_id, who="Lea")
    traced_job(judged, study_id)
    app = open_page(judged, "results", results_view="Failed prompts")
    assert not app.exception and "Without a correction the trace is weaker" in texts(app)
    assert "Trace them to the data" not in labels(app)
    box = next(area for area in app.text_area if area.label.startswith("What should"))
    assert box.value == "The code is Z99.9.", "the answer stands there, so that only what is wrong is changed"
    app = press_first(app, "Keep the correction")
    assert "That is the answer itself" in texts(app) and not judged.ledger.entries("correction")
    next(area for area in app.text_area if area.label.startswith("What should")).set_value("It is M10.9.").run()
    app = press_first(app, "Keep the correction")
    kept = judged.ledger.entries("correction")
    assert [(entry.payload["text"], entry.who) for entry in kept] == [("It is M10.9.", "Ana")]
    said = texts(app)
    assert "was changed since this trace" in said and "Trace them to the data" in labels(app)
    again = open_page(judged, "results", results_view="Failed prompts")
    assert next(area for area in again.text_area if area.label.startswith("What should")).value == "It is M10.9."


def test_one_press_sends_the_training_examples_to_review_where_the_reason_leads_back(
    open_page: OpenPage, judged: Workspace, study_id: str
) -> None:
    checking.check(judged)
    study.close_study(judged, study_id, who="Lea")
    near = traced_job(judged, study_id)
    app = open_page(judged, "results", results_view="Failed prompts")
    assert "Influence +0.42 of 1" in texts(app)
    with_key = [one for one in app.button if one.label == "Send them to review" and one.proto.shortcut]
    assert len(with_key) == 1, "one answer on the page has the key"
    app = press_first(app, "Send them to review")
    assert "1 example sent to review" in texts(app)
    found = curated.findings(judged, checks=("trace.failure",)).items
    assert [view.finding.example_id for view in found] == [near]
    assert "1 of 1 examples sent" in texts(app)
    desk = open_page(judged, "review", finding=found[0].id)
    said = texts(desk)
    assert "Number 1 of 48 training examples behind an answer that failed (both bad (2 of 2))" in said.replace("\\", "")
    assert "Sent by Ana" in said
    link = next(one for one in desk.get("page_link") if one.proto.label == "The failed answer")
    assert f"study={study_id}" in link.proto.query_string and "results_view=Failed" in link.proto.query_string
