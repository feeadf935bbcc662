"""The measured perplexity of the embedded model on a public text, to four decimals of what lm-eval gives."""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import io

import pytest

from core.chat import IGNORED, Encoded
from evaluation.perplexity import Prepared, score_prepared, summarise


def zen() -> str:
    """The Zen of Python, as the standard library holds it."""
    with contextlib.redirect_stdout(io.StringIO()):
        import this
    return codecs.decode(this.s, "rot13")


@pytest.mark.slow
@pytest.mark.parametrize(("prefix", "nll"), [("<|im_start|>", 685.7208), ("<|endoftext|>", 616.5267)])
def test_the_zen_of_python_has_the_nll_that_lm_eval_measures(prefix: str, nll: float) -> None:
    from core import models

    text = zen()
    assert hashlib.sha256(text.encode()).hexdigest().startswith("e250f274f33b9b62")
    path = models.resolve("smollm2-135m-instruct")
    tokenizer, model = models.load_tokenizer(path), models.load_model(path, "fp32")
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    first = tokenizer.convert_tokens_to_ids(prefix)
    encoded = Encoded((first, *ids), (IGNORED, *ids), (False, *[True] * len(ids)))
    summary = summarise(score_prepared(model, [Prepared(encoded, len(text.encode()))]))
    assert summary.tokens == 203
    assert summary.nll == pytest.approx(nll, abs=0.01)
    assert summary.bits_per_byte == pytest.approx(nll / 856 / 0.693147, rel=1e-3)
