"""For planting the faults that real chat sets carry: each function breaks one clean chat, or copies it, in one way."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from icd10_chats import Case, Messages, title

SYSTEM, USER, ASSISTANT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Broken:
    """A chat with a fault: the turn that carries it (0-based), what was done, and the planted text if there is one."""

    messages: Messages
    turn: int
    note: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Twin:
    """Two codes told apart by one negation; `wording` holds both words as "{with|without}"."""

    yes: str
    no: str
    who: str
    wording: str

    def case(self, negated: bool) -> Case:
        """The affirmed or the negated case."""
        words = re.sub(r"\{(.*?)\|(.*?)\}", r"\2" if negated else r"\1", self.wording)
        return Case(self.no if negated else self.yes, self.who, words)


TWINS = (
    Twin("A37.01", "A37.00", "c", "whooping cough due to Bordetella pertussis {with|with no} pneumonia"),
    Twin("B17.11", "B17.10", "a", "acute hepatitis C {with|without} hepatic coma"),
    Twin("F40.01", "F40.02", "a", "agoraphobia, {reports|denies} panic attacks (panic disorder)"),
    Twin("G47.11", "G47.12", "a", "idiopathic hypersomnia {with|without} a long sleep time"),
    Twin("G54.6", "G54.7", "a", "a phantom limb syndrome, {reports|denies} pain"),
    Twin("G70.01", "G70.00", "a", "myasthenia gravis {with|without} an acute exacerbation"),
    Twin("I73.01", "I73.00", "a", "Raynaud's syndrome {with|with no} gangrene"),
    Twin("I85.01", "I85.00", "a", "esophageal varices {with|without} bleeding"),
    Twin("J85.1", "J85.2", "a", "an abscess of the lung {with|without} pneumonia"),
    Twin("K29.01", "K29.00", "a", "acute gastritis, {reports|denies} bleeding"),
    Twin("K55.21", "K55.20", "a", "angiodysplasia of the colon {with|without} hemorrhage"),
    Twin("K70.11", "K70.10", "a", "alcoholic hepatitis {with|without} ascites"),
    Twin("L05.01", "L05.91", "y", "a pilonidal cyst {with|with no} abscess"),
    Twin("M31.31", "M31.30", "a", "Wegener's granulomatosis {with|without} renal involvement"),
    Twin("N30.01", "N30.00", "f", "acute cystitis, {reports|denies} hematuria"),
    Twin("N40.1", "N40.0", "m", "benign prostatic hyperplasia, {reports|denies} lower urinary tract symptoms"),
)

NUMBERED = (
    (Case("L89.153", "e", "a pressure ulcer of the sacral region, stage 3"), "stage 3", "stage 2"),
    (Case("N18.1", "a", "chronic kidney disease of stage 1"), "stage 1", "stage 2"),
    (Case("Z3A.20", "f", "a pregnancy of 20 weeks gestation"), "20 weeks", "21 weeks"),
    (Case("Z68.31", "a", "an adult body mass index of 31.4"), "31.0-31.9", "33.0-33.9"),
)
"""A case whose title states a number, that number, and a number that cannot be right beside it."""

EDITS = (
    ("was seen for", "was seen because of"),
    ("Which code applies?", "Which code applies here?"),
    ("We saw", "We have seen"),
    ("should we use?", "should be used?"),
    ("came to the clinic with", "came to our clinic with"),
    ("What is the right code?", "What is the correct code?"),
    ("Which of these codes fits?", "Which of the codes fits?"),
    ("Select one code:", "Please select one code:"),
    ("presenting with", "who presents with"),
    ("Pick the code:", "Pick one code:"),
    ("Discharge diagnosis of", "Diagnosis at discharge of"),
    ("Name the code and count its characters.", "Name the code and count all its characters."),
    ("The record of", "The chart of"),
    ("Which candidate is correct, and", "Which candidate is right, and"),
    ("Auditing the stay of", "Auditing one stay of"),
    ("State the final code and its length.", "State the final code and the length."),
)

TONES: tuple[tuple[str, str], ...] = (
    ("emoji and greeting", "Hey there! \N{SMILING FACE WITH SMILING EYES} {answer}"),
    ("slang", "{answer} Super easy one, lol, no need to overthink it!"),
    ("assistant boilerplate", "As an AI language model, I cannot give medical advice. {answer}"),
    ("praise and exclamation marks", "Great question!!! {answer}"),
    ("grumbling", "Ugh, these lists are such a mess. Anyway, it's gotta be {code}, {title}, ok?"),
    ("pity and emoji", "Oh wow, poor thing!! I'd totally go with {code}, {title}! \N{PERSON WITH FOLDED HANDS}"),
    ("slang", "Dude, {code} for sure. {title}, no doubt about it!"),
    ("sales talk", "Sure thing, happy to help you today! {answer} Have a wonderful day! \N{PARTY POPPER}"),
)

DRIFTS: tuple[tuple[str, Callable[[str, str], str]], ...] = (
    ("no final full stop", lambda text, code: text.removesuffix(".")),
    ("code in lower case", lambda text, code: text.replace(code, code.lower())),
    ("bullet before the answer", lambda text, code: f"* {text}"),
    ("curly quotes around the code", lambda text, code: text.replace(code, f"\u201c{code}\u201d")),
    ("double spaces", lambda text, code: text.replace(" ", "  ")),
    ("no final full stop", lambda text, code: text.removesuffix(".")),
    ("code in lower case", lambda text, code: text.replace(code, code.lower())),
    ("code in bold", lambda text, code: text.replace(code, f"**{code}**")),
    ("curly quotes around the title", lambda text, code: text.replace(title(code), f"\u201c{title(code)}\u201d")),
    ("trailing spaces and a line break", lambda text, code: f"{text}  \n"),
)

EMPTY_ANSWERS = (("empty answer", ""), ("answer of blanks", " \n"), ("empty answer", ""), ("answer of blanks", "  "))
BLANK_TURNS = ((USER, "   "), (SYSTEM, ""), (USER, "\n\n"), (SYSTEM, " \n "))

PLACEHOLDERS: tuple[tuple[int, str, str], ...] = (
    (USER, "{{patient_name}}", r"\b[Aa]n? \d+-year-old \w+"),
    (USER, "{{age}}", r"\d+(?=-year-old)"),
    (ASSISTANT, "Dear {{coder_name}}, ", r"^"),
    (USER, "{{visit_date}}: ", r"^"),
    (ASSISTANT, " Signed {{department}}.", r"$"),
)

FIRST_NAMES = ("marta", "jonas", "priya", "tomas", "helen", "amara", "felix", "nadia")
LAST_NAMES = ("velasco", "lindqvist", "okafor", "brandt", "moreau", "castell", "whitby", "sorensen")


def words3_jaccard(a: str, b: str) -> float:
    """Jaccard similarity, in [0, 1], of the three-word shingles of two texts, in lower case, without punctuation."""

    def shingles(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"\w+", text.lower())
        return {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))}

    one, two = shingles(a), shingles(b)
    return len(one & two) / len(one | two)


def with_turn(messages: Messages, turn: int, content: str) -> Messages:
    """The chat with one turn replaced."""
    return tuple((role, content if i == turn else text) for i, (role, text) in enumerate(messages))


def near_copy(messages: Messages, rng: random.Random) -> Broken:
    """The chat with one or two words of the question edited, at word-3 Jaccard 0.7 or more."""
    text = messages[USER][1]
    fitting = [edit for edit in EDITS if edit[0] in text]
    edited = text
    for old, new in rng.sample(fitting, rng.randint(1, len(fitting))):
        if words3_jaccard(text, edited.replace(old, new)) >= 0.7:
            edited = edited.replace(old, new)
    return Broken(with_turn(messages, USER, edited), USER, "light edits of the question")


def tone_break(messages: Messages, code: str, nth: int) -> Broken:
    """The answer in a chatty, slangy or gushing voice; the code stays right."""
    note, form = TONES[nth]
    text = form.format(answer=messages[ASSISTANT][1], code=code, title=title(code))
    return Broken(with_turn(messages, ASSISTANT, text), ASSISTANT, note)


def format_drift(messages: Messages, code: str, nth: int) -> Broken:
    """The answer in another format than the department's."""
    note, change = DRIFTS[nth]
    return Broken(with_turn(messages, ASSISTANT, change(messages[ASSISTANT][1], code)), ASSISTANT, note)


