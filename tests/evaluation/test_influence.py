"""Gradients of conversations: sketched without losing their angles, the same however they are computed, whitened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import models
from core.types import Message
from evaluation import influence
from evaluation.influence import RIDGE, Gradients, alike
from tests.evaluation.workspace_with_run import conversation
from tests.tiny_model import tiny


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tiny base and a random adapter with dropout on it."""
    import torch
    from peft import LoraConfig, get_peft_model

    from core import adapters

    folder = tmp_path_factory.mktemp("run")
    base = tiny(folder / "base")
    model: Any = models.load_model(base, "stored")
    torch.manual_seed(3)
    config = LoraConfig(
        r=4,
        lora_alpha=8,
        lora_dropout=0.5,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        init_lora_weights=False,
    )
    get_peft_model(model, config).save_pretrained(str(folder / "adapter"))
    adapters.write_identity(folder / "adapter", base=base, base_name="tiny", tokenizer=models.load_tokenizer(base))
    return base, folder / "adapter"


CHATS = [
    conversation(f"Which code applies to case {k}?", f"The code is {'ABCDE'[k % 5]}{10 + k}.").messages
    for k in range(6)
]


def exact(base: Path, adapter: Path, messages: tuple[Message, ...]) -> Any:
    """The whole gradient by Hugging Face's own loss, float64 [weights of the adapter]."""
    import torch

    from core.chat import encode

    model = models.load_model(base, "fp32", adapter)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("lora_" in name)
    one = encode(models.load_tokenizer(base), messages)
    ids, labels = torch.tensor([one.input_ids]), torch.tensor([one.labels])
    loss = model(input_ids=ids, labels=labels).loss * one.n_supervised
    loss.backward()
    return np.concatenate([p.grad.flatten().numpy() for p in model.parameters() if p.requires_grad]).astype(np.float64)


def cosines(rows: Any) -> Any:
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return units @ units.T


def test_sketches_keep_the_lengths_and_angles_of_the_gradients(run: tuple[Path, Path]) -> None:
    whole = np.stack([exact(*run, messages) for messages in CHATS])
    rows, unread = Gradients(*run, precision="fp32").of(CHATS)
    assert unread == ()
    assert np.abs(cosines(rows) - cosines(whole)).max() < 0.05
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.linalg.norm(whole, axis=1), rel=0.06)


def test_a_gradient_does_not_depend_on_how_it_is_computed(
    run: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, _ = Gradients(*run, precision="fp32").of(CHATS)
    monkeypatch.setattr(influence, "POSITIONS_AT_ONCE", 3)
    in_parts, _ = Gradients(*run, precision="fp32").of(CHATS)
    monkeypatch.setattr(influence, "RECOMPUTE_TOKENS", 0)
    recomputed, _ = Gradients(*run, precision="fp32").of(CHATS)
    for other in (in_parts, recomputed):
        assert np.abs(other - rows).max() < 1e-4 * np.abs(rows).max()


def test_only_the_last_answer_counts_where_it_is_asked_for(run: tuple[Path, Path]) -> None:
    turns = (*CHATS[0], *CHATS[1])
    gradients = Gradients(*run, precision="fp32")
    both, last = gradients.of([turns])[0][0], gradients.of([turns], last=True)[0][0]
    alone, _ = Gradients(*run, precision="fp32", all_turns=False).of([turns])
    assert not np.allclose(both, last) and np.array_equal(alone[0], last)


def test_kept_sketches_are_those_of_this_adapter(run: tuple[Path, Path], tmp_path: Path) -> None:
    base, adapter = run
    first, _ = Gradients(base, adapter, precision="fp32", keep_in=tmp_path).of(CHATS)
    again, _ = Gradients(base, adapter, precision="fp32", keep_in=tmp_path).of(CHATS)
    assert np.array_equal(first, again)
    assert len(list(tmp_path.glob("*.sqlite"))) == 1


def test_the_whitened_cosine_is_that_of_the_inverse_covariance() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(12, 20)) + 3 * rng.normal(size=20)  # a direction that all of them share
    query = rows[4] + 0.5 * rng.normal(size=20)
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    asked = query / np.linalg.norm(query)
    inverse = np.linalg.inv(units.T @ units / 12 + RIDGE / 12 * np.eye(20))
    wanted = (
        units @ inverse @ asked / np.sqrt(np.einsum("ij,jk,ik->i", units, inverse, units) * (asked @ inverse @ asked))
    )
    found = alike(rows.astype(np.float32), query.astype(np.float32))
    assert found == pytest.approx(wanted, abs=1e-4)
    assert int(np.argmax(found)) == 4


def test_an_example_without_a_gradient_scores_zero() -> None:
    rows = np.eye(4, 8, dtype=np.float32)
    rows[2] = 0
    assert alike(rows, np.ones(8, dtype=np.float32))[2] == 0.0
