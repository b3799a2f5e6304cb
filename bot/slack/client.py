"""The client of Slack's Web API. It reads its token again when Slack says that the old one is not valid any more."""

from collections.abc import Callable
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import NightshiftError
from bot.slack.error_codes import BAD_TOKEN_CODES, error_code

_log = structlog.get_logger(__name__)


class SlackClient(AsyncWebClient):
    """A client whose token may change while it is used. ``read_token`` returns the token that is configured now."""

    def __init__(self, read_token: Callable[[], str], **options: Any) -> None:
        super().__init__(token=read_token(), **options)
        self._read_token = read_token

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        """Call a method; once more with the new token if Slack refuses the old one. Raises SlackApiError."""
        try:
            return await super().api_call(api_method, **arguments)
        except SlackApiError as error:
            if error_code(error) not in BAD_TOKEN_CODES or not self.renew_token():
                raise
        return await super().api_call(api_method, **arguments)

    def renew_token(self) -> bool:
        """Read the token again. Returns whether it is another one now."""
        try:
            token = self._read_token()
        except NightshiftError as error:
            _log.error("token of Slack cannot be read", why=str(error))
            return False
        if token == self.token or not token:
            return False
        self.token = token
        _log.info("the token of Slack was read again")
        return True
