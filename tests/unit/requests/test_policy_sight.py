"""Who may see a request, and who may read its logs: one function, with three answers."""

import pytest

from bot.errors import ConfigError
from bot.requests.model import Request, Requirement, Review, Stage, TargetSet
from bot.requests.policy.sight import Sight, Viewer, hides_requests, sight_lists, sight_of, sight_of_logs
from tests.unit.requests.build import pending_request, person, policy, rule

HEAD = '[policy]\napprovers = ["@sre"]\nadmins = ["@platform", "UADM"]\n'
BY_TARGET = policy(HEAD + rule('targets = "bank-*"', 'effect = "limit"\nmay_see = ["@Bank"]'))
EVERYWHERE = policy(HEAD + 'may_see = ["@staff"]\n' + rule('targets = "bank-*"', 'effect = "limit"\nmay_see = "@bank"'))


def request(*names: str, requirement: Requirement | None = None, **values) -> Request:
    base = pending_request()
    targets = TargetSet(count=values.pop("count", len(names)), names=names)
    return base.model_copy(update={"targets": targets, "requirement": requirement or Requirement(), **values})


def viewer(*groups: str, user: str = "UZED", **values) -> Viewer:
    return Viewer(user=user, groups=frozenset(groups), **values)


SILENT = Viewer(user="UZED", groups=None)
BANK = request("bank-1", "web-1")


def test_without_lists_everybody_sees_everything_and_slack_is_not_needed() -> None:
    assert not hides_requests(policy(""))
    assert sight_of(policy(""), BANK, SILENT) is Sight.SEEN
    assert hides_requests(BY_TARGET)
    assert sight_of(BY_TARGET, request("web-1"), SILENT) is Sight.SEEN


def test_a_list_hides_what_it_covers_in_part_or_may_cover() -> None:
    for covered in (BANK, request("web-1", count=2)):
        assert sight_of(BY_TARGET, covered, viewer("@ops")) is Sight.HIDDEN
        assert sight_of(BY_TARGET, covered, viewer("@bank")) is Sight.SEEN
        assert sight_of(BY_TARGET, covered, SILENT) is Sight.UNKNOWN


def test_every_list_must_name_somebody() -> None:
    assert sight_of(EVERYWHERE, request("web-1"), viewer("@staff")) is Sight.SEEN
    assert sight_of(EVERYWHERE, BANK, viewer("@staff")) is Sight.HIDDEN
    assert sight_of(EVERYWHERE, BANK, viewer("@staff", "@bank")) is Sight.SEEN


@pytest.mark.parametrize(
    ("requirement", "who"),
    [
        (Requirement(), viewer(user="UANN")),
        (Requirement(stages=(Stage(groups=("SDBA",)),)), viewer("SDBA", "@dba")),
        (Requirement(stages=(Stage(users=("UZED",)),)), SILENT),
        (Requirement(escalate_to=Stage(groups=("SLEADS",))), viewer("SLEADS")),
        (Requirement(review=Review(by=Stage(groups=("SCAB",)), within=60)), viewer("SCAB")),
        (Requirement(effect="approve"), viewer("@sre")),
        (Requirement(stages=(Stage(users=("UBOB",)),)), viewer(acts_for=(viewer(user="UBOB"),))),
        (Requirement(), viewer("@platform")),
        (Requirement(), Viewer(user="UADM", groups=None)),
    ],
)
def test_whoever_has_to_do_with_it_sees_it_with_its_logs(requirement: Requirement, who: Viewer) -> None:
    found = request("bank-1", requirement=requirement)
    assert sight_of(BY_TARGET, found, who) is Sight.SEEN
    assert sight_of_logs(BY_TARGET, found, who) is Sight.SEEN


def test_editors_and_former_authors_see_it() -> None:
    for values in ({"editors": ("UZED",)}, {"last_editor": "UZED"}, {"former_authors": ("UZED",)}):
        assert sight_of(BY_TARGET, request("bank-1", **values), viewer()) is Sight.SEEN


def test_logs_are_not_for_everybody_who_sees_the_request() -> None:
    assert sight_of_logs(BY_TARGET, BANK, viewer("@bank")) is Sight.HIDDEN
    assert sight_of_logs(policy(""), BANK, viewer("@ops")) is Sight.HIDDEN
    assert sight_of_logs(BY_TARGET, BANK, SILENT) is Sight.UNKNOWN
    assert sight_of_logs(policy(""), request("web-1"), SILENT) is Sight.HIDDEN


def test_lists_are_about_systems_and_targets_only() -> None:
    content = BANK.content
    lists = sight_lists(EVERYWHERE, content, {}, BANK.targets)
    assert lists == {("@staff",), ("@bank",)}
    for conditions in ('requester = "@ops"', 'days = "sat"', "conflicts = true", 'channel = "#ops"'):
        with pytest.raises(ConfigError, match="may_see is about systems and targets"):
            policy(rule(conditions, 'effect = "limit"\nmay_see = "@bank"'))
    with pytest.raises(ConfigError, match="no unless"):
        policy(rule("min_targets = 1", 'effect = "limit"\nmay_see = "@bank"\nunless = {max_targets = 3}'))


def test_former_authors_of_another_request_do_not_matter() -> None:
    assert sight_of(BY_TARGET, BANK, viewer(acts_for=(viewer(user=person("UANN").user),))) is Sight.HIDDEN
