"""A running bot for the scenarios of a module: the real one, in this process, with a local Slack and the sandboxes.

A module may set TRANSPORT ("http" or "socket"), POSTGRES (True), POLICY and EXTRA (configuration), SCHEDULER
("backend"), and GROUPS (the members of user groups). Its tests share the bot, so each makes requests of its own and
moves the clock only forward.
Faults, open modals and failing hosts are cleared after each test.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
import stamina
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
"""Errors with which Slack answers a mistake of the bot; no test may cause one."""

START_TIME = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
"""When the scenarios of each module begin: a Monday, ten o'clock in Berlin, weeks from any clock change.

What "tomorrow at six" means must not depend on when the tests are run."""

RETRY_ATTEMPTS = 3
"""How often a back end is asked at most, as in production."""

Log = Sequence[MutableMapping[str, Any]]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "allows_bot_errors: the bot may log errors in this test")


@pytest.fixture(scope="session", autouse=True)
def no_retry_delay() -> Iterator[None]:
    """Repeat calls as often as always, but at once."""
    with stamina.set_testing(True, attempts=RETRY_ATTEMPTS, cap=True):
        yield


@pytest.fixture(scope="module")
def postgres_module_url(postgres_server: str) -> Iterator[str]:
    """A PostgreSQL database for the scenarios of a module."""
    with postgres_database(postgres_server) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_env(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Environment, Log]]:
    """An environment with its bot, and what the bot logs."""
    module = request.module
    database = request.getfixturevalue("postgres_module_url") if getattr(module, "POSTGRES", False) else ""
    with capture_logs() as log:
        async with run_environment(
            tmp_path_factory.mktemp("environment"),
            database_url=database,
            policy=getattr(module, "POLICY", POLICY),
            extra=getattr(module, "EXTRA", ""),
            scheduler=getattr(module, "SCHEDULER", "nightshift"),
        ) as env:
            env.clock.move_to(START_TIME)
            set_groups(env, getattr(module, "GROUPS", {}))
            async with run_bot(env, getattr(module, "TRANSPORT", "http")):
                yield env, log


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


def set_groups(env: Environment, groups: Mapping[str, Sequence[str]]) -> None:
    """Fill user groups before the bot starts, without events: Slack would repeat those a minute later."""
    workspace = env.slack.workspace
    for handle, names in groups.items():
        workspace.user_group(handle).users = [workspace.user_by_name(name).id for name in names]


@pytest.fixture
def env(running_env: tuple[Environment, Log], request: pytest.FixtureRequest) -> Iterator[Environment]:
    """The environment, with no faults and quick jobs.

    After the test, Slack must have rejected nothing that the bot sent, and the bot must have logged no error;
    ``pytest.mark.allows_bot_errors`` permits errors in the log."""
    environment, log = running_env
    environment.foreman.speed, environment.foreman.state.jobs.failing_hosts = 100.0, {}
    exchanges, entries, offset = len(environment.slack.journal.entries), len(log), environment.clock.offset
    yield environment
    environment.slack.workspace.stacks.clear()
    environment.slack.faults.clear()
    for sandbox in (environment.foreman, environment.opsramp, environment.immybot):
        sandbox.faults.clear()
    assert environment.clock.offset >= offset, "the test moved the clock back, for all tests after it"
    rejected = [e for e in list(environment.slack.journal.entries)[exchanges:] if is_bot_error(e)]
    assert not rejected, rejected
    if not request.node.get_closest_marker("allows_bot_errors"):
        errors = [entry for entry in log[entries:] if entry["log_level"] in ("error", "critical")]
        assert not errors, errors


def is_bot_error(exchange: Exchange) -> bool:
    """Whether Slack rejected what the bot sent."""
    return exchange.kind == "answer" or exchange.error in BOT_ERRORS


@pytest.fixture
def alice(env: Environment) -> Person:
    """The requester."""
    return env.slack.person("alice")


@pytest.fixture
def bob(env: Environment) -> Person:
    """An approver: he is in @sre."""
    return env.slack.person("bob")


@pytest.fixture
def carol(env: Environment) -> Person:
    """Another approver in @sre."""
    return env.slack.person("carol")
