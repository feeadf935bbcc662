"""Runs a training step on tensors that have a shape and no content, to see how much memory it takes, and when.

The second tier between the closed form (``training.memory``) and a real step (``training.footprint``): the very code of
the training loop (adapters, fused layers, loss) runs forward and backward on fake tensors, and every storage is counted
while it lives. It needs no weights, no network and no GPU, and takes seconds for a model of 8 billion parameters. What
kernels take and give back within one operation is not seen, and neither is what the allocator keeps.
"""

from __future__ import annotations

import dataclasses
import importlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core import models
from core.errors import FinetoothError
from core.jobs import JobContext
from core.quiet import quiet
from core.units import fastest_units
from training import adapters, fused, padding
from training.catalogue import config_of
from training.config import Method, TrainConfig, read_config
from training.data import Item, collate
from training.live import live_bytes
from training.loss import nll_sum
from training.memory import Device

LIBRARIES = ("torch", "transformers.models.auto.modeling_auto", "peft", "bitsandbytes")
BLOCK, NESTED_BLOCK = 64, 256
"""Weights that share a constant in NF4, and constants that share one of their own (double quantisation)."""


@dataclass(frozen=True, slots=True)
class SimulatedStep:
    """What one training step keeps in memory, in bytes.

    Attributes:
        model, method, batch, seq: What was simulated; every token is taken as supervised, the worst case.
        weights, adapters, optimizer, gradients: Of the base, the trained adapters, AdamW's states, and at the end.
        activations: What the forward pass leaves for the backward pass.
        forward_peak, backward_peak: The most that is alive at once in each pass, all of the above included.
        seconds: The simulation took.
    """

    model: str
    method: Method
    batch: int
    seq: int
    weights: int
    adapters: int
    optimizer: int
    gradients: int
    activations: int
    forward_peak: int
    backward_peak: int
    seconds: float

    @property
    def peak_bytes(self) -> int:
        """The most tensors at once."""
        return max(self.forward_peak, self.backward_peak)

    @property
    def phase(self) -> str:
        """The pass in which the peak lies: ``forward`` or ``backward``."""
        return "forward" if self.forward_peak > self.backward_peak else "backward"

    def to_json(self) -> dict[str, Any]:
        """The public form."""
        return {**dataclasses.asdict(self), "peak_bytes": self.peak_bytes, "phase": self.phase}


def simulate(config: TrainConfig, seq: int, device: Device = "gpu") -> SimulatedStep:
    """Simulate the second step of a run (the first has no optimiser states yet) on its longest batch.

    Args:
        config: Model, method, batch, adapters and checkpointing are taken from it. The model may be a catalogued name,
            a folder, or a hub id that is on this machine.
        seq: Tokens of each conversation.
        device: ``gpu`` multiplies in the weights' own type; ``cpu`` as this machine's processor does.

    Raises:
        InputError: There is no such model.
        FinetoothError: transformers does not know it, or it cannot be trained.
    """
    with quiet():
        for library in LIBRARIES:  # so that the time told is that of the simulation
            importlib.import_module(library)
    from torch._subclasses.fake_tensor import FakeTensorMode

    begun = time.monotonic()
    name, values = config_of(config.base_model)
    with quiet():
        model, units, within = _without_weights(config, values, device)
        fake = FakeTensorMode(allow_non_fake_inputs=True)
        counter = live_bytes()
        with fake:
            constants = _fill(model)
            base = [p for key, p in model.named_parameters() if "lora_" not in key]
            weights = counter.hold([*base, *model.buffers(), *constants])
            in_adapters = counter.hold(model.parameters())
            trained = [p for p in model.parameters() if p.requires_grad]
            states = [p.detach().new_empty(p.shape) for p in trained for _ in range(2)]
            optimizer = counter.hold(states)
        batch = _batch(config.batch_size, seq, fake, within and config.padding_free)
        model.train()
        with fake, _unpacked(), counter:
            counter.mark("forward")
            loss = nll_sum(model, batch, units) / batch.n_supervised
            left = counter.now
            counter.mark("backward")
            loss.backward()
    gradients = sum(p.grad.numel() * p.grad.element_size() for p in trained if p.grad is not None)
    return SimulatedStep(
        model=name,
        method=config.method,
        batch=config.batch_size,
        seq=seq,
        weights=weights,
        adapters=in_adapters,
        optimizer=optimizer,
        gradients=gradients,
        activations=left - weights - in_adapters - optimizer,
        forward_peak=counter.phases["forward"],
        backward_peak=counter.phases["backward"],
        seconds=round(time.monotonic() - begun, 2),
    )


def simulation_job(context: JobContext) -> dict[str, Any]:
    """The work of a job: its spec has ``config``, ``seq`` and ``device``. Returns the public form."""
    context.progress("simulate", 0, None)
    spec = context.spec
    return simulate(read_config(spec["config"]), int(spec["seq"]), spec["device"]).to_json()


