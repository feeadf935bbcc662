"""Faults planted into clean real rows: how many are found, and how much else is.

``python -m benchmarks.consistency_planted`` plants each kind of fault (``benchmarks.planted.KINDS``) into 5 % of the
rows of the task that it belongs to, one kind a run so that the norm stays a norm, in two sets of real rows
(``benchmarks.planted_rows``), with several seeds. Each run checks the whole set. Printed are

* recall a kind: planted rows with a finding that *fits* the kind, of all planted rows;
* precision: new findings (of format, tone, language and spelling) on planted rows, of all new findings;
* recall and precision with all kinds in one set, each in 1 % of the rows of its task, for information;
* findings on the same rows before planting, a hundred rows; ``--show`` lists them for a review by eye, with every
  miss and every false alarm.

``--speed`` measures how long 100,000 rows take instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks import harness
from benchmarks.consistency_speed import speed
from benchmarks.harness import Figure
from benchmarks.planted import Base, Kind, base, kind_of, kinds_of, new_findings, plant, plant_together
from benchmarks.planted_reviewed import TRUE_DEPARTURES, WRONG
from benchmarks.planted_sources import DATASETS
from core.types import Example, Finding
from curation.runner import FAMILIES, run_checks

RECALL, PRECISION, PER_HUNDRED = 0.95, 0.95, 1.0
TOGETHER = 0.01
COUNTED = tuple(name for name in ("format", "tone", "language", "spelling") if name in FAMILIES)


@dataclass(slots=True)
class Tally:
    """What came out for one kind in one set, over all seeds."""

    planted: int = 0
    found: int = 0
    new: int = 0
    new_right: int = 0
    by_check: Counter[tuple[str, bool]] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)


def measure(clean: Base, kind: Kind, seeds: Sequence[int], before: Sequence[Finding]) -> Tally:
    """Plant one kind with each seed, check, and count."""
    tally = Tally()
    for seed in seeds:
        planted = plant(clean, kind, seed)
        report = run_checks(planted.examples, COUNTED)
        index = {example.id: place for place, example in enumerate(planted.examples)}
        fitting = {index[finding.example_id] for finding in report.findings if kind.told_by(finding)}
        tally.planted += len(planted.places)
        tally.found += len(planted.places & fitting)
        for place in sorted(planted.places - fitting):
            told = [f"{f.check}/{f.reason}" for f in report.findings if index[f.example_id] == place]
            was, now = clean.rows[place].example, planted.examples[place]
            tally.lines.append(f"MISS  {clean.rows[place].key} seed {seed}: {_difference(was, now)}  other: {told}")
        for finding in new_findings(before, report.findings, clean, planted):
            place = index[finding.example_id]
            tally.new += 1
            tally.new_right += place in planted.places
            tally.by_check[finding.check, place in planted.places] += 1
            if place not in planted.places:
                tally.lines.append(f"FALSE {_told(finding, clean, place, planted.examples[place])}")
    return tally


def together(clean: Base, seeds: Sequence[int], before: Sequence[Finding], shown: list[str]) -> tuple[Figure, Figure]:
    """All kinds in one set, each in 1 % of the rows of its task: recall and precision, for information."""
    found = planted_rows = new = new_right = 0
    kinds = [kind for kind in kinds_of(clean.name) if kind.has_bar]
    for seed in seeds:
        each = plant_together(clean, kinds, seed, TOGETHER)
        report = run_checks(each[0].examples, COUNTED)
        index = {example.id: place for place, example in enumerate(each[0].examples)}
        spoilt = frozenset[int]().union(*(planted.places for planted in each))
        for planted in each:
            fitting = {index[finding.example_id] for finding in report.findings if planted.kind.told_by(finding)}
            found += len(planted.places & fitting)
            planted_rows += len(planted.places)
            for place in sorted(planted.places - fitting):
                was, now = clean.rows[place].example, planted.examples[place]
                shown.append(f"MISS  {planted.kind.name} {clean.rows[place].key} seed {seed}: {_difference(was, now)}")
        for finding in new_findings(before, report.findings, clean, each[0]):
            new += 1
            new_right += index[finding.example_id] in spoilt
            if index[finding.example_id] not in spoilt:
                place = index[finding.example_id]
                shown.append(f"FALSE {_told(finding, clean, place, each[0].examples[place])}")
    what = f"{clean.name}: all kinds at once, {TOGETHER:.0%} each"
    return (
        Figure(f"{what}, recall", found / planted_rows, note=f"{found} of {planted_rows}"),
        Figure(f"{what}, precision", new_right / new if new else None, note=f"{new_right} of {new}"),
    )


def _difference(was: Example, now: Example) -> str:
    """Where two versions of a row differ, for the eye."""
    for old, new in zip(was.messages, now.messages, strict=True):
        if old.content != new.content:
            head = next(
                (i for i, (a, b) in enumerate(zip(old.content, new.content, strict=False)) if a != b),
                min(len(old.content), len(new.content)),
            )
            low = max(0, head - 40)
            return f"{old.content[low : head + 60]!r} -> {new.content[low : head + 60]!r}"
    return "no difference"


def _told(finding: Finding, clean: Base, place: int, example: Example) -> str:
    row = clean.rows[place]
    words = [example.messages[s.turn].content[s.start : s.end][:60] for s in finding.spans[:3] if s.example_id is None]
    return f"{row.house} {row.key} {finding.check}/{finding.reason}: {finding.message} {words}"


def _before(clean: Base) -> tuple[tuple[Figure, Figure], list[Finding], list[str]]:
    findings = list(run_checks([row.example for row in clean.rows], COUNTED).findings)
    index = {row.example.id: place for place, row in enumerate(clean.rows)}
    rate = 100 * len(findings) / len(clean.rows)
    told = Counter(f"{finding.check}/{finding.reason}" for finding in findings)
    note = f"{len(findings)} on {len(clean.rows)} rows" + "".join(f", {name} {n}" for name, n in told.most_common(8))
    figure = Figure(
        f"{clean.name}: findings before planting, a hundred rows",
        rate,
        PER_HUNDRED if clean.name in DATASETS else None,
        "<=",
        2,
        note,
    )
    wrong = 0
    shown = []
    for finding in findings:
        row = clean.rows[index[finding.example_id]]
        key = clean.name, row.key, f"{finding.check}/{finding.reason}"
        verdict = "true" if key in TRUE_DEPARTURES else "wrong" if key in WRONG else "not reviewed"
        wrong += verdict != "true"
        shown.append(f"BEFORE ({verdict}) {_told(finding, clean, index[finding.example_id], row.example)}")
    what = f"{clean.name}: of these, wrong or not looked at by a person, a hundred rows"
    return (figure, Figure(what, 100 * wrong / len(clean.rows), digits=2, note=f"{wrong}")), findings, shown


def figures(names: Sequence[str], wanted: Sequence[str], seeds: Sequence[int], shown: list[str]) -> Iterator[Figure]:
    """All figures of the sets and kinds; the lines to look at go to ``shown``."""
    new = new_right = 0
    by_check: Counter[tuple[str, bool]] = Counter()
    for name in names:
        clean = base(name)
        rates, before, lines = _before(clean)
        shown += [f"\n== {name}: before planting", *lines]
        yield from rates
        set_new = set_right = 0
        kinds = kinds_of(name)
        for kind in [kind_of(each, kinds) for each in wanted] or kinds:
            harness.say(f"{name}: {kind.name}")
            tally = measure(clean, kind, seeds, before)
            by_check += tally.by_check
            set_new, set_right = set_new + tally.new, set_right + tally.new_right
            note = f"{tally.found} of {tally.planted}"
            if tally.new != tally.new_right:
                note += f"; {tally.new - tally.new_right} of {tally.new} new findings elsewhere"
            bar = RECALL if kind.has_bar and name in DATASETS else None
            if tally.lines:
                shown += [f"\n== {name}: {kind.name}", *tally.lines]
            yield Figure(f"{name}: {kind.name}, recall", tally.found / tally.planted, bar, note=note)
        if not wanted:
            harness.say(f"{name}: all kinds at once")
            shown.append(f"\n== {name}: all kinds at once")
            yield from together(clean, seeds, before, shown)
        note = f"{set_right} of {set_new} new findings on planted rows"
        yield Figure(
            f"{name}: precision",
            set_right / set_new if set_new else None,
            PRECISION if name in DATASETS else None,
            note=note,
        )
        new, new_right = new + set_new, new_right + set_right
    note = f"{new_right} of {new} new findings on planted rows"
    for check in sorted({check for check, _ in by_check}):
        right, wrong = by_check[check, True], by_check[check, False]
        yield Figure(f"{check}: precision", right / (right + wrong), note=f"{right} of {right + wrong}")
    bar = PRECISION if set(names) <= set(DATASETS) else None
    yield Figure("all sets: precision", new_right / new if new else None, bar, note=note)


def main() -> int:
    """Measure and print; 1 if a bar is missed."""
    parser = harness.options("planted faults: recall, precision, findings on clean rows")
    parser.add_argument("--dataset", choices=(*DATASETS, "turned"), help="one of the sets; turned: other norms, no bar")
    parser.add_argument("--kind", action="append", help="one kind of fault, by the beginning of its name (repeatable)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--rounds", type=int, default=3, help="how many seeds in a row")
    parser.add_argument("--show", action="store_true", help="list misses, false alarms and findings before planting")
    parser.add_argument("--speed", action="store_true", help="seconds of all checks without a model instead")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of --speed")
    chosen = parser.parse_args()
    if chosen.speed:
        return harness.report("Speed of the checks that need no model", *speed(chosen.rows, chosen.seed))
    seeds = range(chosen.seed, chosen.seed + chosen.rounds)
    shown: list[str] = []
    names = [chosen.dataset] if chosen.dataset else list(DATASETS)
    measured = list(figures(names, chosen.kind or (), seeds, shown))
    if chosen.show:
        print("\n".join(shown))
    remarks = (
        "One kind of fault a run, in 5 % of the rows of its task; seeds "
        f"{seeds.start} to {seeds.stop - 1}. Dates and measures of the rows are made up, everything else in them is "
        "real or counted from real rows.",
    )
    return harness.report("Planted faults", measured, remarks)


if __name__ == "__main__":
    harness.run_main(main)
