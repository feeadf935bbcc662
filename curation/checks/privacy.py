"""Personal data and secrets: e-mail, phone, card, IBAN, social security number, IP address, keys."""

from __future__ import annotations

import ipaddress
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from core.types import Example, Finding, Proposal, Replacement, Span
from curation.checks.base import Check, Run, chat
from curation.evidence.batch import Batch

Match = tuple[int, int]

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}(?![\w-])")
_DIGIT_RUN = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?!\w)", re.IGNORECASE)
_SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_SSN_BARE = re.compile(
    r"(?i)\b(?:ssn|social security(?: number| no\.?| #)?)\W{0,4}(?:is\W{0,3})?((?!000|666|9)\d{3}[ .]?(?!00)\d{2}[ "
    r".]?(?!0000)\d{4})(?!\d)"
)
_IPV4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:.]*:)(?!\w)")
_VERSION = re.compile(r"(?i)(?:version|release|firmware|build|\bv)[\s.:]*\Z")
_SECRET = re.compile(
    r"(?P<known>(?<![\w])(?:AKIA|ASIA)[0-9A-Z]{16}(?!\w)|(?<!\w)gh[pousr]_[A-Za-z0-9]{36,}|(?<!\w)github_pat_\w{50,}"
    r"|(?<!\w)sk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,}|(?<!\w)xox[abprs]-[A-Za-z0-9-]{10,}|(?<!\w)AIza[0-9A-Za-z_-]{35}"
    r"|(?<!\w)glpat-[\w-]{20}|(?<!\w)hf_[A-Za-z]{30,}|(?<!\w)(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{16,}"
    r"|(?<!\w)eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"
    r"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\s\S]{1,8000}?(?:-----END (?:[A-Z]+ )?PRIVATE KEY-----|\Z))"
    r"|(?i:(?:api[_-]?key|secret(?:[_-]?key)?|access[_-]?token|auth[_-]?token|password|passwd|pwd))"
    r"[\"']?\s*[:=]\s*[\"']?(?P<named>[^\s\"',;<>{}$()\[\]]{8,128})"
)
_SECRET_HINTS = (
    "key", "token", "passw", "pwd", "secret", "akia", "asia", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat",
    "sk-", "xox", "aiza", "glpat", "hf_", "sk_", "rk_", "pk_", "eyj",
)  # fmt: skip
_PHONE_CONTEXT = re.compile(
    r"(?i)\b(?:phone|telephone|tel|mobile|cell|call|calls|called|calling|fax|contact|dial|ring|reach|text|sms|whatsapp|"
    r"number is|ph|hotline|number)\b"
)
_NO_PHONE_CONTEXT = re.compile(
    r"(?i)(?:order|invoice|ticket|case|id|ref(?:erence)?|account|tracking|serial|part|item|sku|isbn|doi|version|card|"
    r"ssn|iban|mrn|zip|policy)\W{0,3}(?:number|no\.?|#|id)?\W{0,4}\Z"
)

_DIALLED = re.compile(r"(?<![\w.,/$€£-])\+?\(?\d(?:[ ().-]{0,2}\d){6,14}(?: ?x\d{1,5})?(?![\w%]|[.,]\d)")
_CALLED = re.compile(
    r"(?i)\b(?:call(?:ing)?|phone|telephone|mobile|cell|tel|fax|dial|ring|reach|answering|whatsapp|sms)\b"
    r"(?:(?! on \d)[^\d\n.;]){0,24}\Z"
)
_PHONE_LABEL = re.compile(r"(?i) ?-? ?(?:office|fax|cell|mobile|phone)\b")


def _emails(text: str, batch: Batch) -> Iterator[Match]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            start = match.start() + len(match[0]) - len(match[0].lstrip(".+-"))
            yield start, match.end()


