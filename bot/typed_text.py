"""Text as people meant it, from what Slack and the keyboards of phones make of it.

Slack sends the text of a slash command with ``&``, ``<`` and ``>`` as entities, and puts what it recognizes into
``<…>``: mentions, channels, addresses, and bare host names, as ``<http://db1.example.com|db1.example.com>``. It
documents this for people, channels and URLs; the rest was observed. Inputs of forms come as they were typed.
"""

import re

_MARKED = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_SCHEME = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_ENTITY = re.compile(r"&(amp|lt|gt);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}
_QUOTES = str.maketrans({**dict.fromkeys("“”„‟″", '"'), **dict.fromkeys("‘’‚‛′", "'"), "\u00a0": " ", "\u202f": " "})
_DASHES = str.maketrans({"—": "--", "–": "-", "‐": "-", "‑": "-", "−": "-"})
_FOLDABLE = re.compile("[“”„‟″‘’‚‛′—–‐‑−]")


def slash_text(text: str) -> str:
    """Return the text of a slash command as it was typed. Entities are undone once."""
    return _ENTITY.sub(lambda entity: _ENTITIES[entity[1]], _MARKED.sub(_shown, text))


def _shown(marked: re.Match[str]) -> str:
    target, label = marked[1], marked[2] or ""
    match target[0]:
        case "@":
            return f"@{label or target[1:]}"
        case "#":
            return f"#{label or target[1:]}"
        case "!":
            name = label or target[1:].rpartition("^")[2]
            return name if name.startswith("@") else f"@{name}"
    typed = _SCHEME.sub("", target, count=1)
    # Slack adds a scheme, and a slash to a bare domain. Another label is somebody's wording for the address.
    return label if label and label.rstrip("/") == typed.rstrip("/") else target


def plain_quotes(text: str) -> str:
    """Return the text with straight quotes and plain spaces, of the same length."""
    return text.translate(_QUOTES)


def plain_punctuation(text: str) -> str:
    """Return the text with straight quotes and plain dashes. A long dash is two: phones make it of two."""
    return text.translate(_QUOTES).translate(_DASHES)


def has_typeset_punctuation(text: str) -> bool:
    """Return whether a text has curly quotes or long dashes, which no program reads as quotes or options."""
    return _FOLDABLE.search(text) is not None
