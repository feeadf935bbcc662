"""Phone numbers: the shape of a number, what the words beside it call it, and the phonenumbers library's validity."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curation.checks.privacy import LONG, Find, Kind, Match, Said, card, free
from curation.checks.privacy_address import emails, ips
from curation.checks.privacy_numbers import cards, digits_of, ibans, ssns
from curation.checks.privacy_secret import secrets
from curation.evidence.number_labels import called_phone_behind, label

_GAP = r"[ \u00a0\u202f()./‐‑–-]"
_CANDIDATE = re.compile(
    r"(?<![\w$€£¥#%^*/])(?<![0-9][.,:-])(?<![A-Za-z]-)(?<!\.)(?:\+ ?)?\(?(?:\+)?[0-9](?>" + _GAP + r"{0,3}[0-9]){6,16}"
    r"(?P<ext>(?: ?(?:x|ext\.?:?|extension|#|durchwahl) ?|,? ext\.? )[0-9]{1,6})?(?![\w%°€$£]| ?(?:%|€|°)"
    r"|[.,:/-][0-9])",
    re.IGNORECASE,
)
_DATES = re.compile(
    r"(?:19|20)[0-9]{2}([-./ ]?)(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12][0-9]|3[01])(?:[ -]+[0-9]{1,2})?"
    r"|(?:0?[1-9]|[12][0-9]|3[01])([-./ ])(?:0?[1-9]|[12][0-9]|3[01])\2(?:19|20)[0-9]{2}(?: +[0-9]{1,2})?"
    r"|(?:1[5-9]|20)[0-9]{2} ?[-–/] ?(?:1[5-9]|20)[0-9]{2}"
)
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}([ .\u00a0\u202f])[0-9]{3}(?:\1[0-9]{3})*")
_OTHER_SHAPE = re.compile(
    r"[0-9]+\.[0-9]+"  # a decimal
    r"|[0-9]{1,3}(?:\.[0-9]{1,3}){3}"  # an IP address
    r"|[0-9]{5}-[0-9]{4}"  # a postal code
    r"|97[89][ -]?(?:[0-9][ -]?){9}[0-9]"  # ISBN
    r"|(?:[0-9][ .-]){4,}[0-9]?[0-9 .-]*"  # single digits
)
_RANGES = re.compile(r"[1-9][0-9]{3,} ?[-–] ?[0-9]{5,}|[1-9][0-9]{0,3} ?[-–] ?[0-9]{1,4} [0-9 -]*")
_AMERICAN = re.compile(r"(?:\+?1[ .-]?)?(?:\([0-9]{3}\) ?|[0-9]{3}([.-]))[0-9]{3}(?(1)\1|[ .-])[0-9]{4}")
_ASKED = re.compile(
    r"(?i)\b(?:phone|mobile|cell|telephone|landline|contact number|number (?:can|should|may|do) (?:we|i)"
    r"|call you|reach you)\b[^?]{0,80}\?"
)

_ABOVE: tuple[Find, ...] = (secrets, emails, ibans, cards, ssns, ips)


def _candidates(said: Said) -> Iterator[tuple[int, int, int]]:
    """(start, end, end of the number without its extension) of all that is shaped like a phone number."""
    text = said.text
    for match in _CANDIDATE.finditer(text):
        start, end = match.span()
        stop = match.start("ext") if match["ext"] else end
        while text.count("(", start, stop) > text.count(")", start, stop) and text[start] == "(":
            start += 1
        if 7 <= len(digits_of(text[start:stop])) <= 15 and text.count("(", start, stop) == text.count(")", start, stop):
            yield start, end, stop


def phones(said: Said) -> Iterator[Match]:
    """Each number that its shape, the words beside it or the question before it make a phone number."""
    found = [(start, end) for start, end, stop in _candidates(said) if _is_phone(said, start, end, stop)]
    if found:
        yield from free(found, [place for find in _ABOVE for place in find(said)])


def _is_phone(said: Said, start: int, end: int, stop: int) -> bool:
    text = said.text
    raw = text[start:stop]
    if _DATES.fullmatch(raw):
        return False
    called, behind = label(text, start), called_phone_behind(text, end)
    if called in ("card", "ssn"):
        return False
    if called == "other" and not behind:
        return raw.startswith("+") and _valid(raw, None)
    odd = _OTHER_SHAPE.fullmatch(raw) is not None
    grouped = _THOUSANDS.fullmatch(raw) is not None
    apart = len(raw) > len(digits_of(raw))
    if behind or called == "phone":
        return not odd or behind
    if called == "near" and not odd and not grouped and (apart or len(raw) >= 9):
        return True
    if odd or _RANGES.fullmatch(raw):
        return False
    if called == "reach":
        return True
    if raw.startswith("+"):
        return _valid(raw, None) or (len(digits_of(raw)) >= 9 and len(raw) > len(digits_of(raw)) + 1)
    if raw.startswith("00") and _valid("+" + digits_of(raw)[2:], None):
        return True
    regions = said.batch.settings.phone_regions
    if _AMERICAN.fullmatch(raw) and ("US" in regions or "CA" in regions):
        return True
    if said.earlier and _ASKED.search(said.earlier[-200:]) and len(text) < 200:
        return True
    if grouped or not (apart or called == "number"):
        return False
    return any(_valid(raw, region) and (called == "number" or _in_its_groups(raw, region)) for region in regions)


def _valid(raw: str, region: str | None) -> bool:
    import phonenumbers

    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(raw.replace("(0)", ""), region)))
    except phonenumbers.NumberParseException:
        return False


def _in_its_groups(raw: str, region: str) -> bool:
    """Whether it is spaced as numbers of the region are written."""
    import phonenumbers

    national = phonenumbers.format_number(phonenumbers.parse(raw, region), phonenumbers.PhoneNumberFormat.NATIONAL)
    return re.findall("[0-9]+", raw) == re.findall("[0-9]+", national)


def _any_phone(said: Said) -> Iterator[Match]:
    return ((start, end) for start, end, _ in _candidates(said))


def _same_phone(value: str) -> str:
    """The last nine digits before the extension, which all spellings share, with the country code and without."""
    number = digits_of(re.split(r"(?i)x|ext|#|durchwahl", value)[0])
    return number[-9:]


PHONE = card(
    Kind("phone", "a phone number", phones, _ABOVE, _any_phone, _same_phone, hint=LONG),
    "Phone numbers",
    ("Call the patient back at (212) 555-0134.", "Her mobile is +44 20 7946 0958.", "Tel: 415-555-0199",
     "Handy: 0171 2345678", "06 12 34 56 78 (mobile)", "020 7946 0958 is where he lives"),
    ("Order number 4155550199 shipped.", "The years 2019-2020 and 1,200,300 rows.", "Sum of 1234567890 cells",
     "Version 10.12.2021.4", "On 2024-05-11 at 10:30:00", "Call me about order 4155550199.", "MRN 415-555-0199",
     "The phone costs $1,200.00 and the call center took 789 307 673 calls.", "PMID: 31452104", "[PHONE_1] (mobile)"),
    "7 to 15 digits in the shape of a phone number count where the nearest words call them one (phone, "
    "Tel, call me at; also "
    "behind the number and in the question before it), and without such words where they are valid with "
    "a country code, in the "
    "American shape, or valid and spaced as in one of the phone_regions (phonenumbers library). The nearest word for "
    "something else, such as order or MRN, speaks against.",
)  # fmt: skip
