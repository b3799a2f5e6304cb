"""Notes on OpsRamp's operations for their pages in the reference."""

JOB_SCHEDULING_NOTE = (
    "The schedule is the job's own and is held by OpsRamp: one start, or a pattern that gives exactly the same "
    "moments in UTC over 400 days. What OpsRamp cannot hold exactly is refused with the reason; opsramp.run_job takes "
    "any time."
)

RUN_SCHEDULING_NOTE = "Nightshift holds the time, once or in a series, and asks OpsRamp to run the job when it is due."

JOB_NOTES = (
    "schedule.pattern.dayOfIndex: the page's tables have it, its samples dayOfWeek. Both are read; dayOfWeek is sent, "
    "and dayOfIndex as well where emit_day_of_index is set.",
    "script.configParams.runConfigAlert: the page's table has it, its samples runtimeConfigAlert. Both are read, "
    "runtimeConfigAlert is sent.",
    "Booleans and numbers: strings in the sample requests, real ones in the tables and the answers. Both are read, "
    "real ones are sent; strings where stringly is set.",
    "schedule.pattern.repeatType: Days in the sample requests, days in the table and the answers. Any case is read, "
    "days is sent.",
    "schedule.startDate: the table ends it in Z, the samples in +0000. Z, +0000, +00:00 and other offsets are read, "
    "UTC with +0000 is sent. OpsRamp cuts off seconds, so whole minutes are sent and compared.",
    "schedule.pattern.dayOfMonth: an integer in the table, several numbers in one string in the sample. Both are "
    "read, a string is sent. A weekday's name found there is read as dayOfWeek where a week is named.",
    "schedule.pattern.weekDays: one string of English names, such as Sunday, Tuesday; the specification leaves Friday "
    "out. All seven are taken.",
    "schedule.pattern.frequency: only for daily patterns, and sent with no other.",
    "entities: a string in the table, a list of resources in the samples, and nested under script in one table. Each "
    "is read; the list is sent, at the top.",
    "userType, parameters and credentialSet: in the tables at the top, in the samples userType and parameters under "
    "script. Both are read; they are sent as in the samples.",
    "credentialSet: OpsRamp never tells which one a job has, so it can be neither shown nor compared. It is sent only "
    "where it is given.",
    "script.jobType: missing from the answers for custom scripts. It is inferred from script.customScript and sent.",
    "Run once and Never: OpsRamp's own words for a single run after the initial occurrence, and for one that does not "
    "recur. One start is sent as never.",
    "Time zones: a schedule has none. Days are taken in UTC, a local time moves by an hour where clocks change, and "
    "the preview warns of both.",
    "Passwords of scripts are chosen among the connection's secrets by name; what OpsRamp hides is never sent back.",
    "Outcome: OpsRamp answers that it holds the job, not how a run went. The job is read back and compared, and what "
    "differs is named.",
)

UPDATE_NOTES = (
    "The page's samples for AD checklists lack the job's id, which would create a second job. The id always stands in "
    "the path and the body.",
    "Whether keys that are left out stay as they are is not said anywhere. Nightshift reads the job, lays the changes "
    "over it, and sends it whole, without what OpsRamp only tells (hosts' addresses, scripts' names).",
    "An update whose answer was lost is looked for by reading the job back: it is done where the job holds all of it.",
    "Cancel: OpsRamp keeps no earlier state of a job, so an update can be reversed only by another one.",
    *JOB_NOTES,
)

CREATE_NOTES = (
    "name: needed for AD checklists and configuration backups, optional for others. A job without a name cannot be "
    "found again if OpsRamp's answer gets lost; a name that is taken is refused.",
    "Cancel: the job that was made is deleted.",
    *JOB_NOTES,
)

RUN_NOTES = (
    "The verb: the vendor's specification asks for a run with GET and a body, others say POST. The configured one is "
    "tried (run_verb), and the other where the server answers 405.",
    "Outcome: OpsRamp has no history of runs. Nightshift says that the run was accepted; for custom scripts it reads "
    "their output, which proves that the script ran and not that it did what it should.",
    "A run whose answer was lost cannot be looked up, so people are asked whether it started.",
    "Cancel: OpsRamp offers no way to stop a run that it has accepted.",
)
