"""Builds a workspace with a frozen revision and a tiny adapter, so that evaluation can be tested without training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from core.files import write_json
from core.ids import example_id
from core.revisions import messages_to_json
from core.types import Example, Message
from core.workspace import Workspace

TOPICS = ("fever", "hypertension", "asthma", "migraine", "anaemia", "gout", "eczema", "angina", "sepsis", "vertigo")


def conversation(question: str, answer: str) -> Example:
    """A one-turn conversation."""
    messages = (Message("user", question), Message("assistant", answer))
    return Example(example_id(messages), messages)


def examples(n: int) -> list[Example]:
    """n conversations of different lengths, each answer with a code."""
    return [
        conversation(
            f"Which code applies to {TOPICS[k % 10]}, case {k}?{' Think of the table.' * (k % 4)}",
            f"The code is {'ABCDE'[k % 5]}{10 + k}.{k % 9}." + " It is given in the table." * (k % 3),
        )
        for k in range(n)
    ]


def revision(workspace: Workspace, holdout: list[Example]) -> str:
    """Store a frozen revision whose hold-out are these examples."""
    rows = [
        {
            "id": e.id,
            "split": "holdout",
            "messages": messages_to_json(e.messages),
            "meta": "{}",
            "source": "s",
            "line": k,
        }
        for k, e in enumerate(holdout)
    ]
    return workspace.objects.put("revision", {}, pl.DataFrame(rows), [e.id for e in holdout])


def run_with_adapter(workspace: Workspace, base: Path, revision_id: str, seed: int = 1) -> str:
    """A finished run: run.json and a seeded random adapter that has an effect."""
    import torch
    from peft import LoraConfig, get_peft_model

    from core import adapters, models

    run_id = "run-1"
    folder = workspace.runs_dir / run_id
    model: Any = models.load_model(base, "stored")
    torch.manual_seed(seed)
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
    tuned = get_peft_model(model, config)
    tuned.save_pretrained(folder / "adapter")
    tokenizer = models.load_tokenizer(base)
    adapters.write_identity(folder / "adapter", base=base, base_name="tiny", tokenizer=tokenizer)
    write_json(
        folder / "run.json",
        {"base_model": str(base), "revision_id": revision_id, "config": {"method": "lora"}},
    )
    return run_id


def evaluation_frame(n: int, *, same: int = 0) -> pl.DataFrame:
    """The table of an evaluation of n prompts, whose last ``same`` answers are equal."""
    rows = [
        {
            "example_id": f"example-{k}",
            "prompt": json.dumps([{"role": "user", "content": f"Question {k}?"}]),
            "reference": f"Reference {k}.",
            "base_nll": 20.0 + k,
            "base_tokens": 10,
            "tuned_nll": 10.0 + k,
            "tuned_tokens": 10,
            "base_reply": f"First answer to {k}." if k < n - same else "The same.",
            "tuned_reply": f"Second answer to {k}." if k < n - same else "The same.",
        }
        for k in range(n)
    ]
    return pl.DataFrame(rows)


def stored_evaluation(workspace: Workspace, n: int = 12, *, same: int = 0) -> str:
    """Store an evaluation without running a model, for tests of studies and reports."""
    ratio = {"value": 0.4, "low": 0.35, "high": 0.45, "n": n, "method": "document bootstrap", "reason": ""}
    side = {"nll": 300.0, "tokens": 10 * n, "perplexity": 12.0, "bits_per_byte": 1.1, "n_examples": n}
    speed = {"n": n, "truncated": 1, "empty": 0, "seconds_per_answer": 0.5, "tokens_per_second": 40.0}
    summary = {
        **{"n_examples": n, "n_excluded": 0, "base": side, "tuned": {**side, "perplexity": 4.8}, "ratio": ratio},
        **{"n_better": n, "n_worse": 0, "replies": {"base": speed, "tuned": speed}, "metrics": {}},
        **{"generation": {"max_new_tokens": 64, "batch_size": 8, "decoding": "greedy"}},
    }
    manifest = {
        **{"run_id": "run-1", "revision_id": "rev-1", "base_model": "tiny", "summary": summary, "excluded": []},
        **{"settings": {"n_replies": n, "seed": 0}, "template_hash": "0" * 64, "precision": "nf4", "versions": {}},
        **{"device": "cpu", "adapter_sha256": "1" * 64, "created_at": "2026-01-01T00:00:00.000000Z"},
    }
    return workspace.objects.put("evaluation", manifest, evaluation_frame(n, same=same), [n, same])
