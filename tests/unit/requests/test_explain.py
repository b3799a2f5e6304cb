"""Policy in sentences."""

from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.explain import explain, headline, terms_text
from tests.unit.requests.build import NOW, policy, rule, subject

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
        "The rule “web” refuses this because of the target web-1.",
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
        "It expires 8 hours after it was asked for.",
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
        "requester_counts = true\ndrift = 5\nrenew_after_runs = 9",
    )
    assert terms_text(evaluate(policy(text), subject())) == (
        "In stages: 1 of @a then 2 of @b. Nobody counts twice.",
        "It expires 8 hours after it was asked for.",
        "The requester may approve it too, if they are one of the approvers.",
        "A series needs a new approval after 9 runs.",
        "More than 5 % other targets need the approver's confirmation.",
    )
