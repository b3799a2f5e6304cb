"""What is known of people and groups is never older than what Slack has told of changes."""

import asyncio
from typing import Any

from bot.slack.users import SlackDirectory


class FakeClient:
    """Slack's side: answers with what was so when it was asked, and only when it is let."""

    def __init__(self) -> None:
        self.members = ["U1"]
        self.name = "Ann"
        self.call_count = 0
        self.may_answer = asyncio.Event()

    async def usergroups_list(self, **_: Any) -> dict[str, Any]:
        self.call_count += 1
        users = list(self.members)
        await self.may_answer.wait()
        return {"usergroups": [{"id": "S1", "handle": "sre", "users": users}]}

    async def users_info(self, user: str, **_: Any) -> dict[str, Any]:
        self.call_count += 1
        name = self.name
        await self.may_answer.wait()
        return {"user": {"id": user, "team_id": "", "profile": {"display_name": name}}}


async def test_groups_that_change_while_they_are_read_are_read_again() -> None:
    client = FakeClient()
    people = SlackDirectory(client)  # type: ignore[arg-type]
    reading = asyncio.ensure_future(people.groups())
    await asyncio.sleep(0)
    client.members = ["U2"]
    people.invalidate_groups()
    client.may_answer.set()
    await reading
    assert (await people.groups()).by_id["S1"].members == {"U2"}
    assert (await people.groups()).by_id["S1"].members == {"U2"}
    assert client.call_count == 2


async def test_a_member_who_changes_while_they_are_asked_for_is_asked_for_again() -> None:
    client = FakeClient()
    people = SlackDirectory(client)  # type: ignore[arg-type]
    asking = asyncio.ensure_future(people.user("U1"))
    await asyncio.sleep(0)
    client.name = "Anna"
    people.invalidate_user("U1")
    client.may_answer.set()
    await asking
    assert (await people.user("U1")).name == "Anna"
    assert (await people.users(["U1"])).known["U1"].name == "Anna"
    assert client.call_count == 2


async def test_news_of_one_member_does_not_make_others_be_asked_for_again() -> None:
    client = FakeClient()
    people = SlackDirectory(client)  # type: ignore[arg-type]
    asking = asyncio.ensure_future(people.users(["U1", "U2"]))
    await asyncio.sleep(0)
    people.invalidate_user("U3")
    client.may_answer.set()
    await asking
    await people.users(["U1", "U2"])
    assert client.call_count == 2
