"""Long texts are scored in windows that count each token once; an empty mask is an error and not a number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chat import IGNORED, Encoded, encode
from core.errors import InputError
from evaluation.perplexity import Prepared, prepare, score, score_prepared, summarise
from evaluation.perplexity_windows import Window, windows
from tests.evaluation.test_perplexity import uniform_model
from tests.evaluation.test_reference_perplexity import zen
from tests.evaluation.workspace_with_run import conversation, examples
from tests.tiny_model import tiny, tiny_tokenizer


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    from core import models

    path = tiny(tmp_path_factory.mktemp("model"))
    return models.load_model(path, "fp32"), models.load_tokenizer(path)


@given(st.integers(2, 400), st.integers(1, 80), st.data())
def test_windows_score_every_token_but_the_first_exactly_once(n: int, max_tokens: int, data: st.DataObject) -> None:
    context = data.draw(st.integers(1, max_tokens))
    found = windows(n, max_tokens, context)
    assert [k for one in found for k in range(one.first, one.stop)] == list(range(1, n))
    for number, one in enumerate(found):
        assert one.stop - 1 - one.start <= max_tokens
        assert one.first - one.start >= (context if number else 1)


def test_the_numbers_of_windows_are_those_of_the_reference() -> None:
    # 203 tokens and the one that opens the text, 64 read at once, 1 / 16 / 32 / 48 / 64 of them as context.
    assert [len(windows(204, 64, context)) for context in (1, 16, 32, 48, 64)] == [4, 4, 6, 10, 140]
    assert windows(10, 64, 1) == (Window(0, 10, 1),)
    with pytest.raises(InputError, match="cannot have 65 tokens of context"):
        windows(10, 64, 65)


def test_a_long_conversation_is_scored_in_windows_where_that_is_asked_for(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    long = conversation("Long?", "word " * 1500)
    (one,) = score(model, tokenizer, [long], context=256)
    assert one.tokens == encode(tokenizer, long.messages).n_supervised > 1024
    assert one.content_bytes == len("word " * 1500)
    knows_nothing = uniform_model(len(tokenizer))
    (cut,) = prepare(tokenizer, [long], max_tokens=300, context=100)
    assert len(cut.windows) > 5
    assert summarise(score_prepared(knows_nothing, [cut])).perplexity == pytest.approx(len(tokenizer), rel=1e-5)


def test_windows_equal_a_plain_loop_and_do_not_depend_on_the_batch(loaded: tuple[Any, Any]) -> None:
    import torch

    model, tokenizer = loaded
    (cut, short) = prepare(tokenizer, [conversation("Long?", "word " * 60), examples(1)[0]], max_tokens=100, context=30)
    expected = 0.0
    ids, labels = cut.encoded.input_ids, cut.encoded.labels
    for one in cut.windows:
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([ids[one.start : one.stop - 1]])).logits[0].float().log_softmax(-1)
        expected -= sum(
            float(logits[k - 1 - one.start, ids[k]]) for k in range(one.first, one.stop) if labels[k] != IGNORED
        )
    for batch_size in (1, 2, 7):
        first, second = score_prepared(model, [cut, short], batch_size=batch_size)
        assert first.nll == pytest.approx(expected, rel=1e-5)
        assert first.tokens == cut.encoded.n_supervised
        assert second.tokens == short.encoded.n_supervised


def test_an_empty_mask_is_an_error_that_names_the_row() -> None:
    tokenizer = tiny_tokenizer()
    empty = Prepared(Encoded((5, 6, 7), (IGNORED,) * 3, (False,) * 3), 4)
    good = prepare(tokenizer, examples(1))
    with pytest.raises(InputError, match="example 2 can be scored: its mask is empty"):
        score_prepared(uniform_model(len(tokenizer)), [*good, empty])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prefix", "context", "nll"),
    [
        ("<|im_start|>", 1, 688.6263),
        ("<|endoftext|>", 1, 642.67),
        ("<|endoftext|>", 16, 586.13),
        ("<|endoftext|>", 32, 583.69),
        ("<|endoftext|>", 48, 575.76),
    ],
)
def test_the_zen_of_python_in_windows_of_64_has_the_reference_nll(prefix: str, context: int, nll: float) -> None:
    from core import models

    path: Path = models.resolve("smollm2-135m-instruct")
    tokenizer, model = models.load_tokenizer(path), models.load_model(path, "fp32")
    text = zen()
    ids = (tokenizer.convert_tokens_to_ids(prefix), *tokenizer(text, add_special_tokens=False)["input_ids"])
    encoded = Encoded(ids, (IGNORED, *ids[1:]), (False, *[True] * (len(ids) - 1)))
    one = Prepared(encoded, len(text.encode()), windows(len(ids), 64, context))
    summary = summarise(score_prepared(model, [one]))
    assert summary.tokens == 203
    assert summary.nll == pytest.approx(nll, rel=1e-4)
