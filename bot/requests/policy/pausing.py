"""Who may pause the starts of a system, or of everything."""

from bot.requests.model import Stage
from bot.requests.policy.engine import Policy
from bot.requests.setting_types import make_stage


def people_who_may_pause(policy: Policy, backend: str) -> tuple[Stage, ...]:
    """Return who may pause a back end, as stages of one; "" asks for everything.

    ``may_pause`` of ``[policy]`` names those who may pause all; the default approvers may if it names nobody. A rule
    names more people for the systems that it is about.
    """
    named = policy.defaults.may_pause
    stages = (make_stage(named, 1),) if named else policy.defaults.required_stages()
    rules = [prepared for prepared in policy.rules if prepared.rule.may_pause and backend]
    return (*stages, *(make_stage(rule.rule.may_pause, 1) for rule in rules if rule.is_relevant(backend, "")))
