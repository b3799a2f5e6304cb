"""The secrets of Slack: given as they are, or as ``file:PATH``, which is read again when Slack takes them no more."""

from pydantic import SecretStr

from bot.backends.secrets import read_secret

FILE_PREFIX = "file:"


def slack_secret(configured: SecretStr) -> str:
    """Return a token or signing secret; "" if none is configured. Raises SecretNotFound for a file that cannot be
    read."""
    text = configured.get_secret_value()
    return read_secret(text).get_secret_value() if text.startswith(FILE_PREFIX) else text
