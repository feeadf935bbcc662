"""Plan: whether at all, what fits, and settings that are handed to Train."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core import smollm2
from core.errors import InputError
from core.workspace import Workspace
from curation import freeze
from tests.pages.conftest import OpenPage, press, texts
from tests.pages.workspaces import add_run, frozen
from training import plans, tiers
from training.catalogue import MODELS
from training.config import TrainConfig, read_settings
from ui.memory import GIB, METHODS


@pytest.fixture
def ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A frozen workspace; the page is told that the model is not here, so that nothing is converted for it."""
    monkeypatch.setattr(smollm2, "is_ready", lambda: False)
    return frozen(tmp_path / "project")[0]


def test_few_examples_and_changing_facts_speak_against_it(open_page: OpenPage, ready: Workspace) -> None:
    app = open_page(ready, "plan")
    assert "Not yet" in texts(app) and "48 examples are few" in texts(app)
    app.toggle(key="plan_facts_change").set_value(True).run()
    assert "facts that change: retrieval keeps them right" in texts(app).replace("\\", "")


def test_open_findings_of_a_checked_set_ask_to_be_mended(
    open_page: OpenPage, checked: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smollm2, "is_ready", lambda: False)
    assert "Mend the data first" in texts(open_page(checked, "plan"))


def test_the_three_methods_stand_side_by_side_with_what_fits(open_page: OpenPage, ready: Workspace) -> None:
    app = open_page(ready, "plan")
    app.selectbox(key="plan_model").set_value("Qwen/Qwen2.5-7B-Instruct").run()
    assert "Licence Apache-2.0; commercial use of a fine-tune: yes" in texts(app).replace("\\", "")
    app.segmented_control(key="plan_where").set_value("a GPU").run()
    app.number_input(key="plan_gpu").set_value(80.0).run()
    app.number_input(key="plan_batch_size").set_value(1).run()
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["Method"]) == ["QLoRA", "LoRA", "Full"]
    assert list(table["Verdict"]) == ["fits", "fits", "does not fit"]
    app.number_input(key="plan_gpu").set_value(2.0).run()
    assert set(app.dataframe[0].value["Verdict"]) == {"does not fit"}
    assert set(app.dataframe[0].value["Largest batch"]) == {"nothing fits"}


def test_smaller_models_are_offered_first(open_page: OpenPage, ready: Workspace) -> None:
    app = open_page(ready, "plan")
    offered = app.selectbox(key="plan_model").options[:-1]
    order = [next(one.shape.params for one in MODELS if words.startswith(f"{one.name} ")) for words in offered]
    assert order == sorted(order) and "Comes with Finetooth" in texts(app)


def test_the_constraint_named_first_leaves_what_is_possible(open_page: OpenPage, ready: Workspace) -> None:
    app = open_page(ready, "plan")
    app.selectbox(key="plan_constraint").set_value("memory").run()
    assert app.number_input(key="plan_limit_memory").label == "GiB"
    app.number_input(key="plan_limit_memory").set_value(4.0).run()
    assert not app.exception
    left = app.dataframe[0].value
    assert "qwen2.5-7b-instruct" not in set(left["Model"]) and "smollm2-135m-instruct" in set(left["Model"])
    offered = app.selectbox(key="plan_model").options
    assert not any("qwen2.5-7b" in name for name in offered) and any("smollm2-135m" in name for name in offered)
    app.toggle(key="plan_ruled_out").set_value(True).run()
    assert "ruled out" in set(app.dataframe[0].value[""])
    app.toggle(key="plan_ruled_out").set_value(False).run()
    app.selectbox(key="plan_constraint").set_value("licence").run()
    assert "qwen2.5-3b-instruct" not in set(app.dataframe[0].value["Model"])
    assert not app.exception


