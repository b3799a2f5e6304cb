"""A faulty policy is named with file, line, what is wrong and what to do."""

from datetime import datetime

import pytest

from bot.errors import ConfigError
from bot.requests.policy.load import load_policy
from bot.requests.policy.toml_lines import TomlLines
from bot.schedule import Parsed, Reading, RecurrenceRule, Rejected, Series, Weekday, Window, ZonedTime
from tests.unit.requests.build import NOW, policy, rule

HEAD = '[policy]\napprovers = ["@sre"]\n\n'
RULE = '[[policy.rules]]\nname = "many"\n'


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_policy(text, "my.toml", now=NOW, phrase_reader=read_phrase)
    return caught.value.problems


def read_phrase(phrase: str, *, now: datetime, zone: str) -> Reading:
    """A reader of three phrases: one absolute, one relative, one series."""
    match phrase:
        case "2026-12-20 to 2026-12-27":
            schedule = Window(start=_at("2026-12-20T00:00", zone), end=_at("2026-12-27T00:00", zone))
        case "tomorrow":
            schedule = Window(start=ZonedTime.from_instant(now, zone), end=_at("2030-01-01T00:00", zone))
        case "every friday 18:00":
            rule = RecurrenceRule(freq="weekly", weekdays=(Weekday(day=4),), times=(datetime(2024, 1, 1, 18).time(),))
            return Parsed(phrase=phrase, schedule=Series(rule=rule, zone=zone, first=ZonedTime.from_instant(now, zone)))
        case _:
            return Rejected(
                phrase=phrase, reason="That is not a time.", word=phrase, example="2026-12-20 to 2026-12-27"
            )
    return Parsed(phrase=phrase, schedule=schedule)


