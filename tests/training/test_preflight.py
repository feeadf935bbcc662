"""Pre-flight: what would be trained wrongly is named, with its rows, and blocks the run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from core import models
from core.chat import IGNORED
from core.errors import BlockedError
from core.types import Example, Message
from tests.tiny_model import TEMPLATE, tiny_tokenizer
from tests.training.builders import conversation, conversations
from training import data
from training.catalogue import shape_of
from training.config import TrainConfig
from training.data import Batch, Encoding, Item, encode_examples
from training.first_look import look
from training.memory import run_parts
from training.preflight import Report, check
from training.preflight_base import context_tokens, untrained_tokens
from training.preflight_memory import bytes_at_limit, eval_bytes
from training.preflight_memory import problems as memory_problems
from training.preflight_overlap import problems as overlap

TOKENIZER = tiny_tokenizer()
STOPS = frozenset({TOKENIZER.eos_token_id})
CONFIG = TrainConfig(max_tokens=100, batch_size=2)


def encode(examples: list[Example]) -> Encoding:
    return encode_examples(TOKENIZER, examples, max_tokens=CONFIG.max_tokens)


def judge(train: Encoding, holdout: Encoding | None = None, **settings: str) -> Report:
    held = encode(conversations(5, start=900)) if holdout is None else holdout
    config = CONFIG.model_copy(update=settings)
    return check(train, held, config, stop_ids=STOPS, bos_id=TOKENIZER.bos_token_id)


def names(report: Report) -> list[str]:
    return [problem.name for problem in report.blocks]


def warned(report: Report) -> list[str]:
    return [problem.name for problem in report.warnings]


def looked(base: Path, examples: list[Example], tokenizer: Any = None, **settings: Any) -> Report:
    chosen = TrainConfig(**{"base_model": str(base), "max_tokens": 200, "batch_size": 2, **settings})
    held = conversations(5, start=900)
    places = {example.id: f"chats.jsonl, line {line}" for line, example in enumerate(examples, 1)}
    return look(base, tokenizer or models.load_tokenizer(base), examples, held, chosen, places=places).report


def test_a_clean_set_passes_without_a_word(tiny_base: Path) -> None:
    report = looked(tiny_base, conversations(60))
    assert report.blocks == report.warnings == ()
    assert report.counts["examples"] == 60 and report.counts["supervised_tokens"] > 60
    report.raise_if_blocked()


def test_a_row_without_a_token_to_train_blocks_and_is_named_by_its_line(tiny_base: Path) -> None:
    unanswered = Example("unanswered", (Message("user", "Hello?"),))
    report = looked(tiny_base, [*conversations(60), unanswered])
    assert names(report) == ["nothing-supervised-training"]
    assert report.blocks[0].examples == ("unanswered",) and report.blocks[0].rows == ("chats.jsonl, line 61",)
    with pytest.raises(BlockedError, match=r"1 training example has no answer.*chats.jsonl, line 61"):
        report.raise_if_blocked()


def test_a_message_names_three_rows_and_counts_the_rest(tiny_base: Path) -> None:
    unanswered = [Example(f"u{k}", (Message("user", f"Hello {k}?"),)) for k in range(9)]
    block = looked(tiny_base, [*unanswered, *conversations(60)]).blocks[0]
    assert block.count == 9 and len(block.rows) == 9
    assert block.where() == "chats.jsonl, line 1; chats.jsonl, line 2; chats.jsonl, line 3 and 6 more"


def test_an_over_long_row_blocks_unless_skipping_was_asked_for() -> None:
    encoded = encode([*conversations(60), conversation("Which?", "very " * 200)])
    report = judge(encoded)
    assert names(report) == ["over-long-training"]
    assert "99 % at most" in report.blocks[0].message and "end of its answer" in report.blocks[0].message
    skipping = judge(encoded, on_unusable="skip")
    assert skipping.blocks == () and skipping.warnings[0].count == 1
    assert len(skipping.over_long) == 1 and skipping.over_long[0][1] > 100


def test_an_over_long_row_is_told_with_what_a_higher_limit_costs_in_memory(tiny_base: Path) -> None:
    examples = [*conversations(100), *(conversation(f"Which {k}?", "very " * (100 + 100 * k)) for k in range(8))]
    block = looked(tiny_base, examples).blocks[0]
    lengths = [int(number) for number in re.findall(r"at most (\d+)", block.message)]
    limits = [int(number) for number in re.findall(r"[\d.]+ GiB with a limit of (\d+)", block.message)]
    assert limits[:2] == lengths and len(limits) == 3 and limits == sorted(limits) and limits[0] > 200

    encoded, shape = encode(examples), shape_of(str(tiny_base))[1]
    costs = [bytes_at_limit(shape, CONFIG, encoded, "cpu", limit) for limit in limits]
    assert costs == sorted(costs) and costs[2] > costs[0]
    raised = encode_examples(TOKENIZER, examples, max_tokens=limits[0])
    assert not raised.refused and len(raised.over_long) < len(encoded.over_long)
    as_trained = bytes_at_limit(shape, CONFIG, raised, "cpu", limits[0])
    assert costs[0] == pytest.approx(as_trained, rel=0.01), "as if the limit had been that from the start"


def test_a_row_longer_than_the_model_can_read_blocks(tiny_base: Path) -> None:
    assert context_tokens(tiny_base) == 1024
    report = looked(tiny_base, [*conversations(60), conversation("Which?", "very " * 900)], max_tokens=4096)
    assert names(report) == ["longer-than-context"] and report.blocks[0].rows == ("chats.jsonl, line 61",)


def test_stretched_positions_count_as_context(tmp_path: Path) -> None:
    rope = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}
    (tmp_path / "config.json").write_text(json.dumps({"max_position_embeddings": 32768, "rope_scaling": rope}))
    assert context_tokens(tmp_path) == 131072


def test_answers_that_do_not_end_in_a_stop_token_block() -> None:
    open_ended = Encoding(tuple(Item(str(k), (1, 5, 6, 7), (IGNORED, IGNORED, 6, 7)) for k in range(60)), (), (), ())
    assert names(judge(open_ended)) == ["end-of-turn-untrained"]


def test_a_template_that_ends_turns_without_the_stop_token_blocks(tiny_base: Path) -> None:
    unclosed = tiny_tokenizer(TEMPLATE.replace("message['content'] + '<|im_end|>'", "message['content']"))
    assert "end-of-turn-untrained" in names(looked(tiny_base, conversations(60), unclosed))


def test_a_collator_that_hides_the_pad_token_is_caught(tiny_base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = data.collate

    def by_id(items: Any, pad_id: int, device: str = "cpu") -> Batch:
        batch = real(items, pad_id, device)
        kept = batch.targets != pad_id
        return Batch(batch.input_ids, batch.rows[kept], batch.columns[kept], batch.targets[kept])

    monkeypatch.setattr(data, "collate", by_id)
    report = looked(tiny_base, conversations(60))
    assert names(report) == ["end-of-turn-untrained"] and "leave out the end of turn" in report.blocks[0].message


def test_empty_answers_are_told() -> None:
    report = judge(encode([*conversations(60), conversation("Which?", "")]))
    assert report.blocks == () and warned(report) == ["empty-answers"]


def test_two_start_tokens_block(tiny_base: Path) -> None:
    doubling = tiny_tokenizer("{{ bos_token }}{{ bos_token }}" + TEMPLATE)
    assert names(looked(tiny_base, conversations(60), doubling)) == ["double-bos"]


def test_a_model_without_a_template_blocks_once_even_where_rows_are_skipped(tiny_base: Path) -> None:
    report = looked(tiny_base, conversations(60), tiny_tokenizer(None), on_unusable="skip")
    assert names(report)[:2] == ["unknown-template", "nothing-to-train"]


def test_a_boundary_that_a_merge_would_cross_is_named_by_row(tiny_base: Path) -> None:
    gluing = tiny_tokenizer(TEMPLATE.replace("assistant\n' }}", "assistant: ' }}"))
    report = looked(tiny_base, conversations(60), gluing)
    assert names(report)[0] == "boundary-mismatch" and len(report.blocks[0].rows) == 60


def test_a_system_prompt_that_the_template_drops_is_named_by_row(tiny_base: Path) -> None:
    deaf = tiny_tokenizer(
        "{% for m in messages %}{% if m.role != 'system' %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
        "{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    told = Example("told", (Message("system", "Be brief."), *conversation("Which?", "This one.").messages))
    report = looked(tiny_base, [*conversations(60), told], deaf)
    assert names(report) == ["turn-left-out"] and report.blocks[0].rows == ("chats.jsonl, line 61",)


def test_a_held_out_example_in_training_blocks_whatever_its_case_and_system_prompt() -> None:
    held = conversations(3)
    shouted = Example(
        "shouted",
        (Message("system", "Be brief."), *(Message(m.role, m.content.upper()) for m in held[1].messages)),
    )
    found = list(overlap([*conversations(60, start=200), held[0], shouted], held))
    assert [(blocking, p.name, p.examples) for blocking, p in found] == [
        (True, "holdout-overlap", (held[0].id, "shouted"))
    ]


def test_a_nearly_held_out_example_warns() -> None:
    words = "the patient was seen in the clinic on a Monday and was sent home with a plan and two new tablets a day"
    found = list(overlap([conversation("Which?", words)], [conversation("Which?", words + " at noon")]))
    assert [(blocking, p.name, p.count) for blocking, p in found] == [(False, "holdout-near-overlap", 1)]
    assert list(overlap([conversation("Which?", words)], [conversation("Which?", words[:60])])) == []


def test_an_empty_set_blocks_and_a_small_one_warns() -> None:
    assert "nothing-to-train" in names(judge(encode([])))
    assert "few-examples" in warned(judge(encode(conversations(8))))


def test_a_missing_holdout_warns() -> None:
    assert "no-holdout" in warned(judge(encode(conversations(60)), encode([])))


@pytest.mark.parametrize(
    ("fill", "told"),
    [("zero", "untrained-control-token"), ("alike", "untrained-control-token"), ("mean", "untrained-control-token")],
)
def test_a_stop_token_that_the_base_never_learnt_blocks(tiny_base: Path, tmp_path: Path, fill: str, told: str) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(tiny_base / "model.safetensors")
    table = weights["model.embed_tokens.weight"]
    table[2] = {"zero": table[2] * 0, "alike": table[0] + 1e-5, "mean": table.mean(dim=0)}[fill]
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    items = encode(conversations(3)).items
    found = list(untrained_tokens(tmp_path, TOKENIZER, items, STOPS, full=False))
    assert [(blocking, p.name) for blocking, p in found] == [(True, told)] and "<|im_end|>" in found[0][1].message
    assert [blocking for blocking, _ in untrained_tokens(tmp_path, TOKENIZER, items, STOPS, full=True)] == [False]


def test_the_real_models_control_tokens_count_as_learnt() -> None:
    base = models.resolve()
    tokenizer = models.load_tokenizer(base)
    items = encode_examples(tokenizer, conversations(3), max_tokens=200).items
    assert list(untrained_tokens(base, tokenizer, items, frozenset({2}), full=False)) == []
    reserved = Item("r", (8, 9), (IGNORED, 9))
    assert [p.name for _, p in untrained_tokens(base, tokenizer, [reserved], frozenset({2}), full=False)] == [
        "untrained-control-token"
    ]


def test_memory_that_no_machine_here_has_blocks_and_what_is_busy_warns(tiny_base: Path) -> None:
    _, shape = shape_of(str(tiny_base))
    short, long = Item("a", (1,) * 10, (2,) * 10), Item("b", (1,) * 900, (2,) * 900)

    def told(total: int, free: int, held: Item = short) -> list[tuple[bool, str]]:
        found = memory_problems(shape, CONFIG, [short], [held], total_bytes=total, free_bytes=free, device="cpu")
        return [(blocking, problem.name) for blocking, problem in found]

    assert told(2**40, 2**40) == []
    assert told(2**40, 2**10) == [(False, "training-memory")]
    assert told(2**10, 2**10) == [(True, "training-memory")]
    training = sum(run_parts(shape, CONFIG, [[short]], "cpu").values())
    measuring = eval_bytes(shape, CONFIG, [[long]], "cpu")
    assert training < measuring < sum(run_parts(shape, CONFIG, [[long]], "cpu").values())
    between = (training + measuring) // 2
    assert told(between, between, long) == [(True, "eval-memory")]
    assert told(measuring, measuring, long) == []
