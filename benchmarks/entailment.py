"""Exercises the entailment stage with real weights: trains a small cross-encoder, then judges held-out pairs with it.

No entailment model ships with the project. This one is made from the packaged MiniLM and two thousand pairs, in two or
three minutes on one core, to see the whole path run (labels, budget, both directions, cache, report). It is far weaker
than a published one: its figures say nothing about those. ``--model FOLDER`` measures one that you have.

    python -m benchmarks.entailment [--model FOLDER] [--steps 48] [--pairs 300]
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.harness import SHARED_DATA, Figure, report, say
from core.embeddings import minilm_folder
from core.errors import InputError
from core.files import write_json
from core.ids import example_id
from core.quiet import quiet
from core.smollm2 import cache_folder
from core.types import Example, Message
from curation.clash.judge import clash_between
from curation.evidence.batch import Batch
from curation.evidence.entailment import Undecided, entailed_clashes
from curation.evidence.settings import Settings

SEED = 7
BATCH = 32
RATE = 3e-4
MOST_TOKENS = 64
FROZEN_LAYERS = 3
SETS = (("SNLI dev", "pairs_snli_dev"), ("Breaking NLI", "pairs_breaking_nli"))
LABELS = ("entailment", "neutral", "contradiction")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sentences and whether they contradict each other."""

    left: str
    right: str
    label: str


def main() -> int:
    """Train where needed, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", type=Path, help="a folder with a three-label cross-encoder, instead of training one")
    parser.add_argument("--steps", type=int, default=48, help=f"training steps of {BATCH} pairs")
    parser.add_argument("--pairs", type=int, default=300, help="held-out pairs of each set")
    asked = parser.parse_args()
    if not SHARED_DATA.is_dir():
        raise InputError("The shared data is not beside this checkout.", "Put it at ../shared/data.")
    halves = [(name, *apart(read(SHARED_DATA / f"{file}.jsonl.gz"))) for name, file in SETS]
    folder = asked.model or trained([pair for _, learnt, _ in halves for pair in learnt], asked.steps)
    figures, remarks = [], []
    for name, _, kept in halves:
        chosen = random.Random(SEED).sample(kept, min(asked.pairs, len(kept)))
        found, told = measured(name, chosen, folder)
        figures += found
        remarks += told
    if asked.model is None:
        remarks.append(
            f"The model was made here (MiniLM, {asked.steps} steps of {BATCH} pairs) to exercise the path; "
            "its training pairs are of the same two sets, with other premises."
        )
    return report("Entailment: contradictions found in held-out pairs, each pair as two answers", figures, remarks)


def read(path: Path) -> list[Pair]:
    """The pairs of a file, one JSON object a line."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [Pair(r["premise"], r["hypothesis"], r["label"]) for r in map(json.loads, lines)]