def _at(wall: str, zone: str) -> ZonedTime:
    return ZonedTime(wall=datetime.fromisoformat(wall), zone=zone)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", 'my.toml:1: approvers are missing: say who decides where no rule does, such as approvers = ["@sre"].'),
        ("[policy]\nquorum = 2", "my.toml:1: approvers are missing"),
        ("[policy\n", "my.toml: this is not valid TOML"),
        (HEAD + "quorm = 2", 'my.toml:4: there is no setting "quorm" here; did you mean "quorum"?'),
        (
            HEAD + "zzz = 2",
            'my.toml:4: there is no setting "zzz" here; there are admins, approval_holds, approver_limit,',
        ),
        (
            HEAD + RULE + "aprovers = []",
            'my.toml:6: the rule “many”: there is no setting "aprovers" here; did you mean',
        ),
        (
            HEAD + RULE + "when.backnd = 'x'",
            'my.toml:6: the rule “many”: there is no setting "backnd" here; did you mean "backend"?',
        ),
        (
            HEAD + RULE + "[policy.rules.when]\nmin_target = 3",
            'my.toml:7: the rule “many”: there is no setting "min_target" here; did you mean "min_targets"?',
        ),
        (HEAD + "[[policy.rules]]\neffect = 'ask'", 'my.toml:4: rule 1: "name" is missing; add it.'),
        (HEAD + RULE + 'effect = "allow"', 'my.toml:6: the rule “many”: "effect" does not fit: input should be'),
        (HEAD + RULE + "quorum = 0", 'my.toml:6: the rule “many”: "quorum" does not fit: input should be greater than'),
        (
            HEAD + RULE + 'approvers = ["U01", "U02"]\nquorum = 3',
            "my.toml:4: the rule “many”: quorum 3 cannot be reached by 2 named people; lower it or name more.",
        ),
        (
            HEAD + RULE + 'approvers = ["sre"]',
            'my.toml:6: the rule “many”: "sre" names nobody; write a user group as "@sre"',
        ),
        (HEAD + RULE + 'approvers = ["@sre", "@sre"]', "somebody is named twice; name each once."),
        (HEAD + RULE + 'expires = "soon"', 'my.toml:6: the rule “many”: "soon" is not a length of time; write it like'),
        (
            HEAD + RULE + 'expires = "0m"',
            'my.toml:6: the rule “many”: "expires" does not fit: input should be greater than 0',
        ),
        (
            HEAD + RULE + 'reminders = ["2h", "1h"]',
            "my.toml:6: the rule “many”: reminders are times after the asking, and their gaps must grow",
        ),
        (HEAD + RULE + 'reminders = ["2h", "3h"]', "their gaps must grow"),
        (HEAD + RULE + 'expires = "1h"\nreminders = ["2h"]', "the last reminder is not before the expiry"),
        (HEAD + RULE + 'escalate_after = "1h"', "escalate_after and escalate_to belong together"),
        (
            HEAD + RULE + 'escalate_after = "9h"\nescalate_to = "@x"\nexpires = "8h"',
            "escalate_after is not before the expiry",
        ),
        (HEAD + RULE + 'effect = "approve"', "a rule without conditions would approve everything at once"),
        (
            HEAD + RULE + 'effect = "approve"\nwhen = {backend = "x"}\napprovers = "@x"',
            "nobody is asked where all is approved at once",
        ),
        (HEAD + RULE + 'effect = "refuse"\napprovers = "@x"', 'effect = "refuse" asks nobody'),
        (HEAD + RULE + "budget = 3", 'budget is for effect = "approve" and "emergency" only'),
        (HEAD + RULE + "unless = {}", "unless is empty, so the rule never applies"),
        (
            HEAD + RULE + "when = {min_targets = 5, max_targets = 2}",
            "my.toml:6: the rule “many”: min_targets is larger than max_targets",
        ),
        (HEAD + RULE + 'when = {targets = "/(/"}', "my.toml:6: the rule “many”: /(/ is not a regular expression"),
        (HEAD + RULE + 'when = {targets = "web-[1"}', "opens a [ that is never closed"),
        (HEAD + RULE + 'when = {targets = "web-[9-1]"}', '"web-[9-1]" is not a pattern'),
        (HEAD + RULE + 'when = {hours = "22-6"}', "is not a span of hours"),
        (HEAD + RULE + 'when = {hours = "22:00-22:00"}', "is empty; leave hours out"),
        (HEAD + RULE + 'when = {days = "someday"}', '"days" does not fit'),
        (HEAD + RULE + 'when = {zone = "Mars/Base"}', '"Mars/Base" is not a time zone'),
        (
            HEAD + RULE + 'approvers = "@a"\n[[policy.rules.stages]]\napprovers = "@b"',
            "approvers and stages exclude each other",
        ),
        (
            HEAD
            + RULE
            + '[[policy.rules.stages]]\napprovers = "@b"\n[[policy.rules.stages]]\napprovers = "U01"\nquorum = 2',
            "my.toml:8: the rule “many”: quorum 2 cannot be reached by 1 named person",
        ),
        (HEAD + RULE + "\n" + RULE, 'my.toml:8: there are two rules named "many"; give each its own name.'),
        (HEAD + '[[policy.freezes]]\nname = "x"', "my.toml:4: the freeze “x”: say when it holds in one way"),
        (HEAD + '[[policy.freezes]]\nname = "x"\nwhen = "a"\ncalendar = "b"', "say when it holds in one way"),
        (HEAD + '[[policy.freezes]]\nname = "x"\nstart = 2026-12-20T00:00:00', "start and end are both needed"),
        (
            HEAD + '[[policy.freezes]]\nname = "x"\nwhen = "soonish"',
            'my.toml:6: the freeze “x”: "soonish" is not understood: That is not a time; write it like "2026-12-20 to',
        ),
        (
            HEAD + '[[policy.freezes]]\nname = "x"\nwhen = "tomorrow"',
            'my.toml:6: the freeze “x”: "tomorrow" depends on the day it is read',
        ),
        (
            HEAD + '[[policy.freezes]]\nname = "x"\nwhen = "every friday 18:00"',
            'names a moment, not a span; add how long it lasts, such as lasts = "8h".',
        ),
        (
            HEAD + '[[policy.freezes]]\nname = "x"\nwhen = "2026-12-20 to 2026-12-27"\neffect = "ask"',
            'approvers go with effect = "ask", and it needs them',
        ),
        (
            HEAD + '[[policy.freezes]]\nname = "x"\nwhen = "2026-12-20 to 2026-12-27"\nwins_over = "y"',
            'my.toml:7: the freeze “x”: there is no other freeze "y"',
        ),
    ],
)
def test_fault(text: str, fault: str) -> None:
    found = faults(text)
    assert len(found) == 1
    assert fault in found[0]


