"""What the checks for personal data share: which texts to look at, which words to hide, and by which placeholder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.types import Example, Finding, Proposal, Replacement, Span
from curation.checks.base import Check, Run, chat
from curation.evidence.batch import Batch

Match = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Said:
    """A text as a finder gets it.

    Attributes:
        text: One turn.
        earlier: The turn before it; empty at the start.
        batch: For its settings.
    """

    text: str
    earlier: str
    batch: Batch


Find = Callable[[Said], Iterable[Match]]

PLACEHOLDER = re.compile(r"\[[A-Z]+_\d+\]")
_DIGIT = re.compile(r"[0-9]")
_FOUR_DIGITS = re.compile(r"[0-9](?:[ \u00a0\u202f().,/‐‑–-]{0,3}[0-9]){3}")
_LONG_NUMBER = re.compile(r"[0-9](?:[ \u00a0\u202f().,/‐‑–-]{0,3}[0-9]){6}")
_DOTTED = re.compile(r"[0-9]\.[0-9]{1,3}\.[0-9]")
_COLONS = re.compile(r":[0-9a-fA-F]{0,4}:")
_AFTER_LETTERS = re.compile(r"[0-9][0-9](?<=[A-Za-z]{2}[0-9][0-9])[ \u00a0-]?[A-Za-z0-9]{2}")
_DIGIT_IN_WORD = re.compile(r"[0-9](?:(?<=[A-Za-z_!@#$&*?][0-9])|(?=[A-Za-z_!@#$&*?]))")
SECRET_WORDS = ("key", "token", "pass", "pwd", "secret", "bearer")
_SECRET_FORMS = {  # what stands in a text that holds a known key form, by a character that all of them share
    "": ("AKIA", "ASIA", "AIza", "eyJ", "SG.", "ya29.", "dapi", "hvs.", ":AA", "://", "AccountKey="),
    "_": ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "_pat_", "sk_", "rk_", "pk_", "npm_", "dop_", "shp", "glsa_", "r8_",
          "whsec_", "lin_api_", "ntn_", "figd_"),
    "-": ("sk-", "xox", "xapp-", "glpat-", "pypi-", "GOCSPX-", "sq0", "NRAK-", "PMAK-", "xai-", "key-", "KEY-1"),
}  # fmt: skip


_EVEN_WITHOUT_DIGITS = ("ghp_", "hf_", "npm_", "sk_live_", "AKIA", "glpat-", "-----BEGIN")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of personal data.

    Attributes:
        name: Such as ``email``; the placeholder is ``[EMAIL_1]``.
        label: For the reviewer's sentence.
        find: The places in one text; they may overlap and come in any order.
        above: Finders whose places this one leaves alone, so that no two kinds claim the same words.
        also: A looser finder; what it finds counts where the same value was found elsewhere in the conversation.
        same: What is equal for one value in several spellings.
        sure: Whether these words can be nothing else, and are nobody's published address.
        hint: Which flag of ``_flags`` a conversation needs to be looked at; None = every conversation is.
    """

    name: str
    label: str
    find: Find
    above: tuple[Find, ...] = ()
    also: Find | None = None
    same: Callable[[str], str] = str.casefold
    sure: Callable[[str, str], bool] | None = None
    hint: int | None = None


AT, LONG, DOTTED, LETTERED, SECRET = 1, 2, 4, 8, 16


def _flags(batch: Batch) -> list[int]:
    """For each example in order: which kinds its texts could hold at all, as a sum of flags. One quick look for all."""
    return [_hints("\n".join([message.content for message in example.messages])) for example in batch]


def _hints(text: str) -> int:
    found = AT if "@" in text or "%40" in text or "at]" in text or "at)" in text else 0
    if any(form in text for form in _EVEN_WITHOUT_DIGITS):
        found |= SECRET
    if _COLONS.search(text):
        found |= DOTTED
    digit = _DIGIT.search(text)
    if digit is None:
        return found
    first = digit.start()
    if _AFTER_LETTERS.search(text, first):
        found |= LETTERED
    if _FOUR_DIGITS.search(text, first):
        found |= LONG if _LONG_NUMBER.search(text, first) else 0
        found |= DOTTED if _DOTTED.search(text, first) else 0
    if ("_" in text or _DIGIT_IN_WORD.search(text, first)) and (called_secret(text) or formed_as_secret(text)):
        found |= SECRET
    return found


def called_secret(text: str) -> bool:
    """Whether one of the words stands in it that a password or key is told after."""
    lowered = text.lower()
    return any(word in lowered for word in SECRET_WORDS)


def formed_as_secret(text: str) -> bool:
    """Whether it can hold a known key form at all."""
    return any(form in text for mark, forms in _SECRET_FORMS.items() if mark in text for form in forms)


def merged(matches: Iterable[Match]) -> list[Match]:
    """The places in order; those that share a character are one."""
    found: list[Match] = []
    for start, end in sorted(matches):
        if found and start < found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def free(matches: Iterable[Match], taken: Sequence[Match]) -> Iterator[Match]:
    """Those matches that share no character with what is taken."""
    return (m for m in matches if not any(m[0] < end and start < m[1] for start, end in taken))


