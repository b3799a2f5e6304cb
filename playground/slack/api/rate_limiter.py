"""Slack's rate limits: calls a minute for each method, and a message a second for each channel."""

import time
from collections import deque
from collections.abc import Callable

from playground.slack.api.registry import Method

WINDOW = 60.0
CHANNEL_BURST = 5


class RateLimiter:
    """Counts calls in a sliding minute. ``monotonic`` is in seconds; by default it is real time."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._calls: dict[str, deque[float]] = {}
        self._channels: dict[str, tuple[float, float]] = {}

    def wait_time(self, method: Method, channel: str) -> float:
        """Count a call. Returns the seconds to wait when it comes too early, else 0."""
        now = self._monotonic()
        calls = self._calls.setdefault(method.name, deque())
        while calls and now - calls[0] > WINDOW:
            calls.popleft()
        if len(calls) >= method.per_minute:
            return max(1.0, WINDOW - (now - calls[0]))
        if method.name == "chat.postMessage" and not self._take_token(channel, now):
            return 1.0
        calls.append(now)
        return 0.0

    def _take_token(self, channel: str, now: float) -> bool:
        """Take one of the channel's tokens: a message a second, with short bursts."""
        tokens, since = self._channels.get(channel, (float(CHANNEL_BURST), now))
        tokens = min(CHANNEL_BURST, tokens + now - since)
        self._channels[channel] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1
