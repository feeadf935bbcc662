"""How to serve an exported model: commands for vLLM, llama.cpp and Ollama, and what to tell them of the template.

None of these programs was run here; the commands follow their documentation as of ``AS_OF``.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from core.chat import render
from core.errors import InputError
from core.types import Message

AS_OF = "2026-11"

CHATML = "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"
"""Ollama's own template language (Go); the same turns as ChatML in Jinja."""

PROBE = (Message("system", "S-1"), Message("user", "U-1"), Message("assistant", "A-1"), Message("user", "U-2"))
VLLM_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""What --max-lora-rank takes; an adapter's rank is rounded up."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Commands for one program. ``note`` says what to look out for."""

    program: str
    commands: tuple[str, ...]
    note: str = ""


def recipes(name: str, base: str, *, adapter: bool, merged: bool, rank: int) -> list[Recipe]:
    """Commands to be run in the exported folder.

    Args:
        name: Under which the model is served.
        base: The base model's hub id or folder.
        adapter: The export holds ``adapter/``.
        merged: It holds ``merged/``.
        rank: Of the adapter.
    """
    quoted, served = shlex.quote(base), shlex.quote(name)
    found: list[Recipe] = []
    if merged:
        found.append(Recipe("vLLM, merged model", (f"vllm serve ./merged --served-model-name {served}",)))
        found.append(
            Recipe(
                "llama.cpp, merged model",
                (
                    "python llama.cpp/convert_hf_to_gguf.py ./merged --outtype bf16 --outfile merged.gguf",
                    "llama-server -m merged.gguf --jinja",
                ),
                "--jinja uses the chat template inside the file, the one that was trained. Quantise merged.gguf with "
                "llama-quantize afterwards, never before merging, and judge the quantised model again.",
            )
        )
        found.append(
            Recipe(
                "Ollama, merged model",
                (f"ollama create {served} -f Modelfile", f"ollama run {served}"),
                "Ollama applies the Modelfile's TEMPLATE, not the tokenizer's: with another one the model rambles.",
            )
        )
    if adapter:
        most = next((known for known in VLLM_RANKS if known >= rank), rank)
        found.append(
            Recipe(
                "vLLM, adapter on the base model",
                (f"vllm serve {quoted} --enable-lora --max-lora-rank {most} --lora-modules {served}=./adapter",),
                f"Ask for the model {name}; under the base's own name the base answers.",
            )
        )
        found.append(
            Recipe(
                "llama.cpp, adapter on the base model",
                (
                    f"python llama.cpp/convert_lora_to_gguf.py ./adapter --base {quoted} --outfile adapter.gguf",
                    "llama-server -m base.gguf --lora adapter.gguf --jinja",
                ),
                "base.gguf is the base model, converted without quantising it below 8 bits.",
            )
        )
    return found


def is_chatml(tokenizer: Any) -> bool:
    """Whether the tokenizer's chat template writes plain ChatML, told by rendering a conversation."""
    turns = "".join(f"<|im_start|>{turn.role}\n{turn.content}<|im_end|>\n" for turn in PROBE)
    try:
        return render(tokenizer, PROBE, add_generation_prompt=True) == f"{turns}<|im_start|>assistant\n"
    except InputError:
        return False


def default_system(tokenizer: Any) -> str:
    """The system prompt that a ChatML template adds where the conversation has none; empty if it adds none."""
    text = render(tokenizer, PROBE[1:2], add_generation_prompt=True)
    head, _, _ = text.partition("<|im_start|>user\n")
    return head.removeprefix("<|im_start|>system\n").removesuffix("<|im_end|>\n") if head else ""


def modelfile(tokenizer: Any) -> str:
    """A Modelfile for Ollama that renders turns as they were trained.

    Where the template is not ChatML, no TEMPLATE is written and the file says so: a guessed one would be wrong in
    silence.
    """
    lines = ["FROM ./merged"]
    if is_chatml(tokenizer):
        lines.append(f'TEMPLATE """{CHATML}"""')
        system = default_system(tokenizer)
        if system and '"""' not in system:
            lines.append(f'SYSTEM """{system}"""')
        lines.append('PARAMETER stop "<|im_end|>"')
    else:
        lines += [
            "# The chat template of this model is not ChatML. Write it here as a TEMPLATE in Ollama's language before",
            "# use; it stands in merged/chat_template.jinja or merged/tokenizer_config.json.",
        ]
    return "\n".join(lines) + "\n"
