"""Limits calls of Slack: one post a second for each channel, and a number of calls per minute for each method.

Source: Slack's published rate-limit tiers (updates: 50 a minute; posts: about one a second for each channel).
"""

import time
from collections import deque
from collections.abc import Callable

CALLS_PER_MINUTE = {"chat.update": 45, "chat.postMessage": 240, "conversations.open": 45}
SECONDS_BETWEEN_POSTS = 1.0
BURST_FRACTION = 0.6
"""Fraction of a minute's budget that may be spent at once, such as for the copies of a card."""

READS_PER_MINUTE = {
    "users.info": 90,
    "users.list": 19,
    "users.conversations": 18,
    "usergroups.list": 18,
    "conversations.list": 18,
    "conversations.info": 45,
    "conversations.members": 90,
}
"""A little less than Slack publishes for methods that only read: other nodes and tools use the same app."""
_MINUTE = 60.0


class MinuteWindow:
    """Tells how long to wait before a call that only reads, so that no minute has more calls than Slack allows.

    ``monotonic`` is a clock in seconds that never goes back; ``multiplier`` scales the published limits.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, *, multiplier: float = 1.0) -> None:
        self._monotonic = monotonic
        self._multiplier = multiplier
        self._calls: dict[str, deque[float]] = {}
        self._paused_until: dict[str, float] = {}

    def acquire(self, method: str) -> float:
        """Return the seconds until a call may be made. 0 means that it may be made now, and counts it."""
        now = self._monotonic()
        calls = self._calls.setdefault(method, deque())
        while calls and now - calls[0] >= _MINUTE:
            calls.popleft()
        wait = self._paused_until.get(method, 0.0) - now
        if len(calls) >= READS_PER_MINUTE[method] * self._multiplier:
            wait = max(wait, calls[0] + _MINUTE - now)
        if wait > 0:
            return wait
        calls.append(now)
        return 0.0

    def pause(self, method: str, seconds: float) -> None:
        """Make no call of a method for some seconds, because Slack asked for it."""
        self._paused_until[method] = self._monotonic() + seconds


class RateLimiter:
    """Tells how long to wait before a call.

    ``monotonic`` is a clock in seconds that never goes back; ``multiplier`` scales the published limits.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        seconds_between_posts: float = SECONDS_BETWEEN_POSTS,
        *,
        multiplier: float = 1.0,
    ) -> None:
        self._monotonic = monotonic
        self._seconds_between_posts = seconds_between_posts / multiplier
        self._multiplier = multiplier
        self._channel_free_at: dict[str, float] = {}
        self._tokens: dict[str, tuple[float, float]] = {}
        self._paused_until: dict[str, float] = {}

    def acquire(self, method: str, channel: str) -> float:
        """Return the seconds until a call may be made. 0 means that it may be made now, and counts it."""
        now = self._monotonic()
        waits = [self._paused_until.get(method, 0.0) - now]
        if method == "chat.postMessage":
            waits.append(self._channel_free_at.get(channel, 0.0) - now)
        tokens, wait = self._refill(method, now)
        waits.append(wait)
        longest_wait = max(waits)
        if longest_wait > 0:
            return longest_wait
        self._tokens[method] = (tokens - 1, now)
        if method == "chat.postMessage":
            self._channel_free_at[channel] = now + self._seconds_between_posts
        return 0.0

    def pause(self, method: str, seconds: float) -> None:
        """Make no call of a method for some seconds, because Slack asked for it."""
        self._paused_until[method] = self._monotonic() + seconds

    def _refill(self, method: str, now: float) -> tuple[float, float]:
        per_minute = CALLS_PER_MINUTE.get(method, 45) * self._multiplier
        per_second = per_minute / 60
        full = per_minute * BURST_FRACTION
        tokens, since = self._tokens.get(method, (full, now))
        tokens = min(full, tokens + (now - since) * per_second)
        return tokens, 0.0 if tokens >= 1 else (1 - tokens) / per_second
