"""Two texts clash by a value only where it fills the same slot of two claims about the same thing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from curation.clash.codes import codes, codes_differ
from curation.clash.labels import labels_differ, labels_of
from curation.clash.numbers import values_clash
from curation.clash.values_keyed import keyed_differ

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.parametrize(
    ("left", "right", "sentence"),
    [
        ("Give 5 mg twice a day.", "Give 50 mg twice a day.", "Dose differs: 5 mg / 50 mg."),
        ("The dose is 5 mg.", "Give 50 mg.", "Dose differs: 5 mg / 50 mg."),
        ("5 mg", "The standard dose for adults is 50 mg.", "Dose differs: 5 mg / 50 mg."),
        ("42", "43", "Number differs: 42 / 43."),
        ("Two men ran near two women.", "Two men ran near 6 women.", "Number differs: two / 6."),
        ("It costs $25.", "It costs $35 per month.", "Amount of money differs: $25 / $35."),
        ("He died at age 62.", "He died at age 42.", "Age or time differs: 62 / 42."),
        ("The war ended in 1945.", "The war ended in 1918.", "Date differs: 1945 / 1918."),
        ("Refunds take 5 days.", "Refunds take 10 business days.", "Time differs: 5 days / 10 business days."),
        ("Mars has two moons.", "Mars has four moons, Phobos and Deimos among them.", "Number differs: two / four."),
        ("| A | 5 mg |\n| B | 7 mg |", "| B | 7 mg |\n| A | 6 mg |", "Dose differs: 5 mg / 6 mg."),
        ("Take it every 4 hours.", "Take it every 8 hours.", "Frequency differs: every 4 hours / every 8 hours."),
        ("Order AB-1234 today.", "Order AB-1235 today.", "Code differs: AB-1234 / AB-1235."),
        ("It was lowered from 25 mg to 20 mg.", "It was lowered from 25 mg to 40 mg.", "Dose differs: 20 mg / 40 mg."),
        ("3 + 4 = 7", "3 + 4 = 8", "Number differs: 7 / 8."),
    ],
)  # fmt: skip
def test_another_value_in_one_slot_is_told_in_a_sentence(left: str, right: str, sentence: str) -> None:
    clash = values_clash(left, right)
    assert clash is not None
    assert clash.sentence == sentence
    back = values_clash(right, left)
    assert back is not None
    assert (back.left, back.right) == (clash.right, clash.left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("5 mg of A", "50 mg of B"),
        ("Give A 5 mg and B 10 mg.", "Give B 10 mg and A 5 mg."),
        ("Add 2 cups of flour and 1 cup of sugar.", "Add 1 cup of sugar and 2 cups of flour."),
        ("Step 1: open it. Step 2: press.", "Step 1: press. Step 2: open it."),
        ("1. Mix. 2. Bake for 20 min.", "1. Bake for 20 min. 2. Mix."),
        ("Adults: 10 mg. Children: 5 mg.", "Children: 5 mg. Adults: 10 mg."),
        ("For adults give 10 mg.", "For children give 5 mg."),
        ("In summer it is 30 °C.", "In winter it is 5 °C."),
        ("Take 5 mg daily for pain.", "Take 50 mg daily for fever."),
        ("His mother died at 62.", "His father died at 70."),
        ("The GDP grew by 3% in 2019.", "The GDP grew by 2% in 2020."),
        ("He ran 5 km in 25 minutes.", "He ran 10 km in 50 minutes."),
        ("Chapter 3 covers loops.", "Chapter 4 covers functions."),
        ("A man, a woman and two girls walk.", "Four people walk."),
        ("One dog sleeps and another dog barks.", "Two dogs sleep and bark."),
        ("Python came out in 1991.", "Python came out on 20 February 1991."),
        ("The city has 8,336,817 people.", "The city has over 8 million people."),
        ("Use Python 3.", "Use Python 3.11."),
        ("Not 5 mg but more.", "50 mg"),
        ("Is it 5 mg?", "Is it 50 mg?"),
        ("It has three parts.", "It has two engines."),
        ("", "5 mg"),
    ],
)
def test_other_things_in_other_places_are_no_clash(left: str, right: str) -> None:
    assert values_clash(left, right) is None
    assert values_clash(right, left) is None


def test_statements_that_answer_no_common_question_need_more_in_common() -> None:
    assert values_clash("5 mg", "The usual dose for adults is 50 mg.", asked=False) is None
    assert values_clash("The dose for adults is 5 mg.", "The dose for adults is 50 mg.", asked=False) is not None


def test_answers_of_one_code_each_clash_and_a_longer_form_of_the_code_does_not() -> None:
    clash = codes_differ("The code is J20.9.", "It should be J21.0.")
    assert clash is not None
    assert (clash.reason, clash.left, clash.right) == ("code", ((12, 17),), ((13, 18),))
    assert codes_differ("J20", "J20.9") is None
    assert codes_differ("The code is J20.9.", "J209") is None
    assert codes_differ("J20.9", "J218") is not None
    assert codes_differ("J20.9", "J20.9, acute bronchitis, unspecified.") is None
    assert codes_differ("J20.9 and E11.9", "E11.9") is None
    assert codes_differ("Vitamin B12", "COVID-19") is None
    assert codes_differ("J20.9", "AB-1234") is None
    assert codes("J20.9, call 555-1234") == {"J20.9"}


@pytest.mark.parametrize(
    ("left", "right", "sentence"),
    [
        ('{"dose": {"mg": 5}}', '{"more": 1, "dose": {"mg": 50}}', "Value of “dose.mg” differs: 5 / 50."),
        ('{"ok": true}', '```json\n{"ok": false}\n```', "Value of “ok” differs: true / false."),
        ('{"s": "approved"}', '{"s": "rejected"}', "Value of “s” differs: approved / rejected."),
        ('[{"id": 1, "v": 2}]', '[{"id": 2, "v": 3}, {"id": 1, "v": 4}]', "Value of “[1].v” differs: 2 / 4."),
        ("- **Dose:** 5 mg\n- Route: oral", "Route: by mouth\nDose: 6 mg", "Value of “dose” differs: 5 mg / 6 mg."),
        ('{"date": "2024-05-11"}', '{"date": "12 May 2024"}', "Value of “date” differs: 2024-05-11 / 12 May 2024."),
    ],
)  # fmt: skip
def test_two_values_under_one_key_clash(left: str, right: str, sentence: str) -> None:
    clash = keyed_differ(left, right)
    assert clash is not None
    assert (clash.reason, clash.sentence) == ("value", sentence)
    assert left[slice(*clash.left[0])].strip('"') in sentence
    assert right[slice(*clash.right[0])].strip('"') in sentence


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ('{"a": 1}', '{"a": 1.0}'),
        ('{"a": "500 mg"}', '{"a": "0.5 g"}'),
        ('{"a": 1}', '{"b": 2}'),
        ('{"a": null}', '{"a": 2}'),
        ('{"l": [1, 2, 3]}', '{"l": [3, 2, 4]}'),
        ('{"a": 1, "a": 2}', '{"a": 3}'),
        ('{"a": "flu"}', '{"a": "influenza"}'),
        ('{"note": "all fine"}', '{"note": "nothing wrong"}'),
        ('{"a": ' + "[" * 100_000, '{"a": 1}'),
        ("Dose: 5 mg", "Dose: 0.005 g"),
        ("Plan: rest", "Plan: sleep"),
    ],
)
def test_the_same_or_no_value_under_a_key_is_no_clash(left: str, right: str) -> None:
    assert values_clash(left, right) is None
    assert values_clash(right, left) is None


def test_a_label_that_stands_twice_names_no_single_value() -> None:
    assert keyed_differ("Note: 5 mg\nNote: 6 mg", "Note: 7 mg") is None


def test_labels_are_those_of_a_set_of_labels_only() -> None:
    labels = labels_of(["Positive.", "negative", "positive", "Label: negative", "negative", "positive"] * 2)
    assert labels == {"positive", "negative"}
    clash = labels_differ("Positive.", "label: negative", labels)
    assert clash is not None
    assert (clash.reason, clash.left, clash.right) == ("label", ((0, 9),), ((0, 15),))
    assert labels_differ("Positive.", "Label: positive", labels) is None
    assert labels_differ("Positive.", "I do not know.", labels) is None
    assert labels_of(["Yes."] * 3 + ["An answer of many words, and no label."] * 9) == frozenset()
    assert labels_of([]) == frozenset()


def test_true_paraphrases_of_clinic_notes_are_not_flagged() -> None:
    if not DATA.exists():
        pytest.skip("The shared clinic notes are not here.")
    notes = {}
    for line in (DATA / "clinic_notes_train.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        notes[row["meta"]["source_id"]] = row["messages"][-1]["content"]
    told, flagged = 0, []
    with gzip.open(DATA / "clinic_notes_backtranslated.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            note, other = notes[row["meta"]["source_id"].split()[-1]], row["messages"][-1]["content"]
            told += 1
            if values_clash(note, other) or codes_differ(note, other):
                flagged.append(row["meta"]["source_id"])
    assert told == 400
    assert flagged == []


def test_counts_and_orders_of_breaking_nli_are_told_apart() -> None:
    if not DATA.exists():
        pytest.skip("The shared sentence pairs are not here.")
    found = {"contradiction": [0, 0], "entailment": [0, 0]}
    with gzip.open(DATA / "pairs_breaking_nli.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["category"] in ("cardinals", "ordinals") and row["label"] in found:
                found[row["label"]][values_clash(row["premise"], row["hypothesis"]) is not None] += 1
    missed, told = found["contradiction"]
    assert told / (told + missed) >= 0.98
    assert found["entailment"][1] == 0
