"""The verbs around the work: status, app, demo, models, jobs, audit, docs."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.output import ME, JsonFlag, WhoOption, WorkspaceOption, emit, progress_bar, say
from core import audit, jobs, models
from core.errors import InputError
from core.workspace import Workspace, find_workspace, workspace_or_error
from curation import project_settings, queries
from curation.evidence import entailment_models
from evaluation import unfinished
from flows import demo as walk
from flows import standing

ROOT = Path(__file__).resolve().parent.parent
audit_app = typer.Typer(no_args_is_help=True, help="Prove that the ledger was not altered.")


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    app.command("status")(status)
    app.command("demo")(demo)
    app.command("app")(app_)
    app.command("models")(models_)
    app.command("jobs")(jobs_)
    app.add_typer(audit_app, name="audit")


def status(workspace: WorkspaceOption = None, as_json: JsonFlag = False) -> None:
    """Say where the project stands and what to do next."""
    opened = workspace_or_error(workspace)
    seen = queries.overview(opened)
    steps = standing.steps(opened, seen)
    coming = standing.next_step(steps)
    left = unfinished.left(opened)
    document = {
        "workspace": str(opened.path),
        "unfinished": [asdict(one) for one in left],
        "data": asdict(seen),
        "steps": [asdict(step) for step in steps],
        "next": asdict(coming) if coming else None,
    }
    emit(
        document,
        as_json,
        f"Workspace {opened.path}",
        *(f"  {'done' if step.state == 'done' else 'open':4}  {step.title}: {step.line}" for step in steps),
        *(f"  Not ended: {one.sentence()} The same command goes on with it; or see Evaluate." for one in left),
        f"Next: {coming.todo} ({coming.command})" if coming else "Everything is done: finetooth results",
    )


def demo(
    folder: Annotated[Path, typer.Argument(help="Where to work (made new if it exists and --fresh).")] = Path(
        "demo-workspace"
    ),
    data: Annotated[Path | None, typer.Option("--data", help="Your own file instead of the shipped dataset.")] = None,
    limit: Annotated[int | None, typer.Option(help="Train on at most this many examples.")] = None,
    epochs: Annotated[float, typer.Option(help="Passes over the training set.")] = walk.EPOCHS,
    model: Annotated[str, typer.Option(help="The base model: a name, a path or a hub id.")] = models.DEFAULT_BASE,
    seed: int = 0,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """Walk the whole way on real input: import, check, clean, freeze, plan, train, evaluate, study, report."""
    with progress_bar() as progress:
        done = walk.run(
            folder,
            data=data,
            limit=limit,
            epochs=epochs,
            model=models.lasting(model),
            seed=seed,
            who=who,
            say=say,
            progress=progress,
        )
    emit(done.to_json(), as_json, *done.closing_lines())


def app_(
    workspace: WorkspaceOption = None,
    port: Annotated[int, typer.Option(help="The port on this machine.")] = 8501,
) -> None:
    """Open the app in the browser (only this machine can reach it)."""
    try:
        os.environ["FINETOOTH_WORKSPACE"] = str(Workspace.open(find_workspace(workspace)).path)
    except InputError:
        if workspace is not None:
            raise
        say("No workspace was found here; the Home page makes one.")
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "ui.server", "--port", str(port)])


def models_(
    entailment: Annotated[
        str | None,
        typer.Option(
            "--entailment",
            help=f"Fetch this entailment model once (a hub id; default = {entailment_models.DEFAULT}), or check a "
            "folder; with --workspace, its checks use it from then on.",
        ),
    ] = None,
    revision: Annotated[
        str | None, typer.Option(help="With --entailment: a commit, tag or branch, instead of the recorded commit.")
    ] = None,
    workspace: WorkspaceOption = None,
    who: WhoOption = ME,
    as_json: JsonFlag = False,
) -> None:
    """List the embedded and configured models, converting what is missing; fetch an entailment model by its name."""
    if entailment is None:
        for option, given in (("--revision", revision), ("--workspace", workspace)):
            if given is not None:
                raise InputError(f"{option} goes with --entailment.", "Name the model: --entailment default")
    lines = []
    with progress_bar() as progress:
        if entailment is not None:
            progress("fetching the entailment model", 0, None)
            lines = _fetch_entailment(entailment, revision, workspace, who)
        progress("looking at the models", 0, None)
        found = models.catalogue()
    entries = [{"name": m.name, "role": m.role, "path": str(m.path), "licence": m.licence} for m in found]
    entries += [
        {
            "name": m.name,
            "role": "entailment",
            "path": str(m.folder),
            "licence": m.licence or "not declared",
            "revision": m.commit,
        }
        for m in entailment_models.known()
    ]
    emit(entries, as_json, *(f"{m['role']:12} {m['name']:36} {m['licence']:12} {m['path']}" for m in entries), *lines)


def _fetch_entailment(name: str, revision: str | None, workspace: Path | None, who: str) -> list[str]:
    """Lines for people: what was fetched, and where it is set now or what to write."""
    opened = workspace_or_error(workspace) if workspace is not None else None
    model = entailment_models.fetch(name, revision)
    if opened is not None:
        project_settings.set_entailment(opened, model, who)
        return [f"The checks of {opened.path} ask {model.called} from now on (finetooth.toml)."]
    pinned = [f'entailment_revision = "{model.commit}"'] if model.commit else []
    shown = model.name if model.commit else model.folder
    return ["To use it, write in finetooth.toml:", "[check]", f'entailment_model = "{shown}"', *pinned]


def jobs_(
    job: Annotated[str | None, typer.Argument(help="A job's id: show it.")] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Ask it to stop at its next safe point.")] = False,
    kill: Annotated[bool, typer.Option("--kill", help="End it at once.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """List long work, or show, stop or end one piece of it."""
    opened = workspace_or_error(workspace)
    if job is None:
        if stop or kill:
            raise InputError("No job was named.", "Name one: finetooth jobs ID --stop")
        chosen = jobs.listing(opened.jobs_dir)
    else:
        chosen = [jobs.find(opened.jobs_dir, job)]
        if kill:
            jobs.kill(chosen[0])
        elif stop:
            jobs.cancel(chosen[0])
    states = [{"id": j.id, "kind": j.kind, **asdict(jobs.read(j))} for j in chosen]
    emit(
        states,
        as_json,
        *(
            f"{s['id']}  {s['kind']:10} {s['status']:10} {s['stage']} {s['done']}/{s['total'] or '?'} {s['message']}"
            for s in states
        ),
    )


@audit_app.command("verify")
def verify(
    workspace: WorkspaceOption = None,
    head: Annotated[
        str | None, typer.Option(help="A head that an earlier audit printed and that you kept elsewhere: NUMBER:HASH.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Recompute the ledger's hash chain and look for cut ends; name the first altered or missing entry."""
    done = audit.audit_folder(find_workspace(workspace), head)
    emit(
        {**asdict(done), "intact": True},
        as_json,
        f"All {done.entries:,} ledger entries are intact, up to head {done.head}",
        f"({done.heads_compared:,} recorded heads and {done.revisions_compared:,} revisions compared).",
        *done.notes,
    )
