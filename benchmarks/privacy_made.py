"""Makes the held-out texts of the privacy benchmark: sentences with labelled personal data, and look-alikes without.

The sentences were written for this file, before the rules that it measures were, and share nothing with the labelled
set they were tuned on. They stand in two folds by their place in the list (even, odd): errors were looked at in the
first only. Values come from the national formats below, from the phonenumbers metadata and, in a set of its own, from
Faker.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.privacy_lookalikes import NEGATIVE
from benchmarks.privacy_values import POSITIVE, faker_values

SEED = 4
FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Made:
    """A text with what it holds.

    Attributes:
        text: The whole text.
        spans: (kind, start, end) of each value, in code points.
        fold: 0 or 1, by the sentence.
        sentence: The sentence with its fields still open.
    """

    text: str
    spans: tuple[tuple[str, int, int], ...]
    fold: int
    sentence: str


def made(draws: int, seed: int = SEED) -> list[Made]:
    """Every sentence ``draws`` times, with values of the project's own generators."""
    rng = random.Random(seed)
    return list(_fill(rng, draws, POSITIVE))


def made_by_faker(draws: int, seed: int = SEED) -> list[Made]:
    """The same sentences with Faker's values, in its own 24 locales.

    Raises:
        FinetoothError: Faker is not installed.
    """
    rng = random.Random(seed)
    return list(_fill(rng, draws, faker_values(seed)))


def _fill(rng: random.Random, draws: int, values: Mapping[str, Callable[[random.Random], str]]) -> Iterator[Made]:
    for number, sentence in enumerate(SENTENCES):
        for _ in range(draws):
            parts: list[str] = []
            spans: list[tuple[str, int, int]] = []
            length = last = 0
            for field in FIELD.finditer(sentence):
                kind = field[1]
                value = values[kind](rng) if kind in values else NEGATIVE[kind](rng)
                before = sentence[last : field.start()]
                start = length + len(before)
                length = start + len(value)
                if kind in POSITIVE:
                    spans.append((kind, start, length))
                parts += [before, value]
                last = field.end()
            yield Made("".join([*parts, sentence[last:]]), tuple(spans), number % 2, sentence)


