"""Makes text of people and back ends safe to show: nothing in it is invisible, reorders other text or starts a row."""

import re
import unicodedata

NEWLINE_MARK = "⏎"
MAX_COMBINING_MARKS = 4
"""Maximum number of combining marks on one letter. More of them would cover the rows above and below."""
_BLANK = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"  # fillers, joiners and an empty pattern
    + "".join(map(chr, range(0xFE00, 0xFE10)))  # variation selectors
    + "".join(map(chr, range(0xE0100, 0xE01F0)))  # more of them
)
"""Characters that count as printable and show nothing of their own."""
_PLAIN = re.compile("[ -\u02ff\u2010-\u20cf\u2100-\u27ff\u30a0-\u30ff\u4e00-\u9fff\uac00-\ud7a3\U0001f300-\U0001faff]*")
"""Most text: letters and symbols without combining marks. It need not be looked at one by one if it is printable."""
_TERMINAL_COLOR = re.compile(r"\x1b\[[0-9;]*m")
EMOJI_STYLES = "\ufe0e\ufe0f"
"""Variation selectors that mean something after a symbol: show it as text, or as an emoji."""


def visible(text: str, *, newline: str = NEWLINE_MARK) -> str:
    """Return a text in which every character can be seen.

    Control, bidirectional, zero-width and blank characters become ``<U+202E>``. A line feed becomes ``newline``. Tabs
    are kept. Repeating it changes nothing.
    """
    return newline.join(map(_visible_line, text.split("\n")))


def visible_lines(text: str) -> str:
    """Return the same with its lines kept, for places where each line is visibly part of the text."""
    return visible(text, newline="\n")


def visible_log(text: str) -> str:
    """Return a log with its lines kept and without the colors of a terminal."""
    return visible_lines(_TERMINAL_COLOR.sub("", text).replace("\r\n", "\n"))


def _visible_line(line: str) -> str:
    if line.isprintable() and _PLAIN.fullmatch(line):
        return line
    shown: list[str] = []
    before, mark_count = "", 0
    for char in line:
        is_mark = unicodedata.category(char) in ("Mn", "Me")
        mark_count = mark_count + 1 if is_mark else 0
        if _is_seen(char, before) and mark_count <= MAX_COMBINING_MARKS:
            shown.append(char)
        else:
            shown.append(f"<U+{ord(char):04X}>")
        before = char
    return "".join(shown)


def _is_seen(char: str, before: str) -> bool:
    if char in EMOJI_STYLES:
        return before != "" and unicodedata.category(before) in ("So", "Sm")
    return char == "\t" or (char.isprintable() and char not in _BLANK)
