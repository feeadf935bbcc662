"""Supervised tokens a second of QLoRA on this processor, and the hold-out loss, beside trl's SFTTrainer.

The same tokens, settings, number of optimiser steps and course of the rate for all; trl runs padded and packed by best
fit (bfd), each in its own random order. Orders differ, so losses are averaged over ``--seeds``. Those trainings of trl
run without its gradient checkpointing, which makes it faster and changes no gradient; its default, with it, runs some
steps for its speed. At last trl takes the very steps of ours in the same order, and the loss of each is held against
ours: once as trl is, once with its adapters in float32, as ours are.

Every training is a process of its own. Results stay in the folder of ``--data``: what is there is not run again, and
``--parts`` runs some alone.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from benchmarks.harness import ROOT, Figure, data_folder, needs, options, read_json, report, run_main, run_process, say
from benchmarks.training_speed_run import examples_of_turns
from benchmarks.training_speed_timed import Part, Timed, part_named, parts_of
from core import models
from core.errors import FinetoothError, InputError
from training.config import TrainConfig
from training.data import encode_examples

ROWS = ROOT / "examples" / "icd10_coding.jsonl"
LISTED = re.compile(r"^(?:- )?[A-Z]\d\w(?:\.\w+)?[ :].*\n?", re.MULTILINE)
"""A line of the questions' lists of candidates: ``- I72.2: Aneurysm of renal artery``."""
BARS = {"padded": 1.2, "packed": 1.0}
EQUAL = 0.01
TITLE = "Training: QLoRA (NF4, rank 16, all linear layers) on the processor"


def main() -> int:
    """Run what has not been run, print the figures."""
    parser = options(__doc__ or "")
    parser.add_argument("--base", default=models.DEFAULT_BASE, help="base model: a name or a folder")
    parser.add_argument("--rows", type=Path, default=ROWS, help="messages JSONL to train on")
    parser.add_argument("--whole", action="store_true", help="keep the questions' lists of candidate codes")
    parser.add_argument("--conversations", type=int, default=60, help="conversations to train on")
    parser.add_argument("--held", type=int, default=40, help="conversations that measure")
    parser.add_argument("--batch", type=int, default=2, help="conversations a step")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rate", type=float, default=4e-4, help="learning rate, falling as a cosine")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each kind")
    parser.add_argument("--short-steps", type=int, default=8, help="steps of what runs for its speed alone")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--parts", nargs="*", help="run only these now; none = print what is there")
    chosen = parser.parse_args()
    needs("trl")
    parts = parts_of(chosen.seeds)
    with data_folder(chosen.data) as folder:
        _write_plan(folder, chosen)
        for part in parts if chosen.parts is None else [part_named(name, chosen.seeds) for name in chosen.parts]:
            _run(folder, part, chosen.threads)
        return _report(folder, parts, chosen)


