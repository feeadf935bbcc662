"""Evaluate: base beside tuned on the hold-out, by perplexity, metrics and the answers themselves."""

import streamlit as st

from core import jobs
from core.errors import FinetoothError
from core.workspace import Workspace
from evaluation import queries
from training import queries as trained
from ui import act, measured, panels, render, shell, studies
from ui.runs import model_name

shell.begin()
KIND = "evaluate"
PROBES = {
    "forgetting": "What it forgot",
    "grounding": "What it makes up",
    "bias": "Unequal answers",
    "instructions": "What it no longer obeys",
}


def start(workspace: Workspace, run_id: str) -> None:
    """Launch an evaluation in a process of its own."""
    running = panels.latest(workspace, KIND)
    if running and not jobs.read(running).ended:
        raise FinetoothError("An evaluation is running already.", "Wait for it, or stop it first.")
    spec = {
        "workspace": str(workspace.path),
        "run_id": run_id,
        "n_replies": int(st.session_state["evaluate_replies"]),
        "max_new_tokens": int(st.session_state["evaluate_new_tokens"]),
        "seed": int(st.session_state["evaluate_seed"]),
        "probes": list(st.session_state["evaluate_probes"]),
    }
    jobs.submit(workspace.jobs_dir, KIND, "flows.probing:run_evaluation", spec)


def launcher(workspace: Workspace, runs: list[trained.RunView], *, open_: bool) -> None:
    """Which run, how many answers; and the button."""
    names = {run.id: f"{run.id} · {render.cell(model_name(run.base_model))} · {run.status}" for run in runs}
    with st.expander("Evaluate a run", expanded=open_, icon=":material/play_circle:"):
        chosen = st.selectbox("Run", list(names), format_func=names.__getitem__, key="evaluate_run")
        left, middle, right = st.columns(3)
        left.number_input("Hold-out prompts that both answer", 0, 100_000, 40, key="evaluate_replies")
        middle.number_input("Longest answer, in tokens", 1, 8192, 128, key="evaluate_new_tokens")
        right.number_input("Seed of the choice", 0, 2**31 - 1, 0, key="evaluate_seed")
        st.pills(
            "Probes",
            list(PROBES),
            format_func=PROBES.__getitem__,
            selection_mode="multi",
            default=list(PROBES),
            key="evaluate_probes",
            help="What the model may have lost. General questions and changed prompts are answered by both models, "
            "about 600 answers in all.",
        )
        st.caption(
            "Perplexity is measured on the whole hold-out. Base and tuned are the same weights, the adapter switched "
            "off and on. The same settings again give what is stored."
        )
        latest = panels.latest(workspace, KIND)
        shown = act.show(f"evaluate-{chosen}-{latest.id if latest else ''}", scope="evaluate")
        act.button(
            "Evaluate",
            shown,
            "evaluate",
            lambda _: start(workspace, chosen),
            kind="primary",
            icon=":material/monitoring:",
            guard=False,
        )


panels.title("Evaluate", "Base beside tuned on the hold-out: what became more likely, and what they answer.")
workspace = shell.workspace()
shell.who()
runs = [run for run in trained.runs(workspace) if run.ended and run.adapter_hash]
evaluations = queries.evaluations(workspace)
running = panels.latest(workspace, KIND)
state = panels.job(running, stop_label="Stop the evaluation") if running else None
if runs and (state is None or state.ended):
    launcher(workspace, runs, open_=not evaluations)
if not runs and not evaluations:
    panels.empty("No run has ended with an adapter yet.", "train.py", "Train one first")
if not evaluations:
    st.stop()
names = {one["id"]: studies.evaluation_label(one) for one in evaluations}
chosen = st.selectbox(  # the key counts them, so that the newest is chosen when one is added
    "Evaluation", list(names), format_func=names.__getitem__, key=f"evaluation-{len(names)}", width=640
)
measured.draw(workspace, next(one for one in evaluations if one["id"] == chosen))
shell.link("side_by_side.py", "Have people judge the answers blind", icon="arrow_forward")
