"""What is known of people and groups is never older than what Slack has told of changes."""

import asyncio
from typing import Any

from bot.slack.people import People


class Client:
    """Slack's side: answers with what was so when it was asked, and only when it is let."""

    def __init__(self) -> None:
        self.members = ["U1"]
        self.name = "Ann"
        self.asked = 0
        self.answers = asyncio.Event()

    async def usergroups_list(self, **_: Any) -> dict[str, Any]:
        self.asked += 1
        users = list(self.members)
        await self.answers.wait()
        return {"usergroups": [{"id": "S1", "handle": "sre", "users": users}]}

    async def users_info(self, user: str, **_: Any) -> dict[str, Any]:
        self.asked += 1
        name = self.name
        await self.answers.wait()
        return {"user": {"id": user, "team_id": "", "profile": {"display_name": name}}}


async def test_groups_that_change_while_they_are_read_are_read_again() -> None:
    client = Client()
    people = People(client)  # type: ignore[arg-type]
    reading = asyncio.ensure_future(people.groups())
    await asyncio.sleep(0)
    client.members = ["U2"]
    people.forget_groups()
    client.answers.set()
    await reading
    assert (await people.groups()).by_id["S1"].members == {"U2"}
    assert (await people.groups()).by_id["S1"].members == {"U2"}
    assert client.asked == 2


async def test_a_member_who_changes_while_they_are_asked_for_is_asked_for_again() -> None:
    client = Client()
    people = People(client)  # type: ignore[arg-type]
    asking = asyncio.ensure_future(people.member("U1"))
    await asyncio.sleep(0)
    client.name = "Anna"
    people.forget_member("U1")
    client.answers.set()
    await asking
    assert (await people.member("U1")).name == "Anna"
    assert (await people.all_members(["U1"]))["U1"].name == "Anna"
    assert client.asked == 2


async def test_news_of_one_member_does_not_make_others_be_asked_for_again() -> None:
    client = Client()
    people = People(client)  # type: ignore[arg-type]
    asking = asyncio.ensure_future(people.all_members(["U1", "U2"]))
    await asyncio.sleep(0)
    people.forget_member("U3")
    client.answers.set()
    await asking
    await people.all_members(["U1", "U2"])
    assert client.asked == 2
