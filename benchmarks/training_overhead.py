"""What the event log, the checks between forward passes and the heartbeat cost a training step.

``python -m benchmarks.training_overhead [--steps 6]`` trains the embedded model (QLoRA, CPU) in a job's context, with
its heartbeat; time is processor time, so other work on the machine does not count. Exit code 1 if the share is above
1 %.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure, options, report, run_main
from core.heartbeat import Heartbeat
from core.ids import example_id
from core.jobs import JobContext
from core.types import Example, Message
from training import checkpoints, footprint, limits, records, stopping
from training.config import TrainConfig
from training.control import Control
from training.records import Run
from training.session import Session
from training.sft import train

BAR_SHARE = 0.01
TIMED: tuple[tuple[Any, str], ...] = (
    (records.RunLog, "event"),
    (JobContext, "progress"),
    (JobContext, "asked"),
    (JobContext, "take"),
    (footprint.Meter, "peak_bytes"),
    (checkpoints, "random_state"),
    (stopping.Watch, "after_step"),
    (limits.MemoryWatch, "short"),
    (Heartbeat, "beat"),
)


@contextmanager
def timing() -> Iterator[dict[str, list[float]]]:
    """Processor seconds of each call of what a step does besides training, by name; nested calls count once."""
    spent: dict[str, list[float]] = defaultdict(list)
    real = [(owner, name, getattr(owner, name)) for owner, name in TIMED]
    inside: set[str] = set()

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if inside and name != "beat":
                return function(*arguments, **named)
            inside.add(name)
            begun = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                spent[name].append(time.thread_time() - begun)
                inside.discard(name)

        return call

    for owner, name, function in real:
        setattr(owner, name, timed(name, function))
    try:
        yield spent
    finally:
        for owner, name, function in real:
            setattr(owner, name, function)


def measure(folder: Path, config: TrainConfig, n: int) -> tuple[float, dict[str, float], int]:
    """Train. Returns processor seconds of all steps, those of each part of log and checks, and the number of steps."""
    examples = [_example(k) for k in range(n)]
    context = JobContext(folder / "job", {})
    context.folder.mkdir(parents=True)
    run = Run(id="run", revision_id="r", base_model=config.base_model, config=config.to_dict(), seed=config.seed)
    in_steps = 0.0
    real = Session._take_step

    def step(session: Session) -> None:
        nonlocal in_steps
        begun = time.process_time()
        real(session)
        in_steps += time.process_time() - begun

    with timing() as spent:
        heartbeat = Heartbeat(context)

        def first(session: Session) -> None:
            spent.clear()  # what was spent before the first step is not a step's
            Session._take_step = step  # type: ignore[method-assign, assignment]
            step(session)

        Session._take_step = first  # type: ignore[method-assign, assignment]
        heartbeat.start()
        try:
            facts = train(folder / "run", run, examples, [], Control.of(context))
        finally:
            Session._take_step = real  # type: ignore[method-assign]
            heartbeat.end()
        return in_steps, {name: sum(seconds) for name, seconds in spent.items()}, int(facts["Steps"])


def _example(k: int) -> Example:
    turns = (
        Message("system", "You code diagnoses."),
        Message("user", f"Which code applies to case {k}, where the patient has had a cough for {k % 9 + 2} days?"),
        Message("assistant", f"Code J{k % 90 + 10}.{k % 10} applies; it is an acute infection without complications."),
    )
    return Example(example_id(turns), turns)


def main() -> int:
    """Measure both and print the table."""
    parser = options(__doc__ or "")
    parser.add_argument("--steps", type=int, default=6)
    chosen = parser.parse_args()
    common: dict[str, Any] = {"epochs": 1, "checkpoint_every": 10**6, "keep": "last"}
    with tempfile.TemporaryDirectory() as name:
        config = TrainConfig(batch_size=4, **common)
        real_s, parts, steps = measure(Path(name) / "real", config, 4 * chosen.steps)
    real_cost_s = sum(parts.values())
    return report(
        "What the log and the checks cost a step",
        [
            Figure("processor ms a step, SmolLM2 QLoRA, 4 conversations", 1000 * real_s / steps, digits=1),
            Figure("processor ms of log, checks and heartbeat a step", 1000 * real_cost_s / steps, digits=3),
            *(Figure(f"of it {name}", 1000 * seconds / steps, digits=3) for name, seconds in parts.items()),
            Figure("their share", real_cost_s / real_s, BAR_SHARE, "<=", 5, f"{steps} steps"),
        ],
    )


if __name__ == "__main__":
    run_main(main)
