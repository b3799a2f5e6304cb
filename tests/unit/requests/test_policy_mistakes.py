"""Sixty deliberate mistakes in a policy: each is named with its line and a remedy, and none loads without a word."""

import tomllib

import pytest

from bot.errors import ConfigError
from bot.requests.policy.known import Known, unknown_names
from bot.requests.policy.load import load_policy, workspace_problems
from bot.requests.policy.mistakes import policy_mistakes
from tests.unit.requests.build import NOW, make_directory

HEAD = '[policy]\napprovers = ["@sre"]\n'
RULE = '[[policy.rules]]\nname = "r"\n'
"""A rule whose name is on line 4 and whose next setting is on line 5."""
RUN = {"foreman.run": frozenset({"template", "run_as"})}
MAINTAIN = {"immybot.maintenance": frozenset({"task", "reboot", "tenants"})}
CONFIGURED = Known({"foreman.prod": RUN, "foreman.lab": RUN, "immybot.contoso": MAINTAIN})
PEOPLE = {"sre": {"UBOB"}, "dba": {"UCAT"}, "guests": {"UGUE"}}
OTHER = '[[policy.rules]]\nname = "other"\n'


def found(text: str, known: Known = CONFIGURED) -> tuple[str, ...]:
    """Everything that is said about a policy, by the checks of a start."""
    try:
        policy = load_policy(text, "p.toml", now=NOW)
    except ConfigError as error:
        return error.problems
    directory = make_directory(PEOPLE, guest={"UGUE"})
    return (*policy_mistakes(policy), *unknown_names(policy, known), *workspace_problems(policy, directory))


def rule(text: str) -> str:
    return f"{HEAD}{RULE}{text}\n"


