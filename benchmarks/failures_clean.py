"""Twenty sound configurations on which nothing may be said: templates, data and settings as people have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.failures_kit import Bench, Seen
from core import models
from core.ids import example_id
from core.types import Example, Message
from tests.tiny_model import TEMPLATE
from tests.training.builders import conversations

LLAMA = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.content | trim }}"
    "<|im_end|>{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% for m in messages %}<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ m.content | trim }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %} {{ m.content }}<|im_end|>"
    "{% else %}[INST] {{ m.content }} [/INST]{% endif %}{% endfor %}"
)
ZEPHYR = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
PHI = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|im_end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def _of(*turns: tuple[str, str]) -> Example:
    messages = tuple(Message(role, text) for role, text in turns)
    return Example(example_id(messages), messages)


def several_turns(n: int, start: int = 0) -> list[Example]:
    """Conversations of two questions."""
    return [
        _of(
            ("user", f"Which code applies to case {k}?"),
            ("assistant", f"Code {k % 5}."),
            ("user", f"And to case {k + 1}, seen on day {k * 7 % 31}?"),
            ("assistant", f"Code {(k + 1) % 5}, as before."),
        )
        for k in range(start, start + n)
    ]


def with_system(n: int, start: int = 0) -> list[Example]:
    """Conversations under one system prompt."""
    return [
        _of(("system", "You are a careful clerk."), *((m.role, m.content) for m in e.messages))
        for e in conversations(n, start)
    ]


def other_scripts(n: int, start: int = 0) -> list[Example]:
    """Words in several scripts, with emoji, and characters of many bytes."""
    words = ("糖尿病の患者 🙂", "مريض بالسكري", "größe Ärztin", "диабет 2 типа", "👩🏽‍⚕️ naïve café")
    return [
        _of(("user", f"{words[k % 5]} {k} — {words[(k // 5) % 5]}?"), ("assistant", f"{words[(k + 1) % 5]}: {k % 7}。"))
        for k in range(start, start + n)
    ]


def long_answers(n: int, start: int = 0) -> list[Example]:
    """Answers with code, lists and blank lines."""
    return [
        _of(
            ("user", f"Write a function for number {k} with {k % 9} steps."),
            (
                "assistant",
                f"Here it is:\n\n```python\ndef f_{k}(x):\n    return x + {k}\n```\n\n"
                + f"- step {k % 9}\n" * (k % 9 + 1),
            ),
        )
        for k in range(start, start + n)
    ]


def codes(n: int, start: int = 0) -> list[Example]:
    """Short answers, many of them equal."""
    return [
        _of(
            ("user", f"Row {k * 37 % 1000}: amount {k * k % 977}, branch {k % 11}. Label?"), ("assistant", "ABC"[k % 3])
        )
        for k in range(start, start + n)
    ]


Rows = Callable[[int, int], list[Example]]


@dataclass(frozen=True, slots=True)
class Clean:
    """A sound configuration: what a person might well choose."""

    title: str
    rows: Rows = conversations
    template: str = TEMPLATE
    settings: dict[str, Any] = field(default_factory=dict)
    real: bool = False


CLEAN = (
    Clean("QLoRA, ChatML"),
    Clean("LoRA in 16 bits", settings={"method": "lora"}),
    Clean("in full", settings={"method": "full", "learning_rate": 5e-5}),
    Clean("gradient checkpointing", settings={"gradient_checkpointing": True}),
    Clean("adapter dropout", settings={"dropout": 0.1}),
    Clean("padded batches", settings={"padding_free": False}),
    Clean("accumulated, clipped less", settings={"batch_size": 2, "gradient_accumulation": 2, "max_grad_norm": None}),
    Clean("linear rate, weight decay", settings={"scheduler": "linear", "weight_decay": 0.01, "warmup_share": 0.0}),
    Clean("the last adapter is kept, samples shown", settings={"keep": "last", "samples": 2, "sample_tokens": 8}),
    Clean("a template with headers and a start token", template=LLAMA),
    Clean("a template that calls the assistant model", template=GEMMA),
    Clean("a template with [INST]", template=MISTRAL),
    Clean("a template with tags of its own", template=ZEPHYR),
    Clean("a template without line ends", template=PHI),
    Clean("several turns", several_turns),
    Clean("several turns, the last trained", several_turns, settings={"train_turns": "last"}),
    Clean("system prompts", with_system),
    Clean("many scripts", other_scripts),
    Clean("long answers with code", long_answers),
    Clean("short labels, the real tokenizer", codes, real=True),
)


def said_of(bench: Bench, clean: Clean) -> Seen:
    """What pre-flight and a whole run say of a sound configuration; nothing is right.

    The real tokenizer is looked at by pre-flight alone: its model trains for minutes.
    """
    settings = {"learning_rate": 1e-3, **clean.settings}
    taught: Sequence[Example] = clean.rows(80, 0)
    held = clean.rows(8, 900)
    base = models.resolve() if clean.real else bench.with_template(clean.template)
    looked = bench.look(taught, base=base, hold_out=held, **settings)
    if clean.real or looked.names:
        return looked
    return bench.run(examples=taught, hold_out=held, base=base, **settings)
