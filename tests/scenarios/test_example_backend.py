"""A back end from a package of its own: found by its entry point, it works in the unchanged bot, from the slash command
to the outcome."""

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
from playground.sandbox import Fault
from playground.server import serve
from playground.slack import Person
from playground.stage import Stage, bot_inside, stage
from tests.scenarios.conftest import Log
from tests.scenarios.steps import WAIT, approved, opened, previewed, reads, sent, told

pytestmark = pytest.mark.asyncio(loop_scope="module")

PACKAGE = Path(__file__).parents[1] / "example_backend"


@contextmanager
def installed(place: Path) -> Iterator[None]:
    """What installing the package would leave: its modules on the path, and the entry points of its project."""
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
    """The sandbox that comes with the package, and its address."""
    with installed(tmp_path_factory.mktemp("installed")):
        sandbox = import_module("lantern.sandbox").LanternSandbox(SystemClock())
        async with serve(sandbox.app) as sandbox.url:
            yield sandbox


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(lantern: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Stage, Log]]:
    """The bot as it is, with a Lantern in its configuration."""
    extra = f'\n[backends.lantern.pier]\ntitle = "Pier"\nurl = "{lantern.url}"\ntoken = "env:LANTERN_TOKEN"\n'
    with capture_logs() as log, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANTERN_TOKEN", "sandbox-token")
        async with stage(tmp_path_factory.mktemp("stage"), extra=extra) as on, bot_inside(on, "http"):
            yield on, log


@pytest.fixture(autouse=True)
def _all_right(lantern: Any) -> Iterator[None]:
    yield
    lantern.broken.clear()
    lantern.faults.clear()


def asked_of(lantern: Any) -> list[dict[str, Any]]:
    return [job.body for job in lantern.jobs]


async def asked(alice: Person, line: str) -> str:
    return await sent(await previewed(await opened(alice, line)))


async def test_from_the_slash_command_to_the_outcome(on: Stage, alice: Person, bob: Person, lantern: Any) -> None:
    before = len(lantern.jobs)
    modal = await opened(alice, "/lantern when=now because=flicker")
    assert modal.title == "Restart lamps"
    assert modal.labels == ["Lamps", "How", "Seconds to dim", "When", "Why"]
    assert await modal.search("Lamps", "a") == ["hall", "gate", "yard"]
    await modal.pick("Lamps", ["hall", "gate"])
    await modal.fill({"Seconds to dim": "7"})
    preview = await previewed(modal)
    assert "2 lamps: hall, gate" in preview.text
    assert f"POST {lantern.url}/api/restarts" in preview.text
    name = await sent(preview)
    assert len(lantern.jobs) == before
    await approved(on, name)
    outcome = await bob.wait_for(f"{name} · Pier: Restart lamps: succeeded", where="#results", timeout=WAIT)
    assert "2 of 2 lamps are lit again." in outcome.text
    (body,) = asked_of(lantern)[before:]
    assert body == {"key": body["key"], "lamps": ["hall", "gate"], "mode": "gentle", "dimSeconds": 7}


async def test_arguments_choose_and_fields_appear_only_where_they_matter(alice: Person, lantern: Any) -> None:
    modal = await opened(alice, '/lantern restart lamps="hall, pier" mode=hard when=now because=x')
    assert modal.value("Lamps") == ["hall", "pier"]
    assert "Seconds to dim" not in modal.labels
    await modal.fill({"How": "Dim first"})
    await modal.appears("Seconds to dim")
    await modal.fill({"How": "Cut the power"})
    await modal.shows("Cut the power")
    preview = await previewed(modal)
    assert "Cutting the power shortens a lamp's life." in preview.text
    assert "dimSeconds" not in preview.text


async def test_a_value_that_does_not_fit_is_refused_under_its_field(alice: Person) -> None:
    modal = await opened(alice, "/lantern lamps=hall dim=61 when=now because=x")
    result = await modal.submit()
    assert result.errors == {"Seconds to dim": "Must be 60 or less."}


async def test_an_unknown_word_is_answered_with_what_there_is(alice: Person) -> None:
    reply = await alice.command("/lantern dance", "#ops")
    assert reply.ephemeral == ["“dance” is not something lantern can do here. It can: restart."]
    reply = await alice.command("/lantern lamp=hall", "#ops")
    assert "Known are: lamps, mode, dim, when" in reply.ephemeral[0]


async def test_the_hub_knows_the_command(on: Stage, alice: Person) -> None:
    reply = await alice.command("/nightshift help", "#ops")
    await on.slack.until(lambda: reply.ephemeral)
    assert "/lantern" in reply.ephemeral[0]


async def test_what_failed_is_told_and_run_again_alone(on: Stage, alice: Person, bob: Person, lantern: Any) -> None:
    lantern.broken = {"gate"}
    name = await asked(alice, "/lantern lamps=hall,gate when=now because=dark")
    await approved(on, name)
    outcome = await alice.wait_for(f"{name} · Pier: Restart lamps: partly failed", where="#results", timeout=WAIT)
    lantern.broken = set()
    await alice.click("Run again on the failed ones", outcome)
    modal = await alice.modal()
    await modal.shows("Lamps", WAIT)
    assert modal.value("Lamps") == ["gate"]
    again = await sent(await previewed(modal))
    await approved(on, again)
    await bob.wait_for(f"{again} · Pier: Restart lamps: succeeded", where="#results", timeout=WAIT)
    assert asked_of(lantern)[-1]["lamps"] == ["gate"]


async def test_an_answer_that_is_lost_is_looked_up_and_nothing_is_sent_twice(
    on: Stage, alice: Person, bob: Person, lantern: Any
) -> None:
    before = len(lantern.jobs)
    name = await asked(alice, "/lantern lamps=yard when=now because=lost")
    lantern.faults.append(Fault("cut_after", path="/api/restarts", method="POST"))
    await approved(on, name)
    await bob.wait_for(f"{name} · Pier: Restart lamps: succeeded", where="#results", timeout=WAIT)
    assert len(lantern.jobs) == before + 1


async def test_nightshift_holds_the_time(on: Stage, alice: Person, bob: Person, lantern: Any) -> None:
    before = len(lantern.jobs)
    name = await asked(alice, '/lantern lamps=pier when="in 2 hours" because=later')
    card = await approved(on, name)
    await reads(card, "Scheduled", "Nightshift holds the time and calls Lantern when it is due.", on=on)
    assert len(lantern.jobs) == before
    on.clock.forward(timedelta(hours=2, minutes=1))
    await bob.wait_for(f"{name} · Pier: Restart lamps: succeeded", where="#results", timeout=WAIT)
    assert len(lantern.jobs) == before + 1


async def test_what_runs_can_be_cancelled(on: Stage, alice: Person, lantern: Any) -> None:
    lantern.dark = timedelta(minutes=5)
    name = await asked(alice, "/lantern lamps=hall when=now because=stop")
    card = await approved(on, name)
    await reads(card, "Running", on=on)
    assert "leaves the lamps of" in await told(alice, "Cancel", card)
    await alice.wait_for(f"{name} · Pier: Restart lamps: cancelled", where="#results", timeout=WAIT)
    lantern.dark = timedelta(seconds=0.5)


async def test_the_manifest_the_pages_and_dry_run_have_it(
    on: Stage, lantern: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
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
