"""Contradictions in the browser: settle a clash each way by keyboard, and see that nothing comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.workspace import Workspace
from curation import actions, checking, queries, resolutions
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser
FAMILY = ("contradictions",)
CLASHES = (
    (
        "How much does the patient of room {} take of the blue tablets?",
        "She takes 5 mg a day.",
        "She takes 50 mg a day.",
    ),
    ("May the patient of room {} travel by air with her plaster?", "Yes, she may travel.", "No, not yet."),
    ("Which code stands for the bronchitis of the patient in bed {}?", "The code is J20.9.", "The code is J20.8."),
    (
        "Where does it hurt, says the man who came to desk {} today?",
        "It is on the left side.",
        "It is on the right side.",
    ),
    (
        "Is the rash of the child who sat on chair {} passed on by touch?",
        "It is passed on by touch.",
        "It is not passed on by touch.",
    ),
)


def rows_file(path: Path, *, back_to_front: bool = False) -> Path:
    """Five questions, each answered in two ways that cannot both be right."""
    rows = [(ask.format(n + 2), answer) for n, (ask, *answers) in enumerate(CLASHES) for answer in answers]
    lines = [{"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]} for q, a in rows]
    if back_to_front:
        more = {
            "messages": [{"role": "user", "content": "What to bring?"}, {"role": "assistant", "content": "A coat."}]
        }
        lines = [more, *lines[::-1]]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def clinic(tmp_path: Path) -> Workspace:
    """A workspace with the five clashes, checked."""
    workspace = Workspace.create(tmp_path / "project")
    actions.import_file(workspace, rows_file(tmp_path / "rows.jsonl"), who="Ana")
    checking.check(workspace, only=FAMILY)
    return workspace


def test_clashes_are_settled_each_way_by_keyboard_and_nothing_comes_back(
    serve: Callable[..., str], visit: Callable[[str], Visit], clinic: Workspace
) -> None:
    listed = queries.findings(clinic, families=FAMILY, order="surest").items
    assert len(listed) == len(CLASHES)
    tab = visit(serve(clinic.path))
    tab.open("contradictions", who="Ana")

    for view in listed:
        assert view.id in tab.page.url
        left, right = tab.page.get_by_test_id("stColumn").all()[-2:]
        assert left.locator("mark").count() >= (0 if view.finding.reason == "negation" else 1)
        assert right.locator("mark").count() + left.locator("mark").count() >= 1
        if view is not listed[-1]:
            tab.move("n")
    tab.open("contradictions", who="Ana", finding=listed[0].id)

    tab.move("1")
    tab.move("2")
    tab.press("k")
    tab.sees("Why do both stay?")
    tab.page.get_by_label("In your own words").fill("Two beds, 1 and 2.")
    tab.page.get_by_label("In your own words").press("Tab")
    tab.page.locator("h1").click()
    tab.move("1")
    tab.move("d")
    assert [states(clinic, view) for view in listed[:4]] == [
        ["in", "dropped"], ["dropped", "in"], ["in", "in"], ["dropped", "dropped"],
    ]  # fmt: skip
    kept = resolutions.earlier(clinic, listed[2])[0]
    assert (kept.reason, kept.words, kept.who) == ("cases", "Two beds, 1 and 2.", "Ana")

    tab.move("z")
    assert states(clinic, listed[3]) == ["in", "in"]
    tab.move("d")
    tab.press("t")
    tab.page.get_by_label("Text of turn 2").last.fill("Ask the ward about it.")
    tab.page.get_by_role("button", name="Save the edit").click()
    tab.sees("Press once more to save it.")
    tab.page.wait_for_timeout(1000)
    tab.page.get_by_role("button", name="Save the edit").click()
    tab.sees("No contradiction is left to settle in this view.")
    assert states(clinic, listed[4]) == ["in", "replaced"]

    actions.import_file(clinic, rows_file(clinic.path.parent / "again.jsonl", back_to_front=True), who="Ruth")
    checking.check(clinic, only=FAMILY)
    tab.open("contradictions", who="Ana")
    tab.sees("No contradiction is left to settle in this view.")
    tab.open("contradictions", who="Ana", contradictions_state="all", finding=listed[2].id)
    tab.sees("kept both (both are right: different cases): Two beds, 1 and 2.")
    assert tab.complaints == []
    assert tab.outside == []


def test_the_second_of_two_people_is_told_in_the_browser(
    serve: Callable[..., str], visit: Callable[[str], Visit], clinic: Workspace
) -> None:
    view = queries.findings(clinic, families=FAMILY, order="surest").items[0]
    url = serve(clinic.path)
    ana, ruth = visit(url), visit(url)
    for tab, name in ((ana, "Ana"), (ruth, "Ruth")):
        tab.open("contradictions", who=name, finding=view.id)
    ruth.sees("Ana has this open")
    ruth.press("2")
    assert states(clinic, view) == ["in", "in"], "what is Ana's is not decided by a slip"
    ruth.press("o")
    ana.move("1")
    ruth.press("2")
    ruth.sees("Ana settled this pair while you looked at it")
    assert states(clinic, view) == ["in", "dropped"]
    ruth.press("2")
    assert states(clinic, view) == ["dropped", "in"]


def states(workspace: Workspace, view: queries.FindingView) -> list[str]:
    """Where the two rows of a finding stand."""
    return [queries.example(workspace, one).state for one in view.finding.members]
