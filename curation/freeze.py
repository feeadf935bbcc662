"""Revisions: freezing the current dataset with its split, and listing what was frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import polars as pl

from core import wording
from core.errors import InputError
from core.jobs import Progress, no_progress
from core.ledger import Draft, Entry
from core.rated import RATING, rated
from core.revisions import SCHEMA, example_of, frozen
from core.types import Revision
from core.workspace import Workspace
from curation import added, cache, norms, queries, resolutions
from curation.certificate import write_certificate
from curation.checks import CHECKS
from curation.overtaken import OvertakenError
from curation.reworded import Paraphrases
from curation.splits import SPLITS, SplitPlan, split

TRIES = 5
"""How often the facts are counted anew while others decide; then the card says that they may be of a later state."""


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
class Assembled:
    """All that a freeze stores.

    ``upto`` is the number of the last ledger entry that it knows of; ``facts`` is what the data card says of that
    state, ``checks`` the versions of the checks that had run.
    """

    frame: pl.DataFrame
    key: Sequence[tuple[Any, ...]]
    certificate: Mapping[str, Any]
    splits: Mapping[str, int]
    upto: int
    decided_upto: object
    facts: Mapping[str, Any]
    checks: Mapping[str, int | str]


def freeze(
    workspace: Workspace,
    *,
    who: str,
    holdout_share: float = 0.1,
    holdout_size: int | None = None,
    test_share: float | None = None,
    test_size: int | None = None,
    seed: int = 0,
    by: str | None = None,
    paraphrases: Paraphrases = "letters",
    progress: Progress = no_progress,
) -> Frozen:
    """Make an immutable revision of the examples that are in the dataset now, with a leak-free hold-out.

    The id is made of the examples, their order, their meta and their split: no clock, no machine. The ledger's entry
    holds all that decided it, so that ``curation.rebuild`` can make it anew; the leak certificate is written to
    ``exports/``.

    Args:
        workspace: The open workspace.
        who: The person.
        holdout_share, holdout_size, test_share, test_size, seed, by, paraphrases: See ``splits.SplitPlan``.
        progress: Told what is done.

    Raises:
        InputError: The dataset is empty, the hold-out asked for is impossible, or no example has the field ``by``.
        BlockedError: Prompts that people have rated would enter training.
        OvertakenError: Such prompts were rated while the set was split; nothing is frozen.
    """
    if by is not None and by not in (known := fields(workspace)):
        raise InputError(
            f"No example has a field {by!r} in its meta, so nothing can be held out by it.",
            f"Known fields: {', '.join(known) or 'none'}.",
        )
    plan = SplitPlan(holdout_share, holdout_size, test_share, test_size, seed, by, paraphrases)
    spent = rated(workspace)
    made = assemble(workspace, plan, spent, progress)
    progress("storing", 0, None)
    previous = frozen(workspace)
    revision_id = store(workspace, made, plan)
    already = any(entry.subject == revision_id for entry in previous)
    if not previous or previous[0].subject != revision_id:  # frozen again after another one, it is the newest again
        how = {"split": plan.as_dict(), "upto": made.upto, "rated": spent, "version": version()}
        draft = Draft("freeze", revision_id, {"already": already, **how})

        def unless_rated(later: Sequence[Entry]) -> Sequence[Draft]:
            if any(entry.kind == RATING for entry in later):
                _require_held_out(made.frame, frozenset(rated(workspace)).difference(spent))
            return [draft]

        workspace.ledger.append_after(made.upto, unless_rated, who=who)
    return Frozen(_revision(workspace.objects.manifest(revision_id)), made.certificate, already)


def fields(workspace: Workspace) -> dict[str, int]:
    """The fields of the meta of the examples that are in the dataset, and how many values each has, by name."""
    query = """
        SELECT key, COUNT(DISTINCT value) FROM examples, json_each(examples.meta) WHERE state = 'in'
        GROUP BY key ORDER BY key
    """
    with cache.synced(workspace).reading() as connection:
        return {str(key): int(n) for key, n in connection.execute(query)}


def _require_held_out(frame: pl.DataFrame, rated_since: frozenset[str]) -> None:
    held = set(frame.filter(pl.col("split") == "holdout")["id"])
    if rated_since - held:
        raise OvertakenError(
            f"{wording.many(len(rated_since - held), 'prompt')} that would enter training were rated while the set was "
            "split. Nothing was frozen.",
            "Freeze again: they are held out then.",
        )


def version() -> str:
    """Of this program; a replay by another one may split by other rules."""
    try:
        return metadata.version("finetooth")
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return ""


def store(workspace: Workspace, made: Assembled, plan: SplitPlan) -> str:
    """Store what was assembled with all that the data card says, and its leak certificate. Returns the id."""
    previous = frozen(workspace)
    manifest = {
        "parent": previous[0].subject if previous else None,
        "n_examples": made.frame.height,
        "splits": dict(made.splits),
        "checks": dict(made.checks),
        "decided_upto": made.decided_upto,
        "upto": made.upto,
        "sources": _sources(workspace, made.upto),
        "certificate": dict(made.certificate),
        "seed": plan.seed,
        "facts": dict(made.facts),
    }
    revision_id = workspace.objects.put("revision", manifest, made.frame, made.key)
    write_certificate(certificate_path(workspace, revision_id), revision_id, made.certificate)
    return revision_id


def assemble(
    workspace: Workspace, plan: SplitPlan, spent: Sequence[str], progress: Progress = no_progress
) -> Assembled:
    """Split the examples that are in the dataset now; nothing is stored.

    Args:
        workspace: The open workspace.
        plan: How to split.
        spent: Ids of the examples that were rated and must stay out of training.
        progress: Told what is done.

    Raises:
        InputError: The dataset is empty, or the hold-out asked for is impossible.
        BlockedError: More rated examples have to be held out than were asked for.
    """
    for _ in range(TRIES):  # what the card says is counted in several looks, while others may go on deciding
        upto = workspace.ledger.head()[0]
        seen = queries.overview(workspace)
        facts = {**_facts(workspace, seen), "counted_upto": upto}
        if upto == workspace.ledger.head()[0]:
            break
    with cache.synced(workspace).reading() as connection:  # one look, so that what is split is what is frozen
        connection.execute("BEGIN")
        rows = connection.execute(
            "SELECT id, messages, meta, source, line FROM examples WHERE state = 'in' ORDER BY position, id"
        ).fetchall()
        decided_upto, known = cache.get_fact(connection, "ledger_hash"), cache.get_fact(connection, "ledger_seq")
        upto = known if isinstance(known, int) else 0
        query = "SELECT id, messages, meta FROM examples WHERE id = ?"
        old = [row for one in spent if (row := connection.execute(query, (one,)).fetchone())]
    if not rows:
        raise InputError("There is nothing to freeze.", "Import a file first: finetooth import FILE")
    examples = [example_of(dict(row)) for row in rows]
    made = split(examples, plan, rated=[example_of(dict(row)) for row in old], progress=progress)
    records = [{**dict(row), "split": side} for row, side in zip(rows, made.sides, strict=True)]
    frame = pl.DataFrame(records, schema=SCHEMA)
    sizes = {name: made.sides.count(name) for name in SPLITS}
    splits = {name: size for name, size in sizes.items() if size or name in ("train", "holdout")}
    key = frame.select("id", "split", "messages", "meta").rows()
    checks = {check.name: check.version for check in CHECKS if check.name in seen.checks_run}
    return Assembled(frame, key, made.certificate, splits, upto, decided_upto, facts, checks)


def remarks(proof: Mapping[str, Any]) -> list[str]:
    """What a person should know of a split beside its sizes, in sentences; empty where all is as it was asked for."""
    said = []
    if not proof["passed"]:
        said.append("No leak-free hold-out of that size exists: too many examples look alike. Ask for another size.")
    for name, title in (("holdout", "hold-out"), ("test", "test set")):
        wanted, got = proof.get(f"n_{name}_wanted", 0), proof.get(f"n_{name}", 0)
        if got != wanted and wanted:
            said.append(f"The {title} has {got:,} examples; {wanted:,} were asked for, and no more groups fit.")
    scan = proof.get("scan", {})
    if scan.get("pairs_not_compared"):
        said.append(
            f"{scan['pairs_not_compared']:,} pairs of texts were too many to compare: the scan is not complete."
        )
    if proof.get("n_quarantined"):
        said.append(
            f"{wording.many(proof['n_quarantined'], 'example')} stand on no side: a twin was found in training."
        )
    if proof.get("n_passed_over_as_reworded"):
        said.append(
            f"{wording.many(proof['n_passed_over_as_reworded'], 'example')} stayed in training when drawn, since "
            "others ask the same in other words."
        )
    if proof.get("n_held_out_since_rated"):
        said.append(f"{wording.many(proof['n_held_out_since_rated'], 'example')} are held out since they were rated.")
    return said


def certificate_path(workspace: Workspace, revision_id: str) -> Path:
    """Where a freeze writes the leak certificate."""
    return workspace.exports_dir / revision_id[:12] / "certificate.json"


def revisions(workspace: Workspace) -> list[RevisionView]:
    """All revisions, newest first."""
    found = []
    for entry in frozen(workspace):
        manifest = workspace.objects.manifest(entry.subject)
        found.append(RevisionView(_revision(manifest), manifest["certificate"], manifest["facts"], entry.at, entry.who))
    return found


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
        "norms": _norms(workspace),
    }


def _sources(workspace: Workspace, upto: int) -> list[str]:
    """What had been imported up to an entry of the ledger, in the order of the first imports."""
    return list(dict.fromkeys(entry.subject for entry in workspace.ledger.entries("import") if entry.seq <= upto))


def _norms(workspace: Workspace) -> dict[str, str]:
    """The style of the dataset in words, by group, as the checks learned it from this very state."""
    said: dict[str, list[str]] = {}
    for norm in norms.load(workspace) or ():
        how = "the house style asks for it" if norm.declared else f"{norm.count:,} of {norm.total:,}"
        said.setdefault(norm.group, []).append(f"{norm.sentence} ({how})")
    return {group: "; ".join(sentences) for group, sentences in said.items()}


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
