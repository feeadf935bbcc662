"""Examples behind a wrong answer wait for review: kept in the ledger, still there after the next run of the checks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from core.errors import InputError
from core.rated import RATING, pair_id
from core.revisions import messages_to_json
from core.workspace import Workspace
from curation import actions, checking, queries, traced
from tests.conftest import chat

ROWS = [chat(f"Which floor is ward {k} on?", f"Ward {k} is on floor {k % 7}.") for k in range(8)]


@pytest.fixture
def filled(workspace: Workspace, write_chats: Callable[..., Path]) -> Workspace:
    actions.import_file(workspace, write_chats(ROWS), who="Ana")
    return workspace


def send(workspace: Workspace, *rows: int, item: str = "item") -> traced.Sent:
    ids = [ROWS[row].id for row in rows]
    reasons = dict.fromkeys(ids, "It stands first in the trace of an answer judged both bad.")
    return traced.send(
        workspace, ids, study_id="study", evaluation_id="evaluation", item_id=item, reasons=reasons, who="Ana"
    )


def waiting(workspace: Workspace) -> list[str]:
    return [view.finding.example_id for view in queries.findings(workspace, checks=(traced.CHECK,)).items]


def test_sent_examples_wait_in_the_queue_with_their_reason_and_where_they_come_from(filled: Workspace) -> None:
    checking.check(filled)
    assert send(filled, 2, 5) == traced.Sent(new=2, waiting=2)
    assert set(waiting(filled)) == {ROWS[2].id, ROWS[5].id}
    found = queries.findings(filled, checks=(traced.CHECK,)).items[0].finding
    assert found.message.startswith("It stands first") and found.severity == "warn"
    origin = traced.origin(filled, found)
    assert origin is not None and (origin.study_id, origin.evaluation_id, origin.item_id) == (
        "study",
        "evaluation",
        "item",
    )
    assert traced.sent(filled, "item") == {ROWS[2].id, ROWS[5].id}


def test_they_are_still_there_after_the_checks_ran_again_and_after_the_cache_was_deleted(filled: Workspace) -> None:
    send(filled, 2)
    checking.check(filled)
    assert waiting(filled) == [ROWS[2].id]
    checking.check(filled, only=["format"])
    assert waiting(filled) == [ROWS[2].id]
    filled.cache_path.unlink()
    checking.check(Workspace.open(filled.path))
    assert waiting(Workspace.open(filled.path)) == [ROWS[2].id]


def test_sending_twice_asks_once_and_another_answer_asks_again(filled: Workspace) -> None:
    assert send(filled, 2).new == 1
    assert send(filled, 2, 3) == traced.Sent(new=1, waiting=2)
    assert len(filled.ledger.entries(traced.KIND)) == 2
    assert send(filled, 2, item="another") == traced.Sent(new=1, waiting=1)
    assert waiting(filled).count(ROWS[2].id) == 2


def test_what_was_decided_about_one_answer_stays_decided_and_another_answer_asks_anew(filled: Workspace) -> None:
    send(filled, 2)
    about = queries.findings(filled, checks=(traced.CHECK,)).items[0].id
    actions.keep_finding(filled, about, who="Ben")
    assert waiting(filled) == []
    assert send(filled, 2) == traced.Sent(new=0, waiting=0)
    assert send(filled, 2, item="another").waiting == 1


def test_a_dropped_example_asks_no_more(filled: Workspace) -> None:
    send(filled, 2)
    actions.decide(filled, ROWS[2].id, "drop", who="Ben")
    assert waiting(filled) == []


def test_a_prompt_that_people_rated_is_never_sent(filled: Workspace) -> None:
    rows = [
        {
            "id": e.id,
            "split": "holdout",
            "messages": messages_to_json(e.messages),
            "meta": "{}",
            "source": "",
            "line": 1,
        }
        for e in ROWS
    ]
    filled.objects.put("revision", {}, pl.DataFrame(rows), "revision")
    filled.ledger.append(RATING, pair_id("study", ROWS[4].id), {"study_id": "study"}, who="Ben")
    with pytest.raises(InputError, match="1 of these examples are prompts that people rated"):
        send(filled, 2, 4)
    assert waiting(filled) == [] and not filled.ledger.entries(traced.KIND)


def test_nothing_to_send_is_said(filled: Workspace) -> None:
    with pytest.raises(InputError, match="no example to send"):
        send(filled)
