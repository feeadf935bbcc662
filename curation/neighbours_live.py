"""The index as a running process holds it: kept up with what people decide, edit and import after it was made."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.db import Database
from core.revisions import messages_from_json
from core.workspace import Workspace
from curation import decisions
from curation.neighbours_index import TABLES, Index, Keys, keys_of

LATER = 2_000
"""Examples that came in since the index was made are compared up to this many; more of them are counted."""
CHUNK = 500
VIEWS = ("whole", "prompt")

FROM_EDITS = """
WITH RECURSIVE reached(id) AS (
    VALUES {values} UNION SELECT new_id FROM edits JOIN reached ON edits.old_id = reached.id)
SELECT reached.id, IFNULL(examples.state, '') FROM reached LEFT JOIN examples ON examples.id = reached.id
"""
FROM_IMPORT = "SELECT DISTINCT id, state FROM examples JOIN rows ON rows.example_id = examples.id WHERE rows.source = ?"


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who shares bands with a text: ids, those that share most first.

    ``total`` counts them before the bound; ``unseen`` counts places in overfull bands that were not looked at.
    """

    ids: tuple[str, ...]
    total: int
    unseen: int


class Live:
    """An index, with what has left the set since (``gone``) and what has come (``later``).

    Args:
        index: As the last check left it.
    """

    def __init__(self, index: Index) -> None:
        self.index = index
        self.lock = threading.Lock()
        self._seq = index.seq
        self._gone = np.zeros(len(index.ids), bool)
        self._later: dict[str, None] = {}
        self._signed: dict[str, dict[str, Keys]] = {}
        self._nets: dict[str, tuple[list[str], Keys]] = {}

    @property
    def n_later(self) -> int:
        """Examples of the set that are not in the index and not compared."""
        return max(0, len(self._later) - LATER)

    @property
    def n_compared(self) -> int:
        """Examples that a text is compared with."""
        return len(self._gone) - int(self._gone.sum()) + min(len(self._later), LATER)

    def follow(self, workspace: Workspace, database: Database) -> None:
        """Take in what the ledger holds since the last look (``database`` is the cache, brought up to it)."""
        with self.lock:
            if workspace.ledger.head()[0] == self._seq:
                return
            fresh = workspace.ledger.entries(after=self._seq)
            decided: dict[str, None] = {}
            states: dict[str, str] = {}
            with database.reading() as connection:
                for entry in fresh:
                    if entry.kind == "import":
                        states.update((row[0], row[1]) for row in connection.execute(FROM_IMPORT, (entry.subject,)))
                    elif entry.kind == decisions.KIND:
                        decided[entry.subject] = None
                        if becomes := entry.payload.get("becomes"):
                            decided[becomes] = None
                ids = list(decided)
                for start in range(0, len(ids), CHUNK):
                    part = ids[start : start + CHUNK]
                    query = FROM_EDITS.format(values=",".join(["(?)"] * len(part)))
                    states.update((row[0], row[1]) for row in connection.execute(query, part))
            self._settle(states)
            self._sign(database)
            if fresh:
                self._seq = fresh[-1].seq

    def _settle(self, states: dict[str, str]) -> None:
        rows = self.index.rows_of(list(states))
        for row, (example_id, state) in zip(rows.tolist(), states.items(), strict=True):
            if row >= 0:
                self._gone[row] = state != "in"
            elif state == "in":
                self._later[example_id] = None
            else:
                self._later.pop(example_id, None)

    def _sign(self, database: Database) -> None:
        """Work out the band keys of those that came later and have none yet, and put all of them together."""
        compared = list(self._later)[:LATER]
        wanted = [i for i in compared if i not in self._signed]
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            marks = ",".join("?" * len(part))
            with database.reading() as connection:
                query = f"SELECT id, messages FROM examples WHERE id IN ({marks})"
                found = connection.execute(query, part).fetchall()
            for row in found:
                self._signed[row["id"]] = {}
            for name, (members, keys) in keys_of([messages_from_json(row[1]) for row in found]).items():
                for place, key in zip(members, keys, strict=True):
                    self._signed[found[place]["id"]][name] = key
        self._nets = {}
        for name in TABLES:
            if ids := [i for i in compared if name in self._signed[i]]:
                self._nets[name] = ids, np.stack([self._signed[i][name] for i in ids])

    def candidates(self, keys: Mapping[str, Keys], *, leave_out: str | None, most: int) -> Candidates:
        """Who shares a band with a text: at most ``most`` by the whole, and as many by the prompt.

        Args:
            keys: Those of the text (uint32 [32]) by the name of the table.
            leave_out: The id of an example that is not to be among them.
            most: The bound.
        """
        chosen: dict[str, None] = {}
        unseen = 0
        with self.lock:
            own = int(self.index.rows_of([leave_out])[0]) if leave_out else -1
            any_shared = np.zeros(len(self._gone), bool)
            any_later: set[str] = set()
            for view in VIEWS:
                shared, left_out = self._shared(view, keys)
                unseen += left_out
                shared[self._gone] = 0
                if own >= 0:
                    shared[own] = 0
                later = self._shared_later(view, keys)
                later.pop(leave_out or "", None)
                any_shared |= shared > 0
                any_later.update(later)
                rows = np.flatnonzero(shared)
                ranked = [(int(shared[row]), self.index.id_of(row)) for row in _leading(rows, shared[rows], most)]
                ranked += [(count, example_id) for example_id, count in later.items()]
                ranked.sort(key=lambda one: (-one[0], one[1]))
                chosen.update((example_id, None) for _, example_id in ranked[:most])
        return Candidates(tuple(chosen), int(any_shared.sum()) + len(any_later), unseen)

    def _shared(self, view: str, keys: Mapping[str, Keys]) -> tuple[NDArray[np.int64], int]:
        """In how many bands each row agrees with a text, in the better of the two nets: int64 [rows]."""
        best, unseen = np.zeros(len(self._gone), np.int64), 0
        for name in TABLES:
            if name.startswith(view) and name in keys:
                found, left_out = self.index.tables[name].matching(keys[name])
                unseen += left_out
                if found:
                    best = np.maximum(best, np.bincount(np.concatenate(found), minlength=len(best)))
        return best, unseen

    def _shared_later(self, view: str, keys: Mapping[str, Keys]) -> dict[str, int]:
        """The same for those that came later, without those that share none."""
        best: dict[str, int] = {}
        for name in TABLES:
            if name.startswith(view) and name in keys and name in self._nets:
                ids, net = self._nets[name]
                shared = (net == keys[name]).sum(axis=1)
                for at in np.flatnonzero(shared):
                    best[ids[at]] = max(best.get(ids[at], 0), int(shared[at]))
        return best


def _leading(rows: NDArray[np.int64], shared: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """The rows that share most, at most so many; among equals the first."""
    if len(rows) <= most:
        return rows
    rank = shared * (int(rows[-1]) + 1) - rows
    return rows[np.argpartition(-rank, most)[:most]]
