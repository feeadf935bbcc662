"""Makes the table of nouns that tells a synonym or a broader word from another thing of the same kind, out of WordNet.

    python -m scripts.wordnet_kinds FOLDER      FOLDER holds data.noun, index.sense, data.adj ... of WordNet 3.0

The table has only nouns below the kinds of ``KINDS``, and the words that are in a dictionary at all. It is made once
and committed with WordNet's licence beside it; the product never reads WordNet itself.
"""

from __future__ import annotations

import lzma
import shutil
import sys
from collections import defaultdict
from pathlib import Path

from core.errors import InputError

TARGET = Path(__file__).parent.parent / "curation" / "clash" / "wordnet_kinds.txt.xz"
KINDS: dict[str, tuple[str, ...]] = {
    # name for people: of each noun at the top its lemma, and what its gloss says
    "relative": ("relative|blood or marriage",),
    "job": (
        "professional|learned professions",
        "worker|works at",
        "skilled_worker|",
        "expert|",
        "trader|",
        "health_professional|",
        "educator|",
        "engineer|uses scientific knowledge",
        "employee|",
        "official|holds or is invested",
        "creator|person who grows",
        "performer|",
        "enlisted_person|",
        "serviceman|",
        "administrator|someone who",
        "intellectual|",
        "entertainer|",
        "communicator|",
        "athlete|",
        "scientist|",
        "businessperson|",
    ),
    "drug": ("drug|", "medicine|treats or prevents", "vitamin|", "hormone|"),
    "condition": (
        "ill_health|",
        "disease|",
        "symptom|medicine",
        "disorder|physical condition",
        "mental_disorder|",
        "injury|any physical damage",
        "hypertension|",
        "pain|a symptom of some physical",
        "inflammation|response",
    ),
    "operation": ("operation|incision",),
    "body part": ("body_part|", "joint|between two bones", "organ|fully differentiated"),
    "place": (
        "municipality|urban district",
        "city|large and densely populated",
        "town|urban area",
        "administrative_district|",
        "country|territory",
        "region|large indefinite",
        "island|land mass",
        "continent|landmass",
        "mountain|",
        "body_of_water|",
    ),
    "people": ("inhabitant|", "person_of_color|", "european|", "asian|"),
    "animal": ("animal|",),
    "plant": ("plant|botany",),
    "food": ("food|any substance", "food|any solid", "beverage|", "foodstuff|substance", "produce|fresh"),
    "vehicle": ("vehicle|", "craft|vehicle designed"),
    "instrument": ("musical_instrument|",),
    "building": ("building|roof", "room|enclosed", "dwelling|"),
    "furniture": ("furniture|", "home_appliance|"),
    "tool": (
        "tool|implement",
        "weapon|used in fighting",
        "measuring_instrument|",
        "electronic_equipment|",
        "computer|",
        "machine|mechanical or electrical",
    ),
    "substance": ("chemical_element|", "metallic_element|", "fabric|artifact", "building_material|", "mineral|"),
    "language": ("natural_language|",),
    "religion": ("religion|institution",),
    "sport": ("sport|active diversion", "game|contest with rules"),
    "money": ("monetary_unit|",),
    "science": ("science|particular branch", "medical_science|"),
}
WIDE: dict[str, int] = {"condition": 25, "body part": 60, "job": 60, "drug": 60, "relative": 1000, "place": 1000}
"""A noun that covers more nouns than this (40 elsewhere) is too wide to exclude another of its kind."""
_USUAL_WIDE = 40
_USUAL_SENSES = 4  # rarer ones are kept to tell what may be the same, and never to tell things apart
_UPWARD = frozenset(("@", "@i", "#p", "#s"))


def _synsets(path: Path) -> dict[str, tuple[list[str], list[str], str, list[str]]]:
    """Number -> lemmas, kinds of, whole of (joined as parents), gloss, hypernyms only."""
    found = {}
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("  "):
            continue
        data, _, gloss = line.partition(" | ")
        parts = data.split()
        count = int(parts[3], 16)
        lemmas = [parts[4 + 2 * n] for n in range(count)]
        at = 4 + 2 * count
        up, over = [], []
        for n in range(int(parts[at])):
            sign, number, part = parts[at + 1 + 4 * n : at + 4 + 4 * n]
            if part == "n" and sign in _UPWARD:
                up.append(number)
                if sign == "@":
                    over.append(number)
        found[parts[0]] = (lemmas, up, gloss, over)
    return found


