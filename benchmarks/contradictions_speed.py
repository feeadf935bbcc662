"""How long the contradiction checks take, in a process of their own: seconds in all and a stage."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import harness
from benchmarks.harness import Figure
from benchmarks.made import Recipe, rows
from core.ids import example_id
from core.types import Example, Message

BARS_S = {10_000: 120.0, 100_000: 900.0}
SETS = ("made", "one-question", "real")
_QUESTIONS = 20


def speed(sizes: list[int], sets: list[str], seed: int) -> Iterator[Figure]:
    """One process a size and a set: seconds, peak memory, stages.

    The bars hold for ``made`` and for ``real``: questions of made words are too far apart for the embedding model to be
    asked, those of real sentences use up what it may read.
    """
    for size in sizes:
        for name in sets:
            harness.say(f"{size:,} rows ({name})")
            with tempfile.TemporaryDirectory(prefix="finetooth-bench-") as folder:
                output = Path(folder) / "out.json"
                command = [
                    sys.executable,
                    "-m",
                    "benchmarks.contradictions_speed",
                    "--rows",
                    str(size),
                    "--set",
                    name,
                    "--seed",
                    str(seed),
                ]
                run = harness.run_process(
                    command, output=output, environment={"FINETOOTH_CACHE": folder}
                )  # no vectors kept
                told = harness.read_json(output)
            bar = BARS_S.get(size) if name != "one-question" else None
            note = f"{told['worked']:.0f} s of processors; {told['findings']:,} findings; "
            note += f"peak {run.peak_bytes / 2**30:.2f} GiB"
            what = f"{size:,} rows, {name}"
            yield Figure(f"{what}: seconds", told["seconds"], bar, "<=", 1, note)
            for stage, seconds in sorted(told["stages"].items(), key=lambda item: -item[1])[:8]:
                if seconds >= 0.05:
                    yield Figure(
                        f"{what}, {stage}: seconds",
                        seconds,
                        digits=1,
                        note=f"{seconds / size * 1e6:,.0f} microseconds a row",
                    )


def examples(name: str, size: int, seed: int) -> list[Example]:
    """The rows of a set: ``made`` words; ``one-question``: answers to few; ``real`` sentences in drawn order."""
    if name == "real":
        from benchmarks.consistency_speed import made_rows

        return made_rows(size, seed)
    found = []
    for number, (prompt, answer) in enumerate(rows(Recipe(size, seed=seed))):
        few = f"What does the letter number {number % _QUESTIONS} say, and who has written it to whom?"
        turns = (Message("user", few if name == "one-question" else prompt), Message("assistant", answer))
        found.append(Example(example_id(turns), turns))
    return found


def main() -> None:
    """Check one set and print the times as JSON.

    Starting up, making the rows and a first run over 300 of them are not counted.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--set", choices=SETS, default="made", dest="name")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    made = examples(chosen.name, chosen.rows, chosen.seed)
    from curation.evidence.settings import Settings
    from curation.runner import run_checks

    run_checks(made[:300], ("contradictions",), settings=Settings())  # compiles
    stages: dict[str, float] = {}
    worked = time.process_time()
    started = last = time.perf_counter()
    current = "start"

    def progress(stage: str, done: int, total: int | None) -> None:
        nonlocal last, current
        now = time.perf_counter()
        stages[current] = stages.get(current, 0.0) + now - last
        last, current = now, stage

    report = run_checks(made, ("contradictions",), settings=Settings(reworded_rows=chosen.rows), progress=progress)
    seconds, worked = time.perf_counter() - started, time.process_time() - worked
    for name, taken in report.seconds.items():
        stages[f"all of {name}"] = taken
    told = {"seconds": seconds, "worked": worked, "stages": stages, "findings": len(report.findings)}
    print(json.dumps({**told, "notes": report.notes}))


if __name__ == "__main__":
    main()
