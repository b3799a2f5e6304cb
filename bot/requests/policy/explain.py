"""Policy in sentences: one for the card, and all of them for ``nightshift policy explain``."""

from bot.requests.durations import format_duration
from bot.requests.emergency import review_sentence
from bot.requests.model import LatePolicy, Overlap, Requirement
from bot.requests.policy.conditions import PreparedSubject
from bot.requests.policy.engine import Policy, RuleMatch
from bot.requests.subject import Subject
from bot.requests.text import approver_names, join_words, stage_text, stages_text

_LATE_TEXTS: dict[LatePolicy, str] = {
    "now": "runs at once",
    "next": "moves to the next slot",
    "drop": "is dropped",
}
_OVERLAP_TEXTS: dict[Overlap | None, str] = {"skip": "is skipped", "wait": "waits for it"}


def headline(requirement: Requirement) -> str:
    """Return one sentence for the card: ``Needs 2 of @sre because 43 hosts and a forced reboot.`` That of an emergency
    has who must review it, too."""
    return _with_review(_demand(requirement), requirement)


def demand_sentence(requirement: Requirement) -> str:
    """Return what policy demands and which rules do, for the preview, the card and ``explain``:
    ``Needs 2 of @sre because 43 hosts (rule “many hosts”).``"""
    if requirement.effect == "refuse":
        return headline(requirement)
    return _with_review(f"{_demand(requirement).removesuffix('.')}{rules_clause(requirement)}.", requirement)


def rules_clause(requirement: Requirement) -> str:
    """Return which rules demand what is demanded, as the end of a sentence; "" if none does."""
    names = [f"“{name}”" for name in requirement.demanded_by]
    return f" (rule{'s' if len(names) > 1 else ''} {join_words(names)})" if names else ""


def rule_sentence(requirement: Requirement) -> str:
    """Return why policy demands what it does, for the card: ``Rule “many hosts”: 43 hosts.``; "" if it says nothing."""
    because = join_words(requirement.because)
    names = [f"“{name}”" for name in requirement.demanded_by]
    if not names:
        return f"{because[:1].upper()}{because[1:]}." if because else ""
    rules = f"Rule{'s' if len(names) > 1 else ''} {join_words(names)}"
    return f"{rules}: {because}." if because else f"{rules}."


def _with_review(text: str, requirement: Requirement) -> str:
    return f"Emergency. {text} {review_sentence(requirement.review)}" if requirement.review else text


def _demand(requirement: Requirement) -> str:
    match requirement.effect:
        case "refuse":
            return " ".join(requirement.reasons) or "Policy refuses this."
        case "approve":
            because = join_words(requirement.because)
            return f"Approved at once: {because}." if because else "Approved at once."
        case _:
            return f"Needs {stages_text(requirement.stages)}{_because_clause(requirement)}."


def _because_clause(requirement: Requirement) -> str:
    return f" because {join_words(requirement.because)}" if requirement.because else ""


def terms_text(requirement: Requirement) -> tuple[str, ...]:
    """Return the other terms of an approval, a sentence each."""
    if requirement.effect != "ask":
        return ()
    hours = f" of working time ({requirement.business.text})" if requirement.business else ""
    lines = [f"The request expires after {format_duration(requirement.expires_after)}{hours}."]
    if len(requirement.stages) > 1:
        lines.insert(
            0, f"In stages: {join_words([stage_text(s) for s in requirement.stages], 'then')}. Nobody counts twice."
        )
    if excluded := tuple(dict.fromkeys(name for stage in requirement.stages for name in stage.excluded_names)):
        lines.append(f"Nobody from {join_words(excluded, 'or')} may approve it.")
    lines += [f"Nobody may approve more than {limit.count} a {limit.per}." for limit in requirement.approver_limits]
    if requirement.approval_holds == "decided":
        lines.append("An approval holds even if its approver is no approver any more at the start.")
    if requirement.requester_counts:
        lines.append("The requester may approve it too, if they are one of the approvers.")
    if requirement.reminders:
        lines.append(f"Reminders after {join_words([format_duration(at) for at in requirement.reminders])}.")
    if requirement.escalate_to is not None and requirement.escalate_after is not None:
        lines.append(
            f"After {format_duration(requirement.escalate_after)} {approver_names(requirement.escalate_to)} "
            "may approve too."
        )
    if requirement.late in _LATE_TEXTS:
        lines.append(f"Approved after its start, it {_LATE_TEXTS[requirement.late]}.")
    if requirement.renew_after_days:
        lines.append(f"A series needs a new approval after {requirement.renew_after_days} days.")
    if requirement.renew_after_runs:
        lines.append(f"A series needs a new approval after {requirement.renew_after_runs} runs.")
    if requirement.overlap in _OVERLAP_TEXTS:
        lines.append(f"While a run of a series is still going, the next {_OVERLAP_TEXTS[requirement.overlap]}.")
    if requirement.scheduler is not None:
        who = "Nightshift" if requirement.scheduler == "nightshift" else "The back end, where it can,"
        lines.append(f"{who} keeps the time.")
    if requirement.notify != "mention":
        also = " as well as by a mention in the channel" if requirement.notify == "both" else ""
        lines.append(f"Approvers are told by direct message{also}.")
    if requirement.drift_percent is not None:
        lines.append(f"More than {requirement.drift_percent} % other targets need the approver's confirmation.")
    return tuple(lines)


def rule_trace(policy: Policy, subject: Subject) -> tuple[str, ...]:
    """Return a line for every rule: its place in the file, whether it applies, and why."""
    prepared = PreparedSubject(subject)
    results = [rule.explain(prepared) for rule in policy.rules]
    whole = {r.rule.name for r in results if isinstance(r, RuleMatch) and r.covers_all}
    overruled = policy.overruled_by(whole)
    lines = []
    for index, (rule, result) in enumerate(zip(policy.rules, results, strict=True)):
        if isinstance(result, RuleMatch) and rule.rule.name in overruled:
            text = f"does not count: “{overruled[rule.rule.name]}” wins over it"
        elif isinstance(result, RuleMatch):
            part = "" if result.covers_all else ", to a part of it"
            text = f"applies{part}: {join_words(result.causes)}"
        else:
            text = f"does not apply: {result.reason}"
        lines.append(f"{policy.location_of(('rules', index))}: “{rule.rule.name}” {text}.")
    return tuple(lines)


def explain(policy: Policy, subject: Subject, requirement: Requirement) -> tuple[str, ...]:
    """Return what ``nightshift policy explain`` prints: the sentence, the reasons, the terms, and each rule."""
    lines = (demand_sentence(requirement), *requirement.reasons, *terms_text(requirement), *rule_trace(policy, subject))
    return tuple(dict.fromkeys(lines))
