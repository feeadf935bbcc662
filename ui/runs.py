"""Training runs in lists, and the next one's settings in a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core import jobs
from core.workspace import Workspace
from training import queries
from training.config import TrainConfig
from ui import curve, render

PREFLIGHT = "preflight"


def summary(config: TrainConfig) -> str:
    """The settings in one line, ready for Markdown."""
    adapters = "" if config.method == "full" else f", rank {config.rank}"
    limit = "" if config.limit is None else f", {config.limit:,} examples drawn"
    return render.plain(
        f"{model_name(config.base_model)} by {config.method}{adapters}, {config.epochs:g} epochs, learning rate "
        f"{config.learning_rate:g}, {config.examples_per_step} conversations a step, at most {config.max_tokens:,} "
        f"tokens each{limit}"
    )


def model_name(base_model: str) -> str:
    """The last part of a path or hub id."""
    return base_model.rstrip("/").rsplit("/", 1)[-1]


def look_first(workspace: Workspace, revision_id: str, config: TrainConfig) -> None:
    """Launch pre-flight as a job."""
    spec = {"workspace": str(workspace.path), "revision_id": revision_id, "config": config.to_dict()}
    jobs.submit(workspace.jobs_dir, PREFLIGHT, "training.first_look:preflight_job", spec)


def first_look(
    workspace: Workspace, revision_id: str, config: TrainConfig
) -> tuple[jobs.Job | None, dict[str, Any] | None]:
    """The newest pre-flight of exactly this revision and these settings, and its report once it is there."""
    for job in jobs.listing(workspace.jobs_dir):
        if job.kind != PREFLIGHT:
            continue
        spec = job.spec
        if spec["revision_id"] == revision_id and spec["config"] == config.to_dict():
            result = jobs.read(job).result
            return job, result["report"] if result else None
    return None, None


def labels(runs: Sequence[queries.RunView]) -> dict[str, str]:
    """What each run is called in lists: its id and how it stands."""
    return {run.id: f"{run.id} · {curve.STATUS.get(run.status, (run.status, ''))[0]}" for run in runs}


def chooser(runs: list[queries.RunView]) -> str:
    """The run to show: the one in the address, else the newest; a box where there are several."""
    ids = [run.id for run in runs]
    wanted = st.query_params.get("run")
    if len(runs) > 1:
        start = ids.index(wanted) if wanted in ids else 0
        words = labels(runs)
        wanted = st.selectbox(
            "Run", ids, index=start, format_func=words.__getitem__, key=f"run-{hash(tuple(words.values()))}", width=420
        )
    chosen = wanted if wanted in ids else ids[0]
    if st.query_params.get("run") != chosen:
        st.query_params["run"] = chosen
    return chosen


def overview(workspace: Workspace, known: list[queries.RunView]) -> None:
    """The table of all runs, which follows them while one is at work."""
    if all(run.ended for run in known):
        table(known)
    else:
        _live_table(workspace)


@st.fragment(run_every=curve.POLL_S)
def _live_table(workspace: Workspace) -> None:
    known = queries.runs(workspace)
    if all(run.ended for run in known):
        st.rerun()
    table(known)


def table(runs: list[queries.RunView]) -> None:
    """All runs, newest first."""

    def fact(run: queries.RunView, name: str, digits: int = 3) -> str:
        value = run.facts.get(name)
        return "–" if value is None else f"{value:.{digits}f}"

    st.subheader("All runs", anchor=False)
    st.dataframe(
        {
            "Run": [run.id for run in runs],
            "Status": [curve.STATUS.get(run.status, (run.status, ""))[0] for run in runs],
            "Model": [render.cell(model_name(run.base_model)) for run in runs],
            "Method": [run.settings.get("method") for run in runs],
            "Steps": [f"{run.step:,} of {run.total_steps or 0:,}" for run in runs],
            "Hold-out loss before": [fact(run, "Hold-out loss before") for run in runs],
            "Hold-out loss after": [fact(run, "Hold-out loss after") for run in runs],
            "Tokens/s": [fact(run, "Tokens per second", 0) for run in runs],
            "Revision": [run.revision_id[:8] for run in runs],
        },
        hide_index=True,
        height="content",
    )
