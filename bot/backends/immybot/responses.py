"""Reads ImmyBot's responses: errors, lists, and values that may be numbers, names or text."""

from datetime import UTC, datetime

from bot.backends.http import error_message
from bot.backends.payload import as_text
from bot.errors import BadResponse
from bot.values import Json, JsonObject

Row = JsonObject


def extract_error(status: int, body: Json) -> str:
    """Return the message of an error: ``{"error": {code, message, details}}`` or ASP.NET's problem details."""
    if not isinstance(body, dict):
        return error_message(body)
    error, errors = body.get("error"), body.get("errors")
    if isinstance(error, dict):
        details = _flat_text(error.get("details"))
        message = error_message(error) or str(error.get("code") or "")
        return f"{message} ({details})" if details and details != message else message
    if isinstance(errors, dict) and errors:
        return "; ".join(f"{name}: {_flat_text(text)}" if name else _flat_text(text) for name, text in errors.items())
    return str(body.get("detail") or "") or error_message(body)


def _flat_text(value: Json) -> str:
    match value:
        case None:
            return ""
        case dict():
            return "; ".join(f"{key}: {_flat_text(inner)}" for key, inner in value.items())
        case list():
            return "; ".join(_flat_text(inner) for inner in value)
        case _:
            return str(value)


def extract_rows(backend: str, what: str, body: Json) -> list[Row]:
    """Return the rows of a list, or of one under ``results`` or ``data``. Raises BadResponse for any other form."""
    if isinstance(body, dict):
        body = body.get("results", body.get("data"))
    if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
        raise BadResponse(backend, f"{backend} sent its list of {what} in a form that is not understood.")
    return body


def require_id(backend: str, what: str, row: Row, key: str = "id") -> int:
    """Return the id of a row. Raises BadResponse if there is none."""
    number = parse_int(row.get(key))
    if number is None:
        raise BadResponse(backend, f"{backend} sent one of its {what} without a usable {key}.")
    return number


def parse_int(value: Json) -> int | None:
    """Return the integer in a number or numeral, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        return int(value)
    return value if isinstance(value, int) else None


def first_text(row: Row, *keys: str) -> str:
    """Return the first non-empty text among keys."""
    return next((text for key in keys if (text := as_text(row.get(key)))), "")


def parse_instant(value: Json) -> datetime | None:
    """Parse ISO 8601. Without an offset the time is in UTC, as ImmyBot writes it."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
