"""What leaves the workspace: the same bytes everywhere, nothing lost, and files that fit each other."""

from __future__ import annotations

import csv
import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from core.errors import FinetoothError, InputError
from core.spreadsheet import harmless
from core.types import Example
from core.workspace import Workspace
from curation import actions, changes, freeze, licences, queries, release
from curation.readers import read
from tests.conftest import chat
from tests.curation.test_splits import families

Write = Callable[[Sequence[Example]], Path]
GOLDEN = {
    "train": "f9f2bf932c5b9a38318a94b7e9acdf6d33db2913fc6b20f6c2e7a47ad4f3b7d2",
    "holdout": "6b568ce3aeec76fddc43fe40f9b5660d4f4a3b02ba86b0a0dfa0c92181632fe4",
}
"""SHA-256 of the messages JSONL of ``frozen``; another value means that old exports can no longer be made again."""


@pytest.fixture
def frozen(workspace: Workspace, write_chats: Write) -> tuple[Workspace, str]:
    """A workspace with families of look-alikes, one example dropped, one edited, frozen with a test set."""
    examples = families()
    examples[4] = chat(
        "Does “naïve” 数 stay as it is?\u2028Yes?", "It does. 🙂", tags=["a", None, 1.5], nested={"b": {"a": 2}}
    )
    report = actions.import_file(workspace, write_chats(examples), who="Ada")
    licences.say(workspace, report.source_id, "CC BY 4.0", who="Ada")
    actions.decide(workspace, examples[0].id, "drop", who="Ben", note="=SUM(A1:A9)")
    words = [*examples[1].messages[:-1], type(examples[1].messages[-1])("assistant", "Answer nought.")]
    actions.edit(workspace, examples[1].id, words, who="Ben", note="spelt out")
    made = freeze.freeze(workspace, who="Ada", holdout_size=9, test_size=6)
    return workspace, made.revision.id


def test_the_jsonl_of_a_revision_has_the_same_bytes_for_ever(frozen: tuple[Workspace, str], tmp_path: Path) -> None:
    workspace, revision_id = frozen
    release.export_revision(workspace, revision_id, tmp_path / "out.jsonl", who="Ada")
    found = {
        "train": hashlib.sha256((tmp_path / "out.jsonl").read_bytes()).hexdigest(),
        "holdout": hashlib.sha256((tmp_path / "out.holdout.jsonl").read_bytes()).hexdigest(),
    }
    assert found == GOLDEN


@pytest.mark.parametrize("format", release.FORMATS)
def test_every_format_gives_every_example_and_its_meta_back(
    format: str, frozen: tuple[Workspace, str], tmp_path: Path
) -> None:
    workspace, revision_id = frozen
    suffix = "" if format == "huggingface" else ".parquet" if format == "parquet" else ".jsonl"
    made = release.export_revision(workspace, revision_id, tmp_path / f"out{suffix}", format, who="Ada")
    back = [
        row.example
        for name in made.files
        if name.endswith((".jsonl", ".parquet"))
        for row in read(made.manifest_path.parent / name).rows
    ]
    now = {example.id: example for example in queries.current(workspace)[0]}
    assert len(back) == made.n_examples == len(now)
    assert {example.id: dict(example.meta) for example in back} == {i: dict(e.meta) for i, e in now.items()}


def test_the_manifest_has_the_hash_of_every_file_and_stands_last(frozen: tuple[Workspace, str], tmp_path: Path) -> None:
    workspace, revision_id = frozen
    made = release.export_revision(workspace, revision_id, tmp_path / "out.jsonl", who="Ada")
    manifest = json.loads(made.manifest_path.read_text())
    beside = {path.name for path in tmp_path.glob("out.*")} - {made.manifest_path.name}
    assert (
        set(manifest["files"])
        == beside
        == {
            *("out.jsonl", "out.holdout.jsonl", "out.test.jsonl"),
            *("out.card.md", "out.certificate.json", "out.changes.csv"),
        }
    )
    for name, sha256 in manifest["files"].items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == sha256


def test_the_card_tells_sources_licences_changes_and_the_certificate(
    frozen: tuple[Workspace, str], tmp_path: Path
) -> None:
    workspace, revision_id = frozen
    made = release.export_revision(workspace, revision_id, tmp_path / "out.jsonl", who="Ada")
    card = made.card_path.read_text()
    assert "CC BY 4.0" in card
    assert "| Dropped | 1 |" in card
    assert "| test | 6 |" in card
    assert "Passed:" in card
    proof = json.loads(made.certificate_path.read_text())
    assert proof["revision"] == revision_id
    assert proof["passed"] and made.passed
    assert proof["random_split_leak_share"] > 0


def test_a_licence_that_nobody_said_is_called_unknown(workspace: Workspace, write_chats: Write, tmp_path: Path) -> None:
    actions.import_file(workspace, write_chats(families()), who="Ada")
    made = freeze.freeze(workspace, who="Ada", holdout_size=6)
    folder = release.export_revision(workspace, made.revision.id, tmp_path / "hub", "huggingface", who="Ada").path
    readme = (folder / "README.md").read_text()
    assert "license: unknown" in readme
    assert "not recorded" in readme


