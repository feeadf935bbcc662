"""Metrics are real modules of the `evaluate` library that load and run without a network."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from core.errors import InputError
from evaluation.metrics_loader import SHIPPED, compare_metrics, load_metric, measure


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def per_item(name: str, answers: list[str], references: list[str]) -> tuple[float | None, ...]:
    return measure(load_metric(name), answers, references).per_item


@pytest.mark.parametrize("name", [one.name for one in SHIPPED])
def test_every_shipped_metric_is_a_module_of_evaluate_and_says_what_it_does(name: str) -> None:
    import evaluate

    metric = load_metric(name)
    assert isinstance(metric, evaluate.Metric) and metric.name == name
    assert len(metric.description) > 80 and "per_item" in metric.inputs_description


def test_exact_match_folds_case_and_space_only() -> None:
    assert per_item("exact_match", ["Yes,  it IS.", "yes it is"], ["yes, it is."] * 2) == (1.0, 0.0)


def test_token_f1_works_in_any_script() -> None:
    found = per_item(
        "token_f1", ["the code is E11", "Straße", "", "x", "Ответ да"], ["the code", "STRASSE", "", "y", "да"]
    )
    assert found == pytest.approx((2 / 3, 1.0, 1.0, 0.0, 2 / 3))


def test_code_match_wants_the_same_codes_whatever_the_words() -> None:
    reference = "The code is E11.9."
    answers = ["Use e11.9", "E11.9, and also I10", "E11.8", "none", "Code: (E11.9) for 2 patients"]
    assert per_item("code_match", answers, [reference] * 5) == (1.0, 0.0, 0.0, 0.0, 1.0)
    assert per_item("code_match", ["yes", "99213"], ["no code here, 12 mg", "CPT 99213"]) == (None, 1.0)


def test_items_that_cannot_be_scored_are_counted_apart() -> None:
    summary, columns = compare_metrics(["I10", "b"], ["I10", "I11"], ["I10", "no code"], names=["code_match"])
    assert (summary["code_match"]["n"], summary["code_match"]["n_not_scored"]) == (1, 1)
    assert columns == {"base_code_match": [1.0, None], "tuned_code_match": [1.0, None]}


def test_no_answers_give_no_figure() -> None:
    summary, _ = compare_metrics([], [], [])
    assert all(one["base"]["value"] is None and one["n"] == 0 for one in summary.values())


def test_a_file_of_the_same_name_in_the_current_folder_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "exact_match").mkdir()
    (tmp_path / "exact_match" / "exact_match.py").write_text("raise SystemExit('the wrong file')\n")
    monkeypatch.chdir(tmp_path)
    assert per_item("exact_match", ["a"], ["a"]) == (1.0,)


def test_an_unknown_metric_is_named_with_those_that_exist() -> None:
    with pytest.raises(InputError, match="token_f1"):
        load_metric("beauty")
    with pytest.raises(InputError, match="beauty"):
        compare_metrics(["a"], ["a"], ["a"], names=["beauty"])