def build(folder: Path, target: Path = TARGET) -> tuple[int, int]:
    """Write the table; returns how many synsets and how many further dictionary words it holds.

    Raises:
        InputError: The folder does not hold WordNet's files, or a top of ``KINDS`` is not in it.
    """
    if not (folder / "data.noun").is_file():
        raise InputError(f"{folder} holds no data.noun.", "Give the folder with WordNet's database files.")
    nouns = _synsets(folder / "data.noun")
    under, single = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    by_lemma = defaultdict[str, list[str]](list)
    for number, (lemmas, up, _, over) in nouns.items():
        for above in over:
            under[above].append(number)
        if not over:  # one of a kind: a place is told from another, a person's name from a thing is not
            for above in up:
                single[above].append(number)
        for lemma in lemmas:
            by_lemma[lemma.casefold()].append(number)
    kinds = defaultdict[str, set[int]](set)
    for which, tops in enumerate(KINDS.values()):
        for top in tops:
            lemma, _, told = top.partition("|")
            numbers = [number for number in by_lemma[lemma] if told in nouns[number][2]]
            if not numbers:
                raise InputError(f"No noun {top!r} stands in this WordNet.", "Use WordNet 3.0.")
            for number in numbers[:1]:
                for below in _below(number, under):
                    kinds[below].add(which)
                    for one in single[below] if list(KINDS)[which] == "place" else ():
                        kinds[one].add(which)
    usual = _usual(folder / "index.noun")
    names = list(KINDS)
    order = sorted(kinds)
    place = {number: at for at, number in enumerate(order)}
    lines = []
    for number in order:
        covered = len(_below(number, under)) - 1
        mine = [which for which in sorted(kinds[number]) if covered <= WIDE.get(names[which], _USUAL_WIDE)]
        wider = sorted(place[above] for above in nouns[number][1] if above in place)
        names_of = dict.fromkeys(lemma.casefold() for lemma in nouns[number][0])
        written = " ".join(lemma if (lemma, number) in usual else f"~{lemma}" for lemma in names_of)
        lines.append(f"{','.join(map(str, mine))}\t{','.join(map(str, wider))}\t{written}")
    words = _dictionary(folder) - {lemma for number in order for lemma in nouns[number][0]}
    text = "\n".join((" ".join(name.replace(" ", "_") for name in names), *lines, " ".join(sorted(words)), ""))
    target.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    shutil.copyfile(folder / "LICENSE", target.with_name("wordnet_LICENSE.txt"))
    return len(lines), len(words)


def _usual(index: Path) -> set[tuple[str, str]]:
    """The commonest senses of each noun."""
    found = set[tuple[str, str]]()
    for line in index.read_text("utf-8").splitlines():
        if not line.startswith("  "):
            parts = line.split()
            found.update((parts[0], number) for number in parts[-int(parts[2]) :][:_USUAL_SENSES])
    return found


def _below(top: str, under: dict[str, list[str]]) -> set[str]:
    found, waiting = {top}, [top]
    while waiting:
        for number in under.get(waiting.pop(), ()):
            if number not in found:
                found.add(number)
                waiting.append(number)
    return found


def _dictionary(folder: Path) -> set[str]:
    """All single words that WordNet writes in small letters, of any part of speech."""
    words = set[str]()
    for part in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"data.{part}").read_text("utf-8").splitlines():
            if not line.startswith("  "):
                parts = line.split(" | ")[0].split()
                words.update(parts[4 + 2 * n].split("(")[0] for n in range(int(parts[3], 16)))
    return {word for word in words if word.isascii() and word.isalpha() and word.islower()}


if __name__ == "__main__":
    print("{} kinds of nouns, {} further words".format(*build(Path(sys.argv[1]))))  # noqa: T201
