"""What a training run needs on a page: memory by part for each method beside what there is, steps and time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import altair as alt
import polars as pl
import streamlit as st

from core import machine
from core.errors import FinetoothError
from core.workspace import Workspace
from curation import freeze
from training import estimate
from training.config import Method, TrainConfig, read_config, unusual
from training.memory import Device
from ui import curve, figures, panels, plan_form, render, shell, tiers

GIB = estimate.GIB
PARTS = ("weights", "activations", "optimizer", "gradients", "adapters", "scratch", "overhead")
"""In the order of the palette and of the bar."""
METHODS: dict[Method, str] = {"qlora": "QLoRA", "lora": "LoRA", "full": "Full"}


def fitting(workspace: Workspace, config: TrainConfig) -> None:
    """The three methods beside the memory that there is: a named GPU's, or this machine's."""
    st.subheader("What fits", anchor=False)
    free = machine.free_bytes() / GIB
    with st.container(horizontal=True, vertical_alignment="bottom"):
        where = st.segmented_control(
            "Where", ["this machine", "a GPU"], default="this machine", required=True, key="plan_where"
        )
        on_gpu = where == "a GPU"
        named = (
            st.number_input("Its memory, GiB", 1.0, 1024.0, 24.0, 1.0, key="plan_gpu", width=180) if on_gpu else free
        )
    device: Device = "gpu" if on_gpu else "cpu"
    try:
        made = [
            estimate.for_config(config.model_copy(update={"method": method}), config.max_tokens, float(named), device)
            for method in METHODS
        ]
    except FinetoothError as error:  # a model that is not here can still be trained: only its plan is missing
        shell.show_error(error.message, error.hint)
        return
    bars(made, float(named))
    table(made)
    place = f"a GPU of {named:g} GiB" if on_gpu else f"this machine, with {free:.1f} GiB free now"
    beside = "the GPU's context" if on_gpu else "the process with its libraries"
    st.caption(
        f"For {place}; every conversation taken as {config.max_tokens:,} tokens long, {config.batch_size:,} a pass: "
        f"the worst case. Overhead is {beside} and what the allocator keeps. Closed form, within 3 % of a simulated "
        f"step{'; it has not been checked on a GPU.' if on_gpu else '.'}"
    )
    if made[0].approximate:
        st.markdown(f":orange[:material/warning:] {render.plain(estimate.APPROXIMATE)}")
    for sentence in (plan.moment for plan in made if plan.moment):
        st.caption(render.plain(f"{sentence[:1].upper()}{sentence[1:]}"))
    tiers.simulated(workspace, config, device)


@st.cache_data(show_spinner="Counting tokens", max_entries=20)
def planned(path: str, revision_id: str, config: dict[str, object], known: tuple[int, int]) -> estimate.RunPlan:
    """The plan of a run, kept for these settings and for what is known of the speed (``known``)."""
    return estimate.plan_run(Workspace.open(Path(path)), revision_id, read_config(config))


def expected(workspace: Workspace, frozen: list[freeze.RevisionView], config: TrainConfig) -> None:
    """Steps, memory at the longest real batch, and time, for the newest revision on this machine."""
    st.subheader("What the run will take here", anchor=False)
    if not frozen:
        panels.empty("Nothing is frozen yet, so steps and time cannot be told.", "dataset.py", "Freeze the dataset")
    elif not plan_form.is_local(config.base_model):
        st.caption("The model is not on this machine, so its tokens cannot be counted and its speed is not known.")
        for sentence in unusual(config, frozen[0].revision.splits["train"]):
            st.markdown(f":orange[:material/warning:] {render.plain(sentence)}")
    else:
        known = (len(list(workspace.runs_dir.iterdir())), tiers.n_measured(workspace))
        revision = frozen[0].revision.id
        made = planned(str(workspace.path), revision, config.to_dict(), known)
        run(made)
        tiers.measured(workspace, revision, config, made)


def bars(plans: Sequence[estimate.MemoryPlan], limit_gib: float | None) -> None:
    """One stacked bar a method, with a line where the memory ends."""
    rows = [
        {"method": METHODS[plan.method], "role": part, "GiB": size / GIB, "order": PARTS.index(part)}
        for plan in plans
        for part, size in {**plan.parts, "overhead": plan.overhead_bytes}.items()
        if size
    ]
    names = [METHODS[plan.method] for plan in plans]
    bar = (
        alt.Chart(pl.DataFrame(rows))
        .mark_bar()
        .encode(
            y=alt.Y(
                "method:N",
                sort=names,
                title=None,
                scale=alt.Scale(paddingInner=0.4),
                axis=alt.Axis(domain=False, ticks=False),
            ),
            x=alt.X("GiB:Q", stack="zero", title="GiB at the peak of a step"),
            color=figures.colour(PARTS, PARTS),
            order=alt.Order("order:Q"),
            tooltip=[alt.Tooltip("method:N"), alt.Tooltip("role:N", title="part"), alt.Tooltip("GiB:Q", format=".3f")],
        )
    )
    layers = [bar]
    if limit_gib is not None:
        end = pl.DataFrame({"limit": [limit_gib]})
        layers.append(alt.Chart(end).mark_rule(strokeDash=[5, 3], strokeWidth=2, color="gray").encode(x="limit:Q"))
    said = "; ".join(f"{METHODS[plan.method]} {plan.needed_bytes / GIB:.2f} GiB" for plan in plans)
    st.altair_chart(alt.layer(*layers).properties(height=230), alt=f"Memory by method: {said}")


def table(plans: Sequence[estimate.MemoryPlan]) -> None:
    """The same in figures, with what fits."""

    def fits(plan: estimate.MemoryPlan) -> str:
        return "–" if plan.fits is None else "fits" if plan.fits else "does not fit"

    st.dataframe(
        {
            "Method": [METHODS[plan.method] for plan in plans],
            "Needs": [f"{plan.needed_bytes / GIB:.2f} GiB" for plan in plans],
            "Of it tensors": [f"{plan.total_bytes / GIB:.2f} GiB" for plan in plans],
            "Verdict": [fits(plan) for plan in plans],
            "Largest batch": [_most(plan.largest_batch, f"at {plan.seq:,} tokens") for plan in plans],
            "Longest conversation": [_longest(plan) for plan in plans],
            "Trained parameters": [f"{plan.n_trainable:,} of {plan.n_params:,}" for plan in plans],
        },
        hide_index=True,
        height="content",
    )


def run(plan: estimate.RunPlan) -> None:
    """Steps, tokens and time of the run on this machine, and what is unusual about it."""
    time = "–" if plan.seconds is None else curve.duration(plan.seconds)
    panels.metrics(
        [
            (
                "Examples",
                f"{plan.n_examples:,}",
                f"about {plan.n_tokens:,} tokens a pass, the longest about {plan.longest:,}",
            ),
            ("Steps", f"{plan.steps:,}", "of the optimiser"),
            (
                "Memory, longest batch",
                f"{plan.memory.needed_bytes / GIB:.1f} GiB",
                f"of {plan.free_bytes / GIB:.1f} GiB free on this machine",
            ),
            ("Time", time, render.plain(plan.speed_from)),
        ]
    )
    for sentence in plan.warnings:
        st.markdown(f":orange[:material/warning:] {render.plain(sentence)}")


def _longest(plan: estimate.MemoryPlan) -> str:
    whole = ", all that the model reads" if plan.context and plan.largest_seq == plan.context else ""
    return _most(plan.largest_seq, f"tokens at batch {plan.batch}{whole}")


def _most(count: int | None, unit: str) -> str:
    return "–" if count is None else "nothing fits" if count == 0 else f"{count:,} {unit}"
