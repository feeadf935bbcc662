"""Evaluate: launched as a job, shown as perplexities with their interval, and readable example by example."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from core import general, jobs
from core.workspace import Workspace
from evaluation import queries
from evaluation.probes import battery, forgetting
from tests.pages.conftest import OpenPage, press, texts
from tests.pages.workspaces import RUN, Submitted, add_evaluation, add_run, frozen, labels


@pytest.fixture
def trained(tmp_path: Path) -> tuple[Workspace, str]:
    workspace, revision_id = frozen(tmp_path / "project")
    add_run(workspace, revision_id)
    return workspace, revision_id


def test_a_run_is_evaluated_by_a_job_with_the_settings_of_the_form(
    open_page: OpenPage, trained: tuple[Workspace, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    app = open_page(trained[0], "evaluate")
    app.number_input(key="evaluate_replies").set_value(8).run()
    press(app, "Evaluate")
    spec = {"workspace": str(trained[0].path), "run_id": RUN, "n_replies": 8, "max_new_tokens": 128, "seed": 0}
    spec["probes"] = ["forgetting", "grounding", "bias", "instructions"]
    assert submitted.asked == [("evaluate", "flows.probing:run_evaluation", spec)]
    assert "Evaluate" not in labels(app) and "Stop the evaluation" in labels(app)
    press(app, "Stop the evaluation")
    assert next(trained[0].jobs_dir.glob("*/stop")).exists()


def test_an_evaluation_says_the_ratio_in_words_with_its_interval(
    open_page: OpenPage, trained: tuple[Workspace, str]
) -> None:
    add_evaluation(*trained)
    app = open_page(trained[0], "evaluate")
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Perplexity, base"] == "12.000" and shown["Perplexity, tuned"] == "4.800"
    assert shown["Tuned / base"] == "0.400" and shown["Answers more likely"] == "10"
    said = texts(app).replace("\\", "")
    assert "0.400 times the base's (95% interval 0.350 to 0.450): it finds the dataset's answers more likely" in said
    assert "of 12 examples; 2 less likely" in said and "1 of 12 answers cut off at 64 tokens" in said
    assert list(app.dataframe[0].value["Scored"]) == ["12 of 12"]


def test_the_table_opens_the_marked_example_with_all_three_answers(
    open_page: OpenPage, trained: tuple[Workspace, str]
) -> None:
    evaluation_id = add_evaluation(*trained)
    app = open_page(trained[0], "evaluate")
    worst = queries.evaluation(trained[0], evaluation_id, sort="worse", limit=2)["rows"]
    changes = list(app.dataframe[1].value["Change"])
    assert changes == sorted(changes, reverse=True) and changes[0] == worst[0]["change_nats_per_token"]
    assert "10 of 12 examples are listed" in texts(app) and "not blind" in texts(app)
    assert worst[0]["base_reply"] in texts(app)
    app.session_state[f"evaluation-rows-{evaluation_id}-worse-1"] = {"selection": {"rows": [1], "columns": []}}
    app.run()
    assert not app.exception
    assert worst[1]["base_reply"] in texts(app) and worst[0]["base_reply"] not in texts(app)


def test_the_order_can_be_turned_to_what_got_better(open_page: OpenPage, trained: tuple[Workspace, str]) -> None:
    add_evaluation(*trained)
    app = open_page(trained[0], "evaluate")
    app.segmented_control(key="evaluation_sort").set_value("better").run()
    changes = list(app.dataframe[1].value["Change"])
    assert changes == sorted(changes)


def test_without_a_run_the_page_sends_to_train(open_page: OpenPage, empty: Workspace) -> None:
    assert "No run has ended with an adapter yet" in texts(open_page(empty, "evaluate"))


def test_what_the_training_cost_is_said_with_its_items(open_page: OpenPage, trained: tuple[Workspace, str]) -> None:
    items = general.items()[:20]
    good = [item.answer for item in items]
    found = forgetting.accuracy("forgetting", items, good, ["Xyz qrs."] * 12 + good[12:], good)
    evaluation_id = add_evaluation(*trained, probes={"forgetting": found.as_dict()})
    rows = {name: [getattr(row, name) for row in found.rows] for name in battery.SCHEMA}
    trained[0].objects.put(
        battery.KIND, {"evaluation_id": evaluation_id}, pl.DataFrame(rows, schema=battery.SCHEMA), evaluation_id
    )
    app = open_page(trained[0], "evaluate")
    assert not app.exception
    said = texts(app).replace("\\", "")
    assert "Worse than the base model: General questions answered well." in said
    assert "12 of 20 items got worse; the first 10 are listed." in said
    table = next(frame.value for frame in app.dataframe if "Tuned said" in frame.value)
    assert list(table["Tuned said"]) == ["Xyz qrs."] * 10


def test_an_evaluation_without_probes_says_so(open_page: OpenPage, trained: tuple[Workspace, str]) -> None:
    add_evaluation(*trained)
    assert "forgetting was not measured" in texts(open_page(trained[0], "evaluate"))
