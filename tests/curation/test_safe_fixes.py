"""A fix is safe only where it cannot change what is said; and no text, however odd or long, holds a check up."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from core.types import Example, Finding, Message
from curation.apply import replaced
from curation.bare import check_file, curate_file
from curation.checks import CHECKS
from curation.checks.base import chat, of
from curation.evidence.harmless import breaks_json, is_exact, is_verse
from curation.runner import run_checks

FAST = [
    check.name
    for check in CHECKS
    if check.name.split(".")[0] in ("format", "tone", "privacy", "spelling", "language") and check.cost == "fast"
]
PROSE = tuple(chat(f"Case {i}?", f"The code of the case is A{i}, as listed, and no other.") for i in range(10, 70))


def found(*examples: Example) -> list[Finding]:
    return list(run_checks(examples, FAST).findings)


def after_safe_fixes(example: Example, others: tuple[Example, ...] = PROSE) -> str:
    """The answer of an example after every safe proposal about it."""
    edits = [
        edit
        for finding in found(*others, example)
        if finding.example_id == example.id and finding.proposal and finding.proposal.safe
        for edit in finding.proposal.replacements
    ]
    return replaced(example.messages, edits).messages[-1].content


@pytest.mark.parametrize(
    "answer",
    [
        "pH is 7.35 in this case.",
        "mRNA was found in the sample.",
        "eGFR is 45 in this case.",
        "iPhone users do it in the settings.",
        "n-butanol is what was used here.",
        "x is the number of cases.",
        "user@example.com is the address to use.",
        "print(total) is what it does",
        "git commit -m done",
        "npm install express",
        "settings.json holds it.",
        "SELECT name FROM cases;",
        "find . -name notes.txt",
        "The page is at https://example.com/cases",
        "The file is /etc/hosts",
        "There are 5! of these: 120, as 5 x 4 x 3 x 2 gives 120, and not 10!",
        '{"code": "A10", "why": "the “old” table"}',
        "def f(x):\n    return x  + 1",
        "- old line\n+ new line\n+ another",
        "<p>The code is A10</p>",
        "¡Hola! El código es A10!",
        "Why don't people ask for it?",
        "See https://example.com/?a=1&copy;=2 for it.",
        "key: value\nother: 5mg",
        "a | b\n--- | ---\nx  y | z",
        "/**\n * The code.\n * @return it\n */",
    ],
)
def test_what_is_written_on_purpose_is_not_changed_without_a_look(answer: str) -> None:
    assert after_safe_fixes(chat("Case x?", answer)) == answer


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        ("the code of the case is A10.", "The code of the case is A10."),
        ("non-contributory, as listed.", "Non-contributory, as listed."),
        ("The code of the case is A10", "The code of the case is A10."),
        ("The code isn't “A10”.", 'The code is not "A10".'),
        ("The share is 60%!!", "The share is 60%."),
        ("The code  is A10.", "The code is A10."),
        ("The code is A10 &amp; A11.", "The code is A10 & A11."),
    ],
)
def test_plain_slips_are_mended_without_a_look(answer: str, after: str) -> None:
    assert after_safe_fixes(chat("Case x?", answer)) == after


def test_entities_and_broken_encodings_stay_where_they_are_what_is_spoken_of() -> None:
    about = chat("How do I write an ampersand in HTML?", "Write it as &amp; in the text, as listed.")
    assert after_safe_fixes(about) == about.answer
    broken = chat("Why do I see this text?", "It is UTF-8 read as Latin-1: FlÃ¼gel is what comes out.")
    assert after_safe_fixes(broken) == broken.answer
    assert after_safe_fixes(chat("Case x?", "The code is &lt;b&gt; as listed.")) == "The code is &lt;b&gt; as listed."


def test_spaces_that_set_columns_stay() -> None:
    table = "name      age\nAnna      34\nBert      56"
    assert after_safe_fixes(chat("Case x?", table)).startswith(table)


def test_words_do_not_grow_together_where_a_control_character_parts_them() -> None:
    assert after_safe_fixes(chat("Case x?", "The code\x0cis A10.")) == "The code\nis A10."
    assert after_safe_fixes(chat("Case x?", "The \x1b[31mcode\x1b[0m is A10.")) == "The code is A10."
    khmer = "សួស្តី\u200bពិភពលោក"
    assert after_safe_fixes(chat("Case x?", khmer)).startswith(khmer)


def test_verse_keeps_its_marks() -> None:
    verse = "The day is done!\nThe stars don't fall\nupon the sea\nor on us all."
    assert is_verse(verse)
    assert after_safe_fixes(chat("A poem?", verse)) == verse


def test_the_point_of_an_abbreviation_is_no_departure() -> None:
    titles = tuple(chat(f"Case {i}?", f"Ward number {i}") for i in range(60))
    for answer in ("Washington, D.C.", "F.E.A.R.", "Acme Inc.", "Beds, chairs, etc."):
        assert not [f for f in found(*titles, chat("Case x?", answer)) if f.reason == "final-punctuation"]


def test_no_proposal_breaks_json() -> None:
    rows = tuple(chat(f"Case {i}?", f'{{"code": "A{i}", "why": "it is \'listed\'"}}') for i in range(60))
    odd = chat("Case x?", '{"code": "A99", "why": "it is “listed”"}')
    for finding in found(*rows, odd):
        if finding.example_id == odd.id and finding.proposal:
            json.loads(replaced(odd.messages, finding.proposal.replacements).messages[-1].content)
    assert breaks_json('{"a": 1}', '{"a" 1}')
    assert not breaks_json("no JSON", "{")


def test_notes_are_not_taken_for_code() -> None:
    for text in ("Denies any drug allergies", "BP 120/80, SpO2 98% (room air).", "She doesn't smoke; drinks at times."):
        assert not is_exact(text)


_LONG = 300_000


@pytest.mark.parametrize(
    "answer",
    [
        "a" * _LONG,
        "a@" * (_LONG // 2),
        "123 " * (_LONG // 4),
        "` a " * (_LONG // 4),
        "I am sorry. Feel free to ask. Don't. " * (_LONG // 40),
        "Well done! " * (_LONG // 11),
        "x \n" * (_LONG // 3),
        "[" * _LONG,
        '{"a":' * 1000 + "1" + "}" * 1000,
        "\n".join(f"- item {i}" for i in range(20_000)),
        "\n".join(f"x{i} = f({i})" for i in range(20_000)),
        "😊" * 5_000,
        "هذا هو الجواب " * 5_000,
        "这是答案。" * 5_000,
    ],
    ids=lambda answer: repr(answer[:12]),
)
def test_a_long_odd_answer_takes_no_more_than_linear_time(answer: str) -> None:
    began = time.perf_counter()
    found(*PROSE, chat("A long one?", answer))
    assert time.perf_counter() - began < 10


def test_a_row_whose_answer_has_an_unknown_role_is_not_dropped_without_a_look() -> None:
    row = of(Message("user", "Which code?"), Message("doctor", "It is A10."))
    assert not [f for f in found(row) if f.proposal and f.proposal.action == "drop"]
    nothing = of(Message("user", "Which code?"), Message("doctor", " "))
    assert [f for f in found(nothing) if f.proposal and f.proposal.action == "drop" and f.proposal.safe]


def test_a_norm_that_the_fixes_themselves_make_edits_no_rows(tmp_path: Path) -> None:
    rows = [chat(f"Case {i}?", f"The code of the case is A{i}, as listed.") for i in range(139)]
    rows += [chat(f"Case {i}?", f"The code of the case is A{i}!") for i in range(139, 149)]
    rows.append(chat("Case x?", 'The slogan is "Play our games!” in the table.'))
    file, out = tmp_path / "rows.jsonl", tmp_path / "out.jsonl"
    file.write_text(
        "".join(
            json.dumps({"messages": [{"role": m.role, "content": m.content} for m in row.messages]}) + "\n"
            for row in rows
        )
    )
    first = {finding.reason for finding in check_file(file).checks.findings}
    assert "exclamation" not in first
    kept = curate_file(file, out).kept
    assert "exclamation" in {finding.reason for finding in run_checks(kept, FAST).findings}, "a norm by now"
    assert sum(example.answer.endswith("!") for example in kept) == 10
