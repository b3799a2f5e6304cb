"""The parameters of the three operations: every field of OpsRamp's job body, under our names."""

from collections.abc import Iterable, Mapping, Set
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, JsonValue, model_validator

from bot.backends.base import Option, Param, Params
from bot.backends.opsramp import coercion, pattern
from bot.backends.opsramp.body import BODY_FIELDS, extract_fields
from bot.values import Json, JsonObject

QUEUE_SECTION, WORK_SECTION, SCHEDULE_SECTION = "Name and queue", "What it does", "Schedule in OpsRamp"

_BACKUP, _INSTALL, _SCRIPT = (
    {"job_type": (name,)} for name in (coercion.CONFIG_BACKUP, coercion.APP_INSTALL, coercion.CUSTOM)
)
_DAILY, _WEEKLY, _MONTHLY = ({"pattern_type": (name,)} for name in ("daily", "weekly", "monthly"))
_RECURRENCE = {**_DAILY, "pattern_frequency": ("recurrence",)}


def _validate_id(text: str) -> str:
    if not all(c.isalnum() or c in "_-" for c in text):
        raise ValueError("An id has letters, digits, - and _ only.")
    return text


def _options(labels: Mapping[str, str]) -> tuple[Option, ...]:
    return tuple(Option(value=value, label=label) for value, label in labels.items())


def _options_of(values: Iterable[Json]) -> tuple[Option, ...]:
    return _options({str(value): str(value) for value in values})


def _job_param(name: str, label: str, hint: str = "", **more: Any) -> Param:
    return Param(label, hint, api_name=BODY_FIELDS[name].path, **more)


def _work_param(name: str, label: str, hint: str = "", **more: Any) -> Param:
    return _job_param(name, label, hint, section=WORK_SECTION, **more)


def _schedule_param(name: str, label: str, hint: str = "", **more: Any) -> Param:
    return _job_param(name, label, hint, section=SCHEDULE_SECTION, **more)


OptionalFlag = Annotated[bool | None, BeforeValidator(coercion.coerce_flag)]
OptionalNumber = Annotated[int | None, BeforeValidator(coercion.coerce_number)]
OptionalText = Annotated[str | None, BeforeValidator(coercion.coerce_text)]
ParameterId = Annotated[str, Field(pattern=r"^\d+$")]
ResourceId = Annotated[str, BeforeValidator(coercion.coerce_text), AfterValidator(_validate_id)]
_queued = _job_param("job_queued", "Queued", "Run in the order of OpsRamp's queue.", section=QUEUE_SECTION)
_job_type = _work_param("job_type", "Job type", widget="lookup", reloads=True)


