"""Duplicates in the browser: sort, step, keep one, look at another threshold, and set it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.workspace import Workspace
from curation import actions, checking, queries
from curation.project_settings import read_settings
from tests.browser.conftest import Visit
from tests.pages import pair_tables
from tests.pages.test_duplicates_page import rows_file

pytestmark = pytest.mark.browser


@pytest.fixture
def clinic(tmp_path: Path) -> Workspace:
    """A cluster of nine, one of two, and a row like no other."""
    workspace = Workspace.create(tmp_path / "project")
    actions.import_file(workspace, rows_file(tmp_path), who="Ana")
    checking.check(workspace)
    pair_tables.write(workspace)
    return workspace


def test_clusters_are_sorted_stepped_through_settled_and_rethought_at_another_threshold(
    serve: Callable[..., str], visit: Callable[[str], Visit], clinic: Workspace
) -> None:
    tab = visit(serve(clinic.path))
    tab.open("duplicates", who="Ana")
    listed = queries.findings(clinic, families=("duplicates",), order="largest").items
    tab.page.get_by_role("radio", name="Largest first").click()
    tab.page.wait_for_url(lambda url: "Largest" in url and listed[0].id in url)
    tab.settle()
    tab.move("n")
    assert listed[1].id in tab.page.url
    tab.move("p")
    assert listed[0].id in tab.page.url
    tab.sees(f"{len(listed[0].finding.related)} others in this cluster")
    tab.press("m")
    second = listed[0].finding.related[1]
    (_, line), *_ = queries.example(clinic, second).lines
    below = tab.page.get_by_test_id("stCaptionContainer")
    below.get_by_text(f"clinic.jsonl, line {line}", exact=True).wait_for()
    tab.move("2")
    states = {member: queries.example(clinic, member).state for member in listed[0].finding.members}
    assert [member for member, state in states.items() if state == "in"] == [second]
    tab.move("z")
    assert queries.example(clinic, listed[0].finding.example_id).state == "in"

    tab.page.get_by_role("radio", name="Threshold").click()
    tab.sees("Just above the line")
    tab.settle()
    slider = tab.page.get_by_role("slider", name="Threshold: how alike")
    slider.focus()
    for _ in range(5):
        slider.press("ArrowRight")
    tab.sees("Use the threshold 0.75")
    tab.settle()
    assert "near=0.75" in tab.page.url
    tab.page.get_by_role("button", name="Use the threshold 0.75").click()
    tab.sees("This is the present threshold")
    assert read_settings(clinic).near_threshold == 0.75
    tab.page.reload()
    tab.sees("Duplicates")
    assert tab.complaints == []
    assert tab.outside == []
