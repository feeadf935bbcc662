"""The second and third tier of the memory plan on a page: a simulated step, and a real one on this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core import jobs
from core.workspace import Workspace
from training import estimate, tiers
from training.config import TrainConfig
from training.memory import Device
from training.tiers import n_measured
from ui import act, curve, panels, render

__all__ = ["measured", "n_measured", "simulated"]


def simulated(workspace: Workspace, config: TrainConfig, device: Device) -> None:
    """The simulated step of these settings beside the closed form, or the button that launches it."""
    job, found = tiers.simulated(workspace, config, config.max_tokens, device)
    if found is not None:
        closed = estimate.for_config(config, config.max_tokens, None, device).total_bytes
        by = (closed / found["peak_bytes"] - 1) * 100
        st.markdown(
            f"**Simulated step:** {found['peak_bytes'] / estimate.GIB:.2f} GiB of tensors at the peak, in the "
            f"{found['phase']} pass ({found['seconds']:.1f} s on tensors without content). The closed form says "
            f"{closed / estimate.GIB:.2f} GiB, {by:+.1f} %."
        )
        return
    _launch(
        job,
        "Simulate a step",
        f"simulate-{config.to_dict()}-{device}",
        lambda: tiers.simulate_later(workspace, config, config.max_tokens, device),
        ":material/experiment:",
        "Runs the training step on tensors without content: no weights, no network, some seconds.",
    )


def measured(workspace: Workspace, revision_id: str, config: TrainConfig, made: estimate.RunPlan) -> None:
    """The real step of these settings beside what was planned, or the button that launches it."""
    job, found = tiers.measured(workspace, revision_id, config)
    if found is not None:
        took = found["tokens"] / found["tokens_per_s"] if found["tokens_per_s"] else 0.0
        st.markdown(
            f"**One real step** on the fullest batch ({found['tokens']:,} tokens): "
            f"{found['peak_bytes'] / estimate.GIB:.2f} GiB, planned {made.memory.needed_bytes / estimate.GIB:.2f}; "
            f"{curve.duration(took)}, {found['tokens_per_s']:,.0f} tokens/s."
        )
        return
    _launch(
        job,
        "Measure one step here",
        f"measure-{revision_id}-{config.to_dict()}",
        lambda: tiers.measure_later(workspace, revision_id, config),
        ":material/speed:",
        "Loads the model and takes one real step on the fullest batch: what it needs here, and how long a run takes.",
    )


def _launch(job: jobs.Job | None, label: str, state: str, start: Callable[[], Any], icon: str, caption: str) -> None:
    """The button, or how far the work is; where it failed, why, and the button again."""
    if job is not None:
        panels.job(job)
        if not jobs.read(job).ended:
            return
    with st.container(horizontal=True, vertical_alignment="center"):

        def do(_: str) -> str:
            start()
            return f"{label}: on its way."

        shown = act.show(f"{state}-{job.id if job else ''}", scope=label)
        act.button(label, shown, label, do, icon=icon, guard=False)
        st.caption(render.plain(caption), width="content")
