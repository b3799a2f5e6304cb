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
    waited = services.clock.now() - since
    return is_past_latest_start(services, run) or waited > timedelta(seconds=services.settings.timing.connect_seconds)


def is_past_latest_start(services: Services, run: Run) -> bool:
    """Return whether a run may not start any more."""
    return run.latest_start is not None and services.clock.now() > run.latest_start
