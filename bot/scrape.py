"""Reads what the metrics say of the present: what waits, how old it is, and whether the parts are there."""

import platform
from datetime import datetime
from importlib.metadata import version

from prometheus_client import generate_latest
from sqlalchemy.exc import DBAPIError

from bot.lifecycle import Nightshift
from bot.storage.open_work import OpenWork, read_open_work
from bot.telemetry import metrics

DISTRIBUTION = "nightshift-bot"


async def scrape(bot: Nightshift) -> bytes:
    """Return all metrics in the text format of Prometheus. What the database does not tell is left out."""
    metrics.BUILD.labels(version(DISTRIBUTION), platform.python_version()).set(1)
    metrics.READY.set(bot.ready)
    metrics.DIRECTORY_SILENT.set(bot.directory.user_groups.silent_seconds)
    for gauge in (metrics.REQUESTS, metrics.RUNS, metrics.SILENT_RUNS, metrics.OLDEST_SECONDS):
        gauge.clear()
    try:
        async with bot.db.read() as tx:
            work = await read_open_work(tx, bot.services.clock.now())
    except DBAPIError:
        metrics.DATABASE_UP.set(0)
    else:
        metrics.DATABASE_UP.set(1)
        _set_gauges(bot, work, bot.services.clock.now())
    return generate_latest()


def _set_gauges(bot: Nightshift, work: OpenWork, now: datetime) -> None:
    for state, count in work.requests.items():
        metrics.REQUESTS.labels(state).set(count)
    for (backend, run_state), count in work.runs.items():
        metrics.RUNS.labels(backend, run_state).set(count)
    for name in bot.services.backends:
        metrics.SILENT_RUNS.labels(name).set(work.silent_runs.get(name, 0))
    for what, since in work.oldest.items():
        metrics.OLDEST_SECONDS.labels(what).set(0 if since is None else max(0.0, (now - since).total_seconds()))
