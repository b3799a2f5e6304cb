"""Who is told what of an event, and where."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.requests.model import Request
from bot.requests.notify.approvers import second_group, undecided_approvers
from bot.requests.notify.events import TABLE, Event
from bot.requests.notify.plan import MAX_COPIES, MAX_MENTIONS, Audience, Plan, plan
from bot.requests.notify.preferences import Preferences
from tests.unit.requests.build import NOW, decision, make_directory, pending_request, requirement, stage
from tests.unit.requests.rounds import approval_round

MANY = tuple(f"U{number:03}" for number in range(30))


def audience(**values: Any) -> Audience:
    base: dict[str, Any] = {
        "requester": "UANN",
        "channel": "CAPPROVALS",
        "results": "CRESULTS",
        "admins": "CADMIN",
        "asked": ("SSRE",),
        "approvers": ("UBOB", "UCAT"),
        "in_channel": frozenset({"UANN", "UBOB", "UCAT"}),
    }
    return Audience(**(base | values))


def told(found: Plan) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(message.place, message.kind, message.mentions) for message in found.messages]


def request() -> Request:
    return pending_request()


def test_a_request_is_shown_in_the_channel_and_mentions_its_groups() -> None:
    found = plan(Event.REQUESTED, audience(actor="UANN"), request=request())
    assert told(found) == [("CAPPROVALS", "card", ("SSRE",)), ("UANN", "receipt", ())]
    assert (found.by_mention, found.by_copy, found.left_out) == (("UBOB", "UCAT"), (), ())


def test_who_is_not_in_the_channel_gets_the_card_as_a_direct_message() -> None:
    found = plan(Event.REQUESTED, audience(in_channel=frozenset({"UBOB"})))
    assert ("UCAT", "card", ()) in told(found)
    assert (found.by_mention, found.by_copy) == (("UBOB",), ("UCAT",))


def test_where_slack_does_not_say_who_is_in_the_channel_nobody_counts_as_being_there() -> None:
    found = plan(Event.REQUESTED, audience(in_channel=None))
    assert (found.by_mention, found.by_copy) == ((), ("UBOB", "UCAT"))


def test_nobody_is_promised_anything_while_the_approvers_are_not_known() -> None:
    found = plan(Event.REQUESTED, audience(approvers=None))
    assert (told(found)[0], found.notified) == (("CAPPROVALS", "card", ("SSRE",)), frozenset())


@pytest.mark.parametrize(
    ("notify", "mentions", "copies", "by_mention"),
    [
        ("mention", ("SSRE",), (), ("UBOB", "UCAT")),
        ("dm", (), ("UBOB", "UCAT"), ()),
        ("both", ("SSRE",), ("UBOB", "UCAT"), ("UBOB", "UCAT")),
    ],
)
def test_policy_says_how_approvers_are_told(notify: Any, mentions: Any, copies: Any, by_mention: Any) -> None:
    found = plan(Event.REQUESTED, audience(notify=notify))
    assert (found.messages[0].mentions, found.by_copy, found.by_mention) == (mentions, copies, by_mention)


def test_of_many_only_the_first_get_a_direct_message_and_the_admins_are_told_of_the_others() -> None:
    found = plan(Event.REQUESTED, audience(approvers=MANY, in_channel=frozenset(MANY[:3])), request=request())
    assert found.by_copy == MANY[3 : 3 + MAX_COPIES]
    assert found.left_out == MANY[3 + MAX_COPIES :]
    assert found.by_mention == MANY[:3]
    assert "7 approvers of NS-1 are not in the approvers' channel" in found.messages[-1].text
    assert found.messages[-1].place == "CADMIN"


def test_where_direct_messages_do_not_reach_all_the_groups_are_mentioned_after_all() -> None:
    found = plan(Event.REQUESTED, audience(approvers=MANY, in_channel=frozenset(MANY), notify="dm"))
    assert found.messages[0].mentions == ("SSRE",)
    assert (found.by_copy, found.by_mention) == (MANY[:MAX_COPIES], MANY[MAX_COPIES:])


def test_a_person_may_ask_for_direct_messages_in_addition() -> None:
    found = plan(Event.REQUESTED, audience(preferences={"UCAT": Preferences(copies=True)}))
    assert (found.by_copy, found.by_mention) == (("UCAT",), ("UBOB", "UCAT"))


def test_a_reminder_mentions_those_who_are_there_and_have_not_decided() -> None:
    there = frozenset({"UCAT", "UANN"})
    found = plan(Event.REMINDED, audience(in_channel=there, holders=frozenset({"UBOB", "UDAN"})))
    assert told(found) == [("CAPPROVALS", "reply", ("UCAT",)), ("UBOB", "reply", ("UBOB",))]
    new = plan(Event.REMINDED, audience(in_channel=there))
    assert ("UBOB", "card", ()) in told(new)
    many = plan(Event.REMINDED, audience(approvers=MANY, in_channel=frozenset(MANY[: MAX_MENTIONS + 1])))
    assert ("CAPPROVALS", "reply", ("SSRE",)) in told(many)


def test_an_escalation_goes_to_each_of_the_second_group_at_once() -> None:
    holders = frozenset({"UBOB", "UDAN"})
    people = audience(asked=("SLEADS", "SSRE"), approvers=("UBOB", "UEVE"), second_group=("UEVE",), holders=holders)
    found = plan(Event.ESCALATED, people)
    channel = ("CAPPROVALS", "reply", ("SLEADS", "SSRE"))
    assert told(found) == [("UEVE", "card", ()), channel, ("UBOB", "reply", ("UBOB",))]
    assert all(message.is_urgent for message in found.messages)


@pytest.mark.parametrize("event", [Event.APPROVED, Event.DENIED, Event.EXPIRED])
def test_a_verdict_is_a_new_message_to_the_requester(event: Event) -> None:
    assert told(plan(event, audience(actor="UBOB"), "so")) == [("UANN", "note", ())]
    assert told(plan(event, audience(actor="UANN"), "so")) == []


def test_a_failure_mentions_the_requester_and_a_success_nobody() -> None:
    failed, ended = plan(Event.FAILED, audience(), "so"), plan(Event.ENDED, audience(), "so")
    assert ("CRESULTS", "outcome", ("UANN",)) in told(failed)
    assert told(ended) == [("UANN", "outcome", ()), ("CRESULTS", "outcome", ()), ("CAPPROVALS", "reply", ())]


@pytest.mark.parametrize(("results", "kept"), [("all", 2), ("failures", 1), ("none", 0)])
def test_people_choose_which_results_they_get(results: Any, kept: int) -> None:
    chosen = audience(preferences={"UANN": Preferences(results=results)})
    found = [plan(event, chosen, "so") for event in (Event.FAILED, Event.ENDED)]
    assert sum(("UANN", "outcome", ()) in told(each) for each in found) == kept


def test_one_channel_for_everything_gets_a_result_once() -> None:
    found = plan(Event.ENDED, audience(results="CAPPROVALS"), "so")
    assert [place for place, *_ in told(found)] == ["UANN", "CAPPROVALS"]


def test_who_is_nearest_to_deciding_comes_first() -> None:
    there = make_directory({"sre": {"UZOE", "UCAT"}, "dba": {"UBOB", "UANN"}})
    in_stages = approval_round(requirement(stage("@sre"), stage("@dba")))
    assert undecided_approvers(in_stages, [], there, NOW) == ("UCAT", "UZOE", "UBOB")
    assert undecided_approvers(in_stages, [decision("UZOE")], there, NOW) == ("UBOB",)
    assert undecided_approvers(in_stages, [decision("UZOE", "denied")], there, NOW) == ()


def test_the_second_group_is_who_may_decide_since_the_escalation() -> None:
    there = make_directory({"sre": {"UBOB"}, "leads": {"UEVE", "UBOB", "UANN"}})
    escalating = approval_round(requirement(stage("@sre"), escalate_after=60, escalate_to=stage("@leads")))
    later = NOW.replace(hour=23)
    assert second_group(escalating, [], there, later) == ("UBOB", "UEVE")
    assert second_group(approval_round(requirement(stage("@sre"))), [], there, later) == ()


people = st.sampled_from(["UANN", *MANY])


@given(
    event=st.sampled_from(list(Event)),
    actor=st.one_of(st.just(""), people),
    approvers=st.one_of(st.none(), st.lists(people, unique=True, max_size=30).map(tuple)),
    in_channel=st.one_of(st.none(), st.frozensets(people)),
    holders=st.frozensets(people, max_size=5),
    notify=st.sampled_from(["mention", "dm", "both"]),
    channels=st.tuples(*[st.sampled_from(["C1", "C2", ""])] * 2),
    wanting=st.frozensets(people, max_size=5),
)
def test_nobody_is_told_twice_in_a_place_nor_of_what_they_did(
    event: Event, actor: str, approvers: Any, in_channel: Any, holders: Any, notify: Any, channels: Any, wanting: Any
) -> None:
    there = audience(
        actor=actor,
        approvers=approvers,
        in_channel=in_channel,
        holders=holders,
        notify=notify,
        results=channels[0],
        admins=channels[1],
        channel="C1",
        preferences={user: Preferences(copies=True) for user in wanting},
    )
    found = plan(event, there, "so", request())
    places = [(message.place, message.text) for message in found.messages]
    assert len(places) == len(set(places))
    news = [message for message in found.messages if message.kind not in ("receipt", "outcome")]
    assert actor not in {message.place for message in news} - {""}
    cards = [message.place for message in found.messages if message.kind == "card" and message.place != "C1"]
    assert set(cards) == set(found.by_copy) - holders
    assert len(found.by_copy) <= MAX_COPIES
    assert found.notified <= set(approvers or ())
    mentioned = any(message.mentions for message in found.messages if message.place == "C1")
    assert not found.by_mention or mentioned
    if TABLE[event].copies and approvers is not None and event is not Event.ESCALATED:
        reachable = set(approvers) - {actor, "UANN"}
        assert reachable == (found.notified | set(found.left_out)) - {"UANN"}
