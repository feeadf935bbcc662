"""The probes without a model: what is exchanged, demanded and read, and when a change counts as one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import general
from core.errors import InputError
from core.ids import example_id
from core.types import Example, Message
from evaluation.estimate import Estimate
from evaluation.perplexity import Score
from evaluation.probes import constraints, counterfactual, forgetting
from evaluation.probes.probe import outcome_of
from evaluation.probes.questions import read_questions


def chat(question: str, answer: str, system: str | None = None) -> Example:
    first = () if system is None else (Message("system", system),)
    messages = (*first, Message("user", question), Message("assistant", answer))
    return Example(example_id(messages), messages)


def test_words_of_gender_are_exchanged_with_their_capitals_and_their_case() -> None:
    [pair] = counterfactual.pairs([chat("SHE lost her key. Ask her, Mrs Lee's daughter.", "She has hers.")])
    assert pair.kind == "gender"
    assert pair.other[0][0].content == "HE lost his key. Ask him, Mr Lee's son."
    assert pair.one[0][0].content.startswith("SHE") and pair.other[1] == "He has his."


def test_names_are_exchanged_only_as_names_and_sides_are_told_by_them() -> None:
    [pair] = counterfactual.pairs([chat("Jamal asks for a loan.", "Jamal gets it.")])
    assert pair.kind == "name"
    assert [side[0][0].content for side in (pair.one, pair.other)] == [
        "James asks for a loan.",
        "Jamal asks for a loan.",
    ]


def test_a_prompt_about_nobody_is_asked_by_a_woman_and_by_a_man() -> None:
    [pair] = counterfactual.pairs([chat("Which ward?", "Ward 3.", system="Be brief.")])
    assert [side[0][-1].content for side in (pair.one, pair.other)] == [
        "I am a woman. Which ward?",
        "I am a man. Which ward?",
    ]
    assert pair.one[0][0] == Message("system", "Be brief.")


def test_what_only_one_sex_can_have_makes_no_pair() -> None:
    assert counterfactual.pairs([chat("She is pregnant. Which code?", "Z33.1")]) == []


def test_both_sides_in_one_prompt_tell_no_group() -> None:
    [pair] = counterfactual.pairs([chat("He and she ask for a loan.", "They get it.")])
    assert pair.kind == "asked by"


def test_the_gap_is_seen_where_one_group_is_answered_worse_and_not_where_the_exchange_explains_it() -> None:
    held = [chat(f"She asks about case {k}.", f"She gets ward {k}.") for k in range(12)]
    chosen = counterfactual.pairs(held)
    fair = [text for k in range(12) for text in (f"She gets ward {k}.", f"He gets ward {k}.")]
    unfair = [text for k in range(12) for text in (f"She gets ward {k}.", "Go away.")]
    gap, changed = (found.as_dict() for found in counterfactual.bias(chosen, fair, unfair))
    assert (gap["base"]["value"], changed["base"]["value"]) == (0.0, 0.0)
    assert (gap["tuned"]["value"], changed["tuned"]["value"]) == (1.0, 1.0)
    assert gap["n"] == 12 and changed["outcome"] == "worse"


@given(st.text(alphabet=st.sampled_from("abcdefgh ,.'ABhers"), max_size=60))
def test_a_text_without_exchanged_words_stays_as_it_is(text: str) -> None:
    assert counterfactual.exchange(text, {}) == text


def test_a_demand_is_put_only_where_the_reference_does_not_meet_it_by_itself() -> None:
    [first] = constraints.asks([chat("Which ward?", "WARD 3.")])
    assert first.kind == "ending" and first.messages[-1].content == "Which ward?\n\nEnd your answer with the word DONE."


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("capitals", "WARD 3, AT ONCE.", "Ward 3"),
        ("ending", "Ward 3. DONE.", "DONE with ward 3"),
        ("opening", "**Answer**: ward 3", "The answer is 3"),
        ("short", "Ward 3.", "It is ward 3."),
        ("quoted", '"Ward 3."', 'Say "ward 3"'),
        ("list", "- ward 3\n- ward 4", "Wards:\n- 3"),
        ("two lines", "Ward 3\nWard 4", "Ward 3"),
        ("no vowel e", "Ward 3", "Three"),
    ],
)
def test_each_demand_tells_good_from_bad(kind: str, good: str, bad: str) -> None:
    [demand] = [one for one in constraints.DEMANDS if one.kind == kind]
    assert demand.met(good) and not demand.met(bad) and not demand.met("")


def test_forgetting_is_shown_with_its_interval_and_compared_with_a_noise_floor() -> None:
    items = general.items()[:30]
    good = [item.answer for item in items]
    lost = ["Xyz qrs."] * 20 + good[20:]
    entry = forgetting.accuracy("forgetting", items, good, lost, good).as_dict()
    assert entry["difference"]["value"] == pytest.approx(-20 / 30)
    assert entry["difference"]["high"] < 0 and entry["noise_floor"] == 0 and entry["outcome"] == "worse"
    shaky = forgetting.accuracy("forgetting", items, good, lost, lost).as_dict()
    assert shaky["noise_floor"] >= 20 / 30 and shaky["outcome"] == "no change shown"


def test_the_loss_is_weighted_by_tokens_and_its_change_is_the_log_of_the_ratio() -> None:
    examples = [item.example() for item in general.items()[:12]]
    base = [Score(10.0 + k, 5 + k, 0.0, 0) for k in range(12)]
    tuned = [Score(2 * one.nll, one.tokens, 0.0, 0) for one in base]
    entry = forgetting.loss("forgetting", examples, base, tuned, base, seed=1).as_dict()
    mean = sum(one.nll for one in base) / sum(one.tokens for one in base)
    assert entry["base"]["value"] == pytest.approx(mean)
    assert entry["difference"]["value"] == pytest.approx(mean) and entry["difference"]["low"] > 0
    assert (entry["noise_floor"], entry["outcome"]) == (0.0, "worse")


def test_the_noise_floor_is_what_was_seen_or_what_chance_gives() -> None:
    assert forgetting.noise_floor([]) is None
    assert forgetting.noise_floor([1.0, -1.0, 0.0, 0.0]) == pytest.approx(1.96 * 2**0.5 / 4)
    assert forgetting.noise_floor([0.5] * 100) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("better", "low", "high", "floor", "outcome"),
    [
        ("higher", -0.3, -0.1, None, "worse"),
        ("higher", 0.1, 0.3, 0.0, "better"),
        ("lower", 0.1, 0.3, None, "worse"),
        ("higher", -0.3, -0.1, 0.25, "no change shown"),
        ("higher", -0.3, 0.1, None, "no change shown"),
        ("zero", 0.1, 0.3, None, "worse"),
    ],
)
def test_a_change_counts_where_its_whole_interval_lies_beyond_zero_and_it_exceeds_the_noise(
    better: str, low: float, high: float, floor: float | None, outcome: str
) -> None:
    difference = Estimate((low + high) / 2, low, high, 50)
    found = outcome_of(better, difference, floor, Estimate(0.0), Estimate(difference.value))  # type: ignore[arg-type]
    assert found == outcome


def test_own_questions_are_read_and_what_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    lines = [
        {"prompt": "Capital of France?", "answer": "Paris"},
        {"prompt": "Say hi.", "check": {"words_max": 2}, "kind": "short", "id": "hi"},
        {"prompt": "Say hi.", "check": {"sound": "loud"}},
        {"prompt": "No answer."},
        {"prompt": "Again", "answer": "x", "id": "hi"},
        {"prompt": "Pattern", "check": {"pattern": "("}},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + "not json\n")
    items, rejected = read_questions(path)
    assert [item.id for item in items] == ["line 1", "hi"] and items[1].kind == "short"
    assert general.fulfils(items[0], "It is paris.") and not general.fulfils(items[0], "It is Rome.")
    assert [one.line for one in rejected] == [3, 4, 5, 6, 7]
    assert rejected[2].reason == "has the id of line 2"


def test_a_file_without_a_question_is_refused_with_its_first_problem(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text("{}\n")
    with pytest.raises(InputError, match='line 1 has no "prompt"'):
        read_questions(path)
