"""French words and their English ones. Days, months and units come from dateparser."""

NUMBERS = "zéro un deux trois quatre cinq six sept huit neuf dix onze douze"
HOUR_WORDS = "heure heures"
WORDS = {
    "une": "1", "vingt": "20", "trente": "30", "tout de suite": "now", "immédiatement": "now", "dès maintenant": "now",
    "ce soir": "this evening", "cette nuit": "tonight", "ce matin": "this morning", "cet après-midi": "this afternoon",
    "demain matin": "tomorrow morning", "demain soir": "tomorrow evening", "du matin": "in the morning",
    "du soir": "in the evening", "le matin": "in the morning", "le soir": "in the evening", "matin": "morning",
    "soir": "evening", "de l'après-midi": "in the afternoon", "à midi": "at noon", "midi": "noon",
    "à minuit": "at midnight", "minuit": "midnight", "à": "@", "vers": "about", "de": "of", "des": "from",
    "du": "of the", "dès": "starting", "à partir de": "starting", "à partir du": "starting the",
    "à compter du": "starting the", "jusqu'à": "to", "jusqu'au": "to the", "jusqu'en": "to", "jusque": "to",
    "au": "to the", "entre": "between", "et": "and", "ou": "or", "pendant": "for", "durant": "for", "pour": "for",
    "dans": "in", "après": "after", "avant": "before", "au plus tard": "latest", "sauf": "except",
    "mais pas": "but not", "le": "the", "la": "the", "les": "every", "l'": "the ", "chaque": "every",
    "tous les": "every", "toutes les": "every", "quotidiennement": "daily", "chaque semaine": "weekly",
    "hebdomadaire": "weekly", "mensuel": "monthly", "chaque trimestre": "every quarter", "trimestre": "quarter",
    "en semaine": "weekdays", "jours ouvrables": "weekdays", "jours ouvrés": "weekdays", "jour ouvrable": "weekday",
    "jour ouvré": "weekday", "week-end": "weekend", "week-ends": "weekends", "prochain": "next", "prochaine": "next",
    "dernier": "last", "dernière": "last", "premier": "first", "première": "first", "deuxième": "second",
    "troisième": "third", "quatrième": "fourth", "du mois": "of the month", "de chaque mois": "of every month",
    "fin du mois": "end of the month", "fin de mois": "end of month", "fois": "times", "ce": "this", "cette": "this",
    "d'une": "1", "une demi-heure": "half an hour", "demi-heure": "half an hour", "et demie": "and a half",
    "une heure et demie": "90 minutes", "noël": "25 december", "le jour de noël": "25 december",
    "nouvel an": "1 january", "s'il vous plaît": "please", "svp": "please", "heure de": "",
}  # fmt: skip
PATTERNS = (
    (r"(?P<n>\d{1,2})(?:er|ère|e|ème)(?!\w)", "{n}th"),
    (r"(?:le|au)\s+(?P<n>\d{1,2})(?=\s+à\b|\s*$|\s+de\s+chaque)", "the {n}th"),
    (r"(?P<day>{weekday})\s+prochain", "next {day}"),
    (r"(?P<hour>{number})\s+heures?\s+et\s+demie", "half past {hour}"),
    (r"(?P<hour>{number})\s+heures?\s+et\s+quart", "quarter past {hour}"),
    (r"d[eu](?=\s+(?:{weekday}\b|{number}\s*(?:h|:|à)))", "from"),
    (r"au(?=\s+(?:{weekday}\b|\d))", "to"),
    (r"tous\s+les\s+(?P<day>{weekday})s?", "every {day}"),
    (r"(?:les|le)\s+(?P<day>{weekday})(?!s?\s+\d+\s*(?:{month}))", "on {day}"),
    (r"(?P<day>{weekday})s", "{day}s"),
    (r"les\s+(?P<day>{weekday})s", "{day}s"),
)
