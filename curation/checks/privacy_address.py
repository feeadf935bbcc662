"""E-mail and IP addresses: the forms of RFC 5322 and RFC 4291, without what only looks like them in code."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from curation.checks.privacy import AT, DOTTED, Kind, Match, Said, card
from curation.checks.privacy_secret import secrets

_EMAIL = re.compile(
    r"(?<![\w.+@-])(?P<local>\w[\w.+-]{0,63}(?:['’&][\w.+-]{1,32})?)(?:@|%40)"
    r"(?P<domain>(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?P<top>xn--[a-z0-9-]{2,40}|[^\W\d_]{2,24}))(?![\w(@]|[-.]\w)"
)
_SPELT = re.compile(
    r"(?i)(?<![\w.+@-])[\w.+-]{1,64} ?[\[(] ?at ?[\])] ?(?:[a-z0-9-]{1,63}(?:\.| ?[\[(] ?dot ?[\])] "
    r"?)){1,4}[a-z]{2,24}(?!\w)"
)
_NO_DOMAIN = re.compile(  # endings of files, and of names inside a machine
    r"(?i)png|jpe?g|gif|svg|webp|ico|bmp|s?css|m?[jt]sx?|json|ya?ml|toml|xml|html?|rb|go|java|kt|[ch]pp|txt|csv|"
    r"pdf|zip|gz|tar|whl|exe|dll|service|socket|timer|target|mount|local|localhost|internal|lan"
)
_OFFICE = re.compile(
    r"(?i)(?:info|support|help(?:desk)?|service|contact|sales|office|admin|billing|no-?reply|press|jobs"
    r"|hello|team|privacy|"
    r"security|abuse|postmaster|webmaster|feedback|customer[\w.-]*)(?:\+.*)?"
)
_RESERVED = re.compile(r"(?i)(?:.*\.)?(?:example(?:\.\w+)?|example\.co\.\w\w|test|invalid)")  # RFC 2606

_IPV4 = re.compile(r"(?<![\w.-])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w-]|\.[0-9])(?P<mask>/[0-9]{1,2}\b)?")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:.]*:)(?!\w)")
_NUMBERED = re.compile(
    r"(?i)(?:version|release|firmware|build|chapter|section|clause|part|article|appendix|step|rule|\bv|§|@"
    r"|(?:upgrad|updat|downgrad|migrat|bump)\w* (?:\S+ )?(?:from|to))[\s.:]*\Z"
)
_IP_WORD = re.compile(r"(?i)\b(?:ip|ipv4|address|host|server|login|request|ping|port|ssh|client|dns|proxy)\b")
_EVERYBODYS = frozenset(("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "208.67.222.222", "208.67.220.220"))


def emails(said: Said) -> Iterator[Match]:
    """Each address, also one whose @ is written as %40 or (at)."""
    text = said.text
    if "@" in text or "%40" in text:
        for match in _EMAIL.finditer(text):
            if _NO_DOMAIN.fullmatch(match["top"]) or match["local"].endswith("."):
                continue
            if match["local"] in ("git", "hg", "svn") and text[match.end() : match.end() + 1] in (":", "/"):
                continue  # where a repository lies
            if text[max(0, match.start() - 3) : match.start()] == "://":
                continue  # a user of a server
            yield match.span()
    if "at)" in text.lower() or "at]" in text.lower():
        for match in _SPELT.finditer(text):
            yield match.span()


def _same_email(value: str) -> str:
    spelt = re.sub(r"(?i) ?[\[(] ?dot ?[\])] ?", ".", re.sub(r"(?i)%40| ?[\[(] ?at ?[\])] ?", "@", value))
    return spelt.casefold()


def _personal(value: str, text: str) -> bool:
    """Whether it is one person's, and no example of how addresses or code look."""
    local, _, domain = _same_email(value).rpartition("@")
    return not (_OFFICE.fullmatch(local) or _RESERVED.fullmatch(domain) or "```" in text or "regex" in text.lower())


def ips(said: Said) -> Iterator[Match]:
    """Each address of a machine that the internet can reach."""
    text = said.text
    for match in _IPV4.finditer(text):
        address = match[0].split("/")[0]
        before = text[max(0, match.start() - 40) : match.start()]
        if _NUMBERED.search(before) or (match["mask"] and _is_network(match[0])) or not _is_somebodys(address):
            continue
        if all(int(part) < 32 for part in address.split(".")) and not _IP_WORD.search(before):
            continue  # a number of a section or a version
        yield match.start(), match.start() + len(address)
    if text.count(":") > 1:
        for match in _IPV6.finditer(text):
            if len(re.sub(r"[^0-9a-fA-F]", "", match[0])) >= 8 and _is_somebodys(match[0]):
                yield match.span()


def _is_somebodys(address: str) -> bool:
    """Whether one machine has it: not private, loopback, a mask, kept for documentation (RFC 5737), or everybody's."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed.is_global and not parsed.is_multicast and address not in _EVERYBODYS


def _is_network(address: str) -> bool:
    try:
        ipaddress.ip_network(address)
    except ValueError:
        return False
    return not address.endswith("/32")


def _same_ip(value: str) -> str:
    return str(ipaddress.ip_address(value)) if _is_somebodys(value) else value


EMAIL = card(
    Kind("email", "an e-mail address", emails, (secrets,), same=_same_email, sure=_personal, hint=AT),
    "E-mail addresses",
    ("Write to marta.okafor@saltgate-hospital.net.", "ADMIN+test@Example.co.uk wrote",
     "https://a.org/x?mail=jo%40web.de&y=1",
     "o'hara@clinic.org", "jo (at) clinic (dot) org", "anna@bücherei.de"),
    ("The handle @marta is taken.", "pip install pkg@1.2.3", "user@localhost is the machine", "Load logo@2x.png first.",
     "git clone git@github.com:acme/tool.git", "y = x@w.T + b", "z = x@w.transpose(0, 1)", "Hidden: [EMAIL_1]."),
    "The form of an address, with a top-level domain that is no file ending. Offices (info@, support@), reserved "
    "domains (example.com) and turns with code are never safe to change.",
)  # fmt: skip
IP = card(
    Kind("ip", "an IP address", ips, (secrets, emails), same=_same_ip, hint=DOTTED),
    "IP addresses",
    ("The request came from 84.17.45.12.", "Host 2a02:8071:b696:3c00::1 answered"),
    ("Version 10.4.2.1 is out", "Listen on 127.0.0.1 or 0.0.0.0", "See section 1.2.3", "std::vector::size",
     "At 10:30:15",
     "Set 192.168.1.10 and 192.0.2.44.", "Rule 4.1.2.3 applies.", "Ask 8.8.8.8 for the name."),
    "IPv4 and IPv6 as the ipaddress module reads them, only those that the internet can reach: no "
    "private or documentation "
    "addresses, masks, networks, public name servers or version numbers.",
)  # fmt: skip
