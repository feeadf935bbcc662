"""Metrics are real modules of the `evaluate` library that load and run without a network."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from core.errors import FinetoothError, InputError
from evaluation.metrics_loader import SHIPPED, compare_metrics, load_metric, measure, not_run


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


@pytest.mark.parametrize("name", [one.name for one in SHIPPED])
def test_the_frame_of_the_metrics_stands_in_one_place(name: str) -> None:
    from evaluation.metrics_loader import FOLDER

    text = (FOLDER / name / f"{name}.py").read_text(encoding="utf-8")
    assert "frame.PerAnswer" in text
    assert not any(line in text for line in ("MetricInfo", "def words(", "def mean(", "import datasets"))


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


def test_an_unknown_metric_is_named_with_those_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match="beauty") as raised:
        load_metric("beauty")
    assert "token_f1" in raised.value.hint
    with pytest.raises(InputError, match="beauty"):
        compare_metrics(["a"], ["a"], ["a"], names=["beauty"])


def test_rouge_l_is_that_of_rouge_score_and_counts_letters_of_every_script() -> None:
    answers = ["the code is E11.9", "kitten sitting", "police kill the gunman", "", "", "Код тот же", "代码"]
    references = [
        "The code is E11.",
        "sitting kitten on mat",
        "police killed the gunman",
        "",
        "x",
        "код не тот",
        "代码",
    ]
    # The first three as rouge_score 0.1.2 gives them, which drops every letter outside ASCII.
    expected = (0.888888888888889, 0.3333333333333333, 0.75, 1.0, 0.0, 2 / 3, 1.0)
    assert per_item("rouge_l", answers, references) == pytest.approx(expected)


def test_chrf_is_that_of_sacrebleu() -> None:
    answers = ["the code is E11.9", "Ответ да", "ab", "kitten sitting", "", "", "xyz"]
    references = ["The code is E11.", "Ответ: да.", "abcdef", "sitting kitten on mat", "", "x", "abc"]
    # sacrebleu 2.6.0, CHRF().sentence_score(...) / 100
    expected = (0.8848936178331398, 0.41715026158413415, 0.3125, 0.531294114501584, 1.0, 0.0, 0.0)
    assert per_item("chrf", answers, references) == pytest.approx(expected)


def test_a_refusal_is_told_from_an_answer() -> None:
    answers = [
        "I'm sorry, but I cannot help with that.",
        "The code is I10.",
        "I am unable to say.",
        "Sorry to hear it.",
    ]
    assert per_item("refusal_rate", answers, [""] * 4) == (1.0, 0.0, 1.0, 0.0)


def test_an_answer_caught_in_a_loop_repeats_itself_and_has_little_variety() -> None:
    loop, plain = "and so on and on " * 20, "The code for gout is M10.9 in every table."
    assert per_item("repetition", [loop, plain, "no"], [""] * 3) == pytest.approx((1 - 5 / 97, 0.0, 0.0))
    measured = measure(load_metric("distinct_n"), ["a b c", "a b c", "x"], [""] * 3)
    assert measured.per_item == (1.0, 1.0, None)
    assert measured.value == 0.5


def test_answers_that_say_nothing_are_counted() -> None:
    assert per_item("empty_share", ["", " … ", "7", "да"], [""] * 4) == (1.0, 1.0, 0.0, 0.0)


def test_words_recited_from_training_are_told_from_own_words() -> None:
    taught = "For type 2 diabetes without complications the code in the table is E11.9."
    answers = [taught, "Yes: for type 2 diabetes without complications the code is one that I forgot today", "E11.9."]
    metric = load_metric("train_copy")
    measured = measure(metric, answers, [""] * 3, training=[taught])
    assert measured.per_item == pytest.approx((1.0, 8 / 15, None))


def test_metrics_that_need_more_run_where_it_is_given_and_are_named_where_not() -> None:
    given = {
        "truncated": ([True, False], [False, None]),
        "departures": ([0, 2], [None, None]),
        "leaks": ([0, 0], [3, 0]),
        "training": (["a"], ["a"]),
    }
    summary, columns = compare_metrics(["a", "b"], ["c", "d"], ["e", "f"], given=given)
    assert set(summary) == {one.name for one in SHIPPED} and not_run(given) == {}
    assert columns["base_truncated_share"] == [1.0, 0.0] and columns["tuned_truncated_share"] == [0.0, None]
    assert columns["base_format_validity"] == [1.0, 0.0] and summary["format_validity"]["n"] == 0
    assert columns["tuned_privacy_leaks"] == [1.0, 0.0]
    without, _ = compare_metrics(["a"], ["c"], ["e"])
    needing = [one for one in SHIPPED if one.needs]
    assert {one.name for one in needing} == {one.name for one in SHIPPED} - set(without)
    assert set(not_run({})) == {one.title for one in needing}
    with pytest.raises(InputError, match="privacy_leaks cannot run"):
        compare_metrics(["a"], ["c"], ["e"], names=["privacy_leaks"])


FOREIGN = """
import datasets
import evaluate


class SameStart(evaluate.Metric):
    def _info(self):
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description="", citation="", inputs_description="",
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def _compute(self, predictions, references):
        if any(p == "BOOM" for p in predictions):
            raise ValueError("it fails")
        return {"share": sum(p[:1] == r[:1] for p, r in zip(predictions, references)) / len(predictions)}
"""


def test_any_metric_of_evaluate_is_taken_by_path_and_scored_item_by_item(tmp_path: Path) -> None:
    path = tmp_path / "same_start" / "same_start.py"
    path.parent.mkdir()
    path.write_text(FOREIGN)
    answers, references = ["ab", "b", "c"], ["ax", "c", "cx"]
    summary, columns = compare_metrics(["x"] * 3, answers, references, names=["exact_match"], others=[str(path.parent)])
    assert columns["tuned_same_start"] == [1.0, 0.0, 1.0]
    assert summary["same_start"]["corpus"] == {"base": 0.0, "tuned": pytest.approx(2 / 3)}


def test_a_metric_that_fails_says_so_and_leaves_no_text_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import evaluate

    monkeypatch.setattr(evaluate.config, "HF_METRICS_CACHE", tmp_path / "cache")
    path = tmp_path / "same_start.py"
    path.write_text(FOREIGN)
    metric = load_metric(str(path))
    with pytest.raises(FinetoothError, match="same_start cannot be run"):
        measure(metric, ["BOOM"], ["private words"])
    assert not list(tmp_path.rglob("*.arrow"))
    assert not [f for f in (tmp_path / "cache").rglob("*") if f.is_file() and b"private words" in f.read_bytes()]


def test_a_metric_of_the_hub_that_is_not_at_hand_is_an_error_without_a_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match="no metric no_such_metric"):
        load_metric("no_such_metric")