def apart(pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Three quarters to learn from and a quarter to measure on, by premise: no sentence stands in both."""
    premises = sorted({pair.left for pair in pairs})
    random.Random(SEED).shuffle(premises)
    held = set(premises[: len(premises) // 4])
    kept = [pair for pair in pairs if pair.left in held]
    seen = held | {pair.right for pair in kept}
    return [pair for pair in pairs if pair.left not in seen and pair.right not in seen], kept


def trained(pairs: Sequence[Pair], steps: int) -> Path:
    """The folder of a model trained on a shuffle of ``pairs``; one of as many steps that is there is used again."""
    folder = cache_folder() / "models" / f"entailment-exercise-{steps}-steps"
    if (folder / "finetooth.json").is_file():
        return folder
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    torch.manual_seed(SEED)
    named = {"id2label": dict(enumerate(LABELS)), "label2id": {label: n for n, label in enumerate(LABELS)}}
    with quiet():
        model: Any = AutoModelForSequenceClassification.from_pretrained(minilm_folder(), **named)
        tokenizer: Any = AutoTokenizer.from_pretrained(minilm_folder())
    tokenizer.backend_tokenizer.no_truncation()  # the packaged file cuts at 128 tokens
    tokenizer.backend_tokenizer.no_padding()
    chosen = _balanced(pairs, steps * BATCH)
    for module in (model.bert.embeddings, *model.bert.encoder.layer[:FROZEN_LAYERS]):
        module.requires_grad_(False)  # a few thousand pairs teach no words, and half the layers train in half the time
    learnt = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(learnt, lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda n: min((n + 1) / 15, max(0.0, 1 - n / steps)))
    model.train()
    started = time.perf_counter()
    for step in range(steps):
        part = chosen[step * BATCH : (step + 1) * BATCH]
        batch = tokenizer(
            [p.left for p in part], [p.right for p in part], padding=True, truncation=True, max_length=MOST_TOKENS,
            return_tensors="pt",
        )  # fmt: skip
        with torch.autocast("cpu", torch.bfloat16):
            loss = model(**batch, labels=torch.tensor([LABELS.index(p.label) for p in part])).loss
        loss.backward()
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        if step % 16 == 15:
            say(f"step {step + 1} of {steps}, loss {loss.item():.3f}, {time.perf_counter() - started:.0f} s")
    with quiet():
        model.eval().save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    write_json(folder / "finetooth.json", {"made_by": "benchmarks.entailment", "steps": steps})
    return folder


def _balanced(pairs: Iterable[Pair], count: int) -> list[Pair]:
    """``count`` pairs, as many of each label, in a seeded order, those of like length together.

    A third of the contradictions are turned round: a contradiction has no direction.
    """
    chance = random.Random(SEED)
    by_label: dict[str, list[Pair]] = {label: [] for label in LABELS}
    for pair in pairs:
        by_label[pair.label].append(pair)
    chosen: list[Pair] = []
    for found in by_label.values():
        chance.shuffle(found)
        chosen += [found[n % len(found)] for n in range(count // len(LABELS) + 1)]
    chance.shuffle(chosen)
    turned = [replace(p, left=p.right, right=p.left) if p.label == "contradiction" and n % 3 == 0 else p
              for n, p in enumerate(chosen)]  # fmt: skip
    turned = turned[:count]
    windows = (turned[start : start + 8 * BATCH] for start in range(0, count, 8 * BATCH))
    return [pair for window in windows for pair in sorted(window, key=lambda p: len(p.left) + len(p.right))]


def measured(name: str, pairs: Sequence[Pair], folder: Path) -> tuple[list[Figure], list[str]]:
    """Precision, recall and F1 for contradictions: rules, model, and rules with the model on what they left."""
    rows, asked = [], []
    for number, pair in enumerate(pairs):
        one, other = (_row(f"{number} {side}", text) for side, text in (("a", pair.left), ("b", pair.right)))
        rows += [one, other]
        asked.append(Undecided(one.id, other.id, pair.left, pair.right))
    rules = {n for n, pair in enumerate(pairs) if clash_between(pair.left, pair.right)}
    batch = Batch(rows, Settings(entailment_model=str(folder)))
    started = time.perf_counter()
    clashes = entailed_clashes(batch, asked)
    seconds = time.perf_counter() - started
    model = {n for n, pair in enumerate(asked) if pair in clashes}
    wanted = {n for n, pair in enumerate(pairs) if pair.label == "contradiction"}
    figures = []
    for who, found in (("rules", rules), ("model", model), ("rules, then model", rules | model)):
        right = len(found & wanted)
        precision = right / len(found) if found else None
        recall, f1 = right / max(1, len(wanted)), 2 * right / max(1, len(found) + len(wanted))
        for what, value in (("P", precision), ("R", recall), ("F1", f1)):
            figures.append(Figure(f"{name}, {who}: {what}", value, note=f"{len(pairs)} pairs, {len(wanted)} wanted"))
    told = batch.notes[-1].replace(str(folder), folder.name).replace(" that the rules left undecided", "")
    return figures, [f"{name}, {seconds:.1f} s (scores known from an earlier run take none): {told}"]


def _row(question: str, answer: str) -> Example:
    turns = (Message("user", question), Message("assistant", answer))
    return Example(example_id(turns), turns)


if __name__ == "__main__":
    sys.exit(main())
