"""Whole sets of rows through the checks: the swap set as rows, planted clashes among clinic notes, candidate pairs."""

from __future__ import annotations

import gzip
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from random import Random

from benchmarks import harness
from benchmarks.contradictions_pairs import SWAP_PRECISION, SWAP_RECALL, Tally, of_pair
from benchmarks.harness import SHARED_DATA, Figure
from benchmarks.planted_sources import number_of
from benchmarks.swaps import KINDS, Pair, row_of, swap_of
from benchmarks.swaps_sources import clinic
from core.errors import InputError
from core.ids import example_id
from core.types import Example, Finding, Message
from curation.evidence.batch import Batch
from curation.evidence.same_question import Candidates, confirmed, same_question
from curation.evidence.settings import Settings
from curation.minhash.normalise import normalise
from curation.runner import run_checks

PLANTED, PLANTED_RECALL, CLINIC_PRECISION = 40, 0.90, 0.80
CANDIDATES_FOUND = 0.95
FAMILY = ("contradictions",)
REVIEWED = Path(__file__).with_name("contradictions_reviewed.toml")
_PLANTED_KINDS = ("number", "dose", "date", "negation", "entity")
_ID = 12  # characters of an id in the list of verdicts
_BACK = "clinic_notes_backtranslated.jsonl.gz"
Key = frozenset[str]


def swap_rows(pairs: Sequence[Pair], shown: list[str]) -> Iterator[Figure]:
    """The swap set as rows through the whole check: a pair counts as found where a finding joins its two rows.

    The clashing pairs are one set of rows and the others another, since both hold some of the same real rows.
    """
    tallies = {kind: Tally() for kind in KINDS}
    every, elsewhere = Tally(), 0
    for clashes in (True, False):
        some = [pair for pair in pairs if pair.clashes == clashes]
        rows = [row for pair in some for row in pair.rows]
        harness.say(f"the swap set as {len(rows)} rows: checking")
        told = joined(run_checks(rows, FAMILY, settings=Settings()).findings)
        ours = set()
        for pair in some:
            key = frozenset(row.id for row in pair.rows)
            ours.add(key)
            for tally in (tallies[pair.kind], every):
                tally.add(clashes, key in told)
            if (key in told) != clashes:
                why = told[key][0].message if key in told else ""
                shown.append(f"{'MISS  rows' if clashes else 'FALSE rows'} {of_pair(pair)}  {why}")
        by_id = {row.id: row for row in rows}
        for key in told.keys() - ours:
            elsewhere += 1
            shown.append(
                f"OTHER rows {_texts(key, by_id)}  [{told[key][0].check}/{told[key][0].reason}: {told[key][0].message}]"
            )
    for kind, tally in tallies.items():
        yield from tally.figures(f"swap set as rows, {kind}")
    yield from every.figures("swap set as rows, rules and embeddings, all kinds", (SWAP_PRECISION, SWAP_RECALL))
    yield Figure(
        "swap set as rows: findings elsewhere", elsewhere, digits=0, note="rows of two pairs, or one row by itself"
    )


def joined(findings: Sequence[Finding]) -> dict[Key, list[Finding]]:
    """The findings by the rows that they are about; one of a single row has that one in its key."""
    found: dict[Key, list[Finding]] = {}
    for finding in findings:
        for key in [frozenset((finding.example_id, other)) for other in finding.related] or [
            frozenset((finding.example_id,))
        ]:
            found.setdefault(key, []).append(finding)
    return found


def planted_clinic(seed: int, shown: list[str], *, planted: int = PLANTED) -> Iterator[Figure]:
    """All clinic notes with planted clashes: how many are found, and whether the rest that is flagged is right.

    A planted row copies a real one with the question in other words and one thing in the answer swapped. What is
    flagged besides is looked up among the verdicts of a person; what nobody has judged counts as wrong.
    """
    try:
        sources = clinic()
    except FileNotFoundError:
        harness.say("The clinic part is left out: the clinic notes are not beside this checkout.")
        yield Figure("clinic notes: planted clashes found", None, PLANTED_RECALL, note="the notes are not here")
        yield Figure("clinic notes: precision", None, CLINIC_PRECISION, note="the notes are not here")
        return
    rows = [row_of(source.system, source.question, source.answer) for source in sources]
    draw = Random(f"planted:{seed}")
    pairs: list[Pair] = []
    left = sorted(sources, key=lambda source: number_of(source.key, f"planted-{seed}"))
    for kind in cycle(_PLANTED_KINDS):
        if len(pairs) == planted:
            break
        pair = next((made for source in left if (made := swap_of(source, kind, draw))), None)
        if pair is not None:
            pairs.append(pair)
            left = [source for source in left if source.origin != pair.source.origin]
    rows += [pair.rows[1] for pair in pairs]
    harness.say(f"{len(rows):,} clinic notes: checking")
    report = run_checks(rows, FAMILY, settings=Settings())
    told = joined(report.findings)
    truth = {frozenset(row.id for row in pair.rows): pair for pair in pairs}
    found = Counter(truth[key].kind for key in told if key in truth)
    counted = Counter(pair.kind for pair in pairs)
    for key, pair in truth.items():
        if key not in told:
            shown.append(f"MISS  clinic {of_pair(pair)}")
    yield Figure("clinic notes: planted clashes found", len(told.keys() & truth.keys()) / len(pairs), PLANTED_RECALL,
                 note=", ".join(f"{kind} {found[kind]} of {n}" for kind, n in counted.items()))  # fmt: skip
    verdicts = reviewed()
    by_id = {row.id: row for row in rows}
    judged = Counter[str]()
    for key in sorted(told.keys() - truth.keys(), key=sorted):
        verdict = verdicts.get(frozenset(one[:_ID] for one in key), "not judged")
        judged[verdict] += 1
        name = " ".join(sorted(one[:_ID] for one in key))
        for finding in told[key]:
            shown.append(
                f"OTHER clinic ({verdict}) {name} [{finding.check}/{finding.reason}: {finding.message}] "
                f"{_texts(key, by_id)}"
            )
    flagged, right = len(told), len(told.keys() & truth.keys()) + judged["right"]
    note = f"{right} of {flagged}: besides the planted {judged['right']} right, {judged['wrong']} wrong"
    if judged["not judged"]:
        note += f", {judged['not judged']} nobody has judged (counted as wrong)"
    yield Figure(
        "clinic notes: precision of all that is flagged",
        right / flagged if flagged else None,
        CLINIC_PRECISION,
        note=note,
    )
    for check, number in sorted(Counter(finding.check for finding in report.findings).items()):
        yield Figure(f"clinic notes: findings of {check}", number, digits=0)


