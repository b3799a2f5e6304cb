"""Who may not approve, how much one person may approve, until when an approval holds, and calendars of allowed time."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import ConfigError
from bot.requests.approval.deciding import permission_to_decide
from bot.requests.approval.limits import limit_since
from bot.requests.approval.permission import PermissionCode
from bot.requests.approval.status import holds_as_decided, is_still_valid
from bot.requests.directory import InMemoryDirectory, UserGroup, resolve_groups
from bot.requests.freezes.model import find_freeze_hits
from bot.requests.model import ApproverLimit, Decision, Requirement
from bot.requests.policy.evaluate import evaluate, evaluate_authors
from bot.requests.policy.explain import terms_text
from bot.requests.spans import TimeSpan
from tests.unit.requests.build import CONTENT_HASH, NOW, TEAM, make_directory, person, policy, rule, subject
from tests.unit.requests.rounds import approval_round, decide, delegation
from tests.unit.requests.test_freeze_calendars import calendar
from tests.unit.requests.test_freezes import freeze

GROUPS = {"sre": {"UBOB", "UCAT", "UDAN"}, "vendor": {"UCAT"}, "web": {"UANN", "UDAN"}}
EXCLUDING = policy('[policy]\napprovers = ["@sre"]\nnot_approvers = ["@vendor", "requester\'s groups"]\n')


def demanded(loaded=EXCLUDING, directory: InMemoryDirectory | None = None, **values) -> Requirement:
    return resolve_groups(evaluate(loaded, subject(**values)), directory or make_directory(GROUPS))


def code(user: str, what: Requirement, directory: InMemoryDirectory, *decisions: Decision) -> PermissionCode:
    found = approval_round(what)
    return permission_to_decide(found, "awaiting_approval", person(user), decisions, directory, NOW).code


def approved(user: str, verdict: str = "approved") -> Decision:
    return Decision(
        id=user, request_id="r1", revision=1, content_hash=CONTENT_HASH, person=person(user), verdict=verdict, at=NOW
    )


def test_who_is_excluded_cannot_approve_whatever_group_they_are_in() -> None:
    directory = make_directory(GROUPS)
    what = demanded(groups={"@web", "SWEB"})
    assert what.stages[0].excluded == ("SVENDOR", "SWEB")
    assert code("UBOB", what, directory) is PermissionCode.ALLOWED
    assert code("UCAT", what, directory) is PermissionCode.EXCLUDED
    assert code("UDAN", what, directory) is PermissionCode.EXCLUDED
    assert code("UDAN", demanded(), directory) is PermissionCode.ALLOWED
    assert not is_still_valid(approval_round(what), [approved("UDAN")], directory, NOW).allowed
    assert "Nobody from @vendor or the requester's groups may approve it." in terms_text(what)


def test_the_groups_of_every_author_count() -> None:
    found = evaluate_authors(EXCLUDING, subject(), {"UEVE": frozenset({"@dba"})})
    assert [set(each.excluded) for each in found.stages] == [{"@vendor", "@dba"}]


def test_rules_exclude_more_and_a_group_that_joined_since_asks_again() -> None:
    more = policy('[policy]\napprovers = ["@sre"]\n' + rule("min_targets = 1", 'not_approvers = "@vendor"'))
    before, after = demanded(policy("")), demanded(more)
    assert before.is_no_stricter_than(after)
    assert not after.is_no_stricter_than(before)


def test_an_excluded_group_that_slack_does_not_tell_or_that_is_gone_lets_nobody_approve() -> None:
    directory = make_directory(GROUPS)
    named = policy('[policy]\napprovers = ["UBOB"]\nnot_approvers = ["@vendor"]\n')
    what = demanded(named)
    known = {user: directory.local_user(user) for user in ("UBOB", "UANN")}
    assert code("UBOB", what, InMemoryDirectory(TEAM, known, None)) is PermissionCode.UNKNOWN
    gone = InMemoryDirectory(TEAM, known, {"SVENDOR": UserGroup(id="SVENDOR", handle="vendor", disabled=True)})
    assert code("UBOB", what, gone) is PermissionCode.EXCLUDED
    refused = evaluate(named, subject(missing_groups={"@vendor"}))
    assert (refused.effect, "depends on who is in @vendor" in refused.reasons[0]) == ("refuse", True)


@pytest.mark.parametrize(
    ("per", "now", "since"),
    [
        ("hour", "2026-03-04 12:30", "2026-03-04 11:30"),
        ("day", "2026-03-04 00:30", "2026-03-03 23:00"),
        ("night", "2026-03-04 01:00", "2026-03-03 11:00"),
        ("night", "2026-03-04 10:59", "2026-03-03 11:00"),
        ("night", "2026-03-04 11:00", "2026-03-04 11:00"),
        ("week", "2026-03-04 12:00", "2026-03-01 23:00"),
    ],
)
def test_a_period_begins_by_the_clocks_of_the_zone(per: str, now: str, since: str) -> None:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert limit_since(ApproverLimit(count=1, per=per), at(now), "Europe/Berlin") == at(since)


def test_every_limit_counts_and_bad_ones_are_errors() -> None:
    text = 'approver_limit = { count = 3, per = "night" }\n'
    loaded = policy(f'[policy]\napprovers = ["@sre"]\n{text}' + rule("min_targets = 1", text.replace("3", "1")))
    assert [limit.count for limit in evaluate(loaded, subject()).approver_limits] == [3, 1]
    for bad in ("{ count = 0, per = 'night' }", "{ count = 3, per = 'moon' }", "{ count = '3', per = 'day' }"):
        with pytest.raises(ConfigError):
            policy(rule("min_targets = 1", f"approver_limit = {bad}"))


def test_an_approval_that_holds_as_decided_survives_a_rota_but_not_a_departure() -> None:
    decided = policy('[policy]\napprovers = ["@sre"]\napproval_holds = "decided"\n')
    found = approval_round(demanded(decided))
    rotated = make_directory({"sre": {"UCAT"}, "others": {"UBOB"}})
    assert not is_still_valid(found, [approved("UBOB")], rotated, NOW).allowed
    assert holds_as_decided(found, [approved("UBOB")], rotated)
    assert not holds_as_decided(found, [], rotated)
    assert not holds_as_decided(found, [approved("UANN")], rotated)
    assert not holds_as_decided(found, [approved("UBOB"), approved("UCAT", "changes")], rotated)
    left = make_directory({"sre": {"UCAT"}}, deleted={"UBOB"})
    assert not holds_as_decided(found, [approved("UBOB")], left)
    assert not holds_as_decided(approval_round(demanded(policy(""))), [approved("UBOB")], rotated)
    with pytest.raises(ConfigError, match="say loosens = true"):
        policy(rule("min_targets = 1", 'approval_holds = "decided"'))


def test_work_is_frozen_outside_the_events_of_a_calendar_of_allowed_times() -> None:
    allowed = freeze(schedule=None, calendar="cal.ics", allows_events=True)
    copies = calendar("DTSTART:20260304T220000Z\nDTEND:20260304T230000Z")

    def hits(start: str, minutes: int, copies=copies) -> tuple:
        begin = datetime.fromisoformat(f"2026-03-04T{start}:00+00:00")
        return find_freeze_hits(
            [allowed], subject(), [TimeSpan(begin, begin + timedelta(minutes=minutes))], NOW, copies
        )

    assert hits("22:00", 60) == ()
    assert hits("22:00", 0) == ()
    assert len(hits("22:00", 61)) == len(hits("21:59", 30)) == len(hits("12:00", 10)) == 1
    assert "It is not in the times that the calendar of" in hits("12:00", 10)[0].text
    assert "everything counts as frozen" in hits("22:00", 30, {})[0].text


def test_a_freeze_names_one_calendar() -> None:
    loaded = policy('[[policy.freezes]]\nname = "f"\nallow_calendar = "https://calendar.example.org/a.ics"\n')
    assert (loaded.freezes[0].calendar, loaded.freezes[0].allows_events) == ("https://calendar.example.org/a.ics", True)
    with pytest.raises(ConfigError, match="in one way"):
        policy('[[policy.freezes]]\nname = "f"\nallow_calendar = "a.ics"\ncalendar = "b.ics"\n')


def test_nobody_who_is_excluded_acts_for_somebody_else() -> None:
    what, directory = demanded(), make_directory(GROUPS)
    by_delegate = {"delegations": (delegation("UBOB", "UCAT"), delegation("UBOB", "UFAY"))}
    assert decide("UCAT", what, directory=directory, **by_delegate).code is PermissionCode.EXCLUDED
    given = approved("UCAT").model_copy(update={"on_behalf_of": "UBOB"})
    found = approval_round(what, **by_delegate)
    assert not is_still_valid(found, [given], directory, NOW).allowed
    assert is_still_valid(found, [given], make_directory({**GROUPS, "vendor": {"UEVE"}}), NOW).allowed


def test_who_is_excluded_does_not_decide_after_the_escalation_either() -> None:
    escalating = '[policy]\napprovers = ["@sre"]\nescalate_after = "1h"\nescalate_to = ["@leads"]\n'
    text = escalating + rule('backend = "foreman"', 'not_approvers = ["requester\'s groups"]', "others")
    loaded = policy(text)
    alone = evaluate(loaded, subject(groups=frozenset({"SLEADS"})))
    assert alone.escalate_to is not None
    assert alone.escalate_to.excluded == ("SLEADS",)
    assert alone.escalate_to.excluded_names == ("the requester's groups",)
    several = evaluate_authors(loaded, subject(groups=frozenset({"SLEADS"})), {"UEVE": frozenset({"SDBA"})})
    assert several.escalate_to is not None
    assert set(several.escalate_to.excluded) == {"SLEADS", "SDBA"}
