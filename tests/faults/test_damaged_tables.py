"""A table of a workspace that is damaged or gone is named in a sentence, and with it the way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import FinetoothError
from core.revisions import examples_of
from core.workspace import Workspace
from curation import actions, freeze, queries, release, sources
from tests.conftest import chat


@pytest.fixture
def filled(workspace: Workspace, write_chats: Callable[..., Path]) -> tuple[Workspace, str]:
    """A few chats, frozen."""
    actions.import_file(workspace, write_chats([chat(f"What is {n}?", str(n)) for n in range(8)]), who="Ana")
    return workspace, freeze.freeze(workspace, who="Ana").revision.id


@pytest.mark.parametrize("damage", [None, b"", b"PAR1 and then nothing"])
def test_a_damaged_table_is_told_and_not_shown_as_a_traceback(
    damage: bytes | None, filled: tuple[Workspace, str], tmp_path: Path
) -> None:
    workspace, made = filled
    rows = next(workspace.sources_dir.glob("*/rows.parquet"))
    for path in (workspace.objects.folder(made) / "data.parquet", rows):
        path.unlink()
        if damage is not None:
            path.write_bytes(damage)
    said = "is missing, so its rows" if damage is None else "is damaged, so its rows"
    for look in (
        lambda: examples_of(workspace, made),
        lambda: release.export_revision(workspace, made, tmp_path / "out.jsonl", who="Ana"),
        lambda: sources.ids(workspace, rows.parent.name),
        lambda: list(sources.rows(workspace, rows.parent.name)),
    ):
        with pytest.raises(FinetoothError, match=said):
            look()
    for suffix in ("", "-wal", "-shm"):
        workspace.cache_path.with_name(f"cache.sqlite{suffix}").unlink(missing_ok=True)
    with pytest.raises(FinetoothError, match=r"rows\.parquet"):
        queries.overview(workspace)
    assert workspace.ledger.verify() == 2


def test_an_imported_file_that_is_gone_is_told(filled: tuple[Workspace, str]) -> None:
    workspace, _ = filled
    kept = next(workspace.sources_dir.glob("*/original*"))
    kept.unlink()
    with pytest.raises(FinetoothError, match="The imported file is no longer in"):
        sources.original(workspace, kept.parent.name)
