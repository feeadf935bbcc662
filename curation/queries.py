"""What the screen and the commands read: paged views of the current dataset, its findings and its history."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import FinetoothError, InputError
from core.ids import digest
from core.ledger import Entry
from core.revisions import example_of, frozen
from core.types import Decision, Example, Message, Reject, Severity
from core.workspace import Workspace
from curation import apply, cache, decisions, records, sources
from curation.checks import CHECKS, OTHER_TITLES
from curation.found import (
    CLUSTER_ORDERS,
    ORDERS,
    SEVERITIES,
    Filter,
    FindingPage,
    FindingView,
    finding,
    findings,
    rank,
    reason_counts,
    still_in,
)

__all__ = [
    "CLUSTER_ORDERS",
    "ORDERS",
    "SEVERITIES",
    "Filter",
    "FindingPage",
    "FindingView",
    "finding",
    "findings",
    "rank",
    "reason_counts",
    "still_in",
]  # what ``found`` brings

finding_id = records.finding_id


@dataclass(frozen=True, slots=True)
class ExampleView:
    """An example where it stands: ``in``, ``dropped``, ``replaced`` (by ``becomes``) or ``withdrawn``.

    ``lines`` are its (source name, line) pairs; an edited example has none, nor has one that ``added_by`` wrote.
    """

    example: Example
    state: str
    becomes: str | None
    replaces: str | None
    lines: tuple[tuple[str, int], ...]
    added_by: str = ""


@dataclass(frozen=True, slots=True)
class MemberView:
    """An example of a cluster, without its text: its state, and its (source name, line) pairs."""

    id: str
    state: str
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ExamplePage:
    """Some examples of ``total`` that fit the filter."""

    items: tuple[ExampleView, ...]
    total: int


@dataclass(frozen=True, slots=True)
class CheckCount:
    """How many findings of one check are open and how many settled."""

    check: str
    family: str
    title: str
    severity: Severity
    open: int
    settled: int
    safe: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Where the dataset stands, in counts.

    ``n_rows`` counts imported rows, ``n_examples`` distinct imported conversations, ``n_in`` those that would be frozen
    now; ``checked`` says that checks have run (``checks_run`` which), ``stale`` that the dataset has changed since one
    of them did; ``seconds`` is what each check of the last run took.
    """

    n_rows: int
    n_examples: int
    n_in: int
    n_dropped: int
    n_edited: int
    n_rejects: int
    sources: tuple[sources.Source, ...]
    counts: tuple[CheckCount, ...]
    n_open: int
    n_blocking: int
    checked: bool
    stale: bool
    checks_run: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: Mapping[str, float]
    revisions: tuple[str, ...]


def imported(workspace: Workspace) -> list[str]:
    """Source ids in the order of their first import."""
    return list(dict.fromkeys(entry.subject for entry in workspace.ledger.entries("import")))


def overview(workspace: Workspace) -> Overview:
    """Everything that Home shows."""
    database = cache.synced(workspace)
    loaded = tuple(sources.load(workspace, source_id) for source_id in imported(workspace))
    with database.reading() as connection:
        states = dict(connection.execute("SELECT state, COUNT(*) FROM examples GROUP BY state").fetchall())
        counts = _counts(connection)
        open_blocks = "SELECT COUNT(*) FROM findings WHERE state = 'open' AND severity = 0"
        n_blocking = connection.execute(open_blocks).fetchone()[0]
        n_examples = connection.execute("SELECT COUNT(*) FROM examples WHERE imported = 1").fetchone()[0]
        checked_by = cache.get_fact(connection, "checked_by")
        notes = cache.get_fact(connection, "check_notes") or []
        seconds = cache.get_fact(connection, "check_seconds") or {}
        current = dataset_key(connection)
    checked = checked_by if isinstance(checked_by, dict) else {}
    return Overview(
        n_rows=sum(s.n_rows for s in loaded),
        n_examples=n_examples,
        n_in=states.get("in", 0),
        n_dropped=states.get("dropped", 0),
        n_edited=states.get("replaced", 0),
        n_rejects=sum(s.n_rejects for s in loaded),
        sources=loaded,
        counts=counts,
        n_open=sum(c.open for c in counts),
        n_blocking=n_blocking,
        checked=bool(checked),
        stale=any(key != current for key in checked.values()),
        checks_run=tuple(check.name for check in CHECKS if check.name in checked),
        notes=tuple(str(n) for n in notes) if isinstance(notes, list) else (),
        seconds=seconds if isinstance(seconds, dict) else {},
        revisions=tuple(entry.subject for entry in reversed(frozen(workspace))),
    )


def dataset_key(connection: sqlite3.Connection) -> str:
    """Identity of the current set of examples, whatever their order."""
    version = cache.get_fact(connection, "examples_version")  # a random one, new at every change of the set
    if isinstance(version, str) and (known := _keys.get(version)):
        return known
    key = key_of(row[0] for row in connection.execute("SELECT id FROM examples WHERE state = 'in' ORDER BY id"))
    if isinstance(version, str):
        _keys.clear()
        _keys[version] = key
    return key


