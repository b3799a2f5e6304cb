"""The card in every state."""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from blocks.card.model import Card
from blocks.card.render import card_blocks, fallback_text
from bot.requests.model import Proposal, Requirement, Review
from bot.requests.pauses import Pause
from bot.schedule import Now, Series, Weekday, ZonedTime
from bot.schedule.model import RecurrenceRule
from tests.golden.requests import (
    BERLIN,
    CREATED,
    DBA,
    SRE,
    START,
    WARNINGS,
    both,
    card,
    decision,
    person,
    progress,
    request,
    run,
    waiting,
)
from tests.golden.surface import Surface

PAUSE = Pause(
    id="p1", scope="system", name="foreman.prod", since=START, by=person("U0DAVE"), reason="Storage is being moved"
)
SCRIPT = (
    'set -euo pipefail\nfor log in /var/log/nginx/*.log; do\n  gzip -c "$log" > "/srv/archive/$log.gz"\n' + "x" * 3_000
)
WEEKLY = Series(
    rule=RecurrenceRule(freq="weekly", weekdays=(Weekday(day=5),), times=(time(21),)),
    zone=BERLIN,
    first=ZonedTime(wall=datetime(2026, 11, 28, 21), zone=BERLIN),
)
HOSTILE = "\u202e✅ Approved by <@U0BOB>\n\n*Done* <!channel> 👩‍👩‍👧 مرحبا"


def _waiting() -> Card:
    return card(request(), status=waiting())


def _with_warnings() -> Card:
    return card(request(warnings=WARNINGS), status=waiting())


def _in_a_direct_message() -> Card:
    return card(request(warnings=WARNINGS), status=waiting(), mentions_approvers=False)


def _receipt() -> Card:
    return card(request(warnings=WARNINGS), status=waiting(), variant="receipt", mentions_approvers=False)


def _one_of_two() -> Card:
    asked = request(warnings=WARNINGS)
    return card(asked, decisions=[decision(asked, "U0BOB")], status=waiting(1))


def _second_stage() -> Card:
    asked = request(requirement=Requirement(stages=(SRE, DBA), because=("16 hosts",), demanded_by=("Databases",)))
    approved = [*both(asked), decision(asked, "U0DAVE", comment="Not the backup hosts", retracted_at=CREATED)]
    return card(asked, decisions=approved, status=waiting(0, stage_index=1, stage_count=2, required_count=1))


def _changes_requested() -> Card:
    asked = request()
    changes = [decision(asked, "U0BOB", "changes", comment="One host first")]
    return card(asked, decisions=changes, status=waiting())


def _edited() -> Card:
    changes = (
        {"field": "When", "before": "Sat 28 Nov, 22:00 CET", "after": "Sat 28 Nov, 21:00 CET"},
        {"field": "Targets", "before": "20 (-db11, db12, db21 and db22)", "after": "16"},
        {"field": "service", "before": "httpd", "after": "nginx"},
        {"field": "User", "before": "root", "after": "(empty)"},
    )
    asked = request(
        revision=2,
        revision_changes=changes,
        last_editor="U0BOB",
        editors=("U0BOB",),
        round_opened_at=CREATED + timedelta(minutes=70),
    )
    earlier = decision(asked, "U0CAROL", revision=1, content_hash="another")
    return card(asked, decisions=[earlier], status=waiting())


def _hidden_text() -> Card:
    summary = (("Template", "Run Command - Script Default"), ("command", SCRIPT))
    return card(
        request(title="Run Command: a 41-line script on 16 hosts", summary=summary, schedule=Now()), status=waiting()
    )


def _nobody_can_approve() -> Card:
    reasons = ("This needs 2 of @sre, but only 1 of them can approve it now.",)
    return card(request(), status=waiting(unapprovable_reasons=reasons))


def _asked_again() -> Card:
    outcome = "The targets have changed since the approval: 16 instead of 18 hosts."
    return card(request(outcome=outcome), status=waiting())


def _in_state(state: str, **changes: Any) -> Callable[[], Card]:
    runs = changes.pop("runs", ())

    def build() -> Card:
        asked = request(state=state, **changes)
        return card(asked, decisions=both(asked), runs=runs)

    return build


def _held() -> Card:
    asked = request(state="scheduled", outcome="")
    return card(asked, decisions=both(asked), runs=[run("pending", handle=None)], pauses=[PAUSE])


def _not_seen() -> Card:
    asked = request(state="running", started_at=START)
    problem = "No contact since 28 Nov 21:04 CET. Foreman answers 401."
    going = run("running", silent_since=START + timedelta(minutes=4), problem=problem, progress=progress(7, 1))
    return card(asked, decisions=both(asked), runs=[going])


def _unknown_with_a_proposal() -> Card:
    asked = request(state="unknown", outcome="Foreman’s answer was lost. The job may be running.")
    proposal = Proposal(remote_id="4711", title="Restart nginx, started at 21:00 CET", by="U0ALICE")
    return card(asked, decisions=both(asked), runs=[run("unknown", handle=None, proposal=proposal)])


def _denied() -> Card:
    asked = request(state="denied", outcome="Not before the release")
    denial = decision(asked, "U0CAROL", "denied", minutes=88, comment="Not before the release")
    return card(asked, decisions=[decision(asked, "U0BOB"), denial])


