"""A merged model is base plus adapter, rounded once; what cannot be merged soundly is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from core import models
from core.errors import FinetoothError, InputError
from tests.training.builders import conversations, tiny_config, train_tiny
from training.data import Item, encode_examples
from training.merge import merge
from training.parity import compare


@pytest.fixture(scope="module")
def adapter(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter trained on the tiny model for a few steps."""
    folder = tmp_path_factory.mktemp("run") / "run"
    train_tiny(folder, tiny_config(tiny_base, method="lora"))
    return folder / "adapter"


def held_out(base: Path) -> tuple[Item, ...]:
    """Conversations that the adapter has not seen."""
    return encode_examples(models.load_tokenizer(base), conversations(12, start=100), max_tokens=512).items


def weights(folder: Path) -> dict[str, Any]:
    """All tensors of a model folder."""
    from safetensors.torch import load_file

    return {name: tensor for file in folder.glob("*.safetensors") for name, tensor in load_file(file).items()}


def test_the_merged_weights_are_those_of_peft_rounded_once(tiny_base: Path, adapter: Path, tmp_path: Path) -> None:
    import torch

    made = merge(tiny_base, adapter, tmp_path / "merged")
    loaded = models.load_model(tiny_base, "fp32", adapter).merge_and_unload(safe_merge=True)
    expected = {name: tensor.to(torch.bfloat16) for name, tensor in loaded.state_dict().items()}
    found = weights(tmp_path / "merged")
    assert made.layers == 14 and made.dtype == "bfloat16"
    assert set(found) == set(weights(tiny_base))
    assert all(torch.equal(tensor, expected[name]) for name, tensor in found.items())
    assert 0 < made.rounding_share < 0.2


def test_the_merged_folder_loads_as_a_model_of_16_bits_with_its_template(
    tiny_base: Path, adapter: Path, tmp_path: Path
) -> None:
    import torch

    merge(tiny_base, adapter, tmp_path / "merged")
    assert models.load_model(tmp_path / "merged", "stored").dtype == torch.bfloat16
    assert models.load_tokenizer(tmp_path / "merged").chat_template == models.load_tokenizer(tiny_base).chat_template


def test_parity_holds_for_a_sound_merge(tiny_base: Path, adapter: Path, tmp_path: Path) -> None:
    made = merge(tiny_base, adapter, tmp_path / "merged")
    found = compare(
        tiny_base, adapter, made.folder, held_out(tiny_base), rounding_share=made.rounding_share, as_trained=True
    )
    assert found.holds, found.sentence()
    assert found.base.kl is not None and found.merged.kl is not None and found.base.kl > 10 * found.merged.kl
    assert found.trained is not None and found.n_examples > 0 and found.n_tokens > 50


@pytest.mark.parametrize("fault", ["half the scale", "no adapter", "one layer left out"])
def test_parity_tells_a_merge_that_is_not_the_adapter(
    tiny_base: Path, adapter: Path, tmp_path: Path, fault: str
) -> None:
    damaged = shutil.copytree(adapter, tmp_path / "damaged")
    settings = json.loads((damaged / "adapter_config.json").read_text())
    if fault == "half the scale":
        (damaged / "adapter_config.json").write_text(json.dumps({**settings, "lora_alpha": settings["lora_alpha"] / 2}))
    else:
        change_b(damaged, "" if fault == "no adapter" else "layers.1.mlp.down_proj")
    made = merge(tiny_base, damaged, tmp_path / "merged")
    found = compare(tiny_base, adapter, made.folder, held_out(tiny_base), rounding_share=0.0, as_trained=False)
    assert not found.holds, found.sentence()


def change_b(adapter: Path, part: str) -> None:
    """Set every B whose name holds ``part`` to zero."""
    from safetensors.torch import load_file, save_file

    file = adapter / "adapter_model.safetensors"
    tensors = load_file(file)
    for name, tensor in tensors.items():
        if "lora_B" in name and part in name:
            tensor.zero_()
    save_file(tensors, file)


def test_a_quantised_base_is_refused(tiny_base: Path, adapter: Path, tmp_path: Path) -> None:
    quantised = shutil.copytree(tiny_base, tmp_path / "base")
    settings = json.loads((quantised / "config.json").read_text())
    (quantised / "config.json").write_text(json.dumps({**settings, "quantization_config": {"load_in_4bit": True}}))
    with pytest.raises(InputError, match="quantised"):
        merge(quantised, adapter, tmp_path / "merged")


@pytest.mark.parametrize("setting", [{"use_dora": True}, {"modules_to_save": ["lm_head"]}, {"alpha_pattern": {"q": 1}}])
def test_an_adapter_of_another_kind_is_refused(
    tiny_base: Path, adapter: Path, tmp_path: Path, setting: dict[str, Any]
) -> None:
    other = shutil.copytree(adapter, tmp_path / "other")
    settings = json.loads((other / "adapter_config.json").read_text())
    (other / "adapter_config.json").write_text(json.dumps({**settings, **setting}))
    with pytest.raises(InputError, match="not a plain LoRA"):
        merge(tiny_base, other, tmp_path / "merged")


def test_a_layer_without_a_place_in_the_base_is_named(tiny_base: Path, adapter: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    renamed = shutil.copytree(adapter, tmp_path / "renamed")
    file = renamed / "adapter_model.safetensors"
    save_file({n.replace("layers.1.", "layers.7."): t for n, t in load_file(file).items()}, file)
    with pytest.raises(FinetoothError, match="7 of 14 adapted layers have no weight"):
        merge(tiny_base, renamed, tmp_path / "merged")


def test_a_base_in_several_files_keeps_them(tiny_base: Path, adapter: Path, tmp_path: Path) -> None:
    import torch

    sharded = tmp_path / "sharded"
    model = models.load_model(tiny_base, "fp32")
    model.save_pretrained(sharded, max_shard_size="100KB")
    models.load_tokenizer(tiny_base).save_pretrained(sharded)
    assert len(list(sharded.glob("*.safetensors"))) > 1
    merge(sharded, adapter, tmp_path / "merged")
    merge(tiny_base, adapter, tmp_path / "whole")
    several, whole = weights(tmp_path / "merged"), weights(tmp_path / "whole")
    assert set(several) == set(whole) and all(torch.equal(several[name], whole[name]) for name in whole)
    assert models.load_model(tmp_path / "merged", "stored").num_parameters() == model.num_parameters()
