"""What policy demands of a request: nobody, these people in these stages, or that it be refused; always with reasons.

Most demanding wins: a refusal beats asking, asking beats approving at once; stages add up; the larger quorum, the
shorter expiry and the stricter rest win. Where no rule settles the matter, the default approvers decide.
"""

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any, Literal, TypeVar

from bot.requests.freezes.model import FreezeHit, refusing_hits
from bot.requests.model import LatePolicy, Requirement, Stage
from bot.requests.patterns import Patterns
from bot.requests.policy.conditions import PreparedSubject
from bot.requests.policy.engine import Policy, RuleMatch
from bot.requests.policy.rules import ApprovalTerms, PolicyRule
from bot.requests.setting_types import make_stage
from bot.requests.subject import Subject
from bot.requests.text import join_words, stages_text

_LATE_BY_STRICTNESS: tuple[LatePolicy, ...] = ("drop", "ask", "next", "now")
_VERDICT_ORDER: tuple[Literal["approve", "ask"], ...] = ("approve", "ask")
T = TypeVar("T")


def evaluate(
    policy: Policy, subject: Subject, freeze_hits: Sequence[FreezeHit] = (), *, automatic: bool = True
) -> Requirement:
    """Return what policy demands.

    ``freeze_hits`` are the freezes that the request touches. Groups stay as policy names them;
    ``bot.requests.directory.resolve_groups`` turns them into ids. ``automatic`` False lets no rule approve by itself.
    """
    look = PreparedSubject(subject)
    applying = policy.matching_rules(look)
    refusals = [*_refusals(policy, subject, applying), *(hit.text for hit in refusing_hits(freeze_hits))]
    if refusals:
        because = _causes(a for a in applying if a.rule.effect == "refuse")
        return _requirement(policy, applying, verdict="refuse", reasons=tuple(refusals), because=because)

    asks = [a for a in applying if a.rule.effect == "ask"]
    approves = [a for a in applying if a.rule.effect == "approve"]
    spent = [a for a in approves if a.rule.budget and subject.approved_today.get(a.rule.name, 0) >= a.rule.budget]
    if automatic and approves and not asks and not spent and not any(hit.stage for hit in freeze_hits):
        reasons = (*_automatic_reasons(approves, subject), *(hit.text for hit in freeze_hits))
        return _requirement(policy, applying, verdict="approve", reasons=reasons, because=_causes(approves))
    return _ask_requirement(policy, look, applying, spent, freeze_hits)


def _refusals(policy: Policy, subject: Subject, matches: Sequence[RuleMatch]) -> list[str]:
    """Why the request may not be made: rules that refuse, and gates that the requester does not pass."""
    who = subject.groups | {subject.requester}
    gates: list[tuple[str, tuple[str, ...]]] = [("", policy.defaults.may_request)]
    gates += [(a.rule.name, a.rule.may_request) for a in matches]
    found = [
        f"The rule “{a.rule.name}” refuses this because of {join_words(a.causes)}."
        for a in matches
        if a.rule.effect == "refuse"
    ]
    for name, allowed in gates:
        if allowed and who.isdisjoint(allowed):
            by = f"The rule “{name}” says that only" if name else "Only"
            found.append(f"{by} {join_words(allowed, 'or')} may ask for this.")
    return found


def refuses_every_request(policy: Policy, subject: Subject) -> bool:
    """Whether policy refuses the requester whatever they ask of this back end and operation. Only rules that look at
    these alone count; what others refuse shows on a request itself."""
    general = [
        a for a in policy.matching_rules(PreparedSubject(subject)) if a.rule.unless is None and _is_general(a.rule)
    ]
    return bool(_refusals(policy, subject, general))


def _is_general(rule: PolicyRule) -> bool:
    return not rule.when.model_dump(exclude={"backend", "operation", "requester", "zone"}, exclude_defaults=True)


def _automatic_reasons(matches: Sequence[RuleMatch], subject: Subject) -> tuple[str, ...]:
    reasons = []
    for applies in matches:
        rule, used = applies.rule, subject.approved_today.get(applies.rule.name, 0)
        budget = f" ({used + 1} of {rule.budget} today)" if rule.budget else ""
        reasons.append(f"The rule “{rule.name}” approves this at once because of {join_words(applies.causes)}{budget}.")
    return tuple(reasons)


