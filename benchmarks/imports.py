"""Compares the import of the bot with the import of the libraries that every start needs."""

import os
import subprocess
import sys
from collections.abc import Sequence
from tempfile import TemporaryDirectory

from benchmarks.measurements import Measurement, at_most, informational

NEEDED_LIBRARIES = (
    "slack_bolt.async_app",
    "slack_bolt.adapter.socket_mode.aiohttp",
    "slack_bolt.adapter.starlette.async_handler",
    "slack_sdk.web.async_client",
    "aiohttp",
    "httpx",
    "pydantic",
    "pydantic_settings",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.dialects.sqlite",
    "dbos",
    "starlette.applications",
    "uvicorn",
    "httptools",
    "uvloop",
    "structlog",
    "prometheus_client",
    "stamina",
)
"""Libraries that a bot cannot be ready without: Slack, HTTP both ways, values and settings, the database, the durable
engine, logging, metrics and retries. dbos loads psycopg and YAML itself, structlog loads rich."""
BOT_MODULES = ("bot.serve", "bot.wiring", "bot.configuration")
"""What ``nightshift serve`` imports; importing it imports the libraries too."""
MAX_RATIO = 1.25
RUNS = 9


async def imports(size: float) -> list[Measurement]:
    """Measure both imports in turn, in processes of their own, and compare the quickest of each.

    Counts processor time. Compiled bytecode is read from a directory that a first, uncounted import has filled.
    """
    runs = max(3, round(RUNS * size))
    print(f"   counted as needed: {', '.join(NEEDED_LIBRARIES)}")
    with TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        _import_seconds(BOT_MODULES, environment)
        _import_seconds(NEEDED_LIBRARIES, environment)
        pairs = [
            (_import_seconds(NEEDED_LIBRARIES, environment), _import_seconds(BOT_MODULES, environment))
            for _ in range(runs)
        ]
    libraries, bot = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    return [
        informational("import of the needed libraries", libraries, "s"),
        informational("import of what serve imports", bot, "s"),
        at_most("import of what serve imports / of the needed libraries", bot / libraries, "times", MAX_RATIO),
    ]


def _import_seconds(modules: Sequence[str], environment: dict[str, str]) -> float:
    """Return the processor time that a new interpreter takes for an import."""
    code = f"import time; began = time.process_time(); import {', '.join(modules)}; print(time.process_time() - began)"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)
