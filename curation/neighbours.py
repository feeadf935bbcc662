"""What a text now resembles: an edited or added example compared with the whole set while a person waits."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core import wording
from core.errors import FinetoothError
from core.jobs import Progress, no_progress
from core.revisions import messages_from_json
from core.types import Example, Message
from core.workspace import Workspace
from curation import cache, neighbours_index, project_settings, queries, sources
from curation.evidence.settings import Settings
from curation.neighbours_kinds import PRESSING, Kind, Match, classify, sentence
from curation.neighbours_live import Live

VERIFIED = 32
"""Candidates of each view (whole, prompt) whose texts are compared; those that share most bands come first."""
VERIFIED_CHARACTERS = 1_000_000
"""Once so much text was fetched for a comparison, no further candidate is."""
LINES_NAMED = 3
NO_INDEX = "Not compared yet: run the checks, and from then on each edit is compared with the whole set."
OTHER_ENGINE = "Not compared: another version of Finetooth made the index. Run the checks again."
NO_WORDS = "The text holds no words, so there is nothing to compare."


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An example that a text is like.

    Attributes:
        example_id: Which.
        lines: Its (source name, line) pairs; for an edited example, those of the row it was edited from.
        edited: Whether it is an edited text.
        place: Where it stands, in words; with the file's name where the workspace has several files.
        kind: How it stands to the text, see ``neighbours_kinds.KINDS``.
        whole, prompt, answer: Exact similarity of each view, in [0, 1].
        sentence: The same in words.
    """

    example_id: str
    lines: tuple[tuple[str, int], ...]
    edited: bool
    place: str
    kind: Kind
    whole: float
    prompt: float
    answer: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Nearby:
    """What came of a comparison.

    Attributes:
        neighbours: Best first.
        compared: Whether there was anything to compare with; if not, ``notes`` say why.
        n_set: Examples of the set that the text was compared with.
        n_candidates: Those of them that share a band with it.
        n_verified: Those of the candidates whose texts were compared.
        n_left_out: Examples of the set that are in neither the index nor the bound on later ones.
        notes: Whatever bounds the answer, in sentences.
    """

    neighbours: tuple[Neighbour, ...]
    compared: bool
    n_set: int = 0
    n_candidates: int = 0
    n_verified: int = 0
    n_left_out: int = 0
    notes: tuple[str, ...] = ()

    @property
    def pressing(self) -> tuple[Neighbour, ...]:
        """Copies, near-copies, and other answers to the same question."""
        return tuple(one for one in self.neighbours if one.kind in PRESSING)

    @property
    def headline(self) -> str:
        """One sentence: the best neighbour, or that there is none."""
        if not self.compared:
            return self.notes[0]
        if not self.neighbours:
            return f"Compared with {wording.many(self.n_set, 'example')}: none is like it."
        return self.neighbours[0].sentence


def build(workspace: Workspace, at_hand: Sequence[Example] = (), *, progress: Progress = no_progress) -> None:
    """Make the index of the current examples, or bring it up to date; the end of every check.

    Args:
        workspace: Where the set is.
        at_hand: Examples that need not be read again.
        progress: Told how many are done.

    Raises:
        FinetoothError: The disk is full or the folder cannot be written.
    """
    seq = workspace.ledger.head()[0]
    known = {example.id: example for example in at_hand}
    database = cache.synced(workspace)
    with database.reading() as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM examples WHERE state = 'in' ORDER BY id")]

        def read(wanted: Sequence[str]) -> Mapping[str, Sequence[Message]]:
            found: dict[str, Sequence[Message]] = {i: known[i].messages for i in wanted if i in known}
            missing = [i for i in wanted if i not in known]
            for start in range(0, len(missing), cache.CHUNK):
                part = missing[start : start + cache.CHUNK]
                query = f"SELECT id, messages FROM examples WHERE id IN ({','.join('?' * len(part))})"
                found.update((row[0], messages_from_json(row[1])) for row in connection.execute(query, part))
            return found

        neighbours_index.write(workspace, ids, read, key=queries.key_of(ids), seq=seq, progress=progress)


def compare(
    workspace: Workspace,
    messages: Sequence[Message],
    *,
    replacing: str | None = None,
    settings: Settings | None = None,
) -> Nearby:
    """Compare a text with every example that is in the dataset now.

    Call it before the text is saved: an edit that arrives at the very words of another example would otherwise be
    compared with itself. Nothing stops a save: what is in the way of a comparison is said in ``notes``.

    Args:
        workspace: Where the set is.
        messages: The text.
        replacing: The example that the text takes the place of; it is left out.
        settings: For the thresholds; None = the workspace's own.
    """
    try:
        return _compare(workspace, messages, replacing, settings)
    except FinetoothError as error:
        return Nearby((), False, notes=(f"Not compared: {error.message} {error.hint}".strip(),))


