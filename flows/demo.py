"""The whole walk in one go, on the shipped dataset or on anyone's file, by the same functions as the verbs."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import jobs, models, wording
from core.errors import BlockedError, FinetoothError, InputError
from core.jobs import Progress, no_progress
from core.workspace import Workspace
from curation import actions, checking, freeze, queries, release
from curation.readers.source import locate
from evaluation import exports, study
from flows import walk_report
from training import actions as training
from training import estimate
from training import queries as trained
from training.config import TrainConfig, read_config

SHIPPED = Path(__file__).resolve().parent.parent / "examples" / "icd10_coding.jsonl"
EPOCHS = 2.0
HOLDOUT_SHARE = 0.15
N_REPLIES = 40
MAX_NEW_TOKENS = 96
N_PAIRS = 30
Say = Callable[[str], None]


@dataclass(slots=True)
class Walk:
    """What the walk made: files by what they are, figures by stage, and the seconds that each stage took."""

    workspace: Path
    files: dict[str, Path] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The public form, as ``finetooth demo --json`` prints it."""
        return {
            "workspace": str(self.workspace),
            "files": {name: str(path) for name, path in self.files.items()},
            "figures": self.figures,
            "seconds": {name: round(s, 1) for name, s in self.seconds.items()},
        }

    def closing_lines(self) -> tuple[str, ...]:
        """What a person reads at the end."""
        width = max(map(len, self.files))
        return (
            "",
            f"The walk took {sum(self.seconds.values()) / 60:.1f} minutes. It made:",
            *(f"  {name:{width}}  {path}" for name, path in self.files.items()),
            "",
            f"Open it: finetooth app -w {self.workspace}   (or: make app)",
        )


def run(
    folder: Path,
    *,
    data: Path | None = None,
    limit: int | None = None,
    epochs: float = EPOCHS,
    model: str = models.DEFAULT_BASE,
    seed: int = 0,
    who: str = "",
    say: Say = print,
    progress: Progress = no_progress,
) -> Walk:
    """Walk from raw chats to a judged model. A walk that was interrupted is gone on with: no stage is done twice.

    Args:
        folder: The workspace; made where there is none.
        data: A dataset (default: the shipped one).
        limit: Train on at most this many examples.
        epochs: Passes over the training set.
        model: The base model.
        seed: Of the split, the training, the choice of answers and the study.
        who: In whose name.
        say: Told what each stage did, in a line or two.
        progress: Told how far the running stage is.

    Raises:
        FinetoothError: A stage could not be done.
    """
    config = read_config(
        {
            "base_model": model,
            "epochs": epochs,
            "learning_rate": 5e-4,
            "batch_size": 8,
            "seed": seed,
            "limit": limit,
            "on_unusable": "skip",
        }
    )
    models.resolve(model)  # what cannot work is said before anything is written
    locate(data or SHIPPED)
    is_new = not folder.exists()
    workspace = Workspace.create(folder)
    walker = _Walker(workspace, Walk(workspace.path), seed, who, say, progress)
    try:
        walker.import_file(data or SHIPPED)
    except InputError:
        if is_new:  # nothing in the file can be read: leave nothing behind
            shutil.rmtree(folder)
        raise
    walker.clean()
    revision_id = walker.freeze()
    run_id = walker.train(revision_id, config)
    evaluation_id = walker.evaluate(run_id)
    walker.open_study(evaluation_id)
    walker.report(evaluation_id)
    return walker.walk


