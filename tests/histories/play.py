"""Plays a history: each event goes to the rules, and what they make of it to the oracle."""

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.requests.drift import Observation
from bot.requests.start_check import check_time
from tests.histories import asking, series, starting
from tests.histories.asking import Asked
from tests.histories.history import (
    BackendFails,
    DeactivateOrReturn,
    Decide,
    Delegate,
    Edit,
    Event,
    FeatureChanges,
    History,
    HostsChange,
    JoinOrLeave,
    PauseSeries,
    PauseStarts,
    ResumeSeries,
    ResumeStarts,
    Retract,
    Retry,
    RunsEnd,
    SlackFails,
    Start,
    TakeOver,
    Tamper,
    TimePasses,
    Violation,
)
from tests.histories.oracle import Oracle
from tests.histories.placing import start_there
from tests.histories.policies import build_policy
from tests.histories.series import GoingRuns
from tests.histories.starting import Call, Started
from tests.histories.state import BACKEND, State
from tests.histories.taking_over import take_over
from tests.histories.world import World

SECONDS_BETWEEN_EVENTS = timedelta(seconds=20)
"""More than the groups of one decision are used for the next."""


@dataclass(slots=True)
class Summary:
    """What happened in a history, for the shares that are printed."""

    starts: int = 0
    edits_after_approval: int = 0
    seen: frozenset[str] = frozenset()

    def note(self, what: str) -> None:
        self.seen |= {what}


def play(history: History) -> Summary:
    """Play a history to its end. Raises Violation if something happens that must not."""
    return _Player(history).play()


