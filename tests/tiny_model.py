"""A seeded tiny Llama with a real tokenizer and chat template, built offline in about a second, for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou help.<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TEXT = (
    "Which code applies to this diagnosis? The code is given in the table. Type 2 diabetes mellitus without "
    "complications. You help. system user assistant Yes, it does. No, it does not. Essential hypertension."
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def tiny(folder: Path, seed: int = 0, *, template: str | None = TEMPLATE, layers: int = 2) -> Path:
    """Write a tiny model folder: byte-level BPE of at most 384 tokens, ChatML, pad = eos = end of turn.

    Args:
        folder: Where to write it.
        seed: Of the weights; equal seeds give equal bytes.
        template: The chat template, or None for a base model without one.
        layers: Number of transformer layers, of width 64.
    """
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    tokenizer = tiny_tokenizer(template)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
        initializer_range=0.1,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: Any = LlamaForCausalLM(config)
        with torch.no_grad():  # the pad token is the end of turn here, too: no real model keeps its row at zero
            model.get_input_embeddings().weight[config.pad_token_id].normal_(std=config.initializer_range)
    generation: Any = GenerationConfig
    model.generation_config = generation(bos_token_id=1, eos_token_id=2, pad_token_id=2)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_tokenizer(template: str | None = TEMPLATE) -> Any:
    """The tokenizer alone: every byte has a token, and a few merges make prompt and answer boundaries interesting."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=384,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT], trainer)
    made: Any = PreTrainedTokenizerFast
    fast = made(tokenizer_object=tokenizer, bos_token=SPECIAL[1], eos_token=SPECIAL[2], pad_token=SPECIAL[2])
    fast.chat_template = template
    return fast


def config_of(folder: Path) -> dict[str, Any]:
    """The config.json of a model folder."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config