def test_the_time_of_a_gpu_is_not_told_by_this_machines_processor(
    open_page: OpenPage, ready: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = SimpleNamespace(planned=lambda *_: SimpleNamespace(n_tokens=60_000), METHODS=METHODS, GIB=GIB)
    monkeypatch.setattr("ui.constraints.memory", counted)
    monkeypatch.setattr("ui.constraints.plan_form", SimpleNamespace(is_local=lambda _: True))
    revision_id = freeze.revisions(ready)[0].revision.id
    run_id = add_run(ready, revision_id)
    app = open_page(ready, "plan")
    app.selectbox(key="plan_constraint").set_value("time").run()
    table = app.dataframe[0].value
    times = dict(zip(zip(table["Model"], table["Method"], strict=True), table["Time"], strict=True))
    assert times["smollm2-135m-instruct", "QLoRA"] != "–" and times["smollm2-135m-instruct", "Full"] == "–"
    said = texts(app).replace("\\", "")
    assert f"Time is scaled by size from smollm2-135m-instruct: QLoRA measured in run {run_id}." in said
    app.segmented_control(key="plan_where").set_value("a GPU").run()
    assert not app.exception
    assert set(app.dataframe[0].value["Time"]) == {"–"} and "scaled by size" not in texts(app)


def test_a_simulated_step_is_launched_once_and_stands_beside_the_closed_form(
    open_page: OpenPage, ready: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[TrainConfig] = []
    monkeypatch.setattr(tiers, "simulate_later", lambda _, config, seq, device: launched.append(config))
    app = open_page(ready, "plan")
    press(app, "Simulate a step")
    assert [config.method for config in launched] == ["qlora"]
    result = {"peak_bytes": 2**30, "phase": "forward", "seconds": 4.0}
    monkeypatch.setattr(tiers, "simulated", lambda *_: (None, result))
    app.run()
    assert not app.exception
    assert "1.00 GiB of tensors at the peak, in the forward pass" in texts(app).replace("\\", "")
    assert "Simulate a step" not in [button.label for button in app.button]


def test_a_prompt_that_does_the_job_speaks_against_it(open_page: OpenPage, ready: Workspace) -> None:
    app = open_page(ready, "plan")
    assert "Try a prompt" in texts(app)
    app.segmented_control(key="plan_prompt_tried").set_value("yes").run()
    assert "A prompt with examples does the job" in texts(app)


def test_a_licence_that_forbids_commercial_use_is_said(open_page: OpenPage, ready: Workspace) -> None:
    app = open_page(ready, "plan")
    app.selectbox(key="plan_model").set_value("Qwen/Qwen2.5-3B-Instruct").run()
    assert "no (research only" in texts(app).replace("\\", "")


def test_the_settings_are_kept_and_handed_to_train(open_page: OpenPage, ready: Workspace) -> None:
    app = open_page(ready, "plan")
    app.number_input(key="plan_epochs").set_value(2.0).run()
    app.number_input(key="plan_eval_every").set_value(5).run()
    app.segmented_control(key="plan_method").set_value("lora").run()
    press(app, "Train with this")
    config = plans.kept(ready)
    assert config is not None
    assert (config.method, config.epochs, config.eval_every, config.limit) == ("lora", 2.0, 5, None)
    assert app.title[0].value == "Train", "the person goes on there"
    assert "by lora, rank 16, 2 epochs" in texts(app).replace("\\", "")


OTHERS: dict[str, Any] = {
    "method": "lora",
    "rank": 8,
    "alpha": 20.0,
    "dropout": 0.1,
    "target_modules": ["q_proj", "v_proj"],
    "learning_rate": 3e-4,
    "epochs": 1.5,
    "batch_size": 2,
    "gradient_accumulation": 4,
    "max_tokens": 640,
    "on_unusable": "skip",
    "train_turns": "last",
    "warmup_share": 0.1,
    "scheduler": "linear",
    "weight_decay": 0.01,
    "max_grad_norm": None,
    "gradient_checkpointing": True,
    "seed": 5,
    "eval_every": 7,
    "eval_examples": None,
    "limit": 40,
    "patience": None,
    "min_improvement": 0.25,
    "keep": "last",
    "checkpoint_every": 9,
    "checkpoints_kept": 3,
    "samples": 1,
    "sample_tokens": 16,
    "general_questions": 2,
    "optimizer": "paged_adamw_8bit",
    "padding_free": False,
}
"""Each setting with another value than its default."""


def test_a_file_of_settings_fills_the_form_and_comes_back_unchanged(open_page: OpenPage, ready: Workspace) -> None:
    wanted = TrainConfig(**OTHERS)
    default = TrainConfig().to_dict()
    same = [name for name, value in wanted.to_dict().items() if value == default[name]]
    assert same == ["base_model"], "a setting that the form does not show would come back as its default"
    app = open_page(ready, "plan")
    app.number_input(key="plan_epochs").set_value(2.0).run()
    content = json.dumps(wanted.to_dict()).encode()
    app.file_uploader(key="plan_upload").set_value(("train.json", content, "application/json")).run()
    app.button(key="plan_use_file").click().run()
    assert not app.exception
    press(app, "Train with this")
    assert plans.kept(ready) == wanted


def test_a_file_of_one_setting_leaves_the_others_as_by_default(open_page: OpenPage, ready: Workspace) -> None:
    """As `finetooth train --config` does, whatever was kept before."""
    plans.keep(ready, TrainConfig(epochs=7, rank=4))
    app = open_page(ready, "plan")
    app.file_uploader(key="plan_upload").set_value(("train.json", b'{"epochs": 2}', "application/json")).run()
    app.button(key="plan_use_file").click().run()
    press(app, "Train with this")
    assert plans.kept(ready) == TrainConfig(epochs=2)


def test_a_file_that_is_not_settings_is_refused_by_name(ready: Workspace) -> None:
    for content, said in ((b"epochs: 3", "not JSON"), (b"[1]", "not a JSON object"), (b'{"epoch": 1}', "unknown")):
        with pytest.raises(InputError, match=said):
            read_settings(content, "train.json")


def test_what_is_unusual_is_said_and_what_is_impossible_refused(open_page: OpenPage, ready: Workspace) -> None:
    app = open_page(ready, "plan")
    app.number_input(key="plan_learning_rate").set_value(0.01).run()
    assert "is high for qlora" in texts(app).replace("\\", "")
    app.number_input(key="plan_rank").set_value(0).run()
    assert any("rank" in error.value for error in app.error)
    assert "Train with this" not in [button.label for button in app.button]


def test_a_model_that_is_nowhere_is_one_sentence(open_page: OpenPage, ready: Workspace) -> None:
    app = open_page(ready, "plan")
    app.selectbox(key="plan_model").set_value("another model (folder or hub id)").run()
    app.text_input(key="plan_model_path").set_value("/no/such/model").run()
    assert not app.exception
    assert any("There is no model" in error.value for error in app.error)
