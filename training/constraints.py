"""Sorts models and methods by the constraint that decides first: what is possible, and why the rest is not.

Memory, time, budget, skill, maintenance, availability or licence: whichever a team cannot move is asked for before any
model is compared, since most options fall by it alone. Smaller models come first: they are quick to try and to repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from core import smollm2
from core.errors import InputError
from training.catalogue import MODELS, BaseModel, known_folder
from training.config import Method
from training.estimate import GIB, plan
from training.memory import Device

Constraint = Literal["memory", "time", "budget", "skill", "maintenance", "availability", "licence"]
QUESTIONS: dict[Constraint, str] = {
    "memory": "Memory: it has to fit into a given GPU or machine",
    "time": "Time: a run has to end within some hours",
    "budget": "Budget: a run may cost so much",
    "skill": "Skill: nobody here has trained a model before",
    "maintenance": "Maintenance: it has to be kept up with little work",
    "availability": "Availability: only what is on this machine, without a network",
    "licence": "Licence: the fine-tune is used commercially",
}
UNIT: dict[Constraint, str] = {"memory": "GiB", "time": "hours", "budget": "at most, in your currency"}
"""Constraints that have an amount, and what it counts."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What cannot be moved.

    Attributes:
        first: The constraint.
        amount: GiB, hours, or money; None for the others.
        price_per_hour: Of the machine, for a budget.
    """

    first: Constraint
    amount: float | None = None
    price_per_hour: float | None = None


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a model was trained by one method: tokens a second, its parameters, and where it was measured."""

    tokens_per_s: float
    params: int
    source: str


@dataclass(frozen=True, slots=True)
class Work:
    """The run that the options are weighed for.

    Attributes:
        batch, seq: Conversations in a forward pass, and tokens of the longest.
        tokens: Of all passes over the training set; None where nothing is frozen.
        device: ``gpu`` or ``cpu``.
        speeds: What was measured on such a device, by method; a method that was not measured is absent.
    """

    batch: int = 1
    seq: int = 1024
    tokens: float | None = None
    device: Device = "gpu"
    speeds: Mapping[Method, Speed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Option:
    """A model with a method. ``passes`` is None where it cannot be told; ``reason`` says why in a sentence."""

    model: BaseModel
    method: Method
    needed_bytes: int
    hours: float | None
    passes: bool | None
    reason: str


def at_hand(model: BaseModel) -> bool:
    """Whether a model can be had without a network: the embedded one, or one in the hub's cache."""
    return model.name == smollm2.NAME or known_folder(model.hub_id) is not None


def weigh(limit: Limit, work: Work, is_here: Callable[[BaseModel], bool] = at_hand) -> list[Option]:
    """All models of the catalogue with all methods: those that pass first, the smaller first.

    Args:
        limit: What cannot be moved.
        work: What the run is like. Gradient checkpointing is taken as on, the least memory.
        is_here: Whether a model's files are on this machine.

    Raises:
        InputError: The constraint needs an amount above zero, and has none.
    """
    if limit.first in UNIT and (limit.amount is None or limit.amount <= 0):
        raise InputError(f"How much {limit.first} there is has not been said.", f"Give it in {UNIT[limit.first]}.")
    if limit.first == "budget" and (limit.price_per_hour is None or limit.price_per_hour <= 0):
        raise InputError("A budget needs the price of an hour.", "Give what an hour of the machine costs.")
    options = [_option(limit, work, model, method, is_here) for model in MODELS for method in get_args(Method)]
    order = {True: 0, None: 1, False: 2}
    return sorted(options, key=lambda one: (order[one.passes], one.model.shape.params, one.needed_bytes))


def _option(limit: Limit, work: Work, model: BaseModel, method: Method, is_here: Callable[[BaseModel], bool]) -> Option:
    made = plan(model.name, method, work.batch, work.seq, device=work.device)
    hours, source = _hours(work, model, method)
    passes, reason = _verdict(limit, model, method, made.needed_bytes, (hours, source), is_here)
    if passes and work.seq > model.context_tokens:
        passes, reason = False, f"its context is {model.context_tokens:,} tokens"
    return Option(model, method, made.needed_bytes, hours, passes, reason)


def _verdict(
    limit: Limit,
    model: BaseModel,
    method: Method,
    needed: int,
    time: tuple[float | None, str],
    is_here: Callable[[BaseModel], bool],
) -> tuple[bool | None, str]:
    amount = limit.amount or 0.0
    hours, source = time
    match limit.first:
        case "memory":
            return needed <= amount * GIB, f"needs {needed / GIB:.1f} of {amount:g} GiB"
        case "time":
            if hours is None:
                return None, f"{source}, so its time is not known"
            return hours <= amount, f"takes about {hours:.1f} of {amount:g} hours, {source}"
        case "budget":
            if hours is None:
                return None, f"{source}, so its price is not known"
            price = hours * (limit.price_per_hour or 0.0)
            return price <= amount, f"costs about {price:.2f} of {amount:g}, {source}"
        case "skill":
            if method == "full":
                return False, "full training forgives few mistakes; begin with adapters and the defaults"
            return True, "adapters with the defaults; a small model shows mistakes within minutes"
        case "maintenance":
            if method == "full":
                return False, "each version is a whole model to keep, serve and check again"
            return True, "a version is an adapter of some megabytes on a base that does not change"
        case "availability":
            here = is_here(model)
            return here, "is on this machine" if here else "is not on this machine"
        case "licence":
            return model.allows_commercial, f"{model.licence}: {model.commercial}"


def _hours(work: Work, model: BaseModel, method: Method) -> tuple[float | None, str]:
    """Scaled from the measured model by size: a step's arithmetic grows with the parameters.

    Methods differ in what a step costs, so one that was not measured has no hours. Returns them, and where they come
    from or why there are none.
    """
    speed = work.speeds.get(method)
    if speed is None:
        return None, f"no step by {method} has been measured {'on a GPU' if work.device == 'gpu' else 'here'}"
    if work.tokens is None:
        return None, "nothing is frozen whose tokens could be counted"
    hours = work.tokens / (speed.tokens_per_s * speed.params / model.shape.params) / 3600
    scaled = "" if speed.params == model.shape.params else "scaled by size from what was "
    return hours, f"{scaled}{speed.source}"
