"""The entailment model: its labels are read, its budget is told, its scores are kept, a wrong one is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from core.errors import CancelledError, InputError
from core.jobs import InlineContext
from core.types import Example
from core.workspace import Workspace
from curation import actions, checking
from curation.clash import model as reader
from curation.clash.base import Clash
from curation.clash.model import CrossEncoder
from curation.evidence.batch import Batch
from curation.evidence.entailment import Undecided, entailed_clashes
from curation.evidence.entailment_models import columns, located
from curation.evidence.settings import Settings
from curation.runner import run_checks
from tests.conftest import chat
from tests.tiny_entailment import LABELS, PLACES, tiny_entailment


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model that knows that "brel" and "tosk" exclude each other; contradiction is its second label."""
    return tiny_entailment(tmp_path_factory.mktemp("entailment"))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder for each test."""
    monkeypatch.setenv("FINETOOTH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def undecided(*answers: tuple[str, str]) -> tuple[list[Example], list[Undecided]]:
    """Rows in pairs, and what is to be asked about them."""
    rows, pairs = [], []
    for number, (left, right) in enumerate(answers):
        one, other = chat(f"Question {number}?", left), chat(f"Question {number}, please?", right)
        rows += [one, other]
        pairs.append(Undecided(one.id, other.id, left, right))
    return rows, pairs


def asked(
    model: Path | str | None, *answers: tuple[str, str], pairs_a_row: int = 16
) -> tuple[list[Clash | None], list[str], Batch]:
    """What the model says of each pair (a clash or None), the notes, and the batch."""
    rows, pairs = undecided(*answers)
    batch = Batch(rows, Settings(entailment_model=str(model) if model else None, entailment_pairs=pairs_a_row))
    found = entailed_clashes(batch, pairs)
    return [found.get(pair) for pair in pairs], batch.notes, batch


def test_without_a_model_nothing_is_judged_and_the_report_says_so() -> None:
    found, notes, _ = asked(None, ("The gate is brel.", "The gate is tosk."))
    assert found == [None]
    assert len(notes) == 1 and "no entailment model ran" in notes[0] and "1 pair of answers undecided" in notes[0]


def test_a_model_finds_the_two_statements_that_exclude_each_other(taught: Path) -> None:
    left = "The shop is new. The gate is brel."
    right = "The gate is tosk. The shop is near."
    (clash, nothing), notes, _ = asked(taught, (left, right), ("The door is new.", "The door is near."))
    assert nothing is None and isinstance(clash, Clash)
    assert clash.reason == "model" and clash.score >= 0.7
    assert [left[a:b] for a, b in clash.left] == ["The gate is brel."]
    assert [right[a:b] for a, b in clash.right] == ["The gate is tosk."]
    assert "“The gate is brel.” contradicts “The gate is tosk.”" in clash.sentence
    assert any("was asked about 2 pairs" in note and "takes 1 for a contradiction" in note for note in notes)


@pytest.mark.parametrize("labels", [LABELS, ("contradiction", "entailment", "neutral")])
def test_labels_are_read_from_the_model_in_whatever_order_it_has(labels: tuple[str, ...], tmp_path: Path) -> None:
    folder = tiny_entailment(tmp_path / "model", steps=0, labels=tuple(label.upper() for label in labels))
    found = located(str(folder))
    assert [labels[column] for column in found.columns] == ["contradiction", "entailment", "neutral"]
    encoder = CrossEncoder(found.folder, found.columns, found.identity())
    ((numbers, scores),) = encoder.pieces([("The gate is brel.", "The gate is tosk.")])
    assert numbers == [0] and scores.shape == (1, 3) and scores.sum() == pytest.approx(1, abs=1e-4)
    import torch

    tokens = encoder._model.tokenizer("The gate is brel.", "The gate is tosk.", return_tensors="pt")
    with torch.inference_mode():
        by_hand = encoder._model.model(**tokens).logits.softmax(-1)[0].numpy()
    assert scores[0] == pytest.approx(by_hand[list(found.columns)], abs=1e-4)


def test_the_higher_of_both_directions_counts(taught: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_way(self: CrossEncoder, pairs: Sequence[tuple[str, str]]) -> object:
        yield list(range(len(pairs))), np.array([[0.9 if "brel" in a else 0.1, 0, 0] for a, _ in pairs], np.float32)

    monkeypatch.setattr(CrossEncoder, "pieces", one_way)
    found, _, _ = asked(taught, ("The gate is brel.", "The gate is new."), ("The shop is new.", "The shop is brel."))
    assert [clash is not None and round(clash.score, 2) for clash in found] == [0.9, 0.9]


def test_a_row_has_a_budget_and_what_it_leaves_out_is_counted(taught: Path) -> None:
    left = " ".join(f"The {place} is brel." for place in PLACES)
    right = " ".join(f"The {place} is tosk." for place in PLACES)
    _, notes, _ = asked(taught, (left, right), pairs_a_row=2)
    assert "it read 2 sentence pairs" in notes[-1]
    assert "Left out: " in notes[-1] and ", at most 2 a row (entailment_pairs)" in notes[-1]
    _, generous, _ = asked(taught, (left, right), pairs_a_row=1000)
    assert "Left out" not in generous[-1]


def test_a_row_in_many_pairs_does_not_spend_its_budget_on_the_first(taught: Path) -> None:
    rows = [chat(f"Question {n}?", f"The {place} is tosk. The gate is new.") for n, place in enumerate(PLACES[1:4])]
    hub = chat("Question?", "The shop is brel. The door is brel. The road is brel. The gate is near.")
    batch = Batch([hub, *rows], Settings(entailment_model=str(taught), entailment_pairs=3))
    found = entailed_clashes(batch, [Undecided(hub.id, row.id, hub.answer, row.answer) for row in rows])
    assert "of 3 of them" in batch.notes[-1]
    assert all(clash.reason == "model" for clash in found.values())


def test_statements_about_other_things_questions_and_equal_statements_are_not_read(taught: Path) -> None:
    pairs = (
        ("Is the gate brel?", "The gate is tosk."),
        ("The gate is brel.", "the gate is BREL"),
        ("The gate is brel. The shop is new.", "A sonnet has fourteen lines. Its metre is iambic."),
    )
    found, notes, _ = asked(taught, *pairs)
    assert found == [None, None, None]
    assert "3 pairs had no two different statements about the same thing" in notes[-1]


def test_a_statement_that_the_model_cannot_hold_is_counted_not_cut(taught: Path) -> None:
    long = "The gate is brel " + "and new " * 80 + "."
    found, notes, _ = asked(taught, (long, "The gate is tosk."))
    assert found == [None] and "Left out: 1 sentence pair, longer than the model" in notes[-1]


def test_scores_are_kept_for_the_next_run_and_not_for_another_model(
    taught: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = (("The gate is brel.", "The gate is tosk."), ("The shop is new.", "The shop is near."))
    first, _, _ = asked(taught, *answers)

    def never(self: CrossEncoder, *given: object) -> None:
        raise AssertionError("the model was loaded though every score is kept")

    with monkeypatch.context() as patched:
        patched.setattr(CrossEncoder, "__init__", never)
        again, notes, _ = asked(taught, *answers[::-1])
        assert again == first[::-1] and "read 2 sentence pairs" in notes[-1]
        other = tiny_entailment(tmp_path / "other", steps=0, seed=1)
        with pytest.raises(AssertionError):
            asked(other, *answers)


def test_the_same_pairs_in_another_order_and_company_score_the_same(taught: Path, own_cache: Path) -> None:
    answers = [(f"The {place} is brel.", f"The {place} is {state}.") for place in PLACES for state in ("tosk", "new")]
    whole, _, _ = asked(taught, *answers)
    shutil.rmtree(own_cache)
    turned, _, _ = asked(taught, *answers[::-1])
    shutil.rmtree(own_cache)
    alone = [asked(taught, pair)[0][0] for pair in answers[:3]]
    assert turned[::-1] == whole and alone == whole[:3] and any(whole) and not all(whole)


def test_a_stopped_run_keeps_what_it_read(taught: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "PIECE_PAIRS", 4)
    rows, pairs = undecided(*((f"The {place} is brel.", f"The {place} is tosk.") for place in PLACES))
    told: list[tuple[str, int, int | None]] = []

    def progress(stage: str, done: int, total: int | None) -> None:
        told.append((stage, done, total))
        if done == 4:
            raise CancelledError("stopped")

    settings = Settings(entailment_model=str(taught))
    with pytest.raises(CancelledError):
        entailed_clashes(Batch(rows, settings, progress), pairs)
    assert told == [("entailment", 0, 12), ("entailment", 4, 12)]
    told.clear()
    batch = Batch(rows, settings, lambda stage, done, total: told.append((stage, done, total)))
    assert len(entailed_clashes(batch, pairs)) == len(PLACES)
    assert told[0] == ("entailment", 4, 12) and told[-1] == ("entailment", 12, 12)


def changed(taught: Path, folder: Path, change: Callable[[Path], None]) -> str:
    """The sentence with which a spoilt copy of the model is refused."""
    shutil.copytree(taught, folder)
    change(folder)
    with pytest.raises(InputError) as caught:
        asked(folder, ("The gate is brel.", "The gate is tosk."))
    assert str(folder) in caught.value.message and caught.value.hint
    return caught.value.message


def rewritten(**values: object) -> Callable[[Path], None]:
    def rewrite(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        (folder / "config.json").write_text(json.dumps({**config, **values}), encoding="utf-8")

    return rewrite


TWO = {"0": "entailment", "1": "not_entailment"}


@pytest.mark.parametrize(
    "change,told",
    [
        (lambda folder: (folder / "config.json").unlink(), "has no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be read"),
        (rewritten(id2label=TWO), "no three labels named contradiction, entailment and neutral"),
        (rewritten(id2label={"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}), "its labels: label_0"),
        (rewritten(architectures=["BertModel"]), "no cross-encoder"),
        (lambda folder: (folder / "model.safetensors").unlink(), "holds no *.safetensors"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"torn"), "cannot be loaded"),
        (lambda folder: [f.unlink() for f in folder.glob("tokenizer*")], "holds no tokenizer"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "cannot be loaded"),
    ],
)
def test_a_folder_that_is_no_such_model_is_refused_in_one_sentence(
    taught: Path, tmp_path: Path, change: Callable[[Path], None], told: str
) -> None:
    sentence = changed(taught, tmp_path / "spoilt", change)
    assert told in sentence and "\n" not in sentence


def test_weights_without_a_classifier_are_refused_and_not_made_up(taught: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    def without_head(folder: Path) -> None:
        weights = {k: v for k, v in load_file(folder / "model.safetensors").items() if not k.startswith("classifier")}
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

    assert "lack its classifier" in changed(taught, tmp_path / "headless", without_head)


@pytest.mark.parametrize("name", ["no/such-folder-anywhere", "nonsense", "all-minilm-l6-v2", "smollm2-135m-instruct"])
def test_a_name_that_is_not_here_is_refused_before_any_work(name: str) -> None:
    with pytest.raises(InputError) as caught:
        asked(name)
    assert name in caught.value.message and "finetooth models --entailment" in caught.value.hint


def test_settings_name_a_folder_beside_the_file_or_a_model_of_the_hub(taught: Path, tmp_path: Path) -> None:
    file = tmp_path / "finetooth.toml"

    def read(text: str) -> Settings:
        file.write_text(f"[check]\n{text}\n", encoding="utf-8")
        return Settings.from_toml(file)

    assert read("").entailment_model is None
    assert read('entailment_model = "cross-encoder/some-nli"').entailment_model == "cross-encoder/some-nli"
    assert read('entailment_model = "./models/nli"').entailment_model == str(tmp_path / "models" / "nli")
    shutil.copytree(taught, tmp_path / "models" / "nli")
    assert read('entailment_model = "models/nli"').entailment_model == str(tmp_path / "models" / "nli")
    assert read('entailment_revision = "main"\nentailment_pairs = 4').entailment_pairs == 4
    for wrong in ("entailment_model = 3", 'entailment_revision = ""', "entailment_pairs = 0"):
        with pytest.raises(InputError, match=wrong.partition(" ")[0]):
            read(wrong)


def test_a_revision_does_not_go_with_a_folder(taught: Path) -> None:
    with pytest.raises(InputError, match="goes with a model of the hub"):
        located(str(taught), "main")


def test_the_columns_follow_the_labels(taught: Path) -> None:
    assert columns(taught, "it") == (LABELS.index("contradiction"), LABELS.index("entailment"), LABELS.index("neutral"))


QUESTION = "The visitor asks for the state of the gate in the north of the town today: what is it?"


def test_the_check_asks_the_model_about_what_the_rules_leave_and_reports_it(taught: Path) -> None:
    rows = [chat(QUESTION, "The gate is brel."), chat(f"{QUESTION} Thanks.", "The gate is tosk.")]
    by_rules = run_checks(rows, ["contradictions.clash"])
    assert not by_rules.findings and any("no entailment model ran" in note for note in by_rules.notes)
    report = run_checks(rows, ["contradictions.clash"], settings=Settings(entailment_model=str(taught)))
    (finding,) = report.findings
    texts = {row.id: row.answer for row in rows}
    marked = [texts[span.example_id or finding.example_id][span.start : span.end] for span in finding.spans]
    assert finding.reason == "model" and sorted(marked) == ["The gate is brel.", "The gate is tosk."]
    assert any("it read 1 sentence pair of 1 of them" in note for note in report.notes)
    again = run_checks(rows[::-1], ["contradictions.clash"], settings=Settings(entailment_model=str(taught)))
    assert again.findings == report.findings and again.notes == report.notes


def test_a_model_that_is_not_here_stops_the_check_before_it_begins(tmp_path: Path) -> None:
    begun: list[str] = []
    with pytest.raises(InputError, match="no entailment model at"):
        run_checks(
            [chat(QUESTION, "It is open.")],
            settings=Settings(entailment_model=str(tmp_path / "none")),
            progress=lambda stage, done, total: begun.append(stage),
        )
    assert begun == []


def test_a_check_in_a_worker_stops_when_asked(workspace: Workspace, write_chats: Callable[..., Path]) -> None:
    actions.import_file(
        workspace, write_chats([chat(QUESTION, "It is open."), chat(QUESTION, "It is new.")]), who="Ada"
    )
    context = InlineContext({"workspace": str(workspace.path)}, workspace.jobs_dir / "one")
    (context.folder / "stop").touch()
    with pytest.raises(CancelledError):
        checking.check_job(context)
    (context.folder / "stop").unlink()
    assert any("no entailment model ran" in note for note in checking.check_job(context)["notes"])
