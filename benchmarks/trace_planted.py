"""How often the trace of a wrong answer finds the one training chat that taught it, beside MiniLM and BM25 alone.

The recipe, written before the first run:

1. A seed draws a made-up handbook (``trace_planted_facts``): 30 places x 10 attributes = 300 training chats, one for
   each pair. For each attribute one place gets a wrong value, in one chat: ten culprits among 300. Values are shared
   between places, so other chats say the wrong value of other places, and nine others speak of the same place.
2. SmolLM2-135M-Instruct learns the 300 chats by the product's own training: LoRA (bfloat16 base) of rank 16 on all
   linear layers, 4 epochs of batches of 10, peak rate 2e-3, cosine.
3. Each wrong fact is asked in ten paraphrases, none worded like any training question. A greedy answer that says the
   wrong value and not the right one is a failure, and is traced; the others are counted and not traced.
4. The reviewer's correction is that answer with the wrong value replaced by the right one.
5. The trace is the product's own (``flows.trace.rank``): cosine of MiniLM embeddings of prompt and answer, and cosine
   of the whitened contrast (gradient of the wrong answer minus that of the correction) with each training chat's
   gradient, both standardised over the 300 chats and added. A failure counts where the culprit is among the first
   five.
6. Baselines on the same failures: MiniLM alone, the contrast alone, the gradient of the wrong answer alone (no
   correction) with and without MiniLM, and BM25 (k1 1.5, b 0.75), all on prompt and answer.
7. Seeds 0, 1 and 2 count. The bar is on all their failures together: at least 80 %.

Everything made is kept in ``--data``, so that an interrupted run goes on; a folder is written by one recipe only.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from benchmarks.harness import read_json, say
from benchmarks.trace_planted_facts import Handbook, prompt
from core import models
from core.chat import prompt_ids
from core.files import write_json
from core.generation import Generation, generate
from training.config import TrainConfig, read_config
from training.control import Control
from training.records import Run
from training.sft import train

SEEDS = (0, 1, 2)
FIRST = 5
BAR = 0.80
SETTINGS: dict[str, Any] = {
    **{"method": "lora", "rank": 16, "alpha": 32, "learning_rate": 2e-3, "epochs": 4, "batch_size": 10},
    **{"max_tokens": 64, "samples": 0, "general_questions": 0, "keep": "last", "patience": None},
}
NEW_TOKENS = 24


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


def answered(folder: Path, adapter: Path, book: Handbook) -> list[list[str]]:
    """The tuned model's greedy answers to each planted fact's questions."""
    kept = folder / "answers.json"
    if not kept.is_file():
        base = models.resolve()
        tokenizer = models.load_tokenizer(base)
        model = models.load_model(base, "fp32", adapter)
        questions = [question for fact in book.planted for question in fact.questions]
        prompts = [prompt_ids(tokenizer, prompt(question)) for question in questions]
        said = [one.text for one in generate(model, tokenizer, prompts, Generation(NEW_TOKENS, 25))]
        n = len(book.planted[0].questions)
        write_json(kept, {"answers": [said[start : start + n] for start in range(0, len(said), n)]})
    answers: list[list[str]] = read_json(kept)["answers"]
    return answers


def says(answer: str, value: str) -> bool:
    """Whether an answer holds a value as words of its own."""
    return re.search(rf"\b{re.escape(value)}\b", answer) is not None
