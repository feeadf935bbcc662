"""A training run on a page: its curves from the events on disk, how far it is, how it ended, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl
import streamlit as st

from core import jobs, wording
from core.errors import FinetoothError
from core.files import read_json
from core.workspace import Workspace
from training import actions, queries
from training.doctor import diagnose
from ui import act, figures, panels, render, shell

POLL_S = 1.0
POINTS_MAX = 600
ROWS_NAMED = 10
CURVES = ("training loss", "hold-out loss")
STATUS: dict[str, tuple[str, str]] = {
    "queued": ("waiting", "gray"),
    "running": ("running", "blue"),
    "done": ("done", "green"),
    "stopped": ("stopped on request", "orange"),
    "failed": ("failed", "red"),
    "lost": ("its process died", "red"),
}


def draw(workspace: Workspace, run_id: str, who: str) -> None:
    """A run: live while it trains, all of it afterwards. Everything is read from its folder."""
    if queries.run(workspace, run_id).ended:
        _draw(workspace, run_id, who)
    else:
        _watch(workspace, run_id, who)


@st.fragment(run_every=POLL_S)
def _watch(workspace: Workspace, run_id: str, who: str) -> None:
    if queries.run(workspace, run_id).ended:
        st.rerun()
    _draw(workspace, run_id, who)


def _draw(workspace: Workspace, run_id: str, who: str) -> None:
    view = queries.run(workspace, run_id)
    points = queries.curve(workspace, run_id)
    word, tint = STATUS.get(view.status, (view.status, "gray"))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Run {render.plain(view.id)}**", width="content")
        st.badge(word, color=tint)  # type: ignore[arg-type]
        model = view.base_model.rstrip("/").rsplit("/", 1)[-1]
        said = f"{model} by {view.settings.get('method', '')} on revision {view.revision_id[:8]}"
        st.caption(render.plain(said), width="content")
        if not view.ended:
            _stop(workspace, view, who)
    if not view.ended:
        _progress(workspace, view)
    if view.status in ("failed", "lost"):
        shell.show_error(view.message or "The run ended without a word.", view.hint)
        _blocks(workspace, run_id)
    _figures(view, points)
    chart(points, view.total_steps)
    if view.ended:
        _verdict(workspace, view)


def _stop(workspace: Workspace, view: queries.RunView, who: str) -> None:
    """Stopping asks first, and says what is kept."""
    asked = _stop_asked(workspace, view.id)
    if asked:
        st.caption("Stopping after the forward pass it is in.", width="content")
        return
    with st.popover("Stop", icon=":material/stop:"):
        st.markdown("Stop this run? The adapter as it stands is kept; a stopped run cannot be resumed yet.")
        st.button(
            "Stop the run",
            key=f"stop-run-{view.id}",
            type="primary",
            on_click=act.guarded(actions.stop_run),
            args=(workspace, view.id, who),
        )


def _stop_asked(workspace: Workspace, run_id: str) -> bool:
    return bool(workspace.ledger.entries("run.stopped", run_id))


def _progress(workspace: Workspace, view: queries.RunView) -> None:
    if view.step and view.total_steps:
        left = "" if view.eta_s is None else f" · about {duration(view.eta_s)} left"
        text = f"{wording.of(view.step, view.total_steps, 'steps')}{left}"
        st.progress(min(1.0, view.step / view.total_steps), text=text)
        return
    try:
        state = jobs.read(queries.job_of(workspace, view.id))
    except FinetoothError:
        return
    stages = {"load": "loading the model", "tokenise": "reading the examples", "train": "measuring the hold-out"}
    count = f" · {state.done:,} of {state.total:,}" if state.total else ""
    st.progress(0.0, text=f"{stages.get(state.stage, state.stage or 'starting')}{count}")


def _figures(view: queries.RunView, points: Sequence[Mapping[str, Any]]) -> None:
    if not points:
        return
    steps = [p for p in points if "eval_loss" not in p]
    held = [p["eval_loss"] for p in points if p.get("eval_loss") is not None]
    speed = view.facts.get("Tokens per second") or (steps[-1].get("tokens_per_s") if steps else None)
    seconds = view.facts.get("Seconds")
    last = (
        ("Took", duration(seconds), f"{wording.many(view.step, 'step')} of {view.total_steps or '?'}")
        if view.ended and seconds is not None
        else ("Time left", "–" if view.eta_s is None else duration(view.eta_s), "from the measured steps")
    )
    panels.metrics(
        [
            ("Training loss", number(view.loss), "nats a token, last step"),
            (
                "Hold-out loss",
                number(held[-1] if held else None),
                f"from {number(held[0])} before the first step" if held else "not measured",
            ),
            ("Speed", "–" if speed is None else f"{speed:,.0f}", "tokens a second"),
            last,
        ]
    )


def chart(points: Sequence[Mapping[str, Any]], total_steps: int | None = None) -> None:
    """Training loss as a line, hold-out loss with its points, over all steps of the run."""
    train = [(p["step"], p["loss"]) for p in points if p.get("loss") is not None]
    held = [(p["step"], p["eval_loss"]) for p in points if p.get("eval_loss") is not None]
    if len(train) + len(held) < 2:
        return
    size = -(-len(train) // POINTS_MAX)
    if size > 1:
        groups = [train[k : k + size] for k in range(0, len(train), size)]
        train = [(group[-1][0], sum(loss for _, loss in group) / len(group)) for group in groups]
    end = max([total_steps or 0, *(step for step, _ in (*train, *held))])
    rows = [
        {"step": step, "loss": loss, "role": role}
        for role, series in zip(CURVES, (train, held), strict=True)
        for step, loss in series
    ]
    base = alt.Chart(pl.DataFrame(rows)).encode(
        x=alt.X(
            "step:Q",
            title="step",
            scale=alt.Scale(domainMin=0, domainMax=end),
            axis=alt.Axis(grid=False, tickMinStep=1),
        ),
        y=alt.Y("loss:Q", title="loss, nats a token", scale=alt.Scale(zero=True)),
        color=figures.colour(CURVES, CURVES),
        tooltip=[alt.Tooltip("role:N"), alt.Tooltip("step:Q"), alt.Tooltip("loss:Q", format=".4f")],
    )
    line = base.mark_line(strokeWidth=1.8, interpolate="linear")
    dots = base.transform_filter(alt.datum.role == CURVES[1]).mark_circle(size=60, opacity=1)
    said = (
        f"Training loss over {len(train)} points; hold-out loss {number(held[0][1])} to {number(held[-1][1])}"
        if held
        else "Training loss"
    )
    st.altair_chart(alt.layer(line, dots).properties(height=300), alt=said, key=None)
    if size > 1:
        st.caption(f"Each point of the training loss is the mean of {size:,} steps.")


def _verdict(workspace: Workspace, view: queries.RunView) -> None:
    """The doctor's word, and what was measured."""
    found = diagnose(queries.run_events(workspace, view.id), view.status)
    with st.container(border=True):
        if found.complaints:
            st.markdown(f":orange[:material/stethoscope:] **{render.plain(found.verdict.capitalize())}**")
            for one in found.complaints:
                st.markdown(f"{render.plain(one.evidence)} **{render.plain(one.change)}**")
        elif found.verdict == "healthy":
            st.markdown(":green[:material/stethoscope:] **Healthy.** Nothing in the run's events points to a fault.")
        else:
            st.markdown(f":gray[:material/stethoscope:] {render.plain(found.verdict.capitalize())}.")
    if view.facts:
        with st.expander("All that was measured, and the settings"):
            st.dataframe(
                {
                    "Measured": [render.cell(name) for name in view.facts],
                    "Value": [render.cell(str(value)) for value in view.facts.values()],
                },
                hide_index=True,
                height="content",
            )
            st.json(view.settings, expanded=False)
    if view.adapter_hash and view.status in ("done", "stopped"):
        shell.link("evaluate.py", "Evaluate it on the hold-out", icon="arrow_forward")


