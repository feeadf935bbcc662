"""Tells two things of one kind (two drugs, two relatives) from two names of one thing, by a table made from WordNet.

``wordnet_kinds.txt.xz`` is made by ``scripts/wordnet_kinds.py``; WordNet's licence stands beside it. It is read when
first needed.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from curation.clash.words import relation, stem
from curation.clash.words_categories import listed

_TABLE = Path(__file__).with_name("wordnet_kinds.txt.xz")
_VAGUE = listed(
    """problem issue condition disease illness disorder symptom complaint injury infection pain ache discomfort trouble
    medication medicine drug tablet pill agent supplement surgery operation procedure repair place area region part
    side person people man woman boy girl child kid baby adult male female patient case worker employee staff member
    head expert professional specialist boss manager partner friend animal plant food meal dish thing item product
    vehicle building house home room tool machine device system computer program software set game sport language
    science field state country city town world land nation capital center centre family relative spouse parent
    sibling relation monkey ape cub puppy kitten spice seasoning sauce juice player soldier body back front half
    quarter point line base ground"""
)
_ENDINGS = ("ectomy", "otomy", "ostomy", "plasty", "oscopy", "centesis", "rrhaphy", "pexy")
_REPLACES = listed("replacement transplant bypass repair fusion ligation section fixation release removal")


@dataclass(frozen=True, slots=True)
class _Table:
    names: tuple[str, ...]  # of kinds
    kinds: list[frozenset[int]]  # by number of the meaning; empty where it is too wide to exclude another
    wider: list[tuple[int, ...]]  # meanings that cover it, one step up
    meanings: dict[str, tuple[int, ...]]  # noun -> meanings
    usual: dict[str, frozenset[int]]  # noun -> those of its commonest meanings
    words: frozenset[str]  # further words of the dictionary


@lru_cache(maxsize=1)
def _table() -> _Table:
    head, *lines = lzma.decompress(_TABLE.read_bytes()).decode().splitlines()
    kinds, wider = list[frozenset[int]](), list[tuple[int, ...]]()
    meanings: dict[str, list[int]] = {}
    usual: dict[str, set[int]] = {}
    for number, line in enumerate(lines[:-1]):
        mine, up, lemmas = line.split("\t")
        kinds.append(frozenset(map(int, mine.split(","))) if mine else frozenset())
        wider.append(tuple(map(int, up.split(","))) if up else ())
        for lemma in lemmas.split():
            noun = lemma.removeprefix("~").replace("_", " ")
            meanings.setdefault(noun, []).append(number)
            if lemma[0] != "~":
                usual.setdefault(noun, set()).add(number)
    return _Table(
        tuple(name.replace("_", " ") for name in head.split()),
        kinds,
        wider,
        {noun: tuple(found) for noun, found in meanings.items()},
        {noun: frozenset(found) for noun, found in usual.items()},
        frozenset(lines[-1].split()),
    )


def in_dictionary(word: str) -> bool:
    """Whether a word (case folded) is one of the language's, whatever it also names."""
    return any(word in (table := _table()).words or word in table.meanings for word in {word, *_singular(word)})


def common_word(word: str) -> bool:
    """Whether a word (case folded) is no name: one of the language's that names no person, place or drug."""
    table = _table()
    return any(each in table.words for each in {word, *_singular(word)})


def one_may_be_other(left: str, right: str) -> bool:
    """Whether two nouns or phrases (case folded) may name the same: a synonym, a broader or narrower word, a part."""
    table = _table()
    ours, theirs = _meanings(left), _meanings(right)
    return bool(_covering(ours, table) & theirs or _covering(theirs, table) & ours)


@lru_cache(maxsize=1 << 14)
def another_of_kind(left: str, right: str) -> str | None:
    """The kind of which two phrases (case folded) name two different things, or None.

    None where either is unknown or vague, where they may be one thing, or where one covers or contains the other. A
    phrase that the table does not hold is judged by its last word.
    """
    if found := _two_operations(left, right):
        return found
    one, other = _known(left), _known(right)
    if one is None or other is None:
        return None
    related = relation(stem(one), stem(other))
    if stem(one) == stem(other) or (related and related.agrees) or one in other.split() or other in one.split():
        return None
    if _vague(one) or _vague(other) or one_may_be_other(one, other):
        return None
    if (left != one or right != other) and any(
        one_may_be_other(a, b) for a, b in ((left, right), (left, other), (one, right))
    ):
        return None
    table = _table()
    shared = _kinds(one, table) & _kinds(other, table)
    return table.names[min(shared)] if shared else None


def _vague(noun: str) -> bool:
    return noun in _VAGUE or any(each in _VAGUE for each in _singular(noun))


def _known(phrase: str) -> str | None:
    table = _table()
    words = phrase.split()
    for start in range(len(words)):
        rest = " ".join(words[start:])
        if rest in table.meanings or any(each in table.meanings for each in _singular(rest)):
            return rest
    return None


def _two_operations(left: str, right: str) -> str | None:
    """Operations are told by how their names are built: an appendectomy, a knee replacement."""
    heads = [words[-1] if words else "" for words in (left.split(), right.split())]
    ends = [
        next((end for end in _ENDINGS if head.endswith(end)), head if head in _REPLACES and " " in phrase else "")
        for head, phrase in zip(heads, (left, right), strict=True)
    ]
    if not all(ends) or left == right:
        return None
    if all(end in _ENDINGS for end in ends):
        return "operation" if ends[0] == ends[1] and heads[0][:3] != heads[1][:3] else None
    if "plasty" in ends or "removal" in ends or "rrhaphy" in ends:
        return None  # a knee replacement is an arthroplasty, the removal of a gallbladder a cholecystectomy
    if ends[0] == ends[1]:
        return "operation" if not set(left.split()[:-1]) & set(right.split()[:-1]) else None
    return "operation"


def _singular(noun: str) -> tuple[str, ...]:
    if not noun.endswith("s") or len(noun) < 4 or noun.endswith("ss"):
        return ()
    forms = [noun[:-1]]
    if noun.endswith("es"):
        forms.append(noun[:-2])
    if noun.endswith("ies"):
        forms.append(noun[:-3] + "y")
    return tuple(forms)


def _meanings(noun: str) -> set[int]:
    table = _table()
    return {number for each in (noun, *_singular(noun)) for number in table.meanings.get(each, ())}


def _kinds(noun: str, table: _Table) -> set[int]:
    usual = {number for each in (noun, *_singular(noun)) for number in table.usual.get(each, ())}
    return {kind for number in usual for kind in table.kinds[number]}


def _covering(meanings: set[int], table: _Table) -> set[int]:
    found, waiting = set(meanings), list(meanings)
    while waiting:
        for number in table.wider[waiting.pop()]:
            if number not in found:
                found.add(number)
                waiting.append(number)
    return found
