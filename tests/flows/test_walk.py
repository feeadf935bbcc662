"""The whole walk, from a file to a report, on a tiny model: every stage real, every file there at the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import main
from core.errors import InputError
from core.types import Rating
from core.workspace import Workspace
from curation import bare, queries, readers
from evaluation import queries as judged
from evaluation.rating import next_item, record_rating
from flows import demo, leakage, standing, trace
from tests.conftest import as_line, chat
from tests.tiny_model import tiny

TOPICS = ("fever", "cough", "gout", "asthma", "sepsis", "angina", "eczema", "vertigo", "anaemia", "migraine")
PLACES = ("north", "south", "east", "west", "upper", "lower", "inner", "outer", "old", "new")


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[demo.Walk, list[str]]:
    """The walk over eighty chats, done once for this module."""
    folder = tmp_path_factory.mktemp("walk")
    rows = [
        chat(
            f"A case of {TOPICS[i % 10]} came from the {PLACES[i // 10]} gate after {i + 3} days. Which ward takes it?",
            f"Ward {PLACES[i // 10]} takes the {TOPICS[i % 10]} case.",
        )
        for i in range(80)
    ]
    path = folder / "chats.jsonl"
    path.write_text("".join(as_line(r) + "\n" for r in [*rows, rows[3], chat("Anything else?", "")]))
    said: list[str] = []
    walk = demo.run(
        folder / "workspace",
        data=path,
        epochs=6,
        model=str(tiny(folder / "model")),
        who="Ada",
        say=said.append,
    )
    return walk, said


def test_every_stage_says_what_it_did_and_where_to_go_on(walked: tuple[demo.Walk, list[str]]) -> None:
    _, said = walked
    stages = ("Import", "Check", "Clean", "Freeze", "Plan", "Train", "Evaluate", "Study", "Report")
    lines = [line for line in said if not line.startswith(" ")]
    assert [line.split(":")[0] for line in lines] == list(stages)
    assert all("[page: " in line for line in lines)


def test_every_file_that_the_walk_names_is_there(walked: tuple[demo.Walk, list[str]]) -> None:
    walk, _ = walked
    named = {
        "cleaned JSONL", "data card", "adapter", "hold-out perplexities", "both models' answers",
        "side-by-side study", "report",
    }  # fmt: skip
    assert set(walk.files) == named
    assert all(path.exists() for path in walk.files.values())
    assert (walk.files["adapter"] / "adapter_model.safetensors").is_file()
    assert json.loads(walk.files["hold-out perplexities"].read_text())["ratio"]["value"] > 0
    assert walk.files["report"].read_text().count("<html") == 1


def test_training_made_the_hold_out_more_likely(walked: tuple[demo.Walk, list[str]]) -> None:
    ratio = walked[0].figures["evaluate"]["ratio"]
    assert ratio["high"] < 1


def test_walking_again_does_no_stage_twice(walked: tuple[demo.Walk, list[str]]) -> None:
    first, folder = walked[0], walked[0].workspace.parent
    again = demo.run(
        first.workspace,
        data=folder / "chats.jsonl",
        epochs=6,
        model=str(folder / "model"),
        who="Ada",
        say=lambda _: None,
    )
    workspace = Workspace.open(first.workspace)
    seen = queries.overview(workspace)
    assert (seen.n_rows, seen.n_examples, len(seen.revisions)) == (82, 81, 1)
    assert not seen.stale
    assert again.files == first.files
    assert len(list(workspace.runs_dir.iterdir())) == 1


def test_the_standing_counts_what_was_done_and_names_the_next_step(walked: tuple[demo.Walk, list[str]]) -> None:
    workspace = Workspace.open(walked[0].workspace)
    steps = standing.steps(workspace, queries.overview(workspace))
    state = {step.title: step.state for step in steps}
    assert [state[name] for name in ("Import", "Freeze", "Train", "Evaluate")] == ["done"] * 4
    assert state["Judge"] != "done"
    coming = standing.next_step(steps)
    assert coming is not None
    assert coming.title in ("Review", "Judge")


def test_a_failed_answer_leads_back_to_training_examples_only(walked: tuple[demo.Walk, list[str]]) -> None:
    workspace = Workspace.open(walked[0].workspace)
    study_id = judged.studies(workspace)[0]["id"]
    item = next_item(workspace, study_id, "Bob")
    assert item is not None
    assert record_rating(workspace, Rating("vote-1", item.item_id, "Bob", "both_bad")).stored
    found = trace.trace(workspace, study_id, k=3)
    revision = workspace.objects.frame(workspace.objects.ids("revision")[0])
    held = set(revision.filter(revision["split"] == "holdout")["id"])
    assert len(found) == 1
    assert found[0].example_id in held
    assert len(found[0].neighbours) == 3
    assert not held & {n.example_id for n in found[0].neighbours}


def test_rows_alike_to_another_file_are_found_with_their_rows(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "train.jsonl", tmp_path / "test.jsonl"
    question = "A case of gout came from the north gate after nine days of fasting. Which ward takes it?"
    ours.write_text(
        as_line(chat("Something else entirely, please?", "No.")) + "\n" + as_line(chat(question, "A.")) + "\n"
    )
    theirs.write_text(as_line(chat(question.upper(), "B.")) + "\n")
    found, _ = leakage.twins(bare.check_file(ours, only=["privacy"]), theirs, readers.read(theirs))
    assert [(f["rows"], f["related"][0]["row"], f["score"]) for f in found] == [([2], 1, 1.0)]


def test_a_file_that_holds_nothing_readable_leaves_no_workspace(tmp_path: Path) -> None:
    path = tmp_path / "garbage.jsonl"
    path.write_text("not json\n")
    with pytest.raises(InputError):
        demo.run(tmp_path / "workspace", data=path, model=str(tiny(tmp_path / "model")), say=lambda _: None)
    assert not (tmp_path / "workspace").exists()


def test_every_verb_of_judging_prints_for_people(
    walked: tuple[demo.Walk, list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace.open(walked[0].workspace)
    study_id = judged.studies(workspace)[0]["id"]
    out = workspace.exports_dir / "again.html"
    verbs = (
        ["results", "--peek"],
        ["study", "--close", study_id],
        ["results"],
        ["report", "--out", str(out)],
        ["runs"],
    )
    for verb in verbs:
        monkeypatch.setattr("sys.argv", ["finetooth", *verb, "-w", str(workspace.path)])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code, capsys.readouterr().err
        assert capsys.readouterr().out
    assert out.is_file()
