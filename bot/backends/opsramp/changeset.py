"""Determines the requested changes: given values without those that only repeat the current job."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.backends.base import form_fields, is_relevant
from bot.backends.opsramp.body import BODY_FIELDS
from bot.backends.opsramp.params import JobParams
from bot.backends.payload import as_list, as_object
from bot.values import Json, JsonObject

_UNORDERED_FIELDS = frozenset({"entities", "pattern_week_days", "pattern_day_of_month"})
_REMOVAL_PROBLEMS = {
    "entities": "A job needs at least one device.",
    "name": "A job that has a name cannot lose it.",
    "pattern_type": "Choose a pattern; Never is the one for a single run.",
    "start_date": "A schedule needs its start date.",
}


@dataclass(frozen=True, slots=True)
class Changeset:
    """The requested changes. ``values`` are all relevant values; ``changes`` are those that differ from the job as it
    was shown.

    ``unused`` are labels of given values that belong to another job type or pattern.
    """

    values: JsonObject
    changes: JsonObject
    unused: tuple[str, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def schedule_fields(self) -> tuple[str, ...]:
        """The names of the changed fields of the schedule."""
        return tuple(name for name in self.changes if name == "start_date" or name.startswith("pattern_"))


def build_changeset(params: JobParams) -> Changeset:
    """Return the changes that parameters ask for. Pure."""
    values = {name: value for name in BODY_FIELDS if (value := getattr(params, name, None)) is not None}
    plain = params.model_dump(mode="json")
    fields = [f for f in form_fields(type(params)) if f.name in values]
    known = {**plain, "job_type": None} if params.job_type is None else plain
    unused = [f for f in fields if not _is_undecided(f.relevant_if, known) and not is_relevant(f, known)]
    for item in unused:
        del values[item.name]
    if values.get("pattern_frequency") == "recurrence":
        values.setdefault("pattern_repeat_type", "days")
    values |= {name: dict(more) for name in ("parameters", "macros") if (more := getattr(params, name))}
    changes, problems = _changes(params, values, plain)
    return Changeset(values, changes, tuple(f.label for f in unused), problems)


def _is_undecided(conditions: JsonObject, values: JsonObject) -> bool:
    """Return whether relevance depends on a job type that only OpsRamp knows."""
    return "job_type" in conditions and values["job_type"] is None


def _changes(params: JobParams, values: JsonObject, plain: JsonObject) -> tuple[dict[str, Json], dict[str, str]]:
    loaded = params.loaded
    if not loaded or loaded.get("job") != getattr(params, "job", None):
        return dict(values), {}
    changes = {name: value for name, value in values.items() if _differs(name, plain.get(name), loaded.get(name))}
    changes |= _changed_parameters(values, loaded)
    if changes.keys() & {"job_type", "script"}:
        own = [name for name, part in BODY_FIELDS.items() if part.path.startswith("script.")]
        changes |= {name: values[name] for name in (*own, "parameters", "macros") if name in values}
    if any(name.startswith("pattern_") for name in changes):
        changes |= {name: value for name, value in values.items() if name.startswith("pattern_")}
    problems = {name: text for name, text in _REMOVAL_PROBLEMS.items() if loaded.get(name) and name not in values}
    if loaded.get("approval_reason") and "approval_reason" not in values and values.get("job_type") == "appinstall":
        changes["approval_reason"] = ""
    return {"job": loaded["job"], **changes}, problems


def _changed_parameters(values: JsonObject, loaded: JsonObject) -> dict[str, Json]:
    """Return the changed parameters of a script. An emptied one becomes ""."""
    before: dict[str, dict[str, Json]] = {name: dict(as_object(loaded.get(name))) for name in ("parameters", "macros")}
    now: dict[str, dict[str, Json]] = {name: dict(as_object(values.get(name))) for name in ("parameters", "macros")}
    gone = (before["parameters"].keys() | before["macros"].keys()) - now["parameters"].keys() - now["macros"].keys()
    now["parameters"] |= dict.fromkeys(gone, "")
    return {
        name: {key: value for key, value in now[name].items() if before[name].get(key) != value}
        for name in ("parameters", "macros")
    }


def _differs(name: str, now: Json, before: Json) -> bool:
    if name in ("parameters", "macros", "pattern_repeat_type"):
        return False
    if isinstance(now, bool) and before is None:
        # A checkbox cannot express "unknown", so an unticked one is no change.
        return now
    if name in _UNORDERED_FIELDS and before is not None:
        return set(as_list(now)) != set(as_list(before))
    return bool(now != before)
