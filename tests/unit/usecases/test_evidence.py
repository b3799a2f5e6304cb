"""“It ran” needs evidence: the token, or a match of operation, targets and time that an approver confirms."""

import re
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.errors import Conflict, InputError, NotAllowed
from bot.requests.model import Request
from bot.usecases.drafts.edit import edit_request
from bot.usecases.drafts.update import apply_form_state
from bot.usecases.refusals import RefusalCode
from bot.usecases.runs.attach_remote import confirm_remote, offer_candidates, propose_remote
from bot.usecases.runs.cancel import cancel
from bot.usecases.runs.evidence import candidate_key
from bot.usecases.runs.retry_unknown import retry_unknown
from playground.sandbox import Fault
from tests.unit.usecases.harness import JOBS, Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

DATABASES = "name ~ db"
"""Hosts of their own for some tests: a card has no room for the warnings of twenty requests on the same hosts."""


def start_by_hand(bot: Harness, **changes: Any) -> str:
    """Run in Foreman itself what Nightshift has asked for last, with changes and without its token. Returns its id."""
    given = {**bot.posts()[-1], "description_format": "By hand", **changes}
    return str(bot.env.foreman.start_job(given).id)


async def propose(bot: Harness, request: Request, who: str, remote_id: str) -> str:
    return await propose_remote(bot.services, request.id, bot.person(who), "", remote_id)


async def offered(bot: Harness, request: Request) -> list[str]:
    """The ids of the runs that people can choose from."""
    offer = await offer_candidates(bot.services, request.id, bot.person("bob"))
    assert not offer.attached
    return [candidate.id for candidate in offer.candidates]


async def refusal(bot: Harness, request: Request, remote_id: str, who: str = "bob") -> str:
    """What somebody reads who names a run that is not the one. Nothing is recorded."""
    with pytest.raises(InputError) as refused:
        await propose(bot, request, who, remote_id)
    run = await bot.run(request)
    assert (run.state, run.handle, run.proposal) == ("unknown", None, None)
    return refused.value.problems["id"]


async def test_a_run_that_carries_the_token_is_attached_as_soon_as_somebody_looks(bot: Harness) -> None:
    request, run = await bot.unknown(arrived=True)
    bot.woken()
    offer = await offer_candidates(bot.services, request.id, bot.person("alice"))
    job = str(bot.env.foreman.invocations[-1].id)
    assert (offer.attached, offer.candidates) == (f"{request.name} is watched as {job} from now on.", ())
    run, after = await bot.run(request), await bot.reload(request)
    assert (run.state, run.handle["id"], run.started_at, run.problem) == ("running", job, bot.now, "")
    assert (after.state, after.started_at, after.outcome) == ("running", bot.now, "")
    attempt = await bot.attempt(run)
    assert (attempt.state, attempt.answered_at, attempt.handle) == ("answered", bot.now, run.handle)
    assert bot.woken() == {"sender", "watchers"}
    action, data = (await bot.audit(request))[-1]
    assert (action, data["handle"], data["by_token"]) == ("run.adopted", job, True)


async def test_a_run_that_carries_the_token_is_attached_when_its_requester_names_it(bot: Harness) -> None:
    request, _ = await bot.unknown(arrived=True)
    job = str(bot.env.foreman.invocations[-1].id)
    assert await propose(bot, request, "alice", f" {job} ") == f"{request.name} is watched as {job} from now on."
    assert (await bot.run(request)).handle["id"] == job


async def test_what_matches_is_offered_and_an_approver_attaches_it(bot: Harness) -> None:
    request, _ = await bot.unknown()
    job = start_by_hand(bot)
    other = start_by_hand(bot, search_query="name ~ db")
    offer = await offer_candidates(bot.services, request.id, bot.person("bob"))
    assert (offer.attached, offer.system) == ("", "Foreman")
    assert other not in await offered(bot, request)
    (candidate,) = [c for c in offer.candidates if c.id == job]
    assert candidate.title == f"{job} · By hand"
    key = candidate_key(candidate)
    assert re.fullmatch("[0-9a-f]{16}", key)
    answer = await propose_remote(bot.services, request.id, bot.person("bob"), key, "")
    assert answer == f"{request.name} is watched as {job} from now on."
    assert (await bot.run(request)).handle["id"] == job
    action, data = (await bot.audit(request))[-1]
    assert (action, data["handle"], data["by_token"], data["title"]) == ("run.adopted", job, False, f"{job} · By hand")


async def test_what_the_requester_names_is_attached_once_an_approver_confirms_it(bot: Harness) -> None:
    request, _ = await bot.unknown()
    job = start_by_hand(bot)
    bot.woken()
    assert "An approver who has not written" in await propose(bot, request, "alice", job)
    run = await bot.run(request)
    assert (run.state, run.handle) == ("unknown", None)
    assert (run.proposal.remote_id, run.proposal.title, run.proposal.by) == (job, f"{job} · By hand", "U0ALICE")
    assert bot.woken() == {"sender"}
    assert (await bot.audit(request))[-1] == ("run.proposed", {"run": run.id, "id": job, "title": f"{job} · By hand"})
    (note,) = [m for m in await bot.messages(request, "note") if "By hand" in m.facts["text"]]
    assert (note.recipient, note.facts["by"], note.facts["mentions"]) == ("#approvals", "U0ALICE", ["S0SRE"])
    with pytest.raises(NotAllowed, match="You have written this request") as refused:
        await confirm_remote(bot.services, request.id, run.version, bot.person("alice"))
    assert refused.value.code == RefusalCode.NOT_INDEPENDENT
    await confirm_remote(bot.services, request.id, run.version, bot.person("bob"))
    run = await bot.run(request)
    assert (run.state, run.handle["id"], run.proposal) == ("running", job, None)
    assert (await bot.audit(request))[-1][1]["proposed_by"] == "U0ALICE"


