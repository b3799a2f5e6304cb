"""What people do to a request before it runs, with the checks of the use cases in their order: submit, edit, decide,
retract, delegate."""

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from bot.requests.approval.deadlines import assess_lateness, chosen_schedule, expires_at
from bot.requests.approval.deciding import permission_to_decide, permission_to_retract
from bot.requests.approval.delegation import Delegation
from bot.requests.approval.permission import PermissionCode
from bot.requests.approval.rounds import ApprovalRound
from bot.requests.approval.status import approval_status, missing_approver_reasons
from bot.requests.directory import InMemoryDirectory, stage_members
from bot.requests.drift import Observation
from bot.requests.integrity import is_intact
from bot.requests.lifecycle import FINAL_STATES
from bot.requests.model import Content, Decision, Person, Request, Requirement
from bot.schedule import Schedule
from tests.histories.history import Decide, Edit, Form
from tests.histories.state import State, content_of, differences, editors_after, schedule_of, timing_fields
from tests.histories.world import TEAM, person


class Asked(StrEnum):
    """What came of an action."""

    DONE = "done"
    COUNTED = "counted"
    APPROVED = "approved"
    ASKED_AGAIN = "asked again"
    STOPPED = "stopped"
    REFUSED = "refused"


def submit(state: State, requester: str, form: Form) -> Asked:
    now, slack = state.world.now, state.world.slack
    if state.world.backend_silent or not slack.is_active(requester):
        return Asked.REFUSED
    seen, schedule = state.world.observe(form), schedule_of(form, now)
    content = content_of(form, schedule, seen)
    demanded = demands(state, person(requester), (), content, seen)
    if demanded is None:
        return Asked.REFUSED
    state.form = form
    state.request = Request(
        id="r1",
        number=1,
        state="awaiting_approval",
        version=1,
        revision=1,
        content=content,
        content_hash=content.hash,
        phrase="",
        zone="UTC",
        reason="",
        requester=person(requester),
        targets=seen.targets,
        facts=seen.facts,
        requirement=demanded,
        approve_by=expires_at(demanded, now, schedule),
        created_at=now,
        round_opened_at=now,
        **timing_fields(schedule),  # type: ignore[arg-type]
    )
    _approve_by_policy(state)
    return Asked.DONE


def demands(
    state: State,
    requester: Person,
    editors: tuple[Person, ...],
    content: Content,
    seen: Observation,
    former: tuple[Person, ...] = (),
) -> Requirement | None:
    """Return what policy demands of a preview; None if it refuses, nobody could approve it, or Slack is silent."""
    directory = state.world.slack.for_policy({requester.user, *(editor.user for editor in editors)})
    if not directory.has_groups:
        return None
    requirement = state.policy_demands(
        requester, editors, content.schedule, seen, directory, is_taken_over=bool(former)
    )
    if requirement.effect == "refuse":
        return None
    if requirement.effect == "ask":
        approval_round = ApprovalRound(
            requirement=requirement,
            content_hash=content.hash,
            requester=requester,
            opened_at=state.world.now,
            editors=editors,
            former_authors=former,
        )
        if missing_approver_reasons(approval_status(approval_round, (), directory, approval_round.opened_at)):
            return None
    return requirement


def _approve_by_policy(state: State) -> None:
    assert state.request is not None
    if state.request.requirement.effect == "approve":
        _approved(state)


def may_approve_by_policy(editors: tuple[Person, ...]) -> bool:
    return not editors


def _approved(state: State) -> None:
    state.transition("approved", approved_at=state.world.now)
    state.transition("scheduled")
    state.plan_run(state.run.number + 1 if state.run else 1)


def edit(state: State, event: Edit) -> Asked:
    """Change a request. Every earlier approval stops counting."""
    request = state.request
    if request is None or state.form is None or state.world.backend_silent or event.stale:
        return Asked.REFUSED
    if not _may_edit(state, request, event.user):
        return Asked.REFUSED
    form = replace(state.form, **dict(event.changes))  # type: ignore[arg-type]
    seen = state.world.observe(form)
    is_moved = any(name == "schedule" for name, _ in event.changes)
    schedule = schedule_of(form, state.world.now) if is_moved else request.content.schedule
    content = content_of(form, schedule, seen, request.content.renewal)
    editors = editors_after(request, event.user)
    requirement = demands(state, request.requester, editors, content, seen, request.taken_over_from)
    if requirement is None or (requirement.effect == "approve" and not may_approve_by_policy(editors)):
        return Asked.REFUSED
    has_changed = content != request.content
    if not has_changed and requirement.is_no_stricter_than(request.requirement):
        return Asked.REFUSED
    if not cancel_unsent_run(state):
        return Asked.REFUSED
    state.form = form
    state.open_round(
        content.model_copy(update={"renewal": request.content.renewal + 1}),
        requirement,
        targets=seen.targets,
        facts=seen.facts,
        last_editor=event.user,
        editors=tuple(editor.user for editor in editors),
        **timing_fields(schedule),
    )
    _approve_by_policy(state)
    return Asked.DONE


def _may_edit(state: State, request: Request, user: str) -> bool:
    if not state.world.slack.is_active(user):
        return False
    if request.requester.user == user:
        return True
    directory = state.world.slack.for_policy(state.involved(request) | {user})
    stages = list(state.approval_round.stages(state.world.now))
    if request.requirement.effect == "approve":
        stages += state.policy.defaults.required_stages()
    return any(user in stage_members(stage, directory) for stage in stages)


