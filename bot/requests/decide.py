"""What policy demands of a request: nobody, these people in these stages, or that it be refused; always with reasons.

Most demanding wins: a refusal beats asking, asking beats approving at once; stages add up; the larger quorum, the
shorter expiry and the stricter rest win. Where no rule settles the matter, the default approvers decide.
"""

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any, Literal, TypeVar

from bot.requests.conditions import Look
from bot.requests.freezes import Hit, stopping
from bot.requests.model import Requirement, Stage
from bot.requests.patterns import Patterns
from bot.requests.policy import Applies, Policy
from bot.requests.rules import Late, Rule, Terms, stage_of
from bot.requests.subject import Subject
from bot.requests.words import demands, joined

_STRICTNESS: tuple[Late, ...] = ("drop", "ask", "next", "now")
_ASKED: tuple[Literal["approve", "ask"], ...] = ("approve", "ask")
T = TypeVar("T")


def decide(policy: Policy, subject: Subject, hits: Sequence[Hit] = (), *, automatic: bool = True) -> Requirement:
    """What policy demands. ``hits`` are the freezes that the request touches. Groups stay as policy names them
    (``bot.requests.directory.resolve`` turns them into ids). ``automatic`` False lets no rule approve by itself."""
    look = Look(subject)
    applying = policy.applying(look)
    refusals = [*_refusals(policy, subject, applying), *(hit.words for hit in stopping(hits))]
    if refusals:
        because = _because(a for a in applying if a.rule.effect == "refuse")
        return _requirement(policy, applying, verdict="refuse", reasons=tuple(refusals), because=because)

    asks = [a for a in applying if a.rule.effect == "ask"]
    approves = [a for a in applying if a.rule.effect == "approve"]
    spent = [a for a in approves if a.rule.budget and subject.approved_today.get(a.rule.name, 0) >= a.rule.budget]
    if automatic and approves and not asks and not spent and not any(hit.stage for hit in hits):
        reasons = (*_approving(approves, subject), *(hit.words for hit in hits))
        return _requirement(policy, applying, verdict="approve", reasons=reasons, because=_because(approves))
    return _asking(policy, look, applying, spent, hits)


def _refusals(policy: Policy, subject: Subject, applying: Sequence[Applies]) -> list[str]:
    """Why the request may not be made: rules that refuse, and gates that the requester does not pass."""
    who = subject.groups | {subject.requester}
    gates: list[tuple[str, tuple[str, ...]]] = [("", policy.defaults.may_request)]
    gates += [(a.rule.name, a.rule.may_request) for a in applying]
    found = [
        f"The rule “{a.rule.name}” refuses this because of {joined(a.because)}."
        for a in applying
        if a.rule.effect == "refuse"
    ]
    for name, allowed in gates:
        if allowed and who.isdisjoint(allowed):
            by = f"The rule “{name}” says that only" if name else "Only"
            found.append(f"{by} {joined(allowed, 'or')} may ask for this.")
    return found


def refuses_all(policy: Policy, subject: Subject) -> bool:
    """Whether policy refuses the requester whatever they ask of this back end and operation. Only rules that look at
    these alone count; what others refuse shows on a request itself."""
    general = [a for a in policy.applying(Look(subject)) if a.rule.unless is None and _is_general(a.rule)]
    return bool(_refusals(policy, subject, general))


def _is_general(rule: Rule) -> bool:
    return not rule.when.model_dump(exclude={"backend", "operation", "requester", "zone"}, exclude_defaults=True)


def _approving(approves: Sequence[Applies], subject: Subject) -> tuple[str, ...]:
    reasons = []
    for applies in approves:
        rule, used = applies.rule, subject.approved_today.get(applies.rule.name, 0)
        budget = f" ({used + 1} of {rule.budget} today)" if rule.budget else ""
        reasons.append(f"The rule “{rule.name}” approves this at once because of {joined(applies.because)}{budget}.")
    return tuple(reasons)


