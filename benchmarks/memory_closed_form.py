"""Compares the closed form of a step's memory with a simulated step, over models, methods and checkpointing.

``python -m benchmarks.memory_closed_form`` takes about two minutes of processor time; ``--model NAME`` takes one model.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

from benchmarks.harness import Figure, report, say
from training.config import Method, TrainConfig
from training.estimate import GIB, for_config
from training.simulate import simulate

MODELS = ("qwen2.5-0.5b", "llama-3.2-1b", "llama-3.2-3b", "llama-2-7b-chat", "qwen2.5-7b", "llama-3.1-8b")
CASES: tuple[tuple[Method, int, int, bool], ...] = (
    ("qlora", 1, 2048, True),
    ("lora", 4, 512, True),
    ("qlora", 2, 512, False),
    ("full", 1, 1024, True),
)
"""Method, conversations, tokens of each, and whether activations are recomputed: with six models, 24 configurations."""


def main() -> int:
    """Print the table; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=MODELS, help="Only this one.")
    chosen = parser.parse_args().model
    figures: list[Figure] = []
    errors: list[float] = []
    slowest = 0.0
    simulate(TrainConfig(method="qlora", batch_size=1), 16)  # so that no import is timed
    for model in (chosen,) if chosen else MODELS:
        for method, batch, seq, checkpointing in CASES:
            config = TrainConfig(
                base_model=model, method=method, batch_size=batch, gradient_checkpointing=checkpointing
            )
            begun = time.process_time()
            counted = simulate(config, seq)
            seconds = time.process_time() - begun
            slowest = max(slowest, seconds)
            closed = for_config(config, seq, None, "gpu").total_bytes
            errors.append((closed / counted.peak_bytes - 1) * 100)
            name = f"{model} {method} {batch} x {seq}{', recomputed' if checkpointing else ''}: error, %"
            figures.append(
                Figure(name, errors[-1], digits=2, note=f"{counted.peak_bytes / GIB:.2f} GiB, {seconds:.1f} s")
            )
            say(f"{name} {errors[-1]:+.2f} ({seconds:.1f} s)")
    figures += [
        Figure("mean of the errors' sizes, %", statistics.mean(map(abs, errors)), 3, "<=", 2, f"{len(errors)} cases"),
        Figure("lowest, %", min(errors), -5, ">=", 2),
        Figure("highest, %", max(errors), digits=2),
        Figure("slowest simulation, processor seconds", slowest, 10, "<=", 1, "imports not counted"),
    ]
    return report("Memory of a training step: closed form against a simulated step (tensors at the peak)", figures)


if __name__ == "__main__":
    sys.exit(main())
