"""What is not known of a request that somebody describes in a file, and is read strictly."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.requests.directory import is_group
from bot.requests.policy.engine import Policy, PreparedRule
from bot.requests.policy.rules import RuleConditions
from bot.requests.spans import start_times
from bot.requests.subject import Subject, UnknownInput
from bot.requests.text import join_words

_NAMED_FACTS = ("template", "job_type", "task", "reboot", "run_as")


def complete_subject(policy: Policy, subject: Subject, now: datetime) -> Subject:
    """Return a described request with what follows from the rest, and with what is not known marked as that.

    Starts follow from the schedule and the number of targets from their names. Only what rules about the operation ask
    for is marked. Raises ValueError if neither the number nor the names of the targets are given.
    """
    given = subject.model_fields_set
    if not {"targets", "names"} & given:
        raise ValueError("targets: say how many there are, or give their names")
    starts = subject.starts or start_times(subject.schedule, now, policy.defaults.zone)
    known = subject.model_copy(
        update={
            "targets": subject.targets if "targets" in given else len(subject.names),
            "starts": starts,
            "run_seconds": subject.run_seconds or policy.defaults.assume,
        }
    )
    rules = policy.relevant_rules(subject.backend, subject.operation)
    facts = {fact: [None] for fact in dict.fromkeys(_facts_asked_for(rules)) if fact not in subject.facts}
    unknown = frozenset(_unknown_inputs(policy, rules, known))
    return known.model_copy(update={"facts": {**subject.facts, **facts}, "unknown": subject.unknown | unknown})


def unknown_sentence(policy: Policy, subject: Subject) -> str:
    """Return what is not known of a request although rules ask for it; "" if that is nothing."""
    words: dict[UnknownInput, str] = {
        "groups": f"whether the requester is in {join_words(sorted(_groups_asked_for(policy)), 'or')}",
        "channel": "the channel",
        "conflicts": "whether other requests work on the same targets",
        "starts": "when it starts",
    }
    rules = policy.relevant_rules(subject.backend, subject.operation)
    unknown = subject.unknown
    if not any(each.channel for each in _conditions_of(rules)):
        unknown -= {"channel"}
    texts = [text for name, text in words.items() if name in unknown]
    asked_for = set(_facts_asked_for(rules))
    facts = [name for name, value in subject.facts.items() if value == [None] and name in asked_for]
    if facts:
        texts.append(f"the fact{'s' if len(facts) > 1 else ''} {join_words(facts)}")
    return f"Not known, and read strictly: {join_words(texts)}." if texts else ""


def _unknown_inputs(policy: Policy, rules: Sequence[PreparedRule], subject: Subject) -> Iterator[UnknownInput]:
    given, conditions = subject.model_fields_set, list(_conditions_of(rules))
    if "groups" not in given and _groups_asked_for(policy):
        yield "groups"
    if not {"channel", "channel_name"} & given and any(each.channel for each in conditions):
        yield "channel"
    if "conflicts" not in given and any(each.conflicts is not None for each in conditions):
        yield "conflicts"
    if not subject.starts and any(each.days or each.hours for each in conditions):
        yield "starts"


def _facts_asked_for(rules: Sequence[PreparedRule]) -> Iterator[str]:
    for each in _conditions_of(rules):
        yield from (name for name in _NAMED_FACTS if getattr(each, name))
        yield from each.facts


def _groups_asked_for(policy: Policy) -> frozenset[str]:
    return frozenset(filter(is_group, policy.requester_groups))


def _conditions_of(rules: Sequence[PreparedRule]) -> Iterator[RuleConditions]:
    for rule in rules:
        yield from (rule.rule.when, *rule.rule.unless)
