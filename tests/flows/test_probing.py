"""Probes over curation's readers: facts that a prompt does not hold, instructions kept, and one real evaluation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.ids import example_id
from core.jobs import InlineContext
from core.types import Example, Message
from core.workspace import Workspace
from evaluation.probes import battery, grounding
from flows.probing import facts_of, own_instructions, run_evaluation
from tests.evaluation.workspace_with_run import examples, revision, run_with_adapter
from tests.tiny_model import tiny

GIVEN = (
    "Table: E11.9 Type 2 diabetes; I10 Essential hypertension. Patient Mary Jones, 54, takes 500 mg metformin since "
    "3 March 2024. Ask Dr. Smith."
)


@pytest.mark.parametrize(
    ("answer", "invented"),
    [
        ("The code is E11.9.", []),
        ("The code is E11.8.", ["E11.8"]),
        ("Metformin 0.5 g, since March 2024, for Mary Jones.", []),
        ("She takes 850 mg and saw Dr. Miller in Berlin.", ["850 mg", "Miller", "Berlin"]),
        ("1. E11.9\n2. I10\n3. See Dr. Smith", []),
        ("She is 54 years old, 55 next year.", ["55"]),
        ("Berlin is a capital with two airports; the answer is Type 2 Diabetes.", []),
    ],
)
def test_facts_that_the_prompt_does_not_hold_are_named(answer: str, invented: list[str]) -> None:
    assert [words for _, words in facts_of(answer, GIVEN).unsupported] == invented


def test_only_tasks_that_experts_answer_from_the_prompt_are_probed_for_grounding() -> None:
    def example(answer: str) -> Example:
        messages = (Message("user", GIVEN), Message("assistant", answer))
        return Example(example_id(messages), messages)

    grounded, recalled, wordy = example("It is E11.9."), example("It is Z99.2."), example("It depends.")
    found = grounding.grounding(
        [grounded, recalled, wordy], ["It is E11.9.", "It is Z99.2.", "No."], ["It is E11.0.", "Z99.2", "No."], facts_of
    )
    entry = found.as_dict()
    assert (entry["n"], entry["n_not_scored"]) == (1, 2)
    assert (entry["base"]["value"], entry["tuned"]["value"]) == (0.0, 1.0)
    assert entry["facts"] == {"base": {}, "tuned": {"code": 1}}
    assert found.rows[0].note == "tuned: E11.0"


def test_instructions_of_the_prompts_themselves_are_measured_where_the_reference_keeps_them() -> None:
    def example(system: str, answer: str) -> Example:
        messages = (Message("system", system), Message("user", "How are you?"), Message("assistant", answer))
        return Example(example_id(messages), messages)

    held = [example("Answer in one sentence.", "I am well."), example("Answer in one sentence.", "Well. Thanks. You?")]
    [found] = own_instructions((held, ["Fine.", "Fine."], ["Fine. Thanks a lot. And you? Good.", "Fine."]))
    entry = found.as_dict()
    assert (entry["n"], entry["n_not_scored"]) == (1, 1)
    assert (entry["base"]["value"], entry["tuned"]["value"]) == (1.0, 0.0)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    space = Workspace.create(tmp_path_factory.mktemp("ws") / "w")
    run_with_adapter(space, tiny(tmp_path_factory.mktemp("model")), revision(space, examples(12)))
    return space


@pytest.fixture(scope="module")
def summary(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    own = tmp_path_factory.mktemp("own") / "own.jsonl"
    own.write_text(json.dumps({"prompt": "Which ward?", "answer": "Ward 3"}) + "\n{}\n")
    spec = {
        **{"workspace": str(workspace.path), "run_id": "run-1", "n_replies": 4, "max_new_tokens": 4, "batch_size": 64},
        **{"probes": list(battery.PROBES), "questions": str(own)},
    }
    return run_evaluation(InlineContext(spec, tmp_path_factory.mktemp("job")))


def test_an_evaluation_says_what_every_probe_found(workspace: Workspace, summary: dict[str, object]) -> None:
    manifest = workspace.objects.manifest(str(summary["evaluation_id"]))
    probes = manifest["summary"]["probes"]
    assert set(probes) == {
        "forgetting", "forgetting_loss", "own_questions", "own_questions_loss", "grounding", "bias", "bias_changed",
        "dialect", "instructions", "own_instructions",
    }  # fmt: skip
    assert probes["forgetting"]["n"] + probes["forgetting"]["n_not_scored"] == 122
    assert probes["own_questions"]["n"] == 1
    assert probes["bias"]["n"] == probes["dialect"]["n"] == probes["instructions"]["n"] == 12
    assert probes["bias"]["languages"] == {"en": 12}
    loss = probes["forgetting_loss"]
    assert loss["difference"]["value"] == pytest.approx(loss["tuned"]["value"] - loss["base"]["value"])
    assert loss["difference"]["low"] < loss["difference"]["value"] < loss["difference"]["high"]
    assert loss["noise_floor"] > 0
    assert {"example_id": "line 2", "reason": 'own.jsonl: has no "prompt"'} in manifest["excluded"]


def test_every_probed_item_is_kept_beside_the_evaluation(workspace: Workspace, summary: dict[str, object]) -> None:
    [stored] = workspace.objects.ids(battery.KIND)
    assert workspace.objects.manifest(stored)["evaluation_id"] == summary["evaluation_id"]
    frame = workspace.objects.frame(stored)
    asked = frame.filter(frame["probe"] == "forgetting")
    assert asked.height == 122 and asked["tuned_reply"].null_count() == 0


def test_an_evaluation_without_probes_keeps_its_id_and_says_nothing_of_them(
    workspace: Workspace, summary: dict[str, object], tmp_path: Path
) -> None:
    spec = {"workspace": str(workspace.path), "run_id": "run-1", "n_replies": 0, "max_new_tokens": 4}
    plain = run_evaluation(InlineContext(spec, tmp_path))
    manifest = workspace.objects.manifest(plain["evaluation_id"])
    assert "probes" not in manifest["summary"] and not {"probes", "questions"} & set(manifest["settings"])
