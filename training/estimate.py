"""Says before the start what a training run needs: memory by part, what fits, and how long it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from core import machine, models
from core.chat import IGNORED
from core.errors import InputError
from core.revisions import examples_of
from core.types import Example
from core.workspace import Workspace
from training import queries, tiers
from training.catalogue import find, known_folder, shape_of
from training.config import Method, TrainConfig, unusual
from training.data import Item, fullest_passes, sample
from training.memory import Device, memory_parts, run_parts
from training.preflight_base import context_tokens

GIB = 2**30
APPROXIMATE = "The memory is that of a Llama of this size; this architecture may differ: simulate or measure a step."


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """What one training configuration needs, in bytes.

    Attributes:
        model: Its name.
        method: ``qlora``, ``lora`` or ``full``.
        batch, seq: Conversations in a forward pass, and tokens of each (padded).
        rank: Of the adapters.
        gradient_checkpointing: Whether activations are recomputed.
        parts: What the tensors of a step take at its peak: ``weights``, ``adapters``, ``gradients``, ``optimizer``,
            ``activations`` (kept for the backward pass) and ``scratch`` (short-lived: the logits of a chunk, the
            gradients within a layer).
        overhead_bytes: What is needed besides: the GPU's context or the process with its libraries, and what the
            allocator keeps.
        n_params: Of the base model.
        n_trainable: Parameters that are trained.
        gpu_gb: The memory that was named, in GiB.
        largest_batch: At this length, what fits in ``gpu_gb`` (0: nothing); None where no memory was named.
        largest_seq: At this batch, likewise, and no more than the model reads.
        context: Tokens that the model reads; None where that is not known.
        approximate: Whether the closed form was not compared with a simulated step for this architecture.
    """

    model: str
    method: Method
    batch: int
    seq: int
    rank: int
    gradient_checkpointing: bool
    parts: Mapping[str, int]
    overhead_bytes: int
    n_params: int
    n_trainable: int
    gpu_gb: float | None = None
    largest_batch: int | None = None
    largest_seq: int | None = None
    context: int | None = None
    approximate: bool = False

    @property
    def total_bytes(self) -> int:
        """All tensors together, at the peak: what torch's allocator reports, and a simulated step counts."""
        return sum(self.parts.values())

    @property
    def needed_bytes(self) -> int:
        """What the machine has to have free: the tensors and the overhead."""
        return self.total_bytes + self.overhead_bytes

    @property
    def fits(self) -> bool | None:
        """Whether it fits in the named memory; None where none was named."""
        return None if self.gpu_gb is None else self.needed_bytes <= self.gpu_gb * GIB

    @property
    def moment(self) -> str:
        """Why no activations are counted, as a sentence; empty where some are."""
        if self.parts["activations"] or self.parts["scratch"]:
            return ""
        return (
            f"{self.method} takes the most at the optimiser's step: all gradients and states are there, the "
            "activations are gone, so these and scratch count 0."
        )

    def to_json(self) -> dict[str, Any]:
        """The public form."""
        return {
            "model": self.model,
            "method": self.method,
            "batch": self.batch,
            "seq": self.seq,
            "rank": self.rank,
            "gradient_checkpointing": self.gradient_checkpointing,
            "parameters": self.n_params,
            "trainable_parameters": self.n_trainable,
            "bytes": dict(self.parts),
            "total_bytes": self.total_bytes,
            "overhead_bytes": self.overhead_bytes,
            "needed_bytes": self.needed_bytes,
            "gpu_gb": self.gpu_gb,
            "fits": self.fits,
            "largest_batch": self.largest_batch,
            "largest_seq": self.largest_seq,
            "context": self.context,
            "approximate": self.approximate,
        }


