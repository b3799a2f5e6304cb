"""Faults that were seen once, to be put back one at a time: each must be found.

A fault is a function that replaces pieces of the rules by faulty ones, with the help of ``replace``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch

from bot.requests.approval import deciding, rounds, status
from bot.requests.approval.delegation import delegators_of
from bot.requests.approval.permission import Permission, PermissionCode
from bot.requests.approval.rounds import ApprovalRound
from bot.requests.directory import Directory, InMemoryDirectory, stage_members
from bot.requests.model import Decision, Person, Request, RequestState, Requirement
from bot.requests.overlap import OverlapCode, OverlapVerdict
from bot.requests.pauses import Pause
from bot.requests.policy.engine import Policy
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.strictest import strictest_requirement
from bot.requests.resolutions import Difference, DifferenceCode
from bot.requests.subject import Subject
from bot.schedule import Schedule
from tests.histories import asking, placing, play, series, starting, state, taking_over
from tests.histories.pausing import Pauses
from tests.histories.state import State
from tests.histories.world import Slack

Replace = Callable[[object, str, object], None]
_TARGETS = frozenset({DifferenceCode.TARGETS_CHANGED, DifferenceCode.TARGETS_NOT_COMPARABLE})


def policy_looks_at_the_requester_only(replace: Replace) -> None:
    def faulty(
        policy: Policy, subject: Subject, editors: Mapping[str, frozenset[str]], *, needs_people: bool
    ) -> Requirement:
        return evaluate(policy, subject, automatic=not editors and not needs_people)

    replace(state, "evaluate_authors", faulty)


def edits_are_approved_automatically(replace: Replace) -> None:
    def faulty(
        policy: Policy, subject: Subject, editors: Mapping[str, frozenset[str]], *, needs_people: bool
    ) -> Requirement:
        authors = [(subject.requester, subject.groups), *editors.items()]
        subjects = [subject.model_copy(update={"requester": user, "groups": groups}) for user, groups in authors]
        return strictest_requirement([evaluate(policy, each) for each in subjects])

    replace(state, "evaluate_authors", faulty)
    replace(asking, "may_approve_by_policy", lambda editors: True)


def editors_may_approve(replace: Replace) -> None:
    replace(ApprovalRound, "authors", property(lambda self: frozenset({self.requester.user})))


def delegates_of_authors_may_approve(replace: Replace) -> None:
    ask, is_countable = deciding.permission_to_decide, rounds._is_countable

    def faulty(
        approval_round: ApprovalRound,
        request_state: RequestState,
        person: Person,
        decisions: Iterable[Decision],
        directory: Directory,
        now: datetime,
    ) -> Permission:
        permission = ask(approval_round, request_state, person, decisions, directory, now)
        if permission.code is not PermissionCode.NOT_AN_APPROVER:
            return permission
        authors = set(delegators_of(person, approval_round.delegations, now)) & approval_round.authors
        approvers = set().union(*(stage_members(stage, directory) for stage in approval_round.stages(now)))
        return Permission(on_behalf_of=min(authors & approvers)) if authors & approvers else permission

    def faulty_count(approval_round: ApprovalRound, decision: Decision, directory: Directory) -> bool:
        return decision.on_behalf_of in approval_round.authors or is_countable(approval_round, decision, directory)

    replace(asking, "permission_to_decide", faulty)
    replace(rounds, "_is_countable", faulty_count)


def unknown_counts_as_yes(replace: Replace) -> None:
    derive, ask, check = asking.approval_status, asking.permission_to_decide, starting.is_still_valid

    def faulty_status(
        approval_round: ApprovalRound, decisions: Sequence[Decision], directory: Directory, now: datetime
    ) -> status.ApprovalStatus:
        return derive(approval_round, decisions, directory.as_possible(*status.deciders(decisions)), now)

    def faulty_permission(
        approval_round: ApprovalRound,
        request_state: RequestState,
        person: Person,
        decisions: Sequence[Decision],
        directory: Directory,
        now: datetime,
    ) -> Permission:
        possible = deciding._possible_for(person, approval_round, decisions, directory)
        return ask(approval_round, request_state, person, decisions, possible, now)

    def faulty_check(
        approval_round: ApprovalRound, decisions: Sequence[Decision], directory: Directory, now: datetime
    ) -> Permission:
        return check(approval_round, decisions, directory.as_possible(*status.deciders(decisions)), now)

    replace(asking, "approval_status", faulty_status)
    replace(asking, "permission_to_decide", faulty_permission)
    replace(starting, "is_still_valid", faulty_check)


def unknown_counts_as_no_at_a_click(replace: Replace) -> None:
    replace(InMemoryDirectory, "is_complete", property(lambda self: True))


def unknown_counts_as_no_at_a_start(replace: Replace) -> None:
    ask = starting.permission_to_start

    def faulty(there: State, request: Request) -> Permission:
        permission = ask(there, request)
        code = PermissionCode.NOT_APPROVED if permission.is_unknown else permission.code
        return permission.model_copy(update={"code": code})

    replace(starting, "permission_to_start", faulty)


def the_hash_is_not_computed_again(replace: Replace) -> None:
    for module in (asking, starting):
        replace(module, "is_intact", lambda request, decisions: True)


def groups_are_those_of_an_old_answer(replace: Replace) -> None:
    ask = Slack.groups

    def faulty(slack: Slack, max_age: float, stale_age: float = 0.0) -> Mapping[str, frozenset[str]] | None:
        return ask(slack, 7 * 86400.0, stale_age)

    replace(Slack, "groups", faulty)


def approvals_survive_an_edit(replace: Replace) -> None:
    def faulty(approval_round: ApprovalRound, decisions: Iterable[Decision]) -> list[Decision]:
        return [decision for decision in decisions if decision.retracted_at is None]

    for module in (rounds, status):
        replace(module, "current_decisions", faulty)


def drift_is_ignored(replace: Replace) -> None:
    _ignore(replace, lambda difference: difference.code in _TARGETS)


def resolutions_are_ignored(replace: Replace) -> None:
    _ignore(replace, lambda difference: difference.code not in _TARGETS)


def _ignore(replace: Replace, is_ignored: Callable[[Difference], bool]) -> None:
    compare = state.differences

    def faulty(there: State, request: Request) -> tuple[Difference, ...]:
        return tuple(difference for difference in compare(there, request) if not is_ignored(difference))

    for module in (asking, starting):
        replace(module, "differences", faulty)


def leavers_are_not_noticed(replace: Replace) -> None:
    replace(state, "ineligibility_reason", lambda user: "")


def an_edit_between_check_and_call_is_not_noticed(replace: Replace) -> None:
    send = starting._send

    def faulty(there: State, run: state.Run, event: object, prepared: tuple[int, str]) -> object:
        assert there.request is not None
        return send(there, run, event, (there.request.revision, there.request.content_hash))  # type: ignore[arg-type]

    replace(starting, "_send", faulty)


def retries_ignore_the_latest_start(replace: Replace) -> None:
    retry = starting.retry

    def faulty(there: State) -> bool:
        if there.run is not None:
            there.run.latest_start = None
        return retry(there)

    replace(starting, "retry", faulty)


def approvals_survive_a_moved_start(replace: Replace) -> None:
    move = asking.move_start

    def faulty(there: State, schedule: Schedule) -> Request:
        request = move(there, schedule)
        signed = {"content_hash": request.content_hash, "revision": request.revision}
        there.decisions = [decision.model_copy(update=signed) for decision in there.decisions]
        return request

    replace(asking, "move_start", faulty)


def pauses_do_not_hold_starts(replace: Replace) -> None:
    replace(starting, "is_paused", lambda there, request: False)


def a_pause_between_check_and_call_is_not_noticed(replace: Replace) -> None:
    send = starting._send

    def faulty(there: State, run: state.Run, event: object, prepared: tuple[int, str]) -> object:
        stored, there.pauses.stored = there.pauses.stored, []
        try:
            return send(there, run, event, prepared)  # type: ignore[arg-type]
        finally:
            there.pauses.stored = stored

    replace(starting, "_send", faulty)


def a_resumed_pause_goes_on(replace: Replace) -> None:
    replace(Pause, "holds_at", lambda pause, moment: True)


def placed_starts_are_not_checked(replace: Replace) -> None:
    replace(placing, "_check", lambda there, request, run: None)


def what_cannot_be_checked_is_left_to_the_back_end(replace: Replace) -> None:
    check = placing._check

    def faulty(there: State, request: Request, run: state.Run) -> starting.Started | None:
        obstacle = check(there, request, run)
        return None if obstacle in (starting.Started.WAITS, starting.Started.HELD) else obstacle

    replace(placing, "_check", faulty)


def a_pause_after_the_check_of_a_placed_start_is_not_noticed(replace: Replace) -> None:
    start_there = placing.start_there

    def faulty(there: State, event: object, between: Callable[[], None], passed: object) -> object:
        def without_pauses() -> None:
            stored = list(there.pauses.stored)
            between()
            there.pauses.stored = stored

        return start_there(there, event, without_pauses, passed)  # type: ignore[arg-type]

    replace(play, "start_there", faulty)


def a_paused_series_goes_on(replace: Replace) -> None:
    replace(series, "leave_out_planned_run", lambda there: None)
    hold = Pauses.holding

    def faulty(there: Pauses, backend: str, request_id: str) -> Pause | None:
        return hold(there, backend, "another request")

    replace(Pauses, "holding", faulty)


def a_resumed_series_makes_up_for_what_was_left_out(replace: Replace) -> None:
    end = Pauses.end_series
    since: dict[int, datetime] = {}

    def faulty(there: Pauses) -> None:
        assert there.series_since is not None
        since[id(there)] = there.series_since
        end(there)

    replace(Pauses, "end_series", faulty)
    replace(series, "first_after_pause", lambda there: since[id(there.pauses)])


def overlap_is_not_judged(replace: Replace) -> None:
    may_start = OverlapVerdict(code=OverlapCode.NOTHING_GOING)
    replace(starting, "overlap_of", lambda there, request, run: may_start)


def overlap_of_kept_starts_is_not_judged(replace: Replace) -> None:
    judge = series.overlap_of

    def faulty(there: State, request: Request, run: state.Run) -> OverlapVerdict:
        if run.state == "placed":
            return OverlapVerdict(code=OverlapCode.NOTHING_GOING)
        return judge(there, request, run)

    replace(starting, "overlap_of", faulty)


def runs_are_skipped_where_people_chose_to_wait(replace: Replace) -> None:
    judge = series.overlap_of

    def faulty(there: State, request: Request, run: state.Run) -> OverlapVerdict:
        verdict = judge(there, request, run)
        return verdict if verdict.may_start else verdict.model_copy(update={"code": OverlapCode.SKIPS})

    replace(starting, "overlap_of", faulty)


def former_authors_may_approve(replace: Replace) -> None:
    replace(taking_over, "former_authors", lambda request, user: ())


def approvals_survive_a_takeover(replace: Replace) -> None:
    take = taking_over.take_over

    def faulty(there: State, user: str) -> asking.Asked:
        result = take(there, user)
        if result is asking.Asked.DONE and there.request is not None:
            signed = {"content_hash": there.request.content_hash, "revision": there.request.revision}
            there.decisions = [decision.model_copy(update=signed) for decision in there.decisions]
        return result

    replace(play, "take_over", faulty)


FAULTS: tuple[Callable[[Replace], None], ...] = (
    policy_looks_at_the_requester_only,
    edits_are_approved_automatically,
    editors_may_approve,
    delegates_of_authors_may_approve,
    unknown_counts_as_yes,
    unknown_counts_as_no_at_a_click,
    unknown_counts_as_no_at_a_start,
    the_hash_is_not_computed_again,
    groups_are_those_of_an_old_answer,
    approvals_survive_an_edit,
    drift_is_ignored,
    resolutions_are_ignored,
    leavers_are_not_noticed,
    an_edit_between_check_and_call_is_not_noticed,
    retries_ignore_the_latest_start,
    approvals_survive_a_moved_start,
    pauses_do_not_hold_starts,
    a_pause_between_check_and_call_is_not_noticed,
    a_resumed_pause_goes_on,
    placed_starts_are_not_checked,
    what_cannot_be_checked_is_left_to_the_back_end,
    a_pause_after_the_check_of_a_placed_start_is_not_noticed,
    a_paused_series_goes_on,
    a_resumed_series_makes_up_for_what_was_left_out,
    overlap_is_not_judged,
    overlap_of_kept_starts_is_not_judged,
    runs_are_skipped_where_people_chose_to_wait,
    former_authors_may_approve,
    approvals_survive_a_takeover,
)


@contextmanager
def put_back(fault: Callable[[Replace], None]) -> Iterator[None]:
    """Play with a fault in the rules."""
    patches = []

    def replace(owner: object, name: str, faulty: object) -> None:
        patches.append(patch.object(owner, name, faulty))

    fault(replace)
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in reversed(patches):
            each.stop()