def cancel_unsent_run(state: State) -> bool:
    """Return whether the request may still be edited, its run cancelled."""
    assert state.request is not None
    if state.request.state == "awaiting_approval":
        return True
    if state.request.state not in ("scheduled", "starting") or state.run is None or state.going:
        return False
    if state.run.state == "over" and state.pauses.series_since is not None:
        return True
    if state.run.state != "pending":
        return False
    state.run.state = "over"
    return True


def decide(state: State, event: Decide) -> tuple[Asked, PermissionCode | None]:
    """Click on the card. Returns what came of it, and the permission of the person."""
    request, world = state.request, state.world
    if request is None or event.stale or not world.slack.is_active(event.user):
        return Asked.REFUSED, None
    if request.state == "awaiting_approval" and not is_intact(request, state.decisions):
        stop(state)
        return Asked.STOPPED, None
    who, now = person(event.user), world.now
    directory = directory_for_decision(state, request, event.user)
    permission = permission_to_decide(state.approval_round, request.state, who, state.decisions, directory, now)
    if not permission.allowed:
        return Asked.REFUSED, permission.code
    late = None
    if event.verdict == "approved":
        demanded = state.requirement_now(_seen_or_shown(state, request))
        if demanded is None or demanded.effect == "refuse":
            return Asked.REFUSED, permission.code
        if _would_do_something_else(state, request) or not demanded.is_no_stricter_than(request.requirement):
            return (Asked.ASKED_AGAIN if _ask_again(state, request) else Asked.REFUSED), permission.code
        late = _late_choice(request, event, state)
    schedule = chosen_schedule(request, late, now)
    if schedule is not None:
        request = move_start(state, schedule)
    state.decisions.append(
        Decision(
            id=f"v{len(state.decisions)}",
            request_id=request.id,
            revision=request.revision,
            content_hash=request.content_hash,
            person=who,
            verdict="denied" if late == "drop" else event.verdict,
            at=now,
            on_behalf_of=permission.on_behalf_of,
        )
    )
    return _apply_status(state, directory), permission.code


def move_start(state: State, schedule: Schedule) -> Request:
    """Give the request the schedule that a late approver chose. Earlier approvals do not count for it."""
    assert state.request is not None
    request = state.request
    content = request.content.model_copy(update={"schedule": schedule, "renewal": request.content.renewal + 1})
    state.open_round(content, request.requirement, **timing_fields(schedule))
    return state.request


def directory_for_decision(state: State, request: Request, user: str) -> InMemoryDirectory:
    return state.world.slack.for_decision(state.involved(request) | {user})


def _late_choice(request: Request, event: Decide, state: State) -> str | None:
    lateness = assess_lateness(request, state.world.now)
    if not lateness.late:
        return None
    offered = {option.choice for option in lateness.options}
    return lateness.policy_choice or (event.late if event.late in offered else "drop")


def _apply_status(state: State, directory: InMemoryDirectory) -> Asked:
    assert state.request is not None
    now = state.world.now
    status = approval_status(state.approval_round, state.decisions, directory, now)
    if status.state == "denied":
        state.transition("denied")
    if status.state != "approved":
        return Asked.COUNTED
    _approved(state)
    return Asked.APPROVED


def _would_do_something_else(state: State, request: Request) -> bool:
    """The preflight of an approval. A back end that is silent does not hinder it."""
    if state.world.backend_silent:
        return False
    return any(difference.needs_new_approval for difference in differences(state, request))


def _seen_or_shown(state: State, request: Request) -> Observation:
    """Return what the back end tells, or what the card shows while it is silent."""
    assert state.form is not None
    if state.world.backend_silent:
        return Observation(targets=request.targets, facts=request.facts, resolutions=request.content.resolutions)
    return state.world.observe(state.form)


def _ask_again(state: State, request: Request) -> bool:
    """Put the request before its approvers as what it would do now. Returns False if that is not possible."""
    assert state.form is not None
    seen = _seen_or_shown(state, request)
    content = content_of(state.form, request.content.schedule, seen, request.content.renewal + 1)
    requirement = demands(state, request.requester, request.edited_by, content, seen, request.taken_over_from)
    if requirement is None:
        return False
    asking = requirement if requirement.effect == "ask" else request.requirement
    state.open_round(content, asking, targets=seen.targets, facts=seen.facts)
    return True


def retract(state: State, user: str) -> Asked:
    request = state.request
    own = [d for d in state.decisions if d.person == person(user) and d.retracted_at is None]
    if request is None or not own:
        return Asked.REFUSED
    if not permission_to_retract(state.approval_round, request.state, own[-1], person(user)).allowed:
        return Asked.REFUSED
    index = state.decisions.index(own[-1])
    state.decisions[index] = own[-1].model_copy(update={"retracted_at": state.world.now})
    return Asked.DONE


def delegate(state: State, user: str, to_user: str, minutes: int) -> Asked:
    if not (state.world.slack.is_active(user) and state.world.slack.is_active(to_user)):
        return Asked.REFUSED
    now = state.world.now
    given = {"id": f"d{len(state.delegations)}", "team": TEAM, "user": user, "to_user": to_user}
    state.delegations.append(Delegation(**given, starts=now, ends=now + timedelta(minutes=minutes)))
    return Asked.DONE


def expire(state: State) -> None:
    """End a request on which nobody decided in time."""
    request = state.request
    if request is None or request.state != "awaiting_approval" or request.approve_by is None:
        return
    if state.world.now >= request.approve_by:
        state.transition("expired")


def stop(state: State) -> None:
    """End a request whose content is not what was signed."""
    assert state.request is not None
    if state.request.state not in FINAL_STATES:
        state.transition("cancelled")
    if state.run is not None:
        state.run.state = "over"
