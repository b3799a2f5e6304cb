"""A worker on a small tree of its own, from the task to the verdict."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.mutants import tree

TEST = """
from pathlib import Path
from numbers_of_ours import small

def test_small(): assert small(1)
def test_spoilt(): assert Path("count").write_text("x") and False
"""


def test_a_mutant_is_judged(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    shutil.copytree(tree.ROOT / "tests/mutants", root / "tests/mutants", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "tests/__init__.py").touch()
    (root / "pytest.ini").touch()
    (root / "numbers_of_ours.py").write_text(original := "def small(value): return value < 3\n")
    (root / "tests/test_ours.py").write_text(TEST)
    small, spoilt = "tests/test_ours.py::test_small", "tests/test_ours.py::test_spoilt"
    tasks = [
        {"text": original.replace("<", ">"), "batches": [[small], []]},
        {"text": original.replace("<", "<="), "batches": [[small], []]},
        {"text": original.replace("<", "<="), "batches": [[small], [spoilt]]},
        {"text": "import nothing_like_it\n", "batches": [[small]]},
    ]
    lines = [json.dumps({"path": "numbers_of_ours.py", "seconds": {}, **task}) for task in tasks]
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutants.worker"],
        cwd=root, env=tree.environment(root, tmp_path / "tmp"), input="\n".join(lines), capture_output=True, text=True,
    )  # fmt: skip
    killed, survived, spoiled, broken = (json.loads(line) for line in done.stdout.splitlines())
    assert (killed["noticed"], killed["test"], killed["how"]) == (True, small, "fails")
    assert (survived["noticed"], survived["ran"]) == (False, 1)
    assert (spoiled["noticed"], spoiled["aside"]) == (False, [spoilt])
    assert (broken["noticed"], broken["how"]) == (True, "cannot be imported")
    assert (root / "numbers_of_ours.py").read_text() == original
