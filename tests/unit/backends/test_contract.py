"""Which back ends Nightshift accepts, by the version of the contract and the name of the entry point."""

from importlib.metadata import EntryPoint

import pytest

from bot import settings
from bot.backends.base import CONTRACT_VERSION
from bot.errors import ConfigError
from bot.settings import installed_kinds

VALUE = f"{__name__}:kind"


class Kind:
    """The parts of a kind that are looked at when it is loaded."""

    kind = "lantern"


kind = Kind()


@pytest.fixture(autouse=True)
def _entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("lantern", VALUE, settings.ENTRY_POINT_GROUP)
    monkeypatch.setattr(settings, "entry_points", lambda group: [entry] if group == entry.group else [])


def refusal() -> str:
    with pytest.raises(ConfigError) as refused:
        installed_kinds()
    (problem,) = refused.value.problems
    return problem


def test_a_kind_of_the_same_version_is_accepted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Kind, "contract_version", CONTRACT_VERSION, raising=False)
    assert installed_kinds() == {"lantern": kind}


@pytest.mark.parametrize("version", [CONTRACT_VERSION + 1, CONTRACT_VERSION - 1])
def test_another_version_is_refused_with_both_numbers(monkeypatch: pytest.MonkeyPatch, version: int):
    monkeypatch.setattr(Kind, "contract_version", version, raising=False)
    theirs = f"is written for version {version} of" if version else "names no version of"
    assert refusal() == (
        f"back end lantern ({VALUE}) {theirs} the contract, and this Nightshift has version {CONTRACT_VERSION}: "
        "install versions that fit"
    )


def test_a_kind_without_a_version_is_refused():
    assert refusal().startswith(f"back end lantern ({VALUE}) names no version of the contract, and this Nightshift has")


def test_a_kind_with_another_name_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Kind, "contract_version", CONTRACT_VERSION, raising=False)
    monkeypatch.setattr(Kind, "kind", "torch")
    assert refusal().endswith("calls itself torch; the name of its entry point must be the same")
