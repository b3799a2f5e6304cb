"""Remove from a phrase what Slack, keyboards and copying add around its words."""

import re
from html import unescape
from unicodedata import normalize

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]"
)
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("–—‐‑−―", "-"),
        **dict.fromkeys("’‘‛´′", "'"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("\u00a0\u202f\u2007\u2009\u3000\t\r\n", " "),
        "：": ":",
        "…": " ",
        "•": " ",
    }
)
_MARKS = re.compile(r"[*`~_&<>\t\r\n]")
_RULE_STAR = re.compile(r"(?:^|\s)\*(?:/\d+)?(?:\s|$)|\*-|-\*")
"""A star that belongs to a cron line or a systemd calendar expression."""
_UNDERSCORES = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])")


def clean(phrase: str) -> str:
    """Return the phrase without Slack's marks, invisible characters and smart punctuation."""
    if phrase.isascii() and _MARKS.search(phrase) is None:
        return phrase
    text = _INVISIBLE.sub("", normalize("NFC", phrase)).translate(_PLAIN)
    if "&" in text:
        text = unescape(text)
    text = text.replace("`", " ").removeprefix(">")
    if _RULE_STAR.search(text) is None:
        text = text.replace("*", " ").replace("~", " ")
    if "_" in text:
        text = _UNDERSCORES.sub(" ", text)
    return text.strip()
