"""Adds an adapter's weights to its base, one tensor at a time, so that a model of any size merges in little memory.

Only a base in 16 or 32 bits is merged, never a quantised one: de-quantising, adding and quantising again is how merged
models turn to gibberish. Sums are formed in float32 and rounded once, to the base's own 16-bit type.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import FinetoothError, InputError
from core.files import read_json, write_json
from core.jobs import Progress, no_progress

SHARD_INDEX = "model.safetensors.index.json"
COPIED = ("*.json", "*.jinja", "*.model", "*.txt")
PREFIX = "base_model.model."
PLAIN: Mapping[str, tuple[Any, ...]] = {
    "use_dora": (False, None),
    "modules_to_save": (None, []),
    "bias": ("none", None),
    "target_parameters": (None, []),
    "alpha_pattern": (None, {}),
    "fan_in_fan_out": (False, None),
    "trainable_token_indices": (None, [], {}),
}
"""Adapter settings that this merge understands; any other value changes what the adapter computes."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did.

    Attributes:
        folder: The merged model.
        dtype: Of its weights, ``bfloat16`` or ``float16``.
        layers: Matrices that the adapter changed.
        rounding_share: Size of what rounding to 16 bits took from or added to the adapter's change, as a share of that
            change (root mean square over all merged matrices, against the base rounded alone).
    """

    folder: Path
    dtype: str
    layers: int
    rounding_share: float


def merge(base: Path, adapter: Path, folder: Path, progress: Progress = no_progress) -> Merged:
    """Write base + adapter as a model folder of its own (W + s B A, arXiv 2106.09685).

    Args:
        base: A model folder with safetensors in 16 or 32 bits.
        adapter: A LoRA folder as PEFT writes it.
        folder: A folder that does not exist yet.
        progress: Called with the tensors done.

    Raises:
        InputError: The base is quantised, or the adapter is of a kind that cannot be merged here.
        FinetoothError: Some adapter weight has no place in the base, or a sum does not fit 16 bits.
    """
    from safetensors import safe_open
    from safetensors.torch import save_file

    config = read_json(base / "config.json")
    if config.get("quantization_config"):
        raise InputError(
            f"The base model in {base} is quantised; merging into it would damage the model.",
            "Merge into the 16-bit weights of the same model.",
        )
    dtype = sixteen_bit(config)
    changes = _changes(adapter)
    left, places, total = set(changes), {}, 0
    lost = moved = 0.0
    files = sorted(base.glob("*.safetensors"))
    n_tensors = sum(_count(file) for file in files)
    folder.mkdir(parents=True)
    done = 0
    for file in files:
        tensors: dict[str, Any] = {}
        with safe_open(file, framework="pt") as handle:
            for name in handle.keys():  # noqa: SIM118  # not a dict
                weight = handle.get_tensor(name)
                if name in changes:
                    weight, error, change = _add(weight, changes[name], dtype, name)
                    lost, moved = lost + error, moved + change
                    left.discard(name)
                elif weight.is_floating_point():
                    weight = _rounded(weight, dtype, name)
                tensors[name] = weight.contiguous()
                places[name] = file.name
                total += weight.numel() * weight.element_size()
                done += 1
                progress("merge", done, n_tensors)
        save_file(tensors, folder / file.name, metadata={"format": "pt"})
    if left:
        raise FinetoothError(
            f"{len(left)} of {len(changes)} adapted layers have no weight in the base model in {base}; the first is "
            f"{min(left)}.",
            "Merge into the base model that the adapter was trained on.",
        )
    for pattern in COPIED:
        for file in base.glob(pattern):
            if file.name not in ("config.json", SHARD_INDEX, "finetooth.json"):
                shutil.copyfile(file, folder / file.name)
    config.pop("torch_dtype", None)
    write_json(folder / "config.json", {**config, "dtype": dtype})
    if len(files) > 1:
        write_json(
            folder / SHARD_INDEX, {"metadata": {"total_size": total}, "weight_map": dict(sorted(places.items()))}
        )
    return Merged(folder, dtype, len(changes), math.sqrt(lost / moved) if moved else 0.0)


def sixteen_bit(config: Mapping[str, Any]) -> str:
    """The 16-bit type to merge into: the base's own, or bfloat16 where it is stored in 32 bits."""
    stored = str(config.get("dtype") or config.get("torch_dtype") or "float32").removeprefix("torch.")
    return stored if stored in ("float16", "bfloat16") else "bfloat16"


def _changes(adapter: Path) -> dict[str, tuple[Any, Any, float]]:
    """(A, B, scale) of each adapted matrix, by the name of the base's weight."""
    from safetensors import safe_open

    settings = read_json(adapter / "adapter_config.json")
    odd = sorted(name for name, usual in PLAIN.items() if settings.get(name) not in usual and name in settings)
    if settings.get("peft_type", "LORA") != "LORA" or odd:
        what = ", ".join(odd) or str(settings.get("peft_type"))
        raise InputError(
            f"The adapter in {adapter} is not a plain LoRA ({what}), so it cannot be merged here.",
            "Export the adapter alone, or merge it with the tool that made it.",
        )
    found: dict[str, tuple[Any, Any, float]] = {}
    with safe_open(adapter / "adapter_model.safetensors", framework="pt") as handle:
        names = set(handle.keys())
        for name in sorted(names):
            if not name.endswith(".lora_A.weight"):
                continue
            other = name.replace(".lora_A.", ".lora_B.")
            if other not in names:
                raise FinetoothError(f"The adapter in {adapter} is damaged: {other} is missing.", "Restore or retrain.")
            a, b = handle.get_tensor(name), handle.get_tensor(other)
            rank = a.shape[0]
            scale = float(settings["lora_alpha"]) / (math.sqrt(rank) if settings.get("use_rslora") else rank)
            found[name.removeprefix(PREFIX).replace(".lora_A.weight", ".weight")] = (a, b, scale)
    if 2 * len(found) != len(names):
        raise InputError(
            f"The adapter in {adapter} holds {len(names) - 2 * len(found)} weights besides its LoRA pairs.",
            "Export the adapter alone, or merge it with the tool that made it.",
        )
    return found


def _add(weight: Any, change: tuple[Any, Any, float], dtype: str, name: str) -> tuple[Any, float, float]:
    """The merged weight, and two sums of squares: what rounding cost, and the change itself."""
    a, b, scale = change
    if weight.shape != (b.shape[0], a.shape[1]):
        raise FinetoothError(
            f"The adapter does not fit the base model: {name} is {tuple(weight.shape)}, the adapter "
            f"{(b.shape[0], a.shape[1])}.",
            "Merge into the base model that the adapter was trained on.",
        )
    delta = scale * (b.float() @ a.float())
    exact = weight.float() + delta
    merged = _rounded(exact, dtype, name)
    error = (merged.float() - _rounded(weight, dtype, name).float()) - delta
    return merged, float(error.double().square().sum()), float(delta.double().square().sum())


def _rounded(weight: Any, dtype: str, name: str) -> Any:
    import torch

    rounded = weight.to(getattr(torch, dtype))
    if not bool(torch.isfinite(rounded).all()):
        raise FinetoothError(
            f"The weight {name} does not fit {dtype} (or is damaged): some of its values are not finite.",
            "Export the adapter alone.",
        )
    return rounded


def _count(file: Path) -> int:
    from safetensors import safe_open

    with safe_open(file, framework="pt") as handle:
        return len(list(handle.keys()))
