"""What Slack sends over HTTP, taken apart.

Interactions are JSON inside a form: every bracket and quote is percent-encoded, thousands of them in one request, and
the standard library's decoder makes a Python object of each, which takes longer than everything else together.
"""

import json
from binascii import a2b_qp
from typing import Any
from urllib.parse import parse_qsl

Payload = dict[str, Any]


def parse_payload(body: bytes, content_type: str) -> Payload:
    """A request's content: an event or an interaction (JSON), or the fields of a slash command. Raises ValueError."""
    if content_type.partition(";")[0].strip().lower() == "application/json":
        return _json_object(body)
    name, _, value = body.partition(b"=")
    if name == b"payload" and not (b"&" in value or b"=" in value):
        return _json_object(percent_decode(value))
    fields = dict(parse_qsl(body.decode(), errors="strict"))
    return _json_object(fields["payload"].encode()) if "payload" in fields else fields


def percent_decode(value: bytes) -> bytes:
    """Percent-decode a form's value that has no ``=`` of its own: with another sign, this is quoted-printable, for
    which there is a decoder in C."""
    return a2b_qp(value.replace(b"+", b" ").replace(b"%", b"="))


def _json_object(text: bytes) -> Payload:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("the content is not a JSON object")
    return found
