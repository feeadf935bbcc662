"""What this machine can do beyond the plain way, in one place; what is absent is said, never replaced in silence.

The ways of a GPU stand here and nowhere else. None of them was run where Finetooth is built, which has no GPU.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from training.config import TrainConfig

Warn = Callable[[str, str, int], None]


@dataclass(frozen=True, slots=True)
class Ability:
    """A faster or smaller way to do a part of training. ``missing`` is why it cannot be taken; empty where it can."""

    name: str
    missing: str = ""

    @property
    def present(self) -> bool:
        """Whether it can be taken here."""
        return not self.missing


def abilities(device: str) -> dict[str, Ability]:
    """What ``device`` (``cpu`` or ``cuda``) can do, by name.

    ``paged_optimizer``: AdamW with 8-bit states that the driver moves to the host when the GPU is full (QLoRA, arXiv
    2305.14314). ``flash_attention``: attention without the matrix of all pairs (arXiv 2307.08691), which torch's own
    attention takes by itself where it can. ``fused_optimizer``: one kernel for all parameters' updates.
    """
    import torch

    gpu = "" if device == "cuda" else "it needs an NVIDIA GPU, and this machine has none that can be used"
    paged = gpu
    if not paged and importlib.util.find_spec("bitsandbytes") is None:
        paged = "bitsandbytes is not installed"
    flash = gpu
    if not flash and torch.cuda.get_device_capability()[0] < 8:
        flash = "it needs a GPU of the Ampere generation or newer"
    elif not flash and not torch.backends.cuda.flash_sdp_enabled():  # type: ignore[no-untyped-call]
        flash = "it is switched off in torch"
    found = (Ability("paged_optimizer", paged), Ability("flash_attention", flash), Ability("fused_optimizer"))
    return {ability.name: ability for ability in found}


def optimizer(parameters: Iterable[Any], config: TrainConfig, device: str, warn: Warn) -> Any:
    """AdamW over these parameters, paged where the settings ask for it and the machine has it.

    ``warn`` is told where it was asked for and cannot be had; AdamW with 32-bit states is taken then.
    """
    import torch

    rate, decay = config.learning_rate, config.weight_decay
    if config.optimizer == "paged_adamw_8bit":
        paged = abilities(device)["paged_optimizer"]
        if paged.present:
            from bitsandbytes import optim

            paged_adamw: Any = vars(optim)["PagedAdamW8bit"]
            return paged_adamw(list(parameters), lr=rate, weight_decay=decay)
        message = f"The paged 8-bit optimiser cannot be used: {paged.missing}. AdamW with 32-bit states is used."
        warn("optimizer-replaced", message, 0)
    return torch.optim.AdamW(list(parameters), lr=rate, weight_decay=decay, fused=True)