def _compare(
    workspace: Workspace, messages: Sequence[Message], replacing: str | None, settings: Settings | None
) -> Nearby:
    made_by = (neighbours_index.head_of(workspace) or {}).get("engine")
    live = _live(workspace)
    if live is None:
        return Nearby((), False, notes=(NO_INDEX,))
    if made_by != _engine():
        return Nearby((), False, notes=(OTHER_ENGINE,))
    keys = {name: found[0] for name, (_, found) in neighbours_index.keys_of([messages]).items() if len(found)}
    if not keys:
        return Nearby((), False, notes=(NO_WORDS,))
    chosen = settings or project_settings.read_settings(workspace)
    database = cache.synced(workspace)
    live.follow(workspace, database)
    candidates = live.candidates(keys, leave_out=replacing, most=VERIFIED)
    fetched: list[tuple[str, Sequence[Message]]] = []
    characters = 0
    with database.reading() as connection:
        for example_id in candidates.ids:
            if characters > VERIFIED_CHARACTERS:
                break
            row = connection.execute("SELECT state, messages FROM examples WHERE id = ?", (example_id,)).fetchone()
            if row is not None and row["state"] == "in":
                fetched.append((example_id, messages_from_json(row["messages"])))
                characters += len(row["messages"])
    matches = classify(messages, fetched, chosen)
    places = _places(workspace, [match.example_id for match in matches])
    notes = []
    if candidates.total > len(fetched) or candidates.unseen:
        many = "more than " if candidates.unseen else ""
        closest = f"{len(fetched):,} likeliest were" if len(fetched) != 1 else "likeliest one was"
        notes.append(
            f"Of {many}{wording.many(candidates.total, 'example')} that share something with it, the {closest} "
            "compared. A new run of the checks compares all."
        )
    if live.n_later:
        notes.append(
            f"{wording.many(live.n_later, 'example')} came in since the last check and were not compared. "
            "Run the checks again to have them in."
        )
    several = len(queries.imported(workspace)) > 1
    return Nearby(
        tuple(_neighbour(match, *places[match.example_id], several=several) for match in matches),
        True,
        live.n_compared - bool(replacing),
        candidates.total,
        len(fetched),
        live.n_later,
        tuple(notes),
    )


def warm(workspace: Workspace) -> threading.Thread | None:
    """Load the compiled code and the index in the background, so that the first comparison is as fast as the others.

    Returns:
        The thread, or None where this process has loaded this index before, or there is none.
    """
    generation = (neighbours_index.head_of(workspace) or {}).get("generation")
    if generation is None or generation in _warmed:
        return None
    _warmed.add(generation)

    text = Message("user", "warming up"), Message("assistant", " ".join(map(str, range(40))))
    thread = threading.Thread(target=compare, args=(workspace, text), name="neighbours", daemon=True)
    thread.start()
    return thread


_warmed: set[str] = set()
_held: dict[Path, Live] = {}
_engine = lru_cache(maxsize=1)(neighbours_index.engine)


def _live(workspace: Workspace) -> Live | None:
    """The index as this process holds it; opened anew when a check has made another one, or the ledger went back."""
    head = neighbours_index.head_of(workspace)
    if head is None or head["seq"] > workspace.ledger.head()[0]:
        return None
    known = _held.get(workspace.path)
    if known is None or known.index.generation != head["generation"]:
        index = neighbours_index.load(workspace)
        if index is None:
            return None
        known = _held[workspace.path] = Live(index)
    return known


PLACED = """
SELECT examples.id, examples.imported, examples.source, examples.line, rows.source, rows.line FROM examples
LEFT JOIN rows ON rows.example_id = examples.id WHERE examples.id IN ({marks}) ORDER BY rows.rowid
"""


def _places(workspace: Workspace, example_ids: Sequence[str]) -> dict[str, tuple[tuple[tuple[str, int], ...], bool]]:
    """Where some examples stand: their lines (an edited one has those of its origin), and whether they are edited."""
    if not example_ids:
        return {}
    query = PLACED.format(marks=",".join("?" * len(example_ids)))
    names: dict[str, str] = {}
    lines: dict[str, list[tuple[str, int]]] = {example_id: [] for example_id in example_ids}
    edited = dict.fromkeys(example_ids, False)
    with cache.synced(workspace).reading() as connection:
        for example_id, imported, origin, origin_line, source, line in connection.execute(query, list(example_ids)):
            edited[example_id] = not imported
            place = (source, line) if source else (origin, origin_line)
            if place[0] and place[0] not in names:
                names[place[0]] = sources.load(workspace, place[0]).name
            if place[0]:
                lines[example_id].append((names[place[0]], place[1]))
    return {example_id: (tuple(lines[example_id]), edited[example_id]) for example_id in example_ids}


def _neighbour(match: Match, lines: tuple[tuple[str, int], ...], edited: bool, *, several: bool) -> Neighbour:
    place = place_of(lines, edited=edited, several=several)
    return Neighbour(
        match.example_id,
        lines,
        edited,
        place,
        match.kind,
        match.whole,
        match.prompt,
        match.answer,
        sentence(match, place),
    )


def place_of(lines: Sequence[tuple[str, int]], *, edited: bool, several: bool = False) -> str:
    """A row in words: ``line 812``, ``line 812 of chats.jsonl`` (where there are several files), ``lines 3 and 12``."""
    if not lines:
        return "an example that was added"
    if several or len({name for name, _ in lines}) > 1:
        named = [f"line {line:,} of {name}" for name, line in lines[:LINES_NAMED]]
    elif len(lines) == 1:
        named = [f"line {lines[0][1]:,}"]
    else:
        named = [f"lines {lines[0][1]:,}", *(f"{line:,}" for _, line in lines[1:LINES_NAMED])]
    more = [f"{len(lines) - LINES_NAMED:,} more"] if len(lines) > LINES_NAMED else []
    parts = named + more
    joined = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"{joined} as edited" if edited else joined
