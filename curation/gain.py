"""Expected gain: what settling a finding may bring, so that a person with little time begins where it counts.

Expected gain = weight of the severity x rows concerned x measured precision of the check: the number of rows that are
likely to be wrong, a blocking one counted as nine notes and one worth a look as three. The precision is that of
``checks/measured.toml``, of planted faults and labelled sets; a check without one counts as right half the time.
"""

from __future__ import annotations

import re
import sqlite3
import tomllib
from functools import cache
from pathlib import Path

from core.types import Severity

SEVERITY_WEIGHTS: dict[Severity, float] = {"block": 9.0, "warn": 3.0, "info": 1.0}
UNMEASURED_PRECISION = 0.5
EXPLAINED = (
    "Expected gain: severity (blocking 9, worth a look 3, note 1) x rows concerned x measured precision of the check "
    "(0.5 where none is measured)."
)
_FIGURES = Path(__file__).parent / "checks" / "measured.toml"
_ORDER: tuple[Severity, ...] = ("block", "warn", "info")


@cache
def precisions() -> dict[str, float]:
    """The measured precision of each check that has one, in [0, 1]."""
    known = tomllib.loads(_FIGURES.read_text(encoding="utf-8"))
    figures = {check: re.match(r"[\d.]+", said["precision"]) for check, said in known.items() if "precision" in said}
    return {check: float(figure[0]) for check, figure in figures.items() if figure}


def expected(check: str, severity: Severity, n_rows: int) -> float:
    """The expected gain of one finding that is about so many rows."""
    return SEVERITY_WEIGHTS[severity] * n_rows * precisions().get(check, UNMEASURED_PRECISION)


MEASURE = [[check, figure] for check, figure in sorted(precisions().items())]
"""What the gains were worked out by; a cache that was filled by other figures is filled anew."""


def fill(connection: sqlite3.Connection) -> None:
    """Work out the gain of every finding in the cache."""
    kinds = connection.execute("SELECT DISTINCT check_name, severity FROM findings").fetchall()
    connection.executemany(
        "UPDATE findings SET gain = size * ? WHERE check_name = ? AND severity = ?",
        [(expected(row[0], _ORDER[row[1]], 1), row[0], row[1]) for row in kinds],
    )
