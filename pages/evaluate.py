"""Evaluate: base beside tuned on the hold-out, by perplexity, metrics and the answers themselves."""

import streamlit as st

from evaluation import queries
from training import queries as trained
from ui import evaluate_form, measured, others, panels, shell, studies, unfinished

shell.begin()

panels.title("Evaluate", "Base beside tuned on the hold-out: what became more likely, and what they answer.")
workspace = shell.workspace()
shell.who()
runs = [run for run in trained.runs(workspace) if run.ended and run.adapter_hash]
evaluations = queries.evaluations(workspace)
running = panels.latest(workspace, evaluate_form.KIND)
state = panels.job(running, stop_label="Stop the evaluation") if running else None
if runs and (state is None or state.ended):
    evaluate_form.draw(workspace, runs, open_=not evaluations)
unfinished.draw(workspace)
if not runs and not evaluations:
    panels.empty("No run has ended with an adapter yet.", "train.py", "Train one first")
if not evaluations:
    st.stop()
names = {one["id"]: studies.evaluation_label(one) for one in evaluations}
chosen = st.selectbox(  # the key counts them, so that the newest is chosen when one is added
    "Evaluation", list(names), format_func=names.__getitem__, key=f"evaluation-{len(names)}", width=640
)
manifest = next(one for one in evaluations if one["id"] == chosen)
measured.draw(workspace, manifest)
others.draw(workspace, manifest)
shell.link("side_by_side.py", "Have people judge the answers blind", icon="arrow_forward")
