"""A quantised model on the CPU is scored from the same weights in float32: the same for every batch size."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import models
from core.workspace import Workspace
from evaluation.perplexity import score, summarise
from evaluation.replies import as_base
from evaluation.unpacked import compute_in_float32, compute_type
from tests.evaluation.workspace_with_run import examples, revision, run_with_adapter
from tests.tiny_model import tiny


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    base = tiny(tmp_path_factory.mktemp("model"))
    space = Workspace.create(tmp_path_factory.mktemp("ws") / "w")
    run_id = run_with_adapter(space, base, revision(space, examples(3)))
    return base, space.runs_dir / run_id / "adapter"


def test_the_weights_stay_those_of_nf4_and_the_batch_size_stops_mattering(folders: tuple[Path, Path]) -> None:
    from bitsandbytes.functional import dequantize_4bit

    base, adapter = folders
    model, tokenizer = models.load_model(base, "nf4", adapter), models.load_tokenizer(base)
    assert compute_type(model) == "bfloat16"
    layer = model.base_model.model.model.layers[0].mlp.up_proj
    quantised = dequantize_4bit(layer.base_layer.weight.data, layer.base_layer.weight.quant_state).float()
    in_bfloat16 = summarise(score(model, tokenizer, examples(6))).perplexity
    assert compute_in_float32(model) and compute_type(model) == "float32"
    assert layer.base_layer.weight.equal(quantised)
    whole = score(model, tokenizer, examples(6), batch_size=6)
    single = score(model, tokenizer, examples(6), batch_size=1)
    assert [one.nll for one in single] == pytest.approx([one.nll for one in whole], rel=1e-5)
    assert summarise(whole).perplexity == pytest.approx(in_bfloat16, rel=0.05)
    with as_base(model):
        plain = score(model, tokenizer, examples(6))
    assert plain[0].nll != pytest.approx(whole[0].nll, rel=1e-3)


def test_a_model_that_is_not_quantised_is_left_alone(folders: tuple[Path, Path]) -> None:
    model = models.load_model(folders[0], "stored")
    before = compute_type(model)
    assert not compute_in_float32(model) and compute_type(model) == before


def test_too_little_memory_leaves_the_model_packed(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluation.unpacked.free_bytes", lambda: 1000)
    assert not compute_in_float32(models.load_model(folders[0], "nf4"))
