"""Prints how many planted typos the spelling check finds in real answers, and what it says about the same rows before.

    python -m benchmarks.spelling_quality            (about 20 seconds)
    python -m benchmarks.spelling_quality --show     also prints misses, false alarms and the findings before planting

One typo (a letter left out, put in, replaced, or two neighbours swapped; any place, the first letter included) goes
into one word of at least four letters in 10 % of the answers. A typo that makes another word of the dictionary is not
planted: no list of words can see it. Sets that lie in ../shared/data are left out where they are not.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import string
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import harness
from benchmarks.harness import SHARED_DATA, Figure
from core.ids import example_id
from core.types import Example, Message
from curation.evidence.groups import code_ranges, outside
from curation.evidence.vocabulary import dictionary, is_known
from curation.runner import run_checks

SHARE, RECALL, PRECISION, PER_HUNDRED = 0.10, 0.80, 0.95, 1.0
SETS = {
    "clinic notes": SHARED_DATA / "clinic_notes_train.jsonl",
    "clinic notes, back-translated": SHARED_DATA / "clinic_notes_backtranslated.jsonl.gz",
    "alpaca demo": SHARED_DATA / "formats" / "alpaca_en_demo.json",
    "templated rows": SHARED_DATA / "templated_sft.jsonl.gz",
    "demo set": harness.ROOT / "examples" / "icd10_coding.jsonl",
}
_WORD = re.compile(r"(?<!\S)[a-z]{4,}(?=[.,;:!?]?\s)")


def read(path: Path) -> list[Example]:
    """The distinct examples of a file of chats or of Alpaca rows."""
    if path.suffix == ".json":
        rows = json.loads(path.read_text(encoding="utf-8"))
        found = [(("user", f"{row['instruction']}\n{row['input']}"), ("assistant", row["output"])) for row in rows]
    else:
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        chats = (json.loads(line)["messages"] for line in text.splitlines())
        found = [tuple((m["role"], m["content"]) for m in chat) for chat in chats]  # type: ignore[misc]
    made = [tuple(Message(role, content) for role, content in turns) for turns in found]
    return list({(key := example_id(messages)): Example(key, messages) for messages in made}.values())


def typo(word: str, rng: random.Random) -> str:
    """The word with one random slip of the keyboard."""
    while True:
        place, kind = rng.randrange(len(word)), rng.randrange(4)
        left, letter, right = word[:place], word[place], word[place + 1 :]
        other = rng.choice(string.ascii_lowercase)
        made = (
            left + right,
            left + right[:1] + letter + right[1:],
            left + other + right,
            left + other + letter + right,
        )
        if made[kind] != word:
            return made[kind]


def plant(examples: Sequence[Example], seed: int) -> tuple[list[Example], dict[str, tuple[str, str]]]:
    """The examples with typos in some answers; by example id the typo and the word that it was made from."""
    rng = random.Random(seed)
    known = dictionary("en")
    all_text = set(re.findall(r"[a-z]+", " ".join(m.content for e in examples for m in e.messages).lower()))
    made: list[Example] = []
    planted: dict[str, tuple[str, str]] = {}
    for example in examples:
        made.append(example)
        if rng.random() >= SHARE:
            continue
        code = code_ranges(example.answer)
        words = [m for m in _WORD.finditer(example.answer) if m[0] in known and outside(code, *m.span())]
        if not words:
            continue
        word = rng.choice(words)
        slip = typo(word[0], rng)
        if is_known(slip, known) or slip in all_text:
            continue
        answer = example.answer[: word.start()] + slip + example.answer[word.end() :]
        messages = (*example.messages[:-1], Message("assistant", answer))
        made[-1] = Example(example_id(messages), messages)
        planted[made[-1].id] = (slip, word[0])
    return made, planted


def figures(seeds: Sequence[int], shown: list[str]) -> Iterator[Figure]:
    """Every set that is at hand."""
    for name, path in SETS.items():
        if not path.exists():
            harness.say(f"{name}: left out, {path.name} is not beside this checkout.")
            continue
        examples = read(path)
        before = run_checks(examples, ["spelling"]).findings
        shown += [f"BEFORE {name}: {finding.message}" for finding in before]
        n_planted = n_found = n_right = n_proposed = n_elsewhere = 0
        for seed in seeds:
            made, planted = plant(examples, seed)
            found = {finding.example_id: finding for finding in run_checks(made, ["spelling"]).findings}
            clean = {finding.example_id for finding in before}
            for key, (slip, meant) in planted.items():
                finding = found.get(key)
                hit = finding is not None and f"“{slip}”" in finding.message
                n_planted, n_found = n_planted + 1, n_found + hit
                if not hit:
                    shown.append(f"MISS {name}: {slip} for {meant}")
                if hit and finding and finding.proposal:
                    n_proposed += 1
                    n_right += meant in {edit.text for edit in finding.proposal.replacements}
            wrong = [finding for key, finding in found.items() if key not in planted and key not in clean]
            n_elsewhere += len(wrong)
            shown += [f"FALSE {name}: {finding.message}" for finding in wrong]
        note = f"{n_found} of {n_planted} planted, {len(seeds)} seeds"
        yield Figure(f"{name}: recall", n_found / n_planted if n_planted else None, RECALL, note=note)
        new = n_found + n_elsewhere
        yield Figure(f"{name}: precision of new findings", n_found / new if new else None, PRECISION)
        right = n_right / n_proposed if n_proposed else None
        yield Figure(
            f"{name}: proposed corrections that are right", right, PRECISION, note=f"{n_right} of {n_proposed}"
        )
        rate = 100 * len(before) / len(examples)
        note = f"{len(before)} of {len(examples)} rows; read by eye: docs/decisions.md"
        yield Figure(f"{name}: findings before planting, in 100 rows", rate, PER_HUNDRED, "<=", 2, note)


def main() -> int:
    """Measure and print; 1 if a bar is missed."""
    parser = harness.options("planted typos: recall, right corrections, findings on the rows before")
    parser.add_argument("--rounds", type=int, default=3, help="how many seeds in a row")
    parser.add_argument("--show", action="store_true", help="list misses, false alarms and findings before planting")
    chosen = parser.parse_args()
    shown: list[str] = []
    measured = list(figures(range(chosen.rounds), shown))
    if chosen.show:
        print("\n".join(shown))
    return harness.report("Spelling", measured)


if __name__ == "__main__":
    harness.run_main(main)
