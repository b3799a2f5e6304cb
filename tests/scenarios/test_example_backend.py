"""Plays a back end from a package of its own, found by its entry point, in the unchanged bot."""

import json
import sys
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from bot.clock import SystemClock
from bot.commands import dry_run
from bot.commands.manifest import manifest
from docs.generate import pages
from playground.environment import Environment, run_bot, run_environment
from playground.sandbox import Fault
from playground.server import serve
from playground.slack import Person
from tests.scenarios.conftest import Log
from tests.scenarios.steps import (
    WAIT_SECONDS,
    approve_request,
    click_for_reply,
    confirm_request,
    exact_request,
    find_outcome,
    open_form,
    press_preview,
    rerun_button,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

PACKAGE = Path(__file__).parents[1] / "example_backend"


@contextmanager
def install_package(place: Path) -> Iterator[None]:
    """Provides what installing the package leaves: its modules on the path, and the entry points of its project."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    info = place / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items()) for group, points in groups
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))
    paths = [str(place), str(PACKAGE)]
    sys.path[:0] = paths
    try:
        yield
    finally:
        sys.path[:] = [path for path in sys.path if path not in paths]
        for name in [name for name in sys.modules if name.partition(".")[0] == "lantern"]:
            del sys.modules[name]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lantern(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Any]:
    """The package's sandbox, being served; ``url`` is its address."""
    with install_package(tmp_path_factory.mktemp("installed")):
        sandbox = import_module("lantern.sandbox").LanternSandbox(SystemClock())
        async with serve(sandbox.app) as sandbox.url:
            yield sandbox


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_env(lantern: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Environment, Log]]:
    """The unchanged bot with a Lantern in its configuration."""
    extra = f'\n[backends.lantern.pier]\ntitle = "Pier"\nurl = "{lantern.url}"\ntoken = "env:LANTERN_TOKEN"\n'
    with capture_logs() as log, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANTERN_TOKEN", "sandbox-token")
        async with run_environment(tmp_path_factory.mktemp("stage"), extra=extra) as on, run_bot(on, "http"):
            yield on, log


@pytest.fixture(autouse=True)
def _clear_faults(lantern: Any) -> Iterator[None]:
    yield
    lantern.broken.clear()
    lantern.faults.clear()


def requests_received(lantern: Any) -> list[dict[str, Any]]:
    return [job.body for job in lantern.jobs]


async def make_request(alice: Person, line: str) -> str:
    return await confirm_request(await press_preview(await open_form(alice, line)))


async def test_from_the_slash_command_to_the_outcome(
    env: Environment, alice: Person, bob: Person, lantern: Any
) -> None:
    before = len(lantern.jobs)
    modal = await open_form(alice, "/lantern when=now because=flicker")
    assert modal.title == "Restart lamps"
    assert modal.labels == ["Lamps", "How", "Seconds to dim", "When", "Why"]
    assert await modal.search("Lamps", "a") == ["hall", "gate", "yard"]
    await modal.pick("Lamps", ["hall", "gate"])
    await modal.fill({"Seconds to dim": "7"})
    preview = await press_preview(modal)
    assert "2 lamps: hall, gate" in preview.text
    assert f"POST {lantern.url}/api/restarts" in await exact_request(preview)
    name = await confirm_request(preview)
    assert len(lantern.jobs) == before
    await approve_request(env, name)
    outcome = await find_outcome(bob, name)
    assert "2 of 2 lamps are lit again." in outcome.text
    (body,) = requests_received(lantern)[before:]
    assert body == {"key": body["key"], "lamps": ["hall", "gate"], "mode": "gentle", "dimSeconds": 7}


async def test_arguments_choose_and_fields_appear_only_where_they_matter(alice: Person, lantern: Any) -> None:
    modal = await open_form(alice, '/lantern restart lamps="hall, pier" mode=hard when=now because=x')
    assert modal.value("Lamps") == ["hall", "pier"]
    assert "Seconds to dim" not in modal.labels
    await modal.fill({"How": "Dim first"})
    await modal.wait_for_field("Seconds to dim")
    await modal.fill({"How": "Cut the power"})
    await modal.wait_for_text("Cut the power")
    preview = await press_preview(modal)
    assert "Cutting the power shortens a lamp's life." in preview.text
    assert "dimSeconds" not in await exact_request(preview)


