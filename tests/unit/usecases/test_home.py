"""Home: who needs to decide what, and how often it is published."""

import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from blocks.lists import list_blocks
from bot.requests.inbox import Decider, InboxRow, needs_decision_of
from bot.requests.model import Person, Request, Requirement, Stage
from bot.requests.pauses import Pause
from bot.storage import pauses, requests
from bot.storage.inbox import SearchFilter
from bot.usecases.home.inbox import load_inbox, search
from bot.usecases.pauses.pause_series import pause_series
from handlers.home import MAX_PER_MINUTE, HomePublisher
from playground.slack.limits import check_view
from tests.unit.usecases.harness import START, Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANN = Person(team="T1", user="UANN")


def row(**more: Any) -> InboxRow:
    fields: dict[str, Any] = {
        "id": "r1", "number": 1, "revision": 1, "state": "awaiting_approval", "title": "t", "backend": "b",
        "requester": ANN, "authors": ("UANN",), "created_at": START,
        "requirement": Requirement(stages=(Stage(groups=("@sre",), users=("UDAN",), excluded=("UEVE",)),)),
    }  # fmt: skip
    return InboxRow(**(fields | more))


@pytest.mark.parametrize(
    ("user", "groups", "more", "needed"),
    [
        ("UBOB", ["@sre"], {}, True),
        ("UDAN", [], {}, True),
        ("UBOB", ["@dba"], {}, False),
        ("UEVE", ["@sre"], {}, False),
        ("UANN", ["@sre"], {}, False),
        ("UBOB", ["@sre"], {"authors": ("UANN", "UBOB")}, False),
        ("UBOB", ["@sre"], {"state": "scheduled"}, False),
        ("UBOB", ["@sre"], {"id": "decided"}, False),
    ],
)
async def test_a_request_needs_those_of_its_stages_who_did_not_write_it(
    user: str, groups: list[str], more: Any, needed: bool
) -> None:
    decider = Decider(user=user, groups=frozenset(groups))
    assert needs_decision_of(row(**more), [decider], {"decided"}) is needed
    # Somebody may decide in another's place.
    assert needs_decision_of(row(**more), [Decider(user="UOTHER", groups=frozenset()), decider], {"decided"}) is needed


async def test_each_request_is_in_one_section(bot: Harness) -> None:
    waiting, coming = await bot.request(), await bot.approved(when="tomorrow 21:00")
    running, _ = await bot.started()
    inbox = await load_inbox(bot.services, await bot.actor("bob"))
    assert waiting.id in [each.id for each in inbox.needs_you]
    assert running.id in [each.id for each in inbox.running]
    assert coming.id in [each.request_id for each in inbox.coming]
    assert inbox.own == []
    own = await load_inbox(bot.services, await bot.actor("alice"))
    assert waiting.id not in [each.id for each in own.needs_you]
    assert {waiting.id, coming.id} <= {each.id for each in own.own}
    assert running.id not in [each.id for each in own.own]
    await bot.decide(waiting, "bob", "denied", comment="not now")
    again = await load_inbox(bot.services, await bot.actor("bob"))
    assert waiting.id not in [each.id for each in again.needs_you]


async def test_requests_are_found_by_title_host_number_state_and_person(bot: Harness) -> None:
    request = await bot.request(hosts="name ~ db01", command="findme --now")

    async def found(**more: Any) -> bool:
        rows, _ = await search(bot.services, bot.person("bob"), SearchFilter(**more))
        return request.id in [each.id for each in rows]

    for text in ("FINDME", "db01", request.name, str(request.number)):
        assert await found(text=text), text
    assert await found(states=("awaiting_approval",), requester=bot.person("alice").user, backends=("foreman.main",))
    for other in ({"text": "50%"}, {"states": ("failed",)}, {"requester": "UNOBODY"}, {"backends": ("x.y",)}):
        assert not await found(**other)
    assert not await found(since=bot.now + timedelta(days=1))


