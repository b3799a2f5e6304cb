"""The parameters of the three operations: every one of OpsRamp's job body, by our names."""

from collections.abc import Iterable, Mapping, Set
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, JsonValue, model_validator

from bot.backends.base import Option, Param, Params
from bot.backends.opsramp import pattern, spelling
from bot.backends.opsramp.body import PARTS, fields_in

_BACKUP, _INSTALL, _SCRIPT = (
    {"job_type": (name,)} for name in (spelling.CONFIG_BACKUP, spelling.APP_INSTALL, spelling.CUSTOM)
)
_DAILY, _WEEKLY, _MONTHLY = ({"pattern_type": (name,)} for name in ("daily", "weekly", "monthly"))
_RECURRENCE = {**_DAILY, "pattern_frequency": ("recurrence",)}


def _identifier(text: str) -> str:
    if not all(c.isalnum() or c in "_-" for c in text):
        raise ValueError("An id has letters, digits, - and _ only.")
    return text


def _options(labels: Mapping[str, str]) -> tuple[Option, ...]:
    return tuple(Option(value=value, label=label) for value, label in labels.items())


def _same(values: Iterable[Any]) -> tuple[Option, ...]:
    return _options({str(value): str(value) for value in values})


def _basic(name: str, label: str, hint: str = "", **more: Any) -> Param:
    return Param(label, hint, api_name=PARTS[name].path, **more)


def _work(name: str, label: str, hint: str = "", **more: Any) -> Param:
    return _basic(name, label, hint, section="What it does", **more)


def _timing(name: str, label: str, hint: str = "", **more: Any) -> Param:
    return _basic(name, label, hint, section="Schedule in OpsRamp", **more)


Flag = Annotated[bool | None, BeforeValidator(spelling.flag)]
Number = Annotated[int | None, BeforeValidator(spelling.number)]
Text = Annotated[str | None, BeforeValidator(spelling.text)]
ParameterId = Annotated[str, Field(pattern=r"^\d+$")]
Id = Annotated[str, BeforeValidator(spelling.text), AfterValidator(_identifier)]
_job_type = _work("job_type", "Job type", widget="lookup", reloads=True)