def _ask_requirement(
    policy: Policy,
    prepared: PreparedSubject,
    matches: Sequence[RuleMatch],
    exhausted: Sequence[RuleMatch],
    freeze_hits: Sequence[FreezeHit],
) -> Requirement:
    asks = [a for a in matches if a.rule.effect == "ask"]
    permits = [a for a in matches if a.rule.effect == "approve"]
    frozen = [hit for hit in freeze_hits if hit.stage is not None]
    settled = _is_fully_covered(asks, prepared) or bool(permits)
    because = _causes(asks) + tuple(f"the daily budget of “{a.rule.name}” is used up" for a in exhausted)
    reasons = [f"The rule “{a.rule.name}” {_request_text(a.rule)} because of {join_words(a.causes)}." for a in asks]
    reasons += [_exhausted_budget_text(a.rule) for a in exhausted]
    reasons += [
        f"The rule “{a.rule.name}” would approve this at once, but more is asked for."
        for a in permits
        if a not in exhausted
    ]
    if not settled:
        reasons.append(_default_approvers_text(asks))
        because = (*because, "a rest that no rule covers") if asks else ("no rule covers it",)
    return _requirement(
        policy,
        matches,
        verdict="ask",
        stages=_stages(policy, asks, exhausted, frozen, is_covered=settled),
        reasons=(*reasons, *(hit.text for hit in freeze_hits)),
        because=tuple(dict.fromkeys((*because, *(f"the freeze {hit.freeze}" for hit in frozen)))),
        freezes=tuple(dict.fromkeys(hit.freeze for hit in frozen)),
    )


def _is_fully_covered(asks: Sequence[RuleMatch], prepared: PreparedSubject) -> bool:
    """Whether the rules that ask cover the whole request: one alone, or several that share out its targets."""
    if any(a.covers_all for a in asks):
        return True
    shares = [text for a in asks for text in a.target_patterns]
    return bool(shares) and Patterns(shares).covers(prepared.names)


def _request_text(rule: PolicyRule) -> str:
    stages = rule.required_stages()
    if stages:
        return f"asks for {stages_text(stages)}"
    return f"asks for {rule.quorum} approvals" if rule.quorum else "asks for an approval"


def _exhausted_budget_text(rule: PolicyRule) -> str:
    return f"The rule “{rule.name}” has approved {rule.budget} at once today, as many as it may; people decide now."


def _default_approvers_text(asks: Sequence[RuleMatch]) -> str:
    if asks:
        return "No rule covers the rest of this request, so the default approvers decide on it too."
    return "No rule covers this request, so the default approvers decide."


def _stages(
    policy: Policy,
    asks: Sequence[RuleMatch],
    exhausted: Sequence[RuleMatch],
    freeze_hits: Sequence[FreezeHit],
    *,
    is_covered: bool,
) -> tuple[Stage, ...]:
    """The stages of all rules together. A quorum without approvers is a floor for everybody else's stages."""
    asked = [stage for a in (*asks, *exhausted) for stage in a.rule.required_stages()]
    if not is_covered or (not asked and not (freeze_hits and not asks and not exhausted)):
        asked += policy.defaults.required_stages()
    floor = max((a.rule.quorum or 1 for a in (*asks, *exhausted) if not a.rule.approvers), default=1)
    raised = [stage.model_copy(update={"quorum": max(stage.quorum, floor)}) for stage in asked]
    return merge_stages([*raised, *(hit.stage for hit in freeze_hits if hit.stage is not None)])


