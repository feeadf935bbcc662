"""What the words beside a number say it is: somebody's phone, a card, a social security number, or something else."""

from __future__ import annotations

import re
from typing import Literal

Label = Literal["phone", "near", "reach", "number", "card", "ssn", "other"]

REACH = 48
_OTHER = (
    r"orders?|invoice|bill|ticket|case|ids?|ref(?:erence)?|account|acct|tracking|track|parcel|shipment"
    r"|package|serial|part|"
    r"item|sku|isbn|issn|doi|pmid|pmcid|arxiv|version|build|firmware|iban|bic|mrn|(?:medical )?record|zip"
    r"|postcode|policy|npi|"
    r"ean|upc|gtin|barcode|imei|imsi|iccid|vin|uuid|guid|session|timestamp|epoch|jobs?|run|trace|process"
    r"|pid|thread|event|model|product|asset|catalog(?:ue)?|"
    r"lot|batch|rows?|lines?|pages?|chapter|section|room|flight|population|revenue|lat(?:itude)?|lon(?:g|gitude)?|"
    r"coordinates?|hash|commit|checksum|sha\d*|md5|port|grid|sheet|licen[cs]e|passport|registration"
    r"|chassis|claim|member|"
    r"transaction|txn|receipt|bug|issue|pr|rfc|patent|nct|icd|dose|seed|bytes|index|offset|user ?id|patient ?id|"
    r"customer|confirmation|booking|reservation|contract|certificate|device|sum|total|amount|price|code|key|bestellung|"
    r"rechnung|kundennummer|factura|commande|pedido|ordine"
)
_WORDS = re.compile(
    r"(?<![^\W_])(?:"
    r"(?P<phone>(?:tele|smart|cell|mobile )?phones?(?: ?(?:number|no\.?|nr\.?|#))?(?! (?:calls?|bills?"
    r"|model|costs?|app|weighs?)\b)"
    r"|tel(?:efon\w*|efoon|éfono|efono|éphone|ephone|efax)?|téléphone|teléfono|telemóvel|fax|mobile?(?! "
    r"(?:app|home)\b)|mobilnummer|"
    r"móvil|mob|celular|cellulare|cell(?! (?:count|line|type|wall|culture|membrane)s?\b)|handy(?:nummer)?|rufnummer|"
    r"portable|hotline|helpline|landline|switchboard|pager|whats ?app|sms|voicemail"
    r"|(?<![\w'’])[TMPF](?=\s?[.:])|ph(?=\s?[.:]))"
    r"|(?P<reach>call(?:ing|ed|s)?|phon(?:ing|ed)|dial(?:ling|ing|led|ed)?|ring|rang|text(?:ed|ing)?"
    r"|reach(?:ed|ing)?|answering|"
    r"contact|joindre|appele[rz]|rufen|anrufen|ruf|erreichen|llám\w{2,4}|llam[ea]\w{0,3}|chiam\w{1,4}|ligue|bel)"
    r"|(?P<card>(?:credit |debit |payment )?cards?|visa|mastercard|amex|american express|maestro|discover"
    r"|cc|pan|kreditkarte)"
    r"(?: ?(?:numbers?|no\.?|#))?"
    r"|(?P<ssn>ssns?|s\.s\.n\.|social[ -]security|social|tax(?:payer)? id|tin)(?: ?(?:numbers?|no\.?|#))?"
    rf"|(?P<other>{_OTHER})(?:[ -]?(?:numbers?|no\.?|nr\.?|ids?|codes?|ref\w*|#))?"
    r"|(?P<number>numbers?|nummer|número|numéro|numero)"
    r")(?![^\W\d_])",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?i:(?<!tel)(?<!mob)(?<!ph)(?<!no)(?<!nr))[.] (?=[A-Z])|\n")
_LINK = re.compile(
    r"(?i)(?:[\s:,(=–-]|\b(?:me|us|him|her|them|you|back|again|at|on|under|au|le|unter|al|en|any ?time"
    r"|number|no|nr|is|out|by|"
    r"via|to|this|his|my|our|your|their|the|mich|uns|sie|work|home|directly|or|of)\b"
    r"|\b(?:the|our|my|his|her|their|your|dr\.?|mrs?\.?|ms\.?)\s+[\w'’-]+(?:\s+[\w'’-]+)?(?=\s+(?:on|at|under|via)\b))*"
)
_DIRECT = re.compile(r"(?i)(?:[\s:#(=.,\"'–-]|\b(?:is|was|are|of|no|nr|number|ids?|code|ref)\b)*")
_LIST = re.compile(r"[^\w\n]*\+?[\d ().-]{7,20}(?:,| or| and| /| &)\s?")
_BEHIND = re.compile(
    r"(?i)(?:[\s,]{0,2}[(\[–-]\s?(?:his |her |my )?(?:mobile|cell|home|work|office|fax|phone|tel|landline"
    r"|private|day|evening)\b"
    r"|,? (?:is|was|as)\b[^.\d\n]{0,24}\b(?:mobile|cell(?:phone)?|phone|landline|contact number|number)\b"
    r"| ?-? ?(?:office|fax|cell|mobile|phone|landline)\b)"
)


def label(text: str, start: int) -> Label | None:
    """What the nearest words before ``start`` call the number that begins there; None where they call it nothing.

    After a word for a phone, "near" tells that other words stand between. A word for something else (order, serial)
    counts only directly before the number, a verb (call, reach) only where nothing but small words such as "me back at"
    stands between.
    """
    window = text[max(0, start - REACH) : start]
    ends = [match.end() for match in _SENTENCE_END.finditer(window.rstrip())]
    window = window[ends[-1] :] if ends else window
    last = None
    for match in _WORDS.finditer(window):
        if match.lastgroup != "number" or last is None or last.lastgroup == "other":
            last = match
    if last is None:
        return None
    gap = window[last.end() :]
    if any(c.isdigit() for c in gap):
        return "phone" if last.lastgroup == "phone" and _LIST.fullmatch(gap) else None
    if last.lastgroup == "other":
        return "other" if _DIRECT.fullmatch(gap) else None
    if last.lastgroup == "phone":
        return "phone" if _LINK.fullmatch(gap) else "near"
    if last.lastgroup == "reach":
        return "reach" if _LINK.fullmatch(gap) else "number"
    found: Label = last.lastgroup  # type: ignore[assignment]
    return found


def called_phone_behind(text: str, end: int) -> bool:
    """Whether the words after ``end`` say that the number was a phone's: "(mobile)", "is my daughter's cell"."""
    return _BEHIND.match(text, end) is not None
