"""How an approval stands, and who may decide. Both come from the decisions on the current content and from user groups
as they are now; nothing is remembered.

A person counts once over all stages. Whoever could count in several is placed where it helps most, so the order in
which people approve changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from bot.requests.delegation import acts_for
from bot.requests.directory import Directory, barred, eligible, missing_groups
from bot.requests.lifecycle import WORDS
from bot.requests.model import Decision, Person, RequestState, Stage, Value
from bot.requests.rounds import Round, live, votes_of
from bot.requests.seats import Seating, fill, open_stages
from bot.requests.words import approvers, demands


class Standing(Value):
    """How an approval stands.

    ``stage`` counts from 0; ``have`` of ``need`` people have approved in it. ``approved_by`` lists, stage by stage,
    the people who count. ``may_approve`` are the user ids who could approve now. ``stuck`` are sentences about why
    nobody's approval can complete it as things are; ``faults`` about groups that are gone or empty.
    """

    state: Literal["waiting", "approved", "denied"]
    stage: int = 0
    stages: int = 1
    have: int = 0
    need: int = 0
    approved_by: tuple[tuple[Person, ...], ...] = ()
    may_approve: frozenset[str] = frozenset()
    denied_by: Person | None = None
    comment: str = ""
    changes_by: tuple[Person, ...] = ()
    stuck: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    words: str = ""


class Ruling(Value):
    """Whether somebody may do something; the reason is a sentence to them. ``on_behalf_of`` is the user id in whose
    place they would act, empty for themselves."""

    allowed: bool
    reason: str = ""
    on_behalf_of: str = ""


def standing(around: Round, decisions: Iterable[Decision], directory: Directory, now: datetime) -> Standing:
    """How a round stands at this moment."""
    requirement = around.requirement
    if requirement.verdict == "approve":
        return Standing(state="approved", stages=0, words="Approved at once, as policy allows")
    said = live(around, decisions)
    denial = next((d for d in said if d.verdict == "denied"), None)
    if requirement.verdict == "refuse" or denial is not None:
        by, comment = (denial.person, denial.comment) if denial else (None, "")
        return Standing(state="denied", denied_by=by, comment=comment, words="Denied" if by else "Refused by policy")
    stages = around.stages(now)
    if not stages:
        text = "Policy names nobody who could approve this."
        return Standing(state="waiting", stages=0, stuck=(text,), words=text)
    seats = tuple(eligible(stage, directory) for stage in stages)
    votes = votes_of(around, said, directory)
    seating = fill(tuple(s.quorum for s in stages), seats, tuple(votes))
    changes = tuple(dict.fromkeys(d.person for d in said if d.verdict == "changes"))
    return _standing(around, stages, seats, seating, votes, changes, directory)


def _standing(
    around: Round,
    stages: Sequence[Stage],
    seats: Sequence[frozenset[str]],
    seating: Seating,
    votes: Mapping[str, Decision],
    changes: tuple[Person, ...],
    directory: Directory,
) -> Standing:
    approved_by = tuple(tuple(votes[seat].person for seat in seated) for seated in seating)
    short = [i for i, stage in enumerate(stages) if len(seating[i]) < stage.quorum]
    at = short[0] if short else len(stages) - 1
    stage, have = stages[at], len(seating[at])
    done = not short and not changes
    free = _free(around, votes)
    reachable = frozenset(user for i in open_stages(at, seats, seating) for user in seats[i] if user in free)
    faults = () if done else tuple(text for i in short for text in missing_groups(stages[i], directory))
    return Standing(
        state="approved" if done else "waiting",
        stage=at,
        stages=len(stages),
        have=have,
        need=stage.quorum,
        approved_by=approved_by,
        may_approve=frozenset() if done else reachable,
        changes_by=changes,
        stuck=_stuck(stages, seats, votes, free) if short else (),
        faults=faults,
        words=_words(stages, at, have, done, changes),
    )


class _Free:
    """Who has a say left: everybody who has not used it and whose own work this is not."""

    def __init__(self, gone: frozenset[str]) -> None:
        self._not = gone

    def __contains__(self, user: str) -> bool:
        return user not in self._not


def _free(around: Round, votes: Mapping[str, Decision]) -> _Free:
    used = frozenset(votes) | frozenset(d.person.user for d in votes.values())
    return _Free(used | around.excluded)


def _stuck(
    stages: Sequence[Stage], seats: Sequence[frozenset[str]], votes: Mapping[str, Decision], free: _Free
) -> tuple[str, ...]:
    """Which stages could not be completed even if everybody who still may approved."""
    everybody = (*votes, *sorted({user for stage in seats for user in stage if user in free}))
    best = fill(tuple(stage.quorum for stage in stages), seats, everybody)
    return tuple(
        f"This needs {stage.quorum} of {approvers(stage)}, but only {len(best[i])} of them can approve it now."
        for i, stage in enumerate(stages)
        if len(best[i]) < stage.quorum
    )


def _words(stages: Sequence[Stage], at: int, have: int, done: bool, changes: tuple[Person, ...]) -> str:
    if done:
        return f"Approved by {demands(stages)}"
    stage = stages[at]
    where = f"Stage {at + 1} of {len(stages)}: " if len(stages) > 1 else ""
    return f"{where}{have} of {stage.quorum} approved by {approvers(stage)}{', changes asked for' if changes else ''}"


def may_decide(
    around: Round,
    state: RequestState,
    person: Person,
    decisions: Iterable[Decision],
    directory: Directory,
    now: datetime,
) -> Ruling:
    """Whether a person may approve, deny or ask for changes at this moment."""
    if state != "awaiting_approval":
        return Ruling(allowed=False, reason=f"There is nothing left to decide: {WORDS[state].lower()}.")
    if problem := barred(directory.member(person)):
        return Ruling(allowed=False, reason=problem)
    if person.user in around.excluded:
        return Ruling(allowed=False, reason=_own_work(around, person))
    decisions = list(decisions)
    mine = [d for d in live(around, decisions) if d.person == person]
    if mine:
        return Ruling(allowed=False, reason=f"{_DECIDED[mine[-1].verdict]} To change your mind, take that back first.")
    now_at = standing(around, decisions, directory, now)
    if now_at.state != "waiting":
        return Ruling(allowed=False, reason=f"There is nothing left to decide: {now_at.words.lower()}.")
    if person.user in now_at.may_approve:
        return Ruling(allowed=True)
    if person.user not in around.authors:
        for user in acts_for(person, around.delegations, now):
            if user in now_at.may_approve and user not in around.authors:
                return Ruling(allowed=True, on_behalf_of=user)
    return Ruling(allowed=False, reason=_not_now(around, person, now_at, directory, now))


def _own_work(around: Round, person: Person) -> str:
    if person == around.requester:
        return "You asked for this yourself, so others decide. You can withdraw it."
    return "You have edited this request, so others decide."


_DECIDED: Mapping[str, str] = {
    "approved": "You have approved this already.",
    "denied": "You have denied this already.",
    "changes": "You have asked for changes already.",
}


def _not_now(around: Round, person: Person, now_at: Standing, directory: Directory, now: datetime) -> str:
    stages = around.stages(now)
    if not stages:
        return "Policy names nobody who could approve this."
    current = approvers(stages[now_at.stage])
    seats = [index for index, stage in enumerate(stages) if person.user in eligible(stage, directory)]
    if any(index > now_at.stage for index in seats):
        return f"It is not your turn yet: {current} decides first."
    if any(index < now_at.stage for index in seats):
        return f"Your stage is complete; now {current} decides."
    if now_at.stage in seats:
        return "Somebody has decided in your place already."
    return f"Only {current} may decide on this, and you are not one of them."


def can_take_back(around: Round, state: RequestState, decision: Decision, person: Person) -> Ruling:
    """Whether a person may take a decision back: their own, on the current content, while nothing is settled."""
    if decision.person != person:
        return Ruling(allowed=False, reason="Only the person who decided can take that back.")
    if decision.taken_back is not None:
        return Ruling(allowed=False, reason="That has been taken back already.")
    if decision.content_hash != around.content_hash:
        return Ruling(allowed=False, reason="The request has changed since, so that decision does not count any more.")
    if state != "awaiting_approval":
        return Ruling(allowed=False, reason=f"It is too late to take that back: {WORDS[state].lower()}.")
    return Ruling(allowed=True)


def shortfalls(around: Round, directory: Directory) -> tuple[str, ...]:
    """Why asking would be in vain, a sentence each; empty where the approvers there are now suffice."""
    found = standing(around, (), directory, around.asked_at)
    return tuple(dict.fromkeys((*found.stuck, *found.faults))) if found.stuck else ()
