"""Training settings: checked when read, written back unchanged, questioned where unusual."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from training.config import TrainConfig, read_config, unusual
from training.old_names import OURS

SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["qlora", "lora", "full"]),
        "rank": st.integers(1, 1024),
        "alpha": st.floats(0.1, 512),
        "learning_rate": st.floats(1e-7, 0.5),
        "epochs": st.floats(0.1, 20),
        "target_modules": st.one_of(st.just("all-linear"), st.lists(st.sampled_from(["q_proj", "v_proj"]), min_size=1)),
        "eval_every": st.none() | st.integers(1, 50),
        "limit": st.none() | st.integers(1, 50),
        "seed": st.integers(0, 2**32 - 1),
        "max_grad_norm": st.none() | st.floats(0.01, 10),
    },
)


@given(SETTINGS)
def test_settings_survive_a_round_trip_through_json(settings: dict[str, Any]) -> None:
    config = read_config(settings)
    assert read_config(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"learning_rat": 1e-4}, "learning_rat: unknown setting"),
        ({"num_train_epochs": 2}, "num_train_epochs: unknown setting; here it is epochs"),
        ({"evaluation_strategy": "steps"}, "evaluation_strategy: unknown setting; here it is eval_every"),
        ({"per_device_train_batch_size": 2}, "per_device_train_batch_size: unknown setting; here it is batch_size"),
        ({"patience": 0}, "patience: .*; null for off or all"),
        ({"max_grad_norm": 0}, "max_grad_norm: .*; null for off or all"),
        ({"rank": 0}, "rank"),
        ({"learning_rate": -1}, "learning_rate"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"method": "dora"}, "method"),
        ({"epochs": 0}, "epochs"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        read_config(settings)


def test_each_name_from_elsewhere_is_no_setting_here_and_leads_to_one() -> None:
    assert not set(OURS) & set(TrainConfig.model_fields) and set(OURS.values()) <= set(TrainConfig.model_fields)


def test_the_defaults_are_not_unusual() -> None:
    assert unusual(TrainConfig(), 1000) == ()


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"learning_rate": 2e-5}, "low"),
        ({"learning_rate": 5e-3}, "high"),
        ({"method": "full", "learning_rate": 2e-4}, "high"),
        ({"rank": 8, "alpha": 64}, "Alpha"),
        ({"epochs": 10}, "by heart"),
        ({"batch_size": 16, "gradient_accumulation": 4}, "64 conversations"),
        ({"dropout": 0.5}, "Dropout"),
        ({"target_modules": ["q_proj"]}, "some layers"),
    ],
)
def test_an_unusual_setting_is_questioned_but_not_forbidden(settings: dict[str, Any], word: str) -> None:
    assert any(word in sentence for sentence in unusual(read_config(settings), 1000))


def test_too_few_steps_are_questioned() -> None:
    assert any("optimiser steps" in sentence for sentence in unusual(TrainConfig(epochs=1), 24))
