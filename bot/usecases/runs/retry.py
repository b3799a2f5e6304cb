"""How long a start is retried while its back end is unavailable."""

from datetime import datetime, timedelta

from bot.requests.model import Run
from bot.usecases.services import Services

FIRST_WAIT_SECONDS = 1.0
MAX_WAIT_SECONDS = 30.0


def next_wait(seconds: float) -> float:
    """Return the wait that follows one of ``seconds``."""
    return min(seconds * 2, MAX_WAIT_SECONDS)


def retry_time_is_over(services: Services, since: datetime, run: Run) -> bool:
    """Return whether a back end was unavailable for too long, or the run's latest start has passed."""
    now = services.clock.now()
    is_too_late = run.latest_start is not None and now > run.latest_start
    return is_too_late or now - since > timedelta(seconds=services.settings.timing.connect_seconds)
