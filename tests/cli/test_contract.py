"""The command line keeps its contract: JSON on standard output, sentences on standard error, exit codes 0 to 3."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.main import VERBS, command_line, main
from tests.conftest import as_line, chat

ROOT = Path(__file__).resolve().parent.parent.parent
Run = Callable[..., "Done"]


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in a temporary folder, in this process (starting one costs a second)."""
    monkeypatch.chdir(tmp_path)

    def finetooth(*arguments: object, stdin: str = "") -> Done:
        monkeypatch.setattr(sys, "argv", ["finetooth", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return Done(code, *capsys.readouterr())

    return finetooth


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Twelve clean chats, one of them twice, one with a private address."""
    rows = [chat(f"Patient {i} has had {w} since Monday; which ward?", f"Ward {i}.") for i, w in enumerate(WORDS)]
    rows += [rows[2], chat("Whom do I write about the invoice of last week?", "Write to jane.roe@example.org.")]
    path = tmp_path / "good.jsonl"
    path.write_text("".join(as_line(r) + "\n" for r in rows))
    return path


WORDS = ("fever", "cough", "gout", "asthma", "sepsis", "angina", "eczema", "vertigo", "anaemia", "migraine", "croup")


def document(done: Done) -> Any:
    """The one JSON document on standard output."""
    return json.loads(done.stdout)


def test_check_prints_one_document_with_rows_and_spans_of_the_file(run: Run, good: Path) -> None:
    done = run("check", good, "--json")
    assert done.returncode == 0, done.stderr
    found = {f["check"]: f for f in document(done)["findings"]}
    assert found["duplicates.exact"]["rows"] == [3, 12]
    assert found["duplicates.exact"]["proposal"] == {"action": "drop", "rows": [12], "safe": True}
    span = found["privacy.email"]["spans"][0]
    turn = json.loads(good.read_text().splitlines()[span["row"] - 1])["messages"][span["turn"]]["content"]
    assert turn[span["start"] : span["end"]] == "jane.roe@example.org"
    assert set(found["privacy.email"]) >= {
        "check", "version", "severity", "reason", "message", "score", "rows", "spans", "proposal"
    }  # fmt: skip


def test_the_installed_command_is_a_process_that_keeps_the_two_streams_apart(good: Path) -> None:
    command = [sys.executable, "-m", "cli.main", "check", str(good), "--only", "privacy", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["privacy.email"] == 1


def test_check_only_runs_the_families_asked_for(run: Run, good: Path) -> None:
    done = run("check", good, "--only", "privacy", "--json", "--out", "found.jsonl")
    assert {f["check"] for f in document(done)["findings"]} == {"privacy.email"}
    assert run("check", good, "--only", "horoscope").returncode == 2


def test_a_blocking_problem_is_exit_code_three(run: Run, good: Path) -> None:
    with good.open("a") as handle:
        handle.write(json.dumps({"messages": [{"role": "user", "content": "And?"}]}) + "\n")
    assert run("check", good, "--json").returncode == 3


def test_curate_writes_the_cleaned_file_and_lists_every_change(run: Run, good: Path, tmp_path: Path) -> None:
    done = run("curate", good, "clean.jsonl", "--report", "report.html", "--json")
    assert done.returncode == 0, done.stderr
    changed = document(done)["changes"]
    lines = good.read_text().splitlines()
    gone = {c["row"] for c in changed if c["action"] == "drop"}
    edited = {c["row"] for c in changed if c["action"] == "edit"}
    kept = [json.loads(line) for n, line in enumerate(lines, 1) if n not in gone | edited]
    written = [json.loads(line) for line in (tmp_path / "clean.jsonl").read_text().splitlines()]
    assert 12 in gone
    assert all(row in written for row in kept)
    assert len(written) == len(lines) - len(gone)
    assert "line 12" in (tmp_path / "report.html").read_text()


def test_curate_refuses_to_overwrite_its_own_source(run: Run, good: Path) -> None:
    before = good.read_bytes()
    assert run("curate", good, good).returncode == 2
    assert good.read_bytes() == before


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: None, "does not exist"),
        (lambda p: p.mkdir(), "folder"),
        (lambda p: p.write_text(""), "empty"),
        (lambda p: p.write_text("not json\nneither\n"), "line 1"),
        (lambda p: p.write_bytes(b"\x00\x01\x02" * 100), "bad.jsonl"),
        (lambda p: p.write_bytes("{}\n".encode("utf-16")[:-1]), "bad.jsonl"),
    ],
)
def test_bad_input_gets_one_sentence_exit_code_two_and_no_traceback(
    run: Run, tmp_path: Path, make: Callable[[Path], object], says: str
) -> None:
    path = tmp_path / "bad.jsonl"
    make(path)
    for command in (["check", path], ["curate", path, "out.jsonl"], ["perplexity", path, "--model", "nowhere"]):
        done = run(*command)
        assert done.returncode == 2, (command, done.stderr)
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        assert not (tmp_path / "out.jsonl").exists()
    assert says in run("check", path).stderr


def test_bad_lines_among_good_ones_are_named_and_the_rest_goes_on(run: Run, good: Path) -> None:
    lines = good.read_text().splitlines()
    good.write_text("\n".join([lines[0], "{broken", *lines[1:], '{"messages": 7}']) + "\n")
    done = run("check", good, "--json")
    assert done.returncode == 0
    assert [r["line"] for r in document(done)["rejected"]] == [2, 15]
    assert "line 2:" in done.stderr


def test_a_workspace_walks_from_import_to_export_by_command(run: Run, good: Path, tmp_path: Path) -> None:
    assert run("init", "w").returncode == 0
    imported = document(run("import", good, "-w", "w", "--json"))
    assert (imported["n_rows"], imported["n_examples"]) == (13, 12)
    assert run("check", "-w", "w").returncode == 0
    listed = document(run("findings", "-w", "w", "--json"))
    email = next(f for f in listed["findings"] if f["check"] == "privacy.email")
    assert (
        document(run("decide", email["example_id"], "drop", "-w", "w", "--json", "--who", "Ada"))["verdict"] == "drop"
    )
    assert document(run("undo", "-w", "w", "--json", "--who", "Ada"))[0]["example_id"] == email["example_id"]
    assert len(document(run("redo", "-w", "w", "--json", "--who", "Ada"))) == 1
    frozen = document(run("freeze", "-w", "w", "--holdout-size", "2", "--json"))
    assert frozen["certificate"]["passed"]
    exported = document(run("export", "out.jsonl", "-w", "w", "--json"))
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 9
    assert len((tmp_path / "out.holdout.jsonl").read_text().splitlines()) == 2
    assert Path(tmp_path / exported["card_path"]).read_text().startswith("# ")
    assert document(run("status", "-w", "w", "--json"))["data"]["n_dropped"] == 1
    assert document(run("audit", "verify", "-w", "w", "--json"))["intact"]


def test_revisions_are_compared_gone_back_to_and_replayed_by_command(run: Run, good: Path, tmp_path: Path) -> None:
    run("init", "w")
    run("import", good, "-w", "w", "--licence", "CC BY 4.0", "--who", "Ada")
    first = document(run("freeze", "-w", "w", "--holdout-size", "2", "--test-size", "1", "--json"))["revision"]
    assert (first["splits"]["holdout"], first["splits"]["test"]) == (2, 1)
    target = chat("Patient 0 has had fever since Monday; which ward?", "Ward 0.")
    turns = [{"role": m.role, "content": m.content} for m in target.messages[:-1]]
    turns.append({"role": "assistant", "content": "Ward zero."})
    run("edit", target.id, "--messages", "-", "--note", "spelt out", "-w", "w", stdin=json.dumps(turns))
    second = document(run("freeze", "-w", "w", "--holdout-size", "2", "--json"))["revision"]["id"]
    told = document(run("diff", first["id"], second, "-w", "w", "--json"))
    assert [change["why"] for change in told["changes"]] == ["spelt out"]
    assert told["changes"][0]["words"][0]["parts"][1:3] == [["gone", "0"], ["new", "zero"]]
    assert "spelt out" in run("diff", first["id"], second, "-w", "w").stdout
    assert document(run("changes", "list.csv", "-w", "w", "--json"))["n_changes"] == 1
    assert (tmp_path / "list.csv").read_text("utf-8-sig").startswith("who,when,what,example,source,line,from,to,why,")
    assert document(run("restore", first["id"], "-w", "w", "--json"))["n_brought_back"] == 1
    assert document(run("status", "-w", "w", "--json"))["data"]["n_edited"] == 0
    exported = document(run("export", "hub", "-w", "w", "--format", "huggingface", "--json"))
    assert "license: cc-by-4.0" in (tmp_path / exported["card_path"]).read_text()
    replayed = run("replay", "w", "again", "--json")
    assert replayed.returncode == 0
    assert [one["outcome"] for one in document(replayed)["revisions"]] == ["same", "same"]
    assert run("replay", "w", "again").returncode == 2


def test_a_hold_out_that_cannot_be_had_gives_code_3_and_a_certificate_that_says_so(run: Run, tmp_path: Path) -> None:
    same = [
        chat(f"Patient {i} has had fever since Monday; which ward is it to be, please?", "Ward 1.") for i in range(9)
    ]
    (tmp_path / "same.jsonl").write_text("".join(as_line(example) + "\n" for example in same))
    run("init", "w")
    run("import", "same.jsonl", "-w", "w")
    failed = run("freeze", "-w", "w", "--holdout-size", "2", "--certificate", "proof.json", "--json")
    assert failed.returncode == 3
    assert json.loads((tmp_path / "proof.json").read_text())["passed"] is False
    assert "2 were asked for" in failed.stderr
    assert run("export", "out.jsonl", "-w", "w").returncode == 3
    assert "**Failed.**" in (tmp_path / "out.card.md").read_text()


def test_a_retirement_by_command_needs_something_rated(run: Run, good: Path) -> None:
    run("init", "w")
    run("import", good, "-w", "w")
    refused = run("retire", "--reason", "published", "-w", "w")
    assert refused.returncode == 1
    assert "No rated prompt" in refused.stderr


def test_edit_takes_turns_from_standard_input(run: Run, good: Path) -> None:
    run("init", "w")
    run("import", good, "-w", "w")
    first = chat("Patient 0 has had fever since Monday; which ward?", "Ward 0.")
    turns = [{"role": m.role, "content": m.content} for m in first.messages[:-1]]
    turns.append({"role": "assistant", "content": "Ward zero."})
    made = document(run("edit", first.id, "--messages", "-", "-w", "w", "--json", stdin=json.dumps(turns)))
    assert made["becomes"] != first.id
    assert run("edit", first.id, "--messages", "-", "-w", "w", stdin="{").returncode == 2


def test_rows_whose_twin_is_in_another_file_are_found(run: Run, good: Path, tmp_path: Path) -> None:
    other = tmp_path / "benchmark.jsonl"
    other.write_text(as_line(chat("Patient 4 has had sepsis since Monday, which ward?", "Other.")) + "\n")
    with other.open("a") as handle:
        handle.write("{broken\n")
    done = run("check", good, "--only", "duplicates", "--against", other, "--json")
    found = document(done)["findings"]
    assert [r["line"] for r in document(done)["against"]["rejected"]] == [2]
    assert "benchmark.jsonl line 2:" in done.stderr
    twin = next(f for f in found if f["check"] == "leakage.twin")
    assert (twin["rows"], twin["related"]) == ([5], [{"file": str(other), "row": 1}])


def test_stats_reads_any_ratings(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "ratings.jsonl"
    lines = [
        {"item": f"i{i}", "rater": r, "verdict": "left" if (i + (r == "b")) % 5 else "right"}
        for i in range(20)
        for r in "ab"
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + "nonsense\n")
    done = run("stats", path, "--json")
    assert done.returncode == 0
    found = document(done)
    assert {"alpha_nominal", "alpha_ordinal", "ac1", "raw_agreement", "win_rate"} <= set(found)
    assert 0.7 < found["win_rate"]["value"] < 0.9


def test_a_workspace_that_is_missing_or_newer_is_a_sentence(run: Run, tmp_path: Path) -> None:
    assert "finetooth init" in run("status", "-w", "nowhere").stderr
    run("init", "w")
    (tmp_path / "w" / "workspace.json").write_text('{"format": 99}')
    done = run("status", "-w", "w")
    assert done.returncode == 2
    assert "newer version" in done.stderr


def test_every_verb_is_found_in_the_module_that_is_said_to_have_it() -> None:
    every = {command.name for command in command_line().registered_commands}
    assert every == {verb for verbs in VERBS.values() for verb in verbs}
    for verbs in VERBS.values():
        for verb in verbs:
            assert {command.name for command in command_line([verb]).registered_commands} == set(verbs)
