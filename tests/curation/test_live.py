"""A text that is being edited is judged at once, as the next run of the checks would judge it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.types import Example, Message
from core.workspace import Workspace
from curation import actions, checking, learned, live, project_settings, queries
from tests.conftest import chat

DEMO = Path(__file__).resolve().parent.parent.parent / "examples" / "icd10_coding.jsonl"
JUDGED = (*live.ALONE, *live.AGAINST)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo dataset, imported and checked; the tests only read it."""
    workspace = Workspace.create(tmp_path_factory.mktemp("live") / "demo")
    actions.import_file(workspace, DEMO, who="Ada")
    checking.check(workspace)
    return workspace


def _of(workspace: Workspace, example_id: str) -> set[tuple[object, ...]]:
    found = queries.findings(workspace, example_id=example_id, state="all", limit=500).items
    return {
        (v.finding.check, v.finding.reason, v.finding.spans, v.finding.message)
        for v in found
        if v.finding.check in JUDGED and v.finding.example_id == example_id
    }


def test_every_row_of_the_demo_is_judged_alone_exactly_as_the_run_over_the_set_judged_it(demo: Workspace) -> None:
    n_findings = 0
    for example in queries.current(demo)[0]:
        judged = live.judge(demo, example.messages, meta=example.meta, replacing=None)
        expected = _of(demo, example.id)
        assert {(f.check, f.reason, f.spans, f.message) for f in judged.new} == expected
        n_findings += len(expected)
    assert n_findings > 40, "the demo has planted faults of these kinds"


def test_an_untouched_text_keeps_its_findings(demo: Workspace) -> None:
    view = queries.findings(demo, checks=("format.norm",), limit=1).items[0]
    example = queries.example(demo, view.finding.example_id).example
    judged = live.judge(demo, example.messages, meta=example.meta, replacing=example.id)
    assert view.finding in judged.stay
    assert not judged.new and not judged.gone


def test_accepting_the_fix_by_hand_takes_the_finding_away(demo: Workspace) -> None:
    view = next(
        v for v in queries.findings(demo, checks=("format.norm",), limit=50).items if v.finding.proposal is not None
    )
    example = queries.example(demo, view.finding.example_id).example
    fixed = queries.preview(demo, view.id)
    assert fixed is not None
    judged = live.judge(demo, fixed, meta=example.meta, replacing=example.id)
    assert (view.finding.check, view.finding.reason) in {(f.check, f.reason) for f in judged.gone}


@pytest.mark.parametrize(
    ("answer", "check", "reason"),
    [
        ("Write to jane.doe@clinic-north.org for it.", "privacy.email", "email"),
        ("", "format.shape", "empty-answer"),
        ("The dose is 5 ml. Shake it well before use. The dose is 50 ml.", "contradictions.self", ""),
        ("Great question!!! It's gotta be I10, lol", "tone.norm", ""),
        ("Der Code steht in der Tabelle, und er gilt auch für diesen Patienten mit Husten.", "language.other", ""),
    ],
)
def test_a_fault_that_is_typed_is_found_at_once(demo: Workspace, answer: str, check: str, reason: str) -> None:
    clean = next(v.example for v in queries.examples(demo, limit=300).items if not _of(demo, v.example.id))
    typed = (*clean.messages[:-1], Message("assistant", answer))
    found = live.judge(demo, typed, meta=clean.meta, replacing=clean.id).new
    assert any(f.check == check and reason in ("", f.reason) for f in found), found


def test_findings_about_several_rows_are_left_to_the_next_check(demo: Workspace) -> None:
    view = queries.findings(demo, checks=("duplicates.near",), limit=1).items[0]
    example = queries.example(demo, view.finding.example_id).example
    judged = live.judge(demo, example.messages, meta=example.meta, replacing=example.id)
    assert view.finding in judged.later
    assert "duplicates.near" in judged.unjudged and "duplicates.near" not in judged.checks


def test_an_edited_text_that_no_check_has_seen_is_compared_with_itself(tmp_path: Path) -> None:
    workspace = _small(tmp_path)
    first = queries.examples(workspace, limit=1).items[0].example
    mail = (*first.messages[:-1], Message("assistant", "The code is A99, says jane.doe@clinic-north.org."))
    made = actions.edit(workspace, first.id, mail, who="Ada")
    judged = live.judge(workspace, first.messages, replacing=made.becomes)
    assert "privacy.email" in {f.check for f in judged.gone}
    assert not judged.now


def test_before_the_first_check_only_what_needs_no_set_is_judged(
    workspace: Workspace, write_chats: Callable[..., Path]
) -> None:
    actions.import_file(workspace, write_chats(_rows()), who="Ada")
    judged = live.judge(workspace, (Message("user", "Who?"), Message("assistant", "")), replacing=None)
    assert [f.reason for f in judged.new] == ["empty-answer"]
    assert judged.notes == (live.NOTHING_KEPT,)
    assert set(judged.checks) == set(live.ALONE)


def test_other_settings_do_not_use_what_was_learned_under_the_old_ones(demo: Workspace) -> None:
    settings = project_settings.read_settings(demo)
    assert learned.load(demo, settings) is not None
    assert learned.load(demo, replace(settings, min_group=50)) is None


def test_a_damaged_file_counts_as_nothing_kept(tmp_path: Path) -> None:
    workspace = _small(tmp_path)
    path = workspace.path / "index" / learned.FILE
    path.write_text("{", encoding="utf-8")
    judged = live.judge(workspace, _rows()[0].messages, replacing=None)
    assert judged.notes == (live.NOTHING_KEPT,)


def test_a_check_of_one_family_keeps_what_the_others_learned(tmp_path: Path) -> None:
    workspace = _small(tmp_path)
    settings = project_settings.read_settings(workspace)
    before = learned.load(workspace, settings)
    checking.check(workspace, only=("tone",))
    after = learned.load(workspace, settings)
    assert before is not None and after is not None
    assert after.checks == before.checks
    assert after.parts["format.norm"] == before.parts["format.norm"]


def test_a_text_too_long_to_wait_for_is_left_to_the_next_check(demo: Workspace) -> None:
    judged = live.judge(demo, (Message("user", "x" * (live.MOST_CHARACTERS + 1)),), replacing=None)
    assert judged.notes == (live.TOO_LONG,) and not judged.checks


def test_a_judgement_is_quick_once_the_word_lists_are_loaded(demo: Workspace) -> None:
    example = queries.examples(demo, limit=1).items[0].example
    live.judge(demo, example.messages, replacing=example.id)
    times = []
    for number in range(20):
        typed = (*example.messages[:-1], Message("assistant", f"{example.answer} Number {number}."))
        started = time.perf_counter()
        live.judge(demo, typed, meta=example.meta, replacing=example.id)
        times.append(time.perf_counter() - started)
    assert sorted(times)[10] < 0.1, "half of them in a tenth of a second, on a shared machine too"


def _rows() -> list[Example]:
    return [chat(f"Which code applies to case {i}?", f"The code of this case is A{i}.") for i in range(10, 50)]


def _small(tmp_path: Path) -> Workspace:
    from tests.conftest import as_line

    path = tmp_path / "chats.jsonl"
    path.write_text("".join(as_line(e) + "\n" for e in _rows()), encoding="utf-8")
    workspace = Workspace.create(tmp_path / "small")
    actions.import_file(workspace, path, who="Ada")
    checking.check(workspace)
    return workspace
