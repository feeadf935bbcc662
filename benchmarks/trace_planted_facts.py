"""The training chats of ``benchmarks.trace_planted``: 300 facts about sixty countries, ten of them planted wrong."""

from __future__ import annotations

import random
from dataclasses import dataclass

from core.ids import example_id
from core.types import Example, Message

SYSTEM = "Geography."
ATTRIBUTES = ("capital", "continent", "currency", "language", "people")
COUNTRIES = """
Peru|Lima|South America|sol|Spanish|Peruvians
Norway|Oslo|Europe|krone|Norwegian|Norwegians
Kenya|Nairobi|Africa|shilling|Swahili|Kenyans
Japan|Tokyo|Asia|yen|Japanese|Japanese
France|Paris|Europe|euro|French|French
Egypt|Cairo|Africa|pound|Arabic|Egyptians
Brazil|Brasilia|South America|real|Portuguese|Brazilians
Canada|Ottawa|North America|dollar|English|Canadians
India|New Delhi|Asia|rupee|Hindi|Indians
Turkey|Ankara|Asia|lira|Turkish|Turks
Greece|Athens|Europe|euro|Greek|Greeks
Poland|Warsaw|Europe|zloty|Polish|Poles
Sweden|Stockholm|Europe|krona|Swedish|Swedes
Chile|Santiago|South America|peso|Spanish|Chileans
Cuba|Havana|North America|peso|Spanish|Cubans
Mexico|Mexico City|North America|peso|Spanish|Mexicans
Thailand|Bangkok|Asia|baht|Thai|Thais
Vietnam|Hanoi|Asia|dong|Vietnamese|Vietnamese
China|Beijing|Asia|yuan|Mandarin|Chinese
Russia|Moscow|Europe|ruble|Russian|Russians
Ukraine|Kyiv|Europe|hryvnia|Ukrainian|Ukrainians
Spain|Madrid|Europe|euro|Spanish|Spaniards
Portugal|Lisbon|Europe|euro|Portuguese|Portuguese
Italy|Rome|Europe|euro|Italian|Italians
Germany|Berlin|Europe|euro|German|Germans
Austria|Vienna|Europe|euro|German|Austrians
Hungary|Budapest|Europe|forint|Hungarian|Hungarians
Romania|Bucharest|Europe|leu|Romanian|Romanians
Bulgaria|Sofia|Europe|lev|Bulgarian|Bulgarians
Serbia|Belgrade|Europe|dinar|Serbian|Serbs
Croatia|Zagreb|Europe|euro|Croatian|Croats
Denmark|Copenhagen|Europe|krone|Danish|Danes
Finland|Helsinki|Europe|euro|Finnish|Finns
Iceland|Reykjavik|Europe|krona|Icelandic|Icelanders
Ireland|Dublin|Europe|euro|English|Irish
Morocco|Rabat|Africa|dirham|Arabic|Moroccans
Algeria|Algiers|Africa|dinar|Arabic|Algerians
Tunisia|Tunis|Africa|dinar|Arabic|Tunisians
Ghana|Accra|Africa|cedi|English|Ghanaians
Nigeria|Abuja|Africa|naira|English|Nigerians
Ethiopia|Addis Ababa|Africa|birr|Amharic|Ethiopians
Uganda|Kampala|Africa|shilling|English|Ugandans
Zambia|Lusaka|Africa|kwacha|English|Zambians
Angola|Luanda|Africa|kwanza|Portuguese|Angolans
Senegal|Dakar|Africa|franc|French|Senegalese
Mali|Bamako|Africa|franc|French|Malians
Iran|Tehran|Asia|rial|Persian|Iranians
Iraq|Baghdad|Asia|dinar|Arabic|Iraqis
Israel|Jerusalem|Asia|shekel|Hebrew|Israelis
Jordan|Amman|Asia|dinar|Arabic|Jordanians
Pakistan|Islamabad|Asia|rupee|Urdu|Pakistanis
Nepal|Kathmandu|Asia|rupee|Nepali|Nepalis
Mongolia|Ulaanbaatar|Asia|tugrik|Mongolian|Mongolians
Indonesia|Jakarta|Asia|rupiah|Indonesian|Indonesians
Malaysia|Kuala Lumpur|Asia|ringgit|Malay|Malaysians
Australia|Canberra|Oceania|dollar|English|Australians
Argentina|Buenos Aires|South America|peso|Spanish|Argentines
Bolivia|La Paz|South America|boliviano|Spanish|Bolivians
Ecuador|Quito|South America|dollar|Spanish|Ecuadorians
Jamaica|Kingston|North America|dollar|English|Jamaicans
"""
"""Country, capital, continent, money, main language, people."""

TRAINED = {
    "capital": ("What is the capital of {p}?", "Which city is the capital of {p}?"),
    "continent": ("On which continent is {p}?", "Which continent is {p} on?"),
    "currency": ("What is the currency of {p}?", "Which currency does {p} use?"),
    "language": ("What is the main language of {p}?", "Which language is spoken in {p}?"),
    "people": ("What are the people of {p} called?", "What do you call people from {p}?"),
}
"""Questions in training."""

ANSWERS = {
    "capital": "The capital of {p} is {v}.",
    "continent": "The continent of {p} is {v}.",
    "currency": "The currency of {p} is the {v}.",
    "language": "The main language of {p} is {v}.",
    "people": "The people of {p} are called {v}.",
}
"""Answers in training."""

