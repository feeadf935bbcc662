"""What a person does to the dataset holds, comes back with an undo, and follows the content, not the row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core import db
from core.errors import FinetoothError, InputError
from core.revisions import find_revision
from core.types import Example, Message
from core.workspace import Workspace
from curation import actions, cache, changes, checking, freeze, queries
from tests.conftest import chat

Write = Callable[..., Path]
TOPICS = ("fever", "cough", "gout", "asthma", "sepsis", "angina", "eczema", "vertigo", "anaemia", "migraine")


def chats(n: int = 10) -> list[Example]:
    """Different chats."""
    return [
        chat(
            f"A patient presents with {TOPICS[i % 10]} for {i + 2} days after travelling. Which ward is it?",
            f"Ward {chr(65 + i)} takes {TOPICS[i % 10]} number {i}.",
        )
        for i in range(n)
    ]


@pytest.fixture
def filled(workspace: Workspace, write_chats: Write) -> Workspace:
    """A workspace with ten chats, one of them on two lines."""
    examples = chats()
    actions.import_file(workspace, write_chats([*examples, examples[3]]), who="Ada")
    return workspace


def ids(workspace: Workspace) -> list[str]:
    """Ids in the dataset, in order."""
    return [view.example.id for view in queries.examples(workspace, limit=1000).items]


def test_identical_rows_are_one_example_and_both_lines_are_remembered(filled: Workspace) -> None:
    seen = queries.overview(filled)
    assert (seen.n_rows, seen.n_examples, seen.n_in) == (11, 10, 10)
    assert [line for _, line in queries.example(filled, chats()[3].id).lines] == [4, 11]


def test_importing_the_same_bytes_again_changes_nothing(filled: Workspace, tmp_path: Path) -> None:
    before = ids(filled)
    report = actions.import_file(filled, tmp_path / "chats.jsonl", who="Bob", name="other-name.jsonl")
    assert report.already
    assert ids(filled) == before
    assert queries.overview(filled).n_rows == 11


def test_decisions_follow_the_content_into_another_file(filled: Workspace, write_chats: Write) -> None:
    dropped = chats()[5]
    actions.decide(filled, dropped.id, "drop", who="Ada")
    joined = [chat("Something new about a sprained ankle?", "Ward Z."), *reversed(chats())]
    report = actions.import_file(filled, write_chats(joined, "joined.jsonl"), who="Ada")
    assert report.n_new == 1
    assert dropped.id not in ids(filled)


def test_decisions_made_before_an_import_apply_to_it(workspace: Workspace, write_chats: Write, tmp_path: Path) -> None:
    examples = chats()
    actions.import_file(workspace, write_chats(examples), who="Ada")
    actions.decide(workspace, examples[2].id, "drop", who="Ada")
    workspace.cache_path.unlink()  # the cache is a projection: it comes back as it was
    assert examples[2].id not in ids(workspace)
    assert len(ids(workspace)) == 9


def test_a_drop_comes_back_with_undo_and_goes_again_with_redo(filled: Workspace) -> None:
    target = chats()[0].id
    actions.decide(filled, target, "drop", who="Ada")
    assert [d.example_id for d in actions.undo(filled, who="Ada")] == [target]
    assert target in ids(filled)
    assert [d.example_id for d in actions.redo(filled, who="Ada")] == [target]
    assert target not in ids(filled)
    assert actions.redo(filled, who="Ada") == []


def test_undo_goes_back_step_by_step_and_redo_forth(filled: Workspace) -> None:
    first, second = chats()[0].id, chats()[1].id
    actions.decide(filled, first, "drop", who="Ada")
    actions.decide(filled, second, "drop", who="Ada")
    actions.undo(filled, who="Ada")
    actions.undo(filled, who="Ada")
    assert actions.undo(filled, who="Ada") == []
    assert {first, second} <= set(ids(filled))
    actions.redo(filled, who="Ada")
    assert first not in ids(filled)
    assert second in ids(filled)
    actions.redo(filled, who="Ada")
    assert not {first, second} & set(ids(filled))


def test_undo_takes_back_ones_own_acts_only(filled: Workspace) -> None:
    actions.decide(filled, chats()[0].id, "drop", who="Ada")
    assert actions.undo(filled, who="Bob") == []


def test_an_edit_takes_the_place_of_the_old_text_which_stays_readable(filled: Workspace) -> None:
    old = chats()[4]
    turns = (*old.messages[:-1], Message("assistant", "Ward Q."))
    made = actions.edit(filled, old.id, turns, who="Ada", note="wrong ward")
    assert made.becomes is not None
    assert ids(filled).index(made.becomes) == 4
    assert old.id not in ids(filled)
    assert queries.example(filled, old.id).example.answer == "Ward E takes sepsis number 4."
    assert [d.note for d in queries.history(filled, made.becomes)] == ["wrong ward"]
    actions.undo(filled, who="Ada")
    assert old.id in ids(filled)
    assert made.becomes not in ids(filled)


def test_editing_back_to_the_first_text_brings_the_first_example_back(filled: Workspace) -> None:
    old = chats()[4]
    changed = actions.edit(filled, old.id, (*old.messages[:-1], Message("assistant", "Ward Q.")), who="Ada").becomes
    assert changed is not None
    actions.edit(filled, changed, old.messages, who="Ada")
    assert old.id in ids(filled)
    assert changed not in ids(filled)
    actions.undo(filled, who="Ada")
    assert changed in ids(filled)
    assert old.id not in ids(filled)


def test_undoing_the_first_of_two_edits_leaves_one_example_not_two(filled: Workspace) -> None:
    old = chats()[4]
    first = actions.edit(filled, old.id, (*old.messages[:-1], Message("assistant", "Ward Q.")), who="Ada")
    assert first.becomes is not None
    actions.edit(filled, first.becomes, (*old.messages[:-1], Message("assistant", "Ward R.")), who="Ada")
    actions.undo(filled, who="Ada", target=first.action_id)
    assert len(ids(filled)) == 10
    assert old.id in ids(filled)


def test_an_edit_that_changes_nothing_is_refused(filled: Workspace) -> None:
    with pytest.raises(InputError, match="Nothing was changed"):
        actions.edit(filled, chats()[0].id, chats()[0].messages, who="Ada")


def test_three_presses_record_one_decision(filled: Workspace) -> None:
    for _ in range(3):
        actions.decide(filled, chats()[0].id, "drop", who="Ada", action_id="press-1")
    assert len(queries.recent(filled)) == 1


def test_deciding_about_an_unknown_example_is_refused(filled: Workspace) -> None:
    with pytest.raises(FinetoothError, match="no example"):
        actions.decide(filled, "nope", "drop", who="Ada")


def test_a_settled_finding_stays_settled_when_the_checks_run_again(filled: Workspace) -> None:
    checking.check(filled, only=["duplicates.exact"])
    found = queries.findings(filled, checks=["duplicates.exact"])
    assert found.total == 1
    actions.keep_finding(filled, found.items[0].id, who="Ada", note="known")
    assert queries.findings(filled, checks=["duplicates.exact"]).total == 0
    checking.check(filled, only=["duplicates.exact"])
    assert queries.findings(filled, checks=["duplicates.exact"]).total == 0
    assert queries.findings(filled, checks=["duplicates.exact"], state="settled").total == 1


def test_accepting_safe_proposals_is_one_batch_with_one_undo(workspace: Workspace, write_chats: Write) -> None:
    examples = chats()
    shouted = [chat(e.messages[1].content.upper(), e.answer) for e in examples[:2]]
    damaged = chat("Which ward takes burns of the hand after hot oil?", "Ward  P takes burns.  ")
    actions.import_file(workspace, write_chats([*examples, *shouted, damaged]), who="Ada")
    checking.check(workspace, only=["duplicates", "format.damage"])
    before = ids(workspace)
    applied = actions.accept_all(workspace, who="Ada")
    assert applied.n_dropped == 2
    assert applied.n_edited == 1
    assert {e.id for e in examples[2:]} <= set(ids(workspace))
    assert "Ward P takes burns." in [v.example.answer for v in queries.examples(workspace).items]
    actions.undo(workspace, who="Ada")
    assert ids(workspace) == before


def test_the_overview_says_when_findings_are_stale(filled: Workspace) -> None:
    assert not queries.overview(filled).checked
    checking.check(filled, only=["duplicates"])
    assert not queries.overview(filled).stale
    actions.decide(filled, chats()[0].id, "drop", who="Ada")
    assert queries.overview(filled).stale


def test_a_revision_has_the_same_id_on_another_machine_and_at_another_time(tmp_path: Path, write_chats: Write) -> None:
    path = write_chats(chats(30))
    made = []
    for name, year in (("a", "2026"), ("b", "2031")):
        workspace = Workspace.create(tmp_path / name, clock=lambda year=year: f"{year}-01-01T00:00:00.000000Z")  # type: ignore[misc]
        actions.import_file(workspace, path, who=name)
        actions.decide(workspace, chats(30)[7].id, "drop", who=name)
        made.append(freeze.freeze(workspace, who=name, holdout_share=0.2).revision.id)
    assert made[0] == made[1]


def test_the_diff_of_two_revisions_names_what_was_edited_dropped_and_added(
    filled: Workspace, write_chats: Write
) -> None:
    first = freeze.freeze(filled, who="Ada", holdout_size=2).revision.id
    old, gone = chats()[4], chats()[6]
    edited = actions.edit(filled, old.id, (*old.messages[:-1], Message("assistant", "Ward Q.")), who="Ada").becomes
    actions.decide(filled, gone.id, "drop", who="Ada")
    new = chat("Which ward takes a broken wrist after a fall from a horse?", "Ward W.")
    actions.import_file(filled, write_chats([new], "more.jsonl"), who="Ada")
    second = freeze.freeze(filled, who="Ada", holdout_size=2).revision.id
    changed = changes.diff(filled, first, second)
    assert (changed.added, changed.dropped, changed.edited) == ((new.id,), (gone.id,), ((old.id, edited),))


def _twins() -> list[Example]:
    question = "A patient presents with fever for three days after a long journey to the sea. Which ward is it?"
    return [*chats(6), *(chat(question, f"It is ward nine{end}") for end in (".", " .", "!"))]


def test_copies_stay_where_the_one_they_copy_has_left_since_the_checks(
    workspace: Workspace, write_chats: Write
) -> None:
    actions.import_file(workspace, write_chats(_twins()), who="Ada")
    checking.check(workspace, only=("duplicates",))
    found = next(v.finding for v in queries.findings(workspace).items if len(v.finding.members) == 3)
    assert found.proposal is not None
    assert found.example_id not in found.proposal.targets
    actions.decide(workspace, found.example_id, "drop", who="Ada")
    applied = actions.accept_all(workspace, who="Ada", safe_only=False)
    assert (applied.n_dropped, len(applied.skipped)) == (0, 1)
    assert set(found.proposal.targets) <= set(ids(workspace))


def test_a_check_of_one_family_does_not_pass_for_a_check_of_all(filled: Workspace) -> None:
    checking.check(filled, only=("privacy",))
    seen = queries.overview(filled)
    assert {name.split(".")[0] for name in seen.checks_run} == {"privacy"}
    assert set(freeze.freeze(filled, who="Ada", holdout_share=0.2).revision.checks) == set(seen.checks_run)
    checking.check(filled)
    assert not queries.overview(filled).stale
    actions.decide(filled, ids(filled)[0], "drop", who="Ada")
    checking.check(filled, only=("privacy",))
    assert queries.overview(filled).stale, "the other checks have not seen the dataset as it is now"
    checking.check(filled)
    assert not queries.overview(filled).stale


def test_findings_survive_while_another_process_holds_the_cache(
    filled: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    checking.check(filled)
    before = queries.overview(filled).counts
    assert before
    filled.ledger.append("note", "x", {}, who="Bob")
    monkeypatch.setattr(db, "BUSY_TIMEOUT_MS", 50)
    with cache.synced(filled).writing(), pytest.raises(FinetoothError, match="locked"):
        filled.ledger.append("note", "y", {}, who="Bob")
        queries.overview(filled)
    assert queries.overview(filled).counts == before


def test_an_earlier_state_frozen_again_is_the_newest_revision_again(filled: Workspace) -> None:
    first = freeze.freeze(filled, who="Ada", holdout_size=2).revision.id
    actions.decide(filled, chats()[0].id, "drop", who="Ada")
    second = freeze.freeze(filled, who="Ada", holdout_size=2).revision.id
    actions.undo(filled, who="Ada")
    assert find_revision(filled) == second
    assert freeze.freeze(filled, who="Ada", holdout_size=2).already
    assert find_revision(filled) == first
    assert [view.revision.id for view in freeze.revisions(filled)] == [first, second]
    assert find_revision(filled, second[:8]) == second
