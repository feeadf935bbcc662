"""Counts the bytes of all tensors that are alive at once while code runs, on fake tensors or real ones."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any


def live_bytes() -> Any:
    """A dispatch mode (``with counter: ...``) that sees each new storage and its end.

    Storages are counted, not tensors: views share one. ``now`` is what is alive, ``peak`` the most at once; both in
    bytes. ``hold(tensors)`` counts what was there before, ``mark(name)`` starts a phase whose own peak then stands in
    ``phases``. What a kernel takes and gives back within one operation is not seen, but for ``logsumexp``, which makes
    a copy of its input.
    """
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_leaves

    class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
        """See ``live_bytes``."""

        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self.now, self.peak = 0, 0
            self.phases: dict[str, int] = {}
            self._phase = ""
            self._alive: dict[int, Any] = {}

        def hold(self, tensors: Iterable[Any]) -> int:
            """Count these tensors, too. Returns the bytes that are new."""
            before = self.now
            for tensor in tensors:
                self._see(tensor)
            return self.now - before

        def mark(self, name: str) -> None:
            """From here on, ``phases[name]`` follows the most that is alive."""
            self._phase = name
            self.phases[name] = self.now

        def _see(self, tensor: Any) -> None:
            storage = tensor.untyped_storage()
            key = storage._cdata
            if key in self._alive:
                return
            size = storage.nbytes()

            def gone(_: Any, key: int = key, size: int = size) -> None:
                if self._alive.pop(key, None) is not None:
                    self.now -= size

            self._alive[key] = weakref.ref(storage, gone)
            self.now += size
            self._at_most(self.now)

        def _at_most(self, size: int) -> None:
            self.peak = max(self.peak, size)
            if self._phase:
                self.phases[self._phase] = max(self.phases[self._phase], size)

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func is torch.ops.aten.logsumexp.default:
                self._at_most(self.now + args[0].numel() * args[0].element_size())
            out = func(*args, **(kwargs or {}))
            for leaf in tree_leaves(out):
                if isinstance(leaf, torch.Tensor):
                    self._see(leaf)
            return out

    return LiveBytes()
