"""Who may act, and who is asked."""

from bot.requests.directory import (
    InMemoryDirectory,
    User,
    UserGroup,
    active_members,
    group_problems,
    is_group,
    is_user,
    resolve_groups,
    stage_members,
)
from bot.requests.model import Person, Request, Stage
from tests.unit.requests.build import TEAM, make_directory, once, pending_request, person, requirement, stage

GROUPS = {"sre": {"UBOB", "UCAT"}, "empty": set[str]()}


def test_members_of_a_stage_are_its_users_and_those_of_its_groups() -> None:
    there = make_directory(GROUPS, deleted={"UCAT"})
    both = stage("@sre", "@gone", "UEVE")
    assert stage_members(both, there) == {"UBOB", "UCAT", "UEVE"}
    assert active_members(frozenset({"UBOB", "UCAT", "UEVE"}), there) == {"UBOB"}


def test_a_user_of_another_workspace_is_not_the_local_one_with_the_same_id() -> None:
    other = InMemoryDirectory(TEAM, {"UBOB": User(person=Person(team="T2", user="UBOB"))}, {})
    assert other.local_user("UBOB") is None
    assert other.user(person("UBOB")) is None
    assert other.user(Person(team="T2", user="UBOB")) is not None


def test_groups_are_found_by_id_and_by_handle_in_any_case() -> None:
    there = InMemoryDirectory(TEAM, {}, {"S1": UserGroup(id="S1", handle="SRE"), "S2": UserGroup(id="S2")})
    found = [group.id if (group := there.group(name)) else "" for name in ("S1", "@sre", "@SRE", "s1", "S2", "@")]
    assert found == ["S1", "S1", "S1", "", "S2", ""]


def test_names_in_policy_are_groups_or_users() -> None:
    names = ("@sre", "@a.b-c", "S0123ABCD", "S12", "S1", "U0123ABCD", "W012", "U1", "sre", "@")
    assert [name for name in names if is_group(name)] == ["@sre", "@a.b-c", "S0123ABCD", "S12"]
    assert [name for name in names if is_user(name)] == ["U0123ABCD", "W012"]


def test_problems_of_groups_use_the_names_that_policy_gives_them() -> None:
    there = make_directory(GROUPS | {"gone people": {"UDAN"}}, deleted={"UDAN"})
    named = Stage(groups=("@nowhere", "@empty", "@sre"), names=("the ops team",))
    assert group_problems(named, there) == (
        "The user group the ops team cannot be found.",
        "The user group @empty has nobody who may approve.",
    )


def test_handles_become_ids_and_unknown_ones_stay() -> None:
    asked = requirement(stage("@sre", "@gone"), escalate_after=60, escalate_to=stage("@empty"))
    resolved = resolve_groups(asked, make_directory(GROUPS))
    assert resolved.stages[0].groups == ("SSRE", "@gone")
    assert resolved.escalate_to is not None
    assert resolved.escalate_to.groups == ("SEMPTY",)
    assert resolve_groups(requirement(stage("@sre")), make_directory(GROUPS)).escalate_to is None


def test_the_authors_of_a_request() -> None:
    def edited_by(**values: object) -> list[str]:
        return [editor.user for editor in pending_request().model_copy(update=values).edited_by]

    assert edited_by() == []
    assert edited_by(last_editor="UBOB") == ["UBOB"]
    assert edited_by(last_editor="UANN") == []
    assert edited_by(editors=("UCAT", "UBOB"), last_editor="UBOB") == ["UCAT", "UBOB"]
    (editor,) = pending_request().model_copy(update={"last_editor": "UBOB"}).edited_by
    assert editor == person("UBOB")


def test_a_request_knows_its_name_and_whether_it_is_a_series() -> None:
    single: Request = pending_request(once())
    assert (single.name, single.is_series) == ("NS-1", False)