class _Player:
    def __init__(self, history: History) -> None:
        self._history = history
        self._world = World(history)
        self._state = State(self._world, build_policy(history.policy), history.placed)
        self._oracle = Oracle(history, self._world)
        self._summary = Summary()
        self._is_tampered = False
        self._going = GoingRuns(lambda: self._oracle.form.overlap)

    def play(self) -> Summary:
        history = self._history
        if asking.submit(self._state, history.requester, history.form) is Asked.REFUSED:
            self._summary.note("refused at submitting")
            return self._summary
        self._oracle.written(history.requester, history.form, self._shown(), new_time=True)
        self._note_approval(automatic=True)
        for event in history.events:
            self._play(event)
        return self._summary

    def _play(self, event: Event) -> None:
        self._let_time_pass(SECONDS_BETWEEN_EVENTS)
        asking.expire(self._state)
        match event:
            case Edit():
                self._edit(event)
            case Decide():
                self._decide(event)
            case Retract(user=user):
                if asking.retract(self._state, user) is Asked.DONE:
                    self._oracle.retracted(user)
            case Delegate(user=user, to_user=to_user, minutes=minutes):
                if asking.delegate(self._state, user, to_user, minutes) is Asked.DONE:
                    self._oracle.delegated(user, to_user, minutes)
            case Tamper(command=command):
                self._tamper(command)
            case PauseStarts():
                self._state.pauses.begin(event)
            case ResumeStarts():
                self._state.pauses.end_all()
            case PauseSeries() if series.pause_series(self._state):
                self._summary.note("series paused")
            case ResumeSeries() if series.resume_series(self._state):
                self._summary.note("series resumed")
            case RunsEnd():
                self._state.going.clear()
                self._going.end()
            case TakeOver(user=user) if take_over(self._state, user) is Asked.DONE:
                self._summary.note("taken over")
                self._oracle.taken_over(user, self._shown())
            case Start():
                self._start(event)
            case Retry():
                if starting.retry(self._state):
                    self._summary.note("retry")
            case _:
                self._change_world(event)

    def _change_world(self, event: Event) -> None:
        world = self._world
        match event:
            case JoinOrLeave(user=user, group=group, heard=heard):
                world.join_or_leave(user, group, heard=heard)
            case DeactivateOrReturn(user=user, heard=heard):
                world.deactivate_or_return(user, heard=heard)
            case SlackFails(groups=groups, users=users):
                world.slack.groups_silent, world.slack.silent_users = groups, frozenset(users)
            case BackendFails(silent=silent):
                world.backend_silent = silent
            case HostsChange(search=search, numbers=numbers):
                world.hosts[search] = numbers
            case FeatureChanges(feature=feature, template=template):
                world.templates[feature] = template
            case TimePasses(minutes=minutes):
                self._let_time_pass(timedelta(minutes=minutes))

    def _let_time_pass(self, span: timedelta) -> None:
        """Go on to a later moment. What a back end keeps is checked and starts on the way."""
        until = self._world.now + span
        run = self._state.run
        while run is not None and run.state == "placed" and run.due_at and check_time(run.due_at) <= until:
            self._start(Start())
            run = self._state.run
        self._world.now = max(self._world.now, until)

    def _edit(self, event: Edit) -> None:
        was_approved = self._oracle.is_approved_in_part
        if asking.edit(self._state, event) is Asked.REFUSED:
            return
        self._summary.edits_after_approval += was_approved
        form = replace(self._oracle.form, **dict(event.changes))
        new_time = form.schedule != "now" and "schedule" in dict(event.changes)
        self._oracle.written(event.user, form, self._shown(), new_time=new_time)
        self._is_tampered = False
        self._note_approval(automatic=True)

    def _decide(self, event: Decide) -> None:
        approvers, before = self._approvers(), self._state.request
        result, code = asking.decide(self._state, event)
        self._summary.note(f"click {result}")
        if result in (Asked.COUNTED, Asked.APPROVED):
            after = self._state.request
            assert before is not None
            assert after is not None
            if after.content.schedule != before.content.schedule:
                self._summary.note("start moved")
                self._oracle.start_moved(after.start_at)
            self._oracle.voted(event.user, self._state.decisions[-1].verdict, approvers)
        if result is Asked.APPROVED:
            self._note_approval(automatic=False)
        elif result is Asked.ASKED_AGAIN:
            self._oracle.check_asked_again_at_a_click()
            self._oracle.asked_again(self._shown())
        elif result is Asked.REFUSED and code is not None:
            self._oracle.check_refused_click(event.user, code, approvers)
        elif result is Asked.STOPPED and not self._is_tampered:
            raise Violation("a request was stopped, although nobody changed its content")

    def _shown(self) -> Observation:
        """What the card says that the request would do."""
        request = self._state.request
        assert request is not None
        return Observation(targets=request.targets, facts=request.facts, resolutions=request.content.resolutions)

    def _approvers(self) -> list[frozenset[str]]:
        """The names that the request asks, stage by stage."""
        request = self._state.request
        return [frozenset(stage.names) for stage in request.requirement.stages] if request else []

    def _note_approval(self, *, automatic: bool) -> None:
        request = self._state.request
        if request is None or request.state != "scheduled":
            return
        stages = [(frozenset(stage.names), stage.quorum) for stage in request.requirement.stages]
        counts = request.requirement.requester_counts
        self._oracle.approved(stages, requester_counts=counts, automatic=automatic)

    def _tamper(self, command: str) -> None:
        request = self._state.request
        if request is None:
            return
        params = {**request.content.params, "command": command}
        content = request.content.model_copy(update={"params": params})
        self._state.request = request.model_copy(update={"content": content})
        self._is_tampered = True

    def _start(self, event: Start) -> None:
        def between() -> None:
            if event.between is not None:
                self._play(event.between)

        run, going_before = self._state.run, len(self._state.going)
        if run is not None and run.state == "placed" and self._state.request is not None:
            result, call = start_there(self._state, event, between, self._oracle.check_call)
        else:
            result, call = starting.start(self._state, event, between)
        self._summary.note(f"start {result}")
        if call is not None:
            self._summary.starts += 1
            self._check_call(call, result)
            if len(self._state.going) > going_before:
                self._going.begin()
        self._check_result(result)

    def _check_call(self, call: Call, result: Started) -> None:
        if result is Started.STARTED_UNCHECKED:
            self._oracle.check_unchecked_call(call)
        elif result is Started.STARTED_THERE:
            # Its check was judged when it passed.
            self._state.pauses.check_call(call.content.backend, call.due)
            self._going.check_call()
        else:
            self._oracle.check_call(call)
            self._state.pauses.check_call(call.content.backend, call.due)
            self._going.check_call()

    def _check_result(self, result: Started) -> None:
        match result:
            case Started.ASKED_AGAIN:
                self._oracle.check_asked_again()
                self._oracle.asked_again(self._shown())
            case Started.REFUSED:
                self._oracle.check_refused_start()
            case Started.HELD:
                self._state.pauses.check_held(BACKEND)
            case Started.SKIPPED:
                self._going.check_skipped()
            case Started.WAITS_FOR_LAST:
                self._going.check_wait()
            case Started.WAITS:
                self._oracle.check_wait()
            case Started.FROM_HERE if not self._state.pauses.holds(BACKEND) and not self._going.let_wait:
                self._oracle.check_wait()
            case Started.STOPPED if not self._is_tampered:
                raise Violation("a start was stopped, although nobody changed the content")
            case _:
                pass
