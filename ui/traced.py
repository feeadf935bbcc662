"""One failed answer led back to the data: its correction, the training examples behind it, and the way to review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import jobs, wording
from core.errors import FinetoothError, InputError
from core.rated import pair_id
from core.types import Finding
from core.workspace import Workspace
from curation import queries as curated
from curation import traced as sent_before
from evaluation.corrections import correct
from flows.trace import Trace, from_json, send_to_review
from ui import act, example, panels, render, shell

KIND = "trace"
TARGET = "flows.trace:trace_job"
SCOPE = "traced"
KEY = "Q"
_PULL = "Ranked by nearness in meaning, and by influence: how far a step on an example pulls the model"
_BY = {
    "contrast": f"{_PULL} from the correction to the answer that it gave.",
    "wrong": f"{_PULL} to the answer that it gave.",
    "right": f"{_PULL} away from the reference.",
    "meaning": "Ranked by nearness in meaning.",
}


def correction(
    workspace: Workspace, evaluation_id: str, example_id: str, *, held: str, answer: str, reference: str, who: str
) -> None:
    """Asks what the right answer would have been; what is written here is kept in the ledger.

    Args:
        workspace: The open workspace.
        evaluation_id, example_id: The answer.
        held: The correction that holds now; empty where there is none.
        answer: What the tuned model said.
        reference: What the dataset holds.
        who: The person.
    """
    key = f"correction-{evaluation_id[:8]}-{example_id[:16]}"

    def keep(text: str) -> None:
        if text.strip() == answer.strip():
            raise InputError("That is the answer itself.", "Change it where it is wrong, or write the right answer.")
        correct(workspace, evaluation_id, example_id, text, who=who)
        st.session_state[key] = text
        act.say("The correction is kept." if text.strip() else "The correction was taken back.")

    st.text_area(
        "What should the tuned model have answered?",
        value=held or answer,
        key=key,
        help="Change its answer only where it is wrong: the trace then finds what taught that part. It is kept in the "
        "ledger and never trained on. Emptied and kept, it is taken back.",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Keep the correction",
            key=f"keep-{key}",
            icon=":material/edit_note:",
            on_click=act.guarded(lambda: keep(str(st.session_state[key]))),
        )
        st.button(
            "The reference is right",
            key=f"reference-{key}",
            type="tertiary",
            disabled=not reference.strip(),
            on_click=act.guarded(lambda: keep(reference)),
        )
        if held:
            st.badge("corrected", color="green")
        else:
            st.caption("Without a correction the trace is weaker.", width="content")


def panel(
    workspace: Workspace, about: Mapping[str, Any], wanted: Mapping[str, str], label: str
) -> dict[str, Trace] | None:
    """The button that traces, its progress, and what it found by hold-out example. None = not traced.

    Args:
        workspace: The open workspace.
        about: What the job's spec says beside the workspace.
        wanted: The failed prompts with the corrections that hold for them (empty = none).
        label: Of the button.
    """
    newest = next(
        (
            job
            for job in jobs.listing(workspace.jobs_dir)
            if job.kind == KIND and all(job.spec.get(name) == value for name, value in about.items())
        ),
        None,
    )
    state = panels.job(newest) if newest else None
    if state is not None and not state.ended:
        return None
    result = state.result if state is not None and state.status == "done" else None
    found = {one["example_id"]: from_json(one) for one in result["traces"]} if result else None
    if found is None or {one: trace.correction for one, trace in found.items()} != wanted:
        with st.container(border=True):
            st.markdown(_why(found, wanted))
            shown = act.show(f"trace-{sorted(about.items())}-{newest.id if newest else ''}", scope="trace")

            def do(_: str) -> None:
                jobs.submit(workspace.jobs_dir, KIND, TARGET, {"workspace": str(workspace.path), **about})

            act.button(label, shown, "trace", do, kind="primary", icon=":material/travel_explore:", guard=False)
    return found


def _why(found: Mapping[str, Trace] | None, wanted: Mapping[str, str]) -> str:
    if found is not None and found.keys() != wanted.keys():
        return "More votes came in since the last trace."
    corrected = sum(bool(text) for text in wanted.values())
    if found is not None:
        return (
            f"{wording.of(corrected, len(wanted), 'answers')} are corrected now; the last trace used other "
            "corrections. Only what is new is computed."
        )
    return (
        "Which training examples are behind the wrong answers? Such an answer is often learnt from one of them. "
        f"{wording.of(corrected, len(wanted), 'answers')} are corrected: correct them first, for a stronger trace."
    )


def draw(
    workspace: Workspace,
    found: Trace,
    *,
    study_id: str | None,
    evaluation_id: str,
    held: str,
    who: str,
    key: str | None = None,
) -> None:
    """The training examples behind one answer, and the button that sends them to review.

    Args:
        workspace: The open workspace.
        found: The trace.
        study_id, evaluation_id: Where the answer was judged or measured.
        held: The correction that holds now.
        who: The person.
        key: The key that sends these examples to review; None = none, since another answer on the page has it.
    """
    if found.correction != held:
        st.caption(":material/update: The correction was changed since this trace. Trace again to use it.")
    st.markdown("**Training examples behind this answer**")
    st.caption(render.plain(" ".join((_BY[found.by], *found.notes))))
    item_id = pair_id(study_id or evaluation_id, found.example_id)
    there = sent_before.sent(workspace, item_id)
    shown = act.show(f"{item_id}-{len(there)}", scope=f"{SCOPE}-{item_id}")

    def send(action: str) -> str:
        done = send_to_review(
            workspace, found, study_id=study_id, evaluation_id=evaluation_id, who=who, action_id=action
        )
        settled = len(found.neighbours) - done.waiting
        more = f" {wording.many(settled, 'example')} had been decided about already." if settled else ""
        return f"{wording.many(done.new, 'example')} sent to review.{more}"

    left = [one for one in found.neighbours if one.example_id not in there]
    with st.container(horizontal=True, vertical_alignment="center"):
        act.button(
            "Send them to review",
            shown,
            "send",
            send,
            shortcut=key,
            icon=":material/rule:",
            kind="primary" if key else "secondary",
            disabled=not left,
            guard=False,
        )
        if there:
            st.caption(f"{wording.of(len(found.neighbours) - len(left), len(found.neighbours), 'examples')} sent.",
                       width="content")  # fmt: skip
            shell.link("review.py", "Review them", icon="arrow_forward", query={"check": sent_before.CHECK})
    for place, one in enumerate(found.neighbours):
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(f"Similarity {one.score:.2f} of 1", width="content")
                if one.influence is not None:
                    st.caption(f"Influence {one.influence:+.2f} of 1", width="content")
                if one.example_id in there:
                    st.badge("sent to review", color="blue")
                if one.open_findings:
                    st.badge(wording.many(one.open_findings, "open finding"), color="orange")
                    _review_link(workspace, one.example_id)
            try:
                view = curated.example(workspace, one.example_id)
            except FinetoothError:
                st.caption(f"Example {one.example_id[:12]} is no longer in this workspace.")
                continue
            example.draw(view, key=f"near-{item_id}-{place}")


def _review_link(workspace: Workspace, example_id: str) -> None:
    first = curated.findings(workspace, example_id=example_id, limit=1).items
    if first:
        shell.link("review.py", "Review it", icon="arrow_forward", query={"finding": first[0].id})


def back_link(workspace: Workspace, found: Finding) -> None:
    """On the review desk: where a finding of a trace comes from."""
    origin = sent_before.origin(workspace, found)
    if origin is None:
        return
    said = f"Sent by {origin.who or 'somebody'}, {origin.at[:16].replace('T', ' ')} UTC."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(render.plain(said), width="content")
        if origin.study_id:
            query = {"study": origin.study_id, "results_view": "Failed prompts"}
            shell.link("results.py", "The failed answer", icon="arrow_forward", query=query)
        else:
            shell.link("evaluate.py", "The evaluation", icon="arrow_forward", query={})
