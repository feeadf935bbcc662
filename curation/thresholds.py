"""What other thresholds would do: the similarities of the last check, read again without comparing a text anew.

The table is written beside the findings: ``index/units.parquet``, ``index/pairs.parquet`` and ``index/meta.json``. A
unit is a set of examples that are equal after normalising; units stand in order of rank, the one that would stay first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from core.errors import FinetoothError
from core.files import read_json, write_json
from core.tables import write_table
from core.workspace import Workspace
from curation import cache, queries
from curation.evidence.pairs import PairFrames
from curation.minhash.clusters import centres

FOLDER = "index"
VIEWS = ("whole", "prompt", "answer")
UNITS = pl.Schema({"id": pl.String(), "copies": pl.UInt32()})
PAIRS = pl.Schema(
    {
        **{"left": pl.UInt32(), "right": pl.UInt32()},
        **{"whole": pl.Float32(), "prompt": pl.Float32(), "answer": pl.Float32()},
        **{"short": pl.UInt8(), "same": pl.Boolean()},
    }
)


@dataclass(frozen=True, slots=True)
class NoTable:
    """Why there is nothing to explore: never made, made for another state of the dataset, or damaged."""

    why: Literal["absent", "stale", "broken"]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What two thresholds would do.

    Attributes:
        near, short: The thresholds.
        pairs: Pairs of units that would be called near-duplicates: whole, prompt and answer each reach their threshold
            and no number, code, negation or system prompt differs.
        held: Pairs whose whole conversations reach it, and which stay all the same.
        clusters: Groups of near-duplicates, each around the one that stays.
        gone: Examples that would be proposed for dropping.
        examples: Of how many.
    """

    near: float
    short: float
    pairs: int
    held: int
    clusters: int
    gone: int
    examples: int


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of the histogram: pairs with a whole-similarity in [start, end), the last one including its end."""

    start: float
    end: float
    proposed: int
    other: int


@dataclass(frozen=True, slots=True)
class Sides:
    """The exact similarities of two examples, each in [0, 1]."""

    whole: float
    prompt: float
    answer: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two examples (the one that ranks better first) and how alike they are.

    ``short`` names the views compared by characters; ``margin`` is the least distance of a view above its threshold.
    """

    left: str
    right: str
    sides: Sides
    short: frozenset[str]
    margin: float


