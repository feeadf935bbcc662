"""Answers: greedy, the same in any batch, marked where they were cut; and answers from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import CancelledError, InputError
from core.generation import Generation, generate
from evaluation.replies import as_reply, prompts_of, read_replies
from evaluation.replies_kept import answer_all
from tests.evaluation.workspace_with_run import examples
from tests.tiny_model import tiny


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    from core import models

    path = tiny(tmp_path_factory.mktemp("model"))
    return models.load_model(path, "fp32"), models.load_tokenizer(path)


def test_answers_do_not_depend_on_the_batch(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    prompts = prompts_of(tokenizer, examples(7))
    alone = generate(model, tokenizer, prompts, Generation(8, 1))
    together = generate(model, tokenizer, prompts, Generation(8, 4))
    assert [a.text for a in together] == [a.text for a in alone]
    assert all(a.seconds > 0 for a in together)


def test_an_answer_that_did_not_end_is_marked_as_cut(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    for answer in generate(model, tokenizer, prompts_of(tokenizer, examples(5)), Generation(3, 2)):
        assert answer.truncated and answer.tokens == 3
        assert as_reply("base", "id", answer, Generation(3, 2)).settings["max_new_tokens"] == 3


def test_an_answer_that_ends_at_once_is_empty_and_not_cut(loaded: tuple[Any, Any]) -> None:
    from core.generation import _answer

    _, tokenizer = loaded
    end = int(tokenizer.eos_token_id)
    empty = _answer(tokenizer, [end, end], {end}, 0.1)
    assert (empty.text, empty.tokens, empty.truncated) == ("", 1, False)
    assert _answer(tokenizer, tokenizer("Yes")["input_ids"], {end}, 0.1).truncated


def test_generation_stops_between_batches_when_asked(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    done: list[int] = []

    def watch(_stage: str, count: int, _total: int | None) -> None:
        done.append(count)
        if count >= 2:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        generate(model, tokenizer, prompts_of(tokenizer, examples(6)), Generation(2, 2), progress=watch)
    assert done == [0, 2]


def test_a_prompt_that_leaves_no_room_is_refused_by_number(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    with pytest.raises(InputError, match="Prompt 2 has 1000 tokens"):
        generate(model, tokenizer, [[5] * 10, [5] * 1000], Generation(100, 1))


def test_replies_of_another_model_come_in_with_their_bad_lines_named(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    path.write_text(
        '{"prompt_id": "a", "text": "One."}\n{"prompt_id": "z", "text": "?"}\nnot json\n'
        '{"prompt_id": "a", "text": "Two."}\n'
    )
    replies, rejects = read_replies(path, "other", {"a", "b"})
    assert [(r.source, r.prompt_id, r.text) for r in replies] == [("other", "a", "One.")]
    assert [r.line for r in rejects] == [2, 3, 4]
    assert "line 1" in rejects[2].reason
    assert path.read_bytes()[rejects[1].start : rejects[1].end] == b"not json"
    with pytest.raises(InputError, match="line 1 names a prompt"):
        read_replies(path, "other", {"b"})


def test_answering_goes_on_where_it_was_interrupted(loaded: tuple[Any, Any], tmp_path: Path) -> None:
    model, tokenizer = loaded
    prompts = prompts_of(tokenizer, examples(7))
    whole = answer_all(model, tokenizer, prompts, Generation(6, 2), tmp_path / "whole.jsonl")
    path, seen = tmp_path / "deep" / "cut.jsonl", []

    def stop(_stage: str, done: int, _total: int | None) -> None:
        seen.append(done)
        if done == 4:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        answer_all(model, tokenizer, prompts, Generation(6, 2), path, progress=stop)
    path.write_bytes(path.read_bytes()[:-5])  # torn, as by a power cut
    rest: list[int] = []
    again = answer_all(
        model, tokenizer, prompts, Generation(6, 2), path, progress=lambda _s, done, _t: rest.append(done)
    )
    assert rest[0] == 3 and rest[-1] == 7
    assert (
        [a.text for a in again]
        == [a.text for a in whole]
        == [a.text for a in answer_all(None, tokenizer, prompts, Generation(6, 2), path)]
    )
    other = answer_all(model, tokenizer, prompts, Generation(3, 2), path)
    assert all(a.tokens <= 3 for a in other)
