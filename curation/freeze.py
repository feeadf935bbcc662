"""Revisions: freezing the current dataset with its split, and comparing two frozen states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from core.errors import InputError
from core.revisions import SCHEMA, example_of, frozen
from core.types import Revision
from core.workspace import Workspace
from curation import added, cache, queries, resolutions
from curation.checks import CHECKS
from curation.splits import certificate, split


@dataclass(frozen=True, slots=True)
class Frozen:
    """A revision, its leak certificate, and whether the very same state had been frozen before."""

    revision: Revision
    certificate: Mapping[str, Any]
    already: bool


@dataclass(frozen=True, slots=True)
class RevisionView:
    """A revision as listed: who froze it when comes from the ledger, not from the revision."""

    revision: Revision
    certificate: Mapping[str, Any]
    facts: Mapping[str, Any]
    created_at: str
    who: str


@dataclass(frozen=True, slots=True)
class RevisionDiff:
    """Ids by which two revisions differ; ``edited`` pairs the old id with the new one."""

    added: tuple[str, ...]
    dropped: tuple[str, ...]
    edited: tuple[tuple[str, str], ...]


def freeze(
    workspace: Workspace,
    *,
    who: str,
    holdout_share: float = 0.1,
    holdout_size: int | None = None,
    seed: int = 0,
) -> Frozen:
    """Make an immutable revision of the examples that are in the dataset now, with a leak-free hold-out.

    The id is made of the examples, their order, their meta and their split: no clock, no machine.

    Raises:
        InputError: The dataset is empty, or the hold-out asked for is impossible.
    """
    with cache.synced(workspace).reading() as connection:  # one look, so that what is split is what is frozen
        connection.execute("BEGIN")
        rows = connection.execute(
            "SELECT id, messages, meta, source, line FROM examples WHERE state = 'in' ORDER BY position, id"
        ).fetchall()
        decided_upto = cache.get_fact(connection, "ledger_hash")
    if not rows:
        raise InputError("There is nothing to freeze.", "Import a file first: finetooth import FILE")
    examples = [example_of(dict(row)) for row in rows]
    made = split(examples, holdout_share=holdout_share, holdout_size=holdout_size, seed=seed)
    records = [{**dict(row), "split": "holdout" if row["id"] in made.holdout else "train"} for row in rows]
    frame = pl.DataFrame(records, schema=SCHEMA)
    seen = queries.overview(workspace)
    previous = frozen(workspace)
    proof = certificate(made)
    manifest = {
        "parent": previous[0].subject if previous else None,
        "n_examples": frame.height,
        "splits": {"train": made.n_train, "holdout": len(made.holdout)},
        "checks": {check.name: check.version for check in CHECKS if check.name in seen.checks_run},
        "decided_upto": decided_upto,
        "sources": queries.imported(workspace),
        "certificate": proof,
        "seed": seed,
        "facts": _facts(workspace, seen),
    }
    key = frame.select("id", "split", "messages", "meta").rows()
    revision_id = workspace.objects.put("revision", manifest, frame, key)
    already = any(entry.subject == revision_id for entry in previous)
    if not previous or previous[0].subject != revision_id:  # frozen again after another one, it is the newest again
        workspace.ledger.append("freeze", revision_id, {"already": already}, who=who)
    return Frozen(_revision(workspace.objects.manifest(revision_id)), proof, already)


def revisions(workspace: Workspace) -> list[RevisionView]:
    """All revisions, newest first."""
    found = []
    for entry in frozen(workspace):
        manifest = workspace.objects.manifest(entry.subject)
        found.append(RevisionView(_revision(manifest), manifest["certificate"], manifest["facts"], entry.at, entry.who))
    return found


def diff(workspace: Workspace, before: str, after: str) -> RevisionDiff:
    """What changed from one revision to another, by example."""
    old = dict.fromkeys(workspace.objects.frame(before)["id"].to_list())
    new = dict.fromkeys(workspace.objects.frame(after)["id"].to_list())
    with cache.synced(workspace).reading() as connection:
        became = dict(connection.execute("SELECT id, becomes FROM examples WHERE becomes IS NOT NULL").fetchall())
    edited: list[tuple[str, str]] = []
    gone: list[str] = []
    for example_id in old:
        if example_id in new:
            continue
        target, steps = became.get(example_id), {example_id}
        while target is not None and target not in new and target not in steps:
            steps.add(target)
            target = became.get(target)
        if target is not None and target in new and target not in old:
            edited.append((example_id, target))
        else:
            gone.append(example_id)
    arrived = {target for _, target in edited}
    return RevisionDiff(tuple(i for i in new if i not in old and i not in arrived), tuple(gone), tuple(edited))


def _facts(workspace: Workspace, seen: queries.Overview) -> dict[str, Any]:
    dropped, edited = queries.reasons(workspace)
    return {
        "dropped": dropped,
        "edited": edited,
        "clashes": resolutions.counted(workspace),
        "added": added.counted(workspace),
        "n_rows": seen.n_rows,
        "n_imported": seen.n_examples,
        "n_dropped": seen.n_dropped,
        "n_edited": seen.n_edited,
        "n_rejects": seen.n_rejects,
        "findings": [{"check": c.check, "title": c.title, "open": c.open, "settled": c.settled} for c in seen.counts],
        "checked": seen.checked,
        "stale": seen.stale,
    }


def _revision(manifest: Mapping[str, Any]) -> Revision:
    return Revision(
        manifest["id"],
        manifest["parent"],
        manifest["n_examples"],
        manifest["splits"],
        manifest["checks"],
        manifest["decided_upto"],
        tuple(manifest["sources"]),
    )