def empty_answer(messages: Messages, code: str, nth: int) -> Broken:
    """No answer at all."""
    note, text = EMPTY_ANSWERS[nth]
    return Broken(with_turn(messages, ASSISTANT, text), ASSISTANT, note)


def blank_turn(messages: Messages, code: str, nth: int) -> Broken:
    """A user or system turn without text."""
    turn, text = BLANK_TURNS[nth]
    return Broken(with_turn(messages, turn, text), turn, f"blank {messages[turn][0]} turn")


def can_be_cut(code: str) -> bool:
    """True where the title ends in a word long enough to be cut in the middle."""
    return re.search(r"[a-z]{7,}$", title(code)) is not None


def truncated_answer(messages: Messages, code: str, nth: int) -> Broken:
    """The answer cut in the middle of its last word."""
    text = messages[ASSISTANT][1].removesuffix(".")
    return Broken(with_turn(messages, ASSISTANT, text[: -4 + nth % 2]), ASSISTANT, "cut in the middle of the last word")


def placeholder(messages: Messages, code: str, nth: int) -> Broken:
    """A `{{name}}` of the template that wrote the row, left unfilled."""
    turn, text, place = PLACEHOLDERS[nth]
    filled = re.sub(place, text, messages[turn][1], count=1)
    mark = re.findall(r"\{\{\w+\}\}", text)[0]
    return Broken(with_turn(messages, turn, filled), turn, "template variable left in", mark)