SENTENCES = (
    # e-mail
    "You can reach the duty nurse under {email} until six.",
    "{email} has not answered since Tuesday.",
    "Please forward the discharge letter ({email}) and keep me posted.",
    "From: {email}\nTo: {email}\nSubject: results of {date}",
    "The form at https://portal.clinic.test/reset?user={email}&step=2 is stuck.",
    "mailto:{email}",
    "His old address was {email}; the new one is {email}.",
    '{"name": "{word}", "contact": "{email}"}',
    "Whoever owns <{email}> should change the password.",
    "- {email}\n- {email}\n- {email}",
    "Sign-up: name={word};mail={email};plan=basic",
    "Cc the head of department,{email},before you close case {order}.",
    # phone, with a word that says so
    "Ring the ward on {phone} if the fever comes back.",
    "My mobile is {phone}, best after 5 pm.",
    "Tel.: {phone}",
    "T: {phone}",
    "Phone {phone}\nFax {phone}",
    "She asked to be called back at {phone} about invoice {order}.",
    "You may text me any time: {phone}.",
    "Emergency contact: {word}, {phone}",
    "He gave {phone} as his contact number.",
    "Appointment desk (phone {phone}, open {time}) confirmed {date}.",
    "Can you dial {phone} for me?",
    "Our hotline {phone} is free of charge.",
    "WhatsApp: {phone}",
    "{phone} is my daughter's cell, please use that one.",
    "Caller left a voicemail; number {phone}; wants the refund of {price}.",
    "telephone:{phone}",
    "Reach him at work: {phone}.",
    "The number on file, {phone}, is out of service.",
    "{phone} (mobile)",
    "{phone} (home), {phone} (office)",
    "Patient: {word}\nDOB: {date}\nTelefon: {phone}\nMRN: {mrn}",
    "Mi teléfono es {phone}, llámeme por la tarde.",
    "Vous pouvez me joindre au {phone} après 18 h.",
    "Bitte rufen Sie mich unter {phone} zurück.",
    "Il mio cellulare: {phone}",
    "I tried phoning {phone} twice and nobody picked up.",
    "What is your phone number? It's {phone}.",
    "Handy {phone}, E-Mail {email}",
    # phone, without such a word
    "Regards,\n{word}\n{address}\n{intlphone}",
    "{word} – {intlphone} – {email}",
    "Is it {usphone} or {usphone}?",
    "{word}, {usphone}, prefers mornings.",
    # card
    "I paid with {card} last night and was charged {price} twice.",
    "Card number: {card}, expires 09/27.",
    "{card} was declined.",
    "Please put the deposit on {card} and send the receipt to {email}.",
    "Visa {card} CVV 123",
    "He read out {card}, then hung up.",
    "cc={card}&exp=0928",
    "Remove my credit card ({card}) from the account.",
    "Two payments went through: {card} and {card}.",
    '"pan": "{card}"',
    # iban
    "Transfer the fee to {iban} by Friday.",
    "IBAN: {iban}, BIC {bic}",
    "My account is {iban}.",
    "{iban}",
    "Refund {price} to {iban} please, reference {order}.",
    "The bank returned the payment because {iban} is closed AND NOBODY TOLD US.",
    "from {iban} to {iban}",
    "iban={iban};amount={decimal}",
    # ssn
    "Her social security number is {ssn}.",
    "SSN {ssn}",
    "SSN: {ssn}, DOB {date}",
    "{ssn} is what the employer sent us.",
    "Verify with the last invoice and {ssn}.",
    "Taxpayer {word} ({ssn}) filed late.",
    "ssn={ssn}&year=2024",
    "The form lists {ssn} for the mother and {ssn} for the son.",
    # ip
    "Login from {ip} at {time} was blocked.",
    "The user's address, {ip}, is in another country.",
    '{ip} - - [12/Mar/2024:10:11:12] "GET /index.html" 200',
    "ssh came in from {ip}, port 52314.",
    # secret
    "I pasted {secret} into the chat by mistake.",
    "export TOKEN={secret}",
    "curl -H 'Authorization: Bearer {secret}' https://api.test/v1",
    '{"api_key": "{secret}", "retries": 3}',
    "My password is {password}, please reset it.",
    "user: {word}\npassword: {password}",
    "DB_PASSWORD={password}",
    'login with pwd "{password}" as before',
    # nothing personal
    "Order {order} left the warehouse on {date}.",
    "Your order number is {order} and the total is {price}.",
    "The call about ticket {order} was closed.",
    "Fixed in commit {sha}.",
    "git show {sha} | head -n 40",
    "Upgrade from {version} to {version}.",
    "Version {version} of the firmware needs build {version}.",
    "ISBN {isbn}, second edition, {price}",
    "See ISBN: {isbn}.",
    "The study (PMID {pmid}, doi {doi}) ran from {date} to {date}.",
    "PMID: {pmid}",
    "The meeting is on {date} at {time}.",
    "{date} {time} INFO job {order} done in {decimal} s",
    "Measured {decimal} against {decimal}.",
    "The ratio was {decimal} (95% CI {decimal}-{decimal}).",
    "Set DNS to {docip} and the gateway to {docip}.",
    "server {docip}; listen {docip}:8080;",
    "Product code {sku} replaces {sku}.",
    "Part {sku} is out of stock, use {sku}.",
    "UPS tracking number {tracking}",
    "Track your parcel: {tracking}.",
    "Shipment {tracking} arrives on {date}.",
    "MRN {mrn}, admitted {date}, BP {bp}, HR 88",
    "Medical record number: {mrn}.",
    "Patient ID {mrn}: WBC {decimal}, platelets {big}.",
    "The shop is at {coord}.",
    "lat/long {coord}, altitude 1,240 m",
    "It cost {price}, down from {price}.",
    "Revenue rose from {big} to {big} dollars.",
    "A population of {big} in {year}-{year}.",
    "Call me when invoice {order} is paid.",
    "Please call the function with id={order} and text=None.",
    "The phone costs {price} and weighs 171 g, model {sku}.",
    "In {year} the call center handled {big} calls.",
    "EAN {ean}",
    "Barcode {ean} does not scan.",
    "IMEI {imei}",
    "NPI {npi}",
    "UUID {uuid}",
    "session {uuid} expired at {ms}",
    "timestamp={ms}",
    "The rows {range} were removed.",
    "ICD-10 {icd}, {icd}; dose {dose} every 8 hours.",
    "Take {dose} for {range} days.",
    "Room {range}, floor 3, ext. 12",
    "The case number {order} was sent to you by text.",
    "Add 2.5 ml to 1000 ml, then 0.9 % NaCl, 250 ml, {time}.",
    "DOI: {doi}",
    "vin {vin}",
    "Flight {sku} departs {time}, gate 14, seat 22A.",
    "{docip} and ::1 are local; std::vector<int>::size() is not an address.",
    "Use npm install left-pad@{version} or @types/node@{version}.",
    "git clone git@github.com:acme/tool.git",
    "Load logo@2x.png and icon@3x.webp first.",
    "systemctl restart backup@daily.service",
    'api_key = os.environ["API_KEY"]  # never hard-code',
    "Set password: <your password> and token=YOUR_TOKEN_HERE.",
    "The password must have 8 characters and 1 digit.",
    "SHA-256: {sha256}",
    "Integrity sha512-{base64}",
    "Model {sku} has serial {serial}.",
    "Serial number {serial}; asset {sku}",
    "The account {account} holds {price}.",
    "Policy no. {account} renews on {date}.",
    "1 2 3 4 5 6 7 8 9 10 11 12",
    "Scores: 12-7, 21-19, 11-9, 15-13 and 3-0.",
    "x = [1024, 2048, 4096, 8192, 16384, 32768]",
    "Chapter 4.1.2.3 explains rule {range}.",
    "Between {year}-{year} and {date}, {big} people moved.",
    "The checksum of {order} is {hex32}.",
    "card game: 4 4 4 4 5 5 5 5 6 6 6 6 7 7 7 7",
    "Invoice {inv} of {date}: {price}.",
    "He ran 1500 m in 3:35.27 and 10,000 m in 27:11.00.",
    "Grid ref {account}, sheet {range}.",
)
