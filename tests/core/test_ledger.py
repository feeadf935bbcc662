"""The ledger keeps everything, in order, once, and shows when somebody tampered with it."""

from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from core.errors import FinetoothError
from core.ledger import Draft, Ledger


def _append_many(path: str, who: str) -> None:
    ledger = Ledger(Path(path))
    for number in range(20):
        ledger.append("decision", "x", {"n": number}, who=who)


def test_the_same_action_twice_is_recorded_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    first = ledger.append("decision", "a", {"verdict": "keep"}, who="Ada", action_id="one")
    again = ledger.append("decision", "a", {"verdict": "drop"}, who="Ada", action_id="one")
    assert again == first
    assert len(ledger.entries()) == 1


def test_entries_come_back_in_order_and_by_subject(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.append_all([Draft("decision", s, {"n": n}) for n, s in enumerate("abab")], who="Ada")
    assert [e.payload["n"] for e in ledger.entries("decision", "b")] == [1, 3]
    assert [e.seq for e in ledger.entries(after=2)] == [3, 4]


def test_four_processes_lose_no_entry_and_keep_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger(path)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_append_many, args=(str(path), f"r{n}")) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    ledger = Ledger(path)
    assert ledger.verify() == 80
    assert [[e.payload["n"] for e in ledger.entries() if e.who == f"r{n}"] for n in range(4)] == [list(range(20))] * 4


@pytest.mark.parametrize("statement", ["UPDATE entries SET who = 'Eve'", "DELETE FROM entries"])
def test_rows_cannot_be_changed_or_removed(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger(path).append("decision", "a", {}, who="Ada")
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)


@pytest.mark.parametrize(
    "statement", ["UPDATE entries SET who = 'Eve' WHERE seq = 2", "DELETE FROM entries WHERE seq = 2"]
)
def test_a_tampered_entry_is_named(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    for number in range(4):
        ledger.append("decision", "a", {"n": number}, who="Ada")
    with sqlite3.connect(path) as connection:
        connection.executescript("DROP TRIGGER entries_never_change; DROP TRIGGER entries_never_go;")
        connection.execute(statement)
    with pytest.raises(FinetoothError, match=r"altered at entry [23]"):
        ledger.verify()


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger(path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(FinetoothError, match="newer version"):
        Ledger(path)
