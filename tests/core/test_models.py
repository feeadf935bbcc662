"""The embedded models load without a network and give the published numbers."""

from __future__ import annotations

import codecs
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from core import models, smollm2
from core.errors import FinetoothError, InputError
from tests.tiny_model import tiny

ZEN_SUM_NLL = 685.7208  # SmolLM2-135M-Instruct Q4_1 in float32, <|im_start|> as prefix, 203 tokens (also by lm-eval)


def zen() -> str:
    this = (Path(os.__file__).parent / "this.py").read_text(encoding="utf-8")
    return codecs.decode(this.split('"""')[1], "rot13")


def test_the_converted_model_gives_the_reference_perplexity() -> None:
    import torch

    path = models.resolve()
    tokenizer, model = models.load_tokenizer(path), models.load_model(path)
    ids = [tokenizer.bos_token_id, *tokenizer(zen(), add_special_tokens=False)["input_ids"]]
    with torch.inference_mode():
        logits = model(torch.tensor([ids])).logits[0, :-1].float()
    nll = torch.nn.functional.cross_entropy(logits, torch.tensor(ids[1:]), reduction="sum")
    assert len(ids) - 1 == 203
    assert nll.item() == pytest.approx(ZEN_SUM_NLL, abs=2e-3)


def test_the_converted_model_ends_its_turn_with_the_end_of_turn_token() -> None:
    path = models.resolve()
    tokenizer, model = models.load_tokenizer(path), models.load_model(path, "bf16")
    assert tokenizer.eos_token == tokenizer.pad_token == "<|im_end|>"
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id
    assert tokenizer.chat_template
    assert model.get_input_embeddings().weight is model.get_output_embeddings().weight


def test_the_catalogue_names_folders_that_exist() -> None:
    for model in models.catalogue():
        assert (model.path / "config.json").is_file() and model.licence


@pytest.mark.parametrize("name", ["no-such-model", "/no/such/model", "tests/no-such", ""])
def test_a_model_that_does_not_exist_is_one_clear_sentence(name: str) -> None:
    with pytest.raises(InputError, match=r"\."):
        models.resolve(name)


def test_a_folder_without_a_model_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"config\.json"):
        models.resolve(tmp_path)
    with pytest.raises(InputError, match=r"no config\.json"):
        models.load_model(tmp_path)


def test_a_damaged_model_folder_is_refused_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(InputError, match="cannot be loaded"):
        models.load_model(tmp_path)
    with pytest.raises(InputError, match="tokenizer"):
        models.load_tokenizer(tmp_path)


def test_a_hub_id_is_not_fetched_when_a_person_asked_to_stay_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match="HF_HUB_OFFLINE"):
        models.resolve("nobody/nothing-of-that-name")


def test_nf4_quantises_every_linear_layer_but_the_head(tmp_path: Path) -> None:
    import bitsandbytes as bnb

    model = models.load_model(tiny(tmp_path / "m"), "nf4")
    quantised = {name for name, module in model.named_modules() if isinstance(module, bnb.nn.Linear4bit)}
    assert len(quantised) == 2 * 7 and not any("lm_head" in name for name in quantised)
    state = model.model.layers[0].mlp.up_proj.weight.quant_state
    assert state.quant_type == "nf4" and state.nested
    assert str(model.model.layers[0].mlp.up_proj.compute_dtype) == "torch.bfloat16"


def test_the_tiny_model_is_the_same_bytes_for_the_same_seed(tmp_path: Path) -> None:
    one, two, other = tiny(tmp_path / "a", 1), tiny(tmp_path / "b", 1), tiny(tmp_path / "c", 2)
    assert (one / "model.safetensors").read_bytes() == (two / "model.safetensors").read_bytes()
    assert (one / "model.safetensors").read_bytes() != (other / "model.safetensors").read_bytes()


def test_similar_texts_have_similar_embeddings() -> None:
    vectors = models.embed(
        ["Which code is type 2 diabetes?", "What is the code of diabetes type 2?", "Roast the fish."]
    )
    assert vectors.shape == (3, 384) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.8 > 0.3 > vectors[0] @ vectors[2]


def test_embeddings_do_not_depend_on_company_or_order() -> None:
    texts = ["one short text", "a much longer text " * 30, "x", ""]
    together = models.embed(texts)
    alone = np.vstack([models.embed([text]) for text in reversed(texts)])[::-1]
    assert np.allclose(together, alone, atol=1e-5)


def test_the_end_of_a_long_text_still_counts() -> None:
    body = "the patient was seen in the clinic and sent home " * 60
    vectors = models.embed([body, body + "whales swim in the northern ocean " * 60])
    assert vectors[0] @ vectors[1] < 0.9


def _convert(cache: str, queue: multiprocessing.Queue[str]) -> None:
    os.environ["FINETOOTH_CACHE"] = cache
    smollm2._save = _fake_save
    queue.put(str(smollm2.ensure()))


def _fake_save(source: Path, target: Path) -> None:
    import time

    target.mkdir()
    with open(target.parent / "conversions", "a", encoding="utf-8") as handle:
        handle.write("x")
    time.sleep(0.3)
    (target / smollm2.STAMP).write_text("{}")


def test_two_processes_that_ask_at_once_convert_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    queue: multiprocessing.Queue[str] = context.Queue()
    workers = [context.Process(target=_convert, args=(str(tmp_path), queue)) for _ in range(2)]
    for worker in workers:
        worker.start()
    folders = {queue.get(timeout=30) for _ in workers}
    for worker in workers:
        worker.join()
    assert len(folders) == 1
    assert (tmp_path / "models" / "conversions").read_text() == "x"


def test_an_interrupted_conversion_leaves_nothing_that_looks_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(source: Path, target: Path) -> None:
        target.mkdir()
        (target / "model.safetensors").write_bytes(b"half")
        raise FinetoothError("The disk is full.")

    monkeypatch.setenv("FINETOOTH_CACHE", str(tmp_path))
    monkeypatch.setattr(smollm2, "_save", break_off)
    with pytest.raises(FinetoothError):
        smollm2.ensure()
    assert not smollm2.is_ready()
    assert [path.name for path in (tmp_path / "models").iterdir()] == [f".{smollm2.folder().name}.lock"]
