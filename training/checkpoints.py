"""Checkpoints that are complete or passed over: everything that a run needs to go on as if it had never ended.

A checkpoint is a folder ``checkpoints/step-N``. Its ``manifest.json`` names each file with its size and SHA-256 and is
written last, after all else is on the disk; a folder without it, or one that differs from it, is torn.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import FinetoothError
from core.files import read_json, sha256_file, write_json

FOLDER = "checkpoints"
MANIFEST = "manifest.json"
WEIGHTS = "weights.safetensors"
OPTIMIZER = "optimizer.pt"
RANDOM = "random.pt"
STATE = "state.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint's folder. ``fault`` says why it is torn; None means that it is complete."""

    step: int
    folder: Path
    fault: str | None

    @property
    def complete(self) -> bool:
        """Whether a run can go on from it."""
        return self.fault is None


def place(run: Path, step: int) -> Path:
    """Where the checkpoint of a step lies."""
    return run / FOLDER / f"step-{step:08d}"


def listing(run: Path) -> list[Checkpoint]:
    """A run's checkpoints, the newest first; each file is compared with its manifest."""
    found = []
    for folder in (run / FOLDER).glob("step-*"):
        number = folder.name.removeprefix("step-")
        if number.isdigit():
            found.append(Checkpoint(int(number), folder, fault_of(folder)))
    return sorted(found, key=lambda one: -one.step)


def fault_of(folder: Path) -> str | None:
    """Why a checkpoint cannot be used, as the end of a sentence; None where it is complete."""
    if not (folder / MANIFEST).is_file():
        return "has no manifest: its saving was cut short"
    try:
        manifest = read_json(folder / MANIFEST)
        if manifest["format"] != FORMAT:
            return f"was written by another version of Finetooth (format {manifest['format']}, known {FORMAT})"
        for name, stated in manifest["files"].items():
            file = folder / name
            if not file.is_file():
                return f"lacks {name}"
            if file.stat().st_size != stated["size_bytes"]:
                return f"holds {file.stat().st_size} of {stated['size_bytes']} bytes of {name}"
            if sha256_file(file) != stated["sha256"]:
                return f"holds a {name} that was changed"
    except (FinetoothError, OSError, KeyError, TypeError, AttributeError):
        return "has a manifest that cannot be read"
    return None


def write(
    run: Path, step: int, *, weights: Mapping[str, Any], optimizer: Any, random_state: Any, state: Mapping[str, Any]
) -> Path:
    """Store a checkpoint; it is complete only once this returns.

    Args:
        run: The run's folder.
        step: Optimiser steps done.
        weights: Trained parameters by name.
        optimizer: The optimiser; its state is stored.
        random_state: From ``random_state``, as it was right after that step.
        state: The rest, as JSON.

    Raises:
        FinetoothError: The disk is full or cannot be written; nothing of it is left, and earlier ones are as they were.
    """
    import torch
    from safetensors.torch import save_file

    folder = place(run, step)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        save_file({name: p.detach().contiguous() for name, p in weights.items()}, folder / WEIGHTS)
        torch.save(optimizer.state_dict(), folder / OPTIMIZER)
        torch.save(random_state, folder / RANDOM)
        write_json(folder / STATE, dict(state))
        files = {}
        for name in (WEIGHTS, OPTIMIZER, RANDOM, STATE):
            with open(folder / name, "rb") as handle:
                os.fsync(handle.fileno())
            files[name] = {"size_bytes": (folder / name).stat().st_size, "sha256": sha256_file(folder / name)}
        write_json(folder / MANIFEST, {"format": FORMAT, "step": step, "files": files})
    except (OSError, RuntimeError, FinetoothError) as error:  # torch and safetensors have errors of their own for these
        shutil.rmtree(folder, ignore_errors=True)
        reason = error.message if isinstance(error, FinetoothError) else str(error).splitlines()[0]
        raise FinetoothError(
            f"The checkpoint of step {step} could not be written ({reason}).", "Free some space on the disk."
        ) from error
    return folder


def load_weights(folder: Path) -> dict[str, Any]:
    """The trained parameters of a checkpoint, by name."""
    from safetensors.torch import load_file

    return dict(load_file(folder / WEIGHTS))


def load_optimizer(folder: Path) -> Any:
    """The optimiser's state; on the CPU, from where it is copied to its parameters."""
    import torch

    return torch.load(folder / OPTIMIZER, map_location="cpu", weights_only=True)


def load_random(folder: Path) -> Any:
    """The state of the random numbers, for ``set_random``."""
    import torch

    return torch.load(folder / RANDOM, map_location="cpu", weights_only=True)


def load_state(folder: Path) -> dict[str, Any]:
    """The rest of a checkpoint."""
    state: dict[str, Any] = read_json(folder / STATE)
    return state


def random_state() -> dict[str, Any]:
    """The state of all random numbers that training draws."""
    import torch

    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"torch": torch.get_rng_state(), "cuda": cuda, "python": random.getstate()}


def set_random(state: Mapping[str, Any]) -> None:
    """Put the random numbers back to where ``random_state`` found them."""
    import torch

    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))


def prune(run: Path, kept: int, best_step: int | None) -> None:
    """Remove all checkpoints but the newest ``kept`` and that of the best step; the older of the others go first.

    Only names are looked at, so it costs nothing; what is newer than a torn one is complete, since it was just written.
    """
    folders = sorted((run / FOLDER).glob("step-*"), reverse=True)
    best = None if best_step is None else place(run, best_step).name
    for folder in reversed([one for one in folders[kept:] if one.name != best]):
        (folder / MANIFEST).unlink(missing_ok=True)  # first, so that what a kill leaves is torn, not half a checkpoint
        with suppress(OSError):
            shutil.rmtree(folder)


def remove_after(run: Path, step: int) -> None:
    """Remove the checkpoints of later steps, which a run that goes on from ``step`` will take anew."""
    for folder in (run / FOLDER).glob("step-*"):
        if folder.name > place(run, step).name:
            shutil.rmtree(folder, ignore_errors=True)
