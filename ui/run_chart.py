"""Charts of training runs: the losses, what else was measured at each step, and several runs on one chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl
import streamlit as st

from core.workspace import Workspace
from training import queries
from ui import figures

POINTS_MAX = 600
CURVES = ("training loss", "hold-out loss")
MEASURES = (
    ("lr", "learning rate", 1.0),
    ("grad_norm", "gradient norm", 1.0),
    ("tokens_per_s", "tokens a second", 1.0),
    ("memory_bytes", "memory, GiB", 2**30),
)
COMPARED = 6
"""Runs on one chart: more colours cannot be told apart."""


def losses(points: Sequence[Mapping[str, Any]], total_steps: int | None) -> None:
    """Training and hold-out loss over the run."""
    train = series(points, "loss")
    held = [(p["step"], p["eval_loss"]) for p in points if p.get("eval_loss") is not None]
    if len(train) + len(held) < 2:
        return
    shown, size = thinned(train)
    end = max([total_steps or 0, *(step for step, _ in (*train, *held))])
    rows = [
        {"step": step, "loss": loss, "role": role}
        for role, some in zip(CURVES, (shown, held), strict=True)
        for step, loss in some
    ]
    top = 1.05 * max(loss for _, loss in (*shown, *held)) or 1.0
    base = alt.Chart(pl.DataFrame(rows)).encode(
        x=_steps(end),
        y=alt.Y("loss:Q", title="loss, nats a token", scale=alt.Scale(domain=[0, top], nice=False)),
        color=figures.colour(CURVES, CURVES),
        tooltip=[alt.Tooltip("role:N"), alt.Tooltip("step:Q"), alt.Tooltip("loss:Q", format=".4f")],
    )
    line = base.mark_line(strokeWidth=1.8, interpolate="linear")
    dots = base.transform_filter(alt.datum.role == CURVES[1]).mark_circle(size=60, opacity=1)
    said = f"Training loss over {len(shown)} points"
    if held:
        said += f"; hold-out loss {held[0][1]:.3f} to {held[-1][1]:.3f}"
    st.altair_chart(alt.layer(line, dots).properties(height=300), alt=said, key=None)
    if size > 1:
        st.caption(f"Each point of the training loss is the mean of {size:,} steps.")


def measures(points: Sequence[Mapping[str, Any]]) -> None:
    """Learning rate, gradient norm, speed and memory over the steps, each on a small chart of its own."""
    found = [(name, [(s, v / unit) for s, v in series(points, key)]) for key, name, unit in MEASURES]
    found = [(name, some) for name, some in found if len(some) > 1]
    if not found:
        return
    with st.expander("Learning rate, gradient norm, speed and memory, step by step"):
        for start in range(0, len(found), 2):
            for column, (name, some) in zip(st.columns(2), found[start : start + 2], strict=False):
                shown, _ = thinned(some)
                chart = (
                    alt.Chart(pl.DataFrame({"step": [s for s, _ in shown], "value": [float(v) for _, v in shown]}))
                    .mark_line(strokeWidth=1.5)
                    .encode(
                        x=_steps(shown[-1][0]),
                        y=alt.Y("value:Q", title=name, scale=alt.Scale(zero=True)),
                        tooltip=[alt.Tooltip("step:Q"), alt.Tooltip("value:Q", format=".4g", title=name)],
                    )
                    .properties(height=180)
                )
                last = f"{some[-1][1]:.4g}"
                column.altair_chart(chart, alt=f"{name}, {last} at the last step", key=None)


def compare(workspace: Workspace, runs: Sequence[queries.RunView], labels: Mapping[str, str]) -> None:
    """The hold-out losses, or the training losses, of several runs on one chart."""
    known = [run.id for run in runs if run.step > 0]
    if len(known) < 2:
        return
    st.subheader("Compare runs", anchor=False)
    chosen = st.multiselect("Runs", known, default=known[:2], key="compare-runs", max_selections=COMPARED)
    what = st.segmented_control("Loss", ("hold-out", "training"), default="hold-out", required=True, key="compare-what")
    rows: list[dict[str, Any]] = []
    for run_id in chosen:
        points = queries.curve(workspace, run_id)
        some = series(points, "eval_loss" if what == "hold-out" else "loss")
        rows += [{"step": s, "loss": v, "run": labels[run_id]} for s, v in thinned(some)[0]]
    if not rows:
        st.caption("None of them has such a loss yet.")
        return
    chart = (
        alt.Chart(pl.DataFrame(rows))
        .mark_line(strokeWidth=1.8, point=what == "hold-out")
        .encode(
            x=_steps(max(row["step"] for row in rows)),
            y=alt.Y("loss:Q", title=f"{what} loss, nats a token", scale=alt.Scale(zero=False)),
            color=alt.Color("run:N", legend=alt.Legend(orient="top", title=None, columns=2, labelLimit=420)),
            tooltip=[alt.Tooltip("run:N"), alt.Tooltip("step:Q"), alt.Tooltip("loss:Q", format=".4f")],
        )
        .properties(height=300)
    )
    st.altair_chart(chart, alt=f"{what} loss of {len(chosen)} runs", key=None)
    revisions = {run.revision_id for run in runs if run.id in chosen}
    if what == "hold-out" and len(revisions) > 1:
        st.caption("These runs were measured on different revisions: their hold-outs differ, so the losses may too.")


def series(points: Sequence[Mapping[str, Any]], key: str) -> list[tuple[int, float]]:
    """(step, value) of the points that have this value."""
    return [(int(p["step"]), float(p[key])) for p in points if p.get(key) is not None]


def thinned(some: Sequence[tuple[int, float]]) -> tuple[list[tuple[int, float]], int]:
    """At most ``POINTS_MAX`` points, each the mean of as many steps as the second value says."""
    size = max(1, -(-len(some) // POINTS_MAX))
    if size == 1:
        return list(some), 1
    groups = [some[k : k + size] for k in range(0, len(some), size)]
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups], size


def _steps(end: int) -> alt.X:
    scale = alt.Scale(domainMin=0, domainMax=end)
    return alt.X("step:Q", title="step", scale=scale, axis=alt.Axis(grid=False, tickMinStep=1))
