"""How fast each method has trained a model on this machine, for weighing what a run would take."""

from __future__ import annotations

from typing import get_args

from core.workspace import Workspace
from training import catalogue, queries, tiers
from training.config import Method
from training.constraints import Speed
from training.memory import Device


def measured(workspace: Workspace, base_model: str, device: Device) -> dict[Method, Speed]:
    """The measured speed of each method with this model; a method without a run or a real step is absent.

    Args:
        workspace: Its runs and measured steps count.
        base_model: As the runs have it; its size must be in the catalogue.
        device: ``gpu`` counts only what ran on a GPU; ``cpu``, which stands for this machine, all that ran here.
    """
    model = catalogue.find(base_model)
    if model is None:
        return {}
    methods: tuple[Method, ...] = get_args(Method)
    found: dict[Method, Speed] = {}
    for method in methods:
        speed, source = queries.measured_speed(workspace, base_model, method, device)
        if speed is None:
            speed, source = tiers.measured_speed(workspace, base_model, method, device), "measured on one step"
        if speed:
            found[method] = Speed(speed, model.shape.params, source)
    return found
