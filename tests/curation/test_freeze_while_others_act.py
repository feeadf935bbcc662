"""A freeze takes some time, and others go on meanwhile: what it tells is of the state that it froze."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.revisions import examples_of
from core.workspace import Workspace
from curation import actions, freeze, queries, release, splits
from curation.overtaken import OvertakenError
from tests.conftest import chat
from tests.curation.test_revisions import study

CHATS = [chat(f"What is {n} times {n + 3}, and why {'abcdefghijklmnopqrstuvwxyz'[n]}?", str(n)) for n in range(20)]


@pytest.fixture
def filled(workspace: Workspace, write_chats: Callable[..., Path]) -> Workspace:
    """Twenty chats."""
    actions.import_file(workspace, write_chats(CHATS), who="Ana")
    return workspace


def deciding(at: str, decide: Callable[[], object], monkeypatch: pytest.MonkeyPatch, times: int = 1) -> None:
    """Let somebody decide each time that a freeze looks at something."""
    look, left = getattr(queries, at), [times]

    def looked(*args: Any, **kwargs: Any) -> Any:
        found = look(*args, **kwargs)
        if left[0]:
            left[0] -= 1
            decide()
        return found

    monkeypatch.setattr(queries, at, looked)


def test_the_card_counts_what_was_dropped_in_the_state_that_was_frozen(
    filled: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    deciding("overview", lambda: actions.decide(filled, CHATS[0].id, "drop", who="Ben"), monkeypatch)
    made = freeze.freeze(filled, who="Ana").revision
    told = release.facts(filled, made.id)
    assert made.n_examples == 19 == told.n_imported - sum(told.dropped.values())
    assert told.limits == []
    kept = splits.split

    def slow(*args: Any, **kwargs: Any) -> Any:
        actions.decide(filled, CHATS[1].id, "drop", who="Ben")
        return kept(*args, **kwargs)

    monkeypatch.setattr(freeze, "split", slow)
    made = freeze.freeze(filled, who="Ana", seed=1).revision
    told = release.facts(filled, made.id)
    assert made.n_examples == 19 == told.n_imported - sum(told.dropped.values())


def test_a_card_whose_counts_may_be_of_a_later_state_says_so(
    filled: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = iter([example.id for example in CHATS])
    deciding("overview", lambda: actions.decide(filled, next(ids), "drop", who="Ben"), monkeypatch, freeze.TRIES)
    made = freeze.freeze(filled, who="Ana").revision
    assert any("went on deciding" in limit for limit in release.facts(filled, made.id).limits)


def test_a_prompt_that_is_rated_while_the_set_is_split_does_not_enter_training(
    filled: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = freeze.freeze(filled, who="Ana", holdout_size=4).revision.id
    held = [example.id for example in examples_of(filled, first, "holdout")]
    kept = splits.split

    def slow(*args: Any, **kwargs: Any) -> Any:
        done = kept(*args, **kwargs)
        study(filled, first, held)
        return done

    monkeypatch.setattr(freeze, "split", slow)
    before = queries.overview(filled).revisions
    with pytest.raises(OvertakenError, match=r"rated while the set was split\. Nothing was frozen"):
        freeze.freeze(filled, who="Ana", holdout_size=4, seed=5)
    assert queries.overview(filled).revisions == before
    monkeypatch.undo()
    made = freeze.freeze(filled, who="Ana", holdout_size=4, seed=5).revision.id
    assert set(held) == {example.id for example in examples_of(filled, made, "holdout")}
