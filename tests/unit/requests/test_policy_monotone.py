"""One more rule never makes a request easier than the other rules demand, and neither does a group that goes."""

from hypothesis import given
from hypothesis import strategies as st

from bot.requests.model import Requirement, RequirementCode
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.rules import LATE_BY_STRICTNESS
from bot.requests.subject import Subject
from tests.unit.requests.build import policy, subject

EFFECT_RANK = ("approve", "ask", "refuse")
DEFAULTS_DECIDE = {RequirementCode.NO_RULE_COVERS_IT, RequirementCode.NO_RULE_COVERS_THE_REST}
HEAD = '[policy]\napprovers = ["@sre"]\nexpires = "8h"\ndrift = 10\nlate = "next"\nrequester_counts = true\n'

conditions = st.sampled_from(
    ['targets = "web-1"', 'targets = "web-*"', "min_targets = 2", "max_targets = 1", 'requester = "@ops"',
     'requester = ["@ops", "@leads"]', 'template = "Uptime"', "min_targets = 1"]
)  # fmt: skip
terms = st.sampled_from(
    ["", 'expires = "2h"', "drift = 3", 'late = "ask"', 'late = "drop"', "requester_counts = false",
     "renew_after_runs = 4", 'warn_before = "1h"', 'may_request = ["@ops"]']
)  # fmt: skip
asking = st.sampled_from(
    ["", "quorum = 2", 'approvers = ["@dba"]', 'approvers = ["@dba"]\nquorum = 2', 'approvers = ["@sre"]',
     'approvers = ["@dba"]\nescalate_after = "1h"\nescalate_to = ["@leads"]',
     'stages = [{approvers = "@sre"}, {approvers = "@net", quorum = 2}]']
)  # fmt: skip
exceptions = st.sampled_from(["", 'unless = {requester = "@leads"}', 'unless = [{targets = "web-1"}]'])


@st.composite
def strict_rules(draw: st.DrawFn, name: str = "new") -> str:
    """A rule without effect "approve", ``wins_over`` or ``loosens``."""
    kind = draw(st.sampled_from(["ask", "ask", "refuse", "limit"]))
    body = draw(asking) if kind == "ask" else f'effect = "{kind}"'
    term = "" if kind == "refuse" else draw(terms)
    return f'[[policy.rules]]\nname = "{name}"\nwhen = {{{draw(conditions)}}}\n{body}\n{term}\n{draw(exceptions)}\n'


@st.composite
def rule_lists(draw: st.DrawFn) -> list[str]:
    rules = [draw(strict_rules(f"rule {n}")) for n in range(draw(st.integers(0, 3)))]
    if draw(st.booleans()):
        rules.append(f'[[policy.rules]]\nname = "free"\nwhen = {{{draw(conditions)}}}\neffect = "approve"\n')
    return rules


subjects = st.builds(
    lambda names, groups, template: subject(names=names, groups=groups, facts={"template": template}),
    st.sampled_from([("web-1",), ("web-1", "web-2"), ("web-2",), ("db-1", "web-1"), ("db-1",)]),
    st.sampled_from([frozenset(), frozenset({"@ops"}), frozenset({"@leads"}), frozenset({"@ops", "@leads"})]),
    st.sampled_from(["Uptime", "Reboot"]),
)


def easier(after: Requirement, before: Requirement, rules: list[str]) -> str:
    """What is easier after than what rules demanded before; "" if nothing is. Rules that name approvers replace the
    default ones."""
    if EFFECT_RANK.index(after.effect) < EFFECT_RANK.index(before.effect):
        return f"{before.effect} became {after.effect}"
    if after.effect == "refuse":
        return ""
    naming = [rule for rule in rules if "approvers" in rule and rule.split('"')[1] in before.rules]
    if before.effect == "ask" and naming and not DEFAULTS_DECIDE & set(before.codes):
        quorums = {(stage.groups, stage.users): stage.quorum for stage in after.stages}
        for stage in before.stages:
            if quorums.get((stage.groups, stage.users), 0) < stage.quorum:
                return f"{stage} is gone or smaller"
        if after.escalate_to is not None and (
            before.escalate_to is None
            or after.escalate_to.groups != before.escalate_to.groups
            or (after.escalate_after or 0) < (before.escalate_after or 0)
        ):
            return "others may approve on escalation, or earlier"
    pairs = {
        "expires": (after.expires_after, before.expires_after),
        "drift": (after.drift_percent or 0, before.drift_percent or 0),
        "late": (LATE_BY_STRICTNESS.index(after.late), LATE_BY_STRICTNESS.index(before.late)),
        "requester counts": (after.requester_counts, before.requester_counts),
        "runs": (after.renew_after_runs or 999, before.renew_after_runs or 999),
        "warning": (before.warn_before, after.warn_before),
    }
    return next((name for name, (now, then) in pairs.items() if now > then), "")


@given(rules=rule_lists(), new=strict_rules(), asked=subjects)
def test_one_more_rule_never_makes_a_request_easier(rules: list[str], new: str, asked: Subject) -> None:
    before = evaluate(policy(HEAD + "".join(rules)), asked)
    after = evaluate(policy(HEAD + "".join([*rules, new])), asked)
    assert easier(after, before, rules) == ""


@given(rules=rule_lists(), asked=subjects, gone=st.sampled_from(["@ops", "@leads"]))
def test_a_group_that_goes_never_makes_a_request_easier(rules: list[str], asked: Subject, gone: str) -> None:
    loaded = policy(HEAD + "".join(rules))
    before = evaluate(loaded, asked)
    left = {"groups": asked.groups - {gone}, "missing_groups": frozenset({gone})}
    after = evaluate(loaded, asked.model_copy(update=left))
    assert easier(after, before, rules) == ""


@given(rules=rule_lists(), asked=subjects, condition=conditions)
def test_a_rule_for_emergencies_changes_nothing_that_is_asked_for_as_usual(
    rules: list[str], asked: Subject, condition: str
) -> None:
    new = f'[[policy.rules]]\nname = "new"\nwhen = {{{condition}}}\neffect = "emergency"\nreview_by = "@leads"\n'
    assert evaluate(policy(HEAD + "".join([*rules, new])), asked) == evaluate(policy(HEAD + "".join(rules)), asked)
