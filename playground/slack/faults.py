"""Faults of Slack that can be switched on: in the Web API, in deliveries to the bot, or in everything."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class ApiFault:
    """Something that goes wrong with Web API methods whose name matches ``method`` (a regular expression, whole).

    rate_limit: HTTP 429 with Retry-After ``seconds``. slow: answers after ``seconds``. status: HTTP ``status`` without
    acting. error: the API error ``code`` without acting. cut: the connection breaks before anything happens.
    cut_after: it breaks after Slack acted. ``remaining`` is how often it still strikes; None is for ever.
    """

    kind: Literal["rate_limit", "slow", "status", "error", "cut", "cut_after"]
    method: str = ".*"
    seconds: float = 1.0
    status: int = 500
    code: str = "internal_error"
    remaining: int | None = 1


class Faults:
    """The active faults. ``offline`` makes Slack unreachable; ``lost_acks`` is how many of the bot's next
    acknowledgements are lost on the way; ``rate_limits`` enforces the documented tiers."""

    def __init__(self) -> None:
        self.api: list[ApiFault] = []
        self.on_change: Callable[[], None] = lambda: None
        self._offline = False
        self._lost_acks = 0
        self._rate_limits = False

    def add(self, fault: ApiFault) -> ApiFault:
        self.api.append(fault)
        self.on_change()
        return fault

    def rate_limit(self, method: str = ".*", retry_after: float = 1.0, times: int | None = 1) -> ApiFault:
        return self.add(ApiFault("rate_limit", method, seconds=retry_after, remaining=times))

    def slow(self, method: str = ".*", seconds: float = 1.0, times: int | None = 1) -> ApiFault:
        return self.add(ApiFault("slow", method, seconds=seconds, remaining=times))

    def fail_with_status(self, method: str = ".*", status: int = 500, times: int | None = 1) -> ApiFault:
        return self.add(ApiFault("status", method, status=status, remaining=times))

    def fail_with_code(self, method: str, code: str, times: int | None = 1) -> ApiFault:
        return self.add(ApiFault("error", method, code=code, remaining=times))

    def drop_connection(self, method: str = ".*", *, after: bool = False, times: int | None = 1) -> ApiFault:
        """Break the connection before Slack acts, or after it did."""
        return self.add(ApiFault("cut_after" if after else "cut", method, remaining=times))

    def clear(self) -> None:
        """Switch every fault off."""
        self.api.clear()
        self._offline, self._lost_acks, self._rate_limits = False, 0, False
        self.on_change()

    @property
    def offline(self) -> bool:
        return self._offline

    @offline.setter
    def offline(self, value: bool) -> None:
        self._offline = value
        self.on_change()

    @property
    def lost_acks(self) -> int:
        return self._lost_acks

    @lost_acks.setter
    def lost_acks(self, value: int) -> None:
        self._lost_acks = value
        self.on_change()

    @property
    def rate_limits(self) -> bool:
        return self._rate_limits

    @rate_limits.setter
    def rate_limits(self, value: bool) -> None:
        self._rate_limits = value
        self.on_change()

    def take_fault(self, method: str) -> ApiFault | None:
        """The fault that hits a call of ``method`` now, if any; it counts as one strike."""
        fault = next((f for f in self.api if re.fullmatch(f.method, method)), None)
        if fault is not None and fault.remaining is not None:
            fault.remaining -= 1
            if fault.remaining <= 0:
                self.api.remove(fault)
                self.on_change()
        return fault

    def take_lost_ack(self) -> bool:
        """Whether this acknowledgement is lost."""
        if self._lost_acks > 0:
            self._lost_acks -= 1
            return True
        return False
