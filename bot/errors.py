"""What can go wrong, as one small tree. An error's text is a sentence for a person: what happened, what to do.

NightshiftError
  ConfigError           the configuration has faults; one line a fault
  InputError            values given by a person do not fit; one message a field
  NotAllowed            the person may not do this
  Conflict              somebody or something else was first; the state has moved on
  NotFound              no such request, draft or back end
  Undeliverable         a Slack channel or person cannot be written to
  BackendError          a back end said no, or nothing
    Unreachable         no connection was made: nothing arrived
    Refused             understood and refused: nothing was done
      Unauthorized      401 and its kin: the credentials do not work
      Forbidden         403: the credentials work, a permission is missing
      Missing           404: no such thing, or not visible to us
      Throttled         429: too fast; says when to come back
    Faulty              the answer is an error of the server or not in its language
    FateUnknown         the request may have arrived; its answer was lost
"""

from collections.abc import Mapping, Sequence


class NightshiftError(Exception):
    """Base of every error of ours. ``str(error)`` is fit for a person to read."""


class ConfigError(NightshiftError):
    """The configuration has faults; ``faults`` holds one line for each: what and where."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class InputError(NightshiftError):
    """Values that do not fit. ``problems`` maps a field's name to what is wrong; ``""`` is the whole form."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(f"{name}: {text}" if name else text for name, text in self.problems.items()))


class NotAllowed(NightshiftError):
    """The person may not do this; the text says why."""


class Conflict(NightshiftError):
    """The state has moved on; the text says what happened instead."""


class NotFound(NightshiftError):
    """There is no such request, draft, field or back end."""


class Undeliverable(NightshiftError):
    """Slack will never take this message: the channel or person cannot be written to."""


class BackendError(NightshiftError):
    """A back end said no, or nothing. ``backend`` is its configured name, such as ``foreman.prod``; ``status`` the
    HTTP status (0 where there was none) and ``said`` the server's own words."""

    def __init__(self, backend: str, text: str, *, status: int = 0, server_message: str = "") -> None:
        self.backend = backend
        self.status = status
        self.server_message = server_message
        super().__init__(text)


class Unreachable(BackendError):
    """No connection was made, so nothing arrived."""


class Refused(BackendError):
    """The back end understood and refused: nothing was done there."""


class Unauthorized(Refused):
    """The credentials do not work."""


class Forbidden(Refused):
    """The credentials work, but a permission is missing."""


class RemoteNotFound(Refused):
    """No such thing there, or it is hidden from our account."""


class RateLimited(Refused):
    """Too many requests. ``retry_after`` is in seconds."""

    def __init__(
        self, backend: str, text: str, *, retry_after: float, status: int = 429, server_message: str = ""
    ) -> None:
        self.retry_after = retry_after
        super().__init__(backend, text, status=status, server_message=server_message)


class BadResponse(BackendError):
    """The server failed, or answered something that is not its own language (an HTML page, say)."""


class OutcomeUnknown(BackendError):
    """The request may have arrived, but its answer was lost. Never send it again: look it up."""
