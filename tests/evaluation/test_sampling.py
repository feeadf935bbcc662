"""Several drawn answers to a prompt: repeatable by seed, averaged by prompt, resumable, and beside the greedy ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import models
from core.errors import CancelledError, InputError
from core.generation import Answer, Generation, generate
from core.jobs import InlineContext
from core.workspace import Workspace
from evaluation import sampling
from evaluation.actions import run_evaluation
from evaluation.replies import prompts_of
from evaluation.report import report
from tests.evaluation.workspace_with_run import examples, revision, run_with_adapter
from tests.tiny_model import tiny


@pytest.fixture(scope="module", name="base")
def base_(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module", name="workspace")
def workspace_(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Workspace:
    space = Workspace.create(tmp_path_factory.mktemp("ws") / "w")
    run_with_adapter(space, base, revision(space, examples(12)))
    return space


def test_the_same_seed_draws_the_same_answers_and_another_seed_others(base: Path) -> None:
    import torch

    model, tokenizer = models.load_model(base, "fp32"), models.load_tokenizer(base)
    prompts = prompts_of(tokenizer, examples(6))
    settings = Generation(8, 2, temperature=1.0, seed=3)
    before = torch.random.get_rng_state()
    first, again = ([a.text for a in generate(model, tokenizer, prompts, settings)] for _ in range(2))
    assert first == again
    assert torch.equal(before, torch.random.get_rng_state()), "what else draws is left alone"
    assert first != [a.text for a in generate(model, tokenizer, prompts, settings.with_seed(4))]
    assert first[2:] != first[:-2]
    assert settings.as_dict() == {
        **{"max_new_tokens": 8, "batch_size": 2, "temperature": 1.0, "top_p": 1.0, "seed": 3, "decoding": "sampled"}
    }
    assert Generation(8, 2).as_dict() == {"max_new_tokens": 8, "batch_size": 2, "decoding": "greedy"}
    with pytest.raises(InputError, match="temperature above 0"):
        generate(model, tokenizer, prompts, Generation(8, 2, temperature=0.0))


def test_the_prompt_is_the_unit_however_many_answers_are_drawn() -> None:
    held = examples(10)

    def said(texts: list[str]) -> list[Answer]:
        return [Answer(text, 3, False, 0.5) for text in texts]

    right = [e.answer for e in held]
    base = [said(["Nothing."] * 10), said(["Nothing."] * 10)]
    tuned = [said(right), said([*right[:5], *["Nothing."] * 5])]
    found, frame = sampling.compare(held, base, tuned, Generation(8, 2, temperature=1.0))
    exact = found["metrics"]["exact_match"]
    assert (exact["base"]["value"], exact["tuned"]["value"], exact["n"]) == (0.0, 0.75, 10)
    assert exact["difference"]["value"] == 0.75 and exact["difference"]["n"] == 10
    different = found["metrics"]["different"]
    assert (different["base"]["value"], different["tuned"]["value"]) == (0.5, 0.75)
    assert frame.height == 20 and frame["tuned_exact_match"].sum() == 15
    assert found["replies"]["tuned"]["n"] == 20


def test_an_evaluation_draws_beside_its_greedy_answers_and_goes_on_after_a_stop(
    workspace: Workspace, tmp_path: Path
) -> None:
    plain = {"workspace": str(workspace.path), "run_id": "run-1", "n_replies": 4, "max_new_tokens": 5}
    greedy = run_evaluation(InlineContext(dict(plain), tmp_path / "greedy"))
    assert "sampled" not in greedy["summary"]
    begun: dict[str, int] = {}

    class Interrupted(InlineContext):
        def progress(self, stage: str, done: int, total: int | None) -> None:
            if stage == "sample 2 of tuned":
                raise CancelledError("stopped")

    spec = {**plain, "samples": 2, "temperature": 1.0}
    with pytest.raises(CancelledError):
        run_evaluation(Interrupted(spec, tmp_path / "first"))

    def note(stage: str, done: int, _total: int | None) -> None:
        begun.setdefault(stage, done)

    done = run_evaluation(InlineContext(spec, tmp_path / "second", note))
    assert begun["sample 1 of base"] == begun["sample 2 of base"] == begun["sample 1 of tuned"] == 4
    assert done["evaluation_id"] != greedy["evaluation_id"]
    assert done["summary"]["metrics"] == greedy["summary"]["metrics"]
    sampled = done["summary"]["sampled"]
    assert sampled["n_samples"] == 2 and sampled["settings"]["temperature"] == 1.0
    assert sampled["metrics"]["token_f1"]["n"] == 4 and sampled["replies"]["base"]["n"] == 8
    for form, words in (("html", "<h3>Drawn answers</h3>"), ("md", "mean of 2 drawn answers a prompt")):
        assert words in report(workspace, str(done["evaluation_id"]), form)  # type: ignore[arg-type]
        assert words not in report(workspace, str(greedy["evaluation_id"]), form)  # type: ignore[arg-type]
    frame = workspace.objects.frame(workspace.objects.ids(sampling.KIND)[-1])
    assert frame.height == 8 and set(frame["sample"]) == {0, 1}