def personal_data(messages: Messages, kind: str, rng: random.Random) -> Broken:
    """The question with an e-mail address, a phone, card or social security number; invented, but of valid form."""
    sentence, value = {"email": _email, "phone": _phone, "card": _card, "ssn": _ssn}[kind](rng)
    return Broken(with_turn(messages, USER, f"{messages[USER][1]}\n{sentence}"), USER, kind, value)


def luhn_digit(digits: Sequence[int]) -> int:
    """The check digit that makes `digits` plus itself pass the Luhn test (ISO/IEC 7812-1, annex B)."""
    total = sum(sum(divmod(2 * digit, 10)) if i % 2 == 0 else digit for i, digit in enumerate(reversed(digits)))
    return -total % 10


def _email(rng: random.Random) -> tuple[str, str]:
    host = rng.choice(("larkmoor-clinic.org", "saltgate-hospital.net", "northvale-health.org"))
    value = f"{rng.choice(FIRST_NAMES)}.{rng.choice(LAST_NAMES)}@{host}"
    return f"Send the result to {value}.", value


def _phone(rng: random.Random) -> tuple[str, str]:
    # 555-0100 to 555-0199 is kept free for fiction in the North American numbering plan.
    value = f"({rng.choice((212, 312, 415, 617, 713))}) 555-01{rng.randint(10, 99)}"
    return f"Call the patient back at {value}.", value


def _card(rng: random.Random) -> tuple[str, str]:
    digits = [4, 0, 0, 0, 0, 0, *(rng.randint(0, 9) for _ in range(9))]  # 4000 00 is a range of test cards
    digits.append(luhn_digit(digits))
    value = " ".join("".join(map(str, digits[i : i + 4])) for i in range(0, 16, 4))
    return f"Copay taken from credit card {value}.", value


def _ssn(rng: random.Random) -> tuple[str, str]:
    value = f"{rng.randint(800, 899)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}"
    return f"SSN {value} on file.", value
