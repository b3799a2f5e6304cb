"""A bot at work for the scenarios of a module: the real one, in this process, with a local Slack and the sandboxes.

A module may set TRANSPORT ("http" or "socket"), POSTGRES (True), POLICY and EXTRA (configuration), and GROUPS (who is
in which). Its tests share the bot, so each asks for something of its own; faults, open modals and failing hosts are
put right after each test.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from playground.environment import POLICY, Environment, run_bot, run_environment
from playground.slack import Exchange, Person
from tests.conftest import postgres_database
from tests.transaction_guard import watch_transactions

BOT_ERRORS = {
    "invalid_arguments", "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "no_text", "view_too_large",
    "expired_trigger_id", "exchanged_trigger_id", "missing_scope", "unknown_method", "duplicate_external_id",
    "push_limit_reached", "invalid_auth",
}  # fmt: skip
"""What Slack says to a bot that made a mistake; nothing that a test does excuses them."""

START_TIME = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
"""When the scenarios of each module begin: a Monday, ten o'clock in Berlin, far from any change of the clocks."""

Log = Sequence[MutableMapping[str, Any]]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "rough: what is done to the bot may make it log errors")


@pytest.fixture(scope="module")
def postgres_module_url(postgres_server: str) -> Iterator[str]:
    """The URL of a database for the scenarios of a module."""
    with postgres_database(postgres_server) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_env(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Environment, Log]]:
    """The stage with its bot, and what the bot logs."""
    chosen = request.module
    database = request.getfixturevalue("postgres_module_url") if getattr(chosen, "POSTGRES", False) else ""
    with capture_logs() as log:
        async with (
            run_environment(
                tmp_path_factory.mktemp("stage"),
                database_url=database,
                policy=getattr(chosen, "POLICY", POLICY),
                extra=getattr(chosen, "EXTRA", ""),
            ) as on,
            _start_time_and_groups(on, getattr(chosen, "GROUPS", {})),
            run_bot(on, getattr(chosen, "TRANSPORT", "http")),
        ):
            yield on, log


@pytest.fixture(scope="session")
def calls_in_transactions() -> Iterator[list[str]]:
    """Where HTTP was used inside a transaction."""
    with watch_transactions() as found:
        yield found


@pytest.fixture(autouse=True)
def no_http_inside_a_transaction(calls_in_transactions: list[str]) -> Iterator[None]:
    """Fail a test in which the bot waits for HTTP while it holds a transaction."""
    calls_in_transactions.clear()
    yield
    assert not calls_in_transactions, calls_in_transactions[0]


@asynccontextmanager
async def _start_time_and_groups(env: Environment, groups: Mapping[str, Sequence[str]]) -> AsyncIterator[None]:
    """Begin at a known time: what is "tomorrow at six" must not depend on when the tests are run."""
    env.clock.move_to(START_TIME)
    for handle, names in groups.items():
        env.slack.admin.set_group(handle, names)
    yield


@pytest.fixture
def env(running_env: tuple[Environment, Log], request: pytest.FixtureRequest) -> Iterator[Environment]:
    """The stage, where everything works and jobs take a moment. After the test Slack must have had nothing to
    complain of, and the bot nothing that it did not expect; ``pytest.mark.rough`` allows the latter."""
    on, log = running_env
    on.foreman.speed, on.foreman.state.jobs.failing_hosts = 100.0, {}
    already, seen = len(on.slack.journal.entries), len(log)
    yield on
    on.slack.workspace.stacks.clear()
    on.slack.faults.clear()
    for sandbox in (on.foreman, on.opsramp, on.immybot):
        sandbox.faults.clear()
    complaints = [e for e in list(on.slack.journal.entries)[already:] if is_bot_error(e)]
    assert not complaints, complaints
    if not request.node.get_closest_marker("rough"):
        surprises = [entry for entry in log[seen:] if entry["log_level"] in ("error", "critical")]
        assert not surprises, surprises


def is_bot_error(exchange: Exchange) -> bool:
    """Whether an exchange shows that the bot did what Slack does not take."""
    return exchange.kind == "answer" or exchange.error in BOT_ERRORS


@pytest.fixture
def alice(env: Environment) -> Person:
    """She asks."""
    return env.slack.person("alice")


@pytest.fixture
def bob(env: Environment) -> Person:
    """He approves: he is in @sre."""
    return env.slack.person("bob")


@pytest.fixture
def carol(env: Environment) -> Person:
    """She approves too."""
    return env.slack.person("carol")
