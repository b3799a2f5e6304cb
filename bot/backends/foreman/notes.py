"""Notes on ``foreman.run`` for its page in the reference."""

SCHEDULING_NOTE = (
    "Foreman holds a single start at a whole minute that is at least two minutes ahead, with its latest start. It "
    "holds a series where a cron line gives exactly the same moments over 400 days, in the zone in which the server "
    "reads it. Whatever else is asked for is held by Nightshift, which makes each call when it is due. The card says "
    "which it is, and why."
)

REFERENCE_NOTES = (
    "recurrence.end_time: the page has it, the API takes it and ignores it. Nightshift counts the runs until then and "
    "sends their number as max_iteration, too.",
    "Unknown keys: Foreman ignores them without a word, among them job_category and name of the page's own example. "
    "Nightshift refuses keys that it does not know; of those two it says that they are not sent.",
    "Times: Foreman reads one without an offset in the account's own zone, and cuts off seconds. Nightshift refuses "
    "times without an offset and sends UTC; a start that is no whole minute is held by Nightshift.",
    "recurrence.cron_line: servers before foreman-tasks 8 read five plain fields and ignore a sixth word; later ones "
    "take a sixth field for seconds, or a zone. Nightshift accepts five plain fields, which all read alike, and keeps "
    "to a shortest interval of its own (minimum_interval): Foreman has none.",
    "scheduling.start_before: Foreman drops it for a series, so it is refused together with a cron line.",
    "feature: Foreman always matches the hosts once for a feature, whatever targeting_type says; dynamic_query is "
    "refused with one.",
    "ssh.effective_user: ignored without a word where the template does not let it be chosen; the field is shown only "
    "where it does.",
    "concurrency_control.time_span: on the page, but gone from Remote Execution 11 on. It is sent to older servers "
    "only.",
    "search_query: Foreman accepts a search that matches no host and then does nothing. Nightshift refuses it.",
    "inputs: Foreman wants text. Numbers and flags are written out; null is left out.",
    "Refusals: Foreman answers a job that it does not accept with status 500, not 422. Nightshift reads its words, "
    "puts them under the field that they are about, and treats as never started only what was surely not saved.",
    "Passwords (ssh.effective_user_password, password, key_passphrase, hidden inputs) are chosen among the "
    "connection's secrets by name; they are put in when the call is made and are never shown.",
    "Cancel: cancelling one run of a series at Foreman lets the next one come, so a series is cancelled through its "
    "recurring logic.",
    "Rerun failed targets: Foreman's own rerun attaches every host of a static job again. Nightshift asks for "
    "a new job with the search job_invocation.id = N and job_invocation.result = failed.",
)
