"""Passwords, tokens and keys: known key forms, and values that the words before them call a secret."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from curation.checks.privacy import SECRET as HINT
from curation.checks.privacy import SECRET_WORDS, Kind, Match, Said, card, formed_as_secret

_KNOWN = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9])"  # Amazon
    r"|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{50,}|glpat-[\w-]{20,}"  # GitHub, GitLab
    r"|sk-(?:proj-|svcacct-|ant-(?:api\d\d-)?|or-v1-)?(?=[\w-]*\d)(?=[\w-]*[A-Z]|[0-9a-f]*(?![\w-]))[A-Za-z0-9_-]{20,}"
    r"|gsk_[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{40,}|r8_[A-Za-z0-9]{37}|hf_[A-Za-z]{30,}"  # model services
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{20,}"  # Slack
    r"|(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{16,}|whsec_[A-Za-z0-9+/]{32,}|sq0(?:atp|csp)-[\w-]{22,}"  # payment
    r"|AIza[0-9A-Za-z_-]{35}|GOCSPX-[\w-]{28}|ya29\.[\w-]{30,}"  # Google
    r"|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,}|dop_v1_[0-9a-f]{64}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"
    r"|SG\.[\w-]{22}\.[\w-]{43}|key-[0-9a-f]{32}(?!\w)|dapi[0-9a-f]{32}|glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}"
    r"|hvs\.[\w-]{24,}|NRAK-[A-Z0-9]{27}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|lin_api_[A-Za-z0-9]{40}|figd_[\w-]{40}"
    r"|ntn_[A-Za-z0-9]{40,}|AGE-SECRET-KEY-1[A-Z0-9]{58}"
    r"|\d{8,10}:AA[A-Za-z0-9_-]{33}(?![\w-])"  # Telegram bots
    r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})"  # JSON web token, RFC 7519
    r"|https://hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20,}"
    r"|(?<=AccountKey=)[A-Za-z0-9+/]{86}=="
    r"|-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]{1,16000}?"
    r"(?:-----END (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----|\Z)"
)
_IN_URL = re.compile(r"(?<=://)[^\s/:@\"'<>\[\]]{1,64}:(?P<value>[^\s/@\"'<>\[\]]{3,128})(?=@[\w.-])")
_BEFORE_KEY = re.compile(r"(?i)(?:api|secret|access|private|signing|encryption|auth|account|master|license)[ _-]?\Z")
_STEMS = {  # how each word of SECRET_WORDS goes on
    "key": "s?", "token": "s?", "secret": "", "pwd": "", "bearer": "", "pass": "(?:word|wort|phrase|wd|code)?s?",
}  # fmt: skip
_NAMED = {
    word: re.compile(
        rf"{rest}(?:[\"']?\s{{0,3}}(?::=|:|=>?)\s{{0,3}}|\s+(?i:is|was|to)\s+(?:now\s+)?:?|[ ]+(?=[\"'`])"
        + ("|[ ]+" if word == "bearer" else "")
        + r")[\"'`]?(?P<value>[^\s\"'`,;<>{}$()\[\]\\|]{6,256})",
        re.IGNORECASE,
    )
    for word, rest in _STEMS.items()
}
_NO_SECRET = re.compile(
    r"(?i)your|example|xxx|\.\.\.|\*\*\*|changeme|placeholder|dummy|redacted|insert|environ|getenv|https?:"
)
_PATH = re.compile(r"[A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)+")
_NAME = re.compile(r"[a-z]+(?:_[a-z]+)+\d?|[a-z]+(?:[A-Z][a-z]+)*\d?|\d+[a-z]{0,5}|[A-Z]+(?:_[A-Z0-9]+)+")


def secrets(said: Said) -> Iterator[Match]:
    """Each key or password, without the words that name it."""
    text = said.text
    if formed_as_secret(text) or "hf_" in text or "-----BEGIN" in text:
        for known in _KNOWN.finditer(text):
            yield known.span()
        for known in _IN_URL.finditer(text) if "://" in text else ():
            if _varied(known["value"]):
                yield known.span("value")
    lowered = text.lower()
    if len(lowered) != len(text):  # some capitals have a longer small form; then places would not agree
        lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    for word in SECRET_WORDS:
        at = lowered.find(word)
        while at >= 0:
            match = _NAMED[word].match(text, at + len(word))
            if match and (word != "key" or _BEFORE_KEY.search(text[max(0, at - 12) : at])) and not _in_host(text, at):
                value = match["value"].rstrip(".!?:&")
                least = 12 if word in ("token", "secret", "bearer") else 6
                if len(value) >= least and _varied(value) and not _PATH.fullmatch(value) and not _NAME.fullmatch(value):
                    yield match.start("value"), match.start("value") + len(value)
            at = lowered.find(word, at + 1)


def _in_host(text: str, at: int) -> bool:
    """Whether a word is the end of an e-mail address, as in ``jo@x.orgpassword``; such a word names nothing."""
    while at and (text[at - 1].isalnum() or text[at - 1] in ".-_"):
        at -= 1
    return at > 0 and text[at - 1] == "@"


def _varied(value: str) -> bool:
    """Whether it is mixed as keys and passwords are: letters and digits, and not a word that stands for one."""
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    return mixed and entropy(value) >= 2.3 and _NO_SECRET.search(value) is None


def entropy(text: str) -> float:
    """Shannon entropy of the characters, in bits a character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


SECRET = card(
    Kind("secret", "a secret or key", secrets, same=str, hint=HINT),
    "Passwords, tokens and keys",
    ("Use AKIAIOSFODNN7EXAMPLQ here", "password: hunter2hunter2", "My password is Blue!kitten42, reset it.",
     "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "postgres://admin:s3cr3tpw@db.intern/app",
     "curl -H 'Authorization: Bearer 9fK2mQ7xLp0Zr4Tt8Vw1'"),
    ("The password: is required", "commit 9fceb02d0ae598e95dc970b74767f19372d61af8", "api_key=YOUR_KEY_HERE",
     "password = os.environ['PASSWORD']", "The password must have 8 characters.", "token = tokens[i + 1]",
     "const token = req.headers.auth2;", "disk-utility-for-large-volumes-and-more", "max_tokens: 4096tokens"),
    "Some forty known key forms, credentials in a URL, and values after password, token or key that mix letters and "
    "digits without being a name in code.",
)  # fmt: skip
