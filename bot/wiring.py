"""Builds every object of the bot, in one place."""

from datetime import timedelta
from pathlib import Path

from slack_sdk.web.async_client import AsyncWebClient

import handlers
from blocks.card.model import SystemNames
from bot.backends.base import BackendContext
from bot.backends.secrets import SecretNotFound
from bot.bolt import build_bolt
from bot.clock import Clock
from bot.configuration import clock_of, read_policy
from bot.engine.dbos_engine import DbosEngine
from bot.errors import ConfigError
from bot.lifecycle import SLACK_TIMEOUT_SECONDS, Components, Nightshift
from bot.oncall.store import RotaStore
from bot.requests.policy.engine import Policy
from bot.settings import Settings, validate_backends
from bot.slack.client import SlackClient
from bot.slack.digests import Digests
from bot.slack.rate_limits import RateLimiter
from bot.slack.recipients import Recipients
from bot.slack.retries import RetryExceptPostMessage
from bot.slack.sender import Sender
from bot.slack.users import SlackDirectory
from bot.slack_secrets import slack_secret
from bot.storage.database import Database
from bot.usecases.approval_service import ApprovalService
from bot.usecases.backend_registry import BackendRegistry, ConfiguredBackend
from bot.usecases.calendar_store import CalendarStore
from bot.usecases.conflict_finder import ConflictFinder
from bot.usecases.policy_service import PolicyService
from bot.usecases.runs import dispatch
from bot.usecases.services import Services


def build_bot(settings: Settings, config: Path | None, clock: Clock | None = None) -> Nightshift:
    """Return the bot for a configuration file, not started yet.

    Raises ConfigError with every problem that can be found without a network.
    """
    clock = clock or clock_of(settings)
    policy = read_policy(config, clock.now(), settings.channels.default_zone)
    backends = _connect_backends(settings, clock, policy)
    client = _slack_client(settings)
    services = _build_services(settings, policy, clock, client, backends)
    sender = Sender(
        client,
        services.db,
        services.directory,
        clock,
        node=lambda: services.engine.node,
        min_update_seconds=settings.timing.card_seconds,
        wake=services.wake.sender,
        recipients=Recipients(services.db, services.directory, clock, policy),
        systems={name: SystemNames(b.connection.title, b.kind.title) for name, b in backends.items()},
        admin_channel=settings.channels.admin,
        digests=Digests(
            services.db,
            services.directory,
            clock,
            settings.timing.digest_seconds,
            settings.channels.default_zone,
        ),
        rate_limiter=RateLimiter(multiplier=settings.timing.slack_pace),
    )
    routes = handlers.build_routes(services, client)
    bolt = build_bolt(settings, client, services.directory, routes)
    return Nightshift(Components(services=services, client=client, sender=sender, routes=routes, bolt=bolt))


def build_services(settings: Settings, config: Path | None) -> Services:
    """Return the services alone, for a command that asks them something. Raises ConfigError like ``build_bot``."""
    clock = clock_of(settings)
    policy = read_policy(config, clock.now(), settings.channels.default_zone)
    backends = _connect_backends(settings, clock, policy)
    return _build_services(settings, policy, clock, _slack_client(settings), backends)


def _build_services(
    settings: Settings, policy: Policy, clock: Clock, client: AsyncWebClient, backends: BackendRegistry
) -> Services:
    async def dispatch_job(key: str) -> None:
        await dispatch.dispatch_run(services, dispatch.run_id_of(key))

    url = settings.resolved_database_url
    db = Database(url)
    rotas = RotaStore(policy, clock)
    directory = _build_directory(settings, client, rotas, db)
    assumed_duration = timedelta(seconds=policy.defaults.assume)
    services = Services(
        settings=settings,
        clock=clock,
        db=db,
        engine=DbosEngine(url, settings.data_dir, settings.node, {dispatch.JOB: dispatch_job}),
        directory=directory,
        backends=backends,
        policy=PolicyService(
            policy,
            CalendarStore(policy, clock),
            directory,
            db,
            clock,
            backends,
            settings.timing.stale_directory_seconds,
        ),
        approvals=ApprovalService(
            directory, db, clock, policy.defaults.required_stages(), settings.timing.stale_directory_seconds
        ),
        conflicts=ConflictFinder(db, clock, assumed_duration, policy.defaults.short_names, policy, directory),
        rotas=rotas,
    )
    return services


def build_directory(settings: Settings, policy: Policy, clock: Clock) -> SlackDirectory:
    """Return the directory alone, for a command that asks Slack who is in which group. Raises ConfigError without a
    token."""
    return _build_directory(settings, _slack_client(settings), RotaStore(policy, clock))


def _build_directory(
    settings: Settings, client: AsyncWebClient, rotas: RotaStore, db: Database | None = None
) -> SlackDirectory:
    return SlackDirectory(
        client,
        db=db,
        pace=settings.timing.slack_pace,
        allow_guests=settings.people.allow_guests,
        allow_other_teams=settings.people.allow_other_teams,
        groups_max_age=settings.people.groups_max_age,
        rotas=rotas.groups,
    )


def _connect_backends(settings: Settings, clock: Clock, policy: Policy) -> BackendRegistry:
    context = BackendContext(clock=clock, fact_patterns=policy.fact_patterns)
    backends = {
        name: ConfiguredBackend(kind, kind.connect(name, values, context), values)
        for name, (kind, values) in validate_backends(settings).items()
    }
    return BackendRegistry(backends, settings.channels, policy.customers)


def _slack_client(settings: Settings) -> SlackClient:
    def read_token() -> str:
        return slack_secret(settings.slack_bot_token)

    try:
        if not read_token():
            raise ConfigError(["environment: SLACK_BOT_TOKEN: is not set; it begins with xoxb-"])
    except SecretNotFound as error:
        raise ConfigError([f"environment: SLACK_BOT_TOKEN: {error}"]) from error
    return SlackClient(
        read_token,
        base_url=settings.slack_api_url,
        timeout=SLACK_TIMEOUT_SECONDS,
        retry_handlers=[RetryExceptPostMessage()],
    )
