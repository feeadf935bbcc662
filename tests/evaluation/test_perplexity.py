"""Perplexity: assistant tokens only, aggregated once, independent of batches and of order."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.chat import IGNORED, encode
from core.errors import InputError
from core.types import Example, Message
from evaluation.perplexity import Score, _plain_head, paired_ratio, score, summarise
from tests.evaluation.workspace_with_run import conversation, examples
from tests.tiny_model import tiny, tiny_tokenizer


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    from core import models

    path = tiny(tmp_path_factory.mktemp("model"))
    return models.load_model(path, "fp32"), models.load_tokenizer(path)


def uniform_model(vocabulary: int) -> Any:
    """A model that finds every token equally likely."""
    import torch

    class Uniform(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return SimpleNamespace(logits=torch.zeros(*input_ids.shape, vocabulary))

    return Uniform().eval()


def scaled_model(vocabulary: int) -> Any:
    """A seeded model that divides its logits after the output layer."""
    import torch
    from transformers import GraniteConfig, GraniteForCausalLM

    torch.manual_seed(0)
    shape: dict[str, Any] = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    model: Any = GraniteForCausalLM(GraniteConfig(vocab_size=vocabulary, logits_scaling=0.05, **shape))
    return model.eval()


def test_a_model_that_knows_nothing_has_the_vocabulary_as_its_perplexity() -> None:
    tokenizer = tiny_tokenizer()
    summary = summarise(score(uniform_model(len(tokenizer)), tokenizer, examples(7), batch_size=3))
    assert summary.perplexity == pytest.approx(len(tokenizer), rel=1e-6)


@pytest.mark.parametrize("scaled", [False, True], ids=["plain logits", "scaled logits"])
def test_scores_equal_a_plain_loop_over_single_conversations(loaded: tuple[Any, Any], scaled: bool) -> None:
    import torch

    model, tokenizer = loaded
    if scaled:
        model = scaled_model(len(tokenizer))
    assert (_plain_head(model) is None) == scaled
    scores = score(model, tokenizer, examples(6), batch_size=4)
    for example, one in zip(examples(6), scores, strict=True):
        encoded = encode(tokenizer, example.messages)
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([encoded.input_ids])).logits[0].float().log_softmax(-1)
        positions = [k for k, label in enumerate(encoded.labels) if label != IGNORED]
        expected = -sum(float(logits[k - 1, encoded.input_ids[k]]) for k in positions)
        content = -sum(float(logits[k - 1, encoded.input_ids[k]]) for k in positions if encoded.content[k])
        assert one.nll == pytest.approx(expected, rel=1e-4)
        assert one.content_nll == pytest.approx(content, rel=1e-4)
        assert one.tokens == len(positions)
        assert one.content_bytes == len(example.answer.encode())


def test_the_end_of_turn_token_is_scored(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    (one,) = score(model, tokenizer, [conversation("Which?", "Yes")])
    assert one.tokens == len(tokenizer("Yes", add_special_tokens=False)["input_ids"]) + 1
    assert one.nll > one.content_nll


@pytest.mark.parametrize("batch_size", [1, 2, 7])
def test_the_batch_size_changes_the_speed_and_not_the_result(loaded: tuple[Any, Any], batch_size: int) -> None:
    model, tokenizer = loaded
    whole = score(model, tokenizer, examples(11), batch_size=11)
    assert [s.nll for s in score(model, tokenizer, examples(11), batch_size=batch_size)] == pytest.approx(
        [s.nll for s in whole], rel=1e-5
    )


def test_the_order_of_the_documents_changes_nothing(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    forward = score(model, tokenizer, examples(9), batch_size=4)
    backward = score(model, tokenizer, examples(9)[::-1], batch_size=4)
    assert [s.nll for s in backward[::-1]] == pytest.approx([s.nll for s in forward], rel=1e-5)
    assert summarise(backward).perplexity == pytest.approx(summarise(forward).perplexity, rel=1e-6)


def test_padding_on_the_left_changes_nothing(loaded: tuple[Any, Any]) -> None:
    import torch

    model, tokenizer = loaded
    scores = score(model, tokenizer, examples(4), batch_size=4)
    for example, one in zip(examples(4), scores, strict=True):
        encoded = encode(tokenizer, example.messages)
        n, pad = len(encoded.input_ids), 9
        ids = torch.tensor([[tokenizer.pad_token_id] * pad + list(encoded.input_ids)])
        mask = torch.tensor([[0] * pad + [1] * n])
        with torch.inference_mode():
            places = (mask.cumsum(-1) - 1).clamp(min=0)
            logits = model(input_ids=ids, attention_mask=mask, position_ids=places).logits[0, pad:].log_softmax(-1)
        padded = -sum(
            float(logits[k - 1, encoded.input_ids[k]]) for k, label in enumerate(encoded.labels) if label != IGNORED
        )
        assert one.nll == pytest.approx(padded, rel=1e-5)


def test_a_row_without_an_answer_is_an_error_that_names_the_row(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    silent = Example("x", (Message("user", "Hello?"),))
    with pytest.raises(InputError, match="line 7"):
        score(model, tokenizer, [examples(1)[0], silent], names=["line 3", "line 7"])


def test_an_answer_longer_than_the_model_reads_is_an_error_and_not_a_cut_number(loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    with pytest.raises(InputError, match=r"Example 2 has \d+ tokens; the model reads 1024"):
        score(model, tokenizer, [examples(1)[0], conversation("Long?", "word " * 3000)])


def test_the_summary_divides_sums_once() -> None:
    scores = [Score(10.0, 5, 8.0, 20), Score(90.0, 15, 70.0, 60)]
    summary = summarise(scores)
    assert summary.perplexity == pytest.approx(math.exp(100 / 20))
    assert summary.bits_per_byte == pytest.approx(78 / (math.log(2) * 80))
    with pytest.raises(InputError):
        summarise([])


def test_the_ratio_is_paired_seeded_and_below_one_where_every_answer_got_better() -> None:
    base = [Score(20.0 + k, 10, 18.0, 40) for k in range(30)]
    tuned = [Score(15.0 + k * 0.9, 10, 12.0, 40) for k in range(30)]
    ratio = paired_ratio(base, tuned, seed=4)
    assert ratio.high is not None and ratio.low is not None and ratio.value is not None
    assert ratio.low < ratio.value < ratio.high < 1
    assert paired_ratio(base, tuned, seed=4) == ratio
    assert paired_ratio(base, base, seed=4).value == 1.0


def test_the_ratio_of_few_documents_has_no_interval_and_says_so() -> None:
    few = [Score(20.0, 10, 18.0, 40)] * 4
    assert paired_ratio(few, few, seed=0).low is None
    assert "4 conversations" in paired_ratio(few, few, seed=0).reason


def test_scores_on_different_tokens_are_not_compared() -> None:
    with pytest.raises(InputError, match="same tokens"):
        paired_ratio([Score(1.0, 2, 1.0, 3)], [Score(1.0, 3, 1.0, 3)], seed=0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 50), st.floats(0.1, 50), st.integers(1, 40)), min_size=10, max_size=30))
def test_the_interval_holds_the_ratio_whatever_the_documents(rows: list[tuple[float, float, int]]) -> None:
    base = [Score(b, n, b, n) for b, _, n in rows]
    tuned = [Score(t, n, t, n) for _, t, n in rows]
    ratio = paired_ratio(base, tuned, seed=1, n_resamples=400)
    assert ratio.value is not None and ratio.low is not None and ratio.high is not None
    assert ratio.low <= ratio.high and math.isfinite(ratio.value)
