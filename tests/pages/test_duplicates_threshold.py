"""The threshold explorer on the page of duplicates: it looks ahead, and sets what was looked at."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import jobs
from core.workspace import Workspace
from curation import actions, checking, queries, thresholds
from curation.project_settings import read_settings
from curation.thresholds import PairTable
from tests.pages import pair_tables
from tests.pages.conftest import OpenPage, press, texts
from tests.pages.test_duplicates_page import clinic, template  # noqa: F401 (fixtures)
from tests.pages.workspaces import Submitted


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def table_of(workspace: Workspace) -> PairTable:
    table = thresholds.load(workspace)
    assert isinstance(table, PairTable)
    return table


def test_the_figures_follow_the_slider_and_stand_beside_the_present_ones(
    open_page: OpenPage,
    clinic: Workspace,  # noqa: F811
) -> None:
    app = open_page(clinic, "duplicates", view="Threshold")
    table = table_of(clinic)
    here = table.what_if(0.70, 0.85)
    assert here.gone > 0
    assert metrics(app) == {
        "Pairs of near-duplicates": str(here.pairs),
        "Clusters": str(here.clusters),
        "Examples that would go": str(here.gone),
    }
    assert "at the present" not in texts(app), "nothing else is looked at yet"
    app.slider(key="near").set_value(0.96).run()
    there = table.what_if(0.96, 0.85)
    assert there.gone < here.gone
    assert metrics(app)["Examples that would go"] == str(there.gone)
    assert f"of {table.n_examples}; {here.gone} at the present 0.70" in texts(app)
    assert f"of {table.n_pairs} pairs looked at" in texts(app)


def test_the_threshold_stands_in_the_address(open_page: OpenPage, clinic: Workspace) -> None:  # noqa: F811
    app = open_page(clinic, "duplicates", view="Threshold", near="0.55")
    assert app.slider(key="near").value == 0.55
    assert metrics(app)["Clusters"] == str(table_of(clinic).what_if(0.55, 0.85).clusters)


def test_the_pairs_on_both_sides_of_the_line_are_shown_with_what_differs(
    open_page: OpenPage,
    clinic: Workspace,  # noqa: F811
) -> None:
    app = open_page(clinic, "duplicates", view="Threshold", near="0.94")
    said = texts(app)
    assert "Just above the line" in said
    assert "Just below the line" in said
    assert said.count("ft-differs") > 4
    inside, outside = table_of(clinic).borderline(0.94, 0.85)
    for pair in (inside[0], outside[0]):
        (_, line), *_ = queries.example(clinic, pair.left).lines
        assert f"line {line}" in said.replace("\\", "")
        assert f"{pair.sides.whole:.2f}" in said


def test_the_page_says_how_the_pairs_were_found_and_what_is_counted(
    open_page: OpenPage,
    clinic: Workspace,  # noqa: F811
) -> None:
    said = texts(open_page(clinic, "duplicates", view="Threshold"))
    assert "0.99 at 0.60 and 0.87 at 0.50" in said
    assert "*each* reach the threshold" in said
    assert "1 example more that equal" in said


def test_the_chart_is_told_in_words(open_page: OpenPage, clinic: Workspace) -> None:  # noqa: F811
    app = open_page(clinic, "duplicates", view="Threshold")
    (chart,) = app.get("arrow_vega_lite_chart") or app.get("vega_lite_chart")
    assert f"Histogram of {table_of(clinic).n_pairs} pairs" in chart.proto.alt


def test_using_a_threshold_keeps_it_on_the_record_and_looks_for_duplicates_again(
    open_page: OpenPage,
    clinic: Workspace,  # noqa: F811
    submitted: Submitted,
) -> None:
    app = open_page(clinic, "duplicates", view="Threshold")
    assert next(b for b in app.button if "This is the present threshold" in b.label).disabled
    app.slider(key="near").set_value(0.6)
    app.slider(key="short").set_value(0.9).run()
    press(app, "Use the threshold 0.60, and 0.90 for short texts")
    assert (read_settings(clinic).near_threshold, read_settings(clinic).short_threshold) == (0.6, 0.9)
    (entry,) = clinic.ledger.entries("settings")
    assert entry.who == "Ana"
    ((kind, target, spec),) = submitted.asked
    assert (kind, target, spec["only"]) == ("check", "curation.checking:check_job", ["duplicates"])
    assert "The check that is running measures them" in texts(app)
    app.slider(key="near").set_value(0.8).run()
    press(app, "Use the threshold 0.80")
    assert "running already" in app.error[0].value
    assert read_settings(clinic).near_threshold == 0.6, "nothing is set that could not be carried out"


def test_the_check_of_duplicates_leaves_other_findings_alone_and_uses_the_threshold(
    clinic: Workspace,  # noqa: F811
) -> None:
    def proposals() -> int:
        found = queries.findings(clinic, checks=("duplicates.near",), state="all").items
        return sum(view.finding.proposal is not None for view in found)

    others = {c.check: c.open for c in queries.overview(clinic).counts if c.family != "duplicates"}
    (clinic.path / "finetooth.toml").write_text("[check]\nnear_threshold = 1.0\nshort_threshold = 1.0\n")
    assert proposals() > 0
    job = jobs.submit(
        clinic.jobs_dir, "check", "curation.checking:check_job", {"workspace": str(clinic.path), "only": ["duplicates"]}
    )
    assert jobs.wait(job).status == "done"
    assert proposals() == 0
    assert {c.check: c.open for c in queries.overview(clinic).counts if c.family != "duplicates"} == others


def test_progress_of_the_check_is_shown_in_both_views(
    open_page: OpenPage,
    clinic: Workspace,  # noqa: F811
    submitted: Submitted,
) -> None:
    submitted(clinic.jobs_dir, "check", "curation.checking:check_job", {"workspace": str(clinic.path), "only": []})
    for view in ("Clusters", "Threshold"):
        app = open_page(clinic, "duplicates", view=view)
        assert [b for b in app.button if b.label == "Stop"], view


@pytest.mark.parametrize("why", ["absent", "stale", "broken"])
def test_without_figures_that_fit_the_page_says_why_and_measures_anew(
    open_page: OpenPage,
    clinic: Workspace,  # noqa: F811
    submitted: Submitted,
    why: str,
) -> None:
    words = {"absent": "not kept the similarities", "stale": "dataset has changed", "broken": "cannot be read"}[why]
    if why == "stale":
        actions.decide(clinic, queries.examples(clinic).items[0].example.id, "drop", who="Ana")
    for name in {"absent": ["meta.json"], "stale": [], "broken": ["pairs.parquet"]}[why]:
        (clinic.path / "index" / name).unlink()
    app = open_page(clinic, "duplicates", view="Threshold")
    assert words in texts(app)
    assert not app.metric
    press(app, "Look for duplicates again")
    assert submitted.asked[0][2]["only"] == ["duplicates"]


def test_text_of_a_dataset_stays_text(open_page: OpenPage, tmp_path: Path) -> None:
    attack = "![x](http://evil.example/a.png) <img src=x> " + " ".join(f"word{k}" for k in range(20))
    source = tmp_path / "rows.jsonl"
    lines = [f'{{"prompt": "{attack}", "completion": "{attack} {end}"}}\n' for end in ("one", "two", "three four")]
    source.write_text("".join(lines))
    workspace = Workspace.create(tmp_path / "project")
    actions.import_file(workspace, source, who="Ana")
    checking.check(workspace, only=["duplicates"])
    pair_tables.write(workspace)
    for view in ("Clusters", "Threshold"):
        app = open_page(workspace, "duplicates", view=view)
        told = [e.value for kind in (app.markdown, app.caption, app.subheader) for e in kind]
        assert not [one for one in told if "evil.example" in one or "<img" in one]
        assert "&lt;img src=x&gt;" in texts(app)
