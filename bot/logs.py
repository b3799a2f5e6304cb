"""Configures the log: one line for each event, as text or JSON, without tokens and bodies of requests."""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

QUIET_LOGGERS = ("slack_bolt", "slack_sdk", "httpx", "httpcore", "uvicorn", "alembic", "sqlalchemy", "asyncio")
"""Libraries whose debug output has bodies or tokens in it. Only their warnings are logged."""
_SECRET_WORDS = ("token", "secret", "password", "authorization", "response_url", "trigger_id")


def _redact_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace values whose names suggest a secret."""
    for key in list(event):
        if any(word in key.lower() for word in _SECRET_WORDS) and key != "token":
            event[key] = "•••"
    return event


def configure_logging(level: str, *, as_json: bool) -> None:
    """Write the log to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _redact_secrets,
    ]
    # Tracebacks have no local variables, which hold text from people and secrets.
    renderers: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Bolt logs the whole body of a request with a wrong signature, and warns of settings that are intended here.
    for name in [n for n in logging.root.manager.loggerDict if n.startswith("slack_bolt")]:
        logging.getLogger(name).setLevel(logging.ERROR)
