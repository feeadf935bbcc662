"""A failed answer of a run in a workspace is traced: with a correction, without, without an adapter, and to review."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from core.errors import FinetoothError, InputError
from core.jobs import JobContext
from core.rated import pair_id
from core.revisions import examples_of, messages_to_json
from core.types import Rating
from core.workspace import Workspace
from curation import actions, checking, freeze, queries, traced
from evaluation import rating, study
from evaluation.corrections import correct, corrections
from flows import trace
from tests.conftest import as_line, chat
from tests.evaluation.workspace_with_run import run_with_adapter
from tests.tiny_model import tiny

WARDS = ("eye", "ear", "heart", "skin", "bone", "sleep", "pain", "burns", "stroke", "travel", "blood", "tooth")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checked workspace with a run on a tiny model and an evaluation whose answers are all wrong."""
    folder = tmp_path_factory.mktemp("traced")
    workspace = Workspace.create(folder / "workspace")
    rows = [chat(f"Where is the {ward} ward?", f"The {ward} ward is on floor {k}.") for k, ward in enumerate(WARDS)]
    path = folder / "chats.jsonl"
    path.write_text("".join(as_line(row) + "\n" for row in rows), encoding="utf-8")
    actions.import_file(workspace, path, who="Ana")
    checking.check(workspace)
    revision_id = freeze.freeze(workspace, who="Ana", holdout_size=3).revision.id
    run_with_adapter(workspace, tiny(folder / "base"), revision_id)
    held = examples_of(workspace, revision_id, "holdout")
    frame = pl.DataFrame(
        [
            {
                **{"example_id": e.id, "prompt": messages_to_json(e.prompt), "reference": e.answer},
                **{"base_nll": 20.0, "base_tokens": 10, "tuned_nll": 25.0, "tuned_tokens": 10},
                **{"base_reply": f"Ask at the desk, number {k}.", "tuned_reply": "It is on floor 99."},
            }
            for k, e in enumerate(held)
        ]
    )
    manifest = {
        **{"run_id": "run-1", "revision_id": revision_id, "base_model": str(folder / "base"), "summary": {}},
        **{"created_at": workspace.clock()},
    }
    workspace.objects.put("evaluation", manifest, frame, "evaluation")
    return workspace.path


@pytest.fixture
def evaluated(template: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(template, tmp_path / "workspace")
    return Workspace.open(tmp_path / "workspace")


@pytest.fixture
def lost(evaluated: Workspace) -> tuple[Workspace, str, str]:
    """The workspace, a study in which one answer was judged both bad, and that prompt."""
    made = study.create_study(evaluated, evaluated.objects.find("evaluation"), n_items=3, raters_per_item=1, who="Lea")
    shown = rating.next_item(evaluated, made, "Ben")
    assert shown is not None
    rating.record_rating(evaluated, Rating("vote", shown.item_id, "Ben", "both_bad", {}, ""))
    return evaluated, made, study.load_study(evaluated, made).items[shown.item_id].example_id


def test_without_a_correction_the_trace_says_that_it_is_weaker_and_with_one_it_takes_the_contrast(
    lost: tuple[Workspace, str, str],
) -> None:
    workspace, made, example_id = lost
    before = trace.trace(workspace, made, k=3)[0]
    assert (before.example_id, before.by, before.correction) == (example_id, "wrong", "")
    assert any("with a correction the trace is stronger" in note for note in before.notes)
    evaluation_id = workspace.objects.find("evaluation")
    correct(workspace, evaluation_id, example_id, " It is on floor 3. ", who="Ana")
    after = trace.trace(workspace, made, k=3)[0]
    assert (after.by, after.correction, after.notes) == ("contrast", "It is on floor 3.", ())
    assert len(after.neighbours) == 3 and after.n_train == 9
    assert all(one.influence is not None for one in after.neighbours)
    held = {e.id for e in examples_of(workspace, workspace.objects.manifest(evaluation_id)["revision_id"], "holdout")}
    assert not held & {one.example_id for one in after.neighbours}


def test_a_correction_is_kept_on_the_record_and_an_empty_one_takes_it_back(evaluated: Workspace) -> None:
    evaluation_id = evaluated.objects.find("evaluation")
    example_id = evaluated.objects.frame(evaluation_id)["example_id"][0]
    for text in ("Floor 3.", "Floor 3.", "Floor 4."):
        correct(evaluated, evaluation_id, example_id, text, who="Ana")
    assert len(evaluated.ledger.entries("correction")) == 2, "saying the same again changes nothing"
    assert corrections(Workspace.open(evaluated.path), evaluation_id)[example_id].text == "Floor 4."
    correct(evaluated, evaluation_id, example_id, "", who="Ben")
    assert corrections(evaluated, evaluation_id) == {}
    with pytest.raises(InputError, match="not part of the evaluation"):
        correct(evaluated, evaluation_id, "another", "Floor 4.", who="Ana")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda run: shutil.rmtree(run / "adapter"), "adapter is not in this workspace"),
        (lambda run: (run / "model").mkdir(), "trained the whole model and has no adapter"),
        (
            lambda run: (run / "adapter" / "adapter_config.json").unlink(),
            "Influence could not be measured",
        ),
    ],
)
def test_where_there_are_no_gradients_meaning_is_used_and_it_is_said(
    lost: tuple[Workspace, str, str], spoil: Callable[[Path], None], said: str
) -> None:
    workspace, made, _ = lost
    spoil(workspace.runs_dir / "run-1")
    found = trace.trace(workspace, made, k=3)[0]
    assert found.by == "meaning" and len(found.neighbours) == 3
    assert any(said in note and "only nearness in meaning was used" in note for note in found.notes)
    assert all(one.influence is None for one in found.neighbours)


