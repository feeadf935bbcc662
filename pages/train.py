"""Train: look at what would be trained, launch the run, watch it live, stop it; every run stays listed."""

import streamlit as st

from core import jobs
from core.workspace import Workspace
from curation import freeze
from training import actions, plans, queries
from training.config import TrainConfig, read_config
from ui import act, curve, panels, revision, run_chart, runs, shell, tokens

shell.begin()
QUEUE = "Queue it"


def launcher(
    workspace: Workspace,
    frozen: list[freeze.RevisionView],
    config: TrainConfig,
    who: str,
    start: str = "Start training",
) -> None:
    """The revision and the settings of the next run, pre-flight, and the button that starts it."""
    names = {view.revision.id: revision.option(view) for view in frozen}
    with st.container(border=True):
        st.markdown("**Next run**")
        chosen = st.selectbox(
            "Revision", list(names), format_func=names.__getitem__, key=f"train_revision-{len(names)}"
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(runs.summary(config), width="content")
            shell.link("plan.py", "Change the plan", icon="tune")
        look, report = runs.first_look(workspace, chosen, config)
        looking = look is not None and not jobs.read(look).ended
        state = f"{chosen}-{config.to_dict()}-{look.id if look else ''}-{len(known)}"
        with st.container(horizontal=True, vertical_alignment="center"):

            def launch(_: str) -> str:
                run = actions.start_run(workspace, chosen, config, who)
                st.query_params["run"] = run.id
                begun = "is in the queue" if start == QUEUE else "has started"
                return f"The run {begun}; it goes on when this page is closed."

            act.button(
                start,
                act.show(f"start-{state}", scope="start"),
                "start",
                launch,
                kind="primary",
                icon=":material/play_arrow:",
                guard=False,
                disabled=bool(report and report["blocks"]),
            )
            act.button(
                "Look first",
                act.show(f"look-{state}", scope="look"),
                "look",
                lambda _: runs.look_first(workspace, chosen, config),
                icon=":material/fact_check:",
                guard=False,
                disabled=looking,
            )
            st.caption("Looking first says what would be trained, and what forbids the run.", width="content")
        if report is not None:
            curve.preflight(report)
            if look is not None:
                tokens.draw(workspace, chosen, config, look)
        elif look is not None:
            panels.job(look)


panels.title("Train", "A run is a process of its own: close the page or restart the server, and it goes on.")
workspace = shell.workspace()
who = shell.who()
frozen = freeze.revisions(workspace)
if not frozen:
    panels.empty("There is no frozen revision to train on.", "dataset.py", "Freeze one")
    st.stop()
known = queries.runs(workspace)
config = plans.kept(workspace) or read_config({})
if all(run.ended for run in known):
    launcher(workspace, frozen, config, who)
elif st.toggle("Queue another run, which starts when this one has ended", key="train_queue"):
    launcher(workspace, frozen, config, who, start=QUEUE)
if known:
    curve.draw(workspace, runs.chooser(known), who)
    run_chart.compare(workspace, known, runs.labels(known))
    runs.overview(workspace, known)
else:
    panels.empty("No run yet. Its curve, speed and diagnosis will stand here.")