def _without_weights(config: TrainConfig, values: Mapping[str, Any], device: Device) -> tuple[Any, Any, bool]:
    """The model as training prepares it on the meta device, the type in which it multiplies, and whether it attends
    within conversations."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    known: Any = AutoConfig
    try:
        settings = known.for_model(**{**values, "use_cache": False})
        with torch.device("meta"):
            dtype = torch.float32 if config.method == "full" else torch.bfloat16
            make: Any = AutoModelForCausalLM
            model = make.from_config(settings, dtype=dtype, attn_implementation="sdpa")
            model.requires_grad_(config.method == "full")
            if config.method == "qlora":
                _quantise(model)
            if config.gradient_checkpointing:
                model.gradient_checkpointing_enable({"use_reentrant": False})
            if config.method != "full":
                model = adapters.add(model, config)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FinetoothError(
            f"A step of {config.base_model} cannot be simulated ({type(error).__name__}).",
            "The closed form or a real step (finetooth plan --measure) tells the memory.",
        ) from error
    units = fastest_units(model.dtype, "cpu" if device == "cpu" else "cuda")
    if config.method != "full":
        fused.fuse(model, units)
    causal = model.get_base_model() if config.method != "full" else model
    return model, units, padding.attend_in(causal, units)


def _quantise(model: Any) -> None:
    """Put 4-bit layers in the place of all linear layers but the output layer, as ``core.models`` loads them."""
    import torch
    from bitsandbytes.nn.modules import Linear4bit

    head = model.get_output_embeddings()
    for name, layer in list(model.named_modules()):
        if type(layer) is not torch.nn.Linear or layer is head:
            continue
        make: Any = Linear4bit
        four_bit = make(
            layer.in_features,
            layer.out_features,
            layer.bias is not None,
            compute_dtype=torch.bfloat16,
            compress_statistics=True,
            quant_type="nf4",
        )
        parent, _, own = name.rpartition(".")
        setattr(model.get_submodule(parent), own, four_bit.requires_grad_(False))
    model.is_loaded_in_4bit = True
    models.keep_the_gradient(model)


def _fill(model: Any) -> list[Any]:
    """Give each parameter and buffer a fake storage (shared where it was); returns the constants of 4-bit weights."""
    import torch
    from bitsandbytes.nn.modules import Linear4bit

    made: dict[int, Any] = {}
    constants: list[Any] = []
    for module in model.modules():
        for name, parameter in module._parameters.items():
            if parameter is None:
                continue
            if id(parameter) not in made:
                if isinstance(module, Linear4bit) and name == "weight":
                    made[id(parameter)], more = _four_bits(parameter)
                    constants += more
                else:
                    empty = torch.empty(parameter.shape, dtype=parameter.dtype)
                    made[id(parameter)] = torch.nn.Parameter(empty, requires_grad=parameter.requires_grad)
            module._parameters[name] = made[id(parameter)]
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = torch.empty(buffer.shape, dtype=buffer.dtype)
    return constants


def _four_bits(weight: Any) -> tuple[Any, list[Any]]:
    """A packed NF4 weight of this shape with its constants, quantised twice."""
    import torch
    from bitsandbytes.functional import QuantState

    blocks = -(-weight.numel() // BLOCK)
    packed = torch.nn.Parameter(torch.empty((-(-weight.numel() // 2), 1), dtype=torch.uint8), requires_grad=False)
    make: Any = QuantState
    nested = make(
        absmax=torch.empty(-(-blocks // NESTED_BLOCK)),
        code=torch.empty(256),
        blocksize=NESTED_BLOCK,
        dtype=torch.float32,
    )
    state = make(
        absmax=torch.empty(blocks, dtype=torch.uint8),
        shape=weight.shape,
        code=torch.empty(16),
        blocksize=BLOCK,
        quant_type="nf4",
        dtype=torch.bfloat16,
        offset=torch.empty(()),
        state2=nested,
    )
    with_state: Any = packed
    with_state.quant_state = state
    return packed, [state.absmax, state.code, state.offset, nested.absmax, nested.code]


@contextmanager
def _unpacked() -> Iterator[None]:
    """Keep transformers from asking the positions whether several conversations stand in one row.

    They have no content here, so it would take the answer for yes and build a mask that training does not need.
    """
    from transformers import masking_utils

    module: Any = masking_utils
    asks = module.find_packed_sequence_indices
    module.find_packed_sequence_indices = lambda *_, **__: None
    try:
        yield
    finally:
        module.find_packed_sequence_indices = asks


def _batch(conversations: int, seq: int, fake: Any, padding_free: bool) -> Any:
    """A batch in which every token but the first is supervised; its indices are fake tensors, too."""
    import torch

    item = Item("simulated", tuple(range(seq)), tuple(range(seq)))
    batch: Any = collate([item] * conversations, 0, padding_free=padding_free)
    fields = {field.name: getattr(batch, field.name) for field in dataclasses.fields(batch)}
    return dataclasses.replace(
        batch, **{name: fake.from_tensor(value) for name, value in fields.items() if isinstance(value, torch.Tensor)}
    )
