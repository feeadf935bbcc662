"""Twenty reviewers at once, each a process of its own, deciding on the same examples of one workspace."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from benchmarks.faults_driver import DEMO
from core.workspace import Workspace
from curation import actions, queries


@dataclass(frozen=True, slots=True)
class Raced:
    """What the ledger holds afterwards.

    Attributes:
        there: Decisions that are there once, with the verdict that was given.
        disordered: Reviewers whose decisions do not stand in the order in which they made them.
        wall_s: From the first to the last decision.
    """

    there: int
    disordered: int
    wall_s: float


def race(folder: Path, *, reviewers: int, decisions: int, at_once: int = 1) -> Raced:
    """Let reviewers decide in parallel, each ``decisions / reviewers`` times, and look at what is recorded.

    Args:
        folder: Where the workspace is made.
        reviewers: How many processes.
        decisions: How many decisions in all.
        at_once: How many of them one act holds (1 = one example after the other).
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "w"
    shutil.rmtree(path, ignore_errors=True)
    workspace = Workspace.create(path)
    actions.import_file(workspace, DEMO, who="Ana")
    ids = [view.example.id for view in queries.examples(workspace, limit=1000).items]
    each = decisions // reviewers
    context = get_context("forkserver")  # the libraries are loaded once
    context.set_forkserver_preload([__name__])
    gate = context.Barrier(reviewers + 1)
    processes = [
        context.Process(target=review, args=(path, f"reviewer-{n}", ids, each, at_once, gate)) for n in range(reviewers)
    ]
    for process in processes:
        process.start()
    gate.wait(300)
    began = time.monotonic()
    for process in processes:
        process.join()
    wall_s = time.monotonic() - began
    workspace.ledger.verify()
    entries = workspace.ledger.entries("decision")
    there, disordered = 0, 0
    for n in range(reviewers):
        own = [(e.action_id, e.subject, e.payload["verdict"]) for e in entries if e.who == f"reviewer-{n}"]
        meant = planned(f"reviewer-{n}", ids, each)
        there += sum(own.count(one) == 1 for one in meant)
        disordered += own != meant
    return Raced(there, disordered, wall_s)


def planned(who: str, ids: list[str], each: int) -> list[tuple[str, str, str]]:
    """What a reviewer decides: (action id, example id, verdict), in order."""
    start = int(who.rpartition("-")[2]) * 7
    chosen = [ids[(start + number) % len(ids)] for number in range(each)]
    return [(f"{who}:{number}", one, "drop" if number % 3 else "keep") for number, one in enumerate(chosen)]


def review(path: Path, who: str, ids: list[str], each: int, at_once: int, gate: object) -> None:
    """One reviewer's work, in a process of its own."""
    from curation import decisions as drafting

    workspace = Workspace.open(path)
    queries.example(workspace, ids[0])
    gate.wait(300)  # type: ignore[attr-defined]
    meant = planned(who, ids, each)
    if at_once == 1:
        for action_id, example_id, verdict in meant:
            actions.decide(workspace, example_id, "drop" if verdict == "drop" else "keep", who=who, action_id=action_id)
        return
    for start in range(0, each, at_once):
        batch = meant[start : start + at_once]
        drafts = [
            drafting.draft(one, "drop" if verdict == "drop" else "keep", action_id=action_id, batch=f"{who}/{start}")
            for action_id, one, verdict in batch
        ]
        workspace.ledger.append_all(drafts, who=who)
        queries.example(workspace, batch[0][1])