def merge_stages(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Stages with the same approvers as one, with the larger quorum; the others one after the other."""
    found: dict[tuple[frozenset[str], frozenset[str]], Stage] = {}
    for stage in stages:
        key = frozenset(stage.groups), frozenset(stage.users)
        if key not in found or found[key].quorum < stage.quorum:
            found[key] = stage
    return tuple(found.values())


def _causes(matches: Iterable[RuleMatch]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for a in matches for text in a.causes))


def _requirement(
    policy: Policy,
    matches: Sequence[RuleMatch],
    *,
    verdict: Literal["ask", "approve", "refuse"],
    reasons: tuple[str, ...],
    because: tuple[str, ...],
    stages: tuple[Stage, ...] = (),
    freezes: tuple[str, ...] = (),
) -> Requirement:
    terms = _StrictestTerms(policy.defaults, matches)
    expires = terms.strictest("expires", 8 * 3600, float)
    reminders = terms.first_set("reminders") or ()
    after, to = terms.earliest_escalation()
    return Requirement(
        effect=verdict,
        stages=stages,
        reasons=reasons,
        rules=tuple(a.rule.name for a in matches),
        requester_counts=terms.strictest("requester_counts", False, bool),
        expires_after=expires,
        reminders=tuple(at for at in reminders if at < expires),
        escalate_after=after if after and after < expires else None,
        escalate_to=make_stage(to, 1) if after and after < expires else None,
        late=terms.strictest("late", "ask", _LATE_BY_STRICTNESS.index),
        renew_after_days=terms.strictest("renew_after_days", None, _none_as_infinity),
        renew_after_runs=terms.strictest("renew_after_runs", None, _none_as_infinity),
        drift_percent=terms.strictest("drift", None, _none_as_infinity),
        warn_before=terms.strictest("warn_before", 900, lambda value: -value),
        because=because,
        freezes=freezes,
    )


def _none_as_infinity(value: int | None) -> float:
    return inf if value is None else value


class _StrictestTerms:
    """The terms of the rules that apply; each the strictest that any of them sets. The default has its say unless a
    rule that covers the whole request sets the term."""

    def __init__(self, defaults: ApprovalTerms, matches: Sequence[RuleMatch]) -> None:
        self._defaults = defaults
        self._matches = matches

    def strictest(self, name: str, fallback: T, strictness: Callable[[T], float]) -> T:
        """The strictest value of a term: the one whose ``strictness`` is smallest."""
        set_by = [(a.covers_all, value) for a in self._matches if (value := getattr(a.rule, name)) is not None]
        values: list[T] = [value for _, value in set_by]
        if not any(whole for whole, _ in set_by):
            default = getattr(self._defaults, name)
            values.append(fallback if default is None else default)
        return min(values, key=strictness)

    def first_set(self, name: str) -> Any:
        """The term of the first rule that sets it, or the default."""
        set_by = (value for a in self._matches if (value := getattr(a.rule, name)) is not None)
        return next(set_by, getattr(self._defaults, name))

    def earliest_escalation(self) -> tuple[int | None, tuple[str, ...]]:
        """The earliest escalation, and to whom."""
        terms: Sequence[ApprovalTerms] = [a.rule for a in self._matches if a.rule.escalate_after] or [self._defaults]
        earliest = min(terms, key=lambda t: t.escalate_after or 0)
        return earliest.escalate_after, earliest.escalate_to


def strictest_requirement(requirements: Sequence[Requirement]) -> Requirement:
    """What meets all of several requirements for the same work: one refusal refuses, stages add up, and of every other
    term the strictest holds."""
    first = requirements[0]
    if len(requirements) == 1:
        return first
    refusals = [r for r in requirements if r.effect == "refuse"]
    counted = refusals or requirements
    expires = min(r.expires_after for r in counted)
    escalating = [r for r in counted if r.escalate_after is not None and r.escalate_after < expires]
    escalation = min(escalating, key=lambda r: r.escalate_after or 0, default=None)
    return first.model_copy(
        update={
            "effect": "refuse" if refusals else _VERDICT_ORDER[max(_VERDICT_ORDER.index(r.effect) for r in counted)],
            "stages": () if refusals else merge_stages(stage for r in counted for stage in r.stages),
            "reasons": _merge_texts(counted, "reasons"),
            "rules": _merge_texts(counted, "rules"),
            "because": _merge_texts(counted, "because"),
            "freezes": _merge_texts(counted, "freezes"),
            "requester_counts": all(r.requester_counts for r in counted),
            "expires_after": expires,
            "reminders": tuple(at for at in first.reminders if at < expires),
            "escalate_after": escalation.escalate_after if escalation else None,
            "escalate_to": escalation.escalate_to if escalation else None,
            "late": min((r.late for r in counted), key=_LATE_BY_STRICTNESS.index),
            "renew_after_days": min((r.renew_after_days for r in counted), key=_none_as_infinity),
            "renew_after_runs": min((r.renew_after_runs for r in counted), key=_none_as_infinity),
            "drift_percent": min((r.drift_percent for r in counted), key=_none_as_infinity),
            "warn_before": max(r.warn_before for r in counted),
        }
    )


def _merge_texts(requirements: Sequence[Requirement], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for r in requirements for text in getattr(r, name)))
