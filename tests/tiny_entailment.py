"""A tiny three-label cross-encoder with a tokenizer of its own, made and trained offline in seconds, for tests.

It knows a dozen words, of which two are made up, so that no rule knows them: in a pair, "brel" against "tosk" is a
contradiction, equal states follow from each other, all else is neutral.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

LABELS = ("neutral", "contradiction", "entailment")
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PLACES = ("gate", "shop", "door", "road", "ward", "bank")
STATES = ("brel", "tosk", "near", "new")
MOST_TOKENS = 64


def tiny_entailment(folder: Path, *, steps: int = 160, labels: tuple[str, ...] = LABELS, seed: int = 0) -> Path:
    """Write a BERT of 2 layers, width 32; with ``steps=0`` its weights stay random.

    Args:
        folder: Where to write it.
        steps: Of training; 160 teach it the words above.
        labels: Names of its outputs, in their order.
        seed: Of weights and pairs; equal seeds give equal scores.
    """
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = [*WORDS, "the", "is", ".", *PLACES, *STATES]
    cutter = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    cutter.normalizer = normalizers.Lowercase()
    cutter.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    cutter.post_processor = processors.BertProcessing(("[SEP]", words.index("[SEP]")), ("[CLS]", words.index("[CLS]")))
    tokenizer: Any = PreTrainedTokenizerFast(
        tokenizer_object=cutter, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_max_length=MOST_TOKENS,
    )  # fmt: skip
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=MOST_TOKENS, initializer_range=0.2,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        id2label=dict(enumerate(labels)), label2id={label: place for place, label in enumerate(labels)},
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: Any = BertForSequenceClassification(config)
        if steps:
            _teach(model, tokenizer, labels, steps, random.Random(seed))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _teach(model: Any, tokenizer: Any, labels: tuple[str, ...], steps: int, chance: random.Random) -> None:
    import torch

    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model.train()
    for _ in range(steps):
        left, right, wanted = [], [], []
        for _ in range(64):
            place, one, other = chance.choice(PLACES), chance.choice(STATES), chance.choice(STATES)
            left.append(f"The {place} is {one}.")
            right.append(f"The {place} is {other}.")
            told = "entailment" if one == other else "contradiction" if {one, other} == {"brel", "tosk"} else "neutral"
            wanted.append(labels.index(told))
        batch = tokenizer(left, right, padding=True, return_tensors="pt")
        loss = model(**batch, labels=torch.tensor(wanted)).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.eval()
