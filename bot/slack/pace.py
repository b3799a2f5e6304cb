"""The pace at which Slack takes messages: one a second for each channel, and a budget a minute for each method.

Source: Slack's published rate-limit tiers (updates: 50 a minute; posting: about one a second for each channel).
"""

import time
from collections.abc import Callable

PER_MINUTE = {"chat.update": 45, "chat.postMessage": 240, "conversations.open": 45}
CHANNEL_GAP = 1.0
BURST = 0.6
"""So much of a minute's budget may be spent at once (the copies of a card, say); after that it trickles."""


class Pace:
    """Says how long to wait before a call. ``monotonic`` is a clock in seconds that never goes back; ``times`` is how
    many times the published pace may be taken."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        channel_gap: float = CHANNEL_GAP,
        *,
        times: float = 1.0,
    ) -> None:
        self._monotonic = monotonic
        self._gap = channel_gap / times
        self._times = times
        self._channel_free: dict[str, float] = {}
        self._tokens: dict[str, tuple[float, float]] = {}
        self._paused: dict[str, float] = {}

    def wait(self, method: str, channel: str) -> float:
        """Seconds until this call may be made; 0 if it may be made now, and then it is counted."""
        now = self._monotonic()
        waits = [self._paused.get(method, 0.0) - now]
        if method == "chat.postMessage":
            waits.append(self._channel_free.get(channel, 0.0) - now)
        tokens, wait = self._budget(method, now)
        waits.append(wait)
        longest = max(waits)
        if longest > 0:
            return longest
        self._tokens[method] = (tokens - 1, now)
        if method == "chat.postMessage":
            self._channel_free[channel] = now + self._gap
        return 0.0

    def pause(self, method: str, seconds: float) -> None:
        """Slack asked to wait before this method is called again."""
        self._paused[method] = self._monotonic() + seconds

    def _budget(self, method: str, now: float) -> tuple[float, float]:
        per_minute = PER_MINUTE.get(method, 45) * self._times
        per_second = per_minute / 60
        full = per_minute * BURST
        tokens, since = self._tokens.get(method, (full, now))
        tokens = min(full, tokens + (now - since) * per_second)
        return tokens, 0.0 if tokens >= 1 else (1 - tokens) / per_second
