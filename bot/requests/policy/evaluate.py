"""What policy demands of a request: approval by nobody, approval by these people in these stages, or a refusal.

The most demanding result wins. A refusal beats asking, and asking beats approving at once. Stages add up. The larger
quorum, the shorter expiry and the stricter of every other term win. If no rule settles the matter, the default
approvers decide. A rule for emergencies replaces what other rules ask for, and nothing that they refuse, for what was
asked for as an emergency and is its requester's alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from math import inf
from typing import Literal, TypeVar

from bot.requests.freezes.model import FreezeEffect, FreezeHit, refusing_hits
from bot.requests.model import Overlap, Requirement, RequirementCode, Review, Scheduler, Stage
from bot.requests.overlap import OVERLAPS_BY_STRICTNESS
from bot.requests.patterns import Patterns
from bot.requests.policy.conditions import PreparedSubject
from bot.requests.policy.engine import Policy, RuleMatch
from bot.requests.policy.refusals import Reason, refusals
from bot.requests.policy.rules import (
    DEFAULT_EXPIRY,
    DEFAULT_REVIEW_WITHIN,
    DEFAULT_WARN_BEFORE,
    LATE_BY_STRICTNESS,
    ApprovalTerms,
    PolicyRule,
)
from bot.requests.setting_types import make_stage
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
    exhausted = [m for m in approving if m.rule.budget and subject.approved_today.get(m.rule.name, 0) >= m.rule.budget]
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
    is_taken_over: bool = False,
) -> Requirement:
    """Return the strictest of what policy demands of each author: the requester, and ``editors`` with the names of
    their groups by user id. No rule approves by itself what somebody other than the requester has written."""
    automatic = not editors and not is_taken_over
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
    first says who reviews, and the shortest time counts."""
    rules = [m.rule for m in emergency]
    asking_freezes = {hit.freeze: hit.stage for hit in freeze_hits if hit.stage is not None}
    stages = [*(stage for rule in rules for stage in rule.required_stages()), *asking_freezes.values()]
    reasons = [(RequirementCode.EMERGENCY, _emergency_text(m)) for m in emergency]
    requirement = _requirement(
        policy,
        [m for m in matches if m.rule.effect in ("emergency", "limit")],
        effect="ask" if stages else "approve",
        stages=merge_stages(stages),
        reasons=[*reasons, *_freeze_reasons(freeze_hits)],
        because=_causes(emergency),
        freezes=tuple(asking_freezes),
        subject=subject,
    )
    within = min(rule.review_within or DEFAULT_REVIEW_WITHIN for rule in rules)
    review = Review(by=make_stage(rules[0].review_by, 1), within=within)
    return requirement.model_copy(update={"review": review})


def _emergency_text(match: RuleMatch) -> str:
    return f"The rule “{match.rule.name}” lets this run as an emergency because of {join_words(match.causes)}."


def _automatic_reasons(matches: Sequence[RuleMatch], subject: Subject) -> list[Reason]:
    reasons = []
    for match in matches:
        rule, used = match.rule, subject.approved_today.get(match.rule.name, 0)
        budget = f" ({used + 1} of {rule.budget} today)" if rule.budget else ""
        text = f"The rule “{rule.name}” approves this at once because of {join_words(match.causes)}{budget}."
        reasons.append((RequirementCode.RULE_APPROVES, text))
    return reasons


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
    because = _causes(asking) + tuple(f"the daily budget of “{m.rule.name}” is used up" for m in exhausted)
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
        reasons.append(_default_approvers_reason(asking))
        because = (*because, "a part without a rule") if asking else ("no rule applies",)
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
    return f"The rule “{rule.name}” asks for {wanted} because of {join_words(match.causes)}."


def _exhausted_budget_text(rule: PolicyRule) -> str:
    return f"The rule “{rule.name}” has approved {rule.budget} at once today, as many as it may; people decide now."


