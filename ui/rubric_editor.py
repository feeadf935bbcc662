"""Rubrics on the page of studies: choose which is scored, or write one of one's own; each change is a new version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core import wording
from core.workspace import Workspace
from evaluation import rubric_versions
from evaluation.rubric import ASKED_FIRST, BUILT_IN, Criterion
from ui import act

OWN = "Built in"


def choose(workspace: Workspace) -> tuple[Criterion, ...]:
    """The criteria that the next study scores."""
    own = rubric_versions.names(workspace)
    name = OWN
    if own:
        name = st.selectbox("Rubric", [OWN, *own], key="study_rubric", width=420)
    criteria = BUILT_IN if name == OWN else rubric_versions.rubric(workspace, name).criteria
    by_name = {criterion.name: criterion for criterion in criteria}
    chosen = st.pills(
        "Scored too, where a rater wishes",
        list(by_name),
        default=[one for one in by_name if name != OWN or one in ASKED_FIRST],
        format_func=lambda one: one.replace("_", " ").capitalize(),
        selection_mode="multi",
        key=f"study_criteria_{own.index(name) if name in own else ''}",
    )
    return tuple(by_name[one] for one in by_name if one in chosen)


def draw(workspace: Workspace, who: str) -> None:
    """A table of criteria to edit, saved under a name as its next version."""
    own = rubric_versions.names(workspace)
    with st.expander("Rubrics of your own", icon=":material/rule:"):
        st.caption(
            "One row a criterion, with a sentence for each score about the response in front of the rater. A score at "
            "or below the critical one means that the response must not be sent. Open studies keep the wording that "
            "they were opened with."
        )
        source = st.selectbox("Begin with", [OWN, *own], key="rubric_source", width=420)
        begun = None if source == OWN else rubric_versions.rubric(workspace, source)
        version = begun.version if begun else 0
        if begun:
            st.caption(f"Version {version}, saved {begun.at[:16].replace('T', ' ')} UTC.")
        place = f"{own.index(source) if source in own else 'built-in'}-{version}"
        edited = st.data_editor(
            [_row(criterion) for criterion in (begun.criteria if begun else BUILT_IN)],
            num_rows="dynamic",
            key=f"rubric-{place}",
            column_config={
                "weight": st.column_config.NumberColumn(min_value=0.0, default=1.0),
                "critical_at": st.column_config.NumberColumn("critical at", min_value=1, max_value=4, step=1),
            },
        )
        name = st.text_input("Save as", value=source if begun else "", key=f"rubric-name-{place}", width=420)
        shown = act.show(f"rubric-{place}-{name}", scope="rubric")

        def save(_: str) -> str:
            saved = rubric_versions.save(workspace, name, [rubric_versions.criterion_of(r) for r in edited], who=who)
            return (
                f"Saved as version {saved.version}, with {wording.many(len(saved.criteria), 'criterion', 'criteria')}."
            )

        act.button("Save the rubric", shown, "save", save, icon=":material/save:", guard=False)


def _row(criterion: Criterion) -> dict[str, Any]:
    anchors: Sequence[str] = criterion.anchors
    return {
        **{"title": criterion.title, "question": criterion.question},
        **{str(number): sentence for number, sentence in enumerate(anchors, start=1)},
        **{"weight": criterion.weight, "critical_at": criterion.critical_at},
    }