def test_several_faults_are_all_told() -> None:
    found = faults(HEAD + 'quorm = 1\nzone = "Nowhere"\n' + RULE + "x = 1\n")
    assert {fault.split(": ")[0] for fault in found} == {"my.toml:4", "my.toml:5", "my.toml:8"}


def test_other_tables_are_left_alone() -> None:
    text = "[slack]\nquorm = 1\n" + HEAD + '[backends.foreman]\nurl = "x"\n'
    assert load_policy(text, now=NOW).defaults.approvers == ("@sre",)


def test_lines_are_right_after_long_values_and_comments() -> None:
    text = HEAD + '# quorm = "["\nexpires = "8h" # [[\nmay_request = [\n  "@a", # ]\n  "@b",\n]\n' + RULE
    text += 'because = """\n[[policy.rules]]\nquorm = 1\n"""\nwhen = {backend = "#[a]"}\n"quorm" = 1\n'
    line = text.splitlines().index('"quorm" = 1') + 1
    (fault,) = faults(text)
    assert fault.startswith(f"my.toml:{line}: the rule “many”")


@pytest.mark.parametrize(
    "text",
    [
        rule("min_targets = 0, max_targets = 0"),
        rule("min_targets = 1"),
        rule("max_targets = 0"),
        rule("min_targets = 1", 'approvers = ["U01", "U02"]\nquorum = 2'),
        rule("min_targets = 1", 'approvers = "@a"\nquorum = 9'),
        rule("min_targets = 1", 'expires = "8h"\nreminders = ["30m", "2h"]'),
        rule("min_targets = 1", 'expires = "8h"\nescalate_after = "2h"\nescalate_to = "@a"\nloosens = true'),
        rule("min_targets = 1", 'reminders = ["30m", "1h"]'),
        rule("min_targets = 1", 'reminders = ["1s", "3s"]'),
        rule("min_targets = 1", 'expires = "1s"'),
        rule("min_targets = 1", "quorum = 1"),
        rule("min_targets = 1", 'stages = [{approvers = "@a", quorum = 1}]'),
        rule("min_targets = 1", "drift = 0"),
        rule("min_targets = 1", "drift = 100\nloosens = true"),
        rule("min_targets = 1", "renew_after_days = 1\nrenew_after_runs = 1"),
        rule("min_targets = 1", 'effect = "approve"\nbudget = 1\napprovers = "@a"'),
        rule("min_targets = 1", 'effect = "refuse"\nunless = {requester = "@a"}'),
        rule("min_targets = 1", 'stages = [{approvers = "@a"}, {approvers = "U01"}]'),
    ],
)
def test_what_is_just_possible_loads(text: str) -> None:
    assert len(policy(text).rules) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (rule("min_targets = 1, max_targets = 0"), "min_targets is larger than max_targets"),
        (rule("min_targets = -1"), '"min_targets" does not fit'),
        (rule("max_targets = -1"), '"max_targets" does not fit'),
        (rule("min_targets = 1", 'approvers = "U01"\nquorum = 2'), "quorum 2 cannot be reached by 1 named person;"),
        (rule("min_targets = 1", 'approvers = ["U01", "U02"]\nquorum = 3'), "cannot be reached by 2 named people;"),
        (rule("min_targets = 1", "quorum = 0"), '"quorum" does not fit'),
        (rule("min_targets = 1", 'stages = [{approvers = "@a", quorum = 0}]'), '"quorum" does not fit'),
        (rule("min_targets = 1", "stages = [{approvers = []}]"), "the list is empty"),
        (rule("min_targets = 1", 'reminders = ["0m"]'), "their gaps must grow"),
        (rule("min_targets = 1", 'reminders = ["30m", "30m"]'), "their gaps must grow"),
        (rule("min_targets = 1", 'reminders = ["30m", "45m"]'), "their gaps must grow"),
        (rule("min_targets = 1", 'expires = "0s"'), '"expires" does not fit'),
        (rule("min_targets = 1", 'expires = "2h"\nreminders = ["2h"]'), "the last reminder is not before the expiry"),
        (
            rule("min_targets = 1", 'expires = "2h"\nescalate_after = "2h"\nescalate_to = "@a"'),
            "escalate_after is not before the expiry",
        ),
        (rule("min_targets = 1", 'escalate_after = "2h"'), "escalate_after and escalate_to belong together"),
        (rule("min_targets = 1", 'escalate_to = "@a"'), "escalate_after and escalate_to belong together"),
        (rule("min_targets = 1", "drift = -1"), '"drift" does not fit'),
        (rule("min_targets = 1", "drift = 101"), '"drift" does not fit'),
        (rule("min_targets = 1", "renew_after_days = 0"), '"renew_after_days" does not fit'),
        (rule("min_targets = 1", "renew_after_runs = 0"), '"renew_after_runs" does not fit'),
        (rule("min_targets = 1", 'effect = "approve"\nbudget = 0'), '"budget" does not fit'),
        (rule("min_targets = 1", "budget = 1"), "budget is for effect"),
        (rule("", 'effect = "approve"'), "would approve everything at once"),
        (rule('zone = "UTC"', 'effect = "approve"'), "would approve everything at once"),
        (rule("min_targets = 1", 'effect = "approve"\napprovers = "@a"'), "nobody is asked where all is approved"),
        (rule("min_targets = 1", 'effect = "refuse"\nquorum = 2'), "asks nobody"),
        (rule("min_targets = 1", 'effect = "limit"\nquorum = 2'), "asks nobody"),
        (rule("min_targets = 1", 'effect = "limit"\napprovers = "@a"'), "asks nobody"),
        (rule("min_targets = 1", 'unless = {zone = "UTC"}'), "unless is empty"),
        (rule("min_targets = 1", 'approvers = ["@a", "@a"]'), "somebody is named twice"),
        (rule("min_targets = 1", 'approvers = "@a"\nstages = [{approvers = "@b"}]'), "approvers and stages exclude"),
        (rule("min_targets = 1", 'quorum = 2\nstages = [{approvers = "@b"}]'), "quorum and stages exclude"),
        (rule('hours = "22:00-22:00"'), "is empty; leave hours out"),
        (rule('hours = "22:00"'), "is not a span of hours"),
        (rule('hours = ["01:00-02:00", "x"]'), "is not a span of hours"),
        (rule('zone = "Mars"'), '"Mars" is not a time zone'),
        (rule('targets = "/(/"'), "is not a regular expression"),
        (rule("min_targets = 1", name=""), 'rule 1: "name" does not fit'),
    ],
)
def test_what_is_just_impossible_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        policy(text)
    (line,) = caught.value.problems
    assert problem in line


def test_a_value_over_several_lines_opens_no_table() -> None:
    lines = TomlLines('x = [\n  ["a"],\n  [],\n]\ny = 1\n[t]\nz = """\n[u]\nv = 1\n"""\nw = 2\n')
    assert [lines.line(path) for path in (("x",), ("y",), ("t",), ("t", "z"), ("t", "w"), ("u",), ("a",))] == [
        1,
        5,
        6,
        7,
        11,
        1,
        1,
    ]


def test_days_are_read_whatever_their_case() -> None:
    rule = '[[policy.rules]]\nname = "r"\nwhen = { days = ["Tue", "SAT"] }\napprovers = ["@dba"]\n'
    rules = load_policy('[policy]\napprovers = ["@sre"]\n' + rule, "p.toml", now=NOW).defaults.rules
    assert rules[0].when.days == ("tue", "sat")