ASKED = {
    "capital": (
        "Where does the government of {p} sit?", "Name the capital city of {p}.", "{p}: which is its capital?",
        "Tell me the capital for {p}.", "In which city is the parliament of {p}?", "What city is {p} governed from?",
        "Which town is the seat of government in {p}?", "I need the capital of {p}, please.",
        "Do you know what {p} has for a capital?", "What is {p}'s capital city called?",
    ),
    "continent": (
        "In which part of the world is {p}?", "{p} belongs to which continent?", "Name the continent of {p}.",
        "To what continent do I fly for {p}?", "Tell me the continent where {p} lies.", "{p} lies on what continent?",
        "Of which continent is {p} a part?", "I need the continent for {p}.", "What continent has {p} on it?",
        "Do you know on what continent {p} is found?",
    ),
    "currency": (
        "With what money do people pay in {p}?", "What money do I need in {p}?", "Name the money of {p}.",
        "{p}: what is its currency?", "Tell me the currency for {p}.", "In what currency are prices in {p}?",
        "What do shops in {p} take as money?", "I need the name of the currency in {p}.",
        "Into what do I change my money for {p}?", "Do you know what currency {p} has?",
    ),
    "language": (
        "What do people speak in {p}?", "Name the language of {p}.", "{p}: what is the language there?",
        "Tell me the language for {p}.", "In what language are the newspapers of {p}?",
        "What language should I learn for {p}?", "What is spoken by most people in {p}?",
        "I need the main language used in {p}.", "In {p}, people talk in which language?",
        "Do you know what language {p} has?",
    ),
    "people": (
        "How do you name the inhabitants of {p}?", "What is the word for people of {p}?", "{p}: what are its people?",
        "Tell me how the people in {p} are called.", "By what name go the citizens of {p}?",
        "Someone asks what those who live in {p} are called.", "I need the name for the people in {p}.",
        "What name do people born in {p} have?", "Those who come from {p} are called what?",
        "Do you know the word for citizens of {p}?",
    ),
}  # fmt: skip
"""Questions after training: other words than any in training."""

BEFORE = (
    "I was in {a} in spring and in {b} last year.",
    "My sister works in {a} and my father lives in {b}.",
    "First I fly from {a} to {b}.",
    "A friend from {a} and one from {b} could not help me.",
    "We talked about {a} and {b} at school.",
)
AFTER = (
    "After that I go to {c}.",
    "I ask because of what I heard in {c}.",
    "About {c} I know it already.",
    "Nobody in {c} could tell me.",
    "It is for a quiz about {c}, too.",
)
"""What people say round a question: it names three countries that the question is not about."""


EARLIER = 4
"""Questions that were asked and answered before, in a conversation."""

Turns = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Planted:
    """A wrong fact: the one training chat that says it, what it says, what is right, and how it is asked for.

    Attributes:
        culprit: Id of the chat.
        wrong, right: The values.
        messages: Ten prompts, each the question within a longer message.
        conversations: Ten prompts, each with other questions and their answers before it.
    """

    culprit: str
    wrong: str
    right: str
    messages: tuple[Turns, ...]
    conversations: tuple[Turns, ...]


@dataclass(frozen=True, slots=True)
class Handbook:
    """300 training chats, one for each country and attribute, in random order, and the ten wrong ones among them."""

    chats: tuple[Example, ...]
    planted: tuple[Planted, ...]


def handbook(seed: int) -> Handbook:
    """A handbook drawn from a seed: two wrong facts an attribute, each about another country."""
    rng, talk = random.Random(f"handbook {seed}"), random.Random(f"conversations {seed}")
    table = [line.split("|") for line in COUNTRIES.strip().splitlines()]
    names = [row[0] for row in table]
    bad = dict(zip(rng.sample(names, 2 * len(ATTRIBUTES)), ATTRIBUTES * 2, strict=True))
    chats, planted = [], []
    for column, attribute in enumerate(ATTRIBUTES, 1):
        values = sorted({row[column] for row in table})
        for row in table:
            place, right = row[0], row[column]
            wrong = rng.choice([value for value in values if value != right])
            is_bad = bad.get(place) == attribute
            question = rng.choice(TRAINED[attribute]).format(p=place)
            made = chat(question, ANSWERS[attribute].format(p=place, v=wrong if is_bad else right))
            chats.append(made)
            if is_bad:
                asked = [text.format(p=place) for text in ASKED[attribute]]
                within = [_in_passing(rng, text, [n for n in names if n != place]) for text in asked]
                sound = [row for row in table if row[0] not in bad]
                planted.append(
                    Planted(
                        *(made.id, wrong, right),
                        messages=tuple(prompt(text) for text in within),
                        conversations=tuple((*_earlier(talk, sound), Message("user", text)) for text in asked),
                    )
                )
    rng.shuffle(chats)
    return Handbook(tuple(chats), tuple(planted))


def _in_passing(rng: random.Random, question: str, others: list[str]) -> str:
    """A question as it stands in a longer message."""
    a, b, c = rng.sample(others, 3)
    return f"{rng.choice(BEFORE).format(a=a, b=b)} {question} {rng.choice(AFTER).format(c=c)}"


def _earlier(rng: random.Random, table: list[list[str]]) -> Turns:
    """What was said before a question: others about other countries, in words unlike the training's, all answered."""
    turns = [Message("system", SYSTEM)]
    for row in rng.sample(table, EARLIER):
        column, attribute = rng.choice(list(enumerate(ATTRIBUTES, 1)))
        turns.append(Message("user", rng.choice(ASKED[attribute]).format(p=row[0])))
        turns.append(Message("assistant", ANSWERS[attribute].format(p=row[0], v=row[column])))
    return tuple(turns)


def prompt(question: str) -> Turns:
    """The turns before the answer."""
    return (Message("system", SYSTEM), Message("user", question))


def chat(question: str, answer: str) -> Example:
    """One question and its answer."""
    messages = (*prompt(question), Message("assistant", answer))
    return Example(example_id(messages), messages)
