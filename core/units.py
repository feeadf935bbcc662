"""Says in which number type this processor multiplies matrices fastest, from what it is, not from a stopwatch.

A measurement would depend on what else the machine is doing, and the same seed must give the same weights.
"""

from __future__ import annotations

import functools
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CPUINFO = Path("/proc/cpuinfo")


def fastest_units(base_type: Any, device: str) -> Any:
    """The type to multiply in: the base's own, or float32 where this processor is faster with it.

    On two cores of a Xeon without AMX, bfloat16 makes 150 billion operations a second and float32 270; with AMX it is
    the other way round. A GPU multiplies in the base's own type.
    """
    import torch

    if device != "cpu" or base_type == torch.float32:
        return base_type
    return base_type if multiplies_bfloat16_fast(torch.cpu.get_capabilities()) else torch.float32


def multiplies_bfloat16_fast(capabilities: Mapping[str, Any]) -> bool:
    """Whether a processor, as torch describes it, has a bfloat16 product that is faster than its float32 one.

    AMX has; so have AMD's AVX512-BF16 and, where torch does not tell better, processors other than x86. Intel's
    AVX512-BF16 alone runs at half the rate of float32, and without either the product is emulated.
    """
    if capabilities.get("architecture") not in ("x86_64", "AMD64", "amd64"):
        return True
    if capabilities.get("amx_bf16"):
        return True
    return bool(capabilities.get("avx512_bf16")) and "AMD" in str(capabilities.get("cpu_name", ""))


@functools.cache
def multiplies_bfloat16_fast_here(cpuinfo: Path = CPUINFO) -> bool:
    """The same for this machine's processor, without torch; where Linux does not describe it, by its architecture."""
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    found = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines) if key.strip()}
    capabilities: dict[str, Any] = dict.fromkeys(found.get("flags", "").split(), True)
    vendor = "AMD" if found.get("vendor_id") == "AuthenticAMD" else ""
    return multiplies_bfloat16_fast({**capabilities, "architecture": platform.machine(), "cpu_name": vendor})
