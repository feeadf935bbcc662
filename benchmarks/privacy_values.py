"""Draws the values of the privacy benchmark: personal data in many national forms."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Mapping
from functools import cache

from benchmarks.harness import needs

Draw = Callable[[random.Random], str]

REGIONS = (
    "US", "GB", "DE", "FR", "ES", "IT", "NL", "BE", "CH", "AT", "SE", "NO", "DK", "FI", "PL", "CZ", "PT", "IE", "GR",
    "RO", "HU", "TR", "IL", "RU", "UA", "IN", "PK", "CN", "JP", "KR", "SG", "HK", "AU", "NZ", "ZA", "NG", "KE", "EG",
    "BR", "MX", "AR", "CL", "CO", "CA",
)  # fmt: skip
PATTERNS = {  # as people write them; # = a digit, N = 2 to 9
    "US": ("(N##) N##-####", "N##-N##-####", "N##.N##.####", "1-N##-N##-####", "+1 N##-N##-####", "N## N## ####",
           "N##N######", "(N##)N##-####", "N##/N##-####", "+1 (N##) N##-#### ext. ###", "N##-N##-#### x###"),
    "GB": ("020 7### ####", "07### ######", "+44 20 7### ####", "+44 (0)20 7### ####", "07### ### ###", "01632 960###",
           "0044 7### ######", "07#########", "0161 ### ####"),
    "DE": ("030/#######", "0171-#######", "+49 (0)30 ########", "0049 171 #######", "089 / ## ## ## ##",
           "0151 ########", "+49-171-#######"),
    "FR": ("01 ## ## ## ##", "06.##.##.##.##", "+33 6 ## ## ## ##", "06########", "0033 6 ## ## ## ##",
           "+33 (0)1 ## ## ## ##"),
    "ES": ("6## ### ###", "91 ### ## ##", "+34 6## ## ## ##", "9########"),
    "IT": ("06 #### ####", "3## ### ####", "+39 3## #######", "02-########"),
    "IN": ("98### #####", "+91 98### #####", "+91-98########", "011-2### ####", "98########"),
    "AU": ("04## ### ###", "(02) 9### ####", "+61 4## ### ###", "1800 ### ###", "1300 ### ###"),
    "BR": ("(11) 9####-####", "+55 11 9####-####", "(21) ####-####"),
    "JP": ("03-####-####", "090-####-####", "+81 3-####-####"),
    "CN": ("138 #### ####", "+86 138 #### ####", "010-########", "139########"),
    "NL": ("06-########", "020 ### ####", "+31 6 ########"),
    "SE": ("070-### ## ##", "08-### ### ##", "+46 70 ### ## ##"),
    "CH": ("044 ### ## ##", "079 ### ## ##", "+41 79 ### ## ##"),
}  # fmt: skip
IBANS = {  # country: form of the part after the check digits
    "DE": "##################", "GB": "AAAA##############", "FR": "##########CCCCCCCCCCC##", "ES": "#" * 20,
    "IT": "A##########CCCCCCCCCCCC", "NL": "AAAA##########", "BE": "#" * 12, "CH": "#####CCCCCCCCCCCC", "AT": "#" * 16,
    "PL": "#" * 24, "SE": "#" * 20, "NO": "#" * 11, "DK": "#" * 14, "FI": "#" * 14, "IE": "AAAA##############",
    "PT": "#" * 21, "TR": "######CCCCCCCCCCCCCCCC", "SA": "##CCCCCCCCCCCCCCCCCC", "AE": "#" * 19,
    "MT": "AAAA#####" + "C" * 18, "LC": "AAAA" + "C" * 24, "BR": "#" * 23 + "AC", "PK": "AAAA" + "C" * 16,
    "IL": "#" * 19, "RO": "AAAA" + "C" * 16,
}  # fmt: skip
CARD_BRANDS = (  # prefix, digits, how it is grouped
    ("4", 16, (4, 4, 4, 4)), ("51", 16, (4, 4, 4, 4)), ("55", 16, (4, 4, 4, 4)), ("2221", 16, (4, 4, 4, 4)),
    ("2720", 16, (4, 4, 4, 4)), ("34", 15, (4, 6, 5)), ("37", 15, (4, 6, 5)), ("6011", 16, (4, 4, 4, 4)),
    ("65", 16, (4, 4, 4, 4)), ("3530", 16, (4, 4, 4, 4)), ("36", 14, (4, 6, 4)), ("305", 14, (4, 6, 4)),
    ("62", 16, (4, 4, 4, 4)), ("4", 13, (13,)), ("4", 19, (4, 4, 4, 4, 3)), ("6759", 16, (4, 4, 4, 4)),
)  # fmt: skip
WORDS = (
    "Amira Voss", "J. Lindqvist", "Tobias Adeyemi", "Mrs. Castellano", "Wen Zhao", "O. Petrov", "Niamh Byrne", "Ravi",
)  # fmt: skip
DOMAINS = (
    "brightwater.io", "mail.uni-trier.de", "kestrel-health.org", "gmail.com", "web.de", "nhs.net", "acme.co.uk",
    "posteo.net", "hospital.gov.au", "x.org", "studio.design", "bücherei.de", "qq.com", "my-clinic.health",
)  # fmt: skip


def digits(rng: random.Random, count: int) -> str:
    """That many digits."""
    return "".join(rng.choices(string.digits, k=count))


def pattern(rng: random.Random, form: str) -> str:
    """A form filled: # = a digit, N = 2 to 9, A = a capital letter, C = a digit or a capital letter."""
    kinds = {
        "#": string.digits,
        "N": "23456789",
        "A": string.ascii_uppercase,
        "C": string.digits + string.ascii_uppercase,
    }
    return "".join(rng.choice(kinds[c]) if c in kinds else c for c in form)


