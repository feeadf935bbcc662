"""Whether to fine-tune at all, asked of a workspace: what curation has found, weighed by the rules of training."""

from __future__ import annotations

from collections.abc import Sequence

from core.workspace import Workspace
from curation import freeze, queries
from training.readiness import Readiness, should_finetune


def weigh(
    overview: queries.Overview,
    frozen: Sequence[freeze.RevisionView],
    *,
    facts_change: bool = False,
    prompt_falls_short: bool | None = None,
) -> Readiness:
    """Weigh what is known of a dataset; the newest revision's splits count, where there is one."""
    splits = frozen[0].revision.splits if frozen else {}

    def still_open(*families: str) -> int:
        return sum(count.open for count in overview.counts if count.family in families)

    return should_finetune(
        splits.get("train", overview.n_in),
        n_holdout=splits.get("holdout"),
        open_blocking=overview.n_blocking,
        open_contradictions=still_open("contradictions"),
        open_inconsistencies=still_open("format", "tone", "spelling", "language"),
        coverage_gaps=still_open("coverage"),
        open_findings=overview.n_open,
        checked=overview.checked,
        facts_change=facts_change,
        prompt_falls_short=prompt_falls_short,
    )


def of(workspace: Workspace, *, facts_change: bool = False, prompt_falls_short: bool | None = None) -> Readiness:
    """Whether to fine-tune on what a workspace holds now."""
    overview, frozen = queries.overview(workspace), freeze.revisions(workspace)
    return weigh(overview, frozen, facts_change=facts_change, prompt_falls_short=prompt_falls_short)