class JobParams(Params):
    """What a job consists of. Reads a body in any documented spelling, or our own names, or a mixture.

    ``loaded`` is the job as the form showed it: only what differs from it counts as asked for.
    """

    job_type: Annotated[str | None, BeforeValidator(spelling.job_type), _job_type] = None
    name: Annotated[Text, _basic("name", "Name", "The job's name.")] = None
    job_queued: Annotated[Flag, _basic("job_queued", "Queued", "Run in the order of OpsRamp's queue.")] = None
    entities: Annotated[
        tuple[str, ...] | None,
        BeforeValidator(spelling.entities),
        _basic("entities", "Devices", "The resources that the job runs on.", section="Devices", widget="lookups"),
    ] = None
    versions_saved: Annotated[
        Literal["ALL_VERSIONS", "VERSION_WITH_CHANGES"] | None,
        BeforeValidator(spelling.versions),
        _work(
            "versions_saved",
            "Versions saved",
            "Which backups are kept.",
            choices=_options({"ALL_VERSIONS": "All versions", "VERSION_WITH_CHANGES": "Versions with changes"}),
            relevant_if=_BACKUP,
        ),
    ] = None
    backup_trigger: Annotated[
        Flag,
        _work(
            "backup_trigger",
            "Back up on change trap",
            "Back up when an SNMP trap reports a configuration change.",
            relevant_if=_BACKUP,
        ),
    ] = None
    startup_config_alert: Annotated[
        Flag,
        _work(
            "startup_config_alert",
            "Alert on startup changes",
            "Alert when the startup configuration changes.",
            relevant_if=_BACKUP,
        ),
    ] = None
    runtime_config_alert: Annotated[
        Flag,
        _work(
            "runtime_config_alert",
            "Alert on runtime changes",
            "Alert when the running configuration changes.",
            relevant_if=_BACKUP,
        ),
    ] = None
    startup_config_files_backup: Annotated[
        Flag, _work("startup_config_files_backup", "Back up startup configuration", relevant_if=_BACKUP)
    ] = None
    runtime_config_files_backup: Annotated[
        Flag, _work("runtime_config_files_backup", "Back up running configuration", relevant_if=_BACKUP)
    ] = None
    approval_type: Annotated[
        Number,
        Field(ge=0, le=1),
        _work(
            "approval_type",
            "Approval",
            "How OpsRamp approves the installation.",
            choices=_options({"0": "Manual approval", "1": "Automatic approval"}),
            relevant_if=_INSTALL,
        ),
    ] = None
    approval_reason: Annotated[
        Text, _work("approval_reason", "Approval reason", "Why the app is approved.", relevant_if=_INSTALL)
    ] = None
    alert_required: Annotated[Flag, _work("alert_required", "Alert while installing", relevant_if=_INSTALL)] = None
    script: Annotated[
        Number,
        _work(
            "script",
            "Script",
            "The custom script to run; its parameters appear below.",
            widget="lookup",
            reloads=True,
            relevant_if=_SCRIPT,
        ),
    ] = None
    user_type: Annotated[
        Number,
        Field(ge=1, le=2),
        _work(
            "user_type",
            "Run as",
            choices=_options({"1": "System user", "2": "Other user"}),
            relevant_if=_SCRIPT,
        ),
    ] = None
    credential_set: Annotated[
        Text,
        _work(
            "credential_set",
            "Credential set",
            "Of the client or of a device. OpsRamp never tells which one a job has.",
            widget="lookup",
            relevant_if=_SCRIPT,
        ),
    ] = None
    start_date: Annotated[
        AwareDatetime | None,
        BeforeValidator(spelling.moment),
        _timing(
            "start_date",
            "Start date",
            "Only if you give no time under When. OpsRamp keeps it in UTC and cuts off seconds.",
            widget="moment",
        ),
    ] = None
    pattern_type: Annotated[
        Literal["daily", "weekly", "monthly", "run once", "never"] | None,
        BeforeValidator(spelling.pattern_type),
        _timing(
            "pattern_type",
            "Pattern",
            "How the job recurs in OpsRamp. Days and dates are UTC ones.",
            choices=_options(pattern.WORDS),
            reloads=True,
        ),
    ] = None
    pattern_frequency: Annotated[
        Literal["everyday", "every weekday", "recurrence"] | None,
        BeforeValidator(spelling.frequency),
        _timing(
            "pattern_frequency",
            "Frequency",
            choices=_options(pattern.FREQUENCY_WORDS),
            reloads=True,
            relevant_if=_DAILY,
        ),
    ] = None
    pattern_repeat_type: Annotated[
        Literal["days"] | None,
        BeforeValidator(spelling.repeat_type),
        _timing("pattern_repeat_type", "Repeats in", choices=_options({"days": "Days"}), relevant_if=_RECURRENCE),
    ] = None
    pattern_repeat_frequency: Annotated[
        Number,
        Field(ge=1),
        _timing("pattern_repeat_frequency", "Every how many days", relevant_if=_RECURRENCE),
    ] = None
    pattern_week_days: Annotated[
        tuple[str, ...] | None,
        BeforeValidator(spelling.days),
        _timing(
            "pattern_week_days",
            "Days of the week",
            widget="choices",
            choices=_same(spelling.DAYS),
            relevant_if=_WEEKLY,
        ),
    ] = None
    pattern_day_of_month: Annotated[
        tuple[int, ...] | None,
        BeforeValidator(spelling.dates),
        _timing(
            "pattern_day_of_month",
            "Days of the month",
            "Instead of a week and a weekday.",
            widget="choices",
            choices=_same(range(1, 32)),
            relevant_if=_MONTHLY,
        ),
    ] = None
    pattern_week_index: Annotated[
        Literal["First", "Second", "Third", "Fourth", "Last"] | None,
        BeforeValidator(spelling.week),
        _timing(
            "pattern_week_index",
            "Week of the month",
            "With a weekday, such as the second Sunday.",
            choices=_same(spelling.WEEKS),
            relevant_if=_MONTHLY,
        ),
    ] = None
    pattern_day_of_week: Annotated[
        Text,
        BeforeValidator(spelling.day),
        _timing("pattern_day_of_week", "Weekday", choices=_same(spelling.DAYS), relevant_if=_MONTHLY),
    ] = None
    parameters: Annotated[Mapping[ParameterId, str], Param("Script parameters", hidden=True)] = {}
    macros: Annotated[Mapping[ParameterId, int], Param("Macros of script parameters", hidden=True)] = {}
    loaded: Annotated[Mapping[str, JsonValue], Param("The job as loaded", hidden=True)] = {}

    @model_validator(mode="before")
    @classmethod
    def _any_spelling(cls, data: Any) -> Any:
        return _read(data, frozenset(cls.model_fields)) if isinstance(data, Mapping) else data


def _read(data: Mapping[str, Any], names: Set[str]) -> dict[str, Any]:
    """Our fields of what was given, by our names or as OpsRamp's body. Raises ValueError for a contradiction."""
    ours = {key: value for key, value in data.items() if key in names and not isinstance(value, list | dict)}
    for key in ("entities", "pattern_week_days", "pattern_day_of_month", "loaded", "macros"):
        if key in data:
            ours[key] = data[key]
    if isinstance(data.get("parameters"), Mapping):
        ours["parameters"] = data["parameters"]
    theirs = fields_in({key: value for key, value in data.items() if key not in ours})
    for key, value in theirs.items():
        if key in ours and ours[key] != value:
            raise ValueError(f"{key} is given twice, with different values")
    return {**theirs, **ours}


class _Where(Params):
    client: Annotated[
        Id,
        Param(
            "Client",
            "The client whose job it is. Leave empty for the connection's own tenant.",
            widget="lookup",
            reloads=True,
            api_name="tenantId",
        ),
    ] = ""


class _Which(_Where):
    job: Annotated[
        Id,
        Field(min_length=1),
        Param("Job", "Choosing a job shows what it is today.", widget="lookup", reloads=True, api_name="id"),
    ]


class CreateJob(JobParams, _Where):
    """A new job. Its name is how it is found again should OpsRamp's answer be lost."""

    job_type: Annotated[str, BeforeValidator(spelling.job_type), _job_type]


class UpdateJob(JobParams, _Which):
    """Changes to a job; what is left out stays as it is today."""


class RunJob(_Which):
    """A run on demand of a job as it is."""

    reason: Annotated[str, BeforeValidator(spelling.text), Param("Reason", "OpsRamp is told it with the run.")] = ""

    @model_validator(mode="before")
    @classmethod
    def _id(cls, data: Any) -> Any:
        """OpsRamp's own name of the job is ``id``."""
        if isinstance(data, Mapping) and "id" in data and "job" not in data:
            return {"job" if key == "id" else key: value for key, value in data.items()}
        return data
