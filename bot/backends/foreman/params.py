"""The parameters of ``foreman.run``: exactly those of POST /api/job_invocations."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from bot.backends.base import Param, Params
from bot.backends.foreman import cron, host_names, vendor_payload
from bot.values import Json

TIMING_FIELDS = ("cron_line", "max_iteration", "end_time", "purpose", "start_at", "start_before")
"""The API's scheduling fields. They are accepted in a pasted body; the form asks for a phrase instead."""

PASSWORD_FIELDS = ("effective_user_password", "password", "key_passphrase")

HOSTS_SECTION = "Hosts"
ADVANCED_SECTION = "Run as and limits"
TIMING_SECTION = "Foreman's own timing"


def _reject_bool(value: Json) -> Json:
    if isinstance(value, bool):
        raise ValueError("This must be a whole number.")
    return value


def _parse_instant(value: Json | datetime) -> Json | datetime:
    """Reject times without an offset, because Foreman would read them in the account's time zone."""
    if isinstance(value, str) and not value.strip().isdigit():
        text = re.sub(r"\s*UTC$", "Z", value.strip())
        try:
            value = datetime.fromisoformat(re.sub(r"\s+([+-])", r"\1", text))
        except ValueError:
            raise ValueError("This is not a date and time, such as 2026-12-24T03:00:00Z.") from None
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("Say the offset from UTC too, such as 2026-12-24T03:00:00Z.")
    return value


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Integer = Annotated[int, BeforeValidator(_reject_bool)]
UnstrippedText = Annotated[str, StringConstraints(strip_whitespace=False)]
PositiveInteger = Annotated[Integer, Field(ge=1)]
UtcInstant = Annotated[AwareDatetime, BeforeValidator(_parse_instant), AfterValidator(_to_utc)]


