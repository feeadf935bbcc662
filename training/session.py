"""One run while it trains: load, prove, step, measure, save. Nothing here knows of workspaces or jobs.

The loss of a step is the sum over its supervised tokens divided by their number, however the step is split into
forward passes. A loss or gradient that is not finite ends the run. A stop is obeyed before the next forward pass.
"""

from __future__ import annotations

import importlib
import math
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core import models
from core.adapters import base_identity
from core.clock import utc_now
from core.errors import FinetoothError
from core.files import write_json
from core.types import Example
from core.units import fastest_units
from training import adapters, footprint, fused, preflight
from training.catalogue import read_shape
from training.config import TrainConfig, schedule
from training.control import Control
from training.data import Item, collate, encode_examples, plan_steps, sample
from training.loss import nll_sum
from training.memory import memory_parts
from training.records import Run, RunLog, write_run


class Session:
    """The state of one run while it trains."""

    def __init__(self, folder: Path, run: Run, config: TrainConfig, log: RunLog, control: Control) -> None:
        self.folder, self.run, self.config, self.log, self.control = folder, run, config, log, control
        self.step = 0
        self.facts: dict[str, Any] = {}
        self.adapter_hash: str | None = None
        self._began = time.monotonic()
        self._trained_tokens = 0
        self._train_seconds = 0.0
        self._eval_seconds = 0.0

    def prepare(self, train_on: Sequence[Example], hold_out: Sequence[Example]) -> None:
        """Tokenise, look at what would be trained, load the model, and prove that it can be trained."""
        config = self.config
        self.control.check()
        self.control.progress("load", 0, None)
        self.base = models.resolve(config.base_model)
        self.tokenizer = models.load_tokenizer(self.base)
        chosen = sample(train_on, config.limit, config.seed)
        encoded = encode_examples(self.tokenizer, chosen, max_tokens=config.max_tokens, progress=self.control.progress)
        measured_on = sample(hold_out, config.eval_examples, config.seed)
        held = encode_examples(self.tokenizer, measured_on, max_tokens=config.max_tokens)
        report = preflight.check(
            encoded,
            held,
            config,
            stop_ids=preflight.stop_ids(self.base, self.tokenizer),
            bos_id=self.tokenizer.bos_token_id,
        )
        write_json(self.folder / "preflight.json", report.to_json())
        for problem in report.warnings:
            self.log.event("warning", name=problem.name, message=problem.message, count=problem.count)
        report.raise_if_blocked()
        self.items: tuple[Item, ...] = encoded.items
        self.held: tuple[Item, ...] = held.items
        self.steps_per_epoch = -(-len(self.items) // config.examples_per_step)
        self.total_steps = config.steps(len(self.items))
        self.facts.update(
            {
                "Examples trained on": len(self.items),
                "Examples not drawn": len(train_on) - len(chosen),
                "Examples skipped": encoded.n_unusable,
                "Hold-out examples measured": len(self.held),
                "Hold-out examples not measured": len(hold_out) - len(self.held),
            }
        )
        self._load()

    def _load(self) -> None:
        import torch

        config = self.config
        self.control.check()
        self._warn_if_busy()
        self.device = models.device()
        for library in ("peft", "bitsandbytes"):  # so that their own memory is not counted as the run's
            importlib.import_module(library)
        self.meter = footprint.Meter(self.device)
        precision: dict[str, models.Precision] = {"qlora": "nf4", "lora": "bf16", "full": "fp32"}
        model = models.load_model(self.base, precision[config.method])
        if config.gradient_checkpointing:
            model.gradient_checkpointing_enable({"use_reentrant": False})
        self.units = fastest_units(model.dtype, self.device)
        if config.method == "full":
            model.requires_grad_(True)
        else:
            model = adapters.add(model, config)
            fused.fuse(model, self.units)
            fused.attend_in(model.get_base_model(), self.units)
        self.model = model.train()
        torch.manual_seed(config.seed)
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.control.check()
        shortest = min(self.items, key=lambda item: item.n_tokens)
        self.probe_batch = collate([shortest], self.tokenizer.pad_token_id, self.device)
        if config.method != "full":
            adapters.probe(model, self.probe_batch, self.units)
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        self.meter.start()
        self.predicted_bytes = sum(self._predicted().values())
        self.facts["Trained parameters"] = sum(p.numel() for p in self.parameters)

    def _warn_if_busy(self) -> None:
        load, processors = os.getloadavg()[0], os.cpu_count() or 1
        if load > processors:
            message = (
                f"Other work keeps this machine busy (load {load:.1f} on {processors} processors): expect it slow."
            )
            self.log.event("warning", name="busy-machine", message=message, count=0)

    def fit(self) -> None:
        """Measure, train, measure."""
        config = self.config
        self.log.event(
            "start",
            total_steps=self.total_steps,
            steps_per_epoch=self.steps_per_epoch,
            n_train=len(self.items),
            n_holdout=len(self.held),
            n_tokens=sum(item.n_tokens for item in self.items),
            n_supervised=sum(item.n_supervised for item in self.items),
            trained_parameters=self.facts["Trained parameters"],
            predicted_bytes=self.predicted_bytes,
            units=str(self.units).removeprefix("torch."),
            device=self.device,
        )
        before = self.evaluate()
        if before is not None:
            self.facts["Hold-out loss before"] = round(before, 4)
        latest = before
        every = config.eval_every or self.steps_per_epoch
        while self.step < self.total_steps:
            epoch = self.step // self.steps_per_epoch
            steps = plan_steps(
                self.items,
                batch_size=config.batch_size,
                gradient_accumulation=config.gradient_accumulation,
                seed=config.seed,
                epoch=epoch,
            )
            for micro_batches in steps[: self.total_steps - self.step]:
                self._take_step(micro_batches, epoch)
                if self.step % every == 0 or self.step == self.total_steps:
                    latest = self.evaluate()
        if latest is not None:
            self.facts["Hold-out loss after"] = round(latest, 4)

    def _take_step(self, micro_batches: list[list[Item]], epoch: int) -> None:
        import torch

        config = self.config
        begun = time.monotonic()
        batches = [collate(items, self.tokenizer.pad_token_id, self.device) for items in micro_batches]
        supervised = sum(batch.n_supervised for batch in batches)
        rate = config.learning_rate * schedule(config, self.step, self.total_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for batch in batches:
            self.control.check()
            loss = nll_sum(self.model, batch, self.units)
            total += self._finite(float(loss.detach()), "loss")
            (loss / supervised).backward()
        clip = config.max_grad_norm if config.max_grad_norm is not None else math.inf
        norm = self._finite(float(torch.nn.utils.clip_grad_norm_(self.parameters, clip)), "gradient")
        self.optimizer.step()
        self.step += 1
        tokens = sum(item.n_tokens for items in micro_batches for item in items)
        seconds = time.monotonic() - begun
        self._trained_tokens += tokens
        self._train_seconds += seconds
        self.log.event(
            "step",
            step=self.step,
            epoch=round(self.step / self.steps_per_epoch, 4),
            loss=total / supervised,
            lr=rate,
            grad_norm=norm,
            tokens=tokens,
            supervised=supervised,
            seconds=round(seconds, 4),
            tokens_per_s=round(tokens / seconds, 1),
            eta_s=round(self._eta_s(), 1),
        )
        self.control.progress("train", self.step, self.total_steps)

    def evaluate(self) -> float | None:
        """Hold-out loss in nats a supervised token, at the precision of training; None without a hold-out."""
        import torch

        if not self.held:
            return None
        begun = time.monotonic()
        ordered = sorted(self.held, key=lambda item: item.n_tokens)
        total, supervised = 0.0, 0
        self.model.eval()
        try:
            with torch.no_grad():
                for start in range(0, len(ordered), self.config.batch_size):
                    self.control.check()
                    chunk = ordered[start : start + self.config.batch_size]
                    batch = collate(chunk, self.tokenizer.pad_token_id, self.device)
                    total += float(nll_sum(self.model, batch, self.units))
                    supervised += batch.n_supervised
        finally:
            self.model.train()
        self._eval_seconds = time.monotonic() - begun
        loss = self._finite(total / supervised, "hold-out loss")
        self.log.event(
            "eval",
            step=self.step,
            loss=loss,
            n=len(ordered),
            supervised=supervised,
            seconds=round(self._eval_seconds, 3),
        )
        return loss

    def finish(self) -> None:
        """Prove that the training had an effect, and save."""
        if self.config.method != "full":
            proof = adapters.prove(self.model, self.probe_batch)
            self.facts["Adapted layers"] = proof.layers
            self.facts["Largest change of a logit"] = round(proof.max_logit_difference, 4)
        self.save()

    def save(self) -> None:
        """Write the adapter (or, trained in full, the model) as it stands."""
        self.control.progress("save", self.step, self.total_steps)
        if self.config.method == "full":
            target = self.folder / "model"
            self.model.save_pretrained(target)
            self.tokenizer.save_pretrained(target)
            self.adapter_hash = str(base_identity(target)["weights"])
        else:
            self.adapter_hash = adapters.save(
                self.model,
                self.folder / "adapter",
                base=self.base,
                base_name=self.config.base_model,
                tokenizer=self.tokenizer,
            )
        self.log.event("adapter", step=self.step, adapter_hash=self.adapter_hash)

    def end(self, status: str, message: str) -> None:
        """Write how the run ended."""
        if self._train_seconds > 0:
            self.facts["Steps"] = self.step
            self.facts["Tokens per second"] = round(self._trained_tokens / self._train_seconds, 1)
            self.facts["Predicted memory (MiB)"] = round(self.predicted_bytes / 2**20)
            self.facts["Measured memory (MiB)"] = round(self.meter.peak_bytes() / 2**20)
        self.facts["Seconds"] = round(time.monotonic() - self._began, 1)
        self.log.event("end", status=status, step=self.step, message=message, facts=self.facts)
        self.run = replace(
            self.run,
            status=status,
            message=message,
            ended_at=utc_now(),
            adapter_hash=self.adapter_hash,
            facts=self.facts,
        )
        write_run(self.folder, self.run)

    def _finite(self, value: float, what: str) -> float:
        if math.isfinite(value):
            return value
        self.log.event("warning", name="non-finite", step=self.step, message=f"The {what} is not finite.")
        raise FinetoothError(
            f"The {what} is no longer a finite number after {self.step} steps.",
            f"Lower the learning rate (it is {self.config.learning_rate:g}) to a third, or look for damaged examples.",
        )

    def _eta_s(self) -> float:
        left = self.total_steps - self.step
        every = self.config.eval_every or self.steps_per_epoch
        return self._train_seconds / self.step * left + self._eval_seconds * math.ceil(left / every)

    def _predicted(self) -> dict[str, int]:
        config = self.config
        return memory_parts(
            read_shape(self.model.config.to_dict(), config.base_model),
            config.method,
            config.batch_size,
            max(item.n_tokens for item in self.items),
            config.rank,
            gradient_checkpointing=config.gradient_checkpointing,
            device="gpu" if self.device == "cuda" else "cpu",
        )