class JobParams(Params):
    """The parameters of a job. Accepts a body in any documented spelling, our own names, or a mixture.

    ``loaded`` is the job as the form showed it. Only values that differ from it are changes.
    """

    job_type: Annotated[str | None, BeforeValidator(coercion.coerce_job_type), _job_type] = None
    name: Annotated[OptionalText, _job_param("name", "Name", section=QUEUE_SECTION)] = None
    job_queued: Annotated[
        OptionalFlag, _job_param("job_queued", "Queued", "Run in the order of OpsRamp's queue.", section=QUEUE_SECTION)
    ] = None
    entities: Annotated[
        tuple[str, ...] | None,
        BeforeValidator(coercion.coerce_entities),
        _job_param("entities", "Devices", widget="lookups", placeholder="Search devices"),
    ] = None
    versions_saved: Annotated[
        Literal["ALL_VERSIONS", "VERSION_WITH_CHANGES"] | None,
        BeforeValidator(coercion.coerce_versions),
        _work_param(
            "versions_saved",
            "Versions saved",
            "Which backups are kept.",
            choices=_options({"ALL_VERSIONS": "All versions", "VERSION_WITH_CHANGES": "Versions with changes"}),
            relevant_if=_BACKUP,
        ),
    ] = None
    backup_trigger: Annotated[
        OptionalFlag,
        _work_param(
            "backup_trigger",
            "Back up on change trap",
            "Back up when an SNMP trap reports a configuration change.",
            relevant_if=_BACKUP,
        ),
    ] = None
    startup_config_alert: Annotated[
        OptionalFlag,
        _work_param(
            "startup_config_alert",
            "Alert on startup changes",
            "Alert when the startup configuration changes.",
            relevant_if=_BACKUP,
        ),
    ] = None
    runtime_config_alert: Annotated[
        OptionalFlag,
        _work_param(
            "runtime_config_alert",
            "Alert on runtime changes",
            "Alert when the running configuration changes.",
            relevant_if=_BACKUP,
        ),
    ] = None
    startup_config_files_backup: Annotated[
        OptionalFlag, _work_param("startup_config_files_backup", "Back up startup configuration", relevant_if=_BACKUP)
    ] = None
    runtime_config_files_backup: Annotated[
        OptionalFlag, _work_param("runtime_config_files_backup", "Back up running configuration", relevant_if=_BACKUP)
    ] = None
    approval_type: Annotated[
        OptionalNumber,
        Field(ge=0, le=1),
        _work_param(
            "approval_type",
            "Approval",
            "How OpsRamp approves the installation.",
            choices=_options({"0": "Manual approval", "1": "Automatic approval"}),
            relevant_if=_INSTALL,
        ),
    ] = None
    approval_reason: Annotated[
        OptionalText,
        _work_param("approval_reason", "Approval reason", "Why the app is approved.", relevant_if=_INSTALL),
    ] = None
    alert_required: Annotated[
        OptionalFlag, _work_param("alert_required", "Alert while installing", relevant_if=_INSTALL)
    ] = None
    script: Annotated[
        OptionalNumber,
        _work_param(
            "script",
            "Script",
            "The custom script to run; its parameters appear below.",
            widget="lookup",
            reloads=True,
            relevant_if=_SCRIPT,
        ),
    ] = None
    user_type: Annotated[
        OptionalNumber,
        Field(ge=1, le=2),
        _work_param(
            "user_type",
            "Run as",
            choices=_options({"1": "System user", "2": "Other user"}),
            relevant_if=_SCRIPT,
        ),
    ] = None
    credential_set: Annotated[
        OptionalText,
        _work_param(
            "credential_set",
            "Credential set",
            "Of the client or of a device. OpsRamp never tells which one a job has.",
            widget="lookup",
            relevant_if=_SCRIPT,
        ),
    ] = None
    start_date: Annotated[
        AwareDatetime | None,
        BeforeValidator(coercion.coerce_instant),
        _schedule_param(
            "start_date",
            "Start date",
            "Only if you give no time under When. OpsRamp keeps it in UTC and cuts off seconds.",
            widget="moment",
        ),
    ] = None
    pattern_type: Annotated[
        Literal["daily", "weekly", "monthly", "run once", "never"] | None,
        BeforeValidator(coercion.coerce_pattern_type),
        _schedule_param(
            "pattern_type",
            "Pattern",
            "How the job recurs in OpsRamp. Days and dates are UTC ones.",
            choices=_options(pattern.TYPE_LABELS),
            reloads=True,
        ),
    ] = None
    pattern_frequency: Annotated[
        Literal["everyday", "every weekday", "recurrence"] | None,
        BeforeValidator(coercion.coerce_frequency),
        _schedule_param(
            "pattern_frequency",
            "Frequency",
            choices=_options(pattern.FREQUENCY_LABELS),
            reloads=True,
            relevant_if=_DAILY,
        ),
    ] = None
    pattern_repeat_type: Annotated[
        Literal["days"] | None,
        BeforeValidator(coercion.coerce_repeat_type),
        _schedule_param(
            "pattern_repeat_type", "Repeats in", choices=_options({"days": "Days"}), relevant_if=_RECURRENCE
        ),
    ] = None
    pattern_repeat_frequency: Annotated[
        OptionalNumber,
        Field(ge=1),
        _schedule_param("pattern_repeat_frequency", "Every how many days", relevant_if=_RECURRENCE),
    ] = None
    pattern_week_days: Annotated[
        tuple[str, ...] | None,
        BeforeValidator(coercion.coerce_weekdays),
        _schedule_param(
            "pattern_week_days",
            "Days of the week",
            widget="choices",
            choices=_options_of(coercion.WEEKDAYS),
            relevant_if=_WEEKLY,
        ),
    ] = None
    pattern_day_of_month: Annotated[
        tuple[int, ...] | None,
        BeforeValidator(coercion.coerce_month_days),
        _schedule_param(
            "pattern_day_of_month",
            "Days of the month",
            "Instead of a week and a weekday.",
            widget="choices",
            choices=_options_of(range(1, 32)),
            relevant_if=_MONTHLY,
        ),
    ] = None
    pattern_week_index: Annotated[
        Literal["First", "Second", "Third", "Fourth", "Last"] | None,
        BeforeValidator(coercion.coerce_week_index),
        _schedule_param(
            "pattern_week_index",
            "Week of the month",
            "With a weekday, such as the second Sunday.",
            choices=_options_of(coercion.WEEK_INDEXES),
            relevant_if=_MONTHLY,
        ),
    ] = None
    pattern_day_of_week: Annotated[
        OptionalText,
        BeforeValidator(coercion.coerce_weekday),
        _schedule_param("pattern_day_of_week", "Weekday", choices=_options_of(coercion.WEEKDAYS), relevant_if=_MONTHLY),
    ] = None
    parameters: Annotated[Mapping[ParameterId, str], Param("Script parameters", hidden=True)] = {}
    macros: Annotated[Mapping[ParameterId, int], Param("Macros of script parameters", hidden=True)] = {}
    loaded: Annotated[Mapping[str, JsonValue], Param("The job as loaded", hidden=True)] = {}

    @model_validator(mode="before")
    @classmethod
    def _accept_vendor_body(cls, data: Json) -> Json:
        return _our_fields(data, frozenset(cls.model_fields)) if isinstance(data, Mapping) else data


