"""What can go wrong, as one small tree. An error's text is a sentence for a person: what happened, what to do.

NightshiftError
  ConfigError           the configuration is invalid; one line per problem
  InputError            values given by a person are invalid; one message per field
  NotAllowed            the person may not do this
    SlackSilent         Slack does not tell who somebody is or who is in a group: unknown, not no
  Conflict              the state has changed meanwhile
    ContentAltered      the stored content is not what was signed
  NotFound              no such request, draft or back end
  BackendError          a back end refused, failed or did not answer
    Unreachable         no connection: nothing arrived
    Refused             understood and refused: nothing was done
      Unauthorized      401: the credentials do not work
      Forbidden         403: a permission is missing
      RemoteNotFound    404: no such thing, or not visible to this account
      RateLimited       429: too many requests; says when to try again
    BadResponse         the server failed, or its answer cannot be read
    OutcomeUnknown      the request may have arrived; its answer was lost
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum


class NightshiftError(Exception):
    """Base of every error here. ``str(error)`` is a sentence for a person; ``code``, if given, is for programs."""

    def __init__(self, text: str = "", *, code: StrEnum | None = None) -> None:
        self.code = code
        super().__init__(text)


class ConfigError(NightshiftError):
    """The configuration is invalid. ``problems`` has one line for each problem: where and what."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class InputError(NightshiftError):
    """Invalid values. ``problems`` maps the name of a field to its problem; ``""`` stands for the whole form."""

    def __init__(self, problems: Mapping[str, str], *, code: StrEnum | None = None) -> None:
        self.problems = dict(problems)
        lines = (f"{name}: {text}" if name else text for name, text in self.problems.items())
        super().__init__("; ".join(lines), code=code)


class NotAllowed(NightshiftError):
    """The person may not do this; the text says why."""


class SlackSilent(NotAllowed):
    """Slack does not tell who somebody is, or who is in which group. That is unknown: it means neither yes nor no."""


class SlackBusy(SlackSilent):
    """Slack would answer, and limits how often it may be asked."""


class Conflict(NightshiftError):
    """The state has changed meanwhile; the text says what happened."""


class ContentAltered(Conflict):
    """The stored content of a request is not what was signed. The request must be stopped."""


class NotFound(NightshiftError):
    """There is no such request, draft, field or back end."""


class BackendError(NightshiftError):
    """A back end refused, failed or did not answer.

    ``backend`` is its configured name, such as ``foreman.prod``; ``status`` is the HTTP status, 0 if there was none;
    ``server_message`` is the server's own text.
    """

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
    """There is no such thing, or it is not visible to this account."""


class RateLimited(Refused):
    """Too many requests. Try again after ``retry_after`` seconds."""

    def __init__(
        self, backend: str, text: str, *, retry_after: float, status: int = 429, server_message: str = ""
    ) -> None:
        self.retry_after = retry_after
        super().__init__(backend, text, status=status, server_message=server_message)


class BadResponse(BackendError):
    """The server failed, or its answer cannot be read: an HTML page, for example."""


class OutcomeUnknown(BackendError):
    """The request may have arrived, but its answer was lost. Look it up; never send it again."""
