"""The planted faults of the demo set are found, in the shipped set and in others; what must survive does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from core.ids import example_id
from core.types import Example, Finding, Message
from curation.runner import CheckReport, Settings, run_checks

ROOT = Path(__file__).parents[2]
FAULTS_NAME = "icd10_coding.faults.json"
RECALL_BAR = 0.9
PRECISION_BAR = 0.9
SEEDS: tuple[int | None, ...] = (None, 7)
"""None = the shipped files."""


@dataclass(frozen=True)
class Checked:
    """A demo set with its findings, in terms of lines."""

    faults: tuple[dict[str, Any], ...]
    lines: dict[str, tuple[int, ...]]
    report: CheckReport

    def rows(self, finding: Finding) -> set[int]:
        return {line for member in finding.members for line in self.lines[member]}

    def dropped(self) -> set[int]:
        """Lines that a proposal would remove; of identical rows one stays."""
        gone: set[int] = set()
        for finding in self.report.findings:
            if finding.proposal is not None and finding.proposal.action == "drop":
                for target in finding.proposal.targets:
                    gone |= set(self.lines[target][1:] if finding.reason == "identical-rows" else self.lines[target])
        return gone


@lru_cache
def checked(seed: int | None) -> Checked:
    if seed is None:
        data, faults = ROOT / "examples" / "icd10_coding.jsonl", ROOT / "examples" / FAULTS_NAME
        return _checked(data.read_text(encoding="utf-8"), faults.read_text(encoding="utf-8"))
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        data, faults = Path(folder) / "set.jsonl", Path(folder) / "planted.json"
        script = ROOT / "examples" / "icd10_coding.py"
        arguments = ["--seed", str(seed), "--out", str(data), "--faults", str(faults)]
        subprocess.run([sys.executable, str(script), *arguments], check=True, capture_output=True, cwd=ROOT)
        return _checked(data.read_text(encoding="utf-8"), faults.read_text(encoding="utf-8"))


def _checked(data: str, faults: str) -> Checked:
    lines: dict[str, list[int]] = {}
    examples: dict[str, Example] = {}
    for number, line in enumerate(data.splitlines(), start=1):
        messages = tuple(Message(m["role"], m["content"]) for m in json.loads(line)["messages"])
        example = Example(example_id(messages), messages)
        examples[example.id] = example
        lines.setdefault(example.id, []).append(number)
    rows = {key: tuple(numbers) for key, numbers in lines.items()}
    settings = Settings(rows={key: numbers for key, numbers in rows.items() if len(numbers) > 1})
    report = run_checks(list(examples.values()), settings=settings)
    return Checked(tuple(json.loads(faults)["faults"]), rows, report)


@pytest.fixture(params=SEEDS, ids=lambda seed: "shipped" if seed is None else f"seed {seed}")
def demo(request: pytest.FixtureRequest) -> Checked:
    return checked(request.param)


def test_planted_faults_are_found(demo: Checked) -> None:
    found: Counter[str] = Counter()
    planted: Counter[str] = Counter()
    missed = []
    for fault in demo.faults:
        if not fault["expect"]:
            continue
        planted[fault["kind"]] += 1
        hit = any(
            set(fault["rows"]) <= demo.rows(finding)
            and any(fnmatchcase(finding.check, name) for name in fault["expect"])
            for finding in demo.report.findings
        )
        found[fault["kind"]] += hit
        if not hit:
            missed.append(fault)
    for kind, count in planted.items():
        print(f"recall {kind}: {found[kind]} of {count}")
    assert found.total() >= RECALL_BAR * planted.total(), missed
    for kind, count in planted.items():
        assert found[kind] >= 0.75 * count, (kind, missed)


def test_what_must_survive_is_never_proposed_for_dropping(demo: Checked) -> None:
    survivors = {line for fault in demo.faults if fault.get("must_survive") for line in fault["rows"]}
    assert survivors
    assert not survivors & demo.dropped()


def test_only_copies_and_rows_without_an_answer_are_proposed_for_dropping_and_one_copy_stays(demo: Checked) -> None:
    copies = [set(f["rows"]) for f in demo.faults if f["kind"] in ("exact_duplicate", "near_duplicate")]
    silent = {line for f in demo.faults if f["kind"] == "empty_answer" for line in f["rows"]}
    dropped = demo.dropped()
    assert dropped <= silent.union(*copies)
    assert all(rows - dropped for rows in copies)


def test_findings_are_about_planted_faults(demo: Checked) -> None:
    faulty = {line for fault in demo.faults for line in fault["rows"]}
    by_check: dict[str, Counter[bool]] = {}
    for finding in demo.report.findings:
        if finding.severity != "info" and finding.family != "coverage":
            by_check.setdefault(finding.check, Counter())[demo.rows(finding) <= faulty] += 1
    for check, counts in by_check.items():
        print(f"precision {check}: {counts[True]} of {counts.total()}")
    right = sum(counts[True] for counts in by_check.values())
    assert right >= PRECISION_BAR * sum(counts.total() for counts in by_check.values()), by_check


def test_contradictions_are_the_planted_clashes(demo: Checked) -> None:
    clashes = [set(fault["rows"]) for fault in demo.faults if fault["kind"].startswith("clashing")]
    found = [demo.rows(finding) for finding in demo.report.findings if finding.family == "contradictions"]
    assert all(any(rows <= clash for clash in clashes) for rows in found)


def test_no_check_reads_the_list_of_planted_faults() -> None:
    folders = ("cli", "core", "curation", "evaluation", "flows", "training", "ui", "pages")
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    sources += [path for path in (ROOT / "app.py",) if path.exists()]
    assert len(sources) > 20
    assert not [path for path in sources if "faults.json" in path.read_text(encoding="utf-8")]
