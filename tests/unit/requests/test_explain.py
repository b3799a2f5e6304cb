"""Policy in sentences."""

from datetime import timedelta
from typing import Any

import pytest

from bot.requests.policy.evaluate import evaluate, evaluate_authors
from bot.requests.policy.explain import demand_sentence, explain, headline, terms_text
from tests.unit.requests.build import NOW, policy, requirement, rule, stage, subject

POLICY = """[policy]
approvers = ["@sre"]
reminders = ["30m", "2h"]
escalate_after = "4h"
escalate_to = ["@leads"]
late = "next"

[[policy.rules]]
name = "many"
when = {min_targets = 40}
approvers = ["@sre"]
quorum = 2

[[policy.rules]]
name = "reboots"
when = {reboot = "Force"}
approvers = ["@sre"]
renew_after_days = 30

[[policy.rules]]
name = "lab"
when = {backend = "foreman.lab", targets = "lab-*"}
effect = "approve"

[[policy.rules]]
name = "web"
when = {targets = "web-*"}
unless = {requester = "@web"}
effect = "refuse"
"""


def test_the_sentence_for_the_card() -> None:
    asked = subject(names=tuple(f"db-{n}" for n in range(43)), facts={"reboot": "Force"})
    assert headline(evaluate(policy(POLICY), asked)) == "Needs 2 of @sre because 43 hosts and a forced reboot."


def test_everything_is_explained_rule_by_rule() -> None:
    rules = policy(POLICY, source="my.toml")
    asked = subject(names=("web-1", "db-1"), facts={"reboot": "Force"}, backend="foreman.lab")
    assert explain(rules, asked, evaluate(rules, asked)) == (
        "The rule “web” refuses this: the target web-1. It allows a requester from @web.",
        "my.toml:8: “many” does not apply: it wants at least 40 targets.",
        "my.toml:14: “reboots” applies: a forced reboot.",
        "my.toml:20: “lab” does not apply: it wants a target lab-*.",
        "my.toml:25: “web” applies, to a part of it: the target web-1.",
    )


def test_a_rule_that_is_excepted_or_covers_a_part_says_so() -> None:
    rules = policy(POLICY)
    excepted = explain(rules, asked := subject(groups={"@web"}), evaluate(rules, asked))
    assert excepted[-1].endswith("“web” does not apply: it excepts a requester from @web.")
    part = subject(names=("lab-1", "db-1"), backend="foreman.lab")
    assert (
        "“lab” does not apply: it wants a target lab-*, for all of the request."
        in explain(rules, part, evaluate(rules, part))[-2]
    )


def test_the_terms_of_an_approval() -> None:
    rules = policy(POLICY)
    assert terms_text(evaluate(rules, subject(names=("db-1",), facts={"reboot": "Force"}))) == (
        "The request expires after 8 hours.",
        "Reminders after 30 minutes and 2 hours.",
        "After 4 hours @leads may approve too.",
        "Approved after its start, it moves to the next slot.",
        "A series needs a new approval after 30 days.",
    )
    assert terms_text(evaluate(policy(rule("min_targets = 1", 'effect = "approve"')), subject(starts=(NOW,)))) == ()


def test_stages_and_the_requester_are_told() -> None:
    text = rule(
        "min_targets = 1",
        'stages = [{approvers = "@a"}, {approvers = "@b", quorum = 2}]\n'
        "requester_counts = true\nloosens = true\ndrift = 5\nrenew_after_runs = 9",
    )
    assert terms_text(evaluate(policy(text), subject())) == (
        "In stages: 1 of @a then 2 of @b. Nobody counts twice.",
        "The request expires after 8 hours.",
        "The requester may approve it too, if they are one of the approvers.",
        "A series needs a new approval after 9 runs.",
        "More than 5 % other targets need the approver's confirmation.",
    )


def test_a_sentence_without_a_cause() -> None:
    assert headline(requirement(stage("@sre"))) == "Needs 1 of @sre."
    assert headline(requirement(effect="approve")) == "Approved at once."
    assert headline(requirement(effect="refuse")) == "Policy refuses this."
    assert headline(requirement(effect="refuse", reasons=("No.", "Never."))) == "No. Never."


@pytest.mark.parametrize(
    ("late", "text"),
    [
        ("ask", None),
        ("now", "Approved after its start, it runs at once."),
        ("next", "Approved after its start, it moves to the next slot."),
        ("drop", "Approved after its start, it is dropped."),
    ],
)
def test_what_happens_late_is_told(late: str, text: str | None) -> None:
    expiry = "The request expires after 8 hours."
    assert terms_text(requirement(stage("@sre"), late=late)) == ((expiry, text) if text else (expiry,))


@pytest.mark.parametrize("half", [{"escalate_after": 3600}, {"escalate_to": stage("@leads")}])
def test_half_an_escalation_is_not_told(half: dict[str, Any]) -> None:
    assert len(terms_text(requirement(stage("@sre"), **half))) == 1


