"""Where two canonical bodies of a job differ, and how that reads.

Order, seconds and the tenant are no difference: OpsRamp changes them. A credential set is never told by OpsRamp, so
it cannot be compared, and neither can a value that stands for a secret.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bot.backends.base import Change
from bot.backends.opsramp import pattern, spelling
from bot.backends.opsramp.body import CREDENTIALS, PARAMETERS, Body, flatten
from bot.backends.opsramp.wire import MASK, SECRET, is_hidden

NOTHING = "nothing"
_SOME = 10
_SETS = frozenset({"schedule.pattern.weekDays", "schedule.pattern.dayOfMonth"})


class Difference(NamedTuple):
    """One path (``script.parameters.7`` for a parameter) and its values; None where there is none."""

    path: str
    wanted: Any
    held: Any


def differences(wanted: Body, held: Body) -> list[Difference]:
    """Where ``held`` is not what ``wanted`` says, as far as that can be told."""
    return [item for item in _unequal(wanted, held, wanted) if item.path != CREDENTIALS and not is_hidden(item.wanted)]


def _unequal(wanted: Body, held: Body, *bodies: Body) -> list[Difference]:
    """The paths of ``bodies`` whose values differ."""
    left, right = _leaves(wanted), _leaves(held)
    paths = dict.fromkeys(path for body in bodies for path in _leaves(body))
    return [Difference(p, left.get(p), right.get(p)) for p in paths if _plain(p, left) != _plain(p, right)]


def _leaves(body: Body) -> dict[str, Any]:
    """A body by path, each parameter of a script on its own."""
    flat = flatten(body)
    items = flat.pop(PARAMETERS, ())
    for item in items if isinstance(items, list) else ():
        macro = item.get("itopMacro")
        flat[f"{PARAMETERS}.{item.get('paramId')}"] = item.get("value") if macro is None else f"macro {macro.get('id')}"
    return flat


def _plain(path: str, flat: Mapping[str, Any]) -> Any:
    """A value with what does not count as a difference taken out."""
    value = flat.get(path)
    if path == "entities":
        return frozenset(spelling.entities(value)) if value else frozenset()
    if path in _SETS:
        return frozenset(part.strip() for part in str(value).split(",")) if value else frozenset()
    if path == "schedule.startDate" and value is not None:
        try:
            return spelling.start_date(spelling.moment(value))
        except ValueError:
            return value
    return value


def words(path: str, value: Any, names: Mapping[str, str]) -> str:
    """A value for people; ``names`` are those of devices by id."""
    if value is None or value == "":
        return NOTHING
    if path == "entities":
        found = [names.get(entity, entity) for entity in spelling.entities(value)]
        more = f" and {len(found) - _SOME} more" if len(found) > _SOME else ""
        return f"{', '.join(found[:_SOME])}{more}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"the secret {value.removeprefix(SECRET)}" if is_hidden(value) and value != MASK else str(value)


def changes(before: Body, after: Body, labels: Mapping[str, str], names: Mapping[str, str]) -> tuple[Change, ...]:
    """The diff from one body to another, one line a field; the schedule is one. ``labels`` are by path."""
    found: dict[str, Change] = {}
    for path, new, old in _unequal(after, before, after, before):
        if path.startswith("schedule."):
            found["schedule"] = Change(
                field="Schedule",
                before=pattern.describe(before.get("schedule")),
                after=pattern.describe(after.get("schedule")),
            )
        elif path == "entities":
            found[path] = _devices(old, new, names)
        elif path == CREDENTIALS:
            found[path] = Change(field=labels.get(path) or path, before="not told by OpsRamp", after=str(new))
        else:
            label = labels.get(path) or path
            found[path] = Change(field=label, before=words(path, old, names), after=words(path, new, names))
    return tuple(found.values())


def _devices(old: Any, new: Any, names: Mapping[str, str]) -> Change:
    """Devices that come and go; the ones that stay are only counted."""
    before, after = (spelling.entities(value) or () for value in (old, new))
    gone = [entity for entity in before if entity not in set(after)]
    come = [entity for entity in after if entity not in set(before)]
    stay = len(after) - len(come)
    kept = f"{stay} that stay" if stay else ""
    return Change(
        field="Devices",
        before=" and ".join(part for part in (_listed(gone, names), kept) if part) or NOTHING,
        after=" and ".join(part for part in (_listed(come, names), kept) if part) or NOTHING,
    )


def _listed(entities: list[str], names: Mapping[str, str]) -> str:
    return words("entities", entities, names) if entities else ""


def complaints(found: list[Difference], labels: Mapping[str, str], names: Mapping[str, str]) -> tuple[str, ...]:
    """What was sent and is not what OpsRamp holds now, one sentence each."""
    return tuple(
        f"{labels.get(path) or path} is {words(path, held, names)} there instead of {words(path, wanted, names)}."
        for path, wanted, held in found
    )