IN_THE_TEXT = [
    # Names that nothing has.
    (rule('when = { backend = "foreman.prd" }'), 5, 'no system is called "foreman.prd"; did you mean "foreman.prod"?'),
    (rule('when = { backend = "formean" }'), 5, 'no system is called "formean"; did you mean "foreman"?'),
    (rule('when = { backend = "opsramp" }'), 5, 'no system is called "opsramp"; there is foreman, foreman.lab'),
    (rule('when = { backend = "foreman.test*" }'), 5, 'no system is called "foreman.test*"'),
    (rule('when = { operation = "foreman.runn" }'), 5, 'no operation "foreman.runn"; did you mean "foreman.run"?'),
    (rule('when = { operation = "run" }'), 5, 'there is no operation "run"; there is foreman.run, immybot'),
    (rule('when = { backend = "foreman", operation = "immybot.*" }'), 5, 'foreman has no operation "immybot.*"'),
    (
        rule('when = { facts = { tenats = "Contoso" } }'),
        5,
        'tells "tenats", so this never holds; did you mean "tenants"?',
    ),
    (rule('when = { backend = "foreman", facts = { tenants = "x" } }'), 5, 'no operation of this rule tells "tenants"'),
    (rule('when = { backend = "immybot", template = "x" }'), 5, 'no operation of this rule tells "template"'),
    (rule('when = { backend = "foreman", reboot = "Force" }'), 5, 'no operation of this rule tells "reboot"'),
    (rule('unless = { backend = "foreman.pord" }'), 5, 'no system is called "foreman.pord"; did you mean'),
    (rule('when = { backend = "foreman" }\nunless = { task = "x" }'), 6, 'no operation of this rule tells "task"'),
    (rule('approvers = ["@dbas"]'), 5, 'there is no user group @dbas in the workspace; did you mean "@dba"?'),
    (rule('may_request = "@nobody-has-this"'), 5, "there is no user group @nobody-has-this"),
    (rule('approvers = ["UGUE"]'), 5, "UGUE cannot take part: Guests cannot do this"),
    (rule('when = { requester = "UGUE" }'), 5, "UGUE cannot take part: Guests cannot do this"),
    (rule('approvers = ["@guests"]'), 5, "@guests cannot give 1 approval, as only 0 may approve"),
    (rule("quorum = 2"), 5, "@sre cannot give 2 approvals, as only 1 may approve"),
    (HEAD + 'may_pause = ["@admin", "@admins"]\n', 3, "there is no user group @admins"),
    (HEAD + '[[policy.freezes]]\nname = "f"\nwhen = "every saturday"\nbackend = "foreman.prd"', 6, "did you mean"),
    # Empty lists and tables.
    (rule("when = { backend = [] }"), 5, "the list is empty, which could mean everything or nothing"),
    (rule("when = { targets = [] }"), 5, "the list is empty"),
    (rule("when = { days = [] }"), 5, "the list is empty"),
    (rule("when = { facts = {} }"), 5, "facts is empty, so it says nothing"),
    (rule("may_request = []"), 5, "the list is empty"),
    (rule("approvers = []"), 5, "the list is empty"),
    (rule("stages = []"), 5, "the list is empty"),
    (rule("unless = []"), 5, "the list is empty"),
    (rule("wins_over = []"), 5, "the list is empty"),
    (HEAD + "may_request = []\n", 3, "the list is empty"),
    # Patterns that are none.
    (
        rule('when = { targets = "/^web/i" }'),
        5,
        'nothing may follow the last "/", and case never matters; write "/^web/"',
    ),
    (rule('when = { targets = "!db-*" }'), 5, 'a pattern cannot exclude anything; put "db-*" into unless'),
    (rule('when = { targets = "^web" }'), 5, 'write it between slashes: "/^web/"'),
    (rule('when = { targets = "/^web" }'), 5, 'it does not end with "/"; add one'),
    (rule("when = { targets = 'db\\d+' }"), 5, "looks like a regular expression"),
    (rule('when = { targets = "web-1 " }'), 5, "begins or ends with a space"),
    (rule('when = { targets = "/[/" }'), 5, "is not a regular expression"),
    (rule('when = { channel = "@ops" }'), 5, '"@ops" names no channel; write it like "#ops"'),
    (rule('when = { channel = "the ops channel" }'), 5, "names no channel"),
    (rule('approvers = ["@here"]'), 5, '"@here" is no user group'),
    (rule('approvers = ["ann@example.org"]'), 5, "names nobody"),
    # Times.
    (rule('when = { hours = "18:00-24:00" }'), 5, 'there is no 24:00; write "18:00-00:00"'),
    (rule('when = { hours = "6pm-8pm" }'), 5, "is not a span of hours"),
    (rule('when = { days = "weekdays" }'), 5, '"days" does not fit'),
    (rule('when = { zone = "Europe/Berlin" }'), 5, "zone says nothing without hours or days"),
    (rule('when = { min_targets = 2, hours_cover = "run" }'), 5, "says nothing without hours or days"),
    (rule('reminders = ["9h"]'), 5, "its last reminder is not before the expiry, so it is never sent"),
    (rule('escalate_after = "9h"\nescalate_to = "@dba"\nloosens = true'), 5, "it never happens"),
    # Rules that never apply, are overruled or do nothing.
    (rule('when = { backend = "foreman.lab" }\nunless = { backend = "foreman" }'), 6, "so the rule never applies"),
    (rule('when = { targets = "db-1" }\neffect = "approve"\nunless = { targets = "db-*" }'), 7, "never applies"),
    (rule("when = { min_targets = 9, max_targets = 2 }"), 5, "it never holds; swap them"),
    (rule('effect = "refuse"'), 3, "it has no condition, so it refuses every request"),
    (rule('effect = "limit"\nwhen = { min_targets = 2 }'), 3, "without a term changes nothing"),
    (
        rule('when = { backend = "foreman.lab", max_targets = 2 }\neffect = "approve"')
        + f'{OTHER}when = {{ backend = "foreman" }}',
        3,
        "“other” always applies too and is stricter, so this never counts; add wins_over or unless.",
    ),
    (
        rule('when = { min_targets = 9 }\napprovers = "@dba"') + f'{OTHER}when.min_targets = 5\neffect = "refuse"',
        3,
        "“other” always applies too and is stricter",
    ),
    (
        rule('when.backend = "foreman.lab"') + f'{OTHER}when.backend = "foreman"\nwins_over = "r"',
        3,
        "“other” always wins over it",
    ),
    (rule("wins_over = 'rules of customers'"), 5, 'there is no other rule "rules of customers"'),
    # TOML of every wrongness.
    ("[policy\n", 1, "is not valid TOML"),
    ("[policy]\napprovers = ['@sre'\n", 3, "is not valid TOML"),
    (HEAD + HEAD, 3, "is not valid TOML"),
    (HEAD + 'approvers = "@dba"\n', 3, "is not valid TOML"),
    (HEAD + 'because = "\x00"\n', 3, "is not valid TOML"),
    (HEAD + "x = 2026-02-30\n", 3, "is not valid TOML"),
    ("\n\npolicy = 3\n", 3, "policy is not a table; write [policy]"),
    ("\n[[policy]]\napprovers = ['@sre']\n", 2, "policy is not a table"),
    (HEAD + "rules = 3\n", 3, '"rules" does not fit'),
    (HEAD + "rules = [3]\n", 3, "needs tables"),
    (HEAD + "[policy.rules]\nname = 'x'\n", 3, "does not fit"),
    (HEAD + "[[policy.rules]]\nname = 3\n", 4, '"name" does not fit'),
    (rule("when = 'always'"), 5, "needs tables"),
    (rule("quorum = true\napprovers = '@dba'"), 5, '"quorum" does not fit'),
    (rule("quorum = '2'\napprovers = '@dba'"), 5, '"quorum" does not fit'),
    (rule("when = { min_targets = 1.5 }"), 5, '"min_targets" does not fit'),
    (rule("when = { targets = 5 }"), 5, '"targets" does not fit'),
    (rule("when = { targets = ['a', 5] }"), 5, '"targets" does not fit'),
    (rule("effect = 'deny'"), 5, "'refuse', 'limit' or 'emergency'; did you mean \"refuse\"; it is 'deny'"),
    (rule("when = { days = 'Monday' }"), 5, "'sat' or 'sun'; did you mean \"mon\"; it is 'monday'"),
    (rule('when = { targets = "db%" }'), 5, '"db%": "%" stands for itself only; did you mean "db*"?'),
    (rule('approvers = ["@dba"]\nnot_approvers = ["@dba", "@sre"]'), 3, "leaves nobody of the approvers"),
    (
        HEAD + 'not_approvers = ["@dba"]\n' + RULE + 'approvers = ["@dba"]\n',
        4,
        "not_approvers of [policy] leaves nobody",
    ),
    (HEAD + 'not_approvers = ["@sre"]\n', 1, "leaves nobody of the approvers"),
    (rule("when = { system = 'foreman' }"), 5, 'there is no setting "system" here; did you mean "backend"?'),
    (rule("stages = ['@dba']"), 5, '"stages" needs tables, such as { key = "value" }; it is \'@dba\''),
    (HEAD + "\n[[policy.rule]]\nname = 'x'\n", 4, 'there is no setting "rule" here; did you mean "rules"?'),
    (rule("aprovers = '@dba'"), 5, 'there is no setting "aprovers" here; did you mean "approvers"?'),
]


