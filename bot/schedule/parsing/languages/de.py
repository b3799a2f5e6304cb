"""German words and their English ones. Days, months and units come from dateparser."""

NUMBERS = "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf"
HOUR_WORDS = ""
WORDS = {
    "eins": "1", "uebermorgen": "the day after tomorrow", "fuer": "for",
    "eine": "1", "einer": "1", "einem": "1", "einen": "1", "zwanzig": "20", "dreißig": "30",
    "sofort": "now", "gleich": "now", "uhr": "o'clock", "mittag": "noon", "mittags": "noon", "mitternacht": "midnight",
    "um": "at", "gegen": "about", "ab": "starting", "von": "from", "vom": "from", "bis": "to", "bis zum": "to the",
    "bis einschließlich": "to", "zwischen": "between", "und": "and", "oder": "or", "für": "for", "lang": "",
    "nach": "after", "vor": "before", "spätestens": "latest", "außer": "except", "aber nicht": "but not",
    "nicht": "not", "in": "in", "im": "in", "der": "the", "die": "the", "das": "the", "den": "the", "dem": "the",
    "des": "of the", "jeden": "every", "jede": "every", "jedes": "every", "jeder": "every", "alle": "every",
    "täglich": "daily", "wöchentlich": "weekly", "monatlich": "monthly", "stündlich": "hourly", "jährlich": "annually",
    "vierteljährlich": "quarterly", "quartal": "quarter", "quartals": "quarter", "zweiwöchentlich": "every 2 weeks",
    "werktags": "weekdays", "werktag": "weekday", "werktage": "weekdays", "wochenende": "weekend",
    "wochenenden": "weekends", "am wochenende": "weekends", "nächsten": "next", "nächster": "next", "nächste": "next",
    "nächstes": "next", "kommenden": "coming", "kommender": "coming", "kommende": "coming", "diesen": "this",
    "diese": "this", "dieses": "this", "dieser": "this", "letzten": "last", "letzter": "last", "letzte": "last",
    "ersten": "first", "erster": "first", "erste": "first", "zweiten": "second", "zweiter": "second",
    "dritten": "third", "dritter": "third", "vierten": "fourth", "vierter": "fourth", "im monat": "of the month",
    "mal": "times", "jedes monats": "of every month", "des monats": "of the month",
    "ende des monats": "end of the month", "monatsende": "end of the month", "ende": "end of", "anfang": "start of",
    "heute abend": "this evening", "heute nacht": "tonight", "heute morgen": "this morning",
    "heute früh": "this morning", "heute mittag": "today noon", "heute nachmittag": "this afternoon",
    "morgen früh": "tomorrow morning", "morgen abend": "tomorrow evening", "morgen nacht": "tomorrow night",
    "morgen mittag": "tomorrow noon", "morgen nachmittag": "tomorrow afternoon", "abends": "in the evening",
    "abend": "evening", "morgens": "in the morning", "früh": "in the morning", "nachts": "at night", "nacht": "night",
    "vormittags": "in the morning", "vormittag": "morning", "nachmittags": "in the afternoon",
    "nachmittag": "afternoon", "halben": "half", "viertel nach": "quarter past", "viertel vor": "quarter to",
    "einer halben stunde": "half an hour", "einer stunde": "1 hour", "eineinhalb stunden": "90 minutes",
    "anderthalb stunden": "90 minutes", "einer woche": "1 week", "heiligabend": "24 december",
    "weihnachten": "25 december", "silvester": "31 december", "neujahr": "1 january", "bitte": "please",
    "stunden": "hours", "std": "hours", "zeit": "time", "am tag": "", "patchday": "patch tuesday",
}  # fmt: skip
PATTERNS = (
    (r"(?<![\d.:])(?P<n>\d{1,2})\.(?=\s+[^\W\d])", "{n}th"),
    (r"(?<![\d.:])(?P<n>\d{1,2})\.(?=\s*$)", "{n}th"),
    (r"(?<![\d.:])(?P<n>\d{1,2})\.(?P<m>\d{1,2})\.(?!\d)", "{n}/{m}"),
    (r"(?<!\d )(?<!\d)am", "on"),
    (r"halb\s+(?P<hour>{number})", "half past {before}"),
    (r"(?P<day>{weekday})s", "{day}s"),
)