def _default_approvers_reason(asking: Sequence[RuleMatch]) -> Reason:
    if asking:
        return (
            RequirementCode.NO_RULE_COVERS_THE_REST,
            "No rule covers the rest of this request, so the default approvers decide on it too.",
        )
    return RequirementCode.NO_RULE_COVERS_IT, "No rule covers this request, so the default approvers decide."


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


def merge_stages(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Merge stages with the same approvers into one with the larger quorum; keep the others one after the other."""
    merged: dict[tuple[frozenset[str], frozenset[str]], Stage] = {}
    for stage in stages:
        approvers = frozenset(stage.groups), frozenset(stage.users)
        if approvers not in merged or merged[approvers].quorum < stage.quorum:
            merged[approvers] = stage
    return tuple(merged.values())


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
    terms = _StrictestTerms(policy.defaults, matches)
    expires_after = terms.strictest(lambda t: t.expires, DEFAULT_EXPIRY, float)
    reminders = terms.first_set(lambda t: t.reminders) or ()
    escalate_after, escalate_to = terms.escalation()
    escalates = escalate_after is not None and escalate_after < expires_after
    return Requirement(
        effect=effect,
        stages=stages,
        reasons=tuple(text for _, text in reasons),
        codes=tuple(dict.fromkeys(code for code, _ in reasons)),
        rules=tuple(m.rule.name for m in matches),
        requester_counts=terms.strictest(lambda t: t.requester_counts, False, bool),
        expires_after=expires_after,
        reminders=tuple(at for at in reminders if at < expires_after),
        escalate_after=escalate_after if escalates else None,
        escalate_to=make_stage(escalate_to, 1) if escalates else None,
        late=terms.strictest(lambda t: t.late, "ask", LATE_BY_STRICTNESS.index),
        overlap=terms.strictest(lambda t: t.overlap, None, _overlap_strictness),
        renew_after_days=terms.strictest(lambda t: t.renew_after_days, None, _none_as_infinity),
        renew_after_runs=terms.strictest(lambda t: t.renew_after_runs, None, _none_as_infinity),
        drift_percent=terms.drift(has_fixed_targets=subject.fixed_targets),
        warn_before=terms.strictest(lambda t: t.warn_before, DEFAULT_WARN_BEFORE, lambda seconds: -seconds),
        because=because,
        freezes=freezes,
        scheduler=_scheduler(matches),
    )


def _scheduler(matches: Sequence[RuleMatch]) -> Scheduler | None:
    """Return who keeps the time: Nightshift where any rule says so, the back end only by a rule for the whole
    request."""
    named = {m.rule.scheduler for m in matches if m.covers_all or m.rule.scheduler == "nightshift"}
    return "nightshift" if "nightshift" in named else "backend" if "backend" in named else None


def _none_as_infinity(value: int | None) -> float:
    return inf if value is None else value


def _overlap_strictness(value: Overlap | None) -> float:
    return inf if value is None else OVERLAPS_BY_STRICTNESS.index(value)


class _StrictestTerms:
    """The terms of the rules that apply, each the strictest that any of them sets. The default counts too, unless a
    rule that covers the whole request sets the term: it is stricter, or it ``loosens``."""

    def __init__(self, defaults: ApprovalTerms, matches: Sequence[RuleMatch]) -> None:
        self._defaults = defaults
        self._matches = matches

    def strictest(self, term: Callable[[ApprovalTerms], T | None], fallback: T, strictness: Callable[[T], float]) -> T:
        """Return the strictest value of a term, which has the smallest ``strictness``."""
        set_by_rules = [(m.covers_all, value) for m in self._matches if (value := term(m.rule)) is not None]
        values = [value for _, value in set_by_rules]
        if not any(covers_all for covers_all, _ in set_by_rules):
            default = term(self._defaults)
            values.append(fallback if default is None else default)
        return min(values, key=strictness)

    def first_set(self, term: Callable[[ApprovalTerms], T | None]) -> T | None:
        """Return the term of the first rule that sets it, or the default."""
        set_by_rules = (value for m in self._matches if (value := term(m.rule)) is not None)
        return next(set_by_rules, term(self._defaults))

    def drift(self, *, has_fixed_targets: bool) -> int | None:
        """Return the percent of targets that may change; None for the built-in default. A list of fixed targets allows
        none, unless ``[policy]`` or a rule that loosens says otherwise."""
        loosens = any(m.rule.loosens and m.covers_all and m.rule.drift is not None for m in self._matches)
        if has_fixed_targets and self._defaults.drift is None and not loosens:
            return None
        return self.strictest(lambda t: t.drift, None, _none_as_infinity)

    def escalation(self) -> tuple[int | None, tuple[str, ...]]:
        """Return after how many seconds the approval is escalated, and to whom.

        Rules whose stages come together must agree on the people, since these may approve in all of them. The latest
        time counts. A rule that loosens, and covers the whole request, decides instead.
        """
        whole = [m.rule for m in self._matches if m.covers_all]
        loosening: list[ApprovalTerms] = [rule for rule in whole if rule.loosens and rule.escalate_to]
        own = [m.rule for m in self._matches if m.rule.effect in ("ask", "emergency") and m.rule.required_stages()]
        inherited: list[ApprovalTerms] = [rule if rule.escalate_to else self._defaults for rule in own]
        terms = loosening or inherited or [self._defaults]
        if len({frozenset(t.escalate_to) for t in terms}) > 1:
            return None, ()
        latest = max(terms, key=lambda t: t.escalate_after or 0)
        return latest.escalate_after, latest.escalate_to


def strictest_requirement(requirements: Sequence[Requirement]) -> Requirement:
    """Return what meets all of several requirements for the same work: one refusal refuses, stages add up, and of every
    other term the strictest wins."""
    first = requirements[0]
    if len(requirements) == 1:
        return first
    refusals = [r for r in requirements if r.effect == "refuse"]
    counted = refusals or requirements
    expires_after = min(r.expires_after for r in counted)
    escalating = [r for r in counted if r.escalate_after is not None and r.escalate_after < expires_after]
    escalation = min(escalating, key=lambda r: r.escalate_after or 0, default=None)
    return first.model_copy(
        update={
            "effect": "refuse" if refusals else "ask" if any(r.effect == "ask" for r in counted) else "approve",
            "stages": () if refusals else merge_stages(stage for r in counted for stage in r.stages),
            "reasons": _merge(r.reasons for r in counted),
            "codes": _merge(r.codes for r in counted),
            "rules": _merge(r.rules for r in counted),
            "because": _merge(r.because for r in counted),
            "freezes": _merge(r.freezes for r in counted),
            "requester_counts": all(r.requester_counts for r in counted),
            "expires_after": expires_after,
            "reminders": tuple(at for at in first.reminders if at < expires_after),
            "escalate_after": escalation.escalate_after if escalation else None,
            "escalate_to": escalation.escalate_to if escalation else None,
            "late": min((r.late for r in counted), key=LATE_BY_STRICTNESS.index),
            "overlap": min((r.overlap for r in counted), key=_overlap_strictness),
            "renew_after_days": min((r.renew_after_days for r in counted), key=_none_as_infinity),
            "renew_after_runs": min((r.renew_after_runs for r in counted), key=_none_as_infinity),
            "drift_percent": min((r.drift_percent for r in counted), key=_none_as_infinity),
            "warn_before": max(r.warn_before for r in counted),
            "scheduler": _strictest_scheduler({r.scheduler for r in counted}),
        }
    )


def _strictest_scheduler(named: Set[Scheduler | None]) -> Scheduler | None:
    """Return who keeps the time for several authors: the back end only if that goes for all of them."""
    return "nightshift" if "nightshift" in named else "backend" if named == {"backend"} else None


def _merge(parts: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(item for part in parts for item in part))
