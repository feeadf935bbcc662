"""The memory plan: exact where the sizes are known, monotone, and honest about what fits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.files import read_json
from tests.tiny_model import tiny
from training.catalogue import MODELS, find, shape_of
from training.estimate import GIB, RunPlan, plan, side_by_side
from training.readiness import should_finetune


@pytest.mark.parametrize(
    ("name", "rank", "params"),
    [
        ("smollm2-135m-instruct", 8, 2_442_240),
        ("smollm2-135m-instruct", 16, 4_884_480),
        ("llama-3.1-8b", 16, 41_943_040),
    ],
)
def test_adapter_sizes_are_exact(name: str, rank: int, params: int) -> None:
    assert plan(name, rank=rank).n_trainable == params


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("qwen3-0.6b", 596_049_920),
        ("smollm2-135m-instruct", 134_515_008),
        ("llama-3.1-8b", 8_030_261_248),
        ("qwen2.5-7b", 7_615_616_512),
    ],
)
def test_base_sizes_are_exact(name: str, params: int) -> None:
    assert plan(name).n_params == params


def test_the_4_bit_weights_of_8b_take_what_was_measured() -> None:
    assert plan("llama-3.1-8b", "qlora").parts["weights"] / GIB == pytest.approx(5.31, abs=0.01)


def test_qlora_of_8b_fits_a_24_gb_card_and_full_training_does_not() -> None:
    by_method = {p.method: p for p in side_by_side("llama-3.1-8b", 2, 2048, 24)}
    assert by_method["qlora"].fits and by_method["lora"].fits and not by_method["full"].fits
    assert 7 < by_method["qlora"].total_bytes / GIB < 10


def test_the_longest_conversation_is_no_longer_than_the_model_reads(tmp_path: Path) -> None:
    assert plan("smollm2-135m-instruct", gpu_gb=80).largest_seq == find("smollm2-135m-instruct").context_tokens  # type: ignore[union-attr]
    folder = tiny(tmp_path / "mine")
    made = plan(str(folder), gpu_gb=80)
    assert made.largest_seq == made.context == read_json(folder / "config.json")["max_position_embeddings"]
    assert plan("llama-3.1-8b", gpu_gb=12).largest_seq < 131_072  # type: ignore[operator]
    assert plan("llama-3.1-8b", gpu_gb=1).largest_seq == 0


def test_a_peak_without_activations_is_explained() -> None:
    made = plan("llama-3.1-8b", "full")
    assert made.parts["activations"] == made.parts["scratch"] == 0
    assert "optimiser's step" in made.moment and "activations are gone" in made.moment
    assert plan("llama-3.1-8b", "qlora").moment == ""


def test_tokens_that_are_estimated_are_not_stated_as_counted() -> None:
    made = RunPlan(plan("llama-3.1-8b"), 300, 93_051, 419, 60, None, "", GIB, ())
    assert "300 examples of up to about 419 tokens" in made.sentence()


def test_the_parts_add_up_and_the_public_form_holds_them() -> None:
    document = plan("qwen2.5-7b", "lora", 2, 1024, 48).to_json()
    assert sum(document["bytes"].values()) == document["total_bytes"]
    assert document["fits"] is True and document["largest_batch"] >= 2 and document["largest_seq"] >= 1024


@given(st.sampled_from([m.name for m in MODELS]), st.sampled_from(["qlora", "lora", "full"]), st.integers(1, 32))
def test_more_conversations_and_longer_ones_never_need_less(name: str, method: str, batch: int) -> None:
    need = plan(name, method, batch, 512).total_bytes  # type: ignore[arg-type]
    assert plan(name, method, batch + 1, 512).total_bytes >= need  # type: ignore[arg-type]
    assert plan(name, method, batch, 513).total_bytes >= need  # type: ignore[arg-type]


@given(st.integers(6, 80), st.integers(64, 4096))
def test_the_largest_batch_fits_and_one_more_does_not(gpu_gb: int, seq: int) -> None:
    largest = plan("llama-3.1-8b", "qlora", 1, seq, gpu_gb).largest_batch
    assert largest is not None
    if largest:
        assert plan("llama-3.1-8b", "qlora", largest, seq, gpu_gb).fits
    assert not plan("llama-3.1-8b", "qlora", largest + 1, seq, gpu_gb).fits


def test_a_model_folder_is_planned_from_its_own_config(tmp_path: Path) -> None:
    name, shape = shape_of(str(tiny(tmp_path / "mine")))
    assert (name, shape.hidden, shape.layers, shape.tied) == ("mine", 64, 2, True)


def test_unknown_names_and_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="no model gpt-9"):
        plan("gpt-9")
    with pytest.raises(InputError, match="positive"):
        plan("qwen2.5-7b", batch=0)
    with pytest.raises(InputError, match="not a method"):
        plan("qwen2.5-7b", "magic")  # type: ignore[arg-type]


def test_a_model_is_found_by_name_and_by_hub_id() -> None:
    assert find("Qwen/Qwen2.5-7B-Instruct") == find("qwen2.5-7b") == find("qwen2.5-7b-instruct") is not None
    assert all(model.licence and model.commercial and model.context_tokens >= 2048 for model in MODELS)


def test_planning_a_catalogued_model_does_not_import_torch() -> None:
    code = "import sys; from training.estimate import plan; plan('llama-3.1-8b'); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[2])


def test_few_examples_are_not_ready_and_open_contradictions_are_to_be_mended_first() -> None:
    assert should_finetune(12).verdict == "not yet"
    assert should_finetune(500, open_contradictions=3).verdict == "mend first"
    assert should_finetune(500, facts_change=True).verdict == "not yet"
    assert should_finetune(500, n_holdout=60).verdict == "go"
