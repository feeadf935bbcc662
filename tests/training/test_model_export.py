"""An export holds adapter, merged model, proof, card and serving commands, or nothing at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core import models
from core.errors import BlockedError, InputError
from core.files import sha256_file
from core.workspace import Workspace
from tests.tiny_model import TEMPLATE, tiny_tokenizer
from tests.training.builders import conversations, frozen, tiny_config
from training import model_export, parity
from training.actions import prepare_run
from training.control import Control
from training.model_export import export_model
from training.serving import default_system, is_chatml, modelfile
from training.sft import train

ROOT = Path(__file__).resolve().parents[2]


def trained(tmp_path: Path, base: Path, **settings: object) -> tuple[Workspace, str]:
    """A workspace with one run that has ended, in this process."""
    workspace = Workspace.create(tmp_path / "ws", name="Ward notes")
    train_on, hold_out = conversations(16), conversations(6, start=100)
    revision = frozen(workspace, train_on, hold_out)
    run, _ = prepare_run(workspace, revision, tiny_config(base, **settings), "ada")
    control = Control(lambda stage, done, total: None, lambda: False)
    train(workspace.runs_dir / run.id, run, train_on, hold_out, control)
    return workspace, run.id


def test_an_export_holds_both_parts_with_proof_cards_and_commands(tiny_base: Path, tmp_path: Path) -> None:
    workspace, run_id = trained(tmp_path, tiny_base)
    made = export_model(workspace, run_id, tmp_path / "out", name="ward-notes")
    assert made.parts == ("adapter", "merged") and made.parity is not None and made.parity.holds
    assert json.loads((tmp_path / "out" / "parity.json").read_text())["holds"] is True
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["run"] == run_id
    assert all(sha256_file(tmp_path / "out" / name) == digest for name, digest in manifest["files"].items())
    card = (tmp_path / "out" / "adapter" / "README.md").read_text()
    assert "library_name: peft" in card and "16 to train on, 6 to measure" in card
    assert "--lora-modules ward-notes=./adapter" in card and "vllm serve ./merged" in card
    assert "convert_hf_to_gguf.py ./merged" in card and "ollama create ward-notes -f Modelfile" in card
    assert models.load_model(tiny_base, "nf4", tmp_path / "out" / "adapter") is not None
    assert (tmp_path / "out" / "adapter" / "chat_template.jinja").read_text() == TEMPLATE


def test_a_merge_that_fails_its_proof_is_not_handed_over(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, run_id = trained(tmp_path, tiny_base)
    monkeypatch.setattr(parity, "KL_MAX", 0.0)
    with pytest.raises(BlockedError, match="does not answer as base and adapter do"):
        export_model(workspace, run_id, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


CHILD = """
import sys, time
from pathlib import Path
from core.workspace import Workspace
from training.model_export import export_model

def report(stage, done, total):
    if stage == "compare":
        print("amid", flush=True)
        time.sleep(60)

export_model(Workspace.open(Path(sys.argv[1])), sys.argv[2], Path(sys.argv[3]), progress=report)
"""


def test_what_a_killed_export_left_goes_with_the_next_and_what_another_writes_stays(
    tiny_base: Path, tmp_path: Path
) -> None:
    workspace, run_id = trained(tmp_path, tiny_base)
    words = [sys.executable, "-c", CHILD, str(workspace.path), run_id, str(tmp_path / "out")]

    def started() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout and process.stdout.readline() == b"amid\n"
        return process

    with started() as killed:
        killed.kill()
    (left,) = tmp_path.glob(".out.*.tmp")
    assert (left / "merged").is_dir(), "a kill leaves what was written by then"
    with started() as other:
        (written,) = tmp_path.glob(".out.*.tmp")
        assert written != left
        made = export_model(workspace, run_id, tmp_path / "out")
        assert (made.folder / "manifest.json").is_file()
        assert list(tmp_path.glob(".out.*.tmp")) == [written]
        other.kill()


def test_a_run_trained_in_full_is_exported_whole(tiny_base: Path, tmp_path: Path) -> None:
    workspace, run_id = trained(tmp_path, tiny_base, method="full", learning_rate=1e-3)
    made = export_model(workspace, run_id, tmp_path / "out")
    assert made.parts == ("merged",) and made.parity is None
    assert models.load_model(tmp_path / "out" / "merged").num_parameters() > 0
    with pytest.raises(InputError, match="no adapter"):
        export_model(workspace, run_id, tmp_path / "other", what="adapter")


def test_a_taken_folder_a_wrong_name_and_a_wrong_part_are_refused(tiny_base: Path, tmp_path: Path) -> None:
    workspace, run_id = trained(tmp_path, tiny_base)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "note.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        export_model(workspace, run_id, tmp_path / "taken")
    with pytest.raises(InputError, match="not a model's name"):
        export_model(workspace, run_id, tmp_path / "out", name="../up")
    with pytest.raises(InputError, match="nothing that a run leaves"):
        export_model(workspace, run_id, tmp_path / "out", what="gguf")  # type: ignore[arg-type]
    assert (tmp_path / "taken" / "note.txt").read_text() == "mine"


def test_the_name_comes_from_the_workspace_and_the_run(tiny_base: Path, tmp_path: Path) -> None:
    workspace, run_id = trained(tmp_path, tiny_base)
    export_model(workspace, run_id, tmp_path / "out", what="adapter")
    assert f"ward-notes-{run_id[-6:]}=./adapter" in (tmp_path / "out" / "adapter" / "README.md").read_text()
    assert model_export.MANIFEST in {path.name for path in (tmp_path / "out").iterdir()}


def test_a_modelfile_writes_the_turns_as_they_were_trained() -> None:
    tokenizer = tiny_tokenizer(TEMPLATE)
    assert is_chatml(tokenizer) and default_system(tokenizer) == "You help."
    text = modelfile(tokenizer)
    assert 'SYSTEM """You help."""' in text and 'PARAMETER stop "<|im_end|>"' in text
    assert "<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>" in text


def test_a_modelfile_guesses_no_template() -> None:
    other = tiny_tokenizer("{% for m in messages %}[{{ m.role }}] {{ m.content }}{% endfor %}")
    assert not is_chatml(other)
    assert "TEMPLATE" not in modelfile(other).split("#")[0] and "not ChatML" in modelfile(other)
