"""The English names of days and months, and ordinal numbers."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
LANGUAGES = ("de", "es", "fr", "nl", "pt")
"""The languages besides English in which phrases are read."""


def ordinal(number: int) -> str:
    """Write a number as an ordinal: 1st, 2nd, 3rd, 11th."""
    ending = "th" if 11 <= number % 100 <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
