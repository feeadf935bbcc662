"""Compares the predicted memory of a run with the measured peak on this machine, on real runs of the embedded model.

``python -m benchmarks.memory_measured`` trains for some steps in a process of its own for each case (minutes).
``--times 3`` trains three times as many conversations, which shows whether the memory rises from step to step;
``--seed`` makes other ones.
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
from core import jobs
from core.ids import example_id
from core.types import Example, Message
from tests.tiny_model import tiny
from training.config import read_config
from training.control import Control
from training.records import Run
from training.sft import train

CASES: dict[str, tuple[dict[str, Any], int, int]] = {
    "qlora": ({"batch_size": 4}, 100, 16),
    "qlora-recomputed": ({"batch_size": 2, "gradient_checkpointing": True}, 100, 10),
    "lora": ({"method": "lora", "batch_size": 4}, 100, 16),
    "full": ({"method": "full", "batch_size": 4, "learning_rate": 1e-5}, 60, 12),
    "qlora-watched": (
        {"batch_size": 2, "samples": 2, "sample_tokens": 16, "eval_every": 3, "general_questions": 10},
        100,
        12,
    ),
    "tiny": ({"batch_size": 2}, 60, 60),
}
"""Settings, words of the longest answer, and conversations. ``qlora-watched`` measures, answers samples and saves each
third step; ``tiny`` trains a model of some thousand weights, so that nearly all is the process itself."""

HELD = 4
"""Conversations that measure."""

WORDS = ("code", "case", "table", "note", "given", "visit", "other", "left")


def main() -> int:
    """Print the table; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=CASES, help="Only this one.")
    parser.add_argument("--times", type=int, default=1, help="so many times as many conversations")
    parser.add_argument("--seed", type=int, default=0, help="of the conversations and their order")
    parser.add_argument("--child", choices=CASES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(_run(given.child, given.times, given.seed)))
        return 0
    figures = []
    for case in (given.case,) if given.case else CASES:
        command = [sys.executable, "-m", "benchmarks.memory_measured", "--child", case]
        command += ["--times", str(given.times), "--seed", str(given.seed)]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        facts = json.loads(done.stdout.splitlines()[-1])
        predicted, measured = facts["Predicted memory (MiB)"], facts["Measured memory (MiB)"]
        error = (predicted / measured - 1) * 100
        say(f"{case}: predicted {predicted}, measured {measured} MiB ({error:+.1f} %)")
        step = facts["Memory of one real step (MiB)"]
        early, late = facts["peaks"]
        note = f"predicted {predicted:,}, measured {measured:,} MiB; one real step said {step:,}; "
        note += f"{early:,} after 2 of {facts['Steps']} steps, {late:,} after the last"
        figures.append(Figure(f"{case}: size of the error, %", abs(error), 10, "<=", 1, note))
        figures.append(Figure(f"{case}: error, % (under by no more than 5)", error, -5, ">=", 1))
    return report("Memory of a run: predicted against the peak of its process", figures)


def _run(case: str, times: int, seed: int) -> dict[str, Any]:
    """Train in this process; returns the run's facts, and ``peaks`` (MiB) after the second step and after the last."""
    settings, words, n = CASES[case]
    n *= times
    usual = {"epochs": 1, "samples": 0, "general_questions": 0, "learning_rate": 1e-4, "seed": seed}
    chance = random.Random(seed)
    made = [_conversation(k, words, chance) for k in range(n + HELD)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = {"base_model": str(tiny(folder / "tiny"))} if case == "tiny" else {}
        config = read_config({**usual, **settings, **base})
        run = Run(id="run", revision_id="made", base_model=config.base_model, config=config.to_dict(), seed=seed)
        facts = train(folder / "run", run, made[:n], made[n:], Control(lambda *_: None, lambda: False))
        peaks = [event["memory_bytes"] // 2**20 for event in jobs.events(folder / "run") if event["type"] == "step"]
        return {**facts, "peaks": [peaks[min(1, len(peaks) - 1)], peaks[-1]]}


def _conversation(number: int, words: int, chance: random.Random) -> Example:
    answer = " ".join(chance.choice(WORDS) for _ in range(int(words * chance.uniform(0.6, 1))))
    messages = (Message("user", f"Case {number}?"), Message("assistant", answer))
    return Example(example_id(messages), messages)


if __name__ == "__main__":
    sys.exit(main())
