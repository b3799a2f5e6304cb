"""Asks the back ends whether they have the templates and other values that the policy names."""

from bot.errors import NightshiftError
from bot.requests.policy.engine import Policy
from bot.requests.policy.known import Known
from bot.requests.policy.known_values import FactOf, named_facts, unknown_values
from bot.usecases.backend_registry import BackendRegistry


async def value_problems(policy: Policy, known: Known, backends: BackendRegistry) -> tuple[list[str], list[str]]:
    """Return a line for each value that no back end has, and a line for each back end that does not tell its values."""
    values: dict[FactOf, frozenset[str]] = {}
    silent: dict[str, str] = {}
    for each in sorted(named_facts(policy, known)):
        if each.system not in backends or each.system in silent:
            continue
        try:
            found = await backends.operation(each.system, each.operation).known_values(each.fact)
        except NightshiftError as error:
            silent[each.system] = f"{each.system}: what policy names is not compared with it. {error}"
            continue
        if found is not None:
            values[each] = found
    return unknown_values(policy, known, values), list(silent.values())