def luhn_valid(digits: str) -> bool:
    """The check of ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _cards(text: str, batch: Batch) -> Iterator[Match]:
    for match in _DIGIT_RUN.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if digits.isascii() and digits[0] in "23456" and len(set(digits)) > 2 and luhn_valid(digits):
            yield match.span()


def iban_valid(iban: str) -> bool:
    """The check of ISO 13616: letters count from 10, and the rearranged number leaves 1 modulo 97."""
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def _ibans(text: str, batch: Batch) -> Iterator[Match]:
    for match in _IBAN.finditer(text):
        start, end = match.span()
        while end - start >= 15:  # a word in capitals after the IBAN may have been taken for its tail
            compact = text[start:end].replace(" ", "")
            if compact.isascii() and 15 <= len(compact) <= 34 and iban_valid(compact):
                yield start, end
                break
            space = text.rfind(" ", start, end)
            if space < 0:
                break
            end = space


def _ssns(text: str, batch: Batch) -> Iterator[Match]:
    found = {match.span() for match in _SSN.finditer(text)}
    found |= {match.span(1) for match in _SSN_BARE.finditer(text)}
    last = -1
    for start, end in sorted(found):
        if start >= last:
            yield start, end
            last = end


def _ips(text: str, batch: Batch) -> Iterator[Match]:
    for match in _IPV4.finditer(text):
        if _VERSION.search(text[max(0, match.start() - 12) : match.start()]):
            continue
        if _is_public(match[0]):
            yield match.span()
    if text.count(":") > 1:
        for match in _IPV6.finditer(text):
            if len(re.sub(r"[^0-9a-fA-F]", "", match[0])) >= 8 and _is_public(match[0]):
                yield match.span()


def _is_public(address: str) -> bool:
    """Whether it is an address of somebody: not loopback, unspecified, a mask, or kept for documentation."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (parsed.is_loopback or parsed.is_unspecified or parsed.is_multicast or address.startswith("255."))


def _secrets(text: str, batch: Batch) -> Iterator[Match]:
    lowered = text.lower()
    if not any(hint in lowered for hint in _SECRET_HINTS):
        return
    for match in _SECRET.finditer(text):
        if match["known"]:
            yield match.span("known")
        else:
            value = match["named"].rstrip(".")
            varied = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
            if varied and _entropy(value) >= 2.5 and not re.search(r"(?i)your|example|xxx|\.\.\.|\*\*\*", value):
                yield match.start("named"), match.start("named") + len(value)


