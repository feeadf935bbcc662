"""Draws numbers and codes that are no personal data but look like it: ids, dates, versions, prices, hashes."""

from __future__ import annotations

import base64
import random
import uuid
from collections.abc import Mapping
from datetime import date, timedelta

from benchmarks.privacy_values import WORDS, Draw, digits, pattern


def _date(rng: random.Random) -> str:
    day = date(1950, 1, 1) + timedelta(days=rng.randint(0, 28_000))
    form = rng.choice(("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d %B %Y", "%Y%m%d", "%d-%m-%Y", "%Y/%m/%d", "%b %d, %Y"))
    return day.strftime(form)


def _isbn(rng: random.Random) -> str:
    body = rng.choice(("978", "979")) + digits(rng, 9)
    check = -sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(body)) % 10
    whole = f"{body}{check}"
    return rng.choice((whole, f"{whole[:3]}-{whole[3]}-{whole[4:8]}-{whole[8:12]}-{whole[12]}",
                       f"{digits(rng, 1)}-{digits(rng, 3)}-{digits(rng, 5)}-{digits(rng, 1)}"))  # fmt: skip


def _price(rng: random.Random) -> str:
    amount = rng.randint(1, 4_000_000) / 100
    whole = int(amount)
    return rng.choice((f"${amount:,.2f}", f"€{amount:.2f}", f"{amount:,.2f} USD", f"£{whole:,}", f"{whole} EUR"))


def _coord(rng: random.Random) -> str:
    north, east = rng.uniform(-90, 90), rng.uniform(-180, 180)
    seconds = f"40°{rng.randint(10, 59)}'{rng.randint(10, 59)}\"N 73°59'11\"W"
    signed = (f"{north:.6f}, {east:.6f}", f"({north:.7f},{east:.7f})")
    return rng.choice((*signed, f"{abs(north):.4f}° N, {abs(east):.4f}° E", seconds))


def _version(rng: random.Random) -> str:
    """Two to four numbers with points, some with a tag."""
    numbers = ".".join(str(rng.randint(0, 30)) for _ in range(rng.choice((2, 3, 3, 4))))
    return rng.choice((numbers, f"v{numbers}", f"{numbers}-rc{rng.randint(1, 4)}"))


def _any_of(*patterns: str) -> Draw:
    """One of the patterns, filled: # = a digit, N = 2 to 9, A = a capital letter, C = a digit or a capital letter."""
    return lambda rng: pattern(rng, rng.choice(patterns))


def _time(rng: random.Random) -> str:
    hour, minute, second = rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59)
    clock = f"{hour:02d}:{minute:02d}"
    return rng.choice((clock, f"{hour % 12 + 1}:{minute:02d} pm", f"{clock}:{second:02d}.{digits(rng, 3)}"))


def _decimal(rng: random.Random) -> str:
    return rng.choice((f"{rng.uniform(0, 1000):.{rng.randint(1, 12)}f}", f"{rng.random():.4f}", f"{rng.random():.3e}"))


def _big(rng: random.Random) -> str:
    number = rng.randint(10**6, 10**9)
    return rng.choice((f"{number:,}", f"{number}", f"{number:,}".replace(",", " ")))


def _range(rng: random.Random) -> str:
    low, high = rng.randint(1, 40), rng.randint(41, 400)
    return rng.choice((f"{low}-{high}", f"{low + 1000}-{high + 5000}", f"{low % 9 + 1}.{low}"))


def _doc_ip(rng: random.Random) -> str:
    networks = ("192.0.2.", "198.51.100.", "203.0.113.", "192.168.1.", "10.0.0.", "172.16.4.")
    return f"{rng.choice(networks)}{rng.randint(1, 254)}"


def _doi(rng: random.Random) -> str:
    return f"10.{rng.randint(1000, 9999)}/{rng.choice(('j.cell', 's', 'jamia/'))}{pattern(rng, '20##.######')}"


def _address(rng: random.Random) -> str:
    place = rng.choice(("Leeds LS1 4AP", "Portland, OR 97201", "80331 München"))
    return f"{rng.randint(1, 400)} Harbour Street\n{place}"


NEGATIVE: Mapping[str, Draw] = {
    "order": _any_of(
        "#" * 10, "###-#######-#######", "no. ########", "ORD-#########", "#" * 16, "####-######", "#" * 7
    ),
    "inv": _any_of("202#-###-####"),
    "sha": lambda rng: f"{rng.getrandbits(160):040x}"[: rng.choice((7, 12, 40))],
    "sha256": lambda rng: f"{rng.getrandbits(256):064x}",
    "hex32": lambda rng: f"{rng.getrandbits(128):032x}",
    "base64": lambda rng: base64.b64encode(rng.randbytes(64)).decode(),
    "version": _version,
    "isbn": _isbn,
    "date": _date,
    "time": _time,
    "decimal": _decimal,
    "docip": _doc_ip,
    "sku": _any_of("AA-####-##", "AAA######", "###-####", "#####-###", "A###"),
    "serial": _any_of("#" * 11, "SN#########", "####-####-####", "###-###-####"),
    "account": _any_of("#" * 8, "#" * 10, "### #### ###", "####-####-##"),
    "tracking": _any_of("1ZCCCCCC##########", "9400" + "#" * 18, "#" * 12, "#### #### ####", "RR#########DE", "#" * 15),
    "mrn": _any_of("#" * 7, "#" * 8, "#" * 10, "###-##-##", "##-##-####"),
    "coord": _coord,
    "price": _price,
    "pmid": _any_of("3#######", "1#######"),
    "npi": _any_of("1#########"),
    "ean": _any_of("4" + "#" * 12, "5" + "#" * 12, "3" + "#" * 12, "0" + "#" * 12),
    "imei": _any_of("35" + "#" * 13),
    "uuid": lambda rng: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
    "doi": _doi,
    "ms": _any_of("16" + "#" * 11, "17" + "#" * 11),
    "range": _range,
    "icd": _any_of("A##.#"),
    "dose": lambda rng: rng.choice(("500 mg", "0.25 mg", "5,000 IU", "1000000 units", "2.5 ml", "81 mg")),
    "bp": lambda rng: f"{rng.randint(90, 180)}/{rng.randint(50, 110)}",
    "big": _big,
    "year": lambda rng: str(rng.randint(1900, 2026)),
    "vin": _any_of("CACCCCCCCCC######"),
    "bic": _any_of("AAAAAACC"),
    "word": lambda rng: rng.choice(WORDS),
    "address": _address,
}
"""Fields that are not: what a finding on them would be is a false alarm."""
