"""What policy demands of a request: approval by nobody, approval by these people in these stages, or a refusal.

The most demanding result wins. A refusal beats asking, and asking beats approving at once. Stages add up. The larger
quorum, the shorter expiry and the stricter of every other term win. If no rule settles the matter, the default
approvers decide. A rule for emergencies replaces what other rules ask for, and nothing that they refuse, for what was
asked for as an emergency and is its requester's alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeVar

from bot.requests.business_time import BusinessTime
from bot.requests.freezes.model import FreezeEffect, FreezeHit, refusing_hits
from bot.requests.model import Requirement, RequirementCode, Review, Scheduler, Stage
from bot.requests.patterns import Patterns
from bot.requests.policy.conditions import PreparedSubject
from bot.requests.policy.engine import Policy, RuleMatch
from bot.requests.policy.refusals import Reason, refusals
from bot.requests.policy.rules import (
    COUNT_BY_STRICTNESS,
    DEFAULT_EXPIRY,
    DEFAULT_REVIEW_WITHIN,
    DEFAULT_WARN_BEFORE,
    HOLDS_BY_STRICTNESS,
    LATE_BY_STRICTNESS,
    NOTIFY_BY_STRICTNESS,
    ApprovalTerms,
    PolicyRule,
)
from bot.requests.policy.strictest import (
    StrictestTerms,
    merge_stages,
    none_as_infinity,
    overlap_strictness,
    strictest_requirement,
)
from bot.requests.setting_types import REQUESTERS_GROUPS, make_stage
from bot.requests.subject import Subject
from bot.requests.text import join_words, stages_text

_FREEZE_CODES = {
    FreezeEffect.REFUSES: RequirementCode.FREEZE_REFUSES,
    FreezeEffect.ASKS: RequirementCode.FREEZE_ASKS,
    FreezeEffect.SKIPS_RUNS: RequirementCode.FREEZE_SKIPS_RUNS,
}
T = TypeVar("T")


def evaluate(
    policy: Policy, subject: Subject, freeze_hits: Sequence[FreezeHit] = (), *, automatic: bool = True
) -> Requirement:
    """Return what policy demands.

    ``freeze_hits`` are the freezes that the request touches. Groups keep the names that policy gives them;
    ``bot.requests.directory.resolve_groups`` turns them into ids. With ``automatic`` False no rule approves by itself,
    and nothing is an emergency.
    """
    if not automatic:
        subject = subject.model_copy(update={"emergency": False})
    prepared = PreparedSubject(subject)
    matches = policy.matching_rules(prepared)
    emergency = [m for m in matches if m.rule.effect == "emergency"]
    freeze_hits = [hit for hit in freeze_hits if not (emergency and hit.passes_emergencies)]
    refusing = [*refusals(policy, subject, matches), *_freeze_reasons(refusing_hits(freeze_hits))]
    if refusing:
        because = _causes(m for m in matches if m.rule.effect == "refuse")
        return _requirement(policy, matches, effect="refuse", reasons=refusing, because=because, subject=subject)

    if emergency:
        return _emergency_requirement(policy, subject, matches, emergency, freeze_hits)
    asking = [m for m in matches if m.rule.effect == "ask"]
    approving = [m for m in matches if m.rule.effect == "approve"]
    exhausted = [m for m in approving if m.rule.is_used_up(subject.approved_today)]
    if automatic and approving and not asking and not exhausted and not any(hit.stage for hit in freeze_hits):
        reasons = [*_automatic_reasons(approving, subject), *_freeze_reasons(freeze_hits)]
        return _requirement(
            policy, matches, effect="approve", reasons=reasons, because=_causes(approving), subject=subject
        )
    return _ask_requirement(policy, prepared, matches, exhausted, freeze_hits)


def evaluate_authors(
    policy: Policy,
    subject: Subject,
    editors: Mapping[str, frozenset[str]],
    freeze_hits: Sequence[FreezeHit] = (),
    *,
    needs_people: bool = False,
) -> Requirement:
    """Return the strictest of what policy demands of each author: the requester, and ``editors`` with the names of
    their groups by user id. No rule approves by itself what somebody other than the requester has written."""
    automatic = not editors and not needs_people
    subjects = [
        subject,
        *(subject.model_copy(update={"requester": user, "groups": groups}) for user, groups in editors.items()),
    ]
    return strictest_requirement([evaluate(policy, each, freeze_hits, automatic=automatic) for each in subjects])


def _emergency_requirement(
    policy: Policy,
    subject: Subject,
    matches: Sequence[RuleMatch],
    emergency: Sequence[RuleMatch],
    freeze_hits: Sequence[FreezeHit],
) -> Requirement:
    """Return what an emergency needs: the approvers of its rules, if they name any, and a review. Of several rules the
    first says who reviews, and the shortest time counts. When a rule has let enough of them run that nobody approved,
    the default approvers decide."""
    rules = [m.rule for m in emergency]
    exhausted = [rule for rule in rules if rule.is_used_up(subject.approved_today)]
    asking_freezes = {hit.freeze: hit.stage for hit in freeze_hits if hit.stage is not None}
    stages = [*(stage for rule in rules for stage in rule.required_stages()), *asking_freezes.values()]
    stages += policy.defaults.required_stages() if exhausted else ()
    reasons = [(RequirementCode.EMERGENCY, _emergency_text(m, subject)) for m in emergency]
    reasons += [(RequirementCode.BUDGET_EXHAUSTED, _exhausted_budget_text(rule)) for rule in exhausted]
    requirement = _requirement(
        policy,
        [m for m in matches if m.rule.effect in ("emergency", "limit")],
        effect="ask" if stages else "approve",
        stages=merge_stages(stages),
        reasons=[*reasons, *_freeze_reasons(freeze_hits)],
        because=(*_causes(emergency), *_exhausted_causes(exhausted)),
        freezes=tuple(asking_freezes),
        subject=subject,
    )
    within = min(rule.review_within or DEFAULT_REVIEW_WITHIN for rule in rules)
    review = Review(by=make_stage(rules[0].review_by, 1), within=within)
    return requirement.model_copy(update={"review": review, "demanded_by": tuple(rule.name for rule in rules)})


def _emergency_text(match: RuleMatch, subject: Subject) -> str:
    causes = join_words(match.causes)
    return f"The rule “{match.rule.name}” lets this run as an emergency: {causes}{_use_text(match.rule, subject)}."


def _automatic_reasons(matches: Sequence[RuleMatch], subject: Subject) -> list[Reason]:
    reasons = []
    for match in matches:
        use = _use_text(match.rule, subject)
        text = f"The rule “{match.rule.name}” approves this at once: {join_words(match.causes)}{use}."
        reasons.append((RequirementCode.RULE_APPROVES, text))
    return reasons


def _use_text(rule: PolicyRule, subject: Subject) -> str:
    """Return which one of its budget a start is, such as `` (2 of 5 that day)``; "" if there is no more of it."""
    if rule.daily_budget is None or rule.is_used_up(subject.approved_today):
        return ""
    return f" ({subject.approved_today.get(rule.name, 0) + 1} of {rule.daily_budget} that day)"


def _freeze_reasons(hits: Iterable[FreezeHit]) -> list[Reason]:
    return [(_FREEZE_CODES[hit.effect], hit.text) for hit in hits]


def _ask_requirement(
    policy: Policy,
    prepared: PreparedSubject,
    matches: Sequence[RuleMatch],
    exhausted: Sequence[RuleMatch],
    freeze_hits: Sequence[FreezeHit],
) -> Requirement:
    asking = [m for m in matches if m.rule.effect == "ask"]
    approving = [m for m in matches if m.rule.effect == "approve"]
    asking_freezes = [hit for hit in freeze_hits if hit.stage is not None]
    is_covered = _is_fully_covered(asking, prepared) or bool(approving)
    because = _causes(asking) + _exhausted_causes([m.rule for m in exhausted])
    reasons = [(RequirementCode.RULE_ASKS, _asking_text(m)) for m in asking]
    reasons += [(RequirementCode.BUDGET_EXHAUSTED, _exhausted_budget_text(m.rule)) for m in exhausted]
    reasons += [
        (
            RequirementCode.APPROVING_RULE_OVERRULED,
            f"The rule “{m.rule.name}” would approve this at once, but more is asked for.",
        )
        for m in approving
        if m not in exhausted
    ]
    if not is_covered:
        reasons.append(_default_approvers_reason(asking, matches))
        nobody_named = "no rule names approvers" if matches else "no rule applies"
        because = (*because, "a part without a rule") if asking else (nobody_named,)
    return _requirement(
        policy,
        matches,
        effect="ask",
        stages=_stages(policy, asking, exhausted, asking_freezes, is_covered=is_covered),
        reasons=[*reasons, *_freeze_reasons(freeze_hits)],
        because=tuple(dict.fromkeys((*because, *(f"the freeze {hit.freeze}" for hit in asking_freezes)))),
        freezes=tuple(dict.fromkeys(hit.freeze for hit in asking_freezes)),
        subject=prepared.subject,
    )


def _is_fully_covered(asking: Sequence[RuleMatch], prepared: PreparedSubject) -> bool:
    """Return whether the rules that ask cover the whole request: one alone, or several that share out its targets."""
    if any(m.covers_all for m in asking):
        return True
    shared = [pattern for m in asking for pattern in m.target_patterns]
    return Patterns(shared).covers(prepared.names)


def _asking_text(match: RuleMatch) -> str:
    rule, stages = match.rule, match.rule.required_stages()
    wanted = stages_text(stages) if stages else f"{rule.quorum} approvals" if rule.quorum else "an approval"
    return f"The rule “{rule.name}” asks for {wanted}: {join_words(match.causes)}."


def _exhausted_causes(exhausted: Iterable[PolicyRule]) -> tuple[str, ...]:
    return tuple(f"the daily budget of “{rule.name}” is used up" for rule in exhausted)


def _exhausted_budget_text(rule: PolicyRule) -> str:
    return (
        f"The rule “{rule.name}” has let {rule.daily_budget} start that day without an approval, as many as it may; "
        "people decide now."
    )


def _default_approvers_reason(asking: Sequence[RuleMatch], matches: Sequence[RuleMatch]) -> Reason:
    if asking:
        return (
            RequirementCode.NO_RULE_COVERS_THE_REST,
            "No rule covers the rest of this request, so the default approvers decide on it too.",
        )
    what = "names approvers for" if matches else "covers"
    return RequirementCode.NO_RULE_COVERS_IT, f"No rule {what} this request, so the default approvers decide."


def _stages(
    policy: Policy,
    asking: Sequence[RuleMatch],
    exhausted: Sequence[RuleMatch],
    asking_freezes: Sequence[FreezeHit],
    *,
    is_covered: bool,
) -> tuple[Stage, ...]:
    """Return the stages of all rules together. A quorum without approvers is a minimum for everybody else's stages."""
    people_decide = (*asking, *exhausted)
    stages = [stage for m in people_decide for stage in m.rule.required_stages()]
    only_freezes_ask = bool(asking_freezes) and not people_decide
    if not is_covered or (not stages and not only_freezes_ask):
        stages += policy.defaults.required_stages()
    minimum = max((m.rule.quorum or 1 for m in people_decide if not m.rule.approvers), default=1)
    raised = [stage.model_copy(update={"quorum": max(stage.quorum, minimum)}) for stage in stages]
    return merge_stages([*raised, *(hit.stage for hit in asking_freezes if hit.stage is not None)])