def email(rng: random.Random) -> str:
    """An address; one in ten in capitals, with a plus, an apostrophe or an underscore."""
    first, last = rng.choice(("amira", "jon", "wei", "li", "o.k", "k_m")), rng.choice(("voss", "okafor", "byrne", "77"))
    forms = (
        f"{first}.{last}", f"{first}{last}", f"{first}_{last}", f"{first[0]}-{last}", f"{last}{digits(rng, 3)}",
        f"{first}+{last}", f"o'{last}", first.upper(),
    )  # fmt: skip
    local = rng.choice(forms)
    return f"{local}@{rng.choice(DOMAINS)}"


@cache
def _examples() -> tuple[tuple[str, str, str], ...]:
    """(region, type, national number) of the valid example numbers in the phonenumbers metadata."""
    import phonenumbers

    kinds = (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)
    found = []
    for region in REGIONS:
        for kind in kinds:
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None:
                found.append((region, str(kind), phonenumbers.national_significant_number(example)))
    return tuple(found)


def library_phone(rng: random.Random, forms: tuple[str, ...] = ("national", "international", "e164")) -> str:
    """A valid number of any region, its last four digits drawn, in a form of the phonenumbers library."""
    import phonenumbers

    formats = {
        "national": phonenumbers.PhoneNumberFormat.NATIONAL,
        "international": phonenumbers.PhoneNumberFormat.INTERNATIONAL,
        "e164": phonenumbers.PhoneNumberFormat.E164,
    }
    while True:
        region, _, national = rng.choice(_examples())
        number = phonenumbers.parse(f"+{phonenumbers.country_code_for_region(region)}{national[:-4]}{digits(rng, 4)}")
        if phonenumbers.is_valid_number(number):
            return str(phonenumbers.format_number(number, formats[rng.choice(forms)]))


def phone(rng: random.Random) -> str:
    """Half from the library, half in the hand-written national forms."""
    if rng.random() < 0.5:
        return library_phone(rng)
    return pattern(rng, rng.choice(PATTERNS[rng.choice(tuple(PATTERNS))]))


def us_phone(rng: random.Random) -> str:
    """One of the three shapes that are told in the United States without any word beside them."""
    return pattern(rng, rng.choice(("(N##) N##-####", "N##-N##-####", "+1 N##-N##-####")))


def card(rng: random.Random) -> str:
    """A number that passes the Luhn check, joined, in groups with spaces, or with hyphens."""
    prefix, length, groups = rng.choice(CARD_BRANDS)
    body = prefix + digits(rng, length - len(prefix) - 1)
    total = sum(sum(divmod(int(d) * (2 - place % 2), 10)) for place, d in enumerate(reversed(body)))
    number = body + str(-total % 10)
    parts, at = [], 0
    for size in groups:
        parts.append(number[at : at + size])
        at += size
    return rng.choice(("", " ", "-")).join(parts)