def _our_fields(data: JsonObject, names: Set[str]) -> dict[str, Json]:
    """Return values of our fields from our names, OpsRamp's body or both. Raises ValueError for a contradiction."""
    by_our_names = {key: value for key, value in data.items() if key in names and not isinstance(value, list | dict)}
    for key in ("entities", "pattern_week_days", "pattern_day_of_month", "loaded", "macros"):
        if key in data:
            by_our_names[key] = data[key]
    if isinstance(data.get("parameters"), Mapping):
        by_our_names["parameters"] = data["parameters"]
    by_path = extract_fields({key: value for key, value in data.items() if key not in by_our_names})
    for key, value in by_path.items():
        if key in by_our_names and by_our_names[key] != value:
            raise ValueError(f"{key} is given twice, with different values")
    return {**by_path, **by_our_names}


class _ClientParams(Params):
    client: Annotated[
        ResourceId,
        Param(
            "Client",
            "The client whose job it is. Leave empty for the connection's own tenant.",
            widget="lookup",
            reloads=True,
            api_name="tenantId",
        ),
    ] = ""


class _ExistingJobParams(_ClientParams):
    job: Annotated[
        ResourceId,
        Field(min_length=1),
        Param("Job", "Choosing a job shows what it is today.", widget="lookup", reloads=True, api_name="id"),
    ]


class CreateJobParams(JobParams, _ClientParams):
    """A new job. If OpsRamp's response is lost, the job is found by its name."""

    job_type: Annotated[str, BeforeValidator(coercion.coerce_job_type), _job_type]


class UpdateJobParams(JobParams, _ExistingJobParams):
    """Changes to a job. What is left out stays unchanged."""


class RunJobParams(_ExistingJobParams):
    """A run on demand of an existing job."""

    reason: Annotated[
        str, BeforeValidator(coercion.coerce_text), Param("Reason", "OpsRamp is told it with the run.")
    ] = ""

    @model_validator(mode="before")
    @classmethod
    def _accept_id(cls, data: Json) -> Json:
        """Accept ``id``, OpsRamp's own name for the job."""
        if isinstance(data, Mapping) and "id" in data and "job" not in data:
            return {"job" if key == "id" else key: value for key, value in data.items()}
        return data
