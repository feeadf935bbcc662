"""System prompts that differ from a common one by a few characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from core.types import Example, Finding, Proposal, Replacement, Span
from curation.checks.base import Check, chat
from curation.evidence.batch import Batch
from curation.evidence.groups import lower_bound, system_label
from curation.evidence.groups_systems import system_counts, system_of, system_variants
from curation.evidence.norms import LearnedNorm
from curation.minhash.normalise import normalise


def _run(examples: Sequence[Example]) -> Iterable[Finding]:
    batch = Batch.of(examples)
    variants = batch.shared(system_variants)
    if not variants:
        return
    counted = batch.shared(system_counts)
    departing = Counter(dict.fromkeys(variants.values(), 0))
    for variant, common in variants.items():
        departing[common] += counted[variant]
    for common, count in sorted(departing.items()):
        same, total = counted[common], counted[common] + count
        batch.norms.append(
            LearnedNorm(
                "format.system",
                "system-prompt",
                system_label(common),
                "have this system prompt to the letter",
                same,
                total,
                lower_bound(same, total, batch.settings.norm_confidence),
                count,
            )
        )
    for example in batch:
        system = system_of(example)
        if system in variants:
            yield _finding(example, system, variants[system], counted[variants[system]], departing[variants[system]])


def _finding(example: Example, system: str, common: str, count: int, others: int) -> Finding:
    turns = [turn for turn, message in enumerate(example.messages) if message.role == "system"]
    turn = turns[0]
    head = 0
    while head < min(len(system), len(common)) and system[head] == common[head]:
        head += 1
    tail = 0
    while tail < min(len(system), len(common)) - head and system[-1 - tail] == common[-1 - tail]:
        tail += 1
    low, high = head, len(system) - tail
    fix = None
    if len(turns) == 1:
        edit = Replacement(turn, low, high, common[head : len(common) - tail])
        fix = Proposal("edit", (example.id,), normalise(system) == normalise(common), (edit,))
    marked = Span(turn, max(0, low - (low == high)), high) if len(turns) == 1 else None
    return Finding(
        example.id,
        "format.system",
        "warn",
        "system-prompt",
        f"{count} of {count + others} examples have one system prompt; this one's differs from it by a few characters.",
        count / (count + others),
        spans=(marked,) if marked and marked.start < marked.end else (),
        proposal=fix,
    )


_SYSTEM = "You are the clinic's coding assistant. Choose one code."
_GROUP = tuple(chat(f"Case {i}?", f"The code is A{i}.", system=_SYSTEM) for i in range(10, 50))

SYSTEM = Check(
    name="format.system",
    version=1,
    title="System prompts that differ from a common one by a few characters",
    run=_run,
    catches=(
        (*_GROUP, chat("Case x?", "The code is A99.", system=_SYSTEM.replace("coding", "codng"))),
        (*_GROUP, chat("Case x?", "The code is A99.", system=_SYSTEM.removesuffix("."))),
        (*_GROUP, chat("Case x?", "The code is A99.", system=_SYSTEM.lower().replace(".", " .\n"))),
    ),
    passes=(
        _GROUP,
        (*_GROUP, chat("Case x?", "The code is A99.", system="You are the ward's secretary. Choose one colour.")),
        (*_GROUP, chat("Case x?", "The code is A99.")),
        (*_GROUP[:15], chat("Case x?", "The code is A99.", system=_SYSTEM.removesuffix("."))),
    ),
    about="A system prompt of 20 examples or more is common. A rarer one (a tenth at most) is its variant if it "
    "differs in case, punctuation and white space only, or in one place by up to five characters, no digits. The "
    "proposal puts the common one in its place, safely where only case, punctuation or white space differ. For all "
    "other norms, the variant counts as the common one.",
)
