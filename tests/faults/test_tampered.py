"""A ledger that somebody changed, cut or put in place of another is told of, with the entry at which it happened."""

from __future__ import annotations

import gc
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.faults_driver import Children
from core import heads
from core.audit import audit
from core.errors import FinetoothError, InputError
from core.ledger import GENESIS, Ledger
from core.workspace import Workspace
from curation import actions, freeze, queries
from tests.conftest import chat

N = 12


@pytest.fixture
def kept(tmp_path: Path) -> Workspace:
    """A workspace with twelve entries, one act each."""
    workspace = Workspace.create(tmp_path / "w")
    for number in range(N):
        workspace.ledger.append("decision", f"x{number}", {"verdict": "keep", "n": number}, who="Ana")
    return workspace


def altered(workspace: Workspace, *statements: str) -> None:
    with sqlite3.connect(workspace.ledger.path) as connection:
        connection.executescript("DROP TRIGGER entries_never_change; DROP TRIGGER entries_never_go;")
        for statement in statements:
            connection.execute(statement)


def computed_anew(workspace: Workspace) -> None:
    """Make the chain fit what stands there, as somebody would who knows how it is made."""
    from core.ledger import _link

    with sqlite3.connect(workspace.ledger.path) as connection:
        previous = GENESIS
        columns = "seq, action_id, kind, subject, payload, who, at"
        for seq, *fields in connection.execute(f"SELECT {columns} FROM entries ORDER BY seq").fetchall():
            link = _link(previous, tuple(fields))
            connection.execute("UPDATE entries SET previous = ?, hash = ? WHERE seq = ?", (previous, link, seq))
            previous = link


SWAP = (
    "UPDATE entries SET seq = 99 WHERE seq = 4",
    "UPDATE entries SET seq = 4 WHERE seq = 5",
    "UPDATE entries SET seq = 5 WHERE seq = 99",
)


@pytest.mark.parametrize(
    "statements, told",
    [
        (["UPDATE entries SET payload = '{}' WHERE seq = 7"], "altered at entry 7 "),
        (["UPDATE entries SET at = '2020' WHERE seq = 1"], "altered at entry 1 "),
        (["DELETE FROM entries WHERE seq = 6"], "altered at entry 7 (expected entry 6)"),
        (SWAP, "altered at entry 4 "),
        (["DELETE FROM entries WHERE seq = 12"], "cut off after entry 11: entries 12 to 12 are missing"),
        (["DELETE FROM entries WHERE seq > 5"], "cut off after entry 5: entries 6 to 12 are missing"),
        (["DELETE FROM entries"], "cut off after entry 0: entries 1 to 12 are missing"),
    ],
)
def test_audit_verify_names_the_entry(statements: list[str], told: str, kept: Workspace) -> None:
    altered(kept, *statements)
    with pytest.raises(FinetoothError) as caught:
        audit(Workspace.open(kept.path))
    assert told in caught.value.message
    assert "Restore" in caught.value.hint


def test_a_chain_that_was_altered_and_computed_anew_is_noticed(kept: Workspace) -> None:
    altered(kept, "UPDATE entries SET who = 'Eve' WHERE seq = 7")
    computed_anew(kept)
    with pytest.raises(FinetoothError, match="altered at entry 7: what stands there is not what was recorded"):
        audit(kept)


def test_a_cut_tail_is_noticed_although_new_entries_have_taken_its_place(kept: Workspace) -> None:
    altered(kept, "DELETE FROM entries WHERE seq > 9")
    for _ in range(5):
        kept.ledger.append("decision", "y", {"verdict": "keep"}, who="Eve")
    with pytest.raises(FinetoothError, match="altered at entry 10"):
        audit(kept)


def test_an_entry_that_was_put_in_by_hand_is_noticed(kept: Workspace) -> None:
    altered(
        kept,
        "INSERT INTO entries SELECT 13, 'new', kind, subject, payload, who, at, hash, hash FROM entries WHERE seq = 12",
    )
    with pytest.raises(FinetoothError, match="altered at entry 13"):
        audit(kept)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_named_with_the_last_entry_that_can_be_read(
    share: float, tmp_path: Path, starter: Children
) -> None:
    path = _left(tmp_path / "w", 60)
    file = path / "ledger.sqlite"
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share) // 4096 * 4096])
    done = starter.run("cli", words=["audit", "verify", "-w", str(path)])
    assert done.code == 1
    assert "damaged after entry" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("damage", ["removed", "emptied", "overwritten"])
