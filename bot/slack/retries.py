"""Retries calls of Slack after a connection error, except posts."""

from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState

from bot.telemetry.metrics import RATE_LIMITED

_POST_MESSAGE_PATH = "/chat.postMessage"


class RetryExceptPostMessage(AsyncRetryHandler):
    """Retries as slack_sdk does, but never a post.

    Slack may have the message although its answer was lost, and would show a second one. The sender searches before it
    posts again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._connection_errors = AsyncConnectionErrorRetryHandler()

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is not None and response.status_code == 429:
            RATE_LIMITED.labels(request.url.rpartition("/")[2]).inc()
        if request.url.endswith(_POST_MESSAGE_PATH):
            return False
        return await self._connection_errors.can_retry_async(
            state=state, request=request, response=response, error=error
        )