def test_a_rule_that_asks_names_the_condition_that_failed_not_one_that_holds_in_part() -> None:
    rules = policy(rule('days = "wed", query = "*prod*"'))
    asked = subject(starts=(NOW, NOW + timedelta(days=1)), query="env = lab")
    assert explain(rules, asked, evaluate(rules, asked))[-1].endswith("does not apply: it wants the query *prod*.")


def test_a_rule_says_what_it_wants() -> None:
    conditions = {
        "min_targets = 1, max_targets = 1": "at least 1 and at most 1 targets",
        "max_targets = 1": "at most 1 targets",
        'channel = ["#a", "b"]': "a request from the channel a or b",
        'operation = "x"': "the operation x",
        'backend = "x"': "the back end x",
        'requester = ["@a", "UBOB"]': "a requester from @a or UBOB",
        'run_as = "root"': "the run-as user root",
        'reboot = ["Force", ""]': "the reboot preference Force or (empty)",
        'job_type = "x"': "the job type x",
        'schedule = ["once", "series"]': "a single run or a series",
        'days = ["sat", "sun"], hours = ["22:00-06:00"]': "a start on Saturday or Sunday at 22:00-06:00 (UTC)",
        'hours = ["22:00-23:00", "01:00-02:00"], zone = "Europe/Berlin"': (
            "a start at 22:00-23:00 or 01:00-02:00 (Europe/Berlin)"
        ),
    }
    for text, wanted in conditions.items():
        rules = policy(rule(text))
        asked = subject(facts={"reboot": "Prompt"})
        assert explain(rules, asked, evaluate(rules, asked))[-1].endswith(f"does not apply: it wants {wanted}.")


def test_where_a_rule_applies_is_named_before_what_it_is_about() -> None:
    rules = policy(rule('targets = "lab-*", backend = "foreman.lab"'))
    asked = subject(names=("web-1",))
    assert explain(rules, asked, evaluate(rules, asked))[-1].endswith("it wants the back end foreman.lab.")


@pytest.mark.parametrize(
    ("conditions", "allowed"),
    [
        ("min_targets = 2", "at most 1 target"),
        ("min_targets = 1", ""),
        ("max_targets = 5", "at least 6 targets"),
        ("min_targets = 2, max_targets = 9", "at most 1 target or at least 10 targets"),
        ('hours = "08:00-18:00"', "a start that is not at 08:00-18:00 (UTC)"),
        ('days = "wed", hours = "08:00-18:00"', "a start that is not on Wednesday at 08:00-18:00 (UTC)"),
        ('targets = "web-*"', "targets other than web-*"),
        ('schedule = ["now", "window"]', "a single run or a series"),
        ('channel = "#ops"', "a request from another channel"),
        ('template = "Power*"', "a template other than Power*"),
        ("conflicts = true", "a time without other requests on the same targets"),
        ("conflicts = false", ""),
        ('backend = "foreman"', ""),
        ('min_targets = 2, targets = "web-*"', "at most 1 target or targets other than web-*"),
    ],
)
def test_a_refusal_says_what_would_be_allowed(conditions: str, allowed: str) -> None:
    asked = subject(channel="C1", channel_name="ops", facts={"template": "Power off"})
    if "conflicts = true" in conditions:
        asked = asked.model_copy(update={"conflicts": ("NS-1",)})
    (reason,) = evaluate(policy(rule(conditions, 'effect = "refuse"')), asked).reasons
    assert reason.partition(". It allows ")[2] == (f"{allowed}." if allowed else "")


def test_the_nearest_exception_is_named_first() -> None:
    exceptions = '[{ days = "sat", hours = "02:00-06:00", max_targets = 1 }, { days = "wed", channel = "#emergency" }]'
    text = rule('backend = "foreman"', f'effect = "refuse"\nunless = {exceptions}')
    (reason,) = evaluate(policy(text), subject(channel_name="ops")).reasons
    assert reason.index("emergency") < reason.index("Saturday")


def test_one_sentence_says_what_is_demanded_and_by_which_rule() -> None:
    asked = subject(names=("web-1",), facts={"reboot": "Force"})
    several = rule('targets = "web-*"', name="web") + rule('reboot = "Force"', 'approvers = ["@boss"]', name="reboots")
    assert demand_sentence(evaluate(policy(several), asked)) == (
        "Needs 1 of @ops, then 1 of @boss because the target web-1 and a forced reboot (rules “web” and “reboots”)."
    )
    approving = rule("max_targets = 1", 'effect = "approve"', name="small") + rule('reboot = "*"', 'effect = "limit"')
    assert demand_sentence(evaluate(policy(approving), asked)) == "Approved at once: 1 host (rule “small”)."
    assert demand_sentence(evaluate(policy(""), asked)) == "Needs 1 of @sre because no rule applies."
    refusing = rule('targets = "web-*"', 'effect = "refuse"', name="web")
    refused = evaluate(policy(refusing), asked)
    assert (demand_sentence(refused), refused.demanded_by) == (refused.reasons[0], ("web",))


def test_the_rules_of_all_authors_are_named() -> None:
    text = rule('requester = "UANN"', name="ann") + rule('requester = "UBOB"', name="bob")
    found = evaluate_authors(policy(text), subject(), {"UBOB": frozenset()})
    assert found.demanded_by == ("ann", "bob")
