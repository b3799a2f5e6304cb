"""The policy of a history as the bot loads it."""

from functools import cache

from bot.requests.policy.engine import Policy
from bot.requests.policy.rules import PolicyRule, PolicySettings, RuleConditions
from tests.histories.history import PolicySpec, RuleSpec


@cache
def build_policy(spec: PolicySpec) -> Policy:
    return Policy(
        PolicySettings(
            approvers=spec.approvers,
            quorum=spec.quorum,
            may_request=spec.may_request,
            requester_counts=spec.requester_counts,
            rules=tuple(_build_rule(rule) for rule in spec.rules),
        )
    )


def _build_rule(rule: RuleSpec) -> PolicyRule:
    return PolicyRule(
        name=rule.name,
        effect=rule.effect,
        when=RuleConditions(
            template=(rule.template,) if rule.template else (),
            targets=(rule.target,) if rule.target else (),
            min_targets=rule.min_targets,
            max_targets=rule.max_targets,
            requester=rule.requester,
        ),
        may_request=rule.may_request,
        approvers=rule.approvers,
        quorum=rule.quorum if rule.approvers else None,
        requester_counts=rule.requester_counts,
        drift=rule.drift,
    )