@dataclass(frozen=True, slots=True)
class _Walker:
    workspace: Workspace
    walk: Walk
    seed: int
    who: str
    say: Say
    progress: Progress

    def import_file(self, path: Path) -> None:
        with self.timing("import"):
            source = actions.import_file(self.workspace, path, who=self.who, progress=self.progress)
        self.say(
            f"Import: {source.n_rows:,} rows read as {source.format}, {source.n_examples:,} different conversations, "
            f"{source.n_rejects:,} lines rejected.  [page: Import]"
        )

    def clean(self) -> None:
        with self.timing("check"):
            report = checking.check(self.workspace, progress=self.progress)
            seen = queries.overview(self.workspace)
        families = Counter(finding.family for finding in report.findings)
        listed = ", ".join(f"{count} {name}" for name, count in families.items())
        self.say(f"Check: {len(report.findings):,} findings over {seen.n_in:,} examples ({listed}).  [page: Review]")
        with self.timing("clean"):
            applied = actions.accept_all(self.workspace, who=self.who)
            checking.check(self.workspace, progress=self.progress)
            seen = queries.overview(self.workspace)
        self.say(
            f"Clean: the safe proposals drop {applied.n_dropped:,} and mend {applied.n_edited:,} of "
            f"{seen.n_examples:,} examples; {seen.n_open:,} findings wait for a person ({seen.n_blocking:,} of them "
            "block).  [page: Review]"
        )
        self.walk.figures["check"] = {c.check: {"open": c.open, "settled": c.settled} for c in seen.counts}
        self.walk.figures["clean"] = {
            "dropped": applied.n_dropped,
            "edited": applied.n_edited,
            "left": seen.n_in,
        }

    def freeze(self) -> str:
        with self.timing("freeze"):
            frozen = freeze.freeze(self.workspace, who=self.who, holdout_share=HOLDOUT_SHARE, seed=self.seed)
            revision = frozen.revision
            if not frozen.certificate["passed"]:
                raise BlockedError(
                    f"No leak-free hold-out could be drawn: the {revision.n_examples} examples are too much alike.",
                    "Bring more, or more varied, examples.",
                )
            out = self.workspace.exports_dir / f"cleaned-{revision.id[:8]}.jsonl"
            exported = release.export_revision(self.workspace, revision.id, out, who=self.who)
        proof = frozen.certificate
        self.say(
            f"Freeze: revision {revision.id[:8]} with {revision.splits['train']:,} examples to train on and "
            f"{revision.splits['holdout']:,} held out; {proof['cross_pairs']} look-alikes across (a random split would "
            f"have leaked {proof['random_split_leak_share']:.1%}).  [page: Dataset]"
        )
        self.walk.files["cleaned JSONL"] = exported.path
        self.walk.files["data card"] = exported.card_path
        self.walk.figures["freeze"] = {"splits": dict(revision.splits), "certificate": dict(proof)}
        return revision.id

    def train(self, revision_id: str, config: TrainConfig) -> str:
        with self.timing("plan"):
            planned = estimate.plan_run(self.workspace, revision_id, config)
        self.say(f"Plan: {planned.sentence()}  [page: Plan]")
        for warning in planned.warnings:
            self.say(f"  {warning}")
        with self.timing("train"):
            run_id = self._run(revision_id, config)
        done = trained.run(self.workspace, run_id)
        self.say(f"Train: {done.sentence()}  [page: Train]")
        if skipped := done.facts.get("Examples skipped"):
            self.say(
                f"  {wording.many(skipped, 'example')} could not be trained on and stayed out; preflight.json lists why"
            )
        self.walk.files["adapter"] = self.workspace.runs_dir / run_id / "adapter"
        self.walk.figures["train"] = done.facts
        return run_id

    def _run(self, revision_id: str, config: TrainConfig) -> str:
        """The run that has already done, or is still doing, just this, else a new one; followed to its end."""
        same = (
            r for r in trained.runs(self.workspace) if (r.revision_id, r.settings) == (revision_id, config.to_dict())
        )
        found = next((r.id for r in same if r.status in ("queued", "running", "done")), None)
        run_id = found or training.start_run(self.workspace, revision_id, config, who=self.who).id
        state = jobs.wait(trained.job_of(self.workspace, run_id), self.progress)
        if state.status != "done":
            raise FinetoothError(f"The training ended as {state.status}: {state.message}", state.hint)
        return run_id

    def evaluate(self, run_id: str) -> str:
        spec = {
            "workspace": str(self.workspace.path),
            "run_id": run_id,
            "n_replies": N_REPLIES,
            "max_new_tokens": MAX_NEW_TOKENS,
            "seed": self.seed,
            "probes": ["grounding"],  # the one that needs no answers beside those of the hold-out
        }
        with self.timing("evaluate"):
            job = jobs.submit(self.workspace.jobs_dir, "evaluate", "flows.probing:run_evaluation", spec)
            state = jobs.wait(job, self.progress)
        if state.status != "done" or state.result is None:
            raise FinetoothError(f"The evaluation ended as {state.status}: {state.message}", state.hint)
        found, evaluation_id = state.result["summary"], str(state.result["evaluation_id"])
        ratio = found["ratio"]
        interval = f"{ratio['low']:.3f} to {ratio['high']:.3f}" if ratio["low"] is not None else ratio["reason"]
        self.say(
            f"Evaluate: hold-out perplexity {found['base']['perplexity']:.2f} before, "
            f"{found['tuned']['perplexity']:.2f} after; ratio {ratio['value']:.3f} (95 % interval {interval}) over "
            f"{found['base']['tokens']:,} answer tokens of {found['n_examples']} examples.  [page: Evaluate]"
        )
        for metric in found["metrics"].values():
            before, after = (metric[model]["value"] for model in ("base", "tuned"))
            if before is not None and after is not None:
                self.say(f"  {metric['title']}: {before:.2f} before, {after:.2f} after (over {metric['n']} answers)")
        written = exports.export_evaluation(self.workspace, evaluation_id, self.workspace.exports_dir)
        self.walk.files["hold-out perplexities"], self.walk.files["both models' answers"] = written
        self.walk.figures["evaluate"] = found
        return evaluation_id

    def open_study(self, evaluation_id: str) -> None:
        with self.timing("study"):
            study_id = study.create_study(self.workspace, evaluation_id, n_items=N_PAIRS, seed=self.seed, who=self.who)
            opened = self.workspace.objects.manifest(study_id)
        self.say(
            f"Study: {opened['n_items']} blind pairs of {opened['n_answered']} answered prompts are open for "
            f"{opened['raters_per_item']} raters each ({opened['n_identical']} pairs had equal answers).  "
            "[page: Side by side]"
        )
        self.walk.files["side-by-side study"] = self.workspace.objects.folder(study_id) / "manifest.json"

    def report(self, evaluation_id: str) -> None:
        with self.timing("report"):
            out = self.workspace.exports_dir / "report.html"
            self.walk.files["report"] = walk_report.write(self.workspace, out, evaluation_id=evaluation_id)
        self.say("Report: one page over all of it.  [page: Results]")

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.walk.seconds[stage] = self.walk.seconds.get(stage, 0.0) + time.monotonic() - begun
