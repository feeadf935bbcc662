"""Pre-flight as a job of its own: what would be trained, and what forbids it, before anybody starts a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core import models
from core.jobs import JobContext
from core.revisions import examples_of
from core.workspace import Workspace
from training import preflight
from training.config import read_config
from training.data import encode_examples, sample


def preflight_job(context: JobContext) -> dict[str, Any]:
    """Worker target: look at a revision with given settings, as a run would. Loads a tokenizer, no model.

    The spec names ``workspace``, ``revision_id`` and ``config``.

    Returns:
        ``report`` (:meth:`preflight.Report.to_json`), ``revision_id`` and ``config``.

    Raises:
        InputError: The settings are wrong, or there is no such model.
        CancelledError: A stop was asked for.
    """
    spec = context.spec
    workspace = Workspace.open(Path(spec["workspace"]))
    config = read_config(spec["config"])
    context.progress("load", 0, None)
    base = models.resolve(config.base_model)
    tokenizer = models.load_tokenizer(base)
    train_on = sample(examples_of(workspace, spec["revision_id"], "train"), config.limit, config.seed)
    hold_out = sample(examples_of(workspace, spec["revision_id"], "holdout"), config.eval_examples, config.seed)

    def report(stage: str, done: int, total: int | None) -> None:
        context.check_stop()
        context.progress(stage, done, total)

    encoded = encode_examples(tokenizer, train_on, max_tokens=config.max_tokens, progress=report)
    held = encode_examples(tokenizer, hold_out, max_tokens=config.max_tokens)
    found = preflight.check(
        encoded, held, config, stop_ids=preflight.stop_ids(base, tokenizer), bos_id=tokenizer.bos_token_id
    )
    return {"report": found.to_json(), "revision_id": spec["revision_id"], "config": config.to_dict()}