def _places(kind: Kind, example: Example, batch: Batch) -> list[list[Match]]:
    """What to hide in each turn, so that nothing of the kind is found in what is left.

    What was found is put out of sight and the rest read again, until nothing more comes up: two numbers side by side
    can hide each other, and a value that was told once is known in the other turns too.
    """
    contents = [message.content for message in example.messages]
    found: list[list[Match]] = [[] for _ in contents]
    known: set[str] = set()
    while True:
        added = False
        hidden = [_hide(text, places, kind.name) for text, places in zip(contents, found, strict=True)]
        for turn, (text, shown) in enumerate(zip(contents, hidden, strict=True)):
            said = Said(shown, hidden[turn - 1] if turn else "", batch)
            new = list(_claimed(kind, said, known))
            if new:
                back = _way_back(text, found[turn], kind.name)
                more = [(back[start], back[end - 1] + 1) for start, end in new]
                known |= {kind.same(text[start:end]) for start, end in more}
                found[turn] = merged([*found[turn], *more])
                added = True
        if not added:
            return found


def _claimed(kind: Kind, said: Said, known: set[str]) -> Iterator[Match]:
    """The places in one text that are this kind's to hide."""
    matches = list(kind.find(said))
    if kind.also is not None and known:
        matches += [m for m in kind.also(said) if kind.same(said.text[m[0] : m[1]]) in known]
    if not matches:
        return
    standing = [match.span() for match in PLACEHOLDER.finditer(said.text)]
    taken = [place for find in kind.above for place in find(said)]
    for start, end in free(merged(matches), taken):
        within = [(a, b) for a, b in standing if start < b and a < end]
        if all(start <= a and b <= end and (start, end) != (a, b) for a, b in within):
            yield start, end


def _hide(text: str, places: Sequence[Match], name: str) -> str:
    for start, end in reversed(places):
        text = f"{text[:start]}[{name.upper()}_1]{text[end:]}"
    return text


def _way_back(text: str, places: Sequence[Match], name: str) -> list[int]:
    """For each character that ``_hide`` gives its place in the text; a placeholder ends where what it hides ends."""
    back: list[int] = []
    last = 0
    for start, end in places:
        back += [*range(last, start), *[start] * (len(name) + 3), end - 1]
        last = end
    return [*back, *range(last, len(text))]


def _finding(kind: Kind, example: Example, places: Sequence[Sequence[Match]]) -> Finding:
    """One finding for all places, with a placeholder for each value, numbered on from those that stand there."""
    mark = re.compile(rf"\[{kind.name.upper()}_(\d{{1,6}})\]")
    last = max((int(m[1]) for message in example.messages for m in mark.finditer(message.content)), default=0)
    numbers: dict[str, int] = {}
    seen: set[tuple[int, str]] = set()
    spans: list[Span] = []
    edits: list[Replacement] = []
    safe = kind.sure is not None
    for turn, (message, found) in enumerate(zip(example.messages, places, strict=True)):
        for start, end in found:
            value = message.content[start:end]
            key = kind.same(value)
            if key not in numbers:
                numbers[key] = last + len(numbers) + 1
                safe = safe and message.role in ("user", "tool")
            if safe and (turn, value) not in seen:
                seen.add((turn, value))
                safe = kind.sure is not None and kind.sure(value, message.content)
            spans.append(Span(turn, start, end))
            edits.append(Replacement(turn, start, end, f"[{kind.name.upper()}_{numbers[key]}]"))
    times = f"{len(spans)} times" if len(spans) > 1 else "once"
    return Finding(
        example.id,
        f"privacy.{kind.name}",
        "warn",
        kind.name,
        f"It holds {kind.label}, {times}; a placeholder would hide it.",
        spans=tuple(spans),
        proposal=Proposal("edit", (example.id,), safe, tuple(edits)),
    )


def runner(kind: Kind) -> Run:
    """A run function: one finding for each example that holds this kind."""

    def run(examples: Sequence[Example]) -> Iterable[Finding]:
        batch = Batch.of(examples)
        for example, flags in zip(batch, batch.shared(_flags), strict=True):
            if kind.hint is None or flags & kind.hint:
                places = _places(kind, example, batch)
                if any(places):
                    yield _finding(kind, example, places)

    return run


def card(kind: Kind, title: str, catches: tuple[str, ...], passes: tuple[str, ...], about: str) -> Check:
    """The check of one kind.

    Args:
        kind: What it looks for.
        title: For the list of checks.
        catches: Texts in which it must find something.
        passes: Texts in which it must find nothing.
        about: The rule; what all kinds have in common is added.
    """
    if kind.sure is None:
        when = "The placeholder always needs a look: nothing in the form proves the kind, or it may be meant for all."
    else:
        when = (
            "The placeholder is safe where a user's or a tool's turn brings the value up, because then the row does "
            "not teach it; what first stands in an answer or a system prompt may be what it teaches, and needs a look."
        )
    return Check(
        name=f"privacy.{kind.name}",
        version=2,
        title=title,
        run=runner(kind),
        catches=tuple((chat(text, "Noted."),) for text in catches),
        passes=tuple((chat(text, "Noted."),) for text in passes),
        about=f"{about} One placeholder for one value in all turns, however it is spelt; those that stand there "
        f"already are left alone. {when}",
    )
