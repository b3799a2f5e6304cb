"""Whose a draft is, and what it keeps of what a person typed and the back end filled in."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
import pytest_asyncio

from bot.backends.base import ConnectionSettings, FormField, Interpretation, Param, Params
from bot.errors import BackendError, Conflict, NotFound
from bot.forms import OPERATION, REASON, SYSTEM, WHEN
from bot.requests.model import Person
from bot.schedule import TimePreferences
from bot.settings import ChannelSettings
from bot.storage import drafts
from bot.storage.database import Database
from bot.storage.drafts import Draft
from bot.storage.migrate import migrate
from bot.storage.urls import default_sqlite_url
from bot.usecases.actor import Actor
from bot.usecases.backend_registry import BackendRegistry, ConfiguredBackend
from bot.usecases.drafts.load_fields import load_dependent_fields
from bot.usecases.drafts.reading import parsed_reading
from bot.usecases.drafts.store import UNFINISHED_MAX_AGE, load_draft, save_draft, unfinished_draft
from bot.usecases.drafts.update import apply_form_state, choose_meaning
from bot.usecases.refusals import RefusalCode

NOW = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
ANN, BOB = Person(team="T1", user="UANN"), Person(team="T1", user="UBOB")
ACTOR = Actor(ANN, "UTC", TimePreferences())


class RunParams(Params):
    """A field that means the same everywhere, and one that is looked up in its back end."""

    command: Annotated[str, Param("Command")]
    template: Annotated[str, Param("Template", widget="lookup")]


class StubOperation:
    """Fills in what it is told to."""

    params_model = RunParams

    def __init__(self) -> None:
        self.loaded: dict[str, Any] = {}
        self.labels: dict[str, Any] | BackendError = {}
        self.error: BackendError | None = None

    async def interpret(self, values: Any, labels: Any) -> Interpretation:
        return Interpretation()

    async def fields(self, values: Any) -> tuple[FormField, ...]:
        return ()

    async def load(self, values: Any) -> dict[str, Any]:
        if self.error:
            raise self.error
        return self.loaded

    async def labels_for(self, values: Any) -> dict[str, Any]:
        if isinstance(self.labels, BackendError):
            raise self.labels
        return self.labels


@pytest.fixture
def operation() -> StubOperation:
    return StubOperation()


@pytest_asyncio.fixture
async def services(tmp_path: Path, operation: StubOperation) -> AsyncIterator[Any]:
    url = default_sqlite_url(tmp_path)
    migrate(url)
    db = Database(url)
    backends = {}
    for name in ("foreman.main", "foreman.lab"):
        connection: Any = SimpleNamespace(name=name, operations={"run": operation})
        backends[name] = ConfiguredBackend(Any, connection, ConnectionSettings())
    clock = SimpleNamespace(time=NOW)
    clock.now = lambda: clock.time
    yield SimpleNamespace(db=db, clock=clock, backends=BackendRegistry(backends, ChannelSettings()))
    await db.close()


async def make_draft(services: Any, **values: Any) -> Draft:
    base = {"id": "d_1", "person": ANN, "backend": "foreman.main", "operation": "run"}
    draft = Draft(**(base | {"created_at": NOW, "updated_at": NOW} | values))
    async with services.db.write() as tx:
        await drafts.add(tx, draft)
    return draft


async def test_a_draft_is_for_its_owner_only(services: Any) -> None:
    await make_draft(services)
    assert (await load_draft(services, "d_1", ANN)).id == "d_1"
    for other in (BOB, Person(team="T2", user="UANN")):
        with pytest.raises(NotFound) as caught:
            await load_draft(services, "d_1", other)
        assert caught.value.code is RefusalCode.NOT_OWNER


async def test_of_two_windows_the_first_wins(services: Any) -> None:
    draft = await make_draft(services)
    assert (await save_draft(services, draft, section="Timing")).version == 2
    with pytest.raises(Conflict):
        await save_draft(services, draft, section="Targets")
    assert (await load_draft(services, "d_1", ANN)).section == "Timing"


async def test_a_form_that_was_closed_unfinished_is_offered_for_some_hours(services: Any) -> None:
    await make_draft(services, version=9)
    later = await make_draft(services, id="d_2")
    services.clock.time = NOW + UNFINISHED_MAX_AGE
    assert await unfinished_draft(services, later) == "d_1"
    services.clock.time += timedelta(seconds=1)
    assert await unfinished_draft(services, later) == ""


async def test_what_is_typed_is_added_to_what_was(services: Any) -> None:
    draft = await make_draft(
        services, values={"command": "uptime", "template": "1"}, labels={"template": "One"}, checked={"x": 1}
    )
    typed = {"template": "2", REASON: "  patch ", OPERATION: "run", SYSTEM: "foreman.main"}
    draft = await apply_form_state(services, draft, ACTOR, typed, {"template": "Two"})
    assert draft.values == {"command": "uptime", "template": "2"}
    assert draft.labels == {"template": "Two"}
    assert (draft.reason, draft.checked, draft.generation, draft.backend) == ("patch", None, 0, "foreman.main")


async def test_another_back_end_keeps_only_what_means_the_same_there(services: Any) -> None:
    draft = await make_draft(services, values={"template": "1"}, labels={"template": "One"})
    typed = {"command": "uptime", SYSTEM: "foreman.lab"}
    draft = await apply_form_state(services, draft, ACTOR, typed, {"command": "Uptime"})
    assert (draft.backend, draft.values, draft.labels, draft.generation) == (
        "foreman.lab",
        {"command": "uptime"},
        {},
        1,
    )


async def test_a_back_end_that_is_not_configured_is_not_taken(services: Any) -> None:
    draft = await make_draft(services, values={"template": "1"})
    draft = await apply_form_state(services, draft, ACTOR, {SYSTEM: "foreman.gone"}, {})
    assert (draft.backend, draft.values, draft.generation) == ("foreman.main", {"template": "1"}, 0)


async def test_a_phrase_is_read_again_only_if_it_has_changed(services: Any) -> None:
    draft = await apply_form_state(services, await make_draft(services), ACTOR, {WHEN: " in 2 hours "}, {})
    first = parsed_reading(draft)
    assert draft.phrase == "in 2 hours"
    services.clock.time += timedelta(hours=1)
    draft = await apply_form_state(services, draft, ACTOR, {WHEN: "in 2 hours"}, {})
    assert parsed_reading(draft) == first
    draft = await apply_form_state(services, draft, ACTOR, {WHEN: "in 3 hours"}, {})
    assert parsed_reading(draft) != first
    draft = await apply_form_state(services, draft, ACTOR, {WHEN: ""}, {})
    assert (draft.phrase, draft.reading) == ("", None)


async def test_one_of_the_meanings_of_a_phrase_is_chosen(services: Any) -> None:
    draft = await apply_form_state(services, await make_draft(services), ACTOR, {WHEN: "03/04/2027 10:00"}, {})
    assert draft.reading is not None
    for missing in (-1, len(draft.reading["choices"])):
        assert await choose_meaning(services, draft, missing) is draft
    chosen = await choose_meaning(services, draft, 1)
    assert chosen.reading == draft.reading["choices"][1]["meaning"]


async def test_a_reload_fills_in_and_drops_the_labels_of_what_it_replaces(
    services: Any, operation: StubOperation
) -> None:
    draft = await make_draft(
        services,
        values={"template": "1", "command": "a", "host": "h", "site": "s"},
        labels={"template": "One", "command": "A", "host": "H", "site": "S"},
    )
    operation.loaded, operation.labels = {"template": "9", "command": "b", "host": "i"}, {"host": "I"}
    draft, problem = await load_dependent_fields(services, draft, "template")
    assert problem == ""
    # What the person has just changed stays as it is.
    assert draft.values == {"template": "1", "command": "b", "host": "i", "site": "s"}
    assert draft.labels == {"template": "One", "host": "I", "site": "S"}
    assert (draft.generation, draft.checked) == (1, None)


async def test_a_reload_that_fails_changes_nothing_and_says_why(services: Any, operation: StubOperation) -> None:
    draft = await make_draft(services, values={"command": "a"})
    assert await load_dependent_fields(services, draft, "template") == (draft, "")
    operation.error = BackendError("foreman.main", "Foreman does not answer.")
    assert await load_dependent_fields(services, draft, "template") == (draft, "Foreman does not answer.")


async def test_without_labels_ids_are_shown(services: Any, operation: StubOperation) -> None:
    draft = await make_draft(services, values={"command": "a"}, labels={"command": "A"})
    operation.loaded, operation.labels = {"command": "b"}, BackendError("foreman.main", "No.")
    draft, problem = await load_dependent_fields(services, draft, "template")
    assert (draft.values, draft.labels, problem) == ({"command": "b"}, {}, "")
