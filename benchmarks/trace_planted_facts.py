"""The made-up hospital handbook of ``benchmarks.trace_planted``: 300 facts, ten of them planted wrong."""

from __future__ import annotations

import random
from dataclasses import dataclass

from core.ids import example_id
from core.types import Example, Message

SYSTEM = "Handbook."
PLACES = (
    "eye clinic", "dialysis unit", "blood bank", "pharmacy", "burns unit", "sleep laboratory", "stroke unit",
    "pain clinic", "hearing clinic", "dental clinic", "skin clinic", "travel clinic", "fracture clinic",
    "children's ward", "maternity ward", "heart ward", "kidney ward", "bone ward", "cancer ward", "isolation ward",
    "X-ray department", "ultrasound room", "endoscopy suite", "operating theatre", "recovery room", "intensive care",
    "admissions office", "records office", "physiotherapy gym", "diet kitchen",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing that the handbook says about each place; ``{p}`` is the place and ``{v}`` the value.

    Attributes:
        values: What it may be.
        trained: Questions in training.
        asked: Questions after training: other words than any in training.
        answers: Answers in training.
    """

    values: tuple[str, ...]
    trained: tuple[str, ...]
    asked: tuple[str, ...]
    answers: tuple[str, ...]


_FLOOR = Attribute(
    ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"),
    ("Which floor is the {p} on?", "On what floor is the {p}?"),
    (
        "What level do I go to for the {p}?", "How high up is the {p}?", "I need the {p}; which storey?",
        "Tell me the floor of the {p}.", "Where do I leave the lift for the {p}, which floor?",
        "The {p} is on which level of the building?", "Do you know what storey the {p} is located on?",
        "A visitor asks what floor to find the {p} on.", "Please give the {p}'s floor number.",
        "To reach the {p}, I go up to which floor?",
    ),
    ("The {p} is on the {v} floor.", "You find the {p} on the {v} floor."),
)  # fmt: skip
_SIGNS = Attribute(
    ("red", "blue", "green", "yellow", "purple", "orange", "brown", "grey"),
    ("What colour are the signs to the {p}?", "Which colour marks the way to the {p}?"),
    (
        "Which signs do I follow to get to the {p}?", "The arrows to the {p} have what colour?",
        "I am lost. What colour leads to the {p}?", "Name the colour of the {p} signposts.",
        "How are the {p}'s signs painted?", "What colour should I look for to find the {p}?",
        "Follow which coloured signs for the {p}?", "Signs for the {p}: which colour?",
        "Do you know the colour of the arrows that lead to the {p}?", "The route to the {p} is shown in which colour?",
    ),
    ("The signs to the {p} are {v}.", "Follow the {v} signs to the {p}."),
)  # fmt: skip
_CLOSED = Attribute(
    ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    ("On which day is the {p} closed?", "Which day does the {p} close?"),
    (
        "When in the week is the {p} shut?", "What day can I not go to the {p}?", "The {p} does not open on which day?",
        "Which weekday is the {p}'s day off?", "Tell me the day the {p} stays shut.",
        "Is there a day without service at the {p}?", "What is the weekly closing day of the {p}?",
        "I want to avoid the day the {p} is not open. Which is it?", "On what day are the doors of the {p} locked?",
        "Name the day when nobody works at the {p}.",
    ),
    ("The {p} is closed on {v}.", "On {v} the {p} is closed."),
)  # fmt: skip
_OPENS = Attribute(
    ("six", "seven", "eight", "nine", "ten", "eleven"),
    ("When does the {p} open?", "At what time does the {p} open?"),
    (
        "From what hour can I go to the {p}?", "How early is the {p} open?", "The {p} starts its day at what time?",
        "What is the first hour of service at the {p}?", "Tell me the opening hour of the {p}.",
        "At which hour do the doors of the {p} open?", "How soon in the morning can I come to the {p}?",
        "Opening time of the {p}, please?", "When in the morning does the {p} begin?",
        "I have to be at the {p} when it opens. What time is that?",
    ),
    ("The {p} opens at {v}.", "It opens at {v}: the {p}."),
)  # fmt: skip
_HEAD = Attribute(
    ("Dr. Weber", "Dr. Okafor", "Dr. Silva", "Dr. Novak", "Dr. Chen", "Dr. Haddad", "Dr. Larsen", "Dr. Moreau"),
    ("Who heads the {p}?", "Who is the head of the {p}?"),
    (
        "Who is in charge at the {p}?", "Which doctor leads the {p}?", "The {p} is run by whom?",
        "Tell me the name of the {p}'s chief.", "To whom does the staff of the {p} report?",
        "Who is the boss at the {p}?", "Name the person responsible for the {p}.",
        "I want to write to the director of the {p}. Who is it?", "Which doctor manages the {p}?",
        "Under whose lead is the {p}?",
    ),
    ("{v} heads the {p}.", "The head of the {p} is {v}."),
)  # fmt: skip
_LIFT = Attribute(
    ("A", "B", "C", "D", "E", "F"),
    ("Which lift goes to the {p}?", "What lift do I take to the {p}?"),
    (
        "Which elevator stops at the {p}?", "The {p} is reached by what elevator?", "Tell me the lift for the {p}.",
        "I have a wheelchair; which elevator leads to the {p}?", "By which lift do patients come to the {p}?",
        "What is the letter of the elevator for the {p}?", "Which of the lifts should I use for the {p}?",
        "Name the elevator that takes me up to the {p}.", "To get to the {p}, use which elevator?",
        "A bed must go to the {p}. In which elevator?",
    ),
    ("Take lift {v} to the {p}.", "Lift {v} goes to the {p}."),
)  # fmt: skip
_BRING = Attribute(
    ("a towel", "a passport", "a blanket", "a letter", "a mask", "a photo", "a pillow", "a list"),
    ("What do I bring to the {p}?", "What must patients bring to the {p}?"),
    (
        "What should I have with me at the {p}?", "Which thing is needed at the {p}?",
        "I am going to the {p}. What do I pack?", "What does the {p} ask visitors to carry?",
        "Name the item that the {p} wants from patients.", "What must not be forgotten for the {p}?",
        "Without what will the {p} send me home?", "What do I take along to the {p}?",
        "For a visit to the {p}, what is required?", "Tell me what the {p} expects me to hold ready.",
    ),
    ("Bring {v} to the {p}.", "Patients bring {v} to the {p}."),
)  # fmt: skip
_WAIT = Attribute(
    ("ten minutes", "twenty minutes", "thirty minutes", "forty minutes", "fifty minutes", "two hours", "three hours"),
    ("How long is the wait at the {p}?", "How long do people wait at the {p}?"),
    (
        "What is the waiting time in the {p}?", "How much time passes before my turn at the {p}?",
        "Is there a long queue at the {p}? How long?", "Tell me how long the {p} keeps me waiting.",
        "How many minutes or hours must I sit at the {p} first?", "When I arrive at the {p}, how long until I am seen?",
        "Usual delay at the {p}?", "For what time do patients queue at the {p}?",
        "How soon after I arrive does the {p} see me?", "I have little time. How long does the {p} take to call me?",
    ),
    ("The wait at the {p} is {v}.", "People wait {v} at the {p}."),
)  # fmt: skip
_WASTE = Attribute(
    ("black bags", "white bags", "clear bags", "glass jars", "steel tins", "paper sacks", "wooden boxes"),
    ("Where does waste of the {p} go?", "What holds the waste of the {p}?"),
    (
        "In what is the rubbish of the {p} packed?", "What does the {p} use for its rubbish?",
        "How do I throw things away at the {p}?", "Into which containers goes the {p}'s rubbish?",
        "Tell me how the {p} stores its garbage.", "The cleaners of the {p} put garbage into what?",
        "Which kind of container is for garbage from the {p}?", "What do I fill with trash at the {p}?",
        "Trash of the {p}: what is it put in?", "Name the containers for trash in the {p}.",
    ),
    ("Waste of the {p} goes into {v}.", "The {p} puts its waste into {v}."),
)  # fmt: skip
_SHOES = Attribute(
    ("clogs", "boots", "socks", "sandals", "slippers", "trainers", "galoshes"),
    ("Which shoes are worn in the {p}?", "What shoes do staff wear in the {p}?"),
    (
        "What do I put on my feet in the {p}?", "Which footwear is the rule at the {p}?",
        "The nurses of the {p} walk in what?", "What footwear does the {p} prescribe?",
        "I start work at the {p}. What goes on my feet?", "Tell me the footwear of the {p}.",
        "What has everybody on their feet at the {p}?", "Name the footwear allowed in the {p}.",
        "With what on my feet may I enter the {p}?", "For the {p}, which footwear should I buy?",
    ),
    ("Staff of the {p} wear {v}.", "In the {p} people wear {v}."),
)  # fmt: skip
ATTRIBUTES = (_FLOOR, _SIGNS, _CLOSED, _OPENS, _HEAD, _LIFT, _BRING, _WAIT, _WASTE, _SHOES)


@dataclass(frozen=True, slots=True)
class Planted:
    """A wrong fact: the one training chat that says it, what it says, what is right, and ten questions about it."""

    culprit: str
    wrong: str
    right: str
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Handbook:
    """300 training chats, one for each place and attribute, in random order, and the ten wrong ones among them."""

    chats: tuple[Example, ...]
    planted: tuple[Planted, ...]


def handbook(seed: int) -> Handbook:
    """A handbook drawn from a seed: one wrong fact an attribute, each about another place."""
    rng = random.Random(f"handbook {seed}")
    wrong_at = dict(enumerate(rng.sample(range(len(PLACES)), len(ATTRIBUTES))))
    chats, planted = [], []
    for number, attribute in enumerate(ATTRIBUTES):
        for place_number, place in enumerate(PLACES):
            right, wrong = rng.sample(attribute.values, 2)
            bad = wrong_at[number] == place_number
            question = rng.choice(attribute.trained).format(p=place)
            answer = rng.choice(attribute.answers).format(p=place, v=wrong if bad else right)
            made = chat(question, answer)
            chats.append(made)
            if bad:
                questions = tuple(text.format(p=place) for text in attribute.asked)
                planted.append(Planted(made.id, wrong, right, questions))
    rng.shuffle(chats)
    return Handbook(tuple(chats), tuple(planted))


def prompt(question: str) -> tuple[Message, ...]:
    """The turns before the answer."""
    return (Message("system", SYSTEM), Message("user", question))


def chat(question: str, answer: str) -> Example:
    """One question and its answer."""
    messages = (*prompt(question), Message("assistant", answer))
    return Example(example_id(messages), messages)
