"""Why policy refuses a request: rules that refuse, lists of requesters, missing groups, and required values."""

from collections.abc import Sequence

from bot.requests.model import Requirement, RequirementCode
from bot.requests.patterns import Patterns
from bot.requests.policy.conditions import PreparedSubject, missing_requester_groups
from bot.requests.policy.engine import Policy, RuleMatch
from bot.requests.policy.rules import PolicyRule
from bot.requests.subject import Subject
from bot.requests.text import join_words

Reason = tuple[RequirementCode, str]


def refusals(policy: Policy, subject: Subject, matches: Sequence[RuleMatch]) -> list[Reason]:
    """Return why the request may not be made as it is."""
    return [*_refusals(policy, subject, matches), *_missing_changes(subject, matches)]


def _missing_changes(subject: Subject, matches: Sequence[RuleMatch]) -> list[Reason]:
    """Return which rules require another reference to a change than the request has."""
    return [
        (RequirementCode.CHANGE_MISSING, _missing_change_text(m.rule, subject.change))
        for m in matches
        if m.rule.require.change and not Patterns(m.rule.require.change).match(subject.change)
    ]


def _missing_change_text(rule: PolicyRule, change: str) -> str:
    text = f"The rule “{rule.name}” requires a change like {join_words(rule.require.change, 'or')}."
    return f"{text} “{change}” is not one." if change else text


def _refusals(policy: Policy, subject: Subject, matches: Sequence[RuleMatch]) -> list[Reason]:
    """Return why the request may not be made: rules that refuse, and lists of requesters without this one."""
    refusals = [(RequirementCode.RULE_REFUSES, _refusing_text(m)) for m in matches if m.rule.effect == "refuse"]
    refusals += [
        (RequirementCode.GROUP_MISSING, _missing_group_text(m.rule.name, missing))
        for m in matches
        if m.rule.effect != "refuse" and (missing := missing_requester_groups(m.rule.when.requester, subject))
    ]
    refusals += [
        (RequirementCode.GROUP_MISSING, _missing_group_text(name, missing))
        for name, terms in (("", policy.defaults), *((m.rule.name, m.rule) for m in matches))
        if (missing := tuple(group for group in terms.not_approvers if group in subject.missing_groups))
    ]
    allowed_by: list[tuple[str, tuple[str, ...]]] = [("", policy.defaults.may_request)]
    allowed_by += [(m.rule.name, m.rule.may_request) for m in matches]
    requester_ids = subject.groups | {subject.requester}
    for name, allowed in allowed_by:
        if allowed and requester_ids.isdisjoint(allowed):
            prefix = f"The rule “{name}” says that only" if name else "Only"
            text = f"{prefix} {join_words(allowed, 'or')} may ask for this."
            if missing := missing_requester_groups(allowed, subject):
                text += f" {_missing_text(missing)}"
            refusals.append((RequirementCode.REQUESTER_NOT_ALLOWED, text))
    return refusals


def _refusing_text(match: RuleMatch) -> str:
    text = f"The rule “{match.rule.name}” refuses this: {join_words(match.causes)}."
    return f"{text} It allows {join_words(match.allowed, 'or')}." if match.allowed else text


def _missing_group_text(rule: str, missing: tuple[str, ...]) -> str:
    subject = f"The rule “{rule}”" if rule else "Policy"
    return f"{subject} depends on who is in {join_words(missing, 'or')}. {_missing_text(missing)}"


def _missing_text(missing: tuple[str, ...]) -> str:
    groups = f"The user group{'s' if len(missing) > 1 else ''} {join_words(missing)}"
    verb = "do" if len(missing) > 1 else "does"
    return f"{groups} {verb} not exist or {'are' if len(missing) > 1 else 'is'} disabled; ask an admin to correct that."


def lost_approval(policy: Policy, approved: Requirement, subject: Subject) -> str:
    """Return why a rule that approved something by itself would not do so for its requester now; "" if it would, or
    if people approved it."""
    if approved.effect != "approve":
        return ""
    requester_ids = subject.groups | {subject.requester}
    for rule in policy.defaults.rules:
        named = rule.when.requester
        is_approving = rule.effect == "approve" and rule.name in approved.rules
        if is_approving and named and requester_ids.isdisjoint(named):
            text = f"The rule “{rule.name}” approved this because the requester was from {join_words(named, 'or')}."
            return f"{text} That is no longer so."
    return ""


def refuses_every_request(policy: Policy, subject: Subject) -> bool:
    """Return whether policy refuses the requester whatever they ask of this back end and operation. Only rules that
    look at nothing else count; the refusals of others show on a request itself."""
    overrulable = frozenset().union(*policy.precedence.values())
    general = [
        m
        for m in policy.matching_rules(PreparedSubject(subject))
        if not m.rule.unless and m.rule.name not in overrulable and _is_general(m.rule)
    ]
    return bool(_refusals(policy, subject, general))


def _is_general(rule: PolicyRule) -> bool:
    return not rule.when.model_dump(exclude={"backend", "operation", "requester", "zone"}, exclude_defaults=True)
