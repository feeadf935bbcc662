"""The trained tokens of any row, in colour: what the model would learn to say, and what it only reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core import jobs
from core.revisions import messages_to_json
from core.types import Example
from core.workspace import Workspace
from training import plans
from training.config import TrainConfig, read_config
from ui import act, panels, render

KIND = "tokens"
LEGEND = (("trained", "answer, trained"), ("end", "end of turn, trained"), ("context", "read, not trained"))
STYLE = """<style>
.ft-tok{max-width:100ch;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.6;unicode-bidi:plaintext;
font-family:monospace;font-size:.86rem}
.ft-tok p{font-size:.82rem;margin:0 0 .5rem}
.ft-tok .ft-context,.ft-tok .ft-after{opacity:.62}
.ft-tok .ft-after{text-decoration:line-through}
.ft-tok .ft-trained{background:rgba(40,150,90,.24);box-shadow:inset 0 -2px 0 rgba(40,150,90,.75);border-radius:2px}
.ft-tok .ft-end{background:rgba(124,92,200,.28);box-shadow:inset 0 -2px 0 rgba(124,92,200,.85);border-radius:2px}
</style>"""


def draw(workspace: Workspace, revision_id: str, config: TrainConfig, look: jobs.Job) -> None:
    """A row to choose, its tokens, and a box that fetches any other row.

    Args:
        workspace: The open workspace.
        revision_id: The frozen revision.
        config: Settings of the next run.
        look: The pre-flight job of these; the rows that it shows come first.
    """
    told: Sequence[Mapping[str, Any]] = (jobs.read(look).result or {}).get("tokens", [])
    with st.expander("What is trained, token by token", icon=":material/format_ink_highlighter:"):
        box = f"tokens-row-{revision_id}"
        st.text_input(
            "Another row",
            key=box,
            placeholder="a line, FILE:LINE, or an id",
            help="A line of the imported file, or the start of an example's id.",
            width=280,
            on_change=act.guarded(_ask),
            args=(workspace, revision_id, config, box),
        )
        asked = str(st.session_state.get(box) or "").strip()
        shown = [*_fetched(workspace, revision_id, config, asked), *told]
        if not shown:
            st.caption("No row to show yet.")
            return
        names = [one["place"] or one["id"][:12] for one in shown]
        chosen = st.selectbox(
            "Row", range(len(shown)), format_func=names.__getitem__, key=f"tokens-of-{len(shown)}-{asked}", width=420
        )
        row(shown[chosen])


def of_example(workspace: Workspace, example: Example, place: str, *, name: str = "") -> None:
    """A switch that shows which tokens of an example are trained by the plan's settings; a job reads them once.

    Args:
        workspace: The open workspace.
        example: Frozen or not.
        place: Where it stands, such as ``chats.jsonl, line 12``.
        name: Which one it is, where several are shown.
    """
    config = plans.kept(workspace) or read_config({})
    stored = {"id": example.id, "messages": messages_to_json(example.messages), "meta": json.dumps(example.meta)}
    spec = {"workspace": str(workspace.path), "config": config.to_dict(), "row": {**stored, "place": place}}
    box = f"tokens-{example.id[:16]}"
    st.toggle(
        f"What is trained of {render.plain(name or 'it')}, token by token",
        key=box,
        on_change=act.guarded(_ask_for),
        args=(workspace, spec, box),
    )
    job = _job(workspace, spec) if st.session_state[box] else None
    if job is not None and (result := panels.job(job).result):
        row(result["tokens"][0])


def row(view: Mapping[str, Any]) -> None:
    """One row: why it cannot be trained, or how much of it is, and its text in colour."""
    if view["refused"]:
        st.markdown(f":red[:material/block:] {render.plain(view['refused'])}")
    else:
        st.caption(f"{view['n_trained']:,} of {view['n_tokens']:,} tokens are trained.")
    st.html(html(view))


def html(view: Mapping[str, Any]) -> str:
    """The row's text with each kind of token in its colour, and the legend; all of it escaped."""
    legend = " · ".join(f'<span class="ft-{kind}">{words}</span>' for kind, words in LEGEND)
    text = "".join(
        f'<span class="ft-{piece["kind"]}" title="{piece["n_tokens"]} tokens">{render.escape(piece["text"])}</span>'
        for piece in view["pieces"]
    )
    return f'{STYLE}<div class="ft-tok"><p>{legend}</p><div dir="auto">{text}</div></div>'


def _ask(workspace: Workspace, revision_id: str, config: TrainConfig, box: str) -> None:
    """Fetch the row that was typed, in a process of its own: reading tokens needs the model's tokenizer."""
    asked = str(st.session_state.get(box) or "").strip()
    spec = _spec(workspace, revision_id, config, asked)
    if asked and _job(workspace, spec) is None:
        jobs.submit(workspace.jobs_dir, KIND, "training.first_look:tokens_job", spec)


def _ask_for(workspace: Workspace, spec: dict[str, Any], box: str) -> None:
    """Have an example read when its switch is turned on, unless that was done; what failed is tried again."""
    job = _job(workspace, spec) if st.session_state[box] else None
    if st.session_state[box] and (job is None or jobs.read(job).status in ("failed", "lost", "cancelled")):
        jobs.submit(workspace.jobs_dir, KIND, "training.first_look:example_tokens_job", spec)


def _fetched(workspace: Workspace, revision_id: str, config: TrainConfig, asked: str) -> list[dict[str, Any]]:
    """The row that was asked for, once its job has told it; until then, how far the job is."""
    job = _job(workspace, _spec(workspace, revision_id, config, asked)) if asked else None
    if job is None:
        return []
    result = panels.job(job).result
    return list(result["tokens"]) if result else []


def _job(workspace: Workspace, spec: Mapping[str, Any]) -> jobs.Job | None:
    return next((one for one in jobs.listing(workspace.jobs_dir) if one.kind == KIND and one.spec == spec), None)


def _spec(workspace: Workspace, revision_id: str, config: TrainConfig, asked: str) -> dict[str, Any]:
    return {"workspace": str(workspace.path), "revision_id": revision_id, "config": config.to_dict(), "rows": [asked]}
