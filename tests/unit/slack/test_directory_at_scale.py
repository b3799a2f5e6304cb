"""A large company: nobody is asked for one by one, Slack's rates hold, and whoever acts is known at once."""

import asyncio

import pytest

from bot.errors import SlackBusy
from bot.slack.user_lookup import MAX_USER_AGE_SECONDS
from playground.slack.large import fill_workspace
from playground.slack.transport.payloads import group_object, user_object
from tests.unit.slack.conftest import Office

LARGEST = 600


@pytest.fixture
def company(office: Office) -> Office:
    fill_workspace(office.slack.workspace, users=3_000, groups=30, largest=LARGEST, channels=3_000)
    return office


async def test_all_users_are_listed_in_pages_at_slacks_pace_and_a_restart_knows_them(company: Office) -> None:
    directory = await company.start()
    await directory.listing().list_all()
    assert company.calls("users.list") == 4
    assert company.time.passed < 60
    members = (await directory.groups()).find("@sre")
    assert members is not None
    assert len(members.members) == LARGEST
    restarted = await company.start()
    answers = await restarted.users(members.members)
    assert (len(answers.known), answers.unknown) == (LARGEST, frozenset())
    left = await restarted.users([f"U1{6:07d}"])
    assert left.known[f"U1{6:07d}"].deleted
    assert company.calls("users.info") == 0
    assert company.refused() == 0


async def test_before_they_are_listed_those_who_act_are_looked_up_and_a_large_group_is_unknown(company: Office) -> None:
    directory = await company.start()
    group = (await directory.groups()).find("@sre")
    assert group is not None
    acting, *others = sorted(group.members)
    answers = await directory.users([acting, *others], acting=[acting])
    assert set(answers.known) == {acting}
    assert answers.unknown == set(others)
    assert company.calls("users.info") == 1


async def test_those_who_wait_together_share_one_request(company: Office) -> None:
    directory = await company.start()
    found = await asyncio.gather(
        *(directory.user("U0BOB") for _ in range(50)), *(directory.groups() for _ in range(50))
    )
    assert len(found) == 100
    assert (company.calls("users.info"), company.calls("usergroups.list")) == (1, 1)


async def test_no_more_users_are_looked_up_in_a_minute_than_slack_allows(company: Office) -> None:
    directory = await company.start()
    asked = [directory.user(f"U1{number:07d}") for number in range(120)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(answer, SlackBusy) for answer in answers) == 30
    assert company.refused() == 0


async def test_retry_after_is_honoured(office: Office) -> None:
    directory = await office.start()
    office.slack.faults.rate_limit("users.info", retry_after=7)
    with pytest.raises(SlackBusy):
        await directory.user("U0BOB")
    with pytest.raises(SlackBusy):
        await directory.user("U0CAROL")
    assert office.calls("users.info") == 1
    await office.time.sleep(7)
    assert (await directory.user("U0BOB")).name == "bob"


async def test_somebody_who_acts_is_looked_up_again_and_the_last_answer_holds_while_slack_limits_that(
    office: Office,
) -> None:
    directory = await office.start()
    person = (await directory.user("U0BOB")).person
    await office.time.sleep(MAX_USER_AGE_SECONDS)
    await directory.authorize(person)
    assert office.calls("users.info") == 2
    await office.time.sleep(MAX_USER_AGE_SECONDS)
    office.slack.faults.rate_limit("users.info", retry_after=60, times=None)
    assert (await directory.authorize(person)).name == "bob"


async def test_a_listing_goes_on_where_it_was_and_begins_again_where_slack_has_forgotten_that(company: Office) -> None:
    listing = (await company.start()).listing()
    for _ in range(3):
        await company.time.sleep(await listing.step())
    again = (await company.start()).listing()
    assert (await again.progress()).cursor == "2997"  # type: ignore[union-attr]
    await company.time.sleep(10)
    company.slack.faults.fail_with_code("users.list", "invalid_cursor")
    await company.time.sleep(await again.step())
    assert (await again.progress()).cursor == ""  # type: ignore[union-attr]
    company.slack.faults.fail_with_status("users.list", 500)
    await company.time.sleep(await again.step())
    assert (await again.progress()).page_size == 499  # type: ignore[union-attr]
    await again.list_all()
    assert again.is_done(await again.progress())


