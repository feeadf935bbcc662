"""What the processor can do is told with the reason where it cannot; nothing falls back in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import models
from core.jobs import events
from tests.training.builders import tiny_config, train_tiny
from training.capability import abilities


def test_without_a_gpu_its_ways_are_absent_and_say_why() -> None:
    found = abilities("cpu")
    assert found["fused_optimizer"].present
    for name in ("paged_optimizer", "flash_attention"):
        assert not found[name].present and "needs an NVIDIA GPU" in found[name].missing


@pytest.mark.skipif("models.device() == 'cuda'", reason="a GPU has the paged optimiser")
def test_a_paged_optimiser_that_cannot_be_had_is_replaced_aloud(tiny_base: Path, tmp_path: Path) -> None:
    assert models.device() == "cpu"
    train_tiny(tmp_path / "asked", tiny_config(tiny_base, optimizer="paged_adamw_8bit"))
    train_tiny(tmp_path / "plain", tiny_config(tiny_base))
    [said] = [event for event in events(tmp_path / "asked") if event.get("name") == "optimizer-replaced"]
    assert "AdamW with 32-bit states is used" in said["message"]
    asked, plain = (tmp_path / name / "adapter" / "adapter_model.safetensors" for name in ("asked", "plain"))
    assert asked.read_bytes() == plain.read_bytes()
