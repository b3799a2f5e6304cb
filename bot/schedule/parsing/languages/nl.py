"""Dutch words and their English ones. Days, months and units come from dateparser."""

NUMBERS = "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf"
HOUR_WORDS = "uur u"
WORDS = {
    "één": "1", "twintig": "20", "dertig": "30", "meteen": "now", "direct": "now", "onmiddellijk": "now", "nu": "now",
    "vanavond": "this evening", "vannacht": "tonight", "vanmorgen": "this morning", "vanochtend": "this morning",
    "vanmiddag": "this afternoon", "morgenavond": "tomorrow evening", "morgenochtend": "tomorrow morning",
    "morgenmiddag": "tomorrow afternoon", "morgennacht": "tomorrow night", "'s avonds": "in the evening",
    "'s morgens": "in the morning", "'s ochtends": "in the morning", "'s middags": "in the afternoon",
    "'s nachts": "at night", "avond": "evening", "ochtend": "morning", "nacht": "night", "middernacht": "midnight",
    "om": "at", "rond": "about", "vanaf": "starting", "van": "from", "tot": "to", "tot en met": "to", "t/m": "to",
    "tussen": "between", "en": "and", "of": "or", "gedurende": "for", "voor": "for", "over": "in", "binnen": "within",
    "na": "after", "uiterlijk": "latest", "behalve": "except", "maar niet": "but not", "de": "the", "het": "the",
    "op": "on", "in": "in", "elke": "every", "elk": "every", "iedere": "every", "ieder": "every", "alle": "every",
    "om de": "every", "dagelijks": "daily", "wekelijks": "weekly", "maandelijks": "monthly", "kwartaal": "quarter",
    "uurlijks": "hourly", "werkdagen": "weekdays", "op werkdagen": "weekdays", "doordeweeks": "weekdays",
    "werkdag": "weekday", "weekend": "weekend", "weekends": "weekends", "volgende": "next", "komende": "coming",
    "aanstaande": "coming", "deze": "this", "dit": "this", "laatste": "last", "eerste": "first", "tweede": "second",
    "derde": "third", "vierde": "fourth", "van de maand": "of the month", "van elke maand": "of every month",
    "van iedere maand": "of every month", "einde van de maand": "end of the month",
    "eind van de maand": "end of the month", "keer": "times", "een half uur": "half an hour",
    "half uur": "half an hour", "een uur": "1 hour", "anderhalf uur": "90 minutes", "kwart over": "quarter past",
    "kwart voor": "quarter to", "kerstavond": "24 december", "kerst": "25 december", "eerste kerstdag": "25 december",
    "oudejaarsavond": "31 december", "nieuwjaar": "1 january", "alstublieft": "please", "aub": "please",
}  # fmt: skip
PATTERNS = (
    (r"(?P<n>\d{1,2})(?:e|ste|de)(?!\w)", "{n}th"),
    (r"(?<![\d-])(?P<n>\d{1,2})-(?P<m>\d{1,2})(?=\s+(?:om\b|\d{1,2}[:.]\d\d|\d{1,2}\s*u))", "{n}/{m}"),
    (r"(?<![\d-])(?P<n>\d{1,2})-(?P<m>\d{1,2})-(?P<y>\d{4})", "{n}/{m}/{y}"),
    (r"half\s+(?P<hour>{number})", "half past {before}"),
    (r"(?:12|twaalf)\s+uur\s+'s\s+middags", "12 noon"),
    (r"(?P<day>{weekday})en", "{day}s"),
    (r"'s\s+(?P<day>{weekday})s", "{day}s"),
)
