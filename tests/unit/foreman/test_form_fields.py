"""How each field of the form works; the texts are in docs/operations."""

from bot.backends.base import Operation
from bot.backends.foreman.params import ForemanJobParams
from tests.unit.backends.forms import describe
from tests.unit.foreman.conftest import Harness

FIELDS = {
    "job_template_id": "Basics: lookup, required, reloads, argument=template",
    "search_query": "Basics: text, required, finds_targets, argument=hosts",
    "bookmark_id": "Hosts: lookup, reloads, finds_targets, argument=bookmark",
    "targeting_type": "Hosts: choice, default='static_query', choices=static_query/dynamic_query",
    "organization_id": "Run as and limits: lookup, argument=organization",
    "location_id": "Run as and limits: lookup, argument=location",
    "effective_user": "Run as and limits: text, argument=run_as, api=ssh.effective_user",
    "effective_user_password": "Run as and limits: choice, api=ssh.effective_user_password",
    "ssh_user": "Run as and limits: text",
    "password": "Run as and limits: choice",
    "key_passphrase": "Run as and limits: choice",
    "randomized_ordering": "Run as and limits: flag",
    "concurrency_level": "Run as and limits: number, api=concurrency_control.concurrency_level",
    "time_span": "Run as and limits: number, api=concurrency_control.time_span",
    "execution_timeout_interval": "Run as and limits: number",
    "time_to_pickup": "Run as and limits: number",
    "description_format": "Run as and limits: text",
    "tags": "Run as and limits: text, api=ansible.tags",
    "tags_flag": "Run as and limits: choice, api=ansible.tags_flag, choices=include/exclude",
    "cron_line": "Foreman's own timing: text, api=recurrence.cron_line",
    "max_iteration": "Foreman's own timing: number, api=recurrence.max_iteration",
    "end_time": "Foreman's own timing: moment, api=recurrence.end_time",
    "purpose": "Foreman's own timing: text, api=recurrence.purpose",
    "start_at": "Foreman's own timing: moment, api=scheduling.start_at",
    "start_before": "Foreman's own timing: text, api=scheduling.start_before",
}


async def test_every_field(harness: Harness):
    operation: Operation[ForemanJobParams] = harness.operation
    fields = await operation.fields({})
    without_choices = {field.name: describe(field.model_copy(update={"choices": ()})) for field in fields}
    expected = {name: text.split(", choices=")[0] for name, text in FIELDS.items()}
    assert without_choices == expected
    assert harness.plan(harness.command_params()).calls
