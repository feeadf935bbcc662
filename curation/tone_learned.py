"""Ranks the answers of a workspace by the tone that its reviewers marked, and says whether the ranking can be used."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import embeddings
from core.errors import FinetoothError
from core.files import read_json, write_json
from core.ids import digest
from core.jobs import JobContext, Progress, no_progress
from core.types import Example, Finding, Span
from core.workspace import Workspace
from curation import cache, queries, thresholds
from curation.evidence.tone_learner import (
    LEAST_MARKS,
    LEAST_SIDE,
    Quality,
    assess,
    features,
    meaning,
    measures,
    off_tone,
    too_few,
    usable,
)
from curation.found import insert, remove
from curation.tone_marks import Mark, mark, marks, unmark

__all__ = ["LEAST_MARKS", "LEAST_SIDE", "Learned", "Mark", "Ranked", "learn", "mark", "marks", "too_few", "unmark"]

CHECK, FILE = "tone.learned", "tone.json"
MOST_RANKED = 20_000
"""Answers that are embedded and ranked at once (about five minutes on two cores, when none was embedded before)."""
LIKELY = 0.5
MOST_FINDINGS = 200
"""More are shown by learning again once these are settled."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """An answer that nobody has marked; ``off_tone`` in [0, 1] orders the answers and is not a calibrated chance."""

    example_id: str
    off_tone: float


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of learning from the marks.

    Attributes:
        quality: On marked answers that were left out; None where there are too few marks.
        usable: Whether the ranking is good enough to go by.
        why: Why it is not, a sentence; empty where it is.
        ranked: The unmarked answers of the dataset, most off-tone first; empty where it is not usable.
        by: What read the meaning: the embedding model's name, or TF-IDF.
        notes: What was left out, in sentences.
        n_on, n_off: Marks of each side.
        marks_key: Identity of the marks that it was learned from.
    """

    quality: Quality | None
    usable: bool
    why: str
    ranked: tuple[Ranked, ...]
    by: str = ""
    notes: tuple[str, ...] = ()
    n_on: int = 0
    n_off: int = 0
    marks_key: str = ""


def learn(workspace: Workspace, *, progress: Progress = no_progress) -> Learned:
    """Learn from the marks that hold, and rank all other answers of the dataset where that is good enough.

    The same marks and the same dataset give the same ranking. What was learned is kept for the page
    (:func:`last`), and the answers that are more likely off-tone than not become findings of ``tone.learned``.
    """
    learned = _learn(workspace, progress)
    folder = workspace.path / thresholds.FOLDER
    write_json(folder / FILE, asdict(learned))
    publish(workspace)
    return learned


def learn_job(context: JobContext) -> dict[str, Any]:
    """The same in a worker process. Spec: ``workspace`` (path)."""

    def progress(stage: str, done: int, total: int | None) -> None:
        context.check_stop()
        context.progress(stage, done, total)

    learned = learn(Workspace.open(Path(context.spec["workspace"])), progress=progress)
    return {"usable": learned.usable, "why": learned.why, "ranked": len(learned.ranked)}


def last(workspace: Workspace) -> Learned | None:
    """What was learned last; None where nothing was, or it cannot be read."""
    path = workspace.path / thresholds.FOLDER / FILE
    if not path.is_file():
        return None
    try:
        kept: dict[str, Any] = read_json(path)
        quality = Quality(**kept.pop("quality")) if kept["quality"] else kept.pop("quality")
        ranked = tuple(Ranked(**one) for one in kept.pop("ranked"))
        return Learned(quality=quality, ranked=ranked, notes=tuple(kept.pop("notes")), **kept)
    except (FinetoothError, KeyError, TypeError):
        return None  # damaged: learning again writes it anew


def marks_key(workspace: Workspace) -> str:
    """Identity of the marks that hold now; skipped answers do not count."""
    held = sorted((one.example_id, one.on_tone) for one in marks(workspace).values() if one.on_tone is not None)
    return digest(f"{example_id} {on_tone}".encode() for example_id, on_tone in held)


