"""Plan: whether to fine-tune at all; then model, method, memory and time that fit the machine."""

import streamlit as st

from core.errors import FinetoothError
from core.workspace import Workspace
from curation import freeze, queries
from training import plans, readiness
from training.config import TrainConfig, read_config
from ui import act, memory, panels, plan_form, render, shell

shell.begin()
VERDICTS = {
    "go": ("Worth a try", "green", "check_circle"),
    "mend first": ("Mend the data first", "orange", "build"),
    "not yet": ("Not yet", "red", "do_not_disturb_on"),
}


def whether(overview: queries.Overview, frozen: list[freeze.RevisionView]) -> None:
    """An honest word on whether to fine-tune, before how."""
    splits = frozen[0].revision.splits if frozen else {}
    with st.container(border=True):
        changing = st.session_state.get("plan_facts_change", False)
        found = readiness.should_finetune(
            splits.get("train", overview.n_in),
            open_blocking=overview.n_blocking,
            open_contradictions=sum(c.open for c in overview.counts if c.family == "contradictions"),
            open_findings=overview.n_open,
            n_holdout=splits.get("holdout"),
            facts_change=changing,
        )
        word, tint, icon = VERDICTS[found.verdict]
        st.markdown(f"**Fine-tune at all?** :{tint}[:material/{icon}: {word}]")
        st.markdown("\n".join(f"- {render.plain(reason)}" for reason in found.reasons))
        if not overview.checked:
            st.caption("The checks have not run, so open findings are not counted.")
        st.toggle(
            "The answers hold facts that change (prices, rules, stock)",
            key="plan_facts_change",
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
st.subheader("Model and settings", anchor=False)
base_model = plan_form.model(kept)
try:
    config = plan_form.settings(kept, base_model)
    memory.fitting(workspace, config)
    memory.expected(workspace, frozen, config)
except FinetoothError as error:
    shell.show_error(error.message, error.hint)
else:
    take(workspace, config, who)
    plan_form.file(config)