class PairTable:
    """The pairs of one check. Reading it anew at other thresholds takes milliseconds a million pairs.

    Args:
        units: Columns of :data:`UNITS`, in order of rank.
        pairs: Columns of :data:`PAIRS`; row numbers of ``units``, ``left < right``.
        meta: ``dataset_key``, the state of the dataset; ``near`` and ``short``, the thresholds of that check; and
            ``floor``, the least similarity kept.

    Raises:
        ValueError: A pair names a unit that is not there.
    """

    def __init__(self, units: pl.DataFrame, pairs: pl.DataFrame, meta: dict[str, Any]) -> None:
        self.units = units
        self.dataset_key = str(meta["dataset_key"])
        self.near, self.short, self.floor = float(meta["near"]), float(meta["short"]), float(meta["floor"])
        self._left = pairs["left"].to_numpy().astype(np.int64)
        self._right = pairs["right"].to_numpy().astype(np.int64)
        self._scores = {name: pairs[name].to_numpy() for name in VIEWS}
        bits = pairs["short"].to_numpy()
        self._short = {name: (bits & (1 << place)) > 0 for place, name in enumerate(VIEWS)}
        self._same = pairs["same"].to_numpy()
        self._counted: dict[tuple[float, float], WhatIf] = {}
        self.copies = units["copies"].to_numpy().astype(np.int64)
        if self.n_pairs and int(self._right.max()) >= units.height:
            raise ValueError("a pair names a unit that is not there")

    @property
    def n_pairs(self) -> int:
        """Pairs of units at or above the floor."""
        return len(self._left)

    @property
    def n_examples(self) -> int:
        """Examples in the dataset that was checked."""
        return int(self.copies.sum())

    @cached_property
    def n_equal(self) -> int:
        """Examples that equal a better one but for case, punctuation and spaces: they go at any threshold."""
        return self.n_examples - self.units.height

    def what_if(self, near: float, short: float) -> WhatIf:
        """Count what these thresholds would propose, with the same clusters as a check makes them."""
        if (near, short) not in self._counted:
            self._counted[near, short] = self._count(near, short)
        return self._counted[near, short]

    def _count(self, near: float, short: float) -> WhatIf:
        drop = self._proposed(near, short)
        centre = centres(self.units.height, self._left[drop], self._right[drop])
        gone = np.flatnonzero(centre != np.arange(self.units.height))
        clusters = len(np.unique(centre[gone]))
        held = int((self._reaches("whole", near, short) & ~drop).sum())
        return WhatIf(near, short, int(drop.sum()), held, clusters, int(self.copies[gone].sum()), self.n_examples)

    def histogram(self, near: float, short: float, bins: int = 50) -> list[Bin]:
        """How many pairs have which whole-similarity, from the floor to 1, and how many of them would be proposed."""
        edges = np.linspace(self.floor, 1.0, bins + 1)
        place = np.clip(np.searchsorted(edges.astype(np.float32), self._scores["whole"], side="right") - 1, 0, bins - 1)
        drop = self._proposed(near, short)
        proposed = np.bincount(place[drop], minlength=bins)
        other = np.bincount(place[~drop], minlength=bins)
        return [Bin(float(edges[k]), float(edges[k + 1]), int(proposed[k]), int(other[k])) for k in range(bins)]

    def borderline(self, near: float, short: float, limit: int = 20) -> tuple[list[Pair], list[Pair]]:
        """The pairs closest to the line, closest first: those just inside, then those just outside.

        What counts is the view that is furthest below its threshold, or least above it: the first to change sides when
        the threshold moves. Pairs that differ in a number, a code or a negation are on neither side.
        """
        margin = self._margin(near, short)
        inside, outside = np.flatnonzero(self._same & (margin >= 0)), np.flatnonzero(self._same & (margin < 0))
        first = _least(margin, inside, limit), _least(-margin, outside, limit)
        return tuple([self._pair(int(row), float(margin[row])) for row in rows] for rows in first)  # type: ignore[return-value]

    def sides(self, kept: str, members: Sequence[str]) -> list[Sides | None]:
        """The similarities of each of a cluster's members to the one that is kept.

        A unit is known by its first example; the copies of a unit follow it in a finding, and share its figures.
        None stands where the table holds no such pair (below the floor, or not of this check).
        """
        known = self.units.with_row_index("row").filter(pl.col("id").is_in([kept, *members]))
        row_of = dict(zip(known["id"].to_list(), known["row"].to_list(), strict=True))
        if kept not in row_of:
            return [None] * len(members)
        centre = row_of[kept]
        at = {int(self._left[k] + self._right[k]) - centre: k for k in self._touching(centre)}
        found: list[Sides | None] = []
        unit, copies = centre, int(self.copies[centre]) - 1
        for member in members:
            if member in row_of:
                unit, copies = row_of[member], int(self.copies[row_of[member]]) - 1
            else:
                copies -= 1
            if copies < 0:
                found.append(None)
            elif unit == centre:
                found.append(Sides(1.0, 1.0, 1.0))
            else:
                found.append(self._sides(at[unit]) if unit in at else None)
        return found

    def _touching(self, unit: int) -> list[int]:
        return [int(k) for k in np.flatnonzero((self._left == unit) | (self._right == unit))]

    def _reaches(self, view: str, near: float, short: float) -> NDArray[np.bool_]:
        return self._scores[view] >= self._needed(view, near, short)

    def _needed(self, view: str, near: float, short: float) -> NDArray[np.float32]:
        """The threshold of each pair in a view, as the float32 that its similarity is stored in."""
        return np.where(self._short[view], np.float32(short), np.float32(near))

    def _proposed(self, near: float, short: float) -> NDArray[np.bool_]:
        drop = self._same.copy()
        for view in VIEWS:
            drop &= self._reaches(view, near, short)
        return drop

    def _margin(self, near: float, short: float) -> NDArray[np.float32]:
        margins = [self._scores[view] - self._needed(view, near, short) for view in VIEWS]
        return np.minimum(np.minimum(margins[0], margins[1]), margins[2])

    def _sides(self, row: int) -> Sides:
        return Sides(*(float(self._scores[view][row]) for view in VIEWS))

    def _pair(self, row: int, margin: float) -> Pair:
        ids = self.units["id"]
        short = frozenset(view for view in VIEWS if self._short[view][row])
        return Pair(ids[int(self._left[row])], ids[int(self._right[row])], self._sides(row), short, margin)


def write(workspace: Workspace, frames: PairFrames, dataset_key: str, *, near: float, short: float) -> None:
    """Keep the similarities of a check; ``meta.json`` comes last, so its presence means complete.

    Args:
        workspace: The open workspace.
        frames: What the check compared.
        dataset_key: The state of the dataset that it looked at.
        near: Its threshold on word 3-grams.
        short: Its threshold on character 5-grams.
    """
    folder = workspace.path / FOLDER
    (folder / "meta.json").unlink(missing_ok=True)
    for name, frame in (("units", frames.units), ("pairs", frames.pairs)):
        write_table(frame, folder / f"{name}.parquet")
    meta = {"dataset_key": dataset_key, "near": near, "short": short, "floor": frames.floor}
    write_json(folder / "meta.json", meta)


def load(workspace: Workspace, *, current: bool = True) -> PairTable | NoTable:
    """The pair table of the last check of duplicates, or why there is none that fits the dataset as it is now.

    Args:
        workspace: The open workspace.
        current: Whether a table of another state of the dataset is refused as stale. The similarities of two examples
            hold in any state; counts do not.
    """
    folder = workspace.path / FOLDER
    if not (folder / "meta.json").is_file():
        return NoTable("absent")
    try:
        meta = read_json(folder / "meta.json")
        units = pl.read_parquet(folder / "units.parquet", columns=list(UNITS)).cast(UNITS)
        pairs = pl.read_parquet(folder / "pairs.parquet", columns=list(PAIRS)).cast(PAIRS)
        table = PairTable(units, pairs, meta)
    except (FinetoothError, OSError, pl.exceptions.PolarsError, KeyError, TypeError, ValueError):
        return NoTable("broken")
    return NoTable("stale") if current and not fits(workspace, table) else table


def fits(workspace: Workspace, table: PairTable) -> bool:
    """Whether the dataset is still as it was when the table was made."""
    with cache.synced(workspace).reading() as connection:
        return table.dataset_key == queries.dataset_key(connection)


def _least(values: NDArray[np.float32], among: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
    """The rows ``among`` with the least values, in order; ties by row."""
    if len(among) > limit:
        edge = np.partition(values[among], limit - 1)[limit - 1]
        among = among[values[among] <= edge]
    return among[np.argsort(values[among], kind="stable")][:limit]
