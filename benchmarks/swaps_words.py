"""Swaps of polarity, of who or what is spoken of, and of yes and no in real answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from random import Random

from benchmarks.swaps_forms import Edit, found_in

_GUARD = re.compile(
    r"\b(?:if|whether|although|may|might|could|possibl[ye]|unless|would|when|until|not only)\b|\?", re.I
)
_WHO = r"(?:[Hh]e|[Ss]he|[Ii]t|[Tt]hey|[Tt]he patient|[Pp]atient|[Tt]his patient|[Tt]here|I|[Ww]e|You|This)"
_POLARITY: tuple[tuple[str, str, str], ...] = (
    # taken away
    (r"\b([Dd])enies (?:any )?", "{D}oes report ", "denies"),
    (r"\b([Dd])enied (?:any )?", "{D}id report ", "denies"),
    (r"\b(?P<aux>is|was|are|were|has|have|had|do|does|did|can|will|should|must) not\b(?! only)", r"\g<aux>",
     "not-dropped"),
    (r"\bcannot\b", "can", "not-dropped"),
    (r"\b(?P<aux>is|was|are|were|has|have|had|do|does|did)n't\b", r"\g<aux>", "contraction"),
    (r"\bcan't\b", "can", "contraction"),
    (r"\bwon't\b", "will", "contraction"),
    (r"(?<=\bhas )no (?=history|evidence|family history)", "a ", "no"),
    (r"(?<=\bhad )no (?=history|evidence|family history|previous|prior)", "a ", "no"),
    (r"(?<=\b[Tt]here is )no ", "a ", "no"),
    (r"(?<=\b[Tt]here was )no ", "a ", "no"),
    (r"(?<=\b[Tt]here are )no ", "several ", "no"),
    (r"\bNo (?P<what>history|family history|evidence) of\b", r"Clear \g<what> of", "no"),
    (r"\bno (?P<what>history|family history|evidence) of\b", r"a clear \g<what> of", "no"),
    (r"\bNo known (?P<what>drug |medication |medical )?allergies\b", r"Known \g<what>allergies", "no"),
    (r"^No (?P<what>[a-z]+(?: [a-z]+)?)\.", r"There is \g<what>.", "no"),
    (r"\b(?P<who>[Hh]as|[Hh]ad) no known\b", r"\g<who> known", "no"),
    (r"\bwithout (?=any )?", "with ", "without"),
    (r"\bNegative for\b", "Positive for", "negative"),
    (r"\bnegative for\b", "positive for", "negative"),
    (r"\bnonsmoker\b|\bnon-smoker\b", "smoker", "prefix"),
    (r"\bunable to\b", "able to", "prefix"),
    (r"\b(?P<who>has|have) never\b", r"\g<who>", "never"),
    # put in
    (rf"\b(?P<who>{_WHO}) (?P<aux>is|was|are|were) "
     r"(?=[a-z]+(?:ed|ing|ent|able|al|ive|ant|ful|ous)\b)(?!unable|being|having)",
     r"\g<who> \g<aux> not ", "not-added"),
    (r"\b(?P<who>[Hh]e|[Ss]he|[Tt]he patient|[Pp]atient) (?:reports|states|admits) "
     r"(?!no |not |any )(?=[a-z]+ (?:pain|and|use|fever|cough))",
     r"\g<who> denies ", "denies-added"),
    (r"\b(?P<who>[Hh]as|[Hh]ave|[Hh]ad) a (?=history|family history|past|positive|fever|cough)", r"\g<who> no ",
     "no-added"),
    (r"\bPositive for\b", "Negative for", "negative"),
    (r"\bpositive for\b", "negative for", "negative"),
    (r"\b(?P<who>a|A|former|heavy) smoker\b", r"\g<who> nonsmoker", "prefix"),
    (r"\b(?P<who>I|we|We|you|You|they|They|who) can (?!not)", r"\g<who> cannot ", "not-added"),
    (r"\b(?P<who>I'll|We'll) need to\b", r"\g<who> not need to", "not-added"),
    (r"\bSmokes\b", "Does not smoke", "not-added"),
    (r"\bDrinks\b", "Does not drink", "not-added"),
    (r"\b(?P<who>[Hh]e|[Ss]he|[Tt]he patient) smokes\b", r"\g<who> does not smoke", "not-added"),
    (r"\b(?P<who>[Hh]e|[Ss]he|[Tt]he patient) lives\b", r"\g<who> does not live", "not-added"),
    (r"\b(?P<who>[Hh]e|[Ss]he|[Tt]he patient|[Pp]atient|[A-Z][a-z]+) has (?=diabetes|hypertension|asthma|been|had|had)",
     r"\g<who> has not ", "not-added"),
)  # fmt: skip
_POOLS: dict[str, tuple[str, ...]] = {
    "country": (
        "France", "Germany", "Italy", "Spain", "Japan", "China", "India", "Russia", "Canada", "Australia", "Brazil",
        "Mexico", "Poland", "Sweden", "Norway", "Egypt", "Israel", "Iran", "Iraq", "Turkey", "England", "Ireland",
        "Scotland", "Pakistan", "Afghanistan", "Argentina", "Chile", "Austria", "Greece",
    ),
    "city": (
        "London", "Paris", "New York", "Chicago", "Boston", "Los Angeles", "San Francisco", "Berlin", "Tokyo", "Madrid",
        "Moscow", "Athens", "Baghdad", "Beijing", "Toronto", "Sydney", "Seattle", "Houston", "Dallas", "Miami", "Rome",
    ),
    "state": (
        "California", "Texas", "Florida", "Ohio", "Virginia", "Illinois", "Michigan", "Pennsylvania", "Arizona",
        "Massachusetts", "Minnesota", "Wisconsin", "Oregon", "Colorado", "Georgia", "Kentucky", "Louisiana",
    ),
    "people": (
        "American", "British", "French", "German", "Italian", "Spanish", "Japanese", "Chinese", "Indian", "Russian",
        "Canadian", "Australian", "Mexican", "Swedish", "Dutch", "Polish", "Iraqi", "Israeli",
    ),
    "drug": (
        "aspirin", "ibuprofen", "penicillin", "amoxicillin", "metformin", "lisinopril", "atenolol", "prednisone",
        "Percocet", "Vicodin", "morphine", "Tylenol", "Lasix", "Coumadin", "Plavix", "Zofran", "Lipitor", "insulin",
        "sulfa", "codeine", "Benadryl", "Bactrim", "Levaquin", "Nexium", "Lexapro", "Xanax", "albuterol", "Advair",
    ),
    "condition": (
        "hypertension", "diabetes", "asthma", "pneumonia", "arthritis", "depression", "osteoporosis", "epilepsy",
        "anemia", "migraine", "glaucoma", "hypothyroidism", "bronchitis", "sinusitis", "stroke", "gout", "psoriasis",
        "breast cancer", "colon cancer", "lung cancer", "prostate cancer", "dementia", "sciatica", "hepatitis",
    ),
    "operation": (
        "appendectomy", "cholecystectomy", "hysterectomy", "tonsillectomy", "laminectomy", "splenectomy", "mastectomy",
        "hernia repair", "hip replacement", "knee replacement", "cesarean section", "vasectomy",
    ),
    "relative": (
        "mother", "father", "brother", "sister", "grandmother", "grandfather", "aunt", "uncle", "husband", "wife",
    ),
    "side": ("left", "right"),
    "body": ("knee", "hip", "shoulder", "elbow", "ankle", "wrist", "neck", "thumb"),
    "team": ("billing", "shipping", "subscription", "security", "technical", "returns", "privacy", "retention"),
    "subject": ("World politics", "Sports", "Business", "Science and technology"),
    "class": (
        "Company", "Artist", "Athlete", "Politician", "Building", "Village", "Animal", "Plant", "Album", "Film",
    ),
    "work": ("teacher", "nurse", "engineer", "driver", "painter", "lawyer", "cook", "mechanic", "secretary", "farmer"),
}  # fmt: skip
_FIRST = (
    "John", "William", "Henry", "James", "Robert", "David", "Michael", "Thomas", "Richard", "George", "Charles", "Paul",
    "Peter", "Mary", "Anna", "Maria", "Martin", "Mark", "Steven", "Daniel",
)  # fmt: skip
_LAST = ("Weller", "Haines", "Brook", "Olsen")
_COMPOUND_BEFORE = re.compile(r"\b(?:truck|total|partial|type \w+|gestational) $")
_COMPOUND_AFTER = re.compile(r" (?:mellitus|headaches?|surgery|aid|home)")
_NO_SIDE_AFTER = re.compile(r"[- ]?(?:hand|foot)ed| away|\.? ?(?:and|or) (?:left|right)")
_NO_SIDE_BEFORE = re.compile(r"\b(?:is|was|all|be|just|been|the) $|left and $|right and $")
_NAME = re.compile(rf"\b(?:{'|'.join(_FIRST)}) (?:[A-Z]\. )?[A-Z][a-z]+\b")
_COMPANIES = ("Google", "Microsoft", "IBM", "Yahoo", "Intel", "Oracle", "Sony", "Apple", "Dell", "Boeing", "Airbus")
SAID_OUT: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "glue_qqp_same_thing": (
        ("Yes, both ask the same thing.", "Yes. They are the same question in other words."),
        ("No, they ask different things.", "No. The two questions are not the same."),
    ),
    "glue_qqp_answer": (
        ("Yes, one answer fits both.", "Yes, it can be used for both questions."),
        ("No, it would not answer the other question.", "No, it cannot be used for the other one."),
    ),
    "glue_mrpc_want_to_know": (
        ("Yes, they do.", "Yes, both sentences mean the same."),
        ("No, they do not.", "No, the sentences differ in meaning."),
    ),
    "glue_mrpc_equivalent": (
        ("Equivalent: they say the same.", "The sentences are equivalent."),
        ("Not equivalent, they say different things.", "The sentences are not equivalent."),
    ),
    "paws_labeled_final_PAWS_ANLI_GPT3": (
        ("True, that follows from the text.", "That is true."),
        ("False, the text says something else.", "That is false."),
    ),
    "amazon_polarity_Is_this_review_negative": (
        ("Yes, the review is negative.", "Yes, the buyer is unhappy."),
        ("No, the review is positive.", "No, the buyer is satisfied."),
    ),
    "imdb_Reviewer_Enjoyment": (
        ("They enjoyed it.", "The reviewer liked the movie."),
        ("They did not enjoy it.", "The reviewer did not like the movie."),
    ),
}
"""Template: what yes and what no sound like in a sentence."""


def negation_swaps(text: str, draw: Random) -> Iterator[Edit]:
    """A negation taken away or put in, where no condition or question stands before it in its sentence."""
    for pattern, other, form in _POLARITY:
        for found in found_in(pattern, text):
            start = max(text.rfind(sign, 0, found.start()) for sign in ".!?\n;") + 1
            end = re.compile(r"[.?!\n]|$").search(text, found.end())
            if _GUARD.search(text[start : end.end() if end else None]):
                continue
            new = found.expand(other) if "{" not in other else other.replace("{D}", found[1])
            if form == "denies":  # "does report", "did report": where a subject stands before it, the plain verb
                plain = {"denies": "reports ", "denied": "reported "}[found[0].split()[0].lower()]
                new = plain.capitalize() if found[0][0] == "D" else plain
            yield Edit(found.start(), found.end(), new, form)


def entity_swaps(text: str, choices: tuple[tuple[str, str], ...], task: str, draw: Random) -> Iterator[Edit]:
    """Another of the same kind: a country, a drug, a relative, a side of the body, a person, one of the choices."""
    if any(text == choice for choice, _ in choices):
        other = draw.choice([choice for choice, _ in choices if choice != text])
        yield Edit(0, len(text), other, "choice")
        return
    low = text.lower()
    for kind, pool in _POOLS.items():
        if kind in ("subject", "class") and text not in pool:
            continue
        if kind in ("body", "drug", "condition", "operation", "relative", "side") and task != "clinic":
            continue
        for name in pool:
            for found in found_in(_as_word(name), text, re.I if name.islower() else 0) if name.lower() in low else ():
                after, before = text[found.end() : found.end() + 14], text[max(0, found.start() - 12) : found.start()]
                if kind == "side" and (_NO_SIDE_AFTER.match(after) or _NO_SIDE_BEFORE.search(before)):
                    continue
                if kind in ("body", "side") and re.search(
                    r"\b(?:come|came|comes|get|got|went|go|on|off) $|bring $", before
                ):
                    continue
                if _COMPOUND_BEFORE.search(before) or _COMPOUND_AFTER.match(after):
                    continue
                if kind == "city" and re.match(r" (?:City|[A-Z][a-z]+)", after):
                    continue
                if kind == "team" and not after.startswith((" team", " support", " spec")):
                    continue
                born = kind == "relative" and re.search(r"(?:mat|pat)ernal $", before)
                others = ("grandmother", "grandfather", "aunt", "uncle") if born else pool
                other = draw.choice(
                    [each for each in others if each != name and name not in each and each not in text] or [""]
                )
                if other:
                    other = other[0].upper() + other[1:] if found[0][0].isupper() else other
                    yield Edit(found.start(), found.end(), other, kind)
    for name in _COMPANIES:
        for found in found_in(rf"\b{name}\b", text):
            yield Edit(
                found.start(), found.end(), draw.choice([each for each in _COMPANIES if each != name]), "company"
            )
    for found in _NAME.finditer(text):
        first = draw.choice([name for name in _FIRST if name not in text] or ["Arthur"])
        other = f"{first} {draw.choice(_LAST)}"
        yield Edit(found.start(), found.end(), other, "person")


@cache
def _as_word(name: str) -> str:
    return rf"(?<![\w-]){re.escape(name)}(?![\w-])"


def yes_no_swaps(text: str, task: str, draw: Random) -> Iterator[Edit]:
    """Yes for no and no for yes, as one word or as a sentence."""
    if (side := said(text, task)) is None:
        return
    for other in SAID_OUT[task][side]:  # 0 = yes is said now, so the second list is the other side
        yield Edit(0, len(text), other, "sentence")
    bare = {"yes": "no", "no": "yes", "true": "false", "false": "true", "equivalent": "not equivalent",
            "not equivalent": "equivalent"}.get(text.strip(".").lower())  # fmt: skip
    if bare:
        yield Edit(0, len(text), bare.capitalize() if text[0].isupper() else bare, "bare")
    elif "didn't" in text:
        yield Edit(0, len(text), text.replace("didn't like", "liked"), "bare")
    else:
        yield Edit(0, len(text), text.replace("liked", "didn't like"), "bare")


def said(text: str, task: str) -> int | None:
    """1 where the answer says yes, 0 where it says no: the side of ``SAID_OUT`` that contradicts it; else None."""
    if task not in SAID_OUT:
        return None
    plain = text.strip(" .!").lower()
    if plain in ("yes", "true", "equivalent", "they liked it"):
        return 1
    return 0 if plain in ("no", "false", "not equivalent", "they didn't like it") else None