def test_a_reference_that_became_less_likely_is_traced_too(evaluated: Workspace) -> None:
    evaluation_id = evaluated.objects.find("evaluation")
    example_id = evaluated.objects.frame(evaluation_id)["example_id"][0]
    found = trace.trace_worse(evaluated, evaluation_id, [example_id], k=2)[0]
    assert found.why == ("the reference became less likely (+0.500 nats a token)",)
    assert found.by == "wrong" and len(found.neighbours) == 2
    with pytest.raises(FinetoothError, match="not in this evaluation"):
        trace.trace_worse(evaluated, evaluation_id, ["another"])


def test_one_act_sends_the_traced_examples_to_review_with_the_reason(lost: tuple[Workspace, str, str]) -> None:
    workspace, made, example_id = lost
    found = trace.trace(workspace, made, k=3)[0]
    evaluation_id = workspace.objects.find("evaluation")
    done = trace.send_to_review(workspace, found, study_id=made, evaluation_id=evaluation_id, who="Ana")
    assert done == traced.Sent(new=3, waiting=3)
    page = queries.findings(workspace, checks=(traced.CHECK,))
    assert {view.finding.example_id for view in page.items} == {one.example_id for one in found.neighbours}
    first = next(v.finding for v in page.items if v.finding.example_id == found.neighbours[0].example_id)
    assert first.message.startswith("Number 1 of 9 training examples behind an answer that failed (both bad (1 of 1))")
    origin = traced.origin(workspace, first)
    assert origin is not None and origin.item_id == pair_id(made, example_id)
    assert "ward" not in first.message, "no word of the hold-out prompt goes with it"
    again = trace.send_to_review(workspace, found, study_id=made, evaluation_id=evaluation_id, who="Ben")
    assert again.new == 0
    assert trace.trace(workspace, made, k=3)[0].neighbours[0].open_findings >= 1


def test_the_job_gives_what_the_page_reads_back(lost: tuple[Workspace, str, str], tmp_path: Path) -> None:
    workspace, made, example_id = lost
    (tmp_path / "job").mkdir()
    by_study = trace.trace_job(JobContext(tmp_path / "job", {"workspace": str(workspace.path), "study_id": made}))
    assert [trace.from_json(one) for one in by_study["traces"]] == trace.trace(workspace, made)
    spec = {"workspace": str(workspace.path), "evaluation_id": workspace.objects.find("evaluation"), "k": 2}
    by_row = trace.trace_job(JobContext(tmp_path / "job", {**spec, "example_ids": [example_id]}))
    assert len(by_row["traces"][0]["neighbours"]) == 2
    near = {"example_id": "t", "score": 0.9, "open_findings": 0}
    old = {"example_id": "e", "why": ["lost (1 of 1)"], "neighbours": [near]}
    assert trace.from_json(old).neighbours[0].influence is None
