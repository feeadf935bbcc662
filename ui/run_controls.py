"""What a person may do with a training run: stop and save, save now, cancel, resume; and take its model away."""

from __future__ import annotations

import streamlit as st

from core import jobs
from core.errors import FinetoothError
from core.workspace import Workspace
from training import actions, queries
from ui import act, panels, plan_form, render

EXPORT = "export-model"
ASKED = {
    "cancel": "Ending without saving.",
    "stop": "Stopping after the forward pass it is in; what it has learnt is saved.",
    "save": "Saving at the next forward pass.",
}
RESUMABLE = ("stopped", "cancelled", "failed", "lost")


def live(workspace: Workspace, view: queries.RunView, who: str) -> None:
    """The commands to a run at work; each ending asks first and says what is kept."""
    asked = _asked(workspace, view.id)
    if asked in ("stop", "cancel"):
        st.caption(ASKED[asked], width="content")
        return
    with st.popover("Stop", icon=":material/stop:"):
        st.markdown("**Stop and save** keeps what it has learnt; the run can be resumed where it stood.")
        _command("Stop and save", "stop", workspace, view, who, primary=True)
        st.markdown("**Cancel** ends it at once; what it has learnt since its last checkpoint is lost.")
        _command("Cancel the run", "cancel", workspace, view, who)
    if view.status == "running":
        if asked == "save":
            st.caption(ASKED["save"], width="content")
        else:
            _command("Save now", "save", workspace, view, who, icon=":material/save:")


def ended(workspace: Workspace, view: queries.RunView, who: str) -> None:
    """Resuming a run that ended before its last step; one that pre-flight refused goes back to the plan instead."""
    if view.status not in RESUMABLE or (view.total_steps and view.step >= view.total_steps):
        return
    if queries.refusal(workspace, view.id) is not None:  # the same settings would be refused again
        if st.button("Change the plan", key=f"replan-{view.id}", icon=":material/tune:"):
            plan_form.start_from(view.settings)
            st.switch_page("pages/plan.py")
        return
    st.button(
        "Resume",
        key=f"resume-{view.id}-{view.step}",
        icon=":material/resume:",
        help="Goes on from the newest complete checkpoint, as if it had never ended.",
        on_click=act.guarded(actions.resume_run),
        args=(workspace, view.id, who),
    )


def model(workspace: Workspace, view: queries.RunView) -> None:
    """Exporting the adapter and the merged model of a run that has left one."""
    with st.expander("Take the model away", icon=":material/deployed_code:"):
        st.markdown(
            "Adapter and merged 16-bit model with a card and the commands to serve them with vLLM, llama.cpp and "
            "Ollama. The merged model is compared with base and adapter, token by token, before it is handed over."
        )
        folder = workspace.exports_dir / f"model-{view.id}"
        exports = (one for one in jobs.listing(workspace.jobs_dir) if one.kind == EXPORT)
        job = next((one for one in exports if one.spec["run_id"] == view.id), None)
        state = jobs.read(job) if job else None
        if job is not None and state is not None and (not state.ended or state.status != "done"):
            panels.job(job)
        if folder.is_dir():
            st.markdown(f":green[:material/check_circle:] {render.plain(f'It lies in {folder}.')}")
            result = (state.result or {}) if state else {}
            if proof := result.get("parity"):
                merged = proof["merged"]
                st.caption(
                    f"Over {proof['n_tokens']} tokens the merged model differs by {merged['kl']:.4f} nats a token; "
                    f"{merged['top1']:.1%} of first choices agree."
                )
        elif state is None or state.ended:
            shown = act.show(f"export-{view.id}-{job.id if job else ''}", scope="export-model")
            spec = {"workspace": str(workspace.path), "run_id": view.id, "folder": str(folder)}

            def export(_: str) -> str:
                jobs.submit(
                    workspace.jobs_dir,
                    EXPORT,
                    "training.model_export:export_job",
                    {**spec, "what": "both", "name": None},
                )
                return "The export has begun; it goes on when this page is closed."

            act.button("Export the model", shown, "export", export, icon=":material/download:", guard=False)


def _command(
    label: str,
    command: str,
    workspace: Workspace,
    view: queries.RunView,
    who: str,
    *,
    primary: bool = False,
    icon: str | None = None,
) -> None:
    do = {"stop": actions.stop_run, "cancel": actions.cancel_run, "save": actions.save_run}[command]
    st.button(
        label,
        key=f"{command}-run-{view.id}",
        type="primary" if primary else "secondary",
        icon=icon,
        on_click=act.guarded(do),
        args=(workspace, view.id, who),
    )


def _asked(workspace: Workspace, run_id: str) -> str:
    """The gravest command that a run's process has been given and not yet carried out; empty where there is none."""
    try:
        folder = queries.job_of(workspace, run_id).folder
    except FinetoothError:
        return ""
    return next((command for command in ASKED if (folder / command).exists()), "")