_keys: dict[str, str] = {}
"""The key of the set that was asked for last: at 100,000 examples it takes longer than the rest of a page."""


def key_of(ordered_ids: Iterable[str]) -> str:
    """The same for ids at hand, which must be in ascending order."""
    return digest(example_id.encode() for example_id in ordered_ids)


def _counts(connection: sqlite3.Connection) -> tuple[CheckCount, ...]:
    query = (
        "SELECT check_name, family, MIN(severity) AS severity, SUM(state = 'open') AS open, "
        "SUM(state = 'settled') AS settled, SUM(state = 'open' AND safe) AS safe FROM findings GROUP BY check_name"
    )
    by_name = {row["check_name"]: row for row in connection.execute(query)}
    order = {check.name: place for place, check in enumerate(CHECKS)}
    titles = {check.name: check.title for check in CHECKS} | OTHER_TITLES
    return tuple(
        CheckCount(
            name, r["family"], titles.get(name, name), SEVERITIES[r["severity"]], r["open"], r["settled"], r["safe"]
        )
        for name, r in sorted(by_name.items(), key=lambda item: order.get(item[0], len(order)))
    )


def full_id(workspace: Workspace, table: Literal["findings", "examples"], start: str) -> str:
    """The one id of a finding or an example that begins with ``start``, as lists show them.

    Raises:
        InputError: There is none, or more than one.
    """
    with cache.synced(workspace).reading() as connection:
        query = f"SELECT id FROM {table} WHERE id = ?1 OR substr(id, 1, length(?1)) = ?1 ORDER BY length(id) LIMIT 2"
        found = [row[0] for row in connection.execute(query, (start,))]
    if start in found:
        return start
    if start and len(found) == 1:
        return str(found[0])
    if start and found:
        raise InputError(f"Several {table} have an id that starts with {start}.", "Give more of the id.")
    hint = "See `finetooth findings`; a new run of the checks can change them." if table == "findings" else ""
    raise InputError(f"None of the {table} has an id that starts with {start!r}.", hint or "Check the id.")


def preview(workspace: Workspace, wanted_id: str) -> tuple[Message, ...] | None:
    """The turns as an edit proposal would leave them; None where the finding proposes no edit."""
    view = finding(workspace, wanted_id)
    if view.finding.proposal is None or view.finding.proposal.action != "edit":
        return None
    original = example(workspace, view.finding.example_id).example
    return apply.replaced(original.messages, view.finding.proposal.replacements).messages


def example(workspace: Workspace, example_id: str) -> ExampleView:
    """One example, whether or not it is still in the dataset.

    Raises:
        FinetoothError: No imported file and no edit holds it.
    """
    with cache.synced(workspace).reading() as connection:
        row = connection.execute("SELECT * FROM examples WHERE id = ?", (example_id,)).fetchone()
        if row is None:
            raise FinetoothError(f"There is no example {example_id} in this workspace.", "Check the id.")
        return _example_view(workspace, connection, row)


def require_known(workspace: Workspace, example_ids: Sequence[str]) -> None:
    """Raise as :func:`example` does for the first of these that no imported file and no edit holds."""
    query = "SELECT id FROM examples WHERE id IN (SELECT value FROM json_each(?))"
    with cache.synced(workspace).reading() as connection:
        known = {row[0] for row in connection.execute(query, (json.dumps(list(example_ids)),))}
    if missing := next((one for one in example_ids if one not in known), None):
        example(workspace, missing)


def members(workspace: Workspace, example_ids: Sequence[str]) -> tuple[MemberView, ...]:
    """Where each of these examples stands, in the given order; those that the workspace does not hold are left out."""
    marks = ",".join("?" * len(example_ids))
    with cache.synced(workspace).reading() as connection:
        states = dict(
            connection.execute(f"SELECT id, state FROM examples WHERE id IN ({marks})", list(example_ids)).fetchall()
        )
        return tuple(
            MemberView(example_id, states[example_id], _lines(workspace, connection, example_id))
            for example_id in example_ids
            if example_id in states
        )


def examples(
    workspace: Workspace, *, state: str = "in", text: str = "", offset: int = 0, limit: int = 50
) -> ExamplePage:
    """A page of examples in dataset order, optionally only those that hold ``text`` (case does not matter)."""
    clauses: list[str] = ["state = ?"]
    values: list[Any] = [state]
    if text:
        clauses.append("messages LIKE ? ESCAPE '\\'")
        escaped = json.dumps(text, ensure_ascii=False)[1:-1]
        for special in ("\\", "%", "_"):
            escaped = escaped.replace(special, "\\" + special)
        values.append(f"%{escaped}%")
    where = " AND ".join(clauses)
    with cache.synced(workspace).reading() as connection:
        total = connection.execute(f"SELECT COUNT(*) FROM examples WHERE {where}", values).fetchone()[0]
        query = f"SELECT * FROM examples WHERE {where} ORDER BY position, id LIMIT ? OFFSET ?"
        page = connection.execute(query, [*values, limit, offset]).fetchall()
        return ExamplePage(tuple(_example_view(workspace, connection, row) for row in page), total)


