"""Foreman's error bodies, in all their forms."""

from typing import Any

GENERIC = (
    "Internal Server Error: the server was unable to finish the request. This may be caused by unavailability of some "
    "required service, incorrect API call or a server-side bug. There may be more information in the server's logs."
)


class ApiError(Exception):
    """An answer that is an error: its status and its body (None for an empty one)."""

    def __init__(self, status: int, body: Any) -> None:
        self.status = status
        self.body = body
        super().__init__(str(body))


def message_error(message: str, status: int = 500, **more: Any) -> ApiError:
    """The usual form."""
    return ApiError(status, {"error": {"message": message, **more}})


def validation_error(*problems: str) -> ApiError:
    """Model validation of a job: a 500, not a 422."""
    return message_error("Validation failed: " + ", ".join(problems))


def generic_error() -> ApiError:
    """A malformed body, or a real fault of the server: Foreman does not tell them apart."""
    return message_error(GENERIC)


def bad_search(message: str) -> ApiError:
    return ApiError(400, {"error": {"message": message, "class": "ScopedSearch::QueryNotSupported"}})


def denied(permission: str) -> ApiError:
    return message_error(
        "Access denied",
        403,
        details=f"Missing one of the required permissions: {permission}",
        missing_permissions=[permission],
    )


def not_found(kind: str, wanted: Any) -> ApiError:
    return message_error(f"Resource {kind} not found by id '{wanted}'", 404)
