"""The metrics, by the conventions of Prometheus. Every label has a bounded set of values."""

import re

from prometheus_client import Counter, Gauge, Histogram

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LONG_SECONDS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)

BUILD = Gauge("nightshift_build_info", "The version that runs; always 1.", ["version", "python"])

REQUEST_TRANSITIONS = Counter(
    "nightshift_request_transitions", "Changes of the state of requests; `was` is new for the first.", ["was", "state"]
)
RUN_TRANSITIONS = Counter(
    "nightshift_run_transitions", "Changes of the state of runs; `was` is new for the first.", ["was", "state"]
)
DECISIONS = Counter("nightshift_decisions", "Decisions of approvers.", ["verdict"])

REQUESTS = Gauge("nightshift_requests", "Requests that are not over, by state.", ["state"])
RUNS = Gauge("nightshift_runs", "Runs that are not over, by back end and state.", ["backend", "state"])
SILENT_RUNS = Gauge("nightshift_silent_runs", "Runs of which their back end does not tell how they go.", ["backend"])
OLDEST_SECONDS = Gauge(
    "nightshift_oldest_seconds",
    "Age of the oldest request that waits for approval, run that is due and message that is unsent; 0 for none.",
    ["what"],
)

STARTS = Counter("nightshift_starts", "Calls that start something, by what came of them.", ["backend", "outcome"])
START_DELAY = Histogram(
    "nightshift_start_delay_seconds", "Time from when a run was due to its call.", ["backend"], buckets=_LONG_SECONDS
)
BACKEND_CALLS = Counter(
    "nightshift_backend_calls", "HTTP calls to back ends, by what came of them.", ["backend", "method", "outcome"]
)
BACKEND_SECONDS = Histogram(
    "nightshift_backend_call_seconds", "Duration of HTTP calls to back ends.", ["backend", "method"], buckets=_SECONDS
)

ACKNOWLEDGEMENT_SECONDS = Histogram(
    "nightshift_acknowledgement_seconds",
    "Time until what Slack sends is acknowledged, by its kind. Slack waits 3 seconds.",
    ["kind"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0),
)
MISSED_DEADLINES = Counter("nightshift_missed_deadlines", "Requests of Slack acknowledged too late.", ["kind"])
ERRORS = Counter("nightshift_unexpected_errors", "Errors that no code expected. The log has each with a reference.")
MESSAGES = Counter("nightshift_messages", "Messages that Slack has taken, by kind and how.", ["kind", "how"])
MESSAGE_DELAY = Histogram(
    "nightshift_message_delay_seconds",
    "Time from a message's creation to its post, quiet hours and digests included.",
    ["kind"],
    buckets=_LONG_SECONDS,
)
REFUSED_MESSAGES = Counter("nightshift_refused_messages", "Messages that Slack refused, by reaction.", ["reaction"])
RATE_LIMITED = Counter("nightshift_slack_rate_limited", "Calls that Slack answered with 429.", ["method"])

DIRECTORY_SILENT = Gauge(
    "nightshift_directory_silent_seconds", "For how long Slack has not told who is in which group; 0 if it does."
)
DATABASE_UP = Gauge("nightshift_database_up", "Whether the database answered when this was read.")
DATABASE_SECONDS = Histogram(
    "nightshift_database_seconds", "Duration of transactions.", ["kind"], buckets=(0.001, 0.005, *_SECONDS)
)
LOOP_LAG = Histogram(
    "nightshift_event_loop_lag_seconds", "How late the event loop runs what is due.", buckets=(0.001, 0.005, *_SECONDS)
)
READY = Gauge("nightshift_ready", "Whether the bot takes requests.")


def outcome_of(error: BaseException) -> str:
    """Return the label of an error: the name of its class, such as bad_response."""
    return _CAPITAL.sub("_", type(error).__name__).lower()
