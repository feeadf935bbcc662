"""Which answers to show to a person who marks tone: unlike ones and usual ones by turns, later those in doubt."""

from __future__ import annotations

from itertools import chain, zip_longest

import numpy as np

from core.revisions import example_of
from core.workspace import Workspace
from curation import cache, tone_learned
from curation.evidence.tone_learner import measures

SAMPLE = 400
"""Answers that the odd and the usual ones are chosen from: by id, which is a hash, so they are a random sample."""
_AHEAD = 40


def offered(workspace: Workspace) -> list[str]:
    """Ids of unmarked answers in the order in which to mark them, some dozens at most; empty where all are marked.

    Before anything was learned, by turns the one whose measures are farthest from the usual, and the one nearest to
    it. Afterwards by turns the most off-tone one and the one in most doubt.
    """
    marked = tone_learned.marks(workspace)
    learned = tone_learned.last(workspace)
    if learned is not None and learned.usable:
        likely = [one for one in learned.ranked if one.example_id not in marked]
        doubt = sorted(likely, key=lambda one: (abs(one.off_tone - tone_learned.LIKELY), one.example_id))
        ids = _by_turns([one.example_id for one in likely], [one.example_id for one in doubt])
    else:
        ids = [example_id for example_id in _odd_and_usual(workspace) if example_id not in marked]
    return _still_in(workspace, ids[:_AHEAD])


def _odd_and_usual(workspace: Workspace) -> list[str]:
    query = "SELECT id, messages, meta FROM examples WHERE state = 'in' ORDER BY id LIMIT ?"
    marked = tone_learned.marks(workspace)
    with cache.synced(workspace).reading() as connection:
        rows = connection.execute(query, (SAMPLE + len(marked),)).fetchall()
    found = [example for row in rows if (example := example_of(dict(row))).answer.strip()]
    if not found:
        return []
    away = np.linalg.norm(measures([example.answer for example in found]), axis=1)
    order = [found[int(place)].id for place in np.argsort(-away, kind="stable")]
    return _by_turns(order, order[::-1])


def _by_turns(left: list[str], right: list[str]) -> list[str]:
    return list(dict.fromkeys(one for one in chain.from_iterable(zip_longest(left, right)) if one is not None))


def _still_in(workspace: Workspace, ids: list[str]) -> list[str]:
    marks = ",".join("?" * len(ids))
    with cache.synced(workspace).reading() as connection:
        query = f"SELECT id FROM examples WHERE state = 'in' AND id IN ({marks})"
        there = {row[0] for row in connection.execute(query, ids)}
    return [example_id for example_id in ids if example_id in there]
