"""Mentions of people and user groups. Each notifies those who are in the channel."""

from collections.abc import Sequence

from blocks.text import Element, clip, text_run, user_mention
from bot.requests.directory import is_group, is_user
from bot.requests.model import Requirement, Stage
from bot.requests.policy.explain import rules_clause
from bot.requests.text import join_words

MAX_BECAUSE_LENGTH = 500


def mention(name: str) -> Element:
    """Mention a user or a user group by id; a group whose id is not known is only named."""
    if is_group(name) and not name.startswith("@"):
        return {"type": "usergroup", "usergroup_id": name}
    return user_mention(name) if is_user(name) else text_run(name)


def mentions(names: Sequence[str]) -> list[Element]:
    """Mention several, with a space after each."""
    return [element for name in names for element in (mention(name), text_run(" "))]


def requirement_elements(requirement: Requirement) -> list[Element]:
    """``Needs 2 of @sre because 43 hosts (rule “many hosts”).`` with real mentions."""
    elements = [text_run("Needs ")]
    for number, stage in enumerate(requirement.stages):
        elements += [text_run(f"{', then ' if number else ''}{stage.quorum} of "), *_approvers(stage)]
    if not requirement.stages:
        elements.append(text_run("an approval that nobody can give"))
    because = f" because {join_words(requirement.because)}" if requirement.because else ""
    return [*elements, text_run(clip(f"{because}{rules_clause(requirement)}.", MAX_BECAUSE_LENGTH))]


def _approvers(stage: Stage) -> list[Element]:
    elements: list[Element] = []
    names = (*stage.groups, *stage.users)
    for number, name in enumerate(names):
        if number:
            elements.append(text_run(" or " if number == len(names) - 1 else ", "))
        elements.append(mention(name))
    return elements or [text_run("nobody")]
