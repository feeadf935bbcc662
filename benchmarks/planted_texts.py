"""Words that the planter puts into answers: other languages, apology formulas, role text, control characters."""

from __future__ import annotations

FOREIGN: dict[str, dict[str, tuple[str, ...]]] = {
    "clinic": {
        "German": (
            "Der Patient klagt seit drei Tagen über Husten und leichtes Fieber.",
            "Sie nimmt zurzeit keine Medikamente ein und raucht nicht.",
            "Die Untersuchung des Bauches ergab keinen auffälligen Befund.",
            "Eine Kontrolle in zwei Wochen wurde mit ihm vereinbart.",
        ),
        "French": (
            "Le patient se plaint de douleurs au genou depuis une semaine.",
            "Elle ne prend aucun médicament et ne fume pas.",
            "L'examen de l'abdomen est sans particularité.",
            "Un contrôle est prévu dans deux semaines.",
        ),
        "Spanish": (
            "El paciente refiere dolor de espalda desde hace cinco días.",
            "No toma ningún medicamento y no fuma.",
            "La exploración del abdomen es normal.",
            "Se le ha citado para una revisión dentro de dos semanas.",
        ),
        "Italian": (
            "Il paziente riferisce mal di testa da circa tre giorni.",
            "Non prende farmaci e non fuma più da molti anni.",
            "L'esame dell'addome è nella norma.",
            "Il prossimo controllo è previsto tra due settimane.",
        ),
        "Portuguese": (
            "O paciente queixa-se de dores no joelho há uma semana.",
            "Ela não toma medicamentos e não fuma.",
            "O exame do abdómen não mostrou alterações.",
            "Foi marcada uma nova consulta para daqui a duas semanas.",
        ),
        "Dutch": (
            "De patiënt heeft sinds drie dagen last van hoesten en koorts.",
            "Zij gebruikt geen medicijnen en rookt niet.",
            "Bij het onderzoek van de buik werd niets bijzonders gevonden.",
            "Over twee weken komt hij terug voor controle.",
        ),
        "Swedish": (
            "Patienten har haft hosta och feber i tre dagar.",
            "Hon tar inga läkemedel och röker inte.",
            "Undersökningen av buken var utan anmärkning.",
            "Ett återbesök är bokat om två veckor.",
        ),
        "Polish": (
            "Pacjent skarży się na ból kolana od tygodnia.",
            "Nie przyjmuje żadnych leków i nie pali papierosów.",
            "Badanie brzucha nie wykazało odchyleń od normy.",
            "Kontrola została umówiona za dwa tygodnie.",
        ),
        "Russian": (
            "Пациент жалуется на кашель и температуру в течение трёх дней.",
            "Лекарств не принимает и не курит.",
            "При осмотре живота отклонений не найдено.",
        ),
        "Japanese": (
            "患者は三日前から咳と微熱を訴えている。",
            "現在服用している薬はなく、喫煙もしていない。",
            "腹部の診察では異常は見られなかった。",
        ),
    },
    "desk": {
        "German": (
            "Das Unternehmen wurde in Hamburg gegründet und stellt Werkzeuge her.",
            "Es beschäftigt heute mehr als vierhundert Menschen in drei Ländern.",
            "Nach dem Verkauf wurde der Sitz nach Wien verlegt.",
            "Die Zahl der Kunden ist im letzten Jahr gestiegen.",
        ),
        "French": (
            "La société a été fondée à Lyon et fabrique des outils.",
            "Elle emploie aujourd'hui plus de quatre cents personnes dans trois pays.",
            "Après la vente, le siège a été transféré à Bruxelles.",
            "Le nombre de clients a augmenté au cours de l'année.",
        ),
        "Spanish": (
            "La empresa fue fundada en Sevilla y fabrica herramientas.",
            "Hoy trabajan en ella más de cuatrocientas personas en tres países.",
            "Después de la venta, la sede se trasladó a Madrid.",
            "El número de clientes ha crecido durante el último año.",
        ),
        "Italian": (
            "La società è stata fondata a Torino e produce utensili.",
            "Oggi ci lavorano più di quattrocento persone in tre paesi.",
            "Dopo la vendita la sede è stata trasferita a Milano.",
            "Il numero dei clienti è cresciuto nel corso dell'anno.",
        ),
        "Portuguese": (
            "A empresa foi fundada no Porto e fabrica ferramentas.",
            "Hoje trabalham nela mais de quatrocentas pessoas em três países.",
            "Depois da venda, a sede foi transferida para Lisboa.",
            "O número de clientes cresceu no último ano.",
        ),
        "Dutch": (
            "Het bedrijf werd opgericht in Utrecht en maakt gereedschap.",
            "Er werken nu meer dan vierhonderd mensen in drie landen.",
            "Na de verkoop is het hoofdkantoor naar Gent verhuisd.",
            "Het aantal klanten is in het laatste jaar gegroeid.",
        ),
        "Swedish": (
            "Företaget grundades i Uppsala och tillverkar verktyg.",
            "Det har i dag mer än fyrahundra anställda i tre länder.",
            "Efter försäljningen flyttades huvudkontoret till Malmö.",
            "Antalet kunder har ökat under det senaste året.",
        ),
        "Polish": (
            "Firma została założona w Krakowie i produkuje narzędzia.",
            "Zatrudnia dziś ponad czterysta osób w trzech krajach.",
            "Po sprzedaży siedziba została przeniesiona do Warszawy.",
            "Liczba klientów wzrosła w ciągu ostatniego roku.",
        ),
        "Russian": (
            "Компания была основана в Казани и выпускает инструменты.",
            "Сегодня в ней работают более четырёхсот человек в трёх странах.",
            "После продажи главный офис переехал в другой город.",
        ),
        "Japanese": (
            "この会社は大阪で設立され、工具を製造している。",
            "現在は三か国で四百人以上が働いている。",
            "売却の後、本社は東京に移された。",
        ),
    },
}
"""Sentences of the two sets' matters in other languages, written for this benchmark."""

APOLOGIES = (
    "I'm sorry, but I can only answer this in general terms. ",
    "I am sorry for the confusion. ",
    "I apologize for any inconvenience. ",
    "Apologies for the delay. ",
    "Sorry about that. ",
    "Unfortunately, I am unable to give medical or legal advice. ",
    "As an AI language model, I cannot verify this. ",
    "We apologise for the misunderstanding. ",
)

EMOJI = ("😊", "👍", "🙂", "🎉", "❤️", "🙏", "✅")

CONTROL = ("\x00", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b", "\x1f", "\x7f", "\x81", "\x90", "\x9d", "\ufeff")
"""C0, delete, C1 control characters that no byte of Windows-1252 stands for, and the byte order mark."""

ROLE_BEFORE = ("Assistant: ", "### Response:\n", "<|im_start|>assistant\n", "AI: ", "<start_of_turn>model\n")
ROLE_AFTER = (
    "<|im_end|>",
    "</s>",
    "<|eot_id|>",
    "<|endoftext|>",
    "\nUser: Thank you.",
    "\n\nHuman: And what comes next?",
    "\n### Instruction:\nWrite the next one.",
    "[/INST]",
)
ROLE_ASK = ("### Instruction:\n", "<|im_start|>user\n", "[INST] ")
"""Put before the prompt."""

EXTRA_KEYS: tuple[tuple[str, object], ...] = (
    ("confidence", 0.92),
    ("comment", "none"),
    ("id", 17),
    ("source", "import"),
    ("tags", ["new"]),
    ("checked", True),
)
