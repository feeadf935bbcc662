"""Wrong use of the command line: one sentence and what to do, no traceback, and nothing overwritten or half-written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.test_contract import Run, document, good, run  # noqa: F401 (fixtures)


@pytest.mark.parametrize("out", [".", "folder", "good.jsonl/below.jsonl"])
@pytest.mark.parametrize("verb", ["check", "curate", "export"])
def test_an_output_that_is_no_file_gets_one_sentence(run: Run, good: Path, out: str, verb: str) -> None:  # noqa: F811
    Path("folder").mkdir()
    if verb == "export":
        run("init", "ws")
        run("import", good, "-w", "ws")
        run("freeze", "-w", "ws", "--holdout-share", "0.2")
    arguments = {"check": (good, "--out", out), "curate": (good, out), "export": (out, "-w", "ws")}[verb]
    before = sorted(Path().glob("*"))
    done = run(verb, *arguments)
    assert done.returncode in (1, 2)
    assert "file" in done.stderr
    assert sorted(Path().glob("*")) == before


def test_a_device_is_never_replaced_by_a_file(run: Run, good: Path) -> None:  # noqa: F811
    os.mkfifo("pipe")
    assert run("check", good, "--out", "pipe").returncode == 2
    assert run("curate", good, "pipe").returncode == 2
    assert Path("pipe").is_fifo()


def test_no_output_takes_the_place_of_the_dataset(run: Run, good: Path) -> None:  # noqa: F811
    before = good.read_bytes()
    assert run("check", good, "--out", good).returncode == 2
    assert run("curate", good, good).returncode == 2
    assert run("curate", good, "clean.jsonl", "--report", good).returncode == 2
    assert run("curate", good, "clean.jsonl", "--report", "clean.jsonl").returncode == 2
    assert good.read_bytes() == before
    assert not Path("clean.jsonl").exists()


@pytest.mark.parametrize("option", ["--against", "--out"])
def test_what_is_for_files_is_not_passed_over_in_a_workspace(run: Run, good: Path, option: str) -> None:  # noqa: F811
    done = run("check", option, good)
    assert done.returncode == 2
    assert f"finetooth check FILE {option}" in " ".join(done.stderr.split())


def test_a_report_that_cannot_be_written_is_refused_before_the_work(run: Run, good: Path) -> None:  # noqa: F811
    Path("folder").mkdir()
    assert run("curate", good, "clean.jsonl", "--report", "folder").returncode == 2
    assert not Path("clean.jsonl").exists()


def test_what_curate_leaves_open_is_counted_after_the_cleaning(run: Run, good: Path) -> None:  # noqa: F811
    found = document(run("curate", good, "clean.jsonl", "--json"))
    assert found["dropped"] == 1
    assert found["open_findings"]["duplicates.exact"] == 0
    assert found["open_findings"]["privacy.email"] == 1


def test_an_unknown_table_of_the_settings_is_named(run: Run, good: Path) -> None:  # noqa: F811
    Path("finetooth.toml").write_text("[checks]\nmin_group = 3\n")
    done = run("check", good, "--config", "finetooth.toml")
    assert done.returncode == 2
    assert "'checks'" in done.stderr


@pytest.mark.parametrize("share", ["nan", "inf", "0", "-1", "0.9"])
def test_an_impossible_share_is_refused(run: Run, good: Path, share: str) -> None:  # noqa: F811
    run("init", "ws")
    run("import", good, "-w", "ws")
    assert run("freeze", "-w", "ws", "--holdout-share", share).returncode == 2


def test_ids_as_lists_show_them_and_families_can_be_used(run: Run, good: Path) -> None:  # noqa: F811
    run("init", "ws")
    run("import", good, "-w", "ws")
    run("check", "-w", "ws")
    assert run("findings", "-w", "ws", "--only", "nonsense").returncode == 2
    assert run("accept", "-w", "ws", "--only", "nonsense").returncode == 2
    accepted = document(run("accept", "-w", "ws", "--only", "duplicates", "--all", "--json"))
    assert accepted["n_findings"] >= 1
    shown = document(run("findings", "-w", "ws", "--only", "privacy", "--json"))["findings"][0]
    kept = run("decide", shown["example_id"][:12], "keep", "-w", "ws", "--json")
    assert document(kept)["example_id"] == shown["example_id"]
    assert run("undo", "-w", "ws").returncode == 0
    assert document(run("accept", shown["id"][:12], "-w", "ws", "--json")) == {"changed": 1}
    assert run("accept", "zzz", "-w", "ws").returncode == 2
    assert run("decide", "", "keep", "-w", "ws").returncode == 2


def test_a_demo_that_cannot_work_writes_nothing(run: Run, good: Path) -> None:  # noqa: F811
    for wrong in (("--data", "nope.jsonl"), ("--limit", "0"), ("--epochs", "-1"), ("--model", "/nope/model")):
        done = run("demo", "walk", *wrong)
        assert done.returncode == 2, (wrong, done.stderr)
        assert not Path("walk").exists()


def test_a_rejected_rating_is_told_as_a_sentence(run: Run, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "r.jsonl").write_text(json.dumps({"item": "a", "rater": "r", "verdict": "left"}) + "\nbroken\n")
    done = run("stats", "r.jsonl", "--json")
    assert document(done)["rejected"][0]["line"] == 2
    assert done.stderr.strip() == "line 2: is not JSON"


def test_a_file_name_that_is_not_utf8_still_gives_a_document(run: Run, good: Path) -> None:  # noqa: F811
    odd = "odd\udcff.jsonl"
    Path(odd).write_bytes(good.read_bytes())
    assert document(run("check", odd, "--json"))["file"] == odd
    run("init", "ws")
    assert document(run("import", odd, "-w", "ws", "--json"))["name"] == odd


def test_an_undo_of_nothing_says_so(run: Run) -> None:  # noqa: F811
    run("init", "ws")
    assert run("undo", "-w", "ws").stdout == "Nothing was taken back.\n"
