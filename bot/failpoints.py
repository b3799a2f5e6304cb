"""Points at which crash tests kill the process. Otherwise they do nothing.

``NIGHTSHIFT_FAILPOINT`` names a point, or its Nth hit as ``point:N``; the process then ends there as by ``kill -9``.
"""

import os
import signal

BEFORE_PREPARE = "before-prepare"
AFTER_PREPARE = "after-prepare"
AFTER_SENT = "after-sent"
AFTER_CALL = "after-call"
AFTER_ANSWER = "after-answer"
BEFORE_START_CHECKED = "before-start-checked"
AFTER_START_CANCELLED = "after-start-cancelled"
BEFORE_SUBMIT = "before-submit"
AFTER_SUBMIT = "after-submit"
BEFORE_DECISION = "before-decide"
AFTER_DECISION = "after-decide"
BEFORE_POST = "before-post"
AFTER_POST = "after-post"
AFTER_UPDATE = "after-shown"
BEFORE_PROGRESS = "before-watched"
AFTER_PROGRESS = "after-watched"
BEFORE_ACKNOWLEDGED = "before-acknowledged"
AFTER_ACKNOWLEDGED = "after-acknowledged"

ALL_FAILPOINTS = (
    BEFORE_SUBMIT,
    AFTER_SUBMIT,
    BEFORE_DECISION,
    AFTER_DECISION,
    BEFORE_PREPARE,
    AFTER_PREPARE,
    AFTER_SENT,
    AFTER_CALL,
    AFTER_ANSWER,
    BEFORE_POST,
    AFTER_POST,
    AFTER_UPDATE,
    BEFORE_PROGRESS,
    AFTER_PROGRESS,
    BEFORE_ACKNOWLEDGED,
    AFTER_ACKNOWLEDGED,
)

_hits: dict[str, int] = {}


def hit(point: str) -> None:
    """Mark a point. Ends the process if a test has named it."""
    name, _, count = os.environ.get("NIGHTSHIFT_FAILPOINT", "").partition(":")
    if name != point:
        return
    _hits[point] = _hits.get(point, 0) + 1
    if _hits[point] == int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
