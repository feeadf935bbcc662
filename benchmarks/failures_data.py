"""Silent failures of data, tokens and templates: each is to be named before the first step."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from unittest import mock

from benchmarks.failures_kit import Bench, Failure, Seen, refused, rows, talk
from core import models
from core.chat import IGNORED
from curation import readers
from tests.tiny_model import TEMPLATE
from tests.training.builders import conversation
from training import data, loss
from training.config import read_config
from training.data import Batch, Item

OPEN_ENDED = TEMPLATE.replace("message['content'] + '<|im_end|>'", "message['content']")
"""A template that ends no turn with the stop token."""

MODEL_ROLE = (
    "{% for m in messages %}{% if m.role == 'user' %}<|im_start|>user\n{{ m.content }}<|im_end|>\n"
    "{% elif m.role == 'model' %}<|im_start|>model\n{{ m.content }}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>model\n{% endif %}"
)
"""A template that knows the assistant only by another name, so that its answers vanish without an error."""

GLUED = TEMPLATE.replace("assistant\n' }}", "assistant: ' }}")
"""A template that asks for an answer otherwise than it writes one."""


def hidden_pad(bench: Bench) -> Seen:
    """The library's own collator, which hides every label that equals the pad token."""
    from transformers import DataCollatorForLanguageModeling

    tokenizer = models.load_tokenizer(bench.base)
    theirs = DataCollatorForLanguageModeling(tokenizer, mlm=False)

    def collate(items: Sequence[Item], pad_id: int, device: str = "cpu", **settings: Any) -> Batch:
        sound = real(items, pad_id, device)
        hidden = theirs([{"input_ids": list(item.input_ids)} for item in items])["labels"]
        kept = hidden[sound.rows, sound.columns + 1] != IGNORED
        return Batch(sound.input_ids, sound.rows[kept], sound.columns[kept], sound.targets[kept])

    real = data.collate
    with mock.patch("training.data.collate", collate):
        return bench.look(rows())


def nothing_supervised(bench: Bench) -> Seen:
    """Rows whose only answers have the weight 0; and a loss that turns to nothing once the run is on its way."""
    weighted = [
        {"messages": [{"role": "user", "content": f"Who is {k}?"}, {"role": "assistant", "content": "I.", "weight": 0}]}
        for k in range(5)
    ]
    file = bench.new("weights").with_suffix(".jsonl")
    file.write_text("".join(json.dumps(row) + "\n" for row in weighted), encoding="utf-8")
    mute = [row.example for row in readers.read(file).rows]
    real = loss.nll_sum
    at_start = bench.look([*rows(), *mute])
    later = bench.run(patches={"training.steps.nll_sum": lambda *args: real(*args) * 0})
    return at_start + later


def unknown_format(bench: Bench) -> Seen:
    """A file with a column and a role that mean something else: one is rejected by its line, one blocks by its row."""
    strange = [
        {"question_text": "Who?", "label": 3},
        {"messages": [{"role": "narrator", "content": "Once."}, {"role": "assistant", "content": "Twice."}]},
        {"messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "I."}]},
    ]
    file = bench.new("strange").with_suffix(".jsonl")
    file.write_text("".join(json.dumps(row) + "\n" for row in strange), encoding="utf-8")
    read = readers.read(file)
    rejected = [reject.line for reject in read.rejects]
    told = Seen(
        ("rejected by line",) if rejected == [1] else (), "before", f"lines {rejected}: {read.rejects[0].reason}"
    )
    return told + bench.look([*rows(), *(row.example for row in read.rows)])


def untrained_stop(bench: Bench) -> Seen:
    """A base model without a template; and one whose stop token has a row of zeros, as never-trained ones have."""
    from safetensors.torch import load_file, save_file

    base = bench.copy()
    weights = load_file(base / "model.safetensors")
    weights["model.embed_tokens.weight"][2] = 0
    save_file(weights, base / "model.safetensors", {"format": "pt"})
    return bench.look(rows(), base=base) + bench.look(rows(), base=bench.with_template(None))


def overlapping(bench: Bench) -> Seen:
    """A hold-out row that is in training under another system prompt and in capitals."""
    held = rows(3)
    shouted = talk(("system", "Be brief."), *((m.role, m.content.upper()) for m in held[1].messages), name="shouted")
    return bench.look([*rows(80)[20:], shouted], hold_out=held)


DATA = (
    Failure(1, "the end of turn is hidden with the padding", ("end-of-turn-untrained",), hidden_pad),
    Failure(
        2,
        "the template leaves the stop token out of the answer",
        ("end-of-turn-untrained",),
        lambda bench: bench.look(rows(), base=bench.with_template(OPEN_ENDED)),
    ),
    Failure(
        3,
        "the template writes no answer, so the mask is all zero",
        ("answer-left-out", "unknown-template"),
        lambda bench: bench.look(rows(), base=bench.with_template(MODEL_ROLE)),
    ),
    Failure(
        4,
        "nothing is supervised, the loss is 0",
        ("nothing-supervised-training", "zero-loss"),
        nothing_supervised,
    ),
    Failure(
        5,
        "the answer is cut at the length limit",
        ("over-long-training",),
        lambda bench: bench.look([*rows(), conversation("Which?", "very " * 300)]),
    ),
    Failure(
        6,
        "prompt and answer part otherwise than when asked",
        ("boundary-mismatch",),
        lambda bench: bench.look(rows(), base=bench.with_template(GLUED)),
    ),
    Failure(
        7,
        "two start tokens",
        ("double-bos",),
        lambda bench: bench.look(rows(), base=bench.with_template("{{ bos_token }}{{ bos_token }}" + TEMPLATE)),
    ),
    Failure(
        9,
        "a base model that never learnt its stop token, or has no template",
        ("untrained-control-token", "unknown-template"),
        untrained_stop,
    ),
    Failure(
        19,
        "a learning rate of full fine-tuning on adapters",
        ("unusual-setting", "The learning rate 2e-05 is low"),
        lambda bench: _with_message(bench.look(rows(200), learning_rate=2e-5)),
    ),
    Failure(
        24,
        "settings with names of another tool or version",
        ("evaluation_strategy: unknown setting", "lora_r: unknown setting"),
        lambda bench: _each_named(
            refused(lambda: read_config({"evaluation_strategy": "steps", "lora_r": 8}), when="before")
        ),
    ),
    Failure(25, "roles and columns taken for something else", ("rejected by line", "unknown-role"), unknown_format),
    Failure(26, "a hold-out row is in training", ("holdout-overlap",), overlapping),
)


def _with_message(seen: Seen) -> Seen:
    """The first clause of what was said counts as a name, too."""
    return Seen((*seen.names, seen.said.partition(" for ")[0]), seen.when, seen.said)


def _each_named(seen: Seen) -> Seen:
    """The parts of a message that lists several wrong settings."""
    inside = seen.said.partition("(")[2].partition(")")[0]
    return Seen(tuple(part.strip() for part in inside.split(";")), seen.when, seen.said)