@pytest.mark.parametrize(("text", "line", "said"), IN_THE_TEXT)
def test_a_mistake_is_named_with_its_line(text: str, line: int, said: str) -> None:
    problems = found(text)
    (problem,) = [problem for problem in problems if said in problem] or [problems]
    assert said in problem
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assert f"line {line}" in problem or "end of document" in problem
    else:
        assert problem.startswith(f"p.toml:{line}: ")


def test_there_are_at_least_sixty_of_them() -> None:
    assert len(IN_THE_TEXT) >= 60


def test_a_policy_nested_too_deeply_is_refused_in_one_line() -> None:
    assert found("x = " + "[" * 100_000) == ("p.toml: this is not valid TOML: it is nested too deeply.",)


def test_all_groups_that_are_missing_are_told() -> None:
    problems = found(HEAD + 'may_pause = ["@admins-a", "@admins-b"]\nescalate_after = "1h"\nescalate_to = "@leads"\n')
    assert [name for name in ("@admins-a", "@admins-b", "@leads") if any(name in line for line in problems)] == [
        "@admins-a",
        "@admins-b",
        "@leads",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + rule('when = { backend = "foreman.prod", template = "Run*" }'),
        rule('when = { backend = "foreman" }\nunless = { backend = "foreman.lab" }'),
        # A part of the targets can be outside the exception.
        rule('when = { targets = "db-1" }\nunless = { targets = "db-*" }'),
        # The other one covers a part of the targets only, and then it does not win.
        rule('when = { targets = "db-1" }') + f'{OTHER}when = {{ targets = "db-*" }}\nwins_over = "r"',
        # Sunday 02:00 is in the first, not in the second.
        rule('when = { days = "sat", hours = "22:00-06:00" }\neffect = "approve"')
        + f'{OTHER}when = {{ days = "sat" }}\neffect = "refuse"',
        rule('when = { backend = "foreman.lab" }\neffect = "approve"\nwins_over = "other"')
        + f'{OTHER}when = {{ backend = "foreman" }}',
        rule('when = { backend = "foreman.lab" }\neffect = "approve"')
        + f'{OTHER}when.backend = "foreman"\nunless = {{ max_targets = 2 }}',
        rule('when = { backend = "foreman.prod" }\neffect = "approve"') + f'{OTHER}when.backend = "foreman.lab"',
        rule('when = { min_targets = 2 }\neffect = "approve"') + f"{OTHER}when.min_targets = 5",
        rule('when = { facts = { tenants = "Contoso" } }'),
        rule("when = { run_as = 'CORP\\dave', targets = ['web-[!a]*', '/db\\d+/'], channel = ['#ops', 'C012345'] }"),
    ],
)
def test_what_can_be_meant_is_no_mistake(text: str) -> None:
    assert found(text) == ()


def test_without_a_configured_system_only_the_kinds_are_known() -> None:
    kinds = Known({"foreman": RUN, "immybot": MAINTAIN})
    assert found(rule('when = { backend = "foreman.anything" }'), kinds) == ()
    assert 'no system is called "formean.prod"' in found(rule('when = { backend = "formean.prod" }'), kinds)[0]


def test_a_back_end_that_does_not_say_its_facts_can_have_any() -> None:
    assert found(rule('when = { facts = { colour = "red" } }'), Known({"lantern.a": {"lantern.light": None}})) == ()
