"""The norms on the Consistency page lead to the answers that depart from them."""

from __future__ import annotations

from core.workspace import Workspace
from curation import norms, queries
from tests.pages.conftest import OpenPage, texts


def test_each_norm_stands_as_a_sentence_with_its_share_and_a_bar(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "consistency")
    shown = texts(app)
    known = norms.load(checked)
    assert known, "the demo dataset has norms"
    broken = [norm for norm in known if norm.departures]
    assert broken, "and rows that depart from them"
    for norm in broken:
        assert f"<b>{norm.count:,} of {norm.total:,}</b> answers {norm.sentence}" in shown
        assert f"lower bound {norm.bound:.1%}" in shown


def test_a_norm_opens_its_departures_in_the_review_queue(open_page: OpenPage, checked: Workspace) -> None:
    counted = queries.reason_counts(checked, ["format.norm"])
    (check, reason), (n_open, n_all) = max(counted.items(), key=lambda item: item[1])
    assert n_open == n_all > 0
    found = queries.findings(checked, checks=(check,), reasons=(reason,))
    assert found.total == n_open
    assert {view.finding.reason for view in found.items} == {reason}
    app = open_page(checked, "review", check=check, reason=reason)
    assert f"of {n_open:,}" in texts(app)
    assert found.items[0].finding.message.split(" (")[0] in texts(app)


def test_a_reason_that_is_settled_shows_an_empty_view(open_page: OpenPage, checked: Workspace) -> None:
    app = open_page(checked, "review", check="format.norm", reason="no-such-reason")
    assert not app.exception
    assert "Nothing is left in this view." in texts(app)
