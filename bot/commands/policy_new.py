"""``nightshift policy new``: makes a first policy by questions, with tests that say what it demands."""

import json
import sys
import tomllib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import typer

from bot.errors import ConfigError
from bot.requests.policy.engine import Policy
from bot.requests.policy.load import load_policy
from bot.requests.policy.mistakes import policy_mistakes
from bot.requests.policy.play_tests import outcome_of
from bot.requests.policy.policy_tests import AskedRequest

Ask = Callable[[str, str], str]
"""Asks a question with a default answer."""
Answers = Sequence[str]


_SYSTEM = "foreman.prod"
"""The system of tests where an answer names none."""


class Topic(NamedTuple):
    """Some questions, with their default answers, that make one part of the policy. If the first answer is empty, the
    part is left out. ``tests`` are requests, by a name, whose outcome becomes a test."""

    questions: tuple[tuple[str, str], ...]
    part: Callable[[Answers], str]
    tests: Callable[[Answers], dict[str, str]] = lambda answers: {}


def _defaults(answers: Answers) -> str:
    approvers, quorum, zone, expires = answers
    terms = f"approvers = {_list(approvers)}\nquorum = {quorum}\nexpires = {_text(expires)}\n"
    return f"[policy]\nzone = {_text(zone)}\n{terms}"


def _approving(answers: Answers) -> str:
    system, budget = answers
    when = f"{{ backend = {_text(system)} }}"
    return _rule(f"{system} approves itself", when, f'effect = "approve"\nbudget = {budget}\n')


def _many(answers: Answers) -> str:
    count, quorum = answers
    return _rule("many targets", f"{{ min_targets = {count} }}", f"quorum = {quorum}\n")


def _special(answers: Answers) -> str:
    targets, approvers = answers
    return _rule(f"targets {targets}", f"{{ targets = {_list(targets)} }}", f"approvers = {_list(approvers)}\n")


def _closed(answers: Answers) -> str:
    system, hours, channel = answers
    days = '["mon", "tue", "wed", "thu", "fri"]'
    when = f"{{ backend = {_text(system)}, days = {days}, hours = {_text(hours)} }}"
    unless = f"unless = {{ channel = {_text(channel)} }}\n" if channel else ""
    return _rule(f"{system} is in use", when, f'{unless}effect = "refuse"\n')


def _freeze(answers: Answers) -> str:
    return f'[[policy.freezes]]\nname = "freeze"\nwhen = {_text(answers[0])}\n'


TOPICS = (
    Topic(
        (
            ("Which user groups decide where no rule says otherwise? For example @sre", "@sre"),
            ("How many of them must approve?", "1"),
            ("In which time zone are days and hours?", "UTC"),
            ("How long do they have?", "8h"),
        ),
        _defaults,
    ),
    Topic(
        (
            ("Which system may start work without an approval, such as foreman.lab? Empty: none", ""),
            ("How often a day, before people decide?", "20"),
        ),
        _approving,
        lambda answers: {f"a request for {answers[0]}": f"system = {_text(answers[0])}"},
    ),
    Topic(
        (
            ("From how many targets on must more people approve? Empty: never", "20"),
            ("How many people?", "2"),
        ),
        _many,
        lambda answers: {"many targets": f'system = "foreman.prod", targets = {answers[0]}'},
    ),
    Topic(
        (
            ("Which targets have people of their own, such as db-*? Empty: none", ""),
            ("Which user groups decide on them?", "@dba"),
        ),
        _special,
        lambda answers: {
            f"one of {answers[0]}": f'system = "foreman.prod", targets = {_list(answers[0].replace("*", "1"))}'
        },
    ),
    Topic(
        (
            ("Which system must be left alone on working days, such as foreman.prod? Empty: none", ""),
            ("In which hours?", "08:00-18:00"),
            ("Which channel is excepted, such as #emergency? Empty: none", ""),
        ),
        _closed,
        lambda answers: {
            f"{answers[0]} on Wednesday at noon": f"system = {_text(answers[0])}",
            f"{answers[0]} on Saturday": f'system = {_text(answers[0])}, when = "saturday 22:00"',
        },
    ),
    Topic(
        (("When is everything frozen, such as 2026-12-20 to 2027-01-03? Empty: never", ""),),
        _freeze,
    ),
)


def run(file: Path | None) -> int:
    """Ask, and write the policy to a new file, or print it. Return the exit status."""
    if file is not None and file.exists():
        print(f"{file} is there already; name a new file.", file=sys.stderr)
        return 2
    text = make_policy(prompt, lambda problem: print(problem, file=sys.stderr))
    if file is None:
        print(text, end="")
        return 0
    file.write_text(text)
    print(f"Written to {file}. Play its tests with: nightshift policy test --config {file}", file=sys.stderr)
    return 0


def make_policy(ask: Ask, tell: Callable[[str], None], system: str = _SYSTEM) -> str:
    """Return the text of a policy with tests, from answers. What is wrong with them is told and asked again. The tests
    are about ``system`` where an answer names no other."""
    parts: list[str] = []
    tests = {"one target": f"system = {_text(_SYSTEM)}"}
    for topic in TOPICS:
        answers, part = _ask_until_valid(topic, parts, ask, tell)
        if part:
            parts.append(part)
            tests |= topic.tests(answers)
    text = "\n".join(parts)
    policy = load_policy(text, now=datetime.now(UTC))
    about = {name: request.replace(_SYSTEM, system) for name, request in tests.items()}
    return "\n".join([text, *(_test(policy, name, request) for name, request in about.items())])


def _ask_until_valid(topic: Topic, parts: Sequence[str], ask: Ask, tell: Callable[[str], None]) -> tuple[Answers, str]:
    while True:
        answers: list[str] = []
        for question, default in topic.questions:
            answers.append(ask(question, default).strip())
            if not answers[0]:
                return answers, ""
        part = topic.part(answers)
        problems = _problems("\n".join([*parts, part]))
        if not problems:
            return answers, part
        for problem in problems:
            tell(problem)


def _problems(text: str) -> list[str]:
    """Return what is wrong with a policy, without the lines of a file that nobody has yet."""
    try:
        policy = load_policy(text, "", now=datetime.now(UTC))
        return [_without_place(problem) for problem in policy_mistakes(policy)]
    except ConfigError as error:
        return [_without_place(problem) for problem in error.problems]


def _without_place(problem: str) -> str:
    return problem.partition(": ")[2]


def _test(policy: Policy, name: str, request: str) -> str:
    """Return a test that expects of a request what the policy demands now."""
    outcome = outcome_of(policy, AskedRequest.model_validate(tomllib.loads(f"ask = {{ {request} }}")["ask"]))
    lines = [f"[[policy.tests]]\nname = {_text(name)}\nask = {{ {request} }}\nexpect = {_text(outcome.effect)}"]
    lines.append(f"by = {_texts(outcome.by)}")
    if outcome.effect == "ask":
        lines.append(f"approvers = {_texts(outcome.approvers)}")
    return "\n".join(lines) + "\n"


def _rule(name: str, when: str, more: str) -> str:
    return f"[[policy.rules]]\nname = {_text(name)}\nwhen = {when}\n{more}"


def _list(text: str) -> str:
    """Return a list in TOML from an answer with commas or spaces between its entries."""
    return _texts(text.replace(",", " ").split())


def _texts(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def prompt(question: str, default: str) -> str:
    """Ask in the terminal."""
    return str(typer.prompt(question, default=default, show_default=bool(default), err=True))
