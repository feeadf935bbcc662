"""Numbers with a form or a check digit of their own: payment cards, bank accounts, social security numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curation.checks.privacy import LETTERED, LONG, Kind, Match, Said, card
from curation.checks.privacy_address import emails
from curation.checks.privacy_secret import secrets
from curation.evidence.number_labels import label

_GROUPED = re.compile(
    r"(?<![\w.-])(?:[0-9]{4}(?P<a>[ \u00a0-])[0-9]{4}(?P=a)[0-9]{4}(?P=a)[0-9]{4}(?P<tail>(?P=a)[0-9]{3})?"
    r"|[0-9]{4}(?P<b>[ \u00a0-])[0-9]{6}(?P=b)[0-9]{4,5})(?!\w|[-.][0-9])"
)
_JOINED = re.compile(r"(?<![\w.+-])[0-9]{12,19}(?![\w-]|\.[0-9])")
_LOOSE = re.compile(r"(?<![\w.+-])[0-9](?:[ -]?[0-9]){11,18}(?![\w-]|[.][0-9])")
_BRANDS = re.compile(  # ISO/IEC 7812 issuers: prefix and length
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|095|[689]\d)\d{11,16}|(?:6011|64[4-9]\d|65\d\d)\d{12,15}|35\d{14,17}|(?:2131|1800)\d{11}"
    r"|(?:62|81)\d{14,17}|220[0-4]\d{12}"
    r"|(?:5018|5020|5038|5[678]\d\d|6304|6390|67\d\d|0604)\d{8,15}|(?:508[5-9]|60\d\d|8[12]\d\d)\d{12}"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ \u00a0-]?[A-Za-z0-9]){11,33}")
_IBAN_CHARACTERS = {  # the whole length in each country: ISO 13616 registry, and others that banks use
    15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "AO CV GW LY MZ PT ST", 26: "DZ IR IS TR", 27: "BI CF CG CM DJ FR GA GQ GR IT KM MC MG MR SM TD",
    28: "AL AZ BF BJ BY CI CY DO GT HN HU LB MA ML NE NI PL SN SV TG", 29: "BR EG PS QA UA", 30: "JO KW MU YE",
    31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
_LENGTH = {country: length for length, countries in _IBAN_CHARACTERS.items() for country in countries.split()}
_SSN = re.compile(r"(?<![\w-])(?!000|666|9)[0-9]{3}([-‐‑–])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?!\w|-[\w])")
_SSN_CALLED = re.compile(r"(?<![\w-])(?!000|666|9)[0-9]{3}([ .]?)(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?!\w|[-.][0-9])")
_SSN_WORD = re.compile(r"(?i)\b(?:ssns?|social|tax(?:payer)? id|tin)\b")


def digits_of(text: str) -> str:
    """Its digits 0 to 9."""
    return re.sub(r"[^0-9]", "", text)


def luhn_valid(digits: str) -> bool:
    """The check of ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _issued(digits: str) -> bool:
    return _BRANDS.fullmatch(digits) is not None and len(set(digits)) > 2 and luhn_valid(digits)


def cards(said: Said) -> Iterator[Match]:
    """Each number of an issuer's length and prefix whose check digit is right, unless it is called something else."""
    text = said.text
    for match in _GROUPED.finditer(text):
        start, end = match.span()
        for stop in (end, match.start("tail")):
            if stop > start and _issued(digits_of(text[start:stop])):
                yield start, stop
                break
    for match in _JOINED.finditer(text):
        if _issued(match[0]) and label(text, match.start()) != "other":
            yield match.span()
    for match in _LOOSE.finditer(text):
        if len(match[0]) > 12 and _issued(digits_of(match[0])) and label(text, match.start()) == "card":
            yield match.span()


def _any_card(said: Said) -> Iterator[Match]:
    return (match.span() for match in _LOOSE.finditer(said.text) if _issued(digits_of(match[0])))


