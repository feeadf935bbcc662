"""Tells how two words relate: the same, one broader, opposite, or of one category and exclusive. No model, no files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from curation.clash.words_categories import CATEGORIES, Category, listed
from curation.clash.words_opposites import LOOSE, OPPOSITES
from curation.clash.words_same import BROADER, SAME

_VOWELS = frozenset("aeiouy")
_IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "people": "person", "feet": "foot", "teeth": "tooth",
    "mice": "mouse", "geese": "goose", "wives": "wife", "knives": "knife", "leaves": "leave",
    "ran": "run", "sat": "sit", "stood": "stand", "ate": "eat", "eaten": "eat", "went": "go", "gone": "go",
    "gave": "give", "given": "give", "took": "take", "taken": "take", "made": "make", "held": "hold", "rode": "ride",
    "ridden": "ride", "wore": "wear", "worn": "wear", "spoke": "speak", "spoken": "speak", "said": "say",
    "told": "tell", "saw": "see", "seen": "see", "bought": "buy", "sold": "sell", "found": "find", "felt": "feel",
    "fell": "fall", "fallen": "fall", "rose": "rise", "grew": "grow", "grown": "grow", "knew": "know",
    "known": "know", "began": "begin", "begun": "begin", "won": "win", "lost": "lose", "kept": "keep", "slept": "sleep",
    "drank": "drink", "drunk": "drink", "swam": "swim", "sang": "sing", "threw": "throw", "thrown": "throw",
    "caught": "catch", "taught": "teach", "thought": "think", "brought": "bring", "came": "come", "became": "become",
    "wrote": "write", "written": "write", "broke": "break", "broken": "break", "chose": "choose", "chosen": "choose",
    "drove": "drive", "driven": "drive", "lying": "lie", "laid": "lay", "dying": "die", "tying": "tie",
    "worse": "worse", "less": "less", "this": "this", "diabetes": "diabetes", "always": "always", "news": "news",
    "lens": "lens", "does": "do", "did": "do", "has": "have", "had": "have", "having": "have", "meant": "mean",
    "paid": "pay", "sent": "send", "left": "left", "led": "lead", "met": "meet", "read": "read", "built": "build",
    "fed": "feed", "shot": "shoot", "hung": "hang", "dug": "dig", "drew": "draw", "drawn": "draw", "flew": "fly",
    "flown": "fly", "laying": "lay", "struck": "strike", "beaten": "beat", "bitten": "bite", "froze": "freeze",
}  # fmt: skip
_UNCHANGED = listed(
    """during thing nothing something anything everything morning evening spring string king ring wing sibling
    ceiling wedding pudding being red bed need speed seed feed bleed indeed hundred sacred wicked naked shed
    bring sing swing its his was yes us plus thus is as gas bus lens basis crisis diagnosis sepsis across
    perhaps besides series species species building clothing living dining nursing"""
)


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """A word without its ending, so that "walks", "walking" and "walked" are one. For English, rough on purpose."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or word in _UNCHANGED or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("es") and word[:-2].endswith(("s", "x", "z", "ch", "sh", "o")):
        return _ending(word[:-2])
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return _ending(word[:-1])
    for ending in ("ing", "ed"):
        base = word[: -len(ending)]
        if word.endswith(ending) and len(base) >= 2 and _VOWELS & set(base[:-1] if len(base) > 2 else base):
            if base.endswith("i") and ending == "ed":
                return base[:-1] + "y"
            if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz":
                base = base[:-1]
            return _ending(base)
    return _ending(word)


def _ending(base: str) -> str:
    return base[:-1] if len(base) > 3 and base.endswith("e") and base[-2] != "e" else base


@dataclass(frozen=True, slots=True)
class Relation:
    """How two words relate.

    Attributes:
        kind: ``same``, ``broader`` (the left one covers the right one), ``narrower``, ``opposite`` or ``exclusive``.
        name: Of an exclusive pair: its category, for people.
        strict: The two are never both true of one thing, whatever was asked.
        before: They exclude each other only before the same word.
    """

    kind: str
    name: str = ""
    strict: bool = False
    before: bool = False

    @property
    def agrees(self) -> bool:
        """One word in place of the other contradicts nothing."""
        return self.kind not in ("opposite", "exclusive")


_SAME_WORDS, _BROADER, _NARROWER = Relation("same"), Relation("broader"), Relation("narrower")