def plan(
    model: str,
    method: Method = "qlora",
    batch: int = 1,
    seq: int = 1024,
    gpu_gb: float | None = None,
    *,
    rank: int = 16,
    gradient_checkpointing: bool = True,
    device: Device = "gpu",
    accumulates: bool = False,
    dropout: bool = False,
    paged: bool = False,
) -> MemoryPlan:
    """Memory of one configuration, by part.

    Args:
        model: A catalogued name, a hub id in the catalogue, or a model folder.
        method: ``qlora``, ``lora`` or ``full``.
        batch: Conversations in one forward pass.
        seq: Tokens of each, padding included; all of them are taken as supervised, which is the worst case.
        gpu_gb: Memory to fit into, in GiB.
        rank: Of adapters on all linear layers.
        gradient_checkpointing: Recompute activations.
        device: ``gpu`` multiplies in bfloat16; ``cpu`` as this machine's processor does.
        accumulates: Whether a step consists of several forward passes.
        dropout: Whether the adapters' inputs are dropped at random.
        paged: Whether the optimiser keeps its states in 8 bits (on a GPU only).

    Raises:
        InputError: The model or method is unknown, or a number is not positive.
    """
    name, shape = shape_of(model)
    if method not in get_args(Method):
        raise InputError(f"{method} is not a method.", f"Use one of: {', '.join(get_args(Method))}.")
    if batch < 1 or seq < 1 or rank < 1 or (gpu_gb is not None and gpu_gb <= 0):
        raise InputError("Batch, sequence length, rank and GPU memory must be positive.", "Give numbers above zero.")

    def parts(b: int, s: int) -> dict[str, int]:
        return memory_parts(
            shape,
            method,
            b,
            s,
            rank,
            gradient_checkpointing=gradient_checkpointing,
            device=device,
            accumulates=accumulates,
            dropout=dropout,
            paged=paged,
        )

    limit = None if gpu_gb is None else gpu_gb * GIB
    context = _context(model)
    tensors = parts(batch, seq)
    overhead = tensors.pop("overhead")
    return MemoryPlan(
        model=name,
        method=method,
        batch=batch,
        seq=seq,
        rank=rank,
        gradient_checkpointing=gradient_checkpointing,
        parts=tensors,
        overhead_bytes=overhead,
        n_params=shape.params,
        n_trainable=shape.params if method == "full" else shape.lora_params(rank),
        gpu_gb=gpu_gb,
        largest_batch=None if limit is None else _largest(lambda n: sum(parts(n, seq).values()) <= limit),
        largest_seq=None if limit is None else _largest(lambda n: sum(parts(batch, n).values()) <= limit, context),
        context=context,
        approximate=not shape.well_known,
    )


def for_config(config: TrainConfig, seq: int, gpu_gb: float | None, device: Device) -> MemoryPlan:
    """The plan of these settings at a length.

    Raises:
        InputError: The model is unknown.
    """
    return plan(
        config.base_model,
        config.method,
        config.batch_size,
        seq,
        gpu_gb,
        rank=config.rank,
        gradient_checkpointing=config.gradient_checkpointing,
        device=device,
        accumulates=config.gradient_accumulation > 1,
        dropout=config.dropout > 0 and config.method != "full",
        paged=config.optimizer == "paged_adamw_8bit",
    )


