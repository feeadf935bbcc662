"""What all tests share: a workspace in a temporary folder, and small datasets written for the tests."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from core.ids import example_id
from core.types import Example, Message
from core.workspace import Workspace

settings.register_profile("suite", derandomize=True)  # the same cases in every run ...
settings.register_profile("fuzz", derandomize=False)  # ... and new ones in each, with `make fuzz`
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def chat(question: str, answer: str, system: str = "You answer in one sentence.", **meta: object) -> Example:
    """A three-turn example."""
    turns = (Message("system", system), Message("user", question), Message("assistant", answer))
    return Example(example_id(turns), turns, meta)


def as_line(example: Example) -> str:
    """An example as a line of messages JSONL."""
    record: dict[str, object] = {"messages": [{"role": m.role, "content": m.content} for m in example.messages]}
    if example.meta:
        record["meta"] = dict(example.meta)
    return json.dumps(record)


@pytest.fixture(autouse=True)
def _own_queue(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Runs that a test starts queue for a machine of their own, not behind whatever else trains on this one."""
    monkeypatch.setenv("FINETOOTH_QUEUE", str(tmp_path_factory.getbasetemp() / "queues" / os.urandom(6).hex()))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A new workspace."""
    return Workspace.create(tmp_path / "workspace")


@pytest.fixture
def write_chats(tmp_path: Path) -> Callable[..., Path]:
    """Write examples as JSONL; returns the path."""

    def write(examples: Sequence[Example], name: str = "chats.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(as_line(e) + "\n" for e in examples), encoding="utf-8")
        return path

    return write


@pytest.fixture
def shared_data() -> Path:
    """Real data beside the checkout; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the shared real data is not beside this checkout")
    return SHARED
