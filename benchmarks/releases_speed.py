"""How long freezing, exporting and comparing take at 100,000 examples, each as its own process, as people start it.

``python -m benchmarks.releases_speed`` imports made rows, then freezes, exports each format, changes 1,000 examples,
freezes again and compares the two. Processor time is given beside the time on the clock, which other work lengthens.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import harness, made
from benchmarks.harness import Figure
from core.workspace import Workspace
from curation import actions, queries, release

BAR_S = 60.0
DROPPED = 1_000


def timed(what: str, *words: str, bar: float | None = None) -> list[Figure]:
    """Run a command of the command line, and give its two times."""
    harness.say(what)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *words], cwd=harness.ROOT, capture_output=True, text=True, check=False
    )
    wall_s = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        return [Figure(f"{what}, s", None, bar, "<=", note=done.stderr.strip().splitlines()[-1])]
    used_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return [
        Figure(f"{what}, s", wall_s, bar, "<=", 1),
        Figure(f"{what}, processor s", used_s, digits=1, note=f"peak {after.ru_maxrss // 1024:,} MB so far"),
    ]


def measure(folder: Path, rows: int) -> list[Figure]:
    """All figures of one size."""
    place = folder / f"releases-{rows}"
    workspace = Workspace.create(place)
    actions.import_file(workspace, made.write(folder / f"releases-{rows}.jsonl", made.Recipe(rows)), who="Ana")
    at = ("-w", str(place))
    figures = timed("freeze", "freeze", *at, bar=BAR_S)
    figures += timed("freeze with a test set, another seed", "freeze", *at, "--test-share", "0.1", "--seed", "1")
    for format in release.FORMATS:
        if format != "alpaca":
            out = folder / (format if format == release.HUGGINGFACE else f"{format}.out")
            bar = BAR_S if format == "messages" else None
            figures += timed(f"export {format}", "export", str(out), *at, "--format", format, bar=bar)
    some = [view.example.id for view in queries.examples(workspace, limit=DROPPED).items]
    actions.decide_all(workspace, some, "drop", who="Ana", note="measured")
    figures += timed(f"freeze after {DROPPED:,} drops", "freeze", *at)
    frozen = [entry.subject for entry in workspace.ledger.entries("freeze")]
    figures += timed("diff of two revisions", "diff", frozen[0], frozen[-1], *at, "--json")
    figures += timed("go back", "restore", frozen[0], *at)
    figures += timed("change list", "changes", str(folder / "changes.csv"), *at)
    proof = json.loads(next(workspace.exports_dir.glob("*/certificate.json")).read_text())
    figures.append(Figure("pairs compared by the scan", proof["scan"]["pairs_compared"], digits=0))
    return figures


def main() -> int:
    """Measure and print the table."""
    parser = harness.options(__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    chosen = parser.parse_args()
    with harness.data_folder(chosen.data) as folder:
        figures = measure(folder, chosen.rows)
    return harness.report(f"Releases of {chosen.rows:,} examples", figures)


if __name__ == "__main__":
    harness.run_main(main)
