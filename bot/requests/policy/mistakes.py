"""Finds what a valid policy can hardly be meant to say: rules that never apply, are always overruled or do nothing."""

from collections.abc import Callable, Iterator, Mapping

from bot.requests.patterns import Patterns
from bot.requests.policy.engine import Policy
from bot.requests.policy.rules import DEFAULT_EXPIRY, PolicyRule, PolicySettings, RuleConditions
from bot.requests.setting_types import SettingPath

Mistake = tuple[SettingPath, str]
"""The path of a setting, and a sentence about it."""

_NO_TERMS = {"name", "when", "unless", "effect", "because", "wins_over"}
_TIMES = frozenset({"days", "hours", "hours_cover", "zone"})
"""Conditions that are only understood together."""
_MAY_COVER_A_PART = {"targets", "days", "hours", "facts"}


def policy_mistakes(policy: Policy) -> tuple[str, ...]:
    """Return a line for each mistake: its place, the rule, the problem and the remedy."""
    rules = policy.defaults.rules
    return tuple(
        f"{policy.location_of(('rules', index, *path))}: the rule “{rule.name}”: {text}"
        for index, rule in enumerate(rules)
        for find in _FINDERS
        for path, text in find(rule, policy.defaults)
    )


def _without_effect(rule: PolicyRule, settings: PolicySettings) -> Iterator[Mistake]:
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


def _never_applying(rule: PolicyRule, settings: PolicySettings) -> Iterator[Mistake]:
    for number, exception in enumerate(rule.unless):
        splits = rule.effect not in ("approve", "emergency") and _may_cover_a_part(exception)
        if not splits and implies(rule.when, exception):
            yield ("unless", number), "unless holds whenever when does, so the rule never applies; make it narrower."


def _overruled(rule: PolicyRule, settings: PolicySettings) -> Iterator[Mistake]:
    """Find a rule beside which a stricter one always applies, or over which another one always wins."""
    overruled = _names_matching(tuple(name for each in settings.rules for name in each.wins_over), settings)
    for other in settings.rules:
        if other.name in {rule.name, *overruled} or other.unless or not implies(rule.when, other.when):
            continue
        wins = rule.name in _names_matching(other.wins_over, settings)
        if wins and not _may_cover_a_part(other.when):
            yield (
                (),
                f"“{other.name}” always wins over it, so it never counts; make that one narrower or remove this one.",
            )
        elif _is_stricter(other, rule):
            yield (
                (),
                f"“{other.name}” always applies too and is stricter, so this never counts; add wins_over or unless.",
            )


def _is_stricter(one: PolicyRule, other: PolicyRule) -> bool:
    order = ("approve", "ask", "refuse")
    return one.effect in order and other.effect in order and order.index(one.effect) > order.index(other.effect)


def _names_matching(patterns: tuple[str, ...], settings: PolicySettings) -> frozenset[str]:
    return frozenset(rule.name for rule in settings.rules if Patterns(patterns).match(rule.name))


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
    mine, theirs = _given(one), _given(other)
    if not _TIMES.isdisjoint(theirs) and any(mine.get(name) != theirs.get(name) for name in _TIMES):
        return False
    return all(name in mine and _test_of(name)(mine[name], value) for name, value in theirs.items())


def _test_of(name: str) -> Callable[[object, object], bool]:
    return _NARROWER.get(name, _fewer_patterns)


def _fewer_patterns(mine: object, theirs: object) -> bool:
    """Return whether each of my patterns is one of theirs, or a plain name that theirs match."""
    if mine == theirs:
        return True
    if not isinstance(mine, tuple) or not isinstance(theirs, tuple):
        return False
    folded = {str(text).casefold() for text in theirs}
    patterns = Patterns(theirs)
    return all(text.casefold() in folded or (is_plain(text) and patterns.match(text)) for text in mine)


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
_FINDERS: tuple[Callable[[PolicyRule, PolicySettings], Iterator[Mistake]], ...] = (
    _without_effect,
    _never_happening,
    _never_applying,
    _overruled,
)
