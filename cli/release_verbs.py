"""The verbs on frozen revisions: freeze, diff, restore, changes, export, licence, retire, replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import ME, JsonFlag, WhoOption, WorkspaceOption, emit, progress_bar, say
from core import rated, wording
from core.errors import InputError
from core.files import write_atomic
from core.revisions import find_revision
from core.workspace import workspace_or_error
from curation import changes, freeze, licences, queries, rebuild, release, restore, sources
from curation.reworded import HOW
from flows import preference_pairs

RevisionOption = Annotated[str | None, typer.Option(help="A revision (default: the newest).")]
PREFERENCES = "preferences"
LISTED = 10
"""Changes that `finetooth diff` prints; --json has them all."""


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("freeze")(freeze_)
    app.command("diff")(diff)
    app.command("restore")(restore_)
    app.command("changes")(changes_)
    app.command("export")(export_)
    app.command("licence")(licence)
    app.command("retire")(retire)
    app.command("replay")(replay)


def freeze_(
    holdout_share: Annotated[float, typer.Option(help="Share of examples to hold out.")] = 0.1,
    holdout_size: Annotated[int | None, typer.Option(help="Number of examples to hold out, instead.")] = None,
    test_share: Annotated[float | None, typer.Option(help="Share of examples for a test set of its own.")] = None,
    test_size: Annotated[int | None, typer.Option(help="Number of examples for a test set, instead.")] = None,
    seed: int = 0,
    by: Annotated[str | None, typer.Option(help="A field of meta whose values each have their share held out.")] = None,
    paraphrases: Annotated[
        str, typer.Option(help="How questions in other words are told: letters, meaning (slow) or off.")
    ] = "letters",
    certificate: Annotated[Path | None, typer.Option(help="Write the leak certificate here, too.")] = None,
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Freeze a revision with a leak-free hold-out, and write its leak certificate; code 3 where that fails."""
    if paraphrases not in HOW:
        raise InputError(f"There is no way {paraphrases!r} to tell paraphrases.", f"Choose {', '.join(HOW)}.")
    opened = workspace_or_error(workspace)
    with progress_bar() as progress:
        made = freeze.freeze(
            opened,
            who=who,
            holdout_share=holdout_share,
            holdout_size=holdout_size,
            test_share=test_share,
            test_size=test_size,
            seed=seed,
            by=by,
            paraphrases=paraphrases,
            progress=progress,
        )
    revision, proof = made.revision, made.certificate
    path = freeze.certificate_path(opened, revision.id)
    if certificate is not None:
        write_atomic(certificate, path.read_bytes())
        path = certificate
    tested = f"{revision.splits['test']:,} to test on, " if revision.splits.get("test") else ""
    emit(
        {
            **{"revision": asdict(revision), "certificate": dict(proof), "already": made.already},
            "certificate_path": str(path),
        },
        as_json,
        f"Revision {revision.id[:12]}: {revision.splits['train']:,} to train on, {revision.splits['holdout']:,} held "
        f"out, {tested}{proof['cross_pairs']} look-alikes across "
        f"(a random split would leak {proof['random_split_leak_share']:.1%}).",
        f"Leak certificate: {path}",
    )
    for note in freeze.remarks(proof):
        say(note)
    if not proof["passed"]:
        raise typer.Exit(3)


def diff(before: str, after: str, workspace: WorkspaceOption = None, as_json: JsonFlag = False) -> None:
    """Compare two revisions by example, with the words that differ and the reason of each change."""
    opened = workspace_or_error(workspace)
    found = changes.diff(opened, find_revision(opened, before), find_revision(opened, after))
    shown = found.changes if as_json else found.changes[:LISTED]
    turns = changes.texts(opened, [change for change in shown if change.becomes]) if as_json else {}
    told: list[dict[str, Any]] = []
    for change in shown if as_json else ():
        words = changes.word_diff(turns[change.example_id], turns[change.becomes]) if change.becomes else None
        told.append({**asdict(change), **({} if words is None else {"words": words})})
    document = {"added": found.added, "dropped": found.dropped, "edited": found.edited, "changes": told}
    rest = len(found.changes) - len(shown)
    emit(
        document,
        as_json,
        f"{len(found.added)} added, {len(found.dropped)} dropped, {len(found.edited)} edited.",
        *(_line(change) for change in shown),
        *([f"... and {wording.many(rest, 'change')} more (--json lists all)."] if rest else []),
    )


def _line(change: changes.Change) -> str:
    place = f" ({change.source} line {change.line})" if change.source else ""
    into = f" to {change.becomes[:12]}" if change.becomes else ""
    by = f", {change.who}" if change.who else ""
    return f"{change.what:8}{change.example_id[:12]}{into}{place}: {change.why or 'no reason recorded'}{by}"


def restore_(revision: str, workspace: WorkspaceOption = None, who: WhoOption = ME, as_json: JsonFlag = False) -> None:
    """Go back to a revision: make the dataset what it was, as one act that an undo takes back."""
    opened = workspace_or_error(workspace)
    done = restore.restore(opened, find_revision(opened, revision), who=who)
    counts = f"{done.n_brought_back:,} brought back, {done.n_dropped:,} dropped, {done.n_edited:,} edited"
    undo = f"Take it back with: finetooth undo {done.batch}"
    emit(
        asdict(done),
        as_json,
        *((f"The dataset is revision {done.revision_id[:12]} again: {counts}.", undo) if done.batch else ()),
        *(() if done.batch else (f"The dataset is revision {done.revision_id[:12]} already.",)),
    )