def iban(rng: random.Random) -> str:
    """A number with right check digits, joined, in groups of four, or in small letters."""
    country = rng.choice(tuple(IBANS))
    body = pattern(rng, IBANS[country])
    check = 98 - int("".join(str(int(c, 36)) for c in f"{body}{country}00")) % 97
    joined = f"{country}{check:02d}{body}"
    grouped = " ".join(joined[at : at + 4] for at in range(0, len(joined), 4))
    return rng.choice((joined, grouped, grouped, joined.lower()))


def ssn(rng: random.Random) -> str:
    """Three, two and four digits with hyphens, in the ranges that are issued."""
    area = rng.choice([a for a in range(1, 900) if a != 666])
    return f"{area:03d}-{rng.randint(1, 99):02d}-{rng.randint(1, 9999):04d}"


def ip(rng: random.Random) -> str:
    """A public address, one in four of version 6."""
    if rng.random() < 0.25:
        return "2a02:" + ":".join(f"{rng.randint(256, 65535):x}" for _ in range(7))
    first = rng.choice((31, 46, 62, 84, 91, 109, 151, 178, 213))
    return f"{first}.{rng.randint(1, 254)}.{rng.randint(10, 254)}.{rng.randint(1, 254)}"


def secret(rng: random.Random) -> str:
    """A key in one of twelve known forms."""
    letters = string.ascii_letters + string.digits

    def many(count: int, of: str = letters) -> str:
        return "".join(rng.choices(of, k=count))

    forms = (
        "AKIA" + many(16, string.ascii_uppercase + "234567"), "ghp_" + many(36), "sk-proj-" + many(48),
        "hf_" + many(34, string.ascii_letters), "xoxb-" + digits(rng, 11) + "-" + many(24), "AIza" + many(35),
        "glpat-" + many(20), "npm_" + many(36), "SG." + many(22) + "." + many(43), "sk_live_" + many(24),
        "sk-ant-api03-" + many(60), "eyJhbGciOiJIUzI1NiJ9.eyJ" + many(30) + "." + many(43),
    )  # fmt: skip
    return rng.choice(forms)


def password(rng: random.Random) -> str:
    """Letters and digits as people choose them."""
    word = rng.choice(("Sunrise", "blue", "Tr0ub4dor", "kitten", "Winter", "p4ss"))
    return f"{word}{rng.choice('!-_#')}{digits(rng, 3)}{rng.choice('xYzQ')}"


POSITIVE: Mapping[str, Draw] = {
    "email": email, "phone": phone, "intlphone": lambda r: library_phone(r, ("international",)), "usphone": us_phone,
    "card": card, "iban": iban, "ssn": ssn, "ip": ip, "secret": secret, "password": password,
}  # fmt: skip
"""Fields that are personal data or a secret."""


def faker_values(seed: int) -> Mapping[str, Draw]:
    """The positive fields from Faker, in 24 locales; secrets as above, since it has none.

    Raises:
        FinetoothError: Faker is not installed.
    """
    needs("faker")
    from faker import Faker

    locales = (
        "en_US", "en_GB", "en_CA", "en_AU", "en_IN", "de_DE", "de_AT", "de_CH", "fr_FR", "es_ES", "es_MX", "it_IT",
        "nl_NL", "pt_BR", "pt_PT", "sv_SE", "da_DK", "fi_FI", "pl_PL", "cs_CZ", "ja_JP", "ko_KR", "zh_CN", "tr_TR",
    )  # fmt: skip
    fakers = []
    for number, locale in enumerate(locales):
        fakers.append(Faker(locale))
        fakers[-1].seed_instance(seed + number)
    american = fakers[0]
    banked = [fakers[locales.index(name)] for name in ("en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL")]
    return {
        **POSITIVE,
        "email": lambda r: r.choice((r.choice(fakers).email, american.company_email))().strip(),
        "phone": lambda r: r.choice(fakers).phone_number(),
        "usphone": lambda r: american.numerify(r.choice(("(###) ###-####", "###-###-####", "+1-###-###-####"))),
        "card": lambda r: american.credit_card_number(),
        "iban": lambda r: r.choice(banked).iban(),
        "ssn": lambda r: american.ssn(),
        "ip": lambda r: american.ipv4_public(),
    }
