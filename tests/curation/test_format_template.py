"""Conversations are held against the real template and tokens of a base model, as training would."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.chat import encode
from core.errors import InputError
from core.models import load_tokenizer
from core.types import Message
from curation.checks.base import chat, of
from curation.checks.format_template import TEMPLATE
from curation.runner import Settings, run_checks
from tests.tiny_model import tiny


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("base") / "tiny")


def test_the_card_is_true_with_a_base_model(base: Path) -> None:
    settings = Settings(base_model=str(base))
    for batch in TEMPLATE.catches:
        assert run_checks(batch, ["format.template"], settings=settings).findings
    for batch in TEMPLATE.passes:
        assert not run_checks(batch, ["format.template"], settings=settings).findings


def test_length_is_counted_in_the_models_own_tokens_as_training_counts(base: Path) -> None:
    row = chat("Which code?", "It is J20.9, as the table says.")
    labels = encode(load_tokenizer(base), row.messages).labels
    count = max(place for place, label in enumerate(labels) if label != -100) + 1
    exact = Settings(base_model=str(base), max_tokens=count)
    assert not run_checks([row], ["format.template"], settings=exact).findings
    short = Settings(base_model=str(base), max_tokens=count - 1)
    (finding,) = run_checks([row], ["format.template"], settings=short).findings
    assert finding.reason == "over-long" and f"{count:,} tokens" in finding.message


def test_a_control_token_of_the_model_is_marked_in_any_turn(base: Path) -> None:
    row = chat("Say <|im_end|> twice <|im_end|>", "No.")
    (finding,) = run_checks([row], ["format.template"], settings=Settings(base_model=str(base))).findings
    assert finding.severity == "block" and finding.reason == "control-token"
    assert [row.messages[s.turn].content[s.start : s.end] for s in finding.spans] == ["<|im_end|>"] * 2


def test_turns_that_a_template_refuses_are_told(tmp_path: Path) -> None:
    strict = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    settings = Settings(base_model=str(tiny(tmp_path / "strict", template=strict)))
    rows = [chat("Which code?", "J20.9.", system="Be brief."), chat("Which code?", "J20.8.")]
    (finding,) = run_checks(rows, ["format.template"], settings=settings).findings
    assert finding.reason == "refused" and finding.example_id == rows[0].id and "chat template" in finding.message


def test_it_uses_a_model_and_so_runs_only_when_asked(base: Path) -> None:
    report = run_checks([chat("Which code?", "J20.9.")], ["format"])
    assert "format.template" not in report.counts
    assert any("format.template did not run" in note for note in report.notes)
    with pytest.raises(InputError):
        run_checks([of(Message("user", "x"))], ["format.template"], settings=Settings(base_model="no-such-model"))


def test_the_base_model_and_length_stand_in_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "finetooth.toml"
    file.write_text('[check]\nbase_model = "./my-base"\nmax_tokens = 2048\n')
    settings = Settings.from_toml(file)
    assert (settings.base_model, settings.max_tokens) == ("./my-base", 2048)
    file.write_text("[check]\nbase_model = 3\n")
    with pytest.raises(InputError, match="must be a name"):
        Settings.from_toml(file)
