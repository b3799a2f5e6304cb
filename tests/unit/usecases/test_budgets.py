"""What rules approve by themselves: a series is judged again at each run, and each run uses a share of the budget."""

from dataclasses import replace
from itertools import count

import pytest

from bot.errors import Conflict
from bot.requests.model import Request, Run
from bot.usecases.budgets import BudgetUsedUp
from bot.usecases.drafts.edit import edit_request
from bot.usecases.drafts.update import apply_form_state
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"

[[policy.rules]]
name = "one host"
when = { max_targets = 1, backend = "foreman" }
effect = "approve"
budget = 1

[[policy.rules]]
name = "ten hosts or more"
when = { min_targets = 10 }
approvers = ["@leads"]
"""
GROUPS = {"leads": ["dave"]}
ONE_HOST = "name = batch04.nyc.example.com"
MONTHS = count(1)
NIGHTLY, TWICE_A_DAY = "every day at 22:00", "every day at 12:30 and 22:00"


@pytest.fixture(autouse=True)
async def nothing_is_used(bot: Harness) -> None:
    """Each test has a month of its own, so that no other has used its budgets."""
    bot.forward(days=28 * next(MONTHS))


async def next_run(bot: Harness, request: Request) -> Run:
    """Let the next run of a series come to its start."""
    run = await bot.run(request)
    bot.move_to(run.due_at)
    run = await bot.dispatch(run)
    await bot.poll()
    return run


async def test_a_series_that_grew_is_asked_about_at_its_next_run(bot: Harness) -> None:
    request = await bot.request(when=NIGHTLY, hosts="name ~ batch04 or name ~ new", targeting_type="dynamic_query")
    assert (request.state, request.targets.count) == ("scheduled", 1)
    await next_run(bot, request)
    world = bot.env.foreman.state.world
    before, jobs = list(world.hosts), len(bot.posts())
    (old,) = [host for host in before if host.name.startswith("batch04")]
    world.hosts = [*before, *(replace(old, id=900 + n, name=f"new{n:02d}.example.com") for n in range(30))]
    try:
        await next_run(bot, request)
    finally:
        world.hosts = before
    request = await bot.reload(request)
    assert (request.state, request.targets.count, len(bot.posts())) == ("awaiting_approval", 31, jobs)
    assert [stage.names for stage in request.requirement.stages] == [("@leads",)]


async def test_each_run_of_a_series_uses_a_share_of_its_day(bot: Harness) -> None:
    request = await bot.request(when=TWICE_A_DAY, hosts=ONE_HOST)
    first = await next_run(bot, request)
    assert (request.state, first.token != "") == ("scheduled", True)
    jobs = len(bot.posts())
    second = await next_run(bot, request)
    request = await bot.reload(request)
    assert (second.state, request.state, len(bot.posts())) == ("cancelled", "awaiting_approval", jobs)
    assert second.problem == (
        "Policy asks for more now. Needs 1 of @sre because the daily budget of “one host” is used up."
    )


async def test_a_series_that_runs_once_a_day_goes_on(bot: Harness) -> None:
    request = await bot.request(when=NIGHTLY, hosts=ONE_HOST)
    for number in (1, 2, 3):
        run = await next_run(bot, request)
        assert (run.number, run.token != "", (await bot.reload(request)).state) == (number, True, "scheduled")


async def test_a_run_of_a_series_leaves_less_for_others_on_its_day(bot: Harness) -> None:
    request = await bot.request(when=NIGHTLY, hosts=ONE_HOST)
    await next_run(bot, request)
    bot.forward(hours=20)
    assert (await bot.request("dave", hosts=ONE_HOST)).state == "awaiting_approval"
    run = await next_run(bot, request)
    assert (run.token != "", (await bot.reload(request)).state) == (True, "scheduled")


async def test_a_single_start_counts_on_the_day_on_which_it_starts(bot: Harness) -> None:
    for when in ("tomorrow 21:00", "now"):
        planned = await bot.request(when=when, hosts=ONE_HOST)
        assert planned.state == "scheduled"
    assert (await bot.dispatch(await bot.run(planned))).token != ""
    for when in ("tomorrow 10:00", "now"):
        assert (await bot.request("dave", when=when, hosts=ONE_HOST)).state == "awaiting_approval"
    assert (await bot.request("dave", when="in 2 days at 10:00", hosts=ONE_HOST)).state == "scheduled"


async def test_the_first_to_start_on_a_day_uses_its_budget(bot: Harness) -> None:
    single = await bot.request("dave", when="in 2 days at 21:00", hosts=ONE_HOST)
    series = await bot.request(when=NIGHTLY, hosts=ONE_HOST)
    assert (single.state, series.state) == ("scheduled", "scheduled")
    for _ in range(2):
        await next_run(bot, series)
    assert (await next_run(bot, single)).token != ""
    run = await next_run(bot, series)
    assert (run.state, (await bot.reload(series)).state) == ("cancelled", "awaiting_approval")


async def test_an_edit_does_not_compete_with_what_it_replaces(bot: Harness) -> None:
    request, alice = await bot.request(when="tomorrow 21:00", hosts=ONE_HOST), await bot.actor("alice")
    draft = await edit_request(bot.services, request.id, alice)
    draft = await apply_form_state(bot.services, draft, alice, {"when": "tomorrow 20:00"}, {})
    assert (await bot.submit(draft)).state == "scheduled"


async def test_what_people_approve_uses_no_budget(bot: Harness) -> None:
    request = await bot.request(when=TWICE_A_DAY, hosts=ONE_HOST)
    await next_run(bot, request)
    await next_run(bot, request)
    request = (await bot.decide(await bot.reload(request))).request
    for _ in range(3):
        assert (await next_run(bot, request)).token != ""
    assert (await bot.request("dave", hosts=ONE_HOST)).state == "scheduled"


async def test_the_last_of_a_budget_is_given_once(bot: Harness) -> None:
    """Another start has used it between the check of a start and its call."""
    other = await bot.request("dave", when="in 1 day at 22:00", hosts=ONE_HOST)
    request = await bot.request(when=NIGHTLY, hosts=ONE_HOST)
    await next_run(bot, request)
    run = await bot.run(request)
    bot.move_to(run.due_at)
    budgets = bot.services.policy.budgets
    async with bot.services.db.write() as tx:
        await budgets.require_left(tx, await bot.reload(request), run, bot.now)
    assert (await bot.dispatch(await bot.run(other))).token != ""
    async with bot.services.db.write() as tx:
        with pytest.raises(BudgetUsedUp, match="“one host” has let as many start that day without an approval"):
            await budgets.require_left(tx, await bot.reload(request), run, bot.now)
    assert issubclass(BudgetUsedUp, Conflict)