async def test_two_nodes_list_each_page_once(company: Office) -> None:
    one, two = (await company.start()).listing(), (await company.start()).listing()
    while not one.is_done(await one.progress()):
        await company.time.sleep(min(await one.step(), await two.step()))
    assert company.calls("users.list") == 4


async def test_changes_that_slack_reports_need_no_question(office: Office) -> None:
    directory = await office.start()
    ws = office.slack.workspace
    bob, sre = ws.user_by_name("bob"), ws.user_group("sre")
    await directory.user(bob.id)
    await directory.groups()
    asked = office.calls("users.info"), office.calls("usergroups.list")
    for status in range(30):
        bob.real_name, bob.updated = f"Bob {status}", status + 1
        await directory.on_user_changed(user_object(ws, bob))
    late = {**user_object(ws, bob), "updated": 3, "deleted": True}
    directory.user_groups.on_members_changed(
        {"subteam_id": sre.id, "date_previous_update": 1, "date_update": 5, "added_users": ["U0DAVE"]}
    )
    group = (await directory.groups()).by_id[sre.id]
    assert (group.members, group.changed) == ({"U0BOB", "U0CAROL", "U0DAVE"}, 5)
    sre.handle, sre.date_update = "reliability", 6
    directory.user_groups.on_group_changed({"subteam": group_object(ws, sre)})
    assert (await directory.groups()).find("@reliability") is not None
    assert not (await directory.user(bob.id)).deleted
    assert (office.calls("users.info"), office.calls("usergroups.list")) == asked
    await directory.on_user_changed(late)
    assert not (await directory.user(bob.id)).deleted
    assert office.calls("users.info") == asked[0] + 1


async def test_a_change_that_does_not_follow_the_last_one_means_that_one_was_lost(office: Office) -> None:
    directory = await office.start()
    sre = office.slack.workspace.user_group("sre")
    await directory.groups()
    sre.users, sre.date_update = ["U0DAVE"], 9
    directory.user_groups.on_members_changed(
        {"subteam_id": sre.id, "date_previous_update": 8, "date_update": 9, "removed_users": ["U0BOB"]}
    )
    assert (await directory.groups()).by_id[sre.id].members == {"U0DAVE"}
    assert office.calls("usergroups.list") == 2


async def test_an_own_channel_is_found_at_once_and_another_one_after_all_are_listed(company: Office) -> None:
    directory = await company.start()
    assert await directory.channel_id("#Approvals") == company.slack.channel("#approvals").id
    assert (company.calls("users.conversations"), company.calls("conversations.list")) == (1, 0)
    assert await directory.channel_id("#topic2500") == "C10002500"
    assert company.calls("conversations.list") == 4
    assert await directory.channel_id("#nowhere") == "#nowhere"
    assert await directory.channel_id("#nowhere-else") == "#nowhere-else"
    assert (company.calls("users.conversations"), company.calls("conversations.list")) == (1, 4)


async def test_members_of_a_channel_follow_who_joins_and_leaves(office: Office) -> None:
    directory = await office.start()
    channel = office.slack.channel("#approvals")
    before = await directory.channel_members("#approvals")
    assert before == channel.members
    directory.channels.on_joined(channel.id, "U0DAVE")
    directory.channels.on_left(channel.id, "U0BOB")
    assert await directory.channel_members(channel.id) == (before | {"U0DAVE"}) - {"U0BOB"}
    assert office.calls("conversations.members") == 1


async def test_people_of_an_enterprise_grid_belong_to_each_of_their_workspaces(office: Office) -> None:
    directory = await office.start()
    dave = office.slack.workspace.user_by_name("dave")
    dave.team_id, dave.grid_teams = "T0SIBLING", ("T0SIBLING", directory.team_id)
    member = await directory.authorize((await directory.user(dave.id, "T0SIBLING")).person)
    assert (member.person.team, member.external) == (directory.team_id, False)


async def test_a_zone_that_the_time_zone_database_does_not_have_is_told_apart_from_none(office: Office) -> None:
    directory = await office.start()
    office.slack.workspace.user_by_name("dave").tz = "Mars/Olympus_Mons"
    dave = await directory.user("U0DAVE")
    assert (dave.zone, dave.unknown_zone) == ("", "Mars/Olympus_Mons")
