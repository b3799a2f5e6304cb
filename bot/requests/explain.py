"""Policy in sentences: one for the card, and all of them for ``nightshift policy explain``."""

from collections.abc import Sequence

from bot.requests.conditions import Look
from bot.requests.durations import in_words
from bot.requests.model import Requirement
from bot.requests.policy import Applies, Policy
from bot.requests.subject import Subject
from bot.requests.words import approvers, demand, demands, joined

_LATE = {
    "now": "runs at once",
    "next": "moves to the next slot",
    "drop": "is dropped",
}


def headline(requirement: Requirement) -> str:
    """One sentence for the card: ``Needs 2 of @sre because 43 hosts and a forced reboot.``"""
    match requirement.verdict:
        case "refuse":
            return " ".join(requirement.reasons) or "Policy refuses this."
        case "approve":
            return f"Approved at once{_because(requirement)}."
        case _:
            return f"Needs {demands(requirement.stages)}{_because(requirement)}."


def _because(requirement: Requirement) -> str:
    return f" because {joined(requirement.because)}" if requirement.because else ""


def terms(requirement: Requirement) -> tuple[str, ...]:
    """What else holds for an approval, a sentence each."""
    if requirement.verdict != "ask":
        return ()
    lines = [f"It expires {in_words(requirement.expires_after)} after it was asked for."]
    if len(requirement.stages) > 1:
        lines.insert(0, f"In stages: {joined([demand(s) for s in requirement.stages], 'then')}. Nobody counts twice.")
    if requirement.requester_counts:
        lines.append("The requester may approve it too, if they are one of the approvers.")
    if requirement.reminders:
        lines.append(f"Reminders after {joined([in_words(at) for at in requirement.reminders])}.")
    if requirement.escalate_to is not None and requirement.escalate_after is not None:
        lines.append(
            f"After {in_words(requirement.escalate_after)} {approvers(requirement.escalate_to)} may approve too."
        )
    if requirement.late in _LATE:
        lines.append(f"Approved after its start, it {_LATE[requirement.late]}.")
    if requirement.renew_after_days:
        lines.append(f"A series needs a new approval after {requirement.renew_after_days} days.")
    if requirement.renew_after_runs:
        lines.append(f"A series needs a new approval after {requirement.renew_after_runs} runs.")
    if requirement.drift_percent is not None:
        lines.append(f"More than {requirement.drift_percent} % other targets need the approver's confirmation.")
    return tuple(lines)


def trace(policy: Policy, subject: Subject) -> tuple[str, ...]:
    """Every rule with whether it applies and why, with its place in the file."""
    look = Look(subject)
    lines = []
    for index, prepared in enumerate(policy.rules):
        found = prepared.explain(look)
        if isinstance(found, Applies):
            part = "" if found.whole else ", to a part of it"
            text = f"applies{part}: {joined(found.because)}"
        else:
            text = f"does not apply: {found.why}"
        lines.append(f"{policy.where(('rules', index))}: “{prepared.rule.name}” {text}.")
    return tuple(lines)


def explain(policy: Policy, subject: Subject, requirement: Requirement) -> tuple[str, ...]:
    """Everything that ``nightshift policy explain`` prints: the sentence, the reasons, the terms, and each rule."""
    return tuple(_unique((headline(requirement), *requirement.reasons, *terms(requirement), *trace(policy, subject))))


def _unique(lines: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(lines))
