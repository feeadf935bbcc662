"""The Results page says whether the votes can be relied on, and every figure of a slice."""

from __future__ import annotations

from core.workspace import Workspace
from evaluation import study
from tests.pages.conftest import OpenPage, texts
from tests.pages.test_results import judged as judged
from tests.pages.test_results import study_id as study_id


def test_the_page_says_whether_the_votes_are_enough_and_how_the_raters_did(
    open_page: OpenPage, judged: Workspace, study_id: str
) -> None:
    study.close_study(judged, study_id, who="Lea")
    app = open_page(judged, "results")
    assert not app.exception
    said = texts(app)
    assert "All 24 planned votes are in" in said
    assert "As one score, by weight (Accuracy 1, Safety 1)" in said
    columns = {column for table in app.dataframe for column in table.value.columns}
    assert {"Repeats judged alike", "Gold pairs right", "Sooner than one can read"} <= columns


def test_every_slice_has_its_agreement_and_its_faults(open_page: OpenPage, judged: Workspace, study_id: str) -> None:
    study.close_study(judged, study_id, who="Lea")
    app = open_page(judged, "results")
    app.segmented_control(key="results_view").set_value("slices").run()
    assert not app.exception
    assert app.dataframe
    for table in app.dataframe:
        assert {"Agreement, alpha", "Critical, tuned", "Major faults, tuned"} <= set(table.value.columns)
