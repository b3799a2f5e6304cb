"""Who may review an emergency: one of those whom policy names, unless they took part in it."""

from collections.abc import Collection

from bot.requests.approval.permission import RIGHTS_UNKNOWN, Permission, PermissionCode
from bot.requests.directory import Directory, ineligibility_reason, stage_members
from bot.requests.model import Person, Review
from bot.requests.text import approver_names


def permission_to_review(
    review: Review, participants: Collection[str], person: Person, directory: Directory
) -> Permission:
    """Return whether a person may review an emergency; unknown if Slack does not tell.

    ``participants`` are the user ids of everyone who asked for it, wrote it, decided on it or did anything about it.
    """
    certain = _permission(review, participants, person, directory)
    if certain.allowed or directory.is_complete:
        return certain
    possible = _permission(review, participants, person, directory.as_possible(person.user))
    return certain if possible.code == certain.code else RIGHTS_UNKNOWN


def _permission(review: Review, participants: Collection[str], person: Person, directory: Directory) -> Permission:
    if problem := ineligibility_reason(directory.user(person)):
        return Permission(code=PermissionCode.INELIGIBLE, reason=problem)
    if person.user in participants:
        text = "You took part in this, so somebody else has to review it."
        return Permission(code=PermissionCode.TOOK_PART, reason=text)
    if person.user not in stage_members(review.by, directory):
        text = f"Only {approver_names(review.by)} may review this, and you are not one of them."
        return Permission(code=PermissionCode.NOT_AN_APPROVER, reason=text)
    return Permission()
