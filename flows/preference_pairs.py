"""Preference pairs for training by DPO: what experts would rather read than what stood there; training prompts only.

Two things make a pair: an answer of the training set that a person rewrote by hand, and a rated prompt that was retired
from the hold-out on the record. A prompt that is still held out, or was rated and not retired, never makes one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core import rated
from core.files import write_jsonl
from core.ledger import Entry
from core.revisions import examples_of
from core.types import Example, Message
from core.workspace import Workspace
from curation import decisions, queries
from evaluation.corrections import corrections
from evaluation.preference import CREDIT
from evaluation.rating_votes import votes
from evaluation.results import opinions_of
from evaluation.study import KIND, is_open, load_study

Why = Literal["rewritten", "voted", "corrected"]


@dataclass(frozen=True, slots=True)
class Pair:
    """One preference. ``why``: rewritten by hand in the training set, voted better, or corrected by an expert."""

    example_id: str
    prompt: tuple[Message, ...]
    chosen: str
    rejected: str
    why: Why

    def as_dict(self) -> dict[str, Any]:
        """In the conversational form that DPO trainers read: ``prompt``, ``chosen``, ``rejected`` as lists of turns."""
        return {
            "prompt": [{"role": turn.role, "content": turn.content} for turn in self.prompt],
            "chosen": [{"role": "assistant", "content": self.chosen}],
            "rejected": [{"role": "assistant", "content": self.rejected}],
            **{"example_id": self.example_id, "why": self.why},
        }


@dataclass(frozen=True, slots=True)
class Preferences:
    """The pairs, and how many were withheld because their prompt is held out, or rated and not retired."""

    pairs: tuple[Pair, ...]
    n_withheld: int


def preference_pairs(workspace: Workspace, revision_id: str) -> Preferences:
    """All preference pairs of a revision's training prompts, in its order; the same pair once.

    Of an example that was rewritten several times, the last answer stands against the one before the first rewriting.
    Fixes of a check that a person accepted are no preference. Of a retired prompt, the answer that most votes of
    closed studies preferred stands against the other, and an expert's correction against the tuned model's answer.

    Raises:
        FinetoothError: There is no such revision.
    """
    examples = examples_of(workspace, revision_id)
    train = {e.id: e for e in examples_of(workspace, revision_id, "train")}
    unretired = frozenset(rated.rated(workspace))
    spent = {e.prompt for e in examples if e.id not in train} | _prompts(workspace, unretired)
    by_example: dict[str, list[Pair]] = {}
    for one in (*_rewritten(workspace, train), *_judged(workspace)):
        by_example.setdefault(one.example_id, []).append(one)
    found = [pair for name in dict.fromkeys((*train, *by_example)) for pair in dict.fromkeys(by_example.get(name, ()))]
    free = train.keys() - unretired
    kept = tuple(pair for pair in found if pair.example_id in free and pair.prompt not in spent)
    return Preferences(kept, len(found) - len(kept))


def export(workspace: Workspace, revision_id: str, out: Path, *, who: str) -> Preferences:
    """Write the pairs as JSONL (see :meth:`Pair.as_dict`); the ledger keeps that they were taken out."""
    found = preference_pairs(workspace, revision_id)
    write_jsonl(out, (pair.as_dict() for pair in found.pairs))
    payload = {"format": "preferences", "pairs": len(found.pairs), "withheld": found.n_withheld}
    workspace.ledger.append("export", revision_id, payload, who=who)
    return found


def _prompts(workspace: Workspace, example_ids: frozenset[str]) -> set[tuple[Message, ...]]:
    """The prompts of these examples, as studies showed them."""
    studies = [load_study(workspace, study_id) for study_id in workspace.objects.ids(KIND)]
    return {item.prompt for one in studies for item in one.items.values() if item.example_id in example_ids}


def _rewritten(workspace: Workspace, train: Mapping[str, Example]) -> Iterator[Pair]:
    by_subject: dict[str, list[Entry]] = {}
    for entry in workspace.ledger.entries(decisions.KIND):
        by_subject.setdefault(entry.subject, []).append(entry)
    edits: dict[str, Entry] = {}
    for entries in by_subject.values():
        edits.update({e.payload["becomes"]: e for e in decisions.acts(entries) if e.payload["verdict"] == "edit"})
    for name, example in train.items():
        before, at = None, name
        seen = {name}
        while at in edits and edits[at].subject not in seen:
            entry = edits[at]
            at = entry.subject
            seen.add(at)
            if not entry.payload.get("fix"):
                before = at
        old = queries.example(workspace, before).example if before else None
        if old is None or not old.answer or not example.answer or old.prompt != example.prompt:
            continue  # a rewritten question makes no preference between two answers
        if old.answer.strip() != example.answer.strip():
            yield Pair(name, example.prompt, example.answer, old.answer, "rewritten")


def _judged(workspace: Workspace) -> Iterator[Pair]:
    """From closed studies: their prompts were held out then; those that are trained on now are told by the caller."""
    for study_id in workspace.objects.ids(KIND):
        if is_open(workspace, study_id):
            continue
        study = load_study(workspace, study_id)
        credit: dict[str, list[float]] = {}
        for vote in opinions_of(votes(workspace, study_id)):
            credit.setdefault(vote.item, []).append(CREDIT[vote.outcome])
        wanted = corrections(workspace, study.evaluation_id)
        for item in study.items.values():
            mean = _mean(credit.get(item.id, ()))
            if mean is not None and mean != CREDIT["tie"]:
                better, worse = (item.tuned, item.base) if mean > CREDIT["tie"] else (item.base, item.tuned)
                yield Pair(item.example_id, item.prompt, better, worse, "voted")
            if item.example_id in wanted:
                yield Pair(item.example_id, item.prompt, wanted[item.example_id].text, item.tuned, "corrected")


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
