"""Finds the number type in which this processor multiplies fastest."""

from __future__ import annotations

import time
from typing import Any


def fastest_units(base_type: Any, device: str) -> Any:
    """The type to multiply in: the base's own, or float32 where this processor is clearly faster with it.

    Processors with AVX512-BF16 but no AMX multiply bfloat16 about half as fast as float32. Measured in about 50 ms; a
    GPU always multiplies in the base's own type.
    """
    import torch

    if device != "cpu" or base_type == torch.float32:
        return base_type
    return torch.float32 if _seconds(torch.float32) * 1.2 < _seconds(base_type) else base_type


def _seconds(number_type: Any) -> float:
    import torch

    left, right = torch.ones(256, 512, dtype=number_type), torch.ones(512, 512, dtype=number_type)
    best = float("inf")
    for _ in range(12):
        start = time.perf_counter()
        left @ right
        best = min(best, time.perf_counter() - start)
    return best