def _asking(
    policy: Policy, look: Look, applying: Sequence[Applies], spent: Sequence[Applies], hits: Sequence[Hit]
) -> Requirement:
    asks = [a for a in applying if a.rule.effect == "ask"]
    permits = [a for a in applying if a.rule.effect == "approve"]
    frozen = [hit for hit in hits if hit.stage is not None]
    settled = _settled(asks, look) or bool(permits)
    because = _because(asks) + tuple(f"the daily budget of “{a.rule.name}” is used up" for a in spent)
    reasons = [f"The rule “{a.rule.name}” {_asks_for(a.rule)} because of {joined(a.because)}." for a in asks]
    reasons += [_spent_words(a.rule) for a in spent]
    reasons += [
        f"The rule “{a.rule.name}” would approve this at once, but more is asked for."
        for a in permits
        if a not in spent
    ]
    if not settled:
        reasons.append(_default_words(asks))
        because = (*because, "a rest that no rule covers") if asks else ("no rule covers it",)
    return _requirement(
        policy,
        applying,
        verdict="ask",
        stages=_stages(policy, asks, spent, frozen, settled=settled),
        reasons=(*reasons, *(hit.words for hit in hits)),
        because=tuple(dict.fromkeys((*because, *(f"the freeze {hit.freeze}" for hit in frozen)))),
        freezes=tuple(dict.fromkeys(hit.freeze for hit in frozen)),
    )


def _settled(asks: Sequence[Applies], look: Look) -> bool:
    """Whether the rules that ask cover the whole request: one alone, or several that share out its targets."""
    if any(a.whole for a in asks):
        return True
    shares = [text for a in asks for text in a.shares]
    return bool(shares) and Patterns(shares).covers(look.names)


def _asks_for(rule: Rule) -> str:
    stages = rule.stage_list()
    if stages:
        return f"asks for {demands(stages)}"
    return f"asks for {rule.quorum} approvals" if rule.quorum else "asks for an approval"


def _spent_words(rule: Rule) -> str:
    return f"The rule “{rule.name}” has approved {rule.budget} at once today, as many as it may; people decide now."


def _default_words(asks: Sequence[Applies]) -> str:
    if asks:
        return "No rule covers the rest of this request, so the default approvers decide on it too."
    return "No rule covers this request, so the default approvers decide."


def _stages(
    policy: Policy, asks: Sequence[Applies], spent: Sequence[Applies], frozen: Sequence[Hit], *, settled: bool
) -> tuple[Stage, ...]:
    """The stages of all rules together. A quorum without approvers is a floor for everybody else's stages."""
    asked = [stage for a in (*asks, *spent) for stage in a.rule.stage_list()]
    if not settled or (not asked and not (frozen and not asks and not spent)):
        asked += policy.defaults.stage_list()
    floor = max((a.rule.quorum or 1 for a in (*asks, *spent) if not a.rule.approvers), default=1)
    raised = [stage.model_copy(update={"quorum": max(stage.quorum, floor)}) for stage in asked]
    return merged([*raised, *(hit.stage for hit in frozen if hit.stage is not None)])


