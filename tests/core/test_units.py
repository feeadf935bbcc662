"""The number type follows from the processor alone."""

from __future__ import annotations

import pytest
import torch

from core.units import fastest_units, multiplies_bfloat16_fast


@pytest.mark.parametrize(
    ("capabilities", "fast"),
    [
        ({"architecture": "x86_64", "cpu_name": "Intel Xeon", "avx512_bf16": True, "amx_bf16": True}, True),
        ({"architecture": "x86_64", "cpu_name": "Intel Xeon", "avx512_bf16": True, "amx_bf16": False}, False),
        ({"architecture": "x86_64", "cpu_name": "AMD EPYC", "avx512_bf16": True}, True),
        ({"architecture": "x86_64", "cpu_name": "AMD EPYC"}, False),
        ({"architecture": "aarch64"}, True),
    ],
)
def test_bfloat16_is_multiplied_as_such_only_where_that_is_fast(capabilities: dict[str, object], fast: bool) -> None:
    assert multiplies_bfloat16_fast(capabilities) is fast


def test_float32_and_gpus_keep_their_own_type() -> None:
    assert fastest_units(torch.float32, "cpu") == torch.float32
    assert fastest_units(torch.bfloat16, "cuda") == torch.bfloat16
