"""A seeded sample of mutants, the tests chosen for them, and what is reported."""

from pathlib import Path

import pytest

from tests.mutants import report, tree
from tests.mutants.choose import BUDGET, Choice, Chooser
from tests.mutants.mutate import PACKAGES, Mutant, sample
from tests.mutants.record import Recording, load, members, save
from tests.mutants.run import Results, Verdict

MODULE = """LIMIT = 3


def small(value):
    return value < LIMIT


def large(value):
    return value > LIMIT
"""


def laid(root: Path) -> Path:
    for package in PACKAGES:
        (root / package).mkdir(parents=True)
        (root / package / "numbers.py").write_text(MODULE)
    return root


def recorded(*tests: str, seconds: float = 1.0) -> Recording:
    """The first test runs ``small``, the last ``large``, all of them the first line."""
    path, everyone = "bot/requests/numbers.py", (1 << len(tests)) - 1
    reached = {path: {5: 1, 9: 1 << len(tests) - 1, 1: everyone}}
    return Recording(list(tests), dict.fromkeys(tests, seconds), [], [1] * len(tests), reached, {}, {path: [1, 4, 8]})


def one(root: Path, line: int) -> Mutant:
    return next(m for m in sample(root, 1, 12) if m.path == "bot/requests/numbers.py" and m.line == line)


def test_a_sample_is_the_same_for_a_seed_and_shared_out_evenly(tmp_path: Path) -> None:
    root = laid(tmp_path)
    assert sample(root, 1, 8) == sample(root, 1, 8)
    assert any(sample(root, 1, 4) != sample(root, seed, 4) for seed in range(2, 8))
    assert [mutant.package for mutant in sample(root, 1, 4)] == list(PACKAGES)
    assert len({mutant.key for mutant in sample(root, 1, 12)}) == 12


def test_a_mutant_says_what_it_changes(tmp_path: Path) -> None:
    mutant = one(laid(tmp_path), 5)
    assert str(mutant) == "bot/requests/numbers.py:5 in small: comparison"
    assert mutant.diff(tmp_path) == "-    return value < LIMIT\n+    return value <= LIMIT"
    assert (mutant.before, mutant.after) == ("return value < LIMIT", "return value <= LIMIT")


def test_a_mutant_meets_the_tests_that_reach_its_line(tmp_path: Path) -> None:
    chooser = Chooser(laid(tmp_path), recorded("tests/unit/a.py::one", "tests/scenarios/b.py::two"))
    assert chooser.choose(one(tmp_path, 5)).batches == [["tests/unit/a.py::one"], []]
    assert chooser.choose(one(tmp_path, 9)).batches == [[], ["tests/scenarios/b.py::two"]]


def test_a_constant_meets_the_tests_that_use_it(tmp_path: Path) -> None:
    chooser = Chooser(laid(tmp_path), recorded("tests/unit/a.py::one", "tests/unit/a.py::idle", "tests/unit/b.py::two"))
    assert chooser.choose(one(tmp_path, 1)).batches[0] == ["tests/unit/a.py::one", "tests/unit/b.py::two"]


def test_a_constant_meets_first_the_tests_whose_file_names_it(tmp_path: Path) -> None:
    root = laid(tmp_path)
    chooser_of = recorded("tests/unit/a.py::one", "tests/unit/c.py::names_it", "tests/unit/b.py::two")
    chooser_of.reached["bot/requests/numbers.py"][5] = 1
    (root / "tests/unit").mkdir(parents=True)
    (root / "tests/unit/c.py").write_text("from numbers import LIMIT\n")
    choice = Chooser(root, chooser_of).choose(one(root, 1))
    assert choice.batches[0] == ["tests/unit/c.py::names_it", "tests/unit/a.py::one", "tests/unit/b.py::two"]
    assert Chooser(root, chooser_of).choose(one(root, 5)).batches[0] == ["tests/unit/a.py::one"]


def test_a_constant_that_other_modules_build_on_meets_the_tests_that_use_those(tmp_path: Path) -> None:
    root, known = laid(tmp_path), recorded("tests/unit/a.py::one", "tests/unit/b.py::two")
    (root / "bot/requests/sizes.py").write_text("HUGE = 2 * 3\n")
    (root / "bot/requests/numbers.py").write_text(f"from bot.requests.sizes import HUGE\n{MODULE}")
    mutant = next(m for m in sample(root, 1, 16) if m.path == "bot/requests/sizes.py")
    assert Chooser(root, known).choose(mutant).batches[0] == ["tests/unit/a.py::one", "tests/unit/b.py::two"]


