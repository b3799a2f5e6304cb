"""Which changes are found in a piece of source, and which are left out."""

from textwrap import dedent

import pytest

from tests.mutants.operators import changes_of
from tests.mutants.source import Source


def changed(text: str) -> set[str]:
    """Returns the lines that replace a line, one for each change that can be made."""
    source = Source(dedent(text))
    old = set(source.text.splitlines())
    made = [source.apply(change.edits) for change in changes_of(source) if source.takes(change.edits)]
    return {line.strip() for text in made for line in text.splitlines() if line not in old}


def in_function(line: str, returns: str = "object") -> set[str]:
    return changed(f"def f(a, b, *c) -> {returns}:\n    {line}\n")


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("x = a < b", {"x = a <= b"}),
        ("x = a >= b", {"x = a > b"}),
        ("x = a == b", {"x = a != b"}),
        ("x = a is not None", {"x = a is None"}),
        ("x = a not  in b", {"x = a in b"}),
        ("x = a < b < c", {"x = a <= b < c", "x = a < b <= c"}),
        ("x = (a) < (b)", {"x = (a) <= (b)"}),
        ("x = a and b", {"x = a or b", "x = True and b", "x = a and True"}),
        ("x = a or ()", {"x = a and ()", "x = False or ()"}),
        ("x = not a", {"x = a"}),
        ("x = not (a.b)", {"x = (a.b)"}),
        ("x = a - b", {"x = a + b"}),
        ("x += b", {"x -= b"}),
        ("x = a[1:b]", {"x = a[:b]", "x = a[1:]", "x = a[2:b]"}),
        ("x = a[-1]", {"x = a[-2]"}),
        ("x = min(a, b)", {"x = max(a, b)"}),
        ("x = g(flag=True)", {"x = g(flag=False)"}),
        ("x = [i for i in a if i.b]", {"x = [i for i in a if not i.b]"}),
        ("x = a if b else c", {"x = a if not b else c"}),
        ('x = a == "open"', {'x = a != "open"', 'x = a == "openX"'}),
        ('x = a in ("open", "shut")', {'x = a not in ("open", "shut")', 'x = a in ("openX", "shut")',
                                       'x = a in ("open", "shutX")'}),
        ("a.b = c", {"pass"}),
        ("await a(b)", {"pass"}),
        ("a.append(b)", {"pass"}),
    ],
)  # fmt: skip
def test_a_statement_is_changed(line: str, after: set[str]) -> None:
    assert in_function(line) == after


@pytest.mark.parametrize(
    "line",
    [
        '"""Says something about 1 == 2."""',
        'log.info("found", count=1, more=a == b)',
        "failpoints.hit(failpoints.AFTER_SENT)",
        'self._log.warning("left", n=2)',
        'x: Literal["a", 1]',
        'x = "a message"',
        'x = f"{a + 1} of {b}"',
        'raise Refused("Not now.")',
        "x = a.get(b, timeout=3)",
        "x = zip(a, b, strict=True)",
        "x = 1.5",
        'x = a + " more"',
        "assert a is not None",
        "x = a < b  # pragma: no mutate",
    ],
)
def test_what_no_test_could_notice_is_left_out(line: str) -> None:
    assert in_function(line) == set()


def test_what_a_module_says_about_itself_is_left_out() -> None:
    text = """
        __all__ = ["a"]
        if TYPE_CHECKING:
            flag = True
        @dataclass(frozen=True)
        class Value(Base, frozen=True):
            __slots__ = ("a",)
            model_config = ConfigDict(frozen=True, extra=1)
            count: Annotated[int, Field(ge=1)]
            def __repr__(self): return str(1 == 2)
    """
    assert changed(text) == set()


def test_constants_of_modules_and_classes_are_changed() -> None:
    assert changed("MOST = 3\nclass A:\n    on: bool = False\n") == {"MOST = 4", "on: bool = True"}


def test_defaults_are_changed() -> None:
    after = {'def f(a=2, *, b="x"):', 'def f(a=1, *, b="xX"):'}
    assert changed('def f(a=1, *, b="x"):\n    return a\n') == after


@pytest.mark.parametrize(
    ("line", "returns", "after"),
    [
        ("return a.b", "bool", {"return not a.b"}),
        ("return a == b", "bool", {"return a != b"}),
        ("return True", "bool", {"return False"}),
        ("return a.b", "Thing | None", {"return None"}),
        ("return None", "Thing | None", set()),
        ('return "open"', "str", {'return "openX"'}),
        ('return "A sentence for people."', "str", set()),
    ],
)
def test_what_is_returned_is_changed(line: str, returns: str, after: set[str]) -> None:
    assert in_function(line, returns) == after


def test_conditions_are_negated() -> None:
    assert changed("def f(a):\n    if a.b():\n        g\n") == {"if not a.b():"}
    assert changed("def f(a):\n    if a and b:\n        g\n") >= {"if not (a and b):"}
    assert changed("def f(a):\n    if a == b:\n        g\n") == {"if a != b:"}


def test_a_handler_raises() -> None:
    text = "def f():\n    try:\n        x = g\n    except E:\n        x = 1.0\n        y = x\n"
    assert changed(text) == {"raise"}
    assert changed(text.replace("x = 1.0", "raise").replace("y = x", "pass")) == set()


def test_a_case_is_another() -> None:
    assert changed('match a:\n    case "open" if b:\n        c\n') == {'case "openX" if b:', 'case "open" if not b:'}


def test_a_place_is_known_by_the_lines_that_run_with_it() -> None:
    text = "class A:\n    def f(self, a=1):\n        if (a\n            and b):\n            g(\n                2)\n"
    lines = {
        change.operator: change.place.lines for change in changes_of(Source(text)) if change.operator != "constant"
    }
    assert lines["and/or"] == (3, 4)
    assert lines["statement removed"] == (5, 6)
    default = next(change.place for change in changes_of(Source(text)) if change.operator == "constant")
    assert default.scope == ("A", "f")
    assert default.function == (2, 6)
    assert default.lines == (3, 6)
