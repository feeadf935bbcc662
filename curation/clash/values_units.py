"""The units of quantities, each with what it measures and its size in a base unit, so that 500 mg is 0.5 g."""

from __future__ import annotations

import re

_TABLE = """
mass 1e-9 ng nanogram nanograms
mass 1e-6 mcg µg μg ug microgram micrograms
mass 1e-3 mg mgs milligram milligrams milligramme milligrammes
mass 1 g gm gms gr gram grams gramme grammes
mass 1e3 kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes
mass 1e6 tonne tonnes
mass 453.59237 lb lbs pound pounds
mass 28.349523 oz ounce ounces
volume 1e-6 µl μl ul microliter microliters microlitre microlitres
volume 1e-3 ml mls cc ccs milliliter milliliters millilitre millilitres
volume 1e-2 cl centiliter centiliters centilitre centilitres
volume 0.1 dl deciliter deciliters decilitre decilitres
volume 1 l liter liters litre litres
volume 3.785412 gallon gallons gal
volume 0.473176 pint pints
volume 0.946353 quart quarts
volume 4.92892e-3 teaspoon teaspoons tsp tsps
volume 14.7868e-3 tablespoon tablespoons tbsp tbsps
length 1e-9 nm nanometer nanometers
length 1e-6 µm μm um micron microns micrometer micrometers
length 1e-3 mm mms millimeter millimeters millimetre millimetres
length 1e-2 cm cms centimeter centimeters centimetre centimetres
length 1 m meter meters metre metres
length 1e3 km kms kilometer kilometers kilometre kilometres
length 0.0254 inch inches
length 0.3048 ft foot feet
length 0.9144 yd yds yard yards
length 1609.344 mi mile miles
area 1 m² m2 sqm
area 1e6 km² km2
area 4046.856 acre acres
area 1e4 hectare hectares ha
time 1e-3 ms millisecond milliseconds
time 1 s sec secs second seconds
time 60 min mins minute minutes
time 3600 h hr hrs hour hours
time 86400 d day days
time 604800 w wk wks week weeks
time 1209600 fortnight fortnights
time 2629800 mo mos month months
time 31557600 y yr yrs year years
time 315576000 decade decades
time 3155760000 century centuries
percent 1 % percent
byte 1 byte bytes
byte 1e3 kb kilobyte kilobytes
byte 1e6 mb megabyte megabytes
byte 1e9 gb gigabyte gigabytes
byte 1e12 tb terabyte terabytes
dose 1 iu international_unit international_units
energy 4184 kcal kcals kilocalorie kilocalories
energy 4184 calorie calories cal cals
energy 1000 kj kilojoule kilojoules
energy 3.6e6 kwh
power 1 watt watts
power 1e3 kw kilowatt kilowatts
power 1e6 mw megawatt megawatts
frequency_hz 1 hz hertz
frequency_hz 1e3 khz
frequency_hz 1e6 mhz
frequency_hz 1e9 ghz
voltage 1 volt volts
amount 1e-3 mmol mmols millimole millimoles
amount 1 mol mole moles
equivalent 1e-3 meq
pressure 1 mmhg
pressure 7.50062 kpa
pressure 51.7149 psi
pulse 1 bpm
speed 0.44704 mph
speed 0.277778 kph kmh
pixel 1 px pixel pixels
"""
_MONEY = """
usd dollar dollars usd bucks
eur euro euros eur
gbp gbp quid
jpy yen jpy
inr rupee rupees inr
chf franc francs chf
"""
SYMBOLS = {"$": "money usd", "€": "money eur", "£": "money gbp", "¥": "money jpy"}
UNITS: dict[str, tuple[str, float]] = {}
for _line in _TABLE.split("\n"):
    if _line:
        _kind, _size, *_names = _line.split()
        UNITS.update({_name.replace("_", " "): (_kind, float(_size)) for _name in _names})
for _line in _MONEY.split("\n"):
    if _line:
        _code, *_names = _line.split()
        UNITS.update(dict.fromkeys(_names, (f"money {_code}", 1.0)))
UNITS |= {"per cent": ("percent", 1.0), "cents": ("money usd", 0.01)}

DOSE_UNITS = frozenset((
    "ng", "nanogram", "nanograms", "mcg", "µg", "μg", "ug", "microgram", "micrograms", "mg", "mgs", "milligram",
    "milligrams", "ml", "mls", "cc", "milliliter", "milliliters", "millilitre", "millilitres", "iu", "meq",
    "international unit", "international units",
))  # fmt: skip
DOSE_NOUNS = frozenset((
    "tablet", "tablets", "tab", "tabs", "capsule", "capsules", "cap", "caps", "pill", "pills", "puff", "puffs", "drop",
    "drops", "unit", "units", "dose", "doses", "sachet", "sachets", "spray", "sprays", "suppository", "injection",
))  # fmt: skip

_NAMES = "|".join(re.escape(name) for name in sorted(UNITS, key=len, reverse=True))
_OLD = r"y/?o\b|y\.o\b\.?|(?:years?|yrs?|y)[ -]?olds?\b"
UNIT = re.compile(
    rf"(?:\s?-?\s?(?:(?P<old>{_OLD})"
    rf"|°\s?(?P<degree>[CF])\b|º\s?(?P<degree2>[CF])\b|degrees?\s?(?P<scale>C|F|celsius|centigrade|fahrenheit)?\b"
    rf"|(?P<angle>°)"
    rf"|(?P<working>(?:business|working|week|calendar|consecutive|full|whole|school|straight)\s)?(?P<name>{_NAMES})(?![^\W_])(?:\s?(?:/|per)\s?(?P<per>{_NAMES}|dose)(?![^\W_]))?"
    rf"|(?P<inch>in)(?=\s{{0,3}}(?:[.,;:)/]|$|x\b|×|by\b|long\b|wide\b|tall\b|deep\b|of\b))"
    rf"|(?P<letter>[CF])(?![^\W_])))",
    re.IGNORECASE,
)