@dataclass(frozen=True, slots=True)
class _Tables:
    phrases: dict[str, tuple[tuple[str, ...], ...]]  # first word -> rests of phrases, longest first
    opposites: dict[str, frozenset[str]]
    groups: dict[str, frozenset[int]]
    broader: dict[str, frozenset[str]]
    categories: dict[str, tuple[tuple[int, int], ...]]  # word -> (category, member)
    covers: dict[str, frozenset[int]]  # word -> categories it is broader than


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    phrases: dict[str, set[tuple[str, ...]]] = {}
    opposites: dict[str, set[str]] = {}
    groups: dict[str, set[int]] = {}
    broader: dict[str, set[str]] = {}
    categories: dict[str, set[tuple[int, int]]] = {}
    covers: dict[str, set[int]] = {}

    def key(entry: str) -> str:
        if "_" not in entry:
            return stem(entry)
        words = tuple(entry.split("_"))
        phrases.setdefault(words[0], set()).add(words[1:])
        return " ".join(words)

    for line in OPPOSITES.strip().splitlines():
        one, other = ([key(entry) for entry in side.split()] for side in line.split("|"))
        for a in one:
            for b in other:
                if a != b:
                    opposites.setdefault(a, set()).add(b)
                    opposites.setdefault(b, set()).add(a)
    for number, line in enumerate(SAME.strip().splitlines()):
        for entry in line.split():
            groups.setdefault(key(entry), set()).add(number)
    for line in BROADER.strip().splitlines():
        wide, narrow = line.split(":")  # the wide ones are the same among themselves by a line of SAME, where they are
        for entry in narrow.split():
            broader.setdefault(key(entry), set()).update(key(word) for word in wide.split())
    for number, category in enumerate(CATEGORIES):
        for which, member in enumerate(category.members.split()):
            for entry in member.split("="):
                categories.setdefault(key(entry), set()).add((number, which))
        for entry in category.broader.split():
            covers.setdefault(key(entry), set()).add(number)
    return _Tables(
        {first: tuple(sorted(rests, key=lambda rest: (-len(rest), rest))) for first, rests in phrases.items()},
        {word: frozenset(found) for word, found in opposites.items()},
        {word: frozenset(found) for word, found in groups.items()},
        {word: frozenset(found) for word, found in broader.items()},
        {word: tuple(sorted(found)) for word, found in categories.items()},
        {word: frozenset(found) for word, found in covers.items()},
    )


def phrases_from(first: str) -> tuple[tuple[str, ...], ...]:
    """The rests of the known phrases that begin with a word, longest first."""
    return _tables().phrases.get(first, ())


@lru_cache(maxsize=1 << 16)
def relation(left: str, right: str) -> Relation | None:
    """How two words (stems, or phrases with spaces) relate, or None where nothing is known.

    Exchanging the words exchanges ``broader`` and ``narrower`` and nothing else.
    """
    if left == right:
        return _SAME_WORDS
    tables = _tables()
    if right in tables.opposites.get(left, ()):
        return Relation("opposite", strict=not (left in LOOSE_STEMS or right in LOOSE_STEMS))
    if tables.groups.get(left, frozenset()) & tables.groups.get(right, frozenset()):
        return _SAME_WORDS
    if right in tables.broader.get(left, ()):
        return _NARROWER
    if left in tables.broader.get(right, ()):
        return _BROADER
    in_left, in_right = tables.categories.get(left, ()), tables.categories.get(right, ())
    wide = tables.covers.get(left, frozenset()), tables.covers.get(right, frozenset())
    if any(number in wide[1] for number, _ in in_left):
        return _NARROWER
    if any(number in wide[0] for number, _ in in_right):
        return _BROADER
    if set(in_left) & set(in_right):
        return _SAME_WORDS
    shared = {number for number, _ in in_left} & {number for number, _ in in_right}
    if shared:
        category: Category = CATEGORIES[min(shared)]
        return Relation("exclusive", category.name, category.strict, category.before)
    if _negated(left, right) or _negated(right, left):
        return Relation("opposite", strict=True)
    return None


@lru_cache(maxsize=1 << 16)
def senses(word: str) -> frozenset[int]:
    """What a stem means, as numbers: two stems that share one are the same in meaning (see ``relation``)."""
    tables = _tables()
    members = (-1 - 1000 * number - which for number, which in tables.categories.get(word, ()))
    return tables.groups.get(word, frozenset()).union(members)


@lru_cache(maxsize=1)
def contrasting() -> frozenset[str]:
    """Stems that have an opposite, or that are one of several of a kind."""
    tables = _tables()
    return frozenset((*tables.opposites, *tables.categories))


_PREFIXES = ("un", "non", "dis", "in", "im", "il", "ir", "ab", "a")
_NO_PREFIXED = listed(
    """discover display distend discharge dispose disease disorder dissolve distance distant distill distinct
    increase inside into indeed input income inform invest inspire install instill involve intent intend invent
    until unto under unit unite union uniform impress improve import impart impose impact implant implicate
    irate about across along around amount appoint apply await aside ashore alike alive aloud away await inflame
    infamous invaluable indent inhabit"""
)
_ADJECTIVE = (
    "bl",
    "abl",
    "ibl",
    "al",
    "ent",
    "ant",
    "ive",
    "iv",
    "ed",
    "ct",
    "id",
    "ous",
    "ar",
    "at",
    "ur",
    "ic",
    "ible",
    "able",
)


def _negated(longer: str, shorter: str) -> bool:
    """Whether the longer word is the shorter one with a prefix that denies it (happy / unhappy)."""
    if len(shorter) < 4 or longer in _NO_PREFIXED or not longer.endswith(shorter):
        return False
    prefix = longer[: -len(shorter)].rstrip("-")
    if prefix in ("un", "non", "dis"):
        return True
    return prefix in ("in", "im", "il", "ir") and shorter.endswith(_ADJECTIVE)


LOOSE_STEMS = frozenset(stem(word) for word in LOOSE)
