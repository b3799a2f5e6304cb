"""What preflight says of a start: go, ask again, refuse, each with its reason."""

import pytest

from bot.requests.model import Requirement
from bot.requests.preflight import PreflightCode, judge_start
from bot.requests.resolutions import Difference, DifferenceCode
from tests.unit.requests.build import requirement, stage

ONE = requirement(stage("@sre"))
TWO = requirement(stage("@sre", quorum=2))
AUTOMATIC = Requirement(effect="approve")
REFUSED = Requirement(effect="refuse", reasons=("Nobody reboots on Fridays.",))
OTHER_TEMPLATE = Difference(
    code=DifferenceCode.RESOLVES_DIFFERENTLY, field="Feature", before="template “Uptime”", after="template “Reboot”"
)
MORE_HOSTS = Difference(code=DifferenceCode.TARGETS_CHANGED, field="Targets", before="", after="110 hosts, was 10")
NO_NAMES = Difference(code=DifferenceCode.TARGETS_NOT_COMPARABLE, field="Targets", before="", after="3,000 hosts")
NOT_RECORDED = Difference(code=DifferenceCode.NOT_RESOLVED_BEFORE, field="Feature", before="", after="“Uptime”")


@pytest.mark.parametrize(
    ("approved", "current", "differences", "outcome", "code"),
    [
        (ONE, ONE, (), "go", PreflightCode.UNCHANGED),
        (TWO, ONE, (), "go", PreflightCode.UNCHANGED),
        (ONE, AUTOMATIC, (), "go", PreflightCode.UNCHANGED),
        (ONE, TWO, (), "ask", PreflightCode.POLICY_STRICTER),
        (AUTOMATIC, ONE, (), "ask", PreflightCode.POLICY_STRICTER),
        (ONE, REFUSED, (), "refuse", PreflightCode.POLICY_REFUSES),
        (AUTOMATIC, REFUSED, (OTHER_TEMPLATE,), "refuse", PreflightCode.POLICY_REFUSES),
        (ONE, ONE, (OTHER_TEMPLATE,), "ask", PreflightCode.DOES_SOMETHING_ELSE),
        (AUTOMATIC, AUTOMATIC, (OTHER_TEMPLATE,), "go", PreflightCode.CHANGED_A_LITTLE),
        (AUTOMATIC, AUTOMATIC, (), "go", PreflightCode.UNCHANGED),
        (ONE, AUTOMATIC, (OTHER_TEMPLATE,), "ask", PreflightCode.DOES_SOMETHING_ELSE),
        (ONE, AUTOMATIC, (MORE_HOSTS,), "ask", PreflightCode.DOES_SOMETHING_ELSE),
        (ONE, ONE, (MORE_HOSTS,), "ask", PreflightCode.DOES_SOMETHING_ELSE),
        (ONE, ONE, (NO_NAMES,), "go", PreflightCode.NOT_COMPARABLE),
        (ONE, ONE, (NOT_RECORDED,), "go", PreflightCode.NOT_COMPARABLE),
        (ONE, ONE, (NOT_RECORDED, MORE_HOSTS), "ask", PreflightCode.DOES_SOMETHING_ELSE),
        (ONE, TWO, (MORE_HOSTS,), "ask", PreflightCode.DOES_SOMETHING_ELSE),
        (ONE, TWO, (NO_NAMES,), "ask", PreflightCode.POLICY_STRICTER),
        (AUTOMATIC, AUTOMATIC, (MORE_HOSTS,), "go", PreflightCode.CHANGED_A_LITTLE),
    ],
)
def test_each_outcome(
    approved: Requirement, current: Requirement, differences: tuple[Difference, ...], outcome: str, code: PreflightCode
) -> None:
    verdict = judge_start(approved, current, differences)
    assert (verdict.outcome, verdict.code) == (outcome, code)
    assert bool(verdict.text) is (code is not PreflightCode.UNCHANGED)


def test_the_reason_names_what_changed_and_what_policy_says() -> None:
    assert judge_start(ONE, REFUSED, ()).text == "Nobody reboots on Fridays."
    assert "110 hosts, was 10" in judge_start(ONE, ONE, (MORE_HOSTS,)).text
    assert judge_start(ONE, ONE, (OTHER_TEMPLATE,)).text == (
        "It would do something else now. Feature: template “Uptime” → template “Reboot”."
    )
