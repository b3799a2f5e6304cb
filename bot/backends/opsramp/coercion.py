"""Converts values from every spelling in OpsRamp's documentation.

Each function returns the value as OpsRamp's responses have it (booleans, integers, full names of days), or raises
ValueError with a sentence. None, for no value, is returned unchanged.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from bot.values import Json, JsonObject

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
WEEK_INDEXES = ("First", "Second", "Third", "Fourth", "Last")
PATTERNS = ("daily", "weekly", "monthly", "run once", "never")
FREQUENCIES = ("everyday", "every weekday", "recurrence")
DEVICE = "DEVICE"
AD_CHECK, CONFIG_BACKUP, APP_INSTALL, CUSTOM = "adCheckList", "networkconfigbackup", "appinstall", "custom"
"""The job types with documented parameters. OpsRamp lists more, which have none."""

_TRUE = ("true", "1", "yes")
_FALSE = ("false", "0", "no")


def coerce_flag(value: Json) -> bool | None:
    """Return a boolean. Accepts ``"true"``, ``"False"``, ``"1"`` and 0 too: OpsRamp's sample requests have strings."""
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError("Say true or false.")


def coerce_number(value: Json) -> int | None:
    """Return an integer. Accepts a string too, as in OpsRamp's sample requests."""
    if value is None:
        return None
    if not isinstance(value, bool) and re.fullmatch(r"-?\d+", str(value).strip()):
        return int(str(value).strip())
    raise ValueError("This must be a whole number.")


def coerce_text(value: Json) -> str | None:
    """Return a string. A number becomes its digits."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError("This must be a text.")


def one_of(choices: Iterable[str]) -> Callable[[Json], str | None]:
    """Return a function that finds one of the choices, ignoring case, spaces, hyphens and underscores."""
    known = {_squash(word): word for word in choices}

    def read(value: Json) -> str | None:
        if value is None:
            return None
        word = known.get(_squash(str(value)))
        if word is None:
            raise ValueError(f"This must be one of: {', '.join(known.values())}.")
        return word

    return read


def _squash(word: str) -> str:
    return re.sub(r"[\s_-]+", "", word).casefold()


def coerce_job_type(value: Json) -> str | None:
    """Return a job type. Documented ones are accepted in any case; others stay unchanged."""
    known = {name.casefold(): name for name in (AD_CHECK, CONFIG_BACKUP, APP_INSTALL, CUSTOM)}
    text = coerce_text(value)
    return None if text is None else known.get(text.strip().casefold(), text.strip())


coerce_weekday = one_of(WEEKDAYS)
coerce_week_index = one_of(WEEK_INDEXES)
coerce_pattern_type = one_of(PATTERNS)
coerce_frequency = one_of(FREQUENCIES)
coerce_repeat_type = one_of(("days",))
coerce_versions = one_of(("ALL_VERSIONS", "VERSION_WITH_CHANGES"))


def is_weekday(value: Json) -> bool:
    """Return whether a value consists of weekdays only, separated by commas."""
    try:
        return bool(coerce_weekdays(value))
    except ValueError:
        return False


def coerce_weekdays(value: Json) -> tuple[str, ...] | None:
    """Return weekdays from ``"Sunday, Tuesday"`` or a list, in the given order, without duplicates."""
    return None if value is None else tuple(dict.fromkeys(str(coerce_weekday(part)) for part in _split(value)))


def coerce_month_days(value: Json) -> tuple[int, ...] | None:
    """Return days of the month from ``"1, 2, 3"``, a number or a list, sorted, without duplicates."""
    if value is None:
        return None
    days = sorted({coerce_number(part) or 0 for part in _split(value)})
    if any(not 1 <= day <= 31 for day in days):
        raise ValueError("Days of the month go from 1 to 31.")
    return tuple(days)


def _split(value: Json) -> list[Json]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return list(value) if isinstance(value, list | tuple) else [value]


def coerce_instant(value: Json | datetime) -> datetime | None:
    """Return an instant. Accepts the offsets ``+0000``, ``+00:00``, ``Z`` and ``+0530``, and seconds since 1970."""
    if value is None:
        return None
    if isinstance(value, datetime):
        instant = value
    else:
        text = str(value).strip()
        try:
            instant = datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
        except (ValueError, OverflowError, OSError):
            raise ValueError("This is not a date and time such as 2026-12-24T03:00:00+0000.") from None
    if instant.tzinfo is None:
        raise ValueError("Say the offset from UTC too, such as 2026-12-24T03:00:00+0000.")
    return instant


def format_start_date(at: datetime) -> str:
    """Format an instant for OpsRamp: UTC, an offset without a colon, and no seconds, which OpsRamp drops."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:00+0000")


def coerce_entities(value: Json) -> tuple[str, ...] | None:
    """Return the ids of resources. The id of a resource other than a device starts with its type (``GROUP:id``).

    Accepts OpsRamp's list of ``{"resource": {"id", "type"}}`` with the extra keys of its responses, plain ids, and a
    string of either, because OpsRamp's tables call the value a string.
    """
    if value is None:
        return None
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            raise ValueError("This is not a list of resources in JSON.") from None
    return tuple(dict.fromkeys(_coerce_entity(item) for item in _split(value)))


def _coerce_entity(item: Json) -> str:
    resource = item.get("resource", item) if isinstance(item, Mapping) else item
    if isinstance(resource, Mapping):
        kind = str(resource.get("type") or DEVICE)
        id_ = str(resource.get("id") or "").strip()
    else:
        kind, id_ = DEVICE, resource.strip() if isinstance(resource, str) else ""
    if not id_:
        raise ValueError("Each resource needs its id.")
    return id_ if kind.upper() == DEVICE else f"{kind}:{id_}"


def entity_resource(entity: str) -> dict[str, str]:
    """Return the ``resource`` object of an entity: its id and type."""
    kind, colon, rest = entity.partition(":")
    return {"id": rest, "type": kind} if colon else {"id": entity, "type": DEVICE}


def split_parameters(value: Json) -> tuple[dict[str, str], dict[str, int]]:
    """Return the values and macros in OpsRamp's list of a script's parameters, by parameter id.

    Parameters with neither are left out, because OpsRamp also lists those that nobody has filled in.
    """
    values: dict[str, str] = {}
    macros: dict[str, int] = {}
    for item in value if isinstance(value, list | tuple) else [value]:
        if not isinstance(item, Mapping) or item.get("paramId") is None:
            raise ValueError("Each parameter needs its paramId.")
        name = str(coerce_number(item["paramId"]))
        macro = item.get("itopMacro")
        if macro is not None and item.get("value") is not None:
            raise ValueError(f"Parameter {name} takes a value or a macro, not both.")
        if macro is not None:
            number = coerce_number(macro.get("id") if isinstance(macro, Mapping) else macro)
            if number is not None:
                macros[name] = number
        elif (text := coerce_text(item.get("value"))) is not None:
            values[name] = text
    return values, macros


def join_parameters(values: JsonObject, macros: JsonObject) -> list[JsonObject]:
    """Return OpsRamp's list of parameters, ordered by id."""
    parameters: dict[int, JsonObject] = {int(name): {"paramId": int(name), "value": v} for name, v in values.items()}
    parameters |= {int(name): {"paramId": int(name), "itopMacro": {"id": macro}} for name, macro in macros.items()}
    return [parameters[name] for name in sorted(parameters)]
