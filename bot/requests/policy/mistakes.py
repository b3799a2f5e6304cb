"""Finds what a valid policy can hardly be meant to say: rules that never apply, are always overruled or do nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from bot.requests.patterns import Patterns
from bot.requests.policy.engine import Policy
from bot.requests.policy.load_errors import once
from bot.requests.policy.precedence import precedence_of
from bot.requests.policy.rules import DEFAULT_EXPIRY, PolicyRule, PolicySettings, RuleConditions, leaves_nobody
from bot.requests.setting_types import SettingPath

Mistake = tuple[SettingPath, str]
"""The path of a setting, and a sentence about it."""

_NO_TERMS = {"name", "when", "unless", "effect", "because", "wins_over"}
_TIMES = frozenset({"days", "hours", "hours_cover", "zone"})
"""Conditions that are only understood together."""
_MAY_COVER_A_PART = {"targets", "days", "hours", "facts"}


def policy_mistakes(policy: Policy) -> list[str]:
    """Return a line for each mistake: its place, the rule, the problem and the remedy."""
    rules = policy.defaults.rules
    found = [(index, mistake) for index, rule in enumerate(rules) for mistake in _mistakes_of(rule, policy.defaults)]
    found += [(index, ((), text)) for index, text in _overruled(policy.defaults.rules)]
    return once(
        (policy.location_of(("rules", index, *path)), f"the rule “{rules[index].name}”: ", text)
        for index, (path, text) in sorted(found, key=lambda item: item[0])
    )


def _mistakes_of(rule: PolicyRule, settings: PolicySettings) -> Iterator[Mistake]:
    yield from _without_effect(rule)
    yield from _never_happening(rule, settings)
    yield from _never_applying(rule)
    yield from _without_approvers(rule, settings)


def _without_effect(rule: PolicyRule) -> Iterator[Mistake]:
    if rule.effect == "limit" and not rule.wins_over and not rule.model_dump(exclude=_NO_TERMS, exclude_defaults=True):
        yield (), 'effect = "limit" without a term changes nothing; add one, such as expires, or remove the rule.'
    if rule.effect == "refuse" and rule.when.is_empty and not rule.unless:
        yield (), "it has no condition, so it refuses every request; say when it applies."
    for path, conditions in conditions_of(rule):
        if conditions.zone and not conditions.hours and not conditions.days:
            yield (*path, "zone"), "zone says nothing without hours or days; add one of them or leave it out."


def _never_happening(rule: PolicyRule, settings: PolicySettings) -> Iterator[Mistake]:
    expires = rule.expires or settings.expires or DEFAULT_EXPIRY
    if rule.reminders and rule.reminders[-1] >= expires:
        yield ("reminders",), "its last reminder is not before the expiry, so it is never sent; leave it out."
    if rule.escalate_after and rule.escalate_after >= expires:
        yield ("escalate_after",), "escalate_after is not before the expiry, so it never happens; make it shorter."


def _without_approvers(rule: PolicyRule, settings: PolicySettings) -> Iterator[Mistake]:
    excluded = (*rule.not_approvers, *settings.not_approvers)
    if any(leaves_nobody(stage, excluded) for stage in rule.required_stages()):
        yield (), "not_approvers of [policy] leaves nobody of its approvers; name others in one of them."


def _never_applying(rule: PolicyRule) -> Iterator[Mistake]:
    for number, exception in enumerate(rule.unless):
        splits = rule.effect not in ("approve", "emergency") and _may_cover_a_part(exception)
        if not splits and implies(rule.when, exception):
            yield ("unless", number), "unless holds whenever when does, so the rule never applies; make it narrower."


def _overruled(rules: Sequence[PolicyRule]) -> Iterator[tuple[int, str]]:
    """Find rules beside which a stricter one always applies, or over which another one always wins: the index and a
    sentence."""
    precedence = precedence_of(rules)
    overruled = frozenset[str]().union(*precedence.values())
    given = [_given(rule.when) for rule in rules]
    always = [index for index, rule in enumerate(rules) if not rule.unless and rule.name not in overruled]
    for index, rule in enumerate(rules):
        for other in always:
            name = rules[other].name
            wins = rule.name in precedence.get(name, ()) and _MAY_COVER_A_PART.isdisjoint(given[other])
            if not (wins or _is_stricter(rules[other], rule)) or not _implies(given[index], given[other]):
                continue
            if wins:
                yield (
                    index,
                    f"“{name}” always wins over it, so it never counts; make that one narrower or remove this one.",
                )
            else:
                yield (
                    index,
                    f"“{name}” always applies too and is stricter, so this never counts; add wins_over or unless.",
                )


def _is_stricter(one: PolicyRule, other: PolicyRule) -> bool:
    order = ("approve", "ask", "refuse")
    return one.effect in order and other.effect in order and order.index(one.effect) > order.index(other.effect)


def _may_cover_a_part(conditions: RuleConditions) -> bool:
    """Return whether a request can meet the conditions with some of its targets, values or starts only."""
    return not _MAY_COVER_A_PART.isdisjoint(_given(conditions))


def conditions_of(rule: PolicyRule) -> Iterator[tuple[SettingPath, RuleConditions]]:
    """Return the conditions and the exceptions of a rule, each with its path within the rule."""
    yield ("when",), rule.when
    for number, exception in enumerate(rule.unless):
        yield ("unless", number), exception


def _given(conditions: RuleConditions) -> Mapping[str, object]:
    return conditions.model_dump(exclude_defaults=True)


def implies(one: RuleConditions, other: RuleConditions) -> bool:
    """Return whether every request that meets ``one`` surely meets ``other`` too."""
    return _implies(_given(one), _given(other))


def _implies(mine: Mapping[str, object], theirs: Mapping[str, object]) -> bool:
    if not theirs.keys() <= mine.keys():
        return False
    if not _TIMES.isdisjoint(theirs) and any(mine.get(name) != theirs.get(name) for name in _TIMES):
        return False
    return all(_test_of(name)(mine[name], value) for name, value in theirs.items())


def _test_of(name: str) -> Callable[[object, object], bool]:
    return _NARROWER.get(name, _fewer_patterns)


def _fewer_patterns(mine: object, theirs: object) -> bool:
    """Return whether each of my patterns is one of theirs, or a plain name that theirs match."""
    if mine == theirs:
        return True
    if not isinstance(mine, tuple) or not isinstance(theirs, tuple):
        return False
    folded = {str(text).casefold() for text in theirs}
    return all(text.casefold() in folded or (is_plain(text) and _patterns(theirs).match(text)) for text in mine)


@lru_cache(maxsize=1024)
def _patterns(texts: tuple[str, ...]) -> Patterns:
    return Patterns(texts)


def is_plain(text: str) -> bool:
    """Return whether a pattern is just a name."""
    return not any(char in text for char in "*?[") and not (text.startswith("/") and text.endswith("/"))


def _fewer_backends(mine: object, theirs: object) -> bool:
    kinds = tuple(str(text).partition(".")[0] for text in mine) if isinstance(mine, tuple) else ()
    return _fewer_patterns(mine, theirs) or _fewer_patterns(kinds, theirs)


def _fewer_facts(mine: object, theirs: object) -> bool:
    if not isinstance(mine, Mapping) or not isinstance(theirs, Mapping):
        return False
    return all(name in mine and _fewer_patterns(mine[name], texts) for name, texts in theirs.items())


def _subset(mine: object, theirs: object) -> bool:
    return isinstance(mine, tuple) and isinstance(theirs, tuple) and set(mine) <= set(theirs)


def _equal(mine: object, theirs: object) -> bool:
    return mine == theirs


_NARROWER: Mapping[str, Callable[[object, object], bool]] = {
    "backend": _fewer_backends,
    "facts": _fewer_facts,
    "requester": _subset,
    "schedule": _subset,
    **dict.fromkeys(_TIMES, _equal),
    "conflicts": _equal,
    "min_targets": lambda mine, theirs: isinstance(mine, int) and isinstance(theirs, int) and mine >= theirs,
    "max_targets": lambda mine, theirs: isinstance(mine, int) and isinstance(theirs, int) and mine <= theirs,
}
