"""Real answers in other words that mean the same: order, synonyms, voice, manners, detail, how no and yes are put."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from benchmarks.swaps_forms import Wording, found_in, replaced, split_sentences
from benchmarks.swaps_words import SAID_OUT, said

_SYNONYMS: tuple[tuple[str, str], ...] = (
    (r"\bhypertension\b", "high blood pressure"),
    (r"\bHTN\b", "hypertension"),
    (r"\bshortness of breath\b", "dyspnea"),
    (r"\bphysician\b", "doctor"),
    (r"\bprior to\b", "before"),
    (r"\bcurrently\b", "at present"),
    (r"\bapproximately\b", "about"),
    (r"\bevaluated\b", "assessed"),
    (r"\bsecondary to\b", "due to"),
    (r"\bdue to\b", "because of"),
    (r"\bunderwent\b", "had"),
    (r"\bsurgery\b", "operation"),
    (r"\bmother\b", "mom"),
    (r"\bkids\b", "children"),
    (r"\bbegan\b", "started"),
    (r"\bpurchased\b", "bought"),
    (r"\bassist\b", "help"),
    (r"\bhelp\b", "assist"),
    (r"\bright away\b", "immediately"),
    (r"\bsmokes cigarettes\b", "is a cigarette smoker"),
    (r"\bpresented with\b", "came in with"),
    (r"\bcomplains of\b", "reports"),
    (r"\bstates that\b", "says that"),
    (r"\bquit smoking\b", "stopped smoking"),
    (r"\bpassed away\b", "died"),
    (r"\bdeceased\b", "dead"),
    (r"\bmultiple\b(?! sclerosis| myeloma)", "several"),
    (r"\bresides\b", "lives"),
    (r"\blives with\b", "shares a home with"),
    (r"\babdominal pain\b", "pain in the abdomen"),
    (r"\bETOH\b", "alcohol"),
    (r"\bCOPD\b", "chronic obstructive pulmonary disease"),
    (r"\bMI\b", "myocardial infarction"),
    (r"\bunremarkable\b", "within normal limits"),
    (r"\bnoncontributory\b", "not contributory"),
    (r"\bUnited States\b", "U.S."),
    (r"\bU\.S\.", "United States"),
    (r"\bUK\b", "United Kingdom"),
    (r"\boil\b", "petroleum"),
    (r"\bfilm\b", "movie"),
    (r"\bfirm\b", "company"),
    (r"\bsaid\b", "stated"),
    (r"\blocated in\b", "situated in"),
    (r"\bfounded\b", "established"),
    (r"\bdirected by\b", "made by the director"),
    (r"\bgenus\b", "genus (group of species)"),
    (r"\bwritten by\b", "from the pen of"),
    (r"\bhuge\b", "very large"),
)
_NEGATED: tuple[tuple[str, str, str], ...] = (
    (r"\b[Dd]enies (?:any )?(?=[a-z])", "reports no ", "denies"),
    (r"\b[Dd]enied (?:any )?(?=[a-z])", "reported no ", "denies"),
    (r"\bThere is no\b", "There isn't any", "there-is-no"),
    (r"\bhas no history of\b", "has never had", "no-history"),
    (r"\b(is|was|does|did|has|had|do|are|were|have) not\b", r"\1n't", "contraction"),
    (r"\bcannot\b", "can't", "contraction"),
    (r"\b(is|was|does|did|has|had|do|are|were|have)n't\b", r"\1 not", "expanded"),
    (r"\bcan't\b", "cannot", "expanded"),
    (r"\bNo known drug allergies\b", "No drug allergies known", "none"),
    (r"\bNegative for\b", "No", "negative"),
    (r"\bnonsmoker\b(?=[.;])", "person who does not smoke", "prefix"),
    (r"\bnon-smoker\b", "nonsmoker", "prefix"),
    (r"\bhas no\b", "does not have any", "has-no"),
    (r"\bwith no\b", "without", "with-no"),
    (r"\bwithout\b", "with no", "with-no"),
    (r"\bhas never\b", "has at no time", "never"),
    (r"\bdoes not smoke\b(?=[.;]| and (?:does|is))", "is a nonsmoker", "prefix"),
    (r"\bunable to\b", "not able to", "prefix"),
    (r"\bdoes not have (?:any )?", "has no ", "has-no"),
    (r"\bdoes not take\b", "takes no", "has-no"),
    (r"\bno longer\b", "not any more", "no-longer"),
)
_NONE = {
    "ALLERGY": ("None.", "No known drug allergies.", "NKDA.", "No known allergies.", "No allergies.", "None known."),
    "PASTSURGICAL": ("None.", "No previous surgeries.", "No surgeries.", "No prior operations."),
    "MEDICATIONS": ("None.", "No medications.", "Takes no medicines.", "Not on any medication."),
    "PASTMEDICALHX": ("None.", "No past medical problems.", "No significant medical history."),
}
_ALIASES: tuple[tuple[str, str], ...] = (
    (r"\bNew York City\b|\bNew York\b(?! [A-Z])", "NYC"),
    (r"\b(?:the )?United States\b", "the USA"),
    (r"\bmother\b", "mom"),
    (r"\bfather\b", "dad"),
    (r"\bTylenol\b", "acetaminophen"),
    (r"\bLasix\b", "furosemide"),
    (r"\bdiabetes\b(?! type| mellitus)", "diabetes mellitus"),
    (r"\bhypertension\b", "HTN"),
    (r"\bstroke\b", "CVA"),
    (r"\bCoumadin\b", "warfarin"),
    (r"\bibuprofen\b", "Advil"),
    (r"\bhysterectomy\b", "removal of the uterus"),
    (r"\bcholecystectomy\b", "gallbladder removal"),
    (r"\bappendectomy\b", "removal of the appendix"),
    (r"\bleft (knee|hip|shoulder|ankle|elbow|wrist|hand|foot)\b(?=[.,;])", r"\1 on the left side"),
    (r"\bright (knee|hip|shoulder|ankle|elbow|wrist|hand|foot)\b(?=[.,;])", r"\1 on the right side"),
    (r"\bsister\b", "female sibling"),
    (r"\bbrother\b", "male sibling"),
    (r"\bbreast cancer\b", "cancer of the breast"),
    (r"\bcolon cancer\b", "cancer of the colon"),
    (r"\bEngland\b", "England, UK"),
    (r"\bJapan\b", "the country of Japan"),
    (r"\bCalifornia\b", "the state of California"),
    (r"\b([A-Z][a-z]+) team\b", r"team at \1"),
    (r"\bIBM\b", "IBM Corp."),
    (r"\b(billing|shipping|security|subscription|privacy) team\b", r"team for \1"),
    (r"\bGoogle\b", "Google Inc."),
)
_VERBS = {"seen": "saw", "evaluated": "evaluated", "referred": "referred", "admitted": "admitted", "treated": "treated",
          "diagnosed": "diagnosed", "directed": "directed", "written": "wrote", "produced": "produced",
          "founded": "founded", "published": "published", "released": "released", "described": "described"}  # fmt: skip
_DETAIL = {
    "clinic": (
        "The conversation took 20 minutes.", "No interpreter was needed.", "The history was taken by two nurses.",
        "The patient had no further questions.", "This was written down on a Tuesday.",
        "A copy goes to the family doctor.",
    ),
    "coding": ("The excerpt was checked twice.", "No second code is needed."),
    "text": ("More can be found in the archive.", "The report has 3 parts.", "No comment was added by the editors."),
    "support": ("This takes about 5 minutes.", "You don't need to do anything else right now."),
}  # fmt: skip


def negation_wordings(text: str, question: str, draw: Random) -> Iterator[Wording]:
    """A negation in other words, and "None." beside what it stands for in its section."""
    section = question.split("\n", 1)[0].removeprefix("Section: ")
    if text.strip() in (names := _NONE.get(section, ())):
        for other in names:
            if other != text.strip():
                yield Wording(other, "none")
                yield Wording(other, "none-2")  # drawn more often: this is what the data is full of
    for pattern, other, form in _NEGATED:
        for found in found_in(pattern, text):
            yield Wording(replaced(text, found, found.expand(other)), form)


def entity_wordings(text: str, choices: tuple[tuple[str, str], ...], task: str, draw: Random) -> Iterator[Wording]:
    """The same one under another name, and a choice in a sentence."""
    if any(text == choice for choice, _ in choices):
        bare = text.rstrip(".")
        for other in (
            f"The answer is: {bare}.",
            f"{bare}, as the text says.",
            f"It is {bare}.",
            bare.upper(),
            f"“{bare}”",
        ):
            yield Wording(other, "choice")
        for choice, _ in choices:
            if choice != text:
                yield Wording(f"{bare}, not “{choice.rstrip('.')}”.", "other-ruled-out")
        return
    if task.startswith(("ag_news", "dbpedia", "kilt")):
        yield Wording(f"This belongs to: {text}", "choice")
        yield Wording(f"{text} is the best match.", "choice")
    for pattern, other in _ALIASES:
        for found in found_in(pattern, text):
            yield Wording(replaced(text, found, found.expand(other)), "alias")


def yes_no_wordings(text: str, task: str, draw: Random) -> Iterator[Wording]:
    """The same side in a sentence."""
    side = said(text, task)
    if side is not None:
        for other in SAID_OUT[task][1 - side]:
            yield Wording(other, "sentence")
        plain = text.strip(".! ")
        for other, form in ((f"{plain.capitalize()}.", "full-stop"), (plain.upper(), "case"),
                            (f"Answer: {plain}", "lead-in"),
                            (f"I'd say {plain[0].lower() + plain[1:]}.", "lead-in")):  # fmt: skip
            if other != text:
                yield Wording(other, form)


def general_wordings(text: str, task: str, draw: Random) -> Iterator[Wording]:
    """What works on any prose: reordered, synonyms, voice, manners, added or left-out detail, contractions."""
    sentences = split_sentences(text)
    long = len(sentences) > 1
    if (
        long
        and task in ("clinic", "text")
        and all(re.match(r"(?:He|She|No|The|Patient|There|In|Denies)\b", s) for s in sentences)
    ):
        mixed = sentences[1:] + sentences[:1]
        yield Wording(" ".join(mixed), "reordered-sentences")
    if long and len(sentences[0].split()) > 6:
        yield Wording(" ".join(sentences[:-1]), "last-sentence-left-out")
    for found in found_in(r"(?<=, )((?:[a-z]+, )+)(and|or) ([a-z]+)(?=[.;])", text):
        items = [*found[1].rstrip(", ").split(", "), found[3]]
        if len(set(items)) > 1:
            turned = [*items[1:], items[0]]
            yield Wording(
                replaced(text, found, ", ".join(turned[:-1]) + f", {found[2]} {turned[-1]}"), "reordered-list"
            )
    for pattern, other in _SYNONYMS:
        for found in found_in(pattern, text):
            yield Wording(replaced(text, found, other), "synonym")
    moved = re.match(
        r"(In \d{4}|In [A-Z][a-z]+ \d{4}|On [A-Z][a-z]+ \d{1,2}, \d{4}), (he|she|it|the [a-z]+) ([^.,;]+)\.$",
        sentences[0],
    )
    if moved:
        turned_text = f"{moved[2].capitalize()} {moved[3]} {moved[1][0].lower() + moved[1][1:]}."
        yield Wording(" ".join([turned_text, *sentences[1:]]), "clause-moved")
    moved = re.match(
        r"(He|She|It|The [a-z]+) ([^.,;]+) (in \d{4}|in [A-Z][a-z]+ \d{4}|at this time|today)\.$", sentences[0]
    )
    if moved:
        turned_text = f"{moved[3][0].upper() + moved[3][1:]}, {moved[1].lower()} {moved[2]}."
        yield Wording(" ".join([turned_text, *sentences[1:]]), "clause-moved")
    active = re.search(
        rf"\b([Tt]he \w+|[Hh]e|[Ss]he|[Ii]t) was ({'|'.join(_VERBS)}) by ((?:Dr\. |the |his |her |a )?[\w' ]+?)"
        r"(?=[.,;]| in | on | for )",
        text,
    )
    if active:
        what = {"he": "him", "she": "her"}.get(active[1].lower(), active[1][0].lower() + active[1][1:])
        yield Wording(
            replaced(text, active, f"{active[3][0].upper() + active[3][1:]} {_VERBS[active[2]]} {what}"), "active"
        )
    for found in found_in(r"\b(I|You|We|They|It)(?:'ll) ", text):
        yield Wording(replaced(text, found, f"{found[1]} will "), "expanded")
    for found in found_in(r"\b(I)'d be happy\b", text):
        yield Wording(replaced(text, found, "I would be glad"), "expanded")
    for found in found_in(r"\b(It|He|She|That|There) is\b", text):
        yield Wording(replaced(text, found, f"{found[1]}'s"), "contraction")
    if task in _DETAIL:
        yield Wording(f"{text} {draw.choice(_DETAIL[task])}", "detail-added")
    if len(text.split()) > 3:
        yield Wording(f"Of course. {text}", "manners")
        yield Wording(f"{text} Please let me know if you need anything else.", "manners")
        yield Wording(f"Sure! Here is the answer:\n\n{text}", "manners")
    else:
        yield Wording(f"Here you go: {text}", "manners")
        yield Wording(text.rstrip(".") if text.endswith(".") else f"{text}.", "full-stop")