def test_a_ledger_that_is_gone_is_never_replaced_by_an_empty_one(damage: str, tmp_path: Path) -> None:
    path = _left(tmp_path / "w", 3)
    file = path / "ledger.sqlite"
    file.unlink() if damage == "removed" else file.write_bytes(b"" if damage == "emptied" else b"not a database" * 900)
    with pytest.raises(FinetoothError) as caught:
        Workspace.open(path)
    assert "ledger.sqlite" in caught.value.message
    assert not file.exists() or file.stat().st_size in (0, 14 * 900)


def test_a_ledger_deleted_while_it_is_open_takes_no_decision(kept: Workspace) -> None:
    for beside in ("", "-wal", "-shm"):
        kept.ledger.path.with_name(f"ledger.sqlite{beside}").unlink()
    with pytest.raises(FinetoothError, match="could not be written"):
        kept.ledger.append("decision", "x", {"verdict": "keep"})
    assert not kept.ledger.path.exists()


def test_a_revision_shows_that_the_decisions_it_was_made_of_are_gone(
    workspace: Workspace, write_chats: Callable[..., Path]
) -> None:
    actions.import_file(workspace, write_chats([chat(f"q{n} {n * 7}", f"a{n} {n * 5}") for n in range(12)]), who="Ana")
    one = queries.examples(workspace).items[0].example.id
    actions.decide(workspace, one, "drop", who="Ana")
    freeze.freeze(workspace, who="Ana", holdout_size=2)
    assert audit(workspace).revisions_compared == 1
    altered(workspace, "DELETE FROM entries WHERE seq > 1")
    workspace.ledger.path.with_name(heads.NAME).unlink()
    with pytest.raises(FinetoothError, match="does not hold the entry up to which revision"):
        audit(workspace)


def test_a_head_kept_elsewhere_shows_a_cut_of_both_files(kept: Workspace) -> None:
    head = audit(kept).head
    assert audit(kept, head).entries == N
    altered(kept, "DELETE FROM entries WHERE seq > 9")
    lines = kept.ledger.path.with_name(heads.NAME)
    lines.write_text("\n".join(lines.read_text().splitlines()[:10]))
    assert audit(kept).entries == 9  # what can not be shown without it
    with pytest.raises(FinetoothError, match="entries 10 to 12 are missing"):
        audit(kept, head)
    with pytest.raises(InputError, match="no head"):
        audit(kept, "twelve")


def test_a_list_of_heads_that_is_missing_or_torn_is_said(kept: Workspace) -> None:
    assert audit(kept).notes == ()
    path = kept.ledger.path.with_name(heads.NAME)
    path.write_text(path.read_text()[:-10])
    assert [note for note in audit(kept).notes if "cannot be read" in note]
    kept.ledger.append("decision", "y", {"verdict": "keep"})
    assert audit(kept).heads_compared == N  # the torn line is lost, the next one stands on its own
    path.unlink()
    assert [note for note in audit(kept).notes if "is missing" in note]


def test_the_command_names_the_entry_and_ends_with_1(kept: Workspace, starter: Children) -> None:
    verify = ["audit", "verify", "-w", str(kept.path)]
    document = json.loads(starter.run("cli", words=[*verify, "--json"]).out)
    assert (document["entries"], document["head"][:3], document["intact"]) == (N, "12:", True)
    altered(kept, "UPDATE entries SET subject = 'z' WHERE seq = 3")
    done = starter.run("cli", words=verify)
    assert done.code == 1
    assert "altered at entry 3" in done.err
    assert starter.run("cli", words=[*verify, "--head", "twelve"]).code in (1, 2)


def test_an_older_ledger_put_back_from_a_copy_is_shown_as_it_is(
    workspace: Workspace, write_chats: Callable[..., Path], tmp_path: Path
) -> None:
    actions.import_file(workspace, write_chats([chat(f"q{n}", f"a{n}") for n in range(5)]), who="Ana")
    one, other, *_ = [view.example.id for view in queries.examples(workspace).items]
    actions.decide(workspace, one, "drop", who="Ana")
    assert queries.overview(workspace).n_in == 4
    altered(workspace, "DELETE FROM entries WHERE seq = 2")
    assert queries.overview(workspace).n_in == 5
    actions.decide(workspace, other, "keep", who="Ana")
    assert queries.overview(workspace).n_in == 5


def test_every_commit_leaves_its_head(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    for number in range(3):
        ledger.append("decision", "a", {"n": number})
    assert sorted(heads.read(ledger.path).by_seq) == [1, 2, 3]


def _left(path: Path, n: int) -> Path:
    """A workspace with so many entries that no process has open."""
    workspace = Workspace.create(path)
    for number in range(n):
        workspace.ledger.append("decision", f"x{number}", {"verdict": "keep", "note": "word " * 200})
    del workspace
    gc.collect()
    assert not (path / "ledger.sqlite-wal").exists()
    return path