def reviewed() -> dict[Key, str]:
    """The verdicts of a person, ``right`` or ``wrong``, by the beginnings of the ids of the rows."""
    if not REVIEWED.exists():
        return {}
    document = tomllib.loads(REVIEWED.read_text(encoding="utf-8"))
    return {frozenset(line.split()): verdict for verdict in ("right", "wrong") for line in document.get(verdict, [])}


def candidates(shown: list[str]) -> Iterator[Figure]:
    """Clinic notes with back-translated ones among them: the share of rows that are paired with their original."""
    try:
        sources = clinic()
        back = _backtranslated()
    except FileNotFoundError:
        harness.say("The candidates are left out: the clinic notes are not beside this checkout.")
        yield Figure("same-question pairs found", None, CANDIDATES_FOUND, note="the notes are not here")
        return
    originals = {
        source.key.rsplit("-", 1)[-1]: row_of(source.system, source.question, source.answer) for source in sources
    }
    missing = [number for number, _ in back if number not in originals]
    if missing:
        raise InputError(f"{len(missing)} back-translated rows have no original.", "Take both files from one source.")
    batch = Batch([*originals.values(), *(row for _, row in back)], Settings())
    harness.say(f"{len(batch):,} rows: looking for questions that are one")
    found = batch.shared(same_question)
    sure = set(confirmed(batch, found))
    looked, compared = _pairs_of(found, None), _pairs_of(found, sure)
    names = {row.id: _same(row) for row in batch}
    for what, pairs, bar in (("compared", compared, CANDIDATES_FOUND), ("looked at", looked, None)):
        held = {frozenset(names[one] for one in pair) for pair in pairs}
        hits = [number for number, row in back if frozenset((_same(row), _same(originals[number]))) in held]
        note = f"{len(hits)} of {len(back)}; {len(pairs):,} pairs {what} in {len(batch):,} rows"
        yield Figure(f"same-question pairs {what}", len(hits) / len(back), bar, note=note)
        if bar is not None:
            missed = {number for number, _ in back} - set(hits)
            shown += [f"MISS  candidates: row {number}" for number in sorted(missed, key=int)]


def _pairs_of(found: Candidates, sure: set[int] | None) -> set[Key]:
    """Pairs of ids; ``sure`` = of the pairs in other words only those at these places."""
    pairs: set[Key] = set()
    ends = list(zip(found.left.tolist(), found.right.tolist(), strict=True))
    for place, (one, other) in enumerate(ends):
        if sure is None or place in sure:
            pairs.add(frozenset((found.asked[one].example.id, found.asked[other].example.id)))
    for group in found.groups:
        ids = [found.asked[member].example.id for member in group.members]
        pairs |= {frozenset((one, other)) for one in ids for other in ids if one != other}
    return pairs


def _same(row: Example) -> str:
    return normalise("\n".join(message.content for message in row.messages if message.role != "system"))


def _backtranslated() -> list[tuple[str, Example]]:
    rows = []
    with gzip.open(SHARED_DATA / _BACK, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            turns = tuple(Message(turn["role"], turn["content"]) for turn in row["messages"])
            rows.append((row["meta"]["source_id"].rsplit(" ", 1)[-1], Example(example_id(turns), turns)))
    return rows


def _texts(key: Key, by_id: dict[str, Example]) -> str:
    """The rows of a finding for the eye."""
    return "\n".join(
        [
            "",
            *(
                f"      asked {by_id[one].prompt[-1].content[:160]!r}…\n      said  {by_id[one].answer[:400]!r}"
                for one in sorted(key)
            ),
        ]
    )
