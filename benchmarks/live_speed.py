"""How long a person who edits waits for the checks and the neighbours: ``python -m benchmarks.live_speed``.

Makes a workspace of 100,000 rows of real sentences, runs the checks whose norms are kept, and judges and compares 200
edited texts, as the edit form does each time a field is left.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import harness
from benchmarks.consistency_speed import made_rows
from benchmarks.harness import Figure
from core.types import Message
from core.workspace import Workspace
from curation import actions, checking, learned, live, neighbours, project_settings, queries

JUDGEMENTS = 200
BAR_MS = 100.0
CHECKS = ("format", "tone", "spelling", "language", "privacy")


def workspace_of(folder: Path, rows: int) -> Workspace:
    """A workspace of so many rows, imported; the one that stands there is taken."""
    place = folder / f"live-{rows}"
    if (place / "workspace.json").exists():
        return Workspace.open(place)
    file = folder / f"live-{rows}.jsonl"
    harness.say(f"making {rows:,} rows")
    with file.open("w", encoding="utf-8") as out:
        for example in made_rows(rows, seed=0):
            turns = [{"role": m.role, "content": m.content} for m in example.messages]
            out.write(json.dumps({"messages": turns}, ensure_ascii=False) + "\n")
    workspace = Workspace.create(place)
    harness.say("importing")
    actions.import_file(workspace, file, who="bench")
    return workspace


def edits(workspace: Workspace, count: int, seed: int) -> list[tuple[queries.ExampleView, tuple[Message, ...]]]:
    """Rows with one to three words of the answer changed, as typed text is."""
    draw = random.Random(seed)
    total = queries.examples(workspace, limit=1).total
    found = []
    for _ in range(count):
        view = queries.examples(workspace, offset=draw.randrange(total), limit=1).items[0]
        *before, last = view.example.messages
        words = last.content.split(" ")
        for _ in range(draw.randint(1, 3)):
            words[draw.randrange(len(words))] = draw.choice(("recieved", "don't", "5 mg", "!!!", "Mail a@b-clinic.org"))
        found.append((view, (*before, Message(last.role, " ".join(words)))))
    return found


def measure(workspace: Workspace) -> list[Figure]:
    """Run the checks where their norms are not kept yet; then judge and compare."""
    settings = project_settings.read_settings(workspace)
    figures: list[Figure] = []
    if learned.load(workspace, settings) is None:
        harness.say("checking")
        started = time.perf_counter()
        checking.check(workspace, only=CHECKS)
        figures.append(Figure("checks that keep norms, and the index: seconds", time.perf_counter() - started))
    size = (workspace.path / "index" / learned.FILE).stat().st_size
    learned._held.clear()
    started = time.perf_counter()
    learned.load(workspace, settings)
    figures.append(Figure("what was learned, on disk: MB", size / 1e6, digits=1))
    figures.append(Figure("what was learned, loaded once a process: ms", (time.perf_counter() - started) * 1000))
    texts = edits(workspace, JUDGEMENTS, seed=1)
    for thread in (live.warm(workspace), neighbours.warm(workspace)):  # as the form does when it opens
        if thread is not None:
            thread.join()
    checks, near = [], []
    n_found = 0
    for view, messages in texts:
        started = time.perf_counter()
        found = live.judge(workspace, messages, meta=view.example.meta, replacing=view.example.id)
        checks.append((time.perf_counter() - started) * 1000)
        started = time.perf_counter()
        neighbours.compare(workspace, messages, replacing=view.example.id)
        near.append((time.perf_counter() - started) * 1000)
        n_found += len(found.now)
    both = [one + other for one, other in zip(checks, near, strict=True)]
    note = f"{JUDGEMENTS} texts, {n_found} findings in them"
    return figures + _spread("the checks", checks, note) + _spread("the neighbours", near) + _spread("both", both)


def _spread(name: str, times: Sequence[float], note: str = "") -> list[Figure]:
    ordered = sorted(times)
    return [
        Figure(f"{name}: median ms", harness.median(ordered), BAR_MS, "<=", 1, note),
        Figure(f"{name}: 95th percentile ms", ordered[int(0.95 * len(ordered))], BAR_MS, "<=", 1),
        Figure(f"{name}: slowest ms", ordered[-1], None, digits=1),
    ]


def main() -> int:
    """Print the table."""
    parser = harness.options(__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    chosen = parser.parse_args()
    with harness.data_folder(chosen.data) as folder:
        workspace = workspace_of(folder, chosen.rows)
        n = queries.overview(workspace).n_in
        return harness.report(f"A text judged while a person types, {n:,} examples", measure(workspace))


if __name__ == "__main__":
    harness.run_main(main)
