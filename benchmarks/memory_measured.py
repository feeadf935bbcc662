"""Compares the predicted memory of a run with the measured peak on this machine, on real runs of the embedded model.

``python -m benchmarks.memory_measured`` trains for some steps in a process of its own for each case (minutes).
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT, Figure, report, say
from core.ids import example_id
from core.types import Example, Message
from training.config import read_config
from training.control import Control
from training.records import Run
from training.sft import train

CASES: dict[str, tuple[dict[str, Any], int, int]] = {
    "qlora": ({"batch_size": 4}, 100, 16),
    "qlora-recomputed": ({"batch_size": 2, "gradient_checkpointing": True}, 100, 10),
    "lora": ({"method": "lora", "batch_size": 4}, 100, 16),
    "full": ({"method": "full", "batch_size": 4, "learning_rate": 1e-5}, 60, 12),
}
"""Settings, words of the longest answer, and conversations."""

WORDS = ("code", "case", "table", "note", "given", "visit", "other", "left")


def main() -> int:
    """Print the table; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=CASES, help="Only this one.")
    parser.add_argument("--child", choices=CASES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(_run(given.child)))
        return 0
    figures = []
    for case in (given.case,) if given.case else CASES:
        command = [sys.executable, "-m", "benchmarks.memory_measured", "--child", case]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        facts = json.loads(done.stdout.splitlines()[-1])
        predicted, measured = facts["Predicted memory (MiB)"], facts["Measured memory (MiB)"]
        error = (predicted / measured - 1) * 100
        say(f"{case}: predicted {predicted}, measured {measured} MiB ({error:+.1f} %)")
        step = facts["Memory of one real step (MiB)"]
        note = f"predicted {predicted:,}, measured {measured:,} MiB; one real step said {step:,}"
        figures.append(Figure(f"{case}: size of the error, %", abs(error), 10, "<=", 1, note))
        figures.append(Figure(f"{case}: error, % (under by no more than 5)", error, -5, ">=", 1))
    return report("Memory of a run: predicted against the peak of its process", figures)


def _run(case: str) -> dict[str, Any]:
    """Train in this process; returns the run's facts."""
    settings, words, n = CASES[case]
    config = read_config({"epochs": 1, "samples": 0, "general_questions": 0, "learning_rate": 1e-4, **settings})
    chance = random.Random(0)
    made = [_conversation(k, words, chance) for k in range(n + 4)]
    run = Run(id="run", revision_id="made", base_model=config.base_model, config=config.to_dict(), seed=0)
    with tempfile.TemporaryDirectory() as folder:
        return train(Path(folder) / "run", run, made[:n], made[n:], Control(lambda *_: None, lambda: False))


def _conversation(number: int, words: int, chance: random.Random) -> Example:
    answer = " ".join(chance.choice(WORDS) for _ in range(int(words * chance.uniform(0.6, 1))))
    messages = (Message("user", f"Case {number}?"), Message("assistant", answer))
    return Example(example_id(messages), messages)


if __name__ == "__main__":
    sys.exit(main())
