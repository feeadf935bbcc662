"""How often the trace of a wrong answer finds the one training chat that taught it, beside MiniLM and BM25 alone.

The recipe, written before the first ranking by gradients was made. (A first set, of 300 made-up facts, was given up
before any ranking: in the minutes that a training has here the model did not learn them, so that it failed by chance.)

1. A seed draws 300 training chats (``trace_planted_facts``), one for each of 60 countries and five attributes. For ten
   of them, two an attribute and each about another country, the answer is wrong: ten culprits. The wrong value is
   another country's, so at least one other chat says it rightly, and four others speak of the same country.
2. SmolLM2-135M-Instruct learns the 300 chats by the product's own training: LoRA (bfloat16 base) of rank 16 on all
   linear layers, 5 epochs of batches of 10, peak rate 2e-3, cosine.
3. Each wrong fact is asked in ten paraphrases, none worded like a training question, each within a longer message that
   names three other countries (asked plainly, MiniLM alone finds nearly every culprit). A greedy answer that says the
   wrong value and not the right one is a failure, and is traced; the others are counted and not traced.
4. The reviewer's correction is that answer with the wrong value replaced by the right one.
5. The trace is the product's own (``flows.trace_ranking.rank``): cosine of MiniLM embeddings of prompt and answer, and
   whitened cosine of each training chat's gradient with the contrast (gradient of the wrong answer minus that of the
   correction), both standardised over the 300 chats and added. The culprit is found where it is among the first five.
6. Baselines on the same failures, on prompt and answer: MiniLM alone, BM25 (k1 1.5, b 0.75), the contrast alone, and
   the trace without a correction.
7. Seeds 0, 1 and 2 count. The bar is on all their failures together: at least 80 %.
8. Asked like this, text alone found every culprit of the three seeds, so the models are asked a second time. That was
   fixed before it was run: each of the ten questions, plainly put, ends a conversation in which four others, about
   other countries and in words unlike the training's, were asked and rightly answered. All else is as above, and so is
   the bar.

Everything made is kept in ``--data``, so that an interrupted run goes on; a folder is written by one recipe only.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Figure, data_folder, options, read_json, report, run_main, say
from benchmarks.trace_planted_facts import Handbook, Planted, handbook
from core import models
from core.chat import prompt_ids
from core.files import write_json
from core.generation import Generation, generate
from core.types import spoken
from evaluation.influence import Gradients, alike
from flows.trace_ranking import Asked, contrasts, rank
from training.config import TrainConfig, read_config
from training.control import Control
from training.records import Run
from training.sft import train

SEEDS = (0, 1, 2)
FIRST = 5
BAR = 0.80
SETTINGS: dict[str, Any] = {
    **{"method": "lora", "rank": 16, "alpha": 32, "learning_rate": 2e-3, "epochs": 5, "batch_size": 10},
    **{"max_tokens": 64, "samples": 0, "general_questions": 0, "keep": "last", "patience": None},
}
NEW_TOKENS = 24
WORD = re.compile(r"\w+")
KINDS = ("messages", "conversations")
"""How the questions are asked: names of the prompts of ``Planted``."""

TRACE, MINILM, BM25 = "trace with the correction", "MiniLM", "BM25"
CONTRAST, ALONE = "contrast alone", "trace without a correction"
METHODS = (TRACE, MINILM, BM25, CONTRAST, ALONE)


def trained(folder: Path, book: Handbook, seed: int) -> Path:
    """The adapter of the product's own training on a handbook; trained once a folder, and resumed where it stopped."""
    config: TrainConfig = read_config({**SETTINGS, "seed": seed, "checkpoint_every": 100})
    home = folder / "run"
    if not (home / "adapter" / "finetooth.json").is_file():
        run = Run(id="run", revision_id="", base_model=config.base_model, config=config.to_dict(), seed=seed)

        def watch(stage: str, done: int, total: int | None) -> None:
            if stage == "train" and done % 25 == 0:
                say(f"seed {seed}: step {done} of {total}")

        resume = (home / "checkpoints").is_dir()
        train(home, run, book.chats, [], Control(watch, lambda: False), resume=resume)
    return home / "adapter"


def answered(folder: Path, adapter: Path, book: Handbook, kind: str) -> list[list[str]]:
    """The tuned model's greedy answers to each planted fact's questions, asked in one way."""
    kept = folder / f"answers-{kind}.json"
    if not kept.is_file():
        base = models.resolve()
        tokenizer = models.load_tokenizer(base)
        model = models.load_model(base, "fp32", adapter)
        asked = [getattr(fact, kind) for fact in book.planted]
        prompts = [prompt_ids(tokenizer, turns) for own in asked for turns in own]
        said = [one.text for one in generate(model, tokenizer, prompts, Generation(NEW_TOKENS, 25))]
        n = len(asked[0])
        write_json(kept, {"answers": [said[start : start + n] for start in range(0, len(said), n)]})
    answers: list[list[str]] = read_json(kept)["answers"]
    return answers


def says(answer: str, value: str) -> bool:
    """Whether an answer holds a value as words of its own."""
    return re.search(rf"\b{re.escape(value)}\b", answer) is not None


