"""Notes on ``immybot.maintenance`` for its page in the reference."""

SCHEDULING_NOTE = (
    "ImmyBot holds a start as a time of day without a date: one start within the next 24 hours, at a whole minute and "
    "not too close. Nightshift holds all others, windows and series too, and makes each call when it is due. Where "
    "the instance has no schedules (native_schedules is false), Nightshift holds every start."
)

REFERENCE_NOTES = (
    "rebootPreference: Force is -1; If necessary is 0, Suppress 1 and Prompt 2. A client that gives Force as 2 or 3 "
    "would ask for something else.",
    "desiredSoftwareState: ImmyBot's own pages number the states in two ways. Those of its API are sent: 5 is "
    "installed latest, 1 uninstalled, 3 this version.",
    "offlineBehavior: 1 skips, 2 applies when the computer connects; there is no 0.",
    "sessionGroupId: the form of ImmyBot's node has it among the maintenance parameters, the API at the top. It is "
    "read in both places but only noted: Nightshift makes a new one for each attempt, and finds the sessions by it.",
    "computers, tenants, persons: lists of numbers in the form, lists of objects in the API. Both are read, objects "
    "are sent.",
    "taskParameterValues: bare values in the form, objects with a value in the API. Both are read, objects are sent. "
    'A secret is given as {"secret": "its name"}; it is put in when the call is made and is never shown.',
    "updateTime and timeZoneInfoId: in the form, but its node never sends them. Nightshift does. The zone is an IANA "
    "name.",
    "maintenanceIdentifier: the number of the software or task, sent as text; names are not understood there.",
    "deploymentId: 0 stands for none in the form, and is not sent.",
    "cacheOnly: ImmyBot's pages disagree on whether it works from the last inventory or only downloads. It is sent as "
    "asked, and the card says so.",
    "skipBackgroundJob: the form's default is true, which passes the instance's limit of concurrent sessions. Here it "
    "is false.",
    "fullMaintenance: without it, an item or a deployment must be named; what a request with none of them does is not "
    "said anywhere.",
    "Prompt settings (promptTimeoutAction, promptTimeoutMinutes, autoConsentToReboots) are sent with Prompt only.",
    "The answer: empty from the newer endpoint, a list of sessions from the older one (endpoint chooses). The "
    "sessions are looked up by their group in either case.",
    "Cancel: only the sessions of this run are named; ImmyBot's way to cancel all is never used.",
)
