"""`finetooth plan`: what a step needs, what is possible, and whether to fine-tune at all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from core.workspace import Workspace
from curation import actions
from tests.cli.test_contract import ROOT, Run, document, run  # noqa: F401  (a fixture)
from tests.conftest import chat
from tests.pages.workspaces import add_run, frozen
from tests.tiny_model import tiny


def test_the_parts_add_up_to_the_tensors_and_the_overhead_comes_on_top(run: Run) -> None:  # noqa: F811
    made = document(run("plan", "--model", "llama-3.1-8b", "--batch", "2", "--seq", "2048", "--gpu-gb", "24", "--json"))
    assert sum(made["bytes"].values()) == made["total_bytes"]
    assert made["needed_bytes"] == made["total_bytes"] + made["overhead_bytes"]
    assert made["fits"] is True and made["largest_batch"] >= 2 and made["gradient_checkpointing"] is True
    words = run("plan", "--model", "llama-3.1-8b", "--gpu-gb", "4").stdout
    assert "Llama 3.1 Community" in words and "does not fit in 4 GiB" in words
    assert "at 1024 tokens no batch fits, at batch 1 none fits" in words and "is 0" not in words
    words = run("plan", "--model", "smollm2-135m-instruct", "--gpu-gb", "80").stdout
    assert "the longest conversation has 8192 tokens, all that the model reads" in words
    assert "takes the most at the optimiser's step" in run("plan", "--model", "llama-3.1-8b", "--method", "full").stdout


def test_methods_are_compared_for_this_machine_with_settings_from_a_file(run: Run, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "train.json").write_text(json.dumps({"rank": 8, "batch_size": 3, "gradient_checkpointing": False}))
    given = ("plan", "--method", "all", "--config", tmp_path / "train.json", "--seq", "128", "--here", "--json")
    made = document(run(*given))
    assert [one["method"] for one in made] == ["qlora", "lora", "full"]
    assert {(one["batch"], one["rank"], one["gradient_checkpointing"]) for one in made} == {(3, 8, False)}
    assert all(one["gpu_gb"] > 0 for one in made), "what is free on this machine is what it has to fit into"
    assert document(run(*given, "--batch", "1"))[0]["batch"] == 1, "options outrank the file"


def test_a_step_is_simulated_beside_the_closed_form(run: Run, tmp_path: Path) -> None:  # noqa: F811
    made = document(run("plan", "--model", tiny(tmp_path / "mine"), "--seq", "64", "--simulate", "--json"))
    assert made["simulated"]["peak_bytes"] > 0 and made["simulated"]["phase"] in ("forward", "backward")


def test_a_simulated_step_brings_no_word_of_the_libraries(tmp_path: Path) -> None:
    """In a process of its own: they speak when they are first imported."""
    command = [sys.executable, "-m", "cli.main", "plan", "--model", str(tiny(tmp_path / "mine")), "--seq", "64"]
    done = subprocess.run([*command, "--simulate"], check=False, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0 and "simulated, qlora" in done.stdout and done.stderr == ""


def test_a_constraint_lists_what_it_leaves_and_why_not_the_rest(run: Run) -> None:  # noqa: F811
    listed = document(run("plan", "--first", "memory", "--amount", "6", "--json"))
    by_pair = {(one["model"], one["method"]): one for one in listed}
    assert by_pair["smollm2-135m-instruct", "qlora"]["verdict"] == "possible"
    assert by_pair["llama-3.1-8b-instruct", "full"]["verdict"] == "ruled out"
    assert "GiB" in by_pair["llama-3.1-8b-instruct", "full"]["reason"]
    assert run("plan", "--first", "memory").returncode == 2
    assert "not a constraint" in run("plan", "--first", "weather").stderr


def test_time_and_budget_take_the_speed_that_was_measured_in_the_workspace(
    run: Run,  # noqa: F811
    tmp_path: Path,
) -> None:
    workspace, revision_id = frozen(tmp_path / "project")
    long = {"Tokens per second": 266.0}
    add_run(workspace, revision_id, run_id="20260101-120000-aaaaaa", facts=long)
    add_run(workspace, revision_id, run_id="20260102-120000-bbbbbb", steps=6, facts={"Tokens per second": 54.0})
    given = ("plan", "--first", "time", "--amount", "8", "-w", workspace.path, "--json")
    by_pair = {(one["model"], one["method"]): one for one in document(run(*given))}
    small = by_pair["smollm2-135m-instruct", "qlora"]
    assert small["verdict"] == "possible" and "measured in run 20260101-120000-aaaaaa" in small["reason"]
    assert by_pair["smollm2-360m-instruct", "qlora"]["hours"] > small["hours"] > 0
    assert by_pair["smollm2-135m-instruct", "lora"]["verdict"] == "not known"
    on_gpu = {(one["model"], one["method"]): one for one in document(run(*given, "--gpu-gb", "24"))}
    reason = on_gpu["smollm2-135m-instruct", "qlora"]["reason"]
    assert reason == "no step by qlora has been measured on a GPU, so its time is not known"
    price = document(run(*given[:2], "budget", "--amount", "50", "--price", "2", *given[5:]))
    assert price[0]["verdict"] == "possible" and "measured in run" in price[0]["reason"]


def test_it_says_whether_to_fine_tune_at_all(
    run: Run,  # noqa: F811
    tmp_path: Path,
    write_chats: Callable[..., Path],
) -> None:
    workspace = Workspace.create(tmp_path / "w")
    actions.import_file(workspace, write_chats([chat(f"Which is {k}?", f"It is {k}.") for k in range(12)]), who="Ada")
    found = document(run("plan", "--whether", "-w", workspace.path, "--json"))
    assert found["verdict"] == "not yet" and any("12 examples are few" in reason for reason in found["reasons"])
    assert any("checks have not run" in reason for reason in found["reasons"])
