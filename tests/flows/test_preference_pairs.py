"""Preference pairs: from training prompts only; one that was held out makes none until it was retired on the record."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from cli.main import command_line
from core.errors import FinetoothError
from core.rated import pair_id, rated, retire
from core.revisions import examples_of, messages_to_json
from core.types import Example, Message
from core.workspace import Workspace
from curation import actions, freeze
from evaluation.corrections import correct
from evaluation.study import KIND, close_study, create_study
from flows.preference_pairs import preference_pairs
from tests.conftest import as_line
from tests.curation.test_splits import different

EXAMPLES = different(30)


@pytest.fixture
def filled(tmp_path: Path) -> Workspace:
    workspace = Workspace.create(tmp_path / "w")
    (tmp_path / "chats.jsonl").write_text("".join(as_line(example) + "\n" for example in EXAMPLES))
    actions.import_file(workspace, tmp_path / "chats.jsonl", who="Ada")
    return workspace


def frozen(workspace: Workspace, seed: int = 0) -> str:
    return freeze.freeze(workspace, who="Ada", holdout_size=3, seed=seed).revision.id


def rewritten(example: Example, answer: str) -> list[Message]:
    return [*example.messages[:-1], Message("assistant", answer)]


def judged(workspace: Workspace, revision_id: str) -> str:
    """A closed study over the hold-out: Ben prefers the tuned answer, but of the last pair the base's."""
    held = examples_of(workspace, revision_id, "holdout")
    prompts = [messages_to_json(e.prompt) for e in held]
    columns = {"example_id": [e.id for e in held], "prompt": prompts, "reference": [e.answer for e in held]}
    replies = {"base_reply": [f"Base {k}." for k in range(3)], "tuned_reply": [f"Tuned {k}." for k in range(3)]}
    evaluation_id = workspace.objects.put("evaluation", {}, pl.DataFrame({**columns, **replies}), revision_id)
    study_id = create_study(workspace, evaluation_id, n_items=3, raters_per_item=1)
    for k, e in enumerate(held):
        payload = {"study_id": study_id, "verdict": "left" if k < 2 else "right", "tuned": "left"}
        workspace.ledger.append("rating", pair_id(study_id, e.id), payload, who="Ben")
    close_study(workspace, study_id)
    return evaluation_id


def test_an_answer_rewritten_by_hand_is_preferred_to_what_stood_there(filled: Workspace) -> None:
    trained = examples_of(filled, frozen(filled), "train")
    first, second, third = trained[:3]
    once = actions.edit(filled, first.id, rewritten(first, "Better."), who="Ben")
    actions.edit(filled, once.becomes or "", rewritten(first, "Best."), who="Cleo")
    actions.edit(filled, second.id, [Message("user", "Another question?"), Message("assistant", "Other.")], who="Ben")
    actions.decide(filled, third.id, "keep", who="Ben")
    revision_id = frozen(filled)
    trained_on = {e.id: e for e in examples_of(filled, revision_id, "train")}
    found = preference_pairs(filled, revision_id)
    assert [(p.chosen, p.rejected, p.why) for p in found.pairs] == [("Best.", first.answer, "rewritten")]
    assert found.pairs[0].prompt == first.prompt and found.pairs[0].example_id in trained_on
    assert found.n_withheld == 0


def test_a_held_out_prompt_makes_a_pair_only_after_it_was_retired_on_the_record(filled: Workspace) -> None:
    before = frozen(filled)
    held = examples_of(filled, before, "holdout")
    evaluation_id = judged(filled, before)
    correct(filled, evaluation_id, held[0].id, "As an expert says it.", who="Lea")
    for seed in range(4):
        found = preference_pairs(filled, frozen(filled, seed))
        assert not found.pairs and found.n_withheld == 4, "three prompts with a winner, one of them corrected, too"
    retire(filled, rated(filled), "the study is published", who="Ada")
    assert not preference_pairs(filled, before).pairs, "there they are still held out"
    seen = {}
    for seed in range(8):
        revision_id = frozen(filled, seed)
        trained_on = {e.id for e in examples_of(filled, revision_id, "train")}
        for pair in preference_pairs(filled, revision_id).pairs:
            assert pair.example_id in trained_on
            seen[pair.example_id, pair.why] = (pair.chosen, pair.rejected)
    assert seen[held[0].id, "voted"] == ("Tuned 0.", "Base 0.")
    assert seen[held[2].id, "voted"] == ("Base 2.", "Tuned 2.")
    assert seen[held[0].id, "corrected"] == ("As an expert says it.", "Tuned 0.")
    assert len(seen) == 4


def test_a_prompt_that_was_trained_on_before_it_was_rated_is_withheld_and_counted(filled: Workspace) -> None:
    older = frozen(filled)
    target = examples_of(filled, older, "train")[0]
    actions.edit(filled, target.id, rewritten(target, "Better."), who="Ben")
    later = freeze.freeze(filled, who="Ada", holdout_size=3, seed=5).revision.id
    (pair,) = preference_pairs(filled, later).pairs
    study_id = filled.objects.put(
        KIND,
        {"evaluation_id": "e", "seed": 0, "raters_per_item": 1, "criteria": [], "rule": {}},
        pl.DataFrame(
            {
                "item_id": [pair_id("study", pair.example_id)],
                "example_id": [pair.example_id],
                "prompt": [messages_to_json(pair.prompt)],
                **{name: ["x"] for name in ("reference", "base", "tuned")},
                "names_a_model": [False],
            }
        ),
        "study",
    )
    filled.ledger.append(KIND, study_id, {"state": "open"}, who="Lea")
    payload = {"study_id": study_id, "verdict": "left", "tuned": "left"}
    filled.ledger.append("rating", pair_id("study", pair.example_id), payload, who="Ben")
    found = preference_pairs(filled, later)
    assert (found.pairs, found.n_withheld) == ((), 1)


def test_the_command_writes_what_dpo_trainers_read(filled: Workspace, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    target = examples_of(filled, frozen(filled), "train")[0]
    actions.edit(filled, target.id, rewritten(target, "Better."), who="Ben")
    frozen(filled)
    out = tmp_path / "pairs.jsonl"
    words = ["export", str(out), "--format", "preferences", "-w", str(filled.path), "--json"]
    done = CliRunner().invoke(command_line(words), words)
    assert json.loads(done.stdout)["n_pairs"] == 1
    (row,) = [json.loads(line) for line in out.read_text().splitlines()]
    assert row["chosen"] == [{"role": "assistant", "content": "Better."}]
    assert row["rejected"] == [{"role": "assistant", "content": target.answer}]
    assert row["prompt"][-1]["role"] == "user" and filled.ledger.entries("export")[-1].payload["pairs"] == 1


def test_a_revision_that_is_not_there_is_named(filled: Workspace) -> None:
    with pytest.raises(FinetoothError):
        preference_pairs(filled, "0" * 32)