def changes_(
    out: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    revision: RevisionOption = None,
    since: Annotated[str | None, typer.Option(help="List changes since this revision, not since the import.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write the change list of a revision as CSV: who, when, what, from, to, why, check; no cell is a formula."""
    opened = workspace_or_error(workspace)
    meant = find_revision(opened, revision)
    found = (
        changes.since_import(opened, meant)
        if since is None
        else changes.diff(opened, find_revision(opened, since), meant)
    )
    write_atomic(out, changes.as_csv(opened, found.changes))
    emit(
        {"path": str(out), "revision": meant, "n_changes": len(found.changes)},
        as_json,
        f"{wording.many(len(found.changes), 'change')} written to {out}.",
    )


def export_(
    out: Annotated[Path, typer.Argument(help="The file to write; for huggingface a folder.")],
    revision: RevisionOption = None,
    format: Annotated[str, typer.Option(help=", ".join((*release.FORMATS, PREFERENCES)))] = "messages",
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Write a revision with its data card, certificate, change list and manifest; code 3 where the hold-out leaks.

    The format preferences writes pairs for DPO instead: training prompts with the answer that experts rewrote, voted
    for or corrected, and the one it took the place of; prompts that are held out or rated stay out until retired.
    """
    opened = workspace_or_error(workspace)
    meant = find_revision(opened, revision)
    if format == PREFERENCES:
        found = preference_pairs.export(opened, meant, out, who=who)
        emit(
            {"path": str(out), "n_pairs": len(found.pairs), "n_withheld": found.n_withheld},
            as_json,
            f"{wording.many(len(found.pairs), 'preference pair')} written to {out}.",
            f"{wording.many(found.n_withheld, 'pair')} withheld: the prompt is held out, or rated and not retired.",
        )
        return
    with progress_bar() as progress:
        done = release.export_revision(opened, meant, out, format, who=who, progress=progress)
    emit(
        {name: str(value) if isinstance(value, Path) else value for name, value in asdict(done).items()},
        as_json,
        f"{done.n_examples:,} examples written to {done.path} (sha256 {done.sha256[:12]}), data card {done.card_path}.",
        f"Leak certificate {done.certificate_path}, changes {done.changes_path}, hashes {done.manifest_path}.",
    )
    if not done.passed:
        say("The leak certificate of this revision failed: do not trust what is measured on its hold-out.")
        raise typer.Exit(3)


def licence(
    source: Annotated[str, typer.Argument(help="An imported file, by its name or the start of its hash.")],
    name: Annotated[str, typer.Argument(help='Its licence, such as "CC BY 4.0".')],
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Say under which licence an imported file may be used; data cards and exports repeat it."""
    opened = workspace_or_error(workspace)
    loaded = [sources.load(opened, source_id) for source_id in queries.imported(opened)]
    meant = [one for one in loaded if source and (one.name == source or one.id.startswith(source))]
    if len(meant) != 1:
        names = ", ".join(one.name for one in loaded)
        raise InputError(f"{len(meant)} imported files are called {source}.", f"Imported are: {names or 'none'}.")
    changed = licences.say(opened, meant[0].id, name, who=who)
    emit(
        {"source": meant[0].id, "name": meant[0].name, "licence": name, "changed": changed},
        as_json,
        f"{meant[0].name}: {name}",
    )


def retire(
    reason: Annotated[str, typer.Option(help="Why the rated prompts may be trained on from now.")],
    example: Annotated[
        list[str] | None, typer.Option(help="Only these examples (default: all that were rated).")
    ] = None,
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Let hold-out prompts that people have rated into training again, on the record."""
    opened = workspace_or_error(workspace)
    held = rated.rated(opened)
    meant = [_one_of(held, start) for start in example] if example else held
    entry = rated.retire(opened, meant, reason, who=who)
    document: Mapping[str, Any] = {"examples": list(entry.payload["examples"]), "reason": entry.payload["reason"]}
    emit(document, as_json, f"{wording.many(len(meant), 'rated prompt')} retired: they may be trained on from now.")


def _one_of(ids: list[str], start: str) -> str:
    found = [one for one in ids if one.startswith(start)]
    if not start or len(found) != 1:
        raise InputError(f"{len(found)} rated examples have an id that starts with {start!r}.", "Give more of the id.")
    return found[0]


def replay(
    origin: Annotated[
        Path, typer.Argument(help="A workspace, or a folder with its ledger.sqlite and the source files.")
    ],
    target: Annotated[Path, typer.Argument(help="A new folder.")],
    as_json: JsonFlag = False,
) -> None:
    """Make a workspace anew from its sources and ledger, and compare the revisions' ids; code 3 where one differs."""
    with progress_bar() as progress:
        done = rebuild.rebuild(origin, target, progress=progress)
    words = {
        "same": "the same",
        "different": "DIFFERENT",
        "not recorded": "not made anew: an older version froze it without recording how it was split",
        "other rules": "not made anew: another version split it by other rules",
    }
    lines = [
        f"{one.revision_id[:12]}  {words[one.outcome]}"
        + (f" ({one.became[:12]}{_version(one.version)})" if one.outcome == "different" else "")
        + ("; copied from the old workspace" if one.copied else "")
        for one in done.revisions
    ]
    same = sum(one.outcome == "same" for one in done.revisions)
    emit(
        {**asdict(done), "workspace": str(done.workspace), "holds": done.holds},
        as_json,
        f"{target}: {wording.many(done.n_entries, 'ledger entry', 'ledger entries')}, "
        f"{wording.many(done.n_sources, 'source')}.",
        *lines,
        f"{wording.of(same, len(done.revisions), 'revisions')} came out with the same id."
        if lines
        else "Nothing had been frozen.",
    )
    if not done.holds:
        raise typer.Exit(3)


def _version(of_freeze: str) -> str:
    """What to say where another version froze a revision."""
    return f"; frozen by version {of_freeze}, this is {freeze.version()}" if of_freeze != freeze.version() else ""
