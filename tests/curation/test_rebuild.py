"""The same sources and the same ledger give the same revisions, on another machine and at another time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import FinetoothError, InputError
from core.rated import rated
from core.revisions import examples_of
from core.workspace import Workspace
from curation import actions, freeze, queries, rebuild, restore
from curation.splits import SplitPlan
from tests.conftest import chat
from tests.curation.test_revisions import EXAMPLES, study, work

ROOT = Path(__file__).parents[2]
Write = Callable[..., Path]


@pytest.fixture
def history(workspace: Workspace, write_chats: Write) -> tuple[Workspace, list[str]]:
    """A workspace with two files, all kinds of decisions, and four revisions frozen in four ways."""
    actions.import_file(workspace, write_chats([*EXAMPLES, chat("Straße, naïve?", "Ja.", Ü=1, a=[2])]), who="Ada")
    made = [freeze.freeze(workspace, who="Ada", holdout_size=3).revision.id]
    work(workspace)
    made.append(freeze.freeze(workspace, who="Ben", holdout_share=0.2, test_size=4, seed=7).revision.id)
    more = [chat(f"{e.messages[1].content} once more", "Yes.", topic=str(i % 2)) for i, e in enumerate(EXAMPLES[:9])]
    actions.import_file(workspace, write_chats(more, "more.jsonl"), who="Cleo")
    made.append(freeze.freeze(workspace, who="Cleo", holdout_size=5, by="topic", paraphrases="off").revision.id)
    restore.restore(workspace, made[0], who="Ada")
    actions.undo(workspace, who="Ada")
    actions.decide(workspace, EXAMPLES[9].id, "drop", who="Ada")
    made.append(freeze.freeze(workspace, who="Ada").revision.id)
    return workspace, made


def copied_ledger(workspace: Workspace, bundle: Path) -> Path:
    """A folder with nothing but the ledger's files."""
    bundle.mkdir()
    for path in workspace.path.glob("ledger.*"):
        shutil.copy(path, bundle / path.name)
    return bundle


def test_a_ledger_copied_without_its_last_part_is_noticed(history: tuple[Workspace, list[str]], tmp_path: Path) -> None:
    workspace, _ = history
    bundle = copied_ledger(workspace, tmp_path / "bundle")
    if not (bundle / "ledger.sqlite-wal").exists():
        pytest.skip("the ledger was written back whole")
    (bundle / "ledger.sqlite-wal").unlink()
    with pytest.raises(InputError, match=r"entries; there should be"):
        rebuild.rebuild(bundle, tmp_path / "again")


def test_a_replay_gives_every_revision_its_id_again(history: tuple[Workspace, list[str]], tmp_path: Path) -> None:
    workspace, made = history
    done = rebuild.rebuild(workspace.path, tmp_path / "again")
    assert [(one.revision_id, one.outcome) for one in done.revisions] == [(i, "same") for i in made]
    assert done.holds
    again = Workspace.open(done.workspace)
    assert again.ledger.head() == workspace.ledger.head()
    assert [view.revision.id for view in freeze.revisions(again)] == made[::-1]
    assert [e.id for e in queries.current(again)[0]] == [e.id for e in queries.current(workspace)[0]]


def test_a_bundle_of_the_ledger_and_the_files_is_enough_whatever_the_machine(
    history: tuple[Workspace, list[str]], tmp_path: Path
) -> None:
    workspace, made = history
    bundle = copied_ledger(workspace, tmp_path / "bundle")
    (bundle / "data").mkdir()
    for number, folder in enumerate(sorted(workspace.sources_dir.iterdir())):
        shutil.copy(next(folder.glob("original*")), bundle / "data" / f"file-{number}.jsonl")
    for number, (seed, zone, locale) in enumerate(
        (("1", "Asia/Kathmandu", "C"), ("4242", "America/Lima", "tr_TR.UTF-8"))
    ):
        machine = {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "LANG": locale, "COLUMNS": "40"}
        target = tmp_path / f"machine-{number}"
        command = [sys.executable, "-m", "cli.main", "replay", str(bundle), str(target), "--json"]
        ended = subprocess.run(
            command, check=False, capture_output=True, cwd=ROOT, env={**os.environ, **machine}, encoding="utf-8"
        )
        assert ended.returncode == 0, ended.stderr
        document = json.loads(ended.stdout)
        assert [(one["revision_id"], one["became"]) for one in document["revisions"]] == [(i, i) for i in made]


