"""One real step before the run: it measures, and leaves no trace."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from core import machine, models
from core.errors import FinetoothError
from tests.training.builders import conversations, tiny_config, train_tiny
from training import adapters, footprint
from training.data import Batch, collate, encode_examples

ROOT = Path(__file__).resolve().parents[2]


def ready(base: Path) -> tuple[Any, Batch]:
    """A tiny model with adapters and dropout, in train mode, and a batch."""
    tokenizer = models.load_tokenizer(base)
    items = encode_examples(tokenizer, conversations(4), max_tokens=400).items
    model = adapters.add(models.load_model(base, "nf4"), tiny_config(base, dropout=0.1)).train()
    return model, collate(items, tokenizer.pad_token_id)


def test_a_real_step_leaves_weights_gradients_and_chance_as_they_were(tiny_base: Path) -> None:
    model, batch = ready(tiny_base)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    measured = footprint.real_step(model, batch, torch.float32, footprint.Meter("cpu"))
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(p, before[name]) and p.grad is None for name, p in model.named_parameters())
    assert measured.tokens == batch.input_ids.numel()
    assert measured.seconds > 0 and measured.tokens_per_s > 0
    trained = sum(p.numel() * p.element_size() for p in model.parameters() if p.requires_grad)
    assert measured.peak_bytes > 2 * trained + 50 * 2**20, "the process and the optimiser's states are counted"


def test_a_batch_that_does_not_fit_is_an_error_that_names_the_pass(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, batch = ready(tiny_base)

    def full(*_: Any) -> Any:
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(footprint, "nll_sum", full)
    with pytest.raises(FinetoothError, match="forward pass") as caught:
        footprint.real_step(model, batch, torch.float32, footprint.Meter("cpu"))
    assert "gradient_checkpointing" in str(caught.value.hint)
    monkeypatch.setattr(footprint, "nll_sum", lambda *_: torch.tensor(1.0, requires_grad=True))
    monkeypatch.setattr(torch.Tensor, "backward", full)
    with pytest.raises(FinetoothError, match="backward pass"):
        footprint.real_step(model, batch, torch.float32, footprint.Meter("cpu"))


def test_free_memory_is_what_a_container_leaves(tmp_path: Path) -> None:
    everything = machine.free_bytes(tmp_path / "none")
    assert 0 < everything <= machine.total_bytes(tmp_path / "none")
    (tmp_path / "memory.max").write_text("3000\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert machine.free_bytes(tmp_path) == 2000 and machine.total_bytes(tmp_path) == 3000
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 300\nactive_file 100\n")
    assert machine.free_bytes(tmp_path) == 2400
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.free_bytes(tmp_path) > 2400


GAPS = """
import sys
from training.footprint import Meter, _status_bytes

meter = Meter("cpu")
blocks = [bytes(100_000) for _ in range(2_000)]
kept = blocks[::10]  # so that the heap cannot shrink from its end
blocks.clear()
before = _status_bytes("VmRSS")
meter.settle()
print(before - _status_bytes("VmRSS"))
"""


@pytest.mark.skipif(footprint._trimmer() is None, reason="another C library than glibc")
def test_memory_that_was_freed_amid_what_is_kept_goes_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", GAPS], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) > 80_000_000


def test_giving_memory_back_takes_a_small_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, calls = 0.0, 0

    def give_back(_: int) -> int:
        nonlocal clock, calls
        clock, calls = clock + 0.02, calls + 1
        return 1

    monkeypatch.setattr(footprint.time, "process_time", lambda: clock)
    monkeypatch.setattr(footprint, "_trimmer", lambda: give_back)
    meter = footprint.Meter("cpu")
    for _ in range(1_000):
        clock += 0.1
        meter.settle()
    assert 90 <= calls <= 100, "a pass of 0.1 s can have one in ten"
    assert calls * 0.02 <= 0.02 * clock
    calls, before = 0, clock
    for _ in range(50):
        clock += 1.5
        meter.settle()
    assert calls == 50 and calls * 0.02 <= 0.02 * (clock - before), "one of 1.5 s has its own"


def test_memory_is_given_back_between_passes(tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def settle(_: footprint.Meter) -> None:
        nonlocal asked
        asked += 1

    monkeypatch.setattr(footprint.Meter, "settle", settle)
    train_tiny(tmp_path / "run", tiny_config(tiny_base, batch_size=2, gradient_accumulation=2, epochs=1))
    assert asked >= 8, "eight forward passes of training, and those of the measurements"
