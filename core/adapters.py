"""Knows which base model an adapter belongs to, and proves that a loaded adapter has an effect.

An adapter on the wrong base, or one whose names match nothing, loads with at most a warning and then answers like the
base model. So each adapter folder carries the identity of its base, which is compared on load.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from core.chat import template_hash
from core.errors import FinetoothError, InputError
from core.files import read_json, sha256_file, write_json

IDENTITY = "finetooth.json"
BLOCK_BYTES = 65536
SAMPLES = 64


def base_identity(path: Path) -> dict[str, Any]:
    """What tells one base model from another, in milliseconds whatever its size.

    Returns:
        ``config`` (SHA-256 of the shape-giving config values), ``weights`` (SHA-256 over each safetensors file's size,
        its header, and 64 blocks of 64 KiB spread evenly over it) and ``vocab_size``.

    Raises:
        InputError: There is no config.json or no safetensors file.
    """
    if not (path / "config.json").is_file():
        raise InputError(f"There is no model at {path}: no config.json is there.", "Check the path.")
    config = read_json(path / "config.json")
    shape = {key: config.get(key) for key in sorted(config) if key not in _NOT_IDENTITY}
    files = sorted(path.glob("*.safetensors"))
    if not files:
        raise InputError(f"The model folder {path} holds no safetensors file.", "Convert its weights to safetensors.")
    weights = hashlib.sha256()
    for file in files:
        weights.update(_sampled(file))
    return {
        "config": hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest(),
        "weights": weights.hexdigest(),
        "vocab_size": config.get("vocab_size"),
    }


_NOT_IDENTITY = frozenset({"_name_or_path", "transformers_version", "dtype", "torch_dtype", "use_cache"})


def write_identity(adapter: Path, *, base: Path, base_name: str, tokenizer: Any) -> dict[str, Any]:
    """Store beside an adapter what it was trained on. Returns the record."""
    record = {
        "format": 2,
        "base_name": base_name,
        "base_revision": hub_revision(base),
        "base": base_identity(base),
        "template": template_hash(tokenizer),
        "tokenizer": tokenizer_hash(tokenizer),
        "adapter_sha256": sha256_file(adapter / "adapter_model.safetensors"),
    }
    write_json(adapter / IDENTITY, record)
    return record


def hub_revision(base: Path) -> str | None:
    """The commit of a model that stands in the hub's cache (models--owner--name/snapshots/COMMIT); None elsewhere."""
    return base.name if base.parent.name == "snapshots" and base.parent.parent.name.startswith("models--") else None


def tokenizer_hash(tokenizer: Any) -> str:
    """SHA-256 of what turns text into ids: vocabulary, merges, normaliser and added tokens, but no padding side."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        parts: Any = [sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]
    else:
        parts = {k: v for k, v in json.loads(backend.to_str()).items() if k not in ("padding", "truncation")}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def attach(model: Any, adapter: Path, *, base: Path, tokenizer: Any) -> Any:
    """Put an adapter on a loaded base model, in the base's compute type, and verify it.

    An adapter from elsewhere carries no identity; only its names, shapes and values are then verified.

    Raises:
        InputError: The folder holds no adapter.
        FinetoothError: It was trained on another base or chat template, is damaged, or has no effect.
    """
    from peft import PeftModel
    from peft.utils import get_peft_model_state_dict
    from safetensors import safe_open

    weights = adapter / "adapter_model.safetensors"
    if not (adapter / "adapter_config.json").is_file() or not weights.is_file():
        raise InputError(
            f"There is no adapter in {adapter}.",
            "Name the folder that holds adapter_config.json and adapter_model.safetensors.",
        )
    _compare(adapter, base, tokenizer)
    try:
        with safe_open(weights, framework="pt") as handle:
            stored = set(handle.keys())
        tuned: Any = PeftModel.from_pretrained(model, str(adapter), autocast_adapter_dtype=False)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise FinetoothError(
            f"The adapter in {adapter} does not fit this base model ({type(error).__name__}).",
            "Load it on the base model it was trained on.",
        ) from error
    expected = set(get_peft_model_state_dict(tuned, save_embedding_layers=False))
    if expected != stored:
        raise FinetoothError(
            f"The adapter in {adapter} does not fit this base model: {len(expected - stored)} of {len(expected)} "
            f"weights are missing and {len(stored - expected)} have no place.",
            "Load it on the base model it was trained on.",
        )
    cast_adapter(tuned)
    if not all(count_nonzero_b(tuned)):
        raise FinetoothError(
            f"The adapter in {adapter} has no effect on some layers: their weights are zero.",
            "It was saved before its first step, or is damaged. Train it again.",
        )
    if not _moves_logits(tuned):
        raise FinetoothError(
            f"The adapter in {adapter} has no effect: with and without it the model's logits are equal.",
            "It was saved before its first step, or is damaged. Train it again.",
        )
    return tuned


def _moves_logits(tuned: Any) -> bool:
    """Whether a short fixed prompt has other logits with the adapter than without."""
    import torch

    ids = torch.arange(4, device=tuned.device).unsqueeze(0)
    was_training = tuned.training
    tuned.eval()
    with torch.no_grad():
        on = tuned(input_ids=ids, use_cache=False).logits
        with tuned.disable_adapter():
            off = tuned(input_ids=ids, use_cache=False).logits
    tuned.train(was_training)
    return not torch.equal(on, off)


def cast_adapter(model: Any) -> None:
    """Give adapter weights the type in which the base computes, as training does (bfloat16 under NF4)."""
    import torch

    compute = model.get_input_embeddings().weight.dtype
    for name, parameter in model.named_parameters():
        if "lora_" in name and parameter.dtype != compute:
            parameter.data = parameter.data.to(compute if compute.is_floating_point else torch.float32)


def count_nonzero_b(model: Any) -> list[bool]:
    """For each adapted layer, whether its B matrix is non-zero (a zero B means that the layer answers as the base)."""
    return [
        bool(p.detach().abs().max() > 0)
        for n, p in model.named_parameters()
        if "lora_B" in n or "lora_embedding_B" in n
    ]


def _compare(adapter: Path, base: Path, tokenizer: Any) -> None:
    if not (adapter / IDENTITY).is_file():
        return
    record = read_json(adapter / IDENTITY)
    if record.get("base") != base_identity(base):
        raise FinetoothError(
            f"The adapter in {adapter} was trained on another base model ({record.get('base_name')}).",
            "Load it on that base model.",
        )
    if record.get("template") != template_hash(tokenizer):
        raise FinetoothError(
            f"The adapter in {adapter} was trained with another chat template than the one beside {base}.",
            "Restore the base model's own chat template.",
        )
    if record.get("tokenizer", known := tokenizer_hash(tokenizer)) != known:
        raise FinetoothError(
            f"The adapter in {adapter} was trained with another tokenizer than the one beside {base}.",
            "Restore the base model's own tokenizer files.",
        )
    if record.get("adapter_sha256") != sha256_file(adapter / "adapter_model.safetensors"):
        raise FinetoothError(f"The adapter in {adapter} was changed after training.", "Restore it, or train it again.")


def _sampled(path: Path) -> bytes:
    size = path.stat().st_size
    digest = hashlib.sha256(size.to_bytes(8, "big"))
    with open(path, "rb") as handle:
        header = int.from_bytes(handle.read(8), "little")
        digest.update(handle.read(min(header, size)))
        for k in range(SAMPLES):
            handle.seek(8 + header + (size - 8 - header) * k // SAMPLES)
            digest.update(handle.read(BLOCK_BYTES))
    return digest.digest()
