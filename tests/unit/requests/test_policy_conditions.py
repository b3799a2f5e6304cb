"""Which conditions hold for which requests, and the reason that is given: each both ways."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.explain import headline
from bot.schedule import RecurrenceRule, Series, Window, ZonedTime
from tests.unit.requests.build import NOW, once, policy, rule, subject

DEFAULT = "Needs 1 of @sre because no rule applies."
SATURDAY_NIGHT = datetime(2026, 3, 7, 23, 30, tzinfo=UTC)
SUNDAY_EARLY = datetime(2026, 3, 8, 2, 0, tzinfo=UTC)
WEDNESDAY_NIGHT = datetime(2026, 3, 4, 23, 0, tzinfo=UTC)
SERIES = Series(rule=RecurrenceRule(freq="daily"), zone="UTC", first=ZonedTime.from_instant(NOW, "UTC"))
WINDOW = Window(start=once("2026-03-04 22:00").start, end=once("2026-03-05 02:00").start)
HOSTS_43 = {"names": tuple(f"web-{n}" for n in range(43))}


def at(time: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-04T{time}:00+00:00")


def asks(because: str) -> str:
    return f"Needs 1 of @ops because {because}."


CONDITIONS: list[tuple[str, dict[str, Any], str]] = [
    ('backend = "foreman"', {}, asks("foreman.prod")),
    ('backend = "foreman.*"', {}, asks("foreman.prod")),
    ('backend = "foreman.lab"', {}, DEFAULT),
    ('backend = "FOREMAN.PROD"', {}, asks("foreman.prod")),
    ('backend = ["opsramp", "immybot"]', {}, DEFAULT),
    ('operation = "foreman.run"', {}, asks("the operation foreman.run")),
    ('operation = "opsramp.*"', {}, DEFAULT),
    ('template = "*Puppet*"', {"facts": {"template": "Run Puppet Once"}}, asks("the template Run Puppet Once")),
    ('template = "*Puppet*"', {"facts": {"template": "Run Command"}}, DEFAULT),
    ('template = "*"', {}, DEFAULT),
    ('template = ""', {}, asks("the template left empty")),
    ('job_type = "app install"', {"facts": {"job_type": "App Install"}}, asks("the job type App Install")),
    ('task = "/^Patch/"', {"facts": {"task": "patch tuesday"}}, asks("the task patch tuesday")),
    ('task = "/^Patch/"', {"facts": {"task": "unpatch"}}, DEFAULT),
    ('reboot = "Force"', {"facts": {"reboot": "Force"}}, asks("a forced reboot")),
    ('reboot = "Force"', {"facts": {"reboot": "Suppress"}}, DEFAULT),
    ('reboot = ["Force", "Prompt"]', {"facts": {"reboot": "Prompt"}}, asks("a reboot on prompt")),
    ('run_as = "root"', {"facts": {"run_as": "root"}}, asks("running as root")),
    ('run_as = "root"', {"facts": {"run_as": "deploy"}}, DEFAULT),
    ("facts = {full_maintenance = 'true'}", {"facts": {"full_maintenance": True}}, asks("the full maintenance true")),
    ("facts = {tenants = 'Contoso'}", {"facts": {"tenants": ["Acme", "Contoso"]}}, "Contoso"),
    ("facts = {tenants = 'Contoso'}", {"facts": {"tenants": ["Acme"]}}, DEFAULT),
    ('requester = "@interns"', {"groups": {"@interns", "SINT"}}, asks("a requester from @interns")),
    ('requester = "SINT"', {"groups": {"@interns", "SINT"}}, asks("a requester from SINT")),
    ('requester = "UANN"', {}, asks("this requester")),
    ('requester = ["@interns", "UBOB"]', {}, DEFAULT),
    ('channel = "#prod"', {"channel": "C1", "channel_name": "prod"}, asks("a request from #prod")),
    ('channel = "C1"', {"channel": "C1"}, asks("a request from C1")),
    ('channel = "#prod"', {"channel": "C1", "channel_name": "lab"}, DEFAULT),
    ("min_targets = 2", {}, asks("2 hosts")),
    ("min_targets = 3", {}, DEFAULT),
    ("max_targets = 2", {}, asks("2 hosts")),
    ("max_targets = 1", {}, DEFAULT),
    ("min_targets = 1, max_targets = 1", {"names": ("web-1",)}, asks("1 host")),
    ('targets = "web-2"', {"names": ("web-2",)}, asks("the target web-2")),
    ('targets = "web-*"', {}, asks("the target web-1")),
    ('targets = "*-2"', {"names": ("web-2",)}, asks("the target web-2")),
    ('targets = "*B-2*"', {"names": ("web-2",)}, asks("the target web-2")),
    ('targets = "w?b-[2-3]"', {"names": ("web-2",)}, asks("the target web-2")),
    ('targets = "/b-\\\\d$/"', {}, asks("the target web-1")),
    ('targets = "db-*"', {}, DEFAULT),
    ('targets = "eb-1"', {}, DEFAULT),
    ('targets = "*"', {"names": ()}, DEFAULT),
    ('query = "*env = prod*"', {"query": "env = prod and os = rhel"}, asks("the query env = prod and os = rhel")),
    ('query = "*env = prod*"', {"facts": {"query": "env = prod"}}, asks("the query env = prod")),
    ('query = "*env = prod*"', {"query": "env = lab"}, DEFAULT),
    ('schedule = "now"', {}, asks("a start at once")),
    ('schedule = "once"', {"schedule": once()}, asks("a single run")),
    ('schedule = "window"', {"schedule": WINDOW}, asks("a maintenance window")),
    ('schedule = "series"', {"schedule": SERIES}, asks("a series")),
    ('schedule = ["series", "window"]', {}, DEFAULT),
    ('days = ["sat", "sun"]', {"starts": (SATURDAY_NIGHT,)}, asks("a start on Saturday at 23:30 (UTC)")),
    ('days = ["sat", "sun"]', {"starts": (WEDNESDAY_NIGHT,)}, DEFAULT),
    ('days = "sun", zone = "Europe/Berlin"', {"starts": (SATURDAY_NIGHT,)}, "Sunday at 00:30 (Europe/Berlin)"),
    ('hours = "22:00-06:00"', {"starts": (WEDNESDAY_NIGHT,)}, asks("a start on Wednesday at 23:00 (UTC)")),
    ('hours = "08:00-23:00"', {"starts": (WEDNESDAY_NIGHT,)}, DEFAULT),
    ('days = "sat", hours = "22:00-06:00"', {"starts": (SUNDAY_EARLY,)}, asks("a start on Sunday at 02:00 (UTC)")),
    ('days = "sun", hours = "22:00-06:00"', {"starts": (SUNDAY_EARLY,)}, DEFAULT),
    ('hours = ["00:00-03:00", "22:00-23:00"]', {"starts": (SUNDAY_EARLY,)}, "Sunday at 02:00"),
    ('hours = "08:00-12:00"', {"starts": (at("08:00"),)}, "Wednesday at 08:00"),
    ('hours = "08:00-12:00"', {"starts": (at("11:59"),)}, "Wednesday at 11:59"),
    ('hours = "08:00-12:00"', {"starts": (at("12:00"),)}, DEFAULT),
    ('hours = "08:00-12:00"', {"starts": (at("07:59"),)}, DEFAULT),
    ('hours = "22:00-06:00"', {"starts": (at("22:00"),)}, "Wednesday at 22:00"),
    ('hours = "22:00-06:00"', {"starts": (at("05:59"),)}, "Wednesday at 05:59"),
    ('hours = "22:00-06:00"', {"starts": (at("06:00"),)}, DEFAULT),
    ('hours = "22:00-06:00"', {"starts": (at("12:00"),)}, DEFAULT),
    ('days = "wed", hours = "08:00-12:00"', {"starts": (at("09:00"),)}, "Wednesday at 09:00"),
    ('days = "thu", hours = "08:00-12:00"', {"starts": (at("09:00"),)}, DEFAULT),
    ('days = "wed", hours = "22:00-06:00"', {"starts": (at("23:00"),)}, "Wednesday at 23:00"),
    ('days = "thu", hours = "22:00-06:00"', {"starts": (at("23:00"),)}, DEFAULT),
    ('days = "wed", hours = "22:00-06:00"', {"starts": (at("05:00"),)}, DEFAULT),
    ('days = "tue", hours = "22:00-06:00"', {"starts": (at("05:00"),)}, "Wednesday at 05:00"),
    ('days = "wed"', {"starts": (SATURDAY_NIGHT, WEDNESDAY_NIGHT)}, "Wednesday at 23:00"),
    ('hours = "22:00-06:00"', {"starts": ()}, DEFAULT),
    ("max_targets = 0", {"names": (), "targets": 0}, asks("0 hosts")),
    ("min_targets = 0, max_targets = 2", {}, asks("2 hosts")),
    ('operation = "foreman.run", min_targets = 2', {}, asks("2 hosts")),
    ('channel = "#prod", min_targets = 2', {"channel_name": "prod"}, asks("2 hosts")),
    ('operation = "foreman.run", backend = "foreman"', {}, asks("the operation foreman.run and foreman.prod")),
    ('channel = "prod"', {"channel_name": "prod"}, asks("a request from #prod")),
    ("facts = {tenants = 'Contoso'}", {"facts": {"tenants": ["Contoso", "Contoso"]}}, asks("the tenant Contoso")),
    ("facts = {tenants = ''}", {"facts": {"tenants": []}}, asks("the tenant left empty")),
    (
        "facts = {full_maintenance = 'false'}",
        {"facts": {"full_maintenance": False}},
        asks("the full maintenance false"),
    ),
    ("facts = {size = '3'}", {"facts": {"size": 3}}, asks("the size 3")),
    ("facts = {size = ''}", {"facts": {"size": None}}, asks("the size left empty")),
    ('reboot = "forced"', {"facts": {"reboot": "Forced"}}, asks("a forced reboot")),
    ('reboot = "suppress"', {"facts": {"reboot": "Suppress"}}, asks("suppressed reboots")),
    ('reboot = "normal"', {"facts": {"reboot": "Normal"}}, asks("a reboot if needed")),
    ('reboot = "if necessary"', {"facts": {"reboot": "If Necessary"}}, asks("a reboot if needed")),
    ('reboot = "later"', {"facts": {"reboot": "Later"}}, asks("the reboot preference Later")),
    ('requester = ["@interns", "UANN"]', {"groups": {"@interns"}}, asks("this requester")),
    ('requester = ["@ops", "@interns"]', {"groups": {"@interns"}}, asks("a requester from @interns")),
    ('query = ""', {}, asks("an empty query")),
    ('targets = "db-*"', {"targets": 3}, "targets not all known by name, while db-* matters and a part"),
    ("conflicts = true", {"conflicts": ("NS-2 works on web-1 too",)}, asks("another request on the same targets")),
    ("conflicts = true", {}, DEFAULT),
    ("conflicts = false", {}, asks("no other request on the same targets")),
    (
        'backend = "foreman", min_targets = 40, reboot = "Force"',
        HOSTS_43 | {"facts": {"reboot": "Force"}},
        "43 hosts and a forced reboot",
    ),
    ('backend = "foreman", min_targets = 40, reboot = "Force"', HOSTS_43, DEFAULT),
    ("", {}, asks("the rule covers every request")),
]


@pytest.mark.parametrize(("conditions", "values", "expected"), CONDITIONS)
def test_condition(conditions: str, values: dict[str, Any], expected: str) -> None:
    found = evaluate(policy(rule(conditions)), subject(**values))
    assert found.effect == "ask"
    assert expected in headline(found)
    assert ("r" in found.rules) is (expected != DEFAULT)


@pytest.mark.parametrize(
    ("conditions", "values", "covers_all"),
    [
        ("min_targets = 1", {}, True),
        ('targets = "web-*"', {}, True),
        ('targets = "web-1"', {}, False),
        ('targets = "web-*"', {"targets": 3}, False),
        ("facts = {tenants = 'Contoso'}", {"facts": {"tenants": ["Contoso"]}}, True),
        ("facts = {tenants = 'Contoso'}", {"facts": {"tenants": ["Contoso", "Acme"]}}, False),
        ('days = "wed"', {"starts": (WEDNESDAY_NIGHT,)}, True),
        ('days = "wed"', {"starts": (WEDNESDAY_NIGHT, SATURDAY_NIGHT)}, False),
    ],
)
def test_what_a_rule_does_not_cover_is_for_the_default_approvers(
    conditions: str, values: dict[str, Any], covers_all: bool
) -> None:
    found = evaluate(policy(rule(conditions)), subject(**values))
    assert ("a part without a rule" not in found.because) is covers_all
    assert len(found.stages) == (1 if covers_all else 2)
