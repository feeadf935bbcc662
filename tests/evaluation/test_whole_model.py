"""A model that was trained in full is evaluated beside its base, as an adapter is."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch

from core import models
from core.errors import FinetoothError, InputError
from core.files import write_json
from core.jobs import InlineContext
from core.workspace import Workspace
from evaluation.actions import run_evaluation
from evaluation.queries import evaluation
from evaluation.whole_model import load_beside_base
from tests.evaluation.workspace_with_run import examples, revision
from tests.tiny_model import TEMPLATE, tiny


def test_the_base_answers_inside_the_switch_and_the_tuned_model_outside(tmp_path: Path) -> None:
    base, tuned = tiny(tmp_path / "base"), tiny(tmp_path / "tuned", seed=1)
    model = load_beside_base(base, tuned)
    ids = torch.arange(3, 20).unsqueeze(0)
    with torch.no_grad():
        expected = {name: models.load_model(path, "fp32")(ids).logits for name, path in (("b", base), ("t", tuned))}
        assert torch.equal(model(ids).logits, expected["t"])
        with pytest.raises(RuntimeError), model.disable_adapter():
            assert torch.equal(model(ids).logits, expected["b"])
            raise RuntimeError("whatever happens inside")
        assert torch.equal(model(ids).logits, expected["t"])


def test_a_model_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FinetoothError, match="other parameters"):
        load_beside_base(tiny(tmp_path / "base"), tiny(tmp_path / "tuned", layers=3))


def test_a_model_with_another_chat_template_is_refused(tmp_path: Path) -> None:
    other = tiny(tmp_path / "tuned", template=TEMPLATE.replace("You help.", "You mend."))
    with pytest.raises(FinetoothError, match="another chat template"):
        load_beside_base(tiny(tmp_path / "base"), other)


def test_a_run_that_trained_every_weight_is_evaluated(tmp_path: Path) -> None:
    workspace, base = Workspace.create(tmp_path / "w"), tiny(tmp_path / "base")
    folder = workspace.runs_dir / "run-1"
    run = {"base_model": str(base), "revision_id": revision(workspace, examples(6)), "config": {"method": "full"}}
    write_json(folder / "run.json", run)
    spec = {"workspace": str(workspace.path), "run_id": "run-1", "n_replies": 2, "max_new_tokens": 4}
    with pytest.raises(FinetoothError, match="no model yet"):
        run_evaluation(InlineContext(spec, tmp_path / "job"))
    tiny(folder / "model", seed=1)
    with pytest.raises(InputError, match="float32"):
        run_evaluation(InlineContext({**spec, "precision": "nf4"}, tmp_path / "job"))
    result = run_evaluation(InlineContext(spec, tmp_path / "job"))
    manifest = evaluation(workspace, str(result["evaluation_id"]))["manifest"]
    assert manifest["precision"] == "fp32"
    assert manifest["summary"]["base"]["tokens"] == manifest["summary"]["tuned"]["tokens"] > 0
    assert manifest["summary"]["base"]["nll"] != manifest["summary"]["tuned"]["nll"]
    assert run_evaluation(InlineContext(spec, tmp_path / "job"))["evaluation_id"] == result["evaluation_id"]


def test_only_one_set_of_weights_is_in_memory_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = models.load_model
    loaded: list[weakref.ref[Any]] = []
    alive: list[int] = []

    def counting(*arguments: Any, **named: Any) -> Any:
        gc.collect()
        alive.append(sum(one.numel() > 0 for held in loaded if (one := held()) is not None))
        model = load(*arguments, **named)
        loaded.extend(weakref.ref(p) for p in model.parameters())
        return model

    monkeypatch.setattr(models, "load_model", counting)
    base, tuned = tiny(tmp_path / "base"), tiny(tmp_path / "tuned", seed=1)
    model = load_beside_base(base, tuned)
    ids = torch.tensor([[1, 2, 3, 4]])
    after = model(ids).logits
    for _ in range(2):
        with model.disable_adapter():
            assert torch.equal(model(ids).logits, load(base, "fp32")(ids).logits)
        assert torch.equal(model(ids).logits, after)
    assert alive == [0, 0, 0, 0, 0], "weights of the other model were still held when these were read"