def _learn(workspace: Workspace, progress: Progress) -> Learned:
    judged = {i: one.on_tone for i, one in marks(workspace).items() if one.on_tone is not None}
    seen, notes = _marked(workspace, list(judged))
    off = np.array([not judged[example.id] for example in seen], dtype=bool)
    n_off = int(off.sum())
    n_on = len(off) - n_off
    key = marks_key(workspace)
    if why := too_few(n_on, n_off):
        return Learned(None, False, why, (), "", notes, n_on, n_off, key)
    rest = [example for example in queries.current(workspace)[0] if example.id not in judged and example.answer.strip()]
    if len(rest) > MOST_RANKED:
        notes = (*notes, f"{len(rest) - MOST_RANKED:,} of {len(rest):,} unmarked answers were not ranked: "
                 f"{MOST_RANKED:,} are taken, by their ids.")  # fmt: skip
        rest = sorted(rest, key=lambda example: hashlib.blake2b(example.id.encode()).digest())[:MOST_RANKED]
    kept = embeddings.store()
    texts = [example.answer for example in seen]
    meant = meaning(texts, progress=progress, kept=kept)
    measured = measures([*texts, *(example.answer for example in rest)])
    quality = assess(features(meant.vectors, measured[: len(seen)]), off)
    if why := usable(quality):
        return Learned(quality, False, why, (), meant.name, notes, n_on, n_off, key)
    both = meaning([*texts, *(example.answer for example in rest)], progress=progress, kept=kept)
    all_features = features(both.vectors, measured)
    scores = off_tone(all_features[: len(seen)], off, all_features[len(seen) :]) if rest else np.zeros(0)
    ranked = sorted(
        (Ranked(example.id, round(float(score), 4)) for example, score in zip(rest, scores, strict=True)),
        key=lambda one: (-one.off_tone, one.example_id),
    )
    n_likely = sum(one.off_tone > LIKELY for one in ranked)
    if n_likely > MOST_FINDINGS:
        notes = (*notes, f"{n_likely:,} answers are more like the off-tone ones; the first {MOST_FINDINGS} of them "
                 "stand in the review queue.")  # fmt: skip
    if kept.problem:
        notes = (*notes, kept.problem)
    return Learned(quality, True, "", tuple(ranked), meant.name, notes, n_on, n_off, key)


def _marked(workspace: Workspace, example_ids: Sequence[str]) -> tuple[list[Example], tuple[str, ...]]:
    """The marked examples, dropped and edited ones too, in the order of their marks, and how many are not there."""
    found: list[Example] = []
    for example_id in example_ids:
        try:
            found.append(queries.example(workspace, example_id).example)
        except FinetoothError:
            continue  # counted below: marks outlive the file they were made on
    missing = len(example_ids) - len(found)
    return found, (f"{missing} marked answers are in no file of this workspace.",) if missing else ()


def publish(workspace: Workspace) -> int:
    """Put what was learned last into the review queue, in place of what stood there. Returns the number of findings."""
    learned = last(workspace)
    if learned is None:
        return 0
    found = _findings(workspace, learned) if learned.usable else []
    with cache.synced(workspace).writing() as connection:
        remove(connection, [CHECK])
        first = connection.execute("SELECT COALESCE(MAX(position), 0) + 1 FROM findings").fetchone()[0]
        insert(connection, found, {}, first)
        cache.settle(connection)
    return len(found)


def _findings(workspace: Workspace, learned: Learned) -> list[Finding]:
    there = {example.id: example for example in queries.current(workspace)[0]}
    found = []
    for place, one in enumerate(learned.ranked[:MOST_FINDINGS], 1):
        example = there.get(one.example_id)
        if example is None or one.off_tone <= LIKELY:
            continue
        message = (
            f"Number {place:,} of {len(learned.ranked):,} by how much it is like the answers marked off-tone "
            f"({learned.n_off} off-tone and {learned.n_on} on-tone marks)."
        )
        span = Span(len(example.messages) - 1, 0, len(example.answer))
        found.append(Finding(example.id, CHECK, "info", "off-tone", message, one.off_tone, spans=(span,)))
    return found
