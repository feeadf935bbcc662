"""The constraint that decides first: named before any model is compared, it leaves what is possible."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import machine
from core.errors import InputError
from core.workspace import Workspace
from curation import freeze
from training import catalogue, constraints, speeds
from training.config import TrainConfig
from training.constraints import Limit, Option, Work
from training.memory import Device
from ui import curve, memory, plan_form, render

FREE = "Nothing yet"
FITS = {True: "possible", None: "not known", False: "ruled out"}
START = {"time": 8.0, "budget": 50.0}


def ask(workspace: Workspace, frozen: Sequence[freeze.RevisionView], config: TrainConfig) -> set[str] | None:
    """Ask what cannot be moved, and show what it leaves. Returns the names of the models that are possible; None = all.

    Models of which it cannot be told (no step was measured here) stay possible.
    """
    st.subheader("What limits you first?", anchor=False)
    names: list[constraints.Constraint | None] = [None, *constraints.QUESTIONS]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = st.selectbox(
            "Constraint",
            names,
            format_func=lambda name: FREE if name is None else constraints.QUESTIONS[name],
            key="plan_constraint",
            persist_state="session",
            width=520,
        )
        if first is None:
            return None
        limit = _limit(first)
    try:
        work = _work(workspace, frozen, config)
        options = constraints.weigh(limit, work)
    except InputError as error:
        st.caption(render.plain(f"{error.message} {error.hint}"))
        return None
    table(options)
    if any(option.hours is not None for option in options):
        said = "; ".join(f"{memory.METHODS[method]} {speed.source}" for method, speed in work.speeds.items())
        st.caption(render.plain(f"Time is scaled by size from {config.base_model}: {said}. Other methods have none."))
    return {option.model.name for option in options if option.passes is not False}


def table(options: Sequence[Option]) -> None:
    """The options that are possible or not known, smaller models first; those ruled out behind a switch."""
    out = sum(option.passes is False for option in options)
    st.caption(
        f"{len(options) - out} of {len(options)} pairs of model and method are possible, smaller models first; "
        f"catalogue of {catalogue.AS_OF}, gradient checkpointing on."
    )
    all_of_them = st.toggle(f"Show the {out} that are ruled out, too", key="plan_ruled_out") if out else False
    shown = [option for option in options if all_of_them or option.passes is not False]
    if shown:
        st.dataframe(
            {
                "Model": [option.model.name for option in shown],
                "Method": [memory.METHODS[option.method] for option in shown],
                "": [FITS[option.passes] for option in shown],
                "Why": [option.reason for option in shown],
                "Needs": [f"{option.needed_bytes / memory.GIB:.1f} GiB" for option in shown],
                "Time": ["–" if option.hours is None else curve.duration(option.hours * 3600) for option in shown],
                "Licence": [option.model.licence for option in shown],
            },
            hide_index=True,
            height=300 if len(shown) > 8 else "content",
        )


def _limit(first: constraints.Constraint) -> Limit:
    amount = price = None
    if first in constraints.UNIT:
        start = machine.free_bytes() / memory.GIB if first == "memory" else START[first]
        amount = st.number_input(
            constraints.UNIT[first][:1].upper() + constraints.UNIT[first][1:],
            0.0,
            value=round(start, 1),
            key=f"plan_limit_{first}",
            width=180,
        )
    if first == "budget":
        price = st.number_input("An hour costs", 0.0, value=2.0, key="plan_limit_price", width=180)
    return Limit(first, amount, price)


def _work(workspace: Workspace, frozen: Sequence[freeze.RevisionView], config: TrainConfig) -> Work:
    device: Device = "gpu" if st.session_state.get("plan_where") == "a GPU" else "cpu"
    found = speeds.measured(workspace, config.base_model, device)
    tokens = None
    if frozen and found and plan_form.is_local(config.base_model):
        made = memory.planned(str(workspace.path), frozen[0].revision.id, config.to_dict(), (0, 0))
        tokens = made.n_tokens * config.epochs
    return Work(config.batch_size, config.max_tokens, tokens, device, found)
