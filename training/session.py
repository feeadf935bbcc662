"""One run while it trains: load, prove, step, measure, save, go on. Nothing here knows of workspaces or jobs.

The loss of a step is the sum over its supervised tokens divided by their number, however the step is split into
forward passes. A loss or gradient that is not finite ends the run. Commands are obeyed before the next forward pass.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from core.clock import utc_now
from core.errors import FinetoothError
from core.types import Example
from training import adapters, checkpoints, fused, limits, samples
from training.config import TrainConfig, schedule
from training.control import Control
from training.course import Course, added_settings, course_from, data_digest
from training.data import measuring_groups
from training.forgetting import general_loss
from training.loading import load, read_rows, save_result
from training.records import Run, RunLog, beside_kept, write_run
from training.steps import hold_out_loss, take_step

CHECKPOINT_S = 600
"""Where measurements are rarer, a checkpoint is taken this often."""


class Session:
    """The state of one run while it trains; ``phase`` says what it is doing (see ``training.phases``)."""

    def __init__(self, folder: Path, run: Run, config: TrainConfig, log: RunLog, control: Control) -> None:
        self.folder, self.run, self.config, self.log, self.control = folder, run, config, log, control
        self.course = Course()
        self.facts: dict[str, Any] = {}
        self.adapter_hash = run.adapter_hash  # what an earlier stop left stays until another is saved
        self._kept = run.facts if run.adapter_hash else None
        self.phase = "load"
        self._began = time.monotonic()
        self._saved_at = time.monotonic()
        self._earlier = log.events()
        self._memory = limits.MemoryWatch()

    @property
    def step(self) -> int:
        """Optimiser steps done."""
        return self.course.step

    def prepare(
        self, train_on: Sequence[Example], hold_out: Sequence[Example], places: Mapping[str, str] | None = None
    ) -> None:
        """Tokenise, look at what would be trained, load the model, and prove that it can be trained."""
        self.rows = read_rows(self.folder, self.config, train_on, hold_out, self.control, self._warn, places)
        self.total_steps = self.config.steps(len(self.rows.items))
        self.data = data_digest(self.rows.items, self.rows.held, self.config, self.run.config)
        self.facts.update(self.rows.facts)
        self.loaded = load(self.folder, self.rows, self.control, self._warn)
        self.facts["Trained parameters"] = self.loaded.n_trained
        self.random = checkpoints.random_state()

    def _warn(self, name: str, message: str, count: int) -> None:
        """A warning about the run as a whole; a resumed run does not repeat it."""
        if not any(e["type"] == "warning" and (e["name"], e["message"]) == (name, message) for e in self._earlier):
            self.log.event("warning", name=name, message=message, count=count)

    def _warn_at_step(self, name: str, message: str) -> None:
        self.log.event("warning", name=name, message=message, count=0, step=self.step)

    def _enter(self, phase: str, done: int = 0, total: int | None = None) -> None:
        self.phase = phase
        self.control.progress(phase, done, total)

    def _check(self) -> None:
        """Obey what was asked for meanwhile; called between two passes."""
        self.control.check()
        self.loaded.meter.settle()
        if self.control.should_save():
            phase = self.phase
            self.log.event("save", step=self.step, saved=self._checkpoint())
            self.phase = phase

    def _counted(self, phase: str, total: int) -> Callable[[int], None]:
        """What to call with the number of pieces of a phase that are done, before each: it obeys, and says how far."""
        self._enter(phase, 0, total)

        def check(done: int) -> None:
            self._check()
            self._enter(phase, done, total)

        return check

    def resume(self) -> None:
        """Bring back the newest complete checkpoint; where there is none, begin again.

        Raises:
            FinetoothError: It was taken on other conversations or settings.
        """
        found = checkpoints.listing(self.folder)
        newest = next((one for one in found if one.complete), None)
        self.log.event(
            "resume",
            from_step=0 if newest is None else newest.step,
            checkpoint=None if newest is None else newest.folder.name,
        )
        for one in found:
            if one.fault is not None:
                self._warn("torn-checkpoint", f"The checkpoint {one.folder.name} {one.fault}; it was passed over.", 0)
        if added := added_settings(self.config, self.run.config):
            self._warn("settings-added", added, 0)
        self.facts["Resumed"] = 1 + sum(event["type"] == "resume" for event in self._earlier)
        if newest is None:
            return
        state = checkpoints.load_state(newest.folder)
        if state["data"] != self.data:
            raise FinetoothError(
                f"The checkpoint of step {newest.step} was taken on other conversations or settings than these.",
                "Start another run: finetooth train",
            )
        if differs := self.loaded.differences(state["surroundings"], self.run.versions):
            message = f"Not as when the checkpoint was taken: {', '.join(differs)}. The last digits may differ."
            self._warn("resumed-elsewhere", message, 0)
        self.loaded.put(checkpoints.load_weights(newest.folder))
        self.loaded.optimizer.load_state_dict(checkpoints.load_optimizer(newest.folder))
        self.random = checkpoints.load_random(newest.folder)
        checkpoints.set_random(self.random)
        self.course = course_from(state["course"])
        self.course.checkpointed = newest.step
        self.facts = {**state["facts"], **self.facts}
        checkpoints.remove_after(self.folder, newest.step)

    def fit(self) -> None:
        """Measure, train, measure; from wherever the course stands."""
        if not any(event["type"] == "start" for event in self._earlier):
            self._announce()
        course = self.course
        if course.step == 0 and course.measured != 0:
            self._general("before")
        while True:
            self._measure_if_due()
            self._checkpoint_if_due()
            if course.watch.early or course.step >= self.total_steps:
                break
            self._take_step()
        if course.watch.early:
            self.log.event("stopping", reason="early", step=course.step)

    def _announce(self) -> None:
        self.log.event(
            "start",
            total_steps=self.total_steps,
            steps_per_epoch=self.rows.steps_per_epoch,
            n_train=len(self.rows.items),
            n_holdout=len(self.rows.held),
            n_tokens=sum(item.n_tokens for item in self.rows.items),
            n_supervised=sum(item.n_supervised for item in self.rows.items),
            trained_parameters=self.facts["Trained parameters"],
            predicted_bytes=self.loaded.predicted_bytes,
            real_step_bytes=self.loaded.real_step.peak_bytes,
            real_step_seconds=round(self.loaded.real_step.seconds, 3),
            units=str(self.loaded.units).removeprefix("torch."),
            device=self.loaded.device,
        )

    def _take_step(self) -> None:
        config, course = self.config, self.course
        self._enter("train", course.step, self.total_steps)
        begun = time.monotonic()
        micro_batches = self.loaded.micro_batches(course.step)
        batches = [self.loaded.batch(items) for items in micro_batches]
        supervised = sum(batch.n_supervised for batch in batches)
        rate = config.learning_rate * schedule(config, course.step, self.total_steps)
        loss, norm = take_step(
            self.loaded.model,
            self.loaded.optimizer,
            batches,
            rate=rate,
            max_norm=config.max_grad_norm,
            units=self.loaded.units,
            check=self._check,
            finite=self._finite,
        )
        self.random = checkpoints.random_state()
        course.step += 1
        tokens = sum(item.n_tokens for items in micro_batches for item in items)
        seconds = time.monotonic() - begun
        course.trained_tokens += tokens
        course.train_seconds += seconds
        self.log.event(
            "step",
            step=course.step,
            epoch=round(course.step / self.rows.steps_per_epoch, 4),
            loss=loss,
            lr=rate,
            grad_norm=norm,
            tokens=tokens,
            supervised=supervised,
            seconds=round(seconds, 4),
            tokens_per_s=round(tokens / seconds, 1),
            eta_s=round(course.eta_s(self.total_steps, self.rows.every), 1),
            memory_bytes=self.loaded.meter.peak_bytes(),
        )
        self.control.progress("train", course.step, self.total_steps)
        if fault := course.watch.after_step(loss, norm, supervised):
            self._warn_at_step(fault.name, fault.message)
            raise FinetoothError(fault.message, fault.hint)
        if short := self._memory.short():
            self._checkpoint()
            self._warn_at_step("memory-short", short)

    def _measure_if_due(self) -> None:
        course = self.course
        due = course.step % self.rows.every == 0 or course.step == self.total_steps
        if not due or course.measured == course.step:
            return
        begun = time.monotonic()
        measured = None
        if self.rows.held:
            loss = self._evaluate()
            self._sample()
            measured = course.watch.after_measurement(course.step, loss, self.config)
            name = "Hold-out loss before" if course.step == 0 else "Hold-out loss after"
            self.facts[name] = round(loss, 4)
        course.measured = course.step
        course.measure_seconds = time.monotonic() - begun
        if measured is None:
            return
        if measured.overfitting:
            self._warn_at_step("overfitting", measured.overfitting)
        if measured.improved and self.config.keep == "best":
            self._checkpoint(best=True)
        if measured.fault:
            self._warn_at_step(measured.fault.name, measured.fault.message)
            raise FinetoothError(measured.fault.message, measured.fault.hint)

    def _evaluate(self) -> float:
        """Hold-out loss in nats a supervised token, at the precision of training."""
        begun = time.monotonic()
        loaded, held = self.loaded, self.rows.held
        groups = measuring_groups(held, positions=loaded.real_step.tokens, padding_free=loaded.padding_free)
        batches = (loaded.batch(group) for group in groups)
        mean, supervised = hold_out_loss(loaded.model, batches, loaded.units, self._counted("eval", len(groups)))
        loss = self._finite(mean, "hold-out loss")
        seconds = round(time.monotonic() - begun, 3)
        self.log.event("eval", step=self.step, loss=loss, n=len(held), supervised=supervised, seconds=seconds)
        return loss

    def _general(self, when: str) -> None:
        """The loss on questions that have nothing to do with the data: does it forget?"""
        self._enter("eval")
        if measured := general_loss(self.loaded, partial(self._counted, "eval")):
            self.facts[f"Loss on general questions {when}"] = round(measured[0], 4)
            self.log.event("general", step=self.step, loss=measured[0], n=measured[1])

    def _sample(self) -> None:
        """Answer the fixed prompts: before the first step the model answers as its base does."""
        if not self.loaded.prompts:
            return
        tokens, each = count(), self._counted("sample", self.config.sample_tokens)
        loaded, most = self.loaded, self.config.sample_tokens
        room = loaded.room_bytes(sum(len(one.ids) + most for one in loaded.prompts))
        with fused.unpacked(loaded.model, loaded.units, room):
            said = samples.answer(loaded.model, self.rows.tokenizer, loaded.prompts, most, lambda: each(next(tokens)))
        for prompt, answer in zip(self.loaded.prompts, said, strict=True):
            model = "base" if self.step == 0 else "tuned"
            self.log.event("sample", step=self.step, model=model, **samples.told(prompt, answer))

    def _checkpoint_if_due(self) -> None:
        course, every = self.course, self.config.checkpoint_every
        due = course.step % every == 0 if every else course.measured == course.step
        late = time.monotonic() - self._saved_at >= CHECKPOINT_S
        if course.step > 0 and course.checkpointed != course.step and (due or late):
            self._checkpoint()

    def _checkpoint(self, *, best: bool = False) -> bool:
        """Store all that is needed to go on from the last finished step. Returns whether it could be stored."""
        course = self.course
        if course.checkpointed == course.step:  # a measurement since then is taken again after a resume
            there = checkpoints.place(self.folder, course.step).name
            self.log.event("checkpoint", step=course.step, folder=there, best=best)
            return True
        self._enter("save", course.step, self.total_steps)
        stored = replace(course, elapsed_s=self._elapsed_s())
        try:
            folder = checkpoints.write(
                self.folder,
                course.step,
                weights=self.loaded.parameters,
                optimizer=self.loaded.optimizer,
                random_state=self.random,
                state={
                    "course": stored.to_json(),
                    "facts": self.facts,
                    "data": self.data,
                    "surroundings": self.loaded.surroundings(self.run.versions),
                },
            )
        except FinetoothError as error:
            self._warn_at_step("checkpoint-failed", f"{error.message} The training goes on.")
            return False
        finally:
            self._saved_at = time.monotonic()
        course.checkpointed = course.step
        self.log.event("checkpoint", step=course.step, folder=folder.name, best=best)
        checkpoints.prune(self.folder, self.config.checkpoints_kept, self._best_step())
        return True

    def _best_step(self) -> int | None:
        return self.course.watch.best_step if self.config.keep == "best" else None

    def finish(self) -> None:
        """Take the weights that are to be kept, prove that they have an effect, and save them."""
        self._restore_best()
        self._general("after")
        self._prove()
        self._save()

    def stop(self) -> None:
        """Store where the run stands, so that it can go on, and save what it has learnt."""
        if self.step == 0:
            return
        if self.course.checkpointed != self.step:
            self._checkpoint()
        self._restore_best()
        self._save()
        try:
            self._prove()
        except FinetoothError as error:  # saved all the same: the run can go on
            self._warn_at_step("adapter-inert", error.message)

    def _prove(self) -> None:
        """Prove that the adapter to be kept has an effect, and note how much."""
        if self.config.method != "full":
            shortest = min(self.rows.items, key=lambda item: item.n_tokens)
            self.facts.update(adapters.prove(self.loaded.model, self.loaded.batch([shortest])).facts())

    def _restore_best(self) -> None:
        """Put the weights of the best hold-out loss into the model, where these are to be kept."""
        best = self._best_step()
        self.facts["Adapter of step"] = self.step
        if self.course.measured != self.step:  # a loss of other weights is not this adapter's
            self.facts.pop("Hold-out loss after", None)
        if best is None or best == self.step:
            return
        folder = checkpoints.place(self.folder, best)
        if fault := checkpoints.fault_of(folder):
            self._warn_at_step("best-lost", f"The checkpoint of the best step, {best}, {fault}; the last one is kept.")
            return
        self.loaded.put(checkpoints.load_weights(folder))
        self.facts |= {"Adapter of step": best, "Hold-out loss after": round(self.course.watch.best or math.nan, 4)}

    def _save(self) -> None:
        """Write the adapter (or, trained in full, the model)."""
        self._enter("save", self.step, self.total_steps)
        self.adapter_hash = save_result(self.folder, self.loaded)
        self._kept = None
        write_run(self.folder, replace(self.run, adapter_hash=self.adapter_hash, facts=self.facts))
        self.log.event("adapter", step=self.facts["Adapter of step"], adapter_hash=self.adapter_hash)

    def end(self, status: str, message: str) -> None:
        """Write how the run ended."""
        course = self.course
        if course.train_seconds > 0:
            self.facts["Steps"] = course.step
            self.facts["Tokens per second"] = round(course.trained_tokens / course.train_seconds, 1)
            self.facts.update(self.loaded.memory_facts())
        self.facts["Seconds"] = round(self._elapsed_s(), 1)
        if self._kept is not None:
            self.facts = beside_kept(self.facts, self._kept)
        self.log.event("end", status=status, step=course.step, message=message, phase=self.phase, facts=self.facts)
        self.run = replace(
            self.run,
            status=status,
            message=message,
            ended_at=utc_now(),
            adapter_hash=self.adapter_hash,
            facts=self.facts,
        )
        write_run(self.folder, self.run)

    def _elapsed_s(self) -> float:
        return self.course.elapsed_s + time.monotonic() - self._began

    def _finite(self, value: float, what: str) -> float:
        if math.isfinite(value):
            return value
        self._warn_at_step("non-finite", f"The {what} is not finite.")
        raise FinetoothError(
            f"The {what} is no longer a finite number after {self.step} steps.",
            f"Lower the learning rate (it is {self.config.learning_rate:g}) to a third, or look for damaged examples.",
        )
