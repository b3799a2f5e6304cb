"""The modal of somebody's own settings."""

from pydantic import ValidationError

from blocks.form import message_view
from blocks.settings import CLOCK, COPIES, DEFAULT, QUIET, RESULTS, SETTINGS_CALLBACK, ZONE, settings_view
from blocks.text import View
from bot.errors import InputError
from bot.requests.model import Person
from bot.requests.notify.preferences import Preferences
from bot.usecases.own_settings import own_settings, save_settings
from bot.usecases.services import Services
from handlers.actors import authorize_person
from handlers.json_parts import BadPayload
from handlers.payloads import Submission
from handlers.replies import FieldErrors, OpenView, Reply, UpdateView
from handlers.routes import Route, RouteTable


def register(table: RouteTable, services: Services) -> None:
    """Add the route of the settings that were chosen."""

    async def on_save(submission: Submission) -> Reply:
        person = await authorize_person(services, submission.person)
        chosen, zone = _chosen(submission), _entered(submission, ZONE)
        profile_zone = (await services.directory.user(person.user, person.team)).zone
        try:
            await save_settings(services, person, chosen.model_copy(update={"zone": zone}))
        except InputError as error:
            problem = " ".join(error.problems.values())

            async def redraw() -> View:
                return settings_view(chosen, profile_zone, typed_zone=zone, problem=problem)

            return FieldErrors({ZONE: problem}, redraw)
        return UpdateView(message_view("Your settings", "Saved. They count from now on."))

    table.submissions[SETTINGS_CALLBACK] = Route(on_save)


async def settings_reply(services: Services, person: Person) -> Reply:
    """Show somebody their own settings."""
    profile_zone = (await services.directory.user(person.user, person.team)).zone
    return OpenView(settings_view(await own_settings(services, person), profile_zone))


def _chosen(submission: Submission) -> Preferences:
    """Return what was chosen, without the zone. Raises BadPayload."""
    results, clock = _entered(submission, RESULTS), _entered(submission, CLOCK)
    try:
        return Preferences.model_validate(
            {
                "copies": _entered(submission, COPIES) == "yes",
                "results": None if results == DEFAULT else results,
                "quiet": _entered(submission, QUIET),
                "clock": "" if clock == DEFAULT else clock,
            }
        )
    except ValidationError as error:
        raise BadPayload("state") from error


def _entered(submission: Submission, name: str) -> str:
    """Return what was typed or chosen in an input; "" for nothing."""
    block = submission.view.state.get(name)
    state = block.get(name) if isinstance(block, dict) else None
    if not isinstance(state, dict):
        return ""
    chosen = state.get("selected_option")
    value = chosen.get("value") if isinstance(chosen, dict) else state.get("value")
    return value if isinstance(value, str) else ""
