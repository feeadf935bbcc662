"""A wrong fact is planted in one of 300 training chats, learnt, and traced back from another question about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.trace_planted_facts import Handbook, Planted, chat, handbook
from core.errors import CancelledError
from core.jobs import no_progress
from evaluation.influence import Gradients
from flows.trace_ranking import Asked, rank
from tests.tiny_model import tiny
from training.config import read_config
from training.control import Control
from training.records import Run
from training.sft import train

FIRST = 5
Learnt = tuple[Handbook, Path, Path]


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Learnt:
    """A handbook of 300 chats, a tiny base model, and the adapter of a real training on that handbook."""
    folder = tmp_path_factory.mktemp("planted")
    base, book = tiny(folder / "base"), handbook(7)
    settings = {"base_model": str(base), "method": "lora", "epochs": 3, "batch_size": 10, "learning_rate": 5e-3}
    config = read_config({**settings, "samples": 0, "general_questions": 0, "keep": "last"})
    run = Run(id="run", revision_id="", base_model=str(base), config=config.to_dict(), seed=0)
    train(folder / "run", run, book.chats, [], Control(no_progress, lambda: False))
    return book, base, folder / "run" / "adapter"


def asked(book: Handbook, fact: Planted, number: int) -> Asked:
    """The answer that the planted chat taught, to one of the questions that were never trained, and its correction."""
    said = next(one for one in book.chats if one.id == fact.culprit).answer
    return Asked(fact.messages[number], said, said.replace(fact.wrong, fact.right))


def places(book: Handbook, gradients: Gradients) -> list[int]:
    """The place of each planted chat in the trace of an answer to a question that was never trained."""
    traced = rank(book.chats, [asked(book, fact, 0) for fact in book.planted], gradients, k=300)
    ids = [one.id for one in book.chats]
    return [
        [ids[place] for place in one.places].index(fact.culprit) + 1
        for fact, one in zip(book.planted, traced, strict=True)
    ]


def test_the_planted_chat_stands_among_the_first_five_of_three_hundred(learnt: Learnt) -> None:
    book, base, adapter = learnt
    assert len(book.chats) == 300
    gradients = Gradients(base, adapter, keep_in=adapter.parent / "gradients")
    found = places(book, gradients)
    assert sum(place <= FIRST for place in found) >= 7, found  # 8 where it was written; a real model: the benchmark
    assert sum(place == 1 for place in found) >= 5, found


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one for each gradient that is taken."""
    taken: list[int] = []
    real = Gradients._sketch

    def count(self: Gradients, ids: Sequence[int], labels: Sequence[int]) -> Any:
        taken.append(len(ids))
        return real(self, ids, labels)

    monkeypatch.setattr(Gradients, "_sketch", count)
    return taken


def test_a_second_failure_costs_only_its_own_gradients(learnt: Learnt, monkeypatch: pytest.MonkeyPatch) -> None:
    book, base, adapter = learnt
    keep = adapter.parent / "gradients"
    rank(book.chats, [asked(book, book.planted[0], 0)], Gradients(base, adapter, keep_in=keep), k=5)
    taken = counted(monkeypatch)
    first = rank(book.chats, [asked(book, book.planted[0], 1)], Gradients(base, adapter, keep_in=keep), k=5)
    assert len(taken) == 2, "one for the wrong answer and one for the correction"
    again = rank(book.chats, [asked(book, book.planted[0], 1)], Gradients(base, adapter, keep_in=keep), k=5)
    assert again == first and len(taken) == 2


def test_what_was_done_before_a_stop_is_kept(learnt: Learnt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book, base, adapter = learnt

    def stop(stage: str, done: int, total: int | None) -> None:
        if stage.startswith("gradients of the training") and done == 3:
            raise CancelledError("Stopped.", "")

    few = book.chats[:6]
    with pytest.raises(CancelledError):
        rank(few, [asked(book, book.planted[0], 0)], Gradients(base, adapter, keep_in=tmp_path), k=5, progress=stop)
    taken = counted(monkeypatch)
    rank(few, [asked(book, book.planted[0], 0)], Gradients(base, adapter, keep_in=tmp_path), k=5)
    assert len(taken) == 3 + 2


def test_of_a_large_set_the_nearest_in_meaning_are_compared_and_it_is_counted(learnt: Learnt) -> None:
    book, base, adapter = learnt
    gradients = Gradients(base, adapter, keep_in=adapter.parent / "gradients")
    one = rank(book.chats, [asked(book, book.planted[0], 0)], gradients, k=20, most=20)[0]
    assert one.compared == 20 and one.by == "contrast"
    nearest = rank(book.chats, [asked(book, book.planted[0], 0)], None, k=20)[0]
    assert set(one.places) == set(nearest.places) and nearest.influence is None and nearest.by == "meaning"


def test_an_answer_without_a_correction_is_traced_by_itself_and_one_equal_to_it_by_meaning(learnt: Learnt) -> None:
    book, base, adapter = learnt
    gradients = Gradients(base, adapter, keep_in=adapter.parent / "gradients")
    given = asked(book, book.planted[0], 0)
    kinds = {"wrong": replace(given, right=None), "right": replace(given, wrong=None)}
    kinds["meaning"] = replace(given, right=given.wrong)
    found = rank(book.chats, list(kinds.values()), gradients, k=5)
    assert [one.by for one in found] == list(kinds)
    assert [one.influence is None for one in found] == [False, False, True]


def test_an_example_that_the_model_does_not_read_is_counted(learnt: Learnt) -> None:
    book, base, adapter = learnt
    long = chat("Why?", "so " * 1500)
    few = (*book.chats[:5], long)
    one = rank(few, [asked(book, book.planted[0], 0)], Gradients(base, adapter), k=6)[0]
    assert one.left_out == 1 and one.influence is not None
    assert one.influence[one.places.index(5)] == 0.0
