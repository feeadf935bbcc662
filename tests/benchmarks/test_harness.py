"""The benchmarks' own parts: figures against bars, timed processes, made rows, edits, and the peers' shingles."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest

from benchmarks import edits, exact, harness, made, peers
from benchmarks.harness import Figure
from core.errors import FinetoothError
from curation.minhash.normalise import normalise


def test_a_missed_bar_is_printed_and_makes_the_command_fail(capsys: pytest.CaptureFixture[str]) -> None:
    assert harness.report("Fine", [Figure("speed", 2.0, 1.5), Figure("size", 3.0)]) == 0
    assert harness.report("Not fine", [Figure("speed", 1.4, 1.5)]) == 1
    printed = capsys.readouterr().out
    assert "MISSED" in printed
    assert "cores" in printed


def test_a_bar_that_could_not_be_measured_is_missed() -> None:
    assert Figure("speed", None, 1.0).met is False
    assert Figure("speed", None).met is None
    assert Figure("lost", 0, 0, "=").met is True
    assert Figure("seconds", 91, 90, "<=").met is False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_memory_of_a_process_is_its_own_and_not_its_parents() -> None:
    held = bytearray(b"x") * 300_000_000
    small = harness.run_process([sys.executable, "-c", "pass"])
    large = harness.run_process([sys.executable, "-c", "x = bytearray(b'x') * 200_000_000"])
    del held
    assert small.peak_bytes < 60_000_000
    assert 200_000_000 < large.peak_bytes < 260_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_memory_of_children_is_added() -> None:
    child = "import time; x = bytearray(b'x') * 100_000_000; time.sleep(1.5)"
    parent = (
        "import subprocess, sys; x = bytearray(b'x') * 100_000_000; "
        f"[p.wait() for p in [subprocess.Popen([sys.executable, '-c', {child!r}]) for _ in range(2)]]"
    )
    run = harness.run_process([sys.executable, "-c", parent])
    assert run.peak_bytes > 300_000_000
    assert run.wall_s > 1.5


def test_a_command_that_fails_is_an_error_and_never_a_figure() -> None:
    with pytest.raises(FinetoothError, match="exit code 3"):
        harness.run_process([sys.executable, "-c", "import sys; sys.exit(3)"])


def test_made_rows_are_the_same_each_time_and_as_many_copies_as_asked_for(tmp_path: Path) -> None:
    recipe = made.Recipe(2_000, copies=0.3, seed=3)
    first = made.write(tmp_path / "first.jsonl", recipe).read_bytes()
    assert made.write(tmp_path / "second.jsonl", recipe).read_bytes() == first
    assert made.write(tmp_path / "other.jsonl", made.Recipe(2_000, copies=0.3, seed=4)).read_bytes() != first
    assert 900 < len(first) / 2_000 < 1_200
    texts = [one.whole for one in exact.read_sides(tmp_path / "first.jsonl")]
    pairs = exact.all_pairs(map(exact.word_grams, texts), 0.5)
    assert 0.27 < len(set(pairs.right.tolist())) / 2_000 < 0.33


def test_all_rows_are_different_or_all_the_same_on_request() -> None:
    different = list(made.rows(made.Recipe(1_000, copies=0.0)))
    assert len(set(different)) == 1_000
    assert len(set(made.rows(made.Recipe(1_000, identical=True)))) == 1
    assert not len(exact.all_pairs((exact.word_grams(normalise(" ".join(row))) for row in different), 0.3))


def test_rows_with_a_share_of_edits_have_similarities_all_over_the_upper_half() -> None:
    rows = made.rows(made.Recipe(1_500, copies=0.8, edit_share=0.125, words=(6, 200), seed=7))
    pairs = exact.all_pairs((exact.word_grams(normalise(" ".join(row))) for row in rows), 0.5)
    for tenth in range(5, 10):
        assert (pairs.score // 0.1 == tenth).sum() > 50


def test_a_made_line_reads_back_as_written() -> None:
    row = ('He said "no".\n', "Tab\there \\ 熱")
    turns = json.loads(made.line_of(*row))["messages"]
    assert (turns[0]["content"], turns[1]["content"]) == row


def test_two_recipes_never_share_a_file_name() -> None:
    recipes = [made.Recipe(10), made.Recipe(10, copies=0.9), made.Recipe(10, identical=True), made.Recipe(10, seed=1)]
    assert len({recipe.name for recipe in recipes}) == 4
    assert made.Recipe(10).name == made.Recipe(10).name


def test_case_and_punctuation_edits_change_nothing_that_is_said() -> None:
    draw = random.Random(0)
    row = ("Is a fever of 39.5 dangerous, doctor?", "Not by itself. Drink enough; rest.")
    for edit in (edits.case, edits.punctuation):
        for _ in range(50):
            changed = edit(row, draw, ())
            assert [normalise(text) for text in changed] == [normalise(text) for text in row]
    assert any(edits.punctuation(row, draw, ()) != row for _ in range(5))


@pytest.mark.parametrize(("edit", "expected"), [(edits.one_word, 1), (edits.five_percent, 2), (edits.ten_percent, 4)])
def test_as_many_words_are_replaced_as_the_edit_says(edit: edits.Edit, expected: int) -> None:
    row = (" ".join(f"p{i}" for i in range(20)), " ".join(f"a{i}" for i in range(20)))
    for seed in range(20):
        changed = " ".join(edit(row, random.Random(seed), ["new", "other"])).split()
        assert sum(a != b for a, b in zip(" ".join(row).split(), changed, strict=True)) == expected


def test_the_peers_get_the_same_shingles_as_the_truth_is_made_of() -> None:
    for prompt, answer in made.rows(made.Recipe(50)):
        text = f"{prompt} {answer}"
        assert set(peers.word_shingles(peers.words_of(text))) == exact.word_grams(normalise(text))


def test_the_peers_drop_the_near_copies(tmp_path: Path) -> None:
    pytest.importorskip("rensa", reason="rensa is not installed: pip install -e '.[bench]'")
    rows = list(made.rows(made.Recipe(60, copies=0.0)))
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(made.line_of(*row) for row in [*rows, rows[5], rows[7]]), encoding="utf-8")
    assert peers.rensa_drops(path) == [60, 61]
    assert peers.datasketch_drops(path) == [60, 61]
    assert peers.datasketch_drops(path, 61) == [60]
