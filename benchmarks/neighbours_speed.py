"""How long a person waits to hear what an edit now resembles: ``python -m benchmarks.neighbours_speed``.

Makes a workspace of 100,000 rows of 1 kB, a fifth of them near-copies, builds the index that every check leaves, and
compares 200 texts with it, each fetched and verified from the cache as the page does it. A second set is the hard case:
every row is the same form of question with other words in two places, so that all of them are candidates of all.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import harness, made
from benchmarks.harness import Figure
from core.types import Message
from core.workspace import Workspace
from curation import actions, neighbours, neighbours_index, queries

COMPARISONS = 200
BAR_MS = 50.0
COLD = """
import sys, time
from pathlib import Path
from core.types import Message
from core.workspace import Workspace
from curation import neighbours
workspace = Workspace.open(Path(sys.argv[1]))
text = (Message("user", "What is it?"), Message("assistant", " ".join(map(str, range(100)))))
for _ in range(2):
    started = time.perf_counter()
    neighbours.compare(workspace, text)
    print(time.perf_counter() - started)
"""


def form_rows(count: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Rows of one form: prompts of 34 words that differ in two, answers of 7 that differ in two."""
    draw = random.Random(seed)
    words = sorted({form.rstrip(".,") for form in made.vocabulary()[0]})
    for _ in range(count):
        first, second = draw.choice(words), draw.choice(words)
        yield (
            f"You are given the note of a visit. The patient reports {first} since last week and was seen for {second} "
            "before that. Which of the codes in the table below fits this visit best, and why?",
            f"The code for {first} with {second} fits.",
        )


def workspace_of(path: Path, file: Path) -> Workspace:
    """A workspace that holds the file."""
    workspace = Workspace.create(path)
    if not queries.imported(workspace):
        actions.import_file(workspace, file, who="bench")
    return workspace


def edits(workspace: Workspace, count: int, seed: int) -> list[tuple[str | None, tuple[Message, ...]]]:
    """Texts to compare: rows with a word of the answer changed, copies of a row with one changed, other answers."""
    draw = random.Random(seed)
    total = queries.examples(workspace, limit=1).total
    found: list[tuple[str | None, tuple[Message, ...]]] = []
    for number in range(count):
        view = queries.examples(workspace, offset=draw.randrange(total), limit=1).items[0]
        *before, last = view.example.messages
        words = last.content.split(" ")
        words[draw.randrange(len(words))] = "changed"
        if number % 4 == 3:
            words = draw.sample(words, len(words))
        replacing = view.example.id if number % 2 else None
        found.append((replacing, (*before, Message(last.role, " ".join(words)))))
    return found


def measure(workspace: Workspace, name: str) -> list[Figure]:
    """Build the index and compare."""
    started = time.perf_counter()
    neighbours.build(workspace)
    build_s = time.perf_counter() - started
    texts = edits(workspace, COMPARISONS, seed=1)
    neighbours.compare(workspace, texts[0][1])
    times, kinds, verified = [], 0, []
    for replacing, messages in texts:
        started = time.perf_counter()
        seen = neighbours.compare(workspace, messages, replacing=replacing)
        times.append((time.perf_counter() - started) * 1000)
        kinds += bool(seen.neighbours)
        verified.append(seen.n_verified)
    times.sort()
    cold = [float(line) for line in _cold(workspace.path)]
    size = neighbours_index.size_bytes(workspace)
    head = neighbours_index.head_of(workspace) or {}
    note = f"{head.get('n', 0):,} examples"
    return [
        Figure(f"{name}: index built, s", build_s, digits=1, note=note),
        Figure(f"{name}: index on disk, MB", size / 1e6, digits=0, note=note),
        Figure(f"{name}: comparison, median ms", harness.median(times), BAR_MS, "<=", 1, f"{COMPARISONS} texts"),
        Figure(f"{name}: comparison, 95th percentile ms", times[int(0.95 * len(times))], BAR_MS, "<=", 1),
        Figure(f"{name}: comparison, slowest ms", times[-1], BAR_MS, "<=", 1),
        Figure(f"{name}: candidates verified, mean", sum(verified) / len(verified), digits=1),
        Figure(f"{name}: texts with a neighbour", kinds, digits=0, note=f"of {COMPARISONS}"),
        Figure(f"{name}: first comparison of a process, ms", cold[0] * 1000, digits=0, note="loads the compiled code"),
        Figure(f"{name}: second comparison of a process, ms", cold[1] * 1000, BAR_MS, "<=", 1),
    ]


def _cold(path: Path) -> Sequence[str]:
    command = [sys.executable, "-c", COLD, str(path)]
    return subprocess.run(command, cwd=harness.ROOT, capture_output=True, text=True, check=True).stdout.split()


def main() -> int:
    """Run both sets and print the table."""
    parser = harness.options(__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    chosen = parser.parse_args()
    figures: list[Figure] = []
    with harness.data_folder(chosen.data) as folder:
        recipe = made.Recipe(chosen.rows)
        file = made.write(folder / recipe.name, recipe)
        figures += measure(workspace_of(folder / "mixed", file), "mixed rows")
        form = folder / f"form-{chosen.rows}.jsonl"
        form.write_text("".join(made.line_of(*pair) for pair in form_rows(chosen.rows)), encoding="utf-8")
        figures += measure(workspace_of(folder / "form", form), "rows of one form")
    return harness.report("An edit compared with the whole set", figures)


if __name__ == "__main__":
    harness.run_main(main)