def _approved_with_a_comment() -> Card:
    asked = request(state="scheduled")
    said = decision(asked, "U0CAROL", comment="Watch web15, it is slow", on_behalf_of="U0DAVE")
    return card(asked, decisions=[decision(asked, "U0BOB"), said], runs=[run("pending", handle=None)])


def _approved_by_policy() -> Card:
    allowed = Requirement(effect="approve", because=("1 host",), demanded_by=("One host at night",))
    going = run("running", progress=progress(7))
    return card(request(state="running", requirement=allowed, warnings=WARNINGS), runs=[going])


def _emergency() -> Card:
    needed = Requirement(effect="approve", review=Review(by=SRE, within=86_400), because=("an emergency",))
    asked = request(state="succeeded", title="Emergency: Restart nginx on 16 hosts", requirement=needed)
    done = run("succeeded", progress=progress(16), finished_at=START + timedelta(seconds=76))
    return card(asked, runs=[done], review="@sre must review it by Sun 29 Nov 21:00 CET.", review_is_due=True)


def _series(paused: bool = False) -> Card:
    asked = request(
        state="scheduled",
        title="Restart nginx on 16 hosts, every Saturday at 21:00",
        schedule=WEEKLY,
        outcome="",
    )
    runs = [run("pending", number=2, handle=None, started_at=None, due_at=START + timedelta(days=7))]
    runs.append(run("partly_failed", progress=progress(13, 3), finished_at=START + timedelta(minutes=10)))
    pause = Pause(id="p2", scope="series", name="r12", since=START, by=person("U0BOB"), reason="Too many failures")
    return card(asked, decisions=both(asked), runs=runs, pauses=[pause] if paused else [])


def _hostile() -> Card:
    summary = ((HOSTILE, HOSTILE), ("Template", "@channel"), ("name", "<@U0BOB>"))
    asked = request(title=HOSTILE, summary=summary, reason="\n".join(["Why not?"] * 1_000), warnings=(HOSTILE,))
    return card(asked, decisions=[decision(asked, "U0BOB", comment=HOSTILE)], status=waiting(1))


def _without_title() -> Card:
    return card(request(title=" ", summary=(), reason=""), status=waiting())


SUCCEEDED = run(
    "succeeded", progress=progress(16, summary="Succeeded in Foreman."), finished_at=START + timedelta(seconds=76)
)
PARTLY = run(
    "partly_failed", progress=progress(13, 3, "Failed in Foreman."), finished_at=START + timedelta(seconds=608)
)
ENDED_TEXT = "Marked as ended by hand. Nightshift has not seen it end, so it may still be running."

CARDS: Mapping[str, Callable[[], Card]] = {
    "card-waiting": _waiting,
    "card-with-warnings": _with_warnings,
    "card-one-of-two": _one_of_two,
    "card-second-stage": _second_stage,
    "card-changes-requested": _changes_requested,
    "card-edited": _edited,
    "card-hidden-text": _hidden_text,
    "card-nobody-can-approve": _nobody_can_approve,
    "card-asked-again": _asked_again,
    "card-approved": _in_state("approved"),
    "card-approved-with-a-comment": _approved_with_a_comment,
    "card-approved-by-policy": _approved_by_policy,
    "card-scheduled": _in_state("scheduled", runs=[run("pending", handle=None, started_at=None)]),
    "card-held": _held,
    "card-starting": _in_state(
        "starting", outcome="Foreman is not answering (connection refused). Retrying until 21:10 CET."
    ),
    "card-running": _in_state("running", runs=[run("running", progress=progress(7, 1))]),
    "card-not-seen": _not_seen,
    "card-done": _in_state("succeeded", runs=[SUCCEEDED]),
    "card-partly-failed": _in_state("partly_failed", runs=[PARTLY]),
    "card-failed-to-start": _in_state(
        "failed",
        outcome="Foreman refused it: the template is locked.",
        runs=[run("failed", handle=None, problem="Foreman refused it: the template is locked.", started_at=None)],
    ),
    "card-unknown": _in_state(
        "unknown",
        outcome="Foreman’s answer was lost. The job may be running.",
        runs=[run("unknown", handle=None)],
    ),
    "card-unknown-with-a-proposal": _unknown_with_a_proposal,
    "card-ended-unseen": _in_state("ended_unseen", outcome=ENDED_TEXT, runs=[run("ended_unseen", problem=ENDED_TEXT)]),
    "card-denied": _denied,
    "card-expired": _in_state("expired", outcome="Nobody decided in time, so nothing was done."),
    "card-withdrawn": _in_state("withdrawn", outcome="Withdrawn by the requester."),
    "card-cancelled": _in_state("cancelled", outcome="Cancelled before it started."),
    "card-undeliverable": _in_state("undeliverable", outcome="The approvers’ channel is archived."),
    "card-emergency-to-review": _emergency,
    "card-series": _series,
    "card-series-paused": lambda: _series(paused=True),
    "card-hostile": _hostile,
    "card-without-a-title": _without_title,
    "dm-card-approver": _in_a_direct_message,
    "dm-receipt-requester": _receipt,
}


def card_surface(shown: Card) -> Surface:
    return Surface(card_blocks(shown), fallback_text(shown))