class RecordingClient:
    def __init__(self) -> None:
        self.published: list[str] = []

    async def views_publish(self, *, user_id: str, view: dict[str, Any]) -> SimpleNamespace:
        check_view(view, "home")
        self.published.append(user_id)
        return SimpleNamespace()


async def test_home_is_published_again_only_when_it_changed_and_while_somebody_looks(bot: Harness) -> None:
    publisher, client, bob = HomePublisher(bot.services), RecordingClient(), bot.person("bob")
    view = await publisher.on_open(bob)
    assert view is not None
    check_view(view, "home")
    assert await publisher.on_open(bob) is None  # a moment later
    bot.forward(seconds=5)
    await publisher.refresh(client)  # type: ignore[arg-type]
    assert client.published == []
    await bot.request()
    await publisher.refresh(client)  # type: ignore[arg-type]
    assert client.published == []  # it was looked at a moment ago
    bot.forward(seconds=5)
    await publisher.refresh(client)  # type: ignore[arg-type]
    assert client.published == [bob.user]
    await bot.request()
    bot.forward(minutes=11)
    await publisher.refresh(client)  # type: ignore[arg-type]
    assert client.published == [bob.user]


async def test_home_is_published_at_most_sixty_times_a_minute(bot: Harness) -> None:
    publisher, client = HomePublisher(bot.services), RecordingClient()
    await publisher.on_open(bot.person("bob"))
    publisher.recent.extend([bot.now] * (MAX_PER_MINUTE - 1))
    await bot.request()
    bot.forward(seconds=10)
    await publisher.refresh(client)  # type: ignore[arg-type]
    assert client.published == []
    bot.forward(seconds=51)
    await publisher.refresh(client)  # type: ignore[arg-type]
    assert client.published == [bot.person("bob").user]


async def test_home_with_hundreds_of_open_requests_is_made_in_a_second(bot: Harness) -> None:
    first = await bot.request()
    async with bot.services.db.write() as tx:
        for number in range(500):
            await requests.add(tx, _copy(first, 1_000 + number), None)
    publisher = HomePublisher(bot.services)
    begun = time.process_time()
    view = await publisher.on_open(bot.person("bob"))
    assert time.process_time() - begun < 1
    assert view is not None
    check_view(view, "home")
    assert "Needs you (5" in str(view)


def _copy(request: Request, number: int) -> Request:
    return request.model_copy(update={"id": f"r{number}", "number": number})


async def test_own_work_above_is_not_followed_by_nothing_yet(bot: Harness) -> None:
    running, _ = await bot.started("carol")
    view = str(await HomePublisher(bot.services)._view(bot.person("carol")))
    assert running.name in view
    assert "Nothing yet" not in view
    assert "Your requests" not in view


async def test_a_paused_start_says_so_on_home_and_in_lists(bot: Harness) -> None:
    series = await bot.approved("carol", when="every day at 06:00")
    later = await bot.approved("carol", when="in 5 days at 21:00")
    await pause_series(bot.services, series.id, bot.person("carol"), "The disk is full.")
    home = str(await HomePublisher(bot.services)._view(bot.person("carol")))
    assert f"Scheduled, paused · {series.name}" in home
    assert f"Scheduled · {later.name}" in home
    everything = Pause(id="p_home", scope="everything", since=bot.now, until=bot.now + timedelta(days=3), reason="x")
    soon = await bot.approved("carol", when="tomorrow at 21:00")
    async with bot.services.db.write() as tx:
        await pauses.add(tx, everything)
    home = str(await HomePublisher(bot.services)._view(bot.person("carol")))
    rows, _ = await search(bot.services, bot.person("carol"), SearchFilter(requester="U0CAROL"))
    async with bot.services.db.write() as tx:
        await pauses.end(tx, everything, bot.now)
    assert f"({soon.name}, paused)" in home
    assert f"({later.name})" in home
    held = {row.id for row in rows if row.is_held}
    assert {series.id, soon.id} <= held
    assert later.id not in held
    assert f"{soon.name} · Scheduled, paused" in str(list_blocks(rows, "Requests", "", {}, ""))
