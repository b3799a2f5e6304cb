"""The page about threats names code that exists, and is found from the pages that people read first."""

import re
from pathlib import Path

from docs.generate import DOCS_DIR

TEXT = (DOCS_DIR / "threats.md").read_text()
ROOT = DOCS_DIR.parent


def test_every_module_and_function_that_it_names_exists() -> None:
    named = re.findall(r"`((?:bot|blocks)/[\w/.]*)`", TEXT)
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []
    for function, module in re.findall(r"`(\w+)` in `(bot/[\w/]+\.py)`", TEXT):
        assert f"def {function}(" in (ROOT / module).read_text()


def test_every_setting_that_it_names_is_in_the_reference() -> None:
    told = (DOCS_DIR / "settings.md").read_text() + (DOCS_DIR / "policy.md").read_text()
    for setting in (
        "stale_directory_seconds",
        "allow_guests",
        "allow_other_teams",
        "budget",
        "requester_counts",
        "ca_file",
    ):
        assert f"`{setting}`" in TEXT
        assert setting in told


def test_its_links_lead_somewhere() -> None:
    for page, anchor in re.findall(r"\]\(([\w./-]*)#([\w-]+)\)", TEXT):
        headings = re.findall(r"^#+ (.+)$", (DOCS_DIR / (page or "threats.md")).read_text(), re.MULTILINE)
        assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_it_is_linked_where_people_begin() -> None:
    assert "(docs/threats.md)" in Path(ROOT / "README.md").read_text()
    assert "(threats.md)" in (DOCS_DIR / "policy.md").read_text()