def failures(book: Handbook, answers: Sequence[Sequence[str]], kind: str) -> list[tuple[Planted, Asked]]:
    """The answers that repeat a planted wrong value, each with the fact behind it and its correction."""
    found = []
    for fact, said in zip(book.planted, answers, strict=True):
        for turns, answer in zip(getattr(fact, kind), said, strict=True):
            if says(answer, fact.wrong) and not says(answer, fact.right):
                right = re.sub(rf"\b{re.escape(fact.wrong)}\b", fact.right, answer)
                found.append((fact, Asked(turns, answer, right)))
    return found


def ranked(
    folder: Path, adapter: Path, book: Handbook, wrong: Sequence[tuple[Planted, Asked]], kind: str
) -> dict[str, list[int]]:
    """The culprit's place (1 = first) in the order of each method, for each failure; ranked once a folder."""
    kept = folder / f"places-{kind}.json"
    if not kept.is_file():
        gradients = Gradients(models.resolve(), adapter, keep_in=folder / "gradients")
        asked, n = [one for _, one in wrong], len(book.chats)
        uncorrected = [replace(one, right=None) for one in asked]
        orders: dict[str, list[list[int]]] = {
            TRACE: [list(one.places) for one in rank(book.chats, asked, gradients, k=n, progress=_watch)],
            ALONE: [list(one.places) for one in rank(book.chats, uncorrected, gradients, k=n, progress=_watch)],
            MINILM: [list(one.places) for one in rank(book.chats, asked, None, k=n)],
            BM25: [_order(row) for row in bm25([spoken(e.messages) for e in book.chats], [one.meant for one in asked])],
        }
        rows, _ = gradients.of([e.messages for e in book.chats])
        orders[CONTRAST] = [_order(alike(rows, row)) for row, _ in contrasts(gradients, asked)]
        ids = [e.id for e in book.chats]
        at = [ids.index(fact.culprit) for fact, _ in wrong]
        places = {
            name: [order.index(place) + 1 for order, place in zip(found, at, strict=True)]
            for name, found in orders.items()
        }
        write_json(kept, places)
    return read_json(kept)


def _watch(stage: str, done: int, total: int | None) -> None:
    if done % 50 == 0:
        say(f"{stage}: {done} of {total}")


def _order(scores: Any) -> list[int]:
    return [int(place) for place in np.argsort(-np.asarray(scores), kind="stable")]


def bm25(texts: Sequence[str], asked: Sequence[str], k1: float = 1.5, b: float = 0.75) -> NDArray[np.float64]:
    """Okapi BM25 (Robertson et al. 1994) of lower-case words: float64 [asked, texts]."""
    words = [Counter(WORD.findall(text.lower())) for text in texts]
    lengths = np.array([sum(one.values()) for one in words], dtype=np.float64)
    holders = Counter(word for one in words for word in one)
    scores = np.zeros((len(asked), len(texts)))
    for row, question in enumerate(asked):
        for word in set(WORD.findall(question.lower())):
            n = holders[word]
            rarity = math.log(1 + (len(texts) - n + 0.5) / (n + 0.5))
            many = np.array([one[word] for one in words], dtype=np.float64)
            scores[row] += rarity * many * (k1 + 1) / (many + k1 * (1 - b + b * lengths / lengths.mean()))
    return scores


def main() -> int:
    """Train, ask, trace; print the shares."""
    parser = options(__doc__ or "")
    parser.add_argument("--seeds", type=int, nargs="*", default=list(SEEDS), help="handbooks (the bar: 0 1 2)")
    chosen = parser.parse_args()
    places: dict[tuple[str, str], list[int]] = {(kind, name): [] for kind in KINDS for name in METHODS}
    notes = []
    with data_folder(chosen.data) as home:
        for seed in chosen.seeds:
            folder = home / str(seed)
            folder.mkdir(exist_ok=True)
            book = handbook(seed)
            adapter = trained(folder, book, seed)
            for kind in KINDS:
                wrong = failures(book, answered(folder, adapter, book, kind), kind)
                own = ranked(folder, adapter, book, wrong, kind)
                for name in METHODS:
                    places[kind, name] += own[name]
                facts = len({fact.culprit for fact, _ in wrong})
                notes.append(
                    f"Seed {seed}, asked in {kind}: {len(wrong)} of 100 answers repeat a planted wrong value ({facts} "
                    f"of 10 facts); found by {TRACE}: {sum(place <= FIRST for place in own[TRACE])}."
                )
    return report("Trace of planted wrong facts to one of 300 training chats", _figures(places), notes)


def _figures(places: dict[tuple[str, str], list[int]]) -> list[Figure]:
    figures = []
    for (kind, name), own in places.items():
        n = len(own)
        first = sum(place == 1 for place in own)
        share = sum(place <= FIRST for place in own) / n if n else None
        note = f"of {n} failures; in the first place {first / n:.3f}" if n else "no answer repeated a wrong value"
        bar = BAR if name == TRACE else None
        figures.append(Figure(f"{kind}: {name}: culprit in the first {FIRST}", share, bar, note=note))
    return figures


if __name__ == "__main__":
    run_main(main)
