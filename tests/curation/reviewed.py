"""A small checked workspace for the tests of the review queue: rows that name people's addresses, and some copies."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.types import Message
from core.workspace import Workspace
from curation import actions, checking, queries

TOPICS = ("fever", "cough", "gout", "asthma", "sepsis", "angina", "eczema", "vertigo", "anaemia", "migraine")
ONLY = ("duplicates", "privacy", "format")


def row(question: str, answer: str) -> str:
    """A line of a file with one question and its answer."""
    return json.dumps(
        {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}
    )  # fmt: skip


def lines() -> list[str]:
    """Ten rows with an e-mail address each, three copies of one of them in other words, and ten clean ones."""
    asked = [
        f"A patient has had {topic} for {n + 2} days. Whom does the ward ask about it?"
        for n, topic in enumerate(TOPICS)
    ]
    named = [
        row(q, f"Write to dr.{t}@ward{n}.org about {t}.") for n, (q, t) in enumerate(zip(asked, TOPICS, strict=True))
    ]
    long = "Please describe in detail how the ward on the third floor admits a patient who arrives at night with {}."
    told = (
        "First the nurse takes the temperature and the pulse, then the doctor on call is told, then a bed is made {}."
    )
    copies = [row(long.format("a fracture"), told.format(word)) for word in ("ready", "ready soon", "ready at once")]
    clean = [
        row(f"Which ward takes {topic}?", f"Ward {n} takes patients with {topic}.") for n, topic in enumerate(TOPICS)
    ]
    return [*named, *copies, *clean]


@pytest.fixture(scope="session")
def reviewed_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows, imported and checked once."""
    folder = tmp_path_factory.mktemp("reviewed")
    file = folder / "rows.jsonl"
    file.write_text("\n".join(lines()) + "\n", encoding="utf-8")
    workspace = Workspace.create(folder / "project")
    actions.import_file(workspace, file, who="Ada")
    checking.check(workspace, only=ONLY)
    return folder / "project"


@pytest.fixture
def ward(reviewed_template: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A copy of it for one test."""
    shutil.copytree(reviewed_template, tmp_path / "ward")
    yield Workspace.open(tmp_path / "ward")


def emails(workspace: Workspace) -> list[queries.FindingView]:
    """The open findings of e-mail addresses, in order."""
    return list(queries.findings(workspace, checks=("privacy.email",), limit=100).items)


def state(workspace: Workspace, example_id: str) -> str:
    """Where an example stands."""
    return queries.example(workspace, example_id).state


def answer(workspace: Workspace, example_id: str, text: str) -> list[Message]:
    """The example's turns with another answer."""
    return [*queries.example(workspace, example_id).example.messages[:-1], Message("assistant", text)]
