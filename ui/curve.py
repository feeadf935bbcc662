"""A training run on a page: its curves from the events on disk, how far it is, how it ended, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core import jobs, wording
from core.errors import FinetoothError
from core.workspace import Workspace
from training import doctor, phases, queries
from ui import panels, plan_form, render, run_chart, run_controls, run_samples, shell

POLL_S = 1.0
ROWS_NAMED = 10
GIB = 2**30
STATUS: dict[str, tuple[str, str]] = {
    "queued": ("waiting", "gray"),
    "running": ("running", "blue"),
    "done": ("done", "green"),
    "stopped": ("stopped on request", "orange"),
    "cancelled": ("cancelled on request", "orange"),
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
        if view.ended:
            run_controls.ended(workspace, view, who)
        else:
            run_controls.live(workspace, view, who)
    if not view.ended:
        _progress(workspace, view)
    if view.status in ("failed", "lost"):
        shell.show_error(view.message or "The run ended without a word.", view.hint)
        _blocks(workspace, run_id)
    if view.status == "done" and view.message:
        st.caption(f":material/info: {render.plain(view.message)}")
    _figures(view, points)
    _warnings(workspace, view)
    run_chart.losses(points, view.total_steps)
    run_chart.measures(points)
    if view.ended:
        _verdict(workspace, view)
    run_samples.draw(workspace, view)
    if view.ended and view.adapter_hash:
        run_controls.model(workspace, view)


def _progress(workspace: Workspace, view: queries.RunView) -> None:
    try:
        state = jobs.read(queries.job_of(workspace, view.id))
    except FinetoothError:
        return
    if view.status == "queued":
        st.caption(f":material/hourglass_empty: {render.plain(state.message or 'Waiting to start.')}")
        return
    doing = phases.now(state.stage)
    if view.step and view.total_steps:
        left = "" if view.eta_s is None else f" · about {duration(view.eta_s)} left"
        now = "" if state.stage == "train" else f" · {doing}"
        text = f"{wording.of(view.step, view.total_steps, 'steps')}{left}{now}"
        st.progress(min(1.0, view.step / view.total_steps), text=text)
        return
    count = f" · {state.done:,} of {state.total:,}" if state.total else ""
    st.progress(min(1.0, state.done / state.total) if state.total else 0.0, text=f"{doing}{count}")


def _figures(view: queries.RunView, points: Sequence[Mapping[str, Any]]) -> None:
    if not points:
        return
    steps = [p for p in points if "eval_loss" not in p]
    held = [p["eval_loss"] for p in points if p.get("eval_loss") is not None]
    loss, of_step = held[-1] if held else None, ""
    if view.ended and view.adapter_hash and (kept := view.facts.get("Hold-out loss after")) is not None:
        loss, step = kept, view.facts.get("Adapter of step")
        of_step = "" if step is None else f"adapter of step {step:,}, "
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
                number(loss),
                f"{of_step}from {number(held[0])} before the first step" if held else "not measured",
            ),
            ("Speed", "–" if speed is None else f"{speed:,.0f}", "tokens a second"),
            last,
        ]
    )
    if steps:
        st.caption(_last_step(steps[-1], view))


def _last_step(step: Mapping[str, Any], view: queries.RunView) -> str:
    """What else was measured at the last step, in one line."""
    said = [f"Step {step['step']:,}"]
    if step.get("lr") is not None:
        said.append(f"learning rate {step['lr']:.2e}")
    if step.get("grad_norm") is not None:
        said.append(f"gradient norm {step['grad_norm']:.3g}")
    if step.get("memory_bytes"):
        predicted = view.facts.get("Predicted memory (MiB)")
        beside = f" ({predicted / 1024:.1f} predicted)" if predicted else ""
        said.append(f"memory {step['memory_bytes'] / GIB:.1f} GiB{beside}")
    before, after = (view.facts.get(f"Loss on general questions {when}") for when in ("before", "after"))
    if before is not None and after is not None:
        said.append(f"loss on general questions {before:.3f} to {after:.3f}")
    return render.plain(" · ".join(said))


def _verdict(workspace: Workspace, view: queries.RunView) -> None:
    """The doctor's word, each change with a button that takes it to the plan, and what was measured."""
    found = doctor.examine(workspace, view.id)
    with st.container(border=True):
        if found.complaints:
            st.markdown(f":orange[:material/stethoscope:] **{render.plain(found.verdict.capitalize())}**")
            for one in found.complaints:
                _complaint(view, one)
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


def _complaint(view: queries.RunView, one: doctor.Complaint) -> None:
    """One cause with its evidence and its change."""
    st.markdown(f"{render.plain(one.evidence)} **{render.plain(one.change)}**")
    if not one.settings:
        return
    words = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in one.settings.items())
    if st.button(f"Plan with {words}", key=f"plan-{view.id}-{one.name}", icon=":material/tune:"):
        plan_form.start_from({**view.settings, **one.settings})
        st.switch_page("pages/plan.py")


def _warnings(workspace: Workspace, view: queries.RunView) -> None:
    """What the run has warned of: the newest in sight, the earlier ones behind a fold."""
    said = queries.warnings(workspace, view.id)
    for sentence in said[-3:]:
        st.markdown(f":orange[:material/warning:] {render.plain(sentence)}")
    if len(said) > 3:
        with st.expander(f"{wording.many(len(said) - 3, 'earlier warning')}"):
            st.markdown("\n".join(f"- {render.plain(sentence)}" for sentence in said[:-3]))


def _blocks(workspace: Workspace, run_id: str) -> None:
    if (report := queries.refusal(workspace, run_id)) is not None:
        preflight(report)


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
