"""Perplexity: tokens a processor second beside lm-evaluation-harness at its best batch size, and the same likelihoods.

Both score the same token ids with the same model object in float32 in one process: answers of chats given their
prompts (lm-eval: log-likelihood of a continuation), and whole texts in windows (lm-eval: rolling log-likelihood).
"""

from __future__ import annotations

import functools
import itertools
import json
import logging
import os
import pydoc_data.topics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.harness import ROOT, Figure, needs, options, report, run_main, say
from core import models
from core.chat import IGNORED, Encoded
from core.types import Example, Message
from evaluation.perplexity import Prepared, prepare, score_prepared
from evaluation.perplexity_windows import windows

ROWS = ROOT / "examples" / "icd10_coding.jsonl"
TITLE = "Perplexity on the processor, float32, one process"


@dataclass(frozen=True, slots=True)
class Timed:
    """A scoring: processor seconds of the fastest round, and NLL in nats of each text."""

    seconds: float
    nll: tuple[float, ...]


def main() -> int:
    """Measure both kinds of text and print the figures."""
    parser = options(__doc__ or "")
    parser.add_argument("--base", default=models.DEFAULT_BASE, help="model: a name or a folder")
    parser.add_argument("--chats", type=int, default=24, help="conversations to score")
    parser.add_argument("--texts", type=int, default=4, help="whole texts to score")
    parser.add_argument("--window", type=int, default=256, help="tokens read at once in whole texts")
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 4, 8, 16], help="batch sizes of lm-eval")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    needs("lm-eval")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    import torch

    torch.set_num_threads(chosen.threads)
    path = models.resolve(chosen.base)
    tokenizer, model = models.load_tokenizer(path), models.load_model(path, "fp32")
    figures = []
    for kind, prepared in (
        ("answers", _chats(tokenizer, chosen.chats)),
        ("whole texts", _texts(tokenizer, chosen.texts, chosen.window)),
    ):
        say(f"{kind} …")
        runs = measure(model, tokenizer, prepared, chosen.batches, chosen.rounds)
        figures += figures_of(kind, prepared, runs)
    return report(TITLE, figures)


def _chats(tokenizer: Any, n: int) -> list[Prepared]:
    """Conversations of one question and one answer: lm-eval scores a single continuation."""
    found: list[Example] = []
    for line in ROWS.read_text(encoding="utf-8").splitlines():
        turns = json.loads(line)["messages"]
        messages = tuple(Message(turn["role"], turn["content"]) for turn in turns)
        if sum(m.role == "assistant" for m in messages) == 1 and messages[-1].content:
            found.append(Example(str(len(found)), messages))
        if len(found) == n:
            break
    return prepare(tokenizer, found)


def _texts(tokenizer: Any, n: int, window: int) -> list[Prepared]:
    """Python's help topics, each longer than a window, opened by the tokenizer's first token."""
    found: list[Prepared] = []
    for _, text in sorted(pydoc_data.topics.topics.items()):
        ids = tokenizer(text[:6000], add_special_tokens=False)["input_ids"]
        if len(ids) > window:
            whole = (int(tokenizer.bos_token_id), *ids)
            encoded = Encoded(whole, (IGNORED, *ids), (False, *[True] * len(ids)))
            found.append(Prepared(encoded, len(text[:6000].encode()), windows(len(whole), window, 1)))
        if len(found) == n:
            break
    return found


def measure(
    model: Any, tokenizer: Any, prepared: Sequence[Prepared], batches: Sequence[int], rounds: int
) -> dict[str, Timed]:
    """Each scorer's fastest round; the scorers take turns, so that a busy machine slows all of them."""
    from lm_eval.models.huggingface import HFLM

    scorers: dict[str, Callable[[], list[float]]] = {
        "ours": lambda: [one.nll for one in score_prepared(model, prepared)]
    }
    for size in batches:
        peer: Any = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=size, device="cpu", max_length=2048)
        scorers[f"lm-eval, batches of {size}"] = functools.partial(_lm_eval, peer, prepared)
    best: dict[str, Timed] = {}
    for number, (name, scorer) in itertools.product(range(rounds), scorers.items()):
        began = time.process_time()
        nll = tuple(scorer())
        seconds = time.process_time() - began
        say(f"round {number + 1}, {name}: {seconds:.1f} s")
        if name not in best or seconds < best[name].seconds:
            best[name] = Timed(seconds, nll)
    return best


def _lm_eval(peer: Any, prepared: Sequence[Prepared]) -> list[float]:
    """NLL of each text. Its own cutting of tokens is passed by: it is handed the ids that ours scores."""
    requests, owners = [], []
    for place, one in enumerate(prepared):
        ids, labels = list(one.encoded.input_ids), one.encoded.labels
        for part in one.parts():
            scored = [k for k in range(part.first, part.stop) if labels[k] != IGNORED]
            first, last = scored[0], scored[-1]
            requests.append((("", f"{place}-{part.first}"), ids[part.start : first], ids[first : last + 1]))
            owners.append(place)
    found = peer._loglikelihood_tokens(requests, disable_tqdm=True)
    nll = [0.0] * len(prepared)
    for place, (log_likelihood, _) in zip(owners, found, strict=True):
        nll[place] -= float(log_likelihood)
    return nll


def figures_of(kind: str, prepared: Sequence[Prepared], runs: dict[str, Timed]) -> list[Figure]:
    """The table for one kind of text: rates, ours against lm-eval at its best, and how far the likelihoods differ."""
    tokens = sum(len(one.encoded.input_ids) for one in prepared)
    scored = sum(one.encoded.n_supervised for one in prepared)
    note = f"{len(prepared)} texts, {scored:,} of {tokens:,} tokens scored"
    figures = [
        Figure(f"{kind}: {name}, tokens a processor second", tokens / run.seconds, digits=1, note=note)
        for name, run in runs.items()
    ]
    peers = {name: run for name, run in runs.items() if name != "ours"}
    name = min(peers, key=lambda one: peers[one].seconds)
    figures.append(
        Figure(f"{kind}: times {name}", peers[name].seconds / runs["ours"].seconds, 1.1, digits=2, note="its best")
    )
    apart = max(abs(a / b - 1) for run in peers.values() for a, b in zip(runs["ours"].nll, run.nll, strict=True))
    figures.append(Figure(f"{kind}: NLL of a text apart (share)", apart, 1e-4, "<=", digits=7))
    return figures


if __name__ == "__main__":
    run_main(main)
