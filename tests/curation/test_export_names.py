"""An export's name says what is in it, and no command writes over the files of a workspace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import InputError
from core.files import write_atomic, write_jsonl
from core.workspace import Workspace
from curation import actions, freeze, release, reservations
from tests.conftest import chat


@pytest.fixture
def frozen(workspace: Workspace, write_chats: Callable[..., Path]) -> tuple[Workspace, str]:
    """A frozen revision of a few chats."""
    chats = [chat(f"What is {n} and {n}?", f"It is {2 * n}.") for n in range(8)]
    actions.import_file(workspace, write_chats(chats), who="Ada")
    return workspace, freeze.freeze(workspace, who="Ada").revision.id


@pytest.mark.parametrize(
    "name, format, right",
    [
        ("chats.parquet", "messages", "chats.jsonl"),
        ("chats.jsonl.gz", "sharegpt", "chats.jsonl"),
        ("chats.csv", "prompt_completion", "chats.jsonl"),
        ("chats.jsonl", "parquet", "chats.parquet"),
    ],
)
def test_a_name_that_promises_another_format_is_refused(
    name: str, format: str, right: str, frozen: tuple[Workspace, str], tmp_path: Path
) -> None:
    workspace, revision_id = frozen
    with pytest.raises(InputError, match="programs would take it for something else") as refused:
        release.export_revision(workspace, revision_id, tmp_path / "out" / name, format, who="Ada")
    assert f"Name it {right}" in refused.value.hint
    assert not (tmp_path / "out").exists()
    release.export_revision(workspace, revision_id, tmp_path / "out" / right, format, who="Ada")
    release.export_revision(workspace, revision_id, tmp_path / "out" / "chats.v1", format, who="Ada")


@pytest.mark.parametrize("name", ["ledger.sqlite", "ledger.heads", "cache.sqlite", "reservations.sqlite"])
def test_no_command_writes_over_the_files_of_a_workspace(name: str, frozen: tuple[Workspace, str]) -> None:
    workspace, revision_id = frozen
    reservations.reserve(workspace, "f", ["e"], who="Ada", tab="1")
    path, head = workspace.path / name, workspace.ledger.head()
    before = path.read_bytes()
    for write in (
        lambda: release.export_revision(workspace, revision_id, path, who="Ada"),
        lambda: write_atomic(path, b"a,b"),
        lambda: write_jsonl(path, [1]),
    ):
        with pytest.raises(InputError, match="is a part of a workspace"):
            write()
    with pytest.raises(InputError, match="is a part of a workspace"):
        write_atomic(workspace.path / "workspace.json", b"{}")
    assert (path.read_bytes(), workspace.ledger.head()) == (before, head)
    write_atomic(workspace.path / "chats.jsonl", b"{}")