def _without_excluded(stages: Sequence[Stage], terms: Iterable[ApprovalTerms], subject: Subject) -> tuple[Stage, ...]:
    """Return the stages without the people whom any of the terms excludes from approving."""
    names = tuple(dict.fromkeys(name for each in terms for name in each.not_approvers))
    if not names:
        return tuple(stages)
    excluded = [name for name in names if name != REQUESTERS_GROUPS]
    excluded += sorted(subject.groups | subject.former_groups) if REQUESTERS_GROUPS in names else []
    texts = tuple(f"the {name}" if name == REQUESTERS_GROUPS else name for name in names)
    return tuple(s.model_copy(update={"excluded": tuple(excluded), "excluded_names": texts}) for s in stages)


def _causes(matches: Iterable[RuleMatch]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for m in matches for text in m.causes))


def _requirement(
    policy: Policy,
    matches: Sequence[RuleMatch],
    *,
    effect: Literal["ask", "approve", "refuse"],
    reasons: Sequence[Reason],
    because: tuple[str, ...],
    stages: tuple[Stage, ...] = (),
    freezes: tuple[str, ...] = (),
    subject: Subject,
) -> Requirement:
    terms = StrictestTerms(policy.defaults, matches)
    expires_after = terms.strictest(lambda t: t.expires, DEFAULT_EXPIRY, float)
    reminders = terms.first_set(lambda t: t.reminders) or ()
    escalate_after, escalate_to = terms.escalation()
    escalates = escalate_after is not None and escalate_after < expires_after
    all_terms = [policy.defaults, *(m.rule for m in matches)]
    escalation_stages = _without_excluded([make_stage(escalate_to, 1)] if escalates else [], all_terms, subject)
    return Requirement(
        effect=effect,
        stages=_without_excluded(stages, all_terms, subject),
        reasons=tuple(text for _, text in reasons),
        codes=tuple(dict.fromkeys(code for code, _ in reasons)),
        rules=tuple(m.rule.name for m in matches),
        requester_counts=terms.strictest(lambda t: t.requester_counts, False, bool),
        expires_after=expires_after,
        reminders=tuple(at for at in reminders if at < expires_after),
        escalate_after=escalate_after if escalates else None,
        escalate_to=next(iter(escalation_stages), None),
        late=terms.strictest(lambda t: t.late, "ask", LATE_BY_STRICTNESS.index),
        overlap=terms.strictest(lambda t: t.overlap, None, overlap_strictness),
        renew_after_days=terms.strictest(lambda t: t.renew_after_days, None, none_as_infinity),
        renew_after_runs=terms.strictest(lambda t: t.renew_after_runs, None, none_as_infinity),
        drift_percent=terms.drift(has_fixed_targets=subject.fixed_targets),
        warn_before=terms.strictest(lambda t: t.warn_before, DEFAULT_WARN_BEFORE, lambda seconds: -seconds),
        approver_limits=terms.all_set(lambda t: t.approver_limit),
        approval_holds=terms.strictest(lambda t: t.approval_holds, "start", HOLDS_BY_STRICTNESS.index),
        because=because,
        demanded_by=tuple(m.rule.name for m in matches if m.rule.effect == effect),
        freezes=freezes,
        scheduler=_scheduler(matches),
        business=_business_time(policy, terms),
        notify=terms.strictest(lambda t: t.notify, "mention", NOTIFY_BY_STRICTNESS.index),
    )


def _business_time(policy: Policy, terms: StrictestTerms) -> BusinessTime | None:
    """Return the working hours if only these count; None if every hour does."""
    count = terms.strictest(lambda t: t.count, "clock", COUNT_BY_STRICTNESS.index)
    return policy.defaults.business_time if count == "business" else None


def _scheduler(matches: Sequence[RuleMatch]) -> Scheduler | None:
    """Return who keeps the time: Nightshift where any rule says so, the back end only by a rule for the whole
    request."""
    named = {m.rule.scheduler for m in matches if m.covers_all or m.rule.scheduler == "nightshift"}
    return "nightshift" if "nightshift" in named else "backend" if "backend" in named else None