def current(workspace: Workspace) -> tuple[list[Example], dict[str, tuple[int, ...]]]:
    """The examples that are in the dataset now, in order, and the source lines each stands on."""
    with cache.synced(workspace).reading() as connection:
        query = "SELECT id, messages, meta FROM examples WHERE state = 'in' ORDER BY position, id"
        found = [example_of(dict(row)) for row in connection.execute(query)]
        lines: dict[str, list[int]] = {}
        repeated = (
            "SELECT example_id, line FROM rows WHERE example_id IN "
            "(SELECT example_id FROM rows GROUP BY example_id HAVING COUNT(*) > 1) ORDER BY rowid"
        )
        for row in connection.execute(repeated):
            lines.setdefault(row["example_id"], []).append(row["line"])
    return found, {example_id: tuple(on) for example_id, on in lines.items()}


def reviewed(workspace: Workspace) -> frozenset[str]:
    """Ids of the examples in the dataset that a person looked at: kept, edited, or written by them."""
    seen = "kept = 1 OR added_by <> '' OR id IN (SELECT new_id FROM edits)"
    query = f"SELECT id FROM examples WHERE state = 'in' AND ({seen})"
    with cache.synced(workspace).reading() as connection:
        return frozenset(row[0] for row in connection.execute(query))


def rejects(workspace: Workspace, source_id: str) -> list[Reject]:
    """The lines of a source that could not be read, with their reasons."""
    return sources.rejects(workspace, source_id)


def history(workspace: Workspace, example_id: str) -> list[Decision]:
    """All decisions about an example and the texts it was edited from, oldest first, undone ones included."""
    ids, waiting = [], [example_id]
    with cache.synced(workspace).reading() as connection:
        while waiting:
            ids.append(waiting.pop())
            parents = connection.execute("SELECT old_id FROM edits WHERE new_id = ?", (ids[-1],))
            waiting += [row[0] for row in parents if row[0] not in ids]
    entries = [e for subject in ids for e in workspace.ledger.entries(decisions.KIND, subject)]
    return [decisions.decision_of(entry) for entry in sorted(entries, key=lambda e: e.seq)]


def recent(workspace: Workspace, who: str | None = None, limit: int = 20) -> list[Decision]:
    """The latest decisions, newest first."""
    entries = [e for e in workspace.ledger.entries(decisions.KIND) if who is None or e.who == who]
    return [decisions.decision_of(entry) for entry in entries[: -limit - 1 : -1]]


def reasons(workspace: Workspace) -> tuple[dict[str, int], dict[str, int]]:
    """Why examples were dropped, and why edited: the checks behind the decision that holds (or "by hand"), counted."""
    titles = {check.name: check.title for check in CHECKS} | OTHER_TITLES
    by_subject: dict[str, list[Entry]] = {}
    for entry in workspace.ledger.entries(decisions.KIND):
        by_subject.setdefault(entry.subject, []).append(entry)
    counted: dict[str, Counter[str]] = {"drop": Counter(), "edit": Counter()}
    states = {"drop": "dropped", "edit": "replaced"}
    for entries in by_subject.values():
        stand = decisions.standing(entries)
        for verdict, state in states.items():
            if stand.state == state:
                last = [e for e in decisions.holding(entries) if e.payload["verdict"] == verdict][-1]
                names = last.payload.get("checks", ())
                counted[verdict]["; ".join(titles.get(n, n) for n in names) or "Decided by hand"] += 1
    return dict(counted["drop"].most_common()), dict(counted["edit"].most_common())


def _example_view(workspace: Workspace, connection: sqlite3.Connection, row: sqlite3.Row) -> ExampleView:
    lines = _lines(workspace, connection, row["id"])
    parent = connection.execute("SELECT old_id FROM edits WHERE new_id = ?", (row["id"],)).fetchone()
    replaces = parent[0] if parent else None
    return ExampleView(example_of(dict(row)), row["state"], row["becomes"], replaces, lines, row["added_by"])


def _lines(workspace: Workspace, connection: sqlite3.Connection, example_id: str) -> tuple[tuple[str, int], ...]:
    query = "SELECT source, line FROM rows WHERE example_id = ? ORDER BY rowid"
    placed = connection.execute(query, (example_id,)).fetchall()
    names = {source: sources.load(workspace, source).name for source in {row["source"] for row in placed}}
    return tuple((names[row["source"]], row["line"]) for row in placed)
