"""Silent failures of models, adapters and memory: gradients that miss, rows that leak, adapters that do nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.failures_kit import Bench, Failure, Seen, refused, rows
from core import models
from core.files import read_json
from tests.tiny_model import TEMPLATE, tiny
from tests.training.builders import conversation, conversations, tiny_config
from training import adapters, preflight_memory
from training.catalogue import read_shape
from training.data import Batch
from training.memory import run_parts
from training.merge import merge
from training.parity import compare


def trained(bench: Bench, base: Path | None = None, **settings: Any) -> Path:
    """The adapter of a sound run."""
    folder = bench.new("run")
    bench.run(folder=folder, base=base, epochs=1, **settings)
    return folder / "adapter"


def other_template(bench: Bench) -> Seen:
    """The template beside the base model is another one when the adapter is used."""
    base = bench.copy()
    adapter = trained(bench, base)
    (base / "chat_template.jinja").write_text(TEMPLATE.replace("You help.", "You hinder."), encoding="utf-8")
    return _named(refused(lambda: models.load_model(base, "nf4", adapter)), "another chat template")


def renamed_keys(bench: Bench) -> Seen:
    """An adapter from elsewhere whose names match nothing: libraries warn at most, and answer like the base."""
    from safetensors.torch import load_file, save_file

    adapter = trained(bench)
    file = adapter / "adapter_model.safetensors"
    save_file({name.replace("model.layers", "model.blocks"): value for name, value in load_file(file).items()}, file)
    (adapter / "finetooth.json").unlink()
    return _named(refused(lambda: models.load_model(bench.base, "nf4", adapter)), "weights are missing")


def other_base(bench: Bench) -> Seen:
    """The adapter is loaded on another model of the same shape."""
    adapter, other = trained(bench), tiny(bench.new("base"), seed=7)
    return _named(refused(lambda: models.load_model(other, "nf4", adapter)), "another base model")


def quantised_merge(bench: Bench) -> Seen:
    """A merge into a quantised base is refused, and a merge that is not base plus adapter fails its proof."""
    adapter, base = trained(bench, method="lora"), bench.copy()
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    quantised = {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}
    (base / "config.json").write_text(json.dumps({**config, "quantization_config": quantised}), encoding="utf-8")
    into_four_bit = _named(refused(lambda: merge(base, adapter, bench.new("merged"))), "quantised")
    made = merge(bench.base, adapter, bench.new("merged"))
    _round_to_four_bit(made.folder)
    items = bench.encoded(conversations(12, start=100))
    found = compare(bench.base, adapter, made.folder, items, rounding_share=made.rounding_share, as_trained=False)
    names = () if found.holds else ("merge parity",)
    return into_four_bit + Seen(names, "after" if names else "never", found.sentence())


def eval_memory(bench: Bench) -> Seen:
    """A hold-out row far longer than any in training, on a machine whose memory holds the training alone."""
    long = conversation("Which?", "very " * 200)
    shape = read_shape(read_json(bench.base / "config.json"))
    config = tiny_config(bench.base, batch_size=8, max_tokens=1000)
    training = sum(run_parts(shape, config, [bench.encoded(rows())[:8]], "cpu").values())
    enough = (training + preflight_memory.eval_bytes(shape, config, [bench.encoded([long])], "cpu")) // 2
    with (
        mock.patch("core.machine.total_bytes", lambda: enough),
        mock.patch("core.machine.free_bytes", lambda: enough),
        mock.patch("core.machine.gpu_bytes", lambda: None),
    ):
        return bench.look(rows(), hold_out=[long], max_tokens=1000, batch_size=8)


def late_memory(bench: Bench) -> Seen:
    """Memory that holds every batch but the one with the longest row."""
    import torch

    from training import loss

    real = loss.nll_sum

    def scarce(model: Any, batch: Batch, units: Any) -> Any:
        if batch.input_ids.numel() > 600:
            raise torch.OutOfMemoryError("out of memory")
        return real(model, batch, units)

    faulty = {f"training.{place}.nll_sum": scarce for place in ("footprint", "steps", "loss")}
    seen = bench.run(examples=[*rows(), conversation("Which?", "very " * 200)], patches=faulty)
    return _named(seen, "memory does not hold the longest batch")


def unreached(bench: Bench) -> Seen:
    """Adapters that no gradient reaches, and adapters that are frozen."""
    real = adapters.add

    def detached(model: Any, config: Any) -> Any:
        model.get_input_embeddings().register_forward_hook(lambda module, inputs, output: output.detach())
        wrapped = real(model, config)
        layer = wrapped.get_base_model().model.layers[1]
        layer.register_forward_pre_hook(lambda module, inputs: (inputs[0].detach(), *inputs[1:]))
        return wrapped

    def frozen(model: Any, config: Any) -> Any:
        wrapped = real(model, config)
        for name, parameter in wrapped.named_parameters():
            parameter.requires_grad_(parameter.requires_grad and "layers.0" not in name)
        return wrapped

    return bench.run(patches={"training.adapters.add": detached}) + bench.run(patches={"training.adapters.add": frozen})


def repacked(bench: Bench) -> Seen:
    """The quantisation library repacks the weights at the first evaluation, and every gradient behind them is lost."""
    from bitsandbytes import functional

    library: Any = functional
    if library.has_avx512bf16():
        return bench.run(patches={"core.models.keep_the_gradient": lambda model: 0}, dropout=0.1)  # PEFT's own layers
    real = adapters.add  # on other processors nothing is repacked: then an evaluation damages a weight by hand

    def spoilt(model: Any, config: Any) -> Any:
        def damage(module: Any, inputs: Any) -> None:
            if not module.training:
                module.norm.weight.data.mul_(0.5)

        model.model.register_forward_pre_hook(damage)
        return real(model, config)

    return bench.run(patches={"training.adapters.add": spoilt})


def rounded_away(bench: Bench) -> Seen:
    """Adapters in bfloat16 and a small learning rate: the updates of A are less than its rounding."""
    import torch

    real = adapters.add

    def coarse(model: Any, config: Any) -> Any:
        wrapped = real(model, config)
        for name, parameter in wrapped.named_parameters():
            if "lora_" in name:
                parameter.data = parameter.data.to(torch.bfloat16)
        return wrapped

    return bench.run(patches={"training.adapters.add": coarse}, learning_rate=1e-5)


def leaking(bench: Bench) -> Seen:
    """Rows end to end in one batch, where attention does not stop at their ends."""
    from training import padding

    real = padding.arguments

    def boundless(model: Any, batch: Batch) -> dict[str, Any]:
        told = real(model, batch)
        if batch.lengths is not None:
            told["conversation_lengths"] = (sum(batch.lengths),)
        return told

    return bench.run(patches={"training.padding.arguments": boundless})


def zero_first_step(bench: Bench) -> Seen:
    """A warm-up that starts at a rate of zero, in a run of one step: everything passes and nothing is learnt."""
    return _named(
        bench.run(
            patches={"training.session.schedule": lambda config, step, total: step / 10},
            examples=rows(4),
            epochs=1,
        ),
        "The adapter has no effect",
    )


MODEL = (
    Failure(8, "another chat template when the model is used", ("another chat template",), other_template),
    Failure(10, "the adapter's names match nothing", ("weights are missing",), renamed_keys),
    Failure(11, "the adapter on another base model", ("another base model",), other_base),
    Failure(12, "a merge into 4 bits", ("quantised", "merge parity"), quantised_merge),
    Failure(16, "memory that suffices for training, not for the hold-out", ("eval-memory",), eval_memory),
    Failure(
        17,
        "memory that ends at the longest row, late in the run",
        ("memory does not hold the longest batch",),
        late_memory,
    ),
    Failure(20, "no gradient reaches an adapter", ("gradient-missing", "adapter-frozen"), unreached),
    Failure(21, "an evaluation spoils the gradients (4 bits on a CPU)", ("eval-changes-gradient",), repacked),
    Failure(22, "updates lost in rounding", ("updates-lost",), rounded_away),
    Failure(23, "a row attends to the one before it in its batch", ("packed-loss-differs",), leaking),
    Failure(29, "a first step at a rate of zero proves nothing", ("The adapter has no effect",), zero_first_step),
)


def _named(seen: Seen, words: str) -> Seen:
    """The same under a short name, where one of its names holds the words."""
    return Seen((words,), seen.when, seen.said) if any(words in name for name in seen.names) else seen


def _round_to_four_bit(folder: Path) -> None:
    """What a merge into a 4-bit model does to the weights: quantise, and de-quantise again."""
    import torch
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    weights = load_file(file)
    for name, value in weights.items():
        if "proj" in name:
            packed, state = quantize_4bit(value.to(torch.float32), quant_type="nf4")
            weights[name] = dequantize_4bit(packed, state).to(value.dtype).reshape(value.shape).contiguous()
    save_file(weights, file, {"format": "pt"})
