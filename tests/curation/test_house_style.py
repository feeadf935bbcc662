"""The house style: read from its table, strict about what it knows, and above what the set does."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError
from core.workspace import Workspace
from curation.checks.base import chat
from curation.evidence.batch import Batch
from curation.evidence.habits import HABITS
from curation.evidence.house_style import _OUTRANKS, CHOICES, NUMBERS, SWITCHES, HouseStyle
from curation.evidence.house_style_rules import rules
from curation.project_settings import path_of, read_settings, set_style
from curation.runner import Settings, run_checks


def written(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "finetooth.toml"
    file.write_text(text, encoding="utf-8")
    return Settings.from_toml(file)


def test_a_house_style_is_read_beside_the_thresholds(tmp_path: Path) -> None:
    settings = written(
        tmp_path, '[check]\nmin_group = 30\n\n[style]\nbullets = "-"\ncontractions = false\nmax_words = 120'
    )
    assert settings.min_group == 30
    assert settings.style.keys == {"bullets": "-", "contractions": False, "max_words": 120}
    assert {"list-marker", "contraction"} <= settings.style.declared


@pytest.mark.parametrize(
    ("table", "told"),
    [('bullet = "-"', "no rule 'bullet'"), ('bullets = "x"', "'bullets' in [style] must be one of '-'"),
     ("contractions = 0", "must be true or false"), ("max_words = true", "a whole number over 0"),
     ("max_words = 0", "a whole number over 0"), ("quotes = 1", "'straight'")],
)  # fmt: skip
def test_what_the_vocabulary_does_not_know_is_named(tmp_path: Path, table: str, told: str) -> None:
    with pytest.raises(InputError) as error:
        written(tmp_path, f"[style]\n{table}")
    assert told in error.value.message and "finetooth.toml" in error.value.message
    with pytest.raises(InputError):
        written(tmp_path, 'style = "plain"')


def test_every_rule_of_the_vocabulary_is_known_everywhere() -> None:
    names = [field.name for field in fields(HouseStyle)]
    assert sorted(names) == sorted([*CHOICES, *SWITCHES, *NUMBERS]) == sorted(_OUTRANKS)


def declarations() -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [(key, value) for key, values in CHOICES.items() for value in values]
    return [*found, ("bold", False), ("lists", False), ("capital_start", True), ("min_words", 5), ("max_words", 50)]


@pytest.mark.parametrize(("key", "value"), declarations())
def test_every_declaration_has_its_rule(key: str, value: Any) -> None:
    found = rules(HouseStyle(**{key: value}))
    assert found or key == "person"
    assert all(rule.habit in HABITS or rule.key.endswith("_words") for rule in found)


@pytest.mark.parametrize(
    ("style", "answer", "fixed"),
    [
        ({"bullets": "-"}, "It is:\n* one.\n* two.", "It is:\n- one.\n- two."),
        ({"numbering": "1."}, "1) one.\n2) two.", "1. one.\n2. two."),
        ({"headings": "##"}, "# One\n\nIt is.\n\n## Two\n\nSo.", "## One\n\nIt is.\n\n### Two\n\nSo."),
        ({"headings": "bold"}, "# One\n\nIt is.", "**One**\n\nIt is."),
        ({"headings": "none"}, "# One\n\nIt is.", "One\n\nIt is."),
        ({"quotes": "straight"}, "It’s “so”.", 'It\'s "so".'),
        ({"quotes": "curly"}, 'It\'s "so".', "It’s “so”."),
        ({"dash": "–"}, "It is - so.", "It is – so."),
        ({"dates": "2026-11-21"}, "On March 3, 2026.", "On 2026-03-03."),
        ({"dates": "November 21, 2026"}, "On 03.12.2026.", "On December 3, 2026."),
        ({"dates": "2026-11-21"}, "On 3/4/2026.", None),
        ({"dates": "2026-11-21"}, "On 3/14/2026.", "On 2026-03-14."),
        ({"times": "3:00 pm"}, "At 4:30PM.", "At 4:30 pm."),
        ({"thousands": "1,000"}, "It has 12345 parts.", "It has 12,345 parts."),
        ({"decimals": "comma"}, "It is 2.5 m.", "It is 2,5 m."),
        ({"percent": "5%"}, "It is 5 percent.", "It is 5%."),
        ({"units": "5 mg"}, "Take 5mg.", "Take 5 mg."),
        ({"final_punctuation": "full stop"}, "It is so", "It is so."),
        ({"final_punctuation": "none"}, "It is so.", "It is so"),
        ({"bold": False}, "It is **so**.", "It is so."),
        ({"capital_start": True}, "it is so.", "It is so."),
        ({"max_words": 3}, "It is not so.", None),
        ({"min_words": 5}, "It is so.", None),
    ],
)
def test_a_departure_says_what_the_house_style_asks_for_and_how_to_mend_it(
    style: dict[str, Any], answer: str, fixed: str | None
) -> None:
    row = chat("Case?", answer)
    report = run_checks([row], ["format.style"], settings=Settings(style=HouseStyle(**style)))
    (finding,) = report.findings
    assert finding.message.startswith("The house style asks for answers that ")
    assert all(norm.declared for norm in report.norms) and report.norms
    edits = finding.proposal.replacements if finding.proposal else ()
    text = answer
    for edit in sorted(edits, key=lambda e: e.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    assert (text if edits else None) == fixed


def test_the_house_style_outranks_what_the_set_does() -> None:
    rows = [chat(f"Case {i}?", f"It is:\n* {i} one.\n* {i} two.") for i in range(40)]
    odd = chat("Case x?", "It is:\n- 41 one.\n- 41 two.")
    assert [f.example_id for f in run_checks([*rows, odd], ["format.norm"]).findings] == [odd.id]
    declared = Settings(style=HouseStyle(bullets="-"))
    report = run_checks([*rows, odd], ["format"], settings=declared)
    assert {f.example_id for f in report.findings} == {row.id for row in rows}
    assert {f.check for f in report.findings} == {"format.style"}


def test_what_the_house_style_allows_is_no_departure() -> None:
    rows = [chat(f"Case {i}?", f"The code is A{i}.") for i in range(40)]
    odd = chat("Case x?", "The code is **A99**.")
    assert run_checks([*rows, odd], ["format.norm"]).findings
    assert not run_checks([*rows, odd], ["format"], settings=Settings(style=HouseStyle(bold=True))).findings


def test_a_style_is_declared_on_the_record_and_comments_stay(tmp_path: Path) -> None:
    project = Workspace.create(tmp_path / "project")
    path_of(project).write_text('# ours\n[style]\nquotes = "curly"  # as in print\ndash = "–"\n', encoding="utf-8")
    assert set_style(project, {"quotes": "curly", "max_words": 120}, "Ana")
    text = path_of(project).read_text(encoding="utf-8")
    assert "# ours" in text and "# as in print" in text and "dash" not in text
    assert read_settings(project).style == HouseStyle(quotes="curly", max_words=120)
    assert not set_style(project, {"max_words": 120, "quotes": "curly"}, "Ana")
    (entry,) = project.ledger.entries("settings")
    assert entry.payload["before"] == {"quotes": "curly", "dash": "–"}
    with pytest.raises(InputError):
        set_style(project, {"max_words": "many"}, "Ana")


def test_a_batch_without_a_style_has_no_findings_of_it() -> None:
    assert not run_checks([chat("Case?", "* so\n* it")], ["format.style"]).findings
    assert Batch([], None).settings.style == HouseStyle()
