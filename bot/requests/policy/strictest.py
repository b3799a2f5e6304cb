"""The strictest of what several rules, or several authors, demand."""

from collections.abc import Callable, Iterable, Sequence, Set
from math import inf
from typing import TypeVar

from bot.requests.model import Overlap, Requirement, Scheduler, Stage
from bot.requests.overlap import OVERLAPS_BY_STRICTNESS
from bot.requests.policy.engine import RuleMatch
from bot.requests.policy.rules import HOLDS_BY_STRICTNESS, LATE_BY_STRICTNESS, NOTIFY_BY_STRICTNESS, ApprovalTerms

T = TypeVar("T")


class StrictestTerms:
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

    def all_set(self, term: Callable[[ApprovalTerms], T | None]) -> tuple[T, ...]:
        """Return the term of the defaults and of every rule that sets it: each counts."""
        values = (term(terms) for terms in (self._defaults, *(m.rule for m in self._matches)))
        return tuple(dict.fromkeys(value for value in values if value is not None))

    def drift(self, *, has_fixed_targets: bool) -> int | None:
        """Return the percent of targets that may change; None for the built-in default. A list of fixed targets allows
        none, unless ``[policy]`` or a rule that loosens says otherwise."""
        loosens = any(m.rule.loosens and m.covers_all and m.rule.drift is not None for m in self._matches)
        if has_fixed_targets and self._defaults.drift is None and not loosens:
            return None
        return self.strictest(lambda t: t.drift, None, none_as_infinity)

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
            "demanded_by": _merge(r.demanded_by for r in counted),
            "freezes": _merge(r.freezes for r in counted),
            "requester_counts": all(r.requester_counts for r in counted),
            "expires_after": expires_after,
            "reminders": tuple(at for at in first.reminders if at < expires_after),
            "escalate_after": escalation.escalate_after if escalation else None,
            "escalate_to": _escalation_stage(escalation, counted),
            "late": min((r.late for r in counted), key=LATE_BY_STRICTNESS.index),
            "overlap": min((r.overlap for r in counted), key=overlap_strictness),
            "renew_after_days": min((r.renew_after_days for r in counted), key=none_as_infinity),
            "renew_after_runs": min((r.renew_after_runs for r in counted), key=none_as_infinity),
            "drift_percent": min((r.drift_percent for r in counted), key=none_as_infinity),
            "approver_limits": _merge(r.approver_limits for r in counted),
            "approval_holds": min((r.approval_holds for r in counted), key=HOLDS_BY_STRICTNESS.index),
            "warn_before": max(r.warn_before for r in counted),
            "scheduler": _strictest_scheduler({r.scheduler for r in counted}),
            "business": first.business if all(r.business for r in counted) else None,
            "notify": min((r.notify for r in counted), key=NOTIFY_BY_STRICTNESS.index),
        }
    )


def _escalation_stage(escalation: Requirement | None, counted: Iterable[Requirement]) -> Stage | None:
    """Return who may decide after the escalation, without those whom any of the requirements excludes."""
    if escalation is None or escalation.escalate_to is None:
        return None
    others = [r.escalate_to for r in counted if r.escalate_to is not None]
    excluded, names = _merge(s.excluded for s in others), _merge(s.excluded_names for s in others)
    return escalation.escalate_to.model_copy(update={"excluded": excluded, "excluded_names": names})


def _strictest_scheduler(named: Set[Scheduler | None]) -> Scheduler | None:
    """Return who keeps the time for several authors: the back end only if that goes for all of them."""
    return "nightshift" if "nightshift" in named else "backend" if named == {"backend"} else None


def _merge(parts: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(item for part in parts for item in part))


def merge_stages(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Merge stages with the same approvers into one with the larger quorum, without those whom either excludes; keep
    the others one after the other."""
    merged: dict[tuple[frozenset[str], frozenset[str]], Stage] = {}
    for stage in stages:
        approvers = frozenset(stage.groups), frozenset(stage.users)
        known = merged.get(approvers, stage)
        larger = known if known.quorum >= stage.quorum else stage
        excluded = tuple(dict.fromkeys((*known.excluded, *stage.excluded)))
        names = tuple(dict.fromkeys((*known.excluded_names, *stage.excluded_names)))
        merged[approvers] = larger.model_copy(update={"excluded": excluded, "excluded_names": names})
    return tuple(merged.values())


def none_as_infinity(value: int | None) -> float:
    return inf if value is None else value


def overlap_strictness(value: Overlap | None) -> float:
    return inf if value is None else OVERLAPS_BY_STRICTNESS.index(value)