class ForemanJobParams(Params):
    """A job invocation. Give a template or a feature, and a search or a bookmark."""

    job_template_id: Annotated[
        PositiveInteger | None,
        Param(
            "Template",
            widget="lookup",
            placeholder="Search job templates",
            reloads=True,
            argument="template",
            needed=True,
        ),
    ] = None
    feature: Annotated[
        str | None,
        Param(
            "Feature",
            "Instead of a template: runs the one that Foreman has assigned to the feature.",
            widget="lookup",
            reloads=True,
            relevant_if={"job_template_id": (None, "")},
        ),
    ] = None
    inputs: Annotated[
        dict[str, UnstrippedText], Param("Inputs", "What the template asks for, by name.", widget="json")
    ] = Field(default_factory=dict)
    search_query: Annotated[
        str | None,
        Param(
            "Where",
            "Names, a Foreman search, or bookmark NAME.",
            placeholder="web05, web10 or hostgroup = web",
            argument="hosts",
            needed=True,
            finds_targets=True,
        ),
    ] = None
    bookmark_id: Annotated[
        PositiveInteger | None,
        Param(
            "Bookmark",
            "A search that is saved in Foreman.",
            section=HOSTS_SECTION,
            widget="lookup",
            reloads=True,
            argument="bookmark",
            finds_targets=True,
        ),
    ] = None
    targeting_type: Annotated[
        Literal["static_query", "dynamic_query"],
        Param(
            "Match hosts",
            "Static: once, when Foreman gets the job. Dynamic: again at each start.",
            section=HOSTS_SECTION,
        ),
    ] = "static_query"
    organization_id: Annotated[
        PositiveInteger | None,
        Param(
            "Organization",
            "The context of the request.",
            section=ADVANCED_SECTION,
            widget="lookup",
            argument="organization",
        ),
    ] = None
    location_id: Annotated[
        PositiveInteger | None,
        Param(
            "Location", "The context of the request.", section=ADVANCED_SECTION, widget="lookup", argument="location"
        ),
    ] = None
    effective_user: Annotated[
        str | None,
        Param(
            "Run as",
            "The user that runs the script, where the template lets you choose.",
            section=ADVANCED_SECTION,
            argument="run_as",
            api_name="ssh.effective_user",
        ),
    ] = None
    effective_user_password: Annotated[
        str | None,
        Param(
            "Password of that user",
            "One of the configured secrets.",
            section=ADVANCED_SECTION,
            widget="choice",
            api_name="ssh.effective_user_password",
        ),
    ] = None
    ssh_user: Annotated[str | None, Param("SSH user", "Who logs in to the hosts.", section=ADVANCED_SECTION)] = None
    password: Annotated[
        str | None, Param("SSH password", "One of the configured secrets.", section=ADVANCED_SECTION, widget="choice")
    ] = None
    key_passphrase: Annotated[
        str | None,
        Param("SSH key passphrase", "One of the configured secrets.", section=ADVANCED_SECTION, widget="choice"),
    ] = None
    randomized_ordering: Annotated[
        bool | None, Param("Random order", "Take hosts in any order.", section=ADVANCED_SECTION)
    ] = None
    concurrency_level: Annotated[
        PositiveInteger | None,
        Param(
            "Hosts at a time",
            "At most this many.",
            section=ADVANCED_SECTION,
            api_name="concurrency_control.concurrency_level",
        ),
    ] = None
    time_span: Annotated[
        PositiveInteger | None,
        Param(
            "Spread over seconds",
            "Older servers only: spreads the work over this many seconds.",
            section=ADVANCED_SECTION,
            api_name="concurrency_control.time_span",
        ),
    ] = None
    execution_timeout_interval: Annotated[
        PositiveInteger | None,
        Param("Time limit in seconds", "For each host; else the template's own.", section=ADVANCED_SECTION),
    ] = None
    time_to_pickup: Annotated[
        PositiveInteger | None,
        Param("Time to pick up in seconds", "For hosts that fetch their jobs.", section=ADVANCED_SECTION),
    ] = None
    description_format: Annotated[
        str | None, Param("Description", "May use %{input} and %{template_name}.", section=ADVANCED_SECTION)
    ] = None
    tags: Annotated[
        str | None, Param("Ansible tags", "Separated by commas.", section=ADVANCED_SECTION, api_name="ansible.tags")
    ] = None
    tags_flag: Annotated[
        Literal["include", "exclude"] | None,
        Param("Those tags are", section=ADVANCED_SECTION, api_name="ansible.tags_flag"),
    ] = None
    cron_line: Annotated[
        str | None,
        Param(
            "Cron line",
            "Only when the request itself says now.",
            section=TIMING_SECTION,
            api_name="recurrence.cron_line",
        ),
    ] = None
    max_iteration: Annotated[
        PositiveInteger | None,
        Param("At most this many runs", section=TIMING_SECTION, api_name="recurrence.max_iteration"),
    ] = None
    end_time: Annotated[
        UtcInstant | None,
        Param(
            "No run after",
            "With its offset from UTC.",
            section=TIMING_SECTION,
            widget="moment",
            api_name="recurrence.end_time",
        ),
    ] = None
    purpose: Annotated[
        str | None,
        Param(
            "Purpose",
            "A name that only one active series can have.",
            section=TIMING_SECTION,
            api_name="recurrence.purpose",
        ),
    ] = None
    start_at: Annotated[
        UtcInstant | None,
        Param(
            "Start at",
            "With its offset from UTC.",
            section=TIMING_SECTION,
            widget="moment",
            api_name="scheduling.start_at",
        ),
    ] = None
    start_before: Annotated[
        UtcInstant | None,
        Param(
            "Not started later than",
            "With its offset from UTC.",
            section=TIMING_SECTION,
            widget="text",
            api_name="scheduling.start_before",
        ),
    ] = None
    ignored: Annotated[tuple[str, ...], Param("Ignored keys", hidden=True)] = ()
    """Given keys that Foreman ignores."""

    @model_validator(mode="before")
    @classmethod
    def _accept_vendor_body(cls, data: Json) -> Json:
        return vendor_payload.flatten(data) if isinstance(data, dict) else data

    @field_validator("search_query")
    @classmethod
    def _accept_host_list(cls, value: str | None) -> str | None:
        return value and host_names.as_search(value)

    @field_validator("inputs", mode="before")
    @classmethod
    def _accept_input_values(cls, value: Json) -> Json:
        return vendor_payload.coerce_inputs(value)

    @field_validator("cron_line")
    @classmethod
    def _check_cron_line(cls, value: str | None) -> str | None:
        if value is not None:
            cron.parse(value)
        return value and " ".join(value.split())
