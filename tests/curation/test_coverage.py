"""Clusters of prompts, the map of them, over-represented templates, and too few examples."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from core.types import Example
from core.workspace import Workspace
from curation import actions, checking, coverage
from curation.checks import coverage_cluster, coverage_quantity, coverage_template
from curation.checks.base import chat
from curation.evidence.batch import Batch
from curation.evidence.coverage import LEAST, CoverageMap, coverage_map
from curation.evidence.coverage_vectors import k_means, layout, reduced, word_table
from curation.evidence.settings import Settings
from curation.runner import run_checks

DEMO = Path(__file__).parents[2] / "examples" / "icd10_coding.jsonl"
SUBJECTS = {
    "bread": "flour yeast dough oven crust knead bake loaf rye sourdough proof salt",
    "trains": "ticket platform station carriage seat track conductor timetable delay express sleeper line",
    "roses": "soil pruning compost thorn petal bush garden bloom mulch graft seedling hedge",
    "money": "invoice payment refund bank card transfer account balance fee interest loan deposit",
    "health": "fever cough pulse tablet nurse ward bandage fracture allergy dose injection clinic",
}


def about(subject: str, many: int, seed: int = 0) -> list[Example]:
    """Prompts of six words of a subject each."""
    rng = random.Random(f"{subject}{seed}")
    words = SUBJECTS[subject].split()
    return [chat(f"{' '.join(rng.sample(words, 6))} (number {i})?", f"It is {subject} {i}.") for i in range(many)]


def drawn(examples: list[Example], **settings: object) -> CoverageMap:
    found = coverage_map(Batch(examples, Settings(**settings)))  # type: ignore[arg-type]
    assert found is not None
    return found


EVEN = [example for subject in SUBJECTS for example in about(subject, 60)]


def test_each_subject_is_a_cluster_named_by_its_words() -> None:
    found = drawn(EVEN)
    subject_of = {example.id: example.answer.split()[2] for example in EVEN}
    clusters = {}
    for key, number in zip(found.ids, found.cluster, strict=True):
        clusters.setdefault(int(number), []).append(subject_of[key])
    pure = sum(max(members.count(subject) for subject in SUBJECTS) for members in clusters.values())
    assert pure >= 0.97 * len(EVEN)
    for cluster in found.clusters:
        subject = max(SUBJECTS, key=clusters[cluster.number].count)
        assert set(cluster.name.split(", ")) <= set(SUBJECTS[subject].split())
    assert sum(cluster.size for cluster in found.clusters) == len(found.ids) == found.total == len(EVEN)
    assert [c.size for c in found.clusters] == sorted((c.size for c in found.clusters), reverse=True)
    assert sum(c.share for c in found.clusters) == pytest.approx(1)


def test_the_map_does_not_depend_on_the_order_of_rows() -> None:
    one, other = drawn(EVEN), drawn(EVEN[::-1])
    assert one.ids == other.ids and one.clusters == other.clusters
    assert np.array_equal(one.x, other.x) and np.array_equal(one.y, other.y)


def test_islands_do_not_overlap_and_alike_prompts_share_one() -> None:
    found = drawn(EVEN)
    points = np.stack([found.x, found.y], axis=1)
    assert np.isfinite(points).all()
    middles = np.stack([points[found.cluster == c.number].mean(axis=0) for c in found.clusters])
    nearest = np.linalg.norm(points[:, None] - middles[None], axis=2).argmin(axis=1)
    assert (nearest == found.cluster).mean() > 0.9


def test_prompts_that_share_no_word_are_a_cluster_of_their_own() -> None:
    lonely = [chat(f"{chr(97 + i)}{chr(100 + i)}qx{chr(98 + i)}?", "Yes.") for i in range(5)]
    found = drawn([*EVEN, *lonely])
    assert found.clusters[-1].name == "no word in common" and found.clusters[-1].size == 5


def test_few_or_empty_prompts_make_no_map() -> None:
    assert coverage_map(Batch(EVEN[: LEAST - 1])) is None
    assert coverage_map(Batch([])) is None
    assert coverage_map(Batch([chat("", f"Answer {i}.") for i in range(200)])) is None
    assert coverage_map(Batch([chat(f"{i}", f"Answer {i}.") for i in range(200)])) is None, "no words"


def test_more_than_the_most_are_sampled_and_the_report_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curation.evidence.coverage.MOST", 150)
    batch = Batch(EVEN)
    found = coverage_map(batch)
    assert found is not None and len(found.ids) == 150 and found.total == len(EVEN)
    assert any("a sample of 150 of 300 prompts" in note for note in batch.notes)


def test_a_crowding_and_a_thin_subject_are_told_with_their_share() -> None:
    (crowd,) = coverage_cluster.CLUSTER.run([*EVEN, *about("money", 500, seed=1)])
    assert (crowd.reason, crowd.severity) == ("crowded", "info") and " of 800 prompts" in crowd.message
    assert len(crowd.members) == 50 and "50 of them are listed" in crowd.message
    four = [example for subject in list(SUBJECTS)[:4] for example in about(subject, 60)]
    (thin,) = coverage_cluster.CLUSTER.run([*four, *about("health", 5)])
    assert thin.reason == "thin" and "5 of 245 prompts (2%)" in thin.message and len(thin.members) == 5
    assert not list(coverage_cluster.CLUSTER.run(EVEN))


def test_a_template_is_told_once_with_its_words() -> None:
    opening = "Please read the note of patient {} and name the code that fits it best of all here: {}"
    cut = [chat(opening.format(i, e.prompt[0].content), "J20.9") for i, e in enumerate(about("bread", 100))]
    (finding,) = coverage_template.TEMPLATE.run([*EVEN, *cut])
    assert finding.message.startswith("100 of 400 prompts (25%) (50 of them are listed) begin with the same words")
    assert "“Please read the note of patient”" in finding.message and len(finding.members) == 50
    own = next(example for example in cut if example.id == finding.example_id)
    (span,) = finding.spans
    assert own.messages[span.turn].content[span.start : span.end] == "Please read the note of patient"
    assert not list(coverage_template.TEMPLATE.run([*EVEN, *cut[:60]])), "60 of 360 is under 20 %"
    strict = Batch([*EVEN, *cut[:60]], Settings(template_share=0.10))
    assert len(list(coverage_template.TEMPLATE.run(strict))) == 1


def test_short_prompts_that_differ_in_a_name_only_are_one_template() -> None:
    rows = [chat(f"What is the capital of {chr(65 + i // 5)}ovia{'abcde'[i % 5]}?", f"It is {i}.") for i in range(40)]
    (finding,) = coverage_template.TEMPLATE.run([*EVEN[:100], *rows])
    assert finding.reason == "same-whole" and "What is the capital of …" in finding.message


@pytest.mark.parametrize(
    ("many", "severity", "reason"),
    [(1, "warn", "far-too-few"), (99, "warn", "far-too-few"), (100, "warn", "too-few"), (499, "warn", "too-few"),
     (500, "info", "few"), (999, "info", "few"), (1000, None, None)],
)  # fmt: skip
def test_quantity_follows_the_guides(many: int, severity: str | None, reason: str | None) -> None:
    found = list(coverage_quantity.QUANTITY.run([chat(f"Question {i}?", "Yes.") for i in range(many)]))
    assert [(f.severity, f.reason) for f in found] == ([(severity, reason)] if severity else [])
    assert all(f"{many:,} different examples" in f.message for f in found)


def test_k_means_handles_fewer_texts_than_groups_and_equal_texts() -> None:
    same = np.tile(np.array([[1.0, 0.0]], np.float32), (5, 1))
    group, middles = k_means(same, 4)
    assert set(group) == {0} and len(middles) == 1
    assert np.isfinite(layout(same, group, middles)).all()
    table, words = word_table(["one two", "one two", "three"])
    assert words == ["one", "two"] and reduced(table, 8).shape[0] == 3


def test_a_check_in_a_workspace_keeps_the_map(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    assert coverage.load(workspace) == "absent"
    actions.import_file(workspace, DEMO, who="ann")
    report = checking.check(workspace, only=["coverage"])
    stored = coverage.load(workspace)
    assert isinstance(stored, coverage.StoredMap) and coverage.fits(workspace, stored)
    assert report.coverage is not None and stored.clusters == report.coverage.clusters
    assert stored.points["id"].to_list() == list(report.coverage.ids)
    biggest = stored.members(0, 10_000)
    assert len(biggest) == stored.clusters[0].size and stored.members(0, 3) == biggest[:3]
    assert stored.sample(10)["id"].to_list() == sorted(stored.points["id"])[:10]
    (workspace.path / "index" / "coverage.parquet").write_bytes(b"no table")
    assert coverage.load(workspace) == "broken"


def test_only_the_check_of_clusters_makes_a_map() -> None:
    assert run_checks(EVEN, ["coverage.quantity"]).coverage is None
    assert run_checks(EVEN, ["coverage"]).coverage is not None
