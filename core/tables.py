"""Tables as Parquet files that are either wholly there or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from core.errors import FinetoothError
from core.files import writing

OS_ERROR = re.compile(r"\(os error (\d+)\)")


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a table, atomically.

    Raises:
        FinetoothError: The disk is full or the folder cannot be written; ``path`` is then as it was.
    """
    with writing(path) as temporary:
        try:
            frame.write_parquet(temporary)
        except pl.exceptions.PolarsError as error:  # it hides what the operating system said in its text
            said = OS_ERROR.search(str(error))
            if said is None:
                raise
            raise OSError(int(said[1]), os.strerror(int(said[1]))) from error


def read_table(path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Read a table, or some of its columns.

    Raises:
        FinetoothError: The file is missing or damaged.
    """
    try:
        return pl.read_parquet(path, columns=None if columns is None else list(columns))
    except (OSError, pl.exceptions.PolarsError) as error:
        what = "is damaged" if path.is_file() else "is missing"
        raise FinetoothError(f"{path} {what}, so its rows cannot be read.", "Restore it from a copy.") from error
