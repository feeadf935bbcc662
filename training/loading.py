"""Makes a run ready: reads and judges its conversations, loads the model, and proves that it can be trained."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import models
from core.adapters import base_identity
from core.errors import InputError
from core.files import read_json, write_json
from core.types import Example
from core.units import fastest_units
from training import adapters, capability, footprint, fused, limits, padding, probes, samples
from training.catalogue import read_shape
from training.config import TrainConfig
from training.control import Control
from training.data import ORDER, Batch, Item, collate, fullest_passes, n_positions, plan_steps, sample
from training.first_look import look
from training.memory import run_parts

Warn = Callable[[str, str, int], None]
"""Told the name, the message and the count of something that does not forbid the run."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What a run trains on and measures.

    Attributes:
        items, held: The conversations to train on and those that measure.
        prompts: Hold-out prompts that are answered at each measurement.
        facts: Counts, named for people.
    """

    base: Path
    tokenizer: Any
    config: TrainConfig
    items: tuple[Item, ...]
    held: tuple[Item, ...]
    prompts: tuple[samples.Prompt, ...]
    facts: dict[str, Any]

    @property
    def steps_per_epoch(self) -> int:
        """Optimiser steps in one pass over the training split."""
        return -(-len(self.items) // self.config.examples_per_step)

    @property
    def every(self) -> int:
        """Steps between measurements."""
        return self.config.eval_every or self.steps_per_epoch

    def plan(self, epoch: int) -> list[list[list[Item]]]:
        """The steps of an epoch, see ``data.plan_steps``."""
        config = self.config
        return plan_steps(
            self.items,
            batch_size=config.batch_size,
            gradient_accumulation=config.gradient_accumulation,
            seed=config.seed,
            epoch=epoch,
        )


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that trains.

    Attributes:
        parameters: What is trained, by name.
        units: The number type in which matrices are multiplied.
        padding_free: Whether conversations lie end to end in a batch.
        predicted_bytes: Memory by the closed form; None for a model that it does not know.
        real_step: The longest batch, measured.
        prompts: Those of the rows whose answers have room in the model.
    """

    rows: Rows
    model: Any
    parameters: dict[str, Any]
    optimizer: Any
    units: Any
    device: str
    padding_free: bool
    meter: footprint.Meter
    predicted_bytes: int | None
    real_step: footprint.RealStep
    prompts: tuple[samples.Prompt, ...]
    _plans: dict[int, list[list[list[Item]]]] = field(default_factory=dict)

    def batch(self, items: Sequence[Item]) -> Batch:
        """Conversations as the tensors of one forward pass."""
        return _batch(self.rows, items, self.device, self.padding_free)

    def micro_batches(self, step: int) -> list[list[Item]]:
        """The conversations of a step (0-based) of the run, by forward pass."""
        epoch, within = divmod(step, self.rows.steps_per_epoch)
        if epoch not in self._plans:
            self._plans.clear()
            self._plans[epoch] = self.rows.plan(epoch)
        return self._plans[epoch][within]

    @property
    def n_trained(self) -> int:
        """Number of trained parameters."""
        return sum(p.numel() for p in self.parameters.values())

    def room_bytes(self, tokens: int) -> int:
        """What can be taken beside answers of so many tokens, prompts included, without needing more than a pass does.

        The answers are taken to need as much a token as a pass, which is more than they do. 0 where it is not known.
        """
        now = self.meter.now_bytes()
        share = max(0.0, 1 - tokens / self.real_step.tokens)
        return max(0, round((self.real_step.peak_bytes - now) * share)) if now else 0

    def put(self, weights: Mapping[str, Any]) -> None:
        """Give the trained parameters these values, by name."""
        import torch

        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(weights[name])

    def memory_facts(self) -> dict[str, int]:
        """Memory in MiB, named for people: predicted by the closed form, of one real step, and at the peak so far."""
        predicted = {} if self.predicted_bytes is None else {"Predicted memory (MiB)": self.predicted_bytes}
        real, measured = self.real_step.peak_bytes, self.meter.peak_bytes()
        told = {**predicted, "Memory of one real step (MiB)": real, "Measured memory (MiB)": measured}
        return {name: round(size / 2**20) for name, size in told.items()}

    def surroundings(self, versions: Mapping[str, str]) -> dict[str, Any]:
        """What floating-point results depend on besides weights and data."""
        import torch

        return {
            "versions of libraries": dict(versions),
            "device": self.device,
            "number of threads": torch.get_num_threads(),
            "number type": str(self.units),
            "order of conversations": ORDER,
        }

    def differences(self, surroundings: Mapping[str, Any], versions: Mapping[str, str]) -> list[str]:
        """What is other here than in a checkpoint's surroundings, in words."""
        return [name for name, value in self.surroundings(versions).items() if surroundings.get(name) != value]


