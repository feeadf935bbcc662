"""A disk that is full while the checks keep what they found is told in a sentence, whatever file comes first."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from core.errors import FinetoothError
from core.workspace import Workspace
from curation import coverage, thresholds
from curation.evidence.coverage import CoverageMap
from curation.evidence.pairs import PairFrames


def keep_map(workspace: Workspace) -> None:
    none = np.empty(0, np.float32)
    drawn = CoverageMap((), none, none, np.empty(0, np.int16), none, (), 0, False)
    coverage.write(workspace, drawn, "state")


def keep_pairs(workspace: Workspace) -> None:
    units, pairs = pl.DataFrame(schema=thresholds.UNITS), pl.DataFrame(schema=thresholds.PAIRS)
    thresholds.write(workspace, PairFrames(units, pairs, 0.5), "state", near=0.7, short=0.85)


@pytest.mark.parametrize("keep", [keep_map, keep_pairs])
def test_a_full_disk_is_told_as_such_and_leaves_no_half_table(
    keep: Callable[[Workspace], None], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: pl.DataFrame, file: Path, *_: Any, **__: Any) -> None:
        file.write_bytes(b"PAR1")
        raise pl.exceptions.ComputeError(f"No space left on device (os error {errno.ENOSPC})")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(FinetoothError, match="The disk is full"):
        keep(workspace)
    assert list((workspace.path / thresholds.FOLDER).iterdir()) == []
    monkeypatch.undo()
    keep(workspace)
    assert len(list((workspace.path / thresholds.FOLDER).glob("*.json"))) == 1