def _run(folder: Path, part: Part, threads: int) -> None:
    """Train and measure one part in a process of its own, where that has not been done."""
    environment = {"OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
    if all((folder / name).is_file() for name in part.files):
        return
    say(f"{part.name} …")
    if not (folder / f"{part.name}.json").is_file():
        shutil.rmtree(folder / part.name, ignore_errors=True)  # what an interrupted one left
    command = [sys.executable, "-m", "benchmarks.training_speed_run", str(folder), part.name]
    run_process(command, environment=environment)


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
    rows = rows if chosen.whole else [[_short(turn) for turn in turns] for turns in rows]
    encoded = encode_examples(tokenizer, examples_of_turns(rows), max_tokens=config.max_tokens)
    usable = [rows[int(item.id)] for item in encoded.items]
    wanted = chosen.conversations + chosen.held
    if len(usable) < wanted:
        raise InputError(f"{chosen.rows} has {len(usable)} usable conversations.", f"{wanted} are asked for.")
    plan = {
        "config": config.to_dict(),
        "threads": chosen.threads,
        "seeds": chosen.seeds,
        "short_steps": chosen.short_steps,
        "train": usable[: chosen.conversations],
        "hold_out": usable[chosen.conversations : wanted],
    }
    path = folder / "plan.json"
    text = json.dumps(plan, ensure_ascii=False)
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        raise FinetoothError(f"{folder} holds the results of other settings.", "Name another folder.")
    path.write_text(text, encoding="utf-8")


def _short(turn: Mapping[str, Any]) -> dict[str, Any]:
    """A turn without its list of candidates: half the tokens go through the model, the answers are the same."""
    return {**turn, "content": LISTED.sub("", turn["content"])} if turn["role"] == "user" else dict(turn)


def figures_of(done: Mapping[Part, Timed], losses: Mapping[Part, float]) -> list[Figure]:
    """The table: rates and hold-out losses, then ours against each way of running trl.

    Args:
        done: The trainings.
        losses: Nats a supervised token of the hold-out; of ``base`` without a training.
    """
    figures = [
        Figure("base: hold-out loss, nats a token", loss, digits=4)
        for part, loss in losses.items()
        if part.kind == "base"
    ]
    rates, means = {}, {}
    for kind in ("ours", *BARS):
        for how in ("", "default"):
            runs = [timed for part, timed in done.items() if (part.kind, part.how) == (kind, how)]
            if runs:
                name = f"{'' if kind == 'ours' else 'trl '}{kind}{', recomputing (its default)' if how else ''}"
                rates[kind, how] = sum(timed.supervised for timed in runs) / sum(timed.processor_s for timed in runs)
                figures.append(
                    Figure(
                        f"{name}: supervised tokens a processor second", rates[kind, how], digits=2, note=_amount(runs)
                    )
                )
        if seeds := [loss for part, loss in losses.items() if part.kind == kind]:
            means[kind] = fmean(seeds)
            name = kind if kind == "ours" else f"trl {kind}"
            figures.append(Figure(f"{name}: hold-out loss, nats a token", means[kind], digits=4, note=_spread(seeds)))
    for kind, bar in BARS.items():
        for how in ("default", ""):
            if ("ours", "") in rates and (kind, how) in rates:
                name = f"times trl {kind}{', its default' if how else ', not recomputing'}"
                figures.append(Figure(name, rates["ours", ""] / rates[kind, how], bar, digits=2))
        if "ours" in means and kind in means:
            apart = means["ours"] / means[kind] - 1
            figures.append(
                Figure(
                    f"hold-out loss apart from trl {kind} (share)",
                    abs(apart),
                    EQUAL,
                    "<=",
                    digits=4,
                    note=f"ours is {'lower' if apart < 0 else 'higher'}",
                )
            )
    return figures + _same_steps(done, losses)


def _same_steps(done: Mapping[Part, Timed], held: Mapping[Part, float]) -> list[Figure]:
    """How far the losses of the same steps in the same order are apart, while training and on the hold-out after."""
    figures = []
    ours = done.get(Part("ours"))
    for part, timed in done.items():
        if part.kind != "same" or ours is None:
            continue
        pairs = list(zip(ours.losses, timed.losses, strict=True))
        mean = abs(sum(own for own, _ in pairs) / sum(other for _, other in pairs) - 1)
        most = max(abs(own / other - 1) for own, other in pairs)
        name = f"same steps, trl with {part.how or 'bfloat16'} adapters"
        note = f"{len(pairs)} steps; a single one by at most {most:.2%}"
        figures.append(Figure(f"{name}: mean training loss apart (share)", mean, digits=5, note=note))
        if part in held and Part("ours") in held:
            apart, note = abs(held[Part("ours")] / held[part] - 1), f"trl's {held[part]:.4f}"
            figures.append(Figure(f"{name}: hold-out loss apart (share)", apart, EQUAL, "<=", digits=5, note=note))
    return figures


def _amount(runs: Sequence[Timed]) -> str:
    steps, supervised, tokens = (
        sum(getattr(timed, name) for timed in runs) for name in ("steps", "supervised", "tokens")
    )
    each = " ".join(f"{timed.rate:.1f}" for timed in runs)
    return f"{steps} steps, {supervised:,} of {tokens:,} tokens; by seed {each}"


def _spread(losses: Sequence[float]) -> str:
    each = " ".join(f"{loss:.4f}" for loss in losses)
    return f"by seed {each}" + (f"; standard deviation {stdev(losses):.4f}" if len(losses) > 1 else "")


def _report(folder: Path, parts: Sequence[Part], chosen: Any) -> int:
    done = {part: _timed(path) for part in parts if (path := folder / f"{part.name}.json").is_file()}
    losses = {
        part: float(path.read_text(encoding="utf-8"))
        for part in parts
        if (path := folder / f"{part.name}-loss.json").is_file()
    }
    amount = (
        f"{chosen.conversations} conversations of {chosen.rows.name}, {chosen.batch} a step, {chosen.epochs} epoch(s)"
    )
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "peft", "trl"))
    remark = (
        f"{chosen.base}, {amount}, rate {chosen.rate:g}, {chosen.threads} thread(s); {libraries}. "
        "Processor seconds are those of the loop of steps; other work on the machine does not count."
    )
    return report(TITLE, figures_of(done, losses), [remark])


def _timed(path: Path) -> Timed:
    stored = read_json(path)
    return Timed(**{**stored, "losses": tuple(stored["losses"])})


if __name__ == "__main__":
    run_main(main)