def read_rows(
    folder: Path,
    config: TrainConfig,
    train_on: Sequence[Example],
    hold_out: Sequence[Example],
    control: Control,
    warn: Warn,
    places: Mapping[str, str] | None = None,
) -> Rows:
    """Tokenise the splits and look at what would be trained; the report is stored as ``preflight.json``.

    Raises:
        BlockedError: Pre-flight forbids the run.
        StoppedError: Somebody asked for its end.
    """
    control.checked_progress("load", 0, None)
    with control.interruptible(control.check):
        base = models.resolve(config.base_model)
        tokenizer = models.load_tokenizer(base)
    seen = look(base, tokenizer, train_on, hold_out, config, places=places, progress=control.checked_progress)
    write_json(folder / "preflight.json", seen.report.to_json())
    for problem in seen.report.warnings:
        warn(problem.name, problem.message, problem.count)
    seen.report.raise_if_blocked()
    measured = sample(hold_out, config.eval_examples, config.seed)
    facts = {
        "Examples trained on": len(seen.train.items),
        "Examples not drawn": seen.not_drawn,
        "Examples skipped": seen.train.n_unusable,
        "Hold-out examples measured": len(seen.holdout.items),
        "Hold-out examples not measured": len(hold_out) - len(seen.holdout.items),
    }
    prompts = samples.choose(tokenizer, measured, config.samples)
    return Rows(base, tokenizer, config, seen.train.items, seen.holdout.items, prompts, facts)


def load(folder: Path, rows: Rows, control: Control, warn: Warn) -> Loaded:
    """Load the model, put adapters on it, and prove that it can be trained within this machine's limits.

    Raises:
        FinetoothError: A proof fails, or the disk or the memory has no room.
        StoppedError: Somebody asked for the run's end.
    """
    import torch

    config = rows.config
    control.checked_progress("load", 0, None)
    if busy := limits.busy():
        warn("busy-machine", busy, 0)
    foreseen = _trained_by_shape(rows)
    if foreseen is not None and (short := limits.check_disk(folder, foreseen, config)):
        warn("disk-short", short, 0)
    device = models.device()
    with control.interruptible(control.check):
        for library in ("peft", "bitsandbytes"):  # so that their own memory is not counted as the run's
            importlib.import_module(library)
    meter = footprint.Meter(device)
    precision: dict[str, models.Precision] = {"qlora": "nf4", "lora": "bf16", "full": "fp32"}
    with control.interruptible(control.check):
        model = models.load_model(rows.base, precision[config.method])
    control.check()
    if config.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    units = fastest_units(model.dtype, device)
    padding_free = padding.attend_in(model, units) and config.padding_free
    if config.padding_free and not padding_free:
        warn("padding-kept", "This model computes attention in a way of its own, so its batches are padded.", 0)
    if config.method == "full":
        model.requires_grad_(True)
    else:
        model = adapters.add(model, config)
        fused.fuse(model, units)
    model.train()
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    exactly = sum(p.numel() for p in parameters.values())
    if exactly != foreseen and (short := limits.check_disk(folder, exactly, config)):
        warn("disk-short", short, 0)
    torch.manual_seed(config.seed)
    control.checked_progress("probe", 0, 2)
    passes = fullest_passes(rows.items, config)
    widest = max(passes, key=lambda items: n_positions(items, padding_free=padding_free))
    with control.interruptible(control.check):
        probes.prove(model, rows.items, lambda items: _batch(rows, items, device, padding_free), units, config, warn)
        control.progress("probe", 1, 2)
        real_step = footprint.real_step(model, _batch(rows, widest, device, padding_free), units, meter)
    control.check()
    optimizer = capability.optimizer(parameters.values(), config, device, warn)
    meter.start()
    return Loaded(
        rows=rows,
        model=model,
        parameters=parameters,
        optimizer=optimizer,
        units=units,
        device=device,
        padding_free=padding_free,
        meter=meter,
        predicted_bytes=_predicted(model, config.model_copy(update={"padding_free": padding_free}), passes, device),
        real_step=real_step,
        prompts=samples.fitting(model, rows.prompts, config.sample_tokens),
    )


def save_result(folder: Path, loaded: Loaded) -> str:
    """Write the adapter as it stands (or, trained in full, the model) into a run's folder. Returns its SHA-256."""
    rows = loaded.rows
    if rows.config.method == "full":
        target = folder / "model"
        loaded.model.save_pretrained(target)
        rows.tokenizer.save_pretrained(target)
        return str(base_identity(target)["weights"])
    name = rows.config.base_model
    return adapters.save(loaded.model, folder / "adapter", base=rows.base, base_name=name, tokenizer=rows.tokenizer)


def _batch(rows: Rows, items: Sequence[Item], device: str, padding_free: bool) -> Batch:
    return collate(items, rows.tokenizer.pad_token_id, device, padding_free=padding_free)


def _trained_by_shape(rows: Rows) -> int | None:
    """Parameters that will be trained, told without the model; None where shape or settings do not tell for sure."""
    config = rows.config
    if config.method != "full" and config.target_modules != "all-linear":
        return None
    try:
        shape = read_shape(read_json(rows.base / "config.json"), rows.base.name)
    except InputError:
        return None  # pre-flight has said that its shape is not known
    if not shape.well_known:
        return None
    return shape.params if config.method == "full" else shape.lora_params(config.rank)


def _predicted(model: Any, config: TrainConfig, passes: Sequence[Sequence[Item]], device: str) -> int | None:
    """What the meter will read at the peak, by the closed form: a GPU's allocator counts tensors alone."""
    try:
        shape = read_shape(model.config.to_dict(), config.base_model)
    except InputError:
        return None  # pre-flight has said that its memory is not known
    parts = run_parts(shape, config, passes, "gpu" if device == "cuda" else "cpu")
    return sum(parts.values()) - (parts["overhead"] if device == "cuda" else 0)
