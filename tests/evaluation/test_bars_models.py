"""Two models are compared on the same template and tokens, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import FinetoothError, InputError
from core.jobs import InlineContext
from core.workspace import Workspace
from evaluation.actions import run_evaluation
from tests.evaluation.workspace_with_run import conversation, examples, revision, run_with_adapter
from tests.tiny_model import TEMPLATE, tiny


def test_an_adapter_is_not_measured_with_another_chat_template_than_it_was_trained_with(tmp_path: Path) -> None:
    workspace, base = Workspace.create(tmp_path / "w"), tiny(tmp_path / "base")
    run_id = run_with_adapter(workspace, base, revision(workspace, examples(4)))
    tiny(tmp_path / "base", template=TEMPLATE.replace("You help.", "You mend."))
    spec = {"workspace": str(workspace.path), "run_id": run_id, "n_replies": 0}
    with pytest.raises(FinetoothError, match="another chat template"):
        run_evaluation(InlineContext(spec, tmp_path / "job"))
    assert not workspace.objects.ids("evaluation")


def test_a_hold_out_in_which_every_answer_is_cut_gives_an_error_and_no_number(tmp_path: Path) -> None:

    workspace, base = Workspace.create(tmp_path / "w"), tiny(tmp_path / "base")
    long = [conversation(f"Long {k}?", "word " * 3000) for k in range(3)]
    run_id = run_with_adapter(workspace, base, revision(workspace, long))
    spec = {"workspace": str(workspace.path), "run_id": run_id, "n_replies": 0}
    with pytest.raises(InputError, match=r"None of the 3 hold-out examples .* Hold-out example 1 has \d+ tokens"):
        run_evaluation(InlineContext(spec, tmp_path / "job"))
    assert not workspace.objects.ids("evaluation")