def test_tests_are_left_out_when_they_would_take_too_long(tmp_path: Path) -> None:
    tests = [f"tests/unit/{file}.py::{test}" for file in "ab" for test in range(6)]
    long = recorded(*tests, seconds=BUDGET["tests/unit"] / 4)
    long.reached["bot/requests/numbers.py"][5] = (1 << len(tests)) - 1
    choice = Chooser(laid(tmp_path), long).choose(one(tmp_path, 5))
    assert (choice.reached, choice.count) == (12, 4)
    assert [test[11] for test in choice.batches[0]] == ["a", "a", "b", "b"]


def test_a_test_that_takes_all_the_time_is_run_only_where_there_is_no_other(tmp_path: Path) -> None:
    known = recorded("tests/unit/a.py::long", "tests/unit/a.py::short")
    known.seconds["tests/unit/a.py::long"] = 2 * BUDGET["tests/unit"]
    known.reached["bot/requests/numbers.py"][9] = 3
    chooser = Chooser(laid(tmp_path), known)
    assert chooser.choose(one(tmp_path, 9)).batches[0] == ["tests/unit/a.py::short"]
    assert chooser.choose(one(tmp_path, 5)).batches[0] == ["tests/unit/a.py::long"]


def test_slow_tests_come_after_quick_ones(tmp_path: Path) -> None:
    known = recorded("tests/unit/a.py::long", "tests/unit/b.py::short", "tests/unit/c.py::long")
    known.reached["bot/requests/numbers.py"][5] = 7
    for file in "ac":
        known.seconds[f"tests/unit/{file}.py::long"] = BUDGET["tests/unit"] - 1.5
    batch = Chooser(laid(tmp_path), known).choose(one(tmp_path, 5)).batches[0]
    assert batch == ["tests/unit/b.py::short", "tests/unit/a.py::long"]


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    before = recorded("tests/unit/a.py::one", "tests/unit/a.py::two")
    save(before, tmp_path / "recording.json")
    assert load(tmp_path / "recording.json") == before
    assert list(members(0b1011)) == [0, 1, 3]


def test_survivors_are_shown_and_claims_are_checked(tmp_path: Path) -> None:
    mutants = sample(laid(tmp_path), 1, 4)
    choice = Choice([["a"]], 1)
    seen, missed = Verdict(noticed=True, test="a", how="fails"), Verdict(noticed=False, ran=1)
    claims = [report.Claim(m.path, m.function, m.before, m.after, "It is.") for m in mutants]

    lines, holds = report.summary([(m, choice, seen) for m in mutants], [], tmp_path)
    assert holds
    assert any("100.0%" in line for line in lines)
    lines, holds = report.summary([(m, choice, missed) for m in mutants], [], tmp_path)
    assert not holds
    assert f"{mutants[0]} (1 test reaches it, 1 ran)" in lines
    lines, holds = report.summary([(m, choice, seen) for m in mutants], claims, tmp_path)
    assert not holds
    assert f"The claim on {mutants[0]} is wrong: a test notices it." in lines
    lines, holds = report.summary([(m, choice, missed) for m in mutants], claims, tmp_path)
    assert not holds
    assert "Claimed to be equivalent: 4 of 4" in lines


def test_a_run_goes_on_where_it_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "CACHE", tmp_path / "cache")
    first, second, *_ = sample(laid(tmp_path), 1, 4)
    verdict = Verdict(noticed=True, test="a", how="fails", aside=("b",), ran=2, took=1.0)
    Results("now", fresh=False).add(first, verdict)
    with (tmp_path / "cache/results-now.jsonl").open("a") as file:
        file.write('{"key": "cut')
    kept = Results("now", fresh=False)
    assert (kept.get(first), kept.get(second)) == (verdict, None)
    assert Results("now", fresh=True).get(first) is None
    kept.add(first, verdict)
    assert Results("later", fresh=False).get(first) is None
    assert Results("now", fresh=False).get(first) is None


def test_the_claims_can_be_read() -> None:
    assert all(claim.reason for claim in report.claims())
