"""Where a text's look-alikes are found in a moment: MinHash band keys of all examples, sorted, in mapped files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import FinetoothError
from core.files import explain_os_error, read_json, write_json
from core.ids import digest, new_action_id
from core.types import Example, Message
from core.workspace import Workspace
from curation.evidence.sides import prompt_side
from curation.minhash.sketch import SHORT_WORDS, sketch

FORMAT = 1
HEAD = "neighbours.json"
BANDS = 32
TABLES = ("whole-word", "whole-character", "prompt-word", "prompt-character")
BLOCK = 16_384
GATHERED = 1_000_000
"""Places that one search gathers from the sorted bands at most; the fullest bands are left out first."""

Keys = NDArray[np.uint32]
Read = Callable[[Sequence[str]], Mapping[str, Sequence[Message]]]
"""Fetches the turns of some examples by id."""


def keys_of(texts: Sequence[Sequence[Message]]) -> dict[str, tuple[NDArray[np.int64], Keys]]:
    """The band keys of some conversations, for each of :data:`TABLES`, without their system turns.

    A text of 15 words or more stands in the net of word 3-grams, one of under 24 in that of character 5-grams, one
    without words in none. Below a threshold of 0.55 a short text could be like one of 24 words or more; the nets do not
    look for that, and find fewer pairs anyway (a band is shared with a chance of similarity ** 4).

    Returns:
        For each table, which conversations stand in it (int64 [members], rising) and their keys (uint32 [members, 32]).
    """
    examples = [Example("", tuple(messages)) for messages in texts]
    made = sketch([prompt_side(example) for example in examples], [example.answer for example in examples])
    found = {}
    for view, column in (("whole", made.whole), ("prompt", made.left)):
        many = np.flatnonzero(column.words >= SHORT_WORDS)
        few = np.flatnonzero(column.words[column.small_rows] > 0)
        found[f"{view}-word"] = many, column.bands[many]
        found[f"{view}-character"] = column.small_rows[few], column.small_bands[few]
    return found


def engine() -> str:
    """What the keys depend on besides the text: another normaliser or hash gives another value."""
    probes = [(Message("user", text),) for text in ("Short: a PROBE, café 漢字.", " ".join(map(str, range(40))))]
    return digest(part.tobytes() for members, keys in keys_of(probes).values() for part in (members, keys))


@dataclass(frozen=True, slots=True)
class Table:
    """One net: for each band the keys in rising order (uint32 [32, members]) and whose they are (uint32, the same)."""

    keys: Keys
    rows: NDArray[np.uint32]

    def matching(self, key: Keys) -> tuple[list[NDArray[np.uint32]], int]:
        """The rows that agree with ``key`` (uint32 [32]) band by band, and how many places were left out."""
        if not self.keys.shape[1]:
            return [], 0
        ranges = [
            (int(np.searchsorted(own, key[band])), int(np.searchsorted(own, key[band], side="right")), band)
            for band, own in enumerate(self.keys)
        ]
        found, gathered, left_out = [], 0, 0
        for start, end, band in sorted(ranges, key=lambda r: r[1] - r[0]):
            if gathered + end - start > GATHERED:
                left_out += end - start
            elif end > start:
                gathered += end - start
                found.append(self.rows[band, start:end])
        return found, left_out

    def by_row(self, size: int) -> tuple[NDArray[np.bool_], Keys]:
        """Which of ``size`` rows stand in the net (bool [size]) and the keys of each row (uint32 [size, 32])."""
        inside, keys = np.zeros(size, bool), np.zeros((size, BANDS), np.uint32)
        inside[self.rows[0]] = True
        for band in range(BANDS):
            keys[self.rows[band], band] = self.keys[band]
        return inside, keys


@dataclass(frozen=True, slots=True)
class Index:
    """The nets over the examples of one state of the dataset.

    Attributes:
        generation: A new name for each build.
        key: Identity of the set of examples (``queries.key_of``).
        seq: Entry of the ledger up to which decisions and imports are in it.
        ids: Example ids as bytes, rising: S32 [examples]; a row is a place in it.
        tables: By name, see :data:`TABLES`.
    """

    generation: str
    key: str
    seq: int
    ids: NDArray[np.bytes_]
    tables: Mapping[str, Table]

    def rows_of(self, example_ids: Sequence[str]) -> NDArray[np.int64]:
        """The row of each id, or -1: int64 [ids]."""
        wanted = np.array([example_id.encode("ascii", "replace") for example_id in example_ids], "S32")
        if not len(self.ids):
            return np.full(len(wanted), -1, np.int64)
        rows = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        return np.where(self.ids[rows] == wanted, rows, -1).astype(np.int64)

    def id_of(self, row: int) -> str:
        """The id of a row."""
        return str(self.ids[row].decode("ascii"))


def folder(workspace: Workspace) -> Path:
    """Where the index is; it can be deleted at any time and is made anew by the next check."""
    return workspace.path / "index"


def head_of(workspace: Workspace) -> dict[str, Any] | None:
    """What is said of the index without opening it; None where there is none that this version can read."""
    path = folder(workspace) / HEAD
    if not path.is_file():
        return None
    try:
        head = read_json(path)
    except FinetoothError:
        return None
    return head if isinstance(head, dict) and head.get("format") == FORMAT else None


def load(workspace: Workspace) -> Index | None:
    """The index, memory-mapped; None where there is none, or its files are gone or broken (then a check makes it)."""
    head = head_of(workspace)
    if head is None:
        return None
    place = folder(workspace) / f"neighbours-{head['generation']}"
    try:
        tables = {
            name: Table(_mapped(place / f"{name}-keys.npy"), _mapped(place / f"{name}-rows.npy")) for name in TABLES
        }
        return Index(head["generation"], head["key"], head["seq"], _mapped(place / "ids.npy"), tables)
    except (OSError, ValueError):
        return None


def _mapped(path: Path) -> NDArray[Any]:
    """An array from a file, read page by page as it is needed (one without members cannot be mapped)."""
    try:
        return np.asarray(np.load(path, mmap_mode="r"))
    except ValueError:
        return np.asarray(np.load(path))


def write(
    workspace: Workspace,
    example_ids: Sequence[str],
    read: Read,
    *,
    key: str,
    seq: int,
    progress: Callable[[str, int, int | None], None],
) -> Index | None:
    """Make the index of these examples, in rising order of id; what an older one knows of them is taken over.

    Args:
        workspace: Where it is kept.
        example_ids: Rising.
        read: Fetches turns; asked only for examples that the older index does not hold, in blocks.
        key: Identity of the set.
        seq: Entry of the ledger that was the last when the ids were read.
        progress: Told how many texts are done.

    Raises:
        FinetoothError: The disk is full or the folder cannot be written.
    """
    made_by, old, head = engine(), load(workspace), head_of(workspace)
    if old is not None and head is not None and head["engine"] != made_by:
        old = None
    if old is not None and head is not None and old.key == key:
        write_json(folder(workspace) / HEAD, {**head, "seq": seq})
        return load(workspace)
    ids = np.array([example_id.encode("ascii") for example_id in example_ids], "S32")
    known = old.rows_of(example_ids) if old is not None else np.full(len(ids), -1, np.int64)
    members: dict[str, list[NDArray[np.int64]]] = {name: [] for name in TABLES}
    keys: dict[str, list[Keys]] = {name: [] for name in TABLES}
    if old is not None:
        taken = np.flatnonzero(known >= 0)
        for name, table in old.tables.items():
            inside, by_row = table.by_row(len(old.ids))
            mine = taken[inside[known[taken]]]
            members[name].append(mine)
            keys[name].append(by_row[known[mine]])
    missing = np.flatnonzero(known < 0)
    for start in range(0, len(missing), BLOCK):
        progress("index for comparing edits", start, len(missing))
        block = missing[start : start + BLOCK]
        turns = read([example_ids[i] for i in block])
        for name, (inside_block, block_keys) in keys_of([turns[example_ids[i]] for i in block]).items():
            members[name].append(block[inside_block])
            keys[name].append(block_keys)
    generation = new_action_id()[:12]
    place = folder(workspace) / f"neighbours-{generation}"
    try:
        place.mkdir(parents=True)
        np.save(place / "ids.npy", ids)
        for name in TABLES:
            _write_table(place, name, members[name], keys[name])
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        raise explain_os_error(error, place) from error
    new_head = {"format": FORMAT, "generation": generation, "key": key, "seq": seq, "engine": made_by, "n": len(ids)}
    write_json(folder(workspace) / HEAD, new_head)
    for other in folder(workspace).glob("neighbours-*"):
        if other != place:
            with suppress(OSError):
                shutil.rmtree(other)
    return load(workspace)


def _write_table(place: Path, name: str, members: Sequence[NDArray[np.int64]], keys: Sequence[Keys]) -> None:
    """Sort each band on its own, and write it before the next is sorted."""
    rows = np.concatenate([*members, np.empty(0, np.int64)]).astype(np.uint32)
    together = np.concatenate([*keys, np.empty((0, BANDS), np.uint32)])
    header = {"descr": "<u4", "fortran_order": False, "shape": (BANDS, len(rows))}
    with open(place / f"{name}-keys.npy", "wb") as key_file, open(place / f"{name}-rows.npy", "wb") as row_file:
        for file in (key_file, row_file):
            np.lib.format.write_array_header_1_0(file, header)
        for band in range(BANDS):
            order = np.argsort(together[:, band], kind="stable")
            key_file.write(together[order, band].astype("<u4").tobytes())
            row_file.write(rows[order].astype("<u4").tobytes())


def size_bytes(workspace: Workspace) -> int:
    """What the index takes on disk."""
    return sum(path.stat().st_size for path in folder(workspace).glob("neighbours*/*"))
