"""Base models: what the catalogue knows of them, what they say of themselves, and what a constraint leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import smollm2
from core.errors import InputError
from tests.tiny_model import tiny
from training import cards, constraints
from training.catalogue import MODELS, card_folder, find, known_folder, shape_of
from training.constraints import Limit, Speed, Work
from training.readiness import should_finetune
from training.shapes import read_shape

CONFIG = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "vocab_size": 384,
    "max_position_embeddings": 2048,
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINETOOTH_CACHE", str(tmp_path / "cache"))


def model_folder(folder: Path, card: str = "", template: str | None = None) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "README.md").write_text(card)
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": template}))
    return folder


def test_a_folder_is_described_by_its_own_card_and_config(tmp_path: Path) -> None:
    card = "---\nlicense: cc-by-nc-4.0\nlanguage:\n- en\n---\n# Mine\n"
    seen = cards.describe(str(model_folder(tmp_path / "mine", card, "{{ '[INST]' }}")))
    assert (seen.licence, seen.allows_commercial, seen.context_tokens, seen.template) == (
        "cc-by-nc-4.0",
        False,
        2048,
        "Mistral",
    )


def test_a_model_without_a_card_or_template_says_so(tmp_path: Path) -> None:
    seen = cards.describe(str(model_folder(tmp_path / "mine")))
    assert (seen.licence, seen.commercial, seen.template) == ("not stated", cards.UNKNOWN, "none")


def test_a_real_folder_tells_its_chat_format(tmp_path: Path) -> None:
    assert cards.describe(str(tiny(tmp_path / "tiny"))).template == "ChatML"


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [("apache-2.0", "yes"), ("llama3.1", "yes, under"), ("cc-by-nc-4.0", "no"), ("qwen-research", "no"), ("x", "not")],
)
def test_licences_are_told_apart(licence: str, allowed: str) -> None:
    assert cards.commercial_use(licence).startswith(allowed)


def test_an_unknown_hub_id_is_not_fetched_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "_fetch", lambda *_: pytest.fail("the network was asked"))
    with pytest.raises(InputError, match=r"Nothing is known of nobody/nothing"):
        cards.describe("nobody/nothing")


def test_a_fetched_card_plans_memory_and_does_not_pass_for_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "_fetch", lambda name, target: model_folder(target, "---\nlicense: mit\n---\n"))
    assert cards.describe("somebody/small", fetch=True).licence == "mit"
    assert shape_of("somebody/small")[1].hidden == 64
    assert known_folder("somebody/small") == card_folder("somebody/small")
    assert "hub" not in str(card_folder("somebody/small")), "the hub's own cache must not hold a model without weights"


def test_a_mixture_of_experts_has_no_closed_form() -> None:
    with pytest.raises(InputError, match="mixture of experts"):
        read_shape({**CONFIG, "num_local_experts": 8}, "mixed")


def test_every_catalogued_model_says_what_a_plan_needs() -> None:
    assert all(m.licence and m.template and m.context_tokens and m.commercial.startswith(("yes", "no")) for m in MODELS)
    assert {m.shape.kind for m in MODELS} <= {"llama", "qwen2", "qwen3", "mistral"}


def test_memory_named_first_leaves_what_fits_smaller_models_first() -> None:
    options = constraints.weigh(Limit("memory", 8.0), Work(batch=1, seq=1024))
    possible = [option for option in options if option.passes]
    assert possible and all(option.needed_bytes <= 8 * 2**30 for option in possible)
    assert all(option.needed_bytes > 8 * 2**30 for option in options if option.passes is False)
    sizes = [option.model.shape.params for option in possible]
    assert sizes == sorted(sizes) and "8.0 GiB" in possible[0].reason.replace("of 8 ", "of 8.0 ")


def test_each_constraint_rules_out_what_it_should() -> None:
    ruled_out = {
        first: {(o.model.name, o.method) for o in constraints.weigh(Limit(first), Work()) if o.passes is False}
        for first in ("skill", "maintenance", "licence")
    }
    assert (
        {method for _, method in ruled_out["skill"]} == {method for _, method in ruled_out["maintenance"]} == {"full"}
    )
    assert {name for name, _ in ruled_out["licence"]} == {"qwen2.5-3b-instruct"}
    here = constraints.weigh(Limit("availability"), Work())
    assert {option.model.name for option in here if option.passes} == {smollm2.NAME}


def test_time_and_budget_are_not_guessed_without_a_measured_step() -> None:
    assert {option.passes for option in constraints.weigh(Limit("time", 2.0), Work(tokens=1e6))} == {None}
    small = find("smollm2-135m-instruct")
    assert small is not None
    work = Work(tokens=1e6, speeds={"qlora": Speed(500.0, small.shape.params, "measured in run 1")})
    timed = {(o.model.name, o.method): o for o in constraints.weigh(Limit("time", 2.0), work)}
    assert timed["smollm2-135m-instruct", "qlora"].hours == pytest.approx(1e6 / 500 / 3600)
    assert timed["smollm2-135m-instruct", "qlora"].passes and timed["llama-3.1-8b-instruct", "qlora"].passes is False
    assert "scaled by size from what was measured in run 1" in timed["llama-3.1-8b-instruct", "qlora"].reason
    full = timed["smollm2-135m-instruct", "full"]
    assert full.passes is None and full.hours is None and full.reason.startswith("no step by full has been measured")
    priced = constraints.weigh(Limit("budget", 1.0, 2.0), work)
    assert "costs about 1.11 of 1" in next(o.reason for o in priced if (o.model, o.method) == (small, "qlora"))


def test_a_constraint_without_its_amount_is_refused() -> None:
    for limit in (Limit("memory"), Limit("time", 0), Limit("budget", 5.0)):
        with pytest.raises(InputError):
            constraints.weigh(limit, Work())


def test_a_conversation_longer_than_the_context_rules_a_model_out() -> None:
    options = constraints.weigh(Limit("licence"), Work(seq=6000))
    assert all(not o.passes for o in options if o.model.name == "llama-2-7b-chat")


def test_readiness_asks_for_a_prompt_coverage_and_consistency() -> None:
    assert any("prompt" in reason for reason in should_finetune(500).reasons)
    assert should_finetune(500, prompt_falls_short=False).verdict == "not yet"
    assert should_finetune(500, prompt_falls_short=True).verdict == "go"
    assert should_finetune(500, coverage_gaps=2).verdict == "mend first"
    assert should_finetune(500, open_inconsistencies=20).verdict == "go"
    assert should_finetune(500, open_inconsistencies=40).verdict == "mend first"
    assert should_finetune(500, checked=False).verdict == "mend first"
