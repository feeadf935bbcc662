"""Multiplies a frozen matrix and its adapter in one pass, in whichever number type this processor multiplies fastest.

Compute stays bfloat16: activations and de-quantised weights are bfloat16 numbers. Only the inner product uses float32
units where those are faster (processors with AVX512-BF16 but no AMX: 270 against 150 billion operations a second on two
cores); products of bfloat16 numbers are exact in float32 and are summed in float32 either way, so the result is the
same up to the order of the sums. Adapters are float32 throughout, so that no small update is rounded away.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def fuse(model: Any, units: Any) -> int:
    """Give each adapted linear layer the one-pass forward. Returns the number of layers.

    Layers with adapter dropout or a LoRA variant keep PEFT's own forward. A disabled adapter takes PEFT's way too.
    """
    import torch
    from peft.tuners.lora import Linear as LoraLinear
    from peft.tuners.lora.bnb import Linear4bit as LoraLinear4bit

    count = 0
    for layer in model.modules():
        if not isinstance(layer, LoraLinear | LoraLinear4bit) or len(layer.active_adapters) != 1:
            continue
        name = layer.active_adapters[0]
        plain = isinstance(layer.lora_dropout[name], torch.nn.Identity) and name not in layer.lora_variant
        if plain and layer.lora_A[name].weight.dtype == torch.float32:
            bound: Any = layer
            bound.forward = types.MethodType(_forward_of(bound.forward, name, units), layer)
            count += 1
    return count


@contextmanager
def unpacked(model: Any, units: Any, room_bytes: int) -> Iterator[bool]:
    """Keep each 4-bit matrix of the fused layers de-quantised for the block, if so much memory is free.

    Generation multiplies with every matrix again for each token, and de-quantising takes most of its time. The numbers
    are those that each pass would make for itself, so the answers are the same.

    Args:
        model: After ``fuse``.
        units: The number type in which to multiply.
        room_bytes: What may be taken.

    Yields:
        Whether they are kept.
    """
    weights: list[Any] = [
        layer.base_layer.weight
        for layer in model.modules()
        if "forward" in vars(layer) and getattr(getattr(layer, "base_layer", None), "weight", None) is not None
    ]
    packed = [weight for weight in weights if getattr(weight, "quant_state", None) is not None]
    kept = 0 < sum(weight.quant_state.shape.numel() for weight in packed) * units.itemsize <= room_bytes
    try:
        if kept:
            for weight in packed:
                weight.unpacked = _matrix(weight, units)
        yield kept
    finally:
        for weight in packed:
            weight.unpacked = None


def _forward_of(original: Any, name: str, units: Any) -> Any:
    function = _function()

    def forward(self: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        if self.disable_adapters or self.merged or args or kwargs:
            return original(x, *args, **kwargs)
        base = self.base_layer
        return function.apply(
            x, self.lora_A[name].weight, self.lora_B[name].weight, base.weight, base.bias, self.scaling[name], units
        )

    return forward


def _matrix(weight: Any, units: Any) -> Any:
    """The frozen matrix [out, in] in ``units``, de-quantised if it is 4-bit."""
    if (unpacked_already := getattr(weight, "unpacked", None)) is not None:
        return unpacked_already
    state = getattr(weight, "quant_state", None)
    if state is None:
        return weight.detach().to(units)
    from bitsandbytes.functional import dequantize_4bit

    full: Any = dequantize_4bit(weight.data, state)
    return full.to(units)


def _function() -> Any:
    """The autograd function, made on first use because torch is imported late."""
    global _FUNCTION
    if _FUNCTION is None:
        import torch

        class AdaptedLinear(torch.autograd.Function):
            """y = x Wᵀ + b + s (x Aᵀ) Bᵀ with W frozen (LoRA, arXiv 2106.09685); W is de-quantised once each way."""

            @staticmethod
            def forward(ctx: Any, x: Any, a: Any, b: Any, weight: Any, bias: Any, scale: float, units: Any) -> Any:
                flat = x.reshape(-1, x.shape[-1]).to(units)
                y = flat @ _matrix(weight, units).t()
                inner = flat @ a.to(units).t()
                y.addmm_(inner, b.to(units).t(), alpha=scale)
                if bias is not None:
                    y += bias.to(units)
                ctx.save_for_backward(x, a, b, inner)
                ctx.weight, ctx.scale, ctx.units = weight, scale, units
                return y.to(x.dtype).view(*x.shape[:-1], -1)

            @staticmethod
            def backward(ctx: Any, upstream: Any) -> tuple[Any, ...]:
                x, a, b, inner = ctx.saved_tensors
                units = ctx.units
                g = upstream.reshape(-1, upstream.shape[-1]).to(units)
                flat = x.reshape(-1, x.shape[-1]).to(units)
                g_inner = (g @ b.to(units)).mul_(ctx.scale)
                g_b = (inner.t() @ g).t().mul(ctx.scale).to(b.dtype)
                g_a = (g_inner.t() @ flat).to(a.dtype)
                g_x = None
                if ctx.needs_input_grad[0]:
                    g_x = g @ _matrix(ctx.weight, units)
                    g_x.addmm_(g_inner, a.to(units))
                    g_x = g_x.to(x.dtype).view(x.shape)
                return g_x, g_a, g_b, None, None, None, None

        _FUNCTION = AdaptedLinear
    return _FUNCTION


_FUNCTION: Any = None
