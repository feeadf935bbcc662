"""The runner: names and families, one order, nothing in silence, and settings from a file."""

from __future__ import annotations

import random
import weakref
from pathlib import Path

import pytest

from core.bulk import bulk_work
from core.errors import InputError
from curation.checks import CHECKS
from curation.checks.base import chat
from curation.evidence.batch import Batch
from curation.runner import FAMILIES, CheckReport, Settings, run_checks

ROWS = [
    chat("Which code?", "J20.9 applies."),
    chat("Which code?", "J20.8 applies."),
    chat("which code", "J20.9 applies"),
    chat("Write to {{name}} at ann@clinic.org", ""),
    *(chat(f"Case {i}?", f"The code is A{i}.") for i in range(10, 40)),
]


def lines(report: CheckReport) -> list[str]:
    return [repr(finding) for finding in report.findings]


def test_the_result_does_not_depend_on_the_order_of_rows() -> None:
    first = run_checks(ROWS)
    for seed in range(3):
        shuffled = random.Random(seed).sample(ROWS, len(ROWS))
        again = run_checks(shuffled)
        assert lines(again) == lines(first) and again.notes == first.notes


def test_every_check_that_ran_is_timed_and_counted() -> None:
    report = run_checks(ROWS)
    fast = [check.name for check in CHECKS if check.cost == "fast"]
    assert list(report.seconds) == list(report.counts) == fast
    assert sum(report.counts.values()) == len(report.findings)
    assert all(seconds >= 0 for seconds in report.seconds.values())


def test_only_takes_families_and_names() -> None:
    assert list(run_checks(ROWS, ["privacy.email", "duplicates"]).counts)[:2] == ["duplicates.exact", "duplicates.near"]
    assert list(run_checks(ROWS, ["format.shape"]).counts) == ["format.shape"]
    assert list(run_checks(ROWS, ["contradictions.clash"]).counts) == ["contradictions.clash"]
    assert run_checks(ROWS, ["contradictions.*"]).counts == run_checks(ROWS, ["contradictions"]).counts
    for family in FAMILIES:
        assert all(name.startswith(family) for name in run_checks(ROWS, [family]).counts)


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(InputError) as told:
        run_checks(ROWS, ["format.shpae"])
    assert "format.shpae" in told.value.message and "format.shape" in told.value.hint
    assert told.value.exit_code == 2


def test_a_check_that_did_not_run_is_in_the_notes() -> None:
    assert any("duplicates.semantic did not run" in note for note in run_checks(ROWS).notes)
    assert not any("did not run" in note for note in run_checks(ROWS, ["contradictions"]).notes)


def test_groups_too_small_for_a_norm_are_in_the_notes() -> None:
    assert any("no norm was learned" in note for note in run_checks(ROWS[:3]).notes)


def test_no_examples_give_no_findings() -> None:
    assert run_checks([]).findings == ()


def test_identical_rows_are_told_with_the_runner_s_lines() -> None:
    report = run_checks(ROWS, ["duplicates.exact"], settings=Settings(rows={ROWS[0].id: (1, 9)}))
    assert [f.example_id for f in report.findings if f.reason == "identical-rows"] == [ROWS[0].id]


def test_progress_names_each_check() -> None:
    seen: list[tuple[str, int, int | None]] = []
    run_checks(ROWS, ["privacy"], progress=lambda stage, done, total: seen.append((stage, done, total)))
    assert seen[0] == ("privacy.email", 0, 7) and seen[-1] == ("checked", 7, 7)


def test_settings_change_what_is_found(tmp_path: Path) -> None:
    file = tmp_path / "finetooth.toml"
    file.write_text("[check]\nnear_threshold = 0.5\nmin_group = 30\nphone_regions = ['DE']\n", encoding="utf-8")
    settings = Settings.from_toml(file)
    assert (settings.near_threshold, settings.min_group, settings.phone_regions) == (0.5, 30, ("DE",))
    assert settings.short_threshold == Settings().short_threshold


def test_a_file_without_the_table_means_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "finetooth.toml"
    file.write_text("[training]\nepochs = 2\n", encoding="utf-8")
    assert Settings.from_toml(file) == Settings()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[check]\nnear_treshold = 0.5\n", "near_treshold"),
        ("[check]\nnear_threshold = 'high'\n", "near_threshold"),
        ("[check]\nnear_threshold = 7\n", "near_threshold"),
        ("[check]\nmin_group = true\n", "min_group"),
        ("[check]\nsemantic = 1\n", "semantic"),
        ("[check]\nrows = 1\n", "rows"),
        ("check = 3\n", "[check]"),
        ("not toml", "TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "finetooth.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r".*") as told:
        Settings.from_toml(file)
    assert named in told.value.message


def test_a_missing_settings_file_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(InputError) as told:
        Settings.from_toml(tmp_path / "none.toml")
    assert told.value.exit_code == 2 and "none.toml" in told.value.message


def test_the_work_of_a_run_is_let_go_with_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[weakref.ref[Batch]] = []

    class Watched(Batch):
        def __init__(self, *given: object, **named: object) -> None:
            super().__init__(*given, **named)  # type: ignore[arg-type]
            held.append(weakref.ref(self))

    monkeypatch.setattr("curation.runner.Batch", Watched)
    with bulk_work():  # the cycle collector is off: a million rows' n-grams would stay while the answer is written
        report = run_checks([chat("What is flu?", "A virus."), chat("what is  flu", "A virus!")], ["duplicates"])
        assert len(report.findings) == 1
        assert [ref() for ref in held] == [None]
