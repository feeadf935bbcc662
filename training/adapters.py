"""Puts adapters on a base model, proves that they have an effect, saves them."""

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


@dataclass(frozen=True, slots=True)
class Proof:
    """That an adapter is applied: on how many layers it is non-zero, and how far it moves a fixed prompt's logits."""

    layers: int
    nonzero: int
    max_logit_difference: float

    def facts(self) -> dict[str, float]:
        """As a run tells it."""
        return {"Adapted layers": self.layers, "Largest change of a logit": round(self.max_logit_difference, 4)}


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