async def test_a_value_that_does_not_fit_is_refused_under_its_field(alice: Person) -> None:
    modal = await open_form(alice, "/lantern lamps=hall dim=61 when=now because=x")
    result = await modal.submit()
    assert result.errors == {"Seconds to dim": "Must be 60 or less."}


async def test_an_unknown_word_is_answered_with_what_there_is(alice: Person) -> None:
    reply = await alice.command("/lantern dance", "#ops")
    assert reply.ephemeral_texts == ["“dance” is not something lantern can do here. It can: restart."]
    reply = await alice.command("/lantern lamp=hall", "#ops")
    assert "Known are: lamps, mode, dim, when" in reply.ephemeral_texts[0]


async def test_the_hub_knows_the_command(env: Environment, alice: Person) -> None:
    reply = await alice.command("/nightshift help", "#ops")
    await env.slack.wait_until(lambda: reply.ephemeral_texts)
    assert "/lantern" in reply.ephemeral_texts[0]


async def test_what_failed_is_told_and_run_again_alone(
    env: Environment, alice: Person, bob: Person, lantern: Any
) -> None:
    lantern.broken = {"gate"}
    name = await make_request(alice, "/lantern lamps=hall,gate when=now because=dark")
    await approve_request(env, name)
    outcome = await find_outcome(alice, name, "partly failed")
    lantern.broken = set()
    await alice.click(rerun_button(outcome), outcome)
    modal = await alice.modal()
    await modal.wait_for_text("Lamps", WAIT_SECONDS)
    assert modal.value("Lamps") == ["gate"]
    again = await confirm_request(await press_preview(modal))
    await approve_request(env, again)
    await find_outcome(bob, again)
    assert requests_received(lantern)[-1]["lamps"] == ["gate"]


async def test_an_answer_that_is_lost_is_looked_up_and_nothing_is_sent_twice(
    env: Environment, alice: Person, bob: Person, lantern: Any
) -> None:
    before = len(lantern.jobs)
    name = await make_request(alice, "/lantern lamps=yard when=now because=lost")
    lantern.faults.append(Fault("cut_after", path="/api/restarts", method="POST"))
    await approve_request(env, name)
    await find_outcome(bob, name)
    assert len(lantern.jobs) == before + 1


async def test_nightshift_holds_the_time(env: Environment, alice: Person, bob: Person, lantern: Any) -> None:
    before = len(lantern.jobs)
    name = await make_request(alice, '/lantern lamps=pier when="in 2 hours" because=later')
    card = await approve_request(env, name)
    await wait_for_texts(card, "Scheduled", env=env)
    assert len(lantern.jobs) == before
    env.clock.advance(timedelta(hours=2, minutes=1))
    await find_outcome(bob, name)
    assert len(lantern.jobs) == before + 1


async def test_what_runs_can_be_cancelled(env: Environment, alice: Person, lantern: Any) -> None:
    lantern.dark_for = timedelta(minutes=5)
    name = await make_request(alice, "/lantern lamps=hall when=now because=stop")
    card = await approve_request(env, name)
    await wait_for_texts(card, "Running", env=env)
    assert "leaves the lamps of" in await click_for_reply(alice, "Stop", card)
    await find_outcome(alice, name, "cancelled")
    lantern.dark_for = timedelta(seconds=0.5)


async def test_the_manifest_the_pages_and_dry_run_have_it(
    env: Environment, lantern: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = {c["command"]: c["usage_hint"] for c in manifest()["features"]["slash_commands"]}
    assert commands["/lantern"] == 'lamps=hall,gate when="tomorrow 21:00"'
    found = pages()
    assert "| Seconds to dim | `dim_seconds` or `dim` | `dimSeconds` |" in found["operations/lantern.restart.md"]
    assert "[backends.lantern.NAME]: Lantern" in found["settings.md"]
    assert "`/lantern restart`" in found["commands.md"]
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"lamps": ["hall"], "mode": "hard"}))
    assert dry_run.run("lantern.restart", str(body), when="now", now="", zone="UTC") == 0
    (call,) = json.loads(capsys.readouterr().out)["requests"]
    assert call["url"] == f"{lantern.url}/api/restarts"
    assert call["body"]["lamps"] == ["hall"]
