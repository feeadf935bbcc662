"""Broken files are imported without a traceback; every line is a row, or a line that was refused and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.faults_fuzz import fuzz, lines_of, mutated
from core.errors import InputError
from core.files import sha256_file
from core.workspace import Workspace
from curation import actions, sources
from curation.readers import result as read_result


def test_hundreds_of_broken_files_are_read_to_the_last_line(tmp_path: Path) -> None:
    done = fuzz(tmp_path, 400, seed=50_000)
    assert done.wrong == ()
    assert done.rows > 1000
    assert done.rejects > 400


def test_broken_files_are_imported_with_all_that_was_refused(workspace: Workspace, tmp_path: Path) -> None:
    imported = 0
    for seed in range(60_000, 60_080):
        data = mutated(seed)
        path = tmp_path / f"{seed}.jsonl"
        path.write_bytes(data)
        try:
            report = actions.import_file(workspace, path, who="Ana")
        except InputError as error:
            assert error.hint, seed
            continue
        imported += 1
        stored = list(sources.rows(workspace, report.source_id))
        refused = sources.rejects(workspace, report.source_id)
        assert len(stored) == report.n_rows, seed
        assert all(one.reason for one in refused), seed
        assert sha256_file(sources.original(workspace, report.source_id)) == report.source_id
        if report.format != "json" and data[:2] not in (b"\xff\xfe", b"\x1f\x8b"):
            assert len(stored) + len(refused) <= len(lines_of(data)), seed
    assert imported > 50


def test_a_file_that_changes_while_it_is_read_is_refused_and_not_half_stored(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "growing.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n')
    read = sources.readers.read

    def growing(given: Path) -> read_result.ReadResult:
        result = read(given)
        with open(path, "a", encoding="utf-8") as handle:
            handle.write('{"prompt": "c", "completion": "d"}\n')
        return result

    monkeypatch.setattr(sources.readers, "read", growing)
    with pytest.raises(InputError, match="was changed while it was read"):
        actions.import_file(workspace, path, who="Ana")
    monkeypatch.undo()
    assert workspace.ledger.entries() == []
    assert actions.import_file(workspace, path, who="Ana").n_rows == 2