def side_by_side(model: str, batch: int, seq: int, gpu_gb: float | None = None, *, rank: int = 16) -> list[MemoryPlan]:
    """The three methods for one model, the lightest first."""
    methods: tuple[Method, ...] = get_args(Method)
    return [plan(model, method, batch, seq, gpu_gb, rank=rank) for method in methods]


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What one training run on this machine will need.

    Attributes:
        memory: At its longest batch.
        n_examples: Conversations to train on.
        n_tokens: Tokens of one pass, padding not counted (close: the template's own are taken as 8 a turn).
        longest: Tokens of the longest conversation, as closely.
        steps: Optimiser steps.
        seconds: Expected duration; None where nothing is known about the speed.
        speed_from: Where the speed comes from.
        free_bytes: Memory that is free on this machine now.
        warnings: What is unusual.
    """

    memory: MemoryPlan
    n_examples: int
    n_tokens: int
    longest: int
    steps: int
    seconds: float | None
    speed_from: str
    free_bytes: int
    warnings: tuple[str, ...]

    def sentence(self) -> str:
        """The plan in one line."""
        took = "time unknown" if self.seconds is None else f"about {_minutes(self.seconds)} ({self.speed_from})"
        return (
            f"{self.memory.model} by {self.memory.method}, {self.memory.n_trainable:,} of {self.memory.n_params:,} "
            f"parameters trained; {self.n_examples:,} examples of up to about {self.longest} tokens, {self.steps} "
            f"steps; memory {self.memory.needed_bytes / GIB:.1f} of {self.free_bytes / GIB:.1f} GiB free; {took}."
        )


def plan_run(workspace: Workspace, revision_id: str, config: TrainConfig) -> RunPlan:
    """Plan a run on a frozen revision for this machine, without loading a model.

    Raises:
        FinetoothError: There is no such revision or model.
    """
    examples = sample(examples_of(workspace, revision_id, "train"), config.limit, config.seed)
    base = models.resolve(config.base_model)
    counted = _counted(examples, base / "tokenizer.json")
    usable = [item for item in counted if item.n_tokens <= config.max_tokens]
    longest = max((item.n_tokens for item in usable), default=config.max_tokens)
    known = config if find(config.base_model) else config.model_copy(update={"base_model": str(base)})
    memory = for_config(known, longest, None, "cpu")
    said = list(unusual(config, len(usable)))
    if usable:
        parts = run_parts(shape_of(known.base_model)[1], config, fullest_passes(usable, config), "cpu")
        overhead = parts.pop("overhead")
        memory = replace(memory, parts=parts, overhead_bytes=overhead)
    if memory.approximate:
        said.append(APPROXIMATE)
    if len(usable) < len(counted):
        said.append(f"About {len(counted) - len(usable)} examples are longer than {config.max_tokens} tokens.")
    free = machine.free_bytes()
    if memory.needed_bytes > free:
        said.append(f"It needs {memory.needed_bytes / GIB:.1f} GiB, and {free / GIB:.1f} GiB are free.")
    speed, speed_from = queries.measured_speed(workspace, config.base_model, config.method)
    if speed is None and (one := tiers.measured_speed(workspace, config.base_model, config.method)) is not None:
        speed, speed_from = one, "measured on one step"
    n_tokens = sum(item.n_tokens for item in usable)
    return RunPlan(
        memory=memory,
        n_examples=len(usable),
        n_tokens=n_tokens,
        longest=longest,
        steps=config.steps(len(usable)) if usable else 0,
        seconds=n_tokens * config.epochs / speed if speed else None,
        speed_from=speed_from,
        free_bytes=free,
        warnings=tuple(said),
    )


def _counted(examples: Sequence[Example], tokenizer_file: Path) -> list[Item]:
    """Conversations of the right lengths, the template's own tokens estimated at 8 a turn; needs no torch."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file)) if tokenizer_file.is_file() else None
    items: list[Item] = []
    for example in examples:
        texts = [message.content for message in example.messages]
        turns = (
            [len(text) // 3 for text in texts]
            if tokenizer is None
            else [len(one.ids) for one in tokenizer.encode_batch(texts)]
        )
        n_tokens = sum(turns) + 8 * len(turns)
        spoken = zip(turns, example.messages, strict=True)
        supervised = sum(n + 1 for n, message in spoken if message.role == "assistant")
        items.append(Item(example.id, (0,) * n_tokens, (IGNORED,) * (n_tokens - supervised) + (0,) * supervised))
    return items


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _context(model: str) -> int | None:
    """Tokens that a model reads; None where neither the catalogue nor its config says."""
    if listed := find(model):
        return listed.context_tokens
    folder = known_folder(model)
    return None if folder is None else context_tokens(folder)


def _largest(fits: Callable[[int], bool], most: int | None = None, ceiling: int = 2**22) -> int:
    """The largest whole number that fits (0 where none does), for a need that grows with it; ``most`` at the most."""
    if not fits(1):
        return 0
    if most is not None and fits(most):
        return most
    low, high = 1, 2
    while high < ceiling and fits(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
