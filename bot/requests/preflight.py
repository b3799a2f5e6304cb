"""Preflight: whether a request may still start, compared by value with what was approved."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

from bot.requests.model import Requirement
from bot.requests.policy.explain import headline
from bot.requests.resolutions import Difference
from bot.values import FrozenModel

Outcome = Literal["go", "ask", "refuse", "wait"]
"""Start; put it before its approvers again; do not start; or wait, because that cannot be determined now."""


class PreflightCode(StrEnum):
    """Why preflight came to its outcome."""

    UNCHANGED = "unchanged"
    CHANGED_A_LITTLE = "changed_a_little"
    NOT_COMPARABLE = "not_comparable"
    DOES_SOMETHING_ELSE = "does_something_else"
    POLICY_STRICTER = "policy_stricter"
    POLICY_REFUSES = "policy_refuses"
    NOT_POSSIBLE = "not_possible"
    CANNOT_TELL = "cannot_tell"


class Verdict(FrozenModel):
    """What preflight says of a start. ``text`` is the reason, in sentences; ``differences`` are what changed since the
    approval."""

    outcome: Outcome
    code: PreflightCode
    text: str = ""
    differences: tuple[Difference, ...] = ()


def judge_start(approved: Requirement, current: Requirement, differences: Sequence[Difference]) -> Verdict:
    """Return whether a run may start.

    ``approved`` is what policy demanded when the content was approved; ``current`` is what it demands of the start now,
    for all authors and for what the back end tells now. ``differences`` are those of the back end. The groups of both
    requirements are named by id.
    """
    changes = tuple(differences)
    if current.effect == "refuse":
        reasons = " ".join(current.reasons) or "Policy does not allow this any more."
        return Verdict(outcome="refuse", code=PreflightCode.POLICY_REFUSES, text=reasons, differences=changes)
    if approved.effect == "approve" and current.effect == "approve":
        # Policy approves what it would do now just as it approved it before: nobody was asked then either.
        code = PreflightCode.CHANGED_A_LITTLE if changes else PreflightCode.UNCHANGED
        return Verdict(outcome="go", code=code, text=_sentences(changes), differences=changes)
    if any(difference.needs_new_approval for difference in changes):
        text = f"It would do something else now. {_sentences(changes)}"
        return Verdict(outcome="ask", code=PreflightCode.DOES_SOMETHING_ELSE, text=text, differences=changes)
    if not current.is_no_stricter_than(approved):
        text = f"Policy asks for more now. {headline(current)}"
        return Verdict(outcome="ask", code=PreflightCode.POLICY_STRICTER, text=text, differences=changes)
    if changes:
        text = f"This could not be compared with what was approved: {_sentences(changes)}"
        return Verdict(outcome="go", code=PreflightCode.NOT_COMPARABLE, text=text, differences=changes)
    return Verdict(outcome="go", code=PreflightCode.UNCHANGED)


def _sentences(differences: Sequence[Difference]) -> str:
    return " ".join(f"{difference.text}." for difference in differences)
