"""Portuguese words and their English ones. Days, months and units come from dateparser."""

NUMBERS = "zero um dois três quatro cinco seis sete oito nove dez onze doze"
HOUR_WORDS = "hora horas"
WORDS = {
    "uma": "1", "duas": "2", "vinte": "20", "trinta": "30", "já": "now", "agora mesmo": "now", "imediatamente": "now",
    "depois de amanhã": "the day after tomorrow", "esta noite": "tonight", "hoje à noite": "tonight",
    "hoje à tarde": "this afternoon", "hoje de manhã": "this morning", "amanhã de manhã": "tomorrow morning",
    "amanhã à noite": "tomorrow night", "amanhã à tarde": "tomorrow afternoon", "da manhã": "in the morning",
    "da tarde": "in the afternoon", "da noite": "at night", "da madrugada": "in the morning",
    "de manhã": "in the morning", "à noite": "at night", "à tarde": "in the afternoon", "ao meio-dia": "at noon",
    "meio-dia": "noon", "à meia-noite": "at midnight", "meia-noite": "midnight", "à": "@", "às": "@", "a": "@",
    "por volta das": "about", "de": "of", "do": "of the", "da": "of the", "das": "from", "desde": "from",
    "a partir de": "starting", "a partir do": "starting the", "a partir das": "starting at", "até": "to",
    "até às": "to", "até o": "to the", "entre": "between", "entre as": "between", "e as": "and", "e": "and",
    "ou": "or", "durante": "for", "por": "for", "em": "in", "daqui a": "in", "dentro de": "in", "depois de": "after",
    "antes de": "before", "no máximo": "latest", "exceto": "except", "menos": "except", "mas não": "but not",
    "o": "the", "na": "on", "no": "on", "nas": "on", "nos": "on", "cada": "every", "a cada": "every", "todo": "every",
    "toda": "every", "todos os": "every", "todas as": "every", "diariamente": "daily", "semanalmente": "weekly",
    "mensalmente": "monthly", "trimestre": "quarter", "dias úteis": "weekdays", "nos dias úteis": "weekdays",
    "dia útil": "weekday", "fim de semana": "weekend", "fins de semana": "weekends", "próximo": "next",
    "próxima": "next", "este": "this", "esta": "this", "último": "last", "última": "last", "primeiro": "first",
    "primeira": "first", "terceiro": "third", "terceira": "third", "do mês": "of the month",
    "de cada mês": "of every month", "fim do mês": "end of the month", "vezes": "times", "meia hora": "half an hour",
    "uma hora": "1 hour", "uma hora e meia": "90 minutes", "natal": "25 december", "véspera de natal": "24 december",
    "ano novo": "1 january", "por favor": "please", "segunda": "monday", "terça": "tuesday", "quarta": "wednesday",
    "quinta": "thursday", "sexta": "friday",
}  # fmt: skip
PATTERNS = (
    (r"(?P<day>segunda|terça|quarta|quinta|sexta)s?-feiras?", "{day}"),
    (r"(?P<n>\d{1,2})[ºª°]", "{n}th"),
    (r"(?:no\s+)?dia\s+(?P<n>\d{1,2})", "the {n}th"),
    (r"(?:às\s+|à\s+)?(?P<hour>{number})\s+e\s+meia", "half past {hour}"),
    (r"(?:de|das|da|do)(?=\s+(?:(?:{weekday})\b|segunda|terça|quarta|quinta|sexta|{number}\s*(?:h|:|às|a\b)))", "from"),
    (r"em(?=\s+\d{1,2}\s+de\s)", "on"),
    (r"(?<!todas )às\s+(?P<day>{weekday})s?", "on {day}"),
    (r"(?<!todas )às\s+(?P<day>segunda|terça|quarta|quinta|sexta)s", "on {day}"),
    (r"(?P<day>{weekday})s", "{day}s"),
    (r"(?P<day>segunda|terça|quarta|quinta|sexta)s", "{day}"),
)
