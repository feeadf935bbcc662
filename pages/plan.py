"""Plan: whether to fine-tune at all; then model, method, memory and time that fit the machine."""

import streamlit as st

from core.errors import FinetoothError
from core.workspace import Workspace
from curation import freeze, queries
from flows import readiness
from training import plans
from training.config import TrainConfig, read_config
from ui import act, constraints, memory, panels, plan_form, render, shell

shell.begin()
VERDICTS = {
    "go": ("Worth a try", "green", "check_circle"),
    "mend first": ("Mend the data first", "orange", "build"),
    "not yet": ("Not yet", "red", "do_not_disturb_on"),
}


TRIED = {"not tried": None, "yes": False, "no, it falls short": True}


def whether(overview: queries.Overview, frozen: list[freeze.RevisionView]) -> None:
    """An honest word on whether to fine-tune, before how."""
    with st.container(border=True):
        found = readiness.weigh(
            overview,
            frozen,
            facts_change=st.session_state.get("plan_facts_change", False),
            prompt_falls_short=TRIED[st.session_state.get("plan_prompt_tried") or "not tried"],
        )
        word, tint, icon = VERDICTS[found.verdict]
        st.markdown(f"**Fine-tune at all?** :{tint}[:material/{icon}: {word}]")
        st.markdown("\n".join(f"- {render.plain(reason)}" for reason in found.reasons))
        st.toggle(
            "The answers hold facts that change (prices, rules, stock)",
            key="plan_facts_change",
            persist_state="session",
        )
        st.segmented_control(
            "Does a good prompt with some of the examples in it do?",
            list(TRIED),
            default="not tried",
            required=True,
            key="plan_prompt_tried",
            persist_state="session",
        )
        if overview.n_open:
            shell.link("review.py", "Settle the findings in Review", icon="arrow_forward")


def take(workspace: Workspace, config: TrainConfig, who: str) -> None:
    """The button that hands the settings to Train, and keeps them."""

    def do(action_id: str) -> str:
        plans.keep(workspace, config, who=who, action_id=action_id)
        plan_form.forget_start()
        st.session_state["plan_taken"] = True
        return "These settings are kept for the next run."

    shown = act.show(f"plan-{config.to_dict()}-{workspace.ledger.head()[0]}", scope="plan")
    act.button("Train with this", shown, "take", do, kind="primary", icon=":material/model_training:", guard=False)


panels.title("Plan", "Whether to fine-tune at all; then the model, the method, and what they need.")
workspace = shell.workspace()
who = shell.who()
if st.session_state.pop("plan_taken", False):
    st.switch_page("pages/train.py")
frozen = freeze.revisions(workspace)
whether(queries.overview(workspace), frozen)
kept = plan_form.beginning(plans.kept(workspace) or read_config({}))
possible = constraints.ask(workspace, frozen, kept)
st.subheader("Model and settings", anchor=False)
base_model = plan_form.model(kept, possible)
try:
    config = plan_form.settings(kept, base_model)
    memory.fitting(workspace, config)
    memory.expected(workspace, frozen, config)
except FinetoothError as error:
    shell.show_error(error.message, error.hint)
else:
    take(workspace, config, who)
    plan_form.file(config)