async def test_a_confirmation_is_for_the_run_that_the_card_showed(bot: Harness) -> None:
    request, _ = await bot.unknown()
    await propose(bot, request, "alice", start_by_hand(bot))
    seen = (await bot.run(request)).version
    await propose(bot, request, "alice", start_by_hand(bot))
    with pytest.raises(Conflict, match="Another run was named"):
        await confirm_remote(bot.services, request.id, seen, bot.person("bob"))
    assert (await bot.run(request)).state == "unknown"


async def test_an_approver_who_has_edited_the_request_does_not_confirm(bot: Harness) -> None:
    request = await bot.request()
    actor = await bot.actor("bob")
    draft = await edit_request(bot.services, request.id, actor)
    draft = await apply_form_state(bot.services, draft, actor, {"inputs.command": "df -h"}, {})
    request = (await bot.decide(await bot.submit(draft, "bob"), "carol")).request
    bot.env.foreman.faults += [Fault("cut", f"^{JOBS}$", "POST")]
    await bot.dispatch(await bot.run(request))
    job = start_by_hand(bot)
    assert "An approver who has not written" in await propose(bot, request, "bob", job)
    version = (await bot.run(request)).version
    with pytest.raises(NotAllowed, match="You have written this request"):
        await confirm_remote(bot.services, request.id, version, bot.person("bob"))
    await confirm_remote(bot.services, request.id, version, bot.person("carol"))
    assert (await bot.run(request)).state == "running"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"search_query": "name ~ db"}, "It is for other hosts: name ~ db."),
        ({"job_template_id": 190, "inputs": {"action": "restart", "service": "nginx"}}, "It runs another template:"),
        ({"recurrence": {"cron_line": "0 6 * * *"}}, "It is a run of a series."),
        ({"description_format": "[ns-7k3vabcdefgh2345] id"}, "it carries the token ns-7k3vabcdefgh2345."),
    ],
)
async def test_a_run_that_is_something_else_is_refused_with_what_differs(
    bot: Harness, changes: dict[str, Any], text: str
) -> None:
    request, _ = await bot.unknown()
    job = start_by_hand(bot, **changes)
    words = await refusal(bot, request, job)
    assert words.startswith(f"{job} is not the run of {request.name}.")
    assert text in words
    assert job not in await offered(bot, request)


@pytest.mark.parametrize("early", [timedelta(minutes=-3), timedelta(minutes=16)])
async def test_a_run_at_another_time_is_refused(bot: Harness, early: timedelta) -> None:
    request, _ = await bot.unknown()
    job = start_by_hand(bot)
    bot.env.foreman.state.jobs.invocations[int(job)].start_at += early
    assert "Its start is 11 Jan" in await refusal(bot, request, job)
    assert job not in await offered(bot, request)


async def test_the_run_of_another_request_is_refused_and_cannot_be_cancelled(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    other, running = await bot.started()
    job = running.handle["id"]
    request, _ = await bot.unknown()
    assert f"It is the run of {other.name}." in await refusal(bot, request, job, "alice")
    assert "was not cancelled" in await cancel(bot.services, request.id, bot.person("alice"))
    assert bot.env.foreman.requests_to("POST", f"{JOBS}/{job}/cancel") == []


@pytest.mark.parametrize("remote_id", ["99999", "complete nonsense", "-1", "1" * 40])
async def test_what_cannot_be_read_is_not_attached(bot: Harness, remote_id: str) -> None:
    request, _ = await bot.unknown(hosts=DATABASES)
    assert "that can be read, so it is not known whether it ran" in await refusal(bot, request, remote_id)


@pytest.mark.parametrize("remote_id", ["", "  "])
async def test_without_a_choice_nothing_is_attached(bot: Harness, remote_id: str) -> None:
    request, _ = await bot.unknown(hosts=DATABASES)
    assert "Choose a run, or give the id" in await refusal(bot, request, remote_id)


async def test_a_back_end_that_does_not_answer_leaves_it_unknown_and_says_so(bot: Harness) -> None:
    request, _ = await bot.unknown(arrived=True, hosts=DATABASES)
    bot.env.foreman.faults.append(Fault("status", JOBS, "GET", status=500, remaining=None))
    words = await refusal(bot, request, str(bot.env.foreman.invocations[-1].id))
    assert "So it is not known whether this is the run, and nothing was recorded." in words


async def test_what_was_offered_and_is_gone_is_not_attached(bot: Harness) -> None:
    request, _ = await bot.unknown(hosts=DATABASES)
    with pytest.raises(InputError, match="shows this run no more"):
        await propose_remote(bot.services, request.id, bot.person("bob"), "0" * 16, "")


async def test_it_did_not_run_forgets_the_run_that_was_named(bot: Harness) -> None:
    request, _ = await bot.unknown(hosts=DATABASES)
    await propose(bot, request, "alice", start_by_hand(bot))
    await retry_unknown(bot.services, request.id, bot.person("alice"))
    assert (await bot.run(request)).proposal is None


async def test_a_lookup_that_fails_is_logged(bot: Harness) -> None:
    request, _ = await bot.unknown(hosts=DATABASES)
    bot.env.foreman.faults.append(Fault("status", JOBS, "GET", status=500, remaining=2))
    with capture_logs() as log:
        await offer_candidates(bot.services, request.id, bot.person("bob"))
    assert "run not found by its token" in [entry["event"] for entry in log]
