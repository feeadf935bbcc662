"""Hands a trained model over: adapter, merged model with its proof, card and serving commands, in one folder."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from core import models
from core.errors import BlockedError, FinetoothError, InputError
from core.files import read_json, sha256_file, write_atomic, write_json
from core.folders import making
from core.jobs import JobContext, Progress, no_progress
from core.revisions import examples_of
from core.workspace import Workspace
from training import parity, queries
from training.catalogue import find
from training.config import read_config
from training.data import encode_examples
from training.merge import merge
from training.model_card import CardFacts, card
from training.records import Run, read_run
from training.serving import modelfile, recipes

What = Literal["adapter", "merged", "both"]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. ``parity`` is None where nothing was merged; ``files`` maps a path to its SHA-256."""

    folder: Path
    parts: tuple[str, ...]
    parity: parity.Parity | None
    files: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """The public form."""
        proof = self.parity.to_json() if self.parity else None
        return {"folder": str(self.folder), "parts": list(self.parts), "parity": proof, "files": self.files}


def export_model(
    workspace: Workspace,
    run_id: str,
    folder: Path,
    *,
    what: What = "both",
    name: str | None = None,
    progress: Progress = no_progress,
) -> Exported:
    """Write a run's adapter, its merge into the 16-bit base, a card and serving commands; all of it or nothing.

    Args:
        workspace: Holds the run.
        run_id: A run that has left an adapter (or, trained in full, a model).
        folder: A new or empty folder.
        what: ``adapter``, ``merged`` or ``both``; a run trained in full has only a merged model.
        name: Under which it will be served; the workspace's name and the run's where None.
        progress: Called with stage, done, total.

    Raises:
        InputError: The folder is taken, the name is no name, or the run has nothing of that kind.
        BlockedError: The merged model does not answer as base and adapter do; the report says how far it is off.
        FinetoothError: There is no such run, or the base model cannot be found.
    """
    run = read_run(workspace.runs_dir / queries.find(workspace, run_id))
    named = name or _name(workspace, run)
    if not NAME.fullmatch(named):
        raise InputError(
            f"{named!r} is not a model's name.", "Use up to 64 letters, digits, dots, dashes and underscores."
        )
    parts = _parts(run, what, workspace.runs_dir / run.id)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not empty, so nothing was written.", "Name a new folder.")
    with making(folder) as temporary:
        proof = _write(workspace, run, temporary, parts, named, progress)
        files = {str(p.relative_to(temporary)): sha256_file(p) for p in sorted(temporary.rglob("*")) if p.is_file()}
        write_json(
            temporary / MANIFEST,
            {"format": 1, "run": run.id, "revision": run.revision_id, "base": run.base_model, "files": files},
        )
    return Exported(folder, parts, proof, files)


def export_job(context: JobContext) -> dict[str, Any]:
    """Worker target: the spec names ``workspace``, ``run_id``, ``folder``, ``what`` and ``name``."""
    spec = context.spec

    def report(stage: str, done: int, total: int | None) -> None:
        context.check_stop()
        context.progress(stage, done, total)

    opened = Workspace.open(Path(spec["workspace"]))
    made = export_model(
        opened, spec["run_id"], Path(spec["folder"]), what=spec["what"], name=spec["name"], progress=report
    )
    return made.to_json()


def _parts(run: Run, what: str, folder: Path) -> tuple[str, ...]:
    if what not in get_args(What):
        raise InputError(f"{what} is nothing that a run leaves.", f"Choose one of: {', '.join(get_args(What))}.")
    full = read_config(run.config).method == "full"
    if run.adapter_hash is None or not (folder / ("model" if full else "adapter")).is_dir():
        raise InputError(
            f"Run {run.id} has left nothing to export (it is {run.status}).",
            "Wait until it has ended, or name another.",
        )
    if full:
        if what == "adapter":
            raise InputError(f"Run {run.id} trained every weight, so it has no adapter.", "Export it merged.")
        return ("merged",)
    return ("adapter", "merged") if what == "both" else (what,)


def _write(
    workspace: Workspace, run: Run, folder: Path, parts: tuple[str, ...], name: str, progress: Progress
) -> parity.Parity | None:
    source = workspace.runs_dir / run.id
    config = read_config(run.config)
    base = models.resolve(run.base_model)
    tokenizer = models.load_tokenizer(base)
    listed = find(run.base_model)
    called = listed.hub_id if listed else run.base_model
    proof: parity.Parity | None = None
    if config.method == "full":
        progress("copy", 0, None)
        shutil.copytree(source / "model", folder / "merged")
    elif "merged" in parts:
        made = merge(base, source / "adapter", folder / "merged", progress)
        progress("compare", 0, None)
        proof = _prove(workspace, run, base, folder / "merged", made.rounding_share)
        write_json(folder / "parity.json", proof.to_json())
        if not proof.holds:
            raise BlockedError(
                f"The merged model does not answer as base and adapter do: {proof.sentence()}.",
                "Serve the adapter on its base instead: finetooth export-model --what adapter.",
            )
    if "adapter" in parts:
        shutil.copytree(source / "adapter", folder / "adapter")
        settings = read_json(folder / "adapter" / "adapter_config.json")
        write_json(folder / "adapter" / "adapter_config.json", {**settings, "base_model_name_or_path": called})
        tokenizer.save_pretrained(folder / "adapter")
    facts = CardFacts(
        name=name,
        base=called,
        licence=listed.licence if listed else None,
        commercial=listed.commercial if listed else None,
        method=config.method,
        revision_id=run.revision_id,
        splits=workspace.objects.manifest(run.revision_id).get("splits", {}),
        settings=config.to_dict(),
        facts={"Steps of the run" if name == "Steps" else name: value for name, value in run.facts.items()},
        versions=run.versions,
        run_id=run.id,
        status=run.status,
        parity=proof,
        recipes=recipes(name, called, adapter="adapter" in parts, merged="merged" in parts, rank=config.rank),
    )
    for part in parts:
        library = "peft" if part == "adapter" else "transformers"
        write_atomic(folder / part / "README.md", card(facts, library=library))
    if "merged" in parts:
        write_atomic(folder / "Modelfile", modelfile(tokenizer))
    return proof


def _prove(workspace: Workspace, run: Run, base: Path, merged: Path, rounding_share: float) -> parity.Parity:
    config = read_config(run.config)
    tokenizer = models.load_tokenizer(base)
    for split in ("holdout", "train"):
        encoded = encode_examples(
            tokenizer, examples_of(workspace, run.revision_id, split), max_tokens=config.max_tokens
        )
        if encoded.items:
            return parity.compare(
                base,
                workspace.runs_dir / run.id / "adapter",
                merged,
                encoded.items,
                rounding_share=rounding_share,
                as_trained=config.method == "qlora",
            )
    raise FinetoothError(
        "No conversation is left to compare the merged model on.", "Freeze a revision with a hold-out."
    )


def _name(workspace: Workspace, run: Run) -> str:
    cleaned = re.sub(r"[^A-Za-z0-9._-]+", "-", workspace.name).strip("-._") or "model"
    return f"{cleaned[:40]}-{run.id[-6:]}".lower()
