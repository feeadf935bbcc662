"""Answers are held against the norms that the dataset taught and searched for personal data nobody gave."""

from __future__ import annotations

import json
from pathlib import Path

from core.ids import example_id
from core.types import Example, Message
from core.workspace import Workspace
from flows.looking import look

WORDS = ("fever", "gout", "asthma", "eczema", "angina", "sepsis", "vertigo", "anaemia", "rash", "cough")


def answered(question: str, answer: str) -> Example:
    messages = (Message("user", question), Message("assistant", answer))
    return Example(example_id(messages), messages)


def test_personal_data_counts_where_its_prompt_does_not_hold_it(tmp_path: Path) -> None:
    judge = look(Workspace.create(tmp_path / "w"))
    invented = judge(answered("Who answers?", "Write to maria.keller@praxis-nord.de for that."))
    given = judge(answered("Is maria.keller@praxis-nord.de right?", "Yes, Maria.Keller@praxis-nord.de is right."))
    assert (invented.leaks, given.leaks) == (1, 0)
    assert invented.departures is None, "no checks have run, so no norms are known"


def test_an_answer_that_breaks_a_norm_of_the_dataset_departs_from_it(tmp_path: Path) -> None:
    from curation import actions, checking

    space = Workspace.create(tmp_path / "w")
    path = tmp_path / "rows.jsonl"
    rows = [
        [
            {"role": "user", "content": f"Which code applies to {word} in case {k}?"},
            {
                "role": "assistant",
                "content": f"The code that applies to {word} here is {chr(65 + k % 9)}{10 + k}.{k % 7}.",
            },
        ]
        for k, word in enumerate(WORDS * 12)
    ]
    path.write_text("".join(json.dumps({"messages": row}) + "\n" for row in rows))
    actions.import_file(space, path, who="ada")
    checking.check(space)
    judge = look(space)
    usual = judge(answered("Which code applies to a burn?", "The code that applies to a burn here is T30.0."))
    odd = judge(answered("Which code applies to a burn?", "the code that applies to a burn here is T30.0"))
    assert usual.departures == 0
    assert odd.departures is not None and odd.departures >= 1