def iban_valid(iban: str) -> bool:
    """The check of ISO 13616: the country's length, and the rearranged number leaves 1 modulo 97 (A = 10)."""
    moved = iban[4:] + iban[:4]
    return _LENGTH.get(iban[:2]) == len(iban) and int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def ibans(said: Said) -> Iterator[Match]:
    """Each account number of its country's length whose check digits are right."""
    text, at = said.text, 0
    while match := _IBAN.search(text, at):
        at = match.start() + 2
        length = _LENGTH.get(match[0][:2].upper())
        if length is None:
            continue
        left, end = length, match.start()
        while left and end < match.end():
            left -= text[end].isalnum()
            end += 1
        whole = re.sub(r"[^A-Z0-9]", "", text[match.start() : end].upper())
        if not left and not text[end : end + 1].isalnum() and iban_valid(whole):
            yield match.start(), end
            at = end


def ssns(said: Said) -> Iterator[Match]:
    """Each US number of an issued range: with hyphens, or in another spelling after the words."""
    text = said.text
    for match in _SSN.finditer(text):
        if label(text, match.start()) != "other":
            yield match.span()
    if _SSN_WORD.search(text):
        for match in _SSN_CALLED.finditer(text):
            if label(text, match.start()) == "ssn":
                yield match.span()


def _any_ssn(said: Said) -> Iterator[Match]:
    for pattern in (_SSN, _SSN_CALLED):
        yield from (match.span() for match in pattern.finditer(said.text))


def _same_iban(value: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", value.upper())


def _no_test_card(value: str, text: str) -> bool:
    """Whether it is no number that payment services publish for tests, nor about the check digit itself."""
    digits = digits_of(value)
    return len(digits) >= 14 and len(set(digits)) > 4 and not re.search(r"(?i)luhn|check digit|regex|```", text)


def _sure_iban(value: str, text: str) -> bool:
    return not re.search(r"(?i)check digit|regex|valid|```", text)


def _sure_ssn(value: str, text: str) -> bool:
    """Whether the words say so: the form alone has no check digit."""
    return label(text, text.find(value)) == "ssn" and digits_of(value) not in ("123456789", "078051120", "219099999")


CARD = card(
    Kind("card", "a payment card number", cards, (secrets, emails, ibans), _any_card, digits_of, _no_test_card, LONG),
    "Payment card numbers",
    ("Copay from card 4000 0012 3456 7899.", "5500005555555559 was charged", "Visa 4000 0012 3456 7899 123",
     "Amex 3714 496353 98431"),
    ("Card 4000 0012 3456 7890 has a wrong digit.", "Hash 4111111111111111abc", "0000 0000 0000 0000",
     "Order 4000001234567899", "IMEI 356938035643809", "timestamp 4000001234567899"),
    "12 to 19 digits with an issuer's prefix and length that pass the Luhn check (ISO/IEC 7812-1), in "
    "the groups that are "
    "printed on cards; other groups after the word card, and no joined digits after order, tracking, "
    "serial and the like.",
)  # fmt: skip
IBAN = card(
    Kind("iban", "a bank account number", ibans, (secrets, emails), same=_same_iban, sure=_sure_iban, hint=LETTERED),
    "Bank account numbers (IBAN)",
    ("Pay to DE89 3704 0044 0532 0130 00 please.", "GB82WEST12345698765432", "iban=de89370400440532013000;x",
     "DE89 3704 0044 0532 0130 00 AND MORE", "FR14-2004-1010-0505-0001-3M02-606"),
    ("Pay to DE89 3704 0044 0532 0130 01 please.", "AB12 CODES IN CAPITALS HERE", "DE89 3704 0044 0532 0130"),
    "The countries, lengths and check digits (modulo 97) of ISO 13616.",
)  # fmt: skip
SSN = card(
    Kind("ssn", "a US social security number", ssns, (secrets, emails, ibans, cards), _any_ssn, digits_of, _sure_ssn,
         LONG),
    "Social security numbers (US)",
    ("SSN 812-45-6789 on file.", "social security number 536 22 1234", "Her SSN is 536221234."),
    ("Range 000-45-6789 is never issued.", "Part 1812-45-67890.", "Call 812-456-7890", "Part number 812-45-6789"),
    "Three, two and four digits with hyphens, in issued ranges, not after part, serial, order and the "
    "like; other spellings "
    "only after the words.",
)  # fmt: skip
