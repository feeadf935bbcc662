"""Workspaces that stand further along the walk: frozen, trained, evaluated; no model is loaded for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from streamlit.testing.v1 import AppTest

from core import jobs
from core.files import write_json
from core.revisions import examples_of, messages_to_json
from core.workspace import Workspace
from curation import actions, freeze
from training.config import read_config

ROOT = Path(__file__).resolve().parent.parent.parent
DEMO = ROOT / "examples" / "icd10_coding.jsonl"
RUN = "20260101-120000-abcdef"


def frozen(path: Path, n: int = 60) -> tuple[Workspace, str]:
    """A workspace with a frozen revision of the first n demo chats, 12 of them held out."""
    workspace = Workspace.create(path)
    lines = DEMO.read_text(encoding="utf-8").splitlines(keepends=True)[:n]
    source = path.parent / "part.jsonl"
    source.write_text("".join(lines), encoding="utf-8")
    actions.import_file(workspace, source, who="Ana")
    return workspace, freeze.freeze(workspace, who="Ana", holdout_size=12).revision.id


def add_run(
    workspace: Workspace,
    revision_id: str,
    *,
    run_id: str = RUN,
    status: str = "done",
    steps: int = 12,
    extra: Sequence[dict[str, Any]] = (),
    **more: Any,
) -> str:
    """A run's folder as training leaves it: run.json and events, with a loss that falls, and ``extra`` events."""
    folder = workspace.runs_dir / run_id
    held = {"n": 12, "supervised": 200, "seconds": 1.0}
    events: list[dict[str, Any]] = [
        {"type": "start", "total_steps": 12, "steps_per_epoch": 6},
        {"type": "eval", "step": 0, "loss": 2.0, **held},
    ]
    for step in range(1, steps + 1):
        figures = {"lr": 1e-4, "grad_norm": 1.0, "tokens_per_s": 321.0, "eta_s": 80.0, "supervised": 60}
        events.append({"type": "step", "step": step, "loss": 2.0 / step**0.5, **figures})
    events += [{"type": "eval", "step": steps, "loss": 0.7, **held}, *extra]
    stamped = [{"seq": k, "at": "2026-01-01T12:00:00.000000Z", **event} for k, event in enumerate(events, 1)]
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in stamped), encoding="utf-8")
    facts = {"Hold-out loss before": 2.0, "Hold-out loss after": 0.7, "Tokens per second": 321.0, "Seconds": 75.0}
    record = {
        **{
            "id": run_id,
            "revision_id": revision_id,
            "base_model": "smollm2-135m-instruct",
            "seed": 0,
            "status": status,
        },
        **{"config": read_config({}).to_dict(), "created_at": "2026-01-01T12:00:00.000000Z", "facts": facts},
        **{"adapter_hash": "1" * 64 if status in ("done", "stopped") else None, **more},
    }
    write_json(folder / "run.json", record)
    return run_id


def add_evaluation(workspace: Workspace, revision_id: str, *, probes: dict[str, Any] | None = None) -> str:
    """An evaluation of the hold-out: the tuned model answers with the reference, and twice with a wrong code."""
    rows = []
    for k, example in enumerate(examples_of(workspace, revision_id, "holdout")):
        rows.append(
            {
                "example_id": example.id,
                "prompt": messages_to_json(example.prompt),
                "reference": example.answer,
                **{"base_nll": 20.0 + k, "base_tokens": 10, "tuned_nll": 5.0 + 4 * k, "tuned_tokens": 10},
                "base_reply": f"It may be one of several codes, number {k}.",
                "tuned_reply": "The code is Z99.9." if k % 6 == 0 else example.answer,
                **{"base_truncated": k == 0, "tuned_truncated": False},
            }
        )
    n = len(rows)
    share = {"n": n, "method": "t", "reason": ""}
    low, high = {"value": 0.1, "low": 0.0, "high": 0.3, **share}, {"value": 0.8, "low": 0.6, "high": 0.95, **share}
    side = {"nll": 300.0, "tokens": 10 * n, "perplexity": 12.0, "bits_per_byte": 1.1, "n_examples": n}
    speed = {"n": n, "truncated": 1, "empty": 0, "seconds_per_answer": 0.5, "tokens_per_second": 40.0}
    metric = {"title": "Exact match", "better": "higher", "n": n, "n_not_scored": 0}
    metric |= {"base": low, "tuned": high, "difference": {"value": 0.7, "low": 0.5, "high": 0.9, **share}}
    summary = {
        **{"n_examples": n, "n_excluded": 0, "base": side, "tuned": {**side, "perplexity": 4.8}},
        **{"ratio": {"value": 0.4, "low": 0.35, "high": 0.45, **share}, "n_better": 10, "n_worse": 2},
        **{"replies": {"base": speed, "tuned": speed}, "metrics": {"exact_match": metric}},
        **{"generation": {"max_new_tokens": 64, "batch_size": 8, "decoding": "greedy"}},
        **({"probes": probes} if probes else {}),
    }
    manifest = {
        **{"run_id": RUN, "revision_id": revision_id, "base_model": "smollm2-135m-instruct", "summary": summary},
        **{"excluded": [], "settings": {"seed": 0}, "template_hash": "0" * 64, "precision": "nf4", "versions": {}},
        **{"device": "cpu", "adapter_sha256": "1" * 64, "created_at": workspace.clock()},
    }
    return workspace.objects.put("evaluation", manifest, pl.DataFrame(rows), [n])


def ended_job(workspace: Workspace, kind: str, spec: dict[str, Any], result: dict[str, Any], number: int = 1) -> None:
    """The folder of a job that is done."""
    folder = workspace.jobs_dir / f"20260101-120000-{number:06}"
    write_json(folder / "spec.json", {"kind": kind, "target": "flows.none:none", "spec": spec})
    write_json(folder / "state.json", {"status": "done", "result": result})


class Submitted:
    """Stands in for ``jobs.submit``: notes what was asked for and leaves a queued job without a process."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def __call__(self, root: Path, kind: str, target: str, spec: dict[str, Any]) -> jobs.Job:
        self.asked.append((kind, target, spec))
        job = jobs.Job(f"20270101-120000-{len(self.asked):06}", root / f"20270101-120000-{len(self.asked):06}")
        write_json(job.folder / "spec.json", {"kind": kind, "target": target, "spec": spec})
        write_json(job.folder / "state.json", {"status": "queued"})
        return job


def labels(app: AppTest) -> list[str]:
    """The labels of all buttons."""
    return [button.label for button in app.button]
