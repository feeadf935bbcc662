"""One decision for a whole view: counted before, done as counted, undone as one, and never over somebody's head."""

from __future__ import annotations

import pytest

from core.errors import InputError
from core.workspace import Workspace
from curation import actions, batches, queries
from curation.batches import ChangedError
from curation.queries import Filter
from tests.curation.reviewed import emails, reviewed_template, state, ward

__all__ = ["reviewed_template", "ward"]
EMAILS = Filter(checks=("privacy.email",))


def test_the_count_is_said_before_and_is_what_is_done(ward: Workspace) -> None:
    ids = [view.finding.example_id for view in emails(ward)]
    counted = batches.select(ward, EMAILS, "drop")
    assert (counted.n_findings, counted.n_dropped, counted.n_kept, counted.n_edited) == (10, 10, 0, 0)
    assert [state(ward, one) for one in ids] == ["in"] * 10, "nothing is done by counting"
    batches.apply_to_all(ward, EMAILS, counted, who="Ana", action_id="b")
    assert [state(ward, one) for one in ids] == ["dropped"] * 10
    assert len(actions.undo(ward, who="Ana")) == 10, "one undo"
    assert [state(ward, one) for one in ids] == ["in"] * 10
    assert len(actions.redo(ward, who="Ana")) == 10


def test_keep_all_settles_the_findings_and_leaves_the_examples(ward: Workspace) -> None:
    views = emails(ward)
    counted = batches.select(ward, EMAILS, "keep")
    batches.apply_to_all(ward, EMAILS, counted, who="Ana", note="public addresses")
    assert {queries.finding(ward, view.id).state for view in views} == {"settled"}
    assert {state(ward, view.finding.example_id) for view in views} == {"in"}
    assert queries.history(ward, views[0].finding.example_id)[-1].note == "public addresses"


def test_accept_all_makes_exactly_the_changes_of_the_preview(ward: Workspace) -> None:
    counted = batches.select(ward, EMAILS, "accept")
    assert counted.n_edited == len(counted.sample) == 10
    batches.apply_to_all(ward, EMAILS, counted, who="Ana")
    for change in counted.sample:
        becomes = queries.example(ward, change.example_id).becomes
        assert becomes is not None
        assert queries.example(ward, becomes).example.messages == change.becomes != change.messages
    actions.undo(ward, who="Ana")
    assert {state(ward, change.example_id) for change in counted.sample} == {"in"}


def test_the_sample_is_drawn_over_the_whole_selection_and_is_the_same_each_time(ward: Workspace) -> None:
    everything = [view.finding.example_id for view in queries.findings(ward, limit=100).items]
    drawn = [c.example_id for c in batches.select(ward, Filter(), "drop", sample=5).sample]
    assert drawn == [c.example_id for c in batches.select(ward, Filter(), "drop", sample=5).sample]
    assert len(drawn) == 5 and set(drawn) <= set(everything)
    assert drawn != list(dict.fromkeys(everything))[:5], "not just the first ones"


def test_a_selection_that_has_changed_since_it_was_counted_is_not_decided(ward: Workspace) -> None:
    counted = batches.select(ward, EMAILS, "drop")
    kept = emails(ward)[0]
    actions.keep_finding(ward, kept.id, who="Ben")
    with pytest.raises(ChangedError, match="10 findings then, 9 now"):
        batches.apply_to_all(ward, EMAILS, counted, who="Ana")
    assert state(ward, kept.finding.example_id) == "in"


def test_the_same_press_again_does_nothing_more(ward: Workspace) -> None:
    counted = batches.select(ward, EMAILS, "drop")
    batches.apply_to_all(ward, EMAILS, counted, who="Ana", action_id="b")
    head = ward.ledger.head()
    batches.apply_to_all(ward, EMAILS, counted, who="Ana", action_id="b")
    assert ward.ledger.head() == head


def test_settled_findings_are_not_decided_all_at_once(ward: Workspace) -> None:
    with pytest.raises(InputError, match="Only open findings"):
        batches.select(ward, Filter(state="all"), "drop")


def test_what_proposes_nothing_is_counted_and_stays_open(ward: Workspace) -> None:
    counted = batches.select(ward, Filter(), "accept")
    without = sum(1 for v in queries.findings(ward, limit=100).items if v.finding.proposal is None)
    assert counted.n_left_out == without
    batches.apply_to_all(ward, Filter(), counted, who="Ana")
    assert queries.findings(ward).total == counted.n_left_out + counted.n_waiting