def test_a_hugging_face_folder_loads_with_datasets(frozen: tuple[Workspace, str], tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    workspace, revision_id = frozen
    made = release.export_revision(workspace, revision_id, tmp_path / "hub", "huggingface", who="Ada")
    loaded = datasets.load_dataset(str(made.path), cache_dir=str(tmp_path / "cache"))
    assert {name: len(split) for name, split in loaded.items()} == {"train": 62, "holdout": 9, "test": 6}
    turn = loaded["train"][0]["messages"][0]
    assert set(turn) == {"role", "content"}
    assert "license: cc-by-4.0" in (made.path / "README.md").read_text()


def test_a_smaller_export_in_the_same_place_leaves_nothing_of_the_old_one(
    frozen: tuple[Workspace, str], tmp_path: Path
) -> None:
    workspace, revision_id = frozen
    release.export_revision(workspace, revision_id, tmp_path / "hub", "huggingface", who="Ada")
    smaller = freeze.freeze(workspace, who="Ada", holdout_size=9).revision.id
    made = release.export_revision(workspace, smaller, tmp_path / "hub", "huggingface", who="Ada")
    assert {path.relative_to(made.path).as_posix() for path in made.path.rglob("*") if path.is_file()} == {
        *made.files,
        "manifest.json",
    }


def test_an_unknown_format_and_a_wrong_place_are_refused(frozen: tuple[Workspace, str], tmp_path: Path) -> None:
    workspace, revision_id = frozen
    with pytest.raises(InputError, match="no export format"):
        release.export_revision(workspace, revision_id, tmp_path / "x", "xml", who="Ada")
    with pytest.raises(InputError, match="is a folder"):
        release.export_revision(workspace, revision_id, tmp_path, who="Ada")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        release.export_revision(workspace, revision_id, tmp_path / "file", "huggingface", who="Ada")
    with pytest.raises(FinetoothError):
        release.export_revision(workspace, "0" * 32, tmp_path / "x.jsonl", who="Ada")


def test_the_change_list_says_who_when_what_from_to_and_why(frozen: tuple[Workspace, str]) -> None:
    workspace, revision_id = frozen
    found = changes.since_import(workspace, revision_id)
    rows = list(csv.DictReader(changes.as_csv(workspace, found.changes).decode("utf-8-sig").splitlines(keepends=True)))
    dropped, edited = rows
    assert (dropped["what"], dropped["who"], dropped["line"], dropped["to"]) == ("dropped", "Ben", "1", "")
    assert dropped["why"] == "'=SUM(A1:A9)"
    assert (edited["what"], edited["why"]) == ("edited", "spelt out")
    assert edited["from"].endswith("assistant: Answer 0.")
    assert edited["to"].endswith("assistant: Answer nought.")
    assert edited["when"].startswith("20")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "\n-", "\uff1d", "\ufeff="])
def test_no_cell_of_the_change_list_is_a_formula(start: str) -> None:
    assert harmless(f"{start}cmd|' /C calc'!A0").startswith("'")
    assert harmless("A plain - sentence = harmless") == "A plain - sentence = harmless"


KILLED = """
import os, sys
from pathlib import Path
from core.workspace import Workspace
from curation import release
replaced = [0]
real = os.replace
def dying(*arguments):
    replaced[0] += 1
    if replaced[0] > int(sys.argv[4]):
        os.kill(os.getpid(), 9)
    return real(*arguments)
os.replace = dying
Path.replace = lambda self, target: dying(self, target)
release.export_revision(Workspace.open(Path(sys.argv[1])), sys.argv[2], Path(sys.argv[3]), "huggingface", who="Ada")
"""


@pytest.mark.parametrize("after", [0, 2, 5])
def test_a_kill_in_the_middle_of_an_export_leaves_no_manifest_over_mixed_files(
    after: int, frozen: tuple[Workspace, str], tmp_path: Path
) -> None:
    workspace, revision_id = frozen
    out = tmp_path / "hub"
    release.export_revision(workspace, freeze.freeze(workspace, who="Ada", holdout_size=3).revision.id, out,
                            "huggingface", who="Ada")  # fmt: skip
    command = [sys.executable, "-c", KILLED, str(workspace.path), revision_id, str(out), str(after)]
    ended = subprocess.run(command, check=False, cwd=Path(__file__).parents[2])
    assert ended.returncode == -signal.SIGKILL
    manifest = out / "manifest.json"
    if manifest.exists():
        for name, sha256 in json.loads(manifest.read_text())["files"].items():
            assert hashlib.sha256((out / name).read_bytes()).hexdigest() == sha256
    made = release.export_revision(workspace, revision_id, out, "huggingface", who="Ada")
    assert all(hashlib.sha256((out / n).read_bytes()).hexdigest() == h for n, h in made.files.items())