def _blocks(workspace: Workspace, run_id: str) -> None:
    path = workspace.runs_dir / run_id / "preflight.json"
    if path.is_file():
        preflight(read_json(path))


def preflight(report: Mapping[str, Any]) -> None:
    """What pre-flight found: what would be trained, what forbids it, and what to look at."""
    counts = report["counts"]
    tokens = wording.many(counts["supervised_tokens"], "trained token")
    st.markdown(
        f"{wording.many(counts['examples'], 'example')} with {tokens} "
        f"of {counts['tokens']:,}; the longest has {counts['longest_tokens']:,} tokens, the median "
        f"{counts['median_tokens']:,}. {wording.many(counts['holdout_examples'], 'hold-out example')} will measure it."
    )
    for name, tint, icon in (("blocks", "red", "block"), ("warnings", "orange", "warning")):
        for problem in report[name]:
            said, hint = render.plain(problem["message"]), render.plain(problem["hint"])
            st.markdown(f":{tint}[:material/{icon}:] {said}  \n:gray[{hint}]")
            if problem["examples"]:
                rows = problem.get("rows") or [""] * len(problem["examples"])
                named = [row or one[:12] for row, one in zip(rows, problem["examples"], strict=True)]
                tail = f" and {len(named) - ROWS_NAMED:,} more" if len(named) > ROWS_NAMED else ""
                st.caption(f"Examples: {render.plain('; '.join(named[:ROWS_NAMED]))}{tail}.")
    if not report["blocks"]:
        st.caption(":green[:material/check_circle:] Nothing forbids the run.")


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def number(value: float | None) -> str:
    """A loss, or a dash."""
    return "–" if value is None else f"{value:.3f}"