def _entropy(text: str) -> float:
    """Shannon entropy of the characters, in bits a character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def _phones(text: str, batch: Batch) -> Iterator[Match]:
    if sum(c.isdigit() for c in text) < 7:
        return
    import phonenumbers

    taken = [span for find in (_cards, _ibans, _ssns, _ips) for span in find(text, batch)]
    found: set[Match] = set()
    for region in batch.settings.phone_regions:
        for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.POSSIBLE):
            start, end = match.start, match.end
            raw = text[start:end]
            if any(start < b and a < end for a, b in taken) or (end < len(text) and text[end] in "%°"):
                continue
            before = text[max(0, start - 24) : start]
            digits = sum(c.isdigit() for c in raw)
            if digits < 7 or _NO_PHONE_CONTEXT.search(before) or re.fullmatch(r"\d{4}[-./]\d{2}[-./]\d{2}", raw):
                continue
            if re.search(r"\d\.\d", raw) and digits < 10:
                continue
            shaped = raw.startswith("+") or re.fullmatch(
                r"\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4}(?: ?(?:x|ext\.?) ?\d+)?", raw
            )
            context = _PHONE_CONTEXT.search(text[max(0, start - 40) : min(len(text), end + 12)])
            valid = phonenumbers.is_valid_number(match.number)
            if (shaped and (valid or context)) or (valid and context):
                found.add((start, end))
    for candidate in _DIALLED.finditer(text):
        start, end = candidate.span()
        if not 7 <= sum(c.isdigit() for c in candidate[0]) <= 15 or any(start < b and a < end for a, b in taken):
            continue
        before = text[max(0, start - 48) : start]
        if (_CALLED.search(before) and not _NO_PHONE_CONTEXT.search(before)) or _PHONE_LABEL.match(text, end):
            found.add((start, end))
    last = -1
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if start >= last:
            yield start, end
            last = end


def _runner(kind: str, label: str, find: Callable[[str, Batch], Iterable[Match]]) -> Run:
    """A run function: one finding for each example that holds this kind, and a placeholder for each value."""
    name = f"privacy.{kind}"

    def run(examples: Sequence[Example]) -> Iterable[Finding]:
        batch = Batch.of(examples)
        for example in batch:
            spans: list[Span] = []
            replacements: list[Replacement] = []
            numbers: dict[str, int] = {}
            for turn, message in enumerate(example.messages):
                for start, end in find(message.content, batch):
                    value = message.content[start:end].casefold()
                    number = numbers.setdefault(value, len(numbers) + 1)
                    spans.append(Span(turn, start, end))
                    replacements.append(Replacement(turn, start, end, f"[{kind.upper()}_{number}]"))
            if spans:
                count = f"{len(spans)} times" if len(spans) > 1 else "once"
                proposal = Proposal("edit", (example.id,), False, tuple(replacements))
                message_text = f"It holds {label}, {count}; a placeholder would hide it."
                yield Finding(example.id, name, "warn", kind, message_text, spans=tuple(spans), proposal=proposal)

    return run


def _card(
    kind: str,
    label: str,
    title: str,
    find: Callable[[str, Batch], Iterable[Match]],
    catches: tuple[str, ...],
    passes: tuple[str, ...],
    about: str,
) -> Check:
    return Check(
        name=f"privacy.{kind}",
        version=1,
        title=title,
        run=_runner(kind, label, find),
        catches=tuple((chat(text, "Noted."),) for text in catches),
        passes=tuple((chat(text, "Noted."),) for text in passes),
        about=about + " Proposes a placeholder, the same for the same value within a conversation.",
    )


EMAIL = _card(
    "email", "an e-mail address", "E-mail addresses", _emails,
    ("Write to marta.okafor@saltgate-hospital.net.", "ADMIN+test@Example.co.uk wrote"),
    ("The handle @marta is taken.", "pip install pkg@1.2.3", "user@localhost is the machine"),
    "The form of an address, with a top-level domain.",
)  # fmt: skip
PHONE = _card(
    "phone", "a phone number", "Phone numbers", _phones,
    ("Call the patient back at (212) 555-0134.", "Her mobile is +44 20 7946 0958.", "Tel: 415-555-0199"),
    ("Order number 4155550199 shipped.", "The years 2019-2020 and 1,200,300 rows.", "Sum of 1234567890 cells",
     "Version 10.12.2021.4", "On 2024-05-11 at 10:30:00"),
    "Candidates from the phonenumbers library; a number counts if it is written like a phone number, or stands near a "
    "word such as call or mobile, and not after order, invoice or id.",
)  # fmt: skip
CARD = _card(
    "card", "a payment card number", "Payment card numbers", _cards,
    ("Copay from card 4000 0012 3456 7899.", "5500005555555559 was charged"),
    ("Card 4000 0012 3456 7890 has a wrong digit.", "Hash 4111111111111111abc", "0000 0000 0000 0000"),
    "13 to 19 digits that pass the Luhn check (ISO/IEC 7812-1) and begin as card numbers do.",
)  # fmt: skip
IBAN = _card(
    "iban", "a bank account number", "Bank account numbers (IBAN)", _ibans,
    ("Pay to DE89 3704 0044 0532 0130 00 please.", "GB82WEST12345698765432"),
    ("Pay to DE89 3704 0044 0532 0130 01 please.", "AB12 CODES IN CAPITALS HERE"),
    "The check of ISO 13616, modulo 97.",
)  # fmt: skip
SSN = _card(
    "ssn", "a social security number", "Social security numbers (US)", _ssns,
    ("SSN 812-45-6789 on file.", "social security number 536 22 1234"),
    ("Range 000-45-6789 is never issued.", "Part 1812-45-67890.", "Call 812-456-7890"),
    "Three, two and four digits with hyphens, in issued ranges; other spacing only after the words.",
)  # fmt: skip
IP = _card(
    "ip", "an IP address", "IP addresses", _ips,
    ("The request came from 84.17.45.12.", "Host 2a02:8071:b696:3c00::1 answered"),
    ("Version 10.4.2.1 is out", "Listen on 127.0.0.1 or 0.0.0.0", "See section 1.2.3",
     "std::vector::size", "At 10:30:15"),
    "IPv4 and IPv6 as the ipaddress module reads them, without loopback, masks and version numbers.",
)  # fmt: skip
SECRET = _card(
    "secret", "a secret or key", "Passwords, tokens and keys", _secrets,
    ("Use AKIAIOSFODNN7EXAMPLQ here", "password: hunter2hunter2",
     "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"),
    ("The password: is required", "commit 9fceb02d0ae598e95dc970b74767f19372d61af8", "api_key=YOUR_KEY_HERE",
     "password = os.environ['PASSWORD']"),
    "Known key forms, and values after password, token or key that mix letters and digits.",
)  # fmt: skip
CARDS: tuple[Check, ...] = (EMAIL, PHONE, CARD, IBAN, SSN, IP, SECRET)
