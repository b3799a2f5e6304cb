"""Rotas as user groups: who is in them, how old that is, and who stands in."""

from datetime import timedelta

import pytest

from bot.errors import ConfigError
from bot.requests.approval.deciding import permission_to_decide
from bot.requests.approval.permission import PermissionCode
from bot.requests.approval.status import approval_status
from bot.requests.directory import InMemoryDirectory, User, UserGroup
from bot.requests.model import Requirement
from bot.requests.oncall import MAX_PEOPLE, OnCallPeople, RotaSettings, read_people, rota_group
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.load import workspace_problems
from tests.unit.requests.build import NOW, TEAM, make_directory, person, policy, rule, subject
from tests.unit.requests.rounds import approval_round

HEAD = '[policy]\napprovers = ["oncall:net"]\n[policy.oncall.net]\nfile = "net.json"\n'
PLAIN = RotaSettings(file="net.json", people={"Bob@example.org": "UBOB"})
BACKED = PLAIN.model_copy(update={"fallback": ("@leads", "UFAY")})
LEADS = UserGroup(id="SLEADS", members=frozenset({"UCAT"}))


def group(settings: RotaSettings, people: OnCallPeople | None, minutes: float = 0) -> UserGroup:
    return rota_group("net", settings, people, NOW + timedelta(minutes=minutes), {"@leads": LEADS}.get)


def on_call(*names: str) -> OnCallPeople:
    return read_people(list(names), PLAIN, NOW)


@pytest.mark.parametrize("answer", [["UBOB", "bob@EXAMPLE.org"], {"oncall": ["UBOB"]}, {"oncall": ["UBOB"], "x": 1}])
def test_names_are_member_ids_or_known_people(answer: object) -> None:
    assert read_people(answer, PLAIN, NOW) == OnCallPeople(users=frozenset({"UBOB"}), read_at=NOW)


@pytest.mark.parametrize("answer", [None, {}, "UBOB", [1], {"oncall": "UBOB"}, ["UBOB"] * (MAX_PEOPLE + 1)])
def test_other_answers_are_none(answer: object) -> None:
    with pytest.raises(ValueError, match=r"no list of names|more than"):
        read_people(answer, PLAIN, NOW)


@pytest.mark.parametrize(
    ("people", "minutes", "members", "note"),
    [
        (on_call("UBOB"), 3, {"UBOB"}, ""),
        (on_call("UBOB"), 15, {"UBOB"}, "Who is on call for net was last read 15 minutes ago."),
        (on_call("UBOB", "someone"), 0, {"UBOB"}, ""),
        (on_call("UBOB"), 16, None, "Who is on call for net could not be read for 16 minutes"),
        (on_call("someone"), 0, None, "Who is on call for net is nobody who is known here"),
        (on_call(), 0, None, "Who is on call for net is nobody"),
        (None, 0, None, "Who is on call for net cannot be read"),
    ],
)
def test_an_answer_counts_until_it_is_too_old_and_then_the_fallback(
    people: OnCallPeople | None, minutes: float, members: set[str] | None, note: str
) -> None:
    plain, backed = group(PLAIN, people, minutes), group(BACKED, people, minutes)
    if members is not None:
        assert plain == backed == UserGroup(id="oncall:net", members=frozenset(members), note=note)
        return
    assert (plain.members, plain.disabled, plain.note) == (frozenset(), True, f"{note}.")
    assert (backed.members, backed.disabled) == ({"UCAT", "UFAY"}, False)
    assert backed.note == f"{note}: @leads and UFAY stand in."


def decide(rota: UserGroup, what: Requirement) -> tuple[PermissionCode, str]:
    users = {user: User(person=person(user)) for user in ("UBOB", "UCAT", "UANN")}
    directory = InMemoryDirectory(TEAM, users, {rota.id: rota})
    found = approval_round(what)
    code = permission_to_decide(found, "awaiting_approval", person("UBOB"), [], directory, NOW).code
    return code, approval_status(found, [], directory, NOW).text


def test_whoever_is_on_call_approves_and_the_card_says_how_old_that_is() -> None:
    what = evaluate(policy(HEAD), subject())
    assert decide(group(PLAIN, on_call("UBOB")), what) == (PermissionCode.ALLOWED, "0 of 1 approved by oncall:net")
    old = decide(group(PLAIN, on_call("UBOB"), 10), what)
    assert old[1] == "0 of 1 approved by oncall:net. Who is on call for net was last read 10 minutes ago"
    assert decide(group(PLAIN, on_call("UCAT")), what)[0] is PermissionCode.NOT_AN_APPROVER
    assert decide(group(PLAIN, None), what)[0] is PermissionCode.NOT_AN_APPROVER


def test_what_depends_on_a_rota_that_nobody_can_tell_is_refused() -> None:
    only = policy(HEAD + rule("min_targets = 1", 'effect = "limit"\nmay_request = ["oncall:net"]'))
    assert evaluate(only, subject(groups={"oncall:net"})).effect == "ask"
    assert evaluate(only, subject(missing_groups={"oncall:net"})).effect == "refuse"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HEAD + 'url = "https://rota.example.org"', "in one way: url, file or pagerduty"),
        (HEAD.replace('file = "net.json"', ""), "in one way: url, file or pagerduty"),
        (HEAD.replace('file = "net.json"', 'pagerduty = "P1"'), "pagerduty needs a token"),
        (HEAD + 'token = "s3cret"', "token must be a reference"),
        (HEAD + 'fallback = ["oncall:net"]', "the fallback is no rota"),
        (HEAD + 'people = { bob = "bob" }', "is no member ID"),
        (HEAD + "max_old = 3", 'there is no setting "max_old" here'),
        (HEAD.replace('"oncall:net"', '"oncall:nett"'), 'there is no rota oncall:nett; did you mean "oncall:net"?'),
    ],
)
def test_mistakes_are_named_with_their_line(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=r"nightshift.toml:[1-9]") as error:
        policy(text)
    assert problem in "".join(error.value.problems)


def test_a_rota_is_no_group_that_the_workspace_lacks() -> None:
    assert workspace_problems(policy(HEAD), make_directory({})) == ()
