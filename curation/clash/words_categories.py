"""Words that exclude each other: of one category, a thing has one at a time (colour, country, weekday, room, ...).

Written for this project. A member is one word or several for the same ("grey=gray"); "_" joins the words of a phrase.
"""

from __future__ import annotations

from dataclasses import dataclass


def listed(words: str) -> frozenset[str]:
    """The words of a string."""
    return frozenset(words.split())


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of words.

    Attributes:
        name: For people: "colour".
        members: As described above, with white space between.
        strict: Two of them are never both true of one thing in one place, even where nobody asked for it. A person
            plays the guitar and the flute; the door is not red and blue.
        before: An adjective: it excludes another only before the same word ("a red shirt", "a blue shirt").
        broader: Words that cover all members: no contradiction to any of them.
    """

    name: str
    members: str
    strict: bool = False
    before: bool = False
    broader: str = ""


_COUNTRIES = """
afghanistan=afghan=afghans albania=albanian algeria=algerian angola=angolan argentina=argentinian=argentine
armenia=armenian australia=australian austria=austrian azerbaijan=azerbaijani bahrain=bahraini bangladesh=bangladeshi
belarus=belarusian belgium=belgian bolivia=bolivian bosnia=bosnian botswana brazil=brazilian bulgaria=bulgarian
cambodia=cambodian cameroon=cameroonian canada=canadian chile=chilean china=chinese colombia=colombian congo=congolese
costa_rica=costa_rican croatia=croatian cuba=cuban cyprus=cypriot czechia=czech_republic=czech denmark=danish=danes
dominican_republic ecuador=ecuadorian egypt=egyptian el_salvador=salvadoran england=english eritrea=eritrean
estonia=estonian ethiopia=ethiopian fiji=fijian finland=finnish=finns france=french georgia=georgian
germany=german ghana=ghanaian greece=greek greenland guatemala=guatemalan haiti=haitian honduras=honduran
hungary=hungarian iceland=icelandic india=indian indonesia=indonesian iran=iranian iraq=iraqi ireland=irish
israel=israeli italy=italian ivory_coast=ivorian jamaica=jamaican japan=japanese jordan=jordanian
kazakhstan=kazakh kenya=kenyan kuwait=kuwaiti kyrgyzstan=kyrgyz laos=laotian latvia=latvian lebanon=lebanese
liberia=liberian libya=libyan lithuania=lithuanian luxembourg madagascar malawi=malawian malaysia=malaysian mali=malian
malta=maltese mauritius mexico=mexican moldova=moldovan monaco mongolia=mongolian montenegro morocco=moroccan
mozambique myanmar=burma=burmese namibia=namibian nepal=nepali=nepalese netherlands=holland=dutch new_zealand
nicaragua=nicaraguan niger nigeria=nigerian north_korea=north_korean norway=norwegian oman=omani pakistan=pakistani
panama=panamanian paraguay=paraguayan peru=peruvian philippines=filipino=philippine poland=polish
portugal=portuguese qatar=qatari romania=romanian russia=russian rwanda=rwandan samoa=samoan saudi_arabia=saudi
scotland=scottish senegal=senegalese serbia=serbian singapore=singaporean slovakia=slovak slovenia=slovenian
somalia=somali south_africa=south_african south_korea=south_korean=korea=korean spain=spanish sri_lanka=sri_lankan
sudan=sudanese sweden=swedish=swedes switzerland=swiss syria=syrian taiwan=taiwanese tajikistan=tajik
tanzania=tanzanian thailand=thai togo tunisia=tunisian turkey=turkish uganda=ugandan ukraine=ukrainian
uruguay=uruguayan
united_states=usa=american=america uzbekistan=uzbek venezuela=venezuelan vietnam=vietnamese wales=welsh yemen=yemeni
zambia=zambian zimbabwe=zimbabwean
"""

CATEGORIES = (
    Category(
        "colour",
        """red=crimson=scarlet blue=navy green yellow orange purple=violet=lilac pink brown black white grey=gray
        silver
        golden turquoise=teal beige maroon magenta cyan khaki""",
        strict=True,
        before=True,
        broader="coloured colored colourful colorful multicolored multicoloured colour color bright dark light",
    ),
    Category("country", _COUNTRIES, strict=True, broader="country foreign abroad european asian african oriental"),
    Category("continent", "africa asia europe antarctica north_america south_america oceania", strict=True),
    Category(
        "city",
        """london paris berlin rome=roma madrid lisbon vienna=wien prague warsaw budapest athens dublin oslo stockholm
        helsinki copenhagen brussels amsterdam zurich geneva moscow kyiv istanbul ankara cairo nairobi lagos
        johannesburg
        cape_town delhi mumbai bangalore beijing shanghai tokyo osaka kyoto seoul bangkok hanoi jakarta manila
        sydney melbourne canberra brisbane auckland wellington toronto montreal ottawa vancouver new_york chicago
        boston
        los_angeles san_francisco seattle houston dallas miami atlanta philadelphia denver havana bogota lima santiago
        buenos_aires rio_de_janeiro munich hamburg frankfurt cologne barcelona milan naples lyon marseille""",
        strict=True,
        broader="city town",
    ),
    Category("weekday", "monday tuesday wednesday thursday friday saturday sunday", strict=True, broader="day"),
    Category(
        "month",
        "january february march april june july august september october november december",
        strict=True,
        broader="month",
    ),
    Category("season", "spring=springtime summer=summertime autumn winter=wintertime", strict=True, broader="season"),
    Category(
        "time of day",
        "morning noon=midday afternoon evening night=nighttime midnight dawn=sunrise dusk=sunset",
        strict=True,
    ),
    Category("direction", "north=northern south=southern east=eastern west=western", strict=True),
    Category("planet", "mercury venus earth mars jupiter saturn uranus neptune pluto", strict=True, broader="planet"),
    Category(
        "material",
        """wood=wooden=timber stone=granite=marble glass brick plastic=vinyl cement=concrete copper bronze brass steel
        iron aluminium=aluminum titanium tin lead gold silver paper cardboard leather rubber wool=woolen=woollen cotton
        silk linen nylon polyester sand clay ceramic=porcelain ice straw bamboo""",
        strict=True,
        before=True,
        broader="material metal metallic fabric cloth",
    ),
    Category(
        "room",
        """kitchen bathroom=restroom=toilet bedroom living_room=lounge=sitting_room dining_room garage hallway=corridor
        attic basement=cellar classroom courtroom office prison_cell=jail_cell common_room waiting_room
        operating_room=operating_theatre ballroom boardroom=conference_room locker_room nursery pantry laundry_room
        study
        dressing_room sauna""",
        broader="room house building home indoors inside",
    ),
    Category(
        "drink",
        """beer=ale=lager wine champagne=prosecco cider gin vodka whisky=whiskey=bourbon=scotch tequila rum
        brandy=cognac
        coffee=espresso=cappuccino=latte tea hot_chocolate=cocoa water milk lemonade juice=orange_juice=apple_juice
        coke=cola=coca_cola sprite=soda=pepsi milkshake smoothie sake""",
        broader="drink drinks beverage beverages alcohol liquor liquid",
    ),
    Category(
        "vegetable",
        """potato tomato onion carrot cucumber eggplant=aubergine zucchini=courgette pumpkin celery avocado broccoli
        cauliflower cabbage lettuce spinach pea bean corn garlic leek radish turnip beetroot asparagus mushroom""",
        broader="vegetable vegetables veggies food",
    ),
    Category(
        "fruit",
        """apple pear peach plum cherry grape banana orange lemon lime mango pineapple strawberry raspberry blueberry
        blackberry watermelon melon kiwi apricot fig papaya grapefruit coconut""",
        broader="fruit fruits food berry",
    ),
    Category(
        "instrument",
        """guitar=acoustic_guitar=electric_guitar piano violin=fiddle cello flute trumpet saxophone=sax clarinet oboe
        harp
        drum=drums banjo accordion harmonica tuba trombone french_horn organ ukulele mandolin bagpipe
        xylophone tambourine didgeridoo bassoon""",
        broader="instrument instruments",
    ),
    Category(
        "animal",
        """dog=puppy=hound cat=kitten=kitty horse=pony cow=cattle pig=piglet sheep=lamb goat rabbit=bunny hamster mouse
        rat
        monkey=ape elephant lion tiger bear=panda wolf fox deer squirrel bird fish snake frog turtle=tortoise
        duck chicken goose kangaroo zebra giraffe camel cheetah leopard crocodile alligator shark whale dolphin""",
        broader="animal animals pet pets",
    ),
    Category(
        "sport",
        """soccer=football basketball baseball tennis golf hockey rugby cricket volleyball badminton boxing wrestling
        surfing skiing snowboarding skateboarding swimming""",
        broader="sport sports game",
    ),
    Category(
        "religion",
        "christian=christianity muslim=islam=islamic jewish=judaism hindu=hinduism buddhist=buddhism atheist=atheism",
        broader="religion religious",
    ),
    Category("blood group", "type_a type_b type_ab type_o", strict=True),
    Category(
        "tongue",
        """arabic bengali catalan cantonese hebrew hindi latin mandarin persian=farsi swahili tamil urdu""",
        broader="language",
    ),
    Category(
        "route",
        """orally=oral=by_mouth intravenous=intravenously=iv intramuscular=intramuscularly
        subcutaneous=subcutaneously topical=topically rectal=rectally inhaled sublingual=sublingually""",
        strict=True,
    ),
    Category("frequency", "hourly daily weekly monthly quarterly yearly=annual=annually", strict=True),
    Category("state of matter", "solid liquid gas=gaseous", strict=True),
    Category("currency", "dollar euro yen yuan rupee franc peso ruble sterling", strict=True),
)