def merged(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Stages with the same approvers as one, with the larger quorum; the others one after the other."""
    found: dict[tuple[frozenset[str], frozenset[str]], Stage] = {}
    for stage in stages:
        key = frozenset(stage.groups), frozenset(stage.users)
        if key not in found or found[key].quorum < stage.quorum:
            found[key] = stage
    return tuple(found.values())


def _because(applying: Iterable[Applies]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for a in applying for text in a.because))


def _requirement(
    policy: Policy,
    applying: Sequence[Applies],
    *,
    verdict: Literal["ask", "approve", "refuse"],
    reasons: tuple[str, ...],
    because: tuple[str, ...],
    stages: tuple[Stage, ...] = (),
    freezes: tuple[str, ...] = (),
) -> Requirement:
    terms = _Strictest(policy.defaults, applying)
    expires = terms.of("expires", 8 * 3600, float)
    reminders = terms.first("reminders") or ()
    after, to = terms.escalation()
    return Requirement(
        verdict=verdict,
        stages=stages,
        reasons=reasons,
        rules=tuple(a.rule.name for a in applying),
        requester_counts=terms.of("requester_counts", False, bool),
        expires_after=expires,
        reminders=tuple(at for at in reminders if at < expires),
        escalate_after=after if after and after < expires else None,
        escalate_to=stage_of(to, 1) if after and after < expires else None,
        late=terms.of("late", "ask", _STRICTNESS.index),
        renew_after_days=terms.of("renew_after_days", None, _or_never),
        renew_after_runs=terms.of("renew_after_runs", None, _or_never),
        drift_percent=terms.of("drift", None, _or_never),
        warn_before=terms.of("warn_before", 900, lambda value: -value),
        because=because,
        freezes=freezes,
    )


def _or_never(value: int | None) -> float:
    return inf if value is None else value


class _Strictest:
    """The terms of the rules that apply; each the strictest that any of them sets. The default has its say unless a
    rule that covers the whole request sets the term."""

    def __init__(self, defaults: Terms, applying: Sequence[Applies]) -> None:
        self._defaults = defaults
        self._applying = applying

    def of(self, name: str, otherwise: T, strictness: Callable[[T], float]) -> T:
        """The strictest value of a term: the one whose ``strictness`` is smallest."""
        set_by = [(a.whole, value) for a in self._applying if (value := getattr(a.rule, name)) is not None]
        values: list[T] = [value for _, value in set_by]
        if not any(whole for whole, _ in set_by):
            default = getattr(self._defaults, name)
            values.append(otherwise if default is None else default)
        return min(values, key=strictness)

    def first(self, name: str) -> Any:
        """The term of the first rule that sets it, or the default."""
        set_by = (value for a in self._applying if (value := getattr(a.rule, name)) is not None)
        return next(set_by, getattr(self._defaults, name))

    def escalation(self) -> tuple[int | None, tuple[str, ...]]:
        """The earliest escalation, and to whom."""
        terms: Sequence[Terms] = [a.rule for a in self._applying if a.rule.escalate_after] or [self._defaults]
        earliest = min(terms, key=lambda t: t.escalate_after or 0)
        return earliest.escalate_after, earliest.escalate_to


def strictest(requirements: Sequence[Requirement]) -> Requirement:
    """What meets all of several requirements for the same work: one refusal refuses, stages add up, and of every other
    term the strictest holds."""
    first = requirements[0]
    if len(requirements) == 1:
        return first
    refusals = [r for r in requirements if r.verdict == "refuse"]
    counted = refusals or requirements
    expires = min(r.expires_after for r in counted)
    escalating = [r for r in counted if r.escalate_after is not None and r.escalate_after < expires]
    escalation = min(escalating, key=lambda r: r.escalate_after or 0, default=None)
    return first.model_copy(
        update={
            "verdict": "refuse" if refusals else _ASKED[max(_ASKED.index(r.verdict) for r in counted)],
            "stages": () if refusals else merged(stage for r in counted for stage in r.stages),
            "reasons": _all_of(counted, "reasons"),
            "rules": _all_of(counted, "rules"),
            "because": _all_of(counted, "because"),
            "freezes": _all_of(counted, "freezes"),
            "requester_counts": all(r.requester_counts for r in counted),
            "expires_after": expires,
            "reminders": tuple(at for at in first.reminders if at < expires),
            "escalate_after": escalation.escalate_after if escalation else None,
            "escalate_to": escalation.escalate_to if escalation else None,
            "late": min((r.late for r in counted), key=_STRICTNESS.index),
            "renew_after_days": min((r.renew_after_days for r in counted), key=_or_never),
            "renew_after_runs": min((r.renew_after_runs for r in counted), key=_or_never),
            "drift_percent": min((r.drift_percent for r in counted), key=_or_never),
            "warn_before": max(r.warn_before for r in counted),
        }
    )


def _all_of(requirements: Sequence[Requirement], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for r in requirements for text in getattr(r, name)))
