"""Puts adapters on a base model, proves that gradients reach each of them and that they have an effect, saves them."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import adapters
from core.errors import FinetoothError
from training.config import TrainConfig
from training.data import Batch
from training.loss import nll_sum


@dataclass(frozen=True, slots=True)
class Proof:
    """That an adapter is applied: on how many layers it is non-zero, and how far it moves a fixed prompt's logits."""

    layers: int
    nonzero: int
    max_logit_difference: float


def add(model: Any, config: TrainConfig) -> Any:
    """Wrap a base model in fresh LoRA adapters, in float32, started from the config's seed (B is zero).

    Raises:
        FinetoothError: The named target modules do not exist in this model.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    target = config.target_modules if isinstance(config.target_modules, str) else list(config.target_modules)
    lora = LoraConfig(
        r=config.rank,
        lora_alpha=config.alpha,  # type: ignore[arg-type]  # annotated int, any number works
        lora_dropout=config.dropout,
        target_modules=target,
        task_type="CAUSAL_LM",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        try:
            wrapped: Any = get_peft_model(model, lora)
        except ValueError as error:
            raise FinetoothError(
                "The target modules do not exist in this model.", "Use all-linear, or the model's own layer names."
            ) from error
    for name, parameter in wrapped.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.float()
    return wrapped


def probe(model: Any, batch: Batch, units: Any) -> int:
    """Prove on one small batch that gradients reach every adapter, and that an eval forward does not change them.

    B starts at zero, which hides A from the gradient; so B is set to a small value for the probe and put back.

    Returns:
        The number of adapter matrices reached.

    Raises:
        FinetoothError: A gradient is missing, zero, or changed by an eval forward (the training would be silently
            wrong; see ``core.models.keep_the_gradient``).
    """
    import torch

    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    starts = {name: p.detach().clone() for name, p in trained.items() if "lora_B" in name}
    generator = torch.Generator().manual_seed(0)
    for name in starts:
        drawn = torch.randn(trained[name].shape, generator=generator) * 0.01
        trained[name].data.copy_(drawn)
    before = _gradients(model, trained, batch, units)
    was_training = model.training
    model.eval()
    with torch.no_grad():
        nll_sum(model, batch, units)
    model.train(was_training)
    after = _gradients(model, trained, batch, units)
    for name, start in starts.items():
        trained[name].data.copy_(start)
    missed = [name for name, gradient in before.items() if gradient is None or not bool(gradient.abs().max() > 0)]
    if missed:
        raise FinetoothError(
            f"No gradient reaches {len(missed)} of {len(trained)} trained matrices; the first is {missed[0]}.",
            "This is a fault of the model's code or of a library: report it with the versions in run.json.",
        )
    if was_training and _has_dropout(model):
        return len(before)  # two passes draw different masks, so their gradients cannot be compared
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    if changed:
        raise FinetoothError(
            f"An evaluation changes the gradient of {len(changed)} of {len(before)} trained matrices.",
            "This is a fault of the quantisation library on this processor: report it with the versions in run.json.",
        )
    return len(before)


def prove(model: Any, batch: Batch) -> Proof:
    """Prove that the trained adapter is applied.

    Raises:
        FinetoothError: Some layer's B is still zero, or the logits equal those without the adapter.
    """
    import torch

    nonzero = adapters.count_nonzero_b(model)
    ids = batch.input_ids[:1]
    was_training = model.training
    model.eval()
    with torch.no_grad():
        tuned = model(input_ids=ids, use_cache=False, logits_to_keep=1).logits.float()
        with model.disable_adapter():
            base = model(input_ids=ids, use_cache=False, logits_to_keep=1).logits.float()
    model.train(was_training)
    proof = Proof(len(nonzero), sum(nonzero), float((tuned - base).abs().max()))
    if proof.nonzero < proof.layers or proof.max_logit_difference == 0:
        raise FinetoothError(
            f"The adapter has no effect: {proof.nonzero} of {proof.layers} layers were trained, and the logits move by "
            f"{proof.max_logit_difference:g}.",
            "Train longer or with a higher learning rate.",
        )
    return proof


def save(model: Any, folder: Path, *, base: Path, base_name: str, tokenizer: Any) -> str:
    """Write the adapter with its base's identity, whole or not at all. Returns the SHA-256 of its weights."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        model.save_pretrained(str(temporary), save_embedding_layers=False)
        record = adapters.write_identity(temporary, base=base, base_name=base_name, tokenizer=tokenizer)
        if folder.exists():
            shutil.rmtree(folder)
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return str(record["adapter_sha256"])


def _gradients(model: Any, trained: dict[str, Any], batch: Batch, units: Any) -> dict[str, Any]:
    model.zero_grad(set_to_none=True)
    (nll_sum(model, batch, units) / batch.n_supervised).backward()
    taken = {name: None if p.grad is None else p.grad.detach().clone() for name, p in trained.items()}
    model.zero_grad(set_to_none=True)
    return taken


def _has_dropout(model: Any) -> bool:
    import torch

    return any(isinstance(module, torch.nn.Dropout) and module.p > 0 for module in model.modules())
