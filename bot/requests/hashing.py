"""Hashes of canonical text, so that equal values have equal hashes."""

import hashlib
import json

from bot.values import Json


def canonical_json(value: Json) -> str:
    """Return JSON in a canonical form, so that equal values give equal text: sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256_hex(text: str) -> str:
    """Return the SHA-256 of a text in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
