"""Two people at the review desk in two browsers: what one has open, what both decide, and who settles it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from core.workspace import Workspace
from curation import disagreements, queries
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def finding_of(tab: Visit) -> str:
    """The finding in a tab's address."""
    return parse_qs(urlsplit(tab.page.url).query)["finding"][0]


def test_two_people_share_a_queue_and_a_third_settles_what_they_disagree_on(
    serve: Callable[..., str], visit: Callable[[str], Visit], checked: Workspace
) -> None:
    url = serve(checked.path)
    ana, ben = visit(url), visit(url)
    ana.open("review", who="Ana")
    ben.open("review", who="Ben")
    first = finding_of(ana)
    assert finding_of(ben) != first, "Ben is led to the next free item"

    ben.open("review", who="Ben", finding=first)
    ben.sees("Ana has this open")
    before = checked.ledger.head()
    ben.press("k")
    assert checked.ledger.head() == before, "what is Ana's is not decided by a slip"
    ben.press("o")
    ana.press("f")
    ana.sees("Ben has this open")
    ana.press("o")

    ben.move("k")
    ana.press("d")
    ana.sees("Ben kept this example while you looked at it")
    assert finding_of(ana) == first
    ana.press("d")
    view = queries.finding(checked, first)
    history = queries.history(checked, view.finding.example_id)
    assert [(d.who, d.verdict) for d in history] == [("Ben", "keep"), ("Ana", "drop")], "neither decision is lost"

    cleo = visit(url)
    cleo.open("review", who="Cleo")
    cleo.sees("1 disagreement to settle")
    cleo.page.get_by_role("radio", name="disagreements").click()
    cleo.sees("Ben kept it")
    cleo.sees("Ana dropped it")
    cleo.settle()
    assert "queue=disagreements" in cleo.page.url
    cleo.press("1")
    cleo.sees("Nobody disagrees")
    assert disagreements.count(checked) == 0
    assert queries.example(checked, view.finding.example_id).state == "in"
    cleo.press("z")
    cleo.sees("Ben kept it")
    for tab in (ana, ben, cleo):
        assert tab.complaints == [] and tab.outside == []


def test_a_whole_view_is_counted_decided_and_undone_in_the_browser(
    serve: Callable[..., str], visit: Callable[[str], Visit], checked: Workspace
) -> None:
    total = queries.findings(checked, checks=("privacy.email",)).total
    tab = visit(serve(checked.path))
    tab.open("review", who="Ana", check="privacy.email", order="expected+gain")
    tab.page.get_by_text(f"Decide all {total:,} of this view at once").click()
    tab.settle()
    tab.page.get_by_role("radio", name="Drop all").click()
    tab.sees("drawn at random")
    tab.settle()
    tab.page.get_by_role("button", name="Drop all:").click()
    tab.sees("Nothing is left in this view.")
    assert queries.findings(checked, checks=("privacy.email",)).total == 0
    tab.settle()
    tab.press("z")
    tab.sees(f"of {total:,} open findings")
    assert queries.findings(checked, checks=("privacy.email",)).total == total


def test_a_key_pressed_three_times_in_a_hurry_makes_one_decision_and_h_shows_the_keys(
    serve: Callable[..., str], visit: Callable[[str], Visit], checked: Workspace
) -> None:
    tab = visit(serve(checked.path))
    tab.open("review", who="Ana")
    before = queries.findings(checked).total
    tab.hurry("k")
    assert queries.findings(checked).total == before - 1
    tab.press("h")
    tab.sees("take over what somebody else has open")
