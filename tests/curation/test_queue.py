"""The review queue: its orders, whose findings it holds, and undo and redo through any number of acts."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.workspace import Workspace
from curation import actions, cache, gain, queries
from curation.overtaken import OvertakenError
from curation.queries import ORDERS, Filter
from tests.curation.reviewed import answer, emails, reviewed_template, state, ward

__all__ = ["reviewed_template", "ward"]
PLACES = itertools.count()


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_holds_every_finding_once_and_knows_each_place(ward: Workspace, order: str) -> None:
    page = queries.findings(ward, order=order, limit=1_000)
    assert len({view.id for view in page.items}) == page.total > 10
    assert [queries.rank(ward, view.id, Filter(), order=order) for view in page.items] == list(range(page.total))


def test_the_cluster_order_begins_with_the_largest_group(ward: Workspace) -> None:
    sizes = [len(view.finding.members) for view in queries.findings(ward, order="cluster", limit=100).items]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > 1


def test_the_check_order_shows_one_kind_after_the_other(ward: Workspace) -> None:
    checks = [view.finding.check for view in queries.findings(ward, order="check", limit=100).items]
    assert len([check for check, _ in itertools.groupby(checks)]) == len(set(checks)) > 1


def test_expected_gain_is_severity_times_rows_times_measured_precision(ward: Workspace) -> None:
    assert gain.precisions()["privacy.email"] == 1.0
    assert gain.expected("privacy.email", "block", 4) == 36.0
    assert gain.expected("tone.profile", "warn", 2) == 3.0, "half where no precision is measured"
    views = queries.findings(ward, order="expected gain", limit=100).items
    worth = [gain.expected(v.finding.check, v.finding.severity, len(v.finding.members)) for v in views]
    assert worth == sorted(worth, reverse=True)
    assert len(set(worth)) > 1


def test_gains_follow_the_measured_precision_of_another_version(ward: Workspace) -> None:
    before = [view.id for view in queries.findings(ward, order="expected gain", limit=100).items]
    with cache.synced(ward).writing() as connection:
        connection.execute("UPDATE findings SET gain = 0")
        cache.set_fact(connection, "gain", "of another version")
    cache._open.clear()
    assert [view.id for view in queries.findings(ward, order="expected gain", limit=100).items] == before


def test_mine_is_what_i_decided_about_and_what_i_edited_it_into(ward: Workspace) -> None:
    first, second, third = emails(ward)[:3]
    actions.keep_finding(ward, first.id, who="Ana")
    actions.decide(ward, second.finding.example_id, "drop", who="Ben", finding_id=second.id)
    actions.keep_finding(ward, third.id, who="Ana")
    actions.undo(ward, who="Ana")
    mine = {who: [v.id for v in queries.findings(ward, state="all", decided_by=who).items] for who in ("Ana", "Ben")}
    assert first.id in mine["Ana"] and second.id in mine["Ben"]
    assert not {second.id, third.id} & set(mine["Ana"]), "another's decision, and one that was taken back"


def test_a_keep_is_refused_when_somebody_dropped_the_example_meanwhile(ward: Workspace) -> None:
    view, looked = emails(ward)[0], ward.ledger.head()[0]
    actions.decide(ward, view.finding.example_id, "drop", who="Ben", finding_id=view.id)
    with pytest.raises(OvertakenError, match="Ben dropped this example while you looked at it"):
        actions.keep_finding(ward, view.id, who="Ana", seen=looked)
    assert [d.who for d in queries.history(ward, view.finding.example_id)] == ["Ben"]
    actions.keep_finding(ward, view.id, who="Ana", seen=ward.ledger.head()[0])
    assert [d.who for d in queries.history(ward, view.finding.example_id)] == ["Ben", "Ana"]


def test_a_drop_is_refused_when_somebody_kept_or_edited_meanwhile(ward: Workspace) -> None:
    kept, edited = emails(ward)[:2]
    looked = ward.ledger.head()[0]
    actions.keep_finding(ward, kept.id, who="Ben")
    text = answer(ward, edited.finding.example_id, "Ask the desk.")
    actions.edit(ward, edited.finding.example_id, text, who="Ben", finding_id=edited.id)
    for view in (kept, edited):
        with pytest.raises(OvertakenError):
            actions.decide(ward, view.finding.example_id, "drop", who="Ana", finding_id=view.id, seen=looked)


def test_an_accepted_fix_is_refused_when_somebody_edited_meanwhile(ward: Workspace) -> None:
    view = next(v for v in emails(ward) if v.finding.proposal)
    looked = ward.ledger.head()[0]
    text = answer(ward, view.finding.example_id, "Ask the desk.")
    actions.edit(ward, view.finding.example_id, text, who="Ben", finding_id=view.id)
    with pytest.raises(OvertakenError):
        actions.accept(ward, view.id, who="Ana", seen=looked)


def test_the_same_decision_by_two_people_is_recorded_twice(ward: Workspace) -> None:
    view, looked = emails(ward)[0], ward.ledger.head()[0]
    for who in ("Ben", "Ana"):
        actions.decide(ward, view.finding.example_id, "drop", who=who, finding_id=view.id, seen=looked)
    assert [d.who for d in queries.history(ward, view.finding.example_id)] == ["Ben", "Ana"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.sampled_from(["keep", "drop", "undo", "redo"]), max_size=24))
def test_undo_and_redo_reach_any_depth_as_a_stack_of_acts_does(
    ward: Workspace, tmp_path: Path, acts: list[str]
) -> None:
    """Against a model: a list of acts and a list of what was undone; each look is through a workspace opened anew."""
    who = f"person {next(PLACES)}"
    ids = [view.finding.example_id for view in emails(ward)]
    done: list[tuple[str, str]] = []
    undone: list[tuple[str, str]] = []
    for number, act in enumerate(acts):
        opened = Workspace.open(ward.path)
        if act in ("keep", "drop"):
            made = (ids[number % len(ids)], act)
            actions.decide(opened, made[0], "drop" if act == "drop" else "keep", who=who)
            done.append(made)
            undone.clear()
        elif act == "undo":
            taken = actions.undo(opened, who=who)
            expected = [done[-1]] if done else []
            assert [(d.example_id, d.verdict) for d in taken] == expected
            undone += [done.pop()] if done else []
        else:
            again = actions.redo(opened, who=who)
            expected = [undone[-1]] if undone else []
            assert [(d.example_id, d.verdict) for d in again] == expected
            done += [undone.pop()] if undone else []
    while done:
        actions.undo(ward, who=who)
        done.pop()
    assert all(state(ward, one) == "in" for one in ids)


def test_undo_reaches_back_after_a_restart(ward: Workspace) -> None:
    ids = [view.finding.example_id for view in emails(ward)][:3]
    for one in ids:
        actions.decide(ward, one, "drop", who="Ana")
    script = (
        "import sys; from pathlib import Path; from core.workspace import Workspace; from curation import actions\n"
        "w = Workspace.open(Path(sys.argv[1])); n = [len(actions.undo(w, who='Ana')) for _ in range(4)]\n"
        "assert n == [1, 1, 1, 0], n; assert len(actions.redo(w, who='Ana')) == 1"
    )
    subprocess.run([sys.executable, "-c", script, str(ward.path)], check=True, timeout=120)
    assert [state(ward, one) for one in ids] == ["dropped", "in", "in"]


def test_the_remembered_key_of_the_set_is_that_of_the_set_after_every_act(ward: Workspace) -> None:
    one, other, third = (view.finding.example_id for view in emails(ward)[:3])

    def same() -> str:
        with cache.synced(ward).reading() as connection:
            rows = connection.execute("SELECT id FROM examples WHERE state = 'in' ORDER BY id")
            key = queries.key_of(row[0] for row in rows)
            assert queries.dataset_key(connection) == key
            return key

    keys = [same()]
    for act in (
        lambda: actions.decide(ward, one, "drop", who="Ana"),
        lambda: actions.edit(ward, other, answer(ward, other, "Ask the desk."), who="Ana"),
        lambda: actions.undo(ward, who="Ana"),
        lambda: actions.redo(ward, who="Ana"),
    ):
        act()
        keys.append(same())
    assert len(set(keys)) == 3 and keys[1] == keys[3] and keys[2] == keys[4]
    actions.decide(ward, third, "keep", who="Ana")
    assert same() == keys[-1]
