"""What a job and its script stand for right now: what an approval signs beside their ids. Pure."""

from collections.abc import Iterator, Mapping

from bot.backends.base import Resolution, form_fields
from bot.backends.opsramp import compare, wire
from bot.backends.opsramp.body import PARAMETERS_PATH
from bot.backends.opsramp.context import job_entities
from bot.backends.opsramp.params import JobParams
from bot.backends.opsramp.scripts import Script
from bot.backends.payload import as_text, value_at
from bot.values import Json, JsonObject, digest

_RUN_AS: Mapping[Json, str] = {1: "system", 2: "other"}
_SCRIPT_PATH = "script.customScript.id"


def job_resolution(job: JsonObject, number: str, script: Script | None) -> Resolution:
    """Return what a job is: ``job`` is its canonical body, ``number`` its id."""
    hidden = frozenset(p.id for p in script.parameters if p.is_password) if script else None
    shown = wire.mask_parameters(dict(job), hidden)
    details = {
        "type": as_text(value_at(job, "script", "jobType")),
        "runs as": run_as(job) or "",
        "parameters": "; ".join(_parameters(shown, script)),
        "settings": "; ".join(_settings(shown)),
        "devices": digest("\n".join(sorted(job_entities(job)))),
    }
    return Resolution(
        field="job",
        kind="job",
        id=number,
        name=as_text(job.get("name")) or number,
        details={name: text for name, text in details.items() if text},
    )


def script_resolution(field: str, job: JsonObject, script: Script | None, name: str = "") -> tuple[Resolution, ...]:
    """Return what the script of a job is; nothing for a job without one.

    ``script`` is None if it could not be read; ``name`` is then what the job itself calls it.
    """
    number = value_at(job, "script", "customScript", "id")
    if number is None:
        return ()
    details = {"version": script.version, "definition": script.fingerprint} if script else {}
    return (
        Resolution(
            field=field,
            kind="script",
            id=str(number),
            name=script.name if script else name or str(number),
            details={name: text for name, text in details.items() if text},
        ),
    )


def run_as(job: JsonObject) -> str | None:
    """Return whose rights a job's script has."""
    return _RUN_AS.get(value_at(job, "script", "userType"))


def _parameters(job: JsonObject, script: Script | None) -> Iterator[str]:
    names = {p.id: p.name for p in script.parameters} if script else {}
    for path, value in compare.leaves(job).items():
        if path.startswith(f"{PARAMETERS_PATH}."):
            number = path.removeprefix(f"{PARAMETERS_PATH}.")
            yield f"{names.get(number, number)} = {compare.display_value(path, value, {})}"


def _settings(job: JsonObject) -> Iterator[str]:
    """Return what a job's script is told besides its parameters."""
    labels = {field.api_name: field.label for field in form_fields(JobParams)}
    for path, value in compare.leaves(job).items():
        told_elsewhere = path in (_SCRIPT_PATH, "script.jobType", "script.userType")
        if path.startswith("script.") and not path.startswith(PARAMETERS_PATH) and not told_elsewhere:
            yield f"{labels.get(path, path)} = {compare.display_value(path, value, {})}"
