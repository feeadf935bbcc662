"""Tables as Parquet files that are either wholly there or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path

import polars as pl

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