def test_a_revision_that_comes_out_otherwise_is_named_and_gives_code_3(
    history: tuple[Workspace, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, _ = history
    real = freeze.assemble
    monkeypatch.setattr(freeze, "assemble", lambda w, plan, *rest: real(w, SplitPlan(holdout_size=3, seed=99), *rest))
    done = rebuild.rebuild(workspace.path, tmp_path / "again")
    assert not done.holds
    assert {one.outcome for one in done.revisions} == {"different"}
    assert all(one.became and one.became != one.revision_id and one.copied for one in done.revisions)


def test_what_an_older_version_froze_is_said_to_be_not_comparable(
    workspace: Workspace, write_chats: Write, tmp_path: Path
) -> None:
    actions.import_file(workspace, write_chats(EXAMPLES), who="Ada")
    revision_id = freeze.freeze(workspace, who="Ada").revision.id
    old = Workspace.create(tmp_path / "old")
    actions.import_file(old, write_chats(EXAMPLES), who="Ada")
    shutil.copytree(workspace.path / "objects", old.path / "objects", dirs_exist_ok=True)
    old.ledger.append("freeze", revision_id, {"already": False}, who="Ada")
    done = rebuild.rebuild(old.path, tmp_path / "again")
    assert [(one.outcome, one.copied) for one in done.revisions] == [("not recorded", True)]
    assert done.holds
    assert [view.revision.id for view in freeze.revisions(Workspace.open(done.workspace))] == [revision_id]


def test_a_missing_file_is_named(history: tuple[Workspace, list[str]], tmp_path: Path) -> None:
    workspace, _ = history
    bundle = copied_ledger(workspace, tmp_path / "bundle")
    with pytest.raises(InputError, match=r"2 of the imported files are not in .*chats.jsonl, more.jsonl"):
        rebuild.rebuild(bundle, tmp_path / "again")


def test_a_replay_never_writes_over_a_workspace(history: tuple[Workspace, list[str]], tmp_path: Path) -> None:
    workspace, _ = history
    with pytest.raises(InputError, match="is a workspace already"):
        rebuild.rebuild(workspace.path, workspace.path)
    with pytest.raises(InputError, match="no ledger"):
        rebuild.rebuild(tmp_path / "nothing", tmp_path / "again")


def test_an_altered_ledger_is_named(history: tuple[Workspace, list[str]], tmp_path: Path) -> None:
    import sqlite3

    workspace, _ = history
    bundle = tmp_path / "bundle"
    shutil.copytree(workspace.path, bundle)
    with sqlite3.connect(bundle / "ledger.sqlite") as connection:
        connection.execute("DROP TRIGGER entries_never_change")
        connection.execute("UPDATE entries SET who = 'Mallory' WHERE seq = 3")
    connection.close()
    with pytest.raises(FinetoothError, match="altered at entry 3"):
        rebuild.rebuild(bundle, tmp_path / "again")


def test_rated_prompts_stay_out_of_training_in_a_replayed_workspace_too(
    history: tuple[Workspace, list[str]], tmp_path: Path
) -> None:
    workspace, made = history
    held = [example.id for example in examples_of(workspace, made[-1], "holdout")]
    study(workspace, made[-1], held)
    done = rebuild.rebuild(workspace.path, tmp_path / "again")
    again = Workspace.open(done.workspace)
    assert rated(again) == sorted(held)
    fresh = freeze.freeze(again, who="Ada", holdout_share=0.3, seed=9).revision.id
    assert set(held) <= {example.id for example in examples_of(again, fresh, "holdout")}


def test_a_rated_pair_that_nothing_here_explains_is_told_and_not_forgotten(
    history: tuple[Workspace, list[str]],
) -> None:
    workspace, _ = history
    payload = {"study_id": "0" * 32, "verdict": "left", "tuned": "left"}
    workspace.ledger.append("rating", f"{'0' * 32}.123456789abc", payload, who="Ben")
    with pytest.raises(FinetoothError, match="1 rated pairs are of study 000000000000"):
        freeze.freeze(workspace, who="Ada")
