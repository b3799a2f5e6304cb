"""Counts and logs what happens to requests.

A transaction that is rolled back has changed nothing, so storage calls these once it has committed.
"""

import structlog

from bot.telemetry import metrics

_MAX_NAMES = 20_000
_names: dict[str, str] = {}
"""What people call requests, by id, so that the lines about their runs say it too."""
_log = structlog.get_logger("nightshift")


def remember_name(request_id: str, name: str) -> None:
    """Remember what people call a request, such as NS-7."""
    if len(_names) >= _MAX_NAMES:
        _names.clear()
    _names[request_id] = name


def name_of(request_id: str) -> str:
    """Return what people call a request; its id if it was not read lately."""
    return _names.get(request_id, request_id)


def request_changed(name: str, backend: str, was: str, state: str, revision: int) -> None:
    """A request was made (``was`` is "new"), has changed its state, or has a new revision."""
    metrics.REQUEST_TRANSITIONS.labels(was, state).inc()
    _log.info("request", request=name, backend=backend, was=was, state=state, revision=revision)


def run_changed(request_id: str, number: int, was: str, state: str, problem: str) -> None:
    """A run was planned (``was`` is "new"), or has changed its state."""
    metrics.RUN_TRANSITIONS.labels(was, state).inc()
    why = {"why": problem} if problem else {}
    _log.info("run", request=name_of(request_id), run=number, was=was, state=state, **why)


def decided(request_id: str, verdict: str) -> None:
    """Somebody has decided on a request."""
    metrics.DECISIONS.labels(verdict).inc()
    _log.info("decision", request=name_of(request_id), verdict=verdict)


def call_made(request: str, run: int, attempt: str, backend: str, operation: str, outcome: str, seconds: float) -> None:
    """The call that starts a run was made, or could not be. ``outcome`` is "started" or the kind of its error."""
    metrics.STARTS.labels(backend, outcome).inc()
    _log.info(
        "call",
        request=request,
        run=run,
        attempt=attempt,
        backend=backend,
        operation=operation,
        outcome=outcome,
        seconds=round(seconds, 3),
    )
