"""Supervised tokens a second of QLoRA on this processor, beside trl's SFTTrainer on the same tokens and settings.

trl runs padded (its default) and packed by best fit (bfd), each with its gradient checkpointing (its default) and, with
``--plain``, without; a bar is set against the faster of what was run. Every training is a process of its own. Results
stay in the folder of ``--data``, so the parts can be run one by one with ``--parts``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT, Figure, data_folder, needs, options, read_json, report, run_main, run_process, say
from benchmarks.training_speed_run import Timed, examples_of_turns
from core import models
from core.errors import FinetoothError, InputError
from training.config import TrainConfig
from training.data import encode_examples

ROWS = ROOT / "examples" / "icd10_coding.jsonl"
PARTS = ("base", "ours", "padded", "packed")
TITLE = "Training: QLoRA (NF4, rank 16, all linear layers) on the processor"


def main() -> int:
    """Run what has not been run, print the figures."""
    parser = options(__doc__ or "")
    parser.add_argument("--base", default=models.DEFAULT_BASE, help="base model: a name or a folder")
    parser.add_argument("--rows", type=Path, default=ROWS, help="messages JSONL to train on")
    parser.add_argument("--conversations", type=int, default=80, help="conversations to train on")
    parser.add_argument("--held", type=int, default=40, help="conversations that measure")
    parser.add_argument("--batch", type=int, default=4, help="conversations a step")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2e-4, help="learning rate")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="trl without gradient checkpointing, too")
    parser.add_argument("--parts", nargs="*", help=f"run only these now, of {' '.join(PARTS)} and the -plain ones")
    chosen = parser.parse_args()
    needs("trl")
    parts = [*PARTS, *(["padded-plain", "packed-plain"] if chosen.plain else [])]
    with data_folder(chosen.data) as folder:
        _write_plan(folder, chosen)
        for part in parts if chosen.parts is None else chosen.parts:
            _run(folder, part, chosen.threads)
        return _report(folder, [part for part in parts if (folder / f"{part}-loss.json").is_file()], chosen)


def _run(folder: Path, part: str, threads: int) -> None:
    """Train and measure one part, each as a process of its own, where that has not been done."""
    environment = {"OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
    command = [sys.executable, "-m", "benchmarks.training_speed_run", str(folder), part]
    if part != "base" and not (folder / f"{part}.json").is_file():
        say(f"{part} trains …")
        run_process(command, environment=environment)
    if not (folder / f"{part}-loss.json").is_file():
        say(f"{part} is measured …")
        run_process([*command, "measure"], environment=environment)


def _write_plan(folder: Path, chosen: Any) -> None:
    """What all trainings share: settings and conversations. A folder that holds another plan is refused."""
    config = TrainConfig(
        base_model=chosen.base,
        learning_rate=chosen.rate,
        epochs=chosen.epochs,
        batch_size=chosen.batch,
        keep="last",
        samples=0,
        warmup_share=0.0,  # of a few steps, trl makes one with a rate of nought, ours half a one
        general_questions=0,
        eval_every=None,
    )
    tokenizer = models.load_tokenizer(models.resolve(config.base_model))

    rows = [json.loads(line)["messages"] for line in chosen.rows.read_text(encoding="utf-8").splitlines()]
    encoded = encode_examples(tokenizer, examples_of_turns(rows), max_tokens=config.max_tokens)
    usable = [rows[int(item.id)] for item in encoded.items]
    wanted = chosen.conversations + chosen.held
    if len(usable) < wanted:
        raise InputError(f"{chosen.rows} has {len(usable)} usable conversations.", f"{wanted} are asked for.")
    plan = {
        "config": config.to_dict(),
        "threads": chosen.threads,
        "train": usable[: chosen.conversations],
        "hold_out": usable[chosen.conversations : wanted],
    }
    path = folder / "plan.json"
    text = json.dumps(plan, ensure_ascii=False)
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        raise FinetoothError(f"{folder} holds the results of other settings.", "Name another folder.")
    path.write_text(text, encoding="utf-8")


def figures_of(done: Mapping[str, Timed], losses: Mapping[str, float]) -> list[Figure]:
    """The table: each part's rate and hold-out loss, and ours against the faster of each kind of trl's.

    Args:
        done: The trainings, by part.
        losses: Nats a supervised token of the hold-out, by part; ``base`` without a training.
    """
    figures = []
    for part, loss in losses.items():
        if timed := done.get(part):
            note = f"{timed.steps} steps, {timed.supervised:,} of {timed.tokens:,} tokens, {timed.wall_s:.0f} s"
            figures.append(Figure(f"{part}: supervised tokens a processor second", timed.rate, digits=2, note=note))
        figures.append(Figure(f"{part}: hold-out loss, nats a token", loss, digits=4))
    ours = done.get("ours")
    for kind, bar in (("padded", 1.2), ("packed", 1.0)):
        rivals = [timed for part, timed in done.items() if part.startswith(kind)]
        if ours is None or not rivals:
            continue
        best = max(rivals, key=lambda timed: timed.rate)
        figures.append(Figure(f"times trl {best.who}", ours.rate / best.rate, bar, digits=2))
        apart = max(abs(losses["ours"] / losses[timed.who] - 1) for timed in rivals)
        figures.append(Figure(f"hold-out loss apart from trl {kind} (share)", apart, 0.01, "<=", digits=4))
    return figures


def _report(folder: Path, parts: Sequence[str], chosen: Any) -> int:
    done = {part: Timed(**read_json(folder / f"{part}.json")) for part in parts if part != "base"}
    losses = {part: float((folder / f"{part}-loss.json").read_text(encoding="utf-8")) for part in parts}
    amount = f"{chosen.conversations} conversations of {chosen.rows.name}, {chosen.batch} a step"
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "peft", "trl"))
    remark = (
        f"{chosen.base}, {amount}, {chosen.threads} thread(s); {libraries}. "
        "Processor seconds are those of the loop of steps; other work on the machine does not count."
    )
    return report(TITLE, figures_of(done, losses), [remark])


if __name__ == "__main__":
    run_main(main)
