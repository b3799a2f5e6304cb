"""A running workspace with deadlines that suit a test, and a Web API client for it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack import Settings, Slack, run_workspace


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with run_workspace(settings=Settings(settle_timeout=0.5, event_retry_delays=(0.01, 0.02, 0.03))) as running:
        yield running


@pytest.fixture
async def client(slack: Slack) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])
