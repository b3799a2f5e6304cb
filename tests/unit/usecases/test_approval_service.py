"""Who manages a request, and whether an approval still holds when its run is to start."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.errors import SlackSilent
from bot.requests.approval.permission import PermissionCode
from bot.requests.directory import User
from bot.requests.model import Person, Request, Stage
from bot.slack.groups import SlackUserGroup, SlackUserGroups
from bot.slack.user_lookup import SlackUserAnswers
from bot.storage import delegations, requests
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.urls import default_sqlite_url
from bot.usecases.approval_service import ApprovalService
from tests.unit.requests.build import NOW, TEAM, decision, pending_request, person, requirement, stage


class StubDirectory:
    """A workspace with two groups. It tells no groups while it is ``away``; its last answer has an ``age``."""

    team_id = TEAM

    def __init__(self) -> None:
        self.members = {"@sre": {"UBOB", "UCAT"}, "@leads": {"UEVE"}}
        self.deactivated: set[str] = set()
        self.away = False
        self.age = 0.0
        self.silent_about: set[str] = set()

    async def groups(self, max_age: float | None = None) -> SlackUserGroups:
        if self.away:
            raise SlackSilent("Slack cannot be asked.")
        return self.current_groups()

    def last_known_groups(self, max_age: float) -> SlackUserGroups | None:
        return self.current_groups() if self.age < max_age else None

    def age_of(self, groups: SlackUserGroups) -> float:
        return self.age

    def current_groups(self) -> SlackUserGroups:
        found = [SlackUserGroup(f"S{name[1:]}", name[1:], frozenset(users)) for name, users in self.members.items()]
        return SlackUserGroups({group.id: group for group in found})

    async def users(
        self, users: Any, stale_age: float = 0, acting: Any = (), recheck: bool = False
    ) -> SlackUserAnswers:
        known = {user: User(person=person(user), name=user, deleted=user in self.deactivated) for user in users}
        silent = self.silent_about & set(known)
        return SlackUserAnswers({user: known[user] for user in known if user not in silent}, frozenset(silent))


class StubClock:
    now_is = NOW

    def now(self) -> Any:
        return self.now_is


@pytest.fixture
def directory() -> StubDirectory:
    return StubDirectory()


@pytest_asyncio.fixture
async def service(tmp_path: Path, directory: Any) -> AsyncIterator[ApprovalService]:
    url = default_sqlite_url(tmp_path)
    migrate(url)
    db = Database(url)
    yield ApprovalService(directory, db, StubClock(), [stage("@leads")])
    await db.close()


def asked(*stages: Stage, **values: Any) -> Request:
    return pending_request().model_copy(update={"requirement": requirement(*stages, **values)})


async def approve(service: ApprovalService, request: Request, *users: str, on_behalf_of: str = "", minutes: float = 0):
    async with service.db.write() as tx:
        await requests.add(tx, request, "d_1")
        for user in users:
            given = decision(user, minutes=minutes, on_behalf_of=on_behalf_of)
            changes = {"content_hash": request.content_hash, "request_id": request.id}
            await requests.add_decision(tx, given.model_copy(update=changes), {})


@pytest.mark.parametrize(
    ("user", "effect", "code"),
    [
        ("UBOB", "ask", PermissionCode.ALLOWED),
        ("UEVE", "ask", PermissionCode.NOT_AN_APPROVER),
        ("UEVE", "approve", PermissionCode.ALLOWED),
        ("UANN", "approve", PermissionCode.NOT_AN_APPROVER),
        ("UGONE", "ask", PermissionCode.INELIGIBLE),
    ],
)
async def test_approvers_manage_a_request_and_the_default_ones_what_policy_approved(
    service: ApprovalService, directory: StubDirectory, user: str, effect: str, code: PermissionCode
) -> None:
    directory.members["@sre"].add("UGONE")
    directory.deactivated.add("UGONE")
    stages = [stage("@sre")] if effect == "ask" else []
    assert (await service.can_manage(asked(*stages, effect=effect), person(user))).code is code


async def test_a_second_group_manages_a_request_once_it_may_decide(service: ApprovalService) -> None:
    request = asked(stage("@sre"), escalate_to=stage("@leads"), escalate_after=3600)
    assert not (await service.can_manage(request, person("UEVE"))).allowed
    service.clock.now_is = NOW + timedelta(hours=1)  # type: ignore[attr-defined]
    assert (await service.can_manage(request, person("UEVE"))).allowed


async def test_an_approval_holds_while_those_who_gave_it_may_give_it(
    service: ApprovalService, directory: StubDirectory
) -> None:
    request = asked(stage("@sre", quorum=2))
    await approve(service, request, "UBOB", "UCAT")
    assert (await service.approval_at_start(request)).permission.allowed
    directory.members["@sre"] = {"UBOB", "UDAN"}
    assert "1 of 2" in (await service.approval_at_start(request)).permission.reason
    directory.members["@sre"] = {"UBOB", "UCAT"}
    directory.deactivated = {"UCAT"}
    assert "1 of 2" in (await service.approval_at_start(request)).permission.reason


async def test_an_approval_that_holds_as_decided_survives_a_new_rota(
    service: ApprovalService, directory: StubDirectory
) -> None:
    request = asked(stage("@sre"), approval_holds="decided")
    await approve(service, request, "UBOB")
    directory.members["@sre"] = {"UDAN"}
    assert (await service.approval_at_start(request)).permission.allowed
    directory.deactivated = {"UBOB"}
    assert not (await service.approval_at_start(request)).permission.allowed


@pytest.mark.parametrize(
    ("age", "code", "note"),
    [
        (0.0, PermissionCode.ALLOWED, ""),
        (720.0, PermissionCode.ALLOWED, "Its answer of 12 minutes earlier said who may approve."),
        (3600.0, PermissionCode.UNKNOWN, ""),
    ],
)
async def test_while_slack_is_silent_its_last_answer_holds_for_a_while(
    service: ApprovalService, directory: StubDirectory, age: float, code: PermissionCode, note: str
) -> None:
    request = asked(stage("@sre", quorum=2))
    await approve(service, request, "UBOB", "UCAT")
    directory.away, directory.age = True, age
    found = await service.approval_at_start(request)
    assert (found.permission.code, note in found.note, bool(note)) == (code, True, bool(found.note))


async def test_a_last_answer_that_says_no_is_no(service: ApprovalService, directory: StubDirectory) -> None:
    request = asked(stage("@sre", quorum=2))
    await approve(service, request, "UBOB")
    directory.away, directory.age = True, 60.0
    assert (await service.approval_at_start(request)).permission.code is PermissionCode.NOT_APPROVED


async def test_an_approver_of_whom_slack_says_nothing_is_neither_counted_nor_dropped(
    service: ApprovalService, directory: StubDirectory
) -> None:
    request = asked(stage("@sre"))
    await approve(service, request, "UBOB")
    directory.silent_about = {"UBOB"}
    assert (await service.approval_at_start(request)).permission.code is PermissionCode.UNKNOWN
    assert (await service.can_manage(request, person("UBOB"))).code is PermissionCode.UNKNOWN
    assert (await service.can_manage(request, person("UCAT"))).allowed


async def test_what_policy_approved_needs_nobodys_approval(service: ApprovalService) -> None:
    assert (await service.approval_at_start(asked(effect="approve"))).permission.allowed


@pytest.mark.parametrize(("minutes", "holds"), [(4, False), (5, True), (9, True), (10, False)])
async def test_a_delegation_is_judged_as_it_was_when_it_was_used(
    service: ApprovalService, minutes: float, holds: bool
) -> None:
    request = asked(stage("@sre"))
    begins, ends = NOW + timedelta(minutes=5), NOW + timedelta(minutes=10)
    async with service.db.write() as tx:
        await delegations.add(tx, person("UBOB"), Person(team=TEAM, user="UFAY"), begins, ends)
    await approve(service, request, "UFAY", on_behalf_of="UBOB", minutes=minutes)
    service.clock.now_is = NOW + timedelta(days=1)  # type: ignore[attr-defined]
    assert (await service.approval_at_start(request)).permission.allowed is holds


async def test_what_was_approved_in_anothers_place_stays_so_after_that_has_ended(service: ApprovalService) -> None:
    request = asked(stage("@sre"))
    async with service.db.write() as tx:
        await delegations.add(tx, person("UBOB"), person("UFAY"), NOW, NOW + timedelta(days=1))
        await delegations.end(tx, person("UBOB"), NOW + timedelta(minutes=10))
    await approve(service, request, "UFAY", on_behalf_of="UBOB", minutes=9)
    service.clock.now_is = NOW + timedelta(minutes=11)  # type: ignore[attr-defined]
    assert (await service.approval_at_start(request)).permission.allowed
    assert await service.delegations_for([]) == ()


async def test_those_who_decided_are_looked_up_though_no_stage_names_them(service: ApprovalService) -> None:
    request = asked(stage("@sre"))
    given = [decision("UFAY", on_behalf_of="UBOB")]
    directory = await service.directory_for(request, given, person("UGUS"))
    assert all(directory.user(person(user)) for user in ("UANN", "UBOB", "UCAT", "UFAY", "UGUS"))
    assert directory.user(person("UEVE")) is None


async def test_what_was_approved_in_anothers_place_is_unknown_while_slack_tells_no_groups(
    service: ApprovalService, directory: StubDirectory
) -> None:
    request = asked(stage("@sre"))
    async with service.db.write() as tx:
        await delegations.add(tx, person("UBOB"), person("UFAY"), NOW, NOW + timedelta(days=1))
    await approve(service, request, "UFAY", on_behalf_of="UBOB", minutes=9)
    directory.away, directory.age = True, 7200.0
    assert (await service.approval_at_start(request)).permission.is_unknown
