"""Spanish words and their English ones. Days, months and units come from dateparser."""

NUMBERS = "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce"
HOUR_WORDS = "hora horas"
WORDS = {
    "un": "1", "una": "1", "veinte": "20", "treinta": "30", "ya": "now", "ahora mismo": "now", "inmediatamente": "now",
    "de inmediato": "now", "pasado mañana": "the day after tomorrow", "esta noche": "tonight",
    "esta tarde": "this afternoon", "esta mañana": "this morning", "mañana por la mañana": "tomorrow morning",
    "mañana por la noche": "tomorrow night", "mañana por la tarde": "tomorrow afternoon",
    "de la mañana": "in the morning", "de la tarde": "in the afternoon", "de la noche": "at night",
    "de la madrugada": "in the morning", "por la mañana": "in the morning", "por la noche": "at night",
    "por la tarde": "in the afternoon", "a mediodía": "at noon", "al mediodía": "at noon", "mediodía": "noon",
    "a medianoche": "at midnight", "medianoche": "midnight", "a las": "@", "a la": "@", "a": "@", "las": "", "la": "",
    "hacia las": "about", "de": "of", "del": "of the", "desde": "from", "desde las": "from", "a partir de": "starting",
    "a partir del": "starting the", "a partir de las": "starting at", "hasta": "to", "hasta las": "to",
    "hasta el": "to the", "entre": "between", "entre las": "between", "y las": "and", "y": "and", "e": "and",
    "o": "or", "durante": "for", "por": "for", "en": "in", "dentro de": "in", "después de": "after",
    "antes de": "before", "como muy tarde": "latest", "excepto": "except", "salvo": "except", "pero no": "but not",
    "el": "the", "los": "every", "cada": "every", "todos los": "every", "todas las": "every", "diariamente": "daily",
    "diario": "daily", "semanalmente": "weekly", "mensualmente": "monthly", "trimestre": "quarter",
    "trimestralmente": "quarterly", "días laborables": "weekdays", "días hábiles": "weekdays",
    "día laborable": "weekday", "día hábil": "weekday", "fin de semana": "weekend", "fines de semana": "weekends",
    "el fin de semana": "weekend", "próximo": "next", "próxima": "next", "próximos": "next", "este": "this",
    "esta": "this", "último": "last", "última": "last", "primer": "first", "primero": "first", "primera": "first",
    "segundo": "second", "tercer": "third", "tercero": "third", "cuarto": "fourth", "del mes": "of the month",
    "de cada mes": "of every month", "fin de mes": "end of month", "veces": "times", "media hora": "half an hour",
    "una hora": "1 hour", "hora y media": "90 minutes", "una hora y media": "90 minutes", "navidad": "25 december",
    "nochebuena": "24 december", "nochevieja": "31 december", "año nuevo": "1 january", "por favor": "please",
}  # fmt: skip
PATTERNS = (
    (r"(?P<n>\d{1,2})[ºª°]", "{n}th"),
    (r"el\s+(?:día\s+)?(?P<n>\d{1,2})(?=\s+(?:a\b|de\b)|\s*$)", "the {n}th"),
    (r"(?:a\s+las\s+|a\s+la\s+)?(?P<hour>{number})\s+y\s+media", "half past {hour}"),
    (r"(?:a\s+las\s+|a\s+la\s+)?(?P<hour>{number})\s+y\s+cuarto", "quarter past {hour}"),
    (r"de(?:l|\s+las?)?(?=\s+(?:{weekday}\b|{number}\s*(?:h|:|a\b)))", "from"),
    (r"(?:a\s+)?la\s+una(?!\s+hora)", "@ 1"),
    (r"al(?=\s+(?:{weekday}\b|\d))", "to"),
    (r"(?:cada|todos\s+los)\s+(?P<day>{weekday})s?", "every {day}"),
    (r"los\s+(?P<day>{weekday})s?", "on {day}s"),
    (r"el\s+próximo\s+(?P<day>{weekday})", "next {day}"),
    (r"el\s+(?P<day>{weekday})(?!\s+\d+\s+de)", "on {day}"),
    (r"(?P<day>{weekday})s", "{day}s"),
)
